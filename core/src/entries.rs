//! A list in which one bad entry never stops the rest: what cannot be read, and every entry whose
//! id stands twice, is set aside with its error; the others are decided, in the order of their ids.
//!
//! ```
//! use trimtab_core::{entries::{Entries, Entry}, reason::Why, units::Sat, value::{self, FromValue, Value}};
//! #[derive(FromValue)]
//! struct Peer { id: String, capacity: Sat }
//! impl Entry for Peer {
//!     const ID: &'static str = "id";
//!     fn id(&self) -> &str { &self.id }
//! }
//! let list = Value::from_json(br#"[{"id":"b","capacity":2},{"id":"a","capacity":-1},{"id":"c","capacity":3}]"#)?;
//! let peers: Entries<Peer> = value::decode(&list)?;
//! let mut why = Why::new();
//! assert_eq!(peers.usable(&mut why).len(), 2);
//! let aside = &why.finish().1[0];
//! assert_eq!((aside.subject.as_str(), aside.error.field.as_str()), ("a", "capacity"));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

use crate::error::Error;
use crate::reason::{Quarantined, Why};
use crate::record;
use crate::sorting;
use crate::table::Table;
use crate::value::{Fault, FromValue, Node, Source};

/// An entry that a list tells apart by its id.
pub trait Entry {
    /// The field that holds the id.
    const ID: &'static str;
    /// The id.
    fn id(&self) -> &str;
}

/// A list of entries, the unreadable ones set aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Entries<T> {
    good: Vec<T>,
    bad: Vec<Quarantined>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self {
            good: Vec::new(),
            bad: Vec::new(),
        }
    }
}

impl<T> From<Vec<T>> for Entries<T> {
    fn from(good: Vec<T>) -> Self {
        Self {
            good,
            bad: Vec::new(),
        }
    }
}

impl<T: Entry> Entries<T> {
    /// Every readable entry, in the order of the input, also those whose id stands twice.
    #[must_use]
    pub fn readable(&self) -> &[T] {
        &self.good
    }

    /// Every readable entry, in the order of the input, for a list whose ids may repeat (events);
    /// the unreadable ones go to the quarantine of `why`.
    pub fn each(&self, why: &mut Why) -> &[T] {
        for aside in &self.bad {
            why.quarantine(&aside.subject, aside.error.clone());
        }
        &self.good
    }

    /// How many entries the list has, bad ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.good.len() + self.bad.len()
    }

    /// Whether the list has no entry at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries to decide, by id; all others go to the quarantine of `why`.
    pub fn usable(&self, why: &mut Why) -> Vec<&T> {
        for aside in &self.bad {
            why.quarantine(&aside.subject, aside.error.clone());
        }
        // The head of each id stands beside its entry: most comparisons never follow a pointer.
        let mut heads: Vec<(u128, &T)> = self.good.iter().map(|t| (head(t.id()), t)).collect();
        sorting::by(&mut heads, |a, b| {
            a.0.cmp(&b.0).then_with(|| a.1.id().cmp(b.1.id()))
        });
        let mut sorted: Vec<&T> = heads.into_iter().map(|(_, entry)| entry).collect();
        let twice = sorted
            .iter()
            .zip(sorted.iter().skip(1))
            .any(|(a, b)| a.id() == b.id());
        if !twice && self.bad.is_empty() {
            return sorted;
        }
        let ids = sorted
            .iter()
            .map(|entry| entry.id())
            .chain(self.bad.iter().map(|aside| aside.subject.as_str()));
        let mut times: Table<&str, usize> = Table::slots(ids.clone());
        for id in ids {
            *times.slot(id) += 1;
        }
        sorted.retain(|entry| {
            let once = times.get(entry.id()) == Some(&1);
            if !once {
                why.quarantine(entry.id(), Error::duplicate(T::ID, entry.id()));
            }
            once
        });
        sorted
    }
}

/// The first bytes of an id as a number: ordered as the ids are, but for those that begin alike.
fn head(id: &str) -> u128 {
    let bytes = id.bytes().chain(std::iter::repeat(0));
    bytes
        .take(16)
        .fold(0, |head, byte| (head << 8) | u128::from(byte))
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let mut list = serializer.serialize_seq(Some(self.good.len() + self.bad.len()))?;
        self.good
            .iter()
            .try_for_each(|entry| list.serialize_element(entry))?;
        self.bad
            .iter()
            .try_for_each(|aside| list.serialize_element(aside))?;
        list.end()
    }
}

