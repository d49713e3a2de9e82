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

pub mod accounts;
pub mod action;
pub mod bounds;
pub mod eligibility;
pub mod explain;
#[cfg(test)]
mod flip_laws;
pub mod offer;
#[cfg(test)]
pub(crate) mod open_laws;
pub mod order;
pub mod outcome;
pub mod pull;
#[cfg(test)]
mod refusal_laws;
pub mod reserve;
pub mod settle;
#[cfg(test)]
pub(crate) mod tests;
pub mod walk;

use crate::canonical;
use crate::config::Config;
use crate::config::hub::{Funding, HubConfig};
use crate::error::Error;
use crate::hub::guard::reported;
use crate::hub::limits::{BatchRoom, Tokens};
use crate::hub::memory::{Asked, HubMemory, Told};
use crate::hub::plan::accounts::{Accounts, Settled, collateral_of};
use crate::hub::plan::action::{Action, MEMO};
use crate::hub::plan::bounds::Ahead;
use crate::hub::plan::eligibility::{Bar, Candidate, Carried, Court, Judged};
use crate::hub::plan::offer::Offer;
use crate::hub::plan::outcome::{Outcome, OutcomeKind, Report, Turned};
use crate::hub::plan::reserve::{Flows, Unpayable};
use crate::hub::plan::settle::{Leaving, Shrunk, Standing};
use crate::hub::plan::walk::{Pending, Used, Walk};
use crate::hub::reserves::{self, WatchedReserve};
use crate::hub::state::{Account, HubState, Workspace};
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
    /// What open settlements of ours will bring, as far as it is likely and could be taken now.
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

/// How much is offered, and by whom.
type Offered<'a> = (TokenAmount, &'a EntityId);

/// The accounts of one call.
struct Listed<'a> {
    config: &'a HubConfig,
    tokens: &'a Tokens,
    hub: &'a HubState,
    /// All of them, by id.
    accounts: Vec<&'a Account>,
    offers: Table<TokenId, Vec<Offered<'a>>>,
}

impl<'a> Listed<'a> {
    fn of(
        config: &'a HubConfig,
        tokens: &'a Tokens,
        hub: &'a HubState,
        accounts: Vec<&'a Account>,
    ) -> Result<Self, Error> {
        let mut offers: Table<TokenId, Vec<Offered<'_>>> = Table::new();
        // Nobody looks further than these and those who did not answer; but a sweep asks for every
        // token of an account.
        let most = match config.funding {
            Funding::Sweep => usize::MAX,
            _ => usize::try_from(config.max_proposals.get()).unwrap_or(usize::MAX),
        };
        let most = most.saturating_add(hub.memory.proposals.len());
        let largest_first = |a: &Offered<'_>, b: &Offered<'_>| (b.0, a.1).cmp(&(a.0, b.1));
        let leaving = Leaving::of(hub)?;
        let free = accounts.iter().filter(|one| !leaving.has(&one.account_id));
        for account in free {
            let side = hub.side(&account.account_id);
            for offer in pull::offers(config, tokens, account, side)? {
                let list = offers.slot(offer.token_id);
                let offered = (offer.most(), &account.account_id);
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
        Ok(Self {
            config,
            tokens,
            hub,
            accounts,
            offers,
        })
    }

    fn find(&self, account_id: &EntityId) -> Option<&'a Account> {
        let place = self
            .accounts
            .binary_search_by(|account| account.account_id.cmp(account_id));
        self.accounts.get(place.ok()?).copied()
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
        let all = self.accounts.iter().copied();
        Box::new(all.filter(|account| has_work(self.config, account)))
    }

    fn offered_tokens(&self) -> Box<dyn Iterator<Item = TokenId> + '_> {
        Box::new(self.offers.keys().copied())
    }

