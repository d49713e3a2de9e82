//! One tick of a hub: who is served from the reserve, what is pulled back for it, what is sent.
//! `plan` never mutates; the runtime applies the actions, wholly or not at all.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"hub_id":"0x11","now":1000,"reserves":{"1":"5000000000"},"accounts":[
//!     {"account_id":"0x22","deltas":[{"token_id":1,"offdelta":"-900000000"}],
//!      "requests":[{"token_id":1,"amount":"500000000","fee":{"requested_at":1}}]}]}"#;
//! let answer = Policy::plan().call("hub.plan", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""type":"deposit""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan phases 1 and 3, and the runtime. Codes: see the section `hub: plan` of the registry.

pub mod action;
pub mod bounds;
pub mod eligibility;
pub mod explain;
#[cfg(test)]
mod flip_laws;
pub mod order;
pub mod outcome;
pub mod pull;
pub mod reserve;
pub mod settle;
#[cfg(test)]
pub(crate) mod tests;
pub mod walk;

use crate::canonical;
use crate::config::Config;
use crate::error::Error;
use crate::hub::config::{Funding, HubConfig};
use crate::hub::guard::reported;
use crate::hub::limits::{BatchRoom, Tokens};
use crate::hub::memory::HubMemory;
use crate::hub::plan::action::{Action, MEMO};
use crate::hub::plan::bounds::Ahead;
use crate::hub::plan::eligibility::{Bar, Candidate, Carried, Court, Judged};
use crate::hub::plan::outcome::{Outcome, OutcomeKind, Report, Turned};
use crate::hub::plan::pull::Offer;
use crate::hub::plan::reserve::Flows;
use crate::hub::plan::settle::Ripe;
use crate::hub::plan::walk::{Pending, Used, Walk};
use crate::hub::reserves::{self, WatchedReserve};
use crate::hub::state::{Account, HubState, WorkspaceStatus};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::table::{Set, Table};
use crate::units::{Count, EntityId, Millis, TokenAmount, TokenId, Wide};

/// What a tick did with one reserve.
#[record(open)]
pub struct ReserveAccount {
    /// What the hub owes on chain.
    pub debts: TokenAmount,
    /// Requests never bring the reserve below this.
    pub floor: TokenAmount,
    /// What this plan deposits.
    pub granted: TokenAmount,
    /// What the draft and this plan's settlements bring in before deposits.
    pub inflow: TokenAmount,
    /// What unsigned settlements of ours will bring.
    pub open_proposals: TokenAmount,
    /// What draft, sent and recovery batches spend.
    pub outflow: TokenAmount,
    /// What this plan asks back.
    pub pulled: TokenAmount,
    /// The reserve.
    pub reserve: TokenAmount,
    /// The token.
    pub token_id: TokenId,
    /// What eligible requests want and did not get.
    pub unmet: TokenAmount,
    /// What deposits could spend.
    pub usable: TokenAmount,
    /// What the watch over the reserves found.
    pub watch: Option<WatchedReserve>,
}

/// What a hub does in one tick.
#[record(open, Default)]
pub struct Plan {
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// What to remember until the next tick.
    #[serde(default)]
    pub memory: HubMemory,
    /// When to plan again if nothing else happens; absent when nothing is left to do.
    pub next_wake: Option<Millis>,
    /// What became of requests and settlements: all that were acted on, the first deferred ones.
    #[serde(default)]
    pub outcomes: Vec<Outcome>,
    /// What the tick did with each reserve.
    #[serde(default)]
    pub reserves: Vec<ReserveAccount>,
    /// How many requests besides those in `outcomes` were turned down, and why.
    #[serde(default)]
    pub turned: Vec<Turned>,
}

/// Where a tick finds the accounts it must look at; all by id. Through a table of functions: the
/// tick is large, and a copy of it for each kind of source is not worth its bytes.
pub trait Accounts {
    /// The accounts with an open request or a settlement, and, for a hub that acts unasked, those
    /// with a claim above the soft limit.
    fn working(&self) -> Box<dyn Iterator<Item = &Account> + '_>;
    /// The tokens that something could be asked back in.
    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_>;
    /// The accounts that something can be asked back from, the largest offer first, then by id.
    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_>;
    /// What can be asked back from one account.
    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error>;
}

