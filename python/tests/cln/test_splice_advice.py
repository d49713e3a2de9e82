"""The program that looks at an operator's splice, replayed with what real nodes asked it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trimtab.cln.splices import is_inner

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.lightningd import TestNode
    from support.process import PluginProcess

PROTOCOL = Path(__file__).resolve().parents[1] / "fixtures" / "protocol"


def recorded(file: Path) -> list[dict[str, Any]]:
    """What lightningd wrote to the plugin, in order."""
    lines = [json.loads(line) for line in file.read_text().splitlines() if line]
    return [line["msg"] for line in lines if line["dir"] == "to_plugin"]


@pytest.fixture
def advisor(plugins: Callable[..., PluginProcess], node: TestNode) -> PluginProcess:
    process = plugins("trimtab-splice-advice")
    process.manifest()
    assert process.init(node) is None
    return process


def advice(process: PluginProcess) -> list[tuple[str, str]]:
    return [line for line in process.logs if line[1].startswith(("splice", "dev-splice"))]


def command(method: str, params: Any, id_: str = "cli:splice#1") -> dict[str, Any]:
    return {"rpc_command": {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}}


@pytest.mark.parametrize("file", sorted(PROTOCOL.glob("*.jsonl")), ids=lambda file: file.stem)
def test_every_recorded_command_goes_on_at_once_and_gets_one_advice(
    file: Path, advisor: PluginProcess
) -> None:
    messages = recorded(file)
    asked = [
        one
        for one in messages
        if one.get("method") == "rpc_command"
        and one["params"]["rpc_command"]["method"] != "setchannel"  # The filter keeps it away.
    ]
    assert asked
    for one in asked:
        begun = time.monotonic()
        answer = advisor.ask("rpc_command", one["params"], id_=one["id"])
        assert answer == {"result": "continue"}
        assert time.monotonic() - begun < 1.0
    by_operator = [one for one in asked if not is_inner(one["params"]["rpc_command"])]
    across = [one for one in by_operator if "destination" in str(one["params"])]
    assert len(advice(advisor)) == len(by_operator), advice(advisor)
    assert len(across) <= 1


@pytest.mark.parametrize("file", sorted(PROTOCOL.glob("*.raw")), ids=lambda file: file.stem)
def test_the_recorded_start_is_answered(
    file: Path, plugins: Callable[..., PluginProcess], node: TestNode
) -> None:
    getmanifest, init = [json.loads(one) for one in file.read_text().split("\n\n") if one.strip()]
    process = plugins("trimtab-splice-advice")
    assert process.ask("getmanifest", getmanifest["params"], id_=getmanifest["id"])["hooks"]
    # The recorded options are those of the plugin that was recorded; ours has none of them set.
    params = init["params"]
    params["options"] = {}
    params["configuration"]["lightning-dir"] = str(node.directory)
    assert process.ask("init", params, id_=init["id"]) is None
    assert process.alive


def own(node: TestNode, number: int) -> dict[str, Any]:
    channel: dict[str, Any] = node.answers("listpeerchannels")["channels"][number]
    return channel


def test_a_splice_out_of_everything_is_blocked_before_it_happens(
    advisor: PluginProcess, node: TestNode
) -> None:
    channel = own(node, 1)
    total = channel["total_msat"] // 1000
    assert advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], total])) == {
        "result": "continue"
    }
    ((level, line),) = advice(advisor)
    assert level == "warn"
    assert ": blocked: " in line


def test_a_share_is_one_of_all_that_is_ours_as_the_node_takes_it(
    advisor: PluginProcess, node: TestNode
) -> None:
    """A real node (v26.06.6) asked for `100%` tried the reserve too, and refused afterwards."""
    channel = own(node, 1)
    advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], "100%"]))
    advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], "50%"]))
    everything, half = advice(advisor)
    assert f": blocked: {channel['to_us_msat'] // 1000:,} sat is asked for" in everything[1]
    # It never happens, so that it does not stand in the way of the second try.
    assert ": coordinate: " in half[1]
    assert "already being taken out" not in half[1]


def test_what_is_on_its_way_out_is_not_ours_to_share(
    advisor: PluginProcess, node: TestNode
) -> None:
    channels = node.answers("listpeerchannels")
    channel = channels["channels"][1]
    left = channel["to_us_msat"] - 7_000
    channel["htlcs"] = [
        {"direction": "out", "id": 1, "amount_msat": 4_000, "state": "SENT_ADD_ACK_REVOCATION"},
        {"direction": "out", "id": 2, "amount_msat": 3_000, "state": "SENT_ADD_ACK_REVOCATION"},
        {"direction": "in", "id": 1, "amount_msat": 9_000, "state": "RCVD_ADD_ACK_REVOCATION"},
    ]
    node.set("listpeerchannels", channels)
    advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], "100%"]))
    ((_, line),) = advice(advisor)
    assert f": blocked: {left // 1000:,} sat is asked for" in line


def test_a_small_splice_out_is_safe_and_a_splice_in_always(
    advisor: PluginProcess, node: TestNode
) -> None:
    channel = own(node, 2)
    advisor.ask(
        "rpc_command", command("spliceout", {"channel": channel["channel_id"], "amount": "1k"})
    )
    advisor.ask("rpc_command", command("splicein", [channel["channel_id"][:8], "0.05M"]))
    (out, into) = advice(advisor)
    assert out[0] == into[0] == "info"
    assert ": safe: " in out[1]
    assert ": safe: " in into[1]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("spliceout", ["*:?", 1000]),
        ("spliceout", ["120x1x0", "500000"]),
        ("spliceout", ["channel", "all"]),
        ("spliceout", []),
        ("spliceout", {"channel": {"deep": [1]}, "amount": None}),
        ("dev-splice", ['{"json": 1}']),
        ("dev-splice", {"script_or_json": "nonsense"}),
        ("splice_init", ["00" * 32, "-5"]),
        ("splice_init", {"channel_id": "00" * 32, "relative_amount": -1.5}),
        ("splicein", "no parameters at all"),
    ],
)
def test_what_can_not_be_resolved_is_unchecked_and_goes_on(
    advisor: PluginProcess, method: str, params: Any
) -> None:
    assert advisor.ask("rpc_command", command(method, params)) == {"result": "continue"}
    ((level, line),) = advice(advisor)
    assert level == "warn"
    assert ": unchecked: " in line


def test_a_node_that_is_slow_or_gone_holds_no_command_back(
    advisor: PluginProcess, node: TestNode
) -> None:
    channel = own(node, 1)
    node.slow_s = 5.0
    begun = time.monotonic()
    advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], 1000]))
    assert time.monotonic() - begun < 1.0
    node.slow_s = 0.0
    node.stop()
    begun = time.monotonic()
    advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], 1000]))
    assert time.monotonic() - begun < 1.0
    advisor.wait_for(lambda: len(advice(advisor)) == 2)
    assert all(": unchecked: " in line for _, line in advice(advisor))


def test_two_splice_outs_never_count_the_same_sats(advisor: PluginProcess, node: TestNode) -> None:
    """The first is on its way and no channel shows it yet; the second counts without it."""
    channel = own(node, 2)
    half = channel["to_us_msat"] // 2000
    for _ in range(2):
        advisor.ask("rpc_command", command("spliceout", [channel["channel_id"], half]))
        time.sleep(0.5)
    first, second = advice(advisor)
    assert first[1] != second[1]
