//! A config in force and what every operation under it has in common: how it is asked and decided,
//! and the envelope of its answer. The operations themselves are on the top floor,
//! [`crate::operations`].
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let policy = Policy::plan();
//! assert_eq!((policy.profile().as_str(), policy.digest().len()), ("plan", 64));
//! ```

use schemars::JsonSchema;
use serde::Serialize;

use crate::canonical::{self, Amounts};
use crate::config::{Config, Profile};
use crate::error::Error;
use crate::reason::{Quarantined, Reason, Why};
use crate::value::{self, FromValue, Value};

/// The version of this policy; one for the whole workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the module's raw interface.
pub const ABI: u32 = 1;

/// No input may be larger, in bytes.
pub const MAX_INPUT_BYTES: usize = 256 << 20;

/// One operation: a pure function from a typed input to a typed decision.
pub trait Op {
    /// What it is asked with.
    type Input: Serialize + FromValue + JsonSchema;
    /// What it decides.
    type Output: Serialize + JsonSchema;
    /// Its name, `family.verb`.
    const NAME: &'static str;
    /// What it decides, in one sentence.
    const SUMMARY: &'static str;
    /// Decides, and says why.
    fn decide(config: &Config, input: &Self::Input, why: &mut Why) -> Result<Self::Output, Error>;
}

/// A decision with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decided<T> {
    /// The outcome.
    pub decision: T,
    /// Every reason that applied, in evaluation order.
    pub reasons: Vec<Reason>,
    /// The entries that were set aside because they are bad.
    pub quarantined: Vec<Quarantined>,
}

/// How an operation decides, its types erased.
type Decide = fn(&Config, &Value<'_>, &mut Why, Amounts) -> Result<String, Error>;

/// An operation as the table knows it, its types erased.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Its name, `family.verb`.
    pub name: &'static str,
    /// The name of its typed method on every surface.
    pub method: &'static str,
    /// What it decides, in one sentence.
    pub summary: &'static str,
    decide: Decide,
}

impl Operation {
    /// The entry of the operation `O`.
    #[must_use]
    pub const fn of<O: Op>(method: &'static str) -> Self {
        Self {
            name: O::NAME,
            method,
            summary: O::SUMMARY,
            decide: |config, input, why, amounts| {
                let input: O::Input = value::decode(input)?;
                canonical::written(&O::decide(config, &input, why)?, amounts)
            },
        }
    }
}

/// A config, parsed and checked once, under which operations are called.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    profile: Profile,
    config: Config,
    digest: String,
    /// Its part of every envelope, as text.
    stamp: String,
}

impl Policy {
    /// The constants of the design documents.
    #[must_use]
    pub fn plan() -> Self {
        Self::of(Profile::Plan)
    }

    /// The constants and variants of `profile`.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        let digest = profile.digest();
        // Five short texts always encode.
        let stamp = canonical::text(&stamp(profile, digest)).unwrap_or_default();
        Self {
            profile,
            config: Config::of(profile),
            digest: digest.to_owned(),
            stamp,
        }
    }

    /// `profile` with some fields changed.
    pub fn new(profile: &str, overrides: Option<&Value<'_>>) -> Result<Self, Error> {
        let base = Self::of(Profile::named(profile)?);
        let Some(overrides) = overrides else {
            return Ok(base);
        };
        base.with(overrides)
    }

    /// The same with some more fields changed.
    pub fn with(&self, overrides: &Value<'_>) -> Result<Self, Error> {
        let config = self.config.with(overrides)?;
        let digest = config.digest()?;
        Ok(Self {
            profile: self.profile,
            config,
            stamp: canonical::text(&stamp(self.profile, &digest))?,
            digest,
        })
    }

    /// What the policy was made from.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The config in force.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// sha256 of the canonical config.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Decides a typed input, with reasons.
    pub fn decide<O: Op>(&self, input: &O::Input) -> Result<Decided<O::Output>, Error> {
        let mut why = Why::new();
        let decision = O::decide(&self.config, input, &mut why)?;
        let (reasons, quarantined) = why.finish();
        Ok(Decided {
            decision,
            reasons,
            quarantined,
        })
    }

    /// The envelope of the answer of `operation`.
    pub fn answer(
        &self,
        operation: &Operation,
        input: &Value<'_>,
        amounts: Amounts,
    ) -> Result<String, Error> {
        let mut why = Why::new();
        let decision = (operation.decide)(&self.config, input, &mut why, amounts)?;
        self.envelope_text(&decision, why)
    }

    /// The policy's part of the envelope: who decided, under which config.
    #[must_use]
    pub fn stamp(&self) -> Stamp<'_> {
        stamp(self.profile, &self.digest)
    }

    /// The envelope of a decision that is canonical JSON already.
    pub fn envelope_text(&self, decision: &str, why: Why) -> Result<String, Error> {
        let (reasons, quarantined) = why.finish();
        let mut answer = String::with_capacity(decision.len() + 512);
        answer.push_str("{\"decision\":");
        answer.push_str(decision);
        answer.push_str(",\"policy\":");
        answer.push_str(&self.stamp);
        if !quarantined.is_empty() {
            answer.push_str(",\"quarantined\":");
            answer.push_str(&canonical::text(&quarantined)?);
        }
        answer.push_str(",\"reasons\":");
        answer.push_str(&canonical::text(&reasons)?);
        answer.push('}');
        Ok(answer)
    }
}

/// The stamp of a policy with this config.
#[must_use]
pub fn stamp(profile: Profile, digest: &str) -> Stamp<'_> {
    Stamp {
        config: digest,
        name: "trimtab",
        profile: profile.as_str(),
        version: VERSION,
    }
}

/// Who decided, under which config: the policy's part of the envelope.
#[record(written, Copy, Eq)]
pub struct Stamp<'p> {
    /// sha256 of the canonical config.
    pub config: &'p str,
    /// Always `trimtab`.
    pub name: &'static str,
    /// The profile that the config started from.
    pub profile: &'static str,
    /// The version of the policy.
    pub version: &'static str,
}

/// The canonical JSON of an error, as it crosses every boundary.
#[must_use]
pub fn error_text(error: &Error) -> Vec<u8> {
    #[derive(Serialize)]
    struct Answer<'e> {
        error: &'e Error,
    }
    // Five texts and a number: nothing in them can fail to be written.
    canonical::text(&Answer { error })
        .unwrap_or_default()
        .into_bytes()
}

/// JSON within the published limit.
pub fn parse(input: &[u8]) -> Result<Value<'_>, Error> {
    short_enough(input)?;
    Value::from_json(input)
}

/// Refuses an input above the published limit.
pub fn short_enough(input: &[u8]) -> Result<(), Error> {
    if input.len() <= MAX_INPUT_BYTES {
        return Ok(());
    }
    Err(Error::too_large(
        "",
        format_args!("{} bytes", input.len()),
        format_args!("{MAX_INPUT_BYTES} bytes"),
    ))
}
