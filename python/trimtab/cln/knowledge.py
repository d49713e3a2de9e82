"""What a coordinator knows, and the questions that all its commands ask of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Callable

import trimtab
from trimtab.cln.decisions import Decisions
from trimtab.cln.fleet import Fleet, NoSnapshotError
from trimtab.cln.gossip import Courier
from trimtab.cln.node import NodeError
from trimtab.cln.operator_policy import OperatorPolicy
from trimtab.cln.replies import Refusal, Renamed, first, sentences, spoken
from trimtab.cln.snapshot import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from trimtab.cln.node import Node
    from trimtab.cln.store import Store

__all__ = ["ANNOUNCED_S", "LOOK_EVERY_S", "Knowledge"]

LOOK_EVERY_S = 240
"""So often the node is looked at: before our own health grows too old to count."""

ANNOUNCED_S = 600
"""The longest that a message may announce a splice for."""

ASK_GRAPH_S = 3.0
"""A question waits at most this long for the public graph."""

_DAY = 24 * 3600


class Knowledge:
    """One node's store, fleet and messages, and what follows from them."""

    def __init__(
        self,
        store: Store,
        node: Node,
        *,
        policy: trimtab.Policy | None = None,
        clock: Callable[[], float] = time.time,
        log: Callable[[str, str], None] | None = None,
        policy_file: Path | None = None,
    ) -> None:
        """Keep everything in `store`, ask `node`, decide under `policy`."""
        self.store = store
        self.policy = policy or trimtab.Policy()
        self.fleet = Fleet(store, self.policy)
        self.decisions = Decisions(store, self.policy, clock=clock)
        self.courier = Courier(node, store, self.fleet, self.policy)
        self.operator = OperatorPolicy(store, self.policy, policy_file)
        self._collector = Collector(node, store, self.policy)
        self._node = node
        self._clock = clock
        self._log = log or (lambda _message, _level: None)
        self._leads = False
        self._lost_mail = 0
        self._trouble: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self._unreachable_since: int | None = None
        self._wake = threading.Event()

    def now(self) -> int:
        """The time in whole seconds."""
        return int(self._clock())

    def _report(self, what: str, message: str) -> None:
        if self._trouble.get(what) != message:
            self._trouble[what] = message
            self._log(f"{what}: {message}", "warn")

    def _assess(self, now: int) -> dict[str, Any]:
        asked = self.decisions.call("health.assess", self._assess_input(now))
        before = self.store.kept("health")
        with self.store.change():
            self.store.keep("health", asked.envelope, at=now)
            if before is None or _verdict(before.body) != _verdict(asked.envelope):
                asked.keep("health")
        return asked.envelope

    def _assess_input(self, now: int) -> dict[str, Any]:
        """Our books; where another program of this node reported lately, its counts and trend."""
        given: dict[str, Any] = {}
        kept = self.fleet.seen()
        if kept is not None:
            given = dict(kept.body["decision"].get("assess") or {})
            if not given:
                given = {"channels": self._shares(kept.body["decision"]["us"]["channels"])}
        reported = self._fresh("local:health", "health", now)
        if reported is not None:
            given.update(
                {name: value for name, value in reported.items() if name != "liquidity_score"}
            )
            if reported.get("liquidity_score") is not None and not given.get("channels"):
                given.pop("channels", None)
                given["liquidity_score"] = reported["liquidity_score"]
        if "profitable" not in given:
            raise Refusal("no_report", "", "neither forwards nor a report are known")
        previous = self.store.kept("health")
        if previous is not None:
            given["previous_tier"] = previous.body["decision"]["tier"]
        return given

    @staticmethod
    def _shares(channels: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"local_pct": min(1.0, one["local_sats"] / one["capacity_sats"])}
            for one in channels
            if one["capacity_sats"]
        ]

    def _fresh(self, name: str, family: str, now: int) -> dict[str, Any] | None:
        """A report of another program of this node, while it is as fresh as a member's must be."""
        kept = self.store.kept(name)
        if kept is None:
            return None
        oldest: int = self.policy.config[family]["max_report_age_s"]  # type: ignore[literal-required]
        return dict(kept.body) if 0 <= now - kept.at <= oldest else None

    def _counted_at(self, now: int) -> int:
        reported = self.store.kept("local:health")
        if reported is not None and self._fresh("local:health", "health", now) is not None:
            return reported.at
        kept = self.fleet.seen()
        return kept.at if kept else 0

    def _told(self, envelope: dict[str, Any]) -> dict[str, Any]:
        at, _ = self.fleet.snapshot()
        return {"last_updated": at, "reasons": spoken(self.policy, envelope)}

    def reports(self, now: int) -> dict[str, Any]:
        """What we would tell the members now."""
        at, envelope = self.fleet.snapshot()
        if now - at > self.policy.config["liquidity"]["max_report_age_s"]:
            raise NoSnapshotError("our own snapshot is too old to be told")
        decision = envelope["decision"]
        given: dict[str, Any] = {
            "now": now,
            "channels": decision["us"]["channels"],
            "profits": decision["profits"],
            "revenue_windows": decision["revenue_windows"],
            "members": self.fleet.members(),
            "rebalancing": list(self.fleet.activity()),
            "config": self.policy.digest,
            "version": f"trimtab {trimtab.__version__}",
        }
        counted = self._fresh("local:health", "health", now)
        if counted is not None:
            names = ("profitable", "stagnant", "total", "underwater")
            given["counts"] = {name: counted[name] for name in names}
        listed = self._fresh("local:liquidity", "liquidity", now)
        if listed is not None:
            given["listed"] = {name: listed[name] for name in ("depleted", "saturated")}
        made: dict[str, Any] = self.policy.call("gossip.report", given)["decision"]
        return made

    def _ask(self, method: str, caller: str | None, **fields: Any) -> dict[str, Any]:
        """Ask the book; with the name of who asks, the answer is a decision and is written down."""
        if caller is None:
            return self.fleet.ask(method, **fields)
        return self.decisions.ask(self.fleet, method, fields, caller=caller)

    def _splice(  # noqa: PLR0917 (the fields of a splice)
        self,
        peer_id: str,
        splice_type: str,
        amount_sats: int,
        channel_id: str | None,
        now: int,
        caller: str | None = None,
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "now": now,
            "peer_id": peer_id,
            "type": splice_type,
            "amount_sats": amount_sats,
            "hive_reachable": self._unreachable_since is None,
            "in_flight": [
                one["amount_sats"] for one in self.exits(now) if one["peer_id"] == peer_id
            ],
        }
        if channel_id is not None:
            fields["channel_id"] = channel_id
        with Renamed({"type": "splice_type"}):
            return self._ask("splice", caller, **fields)

    def _headroom(self, peer_id: str, now: int, caller: str | None = None) -> dict[str, Any]:
        return self._ask(
            "headroom",
            caller,
            now=now,
            peer_id=peer_id,
            hive_reachable=self._unreachable_since is None,
            in_flight=[one["amount_sats"] for one in self.exits(now) if one["peer_id"] == peer_id],
        )

    def note_exit(self, peer_id: str, amount_sats: int, channel_id: str | None, now: int) -> None:
        """Remember a splice-out of ours until a channel shows it."""
        with self.store.change():
            exits = self.exits(now)
            exits.append(
                {
                    "peer_id": peer_id,
                    "amount_sats": amount_sats,
                    "channel_id": channel_id,
                    "at": now,
                    "expires": now + ANNOUNCED_S,
                }
            )
            self.store.keep("exits", exits[-32:], at=now)

    def exits(self, now: int) -> list[dict[str, Any]]:
        """Splice-outs of ours that no channel shows yet."""
        kept = self.store.kept("exits")
        if kept is None or not kept.body:
            return []
        try:
            seen_at, envelope = self.fleet.snapshot()
        except NoSnapshotError:
            return list(kept.body)
        splicing = [
            one
            for one in envelope["decision"]["us"]["channels"]
            if one.get("pending_capacity_sats") is not None or one.get("splicing")
        ]

        def is_shown(leaving: dict[str, Any]) -> bool:
            return seen_at > leaving["at"] and any(
                one["peer_id"] == leaving["peer_id"]
                and leaving["channel_id"] in (None, one["channel_id"])
                for one in splicing
            )

        return [
            one
            for one in kept.body
            if 0 <= one["expires"] - now <= ANNOUNCED_S and not is_shown(one)
        ]

    def _ask_members(
        self, peer_id: str, splice_type: str, amount_sats: int, intent: str, now: int
    ) -> int:
        """Ask the members about a peer, or tell them what will be done; how many heard it."""
        members = [one for one in self.fleet.standings() if one["connected"]]
        if not members:
            return 0
        allowed = self.policy.call(
            "limits.check",
            {
                "now": now,
                "history": self._stamps("asked", now),
                "count": self.policy.config["gossip"]["splice_per_hour"],
                "period_s": 3600,
            },
        )["decision"]
        if not allowed["allowed"]:
            return 0
        self.store.keep("stamps:asked", allowed["history"], at=now)
        body = {
            "peer": peer_id,
            "type": splice_type,
            "amount_sats": amount_sats,
            "intent": intent,
            "expires": now + ANNOUNCED_S,
        }
        try:
            self.courier.say("splice_check", body, now)
        except NodeError as error:
            self._report("ask", str(error))
            return 0
        return len(members)

    def _ask_capacity(self, peer_id: str, now: int) -> None:
        if self._unreachable_since is None:
            self.learn_capacity(self.fleet, peer_id, now, timeout_s=ASK_GRAPH_S)

    def learn_capacity(self, fleet: Fleet, peer_id: str, now: int, *, timeout_s: float) -> None:
        """Learn the public capacity of a peer that no look asked for yet."""
        _, envelope = fleet.snapshot()
        if peer_id in {one["peer_id"] for one in envelope["decision"]["public_capacities"]}:
            return
        kept = self.store.kept("capacities")
        asked = dict(kept.body) if kept else {}
        mine = asked.get(peer_id)
        if mine is None or not 0 <= now - mine["at"] < LOOK_EVERY_S:
            try:
                capacity = self._collector.public_capacity(peer_id, now, timeout_s=timeout_s)
            except NodeError as error:
                self._report("graph", str(error))
                return
            mine = {"at": now, "capacity_sats": capacity}
            recent = {one: said for one, said in asked.items() if 0 <= now - said["at"] < _DAY}
            self.store.keep("capacities", {**recent, peer_id: mine}, at=now)
        if mine["capacity_sats"] is not None:
            fleet.ask("set_peer", peer_id=peer_id, public_capacity_sats=mine["capacity_sats"])

    def glance(self, now: int, *, timeout_s: float) -> dict[str, Any]:
        """Our channels as they are at this moment; nothing of it is kept."""
        return self._collector.glance(now, timeout_s=timeout_s)

    def owed(self) -> dict[str, int]:
        """What was ours in each channel at the last glance: what lightningd takes a share of."""
        return self._collector.owed

    def _limit(self, name: str, now: int) -> None:
        """A report that comes too soon after the last one is refused."""
        limited = self.policy.call("limits.check", {"now": now, "history": self._stamps(name, now)})
        decision = limited["decision"]
        if not decision["allowed"]:
            raise Refusal(
                "rate_limited",
                "",
                first(sentences(self.policy, limited)) or "",
                retry_at=decision.get("retry_at"),
            )
        self.store.keep(f"stamps:{name}", decision["history"], at=now)

    def _stamps(self, name: str, now: int) -> list[int]:
        kept = self.store.kept(f"stamps:{name}")
        # Stamps of the future are those of a clock that was set back; they would block for ever.
        return [stamp for stamp in kept.body if stamp <= now] if kept else []


def _verdict(health: dict[str, Any]) -> tuple[Any, ...]:
    """What of our health is a decision: the rest are counts."""
    decision = health["decision"]
    return tuple(decision.get(name) for name in ("score", "tier", "trend", "budget_multiplier"))
