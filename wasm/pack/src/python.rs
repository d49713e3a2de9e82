//! `python/trimtab/types.py` and `python/trimtab/_native.pyi`: every type of the surface for
//! Python, and one typed method per operation.
//!
//! A record is a `TypedDict`, a closed set a `Literal`, an amount an `int`. A method takes one record
//! or its fields by name and returns a decision whose attributes are the fields of the outcome.

use anyhow::{Context as _, Result};
use serde_json::Value;
use std::fmt::Write as _;

use crate::generate::Derived;
use crate::schema;

/// The derived files.
pub fn files(description: &Value) -> Result<Vec<Derived>> {
    Ok(vec![
        Derived {
            path: "python/trimtab/types.py",
            text: types(description)?,
        },
        Derived {
            path: "python/trimtab/_native.pyi",
            text: surface(description)?,
        },
    ])
}

const TYPES_HEAD: &str = r#""""Every type that crosses the surface: what is given and what is decided.

Written by `trimtab-pack generate` from core's description; edit that.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union

"#;

const SURFACE_HEAD: &str = r#"# Written by `trimtab-pack generate` from core's description; edit that.

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol, Union, final, overload, type_check_only

from trimtab import types as t

__version__: str
ABI: int

@type_check_only
class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

_Record = Union[dict[str, Any], _Dataclass]
_Json = Union[bytes, bytearray, str]

def call(
    op: str, input: object, /, *, profile: t.Profile = "plan", config: object = None
) -> dict[str, Any]:
    """Calls an operation by name; returns the envelope."""

def call_bytes(
    op: str, input: _Json, /, *, profile: t.Profile = "plan", config: object = None
) -> bytes:
    """Calls an operation with JSON; returns the canonical JSON of the envelope."""

def answer_bytes(
    op: str, input: _Json, /, *, profile: t.Profile = "plan", config: object = None
) -> bytes:
    """As `call_bytes`, but an error is returned as JSON too."""

def to_json(value: object, /, *, exact: bool = True) -> bytes:
    """The canonical JSON of an object."""

def sentence(
    code: str, field: str, got: str, expected: str, offset: int | None = None, /
) -> str:
    """An error in one sentence."""

def input_digest(op: str, input: object, /) -> str:
    """sha256 of the canonical JSON of the typed input: 1, 1.0 and an absent default are one input."""

def operations() -> list[tuple[str, str, str]]:
    """Method, name and summary of every operation."""

class Decision:
    """The outcome of an operation; its fields are attributes. `reasons` are built when read."""

    @staticmethod
    def of_envelope(envelope: dict[str, Any]) -> Decision:
        """A decision of an envelope that another host returned."""
    @property
    def decision(self) -> Any:
        """The outcome as plain dicts and lists."""
    @property
    def reasons(self) -> list[t.Reason]:
        """Every reason that applied, in evaluation order."""
    @property
    def quarantined(self) -> list[t.Quarantined]:
        """The entries that were set aside because they are bad."""
    @property
    def policy(self) -> dict[str, str]:
        """Who decided: name, version, profile and digest of the config."""
    def explain(self, view: Literal["operator", "peer"] = "operator") -> list[str]:
        """One sentence per reason: with every number for the operator, without any for a peer."""
    def to_dict(self) -> dict[str, Any]:
        """The whole envelope, as `trimtab.call` returns it."""

class Handled:
    """A handle of some kind: `policy`, `fleet_book` or `hub_book`."""

    def __new__(cls, kind: str, input: object = None, /) -> Handled: ...
    @property
    def kind(self) -> str:
        """Which kind of handle it is."""
    def call(self, op: str, input: object, /) -> dict[str, Any]:
        """Calls an operation on it; returns the envelope. A failed call changes nothing."""
    def bound(self, op: str) -> Callable[..., Decision]:
        """The typed method of an operation: one record as argument, or its fields by name."""
    def call_bytes(self, op: str, input: _Json, /) -> bytes:
        """Calls an operation with JSON; returns the canonical JSON of the envelope."""
    def answer_bytes(self, op: str, input: _Json, /) -> bytes:
        """As `call_bytes`, but an error is returned as JSON too."""

@final
class Operation:
    """A typed method, seen from the class."""

    @property
    def operation(self) -> str:
        """The name of the operation, `family.verb`."""
    @property
    def summary(self) -> str:
        """What it decides, in one sentence."""

"#;

