"""A lightningd for tests: recorded answers of real nodes, on a real Unix socket.

It answers what the recorded node answered, with the paging and the filters that the real commands
have, as if it had been recorded a minute ago: what happened keeps its place before the present.
Its id is one whose key we hold, so that `signmessage` signs for real; ids of the recording
are replaced throughout. Nodes of one `Network` carry custom messages to each other.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import socket
import threading
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Callable

from coincurve import PrivateKey

FIXTURES = Path(__file__).resolve().parents[4] / "tests" / "fixtures"
LISTS = {"listforwards": "forwards", "listchannelmoves": "channelmoves"}
TIMES = ("received_time", "resolved_time", "timestamp")
_ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"


class Refused(Exception):
    """The command fails: what lightningd answers as an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Key:
    """The key of a node."""

    def __init__(self, name: str) -> None:
        self._key = PrivateKey(hashlib.sha256(b"trimtab tests: " + name.encode()).digest())
        self.id = self._key.public_key.format().hex()

    def sign(self, message: str) -> dict[str, str]:
        """As `signmessage` answers."""
        text = b"Lightning Signed Message:" + message.encode()
        digest = hashlib.sha256(hashlib.sha256(text).digest()).digest()
        signed = self._key.sign_recoverable(digest, hasher=None)
        r_s, recid = signed[:64], signed[64]
        return {
            "signature": r_s.hex(),
            "recid": f"{recid:02x}",
            "zbase": _zbase32(bytes([31 + recid]) + r_s),
        }


