"""What the doctor finds: databases that it only reads, folders, and a node that it only asks."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trimtab.cln import adopt_sources
from trimtab.cln.node import READS, Node, NodeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from trimtab.cln.node import Transport

__all__ = ["ASKED", "CannotExamineError", "Evidence", "of_database", "of_folder", "of_node"]

ASKED = READS | {"hive-liquidity-state", "hive-member-health", "trimtab-status"}
"""Everything that the doctor asks of a node; none of it changes anything."""

_DEEPEST = 4
_MOST_ROWS = 10_000


class CannotExamineError(Exception):
    """What was named can not be examined."""


@dataclass
class Evidence:
    """Everything that was found, before anything is made of it."""

    cl_hive: str = "none"
    """Generation of cl-hive: A, B, none, unknown; `ours` where trimtab-hive stands in for it."""
    revenue_ops: str = "none"
    """Generation of cl-revenue-ops: A, B, C, none, unknown."""
    how: list[str] = field(default_factory=list)
    """What the generations were told by."""
    our_id: str | None = None
    """Id of the node."""
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Rows of cl-hive's tables."""
    columns: dict[str, list[str]] = field(default_factory=dict)
    """Columns of every table, of both databases."""
    commands: dict[str, str] = field(default_factory=dict)
    """Commands of the node and their usages."""
    replies: dict[str, Any] = field(default_factory=dict)
    """What commands of the fleet answered."""
    silent: dict[str, str] = field(default_factory=dict)
    """Commands that gave no answer, and why."""
    node: Node | None = None
    """The node, where there is one to ask."""

    @property
    def has_hive_database(self) -> bool:
        """Whether cl-hive's tables were read."""
        return "hive_members" in self.columns or "member_health" in self.columns


_HIVE_TABLES = ("member_health", "member_liquidity_state", "liquidity_needs", "hive_state")


def of_database(evidence: Evidence, file: Path, program: str) -> None:
    """Add what a database of `cl-hive` or `cl-revenue-ops` says; the file is only read."""
    if not file.is_file():
        raise CannotExamineError(f"{file}: no such file")
    try:
        with contextlib.closing(_opened(file)) as db:
            db.row_factory = sqlite3.Row
            names = [
                row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            columns = {
                name: [row[1] for row in db.execute("SELECT * FROM pragma_table_info(?)", (name,))]
                for name in names
            }
            wanted = [name for name in _HIVE_TABLES if name in columns and program == "cl-hive"]
            rows = {
                name: [
                    dict(row) for row in db.execute(f"SELECT * FROM {name} LIMIT ?", (_MOST_ROWS,))
                ]
                for name in wanted
            }
    except sqlite3.Error as error:
        raise CannotExamineError(f"{file}: {error}") from error
    if program == "cl-hive":
        _told_by_hive_tables(evidence, file, columns)
        evidence.tables.update(rows)
    else:
        _told_by_revenue_tables(evidence, file, columns)
    evidence.columns.update(columns)


def _opened(file: Path) -> sqlite3.Connection:
    # A reader of a database in WAL mode makes files beside it. Where no writer is at work there is
    # nothing beside it to read, and it is opened as a file that nobody changes.
    wal = file.with_name(file.name + "-wal")
    live = wal.exists() and wal.stat().st_size > 0
    mode = "mode=ro" if live else "mode=ro&immutable=1"
    return sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True, timeout=2.0)


def _told_by_hive_tables(evidence: Evidence, file: Path, columns: dict[str, list[str]]) -> None:
    if "hive_members" not in columns:
        raise CannotExamineError(f"{file}: no table hive_members; it is no database of cl-hive")
    told = "unknown"
    if "member_health" in columns:
        told = "B" if "addresses" in columns["hive_members"] else "A"
    _tell(evidence, "cl_hive", told, f"tables of {file.name}")


