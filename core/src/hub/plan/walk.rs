//! The walk: each request in its turn is granted what every limit leaves. Caps clamp, they never
//! refuse; what cannot be served now consumes nothing, and the next one is tried.

use std::collections::BTreeMap;

use crate::canonical;
use crate::error::Error;
use crate::hub::config::HubConfig;
use crate::hub::limits::{BatchRoom, TokenLimits, Tokens};
use crate::hub::memory::{HubMemory, MAX_MEMORY_BYTES, Served};
use crate::hub::plan::eligibility::{Bar, Candidate};
use crate::hub::plan::outcome::{OutcomeKind, Report};
use crate::hub::plan::reserve;
use crate::reason::{Code, Effect, Quantity};
use crate::sorting;
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
}

/// The same walk with the reserve of one token never short: so much must be there before the next
/// in its line is reached.
#[derive(Clone, Debug)]
pub struct Ahead {
    token_id: TokenId,
    room: BatchRoom,
    deposits: Count,
    granted: BTreeMap<TokenId, TokenAmount>,
}

impl Ahead {
    /// Nothing yet, in a batch with so much room.
    #[must_use]
    pub const fn new(token_id: TokenId, room: BatchRoom) -> Self {
        Self {
            token_id,
            room,
            deposits: Count::MIN,
            granted: BTreeMap::new(),
        }
    }

    fn granted(&self, token_id: TokenId) -> TokenAmount {
        self.granted.get(&token_id).copied().unwrap_or_default()
    }

