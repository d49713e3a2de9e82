//! The fast way from Python objects to a typed record: a [`Source`] that core's reader reads, with no
//! plain value in between, names compared by pointer.
//!
//! It knows what callers nearly always have: dicts, lists, tuples, `str`, `int`, `float`, `bool`,
//! `None`. On anything else, and on any mistake, it gives up without saying why, and the slow way
//! ([`crate::intake`]) reads the input again and names the mistake. So it must never accept what the
//! slow way refuses, nor read it differently.

use pyo3::prelude::*;
use pyo3::types::iter::{BoundDictIterator, BoundListIterator, BoundTupleIterator};
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use std::borrow::Cow;
use trimtab_core::error::Error;
use trimtab_core::value::{Fault, FromValue, MAX_DEPTH, Node, Source, Value};

use crate::{intake, names};

/// The record, if the object is plainly one.
pub fn read<T: FromValue>(any: &Bound<'_, PyAny>) -> Option<T> {
    let object = Object {
        any: any.clone(),
        depth: 0,
    };
    T::from_value(&object).ok()
}

/// Something is not plain; the slow way will say what.
#[cold]
fn unfit() -> Fault {
    Error::internal("not plain").into()
}

/// A Python object at its depth.
struct Object<'py> {
    any: Bound<'py, PyAny>,
    depth: usize,
}

impl<'py> Object<'py> {
    fn inner(&self) -> Result<usize, Fault> {
        let inner = self.depth + 1;
        if inner < MAX_DEPTH {
            Ok(inner)
        } else {
            Err(unfit())
        }
    }

    fn dict(&self) -> Result<&Bound<'py, PyDict>, Fault> {
        self.any.cast::<PyDict>().map_err(|_| unfit())
    }

    fn text(string: &Bound<'py, PyString>) -> Result<Node<'static, Self>, Fault> {
        // Half of a surrogate pair is no text.
        let text = string.to_cow().map_err(|_| unfit())?;
        Ok(Node::Text(Cow::Owned(text.into_owned())))
    }

    fn integer(n: &Bound<'py, PyInt>) -> Result<Node<'static, Self>, Fault> {
        match intake::integer(n) {
            Ok(Value::Unsigned(n)) => Ok(Node::Unsigned(n)),
            Ok(Value::Signed(n)) => Ok(Node::Signed(n)),
            Ok(Value::Integer(digits)) => Ok(Node::Integer(digits)),
            Ok(Value::Float(x)) => Ok(Node::Float(x)),
            _ => Err(unfit()),
        }
    }

    /// What it is by its exact type; an instance of a subclass is looked at by [`Self::inherited`].
    fn plain(&self) -> Option<Result<Node<'static, Self>, Fault>> {
        let any = &self.any;
        if let Ok(x) = any.cast_exact::<PyFloat>() {
            return Some(Ok(Node::Float(x.value())));
        }
        if let Ok(string) = any.cast_exact::<PyString>() {
            return Some(Self::text(string));
        }
        if let Ok(n) = any.cast_exact::<PyInt>() {
            return Some(Self::integer(n));
        }
        if any.is_none() {
            return Some(Ok(Node::Null));
        }
        if let Ok(dict) = any.cast_exact::<PyDict>() {
            return Some(self.pairs(dict));
        }
        if let Ok(list) = any.cast_exact::<PyList>() {
            let rest = Items::List(list.iter());
            return Some(self.entries(rest));
        }
        any.cast_exact::<PyBool>()
            .ok()
            .map(|b| Ok(Node::Bool(b.is_true())))
    }

    fn inherited(&self) -> Result<Node<'static, Self>, Fault> {
        let any = &self.any;
        if let Ok(x) = any.cast::<PyFloat>() {
            return Ok(Node::Float(x.value()));
        }
        if let Ok(string) = any.cast::<PyString>() {
            return Self::text(string);
        }
        if let Ok(tuple) = any.cast::<PyTuple>() {
            return self.entries(Items::Tuple(tuple.iter()));
        }
        if let Ok(list) = any.cast::<PyList>() {
            return self.entries(Items::List(list.iter()));
        }
        self.pairs(self.dict()?)
    }

    fn entries(&self, rest: Items<'py>) -> Result<Node<'static, Self>, Fault> {
        let depth = self.inner()?;
        Ok(Node::List(Entries { rest, depth }))
    }

    fn pairs(&self, dict: &Bound<'py, PyDict>) -> Result<Node<'static, Self>, Fault> {
        Ok(Node::Map(Pairs {
            rest: dict.iter(),
            depth: self.inner()?,
            texts: None,
        }))
    }

    /// The fields of a record whose keys are the very strings of our names.
    fn known_fields(
        &self,
        dict: &Bound<'py, PyDict>,
        strings: &[Py<PyString>],
        slots: &mut [Option<Self>],
    ) -> Result<(), Fault> {
        let depth = self.inner()?;
        // Most callers give the fields in our order.
        let mut next = 0;
        for (key, any) in dict.iter() {
            let here = |known: &Py<PyString>| known.is(&key);
            let place = match strings.get(next).is_some_and(here) {
                true => Some(next),
                false => strings.iter().position(here),
            };
            let place = place.ok_or_else(unfit)?;
            let slot = slots.get_mut(place).ok_or_else(unfit)?;
            *slot = Some(Self { any, depth });
            next = place + 1;
        }
        Ok(())
    }
}

impl<'py> Source for Object<'py> {
    type List = Entries<'py>;
    type Key = String;
    type Map = Pairs<'py>;

    const NAMES_MISTAKES: bool = false;

    fn is_null(&self) -> bool {
        self.any.is_none()
    }

    fn node(&self) -> Result<Node<'_, Self>, Fault> {
        self.plain().unwrap_or_else(|| self.inherited())
    }

    // A field of no name is the slow way's to refuse, or to leave out.
    fn fields(
        &self,
        names: &'static [&'static str],
        _: bool,
        slots: &mut [Option<Self>],
    ) -> Result<(), Fault> {
        let dict = self.dict()?;
        let strings = names::words(dict.py(), names).ok_or_else(unfit)?;
        // Names that stand in source code are the objects we know; those of a parsed text are not.
        let first = dict.iter().next();
        if first.is_none_or(|(key, _)| strings.iter().any(|known| known.is(&key))) {
            return self.known_fields(dict, strings, slots);
        }
        let (depth, mut found) = (self.inner()?, 0);
        for (slot, string) in slots.iter_mut().zip(strings) {
            if let Some(any) = dict.get_item(string).map_err(|_| unfit())? {
                *slot = Some(Self { any, depth });
                found += 1;
            }
        }
        match found == dict.len() {
            true => Ok(()),
            false => Err(unfit()),
        }
    }

    fn entry(&self, name: &'static str) -> Result<Option<Self>, Fault> {
        let Ok(dict) = self.dict() else {
            return Ok(None);
        };
        let found = dict.get_item(names::word(dict.py(), name));
        let depth = self.inner()?;
        let found = found.map_err(|_| unfit())?;
        Ok(found.map(|any| Self { any, depth }))
    }

    fn word(&self, words: &'static [&'static str]) -> Option<usize> {
        let string = self.any.cast_exact::<PyString>().ok()?;
        let known = names::words(string.py(), words)?;
        known.iter().position(|known| known.is(string))
    }

    fn to_value(&self) -> Result<Value<'static>, Fault> {
        intake::at_depth(&self.any, self.depth).map_err(|_| unfit())
    }
}

