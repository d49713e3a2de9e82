"""Every type that crosses the surface: what is given and what is decided.

Written by `trimtab-pack generate` from core's description; edit that.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union



class _AccountRequired(TypedDict):
    """One account of the hub."""

    account_id: EntityId
    """The id of the peer."""


class Account(_AccountRequired, total=False):
    """One account of the hub."""

    deltas: list[Delta]
    """Its tokens, each once."""
    peer_reserves: dict[str, TokenAmount]
    """The reserve of the peer, where it is known."""
    pending_frame: bool
    """Whether a frame waits for the peer's signature."""
    pending_settlement: bool
    """Whether a step of a settlement is queued or under way."""
    requests: list[Request]
    """Its open requests, one per token."""
    status: AccountStatus
    """Whether it takes part."""
    submitted: dict[str, Millis]
    """When a deposit of a token was put into a batch."""
    workspace: Workspace | None
    """A settlement under way."""

AccountStatus = Literal["active", "dispute_preparing", "disputed"]
"""Whether an account takes part."""

Action = dict[str, Any]
"""One step of a plan."""


class Activity(TypedDict):
    """A rebalance that somebody announced."""

    at: Seconds
    """When it was announced."""
    expected_end: Seconds
    """When it should be over."""
    peer_id: NodeId
    """The peer through which it goes."""


class Alias(TypedDict, total=False):
    """The names of a channel without a public place in the chain."""

    local: NodeId | None
    """The name under which our node forwards."""


class _AssessInputRequired(TypedDict):
    """What a node can observe about itself."""

    profitable: Count
    """Channels that earn."""
    stagnant: Count
    """Channels that lose and stand still."""
    trend: TrendSource
    """Where revenue is going, as a word or as `{"windows": […]}`, oldest first."""
    underwater: Count
    """Channels that lose."""


class AssessInput(_AssessInputRequired, total=False):
    """What a node can observe about itself."""

    channels: list[LocalShare] | None
    """The node's channels; instead of a liquidity score."""
    liquidity_score: Score | None
    """How balanced the channels are, 0 to 100; instead of the channels."""
    total: Count | None
    """All channels; the sum of the three when absent."""


class _AssessedRequired(TypedDict):
    """A node's health in one record."""

    budget_multiplier: Multiplier
    """Multiplier of the node's own budget and threshold."""
    can_help_others: bool
    """Whether the node is in the best tier."""
    capacity_score: Points
    """Share of channels that do not lose, in whole points (a column of the deployed plugin)."""
    components: Components
    """The points that each component gives."""
    connectivity_score: Points
    """The liquidity score in whole points (a column of the deployed plugin)."""
    liquidity_score: Score
    """How balanced the channels are."""
    needs_help: bool
    """Whether the node is in one of the two worst tiers."""
    needs_inbound: bool
    """Whether most of the balance is on our side; false when the channels are not known."""
    needs_outbound: bool
    """Whether most of the balance is on the peers' side; false when the channels are not known."""
    profitable: Count
    """Channels that earn."""
    profitable_pct: Share
    """Share of channels that earn."""
    revenue_score: Points
    """Share of channels that earn, in whole points (a column of the deployed plugin)."""
    score: Points
    """The score."""
    stagnant: Count
    """Channels that lose and stand still."""
    tier: Tier
    """The tier of the score."""
    total: Count
    """All channels."""
    trend: Trend
    """Where revenue is going."""
    underwater: Count
    """Channels that lose."""
    underwater_pct: Share
    """Share of channels that lose."""


class Assessed(_AssessedRequired, total=False):
    """A node's health in one record."""

    tier_above: TierAbove | None
    """The tier above; absent in the best."""
    tier_below: TierBelow | None
    """The tier below; absent in the worst."""


class Batch(TypedDict, total=False):
    """On-chain operations that go out together."""

    c2r: list[WithdrawalEntry]
    """Collateral to reserve."""
    e2r: list[TransferEntry]
    """From an address outside into the hub's reserve."""
    id: str | None
    """The id of the batch, where it has one: a batch that is listed twice counts once."""
    other_operations: Count
    """How many operations of other kinds it holds."""
    r2c: list[DepositEntry]
    """Reserve to collateral."""
    r2e: list[TransferEntry]
    """The hub's reserve to an address outside; settles last."""
    r2r: list[TransferEntry]
    """The hub's reserve to another entity's; settles before `c2r`."""
    settlements: list[SettlementEntry]
    """Settlements."""

Bps = int
"""A share in ten-thousandths."""


class _ChannelRequired(TypedDict):
    """One channel of ours."""

    capacity_sats: Sat
    """Its whole capacity, as confirmed."""
    channel_id: NodeId
    """Its id."""
    local_sats: Sat
    """The part on our side, as confirmed."""
    peer_id: NodeId
    """The node at the other end."""


class Channel(_ChannelRequired, total=False):
    """One channel of ours."""

    fee_ppm: Ppm | None
    """Our fee rate on it."""
    pending_capacity_sats: Sat | None
    """The smallest capacity that a splice in flight may leave."""
    private: bool
    """Whether the graph does not know it."""
    short_channel_id: NodeId | None
    """Its place in the chain, such as `124x1x0`."""
    splicing: bool
    """Whether a splice is in flight: it counts with its confirmed balance."""
    usable: bool
    """Whether it is in normal operation."""


class ChannelProfit(TypedDict):
    """The books of a channel and what they say."""

    books: ProfitInput
    """The input of `health.profit`."""
    profit: Profit
    """What it decided."""


class Claim(TypedDict):
    """What one hub owes another."""

    amount: TokenAmount
    """How much."""
    creditor: EntityId
    """Who is owed."""
    debtor: EntityId
    """Who owes."""
    token_id: TokenId
    """The token."""


