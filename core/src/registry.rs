//! The one table of reason codes: name, meaning, unit, the input field that can end the reason,
//! the operations that return it, and the sentence for people.
//!
//! `docs/reference.md` and the types of every surface are generated from it.

use schemars::JsonSchema;
use serde::{Serialize, Serializer, de};

use crate::units::Unit;
use crate::value::{Fault, FromValue, Source};

/// What the registry knows about a code.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The code on the wire.
    pub name: &'static str,
    /// The unit of the observed value and the limit.
    pub unit: Option<Unit>,
    /// The one input field that can end the reason.
    pub flips: Option<&'static str>,
    /// The operations that return it.
    pub operations: &'static [&'static str],
    /// The sentence, with `{observed}` and `{limit}` where the numbers go, `{observed at}` and
    /// `{limit at}` where they are moments.
    pub says: &'static str,
    /// The sentence where it defers, if the numbers mean something else there.
    pub deferring: Option<&'static str>,
    meaning: &'static str,
}

impl Entry {
    /// What the code means.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        self.meaning.trim()
    }
}

/// The operations that answer with the reasons of others beside their own: every code that one of
/// those may return is one of theirs too.
pub const COMPOSED: &[(&str, &[&str])] = &[
    ("fleet.advise", ADVISES_FROM),
    ("fleet.explain", ADVISES_FROM),
];

const ADVISES_FROM: &[&str] = &[
    "fees.adjust",
    "health.assess",
    "liquidity.classify",
    "liquidity.needs",
    "rebalance.budget",
    "rebalance.conflict",
    "rebalance.evaluate",
    "rebalance.size",
    "splice.headroom",
    "topology.advise",
];

impl Entry {
    /// Whether `operation` may return it, as its own or as that of an operation that it asks.
    #[must_use]
    pub fn is_returned_by(&self, operation: &str) -> bool {
        let composed = COMPOSED.iter().find(|(name, _)| *name == operation);
        let asked = composed.map_or(&[][..], |(_, asked)| asked);
        self.operations.contains(&operation)
            || self.operations.iter().any(|own| asked.contains(own))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().name)
    }
}

// By the table: a comparison per code, compiled out, is the largest function of the module.
impl FromValue for Code {
    fn from_value<S: Source>(source: &S) -> Result<Self, Fault> {
        Self::read(&String::from_value(source)?)
    }
}

impl Code {
    fn read<E: de::Error>(name: &str) -> Result<Self, E> {
        let named = Self::ALL.iter().find(|code| code.entry().name == name);
        let wrong = || E::invalid_value(de::Unexpected::Str(name), &"a code of the registry");
        named.copied().ok_or_else(wrong)
    }
}

macro_rules! optional {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

macro_rules! reasons {
    ($(
        #[doc = $meaning:literal]
        $variant:ident = $name:literal, $unit:expr, flips $flips:expr, in [$($operation:literal),* $(,)?],
        $says:literal $(, deferring $deferring:literal)?;
    )*) => {
        /// The stable codes. Removing or renaming one is a breaking change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = $meaning]
                #[schemars(rename = $name)]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the order of the registry.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the registry knows about this code.
            #[must_use]
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$variant => &Entry {
                        name: $name,
                        unit: $unit,
                        flips: $flips,
                        operations: &[$($operation),*],
                        says: $says,
                        deferring: optional!($($deferring)?),
                        meaning: $meaning,
                    },)*
                }
            }
        }
    };
}

