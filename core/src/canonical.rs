//! Canonical JSON and digests: one value has exactly one text, on every host.
//!
//! UTF-8, keys sorted by code point, no spaces, integers without exponent, floats in the shortest
//! form that reads back to the same number, written as CPython prints it.
//!
//! ```
//! use trimtab_core::{canonical, value::Value};
//! let value = Value::from_json(br#"{"b": 1.50, "a": [1e-7, "\u00e9"]}"#).unwrap();
//! assert_eq!(canonical::text(&value), r#"{"a":[1e-07,"é"],"b":1.5}"#);
//! ```

use sha2::{Digest as _, Sha256};

use crate::value::Value;

/// The canonical JSON of `value`.
#[must_use]
pub fn text(value: &Value<'_>) -> String {
    let mut out = String::with_capacity(256);
    write(value, &mut out);
    out
}

/// Lower-case hex of sha256 over `bytes`.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex of sha256 over the canonical JSON of `value`.
#[must_use]
pub fn digest_of(value: &Value<'_>) -> String {
    digest(text(value).as_bytes())
}

/// Lower-case hex of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// A float as CPython's `repr` prints it: shortest digits that read back to the same number,
/// positional between 1e-4 and 1e16, else with an exponent of at least two digits.
#[must_use]
pub fn float_text(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    if (-4..16).contains(&exponent) {
        return format!("{sign}{}", positional(&digits, exponent));
    }
    let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
    let point = if rest.is_empty() { "" } else { "." };
    let direction = if exponent < 0 { '-' } else { '+' };
    format!(
        "{sign}{first}{point}{rest}e{direction}{:02}",
        exponent.unsigned_abs()
    )
}

fn positional(digits: &str, exponent: i32) -> String {
    let Ok(whole) = usize::try_from(exponent) else {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("0.{zeros}{digits}");
    };
    match digits.split_at_checked(whole + 1) {
        Some((integer, "")) => format!("{integer}.0"),
        Some((integer, fraction)) => format!("{integer}.{fraction}"),
        None => format!("{digits}{}.0", "0".repeat(whole + 1 - digits.len())),
    }
}

fn write(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Unsigned(n) => push_unsigned(*n, out),
        Value::Signed(n) => {
            if *n < 0 {
                out.push('-');
            }
            push_unsigned(n.unsigned_abs(), out);
        }
        Value::Integer(digits) => write_string(digits, out),
        // JSON has no text for these; the marker is also what the intake reads.
        Value::Float(x) if !x.is_finite() => {
            out.push_str("{\"$f64\":");
            write_string(&float_text(*x), out);
            out.push('}');
        }
        Value::Float(x) => out.push_str(&float_text(*x)),
        Value::Text(text) => write_string(text, out),
        Value::List(entries) => {
            out.push('[');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(entry, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            let mut first = true;
            let mut put = |key: &str, entry: &Value<'_>, out: &mut String| {
                if !std::mem::take(&mut first) {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(entry, out);
            };
            if entries.is_sorted_by(|a, b| a.0 < b.0) {
                entries.iter().for_each(|(key, entry)| put(key, entry, out));
            } else {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                sorted
                    .into_iter()
                    .for_each(|(key, entry)| put(key, entry, out));
            }
            out.push('}');
        }
    }
}

fn push_unsigned(n: u64, out: &mut String) {
    use std::fmt::Write as _;
    // Writing to a String cannot fail.
    let _ = write!(out, "{n}");
}

/// The escapes that JSON demands and no others.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\u{c}') => out.push_str("\\f"),
            Some(other) => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_cpython_prints_them() {
        for (x, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (13.0, "13.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (7.633414726396989e-06, "7.633414726396989e-06"),
            (123456789.125, "123456789.125"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (0.30000000000000004, "0.30000000000000004"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(float_text(x), text);
        }
    }

    #[test]
    fn canonical_text_reads_back_to_the_same_text() {
        let value = Value::from_json(
            "{\"z\":[1,-2,2.5,null,true],\"a\":\"\\u0001\\n\\\"\\\\é\",\"m\":{\"$f64\":\"NaN\"}}"
                .as_bytes(),
        )
        .unwrap();
        let once = text(&value);
        assert_eq!(text(&Value::from_json(once.as_bytes()).unwrap()), once);
        assert!(once.starts_with("{\"a\":"));
    }
}
