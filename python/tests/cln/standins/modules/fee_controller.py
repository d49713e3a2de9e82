"""Stands in for a module of cl-revenue-ops: its names and signatures, none of its content."""

from __future__ import annotations

from typing import Any


class HillClimbingFeeController:
    """Never moves a fee."""

    def __init__(self, plugin: Any, config: Any = None) -> None:
        self.plugin = plugin
        self.config = config

    def _get_fleet_aware_fee_adjustment(self, peer_id: str, base_fee: int) -> int:
        return base_fee if peer_id else 0
