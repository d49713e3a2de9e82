"""Every type that crosses the surface: what is given and what is decided.

Written by `trimtab-pack generate` from core's description; edit that.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, Union



class AbortSentBatchAction(TypedDict):
    """The sent batch is too old: take it back."""

    requeue: bool
    """Whether its entries are kept for another try."""
    type: Literal["abort_sent_batch"]


class _AcceptInputRequired(TypedDict):
    """An expected value that wants to be accepted."""

    ev: RealSat
    """The expected value."""
    min_ev: RealSat
    """The least expected value of a healthy node."""


class AcceptInput(_AcceptInputRequired, total=False):
    """An expected value that wants to be accepted."""

    channel: NodeId | None
    """The channel that it is about."""
    health_age_s: Seconds | None
    """How old our tier is; beyond the configured age it counts as unknown."""
    tier: Tier | None
    """Our own tier; unknown when absent."""


class _AcceptedRequired(TypedDict):
    """Whether an expected value is accepted."""

    accepted: bool
    """Whether the expected value reaches the threshold."""
    multiplier: Multiplier
    """The multiplier in force."""
    threshold: RealSat
    """The least expected value that we accept."""


class Accepted(_AcceptedRequired, total=False):
    """Whether an expected value is accepted."""

    tier: Tier | None
    """The tier that the multiplier comes from."""


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


class AccountAdvice(TypedDict):
    """The advice for an account."""

    tokens: list[TokenAdvice]
    """One entry per token, by token."""


class _AccountColumnsRequired(TypedDict):
    """Accounts as columns, one row per account and token. A column that is absent is all zeros."""

    account_id: list[EntityId]
    """The peer of each row; the rows of one account stand together."""
    token_id: list[TokenId]
    """The token of each row."""


class AccountColumns(_AccountColumnsRequired, total=False):
    """Accounts as columns, one row per account and token. A column that is absent is all zeros."""

    collateral: list[TokenAmount]
    """The collateral of each row."""
    left_credit_limit: list[TokenAmount]
    """LEFT's credit limit of each row."""
    left_hold: list[TokenAmount]
    """LEFT's hold of each row."""
    offdelta: list[SignedTokenAmount]
    """The unsettled balance of each row."""
    ondelta: list[SignedTokenAmount]
    """The settled balance of each row."""
    right_credit_limit: list[TokenAmount]
    """RIGHT's credit limit of each row."""
    right_hold: list[TokenAmount]
    """RIGHT's hold of each row."""


class _AccountEventRequired(TypedDict):
    """One event of an account."""

    account: str
    """The channel, or a wallet."""
    tag: str
    """What it was for."""
    timestamp: Seconds
    """When it was."""


class AccountEvent(_AccountEventRequired, total=False):
    """One event of an account."""

    credit_msat: NodeMsat
    """What came in."""
    debit_msat: NodeMsat
    """What went out."""
    payment_id: str | None
    """The hash of the payment it belongs to."""

AccountStatus = Literal["active", "dispute_preparing", "disputed"]
"""Whether an account takes part."""

Action = Union["AbortSentBatchAction", "SettleRejectAction", "SettleProposeAction", "SettleExecuteAction", "DepositAction", "ReplenishAction", "AlertAction", "BroadcastAction"]
"""One step of a plan."""


class Activity(TypedDict):
    """A rebalance that somebody announced."""

    at: Seconds
    """When it was announced."""
    expected_end: Seconds
    """When it should be over."""
    peer_id: NodeId
    """The peer through which it goes."""


class _AdjustInputRequired(TypedDict):
    """The fee to adjust, and what the fleet needs."""

    needs: list[Need]
    """What the fleet needs, as `liquidity.needs` answers."""
    peer_id: NodeId
    """The peer towards which the fee is."""


class AdjustInput(_AdjustInputRequired, total=False):
    """The fee to adjust, and what the fleet needs."""

    base_ppm: Ppm | None
    """The fee we intend without the fleet; where it is absent, `last_step` may tell it."""
    ceiling_ppm: Ppm | None
    """No higher than this; the config's when absent."""
    fee_in_force_ppm: Ppm | None
    """The fee that is set now."""
    floor_ppm: Ppm | None
    """No lower than this; the config's when absent."""
    last_step: FeeStep | None
    """The last step that we made here: while its fee is in force, its base is what we intend."""
    our_id: NodeId | None
    """Our node id; our own needs change no fee of ours."""
    own: Balance | None
    """Our own usable channels with the peer together: when they are depleted, no fee is lowered."""


class _AdjustedRequired(TypedDict):
    """The fee to set."""

    step: Step
    """Which way it moved."""


class Adjusted(_AdjustedRequired, total=False):
    """The fee to set."""

    fee_ppm: Ppm | None
    """The fee; absent where nobody knows what we intend without the fleet. Then `step` tells which
    way it should be from there."""
    for_tier: Tier | None
    """The tier of the member it helps; absent when none."""


class _AdviceInputRequired(TypedDict):
    """An account as one of its entities sees it."""

    entity_id: EntityId
    """The entity that may ask."""
    peer_id: EntityId
    """Its counterparty."""


class AdviceInput(_AdviceInputRequired, total=False):
    """An account as one of its entities sees it."""

    is_hub: bool
    """Whether the entity is itself a hub; hubs do not ask."""
    now: Millis
    """The time of the entity. No rule reads it; it stands in the log of the decision."""
    pending_frame: bool
    """Whether a frame waits for a signature."""
    tokens: list[AdviceToken]
    """The tokens, each once."""
    workspace: bool
    """Whether a settlement is being negotiated."""


class _AdviceTokenRequired(TypedDict):
    """One token of the account."""

    delta: Delta
    """The stored state."""


class AdviceToken(_AdviceTokenRequired, total=False):
    """One token of the account."""

    open_request: TokenAmount
    """What an open or queued request asks for; zero where there is none."""
    policy: RequestPolicy | None
    """The wishes of this entity; absent where it has none."""
    terms: FeeTerms | None
    """The published terms of the counterparty; absent where it has none."""


class _AdviseInputRequired(TypedDict):
    """The peers to compare."""

    candidates: list[Candidate]
    """The peers to compare; members among them are passed over."""
    now: Seconds
    """The present moment."""
    us: Us
    """We ourselves."""


class AdviseInput(_AdviseInputRequired, total=False):
    """The peers to compare."""

    members: list[Member]
    """What each member reported last; our own report is skipped."""


class AdvisedRequest(TypedDict):
    """A request to make."""

    amount: TokenAmount
    """How much to ask for: all that is owed unsecured."""
    claim: TokenAmount
    """What is owed unsecured."""
    fee: TokenAmount
    """What to pay in advance, in the same token."""
    policy_version: Serial
    """The version of the terms it is paid under."""


class _AlertActionRequired(TypedDict):
    """Tell the operator what a person has to look at."""

    code: Code
    """What it is: a code of the registry. `reserve_at_floor` comes at every look while it
    holds, any other code once an episode."""
    type: Literal["alert"]


class AlertAction(_AlertActionRequired, total=False):
    """Tell the operator what a person has to look at."""

    account_id: EntityId | None
    """The peer, where it is about one."""
    floor: TokenAmount | None
    """The floor, of a reserve that is at it."""
    net: TokenAmount | None
    """What is left of that reserve after debts and batches."""
    token_id: TokenId | None
    """The token, where it is about one."""


class Alias(TypedDict, total=False):
    """The names of a channel without a public place in the chain."""

    local: NodeId | None
    """The name under which our node forwards."""


class Announced(TypedDict):
    """A splice-out that a member announced."""

    amount_sats: Sat
    """How much will leave."""
    expires: Seconds
    """Until when the announcement holds."""


class AnnouncedSplice(TypedDict):
    """A splice that a member announced."""

    amount_sats: Sat
    """How much."""
    expires: Seconds
    """Until when the announcement holds."""
    peer_id: NodeId
    """The peer at the other end."""
    splice_type: SpliceType
    """Which way it goes."""


class Announcement(TypedDict):
    """An announced splice that reserves."""

    at: Seconds
    """When it was made."""
    splice: SpliceCheck
    """What it says."""


class Answer(TypedDict):
    """A member's signed answer about the peer."""

    at: Seconds
    """When it was given."""
    capacity_sats: Sat
    """What the member holds with the peer."""


class Answered(TypedDict):
    """A signed answer about a peer."""

    answer: SpliceAnswer
    """What it says."""
    at: Seconds
    """When it was made."""


class ApplyPlan(TypedDict):
    """Which plan to apply."""

    plan: Plan
    """The plan, as `plan` gave it."""


class _AskAdviceRequired(TypedDict):
    """Peers that a new channel could go to."""

    now: Seconds
    """The present moment."""


class AskAdvice(_AskAdviceRequired, total=False):
    """Peers that a new channel could go to."""

    candidates: list[NodeId] | None
    """The peers to compare; all that were set when absent."""


class AskConflict(TypedDict):
    """A rebalance that might meet another member's."""

    now: Seconds
    """The present moment."""
    target_peer: NodeId
    """The peer through which we would rebalance."""


class _AskFeeRequired(TypedDict):
    """A fee that might help another member."""

    now: Seconds
    """The present moment."""
    peer_id: NodeId
    """The peer towards which the fee is."""


class AskFee(_AskFeeRequired, total=False):
    """A fee that might help another member."""

    base_ppm: Ppm | None
    """The fee we intend without the fleet; where it is absent, `last_step` may tell it."""
    ceiling_ppm: Ppm | None
    """No higher than this; the config's when absent."""
    fee_in_force_ppm: Ppm | None
    """The fee that is set now."""
    floor_ppm: Ppm | None
    """No lower than this; the config's when absent."""
    last_step: FeeStep | None
    """The last step that we made here: while its fee is in force, its base is what we intend."""


class _AskFirstRequired(TypedDict):
    """When something is asked, and how much of the answer is wanted."""

    now: Seconds
    """The present moment."""


class AskFirst(_AskFirstRequired, total=False):
    """When something is asked, and how much of the answer is wanted."""

    first: Count | None
    """Only so many entries of the answer; all when absent."""


class AskMember(TypedDict):
    """Which member is asked about."""

    member_id: NodeId
    """The member."""
    now: Seconds
    """The present moment."""


class AskNow(TypedDict):
    """When something is asked."""

    now: Seconds
    """The present moment."""


class AskPeer(TypedDict):
    """Which peer is asked about."""

    peer_id: NodeId
    """The peer."""


class Asked(TypedDict, total=False):
    """What the hub asks back from one account, and how often the account did not answer."""

    amounts: dict[str, TokenAmount]
    """What the open proposal asks back."""
    at: Millis | None
    """When the open proposal was made, or first seen where nobody knows when it was made; absent
    where none is open."""
    is_debt: bool
    """Whether it asks the peer to pay a debt, not to sign a withdrawal."""
    misses: Count
    """How many proposals in a row were withdrawn without an answer."""
    told: bool
    """Whether the operator was told that the settlement can be neither executed nor withdrawn."""
    until: Millis | None
    """Until then the account stands behind all others."""


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
    """The tier of the score, or the previous one where the score is too near to its bound."""
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
    """The tier below; absent in the worst, or where no score falls to it."""


class _BackoffInputRequired(TypedDict):
    """The failures of a channel."""

    fails: Count
    """How often it failed in a row."""
    now: Seconds
    """The time."""


class BackoffInput(_BackoffInputRequired, total=False):
    """The failures of a channel."""

    last_failure: Seconds | None
    """When it failed last; never when absent."""


class Balance(TypedDict):
    """The two amounts of a channel."""

    capacity_sats: Sat
    """The whole capacity."""
    local_sats: Sat
    """The part on our side."""

BasisPoints = int
"""A sum of ten-thousandths."""


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


class BookDigest(TypedDict):
    """The digest of a book."""

    digest: str
    """sha256 of the canonical snapshot."""

Bps = int
"""A share in ten-thousandths."""


class BroadcastAction(TypedDict):
    """Send the draft."""

    type: Literal["broadcast"]


class Bucket(TypedDict):
    """What a sender may still send."""

    at: Seconds
    """When it was counted."""
    left: Count
    """The points that were left, in sixtieths, so that a second refills a whole number."""


class _BudgetRequired(TypedDict):
    """What may still be spent."""

    base_sats: Sat
    """The budget of a healthy node."""
    cap_sats: Sat
    """Our budget."""
    left_sats: Sat
    """What is left of it."""
    multiplier: Multiplier
    """The multiplier in force."""


class Budget(_BudgetRequired, total=False):
    """What may still be spent."""

    granted_sats: Sat | None
    """What the proposal may spend."""


class BudgetInput(TypedDict, total=False):
    """Our budget and what is gone of it."""

    base_sats: Sat | None
    """The budget of a healthy node; from the revenue when absent."""
    multiplier: Multiplier
    """The multiplier of our tier; clamped to the configured bounds."""
    proposed_sats: Sat | None
    """What somebody wants to spend now."""
    reserved_sats: Sat
    """What running jobs may still spend."""
    revenue_24h_sats: Sat | None
    """What we earned in the last day; the deployed plugin knows no more."""
    revenue_30d_sats: Sat | None
    """What we earned in the last 30 days."""
    spent_sats: Sat
    """What was spent in the last day."""


class _BuildInputRequired(TypedDict):
    """What should be told to the other members."""

    at: Seconds
    """The time."""
    body: Plain
    """The observations."""
    kind: Kind
    """What the message is about."""
    reporter: NodeId
    """Our public key."""


class BuildInput(_BuildInputRequired, total=False):
    """What should be told to the other members."""

    last_seq: Serial
    """The number of our last message; 0 when it is lost."""


class Built(TypedDict):
    """A message that lacks only its signature."""

    digest: str
    """sha256 of the text, the id of the message."""
    message: Unsigned
    """The message without its signature."""
    text: str
    """The text to sign with the node's `signmessage`."""


class _CandidateRequired(TypedDict):
    """A peer that a new channel could go to."""

    peer_id: NodeId
    """The peer."""


class Candidate(_CandidateRequired, total=False):
    """A peer that a new channel could go to."""

    public_capacity_sats: Sat | None
    """Its public capacity; absent when unknown."""


class Capacity(TypedDict):
    """What a member holds with a peer."""

    capacity_sats: Sat
    """The sum of its channels with the peer."""
    peer: NodeId
    """The peer."""


class _ChannelRequired(TypedDict):
    """One channel of ours."""

    capacity_sats: Sat
    """Its capacity; while a splice waits, that of the outcome that leaves us the least."""
    channel_id: NodeId
    """Its id."""
    local_sats: Sat
    """The part on our side; while a splice waits, of the outcome that leaves us the least."""
    peer_id: NodeId
    """The node at the other end."""


