# Written by `trimtab-pack generate` from core's description; edit that.

from typing import Any, ClassVar, Literal, Protocol, Union, final, overload, type_check_only

from trimtab import types as t

__version__: str
ABI: int

@type_check_only
class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

_Record = Union[dict[str, Any], _Dataclass]
_Json = Union[bytes, bytearray, str]

def call(
    op: str, input: object, /, *, profile: t.Profile = "plan", config: object = None
) -> dict[str, Any]:
    """Calls an operation by name; returns the envelope."""

def call_bytes(
    op: str, input: _Json, /, *, profile: t.Profile = "plan", config: object = None
) -> bytes:
    """Calls an operation with JSON; returns the canonical JSON of the envelope."""

def answer_bytes(
    op: str, input: _Json, /, *, profile: t.Profile = "plan", config: object = None
) -> bytes:
    """As `call_bytes`, but an error is returned as JSON too."""

def to_json(value: object, /, *, exact: bool = True) -> bytes:
    """The canonical JSON of an object."""

def input_digest(op: str, input: object, /) -> str:
    """sha256 of the canonical JSON of the typed input: 1, 1.0 and an absent default are one input."""

def operations() -> list[tuple[str, str, str]]:
    """Method, name and summary of every operation."""

class Decision:
    """The outcome of an operation; its fields are attributes. `reasons` are built when read."""

    @staticmethod
    def of_envelope(envelope: dict[str, Any]) -> Decision:
        """A decision of an envelope that another host returned."""
    @property
    def decision(self) -> Any:
        """The outcome as plain dicts and lists."""
    @property
    def reasons(self) -> list[t.Reason]:
        """Every reason that applied, in evaluation order."""
    @property
    def quarantined(self) -> list[t.Quarantined]:
        """The entries that were set aside because they are bad."""
    @property
    def policy(self) -> dict[str, str]:
        """Who decided: name, version, profile and digest of the config."""
    def explain(self, view: Literal["operator", "peer"] = "operator") -> list[str]:
        """One sentence per reason: with every number for the operator, without any for a peer."""
    def to_dict(self) -> dict[str, Any]:
        """The whole envelope, as `trimtab.call` returns it."""

class Handled:
    """A handle of some kind: `policy`, `fleet_book` or `hub_book`."""

    def __new__(cls, kind: str, input: object = None, /) -> Handled: ...
    @property
    def kind(self) -> str:
        """Which kind of handle it is."""
    def call(self, op: str, input: object, /) -> dict[str, Any]:
        """Calls an operation on it; returns the envelope. A failed call changes nothing."""
    def call_bytes(self, op: str, input: _Json, /) -> bytes:
        """Calls an operation with JSON; returns the canonical JSON of the envelope."""
    def answer_bytes(self, op: str, input: _Json, /) -> bytes:
        """As `call_bytes`, but an error is returned as JSON too."""

@final
class Operation:
    """A typed method, seen from the class."""

    @property
    def operation(self) -> str:
        """The name of the operation, `family.verb`."""
    @property
    def summary(self) -> str:
        """What it decides, in one sentence."""

@type_check_only
class PolicyDescribeDecision(Decision):
    """What `policy.describe` decides."""

    @property
    def decision(self) -> t.Description:
        """The outcome as plain dicts and lists."""

@type_check_only
class PolicyExplainDecision(Decision):
    """What `policy.explain` decides."""

    @property
    def decision(self) -> t.Explained:
        """The outcome as plain dicts and lists."""
    @property
    def sentences(self) -> list[str]:
        """One sentence per reason."""

@type_check_only
class ConfigLintDecision(Decision):
    """What `config.lint` decides."""

    @property
    def decision(self) -> t.Linted:
        """The outcome as plain dicts and lists."""
    @property
    def coherent(self) -> bool:
        """Whether nothing is odd."""
    @property
    def config(self) -> str:
        """sha256 of the canonical config that was checked."""
    @property
    def warnings(self) -> t.Count:
        """How many oddities there are, one reason each."""

@type_check_only
class HubPlanDecision(Decision):
    """What `hub.plan` decides."""

    @property
    def decision(self) -> t.Plan:
        """The outcome as plain dicts and lists."""
    @property
    def actions(self) -> list[t.Action]:
        """What to do, in this order."""
    @property
    def memory(self) -> t.HubMemory | None:
        """What to remember until the next tick."""
    @property
    def next_wake(self) -> t.Millis | None:
        """When to plan again if nothing else happens; absent when nothing is left to do."""
    @property
    def outcomes(self) -> list[t.Outcome] | None:
        """What became of requests and settlements: all that were acted on, the first deferred ones."""
    @property
    def reserves(self) -> list[t.ReserveAccount] | None:
        """What the tick did with each reserve."""
    @property
    def turned(self) -> list[t.Turned] | None:
        """How many requests besides those in `outcomes` were turned down, and why."""

