"""What the package brings, and what it does without."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import trimtab

ROOT = Path(trimtab.__file__).parent
ROOM = Path(__file__).resolve().parents[2] / "trimtab"


def test_the_programs_are_in_the_wheel() -> None:
    programs = {entry.name: entry.value for entry in distribution("trimtab").entry_points}
    expected = {
        "trimtab-cln": "trimtab.cln.scripts:run_cln",
        "trimtab-doctor": "trimtab.cln.doctor:main",
        "trimtab-hive": "trimtab.cln.scripts:run_hive",
        "trimtab-mcp": "trimtab.cln.mcp_start:main",
        "trimtab-splice-advice": "trimtab.cln.splice_advice:run",
    }
    assert expected.items() <= programs.items()


def test_the_extras_are_named_and_bound_to_their_python() -> None:
    wanted = distribution("trimtab").requires or []
    for extra, package in (("cln", "pyln-client"), ("mcp", "mcp"), ("sandbox", "wasmtime")):
        found = [one for one in wanted if one.startswith(package) and f"'{extra}'" in one]
        assert found, (extra, wanted)
        if extra != "sandbox":
            assert "3.10" in found[0]
    # Without an extra, nothing at all.
    assert all("extra ==" in one for one in wanted)


@pytest.mark.parametrize("module", ["trimtab", "trimtab.cln", "trimtab.cln.scripts"])
def test_importing_it_brings_no_extra_in(module: str) -> None:
    script = (
        f"import {module}, sys; print([one for one in ('pyln', 'mcp', 'wasmtime', 'tomli')"
        " if one in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("file", sorted(ROOM.rglob("*.py")), ids=lambda file: file.stem)
def test_the_oldest_python_reads_every_file(file: Path) -> None:
    ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
