"""The proofs of the packages fail where one is wrong, and the stories are typed as written."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import first_minutes
import prove
import pytest
from common import PackageError, version

if TYPE_CHECKING:
    from pathlib import Path

STATED = f"""\
Metadata-Version: 2.4
Name: trimtab
Version: {version()}
Summary: s
License-Expression: MIT
Requires-Python: >=3.9
Author: a

import trimtab
"""
MODULE = b"a module"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that all packages should carry, and a place for what they answered."""
    (tmp_path / "trimtab.wasm").write_bytes(MODULE)
    monkeypatch.setattr(prove, "MODULE", tmp_path / "trimtab.wasm")
    monkeypatch.setattr(prove, "ANSWERS", tmp_path / "answers")
    return tmp_path


def wheel(
    folder: Path, *, tag: str = "cp39-abi3", leave_out: str = "", module: bytes = MODULE
) -> Path:
    """A wheel with all that is asked for, but for one thing."""
    info = f"trimtab-{version()}.dist-info/"
    files = {
        f"{info}METADATA": STATED,
        f"{info}licenses/LICENSE-MIT": "",
        f"{info}licenses/LICENSE-APACHE": "",
        "trimtab/py.typed": "",
        "trimtab/module/trimtab.wasm": module,
    }
    path = folder / f"trimtab-{version()}-{tag}-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            if not leave_out or not name.endswith(leave_out):
                archive.writestr(name, content)
    return path


def test_a_whole_wheel_passes(built: Path) -> None:
    prove.wheel_inside(wheel(built))


@pytest.mark.parametrize("name", ["LICENSE-MIT", "LICENSE-APACHE", "py.typed"])
def test_a_wheel_without_a_file_that_it_owes_is_refused(built: Path, name: str) -> None:
    with pytest.raises(PackageError, match=name):
        prove.wheel_inside(wheel(built, leave_out=name))


def test_a_wheel_with_another_module_is_refused(built: Path) -> None:
    with pytest.raises(PackageError, match="another module"):
        prove.wheel_inside(wheel(built, module=b"another"))


def test_a_wheel_for_one_python_alone_is_refused(built: Path) -> None:
    with pytest.raises(PackageError, match="every Python"):
        prove.wheel_inside(wheel(built, tag="cp311-cp311"))


def test_a_crate_that_needs_a_folder_is_refused(built: Path) -> None:
    package = {"description": "d", "license": "l", "rust-version": "1", "readme": "r"}
    described = {"package": {**package, "authors": ["a"]}, "dependencies": {"a": {"version": "1"}}}
    prove.crate_inside(built, described)
    described["dependencies"] = {"a": {"path": "../a", "version": "1"}}
    with pytest.raises(PackageError, match="has a path"):
        prove.crate_inside(built, described)


def test_a_package_without_its_page_is_refused(built: Path) -> None:
    prove.holds(built, ["a/README.md", "a/LICENSE-APACHE", "a/LICENSE-MIT"], "a/")
    with pytest.raises(PackageError, match=r"README\.md"):
        prove.holds(built, ["a/LICENSE-APACHE", "a/LICENSE-MIT"], "a/")


def test_artefacts_that_answer_differently_are_seen(built: Path) -> None:
    with pytest.raises(PackageError, match="no artefact"):
        prove.same()
    prove.keep("one", {"module": prove.digest(), "answer": "{}"})
    prove.keep("two", {"module": prove.digest(), "answer": "{}"})
    prove.same()
    prove.keep("two", {"module": prove.digest(), "answer": '{"a":1}'})
    with pytest.raises(PackageError, match="2 different answers"):
        prove.same()
    prove.keep("two", {"module": "0" * 64, "answer": "{}"})
    with pytest.raises(PackageError, match="two names the module 000"):
        prove.same()
    assert json.loads((built / "answers/one.json").read_text())["answer"] == "{}"


def test_a_story_is_cut_where_a_person_ends_a_command() -> None:
    script = "# who\n\necho a\ncat >b <<'END'\none\n\ntwo\nEND\nfor a in b; do\n  echo $a\ndone\n"
    assert first_minutes.commands(script) == [
        "echo a",
        "cat >b <<'END'\none\n\ntwo\nEND",
        "for a in b; do\n  echo $a\ndone",
    ]
    with pytest.raises(PackageError, match="has no end"):
        first_minutes.commands("cat <<'END'\nnever\n")


def test_a_transcript_leaves_out_what_differs_between_runs(tmp_path: Path) -> None:
    home = tmp_path / "work"
    printed = f"in {home}/a: took 1.25s\nmodule {'0a' * 32}\nscore 0.4499999999999999\n"
    wanted = "in ~/a: took … s\nmodule …\nscore 0.4499999999999999\n"
    assert first_minutes.plain(printed, tmp_path) == wanted


@pytest.mark.parametrize("story", sorted(first_minutes.STORIES.glob("*.sh")), ids=lambda p: p.stem)
def test_a_story_is_typed_in_a_minute(story: Path) -> None:
    typed = first_minutes.commands(story.read_text(encoding="utf-8"))
    assert first_minutes.characters(typed) <= first_minutes.CHARACTERS


@pytest.mark.parametrize("kept", sorted(first_minutes.STORIES.glob("*.txt")), ids=lambda p: p.stem)
def test_a_transcript_shows_the_commands_of_its_story(kept: Path) -> None:
    script = kept.with_suffix(".sh").read_text(encoding="utf-8")
    text = kept.read_text(encoding="utf-8")
    for command in first_minutes.commands(script):
        shown = "\n".join(f"> {line}".rstrip() for line in command.splitlines())
        assert f"${shown[1:]}" in text, f"{kept.name} does not show {command}"


def test_a_package_that_names_a_folder_of_this_machine_is_refused(built: Path) -> None:
    package = built / "a.whl"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("a", "from /registry/a.rs")
    prove.names_no_folder(package)
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("a", f"from {prove.ROOT}/core/a.rs")
    with pytest.raises(PackageError, match="a names the folder"):
        prove.names_no_folder(package)
