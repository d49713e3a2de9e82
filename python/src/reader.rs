//! The fast way from Python objects to a typed record: no plain value in between, names compared
//! by pointer.
//!
//! It reads what callers nearly always have: dicts, lists, tuples, `str`, `int`, `float`, `bool`,
//! `None`. On anything else, and on any mistake, it gives up without saying why, and the slow way
//! ([`crate::intake`]) reads the input again and names the mistake. So it must never accept what the
//! slow way refuses, nor read it differently.

use pyo3::prelude::*;
use pyo3::types::iter::{BoundDictIterator, BoundListIterator, BoundTupleIterator};
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde::de::{self, DeserializeOwned, IntoDeserializer as _};
use std::fmt;
use trimtab_core::value::{AMOUNT, ATTEMPT, MAX_DEPTH};

use crate::{intake, names};

/// The record, if the object is plainly one.
pub fn read<T: DeserializeOwned>(any: &Bound<'_, PyAny>) -> Option<T> {
    T::deserialize(Reader { any, depth: 0 }).ok()
}

/// Something is not plain; the slow way will say what.
#[derive(Debug)]
pub struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not plain")
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
struct Reader<'a, 'py> {
    any: &'a Bound<'py, PyAny>,
    depth: usize,
}

impl<'py> Reader<'_, 'py> {
    fn inner(&self) -> Result<usize, Unfit> {
        let inner = self.depth + 1;
        if inner < MAX_DEPTH {
            Ok(inner)
        } else {
            Err(Unfit)
        }
    }

    fn integer<'de, V: de::Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Unfit> {
        if let Ok(n) = self.any.extract::<i64>() {
            return match u64::try_from(n) {
                Ok(n) => visitor.visit_u64(n),
                Err(_) => visitor.visit_i64(n),
            };
        }
        self.any
            .extract::<u64>()
            .map_err(|_| Unfit)
            .and_then(|n| visitor.visit_u64(n))
    }

    fn is_exact_int(&self) -> bool {
        self.any.is_exact_instance_of::<PyInt>()
    }

    fn dict(&self) -> Result<&Bound<'py, PyDict>, Unfit> {
        self.any.cast::<PyDict>().map_err(|_| Unfit)
    }

    fn sequence<'de, V: de::Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Unfit> {
        let depth = self.inner()?;
        if let Ok(entries) = self.any.cast::<PyList>() {
            let rest = entries.iter();
            return visitor.visit_seq(ListEntries { rest, depth });
        }
        match self.any.cast::<PyTuple>() {
            Ok(entries) => visitor.visit_seq(TupleEntries {
                rest: entries.iter(),
                depth,
            }),
            Err(_) => Err(Unfit),
        }
    }

    fn map<'de, V: de::Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_map(Pairs {
            rest: self.dict()?.iter(),
            depth: self.inner()?,
            current: None,
            texts: None,
        })
    }
}

impl<'de> de::Deserializer<'de> for Reader<'_, '_> {
    type Error = Unfit;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        let any = self.any;
        if let Ok(x) = any.cast::<PyFloat>() {
            return visitor.visit_f64(x.value());
        }
        if let Ok(string) = any.cast::<PyString>() {
            return visitor.visit_str(&string.to_cow().map_err(|_| Unfit)?);
        }
        if self.is_exact_int() {
            return self.integer(visitor);
        }
        if any.is_none() {
            return visitor.visit_unit();
        }
        if let Ok(b) = any.cast::<PyBool>() {
            return visitor.visit_bool(b.is_true());
        }
        match any.is_instance_of::<PyDict>() {
            true => self.map(visitor),
            false => self.sequence(visitor),
        }
    }

    fn deserialize_f64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.any.cast::<PyFloat>() {
            Ok(x) => visitor.visit_f64(x.value()),
            Err(_) => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.is_exact_int() {
            true => self.integer(visitor),
            false => self.deserialize_any(visitor),
        }
    }

    // A list of another length is the slow way's to refuse.
    fn deserialize_tuple<V: de::Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.any.len() {
            Ok(found) if found == length => self.deserialize_any(visitor),
            _ => Err(Unfit),
        }
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.any.is_none() {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        if name.starts_with(ATTEMPT) {
            // A bad entry ends the fast way; the slow way sets it aside.
            return visitor.visit_newtype_struct(self);
        }
        if name != AMOUNT {
            return visitor.visit_newtype_struct(self);
        }
        match self.any.cast_exact::<PyInt>() {
            Ok(n) if self.any.extract::<i64>().is_err() => match intake::digits(n) {
                Ok(Some(digits)) => visitor.visit_str(&digits),
                _ => Err(Unfit),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let dict = self.dict()?;
        let strings = names::words(dict.py(), fields).ok_or(Unfit)?;
        let (depth, current) = (self.inner()?, None);
        // Names that stand in source code are the objects we know; those of a parsed text are not.
        let first = dict.iter().next();
        if first.is_none_or(|(key, _)| strings.iter().any(|known| known.is(&key))) {
            let rest = dict.iter();
            return visitor.visit_map(Known {
                rest,
                fields,
                strings,
                next: 0,
                current,
                depth,
            });
        }
        visitor.visit_map(Fields {
            dict,
            rest: fields.iter().zip(strings),
            current,
            found: 0,
            depth,
        })
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        let string = self.any.cast::<PyString>().map_err(|_| Unfit)?;
        let strings = names::words(string.py(), variants).unwrap_or_default();
        if let Some(variant) = variants
            .iter()
            .zip(strings)
            .find_map(|(variant, known)| known.is(string).then_some(*variant))
        {
            return visitor.visit_enum(variant.into_deserializer());
        }
        let text = string.to_cow().map_err(|_| Unfit)?;
        visitor.visit_enum(text.as_ref().into_deserializer())
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.sequence(visitor)
    }

    fn deserialize_map<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.map(visitor)
    }

    // What a record ignores must still be readable, and only the slow way looks at it.
    fn deserialize_ignored_any<V: de::Visitor<'de>>(self, _: V) -> Result<V::Value, Unfit> {
        Err(Unfit)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char str string bytes byte_buf
        unit unit_struct tuple_struct identifier
    }
}

