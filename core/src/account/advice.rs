//! Whether an entity should ask its counterparty for collateral now, token by token.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"entity_id":"0x22","peer_id":"0x11","tokens":[{
//!     "delta":{"token_id":1,"offdelta":"-900000000"},
//!     "policy":{"soft_limit":"500000000","hard_limit":"10000000000","max_fee":"15000000"},
//!     "terms":{"policy_version":3,"base_fee":"100000","fee_bps":1}}]}"#;
//! let answer = String::from_utf8(Policy::plan().call("account.request_advice", input)?).unwrap_or_default();
//! assert!(answer.contains(r#""amount":"900000000","claim":"900000000","fee":"190000""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: runtime; the rule is the same in every profile. Codes: `own_entity_is_hub`,
//! `no_request_policy`, `no_fee_terms`, `manual_mode`, `request_open`, `frame_pending`,
//! `settlement_open`, `claim_within_soft_limit`, `fee_above_max`, `fee_not_below_claim`,
//! `fee_is_zero`, `fee_above_capacity`, `claim_above_hard_limit`, `request_advised`, `no_token_to_advise`.

use crate::account::algebra::{Delta, Side};
use crate::config::Config;
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Bps, EntityId, Millis, Serial, TokenAmount, TokenId};

/// When an entity wants collateral for what it is owed.
#[record(Eq)]
pub struct RequestPolicy {
    /// A claim up to this may stay unsecured.
    pub soft_limit: TokenAmount,
    /// A claim above this is severe; equal to the soft limit, requests are made by hand only.
    pub hard_limit: TokenAmount,
    /// No fee may be higher.
    pub max_fee: TokenAmount,
}

/// What the counterparty asks for collateral.
#[record(Eq)]
pub struct FeeTerms {
    /// The version of these terms.
    pub policy_version: Serial,
    /// The fixed part.
    #[serde(default)]
    pub base_fee: TokenAmount,
    /// The part for the transaction.
    #[serde(default)]
    pub gas_fee: TokenAmount,
    /// The proportional part, in ten-thousandths of the claim.
    #[serde(default)]
    pub fee_bps: Bps,
}

impl FeeTerms {
    /// What collateral for `claim` costs.
    pub fn fee(&self, claim: TokenAmount) -> Result<TokenAmount, Error> {
        let fixed = self.base_fee.plus(self.gas_fee);
        fixed
            .and_then(|fixed| fixed.plus(claim.part(self.fee_bps)))
            .map_err(|error| error.inside("base_fee"))
    }
}

/// One token of the account.
#[record(Eq)]
pub struct AdviceToken {
    /// The stored state.
    pub delta: Delta,
    /// The wishes of this entity; absent where it has none.
    pub policy: Option<RequestPolicy>,
    /// The published terms of the counterparty; absent where it has none.
    pub terms: Option<FeeTerms>,
    /// What an open or queued request asks for; zero where there is none.
    #[serde(default)]
    pub open_request: TokenAmount,
}

/// An account as one of its entities sees it.
#[record(Eq)]
pub struct AdviceInput {
    /// The entity that may ask.
    pub entity_id: EntityId,
    /// Its counterparty.
    pub peer_id: EntityId,
    /// The time of the entity. No rule reads it; it stands in the log of the decision.
    #[serde(default)]
    pub now: Millis,
    /// Whether the entity is itself a hub; hubs do not ask.
    #[serde(default)]
    pub is_hub: bool,
    /// Whether a frame waits for a signature.
    #[serde(default)]
    pub pending_frame: bool,
    /// Whether a settlement is being negotiated.
    #[serde(default)]
    pub workspace: bool,
    /// The tokens, each once.
    #[serde(default)]
    pub tokens: Vec<AdviceToken>,
}

/// What to do about one token.
#[choice]
#[schemars(rename = "TokenStep")]
pub enum Advice {
    /// Ask now.
    Request,
    /// Look again when what is under way has ended.
    Wait,
    /// The owner asks by hand.
    Manual,
    /// Do not ask.
    No,
}

