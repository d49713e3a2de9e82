//! `python/trimtab/types.py` and `python/trimtab/_native.pyi`: every type of the surface for
//! Python, and one typed method per operation.
//!
//! A record is a `TypedDict`, a closed set a `Literal`, an amount an `int`. A method takes one record
//! or its fields by name and returns a decision whose attributes are the fields of the outcome.

use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::generate::Derived;
use crate::model::{Definition, Field, Handle, Model, Operation, Shape, Word};
use crate::names::Names;
use crate::stub::{self, Class, Head};

/// The derived files.
pub fn files(model: &Model, root: &Path) -> Result<Vec<Derived>> {
    Ok(vec![
        Derived {
            path: "python/trimtab/types.py",
            text: types(model)?,
        },
        Derived {
            path: "python/trimtab/_native.pyi",
            text: surface(model, &stub::head(root)?)?,
        },
    ])
}

const TYPES_HEAD: &str = r#""""Every type that crosses the surface: what is given and what is decided.

Written by `trimtab-pack generate` from core's description; edit that.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union

"#;

const SURFACE_HEAD: &str = r#"# Written by `trimtab-pack generate` from core's description and the sources of the extension.

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol, Union, final, overload, type_check_only

from typing_extensions import disjoint_base

from trimtab import types as t

__version__: str
ABI: int
BOOK_QUESTIONS: tuple[str, ...]

@type_check_only
class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

_Json = Union[bytes, bytearray, str]

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

fn types(model: &Model) -> Result<String> {
    let mut out = TYPES_HEAD.to_owned();
    let mut names = Names::new("trimtab.types", &["Any", "Literal", "TypedDict", "Union"]);
    for (name, definition) in &model.definitions {
        let about = about(definition);
        match &definition.shape {
            Shape::Record(fields) => {
                names.claim(name)?;
                record(&mut out, name, &about, fields)?;
            }
            Shape::Overrides(whole) => overrides(&mut out, &mut names, model, whole)?,
            shape => {
                names.claim(name)?;
                write!(out, "\n{name} = {}\n", text_of(shape, ALIAS))?;
                docs(&mut out, "", &about)?;
            }
        }
    }
    Ok(out)
}

/// The same records with no field that must be there.
fn overrides(out: &mut String, names: &mut Names, model: &Model, whole: &str) -> Result<()> {
    let inner = model.overridden(whole)?;
    for record in &inner {
        let name = format!("{record}Overrides");
        names.claim(&name)?;
        write!(out, "\n\nclass {name}(TypedDict, total=False):\n")?;
        docs(out, "    ", &format!("Some fields of `{record}`."))?;
        out.push('\n');
        for field in model.fields(record)? {
            let shape = match field.shape.present() {
                Shape::Named(name) if inner.contains(name.as_str()) => {
                    &Shape::Overrides(name.clone())
                }
                _ => &field.shape,
            };
            writeln!(out, "    {}: {}", field.name, text_of(shape, ANNOTATION))?;
            docs(out, "    ", &field.about)?;
        }
    }
    Ok(())
}

