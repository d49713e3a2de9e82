//! The walk: each request in its turn is granted what every limit leaves. Caps clamp, they never
//! refuse; what cannot be served now consumes nothing, and the next one is tried.

use crate::canonical;
use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::limits::{BatchRoom, Tokens};
use crate::hub::memory::{HubMemory, MAX_MEMORY_BYTES, Served};
use crate::hub::plan::bounds::{Ahead, Bounds};
use crate::hub::plan::eligibility::{Bar, Candidate};
use crate::hub::plan::outcome::{OutcomeKind, Report};
use crate::hub::plan::reserve;
use crate::reason::{Code, Effect};
use crate::sorting;
use crate::table::Table;
use crate::units::{Count, EntityId, Millis, TokenAmount, TokenId, Wide};

/// The memory refuses new accounts a little before it is full: the present ones still grow.
pub(crate) const FULL_AT_BYTES: usize = MAX_MEMORY_BYTES - (64 << 10);

/// A deposit that the walk granted.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The peer.
    pub account_id: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
}

/// What the walk has used of one token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// All grants.
    pub granted: TokenAmount,
    /// What eligible requests want and did not get.
    pub unmet: Wide,
    /// What this tick would grant with a reserve that is never short.
    pub supplied: TokenAmount,
}

impl Used {
    /// The part of the unmet that a larger reserve would let this tick grant. Pulling back mends
    /// nothing else: no cap, no window and no smallest deposit.
    #[must_use]
    pub fn short(&self) -> TokenAmount {
        self.supplied.less(self.granted)
    }
}

/// A batch on its way: nothing is deposited until it settles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pending {
    /// How old it is.
    pub age: Millis,
    /// The `now` at which it is taken back, where `now` is its clock.
    pub until: Option<Millis>,
}

/// The state of a walk.
pub struct Walk<'a> {
    pub(crate) config: &'a HubConfig,
    pub(crate) now: Millis,
    pub(crate) tokens: &'a Tokens,
    pub(crate) accounts: &'a Table<TokenId, reserve::Account>,
    pub(crate) room: BatchRoom,
    pub(crate) ahead: Vec<Ahead>,
    pub(crate) pending: Option<Pending>,
    /// Whether the batch that would be sent next cannot settle.
    pub(crate) stuck: bool,
    pub(crate) memory: HubMemory,
    /// The length of the memory's text; from zero where it cannot come near the limit.
    pub(crate) memory_bytes: usize,
    pub(crate) grants: Vec<Grant>,
    pub(crate) used: Table<TokenId, Used>,
}

impl<'a> Walk<'a> {
    /// Serves or defers one request.
    pub fn step(&mut self, candidate: &Candidate<'_>, report: &mut Report) -> Result<(), Error> {
        if let Some(code) = self.stops(candidate.token_id).filter(|_| report.is_full()) {
            if !self.all_are_supplied()? {
                let bounds = self.bounds(candidate)?;
                self.step_ahead(&bounds, candidate)?;
            }
            let used = self.used.slot(candidate.token_id);
            used.unmet = used.unmet.plus(candidate.want.wide())?;
            report.counted(candidate.token_id, code);
            return Ok(());
        }
        let bounds = self.bounds(candidate)?;
        let remembers = self.remembers(candidate.token_id)?;
        let blocked = self.stop(candidate, bounds.served.is_none() && remembers);
        self.step_ahead(&bounds, candidate)?;
        let amount = bounds.grant(candidate.want);
        if blocked.is_none() && amount >= bounds.limits.min_deposit {
            return self.grant(candidate, amount, &bounds, remembers, report);
        }
        let used = self.used.slot(candidate.token_id);
        used.unmet = used.unmet.plus(candidate.want.wide())?;
        let least = bounds.least(candidate.want);
        let binding = blocked.as_ref().map_or(least, |bar| bar.code);
        let id = &candidate.account.account_id;
        let bars = || {
            let mut bars: Vec<Bar> = blocked.into_iter().collect();
            bars.extend(bounds.shortages(candidate));
            sorting::by(&mut bars, |a, b| {
                (a.code != binding).cmp(&(b.code != binding))
            });
            Ok(bars)
        };
        report.turned(id, candidate.token_id, Some(candidate.want), binding, bars)
    }

