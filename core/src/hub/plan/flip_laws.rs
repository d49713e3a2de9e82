//! With `to` a reason is gone, and one step back it is there: for every flip that a tick names.

use super::tests::laws::{configs, hubs};
use super::*;
use crate::config::amount::HubAmount;
use crate::hub::memory::{HalfHour, InFlight, Served, TokenMemory};
use crate::hub::state::{Batch, SentBatch, TransferEntry, WithdrawalEntry};
use crate::proofs;
use crate::reason::Flip;
use crate::units::{Serial, SignedTokenAmount};
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: u64 = 100_000_000;
const TOKEN: TokenId = TokenId::constant(1);

/// One value of the input that a flip can name.
#[derive(Clone, Debug)]
struct Place {
    account: Option<EntityId>,
    token: TokenId,
    field: String,
}

/// The state with a whole number in that place, unless none can be there.
fn with(state: &HubState, place: &Place, to: i128) -> Option<HubState> {
    let mut state = state.clone();
    let amount = || u128::try_from(to).ok().map(TokenAmount::new);
    let mut accounts: Vec<Account> = state.accounts.readable().to_vec();
    let mut own = accounts
        .iter_mut()
        .filter(|account| Some(&account.account_id) == place.account.as_ref());
    match place.field.as_str() {
        "now" => state.now = Millis::new(u64::try_from(to).ok()?).ok()?,
        "reserves" => drop(state.reserves.insert(place.token, amount()?)),
        "amount" => {
            let requests = &mut own.next()?.requests;
            let mut own = requests.iter_mut().filter(|r| r.token_id == place.token);
            own.next()?.amount = amount()?;
        }
        "offdelta" => {
            let deltas = &mut own.next()?.deltas;
            let mut own = deltas.iter_mut().filter(|d| d.token_id == place.token);
            let size = TokenAmount::new(to.unsigned_abs()).wide();
            let signed = if to < 0 { size.negated() } else { size };
            own.next()?.offdelta = SignedTokenAmount::new(signed).ok()?;
        }
        other => panic!("no flip of a tick names {other}"),
    }
    state.accounts = accounts.into();
    Some(state)
}

fn value(state: &HubState, place: &Place) -> i128 {
    let own = |account: &&Account| Some(&account.account_id) == place.account.as_ref();
    let account = state.accounts.readable().iter().find(own);
    let text = match place.field.as_str() {
        "now" => state.now.to_string(),
        "reserves" => state
            .reserves
            .get(&place.token)
            .copied()
            .unwrap_or_default()
            .to_string(),
        "amount" => account
            .unwrap()
            .request(place.token)
            .unwrap()
            .amount
            .to_string(),
        "offdelta" => account
            .unwrap()
            .delta(place.token)
            .unwrap()
            .offdelta
            .to_string(),
        other => panic!("no flip of a tick names {other}"),
    };
    text.parse().unwrap()
}

/// Every reason of a tick: those about a request or a settlement, then those about the tick.
fn reasons(config: &Config, state: &HubState) -> Vec<(Option<EntityId>, TokenId, Reason)> {
    let mut why = Why::new();
    let plan = plan(config, state, &mut why).unwrap();
    let mut all = Vec::new();
    for outcome in plan.outcomes {
        let token = outcome.token_id.unwrap_or(TOKEN);
        let about = |reason| (Some(outcome.account_id.clone()), token, reason);
        all.extend(outcome.reasons.into_iter().map(about));
    }
    for reason in why.into_reasons() {
        let token = reason.subject.as_deref().and_then(|text| text.parse().ok());
        let token = token.map_or(TOKEN, TokenId::constant);
        all.push((None, token, reason));
    }
    all
}

/// The reasons about one place.
fn about(config: &Config, state: &HubState, place: &Place) -> impl Iterator<Item = Reason> {
    let own = (place.account.clone(), place.token);
    let all = reasons(config, state).into_iter();
    all.filter_map(move |(account, token, reason)| ((account, token) == own).then_some(reason))
}

/// Whether a reason of that code and effect is there.
fn holds(config: &Config, state: &HubState, place: &Place, told: &Reason) -> bool {
    about(config, state, place)
        .any(|reason| (reason.code, reason.effect) == (told.code, told.effect))
}

/// Whether a request is there that nothing is granted to.
fn is_deferred(config: &Config, state: &HubState, place: &Place) -> bool {
    about(config, state, place).any(|reason| reason.effect == Effect::Defer)
}

/// Tries the first flip of every code; the codes that were tried.
fn every_flip_flips(config: &Config, state: &HubState) -> BTreeSet<Code> {
    let mut tried = BTreeSet::new();
    for (account, token, reason) in reasons(config, state) {
        let Some(Flip { field, to }) = reason.flip.clone() else {
            continue;
        };
        if tried.contains(&reason.code) {
            continue;
        }
        let Ok(to) = to.to_string().parse::<i128>() else {
            continue;
        };
        let place = Place {
            account,
            token,
            field: field.into_owned(),
        };
        let code = reason.code;
        let gone = with(state, &place, to).unwrap();
        assert!(
            !holds(config, &gone, &place, &reason),
            "{code:?} stays at {to}: {reason:?}"
        );
        tried.insert(code);
        // A smaller request may lose its place in the line, and is then not clamped but deferred.
        if code == Code::RequestCapReached {
            continue;
        }
        let step = (to - value(state, &place)).signum();
        let back = with(state, &place, to - step).unwrap();
        // While time passes others can be served too. A request that loses its place to them is
        // deferred, which is no end of its limit.
        let lost = || place.field == "now" && is_deferred(config, &back, &place);
        assert!(
            holds(config, &back, &place, &reason) || reason.effect == Effect::Adjust && lost(),
            "{code:?} is gone before {to}: {reason:?}"
        );
    }
    tried
}