class Channel(_ChannelRequired, total=False):
    """One channel of ours."""

    age_days: Count | None
    """How old it is, in whole days; absent when unknown."""
    announced: bool | None
    """Whether the graph shows it; absent where no graph is known."""
    closed_to_forwards: bool
    """Whether its operator lets no forward out through it."""
    connected: bool | None
    """Whether the peer is there and the channel is in step with it; absent where nobody says."""
    fee_base_msat: Msat | None
    """Our fee for each forward out through it."""
    fee_ppm: Ppm | None
    """Our fee rate on it."""
    flow: ChannelFlow | None
    """What others sent through it in 60 days; absent when unknown."""
    inactive: bool
    """Whether the graph shows both of its directions disabled, as when the peer is away. Others
    count no capacity there meanwhile."""
    last_hop: HopFee | None
    """What the peer takes for the last hop into it."""
    pending_capacity_sats: Sat | None
    """The smallest capacity that a splice in flight may leave."""
    phase: Phase | None
    """Where it is in its life; absent: as `usable` says."""
    private: bool
    """Whether it is not to be announced."""
    receivable_sats: Sat | None
    """What can be received now; absent where the node does not say."""
    recent_flow: RecentFlow | None
    """What others sent through it within `rebalance.flow_window_days`; absent when unknown."""
    reserve_sats: Sat | None
    """What has to stay on our side."""
    route_cost_ppm: Ppm | None
    """What our own rebalances into it cost: their weighted median; absent when unknown."""
    short_channel_id: NodeId | None
    """Its place in the chain, such as `124x1x0`."""
    spendable_sats: Sat | None
    """What can be sent now; absent where the node does not say. It does not depend on the
    connection."""
    splicing: bool
    """Whether a splice is in flight."""
    usable: bool
    """Whether it is in normal operation; `phase` says more."""

ChannelClass = Literal["profitable", "break_even", "underwater", "stagnant_candidate", "zombie"]
"""How a channel earned so far."""


_ChannelExplainedRequired = TypedDict(
    "_ChannelExplainedRequired",
    {
        "capacity_sats": "Sat",
        "channel_id": "NodeId",
        "class": "LiquidityClass",
        "into": "PairsExplained",
        "local_sats": "Sat",
        "out_of": "PairsExplained",
        "peer_id": "NodeId",
        "reasons": list["Reason"],
        "rebalance_decision": "RebalanceDecision",
    },
)


_ChannelExplainedOptional = TypedDict(
    "_ChannelExplainedOptional",
    {
        "advice": Union["MoveAdvice", None],
        "fee": Union["FeeAdvice", None],
        "fee_decision": Union["FeeDecision", None],
        "short_channel_id": Union["NodeId", None],
        "standing": Union["Standing", None],
    }, total=False,
)


class ChannelExplained(_ChannelExplainedRequired, _ChannelExplainedOptional):
    """Everything about one channel."""


class _ChannelFlowRequired(TypedDict):
    """What others sent through a channel in the last 60 days."""

    days_out: Count
    """Days with at least one settled forward out."""
    sats_out: Sat
    """What left."""


class ChannelFlow(_ChannelFlowRequired, total=False):
    """What others sent through a channel in the last 60 days."""

    sats_in: Sat
    """What arrived."""


class _ChannelHistoryRequired(TypedDict):
    """A channel's books over the last 30 days."""

    revenue_msat: Msat
    """Fees of settled forwards out through the channel, and what it was leased for."""


class ChannelHistory(_ChannelHistoryRequired, total=False):
    """A channel's books over the last 30 days."""

    age_days: Count | None
    """How old the channel is, in whole days; absent when unknown: then it is no young one."""
    channel_id: NodeId | None
    """Which channel; only named in the reasons."""
    cost_msat: Msat | None
    """On-chain, lease and rebalance fees; absent when the books could not be read."""
    idle_s: Seconds | None
    """Time since the last forward through the channel in either direction; absent when unknown."""
    opening_msat: Msat | None
    """The part of the cost that opened the channel."""


class _ChannelMoveRequired(TypedDict):
    """One move of money in a channel."""

    account_id: str
    """The channel."""
    primary_tag: str
    """What it was for."""
    timestamp: Seconds
    """When it was."""


class ChannelMove(_ChannelMoveRequired, total=False):
    """One move of money in a channel."""

    credit_msat: NodeMsat
    """What came in."""
    debit_msat: NodeMsat
    """What went out."""
    payment_hash: str | None
    """The hash of the payment it belongs to."""


_ChannelNeedRequired = TypedDict(
    "_ChannelNeedRequired",
    {
        "capacity_sats": "Sat",
        "channel_id": "NodeId",
        "class": "LiquidityClass",
        "demand_sats": "Sat",
        "local_sats": "Sat",
        "peer_id": "NodeId",
        "to_half_sats": "Sat",
    },
)


_ChannelNeedOptional = TypedDict(
    "_ChannelNeedOptional",
    {
        "days_out": Union["Count", None],
        "severity": Union["Severity", None],
        "short_channel_id": Union["NodeId", None],
    }, total=False,
)


class ChannelNeed(_ChannelNeedRequired, _ChannelNeedOptional):
    """A depleted or saturated channel of ours."""


class ChannelProfit(TypedDict):
    """The books of a channel and what they say."""

    books: ChannelHistory
    """The input of `health.profit`."""
    profit: Profit
    """What it decided."""


class _CheckInputRequired(TypedDict):
    """A splice that wants advice."""

    amount_sats: Sat
    """How much."""
    now: Seconds
    """The time."""
    peer_id: NodeId
    """The peer."""
    type: SpliceType
    """Which way it goes."""


class CheckInput(_CheckInputRequired, total=False):
    """A splice that wants advice."""

    channel_id: NodeId | None
    """The channel of ours that would change; any with the peer when absent."""
    hive_reachable: bool
    """Whether the other members could be asked at all."""
    in_flight: list[Sat]
    """Our own exits from this peer that none of our channels shows as pending yet."""
    others: list[Other]
    """What the other members hold; a book has its own."""
    ours: Ours | None
    """What we hold; a book has its own."""
    peer_public_sats: Sat | None
    """The public capacity of the peer; unknown when absent. A book has its own."""
    strict: bool
    """Whether what could not be checked is refused."""


class _CheckedRequired(TypedDict):
    """The advice with what it rests on."""

    can_proceed: bool
    """Whether nothing refuses the splice. The advice is `safety`: with `coordinate` or `unchecked`,
    wait, although this is true."""
    fleet_sats: Sat
    """What the fleet holds with the peer."""
    new_fleet_sats: Sat
    """What the fleet will hold."""
    others_sats: Sat
    """What the other members hold."""
    ours_sats: Sat
    """What we hold."""
    safety: Safety
    """The advice."""


class Checked(_CheckedRequired, total=False):
    """The advice with what it rests on."""

    fleet_share: Real | None
    """The fleet's share of the peer's capacity."""
    gives_sats: Sat | None
    """The most that one splice of ours can take out; absent where no balance is known."""
    new_share: Real | None
    """The fleet's share afterwards."""
    peer_total_sats: Sat | None
    """What the shares are shares of."""


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
    """The channel to judge: a channel of a snapshot as it is, or its two amounts alone. Beside them
    `phase`, `usable`, `splicing` and `closed_to_forwards` decide; `channel_id` is named in the
    reasons, and the rest changes nothing."""

    capacity_sats: Sat
    """Its capacity; while a splice waits, that of the outcome that leaves us the least."""
    local_sats: Sat
    """The part on our side; while a splice waits, of the outcome that leaves us the least."""


class ClassifyInput(_ClassifyInputRequired, total=False):
    """The channel to judge: a channel of a snapshot as it is, or its two amounts alone. Beside them
    `phase`, `usable`, `splicing` and `closed_to_forwards` decide; `channel_id` is named in the
    reasons, and the rest changes nothing."""

    age_days: Count | None
    """How old it is, in whole days; absent when unknown."""
    announced: bool | None
    """Whether the graph shows it; absent where no graph is known."""
    channel_id: NodeId | None
    """Its id."""
    closed_to_forwards: bool
    """Whether its operator lets no forward out through it."""
    connected: bool | None
    """Whether the peer is there and the channel is in step with it; absent where nobody says."""
    fee_base_msat: Msat | None
    """Our fee for each forward out through it."""
    fee_ppm: Ppm | None
    """Our fee rate on it."""
    flow: ChannelFlow | None
    """What others sent through it in 60 days; absent when unknown."""
    inactive: bool
    """Whether the graph shows both of its directions disabled, as when the peer is away. Others
    count no capacity there meanwhile."""
    last_hop: HopFee | None
    """What the peer takes for the last hop into it."""
    peer_id: NodeId | None
    """The node at the other end."""
    pending_capacity_sats: Sat | None
    """The smallest capacity that a splice in flight may leave."""
    phase: Phase | None
    """Where it is in its life; absent: as `usable` says."""
    private: bool
    """Whether it is not to be announced."""
    receivable_sats: Sat | None
    """What can be received now; absent where the node does not say."""
    recent_flow: RecentFlow | None
    """What others sent through it within `rebalance.flow_window_days`; absent when unknown."""
    reserve_sats: Sat | None
    """What has to stay on our side."""
    route_cost_ppm: Ppm | None
    """What our own rebalances into it cost: their weighted median; absent when unknown."""
    short_channel_id: NodeId | None
    """Its place in the chain, such as `124x1x0`."""
    spendable_sats: Sat | None
    """What can be sent now; absent where the node does not say. It does not depend on the
    connection."""
    splicing: bool
    """Whether a splice is in flight."""
    usable: bool
    """Whether it is in normal operation; `phase` says more."""


class _ClnInputRequired(TypedDict):
    """The raw answers of a Core Lightning node."""

    getinfo: GetInfo
    """The answer of `getinfo`."""
    now: Seconds
    """The moment of the answers."""


class ClnInput(_ClnInputRequired, total=False):
    """The raw answers of a Core Lightning node."""

    bkpr_listaccountevents: ListAccountEvents | None
    """The answer of `bkpr-listaccountevents`: it tells own rebalances where `listchannelmoves` is
    missing."""
    bkpr_listincome: ListIncome | None
    """The answer of `bkpr-listincome`; absent when the node keeps no books."""
    forwards_since: Seconds | None
    """From when on `listforwards` is whole; its oldest settled forward when absent."""
    income_since: Seconds | None
    """From when on `bkpr-listincome` is whole; its oldest routed credit when absent."""
    listchannelmoves: ListChannelMoves | None
    """The answer of `listchannelmoves`: what moved in each channel, and own rebalances."""
    listchannels: ListChannels | None
    """The answer of `listchannels`."""
    listforwards: ListForwards | None
    """The answer of `listforwards`."""
    listpeerchannels: ListPeerChannels | None
    """The answer of `listpeerchannels`; only a node older than 23.02 has none."""
    listpeers: ListPeers | None
    """The answer of `listpeers` of a node older than 23.02, with the channels inside."""

Code = Literal["below_vulnerable", "below_stable", "below_thriving", "thriving", "liquidity_spread", "no_channels", "revenue_rising", "revenue_falling", "revenue_steady", "insufficient_history", "trend_by_word", "tier_held", "channel_profitable", "channel_breaks_even", "channel_underwater", "channel_stagnant", "young_channel", "cost_unknown", "fleet_average", "fleet_empty", "score_unknown", "stale_report", "member_implausible", "report_consistent", "nothing_to_compare", "counts_do_not_add_up", "channels_above_public", "capacity_above_announced", "below_what_we_share", "report_from_the_future", "report_too_old", "report_out_of_order", "score_jumped", "legacy_scale", "ev_below_threshold", "ev_reaches_threshold", "threshold_scaled", "threshold_unscaled", "multiplier_clamped", "health_unknown", "budget_left", "budget_cut", "budget_exhausted", "backing_off", "given_up", "cooling_down", "ready", "slow_channel", "target_below_minimum", "nothing_needed", "amount_sized", "source_too_small", "source_offline", "source_drains", "spread_beyond_tolerance", "source_earns_too_little", "same_peer", "peer_unknown", "source_depleted", "source_gives_less", "amount_cut_to_source", "amount_cut_to_receivable", "demand_unknown", "channel_too_young", "source_ranked", "no_source", "destination_is_sink", "destination_offline", "destination_zombie", "destination_underwater", "not_affordable", "value_below_threshold", "value_reaches_threshold", "budget_too_small", "spread_below_tolerance", "kelly_refuses", "no_fee_left", "profit_below_threshold", "profit_reaches_threshold", "channel_depleted", "channel_saturated", "channel_balanced", "empty_channel", "splice_in_flight", "not_in_normal_operation", "fleet_needs", "no_fleet_need", "fleet_excess", "no_fleet_excess", "relevance", "bottlenecks", "no_bottleneck", "competition", "no_competition", "needs_ordered", "fee_lowered", "fee_raised", "fee_unchanged", "own_channel_depleted", "intended_fee_unknown", "helps_tier", "peer_free", "peer_in_use", "has_priority", "yields", "hive_unreachable", "peer_capacity_unknown", "splice_in_adds", "share_kept", "others_cover", "partial_kept", "share_below_minimum", "capacity_below_minimum", "would_disconnect", "beyond_own_balance", "balance_unknown", "capacity_absurd", "capacity_above_public", "capacity_estimated", "stale_capacity", "own_report_ignored", "exits_in_flight", "within_limit", "rate_limited", "peer_helps", "peer_helps_nobody", "opening_counted", "peer_redundant", "candidate_capacity_unknown", "no_candidate", "message_built", "report_made", "unannounced_withheld", "report_shortened", "counts_beyond_announced", "signature_valid", "signature_malformed", "signature_high_s", "signature_of_another", "message_accepted", "sender_not_connected", "sender_exhausted", "message_too_large", "message_malformed", "version_unknown", "reporter_not_member", "message_known", "message_not_fresh", "seq_not_rising", "seq_ahead", "reporter_limit", "too_many_announcements", "legacy_text_built", "legacy_message_valid", "legacy_no_key", "legacy_bad_field", "legacy_not_fresh", "legacy_not_rising", "snapshot_taken", "forwards_unknown", "duplicate_channel_id", "closed_to_forwards", "forwards_of_unknown_channels", "rebalance_cost_unattributed", "route_cost_unknown", "idle_unknown", "graph_unknown", "own_entity_is_hub", "no_request_policy", "no_fee_terms", "manual_mode", "request_open", "frame_pending", "settlement_open", "claim_within_soft_limit", "fee_above_max", "fee_not_below_claim", "fee_is_zero", "fee_above_capacity", "request_advised", "no_token_to_advise", "peers_detected", "account_takes_no_part", "request_without_claim", "matched", "spenders_left_over", "receiver_matched_in_part", "receiver_unmatched", "nothing_to_match", "claims_netted", "nothing_to_net", "not_a_hub", "plan_made", "sent_batch_stale", "sent_batch_pending", "draft_overcommitted", "draft_cannot_be_sent", "account_not_active", "token_without_limits", "fee_state_malformed", "refund_in_progress", "in_batch", "submitted_pending", "policy_mismatch", "request_without_delta", "waiting_resolution", "prepaid_fee_too_low", "fee_in_other_token", "moment_ahead", "cool_down", "request_cap_reached", "window_used_up", "tick_cap_reached", "reserve_short", "below_min_deposit", "deposit_limit_reached", "batch_full", "memory_full", "claim_above_hard_limit", "retried_after_stale_mark", "deposit_granted", "share_shrunk", "proposal_unanswered", "settlement_sealed", "settlement_executed", "share_pulled_back", "nothing_to_explain", "plan_valid", "plan_blocked", "plan_wrong_order", "plan_broadcast_missing", "plan_broadcast_misplaced", "plan_draft_overcommitted", "plan_unknown_account", "plan_quarantined_account", "plan_duplicate", "plan_not_eligible", "plan_share_shrunk", "plan_above_claim", "plan_above_share", "plan_above_cap", "plan_above_usable", "plan_crosses_floor", "reserve_sufficient", "reserve_below_min", "reserve_at_floor", "replenish_in_flight", "replenish_waits", "replenish_failed", "replenish_without_source", "replenish_answer_refused", "rebalance_pays", "no_rebalance_pays", "set_by_operator", "operator_subject_unknown", "log_line_written", "log_fields_masked", "log_kept_as_text", "log_line_sound", "log_lines_dropped", "log_begins_late", "log_prev_differs", "log_lines_missing", "log_out_of_order", "log_line_unreadable", "log_line_cut", "log_line_not_canonical", "cap_above_reserve", "bounds_crossed", "config_coherent", "setting_without_effect", "tiers_share_multiplier"]
"""The stable codes. Removing or renaming one is a breaking change."""


