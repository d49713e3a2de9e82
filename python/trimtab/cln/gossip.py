"""Messages between members: carried here, built and judged by the policy.

A message leaves over `sendcustommsg` and arrives by the hook `custommsg`. Which message is taken,
what is kept of it and when one is passed on is for `gossip.accept` to say; what our own messages
hold is for `gossip.report` to say. Here are the wire, the clock and the memory.

A copy that is passed on travels as `{"hops": n, "message": "<the message as it came>"}`, so that
the receiver knows how far it came; the message inside is untouched and carries its own signature.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab.cln import shape
from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.node import NodeError, NodeUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trimtab.cln.fleet import Fleet
    from trimtab.cln.node import Node
    from trimtab.cln.store import Store

__all__ = ["MESSAGE_TYPES", "Counters", "Courier", "Incoming"]

MESSAGE_TYPES = {
    "health_status": 33401,
    "liquidity_state": 33403,
    "splice_check": 33405,
    "splice_check_answer": 33407,
}
"""The types under which Core Lightning carries our messages."""

_HOUR = 3600
_SLACK_S = 5  # A receiver's clock and the way to it must not turn an hour into a little less.
_REPORTER = re.compile(r'"reporter"\s*:\s*"(0[23][0-9a-f]{64})"')
_NAMED_AT_MOST = 8
_SEND_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Incoming:
    """A message as it arrived."""

    sender: str
    payload: bytes
    """Without the two bytes of its type."""


@dataclass
class Counters:
    """What was sent and what became of what arrived, since this process started."""

    sent: int = 0
    not_sent: int = 0
    passed_on: int = 0
    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As a reply of a command."""
        return {
            "sent": self.sent,
            "not_sent": self.not_sent,
            "passed_on": self.passed_on,
            "accepted": self.accepted,
            "refused": dict(sorted(self.refused.items())),
        }


