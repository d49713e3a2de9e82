//! Sorting for lists of every type with the code of one.
//!
//! The standard sort is compiled anew for each type and each order, about 4 kB every time, and the
//! module is loaded by browsers. Here the sort itself works on places and is compiled once; what a
//! type brings is its comparison and the swaps. Lists with one entry per account of a large hub
//! (`hub::pairing`) keep the standard sort.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Sorts by `compare`; entries that compare equal keep their order.
pub fn by<T>(entries: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    first(entries, usize::MAX, compare);
}

/// Brings the first `count` entries to the front, in order; the others stay in no order. No two
/// entries compare equal, unless all are sorted.
pub fn first<T>(entries: &mut [T], count: usize, compare: impl Fn(&T, &T) -> Ordering) {
    // Most lists of an account have one entry, and a tick looks at many accounts.
    if entries.len() < 2 {
        return;
    }
    let at = |place: usize| entries.get(place);
    let swaps = swaps(entries.len(), count, &|a, b| match (at(a), at(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    for (a, b) in swaps {
        entries.swap(a, b);
    }
}

/// A map of pairs; the last one of a key counts. `collect` would bring a sort for each type.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}

/// A set of entries, as [`map`].
pub fn set<T: Ord>(entries: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for entry in entries {
        set.insert(entry);
    }
    set
}

/// Sorts by a key; entries with equal keys keep their order.
pub fn by_key<'e, T, K: Ord>(entries: &mut [&'e T], key: impl Fn(&'e T) -> K) {
    by(entries, |a, b| key(a).cmp(&key(b)));
}

/// The swaps, one after the other, that bring the first `count` of `length` entries into order.
#[inline(never)]
fn swaps(
    length: usize,
    count: usize,
    compare: &dyn Fn(usize, usize) -> Ordering,
) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..length).collect();
    if count < length {
        order.select_nth_unstable_by(count, |a, b| compare(*a, *b));
    }
    let front = order.get_mut(..count.min(length)).unwrap_or_default();
    front.sort_by(|a, b| compare(*a, *b));
    let mut swaps = Vec::with_capacity(length);
    for start in 0..length {
        // Around the ring of places that give each other their entries.
        let mut place = start;
        while let Some(source) = order.get_mut(place) {
            let source = std::mem::replace(source, place);
            if source == start {
                break;
            }
            swaps.push((place, source));
            place = source;
        }
    }
    swaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::proofs::config())]

        #[test]
        fn sorts_as_the_standard_library_does(entries in prop::collection::vec((0u8..9, any::<u8>()), 0..60)) {
            let mut ours = entries.clone();
            by(&mut ours, |a, b| a.0.cmp(&b.0));
            let mut theirs = entries;
            theirs.sort_by_key(|a| a.0);
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn the_first_ones_are_those_of_a_whole_sort(entries in prop::collection::hash_set(any::<u8>(), 0..60), count in 0usize..70) {
            let mut ours: Vec<u8> = entries.into_iter().collect();
            let mut theirs = ours.clone();
            first(&mut ours, count, Ord::cmp);
            theirs.sort_unstable();
            let count = count.min(ours.len());
            prop_assert_eq!(&ours[..count], &theirs[..count]);
            ours.sort_unstable();
            prop_assert_eq!(ours, theirs);
        }
    }
}
