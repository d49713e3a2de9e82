//! The description of the service, derived from what the policy says of itself: every operation,
//! every error, every status.

use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use trimtab_core::error::ErrorCode;

use super::refusal::{HOST_CODES, Refusal, status_of_code};

/// Where the definitions stand in what the policy says, and where in the document.
const DEFINITIONS: &str = "#/$defs/";
const COMPONENTS: &str = "#/components/schemas/";

/// The OpenAPI document; `secured` when a token is asked for.
pub(super) fn document(description: &Json, secured: bool) -> Json {
    let mut schemas = description
        .get("definitions")
        .and_then(Json::as_object)
        .cloned()
        .unwrap_or_default();
    schemas.values_mut().for_each(moved);
    schemas.insert("ServiceError".to_owned(), service_error());
    schemas.insert("PolicyStamp".to_owned(), stamp());
    let mut paths = Map::new();
    for operation in entries(description) {
        for (mode, audit) in [("call", false), ("audit", true)] {
            let path = format!("/v1/{mode}/{}", text(operation, "name"));
            paths.insert(path, json!({ "post": asked(operation, mode, audit) }));
        }
    }
    paths.extend(fixed_paths(description));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "trimtab",
            "version": text(description, "version"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            "description": "Liquidity policies for Lightning fleets and payment hubs. Nothing here moves funds.",
        },
        "paths": paths,
        "components": { "schemas": schemas, "responses": responses() },
    });
    if let (true, Some(fields)) = (secured, document.as_object_mut()) {
        fields.insert("security".to_owned(), json!([{ "token": [] }]));
        if let Some(Json::Object(components)) = fields.get_mut("components") {
            let scheme = json!({ "token": { "type": "http", "scheme": "bearer" } });
            components.insert("securitySchemes".to_owned(), scheme);
        }
    }
    document
}

/// The table of operations.
pub(super) fn operations(description: &Json) -> Json {
    let rows = entries(description).map(|operation| {
        json!({
            "method": text(operation, "method"),
            "name": text(operation, "name"),
            "summary": text(operation, "summary"),
        })
    });
    json!({ "operations": rows.collect::<Vec<_>>() })
}

/// The schemas of one operation, each complete in itself.
pub(super) fn schema(description: &Json, name: &str) -> Option<Json> {
    let operation = entries(description).find(|operation| text(operation, "name") == name)?;
    let whole = |key: &str| {
        let mut schema = operation.get(key).cloned().unwrap_or_default();
        let definitions = mentioned(description, &schema);
        if let Some(fields) = schema.as_object_mut() {
            let dialect = json!("https://json-schema.org/draft/2020-12/schema");
            fields.insert("$schema".to_owned(), dialect);
            fields.insert("$defs".to_owned(), Json::Object(definitions));
        }
        schema
    };
    Some(json!({
        "decision": whole("decision"),
        "input": whole("input"),
        "name": name,
        "reasons": operation.get("reasons"),
        "summary": text(operation, "summary"),
    }))
}

/// Every definition that a schema mentions, also through others.
fn mentioned(description: &Json, schema: &Json) -> Map<String, Json> {
    let mut found = Map::new();
    let mut open = BTreeSet::new();
    references(schema, &mut open);
    while let Some(name) = open.pop_first() {
        let definition = description.pointer(&format!("/definitions/{name}"));
        if let (false, Some(definition)) = (found.contains_key(&name), definition) {
            references(definition, &mut open);
            found.insert(name, definition.clone());
        }
    }
    found
}

fn references(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(fields) => {
            let reference = fields.get("$ref").and_then(Json::as_str);
            found.extend(
                reference
                    .and_then(|reference| reference.strip_prefix(DEFINITIONS))
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| references(value, found));
        }
        Json::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

/// The same schema with its references where the document has the definitions.
fn moved(schema: &mut Json) {
    match schema {
        Json::Object(fields) => {
            if let Some(Json::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(DEFINITIONS)
            {
                *reference = format!("{COMPONENTS}{name}");
            }
            fields.values_mut().for_each(moved);
        }
        Json::Array(entries) => entries.iter_mut().for_each(moved),
        _ => {}
    }
}

fn asked(operation: &Json, mode: &str, audit: bool) -> Json {
    let part = |key: &str| {
        let mut schema = operation.get(key).cloned().unwrap_or_default();
        moved(&mut schema);
        schema
    };
    let mut envelope = json!({
        "type": "object",
        "required": ["decision", "policy", "reasons"],
        "properties": {
            "decision": part("decision"),
            "policy": reference("PolicyStamp"),
            "quarantined": { "type": "array", "items": reference("Quarantined") },
            "reasons": { "type": "array", "items": reference("Reason") },
        },
    });
    if audit {
        put(
            &mut envelope,
            "/properties",
            "audit",
            json!({ "const": true }),
        );
        let required = json!(["audit", "decision", "policy", "reasons"]);
        put(&mut envelope, "", "required", required);
    }
    let mut answers = json!({ "200": answer("The decision with its reasons.", &envelope) });
    add_refusals(&mut answers, &["404", "405"]);
    json!({
        "operationId": format!("{mode}_{}", text(operation, "method")),
        "summary": text(operation, "summary"),
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": part("input") } },
        },
        "responses": answers,
        "x-reasons": operation.get("reasons"),
    })
}

/// Every refusal but those that cannot happen at a path that exists.
fn add_refusals(answers: &mut Json, but: &[&str]) {
    let Some(answers) = answers.as_object_mut() else {
        return;
    };
    for status in codes_by_status().keys() {
        let status = status.to_string();
        if !but.contains(&status.as_str()) {
            let reference = json!({ "$ref": format!("#/components/responses/{status}") });
            answers.insert(status, reference);
        }
    }
}

/// Every code of an error, by the status that carries it.
fn codes_by_status() -> BTreeMap<u16, Vec<&'static str>> {
    let refusals = Refusal::ALL
        .into_iter()
        .map(Refusal::row)
        .map(|row| (row.status, row.code));
    let inputs = ErrorCode::ALL
        .into_iter()
        .map(|code| (status_of_code(code), code.as_str()));
    let host = HOST_CODES.into_iter().map(|(code, status)| (status, code));
    let mut found: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code) in inputs.chain(host).chain(refusals) {
        found.entry(status.as_u16()).or_default().push(code);
    }
    found
}

