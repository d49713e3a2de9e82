# Written by `trimtab-pack generate` from core's description and the sources of the extension.

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol, Union, final, overload, type_check_only

from typing_extensions import disjoint_base

from trimtab import types as t

__version__: str
ABI: int
BOOK_QUESTIONS: tuple[str, ...]

@type_check_only
class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

_Json = Union[bytes, bytearray, str]

def call(op: str, input: object, /, *, profile: t.Profile = "plan", config: t.ConfigOverrides | _Dataclass | None = None) -> dict[str, Any]:
    """Calls an operation by name; returns the envelope."""

def call_bytes(op: str, input: _Json, /, *, profile: t.Profile = "plan", config: t.ConfigOverrides | _Dataclass | None = None) -> bytes:
    """Calls an operation with JSON; returns the canonical JSON of the envelope."""

def answer_bytes(op: str, input: _Json, /, *, profile: t.Profile = "plan", config: t.ConfigOverrides | _Dataclass | None = None) -> bytes:
    """As `call_bytes`, but an error is returned as JSON too."""

def to_json(value: object, /, *, exact: bool = True) -> bytes:
    """The canonical JSON of an object. An `int` beyond 64 bits becomes a decimal string, as an
    amount is written, or, unless `exact`, a float, as another reader of JSON would take it."""

def input_digest(op: str, input: object, /) -> str:
    """sha256 of the canonical JSON of the typed input: 1, 1.0 and an absent default are one input."""

def sentence(code: str, field: str, got: str, expected: str, offset: int | None = None, /) -> str:
    """An error in one sentence."""

def operations() -> list[tuple[str, str, str]]:
    """Method, name and summary of every operation."""

def methods(kind: str, /) -> list[tuple[str, str, str, str]]:
    """Method, operation, signature and docstring of every typed method of a kind of handle."""

@disjoint_base
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

@disjoint_base
class Handled:
    """A handle of some kind: `policy`, `fleet_book` or `hub_book`."""

    def __new__(cls, kind: str, input: object = None, /) -> Handled:
        """Opens a handle; the fields are its input, such as `profile` and `config`."""
    @property
    def kind(self) -> str:
        """Which kind of handle it is."""
    def call(self, op: str, input: object, /) -> dict[str, Any]:
        """Calls an operation on it; returns the envelope. A failed call changes nothing."""
    def bound(self, op: str) -> Callable[..., Decision]:
        """The typed method of an operation: one record as argument, or its fields by name."""
    def call_bytes(self, op: str, input: _Json, /) -> bytes:
        """Calls an operation with JSON; returns the canonical JSON of the envelope."""
    def answer_bytes(self, op: str, input: _Json, /) -> bytes:
        """As `call_bytes`, but an error is returned as JSON too."""

@final
class Operation:

    @property
    def operation(self) -> str:
        """The name of the operation, `family.verb`."""
    @property
    def __name__(self) -> str: ...
    @property
    def summary(self) -> str:
        """What it decides, in one sentence."""
    def __call__(self, policy: Policy, /, *record: Any, **fields: Any) -> Decision:
        """As every method is called from its class."""
    def __get__(self, instance: Policy | None, owner: object = None, /) -> Any: ...

@type_check_only
class AcceptedDecision(Decision):
    """Whether an expected value is accepted."""
    @property
    def decision(self) -> t.Accepted:
        """The outcome as plain dicts and lists."""
    @property
    def accepted(self) -> bool:
        """Whether the expected value reaches the threshold."""
    @property
    def multiplier(self) -> t.Multiplier:
        """The multiplier in force."""
    @property
    def threshold(self) -> t.RealSat:
        """The least expected value that we accept."""
    @property
    def tier(self) -> t.Tier | None:
        """The tier that the multiplier comes from."""

@type_check_only
class AccountAdviceDecision(Decision):
    """The advice for an account."""
    @property
    def decision(self) -> t.AccountAdvice:
        """The outcome as plain dicts and lists."""
    @property
    def tokens(self) -> list[t.TokenAdvice]:
        """One entry per token, by token."""

@type_check_only
class AdjustedDecision(Decision):
    """The fee to set."""
    @property
    def decision(self) -> t.Adjusted:
        """The outcome as plain dicts and lists."""
    @property
    def fee_ppm(self) -> t.Ppm | None:
        """The fee; absent where nobody knows what we intend without the fleet. Then `step` tells which
        way it should be from there."""
    @property
    def for_tier(self) -> t.Tier | None:
        """The tier of the member it helps; absent when none."""
    @property
    def step(self) -> t.Step:
        """Which way it moved."""

@type_check_only
class AssessedDecision(Decision):
    """A node's health in one record."""
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
        """The tier of the score, or the previous one where the score is too near to its bound."""
    @property
    def tier_above(self) -> t.TierAbove | None:
        """The tier above; absent in the best."""
    @property
    def tier_below(self) -> t.TierBelow | None:
        """The tier below; absent in the worst, or where no score falls to it."""
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
class BookDigestDecision(Decision):
    """The digest of a book."""
    @property
    def decision(self) -> t.BookDigest:
        """The outcome as plain dicts and lists."""
    @property
    def digest(self) -> str:
        """sha256 of the canonical snapshot."""

@type_check_only
class BudgetDecision(Decision):
    """What may still be spent."""
    @property
    def decision(self) -> t.Budget:
        """The outcome as plain dicts and lists."""
    @property
    def base_sats(self) -> t.Sat:
        """The budget of a healthy node."""
    @property
    def cap_sats(self) -> t.Sat:
        """Our budget."""
    @property
    def granted_sats(self) -> t.Sat | None:
        """What the proposal may spend."""
    @property
    def left_sats(self) -> t.Sat:
        """What is left of it."""
    @property
    def multiplier(self) -> t.Multiplier:
        """The multiplier in force."""

@type_check_only
class BuiltDecision(Decision):
    """A message that lacks only its signature."""
    @property
    def decision(self) -> t.Built:
        """The outcome as plain dicts and lists."""
    @property
    def digest(self) -> str:
        """sha256 of the text, the id of the message."""
    @property
    def message(self) -> t.Unsigned:
        """The message without its signature."""
    @property
    def text(self) -> str:
        """The text to sign with the node's `signmessage`."""

@type_check_only
class CheckedDecision(Decision):
    """The advice with what it rests on."""
    @property
    def decision(self) -> t.Checked:
        """The outcome as plain dicts and lists."""
    @property
    def can_proceed(self) -> bool:
        """Whether nothing refuses the splice. The advice is `safety`: with `coordinate` or `unchecked`,
        wait, although this is true."""
    @property
    def fleet_sats(self) -> t.Sat:
        """What the fleet holds with the peer."""
    @property
    def fleet_share(self) -> t.Real | None:
        """The fleet's share of the peer's capacity."""
    @property
    def gives_sats(self) -> t.Sat | None:
        """The most that one splice of ours can take out; absent where no balance is known."""
    @property
    def new_fleet_sats(self) -> t.Sat:
        """What the fleet will hold."""
    @property
    def new_share(self) -> t.Real | None:
        """The fleet's share afterwards."""
    @property
    def others_sats(self) -> t.Sat:
        """What the other members hold."""
    @property
    def ours_sats(self) -> t.Sat:
        """What we hold."""
    @property
    def peer_total_sats(self) -> t.Sat | None:
        """What the shares are shares of."""
    @property
    def safety(self) -> t.Safety:
        """The advice."""

@type_check_only
class ClassifiedDecision(Decision):
    """How full a channel is and what it needs."""
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
class CompetitionDecision(Decision):
    """Peers that several members serve."""
    @property
    def decision(self) -> t.Competition:
        """The outcome as plain dicts and lists."""
    @property
    def contested(self) -> list[t.Contested]:
        """Most members first."""

@type_check_only
class ConflictDecision(Decision):
    """Whether to rebalance through a peer now."""
    @property
    def decision(self) -> t.Conflict:
        """The outcome as plain dicts and lists."""
    @property
    def action(self) -> t.ConflictAction:
        """What to do."""
    @property
    def avoid(self) -> list[t.NodeId]:
        """Peers that other members use now, for a path around them."""
    @property
    def conflict(self) -> bool:
        """Whether another member is using the peer."""
    @property
    def priority_over(self) -> t.NodeId | None:
        """The member before which we go."""
    @property
    def until(self) -> t.Seconds | None:
        """When to ask again."""
    @property
    def yield_to(self) -> t.NodeId | None:
        """The member that goes before us."""

@type_check_only
class CyclesDecision(Decision):
    """The claims of every token, by token."""
    @property
    def decision(self) -> t.Cycles:
        """The outcome as plain dicts and lists."""
    @property
    def tokens(self) -> list[t.TokenCycles]:
        """One entry per token with a claim."""

@type_check_only
class DescriptionDecision(Decision):
    @property
    def decision(self) -> t.Description:
        """The outcome as plain dicts and lists."""

