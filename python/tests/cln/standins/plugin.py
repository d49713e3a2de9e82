"""Stands in for both deployed plugins: a plugin whose decisions are adopted."""

from __future__ import annotations

import os
from typing import Any

import trimtab.cln

adoption = trimtab.cln.adopt(hive=__file__, revenue_ops=__file__, allow_unknown=True)

from modules.fee_controller import HillClimbingFeeController  # noqa: E402
from modules.liquidity_coordinator import LiquidityCoordinator  # noqa: E402
from modules.splice_coordinator import SpliceCoordinator  # noqa: E402
from pyln.client import Plugin  # noqa: E402

plugin = Plugin(autopatch=False)
fees = HillClimbingFeeController(plugin)
liquidity = LiquidityCoordinator(plugin)
splices = SpliceCoordinator(None, plugin)


@plugin.method("stand-in-fee")
def fee(peer_id: str, base_fee: int, **_rest: Any) -> dict[str, Any]:
    """The fee that the stand-in would set."""
    return {"fee": fees._get_fleet_aware_fee_adjustment(peer_id, base_fee)}


@plugin.method("stand-in-needs")
def needs(**_rest: Any) -> dict[str, Any]:
    """The needs that the stand-in knows."""
    return {"needs": liquidity.get_fleet_liquidity_needs(), "undone": adoption.undone}


@plugin.method("stand-in-splice")
def splice(peer_id: str, amount_sats: int, **_rest: Any) -> dict[str, Any]:
    """What the stand-in says of a splice-out."""
    return splices.check_splice_out_safety(peer_id, amount_sats)


@plugin.hook("custommsg")
def custommsg(peer_id: str, payload: str, **_rest: Any) -> dict[str, str]:
    """Its own hook."""
    assert peer_id
    assert payload
    return {"result": "continue"}


@plugin.subscribe("shutdown")
def shutdown(**_rest: Any) -> None:
    """End at once."""
    os._exit(0)


plugin.run()
