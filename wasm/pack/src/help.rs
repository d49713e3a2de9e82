//! `python/src/help.rs`: what every typed method says of itself at run time, for `help()` and
//! `inspect.signature`.

use anyhow::Result;
use std::fmt::Write as _;

use crate::generate::Derived;
use crate::model::{Field, Model, Operation, Shape};
use crate::python::{is_keyword, shown, value};

/// The derived files.
pub fn files(model: &Model) -> Result<Vec<Derived>> {
    let mut out = String::from(HEAD);
    for operation in &model.operations {
        entry(&mut out, model, "policy", operation)?;
    }
    for handle in &model.handles {
        for method in &handle.methods {
            entry(&mut out, model, &handle.kind, method)?;
        }
    }
    out.push_str("];\n");
    Ok(vec![Derived {
        path: "python/src/help.rs",
        text: out,
    }])
}

const HEAD: &str = r#"//! What every typed method says of itself.
//!
//! Written by `trimtab-pack generate` from core's description; edit that.

use std::ffi::CStr;

/// What one typed method says of itself.
#[derive(Debug)]
pub struct Help {
    /// The kind of handle that has it.
    pub kind: &'static str,
    /// The name of the operation.
    pub operation: &'static str,
    /// The name of the method.
    pub method: &'static CStr,
    /// Its signature and its docstring, as CPython reads both from one text.
    pub text: &'static CStr,
}

/// Every typed method.
#[rustfmt::skip]
pub static HELP: &[Help] = &[
"#;

fn entry(out: &mut String, model: &Model, kind: &str, operation: &Operation) -> Result<()> {
    let (name, method) = (&operation.name, &operation.method);
    let text = format!(
        "{method}{}\n--\n\n{}",
        signature(model.fields(&operation.input)?),
        docstring(model, operation)?
    );
    writeln!(
        out,
        "    Help {{\n        kind: {kind:?},\n        operation: {name:?},\n        \
         method: c{method:?},\n        text: cr##\"{text}\"##,\n    }},"
    )?;
    Ok(())
}

/// As CPython writes the signature of a function in C. What must be named by name has no default
/// but may be absent, because one record may stand for all fields; what may be absent and never is
/// `None` has none either.
fn signature(fields: &[Field]) -> String {
    let mut parts = vec!["$self", "record=None", "/"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    let named: Vec<&Field> = fields.iter().filter(|field| !is_keyword(field)).collect();
    if !named.is_empty() {
        parts.push("*".to_owned());
    }
    for field in named {
        let default = match &field.default {
            Some(default) => value(default),
            None if field.required || !matches!(field.shape, Shape::Option(_)) => "...".to_owned(),
            None => "None".to_owned(),
        };
        parts.push(format!("{}={default}", field.name));
    }
    format!("({})", parts.join(", "))
}

fn docstring(model: &Model, operation: &Operation) -> Result<String> {
    let mut out = format!("{}\n\n", operation.summary);
    let given = model.fields(&operation.input)?;
    if given.is_empty() {
        writeln!(out, "Takes nothing.\n")?;
    } else {
        writeln!(
            out,
            "Takes one record, `trimtab.types.{}`, or its fields by name:\n",
            operation.input
        )?;
        for field in given {
            let stands = match &field.default {
                Some(default) => format!("Default: {}.", value(default)),
                None if field.required => "Required.".to_owned(),
                None => "May be absent.".to_owned(),
            };
            line(&mut out, field, &stands)?;
        }
    }
    writeln!(
        out,
        "\nReturns a decision with `reasons` and the fields of `trimtab.types.{}`:\n",
        operation.decision
    )?;
    for field in model.fields(&operation.decision)? {
        line(&mut out, field, "")?;
    }
    if !operation.reasons.is_empty() {
        writeln!(out, "\nReasons: {}.", operation.reasons.join(", "))?;
    }
    let codes = model.errors.iter().map(|error| error.code.as_str());
    let codes: Vec<&str> = codes.filter(|code| *code != "internal").collect();
    write!(
        out,
        "\nRaises `trimtab.InputError` where the input is bad, with a code ({}), and\n\
         `trimtab.InternalError` where trimtab itself is.",
        codes.join(", ")
    )?;
    Ok(out)
}

fn line(out: &mut String, field: &Field, stands: &str) -> Result<()> {
    let about = format!("{} {stands}", field.about.replace('\n', " "));
    writeln!(
        out,
        "    {}: {}\n        {}",
        field.name,
        shown(&field.shape),
        about.trim()
    )?;
    Ok(())
}