@type_check_only
class DetectedDecision(Decision):
    """Both sides of every token, by token."""
    @property
    def decision(self) -> t.Detected:
        """The outcome as plain dicts and lists."""
    @property
    def tokens(self) -> list[t.TokenDetected]:
        """One entry per token with a spender or a receiver."""

@type_check_only
class EvaluatedDecision(Decision):
    """What a rebalance is worth."""
    @property
    def decision(self) -> t.Evaluated:
        """The outcome as plain dicts and lists."""
    @property
    def accepted(self) -> bool:
        """Whether it should be done."""
    @property
    def amount_sats(self) -> t.Sat | None:
        """How much to move, when it is accepted."""
    @property
    def flips(self) -> t.Flips | None:
        """Which values would change the answer."""
    @property
    def max_fee_ppm(self) -> t.Ppm | None:
        """The most to pay for the route, when it is accepted."""
    @property
    def model(self) -> t.Model:
        """The model that valued it."""
    @property
    def multiplier(self) -> t.Multiplier:
        """The multiplier in force."""
    @property
    def source(self) -> t.NodeId | None:
        """From where to move, when it is accepted."""
    @property
    def terms(self) -> t.Terms | None:
        """Every term of the value, as far as it was computed."""

@type_check_only
class ExcessesDecision(Decision):
    """Where the fleet has too much on its own side."""
    @property
    def decision(self) -> t.Excesses:
        """The outcome as plain dicts and lists."""
    @property
    def fleet_excess(self) -> list[t.Excess]:
        """The largest amount first."""

@type_check_only
class ExplainedDecision(Decision):
    """Reasons in words."""
    @property
    def decision(self) -> t.Explained:
        """The outcome as plain dicts and lists."""
    @property
    def sentences(self) -> list[str]:
        """One sentence per reason."""

@type_check_only
class FleetBookOpeningDecision(Decision):
    """What opens the same book again, config and state as they are now."""
    @property
    def decision(self) -> t.FleetBookOpening:
        """The outcome as plain dicts and lists."""
    @property
    def config(self) -> t.Config:
        """The config in force."""
    @property
    def profile(self) -> t.Profile:
        """The profile it was made from."""
    @property
    def state(self) -> t.FleetSnapshot:
        """Everything the book knows."""

@type_check_only
class FleetBookSizeDecision(Decision):
    """How much the book holds now."""
    @property
    def decision(self) -> t.FleetBookSize:
        """The outcome as plain dicts and lists."""
    @property
    def changed(self) -> bool:
        """Whether the call changed anything."""
    @property
    def channels(self) -> t.Count:
        """Our channels."""
    @property
    def peers(self) -> t.Count:
        """Peers as the graph shows them."""
    @property
    def reports(self) -> t.Count:
        """Members with a report, if only that of their silence."""
    @property
    def sources(self) -> t.Count:
        """Channels that may give in a rebalance."""

@type_check_only
class FleetHealthDecision(Decision):
    """The health of the fleet."""
    @property
    def decision(self) -> t.FleetHealth:
        """The outcome as plain dicts and lists."""
    @property
    def fleet_health(self) -> t.Points:
        """The average score, floored; 50 for an empty fleet."""
    @property
    def member_count(self) -> t.Count:
        """Members that count."""
    @property
    def members(self) -> list[t.MemberHealth]:
        """The members, by id."""
    @property
    def stable_count(self) -> t.Count:
        """Stable members that count."""
    @property
    def struggling_count(self) -> t.Count:
        """Struggling members that count."""
    @property
    def thriving_count(self) -> t.Count:
        """Thriving members that count."""
    @property
    def vulnerable_count(self) -> t.Count:
        """Vulnerable members that count."""

@type_check_only
class FleetSnapshotDecision(Decision):
    """Everything a book knows."""
    @property
    def decision(self) -> t.FleetSnapshot:
        """The outcome as plain dicts and lists."""
    @property
    def gossip(self) -> t.GossipState | None:
        """What is kept of the messages of members."""
    @property
    def members(self) -> list[t.FleetMember] | None:
        """The members, without us."""
    @property
    def peers(self) -> list[t.FleetPeer] | None:
        """External peers."""
    @property
    def reports(self) -> list[t.Member] | None:
        """What each member reported last, as the stateless operations take it."""
    @property
    def sources(self) -> list[t.SourceChannel] | None:
        """The channels that may give in a rebalance."""
    @property
    def us(self) -> t.Us:
        """We ourselves."""

@type_check_only
class FleetStateDecision(Decision):
    """How the fleet and we do."""
    @property
    def decision(self) -> t.FleetState:
        """The outcome as plain dicts and lists."""
    @property
    def balanced_channels(self) -> t.Count:
        """Our channels that are neither depleted nor saturated."""
    @property
    def common_bottleneck_peers(self) -> list[t.NodeId]:
        """External peers at which several members are in trouble, most members first."""
    @property
    def depleted_channels(self) -> t.Count:
        """Our depleted channels."""
    @property
    def members_rebalancing(self) -> t.Count:
        """Members that rebalance now, we included."""
    @property
    def members_with_depleted_channels(self) -> t.Count:
        """Other members with a depleted channel."""
    @property
    def members_with_excess_outbound(self) -> t.Count:
        """Other members with a saturated channel."""
    @property
    def saturated_channels(self) -> t.Count:
        """Our saturated channels."""

@type_check_only
class GossipScaledDecision(Decision):
    """A score of the second scale."""
    @property
    def decision(self) -> t.GossipScaled:
        """The outcome as plain dicts and lists."""
    @property
    def balance_score(self) -> t.Points:
        """How balanced we are."""
    @property
    def can_help_others(self) -> bool:
        """Whether the plugin calls us able to help."""
    @property
    def capacity_score(self) -> t.Points:
        """Our capacity against the average."""
    @property
    def connectivity_score(self) -> t.Points:
        """Ten per channel."""
    @property
    def needs_help(self) -> bool:
        """Whether the plugin calls us in need."""
    @property
    def overall_health(self) -> t.Points:
        """The score."""
    @property
    def revenue_score(self) -> t.Points:
        """Our revenue against the average."""
    @property
    def tier(self) -> t.GossipTier:
        """The tier of this scale."""

@type_check_only
class HeadroomDecision(Decision):
    """How much may leave a peer."""
    @property
    def decision(self) -> t.Headroom:
        """The outcome as plain dicts and lists."""
    @property
    def fleet_sats(self) -> t.Sat:
        """What the fleet holds with the peer."""
    @property
    def gives_sats(self) -> t.Sat | None:
        """The most that one splice of ours can take out; absent where no balance is known."""
    @property
    def headroom_sats(self) -> t.Sat | None:
        """The largest amount that is safe; none when nothing is."""
    @property
    def others_sats(self) -> t.Sat:
        """What the other members hold."""
    @property
    def ours_sats(self) -> t.Sat:
        """What we hold."""

@type_check_only
class HubBookOpeningDecision(Decision):
    """What opens the same book again, config and state as they are now."""
    @property
    def decision(self) -> t.HubBookOpening:
        """The outcome as plain dicts and lists."""
    @property
    def config(self) -> t.Config:
        """The config in force."""
    @property
    def profile(self) -> t.Profile:
        """The profile it was made from."""
    @property
    def state(self) -> t.HubState:
        """Everything the book knows."""

@type_check_only
class HubBookSizeDecision(Decision):
    """How many accounts the book holds now."""
    @property
    def decision(self) -> t.HubBookSize:
        """The outcome as plain dicts and lists."""
    @property
    def accounts(self) -> t.Count:
        """Their number."""
    @property
    def changed(self) -> bool:
        """Whether the call changed anything."""

@type_check_only
class HubExplainedDecision(Decision):
    """What the plan does with one account and token."""
    @property
    def decision(self) -> t.HubExplained:
        """The outcome as plain dicts and lists."""
    @property
    def outcomes(self) -> list[t.Outcome]:
        """What becomes of it: the request first, then settlements. Empty when nothing is asked."""

