//! Sorting for lists of every type with the code of one.
//!
//! The standard sort is compiled anew for each type and each order, about 4 kB every time, and the
//! module is loaded by browsers. Here the sort itself works on places and is compiled once; what a
//! type brings is its comparison and the swaps. Lists with one entry per account of a large hub
//! (`hub::pairing`) keep the standard sort.

use std::cmp::Ordering;

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

/// Sorts by `compare`; of entries that compare equal only the last one stays.
pub fn once<T>(entries: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    if entries.len() < 2 {
        return;
    }
    let at = |place: usize| entries.get(place);
    let (swaps, count) = once_swaps(entries.len(), &|a, b| match (at(a), at(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    for (a, b) in swaps {
        entries.swap(a, b);
    }
    entries.truncate(count);
}

/// For each key whether the same one stands before it.
pub fn repeats<K: Ord>(keys: impl IntoIterator<Item = K>) -> Vec<bool> {
    let mut sorted: Vec<(K, usize)> = keys.into_iter().zip(0..).collect();
    by(&mut sorted, |a, b| a.0.cmp(&b.0));
    let mut repeats = vec![false; sorted.len()];
    for (before, (key, place)) in sorted.iter().zip(sorted.iter().skip(1)) {
        if let Some(repeat) = repeats.get_mut(*place) {
            *repeat = before.0 == *key;
        }
    }
    repeats
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
    in_order(
        order.get_mut(..count.min(length)).unwrap_or_default(),
        compare,
    );
    swaps_to(order)
}

/// The standard sort, once.
#[inline(never)]
fn in_order(places: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|a, b| compare(*a, *b));
}

/// The swaps that bring the entries into order, those behind which an equal one stands to the
/// end, and how many are left without them.
#[inline(never)]
fn once_swaps(
    length: usize,
    compare: &dyn Fn(usize, usize) -> Ordering,
) -> (Vec<(usize, usize)>, usize) {
    if (1..length).all(|place| compare(place - 1, place).is_lt()) {
        return (Vec::new(), length);
    }
    let mut order: Vec<usize> = (0..length).collect();
    in_order(&mut order, compare);
    let next = order.iter().skip(1).map(Some).chain([None]);
    let is_last = |(place, next): &(&usize, Option<&usize>)| {
        next.is_none_or(|next| compare(**place, *next).is_lt())
    };
    let (last, others): (Vec<_>, Vec<_>) = order.iter().zip(next).partition(is_last);
    let order = last.iter().chain(&others).map(|(place, _)| **place);
    (swaps_to(order.collect()), last.len())
}

/// The swaps, one after the other, that bring entries from the places of `order` into its order.
fn swaps_to(mut order: Vec<usize>) -> Vec<(usize, usize)> {
    let mut swaps = Vec::with_capacity(order.len());
    for start in 0..order.len() {
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
        fn the_last_of_equal_ones_stays(entries in prop::collection::vec((0u8..20, any::<u8>()), 0..30)) {
            let mut ours = entries.clone();
            once(&mut ours, |a, b| a.0.cmp(&b.0));
            let theirs: std::collections::BTreeMap<u8, u8> = entries.into_iter().collect();
            prop_assert!(ours.into_iter().eq(theirs));
        }

        #[test]
        fn a_repeat_stands_behind_its_like(keys in prop::collection::vec(0u8..20, 0..30)) {
            let mut seen = std::collections::BTreeSet::new();
            let expected: Vec<bool> = keys.iter().map(|key| !seen.insert(*key)).collect();
            prop_assert_eq!(repeats(keys), expected);
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
