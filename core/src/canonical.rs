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
    let mut out = String::with_capacity(24);
    push_float(x, &mut out);
    out
}

fn push_float(x: f64, out: &mut String) {
    if x.is_nan() {
        return out.push_str("NaN");
    }
    if x.is_sign_negative() {
        out.push('-');
    }
    if x.is_infinite() {
        return out.push_str("Infinity");
    }
    let mut buffer = zmij::Buffer::new();
    let (digits, exponent) = digits_and_exponent(buffer.format_finite(x.abs()));
    match usize::try_from(exponent) {
        Ok(whole) if exponent < 16 => push_positional(&digits, whole, out),
        Err(_) if exponent >= -4 => {
            out.push_str("0.");
            (1..exponent.unsigned_abs()).for_each(|_| out.push('0'));
            out.push_str(&digits);
        }
        _ => push_scientific(&digits, exponent, out),
    }
}

/// The significant digits of a plain or scientific text and the power of ten of the first one.
fn digits_and_exponent(text: &str) -> (String, i32) {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(24);
    digits.push_str(whole.trim_start_matches('0'));
    let mut exponent = digits.len() as i32 - 1 + power.parse::<i32>().unwrap_or(0);
    if digits.is_empty() {
        let significant = fraction.trim_start_matches('0');
        exponent -= (fraction.len() - significant.len()) as i32;
        digits.push_str(significant);
    } else {
        digits.push_str(fraction);
    }
    digits.truncate(digits.trim_end_matches('0').len());
    if digits.is_empty() {
        return ("0".to_owned(), 0);
    }
    (digits, exponent)
}

fn push_positional(digits: &str, whole: usize, out: &mut String) {
    match digits.split_at_checked(whole + 1) {
        Some((integer, fraction)) => {
            out.push_str(integer);
            out.push('.');
            out.push_str(if fraction.is_empty() { "0" } else { fraction });
        }
        None => {
            out.push_str(digits);
            (digits.len()..=whole).for_each(|_| out.push('0'));
            out.push_str(".0");
        }
    }
}

fn push_scientific(digits: &str, exponent: i32, out: &mut String) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
    out.push_str(first);
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    out.push_str(if exponent < 0 { "e-" } else { "e+" });
    if exponent.unsigned_abs() < 10 {
        out.push('0');
    }
    push_unsigned(exponent.unsigned_abs().into(), out);
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
        Value::Float(x) => push_float(*x, out),
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
    out.push_str(itoa::Buffer::new().format(n));
}

/// The escapes that JSON demands and no others.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    while let Some(at) = rest.bytes().position(escaped) {
        // The byte is ASCII, so both cuts fall between characters.
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (special, after) = from.split_at_checked(1).unwrap_or((from, ""));
        out.push_str(plain);
        match special {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            "\u{8}" => out.push_str("\\b"),
            "\u{c}" => out.push_str("\\f"),
            other => {
                out.push_str("\\u00");
                out.push_str(&hex(other.as_bytes()));
            }
        }
        rest = after;
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