_ClassifiedRequired = TypedDict(
    "_ClassifiedRequired",
    {
        "amount_sats": "Sat",
        "class": "LiquidityClass",
    },
)


_ClassifiedOptional = TypedDict(
    "_ClassifiedOptional",
    {
        "local_pct": Union["Share", None],
        "need_type": Union["NeedType", None],
        "severity": Union["Severity", None],
    }, total=False,
)


class Classified(_ClassifiedRequired, _ClassifiedOptional):
    """How full a channel is and what it needs."""


class _ClassifyInputRequired(TypedDict):
    """The channel to judge; a channel of a snapshot as it is, or its two amounts alone."""

    capacity_sats: Sat
    """Its whole capacity, as confirmed."""
    local_sats: Sat
    """The part on our side, as confirmed."""


class ClassifyInput(_ClassifyInputRequired, total=False):
    """The channel to judge; a channel of a snapshot as it is, or its two amounts alone."""

    channel_id: NodeId | None
    """Its id; only named in the reasons."""
    fee_ppm: Ppm | None
    """Our fee rate on it; changes nothing."""
    peer_id: NodeId | None
    """The node at the other end; changes nothing."""
    pending_capacity_sats: Sat | None
    """The smallest capacity that a splice in flight may leave; changes nothing."""
    private: bool
    """Whether the graph does not know it; changes nothing."""
    short_channel_id: NodeId | None
    """Its place in the chain; changes nothing."""
    splicing: bool
    """Whether a splice is in flight."""
    usable: bool
    """Whether it is in normal operation."""


class _ClnInputRequired(TypedDict):
    """The raw answers of a Core Lightning node."""

    getinfo: GetInfo
    """The answer of `getinfo`."""
    listpeerchannels: ListPeerChannels
    """The answer of `listpeerchannels`."""
    now: Seconds
    """The moment of the answers."""


class ClnInput(_ClnInputRequired, total=False):
    """The raw answers of a Core Lightning node."""

    bkpr_listincome: ListIncome | None
    """The answer of `bkpr-listincome`; absent when the node keeps no books."""
    listchannels: ListChannels | None
    """The answer of `listchannels`."""
    listforwards: ListForwards | None
    """The answer of `listforwards`."""

Code = Literal["below_vulnerable", "below_stable", "below_thriving", "thriving", "liquidity_spread", "no_channels", "revenue_rising", "revenue_falling", "revenue_steady", "insufficient_history", "trend_by_word", "channel_profitable", "channel_breaks_even", "channel_underwater", "channel_stagnant", "cost_unknown", "ev_below_threshold", "channel_depleted", "channel_saturated", "channel_balanced", "empty_channel", "splice_in_flight", "not_in_normal_operation", "snapshot_taken", "forwards_unknown", "graph_unknown", "matched", "spenders_left_over", "receiver_matched_in_part", "receiver_unmatched", "nothing_to_match", "claims_netted", "nothing_to_net", "not_a_hub", "plan_made", "sent_batch_stale", "sent_batch_pending", "draft_overcommitted", "account_not_active", "fee_state_malformed", "refund_in_progress", "in_batch", "submitted_pending", "policy_mismatch", "request_without_delta", "waiting_resolution", "prepaid_fee_too_low", "cool_down", "request_cap_reached", "window_used_up", "tick_cap_reached", "reserve_short", "below_min_deposit", "deposit_limit_reached", "batch_full", "memory_full", "claim_above_hard_limit", "retried_after_stale_mark", "deposit_granted", "share_shrunk", "settlement_executed", "share_pulled_back", "nothing_to_explain", "reserve_sufficient", "reserve_below_min", "reserve_at_floor", "replenish_in_flight", "replenish_waits", "replenish_failed", "replenish_without_source", "replenish_answer_refused", "config_coherent", "setting_without_effect", "tiers_share_multiplier"]
"""The stable codes. Removing or renaming one is a breaking change."""


class Components(TypedDict):
    """The points that each component gives."""

    liquidity: Real
    """Up to 20 for balanced channels."""
    profitable: Real
    """Up to 40 for channels that earn."""
    trend: Real
    """10, 5 or 0 for the trend."""
    underwater: Real
    """Up to 30 for channels that do not lose."""


class Config(TypedDict):
    """Everything an operator may set."""

    health: HealthConfig
    """Health scores, tiers and budget multipliers."""
    hub: HubConfig
    """A hub: who is served, from what, and when."""
    liquidity: LiquidityConfig
    """Depleted and saturated channels, needs, relevance."""

ConfigOverrides = dict[str, Any]
"""some fields of Config"""

Count = int
"""A number of things."""


class Cycles(TypedDict):
    """The claims of every token, by token."""

    tokens: list[TokenCycles]
    """One entry per token with a claim."""


class CyclesInput(TypedDict, total=False):
    """The claims between several hubs; each debtor, creditor and token together once."""

    claims: list[Claim]
    """The claims."""

Decimals = int
"""How many decimal places a token has."""


class _DeltaRequired(TypedDict):
    """The stored state of one token in an account. Absent amounts are zero."""

    token_id: TokenId
    """The token."""


class Delta(_DeltaRequired, total=False):
    """The stored state of one token in an account. Absent amounts are zero."""

    collateral: TokenAmount
    """What lies in escrow for both sides together."""
    left_allowance: TokenAmount
    """What LEFT keeps out of its capacity."""
    left_credit_limit: TokenAmount
    """How much LEFT may owe RIGHT unsecured."""
    left_hold: TokenAmount
    """What LEFT has promised to payments and settlements under way."""
    offdelta: SignedTokenAmount
    """The unsettled part of the balance, seen from LEFT."""
    ondelta: SignedTokenAmount
    """The settled part of the balance, seen from LEFT."""
    right_allowance: TokenAmount
    """What RIGHT keeps out of its capacity."""
    right_credit_limit: TokenAmount
    """How much RIGHT may owe LEFT unsecured."""
    right_hold: TokenAmount
    """What RIGHT has promised to payments and settlements under way."""