/// What must be there stands in a part of its own: `NotRequired` is younger than Python 3.9.
fn record(out: &mut String, name: &str, about: &str, fields: &[Field]) -> Result<()> {
    let (required, optional): (Vec<&Field>, Vec<&Field>) =
        fields.iter().partition(|field| field.required);
    if fields.iter().any(is_keyword) {
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

/// Whether a field can be named in no call of Python.
pub fn is_keyword(field: &Field) -> bool {
    KEYWORDS.contains(&field.name.as_str())
}

fn by_function(out: &mut String, name: &str, total: &str, fields: &[&Field]) -> Result<()> {
    write!(out, "\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n")?;
    for field in fields {
        writeln!(
            out,
            "        \"{}\": {},",
            field.name,
            text_of(&field.shape, ALIAS)
        )?;
    }
    writeln!(out, "    }}{total},\n)")?;
    Ok(())
}

fn body(out: &mut String, about: &str, fields: &[&Field]) -> Result<()> {
    let about = if about.is_empty() { "A record." } else { about };
    docs(out, "    ", about)?;
    if !fields.is_empty() {
        out.push('\n');
    }
    for field in fields {
        writeln!(
            out,
            "    {}: {}",
            field.name,
            text_of(&field.shape, ANNOTATION)
        )?;
        docs(out, "    ", &field.about)?;
    }
    Ok(())
}

fn about(definition: &Definition) -> String {
    match &definition.unit {
        Some(unit) => format!("{} Unit: {unit}.", definition.about)
            .trim()
            .to_owned(),
        None => definition.about.clone(),
    }
}

/// A docstring.
pub fn docs(out: &mut String, indent: &str, about: &str) -> Result<()> {
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

/// The Python type of a form.
fn text_of(shape: &Shape, place: Place) -> String {
    let named = |name: &str| match place.runs {
        true => format!("\"{name}\""),
        false => format!("{}{name}", place.prefix),
    };
    match shape {
        Shape::Named(name) => named(name),
        Shape::Overrides(whole) => named(&format!("{whole}Overrides")),
        // A record stands only where a type is defined.
        Shape::Record(_) | Shape::JsonObject => "dict[str, Any]".to_owned(),
        Shape::Map(value) => format!("dict[str, {}]", text_of(value, place)),
        Shape::Tagged(_, variants) => union(variants.iter().map(|name| named(name)), place),
        Shape::Words(words) => literals(words),
        Shape::Choice(shapes) => union(shapes.iter().map(|shape| text_of(shape, place)), place),
        Shape::List(entry, _) => format!("list[{}]", text_of(entry, place)),
        Shape::Option(present) => union(
            [text_of(present, place), "None".to_owned()].into_iter(),
            place,
        ),
        Shape::Integer(_) | Shape::Amount => "int".to_owned(),
        Shape::Number(_) => "float".to_owned(),
        Shape::Text => "str".to_owned(),
        Shape::Flag => "bool".to_owned(),
        Shape::Json => "Any".to_owned(),
    }
}

/// The Python type of a form, as people read it.
pub fn shown(shape: &Shape) -> String {
    text_of(shape, ANNOTATION)
}

fn literals(words: &[Word]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("{:?}", word.word))
        .collect();
    format!("Literal[{}]", words.join(", "))
}

fn union(texts: impl Iterator<Item = String>, place: Place) -> String {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    match (seen.len(), place.runs) {
        (0 | 1, _) => seen.concat(),
        (_, true) => format!("Union[{}]", seen.join(", ")),
        (_, false) => seen.join(" | "),
    }
}

fn surface(model: &Model, head: &Head) -> Result<String> {
    let mut out = SURFACE_HEAD.to_owned() + &head.functions;
    let mut names = Names::new("trimtab._native", &["Operations"]);
    for each in &head.classes {
        names.claim(&each.name)?;
        if each.name != "Policy" {
            class(&mut out, each, "")?;
        }
    }
    let methods = model.handles.iter().flat_map(|handle| &handle.methods);
    let answers: BTreeMap<&str, Vec<String>> = model
        .operations
        .iter()
        .map(|operation| (operation.decision.as_str(), operation.name.clone()))
        .chain(methods.map(|method| (method.decision.as_str(), method.name.clone())))
        .fold(BTreeMap::new(), |mut all, (answer, name)| {
            all.entry(answer).or_insert_with(Vec::new).push(name);
            all
        });
    for answer in answers.keys() {
        names.claim(&format!("{answer}Decision"))?;
        decision(&mut out, model, answer)?;
    }
    out.push_str("@type_check_only\nclass Operations:\n");
    for operation in &model.operations {
        method(&mut out, model, operation)?;
    }
    out.push('\n');
    for each in head.classes.iter().filter(|each| each.name == "Policy") {
        class(&mut out, each, "(Operations)")?;
    }
    for handle in &model.handles {
        let class = format!("{}Methods", handle.class());
        names.claim(&class)?;
        self::handle(&mut out, model, handle, &class)?;
    }
    Ok(out)
}

/// The methods of a kind of handle, which `trimtab.HubBook` and its twin in the sandbox share.
fn handle(out: &mut String, model: &Model, handle: &Handle, class: &str) -> Result<()> {
    writeln!(out, "@type_check_only\nclass {class}:")?;
    handle
        .methods
        .iter()
        .try_for_each(|operation| method(out, model, operation))?;
    out.push('\n');
    Ok(())
}

/// A class that the extension has by hand.
fn class(out: &mut String, class: &Class, bases: &str) -> Result<()> {
    let marked = if class.base { "disjoint_base" } else { "final" };
    writeln!(
        out,
        "@{marked}\nclass {}{bases}:\n{}",
        class.name, class.body
    )?;
    Ok(())
}

/// The class of a decision, by what is decided.
fn decision(out: &mut String, model: &Model, answer: &str) -> Result<()> {
    writeln!(out, "@type_check_only\nclass {answer}Decision(Decision):")?;
    let about = &model.definition(answer)?.about;
    docs(out, "    ", about)?;
    writeln!(out, "    @property\n    def decision(self) -> t.{answer}:")?;
    docs(out, "        ", "The outcome as plain dicts and lists.")?;
    for field in model.fields(answer)? {
        if is_keyword(field) || ENVELOPE.contains(&field.name.as_str()) {
            continue;
        }
        let mut kind = text_of(&field.shape, STUB);
        if !field.required && field.shape.present() == &field.shape {
            kind.push_str(" | None");
        }
        writeln!(
            out,
            "    @property\n    def {}(self) -> {kind}:",
            field.name
        )?;
        let about = match field.about.as_str() {
            "" => &field.name,
            about => about,
        };
        docs(out, "        ", about)?;
    }
    out.push('\n');
    Ok(())
}

fn method(out: &mut String, model: &Model, operation: &Operation) -> Result<()> {
    let (method, kind) = (&operation.method, format!("t.{}", operation.input));
    let class = format!("{}Decision", operation.decision);
    let mut named = Vec::new();
    for field in model.fields(&operation.input)? {
        if !is_keyword(field) {
            let default = if field.required { "" } else { " = ..." };
            let kind = text_of(&field.shape, STUB);
            named.push(format!("{}: {kind}{default}", field.name));
        }
    }
    if named.is_empty() {
        writeln!(
            out,
            "    def {method}(self, record: {kind} | _Dataclass = ..., /) -> {class}:"
        )?;
        return docs(out, "        ", &operation.summary);
    }
    writeln!(out, "    @overload")?;
    writeln!(
        out,
        "    def {method}(self, record: {kind} | _Dataclass, /) -> {class}:"
    )?;
    docs(out, "        ", &operation.summary)?;
    writeln!(out, "    @overload")?;
    writeln!(
        out,
        "    def {method}(self, *, {}) -> {class}: ...",
        named.join(", ")
    )?;
    Ok(())
}

/// A value as Python writes it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(self::value).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Object(entries) => {
            let entry =
                |(key, entry): (&String, &Value)| format!("{key:?}: {}", self::value(entry));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