class Courier:
    """Sends our messages and takes those of others."""

    def __init__(self, node: Node, store: Store, fleet: Fleet, policy: trimtab.Policy) -> None:
        """Speak through `node`, remember in `store`."""
        self._node = node
        self._store = store
        self._fleet = fleet
        self._policy = policy
        self._lock = threading.Lock()
        self.counters = Counters()

    # --- what arrives ---

    @staticmethod
    def read(sender: str, payload: str) -> Incoming | None:
        """One of our messages out of what the hook gave; none when it is something else."""
        try:
            data = bytes.fromhex(payload)
        except ValueError:
            return None
        if int.from_bytes(data[:2], "big") not in MESSAGE_TYPES.values():
            return None
        return Incoming(sender, data[2:])

    def take(self, incoming: Incoming, now: int) -> dict[str, Any]:
        """Take or refuse a message, keep what follows from it, and pass on what is new."""
        text, hops = _opened(incoming.payload)
        with self._store.change():
            taken, reasons, state = self._judge(incoming.sender, text, hops, now)
            bucket = state["gossip"].get("buckets", {}).get(incoming.sender)
            if bucket is not None:
                self._store.set_bucket(incoming.sender, bucket)
            if taken["outcome"] == "accepted":
                self._keep(taken["reporter"], state, now)
        self._count(taken, reasons)
        if taken["outcome"] == "accepted":
            self._answer(taken, now)
            if taken["relay"]:
                self._pass_on(taken["reporter"], incoming.sender, text, hops + 1)
        return taken

    def _judge(
        self, sender: str, text: str, hops: int, now: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
        """Ask a book that knows the sender and whoever the message may be of, and nobody else."""
        standings = {one["member_id"]: one for one in self._fleet.standings()}
        named = list(dict.fromkeys(_REPORTER.findall(text)))[:_NAMED_AT_MOST]
        about = [one for one in named if one in standings]
        members = {one: standings[one] for one in [sender, *about] if one in standings}
        if sender in members:  # It spoke to us just now.
            members[sender] = {**members[sender], "connected": True}
        gossip: dict[str, Any] = {"reporters": {}, "buckets": {}}
        for one in about:
            kept = self._store.gossip(one)
            if kept is not None:
                gossip["reporters"][one] = kept
        bucket = self._store.bucket(sender)
        if bucket is not None:
            gossip["buckets"][sender] = bucket
        us = self._fleet.us()
        us["channels"] = [one for one in us["channels"] if one["peer_id"] in about]
        book = self._book({"us": us, "members": list(members.values()), "gossip": gossip})
        answer = book.call("take", {"from": sender, "hops": hops, "message": text, "now": now})
        state: dict[str, Any] = book.call("snapshot", {})["decision"]
        return answer["decision"], answer["reasons"], state

    def _book(self, state: dict[str, Any]) -> trimtab.FleetBook:
        return trimtab.FleetBook(
            profile=self._policy.profile, config=self._policy.config, state=state
        )

    def _keep(self, reporter: str, state: dict[str, Any], now: int) -> None:
        reports = [one for one in state["reports"] if one["member_id"] == reporter]
        gossip = state["gossip"]["reporters"][reporter]
        self._store.set_report(reporter, reports[0], gossip, at=now)
        said = gossip.get("last", {})
        self._store.remember("report", reporter, said, at=now)

    def _count(self, taken: dict[str, Any], reasons: list[dict[str, Any]]) -> None:
        with self._lock:
            if taken["outcome"] == "accepted":
                self.counters.accepted += 1
                return
            for reason in reasons:
                code = reason["code"]
                self.counters.refused[code] = self.counters.refused.get(code, 0) + 1

    def _answer(self, taken: dict[str, Any], now: int) -> None:
        """Answer a question about a splice with what we hold there."""
        if taken["kind"] != "splice_check":
            return
        gossip = self._store.gossip(taken["reporter"]) or {}
        asked = gossip["last"]["splice_check"]["body"]
        if asked["intent"] != "query":
            return
        try:
            _, envelope = self._fleet.snapshot()
        except NoSnapshotError:
            return
        held = envelope["decision"]["report"].get("capacities", [])
        capacity = sum(one["capacity_sats"] for one in held if one["peer_id"] == asked["peer"])
        body = {"in_reply_to": taken["digest"], "peer": asked["peer"], "capacity_sats": capacity}
        self.say("splice_check_answer", body, now, to=[taken["reporter"]])

    def _pass_on(self, reporter: str, sender: str, text: str, hops: int) -> None:
        copy = json.dumps({"hops": hops, "message": text}, separators=(",", ":"))
        kind = json.loads(text)["kind"]
        for member in self._reachable():
            if member not in (reporter, sender) and self._send(member, kind, copy):
                self.counters.passed_on += 1

    # --- what we say ---

    def say(
        self, kind: str, body: dict[str, Any], now: int, *, to: Iterable[str] | None = None
    ) -> dict[str, Any] | None:
        """Build, sign and send a message; none where the node would not sign it."""
        name = f"sent:{kind}"
        # The number is kept before anything is signed: no two messages ever carry the same one.
        with self._store.change():
            last = self._store.kept(name)
            built = self._policy.call(
                "gossip.build",
                {
                    "kind": kind,
                    "body": body,
                    "reporter": self._fleet.our_id,
                    "at": now,
                    "last_seq": last.body["seq"] if last else 0,
                },
            )["decision"]
            sent = {"seq": built["message"]["seq"], "digest": built["digest"], "body": body}
            if last is not None and last.body.get("tier"):
                sent["tier"] = last.body["tier"]
            self._store.keep(name, sent, at=now)
        signed = self._node.call("signmessage", {"message": built["text"]})
        message = {**built["message"], "sig": signed["zbase"]}
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
        sent["message"] = text
        if kind == "health_status":
            sent["tier"] = self._our_tier(text, now)
        self._store.keep(name, sent, at=now)
        for member in self._reachable() if to is None else to:
            self._send(member, kind, text)
        return message

    def repeat(self, member: str, kind: str, now: int) -> None:
        """Say our last message again to one member, while it is fresh."""
        last = self._store.kept(f"sent:{kind}")
        fresh = self._policy.config["gossip"]["freshness_s"]
        if last is not None and last.body.get("message") and 0 <= now - last.at <= fresh:
            self._send(member, kind, last.body["message"])

    def due(self, kind: str, body: dict[str, Any], now: int) -> bool:
        """Whether it is time to say this: something changed, or the last message grows old."""
        last = self._store.kept(f"sent:{kind}")
        if last is None or "message" not in last.body:
            return True
        config = self._policy.config
        age = now - last.at
        if age < 0:  # The clock ran back: what we said then lies in the future.
            return True
        if kind == "health_status":
            return age >= _HOUR / config["gossip"]["health_per_hour"] + _SLACK_S
        pause = _HOUR / config["gossip"]["liquidity_per_hour"] + _SLACK_S
        if age < pause:
            return False
        changed = last.body["body"] != body
        return bool(changed or age >= config["liquidity"]["max_report_age_s"] / 2)

    def _our_tier(self, text: str, now: int) -> str | None:
        """The tier that the others will read out of our message; it settles who goes first."""
        our_id = self._fleet.our_id
        try:
            public = {
                one["peer_id"]: one
                for one in self._fleet.snapshot()[1]["decision"]["public_capacities"]
            }
        except NoSnapshotError:
            public = {}
        me: dict[str, Any] = {"member_id": our_id, "connected": True}
        if our_id in public:
            me["public_capacity_sats"] = public[our_id]["capacity_sats"]
            me["public_channels"] = public[our_id].get("channels")
        book = self._book({"us": {"node_id": "observer"}, "members": [me]})
        book.call("take", {"from": our_id, "message": text, "now": now})
        members = book.call("health", {"now": now})["decision"]["members"]
        return str(members[0]["tier"]) if members and members[0].get("score") is not None else None

    def _reachable(self) -> list[str]:
        return [one["member_id"] for one in self._fleet.standings() if one["connected"]]

    def _send(self, member: str, kind: str, text: str) -> bool:
        data = MESSAGE_TYPES[kind].to_bytes(2, "big") + text.encode()
        params = {"node_id": member, "msg": data.hex()}
        try:
            self._node.call("sendcustommsg", params, timeout_s=_SEND_TIMEOUT_S)
        except NodeUnreachableError:
            raise
        except NodeError:  # It left us a moment ago.
            self.counters.not_sent += 1
            return False
        self.counters.sent += 1
        return True


def knows_reports() -> bool:
    """Whether this version makes our own reports."""
    return shape.knows("gossip.report")


def _opened(payload: bytes) -> tuple[str, int]:
    """The message and how often it was passed on; whatever is no copy is a message by itself."""
    text = payload.decode("utf-8", errors="replace")
    if not text.startswith('{"hops":'):
        return text, 0
    try:
        copy = json.loads(text)
    except (ValueError, RecursionError):
        return text, 0
    hops, inner = copy.get("hops"), copy.get("message")
    if set(copy) != {"hops", "message"} or not isinstance(inner, str):
        return text, 0
    if not isinstance(hops, int) or isinstance(hops, bool) or not 0 < hops < 1 << 16:
        return text, 0
    return inner, hops