class Competition(TypedDict):
    """Peers that several members serve."""

    contested: list[Contested]
    """Most members first."""


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

    fees: FeesConfig
    """Fees that help the fleet."""
    gossip: GossipConfig
    """Limits of what members tell each other."""
    health: HealthConfig
    """Health scores, tiers and budget multipliers."""
    hub: HubConfig
    """A hub: who is served, from what, and when."""
    limits: LimitsConfig
    """How often something may be reported."""
    liquidity: LiquidityConfig
    """Depleted and saturated channels, needs, relevance."""
    rebalance: RebalanceConfig
    """Thresholds, budgets and the value of rebalances."""
    snapshot: SnapshotConfig
    """How a node is read."""
    splice: SpliceConfig
    """What the fleet keeps with a peer."""
    topology: TopologyConfig
    """Advice on new channels."""


class ConfigOverrides(TypedDict, total=False):
    """Some fields of `Config`."""

    fees: FeesConfigOverrides
    """Fees that help the fleet."""
    gossip: GossipConfigOverrides
    """Limits of what members tell each other."""
    health: HealthConfigOverrides
    """Health scores, tiers and budget multipliers."""
    hub: HubConfigOverrides
    """A hub: who is served, from what, and when."""
    limits: LimitsConfigOverrides
    """How often something may be reported."""
    liquidity: LiquidityConfigOverrides
    """Depleted and saturated channels, needs, relevance."""
    rebalance: RebalanceConfigOverrides
    """Thresholds, budgets and the value of rebalances."""
    snapshot: SnapshotConfigOverrides
    """How a node is read."""
    splice: SpliceConfigOverrides
    """What the fleet keeps with a peer."""
    topology: TopologyConfigOverrides
    """Advice on new channels."""


class FeesConfigOverrides(TypedDict, total=False):
    """Some fields of `FeesConfig`."""

    ceiling_ppm: Ppm
    """No fee is raised above this."""
    floor_ppm: Ppm
    """No fee is lowered below this."""
    help_up_to: Tier
    """The best tier that is helped."""
    lower_by: Real
    """The factor of a step down."""
    raise_by: Real
    """The factor of a step up."""
    raise_for_inbound: bool
    """Whether a need for inbound liquidity raises a fee."""


class GossipConfigOverrides(TypedDict, total=False):
    """Some fields of `GossipConfig`."""

    bucket_points: Count
    """How many messages of a sender are taken a minute, in points."""
    freshness_s: Seconds
    """How far a stamp may lie from our clock."""
    health_per_hour: Count
    """Health reports of one reporter that are taken in an hour."""
    legacy_max_age_s: Seconds
    """A message of the deployed plugin may be this old."""
    liquidity_per_hour: Count
    """Liquidity reports of one reporter that are taken in an hour."""
    max_bytes: Count
    """No message is larger, in bytes."""
    max_hops: Count
    """A message is passed on at most this often."""
    penalty_points: Count
    """What a malformed or badly signed message costs its sender, in points."""
    splice_per_hour: Count
    """Splice checks of one reporter that are taken in an hour, and as many answers."""


class HealthConfigOverrides(TypedDict, total=False):
    """Some fields of `HealthConfig`."""

    announced_slack: Count
    """A reporter may have this many more channels than it announces, whatever its size."""
    capacity_slack: Real
    """A reporter may claim this multiple of its public capacity."""
    dust_sats: Sat
    """A channel without costs is profitable where it earned more than this."""
    grace_days: Count
    """A channel younger than this that cost nothing but its opening is not judged yet."""
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
    rounding: ScoreRounding
    """How the points of a score become a whole number."""
    spread: Spread
    """How far the worst spread lowers the liquidity score."""
    stable_max: Points
    """A score of at most this is of the tier `stable`, a higher one is `thriving`."""
    stagnant_days: Count
    """Without activity for so many days a channel can be stagnant."""
    stagnant_if: StagnantIf
    """Which idle channels are stagnant."""
    struggling_max: Points
    """A score of at most this is of the tier `struggling`."""
    sum_order: SumOrder
    """In which order floats are added."""
    tier_hysteresis: Points
    """So many points beyond its bound a score must lie before a known tier changes."""
    trend_falls_below: Count | None
    """Revenue falls below this percentage of the windows before; absent: below 100 / `trend_ratio`."""
    trend_ratio: Count
    """Revenue rises above this percentage of the windows before."""
    vulnerable_max: Points
    """A score of at most this is of the tier `vulnerable`."""


class HubConfigOverrides(TypedDict, total=False):
    """Some fields of `HubConfig`."""

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
    """Whether a batch that is non-empty without this plan is broadcast; one that a request waits
    for always is."""
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
    limited_tokens: list[TokenId] | None
    """The tokens that the amounts above are meant for; null for all. Any other token needs
    `token_limits`."""
    max_deposits: Count
    """Most deposits of a tick."""
    max_executes: Count
    """Most executed settlements of a tick, and most withdrawn ones."""
    max_proposals: Count
    """Most proposals of a tick."""
    max_retry_ms: Millis
    """The longest wait between two tries, in milliseconds."""
    max_wait_ms: Millis | None
    """Requests older than this are served first; null for never."""
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
    proposal_stale_ms: Millis | None
    """A proposal that the peer has not signed counts as on its way until this age, and is withdrawn
    where that is possible when it is older, in milliseconds; null for neither."""
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
    sources: list[ReserveSource]
    """Where reserves are replenished from, in this order."""
    strategy: Strategy
    """Who is served first."""
    submitted_stale_ms: Millis
    """A mark of a submitted request is ignored from this age on, in milliseconds."""
    target_reserve: HubAmount
    """At this an episode of replenishment closes."""
    tick_ms: Millis
    """The time between two ticks, in milliseconds."""
    token_limits: dict[str, OwnLimits]
    """The limits of single tokens."""
    token_sources: dict[str, list[ReserveSource]]
    """The sources of single tokens, instead of `sources`."""
    tokens: dict[str, Token]
    """The tokens that the runtime knows; the state may name more."""


class KellyOverrides(TypedDict, total=False):
    """Some fields of `Kelly`."""

    enabled: bool
    """Whether it is on."""
    fraction: Share
    """The share of the full bet."""


class LimitsConfigOverrides(TypedDict, total=False):
    """Some fields of `LimitsConfig`."""

    report_count: Count
    """So many local reports fit the period."""
    report_period_s: Seconds
    """The period of local reports."""


class LiquidityConfigOverrides(TypedDict, total=False):
    """Some fields of `LiquidityConfig`."""

    activity_counts_s: Seconds
    """An announced rebalance counts no longer than this."""
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


class RebalanceConfigOverrides(TypedDict, total=False):
    """Some fields of `RebalanceConfig`."""

    backoff_s: Seconds
    """The first pause after a failure; it doubles with each further one, up to 16 times."""
    budget_share: Share
    """The share of a day's revenue that may be spent on a day's rebalancing."""
    chunk_sats: Sat
    """No job moves more at once."""
    cooldown_h: Count
    """How long a channel rests after a success, in hours."""
    flow_window_days: Count
    """Over how many days flow was summed."""
    give_up_after: Count
    """After more failures than this, give up for `give_up_s`."""
    give_up_s: Seconds
    """How long we give up."""
    kelly: KellyOverrides
    """Bets less where success is uncertain."""
    margin: Real
    """The least expected value as a part of what the route costs; of the model `demand`."""
    max_amount_sats: Sat
    """No job is larger."""
    max_health_age_s: Seconds
    """Our own health older than this is unknown."""
    min_amount_sats: Sat
    """No job is smaller."""
    min_budget_sats: Sat
    """The smallest budget of a day."""
    min_ev_sats: Sat
    """The least expected value of a healthy node; of the model `demand`."""
    min_profit_ppm: Ppm
    """The least profit in parts of the amount; takes precedence when positive."""
    min_profit_sats: SignedSat
    """The least profit of a healthy node; of the deployed plugin's model."""
    min_uptime_pct: Real
    """A source or destination must have been online this percentage of the last day."""
    model: Model
    """How the value of a candidate is computed."""
    nnlb: Nnlb
    """What our health moves."""
    rounding: ThresholdRounding
    """How a divided threshold is rounded."""
    scaling: Scaling
    """When a threshold is divided by the multiplier."""
    source_min_share: Share | None
    """The share of its capacity that a source keeps; that of a depleted channel when absent."""
    tolerance_sats: Sat
    """The loss that the deployed plugin's model bears for the fleet."""
    velocity_gate: VelocityGateOverrides
    """Fills a channel that nothing moves through less."""


class SnapshotConfigOverrides(TypedDict, total=False):
    """Some fields of `SnapshotConfig`."""

    report_unannounced: bool
    """Whether the other members are told of channels that the graph does not show."""


class SpliceConfigOverrides(TypedDict, total=False):
    """Some fields of `SpliceConfig`."""

    max_answer_age_s: Seconds
    """How long a signed answer replaces a member's estimate."""
    max_report_age_s: Seconds
    """A member's report older than this is no capacity."""
    max_skew_s: Seconds
    """How far a stamp may lie in the future before it counts as no report."""
    min_sats: Sat
    """The fleet should keep at least this much with the peer."""
    min_share: Share
    """The fleet should keep at least this share of the peer's capacity."""
    partial: bool
    """Whether what our own channels keep can be enough by itself."""
    whole: Whole
    """What a share is a share of."""


class TopologyConfigOverrides(TypedDict, total=False):
    """Some fields of `TopologyConfig`."""

    min_share: Share
    """Above this share of a peer's capacity, more capacity of the fleet is redundant."""


class VelocityGateOverrides(TypedDict, total=False):
    """Some fields of `VelocityGate`."""

    enabled: bool
    """Whether it is on."""
    grace_days: Count
    """Younger channels are not judged, in days."""
    min_velocity: Share
    """Below this share of the capacity a day, a channel is slow."""
    target_ratio: Share
    """The target of a slow channel."""


class _ConflictRequired(TypedDict):
    """Whether to rebalance through a peer now."""

    action: ConflictAction
    """What to do."""
    avoid: list[NodeId]
    """Peers that other members use now, for a path around them."""
    conflict: bool
    """Whether another member is using the peer."""


class Conflict(_ConflictRequired, total=False):
    """Whether to rebalance through a peer now."""

    priority_over: NodeId | None
    """The member before which we go."""
    until: Seconds | None
    """When to ask again."""
    yield_to: NodeId | None
    """The member that goes before us."""

ConflictAction = Literal["proceed", "delay_rebalance"]
"""What to do about a rebalance."""


class _ConflictInputRequired(TypedDict):
    """The peer through which we would rebalance."""

    now: Seconds
    """The present moment."""
    target_peer: NodeId
    """The peer through which we would rebalance."""
    us: Us
    """We ourselves, with what we announced."""


class ConflictInput(_ConflictInputRequired, total=False):
    """The peer through which we would rebalance."""

    members: list[Member]
    """What each member reported last; our own report is skipped."""


class Contested(TypedDict):
    """A peer that several members serve."""

    fee_loss: Share
    """The share of fees that the competition may cost."""
    members: list[NodeId]
    """The members that serve it, we included."""
    peer_id: NodeId
    """The external peer."""


class _CooldownInputRequired(TypedDict):
    """The last success of a channel."""

    now: Seconds
    """The time."""


class CooldownInput(_CooldownInputRequired, total=False):
    """The last success of a channel."""

    last_success: Seconds | None
    """When it last succeeded; never when absent."""

Count = int
"""A number of things. Unit: count."""


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


_DemandRequired = TypedDict(
    "_DemandRequired",
    {
    },
)


_DemandOptional = TypedDict(
    "_DemandOptional",
    {
        "lambda": Union["Share", None],
        "sats_per_active_day": Union["Sat", None],
    }, total=False,
)


class Demand(_DemandRequired, _DemandOptional):
    """How much the channels of a node are asked for, on average."""


class DepositAction(TypedDict):
    """Put a deposit from the hub's reserve into the draft and mark the request."""

    account_id: EntityId
    """The peer."""
    amount: TokenAmount
    """How much."""
    token_id: TokenId
    """The token."""
    type: Literal["deposit"]


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


_DestinationRequired = TypedDict(
    "_DestinationRequired",
    {
        "capacity_sats": "Sat",
        "fee_ppm": "Ppm",
        "spendable_sats": "Sat",
    },
)


_DestinationOptional = TypedDict(
    "_DestinationOptional",
    {
        "age_days": Union["Count", None],
        "broadcast_fee_ppm": "Ppm",
        "class": "ChannelClass",
        "connected": bool,
        "flow": Union["Flow", None],
        "local_sats": Union["Sat", None],
        "marginal_roi": Union["Real", None],
        "peer_id": Union["NodeId", None],
        "phase": Union["Phase", None],
        "receivable_sats": Union["Sat", None],
        "uptime_pct": Union["Real", None],
    }, total=False,
)


class Destination(_DestinationRequired, _DestinationOptional):
    """The channel that should be filled."""


class Detected(TypedDict):
    """Both sides of every token, by token."""

    tokens: list[TokenDetected]
    """One entry per token with a spender or a receiver."""

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


class _EvaluateInputRequired(TypedDict):
    """A rebalance that might be done."""

    destination: Destination
    """The channel that should be filled."""
    inbound_ppm: Ppm
    """What the route is expected to cost."""


class EvaluateInput(_EvaluateInputRequired, total=False):
    """A rebalance that might be done."""

    amount_sats: Sat | None
    """How much to move; sized from the destination when absent."""
    attempt_cost_sats: Sat
    """What a failed attempt costs."""
    budget_left_sats: Sat | None
    """What is left of our budget after what is spent and reserved; unlimited when absent."""
    demand: Demand
    """How much the channels of our node sell."""
    failures: Count
    """How often a rebalance to it failed."""
    fixed_msat: Msat
    """What the route costs besides its rate."""
    health_age_s: Seconds | None
    """How old our tier is; beyond the configured age it counts as unknown."""
    p_success: Share | None
    """How likely it succeeds; from successes and failures when absent."""
    sources: list[SourceChannel]
    """The channels that may give; a book has its own."""
    successes: Count
    """How often a rebalance to it succeeded."""
    tier: Tier | None
    """Our own tier; unknown when absent."""


class _EvaluatedRequired(TypedDict):
    """What a rebalance is worth."""

    accepted: bool
    """Whether it should be done."""
    model: Model
    """The model that valued it."""
    multiplier: Multiplier
    """The multiplier in force."""


class Evaluated(_EvaluatedRequired, total=False):
    """What a rebalance is worth."""

    amount_sats: Sat | None
    """How much to move, when it is accepted."""
    flips: Flips | None
    """Which values would change the answer."""
    max_fee_ppm: Ppm | None
    """The most to pay for the route, when it is accepted."""
    source: NodeId | None
    """From where to move, when it is accepted."""
    terms: Terms | None
    """Every term of the value, as far as it was computed."""