/// The entries of a list.
struct Entries<'py> {
    rest: Items<'py>,
    depth: usize,
}

enum Items<'py> {
    List(BoundListIterator<'py>),
    Tuple(BoundTupleIterator<'py>),
}

impl<'py> Iterator for Entries<'py> {
    type Item = Object<'py>;

    fn next(&mut self) -> Option<Object<'py>> {
        let any = match &mut self.rest {
            Items::List(rest) => rest.next(),
            Items::Tuple(rest) => rest.next(),
        }?;
        let depth = self.depth;
        Some(Object { any, depth })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.rest {
            Items::List(rest) => rest.size_hint(),
            Items::Tuple(rest) => rest.size_hint(),
        }
    }
}

impl ExactSizeIterator for Entries<'_> {}

/// The entries of a map, in the order of the dict.
struct Pairs<'py> {
    rest: BoundDictIterator<'py>,
    depth: usize,
    /// Whether the keys are texts; all or none, or `1` and `"1"` would pass as two.
    texts: Option<bool>,
}

impl Pairs<'_> {
    fn key(&mut self, any: &Bound<'_, PyAny>) -> Result<String, Fault> {
        let string = any.cast::<PyString>();
        if *self.texts.get_or_insert(string.is_ok()) != string.is_ok() {
            return Err(unfit());
        }
        if let Ok(string) = string {
            let key = string.to_cow().map_err(|_| unfit())?.into_owned();
            // The marker of a float that JSON cannot write.
            return if key == "$f64" { Err(unfit()) } else { Ok(key) };
        }
        match any.is_exact_instance_of::<PyInt>() {
            true => any
                .extract::<i64>()
                .map(|n| n.to_string())
                .map_err(|_| unfit()),
            false => Err(unfit()),
        }
    }
}

impl<'py> Iterator for Pairs<'py> {
    type Item = Result<(String, Object<'py>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let (key, any) = self.rest.next()?;
        let depth = self.depth;
        Some(self.key(&key).map(|key| (key, Object { any, depth })))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for Pairs<'_> {}
