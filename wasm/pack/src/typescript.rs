//! `pkg/src/generated.ts`: every type of the surface for JavaScript. `pkg/src/methods.ts`: one method
//! per operation, one class per kind of book.
//!
//! Most records have two forms. What is *given* may be `number | bigint` where an integer is due,
//! a decimal text for an amount, a `Map` for a record by key, a typed array for a list of numbers,
//! and may leave out what has a default. What is *decided* has one form: `number`, or `bigint` for
//! amounts. A record whose forms differ is given as `NameInput`.

use anyhow::Result;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::generate::Derived;
use crate::model::{Definition, Field, Handle, Model, Operation, Shape, Word};
use crate::names::{Names, camel};

/// Which way a type travels.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Given,
    Decided,
}

/// The derived files.
pub fn files(model: &Model) -> Result<Vec<Derived>> {
    let writer = Writer::new(model)?;
    let mut names = Names::new("TypeScript", &BY_HAND);
    Ok(vec![
        Derived {
            path: "pkg/src/generated.ts",
            text: writer.types(&mut names)?,
        },
        Derived {
            path: "pkg/src/methods.ts",
            text: writer.surface(&mut names)?,
        },
    ])
}

/// What `pkg/src` names by hand; `index.ts` exports it beside the generated names.
pub const BY_HAND: [&str; 22] = [
    "BOOK_QUESTIONS",
    "Book",
    "BookHandle",
    "Decision",
    "ERROR_CODES",
    "ErrorRecord",
    "METHODS",
    "ModuleSource",
    "Operations",
    "Overrides",
    "Policy",
    "PolicyMethods",
    "ReasonCode",
    "RawBook",
    "RawPolicy",
    "TrimtabError",
    "call",
    "callBytes",
    "callColumns",
    "init",
    "initSync",
    "moduleDigest",
];

struct Writer<'m> {
    model: &'m Model,
    given: BTreeSet<&'m str>,
    decided: BTreeSet<&'m str>,
    /// Definitions whose two forms differ.
    differing: BTreeSet<&'m str>,
}

impl<'m> Writer<'m> {
    fn new(model: &'m Model) -> Result<Self> {
        let mut given = vec!["ConfigOverrides"];
        let mut decided = vec!["Reason", "Quarantined", "Profile", "Config"];
        for handle in &model.handles {
            given.push(&handle.open);
        }
        let methods = model.handles.iter().flat_map(|handle| &handle.methods);
        for operation in model.operations.iter().chain(methods) {
            given.push(&operation.input);
            decided.push(&operation.decision);
        }
        let mut writer = Self {
            model,
            given: model.closure(given)?,
            decided: model.closure(decided)?,
            differing: BTreeSet::new(),
        };
        writer.find_differing();
        Ok(writer)
    }

    /// A definition differs if its own two texts do, or if it mentions one that differs.
    fn find_differing(&mut self) {
        loop {
            let before = self.differing.len();
            for (name, definition) in &self.model.definitions {
                let name = name.as_str();
                let both = self.given.contains(name) && self.decided.contains(name);
                if both && self.texts_differ(&definition.shape) {
                    self.differing.insert(name);
                }
            }
            if before == self.differing.len() {
                return;
            }
        }
    }

    fn texts_differ(&self, shape: &Shape) -> bool {
        self.body(shape, Way::Given) != self.body(shape, Way::Decided)
    }

    fn types(&self, names: &mut Names) -> Result<String> {
        let mut out = String::from(TYPES_HEAD);
        for (name, definition) in &self.model.definitions {
            // `ErrorRecord` is what JavaScript sees of it.
            let both = [
                (Way::Decided, self.decided.contains(name.as_str())),
                (Way::Given, self.given.contains(name.as_str())),
            ];
            let ways = both.into_iter().filter(|(_, travels)| *travels);
            let differs = self.differing.contains(name.as_str());
            for (way, _) in ways.take(if differs { 2 } else { 1 }) {
                let name = self.name(name, way);
                names.claim(&name)?;
                self.declare(&name, definition, way, &mut out)?;
            }
        }
        self.codes(&mut out)?;
        self.operations(&mut out)?;
        Ok(out.trim_end().to_owned() + "\n")
    }

