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
//!     "the expected value of 8.0 sat is below our threshold of 13.0 sat; it would no longer hold with ev = 13.0"
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

impl Quantity {
    /// For a reader: whole numbers in groups of three digits, fractions to four places.
    #[must_use]
    pub fn rounded(&self) -> String {
        match self {
            Self::Real(x) if x.abs() >= 1e15 => self.to_string(),
            Self::Real(x) => {
                let text = format!("{x:.4}");
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                match fraction.trim_end_matches('0') {
                    "" => grouped(whole),
                    fraction => format!("{}.{fraction}", grouped(whole)),
                }
            }
            Self::Whole(_) | Self::Amount(_) => grouped(&self.to_string()),
            Self::Word(word) => word.to_string(),
        }
    }
}

/// Digits with a comma every three.
fn grouped(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let mut out = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
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
    /// What would have ended this reason.
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
    pub fn without_effect(field: &'static str) -> Self {
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

    /// The sentence for people, derived from the fields alone.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.said(Quantity::to_string)
    }

    /// As [`Reason::sentence`] for a page that is read by eye: whole numbers in groups of three
    /// digits, fractions to four places. The value that ends the reason stays exact, since a rounded
    /// one might not end it.
    #[must_use]
    pub fn page_sentence(&self) -> String {
        self.said(Quantity::rounded)
    }

    fn said(&self, number: impl Fn(&Quantity) -> String) -> String {
        let unit = match self.unit {
            Some(Unit::Share | Unit::Score | Unit::Count) | None => String::new(),
            Some(unit) => format!(" {}", unit.as_str()),
        };
        let quantity = |value: &Option<Quantity>| match value {
            Some(value @ Quantity::Word(_)) => value.to_string(),
            Some(value) => format!("{}{unit}", number(value)),
            None => "an undisclosed value".to_owned(),
        };
        let mut text = self.code.entry().says.to_owned();
        if text.contains("{observed}") {
            text = text.replace("{observed}", &quantity(&self.observed));
        }
        if text.contains("{limit}") {
            text = text.replace("{limit}", &quantity(&self.limit));
        }
        if let Some(subject) = &self.subject {
            text = format!("{subject}: {text}");
        }
        if let Some(flip) = &self.flip {
            text.push_str(&format!(
                "; it would no longer hold with {} = {}",
                flip.field, flip.to
            ));
        }
        text
    }
}

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
