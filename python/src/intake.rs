//! Python objects to plain values, with the path of what cannot be one.
//!
//! Dicts, other mappings and dataclasses become records; lists, tuples and other sequences become
//! lists; an `int` of any size keeps every digit; a `bool` stays a `bool`. What has no meaning (a
//! set, a function, a `Decimal`) is a `malformed` error. A cycle ends at the depth where JSON ends.

use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PySequence, PyString,
    PyTuple,
};
use std::borrow::Cow;
use std::collections::BTreeSet;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::value::{MAX_DEPTH, ONE_VALUE, TOO_DEEP, Value};

use crate::boundary::Failure;

/// No amount of ours comes near so many bits, and Python writes no more than 4300 digits.
const MOST_BITS: u64 = 4096;

const READABLE: &str =
    "None, bool, int, float, str, list, tuple, dict, mapping, sequence or dataclass";

/// The plain value of a Python object.
pub fn value(any: &Bound<'_, PyAny>) -> Result<Value<'static>, Failure> {
    at_depth(any, 0)
}

/// As [`value`], of an object inside others.
pub fn at_depth(any: &Bound<'_, PyAny>, depth: usize) -> Result<Value<'static>, Failure> {
    if any.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(b) = any.cast::<PyBool>() {
        return Ok(Value::Bool(b.is_true()));
    }
    if let Ok(x) = any.cast::<PyFloat>() {
        return Ok(Value::Float(x.value()));
    }
    if let Ok(n) = any.cast::<PyInt>() {
        return integer(n);
    }
    if let Ok(string) = any.cast::<PyString>() {
        return text(string).map(|text| Value::Text(Cow::Owned(text)));
    }
    // The reader of JSON bytes stops at the same depth with the same words; it also ends cycles.
    let inner = depth + 1;
    if inner >= MAX_DEPTH {
        return Err(malformed(TOO_DEEP, ONE_VALUE));
    }
    container(any, inner)
}

fn container(any: &Bound<'_, PyAny>, depth: usize) -> Result<Value<'static>, Failure> {
    if let Ok(dict) = any.cast::<PyDict>() {
        return record(dict.iter(), depth);
    }
    if let Ok(entries) = any.cast::<PyList>() {
        return list(entries.iter(), depth);
    }
    if let Ok(entries) = any.cast::<PyTuple>() {
        return list(entries.iter(), depth);
    }
    let py = any.py();
    if any.is_instance_of::<PyBytes>() || any.is_instance_of::<PyByteArray>() {
        return Err(unreadable(any));
    }
    if let Some(fields) = dataclass_fields(any) {
        return record(
            fields.map_err(|raised| Failure::of_input(py, raised))?,
            depth,
        );
    }
    if let Ok(mapping) = any.cast::<PyMapping>() {
        let items = mapping
            .items()
            .and_then(|items| items.extract::<Vec<(Bound<'_, PyAny>, Bound<'_, PyAny>)>>());
        let items = items.map_err(|raised| Failure::of_input(py, raised))?;
        return record(items.into_iter(), depth);
    }
    if let Ok(sequence) = any.cast::<PySequence>() {
        let entries = sequence.to_list();
        let entries = entries.map_err(|raised| Failure::of_input(py, raised))?;
        return list(entries.iter(), depth);
    }
    indexed(any).unwrap_or_else(|| Err(unreadable(any)))
}

/// What another library counts with (numpy and the like) says so by `__index__`.
fn indexed(any: &Bound<'_, PyAny>) -> Option<Result<Value<'static>, Failure>> {
    let number = any.call_method0("__index__").ok()?;
    let number = number.cast_into_exact::<PyInt>().ok()?;
    Some(integer(&number))
}

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The fields of an instance of a dataclass; nothing for a class or any other object.
fn dataclass_fields<'py>(
    any: &Bound<'py, PyAny>,
) -> Option<PyResult<std::vec::IntoIter<Pair<'py>>>> {
    let fields = any.get_type().getattr("__dataclass_fields__").ok()?;
    let fields = fields.cast_into::<PyDict>().ok()?;
    let read = fields.keys().iter().map(|name| {
        let entry = any.getattr(name.cast::<PyString>()?)?;
        Ok((name, entry))
    });
    let pairs: PyResult<Vec<_>> = read.collect();
    Some(pairs.map(Vec::into_iter))
}

fn list<'py>(
    entries: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    depth: usize,
) -> Result<Value<'static>, Failure> {
    let mut values = Vec::with_capacity(entries.len());
    for (index, entry) in entries.enumerate() {
        let value = at_depth(&entry, depth);
        values.push(value.map_err(|failure| failure.inside(&format!("[{index}]")))?);
    }
    Ok(Value::List(values))
}

