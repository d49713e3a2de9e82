//! The one table of reason codes: name, meaning, unit, the input field that can end the reason,
//! the operations that return it, and the sentence for people.
//!
//! `docs/reference.md` and the types of every surface are generated from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Unit;

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
    /// The sentence, with `{observed}` and `{limit}` where the numbers go.
    pub says: &'static str,
    meaning: &'static str,
}

impl Entry {
    /// What the code means.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        self.meaning.trim()
    }
}

macro_rules! reasons {
    ($(
        #[doc = $meaning:literal]
        $variant:ident = $name:literal, $unit:expr, flips $flips:expr, in [$($operation:literal),* $(,)?],
        $says:literal;
    )*) => {
        /// The stable codes. Removing or renaming one is a breaking change.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Code {
            $(
                #[doc = $meaning]
                #[serde(rename = $name)]
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
        "the health score of {observed} is not above {limit}, where the tier vulnerable begins";
    /// The score is not above the upper bound of the tier `vulnerable`.
    BelowStable = "below_stable", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score of {observed} is not above {limit}, where the tier stable begins";
    /// The score is not above the upper bound of the tier `stable`.
    BelowThriving = "below_thriving", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score of {observed} is not above {limit}, where the tier thriving begins";
    /// The score is above the upper bound of the tier `stable`: the best tier.
    Thriving = "thriving", Some(Unit::Score), flips Some("profitable_pct"),
        in ["health.score", "health.assess"],
        "the health score of {observed} is above {limit}, where the tier thriving begins";
    /// The channels lie this far from balance on average.
    LiquiditySpread = "liquidity_spread", Some(Unit::Share), flips None,
        in ["health.liquidity_score", "health.assess"],
        "the channels lie on average {observed} of their capacity away from balance";
    /// A node without channels gets the middle of the scale.
    NoChannels = "no_channels", None, flips None,
        in ["health.liquidity_score", "health.assess"],
        "there is no channel to judge";
    /// The last windows earned more than 5 % above the first ones.
    RevenueRising = "revenue_rising", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the last windows earned {observed}, more than {limit}";
    /// The last windows earned more than 5 % below the first ones.
    RevenueFalling = "revenue_falling", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the last windows earned {observed}, less than {limit}";
    /// The last windows earned about as much as the first ones.
    RevenueSteady = "revenue_steady", Some(Unit::Msat), flips None,
        in ["health.trend", "health.assess"],
        "the last windows earned {observed}, within 5 % of {limit}";
    /// Fewer than two windows of revenue show no trend.
    InsufficientHistory = "insufficient_history", Some(Unit::Count), flips None,
        in ["health.trend", "health.assess"],
        "{observed} windows of revenue show no trend, {limit} would";
    /// The trend was given as a word and not derived; that counts for ourselves only.
    TrendByWord = "trend_by_word", None, flips None,
        in ["health.assess"],
        "the trend is the node's own word";
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
    /// The channel loses, and nothing moved through it for a week.
    ChannelStagnant = "channel_stagnant", Some(Unit::Msat), flips Some("revenue_msat"),
        in ["health.profit"],
        "the channel earned {observed}, cost {limit} and stands still: stagnant";
    /// The books could not be read; the cost counts as nothing.
    CostUnknown = "cost_unknown", None, flips None,
        in ["health.profit", "snapshot.cln"],
        "what the channel cost is unknown and counts as nothing";

    // --- rebalance ---
    /// The expected value is below the threshold of our tier.
    EvBelowThreshold = "ev_below_threshold", Some(Unit::Sat), flips Some("ev"),
        in ["rebalance.accept"],
        "the expected value of {observed} is below our threshold of {limit}";
    /// The expected value reaches the threshold of our tier.
    EvReachesThreshold = "ev_reaches_threshold", Some(Unit::Sat), flips Some("ev"),
        in ["rebalance.accept"],
        "the expected value of {observed} reaches our threshold of {limit}";
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
        "the multiplier of {observed} is held to {limit}";
    /// Our own tier is unknown or too old; the multiplier is 1.
    HealthUnknown = "health_unknown", Some(Unit::S), flips Some("health_age_s"),
        in ["rebalance.accept", "rebalance.evaluate"],
        "our own health is unknown or too old, the multiplier is 1";
    /// So much of the budget is left.
    BudgetLeft = "budget_left", Some(Unit::Sat), flips None,
        in ["rebalance.budget"],
        "{observed} of the budget of {limit} is left";
    /// The proposal is cut to what is left of the budget.
    BudgetCut = "budget_cut", Some(Unit::Sat), flips Some("proposed_sats"),
        in ["rebalance.budget"],
        "of the proposed {observed} only {limit} is left in the budget";
    /// All of the budget is spent or reserved.
    BudgetExhausted = "budget_exhausted", Some(Unit::Sat), flips Some("spent_sats"),
        in ["rebalance.budget"],
        "{observed} of the budget of {limit} is spent or reserved";
    /// It failed a short time ago.
    BackingOff = "backing_off", Some(Unit::S), flips Some("now"),
        in ["rebalance.backoff"],
        "it failed lately and waits until {limit}";
    /// It failed too often.
    GivenUp = "given_up", Some(Unit::S), flips Some("now"),
        in ["rebalance.backoff"],
        "it failed too often and rests until {limit}";
    /// It succeeded a short time ago.
    CoolingDown = "cooling_down", Some(Unit::S), flips Some("now"),
        in ["rebalance.cooldown"],
        "it was rebalanced lately and rests until {limit}";
    /// Nothing asks for a pause.
    Ready = "ready", None, flips None,
        in ["rebalance.backoff", "rebalance.cooldown"],
        "nothing asks for a pause";
    /// Little moves through the channel, so it is filled less.
    SlowChannel = "slow_channel", Some(Unit::Share), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "{observed} of the capacity moves in a day, less than {limit}: it is filled less";
    /// The target is smaller than the smallest job.
    TargetBelowMinimum = "target_below_minimum", Some(Unit::Sat), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "the target of {observed} is below the smallest job of {limit}";
    /// The channel already holds its target.
    NothingNeeded = "nothing_needed", Some(Unit::Sat), flips Some("spendable_sats"),
        in ["rebalance.size", "rebalance.evaluate"],
        "the channel holds {observed}, its target is {limit}";
    /// So much is moved of what is missing.
    AmountSized = "amount_sized", Some(Unit::Sat), flips None,
        in ["rebalance.size", "rebalance.evaluate"],
        "{observed} is moved of the {limit} that is missing";
    /// The source cannot send the amount.
    SourceTooSmall = "source_too_small", Some(Unit::Sat), flips Some("spendable_sats"),
        in ["rebalance.sources", "rebalance.evaluate"],
        "the source can send {observed}, {limit} is asked for";
    /// The peer of the source is not online enough.
    SourceOffline = "source_offline", None, flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the peer of the source is offline or was online {observed} % of the day, {limit} % is asked for";
    /// Liquidity leaves through the source by itself.
    SourceDrains = "source_drains", Some(Unit::Share), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the source drains by itself and holds {observed}, less than {limit}";
    /// The move would lose more than is tolerated.
    SpreadBeyondTolerance = "spread_beyond_tolerance", Some(Unit::Ppm), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the spread of {observed} is below the tolerated {limit}";
    /// The move would earn less than the least profit.
    SourceEarnsTooLittle = "source_earns_too_little", Some(Unit::Sat), flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "the spread earns {observed}, less than {limit}";
    /// The source gives best.
    SourceRanked = "source_ranked", None, flips None,
        in ["rebalance.sources"],
        "it gives best, with a score of {observed}";
    /// No source may give.
    NoSource = "no_source", None, flips None,
        in ["rebalance.sources", "rebalance.evaluate"],
        "no source may give";
    /// Liquidity arrives at the destination by itself.
    DestinationIsSink = "destination_is_sink", None, flips None,
        in ["rebalance.evaluate"],
        "liquidity arrives at the destination by itself";
    /// The peer of the destination is not online enough.
    DestinationOffline = "destination_offline", None, flips Some("uptime_pct"),
        in ["rebalance.evaluate"],
        "the peer of the destination was online {observed} % of the day, {limit} % is asked for";
    /// Every attempt to help the destination failed.
    DestinationZombie = "destination_zombie", None, flips None,
        in ["rebalance.evaluate"],
        "every attempt to help the destination failed";
    /// The destination loses, and the last sats spent on it too.
    DestinationUnderwater = "destination_underwater", None, flips Some("marginal_roi"),
        in ["rebalance.evaluate"],
        "the destination loses, and the last sats spent on it returned {observed}";
    /// Even a free route would not reach the threshold.
    NotAffordable = "not_affordable", Some(Unit::Sat), flips Some("fee_ppm"),
        in ["rebalance.evaluate"],
        "even over a free route the value of {observed} is below the threshold of {limit}";
    /// The value at the expected cost is below the threshold.
    ValueBelowThreshold = "value_below_threshold", Some(Unit::Sat), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the expected value of {observed} is below our threshold of {limit}";
    /// The value at the expected cost reaches the threshold.
    ValueReachesThreshold = "value_reaches_threshold", Some(Unit::Sat), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the expected value of {observed} reaches our threshold of {limit}";
    /// What is left of the budget does not pay the route.
    BudgetTooSmall = "budget_too_small", Some(Unit::Sat), flips Some("budget_left_sats"),
        in ["rebalance.evaluate"],
        "the route costs {observed}, {limit} is left in the budget";
    /// The spread is below the tolerated loss.
    SpreadBelowTolerance = "spread_below_tolerance", Some(Unit::Ppm), flips Some("inbound_ppm"),
        in ["rebalance.evaluate"],
        "the spread of {observed} is below the tolerated {limit}";
    /// Success is too uncertain for any bet.
    KellyRefuses = "kelly_refuses", None, flips Some("p_success"),
        in ["rebalance.evaluate"],
        "success is too uncertain: the share of the bet is {observed}";
    /// Success is so uncertain that no fee may be paid.
    NoFeeLeft = "no_fee_left", None, flips Some("p_success"),
        in ["rebalance.evaluate"],
        "success is so uncertain that no fee may be paid";
    /// The profit of the deployed plugin's model is below the threshold.
    ProfitBelowThreshold = "profit_below_threshold", Some(Unit::Sat), flips Some("tier"),
        in ["rebalance.evaluate"],
        "the profit of {observed} is below our threshold of {limit}";
    /// The profit of the deployed plugin's model reaches the threshold.
    ProfitReachesThreshold = "profit_reaches_threshold", Some(Unit::Sat), flips Some("tier"),
        in ["rebalance.evaluate"],
        "the profit of {observed} reaches our threshold of {limit}";

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
        "{observed} of the capacity is on our side, near enough to {limit}";
    /// A channel without capacity has nothing to balance.
    EmptyChannel = "empty_channel", None, flips None,
        in ["liquidity.classify"],
        "the channel has no capacity";
    /// A splice is in flight; the channel counts with its confirmed balance.
    SpliceInFlight = "splice_in_flight", None, flips None,
        in ["liquidity.classify", "snapshot.cln"],
        "a splice is in flight, the confirmed balance counts";
    /// The channel is not in normal operation and not judged.
    NotInNormalOperation = "not_in_normal_operation", None, flips None,
        in ["liquidity.classify", "snapshot.cln"],
        "the channel is not in normal operation";

    // --- fees ---

    // --- conflict ---

    // --- splice ---
    /// The other members could not be asked.
    HiveUnreachable = "hive_unreachable", None, flips Some("hive_reachable"),
        in ["splice.check", "splice.headroom"],
        "the other members cannot be asked, the decision is local";
    /// Nobody knows the public capacity of the peer.
    PeerCapacityUnknown = "peer_capacity_unknown", Some(Unit::Sat), flips Some("peer_public_sats"),
        in ["splice.check", "splice.headroom"],
        "the public capacity of the peer is unknown";
    /// Adding capacity disconnects nobody.
    SpliceInAdds = "splice_in_adds", Some(Unit::Sat), flips None,
        in ["splice.check"],
        "adding {observed} disconnects nobody";
    /// The fleet keeps enough of the peer's capacity.
    ShareKept = "share_kept", Some(Unit::Share), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet keeps {observed} of the peer's capacity, at least {limit}";
    /// The other members hold enough with the peer.
    OthersCover = "others_cover", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "other members hold {observed} with the peer, at least {limit}";
    /// Our own channels keep enough with the peer.
    PartialKept = "partial_kept", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "our own channels keep {observed} with the peer, at least {limit}";
    /// The fleet would keep too small a share of the peer's capacity.
    ShareBelowMinimum = "share_below_minimum", Some(Unit::Share), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet would keep {observed} of the peer's capacity, less than {limit}";
    /// The fleet would keep too little with the peer.
    CapacityBelowMinimum = "capacity_below_minimum", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet would keep {observed} with the peer, less than {limit}";
    /// The fleet would keep nothing with the peer.
    WouldDisconnect = "would_disconnect", Some(Unit::Sat), flips Some("amount_sats"),
        in ["splice.check", "splice.headroom"],
        "taking {observed} of {limit} would leave the fleet nothing with the peer";
    /// The fleet reports more than the peer has in public.
    CapacityAbovePublic = "capacity_above_public", Some(Unit::Sat), flips Some("peer_public_sats"),
        in ["splice.check", "splice.headroom"],
        "the fleet reports {observed} with the peer, more than its public {limit}";
    /// A member's capacity with the peer is only an average over its channels.
    CapacityEstimated = "capacity_estimated", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "{observed} is an estimate from the size of the node";
    /// A member's report is too old, or ahead of our clock, and is no capacity.
    StaleCapacity = "stale_capacity", Some(Unit::S), flips Some("at"),
        in ["splice.check", "splice.headroom"],
        "the report of {observed} does not count, the oldest that does is of {limit}";
    /// A report under our own id is never another member's capacity.
    OwnReportIgnored = "own_report_ignored", None, flips None,
        in ["splice.check", "splice.headroom"],
        "a report under our own id does not count as another member's";
    /// Our own exits under way are taken away first.
    ExitsInFlight = "exits_in_flight", Some(Unit::Sat), flips None,
        in ["splice.check", "splice.headroom"],
        "{observed} of our {limit} is already leaving";

    // --- limits, topology ---

    // --- gossip ---
    /// The message is ready to be signed.
    MessageBuilt = "message_built", None, flips None,
        in ["gossip.build"],
        "message {observed} is ready to be signed";
    /// The key signed the text.
    SignatureValid = "signature_valid", None, flips None,
        in ["gossip.verify"],
        "the key signed the text";
    /// The signature has the wrong length, letters or form.
    SignatureMalformed = "signature_malformed", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "the signature is none";
    /// The signature is the second of its two forms.
    SignatureHighS = "signature_high_s", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "the signature is in its second form";
    /// Another key signed, or another text was signed.
    SignatureOfAnother = "signature_of_another", None, flips None,
        in ["gossip.verify", "gossip.accept", "gossip.legacy_verify"],
        "another key signed, or another text";
    /// The message was taken and stored.
    MessageAccepted = "message_accepted", None, flips None,
        in ["gossip.accept"],
        "the message is taken";
    /// The sender is no connected member.
    SenderNotConnected = "sender_not_connected", None, flips None,
        in ["gossip.accept"],
        "the sender is no connected member";
    /// The sender sends too much.
    SenderExhausted = "sender_exhausted", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "the sender has {observed} points left and needs {limit}";
    /// The message is too large.
    MessageTooLarge = "message_too_large", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "the message has {observed} bytes, at most {limit} are taken";
    /// The message is not of the right shape.
    MessageMalformed = "message_malformed", None, flips None,
        in ["gossip.accept"],
        "the message has not the right shape";
    /// The message is of another version.
    VersionUnknown = "version_unknown", None, flips None,
        in ["gossip.accept"],
        "the message is of another version";
    /// The reporter is no member, or banned.
    ReporterNotMember = "reporter_not_member", None, flips None,
        in ["gossip.accept"],
        "the reporter is no member or banned";
    /// The message was already taken.
    MessageKnown = "message_known", None, flips None,
        in ["gossip.accept"],
        "the message was already taken";
    /// The message is too old, or ahead of our clock.
    MessageNotFresh = "message_not_fresh", Some(Unit::S), flips None,
        in ["gossip.accept"],
        "the message is {observed} away from our clock, at most {limit} is taken";
    /// The number of the message is not above the last one of its kind.
    SeqNotRising = "seq_not_rising", None, flips None,
        in ["gossip.accept"],
        "the number {observed} is not above {limit}";
    /// The number of the message is too far ahead.
    SeqAhead = "seq_ahead", None, flips None,
        in ["gossip.accept"],
        "the number {observed} is ahead of {limit}";
    /// The reporter reports too often.
    ReporterLimit = "reporter_limit", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "it would be report {observed} of an hour, {limit} are taken";
    /// The reporter has too many announcements open.
    TooManyAnnouncements = "too_many_announcements", Some(Unit::Count), flips None,
        in ["gossip.accept"],
        "it would be announcement {observed}, {limit} may be open";
    /// The text of the deployed plugin was built.
    LegacyTextBuilt = "legacy_text_built", None, flips None,
        in ["gossip.legacy_text"],
        "this is what the deployed plugin signs";
    /// The message of the deployed plugin may be taken.
    LegacyMessageValid = "legacy_message_valid", None, flips None,
        in ["gossip.legacy_verify"],
        "the message may be taken";
    /// The sender of the message is no public key.
    LegacyNoKey = "legacy_no_key", None, flips None,
        in ["gossip.legacy_verify"],
        "the sender is no public key";
    /// A field is missing or holds what it must not, such as a truth value for a number.
    LegacyBadField = "legacy_bad_field", None, flips None,
        in ["gossip.legacy_verify"],
        "the field is missing or holds what it must not";
    /// The message of the deployed plugin is too old, or ahead of our clock.
    LegacyNotFresh = "legacy_not_fresh", Some(Unit::S), flips None,
        in ["gossip.legacy_verify"],
        "the message is {observed} away from our clock, at most {limit} is taken";
    /// The message of the deployed plugin is not newer than the last one.
    LegacyNotRising = "legacy_not_rising", Some(Unit::S), flips None,
        in ["gossip.legacy_verify"],
        "the message of {observed} is not newer than the last one of {limit}";

    // --- snapshot ---
    /// So many channels of the node are in normal operation.
    SnapshotTaken = "snapshot_taken", Some(Unit::Count), flips None,
        in ["snapshot.cln"],
        "{observed} of {limit} channels are in normal operation";
    /// The node's forwards are not known, so no channel is judged by what it earns.
    ForwardsUnknown = "forwards_unknown", None, flips None,
        in ["snapshot.cln"],
        "the forwards of the node are unknown, no channel is judged by what it earns";
    /// The graph is not known, and with it no peer's public capacity.
    GraphUnknown = "graph_unknown", None, flips None,
        in ["snapshot.cln"],
        "the graph is unknown, and with it the public capacity of every peer";

    // --- account ---

    // --- hub: detect, match ---

    // --- hub: plan ---

    // --- hub: reserves ---

    // --- config ---
    /// Nothing in the config is odd.
    ConfigCoherent = "config_coherent", None, flips None,
        in ["config.lint"],
        "no setting contradicts another or is without effect";
    /// The setting changes nothing under the other settings.
    SettingWithoutEffect = "setting_without_effect", None, flips None,
        in ["config.lint"],
        "the setting has no effect under the others";
    /// A bound on the multiplier gives two tiers the same budget.
    TiersShareMultiplier = "tiers_share_multiplier", None, flips None,
        in ["config.lint"],
        "the bound of {observed} gives this tier the same multiplier as the next better one, {limit}";
}
