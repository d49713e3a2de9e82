//! Silent, lying and absurd counterparties: what they can hold up, and what they cannot.

use super::tests::laws::{configs, hubs};
use super::*;
use crate::hub::book::HubBook;
use crate::hub::state::{
    Batch, DepositEntry, DepositPair, OpKind, SentBatch, SettlementOp, WithdrawalEntry, Workspace,
    WorkspaceStatus,
};
use crate::policy::Policy;
use crate::proofs;
use crate::units::SignedTokenAmount;
use proptest::prelude::*;
use serde_json::json;

const NOW: u64 = 1_000_000;
const TOKEN: TokenId = TokenId::constant(1);
const STALE: u64 = 120_000;

fn state_of(state: &serde_json::Value) -> HubState {
    let text = serde_json::to_vec(state).unwrap();
    crate::value::decode(&crate::value::Value::from_json(&text).unwrap()).unwrap()
}

fn id(byte: u8) -> String {
    format!("0x{}", format!("{byte:02x}").repeat(32))
}

fn entity(byte: u8) -> EntityId {
    EntityId::new(&id(byte)).unwrap()
}

fn tokens(whole: i64) -> String {
    (i128::from(whole) * 1_000_000).to_string()
}

fn decided(config: &Config, state: &HubState) -> Plan {
    plan(config, state, &mut Why::off()).unwrap()
}

/// What becomes of the settlement of one account: its age, who signed, what waits.
#[derive(Clone, Debug)]
struct Oddity {
    /// Of the share or the debt, in eighths; more than eight is more than there is.
    part: u8,
    pays: bool,
    status: u8,
    signed: (bool, bool),
    sealed: bool,
    age: Option<u64>,
    pending: (bool, bool),
    remembered: Option<(Option<u64>, u32, u64)>,
    has_workspace: bool,
}

fn oddities() -> impl Strategy<Value = Oddity> {
    let ages = || prop::option::of(prop_oneof![0..300_000u64, Just(STALE), Just(STALE + 1)]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let rare = || prop::bool::weighted(0.2);
    (
        (0u8..11, rare(), 0u8..4),
        flags,
        ages(),
        (rare(), rare()),
        prop::option::of((ages(), 0u32..70, 0u64..30_000_000)),
        prop::bool::weighted(0.6),
    )
        .prop_map(
            |((part, pays, status), flags, age, pending, remembered, has_workspace)| Oddity {
                part,
                pays,
                status,
                signed: (flags.0, flags.1),
                sealed: flags.2,
                age,
                pending,
                remembered,
                has_workspace,
            },
        )
}

/// Gives an account a settlement under way.
fn befall(state: &mut HubState, account: &mut Account, odd: &Oddity) {
    let side = state.side(&account.account_id);
    let now = state.now;
    let ago = |age: u64| Millis::new(now.get().saturating_sub(age)).unwrap();
    if let Some((at, misses, wait)) = &odd.remembered {
        let asked = Asked {
            at: at.map(ago),
            amounts: Table::from_iter([(TOKEN, TokenAmount::new(7_000_000))]),
            is_debt: odd.pays,
            misses: Count::constant(*misses),
            until: (*misses > 0)
                .then(|| Millis::new(now.get() + wait - (*wait).min(now.get()) / 2).unwrap()),
            told: odd.sealed,
        };
        state
            .memory
            .proposals
            .insert(account.account_id.clone(), asked);
    }
    account.pending_frame |= odd.pending.0;
    account.pending_settlement |= odd.pending.1;
    let Some(delta) = account.deltas.first().filter(|_| odd.has_workspace) else {
        return;
    };
    let seen = delta.seen_from(side).unwrap();
    let whole = if odd.pays {
        seen.peer_debt
    } else {
        seen.own_share
    };
    let eighths = ruint::aliases::U256::from(odd.part);
    let amount = whole.get() / ruint::aliases::U256::from(8u8) * eighths;
    let amount = TokenAmount::from_u256(amount).min(crate::hub::guard::largest_transfer());
    let op = match odd.pays {
        true => SettlementOp::debt_payment(side, delta.token_id, amount).unwrap(),
        false => SettlementOp::withdrawal(delta.token_id, amount),
    };
    account.workspace = Some(Workspace {
        ops: vec![op],
        last_modified_by_left: side.is_left() ^ (odd.part == 10),
        executor_is_left: side.is_left(),
        status: match odd.status {
            0 => WorkspaceStatus::Draft,
            1 => WorkspaceStatus::AwaitingCounterparty,
            2 => WorkspaceStatus::ReadyToSubmit,
            _ => WorkspaceStatus::Submitted,
        },
        left_signed: odd.signed.0,
        right_signed: odd.signed.1,
        sealed: odd.sealed,
        updated_at: odd.age.map(ago),
    });
}

/// Hubs with settlements in every state.
pub(crate) fn odd_hubs() -> impl Strategy<Value = HubState> {
    (
        hubs(),
        prop::collection::vec(prop::option::weighted(0.4, oddities()), 40),
    )
        .prop_map(|(mut state, odd)| {
            let mut accounts = state.accounts.readable().to_vec();
            for (account, odd) in accounts.iter_mut().zip(odd) {
                if let Some(odd) = odd {
                    befall(&mut state, account, &odd);
                }
            }
            state.accounts = accounts.into();
            state
        })
}

prop_compose! {
    /// Hubs with settlements and batches in every state.
    pub(crate) fn odd_states()(
        mut state in odd_hubs(),
        config in configs(),
        carried in prop::collection::vec(0u8..12, 40),
        sent in prop::option::weighted(0.2, 0u64..200_000),
        early in prop::option::weighted(0.2, 0u64..2_000),
        other in prop_oneof![3 => Just(0u32), 1 => 40..60u32],
        beside in prop::bool::weighted(0.1),
        leaving in prop::collection::vec(prop::option::weighted(0.2, (0u8..3, 1u8..11)), 40),
    ) -> (Config, HubState) {
        let amount = |n: u64| TokenAmount::new(u128::from(n) * 1_000_000);
        let entry = |wanted: u8| {
            let accounts = state.accounts.readable().iter().zip(&carried);
            let own = accounts.filter(|(_, carried)| **carried == wanted);
            let pairs = own.map(|(account, _)| DepositPair { account_id: account.account_id.clone(), amount: amount(3) });
            let pairs: Vec<_> = pairs.collect();
            (!pairs.is_empty()).then_some(DepositEntry { token_id: TOKEN, receiving_entity: None, pairs })
        };
        let (draft, recovery) = (entry(0), entry(1));
        state.draft = Batch {
            r2c: draft.into_iter().collect(),
            r2r: early.map(|n| crate::hub::state::TransferEntry { token_id: TOKEN, amount: amount(n) }).into_iter().collect(),
            other_operations: Count::constant(other),
            ..Batch::default()
        };
        state.recovery = recovery.map(|entry| Batch { r2c: vec![entry], ..Batch::default() }).into_iter().collect();
        state.sent = sent.map(|age| SentBatch { sent_at: Millis::constant(NOW - age), batch: Batch::default() });
        state.broadcast_in_input = beside;
        // Shares that some batch takes already: of the draft, of the sent one, of the first that
        // was taken back; up to more than there is.
        let accounts = state.accounts.readable().to_vec();
        for (account, leaving) in accounts.iter().zip(leaving) {
            let (Some((where_to, eighths)), Some(delta)) = (leaving, account.deltas.first()) else {
                continue;
            };
            let share = delta.seen_from(state.side(&account.account_id)).unwrap().own_share;
            let part = share.get() / ruint::aliases::U256::from(8u8) * ruint::aliases::U256::from(eighths);
            let entry = WithdrawalEntry {
                account_id: account.account_id.clone(),
                token_id: delta.token_id,
                amount: TokenAmount::from_u256(part),
            };
            let batch = match (where_to, &mut state.sent, state.recovery.first_mut()) {
                (1, Some(sent), _) => &mut sent.batch,
                (2, _, Some(recovery)) => recovery,
                _ => &mut state.draft,
            };
            batch.c2r.push(entry);
        }
        (config, state)
    }
}

/// The actions that are about others than `one`.
fn about_others(plan: &Plan, one: &EntityId) -> Vec<Action> {
    let about = |action: &&Action| crate::hub::apply::account_of(action) != Some(one);
    let alerts = |action: &&Action| !matches!(action, Action::Alert { account_id: Some(id), .. } if id == one);
    plan.actions
        .iter()
        .filter(about)
        .filter(alerts)
        .cloned()
        .collect()
}

proptest! {
    #![proptest_config(proofs::config())]

    /// A peer that does not answer, a peer whose state is absurd: the others get what they would
    /// get without it.
    #[test]
    fn no_odd_counterparty_changes_what_the_others_get(
        mut state in hubs(),
        mut config in configs(),
        kind in 0u8..7,
        huge in crate::account::algebra::tests::amounts(),
        tokens in 0u128..5_000,
        ours in any::<u16>(),
    ) {
        config.hub.proposal_stale_ms = Some(Millis::constant(STALE));
        let one = EntityId::new(&format!("0x{ours:064x}")).unwrap();
        prop_assume!(one != state.hub_id);
        let others: Vec<Account> = state.accounts.readable().iter().filter(|a| a.account_id != one).cloned().collect();
        state.accounts = others.clone().into();
        let without = decided(&config, &state);
        let side = state.side(&one);
        let share = TokenAmount::new(tokens * 1_000_000);
        let mut account = Account::empty(one.clone());
        let balance = SignedTokenAmount::new(share.wide()).unwrap();
        account.deltas.push(crate::account::algebra::Delta {
            collateral: share,
            ondelta: if side.is_left() { balance } else { SignedTokenAmount::default() },
            ..crate::account::algebra::Delta::empty(TOKEN)
        });
        let open = |sealed: bool, updated_at: Option<u64>| Workspace {
            ops: vec![SettlementOp::withdrawal(TOKEN, share.max(TokenAmount::new(1)))],
            last_modified_by_left: side.is_left(),
            executor_is_left: side.is_left(),
            status: WorkspaceStatus::AwaitingCounterparty,
            left_signed: false,
            right_signed: false,
            sealed,
            updated_at: updated_at.map(|at| Millis::new(at).unwrap()),
        };
        match kind {
            // Silent: unsigned and old, sealed and old, of unknown age, of an age that is to come.
            0 => account.workspace = Some(open(false, Some(NOW - STALE - 1))),
            1 => account.workspace = Some(open(true, Some(NOW - STALE))),
            2 => account.workspace = Some(open(false, None)),
            3 => account.workspace = Some(open(true, Some(NOW + 1))),
            // Offline: only the frame is seen.
            4 => account.pending_frame = true,
            // Absurd: what it took is far more than there is.
            5 => {
                let mut workspace = open(false, Some(NOW));
                workspace.ops = vec![SettlementOp::withdrawal(TOKEN, huge), SettlementOp::withdrawal(TOKEN, huge)];
                account.deltas[0].collateral = TokenAmount::ZERO;
                account.deltas[0].ondelta = SignedTokenAmount::default();
                account.workspace = Some(workspace);
            }
            _ => account.deltas.push(crate::account::algebra::Delta::empty(TOKEN)),
        }
        if kind == 4 {
            let asked = Asked {
                at: Some(Millis::constant(NOW - STALE)),
                amounts: Table::from_iter([(TOKEN, share)]),
                ..Asked::default()
            };
            state.memory.proposals.insert(one.clone(), asked);
        }
        let mut all = others;
        all.push(account);
        state.accounts = all.into();
        let with = decided(&config, &state);
        prop_assert_eq!(about_others(&with, &one), about_others(&without, &one), "kind {}", kind);
    }

    #[test]
    fn what_is_remembered_of_open_proposals_comes_to_an_end(state in odd_hubs()) {
        let config = Config::default();
        let mut state = state;
        for account in state.memory.proposals.keys() {
            prop_assert!(state.accounts.readable().iter().any(|a| a.account_id == *account));
        }
        // Everybody is gone: the misses are forgotten, and nobody is woken for them.
        state.accounts = Vec::new().into();
        for _ in 0..4 {
            let decided = decided(&config, &state);
            state.memory = decided.memory;
            let later = crate::hub::memory::LONGEST_WAIT_MS * 2;
            state.now = state.now.plus(Millis::constant(later)).unwrap();
        }
        prop_assert!(state.memory.proposals.is_empty());
    }
}

#[test]
fn no_silent_peer_stops_the_hub() {
    // So many peers with more than the honest one never answer, each in its own way; whoever waits
    // for collateral is served within two hours all the same.
    for silent in [1u8, 3, 12] {
        for way in 0..4u8 {
            let holds = |byte: u8, whole: i64| json!({"account_id": id(byte), "deltas": [{"token_id": 1, "collateral": tokens(whole), "ondelta": tokens(whole)}]});
            let mut accounts: Vec<_> = (0..silent)
                .map(|n| holds(0x40 + n, 900 + i64::from(n)))
                .collect();
            accounts.push(holds(0x33, 800));
            accounts.push(json!({"account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": tokens(-700)}],
                "requests": [{"token_id": 1, "amount": tokens(700), "fee": {"requested_at": 1}}]}));
            let state = state_of(
                &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(500)}, "accounts": accounts}),
            );
            let policy = Policy::new(
                "plan",
                Some(&crate::value::Value::from_json(br#"{"hub":{"sources":[]}}"#).unwrap()),
            )
            .unwrap();
            let mut book = HubBook::new(policy, state).unwrap();
            let mut served = false;
            for tick in 0..1_440u64 {
                let now = Millis::new(NOW + tick * 5_000).unwrap();
                let plan = book.plan(now, &mut Why::off()).unwrap();
                served |= plan
                    .actions
                    .iter()
                    .any(|action| matches!(action, Action::Deposit { .. }));
                if served {
                    break;
                }
                book.apply(&plan).unwrap();
                for action in &plan.actions {
                    let Action::SettlePropose { account_id, .. } = action else {
                        continue;
                    };
                    let mut account = book.account(account_id).unwrap().unwrap();
                    let workspace = account.workspace.as_mut().unwrap();
                    if *account_id == entity(0x33) {
                        workspace.status = WorkspaceStatus::ReadyToSubmit;
                        workspace.left_signed = true;
                        workspace.right_signed = true;
                    } else {
                        match way {
                            0 => {}
                            1 => workspace.sealed = true,
                            2 => workspace.updated_at = None,
                            _ => {
                                account.workspace = None;
                                account.pending_frame = true;
                            }
                        }
                    }
                    book.set_account(account).unwrap();
                }
            }
            assert!(served, "{silent} silent peers, way {way}");
        }
    }
}

