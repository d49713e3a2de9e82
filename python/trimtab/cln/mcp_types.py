"""The typed results of the tools of `trimtab-mcp`.

A plugin of an older generation gives fewer fields, a newer one more; those are passed on.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

__all__ = [
    "Advice",
    "Explanation",
    "Health",
    "LiquidityIntelligence",
    "SpliceRecommendations",
    "SpliceVerdict",
]

_MORE = ConfigDict(extra="allow")


@with_config(_MORE)
class Flip(TypedDict, total=False):
    """The one value that would end a reason, all else unchanged."""

    field: str
    to: str


@with_config(_MORE)
class Reason(TypedDict, total=False):
    """Why a decision is as it is."""

    code: str
    effect: str
    binding: bool
    subject: str | None
    observed: str | None
    limit: str | None
    unit: str | None
    flip: Flip | None
    says: str


@with_config(_MORE)
class _Answer(TypedDict, total=False):
    reasons: list[Reason]
    last_updated: int | None


@with_config(_MORE)
class Member(TypedDict, total=False):
    """One member in the summary of a fleet."""

    member_id: str
    alias: str | None
    health_score: int | None
    health_tier: str
    rebalance_budget_multiplier: float
    counted: bool
    last_updated: int | None


@with_config(_MORE)
class Health(_Answer, total=False):
    """Health of a member, or of the fleet and all its members."""

    member_id: str
    alias: str | None
    health_score: int
    health_tier: str
    capacity_sats: int | None
    profitable_channels: int
    underwater_channels: int
    stagnant_channels: int
    revenue_trend: str
    liquidity_score: int
    rebalance_budget_multiplier: float
    fleet_health: int
    struggling_count: int
    vulnerable_count: int
    stable_count: int
    thriving_count: int
    members: list[Member]


@with_config(_MORE)
class Need(TypedDict, total=False):
    """What a member needs at an external peer."""

    member_id: str
    peer_id: str
    need_type: str
    severity: str
    local_pct: float
    capacity_sats: int
    our_relevance: float


@with_config(_MORE)
class LiquidityIntelligence(_Answer, total=False):
    """How the fleet does, who lacks what, or who has too much where."""

    active: bool
    fleet_summary: dict[str, Any]
    our_state: dict[str, Any]
    rebalancing_activity: dict[str, Any]
    fleet_needs: list[Need]
    fleet_excess: list[dict[str, Any]]
    count: int


@with_config(_MORE)
class SpliceVerdict(_Answer, total=False):
    """Whether a splice keeps the fleet connected."""

    safety: str
    can_proceed: bool
    reason: str | None
    recommendation: str | None
    fleet_capacity: int | None
    new_fleet_capacity: int | None
    fleet_share: float | None
    new_share: float | None
    our_capacity: int | None
    other_member_capacity: int | None


@with_config(_MORE)
class SpliceRecommendations(_Answer, total=False):
    """What may be spliced out towards a peer."""

    peer_id: str
    fleet_capacity: int | None
    our_capacity: int | None
    other_member_capacity: int | None
    peer_total_capacity: int | None
    fleet_share: float | None
    safe_splice_out_amount: int
    has_fleet_coverage: bool
    recommendations: list[str]


@with_config(_MORE)
class Rebalance(TypedDict, total=False):
    """One channel to be filled, and from where."""

    outcome: str
    channel_id: str
    short_channel_id: str | None
    peer_id: str
    source: str | None
    amount_sats: int | None
    max_fee_ppm: int | None
    pays_up_to_ppm: int | None
    ev: float | None
    threshold: float | None
    reasons: list[Reason]
    how: dict[str, Any]


@with_config(_MORE)
class FeeStep(TypedDict, total=False):
    """A step of the fee of a channel."""

    channel_id: str
    short_channel_id: str | None
    peer_id: str
    step: str
    base_ppm: int | None
    fee_ppm: int | None
    for_tier: str | None
    reasons: list[Reason]


@with_config(_MORE)
class NewChannel(TypedDict, total=False):
    """A peer to which a channel would help."""

    peer_id: str
    helps: list[str]
    reasons: list[Reason]


@with_config(_MORE)
class Advice(_Answer, total=False):
    """What is worth doing now, the best first."""

    tier: str | None
    rebalances: list[Rebalance]
    fees: list[FeeStep]
    new_channels: list[NewChannel]


@with_config(_MORE)
class Explanation(_Answer, total=False):
    """Why something, or nothing, is advised about a channel or a peer."""

    channels: list[dict[str, Any]]
    splices: list[dict[str, Any]]
    history: list[dict[str, Any]]