const POLICY: &str = r#"class Policy(Operations):
    """A config, parsed and checked once, under which operations are called."""

    def __new__(cls, profile: t.Profile = "plan", config: object = None) -> Policy: ...
    @property
    def digest(self) -> str:
        """sha256 of the canonical config: two nodes with the same digest decide alike."""
    @property
    def profile(self) -> t.Profile:
        """The profile that the config started from."""
    @property
    def config(self) -> t.Config:
        """The config in force."""
    def call(self, op: str, input: object, /) -> dict[str, Any]:
        """Calls an operation by name; returns the envelope."""
    def call_bytes(self, op: str, input: _Json, /) -> bytes:
        """Calls an operation with JSON; returns the canonical JSON of the envelope."""
    def answer_bytes(self, op: str, input: _Json, /) -> bytes:
        """As `call_bytes`, but an error is returned as JSON too."""
"#;

/// The parts of the envelope; a field of that name is in `decision`.
const ENVELOPE: [&str; 7] = [
    "decision",
    "reasons",
    "quarantined",
    "policy",
    "explain",
    "to_dict",
    "of_envelope",
];

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Where a type is written.
#[derive(Clone, Copy)]
struct Place {
    /// Before the name of a type.
    prefix: &'static str,
    /// Whether the text is evaluated, so that names must be quoted and `|` may not stand there.
    runs: bool,
}

const ANNOTATION: Place = Place {
    prefix: "",
    runs: false,
};
const ALIAS: Place = Place {
    prefix: "",
    runs: true,
};
const STUB: Place = Place {
    prefix: "t.",
    runs: false,
};

fn types(description: &Value) -> Result<String> {
    let mut out = TYPES_HEAD.to_owned();
    for (name, definition) in schema::definitions(description)? {
        match is_record(definition) {
            true => record(&mut out, name, definition)?,
            false => {
                write!(out, "\n{name} = {}\n", text_of(definition, ALIAS)?)?;
                docs(&mut out, "", schema::text(definition, "description"))?;
            }
        }
    }
    Ok(out)
}

fn is_record(definition: &Value) -> bool {
    schema::text(definition, "type") == "object" && definition.get("properties").is_some()
}

/// What must be there stands in a part of its own: `NotRequired` is younger than Python 3.9.
fn record(out: &mut String, name: &str, definition: &Value) -> Result<()> {
    let all: Vec<_> = schema::fields(definition).collect();
    let required: Vec<_> = all
        .iter()
        .copied()
        .filter(|(_, _, required)| *required)
        .collect();
    let optional: Vec<_> = all
        .iter()
        .copied()
        .filter(|(_, _, required)| !*required)
        .collect();
    let about = schema::text(definition, "description");
    if all.iter().any(|(field, _, _)| KEYWORDS.contains(field)) {
        by_function(out, &format!("_{name}Required"), "", &required)?;
        by_function(out, &format!("_{name}Optional"), ", total=False", &optional)?;
        write!(out, "\n\nclass {name}(_{name}Required, _{name}Optional):\n")?;
        return body(out, about, &[]);
    }
    match (required.is_empty(), optional.is_empty()) {
        (_, true) => {
            write!(out, "\n\nclass {name}(TypedDict):\n")?;
            body(out, about, &required)
        }
        (true, false) => {
            write!(out, "\n\nclass {name}(TypedDict, total=False):\n")?;
            body(out, about, &optional)
        }
        (false, false) => {
            write!(out, "\n\nclass _{name}Required(TypedDict):\n")?;
            body(out, about, &required)?;
            write!(out, "\n\nclass {name}(_{name}Required, total=False):\n")?;
            body(out, about, &optional)
        }
    }
}

type Field<'d> = (&'d str, &'d Value, bool);