/// A spender that was asked for 9,000 and did not answer, another with 9,000, and one who waits.
fn unanswered(workspace: serde_json::Value, memory: serde_json::Value) -> HubState {
    let nine = tokens(9_000);
    let mut state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(500)}, "memory": memory, "accounts": [
        {"account_id": id(0x22), "deltas": [{"token_id": 1, "collateral": nine, "ondelta": nine}]},
        {"account_id": id(0x23), "deltas": [{"token_id": 1, "collateral": nine, "ondelta": nine}]},
        {"account_id": id(0x33), "deltas": [{"token_id": 1, "offdelta": tokens(-9_000)}],
            "requests": [{"token_id": 1, "amount": nine, "fee": {"requested_at": 1_000}}]},
    ]});
    if !workspace.is_null() {
        state["accounts"][0]["workspace"] = workspace;
    }
    state_of(&state)
}

fn asked_for_nine(more: serde_json::Value) -> serde_json::Value {
    let mut workspace = json!({"ops": [{"type": "c2r", "token_id": 1, "amount": tokens(9_000)}],
        "last_modified_by_left": true, "executor_is_left": true, "status": "awaiting_counterparty"});
    for (field, value) in more.as_object().unwrap() {
        workspace[field] = value.clone();
    }
    workspace
}

fn kinds(plan: &Plan) -> Vec<(u8, Option<EntityId>)> {
    let kind = |action: &Action| {
        (
            action.stage(),
            crate::hub::apply::account_of(action).cloned(),
        )
    };
    plan.actions
        .iter()
        .map(kind)
        .filter(|(stage, _)| *stage < 5)
        .collect()
}

#[test]
fn a_young_proposal_counts_an_old_one_is_withdrawn_and_a_sealed_one_is_left_alone() {
    let config = Config::default();
    let of =
        |more: serde_json::Value| decided(&config, &unanswered(asked_for_nine(more), json!({})));
    // Young: it is on its way, nobody else is asked.
    let young = of(json!({"updated_at": NOW - STALE + 1}));
    assert_eq!(kinds(&young), []);
    assert_eq!(young.reserves[0].open_proposals.to_string(), tokens(9_000));
    // As old as it may become: no longer, and not yet withdrawn.
    let stale = of(json!({"updated_at": NOW - STALE}));
    assert_eq!(kinds(&stale), [(2, Some(entity(0x23)))]);
    assert!(stale.reserves[0].open_proposals.is_zero());
    // Older: withdrawn, and it stands behind for ten minutes.
    let old = of(json!({"updated_at": NOW - STALE - 1}));
    assert_eq!(
        kinds(&old),
        [(1, Some(entity(0x22))), (2, Some(entity(0x23)))]
    );
    let asked = old.memory.proposals.get(&entity(0x22)).unwrap();
    assert_eq!(
        (asked.misses.get(), asked.until),
        (1, Some(Millis::constant(NOW + 600_000)))
    );
    assert_eq!(old.outcomes[0].reasons[0].code, Code::ProposalUnanswered);
    // Signed by anybody, or sealed: neither rejected nor executed; told once.
    for seal in [
        json!({"sealed": true}),
        json!({"left_signed": true}),
        json!({"right_signed": true}),
    ] {
        let mut seal = seal;
        seal["updated_at"] = json!(NOW - STALE - 1);
        let first = of(seal.clone());
        assert_eq!(kinds(&first), [(2, Some(entity(0x23)))]);
        let alert = Action::alert_of(entity(0x22), Code::SettlementSealed);
        assert_eq!(
            first
                .actions
                .iter()
                .filter(|action| **action == alert)
                .count(),
            1
        );
        let codes: Vec<_> = first.outcomes[0].reasons.iter().map(|r| r.code).collect();
        assert_eq!(codes, [Code::SettlementSealed, Code::ProposalUnanswered]);
        let mut again = unanswered(asked_for_nine(seal), json!({}));
        again.memory = first.memory;
        let again = decided(&config, &again);
        assert!(!again.actions.contains(&alert), "one alert an episode");
    }
}