class _DepositEntryRequired(TypedDict):
    """Reserve to collateral: one entry per depositing side and token."""

    token_id: TokenId
    """The token."""


class DepositEntry(_DepositEntryRequired, total=False):
    """Reserve to collateral: one entry per depositing side and token."""

    pairs: list[DepositPair]
    """The accounts."""
    receiving_entity: EntityId | None
    """The depositing side; absent for the hub."""


class DepositPair(TypedDict):
    """One account of a deposit entry."""

    account_id: EntityId
    """The peer."""
    amount: TokenAmount
    """How much."""


class DescribeInput(TypedDict, total=False):
    """Which part to describe; everything when empty."""

    operation: str | None
    """Only this operation."""

Description = dict[str, Any]

Effect = Literal["allow", "adjust", "defer", "refuse", "warn", "unchecked"]
"""What a reason does to the outcome."""

EntityId = str


class _ErrorRequired(TypedDict):
    """Why an input was refused."""

    code: ErrorCode
    """What kind of mistake it is."""
    expected: str
    """What is allowed there."""
    field: str
    """Path of the field, such as `channels[3].local_pct`; empty for the input as a whole."""
    got: str
    """What was found there."""


class Error(_ErrorRequired, total=False):
    """Why an input was refused."""

    offset: int | None
    """Byte offset of the mistake, when the input came as bytes."""

ErrorCode = Literal["malformed", "missing_field", "unknown_field", "out_of_range", "duplicate", "overflow", "too_large", "unknown_operation", "incompatible_version", "internal"]
"""The stable names of what can be wrong with an input."""


class _ExplainInputRequired(TypedDict):
    """Which reasons to put into words, and for whom."""

    reasons: list[Reason]
    """The reasons of a decision, as it carries them."""


class ExplainInput(_ExplainInputRequired, total=False):
    """Which reasons to put into words, and for whom."""

    view: View
    """`operator` sees every number; `peer` sees codes and effects only."""


class Explained(TypedDict):
    """Reasons in words."""

    reasons: list[Reason]
    """The reasons as this reader may see them."""
    sentences: list[str]
    """One sentence per reason."""

FeeBasis = Literal["want", "request"]
"""Which amount the proportional fee is taken of."""


class FeeState(TypedDict, total=False):
    """What was agreed when a request was made."""

    fee_paid_upfront: TokenAmount
    """What was paid in advance."""
    fee_token_id: TokenId | None
    """The token the fee was paid in; absent for the token of the request."""
    policy_version: Serial
    """The version of the fee terms it was paid under."""
    refund: Refund | None
    """A refund under way."""
    request_id: str | None
    """The id of the request."""
    requested_at: Millis
    """When the request was committed."""
    requested_by_left: bool | None
    """Whether LEFT asked; absent where it is the peer of the hub."""


class Flip(TypedDict):
    """The legal value nearest to the present one with which this reason no longer applies."""

    field: str
    """The field of the input."""
    to: Quantity
    """The value it would have to have."""


class _ForwardRequired(TypedDict):
    """One forward."""

    in_channel: NodeId
    """The channel it came through."""
    status: str
    """What became of it, such as `settled`."""


class Forward(_ForwardRequired, total=False):
    """One forward."""

    fee_msat: NodeMsat | None
    """What it earned, if it was settled."""
    out_channel: NodeId | None
    """The channel it left through, if it did."""
    received_time: Real | None
    """When it came."""
    resolved_time: Real | None
    """When it was over."""

Funding = Literal["match_first", "reserve_first", "sweep"]
"""How much is pulled back from peers that hold what is the hub's."""


class _GetInfoRequired(TypedDict):
    """The answer of `getinfo`."""

    id: NodeId
    """The node's id."""


class GetInfo(_GetInfoRequired, total=False):
    """The answer of `getinfo`."""

    alias: str | None
    """The name the node gives itself."""


class GraphChannel(TypedDict):
    """One direction of a public channel."""

    amount_msat: NodeMsat
    """The capacity."""
    short_channel_id: NodeId
    """Its place in the chain."""
    source: NodeId
    """The node it leads away from."""


_HalfHourRequired = TypedDict(
    "_HalfHourRequired",
    {
        "amount": "TokenAmount",
        "from": "Millis",
        "to": "Millis",
    },
)


_HalfHourOptional = TypedDict(
    "_HalfHourOptional",
    {
    }, total=False,
)


class HalfHour(_HalfHourRequired, _HalfHourOptional):
    """What was served in a stretch of at least half an hour."""


class HealthConfig(TypedDict):
    """What an operator may set about health."""

    announced_slack: Count
    """A reporter may have this many more channels than it announces, whatever its size."""
    capacity_slack: Real
    """A reporter may claim this multiple of its public capacity."""
    idle_after_s: Seconds
    """Without activity for this long, a losing channel is stagnant."""
    loss_below: Real
    """A channel whose return is below this loses."""
    max_jump: Points
    """A score that moves by more than this between two reports is worth a warning."""
    max_multiplier: Multiplier
    """No multiplier is larger."""
    max_report_age_s: Seconds
    """A report older than this is listed, not averaged."""
    min_multiplier: Multiplier
    """No multiplier is smaller."""
    needs_inbound_above: Share
    """Above this share of its capacity on its own side, a node needs inbound liquidity."""
    needs_outbound_below: Share
    """Below this share of its capacity on its own side, a node needs outbound liquidity."""
    profit_above: Real
    """A channel whose return is above this is profitable."""
    spread: Spread
    """How far the worst spread lowers the liquidity score."""
    sum_order: SumOrder
    """In which order floats are added."""

