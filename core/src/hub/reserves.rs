//! Watches the reserves and asks for replenishment: an episode opens below the minimum and closes
//! at the target; each episode asks once, under one id, until it is answered or given up.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"hub_id":"0x11","now":1000,"reserves":{"1":"900000000"}}"#;
//! let answer = Policy::plan().call("hub.reserves", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""amount":"1100000000""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Only the intent leaves; the host performs it, with the source that the config names. Source:
//! plan, phase 2. Codes: `reserve_sufficient`, `reserve_below_min`, `reserve_at_floor`,
//! `replenish_in_flight`, `replenish_waits`, `replenish_failed`, `replenish_without_source`,
//! `replenish_answer_refused`.

use crate::canonical;
use crate::config::Config;
use crate::config::hub::{HubConfig, Source};
use crate::error::Error;
use crate::hub::guard::reported;
use crate::hub::limits::{TokenLimits, Tokens};
use crate::hub::memory::{HubMemory, InFlight, TokenMemory, WINDOW_MS};
use crate::hub::plan::action::Action;
use crate::hub::plan::reserve::{self, Flows};
use crate::hub::state::{HubState, ReplenishOutcome};
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::{Set, Table};
use crate::units::{Count, Millis, Serial, TokenAmount, TokenId, Wide};

/// What the watch found for one token.
#[record(open)]
pub struct WatchedReserve {
    /// What is left after debts and batches, with what is being replenished.
    pub available: TokenAmount,
    /// Whether an episode is open.
    pub low: bool,
    /// At the outflow of the last hour the reserve is empty after so long; absent without outflow.
    pub time_to_empty_ms: Option<Millis>,
    /// The token.
    pub token_id: TokenId,
}

/// What the watch decides.
#[record(open)]
pub struct Watched {
    /// Replenishments and alerts.
    pub actions: Vec<Action>,
    /// What to remember until the next look.
    pub memory: HubMemory,
    /// When to look again; absent when the config watches nothing.
    pub next_wake: Option<Millis>,
    /// Each token that has a reserve.
    pub reserves: Vec<WatchedReserve>,
}

/// Watches the reserves without looking at the accounts.
pub fn reserves(config: &Config, hub: &HubState, why: &mut Why) -> Result<Watched, Error> {
    let config = &config.hub;
    let tokens = Tokens::of(hub, config);
    let flows = Flows::of(hub)?;
    let mut memory = crate::hub::plan::walk::current(&hub.memory, hub.now);
    let mut accounts = Table::new();
    let held = hub.reserves.keys().copied().chain(flows.tokens());
    let held = held.chain(remembered(config, hub, &tokens));
    for token_id in held.collect::<Set<_>>() {
        if let Ok(limits) = tokens.get(token_id) {
            let flow = flows.of_token(token_id);
            let account = reserve::Account::of(hub, limits, token_id, flow, Wide::ZERO)?;
            accounts.insert(token_id, account);
        }
    }
    let (actions, reserves) = watch(config, hub, &tokens, &accounts, &mut memory, None, why)?;
    let next = hub.now.plus(config.monitor_ms).ok();
    Ok(Watched {
        actions,
        next_wake: next.filter(|_| config.monitors()),
        reserves,
        memory,
    })
}

/// The tokens that are watched although the state may show no reserve of them: what was watched
/// before, and what the config sets limits for. No entry is a reserve of nothing.
pub(crate) fn remembered<'a>(
    config: &'a HubConfig,
    hub: &'a HubState,
    tokens: &'a Tokens,
) -> impl Iterator<Item = TokenId> + 'a {
    let known = hub.memory.tokens.keys().chain(config.token_limits.keys());
    let has_limits = |id: &TokenId| tokens.get(*id).is_ok_and(TokenLimits::are_set);
    known
        .copied()
        .filter(move |id| config.monitors() && has_limits(id))
}