@type_check_only
class HubStateDecision(Decision):
    """Everything a hub policy reads."""
    @property
    def decision(self) -> t.HubState:
        """The outcome as plain dicts and lists."""
    @property
    def accounts(self) -> list[t.Account] | None:
        """The accounts, each peer once."""
    @property
    def broadcast_in_input(self) -> bool | None:
        """Whether somebody else broadcasts in this input."""
    @property
    def draft(self) -> t.Batch | None:
        """The batch being filled."""
    @property
    def hub_id(self) -> t.EntityId:
        """The hub."""
    @property
    def is_hub(self) -> bool | None:
        """Whether this entity is a hub at all; one that is not plans nothing."""
    @property
    def memory(self) -> t.HubMemory | None:
        """What the last plan wanted to be remembered."""
    @property
    def now(self) -> t.Millis:
        """The time of the entity."""
    @property
    def open_debts(self) -> dict[str, t.TokenAmount] | None:
        """What the hub owes on chain per token; it is swept before any reserve is spent."""
    @property
    def recovery(self) -> list[t.Batch] | None:
        """Batches that were taken back and wait for their next try."""
    @property
    def replenish_answers(self) -> list[t.ReplenishAnswer] | None:
        """Answers of replenishment sources since the last tick."""
    @property
    def reserves(self) -> dict[str, t.TokenAmount] | None:
        """The reserves per token."""
    @property
    def sent(self) -> t.SentBatch | None:
        """The batch that was sent and has not settled."""
    @property
    def submit_clock(self) -> t.Millis | None:
        """The clock that the age of a sent batch is measured on; absent for `now`."""
    @property
    def tokens(self) -> dict[str, t.Token] | None:
        """Tokens besides those of the config."""

@type_check_only
class HubVerifiedDecision(Decision):
    """Whether a plan keeps the laws."""
    @property
    def decision(self) -> t.HubVerified:
        """The outcome as plain dicts and lists."""
    @property
    def actions(self) -> t.Count:
        """How many actions were checked."""
    @property
    def valid(self) -> bool:
        """Whether every law is kept."""

@type_check_only
class LegacyFeeDecision(Decision):
    """The deployed fee controller's answer."""
    @property
    def decision(self) -> t.LegacyFee:
        """The outcome as plain dicts and lists."""
    @property
    def fee_ppm(self) -> t.Ppm:
        """The fee."""

@type_check_only
class LegacyTextDecision(Decision):
    """The text that is signed."""
    @property
    def decision(self) -> t.LegacyText:
        """The outcome as plain dicts and lists."""
    @property
    def text(self) -> str:
        """The text that is signed."""

@type_check_only
class LegacyVerifiedDecision(Decision):
    """Whether a message may be taken."""
    @property
    def decision(self) -> t.LegacyVerified:
        """The outcome as plain dicts and lists."""
    @property
    def text(self) -> str | None:
        """The text that is signed."""
    @property
    def valid(self) -> bool:
        """Whether it may be taken."""

@type_check_only
class LimitedDecision(Decision):
    """Whether one more fits."""
    @property
    def decision(self) -> t.Limited:
        """The outcome as plain dicts and lists."""
    @property
    def allowed(self) -> bool:
        """Whether it fits."""
    @property
    def history(self) -> list[t.Seconds]:
        """The history to keep, this one included when it fits, oldest first."""
    @property
    def retry_at(self) -> t.Seconds | None:
        """When one would fit; absent when one fits now or never will."""

@type_check_only
class LintedDecision(Decision):
    """What the check found."""
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
class LiquidityScoredDecision(Decision):
    """How evenly the channels are filled."""
    @property
    def decision(self) -> t.LiquidityScored:
        """The outcome as plain dicts and lists."""
    @property
    def liquidity_score(self) -> t.Points:
        """The score."""

@type_check_only
class LogCheckedDecision(Decision):
    """What was found."""
    @property
    def decision(self) -> t.LogChecked:
        """The outcome as plain dicts and lists."""
    @property
    def dropped(self) -> t.Serial:
        """How many lines the writer dropped before this one."""
    @property
    def hash(self) -> str:
        """sha256 of the line: what the next line must name as `prev`."""
    @property
    def kind(self) -> t.LogKind | None:
        """What the line tells, where it can be read."""
    @property
    def masked(self) -> bool:
        """Whether something was left out of the line."""
    @property
    def next_seq(self) -> t.Serial | None:
        """The number that is due next; absent where the line has none."""
    @property
    def seq(self) -> t.Serial | None:
        """The number of the line, where it can be read."""
    @property
    def sound(self) -> bool:
        """Whether the line is the one that must come next, dropped lines allowed."""

@type_check_only
class LogLineDecision(Decision):
    """A line of the log."""
    @property
    def decision(self) -> t.LogLine:
        """The outcome as plain dicts and lists."""
    @property
    def hash(self) -> str:
        """sha256 of the line: what the next line names as `prev`."""
    @property
    def line(self) -> str:
        """The line, without the line break that ends it."""
    @property
    def masked(self) -> list[str]:
        """Where something was left out."""
    @property
    def next_seq(self) -> t.Serial:
        """The number of the next line."""

@type_check_only
class MatchedDecision(Decision):
    """The matches of every token, by token."""
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
class MessageOutcomeDecision(Decision):
    """What became of a message that a book took, which keeps the state itself."""
    @property
    def decision(self) -> t.MessageOutcome:
        """The outcome as plain dicts and lists."""
    @property
    def digest(self) -> str | None:
        """sha256 of the signed text, the id of the message."""
    @property
    def kind(self) -> t.Kind | None:
        """What it is about, when it was accepted."""
    @property
    def outcome(self) -> t.GossipOutcome:
        """What became of it."""
    @property
    def relay(self) -> bool:
        """Whether to pass it on to the other members."""
    @property
    def reporter(self) -> t.NodeId | None:
        """Who made it, when it was accepted."""

@type_check_only
class NeedsDecision(Decision):
    """What the fleet needs."""
    @property
    def decision(self) -> t.Needs:
        """The outcome as plain dicts and lists."""
    @property
    def fleet_needs(self) -> list[t.Need]:
        """Worst tier first, then severity, then where we can help most."""

@type_check_only
class NodeAdviceDecision(Decision):
    """What is worth doing now."""
    @property
    def decision(self) -> t.NodeAdvice:
        """The outcome as plain dicts and lists."""
    @property
    def avoid(self) -> list[t.NodeId]:
        """Peers that other members use for rebalancing now, for a path around them."""
    @property
    def budget(self) -> t.Budget:
        """What may be spent on rebalancing."""
    @property
    def fees(self) -> list[t.FeeAdvice]:
        """Steps of our fees that help other members."""
    @property
    def health(self) -> t.Assessed | None:
        """Our health; absent when it is unknown."""
    @property
    def left_out(self) -> t.NotAdvised:
        """What the node lists and the advice cannot use."""
    @property
    def movable_in_sats(self) -> t.Sat | None:
        """What all channels that count and are not offline can receive now, as far as the node says;
        absent where it says it of none."""
    @property
    def movable_out_sats(self) -> t.Sat | None:
        """What all channels that count and are not offline can send now, as far as the node says;
        absent where it says it of none."""
    @property
    def needs(self) -> list[t.ChannelNeed]:
        """Our depleted and saturated channels, beside what really leaves through them."""
    @property
    def new_channels(self) -> list[t.NewChannelAdvice]:
        """External peers to which a new channel of ours would help, the best first."""
    @property
    def rebalances(self) -> list[t.MoveAdvice]:
        """Every depleted channel with the advice on filling it, the best first."""
    @property
    def refusals(self) -> list[t.RefusalCount]:
        """Why depleted channels are not filled: how often each reason decided."""
    @property
    def report(self) -> t.Member:
        """What the other members may know of us, our health included."""
    @property
    def splices(self) -> list[t.SpliceAdvice]:
        """How much may leave towards each external peer, the most first."""
    @property
    def splices_unchecked(self) -> t.Count:
        """For how many external peers no splice-out can be called safe, because their public capacity
        is unknown."""
    @property
    def tier(self) -> t.Tier | None:
        """The tier by which we are judged."""

@type_check_only
class NodeExplainedDecision(Decision):
    """Everything about one channel or one peer."""
    @property
    def decision(self) -> t.NodeExplained:
        """The outcome as plain dicts and lists."""
    @property
    def channels(self) -> list[t.ChannelExplained]:
        """Each channel that the subject names, by id."""
    @property
    def splices(self) -> list[t.SpliceAdvice]:
        """How much may leave towards each peer among them."""

@type_check_only
class PauseDecision(Decision):
    """Whether a channel may be tried now."""
    @property
    def decision(self) -> t.Pause:
        """The outcome as plain dicts and lists."""
    @property
    def ready(self) -> bool:
        """Whether it may be tried now."""
    @property
    def wait_s(self) -> t.Seconds:
        """How long until it may."""

@type_check_only
class PlanDecision(Decision):
    """What a hub does in one tick."""
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
    def turned(self) -> list[t.RefusedRequests] | None:
        """How many requests besides those in `outcomes` were turned down, and why."""

@type_check_only
class PrioritizedNeedsDecision(Decision):
    """The needs in order."""
    @property
    def decision(self) -> t.PrioritizedNeeds:
        """The outcome as plain dicts and lists."""
    @property
    def needs(self) -> list[t.Prioritized]:
        """The highest priority first."""

@type_check_only
class ProfitDecision(Decision):
    """How a channel does."""
    @property
    def decision(self) -> t.Profit:
        """The outcome as plain dicts and lists."""
    @property
    def roi(self) -> t.Real | None:
        """Return on what it cost; absent when it cost nothing."""

