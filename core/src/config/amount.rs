//! An amount in a hub's config: whole tokens, raw units, or no limit. One config serves tokens with
//! different decimals.
//!
//! ```
//! use trimtab_core::{config::amount::HubAmount, units::{Decimals, TokenAmount}};
//! let fee: HubAmount = "0.1".parse()?;
//! assert_eq!(fee.scaled(Decimals::new(6)?)?, TokenAmount::new(100_000));
//! assert!(fee.scaled(Decimals::new(0)?).is_err());
//! let least: HubAmount = "1 unit".parse()?;
//! assert_eq!(least.scaled(Decimals::new(6)?)?, TokenAmount::new(1));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use ruint::aliases::{U256, U512};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, Unexpected};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorCode};
use crate::units::{Decimals, TokenAmount};
use crate::value::{self, Fault, FromValue, Node, Source, wrong_type};

/// An amount of any token: `"500"` or `"0.1"` tokens, `"1 unit"` raw units, or `"unlimited"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubAmount(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `digits` / 10^`places` tokens.
    Tokens {
        digits: u64,
        places: u8,
    },
    Units(u64),
    Unlimited,
}

const SHAPE: &str =
    "tokens such as \"500\" or \"0.1\", raw units such as \"1 unit\", or \"unlimited\"";
const MOST_PLACES: usize = 18;

impl HubAmount {
    /// Nothing.
    pub const ZERO: Self = Self(Kind::Units(0));
    /// No limit.
    pub const UNLIMITED: Self = Self(Kind::Unlimited);

    /// So many whole tokens.
    #[must_use]
    pub const fn tokens(tokens: u64) -> Self {
        Self(Kind::Tokens {
            digits: tokens,
            places: 0,
        })
    }

    /// So many tenths of a token.
    #[must_use]
    pub const fn tenths(tenths: u64) -> Self {
        Self(Kind::Tokens {
            digits: tenths,
            places: 1,
        })
    }

    /// So many raw units.
    #[must_use]
    pub const fn units(units: u64) -> Self {
        Self(Kind::Units(units))
    }

    /// Whether it is nothing, for a token of any decimals.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self.0, Kind::Units(0) | Kind::Tokens { digits: 0, .. })
    }

    /// In raw units of a token. No limit is the largest amount; what a token cannot represent is
    /// an error, never rounded.
    pub fn scaled(self, decimals: Decimals) -> Result<TokenAmount, Error> {
        let (digits, places) = match self.0 {
            Kind::Unlimited => return Ok(TokenAmount::MAX),
            Kind::Units(units) => return Ok(TokenAmount::new(units.into())),
            Kind::Tokens { digits: 0, .. } => return Ok(TokenAmount::ZERO),
            Kind::Tokens { digits, places } => (digits, places),
        };
        let places_left = decimals.get().saturating_sub(places);
        let missing = places.saturating_sub(decimals.get());
        // Places are few enough for 64 bits, decimals are not.
        let divisor = 10u64.checked_pow(missing.into());
        let rest = divisor.and_then(|divisor| digits.checked_rem(divisor));
        let whole = divisor.and_then(|divisor| digits.checked_div(divisor));
        let (Some(0), Some(whole)) = (rest, whole) else {
            let expected = format!("decimals that can represent {self}");
            return Err(Error::out_of_range("decimals", decimals, expected));
        };
        U256::from(10u8)
            .checked_pow(U256::from(places_left))
            .and_then(|scale| scale.checked_mul(U256::from(whole)))
            .map(TokenAmount::from_u256)
            .ok_or_else(|| Error::overflow("decimals"))
    }
}

impl HubAmount {
    /// So much of another token as this is of tokens of which there are `whole`, where there are
    /// `part` raw units of the other, floored. Raw units and no limit stay what they are; nothing
    /// where `whole` is no number of tokens.
    #[must_use]
    pub fn in_ratio(self, part: TokenAmount, whole: Self) -> Option<TokenAmount> {
        let (digits, places) = match self.0 {
            Kind::Unlimited => return Some(TokenAmount::MAX),
            Kind::Units(units) => return Some(TokenAmount::new(units.into())),
            Kind::Tokens { digits, places } => (digits, places),
        };
        let Kind::Tokens {
            digits: of,
            places: of_places,
        } = whole.0
        else {
            return None;
        };
        let ten = |places: u8| U512::from(10u8).checked_pow(U512::from(places));
        let above = U512::from(part.get())
            .checked_mul(U512::from(digits))?
            .checked_mul(ten(of_places)?)?;
        let below = U512::from(of).checked_mul(ten(places)?)?;
        let units = above.checked_div(below)?;
        Some(match U256::checked_from_limbs_slice(units.as_limbs()) {
            Some(units) => TokenAmount::from_u256(units),
            None => TokenAmount::MAX,
        })
    }
}

