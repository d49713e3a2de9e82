//! One type per unit. A bare number never crosses a public function, and no arithmetic wraps:
//! every operation that can leave its range returns a `Result` or says that it saturates.
//!
//! ```
//! use trimtab_core::units::{Msat, Sat};
//! assert_eq!(Msat::new(1_999)?.floor(), Sat::new(1)?);
//! assert!(Sat::new(2_100_000_000_000_001).is_err());
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use ruint::aliases::{U256, U512};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::canonical::float_text;
use crate::error::{Error, ErrorCode};
use crate::value::{self, AMOUNT, Fault, FromValue, Node, Source, Value};

/// The unit of an observed value and its limit.
#[choice]
#[non_exhaustive]
pub enum Unit {
    /// Satoshis.
    Sat,
    /// Thousandths of a satoshi.
    Msat,
    /// Parts per million.
    Ppm,
    /// A fraction of one.
    Share,
    /// Points of a score from 0 to 100.
    Score,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Raw units of a token.
    Token,
    /// A number of things.
    Count,
}

impl Unit {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sat => "sat",
            Self::Msat => "msat",
            Self::Ppm => "ppm",
            Self::Share => "share",
            Self::Score => "score",
            Self::Ms => "ms",
            Self::S => "s",
            Self::Token => "token",
            Self::Count => "count",
        }
    }
}

/// The largest integer that every host carries without loss.
pub const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;

/// Reads an integer within `low..=high` from whatever integral number the host has.
struct IntegerVisitor {
    low: i128,
    high: i128,
}

impl de::Visitor<'_> for IntegerVisitor {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer in {}..={}", self.low, self.high)
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<i128, E> {
        let wide = i128::from(n);
        if wide > self.high || wide < self.low {
            return Err(E::invalid_value(de::Unexpected::Unsigned(n), &self));
        }
        Ok(wide)
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<i128, E> {
        let wide = i128::from(n);
        if wide > self.high || wide < self.low {
            return Err(E::invalid_value(de::Unexpected::Signed(n), &self));
        }
        Ok(wide)
    }

    // 5.0 is 5; 5.5 is a mistake, and above 2^53 a float no longer names one integer.
    fn visit_f64<E: de::Error>(self, x: f64) -> Result<i128, E> {
        let exact = x.is_finite() && x.trunc() == x && x.abs() <= MAX_SAFE_INTEGER as f64;
        let wide = x as i128;
        if !exact || wide > self.high || wide < self.low {
            return Err(E::invalid_value(de::Unexpected::Float(x), &self));
        }
        Ok(wide)
    }
}

/// Reads a finite float within `low..=high`.
struct RealVisitor {
    low: f64,
    high: f64,
}

impl de::Visitor<'_> for RealVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a number in {}..={}",
            bound_text(self.low),
            bound_text(self.high)
        )
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<f64, E> {
        self.visit_f64(n as f64)
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<f64, E> {
        self.visit_f64(n as f64)
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<f64, E> {
        if (self.low..=self.high).contains(&x) {
            return Ok(x);
        }
        Err(E::invalid_value(de::Unexpected::Float(x), &self))
    }
}

fn bound_text(x: f64) -> String {
    let text = float_text(x);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// An integer out of a plain value; one function for all units.
#[inline(never)]
fn whole<S: Source>(source: &S, low: i128, high: i128) -> Result<i128, Fault> {
    value::number(source, IntegerVisitor { low, high })
}

/// A key is text; where a record wants an integer (a token id) its digits count.
fn number_key(key: &str) -> Value<'_> {
    match key.parse::<u64>() {
        // "+1" and "01" are other texts of the same number: one of two readers would differ.
        Ok(n) if n.to_string() == key => Value::Unsigned(n),
        _ => Value::Text(Cow::Borrowed(key)),
    }
}

/// A float out of a plain value.
#[inline(never)]
fn real<S: Source>(source: &S, low: f64, high: f64) -> Result<f64, Fault> {
    value::number(source, RealVisitor { low, high })
}

/// An amount out of a plain value.
#[inline(never)]
fn wide<S: Source>(source: &S, signed: bool) -> Result<Wide, Fault> {
    let visitor = AmountVisitor { signed };
    match source.node()? {
        Node::Integer(digits) | Node::Text(digits) => de::Visitor::visit_str(visitor, &digits),
        node => value::number_of(node, visitor),
    }
}

/// A legal id out of a plain value.
#[inline(never)]
fn id_text<S: Source>(source: &S) -> Result<Cow<'_, str>, Fault> {
    match source.node()? {
        Node::Text(text) if check_id(&text) => Ok(text),
        Node::Text(text) => Err(de::Error::invalid_value(
            de::Unexpected::Str(&text),
            &ID_SHAPE,
        )),
        node => Err(value::wrong_type(&node, &ID_SHAPE)),
    }
}

