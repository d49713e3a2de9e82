//! What this policy can be asked, in which shapes, with which reasons: the source of the types of
//! every surface and of `docs/reference.md`.
//!
//! [`build`] derives the description from the code; it is written to `describe.json` beside this
//! file, so that the module can answer `policy.describe` without carrying the generator.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use crate::config::{Config, Profile};
use crate::error::{Error, ErrorCode};
use crate::hub::book;
use crate::policy::{ABI, MAX_INPUT_BYTES, OPERATIONS, Op, VERSION, operations};
use crate::reason::{Code, Reason, Why};
use crate::value::{self, Value};

/// Which part to describe; everything when empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeInput {
    /// Only this operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// The description: operations, schemas, reasons, errors, limits, version.
#[derive(Clone, Debug, PartialEq)]
pub struct Description(Value<'static>);

impl Serialize for Description {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Description {
    fn schema_name() -> Cow<'static, str> {
        "Description".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object" })
    }
}

/// Answers `policy.describe`.
pub fn describe(_: &Config, input: &DescribeInput, _: &mut Why) -> Result<Description, Error> {
    let all = Value::from_json(include_bytes!("describe.json"))
        .map_err(|error| Error::internal(format_args!("describe.json: {error}")))?
        .into_owned();
    let Some(name) = &input.operation else {
        return Ok(Description(all));
    };
    crate::policy::operation(name).map_err(|error| Error {
        field: "operation".to_owned(),
        ..error
    })?;
    let Value::Map(mut fields) = all else {
        return Err(Error::internal("describe.json is no object"));
    };
    for (key, value) in &mut fields {
        if let (true, Value::List(operations)) = (key == "operations", value) {
            operations
                .retain(|operation| operation.get("name").and_then(Value::as_text) == Some(name));
        }
    }
    Ok(Description(Value::Map(fields)))
}

/// The description, derived from the code. Never called inside the module.
#[must_use]
pub fn build() -> serde_json::Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let operations: Vec<_> = OPERATIONS
        .iter()
        .zip(schemas(&mut generator))
        .map(|(operation, (input, decision))| {
            let returns = |code: &&Code| code.entry().operations.contains(&operation.name);
            let reasons: Vec<_> = Code::ALL
                .iter()
                .filter(returns)
                .map(|code| code.entry().name)
                .collect();
            serde_json::json!({
                "name": operation.name, "method": operation.method, "summary": operation.summary,
                "input": input, "decision": decision, "reasons": reasons,
            })
        })
        .collect();
    let reasons: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            let entry = code.entry();
            serde_json::json!({
                "code": entry.name, "meaning": entry.meaning(), "unit": entry.unit, "flips": entry.flips,
                "operations": entry.operations, "says": entry.says,
            })
        })
        .collect();
    let hub_book = serde_json::json!({
        "kind": "hub_book",
        "open": generator.subschema_for::<book::OpenHubBook>(),
        "methods": book::METHODS
            .iter()
            .zip(book::schemas(&mut generator))
            .map(|(method, (input, answer))| serde_json::json!({
                "name": method.name, "summary": method.summary, "input": input, "answer": answer,
            }))
            .collect::<Vec<_>>(),
    });
    let errors: Vec<_> = ErrorCode::ALL
        .iter()
        .map(|code| serde_json::json!({ "code": code.as_str(), "meaning": code.meaning() }))
        .collect();
    for schema in [
        generator.subschema_for::<Reason>(),
        generator.subschema_for::<Error>(),
        generator.subschema_for::<crate::reason::Quarantined>(),
        generator.subschema_for::<Profile>(),
        generator.subschema_for::<Config>(),
    ] {
        drop(schema);
    }
    serde_json::json!({
        "name": "trimtab", "version": VERSION, "abi": ABI,
        "operations": operations, "reasons": reasons, "errors": errors,
        "handles": [hub_book],
        "profiles": Profile::ALL.map(Profile::as_str),
        "limits": { "input_bytes": MAX_INPUT_BYTES, "depth": value::MAX_DEPTH },
        "definitions": generator.take_definitions(true),
    })
}

macro_rules! schemas_of_all {
    ($(($method:ident, $marker:ident),)*) => {
        /// The schemas of input and decision, in the order of the table. Kept out of the table, so
        /// that the module does not carry the generator.
        fn schemas(generator: &mut SchemaGenerator) -> Vec<(Schema, Schema)> {
            vec![$((
                generator.subschema_for::<<operations::$marker as Op>::Input>(),
                generator.subschema_for::<<operations::$marker as Op>::Output>(),
            )),*]
        }
    };
}

crate::for_each_operation!(schemas_of_all);

/// Which reasons to put into words, and for whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainInput {
    /// The reasons of a decision, as it carries them.
    pub reasons: Vec<Reason>,
    /// `operator` sees every number; `peer` sees codes and effects only.
    #[serde(default)]
    pub view: View,
}

/// Who reads a reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The operator of this node.
    #[default]
    Operator,
    /// Somebody else: no amount, balance, share or name leaves the node.
    Peer,
}

/// Reasons in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// The reasons as this reader may see them.
    pub reasons: Vec<Reason>,
    /// One sentence per reason.
    pub sentences: Vec<String>,
}

/// Answers `policy.explain`.
pub fn explain(_: &Config, input: &ExplainInput, _: &mut Why) -> Result<Explained, Error> {
    let seen = |reason: &Reason| match input.view {
        View::Operator => reason.clone(),
        View::Peer => reason.peer_view(),
    };
    let reasons: Vec<Reason> = input.reasons.iter().map(seen).collect();
    let words = |reason: &Reason| match input.view {
        View::Operator => reason.sentence(),
        View::Peer => reason.code.entry().meaning().to_owned(),
    };
    let sentences = reasons.iter().map(words).collect();
    Ok(Explained { reasons, sentences })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_description_is_the_one_the_code_gives() {
        let committed: serde_json::Value =
            serde_json::from_slice(include_bytes!("describe.json")).unwrap();
        assert!(
            committed == build(),
            "describe.json is stale: run `make generate`"
        );
    }

    #[test]
    fn every_code_names_operations_that_exist() {
        for code in Code::ALL {
            let entry = code.entry();
            assert!(
                !entry.operations.is_empty(),
                "{} is returned by nothing",
                entry.name
            );
            for name in entry.operations {
                assert!(
                    crate::policy::operation(name).is_ok(),
                    "{} names {name}",
                    entry.name
                );
            }
        }
    }
}