@type_check_only
class ReceivedDecision(Decision):
    """What became of a message, and what is kept now."""
    @property
    def decision(self) -> t.Received:
        """The outcome as plain dicts and lists."""
    @property
    def digest(self) -> str | None:
        """sha256 of the signed text, the id of the message."""
    @property
    def kind(self) -> t.Kind | None:
        """What it is about, when it was accepted."""
    @property
    def outcome(self) -> t.GossipOutcome:
        """What became of it."""
    @property
    def relay(self) -> bool:
        """Whether to pass it on to the other members."""
    @property
    def reporter(self) -> t.NodeId | None:
        """Who made it, when it was accepted."""
    @property
    def state(self) -> t.GossipState:
        """What is kept now."""

@type_check_only
class RelevanceDecision(Decision):
    """How much we could help at a peer."""
    @property
    def decision(self) -> t.Relevance:
        """The outcome as plain dicts and lists."""
    @property
    def our_relevance(self) -> t.Share:
        """0 where we have no channel, 1 with a large and balanced one."""

@type_check_only
class ReportVerdictDecision(Decision):
    """What a report is worth and what follows from it."""
    @property
    def decision(self) -> t.ReportVerdict:
        """The outcome as plain dicts and lists."""
    @property
    def liquidity_score(self) -> t.Points:
        """How balanced its channels are, from its sums."""
    @property
    def score(self) -> t.Points:
        """The score that follows from its counts."""
    @property
    def tier(self) -> t.Tier:
        """The tier of the score."""
    @property
    def verdict(self) -> t.Verdict:
        """What the report is worth."""

@type_check_only
class ReportsDecision(Decision):
    """The bodies to build messages of."""
    @property
    def decision(self) -> t.Reports:
        """The outcome as plain dicts and lists."""
    @property
    def health_status(self) -> t.HealthStatus | None:
        """The health report; absent while the books are unknown."""
    @property
    def liquidity_state(self) -> t.LiquidityState:
        """The liquidity state."""

@type_check_only
class ScoredDecision(Decision):
    """A health score with what follows from it."""
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
class SignatureVerdictDecision(Decision):
    """Whether the key signed the text."""
    @property
    def decision(self) -> t.SignatureVerdict:
        """The outcome as plain dicts and lists."""
    @property
    def valid(self) -> bool:
        """Whether the key signed the text."""

@type_check_only
class SizedDecision(Decision):
    """How much to move."""
    @property
    def decision(self) -> t.Sized:
        """The outcome as plain dicts and lists."""
    @property
    def active_days(self) -> t.Real | None:
        """Days with a forward out that are expected within 30 days."""
    @property
    def amount_sats(self) -> t.Sat | None:
        """How much to move; none when nothing should be."""
    @property
    def daily_volume(self) -> t.RealSat | None:
        """What moves through the channel in a day."""
    @property
    def need_sats(self) -> t.Sat:
        """What is missing to the target."""
    @property
    def sats_per_active_day(self) -> t.RealSat | None:
        """Sats out that are expected on an active day."""
    @property
    def target_ratio(self) -> t.Share | None:
        """The share of the capacity that is aimed at."""
    @property
    def target_sats(self) -> t.Sat:
        """What the channel should be able to send."""

@type_check_only
class SnapshotDecision(Decision):
    """A node as the fleet policies read it."""
    @property
    def decision(self) -> t.Snapshot:
        """The outcome as plain dicts and lists."""
    @property
    def alias(self) -> str | None:
        """The name the node gives itself."""
    @property
    def assess(self) -> t.NodeObservation | None:
        """The input of `health.assess`; absent when neither forwards nor books are known."""
    @property
    def at(self) -> t.Seconds:
        """The moment of the answers."""
    @property
    def capacity_sats(self) -> t.Sat:
        """The capacity of all usable channels that others can see, whichever splice confirms."""
    @property
    def demand(self) -> t.Demand | None:
        """How much the channels are asked for, on average; absent when the flow is unknown."""
    @property
    def health_report(self) -> t.HealthReport | None:
        """What the node says of itself to the other members, over the same channels; absent when
        neither forwards nor books are known."""
    @property
    def left_out(self) -> t.LeftOut:
        """How many channels are in no number above, and why."""
    @property
    def profits(self) -> list[t.ChannelProfit]:
        """The books of every usable channel; empty when neither forwards nor books are known."""
    @property
    def public_capacities(self) -> list[t.PeerCapacity]:
        """The public capacity of every node of the graph; empty when the graph is unknown."""
    @property
    def report(self) -> t.Member:
        """What the other members may know of its channels, as they keep it; without its health."""
    @property
    def revenue_windows(self) -> list[t.Msat]:
        """Forwarding fees of the last four weeks, one week each, oldest first, from the source that has
        more of them."""
    @property
    def unattributed(self) -> t.Unattributed:
        """What the last 30 days earned and cost that belongs to no channel we know."""
    @property
    def us(self) -> t.Us:
        """The node itself, as other policies read it."""

@type_check_only
class SourcesDecision(Decision):
    """The channels that may give, best first."""
    @property
    def decision(self) -> t.Sources:
        """The outcome as plain dicts and lists."""
    @property
    def ranked(self) -> list[t.Ranked]:
        """The channels, best first; ties by id."""
    @property
    def refused(self) -> t.Count:
        """How many were refused."""

@type_check_only
class ThresholdDecision(Decision):
    """The least expected value that we accept."""
    @property
    def decision(self) -> t.Threshold:
        """The outcome as plain dicts and lists."""
    @property
    def multiplier(self) -> t.Multiplier:
        """The multiplier in force."""
    @property
    def threshold(self) -> t.RealSat:
        """The least expected value that we accept."""

@type_check_only
class TopologyAdviceDecision(Decision):
    """The peers, best first."""
    @property
    def decision(self) -> t.TopologyAdvice:
        """The outcome as plain dicts and lists."""
    @property
    def advice(self) -> list[t.PeerAdvice]:
        """The best first."""

@type_check_only
class TrendedDecision(Decision):
    """Where revenue is going."""
    @property
    def decision(self) -> t.Trended:
        """The outcome as plain dicts and lists."""
    @property
    def trend(self) -> t.Trend:
        """The trend."""