prop_compose! {
    /// A bucket of so many tokens, and how many minutes ago it was filled.
    fn bucket()(tokens in 0u64..120, minutes in prop_oneof![1 => Just(0u64), 4 => 0u64..70]) -> HalfHour {
        let at = Millis::constant(NOW - minutes * 60_000);
        HalfHour { amount: TokenAmount::new(u128::from(tokens) * 1_000_000), from: at, to: at }
    }
}

prop_compose! {
    /// A hub in the middle of its day: marks, memory, batches, small caps.
    fn busy()(
        mut state in hubs(),
        mut config in configs(),
        served in prop::collection::vec(prop::option::of((bucket(), prop::option::of(bucket()))), 40),
        marks in prop::collection::vec(prop::option::weighted(0.1, 0u64..600_000), 40),
        sent in prop::option::weighted(0.1, 0u64..120_000),
        early in prop::option::weighted(0.2, 0u64..2_000),
        inflow in prop::option::weighted(0.3, 0u64..2_000),
        caps in (1u64..400, 1u64..200, 1u64..800, 1u32..5, 1u64..50),
        asked in prop::option::weighted(0.3, 0u64..700_000),
        episode in any::<bool>(),
    ) -> (Config, HubState) {
        let tokens = |n: u64| TokenAmount::new(u128::from(n) * 1_000_000);
        state.now = Millis::constant(NOW);
        let mut accounts = state.accounts.readable().to_vec();
        for (account, (served, mark)) in accounts.iter_mut().zip(served.into_iter().zip(marks)) {
            if let Some((newer, older)) = served {
                let entry = Table::from_iter([(TOKEN, Served { newer, older })]);
                state.memory.served.insert(account.account_id.clone(), entry);
            }
            if let Some(age) = mark {
                account.submitted.insert(TOKEN, Millis::constant(NOW - age));
            }
        }
        state.accounts = accounts.into();
        let transfer = |n: u64| TransferEntry { token_id: TOKEN, amount: tokens(n) };
        let withdrawal = |n: u64| WithdrawalEntry {
            account_id: EntityId::new("0xff").unwrap(),
            amount: tokens(n),
            token_id: TOKEN,
        };
        state.draft = Batch {
            r2r: early.map(transfer).into_iter().collect(),
            c2r: inflow.map(withdrawal).into_iter().collect(),
            ..Batch::default()
        };
        let batch = Batch::default();
        state.sent = sent.map(|age| SentBatch { sent_at: Millis::constant(NOW - age), batch });
        if episode || asked.is_some() {
            let in_flight = asked.map(|age| InFlight {
                id: "asked".to_owned(),
                amount: tokens(50),
                at: Millis::constant(NOW - age),
                reserve: state.reserves.get(&TOKEN).copied().unwrap_or_default(),
                confirmed: false,
            });
            let since = Some(Millis::constant(NOW - 1_000_000));
            let memory = TokenMemory { episode: Serial::constant(1), since, in_flight, ..TokenMemory::default() };
            state.memory.tokens.insert(TOKEN, memory);
        }
        let (request, window, tick, deposits, least) = caps;
        config.hub = HubConfig {
            per_request_cap: HubAmount::tokens(request),
            per_account_window: HubAmount::tokens(window),
            per_tick_cap: HubAmount::tokens(tick),
            max_deposits: Count::constant(deposits * 4),
            min_deposit: HubAmount::tokens(least),
            ..config.hub
        };
        (config, state)
    }
}

proptest! {
    #![proptest_config(proofs::config())]

    #[test]
    fn every_flip_of_a_tick_flips((config, state) in busy()) {
        every_flip_flips(&config, &state);
    }
}

#[test]
fn the_flips_of_a_tick_are_all_tried() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::new(proofs::config());
    let mut tried = BTreeSet::new();
    for _ in 0..64 {
        let (config, state) = busy().new_tree(&mut runner).unwrap().current();
        tried.extend(every_flip_flips(&config, &state));
    }
    for code in [
        Code::BelowMinDeposit,
        Code::CoolDown,
        Code::DraftOvercommitted,
        Code::ReplenishInFlight,
        Code::RequestCapReached,
        Code::ReserveAtFloor,
        Code::ReserveBelowMin,
        Code::ReserveShort,
        Code::SentBatchPending,
        Code::SubmittedPending,
        Code::WaitingResolution,
        Code::WindowUsedUp,
    ] {
        assert!(tried.contains(&code), "{code:?} was never flipped");
    }
}
