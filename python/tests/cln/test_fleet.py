"""Three nodes, three plugin processes, messages between them: the fleet as its members see it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import support.fleet
from conftest import PLAIN
from support.lightningd import Key, Network, TestNode
from support.real import RealFleet

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.fleet import Fleet
    from support.process import PluginProcess


@pytest.fixture(params=["recorded", pytest.param("real", marks=pytest.mark.lightningd)])
def kind(request: pytest.FixtureRequest) -> str:
    """Everything is asked twice: of the recorded nodes, and of real ones where there are any."""
    return str(request.param)


@pytest.fixture
def fleet(request: pytest.FixtureRequest, kind: str) -> Fleet:
    """Three members; the pairs in the parameter are not connected to each other."""
    cut = getattr(request, "param", ())
    if kind == "real":
        return RealFleet(request.getfixturevalue("real_nodes"), cut)
    nodes, plugins = (request.getfixturevalue(name) for name in ("nodes", "plugins"))
    return support.fleet.start(nodes, plugins, cut=cut)


def test_the_members_hear_each_other(fleet: Fleet) -> None:
    fleet.acquainted()
    health = fleet["l3"].plan.ask("hive-member-health", [fleet.ids["l1"]])
    assert health["alias"] == "l1"
    assert health["verdict"] == "consistent"
    ours = fleet["l1"].plan.ask("hive-member-health")
    # What l3 derives out of counts is what l1 finds in its own books.
    for name in ("health_score", "health_tier", "underwater_channels", "capacity_sats"):
        assert health[name] == ours[name], name
    summary = fleet["l3"].plan.ask("hive-member-health", ["all"])
    assert summary["member_count"] == 2
    for member in fleet.members.values():
        counters = member.ours.ask("trimtab-status")["gossip"]
        # Copies that came a second time, or after a newer message.
        assert set(counters["refused"]) <= {"message_known", "seq_not_rising"}


def test_a_depleted_channel_of_one_member_lowers_the_fee_that_another_is_advised(
    fleet: Fleet,
) -> None:
    fleet.acquainted()
    peer = fleet.ids["l4"]
    needs = fleet["l3"].plan.ask("hive-liquidity-state", ["needs"])["fleet_needs"]
    (need,) = [
        one for one in needs if (one["peer_id"], one["member_id"]) == (peer, fleet.ids["l1"])
    ]
    assert (need["need_type"], need["severity"]) == ("outbound", "high")
    assert need["our_relevance"] > 0
    advice = fleet["l3"].ours.ask("trimtab-advise")
    (step,) = [one for one in advice["fees"] if one["peer_id"] == peer]
    assert step["step"] == "lowered"
    assert all(reason["says"] for reason in step["reasons"])
    # Only the fee in force is known; what l3 intends without the fleet is for its operator to say.
    assert "fee_ppm" not in step
    fleet["l3"].ours.ask("trimtab-policy", {"subject": peer, "intended_ppm": 250})
    advice = fleet["l3"].ours.ask("trimtab-advise")
    (step,) = [one for one in advice["fees"] if one["peer_id"] == peer]
    assert (step["base_ppm"], step["fee_ppm"], step["step"]) == (250, 237, "lowered")


ALONE = pytest.mark.parametrize("fleet", [[("l1", "l2"), ("l1", "l3")]], indirect=True)


@ALONE
def test_nobody_is_helped_by_a_member_that_was_not_heard(fleet: Fleet) -> None:
    fleet.until(
        lambda: fleet["l3"].plan.ask("hive-member-health", [fleet.ids["l2"]]).get("health_score")
    )
    needs = fleet["l3"].plan.ask("hive-liquidity-state", ["needs"])["fleet_needs"]
    assert all(one["member_id"] != fleet.ids["l1"] for one in needs)


@pytest.mark.parametrize("fleet", [[("l1", "l3")]], indirect=True)
def test_a_message_reaches_a_member_that_its_reporter_can_not_reach(fleet: Fleet) -> None:
    # l2 stands between them and passes on what it accepted.
    health = fleet.until(
        lambda: (
            reply
            if "error"
            not in (reply := fleet["l3"].plan.ask("hive-member-health", [fleet.ids["l1"]]))
            else None
        )
    )
    assert health["verdict"] == "consistent"
    assert fleet["l2"].ours.ask("trimtab-status")["gossip"]["passed_on"] > 0


@ALONE
def test_a_splice_out_waits_until_another_member_is_known_to_hold_enough(fleet: Fleet) -> None:
    peer = fleet.ids["l5"]

    def check(amount: int) -> dict[str, Any]:
        return fleet["l1"].plan.ask("hive-splice-check", [peer, "splice_out", amount])

    alone = fleet.until(lambda: reply if "error" not in (reply := check(2_000_000)) else None)
    assert (alone["safety"], alone["can_proceed"]) == ("coordinate", True)
    assert alone["recommendation"]
    assert alone["peer_total_capacity"] == 32_000_000
    everything = check(3_000_000)
    assert (everything["safety"], everything["can_proceed"]) == ("blocked", False)
    fleet.connect_all()
    together = fleet.until(
        lambda: (
            reply if (reply := check(2_000_000))["other_member_capacity"] == 12_000_000 else None
        )
    )
    assert (together["safety"], together["can_proceed"]) == ("safe", True)


def test_a_rebalance_of_one_member_delays_anothers_through_the_same_peer(fleet: Fleet) -> None:
    fleet.acquainted()
    peer = fleet.ids["l4"]
    assert fleet["l3"].plan.ask("hive-check-rebalance-conflict", [peer])["conflict"] is False
    fleet["l1"].plan.ask("hive-update-rebalancing-activity", [True, [peer]])
    delayed = fleet.until(
        lambda: (
            reply
            if (reply := fleet["l3"].plan.ask("hive-check-rebalance-conflict", [peer]))["conflict"]
            else None
        )
    )
    assert delayed["recommendation"] == "delay_rebalance"
    assert delayed["member_id"] == fleet.ids["l1"]
    assert delayed["until"] > time.time()
    # Both announced: over the same messages exactly one of the two goes first.
    fleet["l3"].plan.ask("hive-update-rebalancing-activity", [True, [peer]])

    def first(name: str) -> dict[str, Any] | None:
        reply = fleet[name].plan.ask("hive-check-rebalance-conflict", [peer])
        return reply if reply["conflict"] else None

    one, two = fleet.until(lambda: first("l1")), fleet.until(lambda: first("l3"))
    assert {one["recommendation"], two["recommendation"]} == {"proceed", "delay_rebalance"}
    # It is over: nobody waits any more.
    fleet["l1"].plan.ask("hive-update-rebalancing-activity", [False, []])
    fleet["l3"].plan.ask("hive-update-rebalancing-activity", [False, []])
    fleet.until(lambda: first("l3") is None and first("l1") is None)


def test_a_report_of_another_plugin_reaches_the_fleet(fleet: Fleet) -> None:
    fleet.acquainted()
    stranger = "02" + "5" * 64
    fleet["l2"].plan.ask(
        "hive-report-liquidity-state",
        [[{"peer_id": stranger, "local_pct": 0.03, "capacity_sats": 5_000_000}], []],
    )
    need = fleet.until(
        lambda: next(
            (
                one
                for one in fleet["l3"].plan.ask("hive-liquidity-state", ["needs"])["fleet_needs"]
                if one["peer_id"] == stranger
            ),
            None,
        )
    )
    assert (need["member_id"], need["local_pct"]) == (fleet.ids["l2"], 0.03)


def test_a_question_about_a_splice_is_answered_by_the_members(fleet: Fleet) -> None:
    fleet.acquainted()
    reply = fleet["l1"].plan.ask("hive-splice-check", [fleet.ids["l5"], "splice_out", 1000])
    assert reply["asked_members"] == 2

    def answered() -> bool:
        seen = fleet["l1"].ours.ask("trimtab-members")["members"]
        return all("splice_check_answer" in one["ages_s"] for one in seen)

    fleet.until(answered)


@pytest.mark.parametrize("hidden_by", ["its flag", "the graph"])
def test_unannounced_channels_stay_private(
    hidden_by: str, nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    network = Network()
    node = nodes("l1", network=network)
    other = Key("other")
    heard: list[str] = []
    listener = TestNode(node.directory / "other", PLAIN, "l5", network=network, key=other)
    listener.hear.append(lambda _sender, data: heard.append(bytes.fromhex(data)[2:].decode()))
    channels = node.answers("listpeerchannels")
    hidden = channels["channels"][0]
    if hidden_by == "its flag":
        hidden["private"] = True
        node.set("listpeerchannels", channels)
    else:
        graph = node.answers("listchannels")["channels"]
        shown = [one for one in graph if one["short_channel_id"] != hidden["short_channel_id"]]
        assert 0 < len(shown) < len(graph)
        node.set("listchannels", {"channels": shown})
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node, {"trimtab-members": [other.id]})
    process.wait_for(lambda: len(heard) >= 2)
    for text in heard:
        assert hidden["peer_id"] not in text
        assert hidden["channel_id"] not in text
    (health,) = [json.loads(one) for one in heard if "health_status" in one]
    assert health["body"]["channels"] == len(channels["channels"]) - 1


def test_what_is_said_before_a_member_is_ready_reaches_it_all_the_same(
    nodes: Callable[..., TestNode], plugins: Callable[..., PluginProcess]
) -> None:
    network = Network()
    one, two = (nodes(name, network=network) for name in ("l1", "l2"))
    ready, late = plugins("trimtab-cln"), plugins("trimtab-cln")
    for process in (ready, late):
        process.manifest()
    ready.init(one, {"trimtab-members": [two.id]})
    ready.ready()
    two.slow_s = 1.0  # Its first look takes a while; it is told everything before it ends.
    late.init(two, {"trimtab-members": [one.id]})
    ready.tell("connect", {"id": two.id, "direction": "in"})
    late.tell("connect", {"id": one.id, "direction": "out"})

    def heard() -> bool:
        (member,) = late.ask("trimtab-members").get("members", [{"ages_s": {}}])
        return {"health_status", "liquidity_state"} <= set(member["ages_s"])

    late.wait_for(heard, timeout=60)