@type_check_only
class HubExplainDecision(Decision):
    """What `hub.explain` decides."""

    @property
    def decision(self) -> t.HubExplained:
        """The outcome as plain dicts and lists."""
    @property
    def outcomes(self) -> list[t.Outcome]:
        """What becomes of it: the request first, then settlements. Empty when nothing is asked."""

@type_check_only
class HubReservesDecision(Decision):
    """What `hub.reserves` decides."""

    @property
    def decision(self) -> t.Watched:
        """The outcome as plain dicts and lists."""
    @property
    def actions(self) -> list[t.Action]:
        """Replenishments and alerts."""
    @property
    def memory(self) -> t.HubMemory:
        """What to remember until the next look."""
    @property
    def next_wake(self) -> t.Millis | None:
        """When to look again; absent when the config watches nothing."""
    @property
    def reserves(self) -> list[t.WatchedReserve]:
        """Each token that has a reserve."""

@type_check_only
class HealthScoreDecision(Decision):
    """What `health.score` decides."""

    @property
    def decision(self) -> t.Scored:
        """The outcome as plain dicts and lists."""
    @property
    def budget_multiplier(self) -> t.Multiplier:
        """Multiplier of the node's own budget and threshold."""
    @property
    def score(self) -> t.Points:
        """The score."""
    @property
    def tier(self) -> t.Tier:
        """The tier of the score."""

@type_check_only
class HealthProfitDecision(Decision):
    """What `health.profit` decides."""

    @property
    def decision(self) -> t.Profit:
        """The outcome as plain dicts and lists."""
    @property
    def roi(self) -> t.Real | None:
        """Return on what it cost; absent when it cost nothing."""

@type_check_only
class HealthLiquidityScoreDecision(Decision):
    """What `health.liquidity_score` decides."""

    @property
    def decision(self) -> t.LiquidityScored:
        """The outcome as plain dicts and lists."""
    @property
    def liquidity_score(self) -> t.Points:
        """The score."""

@type_check_only
class HealthTrendDecision(Decision):
    """What `health.trend` decides."""

    @property
    def decision(self) -> t.Trended:
        """The outcome as plain dicts and lists."""
    @property
    def trend(self) -> t.Trend:
        """The trend."""

@type_check_only
class HealthAssessDecision(Decision):
    """What `health.assess` decides."""

    @property
    def decision(self) -> t.Assessed:
        """The outcome as plain dicts and lists."""
    @property
    def budget_multiplier(self) -> t.Multiplier:
        """Multiplier of the node's own budget and threshold."""
    @property
    def can_help_others(self) -> bool:
        """Whether the node is in the best tier."""
    @property
    def capacity_score(self) -> t.Points:
        """Share of channels that do not lose, in whole points (a column of the deployed plugin)."""
    @property
    def components(self) -> t.Components:
        """The points that each component gives."""
    @property
    def connectivity_score(self) -> t.Points:
        """The liquidity score in whole points (a column of the deployed plugin)."""
    @property
    def liquidity_score(self) -> t.Score:
        """How balanced the channels are."""
    @property
    def needs_help(self) -> bool:
        """Whether the node is in one of the two worst tiers."""
    @property
    def needs_inbound(self) -> bool:
        """Whether most of the balance is on our side; false when the channels are not known."""
    @property
    def needs_outbound(self) -> bool:
        """Whether most of the balance is on the peers' side; false when the channels are not known."""
    @property
    def profitable(self) -> t.Count:
        """Channels that earn."""
    @property
    def profitable_pct(self) -> t.Share:
        """Share of channels that earn."""
    @property
    def revenue_score(self) -> t.Points:
        """Share of channels that earn, in whole points (a column of the deployed plugin)."""
    @property
    def score(self) -> t.Points:
        """The score."""
    @property
    def stagnant(self) -> t.Count:
        """Channels that lose and stand still."""
    @property
    def tier(self) -> t.Tier:
        """The tier of the score."""
    @property
    def tier_above(self) -> t.TierAbove | None:
        """The tier above; absent in the best."""
    @property
    def tier_below(self) -> t.TierBelow | None:
        """The tier below; absent in the worst."""
    @property
    def total(self) -> t.Count:
        """All channels."""
    @property
    def trend(self) -> t.Trend:
        """Where revenue is going."""
    @property
    def underwater(self) -> t.Count:
        """Channels that lose."""
    @property
    def underwater_pct(self) -> t.Share:
        """Share of channels that lose."""