@type_check_only
class WatchedDecision(Decision):
    """What the watch decides."""
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
class Operations:
    @overload
    def policy_describe(self, record: t.DescribeInput | _Dataclass, /) -> DescriptionDecision:
        """Operations, schemas, reason codes, errors, limits and version of this policy."""
    @overload
    def policy_describe(self, *, operation: str | None = ...) -> DescriptionDecision: ...
    @overload
    def policy_explain(self, record: t.ExplainInput | _Dataclass, /) -> ExplainedDecision:
        """Reasons in words, for the operator or, without numbers, for a peer."""
    @overload
    def policy_explain(self, *, reasons: list[t.Reason], view: t.View = ...) -> ExplainedDecision: ...
    @overload
    def config_lint(self, record: t.LintInput | _Dataclass, /) -> LintedDecision:
        """Contradictions in a config and settings without effect."""
    @overload
    def config_lint(self, *, config: t.ConfigOverrides | None = ..., profile: t.Profile | None = ...) -> LintedDecision: ...
    @overload
    def log_line(self, record: t.LogLineInput | _Dataclass, /) -> LogLineDecision:
        """The one text of a line of the decision log, from what a host observed, and the digest that the next line names."""
    @overload
    def log_line(self, *, at: t.Millis, began: t.LogBegan | None = ..., caller: str | None = ..., config: str | None = ..., cut_bytes: t.Serial | None = ..., decision_id: str | None = ..., dropped: t.Serial | None = ..., duration_us: t.Serial | None = ..., ended: bool | None = ..., handle: t.Serial | None = ..., handles: list[t.LogHandle] | None = ..., input: str | None = ..., input_hex: str | None = ..., kind: t.LogKind = ..., labels: dict[str, str] | None = ..., mask: list[str] = ..., module: str | None = ..., op: str | None = ..., opens: str | None = ..., output: str | None = ..., output_hex: str | None = ..., policies: list[t.LogPolicy] | None = ..., prev: str | None = ..., seq: t.Serial) -> LogLineDecision: ...
    @overload
    def log_check(self, record: t.LogCheckInput | _Dataclass, /) -> LogCheckedDecision:
        """Whether a line of a decision log is the one that must come next, and if not, what happened."""
    @overload
    def log_check(self, *, is_cut: bool = ..., line: str, prev: str | None = ..., seq: t.Serial | None = ...) -> LogCheckedDecision: ...
    @overload
    def hub_plan(self, record: t.HubState | _Dataclass, /) -> PlanDecision:
        """What a hub does in one tick: deposits, settlements, replenishment, in order and with reasons."""
    @overload
    def hub_plan(self, *, accounts: list[t.Account] = ..., broadcast_in_input: bool = ..., draft: t.Batch = ..., hub_id: t.EntityId, is_hub: bool = ..., memory: t.HubMemory = ..., now: t.Millis, open_debts: dict[str, t.TokenAmount] = ..., recovery: list[t.Batch] = ..., replenish_answers: list[t.ReplenishAnswer] = ..., reserves: dict[str, t.TokenAmount] = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] = ...) -> PlanDecision: ...
    @overload
    def hub_explain(self, record: t.HubExplainInput | _Dataclass, /) -> HubExplainedDecision:
        """What the plan of a tick does with one account and token, in full."""
    @overload
    def hub_explain(self, *, account_id: t.EntityId, state: t.HubState, token_id: t.TokenId) -> HubExplainedDecision: ...
    @overload
    def hub_reserves(self, record: t.HubState | _Dataclass, /) -> WatchedDecision:
        """Whether a hub's reserves suffice, and what to replenish from which source."""
    @overload
    def hub_reserves(self, *, accounts: list[t.Account] = ..., broadcast_in_input: bool = ..., draft: t.Batch = ..., hub_id: t.EntityId, is_hub: bool = ..., memory: t.HubMemory = ..., now: t.Millis, open_debts: dict[str, t.TokenAmount] = ..., recovery: list[t.Batch] = ..., replenish_answers: list[t.ReplenishAnswer] = ..., reserves: dict[str, t.TokenAmount] = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] = ...) -> WatchedDecision: ...
    @overload
    def hub_verify_plan(self, record: t.HubVerifyInput | _Dataclass, /) -> HubVerifiedDecision:
        """Whether a plan, whoever made it, keeps the laws that no plan may break."""
    @overload
    def hub_verify_plan(self, *, plan: t.Plan, state: t.HubState) -> HubVerifiedDecision: ...
    @overload
    def health_score(self, record: t.ScoreInput | _Dataclass, /) -> ScoredDecision:
        """Health score, tier and budget multiplier from the shares of profitable and underwater channels, liquidity and trend."""
    @overload
    def health_score(self, *, liquidity_score: t.Score, profitable_pct: t.Share, trend: t.Trend, underwater_pct: t.Share) -> ScoredDecision: ...
    @overload
    def health_profit(self, record: t.ChannelHistory | _Dataclass, /) -> ProfitDecision:
        """Whether a channel is profitable, breaks even, loses or stands still, from its fees and costs."""
    @overload
    def health_profit(self, *, age_days: t.Count | None = ..., channel_id: t.NodeId | None = ..., cost_msat: t.Msat | None = ..., idle_s: t.Seconds | None = ..., opening_msat: t.Msat | None = ..., revenue_msat: t.Msat) -> ProfitDecision: ...
    @overload
    def health_liquidity_score(self, record: t.LiquidityScoreInput | _Dataclass, /) -> LiquidityScoredDecision:
        """How evenly the channels of a node are filled, from 0 to 100."""
    @overload
    def health_liquidity_score(self, *, channels: list[t.LocalShare]) -> LiquidityScoredDecision: ...
    @overload
    def health_trend(self, record: t.TrendInput | _Dataclass, /) -> TrendedDecision:
        """Whether revenue rises, falls or holds, from equal windows of it."""
    @overload
    def health_trend(self, *, windows: list[t.Msat]) -> TrendedDecision: ...
    @overload
    def health_assess(self, record: t.NodeObservation | _Dataclass, /) -> AssessedDecision:
        """Health of a node in one record: score, tier, components, the way to the next tier, needs."""
    @overload
    def health_assess(self, *, channels: list[t.LocalShare] | None = ..., liquidity_score: t.Score | None = ..., previous_tier: t.Tier | None = ..., profitable: t.Count, stagnant: t.Count, total: t.Count | None = ..., trend: t.TrendSource, underwater: t.Count) -> AssessedDecision: ...
    @overload
    def snapshot_cln(self, record: t.ClnInput | _Dataclass, /) -> SnapshotDecision:
        """The raw answers of a Core Lightning node as the input of the other fleet policies."""
    @overload
    def snapshot_cln(self, *, bkpr_listaccountevents: t.ListAccountEvents | None = ..., bkpr_listincome: t.ListIncome | None = ..., forwards_since: t.Seconds | None = ..., getinfo: t.GetInfo, income_since: t.Seconds | None = ..., listchannelmoves: t.ListChannelMoves | None = ..., listchannels: t.ListChannels | None = ..., listforwards: t.ListForwards | None = ..., listpeerchannels: t.ListPeerChannels | None = ..., listpeers: t.ListPeers | None = ..., now: t.Seconds) -> SnapshotDecision: ...
    @overload
    def liquidity_classify(self, record: t.ClassifyInput | _Dataclass, /) -> ClassifiedDecision:
        """Whether a channel is depleted, saturated or balanced, and how much would balance it."""
    @overload
    def liquidity_classify(self, *, age_days: t.Count | None = ..., announced: bool | None = ..., capacity_sats: t.Sat, channel_id: t.NodeId | None = ..., closed_to_forwards: bool = ..., connected: bool | None = ..., fee_base_msat: t.Msat | None = ..., fee_ppm: t.Ppm | None = ..., flow: t.ChannelFlow | None = ..., inactive: bool = ..., last_hop: t.HopFee | None = ..., local_sats: t.Sat, peer_id: t.NodeId | None = ..., pending_capacity_sats: t.Sat | None = ..., phase: t.Phase | None = ..., private: bool = ..., receivable_sats: t.Sat | None = ..., recent_flow: t.RecentFlow | None = ..., reserve_sats: t.Sat | None = ..., route_cost_ppm: t.Ppm | None = ..., short_channel_id: t.NodeId | None = ..., spendable_sats: t.Sat | None = ..., splicing: bool = ..., usable: bool = ...) -> ClassifiedDecision: ...
    @overload
    def account_request_advice(self, record: t.AdviceInput | _Dataclass, /) -> AccountAdviceDecision:
        """Whether an entity should ask its counterparty for collateral now, per token."""
    @overload
    def account_request_advice(self, *, entity_id: t.EntityId, is_hub: bool = ..., now: t.Millis = ..., peer_id: t.EntityId, pending_frame: bool = ..., tokens: list[t.AdviceToken] = ..., workspace: bool = ...) -> AccountAdviceDecision: ...
    @overload
    def hub_detect(self, record: t.HubState | _Dataclass, /) -> DetectedDecision:
        """Who has something that the hub can take back, and who waits for collateral, per token."""
    @overload
    def hub_detect(self, *, accounts: list[t.Account] = ..., broadcast_in_input: bool = ..., draft: t.Batch = ..., hub_id: t.EntityId, is_hub: bool = ..., memory: t.HubMemory = ..., now: t.Millis, open_debts: dict[str, t.TokenAmount] = ..., recovery: list[t.Batch] = ..., replenish_answers: list[t.ReplenishAnswer] = ..., reserves: dict[str, t.TokenAmount] = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] = ...) -> DetectedDecision: ...
    @overload
    def health_fleet(self, record: t.FleetHealthInput | _Dataclass, /) -> FleetHealthDecision:
        """Average health of the fleet, members per tier, stale and implausible ones listed but not counted."""
    @overload
    def health_fleet(self, *, first: t.Count | None = ..., members: list[t.Member], now: t.Seconds) -> FleetHealthDecision: ...
    @overload
    def health_verify(self, record: t.VerifyInput | _Dataclass, /) -> ReportVerdictDecision:
        """Whether a member's health report fits what we see, and the score that follows from its counts."""
    @overload
    def health_verify(self, *, evidence: t.Evidence, now: t.Seconds, report: t.HealthReport) -> ReportVerdictDecision: ...
    @overload
    def health_gossip_scale(self, record: t.GossipScaleInput | _Dataclass, /) -> GossipScaledDecision:
        """The deployed plugin's second health scale, so that both can be compared."""
    @overload
    def health_gossip_scale(self, *, available_sats: t.Sat, average_capacity_sats: t.RealSat, average_revenue_sats: t.RealSat, capacity_sats: t.Sat, channels: t.Count, revenue_sats: t.Sat) -> GossipScaledDecision: ...
    @overload
    def liquidity_state(self, record: t.FleetInput | _Dataclass, /) -> FleetStateDecision:
        """How the fleet and we do: members in trouble, bottleneck peers, our own channels."""
    @overload
    def liquidity_state(self, *, first: t.Count | None = ..., members: list[t.Member] = ..., now: t.Seconds, us: t.Us) -> FleetStateDecision: ...
    @overload
    def liquidity_needs(self, record: t.FleetInput | _Dataclass, /) -> NeedsDecision:
        """What other members need at external peers, worst tier first."""
    @overload
    def liquidity_needs(self, *, first: t.Count | None = ..., members: list[t.Member] = ..., now: t.Seconds, us: t.Us) -> NeedsDecision: ...
    @overload
    def liquidity_excess(self, record: t.FleetInput | _Dataclass, /) -> ExcessesDecision:
        """Where other members hold too much on their own side, largest amount first."""
    @overload
    def liquidity_excess(self, *, first: t.Count | None = ..., members: list[t.Member] = ..., now: t.Seconds, us: t.Us) -> ExcessesDecision: ...
    @overload
    def liquidity_relevance(self, record: t.RelevanceInput | _Dataclass, /) -> RelevanceDecision:
        """How much our channels to a peer let us help there."""
    @overload
    def liquidity_relevance(self, *, channels: list[t.Balance]) -> RelevanceDecision: ...
    @overload
    def liquidity_prioritize(self, record: t.PrioritizeInput | _Dataclass, /) -> PrioritizedNeedsDecision:
        """Needs by the health of who has them and by urgency."""
    @overload
    def liquidity_prioritize(self, *, needs: list[t.Urgent]) -> PrioritizedNeedsDecision: ...
    @overload
    def liquidity_competition(self, record: t.FleetInput | _Dataclass, /) -> CompetitionDecision:
        """External peers that several members serve, and what that may cost in fees."""
    @overload
    def liquidity_competition(self, *, first: t.Count | None = ..., members: list[t.Member] = ..., now: t.Seconds, us: t.Us) -> CompetitionDecision: ...
    @overload
    def fees_adjust(self, record: t.AdjustInput | _Dataclass, /) -> AdjustedDecision:
        """Whether our fee towards a peer moves a step because another member needs flow there."""
    @overload
    def fees_adjust(self, *, base_ppm: t.Ppm | None = ..., ceiling_ppm: t.Ppm | None = ..., fee_in_force_ppm: t.Ppm | None = ..., floor_ppm: t.Ppm | None = ..., last_step: t.FeeStep | None = ..., needs: list[t.Need], our_id: t.NodeId | None = ..., own: t.Balance | None = ..., peer_id: t.NodeId) -> AdjustedDecision: ...
    @overload
    def legacy_fee(self, record: t.LegacyFeeInput | _Dataclass, /) -> LegacyFeeDecision:
        """The deployed fee controller's own rule, so that both can be compared."""
    @overload
    def legacy_fee(self, *, base_ppm: t.Ppm, max_fee_ppm: t.Ppm, min_fee_ppm: t.Ppm, needs: list[t.LegacyNeed], peer_id: t.NodeId) -> LegacyFeeDecision: ...
    @overload
    def rebalance_conflict(self, record: t.ConflictInput | _Dataclass, /) -> ConflictDecision:
        """Whether another member rebalances through a peer, who goes first, and which peers to avoid."""
    @overload
    def rebalance_conflict(self, *, members: list[t.Member] = ..., now: t.Seconds, target_peer: t.NodeId, us: t.Us) -> ConflictDecision: ...
    @overload
    def topology_advise(self, record: t.AdviseInput | _Dataclass, /) -> TopologyAdviceDecision:
        """Which external peers a new channel would help most, and where it would be redundant."""
    @overload
    def topology_advise(self, *, candidates: list[t.Candidate], members: list[t.Member] = ..., now: t.Seconds, us: t.Us) -> TopologyAdviceDecision: ...
    @overload
    def limits_check(self, record: t.LimitInput | _Dataclass, /) -> LimitedDecision:
        """Whether one more report fits a sliding window."""
    @overload
    def limits_check(self, *, count: t.Count | None = ..., history: list[t.Seconds], now: t.Seconds, period_s: t.Seconds | None = ...) -> LimitedDecision: ...
    @overload
    def hub_match(self, record: t.MatchInput | _Dataclass, /) -> MatchedDecision:
        """Which spenders cover which receivers, per token, with the numbers that prove it."""
    @overload
    def hub_match(self, *, receivers: list[t.Receiver] = ..., spenders: list[t.Spender] = ..., strategy: t.Strategy | None = ...) -> MatchedDecision: ...
    @overload
    def hub_match_cycles(self, record: t.CyclesInput | _Dataclass, /) -> CyclesDecision:
        """The smallest claims between hubs with the same net positions, per token."""
    @overload
    def hub_match_cycles(self, *, claims: list[t.Claim] = ...) -> CyclesDecision: ...
    @overload
    def rebalance_threshold(self, record: t.ThresholdInput | _Dataclass, /) -> ThresholdDecision:
        """The least expected value of a rebalance that a node of our health accepts."""
    @overload
    def rebalance_threshold(self, *, min_ev_sats: t.RealSat, multiplier: t.Multiplier) -> ThresholdDecision: ...
    @overload
    def rebalance_accept(self, record: t.AcceptInput | _Dataclass, /) -> AcceptedDecision:
        """Whether an expected value reaches the threshold of our tier."""
    @overload
    def rebalance_accept(self, *, channel: t.NodeId | None = ..., ev: t.RealSat, health_age_s: t.Seconds | None = ..., min_ev: t.RealSat, tier: t.Tier | None = ...) -> AcceptedDecision: ...
    @overload
    def rebalance_evaluate(self, record: t.EvaluateInput | _Dataclass, /) -> EvaluatedDecision:
        """What a rebalance is worth, every term of it, and which values would change the answer."""
    @overload
    def rebalance_evaluate(self, *, amount_sats: t.Sat | None = ..., attempt_cost_sats: t.Sat = ..., budget_left_sats: t.Sat | None = ..., demand: t.Demand = ..., destination: t.Destination, failures: t.Count = ..., fixed_msat: t.Msat = ..., health_age_s: t.Seconds | None = ..., inbound_ppm: t.Ppm, p_success: t.Share | None = ..., sources: list[t.SourceChannel] = ..., successes: t.Count = ..., tier: t.Tier | None = ...) -> EvaluatedDecision: ...
    @overload
    def rebalance_size(self, record: t.SizeInput | _Dataclass, /) -> SizedDecision:
        """How much a channel should be filled with."""
    @overload
    def rebalance_size(self, *, age_days: t.Count | None = ..., capacity_sats: t.Sat, demand: t.Demand = ..., flow: t.Flow | None = ..., local_sats: t.Sat | None = ..., receivable_sats: t.Sat | None = ..., spendable_sats: t.Sat) -> SizedDecision: ...
    @overload
    def rebalance_sources(self, record: t.SourcesInput | _Dataclass, /) -> SourcesDecision:
        """Which channels may give, best first."""
    @overload
    def rebalance_sources(self, *, amount_sats: t.Sat, demand: t.Demand = ..., destination_peer_id: t.NodeId | None = ..., inbound_ppm: t.Ppm, out_ppm: t.Ppm, sources: list[t.SourceChannel]) -> SourcesDecision: ...
    @overload
    def rebalance_budget(self, record: t.BudgetInput | _Dataclass, /) -> BudgetDecision:
        """What may still be spent on rebalancing after what is spent and reserved."""
    @overload
    def rebalance_budget(self, *, base_sats: t.Sat | None = ..., multiplier: t.Multiplier = ..., proposed_sats: t.Sat | None = ..., reserved_sats: t.Sat = ..., revenue_24h_sats: t.Sat | None = ..., revenue_30d_sats: t.Sat | None = ..., spent_sats: t.Sat = ...) -> BudgetDecision: ...
    @overload
    def rebalance_backoff(self, record: t.BackoffInput | _Dataclass, /) -> PauseDecision:
        """Whether a channel whose rebalance failed may be tried again."""
    @overload
    def rebalance_backoff(self, *, fails: t.Count, last_failure: t.Seconds | None = ..., now: t.Seconds) -> PauseDecision: ...
    @overload
    def rebalance_cooldown(self, record: t.CooldownInput | _Dataclass, /) -> PauseDecision:
        """Whether a channel that was rebalanced has rested."""
    @overload
    def rebalance_cooldown(self, *, last_success: t.Seconds | None = ..., now: t.Seconds) -> PauseDecision: ...
    @overload
    def gossip_build(self, record: t.BuildInput | _Dataclass, /) -> BuiltDecision:
        """A message to the other members and the text to sign."""
    @overload
    def gossip_build(self, *, at: t.Seconds, body: t.Plain, kind: t.Kind, last_seq: t.Serial = ..., reporter: t.NodeId) -> BuiltDecision: ...
    @overload
    def gossip_report(self, record: t.ReportInput | _Dataclass, /) -> ReportsDecision:
        """What a node tells the other members of itself, out of its own snapshot."""
    @overload
    def gossip_report(self, *, channels: list[t.Channel], config: str | None = ..., counts: t.ReportedCounts | None = ..., listed: t.ListedTroubles | None = ..., members: list[t.NodeId] = ..., now: t.Seconds, profits: list[t.ChannelProfit] = ..., rebalancing: list[t.Activity] = ..., revenue_windows: list[t.Msat] = ..., version: str | None = ...) -> ReportsDecision: ...
    @overload
    def gossip_accept(self, record: t.GossipAcceptInput | _Dataclass, /) -> ReceivedDecision:
        """Whether a message of a member is taken, and what is kept afterwards."""
    @overload
    def gossip_accept(self, *, hops: t.Count = ..., members: list[t.MemberStanding], message: t.Plain, now: t.Seconds, state: t.GossipState = ...) -> ReceivedDecision: ...
    @overload
    def gossip_verify(self, record: t.SignatureInput | _Dataclass, /) -> SignatureVerdictDecision:
        """Whether a node's key signed a text."""
    @overload
    def gossip_verify(self, *, pubkey: t.NodeId, signature: str, text: str) -> SignatureVerdictDecision: ...
    @overload
    def gossip_legacy_text(self, record: t.LegacyTextInput | _Dataclass, /) -> LegacyTextDecision:
        """The text that the deployed plugin signs for a message."""
    @overload
    def gossip_legacy_text(self, *, kind: t.LegacyKind, payload: t.Plain) -> LegacyTextDecision: ...
    @overload
    def gossip_legacy_verify(self, record: t.LegacyVerifyInput | _Dataclass, /) -> LegacyVerifiedDecision:
        """Whether a message of the deployed plugin may be taken, also for what the plugin does not check."""
    @overload
    def gossip_legacy_verify(self, *, kind: t.LegacyKind, last_timestamp: t.Seconds | None = ..., now: t.Seconds, payload: t.Plain) -> LegacyVerifiedDecision: ...
    @overload
    def splice_check(self, record: t.CheckInput | _Dataclass, /) -> CheckedDecision:
        """Whether a splice keeps the fleet connected to the peer."""
    @overload
    def splice_check(self, *, amount_sats: t.Sat, channel_id: t.NodeId | None = ..., hive_reachable: bool = ..., in_flight: list[t.Sat] = ..., now: t.Seconds, others: list[t.Other] = ..., ours: t.Ours | None = ..., peer_id: t.NodeId, peer_public_sats: t.Sat | None = ..., strict: bool = ..., type: t.SpliceType) -> CheckedDecision: ...
    @overload
    def splice_headroom(self, record: t.HeadroomInput | _Dataclass, /) -> HeadroomDecision:
        """The largest splice-out that keeps the fleet connected to the peer."""
    @overload
    def splice_headroom(self, *, channel_id: t.NodeId | None = ..., hive_reachable: bool = ..., in_flight: list[t.Sat] = ..., now: t.Seconds, others: list[t.Other] = ..., ours: t.Ours | None = ..., peer_id: t.NodeId, peer_public_sats: t.Sat | None = ...) -> HeadroomDecision: ...
    @overload
    def fleet_advise(self, record: t.NodeAdviceInput | _Dataclass, /) -> NodeAdviceDecision:
        """What is worth doing on a node now, ranked: rebalances, fees, splices, channels; and what stands against the rest."""
    @overload
    def fleet_advise(self, *, budget: t.SpentBudget = ..., exits: list[t.ExitInFlight] = ..., fee_steps: list[t.FeeStepTaken] = ..., first: t.Count | None = ..., health: t.NodeObservation | None = ..., members: list[t.Member] = ..., now: t.Seconds, operator: list[t.OperatorDecision] = ..., snapshot: t.Snapshot) -> NodeAdviceDecision: ...
    @overload
    def fleet_explain(self, record: t.NodeExplainInput | _Dataclass, /) -> NodeExplainedDecision:
        """Why nothing is rebalanced at a channel or peer: every source and destination that was tried, with what would change it."""
    @overload
    def fleet_explain(self, *, asked: t.NodeAdviceInput, first: t.Count | None = ..., subject: t.NodeId) -> NodeExplainedDecision: ...

