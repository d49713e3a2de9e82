//! The one intake and outlet: a tree of plain values between every surface and the typed records.
//!
//! Each surface turns what its host has (bytes, JavaScript objects, Python objects) into a
//! [`Value`], and [`decode`] turns that into a typed record or one [`Error`] with the path of the
//! field. So a mistake is the same mistake everywhere. [`encode`] is the way back.
//!
//! JSON has no NaN: `{"$f64":"NaN"}` (`Infinity`, `-Infinity`) stands for the float, so that a
//! refused input can be logged and replayed.

use serde::de;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

pub use crate::canonical::AMOUNT;
use crate::canonical::{self, Amounts};
use crate::error::{Error, ErrorCode};

/// Inputs nest no deeper than this (serde_json's own limit for bytes).
pub const MAX_DEPTH: usize = 128;

/// A plain value. Maps keep the order of the input; [`crate::canonical`] sorts on output.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A non-negative integer of at most 64 bits.
    Unsigned(u64),
    /// A negative integer of at most 64 bits.
    Signed(i64),
    /// A host's big integer, or a 256-bit amount: decimal digits, in JSON a string.
    Integer(Cow<'a, str>),
    /// A float, also NaN and the infinities.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// A record, in the order of the input.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Reads JSON. Duplicate keys are refused: two readers could take different ones.
    pub fn from_json(bytes: &'a [u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|error| syntax_error(bytes, &error))
    }

    /// The entry `key` of a record.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Unsigned(n) => Value::Unsigned(n),
            Self::Signed(n) => Value::Signed(n),
            Self::Float(x) => Value::Float(x),
            Self::Integer(text) => Value::Integer(own(text)),
            Self::Text(text) => Value::Text(own(text)),
            Self::List(entries) => {
                Value::List(entries.into_iter().map(Value::into_owned).collect())
            }
            Self::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (own(key), value.into_owned()))
                    .collect(),
            ),
        }
    }

    /// `self` with every entry of `over` laid on top, record by record.
    #[must_use]
    pub fn overlaid(self, over: Self) -> Self {
        match (self, over) {
            (Self::Map(mut base), Self::Map(over)) => {
                for (key, value) in over {
                    match base.iter_mut().find(|(name, _)| *name == key) {
                        Some((_, slot)) => {
                            let below = std::mem::replace(slot, Self::Null);
                            *slot = below.overlaid(value);
                        }
                        None => base.push((key, value)),
                    }
                }
                Self::Map(base)
            }
            (_, over) => over,
        }
    }
}

/// What a record can be read from: a plain value, or an object of a host.
pub trait Source: Sized {
    /// The entries of a list.
    type List: ExactSizeIterator<Item = Self>;
    /// The key of an entry.
    type Key: AsRef<str>;
    /// The entries of a map.
    type Map: ExactSizeIterator<Item = Result<(Self::Key, Self), Fault>>;

    /// Whether its faults name the mistake. Those of a host's object need not: the host then reads
    /// it once more, as a plain value.
    const NAMES_MISTAKES: bool;

    /// Whether it is nothing.
    fn is_null(&self) -> bool;

    /// What it is, without its parts.
    fn node(&self) -> Result<Node<'_, Self>, Fault>;

    /// Puts every entry of a record into the slot of its name; `is_closed` refuses names of no slot.
    fn fields(
        &self,
        names: &'static [&'static str],
        is_closed: bool,
        slots: &mut [Option<Self>],
    ) -> Result<(), Fault>;

    /// One entry of a record; nothing where there is no such entry, or no record.
    fn entry(&self, name: &'static str) -> Result<Option<Self>, Fault>;

    /// The place of a text among `words`, where that is known without looking at its letters.
    fn word(&self, words: &'static [&'static str]) -> Option<usize>;

    /// All of it.
    fn to_value(&self) -> Result<Value<'static>, Fault>;
}

