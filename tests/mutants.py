"""Asks core's tests, and of what they let pass the vectors, about a sample of small changes.

`python mutants.py 0/11` takes every eleventh change. A change of core is compiled with its unit
tests first, which are enough for most; only what survives them is compiled again with all else
that judges core. Tells the share that was noticed, and fails below 92 %. What is changed, and
which changes nothing can notice, stands in `.cargo/mutants.toml`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "target"
MUTANTS = ["cargo", "mutants", "--package", "trimtab-core"]
DUE = 0.92
CASES = "32"
UNIT_TESTS = ["--lib"]
OTHER_TESTS = [
    *("--test", "constants"),
    *("--test", "deployed_defects"),
    *("--test", "node_laws"),
    *("--test", "odd_states"),
    *("--test", "recorded_fleet"),
    *("--test", "recorded_rebalance"),
    *("--test", "vectors"),
]


def ask(tests: list[str], packages: str, *choice: str) -> dict[str, list[str]]:
    """Let `cargo mutants` try the chosen changes; return their names by what became of them."""
    command = [*MUTANTS, "--test-package", packages, "--no-default-features"]
    # Its own first run would ask core without vectors: `make rust-tests` says that all is green.
    command += ["--profile", "mutants", "--jobs", "1", "--baseline", "skip", "--timeout", "120"]
    command += ["--output", str(OUT), *choice]
    command += [f"--cargo-arg={argument}" for argument in ["--locked", *tests]]
    surroundings = {**os.environ, "TRIMTAB_CASES": CASES}
    done = subprocess.run(command, cwd=ROOT, env=surroundings, check=False)
    # 2: some were missed; 3: some took too long.
    if done.returncode not in {0, 2, 3}:
        sys.exit(done.returncode)
    told = json.loads((OUT / "mutants.out" / "outcomes.json").read_text())
    found: dict[str, list[str]] = {}
    for outcome in told["outcomes"]:
        name = outcome["scenario"]["Mutant"]["name"]
        found.setdefault(outcome["summary"], []).append(name)
    return found


def ask_again(survivors: list[str]) -> dict[str, list[str]]:
    """Let all other tests judge what the unit tests let pass."""
    # A choice by name lets too much pass (27.1.0); what was caught before is never tried again.
    command = [*MUTANTS, "--list"]
    listed = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True).stdout
    others = [name for name in listed.splitlines() if name not in survivors]
    known = OUT / "mutants.out" / "previously_caught.txt"
    known.write_text("".join(f"{name}\n" for name in others))
    return ask(OTHER_TESTS, "trimtab-core,trimtab-tests", "--iterate")


def main() -> None:
    """Try a sample; say what nobody noticed."""
    (shard,) = sys.argv[1:]
    first = ask(UNIT_TESTS, "trimtab-core", "--sharding", "round-robin", "--shard", shard)
    survivors = first.get("MissedMutant", [])
    noticed = sum(len(first.get(kind, [])) for kind in ("CaughtMutant", "Timeout"))
    if survivors:
        due = noticed + len(survivors)
        survivors = ask_again(survivors).get("MissedMutant", [])
        noticed = due - len(survivors)
    share = noticed / max(noticed + len(survivors), 1)
    print("".join(f"not noticed: {name}\n" for name in survivors), end="")
    print(f"{noticed} of {noticed + len(survivors)} changes that compile were noticed: {share:.1%}")
    if share < DUE:
        sys.exit(1)


if __name__ == "__main__":
    main()
