//! The table of operations and the one way to call them: name, bytes in, canonical bytes out.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
//! let answer = Policy::plan().call("health.score", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""score":72,"tier":"thriving""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use crate::canonical;
use crate::config::{Config, Profile};
use crate::error::{Error, ErrorCode};
use crate::hub::columns;
use crate::reason::{Quarantined, Reason, Why};
use crate::value::{self, Value};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

/// The version of this policy; one for the whole workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the module's raw interface.
pub const ABI: u32 = 1;

/// No input may be larger, in bytes.
pub const MAX_INPUT_BYTES: usize = 256 << 20;

/// One operation: a pure function from a typed input to a typed decision.
pub trait Op {
    /// What it is asked with.
    type Input: Serialize + DeserializeOwned + JsonSchema;
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

/// Asks `$then!` with one entry per operation: `(method, Marker)`, the marker implementing [`Op`].
///
/// Every surface derives its typed methods from this list.
#[macro_export]
macro_rules! for_each_operation {
    ($then:ident) => {
        $then! {
            (policy_describe, PolicyDescribe),
            (policy_explain, PolicyExplain),
            (config_lint, ConfigLint),
            (hub_plan, HubPlan),
            (hub_explain, HubExplain),
            (hub_reserves, HubReserves),
            (hub_verify_plan, HubVerifyPlan),
            (health_score, HealthScore),
            (health_profit, HealthProfit),
            (health_liquidity_score, HealthLiquidityScore),
            (health_trend, HealthTrend),
            (health_assess, HealthAssess),
            (snapshot_cln, SnapshotCln),
            (liquidity_classify, LiquidityClassify),
            (hub_match, HubMatch),
            (hub_match_cycles, HubMatchCycles),
        }
    };
}

macro_rules! operation {
    ($marker:ident, $name:literal, $decide:path, $input:ty => $output:ty, $summary:literal) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $marker;

        impl Op for $marker {
            type Input = $input;
            type Output = $output;
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            fn decide(
                config: &Config,
                input: &Self::Input,
                why: &mut Why,
            ) -> Result<Self::Output, Error> {
                $decide(config, input, why)
            }
        }
    };
}

/// One marker type per operation.
pub mod operations {
    use super::{Config, Error, Op, Why};
    use crate::describe;
    use crate::fleet::health::{self, assess, balance, profit, trend};
    use crate::fleet::liquidity::classify;
    use crate::fleet::snapshot;
    use crate::hub::{cycles, matching};
    use crate::hub::{
        plan::{self, explain},
        reserves, state, verify,
    };
    use crate::lint;

