//! The one intake and outlet: a tree of plain values between every surface and the typed records.
//!
//! Each surface turns what its host has (bytes, JavaScript objects, Python objects) into a
//! [`Value`], and [`decode`] turns that into a typed record or one [`Error`] with the path of the
//! field. So a mistake is the same mistake everywhere. [`encode`] is the way back.
//!
//! JSON has no NaN: `{"$f64":"NaN"}` (`Infinity`, `-Infinity`) stands for the float, so that a
//! refused input can be logged and replayed.

use serde::de::{self, DeserializeOwned, IntoDeserializer as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

use crate::canonical::{self, Amounts, float_text};
use crate::error::{Error, ErrorCode};
use crate::table::Table;

/// Inputs nest no deeper than this (serde_json's own limit for bytes).
pub const MAX_DEPTH: usize = 128;

/// The name under which 256-bit amounts pass through serde, so that a host with native big
/// integers can carry them as such.
pub const AMOUNT: &str = "$amount";

/// Before the id field of an entry that may be bad without spoiling its list; see
/// [`crate::entries`].
pub const ATTEMPT: &str = "$attempt:";

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

/// A typed record out of a plain value.
pub fn decode<T: DeserializeOwned>(value: &Value<'_>) -> Result<T, Error> {
    T::deserialize(value).map_err(|fault| *fault.0)
}

/// A plain value out of a typed record.
pub fn encode<T: Serialize + ?Sized>(record: &T) -> Result<Value<'static>, Error> {
    from_marked(&canonical::written(record, Amounts::Marked)?)
}

/// A plain value out of canonical JSON in which amounts are marked. Not for input from outside:
/// there a marked amount is an object like any other.
pub fn from_marked(text: &str) -> Result<Value<'static>, Error> {
    Ok(unmarked(Value::from_json(text.as_bytes())?.into_owned()))
}

fn unmarked(value: Value<'static>) -> Value<'static> {
    match value {
        Value::List(entries) => Value::List(entries.into_iter().map(unmarked).collect()),
        Value::Map(mut entries) => match entries.as_mut_slice() {
            [(key, Value::Text(digits))] if key == AMOUNT => Value::Integer(std::mem::take(digits)),
            _ => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, unmarked(value)))
                    .collect(),
            ),
        },
        other => other,
    }
}

/// A wrong type has one place in the bytes: where the value of its field begins.
pub(crate) fn with_offset(bytes: &[u8], mut error: Error) -> Error {
    if error.code == ErrorCode::Malformed && error.offset.is_none() {
        error.offset = place_of(bytes, &error.field);
    }
    error
}

/// The offset of the value at `path`, such as `channels[3].local_pct`.
fn place_of(bytes: &[u8], path: &str) -> Option<u64> {
    type Fields<'b> = Table<Cow<'b, str>, &'b RawValue>;
    let mut here: &RawValue = serde_json::from_slice(bytes).ok()?;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        here = match step.strip_suffix(']') {
            Some(index) => {
                let entries: Vec<&RawValue> = serde_json::from_slice(here.get().as_bytes()).ok()?;
                entries.get(index.parse::<usize>().ok()?)?
            }
            None => serde_json::from_slice::<Fields<'_>>(here.get().as_bytes())
                .ok()?
                .get(step)?,
        };
    }
    Some((here.get().as_ptr() as usize).checked_sub(bytes.as_ptr() as usize)? as u64)
}

fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> Error {
    let message = error.to_string();
    let offset = Some(offset_of(bytes, error));
    if let Some(key) = message.strip_prefix(DUPLICATE_KEY) {
        let key = key.split(" at line ").next().unwrap_or(key);
        return Error {
            offset,
            ..Error::duplicate(key, key)
        };
    }
    let what = message
        .split(" at line ")
        .next()
        .unwrap_or(&message)
        .to_owned();
    Error {
        offset,
        ..Error::new(ErrorCode::Malformed, "", what, "one JSON value")
    }
}