fn responses() -> Json {
    let rows = codes_by_status().into_iter().map(|(status, codes)| {
        let about = format!("Codes: {}.", codes.join(", "));
        (
            status.to_string(),
            answer(&about, &reference("ServiceError")),
        )
    });
    Json::Object(rows.collect())
}

fn service_error() -> Json {
    let codes: Vec<&str> = codes_by_status().into_values().flatten().collect();
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "expected", "field", "got"],
            "properties": {
                "code": { "enum": codes },
                "expected": { "type": "string" },
                "field": { "type": "string" },
                "got": { "type": "string" },
                "offset": { "type": "integer", "minimum": 0 },
            },
        } },
    })
}

fn stamp() -> Json {
    json!({
        "type": "object",
        "required": ["config", "name", "profile", "version"],
        "properties": {
            "config": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
            "name": { "type": "string" },
            "profile": { "type": "string" },
            "version": { "type": "string" },
        },
    })
}

/// The paths that do not depend on the operations.
fn fixed_paths(description: &Json) -> Vec<(String, Json)> {
    let names: Vec<&str> = entries(description)
        .map(|operation| text(operation, "name"))
        .collect();
    let methods: Vec<String> = ["", "audit:"]
        .into_iter()
        .flat_map(|mode| names.iter().map(move |name| format!("{mode}{name}")))
        .collect();
    let object = json!({ "type": "object" });
    let read = |id: &str, about: &str, open: bool| {
        let mut answers = json!({ "200": answer(about, &object) });
        if !open {
            for status in ["401", "403", "503"] {
                let refusal = json!({ "$ref": format!("#/components/responses/{status}") });
                put(&mut answers, "", status, refusal);
            }
        }
        let mut get = json!({ "operationId": id, "summary": about, "responses": answers });
        if open {
            put(&mut get, "", "security", json!([]));
        }
        get
    };
    let get = |id: &str, about: &str, open: bool| json!({ "get": read(id, about, open) });
    let mut ready = get("ready", "Whether requests are taken.", true);
    let stopping = answer("The service is about to stop.", &object);
    put(&mut ready, "/get/responses", "503", stopping);
    let mut one = get("schema", "The schemas of one operation.", false);
    let operation = json!([{
        "name": "op", "in": "path", "required": true, "schema": { "enum": names },
    }]);
    put(&mut one, "/get", "parameters", operation);
    let unknown = json!({ "$ref": "#/components/responses/404" });
    put(&mut one, "/get/responses", "404", unknown);
    let mut metrics = get("metrics", "Counters for Prometheus.", false);
    let page = json!({
        "description": "OpenMetrics text.",
        "content": { "application/openmetrics-text": { "schema": { "type": "string" } } },
    });
    put(&mut metrics, "/get/responses", "200", page);
    vec![
        (
            "/livez".to_owned(),
            get("live", "Whether the process answers.", true),
        ),
        ("/readyz".to_owned(), ready),
        ("/metrics".to_owned(), metrics),
        ("/rpc".to_owned(), json!({ "post": rpc(&methods) })),
        (
            "/v1/ops".to_owned(),
            get("ops", "The operations of the policy.", false),
        ),
        ("/v1/schema/{op}".to_owned(), one),
        (
            "/v1/openapi.json".to_owned(),
            get("openapi", "This document.", false),
        ),
        (
            "/v1/status".to_owned(),
            get("status", "What decides here, and since when.", false),
        ),
    ]
}

fn rpc(methods: &[String]) -> Json {
    let request = json!({
        "type": "object",
        "required": ["jsonrpc", "method"],
        "additionalProperties": false,
        "properties": {
            "jsonrpc": { "const": "2.0" },
            "method": { "enum": methods },
            "params": { "type": "object" },
            "id": { "type": ["string", "integer", "null"] },
        },
    });
    let about = "One answer, or one for each call of a batch that has an id.";
    let mut answers = json!({
        "200": answer(about, &json!({ "type": ["object", "array"] })),
        "204": { "description": "Nothing to answer: no call had an id." },
    });
    add_refusals(&mut answers, &["404", "405", "422", "500"]);
    json!({
        "operationId": "rpc",
        "summary": "JSON-RPC 2.0; the methods are the operations, with `audit:` before the name for an audit.",
        "requestBody": { "required": true, "content": { "application/json": { "schema": {
            "oneOf": [request, { "type": "array", "minItems": 1, "items": request }],
        } } } },
        "responses": answers,
    })
}

fn answer(about: &str, schema: &Json) -> Json {
    json!({ "description": about, "content": { "application/json": { "schema": schema } } })
}

/// Sets a field of the object at `place`.
fn put(document: &mut Json, place: &str, name: &str, value: Json) {
    if let Some(Json::Object(fields)) = document.pointer_mut(place) {
        fields.insert(name.to_owned(), value);
    }
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("{COMPONENTS}{name}") })
}

fn entries(description: &Json) -> impl Iterator<Item = &Json> {
    let entries = description.get("operations").and_then(Json::as_array);
    entries.into_iter().flatten()
}

fn text<'v>(value: &'v Json, key: &str) -> &'v str {
    value.get(key).and_then(Json::as_str).unwrap_or_default()
}
