//! Who takes from whom, for one token and on plain slices: the matcher itself, without ids or text.
//!
//! ```
//! use trimtab_core::{hub::{config::Strategy, pairing::{self, Need}}, units::{Millis, TokenAmount}};
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

use crate::error::Error;
use crate::hub::config::Strategy;
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

/// A sort key as narrow as the largest amount allows: most tokens fit 64 bits, and comparing 256
/// costs several times as much.
trait Key: Ord + Copy {
    fn rising(amount: U256) -> Self;
    fn falling(amount: U256) -> Self;
}

impl Key for u64 {
    fn rising(amount: U256) -> Self {
        amount.wrapping_to()
    }
    fn falling(amount: U256) -> Self {
        !Self::rising(amount)
    }
}

impl Key for u128 {
    fn rising(amount: U256) -> Self {
        amount.wrapping_to()
    }
    fn falling(amount: U256) -> Self {
        !Self::rising(amount)
    }
}

impl Key for (u128, u128) {
    fn rising(amount: U256) -> Self {
        let high: U256 = amount >> 128;
        (high.wrapping_to(), amount.wrapping_to())
    }
    fn falling(amount: U256) -> Self {
        let (high, low) = Self::rising(amount);
        (!high, !low)
    }
}

fn widest(amounts: impl Iterator<Item = TokenAmount>) -> usize {
    let all = amounts.fold(U256::ZERO, |bits, amount| bits | amount.get());
    all.bit_len()
}

fn in_order(strategy: Strategy, receivers: &[Need]) -> Vec<Part> {
    let bits = widest(
        receivers
            .iter()
            .map(|need| TokenAmount::from_u256(need.amount.get() | need.fee.get())),
    );
    match bits {
        0..=64 => in_order_by::<u64>(strategy, receivers),
        65..=128 => in_order_by::<u128>(strategy, receivers),
        _ => in_order_by::<(u128, u128)>(strategy, receivers),
    }
}

fn in_order_by<K: Key>(strategy: Strategy, receivers: &[Need]) -> Vec<Part> {
    let keys = |need: &Need| {
        let amount = K::falling(need.amount.get());
        let since = || K::rising(U256::from(need.requested_at.get()));
        match strategy {
            Strategy::Amount => (amount, since()),
            Strategy::Time => (since(), amount),
            Strategy::Fee => (K::falling(need.fee.get()), amount),
        }
    };
    let mut rows: Vec<((K, K), u32)> = (0u32..)
        .zip(receivers)
        .filter(|(_, need)| !need.amount.is_zero())
        .map(|(place, need)| (keys(need), place))
        .collect();
    rows.sort_unstable();
    let part = |place: u32| {
        let need = usize::try_from(place)
            .ok()
            .and_then(|at| receivers.get(at))?;
        Some(Part {
            place,
            amount: need.amount,
        })
    };
    rows.into_iter()
        .filter_map(|(_, place)| part(place))
        .collect()
}

fn largest_first(spenders: &[TokenAmount]) -> Vec<Part> {
    let part = |place: u32| {
        let amount = *spenders.get(usize::try_from(place).ok()?)?;
        (!amount.is_zero()).then_some(Part { place, amount })
    };
    by_size(spenders.iter().copied())
        .into_iter()
        .filter_map(part)
        .collect()
}

/// The places of the amounts, largest first; equal ones stay in order.
fn by_size(amounts: impl Iterator<Item = TokenAmount> + Clone) -> Vec<u32> {
    match widest(amounts.clone()) {
        0..=64 => by_size_as::<u64>(amounts),
        65..=128 => by_size_as::<u128>(amounts),
        _ => by_size_as::<(u128, u128)>(amounts),
    }
}

fn by_size_as<K: Key>(amounts: impl Iterator<Item = TokenAmount>) -> Vec<u32> {
    let keys = amounts.map(|amount| K::falling(amount.get()));
    let mut rows: Vec<(K, u32)> = keys.zip(0u32..).collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, place)| place).collect()
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
    let wanted = |place: usize| Some((place, receivers.get(place)?.amount));
    let positions: Vec<usize> = if receivers.is_sorted_by(|a, b| a.amount >= b.amount) {
        (0..receivers.len()).collect()
    } else {
        let sized = by_size(receivers.iter().map(|part| part.amount));
        sized
            .into_iter()
            .filter_map(|place| usize::try_from(place).ok())
            .collect()
    };
    let mut equal: Vec<(usize, usize)> = Vec::new();
    let mut haves = spenders.iter().enumerate().peekable();
    for (place, want) in positions.into_iter().filter_map(wanted) {
        while haves.next_if(|(_, have)| have.amount > want).is_some() {}
        if let Some((have, _)) = haves.next_if(|(_, have)| have.amount == want) {
            equal.push((place, have));
        }
    }
    equal.sort_unstable();
    equal
}

#[cfg(test)]
#[path = "pairing_laws.rs"]
mod laws;