HubAmount = Union[str, int]
"""tokens such as "500" or "0.1", raw units such as "1 unit", or "unlimited" """


class _HubConfigRequired(TypedDict):
    """What an operator may set about a hub. Amounts are in whole tokens unless they say otherwise."""

    base_fee: HubAmount
    """The fixed part of the fee."""
    batch_operations: Count
    """Most operations of a batch."""
    batch_pairs: Count
    """Most accounts of all deposit entries of a batch."""
    batch_pairs_per_entry: Count
    """Most accounts of one deposit entry of a batch."""
    batch_settlements: Count
    """Most settlements of a batch."""
    broadcast_leftovers: bool
    """Whether a batch that is non-empty without this plan is broadcast."""
    cool_down_ms: Millis
    """How long an account waits for its next deposit of a token, in milliseconds."""
    failures_per_source: Count
    """After so many failures the next source is asked."""
    fee_basis: FeeBasis
    """Which amount the proportional part is taken of."""
    fee_bps: Bps
    """The proportional part of the fee, in ten-thousandths."""
    floor: HubAmount
    """Requests never bring the reserve below this."""
    funding: Funding
    """How much is pulled back."""
    hard_limit: HubAmount
    """A claim above this is reported as severe."""
    hysteresis_bps: Bps
    """How far above the soft limit a sweep begins, in ten-thousandths."""
    keep_buffer: HubAmount
    """What the hub leaves of its own share when it pulls back."""
    max_deposits: Count
    """Most deposits of a tick."""
    max_executes: Count
    """Most executed settlements of a tick."""
    max_proposals: Count
    """Most proposals of a tick."""
    max_retry_ms: Millis
    """The longest wait between two tries, in milliseconds."""
    min_deposit: HubAmount
    """No deposit or withdrawal is smaller."""
    min_reserve: HubAmount
    """Below this an episode of replenishment opens."""
    monitor_ms: Millis
    """The time between two looks at the reserves, in milliseconds."""
    per_account_window: HubAmount
    """No account is given more of one token in an hour."""
    per_request_cap: HubAmount
    """No single deposit is larger."""
    per_tick_cap: HubAmount
    """No tick deposits more of one token."""
    policy_version: Serial
    """The version of the published fee terms; 0 counts as 1."""
    proactive: bool
    """Whether a peer is served without a request once its claim is above the soft limit."""
    pull_unsecured: bool
    """Whether unsecured debt is pulled back by a settlement, besides the hub's own collateral."""
    recheck_version_on_retry: bool
    """Whether a request that is tried again after a stale mark must still have this version."""
    replenish_timeout_ms: Millis
    """A replenishment without an answer is given up after this, in milliseconds."""
    require_prepaid_fee: bool
    """Whether a request must have paid its fee."""
    retry_ms: Millis
    """The wait after the first failed replenishment, in milliseconds; it doubles each time."""
    runtime_events: bool
    """Whether outcomes carry the runtime's own event codes."""
    sent_stale_ms: Millis
    """A sent batch older than this is aborted, in milliseconds."""
    soft_limit: HubAmount
    """A claim or share above this is worth acting on unasked."""
    sources: list[Source]
    """Where reserves are replenished from, in this order."""
    strategy: Strategy
    """Who is served first."""
    submitted_stale_ms: Millis
    """A mark of a submitted request is ignored from this age on, in milliseconds."""
    target_reserve: HubAmount
    """At this an episode of replenishment closes."""
    tick_ms: Millis
    """The time between two ticks, in milliseconds."""
    token_sources: dict[str, list[Source]]
    """The sources of single tokens, instead of `sources`."""
    tokens: dict[str, Token]
    """The tokens that the runtime knows; the state may name more."""


class HubConfig(_HubConfigRequired, total=False):
    """What an operator may set about a hub. Amounts are in whole tokens unless they say otherwise."""

    max_wait_ms: Millis | None
    """Requests older than this are served first; null for never."""


class HubExplainInput(TypedDict):
    """Which request to explain, in which state."""

    account_id: EntityId
    """The peer."""
    state: HubState
    """The state, as `hub.plan` would get it."""
    token_id: TokenId
    """The token."""


class HubExplained(TypedDict):
    """What the plan does with one account and token."""

    outcomes: list[Outcome]
    """What becomes of it: the request first, then settlements. Empty when nothing is asked."""


class HubMemory(TypedDict, total=False):
    """What a hub remembers. Absent is empty."""

    served: dict[str, dict[str, Served]]
    """What was served in the last hour, per account and token."""
    tokens: dict[str, TokenMemory]
    """The replenishment of each token."""


class _HubStateRequired(TypedDict):
    """Everything a hub policy reads."""

    hub_id: EntityId
    """The hub."""
    now: Millis
    """The time of the entity."""


class HubState(_HubStateRequired, total=False):
    """Everything a hub policy reads."""

    accounts: list[Account]
    """The accounts, each peer once."""
    broadcast_in_input: bool
    """Whether somebody else broadcasts in this input."""
    draft: Batch
    """The batch being filled."""
    is_hub: bool
    """Whether this entity is a hub at all; one that is not plans nothing."""
    memory: HubMemory
    """What the last plan wanted to be remembered."""
    open_debts: dict[str, TokenAmount]
    """What the hub owes on chain per token; it is swept before any reserve is spent."""
    recovery: list[Batch]
    """Batches that were taken back and wait for their next try."""
    replenish_answers: list[ReplenishAnswer]
    """Answers of replenishment sources since the last tick."""
    reserves: dict[str, TokenAmount]
    """The reserves per token."""
    sent: SentBatch | None
    """The batch that was sent and has not settled."""
    submit_clock: Millis | None
    """The clock that the age of a sent batch is measured on; absent for `now`."""
    tokens: dict[str, Token]
    """Tokens besides those of the config."""


