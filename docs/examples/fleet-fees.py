#!/usr/bin/env python3
"""A plugin that sets no fee, and says which one the fleet would like: `fleet-fee PEER BASE_PPM`.

It asks whoever offers the fleet's commands in this node (`trimtab-hive` or cl-hive) what other
members need, and lets the policy in this process decide. Where nobody answers, the fee stays as it
is, and the reply says why.

    lightning-cli plugin start /path/to/fleet-fees.py
    lightning-cli fleet-fee 02ab… 250
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

import trimtab
from pyln.client import Plugin
from trimtab import types as t
from trimtab.cln.bridge import HiveBridge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

plugin = Plugin()
policy = trimtab.Policy()
bridge = HiveBridge(plugin)


class FleetFee(TypedDict):
    """What `fleet-fee` answers."""

    peer_id: str
    base_ppm: int
    fee_ppm: int
    because: list[str]


def needs_of(answered: Sequence[Mapping[str, object]]) -> list[t.Need]:
    """The needs with the fields that the policy reads; who answers may say more."""
    fields = sorted(t.Need.__required_keys__)
    return [cast("t.Need", {name: need[name] for name in fields}) for need in answered]


@plugin.method("fleet-fee")  # type: ignore[untyped-decorator]
def fleet_fee(peer_id: str, base_ppm: int) -> FleetFee:
    """Say which fee towards a peer would help another member."""
    answered = bridge.query_fleet_liquidity_needs()
    why = bridge.why()
    if why is not None:
        return FleetFee(
            peer_id=peer_id,
            base_ppm=base_ppm,
            fee_ppm=base_ppm,
            because=[why["reason"]],
        )
    decided = policy.fees_adjust(peer_id=peer_id, base_ppm=base_ppm, needs=needs_of(answered))
    fee = base_ppm if decided.fee_ppm is None else decided.fee_ppm
    return FleetFee(peer_id=peer_id, base_ppm=base_ppm, fee_ppm=fee, because=decided.explain())


if __name__ == "__main__":
    plugin.run()
