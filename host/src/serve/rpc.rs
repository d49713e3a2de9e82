//! JSON-RPC 2.0: a method is the name of an operation, `audit:` before it asks for an audit, and
//! the parameters are its input. What stands in `result` is the envelope, byte for byte.

use std::borrow::Cow;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::refusal::{self, Refusal};
use super::service::{InForce, Mode, Service};

/// Before the name of an operation: evaluate, but nobody acts on it.
const AUDIT: &str = "audit:";

/// The number of a text that is not JSON.
const PARSE_ERROR: i32 = -32700;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'r> {
    #[serde(borrow)]
    jsonrpc: Cow<'r, str>,
    #[serde(borrow)]
    method: Cow<'r, str>,
    /// `{}` when absent; `null` is what the policy is asked with.
    #[serde(borrow, default, deserialize_with = "given")]
    params: Option<&'r RawValue>,
    /// Absent for a notification; `null` is an id.
    #[serde(borrow, default, deserialize_with = "given")]
    id: Option<&'r RawValue>,
}

/// Here `null` is a value, not the lack of one.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

/// Answers a body: one call or a batch; `None` where nothing is to be answered.
pub(super) fn answer(
    service: &Service,
    in_force: &InForce,
    body: &[u8],
    until: Instant,
) -> Option<Vec<u8>> {
    let Ok(whole) = serde_json::from_slice::<&RawValue>(body) else {
        return Some(parse_error());
    };
    if !whole.get().starts_with('[') {
        return one(service, in_force, whole, until);
    }
    let Ok(batch) = serde_json::from_str::<Vec<&RawValue>>(whole.get()) else {
        return Some(parse_error());
    };
    if batch.is_empty() {
        return Some(refused(Refusal::InvalidRequest, "null"));
    }
    if batch.len() > service.settings.bounds.batch {
        service.metrics.hit(super::metrics::Limit::Batch);
        return Some(refused(Refusal::BatchTooLarge, "null"));
    }
    let mut answers = vec![b'['];
    for call in batch {
        if let Some(answer) = one(service, in_force, call, until) {
            if answers.len() > 1 {
                answers.push(b',');
            }
            answers.extend_from_slice(&answer);
        }
    }
    answers.push(b']');
    (answers.len() > 2).then_some(answers)
}

fn one(service: &Service, in_force: &InForce, call: &RawValue, until: Instant) -> Option<Vec<u8>> {
    let request = match serde_json::from_str::<Request<'_>>(call.get()) {
        Ok(request) if request.jsonrpc == "2.0" && request.id.is_none_or(is_id) => request,
        _ => return Some(refused(Refusal::InvalidRequest, "null")),
    };
    let outcome = decided(service, in_force, &request, until);
    let id = request.id?.get();
    Some(match outcome {
        Ok(envelope) => answered("result", &envelope, id),
        Err(error) => answered("error", error.as_bytes(), id),
    })
}

/// The envelope, or the error object.
fn decided(
    service: &Service,
    in_force: &InForce,
    request: &Request<'_>,
    until: Instant,
) -> Result<Vec<u8>, String> {
    if Instant::now() >= until {
        service.metrics.hit(super::metrics::Limit::RequestTime);
        return Err(error_of(Refusal::RequestTime));
    }
    let (mode, operation) = match request.method.strip_prefix(AUDIT) {
        Some(operation) => (Mode::Audit, operation),
        None => (Mode::Call, request.method.as_ref()),
    };
    let params = request.params.map_or("{}", RawValue::get);
    let answer = service.call(in_force, operation, mode, params.as_bytes());
    answer.map_err(|error| {
        let text = error.text();
        error_object(
            refusal::rpc_of(&error),
            error.code(),
            &String::from_utf8_lossy(&text),
        )
    })
}

/// A text, an integer or null; not a number with a fraction, which may not come back the same.
fn is_id(id: &RawValue) -> bool {
    let id = id.get();
    let integer = |id: &str| {
        let digits = id.strip_prefix('-').unwrap_or(id);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    id == "null" || id.starts_with('"') || integer(id)
}

fn parse_error() -> Vec<u8> {
    let text = Refusal::BrokenBody.text();
    let error = error_object(PARSE_ERROR, "parse_error", &text);
    answered("error", error.as_bytes(), "null")
}

fn refused(refusal: Refusal, id: &str) -> Vec<u8> {
    answered("error", error_of(refusal).as_bytes(), id)
}

fn error_of(refusal: Refusal) -> String {
    let row = refusal.row();
    error_object(row.rpc, row.code, &refusal.text())
}

/// `data` is the same text that HTTP would answer.
fn error_object(number: i32, code: &str, text: &str) -> String {
    format!(r#"{{"code":{number},"data":{text},"message":"{code}"}}"#)
}

/// The members in the order of canonical JSON.
fn answered(key: &str, body: &[u8], id: &str) -> Vec<u8> {
    let (head, tail) = match key {
        "result" => (
            format!(r#"{{"id":{id},"jsonrpc":"2.0","result":"#),
            "}".to_owned(),
        ),
        _ => (
            r#"{"error":"#.to_owned(),
            format!(r#","id":{id},"jsonrpc":"2.0"}}"#),
        ),
    };
    [head.as_bytes(), body, tail.as_bytes()].concat()
}
