//! Whether a request may be served at all: independent of the reserve and of other requests.
//! The first failure binds; all that apply are returned.

use crate::account::algebra::Side;
use crate::config::hub::{FeeBasis, HubConfig};
use crate::error::Error;
use crate::hub::guard;
use crate::hub::limits::{TokenLimits, Tokens};
use crate::hub::memory::HubMemory;
use crate::hub::state::{Account, AccountStatus, Batch, DepositPair, FeeState, HubState, Request};
use crate::reason::{Code, Effect, Quantity, Reason};
use crate::table::Set;
use crate::units::{EntityId, Millis, Serial, TokenAmount, TokenId};

/// A reason before anybody reads it: no text is built for the thousands that are only counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub(crate) code: Code,
    effect: Effect,
    observed: Option<Quantity>,
    limit: Option<Quantity>,
    flip: Option<Quantity>,
}

impl Bar {
    pub(crate) const fn new(code: Code, effect: Effect) -> Self {
        Self {
            code,
            effect,
            observed: None,
            limit: None,
            flip: None,
        }
    }

    pub(crate) fn seen(
        mut self,
        observed: impl Into<Quantity>,
        limit: impl Into<Quantity>,
    ) -> Self {
        self.observed = Some(observed.into());
        self.limit = Some(limit.into());
        self
    }

    pub(crate) fn observed(mut self, observed: impl Into<Quantity>) -> Self {
        self.observed = Some(observed.into());
        self
    }

    /// The nearest value of the field that the registry names for this code.
    pub(crate) fn flip(mut self, value: impl Into<Quantity>) -> Self {
        self.flip = Some(value.into());
        self
    }

    /// As [`Self::flip`], where such a value may not exist.
    pub(crate) fn flip_if(mut self, value: Option<impl Into<Quantity>>) -> Self {
        self.flip = value.map(Into::into);
        self
    }

    /// A wait ends at `until`, whatever it waits for.
    pub(crate) fn no_later_than(self, until: Option<Millis>) -> Self {
        match (self.code.entry().flips, &self.flip, until) {
            (Some("now"), Some(Quantity::Whole(at)), Some(until)) => {
                let at = (*at).min(until.get().into());
                self.flip(at)
            }
            _ => self,
        }
    }

    pub(crate) fn reason(self, subject: &EntityId) -> Reason {
        let mut reason = Reason::new(self.code, self.effect).about(subject);
        reason.observed = self.observed;
        reason.limit = self.limit;
        match self.code.entry().flips {
            Some(field) => reason.flip_if(field, self.flip),
            None => reason,
        }
    }
}

/// A request that may be served.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Whose it is.
    pub account: &'a Account,
    /// The token.
    pub token_id: TokenId,
    /// The smaller of request and claim: what serving it fully takes.
    pub want: TokenAmount,
    /// The whole unsecured claim.
    pub claim: TokenAmount,
    /// The part of the claim that a deposit can secure.
    pub securable: TokenAmount,
    /// When it was made.
    pub requested_at: Millis,
    /// What was paid for it, in its own token.
    pub fee: TokenAmount,
    /// Whether the peer asked for it, or the hub acts unasked.
    pub asked: bool,
    /// Whether it is tried again after a stale mark.
    pub retried: bool,
}

/// What a request turned out to be.
pub enum Judged<'a> {
    /// It may be served.
    Open(Candidate<'a>),
    /// It may not; never empty.
    Barred(Vec<Bar>),
}

/// The deposits that some batch already carries.
pub struct Carried(Set<(EntityId, TokenId)>);

impl Carried {
    /// Those of the draft, the sent and the recovery batches.
    pub fn of(hub: &HubState) -> Self {
        let sent = hub.sent.iter().map(|sent| &sent.batch);
        let batches = std::iter::once(&hub.draft).chain(sent).chain(&hub.recovery);
        Self::of_batches(hub, batches)
    }

    fn of_batches<'b>(hub: &HubState, batches: impl Iterator<Item = &'b Batch>) -> Self {
        let own = batches.flat_map(|batch| &batch.r2c).filter(|entry| {
            let side = entry.receiving_entity.as_ref();
            side.is_none_or(|side| *side == hub.hub_id)
        });
        let keys = own.flat_map(|entry| {
            let key = |pair: &DepositPair| (pair.account_id.clone(), entry.token_id);
            entry.pairs.iter().map(key)
        });
        Self(keys.collect())
    }

    /// Those that a batch which can be sent holds: of the draft and the recovery batches.
    pub fn unsent(hub: &HubState) -> Self {
        let batches = std::iter::once(&hub.draft).chain(&hub.recovery);
        Self::of_batches(hub, batches)
    }

    /// Whether some batch carries a deposit of that token for that account.
    #[must_use]
    pub fn has(&self, account_id: &EntityId, token_id: TokenId) -> bool {
        !self.0.is_empty() && self.0.contains(&(account_id.clone(), token_id))
    }
}

