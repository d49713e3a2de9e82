//! Reports what is odd in a config: settings that contradict each other and settings without effect.
//!
//! A config that can never make sense is an error ([`Config::validate`]); everything here is legal.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let odd = br#"{"config":{"health":{"max_multiplier":1.0}}}"#;
//! let answer = Policy::plan().call("config.lint", odd)?;
//! assert!(String::from_utf8_lossy(&answer).contains("tiers_share_multiplier"));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! Source: decisions, "Profiles". Each family adds its own in its `lint`. Codes: `config_coherent`,
//! `setting_without_effect`, and those of the families.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use std::borrow::Cow;

use crate::config::{Config, Profile};
use crate::error::Error;
use crate::reason::{Code, Effect, Reason, Why};
use crate::units::Count;
use crate::value::{Fault, FromValue, Source, Value};

/// Which config to check; the one in force when empty.
#[record(Default)]
pub struct LintInput {
    /// Start from this profile instead of the config in force.
    pub profile: Option<Profile>,
    /// Fields to change, as they would be given to a policy.
    pub config: Option<Overrides>,
}

/// Some fields of a config.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Overrides(Value<'static>);

impl Overrides {
    /// The fields.
    #[must_use]
    pub const fn value(&self) -> &Value<'static> {
        &self.0
    }
}

impl FromValue for Overrides {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        source.to_value().map(Self)
    }
}

impl JsonSchema for Overrides {
    fn schema_name() -> Cow<'static, str> {
        "ConfigOverrides".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object", "x-overrides": "Config", "description": "some fields of Config",
        })
    }
}

/// What the check found.
#[record(open)]
pub struct Linted {
    /// Whether nothing is odd.
    pub coherent: bool,
    /// sha256 of the canonical config that was checked.
    pub config: String,
    /// How many oddities there are, one reason each.
    pub warnings: Count,
}

/// Checks a config for oddities.
pub fn lint(config: &Config, input: &LintInput, why: &mut Why) -> Result<Linted, Error> {
    let base = input.profile.map_or_else(|| config.clone(), Config::of);
    let checked = match &input.config {
        Some(Overrides(overrides)) => base.with(overrides)?,
        None => base,
    };
    // The outcome counts the reasons, so it needs them also where nobody reads them.
    let mut found = Why::new();
    checked.lint(&mut found);
    let (reasons, _) = found.finish();
    let warnings = Count::new(u32::try_from(reasons.len()).unwrap_or(u32::MAX))?;
    let coherent = reasons.is_empty();
    if coherent {
        why.add(|| Reason::new(Code::ConfigCoherent, Effect::Allow));
    }
    reasons.into_iter().for_each(|reason| why.add(|| reason));
    Ok(Linted {
        coherent,
        config: checked.digest()?,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(input: &str) -> Vec<&'static str> {
        let value = Value::from_json(input.as_bytes()).unwrap();
        let input: LintInput = crate::value::decode(&value).unwrap();
        let mut why = Why::new();
        let linted = lint(&Config::default(), &input, &mut why).unwrap();
        let reasons = why.into_reasons();
        let odd = reasons
            .iter()
            .filter(|reason| reason.effect == Effect::Warn);
        assert_eq!(odd.count() as u32, linted.warnings.get());
        reasons
            .iter()
            .map(|reason| reason.code.entry().name)
            .collect()
    }

    #[test]
    fn our_profiles_say_what_is_odd_about_them() {
        for profile in Profile::ALL {
            let input = format!(r#"{{"profile":"{}"}}"#, profile.as_str());
            // The plan lets one request take more than a full reserve can pay.
            let expected = match profile {
                Profile::Xln => "config_coherent",
                _ => "cap_above_reserve",
            };
            assert_eq!(codes(&input), [expected], "{input}");
        }
    }

    #[test]
    fn what_a_hub_cannot_mean_is_reported() {
        let input = r#"{"config":{"hub":{"per_request_cap":1500,"floor":1001,"base_fee":"0.1"}}}"#;
        let expected = [
            "cap_above_reserve",
            "bounds_crossed",
            "setting_without_effect",
        ];
        assert_eq!(codes(input), expected);
        let fixed = r#"{"config":{"hub":{"per_request_cap":1500}}}"#;
        assert_eq!(codes(fixed), ["config_coherent"]);
    }

    #[test]
    fn a_bound_that_makes_two_tiers_alike_is_reported() {
        let input = r#"{"config":{"health":{"max_multiplier":1.5}}}"#;
        assert_eq!(
            codes(input),
            ["tiers_share_multiplier", "cap_above_reserve"]
        );
    }

    #[test]
    fn a_bad_override_is_an_error_with_its_path() {
        let value = Value::from_json(br#"{"config":{"health":{"min_multiplier":3}}}"#).unwrap();
        let input: LintInput = crate::value::decode(&value).unwrap();
        let error = lint(&Config::default(), &input, &mut Why::off()).unwrap_err();
        assert_eq!(error.field, "config.health.min_multiplier");
    }
}