/// How much is offered, by whom, and how.
type Offered<'a> = (TokenAmount, &'a EntityId, Offer);

/// The accounts of one call.
struct Listed<'a> {
    working: Vec<&'a Account>,
    offers: Table<TokenId, Vec<Offered<'a>>>,
}

impl<'a> Listed<'a> {
    fn of(
        config: &HubConfig,
        tokens: &Tokens,
        hub: &HubState,
        accounts: Vec<&'a Account>,
    ) -> Result<Self, Error> {
        let mut offers: Table<TokenId, Vec<Offered<'_>>> = Table::new();
        // Nobody looks further; but a sweep asks for every token of an account.
        let most = match config.funding {
            Funding::Sweep => usize::MAX,
            _ => usize::try_from(config.max_proposals.get()).unwrap_or(usize::MAX),
        };
        let largest_first = |a: &Offered<'_>, b: &Offered<'_>| (b.0, a.1).cmp(&(a.0, b.1));
        for account in &accounts {
            let side = hub.side(&account.account_id);
            for offer in pull::offers(config, tokens, account, side)? {
                let list = offers.slot(offer.token_id);
                let offered = (offer.amount.total(), &account.account_id, offer);
                if list.len() < most {
                    list.push(offered);
                    if list.len() == most {
                        sorting::by(list, largest_first);
                    }
                } else if list
                    .last()
                    .is_some_and(|last| largest_first(&offered, last).is_lt())
                {
                    list.pop();
                    let place = list.partition_point(|kept| largest_first(kept, &offered).is_lt());
                    list.insert(place, offered);
                }
            }
        }
        for list in offers.values_mut() {
            sorting::by(list, largest_first);
        }
        let mut working = accounts;
        working.retain(|account| has_work(config, account));
        Ok(Self { working, offers })
    }
}

/// Whether a tick must look at an account.
#[must_use]
pub fn has_work(config: &HubConfig, account: &Account) -> bool {
    let asks = || {
        account
            .requests
            .iter()
            .any(|request| !request.amount.is_zero())
    };
    account.workspace.is_some() || asks() || (config.proactive && !account.deltas.is_empty())
}

impl Accounts for Listed<'_> {
    fn working(&self) -> Box<dyn Iterator<Item = &Account> + '_> {
        Box::new(self.working.iter().copied())
    }

    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_> {
        Box::new(self.offers.keys().copied())
    }

    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_> {
        let list = self.offers.get(&token_id).into_iter().flatten();
        Box::new(list.map(|(_, account_id, _)| (*account_id).clone()))
    }

    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error> {
        let list = self.offers.get(&token_id).into_iter().flatten();
        Ok(list
            .filter(|(_, id, _)| *id == account_id)
            .map(|(_, _, offer)| *offer)
            .next())
    }
}

/// Plans one tick.
pub fn plan(config: &Config, hub: &HubState, why: &mut Why) -> Result<Plan, Error> {
    let report = Report::new(config.hub.runtime_events);
    planned(&config.hub, hub, report, why)
}

fn planned(
    config: &HubConfig,
    hub: &HubState,
    report: Report,
    why: &mut Why,
) -> Result<Plan, Error> {
    let tokens = Tokens::of(hub, config);
    let accounts = hub.usable(config, why)?;
    let listed = Listed::of(config, &tokens, hub, accounts)?;
    tick(config, hub, &tokens, &listed, report, why)
}

