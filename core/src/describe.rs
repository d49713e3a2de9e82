//! What this policy can be asked, in which shapes, with which reasons: the source of the types of
//! every surface and of `docs/reference.md`.
//!
//! [`build`] derives the description from the code; it is written to `describe.json` beside this
//! file, so that the module can answer `policy.describe` without carrying the generator.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use std::borrow::Cow;

use crate::config::{Config, Profile};
use crate::error::{Error, ErrorCode};
use crate::fleet::book as fleet_book;
use crate::hub::book;
use crate::policy::{ABI, MAX_INPUT_BYTES, OPERATIONS, Op, VERSION, operations};
use crate::reason::{Code, Reason, Why};
use crate::value::{self, Value};

/// Which part to describe; everything when empty.
#[record(Default)]
pub struct DescribeInput {
    /// Only this operation.
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
    if let Some(name) = &input.operation {
        crate::policy::operation(name).map_err(|error| Error {
            field: "operation".to_owned(),
            ..error
        })?;
    }
    let parts = Value::from_json(include_bytes!("describe.json"))
        .map_err(|error| Error::internal(format_args!("describe.json: {error}")))?;
    let wanted = |name: &str| input.operation.as_ref().is_none_or(|only| only == name);
    compose(parts.into_owned(), wanted).map(Description)
}

/// What the table knows of an operation.
#[derive(Serialize)]
struct OperationEntry {
    decision: Value<'static>,
    input: Value<'static>,
    method: &'static str,
    name: &'static str,
    reasons: Vec<Code>,
    summary: &'static str,
}

/// What the registry knows of a code.
#[derive(Serialize)]
struct ReasonEntry {
    code: Code,
    flips: Option<&'static str>,
    meaning: &'static str,
    operations: &'static [&'static str],
    says: &'static str,
    unit: Option<crate::units::Unit>,
}

#[derive(Serialize)]
struct ErrorEntry {
    code: ErrorCode,
    meaning: &'static str,
}

#[derive(Serialize)]
struct Limits {
    depth: usize,
    input_bytes: usize,
}

#[derive(Serialize)]
struct Whole {
    abi: u32,
    definitions: Value<'static>,
    errors: Vec<ErrorEntry>,
    handles: Value<'static>,
    limits: Limits,
    name: &'static str,
    operations: Vec<OperationEntry>,
    profiles: [&'static str; 3],
    reasons: Vec<ReasonEntry>,
    version: &'static str,
}

/// The description of the wanted operations: the schemas from `parts`, all else from the tables.
fn compose(parts: Value<'static>, wanted: impl Fn(&str) -> bool) -> Result<Value<'static>, Error> {
    let part = |path: &[&str]| {
        let found = path.iter().try_fold(&parts, |value, key| value.get(key));
        found.cloned().unwrap_or(Value::Null)
    };
    let operations = OPERATIONS.iter().filter(|operation| wanted(operation.name));
    value::encode(&Whole {
        abi: ABI,
        definitions: part(&["definitions"]),
        errors: ErrorCode::ALL
            .into_iter()
            .map(|code| ErrorEntry {
                code,
                meaning: code.meaning(),
            })
            .collect(),
        handles: part(&["handles"]),
        limits: Limits {
            depth: value::MAX_DEPTH,
            input_bytes: MAX_INPUT_BYTES,
        },
        name: "trimtab",
        operations: operations
            .map(|operation| OperationEntry {
                decision: part(&["schemas", operation.name, "decision"]),
                input: part(&["schemas", operation.name, "input"]),
                method: operation.method,
                name: operation.name,
                reasons: Code::ALL
                    .iter()
                    .copied()
                    .filter(|code| code.entry().operations.contains(&operation.name))
                    .collect(),
                summary: operation.summary,
            })
            .collect(),
        profiles: Profile::ALL.map(Profile::as_str),
        reasons: Code::ALL
            .iter()
            .map(|code| {
                let entry = code.entry();
                ReasonEntry {
                    code: *code,
                    flips: entry.flips,
                    meaning: entry.meaning(),
                    operations: entry.operations,
                    says: entry.says,
                    unit: entry.unit,
                }
            })
            .collect(),
        version: VERSION,
    })
}

/// The description, derived from the code. Never called inside the module.
pub fn build() -> Result<serde_json::Value, Error> {
    let parts = schema_parts().to_string();
    let parts = Value::from_json(parts.as_bytes())?.into_owned();
    let whole = crate::canonical::text(&compose(parts, |_| true)?)?;
    serde_json::from_str(&whole).map_err(Error::internal)
}

/// What the module carries in `describe.json`: the schemas, without the words about each field,
/// which `docs/reference.md` and the types of the surfaces have.
pub fn embedded() -> Result<String, Error> {
    fn without_words(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                // A field may be called `description`; then it is a schema, not a text.
                if fields
                    .get("description")
                    .is_some_and(serde_json::Value::is_string)
                {
                    fields.remove("description");
                }
                fields.values_mut().for_each(without_words);
            }
            serde_json::Value::Array(entries) => entries.iter_mut().for_each(without_words),
            _ => {}
        }
    }
    let mut parts = schema_parts();
    without_words(&mut parts);
    Ok(parts.to_string() + "\n")
}

/// Every schema, by operation, and the definitions they share.
fn schema_parts() -> serde_json::Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let schemas: serde_json::Map<_, _> = OPERATIONS
        .iter()
        .zip(schemas(&mut generator))
        .map(|(operation, (input, decision))| {
            let both = serde_json::json!({ "input": input, "decision": decision });
            (operation.name.to_owned(), both)
        })
        .collect();
    let fleet_book = serde_json::json!({
        "kind": "fleet_book",
        "summary": "What members reported; a question costs its answer, not what is known.",
        "open": generator.subschema_for::<fleet_book::OpenFleetBook>(),
        "methods": fleet_book::METHODS
            .iter()
            .zip(fleet_book::schemas(&mut generator))
            .map(|(method, (input, answer))| serde_json::json!({
                "name": method.name, "summary": method.summary, "input": input, "answer": answer,
            }))
            .collect::<Vec<_>>(),
    });
    let hub_book = serde_json::json!({
        "kind": "hub_book",
        "summary": "The accounts of a hub; a tick costs what has changed, not what there is.",
        "open": generator.subschema_for::<book::OpenHubBook>(),
        "methods": book::METHODS
            .iter()
            .zip(book::schemas(&mut generator))
            .map(|(method, (input, answer))| serde_json::json!({
                "name": method.name, "summary": method.summary, "input": input, "answer": answer,
            }))
            .collect::<Vec<_>>(),
    });
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
        "definitions": generator.take_definitions(true),
        "handles": [fleet_book, hub_book],
        "schemas": schemas,
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
#[record]
pub struct ExplainInput {
    /// The reasons of a decision, as it carries them.
    pub reasons: Vec<Reason>,
    /// `operator` sees every number; `peer` sees codes and effects only.
    #[serde(default)]
    pub view: View,
}

/// Who reads a reason.
#[choice(Default)]
pub enum View {
    /// The operator of this node.
    #[default]
    Operator,
    /// Somebody else: no amount, balance, share or name leaves the node.
    Peer,
}

/// Reasons in words.
#[record(open)]
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
        let committed = include_str!("describe.json");
        assert!(
            committed == embedded().unwrap(),
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
