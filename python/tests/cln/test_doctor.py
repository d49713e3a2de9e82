"""The doctor: what it finds in the deployed plugins' files and in nodes, and that it only reads."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from trimtab.cln import adopt_sources, doctor, doctor_evidence
from trimtab.cln.node import READS, Node, socket_transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.lightningd import TestNode
    from support.process import PluginProcess

NOW = int(time.time())
OURS, OTHER, THIRD = ("02" + digit * 64 for digit in "123")
PEER = "03" + "aa" * 32

# The shape of the deployed tables: names and types only.
HIVE = """
CREATE TABLE hive_members (peer_id TEXT PRIMARY KEY, tier TEXT);
CREATE TABLE member_health (
    peer_id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, overall_health INTEGER,
    capacity_score INTEGER, revenue_score INTEGER, connectivity_score INTEGER, tier TEXT,
    needs_help INTEGER
);
CREATE TABLE member_liquidity_state (
    peer_id TEXT PRIMARY KEY, depleted_count INTEGER, saturated_count INTEGER,
    rebalancing_active INTEGER, rebalancing_peers TEXT, timestamp INTEGER
);
CREATE TABLE liquidity_needs (
    id INTEGER PRIMARY KEY, reporter_id TEXT, need_type TEXT, target_peer_id TEXT,
    amount_sats INTEGER, urgency TEXT, max_fee_ppm INTEGER, reason TEXT,
    current_balance_pct REAL, timestamp INTEGER
);
CREATE TABLE hive_state (peer_id TEXT PRIMARY KEY, capacity_sats INTEGER);
"""
REVENUE = """
CREATE TABLE channel_states (
    channel_id TEXT PRIMARY KEY, peer_id TEXT, state TEXT, flow_ratio REAL, capacity INTEGER
);
"""


class Files:
    """Databases of the two plugins."""

    def __init__(self, folder: Path) -> None:
        self.hive = folder / "cl_hive.db"
        self.revenue = folder / "revenue_ops.db"
        self.run(self.hive, HIVE)
        self.run(self.revenue, REVENUE)

    def run(self, file: Path, script: str) -> None:
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.executescript(script)
            db.commit()

    def put(self, table: str, **values: Any) -> None:
        with contextlib.closing(sqlite3.connect(self.hive)) as db:
            marks = ", ".join("?" * len(values))
            db.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",
                list(values.values()),
            )
            db.commit()

    def health(self, member: str, score: int, tier: str, age: int = 60) -> None:
        self.put(
            "member_health", peer_id=member, timestamp=NOW - age, overall_health=score, tier=tier
        )

    def liquidity(self, member: str, *, active: int = 0, age: int = 60) -> None:
        self.put(
            "member_liquidity_state",
            peer_id=member,
            depleted_count=0,
            saturated_count=0,
            rebalancing_active=active,
            rebalancing_peers="[]",
            timestamp=NOW - age,
        )

    def examine(self, **more: Any) -> dict[str, Any]:
        return doctor.examine(hive_db=self.hive, revenue_db=self.revenue, now=NOW, **more)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def part(found: dict[str, Any], name: str) -> dict[str, Any]:
    (found_part,) = [one for one in found["parts"] if one["part"] == name]
    return dict(found_part)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {one["part"]: one["state"] for one in found["parts"]}


# --- generations ---


def test_the_generation_comes_first_and_tables_tell_it(files: Files) -> None:
    found = files.examine()
    assert next(iter(found)) == "generation"
    assert (found["generation"]["cl_hive"], found["generation"]["revenue_ops"]) == ("A", "A")
    files.run(files.hive, "ALTER TABLE hive_members ADD COLUMN addresses TEXT")
    found = files.examine()
    assert (found["generation"]["cl_hive"], found["generation"]["revenue_ops"]) == ("B", "B")
    files.run(files.revenue, "CREATE TABLE spend_events (id INTEGER)")
    assert files.examine()["generation"]["revenue_ops"] == "C"


def test_generation_c_alone_has_no_fleet_part(files: Files) -> None:
    files.run(files.revenue, "CREATE TABLE schema_version (version INTEGER)")
    found = doctor.examine(revenue_db=files.revenue, now=NOW)
    assert found["generation"]["revenue_ops"] == "C"
    assert states(found) == {"fleet": "dead"}
    assert "generation C" in part(found, "fleet")["why"]
    assert "trimtab-cln" in part(found, "fleet")["why"]


def sources(folder: Path, names: tuple[str, ...]) -> Path:
    modules = folder / "modules"
    modules.mkdir(parents=True)
    for name in names:
        (modules / f"{name}.py").write_text(f"# stands for {name}\n")
    return modules


@pytest.mark.parametrize("generation", ["A", "B"])
def test_sources_tell_it_exactly(
    generation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = sources(tmp_path / "cl-hive", adopt_sources.CL_HIVE)
    digests = {
        hashlib.sha256((modules / f"{name}.py").read_bytes()).hexdigest(): (generation, name)
        for name in adopt_sources.CL_HIVE
    }
    assert doctor.examine(folder=tmp_path)["generation"]["cl_hive"] == "unknown"
    monkeypatch.setattr(adopt_sources, "DIGESTS", digests)
    assert doctor.examine(folder=tmp_path)["generation"]["cl_hive"] == generation
    (modules / "splice_coordinator.py").write_text("# changed\n")
    assert doctor.examine(folder=tmp_path)["generation"]["cl_hive"] == "unknown"


def test_sources_without_the_bridge_are_generation_c(tmp_path: Path) -> None:
    sources(tmp_path / "cl_revenue_ops", ("rebalancer", "fee_controller"))
    assert doctor.examine(folder=tmp_path)["generation"]["revenue_ops"] == "C"


def test_every_digest_is_one_of_a_file_that_adopt_names() -> None:
    names = [*adopt_sources.CL_HIVE, *adopt_sources.REVENUE_OPS]
    told = sorted(adopt_sources.DIGESTS.values())
    assert told == sorted((generation, name) for generation in "AB" for name in names)
    assert all(len(digest) == 64 for digest in adopt_sources.DIGESTS)


# --- parts, each defect found and each one absent ---


def test_columns_that_do_not_exist_are_found(files: Files) -> None:
    assert part(files.examine(), "our liquidity report")["state"] == "dead"
    files.run(
        files.revenue,
        "ALTER TABLE channel_states ADD COLUMN local_balance_sats; "
        "ALTER TABLE channel_states ADD COLUMN capacity_sats",
    )
    assert part(files.examine(), "our liquidity report")["state"] == "alive"


def test_a_liquidity_state_of_nobody_but_us_is_dead(files: Files) -> None:
    files.liquidity(OURS)
    found = files.examine()
    assert found["node"] is None
    assert part(found, "what other members need")["state"] == "dead"
    files.liquidity(OTHER)
    assert part(files.examine(node_id=OURS), "what other members need")["state"] == "alive"


def test_old_liquidity_is_stale(files: Files) -> None:
    files.liquidity(OTHER, age=3601)
    found = files.examine(node_id=OURS)
    assert part(found, "what other members need")["state"] == "stale"


def test_activity_that_nobody_reports_is_dead(files: Files) -> None:
    files.liquidity(OTHER)
    assert part(files.examine(node_id=OURS), "who rebalances where")["state"] == "dead"
    files.liquidity(THIRD, active=1)
    assert part(files.examine(node_id=OURS), "who rebalances where")["state"] == "alive"


def test_the_tier_under_another_name_is_found(files: Files) -> None:
    assert part(files.examine(), "fees that follow needs")["state"] == "dead"
    files.run(files.hive, "ALTER TABLE member_health ADD COLUMN health_tier TEXT")
    assert part(files.examine(), "fees that follow needs")["state"] == "alive"


def test_two_scales_in_one_table_are_found(files: Files) -> None:
    files.health(OURS, 60, "stable")
    assert part(files.examine(), "one scale of health")["state"] == "alive"
    files.health(OTHER, 60, "healthy")
    assert part(files.examine(), "one scale of health")["state"] == "dead"


def test_members_that_fell_silent_are_found(files: Files) -> None:
    assert part(files.examine(), "health of members")["state"] == "dead"
    files.health(OURS, 60, "stable")
    assert part(files.examine(), "health of members")["state"] == "alive"
    files.health(OTHER, 10, "struggling", age=365 * 86400)
    found = files.examine()
    assert part(found, "health of members")["state"] == "stale"
    assert part(found, "health of members")["evidence"]["too_old"] == [OTHER]
    (other,) = found["differences"]
    assert other["theirs"] == "struggling"
    assert "too old" in other["ours"]


def test_the_blind_splice_check_is_named(files: Files) -> None:
    files.put("hive_state", peer_id=OURS, capacity_sats=1)
    found = part(files.examine(node_id=OURS), "splice check")
    assert found["state"] == "dead"
    assert found["evidence"]["own_report_stored"] is True


@pytest.mark.parametrize("score", [None, "many", -1, 101, 3.5])
def test_a_row_without_sense_stops_nothing(score: Any, files: Files) -> None:
    files.health(OURS, 60, "stable")
    files.put("member_health", peer_id=OTHER, timestamp=NOW, overall_health=score, tier=None)
    found = part(files.examine(), "health of members")
    assert found["state"] == "stale"
    assert "1 can not be read" in found["why"]


# --- what trimtab would decide ---


def test_our_tier_is_told_and_where_the_way_up_stands(files: Files) -> None:
    files.health(OURS, 47, "healthy")
    files.liquidity(OURS)
    found = files.examine()
    assert (found["tier"]["tier"], found["tier"]["score"]) == ("vulnerable", 47)
    assert "--rpc" in found["tier"]["says"][0]
    (other,) = [one for one in found["differences"] if one["subject"] == OURS]
    assert (other["theirs"], other["ours"]) == ("healthy", "vulnerable")


def need(files: Files, reporter: str, share: float, *, age: int = 60) -> None:
    files.put(
        "liquidity_needs",
        reporter_id=reporter,
        need_type="outbound",
        target_peer_id=PEER,
        amount_sats=400_000,
        urgency="high",
        current_balance_pct=share,
        timestamp=NOW - age,
    )


def test_a_need_that_no_fee_follows_is_told(files: Files) -> None:
    files.health(OTHER, 20, "struggling")
    need(files, OTHER, 0.05)
    (step,) = files.examine(node_id=OURS)["differences"]
    assert (step["subject"], step["theirs"], step["ours"]) == (PEER, 1000, 950)
    assert step["for_tier"] == "struggling"


def test_our_own_need_and_an_old_one_are_no_difference(files: Files) -> None:
    need(files, OURS, 0.05)
    need(files, OTHER, 0.05, age=3601)
    assert files.examine(node_id=OURS)["differences"] == []


# --- a node ---


def carried(node: TestNode, *processes: PluginProcess) -> None:
    """Offer the commands of plugin processes at the node's own socket."""
    listed = []
    for process in processes:
        manifest = process.manifest()
        assert process.init(node) is None
        for one in manifest["rpcmethods"]:
            listed.append({"command": f"{one['name']} {one['usage']}"})
            node.overrides[one["name"]] = partial(process.ask, one["name"])
    node.overrides["help"] = lambda _params: {"help": listed}


