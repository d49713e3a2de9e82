"""Runs what takes too long for `make test`, and writes what happened to `docs/soak.json`.

`python run.py` runs all of it, `python run.py --suite node` one suite; what the file says of the
others stays. Every suite tells the commit it ran on.

- `core`: every property test of the core, with many cases.
- `node`: the faults around a node: a plugin that is killed at random moments, and malformed
  messages of a member.
- `hub`: the package for JavaScript as it is built: random states of a hub, and its monitor killed
  between request and answer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[2]
TOLD = ROOT / "docs" / "soak.json"
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed", re.MULTILINE)
# Without link-time optimisation: built in a minute, nearly as fast.
TESTS = ["test", "--locked", "--profile", "world", "--package", "trimtab-core", "--lib", "--tests"]


def told(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True).stdout


def core(cases: int) -> dict[str, Any]:
    """Run the property tests."""
    cargo = os.environ.get("CARGO", "cargo")
    subprocess.run([cargo, *TESTS, "--no-run"], cwd=ROOT, check=True)
    begin = time.monotonic()
    run = subprocess.run(
        [cargo, *TESTS, "--no-fail-fast"],
        cwd=ROOT,
        env={**os.environ, "TRIMTAB_CASES": str(cases)},
        text=True,
        stdout=subprocess.PIPE,
        check=False,
    )
    print(run.stdout)
    counts = [(int(passed), int(failed)) for passed, failed in RESULT.findall(run.stdout)]
    return {
        "cases_per_property": cases,
        "failed": sum(failed for _, failed in counts) or run.returncode,
        "passed": sum(passed for passed, _ in counts),
        "seconds": round(time.monotonic() - begin),
    }


def node(kills: int, messages: int) -> dict[str, Any]:
    """Run the faults around a node, against the installed wheel."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "--quiet",
                "--import-mode=importlib",
                "--rootdir",
                str(ROOT / "python"),
                f"--junit-xml={report}",
                str(ROOT / "python" / "tests" / "cln" / "test_faults.py"),
            ],
            # Not in `python/`: its sources would stand before the wheel.
            cwd=place,
            env={
                **os.environ,
                "TRIMTAB_SOAK_KILLS": str(kills),
                "TRIMTAB_SOAK_MESSAGES": str(messages),
            },
            check=False,
        )
        suite = ET.parse(report).getroot().find("testsuite") if report.exists() else None
    counts = {} if suite is None else suite.attrib
    failed = int(counts.get("failures", 0)) + int(counts.get("errors", 0))
    skipped = int(counts.get("skipped", 0))
    return {
        "failed": failed or run.returncode,
        "kills": kills,
        "malformed_messages": messages,
        "passed": int(counts.get("tests", 0)) - failed - skipped,
        "seconds": round(time.monotonic() - begin),
        "skipped": skipped,
    }


# Which variable says how many, which test runs them, in which file.
HUB = {
    "kills": ("TRIMTAB_KILLS", "killed between request and answer", "xln.monitor.test.mjs"),
    "states": ("TRIMTAB_STATES", "random states of the runtime", "xln.adapter.test.mjs"),
}


def hub(rounds: dict[str, int]) -> dict[str, Any]:
    """Run the hub's long tests; how many rounds there were and how many tests failed."""
    begin = time.monotonic()
    failed = 0
    for name, (variable, pattern, file) in HUB.items():
        run = subprocess.run(
            ["node", "--test", f"--test-name-pattern={pattern}", f"pkg/test/{file}"],
            cwd=ROOT,
            env={**os.environ, variable: str(rounds[name])},
            check=False,
        )
        failed += run.returncode != 0
    return {**rounds, "failed": failed, "seconds": round(time.monotonic() - begin)}


def main() -> int:
    """Run, write and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--suite", action="append", choices=("core", "node", "hub"), help="all if absent"
    )
    parser.add_argument("--cases", type=int, default=100_000, help="cases of a property")
    parser.add_argument("--kills", type=int, default=200, help="ends of a plugin by kill -9")
    parser.add_argument("--monitor-kills", type=int, default=100, help="ends of the monitor")
    parser.add_argument("--messages", type=int, default=100_000, help="malformed messages")
    given = parser.parse_args()
    # The commit first: what is written below changes the tree.
    stamp = {
        "commit": told("git", "rev-parse", "HEAD").strip(),
        "tree_changed_since_commit": bool(told("git", "status", "--porcelain").strip()),
    }
    suites = {
        "core": lambda: core(given.cases),
        "node": lambda: node(given.kills, given.messages),
        "hub": lambda: hub({"kills": given.monitor_kills, "states": given.cases}),
    }
    failed = 0
    for name in given.suite or suites:
        outcome = suites[name]()
        # Read only now: another suite may have ended meanwhile.
        kept = json.loads(TOLD.read_text(encoding="utf-8")) if TOLD.exists() else {}
        kept[name] = {**stamp, **outcome}
        failed += outcome["failed"]
        TOLD.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