def _told_by_revenue_tables(evidence: Evidence, file: Path, columns: dict[str, list[str]]) -> None:
    if "channel_states" not in columns:
        raise CannotExamineError(
            f"{file}: no table channel_states; it is no database of cl-revenue-ops"
        )
    # The tables of A and B are alike; C names the version of its own.
    told = "C" if {"schema_version", "spend_events"} & set(columns) else "A"
    if told == "A" and evidence.cl_hive in ("A", "B"):
        told = evidence.cl_hive
    _tell(evidence, "revenue_ops", told, f"tables of {file.name}")


def _tell(evidence: Evidence, program: str, told: str, by: str) -> None:
    if told == "none":
        return
    # Sources are exact, tables and commands only hint.
    if getattr(evidence, program) in ("none", "unknown"):
        setattr(evidence, program, told)
    evidence.how.append(f"{program.replace('_', '-')} {told}: {by}")


def of_folder(evidence: Evidence, folder: Path) -> list[tuple[Path, str]]:
    """Add what the sources in a folder say; the databases and sockets that lie there."""
    if not folder.is_dir():
        raise CannotExamineError(f"{folder}: no such folder")
    found: list[tuple[Path, str]] = []
    for place in sorted(_below(folder, _DEEPEST)):
        if place.is_dir() and place.name == "modules":
            for program, names in (
                ("cl_hive", adopt_sources.CL_HIVE),
                ("revenue_ops", adopt_sources.REVENUE_OPS),
            ):
                told = adopt_sources.generation_of(place, names)
                if program == "revenue_ops" and told == "none" and _is_revenue_ops(place):
                    told = "C"
                _tell(evidence, program, told, f"sources in {place.parent.name}")
        elif place.name in _NAMED:
            found.append((place, _NAMED[place.name]))
    return found


_NAMED = {
    "cl_hive.db": "cl-hive",
    "revenue_ops.db": "cl-revenue-ops",
    "lightning-rpc": "node",
}


def _is_revenue_ops(modules: Path) -> bool:
    return any((modules.parent / name).is_file() for name in ("cl-revenue-ops.py",))


def _below(folder: Path, depth: int) -> Iterable[Path]:
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        yield entry
        if depth > 1 and entry.is_dir() and not entry.is_symlink():
            yield from _below(entry, depth - 1)


def of_node(evidence: Evidence, transport: Transport) -> None:
    """Add what a node answers."""
    node = Node(transport, allowed=ASKED, timeout_s=10.0)
    try:
        evidence.our_id = str(node.call("getinfo")["id"])
        listed = node.call("help").get("help", [])
    except NodeError as error:
        raise CannotExamineError(f"the node does not answer: {error}") from error
    evidence.node = node
    for one in listed:
        name, _, usage = str(one.get("command", "")).partition(" ")
        evidence.commands[name] = usage
    _told_by_commands(evidence)
    for key, method, params in (
        ("health", "hive-member-health", {"member_id": "all", "action": "aggregate"}),
        ("state", "hive-liquidity-state", {"action": "status"}),
        ("needs", "hive-liquidity-state", {"action": "needs"}),
        ("status", "trimtab-status", {}),
    ):
        if method not in evidence.commands:
            continue
        try:
            reply = node.call(method, params)
        except NodeError as error:
            reply = {"error": str(error)}
        if "error" in reply:
            evidence.silent[method] = str(reply["error"])
        else:
            evidence.replies[key] = reply


def _told_by_commands(evidence: Evidence) -> None:
    names = set(evidence.commands)
    hive = {"hive-member-health", "hive-liquidity-state", "hive-splice-check"} & names
    if hive:
        # Only ours has this one; only B and ours have the other.
        told = "A"
        if "hive-splice-headroom" in names:
            told = "ours"
        elif "hive-update-rebalancing-activity" in names:
            told = "B"
        _tell(evidence, "cl_hive", told, "commands of the node")
    if "revenue-status" in names:
        told = evidence.cl_hive if evidence.cl_hive in ("A", "B") else "C"
        _tell(evidence, "revenue_ops", told, "commands of the node")