/// serde_json counts lines and columns; tools want a byte offset.
fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
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
    #[cold]
    fn internal(what: &str) -> Self {
        Self(Box::new(Error::internal(what)))
    }

    #[cold]
    fn inside(self, key: &str) -> Self {
        Self(Box::new((*self.0).inside(key)))
    }

    #[cold]
    fn at(self, index: usize) -> Self {
        Self(Box::new((*self.0).at(index)))
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

impl<'v, 'de> Deserializer<'de> for &'v Value<'de>
where
    'v: 'de,
{
    type Error = Fault;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Unsigned(n) => visitor.visit_u64(*n),
            Value::Signed(n) => visitor.visit_i64(*n),
            Value::Float(x) => visitor.visit_f64(*x),
            // A host's big integer where a plain number is due: as JSON would carry it.
            Value::Integer(digits) => visitor.visit_f64(digits.parse().unwrap_or(f64::NAN)),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(entries) => visitor.visit_seq(Entries {
                rest: entries.iter(),
                index: 0,
            }),
            Value::Map(entries) => visitor.visit_map(Fields {
                rest: entries.iter(),
                current: None,
            }),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(id_field) = name.strip_prefix(ATTEMPT) {
            return visitor.visit_seq(Attempt {
                value: self,
                id_field,
                error: None,
            });
        }
        match self {
            Value::Integer(digits) if name == AMOUNT => visitor.visit_borrowed_str(digits),
            Value::Text(text) if name == AMOUNT => visitor.visit_borrowed_str(text),
            _ if name == AMOUNT => self.deserialize_u64(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    // Each hint leads to the few visits that can answer it. That keeps the module small: a visit
    // that is never made is never compiled.
    //
    // A record by position would make the order of our fields part of the format.
    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::List(entries) => visitor.visit_seq(Entries {
                rest: entries.iter(),
                index: 0,
            }),
            _ => Err(self.wrong_type(&"a list")),
        }
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Map(entries) => visitor.visit_map(Fields {
                rest: entries.iter(),
                current: None,
            }),
            _ => Err(self.wrong_type(&"an object")),
        }
    }

    fn deserialize_str<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.wrong_type(&visitor)),
        }
    }

    fn deserialize_string<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Bool(b) => visitor.visit_bool(*b),
            _ => Err(self.wrong_type(&visitor)),
        }
    }

    fn deserialize_u64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Value::Unsigned(n) => visitor.visit_u64(*n),
            Value::Signed(n) => visitor.visit_i64(*n),
            Value::Float(x) => visitor.visit_f64(*x),
            // A host's big integer where a plain number is due: as JSON would carry it.
            Value::Integer(digits) => visitor.visit_f64(digits.parse().unwrap_or(f64::NAN)),
            _ => Err(self.wrong_type(&visitor)),
        }
    }

    fn deserialize_f64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Value::Text(text) => visitor.visit_enum(text.as_ref().into_deserializer()),
            Value::Map(entries) => match entries.as_slice() {
                [(key, value)] => visitor.visit_enum(Tagged { tag: key, value }),
                _ => Err(self.wrong_type(&variants.join(" | ").as_str())),
            },
            _ => Err(self.wrong_type(&variants.join(" | ").as_str())),
        }
    }

    fn deserialize_ignored_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf
        unit unit_struct tuple tuple_struct identifier
    }
}

impl Value<'_> {
    #[cold]
    fn wrong_type(&self, expected: &dyn de::Expected) -> Fault {
        let found = match self {
            Self::Null => de::Unexpected::Unit,
            Self::Bool(b) => de::Unexpected::Bool(*b),
            Self::Unsigned(n) => de::Unexpected::Unsigned(*n),
            Self::Signed(n) => de::Unexpected::Signed(*n),
            Self::Float(x) => de::Unexpected::Float(*x),
            Self::Integer(digits) => de::Unexpected::Other(digits),
            Self::Text(text) => de::Unexpected::Str(text),
            Self::List(_) => de::Unexpected::Seq,
            Self::Map(_) => de::Unexpected::Map,
        };
        <Fault as de::Error>::invalid_type(found, expected)
    }
}