macro_rules! integer {
    ($(#[doc = $doc:literal])* $name:ident($inner:ty), $unit:expr, $low:literal..=$high:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// The smallest legal value.
            pub const MIN: Self = Self($low);
            /// The largest legal value.
            pub const MAX: Self = Self($high);

            /// The value, if it is legal.
            pub fn new(n: $inner) -> Result<Self, Error> {
                Self::named("", n)
            }

            /// The value, if it is legal; else an error about `field`.
            pub fn named(field: &str, n: $inner) -> Result<Self, Error> {
                if (Self::MIN.0..=Self::MAX.0).contains(&n) {
                    return Ok(Self(n));
                }
                Err(Error::out_of_range(field, n, format_args!("{}..={}", Self::MIN.0, Self::MAX.0)))
            }

            /// A constant of ours. Only where it is worked out by the compiler, which refuses one out
            /// of range: `const { Sat::constant(1) }`.
            #[must_use]
            pub const fn constant(n: $inner) -> Self {
                assert!(n >= Self::MIN.0 && n <= Self::MAX.0, "a constant out of range");
                Self(n)
            }

            /// The value; out of range falls to the nearest bound.
            #[must_use]
            pub const fn clamped(n: $inner) -> Self {
                if n > Self::MIN.0 {
                    if n < Self::MAX.0 { Self(n) } else { Self::MAX }
                } else {
                    Self::MIN
                }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }

            /// The number as a float; exact below 2^53.
            #[must_use]
            pub const fn as_f64(self) -> f64 {
                self.0 as f64
            }

            /// The sum, or an `overflow` error.
            pub fn plus(self, other: Self) -> Result<Self, Error> {
                self.0
                    .checked_add(other.0)
                    .filter(|sum| *sum <= Self::MAX.0)
                    .map(Self)
                    .ok_or_else(|| Error::overflow(""))
            }

            /// The difference, or the smallest value where it would fall below.
            #[must_use]
            pub fn less(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0).max(Self::MIN.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl FromValue for $name {
            fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
                whole(source, Self::MIN.0 as i128, Self::MAX.0 as i128).map(|n| Self(n as $inner))
            }

            fn from_key(key: &str) -> Result<Self, Fault> {
                Self::from_value(&&number_key(key))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let unit: Option<Unit> = $unit;
                let mut schema = json_schema!({
                    "type": "integer", "minimum": Self::MIN.0, "maximum": Self::MAX.0,
                    "description": concat!($($doc),*).trim(),
                });
                if let Some(unit) = unit {
                    schema.insert("x-unit".to_owned(), unit.as_str().into());
                }
                schema
            }
        }
    };
}

macro_rules! real {
    ($(#[doc = $doc:literal])* $name:ident, $unit:expr, $low:literal..=$high:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// The smallest legal value.
            pub const MIN: Self = Self($low);
            /// The largest legal value.
            pub const MAX: Self = Self($high);

            /// The value, if it is finite and legal.
            pub fn new(x: f64) -> Result<Self, Error> {
                Self::named("", x)
            }

            /// The value, if it is finite and legal; else an error about `field`.
            pub fn named(field: &str, x: f64) -> Result<Self, Error> {
                if (Self::MIN.0..=Self::MAX.0).contains(&x) {
                    return Ok(Self(x));
                }
                let range = format_args!("{}..={}", bound_text($low), bound_text($high)).to_string();
                Err(Error::out_of_range(field, float_text(x), range))
            }

            /// A constant of ours. Only where it is worked out by the compiler, which refuses one out
            /// of range: `const { Share::constant(0.5) }`.
            #[must_use]
            pub const fn constant(x: f64) -> Self {
                assert!(x >= Self::MIN.0 && x <= Self::MAX.0, "a constant out of range");
                Self(x)
            }

            /// The value; out of range falls to the nearest bound, no number to the lowest.
            #[must_use]
            pub const fn clamped(x: f64) -> Self {
                if x >= Self::MIN.0 {
                    if x <= Self::MAX.0 { Self(x) } else { Self::MAX }
                } else {
                    Self::MIN
                }
            }

            /// The plain number.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&float_text(self.0))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.0)
            }
        }

        impl FromValue for $name {
            fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
                real(source, Self::MIN.0, Self::MAX.0).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let unit: Option<Unit> = $unit;
                let mut schema = json_schema!({
                    "type": "number", "minimum": Self::MIN.0, "maximum": Self::MAX.0,
                    "description": concat!($($doc),*).trim(),
                });
                if let Some(unit) = unit {
                    schema.insert("x-unit".to_owned(), unit.as_str().into());
                }
                schema
            }
        }
    };
}