reasons! {
    // --- health ---
    /// The score is not above the upper bound of the tier `struggling`.
    BelowVulnerable = "below_vulnerable", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score is {observed}; the tier vulnerable begins above {limit}";
    /// The score is not above the upper bound of the tier `vulnerable`.
    BelowStable = "below_stable", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score is {observed}; the tier stable begins above {limit}";
    /// The score is not above the upper bound of the tier `stable`.
    BelowThriving = "below_thriving", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score is {observed}; the tier thriving begins above {limit}";
    /// The score is above the upper bound of the tier `stable`: the best tier.
    Thriving = "thriving", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score is {observed}; the tier thriving begins above {limit}";
    /// The channels lie this far from balance on average.
    LiquiditySpread = "liquidity_spread", Some(Unit::Share), flips None,
        in ["health.liquidity_score", "health.assess"],
        "on average a channel is {observed} of its capacity away from an even split";
    /// A node without channels gets the middle of the scale.
    NoChannels = "no_channels", None, flips None,
        in ["health.liquidity_score", "health.assess"],
        "the node has no channel to judge, so it gets the middle of the scale";
    /// The last windows earned more than the first ones, by more than chance explains.
    RevenueRising = "revenue_rising", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the later windows earned {observed}; more than {limit} counts as rising";
    /// The last windows earned less than the first ones, by more than chance explains.
    RevenueFalling = "revenue_falling", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the later windows earned {observed}; less than {limit} counts as falling";
    /// The last windows earned about as much as the first ones.
    RevenueSteady = "revenue_steady", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the later windows earned {observed}, the earlier ones {limit}: chance alone can explain the difference";
    /// The history of revenue is too short to show a trend.
    InsufficientHistory = "insufficient_history", Some(Unit::Count), flips None,
        in ["health.trend", "health.assess", "snapshot.cln"],
        "revenue is known for {observed} windows; a trend needs {limit}";
    /// The trend was given as a word and not derived; that counts for ourselves only.
    TrendByWord = "trend_by_word", None, flips None,
        in ["health.assess"],
        "the trend was given as a word and not computed from revenue";
    /// The score alone would give another tier, but it is too near to the bound.
    TierHeld = "tier_held", Some(Unit::Score), flips Some("previous_tier"),
        in ["health.assess"],
        "the health score of {observed} is too close to the bound to change the tier; that needs {limit}";
    /// The channel returns more than the bound above its cost.
    ChannelProfitable = "channel_profitable", Some(Unit::Msat), flips Some("revenue_msat"),
        in ["health.profit"],
        "the channel earned {observed} and cost {limit}: profitable";
    /// The channel returns about its cost.
    ChannelBreaksEven = "channel_breaks_even", Some(Unit::Msat), flips Some("revenue_msat"),
        in ["health.profit"],
        "the channel earned {observed} and cost {limit}: it breaks even";
    /// The channel loses.
    ChannelUnderwater = "channel_underwater", Some(Unit::Msat), flips Some("revenue_msat"),
        in ["health.profit"],
        "the channel earned {observed} and cost {limit}: underwater";
    /// Nothing moved through the channel for too long; in profile cl-hive it also loses.
    ChannelStagnant = "channel_stagnant", Some(Unit::Msat), flips Some("idle_s"),
        in ["health.profit"],
        "the channel earned {observed} and cost {limit}, and nothing has moved for too long: stagnant";
    /// The channel is young and cost nothing but its opening: it is not judged yet.
    YoungChannel = "young_channel", Some(Unit::Count), flips Some("age_days"),
        in ["health.profit"],
        "the channel is {observed} days old and cost nothing but its opening; it is judged from {limit} days on";
    /// The books could not be read; the cost counts as nothing.
    CostUnknown = "cost_unknown", None, flips None,
        in ["health.profit", "snapshot.cln"],
        "the cost of the channel is unknown and counted as 0";

    /// The average score of the fleet.
    FleetAverage = "fleet_average", Some(Unit::Score), flips None,
        in ["health.fleet"],
        "the fleet scores {observed} on average";
    /// No member's score counts; the fleet gets the middle of the scale.
    FleetEmpty = "fleet_empty", None, flips None,
        in ["health.fleet"],
        "no member has a score that counts, so the fleet gets the middle of the scale";
    /// No score of this member is known.
    ScoreUnknown = "score_unknown", None, flips None,
        in ["health.fleet"],
        "the member's score is unknown";
    /// The report is too old to count.
    StaleReport = "stale_report", Some(Unit::S), flips None,
        in ["health.fleet", "liquidity.state", "liquidity.needs", "liquidity.excess", "liquidity.competition", "topology.advise"],
        "the report is {observed} old, beyond {limit}";
    /// The member's reports contradict what we see; nothing of it counts.
    MemberImplausible = "member_implausible", None, flips None,
        in ["health.fleet", "liquidity.state", "liquidity.needs", "liquidity.excess", "liquidity.competition", "rebalance.conflict", "topology.advise"],
        "the member's reports contradict what we see, so nothing of them counts";
    /// The report fits what we see.
    ReportConsistent = "report_consistent", None, flips None,
        in ["health.verify"],
        "the report fits what we see";
    /// The graph shows nothing of the reporter.
    NothingToCompare = "nothing_to_compare", None, flips None,
        in ["health.verify"],
        "the graph shows nothing of the reporter to compare with";
    /// The counts of the report contradict each other.
    CountsDoNotAddUp = "counts_do_not_add_up", Some(Unit::Count), flips None,
        in ["health.verify"],
        "the parts of the report add up to {observed}; at most {limit} is possible";
    /// The report has far more channels than the graph.
    ChannelsAbovePublic = "channels_above_public", Some(Unit::Count), flips Some("report.channels"),
        in ["health.verify"],
        "the report has {observed} channels; the public graph allows at most {limit}";
    /// The report has far more capacity than the graph.
    CapacityAboveAnnounced = "capacity_above_announced", Some(Unit::Sat), flips Some("report.capacity_sats"),
        in ["health.verify"],
        "the report has a capacity of {observed}; the public graph allows at most {limit}";
    /// The report has less than the reporter shares with us.
    BelowWhatWeShare = "below_what_we_share", Some(Unit::Sat), flips None,
        in ["health.verify"],
        "the report has a capacity of {observed}; our own channels with the reporter hold {limit}, and it reports less capacity or fewer channels";
    /// The report is from later than clocks differ.
    ReportFromTheFuture = "report_from_the_future", Some(Unit::S), flips Some("report.at"),
        in ["health.verify"],
        "the report is dated {observed at}, later than the {limit at} that our clock allows";
    /// The report was made too long ago.
    ReportTooOld = "report_too_old", Some(Unit::S), flips Some("report.at"),
        in ["health.verify"],
        "the report is dated {observed at}; the oldest that counts is from {limit at}";
    /// The report is not newer than the last one.
    ReportOutOfOrder = "report_out_of_order", Some(Unit::S), flips Some("report.at"),
        in ["health.verify"],
        "the report is dated {observed at}; it must be newer than the last one, {limit at}";
    /// The score moved far between two reports.
    ScoreJumped = "score_jumped", Some(Unit::Score), flips None,
        in ["health.verify"],
        "the score moved by {observed} since the last report, more than {limit}";
    /// The score is of the deployed plugin's second scale, not comparable with ours.
    LegacyScale = "legacy_scale", Some(Unit::Score), flips None,
        in ["health.gossip_scale"],
        "{observed} is a score on the deployed plugin's second scale; it cannot be compared with ours";

    // --- rebalance ---
    /// The expected value is below the threshold of our tier.
    EvBelowThreshold = "ev_below_threshold", Some(Unit::Sat), flips Some("ev"),
        in ["rebalance.accept"],
        "the expected value is {observed}, below our threshold of {limit}";
    /// The expected value reaches the threshold of our tier.
    EvReachesThreshold = "ev_reaches_threshold", Some(Unit::Sat), flips Some("ev"),
        in ["rebalance.accept"],
        "the expected value is {observed} and reaches our threshold of {limit}";
    /// Our health moved the threshold.
    ThresholdScaled = "threshold_scaled", Some(Unit::Sat), flips None,
        in ["rebalance.threshold"],
        "our health moves the threshold from {limit} to {observed}";
    /// Our health does not move the threshold.
    ThresholdUnscaled = "threshold_unscaled", Some(Unit::Sat), flips None,
        in ["rebalance.threshold"],
        "our health leaves the threshold of {limit} as it is";
    /// The multiplier lies outside the configured bounds.
    MultiplierClamped = "multiplier_clamped", None, flips Some("multiplier"),
        in ["rebalance.threshold", "rebalance.budget"],
        "the multiplier {observed} is outside its bounds, so {limit} is used";
    /// Our own tier is unknown or too old; the multiplier is 1.
    HealthUnknown = "health_unknown", Some(Unit::S), flips Some("health_age_s"),
        in ["rebalance.accept", "rebalance.evaluate"],
        "our own health is unknown or too old, so the multiplier is 1";
    /// So much of the budget is left.
    BudgetLeft = "budget_left", Some(Unit::Sat), flips None,
        in ["rebalance.budget"],
        "{observed} of the budget of {limit} is left";
    /// The proposal is cut to what is left of the budget.
    BudgetCut = "budget_cut", Some(Unit::Sat), flips Some("proposed_sats"),
        in ["rebalance.budget"],
        "{observed} was proposed; the budget has {limit} left";
    /// All of the budget is spent or reserved.
    BudgetExhausted = "budget_exhausted", Some(Unit::Sat), flips Some("spent_sats"),
        in ["rebalance.budget"],
        "{observed} of the budget of {limit} is spent or reserved";
    /// It failed a short time ago.
    BackingOff = "backing_off", Some(Unit::S), flips Some("now"),
        in ["rebalance.backoff"],
        "the last attempt failed; the next one may start at {limit at}";
    /// It failed too often.
    GivenUp = "given_up", Some(Unit::S), flips Some("now"),
        in ["rebalance.backoff"],
        "too many attempts failed; the next one may start at {limit at}";
    /// It succeeded a short time ago.
    CoolingDown = "cooling_down", Some(Unit::S), flips Some("now"),
        in ["rebalance.cooldown"],
        "the channel was rebalanced recently and rests until {limit at}";
    /// Nothing asks for a pause.
    Ready = "ready", None, flips None,
        in ["rebalance.backoff", "rebalance.cooldown"],
        "no pause is in force";
    /// Little moves through the channel, so it is filled less.
    SlowChannel = "slow_channel", Some(Unit::Share), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "{observed} of the capacity moves per day, less than {limit}, so the channel is filled less";
    /// The target is smaller than the smallest job.
    TargetBelowMinimum = "target_below_minimum", Some(Unit::Sat), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "the target is {observed}; a rebalance moves at least {limit}";
    /// The channel already holds its target.
    NothingNeeded = "nothing_needed", Some(Unit::Sat), flips Some("spendable_sats"),
        in ["rebalance.size", "rebalance.evaluate"],
        "the channel can send {observed}, its target is {limit}";
    /// So much is moved of what is missing.
    AmountSized = "amount_sized", Some(Unit::Sat), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "{observed} is moved of the {limit} that is missing";
    /// The source cannot send the amount.
    SourceTooSmall = "source_too_small", Some(Unit::Sat), flips Some("spendable_sats"),
        in ["rebalance.sources", "rebalance.evaluate"],
        "the source can send {observed}; {limit} is asked for";
    /// The peer of the source is not online enough.
    SourceOffline = "source_offline", None, flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the peer of the source is offline, or was online {observed} % of the day; {limit} % is required";
    /// Liquidity leaves through the source by itself.
    SourceDrains = "source_drains", Some(Unit::Share), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "liquidity leaves the source without our help, and it holds {observed} of its capacity; {limit} is required";
    /// The move would lose more than is tolerated.
    SpreadBeyondTolerance = "spread_beyond_tolerance", Some(Unit::Ppm), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the fee spread is {observed}; at least {limit} is required";
    /// The move would earn less than the least profit.
    SourceEarnsTooLittle = "source_earns_too_little", Some(Unit::Sat), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the fee spread would earn {observed}; at least {limit} is required";
    /// The source has the destination's own peer: the payment could come back through it.
    SamePeer = "same_peer", None, flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "source and destination have the same peer, so the payment could come straight back";
    /// The peer at one end of the move is not known.
    PeerUnknown = "peer_unknown", None, flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the peer at one end is unknown; it may be the peer at the other end too";
    /// The source holds too small a share already.
    SourceDepleted = "source_depleted", Some(Unit::Share), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the source holds {observed} of its capacity; it must keep {limit}";
    /// The source can give, but not so much.
    SourceGivesLess = "source_gives_less", Some(Unit::Sat), flips Some("amount_sats"),
        in ["rebalance.sources", "rebalance.evaluate"],
        "the source can give {observed} and still keep its share; {limit} is asked for";
    /// No source can give what is missing; the amount is what the best one can give.
    AmountCutToSource = "amount_cut_to_source", Some(Unit::Sat), flips None,
        in ["rebalance.evaluate"],
        "{observed} is missing; the sources can give {limit}";
    /// The destination cannot receive what is asked for.
    AmountCutToReceivable = "amount_cut_to_receivable", Some(Unit::Sat), flips Some("amount_sats"),
        in ["rebalance.size", "rebalance.evaluate"],
        "{observed} is asked for; the destination can receive {limit}";
    /// Nobody watched what leaves the channel; the node's average stands for it.
    DemandUnknown = "demand_unknown", None, flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "the outgoing flow of the channel was not observed, so the node's average is used";
    /// A channel in its first week without a sale says nothing yet.
    ChannelTooYoung = "channel_too_young", Some(Unit::Count), flips Some("age_days"),
        in ["rebalance.evaluate"],
        "the channel is {observed} days old and has sold nothing; it is judged from {limit} days on";
    /// The source gives best.
    SourceRanked = "source_ranked", None, flips None,
        in ["rebalance.sources"],
        "the source ranks first, with a score of {observed}";
    /// No source may give.
    NoSource = "no_source", None, flips Some("amount_sats"),
        in ["rebalance.sources", "rebalance.evaluate"],
        "no channel may give";
    /// Liquidity arrives at the destination by itself.
    DestinationIsSink = "destination_is_sink", None, flips None,
        in ["rebalance.evaluate"],
        "liquidity arrives at the destination without our help";
    /// The peer of the destination is not online enough.
    DestinationOffline = "destination_offline", None, flips Some("uptime_pct"),
        in ["rebalance.evaluate"],
        "the peer of the destination is offline, or was online {observed} % of the day; {limit} % is required";
    /// Every attempt to help the destination failed.
    DestinationZombie = "destination_zombie", None, flips None,
        in ["rebalance.evaluate"],
        "every earlier rebalance to the destination failed";
    /// The destination loses, and the last sats spent on it too.
    DestinationUnderwater = "destination_underwater", None, flips Some("marginal_roi"),
        in ["rebalance.evaluate"],
        "the destination loses money; the marginal return of the last sats spent on it is {observed}";
    /// Even a free route would not reach the threshold.
    NotAffordable = "not_affordable", Some(Unit::Sat), flips Some("fee_ppm"),
        in ["rebalance.evaluate"],
        "even over a free route the value is {observed}, below the threshold of {limit}";
    /// The value at the expected cost is below the threshold.
    ValueBelowThreshold = "value_below_threshold", Some(Unit::Sat), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the expected value is {observed}, below our threshold of {limit}";
    /// The value at the expected cost reaches the threshold.
    ValueReachesThreshold = "value_reaches_threshold", Some(Unit::Sat), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the expected value is {observed} and reaches our threshold of {limit}";
    /// What is left of the budget does not pay the route.
    BudgetTooSmall = "budget_too_small", Some(Unit::Sat), flips Some("budget_left_sats"),
        in ["rebalance.evaluate"],
        "the route costs {observed}; the budget has {limit} left";
    /// The spread is below the tolerated loss.
    SpreadBelowTolerance = "spread_below_tolerance", Some(Unit::Ppm), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the fee spread is {observed}; at least {limit} is required";
    /// Success is too uncertain for any bet.
    KellyRefuses = "kelly_refuses", None, flips Some("p_success"),
        in ["rebalance.evaluate"],
        "success is too unlikely: the Kelly share of the bet is {observed}";
    /// Success is so uncertain that no fee may be paid.
    NoFeeLeft = "no_fee_left", None, flips Some("p_success"),
        in ["rebalance.evaluate"],
        "success is too unlikely to pay any fee";
    /// The profit of the deployed plugin's model is below the threshold.
    ProfitBelowThreshold = "profit_below_threshold", Some(Unit::Sat), flips Some("tier"),
        in ["rebalance.evaluate"],
        "the profit is {observed}, below our threshold of {limit}";
    /// The profit of the deployed plugin's model reaches the threshold.
    ProfitReachesThreshold = "profit_reaches_threshold", Some(Unit::Sat), flips Some("tier"),
        in ["rebalance.evaluate"],
        "the profit is {observed} and reaches our threshold of {limit}";

    // --- liquidity ---
    /// Little is left on our side of the channel: it needs outbound liquidity.
    ChannelDepleted = "channel_depleted", Some(Unit::Share), flips Some("local_sats"),
        in ["liquidity.classify"],
        "{observed} of the capacity is on our side, below {limit}: it needs outbound liquidity";
    /// Little is left on the other side of the channel: it needs inbound liquidity.
    ChannelSaturated = "channel_saturated", Some(Unit::Share), flips Some("local_sats"),
        in ["liquidity.classify"],
        "{observed} of the capacity is on our side, above {limit}: it needs inbound liquidity";
    /// Both sides of the channel have room.
    ChannelBalanced = "channel_balanced", Some(Unit::Share), flips Some("local_sats"),
        in ["liquidity.classify"],
        "{observed} of the capacity is on our side, close enough to {limit}";
    /// A channel without capacity has nothing to balance.
    EmptyChannel = "empty_channel", None, flips None,
        in ["liquidity.classify"],
        "the channel has no capacity";
    /// A splice is in flight; the outcome that leaves us the least counts.
    SpliceInFlight = "splice_in_flight", Some(Unit::Sat), flips None,
        in ["liquidity.classify", "snapshot.cln"],
        "a splice is not confirmed yet; {observed} on our side is certain whatever its outcome";
    /// The channel is not in normal operation and not judged.
    NotInNormalOperation = "not_in_normal_operation", None, flips None,
        in ["liquidity.classify", "rebalance.evaluate", "rebalance.sources", "snapshot.cln", "splice.check", "splice.headroom"],
        "the channel is not in normal operation";
    /// So many needs of other members are known.
    FleetNeeds = "fleet_needs", Some(Unit::Count), flips None,
        in ["liquidity.needs"],
        "other members have {observed} known needs";
    /// No need of another member is known.
    NoFleetNeed = "no_fleet_need", None, flips None,
        in ["liquidity.needs"],
        "no other member has a known need";
    /// So many channels of other members hold too much on their own side.
    FleetExcess = "fleet_excess", Some(Unit::Count), flips None,
        in ["liquidity.excess"],
        "{observed} channels of other members hold too much on their own side";
    /// No channel of another member holds too much on its own side.
    NoFleetExcess = "no_fleet_excess", None, flips None,
        in ["liquidity.excess"],
        "no channel of another member holds too much on its own side";
    /// How much we could help at a peer.
    Relevance = "relevance", Some(Unit::Share), flips None,
        in ["liquidity.relevance"],
        "the relevance of our channels to the peer is {observed}";
    /// Several members are in trouble at the same peers.
    Bottlenecks = "bottlenecks", Some(Unit::Count), flips None,
        in ["liquidity.state"],
        "several members are in trouble at {observed} peers";
    /// No two members are in trouble at the same peer.
    NoBottleneck = "no_bottleneck", None, flips None,
        in ["liquidity.state"],
        "no two members are in trouble at the same peer";
    /// Several members serve the same peers.
    Competition = "competition", Some(Unit::Count), flips None,
        in ["liquidity.competition"],
        "several members serve the same {observed} peers";
    /// No two members serve the same peer.
    NoCompetition = "no_competition", None, flips None,
        in ["liquidity.competition"],
        "no two members serve the same peer";
    /// The needs are in order.
    NeedsOrdered = "needs_ordered", Some(Unit::Count), flips None,
        in ["liquidity.prioritize"],
        "{observed} needs are ordered by the health of the member, then by urgency";

    // --- fees ---
    /// The fee falls by a step to attract flow for a member.
    FeeLowered = "fee_lowered", Some(Unit::Ppm), flips None,
        in ["fees.adjust", "legacy.fee"],
        "the fee falls from {limit} to {observed}";
    /// The fee rises by a step to slow flow for a member.
    FeeRaised = "fee_raised", Some(Unit::Ppm), flips None,
        in ["fees.adjust", "legacy.fee"],
        "the fee rises from {limit} to {observed}";
    /// No need moves the fee.
    FeeUnchanged = "fee_unchanged", Some(Unit::Ppm), flips None,
        in ["fees.adjust", "legacy.fee"],
        "the fee stays at {observed}";
    /// Our own channels with the peer are depleted: a lower fee would attract what we cannot carry.
    OwnChannelDepleted = "own_channel_depleted", Some(Unit::Share), flips Some("own.local_sats"),
        in ["fees.adjust"],
        "{observed} of our own capacity to the peer is on our side, below {limit}, so we could not forward the extra flow";
    /// Only the fee in force is known, not the one that we intend without the fleet.
    IntendedFeeUnknown = "intended_fee_unknown", Some(Unit::Ppm), flips None,
        in ["fees.adjust"],
        "the fee that we intend without the fleet is unknown, so the step starts from the fee in force, {observed}";
    /// The tier of the member that the step helps.
    HelpsTier = "helps_tier", None, flips None,
        in ["fees.adjust"],
        "the step helps a member of the tier {observed}";

    // --- conflict ---
    /// No other member uses the peer.
    PeerFree = "peer_free", None, flips None,
        in ["rebalance.conflict"],
        "no other member rebalances through the peer";
    /// Another member announced a rebalance through the peer.
    PeerInUse = "peer_in_use", Some(Unit::S), flips Some("now"),
        in ["rebalance.conflict"],
        "another member rebalances through the peer until {limit at}";
    /// Both announced, and we go first.
    HasPriority = "has_priority", None, flips None,
        in ["rebalance.conflict"],
        "we and another member announced a rebalance; we ({observed}) go before the other member ({limit})";
    /// Both announced, and another member goes first.
    Yields = "yields", Some(Unit::S), flips Some("now"),
        in ["rebalance.conflict"],
        "another member rebalances through the peer first, until {limit at}";

    // --- splice ---
    /// The other members could not be asked.
    HiveUnreachable = "hive_unreachable", None, flips Some("hive_reachable"),
        in ["splice.check", "splice.headroom"],
        "the other members cannot be reached, so only our own channels count";
    /// Nobody knows the public capacity of the peer.
    PeerCapacityUnknown = "peer_capacity_unknown", Some(Unit::Sat), flips Some("peer_public_sats"),
        in ["splice.check", "splice.headroom"],
        "the public capacity of the peer is unknown";
    /// Adding capacity disconnects nobody.
    SpliceInAdds = "splice_in_adds", Some(Unit::Sat), flips None,
        in ["splice.check"],
        "adding {observed} cannot disconnect anyone";
    /// The fleet keeps enough of the peer's capacity.
    ShareKept = "share_kept", Some(Unit::Share), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet keeps {observed} of the peer's capacity; {limit} is required";
    /// The other members hold enough with the peer.
    OthersCover = "others_cover", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "other members hold {observed} with the peer; {limit} is required";
    /// Our own channels keep enough with the peer.
    PartialKept = "partial_kept", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "our own channels keep {observed} with the peer; {limit} is required";
    /// The fleet would keep too small a share of the peer's capacity.
    ShareBelowMinimum = "share_below_minimum", Some(Unit::Share), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet would keep {observed} of the peer's capacity; {limit} is required";
    /// The fleet would keep too little with the peer.
    CapacityBelowMinimum = "capacity_below_minimum", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet would keep {observed} with the peer; {limit} is required";
    /// The fleet would keep nothing with the peer.
    WouldDisconnect = "would_disconnect", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "taking {observed} of {limit} would leave the fleet nothing with the peer";
    /// No single channel of ours can give so much.
    BeyondOwnBalance = "beyond_own_balance", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check"],
        "{observed} is asked for; the largest that one channel of ours can give is {limit}, and the on-chain fee comes on top";
    /// What is on our side of a channel is not known: a splice may find less there.
    BalanceUnknown = "balance_unknown", None, flips None,
        in ["splice.check", "splice.headroom"],
        "our balance in the channels is unknown, so a splice may find less there";
    /// A member's numbers cannot be: with them the sum is more than all sats.
    CapacityAbsurd = "capacity_absurd", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom", "topology.advise"],
        "the member reports {observed}; with it the total would exceed {limit}, all the sats there can be";
    /// The fleet reports more than the peer has in public.
    CapacityAbovePublic = "capacity_above_public", Some(Unit::Sat), flips Some("peer_public_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet reports {observed} with the peer; the peer's public capacity is {limit}";
    /// A member's capacity with the peer is only an average over its channels.
    CapacityEstimated = "capacity_estimated", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "{observed} is an estimate: the member's average channel";
    /// A member's report is too old, or ahead of our clock, and is no capacity.
    StaleCapacity = "stale_capacity", Some(Unit::S), flips Some("at"),
        in ["splice.check", "splice.headroom"],
        "the report is dated {observed at} and does not count; the oldest that counts is from {limit at}";
    /// A report under our own id is never another member's capacity.
    OwnReportIgnored = "own_report_ignored", None, flips None,
        in ["splice.check", "splice.headroom"],
        "a report under our own id is not counted as another member's";
    /// Our own exits under way are taken away first.
    ExitsInFlight = "exits_in_flight", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "{observed} of our {limit} is already being taken out";

    // --- limits, topology ---
    /// One more fits.
    WithinLimit = "within_limit", Some(Unit::Count), flips None,
        in ["limits.check"],
        "{observed} of the {limit} that the period allows are used";
    /// The period is full.
    RateLimited = "rate_limited", Some(Unit::Count), flips Some("now"),
        in ["limits.check"],
        "{observed} of the {limit} that the period allows are used, so no more is allowed now";
    /// A channel to the peer would help so many members.
    PeerHelps = "peer_helps", Some(Unit::Count), flips None,
        in ["topology.advise"],
        "a channel to the peer would help {observed} members";
    /// No member that needs help needs outbound liquidity at the peer.
    PeerHelpsNobody = "peer_helps_nobody", None, flips None,
        in ["topology.advise"],
        "no member in need would gain from a channel to the peer";
    /// A channel of ours with the peer is on its way and counts already.
    OpeningCounted = "opening_counted", Some(Unit::Sat), flips None,
        in ["topology.advise"],
        "{observed} of ours is in a channel that is still opening; it counts already";
    /// The fleet's capacity to the peer already suffices.
    PeerRedundant = "peer_redundant", Some(Unit::Share), flips None,
        in ["topology.advise"],
        "the fleet already holds {observed} of the peer's capacity; {limit} is enough";
    /// The peer's capacity is not known.
    CandidateCapacityUnknown = "candidate_capacity_unknown", None, flips None,
        in ["topology.advise"],
        "the peer's capacity is unknown";
    /// No external peer was given to compare.
    NoCandidate = "no_candidate", None, flips None,
        in ["topology.advise"],
        "there is no external peer to compare";

    // --- gossip ---
    /// The message is ready to be signed.
    MessageBuilt = "message_built", None, flips None,
        in ["gossip.build"],
        "message number {observed} is ready to be signed";
    /// The bodies of our own reports are made.
    ReportMade = "report_made", Some(Unit::Count), flips None,
        in ["gossip.report"],
        "the reports cover {observed} of our {limit} usable channels";
    /// Channels that the graph does not know are in no report.
    UnannouncedWithheld = "unannounced_withheld", Some(Unit::Count), flips None,
        in ["gossip.report"],
        "{observed} unannounced channels are left out of the report and stay private";
    /// More entries than a report may hold; the least important were left out.
    ReportShortened = "report_shortened", Some(Unit::Count), flips None,
        in ["gossip.report"],
        "{observed} entries were left out: a report holds at most {limit}";
    /// Another program counted more channels than are announced, so our own books are told.
    CountsBeyondAnnounced = "counts_beyond_announced", Some(Unit::Count), flips None,
        in ["gossip.report"],
        "another program counted {observed} channels, more than the {limit} announced ones, so our own counts are reported";
    /// The key signed the text.
    SignatureValid = "signature_valid", None, flips None,
        in ["gossip.verify"],
        "the key signed the text";
    /// The signature has the wrong length, letters or form.
    SignatureMalformed = "signature_malformed", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "the text is not a signature: wrong length, letters or form";
    /// The signature is the second of its two forms.
    SignatureHighS = "signature_high_s", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "the signature has a high s value; only the low form is accepted";
    /// Another key signed, or another text was signed.
    SignatureOfAnother = "signature_of_another", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "the signature was made by another key or over another text";
    /// The message was taken and stored.
    MessageAccepted = "message_accepted", None, flips None,
        in ["gossip.accept"],
        "the message is accepted";
    /// The sender is no connected member.
    SenderNotConnected = "sender_not_connected", None, flips None,
        in ["gossip.accept"],
        "the sender is not a connected member";
    /// The sender sends too much.
    SenderExhausted = "sender_exhausted", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "the sender sent too much: {observed} points left, {limit} needed";
    /// The message is too large.
    MessageTooLarge = "message_too_large", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "the message has {observed} bytes; at most {limit} are accepted";
    /// The message is not of the right shape.
    MessageMalformed = "message_malformed", None, flips None,
        in ["gossip.accept"],
        "the message does not have the required form";
    /// The message is of another version.
    VersionUnknown = "version_unknown", None, flips None,
        in ["gossip.accept"],
        "the message is written for another version";
    /// The reporter is no member, or banned.
    ReporterNotMember = "reporter_not_member", None, flips None,
        in ["gossip.accept"],
        "the reporter is not a member, or is banned";
    /// The message was already taken.
    MessageKnown = "message_known", None, flips None,
        in ["gossip.accept"],
        "the message was accepted before";
    /// The message is too old, or ahead of our clock.
    MessageNotFresh = "message_not_fresh", Some(Unit::S), flips None,
        in ["gossip.accept"],
        "the time of the message differs from our clock by {observed}; at most {limit} is accepted";
    /// The number of the message is not above the last one of its kind.
    SeqNotRising = "seq_not_rising", None, flips None,
        in ["gossip.accept"],
        "the message number is {observed}; it must be above the last one, {limit}";
    /// The number of the message is too far ahead.
    SeqAhead = "seq_ahead", None, flips None,
        in ["gossip.accept"],
        "the message number is {observed}; at most {limit} is accepted now";
    /// The reporter reports too often.
    ReporterLimit = "reporter_limit", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "this would be report {observed} within an hour; {limit} are accepted";
    /// The reporter has too many announcements open.
    TooManyAnnouncements = "too_many_announcements", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "this would be open announcement {observed}; {limit} may be open";
    /// The text of the deployed plugin was built.
    LegacyTextBuilt = "legacy_text_built", None, flips None,
        in ["gossip.legacy_text"],
        "this is the text that the deployed plugin signs";
    /// The message of the deployed plugin may be taken.
    LegacyMessageValid = "legacy_message_valid", None, flips None,
        in ["gossip.legacy_verify"],
        "the message may be accepted";
    /// The sender of the message is no public key.
    LegacyNoKey = "legacy_no_key", None, flips None,
        in ["gossip.legacy_verify"],
        "the sender is not a public key";
    /// A field is missing or holds what it must not, such as a truth value for a number.
    LegacyBadField = "legacy_bad_field", None, flips None,
        in ["gossip.legacy_verify"],
        "the field is missing or has a wrong type";
    /// The message of the deployed plugin is too old, or ahead of our clock.
    LegacyNotFresh = "legacy_not_fresh", Some(Unit::S), flips None,
        in ["gossip.legacy_verify"],
        "the time of the message differs from our clock by {observed}; at most {limit} is accepted";
    /// The message of the deployed plugin is not newer than the last one.
    LegacyNotRising = "legacy_not_rising", Some(Unit::S), flips None,
        in ["gossip.legacy_verify"],
        "the message is dated {observed at}; it must be newer than the last one, {limit at}";

    // --- snapshot ---
    /// So many channels of the node are in normal operation.
    SnapshotTaken = "snapshot_taken", Some(Unit::Count), flips None,
        in ["snapshot.cln"],
        "{observed} of {limit} channels are in normal operation";
    /// The node's forwards are not known: only the income list can tell what a channel earns.
    ForwardsUnknown = "forwards_unknown", None, flips None,
        in ["snapshot.cln", "gossip.report"],
        "the node's forwards are unknown: only the income list can tell what a channel earns";
    /// Another channel stands under the same id and counts.
    DuplicateChannelId = "duplicate_channel_id", None, flips None,
        in ["snapshot.cln"],
        "another channel has the same id, and only that one counts";
    /// Its operator lets no forward out through the channel; it needs nothing.
    ClosedToForwards = "closed_to_forwards", None, flips None,
        in ["liquidity.classify", "snapshot.cln"],
        "the operator lets no forward out through the channel";
    /// Forwards left through channels that the node no longer lists.
    ForwardsOfUnknownChannels = "forwards_of_unknown_channels", Some(Unit::Msat), flips None,
        in ["snapshot.cln"],
        "forwards through channels that the node no longer lists earned {observed} in 30 days";
    /// Nothing says which channel of ours these rebalances filled, so none bears their cost.
    RebalanceCostUnattributed = "rebalance_cost_unattributed", Some(Unit::Msat), flips None,
        in ["snapshot.cln"],
        "rebalances cost {observed} in 30 days and fit no listed channel, so no channel bears that cost";
    /// No own rebalance tells what a route into a channel costs.
    RouteCostUnknown = "route_cost_unknown", None, flips None,
        in ["snapshot.cln"],
        "no own rebalance of the last 30 days shows what a route into a channel costs";
    /// The history does not reach back far enough to say how long nothing moved.
    IdleUnknown = "idle_unknown", Some(Unit::Count), flips None,
        in ["snapshot.cln"],
        "the history of {observed} of {limit} channels is too short to say whether they stand still";
    /// The graph is not known, and with it no peer's public capacity.
    GraphUnknown = "graph_unknown", None, flips None,
        in ["snapshot.cln"],
        "the public graph is unknown, and so is the public capacity of every peer";

    // --- account ---
    /// The entity is itself a hub, and hubs do not ask.
    OwnEntityIsHub = "own_entity_is_hub", None, flips None,
        in ["account.request_advice"],
        "this entity is a hub and does not ask for collateral";
    /// The entity has set no limits for the token.
    NoRequestPolicy = "no_request_policy", None, flips None,
        in ["account.request_advice"],
        "this entity has set no limits for the token";
    /// The counterparty has published no fee terms for the token.
    NoFeeTerms = "no_fee_terms", None, flips None,
        in ["account.request_advice"],
        "the counterparty has published no fee terms for the token";
    /// Soft and hard limit are equal: the owner asks by hand.
    ManualMode = "manual_mode", Some(Unit::Token), flips None,
        in ["account.request_advice"],
        "soft and hard limit are both {limit}, which means that requests are made by hand";
    /// A request is open or queued.
    RequestOpen = "request_open", Some(Unit::Token), flips Some("open_request"),
        in ["account.request_advice"],
        "a request for {observed} is already open";
    /// A frame waits for a signature.
    FramePending = "frame_pending", None, flips None,
        in ["account.request_advice"],
        "the account has a frame that waits for a signature";
    /// A settlement is being negotiated.
    SettlementOpen = "settlement_open", None, flips None,
        in ["account.request_advice"],
        "a settlement is being negotiated";
    /// The claim may stay unsecured.
    ClaimWithinSoftLimit = "claim_within_soft_limit", Some(Unit::Token), flips Some("soft_limit"),
        in ["account.request_advice"],
        "the unsecured claim is {observed}; up to the soft limit of {limit} it may stay so";
    /// Collateral costs more than the entity pays.
    FeeAboveMax = "fee_above_max", Some(Unit::Token), flips Some("max_fee"),
        in ["account.request_advice"],
        "the fee is {observed}; this entity pays at most {limit}";
    /// Collateral costs as much as it secures.
    FeeNotBelowClaim = "fee_not_below_claim", Some(Unit::Token), flips Some("base_fee"),
        in ["account.request_advice"],
        "the fee of {observed} is as high as the claim of {limit} that it would secure";
    /// The terms ask for no fee; the runtime takes no request without one.
    FeeIsZero = "fee_is_zero", None, flips None,
        in ["account.request_advice"],
        "the terms ask for no fee, and the runtime takes no request without one";
    /// The entity cannot promise the fee now: too much of its capacity is on hold.
    FeeAboveCapacity = "fee_above_capacity", Some(Unit::Token), flips None,
        in ["account.request_advice"],
        "the fee is {observed}; this entity can promise {limit} now";
    /// The entity should ask for collateral now.
    RequestAdvised = "request_advised", Some(Unit::Token), flips None,
        in ["account.request_advice"],
        "a claim of {observed} is worth securing for a fee of {limit}";
    /// The account has no token.
    NoTokenToAdvise = "no_token_to_advise", None, flips None,
        in ["account.request_advice"],
        "the account holds no token";

    // --- hub: detect, match ---
    /// So many peers have something to take back or wait for collateral.
    PeersDetected = "peers_detected", Some(Unit::Count), flips None,
        in ["hub.detect"],
        "{observed} peers have something to take back or wait for collateral";
    /// The account is disputed, or a dispute is being prepared.
    AccountTakesNoPart = "account_takes_no_part", None, flips Some("status"),
        in ["hub.detect"],
        "the account has an open dispute or prepares one, so it takes no part";
    /// The hub owes the peer nothing unsecured that its request could secure.
    RequestWithoutClaim = "request_without_claim", None, flips None,
        in ["hub.detect"],
        "the peer asks for collateral but has no unsecured claim that it could secure";
    /// So much of the demand is covered by spenders.
    Matched = "matched", Some(Unit::Token), flips None,
        in ["hub.match"],
        "spenders cover {observed} of the {limit} that receivers want";
    /// The spenders hold more than the receivers want.
    SpendersLeftOver = "spenders_left_over", Some(Unit::Token), flips Some("demand"),
        in ["hub.match"],
        "spenders hold {observed}, more than the {limit} that receivers want";
    /// The spenders cover the receiver in part.
    ReceiverMatchedInPart = "receiver_matched_in_part", Some(Unit::Token), flips Some("recoverable"),
        in ["hub.match"],
        "spenders cover {observed} of the {limit} that this receiver wants";
    /// Receivers before it took all that the spenders hold.
    ReceiverUnmatched = "receiver_unmatched", Some(Unit::Token), flips Some("recoverable"),
        in ["hub.match"],
        "spenders cover {observed} of the {limit} that this receiver wants; receivers before it take the rest";
    /// There is neither a spender nor a receiver.
    NothingToMatch = "nothing_to_match", None, flips None,
        in ["hub.match"],
        "there is neither a spender nor a receiver";
    /// Claims between hubs shrank; every net position stayed.
    ClaimsNetted = "claims_netted", Some(Unit::Token), flips None,
        in ["hub.match_cycles"],
        "claims of {limit} are replaced by claims of {observed}; every net position stays";
    /// No smaller claims have the same net positions.
    NothingToNet = "nothing_to_net", Some(Unit::Token), flips None,
        in ["hub.match_cycles"],
        "claims of {observed} are already the smallest with these net positions";

    // --- hub: plan ---
    /// The entity is no hub: it plans nothing.
    NotAHub = "not_a_hub", None, flips Some("is_hub"),
        in ["hub.plan", "hub.explain"],
        "this entity is not a hub";
    /// The plan was made; how many actions it has.
    PlanMade = "plan_made", Some(Unit::Count), flips None,
        in ["hub.plan", "hub.explain"],
        "the plan has {observed} actions";
    /// A sent batch is too old: the plan only takes it back.
    SentBatchStale = "sent_batch_stale", Some(Unit::Ms), flips None,
        in ["hub.plan", "hub.explain"],
        "the batch was sent {observed} ago and has not settled within {limit}, so it is taken back";
    /// A sent batch has not settled: no deposit and no settlement can be added.
    SentBatchPending = "sent_batch_pending", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "a batch was sent {observed} ago and has not settled; it has {limit} to do so";
    /// What the draft spends first is more than the reserve.
    DraftOvercommitted = "draft_overcommitted", Some(Unit::Token), flips Some("reserves"),
        in ["hub.plan", "hub.explain"],
        "the reserve holds {observed}; open debts and the draft spend {limit}";
    /// The batch that would be sent next spends more than there is: it is neither sent nor added to.
    DraftCannotBeSent = "draft_cannot_be_sent", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the next batch spends more than the reserve holds, so nothing is added to it";
    /// The account is disputed, or a dispute is prepared.
    AccountNotActive = "account_not_active", None, flips Some("status"),
        in ["hub.plan", "hub.explain"],
        "the account is {observed}; only an account that is {limit} takes part";
    /// The hub's own limits are not meant for the token, and the config sets none for it.
    TokenWithoutLimits = "token_without_limits", None, flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the config sets no {observed} for the token, so it is neither served nor replenished";
    /// The request was made by the hub itself, or its fee is in an unknown token.
    FeeStateMalformed = "fee_state_malformed", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the fee record of the request is malformed";
    /// The fee of the request is being given back.
    RefundInProgress = "refund_in_progress", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "a fee refund of {observed} is in progress";
    /// A batch already carries a deposit for this request, or a settlement with this account.
    InBatch = "in_batch", None, flips None,
        in ["hub.plan", "hub.explain"],
        "a batch already holds what this waits for";
    /// A deposit for this request was put into a batch not long ago.
    SubmittedPending = "submitted_pending", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "a deposit was submitted {observed} ago; it has {limit} to settle";
    /// The request was made under another version of the fee terms.
    PolicyMismatch = "policy_mismatch", None, flips Some("policy_version"),
        in ["hub.plan", "hub.explain"],
        "the request is for version {observed} of the fee terms; ours is version {limit}";
    /// The account does not hold the token.
    RequestWithoutDelta = "request_without_delta", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the account does not hold the token of the request";
    /// The peer has no unsecured claim that a deposit could secure.
    WaitingResolution = "waiting_resolution", Some(Unit::Token), flips Some("offdelta"),
        in ["hub.plan", "hub.explain"],
        "the unsecured claim is {observed}, so a deposit would secure nothing";
    /// The prepaid fee does not cover the request.
    PrepaidFeeTooLow = "prepaid_fee_too_low", Some(Unit::Token), flips Some("fee_paid_upfront"),
        in ["hub.plan", "hub.explain"],
        "the prepaid fee is {observed}; the request costs {limit}";
    /// The fee was paid in another token, whose units say nothing about this one.
    FeeInOtherToken = "fee_in_other_token", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the fee was paid in token {observed}; only a fee in token {limit} counts";
    /// What the request or the batch waits for is dated later than now.
    MomentAhead = "moment_ahead", Some(Unit::Ms), flips None,
        in ["hub.plan", "hub.explain"],
        "what is waited for is dated {observed at}, later than the present, {limit at}";
    /// The account was served not long ago.
    CoolDown = "cool_down", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "the last deposit was {observed} ago; the next one may come after {limit}";
    /// The request exceeds what one deposit may be.
    RequestCapReached = "request_cap_reached", Some(Unit::Token), flips Some("amount"),
        in ["hub.plan", "hub.explain"],
        "{observed} is wanted; one deposit may be at most {limit}",
        deferring "one deposit may be at most {observed}; the smallest deposit is {limit}";
    /// The account has been given what it may get in an hour.
    WindowUsedUp = "window_used_up", Some(Unit::Token), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "{observed} is wanted; the hourly window of the account leaves {limit}",
        deferring "the hourly window of the account leaves {observed}; the smallest deposit is {limit}";
    /// The tick has deposited what it may of this token.
    TickCapReached = "tick_cap_reached", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "{observed} is wanted; the cap of this tick leaves {limit}",
        deferring "the cap of this tick leaves {observed}; the smallest deposit is {limit}";
    /// The reserve above its floor does not suffice.
    ReserveShort = "reserve_short", Some(Unit::Token), flips Some("reserves"),
        in ["hub.plan", "hub.explain"],
        "{observed} is wanted; the reserve above its floor has {limit} left",
        deferring "the reserve above its floor has {observed} left; the smallest deposit is {limit}";
    /// The request is too small to be served.
    BelowMinDeposit = "below_min_deposit", Some(Unit::Token), flips Some("amount"),
        in ["hub.plan", "hub.explain"],
        "the request is for {observed}; the smallest deposit is {limit}";
    /// The tick has made all the deposits it may.
    DepositLimitReached = "deposit_limit_reached", Some(Unit::Count), flips None,
        in ["hub.plan", "hub.explain"],
        "this tick has made {observed} deposits of the {limit} that it may make";
    /// The batch has no room for another deposit.
    BatchFull = "batch_full", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the batch has no room for another deposit";
    /// The memory has no room for another account.
    MemoryFull = "memory_full", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the memory has no room for another account";
    /// The unsecured claim is above the hard limit.
    ClaimAboveHardLimit = "claim_above_hard_limit", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain", "account.request_advice"],
        "the unsecured claim is {observed}, above the hard limit of {limit}";
    /// An earlier deposit for this request never settled; it is tried again.
    RetriedAfterStaleMark = "retried_after_stale_mark", None, flips None,
        in ["hub.plan", "hub.explain"],
        "an earlier deposit for this request never settled, so it is tried again";
    /// A deposit is made.
    DepositGranted = "deposit_granted", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "{observed} is deposited of the {limit} wanted";
    /// A settlement of ours takes more than is ours now.
    ShareShrunk = "share_shrunk", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the settlement takes {observed}, but only {limit} still belongs to the hub";
    /// Nobody signed a settlement of ours for too long.
    ProposalUnanswered = "proposal_unanswered", Some(Unit::Ms), flips None,
        in ["hub.plan", "hub.explain"],
        "the peer has not answered the settlement proposal for {observed}; it has {limit}";
    /// A settlement of ours can be neither executed nor withdrawn.
    SettlementSealed = "settlement_sealed", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the settlement is signed or sealed, so it can be neither executed nor withdrawn";
    /// A settlement that both sides signed is executed.
    SettlementExecuted = "settlement_executed", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the signed settlement is executed";
    /// What is the hub's is asked back.
    SharePulledBack = "share_pulled_back", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the hub asks for {observed} of its own share back";
    /// The plan does nothing with this account and token.
    NothingToExplain = "nothing_to_explain", None, flips None,
        in ["hub.explain"],
        "the plan does nothing with this account and token";

    /// The plan keeps every law.
    PlanValid = "plan_valid", None, flips None,
        in ["hub.verify_plan"],
        "the plan keeps every law";
    /// A sent batch, or not being a hub, forbids the action.
    PlanBlocked = "plan_blocked", None, flips None,
        in ["hub.verify_plan"],
        "a sent batch, or not being a hub, forbids the action";
    /// The actions are in the wrong order.
    PlanWrongOrder = "plan_wrong_order", None, flips None,
        in ["hub.verify_plan"],
        "the actions are in the wrong order";
    /// There is batch work and no broadcast.
    PlanBroadcastMissing = "plan_broadcast_missing", None, flips None,
        in ["hub.verify_plan"],
        "there is batch work and no broadcast";
    /// The broadcast is not needed, not last or not the only one.
    PlanBroadcastMisplaced = "plan_broadcast_misplaced", None, flips None,
        in ["hub.verify_plan"],
        "the broadcast is not needed, not last or not the only one";
    /// A batch that cannot settle is sent, or something is put into it.
    PlanDraftOvercommitted = "plan_draft_overcommitted", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "the reserve holds {observed}; open debts and the batch spend {limit}";
    /// The account does not exist.
    PlanUnknownAccount = "plan_unknown_account", None, flips None,
        in ["hub.verify_plan"],
        "the account does not exist";
    /// The account was set aside.
    PlanQuarantinedAccount = "plan_quarantined_account", None, flips None,
        in ["hub.verify_plan"],
        "the account was set aside because its data are bad";
    /// The account is named twice for the same purpose.
    PlanDuplicate = "plan_duplicate", None, flips None,
        in ["hub.verify_plan"],
        "the account is named twice";
    /// The rules do not allow this action for this account.
    PlanNotEligible = "plan_not_eligible", None, flips None,
        in ["hub.verify_plan"],
        "the rules do not allow the action";
    /// An executed settlement takes more than is ours now.
    PlanShareShrunk = "plan_share_shrunk", None, flips None,
        in ["hub.verify_plan"],
        "the settlement takes more than is ours now";
    /// A deposit is above the claim or the request.
    PlanAboveClaim = "plan_above_claim", Some(Unit::Token), flips Some("amount"),
        in ["hub.verify_plan"],
        "the deposit is {observed}; the claim or request is {limit}";
    /// A proposal takes more than is ours.
    PlanAboveShare = "plan_above_share", Some(Unit::Token), flips Some("amount"),
        in ["hub.verify_plan"],
        "the settlement takes {observed}; only {limit} belongs to the hub";
    /// A cap or a limit of the tick or the batch is exceeded.
    PlanAboveCap = "plan_above_cap", Some(Unit::Token), flips Some("amount"),
        in ["hub.verify_plan"],
        "a cap is exceeded: {observed} where {limit} is allowed";
    /// Deposits exceed the usable reserve.
    PlanAboveUsable = "plan_above_usable", Some(Unit::Token), flips Some("amount"),
        in ["hub.verify_plan"],
        "deposits sum up to {observed}; the usable reserve is {limit}";
    /// The reserve falls below its floor.
    PlanCrossesFloor = "plan_crosses_floor", Some(Unit::Token), flips Some("amount"),
        in ["hub.verify_plan"],
        "the reserve would fall to {observed}, below its floor of {limit}";

    // --- hub: reserves ---
    /// The reserve is not below its minimum.
    ReserveSufficient = "reserve_sufficient", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve has {observed} available; the minimum is {limit}";
    /// The reserve fell below its minimum and is filled up to its target.
    ReserveBelowMin = "reserve_below_min", Some(Unit::Token), flips Some("reserves"),
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve has {observed} available, below its minimum; it is filled up to {limit}";
    /// The reserve is at its floor: no request is served from it.
    ReserveAtFloor = "reserve_at_floor", Some(Unit::Token), flips Some("reserves"),
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve has {observed}, not more than its floor of {limit}, so no request is served from it";
    /// A replenishment is on its way.
    ReplenishInFlight = "replenish_in_flight", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "a replenishment was requested {observed} ago; the source has {limit} to deliver";
    /// The last replenishment failed; the next try waits.
    ReplenishWaits = "replenish_waits", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the last replenishment failed; the next one is requested at {limit at}";
    /// A replenishment failed or was never answered.
    ReplenishFailed = "replenish_failed", Some(Unit::Count), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the replenishment failed {observed} times";
    /// No source is configured.
    ReplenishWithoutSource = "replenish_without_source", None, flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "no source of replenishment is configured";
    /// An answer names another id, token or amount than was asked for.
    ReplenishAnswerRefused = "replenish_answer_refused", None, flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "an answer fits no open request and is ignored";

    // --- advice of a node ---
    /// So many depleted channels are worth filling now.
    RebalancePays = "rebalance_pays", Some(Unit::Count), flips None,
        in ["fleet.advise", "fleet.explain"],
        "{observed} of {limit} depleted channels are worth filling now";
    /// No depleted channel is worth filling now.
    NoRebalancePays = "no_rebalance_pays", Some(Unit::Count), flips None,
        in ["fleet.advise", "fleet.explain"],
        "none of {limit} depleted channels is worth filling now";
    /// The operator decided this, and no rule.
    SetByOperator = "set_by_operator", None, flips None,
        in ["fleet.advise", "fleet.explain"],
        "the operator set this to {observed}";
    /// A decision of the operator names no channel or peer of ours.
    OperatorSubjectUnknown = "operator_subject_unknown", None, flips None,
        in ["fleet.advise", "fleet.explain"],
        "the operator's decision names no channel or peer of this node";

    // --- decision log ---
    /// The line is complete.
    LogLineWritten = "log_line_written", None, flips None,
        in ["log.line"],
        "the line is complete";
    /// Some values were left out of the line: it cannot be replayed.
    LogFieldsMasked = "log_fields_masked", Some(Unit::Count), flips None,
        in ["log.line"],
        "{observed} values were left out, so that the line cannot be replayed";
    /// A part that is no JSON, or nests too deep for a line, is kept as text.
    LogKeptAsText = "log_kept_as_text", None, flips None,
        in ["log.line"],
        "a part is no JSON or nests too deep, and is kept as text";
    /// The line is the one that must come next.
    LogLineSound = "log_line_sound", None, flips None,
        in ["log.check"],
        "the line is the one that must come next";
    /// The writer could not write some lines, and says so by their numbers.
    LogLinesDropped = "log_lines_dropped", Some(Unit::Count), flips None,
        in ["log.check"],
        "the writer dropped {observed} lines before this one";
    /// What is checked begins in the middle of a log.
    LogBeginsLate = "log_begins_late", Some(Unit::Count), flips None,
        in ["log.check"],
        "the lines before number {observed} are not here";
    /// The line names another line than the one before: one of the two was changed.
    LogPrevDiffers = "log_prev_differs", None, flips None,
        in ["log.check"],
        "the line names another line than the one before it: one of the two was changed";
    /// Lines were taken out: the numbers jump, and the line before is not the one that is named.
    LogLinesMissing = "log_lines_missing", Some(Unit::Count), flips None,
        in ["log.check"],
        "{observed} lines were taken out before this one";
    /// The number of the line is lower than the one that is due.
    LogOutOfOrder = "log_out_of_order", Some(Unit::Count), flips None,
        in ["log.check"],
        "line {observed} stands where line {limit} is due";
    /// The line is no JSON, or no line of a decision log.
    LogLineUnreadable = "log_line_unreadable", None, flips None,
        in ["log.check"],
        "this is no line of a decision log";
    /// The file ends in the middle of this line.
    LogLineCut = "log_line_cut", Some(Unit::Count), flips None,
        in ["log.check"],
        "the file ends after {observed} bytes of this line";
    /// The line is not written in the one canonical form: no writer of ours wrote it so.
    LogLineNotCanonical = "log_line_not_canonical", None, flips None,
        in ["log.check"],
        "the line is not in the canonical form that a writer gives it";

    // --- config ---
    /// One request may take more than a full reserve has above its floor.
    CapAboveReserve = "cap_above_reserve", Some(Unit::Token), flips None,
        in ["config.lint"],
        "one request may take {observed}, a full reserve has {limit} above its floor";
    /// A lower bound lies above its upper bound.
    BoundsCrossed = "bounds_crossed", Some(Unit::Token), flips None,
        in ["config.lint"],
        "the lower bound {observed} is above the upper bound {limit}";
    /// Nothing in the config is odd.
    ConfigCoherent = "config_coherent", None, flips None,
        in ["config.lint"],
        "no setting contradicts another or is without effect";
    /// The setting changes nothing under the other settings.
    SettingWithoutEffect = "setting_without_effect", None, flips None,
        in ["config.lint"],
        "the other settings leave this one without effect";
    /// A bound on the multiplier gives two tiers the same budget.
    TiersShareMultiplier = "tiers_share_multiplier", None, flips None,
        in ["config.lint"],
        "the bound {observed} gives this tier the multiplier of the next better one, {limit}";
}
