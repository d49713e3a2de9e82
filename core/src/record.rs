//! How records, lists and maps are read from plain values: the functions that
//! `#[derive(FromValue)]` calls. They know no record, so each is compiled once, or once per type of
//! field; a record brings its names and one call per field.
//!
//! An unknown field is told before all else, then the first field, in the order of the record, that
//! cannot be read.

use serde::de::{Error as _, IgnoredAny, Unexpected};
use std::borrow::Cow;

use crate::value::{Fault, FromValue, Value};

/// The entry of a record under one of its names.
pub type Found<'v> = Option<&'v (Cow<'v, str>, Value<'v>)>;

/// Puts every entry of `value` into the slot of its name; `closed` refuses names of no slot.
#[inline(never)]
pub fn find<'v>(
    value: &'v Value<'v>,
    names: &'static [&'static str],
    closed: bool,
    slots: &mut [Found<'v>],
) -> Result<(), Fault> {
    let Value::Map(entries) = value else {
        return Err(value.wrong_type(&"an object"));
    };
    // Most hosts write the fields in the order of the record.
    let mut next = 0;
    for entry in entries {
        let here = |name: &&str| *name == entry.0;
        let place = match names.get(next).is_some_and(here) {
            true => Some(next),
            false => names.iter().position(here),
        };
        match place.and_then(|place| Some((slots.get_mut(place)?, place))) {
            Some((slot, place)) => {
                *slot = Some(entry);
                next = place + 1;
            }
            None if closed => return Err(Fault::unknown_field(&entry.0, names)),
            None => {}
        }
    }
    Ok(())
}

/// The only one of several names that is used.
pub fn one_of<'v, const N: usize>(slots: [Found<'v>; N]) -> Result<Found<'v>, Fault> {
    let mut used = slots.into_iter().flatten();
    match (used.next(), used.next()) {
        (first, None) => Ok(first),
        (_, Some((name, _))) => Err(Fault::twice(name)),
    }
}

/// A field that must be there, unless its type can be absent.
#[inline(never)]
pub fn due<T: FromValue>(found: Found<'_>, name: &'static str) -> Result<T, Fault> {
    match found {
        Some(entry) => held(entry),
        None => T::absent().ok_or_else(|| Fault::missing_field(name)),
    }
}

/// A field whose absence means the default of its type.
#[inline(never)]
pub fn or_default<T: FromValue + Default>(found: Found<'_>) -> Result<T, Fault> {
    found.map_or_else(|| Ok(T::default()), held)
}

/// A field whose absence means what `absent` gives.
#[inline(never)]
pub fn or<T: FromValue>(found: Found<'_>, absent: fn() -> T) -> Result<T, Fault> {
    found.map_or_else(|| Ok(absent()), held)
}

/// A field that tells null from absent.
#[inline(never)]
pub fn given<T: FromValue>(found: Found<'_>) -> Result<Option<T>, Fault> {
    found.map(held).transpose()
}

/// What an entry holds; a fault names the entry.
pub fn held<T: FromValue>((name, value): &(Cow<'_, str>, Value<'_>)) -> Result<T, Fault> {
    T::from_value(value).map_err(|fault| fault.inside(name))
}

/// The place of a word in a closed set.
#[inline(never)]
pub fn word(value: &Value<'_>, names: &'static [&'static str]) -> Result<usize, Fault> {
    match value {
        Value::Text(word) => place(word, names),
        _ => Err(no_content(value, names)),
    }
}

/// The variant that `value` names, and what it holds.
#[inline(never)]
pub fn tagged<'v>(
    value: &'v Value<'v>,
    names: &'static [&'static str],
) -> Result<(usize, Found<'v>), Fault> {
    match value {
        Value::Text(word) => Ok((place(word, names)?, None)),
        Value::Map(entries) => match entries.as_slice() {
            [entry] => Ok((place(&entry.0, names)?, Some(entry))),
            _ => Err(no_content(value, names)),
        },
        _ => Err(no_content(value, names)),
    }
}