#[test]
fn a_proposal_of_unknown_age_counts_as_nothing_and_is_remembered() {
    let config = Config::default();
    let first = decided(&config, &unanswered(asked_for_nine(json!({})), json!({})));
    assert_eq!(kinds(&first), [(2, Some(entity(0x23)))]);
    let remembered = first.memory.proposals.get(&entity(0x22)).unwrap();
    assert_eq!(remembered.at, Some(Millis::constant(NOW)));
    // From then on it ages.
    let mut later = unanswered(asked_for_nine(json!({})), json!({}));
    later.memory = first.memory;
    later.now = Millis::constant(NOW + STALE - 1);
    assert_eq!(kinds(&decided(&config, &later)), []);
    later.now = Millis::constant(NOW + STALE + 1);
    assert_eq!(kinds(&decided(&config, &later))[0], (1, Some(entity(0x22))));
}

#[test]
fn a_proposal_of_which_only_the_frame_is_seen_counts_while_it_is_young_and_no_longer() {
    let config = Config::default();
    let memory =
        json!({"proposals": {id(0x22): {"at": NOW - 5_000, "amounts": {"1": tokens(9_000)}}}});
    let mut state = unanswered(json!(null), memory);
    let pend = |state: &mut HubState, pending: bool| {
        let mut accounts = state.accounts.readable().to_vec();
        accounts[0].pending_frame = pending;
        state.accounts = accounts.into();
    };
    pend(&mut state, true);
    let young = decided(&config, &state);
    assert_eq!(kinds(&young), []);
    state.now = Millis::constant(NOW - 5_000 + STALE);
    let old = decided(&config, &state);
    assert_eq!(
        kinds(&old),
        [(2, Some(entity(0x23)))],
        "never rejected while the frame waits"
    );
    // The frame is gone and nothing came of it: it can be asked again.
    pend(&mut state, false);
    assert_eq!(kinds(&decided(&config, &state)), [(2, Some(entity(0x22)))]);
}

#[test]
fn whoever_did_not_answer_stands_behind_the_others_for_twice_as_long_each_time() {
    let config = Config::default();
    let memory = json!({"proposals": {id(0x22): {"misses": 1, "until": NOW + 1}}});
    let behind = unanswered(json!(null), memory.clone());
    assert_eq!(kinds(&decided(&config, &behind)), [(2, Some(entity(0x23)))]);
    // Alone it is asked all the same.
    let mut alone = behind.clone();
    let accounts: Vec<_> = alone
        .accounts
        .readable()
        .iter()
        .filter(|a| a.account_id != entity(0x23))
        .cloned()
        .collect();
    alone.accounts = accounts.into();
    assert_eq!(kinds(&decided(&config, &alone)), [(2, Some(entity(0x22)))]);
    let mut over = behind;
    over.now = Millis::constant(NOW + 1);
    assert_eq!(kinds(&decided(&config, &over)), [(2, Some(entity(0x22)))]);
    let mut asked = Asked::default();
    let waits: Vec<u64> = (0..8)
        .map(|_| {
            asked = asked.missed(Millis::constant(NOW));
            (asked.until.unwrap().get() - NOW) / 60_000
        })
        .collect();
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 360, 360]);
    asked.misses = Count::MAX;
    assert_eq!(
        asked.missed(Millis::constant(NOW)).until,
        Some(Millis::constant(NOW + 21_600_000))
    );
    let kept = asked.without_proposal(asked.until.unwrap());
    assert!(kept.is_some_and(|kept| kept.misses == Count::MAX));
    let end = asked
        .until
        .unwrap()
        .plus(Millis::constant(21_600_000))
        .unwrap();
    assert_eq!(asked.without_proposal(end), None);
}

#[test]
fn an_execute_forgets_the_misses() {
    let memory = json!({"proposals": {id(0x22): {"at": NOW - 1, "misses": 3, "until": NOW + 1}}});
    let signed = json!({"status": "ready_to_submit", "right_signed": true, "updated_at": NOW});
    let plan = decided(
        &Config::default(),
        &unanswered(asked_for_nine(signed), memory),
    );
    assert_eq!(kinds(&plan)[0], (3, Some(entity(0x22))));
    assert!(plan.memory.proposals.get(&entity(0x22)).is_none());
}

#[test]
fn an_open_proposal_counts_at_most_what_it_could_take_now() {
    let mut state = unanswered(asked_for_nine(json!({"updated_at": NOW})), json!({}));
    let mut accounts = state.accounts.readable().to_vec();
    accounts[0].deltas[0].ondelta =
        SignedTokenAmount::new(TokenAmount::new(4_000_000_000).wide()).unwrap();
    // What is on hold for it is not missing.
    accounts[0].deltas[0].left_hold = TokenAmount::new(9_000_000_000);
    state.accounts = accounts.into();
    let plan = decided(&Config::default(), &state);
    assert_eq!(plan.reserves[0].open_proposals.to_string(), tokens(4_000));
    assert_eq!(plan.reserves[0].pulled.to_string(), tokens(5_000));
}

#[test]
fn without_room_in_memory_no_proposal_is_made() {
    let mut state = unanswered(json!(null), json!({}));
    let config = Config::default();
    assert_eq!(kinds(&decided(&config, &state)).len(), 1);
    let asked = Asked {
        at: Some(Millis::constant(NOW)),
        misses: Count::constant(1),
        until: Some(Millis::constant(NOW + 1)),
        ..Asked::default()
    };
    let full = (0..12_000u32).map(|n| {
        (
            EntityId::new(&format!("0x{n:064x}")).unwrap(),
            asked.clone(),
        )
    });
    state.memory.proposals = full.collect();
    let mut why = Why::new();
    let plan = plan(&config, &state, &mut why).unwrap();
    assert_eq!(kinds(&plan), []);
    assert!(
        why.reasons()
            .iter()
            .any(|reason| reason.code == Code::MemoryFull)
    );
}

#[test]
fn the_next_wake_knows_when_a_proposal_is_stale_and_when_somebody_is_no_longer_behind() {
    let config = Config::default();
    let quiet = |proposals: serde_json::Value| {
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "memory": {"proposals": proposals},
            "accounts": [{"account_id": id(0x22), "pending_frame": true}]}),
        );
        decided(&config, &state).next_wake.map(Millis::get)
    };
    assert_eq!(
        quiet(json!({id(0x22): {"at": NOW - 1_000}})),
        Some(NOW - 1_000 + STALE)
    );
    assert_eq!(quiet(json!({id(0x22): {"at": NOW - STALE}})), Some(NOW + 1));
    assert_eq!(
        quiet(json!({id(0x22): {"misses": 1, "until": NOW + 77}})),
        Some(NOW + 77)
    );
    assert_eq!(quiet(json!({})), None);
}

#[test]
fn a_debt_payment_stands_alone_and_only_where_the_share_does_not_suffice() {
    let config = Config::default();
    let of = |share: i64, debt: i64, reserve: i64, credit: i64, wanted: i64| {
        let plan = decided(
            &config,
            &state_of(
                &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(500)}, "accounts": [
                    {"account_id": id(0x22), "peer_reserves": {"1": tokens(reserve)}, "deltas": [{"token_id": 1,
                        "collateral": tokens(share), "ondelta": tokens(share + debt), "right_credit_limit": tokens(credit)}]},
                    {"account_id": id(0x33), "deltas": [{"token_id": 1, "offdelta": tokens(-wanted)}],
                        "requests": [{"token_id": 1, "amount": tokens(wanted), "fee": {"requested_at": 1_000}}]},
                ]}),
            ),
        );
        let ops = plan.actions.into_iter().find_map(|action| match action {
            Action::SettlePropose { ops, .. } => Some(ops),
            _ => None,
        });
        let op = |op: SettlementOp| match op.paid_to(crate::account::algebra::Side::Left) {
            Some(paid) => ("pays", paid.to_string()),
            None => ("share", op.amount.to_string()),
        };
        ops.map(|ops| ops.into_iter().map(op).collect::<Vec<_>>())
    };
    let one = |kind: &'static str, whole: i64| Some(vec![(kind, tokens(whole))]);
    // The share covers it; the share covers a part and is taken alone; there is no share.
    assert_eq!(of(300, 400, 9_000, 9_000, 200), one("share", 200));
    assert_eq!(of(300, 400, 9_000, 9_000, 600), one("share", 300));
    assert_eq!(of(0, 400, 9_000, 9_000, 600), one("pays", 400));
    // At most what the peer shows as its reserve, and what the runtime lets it promise.
    assert_eq!(of(0, 400, 150, 9_000, 600), one("pays", 150));
    assert_eq!(of(0, 400, 9_000, 600, 600), one("pays", 200));
    assert_eq!(of(0, 400, 9_000, 400, 600), None);
}

