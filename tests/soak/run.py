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


# Random states of a hub and kills of its monitor, in the package for JavaScript as it is built.
HUB = {
    "states": ("TRIMTAB_STATES", "random states of the runtime", "xln.adapter.test.mjs"),
    "kills": ("TRIMTAB_KILLS", "killed between request and answer", "xln.monitor.test.mjs"),
}


def hub(rounds: dict[str, int]) -> dict[str, int]:
    """Run the hub's long tests; tell how many rounds were run and how many tests failed."""
    failed = 0
    begin = time.monotonic()
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
        "hub": hub({"states": cases, "kills": 100}),
        "passed": sum(passed for passed, _ in counts),
        "seconds": round(time.monotonic() - begin),
        "tree_changed_since_commit": changed,
    }
    (ROOT / "docs" / "soak.json").write_text(json.dumps(told_all, indent=2) + "\n")
    return run.returncode or told_all["hub"]["failed"]


if __name__ == "__main__":
    sys.exit(main())