    operation!(PolicyDescribe, "policy.describe", describe::describe, describe::DescribeInput => describe::Description,
        "Operations, schemas, reason codes, errors, limits and version of this policy.");
    operation!(PolicyExplain, "policy.explain", describe::explain, describe::ExplainInput => describe::Explained,
        "Reasons in words, for the operator or, without numbers, for a peer.");
    operation!(ConfigLint, "config.lint", lint::lint, lint::LintInput => lint::Linted,
        "Contradictions in a config and settings without effect.");
    operation!(HubPlan, "hub.plan", plan::plan, state::HubState => plan::Plan,
        "What a hub does in one tick: deposits, settlements, replenishment, in order and with reasons.");
    operation!(HubExplain, "hub.explain", explain::explain, explain::HubExplainInput => explain::HubExplained,
        "What the plan of a tick does with one account and token, in full.");
    operation!(HubVerifyPlan, "hub.verify_plan", verify::verify, verify::HubVerifyInput => verify::HubVerified,
        "Whether a plan, whoever made it, keeps the laws that no plan may break.");
    operation!(HubReserves, "hub.reserves", reserves::reserves, state::HubState => reserves::Watched,
        "Whether a hub's reserves suffice, and what to replenish from which source.");
    operation!(HealthScore, "health.score", health::score, health::ScoreInput => health::Scored,
        "Health score, tier and budget multiplier from the shares of profitable and underwater channels, liquidity and trend.");
    operation!(HealthProfit, "health.profit", profit::profit, profit::ProfitInput => profit::Profit,
        "Whether a channel is profitable, breaks even, loses or stands still, from its fees and costs.");
    operation!(HealthLiquidityScore, "health.liquidity_score", balance::liquidity_score, balance::LiquidityScoreInput => balance::LiquidityScored,
        "How evenly the channels of a node are filled, from 0 to 100.");
    operation!(HealthTrend, "health.trend", trend::trend, trend::TrendInput => trend::Trended,
        "Whether revenue rises, falls or holds, from equal windows of it.");
    operation!(HealthAssess, "health.assess", assess::assess, assess::AssessInput => assess::Assessed,
        "Health of a node in one record: score, tier, components, the way to the next tier, needs.");
    operation!(SnapshotCln, "snapshot.cln", snapshot::cln, snapshot::ClnInput => snapshot::Snapshot,
        "The raw answers of a Core Lightning node as the input of the other fleet policies.");
    operation!(LiquidityClassify, "liquidity.classify", classify::classify, classify::ClassifyInput => classify::Classified,
        "Whether a channel is depleted, saturated or balanced, and how much would balance it.");
    operation!(HubMatch, "hub.match", matching::match_requests, matching::MatchInput => matching::Matched,
        "Which spenders cover which receivers, per token, with the numbers that prove it.");
    operation!(HubMatchCycles, "hub.match_cycles", cycles::match_cycles, cycles::CyclesInput => cycles::Cycles,
        "The smallest claims between hubs with the same net positions, per token.");
}

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
    decide: fn(&Config, &Value<'_>, &mut Why) -> Result<Value<'static>, Error>,
    text: fn(&Config, &Value<'_>, &mut Why) -> Result<String, Error>,
    digest: fn(&Value<'_>) -> Result<String, Error>,
}

macro_rules! table {
    ($(($method:ident, $marker:ident),)*) => {
        /// Every operation, by name.
        pub static OPERATIONS: &[Operation] = &[$(entry::<operations::$marker>(stringify!($method))),*];
    };
}

const fn entry<O: Op>(method: &'static str) -> Operation {
    Operation {
        name: O::NAME,
        method,
        summary: O::SUMMARY,
        decide: |config, input, why| {
            let input: O::Input = value::decode(input)?;
            value::encode(&O::decide(config, &input, why)?)
        },
        text: |config, input, why| {
            let input: O::Input = value::decode(input)?;
            canonical::text(&O::decide(config, &input, why)?)
        },
        digest: |input| {
            let input: O::Input = value::decode(input)?;
            canonical::digest_of(&input)
        },
    }
}

for_each_operation!(table);

/// The operation of that name.
pub fn operation(name: &str) -> Result<&'static Operation, Error> {
    OPERATIONS
        .iter()
        .find(|operation| operation.name == name)
        .ok_or_else(|| {
            Error::new(
                ErrorCode::UnknownOperation,
                "op",
                format_args!("\"{name}\""),
                "a name that policy.describe lists",
            )
        })
}

/// A config, parsed and checked once, under which operations are called.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    profile: Profile,
    config: Config,
    digest: String,
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
        let config = Config::of(profile);
        // A config of ours always encodes; the empty digest could only be a defect.
        let digest = config.digest().unwrap_or_default();
        Self {
            profile,
            config,
            digest,
        }
    }

    /// `profile` with some fields changed.
    pub fn new(profile: &str, overrides: Option<&Value<'_>>) -> Result<Self, Error> {
        let base = Self::of(Profile::named(profile)?);
        let Some(overrides) = overrides else {
            return Ok(base);
        };
        let config = base.config.with(overrides)?;
        Ok(Self {
            digest: config.digest()?,
            config,
            ..base
        })
    }

    /// The same with some more fields changed.
    pub fn with(&self, overrides: &Value<'_>) -> Result<Self, Error> {
        let config = self.config.with(overrides)?;
        Ok(Self {
            profile: self.profile,
            digest: config.digest()?,
            config,
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

    /// Calls an operation by name with JSON bytes; the answer is canonical JSON.
    pub fn call(&self, name: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        let operation = operation(name)?;
        let mut why = Why::new();
        let decision = (operation.text)(&self.config, &parse(input)?, &mut why)
            .map_err(|error| value::with_offset(input, error))?;
        let (reasons, quarantined) = why.finish();
        let mut answer = String::with_capacity(decision.len() + 512);
        answer.push_str("{\"decision\":");
        answer.push_str(&decision);
        answer.push_str(",\"policy\":");
        answer.push_str(&canonical::text(&self.stamp())?);
        if !quarantined.is_empty() {
            answer.push_str(",\"quarantined\":");
            answer.push_str(&canonical::text(&quarantined)?);
        }
        answer.push_str(",\"reasons\":");
        answer.push_str(&canonical::text(&reasons)?);
        answer.push('}');
        Ok(answer.into_bytes())
    }

    /// Calls an operation by name with a plain value.
    pub fn call_value(&self, name: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        let mut why = Why::new();
        let decision = (operation(name)?.decide)(&self.config, input, &mut why)?;
        self.envelope(decision, why)
    }

    /// The policy's part of the envelope: who decided, under which config.
    #[must_use]
    pub fn stamp(&self) -> Stamp<'_> {
        let profile = self.profile.as_str();
        Stamp {
            config: &self.digest,
            name: "trimtab",
            profile,
            version: VERSION,
        }
    }

    /// The envelope of a decision.
    pub fn envelope(&self, decision: Value<'static>, why: Why) -> Result<Value<'static>, Error> {
        let (reasons, quarantined) = why.finish();
        let mut fields = vec![
            ("decision".into(), decision),
            ("policy".into(), value::encode(&self.stamp())?),
        ];
        if !quarantined.is_empty() {
            fields.push(("quarantined".into(), value::encode(&quarantined)?));
        }
        fields.push(("reasons".into(), value::encode(&reasons)?));
        Ok(Value::Map(fields))
    }
}

/// Who decided, under which config: the policy's part of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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

/// Calls an operation that takes and gives columns of bytes; `docs/columns.md` has the layouts.
pub fn call_columns(name: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    short_enough(input)?;
    match name {
        "hub.match_columns" => columns::match_columns(input),
        _ => Err(Error::new(
            ErrorCode::UnknownOperation,
            "op",
            format_args!("\"{name}\""),
            "hub.match_columns",
        )),
    }
}

/// sha256 of the canonical JSON of the *typed* input: 1, 1.0 and an absent default are one input.
pub fn input_digest(name: &str, input: &Value<'_>) -> Result<String, Error> {
    (operation(name)?.digest)(input)
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

/// Something that stays open between calls: a parsed config, a hub's accounts, a fleet's members.
pub trait Handle {
    /// Calls `operation` on it; a failed call changes nothing.
    fn call_on(&mut self, operation: &str, input: &Value<'_>) -> Result<Value<'static>, Error>;

    /// Calls `operation` with JSON bytes; the answer is canonical JSON.
    fn call_bytes(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        let answer = self.call_on(operation, &parse(input)?)?;
        Ok(canonical::text(&answer)?.into_bytes())
    }
}

impl Handle for Policy {
    fn call_on(&mut self, operation: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        self.call_value(operation, input)
    }

    // A mistake keeps its byte offset.
    fn call_bytes(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(operation, input)
    }
}

/// One method of a book: a handle that keeps state between calls.
pub trait Method<B> {
    /// What it is called with.
    type Input: DeserializeOwned + JsonSchema;
    /// What it answers.
    type Output: Serialize + JsonSchema;
    /// Its name.
    const NAME: &'static str;
    /// What it does, in one sentence.
    const SUMMARY: &'static str;
    /// Runs it; a failed call changes nothing.
    fn run(book: &mut B, input: &Self::Input, why: &mut Why) -> Result<Self::Output, Error>;
}

/// A method as the table of its book knows it, its types erased.
#[derive(Debug)]
#[non_exhaustive]
pub struct MethodEntry<B> {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// Runs it.
    pub run: fn(&mut B, &Value<'_>, &mut Why) -> Result<Value<'static>, Error>,
}

impl<B> MethodEntry<B> {
    /// The entry of the method `M`.
    #[must_use]
    pub const fn of<M: Method<B>>() -> Self {
        Self {
            name: M::NAME,
            summary: M::SUMMARY,
            run: |book, input, why| value::encode(&M::run(book, &value::decode(input)?, why)?),
        }
    }
}

/// Opens a handle of `kind` (`policy`, `fleet_book`, `hub_book`) from `{"profile"?, "config"?, …}`.
pub fn open(kind: &str, input: &Value<'_>) -> Result<Box<dyn Handle + Send>, Error> {
    match kind {
        "policy" => Ok(Box::new(opened_policy(input)?)),
        "hub_book" => Ok(Box::new(crate::hub::book::open(input)?)),
        _ => Err(Error::new(
            ErrorCode::UnknownOperation,
            "kind",
            format_args!("\"{kind}\""),
            "policy | fleet_book | hub_book",
        )),
    }
}

fn opened_policy(input: &Value<'_>) -> Result<Policy, Error> {
    let Value::Map(fields) = input else {
        return Err(Error::new(
            ErrorCode::Malformed,
            "",
            canonical::text(input)?,
            "an object",
        ));
    };
    if let Some((key, _)) = fields
        .iter()
        .find(|(key, _)| key != "profile" && key != "config")
    {
        return Err(Error::new(
            ErrorCode::UnknownField,
            key.as_ref(),
            "an unknown field",
            "profile | config",
        ));
    }
    let profile: Option<String> = match input.get("profile") {
        Some(profile) => value::decode(profile).map_err(|error| error.inside("profile"))?,
        None => None,
    };
    let config = input.get("config").filter(|config| **config != Value::Null);
    Policy::new(profile.as_deref().unwrap_or(Profile::Plan.as_str()), config)
}

/// JSON within the published limit.
pub fn parse(input: &[u8]) -> Result<Value<'_>, Error> {
    short_enough(input)?;
    Value::from_json(input)
}

fn short_enough(input: &[u8]) -> Result<(), Error> {
    if input.len() <= MAX_INPUT_BYTES {
        return Ok(());
    }
    Err(Error::too_large(
        "",
        format_args!("{} bytes", input.len()),
        format_args!("{MAX_INPUT_BYTES} bytes"),
    ))
}