/// A request to make.
#[record(open, Eq)]
pub struct AdvisedRequest {
    /// How much to ask for: all that is owed unsecured.
    pub amount: TokenAmount,
    /// What is owed unsecured.
    pub claim: TokenAmount,
    /// What to pay in advance, in the same token.
    pub fee: TokenAmount,
    /// The version of the terms it is paid under.
    pub policy_version: Serial,
}

/// The advice for one token.
#[record(open, Eq)]
pub struct TokenAdvice {
    /// What to do.
    pub advice: Advice,
    /// What the counterparty owes unsecured.
    pub claim: TokenAmount,
    /// The request to make.
    pub request: Option<AdvisedRequest>,
    /// Whether the claim is above the hard limit.
    pub severe: bool,
    /// The token.
    pub token_id: TokenId,
}

/// The advice for an account.
#[record(open, Eq)]
#[schemars(rename = "AccountAdvice")]
pub struct Advised {
    /// One entry per token, by token.
    pub tokens: Vec<TokenAdvice>,
}

/// Advises an entity about one of its accounts.
pub fn request_advice(_: &Config, input: &AdviceInput, why: &mut Why) -> Result<Advised, Error> {
    if input.entity_id == input.peer_id {
        let expected = "an entity other than entity_id";
        return Err(Error::out_of_range("peer_id", &input.peer_id, expected));
    }
    let side = Side::of(&input.entity_id, &input.peer_id);
    let mut tokens: Vec<(usize, &AdviceToken)> = input.tokens.iter().enumerate().collect();
    sorting::by(&mut tokens, |a, b| {
        a.1.delta.token_id.cmp(&b.1.delta.token_id)
    });
    let twice = tokens
        .iter()
        .zip(tokens.iter().skip(1))
        .find(|(a, b)| a.1.delta.token_id == b.1.delta.token_id);
    if let Some((_, (_, token))) = twice {
        return Err(Error::duplicate(
            "tokens.delta.token_id",
            token.delta.token_id,
        ));
    }
    if tokens.is_empty() {
        why.add(|| Reason::new(Code::NoTokenToAdvise, Effect::Allow));
    }
    let mut advised = Vec::with_capacity(tokens.len());
    for (index, token) in tokens {
        let inside = |error: Error| error.at(index).inside("tokens");
        advised.push(advise(input, token, side, why).map_err(inside)?);
    }
    Ok(Advised { tokens: advised })
}

