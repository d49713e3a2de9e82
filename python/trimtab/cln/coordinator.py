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

import os
import queue
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Callable

import trimtab
from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.gossip import Courier, Incoming
from trimtab.cln.knowledge import ANNOUNCED_S, LOOK_EVERY_S
from trimtab.cln.members import MembersError
from trimtab.cln.node import NodeError, NodeUnreachableError
from trimtab.cln.own import OwnCommands
from trimtab.cln.replies import Refusal
from trimtab.cln.snapshot import WrongNodeError
from trimtab.cln.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

    from trimtab.cln.node import Node
    from trimtab.cln.store import MemberRow, Store

__all__ = ["ANNOUNCED_S", "KEEP_HISTORY_DAYS", "LOOK_EVERY_S", "Coordinator"]

LEASE_S = 30
"""A process that stopped without a word is replaced after this time."""

KEEP_HISTORY_DAYS = 90
MOST_HISTORY = 100_000
MAIL_BOX = 1000

TELL_EVERY_S = 30
"""Whether something is due to be told is asked when something changed, and at least so often."""

_TICK_S = 1.0
_RETRY_S = (1, 2, 5, 10, 30)
_DAY = 24 * 3600


class Coordinator(OwnCommands):
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
        super().__init__(store, node, policy=policy, clock=clock, log=log, policy_file=policy_file)
        self._look_every_s = look_every_s
        self._keep_history_days = keep_history_days
        self._name = f"{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._stop = threading.Event()
        self._mail: queue.Queue[Incoming | None] = queue.Queue(MAIL_BOX)
        self._threads: list[threading.Thread] = []
        self._look_now = threading.Event()
        self._member_sources = dict(member_sources or {})
        self._ready = threading.Event()
        """Whether it is known who takes the mail, and the node was seen."""
        self._heard: set[str] = set()
        """Members that spoke since they connected."""
        self._considered = (-1, 0)

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
        self._ready.clear()
        for name, work in (("looks", self._looks), ("mail", self._take_mail)):
            thread = threading.Thread(target=work, name=f"trimtab-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, *, wait_s: float = 10.0) -> None:
        """Stop, and give the lease to another process of this node."""
        self._stop.set()
        self._wake.set()
        self._ready.set()
        self._mail_put(None)
        until = time.monotonic() + wait_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()
        if self._leads:
            self._leads = False
            self._safely("lease", lambda: self.store.release("leader", self._name))

    def _looks(self) -> None:
        failures, due = 0, time.monotonic()
        while not self._stop.is_set():
            known = self._safely("lease", self._lead)
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
            if known and (not self._leads or self.fleet.seen() is not None):
                self._ready.set()
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
        self.store.forget_log(before=before)
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

    def _write_down(self, now: int) -> None:
        """Keep each change of the advice about a channel: the history that explains the present."""
        asked = self.decisions.call("fleet.advise", self._advice_input(now))
        advice = asked.envelope["decision"]
        kept = self.store.kept("verdicts")
        before = kept.body if kept else {}
        verdicts, has_changed = {}, False
        with self.store.change():
            for one in advice["rebalances"]:
                binding = next((each["code"] for each in one["reasons"] if each["binding"]), None)
                verdict = {"outcome": one["outcome"], "binding": binding}
                verdicts[one["channel_id"]] = verdict
                if before.get(one["channel_id"]) != verdict:
                    self.store.remember("decision", one["channel_id"], one, at=now)
                    has_changed = True
            steps = {
                one["channel_id"]: {"base_ppm": one["base_ppm"], "fee_ppm": one["fee_ppm"]}
                for one in advice["fees"]
                if one.get("base_ppm") is not None and one.get("fee_ppm") is not None
            }
            has_changed |= self._keep_steps(steps, now)
            if has_changed:
                asked.keep("look")
            self.store.keep("verdicts", verdicts, at=now)

    def _keep_steps(self, steps: dict[str, dict[str, Any]], now: int) -> bool:
        """Keep the steps of fees that are advised; whether one of them is new."""
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
        return any(known.get(channel) != step for channel, step in steps.items())

    # --- telling ---

    def tell(self) -> None:
        """Tell the members what is due: our health, our liquidity."""
        if not self.fleet.members():
            return
        now, generation = self.now(), self.store.generation()
        if generation == self._considered[0] and 0 <= now - self._considered[1] < TELL_EVERY_S:
            return
        self._considered = (generation, now)
        reports = self.reports(now)
        for kind in ("health_status", "liquidity_state"):
            body = reports.get(kind)
            if body is not None and self.courier.due(kind, body, now):
                self.courier.say(kind, body, now)

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
            # What comes before the first look waits: its sender may not say it again for an hour.
            self._ready.wait()
            incoming = self._mail.get()
            if incoming is not None and self._leads:
                self._safely("mail", lambda incoming=incoming: self._open(incoming))  # type: ignore[misc]

    def _open(self, incoming: Incoming) -> None:
        now = self.now()
        if incoming.sender not in self.fleet.members():  # A stranger costs nothing.
            self.counters.strangers += 1
            return
        if incoming.payload in (b"", b"\x00"):
            self._mark_connected(incoming.sender, connected=not incoming.payload, now=now)
            return
        taken = self.courier.take(incoming, now)
        self._note_connected(incoming.sender, connected=True, now=now)
        if taken["outcome"] != "accepted":
            return
        self._write_plan_columns(taken["reporter"])
        if taken["reporter"] == incoming.sender and incoming.sender not in self._heard:
            # It speaks for the first time since it connected: it may have started after our last
            # message, and would know nothing of us until the next one.
            self._heard.add(incoming.sender)
            self._greet(incoming.sender, now)

    def _mark_connected(self, peer: str, *, connected: bool, now: int) -> None:
        self._note_connected(peer, connected=connected, now=now)
        self._heard.discard(peer)
        if connected:
            self._greet(peer, now)

    def _note_connected(self, peer: str, *, connected: bool, now: int) -> None:
        kept = self.store.kept("connected")
        before = set(kept.body) if kept else set()
        if (peer in before) == connected:
            return
        after = before | {peer} if connected else before - {peer}
        self.store.keep("connected", sorted(after), at=now)

    def _greet(self, member: str, now: int) -> None:
        """Tell one member what we last told all."""
        reports = self.reports(now)
        for kind in ("health_status", "liquidity_state"):
            if not self.courier.repeat(member, kind, now) and reports.get(kind) is not None:
                self.courier.say(kind, reports[kind], now, to=[member])
        self.courier.pass_on_recent(member, now)

    def _write_plan_columns(self, member_id: str) -> None:
        try:
            reply = self.member_health(member_id)
        except Refusal:  # It told its liquidity, and not yet its health.
            return
        columns = {**reply, "health_updated_at": reply["last_updated"]}
        self.store.set_plan_columns(member_id, reply.get("alias"), columns)

    # --- members ---

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