    fn offering(&self, token_id: TokenId) -> Box<dyn Iterator<Item = EntityId> + '_> {
        let list = self.offers.get(&token_id).into_iter().flatten();
        Box::new(list.map(|(_, account_id)| (*account_id).clone()))
    }

    fn offer(&self, account_id: &EntityId, token_id: TokenId) -> Result<Option<Offer>, Error> {
        let Some(account) = self.find(account_id) else {
            return Ok(None);
        };
        let side = self.hub.side(account_id);
        let offers = pull::offers(self.config, self.tokens, account, side)?;
        Ok(offers.into_iter().find(|offer| offer.token_id == token_id))
    }

    fn account(&self, account_id: &EntityId) -> Result<Option<Account>, Error> {
        Ok(self.find(account_id).cloned())
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
        let stale = config.sent_stale_ms.plus(const { Millis::constant(1) });
        let until = stale.and_then(|stale| sent.sent_at.plus(stale)).ok();
        Pending {
            age: clock.less(sent.sent_at),
            until: until.filter(|_| hub.submit_clock.is_none()),
        }
    });
    if let Some(sent) = pending.filter(|sent| sent.age > config.sent_stale_ms) {
        return Ok(abort(config, hub, sent.age, why));
    }
    let leaving = Leaving::of(hub)?;
    let settled = Settled {
        all: accounts,
        leaving: &leaving,
    };
    let tick = Tick {
        config,
        hub,
        tokens,
        accounts: &settled,
        leaving: &leaving,
        pending,
        report: report.until(pending.and_then(|sent| sent.until)),
        gains: Sums::new(),
        open: Sums::new(),
        room: BatchRoom::of(hub, config),
        rejects: Vec::new(),
        executes: Vec::new(),
        alerts: Vec::new(),
        lacking: Vec::new(),
        unpayable: Unpayable::default(),
        awaited: false,
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
    /// What batches take out of the accounts already.
    leaving: &'a Leaving,
    pending: Option<Pending>,
    report: Report,
    /// What this plan's executes bring.
    gains: Sums,
    /// What unsigned settlements of ours will bring.
    open: Sums,
    room: BatchRoom,
    rejects: Vec<Action>,
    executes: Vec<Action>,
    alerts: Vec<Action>,
    /// The tokens without limits that requests wait for.
    lacking: Vec<TokenId>,
    /// What the batch that would be sent next and the draft lack.
    unpayable: Unpayable,
    /// Whether a request waits for a batch that was not sent.
    awaited: bool,
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
        let clock = self.hub.submit_clock.unwrap_or(self.hub.now);
        if let Some(sent) = self.hub.sent.as_ref().filter(|sent| sent.sent_at > clock) {
            why.add(|| {
                Reason::new(Code::MomentAhead, Effect::Warn)
                    .observed(sent.sent_at)
                    .limit(clock)
            });
        }
        let mut memory = walk::current(&self.hub.memory, self.hub.now);
        self.settlements(&mut memory)?;
        let (candidates, barred) = self.requests(&memory)?;
        let accounts = self.reserve_accounts(&candidates, why)?;
        self.overcommitted(&accounts, &mut memory, why)?;
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
        let (proposals, pulled) = self.pull(&accounts, &used, &mut memory, why)?;
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
        actions.append(&mut self.alerts);
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

    /// Executes what is ripe, withdraws what nobody answers, and counts what is on its way.
    fn settlements(&mut self, memory: &mut HubMemory) -> Result<(), Error> {
        let (mut gains, mut open) = (Vec::new(), Vec::new());
        let asked = std::mem::take(&mut memory.proposals);
        let mut kept: Vec<(EntityId, Asked)> = Vec::new();
        // So few are added in one tick that they never fill what is kept free.
        let mut room = match walk::has_room(&self.hub.memory)? {
            true => 64u32,
            false => 0,
        };
        let is_lost = reserve::is_lost(self.hub, &self.collateral())?;
        let accounts: &'a dyn Accounts = self.accounts;
        for account in accounts.working() {
            let Some(workspace) = &account.workspace else {
                continue;
            };
            self.is_busy = true;
            let id = &account.account_id;
            let side = self.hub.side(id);
            let known = asked.get(id);
            let (config, leaving, now) = (self.config, self.leaving, self.hub.now);
            let standing = settle::standing(config, account, side, known, leaving, now)?;
            let mut after = known.map(|known| Asked {
                told: false,
                ..known.clone()
            });
            match standing {
                Standing::No => {
                    after = known.and_then(|known| known.without_proposal(self.hub.now))
                }
                Standing::Carried => {
                    let bars = vec![Bar::new(Code::InBatch, Effect::Defer)];
                    self.waits(account, None, bars)?;
                    after = known.and_then(|known| known.without_proposal(self.hub.now));
                }
                Standing::Ripe => {
                    let brings = settle::gains(workspace, side);
                    if !is_lost && self.execute(id, workspace) {
                        gains.extend(brings);
                        after = None;
                    } else {
                        open.extend(brings);
                    }
                }
                Standing::Young => open.extend(settle::on_its_way(account, side, known, leaving)?),
                Standing::Ageless if known.is_some() || room > 0 => {
                    room = room.saturating_sub(u32::from(known.is_none()));
                    after = Some(Asked {
                        at: Some(self.hub.now),
                        ..after.unwrap_or_default()
                    });
                }
                Standing::Ageless | Standing::Old => {}
                Standing::Unanswered(age) => {
                    if self.reject(id, age) {
                        after = Some(after.unwrap_or_default().missed(self.hub.now));
                    }
                }
                Standing::Sealed(shrunk, age) => {
                    self.sealed(account, shrunk, age)?;
                    let told = known.is_some_and(|known| known.told);
                    let may = self.alerts.len() < most(self.config.max_proposals);
                    if told {
                        after = known.cloned();
                    } else if may && (known.is_some() || room > 0) {
                        room = room.saturating_sub(u32::from(known.is_none()));
                        let alert = Action::alert_of(id.clone(), Code::SettlementSealed);
                        self.alerts.push(alert);
                        after = Some(Asked {
                            told: true,
                            ..after.unwrap_or_default()
                        });
                    }
                }
            }
            kept.extend(after.map(|after| (id.clone(), after)));
        }
        for (id, known) in &asked {
            let account = accounts.account(id)?;
            if account.as_ref().is_some_and(|one| one.workspace.is_some()) {
                continue;
            }
            let side = self.hub.side(id);
            // Whoever is set aside keeps its misses: nobody loses them by an absurd state.
            let standing = match &account {
                Some(account) => {
                    let (config, leaving, now) = (self.config, self.leaving, self.hub.now);
                    settle::standing(config, account, side, Some(known), leaving, now)?
                }
                None => Standing::No,
            };
            if let (Standing::Young, Some(account)) = (standing, &account) {
                let coming = settle::on_its_way(account, side, Some(known), self.leaving)?;
                open.extend(coming);
            }
            let after = match standing {
                Standing::No => known.without_proposal(self.hub.now),
                Standing::Ageless => Some(Asked {
                    at: Some(self.hub.now),
                    ..known.clone()
                }),
                _ => Some(known.clone()),
            };
            kept.extend(after.map(|after| (id.clone(), after)));
        }
        memory.proposals = kept.into_iter().collect();
        self.gains = settle::summed(gains)?;
        self.open = settle::summed(open)?;
        Ok(())
    }

    /// Puts a settlement into the draft, if there is room for it.
    fn execute(&mut self, id: &EntityId, workspace: &Workspace) -> bool {
        let may = self.pending.is_none()
            && self.executes.len() < most(self.config.max_executes)
            && self.room.take_settlement(workspace.ops.len());
        if may {
            let bar = Bar::new(Code::SettlementExecuted, Effect::Allow);
            let account_id = id.clone();
            self.executes.push(Action::SettleExecute { account_id });
            let kind = OutcomeKind::Execute;
            self.report.acted(kind, id, None, None, None, vec![bar]);
        }
        may
    }

    /// Withdraws a settlement, unless enough are withdrawn already.
    fn reject(&mut self, id: &EntityId, age: Millis) -> bool {
        let may = self.rejects.len() < most(self.config.max_executes);
        if may {
            let mut bar = Bar::new(Code::ProposalUnanswered, Effect::Adjust);
            if let Some(stale) = self.config.proposal_stale_ms {
                bar = bar.seen(age, stale);
            }
            let account_id = id.clone();
            self.rejects.push(Action::SettleReject { account_id });
            let kind = OutcomeKind::Reject;
            self.report.acted(kind, id, None, None, None, vec![bar]);
        }
        may
    }

    /// Says why a settlement of ours is neither executed nor withdrawn.
    fn sealed(
        &mut self,
        account: &Account,
        shrunk: Option<Shrunk>,
        age: Option<Millis>,
    ) -> Result<(), Error> {
        let mut bars = Vec::new();
        if let Some(shrunk) = shrunk {
            let bar = Bar::new(Code::ShareShrunk, Effect::Refuse);
            bars.push(bar.seen(shrunk.asked, shrunk.left));
        }
        bars.push(Bar::new(Code::SettlementSealed, Effect::Defer));
        if let (Some(age), Some(stale)) = (age, self.config.proposal_stale_ms) {
            let bar = Bar::new(Code::ProposalUnanswered, Effect::Warn);
            bars.push(bar.seen(age, stale));
        }
        self.waits(account, shrunk.map(|shrunk| shrunk.token_id), bars)
    }

    /// A settlement that nothing is done with now, for one of its tokens: the first if none is
    /// named.
    fn waits(
        &mut self,
        account: &Account,
        token_id: Option<TokenId>,
        bars: Vec<Bar>,
    ) -> Result<(), Error> {
        let first = account.workspace.as_ref().and_then(|w| w.ops.first());
        let token_id = token_id.or(first.map(|op| op.token_id));
        let binding = bars.first().map_or(Code::SettlementSealed, |bar| bar.code);
        let id = &account.account_id;
        let token_id = token_id.unwrap_or(TokenId::MIN);
        self.report.turned(id, token_id, None, binding, || Ok(bars))
    }

    /// What the accounts hold in collateral.
    fn collateral(&self) -> impl Fn(&EntityId, TokenId) -> Result<Option<TokenAmount>, Error> + 'a {
        let accounts = self.accounts;
        move |account_id, token_id| {
            let account = accounts.account(account_id)?;
            Ok(collateral_of(account.as_ref(), token_id))
        }
    }

    /// What the next batch cannot pay, and what the operator is told once: that, and which tokens
    /// have no limits.
    fn overcommitted(
        &mut self,
        accounts: &Reserves,
        memory: &mut HubMemory,
        why: &mut Why,
    ) -> Result<(), Error> {
        // While a batch is on its way the reserve says little about the next one.
        if self.pending.is_none() {
            self.unpayable = reserve::unpayable(self.hub, &self.gains, &self.collateral())?;
        }
        for (token_id, needed) in &self.unpayable.any {
            let known = accounts
                .get(token_id)
                .filter(|account| account.overcommitted);
            if known.is_none() {
                let reserve = self.hub.reserves.get(token_id).copied().unwrap_or_default();
                why.add(|| {
                    Reason::new(Code::DraftOvercommitted, Effect::Defer)
                        .about(token_id)
                        .observed(reserve)
                        .limit(*needed)
                        .flip_if(
                            "reserves",
                            Some(*needed).filter(|most| *most < TokenAmount::MAX),
                        )
                });
            }
        }
        let mut told = std::mem::take(&mut memory.told);
        // Debts alone are no draft.
        let over = accounts
            .iter()
            .filter(|(_, account)| account.overcommitted && account.flow.early > Wide::ZERO);
        let over: Vec<TokenId> = over
            .map(|(token_id, _)| *token_id)
            .chain(self.unpayable.any.keys().copied())
            .collect();
        let tokens = told.keys().chain(&over).chain(&self.lacking);
        for token_id in tokens.copied().collect::<Set<_>>() {
            let before = told.get(&token_id).copied().unwrap_or_default();
            let after = Told {
                overcommitted: match self.pending {
                    Some(_) => before.overcommitted,
                    None => over.contains(&token_id),
                },
                without_limits: self.lacking.contains(&token_id),
            };
            if after.overcommitted && !before.overcommitted {
                let alert = Action::alert_in(token_id, Code::DraftOvercommitted);
                self.alerts.push(alert);
            }
            if after.without_limits && !before.without_limits {
                let alert = Action::alert_in(token_id, Code::TokenWithoutLimits);
                self.alerts.push(alert);
            }
            told.insert(token_id, after);
        }
        told.retain(|_, told| *told != Told::default());
        memory.told = told;
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
        let waited = Carried::unsent(self.hub);
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
                    self.awaited |= waited.has(&account.account_id, request.token_id);
                    let are_set = self.tokens.get(request.token_id)?.are_set();
                    if !are_set && !self.lacking.contains(&request.token_id) {
                        self.lacking.push(request.token_id);
                    }
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
        let flows = Flows::within(self.hub, &self.collateral())?;
        let mut tokens: Vec<_> = self.hub.reserves.keys().copied().collect();
        tokens.extend(flows.tokens());
        tokens.extend(candidates.keys().copied());
        tokens.extend(self.gains.keys().chain(self.open.keys()).copied());
        tokens.extend(reserves::remembered(self.config, self.hub, self.tokens));
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
                        .limit(account.reserve_to_settle().unwrap_or(TokenAmount::MAX))
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
            stuck: !self.unpayable.any.is_empty(),
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
        memory: &mut HubMemory,
        why: &mut Why,
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
        let (config, now) = (self.config, self.hub.now);
        for proposal in pull::proposals(config, self.accounts, &needs, &memory.proposals, now)? {
            if config.proposal_stale_ms.is_some() {
                // What is not remembered would never be too old.
                let known = memory.proposals.get(&proposal.account_id);
                if known.is_none() && !walk::has_room(memory)? {
                    why.add(|| {
                        Reason::new(Code::MemoryFull, Effect::Defer).about(&proposal.account_id)
                    });
                    continue;
                }
                let asked = Asked {
                    at: Some(now),
                    amounts: proposal.amounts.clone(),
                    is_debt: proposal.is_debt,
                    told: false,
                    ..known.cloned().unwrap_or_default()
                };
                memory.proposals.insert(proposal.account_id.clone(), asked);
            }
            let side = self.hub.side(&proposal.account_id);
            let mut bars = Vec::new();
            for (token_id, amount) in &proposal.amounts {
                pulled.push((*token_id, amount.wide()));
                bars.push(Bar::new(Code::SharePulledBack, Effect::Allow).observed(*amount));
            }
            let one = match proposal.amounts.iter().next() {
                Some((token_id, amount)) if proposal.amounts.len() == 1 => {
                    (Some(*token_id), Some(*amount))
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

    /// At the end iff there is batch work, no batch is on its way, nobody else broadcasts, and the
    /// batch can settle. What a request waits for is never left lying.
    fn broadcasts(&self, is_batch_work: bool) -> bool {
        let unsent = !self.hub.draft.is_empty() || self.hub.recovery.iter().any(|b| !b.is_empty());
        let left = unsent && (self.config.broadcast_leftovers || self.awaited);
        let may = self.hub.sent.is_none() && !self.hub.broadcast_in_input;
        may && self.unpayable.next.is_empty() && (is_batch_work || left)
    }

    fn next_wake(&self, actions: &[Action], memory: &HubMemory) -> Option<Millis> {
        let now = self.hub.now;
        let watches = self.config.monitors() && !memory.tokens.is_empty();
        let regular = match self.is_busy || !actions.is_empty() {
            true => now.plus(self.config.tick_ms).ok(),
            false => now.plus(self.config.monitor_ms).ok().filter(|_| watches),
        };
        let moments = memory.proposals.values().flat_map(|asked| {
            let at = asked.at.map(|at| settle::moments(self.config, at));
            at.into_iter().flatten().chain([asked.until])
        });
        let moments = moments.chain([regular]).flatten();
        moments.filter(|at| *at > now).min()
    }
}

fn most(limit: Count) -> usize {
    usize::try_from(limit.get()).unwrap_or(usize::MAX)
}