    fn surface(&self, names: &mut Names) -> Result<String> {
        let mut out = String::from(METHODS_HEAD);
        out.push_str("import type {\n");
        let methods = self.model.handles.iter().flat_map(|handle| &handle.methods);
        let mut mentioned: BTreeSet<String> = ["Decision", "Operations"].map(str::to_owned).into();
        for operation in self.model.operations.iter().chain(methods) {
            mentioned.insert(self.name(&operation.input, Way::Given));
            mentioned.insert(self.name(&operation.decision, Way::Decided));
        }
        for handle in &self.model.handles {
            mentioned.insert(self.name(&handle.open, Way::Given));
        }
        for name in mentioned {
            writeln!(out, "  {name},")?;
        }
        out.push_str("} from \"./generated.js\";\n\n");
        self.methods(&mut out)?;
        for handle in &self.model.handles {
            names.claim(&handle.class())?;
            self.handle(handle, &mut out)?;
        }
        Ok(out)
    }

    fn name(&self, name: &str, way: Way) -> String {
        match way {
            Way::Given if self.differing.contains(name) => format!("{name}Input"),
            _ => name.to_owned(),
        }
    }

    fn declare(
        &self,
        name: &str,
        definition: &Definition,
        way: Way,
        out: &mut String,
    ) -> Result<()> {
        comment(
            &remark(&definition.about, definition.unit.as_deref()),
            0,
            out,
        )?;
        let body = self.body(&definition.shape, way);
        match definition.shape {
            Shape::Record(_) => writeln!(out, "export interface {name} {body}\n")?,
            _ => writeln!(out, "export type {name} = {body};\n")?,
        }
        Ok(())
    }

    fn body(&self, shape: &Shape, way: Way) -> String {
        let inner = |shape: &Shape| self.body(shape, way);
        match (shape, way) {
            (Shape::Named(name), _) => self.name(name, way),
            (Shape::Record(fields), _) => self.record(fields, way),
            (Shape::Map(value), _) => {
                let value = inner(value);
                let record = format!("Readonly<Record<string, {value}>>");
                match way {
                    Way::Given => {
                        format!("{record} | ReadonlyMap<string | number | bigint, {value}>")
                    }
                    Way::Decided => record,
                }
            }
            (Shape::Tagged(_, variants), _) => {
                union(variants.iter().map(|variant| self.name(variant, way)))
            }
            (Shape::Words(words), _) => union(words.iter().map(literal)),
            (Shape::Choice(shapes), _) => union(shapes.iter().map(inner)),
            (Shape::List(entry, None), _) => format!("ReadonlyArray<{}>", inner(entry)),
            (Shape::List(entry, Some(length)), _) => {
                let entries = (0..*length).map(|_| inner(entry));
                format!("readonly [{}]", entries.collect::<Vec<_>>().join(", "))
            }
            (Shape::Option(present), _) => union([inner(present), "null".to_owned()].into_iter()),
            (Shape::Integer(_), Way::Given) => "number | bigint".to_owned(),
            (Shape::Integer(bounds), Way::Decided) => match bounds.pass_2_53() {
                true => "number | bigint".to_owned(),
                false => "number".to_owned(),
            },
            (Shape::Number(_), _) => "number".to_owned(),
            (Shape::Amount, Way::Given) => "bigint | number | string".to_owned(),
            (Shape::Amount, Way::Decided) => "bigint".to_owned(),
            (Shape::Text, _) => "string".to_owned(),
            (Shape::Flag, _) => "boolean".to_owned(),
            (Shape::Json, _) => "unknown".to_owned(),
            (Shape::JsonObject, _) => "Readonly<Record<string, unknown>>".to_owned(),
            (Shape::Overrides(whole), _) => {
                format!("Overrides<{}>", self.name(whole, Way::Given))
            }
        }
    }

    fn record(&self, fields: &[Field], way: Way) -> String {
        let mut out = String::from("{\n");
        for field in fields {
            // What has a default is always in an answer.
            let there = field.required || (way == Way::Decided && field.default.is_some());
            let mut remark = remark(&field.about, field.unit.as_deref());
            if let Some(default) = &field.default {
                remark.push_str(&format!(" Default: {default}."));
            }
            let body = match (way, there) {
                (Way::Given, false) => self.body(&field.shape, way) + " | undefined",
                (Way::Decided, false) => self.body(field.shape.present(), way),
                (_, true) => self.body(&field.shape, way),
            };
            let mark = if there { "" } else { "?" };
            // Writing to a String cannot fail.
            let _ = comment(remark.trim(), 1, &mut out);
            let _ = writeln!(out, "  readonly {}{mark}: {body};", key(&field.name));
        }
        out.push('}');
        out
    }