fn by_function(out: &mut String, name: &str, total: &str, fields: &[Field<'_>]) -> Result<()> {
    write!(out, "\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n")?;
    for (field, schema, _) in fields {
        writeln!(out, "        \"{field}\": {},", text_of(schema, ALIAS)?)?;
    }
    writeln!(out, "    }}{total},\n)")?;
    Ok(())
}

fn body(out: &mut String, about: &str, fields: &[Field<'_>]) -> Result<()> {
    docs(
        out,
        "    ",
        if about.is_empty() { "A record." } else { about },
    )?;
    if !fields.is_empty() {
        out.push('\n');
    }
    for (field, schema, _) in fields {
        writeln!(out, "    {field}: {}", text_of(schema, ANNOTATION)?)?;
        docs(out, "    ", schema::text(schema, "description"))?;
    }
    Ok(())
}

fn docs(out: &mut String, indent: &str, about: &str) -> Result<()> {
    if about.is_empty() {
        return Ok(());
    }
    let about = about.trim().replace('\\', "\\\\").replace("\"\"\"", "'''");
    let lines: Vec<&str> = about.lines().map(str::trim).collect();
    // A text that ends with a quote would end the docstring too early.
    let end = if about.ends_with('"') { " " } else { "" };
    writeln!(
        out,
        "{indent}\"\"\"{}{end}\"\"\"",
        lines.join(&format!("\n{indent}"))
    )?;
    Ok(())
}

/// The Python type of a schema.
fn text_of(schema: &Value, place: Place) -> Result<String> {
    if schema.get("x-native").is_some() {
        return Ok("int".to_owned());
    }
    if let Some(name) = schema::reference(schema) {
        return Ok(match place.runs {
            true => format!("\"{name}\""),
            false => format!("{}{name}", place.prefix),
        });
    }
    if let Some(word) = schema.get("const") {
        return Ok(format!("Literal[{}]", literal(word)));
    }
    let words: Vec<String> = schema::list(schema, "enum").map(literal).collect();
    if !words.is_empty() {
        return Ok(format!("Literal[{}]", words.join(", ")));
    }
    for key in ["anyOf", "oneOf"] {
        let options: Vec<&Value> = schema::list(schema, key).collect();
        if !options.is_empty() {
            return choice(&options, place);
        }
    }
    match schema.get("type") {
        Some(Value::Array(kinds)) => {
            let texts: Result<Vec<String>> = kinds
                .iter()
                .filter_map(Value::as_str)
                .map(|kind| of_kind(kind, schema, place))
                .collect();
            Ok(union(texts?, place))
        }
        Some(Value::String(kind)) => of_kind(kind, schema, place),
        _ => Ok("Any".to_owned()),
    }
}

/// Words of one set are one `Literal`.
fn choice(options: &[&Value], place: Place) -> Result<String> {
    let words: Vec<String> = options
        .iter()
        .filter_map(|option| option.get("const"))
        .map(literal)
        .collect();
    let mut texts = Vec::new();
    if !words.is_empty() {
        texts.push(format!("Literal[{}]", words.join(", ")));
    }
    for option in options
        .iter()
        .filter(|option| option.get("const").is_none())
    {
        texts.push(text_of(option, place)?);
    }
    Ok(union(texts, place))
}

fn union(mut texts: Vec<String>, place: Place) -> String {
    let mut seen: Vec<String> = Vec::new();
    texts.retain(|text| {
        let new = !seen.contains(text);
        seen.push(text.clone());
        new
    });
    match (texts.len(), place.runs) {
        (0 | 1, _) => texts.concat(),
        (_, true) => format!("Union[{}]", texts.join(", ")),
        (_, false) => texts.join(" | "),
    }
}

fn literal(word: &Value) -> String {
    match word {
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    }
}

fn of_kind(kind: &str, schema: &Value, place: Place) -> Result<String> {
    Ok(match kind {
        "null" => "None".to_owned(),
        "boolean" => "bool".to_owned(),
        "integer" => "int".to_owned(),
        "number" => "float".to_owned(),
        "string" => "str".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("list[{}]", text_of(items, place)?),
            None => "list[Any]".to_owned(),
        },
        _ => format!("dict[str, {}]", entries(schema, place)?),
    })
}

/// What the values of a map are. A choice of records that is written in place is one too.
fn entries(schema: &Value, place: Place) -> Result<String> {
    let named = schema
        .get("additionalProperties")
        .filter(|entry| entry.is_object());
    let by_pattern = schema
        .get("patternProperties")
        .and_then(Value::as_object)
        .and_then(|patterns| patterns.values().next());
    match named.or(by_pattern) {
        Some(entry) => text_of(entry, place),
        None => Ok("Any".to_owned()),
    }
}

fn surface(description: &Value) -> Result<String> {
    let mut out = SURFACE_HEAD.to_owned();
    let calls: Vec<Call<'_>> = schema::list(description, "operations")
        .map(Call::of_policy)
        .collect::<Result<_>>()?;
    for call in &calls {
        decision(&mut out, description, call)?;
    }
    out.push_str("@type_check_only\nclass Operations:\n");
    for call in &calls {
        method(&mut out, description, call)?;
    }
    out.push('\n');
    out.push_str(POLICY);
    for handle in schema::list(description, "handles") {
        self::handle(&mut out, description, handle)?;
    }
    Ok(out)
}

/// The methods of a kind of handle, which `trimtab.HubBook` and its twin in the sandbox share.
fn handle(out: &mut String, description: &Value, handle: &Value) -> Result<()> {
    let kind = schema::pascal(schema::text(handle, "kind"));
    let calls: Vec<Call<'_>> = schema::list(handle, "methods")
        .map(|method| Call::of_handle(&kind, method))
        .collect::<Result<_>>()?;
    for call in &calls {
        decision(out, description, call)?;
    }
    writeln!(out, "@type_check_only\nclass {kind}Methods:")?;
    calls
        .iter()
        .try_for_each(|call| method(out, description, call))
}

/// A method as the stubs name it, of the policy or of a handle.
struct Call<'d> {
    method: &'d str,
    /// What people call it: `health.score`, `HubBook.plan`.
    shown: String,
    summary: &'d str,
    input: &'d Value,
    answer: &'d Value,
    /// The class of its decision.
    class: String,
}

