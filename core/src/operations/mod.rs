//! The top floor: one table of all operations, and the one way to call them: name, bytes in,
//! canonical bytes out.
//!
//! ```
//! use trimtab_core::{operations, policy::Policy};
//! let input = br#"{"profitable_pct":0.6,"underwater_pct":0.1,"liquidity_score":80,"trend":"stable"}"#;
//! let answer = Policy::plan().call("health.score", input)?;
//! assert!(String::from_utf8_lossy(&answer).contains(r#""score":72,"tier":"thriving""#));
//! assert_eq!(operations::operation("health.score")?.method, "health_score");
//! # Ok::<(), trimtab_core::error::Error>(())
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`describe`] | what can be asked, in which shapes, with which reasons |
//! | [`explain`] | reasons in words |
//! | [`opened`] | what stays open between calls |

pub mod describe;
pub mod explain;
pub mod opened;

use schemars::{Schema, SchemaGenerator};

use crate::account::advice;
use crate::canonical::{self, Amounts};
use crate::config::Config;
use crate::error::{Error, ErrorCode};
use crate::fleet::advise as advise_node;
use crate::fleet::gossip::{self, accept, legacy, report, signature};
use crate::fleet::health::{self, assess, balance, gossip_scale, profit, trend, verify};
use crate::fleet::liquidity::{self, classify, needs, prioritize};
use crate::fleet::rebalance::{self, budget, candidate, evaluate, pause, size, sources};
use crate::fleet::splice;
use crate::fleet::{FleetInput, conflict, fees, limits, snapshot, topology};
use crate::hub::columns;
use crate::hub::plan::{self, explain as explain_account};
use crate::hub::verify as verify_plan;
use crate::hub::{cycles, detect, matching, reserves, state};
use crate::lint;
use crate::log::{check, line};
use crate::policy::{Op, Operation, Policy, parse, short_enough};
use crate::reason::Why;
use crate::value::{self, Value};

