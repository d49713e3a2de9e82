//! What a foreign module answers is held against the core of this host, under the same profile and
//! config, before anybody sees it.
//!
//! - Every answer is an envelope in canonical JSON, whatever the operation is called.
//! - The answer to an operation of ours has the shape of its decision.
//! - A plan keeps the laws of `hub.verify_plan`.

use std::sync::OnceLock;
use trimtab_core::error::{Error, ErrorCode};
use trimtab_core::operations::{self, opened};
use trimtab_core::policy::{self, Op};
use trimtab_core::value::{self, FromValue, Value};
use trimtab_core::{canonical, for_each_operation};

use crate::error::HostError;
use crate::native;

/// Refuses an answer that is not what `operation` gives.
pub(crate) fn check(
    setting: &[u8],
    operation: &str,
    input: &[u8],
    answer: &[u8],
) -> Result<(), HostError> {
    // What crosses in columns is bytes; a reader of columns checks them itself.
    if operation.ends_with(operations::COLUMNS) {
        return Err(HostError::BadModule(
            "columns from a foreign module cannot be checked: ask with JSON".to_owned(),
        ));
    }
    let envelope = envelope(answer)?;
    let decision = envelope.get("decision").unwrap_or(&Value::Null);
    // The method of a hub_book: its state is inside the module, whose word is not enough.
    if operation == "plan" {
        return Err(HostError::BadModule(
            "a plan from inside a foreign book cannot be checked: ask hub.plan with the state"
                .to_owned(),
        ));
    }
    if operation == "hub.plan" {
        check_plan(setting, input, decision)?;
    }
    let shaped = native::guarded(|| check_shape(operation, decision));
    shaped.map_err(|error| {
        HostError::BadModule(format!("its decision is none of {operation}: {error}"))
    })
}

/// An envelope is an object with a decision, in the one text that it has.
fn envelope(bytes: &[u8]) -> Result<Value<'_>, HostError> {
    let bad = |what: String| Err(HostError::BadModule(what));
    let value = match Value::from_json(bytes) {
        Ok(value) => value,
        Err(error) => return bad(format!("its answer is not JSON: {error}")),
    };
    if value.get("decision").is_none() {
        return bad("its answer has no decision".to_owned());
    }
    match canonical::text(&value) {
        Ok(text) if text.as_bytes() == bytes => Ok(value),
        _ => bad("its answer is not canonical JSON".to_owned()),
    }
}

/// A plan may leave only if the checker of core accepts it.
fn check_plan(setting: &[u8], state: &[u8], plan: &Value<'_>) -> Result<(), HostError> {
    let question = Value::Map(vec![
        ("plan".into(), plan.clone()),
        ("state".into(), policy::parse(state)?),
    ]);
    let verified = native::guarded(|| {
        let question = canonical::text(&question)?;
        let mut checker = opened::open("policy", &policy::parse(setting)?)?;
        checker.call_bytes("hub.verify_plan", question.as_bytes())
    });
    let verified = verified
        .map_err(|error| HostError::BadModule(format!("its plan cannot be checked: {error}")))?;
    let verified = Value::from_json(&verified)?;
    let valid = verified
        .get("decision")
        .and_then(|decision| decision.get("valid"));
    if valid == Some(&Value::Bool(true)) {
        return Ok(());
    }
    let broken = match verified.get("reasons") {
        Some(Value::List(reasons)) => reasons.as_slice(),
        _ => &[],
    };
    let mut laws: Vec<String> = broken
        .iter()
        .filter_map(|reason| Some(reason.get("code")?.as_text()?.to_owned()))
        .collect();
    laws.dedup();
    Err(HostError::BrokenLaw { laws })
}

/// Three decisions are only written, so there is no reader for them: their fields have to be there.
macro_rules! shape {
    (policy_describe, $marker:ident, $decision:ident) => {
        has_fields(<operations::$marker as Op>::NAME, $decision)
    };
    (hub_match, $marker:ident, $decision:ident) => {
        has_fields(<operations::$marker as Op>::NAME, $decision)
    };
    (hub_match_cycles, $marker:ident, $decision:ident) => {
        has_fields(<operations::$marker as Op>::NAME, $decision)
    };
    ($method:ident, $marker:ident, $decision:ident) => {
        of_record::<<operations::$marker as Op>::Output>($decision)
    };
}

macro_rules! shapes {
    ($((
        $method:ident, $marker:ident, $name:literal,
        $decide:path, $input:ty => $output:ty,
        $summary:literal
    ),)*) => {
        /// Whether a decision can be read as one of `operation`; a name that is not ours has no shape.
        fn check_shape(operation: &str, decision: &Value<'_>) -> Result<(), Error> {
            match operation {
                $($name => shape!($method, $marker, decision),)*
                _ => Ok(()),
            }
        }
    };
}

for_each_operation!(shapes);

/// Whether the decision has the fields that the schema of the operation requires.
fn has_fields(operation: &str, decision: &Value<'_>) -> Result<(), Error> {
    static DESCRIBED: OnceLock<serde_json::Value> = OnceLock::new();
    let Value::Map(_) = decision else {
        let (got, expected) = ("no record", "a record");
        return Err(Error::new(ErrorCode::Malformed, "decision", got, expected));
    };
    let described = DESCRIBED.get_or_init(|| operations::description().unwrap_or_default());
    let all = described
        .pointer("/operations")
        .and_then(|all| all.as_array());
    let named = |entry: &&serde_json::Value| entry.get("name").is_some_and(|n| n == operation);
    let entry = all.into_iter().flatten().find(named);
    let place = entry.and_then(|entry| entry.pointer("/decision/$ref")?.as_str());
    let name = place.and_then(|place| place.rsplit('/').next());
    let schema = name.and_then(|name| described.get("definitions")?.get(name));
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    for field in required.into_iter().flatten().filter_map(|f| f.as_str()) {
        if decision.get(field).is_none() {
            return Err(Error::missing(format!("decision.{field}")));
        }
    }
    Ok(())
}

fn of_record<T: FromValue>(decision: &Value<'_>) -> Result<(), Error> {
    value::decode::<T>(decision)
        .map(drop)
        .map_err(|error| error.inside("decision"))
}
