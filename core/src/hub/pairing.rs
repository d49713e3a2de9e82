//! Who takes from whom, for one token and on plain slices: the matcher itself, without ids or text.
//!
//! ```
//! use trimtab_core::{config::hub::Strategy, hub::pairing::{self, Need}, units::{Millis, TokenAmount}};
//! let need = |amount| Need { amount: TokenAmount::new(amount), ..Need::default() };
//! let pairing = pairing::pair(Strategy::Amount, &[TokenAmount::new(50)], &[need(100), need(20)])?;
//! assert_eq!(pairing.pairs.len(), 1);
//! assert_eq!((pairing.pairs[0].receiver, pairing.pairs[0].amount), (0, TokenAmount::new(50)));
//! assert_eq!(pairing.reserve_used().to_string(), "70");
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: plan. First who is served, in the order of the strategy; then the shortest
//! largest-first prefix of spenders that covers them; then pairs. Pairs of equal amounts come
//! first, since each saves a transfer; they never change what is pulled or served. Places in the
//! slices stand for ids: of two equal ones the earlier goes first.

use ruint::aliases::{U256, U512};
use std::cmp::Ordering;

use crate::config::hub::Strategy;
use crate::error::Error;
use crate::sorting;
use crate::units::{Millis, TokenAmount, TokenTotal};

/// What one receiver waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// How much.
    pub amount: TokenAmount,
    /// Since when.
    pub requested_at: Millis,
    /// For which fee.
    pub fee: TokenAmount,
}

/// One transfer from a spender to a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The place of the spender.
    pub spender: u32,
    /// The place of the receiver.
    pub receiver: u32,
    /// How much.
    pub amount: TokenAmount,
}

/// A place and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place in the input.
    pub place: u32,
    /// How much.
    pub amount: TokenAmount,
}

/// What was decided for one token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// The transfers: equal amounts first, then the rest, each in the order of service.
    pub pairs: Vec<Pair>,
    /// Who is served, in order; only the last may be served in part.
    pub served: Vec<Part>,
    /// Who is pulled, largest first; only the last may be pulled in part.
    pub pulled: Vec<Part>,
    /// What nobody needs, in the order of pulling.
    pub unpulled: Vec<Part>,
    /// What nobody covers, in the order of service.
    pub unserved: Vec<Part>,
    /// What the receivers want together.
    pub demand: TokenTotal,
    /// What the spenders hold together.
    pub recoverable: TokenTotal,
}

impl Pairing {
    /// What goes from spenders to receivers: as much as both sides allow.
    #[must_use]
    pub fn matched(&self) -> TokenTotal {
        self.demand.min(self.recoverable)
    }

    /// What only the reserve can cover: never more than the demand exceeds the recoverable.
    #[must_use]
    pub fn reserve_used(&self) -> TokenTotal {
        self.demand.less(self.recoverable)
    }
}

/// Pairs spenders with receivers. Entries of nothing take no part.
pub fn pair(
    strategy: Strategy,
    spenders: &[TokenAmount],
    receivers: &[Need],
) -> Result<Pairing, Error> {
    places(spenders.len(), "spenders")?;
    places(receivers.len(), "receivers")?;
    let wants = in_order(strategy, receivers);
    let haves = largest_first(spenders);
    let (demand, recoverable) = (total(&wants)?, total(&haves)?);
    let moved = demand.min(recoverable);
    let (served, unserved) = cut(wants, moved);
    let (pulled, unpulled) = cut(haves, moved);
    Ok(Pairing {
        pairs: pairs(&served, &pulled),
        served,
        pulled,
        unpulled,
        unserved,
        demand,
        recoverable,
    })
}

fn places(count: usize, field: &str) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| Error::too_large(field, count, u32::MAX))
}

fn total(parts: &[Part]) -> Result<TokenTotal, Error> {
    parts
        .iter()
        .try_fold(TokenTotal::ZERO, |sum, part| sum.plus(part.amount.into()))
}

/// The first entries up to `amount`, the last of them in part, and what is left of all.
fn cut(mut parts: Vec<Part>, amount: TokenTotal) -> (Vec<Part>, Vec<Part>) {
    let mut open = amount.get();
    let whole = parts.iter().take_while(|part| {
        let left = open.checked_sub(U512::from(part.amount.get()));
        open = left.unwrap_or(open);
        left.is_some()
    });
    let whole = whole.count();
    let mut rest = parts.split_off(whole);
    if let Some(first) = rest.first_mut().filter(|_| !open.is_zero()) {
        let some = TokenAmount::from_u256(open.saturating_to::<U256>());
        parts.push(Part {
            amount: some,
            ..*first
        });
        first.amount = first.amount.less(some);
    }
    (parts, rest)
}

/// The places of `count` entries in order: by their keys, where those are equal by `tie`, and at
/// last by place. Most comparisons end at the key, and comparing 256 bits costs several times as
/// much.
fn ordered(
    count: usize,
    key: impl Fn(usize) -> u64,
    tie: &dyn Fn(usize, usize) -> Ordering,
) -> Vec<usize> {
    let mut rows: Vec<(u64, usize)> = (0..count).map(|place| (key(place), place)).collect();
    rows.sort_unstable_by(|a, b| {
        let keys = a.0.cmp(&b.0);
        keys.then_with(|| tie(a.1, b.1).then(a.1.cmp(&b.1)))
    });
    rows.into_iter().map(|(_, place)| place).collect()
}

