"""Which functions of the deployed plugins are answered by trimtab, and how.

A route takes the arguments that the plugin's own function gets, asks the coordinator or the
policy, and gives the answer the form that the plugin expects. No rule stands here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from trimtab.cln import members
from trimtab.cln.coordinator import Coordinator
from trimtab.cln.node import Node, socket_transport
from trimtab.cln.replies import sentences
from trimtab.cln.store import Store

if TYPE_CHECKING:
    import trimtab
    from trimtab.cln.store import MemberRow

__all__ = ["ROUTES", "NotNowError", "Ours", "Room", "Route"]


class NotNowError(Exception):
    """Nothing can be answered yet; the plugin answers itself."""


@dataclass(frozen=True)
class Ours:
    """An answer in the plugin's form, and why it is so."""

    value: Any
    why: list[str] = dataclasses.field(default_factory=list)


@dataclass(frozen=True)
class Route:
    """One function of a plugin, answered here."""

    answer: Callable[[Room, Any, dict[str, Any], Callable[[], Any]], Ours]
    essence: Callable[[Any], Any] = lambda value: value
    """What of an answer is compared in shadow mode."""
    feeds: bool = False
    """Whether its own answer stands, and only feeds the coordinator here."""
    after: bool = False
    """Whether the plugin's own function runs first, and is part of the answer."""


class Room:
    """The policy, and the coordinator of the node once there is one."""

    def __init__(
        self, policy: trimtab.Policy, coordinator: Coordinator | None, members_db: Path | None
    ) -> None:
        """Use `coordinator`, or one that is made when the plugin knows its node."""
        self.policy = policy
        self._coordinator = coordinator
        self._members_db = members_db
        self._lock = threading.Lock()
        self._closing: list[Callable[[], None]] = []

    def coordinator(self, instance: Any) -> Coordinator:
        """The coordinator; made of what the plugin knows about its node."""
        with self._lock:
            if self._coordinator is None:
                self._coordinator = self._made(instance)
            return self._coordinator

    def _made(self, instance: Any) -> Coordinator:
        plugin = _plugin_of(instance)
        directory = getattr(plugin, "lightning_dir", None)
        if directory is None:
            raise NotNowError("the plugin does not know its node yet")
        base = Path(directory)
        file = base / "trimtab-members.txt"
        database = self._members_db

        def of_file() -> list[MemberRow]:
            return members.of_file(file) if file.exists() else []

        def of_cl_hive() -> list[MemberRow]:
            return members.of_cl_hive(base / database) if database else []

        # The same store as the plugins of ours: one lease decides who looks and tells.
        coordinator = Coordinator(
            Store(base / "trimtab.sqlite3"),
            Node(socket_transport(str(base / plugin.rpc_filename))),
            policy=self.policy,
            log=plugin.log,
            member_sources={"adopt:file": of_file, "adopt:cl-hive": of_cl_hive},
        )
        try:
            coordinator.read_members()
            coordinator.start()
        except BaseException:
            coordinator.stop()
            coordinator.store.close()
            raise
        self._closing.append(lambda: coordinator.stop(wait_s=0.0))
        self._closing.append(_listen(plugin, coordinator))
        return coordinator

    def close(self) -> None:
        """Stop what was started here, without waiting for it."""
        while self._closing:
            self._closing.pop()()

    def multiplier(self, tier: Any) -> float:
        """What a tier spends, clamped."""
        given = {"ev": 0, "min_ev": 0, "health_age_s": 0, "tier": tier}
        return float(self.policy.call("rebalance.accept", given)["decision"]["multiplier"])


def _plugin_of(instance: Any) -> Any:
    for holder in (instance, getattr(instance, "hive_bridge", None)):
        plugin = getattr(holder, "plugin", None)
        if plugin is not None:
            return plugin
    raise NotNowError("the plugin of this object is not known")


