//! Records of others that we keep as they came: what is signed is all of them, also what we do
//! not know.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::borrow::Cow;

use crate::error::{Error, ErrorCode};
use crate::value::{Fault, FromValue, Source, Value};

/// A plain value, kept as it came.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Plain(Value<'static>);

impl Plain {
    /// Keeps `value`.
    #[must_use]
    pub fn new(value: Value<'static>) -> Self {
        Self(value)
    }

    /// What it holds.
    #[must_use]
    pub fn value(&self) -> &Value<'static> {
        &self.0
    }
}

impl FromValue for Plain {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        source.to_value().map(Self)
    }
}

impl JsonSchema for Plain {
    fn schema_name() -> Cow<'static, str> {
        "Plain".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "description": "any value, kept as it came" })
    }
}

/// The one form of a body: lists, records, texts and whole numbers. A host may hold a whole number
/// as a float or a big integer; the digest must not tell.
pub(super) fn normal(value: &Value<'_>) -> Result<Value<'static>, Error> {
    let refused = |found: &str| {
        let expected = "texts, whole numbers, lists and objects of them";
        Err(Error::new(ErrorCode::Malformed, "", found, expected))
    };
    match value {
        Value::Null => refused("null"),
        Value::Bool(_) => refused("a truth value"),
        Value::Unsigned(n) => Ok(Value::Unsigned(*n)),
        Value::Signed(n) => Ok(Value::Signed(*n)),
        Value::Integer(digits) => match (digits.parse(), digits.parse()) {
            (Ok(n), _) => Ok(Value::Unsigned(n)),
            (_, Ok(n)) => Ok(Value::Signed(n)),
            _ => refused("a number beyond 64 bits"),
        },
        Value::Float(x) => {
            let whole = x.trunc() == *x && x.abs() <= crate::units::MAX_SAFE_INTEGER as f64;
            match whole {
                true if *x < 0.0 => Ok(Value::Signed(*x as i64)),
                true => Ok(Value::Unsigned(*x as u64)),
                false => refused("a fraction"),
            }
        }
        Value::Text(text) => Ok(Value::Text(Cow::Owned(text.to_string()))),
        Value::List(entries) => entries
            .iter()
            .enumerate()
            .map(|(index, entry)| normal(entry).map_err(|error| error.at(index)))
            .collect::<Result<_, _>>()
            .map(Value::List),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, entry)| {
                let entry = normal(entry).map_err(|error| error.inside(key))?;
                Ok((Cow::Owned(key.to_string()), entry))
            })
            .collect::<Result<_, Error>>()
            .map(Value::Map),
    }
}
