//! What a hub remembers between two ticks: what it served in the last hour, what it asked back and
//! who did not answer, what the operator was told, and per token the state of its replenishment.
//! The runtime keeps it as one string beside the task.

use crate::error::Error;
use crate::table::Table;
use crate::units::{Count, EntityId, Millis, Serial, TokenAmount, TokenId};

/// The canonical text of a memory is never longer, in bytes.
pub const MAX_MEMORY_BYTES: usize = 1 << 20;

/// The length of the window that [`Served`] covers, in milliseconds.
pub const WINDOW_MS: u64 = 3_600_000;

const HALF_WINDOW_MS: u64 = WINDOW_MS / 2;

/// What a hub remembers. Absent is empty.
#[record(Default, Eq)]
pub struct HubMemory {
    /// What was served in the last hour, per account and token.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub served: Table<EntityId, Table<TokenId, Served>>,
    /// The replenishment of each token.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub tokens: Table<TokenId, TokenMemory>,
    /// What is asked back from an account, and how often it did not answer.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub proposals: Table<EntityId, Asked>,
    /// What the operator was told of a token and need not be told again.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub told: Table<TokenId, Told>,
}

/// The text of one entry of [`HubMemory::served`], its keys included, is never longer: an id has at
/// most 128 bytes, an amount 78 digits.
const SERVED_BYTES: usize = 768;
/// Likewise of one entry of [`HubMemory::tokens`], the id of its request aside.
const TOKEN_BYTES: usize = 2_048;
/// Likewise of one entry of [`HubMemory::proposals`], what it asks aside.
const ASKED_BYTES: usize = 384;
/// Likewise of what an entry of [`HubMemory::proposals`] asks of one token.
const ASKED_TOKEN_BYTES: usize = 128;

impl HubMemory {
    /// Whether the text is below `limit` for sure, and stays so with `more` entries of either kind.
    pub(crate) fn is_surely_below(&self, limit: usize, more: usize) -> bool {
        let served: usize = self.served.values().map(Table::len).sum();
        let ids = self
            .tokens
            .values()
            .filter_map(|token| token.in_flight.as_ref());
        // A control character takes six bytes.
        let ids: usize = ids.map(|asked| asked.id.len().saturating_mul(6)).sum();
        let entries = served.saturating_add(more).saturating_mul(SERVED_BYTES);
        let tokens = self.tokens.len().saturating_mul(TOKEN_BYTES);
        // An account without an entry still takes its key.
        let accounts = self.served.len().saturating_mul(256);
        let asked: usize = self.proposals.values().map(|one| one.amounts.len()).sum();
        let asked = asked.saturating_add(more).saturating_mul(ASKED_TOKEN_BYTES);
        let proposals = self.proposals.len().saturating_add(more);
        let proposals = proposals.saturating_mul(ASKED_BYTES);
        let told = self.told.len().saturating_mul(64);
        entries
            .saturating_add(tokens)
            .saturating_add(accounts)
            .saturating_add(ids)
            .saturating_add(asked)
            .saturating_add(proposals)
            .saturating_add(told)
            < limit
    }
}

/// The longest that an account which did not answer stands behind the others, in milliseconds; and
/// how long after that its misses are remembered.
pub const LONGEST_WAIT_MS: u64 = 6 * 3_600_000;
/// How long an account stands behind the others after its first miss, in milliseconds.
const FIRST_WAIT_MS: u64 = 600_000;

/// What the hub asks back from one account, and how often the account did not answer.
#[record(Default, Eq)]
pub struct Asked {
    /// When the open proposal was made, or first seen where nobody knows when it was made; absent
    /// where none is open.
    pub at: Option<Millis>,
    /// What the open proposal asks back.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub amounts: Table<TokenId, TokenAmount>,
    /// Whether it asks the peer to pay a debt, not to sign a withdrawal.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_debt: bool,
    /// How many proposals in a row were withdrawn without an answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub misses: Count,
    /// Until then the account stands behind all others.
    pub until: Option<Millis>,
    /// Whether the operator was told that the settlement can be neither executed nor withdrawn.
    #[serde(default, skip_serializing_if = "is_default")]
    pub told: bool,
}

