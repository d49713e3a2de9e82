//! The one text of a float and of an integer: as CPython prints them.

/// A float as CPython's `repr` prints it: shortest digits that read back to the same number,
/// positional between 1e-4 and 1e16, else with an exponent of at least two digits.
#[must_use]
pub fn float_text(x: f64) -> String {
    let mut out = String::with_capacity(24);
    push_float(x, &mut out);
    out
}

/// Appends the text of a float.
pub fn push_float(x: f64, out: &mut String) {
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

pub fn push_unsigned(n: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(n));
}
