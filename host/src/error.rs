//! What can go wrong around a call: the input was bad, a limit was hit, the module misbehaved.

use std::fmt;
use std::time::Duration;

use trimtab_core::canonical;
use trimtab_core::error::Error;
use trimtab_core::policy;
use trimtab_core::value::Value;

/// Why a call gave no decision.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HostError {
    /// The input was bad; the policy says what and where.
    BadInput(Error),
    /// The call needed more fuel than this.
    OutOfFuel {
        /// The limit.
        fuel: u64,
    },
    /// The call took longer than this.
    Deadline {
        /// The limit.
        limit: Duration,
    },
    /// The module asked for more memory (or a larger table) than it may have.
    MemoryLimit {
        /// The limit, in bytes or entries.
        limit: u64,
        /// What it asked for.
        wanted: u64,
    },
    /// The answer is longer than the host takes.
    ResultLimit {
        /// The limit in bytes.
        limit: u64,
        /// The length of the answer.
        length: u64,
    },
    /// The module stopped in the middle: unreachable code, an access outside its memory, a stack
    /// overflow, a call of an import.
    Trap(String),
    /// The module does not speak the interface, or lies in it.
    BadModule(String),
    /// A foreign module's plan breaks laws that no plan may break.
    BrokenLaw {
        /// The codes of the laws, as `hub.verify_plan` names them, in the order of the plan.
        laws: Vec<String>,
    },
    /// The bytes are not the ones that were asked for.
    DigestMismatch {
        /// The sha256 asked for.
        expected: String,
        /// The sha256 of the bytes.
        found: String,
    },
    /// This handle was ended by an earlier limit or trap, and what it held is gone.
    HandleLost,
    /// The host has no room for one more instance.
    Unavailable(String),
}

impl HostError {
    /// The stable name of the kind of error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadInput(error) => error.code.as_str(),
            Self::OutOfFuel { .. } => "out_of_fuel",
            Self::Deadline { .. } => "deadline",
            Self::MemoryLimit { .. } => "memory_limit",
            Self::ResultLimit { .. } => "result_limit",
            Self::Trap(_) => "trap",
            Self::BadModule(_) => "bad_module",
            Self::BrokenLaw { .. } => "broken_law",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::HandleLost => "handle_lost",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// Whether a limit of the host ended the call.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::OutOfFuel { .. }
                | Self::Deadline { .. }
                | Self::MemoryLimit { .. }
                | Self::ResultLimit { .. }
        )
    }

    /// The canonical JSON of the error, in the shape of every other error.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let (got, expected) = match self {
            Self::BadInput(error) => return policy::error_text(error),
            Self::OutOfFuel { fuel } => ("more fuel".to_owned(), format!("at most {fuel} fuel")),
            Self::Deadline { limit } => {
                let limit = limit.as_millis();
                ("more time".to_owned(), format!("at most {limit} ms"))
            }
            Self::MemoryLimit { limit, wanted } => (wanted.to_string(), format!("at most {limit}")),
            Self::ResultLimit { limit, length } => {
                (format!("{length} bytes"), format!("at most {limit} bytes"))
            }
            Self::Trap(what) | Self::BadModule(what) | Self::Unavailable(what) => {
                (what.clone(), "a module that answers".to_owned())
            }
            Self::BrokenLaw { laws } => (laws.join(", "), "a plan that keeps the laws".to_owned()),
            Self::DigestMismatch { expected, found } => (found.clone(), expected.clone()),
            Self::HandleLost => ("a lost handle".to_owned(), "an open handle".to_owned()),
        };
        let text = |text: String| Value::Text(text.into());
        let error = Value::Map(vec![
            ("code".into(), text(self.code().to_owned())),
            ("expected".into(), text(expected)),
            ("field".into(), text(String::new())),
            ("got".into(), text(got)),
        ]);
        let whole = Value::Map(vec![("error".into(), error)]);
        // Four texts always encode.
        canonical::text(&whole).unwrap_or_default().into_bytes()
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadInput(error) => error.fmt(f),
            Self::OutOfFuel { fuel } => write!(f, "the call needs more than {fuel} fuel"),
            Self::Deadline { limit } => {
                write!(f, "the call takes longer than {} ms", limit.as_millis())
            }
            Self::MemoryLimit { limit, wanted } => {
                write!(
                    f,
                    "the module wants {wanted} bytes of memory, {limit} are allowed"
                )
            }
            Self::ResultLimit { limit, length } => {
                write!(f, "the answer has {length} bytes, {limit} are allowed")
            }
            Self::Trap(what) => write!(f, "the module stopped: {what}"),
            Self::BadModule(what) => write!(f, "the module breaks the interface: {what}"),
            Self::BrokenLaw { laws } => {
                write!(
                    f,
                    "the plan of the module breaks a law: {}",
                    laws.join(", ")
                )
            }
            Self::DigestMismatch { expected, found } => {
                write!(f, "the module has the digest {found}, not {expected}")
            }
            Self::HandleLost => f.write_str("the handle was lost in an earlier call"),
            Self::Unavailable(what) => write!(f, "no room for one more instance: {what}"),
        }
    }
}

impl std::error::Error for HostError {}

impl From<Error> for HostError {
    fn from(error: Error) -> Self {
        Self::BadInput(error)
    }
}
