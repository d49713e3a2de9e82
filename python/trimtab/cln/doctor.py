"""`trimtab-doctor`: which parts of a node's fleet intelligence work, and which do not, and why.

    trimtab-doctor --hive-db cl_hive.db --revenue-db revenue_ops.db
    trimtab-doctor --rpc ~/.lightning/bitcoin/lightning-rpc
    trimtab-doctor --dir ~/.lightning
    trimtab-doctor --store trimtab.sqlite3 --export-log decisions.jsonl

It only reads: files are opened read-only, and a node is asked nothing that changes it. The one file
that it writes is the decision log that it was asked to export. The exit
code is 0 where all is well, 1 where something was found, 2 where nothing could be examined.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab.cln import doctor_parts
from trimtab.cln.coordinator import Coordinator
from trimtab.cln.decisions import read_lines
from trimtab.cln.doctor_evidence import (
    CannotExamineError,
    Evidence,
    of_database,
    of_folder,
    of_node,
)
from trimtab.cln.node import NodeError, socket_transport
from trimtab.cln.replies import Refusal
from trimtab.cln.store import Store, StoreError
from trimtab.extras import lacking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trimtab.cln.node import Transport

__all__ = ["examine", "export_log", "main", "table"]


def examine(
    *,
    hive_db: Path | None = None,
    revenue_db: Path | None = None,
    rpc: Path | None = None,
    folder: Path | None = None,
    node_id: str | None = None,
    policy: trimtab.Policy | None = None,
    now: int | None = None,
) -> dict[str, Any]:
    """Everything the doctor has to say, as one document."""
    policy = policy or trimtab.Policy()
    now = int(time.time()) if now is None else now
    evidence = Evidence(our_id=node_id)
    # Sources first: they are exact, and what tables and commands hint at does not replace them.
    for place, kind in of_folder(evidence, folder) if folder is not None else []:
        if kind == "cl-hive":
            hive_db = hive_db or place
        elif kind == "cl-revenue-ops":
            revenue_db = revenue_db or place
        else:
            rpc = rpc or place
    if hive_db is not None:
        of_database(evidence, hive_db, "cl-hive")
    if revenue_db is not None:
        of_database(evidence, revenue_db, "cl-revenue-ops")
    if rpc is not None:
        _ask(evidence, rpc, must=folder is None)
    parts = doctor_parts.parts_of(evidence, policy, now)
    seen = _looked(evidence, policy, now)
    differences = doctor_parts.differences_of(evidence, policy, now) + seen.pop("differences", [])
    healthy = all(one["state"] in ("alive", "unknown") for one in parts)
    return {
        "generation": {
            "cl_hive": evidence.cl_hive,
            "revenue_ops": evidence.revenue_ops,
            "told_by": evidence.how,
        },
        "node": evidence.our_id,
        "parts": parts,
        "tier": seen.get("tier") or doctor_parts.tier_of(evidence, policy, now),
        "advice": seen.get("advice"),
        "differences": differences,
        "healthy": healthy and not differences,
        "policy": {"profile": policy.profile, "config": policy.digest},
    }


def _ask(evidence: Evidence, rpc: Path, *, must: bool) -> None:
    try:
        of_node(evidence, _socket(rpc))
    except CannotExamineError as error:
        if must:
            raise
        evidence.silent["getinfo"] = str(error)


def _socket(rpc: Path) -> Transport:
    try:
        return socket_transport(str(rpc))
    except ModuleNotFoundError as error:
        raise CannotExamineError(f"{rpc}: {lacking('cln', error)}") from error


def _looked(evidence: Evidence, policy: trimtab.Policy, now: int) -> dict[str, Any]:
    """What our own policy says of the node, after one look at it that leaves no trace."""
    if evidence.node is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="trimtab-doctor-") as directory:
        store = Store(Path(directory) / "store.sqlite3")
        try:
            coordinator = Coordinator(store, evidence.node, policy=policy, clock=lambda: now)
            coordinator.look()
            health = coordinator.health()
            advice = coordinator.advise()
        except (NodeError, Refusal, trimtab.InputError) as error:
            evidence.silent["look"] = str(error)
            return {}
        finally:
            store.close()
    above = health.get("tier_above")
    outcomes: dict[str, int] = {}
    for one in advice["rebalances"]:
        outcomes[one["outcome"]] = outcomes.get(one["outcome"], 0) + 1
    differences = [
        {
            "what": "class of a channel",
            "subject": one["short_channel_id"] or one["channel_id"],
            "theirs": one["theirs"],
            "ours": one["ours"],
        }
        for one in health.get("other_program", {}).get("disagreements", [])
    ]
    return {
        "tier": {
            "tier": health["tier"],
            "score": health["score"],
            "budget_multiplier": health["budget_multiplier"],
            "tier_above": above,
            "says": [one["says"] for one in health["reasons"]],
        },
        "advice": {
            "rebalances": outcomes,
            "fee_steps": len(advice["fees"]),
            "new_channels": len(advice["new_channels"]),
        },
        "differences": differences,
    }


def export_log(store: Path, to: Path) -> int:
    """Write the decision log in a store to a new file that only its owner reads; how many lines."""
    if not store.is_file():
        raise CannotExamineError(f"{store}: no such file")
    try:
        file = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(file, "wb") as out:
            count = 0
            for line in read_lines(store):
                out.write(line)
                count += 1
    except FileExistsError as error:
        raise CannotExamineError(f"{to} is there already; it was left as it is") from error
    except (OSError, StoreError) as error:
        # Half of a log would verify as a whole one.
        to.unlink(missing_ok=True)
        raise CannotExamineError(str(error)) from error
    return count


def table(found: dict[str, Any]) -> str:
    """The document for people."""
    generation = found["generation"]
    lines = [f"cl-hive: {_NAMES[generation['cl_hive']]}"]
    lines.append(f"cl-revenue-ops: {_NAMES[generation['revenue_ops']]}")
    width = max(len(one["part"]) for one in found["parts"])
    lines.append("")
    for one in found["parts"]:
        lines.append(f"{one['state']:<8}{one['part']:<{width}}  {one['why']}")
    tier = found["tier"]
    if tier:
        lines += ["", f"tier: {tier['tier']}, score {tier['score']}"]
        above = tier.get("tier_above")
        if above:
            lines.append(f"  {above['missing']} points more make it {above['tier']}")
        lines += [f"  {line}" for line in tier.get("says", [])]
    if found["advice"]:
        counted = found["advice"]["rebalances"].items()
        said = ", ".join(f"{count} {outcome}" for outcome, count in counted) or "none"
        lines += ["", f"rebalances that trimtab looked at: {said}"]
    if found["differences"]:
        lines += ["", "trimtab would decide otherwise:"]
        for one in found["differences"]:
            lines.append(
                f"  {one['what']} {one['subject']}: {one['theirs']} there, {one['ours']} here"
            )
    lines += ["", "all is well" if found["healthy"] else "there are findings"]
    return "\n".join(lines)


_NAMES = {
    "A": "generation A (January 2026)",
    "B": "generation B (February 2026)",
    "C": "generation C (July 2026 or later), which has no fleet part",
    "ours": "trimtab-hive stands in for it",
    "none": "not found",
    "unknown": "found, but of no generation that is known here",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(
        prog="trimtab-doctor",
        description="Says which parts of a node's fleet intelligence work, and why the others do"
        " not. Only reads.",
    )
    parser.add_argument("--hive-db", type=Path, metavar="F", help="database of cl-hive")
    parser.add_argument("--revenue-db", type=Path, metavar="F", help="database of cl-revenue-ops")
    parser.add_argument("--rpc", type=Path, metavar="SOCKET", help="lightning-rpc of the node")
    parser.add_argument(
        "--dir", type=Path, metavar="FOLDER", help="folder with plugins, databases or the socket"
    )
    parser.add_argument("--node-id", metavar="ID", help="id of the node, where no socket is given")
    parser.add_argument(
        "--store", type=Path, metavar="F", help="store of trimtab-cln, for --export-log"
    )
    parser.add_argument(
        "--export-log",
        type=Path,
        metavar="FILE",
        help="write the decision log in the store to a new file, for `trimtab replay`",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    if (given.store is None) != (given.export_log is None):
        parser.error("--store and --export-log belong together")
    if given.export_log is not None:
        return _exported(given.store, given.export_log)
    if not (given.hive_db or given.revenue_db or given.rpc or given.dir):
        parser.error("name a database, a socket or a folder")
    try:
        found = examine(
            hive_db=given.hive_db,
            revenue_db=given.revenue_db,
            rpc=given.rpc,
            folder=given.dir,
            node_id=given.node_id,
        )
    except CannotExamineError as error:
        print(f"trimtab-doctor: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, indent=2) if given.json else table(found))
    return 0 if found["healthy"] else 1


def _exported(store: Path, to: Path) -> int:
    try:
        count = export_log(store, to)
    except CannotExamineError as error:
        print(f"trimtab-doctor: {error}", file=sys.stderr)
        return 2
    print(f"{to}: {count} lines; check them with `trimtab log verify {to}`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