class Evidence(TypedDict, total=False):
    """What the receiver can see itself."""

    our_capacity_sats: Sat | None
    """What it holds together with us in announced channels."""
    our_channels: Count | None
    """How many announced channels it has with us."""
    previous: Previous | None
    """Its last accepted report."""
    public_capacity_sats: Sat | None
    """Its public capacity; nothing is compared where it is unknown or 0."""
    public_channels: Count | None
    """How many public channels it has."""


class Excess(TypedDict):
    """Where one member has more on its own side than it can use."""

    amount_sats: Sat
    """What is above half of the capacity."""
    capacity_sats: Sat
    """The capacity of the channel."""
    local_pct: Share
    """The share on the member's side."""
    member_id: NodeId
    """Who has it."""
    peer_id: NodeId
    """The external peer."""
    tier: Tier
    """The member's tier."""


class Excesses(TypedDict):
    """Where the fleet has too much on its own side."""

    fleet_excess: list[Excess]
    """The largest amount first."""


class ExitInFlight(TypedDict):
    """A splice-out that is under way and that no channel shows yet."""

    amount_sats: Sat
    """How much leaves."""
    peer_id: NodeId
    """Towards which peer."""


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


class _FeeAdviceRequired(TypedDict):
    """The advice on the fee of one channel."""

    channel_id: NodeId
    """The channel."""
    peer_id: NodeId
    """The peer."""
    reasons: list[Reason]
    """Why."""
    step: Step
    """Which way it moves."""


class FeeAdvice(_FeeAdviceRequired, total=False):
    """The advice on the fee of one channel."""

    base_ppm: Ppm | None
    """The fee that is intended without the fleet."""
    fee_ppm: Ppm | None
    """The fee to set; absent where the intended one is unknown."""
    for_tier: Tier | None
    """The tier of the member that it helps."""
    short_channel_id: NodeId | None
    """Its place in the chain."""

FeeBasis = Literal["want", "request"]
"""Which amount the proportional fee is taken of."""


class FeeDecision(TypedDict, total=False):
    """What holds for a fee."""

    intended_ppm: Ppm | None
    """The fee that is intended without the fleet."""
    maximum_ppm: Ppm | None
    """No advice goes above this."""
    minimum_ppm: Ppm | None
    """No advice goes below this."""
    off: bool
    """Whether no advice on the fee is wanted."""


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


class FeeStep(TypedDict):
    """A step that we made before."""

    base_ppm: Ppm
    """The fee that we intended then, without the fleet."""
    fee_ppm: Ppm
    """The fee that was set for the fleet."""


class FeeStepTaken(TypedDict):
    """A step of a fee that was taken for the fleet."""

    base_ppm: Ppm
    """The fee that was intended without the fleet."""
    channel_id: NodeId
    """The channel."""
    fee_ppm: Ppm
    """The fee that was set."""


class _FeeTermsRequired(TypedDict):
    """What the counterparty asks for collateral."""

    policy_version: Serial
    """The version of these terms."""


class FeeTerms(_FeeTermsRequired, total=False):
    """What the counterparty asks for collateral."""

    base_fee: TokenAmount
    """The fixed part."""
    fee_bps: Bps
    """The proportional part, in ten-thousandths of the claim."""
    gas_fee: TokenAmount
    """The part for the transaction."""


class FeesConfig(TypedDict):
    """What an operator may set about fees that help the fleet."""

    ceiling_ppm: Ppm
    """No fee is raised above this."""
    floor_ppm: Ppm
    """No fee is lowered below this."""
    help_up_to: Tier
    """The best tier that is helped."""
    lower_by: Real
    """The factor of a step down."""
    raise_by: Real
    """The factor of a step up."""
    raise_for_inbound: bool
    """Whether a need for inbound liquidity raises a fee."""


class FleetBookOpening(TypedDict):
    """What opens the same book again, config and state as they are now."""

    config: Config
    """The config in force."""
    profile: Profile
    """The profile it was made from."""
    state: FleetSnapshot
    """Everything the book knows."""


class FleetBookSize(TypedDict):
    """How much the book holds now."""

    changed: bool
    """Whether the call changed anything."""
    channels: Count
    """Our channels."""
    peers: Count
    """Peers as the graph shows them."""
    reports: Count
    """Members with a report, if only that of their silence."""
    sources: Count
    """Channels that may give in a rebalance."""


class FleetHealth(TypedDict):
    """The health of the fleet."""

    fleet_health: Points
    """The average score, floored; 50 for an empty fleet."""
    member_count: Count
    """Members that count."""
    members: list[MemberHealth]
    """The members, by id."""
    stable_count: Count
    """Stable members that count."""
    struggling_count: Count
    """Struggling members that count."""
    thriving_count: Count
    """Thriving members that count."""
    vulnerable_count: Count
    """Vulnerable members that count."""


class _FleetHealthInputRequired(TypedDict):
    """The members, we included."""

    members: list[Member]
    """What each member reported last."""
    now: Seconds
    """The present moment."""


class FleetHealthInput(_FleetHealthInputRequired, total=False):
    """The members, we included."""

    first: Count | None
    """Only so many members are listed; all when absent. All of them count."""


class _FleetInputRequired(TypedDict):
    """The fleet as we know it."""

    now: Seconds
    """The present moment."""
    us: Us
    """We ourselves."""


class FleetInput(_FleetInputRequired, total=False):
    """The fleet as we know it."""

    first: Count | None
    """Only so many entries of the answer; all when absent."""
    members: list[Member]
    """What each member reported last; our own report is skipped."""


class _FleetMemberRequired(TypedDict):
    """A node of the fleet, as we know it apart from what it says."""

    member_id: NodeId
    """Its public key."""


class FleetMember(_FleetMemberRequired, total=False):
    """A node of the fleet, as we know it apart from what it says."""

    banned: bool
    """Whether the fleet shut it out; then it is no member, and nothing of it is kept."""
    connected: bool
    """Whether it is connected to us."""
    public_capacity_sats: Sat | None
    """Its public capacity, which its reports are held against."""
    public_channels: Count | None
    """How many public channels it has."""


class _FleetPeerRequired(TypedDict):
    """An external peer, as the graph shows it."""

    peer_id: NodeId
    """The peer."""


class FleetPeer(_FleetPeerRequired, total=False):
    """An external peer, as the graph shows it."""

    public_capacity_sats: Sat | None
    """Its public capacity; absent when unknown."""


class _FleetSnapshotRequired(TypedDict):
    """Everything a book knows."""

    us: Us
    """We ourselves."""


class FleetSnapshot(_FleetSnapshotRequired, total=False):
    """Everything a book knows."""

    gossip: GossipState
    """What is kept of the messages of members."""
    members: list[FleetMember]
    """The members, without us."""
    peers: list[FleetPeer]
    """External peers."""
    reports: list[Member]
    """What each member reported last, as the stateless operations take it."""
    sources: list[SourceChannel]
    """The channels that may give in a rebalance."""


class FleetState(TypedDict):
    """How the fleet and we do."""

    balanced_channels: Count
    """Our channels that are neither depleted nor saturated."""
    common_bottleneck_peers: list[NodeId]
    """External peers at which several members are in trouble, most members first."""
    depleted_channels: Count
    """Our depleted channels."""
    members_rebalancing: Count
    """Members that rebalance now, we included."""
    members_with_depleted_channels: Count
    """Other members with a depleted channel."""
    members_with_excess_outbound: Count
    """Other members with a saturated channel."""
    saturated_channels: Count
    """Our saturated channels."""


class Flip(TypedDict):
    """The legal value nearest to the present one with which this reason no longer applies."""

    field: str
    """The field of the input."""
    to: Quantity
    """The value it would have to have."""


class Flips(TypedDict, total=False):
    """Which values would change the answer, all else fixed, the source included."""

    max_amount_sats: Sat | None
    """The largest amount at which it is accepted; the deployed model has no such bound."""
    max_inbound_ppm: Ppm | None
    """The dearest route at which it is accepted; none when it never is."""
    min_amount_sats: Sat | None
    """The smallest amount at which it is accepted; the deployed model has no such bound."""
    tier: Tier | None
    """The nearest tier at which the answer is the other one."""


class _FlowRequired(TypedDict):
    """What moved through a channel: within 60 days for the model `demand`, which needs the days; within
    the configured window for the deployed plugin's model."""

    sats_out: Sat
    """What left."""


class Flow(_FlowRequired, total=False):
    """What moved through a channel: within 60 days for the model `demand`, which needs the days; within
    the configured window for the deployed plugin's model."""

    days_out: Count | None
    """On how many of the last 60 days something left."""
    kind: FlowKind
    """Which way it mostly goes."""
    sats_in: Sat
    """What arrived."""

FlowKind = Literal["source", "sink", "balanced", "unknown"]
"""Which way liquidity mostly goes."""


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
    in_msat: NodeMsat | None
    """What came."""
    out_channel: NodeId | None
    """The channel it left through, if it did."""
    out_msat: NodeMsat | None
    """What left."""
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
    blockheight: Count | None
    """The height of the chain."""


_GossipAcceptInputRequired = TypedDict(
    "_GossipAcceptInputRequired",
    {
        "from": "NodeId",
        "members": list["MemberStanding"],
        "message": "Plain",
        "now": "Seconds",
    },
)


_GossipAcceptInputOptional = TypedDict(
    "_GossipAcceptInputOptional",
    {
        "hops": "Count",
        "state": "GossipState",
    }, total=False,
)


class GossipAcceptInput(_GossipAcceptInputRequired, _GossipAcceptInputOptional):
    """A message that arrived."""


class GossipConfig(TypedDict):
    """What an operator may set about gossip."""

    bucket_points: Count
    """How many messages of a sender are taken a minute, in points."""
    freshness_s: Seconds
    """How far a stamp may lie from our clock."""
    health_per_hour: Count
    """Health reports of one reporter that are taken in an hour."""
    legacy_max_age_s: Seconds
    """A message of the deployed plugin may be this old."""
    liquidity_per_hour: Count
    """Liquidity reports of one reporter that are taken in an hour."""
    max_bytes: Count
    """No message is larger, in bytes."""
    max_hops: Count
    """A message is passed on at most this often."""
    penalty_points: Count
    """What a malformed or badly signed message costs its sender, in points."""
    splice_per_hour: Count
    """Splice checks of one reporter that are taken in an hour, and as many answers."""

GossipOutcome = Literal["accepted", "refused", "dropped"]
"""What became of a message."""


class GossipScaleInput(TypedDict):
    """What the second scale looks at."""

    available_sats: Sat
    """The part of the capacity on our side."""
    average_capacity_sats: RealSat
    """The fleet's average capacity."""
    average_revenue_sats: RealSat
    """The fleet's average revenue."""
    capacity_sats: Sat
    """Our capacity."""
    channels: Count
    """Our channels."""
    revenue_sats: Sat
    """Our revenue."""


class GossipScaled(TypedDict):
    """A score of the second scale."""

    balance_score: Points
    """How balanced we are."""
    can_help_others: bool
    """Whether the plugin calls us able to help."""
    capacity_score: Points
    """Our capacity against the average."""
    connectivity_score: Points
    """Ten per channel."""
    needs_help: bool
    """Whether the plugin calls us in need."""
    overall_health: Points
    """The score."""
    revenue_score: Points
    """Our revenue against the average."""
    tier: GossipTier
    """The tier of this scale."""


class GossipState(TypedDict, total=False):
    """Everything that is kept between messages; bounded for every member."""

    buckets: dict[str, Bucket]
    """What each sender may still send."""
    reporters: dict[str, Reporter]
    """What each reporter said."""

GossipTier = Literal["critical", "struggling", "healthy", "thriving"]
"""A tier of the second scale."""


class _GraphChannelRequired(TypedDict):
    """One direction of a channel of the graph."""

    amount_msat: NodeMsat
    """The capacity."""
    short_channel_id: NodeId
    """Its place in the chain."""
    source: NodeId
    """The node it leads away from."""


class GraphChannel(_GraphChannelRequired, total=False):
    """One direction of a channel of the graph."""

    active: bool | None
    """Whether it forwards; absent in old answers: it does."""
    base_fee_millisatoshi: Msat | None
    """Its fee for each payment."""
    destination: NodeId | None
    """The node it leads to."""
    fee_per_millionth: Ppm | None
    """Its fee rate."""
    public: bool | None
    """Whether others know it; absent: they do."""


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


class _HeadroomRequired(TypedDict):
    """How much may leave a peer."""

    fleet_sats: Sat
    """What the fleet holds with the peer."""
    others_sats: Sat
    """What the other members hold."""
    ours_sats: Sat
    """What we hold."""


class Headroom(_HeadroomRequired, total=False):
    """How much may leave a peer."""

    gives_sats: Sat | None
    """The most that one splice of ours can take out; absent where no balance is known."""
    headroom_sats: Sat | None
    """The largest amount that is safe; none when nothing is."""


class _HeadroomInputRequired(TypedDict):
    """How much may leave a peer."""

    now: Seconds
    """The time."""
    peer_id: NodeId
    """The peer."""


class HeadroomInput(_HeadroomInputRequired, total=False):
    """How much may leave a peer."""

    channel_id: NodeId | None
    """The channel of ours that would change; any with the peer when absent."""
    hive_reachable: bool
    """Whether the other members could be asked at all."""
    in_flight: list[Sat]
    """Our own exits from this peer that none of our channels shows as pending yet."""
    others: list[Other]
    """What the other members hold; a book has its own."""
    ours: Ours | None
    """What we hold; a book has its own."""
    peer_public_sats: Sat | None
    """The public capacity of the peer; unknown when absent. A book has its own."""


class _HealthConfigRequired(TypedDict):
    """What an operator may set about health."""

    announced_slack: Count
    """A reporter may have this many more channels than it announces, whatever its size."""
    capacity_slack: Real
    """A reporter may claim this multiple of its public capacity."""
    dust_sats: Sat
    """A channel without costs is profitable where it earned more than this."""
    grace_days: Count
    """A channel younger than this that cost nothing but its opening is not judged yet."""
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
    rounding: ScoreRounding
    """How the points of a score become a whole number."""
    spread: Spread
    """How far the worst spread lowers the liquidity score."""
    stable_max: Points
    """A score of at most this is of the tier `stable`, a higher one is `thriving`."""
    stagnant_days: Count
    """Without activity for so many days a channel can be stagnant."""
    stagnant_if: StagnantIf
    """Which idle channels are stagnant."""
    struggling_max: Points
    """A score of at most this is of the tier `struggling`."""
    sum_order: SumOrder
    """In which order floats are added."""
    tier_hysteresis: Points
    """So many points beyond its bound a score must lie before a known tier changes."""
    trend_ratio: Count
    """Revenue rises above this percentage of the windows before."""
    vulnerable_max: Points
    """A score of at most this is of the tier `vulnerable`."""


class HealthConfig(_HealthConfigRequired, total=False):
    """What an operator may set about health."""

    trend_falls_below: Count | None
    """Revenue falls below this percentage of the windows before; absent: below 100 / `trend_ratio`."""


class HealthReport(TypedDict):
    """The observations of a member about itself."""

    at: Seconds
    """When it was made."""
    capacity_sats: Sat
    """The capacity of these channels."""
    channels: Count
    """How many announced channels it has in normal operation."""
    imbalance_bp: BasisPoints
    """Sum over its channels of `floor(|2*local - capacity| * 10000 / capacity)`."""
    profitable: Count
    """Channels that earn."""
    stagnant: Count
    """Channels that lose and stand still."""
    total: Count
    """All channels that were judged."""
    underwater: Count
    """Channels that lose."""
    windows: list[Msat]
    """Revenue per window, oldest first; none where the history is too short for a trend."""


