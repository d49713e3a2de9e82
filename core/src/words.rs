//! How numbers are written for people: thousands grouped, fractions with four significant digits,
//! times as durations and moments. What a program reads is exact and stands in the fields of a
//! [`Reason`](crate::reason::Reason); a sentence is for the eye.
//!
//! Nothing here rounds the digits before the point: an operator who is told of an amount can find
//! it again in the fields.

/// So many digits tell a fraction apart.
const SIGNIFICANT: usize = 4;

/// Digits with a comma every three.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let (sign, digits) = signed(digits);
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    out.push_str(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A decimal text as it is, with its digits grouped and without zeros at its end.
#[must_use]
pub fn exact(text: &str) -> String {
    match parts(text) {
        Some((whole, fraction)) => joined(whole, fraction),
        None => text.to_owned(),
    }
}

/// As [`exact`], the fraction cut so that the whole has at most four significant digits.
#[must_use]
pub fn rounded(text: &str) -> String {
    let Some((whole, fraction)) = parts(text) else {
        return text.to_owned();
    };
    let (sign, digits) = signed(whole);
    let keep = match digits.trim_start_matches('0') {
        "" => fraction.len() - fraction.trim_start_matches('0').len() + SIGNIFICANT,
        known => SIGNIFICANT.saturating_sub(known.len()),
    };
    let Some((kept, rest)) = fraction.split_at_checked(keep) else {
        return exact(text);
    };
    if rest.bytes().next().is_none_or(|next| next < b'5') {
        return joined(whole, kept);
    }
    let up = incremented(&format!("{digits}{kept}"));
    let (whole, fraction) = up.split_at_checked(up.len() - keep).unwrap_or((&up, ""));
    joined(&format!("{sign}{whole}"), fraction)
}

/// A decimal text a hundred times as large, for per cents: no digit is computed, so none is wrong.
#[must_use]
pub fn hundredfold(text: &str) -> Option<String> {
    let (whole, fraction) = parts(text)?;
    let (sign, digits) = signed(whole);
    let padded = format!("{fraction:0<2}");
    let (moved, rest) = padded.split_at_checked(2)?;
    let digits = format!("{digits}{moved}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    Some(format!("{sign}{digits}.{rest}"))
}

/// The digits before and after the point, if the text is a plain decimal number.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    let plain = !signed(whole).1.is_empty() && all_digits(signed(whole).1) && all_digits(fraction);
    plain.then_some((whole, fraction))
}

fn signed(text: &str) -> (&str, &str) {
    match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    }
}

fn joined(whole: &str, fraction: &str) -> String {
    match fraction.trim_end_matches('0') {
        "" => grouped(whole),
        fraction => format!("{}.{fraction}", grouped(whole)),
    }
}

/// The next whole number after the one with these digits.
fn incremented(digits: &str) -> String {
    let mut carry = true;
    let mut up: Vec<char> = Vec::with_capacity(digits.len() + 1);
    for digit in digits.chars().rev() {
        let next = digit.to_digit(10).unwrap_or(0) + u32::from(carry);
        carry = next == 10;
        up.push(char::from_digit(next % 10, 10).unwrap_or('0'));
    }
    if carry {
        up.push('1');
    }
    up.iter().rev().collect()
}

/// An amount of a token's smallest unit in whole tokens, as an exact decimal text.
#[must_use]
pub fn in_tokens(raw: &str, decimals: usize) -> String {
    let (sign, digits) = signed(raw);
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    match padded.split_at_checked(padded.len() - decimals) {
        Some((whole, fraction)) if decimals > 0 => format!("{sign}{whole}.{fraction}"),
        _ => raw.to_owned(),
    }
}

