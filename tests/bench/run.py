"""The Python extension against the same formulas in plain Python: one JSON row a line."""

from __future__ import annotations

import json
from dataclasses import dataclass

import fleet
import node
import trimtab
from timing import row


@dataclass
class Scored:
    """What the plain formula answers."""

    score: int
    tier: str
    budget_multiplier: float


TREND = {"improving": 10, "stable": 5, "declining": 0}
TIERS = ((30, "struggling"), (50, "vulnerable"), (70, "stable"), (100, "thriving"))
MULTIPLIER = {"struggling": 2.0, "vulnerable": 1.5, "stable": 1.0, "thriving": 0.75}


def plain_score(
    profitable_pct: float, underwater_pct: float, liquidity_score: float, trend: str
) -> Scored:
    """The plan's formula as a plugin author writes it, its checks and tables included."""
    profitable_pct = max(0.0, min(1.0, profitable_pct))
    underwater_pct = max(0.0, min(1.0, underwater_pct))
    liquidity_score = max(0.0, min(100.0, liquidity_score))
    profitability = profitable_pct * 40
    underwater = (1.0 - underwater_pct) * 30
    liquidity = (liquidity_score / 100) * 20
    total = int(profitability + underwater + liquidity + TREND.get(trend, 5))
    score = max(0, min(100, total))
    tier = next(name for upper, name in TIERS if score <= upper)
    multiplier = max(0.5, min(2.5, MULTIPLIER[tier]))
    return Scored(score, tier, multiplier)


def main() -> None:
    """Print every row."""
    score = trimtab.Policy().health_score
    given = (0.36, 0.4, 50.0, "stable")
    fields = dict(zip(("profitable_pct", "underwater_pct", "liquidity_score", "trend"), given))
    expected, decided = plain_score(*given), score(**fields)
    assert (decided.score, decided.tier) == (expected.score, expected.tier)
    row(
        "health score, PyO3 against plain Python",
        lambda: score(
            profitable_pct=0.36, underwater_pct=0.4, liquidity_score=50.0, trend="stable"
        ),
        lambda: plain_score(0.36, 0.4, 50.0, "stable"),
        20_000,
    )
    row(
        "health score and its tier read, PyO3 against plain Python",
        lambda: (
            score(
                profitable_pct=0.36, underwater_pct=0.4, liquidity_score=50.0, trend="stable"
            ).tier
        ),
        lambda: plain_score(0.36, 0.4, 50.0, "stable").tier,
        20_000,
    )
    text = json.dumps(fields)
    call = trimtab.Policy().answer_bytes
    row(
        "health score, JSON to JSON, PyO3 against loads + formula + dumps",
        lambda: call("health.score", text),
        lambda: json.dumps(vars(plain_score(**json.loads(text)))),
        5_000,
    )
    fleet.rows()
    node.rows()


if __name__ == "__main__":
    main()
