//! Who comes first, per token: requests that waited too long, oldest first; then the strategy on
//! what they want, never on what they ask for; then the id.

use std::cmp::{Ordering, Reverse};

use crate::config::hub::{HubConfig, Strategy};
use crate::hub::plan::eligibility::Candidate;
use crate::sorting;
use crate::units::Millis;

/// Brings the first `count` candidates of one token to the front, in order.
pub fn first(candidates: &mut [Candidate<'_>], count: usize, config: &HubConfig, now: Millis) {
    let aged = |candidate: &Candidate<'_>| {
        let age = now.less(candidate.requested_at);
        config.max_wait_ms.is_some_and(|most| age > most)
    };
    let by_strategy = |a: &Candidate<'_>, b: &Candidate<'_>| match config.strategy {
        Strategy::Amount => {
            (Reverse(a.want), a.requested_at).cmp(&(Reverse(b.want), b.requested_at))
        }
        Strategy::Time => (a.requested_at, Reverse(a.want)).cmp(&(b.requested_at, Reverse(b.want))),
        Strategy::Fee => (Reverse(a.fee), Reverse(a.want)).cmp(&(Reverse(b.fee), Reverse(b.want))),
    };
    sorting::first(candidates, count, |a, b| {
        let waited = match (aged(a), aged(b)) {
            (true, true) => a.requested_at.cmp(&b.requested_at),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => Ordering::Equal,
        };
        waited
            .then_with(|| by_strategy(a, b))
            .then_with(|| a.account.account_id.cmp(&b.account.account_id))
    });
}

/// Interleaves lists: the first of each, then the second of each, in the order of the lists.
pub fn interleaved<T>(lists: Vec<Vec<T>>) -> impl Iterator<Item = T> {
    let mut rows: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut next: std::collections::VecDeque<usize> = (0..rows.len()).collect();
    std::iter::from_fn(move || {
        loop {
            let index = next.pop_front()?;
            if let Some(entry) = rows.get_mut(index).and_then(Iterator::next) {
                next.push_back(index);
                return Some(entry);
            }
        }
    })
}
