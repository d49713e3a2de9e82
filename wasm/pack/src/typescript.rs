//! `pkg/src/generated.ts`: every type of the surface for JavaScript, and one method per operation.
//!
//! Most records have two forms. What is *given* may be `number | bigint` where an integer is due,
//! a decimal text for an amount, a `Map` for a record by key, a typed array for a list of numbers,
//! and may leave out what has a default. What is *decided* has one form: `number`, or `bigint` for
//! amounts. A record whose forms differ is given as `NameInput`.

use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::generate::Derived;
use crate::schema;

/// Which way a type travels.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Given,
    Decided,
}

/// The derived files.
pub fn files(description: &Value) -> Result<Vec<Derived>> {
    let writer = Writer::new(description)?;
    Ok(vec![Derived {
        path: "pkg/src/generated.ts",
        text: writer.file()?,
    }])
}

struct Writer<'d> {
    description: &'d Value,
    given: BTreeSet<&'d str>,
    decided: BTreeSet<&'d str>,
    /// Definitions whose two forms differ.
    differing: BTreeSet<&'d str>,
}

impl<'d> Writer<'d> {
    fn new(description: &'d Value) -> Result<Self> {
        let mut given = vec!["Config"];
        let mut decided = vec!["Reason", "Error", "Quarantined", "Profile", "Config"];
        for operation in schema::list(description, "operations") {
            given.extend(
                operation
                    .get("input")
                    .map(schema::mentions)
                    .unwrap_or_default(),
            );
            decided.extend(
                operation
                    .get("decision")
                    .map(schema::mentions)
                    .unwrap_or_default(),
            );
        }
        for handle in schema::list(description, "handles") {
            given.extend(handle.get("open").map(schema::mentions).unwrap_or_default());
            for method in schema::list(handle, "methods") {
                given.extend(
                    method
                        .get("input")
                        .map(schema::mentions)
                        .unwrap_or_default(),
                );
                decided.extend(
                    method
                        .get("answer")
                        .map(schema::mentions)
                        .unwrap_or_default(),
                );
            }
        }
        let mut writer = Self {
            description,
            given: closure(description, given)?,
            decided: closure(description, decided)?,
            differing: BTreeSet::new(),
        };
        writer.find_differing()?;
        Ok(writer)
    }

    /// A definition differs if its own two texts do, or if it mentions one that differs.
    fn find_differing(&mut self) -> Result<()> {
        loop {
            let before = self.differing.len();
            for (name, definition) in schema::definitions(self.description)? {
                let both = self.given.contains(name) && self.decided.contains(name);
                let mentions_one = schema::mentions(definition)
                    .iter()
                    .any(|other| self.differing.contains(other));
                if both && (mentions_one || self.texts_differ(definition)) {
                    self.differing.insert(name);
                }
            }
            if before == self.differing.len() {
                return Ok(());
            }
        }
    }

    fn texts_differ(&self, definition: &Value) -> bool {
        self.body(definition, Way::Given, 0) != self.body(definition, Way::Decided, 0)
    }

    fn file(&self) -> Result<String> {
        let mut out = String::from(HEAD);
        for (name, definition) in schema::definitions(self.description)? {
            if name == "Error" {
                continue;
            }
            if self.decided.contains(name) || self.given.contains(name) {
                let way = if self.decided.contains(name) {
                    Way::Decided
                } else {
                    Way::Given
                };
                self.declare(name, definition, way, &mut out)?;
            }
            if self.differing.contains(name) {
                self.declare(&format!("{name}Input"), definition, Way::Given, &mut out)?;
            }
        }
        self.codes(&mut out)?;
        self.operations(&mut out)?;
        self.methods(&mut out)?;
        for handle in schema::list(self.description, "handles") {
            self.handle(handle, &mut out)?;
        }
        Ok(out)
    }

    fn declare(&self, name: &str, definition: &Value, way: Way, out: &mut String) -> Result<()> {
        comment(&remark(definition), 0, out)?;
        let body = self.body(definition, way, 0);
        if definition.get("properties").is_some() && body.starts_with('{') {
            writeln!(out, "export interface {name} {body}\n")?;
        } else {
            writeln!(out, "export type {name} = {body};\n")?;
        }
        Ok(())
    }

