//! A list in which one bad entry never stops the rest: what cannot be read, and every entry whose
//! id stands twice, is set aside with its error; the others are decided, in the order of their ids.
//!
//! ```
//! use trimtab_core::{entries::{Entries, Entry}, reason::Why, units::Sat, value::{self, FromValue, Value}};
//! # use schemars::JsonSchema; use serde::{Deserialize, Serialize};
//! #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromValue, JsonSchema)]
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
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use crate::error::{Error, ErrorCode};
use crate::reason::{Quarantined, Why};
use crate::record;
use crate::sorting;
use crate::table::Table;
use crate::value::{ATTEMPT, Fault, FromValue, Value};

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

impl<'de, T: Deserialize<'de> + Entry> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Entry> de::Visitor<'de> for List<T> {
            type Value = Entries<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Entries::default();
                for index in 0.. {
                    match seq.next_element::<Attempted<T>>()? {
                        None => break,
                        Some(Attempted::Good(entry)) => entries.good.push(entry),
                        Some(Attempted::Bad(mut aside)) => {
                            if aside.subject.is_empty() {
                                aside.subject = format!("[{index}]");
                            }
                            entries.bad.push(aside);
                        }
                    }
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

impl<T: FromValue + Entry> FromValue for Entries<T> {
    #[inline(never)]
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        let mut entries = Self::default();
        for (index, entry) in record::list(value)?.iter().enumerate() {
            match T::from_value(entry) {
                Ok(read) => entries.good.push(read),
                Err(fault) => entries.bad.push(aside(entry, T::ID, index, &fault)),
            }
        }
        Ok(entries)
    }
}

/// An entry that cannot be read, under its id if it has one.
fn aside(entry: &Value<'_>, id: &str, index: usize, fault: &Fault) -> Quarantined {
    let id = entry.get(id).and_then(Value::as_text).unwrap_or_default();
    let subject = match id {
        "" => format!("[{index}]"),
        id => id.to_owned(),
    };
    let error = fault.error().clone();
    Quarantined { subject, error }
}

enum Attempted<T> {
    Good(T),
    Bad(Quarantined),
}

/// `ATTEMPT` followed by the id field, as one static text per entry type.
const fn attempt_name<T: Entry>() -> &'static str {
    struct Name<T>(PhantomData<T>);
    impl<T: Entry> Name<T> {
        const BYTES: [u8; 64] = {
            let mut bytes = [0; 64];
            let (_, rest) = bytes.split_at_mut(0);
            let (head, tail) = rest.split_at_mut(ATTEMPT.len());
            head.copy_from_slice(ATTEMPT.as_bytes());
            let (id, _) = tail.split_at_mut(T::ID.len());
            id.copy_from_slice(T::ID.as_bytes());
            bytes
        };
        const TEXT: &'static str = {
            let (text, _) = Self::BYTES.split_at(ATTEMPT.len() + T::ID.len());
            match std::str::from_utf8(text) {
                Ok(text) => text,
                Err(_) => ATTEMPT,
            }
        };
    }
    Name::<T>::TEXT
}

impl<'de, T: Deserialize<'de> + Entry> Deserialize<'de> for Attempted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Attempt<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Entry> de::Visitor<'de> for Attempt<T> {
            type Value = Attempted<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an entry")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                inner: D,
            ) -> Result<Attempted<T>, D::Error> {
                T::deserialize(inner).map(Attempted::Good)
            }
            fn visit_seq<A: de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Attempted<T>, A::Error> {
                if let Ok(Some(entry)) = seq.next_element() {
                    return Ok(Attempted::Good(entry));
                }
                let told: Option<(ErrorCode, String, String, String, String)> =
                    seq.next_element()?;
                let (code, field, got, expected, subject) =
                    told.ok_or_else(|| de::Error::custom("an entry without its error"))?;
                let error = Error::new(code, field, got, expected);
                Ok(Attempted::Bad(Quarantined { subject, error }))
            }
        }
        deserializer.deserialize_newtype_struct(attempt_name::<T>(), Attempt(PhantomData))
    }
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