/// The leading bits of each amount, so that the largest comes first.
fn leading(amounts: impl Iterator<Item = TokenAmount>) -> impl Fn(TokenAmount) -> u64 {
    let all = amounts.fold(U256::ZERO, |bits, amount| bits | amount.get());
    let shift = all.bit_len().saturating_sub(64);
    move |amount| {
        let leading: u64 = (amount.get() >> shift).wrapping_to();
        !leading
    }
}

fn in_order(strategy: Strategy, receivers: &[Need]) -> Vec<Part> {
    let amount = leading(receivers.iter().map(|need| need.amount));
    let fee = leading(receivers.iter().map(|need| need.fee));
    let at = |place: usize| receivers.get(place).copied().unwrap_or_default();
    let key = |place| match strategy {
        Strategy::Amount => amount(at(place).amount),
        Strategy::Time => at(place).requested_at.get(),
        Strategy::Fee => fee(at(place).fee),
    };
    let places = ordered(receivers.len(), key, &|a, b| {
        let (a, b) = (at(a), at(b));
        let amount = b.amount.cmp(&a.amount);
        match strategy {
            Strategy::Amount => amount.then(a.requested_at.cmp(&b.requested_at)),
            Strategy::Time => amount,
            Strategy::Fee => b.fee.cmp(&a.fee).then(amount),
        }
    });
    parts(places, |place| at(place).amount)
}

fn largest_first(spenders: &[TokenAmount]) -> Vec<Part> {
    let at = |place: usize| spenders.get(place).copied().unwrap_or_default();
    parts(by_size(spenders.len(), at), at)
}

/// The places of `count` amounts, largest first; equal ones stay in order.
fn by_size(count: usize, at: impl Fn(usize) -> TokenAmount) -> Vec<usize> {
    let key = leading((0..count).map(&at));
    ordered(count, |place| key(at(place)), &|a, b| at(b).cmp(&at(a)))
}

/// What is there, in the order of the places.
fn parts(places: Vec<usize>, amount: impl Fn(usize) -> TokenAmount) -> Vec<Part> {
    let part = |place: usize| {
        let amount = amount(place);
        let place = u32::try_from(place).ok()?;
        (!amount.is_zero()).then_some(Part { place, amount })
    };
    places.into_iter().filter_map(part).collect()
}

fn pairs(served: &[Part], pulled: &[Part]) -> Vec<Pair> {
    let equal = equal_pairs(served, pulled);
    let (mut paid, mut spent) = (vec![false; served.len()], vec![false; pulled.len()]);
    let mut pairs = Vec::with_capacity(served.len().saturating_add(pulled.len()));
    for (receiver, spender) in equal {
        if let (Some(to), Some(from)) = (served.get(receiver), pulled.get(spender)) {
            pairs.push(Pair {
                spender: from.place,
                receiver: to.place,
                amount: to.amount,
            });
        }
        mark(&mut paid, receiver);
        mark(&mut spent, spender);
    }
    let (mut receivers, mut spenders) = (unmarked(served, &paid), unmarked(pulled, &spent));
    let (mut receiver, mut spender) = (receivers.next(), spenders.next());
    while let (Some(to), Some(from)) = (&mut receiver, &mut spender) {
        let amount = to.amount.min(from.amount);
        pairs.push(Pair {
            spender: from.place,
            receiver: to.place,
            amount,
        });
        to.amount = to.amount.less(amount);
        from.amount = from.amount.less(amount);
        let (served, empty) = (to.amount.is_zero(), from.amount.is_zero());
        if served {
            receiver = receivers.next();
        }
        if empty {
            spender = spenders.next();
        }
    }
    pairs
}

fn mark(marks: &mut [bool], place: usize) {
    if let Some(mark) = marks.get_mut(place) {
        *mark = true;
    }
}

fn unmarked<'p>(parts: &'p [Part], marks: &'p [bool]) -> impl Iterator<Item = Part> + 'p {
    let open = parts.iter().zip(marks).filter(|(_, mark)| !**mark);
    open.map(|(part, _)| *part)
}

/// The pairs of equal amounts, as positions in both lists, in the order of service: the first
/// receiver in order with the first spender in order, which among equal ones is the smallest id.
fn equal_pairs(receivers: &[Part], spenders: &[Part]) -> Vec<(usize, usize)> {
    let wanted = |place: usize| {
        let part = receivers.get(place);
        part.map_or(TokenAmount::ZERO, |part| part.amount)
    };
    let sorted = receivers.is_sorted_by(|a, b| a.amount >= b.amount);
    let places = match sorted {
        true => (0..receivers.len()).collect(),
        false => by_size(receivers.len(), wanted),
    };
    let mut equal: Vec<(usize, usize)> = Vec::new();
    let mut haves = spenders.iter().enumerate().peekable();
    for place in places {
        let want = wanted(place);
        while haves.next_if(|(_, have)| have.amount > want).is_some() {}
        if let Some((have, _)) = haves.next_if(|(_, have)| have.amount == want) {
            equal.push((place, have));
        }
    }
    sorting::by(&mut equal, Ord::cmp);
    equal
}

#[cfg(test)]
#[path = "pairing_laws.rs"]
mod laws;
