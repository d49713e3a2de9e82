"""The same against real nodes, where `bitcoind` and `lightningd` are on the PATH."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.process import BIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.lightningd

PORT = 28443


class Chain:
    """A bitcoind in regtest."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.args = [f"-datadir={directory}", "-regtest", f"-rpcport={PORT}"]
        self.args += ["-rpcuser=u", "-rpcpassword=p"]
        self.process = subprocess.Popen(
            ["bitcoind", *self.args, "-listen=0", "-fallbackfee=0.0001", "-txindex=1"],
            stdout=subprocess.DEVNULL,
        )
        _until(lambda: self.cli("getblockchaininfo"))
        self.cli("createwallet", "w")
        self.address = self.cli("getnewaddress").strip()
        self.mine(101)

    def cli(self, *words: str) -> str:
        ran = subprocess.run(
            ["bitcoin-cli", *self.args, *words], capture_output=True, text=True, check=False
        )
        return ran.stdout if ran.returncode == 0 else ""

    def mine(self, blocks: int) -> None:
        self.cli("generatetoaddress", str(blocks), self.address)


class RealNode:
    """A lightningd that loads our programs."""

    def __init__(self, directory: Path, port: int, *options: str) -> None:
        directory.mkdir()
        self.directory = directory
        self.port = port
        self.process = subprocess.Popen(
            [
                "lightningd",
                f"--lightning-dir={directory}",
                "--network=regtest",
                f"--addr=127.0.0.1:{port}",
                f"--bitcoin-rpcport={PORT}",
                "--bitcoin-rpcuser=u",
                "--bitcoin-rpcpassword=p",
                f"--log-file={directory}/log",
                f"--plugin={BIN / 'trimtab-cln'}",
                f"--plugin={BIN / 'trimtab-hive'}",
                f"--plugin={BIN / 'trimtab-splice-advice'}",
                "--trimtab-interval=2",
                *options,
            ]
        )
        _until(lambda: self.cli("getinfo"))
        self.id = self.cli("getinfo")["id"]

    def cli(self, *words: str) -> dict[str, Any]:
        ran = subprocess.run(
            ["lightning-cli", f"--lightning-dir={self.directory}", "--network=regtest", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer: dict[str, Any] = json.loads(ran.stdout)
        except ValueError:
            return {}
        return answer if ran.returncode == 0 else {}


def _until(what: Any, timeout: float = 120.0) -> Any:
    until = time.monotonic() + timeout
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < until
        time.sleep(0.5)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Chain, RealNode, RealNode]]:
    """Two nodes with a channel, each the other's fleet."""
    chain = Chain(tmp_path / "bitcoin")
    started: list[RealNode] = []
    try:
        for number in range(2):
            started.append(RealNode(tmp_path / f"l{number}", 29700 + number))
        one, two = started
        for node, other in ((one, two), (two, one)):
            members = node.directory / "regtest" / "trimtab-members.txt"
            members.write_text(f"{other.id} other\n")
        one.cli("connect", two.id, "127.0.0.1", str(two.port))
        chain.cli("sendtoaddress", one.cli("newaddr")["bech32"], "1")
        chain.mine(6)
        _until(lambda: one.cli("fundchannel", two.id, "5000000"))
        chain.mine(6)
        _until(
            lambda: any(
                channel["state"] == "CHANNELD_NORMAL"
                for channel in one.cli("listpeerchannels").get("channels", [])
            )
        )
        yield chain, one, two
    finally:
        for node in started:
            node.cli("stop")
            node.process.wait(60)
        chain.cli("stop")
        chain.process.wait(60)


def test_two_real_nodes_are_a_fleet(pair: tuple[Chain, RealNode, RealNode]) -> None:
    _, one, two = pair
    status = _until(lambda: one.cli("trimtab-status"))
    assert status["trouble"] == {}
    _until(
        lambda: all(
            member.get("ages_s") for member in one.cli("trimtab-members").get("members", [{}])
        )
    )
    health = one.cli("hive-member-health", two.id)
    assert health["verdict"] in ("consistent", "unchecked")
    assert "rebalances" in one.cli("trimtab-advise")
    channel = one.cli("listpeerchannels")["channels"][0]
    one.cli("spliceout", channel["channel_id"], "100%")
    log = (one.directory / "log").read_text()
    assert "spliceout 100%" in log
    one.cli("plugin", "stop", "trimtab-cln")
    assert one.cli("getinfo")