    /// Takes what a request takes: at most `amount`, what the tick leaves, and what is `usable`.
    fn step(
        &mut self,
        config: &HubConfig,
        limits: &TokenLimits,
        token_id: TokenId,
        amount: TokenAmount,
        usable: TokenAmount,
    ) -> Result<(), Error> {
        if self.deposits >= config.max_deposits || !self.room.fits_deposit(token_id) {
            return Ok(());
        }
        let granted = self.granted(token_id);
        let mut amount = amount.min(limits.per_tick_cap.less(granted));
        if token_id != self.token_id {
            amount = amount.min(usable.less(granted));
        }
        if amount >= limits.min_deposit {
            self.room.take_deposit(token_id);
            self.deposits = self.deposits.plus(Count::constant(1))?;
            self.granted.insert(token_id, granted.plus(amount)?);
        }
        Ok(())
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
    pub(crate) accounts: &'a BTreeMap<TokenId, reserve::Account>,
    pub(crate) room: BatchRoom,
    pub(crate) ahead: Vec<Ahead>,
    pub(crate) pending: Option<Pending>,
    pub(crate) memory: HubMemory,
    /// The length of the memory's text; from zero where it cannot come near the limit.
    pub(crate) memory_bytes: usize,
    pub(crate) grants: Vec<Grant>,
    pub(crate) used: BTreeMap<TokenId, Used>,
}

/// One limit of a grant.
type Limiter = (Code, TokenAmount);

impl Walk<'_> {
    /// Serves or defers one request.
    pub fn step(&mut self, candidate: &Candidate<'_>, report: &mut Report) -> Result<(), Error> {
        if let Some(code) = self.stopped().filter(|_| report.is_full()) {
            let used = self.used.entry(candidate.token_id).or_default();
            used.unmet = used.unmet.plus(candidate.want.wide())?;
            report.counted(candidate.token_id, code);
            return Ok(());
        }
        let used = self
            .used
            .get(&candidate.token_id)
            .copied()
            .unwrap_or_default();
        let limits = self.tokens.get(candidate.token_id)?;
        let account = self.accounts.get(&candidate.token_id);
        let usable = account.map_or(TokenAmount::ZERO, |account| account.usable);
        let over = account.is_some_and(|account| account.overcommitted);
        let remembers = self.remembers(candidate.token_id)?;
        let id = &candidate.account.account_id;
        let served = self.memory.served.get(id);
        let served = served
            .and_then(|tokens| tokens.get(&candidate.token_id))
            .copied();
        let given = served.map_or(Ok(TokenAmount::ZERO), |served| served.amount())?;
        // In this order a smaller limit binds before an equal later one.
        let limiters: [Limiter; 4] = [
            (Code::RequestCapReached, limits.per_request_cap),
            (Code::WindowUsedUp, limits.per_account_window.less(given)),
            (Code::TickCapReached, limits.per_tick_cap.less(used.granted)),
            (
                if over {
                    Code::DraftOvercommitted
                } else {
                    Code::ReserveShort
                },
                usable.less(used.granted),
            ),
        ];
        let grant = limiters
            .iter()
            .fold(candidate.want, |least, (_, limit)| least.min(*limit));
        let line = self.ahead.iter();
        let mut line = line.filter(|line| line.token_id == candidate.token_id);
        let ahead = line
            .next()
            .map_or(TokenAmount::ZERO, |line| line.granted(candidate.token_id));
        // With `enough` of it a limit no longer matters.
        let to = |code: Code, enough: TokenAmount| -> Option<Quantity> {
            match code {
                Code::WindowUsedUp if enough <= limits.per_account_window => served?
                    .falls_to(limits.per_account_window.less(enough))
                    .map(Into::into),
                Code::ReserveShort => account?
                    .reserve_for(ahead.plus(enough).ok()?, limits)
                    .map(Into::into),
                Code::DraftOvercommitted => account?.reserve_to_settle().map(Into::into),
                _ => None,
            }
        };
        let blocked = self.stop(candidate, served.is_none() && remembers)?;
        if self.pending.is_none() {
            let [(_, cap), (_, window), _, _] = limiters;
            let amount = candidate.want.min(cap).min(window);
            for line in &mut self.ahead {
                line.step(self.config, limits, candidate.token_id, amount, usable)?;
            }
        }
        if blocked.is_none() && grant >= limits.min_deposit {
            let clamp = |(code, limit): &Limiter| {
                let bar = Bar::new(*code, Effect::Adjust).seen(candidate.want, *limit);
                let bar = match *code {
                    Code::RequestCapReached => bar.flip_if(candidate.asked.then_some(*limit)),
                    code => bar.flip_if(to(code, candidate.want)),
                };
                (*limit < candidate.want).then_some(bar)
            };
            let clamped = limiters.iter().filter_map(clamp).collect();
            let served = served.filter(|_| remembers);
            return self.grant(candidate, grant, clamped, served, remembers, report);
        }
        let used = self.used.entry(candidate.token_id).or_default();
        used.unmet = used.unmet.plus(candidate.want.wide())?;
        let least = limiters
            .iter()
            .filter(|(_, limit)| *limit < candidate.want)
            .min_by_key(|(_, limit)| *limit);
        let least = least.map_or(Code::BelowMinDeposit, |(code, _)| *code);
        let binding = blocked.as_ref().map_or(least, |bar| bar.code);
        let bars = || {
            let short = |(code, limit): &Limiter| {
                (*limit < limits.min_deposit).then(|| {
                    let bar = Bar::new(*code, Effect::Defer).seen(*limit, limits.min_deposit);
                    bar.flip_if(to(*code, limits.min_deposit))
                })
            };
            let mut bars: Vec<Bar> = blocked.into_iter().collect();
            if candidate.want < limits.min_deposit {
                let bar = Bar::new(Code::BelowMinDeposit, Effect::Defer);
                let bar = bar.seen(candidate.want, limits.min_deposit);
                let more = candidate.securable >= limits.min_deposit;
                bars.push(bar.flip_if(more.then_some(limits.min_deposit)));
            }
            let mut limiting: Vec<_> = limiters.iter().filter_map(short).collect();
            // The smallest limiter binds.
            sorting::by(&mut limiting, |a, b| {
                (a.code != binding).cmp(&(b.code != binding))
            });
            if limiting.first().is_some_and(|bar| bar.code == binding) {
                limiting.append(&mut bars);
                return Ok(limiting);
            }
            bars.append(&mut limiting);
            Ok(bars)
        };
        report.turned(id, candidate.token_id, Some(candidate.want), binding, bars)
    }