/// Asks `$then!` with one row per operation: `(method, Marker, name, function, input => decision,
/// summary)`, the marker implementing [`Op`].
///
/// Every surface derives its typed methods from these rows; the paths in them are known here only.
#[macro_export]
macro_rules! for_each_operation {
    ($then:ident) => {
        $then! {
            (policy_describe, PolicyDescribe, "policy.describe",
                described, describe::DescribeInput => describe::Description,
                "Operations, schemas, reason codes, errors, limits and version of this policy."),
            (policy_explain, PolicyExplain, "policy.explain",
                explain::explain, explain::ExplainInput => explain::Explained,
                "Reasons in words, for the operator or, without numbers, for a peer."),
            (config_lint, ConfigLint, "config.lint",
                lint::lint, lint::LintInput => lint::Linted,
                "Contradictions in a config and settings without effect."),
            (log_line, LogLine, "log.line",
                line::line, line::LogLineInput => line::LogLine,
                "The one text of a line of the decision log, from what a host observed, and the digest that the next line names."),
            (log_check, LogCheck, "log.check",
                check::check, check::LogCheckInput => check::LogChecked,
                "Whether a line of a decision log is the one that must come next, and if not, what happened."),
            (hub_plan, HubPlan, "hub.plan",
                plan::plan, state::HubState => plan::Plan,
                "What a hub does in one tick: deposits, settlements, replenishment, in order and with reasons."),
            (hub_explain, HubExplain, "hub.explain",
                explain_account::explain, explain_account::HubExplainInput => explain_account::HubExplained,
                "What the plan of a tick does with one account and token, in full."),
            (hub_reserves, HubReserves, "hub.reserves",
                reserves::reserves, state::HubState => reserves::Watched,
                "Whether a hub's reserves suffice, and what to replenish from which source."),
            (hub_verify_plan, HubVerifyPlan, "hub.verify_plan",
                verify_plan::verify, verify_plan::HubVerifyInput => verify_plan::HubVerified,
                "Whether a plan, whoever made it, keeps the laws that no plan may break."),
            (health_score, HealthScore, "health.score",
                health::score, health::ScoreInput => health::Scored,
                "Health score, tier and budget multiplier from the shares of profitable and underwater channels, liquidity and trend."),
            (health_profit, HealthProfit, "health.profit",
                profit::profit, profit::ProfitInput => profit::Profit,
                "Whether a channel is profitable, breaks even, loses or stands still, from its fees and costs."),
            (health_liquidity_score, HealthLiquidityScore, "health.liquidity_score",
                balance::liquidity_score, balance::LiquidityScoreInput => balance::LiquidityScored,
                "How evenly the channels of a node are filled, from 0 to 100."),
            (health_trend, HealthTrend, "health.trend",
                trend::trend, trend::TrendInput => trend::Trended,
                "Whether revenue rises, falls or holds, from equal windows of it."),
            (health_assess, HealthAssess, "health.assess",
                assess::assess, assess::AssessInput => assess::Assessed,
                "Health of a node in one record: score, tier, components, the way to the next tier, needs."),
            (snapshot_cln, SnapshotCln, "snapshot.cln",
                snapshot::cln, snapshot::ClnInput => snapshot::Snapshot,
                "The raw answers of a Core Lightning node as the input of the other fleet policies."),
            (liquidity_classify, LiquidityClassify, "liquidity.classify",
                classify::classify, classify::ClassifyInput => classify::Classified,
                "Whether a channel is depleted, saturated or balanced, and how much would balance it."),
            (account_request_advice, AccountRequestAdvice, "account.request_advice",
                advice::request_advice, advice::AdviceInput => advice::Advised,
                "Whether an entity should ask its counterparty for collateral now, per token."),
            (hub_detect, HubDetect, "hub.detect",
                detect::detect, state::HubState => detect::Detected,
                "Who has something that the hub can take back, and who waits for collateral, per token."),
            (health_fleet, HealthFleet, "health.fleet",
                health::fleet::fleet, health::fleet::FleetHealthInput => health::fleet::FleetHealth,
                "Average health of the fleet, members per tier, stale and implausible ones listed but not counted."),
            (health_verify, HealthVerify, "health.verify",
                verify::verify, verify::VerifyInput => verify::Verified,
                "Whether a member's health report fits what we see, and the score that follows from its counts."),
            (health_gossip_scale, HealthGossipScale, "health.gossip_scale",
                gossip_scale::gossip_scale, gossip_scale::GossipScaleInput => gossip_scale::GossipScaled,
                "The deployed plugin's second health scale, so that both can be compared."),
            (liquidity_state, LiquidityState, "liquidity.state",
                liquidity::state::state, FleetInput => liquidity::state::FleetState,
                "How the fleet and we do: members in trouble, bottleneck peers, our own channels."),
            (liquidity_needs, LiquidityNeeds, "liquidity.needs",
                needs::needs, FleetInput => needs::Needs,
                "What other members need at external peers, worst tier first."),
            (liquidity_excess, LiquidityExcess, "liquidity.excess",
                needs::excess, FleetInput => needs::Excesses,
                "Where other members hold too much on their own side, largest amount first."),
            (liquidity_relevance, LiquidityRelevance, "liquidity.relevance",
                needs::relevance, needs::RelevanceInput => needs::Relevance,
                "How much our channels to a peer let us help there."),
            (liquidity_prioritize, LiquidityPrioritize, "liquidity.prioritize",
                prioritize::prioritize, prioritize::PrioritizeInput => prioritize::PrioritizedNeeds,
                "Needs by the health of who has them and by urgency."),
            (liquidity_competition, LiquidityCompetition, "liquidity.competition",
                liquidity::state::competition, FleetInput => liquidity::state::Competition,
                "External peers that several members serve, and what that may cost in fees."),
            (fees_adjust, FeesAdjust, "fees.adjust",
                fees::adjust, fees::AdjustInput => fees::Adjusted,
                "Whether our fee towards a peer moves a step because another member needs flow there."),
            (legacy_fee, LegacyFee, "legacy.fee",
                fees::legacy_fee, fees::LegacyFeeInput => fees::LegacyFee,
                "The deployed fee controller's own rule, so that both can be compared."),
            (rebalance_conflict, RebalanceConflict, "rebalance.conflict",
                conflict::conflict, conflict::ConflictInput => conflict::Conflict,
                "Whether another member rebalances through a peer, who goes first, and which peers to avoid."),
            (topology_advise, TopologyAdvise, "topology.advise",
                topology::advise, topology::AdviseInput => topology::Advised,
                "Which external peers a new channel would help most, and where it would be redundant."),
            (limits_check, LimitsCheck, "limits.check",
                limits::check, limits::LimitInput => limits::Limited,
                "Whether one more report fits a sliding window."),
            (hub_match, HubMatch, "hub.match",
                matching::match_requests, matching::MatchInput => matching::Matched,
                "Which spenders cover which receivers, per token, with the numbers that prove it."),
            (hub_match_cycles, HubMatchCycles, "hub.match_cycles",
                cycles::match_cycles, cycles::CyclesInput => cycles::Cycles,
                "The smallest claims between hubs with the same net positions, per token."),
            (rebalance_threshold, RebalanceThreshold, "rebalance.threshold",
                rebalance::threshold, rebalance::ThresholdInput => rebalance::Threshold,
                "The least expected value of a rebalance that a node of our health accepts."),
            (rebalance_accept, RebalanceAccept, "rebalance.accept",
                rebalance::accept, rebalance::AcceptInput => rebalance::Accepted,
                "Whether an expected value reaches the threshold of our tier."),
            (rebalance_evaluate, RebalanceEvaluate, "rebalance.evaluate",
                evaluate::evaluate, candidate::EvaluateInput => candidate::Evaluated,
                "What a rebalance is worth, every term of it, and which values would change the answer."),
            (rebalance_size, RebalanceSize, "rebalance.size",
                size::size, size::SizeInput => size::Sized,
                "How much a channel should be filled with."),
            (rebalance_sources, RebalanceSources, "rebalance.sources",
                sources::sources, sources::SourcesInput => sources::Sources,
                "Which channels may give, best first."),
            (rebalance_budget, RebalanceBudget, "rebalance.budget",
                budget::budget, budget::BudgetInput => budget::Budget,
                "What may still be spent on rebalancing after what is spent and reserved."),
            (rebalance_backoff, RebalanceBackoff, "rebalance.backoff",
                pause::backoff, pause::BackoffInput => pause::Pause,
                "Whether a channel whose rebalance failed may be tried again."),
            (rebalance_cooldown, RebalanceCooldown, "rebalance.cooldown",
                pause::cooldown, pause::CooldownInput => pause::Pause,
                "Whether a channel that was rebalanced has rested."),
            (gossip_build, GossipBuild, "gossip.build",
                gossip::build, gossip::BuildInput => gossip::Built,
                "A message to the other members and the text to sign."),
            (gossip_report, GossipReport, "gossip.report",
                report::report, report::ReportInput => report::Reports,
                "What a node tells the other members of itself, out of its own snapshot."),
            (gossip_accept, GossipAccept, "gossip.accept",
                accept::accept, accept::AcceptInput => accept::Received,
                "Whether a message of a member is taken, and what is kept afterwards."),
            (gossip_verify, GossipVerify, "gossip.verify",
                signature::verify, signature::VerifyInput => signature::Verified,
                "Whether a node's key signed a text."),
            (gossip_legacy_text, GossipLegacyText, "gossip.legacy_text",
                legacy::legacy_text, legacy::LegacyTextInput => legacy::LegacyText,
                "The text that the deployed plugin signs for a message."),
            (gossip_legacy_verify, GossipLegacyVerify, "gossip.legacy_verify",
                legacy::legacy_verify, legacy::LegacyVerifyInput => legacy::LegacyVerified,
                "Whether a message of the deployed plugin may be taken, also for what the plugin does not check."),
            (splice_check, SpliceCheck, "splice.check",
                splice::check, splice::CheckInput => splice::Checked,
                "Whether a splice keeps the fleet connected to the peer."),
            (splice_headroom, SpliceHeadroom, "splice.headroom",
                splice::headroom, splice::HeadroomInput => splice::Headroom,
                "The largest splice-out that keeps the fleet connected to the peer."),
            (fleet_advise, FleetAdvise, "fleet.advise",
                advise_node::advise, advise_node::NodeAdviceInput => advise_node::NodeAdvice,
                "What is worth doing on a node now, ranked: rebalances, fees, splices, channels; and what stands against the rest."),
            (fleet_explain, FleetExplain, "fleet.explain",
                advise_node::explain, advise_node::NodeExplainInput => advise_node::NodeExplained,
                "Why nothing is rebalanced at a channel or peer: every source and destination that was tried, with what would change it."),
        }
    };
}