    fn codes(&self, out: &mut String) -> Result<()> {
        writeln!(
            out,
            "/** The stable codes of reasons. */\nexport type ReasonCode = Code;\n"
        )?;
        let errors = self.model.errors.iter();
        let codes: Vec<String> = errors.map(|error| format!("{:?}", error.code)).collect();
        writeln!(
            out,
            "/** Every error code. */\nexport const ERROR_CODES: readonly ErrorCode[] = [\n  {},\n];\n",
            codes.join(",\n  ")
        )?;
        writeln!(
            out,
            "/** What is asked about a book itself: no decision, so no line of a log. */\nexport const BOOK_QUESTIONS: readonly string[] = {:?};\n",
            trimtab_core::books::QUESTIONS
        )?;
        Ok(())
    }

    fn operations(&self, out: &mut String) -> Result<()> {
        writeln!(
            out,
            "/** What each operation is asked with and what it decides. */\nexport interface Operations {{"
        )?;
        for operation in &self.model.operations {
            comment(&operation.summary, 1, out)?;
            writeln!(
                out,
                "  readonly {:?}: {{ readonly input: {}; readonly decision: {} }};",
                operation.name,
                self.name(&operation.input, Way::Given),
                self.name(&operation.decision, Way::Decided),
            )?;
        }
        writeln!(
            out,
            "}}\n\n/** The method of `Policy` that calls each operation. */\nexport const METHODS = {{"
        )?;
        for operation in &self.model.operations {
            let method = camel(&operation.method);
            writeln!(out, "  {:?}: {method:?},", operation.name)?;
        }
        writeln!(
            out,
            "}} as const satisfies Readonly<Record<keyof Operations, string>>;\n"
        )?;
        Ok(())
    }

    fn methods(&self, out: &mut String) -> Result<()> {
        out.push_str(POLICY_HEAD);
        for operation in &self.model.operations {
            comment(&operation.summary, 1, out)?;
            writeln!(
                out,
                "  {}({}): Decision<{}> {{\n    return this.call({:?}, input);\n  }}\n",
                camel(&operation.method),
                self.argument(&operation.input)?,
                self.name(&operation.decision, Way::Decided),
                operation.name,
            )?;
        }
        out.push_str("}\n");
        Ok(())
    }

    /// One class per kind of handle.
    fn handle(&self, handle: &Handle, out: &mut String) -> Result<()> {
        out.push('\n');
        comment(&handle.summary, 0, out)?;
        writeln!(
            out,
            "export class {} extends Book {{\n  constructor({}) {{\n    super({:?}, input);\n  }}",
            handle.class(),
            self.argument(&handle.open)?,
            handle.kind,
        )?;
        for method in &handle.methods {
            self.method(method, out)?;
        }
        out.push_str("}\n");
        Ok(())
    }

    fn method(&self, method: &Operation, out: &mut String) -> Result<()> {
        out.push('\n');
        comment(&method.summary, 1, out)?;
        let answer = self.name(&method.decision, Way::Decided);
        writeln!(
            out,
            "  {}({}): Decision<{answer}> {{\n    return this.call({:?}, input) as Decision<{answer}>;\n  }}",
            camel(&method.name),
            self.argument(&method.input)?,
            method.name,
        )?;
        Ok(())
    }

    fn argument(&self, input: &str) -> Result<String> {
        let default = match self.model.may_be_left_out(input)? {
            true => " = {}",
            false => "",
        };
        Ok(format!("input: {}{default}", self.name(input, Way::Given)))
    }
}

const TYPES_HEAD: &str = "\
// Generated by trimtab-pack from the operation table of the core. Do not edit: `make generate`.

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

/** Some fields of a record, at any depth. A list or a map is given whole. */
export type Overrides<T> =
  T extends ReadonlyArray<unknown> | ReadonlyMap<never, unknown> ? T
  : T extends object ? { readonly [Key in keyof T]?: Overrides<T[Key]> | undefined }
  : T;

";

const METHODS_HEAD: &str = "\
// Generated by trimtab-pack from the operation table of the core. Do not edit: `make generate`.

import { Book } from \"./book.js\";
";

const POLICY_HEAD: &str = "\
/** One method per operation, over the one way to call them. */
export abstract class PolicyMethods {
  /** Calls an operation by name. */
  abstract call<Name extends keyof Operations>(
    operation: Name,
    input: Operations[Name][\"input\"],
  ): Decision<Operations[Name][\"decision\"]>;

";

fn union(parts: impl Iterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for part in parts {
        if !seen.contains(&part) {
            seen.push(part);
        }
    }
    seen.join(" | ")
}

fn literal(word: &Word) -> String {
    format!("{:?}", word.word)
}

/// The description with its unit.
fn remark(about: &str, unit: Option<&str>) -> String {
    match unit {
        Some(unit) => format!("{about} Unit: {unit}.").trim().to_owned(),
        None => about.trim().to_owned(),
    }
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