class _HealthStatusRequired(TypedDict):
    """How a member does: what it can see of its own channels."""

    capacity_sats: Sat
    """The capacity of its channels."""
    channels: Count
    """How many channels it has."""
    imbalance_bp: Sat
    """Sum over its channels of how far each lies from balance, in hundredths of a percent."""
    profitable: Count
    """Channels that earn."""
    revenue_sats: list[Sat]
    """Its revenue in four weeks, oldest first; none where its history is shorter."""
    stagnant: Count
    """Channels that stand still."""
    total: Count
    """All channels that were judged."""
    underwater: Count
    """Channels that lose."""


class HealthStatus(_HealthStatusRequired, total=False):
    """How a member does: what it can see of its own channels."""

    config: str | None
    """sha256 of its config."""
    version: str | None
    """Its software."""


class HopFee(TypedDict):
    """What the last hop into a channel costs."""

    base_msat: Msat
    """For each payment."""
    ppm: Ppm
    """For what it carries."""

HubAmount = Union[str, int]
"""tokens such as "500" or "0.1", raw units such as "1 unit", or "unlimited" """


class HubBookOpening(TypedDict):
    """What opens the same book again, config and state as they are now."""

    config: Config
    """The config in force."""
    profile: Profile
    """The profile it was made from."""
    state: HubState
    """Everything the book knows."""


class HubBookSize(TypedDict):
    """How many accounts the book holds now."""

    accounts: Count
    """Their number."""
    changed: bool
    """Whether the call changed anything."""


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
    """Whether a batch that is non-empty without this plan is broadcast; one that a request waits
    for always is."""
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
    """Most executed settlements of a tick, and most withdrawn ones."""
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
    sources: list[ReserveSource]
    """Where reserves are replenished from, in this order."""
    strategy: Strategy
    """Who is served first."""
    submitted_stale_ms: Millis
    """A mark of a submitted request is ignored from this age on, in milliseconds."""
    target_reserve: HubAmount
    """At this an episode of replenishment closes."""
    tick_ms: Millis
    """The time between two ticks, in milliseconds."""
    token_limits: dict[str, OwnLimits]
    """The limits of single tokens."""
    token_sources: dict[str, list[ReserveSource]]
    """The sources of single tokens, instead of `sources`."""
    tokens: dict[str, Token]
    """The tokens that the runtime knows; the state may name more."""


class HubConfig(_HubConfigRequired, total=False):
    """What an operator may set about a hub. Amounts are in whole tokens unless they say otherwise."""

    limited_tokens: list[TokenId] | None
    """The tokens that the amounts above are meant for; null for all. Any other token needs
    `token_limits`."""
    max_wait_ms: Millis | None
    """Requests older than this are served first; null for never."""
    proposal_stale_ms: Millis | None
    """A proposal that the peer has not signed counts as on its way until this age, and is withdrawn
    where that is possible when it is older, in milliseconds; null for neither."""


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

    proposals: dict[str, Asked]
    """What is asked back from an account, and how often it did not answer."""
    served: dict[str, dict[str, Served]]
    """What was served in the last hour, per account and token."""
    tokens: dict[str, TokenMemory]
    """The replenishment of each token."""
    told: dict[str, Told]
    """What the operator was told of a token and need not be told again."""


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


class HubVerified(TypedDict):
    """Whether a plan keeps the laws."""

    actions: Count
    """How many actions were checked."""
    valid: bool
    """Whether every law is kept."""


class HubVerifyInput(TypedDict):
    """A plan and the state it was made for."""

    plan: Plan
    """The plan."""
    state: HubState
    """The state."""

Hundredths = int
"""A signed score in hundredths."""


class _InFlightRequired(TypedDict):
    """A replenishment that was asked for."""

    amount: TokenAmount
    """How much was asked for."""
    at: Millis
    """When."""
    id: str
    """Its id, the same for every try of an episode."""
    reserve: TokenAmount
    """The lowest reserve since then: a rise above it by the amount is an answer too."""


class InFlight(_InFlightRequired, total=False):
    """A replenishment that was asked for."""

    confirmed: bool
    """Whether the source said that it sent the amount; the reserve has yet to show it."""


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

    credit_msat: NodeMsat
    """What it brought."""
    debit_msat: NodeMsat
    """What it cost."""
    txid: str | None
    """The transaction it paid for."""


class _InflightRequired(TypedDict):
    """A funding transaction that is not final yet."""

    total_funding_msat: NodeMsat
    """The capacity it would leave."""


class Inflight(_InflightRequired, total=False):
    """A funding transaction that is not final yet."""

    splice_amount: SignedSat | None
    """What it adds to our side; negative for what it takes, its on-chain fee included."""

Intent = Literal["query", "announce"]
"""Whether a splice is only asked about or will be done."""


class Kelly(TypedDict):
    """Bets less where success is uncertain; of the deployed plugin's model only."""

    enabled: bool
    """Whether it is on."""
    fraction: Share
    """The share of the full bet."""

Kind = Literal["health_status", "liquidity_state", "splice_check", "splice_check_answer"]
"""What a message is about."""


class LeftOut(TypedDict):
    """How many channels do not count, and why."""

    closing: Count
    """On their way out."""
    duplicate: Count
    """Under an id that another channel has."""
    opening: Count
    """Not open yet."""
    proposed: Count
    """Only talked about."""
    set_aside: Count
    """Not readable, or two usable ones under one id."""
    unannounced: Count
    """Usable, and in nothing that is told to others, since the graph does not show them as active."""
    unknown: Count
    """In a state that we do not know."""


class _LeftOutChannelRequired(TypedDict):
    """A channel that is left out."""

    channel_id: NodeId
    """Its id."""
    peer_id: NodeId
    """Its peer."""
    standing: Standing
    """Why it is left out."""


class LeftOutChannel(_LeftOutChannelRequired, total=False):
    """A channel that is left out."""

    short_channel_id: NodeId | None
    """Its place in the chain."""


class LegacyFee(TypedDict):
    """The deployed fee controller's answer."""

    fee_ppm: Ppm
    """The fee."""


class LegacyFeeInput(TypedDict):
    """The deployed fee controller's question."""

    base_ppm: Ppm
    """The fee we intend without the fleet."""
    max_fee_ppm: Ppm
    """Its highest fee."""
    min_fee_ppm: Ppm
    """Its lowest fee."""
    needs: list[LegacyNeed]
    """The fleet's needs in its own order."""
    peer_id: NodeId
    """The peer towards which the fee is."""

LegacyKind = Literal["health_report", "liquidity_need", "liquidity_snapshot", "gossip"]
"""A message of the deployed plugin."""


class _LegacyNeedRequired(TypedDict):
    """A need as the deployed plugin words it."""

    need_type: LegacyNeedType
    """What is needed."""
    peer_id: NodeId
    """The peer."""
    severity: Urgency
    """How badly."""


class LegacyNeed(_LegacyNeedRequired, total=False):
    """A need as the deployed plugin words it."""

    health_tier: str | None
    """The member's tier: any word of either scale; a need without one, or with one that is not to
    be helped, is passed over."""

LegacyNeedType = Literal["inbound", "outbound", "rebalance"]
"""What the deployed plugin knows to be needed."""


class LegacyText(TypedDict):
    """The text that is signed."""

    text: str
    """The text that is signed."""


class LegacyTextInput(TypedDict):
    """A message whose text is wanted."""

    kind: LegacyKind
    """What it is."""
    payload: Plain
    """Its payload, with or without what is not signed."""


class _LegacyVerifiedRequired(TypedDict):
    """Whether a message may be taken."""

    valid: bool
    """Whether it may be taken."""


class LegacyVerified(_LegacyVerifiedRequired, total=False):
    """Whether a message may be taken."""

    text: str | None
    """The text that is signed."""


class _LegacyVerifyInputRequired(TypedDict):
    """A message that should be checked."""

    kind: LegacyKind
    """What it is."""
    now: Seconds
    """The time."""
    payload: Plain
    """Its payload, the signature included."""


class LegacyVerifyInput(_LegacyVerifyInputRequired, total=False):
    """A message that should be checked."""

    last_timestamp: Seconds | None
    """The time of the last message of this kind from this sender."""


class _LimitInputRequired(TypedDict):
    """Past reports and the one that asks."""

    history: list[Seconds]
    """When earlier ones were accepted."""
    now: Seconds
    """The present moment."""


class LimitInput(_LimitInputRequired, total=False):
    """Past reports and the one that asks."""

    count: Count | None
    """So many fit the period; that of local reports when absent."""
    period_s: Seconds | None
    """The period; that of local reports when absent."""


class _LimitedRequired(TypedDict):
    """Whether one more fits."""

    allowed: bool
    """Whether it fits."""
    history: list[Seconds]
    """The history to keep, this one included when it fits, oldest first."""


class Limited(_LimitedRequired, total=False):
    """Whether one more fits."""

    retry_at: Seconds | None
    """When one would fit; absent when one fits now or never will."""


class LimitsConfig(TypedDict):
    """What an operator may set about limits."""

    report_count: Count
    """So many local reports fit the period."""
    report_period_s: Seconds
    """The period of local reports."""


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

    activity_counts_s: Seconds
    """An announced rebalance counts no longer than this."""
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


class LiquidityState(TypedDict, total=False):
    """What a member holds where."""

    capacities: list[Capacity]
    """What it holds with each external peer."""
    depleted: list[ReportedTrouble]
    """Its channels with little on its own side."""
    rebalancing: list[Rebalancing]
    """Where it is rebalancing."""
    saturated: list[ReportedTrouble]
    """Its channels with nearly all on its own side."""


class ListAccountEvents(TypedDict):
    """The answer of `bkpr-listaccountevents`."""

    events: list[AccountEvent]
    """The events."""


class ListChannelMoves(TypedDict):
    """The answer of `listchannelmoves`."""

    channelmoves: list[ChannelMove]
    """The moves."""


class ListChannels(TypedDict):
    """The answer of `listchannels`."""

    channels: list[GraphChannel]
    """Each channel of the graph, once per direction."""


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


class ListPeers(TypedDict):
    """The answer of `listpeers` of a node older than 23.02."""

    peers: list[OldPeer]
    """The peers."""


class ListedTroubles(TypedDict, total=False):
    """Channels in trouble, as another program lists them."""

    depleted: list[Trouble]
    """Channels with little on our side."""
    saturated: list[Trouble]
    """Channels with nearly all on our side."""


class LocalShare(TypedDict):
    """How full a channel is on our side."""

    local_pct: Share
    """Share of the capacity on our side."""

LogBegan = Literal["start", "resume", "rotation"]
"""Why a snapshot was written."""


class _LogCheckInputRequired(TypedDict):
    """A line, and what must come next."""

    line: str
    """The line, without its line break."""


class LogCheckInput(_LogCheckInputRequired, total=False):
    """A line, and what must come next."""

    is_cut: bool
    """Whether the file ends in this line without a line break."""
    prev: str | None
    """The sha256 of the line before; absent at the beginning of what is checked."""
    seq: Serial | None
    """The number that is due; absent at the beginning of what is checked."""


class _LogCheckedRequired(TypedDict):
    """What was found."""

    dropped: Serial
    """How many lines the writer dropped before this one."""
    hash: str
    """sha256 of the line: what the next line must name as `prev`."""
    masked: bool
    """Whether something was left out of the line."""
    sound: bool
    """Whether the line is the one that must come next, dropped lines allowed."""


class LogChecked(_LogCheckedRequired, total=False):
    """What was found."""

    kind: LogKind | None
    """What the line tells, where it can be read."""
    next_seq: Serial | None
    """The number that is due next; absent where the line has none."""
    seq: Serial | None
    """The number of the line, where it can be read."""


class LogHandle(TypedDict):
    """An open handle, as what opens it again."""

    handle: Serial
    """Its number, within this log."""
    input: str
    """What it is opened with, as text."""
    opens: str
    """Its kind."""

LogKind = Literal["decision", "handle", "snapshot", "policy", "end"]
"""What a line tells."""


class LogLine(TypedDict):
    """A line of the log."""

    hash: str
    """sha256 of the line: what the next line names as `prev`."""
    line: str
    """The line, without the line break that ends it."""
    masked: list[str]
    """Where something was left out."""
    next_seq: Serial
    """The number of the next line."""


class _LogLineInputRequired(TypedDict):
    """What a host observed."""

    at: Millis
    """When, in milliseconds since 1970."""
    seq: Serial
    """The number of the line; each is one more than the last one, dropped lines counted."""


class LogLineInput(_LogLineInputRequired, total=False):
    """What a host observed."""

    began: LogBegan | None
    """Why a snapshot is written."""
    caller: str | None
    """Who asked."""
    config: str | None
    """sha256 of the canonical config."""
    cut_bytes: Serial | None
    """How many bytes of a line that was cut off were removed before the log was resumed."""
    decision_id: str | None
    """What the host calls this decision."""
    dropped: Serial | None
    """How many lines were dropped since the log was opened."""
    duration_us: Serial | None
    """How long the call took, in microseconds."""
    ended: bool | None
    """Whether the log had ended in order before it was resumed."""
    handle: Serial | None
    """The number of the handle, within this log."""
    handles: list[LogHandle] | None
    """The handles that are open."""
    input: str | None
    """The bytes of the input, as text."""
    input_hex: str | None
    """The bytes of an input that is no text, in hexadecimal: columns."""
    kind: LogKind
    """What the line tells; a decision when absent."""
    labels: dict[str, str] | None
    """What else the host wants to know later."""
    mask: list[str]
    """JSON pointers to what must not be told, `*` for every entry."""
    module: str | None
    """sha256 of the module that decided; `native` where the core ran without one."""
    op: str | None
    """The name of the operation or method; of a handle also `open` and `close`."""
    opens: str | None
    """The kind of the handle that `open` opens."""
    output: str | None
    """The bytes of the answer, as text: an envelope or `{"error": …}`."""
    output_hex: str | None
    """The bytes of an answer that is no text, in hexadecimal: columns."""
    policies: list[LogPolicy] | None
    """The policies that lines name."""
    prev: str | None
    """The sha256 of the line before; absent on the first line of a log."""


class _LogPolicyRequired(TypedDict):
    """A policy that lines name by the digest of its config."""

    config: str
    """sha256 of the canonical config."""
    profile: str
    """The profile to start from."""


class LogPolicy(_LogPolicyRequired, total=False):
    """A policy that lines name by the digest of its config."""

    overrides: str | None
    """The fields of the config to change, as text."""


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


class _MemberRequired(TypedDict):
    """What a member reported."""

    at: Seconds
    """When it reported its liquidity; 0 when never."""
    member_id: NodeId
    """Its node id."""


class Member(_MemberRequired, total=False):
    """What a member reported."""

    answers: list[PeerAnswer]
    """What it answered when it was asked about a peer, signed."""
    capacities: list[PeerCapacity]
    """What it holds towards each external peer."""
    depleted: list[Trouble]
    """Its channels with little on its own side."""
    health_at: Seconds | None
    """When it reported its health; absent when never."""
    implausible: bool
    """Whether its reports contradict what we see; then nothing of it counts."""
    node_capacity_sats: Sat | None
    """The capacity of the whole node, where it reported none towards single peers."""
    node_channels: Count | None
    """How many channels the whole node has."""
    rebalancing: list[Activity]
    """Where it is rebalancing."""
    saturated: list[Trouble]
    """Its channels with nearly all on its own side."""
    score: Points | None
    """The score that we derived from its health report."""
    splices: list[AnnouncedSplice]
    """The splices it announced."""
    tier: Tier | None
    """The tier, where the score is not known."""