macro_rules! table {
    ($((
        $method:ident, $marker:ident, $name:literal,
        $decide:path, $input:ty => $output:ty,
        $summary:literal
    ),)*) => {
        $(
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
        )*

        /// Every operation, in the order of the table.
        pub static OPERATIONS: &[Operation] = &[$(Operation::of::<$marker>(stringify!($method))),*];

        /// sha256 of the canonical JSON of the *typed* input: 1, 1.0 and an absent default are one
        /// input. Not in the table: only a host that keeps a log asks for it.
        pub fn input_digest(name: &str, input: &Value<'_>) -> Result<String, Error> {
            match name {
                $($name => {
                    let input: $input = value::decode(input)?;
                    canonical::digest_of(&input)
                })*
                _ => operation(name).map(|operation| operation.name.to_owned()),
            }
        }

        /// The schemas of input and decision, in the order of the table. Kept out of the table, so
        /// that the module does not carry the generator.
        fn schemas(generator: &mut SchemaGenerator) -> Vec<(Schema, Schema)> {
            vec![$((
                generator.subschema_for::<$input>(),
                generator.subschema_for::<$output>(),
            )),*]
        }
    };
}

for_each_operation!(table);

/// Answers `policy.describe`.
fn described(
    _: &Config,
    input: &describe::DescribeInput,
    _: &mut Why,
) -> Result<describe::Description, Error> {
    if let Some(name) = &input.operation {
        operation(name).map_err(|error| Error {
            field: "operation".to_owned(),
            ..error
        })?;
    }
    describe::describe(OPERATIONS, input)
}