def _zbase32(data: bytes) -> str:
    bits = int.from_bytes(data, "big")
    length = len(data) * 8
    groups = -(-length // 5)
    bits <<= groups * 5 - length
    return "".join(_ALPHABET[(bits >> (5 * (groups - 1 - n))) & 31] for n in range(groups))


@lru_cache
def newest(moment: Path) -> float:
    """When the last thing happened that the nodes of this moment tell of."""
    found = (
        float(value)
        for file in sorted(moment.glob("*/*.json"))
        for name, value in re.findall(r'"(\w+)":\s*(\d{10}(?:\.\d+)?)\b', file.read_text())
        if name in TIMES
    )
    return max(found, default=0.0)


def moved(value: Any, seconds: int) -> Any:
    """The same answer, all its times later by so much."""
    if isinstance(value, list):
        return [moved(each, seconds) for each in value]
    if isinstance(value, dict):
        return {
            name: each + seconds
            if name in TIMES and isinstance(each, (int, float))
            else moved(each, seconds)
            for name, each in value.items()
        }
    return value


class Network:
    """Carries custom messages between nodes, and knows who is connected."""

    def __init__(self) -> None:
        self.nodes: dict[str, TestNode] = {}
        self.cut: set[frozenset[str]] = set()

    def join(self, node: TestNode) -> None:
        self.nodes[node.id] = node

    def connected(self, one: str, other: str) -> bool:
        return other in self.nodes and frozenset((one, other)) not in self.cut

    def carry(self, sender: str, receiver: str, data: str) -> None:
        if not self.connected(sender, receiver):
            raise Refused(-1, "Peer is not connected")
        self.nodes[receiver].receive(sender, data)


class TestNode:
    """One node: its recorded answers, its key, what it was asked."""

    __test__ = False

    def __init__(
        self,
        directory: Path,
        moment: Path,
        name: str,
        *,
        ids: dict[str, str] | None = None,
        network: Network | None = None,
        key: Key | None = None,
    ) -> None:
        """Serve `moment/name` in `directory`; `ids` maps ids of the recording to others."""
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.moment = moment
        self.name = name
        self.key = key or Key(name)
        self.ids = dict(ids or {})
        recorded = json.loads((moment / name / "getinfo.json").read_text())
        self.ids[recorded["id"]] = self.key.id
        self.overrides: dict[str, Callable[[Any], Any]] = {}
        self._offered: list[dict[str, str]] = []
        self.calls: list[tuple[str, Any]] = []
        self.hear: list[Callable[[str, str], None]] = []
        self.slow_s = 0.0
        self._later_s = int(time.time() - newest(moment)) - 60
        self.network = network
        self._answers: dict[str, Any] = {}
        self._server: socket.socket | None = None
        self._lock = threading.Lock()
        if network is not None:
            network.join(self)

    # --- what tests look at ---

    @property
    def id(self) -> str:
        return self.key.id

    @property
    def path(self) -> Path:
        return self.directory / "lightning-rpc"

    def asked(self, method: str) -> list[Any]:
        with self._lock:
            return [params for name, params in self.calls if name == method]

    def set(self, method: str, answer: Any) -> None:
        """Answer `method` with this from now on."""
        self._answers[method] = answer

    def answers(self, method: str) -> Any:
        """The recorded answer of a command, to be changed and set again."""
        return copy.deepcopy(self._recorded(method))

    def offer(self, ask: Callable[..., Any], methods: list[dict[str, Any]]) -> None:
        """Pass the commands of a plugin's manifest on to it, and list them in `help`."""
        for one in methods:
            self.overrides[one["name"]] = partial(ask, one["name"])
            self._offered.append({"command": f"{one['name']} {one['usage']}".strip()})
        self.overrides["help"] = lambda _params: {"help": list(self._offered)}

    def multiply(self, count: int) -> None:
        """Have so many channels, from empty to full, that forward and earn."""
        channels = self.answers("listpeerchannels")["channels"]
        made = []
        for n in range(count):
            one = copy.deepcopy(channels[n % len(channels)])
            one["channel_id"] = f"{n:064x}"
            one["short_channel_id"] = f"{100 + n}x1x0"
            one["peer_id"] = f"03{n % 300:064x}"
            one["to_us_msat"] = one["total_msat"] * (n % 21) // 20
            made.append(one)
        forwards = self.answers("listforwards")["forwards"]
        settled = [one for one in forwards if one["status"] == "settled"]
        routed = []
        for n in range(count * 5):
            one = copy.deepcopy(settled[n % len(settled)])
            one["created_index"] = one["updated_index"] = n + 1
            one["in_channel"] = f"{100 + n * 7 % count}x1x0"
            one["out_channel"] = f"{100 + n * 3 % count}x1x0"
            routed.append(one)
        self.set("listpeerchannels", {"channels": made})
        self.set("listforwards", {"forwards": routed})

    def receive(self, sender: str, data: str) -> None:
        for hear in list(self.hear):
            hear(sender, data)

    # --- the socket ---

    def start(self) -> TestNode:
        self.path.unlink(missing_ok=True)
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(self.path))
        self._server.listen(32)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        return self

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            # Closing alone would not wake the thread that waits for the next connection.
            server.shutdown(socket.SHUT_RDWR)
            server.close()
        self.path.unlink(missing_ok=True)

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        decoder, buffer = json.JSONDecoder(), ""
        with connection:
            while True:
                try:
                    data = connection.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                buffer += data.decode()
                try:
                    request, end = decoder.raw_decode(buffer.lstrip())
                except ValueError:
                    continue
                buffer = buffer.lstrip()[end:]
                reply = self._reply(request)
                try:
                    connection.sendall(json.dumps(reply).encode() + b"\n\n")
                except OSError:
                    return

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        params = request.get("params") or {}
        with self._lock:
            self.calls.append((request["method"], params))
        if self.slow_s:
            time.sleep(self.slow_s)
        head = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            return {**head, "result": self.answer(request["method"], params)}
        except Refused as error:
            return {**head, "error": {"code": error.code, "message": error.message}}

    # --- what it answers ---

    def answer(self, method: str, params: dict[str, Any]) -> Any:
        if method in self.overrides:
            return self.overrides[method](params)
        if method == "signmessage":
            return self.key.sign(params["message"])
        if method == "sendcustommsg":
            if self.network is None:
                raise Refused(-1, "Peer is not connected")
            self.network.carry(self.id, params["node_id"], params["msg"])
            return {"status": "Message sent to connectd for delivery"}
        if method == "listdatastore" and method not in self._answers:
            return {"datastore": []}
        if method == "listpeers" and self.network is not None:
            others = [one for one in self.network.nodes if one != self.id]
            peers = [
                {"id": one, "connected": self.network.connected(self.id, one), "num_channels": 1}
                for one in others
            ]
            return {"peers": peers}
        if method in LISTS:
            return {LISTS[method]: self._page(LISTS[method], self._recorded(method), params)}
        if method == "listchannels":
            return {"channels": self._graph(params)}
        if method == "bkpr-listincome":
            since = params.get("start_time", 0)
            events = self._recorded(method)["income_events"]
            return {"income_events": [one for one in events if one["timestamp"] >= since]}
        return self._recorded(method)

    def _page(self, name: str, answer: Any, params: dict[str, Any]) -> list[Any]:
        index = params.get("index", "created") + "_index"
        entries = [one for one in answer[name] if index in one]
        entries.sort(key=lambda one: one[index])
        entries = [one for one in entries if one[index] >= params.get("start", 0)]
        return entries[: params.get("limit", len(entries))]

    def _graph(self, params: dict[str, Any]) -> list[Any]:
        channels = self._recorded("listchannels")["channels"]
        for end in ("source", "destination"):
            if end in params:
                return [one for one in channels if one[end] == params[end]]
        return channels

    def _recorded(self, method: str) -> Any:
        if method not in self._answers:
            places = [self.moment / self.name / f"{method}.json", self.moment / f"{method}.json"]
            found = [place for place in places if place.exists()]
            if not found:
                raise Refused(-32601, f"Unknown command '{method}'")
            text = found[0].read_text()
            for recorded, ours in self.ids.items():
                text = text.replace(recorded, ours)
            self._answers[method] = moved(json.loads(text), self._later_s)
        return self._answers[method]