@type_check_only
class SnapshotClnDecision(Decision):
    """What `snapshot.cln` decides."""

    @property
    def decision(self) -> t.Snapshot:
        """The outcome as plain dicts and lists."""
    @property
    def alias(self) -> str | None:
        """The name the node gives itself."""
    @property
    def assess(self) -> t.AssessInput | None:
        """The input of `health.assess`; absent when the forwards are unknown."""
    @property
    def at(self) -> t.Seconds:
        """The moment of the answers."""
    @property
    def capacity_sats(self) -> t.Sat:
        """The capacity of all channels that count."""
    @property
    def profits(self) -> list[t.ChannelProfit]:
        """The books of every channel that counts; empty when the forwards are unknown."""
    @property
    def public_capacities(self) -> list[t.PeerCapacity]:
        """The public capacity of every node of the graph; empty when the graph is unknown."""
    @property
    def revenue_windows(self) -> list[t.Msat]:
        """Forwarding fees of the last four weeks, one week each, oldest first."""
    @property
    def us(self) -> t.Us:
        """The node itself, as other policies read it."""

@type_check_only
class LiquidityClassifyDecision(Decision):
    """What `liquidity.classify` decides."""

    @property
    def decision(self) -> t.Classified:
        """The outcome as plain dicts and lists."""
    @property
    def amount_sats(self) -> t.Sat:
        """How much would bring it to balance."""
    @property
    def local_pct(self) -> t.Share | None:
        """The share on our side; absent for a channel without capacity."""
    @property
    def need_type(self) -> t.NeedType | None:
        """What it needs; absent when nothing."""
    @property
    def severity(self) -> t.Severity | None:
        """How badly; absent when it needs nothing."""

@type_check_only
class HubMatchDecision(Decision):
    """What `hub.match` decides."""

    @property
    def decision(self) -> t.Matched:
        """The outcome as plain dicts and lists."""
    @property
    def strategy(self) -> t.Strategy:
        """The strategy that was used."""
    @property
    def tokens(self) -> list[t.TokenMatches]:
        """One entry per token with a spender or a receiver."""

@type_check_only
class HubMatchCyclesDecision(Decision):
    """What `hub.match_cycles` decides."""

    @property
    def decision(self) -> t.Cycles:
        """The outcome as plain dicts and lists."""
    @property
    def tokens(self) -> list[t.TokenCycles]:
        """One entry per token with a claim."""

