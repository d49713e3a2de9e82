//! What moved in each channel: forwards in both directions, and the node's own rebalances.
//!
//! A rebalance is one payment hash with a debit at one of our channels and a credit at another, both
//! of the tag `invoice`: routed moves share a hash too, and our own payment through ourselves is
//! debited and credited as `routed`. What it cost belongs to the channel that was filled.

use super::raw::ClnInput;
use super::sums::{DAY, FlowSums, PROFIT_DAYS};
use crate::reason::Why;
use crate::sorting;
use crate::table::Table;
use crate::units::{Msat, Ppm};

/// One move, of whichever answer.
struct Move<'i> {
    account: &'i str,
    hash: Option<&'i str>,
    tag: &'i str,
    at: u64,
    credit: u64,
    debit: u64,
}

/// What the moves say.
pub(super) struct Moves {
    /// Whether they tell forwards in both directions: only `listchannelmoves` does.
    pub tell_flow: bool,
    /// The oldest forward.
    pub since: Option<u64>,
    /// What rebalances into channels that are gone cost.
    pub gone: u128,
    channels: Vec<Moved>,
    /// What all rebalances of the last 30 days cost per sat, with what they moved.
    rates: Vec<(u64, u64)>,
}

/// What moved in one channel.
#[derive(Default)]
struct Moved {
    cost: u128,
    rates: Vec<(u64, u64)>,
    flow: FlowSums,
    moved_at: Option<u64>,
}

/// Reads the moves, or the events of the accounts where a node has no moves.
pub(super) fn read(
    input: &ClnInput,
    places: &Table<&str, usize>,
    lately: u64,
    why: &mut Why,
) -> Option<Moves> {
    let (moves, tell_flow) = listed(input, why)?;
    let mut read = Moves {
        tell_flow,
        since: None,
        gone: 0,
        channels: places.keys().map(|_| Moved::default()).collect(),
        rates: Vec::new(),
    };
    let now = input.now.get();
    if tell_flow {
        for one in moves.iter().filter(|one| one.tag == "routed") {
            read.add_forward(one, places, now.saturating_sub(one.at), lately);
        }
    }
    let own = moves.iter().filter(|one| one.tag == "invoice");
    let mut own: Vec<(&str, &Move<'_>)> = own.filter_map(|one| Some((one.hash?, one))).collect();
    sorting::by(&mut own, |a, b| (a.0, a.1.account).cmp(&(b.0, b.1.account)));
    for payment in own.chunk_by(|a, b| a.0 == b.0) {
        read.add_payment(payment, places, now);
    }
    Some(read)
}

fn listed<'i>(input: &'i ClnInput, why: &mut Why) -> Option<(Vec<Move<'i>>, bool)> {
    if let Some(answer) = &input.listchannelmoves {
        let moves = answer.channelmoves.each(why).iter();
        let moves = moves.map(|one| Move {
            account: &one.account_id,
            hash: one.payment_hash.as_deref(),
            tag: &one.primary_tag,
            at: one.timestamp.get(),
            credit: one.credit_msat.get().get(),
            debit: one.debit_msat.get().get(),
        });
        return Some((moves.collect(), true));
    }
    let answer = input.bkpr_listaccountevents.as_ref()?;
    let events = answer.events.each(why).iter();
    let events = events.map(|one| Move {
        account: &one.account,
        hash: one.payment_id.as_deref(),
        tag: &one.tag,
        at: one.timestamp.get(),
        credit: one.credit_msat.get().get(),
        debit: one.debit_msat.get().get(),
    });
    Some((events.collect(), false))
}

impl Moves {
    fn add_forward(&mut self, one: &Move<'_>, places: &Table<&str, usize>, age: u64, lately: u64) {
        self.since = Some(self.since.map_or(one.at, |since| since.min(one.at)));
        let place = places.get(one.account).copied();
        let Some(moved) = place.and_then(|place| self.channels.get_mut(place)) else {
            return;
        };
        if one.debit > 0 {
            moved.flow.send(age, lately, one.debit);
        }
        if one.credit > 0 {
            moved.flow.receive(age, lately, one.credit);
        }
        moved.moved_at = moved.moved_at.max(Some(one.at));
    }

