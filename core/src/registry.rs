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

    // --- limits, topology ---

    // --- gossip ---

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
    /// So much of the demand is covered by spenders.
    Matched = "matched", Some(Unit::Token), flips None,
        in ["hub.match"],
        "spenders cover {observed} of the {limit} that receivers want";
    /// The spenders hold more than the receivers want.
    SpendersLeftOver = "spenders_left_over", Some(Unit::Token), flips Some("demand"),
        in ["hub.match"],
        "the {observed} that spenders hold is more than the {limit} that receivers want";
    /// The spenders cover the receiver in part.
    ReceiverMatchedInPart = "receiver_matched_in_part", Some(Unit::Token), flips Some("recoverable"),
        in ["hub.match"],
        "spenders cover only {observed} of {limit}";
    /// Receivers before it took all that the spenders hold.
    ReceiverUnmatched = "receiver_unmatched", Some(Unit::Token), flips Some("recoverable"),
        in ["hub.match"],
        "receivers served before it take all that spenders hold, {observed} of {limit} is covered";
    /// There is neither a spender nor a receiver.
    NothingToMatch = "nothing_to_match", None, flips None,
        in ["hub.match"],
        "there is neither a spender nor a receiver";
    /// Claims between hubs shrank; every net position stayed.
    ClaimsNetted = "claims_netted", Some(Unit::Token), flips None,
        in ["hub.match_cycles"],
        "claims of {limit} shrink to {observed}; every net position stays";
    /// No smaller claims have the same net positions.
    NothingToNet = "nothing_to_net", Some(Unit::Token), flips None,
        in ["hub.match_cycles"],
        "no claims smaller than {observed} have the same net positions";

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
        "the sent batch has not settled for {observed}, more than {limit}, and is taken back";
    /// A sent batch has not settled: no deposit and no settlement can be added.
    SentBatchPending = "sent_batch_pending", Some(Unit::Ms), flips None,
        in ["hub.plan", "hub.explain"],
        "a batch sent {observed} ago has not settled; it is given {limit}";
    /// What the draft spends first is more than the reserve.
    DraftOvercommitted = "draft_overcommitted", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the draft cannot settle: {observed} against {limit}";
    /// The account is disputed, or a dispute is prepared.
    AccountNotActive = "account_not_active", None, flips Some("status"),
        in ["hub.plan", "hub.explain"],
        "the account is {observed}, not {limit}";
    /// The request was made by the hub itself, or its fee is in an unknown token.
    FeeStateMalformed = "fee_state_malformed", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the fee state of the request is malformed";
    /// The fee of the request is being given back.
    RefundInProgress = "refund_in_progress", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "a refund of {observed} is in progress";
    /// A batch already carries a deposit for this request.
    InBatch = "in_batch", None, flips None,
        in ["hub.plan", "hub.explain"],
        "a batch already carries a deposit";
    /// A deposit for this request was put into a batch not long ago.
    SubmittedPending = "submitted_pending", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "a deposit was submitted {observed} ago; it is given {limit}";
    /// The request was made under another version of the fee terms.
    PolicyMismatch = "policy_mismatch", None, flips Some("policy_version"),
        in ["hub.plan", "hub.explain"],
        "the request names version {observed} of the fee terms, ours is {limit}";
    /// The account does not hold the token.
    RequestWithoutDelta = "request_without_delta", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the account does not hold the token of the request";
    /// The peer has no unsecured claim that a deposit could secure.
    WaitingResolution = "waiting_resolution", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "there is nothing to secure: the unsecured claim is {observed}";
    /// The prepaid fee does not cover the request.
    PrepaidFeeTooLow = "prepaid_fee_too_low", Some(Unit::Token), flips Some("fee_paid_upfront"),
        in ["hub.plan", "hub.explain"],
        "the prepaid fee of {observed} is below {limit}";
    /// The account was served not long ago.
    CoolDown = "cool_down", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain"],
        "the last deposit was {observed} ago; the next one waits {limit}";
    /// The request exceeds what one deposit may be.
    RequestCapReached = "request_cap_reached", Some(Unit::Token), flips Some("amount"),
        in ["hub.plan", "hub.explain"],
        "one deposit is limited: {observed} against {limit}";
    /// The account has been given what it may get in an hour.
    WindowUsedUp = "window_used_up", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the hourly window of the account limits the deposit: {observed} against {limit}";
    /// The tick has deposited what it may of this token.
    TickCapReached = "tick_cap_reached", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the limit of the tick limits the deposit: {observed} against {limit}";
    /// The reserve above its floor does not suffice.
    ReserveShort = "reserve_short", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the usable reserve limits the deposit: {observed} against {limit}";
    /// The request is too small to be served.
    BelowMinDeposit = "below_min_deposit", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the request for {observed} is below the smallest deposit of {limit}";
    /// The tick has made all the deposits it may.
    DepositLimitReached = "deposit_limit_reached", Some(Unit::Count), flips None,
        in ["hub.plan", "hub.explain"],
        "this tick has made {observed} deposits, the limit is {limit}";
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
        in ["hub.plan", "hub.explain"],
        "the unsecured claim of {observed} is above the hard limit of {limit}";
    /// An earlier deposit for this request never settled; it is tried again.
    RetriedAfterStaleMark = "retried_after_stale_mark", None, flips None,
        in ["hub.plan", "hub.explain"],
        "an earlier deposit never settled and is tried again";
    /// A deposit is made.
    DepositGranted = "deposit_granted", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "a deposit of {observed} is made, {limit} were wanted";
    /// A settlement of ours takes more than is ours now.
    ShareShrunk = "share_shrunk", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "the settlement takes {observed}, but only {limit} is ours now";
    /// A settlement that both sides signed is executed.
    SettlementExecuted = "settlement_executed", None, flips None,
        in ["hub.plan", "hub.explain"],
        "the signed settlement is executed";
    /// What is the hub's is asked back.
    SharePulledBack = "share_pulled_back", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain"],
        "{observed} is asked back";
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
        "nothing can be added to a batch, or a batch must be taken back first";
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
    /// The account does not exist.
    PlanUnknownAccount = "plan_unknown_account", None, flips None,
        in ["hub.verify_plan"],
        "the account does not exist";
    /// The account was set aside.
    PlanQuarantinedAccount = "plan_quarantined_account", None, flips None,
        in ["hub.verify_plan"],
        "the account was set aside";
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
    PlanAboveClaim = "plan_above_claim", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "the deposit of {observed} is above the claim or request of {limit}";
    /// A proposal takes more than is ours.
    PlanAboveShare = "plan_above_share", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "the settlement takes {observed}, of which {limit} is ours";
    /// A cap or a limit of the tick or the batch is exceeded.
    PlanAboveCap = "plan_above_cap", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "a cap is exceeded: {observed} against {limit}";
    /// Deposits exceed the usable reserve.
    PlanAboveUsable = "plan_above_usable", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "deposits of {observed} exceed the usable {limit}";
    /// The reserve falls below its floor.
    PlanCrossesFloor = "plan_crosses_floor", Some(Unit::Token), flips None,
        in ["hub.verify_plan"],
        "the reserve would fall to {limit}, below {observed}";

    // --- hub: reserves ---
    /// The reserve is not below its minimum.
    ReserveSufficient = "reserve_sufficient", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve of {observed} is enough, the minimum is {limit}";
    /// The reserve fell below its minimum and is filled up to its target.
    ReserveBelowMin = "reserve_below_min", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve is low: {observed} are available, the target is {limit}";
    /// The reserve is at its floor: no request is served from it.
    ReserveAtFloor = "reserve_at_floor", Some(Unit::Token), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the reserve of {observed} is at its floor of {limit}";
    /// A replenishment is on its way.
    ReplenishInFlight = "replenish_in_flight", Some(Unit::Ms), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "a replenishment was asked for {observed} ago; it is given {limit}";
    /// The last replenishment failed; the next try waits.
    ReplenishWaits = "replenish_waits", Some(Unit::Ms), flips Some("now"),
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the next try waits: it is {observed}, it is tried at {limit}";
    /// A replenishment failed or was never answered.
    ReplenishFailed = "replenish_failed", Some(Unit::Count), flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "the replenishment failed {observed} times";
    /// No source is configured.
    ReplenishWithoutSource = "replenish_without_source", None, flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "no source is configured";
    /// An answer names another id, token or amount than was asked for.
    ReplenishAnswerRefused = "replenish_answer_refused", None, flips None,
        in ["hub.plan", "hub.explain", "hub.reserves"],
        "an answer that fits no request is refused";

    // --- config ---
    /// One request may take more than a full reserve has above its floor.
    CapAboveReserve = "cap_above_reserve", Some(Unit::Token), flips None,
        in ["config.lint"],
        "one request may take {observed}, a full reserve has {limit} above its floor";
    /// A lower bound lies above its upper bound.
    BoundsCrossed = "bounds_crossed", Some(Unit::Token), flips None,
        in ["config.lint"],
        "the lower bound of {observed} lies above the upper one of {limit}";
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
