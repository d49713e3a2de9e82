"""What a node keeps between restarts: one SQLite file, shared by our plugins in that node.

    >>> import tempfile, pathlib
    >>> from trimtab.cln.store import Store
    >>> with Store(pathlib.Path(tempfile.mkdtemp()) / "trimtab.sqlite3") as store:
    ...     store.keep("greeting", {"text": "hello"}, at=1_795_171_800)
    ...     store.kept("greeting").body
    {'text': 'hello'}

Every change is one transaction, so whatever was reported is there after a crash. A file that is
damaged, or that somebody else made, is refused and left as it is. The one foreign file that is
taken is a database with a table `hive_members`, as the plugin cl-hive keeps it: it is copied
first, then gets the columns that the fleet plan wants, and its own content stays.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

__all__ = [
    "ForeignFileError",
    "Kept",
    "MemberRow",
    "Remembered",
    "Store",
    "StoreBusyError",
    "StoreError",
    "StoreFullError",
]

SCHEMA = 2
"""The version of the tables."""

PLAN_COLUMNS = {
    "health_score": "INTEGER DEFAULT 50",
    "health_tier": "TEXT DEFAULT 'stable'",
    "liquidity_score": "INTEGER DEFAULT 50",
    "profitable_channels": "INTEGER DEFAULT 0",
    "underwater_channels": "INTEGER DEFAULT 0",
    "revenue_trend": "TEXT DEFAULT 'stable'",
    "health_updated_at": "INTEGER DEFAULT 0",
}
"""The columns of `hive_members` that the fleet plan names, as it declares them."""

_TABLES = """
CREATE TABLE trimtab_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trimtab_kept (
    name TEXT PRIMARY KEY, at INTEGER NOT NULL, generation INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE trimtab_members (
    member_id TEXT NOT NULL, source TEXT NOT NULL, alias TEXT, banned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, source)
) WITHOUT ROWID;
CREATE TABLE trimtab_reports (
    member_id TEXT PRIMARY KEY, at INTEGER NOT NULL, generation INTEGER NOT NULL,
    report TEXT NOT NULL, gossip TEXT
) WITHOUT ROWID;
CREATE TABLE trimtab_buckets (member_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE trimtab_graph (
    node_id TEXT PRIMARY KEY, at INTEGER NOT NULL, generation INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE trimtab_events (
    list TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (list, position)
) WITHOUT ROWID;
CREATE INDEX trimtab_events_by_age ON trimtab_events (list, at);
CREATE TABLE trimtab_history (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX trimtab_history_by_subject ON trimtab_history (what, subject, number);
CREATE INDEX trimtab_history_by_age ON trimtab_history (at);
"""

_LOG_TABLES = """
CREATE TABLE trimtab_log (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, at INTEGER NOT NULL, line BLOB NOT NULL
);
CREATE INDEX trimtab_log_by_file ON trimtab_log (file, at);
"""
"""Since version 2: the decision log, compressed; `file` is the number of a part's first line."""


class StoreError(Exception):
    """The store could not do what was asked; nothing of it was done."""


class ForeignFileError(StoreError):
    """The file is damaged, or not ours; it was left as it is."""


class StoreBusyError(StoreError):
    """Another process holds the store for too long."""


class StoreFullError(StoreError):
    """There is no room left on the disk."""


@dataclass(frozen=True)
class Kept:
    """A document of the store."""

    at: int
    """When it was made."""
    generation: int
    """The change of the store that wrote it."""
    body: Any
    """What it says."""


@dataclass(frozen=True)
class MemberRow:
    """A member of the fleet."""

    member_id: str
    alias: str | None = None
    banned: bool = False


@dataclass(frozen=True)
class Remembered:
    """One entry of the history."""

    at: int
    what: str
    subject: str
    body: Any


class Store:
    """The file, open. Threads may share it; processes may open it side by side."""

    def __init__(self, path: Path | str, *, busy_s: float = 5.0) -> None:
        """Open or create the file at `path`; wait at most `busy_s` for another process."""
        self.path = Path(path)
        self._lock = threading.RLock()
        self._depth = 0
        _check(self.path)
        _create(self.path)
        try:
            self._db = sqlite3.connect(
                self.path, timeout=busy_s, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Store:
        """Keep it open for a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._db.close()

    # --- opening ---

    def _prepare(self) -> None:
        current = self._is_current()
        tables = self._tables()
        if not current and "hive_members" in tables and "trimtab_meta" not in tables:
            self._back_up()
        with self._translated():
            self._db.execute("PRAGMA journal_mode = WAL")
            # In this mode a crash of the program loses nothing; a power cut may lose the last
            # moments, and those are asked for again.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA journal_size_limit = 8388608")
        if not current:
            with self._lock, self._translated():
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    self._migrate()
                    self._db.execute("COMMIT")
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise

    def _is_current(self) -> bool:
        if "trimtab_meta" not in self._tables():
            return False
        present = self._columns("hive_members")
        return self._meta("schema") == str(SCHEMA) and set(PLAN_COLUMNS) <= present

    def _migrate(self) -> None:
        """Make what is missing; run any number of times, it ends in the same place."""
        tables = self._tables()
        if "trimtab_meta" not in tables:
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._set_meta("generation", "0")
        if "trimtab_log" not in tables:
            for statement in _LOG_TABLES.split(";"):
                self._db.execute(statement)
        if "hive_members" not in tables:
            self._db.execute(
                "CREATE TABLE hive_members (peer_id TEXT PRIMARY KEY, alias TEXT) WITHOUT ROWID"
            )
            self._set_meta("hive_members", "ours")
        for name in sorted(set(PLAN_COLUMNS) - self._columns("hive_members")):
            self._db.execute(f"ALTER TABLE hive_members ADD COLUMN {name} {PLAN_COLUMNS[name]}")
        self._set_meta("schema", str(SCHEMA))

    def _back_up(self) -> None:
        """A whole copy beside the file, before its first change."""
        copy = self.path.with_name(self.path.name + ".before-trimtab")
        if copy.exists():
            return
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        _create(draft)
        with self._translated(), contextlib.closing(sqlite3.connect(draft)) as target:
            self._db.backup(target)
        os.replace(draft, copy)

    def _tables(self) -> set[str]:
        rows = self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row[0] for row in rows}

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._rows(f"PRAGMA table_info({table})")}

    def _meta(self, name: str) -> str | None:
        row = self._row("SELECT value FROM trimtab_meta WHERE name = ?", name)
        return None if row is None else str(row[0])

    def _set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO trimtab_meta VALUES (?, ?)", (name, value))

    # --- transactions ---

    @contextlib.contextmanager
    def change(self) -> Iterator[int]:
        """All that is done inside happens together, or not at all; gives the change's number."""
        with self._lock, self._translated():
            if self._depth:
                yield self.generation()
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                generation = self.generation() + 1
                self._set_meta("generation", str(generation))
                yield generation
                self._db.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def generation(self) -> int:
        """How many changes there were; it tells whether what was read is still the newest."""
        return int(self._meta("generation") or 0)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _translated(self.path, error) from error

    def _rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock, self._translated():
            return self._db.execute(statement, values).fetchall()

    def _row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    # --- documents ---

    def keep(self, name: str, body: Any, *, at: int) -> None:
        """Keep a document under its name, in place of the one before."""
        with self.change() as generation:
            self._db.execute(
                "INSERT OR REPLACE INTO trimtab_kept VALUES (?, ?, ?, ?)",
                (name, at, generation, _text(body)),
            )

    def kept(self, name: str) -> Kept | None:
        """The document of this name."""
        row = self._row("SELECT at, generation, body FROM trimtab_kept WHERE name = ?", name)
        return None if row is None else Kept(row[0], row[1], json.loads(row[2]))

    def kept_generation(self, name: str) -> int:
        """Which change wrote the document; 0 where there is none."""
        row = self._row("SELECT generation FROM trimtab_kept WHERE name = ?", name)
        return 0 if row is None else int(row[0])

    def kept_names(self, prefix: str) -> list[str]:
        """Names of the documents that begin with `prefix`, in order."""
        rows = self._rows(
            "SELECT name FROM trimtab_kept WHERE substr(name, 1, ?) = ? ORDER BY name",
            len(prefix),
            prefix,
        )
        return [row[0] for row in rows]

    def forget(self, name: str) -> None:
        """Remove the document of this name."""
        with self.change():
            self._db.execute("DELETE FROM trimtab_kept WHERE name = ?", (name,))

    # --- the lease ---

    def lease(self, name: str, holder: str, *, now: int, lasts_s: int) -> bool:
        """Take or renew the lease; whether `holder` has it afterwards."""
        mine = self.kept(f"lease:{name}")
        left = mine.body["until"] - now if mine and mine.body["holder"] == holder else 0
        if lasts_s / 2 < left <= lasts_s:  # Renewed in time is enough; each renewal is a write.
            return True
        with self.change():
            held = self.kept(f"lease:{name}")
            if held is not None and held.body["holder"] != holder:
                left = held.body["until"] - now
                # A clock that ran back would leave the lease of a dead process for ages.
                if 0 < left <= lasts_s and _lives(held.body["pid"]):
                    return False
            self.keep(
                f"lease:{name}",
                {"holder": holder, "pid": os.getpid(), "until": now + lasts_s},
                at=now,
            )
            return True

    def release(self, name: str, holder: str) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        with self.change():
            held = self.kept(f"lease:{name}")
            if held is not None and held.body["holder"] == holder:
                self.forget(f"lease:{name}")

    # --- members ---

    def set_members(self, source: str, members: Iterable[MemberRow]) -> None:
        """Replace the members that `source` names; those of other sources stay."""
        with self.change() as generation:
            self._db.execute("DELETE FROM trimtab_members WHERE source = ?", (source,))
            for member in members:
                self._db.execute(
                    "INSERT OR REPLACE INTO trimtab_members VALUES (?, ?, ?, ?)",
                    (member.member_id, source, member.alias, int(member.banned)),
                )
            self._set_meta("members_generation", str(generation))

    def members_of(self, source: str) -> list[MemberRow]:
        """The members that one source names, by id."""
        rows = self._rows(
            "SELECT member_id, alias, banned FROM trimtab_members WHERE source = ?"
            " ORDER BY member_id",
            source,
        )
        return [MemberRow(row[0], row[1], bool(row[2])) for row in rows]

    def members(self) -> list[MemberRow]:
        """The members of all sources, by id; banned where any source says so."""
        rows = self._rows(
            "SELECT member_id, max(alias), max(banned) FROM trimtab_members"
            " GROUP BY member_id ORDER BY member_id"
        )
        return [MemberRow(row[0], row[1], bool(row[2])) for row in rows]

    def members_generation(self) -> int:
        """Which change last replaced members."""
        return int(self._meta("members_generation") or 0)

    # --- reports and what is kept of messages ---

    def set_report(
        self,
        member_id: str,
        report: Mapping[str, Any],
        gossip: Mapping[str, Any] | None,
        *,
        at: int,
    ) -> None:
        """Keep what a member reported, and what its next message is held against."""
        with self.change() as generation:
            self._db.execute(
                "INSERT OR REPLACE INTO trimtab_reports VALUES (?, ?, ?, ?, ?)",
                (
                    member_id,
                    at,
                    generation,
                    _text(report),
                    None if gossip is None else _text(gossip),
                ),
            )

    def reports(self, after: int = -1) -> list[tuple[str, int, dict[str, Any]]]:
        """Reports that a later change than `after` wrote: member, change, report."""
        rows = self._rows(
            "SELECT member_id, generation, report FROM trimtab_reports WHERE generation > ?"
            " ORDER BY member_id",
            after,
        )
        return [(row[0], row[1], json.loads(row[2])) for row in rows]

    def report(self, member_id: str) -> Kept | None:
        """The report of one member."""
        row = self._row(
            "SELECT at, generation, report FROM trimtab_reports WHERE member_id = ?", member_id
        )
        return None if row is None else Kept(row[0], row[1], json.loads(row[2]))

    def gossip(self, member_id: str) -> dict[str, Any] | None:
        """What the next message of a member is held against."""
        row = self._row("SELECT gossip FROM trimtab_reports WHERE member_id = ?", member_id)
        if row is None or row[0] is None:
            return None
        kept: dict[str, Any] = json.loads(row[0])
        return kept

    def bucket(self, member_id: str) -> dict[str, Any] | None:
        """What a sender may still send."""
        row = self._row("SELECT body FROM trimtab_buckets WHERE member_id = ?", member_id)
        if row is None:
            return None
        kept: dict[str, Any] = json.loads(row[0])
        return kept

    def set_bucket(self, member_id: str, body: Mapping[str, Any]) -> None:
        """Keep what a sender may still send."""
        with self.change():
            self._db.execute(
                "INSERT OR REPLACE INTO trimtab_buckets VALUES (?, ?)", (member_id, _text(body))
            )

    def forget_strangers(self, members: Iterable[str]) -> None:
        """Who left the fleet leaves nothing behind."""
        with self.change():
            self._db.execute("CREATE TEMP TABLE IF NOT EXISTS staying (member_id TEXT)")
            self._db.execute("DELETE FROM staying")
            self._db.executemany("INSERT INTO staying VALUES (?)", [(one,) for one in members])
            for table in ("trimtab_reports", "trimtab_buckets"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE member_id NOT IN (SELECT member_id FROM staying)"
                )

    def set_plan_columns(
        self, member_id: str, alias: str | None, columns: Mapping[str, Any]
    ) -> None:
        """Write a member's health where the fleet plan looks for it."""
        wanted = {name: columns[name] for name in PLAN_COLUMNS if name in columns}
        with self.change():
            if self._meta("hive_members") == "ours":
                # Rows of a table that cl-hive made are for cl-hive to add.
                self._db.execute(
                    "INSERT OR IGNORE INTO hive_members (peer_id, alias) VALUES (?, ?)",
                    (member_id, alias),
                )
            names = ", ".join(f"{name} = ?" for name in wanted)
            self._db.execute(
                f"UPDATE hive_members SET {names} WHERE peer_id = ?", (*wanted.values(), member_id)
            )

    # --- the public graph, as far as it was asked for ---

    def set_graph(self, node_id: str, channels: list[Any], *, at: int) -> None:
        """Keep the public channels of a node."""
        with self.change() as generation:
            self._db.execute(
                "INSERT OR REPLACE INTO trimtab_graph VALUES (?, ?, ?, ?)",
                (node_id, at, generation, _text(channels)),
            )

    def graph(self) -> dict[str, Kept]:
        """The public channels of every node that was asked about."""
        rows = self._rows("SELECT node_id, at, generation, body FROM trimtab_graph")
        return {row[0]: Kept(row[1], row[2], json.loads(row[3])) for row in rows}

    def graph_ages(self) -> dict[str, int]:
        """When each node was asked about."""
        return dict(self._rows("SELECT node_id, at FROM trimtab_graph"))

    def forget_graph(self, before: int) -> None:
        """Remove what was asked for before this moment."""
        with self.change():
            self._db.execute("DELETE FROM trimtab_graph WHERE at < ?", (before,))

    # --- lists of the node that are read page by page ---

    def add_events(self, name: str, events: Iterable[tuple[int, int, Any]]) -> None:
        """Add entries of a list: position, time, entry."""
        with self.change():
            self._db.executemany(
                "INSERT OR REPLACE INTO trimtab_events VALUES (?, ?, ?, ?)",
                [(name, position, at, _text(body)) for position, at, body in events],
            )

    def events(self, name: str) -> list[Any]:
        """The kept entries of a list, in their order."""
        rows = self._rows("SELECT body FROM trimtab_events WHERE list = ? ORDER BY position", name)
        return [json.loads(row[0]) for row in rows]

    def events_text(self, name: str) -> str:
        """The kept entries of a list as one JSON array; large lists never become objects here."""
        rows = self._rows("SELECT body FROM trimtab_events WHERE list = ? ORDER BY position", name)
        return "[" + ",".join(row[0] for row in rows) + "]"

    def oldest_event(self, name: str) -> int | None:
        """When the oldest kept entry of a list was."""
        row = self._row("SELECT min(at) FROM trimtab_events WHERE list = ?", name)
        return None if row is None or row[0] is None else int(row[0])

    def event_count(self, name: str) -> int:
        """How many entries of a list are kept."""
        row = self._row("SELECT count(*) FROM trimtab_events WHERE list = ?", name)
        return 0 if row is None else int(row[0])

    def forget_events(self, name: str, *, before: int | None = None) -> None:
        """Remove the entries of a list from before a moment; all of them without one."""
        with self.change():
            if before is None:
                self._db.execute("DELETE FROM trimtab_events WHERE list = ?", (name,))
            else:
                self._db.execute(
                    "DELETE FROM trimtab_events WHERE list = ? AND at < ?", (name, before)
                )

    # --- history ---

    def remember(self, what: str, subject: str, body: Any, *, at: int) -> None:
        """Add an entry to the history."""
        with self.change():
            self._db.execute(
                "INSERT INTO trimtab_history (at, what, subject, body) VALUES (?, ?, ?, ?)",
                (at, what, subject, _text(body)),
            )

    def history(
        self, what: str, subject: str | None = None, *, most: int = 100
    ) -> list[Remembered]:
        """The newest entries of a kind, newest first."""
        if subject is None:
            rows = self._rows(
                "SELECT at, what, subject, body FROM trimtab_history WHERE what = ?"
                " ORDER BY number DESC LIMIT ?",
                what,
                most,
            )
        else:
            rows = self._rows(
                "SELECT at, what, subject, body FROM trimtab_history WHERE what = ?"
                " AND subject = ? ORDER BY number DESC LIMIT ?",
                what,
                subject,
                most,
            )
        return [Remembered(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def history_sizes(self) -> dict[str, int]:
        """How many entries there are of each kind."""
        return dict(self._rows("SELECT what, count(*) FROM trimtab_history GROUP BY what"))

    # --- the decision log ---

    def log_chain(self) -> dict[str, Any] | None:
        """What the next line must name."""
        kept = self._meta("log")
        return None if kept is None else dict(json.loads(kept))

    def add_log(self, lines: Iterable[tuple[int, int, int, bytes]], chain: dict[str, Any]) -> None:
        """Add lines: number, part, time, the compressed text; and what the next one must name."""
        with self.change():
            self._db.executemany("INSERT INTO trimtab_log VALUES (?, ?, ?, ?)", lines)
            self._set_meta("log", _text(chain))

    def log_size(self) -> tuple[int, int, int | None]:
        """How many lines there are, how long they are, and when the oldest was written."""
        row = self._row("SELECT count(*), total(length(line)), min(at) FROM trimtab_log")
        return (int(row[0]), int(row[1]), row[2]) if row else (0, 0, None)

    def forget_log(self, *, before: int = 0, most_bytes: int | None = None) -> None:
        """Remove whole parts, oldest first, but the newest: what is too old, what is too much."""
        parts = self._rows(
            "SELECT file, max(at), total(length(line)) FROM trimtab_log GROUP BY file ORDER BY file"
        )
        length = sum(part[2] for part in parts)
        with self.change():
            for file, newest, size in parts[:-1]:
                if newest >= before and (most_bytes is None or length <= most_bytes):
                    break
                self._db.execute("DELETE FROM trimtab_log WHERE file = ?", (file,))
                length -= size

    def forget_history(self, *, before: int, most: int) -> None:
        """Remove what is older than a moment, and of the rest all but the newest `most`."""
        with self.change():
            self._db.execute("DELETE FROM trimtab_history WHERE at < ?", (before,))
            self._db.execute(
                "DELETE FROM trimtab_history WHERE number <="
                " (SELECT coalesce(max(number), 0) FROM trimtab_history) - ?",
                (most,),
            )


def _check(path: Path) -> None:
    """Refuse a file that is not ours, before anything is written to it."""
    if path.is_dir():
        raise ForeignFileError(f"{path} is a folder, not a file for the store")
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        head = file.read(16)
    if head != b"SQLite format 3\x00":
        raise ForeignFileError(f"{path} is no SQLite file; it was left as it is")
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        ) as db:
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
            schema = None
            if "trimtab_meta" in tables:
                row = db.execute("SELECT value FROM trimtab_meta WHERE name = 'schema'").fetchone()
                schema = int(row[0]) if row else None
            members = {row[1] for row in db.execute("PRAGMA table_info(hive_members)")}
    except sqlite3.OperationalError as error:
        raise _translated(path, error) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise ForeignFileError(f"{path} is damaged ({error}); it was left as it is") from error
    if verdict is None or verdict[0] != "ok":
        raise ForeignFileError(f"{path} is damaged ({verdict}); it was left as it is")
    if schema is not None and schema > SCHEMA:
        raise ForeignFileError(
            f"{path} was written by a newer trimtab (tables of version {schema}, this one knows"
            f" {SCHEMA}); it was left as it is"
        )
    if tables and schema is None and "peer_id" not in members:
        raise ForeignFileError(
            f"{path} belongs to another program (no table hive_members); it was left as it is"
        )


def _create(path: Path) -> None:
    """The file, readable by its owner only from its first byte on."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _translated(path: Path, error: sqlite3.DatabaseError) -> StoreError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreBusyError(f"{path} is held by another process ({text})")
    if "full" in text or "disk I/O" in text:
        return StoreFullError(f"{path}: {text}")
    if "malformed" in text or "not a database" in text:
        return ForeignFileError(f"{path} is damaged ({text})")
    return StoreError(f"{path}: {text}")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # It lives, under another user.
        return True
    return True


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