    /// The parts of one payment, by account.
    fn add_payment(&mut self, parts: &[(&str, &Move<'_>)], places: &Table<&str, usize>, now: u64) {
        let parts = || parts.iter().map(|(_, part)| *part);
        let leaves = |account: &str| parts().any(|part| part.debit > 0 && part.account != account);
        let own = parts().any(|part| part.credit > 0 && leaves(part.account));
        let last = parts().map(|part| part.at).max().unwrap_or(0);
        if !own || now.saturating_sub(last) >= PROFIT_DAYS * DAY {
            return;
        }
        let sum = |of: fn(&Move<'_>) -> u64| parts().map(|part| u128::from(of(part))).sum::<u128>();
        let (paid, arrived) = (sum(|part| part.debit), sum(|part| part.credit));
        let cost = cut(paid.saturating_sub(arrived));
        let mut filled: Table<&str, u128> = Table::slots(parts().map(|part| part.account));
        for part in parts() {
            *filled.slot(part.account) += u128::from(part.credit);
        }
        // The cost per sat, rounded up: what a route costs must not look cheaper than it is.
        let rate = (cost * 1_000_000).div_ceil(arrived.max(1));
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        for (account, arrived, cost) in shared_out(cost, filled) {
            let weight = u64::try_from(arrived).unwrap_or(u64::MAX);
            self.rates.push((rate, weight));
            let place = places.get(account).copied();
            match place.and_then(|place| self.channels.get_mut(place)) {
                Some(moved) => {
                    moved.cost += cost;
                    moved.rates.push((rate, weight));
                }
                None => self.gone += cost,
            }
        }
    }

    /// What rebalances into a channel cost.
    pub fn cost(&self, place: usize) -> u128 {
        self.channels.get(place).map_or(0, |moved| moved.cost)
    }

    /// What others sent through a channel.
    pub fn flow(&self, place: usize) -> Option<FlowSums> {
        self.channels.get(place).map(|moved| moved.flow)
    }

    /// When something was last forwarded.
    pub fn moved_at(&self, place: usize) -> Option<u64> {
        self.channels.get(place)?.moved_at
    }

    /// What a sat into the channel costs: the weighted median of the rebalances into it, of all
    /// where there is none.
    pub fn route_cost(&self, place: usize) -> Option<Ppm> {
        let own = self.channels.get(place).map(|moved| moved.rates.as_slice());
        own.and_then(median).or_else(|| median(&self.rates))
    }
}

/// More than all bitcoin is a defect of the answer.
fn cut(msat: u128) -> u128 {
    msat.min(u128::from(Msat::MAX.get()))
}

/// A cost shared out in proportion to what arrived; what is left over goes to the largest part.
fn shared_out(cost: u128, filled: Table<&str, u128>) -> Vec<(&str, u128, u128)> {
    let filled: Vec<(&str, u128)> = filled
        .into_iter()
        .filter(|(_, arrived)| *arrived > 0)
        .map(|(account, arrived)| (account, cut(arrived)))
        .collect();
    let all: u128 = filled.iter().map(|(_, arrived)| arrived).sum();
    let mut parts: Vec<(&str, u128, u128)> = filled
        .into_iter()
        .map(|(account, arrived)| (account, arrived, cost * arrived / all.max(1)))
        .collect();
    let given: u128 = parts.iter().map(|(_, _, part)| part).sum();
    let largest = parts.iter().map(|(_, arrived, _)| *arrived).max();
    let largest = parts
        .iter_mut()
        .find(|(_, arrived, _)| Some(*arrived) == largest);
    if let Some((_, _, part)) = largest {
        *part += cost.saturating_sub(given);
    }
    parts
}

/// The rate that at least half of the weight does not exceed.
fn median(rates: &[(u64, u64)]) -> Option<Ppm> {
    let mut sorted = rates.to_vec();
    sorting::by(&mut sorted, Ord::cmp);
    let all: u128 = sorted.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let mut below = 0;
    let middle = sorted.into_iter().find(|(_, weight)| {
        below += u128::from(*weight);
        below * 2 >= all
    });
    let (rate, _) = middle?;
    let most = u64::from(Ppm::MAX.get());
    u32::try_from(rate.min(most)).ok().map(Ppm::clamped)
}
