//! Why a decision is what it is: the one registry of reason codes, the reasons a decision carries,
//! the value that would have changed it, and the one renderer that makes sentences of them.
//!
//! A reason is data: a stable code, what was observed, the limit it was held against, the unit.
//! No text with numbers in it is ever built by a policy.
//!
//! ```
//! use trimtab_core::reason::{Code, Effect, Reason, Why};
//! let mut why = Why::new();
//! why.add(|| Reason::new(Code::EvBelowThreshold, Effect::Refuse).observed(8.0).limit(13.0).flip("ev", 13.0));
//! let reason = &why.into_reasons()[0];
//! assert!(reason.binding);
//! assert_eq!(
//!     reason.sentence(),
//!     "the expected value is 8 sat, below our threshold of 13 sat; this would change with ev = 13"
//! );
//! ```

use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

use crate::canonical::float_text;
use crate::error::Error;
pub use crate::registry::{Code, Entry};
use crate::units::{
    Count, Millis, Msat, Multiplier, Points, Ppm, Real, RealSat, Sat, Score, Seconds, Serial,
    Share, SignedPpm, SignedSat, SignedTokenAmount, TokenAmount, TokenId, TokenTotal, Unit, Wide,
};
use crate::value::{self, Fault, FromValue, Source};
use crate::words;

/// What a reason does to the outcome.
#[choice]
#[non_exhaustive]
pub enum Effect {
    /// It speaks for the outcome.
    Allow,
    /// It changed a number of the outcome.
    Adjust,
    /// Not now.
    Defer,
    /// No.
    Refuse,
    /// It changes nothing, but an operator should know.
    Warn,
    /// It could not be checked.
    Unchecked,
}

/// An observed value or a limit, kept as a number until someone reads it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Quantity {
    /// A whole number.
    Whole(i128),
    /// A float.
    Real(f64),
    /// An amount of a token.
    Amount(Wide),
    /// A word of a closed set, such as a tier.
    Word(Cow<'static, str>),
}

impl Quantity {
    /// The quantity that is written as `text`: a number only where it would be written so again.
    fn read(text: String) -> Self {
        if let Some(n) = text.parse().ok().filter(|n: &i128| n.to_string() == text) {
            return Self::Whole(n);
        }
        if let Some(amount) = text
            .parse()
            .ok()
            .filter(|n: &TokenAmount| n.to_string() == text)
        {
            return Self::Amount(amount.wide());
        }
        match value::float(&text).filter(|x| float_text(*x) == text) {
            Some(x) => Self::Real(x),
            None => Self::Word(text.into()),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(n) => n.fmt(f),
            Self::Real(x) => f.write_str(&float_text(*x)),
            Self::Amount(amount) => amount.fmt(f),
            Self::Word(word) => f.write_str(word),
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(n) => serializer.serialize_str(itoa::Buffer::new().format(*n)),
            Self::Real(x) => serializer.serialize_str(&float_text(*x)),
            Self::Amount(amount) => serializer.serialize_str(&amount.to_string()),
            Self::Word(word) => serializer.serialize_str(word),
        }
    }
}

impl FromValue for Quantity {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        String::from_value(source).map(Self::read)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "a decimal string, or a word of a closed set" })
    }
}

macro_rules! quantity_from {
    (whole: $($whole:ty),*; real: $($real:ty),*) => {
        $(impl From<$whole> for Quantity {
            fn from(n: $whole) -> Self {
                Self::Whole(n.get().into())
            }
        })*
        $(impl From<$real> for Quantity {
            fn from(x: $real) -> Self {
                Self::Real(x.get())
            }
        })*
    };
}

quantity_from! {
    whole: Sat, Msat, SignedSat, Ppm, SignedPpm, Count, Seconds, Millis, Points, TokenId, Serial;
    real: Share, Score, RealSat, Multiplier, Real
}

impl From<f64> for Quantity {
    fn from(x: f64) -> Self {
        Self::Real(x)
    }
}

impl From<i128> for Quantity {
    fn from(n: i128) -> Self {
        Self::Whole(n)
    }
}

impl From<u64> for Quantity {
    fn from(n: u64) -> Self {
        Self::Whole(n.into())
    }
}

impl From<TokenAmount> for Quantity {
    fn from(amount: TokenAmount) -> Self {
        Self::Amount(amount.wide())
    }
}

impl From<SignedTokenAmount> for Quantity {
    fn from(amount: SignedTokenAmount) -> Self {
        Self::Amount(amount.wide())
    }
}

impl From<TokenTotal> for Quantity {
    fn from(total: TokenTotal) -> Self {
        Self::Amount(total.wide())
    }
}

impl From<Wide> for Quantity {
    fn from(amount: Wide) -> Self {
        Self::Amount(amount)
    }
}