def test_a_node_without_a_fleet_is_told_what_to_install(node: TestNode) -> None:
    node.set("help", {"help": [{"command": "getinfo "}]})
    found = doctor.examine(rpc=node.path)
    assert states(found) == {"fleet": "dead"}
    assert found["tier"]["tier"] in {"struggling", "vulnerable", "stable", "thriving"}
    assert sum(found["advice"]["rebalances"].values()) > 0


def test_a_node_with_ours_is_healthy(
    node: TestNode, plugins: Callable[..., PluginProcess], capsys: pytest.CaptureFixture[str]
) -> None:
    ours, plan = plugins("trimtab-cln"), plugins("trimtab-hive")
    carried(node, ours, plan)
    ours.ready()
    found = doctor.examine(rpc=node.path)
    assert found["generation"]["cl_hive"] == "ours"
    assert states(found) == {"fleet": "alive"}
    assert found["tier"]["tier"] == ours.ask("trimtab-health")["tier"]
    assert found["healthy"]
    assert doctor.main(["--rpc", str(node.path)]) == 0
    assert "all is well" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "generation"),
    [("getinfo", "A"), ("hive-update-rebalancing-activity", "B"), ("hive-splice-headroom", "ours")],
)
def test_commands_tell_the_generation(node: TestNode, extra: str, generation: str) -> None:
    listed = ["hive-member-health", "hive-liquidity-state", "hive-splice-check", extra]
    node.set("help", {"help": [{"command": f"{name} "} for name in [*listed, "revenue-status"]]})
    node.set("hive-member-health", {"members": []})
    node.set("hive-liquidity-state", {"fleet_needs": []})
    assert doctor.examine(rpc=node.path)["generation"]["cl_hive"] == generation