/// The description, derived from the code. Never called inside the module.
pub fn description() -> Result<serde_json::Value, Error> {
    describe::build(OPERATIONS, schemas)
}

/// What the module carries of it, in `describe.json`.
pub fn embedded() -> Result<String, Error> {
    describe::embedded(OPERATIONS, schemas)
}

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

impl Policy {
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

    /// Calls an operation by name with JSON in which large integers are marked; so are those of the
    /// answer. For JavaScript, whose objects cross as one text.
    pub fn call_script(&self, name: &str, input: &[u8]) -> Result<String, Error> {
        self.answer(
            operation(name)?,
            &value::read_marked(input)?,
            Amounts::Script,
        )
    }

    /// Calls an operation by name with a plain value.
    pub fn call_value(&self, name: &str, input: &Value<'_>) -> Result<Value<'static>, Error> {
        value::from_marked(&self.answer(operation(name)?, input, Amounts::Marked)?)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Code;

    #[test]
    fn the_committed_description_is_the_one_the_code_gives() {
        let committed = include_str!("describe.json");
        assert!(
            committed == embedded().unwrap(),
            "describe.json is stale: run `make generate`"
        );
    }

    #[test]
    fn objects_that_cross_as_one_text_are_decided_as_the_objects_are() {
        let input = r#"{"spenders":[{"token_id":1,"id":"a","amount":{"$amount":"99999999999999999999"}}],
            "receivers":[{"token_id":1,"id":"b","amount":5,"requested_at":1}]}"#;
        let policy = Policy::plan();
        let told = policy.call_script("hub.match", input.as_bytes()).unwrap();
        assert!(told.contains(r#""amount":"$5""#), "{told}");
        let object = value::from_marked(input).unwrap();
        let answer = policy.call_value("hub.match", &object).unwrap();
        assert_eq!(told, canonical::written(&answer, Amounts::Script).unwrap());
        assert!(
            policy
                .call_script("hub.match", b"{\"spenders\":1}")
                .is_err()
        );
        let numbers = canonical::written(&[1u64 << 53, 5], Amounts::Script).unwrap();
        assert_eq!(numbers, r#"["$9007199254740992",5]"#);
        let texts = canonical::written(&["$5", "5$", ""], Amounts::Script).unwrap();
        assert_eq!(texts, r#"["$$5","5$",""]"#);
        let floats = canonical::written(&[f64::NAN, f64::NEG_INFINITY], Amounts::Script).unwrap();
        assert_eq!(floats, r#"["$NaN","$-Infinity"]"#);
    }

    #[test]
    fn the_method_of_an_operation_is_its_name() {
        for operation in OPERATIONS {
            assert_eq!(operation.method, operation.name.replace('.', "_"));
        }
    }

    #[test]
    fn every_book_answers_the_questions_about_itself() {
        use crate::{books::QUESTIONS, fleet::book as fleet, hub::book as hub};
        for question in QUESTIONS {
            assert!(fleet::METHODS.iter().any(|method| method.name == question));
            assert!(hub::METHODS.iter().any(|method| method.name == question));
        }
    }

    #[test]
    fn every_code_names_operations_that_exist() {
        for code in Code::ALL {
            let entry = code.entry();
            assert!(
                !entry.operations.is_empty(),
                "{} is returned by nothing",
                entry.name
            );
            for name in entry.operations {
                assert!(operation(name).is_ok(), "{} names {name}", entry.name);
            }
        }
    }
}
