"""The times that operators notice, one JSON line each: `python measure.py`.

Nothing asserts them; they go into the table of benches. The node is a recorded one.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

from support.lightningd import FIXTURES, TestNode
from support.process import PluginProcess

from trimtab.cln import Coordinator, MemberRow, Node, Store, socket_transport

if TYPE_CHECKING:
    from collections.abc import Callable


def member(number: int) -> str:
    return f"02{number:064x}"


def report(number: int, channels: int, now: int) -> dict[str, Any]:
    """A member with trouble at every tenth of its peers."""
    troubles = [
        {
            "peer_id": f"peer{(number * 7 + n) % 500:03}",
            "local_pct": 0.05,
            "capacity_sats": 5_000_000,
        }
        for n in range(0, channels, 10)
    ]
    capacities = [
        {"peer_id": f"peer{(number * 7 + n) % 500:03}", "capacity_sats": 5_000_000, "channels": 1}
        for n in range(channels)
    ]
    return {
        "member_id": member(number),
        "at": now,
        "health_at": now,
        "score": number % 101,
        "depleted": troubles,
        "capacities": capacities,
    }


def fill(store: Store, coordinator: Coordinator, members: int, channels: int) -> None:
    now = coordinator.now()
    coordinator.set_members("bench", [MemberRow(member(n)) for n in range(members)])
    with store.change():
        for n in range(members):
            store.set_report(member(n), report(n, channels, now), None, at=now)


def many_channels(node: TestNode, count: int) -> None:
    channels = node.answers("listpeerchannels")["channels"]
    made = []
    for n in range(count):
        one = json.loads(json.dumps(channels[n % len(channels)]))
        one["channel_id"] = f"{n:064x}"
        one["short_channel_id"] = f"{100 + n}x1x0"
        one["peer_id"] = f"03{n % 300:064x}"
        one["to_us_msat"] = one["total_msat"] * (n % 21) // 20
        made.append(one)
    node.set("listpeerchannels", {"channels": made})


def row(name: str, work: Callable[[], Any], times: int) -> None:
    work()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    print(
        json.dumps(
            {
                "name": name,
                "median_ms": round(statistics.median(taken), 3),
                "p99_ms": round(taken[int(len(taken) * 0.99) - 1], 3),
                "times": times,
            }
        )
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        base = Path(place)
        node = TestNode(base / "node", FIXTURES / "cln", "l1").start()
        for members, channels in ((50, 40), (1000, 4)):
            with Store(base / f"store-{members}") as store:
                coordinator = Coordinator(store, Node(socket_transport(str(node.path))))
                coordinator.look()
                fill(store, coordinator, members, channels)
                if members == 50:
                    row(
                        "hive-liquidity-state needs, 50 members x 40 channels",
                        lambda: coordinator.liquidity_state("needs"),  # noqa: B023
                        200,
                    )
                else:
                    row(
                        "hive-member-health all, 1,000 members",
                        lambda: coordinator.member_health("all"),  # noqa: B023
                        200,
                    )
        many_channels(node, 400)
        with Store(base / "store-400") as store:
            coordinator = Coordinator(store, Node(socket_transport(str(node.path))))
            row("a look at a node of 400 channels", coordinator.look, 5)
            row("trimtab-advise, 400 channels", coordinator.advise, 50)
        begun = time.perf_counter()
        process = PluginProcess("trimtab-cln")
        process.manifest()
        process.init(TestNode(base / "other", FIXTURES / "cln", "l2").start())
        print(
            json.dumps({"name": "start to init", "ms": round((time.perf_counter() - begun) * 1000)})
        )
        process.ready()
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        print(json.dumps({"name": "resident", "kb": int(resident.split()[1])}))
        process.end()
        node.stop()


if __name__ == "__main__":
    main()