def test_a_command_that_does_not_answer_is_a_finding(node: TestNode) -> None:
    node.set("help", {"help": [{"command": "hive-member-health "}]})
    found = doctor.examine(rpc=node.path)
    assert part(found, "answer of hive-member-health")["state"] == "dead"


def test_disagreements_about_channels_are_told(node: TestNode) -> None:
    now = int(time.time())
    channels = [
        {"short_channel_id": one["short_channel_id"], "class": "profitable"}
        for one in node.answers("listpeerchannels")["channels"]
        if one.get("short_channel_id")
    ]
    summary = {"timestamp": now, "channels": channels}
    key = ["revenue", "profitability-summary"]
    node.set("listdatastore", {"datastore": [{"key": key, "string": json.dumps(summary)}]})
    node.set("help", {"help": [{"command": "revenue-status "}]})
    found = doctor.examine(rpc=node.path)
    assert found["generation"]["revenue_ops"] == "C"
    assert [one for one in found["differences"] if one["theirs"] == "profitable"]


def test_the_node_is_only_read(node: TestNode) -> None:
    node.set("help", {"help": []})
    doctor.examine(rpc=node.path)
    asked = {name for name, _ in node.calls}
    assert "listpeerchannels" in asked
    assert asked <= doctor_evidence.ASKED
    assert not doctor_evidence.ASKED & {"sendcustommsg", "signmessage"}
    assert READS < doctor_evidence.ASKED
    with pytest.raises(Exception, match="not on the list"):
        Node(socket_transport(str(node.path)), allowed=doctor_evidence.ASKED).call("pay")


