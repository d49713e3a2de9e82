//! Bad input. An [`Error`] says what was wrong, where, and what would have been right;
//! it is never a policy outcome (that is a [`Reason`](crate::reason::Reason)).
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let error = Policy::plan().call("health.score", br#"{"profitable_pct":1.5}"#).unwrap_err();
//! assert_eq!(error.code.as_str(), "out_of_range");
//! assert_eq!((error.field.as_str(), error.got.as_str()), ("profitable_pct", "1.5"));
//! ```

use serde::de;
use std::fmt;

use crate::float::float_text;

/// The stable names of what can be wrong with an input.
#[choice]
#[non_exhaustive]
pub enum ErrorCode {
    /// The value has the wrong type, or the bytes are not JSON.
    Malformed,
    /// A required field is absent.
    MissingField,
    /// A field that the operation does not know.
    UnknownField,
    /// The type is right, the value is not allowed.
    OutOfRange,
    /// An id or key stands twice where it may stand once.
    Duplicate,
    /// Arithmetic left the range of its type.
    Overflow,
    /// A published limit on bytes or entries is exceeded.
    TooLarge,
    /// No operation (or handle kind) has this name.
    UnknownOperation,
    /// The input was written for another version.
    IncompatibleVersion,
    /// A defect of trimtab, caught at the boundary.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::MissingField,
        Self::UnknownField,
        Self::OutOfRange,
        Self::Duplicate,
        Self::Overflow,
        Self::TooLarge,
        Self::UnknownOperation,
        Self::IncompatibleVersion,
        Self::Internal,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::MissingField => "missing_field",
            Self::UnknownField => "unknown_field",
            Self::OutOfRange => "out_of_range",
            Self::Duplicate => "duplicate",
            Self::Overflow => "overflow",
            Self::TooLarge => "too_large",
            Self::UnknownOperation => "unknown_operation",
            Self::IncompatibleVersion => "incompatible_version",
            Self::Internal => "internal",
        }
    }

    /// What the code means, for the generated reference.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Malformed => "wrong type, or bytes that are not JSON (then with a byte offset)",
            Self::MissingField => "a required field is absent",
            Self::UnknownField => "a field that the operation does not know",
            Self::OutOfRange => "right type, value not allowed",
            Self::Duplicate => "an id or key stands twice",
            Self::Overflow => "arithmetic left the range of its type",
            Self::TooLarge => "a published limit on bytes or entries is exceeded",
            Self::UnknownOperation => "no operation or handle kind has this name",
            Self::IncompatibleVersion => "the input was written for another version",
            Self::Internal => "a defect of trimtab, caught at the boundary",
        }
    }
}

/// Why an input was refused.
#[record(open, Eq)]
#[non_exhaustive]
pub struct Error {
    /// What kind of mistake it is.
    pub code: ErrorCode,
    /// Path of the field, such as `channels[3].local_pct`; empty for the input as a whole.
    pub field: String,
    /// What was found there.
    pub got: String,
    /// What is allowed there.
    pub expected: String,
    /// Byte offset of the mistake, when the input came as bytes.
    pub offset: Option<u64>,
}

impl Error {
    /// An error about `field`.
    pub fn new(
        code: ErrorCode,
        field: impl Into<String>,
        got: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        Self {
            code,
            field: field.into(),
            got: shorten(got.to_string()),
            expected: expected.to_string(),
            offset: None,
        }
    }

    /// The value of `field` is not allowed.
    pub fn out_of_range(
        field: impl Into<String>,
        got: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        Self::new(ErrorCode::OutOfRange, field, got, expected)
    }

    /// `id` stands twice in `field`.
    pub fn duplicate(field: impl Into<String>, id: impl fmt::Display) -> Self {
        Self::new(ErrorCode::Duplicate, field, id, "each id once")
    }

