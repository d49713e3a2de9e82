"""Stands in for a module of cl-revenue-ops: its names and signatures, none of its content."""

from __future__ import annotations

from typing import Any


class ChannelProfitabilityAnalyzer:
    """Analyses nothing."""

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin

    def _calculate_liquidity_score(self) -> int:
        return 50