impl fmt::Display for HubAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Unlimited => f.write_str("unlimited"),
            Kind::Units(units) => write!(f, "{units} unit"),
            Kind::Tokens { digits, places: 0 } => digits.fmt(f),
            Kind::Tokens { digits, places } => {
                let places = usize::from(places);
                let padded = format!("{digits:0>width$}", width = places + 1);
                let (whole, part) = padded
                    .split_at_checked(padded.len() - places)
                    .unwrap_or((&padded, ""));
                write!(f, "{whole}.{part}")
            }
        }
    }
}

impl FromStr for HubAmount {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::new(ErrorCode::Malformed, "", format_args!("{text:?}"), SHAPE);
        if text == "unlimited" {
            return Ok(Self::UNLIMITED);
        }
        let digits_of = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<u64>().ok()).flatten()
        };
        if let Some(units) = text
            .strip_suffix(" unit")
            .or_else(|| text.strip_suffix(" units"))
        {
            return digits_of(units).map(Self::units).ok_or_else(wrong);
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > MOST_PLACES || (part.is_empty() && text.contains('.')) || whole.is_empty() {
            return Err(wrong());
        }
        // Trailing zeros say nothing: one amount has one text.
        let part = part.trim_end_matches('0');
        let digits = digits_of(&format!("{whole}{part}")).ok_or_else(wrong)?;
        let places = u8::try_from(part.len()).map_err(|_| wrong())?;
        Ok(Self(Kind::Tokens { digits, places }))
    }
}

impl Serialize for HubAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromValue for HubAmount {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        match source.node()? {
            Node::Text(text) => text
                .parse()
                .map_err(|_| Fault::invalid_value(Unexpected::Str(&text), &SHAPE)),
            Node::Unsigned(tokens) => Ok(Self::tokens(tokens)),
            Node::Integer(digits) => {
                let x = value::float(&digits).unwrap_or(f64::NAN);
                Err(wrong_type::<S>(&Node::Float(x), &SHAPE))
            }
            node => Err(wrong_type(&node, &SHAPE)),
        }
    }
}

impl JsonSchema for HubAmount {
    fn schema_name() -> Cow<'static, str> {
        "HubAmount".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"], "description": SHAPE,
            "pattern": "^([0-9]+(\\.[0-9]{1,18})?|[0-9]+ units?|unlimited)$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_amount_has_one_text() {
        for (text, canonical) in [
            ("500", "500"),
            ("0.10", "0.1"),
            ("5.0", "5"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("1 units", "1 unit"),
            ("unlimited", "unlimited"),
        ] {
            let amount: HubAmount = text.parse().unwrap();
            assert_eq!(amount.to_string(), canonical);
            assert_eq!(canonical.parse::<HubAmount>().unwrap(), amount);
        }
        for wrong in ["", "-1", "1.", ".5", "1e3", " 1", "1 token", "0x1"] {
            assert!(wrong.parse::<HubAmount>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_in_the_ratio_of_two_targets_is_floored() {
        let amount = |text: &str| text.parse::<HubAmount>().unwrap();
        let units = |n: u128| TokenAmount::new(n);
        // 500 of 2,000 are as 5 of 20; a thing of 18 decimals.
        let of =
            |own: &str, part: u128, whole: &str| amount(own).in_ratio(units(part), amount(whole));
        let twenty = 20_000_000_000_000_000_000;
        assert_eq!(of("500", twenty, "2000"), Some(units(twenty / 4)));
        assert_eq!(of("0.5", twenty, "2000.0"), Some(units(twenty / 4_000)));
        assert_eq!(of("1", 2, "3"), Some(units(0)));
        assert_eq!(of("2", 2, "3"), Some(units(1)));
        assert_eq!(of("7 units", twenty, "2000"), Some(units(7)));
        assert_eq!(of("unlimited", twenty, "2000"), Some(TokenAmount::MAX));
        assert_eq!(of("1", twenty, "0"), None);
        assert_eq!(of("1", twenty, "1 unit"), None);
    }

    #[test]
    fn what_a_token_cannot_represent_is_never_rounded() {
        let decimals = |n| Decimals::new(n).unwrap();
        assert!(
            "0.1"
                .parse::<HubAmount>()
                .unwrap()
                .scaled(decimals(0))
                .is_err()
        );
        assert!(HubAmount::tokens(1).scaled(decimals(78)).is_err());
        assert_eq!(
            HubAmount::UNLIMITED.scaled(decimals(255)).unwrap(),
            TokenAmount::MAX
        );
    }
}
