"""What goes wrong around a node: nothing is lost, nothing is blocked, nothing grows.

Short here; TRIMTAB_SOAK_MESSAGES and TRIMTAB_SOAK_KILLS make them long.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PLAIN
from support.lightningd import Key, Network, TestNode

import trimtab
from trimtab.cln import Coordinator, MemberRow, Node, Store, socket_transport
from trimtab.cln.gossip import MESSAGE_TYPES, Courier
from trimtab.cln.methods import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.process import PluginProcess

MESSAGES = int(os.environ.get("TRIMTAB_SOAK_MESSAGES", "2000"))
KILLS = int(os.environ.get("TRIMTAB_SOAK_KILLS", "10"))


class Clock:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def other() -> Key:
    """Another member, whose key we hold."""
    return Key("another member")


@pytest.fixture
def coordinator(node: TestNode, tmp_path: Path, clock: Clock, other: Key) -> Iterator[Coordinator]:
    """A coordinator in this process, its node looked at, its loops not running."""
    with Store(tmp_path / "store", busy_s=0.2) as store:
        made = Coordinator(
            store, Node(socket_transport(str(node.path)), timeout_s=1.0), clock=clock
        )
        made.set_members("test", [MemberRow(other.id, "other")])
        made.look()
        store.keep("connected", [other.id], at=made.now())
        yield made
        made.stop()


def signed(
    key: Key, body: dict[str, Any], at: int, kind: str = "liquidity_state", seq: int = 0
) -> str:
    built = trimtab.call(
        "gossip.build",
        {"kind": kind, "body": body, "reporter": key.id, "at": at, "last_seq": seq},
    )["decision"]
    return json.dumps({**built["message"], "sig": key.sign(built["text"])["zbase"]})


def packed(text: str, kind: str = "liquidity_state") -> str:
    return (MESSAGE_TYPES[kind].to_bytes(2, "big") + text.encode("utf-8", "surrogatepass")).hex()


def memory(pid: int | str = "self") -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError(pid)


def hostile(key: Key, chance: random.Random, now: int) -> str:
    """One of many ways to send something that must not count."""
    good = signed(key, {"depleted": []}, now)
    whole = json.loads(good)
    mutations: list[Callable[[], str]] = [
        lambda: "",
        lambda: "{",
        lambda: "[" * 5000 + "]" * 5000,
        lambda: '{"a":' * 3000 + "1" + "}" * 3000,
        lambda: "null",
        lambda: '"text"',
        lambda: good[: chance.randrange(len(good))],
        lambda: good.replace('"seq"', '"seqq"'),
        lambda: good.replace(whole["sig"], whole["sig"][::-1]),
        lambda: good.replace(key.id, "02" + "0" * 64),
        lambda: json.dumps({**whole, "at": now + 86400}),
        lambda: json.dumps({**whole, "seq": 2**53}),
        lambda: json.dumps({**whole, "v": 2}),
        lambda: json.dumps({**whole, "body": {"depleted": [], "saturated": []}}),
        lambda: json.dumps({**whole, "body": {**whole["body"], "extra": "x" * 40000}}),
        lambda: json.dumps({**whole, "body": {"depleted": [{"peer": "a", "capacity_sats": -1}]}}),
        lambda: json.dumps(
            {**whole, "body": {"depleted": [{"peer": "a", "capacity_sats": 1e300}]}}
        ),
        lambda: json.dumps({**whole, "body": float("nan")}),
        lambda: json.dumps({**whole, "kind": "pay_me"}),
        lambda: '{"hops":1,"message":' + json.dumps(good[:-5]) + "}",
        lambda: '{"hops":1,"message":' + '{"hops":1,"message":"x"}' + "}",
        lambda: '{"hops":-1,"message":"x"}',
        lambda: '{"hops":true,"message":"x"}',
        lambda: '{"hops":1e99,"message":"x"}',
        lambda: '{"hops":' + "[" * 4000,
        lambda: "\ud800" + good,
        lambda: "".join(chr(chance.randrange(1, 0x300)) for _ in range(200)),
        lambda: good + good,
        lambda: good.replace(":", ": " * 2000, 1),
    ]
    return chance.choice(mutations)()


def test_malformed_messages_change_nothing_and_cost_nothing_that_stays(
    coordinator: Coordinator, other: Key, clock: Clock
) -> None:
    chance = random.Random(7)
    body = {"depleted": [{"peer": "acinq", "local_per_mille": 40, "capacity_sats": 5_000_000}]}
    honest = signed(other, body, coordinator.now())
    coordinator.courier.take(_incoming(other.id, honest), coordinator.now())
    before = coordinator.liquidity_state("needs")["fleet_needs"]
    assert before
    threads, start = threading.active_count(), 0
    for number in range(MESSAGES):
        if number == MESSAGES // 4:
            start = memory()
        clock.ahead += 0.05  # The bucket fills, so that the checks behind it are reached too.
        text = hostile(other, chance, coordinator.now())
        coordinator.courier.take(_incoming(other.id, text), coordinator.now())
    reached, clock.ahead = clock.ahead, 0
    assert coordinator.counters.accepted == 1
    assert coordinator.liquidity_state("needs")["fleet_needs"] == before
    # Threads of earlier tests may still be ending: no new one is what this test is about.
    assert threading.active_count() <= threads
    assert memory() - start < 8_000, "it grew"
    refused = coordinator.counters.refused
    assert {"message_malformed", "signature_of_another", "version_unknown"} <= set(refused)
    # An honest message still gets through, once the sender's own bucket has filled up again.
    clock.ahead = reached + 120
    again = signed(other, {"depleted": []}, coordinator.now())
    taken = coordinator.courier.take(_incoming(other.id, again), coordinator.now())
    assert taken["outcome"] == "accepted"
    assert coordinator.liquidity_state("needs")["fleet_needs"] == []


def _incoming(sender: str, text: str) -> Any:
    incoming = Courier.read(sender, packed(text))
    assert incoming is not None
    return incoming


def test_a_flood_of_one_member_delays_no_other(coordinator: Coordinator, other: Key) -> None:
    third = Key("a third member")
    coordinator.set_members("test", [MemberRow(other.id), MemberRow(third.id)])
    coordinator.store.keep("connected", [other.id, third.id], at=coordinator.now())
    for _ in range(800):
        coordinator.courier.take(_incoming(other.id, "{"), coordinator.now())
    assert "sender_exhausted" in coordinator.counters.refused
    honest = signed(third, {"depleted": []}, coordinator.now())
    taken = coordinator.courier.take(_incoming(third.id, honest), coordinator.now())
    assert taken["outcome"] == "accepted"


def test_a_member_that_spent_its_room_while_our_clock_was_ahead_is_heard_again(
    coordinator: Coordinator, other: Key, clock: Clock
) -> None:
    clock.ahead = 86400
    for _ in range(800):
        coordinator.courier.take(_incoming(other.id, "{"), coordinator.now())
    assert "sender_exhausted" in coordinator.counters.refused
    clock.ahead = 0
    honest = signed(other, {"depleted": []}, coordinator.now())
    taken = coordinator.courier.take(_incoming(other.id, honest), coordinator.now())
    assert taken["outcome"] == "refused", "a clock that runs back fills nothing by itself"
    clock.ahead = 60
    honest = signed(other, {"depleted": []}, coordinator.now())
    taken = coordinator.courier.take(_incoming(other.id, honest), coordinator.now())
    assert taken["outcome"] == "accepted"


def test_an_old_message_never_comes_back_not_even_after_a_restart(
    coordinator: Coordinator, other: Key, node: TestNode
) -> None:
    now = coordinator.now()
    old = signed(other, {"depleted": []}, now - 30)
    new = signed(
        other,
        {"depleted": [{"peer": "acinq", "local_per_mille": 40, "capacity_sats": 5_000_000}]},
        now,
    )
    for text in (old, new):
        assert coordinator.courier.take(_incoming(other.id, text), now)["outcome"] == "accepted"
    restarted = Coordinator(coordinator.store, Node(socket_transport(str(node.path))))
    for text in (old, new):
        assert restarted.courier.take(_incoming(other.id, text), now)["outcome"] != "accepted"
    assert restarted.liquidity_state("needs")["fleet_needs"]


def test_a_stranger_costs_nothing(coordinator: Coordinator) -> None:
    stranger = Key("nobody")
    coordinator.start()
    generation = coordinator.store.generation
    until = time.monotonic() + 5
    while not coordinator.status()["leads"] and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    coordinator.stop()
    before = generation()
    for _ in range(100):
        coordinator._open(_incoming(stranger.id, signed(stranger, {}, coordinator.now())))
    assert coordinator.counters.strangers == 100
    assert generation() == before


def test_our_numbers_go_on_after_the_store_is_lost(
    node: TestNode, tmp_path: Path, other: Key
) -> None:
    seqs = []
    for number in range(2):
        with Store(tmp_path / f"store-{number}") as store:
            made = Coordinator(store, Node(socket_transport(str(node.path))))
            made.set_members("test", [MemberRow(other.id)])
            made.look()
            for _ in range(3):
                message = made.courier.say("liquidity_state", {"depleted": []}, made.now())
                assert message is not None
                seqs.append(message["seq"])
        time.sleep(1.1)
    assert seqs == sorted(set(seqs))


@pytest.mark.parametrize("jump", [3600, -3600, 86400 * 400, -86400 * 20])
def test_a_clock_that_jumps_blocks_nothing(
    coordinator: Coordinator, clock: Clock, jump: int
) -> None:
    coordinator.report_health(3, 0, 0, "stable")
    clock.ahead = jump
    coordinator.look()
    assert coordinator.member_health()["health_score"] >= 0
    assert coordinator.liquidity_state()["active"] is True
    clock.ahead += 120
    reply = coordinator.report_health(4, 0, 0, "stable")
    assert reply["status"] == "reported"
    assert coordinator.store.lease("leader", "me", now=coordinator.now(), lasts_s=30)


def test_a_store_that_is_locked_answers_questions_and_says_busy_to_reports(
    coordinator: Coordinator,
) -> None:
    blocker = sqlite3.connect(coordinator.store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    assert answer(coordinator.liquidity_state, {"action": "needs"})["fleet_needs"] == []
    given = {"profitable_channels": 1, "revenue_trend": "stable"}
    assert answer(coordinator.report_health, given)["error"] == "store_busy"
    blocker.execute("ROLLBACK")
    blocker.close()
    assert answer(coordinator.report_health, given)["status"] == "reported"


def test_a_full_disk_answers_questions_and_says_full_to_reports(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    node = nodes("l1")
    process = plugins("trimtab-hive")
    process.manifest()
    process.init(node)
    process.wait_for(lambda: "error" not in process.ask("hive-member-health"))
    # Without room for one more page, as on a disk that is full.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    replies = []
    for number in range(30):
        peers = [f"02{number:064x}"[:66] for _ in range(3)]
        replies.append(process.ask("hive-update-rebalancing-activity", [True, peers]))
    assert any(one.get("error") == "store_full" for one in replies), replies[-1]
    assert process.ask("hive-liquidity-state", ["needs"])["fleet_needs"] == []
    assert process.alive
    limit = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limit)
    assert process.ask("hive-update-rebalancing-activity", [False, []])["status"] == "updated"


def test_lightningd_gone_and_back(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    node = nodes("l1")
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node, {"trimtab-interval": 1})
    process.ready()
    node.stop()
    process.wait_for(lambda: process.ask("trimtab-status")["reachable"] is False)
    # What is known is still told, and that it is not fresh.
    assert "error" not in process.ask("trimtab-health")
    peer = node.answers("listpeerchannels")["channels"][1]["peer_id"]
    assert "error" not in process.ask("trimtab-splice", [peer])
    told = [line for level, line in process.logs if level == "warn"]
    assert len(told) <= 3, told
    node.start()
    process.wait_for(lambda: process.ask("trimtab-status")["reachable"] is True)
    assert any("works again" in line for _, line in process.logs)


def test_a_slow_node_delays_no_answer(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    node = nodes("l1")
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node, {"trimtab-interval": 1})
    process.ready()
    node.slow_s = 10.0
    time.sleep(1.5)
    for command in ("trimtab-status", "trimtab-health", "trimtab-members", "trimtab-policy"):
        begun = time.monotonic()
        assert "error" not in process.ask(command)
        assert time.monotonic() - begun < 2.0, command
    begun = time.monotonic()
    answer = process.ask("custommsg", {"peer_id": "02" + "1" * 64, "payload": "8279"})
    assert answer == {"result": "continue"}
    assert time.monotonic() - begun < 2.0
    begun = time.monotonic()
    assert process.shutdown() == 0
    assert time.monotonic() - begun < 20.0


def _answers(process: PluginProcess, command: str) -> bool:
    return "error" not in process.ask(command)


def test_a_killed_plugin_lost_nothing_that_it_said_it_took(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    node = nodes("l1")
    chance = random.Random(3)
    reported: list[str] | None = None
    for number in range(KILLS):
        process = plugins("trimtab-hive")
        process.manifest()
        assert process.init(node) is None
        if reported is not None:
            process.wait_for(partial(_answers, process, "hive-liquidity-state"))
            state = process.ask("hive-liquidity-state")
            assert state["rebalancing_activity"]["active_count"] == (1 if reported else 0)
        peers = [f"02{number:064x}"] if number % 2 else []
        reply = process.ask("hive-update-rebalancing-activity", [bool(peers), peers])
        assert reply["status"] == "updated"
        reported = peers
        time.sleep(chance.random() * 0.3)
        process.kill()
    with Store(node.directory / "trimtab.sqlite3") as store:
        kept = store.kept("local:activity")
        assert kept is not None
        assert [one["peer_id"] for one in kept.body["rebalancing"]] == reported


def test_a_plugin_under_a_flood_keeps_its_threads_and_its_memory(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess], other: Key
) -> None:
    network = Network()
    node = nodes("l1", network=network)
    TestNode(node.directory / "other", PLAIN, "l5", network=network, key=other)
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node, {"trimtab-members": [other.id]})
    process.ready()
    chance = random.Random(11)

    def threads() -> int:
        return len(list(Path(f"/proc/{process.pid}/task").iterdir()))

    def flood(count: int) -> None:
        for number in range(count):
            text = hostile(other, chance, int(time.time()))
            process.deliver(other.id, packed(text))
            if number % 100 == 0:
                process.ask("trimtab-members")

    flood(MESSAGES // 4)
    some, before = threads(), memory(process.pid)
    flood(MESSAGES)
    process.wait_for(lambda: "error" not in process.ask("trimtab-status"))
    assert threads() <= some + 1
    assert memory(process.pid) - before < 8_000, "it grew"
    assert process.ask("trimtab-status")["gossip"]["accepted"] == 0
    assert process.alive
    os.kill(process.pid, signal.SIGCONT)


def test_questions_and_messages_never_wait_for_each_other(
    coordinator: Coordinator, other: Key
) -> None:
    """One holds the book and reads the store, one changes the store and asks for members."""
    stop = time.monotonic() + 1.5

    def ask() -> None:
        while time.monotonic() < stop:
            coordinator.members()
            coordinator.liquidity_state("needs")

    def hear() -> None:
        while time.monotonic() < stop:
            coordinator.courier.take(_incoming(other.id, "{"), coordinator.now())

    def change() -> None:
        names = ["one", "two"]
        while time.monotonic() < stop:
            names.reverse()
            coordinator.set_members("test", [MemberRow(other.id, names[0])])

    threads = [threading.Thread(target=work, daemon=True) for work in (ask, hear, change, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
