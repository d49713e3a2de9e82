"""A fleet: three recorded nodes, both programs in each, and messages between them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .lightningd import FIXTURES, Key, Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .lightningd import TestNode
    from .process import PluginProcess

PLAIN = FIXTURES / "cln"
MEMBERS = ("l1", "l2", "l3")
EVERYBODY = ("l1", "l2", "l3", "l4", "l5")


@dataclass
class Member:
    """A node with both plugins."""

    node: TestNode
    ours: PluginProcess
    plan: PluginProcess


@dataclass
class Fleet:
    """Three members, and the external peers l4 and l5."""

    network: Network
    members: dict[str, Member]
    ids: dict[str, str]

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def until(self, what: Callable[[], Any], timeout: float = 30.0) -> Any:
        until = time.monotonic() + timeout
        while True:
            found = what()
            if found:
                return found
            assert time.monotonic() < until, {
                name: [member.ours.ask(f"trimtab-{what}") for what in ("members", "status")]
                for name, member in self.members.items()
            }
            time.sleep(0.1)

    def acquainted(self) -> None:
        """Until everybody heard everybody."""

        def heard() -> bool:
            return all(
                {"health_status", "liquidity_state"} <= set(one["ages_s"])
                for member in self.members.values()
                for one in member.ours.ask("trimtab-members").get("members", [{"ages_s": {}}])
            )

        self.until(heard)

    def connect_all(self) -> None:
        """Everybody reaches everybody from now on, and is told so as lightningd tells it."""
        self.network.cut.clear()
        for member in self.members.values():
            for other in self.members.values():
                if other.node.id != member.node.id:
                    member.ours.tell("connect", {"id": other.node.id, "direction": "in"})


def start(
    make_node: Callable[..., TestNode],
    start_plugin: Callable[..., PluginProcess],
    *,
    cut: Iterable[tuple[str, str]] = (),
) -> Fleet:
    """Three members whose plugins run; the pairs in `cut` are not connected to each other."""
    recorded = {
        name: json.loads((PLAIN / name / "getinfo.json").read_text())["id"] for name in EVERYBODY
    }
    keys = {name: Key(name) for name in recorded}
    ids = {recorded[name]: keys[name].id for name in recorded}
    network = Network()
    for one, other in cut:
        network.cut.add(frozenset((keys[one].id, keys[other].id)))
    members = {}
    for name in MEMBERS:
        node = make_node(name, ids=ids, network=network, key=keys[name])
        members[name] = Member(node, start_plugin("trimtab-cln"), start_plugin("trimtab-hive"))
    everybody = [f"{keys[name].id}={name}" for name in MEMBERS]
    for name, member in members.items():
        others = [one for one in everybody if not one.endswith(f"={name}")]
        for process, option in ((member.ours, "trimtab"), (member.plan, "trimtab-fleet")):
            process.manifest()
            assert process.init(member.node, {f"{option}-members": others}) is None
    return Fleet(network, members, {name: key.id for name, key in keys.items()})
