//! Cases as a caller of typed methods would write them, and outcomes in a form in which hosts with
//! different numbers can be compared.
//!
//! Two markers stand for what JSON lacks: `{"$f64":"NaN"}` (also in the vectors themselves) and
//! `{"$int":"5"}` for a `bigint` of JavaScript or a large `int` of Python. Amounts of tokens become
//! the latter, as the schema of the operation tells where they are.

use serde_json::{Map, Value as Json, json};
use std::borrow::Cow;
use trimtab_core::canonical;
use trimtab_core::value::Value;

/// The largest integer that a JavaScript number carries.
const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// The schemas that say where the amounts are.
#[derive(Debug)]
pub struct Schemas(Json);

impl Default for Schemas {
    fn default() -> Self {
        Self(trimtab_core::operations::description().unwrap_or_default())
    }
}

impl Schemas {
    /// The typed method of an operation.
    #[must_use]
    pub fn method(&self, operation: &str) -> Option<&str> {
        self.entry(operation)?.get("method")?.as_str()
    }

    /// The input of `operation` with markers, or nothing if no host can write it as an object:
    /// what is no JSON, and what names a key twice.
    #[must_use]
    pub fn marked(&self, operation: &str, text: &str) -> Option<Json> {
        Value::from_json(text.as_bytes()).ok()?;
        let mut input = serde_json::from_str(text).ok()?;
        mark_large(&mut input);
        if let Some(schema) = self.entry(operation).and_then(|entry| entry.get("input")) {
            self.mark_amounts(&mut input, schema);
        }
        Some(input)
    }

    fn entry(&self, operation: &str) -> Option<&Json> {
        let entries = self.0.get("operations")?.as_array()?;
        entries
            .iter()
            .find(|entry| entry.get("name").is_some_and(|name| name == operation))
    }

    fn mark_amounts(&self, input: &mut Json, schema: &Json) {
        if let Some(target) = schema.get("$ref").and_then(Json::as_str) {
            let name = target.rsplit('/').next().unwrap_or(target);
            if let Some(definition) = self.0.pointer(&format!("/definitions/{name}")) {
                self.mark_amounts(input, definition);
            }
        }
        for choice in ["anyOf", "oneOf", "allOf"] {
            let choices = schema.get(choice).and_then(Json::as_array);
            for schema in choices.into_iter().flatten() {
                self.mark_amounts(input, schema);
            }
        }
        let native = schema
            .get("x-native")
            .is_some_and(|native| native == "integer");
        match input {
            Json::String(digits) if native && is_integer(digits) => {
                *input = json!({ "$int": digits })
            }
            Json::Array(entries) => {
                for (entry, schema) in entries
                    .iter_mut()
                    .zip(std::iter::repeat(schema.get("items")))
                {
                    schema
                        .into_iter()
                        .for_each(|schema| self.mark_amounts(entry, schema));
                }
            }
            Json::Object(fields) => {
                for (key, entry) in fields {
                    let property = schema.get("properties").and_then(|all| all.get(key));
                    let schema = property.or_else(|| schema.get("additionalProperties"));
                    schema
                        .into_iter()
                        .for_each(|schema| self.mark_amounts(entry, schema));
                }
            }
            _ => {}
        }
    }
}

/// The one way to write an integer: what else looks like one must stay the text it is.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && (digits == text && digits == "0" || !digits.starts_with('0'))
}

/// A JavaScript reader of JSON would round these.
fn mark_large(input: &mut Json) {
    match input {
        Json::Number(number)
            if !number.is_f64() && number.as_f64().is_some_and(|x| x.abs() > LARGEST_EXACT) =>
        {
            *input = json!({ "$int": number.to_string() });
        }
        Json::Array(entries) => entries.iter_mut().for_each(mark_large),
        Json::Object(fields) => fields.values_mut().for_each(mark_large),
        _ => {}
    }
}

