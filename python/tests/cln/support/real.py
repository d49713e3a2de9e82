"""Real nodes: bitcoind in regtest, and five lightningd with channels as those that were recorded.

They are started once for all tests; what a test changes is the plugins' own: each test starts them
anew with a store of its own. Nodes connect only when they are told to, so that a test can keep two
of them apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyln.client import RpcError
from pyln.client.lightning import UnixDomainSocketRpc

from .fleet import EVERYBODY, MEMBERS, Fleet
from .process import BIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

PROGRAMS = {"ours": "trimtab-cln", "plan": "trimtab-hive", "advice": "trimtab-splice-advice"}
PREFIXES = {"ours": "trimtab", "plan": "trimtab-fleet"}
SPLICES_SINCE = (26, 4)
"""Since this version a node splices without being told to."""

CHANNELS = (
    ("l1", "l4", 8_000_000, 7_435_000),
    ("l1", "l5", 3_000_000, 366_000),
    ("l1", "l2", 5_000_000, 2_000_000),
    ("l2", "l4", 6_000_000, 920_000),
    ("l2", "l3", 5_000_000, 2_000_000),
    ("l2", "l5", 2_000_000, 1_900_000),
    ("l3", "l4", 5_000_000, 2_366_000),
    ("l3", "l5", 10_000_000, 4_735_000),
    ("l4", "l5", 5_000_000, 2_000_000),
    ("l4", "l5", 12_000_000, 6_479_000),
)
"""Who opens to whom, how much, and how much of it is the other's from the beginning."""

MOST_WAIT_S = 90.0


