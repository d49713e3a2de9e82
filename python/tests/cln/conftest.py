"""What the tests of the Core Lightning side share: nodes, plugin processes, fleets."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path.insert(0, str(Path(__file__).parent))

from support.lightningd import FIXTURES, TestNode
from support.process import PluginProcess
from support.real import Nodes

PLAIN = FIXTURES / "cln"
REAL = ("lightningd", "lightning-cli", "bitcoind", "bitcoin-cli")
"""What has to be on the PATH for the tests against real nodes."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """The recorded node l1, alone."""
    served = TestNode(tmp_path / "l1", PLAIN, "l1").start()
    yield served
    served.stop()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Callable[..., TestNode]]:
    """Makes more recorded nodes; all are stopped at the end."""
    made: list[TestNode] = []

    def make(name: str = "l1", moment: Path = PLAIN, **more: Any) -> TestNode:
        served = TestNode(tmp_path / f"{name}-{len(made)}", moment, name, **more).start()
        made.append(served)
        return served

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def plugins() -> Iterator[Callable[..., PluginProcess]]:
    """Starts plugin processes; all are ended at the end."""
    started: list[PluginProcess] = []

    def start(program: str = "trimtab-cln", **more: Any) -> PluginProcess:
        process = PluginProcess(program, **more)
        started.append(process)
        return process

    yield start
    for one in started:
        one.end()


@pytest.fixture(scope="session")
def all_real_nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nodes]:
    """Five real nodes with ten channels, started once; their folder stays where a test failed."""
    made = Nodes(tmp_path_factory.mktemp("real"))
    yield made
    made.end()
    if not request.session.testsfailed:
        made.remove()


@pytest.fixture
def real_nodes(all_real_nodes: Nodes) -> Iterator[Nodes]:
    """The real nodes, all connected, without a plugin of ours; nothing of a test stays."""
    all_real_nodes.clear()
    yield all_real_nodes
    all_real_nodes.clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests against real nodes are skipped, visibly, where there are none."""
    missing = [name for name in REAL if shutil.which(name) is None]
    if not missing:
        return
    skip = pytest.mark.skip(reason=f"not on the PATH: {', '.join(missing)}")
    for item in items:
        if "lightningd" in item.keywords:
            item.add_marker(skip)