/// Plans one tick over accounts wherever they are kept.
pub fn tick(
    config: &HubConfig,
    hub: &HubState,
    tokens: &Tokens,
    accounts: &dyn Accounts,
    report: Report,
    why: &mut Why,
) -> Result<Plan, Error> {
    if !hub.is_hub {
        why.add(|| Reason::new(Code::NotAHub, Effect::Refuse).about(&hub.hub_id));
        return Ok(Plan {
            memory: hub.memory.clone(),
            ..Plan::default()
        });
    }
    let clock = hub.submit_clock.unwrap_or(hub.now);
    let pending = hub.sent.as_ref().map(|sent| {
        let stale = config.sent_stale_ms.plus(Millis::constant(1));
        let until = stale.and_then(|stale| sent.sent_at.plus(stale)).ok();
        Pending {
            age: clock.less(sent.sent_at),
            until: until.filter(|_| hub.submit_clock.is_none()),
        }
    });
    if let Some(sent) = pending.filter(|sent| sent.age > config.sent_stale_ms) {
        return Ok(abort(config, hub, sent.age, why));
    }
    let tick = Tick {
        config,
        hub,
        tokens,
        accounts,
        pending,
        report: report.until(pending.and_then(|sent| sent.until)),
        gains: Sums::new(),
        open: Sums::new(),
        room: BatchRoom::of(hub, config),
        rejects: Vec::new(),
        executes: Vec::new(),
        is_busy: pending.is_some(),
    };
    tick.run(why)
}

/// A batch that is stuck blocks everything: it is taken back, and nothing else is done.
fn abort(config: &HubConfig, hub: &HubState, age: Millis, why: &mut Why) -> Plan {
    why.add(|| {
        Reason::new(Code::SentBatchStale, Effect::Adjust)
            .observed(age)
            .limit(config.sent_stale_ms)
    });
    Plan {
        actions: vec![Action::AbortSentBatch { requeue: true }],
        memory: hub.memory.clone(),
        next_wake: hub.now.plus(config.tick_ms).ok(),
        ..Plan::default()
    }
}

/// An amount per token.
type Sums = Table<TokenId, Wide>;
/// The reserve account of each token.
type Reserves = Table<TokenId, reserve::Account>;
/// The requests that may be served, per token.
type Lines<'a> = Table<TokenId, Vec<Candidate<'a>>>;
/// A request that may not be served, and why.
type Barred<'a> = (&'a EntityId, TokenId, Vec<Bar>);

/// So many candidates of a token are put in order at once. Of a large hub only these can matter:
/// the others are counted.
const FRONT: usize = 1_024;

/// What the walk leaves.
struct Walked {
    grants: Vec<Action>,
    used: Table<TokenId, Used>,
    memory: HubMemory,
}

struct Tick<'a> {
    config: &'a HubConfig,
    hub: &'a HubState,
    tokens: &'a Tokens,
    accounts: &'a dyn Accounts,
    pending: Option<Pending>,
    report: Report,
    /// What this plan's executes bring.
    gains: Sums,
    /// What unsigned settlements of ours will bring.
    open: Sums,
    room: BatchRoom,
    rejects: Vec<Action>,
    executes: Vec<Action>,
    is_busy: bool,
}

impl<'a> Tick<'a> {
    fn run(mut self, why: &mut Why) -> Result<Plan, Error> {
        if let Some(Pending { age, until }) = self.pending {
            why.add(|| {
                Reason::new(Code::SentBatchPending, Effect::Defer)
                    .observed(age)
                    .limit(self.config.sent_stale_ms)
                    .flip_if("now", until)
            });
        }
        let memory = walk::current(&self.hub.memory, self.hub.now);
        self.settlements()?;
        let (candidates, barred) = self.requests(&memory)?;
        let accounts = self.reserve_accounts(&candidates, why)?;
        let Walked {
            grants,
            used,
            mut memory,
        } = self.walk(candidates, &accounts, memory)?;
        for (account_id, token_id, bars) in barred {
            let binding = bars.first().map_or(Code::WaitingResolution, |bar| bar.code);
            self.report
                .turned(account_id, token_id, None, binding, || Ok(bars))?;
        }
        let (proposals, pulled) = self.pull(&accounts, &used)?;
        let (watched, watch) = reserves::watch(
            self.config,
            self.hub,
            self.tokens,
            &accounts,
            &mut memory,
            self.pending.and_then(|sent| sent.until),
            why,
        )?;
        let reserves = self.reserves(&accounts, &used, &pulled, watch)?;
        let is_batch_work = !self.executes.is_empty() || !grants.is_empty();
        let mut actions = std::mem::take(&mut self.rejects);
        actions.extend(proposals);
        actions.append(&mut self.executes);
        actions.extend(grants);
        actions.extend(watched);
        if self.broadcasts(is_batch_work) {
            actions.push(Action::Broadcast {});
        }
        why.add(|| {
            let count = u64::try_from(actions.len()).unwrap_or(u64::MAX);
            Reason::new(Code::PlanMade, Effect::Allow).observed(count)
        });
        let next_wake = self.next_wake(&actions, &memory);
        let (outcomes, turned) = self.report.finish()?;
        Ok(Plan {
            actions,
            memory,
            next_wake,
            outcomes,
            reserves,
            turned,
        })
    }

