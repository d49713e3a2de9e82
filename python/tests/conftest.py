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


@pytest.fixture
def hub() -> dict[str, object]:
    """A hub with one account that waits for collateral beyond 64 bits."""
    paid = {"requested_at": 1795171487000, "fee_paid_upfront": 10**18, "policy_version": 1}
    return {
        "hub_id": "hub",
        "now": 1795171727000,
        "tokens": {"1": {"decimals": 18}},
        "reserves": {"1": 2**72},
        "accounts": [
            {
                "account_id": "bob",
                "deltas": [{"token_id": 1, "offdelta": 2**70, "left_credit_limit": 2**72}],
                "requests": [{"token_id": 1, "amount": 2**70, "fee": paid}],
            }
        ],
    }
