//! The table of operations and the one way to call them: name, bytes in, canonical bytes out.
//!
//! ```
//! use trimtab_core::policy::Policy;
//! let input = br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
//! let answer = Policy::plan().call("health.score", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""score":72,"tier":"thriving""#));
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```

use crate::canonical::{self, Amounts};
use crate::config::{Config, Profile};
use crate::error::{Error, ErrorCode};
use crate::fleet::book::FleetBook;
use crate::hub::book::HubBook;
use crate::hub::columns;
use crate::reason::{Quarantined, Reason, Why};
use crate::value::{self, FromValue, Value};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// The version of this policy; one for the whole workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version of the module's raw interface.
pub const ABI: u32 = 1;

/// No input may be larger, in bytes.
pub const MAX_INPUT_BYTES: usize = 256 << 20;

/// One operation: a pure function from a typed input to a typed decision.
pub trait Op {
    /// What it is asked with.
    type Input: Serialize + DeserializeOwned + FromValue + JsonSchema;
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
            (account_request_advice, AccountRequestAdvice),
            (hub_detect, HubDetect),
            (health_fleet, HealthFleet),
            (health_verify, HealthVerify),
            (health_gossip_scale, HealthGossipScale),
            (liquidity_state, LiquidityState),
            (liquidity_needs, LiquidityNeeds),
            (liquidity_excess, LiquidityExcess),
            (liquidity_relevance, LiquidityRelevance),
            (liquidity_prioritize, LiquidityPrioritize),
            (liquidity_competition, LiquidityCompetition),
            (fees_adjust, FeesAdjust),
            (legacy_fee, LegacyFee),
            (rebalance_conflict, RebalanceConflict),
            (topology_advise, TopologyAdvise),
            (limits_check, LimitsCheck),
            (hub_match, HubMatch),
            (hub_match_cycles, HubMatchCycles),
            (rebalance_threshold, RebalanceThreshold),
            (rebalance_accept, RebalanceAccept),
            (rebalance_evaluate, RebalanceEvaluate),
            (rebalance_size, RebalanceSize),
            (rebalance_sources, RebalanceSources),
            (rebalance_budget, RebalanceBudget),
            (rebalance_backoff, RebalanceBackoff),
            (rebalance_cooldown, RebalanceCooldown),
            (gossip_build, GossipBuild),
            (gossip_report, GossipReport),
            (gossip_accept, GossipAccept),
            (gossip_verify, GossipVerify),
            (gossip_legacy_text, GossipLegacyText),
            (gossip_legacy_verify, GossipLegacyVerify),
            (splice_check, SpliceCheck),
            (splice_headroom, SpliceHeadroom),
            (fleet_advise, FleetAdvise),
            (fleet_explain, FleetExplain),
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
    use crate::account::advice;
    use crate::describe;
    use crate::fleet::advise as node_advice;
    use crate::fleet::gossip::{self, accept, legacy, report, signature};
    use crate::fleet::health::{self, assess, balance, gossip_scale, profit, trend, verify};
    use crate::fleet::liquidity::{self, classify, needs, prioritize};
    use crate::fleet::rebalance::{self, budget, evaluate, pause, size, sources};
    use crate::fleet::splice;
    use crate::fleet::{FleetInput, conflict, fees, limits, snapshot, topology};
    use crate::hub::plan::{self, explain};
    use crate::hub::verify as verify_plan;
    use crate::hub::{cycles, detect, matching, reserves, state};
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
    operation!(HubVerifyPlan, "hub.verify_plan", verify_plan::verify, verify_plan::HubVerifyInput => verify_plan::HubVerified,
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
    operation!(AccountRequestAdvice, "account.request_advice", advice::request_advice, advice::AdviceInput => advice::Advised,
        "Whether an entity should ask its counterparty for collateral now, per token.");
    operation!(HubDetect, "hub.detect", detect::detect, state::HubState => detect::Detected,
        "Who has something that the hub can take back, and who waits for collateral, per token.");
    operation!(HealthFleet, "health.fleet", health::fleet::fleet, health::fleet::FleetHealthInput => health::fleet::FleetHealth,
        "Average health of the fleet, members per tier, stale and implausible ones listed but not counted.");
    operation!(HealthVerify, "health.verify", verify::verify, verify::VerifyInput => verify::Verified,
        "Whether a member's health report fits what we see, and the score that follows from its counts.");
    operation!(HealthGossipScale, "health.gossip_scale", gossip_scale::gossip_scale, gossip_scale::GossipScaleInput => gossip_scale::GossipScaled,
        "The deployed plugin's second health scale, for running beside it.");
    operation!(LiquidityState, "liquidity.state", liquidity::state::state, FleetInput => liquidity::state::FleetState,
        "How the fleet and we do: members in trouble, bottleneck peers, our own channels.");
    operation!(LiquidityNeeds, "liquidity.needs", needs::needs, FleetInput => needs::Needs,
        "What other members need at external peers, worst tier first.");
    operation!(LiquidityExcess, "liquidity.excess", needs::excess, FleetInput => needs::Excesses,
        "Where other members hold too much on their own side, largest amount first.");
    operation!(LiquidityRelevance, "liquidity.relevance", needs::relevance, needs::RelevanceInput => needs::Relevance,
        "How much our channels to a peer let us help there.");
    operation!(LiquidityPrioritize, "liquidity.prioritize", prioritize::prioritize, prioritize::PrioritizeInput => prioritize::PrioritizedNeeds,
        "Needs by the health of who has them and by urgency.");
    operation!(LiquidityCompetition, "liquidity.competition", liquidity::state::competition, FleetInput => liquidity::state::Competition,
        "External peers that several members serve, and what that may cost in fees.");
    operation!(FeesAdjust, "fees.adjust", fees::adjust, fees::AdjustInput => fees::Adjusted,
        "Whether our fee towards a peer moves a step because another member needs flow there.");
    operation!(LegacyFee, "legacy.fee", fees::legacy_fee, fees::LegacyFeeInput => fees::LegacyFee,
        "The deployed fee controller's own rule, for running beside it.");
    operation!(RebalanceConflict, "rebalance.conflict", conflict::conflict, conflict::ConflictInput => conflict::Conflict,
        "Whether another member rebalances through a peer, who goes first, and which peers to avoid.");
    operation!(TopologyAdvise, "topology.advise", topology::advise, topology::AdviseInput => topology::Advised,
        "Which external peers a new channel would help most, and where it would be redundant.");
    operation!(LimitsCheck, "limits.check", limits::check, limits::LimitInput => limits::Limited,
        "Whether one more report fits a sliding window.");
    operation!(HubMatch, "hub.match", matching::match_requests, matching::MatchInput => matching::Matched,
        "Which spenders cover which receivers, per token, with the numbers that prove it.");
    operation!(HubMatchCycles, "hub.match_cycles", cycles::match_cycles, cycles::CyclesInput => cycles::Cycles,
        "The smallest claims between hubs with the same net positions, per token.");
    operation!(RebalanceThreshold, "rebalance.threshold", rebalance::threshold, rebalance::ThresholdInput => rebalance::Threshold,
        "The least expected value of a rebalance that a node of our health accepts.");
    operation!(RebalanceAccept, "rebalance.accept", rebalance::accept, rebalance::AcceptInput => rebalance::Accepted,
        "Whether an expected value reaches the threshold of our tier.");
    operation!(RebalanceEvaluate, "rebalance.evaluate", evaluate::evaluate, evaluate::EvaluateInput => evaluate::Evaluated,
        "What a rebalance is worth, every term of it, and what would turn the answer round.");
    operation!(RebalanceSize, "rebalance.size", size::size, size::SizeInput => size::Sized,
        "How much a channel should be filled with.");
    operation!(RebalanceSources, "rebalance.sources", sources::sources, sources::SourcesInput => sources::Sources,
        "Which channels may give, best first.");
    operation!(RebalanceBudget, "rebalance.budget", budget::budget, budget::BudgetInput => budget::Budget,
        "What may still be spent on rebalancing after what is spent and reserved.");
    operation!(RebalanceBackoff, "rebalance.backoff", pause::backoff, pause::BackoffInput => pause::Pause,
        "Whether a channel whose rebalance failed may be tried again.");
    operation!(RebalanceCooldown, "rebalance.cooldown", pause::cooldown, pause::CooldownInput => pause::Pause,
        "Whether a channel that was rebalanced has rested.");
    operation!(GossipBuild, "gossip.build", gossip::build, gossip::BuildInput => gossip::Built,
        "A message to the other members and the text to sign.");
    operation!(GossipReport, "gossip.report", report::report, report::ReportInput => report::Reports,
        "What a node tells the other members of itself, out of its own snapshot.");
    operation!(GossipAccept, "gossip.accept", accept::accept, accept::AcceptInput => accept::Received,
        "Whether a message of a member is taken, and what is kept afterwards.");
    operation!(GossipVerify, "gossip.verify", signature::verify, signature::VerifyInput => signature::Verified,
        "Whether a node's key signed a text.");
    operation!(GossipLegacyText, "gossip.legacy_text", legacy::legacy_text, legacy::LegacyTextInput => legacy::LegacyText,
        "The text that the deployed plugin signs for a message.");
    operation!(GossipLegacyVerify, "gossip.legacy_verify", legacy::legacy_verify, legacy::LegacyVerifyInput => legacy::LegacyVerified,
        "Whether a message of the deployed plugin may be taken, also for what the plugin does not check.");
    operation!(SpliceCheck, "splice.check", splice::check, splice::CheckInput => splice::Checked,
        "Whether a splice keeps the fleet connected to the peer.");
    operation!(SpliceHeadroom, "splice.headroom", splice::headroom, splice::HeadroomInput => splice::Headroom,
        "The largest splice-out that keeps the fleet connected to the peer.");
    operation!(FleetAdvise, "fleet.advise", node_advice::advise, node_advice::NodeAdviceInput => node_advice::NodeAdvice,
        "What is worth doing on a node now, ranked: rebalances, fees, splices, channels; and what stands against the rest.");
    operation!(FleetExplain, "fleet.explain", node_advice::explain, node_advice::NodeExplainInput => node_advice::NodeExplained,
        "Why nothing is rebalanced at a channel or peer: every source and destination that was tried, with what would change it.");
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
    decide: fn(&Config, &Value<'_>, &mut Why, Amounts) -> Result<String, Error>,
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
        decide: |config, input, why, amounts| {
            let input: O::Input = value::decode(input)?;
            canonical::written(&O::decide(config, &input, why)?, amounts)
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

    /// Calls an operation by name with JSON bytes; the answer is canonical JSON. One whose name
    /// ends in [`COLUMNS`] takes and gives columns of bytes instead.
    pub fn call(&self, name: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        if name.ends_with(COLUMNS) {
            return call_columns(name, input);
        }
        let operation = operation(name)?;
        let answer = self.answer(operation, &parse(input)?, Amounts::Plain);
        let answer = answer.map_err(|error| value::with_offset(input, error))?;
        Ok(answer.into_bytes())
    }

    /// Calls an operation by name with a plain value.
    pub fn call_value(&self, name: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        value::from_marked(&self.answer(operation(name)?, input, Amounts::Marked)?)
    }

    fn answer(
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

/// The end of the name of an operation that takes and gives columns of bytes.
pub const COLUMNS: &str = "_columns";

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

macro_rules! digests {
    ($(($method:ident, $marker:ident),)*) => {
        /// sha256 of the canonical JSON of the *typed* input: 1, 1.0 and an absent default are one
        /// input. Not in the table: only a host that keeps a log asks for it.
        pub fn input_digest(name: &str, input: &Value<'_>) -> Result<String, Error> {
            match name {
                $(<operations::$marker as Op>::NAME => {
                    let input: <operations::$marker as Op>::Input = value::decode(input)?;
                    canonical::digest_of(&input)
                })*
                _ => operation(name).map(|operation| operation.name.to_owned()),
            }
        }
    };
}

for_each_operation!(digests);

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

/// One method of a book: a handle that keeps state between calls.
pub trait Method<B> {
    /// What it is called with.
    type Input: DeserializeOwned + FromValue + JsonSchema;
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
    /// Runs it; the answer is canonical JSON.
    pub run: fn(&mut B, &Value<'_>, &mut Why, Amounts) -> Result<String, Error>,
}

impl<B> MethodEntry<B> {
    /// The entry of the method `M`.
    #[must_use]
    pub const fn of<M: Method<B>>() -> Self {
        Self {
            name: M::NAME,
            summary: M::SUMMARY,
            run: |book, input, why, amounts| {
                canonical::written(&M::run(book, &value::decode(input)?, why)?, amounts)
            },
        }
    }
}

/// `$marker` as the method `$name` of `$book`.
macro_rules! book_method {
    ($book:ty, $marker:ident, $name:literal, $input:ty => $output:ty, $summary:literal, $run:expr) => {
        #[doc = $summary]
        #[derive(Debug)]
        pub struct $marker;
        impl $crate::policy::Method<$book> for $marker {
            type Input = $input;
            type Output = $output;
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;
            fn run(
                book: &mut $book,
                input: &Self::Input,
                why: &mut $crate::reason::Why,
            ) -> Result<Self::Output, $crate::error::Error> {
                type Run = fn(
                    &mut $book,
                    &$input,
                    &mut $crate::reason::Why,
                ) -> Result<$output, $crate::error::Error>;
                let run: Run = $run;
                run(book, input, why)
            }
        }
    };
}

/// The table of the methods of `$book`, and the handle that it becomes.
macro_rules! book_methods {
    ($book:ty, $($marker:ident),* $(,)?) => {
        /// Every method of the book.
        pub static METHODS: &[$crate::policy::MethodEntry<$book>] =
            &[$($crate::policy::MethodEntry::of::<$marker>()),*];

        /// The schemas of input and answer, in the order of [`METHODS`]. Never called inside the
        /// module.
        pub fn schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(schemars::Schema, schemars::Schema)> {
            vec![$((
                generator.subschema_for::<<$marker as $crate::policy::Method<$book>>::Input>(),
                generator.subschema_for::<<$marker as $crate::policy::Method<$book>>::Output>(),
            )),*]
        }

        impl $book {
            fn answer(
                &mut self,
                operation: &str,
                input: &$crate::value::Value<'_>,
                amounts: $crate::canonical::Amounts,
            ) -> Result<String, $crate::error::Error> {
                let run = $crate::policy::method(METHODS, operation)?.run;
                let mut why = $crate::reason::Why::new();
                let answer = run(self, input, &mut why, amounts)?;
                self.policy().envelope_text(&answer, why)
            }

            /// Calls a method by name with a plain value; a failed call changes nothing.
            pub fn call_on(
                &mut self,
                operation: &str,
                input: &$crate::value::Value<'_>,
            ) -> Result<$crate::value::Value<'static>, $crate::error::Error> {
                let marked = $crate::canonical::Amounts::Marked;
                $crate::value::from_marked(&self.answer(operation, input, marked)?)
            }

            /// Calls a method by name with JSON bytes; the answer is canonical JSON.
            pub fn call_bytes(
                &mut self,
                operation: &str,
                input: &[u8],
            ) -> Result<Vec<u8>, $crate::error::Error> {
                let plain = $crate::canonical::Amounts::Plain;
                let answer = self.answer(operation, &$crate::policy::parse(input)?, plain)?;
                Ok(answer.into_bytes())
            }
        }
    };
}

pub(crate) use {book_method, book_methods};

/// The method of that name.
pub fn method<B>(
    methods: &'static [MethodEntry<B>],
    name: &str,
) -> Result<&'static MethodEntry<B>, Error> {
    let found = methods.iter().find(|method| method.name == name);
    found.ok_or_else(|| {
        let names: Vec<_> = methods.iter().map(|method| method.name).collect();
        let got = format_args!("\"{name}\"").to_string();
        Error::new(ErrorCode::UnknownOperation, "op", got, names.join(" | "))
    })
}

/// Nothing.
#[record(Default)]
pub struct Nothing {}

/// The digest of a book.
#[record(open)]
pub struct BookDigest {
    /// sha256 of the canonical snapshot.
    pub digest: String,
}

/// Something that stays open between calls.
#[derive(Debug)]
pub enum Opened {
    /// A parsed config.
    Policy(Arc<Policy>),
    /// The members of a fleet.
    FleetBook(Box<FleetBook>),
    /// The accounts of a hub.
    HubBook(Box<HubBook>),
}

impl Opened {
    /// Calls `operation` on it; a failed call changes nothing.
    pub fn call_on(&mut self, operation: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        match self {
            Self::Policy(policy) => policy.call_value(operation, input),
            Self::FleetBook(book) => book.call_on(operation, input),
            Self::HubBook(book) => book.call_on(operation, input),
        }
    }

    /// Calls `operation` with JSON bytes; the answer is canonical JSON.
    pub fn call_bytes(&mut self, operation: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Policy(policy) => policy.call(operation, input),
            Self::FleetBook(book) => book.call_bytes(operation, input),
            Self::HubBook(book) => book.call_bytes(operation, input),
        }
    }
}

/// Opens a handle of `kind` (`policy`, `fleet_book`, `hub_book`) from `{"profile"?, "config"?, …}`.
pub fn open(kind: &str, input: &Value<'_>) -> Result<Opened, Error> {
    match kind {
        "policy" => Ok(Opened::Policy(Arc::new(opened_policy(input)?))),
        "fleet_book" => Ok(Opened::FleetBook(Box::new(crate::fleet::book::open(
            input,
        )?))),
        "hub_book" => Ok(Opened::HubBook(Box::new(crate::hub::book::open(input)?))),
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
