"""The image and the workflows pass the linters of their formats."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from common import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def linter(name: str) -> str:
    """The program from the environment of the tests; its wheel is for Linux on x86_64 only."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed on this machine")
    return found


def lint(command: list[str]) -> None:
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_image_passes_hadolint() -> None:
    lint([linter("hadolint"), "Dockerfile"])


def test_the_workflows_pass_actionlint() -> None:
    assert WORKFLOWS
    # Without the linters of shell and Python, which not every machine has.
    lint([linter("actionlint"), "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)])


def test_a_wrong_workflow_is_seen(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ${{ githb.ref }}\n"
    )
    with pytest.raises(AssertionError, match="githb"):
        lint([linter("actionlint"), "-shellcheck=", "-pyflakes=", str(wrong)])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_of_a_workflow_exists(workflow: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )
    known = {name for group in targets for name in group.split()}
    for line in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", workflow.read_text(encoding="utf-8")):
        assert set(line.split()) <= known, f"{workflow.name}: make {line}"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_tag(workflow: Path) -> None:
    for used in re.findall(r"uses: (\S+)", workflow.read_text(encoding="utf-8")):
        if not used.startswith("./"):
            assert re.search(r"@(v\d|release/v\d|[0-9a-f]{40}$)", used), f"{used} is not pinned"


def test_workflows_get_only_the_rights_they_name() -> None:
    for workflow in WORKFLOWS:
        text = workflow.read_text(encoding="utf-8")
        assert re.search(r"^permissions:", text, re.MULTILINE), f"{workflow.name}: every right"
        assert "secrets." not in text, f"{workflow.name}: publishing needs no stored secret"
