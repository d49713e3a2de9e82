"""Stands in for a module of cl-hive: its names and signatures, none of its content."""

from __future__ import annotations

from typing import Any


class LiquidityCoordinator:
    """Never knows a need."""

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin

    def record_member_liquidity_report(
        self,
        member_id: str,
        depleted_channels: list[dict[str, Any]],
        saturated_channels: list[dict[str, Any]],
        rebalancing_active: bool = False,
        rebalancing_peers: list[str] | None = None,
    ) -> dict[str, Any]:
        assert member_id is not None, (rebalancing_active, rebalancing_peers)
        return {"status": "recorded", "depleted_count": len(depleted_channels + saturated_channels)}

    def get_fleet_liquidity_state(self) -> dict[str, Any]:
        return {"active": True, "our_state": {}}

    def get_fleet_liquidity_needs(self) -> list[dict[str, Any]]:
        return []

    def _calculate_relevance_score(self, peer_id: str) -> float:
        return 0.0 if peer_id else 1.0

    def _get_common_bottleneck_peers(self) -> list[str]:
        return ["nobody"]

    def check_rebalancing_conflict(self, peer_id: str) -> dict[str, Any]:
        return {"conflict": False} if peer_id else {}