fn record<'py>(
    entries: impl ExactSizeIterator<Item = Pair<'py>>,
    depth: usize,
) -> Result<Value<'static>, Failure> {
    let mut values: Vec<(Cow<'static, str>, Value<'static>)> = Vec::with_capacity(entries.len());
    let mut texts_only = true;
    for (name, entry) in entries {
        texts_only &= name.is_instance_of::<PyString>();
        let name = key(&name)?;
        let value = at_depth(&entry, depth).map_err(|failure| failure.inside(&name))?;
        values.push((Cow::Owned(name), value));
    }
    if !texts_only {
        // `1`, `b"1"` and `"1"` are three keys of a dict and one of a record.
        let mut seen = BTreeSet::new();
        if let Some((twice, _)) = values.iter().find(|(name, _)| !seen.insert(name)) {
            return Err(Error::duplicate(twice.as_ref(), twice).into());
        }
    }
    Ok(marked_float(&values).map_or(Value::Map(values), Value::Float))
}

/// `{"$f64": "NaN"}`, as a log or a vector has it.
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

fn key(any: &Bound<'_, PyAny>) -> Result<String, Failure> {
    const KEYS: &str = "str, int or UTF-8 bytes as key";
    if let Ok(string) = any.cast::<PyString>() {
        return text(string);
    }
    if let Ok(bytes) = any.cast::<PyBytes>() {
        return std::str::from_utf8(bytes.as_bytes())
            .map(str::to_owned)
            .map_err(|_| malformed("bytes that are not UTF-8", KEYS));
    }
    match any.cast::<PyInt>() {
        Ok(n) if !any.is_instance_of::<PyBool>() => Ok(match integer(n)? {
            Value::Unsigned(n) => n.to_string(),
            Value::Signed(n) => n.to_string(),
            Value::Integer(digits) => digits.into_owned(),
            _ => return Err(malformed("an int of thousands of digits", KEYS)),
        }),
        _ => Err(malformed(kind(any), KEYS)),
    }
}

/// An `int` as JSON would carry it; what JSON would lose keeps its digits.
pub fn integer(n: &Bound<'_, PyInt>) -> Result<Value<'static>, Failure> {
    if let Ok(small) = n.extract::<i64>() {
        return Ok(u64::try_from(small).map_or(Value::Signed(small), Value::Unsigned));
    }
    if let Ok(large) = n.extract::<u64>() {
        return Ok(Value::Unsigned(large));
    }
    Ok(match digits(n)? {
        Some(digits) => Value::Integer(Cow::Owned(digits)),
        None if n.lt(0)? => Value::Float(f64::NEG_INFINITY),
        None => Value::Float(f64::INFINITY),
    })
}

/// The decimal digits; nothing for an `int` that is beyond every limit of ours.
pub fn digits(n: &Bound<'_, PyInt>) -> Result<Option<String>, Failure> {
    let bits: u64 = n.call_method0("bit_length")?.extract()?;
    if bits > MOST_BITS {
        return Ok(None);
    }
    Ok(Some(n.repr()?.to_cow()?.into_owned()))
}

/// Half of a surrogate pair is no text: two ids could become one on the way.
fn text(string: &Bound<'_, PyString>) -> Result<String, Failure> {
    string
        .to_cow()
        .map(Cow::into_owned)
        .map_err(|_| malformed("half of a surrogate pair", "a well-formed text"))
}

fn malformed(got: impl std::fmt::Display, expected: &str) -> Failure {
    Error::new(ErrorCode::Malformed, "", got, expected).into()
}

fn kind(any: &Bound<'_, PyAny>) -> String {
    let name = any.get_type().qualname();
    name.map_or_else(
        |_| "a foreign object".to_owned(),
        |name| format!("an instance of {name}"),
    )
}

fn unreadable(any: &Bound<'_, PyAny>) -> Failure {
    malformed(kind(any), READABLE)
}