/// A marked input as the plain value that a host's native one becomes.
#[must_use]
pub fn value(marked: &Json) -> Value<'static> {
    match marked {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(number) => number.as_u64().map(Value::Unsigned).unwrap_or_else(|| {
            let float = Value::Float(number.as_f64().unwrap_or(f64::NAN));
            number.as_i64().map_or(float, Value::Signed)
        }),
        Json::String(text) => Value::Text(Cow::Owned(text.clone())),
        Json::Array(entries) => Value::List(entries.iter().map(value).collect()),
        Json::Object(fields) => marker(fields).unwrap_or_else(|| {
            Value::Map(
                fields
                    .iter()
                    .map(|(key, entry)| (Cow::Owned(key.clone()), value(entry)))
                    .collect(),
            )
        }),
    }
}

fn marker(fields: &Map<String, Json>) -> Option<Value<'static>> {
    let (key, Json::String(text)) = fields.iter().next().filter(|_| fields.len() == 1)? else {
        return None;
    };
    match (key.as_str(), text.as_str()) {
        ("$f64", "NaN") => Some(Value::Float(f64::NAN)),
        ("$f64", "Infinity") => Some(Value::Float(f64::INFINITY)),
        ("$f64", "-Infinity") => Some(Value::Float(f64::NEG_INFINITY)),
        ("$int", digits) => Some(integer(digits)),
        _ => None,
    }
}

fn integer(digits: &str) -> Value<'static> {
    match (digits.parse(), digits.parse()) {
        (Ok(n), _) => Value::Unsigned(n),
        (_, Ok(n)) => Value::Signed(n),
        _ => Value::Integer(Cow::Owned(digits.to_owned())),
    }
}

/// What must be equal on every surface: the decision and the codes of its reasons in order, or the
/// code and field of the error. Integral numbers become their digits, because one host writes an
/// amount as `5`, another as `"5"`, and a third has no 5.0.
#[must_use]
pub fn outcome(answer: &Json) -> Json {
    if let Some(error) = answer.get("error") {
        return json!({ "error": { "code": error.get("code"), "field": error.get("field") } });
    }
    let reasons = answer.get("reasons").and_then(Json::as_array);
    let codes: Vec<&Json> = reasons
        .into_iter()
        .flatten()
        .map(|reason| reason.get("code").unwrap_or(reason))
        .collect();
    let set_aside = answer
        .get("quarantined")
        .and_then(Json::as_array)
        .map_or(0, Vec::len);
    let decision = answer.get("decision").cloned().unwrap_or_default();
    json!({ "decision": normal(decision), "reasons": codes, "quarantined": set_aside })
}

fn normal(json: Json) -> Json {
    match json {
        Json::Number(number) => match number.as_f64() {
            _ if !number.is_f64() => Json::String(number.to_string()),
            Some(x) if x.trunc() == x && x.abs() < 1e21 => Json::String((x as i128).to_string()),
            Some(x) => Json::String(canonical::float_text(x)),
            None => Json::Null,
        },
        Json::Array(entries) => entries.into_iter().map(normal).collect(),
        Json::Object(fields) => Json::Object(
            fields
                .into_iter()
                .map(|(key, entry)| (key, normal(entry)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form_however_a_host_writes_it() {
        let forms = [json!(5), json!(5.0), json!("5")].map(normal);
        assert!(forms.iter().all(|form| *form == json!("5")));
        assert_eq!(normal(json!(1e20)), normal(json!("100000000000000000000")));
        assert_ne!(normal(json!(0.1)), normal(json!(0.10000000000000002)));
    }

    #[test]
    fn only_the_one_way_to_write_an_integer_is_marked() {
        assert!(["0", "5", "-5", "100"].iter().all(|text| is_integer(text)));
        assert!(
            ["", "-", "-0", "05", "1e3", " 1", "+1", "0x1"]
                .iter()
                .all(|text| !is_integer(text))
        );
    }

    #[test]
    fn what_no_host_can_write_has_no_native_form() {
        let schemas = Schemas::default();
        assert_eq!(schemas.marked("health.score", "{\"a\":1,\"a\":2}"), None);
        assert_eq!(schemas.marked("health.score", "{"), None);
        assert_eq!(
            schemas.marked("health.score", "[9007199254740992]"),
            Some(json!([{ "$int": "9007199254740992" }]))
        );
    }
}
