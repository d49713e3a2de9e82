//! What is left out of a line: the values at JSON pointers, `*` for every entry of a list or record.

use std::borrow::Cow;

use crate::error::Error;
use crate::sorting;
use crate::value::Value;

/// What stands where a value was left out.
pub const MASKED: &str = "masked";

/// The parts of a line that may be masked. All else is needed to check the log.
const MASKABLE: [&str; 7] = [
    "caller",
    "decision_id",
    "handles",
    "input",
    "labels",
    "output",
    "policies",
];

/// Leaves the values at `pointers` out of `line`; where something was left out, sorted. A pointer
/// that names nothing in this line is no mistake: lines differ.
pub fn apply(line: &mut Value<'static>, pointers: &[String]) -> Result<Vec<String>, Error> {
    let mut masked = Vec::new();
    for (index, pointer) in pointers.iter().enumerate() {
        let steps = steps(pointer).map_err(|error| error.at(index).inside("mask"))?;
        if let Some((first, rest)) = steps.split_first() {
            whole(line, first, &mut masked);
            inside(line, first, rest, "", &mut masked);
        }
    }
    sorting::once(&mut masked, Ord::cmp);
    Ok(masked)
}

/// The steps of a pointer (RFC 6901), the first of which may be masked.
fn steps(pointer: &str) -> Result<Vec<String>, Error> {
    let expected = || {
        let roots = MASKABLE.map(|root| format!("/{root}")).join(" | ");
        format!("a JSON pointer below {roots}")
    };
    let wrong = || Error::out_of_range("", format_args!("\"{pointer}\""), expected());
    let rest = pointer.strip_prefix('/').ok_or_else(wrong)?;
    let steps: Vec<String> = rest
        .split('/')
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    let is_maskable = |step: &String| MASKABLE.contains(&step.as_str());
    match steps.first().is_some_and(is_maskable) {
        true => Ok(steps),
        false => Err(wrong()),
    }
}

/// What was kept as text or bytes has no parts: a mask inside leaves out all of it, because the
/// value that must not be told stands somewhere in it.
fn whole(line: &mut Value<'static>, root: &str, masked: &mut Vec<String>) {
    for end in ["_text", "_hex"] {
        let name = format!("{root}{end}");
        if let Some(value) = entry(line, &name) {
            put(value, format!("/{name}"), masked);
        }
    }
}

fn inside(
    value: &mut Value<'static>,
    step: &str,
    rest: &[String],
    path: &str,
    masked: &mut Vec<String>,
) {
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                if step == "*" || key == step {
                    let path = format!("{path}/{}", escaped(key));
                    deeper(value, rest, path, masked);
                }
            }
        }
        Value::List(entries) => {
            for (index, value) in entries.iter_mut().enumerate() {
                let index = index.to_string();
                if step == "*" || index == step {
                    deeper(value, rest, format!("{path}/{index}"), masked);
                }
            }
        }
        _ => {}
    }
}

fn deeper(value: &mut Value<'static>, rest: &[String], path: String, masked: &mut Vec<String>) {
    match rest.split_first() {
        None => put(value, path, masked),
        Some((step, rest)) => inside(value, step, rest, &path, masked),
    }
}

fn put(value: &mut Value<'static>, path: String, masked: &mut Vec<String>) {
    *value = Value::Text(Cow::Borrowed(MASKED));
    masked.push(path);
}

fn entry<'v>(line: &'v mut Value<'static>, name: &str) -> Option<&'v mut Value<'static>> {
    match line {
        Value::Map(entries) => entries
            .iter_mut()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