mod tokens_of_their_own {
    use super::*;

    /// 40 tokens of 18 decimals, of which a peer asks for three.
    fn dear() -> HubState {
        let three = "3000000000000000000";
        state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"2": "40000000000000000000"}, "accounts": [
            {"account_id": id(0x22), "deltas": [{"token_id": 2, "offdelta": format!("-{three}")}],
                "requests": [{"token_id": 2, "amount": three, "fee": {"requested_at": 900_000}}]}]}),
        )
    }

    fn with(limits: serde_json::Value) -> Config {
        let text = serde_json::to_vec(&json!({"hub": {"token_limits": {"2": limits}}})).unwrap();
        let value = crate::value::Value::from_json(&text).unwrap();
        Policy::new("plan", Some(&value)).unwrap().config().clone()
    }

    #[test]
    fn a_token_is_served_by_limits_of_its_own_and_by_no_others() {
        let limits = json!({"min_reserve": "10", "target_reserve": "20", "floor": "5", "min_deposit": "0.01"});
        let plan = decided(&with(limits), &dear());
        assert_eq!(
            plan.actions.iter().map(Action::stage).collect::<Vec<_>>(),
            [4, 6]
        );
        assert_eq!(plan.reserves[0].floor.to_string(), "5000000000000000000");
    }

    #[test]
    fn a_token_without_limits_is_neither_served_nor_replenished_and_says_what_is_missing() {
        let state = dear();
        let first = decided(&Config::default(), &state);
        assert_eq!(
            first.actions,
            [Action::alert_in(
                TokenId::constant(2),
                Code::TokenWithoutLimits
            )]
        );
        let reason = &first.outcomes[0].reasons[0];
        assert_eq!(reason.code, Code::TokenWithoutLimits);
        assert!(
            reason
                .sentence()
                .contains("floor, min_reserve, target_reserve, min_deposit"),
            "{}",
            reason.sentence()
        );
        assert!(first.reserves[0].watch.is_none() && first.reserves[0].usable.is_zero());
        // One alert an episode; a new one when requests wait again.
        let told = HubState {
            memory: first.memory.clone(),
            ..state.clone()
        };
        let second = decided(&Config::default(), &told);
        assert_eq!(second.actions, []);
        let quiet = HubState {
            accounts: Vec::new().into(),
            memory: second.memory,
            ..state.clone()
        };
        let third = decided(&Config::default(), &quiet);
        assert!(third.memory.told.is_empty());
        // Half of the limits are none.
        let half = decided(&with(json!({"floor": "5", "target_reserve": "20"})), &state);
        let sentence = half.outcomes[0].reasons[0].sentence();
        assert!(
            sentence.contains("sets no min_reserve, min_deposit for the token"),
            "{sentence}"
        );
        // The deployed runtime has no such rule.
        let config = Config::of(crate::config::Profile::Xln);
        let mut paid = state;
        let mut accounts = paid.accounts.readable().to_vec();
        accounts[0].requests[0]
            .fee
            .as_mut()
            .unwrap()
            .fee_paid_upfront = TokenAmount::new(1_000_000_000_000_000_000);
        paid.accounts = accounts.into();
        assert_eq!(decided(&config, &paid).actions.len(), 2);
    }

    #[test]
    fn a_ready_settlement_of_a_token_without_limits_is_executed() {
        let state = state_of(&json!({"hub_id": id(0x11), "now": NOW, "accounts": [
            {"account_id": id(0x22), "deltas": [{"token_id": 2, "collateral": "9", "ondelta": "9"}],
                "workspace": {"ops": [{"type": "c2r", "token_id": 2, "amount": "9"}], "last_modified_by_left": true,
                    "executor_is_left": true, "status": "ready_to_submit", "left_signed": true, "right_signed": true}}]}));
        let plan = decided(&Config::default(), &state);
        assert_eq!(
            plan.actions.iter().map(Action::stage).collect::<Vec<_>>(),
            [3, 6]
        );
    }

    #[test]
    fn what_is_absent_is_the_hubs_amount_in_the_ratio_of_the_targets() {
        let config = with(
            json!({"min_reserve": "10", "target_reserve": "20", "floor": "5", "min_deposit": "0.01", "soft_limit": "7"}),
        );
        let tokens = Tokens::of(&dear(), &config.hub);
        let limits = tokens.get(TokenId::constant(2)).unwrap();
        let whole = |n: u128| TokenAmount::new(n * 1_000_000_000_000_000_000);
        // 20 of 2,000: a hundredth.
        assert_eq!(limits.per_request_cap, whole(100));
        assert_eq!(limits.per_account_window, whole(100));
        assert_eq!(limits.per_tick_cap, whole(1_000));
        assert_eq!(limits.hard_limit, whole(100));
        assert_eq!(limits.soft_limit, whole(7), "what is set is not scaled");
        // The dollar tokens keep the hub's.
        let dollars = tokens.get(TokenId::constant(3)).unwrap();
        assert_eq!(dollars.per_request_cap, TokenAmount::new(10_000_000_000));
    }
}

#[test]
fn no_tick_executes_or_withdraws_more_than_its_cap() {
    let ready = json!({"status": "ready_to_submit", "left_signed": true, "right_signed": true, "updated_at": NOW});
    let old = json!({"updated_at": NOW - STALE - 1});
    for (more, stage) in [(ready, 3), (old, 1)] {
        let nine = tokens(9_000);
        let settles = |n: u8| {
            json!({"account_id": id(n), "workspace": asked_for_nine(more.clone()),
                "deltas": [{"token_id": 1, "collateral": nine, "ondelta": nine}]})
        };
        let accounts: Vec<_> = (0x22..0x26).map(settles).collect();
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": nine}, "accounts": accounts}),
        );
        let capped = |cap: u32| {
            let mut config = Config::default();
            config.hub.max_executes = Count::constant(cap);
            config
        };
        let (two, three) = (decided(&capped(2), &state), decided(&capped(3), &state));
        let count = |plan: &Plan| {
            let of_stage = plan.actions.iter().filter(|action| action.stage() == stage);
            of_stage.count()
        };
        assert_eq!((count(&two), count(&three)), (2, 3));
        let broken = |plan: Plan| {
            let input = crate::hub::verify::HubVerifyInput {
                state: state.clone(),
                plan,
            };
            let mut why = Why::new();
            let verified = crate::hub::verify::verify(&capped(2), &input, &mut why).unwrap();
            let above = why
                .reasons()
                .iter()
                .any(|one| one.code == Code::PlanAboveCap);
            (verified.valid, above)
        };
        assert_eq!(broken(two), (true, false));
        assert_eq!(broken(three), (false, true));
    }
}

#[test]
fn a_payment_of_a_debt_is_never_part_of_another_proposal() {
    let owes = json!({"token_id": 3, "offdelta": tokens(9_000), "left_credit_limit": tokens(20_000),
        "right_credit_limit": tokens(20_000)});
    let holds = json!({"token_id": 1, "collateral": tokens(9_000), "ondelta": tokens(9_000)});
    let asks = |n: u8, token_id: u32, whole: i64| {
        json!({"account_id": id(n), "deltas": [{"token_id": token_id, "offdelta": tokens(-whole)}],
            "requests": [{"token_id": token_id, "amount": tokens(whole), "fee": {"requested_at": 1_000}}]})
    };
    let proposed = |waiting: Vec<serde_json::Value>| {
        let mut accounts = vec![json!({"account_id": id(0x22), "deltas": [holds, owes],
            "peer_reserves": {"3": tokens(9_000)}})];
        accounts.extend(waiting);
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "accounts": accounts,
            "reserves": {"1": tokens(500), "3": tokens(500)}}),
        );
        let mut config = Config::default();
        config.hub.pull_unsecured = true;
        let plan = decided(&config, &state);
        let ops = plan.actions.into_iter().filter_map(|action| match action {
            Action::SettlePropose { ops, .. } => Some(ops),
            _ => None,
        });
        ops.collect::<Vec<_>>()
    };
    let (share, debt) = (asks(0x33, 1, 9_000), asks(0x44, 3, 9_000));
    let side = state_of(&json!({"hub_id": id(0x11), "now": NOW})).side(&entity(0x22));
    let pays = |ops: &[SettlementOp]| {
        let amount = TokenAmount::new(9_000_000_000);
        ops == [SettlementOp::debt_payment(side, TokenId::constant(3), amount).unwrap()]
    };
    let alone = proposed(vec![debt.clone()]);
    assert!(alone.len() == 1 && pays(&alone[0]), "{alone:?}");
    let both = proposed(vec![share, debt]);
    assert_eq!(both.len(), 1);
    assert_eq!(
        both[0],
        [SettlementOp::withdrawal(
            TokenId::constant(1),
            TokenAmount::new(9_000_000_000)
        )]
    );
}