    /// Executes what is ripe, withdraws what shrank, and counts what is on its way.
    fn settlements(&mut self) -> Result<(), Error> {
        let most = |limit: Count| usize::try_from(limit.get()).unwrap_or(usize::MAX);
        let (mut gains, mut open) = (Vec::new(), Vec::new());
        for account in self.accounts.working() {
            let Some(workspace) = &account.workspace else {
                continue;
            };
            self.is_busy = true;
            let id = &account.account_id;
            let side = self.hub.side(id);
            let brings = settle::gains(workspace, side);
            let ours = account.is_active() && workspace.is_of(side);
            let mut is_open = ours && workspace.status != WorkspaceStatus::Submitted;
            match settle::ripe(self.config, account, side)? {
                Ripe::No => {}
                Ripe::Shrunk { asked, left, .. } => {
                    is_open = false;
                    if self.rejects.len() < most(self.config.max_executes) {
                        let bar = Bar::new(Code::ShareShrunk, Effect::Refuse).seen(asked, left);
                        let account_id = id.clone();
                        self.rejects.push(Action::SettleReject { account_id });
                        let kind = OutcomeKind::Reject;
                        self.report
                            .acted(kind, id, None, Some(asked), None, vec![bar]);
                    }
                }
                Ripe::Execute => {
                    let may = self.pending.is_none()
                        && self.executes.len() < most(self.config.max_executes)
                        && self.room.take_settlement(workspace.ops.len());
                    if may {
                        is_open = false;
                        gains.extend(brings.clone());
                        let bar = Bar::new(Code::SettlementExecuted, Effect::Allow);
                        let account_id = id.clone();
                        self.executes.push(Action::SettleExecute { account_id });
                        let kind = OutcomeKind::Execute;
                        self.report.acted(kind, id, None, None, None, vec![bar]);
                    }
                }
            }
            if is_open {
                open.extend(brings);
            }
        }
        self.gains = settle::summed(gains)?;
        self.open = settle::summed(open)?;
        Ok(())
    }

    /// Which requests may be served, by token, and which may not.
    fn requests(&mut self, memory: &HubMemory) -> Result<(Lines<'a>, Vec<Barred<'a>>), Error> {
        let carried = Carried::of(self.hub);
        let court = Court {
            hub: self.hub,
            config: self.config,
            tokens: self.tokens,
            carried: &carried,
            memory,
        };
        let mut candidates: Lines<'a> = Table::new();
        let mut barred = Vec::new();
        let mut sort = |account: &'a Account, token_id: TokenId, judged: Judged<'a>| match judged {
            Judged::Open(candidate) => candidates.slot(token_id).push(candidate),
            Judged::Barred(bars) => barred.push((&account.account_id, token_id, bars)),
        };
        let accounts: &'a dyn Accounts = self.accounts;
        for account in accounts.working() {
            let mut asked: Vec<_> = account.requests.iter().collect();
            sorting::by_key(&mut asked, |request| request.token_id);
            for request in asked {
                if !request.amount.is_zero() {
                    self.is_busy = true;
                    sort(account, request.token_id, court.judge(account, request)?);
                }
            }
            if self.config.proactive {
                let mut deltas: Vec<_> =
                    account.deltas.iter().map(|delta| delta.token_id).collect();
                sorting::by(&mut deltas, Ord::cmp);
                for token_id in deltas {
                    if account.request(token_id).is_some() {
                        continue;
                    }
                    if let Some(judged) = court.judge_unasked(account, token_id)? {
                        self.is_busy = true;
                        sort(account, token_id, judged);
                    }
                }
            }
        }
        Ok((candidates, barred))
    }

