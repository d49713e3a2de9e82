"""Stands in for a module of cl-hive: its names and signatures, none of its content."""

from __future__ import annotations

from enum import Enum
from typing import Any


class HealthTier(Enum):
    """The four tiers."""

    STRUGGLING = "struggling"
    VULNERABLE = "vulnerable"
    STABLE = "stable"
    THRIVING = "thriving"


class HealthScoreAggregator:
    """Says stable to everything."""

    def __init__(self, database: Any, plugin: Any = None) -> None:
        self.database = database
        self.plugin = plugin

    def calculate_health_score(
        self,
        profitable_pct: float,
        underwater_pct: float,
        liquidity_score: float,
        revenue_trend: str,
    ) -> tuple[int, HealthTier]:
        assert revenue_trend is not None, (profitable_pct, underwater_pct, liquidity_score)
        return 55, HealthTier.STABLE

    def _score_to_tier(self, score: int) -> HealthTier:
        return HealthTier.STABLE if score >= 0 else HealthTier.STRUGGLING

    def get_budget_multiplier_from_score(self, score: int) -> float:
        return self.get_budget_multiplier(self._score_to_tier(score))

    def calculate_liquidity_score(self, channels: list[dict[str, Any]]) -> int:
        return -len(channels) - 1

    def get_our_health(self, our_pubkey: str) -> dict[str, Any] | None:
        return {"peer_id": our_pubkey, "health_score": 55, "health_tier": "stable"}

    def get_budget_multiplier(self, tier: HealthTier) -> float:
        return 99.0 if tier else 0.0

    def update_our_health(  # noqa: PLR0917 (the signature is theirs)
        self,
        profitable_channels: int,
        underwater_channels: int,
        stagnant_channels: int,
        total_channels: int,
        revenue_trend: str,
        liquidity_score: int,
        our_pubkey: str,
    ) -> dict[str, Any]:
        counts = profitable_channels + underwater_channels + stagnant_channels
        score = self.calculate_health_score(0.0, 0.0, liquidity_score, revenue_trend)[0]
        return {"peer_id": our_pubkey, "health_score": score, "of": (counts, total_channels)}

    def get_fleet_health_summary(self) -> dict[str, Any]:
        return {"fleet_health": 50, "member_count": 0, "members": []}