/// What a source is: a scalar, or the way to its entries.
#[derive(Debug)]
pub enum Node<'s, S: Source> {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A non-negative integer of at most 64 bits.
    Unsigned(u64),
    /// A negative integer of at most 64 bits.
    Signed(i64),
    /// A larger integer: decimal digits.
    Integer(Cow<'s, str>),
    /// A float, also NaN and the infinities.
    Float(f64),
    /// A text.
    Text(Cow<'s, str>),
    /// A list.
    List(S::List),
    /// A record or map.
    Map(S::Map),
}

/// The entries of a plain map.
#[derive(Debug)]
pub struct Pairs<'v>(std::slice::Iter<'v, (Cow<'v, str>, Value<'v>)>);

impl<'v> Iterator for Pairs<'v> {
    type Item = Result<(&'v str, &'v Value<'v>), Fault>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| Ok((key.as_ref(), value)))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Pairs<'_> {}

impl<'v> Source for &'v Value<'v> {
    type List = std::slice::Iter<'v, Value<'v>>;
    type Key = &'v str;
    type Map = Pairs<'v>;

    const NAMES_MISTAKES: bool = true;

    #[inline]
    fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    #[inline]
    fn node(&self) -> Result<Node<'_, Self>, Fault> {
        let value: &'v Value<'v> = self;
        Ok(match value {
            Value::Null => Node::Null,
            Value::Bool(b) => Node::Bool(*b),
            Value::Unsigned(n) => Node::Unsigned(*n),
            Value::Signed(n) => Node::Signed(*n),
            Value::Integer(digits) => Node::Integer(Cow::Borrowed(digits)),
            Value::Float(x) => Node::Float(*x),
            Value::Text(text) => Node::Text(Cow::Borrowed(text)),
            Value::List(entries) => Node::List(entries.iter()),
            Value::Map(entries) => Node::Map(Pairs(entries.iter())),
        })
    }

    #[inline(never)]
    fn fields(
        &self,
        names: &'static [&'static str],
        is_closed: bool,
        slots: &mut [Option<Self>],
    ) -> Result<(), Fault> {
        let Value::Map(entries) = self else {
            return Err(wrong_type(&self.node()?, &"an object"));
        };
        // Most hosts write the fields in the order of the record.
        let mut next = 0;
        for (key, value) in entries {
            let here = |name: &&str| *name == key;
            let place = match names.get(next).is_some_and(here) {
                true => Some(next),
                false => names.iter().position(here),
            };
            match place.and_then(|place| Some((slots.get_mut(place)?, place))) {
                Some((slot, place)) => {
                    *slot = Some(value);
                    next = place + 1;
                }
                None if is_closed => return Err(de::Error::unknown_field(key, names)),
                None => {}
            }
        }
        Ok(())
    }

    fn entry(&self, name: &'static str) -> Result<Option<Self>, Fault> {
        Ok(self.get(name))
    }

    #[inline]
    fn word(&self, _: &'static [&'static str]) -> Option<usize> {
        None
    }

    fn to_value(&self) -> Result<Value<'static>, Fault> {
        Ok((*self).clone().into_owned())
    }
}

/// What can be read from a source; derived for records, see [`crate::record`].
pub trait FromValue: Sized {
    /// Reads it.
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault>;

    /// Whether null means the same as absence in a field that may be absent.
    const NULL_IS_ABSENCE: bool = false;

    /// What the absence of a field of this type means, if it means anything.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Reads it from the key of a map.
    fn from_key(key: &str) -> Result<Self, Fault> {
        Self::from_value(&&Value::Text(Cow::Borrowed(key)))
    }
}

pub use trimtab_derive::FromValue;

/// A typed record out of a plain value.
pub fn decode<T: FromValue>(value: &Value<'_>) -> Result<T, Error> {
    T::from_value(&value).map_err(|fault| *fault.0)
}

/// A plain value out of a typed record.
pub fn encode<T: Serialize + ?Sized>(record: &T) -> Result<Value<'static>, Error> {
    from_marked(&canonical::written(record, Amounts::Marked)?)
}

/// A plain value out of canonical JSON in which amounts are marked. Not for input from outside:
/// there a marked amount is an object like any other.
pub fn from_marked(text: &str) -> Result<Value<'static>, Error> {
    read_marked(text.as_bytes()).map(Value::into_owned)
}

/// As [`from_marked`], borrowing from the text.
pub fn read_marked(text: &[u8]) -> Result<Value<'_>, Error> {
    let mut value = Value::from_json(text)?;
    unmark(&mut value);
    Ok(value)
}