/// Watches every token of `accounts`; a hub whose config sets no bound watches nothing.
pub(crate) fn watch(
    config: &HubConfig,
    hub: &HubState,
    tokens: &Tokens,
    accounts: &Table<TokenId, reserve::Account>,
    memory: &mut HubMemory,
    until: Option<Millis>,
    why: &mut Why,
) -> Result<(Vec<Action>, Vec<WatchedReserve>), Error> {
    let (mut actions, mut reports) = (Vec::new(), Vec::new());
    refuse_strangers(hub, memory, why);
    if !config.monitors() {
        return Ok((actions, reports));
    }
    for (token_id, account) in accounts {
        let limits = tokens.get(*token_id)?;
        if !limits.are_set() {
            why.add(|| {
                Reason::new(Code::TokenWithoutLimits, Effect::Warn)
                    .about(token_id)
                    .observed(limits.lacking())
            });
            continue;
        }
        let old = memory.tokens.get_mut(token_id);
        let old = old.map(std::mem::take).unwrap_or_default();
        let remembered = old.clone();
        let old = old.known_at(hub.now, config.max_retry_ms);
        let look = Look {
            config,
            hub,
            limits,
            token_id: *token_id,
            account,
            is_as_remembered: old == remembered,
            old: &old,
            until,
        };
        let (new, report) = look.look(&mut actions, why)?;
        memory.tokens.insert(*token_id, new);
        reports.push(report);
    }
    Ok((actions, reports))
}

/// An answer for another id, token or amount than the one asked for is refused.
fn refuse_strangers(hub: &HubState, memory: &HubMemory, why: &mut Why) {
    for answer in &hub.replenish_answers {
        let asked = memory.tokens.get(&answer.token_id);
        let asked = asked.and_then(|token| token.in_flight.as_ref());
        let fits = asked.is_some_and(|asked| {
            asked.id == answer.id && answer.amount.is_none_or(|amount| amount == asked.amount)
        });
        if !fits {
            why.add(|| {
                Reason::new(Code::ReplenishAnswerRefused, Effect::Warn).about(answer.token_id)
            });
        }
    }
}

struct Look<'a> {
    config: &'a HubConfig,
    hub: &'a HubState,
    limits: &'a TokenLimits,
    token_id: TokenId,
    account: &'a reserve::Account,
    /// What was remembered of the token, as it can be now.
    old: &'a TokenMemory,
    /// Whether nothing of it lay too far ahead: else no other `now` tells when a wait ends.
    is_as_remembered: bool,
    /// The moment from which on a tick does something else.
    until: Option<Millis>,
}

