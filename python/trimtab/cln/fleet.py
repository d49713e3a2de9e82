"""The fleet as this process sees it: a book that follows the store.

Two processes of one node read the same store, so both give the same answers. The book is brought
up to date before each question; where nothing changed that costs one small read.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import trimtab

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trimtab import types as t
    from trimtab.cln.store import Kept, MemberRow, Store

__all__ = ["Fleet", "NoSnapshotError"]


class NoSnapshotError(Exception):
    """The node was not seen yet, so nothing can be said about it."""


@dataclass
class _Seen:
    """Which changes of the store the book knows."""

    snapshot: int = -1
    members: int = -1
    activity: int = -1
    reports: int = -1


class Fleet:
    """Members, reports and our own channels; thread-safe."""

    def __init__(self, store: Store, policy: trimtab.Policy) -> None:
        """Follow `store`; answer under `policy`."""
        self._store = store
        self._policy = policy
        self._lock = threading.RLock()
        self._book: trimtab.FleetBook | None = None
        self._version = 0
        self._seen = _Seen()
        self._pinned: tuple[int, dict[str, Any]] | None = None
        self._kept: Kept | None = None
        self._roster: tuple[int, list[MemberRow]] = (-1, [])

    def pin(self, at: int, envelope: dict[str, Any]) -> None:
        """Answer by this snapshot from now on, whatever the store holds."""
        with self._lock:
            self._pinned, self._book = (at, envelope), None

    @property
    def our_id(self) -> str:
        """The id of our node."""
        if self._pinned is not None:
            return str(self._pinned[1]["decision"]["us"]["node_id"])
        kept = self._store.kept("node")
        if kept is None:
            raise NoSnapshotError("the node was not reached yet")
        return str(kept.body["id"])

    def snapshot(self) -> tuple[int, dict[str, Any]]:
        """When we last looked at the node, and what `snapshot.cln` made of it."""
        if self._pinned is not None:
            return self._pinned
        kept = self.seen()
        if kept is None:
            raise NoSnapshotError("the node was not reached yet")
        return kept.at, kept.body

    def seen(self) -> Kept | None:
        """The snapshot in the store, read anew only when there is a new one; nobody changes it."""
        generation, seen = self._store.kept_generation("snapshot"), self._kept
        if seen is None or generation != seen.generation:
            self._kept = seen = self._store.kept("snapshot")
        return seen

    def aliases(self) -> dict[str, str]:
        """Names of members, where somebody gave one."""
        return {one.member_id: one.alias for one in self._rows() if one.alias}

    def _rows(self) -> list[MemberRow]:
        """The members, read again only when somebody replaced them."""
        # Without our lock: whoever changes the store asks for members too, and would wait for one
        # who holds this lock and waits for the store.
        generation, roster = self._store.members_generation(), self._roster
        if generation != roster[0]:
            self._roster = roster = (generation, self._store.members())
        return roster[1]

    def members(self) -> list[str]:
        """Ids of the other members that are not banned."""
        ours = self._store.kept("node")
        our_id = ours.body["id"] if ours else None
        return [one.member_id for one in self._rows() if not one.banned and one.member_id != our_id]

    def book(self) -> trimtab.FleetBook:
        """The book, brought up to date."""
        with self._lock:
            seen = _Seen(
                self._store.kept_generation("snapshot"),
                self._store.members_generation(),
                self._store.kept_generation("local:activity"),
                self._seen.reports,
            )
            if self._book is None or seen != self._seen:
                self._book = self._opened()
                self._version += 1
                self._seen = seen
                self._seen.reports = -1
            for member_id, generation, report in self._store.reports(self._seen.reports):
                if member_id != self.our_id:
                    self._book.call("set_report", report)
                    self._version += 1
                self._seen.reports = max(self._seen.reports, generation)
            return self._book

    def ask(self, method: str, **fields: Any) -> dict[str, Any]:
        """Ask the book; the envelope of its answer."""
        # One question at a time: another thread may bring the book up to date.
        with self._lock:
            book = self.book()
            self._version += method.startswith("set_")
            return book.call(method, fields)

    def asked(self, method: str, data: bytes, *, known: int) -> tuple[int, bytes | None, bytes]:
        """Ask the book: its version, what opens it where that is not `known`, and the answer."""
        with self._lock:
            book = self.book()
            state = None if self._version == known else book.answer_bytes("opening", b"{}")
            return self._version, state, book.answer_bytes(method, data)

    def book_about(
        self,
        about: Iterable[str],
        *,
        sender: str | None = None,
        buckets: Mapping[str, Any] | None = None,
    ) -> trimtab.FleetBook:
        """A book that knows these members, what is kept of their messages, and nobody else."""
        standings = {one["member_id"]: one for one in self.standings()}
        about = [one for one in about if one in standings]
        members = {one: standings[one] for one in about}
        if sender is not None and sender in standings:  # It spoke to us just now.
            members[sender] = {**standings[sender], "connected": True}
        kept = {one: self._store.gossip(one) for one in about}
        us = self.us()
        us["channels"] = [one for one in us["channels"] if one["peer_id"] in members]
        return self.open_book(
            {
                "us": us,
                "members": list(members.values()),
                "gossip": {
                    "reporters": {one: said for one, said in kept.items() if said is not None},
                    "buckets": buckets or {},
                },
            }
        )

    def us(self) -> dict[str, Any]:
        """We ourselves, as the policies read it."""
        _, envelope = self.snapshot()
        us: dict[str, Any] = dict(envelope["decision"]["us"])
        us["rebalancing"] = list(self.activity())
        told = self._store.kept("sent:health_status")
        if told is not None and told.body.get("tier"):
            us["tier"] = told.body["tier"]
        return us

    def activity(self) -> Iterator[dict[str, Any]]:
        """Where we are rebalancing, as far as a plugin of this node told us."""
        kept = self._store.kept("local:activity")
        if kept is not None:
            yield from kept.body["rebalancing"]

    def standings(self) -> list[dict[str, Any]]:
        """The members, as the receiver of their messages knows them."""
        _, envelope = self.snapshot()
        public = {one["peer_id"]: one for one in envelope["decision"]["public_capacities"]}
        connected = set(self._connected())
        banned = {one.member_id for one in self._rows() if one.banned}
        members = []
        for member_id in [*self.members(), *sorted(banned)]:
            entry: dict[str, Any] = {"member_id": member_id, "connected": member_id in connected}
            if member_id in banned:
                entry["banned"] = True
            if member_id in public:
                entry["public_capacity_sats"] = public[member_id]["capacity_sats"]
                entry["public_channels"] = public[member_id].get("channels")
            members.append({key: value for key, value in entry.items() if value is not None})
        return members

    def _connected(self) -> list[str]:
        kept = self._store.kept("connected")
        return list(kept.body) if kept else []

    def _opened(self) -> trimtab.FleetBook:
        _, envelope = self.snapshot()
        decision = envelope["decision"]
        members = {one.member_id for one in self._rows()}
        peers = [
            {"peer_id": one["peer_id"], "public_capacity_sats": one["capacity_sats"]}
            for one in decision["public_capacities"]
            if one["peer_id"] not in members and one["peer_id"] != self.our_id
        ]
        return self.open_book({"us": self.us(), "members": self.standings(), "peers": peers})

    def open_book(self, state: dict[str, Any]) -> trimtab.FleetBook:
        """A book with this state, under our policy."""
        return trimtab.FleetBook(
            profile=self._policy.profile,
            config=cast("t.ConfigOverrides", self._policy.config),
            state=cast("t.FleetSnapshot", state),
        )