class RealNodeError(AssertionError):
    """A real node did not do what was expected of it; the message holds the end of its log."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as open_:
        taken = [open_.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in taken]


def until(what: Callable[[], Any], says: Callable[[], str], timeout: float = MOST_WAIT_S) -> Any:
    """What `what` gives as soon as it gives something."""
    end = time.monotonic() + timeout
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise RealNodeError(says())
        time.sleep(0.1)


def tail(file: Path, lines: int = 30) -> str:
    """The end of a log."""
    if not file.exists():
        return f"no {file}"
    return "\n".join(
        [f"{file} ends with:", *file.read_text(errors="replace").splitlines()[-lines:]]
    )


class _Timed(UnixDomainSocketRpc):  # type: ignore[misc]
    """A command that lightningd never answers must not hold the tests for ever."""

    def _writeobj(self, sock: Any, obj: Any) -> None:
        sock.sock.settimeout(MOST_WAIT_S)
        super()._writeobj(sock, obj)


def _with_the_tests() -> None:
    """In a new process: end when the tests end, even where they are killed; Linux alone can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Program:
    """A process of ours, which never outlives the tests."""

    def __init__(self, words: list[str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_with_the_tests,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def end(self, ask: Callable[[], Any], timeout: float = 60.0) -> int:
        """End it as it wants to be ended, else at once, with all that it started."""
        if self.alive:
            with contextlib.suppress(Exception):
                ask()
        try:
            return self._process.wait(timeout if self.alive else 0)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """As a power cut would end it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait(30)


class Chain:
    """A bitcoind in regtest."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.rpcport, port = free_ports(2)
        self._cli = ["bitcoin-cli", f"-datadir={directory}", "-regtest"]
        self._cli += [f"-rpcport={self.rpcport}", "-rpcuser=u", "-rpcpassword=p"]
        self._program = Program(
            [
                "bitcoind",
                *self._cli[1:],
                f"-port={port}",
                "-listen=0",
                "-fallbackfee=0.0001",
                "-txindex=1",
                "-printtoconsole=0",
            ],
            directory / "stdout",
        )
        self._log = directory / "regtest" / "debug.log"
        until(self._answers, lambda: f"bitcoind does not answer: {self._told()}")
        self.ask("createwallet", "w")
        self._address = self.ask("getnewaddress").strip()
        self.mine(101)

    def _answers(self) -> bool:
        if not self._program.alive:
            raise RealNodeError(f"bitcoind ended: {self._told()}")
        ran = subprocess.run([*self._cli, "getblockchaininfo"], capture_output=True, check=False)
        return ran.returncode == 0

    def _told(self) -> str:
        return f"{tail(self._program.log)}\n{tail(self._log)}"

    def ask(self, *words: str) -> str:
        ran = subprocess.run([*self._cli, *words], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise RealNodeError(f"bitcoin-cli {' '.join(words)}: {ran.stderr.strip()}")
        return ran.stdout

    def mine(self, blocks: int) -> None:
        self.ask("generatetoaddress", str(blocks), self._address)

    @property
    def height(self) -> int:
        return int(self.ask("getblockcount"))

    def mempool(self) -> list[str]:
        found: list[str] = json.loads(self.ask("getrawmempool"))
        return found

    def end(self) -> None:
        self._program.end(lambda: self.ask("stop"))


class RealNode:
    """A lightningd."""

    def __init__(self, directory: Path, chain: Chain, *options: str) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.folder = directory / "regtest"
        self.log = directory / "log"
        self.path = self.folder / "lightning-rpc"
        # A Unix socket's path has at most 107 bytes; lightningd would say that less clearly.
        assert len(os.fsencode(self.path)) < 105, f"{self.path} is too long: set TMPDIR"
        (self.port,) = free_ports(1)
        self._words = [
            "lightningd",
            f"--lightning-dir={directory}",
            "--network=regtest",
            f"--addr=127.0.0.1:{self.port}",
            f"--bitcoin-rpcport={chain.rpcport}",
            "--bitcoin-rpcuser=u",
            "--bitcoin-rpcpassword=p",
            f"--log-file={self.log}",
            "--log-level=debug",
            "--allow-deprecated-apis=false",
            # Each node would want the same port for it.
            "--disable-plugin=cln-grpc",
            # Blocks and channels are seen within a second, and nobody connects by himself.
            "--developer",
            "--dev-bitcoind-poll=1",
            "--dev-fast-gossip",
            "--dev-no-reconnect",
            "--autoconnect-seeker-peers=0",
            # A new chain knows no fee rates, and nothing is opened or spliced without.
            "--force-feerates=1000",
            *options,
        ]
        self.id = ""
        self._program: Program | None = None

    # --- its life ---

    def launch(self, *more: str) -> None:
        """Start it, and wait for nothing."""
        self._program = Program([*self._words, *more], self.directory / "stdout")

    def ready(self) -> RealNode:
        """Wait until it answers."""
        assert self._program is not None
        program = self._program

        def answers() -> bool:
            if not program.alive:
                raise RealNodeError(f"lightningd ended: {tail(program.log)}\n{tail(self.log)}")
            with contextlib.suppress(OSError, RpcError, ValueError):
                self.id = self.ask("getinfo")["id"]
                return True
            return False

        until(answers, lambda: f"lightningd does not answer: {tail(self.log)}")
        return self

    def end(self) -> int:
        if self._program is None:
            return 0
        program, self._program = self._program, None
        return program.end(lambda: self.ask("stop"))

    def kill(self) -> None:
        assert self._program is not None
        self._program.kill()
        self._program = None

    @property
    def version(self) -> tuple[int, int]:
        found = re.match(r"v?(\d+)\.(\d+)", self.ask("getinfo")["version"])
        return (int(found[1]), int(found[2])) if found else (99, 99)

    # --- what is asked of it ---

    def ask(self, method: str, params: Any = None) -> Any:
        """A command over its socket; a refusal is pyln's RpcError."""
        try:
            return _Timed(str(self.path)).call(method, params if params is not None else {})
        except socket.timeout as error:
            message = f"{method} has no answer within {MOST_WAIT_S:g} s: {tail(self.log)}"
            raise RealNodeError(message) from error
        except OSError as error:
            if self._program is None or self._program.alive:
                raise
            raise RealNodeError(f"lightningd is gone: {tail(self.log)}") from error

    def cli(self, *words: str) -> Any:
        """A command as an operator types it."""
        ran = subprocess.run(
            [
                "lightning-cli",
                f"--lightning-dir={self.directory}",
                "--network=regtest",
                *words,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise RealNodeError(
                f"lightning-cli {' '.join(words)}: {ran.stdout}{ran.stderr}\n{tail(self.log)}"
            )
        return json.loads(ran.stdout)

    def channel(self, peer: RealNode) -> dict[str, Any]:
        """Its largest channel with a peer."""
        found = self.ask("listpeerchannels", {"id": peer.id})["channels"]
        assert found, f"no channel with {peer.id}"
        return max(found, key=lambda one: int(one["total_msat"]))

    def logged(self, text: str, *, after: int = 0) -> list[str]:
        """The lines of its log that hold a text, behind the first `after` bytes."""
        with self.log.open("rb") as file:
            file.seek(after)
            return [
                line for line in file.read().decode(errors="replace").splitlines() if text in line
            ]

    @property
    def log_size(self) -> int:
        return self.log.stat().st_size

    # --- plugins ---

    def start_plugin(self, program: str, **options: Any) -> None:
        """Start it dynamically; options are named as Python names them."""
        named = {name.replace("_", "-"): value for name, value in options.items()}
        place = BIN / program if os.sep not in program else program
        try:
            self.ask("plugin", {"subcommand": "start", "plugin": str(place), **named})
        except RpcError as error:
            raise RealNodeError(f"plugin start {program}: {error}\n{tail(self.log)}") from error

    def stop_plugin(self, program: str) -> None:
        """Stop it if it runs."""
        for one in self.ask("plugin", {"subcommand": "list"})["plugins"]:
            if one["name"].rpartition("/")[2] == program.rpartition("/")[2]:
                self.ask("plugin", {"subcommand": "stop", "plugin": one["name"]})

    def plugin_pids(self, program: str) -> list[int]:
        """The processes of a plugin."""
        ran = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        )
        assert self._program is not None
        found = [line.split(None, 2) for line in ran.stdout.splitlines()]
        return [
            int(pid)
            for pid, parent, words in found
            if parent == str(self._program.pid) and program in words
        ]


class Nodes:
    """Five nodes and their chain."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.nodes: dict[str, RealNode] = {}
        self.chain = Chain(directory / "chain")
        try:
            self._open()
        except BaseException:
            self.end()
            raise

    def __getitem__(self, name: str) -> RealNode:
        return self.nodes[name]

    def _open(self) -> None:
        for name in EVERYBODY:
            self._launch(name)
        for node in self.nodes.values():
            node.ready()
        coins = {node.ask("newaddr", ["bech32"])["bech32"]: "1" for node in self.nodes.values()}
        self.chain.ask("-named", "sendmany", f"amounts={json.dumps(coins)}")
        self.mine(1)
        for one, other in {(opener, peer) for opener, peer, _, _ in CHANNELS} | {("l1", "l3")}:
            self.connect(one, other)
        for opener, peer, size, pushed in CHANNELS:
            node = self[opener]
            self.until(lambda node=node: self._synced(node))  # type: ignore[misc]
            node.ask(
                "fundchannel",
                {
                    "id": self[peer].id,
                    "amount": size,
                    "push_msat": pushed * 1000,
                    "mindepth": 1,
                    "minconf": 0,  # The change of the opening before.
                },
            )
        self.mine(6)
        self.until(self._settled)

    def _launch(self, name: str) -> RealNode:
        dear = name not in MEMBERS
        node = RealNode(
            self.directory / name,
            self.chain,
            f"--alias={name}",
            f"--fee-base={1000 if dear else 0}",
            f"--fee-per-satoshi={8000 if dear else 250}",
        )
        self.nodes[name] = node
        node.launch()
        return node

    def add(self, name: str) -> RealNode:
        """One node more, until the end of all tests."""
        node = self._launch(name).ready()
        self.until(lambda: self._synced(node))
        return node

    def _synced(self, node: RealNode) -> bool:
        info = node.ask("getinfo")
        return bool(
            info["blockheight"] == self.chain.height and "warning_lightningd_sync" not in info
        )

    def _settled(self) -> bool:
        """Whether every channel works, and every node knows all of them."""
        for node in self.nodes.values():
            channels = node.ask("listpeerchannels")["channels"]
            if any(one["state"] != "CHANNELD_NORMAL" for one in channels):
                return False
            if len(node.ask("listchannels")["channels"]) < 2 * len(CHANNELS):
                return False
            if len(node.ask("listnodes")["nodes"]) < len(self.nodes):
                return False
        return True

    def until(self, what: Callable[[], Any], timeout: float = MOST_WAIT_S) -> Any:
        return until(
            what,
            lambda: "\n\n".join(tail(node.log, 15) for node in self.nodes.values()),
            timeout,
        )

    def mine(self, blocks: int) -> None:
        """Blocks that every node has seen."""
        self.chain.mine(blocks)
        height = self.chain.height
        self.until(
            lambda: all(
                node.ask("getinfo")["blockheight"] == height for node in self.nodes.values()
            )
        )

    def connected(self, one: str, other: str) -> bool:
        peers = self[one].ask("listpeers", {"id": self[other].id})["peers"]
        return any(peer["connected"] for peer in peers)

    def connect(self, one: str, other: str) -> None:
        there = self[other]

        def connected() -> bool:
            # A node answers before it listens.
            with contextlib.suppress(RpcError):
                self[one].ask("connect", {"id": there.id, "host": "127.0.0.1", "port": there.port})
            return self.connected(one, other) and self.connected(other, one)

        self.until(connected)

    def disconnect(self, one: str, other: str) -> None:
        if self.connected(one, other):
            self[one].ask("disconnect", {"id": self[other].id, "force": True})
        self.until(lambda: not self.connected(one, other) and not self.connected(other, one))

    def connect_all(self) -> None:
        """Everybody who has a channel with another, and every member with every member."""
        pairs = {(opener, peer) for opener, peer, _, _ in CHANNELS} | {("l1", "l3")}
        for one, other in sorted(pairs):
            if not self.connected(one, other):
                self.connect(one, other)

    def clear(self) -> None:
        """As if no plugin of ours had ever run."""
        for node in self.nodes.values():
            for program in PROGRAMS.values():
                node.stop_plugin(program)
            for file in node.folder.glob("trimtab*"):
                file.unlink()
        self.connect_all()

    def end(self) -> None:
        for node in self.nodes.values():
            with contextlib.suppress(Exception):
                node.end()
        self.chain.end()

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


@dataclass
class Command:
    """Asks a node for a plugin's commands, as `PluginProcess` is asked."""

    node: RealNode

    def ask(self, method: str, params: Any = None) -> Any:
        return self.node.ask(method, params)


@dataclass
class RealMember:
    """A node whose plugins run."""

    node: RealNode
    ours: Command
    plan: Command


class RealFleet(Fleet):
    """The fleet of real nodes: both plugins are started in each member."""

    def __init__(self, nodes: Nodes, cut: Iterable[tuple[str, str]] = ()) -> None:
        self._nodes = nodes
        self.ids = {name: node.id for name, node in nodes.nodes.items()}
        self.members = {}
        for one, other in cut:
            nodes.disconnect(one, other)
        for name in MEMBERS:
            node = nodes[name]
            others = [f"{self.ids[one]}={one}" for one in MEMBERS if one != name]
            for part, prefix in PREFIXES.items():
                node.start_plugin(PROGRAMS[part], **{f"{prefix}-members": others})
            self.members[name] = RealMember(node, Command(node), Command(node))

    def until(self, what: Callable[[], Any], timeout: float = 60.0) -> Any:
        return until(what, self._told, timeout)

    def _told(self) -> str:
        seen = {
            name: [member.node.ask(f"trimtab-{what}") for what in ("members", "status")]
            for name, member in self.members.items()
        }
        logs = (tail(member.node.log, 10) for member in self.members.values())
        return "\n".join([json.dumps(seen, indent=1), *logs])

    def connect_all(self) -> None:
        self._nodes.connect_all()
