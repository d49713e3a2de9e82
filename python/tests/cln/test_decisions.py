"""The store's decisions are a decision log: checked and asked again by the program `trimtab`."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import trimtab
from trimtab.cln import Coordinator, Node, Store, StoreError, doctor, socket_transport
from trimtab.cln.decisions import Decisions, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.lightningd import TestNode
    from support.process import PluginProcess

BINARY = os.environ.get("TRIMTAB_BIN") or str(
    Path(__file__).resolve().parents[3] / "target" / "debug" / "trimtab"
)
needs_binary = pytest.mark.skipif(
    not os.access(BINARY, os.X_OK), reason="no program to read the log: set TRIMTAB_BIN"
)
ALL_ASKED = {"limit": 0, "masked": 0, "unknown": 0}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "trimtab.sqlite3") as opened:
        yield opened


@pytest.fixture
def coordinator(store: Store, node: TestNode) -> Coordinator:
    """Looked once, and talks to nobody."""
    return looked(store, node)


def looked(store: Store, node: TestNode) -> Coordinator:
    made = Coordinator(store, Node(socket_transport(str(node.path))))
    made.look()
    return made


def peer_of(coordinator: Coordinator) -> str:
    capacities = coordinator.fleet.snapshot()[1]["decision"]["report"]["capacities"]
    peer: str = capacities[0]["peer_id"]
    return peer


def decide(coordinator: Coordinator) -> int:
    """Ask for a decision of each kind; how many they are."""
    peer = peer_of(coordinator)
    coordinator.splice_check(peer, "splice_out", 100_000)
    coordinator.splice_headroom(peer)
    coordinator.splice_recommendations(peer)
    coordinator.check_rebalance_conflict(peer)
    return 4


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in read_lines(path)]


def exported(store: Store) -> Path:
    to = store.path.with_name(f"decisions-{time.monotonic_ns()}.jsonl")
    assert doctor.main(["--store", str(store.path), "--export-log", str(to)]) == 0
    return to


def program(*words: str | Path) -> tuple[int, dict[str, Any]]:
    run = subprocess.run([BINARY, *map(str, words), "--json"], capture_output=True, check=False)
    assert run.stdout, run.stderr.decode()
    told: dict[str, Any] = json.loads(run.stdout)
    return run.returncode, told


def asked_again(store: Store) -> int:
    """How many decisions the program asks again with the same answers: it must be all of them."""
    log = exported(store)
    status, told = program("log", "verify", log)
    assert (status, told["sound"]) == (0, True), told
    status, told = program("replay", log)
    assert (status, told["differences"], told["skipped"]) == (0, [], ALL_ASKED), told
    same: int = told["same"]
    return same


@needs_binary
def test_every_decision_of_a_plugin_is_asked_again_without_a_difference(
    coordinator: Coordinator, store: Store
) -> None:
    at_look = [line["op"] for line in lines(store.path) if line["kind"] == "decision"]
    assert at_look == ["health.assess", "fleet.advise"]
    count = decide(coordinator)
    # What another plugin of the node reports changes the book under the next answers.
    coordinator.update_rebalancing_activity(True, [peer_of(coordinator)])
    count += decide(coordinator)
    assert asked_again(store) == len(at_look) + count
    found = lines(store.path)
    callers = {line.get("caller") for line in found if "caller" in line}
    assert callers == {
        "health",
        "look",
        "rebalance_conflict",
        "splice_check",
        "splice_headroom",
        "splice_recommendations",
    }
    opened = [line for line in found if line.get("op") == "open"]
    assert len(opened) == 2
    (advice,) = (line for line in found if line.get("op") == "fleet.advise")
    assert advice["module"] == "native"
    assert advice["config"] == coordinator.policy.digest
    kept = store.history("decision")[0].body
    assert kept in advice["output"]["decision"]["rebalances"]


@needs_binary
def test_another_config_decides_otherwise(
    coordinator: Coordinator, store: Store, tmp_path: Path
) -> None:
    decide(coordinator)
    config = tmp_path / "config.json"
    config.write_text('{"splice": {"min_share": 0.99}}')
    status, told = program("replay", exported(store), "--config", config)
    assert status == 0, told
    assert told["changed"] > 0, told


@needs_binary
def test_a_changed_byte_in_the_store_is_found(coordinator: Coordinator, store: Store) -> None:
    decide(coordinator)
    db = sqlite3.connect(store.path)
    seq, packed = db.execute(
        "SELECT seq, line FROM trimtab_log ORDER BY seq LIMIT 1 OFFSET 3"
    ).fetchone()
    whole = zlib.decompress(packed)
    at = whole.index(b'"decision"')
    changed = whole[:at] + whole[at:].replace(b"0", b"1", 1)
    assert changed != whole
    db.execute("UPDATE trimtab_log SET line = ? WHERE seq = ?", (zlib.compress(changed), seq))
    db.commit()
    db.close()
    status, told = program("log", "verify", exported(store))
    assert status != 0
    assert [fault["changed"] for fault in told["faults"]] == [seq]


@needs_binary
def test_a_removed_line_is_found(coordinator: Coordinator, store: Store) -> None:
    decide(coordinator)
    db = sqlite3.connect(store.path)
    db.execute("DELETE FROM trimtab_log WHERE seq = 3")
    db.commit()
    db.close()
    status, told = program("log", "verify", exported(store))
    assert status != 0
    assert told["faults"][0]["codes"] == ["log_lines_missing"], told


@needs_binary
def test_two_programs_of_a_node_write_one_chain(
    coordinator: Coordinator, store: Store, node: TestNode
) -> None:
    with Store(store.path) as second:
        other = looked(second, node)
        count = 0
        for _ in range(3):
            count += decide(coordinator) + decide(other)
        failed: list[BaseException] = []

        def work(one: Coordinator) -> None:
            try:
                for _ in range(5):
                    decide(one)
            except BaseException as error:  # noqa: BLE001 (told by the test)
                failed.append(error)

        threads = [threading.Thread(target=work, args=(one,)) for one in (coordinator, other) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert (coordinator.decisions.dropped, other.decisions.dropped) == (0, 0)
    assert asked_again(store) >= count + 80
    found = lines(store.path)
    assert len({line["handle"] for line in found if "handle" in line}) == 2


@needs_binary
def test_the_log_keeps_to_its_size_and_each_part_is_whole(store: Store, node: TestNode) -> None:
    coordinator = looked(store, node)
    small = Decisions(store, coordinator.policy, most_bytes=30_000, file_bytes=6_000)
    coordinator.decisions = small
    for _ in range(40):
        decide(coordinator)
        _, length, _ = store.log_size()
        assert length < 60_000
    found = lines(store.path)
    assert found[0]["kind"] == "snapshot"
    assert found[0]["seq"] > 0
    assert sum(line["kind"] == "snapshot" for line in found) > 2
    assert asked_again(store) > 40
    # Each part can be asked again without those before it.
    begins = [index for index, line in enumerate(found) if line["kind"] == "snapshot"]
    texts = list(read_lines(store.path))
    alone = store.path.with_name("alone.jsonl")
    alone.write_bytes(b"".join(texts[begins[1] : begins[2]]))
    status, told = program("replay", alone)
    assert (status, told["differences"], told["skipped"]) == (0, [], ALL_ASKED)


def test_what_is_too_old_goes_with_the_history(coordinator: Coordinator, store: Store) -> None:
    decide(coordinator)
    old = store.log_size()[0]
    day = 24 * 3600
    later = Decisions(store, coordinator.policy, clock=lambda: time.time() + 2 * day)
    coordinator.decisions = later
    decide(coordinator)
    store.forget_log(before=int(time.time()) + day)
    found = lines(store.path)
    assert found[0]["seq"] == old
    assert found[0]["kind"] == "snapshot"
    assert found[0]["prev"]


def test_a_look_that_changes_nothing_writes_nothing(coordinator: Coordinator, store: Store) -> None:
    # The second one knows the tier of the first; from then on nothing is new.
    coordinator.look()
    before = store.log_size()
    coordinator.look()
    coordinator.advise()
    coordinator.health()
    assert store.log_size() == before


@needs_binary
def test_an_answer_is_given_where_its_line_finds_no_room_and_the_gap_is_told(
    coordinator: Coordinator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(coordinator)
    peer = peer_of(coordinator)

    def full(*_given: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "add_log", full)
        assert coordinator.check_rebalance_conflict(peer)["conflict"] is False
        assert coordinator.check_rebalance_conflict(peer)["conflict"] is False
    told = coordinator.status()["log"]
    assert (told["dropped"], told["trouble"]) == (2, "the disk is full")
    decide(coordinator)
    told = coordinator.status()["log"]
    assert (told["dropped"], told["trouble"]) == (2, None)
    status, found = program("log", "verify", exported(store))
    assert (status, found["dropped"], found["head"]) == (0, 2, told["head"])


def test_the_exported_file_is_its_owners_alone_and_no_other_is_replaced(
    coordinator: Coordinator, store: Store, tmp_path: Path
) -> None:
    decide(coordinator)
    log = exported(store)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    content = log.read_bytes()
    assert content == b"".join(read_lines(store.path))
    assert doctor.main(["--store", str(store.path), "--export-log", str(log)]) == 2
    assert log.read_bytes() == content
    junk = tmp_path / "junk"
    junk.write_bytes(b"no store")
    for nothing in (junk, tmp_path / "absent"):
        to = tmp_path / "out"
        assert doctor.main(["--store", str(nothing), "--export-log", str(to)]) == 2
        assert not to.exists()
    assert not (tmp_path / "absent").exists()


@needs_binary
def test_after_kill_9_no_answer_is_without_its_line(
    node: TestNode, plugins: Callable[..., PluginProcess]
) -> None:
    path = node.directory / "trimtab.sqlite3"
    given = 0
    for _ in range(2):
        process = plugins("trimtab-hive")
        process.manifest()
        assert process.init(node) is None
        peer = process.wait_for(lambda: first_peer(path))
        for amount in range(10):
            answer = process.ask("hive-splice-check", [peer, "splice_out", 1000 + amount])
            given += "safety" in answer
        process.kill()
    assert given >= 10
    with Store(path) as store:
        found = lines(path)
        written = [line for line in found if line.get("caller") == "splice_check"]
        assert len(written) == given
        asked_again(store)


def first_peer(path: Path) -> str | None:
    if not path.exists():
        return None
    with Store(path) as store:
        kept = store.kept("snapshot")
        if kept is None:
            return None
        peer: str = kept.body["decision"]["report"]["capacities"][0]["peer_id"]
        return peer


@needs_binary
def test_the_advice_before_a_splice_is_on_the_log(
    node: TestNode, plugins: Callable[..., PluginProcess]
) -> None:
    process = plugins("trimtab-splice-advice")
    process.manifest()
    assert process.init(node) is None
    channel = node.answers("listpeerchannels")["channels"][1]
    command = {"jsonrpc": "2.0", "id": "cli:splice#1", "method": "spliceout"}
    for amount in (1000, 2000):
        command["params"] = [channel["channel_id"], amount]
        process.ask("rpc_command", {"rpc_command": command})
    path = node.directory / "trimtab.sqlite3"
    callers = [line.get("caller") for line in lines(path) if line.get("op") == "splice"]
    assert callers == ["splice_advice"] * 2
    with Store(path) as store:
        assert asked_again(store) == 2


def test_a_policy_with_its_own_config_is_told_with_what_makes_it_again(
    store: Store, node: TestNode
) -> None:
    policy = trimtab.Policy("cl-hive", {"health": {"max_multiplier": 1.25}})
    Coordinator(store, Node(socket_transport(str(node.path))), policy=policy).look()
    told = [one for line in lines(store.path) for one in line.get("policies", [])]
    assert [one["config"] for one in told] == [policy.digest]
    assert trimtab.Policy(told[0]["profile"], told[0]["overrides"]).digest == policy.digest
