"""What a crate embeds is in its package: a file outside of its folder is not."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from common import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

CRATES = {"trimtab-derive": "core/derive", "trimtab-core": "core", "trimtab-host": "host"}
EMBEDDED = re.compile(r'include_(?:str|bytes)!\(\s*(concat!\(\s*)?"([^"]+)"')


def embedded(folder: Path) -> list[tuple[str, str, bool]]:
    """Every file that the code embeds, and where; the beginning of a path that is put together."""
    found = []
    for source in sorted((folder / "src").rglob("*.rs")):
        # What stands below this line is compiled for tests, which are not packed to be run.
        text = source.read_text(encoding="utf-8").split("#[cfg(test)]")[0]
        if source.name.endswith("tests.rs") or "tests" in source.parts:
            continue
        for begun, path in EMBEDDED.findall(text):
            whole = os.path.normpath(source.parent / path)
            found.append((str(source.relative_to(ROOT)), whole, not begun))
    return found


@pytest.mark.parametrize("crate", CRATES)
def test_what_a_crate_embeds_is_packed(crate: str) -> None:
    folder = ROOT / CRATES[crate]
    listed = run(["cargo", "package", "--list", "--locked", "--allow-dirty", "--package", crate])
    packed = set(listed.splitlines())
    for source, path, whole in embedded(folder):
        assert path.startswith(f"{folder}{os.sep}"), f"{source} embeds {path}"
        inside = os.path.relpath(path, folder)
        if whole:
            assert inside in packed, f"{source} embeds {inside}, which `include` does not name"


def test_the_host_embeds_files() -> None:
    assert len(embedded(ROOT / "host")) >= 4, "the pattern finds what is embedded"


@pytest.mark.parametrize("crate", CRATES)
def test_page_and_licences_are_packed(crate: str) -> None:
    folder = ROOT / CRATES[crate]
    for name in ("README.md", "LICENSE-APACHE", "LICENSE-MIT"):
        assert (folder / name).is_file(), f"{crate} has no {name}"
    for name in ("LICENSE-APACHE", "LICENSE-MIT"):
        for copy in (folder, ROOT / "python", ROOT / "pkg"):
            assert (copy / name).read_bytes() == (ROOT / name).read_bytes(), f"another {name}"