    /// The arithmetic behind `field` left its range.
    pub fn overflow(field: impl Into<String>) -> Self {
        Self::new(
            ErrorCode::Overflow,
            field,
            "a result out of range",
            "amounts whose sums fit",
        )
    }

    /// A required field is absent.
    pub fn missing(field: impl Into<String>) -> Self {
        Self::new(ErrorCode::MissingField, field, "nothing", "a value")
    }

    /// More than `limit` entries or bytes in `field`.
    pub fn too_large(
        field: impl Into<String>,
        got: impl fmt::Display,
        limit: impl fmt::Display,
    ) -> Self {
        Self::new(ErrorCode::TooLarge, field, got, format!("at most {limit}"))
    }

    /// A state that only a defect of ours can reach.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::new(ErrorCode::Internal, "", what, "a report to the maintainers")
    }

    /// Whether its texts are no longer than we write them.
    pub(crate) fn is_short(&self) -> bool {
        const MOST: usize = 8192;
        let paths = [&self.field, &self.expected];
        self.got == shorten(self.got.clone()) && paths.iter().all(|text| text.len() <= MOST)
    }

    /// The same error, seen from the record that holds `key`.
    #[must_use]
    #[cold]
    pub fn inside(mut self, key: &str) -> Self {
        self.field = match self.field.as_str() {
            "" => key.to_owned(),
            rest if rest.starts_with('[') => format!("{key}{rest}"),
            rest => format!("{key}.{rest}"),
        };
        self
    }

    /// The same error, seen from the list that holds entry `index`.
    #[must_use]
    #[cold]
    pub fn at(self, index: usize) -> Self {
        self.inside(&format!("[{index}]"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            field,
            got,
            expected,
            offset,
        } = self;
        f.write_str(&sentence(code.as_str(), field, got, expected, *offset))
    }
}

/// An error in one sentence. Also for codes that only a host has, such as `out_of_fuel`.
#[must_use]
pub fn sentence(code: &str, field: &str, got: &str, expected: &str, offset: Option<u64>) -> String {
    let field = if field.is_empty() { "input" } else { field };
    let kind = code.replace('_', " ");
    let place = offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
    format!("{field}: {kind} (got {got}, expected {expected}){place}")
}

impl std::error::Error for Error {}

/// An attacker's megabyte must not come back in our answer.
fn shorten(text: String) -> String {
    const MOST: usize = 80;
    if text.chars().count() <= MOST {
        return text;
    }
    let mut short: String = text.chars().take(MOST).collect();
    short.push('…');
    short
}

fn describe(found: &de::Unexpected<'_>) -> String {
    match found {
        de::Unexpected::Bool(b) => b.to_string(),
        de::Unexpected::Unsigned(n) => n.to_string(),
        de::Unexpected::Signed(n) => n.to_string(),
        de::Unexpected::Float(x) => float_text(*x),
        de::Unexpected::Str(s) => format!("\"{s}\""),
        de::Unexpected::Unit | de::Unexpected::Option => "null".to_owned(),
        de::Unexpected::Seq => "a list".to_owned(),
        de::Unexpected::Map => "an object".to_owned(),
        de::Unexpected::Other(text) => (*text).to_owned(),
        // No host has these; and their texts would bring another writer of floats.
        _ => "something else".to_owned(),
    }
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorCode::Malformed, "", message, "a well-formed value")
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(ErrorCode::Malformed, "", describe(&found), expected)
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(ErrorCode::OutOfRange, "", describe(&found), expected)
    }

    fn invalid_length(found: usize, expected: &dyn de::Expected) -> Self {
        Self::new(
            ErrorCode::OutOfRange,
            "",
            format!("{found} entries"),
            expected,
        )
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            ErrorCode::OutOfRange,
            "",
            format!("\"{variant}\""),
            expected.join(" | "),
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            ErrorCode::UnknownField,
            shorten(field.to_owned()),
            "an unknown field",
            expected.join(" | "),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::duplicate(field, field)
    }
}