fn unmark(value: &mut Value<'_>) {
    match value {
        Value::List(entries) => entries.iter_mut().for_each(unmark),
        Value::Map(entries) => match entries.as_mut_slice() {
            [(key, Value::Text(digits))] if key == AMOUNT => {
                *value = Value::Integer(std::mem::take(digits));
            }
            entries => entries.iter_mut().for_each(|(_, value)| unmark(value)),
        },
        _ => {}
    }
}

/// A wrong type has one place in the bytes: where the value of its field begins.
#[must_use]
pub fn with_offset(bytes: &[u8], mut error: Error) -> Error {
    if error.code == ErrorCode::Malformed && error.offset.is_none() {
        error.offset = place_of(bytes, &error.field);
    }
    error
}

/// The offset of the value at `path`, such as `channels[3].local_pct`.
fn place_of(bytes: &[u8], path: &str) -> Option<u64> {
    let mut here: &RawValue = serde_json::from_slice(bytes).ok()?;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let Level(parts) = serde_json::from_slice(here.get().as_bytes()).ok()?;
        let name = step.strip_suffix(']').unwrap_or(step);
        here = parts.into_iter().find(|(part, _)| part == name)?.1;
    }
    Some((here.get().as_ptr() as usize).checked_sub(bytes.as_ptr() as usize)? as u64)
}

/// The parts of a list (by their place) or a record, unread.
struct Level<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'b> Deserialize<'b> for Level<'b> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'b> de::Visitor<'b> for Parts {
            type Value = Level<'b>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list or an object")
            }
            fn visit_unit<E>(self) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_str<E>(self, _: &str) -> Result<Level<'b>, E> {
                Ok(Level(Vec::new()))
            }
            fn visit_seq<A: de::SeqAccess<'b>>(self, mut seq: A) -> Result<Level<'b>, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element()? {
                    parts.push((Cow::Owned(parts.len().to_string()), part));
                }
                Ok(Level(parts))
            }
            fn visit_map<A: de::MapAccess<'b>>(self, mut map: A) -> Result<Level<'b>, A::Error> {
                let mut parts = Vec::new();
                while let Some(BorrowedText(name)) = map.next_key()? {
                    parts.push((name, map.next_value()?));
                }
                Ok(Level(parts))
            }
        }
        deserializer.deserialize_any(Parts)
    }
}

fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> Error {
    let message = error.to_string();
    let offset = offset_of(bytes, error);
    if let Some(key) = message.strip_prefix(DUPLICATE_KEY) {
        let key = key.split(" at line ").next().unwrap_or(key);
        return Error {
            offset: Some(offset),
            ..Error::duplicate(key, key)
        };
    }
    let (got, expected) = if message.starts_with(TOO_DEEP) {
        (Cow::Borrowed(TOO_DEEP), ONE_VALUE)
    } else if error.is_eof() {
        (Cow::Borrowed("the end of the input"), ONE_VALUE)
    } else {
        found_at(bytes, offset)
    };
    Error {
        offset: Some(offset),
        ..Error::new(ErrorCode::Malformed, "", got, expected)
    }
}

/// What an input that nests too deep has, on every surface.
pub const TOO_DEEP: &str = "recursion limit exceeded";

/// What every input must be.
pub const ONE_VALUE: &str = "one JSON value";

/// What stands where the reading of JSON ended. In our words: those of a parser change with it.
fn found_at(bytes: &[u8], offset: u64) -> (Cow<'static, str>, &'static str) {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let (before, rest) = bytes.split_at_checked(offset).unwrap_or((bytes, &[]));
    let named = ["NaN", "Infinity"]
        .into_iter()
        .find(|name| rest.starts_with(name.as_bytes()));
    if let Some(name) = named {
        let sign = if before.ends_with(b"-") { "-" } else { "" };
        let expected = "a float that JSON cannot write as an object: {\"$f64\":\"NaN\"}";
        return (Cow::Owned(format!("{sign}{name}")), expected);
    }
    let got = match rest.first() {
        Some(byte) if byte.is_ascii_graphic() => format!("\"{}\"", char::from(*byte)),
        Some(byte) => format!("the byte 0x{byte:02x}"),
        None => "the end of the input".to_owned(),
    };
    (Cow::Owned(got), ONE_VALUE)
}

