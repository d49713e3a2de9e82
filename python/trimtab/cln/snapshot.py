"""One look at the node: its answers, put together for `snapshot.cln`.

A look asks a fixed number of commands, however many channels there are; lists that grow are read
page by page from where the last look ended, and their last weeks are kept in the store. What a
node cannot answer (no books, an older version, a command that is not there) is left out, and the
policy says what that costs.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from trimtab.cln import shape
from trimtab.cln.node import (
    NodeError,
    NodeSilentError,
    NodeUnreachableError,
    UnknownCommandError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import trimtab
    from trimtab.cln.node import Node
    from trimtab.cln.store import Store

__all__ = ["Collector", "Look", "WrongNodeError"]

KEPT_DAYS = 65
"""So many days of forwards and moves are kept: what any rule looks back over, and some slack."""

PAGE = 1000
"""So many entries are asked for at once."""

GRAPH_AGE_S = 3600
"""The public channels of a node are asked for again after this time."""

GRAPH_ASKED_AT_ONCE = 100
"""The public channels of so many nodes are asked for in one look."""

SUMMARY_KEY = ["revenue", "profitability-summary"]
"""Where the plugin cl-revenue-ops publishes how it judges each channel."""

SUMMARY_LASTS_S = 1800
"""For how long that plugin holds its own summary to be current."""

_DAY = 24 * 3600


class WrongNodeError(Exception):
    """The store belongs to another node."""


@dataclass
class Look:
    """What one look at the node gave."""

    at: int
    """When it was."""
    node: dict[str, Any]
    """Id, alias, version and height of the node."""
    envelope: dict[str, Any]
    """What `snapshot.cln` made of the answers."""
    missing: dict[str, str] = field(default_factory=dict)
    """Commands that gave no answer, and why."""


class Collector:
    """Looks at the node, and remembers where it stopped reading."""

    def __init__(self, node: Node, store: Store, policy: trimtab.Policy) -> None:
        """Look at `node`, keep what was read in `store`."""
        self._node = node
        self._store = store
        self._policy = policy
        self._glanced: dict[str, Any] = {}
        self.owed: dict[str, int] = {}
        """What is ours in each channel at the last glance, in sats; HTLCs on their way out not."""

    def look(self, now: int, *, wanted: Iterable[str] = ()) -> Look:
        """Ask the node; `wanted` are nodes whose public channels are in question."""
        missing: dict[str, str] = {}
        info = self._node.call("getinfo")
        node = self._recognise(info, now)
        answers = {
            "getinfo": _dumped(shape.trim("snapshot.cln", "getinfo", info)),
            "listpeerchannels": self._channels(now),
        }
        with _noted(missing, "listforwards"):
            answers["listforwards"] = self._forwards(now)
            since = self._forwards_since()
            if since is not None:
                answers["forwards_since"] = str(since)
        with _noted(missing, "listchannelmoves"):
            answers["listchannelmoves"] = self._moves(now)
        with _noted(missing, "bkpr-listincome"):
            answers["bkpr_listincome"] = self._books(
                "bkpr-listincome", {"start_time": max(0, now - KEPT_DAYS * _DAY)}
            )
        if "listchannelmoves" not in answers:
            with _noted(missing, "bkpr-listaccountevents"):
                answers["bkpr_listaccountevents"] = self._books("bkpr-listaccountevents", {})
        with _noted(missing, "listchannels"):
            self._ask_graph([node["id"], *wanted, *self._peers()], now)
        graph = self._graph()
        if graph is not None:
            answers["listchannels"] = graph
        with _noted(missing, "listdatastore"):
            self._summary(now)
        return Look(now, node, self._decide(now, answers), missing)

    def glance(self, now: int, *, timeout_s: float) -> dict[str, Any]:
        """The channels as they are at this moment, without the books; nothing of it is kept."""
        self._glanced = {}
        for command in ("getinfo", "listpeerchannels"):
            answer = self._node.call(command, timeout_s=timeout_s)
            if command == "listpeerchannels":
                self.owed = _owed(answer)
            self._glanced[command] = shape.trim("snapshot.cln", command, answer)
        answers = {name: _dumped(body) for name, body in self._glanced.items()}
        graph = self._graph()
        if graph is not None:
            answers["listchannels"] = graph
        return self._decide(now, answers)

    def public_capacity(self, node_id: str, now: int, *, timeout_s: float) -> int | None:
        """The public capacity of one node, asked for now; none where nothing is known of it."""
        self._ask_graph([node_id], now, timeout_s=timeout_s)
        kept = self._store.kept("answers")
        seen = self._glanced or (kept.body if kept else None)
        if seen is None:
            return None
        answers = {name: _dumped(body) for name, body in seen.items()}
        mine = self._store.graph().get(node_id)
        answers["listchannels"] = _dumped({"channels": mine.body if mine else []})
        decision = self._decide(now, answers)["decision"]
        found = [one for one in decision["public_capacities"] if one["peer_id"] == node_id]
        return int(found[0]["capacity_sats"]) if found else None

    def _decide(self, now: int, answers: dict[str, str]) -> dict[str, Any]:
        text = ",".join([f'"now":{now}', *(f'"{name}":{body}' for name, body in answers.items())])
        envelope: dict[str, Any] = json.loads(
            self._policy.call_bytes("snapshot.cln", "{" + text + "}")
        )
        decision = envelope["decision"]
        # Of a node that nobody asked about only its channels with others are known: that is not
        # its capacity, and less than its capacity would call a splice safe that is not.
        asked = self._store.graph_ages()
        decision["public_capacities"] = [
            one for one in decision["public_capacities"] if one["peer_id"] in asked
        ]
        return envelope

    def _peers(self) -> list[str]:
        """Our own peers, as the node just listed them."""
        kept = self._store.kept("answers")
        channels = kept.body["listpeerchannels"]["channels"] if kept else []
        return [one["peer_id"] for one in channels if isinstance(one.get("peer_id"), str)]

    def _recognise(self, info: dict[str, Any], now: int) -> dict[str, Any]:
        """Whose node it is; a store never mixes two."""
        node = {
            name: info.get(name) for name in ("id", "alias", "version", "blockheight", "network")
        }
        kept = self._store.kept("node")
        if kept is not None and kept.body["id"] != node["id"]:
            raise WrongNodeError(
                f"{self._store.path} belongs to the node {kept.body['id']}, this is {node['id']}:"
                " give this node a store of its own"
            )
        self._store.keep("node", node, at=now)
        return node

    def _channels(self, now: int) -> str:
        answer = shape.trim("snapshot.cln", "listpeerchannels", self._node.call("listpeerchannels"))
        info = self._store.kept("node")
        getinfo = shape.trim("snapshot.cln", "getinfo", info.body if info else {})
        self._store.keep("answers", {"getinfo": getinfo, "listpeerchannels": answer}, at=now)
        return _dumped(answer)

    # --- lists that grow ---

    def _forwards(self, now: int) -> str:
        trimmed = self._trimmer("listforwards", "forwards")
        oldest = now - KEPT_DAYS * _DAY

        def settled(entry: dict[str, Any]) -> tuple[int, int, Any] | None:
            if entry.get("status") != "settled":
                return None
            at = int(entry.get("resolved_time") or entry.get("received_time") or 0)
            return (int(entry["created_index"]), at, trimmed(entry)) if at >= oldest else None

        def pages(index: str) -> Pages:
            return Pages(self._node, "listforwards", "forwards", index, "received_time")

        # What settles while the first pages are read must not be missed: the place from which
        # changes are followed is found before.
        self._follow("forwards:updated", pages("updated"), settled, now, from_now_on=True)
        self._follow("forwards:created", pages("created"), settled, now)
        self._store.forget_events("forwards", before=oldest)
        return f'{{"forwards":{self._store.events_text("forwards")}}}'

    def _forwards_since(self) -> int | None:
        """Since when we saw every forward, where that is longer than the oldest one tells."""
        kept = self._store.kept("cursor:forwards:created")
        since = kept.body.get("since") if kept else None
        oldest = self._store.oldest_event("forwards")
        return since if since is not None and (oldest is None or since < oldest) else None

    def _moves(self, now: int) -> str:
        trimmed = self._trimmer("listchannelmoves", "channelmoves")
        oldest = now - KEPT_DAYS * _DAY

        def kept(entry: dict[str, Any]) -> tuple[int, int, Any] | None:
            at = int(entry["timestamp"])
            return (int(entry["created_index"]), at, trimmed(entry)) if at >= oldest else None

        pages = Pages(self._node, "listchannelmoves", "channelmoves", "created", "timestamp")
        self._follow("moves:created", pages, kept, now)
        self._store.forget_events("moves", before=oldest)
        return f'{{"channelmoves":{self._store.events_text("moves")}}}'

    def _follow(
        self,
        cursor: str,
        pages: Pages,
        keep: Callable[[dict[str, Any]], tuple[int, int, Any] | None],
        now: int,
        *,
        from_now_on: bool = False,
    ) -> None:
        """Read on from where the last look ended, and keep each page with the new place."""
        name = f"cursor:{cursor}"
        at = self._store.kept(name)
        if at is None:
            oldest = now - KEPT_DAYS * _DAY
            start, since = (pages.end() if from_now_on else pages.first_since(oldest)), now
            self._store.keep(name, {"next": start, "since": since}, at=now)
        else:
            start, since = int(at.body["next"]), int(at.body["since"])
        while True:
            page = pages.from_(start)
            if not page:
                return
            if int(page[0][f"{pages.index}_index"]) > start > 1:
                since = now  # Some were deleted before we saw them.
            start = max(int(entry[f"{pages.index}_index"]) for entry in page) + 1
            with self._store.change():
                rows = (row for row in map(keep, page) if row is not None)
                self._store.add_events(cursor.partition(":")[0], rows)
                self._store.keep(name, {"next": start, "since": since}, at=now)
            if len(page) < PAGE:
                return

    def _trimmer(self, command: str, name: str) -> Callable[[Any], Any]:
        def trimmed(entry: Any) -> Any:
            return shape.trim("snapshot.cln", command, {name: [entry]})[name][0]

        return trimmed

    def _books(self, command: str, params: dict[str, Any]) -> str:
        field_name = command.replace("-", "_")
        return _dumped(shape.trim("snapshot.cln", field_name, self._node.call(command, params)))

    # --- the public graph ---

    def _ask_graph(
        self, wanted: Iterable[str], now: int, *, timeout_s: float | None = None
    ) -> None:
        known = self._store.graph_ages()
        due = [
            one for one in dict.fromkeys(wanted) if not 0 <= now - known.get(one, 0) < GRAPH_AGE_S
        ]
        due.sort(key=lambda one: known.get(one, 0))
        for node_id in due[:GRAPH_ASKED_AT_ONCE]:
            channels: list[Any] = []
            # Whether a channel works in the other direction is told under the other end only.
            for end in ("source", "destination"):
                answer = self._node.call("listchannels", {end: node_id}, timeout_s=timeout_s)
                trimmed = shape.trim("snapshot.cln", "listchannels", answer)
                channels += trimmed.get("channels", [])
            self._store.set_graph(node_id, channels, at=now)

    def _graph(self) -> str | None:
        kept = self._store.graph()
        if not kept:
            return None
        # A channel between two nodes that were both asked about came twice.
        seen: dict[str, Any] = {}
        for one in kept.values():
            for channel in one.body:
                seen[_dumped(channel)] = channel
        return _dumped({"channels": list(seen.values())})

    # --- what the other plugin says ---

    def _summary(self, now: int) -> None:
        answer = self._node.call("listdatastore", {"key": SUMMARY_KEY})
        found = [each.get("string") for each in answer.get("datastore", [])]
        if not found or not isinstance(found[0], str):
            self._store.forget("revenue_summary")
            return
        with contextlib.suppress(ValueError, KeyError, TypeError):
            body = json.loads(found[0])
            at = int(body["timestamp"])
            if 0 <= now - at <= SUMMARY_LASTS_S:
                self._store.keep("revenue_summary", body, at=at)
                return
        self._store.forget("revenue_summary")


class Pages:
    """A list of the node that is read page by page under one of its two counters."""

    def __init__(self, node: Node, command: str, name: str, index: str, time: str) -> None:
        """Read `command`, whose answer holds the list `name`, by the counter `index`."""
        self.index = index
        self._node = node
        self._command = command
        self._name = name
        self._time = time

    def from_(self, start: int, most: int = PAGE) -> list[dict[str, Any]]:
        """Entries from the number `start` on."""
        params = {"index": self.index, "start": start, "limit": most}
        answer = self._node.call(self._command, params)
        page: list[dict[str, Any]] = answer.get(self._name, [])
        return page

    def end(self) -> int:
        """The number after the last entry."""
        low, high = 0, 1
        while self.from_(high, 1):
            low, high = high, high * 2
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self.from_(middle, 1) else (low, middle)
        return high

    def first_since(self, moment: int) -> int:
        """A number at or before the first entry since `moment`; entries come in order of time."""
        low, high = 1, self.end()
        while low < high:
            middle = (low + high) // 2
            page = self.from_(middle, 1)
            if page and float(page[0].get(self._time) or 0) < moment:
                low = middle + 1
            else:
                high = middle
        return low


def _owed(answer: dict[str, Any]) -> dict[str, int]:
    owed = {}
    for one in answer.get("channels", []):
        if not isinstance(one.get("channel_id"), str) or one.get("to_us_msat") is None:
            continue
        leaving = [each for each in one.get("htlcs", []) if each.get("direction") == "out"]
        left = int(one["to_us_msat"]) - sum(int(each["amount_msat"]) for each in leaving)
        owed[one["channel_id"]] = max(0, left) // 1000
    return owed


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@contextlib.contextmanager
def _noted(missing: dict[str, str], command: str) -> Iterator[None]:
    """A command that the node does not answer is left out; a node that is gone ends the look."""
    try:
        yield
    except UnknownCommandError:
        missing[command] = "the node has no such command"
    except NodeSilentError as error:
        # Books that are slow must not hide the channels; a list of forwards that is only half
        # read must not stand for the whole.
        if command == "listforwards":
            raise
        missing[command] = error.message
    except NodeUnreachableError:
        raise
    except NodeError as error:
        missing[command] = error.message
