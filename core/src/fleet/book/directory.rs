//! What a book keeps by id, entry by entry in any order.
//!
//! A tree is compiled anew for each type of entry, 10 kB every time, and the module is loaded by
//! browsers. Here one tree holds places, whatever the entries are.

use std::collections::BTreeMap;
use std::fmt;

use crate::units::NodeId;

/// Entries by id.
pub struct Directory<V> {
    places: Places,
    /// As many as there are places; one that is free has no entry.
    entries: Vec<Option<V>>,
}

/// Which place belongs to which id.
struct Places {
    by_id: BTreeMap<NodeId, usize>,
    free: Vec<usize>,
}

impl Places {
    fn of(&self, id: &NodeId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The place of an id, which gets one if it has none.
    #[inline(never)]
    fn take(&mut self, id: NodeId) -> usize {
        if let Some(place) = self.of(&id) {
            return place;
        }
        // Without a free one the places are 0, 1, 2 and so on.
        let place = self.free.pop().unwrap_or(self.by_id.len());
        self.by_id.insert(id, place);
        place
    }

    /// Frees the place of an id.
    #[inline(never)]
    fn free(&mut self, id: &NodeId) -> Option<usize> {
        let place = self.by_id.remove(id)?;
        self.free.push(place);
        Some(place)
    }
}

impl<V> Directory<V> {
    /// Without an entry.
    pub const fn new() -> Self {
        Self {
            places: Places {
                by_id: BTreeMap::new(),
                free: Vec::new(),
            },
            entries: Vec::new(),
        }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.places.by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.by_id.is_empty()
    }

    pub fn contains(&self, id: &NodeId) -> bool {
        self.places.of(id).is_some()
    }

    pub fn get(&self, id: &NodeId) -> Option<&V> {
        self.entries.get(self.places.of(id)?)?.as_ref()
    }

    pub fn get_mut(&mut self, id: &NodeId) -> Option<&mut V> {
        self.entries.get_mut(self.places.of(id)?)?.as_mut()
    }

    /// Sets the entry of an id; the one that it had.
    pub fn insert(&mut self, id: NodeId, entry: V) -> Option<V> {
        let place = self.places.take(id);
        match self.entries.get_mut(place) {
            Some(kept) => kept.replace(entry),
            None => {
                self.entries.push(Some(entry));
                None
            }
        }
    }

    /// Takes the entry of an id out.
    pub fn remove(&mut self, id: &NodeId) -> Option<V> {
        let place = self.places.free(id)?;
        self.entries.get_mut(place)?.take()
    }

    /// The entries with their ids, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeId, &V)> {
        let places = self.places.by_id.iter();
        places.filter_map(|(id, place)| Some((id, self.entries.get(*place)?.as_ref()?)))
    }

    /// The ids, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &NodeId> {
        self.places.by_id.keys()
    }

    /// The entries, by id.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, entry)| entry)
    }
}

/// As a map: which place an entry has says nothing.
impl<V: fmt::Debug> fmt::Debug for Directory<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::proofs::config())]

        #[test]
        fn does_as_the_tree_does(steps in prop::collection::vec((0u8..3, 0u8..9, any::<u8>()), 0..60)) {
            let mut ours = Directory::new();
            let mut theirs = BTreeMap::new();
            for (step, id, entry) in steps {
                let id = NodeId::new(&format!("n{id}")).unwrap();
                match step {
                    0 => prop_assert_eq!(ours.insert(id.clone(), entry), theirs.insert(id.clone(), entry)),
                    1 => prop_assert_eq!(ours.remove(&id), theirs.remove(&id)),
                    _ => prop_assert_eq!(ours.get_mut(&id), theirs.get_mut(&id)),
                }
                prop_assert_eq!(ours.get(&id), theirs.get(&id));
                prop_assert_eq!(ours.contains(&id), theirs.contains_key(&id));
                prop_assert_eq!((ours.len(), ours.is_empty()), (theirs.len(), theirs.is_empty()));
                prop_assert!(ours.iter().eq(&theirs));
            }
            prop_assert!(ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
        }
    }
}
