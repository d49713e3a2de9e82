"""The tests run against the installed wheel, never against the source tree."""

from __future__ import annotations

from pathlib import Path

import pytest

import trimtab

HEALTH = {
    "profitable_pct": 0.36,
    "underwater_pct": 0.4,
    "liquidity_score": 50.0,
    "trend": "stable",
}


def pytest_configure() -> None:
    """Refuse to test what nobody will install."""
    here = Path(__file__).resolve().parents[1]
    if here in Path(trimtab.__file__).resolve().parents:
        pytest.exit("trimtab comes from the source tree: install the wheel first", returncode=3)


@pytest.fixture
def health() -> dict[str, object]:
    """An input of `health.score`, fresh for each test."""
    return dict(HEALTH)


@pytest.fixture
def policy() -> trimtab.Policy:
    """The policy of the design documents."""
    return trimtab.Policy()