integer! {
    /// An amount, balance or capacity in satoshis.
    Sat(u64), Some(Unit::Sat), 0..=2_100_000_000_000_000
}
integer! {
    /// An amount in thousandths of a satoshi.
    Msat(u64), Some(Unit::Msat), 0..=2_100_000_000_000_000_000
}
integer! {
    /// A signed amount in satoshis.
    SignedSat(i64), Some(Unit::Sat), -2_100_000_000_000_000..=2_100_000_000_000_000
}
integer! {
    /// A fee rate in parts per million.
    Ppm(u32), Some(Unit::Ppm), 0..=4_294_967_295
}
integer! {
    /// A difference of fee rates in parts per million.
    SignedPpm(i64), Some(Unit::Ppm), -100_000_000_000..=100_000_000_000
}
integer! {
    /// A number of things.
    Count(u32), Some(Unit::Count), 0..=4_294_967_295
}
integer! {
    /// A moment or duration in seconds.
    Seconds(u64), Some(Unit::S), 0..=MAX_SAFE_INTEGER
}
integer! {
    /// A moment or duration in milliseconds.
    Millis(u64), Some(Unit::Ms), 0..=MAX_SAFE_INTEGER
}
integer! {
    /// A whole score from 0 (worst) to 100 (best).
    Points(u8), Some(Unit::Score), 0..=100
}
integer! {
    /// A token of a hub.
    TokenId(u32), None, 0..=65_535
}
integer! {
    /// A share in ten-thousandths.
    Bps(u32), None, 0..=10_000
}
integer! {
    /// How many decimal places a token has.
    Decimals(u8), None, 0..=255
}
integer! {
    /// A version or sequence number.
    Serial(u64), None, 0..=MAX_SAFE_INTEGER
}

integer! {
    /// A sum of ten-thousandths.
    BasisPoints(u64), None, 0..=MAX_SAFE_INTEGER
}
integer! {
    /// A signed score in hundredths.
    Hundredths(i64), None, -9_007_199_254_740_991..=9_007_199_254_740_991
}

real! {
    /// A fraction of one.
    Share, Some(Unit::Share), 0.0..=1.0
}
real! {
    /// A score from 0 to 100 that need not be whole.
    Score, Some(Unit::Score), 0.0..=100.0
}
real! {
    /// An expected value, threshold or term of one, in satoshis.
    RealSat, Some(Unit::Sat), -1e18..=1e18
}
real! {
    /// A budget multiplier.
    Multiplier, None, 0.0..=1000.0
}
real! {
    /// A finite number.
    Real, None, -1e300..=1e300
}

impl Msat {
    /// Whole satoshis; the rest is dropped.
    #[must_use]
    pub const fn floor(self) -> Sat {
        Sat(self.0 / 1000)
    }
}

impl Sat {
    /// The same amount in thousandths.
    #[must_use]
    pub const fn to_msat(self) -> Msat {
        Msat(self.0 * 1000)
    }
}

/// The id of a node, member or peer: opaque to every policy but the gossip, which wants a public key.
/// A copy shares its text: a fleet names the same few nodes over and over.
#[derive(Clone, Debug)]
pub struct NodeId(Arc<str>);

/// How often node ids were compared on this thread: a test of a bound counts steps, never time.
#[cfg(test)]
pub(crate) mod steps {
    use std::cell::Cell;

