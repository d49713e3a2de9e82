//! Maps and sets as one sorted list.
//!
//! The standard tree is compiled anew for each type of key and value, 4 to 15 kB every time, and
//! the module is loaded by browsers. A sorted list takes a fraction of that, and less memory. A
//! key in the middle moves all that come after it: what is read in any order from a long input is
//! built at once ([`FromIterator`], [`Table::slots`]), and what grows entry by entry to very many
//! entries, such as the accounts of a book, keeps the tree.
//!
//! ```
//! use trimtab_core::table::Table;
//! let mut stock: Table<&str, u32> = [("pears", 2), ("apples", 1), ("pears", 3)].into_iter().collect();
//! *stock.slot("plums") += 4;
//! assert_eq!(stock.get("pears"), Some(&3));
//! assert!(stock.keys().is_sorted());
//! ```

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::fmt;

use crate::record;
use crate::sorting;
use crate::value::{Fault, FromValue, Source};

/// A map, sorted by key.
#[derive(Clone, PartialEq, Eq)]
pub struct Table<K, V>(Vec<(K, V)>);

/// A set, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set<T>(Table<T, ()>);

impl<K, V> Table<K, V> {
    /// Without an entry.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many entries it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, by key.
    #[must_use]
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter(self.0.iter())
    }

    /// The keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, by key, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The values, by key.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }

    /// Keeps what `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }
}

impl<K: Ord, V> Table<K, V> {
    /// The place of a key, or the one where it belongs.
    #[inline(never)]
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0.binary_search_by(|(one, _)| one.borrow().cmp(key))
    }

    #[inline(never)]
    fn add(&mut self, place: usize, key: K, value: V) -> &mut V {
        let (_, value) = self.0.insert_mut(place.min(self.0.len()), (key, value));
        value
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let (_, value) = self.0.get(self.place(key).ok()?)?;
        Some(value)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        let (_, value) = self.0.get_mut(place)?;
        Some(value)
    }

    /// Whether a key has an entry.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Sets the value of a key; the one that it had. Behind the last key it costs no moves.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => {
                let (_, kept) = self.0.get_mut(place)?;
                Some(std::mem::replace(kept, value))
            }
            Err(place) => {
                self.add(place, key, value);
                None
            }
        }
    }

    /// Takes the entry of a key out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// The value of a key, which gets one if it has none.
    pub fn slot(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        match self.place(&key) {
            #[expect(clippy::indexing_slicing, reason = "the place was found in this list")]
            Ok(place) => &mut self.0[place].1,
            Err(place) => self.add(place, key, V::default()),
        }
    }

    /// A value for each key, built at once; to be filled by [`Table::slot`] in any order.
    pub fn slots(keys: impl IntoIterator<Item = K>) -> Self
    where
        V: Default,
    {
        keys.into_iter().map(|key| (key, V::default())).collect()
    }

    #[inline(never)]
    fn of(mut pairs: Vec<(K, V)>) -> Self {
        sorting::once(&mut pairs, |a, b| a.0.cmp(&b.0));
        Self(pairs)
    }
}

impl<T> Set<T> {
    /// How many entries it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Ord> Set<T> {
    /// Whether an entry is there.
    pub fn contains<Q: Ord + ?Sized>(&self, entry: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.contains_key(entry)
    }

    /// Adds an entry; whether it is new.
    pub fn insert(&mut self, entry: T) -> bool {
        self.0.insert(entry, ()).is_none()
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// The last one of a key counts.
impl<K: Ord, V> FromIterator<(K, V)> for Table<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::of(pairs.into_iter().collect())
    }
}

impl<T: Ord> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        Self(Table::slots(entries))
    }
}

impl<K, V> IntoIterator for Table<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'t, K, V> IntoIterator for &'t Table<K, V> {
    type Item = (&'t K, &'t V);
    type IntoIter = Iter<'t, K, V>;
    fn into_iter(self) -> Iter<'t, K, V> {
        self.iter()
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = Entries<T>;
    fn into_iter(self) -> Entries<T> {
        Entries(self.0.into_iter())
    }
}

/// The entries of a [`Table`], by key.
#[derive(Debug)]
pub struct Iter<'t, K, V>(std::slice::Iter<'t, (K, V)>);

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'t, K, V> Iterator for Iter<'t, K, V> {
    type Item = (&'t K, &'t V);
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }
    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

/// The entries of a [`Set`], ascending.
#[derive(Debug)]
pub struct Entries<T>(std::vec::IntoIter<(T, ())>);

impl<T> Iterator for Entries<T> {
    type Item = T;
    #[inline]
    fn next(&mut self) -> Option<T> {
        self.0.next().map(|(entry, ())| entry)
    }
    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<K: FromValue + Ord, V: FromValue> FromValue for Table<K, V> {
    #[inline(never)]
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let entries = record::map(source)?;
        let mut pairs = Vec::with_capacity(entries.len());
        for entry in entries {
            let (key, entry) = entry?;
            let key = key.as_ref();
            pairs.push((K::from_key(key)?, record::held(&entry, key)?));
        }
        Ok(Self::of(pairs))
    }
}

/// As the standard map.
impl<K: JsonSchema, V: JsonSchema> JsonSchema for Table<K, V> {
    fn inline_schema() -> bool {
        BTreeMap::<K, V>::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<K, V>::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        BTreeMap::<K, V>::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<K, V>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::proofs::config())]

        #[test]
        fn does_as_the_tree_does(
            start in prop::collection::vec((0u8..20, any::<u8>()), 0..30),
            steps in prop::collection::vec((0u8..5, 0u8..20, any::<u8>()), 0..60),
        ) {
            let mut ours: Table<u8, u8> = start.iter().copied().collect();
            let mut theirs: BTreeMap<u8, u8> = start.into_iter().collect();
            for (step, key, value) in steps {
                match step {
                    0 => prop_assert_eq!(ours.insert(key, value), theirs.insert(key, value)),
                    1 => prop_assert_eq!(ours.remove(&key), theirs.remove(&key)),
                    2 => {
                        *ours.slot(key) ^= value;
                        *theirs.entry(key).or_default() ^= value;
                    }
                    3 => {
                        prop_assert_eq!(ours.get(&key), theirs.get(&key));
                        prop_assert_eq!(ours.get_mut(&key), theirs.get_mut(&key));
                        prop_assert_eq!(ours.contains_key(&key), theirs.contains_key(&key));
                    }
                    _ => {
                        ours.retain(|one, kept| one ^ *kept != value);
                        theirs.retain(|one, kept| one ^ *kept != value);
                    }
                }
                prop_assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
                prop_assert!(ours.iter().eq(&theirs));
            }
            prop_assert!(ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
            prop_assert!(ours.values_mut().eq(theirs.values_mut()));
            prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
            let text = serde_json::to_string(&ours).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&theirs).unwrap());
            prop_assert!(ours.clone().into_values().eq(theirs.clone().into_values()));
            prop_assert!(ours.into_iter().eq(theirs));
        }

        #[test]
        fn a_set_does_too(start in prop::collection::vec(0u8..20, 0..30), more in prop::collection::vec(0u8..20, 0..9)) {
            let mut ours: Set<u8> = start.iter().copied().collect();
            let mut theirs: std::collections::BTreeSet<u8> = start.into_iter().collect();
            for entry in more {
                prop_assert_eq!(ours.contains(&entry), theirs.contains(&entry));
                prop_assert_eq!(ours.insert(entry), theirs.insert(entry));
            }
            prop_assert!(ours.into_iter().eq(theirs));
        }
    }
}