/// serde_json counts lines and columns; tools want a byte offset.
fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
    if error.is_eof() {
        return bytes.len() as u64;
    }
    let before = error.line().saturating_sub(1);
    let line_start: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(before)
        .map(<[u8]>::len)
        .sum();
    (line_start + error.column().saturating_sub(1)).min(bytes.len()) as u64
}

const DUPLICATE_KEY: &str = "duplicate key ";

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> de::Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value<'de>, D::Error> {
        Deserialize::deserialize(inner)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(b))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Value<'de>, E> {
        Ok(Value::Unsigned(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(n).map_or(Value::Signed(n), Value::Unsigned))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Value<'de>, E> {
        Ok(Value::Float(x))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_string<E>(self, text: String) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element()? {
            entries.push(entry);
        }
        Ok(Value::List(entries))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries: Vec<(Cow<'de, str>, Value<'de>)> = Vec::new();
        while let Some(BorrowedText(key)) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        if let Some(key) = repeated_key(&entries) {
            return Err(de::Error::custom(format_args!("{DUPLICATE_KEY}{key}")));
        }
        Ok(marked_float(&entries).map_or(Value::Map(entries), Value::Float))
    }
}

/// `{"$f64":"NaN"}` and its two siblings.
fn marked_float(entries: &[(Cow<'_, str>, Value<'_>)]) -> Option<f64> {
    match entries {
        [(key, Value::Text(name))] if key == "$f64" => match name.as_ref() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// Few keys are compared pair by pair; many are sorted, so that a hostile map stays cheap.
fn repeated_key<'k>(entries: &'k [(Cow<'_, str>, Value<'_>)]) -> Option<&'k str> {
    if entries.len() <= 16 {
        return entries.iter().enumerate().find_map(|(index, (key, _))| {
            entries
                .iter()
                .skip(index + 1)
                .any(|(other, _)| other == key)
                .then_some(key.as_ref())
        });
    }
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_ref()).collect();
    crate::sorting::by(&mut keys, Ord::cmp);
    keys.iter()
        .zip(keys.iter().skip(1))
        .find(|(a, b)| a == b)
        .map(|(a, _)| *a)
}

/// serde borrows a `&str` only on request.
struct BorrowedText<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for BorrowedText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> de::Visitor<'de> for Text {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_string<E>(self, text: String) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Owned(text))
            }
        }
        deserializer.deserialize_str(Text).map(Self)
    }
}

/// An error on its way up from its field. In a box: every record that is read hands it on, and one
/// word is handed on with less code than a whole error.
#[derive(Clone, Debug)]
pub struct Fault(Box<Error>);

impl Fault {
    /// The error on its way.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0
    }

    #[cold]
    pub(crate) fn twice(name: &str) -> Self {
        Self(Box::new(Error::duplicate(name, name)))
    }

    #[cold]
    pub(crate) fn inside(self, key: &str) -> Self {
        Self(Box::new((*self.0).inside(key)))
    }

    #[cold]
    pub(crate) fn at(self, index: usize) -> Self {
        Self(Box::new((*self.0).at(index)))
    }
}

impl From<Error> for Fault {
    #[cold]
    fn from(error: Error) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(de::Error::custom(message)))
    }

    #[cold]
    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self(Box::new(de::Error::invalid_type(found, expected)))
    }

    #[cold]
    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self(Box::new(de::Error::invalid_value(found, expected)))
    }

    #[cold]
    fn invalid_length(found: usize, expected: &dyn de::Expected) -> Self {
        Self(Box::new(de::Error::invalid_length(found, expected)))
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self(Box::new(de::Error::unknown_variant(variant, expected)))
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self(Box::new(de::Error::unknown_field(field, expected)))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self(Box::new(de::Error::missing_field(field)))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        Self(Box::new(de::Error::duplicate_field(field)))
    }
}

/// The float of a text, if it is one. By the reader of JSON: a second reader of floats would bring
/// ten kilobytes of tables.
#[must_use]
pub fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => match Value::from_json(text.as_bytes()) {
            Ok(Value::Float(x)) => Some(x),
            Ok(Value::Unsigned(n)) => Some(n as f64),
            Ok(Value::Signed(n)) => Some(n as f64),
            _ => None,
        },
    }
}

