"""Pairs of times: ours and a peer's, in one run, one JSON row a line."""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import Any, Callable

ROUNDS = int(os.environ.get("TRIMTAB_BENCH_ROUNDS", "15"))


def pair(ours: Callable[[], Any], peer: Callable[[], Any], calls: int) -> tuple[float, float]:
    """Microseconds a call, interleaved, medians over the rounds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for kept, run in zip(times, (ours, peer)):
            begin = time.perf_counter()
            for _ in range(calls):
                run()
            kept.append((time.perf_counter() - begin) / calls * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def row(name: str, ours: Callable[[], Any], peer: Callable[[], Any], calls: int) -> None:
    """Print one row."""
    mine, theirs = pair(ours, peer, calls)
    print(json.dumps({"name": name, "ours": mine, "peer": theirs, "unit": "us"}), flush=True)
