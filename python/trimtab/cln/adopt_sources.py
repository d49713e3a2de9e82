"""The deployed plugins by the digests of their files: which generation stands in a folder.

Generation A is of January 2026, B of February 2026; C (July 2026 and later) has no fleet part.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CL_HIVE", "DIGESTS", "REVENUE_OPS", "digest_of", "generation_of"]

CL_HIVE = ("health_aggregator", "splice_coordinator", "liquidity_coordinator")
"""Modules of cl-hive whose functions trimtab replaces."""

REVENUE_OPS = ("hive_bridge", "rebalancer", "fee_controller", "profitability_analyzer")
"""Modules of cl-revenue-ops whose functions trimtab replaces."""

DIGESTS = {
    "989017b95810e350b48e777dbbc990d66cc270f687b7adcb9dbdb6264035941a": ("A", "health_aggregator"),
    "fd1c7e3683e99f082af5fb360b0d38fd0876c30c33ca4b6cec48b231756021b7": ("A", "splice_coordinator"),
    "35620de21f7fedf0a1ac10ca966a7a32aad902c57ddc338606c16a3cdfe0b671": (
        "A",
        "liquidity_coordinator",
    ),
    "c68403c961d5db8847c318fac155869e8af0248ae2d28b71b2360ce8f7c2bcb8": ("A", "hive_bridge"),
    "763d359875d5789654876d57694711b8087f835cce2d3cfb9d556a26d54f7776": ("A", "rebalancer"),
    "926ca2bc6037dc60eed274206551435aa398b166485f6bf262a226dce1ad1051": ("A", "fee_controller"),
    "24765541e18e4bb2ae3567b5bbae793b2e6c57e38ab8ca61960500051c5c3c5a": (
        "A",
        "profitability_analyzer",
    ),
    "ba673d39d2f20eaf43de6518d4c938ae854bd3159734bfc68a2bd02431efb5c7": ("B", "health_aggregator"),
    "0e1dbfe517904552035c9650368f60d56eaef967d0a85ccd5477d2e9b3647de6": ("B", "splice_coordinator"),
    "5c9322aa816ae085a31ca709e6299049e50db5bff16623b588d1ee35a5f60714": (
        "B",
        "liquidity_coordinator",
    ),
    "1971e06483f9f6a5866283d4abc9327293b894e090c94b54be03225c6481a462": ("B", "hive_bridge"),
    "8ececd5ca2520ec7bebbc59fb463eb5ccf7b43518c18ffa00a6c34a6892b37e2": ("B", "rebalancer"),
    "441a9b9443db4a8e27a8c1d50e319db74da3c659a8abb294946cf0c798876f22": ("B", "fee_controller"),
    "1a37d86d9465949817958a59edf8b6a8c0f4c0b4096c103496448eb27a1208c1": (
        "B",
        "profitability_analyzer",
    ),
}
"""sha256 of a file: its generation, and the module that it is."""


def digest_of(file: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def generation_of(modules: Path, names: tuple[str, ...]) -> str:
    """`A`, `B`, `C`, `none`, or `unknown`: what stands in the folder `modules` of a plugin."""
    present = [name for name in names if (modules / f"{name}.py").is_file()]
    if not present:
        return "none"
    if names == REVENUE_OPS and "hive_bridge" not in present:
        return "C"
    found = set()
    for name in present:
        generation, module = DIGESTS.get(digest_of(modules / f"{name}.py"), ("unknown", name))
        found.add(generation if module == name else "unknown")
    return found.pop() if len(found) == 1 and len(present) == len(names) else "unknown"