#[test]
fn what_a_settlement_of_the_draft_brings_pays_for_its_deposits() {
    let is_payable = |reserve_diff: i64| {
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "accounts": [], "draft": {
            "settlements": [{"account_id": id(0x22), "token_id": 3, "reserve_diff": tokens(reserve_diff)}],
            "r2c": [{"token_id": 3, "pairs": [{"account_id": id(0x33), "amount": tokens(40)}]}]}}),
        );
        let plan = decided(&Config::default(), &state);
        plan.actions
            .iter()
            .any(|action| matches!(action, Action::Broadcast {}))
    };
    assert!(is_payable(50));
    assert!(!is_payable(30));
    assert!(!is_payable(-50));
}

#[test]
fn the_smallest_limit_binds_and_is_told_first() {
    let told = |want: &str, reserve: &str| {
        let mut config = Config::default();
        config.hub.require_prepaid_fee = false;
        config.hub.sources = Vec::new();
        config.hub.floor = "0".parse().unwrap();
        config.hub.min_deposit = "40 unit".parse().unwrap();
        config.hub.per_request_cap = "30 unit".parse().unwrap();
        let asks = json!({"account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": format!("-{want}")}],
            "requests": [{"token_id": 1, "amount": want, "fee": {"requested_at": 1_000}}]});
        let state = state_of(&json!({"hub_id": id(0x11), "now": NOW, "accounts": [asks],
            "reserves": {"1": reserve}}));
        let plan = decided(&config, &state);
        let reasons = plan.outcomes[0].reasons.iter();
        reasons
            .map(|one| (one.code, one.binding))
            .collect::<Vec<_>>()
    };
    let (cap, short) = (Code::RequestCapReached, Code::ReserveShort);
    assert_eq!(told("50", "20"), [(short, true), (cap, false)]);
    assert_eq!(told("50", "35"), [(cap, true), (short, false)]);
    assert_eq!(told("50", "99"), [(cap, true)]);
    // No limit is below what is wanted, but what is wanted is below the smallest deposit.
    let small = Code::BelowMinDeposit;
    assert_eq!(told("30", "99"), [(small, true), (cap, false)]);
}

#[test]
fn an_outcome_carries_the_runtimes_name_where_the_runtime_has_one() {
    let mut config = Config::of(crate::config::Profile::Xln);
    config.hub.runtime_events = true;
    config.hub.require_prepaid_fee = false;
    let event = |fee: serde_json::Value| {
        let asks = json!({"account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": tokens(-700)}],
            "requests": [{"token_id": 1, "amount": tokens(700), "fee": fee}]});
        let state = state_of(&json!({"hub_id": id(0x11), "now": NOW, "accounts": [asks],
            "reserves": {"1": tokens(5_000)}}));
        decided(&config, &state).outcomes[0].event.clone()
    };
    assert_eq!(
        event(json!({"requested_at": 1})).as_deref(),
        Some("batch_add")
    );
    let other = json!({"requested_at": 1, "policy_version": 2});
    assert_eq!(event(other).as_deref(), Some("policy_mismatch_manual"));
}

#[test]
fn what_no_reserve_could_pay_names_no_reserve() {
    let flip = |amount: TokenAmount| {
        let amount = amount.to_string();
        let entry = json!({"token_id": 9, "amount": amount});
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"9": "9"}, "accounts": [],
            "draft": {"r2r": [entry, entry]}}),
        );
        let mut why = Why::new();
        plan(&Config::default(), &state, &mut why).unwrap();
        let reasons = why.into_reasons();
        let reason = reasons
            .into_iter()
            .find(|reason| reason.code == Code::DraftOvercommitted);
        reason.unwrap().flip.map(|flip| flip.to.to_string())
    };
    assert_eq!(flip(TokenAmount::new(50)).as_deref(), Some("100"));
    assert_eq!(flip(TokenAmount::MAX), None);
}

#[test]
fn a_draft_that_cannot_settle_is_neither_sent_nor_added_to_and_told_once() {
    let asks = json!({"account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": tokens(-300)}],
        "requests": [{"token_id": 1, "amount": tokens(300), "fee": {"requested_at": 1_000}}]});
    let mut state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(5_000), "3": tokens(99)},
        "accounts": [asks], "draft": {"r2r": [{"token_id": 3, "amount": tokens(100)}]}});
    for profile in [crate::config::Profile::Plan, crate::config::Profile::Xln] {
        let mut config = Config::of(profile);
        config.hub.require_prepaid_fee = false;
        config.hub.sources = Vec::new();
        state["memory"] = json!({});
        let first = decided(&config, &state_of(&state));
        let alerts: Vec<_> = first
            .actions
            .iter()
            .filter(|a| {
                matches!(
                    a,
                    Action::Alert {
                        code: Code::DraftOvercommitted,
                        ..
                    }
                )
            })
            .collect();
        assert_eq!(
            alerts,
            [&Action::alert_in(
                TokenId::constant(3),
                Code::DraftOvercommitted
            )]
        );
        assert!(
            first.actions.iter().all(|action| action.stage() == 5),
            "{:?}",
            first.actions
        );
        assert_eq!(first.outcomes[0].reasons[0].code, Code::DraftCannotBeSent);
        let mut told = state_of(&state);
        told.memory = first.memory;
        let second = decided(&config, &told);
        assert!(!second.actions.contains(&Action::alert_in(
            TokenId::constant(3),
            Code::DraftOvercommitted
        )));
        // With one unit more it is sent, with what was asked for.
        told.reserves
            .insert(TokenId::constant(3), TokenAmount::new(100_000_000));
        let third = decided(&config, &told);
        let stages: Vec<_> = third
            .actions
            .iter()
            .map(Action::stage)
            .filter(|stage| *stage != 5)
            .collect();
        assert_eq!(stages, [4, 6]);
    }
}

#[test]
fn rejects_are_made_while_a_batch_is_pending_and_no_more_than_the_limit() {
    let open = |byte: u8| {
        json!({"account_id": id(byte), "deltas": [{"token_id": 1, "collateral": tokens(5), "ondelta": tokens(5)}],
            "workspace": asked_for_nine(json!({"updated_at": 1}))})
    };
    let accounts: Vec<_> = (0x22..0x2f).map(open).collect();
    let state = state_of(
        &json!({"hub_id": id(0x11), "now": NOW, "accounts": accounts, "sent": {"sent_at": NOW - 1_000}}),
    );
    let plan = decided(&Config::default(), &state);
    let rejected: Vec<_> = kinds(&plan)
        .into_iter()
        .map(|(stage, id)| (stage, id.unwrap()))
        .collect();
    assert_eq!(
        rejected,
        (0x22..0x2c)
            .map(|byte| (1, entity(byte)))
            .collect::<Vec<_>>()
    );
}

mod as_in_the_field {
    use super::*;

    fn asking(byte: u8, whole: i64) -> serde_json::Value {
        json!({"account_id": id(byte), "deltas": [{"token_id": 1, "offdelta": tokens(-whole)}],
            "requests": [{"token_id": 1, "amount": tokens(whole), "fee": {"requested_at": 900_000}}]})
    }

    fn first_deposit(state: &serde_json::Value) -> Option<String> {
        decided(&Config::default(), &state_of(state))
            .actions
            .iter()
            .find_map(|action| match action {
                Action::Deposit { amount, .. } => Some(amount.to_string()),
                _ => None,
            })
    }