macro_rules! entries {
    ($name:ident, $iterator:ident) => {
        struct $name<'py> {
            rest: $iterator<'py>,
            depth: usize,
        }

        impl<'de> de::SeqAccess<'de> for $name<'_> {
            type Error = Unfit;

            fn next_element_seed<T: de::DeserializeSeed<'de>>(
                &mut self,
                seed: T,
            ) -> Result<Option<T::Value>, Unfit> {
                let Some(any) = self.rest.next() else {
                    return Ok(None);
                };
                let (any, depth) = (&any, self.depth);
                seed.deserialize(Reader { any, depth }).map(Some)
            }

            fn size_hint(&self) -> Option<usize> {
                Some(self.rest.len())
            }
        }
    };
}

entries!(ListEntries, BoundListIterator);
entries!(TupleEntries, BoundTupleIterator);

/// The fields of a record, in the order of the dict, each known by pointer.
struct Known<'py> {
    rest: BoundDictIterator<'py>,
    fields: &'static [&'static str],
    strings: &'static [Py<PyString>],
    /// Most callers give the fields in our order.
    next: usize,
    current: Option<Bound<'py, PyAny>>,
    depth: usize,
}

impl Known<'_> {
    fn place(&self, key: &Bound<'_, PyAny>) -> Option<usize> {
        let expected = self.strings.get(self.next);
        if expected.is_some_and(|known| known.is(key)) {
            return Some(self.next);
        }
        self.strings.iter().position(|known| known.is(key))
    }
}

impl<'de> de::MapAccess<'de> for Known<'_> {
    type Error = Unfit;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        let Some((key, entry)) = self.rest.next() else {
            return Ok(None);
        };
        let place = self.place(&key).ok_or(Unfit)?;
        let field = self.fields.get(place).ok_or(Unfit)?;
        self.next = place + 1;
        self.current = Some(entry);
        seed.deserialize(de::value::BorrowedStrDeserializer::new(field))
            .map(Some)
    }

    fn next_value_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        let any = &self.current.take().ok_or(Unfit)?;
        let depth = self.depth;
        seed.deserialize(Reader { any, depth })
    }
}

/// The fields of a record, each looked up by its name.
struct Fields<'a, 'py> {
    dict: &'a Bound<'py, PyDict>,
    rest: std::iter::Zip<
        std::slice::Iter<'static, &'static str>,
        std::slice::Iter<'static, Py<PyString>>,
    >,
    current: Option<Bound<'py, PyAny>>,
    found: usize,
    depth: usize,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Unfit;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        for (field, string) in self.rest.by_ref() {
            let entry = self.dict.get_item(string).map_err(|_| Unfit)?;
            if entry.is_some() {
                self.current = entry;
                self.found += 1;
                return seed
                    .deserialize(de::value::BorrowedStrDeserializer::new(field))
                    .map(Some);
            }
        }
        // A key that is none of the fields.
        if self.found != self.dict.len() {
            return Err(Unfit);
        }
        Ok(None)
    }

    fn next_value_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        let any = &self.current.take().ok_or(Unfit)?;
        let depth = self.depth;
        seed.deserialize(Reader { any, depth })
    }
}

/// The entries of a map, in the order of the dict.
struct Pairs<'py> {
    rest: BoundDictIterator<'py>,
    depth: usize,
    current: Option<Bound<'py, PyAny>>,
    /// Whether the keys are texts; all or none, or `1` and `"1"` would pass as two.
    texts: Option<bool>,
}

impl Pairs<'_> {
    fn key(&mut self, any: &Bound<'_, PyAny>) -> Result<String, Unfit> {
        let string = any.cast::<PyString>();
        if *self.texts.get_or_insert(string.is_ok()) != string.is_ok() {
            return Err(Unfit);
        }
        if let Ok(string) = string {
            let key = string.to_cow().map_err(|_| Unfit)?.into_owned();
            // The marker of a float that JSON cannot write.
            return if key == "$f64" { Err(Unfit) } else { Ok(key) };
        }
        match any.is_exact_instance_of::<PyInt>() {
            true => any
                .extract::<i64>()
                .map(|n| n.to_string())
                .map_err(|_| Unfit),
            false => Err(Unfit),
        }
    }
}

impl<'de> de::MapAccess<'de> for Pairs<'_> {
    type Error = Unfit;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        let Some((key, entry)) = self.rest.next() else {
            return Ok(None);
        };
        self.current = Some(entry);
        seed.deserialize(Key(self.key(&key)?)).map(Some)
    }

    fn next_value_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        let any = &self.current.take().ok_or(Unfit)?;
        let depth = self.depth;
        seed.deserialize(Reader { any, depth })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A key is text; where the map wants an integer its digits count.
struct Key(String);

impl<'de> de::Deserializer<'de> for Key {
    type Error = Unfit;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_string(self.0)
    }

    fn deserialize_u64<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0.parse::<u64>() {
            Ok(n) if n.to_string() == self.0 => visitor.visit_u64(n),
            _ => visitor.visit_string(self.0),
        }
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