    /// What stops every deposit from now on.
    fn stopped(&self) -> Option<Code> {
        if self.pending.is_some() {
            return Some(Code::SentBatchPending);
        }
        let done = u32::try_from(self.grants.len()).unwrap_or(u32::MAX);
        let all = done >= self.config.max_deposits.get();
        all.then_some(Code::DepositLimitReached)
    }

    /// Whether nothing more is granted, neither to these candidates nor to others of their tokens:
    /// then the order does not matter any longer.
    pub fn is_over<'c, 'a: 'c>(
        &self,
        behind: impl IntoIterator<Item = &'c Candidate<'a>>,
    ) -> Result<bool, Error> {
        if self.stopped().is_some() {
            return Ok(true);
        }
        for candidate in behind {
            let token_id = candidate.token_id;
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
    fn stop(&self, candidate: &Candidate<'_>, is_new: bool) -> Result<Option<Bar>, Error> {
        if let Some(pending) = self.pending {
            let bar = Bar::new(Code::SentBatchPending, Effect::Defer);
            let bar = bar.seen(pending.age, self.config.sent_stale_ms);
            return Ok(Some(bar.flip_if(pending.until)));
        }
        let done = Count::new(u32::try_from(self.grants.len()).unwrap_or(u32::MAX))?;
        if done >= self.config.max_deposits {
            let bar = Bar::new(Code::DepositLimitReached, Effect::Defer);
            return Ok(Some(bar.seen(done, self.config.max_deposits)));
        }
        if !self.room.fits_deposit(candidate.token_id) {
            return Ok(Some(Bar::new(Code::BatchFull, Effect::Defer)));
        }
        let full = is_new && self.memory_bytes >= FULL_AT_BYTES;
        Ok(full.then(|| Bar::new(Code::MemoryFull, Effect::Defer)))
    }

    fn grant(
        &mut self,
        candidate: &Candidate<'_>,
        amount: TokenAmount,
        mut bars: Vec<Bar>,
        served: Option<Served>,
        remembers: bool,
        report: &mut Report,
    ) -> Result<(), Error> {
        let (id, token_id) = (&candidate.account.account_id, candidate.token_id);
        self.room.take_deposit(token_id);
        let used = self.used.entry(token_id).or_default();
        used.granted = used.granted.plus(amount)?;
        let rest = candidate.want.less(amount);
        used.unmet = used.unmet.plus(rest.wide())?;
        if remembers {
            self.remember(id, token_id, served, amount)?;
        }
        let limits = self.tokens.get(token_id)?;
        if candidate.claim > limits.hard_limit {
            let bar = Bar::new(Code::ClaimAboveHardLimit, Effect::Warn);
            bars.push(bar.seen(candidate.claim, limits.hard_limit));
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
        let tokens = self.memory.served.entry(id.clone()).or_default();
        tokens.insert(token_id, entry);
        Ok(())
    }
}

/// The memory at `now`: what is over is dropped.
pub fn current(memory: &HubMemory, now: Millis) -> HubMemory {
    let mut all = memory.served.values().flat_map(BTreeMap::values);
    if all.all(|served| served.at(now) == Some(*served)) {
        return memory.clone();
    }
    let mut served = BTreeMap::new();
    for (account, tokens) in &memory.served {
        let live = tokens
            .iter()
            .filter_map(|(token, served)| Some((*token, served.at(now)?)));
        let live = sorting::map(live);
        if !live.is_empty() {
            served.insert(account.clone(), live);
        }
    }
    HubMemory {
        served,
        tokens: memory.tokens.clone(),
    }
}