    #[test]
    fn a_replenishment_on_its_way_is_not_spent() {
        let state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(900)}, "accounts": [asking(0x22, 50_000)],
            "memory": {"tokens": {"1": {"episode": 1, "since": 980_000, "reserve": tokens(900), "in_flight": {
                "id": "asked", "amount": tokens(100_000), "at": 990_000, "reserve": tokens(900), "confirmed": true}}}}});
        assert_eq!(first_deposit(&state), Some(tokens(400)));
    }

    #[test]
    fn a_shortfall_is_served_in_part() {
        let state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(3_500)}, "accounts": [asking(0x22, 9_000)]});
        assert_eq!(first_deposit(&state), Some(tokens(3_000)));
    }

    #[test]
    fn what_a_batch_that_was_taken_back_may_spend_is_kept_for_it() {
        let state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(15_000)},
            "accounts": [asking(0x22, 9_000), asking(0x33, 9_500)],
            "recovery": [{"id": "b1", "r2c": [{"token_id": 1, "pairs": [{"account_id": id(0x22), "amount": tokens(9_000)}]}]}]});
        assert_eq!(first_deposit(&state), Some(tokens(5_500)));
    }

    #[test]
    fn a_replenishment_that_timed_out_is_asked_again_under_the_same_key() {
        let mut state =
            state_of(&json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(500)}}));
        let mut keys = std::collections::BTreeSet::new();
        for _ in 0..3 {
            let plan = decided(&Config::default(), &state);
            let asked = plan.actions.iter().find_map(|action| match action {
                Action::Replenish { id, amount, .. } => Some((id.clone(), *amount)),
                _ => None,
            });
            keys.extend(asked);
            state.memory = plan.memory;
            state.now = state.now.plus(Millis::constant(400_000)).unwrap();
        }
        assert_eq!(keys.len(), 1);
    }
}

/// What a batch of a hub takes and brings, each entry once.
mod batches {
    use super::*;
    use crate::hub::verify::{HubVerifyInput, verify};
    use std::collections::BTreeMap;

    const HUB: u8 = 0x11;