impl<T: FromValue + Entry> FromValue for Entries<T> {
    #[inline(never)]
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let mut entries = Self::default();
        for (index, entry) in record::list(source)?.enumerate() {
            match T::from_value(&entry) {
                Ok(read) => entries.good.push(read),
                Err(fault) if S::NAMES_MISTAKES => {
                    entries.bad.push(match set_aside_before(&entry)? {
                        Some(aside) => aside,
                        None => aside(&entry, T::ID, index, &fault)?,
                    });
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(entries)
    }
}

/// What an earlier reader of the list set aside. A typed input travels on to a sandbox or into a log
/// as it was read: read there as an entry once more, the error would be one about the error, and the
/// id that must not count would be lost. Nobody gains by writing one himself: a bad entry of that id
/// does the same.
#[cold]
#[inline(never)]
fn set_aside_before<S: Source>(entry: &S) -> Result<Option<Quarantined>, Fault> {
    const FIELDS: usize = 2;
    match entry.node()? {
        Node::Map(fields) if fields.len() == FIELDS => {
            let read = Quarantined::from_value(entry).ok();
            Ok(read.filter(|aside| aside.error.is_short()))
        }
        _ => Ok(None),
    }
}

/// An entry that cannot be read, under its id if it has one.
fn aside<S: Source>(
    entry: &S,
    id: &'static str,
    index: usize,
    fault: &Fault,
) -> Result<Quarantined, Fault> {
    let id = entry.entry(id)?.map(|id| String::from_value(&id));
    let subject = match id {
        Some(Ok(id)) if !id.is_empty() => id,
        _ => format!("[{index}]"),
    };
    let error = fault.error().clone();
    Ok(Quarantined { subject, error })
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Entries_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "array", "items": item })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::proofs;
    use crate::value::{self, Value};
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    #[derive(Clone, Debug, PartialEq, Serialize, FromValue)]
    struct Peer {
        id: String,
        size: u64,
    }

    impl Entry for Peer {
        const ID: &'static str = "id";
        fn id(&self) -> &str {
            &self.id
        }
    }

    fn read(list: &Json) -> Entries<Peer> {
        let text = list.to_string();
        value::decode(&Value::from_json(text.as_bytes()).unwrap()).unwrap()
    }

    /// What is decided, and what is set aside.
    fn decided(list: &Entries<Peer>) -> (Vec<Peer>, Vec<Quarantined>) {
        let mut why = Why::new();
        let usable = list.usable(&mut why).into_iter().cloned().collect();
        (usable, why.finish().1)
    }

    fn entry() -> impl Strategy<Value = Json> {
        let id = prop_oneof![
            (0..4u8).prop_map(|n| json!(format!("p{n}"))),
            Just(json!(7)),
            Just(json!("")),
        ];
        let size = prop_oneof![
            (0..9u64).prop_map(|n| json!(n)),
            Just(json!(-1)),
            Just(json!("x"))
        ];
        prop_oneof![
            8 => (id.clone(), size).prop_map(|(id, size)| json!({ "id": id, "size": size })),
            1 => id.clone().prop_map(|id| json!({ "id": id })),
            1 => Just(json!(null)),
            1 => Just(json!([1])),
            1 => id.prop_map(|id| json!({ "subject": id, "error": "none" })),
            1 => (0..4u8).prop_map(|n| json!({ "subject": format!("p{n}"), "error": {
                "code": "duplicate", "field": "id", "got": "p", "expected": "each id once" } })),
        ]
    }

    proptest! {
        #![proptest_config(proofs::config())]

        #[test]
        fn a_list_that_was_read_once_decides_the_same_wherever_it_is_read_again(list in prop::collection::vec(entry(), 0..9)) {
            let here = read(&json!(list));
            let there: Entries<Peer> = value::decode(&value::encode(&here).unwrap()).unwrap();
            prop_assert_eq!(&there, &here);
            prop_assert_eq!(decided(&there), decided(&here));
        }

        #[test]
        fn what_says_that_it_was_set_aside_never_counts_and_hides_no_more_than_a_bad_entry_of_its_id(list in prop::collection::vec(entry(), 0..9), n in 0..4u8) {
            let id = format!("p{n}");
            let with = |more: Json| {
                let mut list = list.clone();
                list.push(more);
                decided(&read(&json!(list)))
            };
            let error = json!({ "code": "duplicate", "field": "id", "got": id, "expected": "each id once" });
            let (said, said_aside) = with(json!({ "subject": id, "error": error }));
            let (bad, bad_aside) = with(json!({ "id": id, "size": -1 }));
            prop_assert_eq!(said, bad);
            prop_assert_eq!(said_aside.len(), bad_aside.len());
        }
    }

    #[test]
    fn a_text_longer_than_ours_does_not_come_back_as_an_error_of_ours() {
        let long = "x".repeat(100_000);
        for field in ["field", "got", "expected"] {
            let mut error = json!({ "code": "duplicate", "field": "", "got": "", "expected": "" });
            error[field] = json!(long);
            let list = read(&json!([{ "subject": "a", "error": error }]));
            let (_, aside) = decided(&list);
            assert_eq!(aside.len(), 1);
            assert_eq!(
                (aside[0].subject.as_str(), aside[0].error.code),
                ("[0]", ErrorCode::MissingField)
            );
        }
    }
}
