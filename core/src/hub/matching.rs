//! Who takes from whom, by id and per token: explains a plan, and answers a hub that only asks for
//! pairs.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"strategy":"amount",
//!     "spenders":[{"id":"alice","token_id":1,"amount":"50"}],
//!     "receivers":[{"id":"bob","token_id":1,"amount":"100"}]}"#;
//! let answer = String::from_utf8(Policy::plan().call("hub.match", input)?).unwrap_or_default();
//! assert!(answer.contains(r#""matches":[{"amount":"50","receiver":"bob","spender":"alice"}]"#));
//! assert!(answer.contains(r#""unmatched_receivers":[{"amount":"50","id":"bob"}]"#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan; [`crate::hub::pairing`] has the rule. Codes: `matched`, `spenders_left_over`,
//! `receiver_matched_in_part`, `receiver_unmatched`, `nothing_to_match`.

use crate::config::Config;
use crate::config::hub::Strategy;
use crate::error::Error;
use crate::hub::pairing::{self, Need, Pairing, Part};
use crate::reason::{Code, Effect, Reason, Why};
use crate::sorting;
use crate::units::{Count, EntityId, Millis, TokenAmount, TokenId, TokenTotal};

/// No more receivers than these get a reason of their own; all stand in the outcome.
pub const MAX_RECEIVER_REASONS: usize = 256;

/// A peer with something to take back.
#[record(Eq)]
pub struct Spender {
    /// The peer.
    pub id: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
}

/// A peer that waits for collateral.
#[record(Eq)]
pub struct Receiver {
    /// The peer.
    pub id: EntityId,
    /// The token.
    pub token_id: TokenId,
    /// How much.
    pub amount: TokenAmount,
    /// Since when; the strategy `time` serves the oldest first.
    #[serde(default)]
    pub requested_at: Millis,
    /// What it paid; the strategy `fee` serves the highest first.
    #[serde(default)]
    pub fee: TokenAmount,
}

/// Spenders and receivers of any number of tokens. A peer stands once per token, on one side.
#[record(Default, Eq)]
pub struct MatchInput {
    /// Who is served first; absent for the strategy of the config.
    pub strategy: Option<Strategy>,
    /// Who has something to take back.
    #[serde(default)]
    pub spenders: Vec<Spender>,
    /// Who waits.
    #[serde(default)]
    pub receivers: Vec<Receiver>,
}

/// One transfer.
#[record(written, Eq)]
pub struct Match {
    /// How much.
    pub amount: TokenAmount,
    /// To whom.
    pub receiver: EntityId,
    /// From whom.
    pub spender: EntityId,
}

/// What is left of one peer.
#[record(written, Eq)]
pub struct Rest {
    /// How much.
    pub amount: TokenAmount,
    /// The peer.
    pub id: EntityId,
}

/// What anyone can check the matches by.
#[record(written, Copy, Eq)]
pub struct Proof {
    /// What the receivers want together.
    pub demand: TokenTotal,
    /// Withdrawals and deposits that the matches need: one per spender pulled and per receiver
    /// served.
    pub operations: Count,
    /// What the spenders hold together.
    pub recoverable: TokenTotal,
    /// What only the reserve can cover: `max(0, demand - recoverable)`.
    pub reserve_used: TokenTotal,
    /// What is taken from spenders.
    pub sum_in: TokenTotal,
    /// What is given to receivers; equal to `sum_in`.
    pub sum_out: TokenTotal,
}

/// The matches of one token.
#[record(written, Eq)]
pub struct TokenMatches {
    /// The transfers: equal amounts first, then the rest, each in the order of service.
    pub matches: Vec<Match>,
    /// What anyone can check them by.
    pub proof: Proof,
    /// The token.
    pub token_id: TokenId,
    /// What no spender covers, in the order of service.
    pub unmatched_receivers: Vec<Rest>,
    /// What no receiver needs, largest holding first.
    pub unmatched_spenders: Vec<Rest>,
}

/// The matches of every token, by token.
#[record(written, Eq)]
pub struct Matched {
    /// The strategy that was used.
    pub strategy: Strategy,
    /// One entry per token with a spender or a receiver.
    pub tokens: Vec<TokenMatches>,
}

/// Matches spenders with receivers, per token.
pub fn match_requests(
    config: &Config,
    input: &MatchInput,
    why: &mut Why,
) -> Result<Matched, Error> {
    let strategy = input.strategy.unwrap_or(config.hub.strategy);
    let spenders = sorted(&input.spenders, |spender| (spender.token_id, &spender.id));
    let receivers = sorted(&input.receivers, |receiver| {
        (receiver.token_id, &receiver.id)
    });
    each_once(&spenders, &receivers)?;
    let mut tokens = Vec::new();
    let mut reasons_left = MAX_RECEIVER_REASONS;
    let (mut spenders, mut receivers) = (spenders.as_slice(), receivers.as_slice());
    let first_of = |spenders: &[&Spender], receivers: &[&Receiver]| {
        let spender = spenders.first().map(|spender| spender.token_id);
        let receiver = receivers.first().map(|receiver| receiver.token_id);
        spender.into_iter().chain(receiver).min()
    };
    while let Some(token_id) = first_of(spenders, receivers) {
        let (from, other) = split(spenders, |spender| spender.token_id == token_id);
        spenders = other;
        let (to, other) = split(receivers, |receiver| receiver.token_id == token_id);
        receivers = other;
        let pairing = paired(strategy, from, to)?;
        explain(why, token_id, to, &pairing, &mut reasons_left);
        tokens.push(told(token_id, from, to, &pairing)?);
    }
    if tokens.is_empty() {
        why.add(|| Reason::new(Code::NothingToMatch, Effect::Allow));
    }
    Ok(Matched { strategy, tokens })
}