/// Offers an entry first as what it should be; if it is not, its error and then its id.
struct Attempt<'v, 'de> {
    value: &'v Value<'de>,
    id_field: &'static str,
    error: Option<Fault>,
}

impl<'v, 'de> de::SeqAccess<'de> for Attempt<'v, 'de>
where
    'v: 'de,
{
    type Error = Fault;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(error) = &self.error else {
            return seed
                .deserialize(self.value)
                .map(Some)
                .inspect_err(|error| self.error = Some(error.clone()));
        };
        let id = self
            .value
            .get(self.id_field)
            .and_then(Value::as_text)
            .unwrap_or_default();
        let fields = [
            error.0.code.as_str().to_owned(),
            error.0.field.clone(),
            error.0.got.clone(),
            error.0.expected.clone(),
            id.to_owned(),
        ];
        let fields: de::value::SeqDeserializer<_, Fault> =
            de::value::SeqDeserializer::new(fields.into_iter());
        seed.deserialize(fields).map(Some)
    }
}

struct Entries<'v, 'de> {
    rest: std::slice::Iter<'v, Value<'de>>,
    index: usize,
}

impl<'v, 'de> de::SeqAccess<'de> for Entries<'v, 'de>
where
    'v: 'de,
{
    type Error = Fault;

    #[inline(never)]
    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(value)
            .map(Some)
            .map_err(|error| error.at(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Fields<'v, 'de> {
    rest: std::slice::Iter<'v, (Cow<'de, str>, Value<'de>)>,
    current: Option<(&'v str, &'v Value<'de>)>,
}

impl<'v, 'de> de::MapAccess<'de> for Fields<'v, 'de>
where
    'v: 'de,
{
    type Error = Fault;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.current = Some((key.as_ref(), value));
        seed.deserialize(Key(key)).map(Some)
    }

    // One copy for every type of field, not one for every field.
    #[inline(never)]
    fn next_value_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let (key, value) = self
            .current
            .take()
            .ok_or_else(|| Fault::internal("a value before its key"))?;
        seed.deserialize(value).map_err(|error| error.inside(key))
    }
}

/// A key is text; where the record wants an integer (a token id) its digits count.
struct Key<'de>(&'de str);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Fault;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_u64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.parse::<u64>() {
            // "+1" and "01" are other texts of the same number: one of two readers would differ.
            Ok(n) if n.to_string() == self.0 => visitor.visit_u64(n),
            _ => visitor.visit_borrowed_str(self.0),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Tagged<'v, 'de> {
    tag: &'v str,
    value: &'v Value<'de>,
}

impl<'v, 'de> de::EnumAccess<'de> for Tagged<'v, 'de>
where
    'v: 'de,
{
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Fault> {
        let tag: de::value::BorrowedStrDeserializer<'de, Fault> =
            de::value::BorrowedStrDeserializer::new(self.tag);
        Ok((seed.deserialize(tag)?, self))
    }
}

impl<'v, 'de> de::VariantAccess<'de> for Tagged<'v, 'de>
where
    'v: 'de,
{
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Err(self.value.wrong_type(&"no content").inside(self.tag))
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.value)
            .map_err(|error| error.inside(self.tag))
    }

    fn tuple_variant<V: de::Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value
            .deserialize_seq(visitor)
            .map_err(|error| error.inside(self.tag))
    }

    fn struct_variant<V: de::Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value
            .deserialize_struct("", fields, visitor)
            .map_err(|error| error.inside(self.tag))
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
            Self::Float(x) if !x.is_finite() => serializer.collect_map([("$f64", float_text(*x))]),
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