class _MemberHealthRequired(TypedDict):
    """One member's health."""

    age_s: Seconds
    """How old its report is."""
    budget_multiplier: Multiplier
    """Multiplier of its own budget."""
    counted: bool
    """Whether it counts in the average."""
    member_id: NodeId
    """The member."""
    tier: Tier
    """Its tier; stable when unknown or too old."""


class MemberHealth(_MemberHealthRequired, total=False):
    """One member's health."""

    score: Points | None
    """Its score; absent when unknown."""


class _MemberStandingRequired(TypedDict):
    """A member of the fleet, as the receiver knows it."""

    member_id: NodeId
    """Its public key."""


class MemberStanding(_MemberStandingRequired, total=False):
    """A member of the fleet, as the receiver knows it."""

    banned: bool
    """Whether the fleet shut it out."""
    connected: bool
    """Whether it is connected to us."""


class _MessageOutcomeRequired(TypedDict):
    """What became of a message that a book took, which keeps the state itself."""

    outcome: GossipOutcome
    """What became of it."""
    relay: bool
    """Whether to pass it on to the other members."""


class MessageOutcome(_MessageOutcomeRequired, total=False):
    """What became of a message that a book took, which keeps the state itself."""

    digest: str | None
    """sha256 of the signed text, the id of the message."""
    kind: Kind | None
    """What it is about, when it was accepted."""
    reporter: NodeId | None
    """Who made it, when it was accepted."""

Millis = int
"""A moment or duration in milliseconds. Unit: ms."""

Model = Literal["demand", "cl_revenue_ops"]
"""How the value of a candidate is computed."""


class _MoveAdviceRequired(TypedDict):
    """The advice on filling one depleted channel."""

    channel_id: NodeId
    """The channel to fill."""
    outcome: MoveOutcome
    """What the advice is."""
    peer_id: NodeId
    """The peer of the channel."""
    reasons: list[Reason]
    """Why, the sources aside."""
    source_refusals: list[RefusalCount]
    """Why the other channels do not give."""
    sources: Count
    """How many channels were considered as source."""


class MoveAdvice(_MoveAdviceRequired, total=False):
    """The advice on filling one depleted channel."""

    amount_sats: Sat | None
    """How much to move."""
    ev: RealSat | None
    """What it is expected to be worth."""
    inbound_ppm: Ppm | None
    """What the route is expected to cost; absent where that is unknown."""
    last_hop: HopFee | None
    """What the peer takes for the last hop into the channel, its base fee included; absent where
    nobody tells it."""
    max_fee_ppm: Ppm | None
    """The most to pay for the route."""
    pays_up_to_ppm: Ppm | None
    """The dearest route at which it pays."""
    short_channel_id: NodeId | None
    """Its place in the chain."""
    source: NodeId | None
    """The channel that gives best."""
    threshold: RealSat | None
    """The least value that our tier accepts."""
    until: Seconds | None
    """When to ask again, where another member goes first."""

MoveOutcome = Literal["worth_it", "pays_below", "waits", "refused"]
"""What the advice on filling one channel is."""

Msat = int
"""An amount in thousandths of a satoshi. Unit: msat."""

Multiplier = float
"""A budget multiplier."""


class Need(TypedDict):
    """What one member needs at one peer."""

    capacity_sats: Sat
    """The capacity of the channel."""
    local_pct: Share
    """The share on the member's side."""
    member_id: NodeId
    """Who needs it."""
    need_type: NeedType
    """What is needed."""
    our_relevance: Share
    """How much we could help by fees and routes."""
    peer_id: NodeId
    """The external peer."""
    severity: Severity
    """How badly."""
    tier: Tier
    """The member's tier."""

NeedType = Literal["inbound", "outbound"]
"""What kind of liquidity is needed."""


class Needs(TypedDict):
    """What the fleet needs."""

    fleet_needs: list[Need]
    """Worst tier first, then severity, then where we can help most."""


class NetReceiver(TypedDict):
    """A peer that waits for collateral."""

    account_id: EntityId
    """The peer."""
    amount: TokenAmount
    """How much: the smaller of request and claim."""
    claim: TokenAmount
    """What the hub owes it unsecured."""
    fee: TokenAmount
    """What it paid in advance, in this token."""
    requested_at: Millis
    """When it asked; the present where it did not."""
    severe: bool
    """Whether the claim is above the hard limit."""


class NetSpender(TypedDict):
    """A peer with something to take back."""

    account_id: EntityId
    """The peer."""
    amount: TokenAmount
    """How much in all."""
    by_settlement: TokenAmount
    """What it would pay of its unsecured debt out of its reserve."""
    by_withdrawal: TokenAmount
    """What the hub withdraws of its own share of the collateral."""


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


class _NewChannelAdviceRequired(TypedDict):
    """A peer to which a channel of ours would help other members."""

    helps: list[NodeId]
    """The members it would help."""
    peer_id: NodeId
    """The peer."""
    reasons: list[Reason]
    """Why."""
    score: Hundredths
    """The score, in hundredths."""


class NewChannelAdvice(_NewChannelAdviceRequired, total=False):
    """A peer to which a channel of ours would help other members."""

    fleet_share: Real | None
    """The fleet's share of the peer's capacity; absent when unknown."""

Nnlb = Literal["off", "threshold", "both"]
"""What our health moves."""


class _NodeAdviceRequired(TypedDict):
    """What is worth doing now."""

    avoid: list[NodeId]
    """Peers that other members use for rebalancing now, for a path around them."""
    budget: Budget
    """What may be spent on rebalancing."""
    fees: list[FeeAdvice]
    """Steps of our fees that help other members."""
    left_out: NotAdvised
    """What the node lists and the advice cannot use."""
    needs: list[ChannelNeed]
    """Our depleted and saturated channels, beside what really leaves through them."""
    new_channels: list[NewChannelAdvice]
    """External peers to which a new channel of ours would help, the best first."""
    rebalances: list[MoveAdvice]
    """Every depleted channel with the advice on filling it, the best first."""
    refusals: list[RefusalCount]
    """Why depleted channels are not filled: how often each reason decided."""
    report: Member
    """What the other members may know of us, our health included."""
    splices: list[SpliceAdvice]
    """How much may leave towards each external peer, the most first."""
    splices_unchecked: Count
    """For how many external peers no splice-out can be called safe, because their public capacity
    is unknown."""


class NodeAdvice(_NodeAdviceRequired, total=False):
    """What is worth doing now."""

    health: Assessed | None
    """Our health; absent when it is unknown."""
    movable_in_sats: Sat | None
    """What all channels that count and are not offline can receive now, as far as the node says;
    absent where it says it of none."""
    movable_out_sats: Sat | None
    """What all channels that count and are not offline can send now, as far as the node says;
    absent where it says it of none."""
    tier: Tier | None
    """The tier by which we are judged."""


class _NodeAdviceInputRequired(TypedDict):
    """A node that wants advice."""

    now: Seconds
    """The present moment."""
    snapshot: Snapshot
    """What `snapshot.cln` answered."""


class NodeAdviceInput(_NodeAdviceInputRequired, total=False):
    """A node that wants advice."""

    budget: SpentBudget
    """What is spent and reserved of our budget."""
    exits: list[ExitInFlight]
    """The splice-outs of ours that no channel shows as pending yet."""
    fee_steps: list[FeeStepTaken]
    """The steps of fees that were taken for the fleet and are in force."""
    first: Count | None
    """Only so many entries of each list; all when absent."""
    health: NodeObservation | None
    """The input of `health.assess`; the one of the snapshot when absent."""
    members: list[Member]
    """What each member reported last; our own report is skipped."""
    operator: list[OperatorDecision]
    """What the operator decided."""


class _NodeExplainInputRequired(TypedDict):
    """What is asked about, and of which node."""

    asked: NodeAdviceInput
    """The same question that `fleet.advise` answers."""
    subject: NodeId
    """A channel by its channel_id or short_channel_id, or a peer by its node id."""


class NodeExplainInput(_NodeExplainInputRequired, total=False):
    """What is asked about, and of which node."""

    first: Count | None
    """Only so many entries of each list of pairs; ten when absent."""


class NodeExplained(TypedDict):
    """Everything about one channel or one peer."""

    channels: list[ChannelExplained]
    """Each channel that the subject names, by id."""
    splices: list[SpliceAdvice]
    """How much may leave towards each peer among them."""

NodeId = str

NodeLimit = Union[int, str]
"""millisatoshis, as an integer or as "1000msat"; more than all bitcoin is no limit Unit: msat."""

NodeMsat = Union[int, str]
"""millisatoshis, as an integer or as "1000msat" Unit: msat."""


class _NodeObservationRequired(TypedDict):
    """What a node can observe about itself."""

    profitable: Count
    """Channels that earn."""
    stagnant: Count
    """Channels that stand still."""
    trend: TrendSource
    """Where revenue is going, as a word or as `{"windows": […]}`, oldest first."""
    underwater: Count
    """Channels that lose."""


class NodeObservation(_NodeObservationRequired, total=False):
    """What a node can observe about itself."""

    channels: list[LocalShare] | None
    """The node's channels; instead of a liquidity score."""
    liquidity_score: Score | None
    """How balanced the channels are, 0 to 100; instead of the channels."""
    previous_tier: Tier | None
    """The tier that was last decided: a score changes it only from some points beyond the bound on."""
    total: Count | None
    """All channels; the sum of the three when absent."""


class NotAdvised(TypedDict):
    """What the node lists and the advice cannot use."""

    channels: list[LeftOutChannel]
    """Each channel, by standing and id."""
    closed_to_forwards: Count
    """In normal operation, closed to forwards by their operator."""
    listed: LeftOut
    """What the snapshot left out, and why; entries that this call set aside are added."""
    offline: Count
    """In normal operation, and the peer is not there."""


class Nothing(TypedDict):
    """Nothing."""


class _OldPeerRequired(TypedDict):
    """A peer with its channels."""

    id: NodeId
    """The node."""


class OldPeer(_OldPeerRequired, total=False):
    """A peer with its channels."""

    channels: list[PeerChannel]
    """The channels with it."""
    connected: bool | None
    """Whether it is there."""

OpKind = Literal["c2r", "r2c", "r2r", "forgive", "raw_diff"]
"""What one operation of a settlement does."""


class _OpenFleetBookRequired(TypedDict):
    """What a book is opened with."""

    state: FleetSnapshot
    """The fleet: at least we ourselves."""


class OpenFleetBook(_OpenFleetBookRequired, total=False):
    """What a book is opened with."""

    config: ConfigOverrides | None
    """Fields of the config to change."""
    profile: str | None
    """The profile to start from; `plan` when absent."""


class _OpenHubBookRequired(TypedDict):
    """What a book is opened with."""

    state: HubState
    """The hub, with or without its accounts."""


class OpenHubBook(_OpenHubBookRequired, total=False):
    """What a book is opened with."""

    config: ConfigOverrides | None
    """Fields of the config to change."""
    profile: str | None
    """The profile to start from; `plan` when absent."""


class _OperatorDecisionRequired(TypedDict):
    """What the operator decided about one channel or one peer."""

    subject: NodeId
    """A channel by its channel_id or short_channel_id, or a peer by its node id."""


class OperatorDecision(_OperatorDecisionRequired, total=False):
    """What the operator decided about one channel or one peer."""

    fee: FeeDecision | None
    """What holds for the fee there."""
    rebalance: RebalanceDecision | None
    """Which way it may be rebalanced; both ways when absent."""


class _OtherRequired(TypedDict):
    """What another member holds with the peer, as far as we know."""

    at: Seconds
    """When it reported."""
    member_id: NodeId
    """Its node id."""


class Other(_OtherRequired, total=False):
    """What another member holds with the peer, as far as we know."""

    announced: list[Announced]
    """Its announced splice-outs at this peer."""
    answer: Answer | None
    """Its signed answer."""
    channels: list[Sat] | None
    """Its reported capacity with the peer, channel by channel."""
    node_capacity_sats: Sat | None
    """The capacity of the whole node, where it reported no channels: only an estimate."""
    node_channels: Count | None
    """How many channels the whole node has."""


class Ours(TypedDict, total=False):
    """Our own side."""

    channels: list[OwnChannel]
    """Our channels with the peer."""
    node_id: NodeId | None
    """Our node id; a report under this id never counts as another member's."""


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


class _OwnChannelRequired(TypedDict):
    """One of our channels with the peer."""

    capacity_sats: Sat
    """What it holds confirmed."""


class OwnChannel(_OwnChannelRequired, total=False):
    """One of our channels with the peer."""

    after_pending_sats: Sat | None
    """What it will hold when the splices that are under way have confirmed."""
    channel_id: NodeId | None
    """Its id."""
    local_sats: Sat | None
    """The part on our side."""
    phase: Phase | None
    """Where it is in its life; usable when absent."""
    reserve_sats: Sat | None
    """What must stay on our side; a hundredth of the capacity when absent."""
    spendable_sats: Sat | None
    """What it can send now: HTLCs cannot leave."""
    splicing: bool
    """Whether a splice is under way."""


class OwnLimits(TypedDict, total=False):
    """The limits of one token, where the hub's own do not fit it. Amounts are in whole tokens unless
    they say otherwise. Of a token that is not in `limited_tokens` the first four must be set; what
    else is absent is the hub's amount in the ratio of the two `target_reserve`."""

    floor: HubAmount | None
    """Requests never bring the reserve below this."""
    hard_limit: HubAmount | None
    """A claim above this is reported as severe."""
    keep_buffer: HubAmount | None
    """What the hub leaves of its own share when it pulls back."""
    min_deposit: HubAmount | None
    """No deposit or withdrawal is smaller."""
    min_reserve: HubAmount | None
    """Below this an episode of replenishment opens."""
    per_account_window: HubAmount | None
    """No account is given more in an hour."""
    per_request_cap: HubAmount | None
    """No single deposit is larger."""
    per_tick_cap: HubAmount | None
    """No tick deposits more."""
    soft_limit: HubAmount | None
    """A claim or share above this is worth acting on unasked."""
    target_reserve: HubAmount | None
    """At this an episode of replenishment closes."""


class _PairExplainedRequired(TypedDict):
    """One move between two channels."""

    accepted: bool
    """Whether it pays."""
    channel_id: NodeId
    """The channel at the other end."""
    peer_id: NodeId
    """The peer at the other end."""


class PairExplained(_PairExplainedRequired, total=False):
    """One move between two channels."""

    binding: Reason | None
    """The reason that decides against it, with the value that would end it."""
    ev: RealSat | None
    """What it is expected to be worth."""
    terms: Terms | None
    """Every term of the value, as far as it was computed."""


class PairsExplained(TypedDict):
    """Every move between a channel and the others."""

    best: list[PairExplained]
    """The best, or those closest to a yes."""
    pay: Count
    """How many pay at the cost that is known, or at the least that is possible."""
    refusals: list[RefusalCount]
    """How often each reason refused."""
    tried: Count
    """How many were tried."""


class Pause(TypedDict):
    """Whether a channel may be tried now."""

    ready: bool
    """Whether it may be tried now."""
    wait_s: Seconds
    """How long until it may."""


class _PeerAdviceRequired(TypedDict):
    """What a channel to one peer would be worth to the fleet."""

    helps: list[NodeId]
    """The members it would help."""
    peer_id: NodeId
    """The peer."""
    redundant: bool
    """Whether the fleet's capacity already suffices."""
    score: Hundredths
    """The score, in hundredths."""