class InFlight(TypedDict):
    """A replenishment that was asked for."""

    amount: TokenAmount
    """How much was asked for."""
    at: Millis
    """When."""
    id: str
    """Its id, the same for every try of an episode."""
    reserve: TokenAmount
    """The reserve at that moment: a rise above it is an answer too."""


class _IncomeEventRequired(TypedDict):
    """One event in the node's books."""

    account: str
    """The channel it belongs to, or a wallet."""
    tag: str
    """What it was for."""
    timestamp: Seconds
    """When it was."""


class IncomeEvent(_IncomeEventRequired, total=False):
    """One event in the node's books."""

    debit_msat: NodeMsat
    """What it cost."""


class Inflight(TypedDict):
    """A funding transaction that is not final yet."""

    total_funding_msat: NodeMsat
    """The capacity it would leave."""


class LintInput(TypedDict, total=False):
    """Which config to check; the one in force when empty."""

    config: ConfigOverrides | None
    """Fields to change, as they would be given to a policy."""
    profile: Profile | None
    """Start from this profile instead of the config in force."""


class Linted(TypedDict):
    """What the check found."""

    coherent: bool
    """Whether nothing is odd."""
    config: str
    """sha256 of the canonical config that was checked."""
    warnings: Count
    """How many oddities there are, one reason each."""

LiquidityClass = Literal["depleted", "saturated", "balanced", "unusable"]
"""How full a channel is."""


class LiquidityConfig(TypedDict):
    """What an operator may set about liquidity."""

    depleted_below: Share
    """A channel with less than this share on its own side is depleted."""
    full_relevance_sats: Sat
    """A channel of this size is fully relevant."""
    max_report_age_s: Seconds
    """Reports older than this list no need."""
    saturated_above: Share
    """A channel with more than this share on its own side is saturated."""
    severe_above: Share
    """Saturation above this share is of high severity."""
    severe_below: Share
    """Depletion below this share is of high severity."""


class LiquidityScoreInput(TypedDict):
    """The channels to judge."""

    channels: list[LocalShare]
    """The node's channels."""


class LiquidityScored(TypedDict):
    """How evenly the channels are filled."""

    liquidity_score: Points
    """The score."""


class ListChannels(TypedDict):
    """The answer of `listchannels`."""

    channels: list[GraphChannel]
    """Each public channel, once per direction."""


class ListForwards(TypedDict):
    """The answer of `listforwards`."""

    forwards: list[Forward]
    """The forwards, whatever became of them."""


class ListIncome(TypedDict):
    """The answer of `bkpr-listincome`."""

    income_events: list[IncomeEvent]
    """The events."""


class ListPeerChannels(TypedDict):
    """The answer of `listpeerchannels`."""

    channels: list[PeerChannel]
    """The channels."""


class LocalShare(TypedDict):
    """How full a channel is on our side."""

    local_pct: Share
    """Share of the capacity on our side."""


class Match(TypedDict):
    """One transfer."""

    amount: TokenAmount
    """How much."""
    receiver: EntityId
    """To whom."""
    spender: EntityId
    """From whom."""


class MatchInput(TypedDict, total=False):
    """Spenders and receivers of any number of tokens. A peer stands once per token, on one side."""

    receivers: list[Receiver]
    """Who waits."""
    spenders: list[Spender]
    """Who has something to take back."""
    strategy: Strategy | None
    """Who is served first; absent for the strategy of the config."""


class Matched(TypedDict):
    """The matches of every token, by token."""

    strategy: Strategy
    """The strategy that was used."""
    tokens: list[TokenMatches]
    """One entry per token with a spender or a receiver."""

Millis = int
"""A moment or duration in milliseconds."""

Msat = int
"""An amount in thousandths of a satoshi."""

Multiplier = float
"""A budget multiplier."""

NeedType = Literal["inbound", "outbound"]
"""What kind of liquidity is needed."""


class Netted(TypedDict):
    """What becomes of one claim."""

    amount: TokenAmount
    """What remains of it."""
    cleared: TokenAmount
    """What was taken out of it."""
    creditor: EntityId
    """Who is owed."""
    debtor: EntityId
    """Who owes."""

NodeId = str

NodeMsat = Union[int, str]
"""millisatoshis, as an integer or as "1000msat" """

OpKind = Literal["c2r", "r2c", "r2r", "forgive", "raw_diff"]
"""What one operation of a settlement does."""


class _OutcomeRequired(TypedDict):
    """What became of one request or settlement, and why."""

    account_id: EntityId
    """The peer."""
    outcome: OutcomeKind
    """What became of it."""
    reasons: list[Reason]
    """Why."""


class Outcome(_OutcomeRequired, total=False):
    """What became of one request or settlement, and why."""

    amount: TokenAmount | None
    """How much is moved."""
    event: str | None
    """The runtime's own code for it, where the config asks for that."""
    token_id: TokenId | None
    """The token; absent for a settlement of several."""
    want: TokenAmount | None
    """The smaller of request and claim."""

OutcomeKind = Literal["deposit", "deferred", "refused", "propose", "execute", "reject"]
"""What became of something."""


class Outflow(TypedDict):
    """What flowed out of a reserve in the last hour, in six ten-minute buckets."""

    amounts: list[TokenAmount]
    """The amounts, newest first."""
    bucket: Serial
    """The number of the newest bucket: the time divided by ten minutes."""


class _PeerCapacityRequired(TypedDict):
    """What a member holds towards a peer."""

    capacity_sats: Sat
    """The sum of its channels with the peer."""
    peer_id: NodeId
    """The peer."""


