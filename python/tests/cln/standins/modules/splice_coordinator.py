"""Stands in for a module of cl-hive: its names and signatures, none of its content."""

from __future__ import annotations

from typing import Any


class SpliceCoordinator:
    """Calls every splice safe."""

    def __init__(self, database: Any, plugin: Any, state_manager: Any = None) -> None:
        self.database = database
        self.plugin = plugin
        self.state_manager = state_manager

    def check_splice_out_safety(
        self, peer_id: str, amount_sats: int, channel_id: str | None = None
    ) -> dict[str, Any]:
        return {"safety": "safe", "can_proceed": True, "asked": (peer_id, amount_sats, channel_id)}

    def check_splice_in_safety(self, peer_id: str, amount_sats: int) -> dict[str, Any]:
        return {"safety": "safe", "can_proceed": True, "asked": (peer_id, amount_sats)}

    def get_splice_recommendations(self, peer_id: str) -> dict[str, Any]:
        return {"peer_id": peer_id, "safe_splice_out_amount": 10**12}

    def _get_fleet_capacity_to_peer(self, peer_id: str) -> int:
        return 10**12 + len(peer_id)

    def _get_our_capacity_to_peer(self, peer_id: str) -> int:
        return 10**12 + len(peer_id)

    def _get_peer_total_capacity(self, peer_id: str) -> int:
        return 10**12 + len(peer_id)