fn sorted<'e, T, K: Ord>(entries: &'e [T], key: impl Fn(&'e T) -> K) -> Vec<&'e T> {
    let mut sorted: Vec<&T> = entries.iter().collect();
    sorting::by_key(&mut sorted, key);
    sorted
}

fn split<'s, 'e, T>(entries: &'s [&'e T], mine: impl Fn(&T) -> bool) -> (&'s [&'e T], &'s [&'e T]) {
    let end = entries.partition_point(|entry| mine(entry));
    entries.split_at_checked(end).unwrap_or((entries, &[]))
}

/// A peer that stands twice would be taken from or given to twice.
fn each_once(spenders: &[&Spender], receivers: &[&Receiver]) -> Result<(), Error> {
    let from = spenders
        .iter()
        .map(|spender| (spender.token_id, &spender.id, "spenders"));
    let to = receivers
        .iter()
        .map(|receiver| (receiver.token_id, &receiver.id, "receivers"));
    let mut all: Vec<_> = from.chain(to).collect();
    sorting::by(&mut all, Ord::cmp);
    let twice = |(a, b): &(&(TokenId, &EntityId, &str), &(TokenId, &EntityId, &str))| {
        (a.0, a.1) == (b.0, b.1)
    };
    match all.iter().zip(all.iter().skip(1)).find(twice) {
        Some((_, (_, id, list))) => Err(Error::duplicate("id", id).inside(list)),
        None => Ok(()),
    }
}

fn paired(strategy: Strategy, from: &[&Spender], to: &[&Receiver]) -> Result<Pairing, Error> {
    let amounts: Vec<TokenAmount> = from.iter().map(|spender| spender.amount).collect();
    let need = |receiver: &&Receiver| Need {
        amount: receiver.amount,
        requested_at: receiver.requested_at,
        fee: receiver.fee,
    };
    let needs: Vec<Need> = to.iter().map(need).collect();
    pairing::pair(strategy, &amounts, &needs)
}

fn at<'e, T>(entries: &[&'e T], place: u32) -> Result<&'e T, Error> {
    let entry = usize::try_from(place)
        .ok()
        .and_then(|place| entries.get(place));
    entry
        .copied()
        .ok_or_else(|| Error::internal("a match names nobody"))
}

fn told(
    token_id: TokenId,
    from: &[&Spender],
    to: &[&Receiver],
    pairing: &Pairing,
) -> Result<TokenMatches, Error> {
    let mut matches = Vec::with_capacity(pairing.pairs.len());
    for pair in &pairing.pairs {
        matches.push(Match {
            amount: pair.amount,
            receiver: at(to, pair.receiver)?.id.clone(),
            spender: at(from, pair.spender)?.id.clone(),
        });
    }
    let operations = pairing.pulled.len().saturating_add(pairing.served.len());
    let rest = |parts: &[Part], id: &dyn Fn(u32) -> Result<EntityId, Error>| {
        let rest = |part: &Part| {
            Ok(Rest {
                amount: part.amount,
                id: id(part.place)?,
            })
        };
        parts.iter().map(rest).collect::<Result<Vec<_>, Error>>()
    };
    Ok(TokenMatches {
        matches,
        proof: Proof {
            demand: pairing.demand,
            operations: Count::new(u32::try_from(operations).unwrap_or(u32::MAX))?,
            recoverable: pairing.recoverable,
            reserve_used: pairing.reserve_used(),
            sum_in: pairing.matched(),
            sum_out: pairing.matched(),
        },
        token_id,
        unmatched_receivers: rest(&pairing.unserved, &|place| Ok(at(to, place)?.id.clone()))?,
        unmatched_spenders: rest(&pairing.unpulled, &|place| Ok(at(from, place)?.id.clone()))?,
    })
}

/// What would have to be recoverable for a receiver is what everyone up to it wants together.
fn explain(
    why: &mut Why,
    token_id: TokenId,
    to: &[&Receiver],
    pairing: &Pairing,
    reasons_left: &mut usize,
) {
    why.add(|| {
        Reason::new(Code::Matched, Effect::Allow)
            .about(token_id)
            .observed(pairing.matched())
            .limit(pairing.demand)
    });
    if pairing.recoverable > pairing.demand {
        why.add(|| {
            Reason::new(Code::SpendersLeftOver, Effect::Allow)
                .about(token_id)
                .observed(pairing.recoverable)
                .limit(pairing.demand)
                .flip("demand", pairing.recoverable)
        });
    }
    let mut needed = pairing.matched();
    for part in pairing.unserved.iter().take(*reasons_left) {
        // The sum cannot exceed the demand, which was summed before.
        needed = needed.plus(part.amount.into()).unwrap_or(pairing.demand);
        let Ok(receiver) = at(to, part.place) else {
            continue;
        };
        let (code, effect) = if part.amount == receiver.amount {
            (Code::ReceiverUnmatched, Effect::Defer)
        } else {
            (Code::ReceiverMatchedInPart, Effect::Adjust)
        };
        why.add(|| {
            Reason::new(code, effect)
                .about(&receiver.id)
                .observed(receiver.amount.less(part.amount))
                .limit(receiver.amount)
                .flip("recoverable", needed)
        });
    }
    *reasons_left = reasons_left.saturating_sub(pairing.unserved.len());
}

#[cfg(test)]
#[path = "matching_stories.rs"]
mod stories;
