"""A decision log written by Python is a chain that anyone can check and ask again."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import trimtab
from trimtab import log, sandbox

BINARY = os.environ.get("TRIMTAB_BIN") or str(
    Path(__file__).resolve().parents[2] / "target" / "debug" / "trimtab"
)
ACCEPT = '{"ev": 8.0, "min_ev": 10, "tier": "stable"}'
ALL_ASKED = {"limit": 0, "masked": 0, "unknown": 0}
needs_binary = pytest.mark.skipif(
    not os.access(BINARY, os.X_OK), reason="no program to read the log: set TRIMTAB_BIN"
)


@pytest.fixture(scope="module")
def boxed() -> sandbox.Policy:
    return sandbox.Policy()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def files(path: Path) -> list[Path]:
    older = sorted(path.parent.glob(f"{path.stem}.{'[0-9]' * 16}{path.suffix}"))
    return [*older, path]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def checked(path: Path, policy: sandbox.Policy) -> list[dict[str, Any]]:
    """What `log.check` says of every line of all files; each must be the one that comes next."""
    found, due = [], {}
    for file in files(path):
        data = file.read_bytes()
        assert data.endswith(b"\n")
        for line in data.split(b"\n")[:-1]:
            asked = {"line": line.decode(), **due}
            answer = policy.call("log.check", asked)
            assert answer["decision"]["sound"], (answer["reasons"], line)
            decision = answer["decision"]
            assert decision["hash"] == hashlib.sha256(line).hexdigest()
            due = {"seq": decision["next_seq"], "prev": decision["hash"]}
            found.append(decision)
    return found


def program(*words: str | Path) -> tuple[int, dict[str, Any]]:
    run = subprocess.run([BINARY, *map(str, words), "--json"], capture_output=True, check=False)
    assert run.stdout, run.stderr.decode()
    told: dict[str, Any] = json.loads(run.stdout)
    return run.returncode, told


def test_every_line_is_the_one_that_must_come_next(path: Path, boxed: sandbox.Policy) -> None:
    with log.DecisionLog(path, boxed, fsync="always") as decisions:
        answer = boxed.answer_bytes("rebalance.accept", ACCEPT)
        labels = {"node": "alice"}
        receipt = decisions.append(
            "rebalance.accept", ACCEPT, answer, caller="x", labels=labels, duration_us=7
        )
    kinds = [line["kind"] for line in checked(path, boxed)]
    assert kinds == ["snapshot", "policy", "decision", "end"]
    written = path.read_bytes().splitlines()[2]
    assert receipt == log.Receipt(2, hashlib.sha256(written).hexdigest())
    line = json.loads(written)
    assert (line["caller"], line["labels"], line["duration_us"]) == ("x", labels, 7)
    assert line["module"] == boxed.module.digest
    assert line["output"] == json.loads(answer)
    # What was 8.0 and 10 is so still.
    assert b'"input":{"ev":8.0,"min_ev":10,"tier":"stable"}' in written
    assert decisions.counters == log.Counters(written=4, bytes=path.stat().st_size)


def test_a_call_and_a_mistake_are_logged_with_what_was_answered(
    path: Path, boxed: sandbox.Policy
) -> None:
    with log.DecisionLog(path, boxed) as decisions:
        good = decisions.call(boxed, "rebalance.accept", json.loads(ACCEPT), caller="test")
        bad = decisions.call(boxed, "rebalance.accept", "{", decision_id="d1")
    assert good.envelope() == boxed.call("rebalance.accept", json.loads(ACCEPT))
    with pytest.raises(trimtab.InputError):
        bad.envelope()
    first, second = (line for line in lines(path) if line["kind"] == "decision")
    assert first["caller"] == "test"
    assert first["output"] == json.loads(good.answer)
    assert (second["input_text"], second["decision_id"]) == ("{", "d1")
    assert second["output"] == json.loads(bad.answer)


def test_bytes_that_are_no_text_are_kept_in_hexadecimal(path: Path, boxed: sandbox.Policy) -> None:
    with log.DecisionLog(path, boxed) as decisions:
        decisions.append("hub.match_columns", b"ab", b"\xff\x00")
        decisions.append("rebalance.accept", b"\xff", b"{}")
    columns, broken = (line for line in lines(path) if line["kind"] == "decision")
    assert (columns["input_hex"], columns["output_hex"]) == ("6162", "ff00")
    assert (broken["input_hex"], broken["output"]) == ("ff", {})
    checked(path, boxed)


def test_another_policy_is_told_before_it_is_named(path: Path, boxed: sandbox.Policy) -> None:
    other = sandbox.Policy("cl-hive", {"health": {"max_multiplier": 1.25}})
    with log.DecisionLog(path, boxed) as decisions:
        for policy in (boxed, other, boxed, other):
            decisions.call(policy, "rebalance.accept", ACCEPT)
    told = [line["policies"] for line in lines(path) if line["kind"] == "policy"]
    [[plain], [changed]] = told
    assert "overrides" not in plain
    assert changed["overrides"] == {"health": {"max_multiplier": 1.25}}
    assert changed["profile"] == "cl-hive"
    named = [line["config"] for line in lines(path) if line["kind"] == "decision"]
    assert named == [plain["config"], changed["config"]] * 2


def test_a_log_in_order_is_resumed_as_one_chain(path: Path, boxed: sandbox.Policy) -> None:
    for expected in ((False, True, 0), (True, True, 0)):
        with log.DecisionLog(path, boxed) as decisions:
            opening = decisions.opening
            assert (opening.resumed, opening.ended, opening.cut_bytes) == expected
            decisions.call(boxed, "rebalance.accept", ACCEPT)
    began = [line.get("began") for line in lines(path) if line["kind"] == "snapshot"]
    assert began == ["start", "resume"]
    assert sum(line["dropped"] for line in checked(path, boxed)) == 0


@pytest.mark.parametrize("kept", [1, 40, 200])
def test_a_cut_line_is_removed_told_and_counted(
    path: Path, boxed: sandbox.Policy, kept: int
) -> None:
    with log.DecisionLog(path, boxed) as decisions:
        decisions.call(boxed, "rebalance.accept", ACCEPT)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:2]) + whole[2][:kept])
    with log.DecisionLog(path, boxed) as decisions:
        assert decisions.opening == log.Opening(True, False, kept, 3)
        assert decisions.counters.dropped == 1
    snapshot = lines(path)[2]
    assert (snapshot["ended"], snapshot["cut_bytes"], snapshot["seq"]) == (False, kept, 3)
    assert [line["dropped"] for line in checked(path, boxed)] == [0, 0, 1, 0]


def test_an_end_that_is_no_line_is_not_touched(path: Path, boxed: sandbox.Policy) -> None:
    for junk in (b"no line\n", b"\xff\n", b'{"seq":0, "at":1,"kind":"end"}\n'):
        path.write_bytes(junk)
        with pytest.raises(log.LogError) as caught:
            log.DecisionLog(path, boxed)
        assert caught.value.code == "log_broken"
        assert path.read_bytes() == junk


def test_a_new_file_begins_with_a_snapshot_and_goes_on_with_the_chain(
    path: Path, boxed: sandbox.Policy
) -> None:
    with log.DecisionLog(path, boxed, max_bytes=2500) as decisions:
        for _ in range(12):
            decisions.call(boxed, "rebalance.accept", ACCEPT)
        assert decisions.counters.rotations >= 3
    found = files(path)
    assert len(found) == decisions.counters.rotations + 1
    for index, file in enumerate(found):
        first = lines(file)[0]
        assert (first["kind"], first["began"]) == ("snapshot", "rotation" if index else "start")
        assert len(first["policies"]) == min(index, 1)
        if file != path:
            assert file.name == f"decisions.{first['seq']:016}.jsonl"
            assert file.stat().st_size < 4000
    assert sum(line["kind"] == "decision" for line in checked(path, boxed)) == 12


def test_age_begins_a_new_file_and_older_ones_are_removed(
    path: Path, boxed: sandbox.Policy
) -> None:
    with log.DecisionLog(path, boxed, max_age=0, keep=2) as decisions:
        for _ in range(5):
            decisions.call(boxed, "rebalance.accept", ACCEPT)
    assert decisions.counters.rotations == 4
    assert len(files(path)) == 3
    checked(path, boxed)


def test_what_is_masked_is_not_in_the_file(path: Path, boxed: sandbox.Policy) -> None:
    mask = ["/input/ev", "/output/reasons/*/observed"]
    with log.DecisionLog(path, boxed, mask=mask) as decisions:
        decisions.call(boxed, "rebalance.accept", ACCEPT.replace("8.0", "8.125"))
    assert b"8.125" not in path.read_bytes()
    [line] = (line for line in lines(path) if line["kind"] == "decision")
    assert line["input"]["ev"] == "masked"
    assert line["masked"] == ["/input/ev", "/output/reasons/0/observed"]
    assert [line["masked"] for line in checked(path, boxed)] == [False, False, True, False]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes and other locks")
def test_only_the_owner_reads_it_and_one_process_writes_it(
    path: Path, boxed: sandbox.Policy
) -> None:
    with log.DecisionLog(path, boxed, max_age=0) as decisions:
        for _ in range(3):
            decisions.call(boxed, "rebalance.accept", ACCEPT)
        with pytest.raises(log.LogError) as caught:
            log.DecisionLog(path, boxed)
        assert caught.value.code == "log_in_use"
    assert len(files(path)) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files(path)} == {0o600}
    with pytest.raises(log.LogError) as caught:
        decisions.call(boxed, "rebalance.accept", ACCEPT)
    assert caught.value.code == "log_closed"


class FullDisk:
    """Takes the first bytes of each write and then says that there is no room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        self.tries = 0
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: Any) -> int:
        if not self.is_full:
            return self._write(file, data)
        self.tries += 1
        if self.tries % 2:
            return self._write(file, bytes(data)[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("overload", ["refuse", "drop"])
def test_a_full_disk_refuses_or_drops_and_every_line_is_counted(
    path: Path, boxed: sandbox.Policy, monkeypatch: pytest.MonkeyPatch, overload: Any
) -> None:
    disk = FullDisk(monkeypatch)
    with log.DecisionLog(path, boxed, overload=overload) as decisions:
        decisions.call(boxed, "rebalance.accept", ACCEPT)
        before = path.read_bytes()
        disk.is_full = True
        for _ in range(3):
            if overload == "drop":
                assert decisions.call(boxed, "rebalance.accept", ACCEPT).receipt is None
            else:
                with pytest.raises(log.LogError) as caught:
                    decisions.call(boxed, "rebalance.accept", ACCEPT)
                assert caught.value.code == "log_sink"
        assert path.read_bytes() == before
        disk.is_full = False
        decisions.call(boxed, "rebalance.accept", ACCEPT)
        assert (decisions.counters.dropped, decisions.counters.refused) == (3, 3)
    assert disk.tries == 6
    assert [line["dropped"] for line in checked(path, boxed)] == [0, 0, 0, 3, 0]
    assert lines(path)[-1]["dropped"] == 3


def test_a_new_file_that_found_no_room_begins_with_a_snapshot_later(
    path: Path, boxed: sandbox.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    with log.DecisionLog(path, boxed, max_age=0, overload="drop") as decisions:
        decisions.call(boxed, "rebalance.accept", ACCEPT)
        disk.is_full = True
        assert decisions.call(boxed, "rebalance.accept", ACCEPT).receipt is None
        assert path.read_bytes() == b""
        disk.is_full = False
        decisions.call(boxed, "rebalance.accept", ACCEPT)
    found = checked(path, boxed)
    assert [line["kind"] for line in found][3:] == ["snapshot", "decision", "end"]
    assert [line["dropped"] for line in found] == [0, 0, 0, 1, 0, 0]


def test_a_mistake_of_the_caller_is_no_loss_of_the_log(path: Path, boxed: sandbox.Policy) -> None:
    with log.DecisionLog(path, boxed) as decisions:
        with pytest.raises(trimtab.InputError) as caught:
            decisions.append("rebalance.accept", ACCEPT, "{}", duration_us=-1)
        assert caught.value.field == "duration_us"
        assert decisions.counters.dropped == 0
        assert decisions.next_seq == 1
    for name in ("fsync", "overload"):
        with pytest.raises(trimtab.InputError) as caught:
            log.DecisionLog(path, boxed, **{name: "sometimes"})  # type: ignore[arg-type]
        assert caught.value.field == name
    checked(path, boxed)


def hub(opener: Any = trimtab.HubBook, **more: Any) -> Any:
    state = {"hub_id": "hub", "now": 0, "reserves": {1: 10**21}}
    return opener(state=state, **more)


def account(name: str, offdelta: int) -> dict[str, Any]:
    return {"account_id": name, "deltas": [{"token_id": 1, "offdelta": offdelta}]}


def fleet() -> Any:
    return trimtab.FleetBook(state={"us": {"node_id": "us"}})


def drive(book: log.LoggedBook) -> None:
    """Every kind of change of a hub book, a mistake among them, and plans between them."""
    kept = book.call("snapshot").envelope()["decision"]
    book.call("set_account", account("bob", 5 * 10**20))
    book.call("set_account", account("alice", -(10**18)))
    book.call("plan", {"now": 1000})
    book.call("set_hub", {"config": {"hub": {"target_reserve": "3 unit"}}, "now": 2000})
    plan = book.call("plan", {"now": 3000}, caller="crontab").envelope()["decision"]
    book.call("apply", {"now": 3000, "plan": plan})
    assert b"error" in book.call("set_account", "{").answer
    book.call("remove", {"account_id": "alice"})
    book.call("restore", {"state": kept})
    book.call("set_hub", {"config": {"hub": {"base_fee": "0.125"}}})
    book.call("plan", {"now": 4000})


@pytest.mark.parametrize("opener", [trimtab.HubBook, sandbox.HubBook])
@needs_binary
def test_every_change_of_a_book_is_asked_again_without_a_difference(
    path: Path, boxed: sandbox.Policy, opener: Any
) -> None:
    config = {"hub": {"base_fee": "0.25"}}
    with log.DecisionLog(path, boxed) as decisions:
        with decisions.hold(hub(opener, profile="plan", config=config)) as book:
            drive(book)
        second = decisions.hold(hub(opener))
        second.call("plan", {"now": 1000})
        assert second.number != book.number
        members = decisions.hold(fleet())
        members.call("set_member", {"member_id": "shop"})
        members.call("needs", {"now": 1_795_171_800})
    checked(path, boxed)
    found = [line for line in lines(path) if line["kind"] == "handle"]
    assert [line["op"] for line in found][:4] == ["open", "set_account", "set_account", "plan"]
    assert {line["module"] for line in found if line["handle"] == 1} == {
        "native" if opener is trimtab.HubBook else boxed.module.digest
    }
    for words in ([], ["--native"]):
        status, told = program("replay", path, *words)
        asked = sum(line["op"] not in {"open", "close"} for line in found)
        assert (status, told["differences"]) == (0, [])
        assert (told["same"], told["skipped"]) == (asked, ALL_ASKED), told


@needs_binary
def test_each_new_file_begins_with_the_books_that_are_open(
    path: Path, boxed: sandbox.Policy
) -> None:
    with log.DecisionLog(path, boxed, max_bytes=12_000) as decisions:
        books = [decisions.hold(hub()), decisions.hold(fleet())]
        for turn in range(8):
            drive(books[0])
            books[1].call("needs", {"now": 1_795_171_800 + turn})
            decisions.call(boxed, "rebalance.accept", ACCEPT)
        assert decisions.counters.rotations > 1
    checked(path, boxed)
    for file in files(path)[1:]:
        snapshot = lines(file)[0]
        assert [one["opens"] for one in snapshot["handles"]] == ["hub_book", "fleet_book"]
    status, told = program("replay", path)
    assert (status, told["differences"], told["skipped"]) == (0, [], ALL_ASKED)
    # Each file is asked again without those before it.
    alone = path.with_name("alone.jsonl")
    alone.write_bytes(files(path)[-1].read_bytes())
    status, told = program("replay", alone)
    assert (status, told["differences"], told["skipped"]) == (0, [], ALL_ASKED)
    assert told["same"] > 0


@pytest.mark.parametrize("overload", ["refuse", "drop"])
@needs_binary
def test_a_change_that_found_no_room_is_caught_up_with(
    path: Path, boxed: sandbox.Policy, monkeypatch: pytest.MonkeyPatch, overload: Any
) -> None:
    disk = FullDisk(monkeypatch)
    with log.DecisionLog(path, boxed, overload=overload) as decisions:
        book = decisions.hold(hub())
        disk.is_full = True
        for name in ("bob", "alice"):
            if overload == "drop":
                assert book.call("set_account", account(name, 10**18)).receipt is None
            else:
                with pytest.raises(log.LogError):
                    book.call("set_account", account(name, 10**18))
        disk.is_full = False
        book.call("plan", {"now": 1000})
        # Refused means here that the second call did not begin: its book was behind.
        count = len(book.call("snapshot").envelope()["decision"]["accounts"])
        assert count == (2 if overload == "drop" else 1)
    assert sum(line["dropped"] for line in checked(path, boxed)) == decisions.counters.dropped > 0
    assert [line["op"] for line in lines(path) if line["kind"] == "handle"] == [
        "open",
        "open",
        "plan",
    ]
    status, told = program("replay", path)
    assert (status, told["same"], told["differences"]) == (0, 1, [])
    assert told["skipped"] == ALL_ASKED


def test_a_book_that_a_limit_ended_is_closed_on_the_log(path: Path, boxed: sandbox.Policy) -> None:
    with log.DecisionLog(path, boxed) as decisions:
        book = decisions.hold(hub(sandbox.HubBook, limits=sandbox.Limits(fuel=3_000_000)))
        many = [account(f"peer{index}", 5) for index in range(1000)]
        with pytest.raises(sandbox.LimitError):
            book.call("restore", {"state": {"hub_id": "hub", "now": 0, "accounts": many}})
        with pytest.raises(log.LogError):
            book.call("plan", {"now": 0})
    assert [line["op"] for line in lines(path) if line["kind"] == "handle"] == ["open", "close"]
    checked(path, boxed)


def test_a_book_whose_config_was_changed_before_is_held_as_it_is(
    path: Path, boxed: sandbox.Policy
) -> None:
    book = hub()
    book.set_hub(config={"hub": {"base_fee": "0.5"}})
    with log.DecisionLog(path, boxed) as decisions:
        held = decisions.hold(book)
        told = held.call("plan", {"now": 1_000_000}).answer
    opened = next(line for line in lines(path) if line.get("op") == "open")
    again = trimtab.HubBook(**opened["input"])
    assert again.answer_bytes("plan", b'{"now":1000000}') == told
    assert opened["input"]["config"]["hub"]["base_fee"] == "0.5"
    checked(path, boxed)


KILLED = """
import sys
from trimtab import log, sandbox
policy = sandbox.Policy()
decisions = log.DecisionLog(sys.argv[1], policy, fsync="never", max_bytes=20_000)
while True:
    logged = decisions.call(policy, "rebalance.accept", sys.argv[2])
    print(logged.receipt.seq, flush=True)
"""


def test_after_a_kill_no_answer_is_without_its_line(path: Path, boxed: sandbox.Policy) -> None:
    last = -1
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path), ACCEPT], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            answered = [int(child.stdout.readline()) for _ in range(30)]
            child.kill()
            answered += [int(line) for line in child.stdout if line.endswith("\n")]
        assert answered[0] > last
        last = answered[-1]
        found = {line["seq"] for file in files(path) for line in lines(file)}
        assert found.issuperset(answered)
    with log.DecisionLog(path, boxed) as decisions:
        assert decisions.opening.resumed
        assert not decisions.opening.ended
    checked(path, boxed)


@needs_binary
def test_the_program_asks_a_log_of_python_again_without_a_difference(path: Path) -> None:
    policies = [sandbox.Policy(), sandbox.Policy("cl-hive", {"health": {"max_multiplier": 1.25}})]
    with log.DecisionLog(path, policies[0], max_bytes=20_000) as decisions:
        for index in range(40):
            policy = policies[index % 2]
            decisions.call(policy, "rebalance.accept", {**json.loads(ACCEPT), "ev": index / 2})
            decisions.call(policy, "rebalance.accept", "{")
    assert decisions.counters.rotations > 0
    status, told = program("log", "verify", path)
    assert status == 0, told
    status, told = program("replay", path)
    assert (status, told["decisions"], told["same"], told["differences"]) == (0, 80, 80, [])
    status, told = program("replay", path, "--native")
    assert (status, told["same"]) == (0, 80)
    oldest = files(path)[0]
    whole = oldest.read_bytes()
    oldest.write_bytes(whole.replace(b'"stable"', b'"stably"', 1))
    assert oldest.read_bytes() != whole
    assert program("log", "verify", path)[0] != 0


@needs_binary
def test_the_program_and_python_go_on_with_the_log_of_each_other(
    path: Path, boxed: sandbox.Policy
) -> None:
    given = path.with_name("input.json")
    given.write_text(ACCEPT)
    for _ in range(2):
        with log.DecisionLog(path, boxed) as decisions:
            decisions.call(boxed, "rebalance.accept", ACCEPT)
        words = [BINARY, "call", "rebalance.accept", str(given), "--log", str(path)]
        assert subprocess.run(words, capture_output=True, check=True).stdout
    found = lines(path)
    began = [(line["began"], line.get("ended")) for line in found if line["kind"] == "snapshot"]
    assert began == [("start", None), ("resume", True), ("resume", True), ("resume", True)]
    first, second = (line for line in found[:8] if line["kind"] == "decision")
    assert (first["input"], first["output"]) == (second["input"], second["output"])
    assert first["config"] == second["config"]
    checked(path, boxed)


def test_a_native_policy_is_named_with_what_makes_it_again(
    path: Path, boxed: sandbox.Policy
) -> None:
    changed = trimtab.Policy("cl-hive", {"health": {"max_multiplier": 1.25}})
    with log.DecisionLog(path, boxed) as decisions:
        for policy in (changed, trimtab.Policy(), trimtab.Policy("cl-hive")):
            decisions.call(policy, "rebalance.accept", ACCEPT)
    checked(path, boxed)
    told = [line["policies"][0] for line in lines(path) if line["kind"] == "policy"]
    assert ["overrides" in policy for policy in told] == [True, False, False]
    for policy in told:
        again = trimtab.Policy(policy["profile"], policy.get("overrides"))
        assert again.digest == policy["config"]
    assert told[0]["config"] == changed.digest
    decided = [line for line in lines(path) if line["kind"] == "decision"]
    assert {line["module"] for line in decided} == {"native"}
    assert [line["output"]["policy"]["config"] for line in decided] == [
        policy["config"] for policy in told
    ]


def test_the_extension_writes_what_the_sandbox_writes(
    path: Path, boxed: sandbox.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_now", lambda: 1_700_000_000_000)
    written = []
    for policy in (trimtab.Policy(), boxed):
        file = path.with_name(f"{len(written)}.jsonl")
        with log.DecisionLog(file, policy) as decisions:
            answer = policy.answer_bytes("rebalance.accept", ACCEPT)
            decisions.append("rebalance.accept", ACCEPT, answer)
        checked(file, boxed)
        told = lines(file)
        written.append([{**line, "module": "", "prev": ""} for line in told])
    assert written[0] == written[1]


NODE = shutil.which("node")
PACKAGE = Path(__file__).resolve().parents[2] / "pkg" / "dist" / "esm"
OF_NODE = """
import { HubBook, Policy, initSync } from "./node.js";
import { DecisionLog } from "./log.js";
initSync();
const [path, opened, ...calls] = process.argv.slice(1);
const log = new DecisionLog(path, new Policy("plan"));
const book = log.hold(new HubBook(JSON.parse(opened)));
for (let at = 0; at < calls.length; at += 2) book.call(calls[at], calls[at + 1]);
book.close();
log.close();
"""


@needs_binary
@pytest.mark.skipif(
    NODE is None or not (PACKAGE / "log.js").is_file(), reason="no Node, or no built npm package"
)
def test_a_book_logged_by_python_and_by_typescript_is_asked_again_alike(
    path: Path, boxed: sandbox.Policy
) -> None:
    opened = {
        "config": {"hub": {"base_fee": "0.25"}},
        "state": {"hub_id": "hub", "now": 0, "reserves": {"1": str(10**21)}},
    }
    calls = [
        ("set_account", json.dumps(account("bob", 5))),
        ("plan", '{"now": 1000}'),
        ("set_hub", '{"config": {"hub": {"target_reserve": "3 unit"}}, "now": 2000}'),
        ("set_account", "{"),
        ("plan", '{"now": 61000}'),
        ("remove", '{"account_id": "bob"}'),
        ("plan", '{"now": 122000}'),
    ]
    book = sandbox.HubBook(**opened)  # type: ignore[arg-type]
    with log.DecisionLog(path, boxed) as decisions, decisions.hold(book) as held:
        for op, given in calls:
            held.call(op, given)
    other = path.with_name("node.jsonl")
    words = [word for call in calls for word in call]
    run = [str(NODE), "--input-type=module", "--eval", OF_NODE, str(other), json.dumps(opened)]
    subprocess.run([*run, *words], cwd=PACKAGE, check=True)
    told = [program("replay", each)[1] for each in (path, other)]
    assert [one["same"] for one in told] == [len(calls)] * 2
    assert [one["differences"] for one in told] == [[], []]
    clock = ("at", "duration_us", "prev", "seq")
    mine, theirs = (
        [
            {name: value for name, value in line.items() if name not in clock}
            for line in lines(each)
            if line["kind"] == "handle"
        ]
        for each in (path, other)
    )
    assert mine == theirs
