"""What the doctor makes of what it found: each part of fleet intelligence alive, stale or dead.

The defects of the deployed plugins that are looked for are listed in `docs/plugins.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trimtab

if TYPE_CHECKING:
    from trimtab.cln.doctor_evidence import Evidence

__all__ = ["differences_of", "parts_of", "tier_of"]

_DEPLOYED = ("A", "B")
_SECOND_SCALE = frozenset({"critical", "healthy"})
_EXAMPLE_FEE_PPM = 1000


def parts_of(evidence: Evidence, policy: trimtab.Policy, now: int) -> list[dict[str, Any]]:
    """Every part, in the order in which an operator should mend them."""
    if evidence.cl_hive == "none":
        parts = [_without_hive(evidence, policy)]
    elif evidence.cl_hive == "ours":
        parts = [_ours(evidence, policy), *_told_health(evidence)]
    else:
        parts = [
            _member_health(evidence, policy, now),
            _health_scale(evidence),
            _liquidity_report(evidence),
            _liquidity_of_others(evidence, policy, now),
            _rebalancing_activity(evidence),
            _fee(evidence),
            _splice_check(evidence),
        ]
    if evidence.revenue_ops in _DEPLOYED:
        parts += [_expected_value(evidence), _multiplier(evidence)]
    parts += [
        _part(f"answer of {name}", "dead", f"no answer: {why}")
        for name, why in sorted(evidence.silent.items())
    ]
    return parts


def _part(name: str, state: str, why: str, **evidence: Any) -> dict[str, Any]:
    return {"part": name, "state": state, "why": why, "evidence": evidence}


# --- without cl-hive ---


def _without_hive(evidence: Evidence, policy: trimtab.Policy) -> dict[str, Any]:
    if "trimtab-status" in evidence.commands:
        return _ours(evidence, policy)
    if evidence.revenue_ops == "C":
        why = (
            "cl-revenue-ops of generation C has no fleet part, and no other plugin offers one; "
            "trimtab-cln gives the node its own"
        )
        return _part("fleet", "dead", why)
    return _part("fleet", "dead", "no plugin of the fleet was found; trimtab-cln is one")


def _ours(evidence: Evidence, policy: trimtab.Policy) -> dict[str, Any]:
    status = evidence.replies.get("status")
    if status is None:
        if "trimtab-status" in evidence.commands or "hive-member-health" in evidence.silent:
            return _part("fleet", "dead", "trimtab is loaded and does not answer")
        return _part(
            "fleet", "alive", "trimtab-hive answers; trimtab-cln would tell how old all is"
        )
    age = status["ages_s"].get("snapshot")
    oldest = policy.config["health"]["max_report_age_s"]
    if age is None:
        return _part("fleet", "dead", "trimtab did not reach the node yet")
    if age > oldest:
        why = f"trimtab looked at the node {age} s ago; {oldest} s are allowed"
        return _part("fleet", "stale", why, trouble=status["trouble"])
    if status["trouble"]:
        what = ", ".join(sorted(status["trouble"]))
        return _part("fleet", "stale", f"trimtab runs, and fails at: {what}", **status["trouble"])
    return _part("fleet", "alive", f"trimtab looked at the node {age} s ago")


def _told_health(evidence: Evidence) -> list[dict[str, Any]]:
    reply = evidence.replies.get("health")
    if reply is None or not reply.get("members"):
        return []
    members = reply["members"]
    counted = [one for one in members if one.get("counted")]
    state = "alive" if len(counted) == len(members) else "stale"
    why = f"{len(counted)} of {len(members)} members count in the average"
    return [_part("health of members", state, why)]


# --- the deployed plugins ---


def _judged(evidence: Evidence, policy: trimtab.Policy, now: int) -> list[dict[str, Any]]:
    """The stored rows of health, each with what our policy makes of it."""
    rows = [
        one
        for one in evidence.tables.get("member_health", [])
        if isinstance(one.get("peer_id"), str)
        and isinstance(one.get("overall_health"), int)
        and isinstance(one.get("timestamp"), int)
        and 0 <= one["overall_health"] <= 100
        and one["timestamp"] >= 0
    ]
    members = [
        {"member_id": one["peer_id"], "at": one["timestamp"], "score": one["overall_health"]}
        for one in rows
    ]
    try:
        decision = policy.call("health.fleet", {"now": now, "members": members})["decision"]
    except trimtab.InputError:
        return []
    by_id = {one["member_id"]: one for one in decision["members"]}
    return [
        {**by_id[one["peer_id"]], "said": one.get("tier")}
        for one in rows
        if one["peer_id"] in by_id
    ]


def _member_health(evidence: Evidence, policy: trimtab.Policy, now: int) -> dict[str, Any]:
    name = "health of members"
    if evidence.has_hive_database:
        rows = len(evidence.tables.get("member_health", []))
        judged = _judged(evidence, policy, now)
        if not rows:
            return _part(name, "dead", "nobody ever reported its health")
        old = [one["member_id"] for one in judged if not one["counted"]]
        unreadable = rows - len(judged)
        if old or unreadable:
            why = f"{len(old)} of {rows} reports are too old to count"
            if unreadable:
                why += f", {unreadable} can not be read"
            state = "dead" if len(old) + unreadable == rows else "stale"
            why += "; the deployed average counts them for ever"
            return _part(name, state, why, too_old=old)
        return _part(name, "alive", f"{rows} members reported lately")
    reply = evidence.replies.get("health")
    if reply is None:
        return _part(name, "unknown", "neither its database nor its answer was seen")
    if not reply.get("members"):
        return _part(name, "dead", "nobody ever reported its health")
    why = f"{len(reply['members'])} members; how old their reports are stands in the database only"
    return _part(name, "unknown", why)


def _health_scale(evidence: Evidence) -> dict[str, Any]:
    name = "one scale of health"
    rows = evidence.tables.get("member_health", [])
    words = {str(one.get("tier")) for one in rows}
    if words & _SECOND_SCALE:
        why = (
            "two scales write the same rows: tiers "
            f"{', '.join(sorted(words & _SECOND_SCALE))} are of the other scale, "
            "and the budget follows whichever wrote last"
        )
        return _part(name, "dead", why, tiers=sorted(words))
    if not rows:
        return _part(name, "unknown", "there are no reports to tell it by")
    return _part(name, "alive", "every stored tier is of one scale", tiers=sorted(words))


def _liquidity_report(evidence: Evidence) -> dict[str, Any]:
    name = "our liquidity report"
    columns = evidence.columns.get("channel_states")
    if evidence.revenue_ops == "B":
        return _part(name, "alive", "balances come from the node's own funds")
    if columns is None:
        return _part(name, "unknown", "the database of cl-revenue-ops was not seen")
    missing = {"local_balance_sats", "capacity_sats"} - set(columns)
    if missing:
        why = (
            f"it reads columns that do not exist ({', '.join(sorted(missing))}), so no channel is "
            "ever depleted or saturated and the liquidity score is always 50"
        )
        return _part(name, "dead", why, columns=columns)
    return _part(name, "alive", "the columns it reads exist")


def _liquidity_of_others(evidence: Evidence, policy: trimtab.Policy, now: int) -> dict[str, Any]:
    name = "what other members need"
    if "member_liquidity_state" in evidence.columns:
        rows = evidence.tables.get("member_liquidity_state", [])
        others = {one.get("peer_id") for one in rows} - {_our_id(evidence)}
        if not others:
            why = (
                "no other member's liquidity was ever recorded: the plugin records its own node "
                "only, and leaves that one out when it is asked"
            )
            return _part(name, "dead", why, recorded=len(rows))
        oldest = policy.config["liquidity"]["max_report_age_s"]
        fresh = [
            one
            for one in rows
            if one.get("peer_id") in others and now - int(one.get("timestamp") or 0) <= oldest
        ]
        if not fresh:
            return _part(name, "stale", f"every report is older than {oldest} s")
        return _part(name, "alive", f"{len(fresh)} other members reported in the last {oldest} s")
    reply = evidence.replies.get("needs")
    if reply is None:
        return _part(name, "unknown", "neither its database nor its answer was seen")
    if not reply.get("fleet_needs"):
        why = "it lists no need; without its database it can not be told from a fleet without needs"
        return _part(name, "unknown", why)
    return _part(name, "alive", f"it lists {len(reply['fleet_needs'])} needs")


def _our_id(evidence: Evidence) -> str | None:
    if evidence.our_id is not None:
        return evidence.our_id
    # The deployed plugin records its own node's liquidity and nobody else's.
    recorded = {one.get("peer_id") for one in evidence.tables.get("member_liquidity_state", [])}
    return recorded.pop() if len(recorded) == 1 else None


def _rebalancing_activity(evidence: Evidence) -> dict[str, Any]:
    name = "who rebalances where"
    rows = evidence.tables.get("member_liquidity_state")
    if evidence.cl_hive == "A" and not any(one.get("rebalancing_active") for one in rows or []):
        why = "nothing in generation A ever reports that it rebalances, so no conflict is ever seen"
        return _part(name, "dead", why)
    if rows is None:
        return _part(name, "unknown", "its database was not seen")
    active = sum(bool(one.get("rebalancing_active")) for one in rows)
    others = {one.get("peer_id") for one in rows} - {_our_id(evidence)}
    if not others:
        why = (
            "only our own rebalances are recorded, and those are left out: no conflict is ever seen"
        )
        return _part(name, "dead", why, active=active)
    return _part(name, "alive", f"{len(others)} other members are recorded", active=active)


def _fee(evidence: Evidence) -> dict[str, Any]:
    name = "fees that follow needs"
    columns = evidence.columns.get("member_health")
    if columns is None and evidence.cl_hive not in _DEPLOYED:
        return _part(name, "unknown", "neither its sources nor its database are known here")
    if columns is not None and "health_tier" in columns:
        return _part(name, "alive", "the tier is stored under the name that is read")
    why = (
        "the tier of a member is stored as tier and read as health_tier, so everybody is stable "
        "and no fee ever follows a need"
    )
    return _part(name, "dead", why)


def _splice_check(evidence: Evidence) -> dict[str, Any]:
    name = "splice check"
    if evidence.cl_hive not in _DEPLOYED:
        return _part(name, "unknown", "its sources are not known here")
    ours = _our_id(evidence)
    twice = any(one.get("peer_id") == ours for one in evidence.tables.get("hive_state", []) if ours)
    why = (
        "it asks the node with a parameter that its client does not have, so our own capacity is "
        "0, and then counts our own report as another member's: a member that would leave the "
        "fleet without a channel to the peer is told safe"
    )
    return _part(name, "dead", why, own_report_stored=twice)


def _expected_value(evidence: Evidence) -> dict[str, Any]:
    if evidence.revenue_ops == "B":
        return _part("expected value", "unknown", "its rule was not examined for generation B")
    why = (
        "it subtracts the whole fee budget instead of the expected cost, so the value of a "
        "rebalance rises when its route gets dearer"
    )
    return _part("expected value", "dead", why, generation=evidence.revenue_ops)


def _multiplier(evidence: Evidence) -> dict[str, Any]:
    why = "for 300 s after a query it uses the multiplier that was sent, unclamped"
    return _part("budget multiplier", "dead", why, generation=evidence.revenue_ops)


# --- what we would do ---


def differences_of(evidence: Evidence, policy: trimtab.Policy, now: int) -> list[dict[str, Any]]:
    """Where trimtab would decide otherwise, out of what is stored."""
    return _tiers_differ(evidence, policy, now) + _fees_differ(evidence, policy, now)


def _tiers_differ(evidence: Evidence, policy: trimtab.Policy, now: int) -> list[dict[str, Any]]:
    found = []
    for one in _judged(evidence, policy, now):
        ours = one["tier"] if one["counted"] else "stable, because the report is too old"
        if one["said"] != ours:
            found.append(
                {
                    "what": "tier of",
                    "subject": one["member_id"],
                    "theirs": one["said"],
                    "ours": ours,
                    "budget_multiplier": one["budget_multiplier"],
                }
            )
    return found


def _fees_differ(evidence: Evidence, policy: trimtab.Policy, now: int) -> list[dict[str, Any]]:
    """Needs that members told by gossip, and that no deployed fee controller ever sees."""
    tiers = {one["member_id"]: one for one in _judged(evidence, policy, now)}
    ours = _our_id(evidence) or "us"
    reports: dict[str, dict[str, Any]] = {}
    for row in evidence.tables.get("liquidity_needs", []):
        side = {"outbound": "depleted", "inbound": "saturated"}.get(str(row.get("need_type")))
        reporter, share = row.get("reporter_id"), row.get("current_balance_pct")
        if side is None or reporter == ours or not isinstance(share, (int, float)):
            continue
        known = tiers.get(str(reporter))
        report = reports.setdefault(
            str(reporter), {"member_id": reporter, "at": row.get("timestamp")}
        )
        if known and known["counted"]:
            report.update(tier=known["tier"])
        # The table has no capacity; the amount that was asked for is the least it can be.
        trouble = {"local_pct": share, "capacity_sats": row.get("amount_sats")}
        report.setdefault(side, []).append({"peer_id": row.get("target_peer_id"), **trouble})
    given = {"now": now, "us": {"node_id": ours}, "members": list(reports.values())}
    found = []
    try:
        needs = policy.call("liquidity.needs", given)["decision"]["fleet_needs"]
        for peer in sorted({one["peer_id"] for one in needs}):
            asked = {"peer_id": peer, "base_ppm": _EXAMPLE_FEE_PPM, "needs": needs}
            step = policy.call("fees.adjust", asked)["decision"]
            if step["step"] != "unchanged":
                found.append(
                    {
                        "what": f"a fee of {_EXAMPLE_FEE_PPM} ppm towards",
                        "subject": peer,
                        "theirs": _EXAMPLE_FEE_PPM,
                        "ours": step["fee_ppm"],
                        "for_tier": step.get("for_tier"),
                    }
                )
    except trimtab.InputError:
        return []
    return found


def tier_of(evidence: Evidence, policy: trimtab.Policy, now: int) -> dict[str, Any] | None:
    """Our own tier, out of what is stored; only a look at the node says what would lift it."""
    ours = _our_id(evidence)
    for one in _judged(evidence, policy, now):
        if one["member_id"] == ours:
            lift = "give --rpc: what would lift it stands in the node's own books"
            return {
                "tier": one["tier"],
                "score": one["score"],
                "budget_multiplier": one["budget_multiplier"],
                "tier_above": None,
                "says": [lift],
            }
    return None