    fn body(&self, schema: &Value, way: Way, depth: usize) -> String {
        if schema.get("x-native").and_then(Value::as_str) == Some("integer") {
            return match way {
                Way::Given => "bigint | number | string".to_owned(),
                Way::Decided => "bigint".to_owned(),
            };
        }
        if let Some(name) = schema::reference(schema) {
            return match way {
                Way::Given if self.differing.contains(name) => format!("{name}Input"),
                _ => name.to_owned(),
            };
        }
        for key in ["oneOf", "anyOf"] {
            if schema.get(key).is_some() {
                return union(schema::list(schema, key).map(|one| self.body(one, way, depth)));
            }
        }
        if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
            let parts: Vec<String> = all.iter().map(|one| self.body(one, way, depth)).collect();
            return parts.join(" & ");
        }
        if let Some(constant) = schema.get("const") {
            return constant.to_string();
        }
        if schema.get("enum").is_some() {
            return union(schema::list(schema, "enum").map(Value::to_string));
        }
        match schema.get("type") {
            Some(Value::Array(types)) => {
                let names = types.iter().filter_map(Value::as_str);
                union(names.map(|kind| self.kind(kind, schema, way, depth)))
            }
            Some(Value::String(kind)) => self.kind(kind, schema, way, depth),
            _ => "unknown".to_owned(),
        }
    }

    fn kind(&self, kind: &str, schema: &Value, way: Way, depth: usize) -> String {
        match (kind, way) {
            ("null", _) => "null".to_owned(),
            ("boolean", _) => "boolean".to_owned(),
            ("string", _) => "string".to_owned(),
            ("number", _) => "number".to_owned(),
            ("integer", Way::Given) => "number | bigint".to_owned(),
            ("integer", Way::Decided) if may_pass_2_53(schema) => "number | bigint".to_owned(),
            ("integer", Way::Decided) => "number".to_owned(),
            ("array", _) => self.array(schema, way, depth),
            ("object", _) => self.object(schema, way, depth),
            _ => "unknown".to_owned(),
        }
    }

    fn array(&self, schema: &Value, way: Way, depth: usize) -> String {
        if let Some(entries) = schema.get("prefixItems").and_then(Value::as_array) {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| self.body(entry, way, depth))
                .collect();
            return format!("readonly [{}]", entries.join(", "));
        }
        let entry = schema.get("items").map_or_else(
            || "unknown".to_owned(),
            |entry| self.body(entry, way, depth),
        );
        format!("ReadonlyArray<{entry}>")
    }

    fn object(&self, schema: &Value, way: Way, depth: usize) -> String {
        if schema.get("properties").is_some() {
            return self.record(schema, way, depth);
        }
        let entry = match schema.get("additionalProperties") {
            Some(entry) if entry.is_object() => self.body(entry, way, depth),
            _ => "unknown".to_owned(),
        };
        match way {
            Way::Given => {
                format!(
                    "Readonly<Record<string, {entry}>> | ReadonlyMap<string | number | bigint, {entry}>"
                )
            }
            Way::Decided => format!("Readonly<Record<string, {entry}>>"),
        }
    }

    fn record(&self, schema: &Value, way: Way, depth: usize) -> String {
        let pad = "  ".repeat(depth + 1);
        let mut out = String::from("{\n");
        for (name, field, required) in schema::fields(schema) {
            // Writing to a String cannot fail.
            let _ = comment(&remark(field), depth + 1, &mut out);
            // What has a default is always in an answer.
            let there = required || (way == Way::Decided && field.get("default").is_some());
            let mark = if there { "" } else { "?" };
            let mut body = self.body(field, way, depth + 1);
            if way == Way::Given && !required {
                body.push_str(" | undefined");
            } else if !there {
                body = body.trim_end_matches(" | null").to_owned();
            }
            let _ = writeln!(out, "{pad}readonly {}{mark}: {body};", key(name));
        }
        let _ = write!(out, "{}}}", "  ".repeat(depth));
        out
    }

    fn codes(&self, out: &mut String) -> Result<()> {
        writeln!(
            out,
            "/** The stable codes of reasons. */\nexport type ReasonCode = Code;\n"
        )?;
        let errors = schema::list(self.description, "errors");
        let codes: Vec<String> = errors
            .map(|error| format!("{:?}", schema::text(error, "code")))
            .collect();
        writeln!(
            out,
            "/** Every error code. */\nexport const ERROR_CODES: readonly ErrorCode[] = [\n  {},\n];\n",
            codes.join(",\n  ")
        )?;
        Ok(())
    }

    fn operations(&self, out: &mut String) -> Result<()> {
        writeln!(
            out,
            "/** What each operation is asked with and what it decides. */\nexport interface Operations {{"
        )?;
        for operation in schema::list(self.description, "operations") {
            comment(schema::text(operation, "summary"), 1, out)?;
            writeln!(
                out,
                "  readonly {:?}: {{ readonly input: {}; readonly decision: {} }};",
                schema::text(operation, "name"),
                self.of(operation, "input", Way::Given),
                self.of(operation, "decision", Way::Decided),
            )?;
        }
        writeln!(
            out,
            "}}\n\n/** The method of `Policy` that calls each operation. */\nexport const METHODS = {{"
        )?;
        for operation in schema::list(self.description, "operations") {
            let method = camel(schema::text(operation, "method"));
            writeln!(out, "  {:?}: {method:?},", schema::text(operation, "name"))?;
        }
        writeln!(
            out,
            "}} as const satisfies Readonly<Record<keyof Operations, string>>;\n"
        )?;
        Ok(())
    }

    fn methods(&self, out: &mut String) -> Result<()> {
        out.push_str(METHODS_HEAD);
        for operation in schema::list(self.description, "operations") {
            let (name, method) = (
                schema::text(operation, "name"),
                schema::text(operation, "method"),
            );
            comment(schema::text(operation, "summary"), 1, out)?;
            let optional = self.may_be_left_out(operation.get("input"));
            writeln!(
                out,
                "  {}(input: {}{}): Decision<{}> {{\n    return this.call({name:?}, input);\n  }}\n",
                camel(method),
                self.of(operation, "input", Way::Given),
                if optional { " = {}" } else { "" },
                self.of(operation, "decision", Way::Decided),
            )?;
        }
        out.push_str("}\n");
        Ok(())
    }

    /// One class per kind of handle.
    fn handle(&self, handle: &Value, out: &mut String) -> Result<()> {
        let kind = schema::text(handle, "kind");
        out.push('\n');
        comment(schema::text(handle, "summary"), 0, out)?;
        writeln!(
            out,
            "export class {} extends Book {{\n  constructor(input: {}{}) {{\n    super({kind:?}, input);\n  }}",
            schema::pascal(kind),
            self.of(handle, "open", Way::Given),
            if self.may_be_left_out(handle.get("open")) {
                " = {}"
            } else {
                ""
            },
        )?;
        for method in schema::list(handle, "methods") {
            let name = schema::text(method, "name");
            out.push('\n');
            comment(schema::text(method, "summary"), 1, out)?;
            let answer = self.of(method, "answer", Way::Decided);
            writeln!(
                out,
                "  {}(input: {}{}): Decision<{answer}> {{\n    return this.call({name:?}, input) as Decision<{answer}>;\n  }}",
                camel(name),
                self.of(method, "input", Way::Given),
                if self.may_be_left_out(method.get("input")) {
                    " = {}"
                } else {
                    ""
                },
            )?;
        }
        out.push_str("}\n");
        Ok(())
    }

    /// Whether a record has no field that must be given: then it need not be given at all.
    fn may_be_left_out(&self, record: Option<&Value>) -> bool {
        record.and_then(schema::reference).is_some_and(|reference| {
            schema::definition(self.description, reference)
                .is_ok_and(|record| schema::list(record, "required").next().is_none())
        })
    }

    fn of(&self, operation: &Value, key: &str, way: Way) -> String {
        let schema = operation.get(key);
        schema.map_or_else(|| "unknown".to_owned(), |schema| self.body(schema, way, 0))
    }
}