@final
class Policy(Operations):
    """A config, parsed and checked once, under which operations are called."""

    def __new__(cls, profile: t.Profile = "plan", config: t.ConfigOverrides | _Dataclass | None = None) -> Policy:
        """The policy of `profile` with the fields in `config` changed."""
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

@type_check_only
class FleetBookMethods:
    @overload
    def set_member(self, record: t.FleetMember | _Dataclass, /) -> FleetBookSizeDecision:
        """Adds a member, or replaces what we know of it; its reports stay unless it is banned."""
    @overload
    def set_member(self, *, banned: bool = ..., connected: bool = ..., member_id: t.NodeId, public_capacity_sats: t.Sat | None = ..., public_channels: t.Count | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def set_report(self, record: t.Member | _Dataclass, /) -> FleetBookSizeDecision:
        """Takes a member's report as it is, in place of its last one."""
    @overload
    def set_report(self, *, answers: list[t.PeerAnswer] = ..., at: t.Seconds, capacities: list[t.PeerCapacity] = ..., depleted: list[t.Trouble] = ..., health_at: t.Seconds | None = ..., implausible: bool = ..., member_id: t.NodeId, node_capacity_sats: t.Sat | None = ..., node_channels: t.Count | None = ..., rebalancing: list[t.Activity] = ..., saturated: list[t.Trouble] = ..., score: t.Points | None = ..., splices: list[t.AnnouncedSplice] = ..., tier: t.Tier | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def set_channel(self, record: t.Channel | _Dataclass, /) -> FleetBookSizeDecision:
        """Adds a channel of ours, or replaces it."""
    @overload
    def set_channel(self, *, age_days: t.Count | None = ..., announced: bool | None = ..., capacity_sats: t.Sat, channel_id: t.NodeId, closed_to_forwards: bool = ..., connected: bool | None = ..., fee_base_msat: t.Msat | None = ..., fee_ppm: t.Ppm | None = ..., flow: t.ChannelFlow | None = ..., inactive: bool = ..., last_hop: t.HopFee | None = ..., local_sats: t.Sat, peer_id: t.NodeId, pending_capacity_sats: t.Sat | None = ..., phase: t.Phase | None = ..., private: bool = ..., receivable_sats: t.Sat | None = ..., recent_flow: t.RecentFlow | None = ..., reserve_sats: t.Sat | None = ..., route_cost_ppm: t.Ppm | None = ..., short_channel_id: t.NodeId | None = ..., spendable_sats: t.Sat | None = ..., splicing: bool = ..., usable: bool = ...) -> FleetBookSizeDecision: ...
    @overload
    def set_peer(self, record: t.FleetPeer | _Dataclass, /) -> FleetBookSizeDecision:
        """Adds an external peer, or replaces what the graph shows of it."""
    @overload
    def set_peer(self, *, peer_id: t.NodeId, public_capacity_sats: t.Sat | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def set_source(self, record: t.SourceChannel | _Dataclass, /) -> FleetBookSizeDecision:
        """Adds a channel that may give in a rebalance, or replaces it."""
    @overload
    def set_source(self, *, age_days: t.Count | None = ..., capacity_sats: t.Sat, channel_id: t.NodeId, connected: bool = ..., fails: t.Count = ..., fee_ppm: t.Ppm, flow: t.Flow | None = ..., local_sats: t.Sat | None = ..., peer_id: t.NodeId | None = ..., phase: t.Phase | None = ..., spendable_sats: t.Sat, uptime_pct: t.Real | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def set_us(self, record: t.SetUs | _Dataclass, /) -> FleetBookSizeDecision:
        """Changes our own tier and announced rebalances; what is absent stays."""
    @overload
    def set_us(self, *, rebalancing: list[t.Activity] | None = ..., tier: t.Tier | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def remove(self, record: t.RemoveFromFleet | _Dataclass, /) -> FleetBookSizeDecision:
        """Forgets a member, a channel, a peer or a source."""
    @overload
    def remove(self, *, channel_id: t.NodeId | None = ..., member_id: t.NodeId | None = ..., peer_id: t.NodeId | None = ..., source_id: t.NodeId | None = ...) -> FleetBookSizeDecision: ...
    @overload
    def take(self, record: t.TakeMessage | _Dataclass, /) -> MessageOutcomeDecision:
        """Takes or refuses a message as `gossip.accept` does; what it says becomes its member's report."""
    @overload
    def take(self, *, hops: t.Count = ..., message: t.Plain, now: t.Seconds) -> MessageOutcomeDecision: ...
    @overload
    def needs(self, record: t.AskFirst | _Dataclass, /) -> NeedsDecision:
        """What other members need at external peers, as `liquidity.needs`."""
    @overload
    def needs(self, *, first: t.Count | None = ..., now: t.Seconds) -> NeedsDecision: ...
    @overload
    def excess(self, record: t.AskFirst | _Dataclass, /) -> ExcessesDecision:
        """Where other members hold too much on their own side, as `liquidity.excess`."""
    @overload
    def excess(self, *, first: t.Count | None = ..., now: t.Seconds) -> ExcessesDecision: ...
    @overload
    def state(self, record: t.AskNow | _Dataclass, /) -> FleetStateDecision:
        """How the fleet and we do, as `liquidity.state`."""
    @overload
    def state(self, *, now: t.Seconds) -> FleetStateDecision: ...
    @overload
    def competition(self, record: t.AskFirst | _Dataclass, /) -> CompetitionDecision:
        """External peers that several members serve, as `liquidity.competition`."""
    @overload
    def competition(self, *, first: t.Count | None = ..., now: t.Seconds) -> CompetitionDecision: ...
    @overload
    def relevance(self, record: t.AskPeer | _Dataclass, /) -> RelevanceDecision:
        """How much our channels to a peer let us help there, as `liquidity.relevance`."""
    @overload
    def relevance(self, *, peer_id: t.NodeId) -> RelevanceDecision: ...
    @overload
    def health(self, record: t.AskFirst | _Dataclass, /) -> FleetHealthDecision:
        """The health of the fleet, as `health.fleet`."""
    @overload
    def health(self, *, first: t.Count | None = ..., now: t.Seconds) -> FleetHealthDecision: ...
    @overload
    def verify(self, record: t.AskMember | _Dataclass, /) -> ReportVerdictDecision:
        """What the last health report of a member is worth against what we see of it, as `health.verify`."""
    @overload
    def verify(self, *, member_id: t.NodeId, now: t.Seconds) -> ReportVerdictDecision: ...
    @overload
    def conflict(self, record: t.AskConflict | _Dataclass, /) -> ConflictDecision:
        """Whether another member rebalances through a peer, as `rebalance.conflict`."""
    @overload
    def conflict(self, *, now: t.Seconds, target_peer: t.NodeId) -> ConflictDecision: ...
    @overload
    def fees(self, record: t.AskFee | _Dataclass, /) -> AdjustedDecision:
        """Whether our fee towards a peer moves a step for another member, as `fees.adjust`."""
    @overload
    def fees(self, *, base_ppm: t.Ppm | None = ..., ceiling_ppm: t.Ppm | None = ..., fee_in_force_ppm: t.Ppm | None = ..., floor_ppm: t.Ppm | None = ..., last_step: t.FeeStep | None = ..., now: t.Seconds, peer_id: t.NodeId) -> AdjustedDecision: ...
    @overload
    def evaluate(self, record: t.EvaluateInput | _Dataclass, /) -> EvaluatedDecision:
        """What a rebalance out of the sources of the book is worth, as `rebalance.evaluate`."""
    @overload
    def evaluate(self, *, amount_sats: t.Sat | None = ..., attempt_cost_sats: t.Sat = ..., budget_left_sats: t.Sat | None = ..., demand: t.Demand = ..., destination: t.Destination, failures: t.Count = ..., fixed_msat: t.Msat = ..., health_age_s: t.Seconds | None = ..., inbound_ppm: t.Ppm, p_success: t.Share | None = ..., sources: list[t.SourceChannel] = ..., successes: t.Count = ..., tier: t.Tier | None = ...) -> EvaluatedDecision: ...
    @overload
    def splice(self, record: t.CheckInput | _Dataclass, /) -> CheckedDecision:
        """Whether a splice keeps the fleet connected to the peer, as `splice.check`."""
    @overload
    def splice(self, *, amount_sats: t.Sat, channel_id: t.NodeId | None = ..., hive_reachable: bool = ..., in_flight: list[t.Sat] = ..., now: t.Seconds, others: list[t.Other] = ..., ours: t.Ours | None = ..., peer_id: t.NodeId, peer_public_sats: t.Sat | None = ..., strict: bool = ..., type: t.SpliceType) -> CheckedDecision: ...
    @overload
    def headroom(self, record: t.HeadroomInput | _Dataclass, /) -> HeadroomDecision:
        """The largest splice-out that keeps the fleet connected to the peer, as `splice.headroom`."""
    @overload
    def headroom(self, *, channel_id: t.NodeId | None = ..., hive_reachable: bool = ..., in_flight: list[t.Sat] = ..., now: t.Seconds, others: list[t.Other] = ..., ours: t.Ours | None = ..., peer_id: t.NodeId, peer_public_sats: t.Sat | None = ...) -> HeadroomDecision: ...
    @overload
    def advise(self, record: t.AskAdvice | _Dataclass, /) -> TopologyAdviceDecision:
        """Which external peers a new channel would help most, as `topology.advise`."""
    @overload
    def advise(self, *, candidates: list[t.NodeId] | None = ..., now: t.Seconds) -> TopologyAdviceDecision: ...
    def snapshot(self, record: t.Nothing | _Dataclass = ..., /) -> FleetSnapshotDecision:
        """Everything the book knows."""
    def opening(self, record: t.Nothing | _Dataclass = ..., /) -> FleetBookOpeningDecision:
        """What opens the same book again: its profile, config and state as they are now."""
    @overload
    def restore(self, record: t.RestoreFleet | _Dataclass, /) -> FleetBookSizeDecision:
        """Goes back to a snapshot."""
    @overload
    def restore(self, *, state: t.FleetSnapshot) -> FleetBookSizeDecision: ...
    def digest(self, record: t.Nothing | _Dataclass = ..., /) -> BookDigestDecision:
        """sha256 of the canonical snapshot."""

@type_check_only
class HubBookMethods:
    @overload
    def set_account(self, record: t.Account | _Dataclass, /) -> HubBookSizeDecision:
        """Adds an account, or replaces it."""
    @overload
    def set_account(self, *, account_id: t.EntityId, deltas: list[t.Delta] = ..., peer_reserves: dict[str, t.TokenAmount] = ..., pending_frame: bool = ..., pending_settlement: bool = ..., requests: list[t.Request] = ..., status: t.AccountStatus = ..., submitted: dict[str, t.Millis] = ..., workspace: t.Workspace | None = ...) -> HubBookSizeDecision: ...
    @overload
    def load(self, record: t.AccountColumns | _Dataclass, /) -> HubBookSizeDecision:
        """Adds many accounts at once from columns: the first fill."""
    @overload
    def load(self, *, account_id: list[t.EntityId], collateral: list[t.TokenAmount] = ..., left_credit_limit: list[t.TokenAmount] = ..., left_hold: list[t.TokenAmount] = ..., offdelta: list[t.SignedTokenAmount] = ..., ondelta: list[t.SignedTokenAmount] = ..., right_credit_limit: list[t.TokenAmount] = ..., right_hold: list[t.TokenAmount] = ..., token_id: list[t.TokenId]) -> HubBookSizeDecision: ...
    @overload
    def remove(self, record: t.RemoveAccount | _Dataclass, /) -> HubBookSizeDecision:
        """Removes an account."""
    @overload
    def remove(self, *, account_id: t.EntityId) -> HubBookSizeDecision: ...
    @overload
    def set_hub(self, record: t.SetHub | _Dataclass, /) -> HubBookSizeDecision:
        """Changes reserves, batches, debts, memory or config; what is absent stays."""
    @overload
    def set_hub(self, *, broadcast_in_input: bool | None = ..., config: t.ConfigOverrides | None = ..., draft: t.Batch | None = ..., is_hub: bool | None = ..., memory: t.HubMemory | None = ..., now: t.Millis | None = ..., open_debts: dict[str, t.TokenAmount] | None = ..., recovery: list[t.Batch] | None = ..., replenish_answers: list[t.ReplenishAnswer] | None = ..., reserves: dict[str, t.TokenAmount] | None = ..., sent: t.SentBatch | None = ..., submit_clock: t.Millis | None = ..., tokens: dict[str, t.Token] | None = ...) -> HubBookSizeDecision: ...
    @overload
    def plan(self, record: t.PlanAt | _Dataclass, /) -> PlanDecision:
        """The plan of a tick; the same as `hub.plan` on the snapshot."""
    @overload
    def plan(self, *, now: t.Millis | None = ...) -> PlanDecision: ...
    @overload
    def apply(self, record: t.ApplyPlan | _Dataclass, /) -> HubBookSizeDecision:
        """Changes the book as the runtime changes its state when it accepts a plan."""
    @overload
    def apply(self, *, plan: t.Plan) -> HubBookSizeDecision: ...
    def snapshot(self, record: t.Nothing | _Dataclass = ..., /) -> HubStateDecision:
        """Everything the book knows."""
    def opening(self, record: t.Nothing | _Dataclass = ..., /) -> HubBookOpeningDecision:
        """What opens the same book again: its profile, config and state as they are now."""
    @overload
    def restore(self, record: t.RestoreBook | _Dataclass, /) -> HubBookSizeDecision:
        """Goes back to a snapshot."""
    @overload
    def restore(self, *, state: t.HubState) -> HubBookSizeDecision: ...
    def digest(self, record: t.Nothing | _Dataclass = ..., /) -> BookDigestDecision:
        """sha256 of the canonical snapshot."""