impl Look<'_> {
    fn look(
        &self,
        actions: &mut Vec<Action>,
        why: &mut Why,
    ) -> Result<(TokenMemory, WatchedReserve), Error> {
        let old = self.old;
        let spent = match old.reserve.is_zero() {
            true => TokenAmount::ZERO,
            false => old.reserve.less(self.account.reserve),
        };
        let mut memory = TokenMemory {
            outflow: old.outflow.plus(spent, self.hub.now)?,
            reserve: self.account.reserve,
            ..old.clone()
        };
        self.hear(&mut memory, why)?;
        let available = |memory: &TokenMemory| {
            let coming = memory.in_flight.as_ref();
            let coming = coming.map_or(TokenAmount::ZERO, |asked| asked.amount);
            self.account.net.plus(coming.wide())
        };
        let before = available(&memory)?;
        self.turn(&mut memory, before)?;
        if memory.since.is_some() {
            self.ask(&mut memory, before, actions, why)?;
        } else {
            why.add(|| {
                Reason::new(Code::ReserveSufficient, Effect::Allow)
                    .about(self.token_id)
                    .observed(before)
                    .limit(self.limits.min_reserve)
            });
        }
        self.alert(actions, why);
        let available = reported(available(&memory)?);
        let report = WatchedReserve {
            available,
            low: memory.since.is_some(),
            time_to_empty_ms: time_to_empty(available, memory.outflow.total()?),
            token_id: self.token_id,
        };
        Ok((memory, report))
    }

    /// What the answers, the reserve and the time say about the replenishment in flight.
    fn hear(&self, memory: &mut TokenMemory, why: &mut Why) -> Result<(), Error> {
        let Some(asked) = memory.in_flight.take() else {
            return Ok(());
        };
        let reserve = self.account.reserve;
        // What was spent in between must not hide an arrival.
        let asked = InFlight {
            reserve: asked.reserve.min(reserve),
            ..asked
        };
        let rose = reserve > asked.reserve;
        let answers = self.hub.replenish_answers.iter().filter(|answer| {
            answer.token_id == self.token_id
                && answer.id == asked.id
                && answer.amount.is_none_or(|amount| amount == asked.amount)
        });
        // An answer without an amount counts only together with a rise that everybody sees. With
        // one, the amount is on its way: asking again before all of it shows would pay twice, and
        // a smaller rise can be the hub's own doing.
        let said = |with_amount: bool| {
            answers.clone().any(|answer| {
                let done = answer.outcome == ReplenishOutcome::Done;
                done && answer.amount.is_some() == with_amount
            })
        };
        let confirmed = asked.confirmed || said(true);
        let waited = self.hub.now.less(asked.at);
        let late = waited >= self.config.replenish_timeout_ms;
        let done = (confirmed && late) || (said(false) && rose);
        let arrived = reserve.wide() >= asked.reserve.wide().plus(asked.amount.wide())?;
        let failed = answers
            .clone()
            .any(|answer| answer.outcome == ReplenishOutcome::Failed);
        if done || arrived {
            // What is still missing is asked for under a new id.
            memory.retry_amount = None;
            memory.failures = Count::MIN;
            memory.next_at = None;
            memory.episode = memory.episode.plus(const { Serial::constant(1) })?;
        } else if confirmed || !(failed || late) {
            memory.in_flight = Some(InFlight { confirmed, ..asked });
        } else {
            memory.retry_amount = Some(asked.amount);
            let wait = self.backoff(memory.failures);
            memory.failures = memory
                .failures
                .plus(const { Count::constant(1) })
                .unwrap_or(Count::MAX);
            memory.next_at = self.hub.now.plus(wait).ok();
            why.add(|| {
                Reason::new(Code::ReplenishFailed, Effect::Warn)
                    .about(self.token_id)
                    .observed(memory.failures)
            });
        }
        Ok(())
    }

    /// Opens an episode below the minimum, closes it at the target.
    fn turn(&self, memory: &mut TokenMemory, available: Wide) -> Result<(), Error> {
        if memory.since.is_none() && available < self.limits.min_reserve.wide() {
            memory.since = Some(self.hub.now);
            memory.episode = memory.episode.plus(const { Serial::constant(1) })?;
            memory.failures = Count::MIN;
            memory.next_at = None;
            memory.retry_amount = None;
        } else if memory.since.is_some()
            && memory.in_flight.is_none()
            && available
                >= self
                    .limits
                    .target_reserve
                    .max(self.limits.min_reserve)
                    .wide()
        {
            memory.since = None;
            memory.retry_amount = None;
            memory.failures = Count::MIN;
            memory.next_at = None;
        }
        Ok(())
    }

    /// The `now` at which a wait is over, where there is one.
    fn no_later(&self, at: Option<Millis>) -> Option<Millis> {
        let at = at.filter(|_| self.is_as_remembered)?;
        Some(self.until.map_or(at, |until| until.min(at)))
    }

    /// The smallest reserve that leaves more than `net` after debts and outflow.
    fn reserve_above(&self, net: Wide) -> Option<TokenAmount> {
        let more = net.plus(TokenAmount::new(1).wide()).ok()?;
        self.account.reserve_of(more)
    }

    /// The smallest reserve with which no episode is open. While a replenishment is in flight a
    /// risen reserve could also be its arrival.
    fn enough(&self) -> Option<TokenAmount> {
        let limits = self.limits;
        let net = match self.old.since {
            Some(_) => limits.target_reserve.max(limits.min_reserve),
            None => limits.min_reserve,
        };
        let reserve = self.account.reserve_of(net.wide());
        reserve.filter(|_| self.old.in_flight.is_none())
    }

    /// Asks the source whose turn it is, unless something is in flight or it is too early.
    fn ask(
        &self,
        memory: &mut TokenMemory,
        available: Wide,
        actions: &mut Vec<Action>,
        why: &mut Why,
    ) -> Result<(), Error> {
        let about = |code, effect| Reason::new(code, effect).about(self.token_id);
        why.add(|| {
            about(Code::ReserveBelowMin, Effect::Adjust)
                .observed(available)
                .limit(self.limits.target_reserve)
                .flip_if("reserves", self.enough())
        });
        if let Some(asked) = &memory.in_flight {
            let waited = self.hub.now.less(asked.at);
            let limit = self.config.replenish_timeout_ms;
            why.add(|| {
                about(Code::ReplenishInFlight, Effect::Defer)
                    .observed(waited)
                    .limit(limit)
                    .flip_if("now", self.no_later(asked.at.plus(limit).ok()))
            });
            return Ok(());
        }
        if let Some(next_at) = memory.next_at.filter(|at| *at > self.hub.now) {
            let known = self.old.next_at == memory.next_at;
            why.add(|| {
                about(Code::ReplenishWaits, Effect::Defer)
                    .observed(self.hub.now)
                    .limit(next_at)
                    .flip_if("now", self.no_later(known.then_some(next_at)))
            });
            return Ok(());
        }
        let Some(source) = self.source(memory.failures) else {
            why.add(|| about(Code::ReplenishWithoutSource, Effect::Warn));
            return Ok(());
        };
        let lacking = self.limits.target_reserve.wide().minus(available)?;
        let amount = memory.retry_amount.unwrap_or(reported(lacking));
        if amount.is_zero() {
            return Ok(());
        }
        let id = canonical::digest_of(&(&self.hub.hub_id, self.token_id, memory.episode))?;
        memory.in_flight = Some(InFlight {
            id: id.clone(),
            amount,
            at: self.hub.now,
            reserve: self.account.reserve,
            confirmed: false,
        });
        memory.retry_amount = None;
        actions.push(Action::Replenish {
            amount,
            id,
            source,
            token_id: self.token_id,
        });
        Ok(())
    }

    fn source(&self, failures: Count) -> Option<Source> {
        let sources = self.config.token_sources.get(&self.token_id);
        let sources = sources.unwrap_or(&self.config.sources);
        let turn = failures
            .get()
            .checked_div(self.config.failures_per_source.get())?;
        let turn = usize::try_from(turn).ok()?.checked_rem(sources.len())?;
        sources.get(turn).copied()
    }

    fn backoff(&self, failures: Count) -> Millis {
        let doubled = 1u64
            .checked_shl(failures.get())
            .and_then(|factor| self.config.retry_ms.get().checked_mul(factor));
        let wait = doubled.and_then(|wait| Millis::new(wait).ok());
        wait.unwrap_or(Millis::MAX).min(self.config.max_retry_ms)
    }

    fn alert(&self, actions: &mut Vec<Action>, why: &mut Why) {
        let floor = self.limits.floor;
        if floor.is_zero() || self.account.net > floor.wide() {
            return;
        }
        why.add(|| {
            Reason::new(Code::ReserveAtFloor, Effect::Warn)
                .about(self.token_id)
                .observed(self.account.net)
                .limit(floor)
                .flip_if("reserves", self.reserve_above(floor.wide()))
        });
        actions.push(Action::Alert {
            account_id: None,
            code: Code::ReserveAtFloor,
            floor: Some(floor),
            net: Some(reported(self.account.net)),
            token_id: Some(self.token_id),
        });
    }
}

fn time_to_empty(available: TokenAmount, outflow: TokenAmount) -> Option<Millis> {
    use ruint::aliases::U512;
    if outflow.is_zero() {
        return None;
    }
    let product = U512::from(available.get()).checked_mul(U512::from(WINDOW_MS))?;
    let millis: u64 = product
        .checked_div(U512::from(outflow.get()))?
        .saturating_to();
    Some(Millis::new(millis).unwrap_or(Millis::MAX))
}

#[cfg(test)]
#[path = "reserves_laws.rs"]
mod laws;
