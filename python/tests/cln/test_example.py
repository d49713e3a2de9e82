"""The example plugin of the docs: its types hold, and it runs as lightningd runs a plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import support.fleet
from support.lightningd import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.lightningd import TestNode
    from support.process import PluginProcess

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "fleet-fees.py"


def test_the_example_is_typed_strictly(tmp_path: Path) -> None:
    settings = ROOT / "python" / "pyproject.toml"
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(settings), str(EXAMPLE)],
        cwd=tmp_path,  # Not in `python/`: the wheel that authors install is what is checked.
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    text = EXAMPLE.read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.py"
    wrong.write_text(text.replace("base_ppm=base_ppm, needs=", "base_ppm=peer_id, needs="))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(settings), str(wrong)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "base_ppm" in ran.stdout, "a wrong type is not seen"


def test_the_example_answers_out_of_the_fleet_and_without_it(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    fleet = support.fleet.start(nodes, plugins)
    fleet.acquainted()
    peer, member = fleet.ids["l4"], fleet["l3"]
    member.node.offer(member.plan.ask, member.plan.manifest()["rpcmethods"])
    example = plugins(str(EXAMPLE))
    example.manifest()
    example.init(member.node)
    reply = example.ask("fleet-fee", [peer, 250])
    assert (reply["base_ppm"], reply["fee_ppm"]) == (250, 237)
    assert reply["because"]

    def gone(_params: object) -> object:
        raise Refused(-32601, "Unknown command")

    alone = plugins(str(EXAMPLE))
    alone.manifest()
    member.node.overrides["help"] = lambda _params: {"help": []}
    member.node.overrides["hive-liquidity-state"] = gone
    alone.init(member.node)
    reply = alone.ask("fleet-fee", [peer, 250])
    assert (reply["base_ppm"], reply["fee_ppm"]) == (250, 250)
    assert "hive-liquidity-state" in reply["because"][0]
