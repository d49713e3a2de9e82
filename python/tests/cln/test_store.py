"""The store: kill-safe, shared by processes, and no file of anybody else is touched."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from trimtab.cln import store as trimtab_store
from trimtab.cln.store import (
    PLAN_COLUMNS,
    ForeignFileError,
    MemberRow,
    Store,
    StoreBusyError,
    StoreFullError,
)

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("TRIMTAB_SOAK_KILLS", "10"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hive_database(path: Path) -> None:
    """A database as cl-hive keeps it, as far as the store cares."""
    db = sqlite3.connect(path)
    db.execute(
        "CREATE TABLE hive_members (peer_id TEXT PRIMARY KEY, tier TEXT NOT NULL,"
        " joined_at INTEGER NOT NULL)"
    )
    db.execute("INSERT INTO hive_members VALUES ('02aa', 'member', 5)")
    db.execute("CREATE TABLE member_health (peer_id TEXT PRIMARY KEY, overall_health INTEGER)")
    db.commit()
    db.close()


def columns(path: Path) -> set[str]:
    db = sqlite3.connect(path)
    names = {row[1] for row in db.execute("PRAGMA table_info(hive_members)")}
    db.close()
    return names


def test_a_new_store_has_the_plans_columns_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store"
    with Store(path) as store:
        store.keep("a", {"b": 1}, at=5)
        assert store.kept("a") is not None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(PLAN_COLUMNS) <= columns(path)


def test_a_table_of_cl_hive_is_backed_up_and_gets_the_columns_and_keeps_its_rows(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cl_hive.db"
    hive_database(path)
    before = digest(path)
    with Store(path) as store:
        store.set_plan_columns("02aa", None, {"health_score": 47, "health_tier": "vulnerable"})
        store.set_plan_columns("02bb", None, {"health_score": 90})
    copy = tmp_path / "cl_hive.db.before-trimtab"
    db = sqlite3.connect(copy)
    assert db.execute("SELECT * FROM hive_members").fetchall() == [("02aa", "member", 5)]
    assert "health_score" not in {row[1] for row in db.execute("PRAGMA table_info(hive_members)")}
    db.close()
    assert digest(path) != before
    db = sqlite3.connect(path)
    rows = db.execute("SELECT peer_id, tier, health_score, health_tier FROM hive_members")
    # A row that cl-hive did not make is none that the store adds.
    assert rows.fetchall() == [("02aa", "member", 47, "vulnerable")]
    db.close()


def test_the_migration_may_run_any_number_of_times(tmp_path: Path) -> None:
    path = tmp_path / "cl_hive.db"
    hive_database(path)
    for _ in range(3):
        with Store(path) as store:
            store.keep("a", 1, at=1)
    assert set(PLAN_COLUMNS) <= columns(path)
    assert len(list(tmp_path.glob("*.before-trimtab*"))) == 1


def test_a_migration_that_is_interrupted_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cl_hive.db"
    hive_database(path)
    monkeypatch.setitem(PLAN_COLUMNS, "health_updated_at", "INTEGER DEFAULT (")  # No SQL.
    with pytest.raises(Exception, match=r"incomplete input|syntax"):
        Store(path)
    assert columns(path) == {"peer_id", "tier", "joined_at"}
    monkeypatch.undo()
    with Store(path) as store:
        assert store.generation() == 0
    assert set(PLAN_COLUMNS) <= columns(path)


def of_version_1(path: Path) -> None:
    """A store as it was before it had a decision log."""
    with Store(path) as store:
        store.remember("decision", "640x1x0", {"outcome": "refused"}, at=7)
    db = sqlite3.connect(path)
    db.execute("DROP TABLE trimtab_log")
    db.execute("UPDATE trimtab_meta SET value = '1' WHERE name = 'schema'")
    db.commit()
    db.close()


def test_a_store_of_version_1_gets_a_log_and_keeps_its_history(tmp_path: Path) -> None:
    path = tmp_path / "store"
    of_version_1(path)
    for _ in range(3):
        with Store(path) as store:
            assert [one.subject for one in store.history("decision")] == ["640x1x0"]
            assert store.log_size()[0] == store.generation() - 1
            store.add_log([(store.generation(), 0, 1, b"")], {"seq": 1})
    with Store(path) as store:
        assert store.log_size()[0] == 3


def test_a_migration_from_version_1_that_is_interrupted_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store"
    of_version_1(path)
    broken = trimtab_store._LOG_TABLES + "CREATE TABLE;"
    with monkeypatch.context() as patch:
        patch.setattr(trimtab_store, "_LOG_TABLES", broken)
        with pytest.raises(Exception, match="incomplete input"):
            Store(path)
    db = sqlite3.connect(path)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    assert "trimtab_log" not in tables
    version = db.execute("SELECT value FROM trimtab_meta WHERE name = 'schema'").fetchone()
    assert version == ("1",)
    db.close()
    with Store(path) as store:
        assert store.log_size() == (0, 0, None)


@pytest.mark.parametrize(
    "content", [b"no database at all", b"SQLite format 3\x00" + b"\x07" * 5000]
)
def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ForeignFileError, match="left as it is"):
        Store(path)
    assert path.read_bytes() == content
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file"]


def test_a_database_with_a_damaged_page_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store(path) as store:
        for number in range(200):
            store.keep(f"document {number}", "x" * 500, at=1)
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    for place in range(4096 * 3, len(data), 4096):
        data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(ForeignFileError):
        Store(path)
    assert path.read_bytes() == bytes(data)


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "revenue_ops.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE rebalance_history (id INTEGER PRIMARY KEY)")
    db.commit()
    db.close()
    before = digest(path)
    with pytest.raises(ForeignFileError, match="another program"):
        Store(path)
    assert digest(path) == before


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute("UPDATE trimtab_meta SET value = '99' WHERE name = 'schema'")
    db.commit()
    db.close()
    before = digest(path)
    with pytest.raises(ForeignFileError, match="newer"):
        Store(path)
    assert digest(path) == before


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(ForeignFileError, match="folder"):
        Store(tmp_path)


WRITER = """
import sys
from trimtab.cln.store import Store
store = Store(sys.argv[1])
number = int(sys.argv[2])
while True:
    with store.change():
        store.keep("last", number, at=number)
        store.remember("report", "all", number, at=number)
    print(number, flush=True)
    number += 1