/// A remembered moment, no later than so long after `now`: a clock that once ran ahead must not
/// make the hub wait for that time to come.
fn within(at: Millis, now: Millis, longest: Millis) -> Millis {
    at.min(now.plus(longest).unwrap_or(Millis::MAX))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Asked {
    /// Whether the account stands behind the others at `now`.
    #[must_use]
    pub fn is_behind(&self, now: Millis) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// After its proposal was withdrawn without an answer.
    #[must_use]
    pub fn missed(&self, now: Millis) -> Self {
        let doubled = FIRST_WAIT_MS.checked_shl(self.misses.get());
        // A shift that loses bits is longer than any wait.
        let wait =
            doubled.filter(|wait| wait.checked_shr(self.misses.get()) == Some(FIRST_WAIT_MS));
        let wait = wait.unwrap_or(LONGEST_WAIT_MS).min(LONGEST_WAIT_MS);
        Self {
            misses: self
                .misses
                .plus(const { Count::constant(1) })
                .unwrap_or(Count::MAX),
            until: now.plus(Millis::clamped(wait)).ok(),
            ..Self::default()
        }
    }

    /// As it can be at `now`: nobody stands behind the others for longer than the longest wait.
    #[must_use]
    pub fn known_at(&self, now: Millis) -> Self {
        let longest = const { Millis::constant(LONGEST_WAIT_MS) };
        Self {
            until: self.until.map(|until| within(until, now, longest)),
            ..self.clone()
        }
    }

    /// What is left of it when its proposal is gone: the misses, for a while.
    #[must_use]
    pub fn without_proposal(&self, now: Millis) -> Option<Self> {
        let end = self
            .until?
            .plus(const { Millis::constant(LONGEST_WAIT_MS) })
            .ok()?;
        (now < end).then(|| Self {
            misses: self.misses,
            until: self.until,
            ..Self::default()
        })
    }
}

/// What the operator was told of one token in the present episode.
#[record(Copy, Default, Eq)]
pub struct Told {
    /// That the draft cannot settle.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overcommitted: bool,
    /// That requests wait for limits.
    #[serde(default, skip_serializing_if = "is_default")]
    pub without_limits: bool,
}

/// What was served in a stretch of at least half an hour.
#[record(Copy, Default, Eq)]
pub struct HalfHour {
    /// How much.
    pub amount: TokenAmount,
    /// When the stretch began.
    pub from: Millis,
    /// When the last of it was served.
    pub to: Millis,
}

/// What one account was given of one token in the last hour: two half-hour buckets. A bucket is
/// forgotten an hour after its last deposit, so that no hour ever sees more than the window.
#[record(Copy, Default, Eq)]
pub struct Served {
    /// The newer bucket.
    pub newer: HalfHour,
    /// The older bucket.
    pub older: Option<HalfHour>,
}

impl HalfHour {
    /// What was served later than now was served just now.
    fn known_at(self, now: Millis) -> Self {
        Self {
            from: self.from.min(now),
            to: self.to.min(now),
            ..self
        }
    }

    fn is_live(&self, now: Millis) -> bool {
        now.less(self.to).get() < WINDOW_MS
    }
}

impl Served {
    /// When the last deposit was made.
    #[must_use]
    pub const fn last_at(&self) -> Millis {
        self.newer.to
    }

    /// What still counts at `now`; nothing when all of it is over.
    #[must_use]
    pub fn at(self, now: Millis) -> Option<Self> {
        let older = self.older.map(|bucket| bucket.known_at(now));
        let older = older.filter(|bucket| bucket.is_live(now));
        let newer = self.newer.known_at(now);
        newer.is_live(now).then_some(Self { newer, older })
    }

    /// How much was served.
    pub fn amount(&self) -> Result<TokenAmount, Error> {
        let older = self.older.map_or(TokenAmount::ZERO, |bucket| bucket.amount);
        self.newer.amount.plus(older)
    }

    /// When no more than `most` of it counts any longer.
    #[must_use]
    pub fn falls_to(self, most: TokenAmount) -> Option<Millis> {
        let older = self.older.filter(|_| self.newer.amount <= most);
        let last = older.map_or(self.newer.to, |older| older.to.min(self.newer.to));
        last.plus(const { Millis::constant(WINDOW_MS) }).ok()
    }

    /// After `amount` more.
    pub fn plus(self, amount: TokenAmount, now: Millis) -> Result<Self, Error> {
        let fresh = HalfHour {
            amount,
            from: now,
            to: now,
        };
        let is_over = now.less(self.newer.from).get() >= HALF_WINDOW_MS;
        if is_over && self.older.is_none() {
            return Ok(Self {
                newer: fresh,
                older: Some(self.newer),
            });
        }
        // Two buckets are in use: the newer one stretches, and is remembered longer than needed.
        let newer = HalfHour {
            amount: self.newer.amount.plus(amount)?,
            to: now.max(self.newer.to),
            ..self.newer
        };
        Ok(Self { newer, ..self })
    }

    /// The first deposit of an hour.
    #[must_use]
    pub const fn first(amount: TokenAmount, now: Millis) -> Self {
        let newer = HalfHour {
            amount,
            from: now,
            to: now,
        };
        Self { newer, older: None }
    }
}

/// A replenishment that was asked for.
#[record(Eq)]
pub struct InFlight {
    /// Its id, the same for every try of an episode.
    pub id: String,
    /// How much was asked for.
    pub amount: TokenAmount,
    /// When.
    pub at: Millis,
    /// The lowest reserve since then: a rise above it by the amount is an answer too.
    pub reserve: TokenAmount,
    /// Whether the source said that it sent the amount; the reserve has yet to show it.
    #[serde(default)]
    pub confirmed: bool,
}

/// What flowed out of a reserve in the last hour, in six ten-minute buckets.
#[record(Default, Eq)]
pub struct Outflow {
    /// The number of the newest bucket: the time divided by ten minutes.
    pub bucket: Serial,
    /// The amounts, newest first.
    pub amounts: [TokenAmount; 6],
}

/// The length of one bucket of [`Outflow`], in milliseconds.
pub const OUTFLOW_BUCKET_MS: u64 = 600_000;

impl Outflow {
    /// The buckets as they stand at `now`, `amount` added to the newest.
    pub fn plus(&self, amount: TokenAmount, now: Millis) -> Result<Self, Error> {
        let current = Serial::new(now.get() / OUTFLOW_BUCKET_MS)?;
        let passed = usize::try_from(current.less(self.bucket).get()).unwrap_or(usize::MAX);
        let mut amounts = [TokenAmount::ZERO; 6];
        let kept = self.amounts.iter();
        for (slot, old) in amounts.iter_mut().skip(passed).zip(kept) {
            *slot = *old;
        }
        if let Some(newest) = amounts.first_mut() {
            *newest = newest.plus(amount)?;
        }
        // A bucket that is still to come would never grow old.
        Ok(Self {
            bucket: current,
            amounts,
        })
    }

    /// All of it.
    pub fn total(&self) -> Result<TokenAmount, Error> {
        self.amounts
            .iter()
            .try_fold(TokenAmount::ZERO, |sum, amount| sum.plus(*amount))
    }
}

/// The replenishment of one token.
#[record(Default, Eq)]
pub struct TokenMemory {
    /// The number of the present or last episode.
    #[serde(default)]
    pub episode: Serial,
    /// When the open episode began; absent when none is open.
    pub since: Option<Millis>,
    /// What was asked for and not answered.
    pub in_flight: Option<InFlight>,
    /// The amount of the next try, where one failed: a request is repeated as it was.
    pub retry_amount: Option<TokenAmount>,
    /// How many tries of this episode failed.
    #[serde(default)]
    pub failures: Count,
    /// Not before this.
    pub next_at: Option<Millis>,
    /// The reserve at the last look.
    #[serde(default)]
    pub reserve: TokenAmount,
    /// What flowed out in the last hour.
    #[serde(default)]
    pub outflow: Outflow,
}

impl TokenMemory {
    /// As it can be at `now`: nothing was asked for later, and no try waits longer than
    /// `longest_retry`.
    #[must_use]
    pub fn known_at(self, now: Millis, longest_retry: Millis) -> Self {
        let asked = self.in_flight.map(|asked| InFlight {
            at: asked.at.min(now),
            ..asked
        });
        let next_at = self.next_at.map(|at| within(at, now, longest_retry));
        Self {
            in_flight: asked,
            next_at,
            ..self
        }
    }
}