def _listen(plugin: Any, coordinator: Coordinator) -> Callable[[], None]:
    """Hear what the plugin's own hook for custom messages hears; the way back is returned."""
    hook = getattr(plugin, "methods", {}).get("custommsg")
    if hook is None:
        return lambda: None
    theirs = hook.func
    signature = inspect.signature(theirs)

    @functools.wraps(theirs)
    def heard(*args: Any, **kwargs: Any) -> Any:
        # Whatever we make of a message, the plugin's own hook must answer it.
        with contextlib.suppress(Exception):
            found = dict(signature.bind(*args, **kwargs).arguments)
            for value in list(found.values()):
                if isinstance(value, dict):
                    found = {**value, **found}
            coordinator.hear(found["peer_id"], found["payload"])
        return theirs(*args, **kwargs)

    hook.func = heard

    def back() -> None:
        hook.func = theirs

    return back


def _says(reply: dict[str, Any]) -> list[str]:
    return [one["says"] for one in reply.get("reasons", []) if "says" in one]


# --- health ---


def _score(room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
    asked = {
        "profitable_pct": given["profitable_pct"],
        "underwater_pct": given["underwater_pct"],
        "liquidity_score": given["liquidity_score"],
        "trend": given["revenue_trend"],
    }
    envelope = room.policy.call("health.score", asked)
    decision = envelope["decision"]
    tiers = sys.modules[type(instance).__module__].__dict__["HealthTier"]
    value = (decision["score"], tiers(decision["tier"]))
    return Ours(value, sentences(room.policy, envelope))


def _tier_multiplier(
    room: Room, _instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    return Ours(room.multiplier(given["tier"].value))


def _of_score(room: Room, score: Any) -> dict[str, Any]:
    """The tier and the multiplier of a member with this score."""
    member = {"member_id": "member", "at": 0, "health_at": 0, "score": score}
    envelope = room.policy.call("health.fleet", {"now": 0, "members": [member]})
    found: dict[str, Any] = envelope["decision"]["members"][0]
    return found


def _score_tier(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    tiers = sys.modules[type(instance).__module__].__dict__["HealthTier"]
    return Ours(tiers(_of_score(room, given["score"])["tier"]))


def _score_multiplier(
    room: Room, _instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    return Ours(float(_of_score(room, given["score"])["budget_multiplier"]))


def _balance_score(
    room: Room, _instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    shares = [{"local_pct": one.get("local_balance_pct", 0.5)} for one in given["channels"]]
    envelope = room.policy.call("health.liquidity_score", {"channels": shares})
    score = int(envelope["decision"]["liquidity_score"])
    return Ours(score, sentences(room.policy, envelope))


def _our_health(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    coordinator = room.coordinator(instance)
    if given["our_pubkey"] != coordinator.fleet.our_id:
        raise NotNowError("the key is not that of this node")
    reply = coordinator.member_health()
    value = {name: one for name, one in reply.items() if name != "reasons"}
    return Ours({**value, "timestamp": reply["last_updated"]}, _says(reply))


def _fleet_health(
    room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    reply = room.coordinator(instance).member_health("all")
    names = ("fleet_health", "member_count", *(f"{tier}_count" for tier in _TIERS))
    said = ("peer_id", "health_score", "health_tier", "budget_multiplier")
    value = {name: reply[name] for name in names}
    value["members"] = [{name: one[name] for name in said} for one in reply["members"]]
    return Ours(value, _says(reply))


_TIERS = ("struggling", "vulnerable", "stable", "thriving")


def _feed_health(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    names = (
        "profitable_channels",
        "underwater_channels",
        "stagnant_channels",
        "total_channels",
        "revenue_trend",
    )
    # Its liquidity score is always 50, so ours comes from our own look at the channels.
    room.coordinator(instance).report_health(**{name: given[name] for name in names})
    return Ours(None)


# --- splices ---


def _splice(kind: str) -> Callable[[Room, Any, dict[str, Any], Callable[[], Any]], Ours]:
    def checked(
        room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
    ) -> Ours:
        reply = room.coordinator(instance).splice_check(
            given["peer_id"], kind, given["amount_sats"], given.get("channel_id")
        )
        names = (
            "safety",
            "reason",
            "can_proceed",
            "recommendation",
            "amount_sats",
            "fleet_capacity",
            "new_fleet_capacity",
            "fleet_share",
            "new_share",
            "our_capacity",
            "other_member_capacity",
        )
        return Ours({name: reply[name] for name in names if name in reply}, _says(reply))

    return checked


def _recommended(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    reply = room.coordinator(instance).splice_recommendations(given["peer_id"])
    names = (
        "peer_id",
        "fleet_capacity",
        "our_capacity",
        "other_member_capacity",
        "peer_total_capacity",
        "fleet_share",
        "safe_splice_out_amount",
        "has_fleet_coverage",
        "recommendations",
    )
    return Ours({name: reply[name] for name in names}, _says(reply))


def _capacity(name: str) -> Callable[[Room, Any, dict[str, Any], Callable[[], Any]], Ours]:
    def held(room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
        reply = room.coordinator(instance).splice_recommendations(given["peer_id"])
        # The plugin's own word for a capacity that nobody knows is 0.
        return Ours(reply[name] or 0, _says(reply))

    return held


# --- liquidity ---


def _needs(room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
    reply = room.coordinator(instance).liquidity_state("needs")
    return Ours(reply["fleet_needs"], _says(reply))


def _state(room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
    reply = room.coordinator(instance).liquidity_state("status")
    names = ("active", "fleet_summary", "our_state", "rebalancing_activity")
    return Ours({name: reply[name] for name in names}, _says(reply))


def _bottlenecks(
    room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    reply = room.coordinator(instance).liquidity_state("status")
    return Ours(reply["fleet_summary"]["common_bottleneck_peers"], _says(reply))


def _conflict(room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
    reply = room.coordinator(instance).check_rebalance_conflict(given["peer_id"])
    names = ("conflict", "member_id", "peer_id", "recommendation", "reason")
    return Ours({name: reply[name] for name in names if name in reply}, _says(reply))


def _relevance(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    us = room.coordinator(instance).fleet.us()
    channels = [
        {name: one[name] for name in ("capacity_sats", "local_sats")}
        for one in us["channels"]
        if one["peer_id"] == given["peer_id"]
    ]
    envelope = room.policy.call("liquidity.relevance", {"channels": channels})
    return Ours(envelope["decision"]["our_relevance"], sentences(room.policy, envelope))


def _feed_liquidity(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    coordinator = room.coordinator(instance)
    # What others said comes signed from themselves, never from a table of this plugin.
    if given["member_id"] == coordinator.fleet.our_id:
        coordinator.report_liquidity_state(
            given["depleted_channels"],
            given["saturated_channels"],
            given["rebalancing_active"],
            given["rebalancing_peers"],
        )
    return Ours(None)


def _feed_activity(
    room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    coordinator = room.coordinator(instance)
    if given["member_id"] == coordinator.fleet.our_id:
        coordinator.update_rebalancing_activity(
            given["rebalancing_active"], given["rebalancing_peers"]
        )
    return Ours(None)


# --- cl-revenue-ops ---


def _our_multiplier(
    room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    health = room.coordinator(instance).member_health()
    return Ours(room.multiplier(health["health_tier"]), _says(health))


def _our_liquidity_score(
    room: Room, instance: Any, _given: dict[str, Any], _theirs: Callable[[], Any]
) -> Ours:
    health = room.coordinator(instance).member_health()
    return Ours(health["liquidity_score"], _says(health))


_NEED = (
    "member_id",
    "need_type",
    "peer_id",
    "severity",
    "local_pct",
    "capacity_sats",
    "tier",
    "our_relevance",
)


def _fee(room: Room, instance: Any, given: dict[str, Any], _theirs: Callable[[], Any]) -> Ours:
    needs = room.coordinator(instance).liquidity_state("needs")["fleet_needs"]
    bounds = room.policy.config["fees"]
    config = getattr(instance, "config", None)
    lowest = getattr(config, "min_fee_ppm", bounds["floor_ppm"])
    highest = getattr(config, "max_fee_ppm", bounds["ceiling_ppm"])
    asked: dict[str, Any] = {"peer_id": given["peer_id"], "base_ppm": given["base_fee"]}
    said: tuple[str, ...]
    if room.policy.profile == "cl-hive":
        operation, said = "legacy.fee", ("peer_id", "need_type", "severity", "health_tier")
        asked.update(min_fee_ppm=lowest, max_fee_ppm=highest)
    else:
        operation, said = "fees.adjust", _NEED
        asked.update(floor_ppm=lowest, ceiling_ppm=highest)
    asked["needs"] = [{name: one[name] for name in said} for one in needs]
    envelope = room.policy.call(operation, asked)
    return Ours(envelope["decision"]["fee_ppm"], sentences(room.policy, envelope))


def _value(room: Room, instance: Any, given: dict[str, Any], theirs: Callable[[], Any]) -> Ours:
    """The plugin sizes and gates a candidate; whether it is worth it, and up to what, is ours."""
    candidate = theirs()
    if candidate is None:
        return Ours(None)
    advice = room.coordinator(instance).advise()
    channel = str(given["dest_channel"]).replace(":", "x")
    for one in advice["rebalances"]:
        if channel not in (one.get("short_channel_id"), one["channel_id"]):
            continue
        why = _says(one)
        limit = one.get("max_fee_ppm") or one.get("pays_up_to_ppm")
        if one["outcome"] not in ("worth_it", "pays_below") or limit is None:
            return Ours(None, why)
        highest = min(candidate.max_fee_ppm, limit)
        return Ours(dataclasses.replace(candidate, max_fee_ppm=highest), why)
    raise NotNowError(f"nothing is known about channel {channel}")


ROUTES: dict[str, dict[str, dict[str, Route]]] = {
    "health_aggregator": {
        "HealthScoreAggregator": {
            "calculate_health_score": Route(_score, lambda value: (value[0], value[1].value)),
            "_score_to_tier": Route(_score_tier, lambda value: value.value),
            "get_budget_multiplier": Route(_tier_multiplier),
            "get_budget_multiplier_from_score": Route(_score_multiplier),
            "calculate_liquidity_score": Route(_balance_score),
            "get_our_health": Route(
                _our_health, lambda value: value and (value["health_score"], value["health_tier"])
            ),
            "get_fleet_health_summary": Route(
                _fleet_health,
                lambda value: {name: value.get(f"{name}_count") for name in ("member", *_TIERS)},
            ),
            "update_our_health": Route(_feed_health, feeds=True),
        }
    },
    "splice_coordinator": {
        "SpliceCoordinator": {
            "check_splice_out_safety": Route(_splice("splice_out"), lambda value: value["safety"]),
            "check_splice_in_safety": Route(_splice("splice_in"), lambda value: value["safety"]),
            "get_splice_recommendations": Route(
                _recommended, lambda value: value["safe_splice_out_amount"]
            ),
            "_get_fleet_capacity_to_peer": Route(_capacity("fleet_capacity")),
            "_get_our_capacity_to_peer": Route(_capacity("our_capacity")),
            "_get_peer_total_capacity": Route(_capacity("peer_total_capacity")),
        }
    },
    "liquidity_coordinator": {
        "LiquidityCoordinator": {
            "get_fleet_liquidity_needs": Route(
                _needs,
                lambda value: sorted(
                    (one["peer_id"], one["need_type"], one["severity"]) for one in value
                ),
            ),
            "get_fleet_liquidity_state": Route(_state, lambda value: value["our_state"]),
            "check_rebalancing_conflict": Route(_conflict, lambda value: value["conflict"]),
            "_calculate_relevance_score": Route(_relevance),
            "_get_common_bottleneck_peers": Route(_bottlenecks),
            "record_member_liquidity_report": Route(_feed_liquidity, feeds=True),
            "update_rebalancing_activity": Route(_feed_activity, feeds=True),
        }
    },
    "rebalancer": {
        "EVRebalancer": {
            "_calculate_nnlb_budget_multiplier": Route(_our_multiplier),
            "_analyze_rebalance_ev": Route(
                _value, lambda value: None if value is None else value.max_fee_ppm, after=True
            ),
        }
    },
    "fee_controller": {
        "HillClimbingFeeController": {"_get_fleet_aware_fee_adjustment": Route(_fee)}
    },
    "profitability_analyzer": {
        "ChannelProfitabilityAnalyzer": {"_calculate_liquidity_score": Route(_our_liquidity_score)}
    },
}
"""Module, class and function of the deployed plugins, with what answers instead."""