/// Everything that judging a request reads.
pub struct Court<'a> {
    /// The hub, its accounts left aside.
    pub hub: &'a HubState,
    /// The config in force.
    pub config: &'a HubConfig,
    /// The limits per token.
    pub tokens: &'a Tokens,
    /// What some batch carries.
    pub carried: &'a Carried,
    /// What was served in the last hour.
    pub memory: &'a HubMemory,
}

impl Court<'_> {
    /// Judges an open request.
    pub fn judge<'b>(&self, account: &'b Account, request: &Request) -> Result<Judged<'b>, Error> {
        let Some(fee) = &request.fee else {
            return Err(Error::missing("fee"));
        };
        let limits = self.tokens.get(request.token_id)?;
        let side = self.hub.side(&account.account_id);
        let mut bars = self.standing(account);
        if !limits.are_set() {
            let bar = Bar::new(Code::TokenWithoutLimits, Effect::Defer);
            bars.push(bar.observed(limits.lacking()));
        }
        self.request_state(account, request.token_id, fee, side, &mut bars);
        let retried = self.marks(account, request.token_id, fee, &mut bars);
        // A fee on the request itself is owed whatever the claim turns out to be.
        if self.config.fee_basis == FeeBasis::Request {
            self.fee(limits, request.token_id, fee, request.amount, &mut bars)?;
        }
        let (claim, securable) = self.claim(account, request.token_id, side, &mut bars)?;
        let want = request.amount.min(securable);
        if self.config.fee_basis == FeeBasis::Want && !want.is_zero() {
            self.fee(limits, request.token_id, fee, want, &mut bars)?;
        }
        self.cool_down(&account.account_id, request.token_id, &mut bars);
        if !bars.is_empty() {
            return Ok(Judged::Barred(bars));
        }
        Ok(Judged::Open(Candidate {
            account,
            token_id: request.token_id,
            want,
            claim,
            securable,
            requested_at: fee.requested_at,
            fee: counted_fee(self.config, request.token_id, fee),
            asked: true,
            retried,
        }))
    }

    /// Judges a claim that nobody asked to be secured; nothing where there is none to act on.
    pub fn judge_unasked<'b>(
        &self,
        account: &'b Account,
        token_id: TokenId,
    ) -> Result<Option<Judged<'b>>, Error> {
        let Some(delta) = account.delta(token_id) else {
            return Ok(None);
        };
        let side = self.hub.side(&account.account_id);
        let claim = delta.seen_from(side)?.own_debt;
        let want = guard::securable_of(claim, delta, side)?;
        if want.is_zero() || claim <= self.tokens.get(token_id)?.soft_limit {
            return Ok(None);
        }
        let mut bars = self.standing(account);
        let fresh = FeeState {
            request_id: None,
            fee_token_id: None,
            fee_paid_upfront: TokenAmount::ZERO,
            policy_version: self.config.version(),
            requested_at: self.hub.now,
            requested_by_left: None,
            refund: None,
        };
        self.request_state(account, token_id, &fresh, side, &mut bars);
        let retried = self.marks(account, token_id, &fresh, &mut bars);
        self.cool_down(&account.account_id, token_id, &mut bars);
        if !bars.is_empty() {
            return Ok(Some(Judged::Barred(bars)));
        }
        Ok(Some(Judged::Open(Candidate {
            account,
            token_id,
            want,
            claim,
            securable: want,
            requested_at: self.hub.now,
            fee: TokenAmount::ZERO,
            asked: false,
            retried,
        })))
    }

    fn standing(&self, account: &Account) -> Vec<Bar> {
        let status = match account.status {
            AccountStatus::Active => return Vec::new(),
            AccountStatus::DisputePreparing => "dispute_preparing",
            AccountStatus::Disputed => "disputed",
        };
        let bar = Bar::new(Code::AccountNotActive, Effect::Refuse);
        vec![bar.seen(status, "active").flip("active")]
    }

    fn request_state(
        &self,
        account: &Account,
        token_id: TokenId,
        fee: &FeeState,
        side: Side,
        bars: &mut Vec<Bar>,
    ) {
        // What the hub itself asked the peer for is not the hub's to serve.
        let own = fee.requested_by_left == Some(side.is_left());
        let unknown = fee
            .fee_token_id
            .is_some_and(|token| self.tokens.get(token).is_err());
        if own || unknown {
            bars.push(Bar::new(Code::FeeStateMalformed, Effect::Refuse));
        }
        if let Some(refund) = &fee.refund {
            let bar = Bar::new(Code::RefundInProgress, Effect::Defer);
            bars.push(bar.observed(refund.refunded_amount));
        }
        if self.carried.has(&account.account_id, token_id) {
            bars.push(Bar::new(Code::InBatch, Effect::Defer));
        }
    }

    /// The mark of an earlier try and the version of the terms; whether this is another try.
    fn marks(
        &self,
        account: &Account,
        token_id: TokenId,
        fee: &FeeState,
        bars: &mut Vec<Bar>,
    ) -> bool {
        let stale = self.config.submitted_stale_ms;
        let mark = account.submitted_at(token_id);
        let age = mark.map(|at| self.hub.now.less(at));
        let waits = age.is_some_and(|age| age < stale);
        if let (true, Some(age)) = (waits, age) {
            let bar = Bar::new(Code::SubmittedPending, Effect::Defer).seen(age, stale);
            bars.push(bar.flip_if(mark.and_then(|at| after(at, stale))));
        }
        // The runtime waits for it all the same; but nobody would find out why.
        if let Some(at) = mark.filter(|at| *at > self.hub.now) {
            bars.push(Bar::new(Code::MomentAhead, Effect::Warn).seen(at, self.hub.now));
        }
        let retried = mark.is_some() && !waits;
        let version = fee.policy_version.max(const { Serial::constant(1) });
        let ours = self.config.version();
        let compared = mark.is_none() || self.config.recheck_version_on_retry;
        if compared && version != ours {
            let bar = Bar::new(Code::PolicyMismatch, Effect::Refuse);
            bars.push(bar.seen(version, ours).flip(ours));
        }
        retried
    }

    fn fee(
        &self,
        limits: &TokenLimits,
        token_id: TokenId,
        fee: &FeeState,
        basis: TokenAmount,
        bars: &mut Vec<Bar>,
    ) -> Result<(), Error> {
        if !self.config.require_prepaid_fee {
            return Ok(());
        }
        if let Some(other) = other_fee_token(self.config, token_id, fee) {
            let bar = Bar::new(Code::FeeInOtherToken, Effect::Refuse);
            bars.push(bar.seen(other, token_id));
            return Ok(());
        }
        let required = limits.fee(basis, self.config.fee_bps)?;
        if fee.fee_paid_upfront < required {
            let bar = Bar::new(Code::PrepaidFeeTooLow, Effect::Refuse);
            bars.push(bar.seen(fee.fee_paid_upfront, required).flip(required));
        }
        Ok(())
    }

    /// The claim and the part of it that a deposit can secure.
    fn claim(
        &self,
        account: &Account,
        token_id: TokenId,
        side: Side,
        bars: &mut Vec<Bar>,
    ) -> Result<(TokenAmount, TokenAmount), Error> {
        let Some(delta) = account.delta(token_id) else {
            bars.push(Bar::new(Code::RequestWithoutDelta, Effect::Refuse));
            return Ok((TokenAmount::ZERO, TokenAmount::ZERO));
        };
        let claim = delta.seen_from(side)?.own_debt;
        let securable = guard::securable_of(claim, delta, side)?;
        if securable.is_zero() {
            let bar = Bar::new(Code::WaitingResolution, Effect::Defer).observed(claim);
            bars.push(bar.flip_if(guard::smallest_claim(delta, side)));
        }
        Ok((claim, securable))
    }

    fn cool_down(&self, account_id: &EntityId, token_id: TokenId, bars: &mut Vec<Bar>) {
        let wait = self.config.cool_down_ms;
        if wait.get() == 0 || self.memory.served.is_empty() {
            return;
        }
        let served = self.memory.served.get(account_id);
        let Some(last) = served.and_then(|tokens| tokens.get(&token_id)) else {
            return;
        };
        let passed = self.hub.now.less(last.last_at());
        if passed < wait {
            let bar = Bar::new(Code::CoolDown, Effect::Defer).seen(passed, wait);
            // Of a deposit that is remembered as one to come, no other `now` tells more.
            let known = self.hub.memory.served.get(account_id);
            let known = known.and_then(|tokens| tokens.get(&token_id)) == Some(last);
            bars.push(bar.flip_if(after(last.last_at(), wait).filter(|_| known)));
        }
    }
}

/// The token that the fee of a request for `token_id` was paid in, where it is another one and its
/// units say nothing. The runtime counts any units alike.
fn other_fee_token(config: &HubConfig, token_id: TokenId, fee: &FeeState) -> Option<TokenId> {
    let other = fee.fee_token_id.filter(|paid_in| *paid_in != token_id);
    other.filter(|_| config.fee_basis != FeeBasis::Request)
}

/// What was paid in advance for a request for `token_id`, in that token.
pub(crate) fn counted_fee(config: &HubConfig, token_id: TokenId, fee: &FeeState) -> TokenAmount {
    match other_fee_token(config, token_id, fee) {
        Some(_) => TokenAmount::ZERO,
        None => fee.fee_paid_upfront,
    }
}

/// The moment at which a wait is over, where there is one.
fn after(at: Millis, wait: Millis) -> Option<Quantity> {
    at.plus(wait).ok().map(Into::into)
}
