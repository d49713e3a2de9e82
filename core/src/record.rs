//! How records, lists and maps are read from plain values: the functions that
//! `#[derive(FromValue)]` calls. They know no record, so each is compiled once, or once per type of
//! field; a record brings its names and one call per field.
//!
//! An unknown field is told before all else, then the first field, in the order of the record, that
//! cannot be read.

use serde::de::{Error as _, IgnoredAny, Unexpected};
use std::borrow::Cow;

use crate::value::{Fault, FromValue, Node, Source, wrong_type};

/// The only one of several names that is used, and its entry.
pub fn one_of<S: Source, const N: usize>(
    name: &'static str,
    slots: [(Option<S>, &'static str); N],
) -> Result<(Option<S>, &'static str), Fault> {
    let mut used = slots.into_iter().filter(|(found, _)| found.is_some());
    match (used.next(), used.next()) {
        (None, _) => Ok((None, name)),
        (Some(only), None) => Ok(only),
        (_, Some((_, name))) => Err(Fault::twice(name)),
    }
}

/// A field that must be there, unless its type can be absent.
#[inline(never)]
pub fn due<T: FromValue, S: Source>((found, name): (Option<S>, &'static str)) -> Result<T, Fault> {
    match found {
        Some(source) => held(&source, name),
        None => T::absent().ok_or_else(|| Fault::missing_field(name)),
    }
}

/// A field whose absence means the default of its type.
#[inline(never)]
pub fn or_default<T: FromValue + Default, S: Source>(
    (found, name): (Option<S>, &'static str),
) -> Result<T, Fault> {
    let found = found.filter(|source| !(T::NULL_IS_ABSENCE && source.is_null()));
    found.map_or_else(|| Ok(T::default()), |source| held(&source, name))
}

/// A field whose absence means what `absent` gives.
#[inline(never)]
pub fn or<T: FromValue, S: Source>(
    (found, name): (Option<S>, &'static str),
    absent: fn() -> T,
) -> Result<T, Fault> {
    found.map_or_else(|| Ok(absent()), |source| held(&source, name))
}

/// A field that tells null from absent.
#[inline(never)]
pub fn given<T: FromValue, S: Source>(
    (found, name): (Option<S>, &'static str),
) -> Result<Option<T>, Fault> {
    found.map(|source| held(&source, name)).transpose()
}

/// What an entry holds; a fault names the entry.
pub fn held<T: FromValue, S: Source>(source: &S, name: &str) -> Result<T, Fault> {
    T::from_value(source).map_err(|fault| fault.inside(name))
}

/// The place of a word in a closed set.
#[inline(never)]
pub fn word<S: Source>(source: &S, names: &'static [&'static str]) -> Result<usize, Fault> {
    if let Some(place) = source.word(names) {
        return Ok(place);
    }
    match source.node()? {
        Node::Text(word) => place(&word, names),
        node => Err(no_word(&node, names)),
    }
}

/// A name and the entry under it.
pub type Named<S> = (<S as Source>::Key, S);

/// The variant that `source` names, and what it holds.
#[inline(never)]
pub fn tagged<S: Source>(
    source: &S,
    names: &'static [&'static str],
) -> Result<(usize, Option<Named<S>>), Fault> {
    if let Some(place) = source.word(names) {
        return Ok((place, None));
    }
    match source.node()? {
        Node::Text(word) => Ok((place(&word, names)?, None)),
        Node::Map(mut entries) if entries.len() == 1 => match entries.next().transpose()? {
            Some((name, entry)) => Ok((place(name.as_ref(), names)?, Some((name, entry)))),
            None => Err(no_content(source, names)),
        },
        node => Err(no_word(&node, names)),
    }
}

/// The variant that the field `tag` names.
#[inline(never)]
pub fn tag<S: Source>(
    source: &S,
    tag: &'static str,
    names: &'static [&'static str],
) -> Result<usize, Fault> {
    match source.entry(tag)? {
        Some(found) => word(&found, names).map_err(|fault| fault.inside(tag)),
        None => match source.node()? {
            Node::Map(_) => Err(Fault::missing_field(tag)),
            node => Err(wrong_type(&node, &"an object")),
        },
    }
}

/// The error of a value that is no variant of the set.
#[cold]
#[must_use]
pub fn no_content<S: Source>(source: &S, names: &'static [&'static str]) -> Fault {
    match source.node() {
        Ok(node) => no_word(&node, names),
        Err(fault) => fault,
    }
}

#[cold]
fn no_word<S: Source>(node: &Node<'_, S>, names: &'static [&'static str]) -> Fault {
    wrong_type(node, &names.join(" | ").as_str())
}

fn place(word: &str, names: &'static [&'static str]) -> Result<usize, Fault> {
    let place = names.iter().position(|name| *name == word);
    place.ok_or_else(|| Fault::unknown_variant(word, names))
}

/// The entries of a list.
pub(crate) fn list<S: Source>(source: &S) -> Result<S::List, Fault> {
    match source.node()? {
        Node::List(entries) => Ok(entries),
        node => Err(wrong_type(&node, &"a list")),
    }
}

/// The entries of a map.
pub(crate) fn map<S: Source>(source: &S) -> Result<S::Map, Fault> {
    match source.node()? {
        Node::Map(entries) => Ok(entries),
        node => Err(wrong_type(&node, &"an object")),
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.is_null() {
            true => Ok(None),
            false => T::from_value(source).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        T::from_value(source).map(Self::new)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    #[inline(never)]
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let entries = list(source)?;
        let mut read = Self::with_capacity(entries.len());
        for (index, entry) in entries.enumerate() {
            read.push(T::from_value(&entry).map_err(|fault| fault.at(index))?);
        }
        Ok(read)
    }
}

impl<T: FromValue, const N: usize> FromValue for [T; N] {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        let read: Vec<T> = FromValue::from_value(source)?;
        let expected = || format!("an array of length {N}");
        Self::try_from(read).map_err(|read| Fault::invalid_length(read.len(), &expected().as_str()))
    }
}

/// What nobody reads must still be readable.
impl FromValue for IgnoredAny {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match S::NAMES_MISTAKES {
            true => Ok(Self),
            false => source.to_value().map(|_| Self),
        }
    }
}

impl FromValue for bool {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.node()? {
            Node::Bool(b) => Ok(b),
            node => Err(wrong_type(&node, &"a boolean")),
        }
    }
}

