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
use crate::policy::{ABI, MAX_INPUT_BYTES, Operation, VERSION};
use crate::reason::{Code, Reason};
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

/// The description of what is wanted of `table`.
pub fn describe(table: &[Operation], input: &DescribeInput) -> Result<Description, Error> {
    let parts = Value::from_json(include_bytes!("describe.json"))
        .map_err(|error| Error::internal(format_args!("describe.json: {error}")))?;
    let wanted = |name: &str| input.operation.as_ref().is_none_or(|only| only == name);
    compose(table, parts.into_owned(), wanted).map(Description)
}

/// The schemas of input and decision of each operation, in the order of the table.
pub type Schemas = fn(&mut SchemaGenerator) -> Vec<(Schema, Schema)>;

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
fn compose(
    table: &[Operation],
    parts: Value<'static>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Value<'static>, Error> {
    let part = |path: &[&str]| {
        let found = path.iter().try_fold(&parts, |value, key| value.get(key));
        found.cloned().unwrap_or(Value::Null)
    };
    let operations = table.iter().filter(|operation| wanted(operation.name));
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
pub fn build(table: &[Operation], schemas: Schemas) -> Result<serde_json::Value, Error> {
    let parts = schema_parts(table, schemas).to_string();
    let parts = Value::from_json(parts.as_bytes())?.into_owned();
    let whole = crate::canonical::text(&compose(table, parts, |_| true)?)?;
    serde_json::from_str(&whole).map_err(Error::internal)
}

/// What the module carries in `describe.json`: the schemas, without the words about each field,
/// which `docs/reference.md` and the types of the surfaces have.
pub fn embedded(table: &[Operation], schemas: Schemas) -> Result<String, Error> {
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
    let mut parts = schema_parts(table, schemas);
    without_words(&mut parts);
    Ok(parts.to_string() + "\n")
}

/// Every schema, by operation, and the definitions they share.
fn schema_parts(table: &[Operation], schemas: Schemas) -> serde_json::Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let schemas: serde_json::Map<_, _> = table
        .iter()
        .zip(schemas(&mut generator))
        .map(|(operation, (input, decision))| {
            let both = serde_json::json!({ "input": input, "decision": decision });
            (operation.name.to_owned(), both)
        })
        .collect();
    let fleet_book = serde_json::json!({
        "kind": "fleet_book",
        "summary": "What members reported. Query time grows with the size of the answer, not with the number of reports.",
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
        "summary": "The accounts of a hub. The time of a tick depends on the accounts that changed since the last one.",
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
