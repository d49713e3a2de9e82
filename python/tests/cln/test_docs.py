"""The page for operators names every command, option file and error that there is."""

from __future__ import annotations

import re
from pathlib import Path

from trimtab.cln import methods, scripts

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
SOURCES = "\n".join(
    file.read_text(encoding="utf-8") for file in (ROOT / "python" / "trimtab" / "cln").glob("*.py")
)


def test_every_command_of_ours_is_explained() -> None:
    for name in methods.FAMILIES["trimtab"]:
        assert f"`{name}" in PAGE, name


def test_every_error_is_explained() -> None:
    codes = set(re.findall(r'(?:Refusal|refused)\(\s*"([a-z_]+)"', SOURCES))
    assert len(codes) > 10
    # These say that the program is not as it should be; there is nothing an operator can do.
    for code in codes - {"internal", "unknown_operation", "node_refused"}:
        assert f"`{code}`" in PAGE, code


def test_every_file_is_named() -> None:
    for name in (scripts.STORE, scripts.MEMBERS, scripts.CONFIG, scripts.POLICY):
        assert f"`{name}`" in PAGE, name


def test_the_lowest_version_is_named() -> None:
    assert ".".join(map(str, scripts.LOWEST_VERSION)) in PAGE