class PeerCapacity(_PeerCapacityRequired, total=False):
    """What a member holds towards a peer."""

    channels: Count | None
    """How many channels that is."""


class _PeerChannelRequired(TypedDict):
    """One channel of `listpeerchannels`."""

    channel_id: NodeId
    """Its id."""
    peer_id: NodeId
    """The node at the other end."""
    state: str
    """The state, such as `CHANNELD_NORMAL`."""
    to_us_msat: NodeMsat
    """The part on our side."""
    total_msat: NodeMsat
    """The whole capacity."""


class PeerChannel(_PeerChannelRequired, total=False):
    """One channel of `listpeerchannels`."""

    alias: Alias | None
    """Its names where it has no place in the chain that others know."""
    fee_proportional_millionths: Ppm | None
    """Our fee rate."""
    inflight: list[Inflight] | None
    """Funding transactions that are not final yet: splices."""
    private: bool | None
    """Whether the graph does not know it."""
    short_channel_id: NodeId | None
    """Its place in the chain."""


class _PlanRequired(TypedDict):
    """What a hub does in one tick."""

    actions: list[Action]
    """What to do, in this order."""


class Plan(_PlanRequired, total=False):
    """What a hub does in one tick."""

    memory: HubMemory
    """What to remember until the next tick."""
    next_wake: Millis | None
    """When to plan again if nothing else happens; absent when nothing is left to do."""
    outcomes: list[Outcome]
    """What became of requests and settlements: all that were acted on, the first deferred ones."""
    reserves: list[ReserveAccount]
    """What the tick did with each reserve."""
    turned: list[Turned]
    """How many requests besides those in `outcomes` were turned down, and why."""

Points = int
"""A whole score from 0 (worst) to 100 (best)."""

Ppm = int
"""A fee rate in parts per million."""

Profile = Literal["plan", "cl-hive", "xln"]
"""Whose constants and variants a policy starts from."""


_ProfitRequired = TypedDict(
    "_ProfitRequired",
    {
        "class": "ProfitClass",
    },
)


_ProfitOptional = TypedDict(
    "_ProfitOptional",
    {
        "roi": Union["Real", None],
    }, total=False,
)


class Profit(_ProfitRequired, _ProfitOptional):
    """How a channel does."""

ProfitClass = Literal["stagnant", "underwater", "break_even", "profitable"]
"""What a channel is worth to its node, worst first."""


class _ProfitInputRequired(TypedDict):
    """A channel's books over the last 30 days."""

    revenue_msat: Msat
    """Fees of settled forwards out through the channel."""


class ProfitInput(_ProfitInputRequired, total=False):
    """A channel's books over the last 30 days."""

    channel_id: NodeId | None
    """Which channel; only named in the reasons."""
    cost_msat: Msat | None
    """On-chain and rebalance fees; absent when the books could not be read."""
    idle_s: Seconds | None
    """Time since the last forward through the channel, or since it opened; absent when unknown."""


class Proof(TypedDict):
    """What anyone can check the matches by."""

    demand: TokenTotal
    """What the receivers want together."""
    operations: Count
    """Withdrawals and deposits that the matches need: one per spender pulled and per receiver
    served."""
    recoverable: TokenTotal
    """What the spenders hold together."""
    reserve_used: TokenTotal
    """What only the reserve can cover: `max(0, demand - recoverable)`."""
    sum_in: TokenTotal
    """What is taken from spenders."""
    sum_out: TokenTotal
    """What is given to receivers; equal to `sum_in`."""

Quantity = str
"""a decimal string, or a word of a closed set"""


class Quarantined(TypedDict):
    """An entry of a collection that was set aside because it is bad; the rest was decided."""

    error: Error
    """What is wrong with it."""
    subject: str
    """The id of the entry, or its place in the list."""

Real = float
"""A finite number."""


class _ReasonRequired(TypedDict):
    """One reason of a decision."""

    binding: bool
    """Whether this is the first refusal or deferral: the one that decides."""
    code: Code
    """Which rule spoke."""
    effect: Effect
    """What it does to the outcome."""


class Reason(_ReasonRequired, total=False):
    """One reason of a decision."""

    flip: Flip | None
    """What would have ended this reason."""
    limit: Quantity | None
    """What it was held against."""
    observed: Quantity | None
    """What was found."""
    subject: str | None
    """What the reason is about: a channel, peer, member or account."""
    unit: Unit | None
    """The unit of both."""


class _ReceiverRequired(TypedDict):
    """A peer that waits for collateral."""

    amount: TokenAmount
    """How much."""
    id: EntityId
    """The peer."""
    token_id: TokenId
    """The token."""


class Receiver(_ReceiverRequired, total=False):
    """A peer that waits for collateral."""

    fee: TokenAmount
    """What it paid; the strategy `fee` serves the highest first."""
    requested_at: Millis
    """Since when; the strategy `time` serves the oldest first."""


class Refund(TypedDict, total=False):
    """A refund of a prepaid fee that is under way: the request is frozen."""

    reason: RefundReason | None
    """Why."""
    refunded_amount: TokenAmount
    """How much was given back."""

RefundReason = Literal["policy_mismatch", "timeout", "fee_too_low", "manual"]
"""Why a refund was begun."""


class _ReplenishAnswerRequired(TypedDict):
    """An answer of a source that was asked to replenish a reserve."""

    id: str
    """The id of the request it answers."""
    outcome: ReplenishOutcome
    """What came of it."""
    token_id: TokenId
    """The token it is about."""


class ReplenishAnswer(_ReplenishAnswerRequired, total=False):
    """An answer of a source that was asked to replenish a reserve."""

    amount: TokenAmount | None
    """How much was sent, where the answer says so."""