/// A time span in the unit that suits it: `90 s`, `25 h`, `3.5 days`.
#[must_use]
pub fn duration(milliseconds: i128) -> String {
    const UNITS: [(u128, &str); 4] = [
        (86_400_000, "days"),
        (3_600_000, "h"),
        (60_000, "min"),
        (1_000, "s"),
    ];
    let sign = if milliseconds < 0 { "-" } else { "" };
    let span = milliseconds.unsigned_abs();
    let suits = UNITS
        .iter()
        .find(|(unit, name)| span >= unit.saturating_mul(if *name == "s" { 1 } else { 2 }));
    match suits {
        Some((unit, name)) => {
            let tenths = (span / unit).saturating_mul(10) + (span % unit * 10 + unit / 2) / unit;
            let text = joined(&(tenths / 10).to_string(), &(tenths % 10).to_string());
            format!("{sign}{text} {name}")
        }
        None if span == 0 => "0 s".to_owned(),
        None => format!("{sign}{span} ms"),
    }
}

/// A moment in seconds since 1970, as a date and time of UTC; beyond the year 9999 the number.
#[must_use]
pub fn moment(seconds: i128) -> String {
    const DAY: i128 = 86_400;
    if !(0..253_402_300_800).contains(&seconds) {
        return grouped(&seconds.to_string());
    }
    // Years that begin in March put the leap day at their end, so that months have a formula.
    let (days, second) = (seconds / DAY + 719_468, seconds % DAY);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let day = day - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + i128::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_keeps_four_significant_digits_and_a_whole_number_all() {
        for (text, shown) in [
            ("0", "0"),
            ("8.0", "8"),
            ("0.4499999999999999", "0.45"),
            ("0.00123456", "0.001235"),
            ("0.99999", "1"),
            ("12.34567", "12.35"),
            ("999.96", "1,000"),
            ("-1234.5", "-1,235"),
            ("-0.00004", "-0.00004"),
            ("1234567", "1,234,567"),
            ("-100", "-100"),
            ("1e-07", "1e-07"),
            ("NaN", "NaN"),
            ("", ""),
            ("thriving", "thriving"),
        ] {
            assert_eq!(rounded(text), shown, "{text}");
        }
        assert_eq!(exact("1234.56780"), "1,234.5678");
    }

    #[test]
    fn a_share_becomes_per_cent_without_a_wrong_digit() {
        for (share, per_cent) in [
            ("0.070625", "7.0625"),
            ("0.3", "30."),
            ("1.0", "100."),
            ("0.0", "0."),
            ("-0.005", "-0.5"),
        ] {
            assert_eq!(hundredfold(share).as_deref(), Some(per_cent));
        }
        assert_eq!(hundredfold("1e-07"), None);
    }

    #[test]
    fn raw_units_become_whole_tokens() {
        for (raw, decimals, shown) in [
            ("3000000000", 6, "3,000"),
            ("1", 6, "0.000001"),
            ("-1500000", 6, "-1.5"),
            ("12000000000000000000000", 18, "12,000"),
            ("7", 0, "7"),
        ] {
            assert_eq!(exact(&in_tokens(raw, decimals)), shown, "{raw}");
        }
        assert_eq!(rounded(&in_tokens("500000001", 6)), "500");
    }

    #[test]
    fn a_span_is_written_in_the_unit_that_suits_it() {
        for (milliseconds, shown) in [
            (0, "0 s"),
            (250, "250 ms"),
            (1_500, "1.5 s"),
            (90_000, "90 s"),
            (5_400_000, "90 min"),
            (90_000_000, "25 h"),
            (302_400_000, "3.5 days"),
            (-4_000, "-4 s"),
        ] {
            assert_eq!(duration(milliseconds), shown, "{milliseconds}");
        }
        assert!(duration(i128::MIN).ends_with(" days"));
    }

    #[test]
    fn a_moment_is_a_date_of_utc_leap_days_included() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_795_171_727, "2026-11-20 10:48:47 UTC"),
            (253_402_300_799, "9999-12-31 23:59:59 UTC"),
            (253_402_300_800, "253,402,300,800"),
            (-1, "-1"),
        ] {
            assert_eq!(moment(seconds), shown);
        }
    }
}