@type_check_only
class Operations:
    @overload
    def policy_describe(self, input: t.DescribeInput | _Dataclass, /) -> PolicyDescribeDecision:
        """Operations, schemas, reason codes, errors, limits and version of this policy."""
    @overload
    def policy_describe(self, *, operation: str | None = ...) -> PolicyDescribeDecision: ...
    @overload
    def policy_explain(self, input: t.ExplainInput | _Dataclass, /) -> PolicyExplainDecision:
        """Reasons in words, for the operator or, without numbers, for a peer."""
    @overload
    def policy_explain(self, *, reasons: list[t.Reason], view: t.View = ...) -> PolicyExplainDecision: ...
    @overload
    def config_lint(self, input: t.LintInput | _Dataclass, /) -> ConfigLintDecision:
        """Contradictions in a config and settings without effect."""
    @overload
    def config_lint(self, *, config: t.ConfigOverrides | None = ..., profile: t.Profile | None = ...) -> ConfigLintDecision: ...
    @overload
    def hub_plan(self, input: t.HubState | _Dataclass, /) -> HubPlanDecision:
        """What a hub does in one tick: deposits, settlements, replenishment, in order and with reasons."""
    @overload
    def hub_plan(self, *, accounts: list[t.Account] = ..., broadcast_in_input: bool = ..., draft: t.Batch = ..., hub_id: t.EntityId, is_hub: bool = ..., memory: t.HubMemory = ..., now: t.Millis, open_debts: dict[str, t.TokenAmount] = ..., recovery: list[t.Batch] = ..., replenish_answers: list[t.ReplenishAnswer] = ..., reserves: dict[str, t.TokenAmount] = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] = ...) -> HubPlanDecision: ...
    @overload
    def hub_explain(self, input: t.HubExplainInput | _Dataclass, /) -> HubExplainDecision:
        """What the plan of a tick does with one account and token, in full."""
    @overload
    def hub_explain(self, *, account_id: t.EntityId, state: t.HubState, token_id: t.TokenId) -> HubExplainDecision: ...
    @overload
    def hub_reserves(self, input: t.HubState | _Dataclass, /) -> HubReservesDecision:
        """Whether a hub's reserves suffice, and what to replenish from which source."""
    @overload
    def hub_reserves(self, *, accounts: list[t.Account] = ..., broadcast_in_input: bool = ..., draft: t.Batch = ..., hub_id: t.EntityId, is_hub: bool = ..., memory: t.HubMemory = ..., now: t.Millis, open_debts: dict[str, t.TokenAmount] = ..., recovery: list[t.Batch] = ..., replenish_answers: list[t.ReplenishAnswer] = ..., reserves: dict[str, t.TokenAmount] = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] = ...) -> HubReservesDecision: ...
    @overload
    def health_score(self, input: t.ScoreInput | _Dataclass, /) -> HealthScoreDecision:
        """Health score, tier and budget multiplier from the shares of profitable and underwater channels, liquidity and trend."""
    @overload
    def health_score(self, *, liquidity_score: t.Score, profitable_pct: t.Share, trend: t.Trend, underwater_pct: t.Share) -> HealthScoreDecision: ...
    @overload
    def health_profit(self, input: t.ProfitInput | _Dataclass, /) -> HealthProfitDecision:
        """Whether a channel is profitable, breaks even, loses or stands still, from its fees and costs."""
    @overload
    def health_profit(self, *, channel_id: t.NodeId | None = ..., cost_msat: t.Msat | None = ..., idle_s: t.Seconds | None = ..., revenue_msat: t.Msat) -> HealthProfitDecision: ...
    @overload
    def health_liquidity_score(self, input: t.LiquidityScoreInput | _Dataclass, /) -> HealthLiquidityScoreDecision:
        """How evenly the channels of a node are filled, from 0 to 100."""
    @overload
    def health_liquidity_score(self, *, channels: list[t.LocalShare]) -> HealthLiquidityScoreDecision: ...
    @overload
    def health_trend(self, input: t.TrendInput | _Dataclass, /) -> HealthTrendDecision:
        """Whether revenue rises, falls or holds, from equal windows of it."""
    @overload
    def health_trend(self, *, windows: list[t.Msat]) -> HealthTrendDecision: ...
    @overload
    def health_assess(self, input: t.AssessInput | _Dataclass, /) -> HealthAssessDecision:
        """Health of a node in one record: score, tier, components, the way to the next tier, needs."""
    @overload
    def health_assess(self, *, channels: list[t.LocalShare] | None = ..., liquidity_score: t.Score | None = ..., profitable: t.Count, stagnant: t.Count, total: t.Count | None = ..., trend: t.TrendSource, underwater: t.Count) -> HealthAssessDecision: ...
    @overload
    def snapshot_cln(self, input: t.ClnInput | _Dataclass, /) -> SnapshotClnDecision:
        """The raw answers of a Core Lightning node as the input of the other fleet policies."""
    @overload
    def snapshot_cln(self, *, bkpr_listincome: t.ListIncome | None = ..., getinfo: t.GetInfo, listchannels: t.ListChannels | None = ..., listforwards: t.ListForwards | None = ..., listpeerchannels: t.ListPeerChannels, now: t.Seconds) -> SnapshotClnDecision: ...
    @overload
    def liquidity_classify(self, input: t.ClassifyInput | _Dataclass, /) -> LiquidityClassifyDecision:
        """Whether a channel is depleted, saturated or balanced, and how much would balance it."""
    @overload
    def liquidity_classify(self, *, capacity_sats: t.Sat, channel_id: t.NodeId | None = ..., fee_ppm: t.Ppm | None = ..., local_sats: t.Sat, peer_id: t.NodeId | None = ..., pending_capacity_sats: t.Sat | None = ..., private: bool = ..., short_channel_id: t.NodeId | None = ..., splicing: bool = ..., usable: bool = ...) -> LiquidityClassifyDecision: ...
    @overload
    def hub_match(self, input: t.MatchInput | _Dataclass, /) -> HubMatchDecision:
        """Which spenders cover which receivers, per token, with the numbers that prove it."""
    @overload
    def hub_match(self, *, receivers: list[t.Receiver] = ..., spenders: list[t.Spender] = ..., strategy: t.Strategy | None = ...) -> HubMatchDecision: ...
    @overload
    def hub_match_cycles(self, input: t.CyclesInput | _Dataclass, /) -> HubMatchCyclesDecision:
        """The smallest claims between hubs with the same net positions, per token."""
    @overload
    def hub_match_cycles(self, *, claims: list[t.Claim] = ...) -> HubMatchCyclesDecision: ...

class Policy(Operations):
    """A config, parsed and checked once, under which operations are called."""

    def __new__(cls, profile: t.Profile = "plan", config: object = None) -> Policy: ...
    @property
    def digest(self) -> str:
        """sha256 of the canonical config: two nodes with the same digest decide alike."""
    @property
    def profile(self) -> t.Profile:
        """The profile that the config started from."""
    @property
    def config(self) -> t.Config:
        """The config in force."""
    def call(self, op: str, input: object, /) -> dict[str, Any]:
        """Calls an operation by name; returns the envelope."""
    def call_bytes(self, op: str, input: _Json, /) -> bytes:
        """Calls an operation with JSON; returns the canonical JSON of the envelope."""
    def answer_bytes(self, op: str, input: _Json, /) -> bytes:
        """As `call_bytes`, but an error is returned as JSON too."""