ReplenishOutcome = Literal["done", "failed", "unknown"]
"""What came of a replenishment."""


class _RequestRequired(TypedDict):
    """An open request for collateral."""

    amount: TokenAmount
    """How much is asked for."""
    token_id: TokenId
    """The token."""


class Request(_RequestRequired, total=False):
    """An open request for collateral."""

    fee: FeeState | None
    """What was agreed; a request without it sets its account aside."""


class _ReserveAccountRequired(TypedDict):
    """What a tick did with one reserve."""

    debts: TokenAmount
    """What the hub owes on chain."""
    floor: TokenAmount
    """Requests never bring the reserve below this."""
    granted: TokenAmount
    """What this plan deposits."""
    inflow: TokenAmount
    """What the draft and this plan's settlements bring in before deposits."""
    open_proposals: TokenAmount
    """What unsigned settlements of ours will bring."""
    outflow: TokenAmount
    """What draft, sent and recovery batches spend."""
    pulled: TokenAmount
    """What this plan asks back."""
    reserve: TokenAmount
    """The reserve."""
    token_id: TokenId
    """The token."""
    unmet: TokenAmount
    """What eligible requests want and did not get."""
    usable: TokenAmount
    """What deposits could spend."""


class ReserveAccount(_ReserveAccountRequired, total=False):
    """What a tick did with one reserve."""

    watch: WatchedReserve | None
    """What the watch over the reserves found."""


class Rest(TypedDict):
    """What is left of one peer."""

    amount: TokenAmount
    """How much."""
    id: EntityId
    """The peer."""

Sat = int
"""An amount, balance or capacity in satoshis."""

Score = float
"""A score from 0 to 100 that need not be whole."""


class ScoreInput(TypedDict):
    """The shares of a node's channels and the state of its liquidity."""

    liquidity_score: Score
    """How balanced the channels are, 0 to 100."""
    profitable_pct: Share
    """Share of channels that earn."""
    trend: Trend
    """Where revenue is going."""
    underwater_pct: Share
    """Share of channels that lose."""


class Scored(TypedDict):
    """A health score with what follows from it."""

    budget_multiplier: Multiplier
    """Multiplier of the node's own budget and threshold."""
    score: Points
    """The score."""
    tier: Tier
    """The tier of the score."""

Seconds = int
"""A moment or duration in seconds."""


class _SentBatchRequired(TypedDict):
    """A batch that was sent and has not settled."""

    sent_at: Millis
    """When it was sent."""


class SentBatch(_SentBatchRequired, total=False):
    """A batch that was sent and has not settled."""

    batch: Batch
    """What is in it."""

Serial = int
"""A version or sequence number."""


class _ServedRequired(TypedDict):
    """What one account was given of one token in the last hour: two half-hour buckets. A bucket is
    forgotten an hour after its last deposit, so that no hour ever sees more than the window."""

    newer: HalfHour
    """The newer bucket."""


class Served(_ServedRequired, total=False):
    """What one account was given of one token in the last hour: two half-hour buckets. A bucket is
    forgotten an hour after its last deposit, so that no hour ever sees more than the window."""

    older: HalfHour | None
    """The older bucket."""


class _SettlementEntryRequired(TypedDict):
    """What a settlement changes in the hub's reserve."""

    account_id: EntityId
    """The peer."""
    token_id: TokenId
    """The token."""


class SettlementEntry(_SettlementEntryRequired, total=False):
    """What a settlement changes in the hub's reserve."""

    reserve_diff: SignedTokenAmount
    """Change of the hub's reserve."""


class _SettlementOpRequired(TypedDict):
    """One operation of a settlement."""

    token_id: TokenId
    """The token."""
    type: OpKind
    """What it does."""


class SettlementOp(_SettlementOpRequired, total=False):
    """One operation of a settlement."""

    amount: TokenAmount
    """How much, for `c2r`, `r2c` and `r2r`."""
    collateral_diff: SignedTokenAmount
    """Change of the collateral, for `raw_diff`."""
    left_diff: SignedTokenAmount
    """Change of LEFT's reserve, for `raw_diff`."""
    ondelta_diff: SignedTokenAmount
    """Change of the settled balance, for `raw_diff`."""
    right_diff: SignedTokenAmount
    """Change of RIGHT's reserve, for `raw_diff`."""

Severity = Literal["high", "medium"]
"""How badly something is needed, worst first."""

Share = float
"""A fraction of one."""

SignedTokenAmount = int
"""a decimal string in -2^255..=2^255-1"""


class _SnapshotRequired(TypedDict):
    """A node as the fleet policies read it."""

    at: Seconds
    """The moment of the answers."""
    capacity_sats: Sat
    """The capacity of all channels that count."""
    profits: list[ChannelProfit]
    """The books of every channel that counts; empty when the forwards are unknown."""
    public_capacities: list[PeerCapacity]
    """The public capacity of every node of the graph; empty when the graph is unknown."""
    revenue_windows: list[Msat]
    """Forwarding fees of the last four weeks, one week each, oldest first."""
    us: Us
    """The node itself, as other policies read it."""


class Snapshot(_SnapshotRequired, total=False):
    """A node as the fleet policies read it."""

    alias: str | None
    """The name the node gives itself."""
    assess: AssessInput | None
    """The input of `health.assess`; absent when the forwards are unknown."""

Source = Literal["faucet", "treasury", "withdraw"]
"""Where a reserve is replenished from. Configured, never taken from state or from a peer."""


class Spender(TypedDict):
    """A peer with something to take back."""

    amount: TokenAmount
    """How much."""
    id: EntityId
    """The peer."""
    token_id: TokenId
    """The token."""

Spread = Literal["half", "full"]
"""How far the worst spread of balances lowers the liquidity score."""

