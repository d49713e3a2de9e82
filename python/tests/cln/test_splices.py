"""What an operator's splice command means, in every form that Core Lightning takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trimtab.cln.splices import is_inner, wanted

PROTOCOL = Path(__file__).resolve().parents[1] / "fixtures" / "protocol"
C14 = "f101da112b4de08f0b63c019ea1c8a409c34278653fe6922f49d0ab599e0bb2e"
C13 = "393c3c05296ef46e29d2ea560e825c89028d1ffa9ff8a7551b29688dc867c9d9"
CHANNELS = [
    {"channel_id": C14, "peer_id": "02d06c71", "owed_sats": 1_000_001},
    {"channel_id": C13, "peer_id": "0394990e", "owed_sats": 500_000},
    {"channel_id": "f1" * 32, "peer_id": "0394990e", "owed_sats": 400_000},
]


def spliceout(amount: Any, channel: Any = C14) -> dict[str, Any]:
    return {"id": "x", "method": "spliceout", "params": {"channel": channel, "amount": amount}}


@pytest.mark.parametrize(
    ("amount", "sats"),
    [
        (50000, 50000),
        ("50000", 50000),
        ("50000sat", 50000),
        ("50k", 50000),
        ("50K", 50000),
        ("0.05M", 50000),
        ("1M", 1_000_000),
        ("0.0005btc", 50000),
        ("50000msat", 50),
        ("50001msat", 51),
        ("10%", 100_001),
        ("100%", 1_000_001),
        ("0.01", None),
        ("all", None),
        ("-5", None),
        ("", None),
        ("101%", None),
        (None, None),
        (True, None),
        ({}, None),
        ("9" * 400 + "btc", None),
    ],
)
def test_every_form_of_an_amount(amount: Any, sats: int | None) -> None:
    (one,) = wanted(spliceout(amount), CHANNELS)
    assert (one.splice_type, one.amount_sats) == ("splice_out", sats)


@pytest.mark.parametrize(
    ("channel", "found"),
    [
        (C14, C14),
        (C14.upper(), C14),
        (C14[:8], C14),
        (C14[:4], C14),
        ("f1", None),
        ("f10", None),
        ("0394990e:?", None),
        ("02d06c71:?", C14),
        ("0394990e:1", "f1" * 32),
        ("0394990e:2", None),
        ("*:?", None),
        ("*:*", None),
        ("120x1x0", None),
        ("031f4dde9c", None),
        (7, None),
    ],
)
def test_every_form_of_a_channel(channel: Any, found: str | None) -> None:
    (one,) = wanted(spliceout(1, channel), CHANNELS)
    assert (one.channel and one.channel["channel_id"]) == found


def test_positions_and_names_are_alike() -> None:
    listed = {"id": "cli:spliceout#1", "method": "spliceout", "params": [C14, 20000]}
    assert wanted(listed, CHANNELS) == wanted(spliceout(20000), CHANNELS)


def test_a_splice_across_two_channels_is_one_out_and_one_in() -> None:
    request = spliceout("100000")
    request["params"]["destination"] = C13
    out, into = wanted(request, CHANNELS)
    assert (out.splice_type, into.splice_type) == ("splice_out", "splice_in")
    assert (out.channel, into.channel) == (CHANNELS[0], CHANNELS[1])


@pytest.mark.parametrize(
    ("relative", "kind", "sats"),
    [
        ("-500775", "splice_out", 500775),
        (400000, "splice_in", 400000),
        (-611722, "splice_out", 611722),
    ],
)
def test_a_relative_amount_is_text_or_number(relative: Any, kind: str, sats: int) -> None:
    params = {"channel_id": C14, "relative_amount": relative, "initialpsbt": "cHNi"}
    (one,) = wanted({"id": "x", "method": "splice_init", "params": params}, CHANNELS)
    assert (one.splice_type, one.amount_sats) == (kind, sats)


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"{C14} -> 50000 + fee; 100% -> wallet", [("splice_out", C14, 50000)]),
        (f"{C14} -> 10% + fee; 100% -> wallet", [("splice_out", C14, 100_001)]),
        (f"{C14[:8]} -> 10M", [("splice_out", C14, 10_000_000)]),
        (f"wallet -> 10000sat+fee@300\n10000sat -> {C13}", [("splice_in", C13, 10000)]),
        (
            f"{C14} -> 1btc; 100% -> {C13}",
            [("splice_out", C14, 100_000_000), ("splice_in", C13, None)],
        ),
        (f"|10M@1% -> {C14} -> 0+fee", [("splice_out", None, None)]),
        ('[{"action":"withdraw"}]', [("splice_out", None, None)]),
        ("", []),
        (None, [("splice_out", None, None)]),
    ],
)
def test_scripts_are_read_as_far_as_they_are_plain(
    script: Any, found: list[tuple[str, str | None, int | None]]
) -> None:
    request = {"id": "x", "method": "dev-splice", "params": {"script_or_json": script}}
    got = [
        (one.splice_type, one.channel and one.channel["channel_id"], one.amount_sats)
        for one in wanted(request, CHANNELS)
    ]
    assert got == found


def recorded() -> list[dict[str, Any]]:
    """Every `rpc_command` that real nodes asked a plugin about."""
    found = []
    for file in sorted(PROTOCOL.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            message = json.loads(line)["msg"] if line else {}
            if message.get("method") == "rpc_command":
                found.append(message["params"]["rpc_command"])
    return found


def test_of_the_recorded_commands_each_of_an_operator_is_told_from_its_steps() -> None:
    splices = [one for one in recorded() if one["method"] != "setchannel"]
    assert len(splices) > 30
    inner = [one for one in splices if is_inner(one)]
    assert {one["method"] for one in inner} == {"splice_init"}
    by_hand = [one for one in splices if one["method"] == "splice_init" and not is_inner(one)]
    assert [one["params"]["relative_amount"] for one in by_hand] == [-611722]


def test_a_command_that_another_plugin_passes_on_is_an_operators() -> None:
    passed = spliceout(1)
    passed["id"] = "cli:my-tool#1/cln:my-tool#2/my-tool:spliceout#3"
    assert not is_inner(passed)
    passed["id"] += "/cln:spliceout#4/spenderp:splice_init#5"
    assert is_inner(passed)