impl From<&'static str> for Quantity {
    fn from(word: &'static str) -> Self {
        Self::Word(word.into())
    }
}

impl From<String> for Quantity {
    fn from(word: String) -> Self {
        Self::Word(word.into())
    }
}

/// The legal value nearest to the present one with which this reason no longer applies.
#[record(open)]
pub struct Flip {
    /// The field of the input.
    pub field: Cow<'static, str>,
    /// The value it would have to have.
    pub to: Quantity,
}

/// One reason of a decision.
#[record(open)]
#[non_exhaustive]
pub struct Reason {
    // In the order of the canonical text, which then needs no sorting.
    /// Whether this is the first refusal or deferral: the one that decides.
    pub binding: bool,
    /// Which rule spoke.
    pub code: Code,
    /// What it does to the outcome.
    pub effect: Effect,
    /// The closest value at which this reason no longer applies.
    pub flip: Option<Flip>,
    /// What it was held against.
    pub limit: Option<Quantity>,
    /// What was found.
    pub observed: Option<Quantity>,
    /// What the reason is about: a channel, peer, member or account.
    pub subject: Option<String>,
    /// The unit of both.
    pub unit: Option<Unit>,
}

impl Reason {
    /// A reason with the unit of its code and nothing observed yet.
    #[must_use]
    pub fn new(code: Code, effect: Effect) -> Self {
        let unit = code.entry().unit;
        Self {
            code,
            effect,
            binding: false,
            subject: None,
            observed: None,
            limit: None,
            unit,
            flip: None,
        }
    }

    /// The warning that the setting `field` changes nothing under the other settings.
    #[must_use]
    pub fn without_effect(field: impl fmt::Display) -> Self {
        Self::new(Code::SettingWithoutEffect, Effect::Warn).about(field)
    }

    /// What the reason is about.
    #[must_use]
    pub fn about(mut self, subject: impl fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// What was found.
    #[must_use]
    pub fn observed(mut self, value: impl Into<Quantity>) -> Self {
        self.observed = Some(value.into());
        self
    }

    /// What it was held against.
    #[must_use]
    pub fn limit(mut self, value: impl Into<Quantity>) -> Self {
        self.limit = Some(value.into());
        self
    }

    /// The nearest legal value of `field` that ends this reason.
    #[must_use]
    pub fn flip(mut self, field: impl Into<Cow<'static, str>>, to: impl Into<Quantity>) -> Self {
        self.flip = Some(Flip {
            field: field.into(),
            to: to.into(),
        });
        self
    }

    /// As [`Reason::flip`], where such a value may not exist.
    #[must_use]
    pub fn flip_if(
        self,
        field: impl Into<Cow<'static, str>>,
        to: Option<impl Into<Quantity>>,
    ) -> Self {
        match to {
            Some(to) => self.flip(field, to),
            None => self,
        }
    }

    /// What may leave the node: the code and its effect, no number and no name.
    #[must_use]
    pub fn peer_view(&self) -> Self {
        Self {
            binding: self.binding,
            unit: None,
            ..Self::new(self.code, self.effect)
        }
    }

    /// The sentence for people, derived from the fields alone. Its numbers are rounded; the exact
    /// ones are in the fields.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.said(None)
    }

    /// As [`Reason::sentence`], amounts of a token in whole tokens of so many decimals.
    #[must_use]
    pub fn sentence_in_tokens(&self, decimals: usize) -> String {
        self.said(Some(decimals))
    }

    fn said(&self, decimals: Option<usize>) -> String {
        let entry = self.code.entry();
        let says = match self.effect {
            Effect::Defer => entry.deferring.unwrap_or(entry.says),
            _ => entry.says,
        };
        let mut text = says.to_owned();
        let places = [
            ("{observed}", "{observed at}", &self.observed),
            ("{limit}", "{limit at}", &self.limit),
        ];
        let exact = self.looks_equal(decimals);
        for (number, time, value) in places {
            if text.contains(time) {
                text = text.replace(time, &self.moment(value.as_ref()));
            }
            if text.contains(number) {
                let shown = value
                    .as_ref()
                    .map(|value| self.shown(value, decimals, exact));
                text = text.replace(number, shown.as_deref().unwrap_or(NOT_GIVEN));
            }
        }
        if let Some(subject) = &self.subject {
            text = format!("{subject}: {text}");
        }
        if let Some(flip) = &self.flip {
            text.push_str("; this would change ");
            text.push_str(&self.change(flip, decimals));
        }
        text
    }