Strategy = Literal["amount", "time", "fee"]
"""Who is served first."""

SumOrder = Literal["ascending", "input"]
"""In which order floats are added: a sum of floats depends on it."""

Tier = Literal["struggling", "vulnerable", "stable", "thriving"]
"""How well a node does, worst first."""


class _TierAboveRequired(TypedDict):
    """The way up."""

    missing: Points
    """Whole points that are missing."""
    tier: Tier
    """The tier above."""


class TierAbove(_TierAboveRequired, total=False):
    """The way up."""

    profitable: Count | None
    """So many profitable channels of the same total would do; absent when no number would."""


class TierBelow(TypedDict):
    """The way down."""

    spare: Points
    """Whole points whose loss is enough to fall."""
    tier: Tier
    """The tier below."""


class Token(TypedDict):
    """What a hub knows about a token."""

    decimals: Decimals
    """Its decimal places."""

TokenAmount = int
"""a decimal string in 0..=2^256-1"""


class TokenCycles(TypedDict):
    """The claims of one token."""

    changed: Count
    """How many claims shrink."""
    claims: list[Netted]
    """Every claim, by debtor and creditor."""
    gross_after: TokenTotal
    """The sum of all claims after."""
    gross_before: TokenTotal
    """The sum of all claims before."""
    token_id: TokenId
    """The token."""

TokenId = int
"""A token of a hub."""


class TokenMatches(TypedDict):
    """The matches of one token."""

    matches: list[Match]
    """The transfers: equal amounts first, then the rest, each in the order of service."""
    proof: Proof
    """What anyone can check them by."""
    token_id: TokenId
    """The token."""
    unmatched_receivers: list[Rest]
    """What no spender covers, in the order of service."""
    unmatched_spenders: list[Rest]
    """What no receiver needs, largest holding first."""


class TokenMemory(TypedDict, total=False):
    """The replenishment of one token."""

    episode: Serial
    """The number of the present or last episode."""
    failures: Count
    """How many tries of this episode failed."""
    in_flight: InFlight | None
    """What was asked for and not answered."""
    next_at: Millis | None
    """Not before this."""
    outflow: Outflow
    """What flowed out in the last hour."""
    reserve: TokenAmount
    """The reserve at the last look."""
    retry_amount: TokenAmount | None
    """The amount of the next try, where one failed: a request is repeated as it was."""
    since: Millis | None
    """When the open episode began; absent when none is open."""

TokenTotal = int
"""a decimal string; a sum may exceed 2^256-1"""


class TransferEntry(TypedDict):
    """Reserve to somewhere else, or from there."""

    amount: TokenAmount
    """How much."""
    token_id: TokenId
    """The token."""

Trend = Literal["improving", "stable", "declining"]
"""Where revenue is going."""


class TrendInput(TypedDict):
    """Revenue of equal, adjoining stretches of time."""

    windows: list[Msat]
    """Revenue per window, oldest first."""

TrendSource = Union[Literal["improving", "stable", "declining"], dict[str, Any]]
"""Where the trend comes from. A word counts for ourselves only: of others we take numbers."""


class Trended(TypedDict):
    """Where revenue is going."""

    trend: Trend
    """The trend."""


class Turned(TypedDict):
    """How many requests of a token were turned down for the same reason."""

    code: Code
    """The reason that bound."""
    count: Count
    """How many."""
    token_id: TokenId
    """The token."""

Unit = Literal["sat", "msat", "ppm", "share", "score", "ms", "s", "token", "count"]
"""The unit of an observed value and its limit."""


class _UsRequired(TypedDict):
    """We ourselves: our own channels and what we announced."""

    node_id: NodeId
    """Our node id; a report under this id never counts as another member's."""


class Us(_UsRequired, total=False):
    """We ourselves: our own channels and what we announced."""

    channels: list[Channel]
    """Our channels."""
    rebalancing: list[Activity]
    """Where we are rebalancing."""
    tier: Tier | None
    """The tier of our last accepted health report; stable when absent."""

View = Literal["operator", "peer"]
"""Who reads a reason."""


class _WatchedRequired(TypedDict):
    """What the watch decides."""

    actions: list[Action]
    """Replenishments and alerts."""
    memory: HubMemory
    """What to remember until the next look."""
    reserves: list[WatchedReserve]
    """Each token that has a reserve."""


class Watched(_WatchedRequired, total=False):
    """What the watch decides."""

    next_wake: Millis | None
    """When to look again; absent when the config watches nothing."""


class _WatchedReserveRequired(TypedDict):
    """What the watch found for one token."""

    available: TokenAmount
    """What is left after debts and batches, with what is being replenished."""
    low: bool
    """Whether an episode is open."""
    token_id: TokenId
    """The token."""


class WatchedReserve(_WatchedReserveRequired, total=False):
    """What the watch found for one token."""

    time_to_empty_ms: Millis | None
    """At the outflow of the last hour the reserve is empty after so long; absent without outflow."""


class WithdrawalEntry(TypedDict):
    """Collateral to reserve."""

    account_id: EntityId
    """The peer."""
    amount: TokenAmount
    """How much."""
    token_id: TokenId
    """The token."""


class Workspace(TypedDict, total=False):
    """A settlement that the two sides negotiate."""

    executor_is_left: bool
    """Whether LEFT executes it."""
    last_modified_by_left: bool
    """Whether LEFT wrote the last version."""
    left_signed: bool
    """Whether LEFT signed."""
    ops: list[SettlementOp]
    """What it does."""
    right_signed: bool
    """Whether RIGHT signed."""
    status: WorkspaceStatus
    """How far it is."""

WorkspaceStatus = Literal["draft", "awaiting_counterparty", "ready_to_submit", "submitted"]
"""How far a settlement workspace is."""