# --- files are left alone ---


def everything(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted(folder.iterdir())}


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_files_are_only_read(mode: str, files: Files, tmp_path: Path) -> None:
    for file in (files.hive, files.revenue):
        files.run(file, f"PRAGMA journal_mode = {mode}")
    files.health(OURS, 60, "stable")
    before = everything(tmp_path)
    files.examine()
    assert everything(tmp_path) == before


def test_what_a_running_plugin_wrote_last_is_read(files: Files) -> None:
    files.run(files.hive, "PRAGMA journal_mode = wal")
    with contextlib.closing(sqlite3.connect(files.hive)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute(
            "INSERT INTO member_health (peer_id, timestamp, overall_health, tier)"
            " VALUES (?, ?, 60, 'stable')",
            (OURS, NOW),
        )
        writer.commit()
        assert part(files.examine(), "health of members")["state"] == "alive"


@pytest.mark.parametrize("content", [b"", b"no database at all", None])
def test_a_foreign_file_is_refused(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "cl_hive.db"
    if content is not None:
        file.write_bytes(content)
    for option in ("--hive-db", "--revenue-db"):
        assert doctor.main([option, str(file)]) == 2
    assert not content or file.read_bytes() == content


# --- the program ---


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trimtab.cln.doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_prints_a_table_or_json_and_exits_with_1_on_findings(files: Files) -> None:
    files.health(OURS, 60, "stable")
    both = ("--hive-db", str(files.hive), "--revenue-db", str(files.revenue))
    plain, document = run(*both), run(*both, "--json")
    assert (plain.returncode, document.returncode) == (1, 1)
    found = json.loads(document.stdout)
    assert found["healthy"] is False
    for one in found["parts"]:
        assert one["why"] in plain.stdout
        assert one["part"] in plain.stdout
    assert "generation A (January 2026)" in plain.stdout.splitlines()[0]


def test_a_folder_is_searched_for_databases(files: Files, tmp_path: Path) -> None:
    ran = run("--dir", str(tmp_path), "--json")
    assert json.loads(ran.stdout)["generation"]["cl_hive"] == "A"
    assert files.hive.exists()


def test_databases_need_no_client_of_lightningd(files: Files) -> None:
    script = (
        "import sys; sys.modules['pyln'] = None;"
        " from trimtab.cln.doctor import main; sys.exit(main(sys.argv[1:]))"
    )
    for arguments, code in ((["--hive-db", str(files.hive)], 1), (["--rpc", "/nowhere"], 2)):
        command = [sys.executable, "-c", script, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stderr
    assert "trimtab[cln]" in ran.stderr


@pytest.mark.parametrize("arguments", [(), ("--rpc", "/nowhere"), ("--dir", "/nowhere")])
def test_nothing_to_examine_exits_with_2(arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.returncode == 2
    assert ran.stderr
    assert not ran.stdout