class PeerAdvice(_PeerAdviceRequired, total=False):
    """What a channel to one peer would be worth to the fleet."""

    fleet_share: Real | None
    """The fleet's share of the peer's capacity; absent when unknown."""


class PeerAnswer(TypedDict):
    """What a member answered about a peer."""

    at: Seconds
    """When it answered."""
    capacity_sats: Sat
    """What it holds with the peer."""
    peer_id: NodeId
    """The peer."""


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
    """One channel of `listpeerchannels`. One in the making lacks most of it."""

    state: str
    """The state, such as `CHANNELD_NORMAL`."""


class PeerChannel(_PeerChannelRequired, total=False):
    """One channel of `listpeerchannels`. One in the making lacks most of it."""

    alias: Alias | None
    """Its names where it has no place in the chain that others know."""
    channel_id: NodeId | None
    """Its id."""
    fee_base_msat: NodeMsat | None
    """Our fee for each forward."""
    fee_proportional_millionths: Ppm | None
    """Our fee rate."""
    inflight: list[Inflight] | None
    """Funding transactions that are not final yet: splices, or an opening."""
    lost_state: bool | None
    """Whether we lost the state of it."""
    maximum_htlc_out_msat: NodeLimit | None
    """The largest forward that we let out."""
    opener: str | None
    """Who opened it."""
    our_reserve_msat: NodeLimit | None
    """What has to stay on our side."""
    peer_connected: bool | None
    """Whether the peer is there."""
    peer_id: NodeId | None
    """The node at the other end."""
    private: bool | None
    """Whether it is not announced."""
    receivable_msat: NodeLimit | None
    """What can be received."""
    reestablished: bool | None
    """Whether both sides agreed on its state since they met again; absent while the peer is away."""
    short_channel_id: NodeId | None
    """Its place in the chain."""
    spendable_msat: NodeLimit | None
    """What can be sent."""
    to_us_msat: NodeMsat | None
    """The part on our side."""
    total_msat: NodeMsat | None
    """The whole capacity."""
    updates: Updates | None
    """The fees of both sides."""

Phase = Literal["proposed", "opening", "usable", "closing", "unknown"]
"""Where a channel is in its life. What a node lists is not what it can use."""

Plain = Any
"""any value, kept as it came"""


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
    turned: list[RefusedRequests]
    """How many requests besides those in `outcomes` were turned down, and why."""


class PlanAt(TypedDict, total=False):
    """When to plan."""

    now: Millis | None
    """The time of the entity; absent for the time of the book."""

Points = int
"""A whole score from 0 (worst) to 100 (best). Unit: score."""

Ppm = int
"""A fee rate in parts per million. Unit: ppm."""


class Previous(TypedDict):
    """An earlier report."""

    at: Seconds
    """When it was made."""
    score: Points
    """The score that we derived from it."""


class PrioritizeInput(TypedDict):
    """The needs to order."""

    needs: list[Urgent]
    """The needs; those of equal priority keep this order."""


class Prioritized(TypedDict):
    """A need with its priority."""

    id: NodeId
    """Its id."""
    priority: Real
    """0 for a healthy node, up to 2."""


class PrioritizedNeeds(TypedDict):
    """The needs in order."""

    needs: list[Prioritized]
    """The highest priority first."""

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


class _RankedRequired(TypedDict):
    """A channel that may give, and how well."""

    channel_id: NodeId
    """Its id."""


class Ranked(_RankedRequired, total=False):
    """A channel that may give, and how well."""

    gives_sats: Sat | None
    """The most that it can give and keep its share."""
    local_share_after: Real | None
    """The share that stays on our side after it gave."""
    loss: RealSat | None
    """What its sats would have earned here."""
    opportunity_ppm: Ppm | None
    """What its liquidity would have earned here, weighted by how likely that was."""
    score: Real | None
    """How well it gives by the deployed plugin's points; more is better."""
    spread_ppm: SignedPpm | None
    """What is left of the destination's fee."""
    turnover: Share | None
    """The share of its capacity that moves in a day."""

Real = float
"""A finite number."""

RealSat = float
"""An expected value, threshold or term of one, in satoshis. Unit: sat."""


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
    """The closest value at which this reason no longer applies."""
    limit: Quantity | None
    """What it was held against."""
    observed: Quantity | None
    """What was found."""
    subject: str | None
    """What the reason is about: a channel, peer, member or account."""
    unit: Unit | None
    """The unit of both."""


class _RebalanceConfigRequired(TypedDict):
    """What an operator may set about rebalancing."""

    backoff_s: Seconds
    """The first pause after a failure; it doubles with each further one, up to 16 times."""
    budget_share: Share
    """The share of a day's revenue that may be spent on a day's rebalancing."""
    chunk_sats: Sat
    """No job moves more at once."""
    cooldown_h: Count
    """How long a channel rests after a success, in hours."""
    flow_window_days: Count
    """Over how many days flow was summed."""
    give_up_after: Count
    """After more failures than this, give up for `give_up_s`."""
    give_up_s: Seconds
    """How long we give up."""
    kelly: Kelly
    """Bets less where success is uncertain."""
    margin: Real
    """The least expected value as a part of what the route costs; of the model `demand`."""
    max_amount_sats: Sat
    """No job is larger."""
    max_health_age_s: Seconds
    """Our own health older than this is unknown."""
    min_amount_sats: Sat
    """No job is smaller."""
    min_budget_sats: Sat
    """The smallest budget of a day."""
    min_ev_sats: Sat
    """The least expected value of a healthy node; of the model `demand`."""
    min_profit_ppm: Ppm
    """The least profit in parts of the amount; takes precedence when positive."""
    min_profit_sats: SignedSat
    """The least profit of a healthy node; of the deployed plugin's model."""
    min_uptime_pct: Real
    """A source or destination must have been online this percentage of the last day."""
    model: Model
    """How the value of a candidate is computed."""
    nnlb: Nnlb
    """What our health moves."""
    rounding: ThresholdRounding
    """How a divided threshold is rounded."""
    scaling: Scaling
    """When a threshold is divided by the multiplier."""
    tolerance_sats: Sat
    """The loss that the deployed plugin's model bears for the fleet."""
    velocity_gate: VelocityGate
    """Fills a channel that nothing moves through less."""


class RebalanceConfig(_RebalanceConfigRequired, total=False):
    """What an operator may set about rebalancing."""

    source_min_share: Share | None
    """The share of its capacity that a source keeps; that of a depleted channel when absent."""

RebalanceDecision = Literal["both", "destination_only", "off", "source_only"]
"""Which way a channel may be rebalanced."""


class Rebalancing(TypedDict):
    """A rebalance under way."""

    expected_end: Seconds
    """When it should be over."""
    peer: NodeId
    """The peer through which it goes."""
    start: Seconds
    """When it began."""


class _ReceivedRequired(TypedDict):
    """What became of a message, and what is kept now."""

    outcome: GossipOutcome
    """What became of it."""
    relay: bool
    """Whether to pass it on to the other members."""
    state: GossipState
    """What is kept now."""


class Received(_ReceivedRequired, total=False):
    """What became of a message, and what is kept now."""

    digest: str | None
    """sha256 of the signed text, the id of the message."""
    kind: Kind | None
    """What it is about, when it was accepted."""
    reporter: NodeId | None
    """Who made it, when it was accepted."""


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


class RecentFlow(TypedDict):
    """What others sent through a channel within `rebalance.flow_window_days`."""

    sats_in: Sat
    """What arrived."""
    sats_out: Sat
    """What left."""


class Refund(TypedDict, total=False):
    """A refund of a prepaid fee that is under way: the request is frozen."""

    reason: RefundReason | None
    """Why."""
    refunded_amount: TokenAmount
    """How much was given back."""

RefundReason = Literal["policy_mismatch", "timeout", "fee_too_low", "manual"]
"""Why a refund was begun."""


class RefusalCount(TypedDict):
    """How often one reason refused something, and the case that is closest to a yes."""

    closest: Reason
    """The case that is closest to a yes: its subject, what was seen, the limit, the value that
    ends the reason."""
    code: Code
    """The reason."""
    count: Count
    """How often."""


class RefusedRequests(TypedDict):
    """How many requests of a token were turned down for the same reason."""

    code: Code
    """The reason that bound."""
    count: Count
    """How many."""
    token_id: TokenId
    """The token."""


class Relevance(TypedDict):
    """How much we could help at a peer."""

    our_relevance: Share
    """0 where we have no channel, 1 with a large and balanced one."""


class RelevanceInput(TypedDict):
    """Our channels to one peer."""

    channels: list[Balance]
    """Our channels to the peer that are in normal operation."""


class RemoveAccount(TypedDict):
    """Which account to remove."""

    account_id: EntityId
    """The peer."""


class RemoveFromFleet(TypedDict, total=False):
    """What to forget; what is absent stays."""

    channel_id: NodeId | None
    """A channel of ours."""
    member_id: NodeId | None
    """A member, with all that it said."""
    peer_id: NodeId | None
    """What the graph shows of a peer."""
    source_id: NodeId | None
    """A channel that might give in a rebalance."""


class ReplenishAction(TypedDict):
    """Ask a configured source to replenish a reserve."""

    amount: TokenAmount
    """How much."""
    id: str
    """The same for every try of an episode: asking twice gives once."""
    source: ReserveSource
    """Who is asked."""
    token_id: TokenId
    """The token."""
    type: Literal["replenish"]


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


class _ReportInputRequired(TypedDict):
    """What a node knows of itself."""

    channels: list[Channel]
    """Our channels, as `snapshot.cln` gives them."""
    now: Seconds
    """The present moment."""


class ReportInput(_ReportInputRequired, total=False):
    """What a node knows of itself."""

    config: str | None
    """sha256 of our config."""
    counts: ReportedCounts | None
    """What another program of this node counted; in place of what our books say."""
    listed: ListedTroubles | None
    """Depleted and saturated channels as another program of this node lists them; in place of
    what our channels show."""
    members: list[NodeId]
    """The other members: a channel with one of them is no channel with an external peer."""
    profits: list[ChannelProfit]
    """The books of our channels, as `snapshot.cln` gives them; empty when they are unknown."""
    rebalancing: list[Activity]
    """Where we are rebalancing."""
    revenue_windows: list[Msat]
    """Our revenue of the last four weeks, oldest first."""
    version: str | None
    """Our software."""


class ReportVerdict(TypedDict):
    """What a report is worth and what follows from it."""

    liquidity_score: Points
    """How balanced its channels are, from its sums."""
    score: Points
    """The score that follows from its counts."""
    tier: Tier
    """The tier of the score."""
    verdict: Verdict
    """What the report is worth."""


class ReportedCounts(TypedDict):
    """Channels by what they are worth."""

    profitable: Count
    """Channels that earn."""
    stagnant: Count
    """Channels that stand still."""
    total: Count
    """All channels that were judged."""
    underwater: Count
    """Channels that lose."""


class ReportedTrouble(TypedDict):
    """A depleted or saturated channel."""

    capacity_sats: Sat
    """The capacity of the channel."""
    local_per_mille: Count
    """The member's share, in thousandths, rounded toward its nearer end."""
    peer: NodeId
    """The peer at the other end."""


class Reporter(TypedDict, total=False):
    """What a reporter said."""

    announced: list[Announcement]
    """Its announced splices, one for each peer."""
    answers: list[Answered]
    """Its answers about peers, one for each."""
    last: dict[str, Stored]
    """Its last message of each kind."""
    recent: list[str]
    """The digests of its last accepted messages, newest last."""
    stamps: dict[str, list[Seconds]]
    """When its messages of each kind were accepted, within the last hour."""


class _ReportsRequired(TypedDict):
    """The bodies to build messages of."""

    liquidity_state: LiquidityState
    """The liquidity state."""


class Reports(_ReportsRequired, total=False):
    """The bodies to build messages of."""

    health_status: HealthStatus | None
    """The health report; absent while the books are unknown."""


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


class RequestPolicy(TypedDict):
    """When an entity wants collateral for what it is owed."""

    hard_limit: TokenAmount
    """A claim above this is severe; equal to the soft limit, requests are made by hand only."""
    max_fee: TokenAmount
    """No fee may be higher."""
    soft_limit: TokenAmount
    """A claim up to this may stay unsecured."""


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
    """What open settlements of ours will bring, as far as it is likely and could be taken now."""
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

ReserveSource = Literal["faucet", "treasury", "withdraw"]
"""Where a reserve is replenished from. Configured, never taken from state or from a peer."""


class Rest(TypedDict):
    """What is left of one peer."""

    amount: TokenAmount
    """How much."""
    id: EntityId
    """The peer."""


class RestoreBook(TypedDict):
    """What to go back to."""

    state: HubState
    """A snapshot."""


class RestoreFleet(TypedDict):
    """What to go back to."""

    state: FleetSnapshot
    """A snapshot."""

Safety = Literal["safe", "unchecked", "coordinate", "blocked"]
"""The advice about a splice."""


class Sales(TypedDict):
    """What a channel sells of what it can send: before and after a move."""

    active_days: Real
    """Days with a forward out that are expected within 90 days."""
    sats_per_active_day: RealSat
    """Sats out that are expected on such a day."""
    used_after: RealSat
    """How many sats are used of those that it can send after the move."""
    used_before: RealSat
    """How many sats are used of those that it can send before the move."""

Sat = int
"""An amount, balance or capacity in satoshis. Unit: sat."""

Scaling = Literal["always", "unless_one"]
"""When a threshold is divided by the multiplier."""

Score = float
"""A score from 0 to 100 that need not be whole. Unit: score."""


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

ScoreRounding = Literal["truncate", "nearest"]
"""How the points of a score become a whole number."""


class Scored(TypedDict):
    """A health score with what follows from it."""

    budget_multiplier: Multiplier
    """Multiplier of the node's own budget and threshold."""
    score: Points
    """The score."""
    tier: Tier
    """The tier of the score."""

Seconds = int
"""A moment or duration in seconds. Unit: s."""


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


class SetHub(TypedDict, total=False):
    """Fields of the hub to change; what is absent stays."""

    broadcast_in_input: bool | None
    """Whether somebody else broadcasts in this input."""
    config: ConfigOverrides | None
    """Fields of the config to change."""
    draft: Batch | None
    """The batch being filled."""
    is_hub: bool | None
    """Whether this entity is a hub at all."""
    memory: HubMemory | None
    """What the last plan wanted to be remembered."""
    now: Millis | None
    """The time of the entity."""
    open_debts: dict[str, TokenAmount] | None
    """What the hub owes on chain per token."""
    recovery: list[Batch] | None
    """Batches that wait for their next try."""
    replenish_answers: list[ReplenishAnswer] | None
    """Answers of replenishment sources."""
    reserves: dict[str, TokenAmount] | None
    """The reserves per token."""
    sent: SentBatch | None
    """The batch that was sent; null for none."""
    submit_clock: Millis | None
    """The clock that the age of a sent batch is measured on; null for `now`."""
    tokens: dict[str, Token] | None
    """Tokens besides those of the config."""


class SetUs(TypedDict, total=False):
    """What changed about ourselves; what is absent stays."""

    rebalancing: list[Activity] | None
    """Where we are rebalancing."""
    tier: Tier | None
    """The tier of our last accepted health report."""


class SettleExecuteAction(TypedDict):
    """Put a settlement that both signed into the draft."""

    account_id: EntityId
    """The peer."""
    type: Literal["settle_execute"]