    fn reserve_accounts(&self, candidates: &Lines<'a>, why: &mut Why) -> Result<Reserves, Error> {
        let flows = Flows::of(self.hub)?;
        let mut tokens: Vec<_> = self.hub.reserves.keys().copied().collect();
        tokens.extend(flows.tokens());
        tokens.extend(candidates.keys().copied());
        tokens.extend(self.gains.keys().chain(self.open.keys()).copied());
        if self.config.funding != Funding::MatchFirst {
            tokens.extend(self.accounts.offered_tokens());
        }
        let mut accounts = Table::new();
        for token_id in tokens.into_iter().collect::<Set<_>>() {
            // A reserve in a token that nobody described is neither spent nor watched.
            let Ok(limits) = self.tokens.get(token_id) else {
                continue;
            };
            let executed = self.gains.get(&token_id).copied().unwrap_or_default();
            let flow = flows.of_token(token_id);
            let account = reserve::Account::of(self.hub, limits, token_id, flow, executed)?;
            if account.overcommitted {
                why.add(|| {
                    Reason::new(Code::DraftOvercommitted, Effect::Defer)
                        .about(token_id)
                        .observed(account.reserve)
                        .limit(account.flow.early)
                        .flip_if("reserves", account.reserve_to_settle())
                });
            }
            accounts.insert(token_id, account);
        }
        Ok(accounts)
    }

