//! What every typed method says of itself.
//!
//! Written by `trimtab-pack generate` from core's description; edit that.

use std::ffi::CStr;

/// What one typed method says of itself.
#[derive(Debug)]
pub struct Help {
    /// The kind of handle that has it.
    pub kind: &'static str,
    /// The name of the operation.
    pub operation: &'static str,
    /// The name of the method.
    pub method: &'static CStr,
    /// Its signature and its docstring, as CPython reads both from one text.
    pub text: &'static CStr,
}

/// Every typed method.
#[rustfmt::skip]
pub static HELP: &[Help] = &[
    Help {
        kind: "policy",
        operation: "policy.describe",
        method: c"policy_describe",
        text: cr##"policy_describe($self, record=None, /, *, operation=None)
--

Operations, schemas, reason codes, errors, limits and version of this policy.

Takes one record, `trimtab.types.DescribeInput`, or its fields by name:

    operation: str | None
        Only this operation. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Description`:


Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "policy.explain",
        method: c"policy_explain",
        text: cr##"policy_explain($self, record=None, /, *, reasons=..., view="operator")
--

Reasons in words, for the operator or, without numbers, for a peer.

Takes one record, `trimtab.types.ExplainInput`, or its fields by name:

    reasons: list[Reason]
        The reasons of a decision, as it carries them. Required.
    view: View
        `operator` sees every number; `peer` sees codes and effects only. Default: "operator".

Returns a decision with `reasons` and the fields of `trimtab.types.Explained`:

    reasons: list[Reason]
        The reasons as this reader may see them.
    sentences: list[str]
        One sentence per reason.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "config.lint",
        method: c"config_lint",
        text: cr##"config_lint($self, record=None, /, *, config=None, profile=None)
--

Contradictions in a config and settings without effect.

Takes one record, `trimtab.types.LintInput`, or its fields by name:

    config: ConfigOverrides | None
        Fields to change, as they would be given to a policy. May be absent.
    profile: Profile | None
        Start from this profile instead of the config in force. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Linted`:

    coherent: bool
        Whether nothing is odd.
    config: str
        sha256 of the canonical config that was checked.
    warnings: Count
        How many oddities there are, one reason each.

Reasons: cap_above_reserve, bounds_crossed, config_coherent, setting_without_effect, tiers_share_multiplier.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "log.line",
        method: c"log_line",
        text: cr##"log_line($self, record=None, /, *, at=..., began=None, caller=None, config=None, cut_bytes=None, decision_id=None, dropped=None, duration_us=None, ended=None, handle=None, handles=None, input=None, input_hex=None, kind="decision", labels=None, mask=[], module=None, op=None, opens=None, output=None, output_hex=None, policies=None, prev=None, seq=...)
--

The one text of a line of the decision log, from what a host observed, and the digest that the next line names.

Takes one record, `trimtab.types.LogLineInput`, or its fields by name:

    at: Millis
        When, in milliseconds since 1970. Required.
    began: LogBegan | None
        Why a snapshot is written. May be absent.
    caller: str | None
        Who asked. May be absent.
    config: str | None
        sha256 of the canonical config. May be absent.
    cut_bytes: Serial | None
        How many bytes of a line that was cut off were removed before the log was resumed. May be absent.
    decision_id: str | None
        What the host calls this decision. May be absent.
    dropped: Serial | None
        How many lines were dropped since the log was opened. May be absent.
    duration_us: Serial | None
        How long the call took, in microseconds. May be absent.
    ended: bool | None
        Whether the log had ended in order before it was resumed. May be absent.
    handle: Serial | None
        The number of the handle, within this log. May be absent.
    handles: list[LogHandle] | None
        The handles that are open. May be absent.
    input: str | None
        The bytes of the input, as text. May be absent.
    input_hex: str | None
        The bytes of an input that is no text, in hexadecimal: columns. May be absent.
    kind: LogKind
        What the line tells; a decision when absent. Default: "decision".
    labels: dict[str, str] | None
        What else the host wants to know later. May be absent.
    mask: list[str]
        JSON pointers to what must not be told, `*` for every entry. Default: [].
    module: str | None
        sha256 of the module that decided; `native` where the core ran without one. May be absent.
    op: str | None
        The name of the operation or method; of a handle also `open` and `close`. May be absent.
    opens: str | None
        The kind of the handle that `open` opens. May be absent.
    output: str | None
        The bytes of the answer, as text: an envelope or `{"error": …}`. May be absent.
    output_hex: str | None
        The bytes of an answer that is no text, in hexadecimal: columns. May be absent.
    policies: list[LogPolicy] | None
        The policies that lines name. May be absent.
    prev: str | None
        The sha256 of the line before; absent on the first line of a log. May be absent.
    seq: Serial
        The number of the line; each is one more than the last one, dropped lines counted. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.LogLine`:

    hash: str
        sha256 of the line: what the next line names as `prev`.
    line: str
        The line, without the line break that ends it.
    masked: list[str]
        Where something was left out.
    next_seq: Serial
        The number of the next line.

Reasons: log_line_written, log_fields_masked, log_kept_as_text.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "log.check",
        method: c"log_check",
        text: cr##"log_check($self, record=None, /, *, is_cut=False, line=..., prev=None, seq=None)
--

Whether a line of a decision log is the one that must come next, and if not, what happened.

Takes one record, `trimtab.types.LogCheckInput`, or its fields by name:

    is_cut: bool
        Whether the file ends in this line without a line break. Default: False.
    line: str
        The line, without its line break. Required.
    prev: str | None
        The sha256 of the line before; absent at the beginning of what is checked. May be absent.
    seq: Serial | None
        The number that is due; absent at the beginning of what is checked. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.LogChecked`:

    dropped: Serial
        How many lines the writer dropped before this one.
    hash: str
        sha256 of the line: what the next line must name as `prev`.
    kind: LogKind | None
        What the line tells, where it can be read.
    masked: bool
        Whether something was left out of the line.
    next_seq: Serial | None
        The number that is due next; absent where the line has none.
    seq: Serial | None
        The number of the line, where it can be read.
    sound: bool
        Whether the line is the one that must come next, dropped lines allowed.

Reasons: log_line_sound, log_lines_dropped, log_begins_late, log_prev_differs, log_lines_missing, log_out_of_order, log_line_unreadable, log_line_cut, log_line_not_canonical.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.plan",
        method: c"hub_plan",
        text: cr##"hub_plan($self, record=None, /, *, accounts=[], broadcast_in_input=False, draft={}, hub_id=..., is_hub=True, memory={}, now=..., open_debts={}, recovery=[], replenish_answers=[], reserves={}, sent=None, submit_clock=None, tokens={})
--

What a hub does in one tick: deposits, settlements, replenishment, in order and with reasons.

Takes one record, `trimtab.types.HubState`, or its fields by name:

    accounts: list[Account]
        The accounts, each peer once. Default: [].
    broadcast_in_input: bool
        Whether somebody else broadcasts in this input. Default: False.
    draft: Batch
        The batch being filled. Default: {}.
    hub_id: EntityId
        The hub. Required.
    is_hub: bool
        Whether this entity is a hub at all; one that is not plans nothing. Default: True.
    memory: HubMemory
        What the last plan wanted to be remembered. Default: {}.
    now: Millis
        The time of the entity. Required.
    open_debts: dict[str, TokenAmount]
        What the hub owes on chain per token; it is swept before any reserve is spent. Default: {}.
    recovery: list[Batch]
        Batches that were taken back and wait for their next try. Default: [].
    replenish_answers: list[ReplenishAnswer]
        Answers of replenishment sources since the last tick. Default: [].
    reserves: dict[str, TokenAmount]
        The reserves per token. Default: {}.
    sent: SentBatch | None
        The batch that was sent and has not settled. May be absent.
    submit_clock: Millis | None
        The clock that the age of a sent batch is measured on; absent for `now`. May be absent.
    tokens: dict[str, Token]
        Tokens besides those of the config. Default: {}.

Returns a decision with `reasons` and the fields of `trimtab.types.Plan`:

    actions: list[Action]
        What to do, in this order.
    memory: HubMemory
        What to remember until the next tick.
    next_wake: Millis | None
        When to plan again if nothing else happens; absent when nothing is left to do.
    outcomes: list[Outcome]
        What became of requests and settlements: all that were acted on, the first deferred ones.
    reserves: list[ReserveAccount]
        What the tick did with each reserve.
    turned: list[RefusedRequests]
        How many requests besides those in `outcomes` were turned down, and why.

Reasons: not_a_hub, plan_made, sent_batch_stale, sent_batch_pending, draft_overcommitted, draft_cannot_be_sent, account_not_active, token_without_limits, fee_state_malformed, refund_in_progress, in_batch, submitted_pending, policy_mismatch, request_without_delta, waiting_resolution, prepaid_fee_too_low, fee_in_other_token, moment_ahead, cool_down, request_cap_reached, window_used_up, tick_cap_reached, reserve_short, below_min_deposit, deposit_limit_reached, batch_full, memory_full, claim_above_hard_limit, retried_after_stale_mark, deposit_granted, share_shrunk, proposal_unanswered, settlement_sealed, settlement_executed, share_pulled_back, reserve_sufficient, reserve_below_min, reserve_at_floor, replenish_in_flight, replenish_waits, replenish_failed, replenish_without_source, replenish_answer_refused.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.explain",
        method: c"hub_explain",
        text: cr##"hub_explain($self, record=None, /, *, account_id=..., state=..., token_id=...)
--

What the plan of a tick does with one account and token, in full.

Takes one record, `trimtab.types.HubExplainInput`, or its fields by name:

    account_id: EntityId
        The peer. Required.
    state: HubState
        The state, as `hub.plan` would get it. Required.
    token_id: TokenId
        The token. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubExplained`:

    outcomes: list[Outcome]
        What becomes of it: the request first, then settlements. Empty when nothing is asked.

Reasons: not_a_hub, plan_made, sent_batch_stale, sent_batch_pending, draft_overcommitted, draft_cannot_be_sent, account_not_active, token_without_limits, fee_state_malformed, refund_in_progress, in_batch, submitted_pending, policy_mismatch, request_without_delta, waiting_resolution, prepaid_fee_too_low, fee_in_other_token, moment_ahead, cool_down, request_cap_reached, window_used_up, tick_cap_reached, reserve_short, below_min_deposit, deposit_limit_reached, batch_full, memory_full, claim_above_hard_limit, retried_after_stale_mark, deposit_granted, share_shrunk, proposal_unanswered, settlement_sealed, settlement_executed, share_pulled_back, nothing_to_explain, reserve_sufficient, reserve_below_min, reserve_at_floor, replenish_in_flight, replenish_waits, replenish_failed, replenish_without_source, replenish_answer_refused.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.reserves",
        method: c"hub_reserves",
        text: cr##"hub_reserves($self, record=None, /, *, accounts=[], broadcast_in_input=False, draft={}, hub_id=..., is_hub=True, memory={}, now=..., open_debts={}, recovery=[], replenish_answers=[], reserves={}, sent=None, submit_clock=None, tokens={})
--

Whether a hub's reserves suffice, and what to replenish from which source.

Takes one record, `trimtab.types.HubState`, or its fields by name:

    accounts: list[Account]
        The accounts, each peer once. Default: [].
    broadcast_in_input: bool
        Whether somebody else broadcasts in this input. Default: False.
    draft: Batch
        The batch being filled. Default: {}.
    hub_id: EntityId
        The hub. Required.
    is_hub: bool
        Whether this entity is a hub at all; one that is not plans nothing. Default: True.
    memory: HubMemory
        What the last plan wanted to be remembered. Default: {}.
    now: Millis
        The time of the entity. Required.
    open_debts: dict[str, TokenAmount]
        What the hub owes on chain per token; it is swept before any reserve is spent. Default: {}.
    recovery: list[Batch]
        Batches that were taken back and wait for their next try. Default: [].
    replenish_answers: list[ReplenishAnswer]
        Answers of replenishment sources since the last tick. Default: [].
    reserves: dict[str, TokenAmount]
        The reserves per token. Default: {}.
    sent: SentBatch | None
        The batch that was sent and has not settled. May be absent.
    submit_clock: Millis | None
        The clock that the age of a sent batch is measured on; absent for `now`. May be absent.
    tokens: dict[str, Token]
        Tokens besides those of the config. Default: {}.

Returns a decision with `reasons` and the fields of `trimtab.types.Watched`:

    actions: list[Action]
        Replenishments and alerts.
    memory: HubMemory
        What to remember until the next look.
    next_wake: Millis | None
        When to look again; absent when the config watches nothing.
    reserves: list[WatchedReserve]
        Each token that has a reserve.

Reasons: token_without_limits, reserve_sufficient, reserve_below_min, reserve_at_floor, replenish_in_flight, replenish_waits, replenish_failed, replenish_without_source, replenish_answer_refused.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.verify_plan",
        method: c"hub_verify_plan",
        text: cr##"hub_verify_plan($self, record=None, /, *, plan=..., state=...)
--

Whether a plan, whoever made it, keeps the laws that no plan may break.

Takes one record, `trimtab.types.HubVerifyInput`, or its fields by name:

    plan: Plan
        The plan. Required.
    state: HubState
        The state. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubVerified`:

    actions: Count
        How many actions were checked.
    valid: bool
        Whether every law is kept.

Reasons: plan_valid, plan_blocked, plan_wrong_order, plan_broadcast_missing, plan_broadcast_misplaced, plan_draft_overcommitted, plan_unknown_account, plan_quarantined_account, plan_duplicate, plan_not_eligible, plan_share_shrunk, plan_above_claim, plan_above_share, plan_above_cap, plan_above_usable, plan_crosses_floor.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.score",
        method: c"health_score",
        text: cr##"health_score($self, record=None, /, *, liquidity_score=..., profitable_pct=..., trend=..., underwater_pct=...)
--

Health score, tier and budget multiplier from the shares of profitable and underwater channels, liquidity and trend.

Takes one record, `trimtab.types.ScoreInput`, or its fields by name:

    liquidity_score: Score
        How balanced the channels are, 0 to 100. Required.
    profitable_pct: Share
        Share of channels that earn. Required.
    trend: Trend
        Where revenue is going. Required.
    underwater_pct: Share
        Share of channels that lose. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Scored`:

    budget_multiplier: Multiplier
        Multiplier of the node's own budget and threshold.
    score: Points
        The score.
    tier: Tier
        The tier of the score.

Reasons: below_vulnerable, below_stable, below_thriving, thriving.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.profit",
        method: c"health_profit",
        text: cr##"health_profit($self, record=None, /, *, age_days=None, channel_id=None, cost_msat=None, idle_s=None, opening_msat=None, revenue_msat=...)
--

Whether a channel is profitable, breaks even, loses or stands still, from its fees and costs.

Takes one record, `trimtab.types.ChannelHistory`, or its fields by name:

    age_days: Count | None
        How old the channel is, in whole days; absent when unknown: then it is no young one. May be absent.
    channel_id: NodeId | None
        Which channel; only named in the reasons. May be absent.
    cost_msat: Msat | None
        On-chain, lease and rebalance fees; absent when the books could not be read. May be absent.
    idle_s: Seconds | None
        Time since the last forward through the channel in either direction; absent when unknown. May be absent.
    opening_msat: Msat | None
        The part of the cost that opened the channel. May be absent.
    revenue_msat: Msat
        Fees of settled forwards out through the channel, and what it was leased for. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Profit`:

    class: ProfitClass
        What the channel is worth.
    roi: Real | None
        Return on what it cost; absent when it cost nothing.

Reasons: channel_profitable, channel_breaks_even, channel_underwater, channel_stagnant, young_channel, cost_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.liquidity_score",
        method: c"health_liquidity_score",
        text: cr##"health_liquidity_score($self, record=None, /, *, channels=...)
--

How evenly the channels of a node are filled, from 0 to 100.

Takes one record, `trimtab.types.LiquidityScoreInput`, or its fields by name:

    channels: list[LocalShare]
        The node's channels. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.LiquidityScored`:

    liquidity_score: Points
        The score.

Reasons: liquidity_spread, no_channels.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.trend",
        method: c"health_trend",
        text: cr##"health_trend($self, record=None, /, *, windows=...)
--

Whether revenue rises, falls or holds, from equal windows of it.

Takes one record, `trimtab.types.TrendInput`, or its fields by name:

    windows: list[Msat]
        Revenue per window, oldest first. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Trended`:

    trend: Trend
        The trend.

Reasons: revenue_rising, revenue_falling, revenue_steady, insufficient_history.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.assess",
        method: c"health_assess",
        text: cr##"health_assess($self, record=None, /, *, channels=None, liquidity_score=None, previous_tier=None, profitable=..., stagnant=..., total=None, trend=..., underwater=...)
--

Health of a node in one record: score, tier, components, the way to the next tier, needs.

Takes one record, `trimtab.types.NodeObservation`, or its fields by name:

    channels: list[LocalShare] | None
        The node's channels; instead of a liquidity score. May be absent.
    liquidity_score: Score | None
        How balanced the channels are, 0 to 100; instead of the channels. May be absent.
    previous_tier: Tier | None
        The tier that was last decided: a score changes it only from some points beyond the bound on. May be absent.
    profitable: Count
        Channels that earn. Required.
    stagnant: Count
        Channels that stand still. Required.
    total: Count | None
        All channels; the sum of the three when absent. May be absent.
    trend: TrendSource
        Where revenue is going, as a word or as `{"windows": […]}`, oldest first. Required.
    underwater: Count
        Channels that lose. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Assessed`:

    budget_multiplier: Multiplier
        Multiplier of the node's own budget and threshold.
    can_help_others: bool
        Whether the node is in the best tier.
    capacity_score: Points
        Share of channels that do not lose, in whole points (a column of the deployed plugin).
    components: Components
        The points that each component gives.
    connectivity_score: Points
        The liquidity score in whole points (a column of the deployed plugin).
    liquidity_score: Score
        How balanced the channels are.
    needs_help: bool
        Whether the node is in one of the two worst tiers.
    needs_inbound: bool
        Whether most of the balance is on our side; false when the channels are not known.
    needs_outbound: bool
        Whether most of the balance is on the peers' side; false when the channels are not known.
    profitable: Count
        Channels that earn.
    profitable_pct: Share
        Share of channels that earn.
    revenue_score: Points
        Share of channels that earn, in whole points (a column of the deployed plugin).
    score: Points
        The score.
    stagnant: Count
        Channels that lose and stand still.
    tier: Tier
        The tier of the score, or the previous one where the score is too near to its bound.
    tier_above: TierAbove | None
        The tier above; absent in the best.
    tier_below: TierBelow | None
        The tier below; absent in the worst, or where no score falls to it.
    total: Count
        All channels.
    trend: Trend
        Where revenue is going.
    underwater: Count
        Channels that lose.
    underwater_pct: Share
        Share of channels that lose.

Reasons: below_vulnerable, below_stable, below_thriving, thriving, liquidity_spread, no_channels, revenue_rising, revenue_falling, revenue_steady, insufficient_history, trend_by_word, tier_held.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "snapshot.cln",
        method: c"snapshot_cln",
        text: cr##"snapshot_cln($self, record=None, /, *, bkpr_listaccountevents=None, bkpr_listincome=None, forwards_since=None, getinfo=..., income_since=None, listchannelmoves=None, listchannels=None, listforwards=None, listpeerchannels=None, listpeers=None, now=...)
--

The raw answers of a Core Lightning node as the input of the other fleet policies.

Takes one record, `trimtab.types.ClnInput`, or its fields by name:

    bkpr_listaccountevents: ListAccountEvents | None
        The answer of `bkpr-listaccountevents`: it tells own rebalances where `listchannelmoves` is missing. May be absent.
    bkpr_listincome: ListIncome | None
        The answer of `bkpr-listincome`; absent when the node keeps no books. May be absent.
    forwards_since: Seconds | None
        From when on `listforwards` is whole; its oldest settled forward when absent. May be absent.
    getinfo: GetInfo
        The answer of `getinfo`. Required.
    income_since: Seconds | None
        From when on `bkpr-listincome` is whole; its oldest routed credit when absent. May be absent.
    listchannelmoves: ListChannelMoves | None
        The answer of `listchannelmoves`: what moved in each channel, and own rebalances. May be absent.
    listchannels: ListChannels | None
        The answer of `listchannels`. May be absent.
    listforwards: ListForwards | None
        The answer of `listforwards`. May be absent.
    listpeerchannels: ListPeerChannels | None
        The answer of `listpeerchannels`; only a node older than 23.02 has none. May be absent.
    listpeers: ListPeers | None
        The answer of `listpeers` of a node older than 23.02, with the channels inside. May be absent.
    now: Seconds
        The moment of the answers. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Snapshot`:

    alias: str | None
        The name the node gives itself.
    assess: NodeObservation | None
        The input of `health.assess`; absent when neither forwards nor books are known.
    at: Seconds
        The moment of the answers.
    capacity_sats: Sat
        The capacity of all usable channels that others can see, whichever splice confirms.
    demand: Demand | None
        How much the channels are asked for, on average; absent when the flow is unknown.
    health_report: HealthReport | None
        What the node says of itself to the other members, over the same channels; absent when neither forwards nor books are known.
    left_out: LeftOut
        How many channels are in no number above, and why.
    profits: list[ChannelProfit]
        The books of every usable channel; empty when neither forwards nor books are known.
    public_capacities: list[PeerCapacity]
        The public capacity of every node of the graph; empty when the graph is unknown.
    report: Member
        What the other members may know of its channels, as they keep it; without its health.
    revenue_windows: list[Msat]
        Forwarding fees of the last four weeks, one week each, oldest first, from the source that has more of them.
    unattributed: Unattributed
        What the last 30 days earned and cost that belongs to no channel we know.
    us: Us
        The node itself, as other policies read it.

Reasons: insufficient_history, cost_unknown, splice_in_flight, not_in_normal_operation, snapshot_taken, forwards_unknown, duplicate_channel_id, closed_to_forwards, forwards_of_unknown_channels, rebalance_cost_unattributed, route_cost_unknown, idle_unknown, graph_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.classify",
        method: c"liquidity_classify",
        text: cr##"liquidity_classify($self, record=None, /, *, age_days=None, announced=None, capacity_sats=..., channel_id=None, closed_to_forwards=..., connected=None, fee_base_msat=None, fee_ppm=None, flow=None, inactive=..., last_hop=None, local_sats=..., peer_id=None, pending_capacity_sats=None, phase=None, private=..., receivable_sats=None, recent_flow=None, reserve_sats=None, route_cost_ppm=None, short_channel_id=None, spendable_sats=None, splicing=..., usable=True)
--

Whether a channel is depleted, saturated or balanced, and how much would balance it.

Takes one record, `trimtab.types.ClassifyInput`, or its fields by name:

    age_days: Count | None
        How old it is, in whole days; absent when unknown. May be absent.
    announced: bool | None
        Whether the graph shows it; absent where no graph is known. May be absent.
    capacity_sats: Sat
        Its capacity; while a splice waits, that of the outcome that leaves us the least. Required.
    channel_id: NodeId | None
        Its id. May be absent.
    closed_to_forwards: bool
        Whether its operator lets no forward out through it. May be absent.
    connected: bool | None
        Whether the peer is there and the channel is in step with it; absent where nobody says. May be absent.
    fee_base_msat: Msat | None
        Our fee for each forward out through it. May be absent.
    fee_ppm: Ppm | None
        Our fee rate on it. May be absent.
    flow: ChannelFlow | None
        What others sent through it in 60 days; absent when unknown. May be absent.
    inactive: bool
        Whether the graph shows both of its directions disabled, as when the peer is away. Others count no capacity there meanwhile. May be absent.
    last_hop: HopFee | None
        What the peer takes for the last hop into it. May be absent.
    local_sats: Sat
        The part on our side; while a splice waits, of the outcome that leaves us the least. Required.
    peer_id: NodeId | None
        The node at the other end. May be absent.
    pending_capacity_sats: Sat | None
        The smallest capacity that a splice in flight may leave. May be absent.
    phase: Phase | None
        Where it is in its life; absent: as `usable` says. May be absent.
    private: bool
        Whether it is not to be announced. May be absent.
    receivable_sats: Sat | None
        What can be received now; absent where the node does not say. May be absent.
    recent_flow: RecentFlow | None
        What others sent through it within `rebalance.flow_window_days`; absent when unknown. May be absent.
    reserve_sats: Sat | None
        What has to stay on our side. May be absent.
    route_cost_ppm: Ppm | None
        What our own rebalances into it cost: their weighted median; absent when unknown. May be absent.
    short_channel_id: NodeId | None
        Its place in the chain, such as `124x1x0`. May be absent.
    spendable_sats: Sat | None
        What can be sent now; absent where the node does not say. It does not depend on the connection. May be absent.
    splicing: bool
        Whether a splice is in flight. May be absent.
    usable: bool
        Whether it is in normal operation; `phase` says more. Default: True.

Returns a decision with `reasons` and the fields of `trimtab.types.Classified`:

    amount_sats: Sat
        How much would bring it to balance.
    class: LiquidityClass
        How full it is.
    local_pct: Share | None
        The share on our side; absent for a channel without capacity.
    need_type: NeedType | None
        What it needs; absent when nothing.
    severity: Severity | None
        How badly; absent when it needs nothing.

Reasons: channel_depleted, channel_saturated, channel_balanced, empty_channel, splice_in_flight, not_in_normal_operation, closed_to_forwards.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "account.request_advice",
        method: c"account_request_advice",
        text: cr##"account_request_advice($self, record=None, /, *, entity_id=..., is_hub=False, now=0, peer_id=..., pending_frame=False, tokens=[], workspace=False)
--

Whether an entity should ask its counterparty for collateral now, per token.

Takes one record, `trimtab.types.AdviceInput`, or its fields by name:

    entity_id: EntityId
        The entity that may ask. Required.
    is_hub: bool
        Whether the entity is itself a hub; hubs do not ask. Default: False.
    now: Millis
        The time of the entity. No rule reads it; it stands in the log of the decision. Default: 0.
    peer_id: EntityId
        Its counterparty. Required.
    pending_frame: bool
        Whether a frame waits for a signature. Default: False.
    tokens: list[AdviceToken]
        The tokens, each once. Default: [].
    workspace: bool
        Whether a settlement is being negotiated. Default: False.

Returns a decision with `reasons` and the fields of `trimtab.types.AccountAdvice`:

    tokens: list[TokenAdvice]
        One entry per token, by token.

Reasons: own_entity_is_hub, no_request_policy, no_fee_terms, manual_mode, request_open, frame_pending, settlement_open, claim_within_soft_limit, fee_above_max, fee_not_below_claim, fee_is_zero, fee_above_capacity, request_advised, no_token_to_advise, claim_above_hard_limit.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.detect",
        method: c"hub_detect",
        text: cr##"hub_detect($self, record=None, /, *, accounts=[], broadcast_in_input=False, draft={}, hub_id=..., is_hub=True, memory={}, now=..., open_debts={}, recovery=[], replenish_answers=[], reserves={}, sent=None, submit_clock=None, tokens={})
--

Who has something that the hub can take back, and who waits for collateral, per token.

Takes one record, `trimtab.types.HubState`, or its fields by name:

    accounts: list[Account]
        The accounts, each peer once. Default: [].
    broadcast_in_input: bool
        Whether somebody else broadcasts in this input. Default: False.
    draft: Batch
        The batch being filled. Default: {}.
    hub_id: EntityId
        The hub. Required.
    is_hub: bool
        Whether this entity is a hub at all; one that is not plans nothing. Default: True.
    memory: HubMemory
        What the last plan wanted to be remembered. Default: {}.
    now: Millis
        The time of the entity. Required.
    open_debts: dict[str, TokenAmount]
        What the hub owes on chain per token; it is swept before any reserve is spent. Default: {}.
    recovery: list[Batch]
        Batches that were taken back and wait for their next try. Default: [].
    replenish_answers: list[ReplenishAnswer]
        Answers of replenishment sources since the last tick. Default: [].
    reserves: dict[str, TokenAmount]
        The reserves per token. Default: {}.
    sent: SentBatch | None
        The batch that was sent and has not settled. May be absent.
    submit_clock: Millis | None
        The clock that the age of a sent batch is measured on; absent for `now`. May be absent.
    tokens: dict[str, Token]
        Tokens besides those of the config. Default: {}.

Returns a decision with `reasons` and the fields of `trimtab.types.Detected`:

    tokens: list[TokenDetected]
        One entry per token with a spender or a receiver.

Reasons: peers_detected, account_takes_no_part, request_without_claim.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.fleet",
        method: c"health_fleet",
        text: cr##"health_fleet($self, record=None, /, *, first=None, members=..., now=...)
--

Average health of the fleet, members per tier, stale and implausible ones listed but not counted.

Takes one record, `trimtab.types.FleetHealthInput`, or its fields by name:

    first: Count | None
        Only so many members are listed; all when absent. All of them count. May be absent.
    members: list[Member]
        What each member reported last. Required.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetHealth`:

    fleet_health: Points
        The average score, floored; 50 for an empty fleet.
    member_count: Count
        Members that count.
    members: list[MemberHealth]
        The members, by id.
    stable_count: Count
        Stable members that count.
    struggling_count: Count
        Struggling members that count.
    thriving_count: Count
        Thriving members that count.
    vulnerable_count: Count
        Vulnerable members that count.

Reasons: fleet_average, fleet_empty, score_unknown, stale_report, member_implausible.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.verify",
        method: c"health_verify",
        text: cr##"health_verify($self, record=None, /, *, evidence=..., now=..., report=...)
--

Whether a member's health report fits what we see, and the score that follows from its counts.

Takes one record, `trimtab.types.VerifyInput`, or its fields by name:

    evidence: Evidence
        What we see ourselves. Required.
    now: Seconds
        The present moment. Required.
    report: HealthReport
        What the member reports. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.ReportVerdict`:

    liquidity_score: Points
        How balanced its channels are, from its sums.
    score: Points
        The score that follows from its counts.
    tier: Tier
        The tier of the score.
    verdict: Verdict
        What the report is worth.

Reasons: report_consistent, nothing_to_compare, counts_do_not_add_up, channels_above_public, capacity_above_announced, below_what_we_share, report_from_the_future, report_too_old, report_out_of_order, score_jumped.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "health.gossip_scale",
        method: c"health_gossip_scale",
        text: cr##"health_gossip_scale($self, record=None, /, *, available_sats=..., average_capacity_sats=..., average_revenue_sats=..., capacity_sats=..., channels=..., revenue_sats=...)
--

The deployed plugin's second health scale, so that both can be compared.

Takes one record, `trimtab.types.GossipScaleInput`, or its fields by name:

    available_sats: Sat
        The part of the capacity on our side. Required.
    average_capacity_sats: RealSat
        The fleet's average capacity. Required.
    average_revenue_sats: RealSat
        The fleet's average revenue. Required.
    capacity_sats: Sat
        Our capacity. Required.
    channels: Count
        Our channels. Required.
    revenue_sats: Sat
        Our revenue. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.GossipScaled`:

    balance_score: Points
        How balanced we are.
    can_help_others: bool
        Whether the plugin calls us able to help.
    capacity_score: Points
        Our capacity against the average.
    connectivity_score: Points
        Ten per channel.
    needs_help: bool
        Whether the plugin calls us in need.
    overall_health: Points
        The score.
    revenue_score: Points
        Our revenue against the average.
    tier: GossipTier
        The tier of this scale.

Reasons: legacy_scale.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.state",
        method: c"liquidity_state",
        text: cr##"liquidity_state($self, record=None, /, *, first=None, members=[], now=..., us=...)
--

How the fleet and we do: members in trouble, bottleneck peers, our own channels.

Takes one record, `trimtab.types.FleetInput`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    us: Us
        We ourselves. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetState`:

    balanced_channels: Count
        Our channels that are neither depleted nor saturated.
    common_bottleneck_peers: list[NodeId]
        External peers at which several members are in trouble, most members first.
    depleted_channels: Count
        Our depleted channels.
    members_rebalancing: Count
        Members that rebalance now, we included.
    members_with_depleted_channels: Count
        Other members with a depleted channel.
    members_with_excess_outbound: Count
        Other members with a saturated channel.
    saturated_channels: Count
        Our saturated channels.

Reasons: stale_report, member_implausible, bottlenecks, no_bottleneck.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.needs",
        method: c"liquidity_needs",
        text: cr##"liquidity_needs($self, record=None, /, *, first=None, members=[], now=..., us=...)
--

What other members need at external peers, worst tier first.

Takes one record, `trimtab.types.FleetInput`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    us: Us
        We ourselves. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Needs`:

    fleet_needs: list[Need]
        Worst tier first, then severity, then where we can help most.

Reasons: stale_report, member_implausible, fleet_needs, no_fleet_need.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.excess",
        method: c"liquidity_excess",
        text: cr##"liquidity_excess($self, record=None, /, *, first=None, members=[], now=..., us=...)
--

Where other members hold too much on their own side, largest amount first.

Takes one record, `trimtab.types.FleetInput`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    us: Us
        We ourselves. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Excesses`:

    fleet_excess: list[Excess]
        The largest amount first.

Reasons: stale_report, member_implausible, fleet_excess, no_fleet_excess.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.relevance",
        method: c"liquidity_relevance",
        text: cr##"liquidity_relevance($self, record=None, /, *, channels=...)
--

How much our channels to a peer let us help there.

Takes one record, `trimtab.types.RelevanceInput`, or its fields by name:

    channels: list[Balance]
        Our channels to the peer that are in normal operation. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Relevance`:

    our_relevance: Share
        0 where we have no channel, 1 with a large and balanced one.

Reasons: relevance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.prioritize",
        method: c"liquidity_prioritize",
        text: cr##"liquidity_prioritize($self, record=None, /, *, needs=...)
--

Needs by the health of who has them and by urgency.

Takes one record, `trimtab.types.PrioritizeInput`, or its fields by name:

    needs: list[Urgent]
        The needs; those of equal priority keep this order. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.PrioritizedNeeds`:

    needs: list[Prioritized]
        The highest priority first.

Reasons: needs_ordered.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "liquidity.competition",
        method: c"liquidity_competition",
        text: cr##"liquidity_competition($self, record=None, /, *, first=None, members=[], now=..., us=...)
--

External peers that several members serve, and what that may cost in fees.

Takes one record, `trimtab.types.FleetInput`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    us: Us
        We ourselves. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Competition`:

    contested: list[Contested]
        Most members first.

Reasons: stale_report, member_implausible, competition, no_competition.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "fees.adjust",
        method: c"fees_adjust",
        text: cr##"fees_adjust($self, record=None, /, *, base_ppm=None, ceiling_ppm=None, fee_in_force_ppm=None, floor_ppm=None, last_step=None, needs=..., our_id=None, own=None, peer_id=...)
--

Whether our fee towards a peer moves a step because another member needs flow there.

Takes one record, `trimtab.types.AdjustInput`, or its fields by name:

    base_ppm: Ppm | None
        The fee we intend without the fleet; where it is absent, `last_step` may tell it. May be absent.
    ceiling_ppm: Ppm | None
        No higher than this; the config's when absent. May be absent.
    fee_in_force_ppm: Ppm | None
        The fee that is set now. May be absent.
    floor_ppm: Ppm | None
        No lower than this; the config's when absent. May be absent.
    last_step: FeeStep | None
        The last step that we made here: while its fee is in force, its base is what we intend. May be absent.
    needs: list[Need]
        What the fleet needs, as `liquidity.needs` answers. Required.
    our_id: NodeId | None
        Our node id; our own needs change no fee of ours. May be absent.
    own: Balance | None
        Our own usable channels with the peer together: when they are depleted, no fee is lowered. May be absent.
    peer_id: NodeId
        The peer towards which the fee is. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Adjusted`:

    fee_ppm: Ppm | None
        The fee; absent where nobody knows what we intend without the fleet. Then `step` tells which way it should be from there.
    for_tier: Tier | None
        The tier of the member it helps; absent when none.
    step: Step
        Which way it moved.

Reasons: fee_lowered, fee_raised, fee_unchanged, own_channel_depleted, intended_fee_unknown, helps_tier.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "legacy.fee",
        method: c"legacy_fee",
        text: cr##"legacy_fee($self, record=None, /, *, base_ppm=..., max_fee_ppm=..., min_fee_ppm=..., needs=..., peer_id=...)
--

The deployed fee controller's own rule, so that both can be compared.

Takes one record, `trimtab.types.LegacyFeeInput`, or its fields by name:

    base_ppm: Ppm
        The fee we intend without the fleet. Required.
    max_fee_ppm: Ppm
        Its highest fee. Required.
    min_fee_ppm: Ppm
        Its lowest fee. Required.
    needs: list[LegacyNeed]
        The fleet's needs in its own order. Required.
    peer_id: NodeId
        The peer towards which the fee is. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.LegacyFee`:

    fee_ppm: Ppm
        The fee.

Reasons: fee_lowered, fee_raised, fee_unchanged.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.conflict",
        method: c"rebalance_conflict",
        text: cr##"rebalance_conflict($self, record=None, /, *, members=[], now=..., target_peer=..., us=...)
--

Whether another member rebalances through a peer, who goes first, and which peers to avoid.

Takes one record, `trimtab.types.ConflictInput`, or its fields by name:

    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    target_peer: NodeId
        The peer through which we would rebalance. Required.
    us: Us
        We ourselves, with what we announced. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Conflict`:

    action: ConflictAction
        What to do.
    avoid: list[NodeId]
        Peers that other members use now, for a path around them.
    conflict: bool
        Whether another member is using the peer.
    priority_over: NodeId | None
        The member before which we go.
    until: Seconds | None
        When to ask again.
    yield_to: NodeId | None
        The member that goes before us.

Reasons: member_implausible, peer_free, peer_in_use, has_priority, yields.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "topology.advise",
        method: c"topology_advise",
        text: cr##"topology_advise($self, record=None, /, *, candidates=..., members=[], now=..., us=...)
--

Which external peers a new channel would help most, and where it would be redundant.

Takes one record, `trimtab.types.AdviseInput`, or its fields by name:

    candidates: list[Candidate]
        The peers to compare; members among them are passed over. Required.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    us: Us
        We ourselves. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.TopologyAdvice`:

    advice: list[PeerAdvice]
        The best first.

Reasons: stale_report, member_implausible, capacity_absurd, peer_helps, peer_helps_nobody, opening_counted, peer_redundant, candidate_capacity_unknown, no_candidate.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "limits.check",
        method: c"limits_check",
        text: cr##"limits_check($self, record=None, /, *, count=None, history=..., now=..., period_s=None)
--

Whether one more report fits a sliding window.

Takes one record, `trimtab.types.LimitInput`, or its fields by name:

    count: Count | None
        So many fit the period; that of local reports when absent. May be absent.
    history: list[Seconds]
        When earlier ones were accepted. Required.
    now: Seconds
        The present moment. Required.
    period_s: Seconds | None
        The period; that of local reports when absent. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Limited`:

    allowed: bool
        Whether it fits.
    history: list[Seconds]
        The history to keep, this one included when it fits, oldest first.
    retry_at: Seconds | None
        When one would fit; absent when one fits now or never will.

Reasons: within_limit, rate_limited.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.match",
        method: c"hub_match",
        text: cr##"hub_match($self, record=None, /, *, receivers=[], spenders=[], strategy=None)
--

Which spenders cover which receivers, per token, with the numbers that prove it.

Takes one record, `trimtab.types.MatchInput`, or its fields by name:

    receivers: list[Receiver]
        Who waits. Default: [].
    spenders: list[Spender]
        Who has something to take back. Default: [].
    strategy: Strategy | None
        Who is served first; absent for the strategy of the config. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Matched`:

    strategy: Strategy
        The strategy that was used.
    tokens: list[TokenMatches]
        One entry per token with a spender or a receiver.

Reasons: matched, spenders_left_over, receiver_matched_in_part, receiver_unmatched, nothing_to_match.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "hub.match_cycles",
        method: c"hub_match_cycles",
        text: cr##"hub_match_cycles($self, record=None, /, *, claims=[])
--

The smallest claims between hubs with the same net positions, per token.

Takes one record, `trimtab.types.CyclesInput`, or its fields by name:

    claims: list[Claim]
        The claims. Default: [].

Returns a decision with `reasons` and the fields of `trimtab.types.Cycles`:

    tokens: list[TokenCycles]
        One entry per token with a claim.

Reasons: claims_netted, nothing_to_net.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.threshold",
        method: c"rebalance_threshold",
        text: cr##"rebalance_threshold($self, record=None, /, *, min_ev_sats=..., multiplier=...)
--

The least expected value of a rebalance that a node of our health accepts.

Takes one record, `trimtab.types.ThresholdInput`, or its fields by name:

    min_ev_sats: RealSat
        The least expected value of a healthy node. Required.
    multiplier: Multiplier
        The multiplier of our tier; clamped to the configured bounds. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Threshold`:

    multiplier: Multiplier
        The multiplier in force.
    threshold: RealSat
        The least expected value that we accept.

Reasons: threshold_scaled, threshold_unscaled, multiplier_clamped.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.accept",
        method: c"rebalance_accept",
        text: cr##"rebalance_accept($self, record=None, /, *, channel=None, ev=..., health_age_s=None, min_ev=..., tier=None)
--

Whether an expected value reaches the threshold of our tier.

Takes one record, `trimtab.types.AcceptInput`, or its fields by name:

    channel: NodeId | None
        The channel that it is about. May be absent.
    ev: RealSat
        The expected value. Required.
    health_age_s: Seconds | None
        How old our tier is; beyond the configured age it counts as unknown. May be absent.
    min_ev: RealSat
        The least expected value of a healthy node. Required.
    tier: Tier | None
        Our own tier; unknown when absent. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Accepted`:

    accepted: bool
        Whether the expected value reaches the threshold.
    multiplier: Multiplier
        The multiplier in force.
    threshold: RealSat
        The least expected value that we accept.
    tier: Tier | None
        The tier that the multiplier comes from.

Reasons: ev_below_threshold, ev_reaches_threshold, health_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.evaluate",
        method: c"rebalance_evaluate",
        text: cr##"rebalance_evaluate($self, record=None, /, *, amount_sats=None, attempt_cost_sats=0, budget_left_sats=None, demand={}, destination=..., failures=0, fixed_msat=0, health_age_s=None, inbound_ppm=..., p_success=None, sources=[], successes=0, tier=None)
--

What a rebalance is worth, every term of it, and which values would change the answer.

Takes one record, `trimtab.types.EvaluateInput`, or its fields by name:

    amount_sats: Sat | None
        How much to move; sized from the destination when absent. May be absent.
    attempt_cost_sats: Sat
        What a failed attempt costs. Default: 0.
    budget_left_sats: Sat | None
        What is left of our budget after what is spent and reserved; unlimited when absent. May be absent.
    demand: Demand
        How much the channels of our node sell. Default: {}.
    destination: Destination
        The channel that should be filled. Required.
    failures: Count
        How often a rebalance to it failed. Default: 0.
    fixed_msat: Msat
        What the route costs besides its rate. Default: 0.
    health_age_s: Seconds | None
        How old our tier is; beyond the configured age it counts as unknown. May be absent.
    inbound_ppm: Ppm
        What the route is expected to cost. Required.
    p_success: Share | None
        How likely it succeeds; from successes and failures when absent. May be absent.
    sources: list[SourceChannel]
        The channels that may give; a book has its own. Default: [].
    successes: Count
        How often a rebalance to it succeeded. Default: 0.
    tier: Tier | None
        Our own tier; unknown when absent. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Evaluated`:

    accepted: bool
        Whether it should be done.
    amount_sats: Sat | None
        How much to move, when it is accepted.
    flips: Flips | None
        Which values would change the answer.
    max_fee_ppm: Ppm | None
        The most to pay for the route, when it is accepted.
    model: Model
        The model that valued it.
    multiplier: Multiplier
        The multiplier in force.
    source: NodeId | None
        From where to move, when it is accepted.
    terms: Terms | None
        Every term of the value, as far as it was computed.

Reasons: health_unknown, slow_channel, target_below_minimum, nothing_needed, amount_sized, source_too_small, source_offline, source_drains, spread_beyond_tolerance, source_earns_too_little, same_peer, peer_unknown, source_depleted, source_gives_less, amount_cut_to_source, amount_cut_to_receivable, demand_unknown, channel_too_young, no_source, destination_is_sink, destination_offline, destination_zombie, destination_underwater, not_affordable, value_below_threshold, value_reaches_threshold, budget_too_small, spread_below_tolerance, kelly_refuses, no_fee_left, profit_below_threshold, profit_reaches_threshold, not_in_normal_operation.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.size",
        method: c"rebalance_size",
        text: cr##"rebalance_size($self, record=None, /, *, age_days=None, capacity_sats=..., demand={}, flow=None, local_sats=None, receivable_sats=None, spendable_sats=...)
--

How much a channel should be filled with.

Takes one record, `trimtab.types.SizeInput`, or its fields by name:

    age_days: Count | None
        How old it is, in days; old when absent, for the deployed model young. May be absent.
    capacity_sats: Sat
        Its capacity. Required.
    demand: Demand
        How much the channels of our node sell. Default: {}.
    flow: Flow | None
        What moved through it. May be absent.
    local_sats: Sat | None
        The part on our side; what it can send when absent. May be absent.
    receivable_sats: Sat | None
        What it can receive now. May be absent.
    spendable_sats: Sat
        What it can send now. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Sized`:

    active_days: Real | None
        Days with a forward out that are expected within 30 days.
    amount_sats: Sat | None
        How much to move; none when nothing should be.
    daily_volume: RealSat | None
        What moves through the channel in a day.
    need_sats: Sat
        What is missing to the target.
    sats_per_active_day: RealSat | None
        Sats out that are expected on an active day.
    target_ratio: Share | None
        The share of the capacity that is aimed at.
    target_sats: Sat
        What the channel should be able to send.

Reasons: slow_channel, target_below_minimum, nothing_needed, amount_sized, amount_cut_to_receivable, demand_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.sources",
        method: c"rebalance_sources",
        text: cr##"rebalance_sources($self, record=None, /, *, amount_sats=..., demand={}, destination_peer_id=None, inbound_ppm=..., out_ppm=..., sources=...)
--

Which channels may give, best first.

Takes one record, `trimtab.types.SourcesInput`, or its fields by name:

    amount_sats: Sat
        How much should be moved. Required.
    demand: Demand
        How much the channels of our node sell. Default: {}.
    destination_peer_id: NodeId | None
        The peer of the channel that should be filled. May be absent.
    inbound_ppm: Ppm
        What the route is expected to cost. Required.
    out_ppm: Ppm
        What we charge at the destination. Required.
    sources: list[SourceChannel]
        The channels. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Sources`:

    ranked: list[Ranked]
        The channels, best first; ties by id.
    refused: Count
        How many were refused.

Reasons: source_too_small, source_offline, source_drains, spread_beyond_tolerance, source_earns_too_little, same_peer, peer_unknown, source_depleted, source_gives_less, source_ranked, no_source, not_in_normal_operation.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.budget",
        method: c"rebalance_budget",
        text: cr##"rebalance_budget($self, record=None, /, *, base_sats=None, multiplier=1.0, proposed_sats=None, reserved_sats=0, revenue_24h_sats=None, revenue_30d_sats=None, spent_sats=0)
--

What may still be spent on rebalancing after what is spent and reserved.

Takes one record, `trimtab.types.BudgetInput`, or its fields by name:

    base_sats: Sat | None
        The budget of a healthy node; from the revenue when absent. May be absent.
    multiplier: Multiplier
        The multiplier of our tier; clamped to the configured bounds. Default: 1.0.
    proposed_sats: Sat | None
        What somebody wants to spend now. May be absent.
    reserved_sats: Sat
        What running jobs may still spend. Default: 0.
    revenue_24h_sats: Sat | None
        What we earned in the last day; the deployed plugin knows no more. May be absent.
    revenue_30d_sats: Sat | None
        What we earned in the last 30 days. May be absent.
    spent_sats: Sat
        What was spent in the last day. Default: 0.

Returns a decision with `reasons` and the fields of `trimtab.types.Budget`:

    base_sats: Sat
        The budget of a healthy node.
    cap_sats: Sat
        Our budget.
    granted_sats: Sat | None
        What the proposal may spend.
    left_sats: Sat
        What is left of it.
    multiplier: Multiplier
        The multiplier in force.

Reasons: multiplier_clamped, budget_left, budget_cut, budget_exhausted.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.backoff",
        method: c"rebalance_backoff",
        text: cr##"rebalance_backoff($self, record=None, /, *, fails=..., last_failure=None, now=...)
--

Whether a channel whose rebalance failed may be tried again.

Takes one record, `trimtab.types.BackoffInput`, or its fields by name:

    fails: Count
        How often it failed in a row. Required.
    last_failure: Seconds | None
        When it failed last; never when absent. May be absent.
    now: Seconds
        The time. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Pause`:

    ready: bool
        Whether it may be tried now.
    wait_s: Seconds
        How long until it may.

Reasons: backing_off, given_up, ready.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "rebalance.cooldown",
        method: c"rebalance_cooldown",
        text: cr##"rebalance_cooldown($self, record=None, /, *, last_success=None, now=...)
--

Whether a channel that was rebalanced has rested.

Takes one record, `trimtab.types.CooldownInput`, or its fields by name:

    last_success: Seconds | None
        When it last succeeded; never when absent. May be absent.
    now: Seconds
        The time. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Pause`:

    ready: bool
        Whether it may be tried now.
    wait_s: Seconds
        How long until it may.

Reasons: cooling_down, ready.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.build",
        method: c"gossip_build",
        text: cr##"gossip_build($self, record=None, /, *, at=..., body=..., kind=..., last_seq=0, reporter=...)
--

A message to the other members and the text to sign.

Takes one record, `trimtab.types.BuildInput`, or its fields by name:

    at: Seconds
        The time. Required.
    body: Plain
        The observations. Required.
    kind: Kind
        What the message is about. Required.
    last_seq: Serial
        The number of our last message; 0 when it is lost. Default: 0.
    reporter: NodeId
        Our public key. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Built`:

    digest: str
        sha256 of the text, the id of the message.
    message: Unsigned
        The message without its signature.
    text: str
        The text to sign with the node's `signmessage`.

Reasons: message_built.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.report",
        method: c"gossip_report",
        text: cr##"gossip_report($self, record=None, /, *, channels=..., config=None, counts=None, listed=None, members=[], now=..., profits=[], rebalancing=[], revenue_windows=[], version=None)
--

What a node tells the other members of itself, out of its own snapshot.

Takes one record, `trimtab.types.ReportInput`, or its fields by name:

    channels: list[Channel]
        Our channels, as `snapshot.cln` gives them. Required.
    config: str | None
        sha256 of our config. May be absent.
    counts: ReportedCounts | None
        What another program of this node counted; in place of what our books say. May be absent.
    listed: ListedTroubles | None
        Depleted and saturated channels as another program of this node lists them; in place of what our channels show. May be absent.
    members: list[NodeId]
        The other members: a channel with one of them is no channel with an external peer. Default: [].
    now: Seconds
        The present moment. Required.
    profits: list[ChannelProfit]
        The books of our channels, as `snapshot.cln` gives them; empty when they are unknown. Default: [].
    rebalancing: list[Activity]
        Where we are rebalancing. Default: [].
    revenue_windows: list[Msat]
        Our revenue of the last four weeks, oldest first. Default: [].
    version: str | None
        Our software. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Reports`:

    health_status: HealthStatus | None
        The health report; absent while the books are unknown.
    liquidity_state: LiquidityState
        The liquidity state.

Reasons: report_made, unannounced_withheld, report_shortened, counts_beyond_announced, forwards_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.accept",
        method: c"gossip_accept",
        text: cr##"gossip_accept($self, record=None, /, *, hops=0, members=..., message=..., now=..., state={})
--

Whether a message of a member is taken, and what is kept afterwards.

Takes one record, `trimtab.types.GossipAcceptInput`, or its fields by name:

    from: NodeId
        Who sent it; that need not be who made it. Required.
    hops: Count
        How often it was passed on before it came here. Default: 0.
    members: list[MemberStanding]
        The members of the fleet, without us. Required.
    message: Plain
        The message: its bytes as text, or the object they hold. Required.
    now: Seconds
        The time. Required.
    state: GossipState
        What was kept so far. Default: {}.

Returns a decision with `reasons` and the fields of `trimtab.types.Received`:

    digest: str | None
        sha256 of the signed text, the id of the message.
    kind: Kind | None
        What it is about, when it was accepted.
    outcome: GossipOutcome
        What became of it.
    relay: bool
        Whether to pass it on to the other members.
    reporter: NodeId | None
        Who made it, when it was accepted.
    state: GossipState
        What is kept now.

Reasons: signature_malformed, signature_high_s, signature_of_another, message_accepted, sender_not_connected, sender_exhausted, message_too_large, message_malformed, version_unknown, reporter_not_member, message_known, message_not_fresh, seq_not_rising, seq_ahead, reporter_limit, too_many_announcements.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.verify",
        method: c"gossip_verify",
        text: cr##"gossip_verify($self, record=None, /, *, pubkey=..., signature=..., text=...)
--

Whether a node's key signed a text.

Takes one record, `trimtab.types.SignatureInput`, or its fields by name:

    pubkey: NodeId
        The public key that should have signed, 66 hexadecimal digits. Required.
    signature: str
        The signature, as `signmessage` gives it in `zbase`. Required.
    text: str
        The text. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.SignatureVerdict`:

    valid: bool
        Whether the key signed the text.

Reasons: signature_valid, signature_malformed, signature_high_s, signature_of_another.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.legacy_text",
        method: c"gossip_legacy_text",
        text: cr##"gossip_legacy_text($self, record=None, /, *, kind=..., payload=...)
--

The text that the deployed plugin signs for a message.

Takes one record, `trimtab.types.LegacyTextInput`, or its fields by name:

    kind: LegacyKind
        What it is. Required.
    payload: Plain
        Its payload, with or without what is not signed. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.LegacyText`:

    text: str
        The text that is signed.

Reasons: legacy_text_built.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "gossip.legacy_verify",
        method: c"gossip_legacy_verify",
        text: cr##"gossip_legacy_verify($self, record=None, /, *, kind=..., last_timestamp=None, now=..., payload=...)
--

Whether a message of the deployed plugin may be taken, also for what the plugin does not check.

Takes one record, `trimtab.types.LegacyVerifyInput`, or its fields by name:

    kind: LegacyKind
        What it is. Required.
    last_timestamp: Seconds | None
        The time of the last message of this kind from this sender. May be absent.
    now: Seconds
        The time. Required.
    payload: Plain
        Its payload, the signature included. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.LegacyVerified`:

    text: str | None
        The text that is signed.
    valid: bool
        Whether it may be taken.

Reasons: signature_malformed, signature_high_s, signature_of_another, legacy_message_valid, legacy_no_key, legacy_bad_field, legacy_not_fresh, legacy_not_rising.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "splice.check",
        method: c"splice_check",
        text: cr##"splice_check($self, record=None, /, *, amount_sats=..., channel_id=None, hive_reachable=True, in_flight=..., now=..., others=[], ours=None, peer_id=..., peer_public_sats=None, strict=False, type=...)
--

Whether a splice keeps the fleet connected to the peer.

Takes one record, `trimtab.types.CheckInput`, or its fields by name:

    amount_sats: Sat
        How much. Required.
    channel_id: NodeId | None
        The channel of ours that would change; any with the peer when absent. May be absent.
    hive_reachable: bool
        Whether the other members could be asked at all. Default: True.
    in_flight: list[Sat]
        Our own exits from this peer that none of our channels shows as pending yet. May be absent.
    now: Seconds
        The time. Required.
    others: list[Other]
        What the other members hold; a book has its own. Default: [].
    ours: Ours | None
        What we hold; a book has its own. May be absent.
    peer_id: NodeId
        The peer. Required.
    peer_public_sats: Sat | None
        The public capacity of the peer; unknown when absent. A book has its own. May be absent.
    strict: bool
        Whether what could not be checked is refused. Default: False.
    type: SpliceType
        Which way it goes. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Checked`:

    can_proceed: bool
        Whether nothing refuses the splice. The advice is `safety`: with `coordinate` or `unchecked`, wait, although this is true.
    fleet_sats: Sat
        What the fleet holds with the peer.
    fleet_share: Real | None
        The fleet's share of the peer's capacity.
    gives_sats: Sat | None
        The most that one splice of ours can take out; absent where no balance is known.
    new_fleet_sats: Sat
        What the fleet will hold.
    new_share: Real | None
        The fleet's share afterwards.
    others_sats: Sat
        What the other members hold.
    ours_sats: Sat
        What we hold.
    peer_total_sats: Sat | None
        What the shares are shares of.
    safety: Safety
        The advice.

Reasons: not_in_normal_operation, hive_unreachable, peer_capacity_unknown, splice_in_adds, share_kept, others_cover, partial_kept, share_below_minimum, capacity_below_minimum, would_disconnect, beyond_own_balance, balance_unknown, capacity_absurd, capacity_above_public, capacity_estimated, stale_capacity, own_report_ignored, exits_in_flight.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "splice.headroom",
        method: c"splice_headroom",
        text: cr##"splice_headroom($self, record=None, /, *, channel_id=None, hive_reachable=True, in_flight=..., now=..., others=[], ours=None, peer_id=..., peer_public_sats=None)
--

The largest splice-out that keeps the fleet connected to the peer.

Takes one record, `trimtab.types.HeadroomInput`, or its fields by name:

    channel_id: NodeId | None
        The channel of ours that would change; any with the peer when absent. May be absent.
    hive_reachable: bool
        Whether the other members could be asked at all. Default: True.
    in_flight: list[Sat]
        Our own exits from this peer that none of our channels shows as pending yet. May be absent.
    now: Seconds
        The time. Required.
    others: list[Other]
        What the other members hold; a book has its own. Default: [].
    ours: Ours | None
        What we hold; a book has its own. May be absent.
    peer_id: NodeId
        The peer. Required.
    peer_public_sats: Sat | None
        The public capacity of the peer; unknown when absent. A book has its own. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Headroom`:

    fleet_sats: Sat
        What the fleet holds with the peer.
    gives_sats: Sat | None
        The most that one splice of ours can take out; absent where no balance is known.
    headroom_sats: Sat | None
        The largest amount that is safe; none when nothing is.
    others_sats: Sat
        What the other members hold.
    ours_sats: Sat
        What we hold.

Reasons: not_in_normal_operation, hive_unreachable, peer_capacity_unknown, share_kept, others_cover, partial_kept, share_below_minimum, capacity_below_minimum, would_disconnect, balance_unknown, capacity_absurd, capacity_above_public, capacity_estimated, stale_capacity, own_report_ignored, exits_in_flight.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "fleet.advise",
        method: c"fleet_advise",
        text: cr##"fleet_advise($self, record=None, /, *, budget={"reserved_sats": 0, "spent_sats": 0}, exits=..., fee_steps=[], first=None, health=None, members=[], now=..., operator=[], snapshot=...)
--

What is worth doing on a node now, ranked: rebalances, fees, splices, channels; and what stands against the rest.

Takes one record, `trimtab.types.NodeAdviceInput`, or its fields by name:

    budget: SpentBudget
        What is spent and reserved of our budget. Default: {"reserved_sats": 0, "spent_sats": 0}.
    exits: list[ExitInFlight]
        The splice-outs of ours that no channel shows as pending yet. May be absent.
    fee_steps: list[FeeStepTaken]
        The steps of fees that were taken for the fleet and are in force. Default: [].
    first: Count | None
        Only so many entries of each list; all when absent. May be absent.
    health: NodeObservation | None
        The input of `health.assess`; the one of the snapshot when absent. May be absent.
    members: list[Member]
        What each member reported last; our own report is skipped. Default: [].
    now: Seconds
        The present moment. Required.
    operator: list[OperatorDecision]
        What the operator decided. Default: [].
    snapshot: Snapshot
        What `snapshot.cln` answered. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.NodeAdvice`:

    avoid: list[NodeId]
        Peers that other members use for rebalancing now, for a path around them.
    budget: Budget
        What may be spent on rebalancing.
    fees: list[FeeAdvice]
        Steps of our fees that help other members.
    health: Assessed | None
        Our health; absent when it is unknown.
    left_out: NotAdvised
        What the node lists and the advice cannot use.
    movable_in_sats: Sat | None
        What all channels that count and are not offline can receive now, as far as the node says; absent where it says it of none.
    movable_out_sats: Sat | None
        What all channels that count and are not offline can send now, as far as the node says; absent where it says it of none.
    needs: list[ChannelNeed]
        Our depleted and saturated channels, beside what really leaves through them.
    new_channels: list[NewChannelAdvice]
        External peers to which a new channel of ours would help, the best first.
    rebalances: list[MoveAdvice]
        Every depleted channel with the advice on filling it, the best first.
    refusals: list[RefusalCount]
        Why depleted channels are not filled: how often each reason decided.
    report: Member
        What the other members may know of us, our health included.
    splices: list[SpliceAdvice]
        How much may leave towards each external peer, the most first.
    splices_unchecked: Count
        For how many external peers no splice-out can be called safe, because their public capacity is unknown.
    tier: Tier | None
        The tier by which we are judged.

Reasons: rebalance_pays, no_rebalance_pays, set_by_operator, operator_subject_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "policy",
        operation: "fleet.explain",
        method: c"fleet_explain",
        text: cr##"fleet_explain($self, record=None, /, *, asked=..., first=None, subject=...)
--

Why nothing is rebalanced at a channel or peer: every source and destination that was tried, with what would change it.

Takes one record, `trimtab.types.NodeExplainInput`, or its fields by name:

    asked: NodeAdviceInput
        The same question that `fleet.advise` answers. Required.
    first: Count | None
        Only so many entries of each list of pairs; ten when absent. May be absent.
    subject: NodeId
        A channel by its channel_id or short_channel_id, or a peer by its node id. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.NodeExplained`:

    channels: list[ChannelExplained]
        Each channel that the subject names, by id.
    splices: list[SpliceAdvice]
        How much may leave towards each peer among them.

Reasons: rebalance_pays, no_rebalance_pays, set_by_operator, operator_subject_unknown.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_member",
        method: c"set_member",
        text: cr##"set_member($self, record=None, /, *, banned=..., connected=..., member_id=..., public_capacity_sats=None, public_channels=None)
--

Adds a member, or replaces what we know of it; its reports stay unless it is banned.

Takes one record, `trimtab.types.FleetMember`, or its fields by name:

    banned: bool
        Whether the fleet shut it out; then it is no member, and nothing of it is kept. May be absent.
    connected: bool
        Whether it is connected to us. May be absent.
    member_id: NodeId
        Its public key. Required.
    public_capacity_sats: Sat | None
        Its public capacity, which its reports are held against. May be absent.
    public_channels: Count | None
        How many public channels it has. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_report",
        method: c"set_report",
        text: cr##"set_report($self, record=None, /, *, answers=..., at=..., capacities=..., depleted=..., health_at=None, implausible=..., member_id=..., node_capacity_sats=None, node_channels=None, rebalancing=..., saturated=..., score=None, splices=..., tier=None)
--

Takes a member's report as it is, in place of its last one.

Takes one record, `trimtab.types.Member`, or its fields by name:

    answers: list[PeerAnswer]
        What it answered when it was asked about a peer, signed. May be absent.
    at: Seconds
        When it reported its liquidity; 0 when never. Required.
    capacities: list[PeerCapacity]
        What it holds towards each external peer. May be absent.
    depleted: list[Trouble]
        Its channels with little on its own side. May be absent.
    health_at: Seconds | None
        When it reported its health; absent when never. May be absent.
    implausible: bool
        Whether its reports contradict what we see; then nothing of it counts. May be absent.
    member_id: NodeId
        Its node id. Required.
    node_capacity_sats: Sat | None
        The capacity of the whole node, where it reported none towards single peers. May be absent.
    node_channels: Count | None
        How many channels the whole node has. May be absent.
    rebalancing: list[Activity]
        Where it is rebalancing. May be absent.
    saturated: list[Trouble]
        Its channels with nearly all on its own side. May be absent.
    score: Points | None
        The score that we derived from its health report. May be absent.
    splices: list[AnnouncedSplice]
        The splices it announced. May be absent.
    tier: Tier | None
        The tier, where the score is not known. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_channel",
        method: c"set_channel",
        text: cr##"set_channel($self, record=None, /, *, age_days=None, announced=None, capacity_sats=..., channel_id=..., closed_to_forwards=..., connected=None, fee_base_msat=None, fee_ppm=None, flow=None, inactive=..., last_hop=None, local_sats=..., peer_id=..., pending_capacity_sats=None, phase=None, private=..., receivable_sats=None, recent_flow=None, reserve_sats=None, route_cost_ppm=None, short_channel_id=None, spendable_sats=None, splicing=..., usable=True)
--

Adds a channel of ours, or replaces it.

Takes one record, `trimtab.types.Channel`, or its fields by name:

    age_days: Count | None
        How old it is, in whole days; absent when unknown. May be absent.
    announced: bool | None
        Whether the graph shows it; absent where no graph is known. May be absent.
    capacity_sats: Sat
        Its capacity; while a splice waits, that of the outcome that leaves us the least. Required.
    channel_id: NodeId
        Its id. Required.
    closed_to_forwards: bool
        Whether its operator lets no forward out through it. May be absent.
    connected: bool | None
        Whether the peer is there and the channel is in step with it; absent where nobody says. May be absent.
    fee_base_msat: Msat | None
        Our fee for each forward out through it. May be absent.
    fee_ppm: Ppm | None
        Our fee rate on it. May be absent.
    flow: ChannelFlow | None
        What others sent through it in 60 days; absent when unknown. May be absent.
    inactive: bool
        Whether the graph shows both of its directions disabled, as when the peer is away. Others count no capacity there meanwhile. May be absent.
    last_hop: HopFee | None
        What the peer takes for the last hop into it. May be absent.
    local_sats: Sat
        The part on our side; while a splice waits, of the outcome that leaves us the least. Required.
    peer_id: NodeId
        The node at the other end. Required.
    pending_capacity_sats: Sat | None
        The smallest capacity that a splice in flight may leave. May be absent.
    phase: Phase | None
        Where it is in its life; absent: as `usable` says. May be absent.
    private: bool
        Whether it is not to be announced. May be absent.
    receivable_sats: Sat | None
        What can be received now; absent where the node does not say. May be absent.
    recent_flow: RecentFlow | None
        What others sent through it within `rebalance.flow_window_days`; absent when unknown. May be absent.
    reserve_sats: Sat | None
        What has to stay on our side. May be absent.
    route_cost_ppm: Ppm | None
        What our own rebalances into it cost: their weighted median; absent when unknown. May be absent.
    short_channel_id: NodeId | None
        Its place in the chain, such as `124x1x0`. May be absent.
    spendable_sats: Sat | None
        What can be sent now; absent where the node does not say. It does not depend on the connection. May be absent.
    splicing: bool
        Whether a splice is in flight. May be absent.
    usable: bool
        Whether it is in normal operation; `phase` says more. Default: True.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_peer",
        method: c"set_peer",
        text: cr##"set_peer($self, record=None, /, *, peer_id=..., public_capacity_sats=None)
--

Adds an external peer, or replaces what the graph shows of it.

Takes one record, `trimtab.types.FleetPeer`, or its fields by name:

    peer_id: NodeId
        The peer. Required.
    public_capacity_sats: Sat | None
        Its public capacity; absent when unknown. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_source",
        method: c"set_source",
        text: cr##"set_source($self, record=None, /, *, age_days=None, capacity_sats=..., channel_id=..., connected=True, fails=0, fee_ppm=..., flow=None, local_sats=None, peer_id=None, phase=None, spendable_sats=..., uptime_pct=None)
--

Adds a channel that may give in a rebalance, or replaces it.

Takes one record, `trimtab.types.SourceChannel`, or its fields by name:

    age_days: Count | None
        How old it is, in days; old when absent. May be absent.
    capacity_sats: Sat
        Its capacity. Required.
    channel_id: NodeId
        Its id. Required.
    connected: bool
        Whether its peer is online. Default: True.
    fails: Count
        How often it failed in a row. Default: 0.
    fee_ppm: Ppm
        What we charge there. Required.
    flow: Flow | None
        What moved through it. May be absent.
    local_sats: Sat | None
        The part on our side; what it can send when absent. May be absent.
    peer_id: NodeId | None
        The peer at the other end. May be absent.
    phase: Phase | None
        Where it is in its life; usable when absent. May be absent.
    spendable_sats: Sat
        What it can send now. Required.
    uptime_pct: Real | None
        For what percentage of the last day its peer was online. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "set_us",
        method: c"set_us",
        text: cr##"set_us($self, record=None, /, *, rebalancing=None, tier=None)
--

Changes our own tier and announced rebalances; what is absent stays.

Takes one record, `trimtab.types.SetUs`, or its fields by name:

    rebalancing: list[Activity] | None
        Where we are rebalancing. May be absent.
    tier: Tier | None
        The tier of our last accepted health report. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "remove",
        method: c"remove",
        text: cr##"remove($self, record=None, /, *, channel_id=None, member_id=None, peer_id=None, source_id=None)
--

Forgets a member, a channel, a peer or a source.

Takes one record, `trimtab.types.RemoveFromFleet`, or its fields by name:

    channel_id: NodeId | None
        A channel of ours. May be absent.
    member_id: NodeId | None
        A member, with all that it said. May be absent.
    peer_id: NodeId | None
        What the graph shows of a peer. May be absent.
    source_id: NodeId | None
        A channel that might give in a rebalance. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "take",
        method: c"take",
        text: cr##"take($self, record=None, /, *, hops=0, message=..., now=...)
--

Takes or refuses a message as `gossip.accept` does; what it says becomes its member's report.

Takes one record, `trimtab.types.TakeMessage`, or its fields by name:

    from: NodeId
        Who sent it; that need not be who made it. Required.
    hops: Count
        How often it was passed on before it came here. Default: 0.
    message: Plain
        The message: its bytes as text, or the object they hold. Required.
    now: Seconds
        The time. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.MessageOutcome`:

    digest: str | None
        sha256 of the signed text, the id of the message.
    kind: Kind | None
        What it is about, when it was accepted.
    outcome: GossipOutcome
        What became of it.
    relay: bool
        Whether to pass it on to the other members.
    reporter: NodeId | None
        Who made it, when it was accepted.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "needs",
        method: c"needs",
        text: cr##"needs($self, record=None, /, *, first=None, now=...)
--

What other members need at external peers, as `liquidity.needs`.

Takes one record, `trimtab.types.AskFirst`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Needs`:

    fleet_needs: list[Need]
        Worst tier first, then severity, then where we can help most.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "excess",
        method: c"excess",
        text: cr##"excess($self, record=None, /, *, first=None, now=...)
--

Where other members hold too much on their own side, as `liquidity.excess`.

Takes one record, `trimtab.types.AskFirst`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Excesses`:

    fleet_excess: list[Excess]
        The largest amount first.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "state",
        method: c"state",
        text: cr##"state($self, record=None, /, *, now=...)
--

How the fleet and we do, as `liquidity.state`.

Takes one record, `trimtab.types.AskNow`, or its fields by name:

    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetState`:

    balanced_channels: Count
        Our channels that are neither depleted nor saturated.
    common_bottleneck_peers: list[NodeId]
        External peers at which several members are in trouble, most members first.
    depleted_channels: Count
        Our depleted channels.
    members_rebalancing: Count
        Members that rebalance now, we included.
    members_with_depleted_channels: Count
        Other members with a depleted channel.
    members_with_excess_outbound: Count
        Other members with a saturated channel.
    saturated_channels: Count
        Our saturated channels.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "competition",
        method: c"competition",
        text: cr##"competition($self, record=None, /, *, first=None, now=...)
--

External peers that several members serve, as `liquidity.competition`.

Takes one record, `trimtab.types.AskFirst`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Competition`:

    contested: list[Contested]
        Most members first.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "relevance",
        method: c"relevance",
        text: cr##"relevance($self, record=None, /, *, peer_id=...)
--

How much our channels to a peer let us help there, as `liquidity.relevance`.

Takes one record, `trimtab.types.AskPeer`, or its fields by name:

    peer_id: NodeId
        The peer. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Relevance`:

    our_relevance: Share
        0 where we have no channel, 1 with a large and balanced one.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "health",
        method: c"health",
        text: cr##"health($self, record=None, /, *, first=None, now=...)
--

The health of the fleet, as `health.fleet`.

Takes one record, `trimtab.types.AskFirst`, or its fields by name:

    first: Count | None
        Only so many entries of the answer; all when absent. May be absent.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetHealth`:

    fleet_health: Points
        The average score, floored; 50 for an empty fleet.
    member_count: Count
        Members that count.
    members: list[MemberHealth]
        The members, by id.
    stable_count: Count
        Stable members that count.
    struggling_count: Count
        Struggling members that count.
    thriving_count: Count
        Thriving members that count.
    vulnerable_count: Count
        Vulnerable members that count.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "verify",
        method: c"verify",
        text: cr##"verify($self, record=None, /, *, member_id=..., now=...)
--

What the last health report of a member is worth against what we see of it, as `health.verify`.

Takes one record, `trimtab.types.AskMember`, or its fields by name:

    member_id: NodeId
        The member. Required.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.ReportVerdict`:

    liquidity_score: Points
        How balanced its channels are, from its sums.
    score: Points
        The score that follows from its counts.
    tier: Tier
        The tier of the score.
    verdict: Verdict
        What the report is worth.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "conflict",
        method: c"conflict",
        text: cr##"conflict($self, record=None, /, *, now=..., target_peer=...)
--

Whether another member rebalances through a peer, as `rebalance.conflict`.

Takes one record, `trimtab.types.AskConflict`, or its fields by name:

    now: Seconds
        The present moment. Required.
    target_peer: NodeId
        The peer through which we would rebalance. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Conflict`:

    action: ConflictAction
        What to do.
    avoid: list[NodeId]
        Peers that other members use now, for a path around them.
    conflict: bool
        Whether another member is using the peer.
    priority_over: NodeId | None
        The member before which we go.
    until: Seconds | None
        When to ask again.
    yield_to: NodeId | None
        The member that goes before us.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "fees",
        method: c"fees",
        text: cr##"fees($self, record=None, /, *, base_ppm=None, ceiling_ppm=None, fee_in_force_ppm=None, floor_ppm=None, last_step=None, now=..., peer_id=...)
--

Whether our fee towards a peer moves a step for another member, as `fees.adjust`.

Takes one record, `trimtab.types.AskFee`, or its fields by name:

    base_ppm: Ppm | None
        The fee we intend without the fleet; where it is absent, `last_step` may tell it. May be absent.
    ceiling_ppm: Ppm | None
        No higher than this; the config's when absent. May be absent.
    fee_in_force_ppm: Ppm | None
        The fee that is set now. May be absent.
    floor_ppm: Ppm | None
        No lower than this; the config's when absent. May be absent.
    last_step: FeeStep | None
        The last step that we made here: while its fee is in force, its base is what we intend. May be absent.
    now: Seconds
        The present moment. Required.
    peer_id: NodeId
        The peer towards which the fee is. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Adjusted`:

    fee_ppm: Ppm | None
        The fee; absent where nobody knows what we intend without the fleet. Then `step` tells which way it should be from there.
    for_tier: Tier | None
        The tier of the member it helps; absent when none.
    step: Step
        Which way it moved.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "evaluate",
        method: c"evaluate",
        text: cr##"evaluate($self, record=None, /, *, amount_sats=None, attempt_cost_sats=0, budget_left_sats=None, demand={}, destination=..., failures=0, fixed_msat=0, health_age_s=None, inbound_ppm=..., p_success=None, sources=[], successes=0, tier=None)
--

What a rebalance out of the sources of the book is worth, as `rebalance.evaluate`.

Takes one record, `trimtab.types.EvaluateInput`, or its fields by name:

    amount_sats: Sat | None
        How much to move; sized from the destination when absent. May be absent.
    attempt_cost_sats: Sat
        What a failed attempt costs. Default: 0.
    budget_left_sats: Sat | None
        What is left of our budget after what is spent and reserved; unlimited when absent. May be absent.
    demand: Demand
        How much the channels of our node sell. Default: {}.
    destination: Destination
        The channel that should be filled. Required.
    failures: Count
        How often a rebalance to it failed. Default: 0.
    fixed_msat: Msat
        What the route costs besides its rate. Default: 0.
    health_age_s: Seconds | None
        How old our tier is; beyond the configured age it counts as unknown. May be absent.
    inbound_ppm: Ppm
        What the route is expected to cost. Required.
    p_success: Share | None
        How likely it succeeds; from successes and failures when absent. May be absent.
    sources: list[SourceChannel]
        The channels that may give; a book has its own. Default: [].
    successes: Count
        How often a rebalance to it succeeded. Default: 0.
    tier: Tier | None
        Our own tier; unknown when absent. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Evaluated`:

    accepted: bool
        Whether it should be done.
    amount_sats: Sat | None
        How much to move, when it is accepted.
    flips: Flips | None
        Which values would change the answer.
    max_fee_ppm: Ppm | None
        The most to pay for the route, when it is accepted.
    model: Model
        The model that valued it.
    multiplier: Multiplier
        The multiplier in force.
    source: NodeId | None
        From where to move, when it is accepted.
    terms: Terms | None
        Every term of the value, as far as it was computed.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "splice",
        method: c"splice",
        text: cr##"splice($self, record=None, /, *, amount_sats=..., channel_id=None, hive_reachable=True, in_flight=..., now=..., others=[], ours=None, peer_id=..., peer_public_sats=None, strict=False, type=...)
--

Whether a splice keeps the fleet connected to the peer, as `splice.check`.

Takes one record, `trimtab.types.CheckInput`, or its fields by name:

    amount_sats: Sat
        How much. Required.
    channel_id: NodeId | None
        The channel of ours that would change; any with the peer when absent. May be absent.
    hive_reachable: bool
        Whether the other members could be asked at all. Default: True.
    in_flight: list[Sat]
        Our own exits from this peer that none of our channels shows as pending yet. May be absent.
    now: Seconds
        The time. Required.
    others: list[Other]
        What the other members hold; a book has its own. Default: [].
    ours: Ours | None
        What we hold; a book has its own. May be absent.
    peer_id: NodeId
        The peer. Required.
    peer_public_sats: Sat | None
        The public capacity of the peer; unknown when absent. A book has its own. May be absent.
    strict: bool
        Whether what could not be checked is refused. Default: False.
    type: SpliceType
        Which way it goes. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.Checked`:

    can_proceed: bool
        Whether nothing refuses the splice. The advice is `safety`: with `coordinate` or `unchecked`, wait, although this is true.
    fleet_sats: Sat
        What the fleet holds with the peer.
    fleet_share: Real | None
        The fleet's share of the peer's capacity.
    gives_sats: Sat | None
        The most that one splice of ours can take out; absent where no balance is known.
    new_fleet_sats: Sat
        What the fleet will hold.
    new_share: Real | None
        The fleet's share afterwards.
    others_sats: Sat
        What the other members hold.
    ours_sats: Sat
        What we hold.
    peer_total_sats: Sat | None
        What the shares are shares of.
    safety: Safety
        The advice.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "headroom",
        method: c"headroom",
        text: cr##"headroom($self, record=None, /, *, channel_id=None, hive_reachable=True, in_flight=..., now=..., others=[], ours=None, peer_id=..., peer_public_sats=None)
--

The largest splice-out that keeps the fleet connected to the peer, as `splice.headroom`.

Takes one record, `trimtab.types.HeadroomInput`, or its fields by name:

    channel_id: NodeId | None
        The channel of ours that would change; any with the peer when absent. May be absent.
    hive_reachable: bool
        Whether the other members could be asked at all. Default: True.
    in_flight: list[Sat]
        Our own exits from this peer that none of our channels shows as pending yet. May be absent.
    now: Seconds
        The time. Required.
    others: list[Other]
        What the other members hold; a book has its own. Default: [].
    ours: Ours | None
        What we hold; a book has its own. May be absent.
    peer_id: NodeId
        The peer. Required.
    peer_public_sats: Sat | None
        The public capacity of the peer; unknown when absent. A book has its own. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Headroom`:

    fleet_sats: Sat
        What the fleet holds with the peer.
    gives_sats: Sat | None
        The most that one splice of ours can take out; absent where no balance is known.
    headroom_sats: Sat | None
        The largest amount that is safe; none when nothing is.
    others_sats: Sat
        What the other members hold.
    ours_sats: Sat
        What we hold.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "advise",
        method: c"advise",
        text: cr##"advise($self, record=None, /, *, candidates=None, now=...)
--

Which external peers a new channel would help most, as `topology.advise`.

Takes one record, `trimtab.types.AskAdvice`, or its fields by name:

    candidates: list[NodeId] | None
        The peers to compare; all that were set when absent. May be absent.
    now: Seconds
        The present moment. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.TopologyAdvice`:

    advice: list[PeerAdvice]
        The best first.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "snapshot",
        method: c"snapshot",
        text: cr##"snapshot($self, record=None, /)
--

Everything the book knows.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.FleetSnapshot`:

    gossip: GossipState
        What is kept of the messages of members.
    members: list[FleetMember]
        The members, without us.
    peers: list[FleetPeer]
        External peers.
    reports: list[Member]
        What each member reported last, as the stateless operations take it.
    sources: list[SourceChannel]
        The channels that may give in a rebalance.
    us: Us
        We ourselves.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "opening",
        method: c"opening",
        text: cr##"opening($self, record=None, /)
--

What opens the same book again: its profile, config and state as they are now.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookOpening`:

    config: Config
        The config in force.
    profile: Profile
        The profile it was made from.
    state: FleetSnapshot
        Everything the book knows.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "restore",
        method: c"restore",
        text: cr##"restore($self, record=None, /, *, state=...)
--

Goes back to a snapshot.

Takes one record, `trimtab.types.RestoreFleet`, or its fields by name:

    state: FleetSnapshot
        A snapshot. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.FleetBookSize`:

    changed: bool
        Whether the call changed anything.
    channels: Count
        Our channels.
    peers: Count
        Peers as the graph shows them.
    reports: Count
        Members with a report, if only that of their silence.
    sources: Count
        Channels that may give in a rebalance.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "fleet_book",
        operation: "digest",
        method: c"digest",
        text: cr##"digest($self, record=None, /)
--

sha256 of the canonical snapshot.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.BookDigest`:

    digest: str
        sha256 of the canonical snapshot.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "set_account",
        method: c"set_account",
        text: cr##"set_account($self, record=None, /, *, account_id=..., deltas=..., peer_reserves=..., pending_frame=..., pending_settlement=..., requests=..., status=..., submitted=..., workspace=None)
--

Adds an account, or replaces it.

Takes one record, `trimtab.types.Account`, or its fields by name:

    account_id: EntityId
        The id of the peer. Required.
    deltas: list[Delta]
        Its tokens, each once. May be absent.
    peer_reserves: dict[str, TokenAmount]
        The reserve of the peer, where it is known. May be absent.
    pending_frame: bool
        Whether a frame waits for the peer's signature. May be absent.
    pending_settlement: bool
        Whether a step of a settlement is queued or under way. May be absent.
    requests: list[Request]
        Its open requests, one per token. May be absent.
    status: AccountStatus
        Whether it takes part. May be absent.
    submitted: dict[str, Millis]
        When a deposit of a token was put into a batch. May be absent.
    workspace: Workspace | None
        A settlement under way. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "load",
        method: c"load",
        text: cr##"load($self, record=None, /, *, account_id=..., collateral=[], left_credit_limit=[], left_hold=[], offdelta=[], ondelta=[], right_credit_limit=[], right_hold=[], token_id=...)
--

Adds many accounts at once from columns: the first fill.

Takes one record, `trimtab.types.AccountColumns`, or its fields by name:

    account_id: list[EntityId]
        The peer of each row; the rows of one account stand together. Required.
    collateral: list[TokenAmount]
        The collateral of each row. Default: [].
    left_credit_limit: list[TokenAmount]
        LEFT's credit limit of each row. Default: [].
    left_hold: list[TokenAmount]
        LEFT's hold of each row. Default: [].
    offdelta: list[SignedTokenAmount]
        The unsettled balance of each row. Default: [].
    ondelta: list[SignedTokenAmount]
        The settled balance of each row. Default: [].
    right_credit_limit: list[TokenAmount]
        RIGHT's credit limit of each row. Default: [].
    right_hold: list[TokenAmount]
        RIGHT's hold of each row. Default: [].
    token_id: list[TokenId]
        The token of each row. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "remove",
        method: c"remove",
        text: cr##"remove($self, record=None, /, *, account_id=...)
--

Removes an account.

Takes one record, `trimtab.types.RemoveAccount`, or its fields by name:

    account_id: EntityId
        The peer. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "set_hub",
        method: c"set_hub",
        text: cr##"set_hub($self, record=None, /, *, broadcast_in_input=None, config=None, draft=None, is_hub=None, memory=None, now=None, open_debts=None, recovery=None, replenish_answers=None, reserves=None, sent=None, submit_clock=None, tokens=None)
--

Changes reserves, batches, debts, memory or config; what is absent stays.

Takes one record, `trimtab.types.SetHub`, or its fields by name:

    broadcast_in_input: bool | None
        Whether somebody else broadcasts in this input. May be absent.
    config: ConfigOverrides | None
        Fields of the config to change. May be absent.
    draft: Batch | None
        The batch being filled. May be absent.
    is_hub: bool | None
        Whether this entity is a hub at all. May be absent.
    memory: HubMemory | None
        What the last plan wanted to be remembered. May be absent.
    now: Millis | None
        The time of the entity. May be absent.
    open_debts: dict[str, TokenAmount] | None
        What the hub owes on chain per token. May be absent.
    recovery: list[Batch] | None
        Batches that wait for their next try. May be absent.
    replenish_answers: list[ReplenishAnswer] | None
        Answers of replenishment sources. May be absent.
    reserves: dict[str, TokenAmount] | None
        The reserves per token. May be absent.
    sent: SentBatch | None
        The batch that was sent; null for none. May be absent.
    submit_clock: Millis | None
        The clock that the age of a sent batch is measured on; null for `now`. May be absent.
    tokens: dict[str, Token] | None
        Tokens besides those of the config. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "plan",
        method: c"plan",
        text: cr##"plan($self, record=None, /, *, now=None)
--

The plan of a tick; the same as `hub.plan` on the snapshot.

Takes one record, `trimtab.types.PlanAt`, or its fields by name:

    now: Millis | None
        The time of the entity; absent for the time of the book. May be absent.

Returns a decision with `reasons` and the fields of `trimtab.types.Plan`:

    actions: list[Action]
        What to do, in this order.
    memory: HubMemory
        What to remember until the next tick.
    next_wake: Millis | None
        When to plan again if nothing else happens; absent when nothing is left to do.
    outcomes: list[Outcome]
        What became of requests and settlements: all that were acted on, the first deferred ones.
    reserves: list[ReserveAccount]
        What the tick did with each reserve.
    turned: list[RefusedRequests]
        How many requests besides those in `outcomes` were turned down, and why.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "apply",
        method: c"apply",
        text: cr##"apply($self, record=None, /, *, plan=...)
--

Changes the book as the runtime changes its state when it accepts a plan.

Takes one record, `trimtab.types.ApplyPlan`, or its fields by name:

    plan: Plan
        The plan, as `plan` gave it. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "snapshot",
        method: c"snapshot",
        text: cr##"snapshot($self, record=None, /)
--

Everything the book knows.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.HubState`:

    accounts: list[Account]
        The accounts, each peer once.
    broadcast_in_input: bool
        Whether somebody else broadcasts in this input.
    draft: Batch
        The batch being filled.
    hub_id: EntityId
        The hub.
    is_hub: bool
        Whether this entity is a hub at all; one that is not plans nothing.
    memory: HubMemory
        What the last plan wanted to be remembered.
    now: Millis
        The time of the entity.
    open_debts: dict[str, TokenAmount]
        What the hub owes on chain per token; it is swept before any reserve is spent.
    recovery: list[Batch]
        Batches that were taken back and wait for their next try.
    replenish_answers: list[ReplenishAnswer]
        Answers of replenishment sources since the last tick.
    reserves: dict[str, TokenAmount]
        The reserves per token.
    sent: SentBatch | None
        The batch that was sent and has not settled.
    submit_clock: Millis | None
        The clock that the age of a sent batch is measured on; absent for `now`.
    tokens: dict[str, Token]
        Tokens besides those of the config.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "opening",
        method: c"opening",
        text: cr##"opening($self, record=None, /)
--

What opens the same book again: its profile, config and state as they are now.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.HubBookOpening`:

    config: Config
        The config in force.
    profile: Profile
        The profile it was made from.
    state: HubState
        Everything the book knows.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "restore",
        method: c"restore",
        text: cr##"restore($self, record=None, /, *, state=...)
--

Goes back to a snapshot.

Takes one record, `trimtab.types.RestoreBook`, or its fields by name:

    state: HubState
        A snapshot. Required.

Returns a decision with `reasons` and the fields of `trimtab.types.HubBookSize`:

    accounts: Count
        Their number.
    changed: bool
        Whether the call changed anything.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
    Help {
        kind: "hub_book",
        operation: "digest",
        method: c"digest",
        text: cr##"digest($self, record=None, /)
--

sha256 of the canonical snapshot.

Takes nothing.


Returns a decision with `reasons` and the fields of `trimtab.types.BookDigest`:

    digest: str
        sha256 of the canonical snapshot.

Raises `trimtab.InputError` where the input is bad, with a code (malformed, missing_field, unknown_field, out_of_range, duplicate, overflow, too_large, unknown_operation, incompatible_version), and
`trimtab.InternalError` where trimtab itself is."##,
    },
];
