"""Looking at a node: few commands, page by page, through restarts and gaps."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.lightningd import Refused

import trimtab
from trimtab.cln import Node, Store, socket_transport
from trimtab.cln.node import NodeSilentError, NodeUnreachableError, NotAllowedError
from trimtab.cln.snapshot import KEPT_DAYS, PAGE, Collector, WrongNodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.lightningd import TestNode

DAY = 86400
NOW = 1_795_620_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as opened:
        yield opened


def collector(node: TestNode, store: Store, **more: Any) -> Collector:
    return Collector(Node(socket_transport(str(node.path)), **more), store, trimtab.Policy())


def forward(number: int, at: float, status: str = "settled", updated: int = 0) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "created_index": number,
        "in_channel": "1x1x1",
        "in_htlc_id": number,
        "out_channel": "2x2x2",
        "in_msat": 10_001,
        "out_msat": 10_000,
        "fee_msat": 1,
        "status": status,
        "received_time": at,
    }
    if status == "settled":
        entry["resolved_time"] = at + 1
    if updated:
        entry["updated_index"] = updated
    return entry


def test_a_look_asks_a_fixed_number_of_commands(node: TestNode, store: Store) -> None:
    looks = collector(node, store)
    looks.look(NOW)
    first = len(node.calls)
    looks.look(NOW + 300)
    # One command for the channels, however many there are; the graph is asked for once an hour.
    assert len(node.asked("listpeerchannels")) == 2
    assert len(node.calls) - first <= 8, node.calls[first:]
    channels = node.answers("listpeerchannels")
    many = [{**channels["channels"][0], "channel_id": f"{n:064x}"} for n in range(400)]
    node.set("listpeerchannels", {"channels": many})
    before = len(node.calls)
    looks.look(NOW + 600)
    assert len(node.calls) - before <= 8


def test_the_snapshot_is_that_of_the_whole_answers(node: TestNode, store: Store) -> None:
    seen = collector(node, store).look(NOW).envelope["decision"]
    whole = trimtab.call(
        "snapshot.cln",
        {
            "now": NOW,
            "getinfo": node.answers("getinfo"),
            "listpeerchannels": node.answers("listpeerchannels"),
            "listforwards": node.answers("listforwards"),
            "bkpr_listincome": node.answers("bkpr-listincome"),
            "listchannels": node.answers("listchannels"),
        },
    )["decision"]
    for part in ("us", "profits", "revenue_windows", "assess", "report"):
        assert seen[part] == whole[part], part


def test_forwards_are_read_page_by_page_and_never_twice(node: TestNode, store: Store) -> None:
    entries = [forward(n, NOW - DAY + n, updated=n) for n in range(1, 2 * PAGE + 51)]
    node.set("listforwards", {"forwards": entries})
    looks = collector(node, store)
    looks.look(NOW)
    assert store.event_count("forwards") == len(entries)
    assert all(params["limit"] <= PAGE for params in node.asked("listforwards"))
    before = len(node.asked("listforwards"))
    entries.append(forward(len(entries) + 1, NOW + 5, updated=len(entries) + 1))
    node.set("listforwards", {"forwards": entries})
    looks.look(NOW + 60)
    asked = node.asked("listforwards")[before:]
    assert [(one["index"], one["start"]) for one in asked] == [
        ("updated", len(entries)),
        ("created", len(entries)),
    ]
    assert store.event_count("forwards") == len(entries)


def test_a_forward_that_settles_later_is_found(node: TestNode, store: Store) -> None:
    node.set("listforwards", {"forwards": [forward(1, NOW - 50, "offered")]})
    looks = collector(node, store)
    looks.look(NOW)
    assert store.event_count("forwards") == 0
    node.set("listforwards", {"forwards": [forward(1, NOW - 50, updated=1)]})
    looks.look(NOW + 60)
    assert [one["status"] for one in store.events("forwards")] == ["settled"]


def test_the_first_look_begins_where_its_weeks_begin(node: TestNode, store: Store) -> None:
    old = [forward(n, NOW - 400 * DAY + n * 60, updated=n) for n in range(1, 5001)]
    new = [forward(5000 + n, NOW - DAY + n, updated=5000 + n) for n in range(1, 11)]
    node.set("listforwards", {"forwards": old + new})
    collector(node, store).look(NOW)
    assert store.event_count("forwards") == 10
    read = [one for one in node.asked("listforwards") if one["limit"] > 1]
    assert len(read) <= 3, read


def test_what_autoclean_deletes_stays_known_for_its_weeks(node: TestNode, store: Store) -> None:
    entries = [forward(n, NOW - 10 * DAY + n, updated=n) for n in range(1, 21)]
    node.set("listforwards", {"forwards": entries})
    looks = collector(node, store)
    looks.look(NOW)
    node.set("listforwards", {"forwards": entries[15:]})
    looks.look(NOW + DAY)
    assert store.event_count("forwards") == 20
    looks.look(NOW + KEPT_DAYS * DAY)
    assert store.event_count("forwards") == 0


def test_a_restart_of_ours_goes_on_where_it_was(node: TestNode, store: Store) -> None:
    entries = [forward(n, NOW - 10 + n, updated=n) for n in range(1, 6)]
    node.set("listforwards", {"forwards": entries})
    collector(node, store).look(NOW)
    before = len(node.asked("listforwards"))
    collector(node, store).look(NOW + 60)
    assert all(one["start"] == 6 for one in node.asked("listforwards")[before:])


@pytest.mark.parametrize("missing", ["bkpr-listincome", "listchannels", "listdatastore"])
def test_a_command_that_is_not_there_is_left_out_and_told(
    node: TestNode, store: Store, missing: str
) -> None:
    def unknown(_params: dict[str, Any]) -> Any:
        raise Refused(-32601, "Unknown command")

    node.overrides[missing] = unknown
    look = collector(node, store).look(NOW)
    assert set(look.missing) >= {missing}
    codes = {one["code"] for one in look.envelope["reasons"]}
    if missing == "bkpr-listincome":
        assert "cost_unknown" in codes
    if missing == "listchannels":
        assert "graph_unknown" in codes


def test_slow_books_hide_no_channel_but_half_a_list_of_forwards_is_none(
    node: TestNode, store: Store
) -> None:
    looks = collector(node, store, timeout_s=0.3)

    def slow(_params: dict[str, Any]) -> Any:
        time.sleep(1.0)
        return {"income_events": []}

    node.overrides["bkpr-listincome"] = slow
    look = looks.look(NOW)
    assert "bkpr-listincome" in look.missing
    node.overrides["listforwards"] = slow
    with pytest.raises(NodeSilentError):
        looks.look(NOW + 1)


def test_a_node_that_is_gone_is_told_and_found_again(node: TestNode, store: Store) -> None:
    looks = collector(node, store)
    looks.look(NOW)
    node.stop()
    with pytest.raises(NodeUnreachableError):
        looks.look(NOW + 1)
    node.start()
    assert looks.look(NOW + 2).node["id"] == node.id


def test_a_store_never_mixes_two_nodes(nodes: Callable[..., TestNode], store: Store) -> None:
    collector(nodes("l1"), store).look(NOW)
    with pytest.raises(WrongNodeError, match="belongs"):
        collector(nodes("l2"), store).look(NOW)


def test_the_capacity_of_a_node_that_nobody_asked_about_is_unknown(
    node: TestNode, store: Store
) -> None:
    """Of its channels only those with others are known: far too little to call a splice safe."""
    look = collector(node, store).look(NOW)
    known = {
        one["peer_id"]: one["capacity_sats"]
        for one in look.envelope["decision"]["public_capacities"]
    }
    whole: dict[str, int] = {}
    for one in node.answers("listchannels")["channels"]:
        whole[one["source"]] = whole.get(one["source"], 0) + one["amount_msat"] // 1000
    assert known
    for peer, capacity in known.items():
        assert capacity == whole[peer], peer


def test_the_summary_of_another_plugin_is_read_while_it_is_fresh(
    node: TestNode, store: Store
) -> None:
    def summary(at: int) -> dict[str, Any]:
        text = json.dumps({"timestamp": at, "channels": {"1x1x1": {"class": "zombie"}}})
        return {"datastore": [{"key": ["revenue", "profitability-summary"], "string": text}]}

    looks = collector(node, store)
    node.set("listdatastore", summary(NOW - 60))
    looks.look(NOW)
    kept = store.kept("revenue_summary")
    assert kept is not None
    assert kept.body["channels"] == {"1x1x1": {"class": "zombie"}}
    looks.look(NOW + 3600)
    assert store.kept("revenue_summary") is None
    for junk in ("no JSON", "[]", '{"timestamp": "soon"}', "null"):
        node.set("listdatastore", {"datastore": [{"string": junk}]})
        looks.look(NOW + 3700)
        assert store.kept("revenue_summary") is None


def test_nothing_else_can_be_asked(node: TestNode) -> None:
    asks = Node(socket_transport(str(node.path)))
    for method in ("pay", "spliceout", "setchannel", "datastore", "GETINFO", ""):
        with pytest.raises(NotAllowedError):
            asks.call(method)
    assert node.calls == []