    /// Whether rounding hides the difference between what was found and what it was held against.
    fn looks_equal(&self, decimals: Option<usize>) -> bool {
        let (Some(observed), Some(limit)) = (&self.observed, &self.limit) else {
            return false;
        };
        let shown = |value| self.shown(value, decimals, false);
        let told = |value| self.shown(value, decimals, true);
        shown(observed) == shown(limit) && told(observed) != told(limit)
    }

    fn shown(&self, value: &Quantity, decimals: Option<usize>, exact: bool) -> String {
        let number = |text: &str| match exact {
            true => words::exact(text),
            false => words::rounded(text),
        };
        let text = value.to_string();
        match (self.unit, value, decimals) {
            (_, Quantity::Word(word), _) => word.to_string(),
            (Some(Unit::Share), Quantity::Real(x), _) => {
                let shifted = words::hundredfold(&text);
                let shifted = shifted.unwrap_or_else(|| float_text(x * 100.0));
                format!("{} %", number(&shifted))
            }
            (Some(Unit::Msat), Quantity::Whole(n), _) if n % 1000 == 0 => {
                format!("{} sat", number(&(n / 1000).to_string()))
            }
            (Some(Unit::S), Quantity::Whole(n), _) if !exact => {
                words::duration(n.saturating_mul(1000))
            }
            (Some(Unit::Ms), Quantity::Whole(n), _) if !exact => words::duration(*n),
            (Some(Unit::Token), _, Some(decimals)) => {
                let tokens = number(&words::in_tokens(&text, decimals));
                let plural = if tokens == "1" { "" } else { "s" };
                format!("{tokens} token{plural}")
            }
            (Some(Unit::Token), ..) => format!("{} raw units", number(&text)),
            (Some(Unit::Share | Unit::Score | Unit::Count) | None, ..) => number(&text),
            (Some(unit), ..) => format!("{} {}", number(&text), unit.as_str()),
        }
    }

    /// A value that is a point in time, in the unit of the reason.
    fn moment(&self, value: Option<&Quantity>) -> String {
        match (value, self.unit) {
            (Some(Quantity::Whole(n)), Some(Unit::Ms | Unit::Token)) => words::moment(n / 1000),
            (Some(Quantity::Whole(n)), _) => words::moment(*n),
            (Some(other), _) => other.to_string(),
            (None, _) => NOT_GIVEN.to_owned(),
        }
    }

    /// What would end this reason: a moment, or a value of a field.
    fn change(&self, flip: &Flip, decimals: Option<usize>) -> String {
        if flip.field == "now" {
            return format!("at {}", self.moment(Some(&flip.to)));
        }
        if flip.field == "at" || flip.field.ends_with(".at") {
            return format!("with {} = {}", flip.field, self.moment(Some(&flip.to)));
        }
        // The value is in the unit of its field; only an amount of a token is in that of the reason.
        let of_token = self.unit == Some(Unit::Token) && !matches!(flip.to, Quantity::Word(_));
        if decimals.is_some() && of_token {
            // Whoever moves so much must know it to the last unit.
            return format!(
                "with {} = {}",
                flip.field,
                self.shown(&flip.to, decimals, true)
            );
        }
        let text = flip.to.to_string();
        let (exact, rounded) = (words::exact(&text), words::rounded(&text));
        // A rounded value may lie on the other side of the bound.
        let about = if exact == rounded { "" } else { "about " };
        format!("with {} = {about}{rounded}", flip.field)
    }
}

/// What a sentence says where a number was left out.
const NOT_GIVEN: &str = "(not given)";

/// Collects the reasons of one decision, in evaluation order. Switched off, it builds none: a
/// caller who asks for the outcome alone does not pay for the explanation.
#[derive(Debug, Default)]
pub struct Why {
    off: bool,
    reasons: Vec<Reason>,
    quarantined: Vec<Quarantined>,
}

/// An entry of a collection that was set aside because it is bad; the rest was decided.
#[record(open)]
pub struct Quarantined {
    /// The id of the entry, or its place in the list.
    pub subject: String,
    /// What is wrong with it.
    pub error: Error,
}

impl Why {
    /// A collector.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A collector that builds no reasons; what is set aside is still kept.
    #[must_use]
    pub fn off() -> Self {
        Self {
            off: true,
            ..Self::default()
        }
    }

    /// Adds a reason.
    pub fn add(&mut self, reason: impl FnOnce() -> Reason) {
        if !self.off {
            self.reasons.push(reason());
        }
    }

    /// Sets an entry aside.
    pub fn quarantine(&mut self, subject: impl fmt::Display, error: Error) {
        self.quarantined.push(Quarantined {
            subject: subject.to_string(),
            error,
        });
    }

    /// The reasons so far, before the binding one is marked.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The reasons, the first refusal or deferral marked as binding.
    #[must_use]
    pub fn into_reasons(self) -> Vec<Reason> {
        self.finish().0
    }

