//! The walk: each request in its turn is granted what every limit leaves. Caps clamp, they never
//! refuse; what cannot be served now consumes nothing, and the next one is tried.

use std::collections::BTreeMap;

use crate::canonical;
use crate::error::Error;
use crate::hub::config::HubConfig;
use crate::hub::limits::{BatchRoom, Tokens};
use crate::hub::memory::{HubMemory, MAX_MEMORY_BYTES, Served};
use crate::hub::plan::eligibility::{Bar, Candidate};
use crate::hub::plan::outcome::{OutcomeKind, Report};
use crate::hub::plan::reserve;
use crate::reason::{Code, Effect};
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

/// What stands in the way of every deposit of this tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Blocked {
    /// Nothing.
    No,
    /// A sent batch of this age has not settled.
    BySentBatch(Millis),
}

/// The state of a walk.
pub struct Walk<'a> {
    pub(crate) config: &'a HubConfig,
    pub(crate) now: Millis,
    pub(crate) tokens: &'a Tokens,
    pub(crate) accounts: &'a BTreeMap<TokenId, reserve::Account>,
    pub(crate) room: BatchRoom,
    pub(crate) blocked: Blocked,
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
        let blocked = self.stop(candidate, served.is_none() && remembers)?;
        if blocked.is_none() && grant >= limits.min_deposit {
            return self.grant(
                candidate,
                grant,
                &limiters,
                served.filter(|_| remembers),
                remembers,
                report,
            );
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
                let bar = Bar::new(*code, Effect::Defer).seen(*limit, limits.min_deposit);
                (*limit < limits.min_deposit).then_some(bar)
            };
            let mut bars: Vec<Bar> = blocked.into_iter().collect();
            if candidate.want < limits.min_deposit {
                let bar = Bar::new(Code::BelowMinDeposit, Effect::Defer);
                bars.push(bar.seen(candidate.want, limits.min_deposit));
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

    /// Whether this token's grants are worth remembering under this config.
    fn remembers(&self, token_id: TokenId) -> Result<bool, Error> {
        let limits = self.tokens.get(token_id)?;
        Ok(self.config.cool_down_ms.get() > 0 || limits.per_account_window < TokenAmount::MAX)
    }

    /// What stops a deposit whatever its amount.
    fn stop(&self, candidate: &Candidate<'_>, is_new: bool) -> Result<Option<Bar>, Error> {
        if let Blocked::BySentBatch(age) = self.blocked {
            let bar = Bar::new(Code::SentBatchPending, Effect::Defer);
            return Ok(Some(bar.seen(age, self.config.sent_stale_ms)));
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
        limiters: &[Limiter],
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
        let clamp = |(code, limit): &Limiter| {
            let bar = Bar::new(*code, Effect::Adjust).seen(candidate.want, *limit);
            let bar = if *code == Code::RequestCapReached {
                bar.to(*limit)
            } else {
                bar
            };
            (*limit < candidate.want).then_some(bar)
        };
        let mut bars: Vec<Bar> = limiters.iter().filter_map(clamp).collect();
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
