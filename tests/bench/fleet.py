"""Questions to a loaded book of a fleet against plain Python over its own objects.

The plain answers are what a plugin author writes from the design documents: the same filters, the
same order, dicts and lists, nothing kept between calls. They say less: no reasons, no flips.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Callable

import trimtab
from timing import row

NOW = 1_795_000_000
MAX_AGE = 3_600
TIER = {"struggling": 0, "vulnerable": 1, "stable": 2, "thriving": 3}
NAMES = list(TIER)
SEVERITY = {"high": 0, "medium": 1}


@dataclass
class Trouble:
    """A channel that a member reports."""

    peer_id: str
    capacity_sats: int
    local_pct: float


@dataclass
class Member:
    """What a member reported.

    `topology` names its peers, as the members of the deployed plugins tell them: a list.
    """

    member_id: str
    at: int
    score: int
    tier: str
    depleted: list[Trouble] = field(default_factory=list)
    saturated: list[Trouble] = field(default_factory=list)
    capacities: dict[str, int] = field(default_factory=dict)
    topology: list[str] = field(default_factory=list)
    capacity_sats: int = 0


@dataclass
class Source:
    """A channel of ours that may give."""

    channel_id: str
    capacity_sats: int
    spendable_sats: int
    fee_ppm: int
    sats_in: int
    sats_out: int


def key(kind: int, number: int) -> str:
    """Return a public key as nodes have them."""
    return f"02{kind:02x}{number:062x}"


def fleet_of(members: int, peers: int) -> list[Member]:
    """Make reports, the same on every run."""
    reports = []
    for m in range(members):
        score = m * 37 % 101
        tier = NAMES[(score > 30) + (score > 50) + (score > 70)]
        one = Member(key(2, m), NOW - 60, score, tier)
        for p in range(peers):
            one.capacities[key(9, p)] = 2_000_000 + p
            one.topology.append(key(9, p))
            one.capacity_sats += 2_000_000 + p
            if p >= 40:
                continue
            share = (m * 7 + p * 13) % 19 / 100
            if (m + p) % 2:
                one.saturated.append(Trouble(key(9, p), 5_000_000, 1 - share))
            else:
                one.depleted.append(Trouble(key(9, p), 5_000_000, share))
        reports.append(one)
    return reports


def report(one: Member) -> dict[str, Any]:
    """Return the report as trimtab takes it."""
    held = [{"peer_id": peer, "capacity_sats": sats} for peer, sats in one.capacities.items()]
    return {
        "member_id": one.member_id,
        "at": one.at,
        "health_at": one.at,
        "score": one.score,
        "tier": one.tier,
        "capacities": held,
        "depleted": [vars(each) for each in one.depleted],
        "saturated": [vars(each) for each in one.saturated],
    }


def book_of(
    reports: list[Member], channels: list[dict[str, Any]], sources: list[Source]
) -> trimtab.FleetBook:
    """Load a book."""
    giving = [
        {
            "channel_id": each.channel_id,
            "capacity_sats": each.capacity_sats,
            "spendable_sats": each.spendable_sats,
            "fee_ppm": each.fee_ppm,
            "flow": {"kind": "sink", "sats_in": each.sats_in, "sats_out": each.sats_out},
        }
        for each in sources
    ]
    members = [{"member_id": each.member_id} for each in reports]
    state = {
        "us": {"node_id": "02" + "f" * 64, "channels": channels},
        "members": members,
        "reports": [report(each) for each in reports],
        "sources": giving,
    }
    return trimtab.FleetBook(state=state)


def plain_relevance(channels: list[dict[str, Any]], peer_id: str) -> float:
    """Return how much our channels to a peer let us help there."""
    ours = [each for each in channels if each["peer_id"] == peer_id]
    capacity = sum(each["capacity_sats"] for each in ours)
    if not ours or capacity <= 0:
        return 0.0
    local = sum(each["local_sats"] for each in ours)
    balance = 1 - abs(0.5 - local / capacity) * 2
    return balance * 0.6 + min(1.0, capacity / 10_000_000) * 0.4


def plain_needs(
    reports: list[Member], channels: list[dict[str, Any]], now: int, first: int
) -> list[dict[str, Any]]:
    """Return what other members need, worst tier first."""
    found = []
    relevance: dict[str, float] = {}
    for member in reports:
        if now - member.at > MAX_AGE:
            continue
        for kind, troubles in (("outbound", member.depleted), ("inbound", member.saturated)):
            for each in troubles:
                if each.peer_id not in relevance:
                    relevance[each.peer_id] = plain_relevance(channels, each.peer_id)
                low = each.local_pct if kind == "outbound" else 1 - each.local_pct
                found.append(
                    {
                        "member_id": member.member_id,
                        "tier": member.tier,
                        "need_type": kind,
                        "peer_id": each.peer_id,
                        "severity": "high" if low < 0.1 else "medium",
                        "our_relevance": relevance[each.peer_id],
                    }
                )
    found.sort(key=lambda n: (TIER[n["tier"]], SEVERITY[n["severity"]], -n["our_relevance"]))
    return found[:first]


def plain_health(reports: list[Member], now: int) -> dict[str, Any]:
    """Return the average health and the members per tier."""
    tiers = dict.fromkeys(NAMES, 0)
    scores, shown = [], []
    for member in reports:
        shown.append({"member_id": member.member_id, "score": member.score, "tier": member.tier})
        if now - member.at > MAX_AGE:
            continue
        tiers[member.tier] += 1
        scores.append(member.score)
    shown.sort(key=lambda each: (each["score"], each["member_id"]))
    average = sum(scores) // len(scores) if scores else 0
    return {"fleet_health": average, "tiers": tiers, "members": shown[:50]}


def plain_ev(
    sources: list[Source], destination: dict[str, Any], inbound: int, chance: float
) -> tuple[bool, float]:
    """Return whether the best source pays, and its expected value."""
    flow = destination["flow"]
    daily = (flow["sats_in"] + flow["sats_out"]) / 7
    target = min(int(destination["capacity_sats"] * 0.85), int(daily * 3))
    amount = min(500_000, max(50_000, target - destination["spendable_sats"]))
    out, ranked = destination["fee_ppm"], []
    for each in sources:
        if each.spendable_sats < amount:
            continue
        volume = (each.sats_in + each.sats_out) / 7
        turn = min(max(volume / each.capacity_sats, 0.0001), 1.0)
        base = max(0.01, turn) if turn < 0.10 else min(1.0, turn * 7)
        missed = int(each.fee_ppm * base * 0.3)
        spread = out - inbound - missed
        ratio = each.spendable_sats / each.capacity_sats
        ranked.append((ratio * 50 - each.fee_ppm / 10 + 100, spread, turn, each))
    if not ranked:
        return False, 0.0
    ranked.sort(key=lambda one: (-one[0], one[3].channel_id))
    _, _, turn, best = ranked[0]
    utilisation = max(min(daily / destination["capacity_sats"], 1.0), 0.05)
    income = amount * utilisation * out / 1e6
    loss = amount * utilisation * best.fee_ppm * min(1.0, turn * 7) / 1e6
    value = chance * (income - loss) - chance * amount * inbound / 1e6
    return value >= 10.0, value


def plain_splice(reports: list[Member], ours: int, asked: dict[str, Any], public: int) -> str:
    """Return whether the fleet stays connected to a peer, as the deployed plugin looks it up."""
    peer_id, amount, now = asked["peer_id"], asked["amount_sats"], asked["now"]
    others = 0
    for member in reports:
        if now - member.at <= MAX_AGE and peer_id in member.topology:
            others += member.capacity_sats // len(member.topology)
    if public == 0:
        return "unchecked"
    new = max(0, others + ours - amount)
    if others > 1_000_000 or new / public >= 0.10:
        return "safe"
    return "coordinate" if new > 0 else "blocked"


def three(
    name: str,
    question: tuple[trimtab.FleetBook, str],
    asked: dict[str, Any],
    plain: Callable[[], Any],
    calls: int,
) -> None:
    """Print the rows of one question: objects, the same with every reason read, JSON."""
    book, op = question
    text, method = json.dumps(asked), getattr(book, op)
    row(f"{name}, book through PyO3, against plain Python", lambda: method(**asked), plain, calls)
    row(
        f"{name}, book through PyO3 with the reasons read, against plain Python",
        lambda: method(**asked).to_dict(),
        plain,
        calls,
    )
    row(
        f"{name}, book through PyO3 as JSON, against plain Python",
        lambda: book.answer_bytes(op, text),
        plain,
        calls,
    )


def rows() -> None:
    """Print every row."""
    reports = fleet_of(50, 40)
    channels = [
        {
            "channel_id": f"{p}x1x0",
            "peer_id": key(9, p),
            "capacity_sats": 4_000_000,
            "local_sats": 100_000 * p,
        }
        for p in range(40)
    ]
    sources = [
        Source(f"{n}x2x0", 10_000_000, 5_000_000 + 100_000 * n, 100 + n, 700_000, 7_000 * n)
        for n in range(40)
    ]
    book = book_of(reports, channels, sources)
    needs = book.call("needs", {"now": NOW, "first": 50})["decision"]["fleet_needs"]
    plain = plain_needs(reports, channels, NOW, 50)
    assert [each["tier"] for each in needs] == [each["tier"] for each in plain]
    asked = {"now": NOW, "first": 50}
    three(
        "first 50 needs of 50 x 40",
        (book, "needs"),
        asked,
        lambda: plain_needs(reports, channels, NOW, 50),
        50,
    )
    destination = {
        "capacity_sats": 10_000_000,
        "spendable_sats": 100_000,
        "fee_ppm": 2_000,
        "age_days": 30,
        "flow": {"kind": "source", "sats_in": 0, "sats_out": 21_000_000},
    }
    candidate = {"destination": destination, "inbound_ppm": 500, "p_success": 0.8, "tier": "stable"}
    accepted, _ = plain_ev(sources, destination, 500, 0.8)
    assert book.call("evaluate", candidate)["decision"]["accepted"] == accepted
    three(
        "EV with 40 sources",
        (book, "evaluate"),
        candidate,
        lambda: plain_ev(sources, destination, 500, 0.8),
        500,
    )
    large = fleet_of(1_000, 1)
    wide = book_of(large, [], [])
    health = wide.call("health", {"now": NOW, "first": 50})["decision"]
    assert health["fleet_health"] == plain_health(large, NOW)["fleet_health"]
    three("health of 1000 members", (wide, "health"), asked, lambda: plain_health(large, NOW), 50)
    spread, asked_about = fleet_of(50, 200), key(9, 100)
    splicing = book_of(
        spread, [{**channels[0], "peer_id": asked_about, "local_sats": 2_000_000}], []
    )
    splicing.set_peer(peer_id=asked_about, public_capacity_sats=400_000_000)
    splice = {"peer_id": asked_about, "amount_sats": 1_000_000, "type": "splice_out", "now": NOW}
    checked = splicing.call("splice", splice)["decision"]
    assert checked["safety"] == plain_splice(spread, 4_000_000, splice, 400_000_000)
    three(
        "splice check of 50 x 200",
        (splicing, "splice"),
        splice,
        lambda: plain_splice(spread, 4_000_000, splice, 400_000_000),
        200,
    )