    thread_local!(static COMPARED: Cell<u64> = const { Cell::new(0) });

    pub(super) fn step() {
        COMPARED.set(COMPARED.get() + 1);
    }

    /// The comparisons that `work` makes.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, u64) {
        let before = COMPARED.get();
        let done = work();
        (done, COMPARED.get() - before)
    }
}

impl PartialEq for NodeId {
    fn eq(&self, other: &Self) -> bool {
        #[cfg(test)]
        steps::step();
        self.0 == other.0
    }
}

impl Eq for NodeId {}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        #[cfg(test)]
        steps::step();
        self.0.cmp(&other.0)
    }
}

impl std::hash::Hash for NodeId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The id of an entity of the hub's runtime, normalised: hexadecimal ids in lower case and padded
/// to 32 bytes, others in lower case. LEFT is the smaller of two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(Arc<str>);

const ID_BYTES: std::ops::RangeInclusive<usize> = 1..=128;
const ID_SHAPE: &str = "1 to 128 printable ASCII characters";

fn check_id(text: &str) -> bool {
    ID_BYTES.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

macro_rules! id {
    ($name:ident, $normal:path) => {
        impl $name {
            /// The id, if its text is legal.
            pub fn new(text: &str) -> Result<Self, Error> {
                if check_id(text) {
                    return Ok(Self($normal(text)));
                }
                Err(Error::out_of_range("", format_args!("{text:?}"), ID_SHAPE))
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl FromValue for $name {
            fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
                id_text(source).map(|text| $name($normal(&*text)))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" })
            }
        }
    };
}

id!(NodeId, Arc::from);
id!(EntityId, normal_entity);

fn normal_entity(text: &str) -> Arc<str> {
    let is_normal_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match text.strip_prefix("0x") {
        Some(digits) if digits.len() == 64 && digits.bytes().all(is_normal_digit) => {
            return text.into();
        }
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("0x") {
        Some(digits) if digits.len() <= 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("0x{digits:0>64}").into()
        }
        _ => lower.into(),
    }
}

impl EntityId {
    /// The id of 32 bytes, in hexadecimal.
    #[must_use]
    pub fn of_bytes(bytes: &[u8; 32]) -> Self {
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let mut text = *b"0x0000000000000000000000000000000000000000000000000000000000000000";
        let pairs = text.chunks_exact_mut(2).skip(1);
        for (pair, byte) in pairs.zip(bytes) {
            if let [high, low] = pair {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        Self(std::str::from_utf8(&text).unwrap_or_default().into())
    }
}

/// An unsigned 256-bit amount of a token in raw units: a decimal string in JSON, `bigint` in
/// JavaScript, `int` in Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenAmount(U256);

/// A signed 256-bit amount of a token in raw units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignedTokenAmount(Wide);

impl TokenAmount {
    /// Nothing.
    pub const ZERO: Self = Self(U256::ZERO);
    /// 2^256 - 1.
    pub const MAX: Self = Self(U256::MAX);

    /// The amount of so many raw units.
    #[must_use]
    pub fn new(units: u128) -> Self {
        Self(U256::from(units))
    }

    /// The 256-bit integer.
    #[must_use]
    pub const fn get(self) -> U256 {
        self.0
    }

    /// The amount of a 256-bit integer.
    #[must_use]
    pub const fn from_u256(units: U256) -> Self {
        Self(units)
    }

    /// `whole` tokens of so many decimals in raw units.
    pub fn whole(whole: u64, decimals: u8) -> Result<Self, Error> {
        let ten = U256::from(10u8);
        ten.checked_pow(U256::from(decimals))
            .and_then(|scale| scale.checked_mul(U256::from(whole)))
            .map(Self)
            .ok_or_else(|| Error::overflow("decimals"))
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// As [`TokenAmount::is_zero`], for serde.
    pub(crate) fn is_zero_ref(&self) -> bool {
        self.0.is_zero()
    }

    /// The sum, or an `overflow` error.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or_else(|| Error::overflow(""))
    }

    /// The difference, or zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many ten-thousandths of it, rounded down.
    #[must_use]
    pub fn part(self, share: Bps) -> Self {
        // A share is at most one, so the quotient fits where the amount did.
        let product = U512::from(self.0).saturating_mul(U512::from(share.get()));
        Self((product / U512::from(10_000u16)).saturating_to())
    }

    /// As a signed wide integer.
    #[must_use]
    pub fn wide(self) -> Wide {
        Wide::from_parts(false, U512::from(self.0))
    }
}

impl SignedTokenAmount {
    /// The amount, if it fits 256 bits with sign.
    pub fn new(amount: Wide) -> Result<Self, Error> {
        let limit = U512::ONE << 255;
        let fits = amount.magnitude < limit || (amount.negative && amount.magnitude == limit);
        if fits {
            Ok(Self(amount))
        } else {
            Err(Error::out_of_range("", amount, "-2^255..=2^255-1"))
        }
    }

    /// As a wide integer.
    #[must_use]
    pub const fn wide(self) -> Wide {
        self.0
    }

    /// Whether it is zero, for serde.
    pub(crate) fn is_zero_ref(&self) -> bool {
        self.0 == Wide::ZERO
    }
}

/// A sum of token amounts, which may need more than 256 bits: a decimal string in JSON, `bigint` in
/// JavaScript, `int` in Python.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenTotal(U512);

impl TokenTotal {
    /// Nothing.
    pub const ZERO: Self = Self(U512::ZERO);

    /// The 512-bit integer.
    #[must_use]
    pub const fn get(self) -> U512 {
        self.0
    }

    /// The sum, or an `overflow` error.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or_else(|| Error::overflow(""))
    }

    /// The difference, or zero.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// As a signed wide integer.
    #[must_use]
    pub fn wide(self) -> Wide {
        Wide::from_parts(false, self.0)
    }
}

impl From<TokenAmount> for TokenTotal {
    fn from(amount: TokenAmount) -> Self {
        Self(U512::from(amount.0))
    }
}

impl From<U512> for TokenTotal {
    fn from(total: U512) -> Self {
        Self(total)
    }
}

impl fmt::Display for TokenTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for TokenTotal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(AMOUNT, &self.to_string())
    }
}

impl JsonSchema for TokenTotal {
    fn schema_name() -> Cow<'static, str> {
        "TokenTotal".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": "^(0|[1-9][0-9]*)$", "x-unit": "token", "x-native": "integer",
            "description": "a decimal string; a sum may exceed 2^256-1",
        })
    }
}

