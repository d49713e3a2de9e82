"""Stands in for a module of cl-revenue-ops: its names, none of its content."""

from __future__ import annotations

from typing import Any


class HiveFeeIntelligenceBridge:
    """Knows its plugin."""

    def __init__(self, plugin: Any) -> None:
        self.plugin = plugin