fn advise(
    input: &AdviceInput,
    token: &AdviceToken,
    side: Side,
    why: &mut Why,
) -> Result<TokenAdvice, Error> {
    let delta = &token.delta;
    delta.validate().map_err(|error| error.inside("delta"))?;
    let seen = delta
        .seen_from(side)
        .map_err(|error| error.inside("delta"))?;
    let claim = seen.peer_debt;
    let mut advice = Advice::Request;
    // The first rule that speaks decides; the others are told all the same.
    let mut says = |why: &mut Why, verdict: Advice, reason: Reason| {
        if advice == Advice::Request {
            advice = verdict;
        }
        why.add(|| reason.about(delta.token_id));
    };
    let refuse = |code: Code| Reason::new(code, Effect::Refuse);
    let defer = |code: Code| Reason::new(code, Effect::Defer);
    if input.is_hub {
        says(why, Advice::No, refuse(Code::OwnEntityIsHub));
    }
    if token.policy.is_none() {
        says(why, Advice::No, refuse(Code::NoRequestPolicy));
    }
    // Published terms have a version from 1 on; the runtime takes no request under another.
    let published = token.terms.as_ref();
    let published = published.filter(|terms| terms.policy_version > Serial::MIN);
    if published.is_none() {
        says(why, Advice::No, refuse(Code::NoFeeTerms));
    }
    if let Some(policy) = token
        .policy
        .as_ref()
        .filter(|p| p.soft_limit == p.hard_limit)
    {
        let reason = refuse(Code::ManualMode)
            .observed(policy.hard_limit)
            .limit(policy.soft_limit);
        says(why, Advice::Manual, reason);
    }
    if !token.open_request.is_zero() {
        let reason = defer(Code::RequestOpen).observed(token.open_request);
        says(
            why,
            Advice::Wait,
            reason.flip("open_request", TokenAmount::ZERO),
        );
    }
    if input.pending_frame {
        says(why, Advice::Wait, defer(Code::FramePending));
    }
    if input.workspace {
        says(why, Advice::Wait, defer(Code::SettlementOpen));
    }
    let severe = match &token.policy {
        None => false,
        Some(policy) => {
            if claim <= policy.soft_limit {
                says(why, Advice::No, within_soft_limit(claim, policy));
            }
            claim > policy.hard_limit
        }
    };
    let mut fee = TokenAmount::ZERO;
    if let (Some(policy), Some(terms)) = (&token.policy, &token.terms) {
        fee = terms.fee(claim).map_err(|error| error.inside("terms"))?;
        if fee > policy.max_fee {
            let reason = refuse(Code::FeeAboveMax)
                .observed(fee)
                .limit(policy.max_fee);
            says(why, Advice::No, reason.flip("max_fee", fee));
        }
        if fee >= claim {
            says(why, Advice::No, fee_not_below(fee, claim, terms));
        } else if fee.is_zero() {
            says(why, Advice::No, refuse(Code::FeeIsZero));
        } else {
            // The runtime takes a request only with its fee, out of what this entity can promise.
            let capacity = delta
                .out_capacity(side)
                .map_err(|error| error.inside("delta"))?;
            if fee > capacity {
                let reason = defer(Code::FeeAboveCapacity).observed(fee).limit(capacity);
                says(why, Advice::Wait, reason);
            }
        }
    }
    if let Some(policy) = token.policy.as_ref().filter(|_| severe) {
        why.add(|| {
            let reason = Reason::new(Code::ClaimAboveHardLimit, Effect::Warn).about(delta.token_id);
            reason.observed(claim).limit(policy.hard_limit)
        });
    }
    let terms = token.terms.as_ref().filter(|_| advice == Advice::Request);
    let request = terms.map(|terms| AdvisedRequest {
        amount: claim,
        claim,
        fee,
        policy_version: terms.policy_version,
    });
    if request.is_some() {
        why.add(|| {
            let reason = Reason::new(Code::RequestAdvised, Effect::Allow).about(delta.token_id);
            reason.observed(claim).limit(fee)
        });
    }
    Ok(TokenAdvice {
        advice,
        claim,
        request,
        severe,
        token_id: delta.token_id,
    })
}

fn within_soft_limit(claim: TokenAmount, policy: &RequestPolicy) -> Reason {
    let one = TokenAmount::new(1);
    let below = (!claim.is_zero()).then(|| claim.less(one));
    Reason::new(Code::ClaimWithinSoftLimit, Effect::Refuse)
        .observed(claim)
        .limit(policy.soft_limit)
        .flip_if("soft_limit", below)
}

fn fee_not_below(fee: TokenAmount, claim: TokenAmount, terms: &FeeTerms) -> Reason {
    // The base fee must give way by what is too much; where it is smaller no base fee helps.
    let excess = fee.less(claim).plus(TokenAmount::new(1)).ok();
    let base = excess.filter(|excess| *excess <= terms.base_fee);
    Reason::new(Code::FeeNotBelowClaim, Effect::Refuse)
        .observed(fee)
        .limit(claim)
        .flip_if("base_fee", base.map(|excess| terms.base_fee.less(excess)))
}

#[cfg(test)]
#[path = "advice_laws.rs"]
mod laws;
