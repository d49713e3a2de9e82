//! Core's description as the writers of types see it.

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The definitions of the description, by name.
pub fn definitions(description: &Value) -> Result<impl Iterator<Item = (&str, &Value)>> {
    let definitions = description.get("definitions").and_then(Value::as_object);
    let definitions = definitions.context("no definitions")?;
    Ok(definitions
        .iter()
        .map(|(name, schema)| (name.as_str(), schema)))
}

/// The definition of that name.
pub fn definition<'d>(description: &'d Value, name: &str) -> Result<&'d Value> {
    description
        .get("definitions")
        .and_then(|definitions| definitions.get(name))
        .with_context(|| format!("no definition of {name}"))
}

/// The entries of a list of the description.
pub fn list<'d>(value: &'d Value, key: &str) -> impl Iterator<Item = &'d Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The text under a key, or nothing.
pub fn text<'d>(value: &'d Value, key: &str) -> &'d str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The name a schema refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The fields of a record: name, schema, whether it must be there.
pub fn fields(schema: &Value) -> impl Iterator<Item = (&str, &Value, bool)> {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(move |(name, field)| (name.as_str(), field, required.contains(&name.as_str())))
}

/// Every definition that a schema mentions, its own content included.
pub fn mentions(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(entries) => reference(schema)
            .into_iter()
            .chain(entries.values().flat_map(mentions))
            .collect(),
        Value::Array(entries) => entries.iter().flat_map(mentions).collect(),
        _ => Vec::new(),
    }
}

/// `hub_book` -> `HubBook`.
pub fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.split('_').map(capital).collect()
}
