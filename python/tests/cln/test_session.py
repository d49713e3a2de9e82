"""The recorded session of a fleet is what a session gives today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.lightningd import TestNode
    from support.process import PluginProcess


def test_the_recorded_session_is_what_a_session_gives_today(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    assert session.record(nodes, plugins) == session.PAGE.read_text(encoding="utf-8")
