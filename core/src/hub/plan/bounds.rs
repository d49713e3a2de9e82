//! What limits the grant of one request, and the nearest value with which it would not.

use crate::config::hub::HubConfig;
use crate::error::Error;
use crate::hub::limits::{BatchRoom, TokenLimits};
use crate::hub::memory::Served;
use crate::hub::plan::eligibility::{Bar, Candidate};
use crate::hub::plan::reserve;
use crate::reason::{Code, Effect, Quantity};
use crate::table::Table;
use crate::units::{Count, TokenAmount, TokenId};

/// The limits of one grant.
#[derive(Debug)]
pub struct Bounds<'a> {
    /// The limits of the token.
    pub limits: &'a TokenLimits,
    /// What the account was given in the last hour.
    pub served: Option<Served>,
    account: Option<&'a reserve::Account>,
    /// What is left of the account's window.
    window: TokenAmount,
    /// What those before it in line take, were the reserve never short.
    ahead: TokenAmount,
    /// What each limit leaves. In this order a smaller one binds before an equal later one.
    limiters: [(Code, TokenAmount); 4],
}

impl<'a> Bounds<'a> {
    /// The limits where `granted` of the token is granted already.
    pub fn of(
        limits: &'a TokenLimits,
        account: Option<&'a reserve::Account>,
        served: Option<Served>,
        granted: TokenAmount,
        ahead: Option<TokenAmount>,
    ) -> Result<Self, Error> {
        let given = served.map_or(Ok(TokenAmount::ZERO), |served| served.amount())?;
        let window = limits.per_account_window.less(given);
        let usable = account.map_or(TokenAmount::ZERO, |account| account.usable);
        let short = match account.is_some_and(|account| account.overcommitted) {
            true => Code::DraftOvercommitted,
            false => Code::ReserveShort,
        };
        Ok(Self {
            limits,
            served,
            account,
            window,
            ahead: ahead.unwrap_or_default(),
            limiters: [
                (Code::RequestCapReached, limits.per_request_cap),
                (Code::WindowUsedUp, window),
                (Code::TickCapReached, limits.per_tick_cap.less(granted)),
                (short, usable.less(granted)),
            ],
        })
    }

    fn usable(&self) -> TokenAmount {
        self.account
            .map_or(TokenAmount::ZERO, |account| account.usable)
    }

    /// What every limit leaves of `want`.
    #[must_use]
    pub fn grant(&self, want: TokenAmount) -> TokenAmount {
        let limits = self.limiters.iter().map(|(_, limit)| *limit);
        limits.fold(want, TokenAmount::min)
    }

    /// The smallest limit below `want`.
    #[must_use]
    pub fn least(&self, want: TokenAmount) -> Code {
        let below = self.limiters.iter().filter(|(_, limit)| *limit < want);
        let least = below.min_by_key(|(_, limit)| *limit);
        least.map_or(Code::BelowMinDeposit, |(code, _)| *code)
    }

    /// What a grant is clamped to, and by what.
    #[must_use]
    pub fn clamps(&self, candidate: &Candidate<'_>) -> Vec<Bar> {
        let want = candidate.want;
        let below = self.limiters.iter().filter(|(_, limit)| *limit < want);
        let clamp = |(code, limit): &(Code, TokenAmount)| {
            let flip = match *code {
                Code::RequestCapReached => candidate.asked.then(|| (*limit).into()),
                code => self.widened(code, want),
            };
            let bar = Bar::new(*code, Effect::Adjust);
            bar.seen(want, *limit).flip_if(flip)
        };
        below.map(clamp).collect()
    }

    /// Why not even the smallest deposit is made.
    #[must_use]
    pub fn shortages(&self, candidate: &Candidate<'_>) -> Vec<Bar> {
        let least = self.limits.min_deposit;
        let mut bars = Vec::new();
        if candidate.want < least {
            let bar = Bar::new(Code::BelowMinDeposit, Effect::Defer);
            let more = (candidate.securable >= least).then_some(least);
            bars.push(bar.seen(candidate.want, least).flip_if(more));
        }
        let below = self.limiters.iter().filter(|(_, limit)| *limit < least);
        bars.extend(below.map(|(code, limit)| {
            let bar = Bar::new(*code, Effect::Defer);
            let settles = self.account.filter(|_| *code == Code::DraftOvercommitted);
            let settles = settles.and_then(|a| Some((a.reserve, a.reserve_to_settle()?)));
            let (observed, limit) = settles.unwrap_or((*limit, least));
            bar.seen(observed, limit)
                .flip_if(self.widened(*code, least))
        }));
        bars
    }

    /// The nearest value with which a limit leaves `enough`.
    fn widened(&self, code: Code, enough: TokenAmount) -> Option<Quantity> {
        let window = self.limits.per_account_window;
        match code {
            Code::WindowUsedUp if enough <= window => {
                self.served?.falls_to(window.less(enough)).map(Into::into)
            }
            Code::ReserveShort => {
                let usable = self.ahead.plus(enough).ok()?;
                self.account?
                    .reserve_for(usable, self.limits)
                    .map(Into::into)
            }
            Code::DraftOvercommitted => self.account?.reserve_to_settle().map(Into::into),
            _ => None,
        }
    }
}

/// The same walk with the reserve of one token never short: so much must be there before the next
/// in its line is reached.
#[derive(Clone, Debug)]
pub struct Ahead {
    token_id: TokenId,
    room: BatchRoom,
    deposits: Count,
    granted: Table<TokenId, TokenAmount>,
}

impl Ahead {
    /// Nothing yet, in a batch with so much room.
    #[must_use]
    pub const fn new(token_id: TokenId, room: BatchRoom) -> Self {
        Self {
            token_id,
            room,
            deposits: Count::MIN,
            granted: Table::new(),
        }
    }

    /// The token whose reserve is never short.
    #[must_use]
    pub const fn token_id(&self) -> TokenId {
        self.token_id
    }

    /// What is granted of the token whose reserve is never short, if it is this one.
    #[must_use]
    pub fn own(&self, token_id: TokenId) -> Option<TokenAmount> {
        (token_id == self.token_id).then(|| self.granted(token_id))
    }

    /// Whether the line grants nothing more, whoever comes.
    #[must_use]
    pub fn is_over(&self, config: &HubConfig, limits: &TokenLimits) -> bool {
        let left = limits.per_tick_cap.less(self.granted(self.token_id));
        self.deposits >= config.max_deposits
            || !self.room.fits_deposit(self.token_id)
            || left < limits.min_deposit
    }

    fn granted(&self, token_id: TokenId) -> TokenAmount {
        self.granted.get(&token_id).copied().unwrap_or_default()
    }

    /// Takes what a request takes.
    pub fn step(
        &mut self,
        config: &HubConfig,
        bounds: &Bounds<'_>,
        candidate: &Candidate<'_>,
    ) -> Result<(), Error> {
        let token_id = candidate.token_id;
        if self.deposits >= config.max_deposits || !self.room.fits_deposit(token_id) {
            return Ok(());
        }
        let (limits, granted) = (bounds.limits, self.granted(token_id));
        let mut amount = candidate
            .want
            .min(limits.per_request_cap)
            .min(bounds.window)
            .min(limits.per_tick_cap.less(granted));
        if token_id != self.token_id {
            amount = amount.min(bounds.usable().less(granted));
        }
        if amount >= limits.min_deposit {
            self.room.take_deposit(token_id);
            self.deposits = self.deposits.plus(const { Count::constant(1) })?;
            self.granted.insert(token_id, granted.plus(amount)?);
        }
        Ok(())
    }
}
