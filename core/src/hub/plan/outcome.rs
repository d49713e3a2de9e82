//! What became of each request and settlement: in full for what was acted on and for the first
//! deferred ones, as counts for the rest, so that spam cannot make a plan long.

use crate::error::Error;
use crate::hub::plan::eligibility::Bar;
use crate::reason::{Code, Effect, Reason, Why};
use crate::table::Table;
use crate::units::{Count, EntityId, Millis, TokenAmount, TokenId};

/// A plan reports no more deferred requests in full.
pub const MAX_FULL_OUTCOMES: usize = 256;

/// What became of something.
#[choice]
pub enum OutcomeKind {
    /// A deposit is made, in full or in part.
    Deposit,
    /// Nothing now; perhaps later.
    Deferred,
    /// Nothing until something else changes.
    Refused,
    /// A settlement is proposed.
    Propose,
    /// A settlement is executed.
    Execute,
    /// A settlement of ours is withdrawn.
    Reject,
}

/// What became of one request or settlement, and why.
#[record(open)]
pub struct Outcome {
    /// The peer.
    pub account_id: EntityId,
    /// How much is moved.
    pub amount: Option<TokenAmount>,
    /// The runtime's own code for it, where the config asks for that.
    pub event: Option<String>,
    /// What became of it.
    pub outcome: OutcomeKind,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The token; absent for a settlement of several.
    pub token_id: Option<TokenId>,
    /// The smaller of request and claim.
    pub want: Option<TokenAmount>,
}

/// How many requests of a token were turned down for the same reason.
#[record(open)]
pub struct Turned {
    /// The reason that bound.
    pub code: Code,
    /// How many.
    pub count: Count,
    /// The token.
    pub token_id: TokenId,
}

/// Collects outcomes.
#[derive(Debug, Default)]
pub struct Report {
    /// The outcomes in full.
    pub outcomes: Vec<Outcome>,
    counts: Table<(TokenId, Code), u32>,
    full: usize,
    focus: Option<(EntityId, TokenId)>,
    events: bool,
    /// The moment from which on nobody is turned down: the whole tick does something else.
    until: Option<Millis>,
}

impl Report {
    /// Everything a plan reports; with the runtime's events if `events`.
    #[must_use]
    pub fn new(events: bool) -> Self {
        Self {
            events,
            ..Self::default()
        }
    }

    /// The outcome of one request only, in full.
    #[must_use]
    pub fn focused(events: bool, account_id: EntityId, token_id: TokenId) -> Self {
        Self {
            events,
            focus: Some((account_id, token_id)),
            ..Self::default()
        }
    }

    /// Whether those turned down from now on are only counted, in whatever order they come.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.focus.is_none() && self.full >= MAX_FULL_OUTCOMES
    }

    /// Nobody is turned down from `until` on.
    #[must_use]
    pub fn until(self, until: Option<Millis>) -> Self {
        Self { until, ..self }
    }

    fn is_out_of_focus(&self, account_id: &EntityId, token_id: Option<TokenId>) -> bool {
        self.focus.as_ref().is_some_and(|(account, token)| {
            account != account_id || token_id.is_some_and(|id| id != *token)
        })
    }

    /// Something that is done.
    pub fn acted(
        &mut self,
        kind: OutcomeKind,
        account_id: &EntityId,
        token_id: Option<TokenId>,
        amount: Option<TokenAmount>,
        want: Option<TokenAmount>,
        bars: Vec<Bar>,
    ) {
        if self.is_out_of_focus(account_id, token_id) {
            return;
        }
        let reasons: Vec<Reason> = bars.into_iter().map(|bar| bar.reason(account_id)).collect();
        let event = self.event_of(reasons.last(), Some(kind));
        self.outcomes.push(Outcome {
            account_id: account_id.clone(),
            amount,
            event,
            outcome: kind,
            reasons,
            token_id,
            want,
        });
    }

    /// A request that is turned down and only counted.
    pub fn counted(&mut self, token_id: TokenId, binding: Code) {
        let count = self.counts.slot((token_id, binding));
        *count = count.saturating_add(1);
    }

    /// A request that is turned down; `bars` is asked only where it is reported in full.
    pub fn turned(
        &mut self,
        account_id: &EntityId,
        token_id: TokenId,
        want: Option<TokenAmount>,
        binding: Code,
        bars: impl FnOnce() -> Result<Vec<Bar>, Error>,
    ) -> Result<(), Error> {
        if self.is_out_of_focus(account_id, Some(token_id)) {
            return Ok(());
        }
        if self.is_full() {
            self.counted(token_id, binding);
            return Ok(());
        }
        self.full += 1;
        let mut why = Why::new();
        for bar in bars()? {
            why.add(|| bar.no_later_than(self.until).reason(account_id));
        }
        let reasons = why.into_reasons();
        let bound = reasons.iter().find(|reason| reason.binding);
        let refused = bound.is_some_and(|reason| reason.effect == Effect::Refuse);
        let event = self.event_of(bound, None);
        self.outcomes.push(Outcome {
            account_id: account_id.clone(),
            amount: None,
            event,
            outcome: if refused {
                OutcomeKind::Refused
            } else {
                OutcomeKind::Deferred
            },
            reasons,
            token_id: Some(token_id),
            want,
        });
        Ok(())
    }

    fn event_of(&self, reason: Option<&Reason>, kind: Option<OutcomeKind>) -> Option<String> {
        if !self.events {
            return None;
        }
        let event = match kind {
            Some(OutcomeKind::Deposit) => "batch_add",
            Some(OutcomeKind::Propose) => "c2r_settle_propose_queued",
            Some(OutcomeKind::Execute) => "c2r_settle_execute_queued",
            _ => runtime_event(reason?.code)?,
        };
        Some(event.to_owned())
    }

    /// The outcomes in full and the counts of the rest.
    pub fn finish(self) -> Result<(Vec<Outcome>, Vec<Turned>), Error> {
        let turned = |((token_id, code), count)| {
            Ok(Turned {
                code,
                count: Count::new(count)?,
                token_id,
            })
        };
        let counts: Result<_, Error> = self.counts.into_iter().map(turned).collect();
        Ok((self.outcomes, counts?))
    }
}

/// The runtime's name for a refusal; it has none for what it skips silently.
const fn runtime_event(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::RefundInProgress => "request_refund_in_progress",
        Code::PolicyMismatch => "policy_mismatch_manual",
        Code::PrepaidFeeTooLow => "prepaid_fee_too_low_manual",
        Code::RequestWithoutDelta => "request_missing_delta",
        Code::WaitingResolution => "request_waiting_bilateral_resolution",
        Code::ReserveShort => "hub_reserve_zero",
        _ => return None,
    })
}
