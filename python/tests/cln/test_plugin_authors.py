"""The examples of the page for plugin authors run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from trimtab.cln import bridge

PAGE = Path(__file__).resolve().parents[3] / "docs" / "plugin-authors.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
ASKING = [one for one in EXAMPLES if "bridge" in one]
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
