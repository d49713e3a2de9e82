"""Stands in for a module of cl-revenue-ops: its names and signatures, none of its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class RebalanceCandidate:
    """As far as it matters here."""

    to_channel: str
    amount_sats: int
    max_fee_ppm: int


class EVRebalancer:
    """Takes every rebalance at any fee."""

    def __init__(self, plugin: Any, hive_bridge: Any = None) -> None:
        self.plugin = plugin
        self.hive_bridge = hive_bridge
        self.asked = 0

    def _calculate_nnlb_budget_multiplier(self) -> float:
        return 99.0

    def _analyze_rebalance_ev(
        self,
        dest_channel: str,
        dest_info: dict[str, Any],
        dest_ratio: float,
        sources: list[tuple[str, dict[str, Any], float]],
        peer_status: dict[str, Any] | None = None,
    ) -> RebalanceCandidate | None:
        self.asked += 1
        if dest_info.get("fails"):
            raise ValueError(dest_ratio, sources, peer_status)
        return RebalanceCandidate(dest_channel, 100_000, dest_info.get("limit", 1_000_000))
