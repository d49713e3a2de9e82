"""The coordinator of one node: looks at it, hears and tells the fleet, and answers.

    from trimtab.cln import Coordinator, Node, Store, socket_transport

    store = Store("/home/me/.lightning/bitcoin/trimtab.sqlite3")
    node = Node(socket_transport("/home/me/.lightning/bitcoin/lightning-rpc"))
    with Coordinator(store, node) as coordinator:
        coordinator.member_health()

Every answer is the policy's own, put under the names that the fleet plan and the deployed plugins
use. Nothing here moves funds: the node is only read, asked to sign a text, and asked to send one.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable

import trimtab
from trimtab.cln import shape
from trimtab.cln.fleet import Fleet, NoSnapshotError
from trimtab.cln.gossip import Counters, Courier, Incoming
from trimtab.cln.members import MembersError
from trimtab.cln.node import NodeError, NodeUnreachableError
from trimtab.cln.operator_policy import OperatorPolicy
from trimtab.cln.replies import Refusal, sentences, spoken
from trimtab.cln.snapshot import Collector, WrongNodeError
from trimtab.cln.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from trimtab.cln.node import Node
    from trimtab.cln.store import MemberRow, Store

__all__ = ["Coordinator"]

LOOK_EVERY_S = 240
"""So often the node is looked at: before our own health grows too old to count."""

LEASE_S = 30
"""A process that stopped without a word is replaced after this time."""

KEEP_HISTORY_DAYS = 90
MOST_HISTORY = 100_000
MAIL_BOX = 1000
ANNOUNCED_S = 600
"""The longest that a message may announce a splice for."""

ASK_GRAPH_S = 3.0
"""A question waits at most this long for the public graph."""

_TICK_S = 1.0
_RETRY_S = (1, 2, 5, 10, 30)
_DAY = 24 * 3600


class Coordinator:
    """One node's part of the fleet. Its methods may be called from any thread."""

    def __init__(
        self,
        store: Store,
        node: Node,
        *,
        policy: trimtab.Policy | None = None,
        clock: Callable[[], float] = time.time,
        log: Callable[[str, str], None] | None = None,
        look_every_s: float = LOOK_EVERY_S,
        keep_history_days: int = KEEP_HISTORY_DAYS,
        policy_file: Path | None = None,
        member_sources: Mapping[str, Callable[[], list[MemberRow]]] | None = None,
    ) -> None:
        """Keep everything in `store`, ask `node`, decide under `policy`."""
        self.store = store
        self.policy = policy or trimtab.Policy()
        self.fleet = Fleet(store, self.policy)
        self.courier = Courier(node, store, self.fleet, self.policy)
        self.operator = OperatorPolicy(store, self.policy, policy_file)
        self._collector = Collector(node, store, self.policy)
        self._node = node
        self._clock = clock
        self._log = log or (lambda _message, _level: None)
        self._look_every_s = look_every_s
        self._keep_history_days = keep_history_days
        self._name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._leads = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._mail: queue.Queue[Incoming | None] = queue.Queue(MAIL_BOX)
        self._lost_mail = 0
        self._threads: list[threading.Thread] = []
        self._trouble: dict[str, str] = {}
        self._missing: dict[str, str] = {}
        self._unreachable_since: int | None = None
        self._look_now = threading.Event()
        self._member_sources = dict(member_sources or {})

    # --- running ---

    def __enter__(self) -> Coordinator:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Begin to look at the node and to talk to the fleet, in the background."""
        if self._threads:
            return
        self._stop.clear()
        for name, work in (("looks", self._looks), ("mail", self._take_mail)):
            thread = threading.Thread(target=work, name=f"trimtab-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, wait_s: float = 10.0) -> None:
        """Stop, and give the lease to another process of this node."""
        self._stop.set()
        self._wake.set()
        self._mail_put(None)
        until = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()
        if self._leads:
            self._leads = False
            self._safely("lease", lambda: self.store.release("leader", self._name))

    def now(self) -> int:
        """The time in whole seconds."""
        return int(self._clock())

    def _looks(self) -> None:
        failures, due = 0, time.monotonic()
        while not self._stop.is_set():
            self._safely("lease", self._lead)
            if self._look_now.is_set():
                self._look_now.clear()
                due = time.monotonic()
            if self._leads and time.monotonic() >= due:
                if self._safely("look", self.look):
                    failures, pause = 0, self._look_every_s
                else:
                    pause = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
                    failures += 1
                due = time.monotonic() + pause
            if self._leads:
                self._safely("gossip", self.tell)
            self._wake.wait(_TICK_S)
            self._wake.clear()

    def _lead(self) -> None:
        self._leads = self.store.lease("leader", self._name, now=self.now(), lasts_s=LEASE_S)

    def _safely(self, what: str, work: Callable[[], Any]) -> bool:
        """Do it; a failure is told once, kept for `trimtab-status`, and tried again later."""
        try:
            work()
        except NoSnapshotError:
            return False
        except (NodeError, StoreError, MembersError, WrongNodeError, trimtab.InputError) as error:
            if isinstance(error, NodeUnreachableError) and self._unreachable_since is None:
                self._unreachable_since = self.now()
            self._report(what, str(error))
            return False
        except Exception as error:  # noqa: BLE001 (a defect of ours must not end the loop)
            self._report(what, f"{type(error).__name__}: {error}")
            return False
        if what in self._trouble:
            del self._trouble[what]
            self._log(f"{what}: works again", "info")
        return True

    def _report(self, what: str, message: str) -> None:
        if self._trouble.get(what) != message:
            self._trouble[what] = message
            self._log(f"{what}: {message}", "warn")

    # --- looking ---

    def look_soon(self) -> None:
        """Look at the node at the next occasion, not only when it is due."""
        self._look_now.set()
        self._wake.set()

    def look(self) -> None:
        """Look at the node now, and keep what was seen."""
        now = self.now()
        self._safely("members", self.read_members)
        look = self._collector.look(now, wanted=self._in_question())
        self._missing = look.missing
        self._unreachable_since = None
        self.store.keep("snapshot", look.envelope, at=now)
        self._hear_connected(now)
        self._assess(now)
        self._write_down(now)
        before = now - self._keep_history_days * _DAY
        self.store.forget_history(before=before, most=MOST_HISTORY)
        self.store.forget_graph(now - 7 * _DAY)

    def _in_question(self) -> list[str]:
        """Nodes whose public channels matter: members, and peers where members need something."""
        wanted = self.fleet.members()
        try:
            needs = self.fleet.ask("needs", now=self.now())["decision"]["fleet_needs"]
            ours = self.fleet.snapshot()[1]["decision"]["report"].get("capacities", [])
        except NoSnapshotError:
            return wanted
        wanted += [need["peer_id"] for need in needs]
        wanted += [one["peer_id"] for one in ours]
        return list(dict.fromkeys(wanted))

    def _hear_connected(self, now: int) -> None:
        peers = self._node.call("listpeers").get("peers", [])
        connected = sorted(one["id"] for one in peers if one.get("connected"))
        kept = self.store.kept("connected")
        if kept is None or kept.body != connected:
            self.store.keep("connected", connected, at=now)

    def _assess(self, now: int) -> dict[str, Any]:
        envelope = self.policy.call("health.assess", self._assess_input(now))
        self.store.keep("health", envelope, at=now)
        return envelope

    def _assess_input(self, now: int) -> dict[str, Any]:
        """Our books; where another program of this node reported lately, its counts and trend."""
        given: dict[str, Any] = {}
        kept = self.store.kept("snapshot")
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
        if previous is not None and "previous_tier" in shape.reads("health.assess"):
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

    def _write_down(self, now: int) -> None:
        """Keep each change of the advice about a channel: the history that explains the present."""
        if not shape.knows("fleet.advise"):
            return
        advice = self._advice(now)["decision"]
        kept = self.store.kept("verdicts")
        before = kept.body if kept else {}
        verdicts = {}
        with self.store.change():
            for one in advice["rebalances"]:
                binding = next((each["code"] for each in one["reasons"] if each["binding"]), None)
                verdict = {"outcome": one["outcome"], "binding": binding}
                verdicts[one["channel_id"]] = verdict
                if before.get(one["channel_id"]) != verdict:
                    self.store.remember("decision", one["channel_id"], one, at=now)
            steps = {
                one["channel_id"]: {"base_ppm": one["base_ppm"], "fee_ppm": one["fee_ppm"]}
                for one in advice["fees"]
                if one.get("base_ppm") is not None and one.get("fee_ppm") is not None
            }
            self._keep_steps(steps, now)
            self.store.keep("verdicts", verdicts, at=now)

    def _keep_steps(self, steps: dict[str, dict[str, Any]], now: int) -> None:
        kept = self.store.kept("fee_steps")
        known = dict(kept.body) if kept else {}
        fees = {
            one["channel_id"]: one.get("fee_ppm")
            for one in self.fleet.snapshot()[1]["decision"]["us"]["channels"]
        }
        # A step that was taken is in force for as long as the channel has its fee.
        taken = {
            channel: step for channel, step in known.items() if fees.get(channel) == step["fee_ppm"]
        }
        self.store.keep("fee_steps", {**steps, **taken}, at=now)

    # --- telling ---

    def tell(self) -> None:
        """Tell the members what is due: our health, our liquidity."""
        if not self.fleet.members() or not shape.knows("gossip.report"):
            return
        now = self.now()
        reports = self.reports(now)
        for kind in ("health_status", "liquidity_state"):
            body = reports.get(kind)
            if body is not None and self.courier.due(kind, body, now):
                self.courier.say(kind, body, now)

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

    # --- hearing ---

    def hear(self, sender: str, payload: str) -> bool:
        """Take one custom message into the mail box; whether it is one of ours."""
        incoming = Courier.read(sender, payload)
        if incoming is None:
            return False
        self._mail_put(incoming)
        return True

    def met(self, peer: str) -> None:
        """A peer connected: a member is told what it missed."""
        self._mail_put(Incoming(peer, b""))

    def left(self, peer: str) -> None:
        """A peer went away; nothing is sent to it until it is back."""
        self._mail_put(Incoming(peer, b"\x00"))

    def _mail_put(self, incoming: Incoming | None) -> None:
        try:
            self._mail.put_nowait(incoming)
        except queue.Full:
            self._lost_mail += 1

    def _take_mail(self) -> None:
        while not self._stop.is_set():
            incoming = self._mail.get()
            if incoming is not None and self._leads:
                self._safely("mail", lambda incoming=incoming: self._open(incoming))  # type: ignore[misc]

    def _open(self, incoming: Incoming) -> None:
        now = self.now()
        if incoming.payload in (b"", b"\x00"):
            self._mark_connected(incoming.sender, connected=not incoming.payload, now=now)
            return
        taken = self.courier.take(incoming, now)
        if taken["outcome"] == "accepted":
            self._write_plan_columns(taken["reporter"])

    def _mark_connected(self, peer: str, *, connected: bool, now: int) -> None:
        if peer not in self.fleet.members():
            return
        kept = self.store.kept("connected")
        before = set(kept.body) if kept else set()
        after = before | {peer} if connected else before - {peer}
        if after != before:
            self.store.keep("connected", sorted(after), at=now)
        if connected:
            for kind in ("health_status", "liquidity_state"):
                self.courier.repeat(peer, kind, now)

    def _write_plan_columns(self, member_id: str) -> None:
        reply = self.member_health(member_id)
        columns = {**reply, "health_updated_at": reply["last_updated"]}
        self.store.set_plan_columns(member_id, reply.get("alias"), columns)

    # --- the fleet plan's commands ---

    def member_health(self, member_id: str | None = None, action: str = "query") -> dict[str, Any]:
        """Health of one member, ourselves without an id; of all with `all` or `aggregate`."""
        if action not in ("query", "aggregate"):
            raise Refusal("out_of_range", "action", "query or aggregate", got=action)
        if member_id == "all" or action == "aggregate":
            return self._fleet_health()
        if member_id is None or member_id == self.fleet.our_id:
            return self._our_health()
        return self._their_health(member_id)

    def _fleet_health(self) -> dict[str, Any]:
        now = self.now()
        envelope = self.fleet.ask("health", now=now)
        decision = envelope["decision"]
        aliases = self.fleet.aliases()
        members = []
        for one in decision["members"]:
            entry = {
                "member_id": one["member_id"],
                "peer_id": one["member_id"],
                "alias": aliases.get(one["member_id"]),
                "health_score": one.get("score"),
                "health_tier": one["tier"],
                "rebalance_budget_multiplier": one["budget_multiplier"],
                "budget_multiplier": one["budget_multiplier"],
                "counted": one["counted"],
                "last_updated": now - one["age_s"],
            }
            members.append(entry)
        return {**decision, "members": members, "reasons": spoken(self.policy, envelope)}

    def _our_health(self) -> dict[str, Any]:
        now = self.now()
        envelope = self._assess(now)
        health = envelope["decision"]
        kept = self.store.kept("snapshot")
        seen = kept.body["decision"] if kept else {}
        return {
            "member_id": self.fleet.our_id,
            "peer_id": self.fleet.our_id,
            "alias": seen.get("alias"),
            "capacity_sats": seen.get("capacity_sats"),
            **_health_fields(health["score"], health["tier"], health["budget_multiplier"], health),
            "revenue_trend": health["trend"],
            "liquidity_score": int(health["liquidity_score"]),
            "last_updated": self._counted_at(now),
            "total_channels": health["total"],
            "needs_help": health["needs_help"],
            "can_help_others": health["can_help_others"],
            "needs_inbound": health["needs_inbound"],
            "needs_outbound": health["needs_outbound"],
            "reasons": spoken(self.policy, envelope),
        }

    def _counted_at(self, now: int) -> int:
        reported = self.store.kept("local:health")
        if reported is not None and self._fresh("local:health", "health", now) is not None:
            return reported.at
        kept = self.store.kept("snapshot")
        return kept.at if kept else 0

    def _their_health(self, member_id: str) -> dict[str, Any]:
        if member_id not in self.fleet.members():
            raise Refusal("not_a_member", "member_id", "a member of the fleet", got=member_id)
        gossip = self.store.gossip(member_id) or {}
        said = gossip.get("last", {}).get("health_status")
        if said is None:
            raise Refusal("no_report", "member_id", "a member that reported its health")
        now, body = self.now(), said["body"]
        health = self.fleet.ask("health", now=now)["decision"]
        mine = next(one for one in health["members"] if one["member_id"] == member_id)
        windows = [sats * 1000 for sats in body["revenue_sats"]]
        report = {name: body[name] for name in _COUNTED}
        checked = self.policy.call(
            "health.verify",
            {
                "now": now,
                "report": {**report, "at": said["at"], "windows": windows},
                "evidence": self._evidence(member_id),
            },
        )
        return {
            "member_id": member_id,
            "peer_id": member_id,
            "alias": self.fleet.aliases().get(member_id),
            "capacity_sats": body["capacity_sats"],
            **_health_fields(
                checked["decision"]["score"],
                mine["tier"],
                mine["budget_multiplier"],
                body,
            ),
            "revenue_trend": self.policy.call("health.trend", {"windows": windows})["decision"][
                "trend"
            ],
            "liquidity_score": checked["decision"]["liquidity_score"],
            "last_updated": said["at"],
            "total_channels": body["total"],
            "verdict": checked["decision"]["verdict"],
            "counted": mine["counted"],
            "software": body.get("version"),
            "config": body.get("config"),
            "reasons": spoken(self.policy, checked),
        }

    def _evidence(self, member_id: str) -> dict[str, Any]:
        standing = next(one for one in self.fleet.standings() if one["member_id"] == member_id)
        shared = [one for one in self.fleet.us()["channels"] if one["peer_id"] == member_id]
        evidence = {
            "our_channels": len(shared),
            "our_capacity_sats": sum(one["capacity_sats"] for one in shared),
            "public_capacity_sats": standing.get("public_capacity_sats"),
            "public_channels": standing.get("public_channels"),
        }
        return {name: value for name, value in evidence.items() if value is not None}

    def report_health(  # noqa: PLR0917 (a command of the fleet plan)
        self,
        profitable_channels: int = 0,
        underwater_channels: int = 0,
        stagnant_channels: int = 0,
        revenue_trend: str = "stable",
        total_channels: int | None = None,
        liquidity_score: int | None = None,
    ) -> dict[str, Any]:
        """Take this node's own counts of what its channels are worth."""
        now = self.now()
        total = total_channels
        if total is None:
            total = profitable_channels + underwater_channels + stagnant_channels
        report = {
            "profitable": profitable_channels,
            "underwater": underwater_channels,
            "stagnant": stagnant_channels,
            "total": total,
            "trend": revenue_trend,
            "liquidity_score": liquidity_score,
        }
        checked = {name: value for name, value in report.items() if value is not None}
        checked.setdefault("liquidity_score", 0)
        names = {
            "profitable": "profitable_channels",
            "underwater": "underwater_channels",
            "stagnant": "stagnant_channels",
            "total": "total_channels",
            "trend": "revenue_trend",
        }
        with _Renamed(names):
            self.policy.call("health.assess", checked)
        with self.store.change():
            self._limit("report:health", now)
            self.store.keep("local:health", report, at=now)
            self.store.remember("report", "local:health", report, at=now)
        self._wake.set()
        health = self._assess(now)["decision"]
        return {
            "status": "reported",
            "health_score": health["score"],
            "tier": health["tier"],
            "health_tier": health["tier"],
            "rebalance_budget_multiplier": health["budget_multiplier"],
            "budget_multiplier": health["budget_multiplier"],
            "last_updated": now,
        }

    def liquidity_state(self, action: str = "status") -> dict[str, Any]:
        """How the fleet does (status), who lacks what (needs), who has too much where (excess)."""
        now = self.now()
        if action == "status":
            return self._liquidity_status(now)
        if action == "needs":
            envelope = self.fleet.ask("needs", now=now)
            needs = [
                {**one, "health_tier": one["tier"], "member_health_tier": one["tier"]}
                for one in envelope["decision"]["fleet_needs"]
            ]
            return {"fleet_needs": needs, "count": len(needs), **self._told(envelope)}
        if action == "excess":
            envelope = self.fleet.ask("excess", now=now)
            excess = envelope["decision"]["fleet_excess"]
            return {"fleet_excess": excess, "count": len(excess), **self._told(envelope)}
        raise Refusal("out_of_range", "action", "status, needs or excess", got=action)

    def _liquidity_status(self, now: int) -> dict[str, Any]:
        envelope = self.fleet.ask("state", now=now)
        state = envelope["decision"]
        conflict = self.fleet.ask("conflict", now=now, target_peer="nobody")["decision"]
        in_use = conflict["avoid"]
        members = self.fleet.members()
        return {
            "active": True,
            "fleet_summary": {
                "members_with_depleted_channels": state["members_with_depleted_channels"],
                "members_with_excess_outbound": state["members_with_excess_outbound"],
                "members_with_saturated_channels": state["members_with_excess_outbound"],
                "common_bottleneck_peers": state["common_bottleneck_peers"],
                "total_members": len(members) + 1,
                "members_rebalancing": state["members_rebalancing"],
            },
            "our_state": {
                "depleted_channels": state["depleted_channels"],
                "saturated_channels": state["saturated_channels"],
                "balanced_channels": state["balanced_channels"],
            },
            "rebalancing_activity": {
                "active_count": state["members_rebalancing"],
                "peers_in_use": in_use,
            },
            **self._told(envelope),
        }

    def _told(self, envelope: dict[str, Any]) -> dict[str, Any]:
        at, _ = self.fleet.snapshot()
        return {"last_updated": at, "reasons": spoken(self.policy, envelope)}

    def report_liquidity_state(
        self,
        depleted_channels: list[dict[str, Any]],
        saturated_channels: list[dict[str, Any]],
        rebalancing_active: bool = False,
        rebalancing_peers: list[str] | None = None,
        liquidity_needs: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Take this node's own list of depleted and saturated channels."""
        now = self.now()
        report = {
            "depleted": _troubles(depleted_channels, "depleted_channels"),
            "saturated": _troubles(saturated_channels, "saturated_channels"),
        }
        if shape.knows("gossip.report"):
            lists = {f"listed.{name}": f"{name}_channels" for name in report}
            with _Renamed(lists):
                self.policy.call("gossip.report", {"now": now, "channels": [], "listed": report})
        with self.store.change():
            self._limit("report:liquidity", now)
            kept = {**report, "needs": list(liquidity_needs or [])}
            self.store.keep("local:liquidity", kept, at=now)
            self.store.remember("report", "local:liquidity", kept, at=now)
            self._set_activity(rebalancing_peers or [] if rebalancing_active else [], now)
        self._wake.set()
        return {
            "status": "reported",
            "depleted_count": len(report["depleted"]),
            "saturated_count": len(report["saturated"]),
            "last_updated": now,
        }

    def update_rebalancing_activity(
        self,
        rebalancing_active: bool,
        rebalancing_peers: list[str] | None = None,
    ) -> dict[str, Any]:
        """Tell the members through which peers this node is rebalancing now."""
        now = self.now()
        peers = (rebalancing_peers or []) if rebalancing_active else []
        with self.store.change():
            self._set_activity(peers, now)
        self._wake.set()
        return {
            "status": "updated",
            "rebalancing_active": bool(peers),
            "rebalancing_peers": sorted(set(peers)),
            "last_updated": now,
        }

    def _set_activity(self, peers: Iterable[str], now: int) -> None:
        lasts = self.policy.config["liquidity"]["activity_counts_s"]
        rebalancing = [
            {"peer_id": peer, "at": now, "expected_end": now + lasts} for peer in sorted(set(peers))
        ]
        self.policy.call(
            "rebalance.conflict",
            {
                "now": now,
                "target_peer": "nobody",
                "us": {"node_id": "us", "rebalancing": rebalancing},
            },
        )
        self.store.keep("local:activity", {"rebalancing": rebalancing}, at=now)

    def check_rebalance_conflict(self, peer_id: str) -> dict[str, Any]:
        """Whether another member rebalances through a peer now, and who goes first."""
        with _Renamed({"target_peer": "peer_id"}):
            envelope = self.fleet.ask("conflict", now=self.now(), target_peer=peer_id)
        decision = envelope["decision"]
        reply: dict[str, Any] = {
            "conflict": decision["conflict"],
            "peer_id": peer_id,
            "recommendation": decision["action"],
            "reason": _first(sentences(self.policy, envelope)),
            **{name: value for name, value in decision.items() if name != "conflict"},
            **self._told(envelope),
        }
        other = decision.get("yield_to") or decision.get("priority_over")
        if other is None and decision["conflict"]:
            other = next(
                (one["subject"] for one in envelope["reasons"] if one["code"] == "peer_in_use"),
                None,
            )
        if other is not None:
            reply["member_id"] = other
        return reply

    def splice_check(
        self,
        peer_id: str,
        splice_type: str,
        amount_sats: int,
        channel_id: str | None = None,
        announce: bool = False,
    ) -> dict[str, Any]:
        """Whether a splice keeps the fleet connected; with `announce`, say that it will be."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        envelope = self._splice(peer_id, splice_type, amount_sats, channel_id, now)
        decision = envelope["decision"]
        words = sentences(self.policy, envelope)
        reply: dict[str, Any] = {
            "safety": decision["safety"],
            "reason": _deciding(envelope, words),
            "can_proceed": decision["can_proceed"],
            "peer_id": peer_id,
            "splice_type": splice_type,
            "amount_sats": amount_sats,
            "fleet_capacity": decision["fleet_sats"],
            "new_fleet_capacity": decision["new_fleet_sats"],
            "fleet_share": decision.get("fleet_share"),
            "new_share": decision.get("new_share"),
            "our_capacity": decision["ours_sats"],
            "other_member_capacity": decision["others_sats"],
            "peer_total_capacity": decision.get("peer_total_sats"),
            "in_flight": [
                one["amount_sats"] for one in self.exits(now) if one["peer_id"] == peer_id
            ],
            **self._told(envelope),
        }
        if decision["safety"] != "safe":
            reply["recommendation"] = _flip(envelope, words)
        if splice_type == "splice_out":
            intent = "announce" if announce and decision["can_proceed"] else "query"
            reply["asked_members"] = self._ask_members(
                peer_id, splice_type, amount_sats, intent, now
            )
            if intent == "announce":
                self.note_exit(peer_id, amount_sats, channel_id, now)
        return reply

    def _splice(
        self, peer_id: str, splice_type: str, amount_sats: int, channel_id: str | None, now: int
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
        with _Renamed({"type": "splice_type"}):
            return self.fleet.ask("splice", **fields)

    def splice_headroom(self, peer_id: str) -> dict[str, Any]:
        """The largest splice-out that keeps the fleet connected to the peer."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        envelope = self._headroom(peer_id, now)
        decision = envelope["decision"]
        return {
            "peer_id": peer_id,
            "headroom_sats": decision.get("headroom_sats"),
            "safe_splice_out_amount": decision.get("headroom_sats", 0),
            "fleet_capacity": decision["fleet_sats"],
            "our_capacity": decision["ours_sats"],
            "other_member_capacity": decision["others_sats"],
            "reason": _first(sentences(self.policy, envelope)),
            **self._told(envelope),
        }

    def _headroom(self, peer_id: str, now: int) -> dict[str, Any]:
        return self.fleet.ask(
            "headroom",
            now=now,
            peer_id=peer_id,
            hive_reachable=self._unreachable_since is None,
            in_flight=[one["amount_sats"] for one in self.exits(now) if one["peer_id"] == peer_id],
        )

    def splice_recommendations(self, peer_id: str) -> dict[str, Any]:
        """What may be spliced out towards a peer, and who else holds capacity there."""
        now = self.now()
        self._ask_capacity(peer_id, now)
        nothing = self._splice(peer_id, "splice_out", 0, None, now)
        room = self._headroom(peer_id, now)
        at_rest, most = nothing["decision"], room["decision"]
        covered = {"others_cover"} & {one["code"] for one in room["reasons"] + nothing["reasons"]}
        return {
            "peer_id": peer_id,
            "fleet_capacity": at_rest["fleet_sats"],
            "our_capacity": at_rest["ours_sats"],
            "other_member_capacity": at_rest["others_sats"],
            "peer_total_capacity": at_rest.get("peer_total_sats"),
            "fleet_share": at_rest.get("fleet_share"),
            "safe_splice_out_amount": most.get("headroom_sats", 0),
            "has_fleet_coverage": bool(covered),
            "recommendations": sentences(self.policy, room),
            **self._told(room),
        }

    # --- splices on their way ---

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

    # --- our own commands ---

    def status(self) -> dict[str, Any]:
        """What runs, how old everything is, and what is left out."""
        now = self.now()
        ages: dict[str, int | None] = {}
        for name in ("node", "snapshot", "health", "connected", "local:health", "local:liquidity"):
            kept = self.store.kept(name)
            ages[name] = None if kept is None else now - kept.at
        for name in self.store.kept_names("sent:"):
            kept = self.store.kept(name)
            ages[name] = None if kept is None else now - kept.at
        node = self.store.kept("node")
        snapshot = self.store.kept("snapshot")
        left_out: dict[str, int] = {}
        if snapshot is not None:
            codes = Counter(
                one["code"] for one in snapshot.body["reasons"] if one["effect"] != "allow"
            )
            left_out = dict(sorted(codes.items()))
            left_out["quarantined"] = len(snapshot.body.get("quarantined", []))
        lint = self.policy.call("config.lint", {})
        return {
            "version": trimtab.__version__,
            "module": _module_digest(),
            "config": self.policy.digest,
            "profile": self.policy.profile,
            "config_warnings": spoken(self.policy, lint),
            "node": node.body if node else None,
            "leads": self._leads,
            "reachable": self._unreachable_since is None,
            "unreachable_since": self._unreachable_since,
            "ages_s": ages,
            "members": len(self.fleet.members()),
            "gossip": self.courier.counters.told(),
            "mail_lost": self._lost_mail,
            "left_out": left_out,
            "not_answered": dict(sorted(self._missing.items())),
            "trouble": dict(sorted(self._trouble.items())),
            "policy_file": self.operator.trouble,
            "history": self.store.history_sizes(),
            "store": str(self.store.path),
        }

    def health(self) -> dict[str, Any]:
        """Our health, each part of it, and how far the next tier is."""
        now = self.now()
        envelope = self._assess(now)
        reply = {
            **envelope["decision"],
            "member_id": self.fleet.our_id,
            "last_updated": self._counted_at(now),
            "channels": self._judged(),
            "reasons": spoken(self.policy, envelope),
        }
        other = self._other_program()
        if other is not None:
            reply["other_program"] = other
        return reply

    def _judged(self) -> list[dict[str, Any]]:
        kept = self.store.kept("snapshot")
        if kept is None:
            return []
        decision = kept.body["decision"]
        names = {
            one["channel_id"]: one.get("short_channel_id") for one in decision["us"]["channels"]
        }
        return [
            {
                **one["books"],
                **one["profit"],
                "short_channel_id": names.get(one["books"].get("channel_id")),
            }
            for one in decision["profits"]
        ]

    def _other_program(self) -> dict[str, Any] | None:
        """How cl-revenue-ops judges the same channels, and where it disagrees with us."""
        kept = self.store.kept("revenue_summary")
        if kept is None:
            return None
        theirs = _classes(kept.body.get("channels"))
        differing = []
        for one in self._judged():
            said = theirs.get(str(one.get("short_channel_id"))) or theirs.get(
                str(one.get("channel_id"))
            )
            if said is not None and _SAME_WORD.get(said, said) != one["class"]:
                differing.append(
                    {
                        "channel_id": one.get("channel_id"),
                        "short_channel_id": one.get("short_channel_id"),
                        "ours": one["class"],
                        "theirs": said,
                    }
                )
        return {
            "name": "cl-revenue-ops",
            "at": kept.at,
            "classes": dict(sorted(Counter(theirs.values()).items())),
            "disagreements": differing,
        }

    def advise(self, first: int | None = None) -> dict[str, Any]:
        """What is worth doing now, ranked, each with its reasons and what would change it."""
        envelope = self._advice(self.now(), first=first)
        at, _ = self.fleet.snapshot()
        reply = {**envelope["decision"], "last_updated": at}
        for one in reply["rebalances"]:
            how = self._how(one)
            if how is not None:
                one["how"] = how
        return self._worded(reply, envelope)

    def explain(self, subject: str, first: int | None = None) -> dict[str, Any]:
        """Why nothing, or something, is advised about a channel or a peer."""
        if not shape.knows("fleet.explain"):
            raise Refusal("unknown_operation", "", "a version with fleet.explain")
        now = self.now()
        given: dict[str, Any] = {"asked": self._advice_input(now), "subject": subject}
        if first is not None:
            given["first"] = first
        envelope = self.policy.call("fleet.explain", given)
        at, _ = self.fleet.snapshot()
        channels = [one["channel_id"] for one in envelope["decision"]["channels"]]
        past = [
            {"at": one.at, **one.body}
            for channel in channels
            for one in self.store.history("decision", channel, most=10)
        ]
        reply = {**envelope["decision"], "history": past, "last_updated": at}
        return self._worded(reply, envelope)

    def _worded(self, reply: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
        """Put its sentence to every reason, wherever it stands."""
        reply["reasons"] = envelope["reasons"]
        reply["policy"] = envelope["policy"]
        if envelope.get("quarantined"):
            reply["quarantined"] = envelope["quarantined"]
        found: list[dict[str, Any]] = []
        _collect_reasons(reply, found)
        given = self.policy.call("policy.explain", {"reasons": found, "view": "operator"})
        for reason, sentence in zip(found, given["decision"]["sentences"]):
            reason["says"] = sentence
        return reply

    def _advice(self, now: int, *, first: int | None = None) -> dict[str, Any]:
        if not shape.knows("fleet.advise"):
            raise Refusal("unknown_operation", "", "a version with fleet.advise")
        given = self._advice_input(now)
        if first is not None:
            given["first"] = first
        return self.policy.call("fleet.advise", given)

    def _advice_input(self, now: int) -> dict[str, Any]:
        _, envelope = self.fleet.snapshot()
        steps = self.store.kept("fee_steps")
        given: dict[str, Any] = {
            "now": now,
            "snapshot": {**envelope["decision"], "us": self.fleet.us()},
            "members": [
                report
                for member_id, _, report in self.store.reports()
                if member_id in set(self.fleet.members())
            ],
            "operator": self.operator.decisions(),
            "exits": [
                {"peer_id": one["peer_id"], "amount_sats": one["amount_sats"]}
                for one in self.exits(now)
            ],
            "fee_steps": [
                {"channel_id": channel, **step}
                for channel, step in (steps.body if steps else {}).items()
            ],
        }
        with contextlib.suppress(Refusal):
            given["health"] = self._assess_input(now)
        known = shape.reads("fleet.advise")
        return {name: value for name, value in given.items() if name in known}

    def _how(self, one: dict[str, Any]) -> dict[str, Any] | None:
        """The same move for the rebalancer sling: the arguments of its command `sling-once`."""
        names = {
            each["channel_id"]: each.get("short_channel_id")
            for each in self.fleet.snapshot()[1]["decision"]["us"]["channels"]
        }
        limit = one.get("max_fee_ppm") or one.get("pays_up_to_ppm")
        source = names.get(one.get("source"))
        if one["outcome"] not in ("worth_it", "pays_below") or None in (
            one.get("amount_sats"),
            limit,
            source,
            one.get("short_channel_id"),
        ):
            return None
        return {
            "tool": "sling",
            "method": "sling-once",
            "params": {
                "scid": one["short_channel_id"],
                "direction": "pull",
                "amount": one["amount_sats"],
                "onceamount": one["amount_sats"],
                "maxppm": limit,
                "candidates": [source],
            },
        }

    def splice(self, peer_id: str | None = None) -> dict[str, Any]:
        """How much may leave towards a peer, or towards each peer of ours."""
        if peer_id is not None:
            return self.splice_recommendations(peer_id)
        now = self.now()
        _, envelope = self.fleet.snapshot()
        held = envelope["decision"]["report"].get("capacities", [])
        rooms = []
        for one in held:
            room = self._headroom(one["peer_id"], now)
            rooms.append(
                {
                    "peer_id": one["peer_id"],
                    **room["decision"],
                    "reasons": spoken(self.policy, room),
                }
            )
        rooms.sort(key=lambda one: (-(one.get("headroom_sats") or 0), one["peer_id"]))
        return {"peers": rooms, "exits": self.exits(now), "last_updated": self.fleet.snapshot()[0]}

    def members(self) -> dict[str, Any]:
        """The members, what each said last and when, and whether it counts."""
        now = self.now()
        health = self.fleet.ask("health", now=now)
        by_id = {one["member_id"]: one for one in health["decision"]["members"]}
        aliases = self.fleet.aliases()
        members = []
        for standing in self.fleet.standings():
            member_id = standing["member_id"]
            gossip = self.store.gossip(member_id) or {}
            said = gossip.get("last", {})
            report = self.store.report(member_id)
            members.append(
                {
                    **standing,
                    "alias": aliases.get(member_id),
                    "ages_s": {kind: now - one["at"] for kind, one in sorted(said.items())},
                    "tier": by_id.get(member_id, {}).get("tier"),
                    "score": by_id.get(member_id, {}).get("score"),
                    "counted": by_id.get(member_id, {}).get("counted", False),
                    "implausible": bool(report and report.body.get("implausible")),
                }
            )
        return {
            "our_id": self.fleet.our_id,
            "members": members,
            "fleet_health": health["decision"]["fleet_health"],
            "reasons": spoken(self.policy, health),
        }

    def decide(  # noqa: PLR0917 (the parameters of a command)
        self,
        subject: str | None = None,
        rebalance: str | None = None,
        fee: str | None = None,
        minimum_ppm: int | None = None,
        maximum_ppm: int | None = None,
        intended_ppm: int | None = None,
        clear: bool = False,
    ) -> dict[str, Any]:
        """What the operator decided; with a subject, decide about a channel or peer."""
        now = self.now()
        if subject is not None and clear:
            found = self.operator.clear(subject, now=now)
            return {"cleared": found, "decisions": self.operator.decisions()}
        if subject is not None:
            decision: dict[str, Any] = {}
            if rebalance is not None:
                decision["rebalance"] = rebalance
            if fee not in (None, "on", "off"):
                raise Refusal("out_of_range", "fee", "on or off", got=fee)
            bounds = {
                "minimum_ppm": minimum_ppm,
                "maximum_ppm": maximum_ppm,
                "intended_ppm": intended_ppm,
            }
            set_bounds = {name: value for name, value in bounds.items() if value is not None}
            if fee == "off":
                set_bounds["off"] = True
            if set_bounds:
                decision["fee"] = set_bounds
            if not decision:
                raise Refusal("missing_field", "rebalance", "rebalance, fee or a bound of the fee")
            self.operator.set(subject, decision, now=now)
            self.store.remember("operator", subject, decision, at=now)
        return {"decisions": self.operator.decisions(), "policy_file": self.operator.trouble}

    def set_members(self, source: str, members: Iterable[MemberRow]) -> None:
        """Replace the members that one source names."""
        wanted = sorted(members, key=lambda one: one.member_id)
        with self.store.change():
            if self.store.members_of(source) == wanted:
                return
            self.store.set_members(source, wanted)
            staying = [one.member_id for one in self.store.members() if not one.banned]
            kept = self.store.kept("node")
            if kept is not None:
                staying.append(kept.body["id"])
            self.store.forget_strangers(staying)

    def read_members(self) -> None:
        """Read the members anew from where this process learns them."""
        for source, read in self._member_sources.items():
            self.set_members(source, read())

    @property
    def counters(self) -> Counters:
        """What was sent and taken since the start."""
        return self.courier.counters

    # --- small things ---

    def _limit(self, name: str, now: int) -> None:
        """A report that comes too soon after the last one is refused."""
        limited = self.policy.call("limits.check", {"now": now, "history": self._stamps(name, now)})
        decision = limited["decision"]
        if not decision["allowed"]:
            raise Refusal(
                "rate_limited",
                "",
                _first(sentences(self.policy, limited)) or "",
                retry_at=decision.get("retry_at"),
            )
        self.store.keep(f"stamps:{name}", decision["history"], at=now)

    def _stamps(self, name: str, now: int) -> list[int]:
        kept = self.store.kept(f"stamps:{name}")
        # Stamps of the future are those of a clock that was set back; they would block for ever.
        return [stamp for stamp in kept.body if stamp <= now] if kept else []


class _Renamed:
    """An error of the policy speaks of the command's own parameters."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, trimtab.InputError):
            return
        for theirs, ours in self._names.items():
            rest = error.field[len(theirs) :]
            if error.field.startswith(theirs) and rest[:1] in ("", ".", "["):
                error.field = ours + rest
                return


_COUNTED = (
    "capacity_sats",
    "channels",
    "imbalance_bp",
    "profitable",
    "stagnant",
    "total",
    "underwater",
)

_SAME_WORD = {"stagnant_candidate": "stagnant", "zombie": "underwater"}
"""Words of cl-revenue-ops for what we call otherwise."""


def _health_fields(
    score: int, tier: str, multiplier: float, counts: dict[str, Any]
) -> dict[str, Any]:
    """The names of the fleet plan, and beside them those of the deployed plugins."""
    return {
        "health_score": score,
        "overall_health": score,
        "health_tier": tier,
        "tier": tier,
        "profitable_channels": counts["profitable"],
        "underwater_channels": counts["underwater"],
        "stagnant_channels": counts["stagnant"],
        "rebalance_budget_multiplier": multiplier,
        "budget_multiplier": multiplier,
    }


def _troubles(channels: Any, name: str) -> list[dict[str, Any]]:
    """The plan's three fields of each channel; what else a plugin adds is not ours to keep."""
    if not isinstance(channels, list):
        raise Refusal("malformed", name, "a list of channels", got=type(channels).__name__)
    wanted = ("peer_id", "local_pct", "capacity_sats")
    kept = []
    for place, one in enumerate(channels):
        if not isinstance(one, dict):
            raise Refusal("malformed", f"{name}[{place}]", "a channel", got=type(one).__name__)
        for each in wanted:
            if each not in one:
                raise Refusal("missing_field", f"{name}[{place}].{each}", "a value")
        kept.append({each: one[each] for each in wanted})
    return kept


def _classes(channels: Any) -> dict[str, str]:
    """The class of each channel, out of either shape in which the summary is published."""
    if isinstance(channels, dict):
        pairs = list(channels.items())
    elif isinstance(channels, list):
        pairs = [(_name_of(one), one) for one in channels if isinstance(one, dict)]
    else:
        pairs = []
    found = {}
    for name, one in pairs:
        said = one.get("class") if isinstance(one, dict) else one
        if isinstance(name, str) and isinstance(said, str):
            found[name] = said.lower()
    return found


def _name_of(one: dict[str, Any]) -> Any:
    return one.get("short_channel_id") or one.get("scid") or one.get("channel_id")


def _collect_reasons(value: Any, found: list[dict[str, Any]]) -> None:
    if isinstance(value, list):
        for each in value:
            _collect_reasons(each, found)
    elif isinstance(value, dict):
        if "code" in value and "effect" in value and "binding" in value:
            found.append(value)
            return
        for each in value.values():
            _collect_reasons(each, found)


def _first(lines: list[str]) -> str | None:
    return lines[0] if lines else None


def _deciding(envelope: dict[str, Any], lines: list[str]) -> str | None:
    """The sentence of the reason that decided; the first one where none is binding."""
    for reason, line in zip(envelope["reasons"], lines):
        if reason["binding"]:
            return line
    return _first(lines)


def _flip(envelope: dict[str, Any], lines: list[str]) -> str | None:
    """The sentence that says what would change the answer."""
    for reason, line in zip(envelope["reasons"], lines):
        if reason.get("flip"):
            return line
    return _deciding(envelope, lines)


def _module_digest() -> str | None:
    from importlib import resources  # noqa: PLC0415

    file = resources.files("trimtab") / "module" / "trimtab.wasm.sha256"
    return file.read_text().split()[0] if file.is_file() else None
