"""The programs as lightningd starts them: manifest, init, commands, hooks, the end."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.lightningd import Refused
from support.process import BIN

from trimtab.cln.methods import FAMILIES
from trimtab.cln.node import ALLOWED, READS, SPEAKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.lightningd import TestNode
    from support.process import PluginProcess

    Start = Callable[..., PluginProcess]

PROGRAMS = ("trimtab-cln", "trimtab-hive", "trimtab-splice-advice")
PLAN = {
    "hive-member-health",
    "hive-report-health",
    "hive-liquidity-state",
    "hive-report-liquidity-state",
    "hive-update-rebalancing-activity",
    "hive-check-rebalance-conflict",
    "hive-splice-check",
    "hive-splice-headroom",
    "hive-splice-recommendations",
}
OURS = {
    "trimtab-status",
    "trimtab-health",
    "trimtab-advise",
    "trimtab-explain",
    "trimtab-splice",
    "trimtab-members",
    "trimtab-policy",
}


def names(manifest: dict[str, Any], part: str) -> list[str]:
    return [one["name"] for one in manifest[part]]


def test_methods_and_options_are_disjoint_and_few(plugins: Start) -> None:
    manifests = {program: plugins(program).manifest() for program in PROGRAMS}
    assert set(names(manifests["trimtab-cln"], "rpcmethods")) == OURS
    assert set(names(manifests["trimtab-hive"], "rpcmethods")) == PLAN
    assert names(manifests["trimtab-splice-advice"], "rpcmethods") == []
    for part in ("options", "rpcmethods"):
        every = [name for manifest in manifests.values() for name in names(manifest, part)]
        assert len(every) == len(set(every))
    for manifest in manifests.values():
        assert len(manifest["options"]) <= 12
        assert all(one["description"] for one in manifest["options"])
        # cl-hive names its options `hive-`; a name that is taken would stop lightningd.
        assert all(one["name"].startswith("trimtab-") for one in manifest["options"])
        assert manifest["dynamic"] is True
        assert "shutdown" in manifest["subscriptions"]


def test_hooks_are_filtered(plugins: Start) -> None:
    for program in ("trimtab-cln", "trimtab-hive"):
        (hook,) = plugins(program).manifest()["hooks"]
        assert (hook["name"], hook["filters"]) == ("custommsg", [33401, 33403, 33405, 33407])
    (hook,) = plugins("trimtab-splice-advice").manifest()["hooks"]
    assert hook["name"] == "rpc_command"
    assert hook["filters"] == ["splicein", "spliceout", "splice_init", "dev-splice"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_getmanifest_touches_no_file(program: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = json.dumps(
        {"jsonrpc": "2.0", "id": "cln:getmanifest#1", "method": "getmanifest", "params": {}}
    )
    ran = subprocess.run(
        [str(BIN / program)],
        input=script.encode() + b"\n\n",
        capture_output=True,
        cwd=home,
        env={**os.environ, "LIGHTNINGD_PLUGIN": "1", "HOME": str(home)},
        timeout=60,
        check=False,
    )
    assert b'"result"' in ran.stdout
    assert ran.returncode == 0, ran.stderr
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_outside_of_lightningd_it_says_what_it_is_and_ends_well(program: str) -> None:
    env = {key: value for key, value in os.environ.items() if key != "LIGHTNINGD_PLUGIN"}
    ran = subprocess.run(
        [str(BIN / program)], capture_output=True, text=True, env=env, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "lightningd" in ran.stdout


def test_every_command_answers_and_only_reads(plugins: Start, node: TestNode) -> None:
    ours, plan = plugins("trimtab-cln"), plugins("trimtab-hive")
    for process in (ours, plan):
        process.manifest()
        assert process.init(node) is None
    ours.ready()
    peer = node.answers("listpeerchannels")["channels"][0]["peer_id"]
    asked: list[tuple[PluginProcess, str, Any]] = [
        *((ours, name, {}) for name in sorted(OURS - {"trimtab-explain"})),
        (ours, "trimtab-explain", [peer]),
        (plan, "hive-member-health", {}),
        (plan, "hive-member-health", ["all"]),
        (plan, "hive-member-health", {"action": "aggregate"}),
        (plan, "hive-report-health", [3, 1, 1, "improving"]),
        (plan, "hive-liquidity-state", []),
        (plan, "hive-liquidity-state", ["needs"]),
        (plan, "hive-liquidity-state", ["excess"]),
        (plan, "hive-report-liquidity-state", [[], []]),
        (plan, "hive-update-rebalancing-activity", [True, [peer]]),
        (plan, "hive-check-rebalance-conflict", [peer]),
        (plan, "hive-splice-check", [peer, "splice_out", 1000]),
        (plan, "hive-splice-headroom", [peer]),
        (plan, "hive-splice-recommendations", [peer]),
    ]
    for process, method, params in asked:
        reply = process.ask(method, params)
        assert "error" not in reply, (method, reply)
    assert {method for method, _ in node.calls} <= ALLOWED


def test_what_may_be_asked_moves_no_funds() -> None:
    changing = {"pay", "sendpay", "withdraw", "fundchannel", "spliceout", "splicein", "close"}
    changing |= {"setchannel", "splice_init", "invoice", "keysend", "datastore", "connect"}
    assert not changing & ALLOWED
    assert frozenset({"signmessage", "sendcustommsg"}) == SPEAKS
    readers = ("list", "bkpr-list", "getinfo", "help")
    assert all(name.startswith(readers) for name in READS)


def test_every_method_that_is_registered_was_called() -> None:
    """The list above is the list of the code: a command that is added is a command to test."""
    assert set(FAMILIES["hive"]) == PLAN
    assert set(FAMILIES["trimtab"]) == OURS


def test_errors_have_a_code_and_a_field(plugins: Start, node: TestNode) -> None:
    plan = plugins("trimtab-hive")
    plan.manifest()
    plan.init(node)
    plan.wait_for(lambda: "error" not in plan.ask("hive-member-health"))
    peer = node.answers("listpeerchannels")["channels"][0]["peer_id"]
    wrong: list[tuple[str, Any, str, str]] = [
        ("hive-splice-check", [peer], "missing_field", "splice_type"),
        ("hive-splice-check", [peer, "splice_out", -1], "out_of_range", "amount_sats"),
        ("hive-splice-check", [peer, "splice_out", True], "malformed", "amount_sats"),
        ("hive-splice-check", [peer, "sideways", 1], "out_of_range", "splice_type"),
        ("hive-splice-check", [peer, "splice_out", 10**16], "out_of_range", "amount_sats"),
        ("hive-liquidity-state", ["everything"], "out_of_range", "action"),
        ("hive-liquidity-state", {"nonsense": 1}, "unknown_field", "nonsense"),
        ("hive-liquidity-state", ["needs", 1], "unknown_field", "[1]"),
        ("hive-member-health", ["02" + "0" * 64], "not_a_member", "member_id"),
        ("hive-report-health", [-1, 0, 0, "stable"], "out_of_range", "profitable_channels"),
        ("hive-report-health", [1, 0, 0, "sideways"], "out_of_range", "revenue_trend"),
        ("hive-report-health", [float("inf"), 0, 0, "stable"], "malformed", "profitable_channels"),
        (
            "hive-report-liquidity-state",
            [[{}], []],
            "missing_field",
            "depleted_channels[0].peer_id",
        ),
        (
            "hive-report-liquidity-state",
            [[], [{"peer_id": "a", "local_pct": 2, "capacity_sats": 1}]],
            "out_of_range",
            "saturated_channels[0].local_pct",
        ),
    ]
    for method, params, code, field in wrong:
        reply = plan.ask(method, params)
        assert (reply.get("error"), reply.get("field")) == (code, field), (method, params, reply)


def test_a_report_changes_our_health_and_a_second_one_waits(plugins: Start, node: TestNode) -> None:
    plan = plugins("trimtab-hive")
    plan.manifest()
    plan.init(node)
    before = plan.wait_for(lambda: _good(plan.ask("hive-member-health")))
    told = plan.ask("hive-report-health", [9, 0, 0, "improving"])
    assert told["status"] == "reported"
    after = plan.ask("hive-member-health")
    assert after["health_score"] == told["health_score"] > before["health_score"]
    assert (after["profitable_channels"], after["revenue_trend"]) == (9, "improving")
    assert after["rebalance_budget_multiplier"] == after["budget_multiplier"]
    assert abs(after["last_updated"] - time.time()) < 60
    again = plan.ask("hive-report-health", [0, 9, 0, "declining"])
    assert again["error"] == "rate_limited"
    assert plan.ask("hive-member-health")["health_score"] == after["health_score"]


def _good(reply: dict[str, Any]) -> dict[str, Any] | None:
    return None if "error" in reply else reply


def test_the_plan_s_fields_are_filled(plugins: Start, node: TestNode) -> None:
    plan = plugins("trimtab-hive")
    plan.manifest()
    plan.init(node)
    health = plan.wait_for(lambda: _good(plan.ask("hive-member-health")))
    for name in (
        "member_id",
        "alias",
        "health_score",
        "health_tier",
        "capacity_sats",
        "profitable_channels",
        "underwater_channels",
        "stagnant_channels",
        "revenue_trend",
        "liquidity_score",
        "rebalance_budget_multiplier",
        "last_updated",
    ):
        assert health[name] is not None, name
    fleet = plan.ask("hive-member-health", ["all"])
    assert {"fleet_health", "struggling_count", "thriving_count", "members"} <= set(fleet)
    state = plan.ask("hive-liquidity-state")
    assert state["active"] is True
    assert set(state["our_state"]) == {
        "depleted_channels",
        "saturated_channels",
        "balanced_channels",
    }


def test_the_headroom_has_one_name_in_every_answer(plugins: Start, node: TestNode) -> None:
    ours, plan = plugins("trimtab-cln"), plugins("trimtab-hive")
    for process in (ours, plan):
        process.manifest()
        process.init(node)
    ours.ready()
    every = {one["peer_id"]: one for one in ours.ask("trimtab-splice")["peers"]}
    assert every
    for peer, one in every.items():
        told = [
            ours.ask("trimtab-splice", [peer]),
            plan.ask("hive-splice-headroom", [peer]),
            plan.ask("hive-splice-recommendations", [peer]),
        ]
        assert {each["headroom_sats"] for each in told} == {one.get("headroom_sats")}


def test_the_custommsg_hook_always_continues(plugins: Start, node: TestNode) -> None:
    process = plugins("trimtab-cln")
    process.manifest()
    # Before init, too.
    for payload in ("", "zz", "8279", "8279ff", "0001" + "00" * 50, "8279" + b"{".hex() * 9000):
        for _ in range(2):
            answer = process.ask("custommsg", {"peer_id": "02" + "1" * 64, "payload": payload})
            assert answer == {"result": "continue"}
        if process._node is None:
            process.init(node)
    assert process.alive


def test_it_starts_dynamically_and_ends_cleanly(plugins: Start, node: TestNode) -> None:
    process = plugins("trimtab-cln")
    process.manifest()
    process.init(node, startup=False)
    process.ready()
    begun = time.monotonic()
    assert process.shutdown() == 0
    assert time.monotonic() - begun < 15
    assert not list(node.directory.glob("*.sqlite3-journal"))
    other = plugins("trimtab-cln")
    other.manifest()
    other.init(node)
    other.ready()
    assert other.ask("trimtab-status")["leads"] is True
    assert other.close_stdin() == 0


def test_both_plugins_run_in_one_node_and_one_of_them_looks(plugins: Start, node: TestNode) -> None:
    ours, plan = plugins("trimtab-cln"), plugins("trimtab-hive")
    for process in (ours, plan):
        process.manifest()
        process.init(node)
    ours.ready()
    plan.wait_for(lambda: _good(plan.ask("hive-member-health")))
    time.sleep(2)
    assert len(node.asked("listpeerchannels")) == 1
    told = plan.ask("hive-report-health", [9, 0, 0, "improving"])
    assert ours.ask("trimtab-health")["score"] == told["health_score"]
    leader, other = (ours, plan) if ours.ask("trimtab-status")["leads"] else (plan, ours)
    leader.kill()
    # The one that is left takes over, and looks at the node itself.
    other.wait_for(lambda: len(node.asked("listpeerchannels")) > 1)


def test_a_foreign_store_disables_the_plugin_and_leaves_the_node_alone(
    plugins: Start, node: TestNode
) -> None:
    file = node.directory / "trimtab.sqlite3"
    file.write_bytes(b"my shopping list")
    process = plugins("trimtab-cln")
    process.manifest()
    answer = process.init(node)
    assert "left as it is" in answer["disable"]
    assert file.read_bytes() == b"my shopping list"
    assert node.calls == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"trimtab-members": ["02zz"]}, "no node id"),
        ({"trimtab-profile": "lnd"}, "profile"),
        ({"trimtab-cl-hive-db": "nowhere.db"}, "nowhere.db"),
        ({"trimtab-interval": 0}, "interval"),
    ],
)
def test_a_wrong_option_disables_the_plugin_with_its_name(
    plugins: Start, node: TestNode, options: dict[str, Any], says: str
) -> None:
    process = plugins("trimtab-cln")
    process.manifest()
    assert says in process.init(node, options)["disable"]


@pytest.mark.parametrize(
    "given",
    [
        # As lightningd v26.06.6 hands on what the config says, what `-k plugin start` says twice,
        # a list of `plugin start`, and one value with both.
        ["{0}=two", "{1}"],
        ['["{0}=two", "{1}"]'],
        ['["{0}=two","{1}"]'],
        ["{0}=two,{1}"],
        "{0}=two {1}",
    ],
)
def test_members_are_read_as_every_way_to_start_a_plugin_gives_them(
    plugins: Start, node: TestNode, given: Any
) -> None:
    ids = ["02" + "1" * 64, "03" + "2" * 64]
    options = given.format(*ids) if isinstance(given, str) else [one.format(*ids) for one in given]
    process = plugins("trimtab-cln")
    process.manifest()
    assert process.init(node, {"trimtab-members": options}) is None
    process.ready()
    members = process.ask("trimtab-members")["members"]
    assert [(one["member_id"], one.get("alias")) for one in members] == [
        (ids[0], "two"),
        (ids[1], None),
    ]


def test_versions_that_are_too_old_disable_it(plugins: Start, node: TestNode) -> None:
    old = plugins("trimtab-cln", version="v24.08.2")
    old.manifest()
    assert "24.11" in old.init(node)["disable"]
    advice = plugins("trimtab-splice-advice", version="v25.09.1")
    advice.manifest()
    assert "25.12" in advice.init(node)["disable"]


def test_24_11_is_enough(plugins: Start, node: TestNode) -> None:
    info = node.answers("getinfo")
    node.set("getinfo", {**info, "version": "v24.11.1"})

    def unknown(_params: dict[str, Any]) -> Any:
        raise Refused(-32601, "Unknown command")

    node.overrides["listchannelmoves"] = unknown
    channels = node.answers("listpeerchannels")
    for one in channels["channels"]:
        for later in ("their_max_htlc_value_in_flight_msat", "our_max_htlc_value_in_flight_msat"):
            one.pop(later, None)
    node.set("listpeerchannels", channels)
    process = plugins("trimtab-cln", version="v24.11.1")
    process.manifest()
    process.init(node)
    process.ready()
    assert "error" not in process.ask("trimtab-health")
    # A notification of that time has its fields beside each other.
    process.write(
        {
            "jsonrpc": "2.0",
            "method": "connect",
            "params": {"id": "02" + "1" * 64, "direction": "in"},
        }
    )
    process.write({"jsonrpc": "2.0", "method": "disconnect", "params": {"id": "02" + "1" * 64}})
    assert process.ask("trimtab-status")["reachable"] is True