impl FromValue for String {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.node()? {
            Node::Text(text) => Ok(text.into_owned()),
            node => Err(wrong_type(&node, &"a string")),
        }
    }
}

impl FromValue for Cow<'static, str> {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        String::from_value(source).map(Self::Owned)
    }
}

impl FromValue for u64 {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.node()? {
            Node::Unsigned(n) => Ok(n),
            Node::Signed(n) => Err(Fault::invalid_value(Unexpected::Signed(n), &"u64")),
            node => Err(wrong_type(&node, &"u64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorCode};
    use crate::value::{self, Value};

    #[derive(Clone, Debug, PartialEq, FromValue)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Closed {
        #[serde(alias = "old")]
        new_name: u64,
        #[serde(default = "seven")]
        with_seven: u64,
        #[serde(default)]
        empty: Vec<u64>,
        maybe: Option<Kind>,
        told: Option<Option<u64>>,
    }

    #[derive(Clone, Debug, PartialEq, FromValue)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        PlainOne,
        Holding([u64; 2]),
    }

    fn seven() -> u64 {
        7
    }

    fn read(text: &str) -> Result<Closed, Error> {
        value::decode(&Value::from_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_attributes_mean_what_they_mean_to_serde() {
        let plain = Closed {
            new_name: 1,
            with_seven: 7,
            empty: vec![],
            maybe: None,
            told: None,
        };
        let told = Closed {
            with_seven: 8,
            empty: vec![3],
            told: Some(None),
            ..plain.clone()
        };
        let worded = Closed {
            maybe: Some(Kind::PlainOne),
            told: Some(Some(5)),
            ..plain.clone()
        };
        let holding = Closed {
            maybe: Some(Kind::Holding([1, 2])),
            ..plain.clone()
        };
        for (text, expected) in [
            (r#"{"new-name":1}"#, plain),
            (
                r#"{"old":1,"with-seven":8,"empty":[3],"maybe":null,"told":null}"#,
                told,
            ),
            (r#"{"told":5,"maybe":"plain_one","new-name":1}"#, worded),
            (r#"{"maybe":{"holding":[1,2]},"new-name":1}"#, holding),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in [
            r#"{}"#,
            r#"[1]"#,
            r#"{"new-name":1,"old":2}"#,
            r#"{"new-name":1,"maybe":"holding"}"#,
            r#"{"new-name":1,"maybe":{"plain_one":null}}"#,
            r#"{"new-name":1,"maybe":{"holding":[1]}}"#,
            r#"{"new-name":1,"maybe":{"holding":[1,2,3]}}"#,
            r#"{"new-name":1,"empty":null}"#,
            r#"{"new-name":-1}"#,
            r#"{"new-name":1,"newname":1}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[derive(Debug, PartialEq, FromValue)]
    #[serde(tag = "type", rename_all = "snake_case")]
    enum Step {
        Send {},
        PayOut { amount: u64, memo: Option<String> },
    }

    fn step(text: &str) -> Result<Step, Error> {
        value::decode(&Value::from_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_tagged_variant_takes_exactly_its_fields() {
        assert_eq!(step(r#"{"type":"send"}"#), Ok(Step::Send {}));
        let paid = Step::PayOut {
            amount: 5,
            memo: None,
        };
        assert_eq!(step(r#"{"amount":5,"type":"pay_out"}"#), Ok(paid));
        for (text, code, field) in [
            (
                r#"{"type":"send","amount":5}"#,
                ErrorCode::UnknownField,
                "amount",
            ),
            (r#"{"type":"pay_out"}"#, ErrorCode::MissingField, "amount"),
            (
                r#"{"type":"pay_out","amount":"x"}"#,
                ErrorCode::Malformed,
                "amount",
            ),
            (r#"{"type":"keep"}"#, ErrorCode::OutOfRange, "type"),
            (r#"{"type":5}"#, ErrorCode::Malformed, "type"),
            (r#"{"amount":5}"#, ErrorCode::MissingField, "type"),
            (r#""send""#, ErrorCode::Malformed, ""),
        ] {
            let error = step(text).unwrap_err();
            assert_eq!((error.code, error.field.as_str()), (code, field), "{text}");
        }
    }

    #[test]
    fn an_unknown_field_is_told_first_then_the_first_field_that_cannot_be_read() {
        let error = read(r#"{"told":"x","new-name":"y","odd":1}"#).unwrap_err();
        assert_eq!(
            (error.code, error.field.as_str()),
            (ErrorCode::UnknownField, "odd")
        );
        let error = read(r#"{"told":"x","new-name":"y"}"#).unwrap_err();
        assert_eq!(
            (error.code, error.field.as_str()),
            (ErrorCode::Malformed, "new-name")
        );
        let error = read(r#"{"new-name":1,"maybe":{"holding":[1,-2]}}"#).unwrap_err();
        assert_eq!(error.field, "maybe.holding[1]");
    }

    #[test]
    fn two_names_of_one_field_are_a_duplicate() {
        let error = read(r#"{"new-name":1,"old":2}"#).unwrap_err();
        assert_eq!(error.code, ErrorCode::Duplicate);
    }
}