    /// What a plan newly withdraws of shares, whether it executes or asks.
    fn withdrawn<'a>(state: &'a HubState, plan: &'a Plan) -> Vec<(EntityId, &'a SettlementOp)> {
        let accounts = state.accounts.readable();
        let mut all = Vec::new();
        for action in &plan.actions {
            let (account_id, ops) = match action {
                Action::SettlePropose {
                    account_id, ops, ..
                } => (account_id, ops),
                Action::SettleExecute { account_id } => {
                    let mut accounts = accounts.iter();
                    let account = accounts.find(|one| one.account_id == *account_id).unwrap();
                    (account_id, &account.workspace.as_ref().unwrap().ops)
                }
                _ => continue,
            };
            let own = ops.iter().filter(|op| op.kind == OpKind::C2r);
            all.extend(own.map(|op| (account_id.clone(), op)));
        }
        all
    }

    pub(super) fn least(config: &Config, state: &HubState, token_id: TokenId) -> TokenAmount {
        let tokens = crate::hub::limits::Tokens::of(state, &config.hub);
        tokens.get(token_id).unwrap().min_deposit
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn no_share_is_withdrawn_twice((config, state) in odd_states()) {
            let plan = decided(&config, &state);
            let mut taken: BTreeMap<(EntityId, TokenId), Wide> = BTreeMap::new();
            let sent = state.sent.iter().map(|sent| &sent.batch);
            for batch in sent.chain([&state.draft]).chain(&state.recovery) {
                for entry in &batch.c2r {
                    let sum = taken.entry((entry.account_id.clone(), entry.token_id)).or_default();
                    *sum = sum.plus(entry.amount.wide()).unwrap();
                }
            }
            for (account_id, op) in withdrawn(&state, &plan) {
                let mut accounts = state.accounts.readable().iter();
                let account = accounts.find(|one| one.account_id == account_id).unwrap();
                let delta = account.delta(op.token_id).unwrap();
                let share = delta.seen_from(state.side(&account_id)).unwrap().own_share;
                let sum = taken.entry((account_id, op.token_id)).or_default();
                *sum = sum.plus(op.amount.wide()).unwrap();
                prop_assert!(*sum <= share.wide(), "{sum} of {share}");
            }
        }

        #[test]
        fn no_deposit_is_paid_from_more_than_the_collateral_there_is((config, state) in odd_states()) {
            let plan = decided(&config, &state);
            let mut there: BTreeMap<TokenId, Wide> = BTreeMap::new();
            let mut add = |token_id: TokenId, amount: TokenAmount| {
                let sum = there.entry(token_id).or_default();
                *sum = sum.plus(amount.wide()).unwrap();
            };
            state.reserves.iter().for_each(|(token_id, amount)| add(*token_id, *amount));
            for entry in &state.draft.c2r {
                let mut accounts = state.accounts.readable().iter();
                let account = accounts.find(|one| one.account_id == entry.account_id).unwrap();
                let collateral = account.delta(entry.token_id).unwrap().collateral;
                add(entry.token_id, entry.amount.min(collateral));
            }
            for action in &plan.actions {
                if let Action::SettleExecute { account_id } = action {
                    let mut accounts = state.accounts.readable().iter();
                    let account = accounts.find(|one| one.account_id == *account_id).unwrap();
                    for op in &account.workspace.as_ref().unwrap().ops {
                        add(op.token_id, op.paid_to(state.side(account_id)).unwrap_or(op.amount));
                    }
                }
            }
            let mut given: BTreeMap<TokenId, Wide> = BTreeMap::new();
            for action in &plan.actions {
                if let Action::Deposit { token_id, amount, .. } = action {
                    let sum = given.entry(*token_id).or_default();
                    *sum = sum.plus(amount.wide()).unwrap();
                }
            }
            for (token_id, sum) in given {
                prop_assert!(sum <= there.get(&token_id).copied().unwrap_or_default());
            }
        }

        #[test]
        fn no_settlement_is_proposed_that_is_smaller_than_a_deposit_may_be((config, state) in odd_states()) {
            // So much that the last part of what is needed is often smaller.
            let mut config = config;
            config.hub.min_deposit = crate::config::amount::HubAmount::tokens(50);
            let plan = decided(&config, &state);
            for action in &plan.actions {
                let Action::SettlePropose { account_id, ops, .. } = action else {
                    continue;
                };
                for op in ops {
                    let amount = op.paid_to(state.side(account_id)).unwrap_or(op.amount);
                    prop_assert!(amount >= least(&config, &state, op.token_id));
                }
            }
        }
    }

    fn asks(byte: u8, token: u32, whole: i64) -> serde_json::Value {
        json!({"account_id": id(byte), "deltas": [{"token_id": token, "offdelta": tokens(-whole)}],
            "requests": [{"token_id": token, "amount": tokens(whole), "fee": {"requested_at": 999_000}}]})
    }

    fn holds(byte: u8, whole: i64) -> serde_json::Value {
        json!({"account_id": id(byte),
            "deltas": [{"token_id": 1, "collateral": tokens(whole), "ondelta": tokens(whole)}]})
    }

    fn hub(reserves: serde_json::Value, accounts: serde_json::Value) -> serde_json::Value {
        json!({"hub_id": id(HUB), "now": NOW, "reserves": reserves, "accounts": accounts})
    }

    fn pays(byte: u8, token: u32, whole: i64) -> serde_json::Value {
        json!([{"token_id": token, "pairs": [{"account_id": id(byte), "amount": tokens(whole)}]}])
    }

    fn moves(token: u32, whole: i64) -> serde_json::Value {
        json!([{"token_id": token, "amount": tokens(whole)}])
    }

    fn takes(byte: u8, whole: i64) -> serde_json::Value {
        json!([{"account_id": id(byte), "token_id": 1, "amount": tokens(whole)}])
    }

    fn stages(state: &serde_json::Value) -> Vec<u8> {
        let plan = decided(&Config::default(), &state_of(state));
        let own = |stage: &u8| !matches!(stage, 5);
        plan.actions.iter().map(Action::stage).filter(own).collect()
    }

    fn usable(state: &serde_json::Value) -> String {
        let plan = decided(&Config::default(), &state_of(state));
        plan.reserves[0].usable.to_string()
    }

    fn refusals(state: &serde_json::Value, actions: serde_json::Value) -> Vec<Code> {
        let input = json!({"state": state, "plan": {"actions": actions}});
        let text = serde_json::to_vec(&input).unwrap();
        let input = crate::value::Value::from_json(&text).unwrap();
        let input: HubVerifyInput = crate::value::decode(&input).unwrap();
        let mut why = Why::new();
        verify(&Config::default(), &input, &mut why).unwrap();
        why.into_reasons()
            .iter()
            .map(|reason| reason.code)
            .collect()
    }

    #[test]
    fn a_settlement_that_a_batch_holds_is_neither_executed_nor_asked_for_again() {
        let mut ripe = holds(0x99, 9_000);
        ripe["workspace"] = json!({"ops": [{"type": "c2r", "token_id": 1, "amount": tokens(9_000)}],
            "executor_is_left": true, "last_modified_by_left": true, "status": "ready_to_submit",
            "left_signed": true, "right_signed": true});
        let mut state = hub(
            json!({"1": tokens(500)}),
            json!([ripe, asks(0x33, 1, 9_000), asks(0x44, 1, 9_000)]),
        );
        state["draft"] = json!({"c2r": takes(0x99, 9_000)});
        // What the draft brings is deposited once.
        assert_eq!(stages(&state), [4, 6]);
        let plan = decided(&Config::default(), &state_of(&state));
        let of_peer = |outcome: &&Outcome| outcome.account_id == entity(0x99);
        let outcome = plan.outcomes.iter().find(of_peer).unwrap();
        assert_eq!(outcome.reasons[0].code, Code::InBatch);
        let execute =
            json!([{"type": "settle_execute", "account_id": id(0x99)}, {"type": "broadcast"}]);
        assert!(refusals(&state, execute).contains(&Code::PlanNotEligible));
        // Nor is a share asked for that a sent batch or one that was taken back withdraws.
        let batch = json!({"c2r": takes(0x99, 9_000)});
        let mut sent = hub(
            json!({"1": tokens(500)}),
            json!([holds(0x99, 9_000), asks(0x33, 1, 9_000)]),
        );
        let propose = json!([{"type": "settle_propose", "account_id": id(0x99), "executor_is_left": true,
            "memo": "", "ops": [{"type": "c2r", "token_id": 1, "amount": tokens(9_000)}]}]);
        assert_eq!(stages(&sent), [2]);
        assert_eq!(refusals(&sent, propose.clone()), [Code::PlanValid]);
        sent["sent"] = json!({"sent_at": NOW - 1, "batch": batch});
        assert_eq!(stages(&sent), [0u8; 0]);
        assert!(refusals(&sent, propose.clone()).contains(&Code::PlanNotEligible));
        sent["sent"] = json!(null);
        sent["recovery"] = json!([batch]);
        assert_eq!(stages(&sent), [6]);
        assert!(refusals(&sent, propose).contains(&Code::PlanNotEligible));
    }

    #[test]
    fn a_withdrawal_above_the_collateral_pays_for_nothing_and_stops_the_draft() {
        let mut state = hub(
            json!({"1": tokens(500)}),
            json!([holds(0x99, 10), asks(0x33, 1, 9_000)]),
        );
        state["draft"] = json!({"c2r": takes(0x99, 9_000)});
        assert_eq!(stages(&state), [0u8; 0]);
        let broadcast = json!([{"type": "broadcast"}]);
        assert_eq!(
            refusals(&state, broadcast.clone()),
            [Code::PlanDraftOvercommitted]
        );
        state["draft"] = json!({"c2r": takes(0x99, 10)});
        assert_eq!(stages(&state), [4, 6]);
        assert_eq!(refusals(&state, broadcast.clone()), [Code::PlanValid]);
        // Twice the same collateral is above it too.
        let twice = [takes(0x99, 10)[0].clone(), takes(0x99, 10)[0].clone()];
        state["draft"] = json!({"c2r": twice});
        assert_eq!(stages(&state), [0u8; 0]);
        assert_eq!(refusals(&state, broadcast), [Code::PlanDraftOvercommitted]);
    }

    #[test]
    fn only_the_same_content_under_the_same_id_is_the_same_batch() {
        let state = |ids: [Option<&str>; 2], others: [u8; 2]| {
            let mut state = hub(json!({"1": tokens(10_000)}), json!([asks(0x33, 1, 1)]));
            let batch = |id: Option<&str>, byte| json!({"id": id, "r2c": pays(byte, 1, 100)});
            state["recovery"] = json!([batch(ids[0], others[0]), batch(ids[1], others[1])]);
            usable(&state)
        };
        let (once, twice) = (tokens(9_400), tokens(9_300));
        assert_eq!(state([Some("a"), Some("a")], [0x77, 0x77]), once);
        assert_eq!(state([Some("a"), Some("a")], [0x77, 0x66]), twice);
        assert_eq!(state([Some("a"), Some("b")], [0x77, 0x77]), twice);
        assert_eq!(state([Some(""), Some("")], [0x77, 0x77]), twice);
        assert_eq!(state([None, None], [0x77, 0x77]), twice);
    }

    #[test]
    fn what_comes_from_outside_pays_for_the_batch_that_brings_it() {
        for kind in ["r2c", "r2r"] {
            let state = |brings: i64| {
                let mut state = hub(
                    json!({"1": "0", "3": tokens(9_000)}),
                    json!([asks(0x33, 3, 800)]),
                );
                let spends = match kind {
                    "r2c" => pays(0x77, 1, 800),
                    _ => moves(1, 800),
                };
                state["draft"] = json!({"e2r": moves(1, brings), kind: spends});
                state
            };
            assert_eq!(stages(&state(800)), [4, 6], "{kind}");
            assert_eq!(stages(&state(799)), [0u8; 0], "{kind}");
            let broadcast = json!([{"type": "broadcast"}]);
            assert_eq!(refusals(&state(800), broadcast.clone()), [Code::PlanValid]);
            assert_eq!(
                refusals(&state(799), broadcast),
                [Code::PlanDraftOvercommitted]
            );
        }
        // But no deposit is made from it.
        let mut state = hub(json!({"1": "0"}), json!([asks(0x33, 1, 800)]));
        state["draft"] = json!({"e2r": moves(1, 1_000)});
        assert_eq!(stages(&state), [6]);
    }

    #[test]
    fn nothing_is_added_to_a_draft_that_cannot_settle_behind_a_batch_that_can() {
        let mut state = hub(
            json!({"1": tokens(20_000), "3": "0"}),
            json!([asks(0x33, 1, 800)]),
        );
        state["recovery"] = json!([{"id": "b1", "r2c": pays(0x77, 1, 5)}]);
        assert_eq!(stages(&state), [4, 6]);
        state["draft"] = json!({"r2r": moves(3, 800)});
        assert_eq!(stages(&state), [6], "the batch that was taken back is sent");
        let deposit = json!({"type": "deposit", "account_id": id(0x33), "token_id": 1, "amount": tokens(800)});
        let broadcast = json!({"type": "broadcast"});
        assert_eq!(refusals(&state, json!([broadcast])), [Code::PlanValid]);
        let both = refusals(&state, json!([deposit, broadcast]));
        assert_eq!(both, [Code::PlanDraftOvercommitted]);
    }

    #[test]
    fn the_last_proposal_of_a_tick_is_worth_a_settlement() {
        let mut asked = asks(0x33, 1, 9_000);
        asked["deltas"][0]["offdelta"] = json!("-9000000001");
        asked["requests"][0]["amount"] = json!("9000000001");
        let state = hub(
            json!({"1": tokens(500)}),
            json!([asked, holds(0x44, 9_000), holds(0x99, 9_000)]),
        );
        let plan = decided(&Config::default(), &state_of(&state));
        let amounts: Vec<String> = withdrawn(&state_of(&state), &plan)
            .into_iter()
            .map(|(_, op)| op.amount.to_string())
            .collect();
        assert_eq!(amounts, [tokens(9_000), tokens(1)]);
    }

    #[test]
    fn a_proposal_is_neither_small_nor_of_a_token_without_limits_nor_of_what_is_kept() {
        let mut of_another = holds(0x99, 10);
        of_another["deltas"][0]["token_id"] = json!(2);
        let state = hub(json!({}), json!([holds(0x44, 10), of_another]));
        let propose = |byte: u8, op: serde_json::Value| {
            refusals(
                &state,
                json!([{"type": "settle_propose", "account_id": id(byte),
                "executor_is_left": true, "memo": "", "ops": [op]}]),
            )
        };
        let takes =
            |token: u32, amount: &str| json!({"type": "c2r", "token_id": token, "amount": amount});
        assert_eq!(propose(0x44, takes(1, "1000000")), [Code::PlanValid]);
        assert_eq!(propose(0x44, takes(1, "999999")), [Code::PlanNotEligible]);
        assert_eq!(propose(0x99, takes(2, "5000000")), [Code::PlanNotEligible]);
        let mut moved = takes(1, "1000000");
        moved["left_diff"] = json!("5");
        assert_eq!(propose(0x44, moved), [Code::PlanNotEligible]);
    }

    #[test]
    fn a_replenishment_is_the_one_of_the_episode_and_no_larger() {
        let mut state = hub(json!({"1": tokens(900)}), json!([]));
        let plan = decided(&Config::default(), &state_of(&state));
        let text = canonical::text(&plan.actions).unwrap();
        let actions: serde_json::Value = serde_json::from_str(&text).unwrap();
        let ask = actions[0].clone();
        assert_eq!(ask["amount"], json!(tokens(1_100)));
        assert_eq!(refusals(&state, json!([ask])), [Code::PlanValid]);
        let with = |field: &str, value: &str| {
            let mut changed = ask.clone();
            changed[field] = json!(value);
            changed
        };
        assert_eq!(
            refusals(&state, json!([with("amount", &tokens(100))])),
            [Code::PlanValid]
        );
        let refused = [Code::PlanNotEligible];
        assert_eq!(refusals(&state, json!([ask, ask])), refused);
        assert_eq!(
            refusals(&state, json!([with("amount", &tokens(1_101))])),
            refused
        );
        assert_eq!(refusals(&state, json!([with("amount", "0")])), refused);
        assert_eq!(refusals(&state, json!([with("id", "anything")])), refused);
        // One is in flight.
        let memory = canonical::text(&plan.memory).unwrap();
        state["memory"] = serde_json::from_str(&memory).unwrap();
        assert_eq!(refusals(&state, json!([ask])), refused);
    }
}