/// The error of a value that is no variant of the set.
#[cold]
#[must_use]
pub fn no_content(value: &Value<'_>, names: &'static [&'static str]) -> Fault {
    value.wrong_type(&names.join(" | ").as_str())
}

fn place(word: &str, names: &'static [&'static str]) -> Result<usize, Fault> {
    let place = names.iter().position(|name| *name == word);
    place.ok_or_else(|| Fault::unknown_variant(word, names))
}

/// The entries of a list.
pub(crate) fn list<'v>(value: &'v Value<'v>) -> Result<&'v [Value<'v>], Fault> {
    match value {
        Value::List(entries) => Ok(entries),
        _ => Err(value.wrong_type(&"a list")),
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        match value {
            Value::Null => Ok(None),
            _ => T::from_value(value).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    #[inline(never)]
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        let entries = list(value)?;
        let mut read = Self::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            read.push(T::from_value(entry).map_err(|fault| fault.at(index))?);
        }
        Ok(read)
    }
}

impl<T: FromValue, const N: usize> FromValue for [T; N] {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        let read: Vec<T> = FromValue::from_value(value)?;
        let expected = || format!("an array of length {N}");
        Self::try_from(read).map_err(|read| Fault::invalid_length(read.len(), &expected().as_str()))
    }
}

impl FromValue for IgnoredAny {
    fn from_value(_: &Value<'_>) -> Result<Self, Fault> {
        Ok(Self)
    }
}

impl FromValue for bool {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        match value {
            Value::Bool(b) => Ok(*b),
            _ => Err(value.wrong_type(&"a boolean")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        match value {
            Value::Text(text) => Ok(text.clone().into_owned()),
            _ => Err(value.wrong_type(&"a string")),
        }
    }
}

impl FromValue for Cow<'static, str> {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        String::from_value(value).map(Self::Owned)
    }
}

impl FromValue for u64 {
    fn from_value(value: &Value<'_>) -> Result<Self, Fault> {
        match value {
            Value::Unsigned(n) => Ok(*n),
            Value::Signed(n) => Err(Fault::invalid_value(Unexpected::Signed(*n), &"u64")),
            _ => Err(value.wrong_type(&"u64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorCode};
    use crate::value;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize, FromValue)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Closed {
        #[serde(alias = "old")]
        new_name: u64,
        #[serde(default = "seven")]
        with_seven: u64,
        #[serde(default)]
        empty: Vec<u64>,
        maybe: Option<Kind>,
        #[serde(default, deserialize_with = "given")]
        told: Option<Option<u64>>,
    }

    #[derive(Debug, PartialEq, Deserialize, FromValue)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        PlainOne,
        Holding([u64; 2]),
    }

    fn seven() -> u64 {
        7
    }

    fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<u64>>, D::Error> {
        Option::deserialize(from).map(Some)
    }

    fn read(text: &str) -> Result<Closed, Error> {
        value::decode(&Value::from_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_attributes_mean_what_they_mean_to_serde() {
        for text in [
            r#"{"new-name":1}"#,
            r#"{"old":1,"with-seven":8,"empty":[3],"maybe":null,"told":null}"#,
            r#"{"told":5,"maybe":"plain_one","new-name":1}"#,
            r#"{"maybe":{"holding":[1,2]},"new-name":1}"#,
        ] {
            let serde: Closed = serde_json::from_str(text).unwrap();
            assert_eq!(read(text).unwrap(), serde, "{text}");
        }
        for text in [
            r#"{}"#,
            r#"{"new-name":1,"old":2}"#,
            r#"{"new-name":1,"maybe":"holding"}"#,
            r#"{"new-name":1,"maybe":{"holding":[1]}}"#,
            r#"{"new-name":1,"maybe":{"holding":[1,2,3]}}"#,
            r#"{"new-name":1,"empty":null}"#,
            r#"{"new-name":-1}"#,
            r#"{"new-name":1,"newname":1}"#,
        ] {
            assert!(serde_json::from_str::<Closed>(text).is_err(), "{text}");
            assert!(read(text).is_err(), "{text}");
        }
        // Only serde_json takes a record by position and a word as a record.
        assert!(read("[1]").is_err());
        assert!(read(r#"{"new-name":1,"maybe":{"plain_one":null}}"#).is_err());
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
