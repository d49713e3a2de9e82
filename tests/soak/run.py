"""Runs every property test with many cases and writes what happened to `docs/soak.json`.

`python run.py 100000`
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed", re.MULTILINE)
# Without link-time optimisation: built in a minute, nearly as fast.
TESTS = ["test", "--locked", "--profile", "world", "--package", "trimtab-core", "--lib", "--tests"]


def told(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True).stdout


def main() -> int:
    """Run, write and return the exit code."""
    cases = int(sys.argv[1])
    cargo = os.environ.get("CARGO", "cargo")
    # The commit first: what is written below changes the tree.
    commit = told("git", "rev-parse", "HEAD").strip()
    changed = bool(told("git", "status", "--porcelain").strip())
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
    told_all = {
        "cases_per_property": cases,
        "commit": commit,
        "failed": sum(failed for _, failed in counts),
        "passed": sum(passed for passed, _ in counts),
        "seconds": round(time.monotonic() - begin),
        "tree_changed_since_commit": changed,
    }
    (ROOT / "docs" / "soak.json").write_text(json.dumps(told_all, indent=2) + "\n")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