mod what_lies_ahead {
    use super::*;

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn a_remembered_moment_that_lies_ahead_holds_nobody_up_for_ever(ahead in 1u64..8_000_000_000_000) {
            let later = NOW + ahead;
            let bucket = json!({"amount": tokens(10_000), "from": later, "to": later});
            let mut state = state_of(&json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(500)},
                "accounts": [
                    {"account_id": id(0x22), "deltas": [{"token_id": 1, "collateral": tokens(900), "ondelta": tokens(900)}], "pending_settlement": true},
                    {"account_id": id(0x33), "deltas": [{"token_id": 1, "collateral": tokens(900), "ondelta": tokens(900)}]},
                    {"account_id": id(0x44), "deltas": [{"token_id": 1, "offdelta": tokens(-900)}],
                        "requests": [{"token_id": 1, "amount": tokens(900), "fee": {"requested_at": 1}}]},
                    {"account_id": id(0x55), "deltas": [{"token_id": 1, "offdelta": tokens(-900)}],
                        "requests": [{"token_id": 1, "amount": tokens(900), "fee": {"requested_at": 1}}]}],
                "memory": {"served": {(id(0x55)): {"1": {"newer": bucket}}},
                    "proposals": {
                        (id(0x22)): {"at": later, "amounts": {"1": tokens(900)}},
                        (id(0x33)): {"misses": 1, "until": later}}}}));
            let config = Config::default();
            let plan = decided(&config, &state);
            // Of unknown age: it counts as nothing, is remembered, and another is asked.
            prop_assert!(plan.reserves[0].open_proposals.is_zero());
            let remembered = plan.memory.proposals.get(&entity(0x22)).unwrap();
            prop_assert_eq!(remembered.at, Some(state.now));
            let until = plan.memory.proposals.get(&entity(0x33)).unwrap().until.unwrap();
            prop_assert!(until.less(state.now).get() <= crate::hub::memory::LONGEST_WAIT_MS);
            let asks = |action: &Action| matches!(action, Action::SettlePropose { account_id, .. } if *account_id == entity(0x33));
            prop_assert!(plan.actions.iter().any(asks));
            // And the window is over after an hour.
            state.memory = plan.memory;
            state.now = Millis::new(NOW + crate::hub::memory::WINDOW_MS).unwrap();
            state.reserves.insert(TOKEN, TokenAmount::new(9_000_000_000));
            let served = decided(&config, &state);
            let serves = |action: &Action| matches!(action, Action::Deposit { account_id, .. } if *account_id == entity(0x55));
            prop_assert!(served.actions.iter().any(serves));
        }

        #[test]
        fn a_mark_or_a_sent_batch_that_lies_ahead_is_told(ahead in 1u64..8_000_000_000_000, is_sent in any::<bool>()) {
            let mut state = json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(5_000)},
                "accounts": [{"account_id": id(0x22), "deltas": [{"token_id": 1, "offdelta": tokens(-900)}],
                    "requests": [{"token_id": 1, "amount": tokens(900), "fee": {"requested_at": 1}}]}]});
            match is_sent {
                true => state["sent"] = json!({"sent_at": NOW + ahead}),
                false => state["accounts"][0]["submitted"] = json!({"1": NOW + ahead}),
            }
            let mut why = Why::new();
            let plan = plan(&Config::default(), &state_of(&state), &mut why).unwrap();
            let mut told = why.into_reasons();
            told.extend(plan.outcomes.into_iter().flat_map(|outcome| outcome.reasons));
            prop_assert!(told.iter().any(|reason| reason.code == Code::MomentAhead));
        }
    }
}

mod what_a_larger_reserve_would_not_mend {
    use super::batches::least;
    use super::*;
    use crate::config::amount::HubAmount;

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn is_not_pulled_back(state in hubs(), config in configs(), caps in (1u64..400, 1u64..400, 1u64..800, 1u64..50)) {
            let mut state = state;
            let plenty: TokenAmount = "1000000000000000000000000000000000".parse().unwrap();
            for token_id in [1, 2] {
                state.reserves.insert(TokenId::constant(token_id), plenty);
            }
            let mut config = config;
            config.hub.per_request_cap = HubAmount::tokens(caps.0);
            config.hub.per_account_window = HubAmount::tokens(caps.1);
            config.hub.per_tick_cap = HubAmount::tokens(caps.2);
            config.hub.min_deposit = HubAmount::tokens(caps.3);
            if config.hub.funding == Funding::Sweep {
                config.hub.funding = Funding::MatchFirst;
            }
            let plan = decided(&config, &state);
            for token in plan.reserves {
                // What this plan pays is earned back; nothing else is missing. Only the last share
                // that is asked for is rounded up, to the smallest deposit.
                let most = match token.granted.is_zero() {
                    true => Wide::ZERO,
                    false => token.granted.wide().plus(least(&config, &state, token.token_id).wide()).unwrap(),
                };
                prop_assert!(token.pulled.is_zero() || token.pulled.wide() < most, "{token:?}");
            }
        }
    }

    #[test]
    fn requests_that_are_too_small_or_have_had_their_share_move_nothing() {
        let dust = |byte: u8| {
            json!({"account_id": id(byte), "deltas": [{"token_id": 1, "offdelta": "-900000"}],
                "requests": [{"token_id": 1, "amount": "900000", "fee": {"requested_at": 900_000}}]})
        };
        let much = json!({"account_id": id(0x44), "deltas": [{"token_id": 1, "offdelta": tokens(-40_000)}],
            "requests": [{"token_id": 1, "amount": tokens(40_000), "fee": {"requested_at": 900_000}}]});
        let spender = json!({"account_id": id(0x33), "deltas": [{"token_id": 1, "collateral": tokens(90_000), "ondelta": tokens(90_000)}]});
        let state = state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(1_000_000)},
            "accounts": [dust(0x22), dust(0x23), much, spender],
            "memory": {"served": {(id(0x44)): {"1": {"newer": {"amount": tokens(10_000), "from": 900_000, "to": 900_000}}}}}}),
        );
        let plan = decided(&Config::default(), &state);
        assert_eq!(plan.actions, []);
        assert_eq!(plan.reserves[0].unmet.to_string(), "40001800000");
    }
}

mod fees_in_another_token {
    use super::*;
    use crate::config::Profile;

    fn asking(byte: u8, fee: &serde_json::Value) -> serde_json::Value {
        let mut terms = json!({"requested_at": 900_000});
        for (key, value) in fee.as_object().unwrap() {
            terms[key] = value.clone();
        }
        json!({"account_id": id(byte), "deltas": [{"token_id": 1, "offdelta": tokens(-5_000)}],
            "requests": [{"token_id": 1, "amount": tokens(5_000), "fee": terms}]})
    }

    fn with(fees: &[serde_json::Value]) -> HubState {
        let accounts: Vec<_> = (0x22u8..)
            .zip(fees)
            .map(|(byte, fee)| asking(byte, fee))
            .collect();
        state_of(
            &json!({"hub_id": id(0x11), "now": NOW, "reserves": {"1": tokens(5_500)}, "accounts": accounts}),
        )
    }

    fn served(config: &Config, state: &HubState) -> Vec<EntityId> {
        let plan = decided(config, state);
        let deposits = plan.actions.into_iter().filter_map(|action| match action {
            Action::Deposit { account_id, .. } => Some(account_id),
            _ => None,
        });
        deposits.collect()
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn count_as_nothing(units in 1u128.., other in 2u32..6) {
            let state = with(&[
                json!({"fee_paid_upfront": units.to_string(), "fee_token_id": other}),
                json!({"fee_paid_upfront": "1"}),
                json!({"fee_paid_upfront": "2", "fee_token_id": 1}),
            ]);
            let mut config = Config::default();
            config.hub.strategy = crate::config::hub::Strategy::Fee;
            prop_assert_eq!(served(&config, &state), [entity(0x24)]);
            config.hub.require_prepaid_fee = true;
            config.hub.fee_bps = crate::units::Bps::constant(1);
            let plan = decided(&config, &with(&[json!({"fee_paid_upfront": units.to_string(), "fee_token_id": other})]));
            prop_assert_eq!(plan.outcomes[0].reasons[0].code, Code::FeeInOtherToken);
        }
    }

    #[test]
    fn count_by_their_units_in_the_profile_of_the_runtime() {
        let config = Config::of(Profile::Xln);
        let state = with(&[json!({"fee_paid_upfront": "600000", "fee_token_id": 2})]);
        assert_eq!(served(&config, &state), [entity(0x22)]);
    }
}