impl<'d> Call<'d> {
    fn of_policy(operation: &'d Value) -> Result<Self> {
        let method = schema::text(operation, "method");
        Ok(Self {
            method,
            shown: schema::text(operation, "name").to_owned(),
            summary: schema::text(operation, "summary"),
            input: operation.get("input").context("no input")?,
            answer: operation.get("decision").context("no decision")?,
            class: schema::pascal(method) + "Decision",
        })
    }

    fn of_handle(kind: &str, method: &'d Value) -> Result<Self> {
        let name = schema::text(method, "name");
        Ok(Self {
            method: name,
            shown: format!("{kind}.{name}"),
            summary: schema::text(method, "summary"),
            input: method.get("input").context("no input")?,
            answer: method.get("answer").context("no answer")?,
            class: format!("{kind}{}Decision", schema::pascal(name)),
        })
    }
}

/// The record behind a reference; itself if it is none.
fn resolved<'d>(description: &'d Value, schema: &'d Value) -> Result<&'d Value> {
    match schema::reference(schema) {
        Some(name) => schema::definition(description, name),
        None => Ok(schema),
    }
}

fn decision(out: &mut String, description: &Value, call: &Call<'_>) -> Result<()> {
    let (outcome, class, shown) = (call.answer, &call.class, &call.shown);
    writeln!(out, "@type_check_only\nclass {class}(Decision):")?;
    writeln!(out, "    \"\"\"What `{shown}` decides.\"\"\"\n")?;
    writeln!(
        out,
        "    @property\n    def decision(self) -> {}:",
        text_of(outcome, STUB)?
    )?;
    writeln!(
        out,
        "        \"\"\"The outcome as plain dicts and lists.\"\"\""
    )?;
    let record = resolved(description, outcome)?;
    for (field, schema, required) in schema::fields(record) {
        if KEYWORDS.contains(&field) || ENVELOPE.contains(&field) {
            continue;
        }
        let mut kind = text_of(schema, STUB)?;
        if !required && !kind.ends_with("None") {
            kind.push_str(" | None");
        }
        writeln!(out, "    @property\n    def {field}(self) -> {kind}:")?;
        let about = schema::text(schema, "description");
        docs(
            out,
            "        ",
            if about.is_empty() { field } else { about },
        )?;
    }
    out.push('\n');
    Ok(())
}

fn method(out: &mut String, description: &Value, call: &Call<'_>) -> Result<()> {
    let (method, summary, given, class) = (call.method, call.summary, call.input, &call.class);
    let kind = text_of(given, STUB)?;
    let record = resolved(description, given)?;
    let mut named = Vec::new();
    for (field, schema, required) in schema::fields(record) {
        if !KEYWORDS.contains(&field) {
            let default = if required { "" } else { " = ..." };
            named.push(format!("{field}: {}{default}", text_of(schema, STUB)?));
        }
    }
    if named.is_empty() {
        writeln!(
            out,
            "    def {method}(self, input: {kind} | _Dataclass = ..., /) -> {class}:"
        )?;
        return docs(out, "        ", summary);
    }
    writeln!(out, "    @overload")?;
    writeln!(
        out,
        "    def {method}(self, input: {kind} | _Dataclass, /) -> {class}:"
    )?;
    docs(out, "        ", summary)?;
    writeln!(out, "    @overload")?;
    writeln!(
        out,
        "    def {method}(self, *, {}) -> {class}: ...",
        named.join(", ")
    )?;
    Ok(())
}