    /// The reasons and what was set aside.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Reason>, Vec<Quarantined>) {
        let decides =
            |reason: &&mut Reason| matches!(reason.effect, Effect::Refuse | Effect::Defer);
        if let Some(first) = self.reasons.iter_mut().find(decides) {
            first.binding = true;
        }
        (self.reasons, self.quarantined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn numbers_in_a_sentence_are_rounded_for_people_and_stay_exact_in_the_fields() {
        let said = |code, unit, observed: Quantity, limit: Quantity| {
            let reason = Reason::new(code, Effect::Refuse);
            assert_eq!(reason.unit, Some(unit));
            reason.observed(observed).limit(limit).sentence()
        };
        for (text, part) in [
            (
                said(
                    Code::ChannelDepleted,
                    Unit::Share,
                    0.070_625.into(),
                    0.3.into(),
                ),
                "7.063 % of the capacity is on our side, below 30 %",
            ),
            (
                said(
                    Code::ChannelUnderwater,
                    Unit::Msat,
                    1_500_000_u64.into(),
                    1_500_001_u64.into(),
                ),
                "earned 1,500 sat and cost 1,500,001 msat",
            ),
            (
                said(
                    Code::StaleReport,
                    Unit::S,
                    172_800_u64.into(),
                    90_000_u64.into(),
                ),
                "2 days old, beyond 25 h",
            ),
            // Rounded they would be one number.
            (
                said(
                    Code::StaleReport,
                    Unit::S,
                    90_001_u64.into(),
                    90_000_u64.into(),
                ),
                "90,001 s old, beyond 90,000 s",
            ),
            (
                said(
                    Code::ValueBelowThreshold,
                    Unit::Sat,
                    9.999_99.into(),
                    10.0.into(),
                ),
                "9.99999 sat, below our threshold of 10 sat",
            ),
        ] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_would_change_a_reason_says_when_it_is_rounded_and_a_time_is_a_date() {
        let reason = |to: Quantity| Reason::new(Code::BelowStable, Effect::Adjust).flip("x", to);
        assert!(
            reason(0.449_999_999_9.into())
                .sentence()
                .ends_with("; this would change with x = about 0.45")
        );
        assert!(reason(0.45.into()).sentence().ends_with("with x = 0.45"));
        let waits = Reason::new(Code::BackingOff, Effect::Defer).limit(1_795_171_727_u64);
        assert!(
            waits
                .flip("now", 1_795_171_727_u64)
                .sentence()
                .ends_with("; this would change at 2026-11-20 10:48:47 UTC")
        );
    }

    #[test]
    fn a_report_that_would_count_is_named_by_its_date() {
        let stale = Reason::new(Code::StaleCapacity, Effect::Warn).observed(1_794_998_927_u64);
        let stale = stale.limit(1_795_168_127_u64).flip("at", 1_795_168_127_u64);
        assert_eq!(
            stale.sentence(),
            "the report is dated 2026-11-18 10:48:47 UTC and does not count; the oldest that counts \
             is from 2026-11-20 09:48:47 UTC; this would change with at = 2026-11-20 09:48:47 UTC"
        );
    }

    #[test]
    fn amounts_of_a_token_are_whole_tokens_where_its_decimals_are_known() {
        let short = Reason::new(Code::ReserveShort, Effect::Defer);
        let short = short.observed(1_500_000_u64).limit(3_000_000_u64);
        assert!(short.sentence().contains("1,500,000 raw units"));
        let short = short.flip("reserves", 4_000_000_u64);
        let told = short.sentence_in_tokens(6);
        assert!(
            told.contains("1.5 tokens") && told.contains("3 tokens"),
            "{told}"
        );
        assert!(told.ends_with("with reserves = 4 tokens"), "{told}");
        // One raw unit more than a round number is not that number.
        let above = short
            .flip("reserves", 500_000_001_u64)
            .observed(1_000_000_u64);
        let told = above.sentence_in_tokens(6);
        assert!(told.contains(" 1 token "), "{told}");
        assert!(
            told.ends_with("with reserves = 500.000001 tokens"),
            "{told}"
        );
    }

    #[test]
    fn a_reason_that_was_read_says_the_same_sentence() {
        let amount: TokenAmount = "340282366920938463463374607431768211456".parse().unwrap();
        for observed in [
            8.0.into(),
            8u64.into(),
            amount.into(),
            Quantity::from("stable"),
        ] {
            let reason = Reason::new(Code::EvBelowThreshold, Effect::Refuse)
                .observed(observed)
                .limit(1e-7);
            let read: Reason = value::decode(&value::encode(&reason).unwrap()).unwrap();
            assert_eq!(read.sentence(), reason.sentence());
            assert_eq!(read, reason);
        }
    }
}