    /// What a reserve that is never short grants to this request, in every line.
    fn step_ahead(&mut self, bounds: &Bounds<'_>, candidate: &Candidate<'_>) -> Result<(), Error> {
        let token_id = candidate.token_id;
        for line in &mut self.ahead {
            line.step(self.config, bounds, candidate)?;
            if let Some(granted) = line.own(token_id) {
                self.used.slot(token_id).supplied = granted;
            }
        }
        Ok(())
    }

    /// Whether no larger reserve of this token would let this tick grant more.
    fn is_supplied(&self, token_id: TokenId) -> Result<bool, Error> {
        let limits = self.tokens.get(token_id)?;
        let mut lines = self.ahead.iter();
        let own = lines.find(|line| line.token_id() == token_id);
        Ok(own.is_none_or(|line| line.is_over(self.config, limits)))
    }

    fn all_are_supplied(&self) -> Result<bool, Error> {
        for line in &self.ahead {
            if !self.is_supplied(line.token_id())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What limits the grant of this request.
    fn bounds(&self, candidate: &Candidate<'_>) -> Result<Bounds<'a>, Error> {
        let token_id = candidate.token_id;
        let (tokens, accounts) = (self.tokens, self.accounts);
        let used = self.used.get(&token_id).copied().unwrap_or_default();
        let served = self.memory.served.get(&candidate.account.account_id);
        let served = served.and_then(|tokens| tokens.get(&token_id)).copied();
        let mut lines = self.ahead.iter();
        Bounds::of(
            tokens.get(token_id)?,
            accounts.get(&token_id),
            served,
            used.granted,
            // While a batch is pending nobody is ahead: nothing is granted before it settles.
            lines
                .find_map(|line| line.own(token_id))
                .filter(|_| self.pending.is_none()),
        )
    }

    /// What stops every deposit from now on.
    fn stopped(&self) -> Option<Code> {
        if self.pending.is_some() {
            return Some(Code::SentBatchPending);
        }
        if self.stuck {
            return Some(Code::DraftCannotBeSent);
        }
        let all = self.done() >= self.config.max_deposits;
        all.then_some(Code::DepositLimitReached)
    }

    /// The same for one token: one that is itself overcommitted has a reason of its own.
    fn stops(&self, token_id: TokenId) -> Option<Code> {
        let own = self.accounts.get(&token_id);
        let overcommitted = own.is_some_and(|account| account.overcommitted);
        let stopped = self.stopped();
        match stopped {
            Some(Code::DraftCannotBeSent) if overcommitted => None,
            _ => stopped,
        }
    }

    /// How many deposits are granted.
    fn done(&self) -> Count {
        let done = u32::try_from(self.grants.len()).ok();
        done.and_then(|done| Count::new(done).ok())
            .unwrap_or(Count::MAX)
    }

    /// Whether nothing more is granted, neither to these candidates nor to others of their tokens,
    /// nor would be with a larger reserve: then the order does not matter any longer.
    pub fn is_over<'c, 'd: 'c>(
        &self,
        behind: impl IntoIterator<Item = &'c Candidate<'d>>,
    ) -> Result<bool, Error> {
        let is_stopped = self.stopped().is_some();
        for candidate in behind {
            let token_id = candidate.token_id;
            if !self.is_supplied(token_id)? {
                return Ok(false);
            }
            if is_stopped {
                continue;
            }
            let limits = self.tokens.get(token_id)?;
            let used = self.used.get(&token_id).copied().unwrap_or_default();
            let usable = self.accounts.get(&token_id);
            let usable = usable.map_or(TokenAmount::ZERO, |account| account.usable);
            let left = usable.min(limits.per_tick_cap).less(used.granted);
            if left >= limits.min_deposit && self.room.fits_deposit(token_id) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether this token's grants are worth remembering under this config.
    fn remembers(&self, token_id: TokenId) -> Result<bool, Error> {
        let limits = self.tokens.get(token_id)?;
        Ok(self.config.cool_down_ms.get() > 0 || limits.per_account_window < TokenAmount::MAX)
    }

    /// What stops a deposit whatever its amount.
    fn stop(&self, candidate: &Candidate<'_>, is_new: bool) -> Option<Bar> {
        if let Some(code) = self.stops(candidate.token_id) {
            let bar = Bar::new(code, Effect::Defer);
            return Some(match self.pending {
                Some(sent) => bar
                    .seen(sent.age, self.config.sent_stale_ms)
                    .flip_if(sent.until),
                None if self.stuck => bar,
                None => bar.seen(self.done(), self.config.max_deposits),
            });
        }
        if !self.room.fits_deposit(candidate.token_id) {
            return Some(Bar::new(Code::BatchFull, Effect::Defer));
        }
        let full = is_new && self.memory_bytes >= FULL_AT_BYTES;
        full.then(|| Bar::new(Code::MemoryFull, Effect::Defer))
    }

    fn grant(
        &mut self,
        candidate: &Candidate<'_>,
        amount: TokenAmount,
        bounds: &Bounds<'_>,
        remembers: bool,
        report: &mut Report,
    ) -> Result<(), Error> {
        let (id, token_id) = (&candidate.account.account_id, candidate.token_id);
        self.room.take_deposit(token_id);
        let used = self.used.slot(token_id);
        used.granted = used.granted.plus(amount)?;
        let rest = candidate.want.less(amount);
        used.unmet = used.unmet.plus(rest.wide())?;
        if remembers {
            self.remember(id, token_id, bounds.served, amount)?;
        }
        let mut bars = bounds.clamps(candidate);
        let hard_limit = bounds.limits.hard_limit;
        if candidate.claim > hard_limit {
            let bar = Bar::new(Code::ClaimAboveHardLimit, Effect::Warn);
            bars.push(bar.seen(candidate.claim, hard_limit));
        }
        if candidate.retried {
            bars.push(Bar::new(Code::RetriedAfterStaleMark, Effect::Warn));
        }
        bars.push(Bar::new(Code::DepositGranted, Effect::Allow).seen(amount, candidate.want));
        self.grants.push(Grant {
            account_id: id.clone(),
            token_id,
            amount,
        });
        let kind = OutcomeKind::Deposit;
        report.acted(
            kind,
            id,
            Some(token_id),
            Some(amount),
            Some(candidate.want),
            bars,
        );
        Ok(())
    }

    fn remember(
        &mut self,
        id: &EntityId,
        token_id: TokenId,
        served: Option<Served>,
        amount: TokenAmount,
    ) -> Result<(), Error> {
        let entry = match served {
            Some(served) => served.plus(amount, self.now)?,
            None => Served::first(amount, self.now),
        };
        // Two keys, their quotes, colons, braces and commas.
        let keys = id.as_str().len() + 24;
        self.memory_bytes = self
            .memory_bytes
            .saturating_add(canonical::text(&entry)?.len() + keys);
        let tokens = self.memory.served.slot(id.clone());
        tokens.insert(token_id, entry);
        Ok(())
    }
}

/// Whether the memory has room for another account. The exact length costs as much as the rest of a
/// tick, and matters only near the limit.
pub fn has_room(memory: &HubMemory) -> Result<bool, Error> {
    Ok(memory.is_surely_below(FULL_AT_BYTES, 1) || canonical::text(memory)?.len() < FULL_AT_BYTES)
}

/// The memory at `now`: what is over is dropped, and no moment lies so far ahead that the hub would
/// wait for it without end.
pub fn current(memory: &HubMemory, now: Millis) -> HubMemory {
    let mut all = memory.served.values().flat_map(Table::values);
    let mut asked = memory.proposals.values();
    if all.all(|served| served.at(now) == Some(*served))
        && asked.all(|one| one.known_at(now) == *one)
    {
        return memory.clone();
    }
    let mut served = Table::new();
    for (account, tokens) in &memory.served {
        let live = tokens
            .iter()
            .filter_map(|(token, served)| Some((*token, served.at(now)?)));
        let live: Table<_, _> = live.collect();
        if !live.is_empty() {
            served.insert(account.clone(), live);
        }
    }
    let asked = memory.proposals.iter();
    HubMemory {
        served,
        proposals: asked
            .map(|(id, one)| (id.clone(), one.known_at(now)))
            .collect(),
        ..memory.clone()
    }
}