    fn walk(
        &mut self,
        candidates: Lines<'a>,
        accounts: &Reserves,
        memory: HubMemory,
    ) -> Result<Walked, Error> {
        let asking = candidates.values().map(Vec::len).sum::<usize>();
        let most = usize::try_from(self.config.max_deposits.get()).unwrap_or(usize::MAX);
        // The exact length costs as much as the rest of a tick, and matters only near the limit.
        let memory_bytes = match memory.is_surely_below(walk::FULL_AT_BYTES, asking.min(most)) {
            true => 0,
            false => canonical::text(&memory)?.len(),
        };
        let alone = |token_id: &TokenId| Ahead::new(*token_id, self.room.clone());
        let ahead = candidates.keys().map(alone).collect();
        let mut lists: Vec<_> = candidates.into_values().collect();
        let sort = |lists: &mut Vec<Vec<Candidate<'a>>>, count: usize| {
            for list in lists {
                order::first(list, count, self.config, self.hub.now);
            }
        };
        sort(&mut lists, FRONT);
        let split = |list: &mut Vec<_>| list.split_off(FRONT.min(list.len()));
        let mut others: Vec<_> = lists.iter_mut().map(split).collect();
        let mut walk = Walk {
            config: self.config,
            now: self.hub.now,
            tokens: self.tokens,
            accounts,
            room: self.room.clone(),
            ahead,
            pending: self.pending,
            memory,
            memory_bytes,
            grants: Vec::new(),
            used: Table::new(),
        };
        for candidate in order::interleaved(lists) {
            walk.step(&candidate, &mut self.report)?;
        }
        let behind = others.iter().flat_map(|list| list.first());
        if !self.report.is_full() || !walk.is_over(behind)? {
            sort(&mut others, usize::MAX);
        }
        for candidate in order::interleaved(others) {
            walk.step(&candidate, &mut self.report)?;
        }
        let deposit = |grant: walk::Grant| Action::Deposit {
            account_id: grant.account_id,
            amount: grant.amount,
            token_id: grant.token_id,
        };
        let grants = walk.grants.into_iter().map(deposit).collect();
        Ok(Walked {
            grants,
            used: walk.used,
            memory: walk.memory,
        })
    }

    fn pull(
        &mut self,
        accounts: &Reserves,
        used: &Table<TokenId, Used>,
    ) -> Result<(Vec<Action>, Sums), Error> {
        let mut needs = Table::new();
        for (token_id, account) in accounts {
            let used = used.get(token_id).copied().unwrap_or_default();
            let open = self.open.get(token_id).copied().unwrap_or_default();
            let limits = self.tokens.get(*token_id)?;
            let need = pull::need(self.config, limits, account, used, open)?;
            needs.insert(*token_id, need);
        }
        let (mut actions, mut pulled) = (Vec::new(), Vec::new());
        for proposal in pull::proposals(self.config, self.accounts, &needs)? {
            let side = self.hub.side(&proposal.account_id);
            let mut bars = Vec::new();
            for (token_id, part) in &proposal.parts {
                let total = part.by_withdrawal.wide().plus(part.by_settlement.wide())?;
                pulled.push((*token_id, total));
                bars.push(Bar::new(Code::SharePulledBack, Effect::Allow).observed(total));
            }
            let one = match proposal.parts.iter().next() {
                Some((token_id, part)) if proposal.parts.len() == 1 => {
                    (Some(*token_id), Some(part.total()))
                }
                _ => (None, None),
            };
            let kind = OutcomeKind::Propose;
            self.report
                .acted(kind, &proposal.account_id, one.0, one.1, None, bars);
            actions.push(Action::SettlePropose {
                executor_is_left: side.is_left(),
                memo: MEMO.to_owned(),
                ops: proposal.ops(side)?,
                account_id: proposal.account_id,
            });
        }
        Ok((actions, settle::summed(pulled)?))
    }

    fn reserves(
        &self,
        accounts: &Reserves,
        used: &Table<TokenId, Used>,
        pulled: &Sums,
        watch: Vec<WatchedReserve>,
    ) -> Result<Vec<ReserveAccount>, Error> {
        let mut watch: Table<_, _> = watch
            .into_iter()
            .map(|one| (one.token_id, Some(one)))
            .collect();
        let mut reports = Vec::new();
        for (token_id, account) in accounts {
            let used = used.get(token_id).copied().unwrap_or_default();
            let of = |amounts: &Sums| reported(amounts.get(token_id).copied().unwrap_or_default());
            reports.push(ReserveAccount {
                debts: account.debts,
                floor: self.tokens.get(*token_id)?.floor,
                granted: used.granted,
                inflow: reported(account.flow.inflow),
                open_proposals: of(&self.open),
                outflow: reported(account.flow.outflow),
                pulled: of(pulled),
                reserve: account.reserve,
                token_id: *token_id,
                unmet: reported(used.unmet),
                usable: account.usable,
                watch: watch.get_mut(token_id).and_then(Option::take),
            });
        }
        Ok(reports)
    }

    /// At the end iff there is batch work, no batch is on its way, and nobody else broadcasts.
    fn broadcasts(&self, is_batch_work: bool) -> bool {
        let left = self.config.broadcast_leftovers
            && (!self.hub.draft.is_empty() || self.hub.recovery.iter().any(|b| !b.is_empty()));
        self.hub.sent.is_none() && !self.hub.broadcast_in_input && (is_batch_work || left)
    }

    fn next_wake(&self, actions: &[Action], memory: &HubMemory) -> Option<Millis> {
        let soon = self.hub.now.plus(self.config.tick_ms).ok();
        if self.is_busy || !actions.is_empty() {
            return soon;
        }
        let watches = self.config.monitors() && !memory.tokens.is_empty();
        let look = self.hub.now.plus(self.config.monitor_ms).ok();
        look.filter(|_| watches)
    }
}
