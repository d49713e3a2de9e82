"""The examples of the page for plugin authors run."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.cln import adopt_sources, bridge
from trimtab.cln.adopt_routes import ROUTES

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "plugin-authors.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
ASKING = [one for one in EXAMPLES if "bridge" in one]
ADOPTING = [one for one in EXAMPLES if "adopt(" in one]
PEER = "03" + "aa" * 32


class Silent:
    """A node whose plugins know nothing of a fleet."""

    @property
    def rpc(self) -> Silent:
        return self

    def call(self, _method: str, _params: Any) -> Any:
        return {"help": []}


def test_the_examples_about_asking_run_where_nobody_answers() -> None:
    names: dict[str, Any] = {"plugin": Silent(), "peer_id": PEER}
    exec("\n".join(ASKING), names)
    assert len(ASKING) == 2
    assert names["health"] is None
    assert names["reason"]["code"] == "not_offered"
    assert names["multiplier"] == 1.0
    assert names["conflict"]["conflict"] is False
    assert names["verdict"]["safety_level"] == "unchecked"


def test_every_code_of_the_bridge_is_explained() -> None:
    source = Path(bridge.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'_NotAnsweredError\(\s*"([a-z_]+)"', source)) | {"malformed"}
    assert len(codes) == 7
    for code in codes:
        assert f"`{code}`" in TEXT, code


def test_the_examples_about_adopting_run_in_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugin"
    standins = Path(__file__).parent / "standins"
    shutil.copytree(standins, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(adopt_sources, "generation_of", lambda _modules, _names: "A")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert len(ADOPTING) == 2
    try:
        for example in ADOPTING:
            exec(example, {"__file__": str(folder / "plugin.py")})
        replaced = [
            getattr(sys.modules[f"modules.{module}"], name)
            for module, classes in ROUTES.items()
            for name in classes
        ]
        assert len(replaced) == 6
        for one in replaced:
            assert any(hasattr(each, "__wrapped__") for each in vars(one).values()), one
    finally:
        for name in [one for one in sys.modules if one.partition(".")[0] == "modules"]:
            del sys.modules[name]


def test_every_module_that_is_adopted_is_in_the_table() -> None:
    for module in ROUTES:
        assert f"| `{module}` |" in TEXT, module