/// The error of a value of another type than `expected`.
#[cold]
pub(crate) fn wrong_type<S: Source>(found: &Node<'_, S>, expected: &dyn de::Expected) -> Fault {
    let found = match found {
        Node::Null => de::Unexpected::Unit,
        Node::Bool(b) => de::Unexpected::Bool(*b),
        Node::Unsigned(n) => de::Unexpected::Unsigned(*n),
        Node::Signed(n) => de::Unexpected::Signed(*n),
        Node::Float(x) => de::Unexpected::Float(*x),
        Node::Integer(digits) => de::Unexpected::Other(digits),
        Node::Text(text) => de::Unexpected::Str(text),
        Node::List(_) => de::Unexpected::Seq,
        Node::Map(_) => de::Unexpected::Map,
    };
    <Fault as de::Error>::invalid_type(found, expected)
}

/// Lets `visitor` take a number.
pub(crate) fn number<'v, S: Source, V: de::Visitor<'v>>(
    source: &S,
    visitor: V,
) -> Result<V::Value, Fault> {
    number_of(source.node()?, visitor)
}

/// Lets `visitor` take a number.
pub(crate) fn number_of<'v, S: Source, V: de::Visitor<'v>>(
    node: Node<'_, S>,
    visitor: V,
) -> Result<V::Value, Fault> {
    match node {
        Node::Unsigned(n) => visitor.visit_u64(n),
        Node::Signed(n) => visitor.visit_i64(n),
        Node::Float(x) => visitor.visit_f64(x),
        // A host's big integer where a plain number is due: as JSON would carry it.
        Node::Integer(digits) => visitor.visit_f64(float(&digits).unwrap_or(f64::NAN)),
        node => Err(wrong_type(&node, &visitor)),
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Unsigned(n) => serializer.serialize_u64(*n),
            Self::Signed(n) => serializer.serialize_i64(*n),
            Self::Integer(digits) => serializer.serialize_newtype_struct(AMOUNT, digits),
            Self::Float(x) if !x.is_finite() => {
                serializer.collect_map([("$f64", canonical::float_text(*x))])
            }
            Self::Float(x) => serializer.serialize_f64(*x),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(entries) => serializer.collect_seq(entries),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (key, value)))
            }
        }
    }
}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::internal(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_told_in_our_own_words() {
        for (text, got, offset) in [
            ("{\"a\": NaN}", "NaN", 6),
            ("[1, Infinity]", "Infinity", 4),
            ("[\n-Infinity]", "-Infinity", 3),
            ("{\"a\": 1", "the end of the input", 7),
            ("", "the end of the input", 0),
            ("{\"a\" 1}", "\"1\"", 5),
            ("[1] x", "\"x\"", 4),
            ("[01]", "\"1\"", 2),
            ("[\"a\u{1}\"]", "the byte 0x01", 3),
        ] {
            let error = Value::from_json(text.as_bytes()).unwrap_err();
            assert_eq!(
                (error.got.as_str(), error.offset),
                (got, Some(offset)),
                "{text}"
            );
        }
        let deep = "[".repeat(200);
        assert_eq!(Value::from_json(deep.as_bytes()).unwrap_err().got, TOO_DEEP);
    }

    #[test]
    fn a_float_that_json_cannot_write_is_read_from_its_mark() {
        let marked = Value::from_json(br#"{"$f64":"-Infinity"}"#);
        assert_eq!(marked, Ok(Value::Float(f64::NEG_INFINITY)));
    }

    #[test]
    fn a_wrong_type_is_found_in_the_bytes() {
        let bytes = br#" {"a": [{"b": 1}, {"b": "x"}], "c": {"d": true}} "#;
        for (path, text) in [
            ("a[1].b", "\"x\""),
            ("c.d", "true"),
            ("c", "{\"d\""),
            ("", "{\"a\""),
        ] {
            let at = place_of(bytes, path).unwrap() as usize;
            assert!(bytes[at..].starts_with(text.as_bytes()), "{path} at {at}");
        }
        assert_eq!(place_of(bytes, "a[2].b"), None);
    }
}