const HEAD: &str = "\
// Generated by trimtab-pack from the operation table of the core. Do not edit: `make generate`.

import { Book } from \"./book.js\";

";

const METHODS_HEAD: &str = "\
/** A decision with its reasons. */
export interface Decision<T> {
  /** The outcome. */
  readonly decision: T;
  /** Every reason that applied, in evaluation order. */
  readonly reasons: ReadonlyArray<Reason>;
  /** The entries that were set aside because they are bad. */
  readonly quarantined?: ReadonlyArray<Quarantined>;
  /** Who decided, under which config. */
  readonly policy: {
    readonly name: string;
    readonly version: string;
    readonly profile: Profile;
    /** sha256 of the canonical config. */
    readonly config: string;
  };
}

/** One method per operation, over the one way to call them. */
export abstract class PolicyMethods {
  /** Calls an operation by name. */
  abstract call<Name extends keyof Operations>(
    operation: Name,
    input: Operations[Name][\"input\"],
  ): Decision<Operations[Name][\"decision\"]>;

";

fn closure<'d>(description: &'d Value, mut open: Vec<&'d str>) -> Result<BTreeSet<&'d str>> {
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(schema::mentions(schema::definition(description, name)?));
        }
    }
    Ok(found)
}

fn union(parts: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for part in parts {
        if !seen.contains(&part) {
            seen.push(part);
        }
    }
    seen.join(" | ")
}

fn may_pass_2_53(schema: &Value) -> bool {
    let large = schema.get("maximum").and_then(Value::as_f64).map_or_else(
        || schema::text(schema, "format").ends_with("64"),
        |most| most > 9_007_199_254_740_991.0,
    );
    large && schema::text(schema, "format") != "uint32"
}

/// The description with unit and default.
fn remark(schema: &Value) -> String {
    let mut text = schema::text(schema, "description").to_owned();
    if let Some(unit) = schema.get("x-unit").and_then(Value::as_str) {
        text.push_str(&format!(" Unit: {unit}."));
    }
    if let Some(default) = schema.get("default") {
        text.push_str(&format!(" Default: {default}."));
    }
    text.trim().to_owned()
}

fn comment(text: &str, depth: usize, out: &mut String) -> Result<()> {
    let pad = "  ".repeat(depth);
    let safe = text.replace("*/", "* /");
    let lines: Vec<&str> = safe.lines().collect();
    match lines.as_slice() {
        [] => {}
        [line] => writeln!(out, "{pad}/** {line} */")?,
        lines => {
            writeln!(out, "{pad}/**")?;
            for line in lines {
                writeln!(out, "{pad} * {line}")?;
            }
            writeln!(out, "{pad} */")?;
        }
    }
    Ok(())
}

fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !name.starts_with(|c: char| c.is_ascii_digit()) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}

/// `health_score` is `healthScore`.
fn camel(method: &str) -> String {
    let mut words = method.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}