/// A signed integer wide enough for every account total: the sum of two 256-bit amounts and the
/// sums over all tokens and accounts. Sign and magnitude; zero has one form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wide {
    negative: bool,
    magnitude: U512,
}

impl Wide {
    /// Zero.
    pub const ZERO: Self = Self {
        negative: false,
        magnitude: U512::ZERO,
    };

    /// Sign and magnitude.
    #[must_use]
    pub fn from_parts(negative: bool, magnitude: U512) -> Self {
        Self {
            negative: negative && !magnitude.is_zero(),
            magnitude,
        }
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.negative
    }

    /// Without its sign.
    #[must_use]
    pub const fn magnitude(self) -> U512 {
        self.magnitude
    }

    /// The opposite.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::from_parts(!self.negative, self.magnitude)
    }

    /// The sum, or an `overflow` error.
    pub fn plus(self, other: Self) -> Result<Self, Error> {
        if self.negative == other.negative {
            let sum = self
                .magnitude
                .checked_add(other.magnitude)
                .ok_or_else(|| Error::overflow(""))?;
            return Ok(Self::from_parts(self.negative, sum));
        }
        Ok(if self.magnitude >= other.magnitude {
            Self::from_parts(
                self.negative,
                self.magnitude.saturating_sub(other.magnitude),
            )
        } else {
            Self::from_parts(
                other.negative,
                other.magnitude.saturating_sub(self.magnitude),
            )
        })
    }

    /// The difference, or an `overflow` error.
    pub fn minus(self, other: Self) -> Result<Self, Error> {
        self.plus(other.negated())
    }

    /// The value if positive, else zero, as an amount; `overflow` above 2^256 - 1.
    pub fn positive_part(self) -> Result<TokenAmount, Error> {
        if self.negative {
            return Ok(TokenAmount::ZERO);
        }
        let limbs = self.magnitude.as_limbs();
        match limbs {
            [a, b, c, d, 0, 0, 0, 0] => Ok(TokenAmount(U256::from_limbs([*a, *b, *c, *d]))),
            _ => Err(Error::overflow("")),
        }
    }
}