"""


def test_what_was_reported_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store(path).close()
    reported, chance = 0, random.Random(1)
    for _ in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(reported + 1)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.random() * 0.05)
        writer.kill()
        rest = writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        last = int(rest[-1]) if rest else reported + 1
        with Store(path) as store:
            kept = store.kept("last")
            assert kept is not None
            # What the writer said is there; one change more may be, half a change never is.
            assert kept.body in (last, last + 1)
            assert store.history("report", most=1)[0].body == kept.body
            assert store.history_sizes()["report"] == kept.body
            reported = kept.body


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store"
    script = """
import sys
from trimtab.cln.store import Store
store = Store(sys.argv[1], busy_s=60)
for number in range(200):
    with store.change():
        kept = store.kept("count")
        store.keep("count", (kept.body if kept else 0) + 1, at=1)
"""
    both = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    with Store(path) as store:
        kept = store.kept("count")
        assert kept is not None
        assert kept.body == 400


def test_threads_share_a_store(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:

        def work() -> None:
            for _ in range(50):
                with store.change():
                    kept = store.kept("count")
                    store.keep("count", (kept.body if kept else 0) + 1, at=1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = store.kept("count")
        assert kept is not None
        assert kept.body == 400


def test_a_locked_store_is_told_and_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store(path, busy_s=0.1) as store:
        store.keep("a", 1, at=1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.keep("a", 2, at=2)
        kept = store.kept("a")
        assert kept is not None
        assert kept.body == 1
        other.execute("ROLLBACK")
        store.keep("a", 2, at=2)
        other.close()


def _both(store: Store) -> None:
    with store.change():
        store.keep("a", 2, at=2)
        store.keep("b", "x" * 1_000_000, at=2)


def test_a_full_disk_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store(path) as store:
        store.keep("a", 1, at=1)
        store._db.execute("PRAGMA max_page_count = 60")
        with pytest.raises(StoreFullError):
            _both(store)
        kept = store.kept("a")
        assert kept is not None
        assert (kept.body, store.kept("b")) == (1, None)
        store._db.execute("PRAGMA max_page_count = 100000")
        store.keep("b", "x" * 1_000_000, at=2)


def test_one_holder_has_the_lease_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        assert store.lease("leader", "one", now=100, lasts_s=30)
        assert not store.lease("leader", "two", now=120, lasts_s=30)
        assert store.lease("leader", "one", now=120, lasts_s=30)
        assert store.lease("leader", "two", now=150, lasts_s=30)
        store.release("leader", "one")
        assert not store.lease("leader", "one", now=151, lasts_s=30)
        store.release("leader", "two")
        assert store.lease("leader", "one", now=151, lasts_s=30)
        # The clock ran back by an hour: nobody waits that long.
        assert store.lease("leader", "two", now=151 - 3600, lasts_s=30)


def test_the_lease_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store"
    script = (
        "import sys; from trimtab.cln.store import Store;"
        " print(Store(sys.argv[1]).lease('leader', 'dead', now=100, lasts_s=30))"
    )
    out = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "True"
    with Store(path) as store:
        assert store.lease("leader", "next", now=101, lasts_s=30)


def test_members_of_several_sources_are_one_fleet(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.set_members("option", [MemberRow("02aa", "a"), MemberRow("02bb")])
        store.set_members("file", [MemberRow("02bb", "b", banned=True)])
        assert store.members() == [MemberRow("02aa", "a"), MemberRow("02bb", "b", banned=True)]
        store.set_members("file", [])
        assert store.members() == [MemberRow("02aa", "a"), MemberRow("02bb")]


def test_who_left_leaves_nothing_behind(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        for member in ("02aa", "02bb"):
            store.set_report(member, {"member_id": member}, {"last": {}}, at=1)
            store.set_bucket(member, {"left": 1})
        store.forget_strangers(["02aa"])
        assert [one[0] for one in store.reports()] == ["02aa"]
        assert store.bucket("02bb") is None
        assert store.bucket("02aa") is not None


def test_history_keeps_its_days_and_no_more_than_its_number(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        for at in range(100):
            store.remember("decision", "c1", {"at": at}, at=at)
        store.forget_history(before=50, most=1000)
        assert [one.at for one in store.history("decision", "c1")] == list(range(99, 49, -1))
        store.forget_history(before=0, most=10)
        assert [one.at for one in store.history("decision", "c1")] == list(range(99, 89, -1))


def test_events_keep_their_order_and_their_days(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.add_events("moves", [(3, 30, {"n": 3}), (1, 10, {"n": 1}), (2, 20, {"n": 2})])
        assert json.loads(store.events_text("moves")) == [{"n": 1}, {"n": 2}, {"n": 3}]
        store.forget_events("moves", before=20)
        assert store.events("moves") == [{"n": 2}, {"n": 3}]
        assert store.event_count("moves") == 2
