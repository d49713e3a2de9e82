"""A version that is stated in several places is the same in all of them.

The sources are: `Cargo.toml` for the version of trimtab and the oldest Rust,
`python/pyproject.toml` for the oldest Python, `common.py` for the newest, `pkg/package.json` for
the oldest Node.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from common import PYTHONS, ROOT, version

if TYPE_CHECKING:
    from pathlib import Path


def read(path: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def stated(path: str, pattern: str) -> list[str]:
    """Every place of a file that states the value; there must be one at least."""
    found = re.findall(pattern, read(path), re.MULTILINE)
    assert found, f"{path} states nothing of the form {pattern}"
    return found


def oldest_rust() -> str:
    return stated("Cargo.toml", r'^rust-version = "([^"]+)"')[0]


def oldest_node() -> str:
    return json.loads(read("pkg/package.json"))["engines"]["node"].removeprefix(">=")


def test_one_version_for_every_package() -> None:
    wanted = version()
    assert json.loads(read("pkg/package.json"))["version"] == wanted
    lock = json.loads(read("pkg/package-lock.json"))
    assert (lock["version"], lock["packages"][""]["version"]) == (wanted, wanted)
    inner = stated("Cargo.toml", r'^trimtab-\w+ = \{ path = "[^"]+", version = "([^"]+)"')
    assert set(inner) == {wanted}
    locked = stated("Cargo.lock", r'^name = "trimtab-[a-z]+"\nversion = "([^"]+)"')
    assert set(locked) == {wanted}
    assert 'dynamic = ["version"]' in read("python/pyproject.toml")


@pytest.mark.parametrize("manifest", sorted(ROOT.glob("*/Cargo.toml")), ids=lambda p: p.parent.name)
def test_every_crate_takes_version_and_rust_from_the_workspace(manifest: Path) -> None:
    text = manifest.read_text(encoding="utf-8")
    if "[workspace]" in text:
        pytest.skip("a workspace of its own")
    for field in ("version", "edition", "rust-version", "license", "authors"):
        assert f"\n{field}.workspace = true\n" in text, f"{manifest} states its own {field}"


def test_the_toolchain_is_the_oldest_rust_that_is_promised() -> None:
    wanted = oldest_rust()
    assert stated("rust-toolchain.toml", r'^channel = "([^"]+)"') == [f"{wanted}.0"]
    assert stated("docs/releasing.md", r"^\| Rust \| ([\d.]+)") == [wanted]


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = stated("python/pyproject.toml", r'^requires-python = ">=([^"]+)"')[0]
    assert oldest == PYTHONS[0]
    compact = oldest.replace(".", "")
    assert stated("python/Cargo.toml", r"abi3-py(\d+)") == [compact]
    assert stated("python/pyproject.toml", r'^target-version = "py(\d+)"') == [compact]
    assert stated("docs/releasing.md", r"^\| Python \| ([\d.]+) to ([\d.]+)") == [
        (PYTHONS[0], PYTHONS[-1])
    ]


def test_every_python_that_is_tried_is_promised() -> None:
    promised = stated("python/pyproject.toml", r"Python :: (3\.\d+)\"")
    assert tuple(promised) == PYTHONS


def test_the_oldest_node_is_the_same_everywhere() -> None:
    wanted = oldest_node()
    assert stated("docs/releasing.md", r"^\| Node \| ([\d.]+)") == [wanted]
    assert stated("pkg/README.md", r"Node ([\d.]+\d)") == [wanted]
    types = json.loads(read("pkg/package.json"))["devDependencies"]["@types/node"]
    assert types.startswith(f"{wanted}."), "the types are those of a newer Node"


def test_no_page_promises_another_node_or_rust() -> None:
    promised = {"Node": oldest_node(), "Rust": oldest_rust()}
    pages = [ROOT / "README.md", *ROOT.glob("*/README.md"), *ROOT.glob("docs/*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for name, found in re.findall(r"\b(Node|Rust) \(?(\d+\.\d+)", text):
            assert found == promised[name], f"{page.relative_to(ROOT)} says {name} {found}"


def test_the_workflows_try_what_is_promised() -> None:
    text = read(".github/workflows/test.yml")
    matrix = re.search(r"python: \[([^\]]+)\]", text)
    assert matrix, "test.yml has no list of Pythons"
    assert tuple(re.findall(r'"([\d.]+)"', matrix[1])) == PYTHONS
    nodes = re.search(r"node: \[([^\]]+)\]", text)
    assert nodes, "test.yml has no list of Nodes"
    assert re.findall(r'"([\d.]+)"', nodes[1])[0] == oldest_node()


def test_the_image_names_no_version() -> None:
    assert version() not in read("Dockerfile"), "the packages in the folder decide"