class SettleProposeAction(TypedDict):
    """Ask the peer to sign a settlement that brings back what is the hub's."""

    account_id: EntityId
    """The peer."""
    executor_is_left: bool
    """Whether LEFT executes it: always the hub."""
    memo: str
    """What the settlement is for."""
    ops: list[SettlementOp]
    """What it does."""
    type: Literal["settle_propose"]


class SettleRejectAction(TypedDict):
    """Nobody signed a settlement of ours for too long: withdraw it."""

    account_id: EntityId
    """The peer."""
    type: Literal["settle_reject"]


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
"""A fraction of one. Unit: share."""


class SignatureInput(TypedDict):
    """A signed text."""

    pubkey: NodeId
    """The public key that should have signed, 66 hexadecimal digits."""
    signature: str
    """The signature, as `signmessage` gives it in `zbase`."""
    text: str
    """The text."""


class SignatureVerdict(TypedDict):
    """Whether the key signed the text."""

    valid: bool
    """Whether the key signed the text."""

SignedPpm = int
"""A difference of fee rates in parts per million. Unit: ppm."""

SignedSat = int
"""A signed amount in satoshis. Unit: sat."""

SignedTokenAmount = int
"""a decimal string in -2^255..=2^255-1 Unit: token."""


class _SizeInputRequired(TypedDict):
    """A channel that wants to be filled."""

    capacity_sats: Sat
    """Its capacity."""
    spendable_sats: Sat
    """What it can send now."""


class SizeInput(_SizeInputRequired, total=False):
    """A channel that wants to be filled."""

    age_days: Count | None
    """How old it is, in days; old when absent, for the deployed model young."""
    demand: Demand
    """How much the channels of our node sell."""
    flow: Flow | None
    """What moved through it."""
    local_sats: Sat | None
    """The part on our side; what it can send when absent."""
    receivable_sats: Sat | None
    """What it can receive now."""


class _SizedRequired(TypedDict):
    """How much to move."""

    need_sats: Sat
    """What is missing to the target."""
    target_sats: Sat
    """What the channel should be able to send."""


class Sized(_SizedRequired, total=False):
    """How much to move."""

    active_days: Real | None
    """Days with a forward out that are expected within 30 days."""
    amount_sats: Sat | None
    """How much to move; none when nothing should be."""
    daily_volume: RealSat | None
    """What moves through the channel in a day."""
    sats_per_active_day: RealSat | None
    """Sats out that are expected on an active day."""
    target_ratio: Share | None
    """The share of the capacity that is aimed at."""


class _SnapshotRequired(TypedDict):
    """A node as the fleet policies read it."""

    at: Seconds
    """The moment of the answers."""
    capacity_sats: Sat
    """The capacity of all usable channels that others can see, whichever splice confirms."""
    left_out: LeftOut
    """How many channels are in no number above, and why."""
    profits: list[ChannelProfit]
    """The books of every usable channel; empty when neither forwards nor books are known."""
    public_capacities: list[PeerCapacity]
    """The public capacity of every node of the graph; empty when the graph is unknown."""
    report: Member
    """What the other members may know of its channels, as they keep it; without its health."""
    revenue_windows: list[Msat]
    """Forwarding fees of the last four weeks, one week each, oldest first, from the source that has
    more of them."""
    unattributed: Unattributed
    """What the last 30 days earned and cost that belongs to no channel we know."""
    us: Us
    """The node itself, as other policies read it."""


class Snapshot(_SnapshotRequired, total=False):
    """A node as the fleet policies read it."""

    alias: str | None
    """The name the node gives itself."""
    assess: NodeObservation | None
    """The input of `health.assess`; absent when neither forwards nor books are known."""
    demand: Demand | None
    """How much the channels are asked for, on average; absent when the flow is unknown."""
    health_report: HealthReport | None
    """What the node says of itself to the other members, over the same channels; absent when
    neither forwards nor books are known."""


class SnapshotConfig(TypedDict):
    """What an operator may set about the reading of a node."""

    report_unannounced: bool
    """Whether the other members are told of channels that the graph does not show."""


class _SourceChannelRequired(TypedDict):
    """A channel that may give."""

    capacity_sats: Sat
    """Its capacity."""
    channel_id: NodeId
    """Its id."""
    fee_ppm: Ppm
    """What we charge there."""
    spendable_sats: Sat
    """What it can send now."""


class SourceChannel(_SourceChannelRequired, total=False):
    """A channel that may give."""

    age_days: Count | None
    """How old it is, in days; old when absent."""
    connected: bool
    """Whether its peer is online."""
    fails: Count
    """How often it failed in a row."""
    flow: Flow | None
    """What moved through it."""
    local_sats: Sat | None
    """The part on our side; what it can send when absent."""
    peer_id: NodeId | None
    """The peer at the other end."""
    phase: Phase | None
    """Where it is in its life; usable when absent."""
    uptime_pct: Real | None
    """For what percentage of the last day its peer was online."""


class Sources(TypedDict):
    """The channels that may give, best first."""

    ranked: list[Ranked]
    """The channels, best first; ties by id."""
    refused: Count
    """How many were refused."""


class _SourcesInputRequired(TypedDict):
    """Channels that may give."""

    amount_sats: Sat
    """How much should be moved."""
    inbound_ppm: Ppm
    """What the route is expected to cost."""
    out_ppm: Ppm
    """What we charge at the destination."""
    sources: list[SourceChannel]
    """The channels."""


class SourcesInput(_SourcesInputRequired, total=False):
    """Channels that may give."""

    demand: Demand
    """How much the channels of our node sell."""
    destination_peer_id: NodeId | None
    """The peer of the channel that should be filled."""


class Spender(TypedDict):
    """A peer with something to take back."""

    amount: TokenAmount
    """How much."""
    id: EntityId
    """The peer."""
    token_id: TokenId
    """The token."""


class SpentBudget(TypedDict, total=False):
    """What is gone of our budget for rebalancing."""

    base_sats: Sat | None
    """The budget of a healthy node; from the revenue of the snapshot when absent."""
    reserved_sats: Sat
    """What running jobs may still spend."""
    spent_sats: Sat
    """What was spent in the last day."""


class _SpliceAdviceRequired(TypedDict):
    """How much may leave towards one peer."""

    peer_id: NodeId
    """The peer."""
    reasons: list[Reason]
    """Why."""


class SpliceAdvice(_SpliceAdviceRequired, total=False):
    """How much may leave towards one peer."""

    headroom_sats: Sat | None
    """The largest splice-out that is safe, and that one channel can give."""


class SpliceAnswer(TypedDict):
    """The answer to a question about a splice."""

    capacity_sats: Sat
    """What the member holds with the peer."""
    in_reply_to: str
    """The digest of the question."""
    peer: NodeId
    """The peer."""


class SpliceCheck(TypedDict):
    """A question about a splice, or its announcement."""

    amount_sats: Sat
    """How much."""
    expires: Seconds
    """Until when it holds."""
    intent: Intent
    """Whether it is only asked or will be done."""
    peer: NodeId
    """The peer."""
    type: SpliceType
    """Which way it goes."""


class SpliceConfig(TypedDict):
    """What an operator may set about splices."""

    max_answer_age_s: Seconds
    """How long a signed answer replaces a member's estimate."""
    max_report_age_s: Seconds
    """A member's report older than this is no capacity."""
    max_skew_s: Seconds
    """How far a stamp may lie in the future before it counts as no report."""
    min_sats: Sat
    """The fleet should keep at least this much with the peer."""
    min_share: Share
    """The fleet should keep at least this share of the peer's capacity."""
    partial: bool
    """Whether what our own channels keep can be enough by itself."""
    whole: Whole
    """What a share is a share of."""

SpliceType = Literal["splice_in", "splice_out"]
"""Which way a splice goes."""

Spread = Literal["half", "full"]
"""How far the worst spread of balances lowers the liquidity score."""

StagnantIf = Literal["idle", "losing"]
"""Which idle channels are stagnant."""

Standing = Literal["proposed", "opening", "closing", "unknown", "offline", "closed_to_forwards"]
"""Why a channel is left out."""

Step = Literal["lowered", "raised", "unchanged"]
"""Which way a fee moved."""


class Stored(TypedDict):
    """The last message of a kind."""

    at: Seconds
    """When it was made."""
    body: Plain
    """The observations."""
    digest: str
    """The digest of its text."""
    seq: Serial
    """Its number."""

Strategy = Literal["amount", "time", "fee"]
"""Who is served first."""

SumOrder = Literal["ascending", "input"]
"""In which order floats are added: a sum of floats depends on it."""


_TakeMessageRequired = TypedDict(
    "_TakeMessageRequired",
    {
        "from": "NodeId",
        "message": "Plain",
        "now": "Seconds",
    },
)


_TakeMessageOptional = TypedDict(
    "_TakeMessageOptional",
    {
        "hops": "Count",
    }, total=False,
)


class TakeMessage(_TakeMessageRequired, _TakeMessageOptional):
    """A message that arrived."""


class _TermsRequired(TypedDict):
    """Every term of the value."""

    amount_sats: Sat
    """How much would be moved."""
    out_ppm: Ppm
    """What we charge at the destination."""
    p_success: Share
    """How likely it succeeds."""
    source_ppm: Ppm
    """What we charge at the source."""


class Terms(_TermsRequired, total=False):
    """Every term of the value."""

    attempts: RealSat | None
    """What the failed attempts before a success are expected to cost."""
    budget_msat: Msat | None
    """The same, in thousandths."""
    budget_sats: Sat | None
    """The most that may be paid for the route."""
    cost: RealSat | None
    """What the route is expected to cost."""
    destination_sales: Sales | None
    """What the destination sells."""
    destination_turnover: Share | None
    """The share of the destination's capacity that moves in a day."""
    ev: RealSat | None
    """What the rebalance is worth."""
    income: RealSat | None
    """What the moved sats should earn."""
    kelly: Real | None
    """The share of the bet that is placed."""
    max_fee_ppm: Ppm | None
    """The most to pay for the route."""
    opportunity_ppm: Ppm | None
    """What the source's liquidity would have earned, weighted by how likely that was."""
    source_loss: RealSat | None
    """What the moved sats would have earned at the source."""
    source_sales: Sales | None
    """What the source sells."""
    source_turnover: Share | None
    """The share of the source's capacity that moves in a day."""
    spread_ppm: SignedPpm | None
    """What is left of the destination's fee."""
    threshold: RealSat | None
    """The least value that we accept."""
    tolerance_ppm: SignedPpm | None
    """The loss that is tolerated."""
    utilisation: Share | None
    """The share of the moved sats that will be used."""


class Threshold(TypedDict):
    """The least expected value that we accept."""

    multiplier: Multiplier
    """The multiplier in force."""
    threshold: RealSat
    """The least expected value that we accept."""


class ThresholdInput(TypedDict):
    """A threshold and the multiplier that moves it."""

    min_ev_sats: RealSat
    """The least expected value of a healthy node."""
    multiplier: Multiplier
    """The multiplier of our tier; clamped to the configured bounds."""

ThresholdRounding = Literal["none", "truncate"]
"""How a divided threshold is rounded."""

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


class _TokenAdviceRequired(TypedDict):
    """The advice for one token."""

    advice: TokenStep
    """What to do."""
    claim: TokenAmount
    """What the counterparty owes unsecured."""
    severe: bool
    """Whether the claim is above the hard limit."""
    token_id: TokenId
    """The token."""


class TokenAdvice(_TokenAdviceRequired, total=False):
    """The advice for one token."""

    request: AdvisedRequest | None
    """The request to make."""

TokenAmount = int
"""a decimal string in 0..=2^256-1 Unit: token."""


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


class TokenDetected(TypedDict):
    """Both sides of one token."""

    receivers: list[NetReceiver]
    """Who waits, by id."""
    spenders: list[NetSpender]
    """Who has something to take back, by id."""
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

TokenStep = Literal["request", "wait", "manual", "no"]
"""What to do about one token."""

TokenTotal = int
"""a decimal string; a sum may exceed 2^256-1 Unit: token."""


class Told(TypedDict, total=False):
    """What the operator was told of one token in the present episode."""

    overcommitted: bool
    """That the draft cannot settle."""
    without_limits: bool
    """That requests wait for limits."""


class TopologyAdvice(TypedDict):
    """The peers, best first."""

    advice: list[PeerAdvice]
    """The best first."""


class TopologyConfig(TypedDict):
    """What an operator may set about advice on new channels."""

    min_share: Share
    """Above this share of a peer's capacity, more capacity of the fleet is redundant."""


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

TrendSource = Union[Literal["improving", "stable", "declining"], "WindowsTrendSource"]
"""Where the trend comes from. A word counts for ourselves only: of others we take numbers."""


class Trended(TypedDict):
    """Where revenue is going."""

    trend: Trend
    """The trend."""


class Trouble(TypedDict):
    """A depleted or saturated channel of a member."""

    capacity_sats: Sat
    """The capacity of the channel."""
    local_pct: Share
    """The share on the member's own side."""
    peer_id: NodeId
    """The peer at the other end."""


class Unattributed(TypedDict):
    """What belongs to no channel that we know."""

    forwards_msat: Msat
    """Fees of forwards out through channels that we do not know."""
    rebalances_msat: Msat
    """Cost of rebalances into channels that are gone, or all of it where nothing says which
    channel was filled."""

Unit = Literal["sat", "msat", "ppm", "share", "score", "ms", "s", "token", "count"]
"""The unit of an observed value and its limit."""


class Unsigned(TypedDict):
    """A message without its signature."""

    at: Seconds
    """When it was made."""
    body: Plain
    """The observations, in their one form."""
    kind: Kind
    """What it is about."""
    reporter: NodeId
    """Who made it."""
    seq: Serial
    """Its number."""
    v: Count
    """The version of the messages."""


class Update(TypedDict):
    """What one side announced of a channel."""

    fee_base_msat: NodeMsat
    """Its fee for each payment."""
    fee_proportional_millionths: Ppm
    """Its fee rate."""


class Updates(TypedDict, total=False):
    """What both sides announced of a channel."""

    remote: Update | None
    """What the peer announced."""

Urgency = Literal["critical", "high", "medium", "low"]
"""How urgent a need is."""


class Urgent(TypedDict):
    """One need."""

    health_score: Score
    """The health score of whoever needs it."""
    id: NodeId
    """Its id."""
    urgency: Urgency
    """How urgent it is."""


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


class VelocityGate(TypedDict):
    """Fills a channel that nothing moves through less."""

    enabled: bool
    """Whether it is on."""
    grace_days: Count
    """Younger channels are not judged, in days."""
    min_velocity: Share
    """Below this share of the capacity a day, a channel is slow."""
    target_ratio: Share
    """The target of a slow channel."""

Verdict = Literal["consistent", "implausible", "unchecked"]
"""What a report is worth."""


class VerifyInput(TypedDict):
    """A report and what we see."""

    evidence: Evidence
    """What we see ourselves."""
    now: Seconds
    """The present moment."""
    report: HealthReport
    """What the member reports."""

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

Whole = Literal["at_least_fleet", "public"]
"""What the share of the fleet is a share of."""


class WindowsTrendSource(TypedDict):
    """Revenue per window, oldest first."""

    windows: list[Msat]


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
    sealed: bool
    """Whether any signature, hash or proof is on it: the runtime refuses to reject such a one."""
    status: WorkspaceStatus
    """How far it is."""
    updated_at: Millis | None
    """When it was last changed."""

WorkspaceStatus = Literal["draft", "awaiting_counterparty", "ready_to_submit", "submitted"]
"""How far a settlement workspace is."""
