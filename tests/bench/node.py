"""What an operator of a node waits for: one JSON row a line, `python node.py` for these alone.

The node is a recorded one behind a real socket, the store is a real file, the plugin a real
process. The goals of the design stand in the names; nothing asserts them.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python" / "tests" / "cln"))

from support.lightningd import FIXTURES, TestNode
from support.process import PluginProcess
from trimtab.cln import Coordinator, MemberRow, Node, Store, socket_transport

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = FIXTURES / "cln"
STARTS = 5


def told(name: str, value: float, unit: str) -> None:
    """Print one row."""
    print(json.dumps({"name": name, "ours": value, "peer": None, "unit": unit}), flush=True)


def p99(name: str, work: Callable[[], Any], times: int) -> None:
    """Print what all but the slowest hundredth of the calls take, the first one aside.

    Where other programs want the processor too, only the time on the processor says something.
    """
    work()
    gc.collect()
    passed, on_processor = [], []
    for _ in range(times):
        begun, started = time.perf_counter(), time.process_time()
        work()
        on_processor.append((time.process_time() - started) * 1000)
        passed.append((time.perf_counter() - begun) * 1000)
    for what, taken in (("p99", passed), ("p99 on the processor", on_processor)):
        taken.sort()
        told(f"{name}, {what}", taken[-(-len(taken) * 99 // 100) - 1], "ms")


def member(number: int) -> str:
    """Return the id of a member."""
    return f"02{number:064x}"


def report(number: int, channels: int, now: int) -> dict[str, Any]:
    """Return what a member reported, with trouble at every tenth of its peers."""
    held = [
        {"peer_id": f"peer{(number * 7 + n) % 500:03}", "capacity_sats": 5_000_000}
        for n in range(channels)
    ]
    return {
        "member_id": member(number),
        "at": now,
        "health_at": now,
        "score": number % 101,
        "depleted": [{**one, "local_pct": 0.05} for one in held[::10]],
        "capacities": [{**one, "channels": 1} for one in held],
    }


def fill(coordinator: Coordinator, members: int, channels: int) -> None:
    """Make a fleet that reported just now."""
    now, store = coordinator.now(), coordinator.store
    coordinator.set_members("bench", [MemberRow(member(n)) for n in range(members)])
    with store.change():
        for n in range(members):
            store.set_report(member(n), report(n, channels, now), None, at=now)


def questions(base: Path) -> None:
    """Print what the commands of a plugin take, without the way through lightningd."""
    node = TestNode(base / "node", PLAIN, "l4").start()
    for members, channels in ((50, 40), (1_000, 4)):
        with Store(base / f"store-{members}") as store:
            coordinator = Coordinator(store, Node(socket_transport(str(node.path))))
            coordinator.look()
            fill(coordinator, members, channels)
            if members == 50:
                name = "hive-liquidity-state needs, 50 members x 40 channels (goal 10)"
                p99(name, lambda: coordinator.liquidity_state("needs"), 300)  # noqa: B023
            else:
                name = "hive-member-health all, 1,000 members (goal 10)"
                p99(name, lambda: coordinator.member_health("all"), 300)  # noqa: B023
    node.multiply(400)
    with Store(base / "store-400") as store:
        coordinator = Coordinator(store, Node(socket_transport(str(node.path))))
        coordinator.look()
        fill(coordinator, 50, 40)
        p99("trimtab-advise, 400 channels (goal 50)", coordinator.advise, 100)
        p99("the same right after a report came", lambda: after_a_report(coordinator), 50)
        p99("a look at a node of 400 channels", coordinator.look, 5)
        decisions(coordinator)
    node.stop()


def decisions(coordinator: Coordinator) -> None:
    """What the decision log costs whoever asks."""
    fleet, fields = coordinator.fleet, {"now": coordinator.now(), "target_peer": "peer001"}
    p99("a conflict, 400 channels, 50 members", lambda: fleet.ask("conflict", **fields), 300)

    def logged() -> None:
        coordinator.decisions.ask(fleet, "conflict", fields, caller="bench")

    p99("the same, its line written", logged, 300)

    def changed() -> None:
        now = coordinator.now()
        coordinator.store.set_report(member(0), report(0, 40, now), None, at=now)
        logged()

    p99("the same right after the book changed", changed, 50)


def after_a_report(coordinator: Coordinator) -> None:
    """Ask for advice with one report that nobody saw before."""
    now = coordinator.now()
    coordinator.store.set_report(member(0), report(0, 40, now), None, at=now)
    coordinator.advise()


def process(base: Path) -> None:
    """Print how long a plugin takes to start, and how much memory it then holds."""
    began = []
    resident = 0
    for number in range(STARTS):
        node = TestNode(base / f"started-{number}", PLAIN, "l2").start()
        begun = time.perf_counter()
        started = PluginProcess("trimtab-cln")
        started.manifest()
        started.init(node)
        began.append(time.perf_counter() - begun)
        started.ready()
        status = Path(f"/proc/{started.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        resident = max(resident, int(line.split()[1]))
        started.end()
        node.stop()
    began.sort()
    told("trimtab-cln, start to the answer of init, median (goal 1)", began[len(began) // 2], "s")
    told("trimtab-cln, resident after its first look (goal 60)", resident / 1024, "MB")


def rows() -> None:
    """Print every row."""
    with tempfile.TemporaryDirectory() as place:
        questions(Path(place))
        process(Path(place))


if __name__ == "__main__":
    rows()
