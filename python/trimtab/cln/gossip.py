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

from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.node import NodeError, NodeUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import trimtab
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


@dataclass(frozen=True)
class _Heard:
    """A message that may be passed on, and how often it then was."""

    reporter: str
    kind: str
    text: str
    hops: int
    at: int


@dataclass
class Counters:
    """What was sent and what became of what arrived, since this process started."""

    sent: int = 0
    not_sent: int = 0
    passed_on: int = 0
    accepted: int = 0
    strangers: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As a reply of a command."""
        return {
            "sent": self.sent,
            "not_sent": self.not_sent,
            "passed_on": self.passed_on,
            "accepted": self.accepted,
            "of_strangers": self.strangers,
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
        self._heard: dict[tuple[str, str], _Heard] = {}
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
                heard = _Heard(taken["reporter"], taken["kind"], text, hops + 1, now)
                self._heard[heard.reporter, heard.kind] = heard
                for member in self._reachable():
                    if member != incoming.sender:
                        self._pass_on(heard, member)
        return taken

    def pass_on_recent(self, member: str, now: int) -> None:
        """Pass on to one member what was said by others while it was not there."""
        fresh = self._policy.config["gossip"]["freshness_s"]
        members = set(self._fleet.members())
        for key, heard in list(self._heard.items()):
            if heard.reporter not in members or not 0 <= now - heard.at <= fresh:
                del self._heard[key]
            elif heard.kind in ("health_status", "liquidity_state"):
                self._pass_on(heard, member)

    def _judge(
        self, sender: str, text: str, hops: int, now: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
        """Ask a book that knows the sender and whoever the message may be of, and nobody else."""
        named = list(dict.fromkeys(_REPORTER.findall(text)))[:_NAMED_AT_MOST]
        buckets = {}
        bucket = self._store.bucket(sender)
        if bucket is not None:
            # Our own clock may have been set back: what was spent stays spent, and fills from now.
            buckets[sender] = {**bucket, "at": min(bucket["at"], now)}
        book = self._fleet.book_about(named, sender=sender, buckets=buckets)
        answer = book.call("take", {"from": sender, "hops": hops, "message": text, "now": now})
        state: dict[str, Any] = book.call("snapshot", {})["decision"]
        return answer["decision"], answer["reasons"], state

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

    def _pass_on(self, heard: _Heard, member: str) -> None:
        if member == heard.reporter:
            return
        copy = json.dumps({"hops": heard.hops, "message": heard.text}, separators=(",", ":"))
        if self._send(member, heard.kind, copy):
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
        with self._store.change():
            self._store.keep(name, sent, at=now)
            kept = self._store.kept(f"stamps:{kind}")
            stamps = [one for one in (kept.body if kept else []) if 0 <= now - one <= 2 * _HOUR]
            self._store.keep(f"stamps:{kind}", [*stamps, now][-64:], at=now)
        for member in self._reachable() if to is None else to:
            self._send(member, kind, text)
        return message

    def repeat(self, member: str, kind: str, now: int) -> bool:
        """Say our last message again to one member, while it is fresh; whether it is."""
        last = self._store.kept(f"sent:{kind}")
        fresh = self._policy.config["gossip"]["freshness_s"]
        if last is None or "message" not in last.body or not 0 <= now - last.at <= fresh:
            return False
        self._send(member, kind, last.body["message"])
        return True

    def due(self, kind: str, body: dict[str, Any], now: int) -> bool:
        """Whether it is time to say this: something changed, or the last message grows old."""
        last = self._store.kept(f"sent:{kind}")
        if last is None or "message" not in last.body:
            return True
        age = now - last.at
        if age < 0:  # The clock ran back: what we said then lies in the future.
            return True
        config = self._policy.config
        if kind == "health_status":
            return age >= _HOUR / config["gossip"]["health_per_hour"] + _SLACK_S
        if age >= config["liquidity"]["max_report_age_s"] / 2:
            return True
        if _headlines(last.body["body"]) != _headlines(body):
            return self._has_room(kind, now)
        # What changes all the time uses half of what may be said in an hour, and no more.
        pause = 2 * _HOUR / config["gossip"]["liquidity_per_hour"]
        return bool(last.body["body"] != body) and age >= pause

    def _has_room(self, kind: str, now: int) -> bool:
        """Whether the others would still take a message of this kind within the hour."""
        kept = self._store.kept(f"stamps:{kind}")
        count = self._policy.config["gossip"]["liquidity_per_hour"]
        given = {
            "now": now,
            "history": [stamp for stamp in kept.body if stamp <= now] if kept else [],
            "count": count,
            "period_s": _HOUR + _SLACK_S,
        }
        return bool(self._policy.call("limits.check", given)["decision"]["allowed"])

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
        book = self._fleet.open_book({"us": {"node_id": "observer"}, "members": [me]})
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


def _headlines(body: dict[str, Any]) -> tuple[Any, ...]:
    """What the others should hear at once: who is in trouble, and who rebalances."""
    peers = [
        sorted(one["peer"] for one in body.get(side, [])) for side in ("depleted", "saturated")
    ]
    return (*peers, sorted((one["peer"], one["start"]) for one in body.get("rebalancing", [])))


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