impl From<TokenAmount> for Wide {
    fn from(amount: TokenAmount) -> Self {
        amount.wide()
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
        }
    }
}

impl PartialOrd for SignedTokenAmount {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SignedTokenAmount {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            if self.negative { "-" } else { "" },
            self.magnitude
        )
    }
}

impl fmt::Display for TokenAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SignedTokenAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const AMOUNT_SHAPE: &str = "a decimal string in 0..=2^256-1";
const SIGNED_SHAPE: &str = "a decimal string in -2^255..=2^255-1";

/// Digits without leading zeros: one amount has one text.
fn parse_magnitude(digits: &str) -> Option<Result<U512, ()>> {
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    // 2^512 has 155 digits; what is longer is a number, but never one of ours.
    plain.then(|| {
        if digits.len() > 154 {
            Err(())
        } else {
            U512::from_str_radix(digits, 10).map_err(|_| ())
        }
    })
}

struct AmountVisitor {
    signed: bool,
}

impl AmountVisitor {
    fn fit<E: de::Error>(
        &self,
        amount: Option<Wide>,
        found: de::Unexpected<'_>,
    ) -> Result<Wide, E> {
        let legal = amount.filter(|amount| match self.signed {
            true => SignedTokenAmount::new(*amount).is_ok(),
            false => !amount.negative && amount.positive_part().is_ok(),
        });
        legal.ok_or_else(|| E::invalid_value(found, self))
    }
}

impl de::Visitor<'_> for AmountVisitor {
    type Value = Wide;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.signed {
            SIGNED_SHAPE
        } else {
            AMOUNT_SHAPE
        })
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Wide, E> {
        self.fit(
            Some(Wide::from_parts(false, U512::from(n))),
            de::Unexpected::Unsigned(n),
        )
    }

    fn visit_i64<E: de::Error>(self, n: i64) -> Result<Wide, E> {
        self.fit(
            Some(Wide::from_parts(n < 0, U512::from(n.unsigned_abs()))),
            de::Unexpected::Signed(n),
        )
    }

    fn visit_f64<E: de::Error>(self, x: f64) -> Result<Wide, E> {
        let exact = x.is_finite() && x.trunc() == x && x.abs() <= MAX_SAFE_INTEGER as f64;
        let amount = exact.then(|| Wide::from_parts(x < 0.0, U512::from(x.abs() as u64)));
        self.fit(amount, de::Unexpected::Float(x))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Wide, E> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        match parse_magnitude(digits) {
            None => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
            Some(magnitude) => {
                let amount = magnitude
                    .ok()
                    .map(|magnitude| Wide::from_parts(negative, magnitude));
                self.fit(amount, de::Unexpected::Str(text))
            }
        }
    }
}

macro_rules! amount {
    ($name:ident, $signed:literal, $from:expr, $shape:expr, $pattern:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_newtype_struct(AMOUNT, &self.to_string())
            }
        }

        impl FromValue for $name {
            fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
                let amount: Result<Self, Error> = $from(wide(source, $signed)?);
                amount.map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string", "pattern": $pattern, "x-unit": "token", "x-native": "integer",
                    "description": $shape,
                })
            }
        }
    };
}

amount!(
    TokenAmount,
    false,
    |wide: Wide| wide.positive_part(),
    AMOUNT_SHAPE,
    "^(0|[1-9][0-9]*)$"
);
amount!(
    SignedTokenAmount,
    true,
    SignedTokenAmount::new,
    SIGNED_SHAPE,
    "^(0|-?[1-9][0-9]*)$"
);

impl std::str::FromStr for TokenAmount {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match parse_magnitude(text) {
            Some(Ok(magnitude)) => Wide::from_parts(false, magnitude)
                .positive_part()
                .map_err(|_| Error::out_of_range("", text, AMOUNT_SHAPE)),
            Some(Err(())) => Err(Error::out_of_range("", text, AMOUNT_SHAPE)),
            None => Err(Error::new(ErrorCode::Malformed, "", text, AMOUNT_SHAPE)),
        }
    }
}
