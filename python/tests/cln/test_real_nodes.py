"""What only a real lightningd shows. What a fleet shows is in `test_fleet.py`, for both kinds.

Where `lightningd` and `bitcoind` are not on the PATH, all of this is skipped, and says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mcp
import pytest
from mcp.client.stdio import StdioServerParameters
from pyln.client import LightningRpc, RpcError
from support.fleet import MEMBERS
from support.process import BIN
from support.real import PREFIXES, PROGRAMS, SPLICES_SINCE, RealFleet

from trimtab.cln.bridge import HiveBridge
from trimtab.cln.methods import FAMILIES
from trimtab.cln.node import ALLOWED
from trimtab.cln.splice_advice import FILTERS_SINCE
from trimtab.cln.store import Store

if TYPE_CHECKING:
    from support.real import Nodes, RealNode

pytestmark = pytest.mark.lightningd

MOVES_SINCE = (25, 9)
"""Since this version a node tells the moves of each channel."""

STANDINS = Path(__file__).parent / "standins"

WATCHER = """#!{python}
import json
from pyln.client import Plugin

plugin = Plugin()


@plugin.hook("rpc_command")
def rpc_command(plugin, rpc_command, **rest):
    with open({file!r}, "a") as out:
        out.write(json.dumps([rpc_command.get("id"), rpc_command["method"]]) + "\\n")
    return {{"result": "continue"}}


plugin.run()
"""
"""A plugin that writes down what the node is asked, and by whom."""

CL_HIVE = """#!{python}
from pyln.client import Plugin

plugin = Plugin()
plugin.add_option("hive-db-path", "hive.db", "as cl-hive has it")


def told(plugin, **given):
    return {{"told_by": "the other plugin"}}


for name in {names!r}:
    plugin.add_method(name, told)
plugin.run()
"""
"""A plugin that offers the commands of the plan, as cl-hive does."""

HIVE_A = sorted(
    set(FAMILIES["hive"]) - {"hive-splice-headroom", "hive-update-rebalancing-activity"}
)
"""What of them generation A has."""

LISTENER = """#!{python}
from pyln.client import Plugin

plugin = Plugin()


@plugin.hook("custommsg")
def custommsg(plugin, peer_id, payload, **rest):
    with open({file!r}, "a") as out:
        out.write(payload + "\\n")
    return {{"result": "continue"}}


plugin.run()
"""
"""A plugin that writes down every custom message."""


def write(place: Path, text: str, **words: Any) -> str:
    """A plugin of the tests."""
    place.write_text(text.format(python=sys.executable, **words))
    place.chmod(0o755)
    return str(place)


def programs(node: RealNode) -> list[str]:
    """Ours that run in a node of this version."""
    all_ = [PROGRAMS[part] for part in ("ours", "plan", "advice")]
    return all_ if node.version >= FILTERS_SINCE else all_[:2]


def looked(node: RealNode) -> dict[str, Any] | None:
    """The status, as soon as the node was looked at."""
    status: dict[str, Any] = node.ask("trimtab-status")
    return status if status.get("ages_s", {}).get("snapshot") is not None else None


def good(node: RealNode, method: str, params: Any = None) -> dict[str, Any]:
    reply: dict[str, Any] = node.ask(method, params)
    assert "error" not in reply, (method, params, reply)
    return reply


def acquainted(node: RealNode) -> dict[str, Any] | None:
    """The members, as soon as each of them was heard."""
    seen: dict[str, Any] = node.ask("trimtab-members")
    wanted = {"health_status", "liquidity_state"}
    return seen if all(wanted <= set(one["ages_s"]) for one in seen["members"]) else None


def advice(node: RealNode, after: int) -> list[str]:
    """What the program that looks at splices wrote into the log of the node."""
    return [
        line.partition("plugin-trimtab-splice-advice: ")[2]
        for line in node.logged("plugin-trimtab-splice-advice: ", after=after)
        if line.partition("plugin-trimtab-splice-advice: ")[2].startswith(("splice", "dev-splice"))
    ]


def test_every_command_answers_and_the_node_is_only_read(real_nodes: Nodes, tmp_path: Path) -> None:
    node, file = real_nodes["l1"], tmp_path / "asked"
    watcher = write(tmp_path / "watcher.py", WATCHER, file=str(file))
    node.start_plugin(watcher)
    try:
        fleet = RealFleet(real_nodes)
        fleet.acquainted()
        peer = fleet.ids["l4"]
        asked: list[tuple[str, Any]] = [
            *((name, {}) for name in sorted(FAMILIES["trimtab"]) if name != "trimtab-explain"),
            ("trimtab-explain", [peer]),
            ("hive-member-health", {}),
            ("hive-member-health", ["all"]),
            ("hive-member-health", {"action": "aggregate"}),
            ("hive-report-health", [3, 1, 1, "improving"]),
            ("hive-liquidity-state", []),
            ("hive-liquidity-state", ["needs"]),
            ("hive-liquidity-state", ["excess"]),
            ("hive-report-liquidity-state", [[], []]),
            ("hive-update-rebalancing-activity", [True, [peer]]),
            ("hive-check-rebalance-conflict", [peer]),
            ("hive-splice-check", [peer, "splice_out", 1000]),
            ("hive-splice-headroom", [peer]),
            ("hive-splice-recommendations", [peer]),
        ]
        for method, params in asked:
            good(node, method, params)
        status = good(node, "trimtab-status")
        assert (status["reachable"], status["trouble"]) == (True, {})
        missing = set() if node.version >= MOVES_SINCE else {"listchannelmoves"}
        assert set(status["not_answered"]) == missing
        lines = [json.loads(line) for line in file.read_text().splitlines()]
    finally:
        node.stop_plugin(watcher)
    # The last part of an id says who asked; those before it, in whose course.
    ours = {method for id_, method in lines if str(id_).split("/")[-1].startswith("trimtab:")}
    assert {"listpeerchannels", "listforwards", "signmessage", "sendcustommsg"} <= ours <= ALLOWED
    assert {one for one, _ in asked} <= {method for _, method in lines}


def test_an_operator_types_it(real_nodes: Nodes) -> None:
    node = real_nodes["l1"]
    node.cli("plugin", "start", str(BIN / "trimtab-cln"))
    node.cli("plugin", "start", str(BIN / "trimtab-hive"))
    real_nodes.until(lambda: looked(node))
    channel = node.channel(real_nodes["l4"])
    place = channel["short_channel_id"]
    assert node.cli("trimtab-advise")["rebalances"]
    assert len(node.cli("trimtab-advise", "1")["rebalances"]) == 1
    assert node.cli("trimtab-explain", place)["channels"][0]["channel_id"] == channel["channel_id"]
    assert node.cli("trimtab-splice", real_nodes["l4"].id)["headroom_sats"] > 0
    decided = node.cli("-k", "trimtab-policy", f"subject={place}", "rebalance=source_only")
    assert decided["decisions"][0]["rebalance"] == "source_only"
    assert node.cli("trimtab-policy", place, "off")["decisions"][0]["rebalance"] == "off"
    assert node.cli("-k", "trimtab-policy", f"subject={place}", "clear=true")["decisions"] == []
    refused = node.cli(
        "-k",
        "hive-splice-check",
        f"peer_id={channel['peer_id']}",
        "splice_type=splice_out",
        "amount_sats=-1",
    )
    assert (refused["error"], refused["field"]) == ("out_of_range", "amount_sats")
    # The help of lightningd shows how each is used.
    usage = {one["command"].split()[0]: one["command"] for one in node.ask("help")["help"]}
    assert usage["trimtab-explain"].split()[1:] == ["subject", "[first]"]
    assert {*FAMILIES["hive"], *FAMILIES["trimtab"]} <= set(usage)


@pytest.mark.parametrize("part", sorted(PROGRAMS))
def test_it_starts_and_stops_as_often_as_one_likes(real_nodes: Nodes, part: str) -> None:
    node, program = real_nodes["l2"], PROGRAMS[part]
    if program not in programs(node):
        with pytest.raises(RpcError, match="disabled itself at init: before Core Lightning"):
            node.ask("plugin", {"subcommand": "start", "plugin": str(BIN / program)})
        return
    for _ in range(3):
        node.start_plugin(program)
        (pid,) = node.plugin_pids(program)
        node.stop_plugin(program)
        assert node.plugin_pids(program) == []
        assert pid
    assert node.logged(f"plugin-{program}: Killing plugin: stopped") == []
    node.start_plugin(program)
    asked = {"ours": "trimtab-health", "plan": "hive-member-health"}.get(part)
    if asked is not None:
        real_nodes.until(lambda: "error" not in node.ask(asked), timeout=20)


def test_one_plugin_takes_over_when_the_other_is_killed(real_nodes: Nodes) -> None:
    node = real_nodes["l2"]
    for part in PREFIXES:
        node.start_plugin(PROGRAMS[part])
    real_nodes.until(lambda: looked(node))
    assert good(node, "trimtab-status")["leads"] is True
    (pid,) = node.plugin_pids("trimtab-cln")
    subprocess.run(["kill", "-9", str(pid)], check=True)
    real_nodes.until(lambda: node.plugin_pids("trimtab-cln") == [])
    good(node, "hive-member-health")
    (other,) = node.plugin_pids("trimtab-hive")
    store = Store(node.folder / "trimtab.sqlite3")
    try:
        real_nodes.until(
            lambda: (lease := store.kept("lease:leader")) and lease.body["pid"] == other
        )
    finally:
        store.close()
    node.start_plugin("trimtab-cln")
    real_nodes.until(lambda: looked(node))
    assert good(node, "trimtab-status")["leads"] is False


def test_they_are_there_from_the_start_of_the_node_and_after_each_restart(
    real_nodes: Nodes,
) -> None:
    node = real_nodes["l2"]
    others = [real_nodes[name].id for name in ("l1", "l3")]
    more = [f"--plugin={BIN / program}" for program in PROGRAMS.values()]
    more += [f"--{prefix}-members={one}" for prefix in PREFIXES.values() for one in others]
    for other in ("l1", "l3"):
        real_nodes[other].start_plugin("trimtab-cln", trimtab_members=[node.id])
    try:
        for end in (node.end, node.kill, node.end):
            end()
            start = node.log_size
            node.launch(*more)
            node.ready()
            real_nodes.connect_all()
            status = real_nodes.until(lambda: looked(node))
            assert status["reachable"] is True
            heard = real_nodes.until(lambda: acquainted(node))
            assert len(heard["members"]) == 2
            real_nodes.until(lambda: good(node, "trimtab-status")["trouble"] == {})
            # A node that comes up must not be taken for one that is gone.
            told = [
                line
                for program in PROGRAMS.values()
                for line in node.logged(f"plugin-{program}:", after=start)
                if " DEBUG " not in line and " INFO " not in line
            ]
            assert told == [], told
    finally:
        node.end()
        node.launch()
        node.ready()


def test_beside_another_plugin_with_the_same_commands(real_nodes: Nodes, tmp_path: Path) -> None:
    node = real_nodes["l1"]
    hive = write(tmp_path / "cl-hive.py", CL_HIVE, names=HIVE_A)
    node.start_plugin(hive)
    try:
        for program in set(programs(node)) - {"trimtab-hive"}:
            node.start_plugin(program)
        real_nodes.until(lambda: looked(node))
        # The plan's commands are the other plugin's: ours that offers them too is sent away.
        with pytest.raises(RpcError, match="hive-"):
            node.ask("plugin", {"subcommand": "start", "plugin": str(BIN / "trimtab-hive")})
        assert good(node, "hive-member-health") == {"told_by": "the other plugin"}
        assert good(node, "trimtab-advise")["rebalances"]
    finally:
        node.stop_plugin(hive)
    node.start_plugin("trimtab-hive")
    real_nodes.until(lambda: "error" not in node.ask("hive-member-health"))


def test_a_wrong_option_keeps_the_plugin_out_and_the_node_up(real_nodes: Nodes) -> None:
    node = real_nodes["l2"]
    with pytest.raises(RpcError, match="no node id"):
        node.ask(
            "plugin",
            {
                "subcommand": "start",
                "plugin": str(BIN / "trimtab-cln"),
                "trimtab-members": ["02zz"],
            },
        )
    (node.folder / "trimtab.sqlite3").write_bytes(b"my shopping list")
    with pytest.raises(RpcError, match="left as it is"):
        node.ask("plugin", {"subcommand": "start", "plugin": str(BIN / "trimtab-cln")})
    assert (node.folder / "trimtab.sqlite3").read_bytes() == b"my shopping list"
    assert node.ask("getinfo")["id"] == node.id


def test_what_is_earned_is_seen_and_stays_seen(real_nodes: Nodes) -> None:
    """l1 pays l3 over l2, which takes 250 ppm."""
    payer, node, payee = (real_nodes[name] for name in ("l1", "l2", "l3"))

    def pay(label: str, msat: int) -> None:
        asked = {"amount_msat": msat, "label": f"{label} {time.time()}", "description": label}
        made = payee.ask("invoice", asked)
        away = {"amount_msat": msat * 1_000_250 // 1_000_000, "delay": 60}
        route = [
            {"id": node.id, "channel": node.channel(payer)["short_channel_id"], **away},
            {
                "id": payee.id,
                "channel": node.channel(payee)["short_channel_id"],
                "amount_msat": msat,
                "delay": 30,
            },
        ]
        paid = {"payment_hash": made["payment_hash"], "payment_secret": made["payment_secret"]}
        payer.ask("sendpay", {"route": route, "amount_msat": msat, **paid})
        payer.ask("waitsendpay", {"payment_hash": made["payment_hash"], "timeout": 60})

    def forwards() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = node.ask("listforwards", {"status": "settled"})["forwards"]
        return found

    def earned() -> int:
        return sum(one["revenue_msat"] for one in good(node, "trimtab-health")["channels"])

    before = len(forwards())
    pay("before the plugin", 100_000_000)
    real_nodes.until(lambda: len(forwards()) > before)
    fees = sum(int(one["fee_msat"]) for one in forwards())
    assert fees >= 25_000
    node.start_plugin("trimtab-cln", trimtab_interval=1)
    real_nodes.until(lambda: looked(node))
    assert earned() == fees
    pay("while it runs", 200_000_000)
    real_nodes.until(lambda: earned() > fees)
    fees = sum(int(one["fee_msat"]) for one in forwards())
    assert earned() == fees
    # The node forgets; we do not.
    for one in forwards():
        of = {"in_channel": one["in_channel"], "in_htlc_id": one["in_htlc_id"]}
        node.ask("delforward", {**of, "status": "settled"})
    assert forwards() == []
    time.sleep(3)  # Three more looks.
    assert earned() == fees


def test_an_unannounced_channel_is_told_to_nobody(real_nodes: Nodes, tmp_path: Path) -> None:
    # In l4, which has no part in the other tests: the channel stays.
    one, two, heard = real_nodes["l4"], real_nodes["l3"], tmp_path / "heard"
    listener = write(tmp_path / "listener.py", LISTENER, file=str(heard))
    hidden = real_nodes.add("l6")
    real_nodes.connect("l4", "l6")
    one.ask("fundchannel", {"id": hidden.id, "amount": 500_000, "announce": False})
    real_nodes.mine(6)
    real_nodes.until(
        lambda: (
            one.ask("listpeerchannels", {"id": hidden.id})["channels"][0]["state"]
            == "CHANNELD_NORMAL"
        )
    )
    two.start_plugin(listener)
    try:
        one.start_plugin("trimtab-cln", trimtab_members=[two.id])
        status = real_nodes.until(lambda: looked(one))
        assert status["trouble"] == {}
        real_nodes.until(lambda: heard.exists() and len(heard.read_text().splitlines()) >= 2)
    finally:
        two.stop_plugin(listener)
    messages = [bytes.fromhex(line)[2:].decode() for line in heard.read_text().splitlines()]
    assert any("liquidity_state" in text for text in messages)
    shown = [c for c in one.ask("listpeerchannels")["channels"] if not c["private"]]
    for text in messages:
        assert hidden.id not in text
        if "health_status" in text:
            assert json.loads(text)["body"]["channels"] == len(shown)
    # Our own operator is told that it was left out.
    assert good(one, "trimtab-advise")["left_out"]["listed"]["unannounced"] == 1


def settle(nodes: Nodes, node: RealNode, peer: str) -> None:
    """Confirm a splice, so that the next test finds a channel that works."""
    nodes.mine(6)
    nodes.until(lambda: node.channel(nodes[peer])["state"] == "CHANNELD_NORMAL")


class TestSplices:
    """An operator's splice, and what is said of it before it happens."""

    @pytest.fixture
    def node(self, real_nodes: Nodes) -> RealNode:
        node = real_nodes["l3"]
        if node.version < SPLICES_SINCE:
            pytest.skip(f"this lightningd is {node.version}: it does not splice by itself")
        node.start_plugin("trimtab-cln")
        node.start_plugin("trimtab-splice-advice")
        real_nodes.until(lambda: looked(node))
        return node

    def test_a_splice_out_gets_one_advice_and_happens(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        channel = node.channel(real_nodes["l5"])
        start = node.log_size
        node.ask("spliceout", [channel["channel_id"], "100k"])
        (line,) = advice(node, start)
        assert line.startswith(f"spliceout 100k of {channel['channel_id']}: safe: "), line
        (inflight,) = node.channel(real_nodes["l5"])["inflight"]
        assert inflight["splice_amount"] < -99_999
        # On its way the sats are gone already: a second one counts without them.
        node.ask("trimtab-splice", [real_nodes["l5"].id])
        settle(real_nodes, node, "l5")

    def test_a_splice_in_gets_one_advice_and_happens(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        channel = node.channel(real_nodes["l4"])
        start = node.log_size
        node.cli("-k", "splicein", f"channel={channel['channel_id'][:8]}", "amount=50000sat")
        (line,) = advice(node, start)
        assert line.startswith(f"splicein 50000sat of {channel['channel_id'][:8]}: safe: "), line
        settle(real_nodes, node, "l4")

    def test_a_splice_out_beyond_the_balance_is_said_to_be_blocked_before_it_fails(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        channel = node.channel(real_nodes["l5"])
        total = int(channel["total_msat"]) // 1000
        start = node.log_size
        with pytest.raises(RpcError):
            node.ask("spliceout", [channel["channel_id"], total])
        (line,) = advice(node, start)
        assert f"spliceout {total} of {channel['channel_id']}: blocked: " in line
        assert node.logged("UNUSUAL plugin-trimtab-splice-advice", after=start), "not a warning"
        real_nodes.connect_all()
        settle(real_nodes, node, "l5")

    def test_a_share_is_the_share_that_the_node_takes(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        channel = node.channel(real_nodes["l5"])
        start = node.log_size
        with pytest.raises(RpcError):
            node.ask("spliceout", [channel["channel_id"], "100%"])
        (line,) = advice(node, start)
        ours = int(channel["to_us_msat"]) // 1000
        assert f": blocked: {ours:,} sat is asked for" in line, line
        # What never happened does not stand in the way of the next try. lightningd itself never
        # answers a splice that comes while the one before is still being taken back.
        real_nodes.disconnect("l3", "l5")
        real_nodes.connect_all()
        start = node.log_size
        node.ask("spliceout", [channel["channel_id"], "10%"])
        (line,) = advice(node, start)
        assert ": safe: " in line, line
        (inflight,) = node.channel(real_nodes["l5"])["inflight"]
        assert 0 < -inflight["splice_amount"] - ours // 10 < 5_000, "the share and the fee"
        settle(real_nodes, node, "l5")

    def test_all_that_may_leave_by_our_word_can_leave(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        peer = real_nodes["l4"]
        room = good(node, "trimtab-splice", [peer.id])["headroom_sats"]
        assert room > 1_000_000
        start = node.log_size
        node.ask("spliceout", [node.channel(peer)["channel_id"], room])
        (line,) = advice(node, start)
        assert ": safe: " in line, line
        settle(real_nodes, node, "l4")
        # And back again, for the other tests.
        node.ask("splicein", [node.channel(peer)["channel_id"], room])
        settle(real_nodes, node, "l4")

    def test_one_transaction_over_two_channels_gets_two_advices(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        one, two = (node.channel(real_nodes[name])["channel_id"] for name in ("l5", "l4"))
        start = node.log_size
        node.ask("spliceout", [one, "60000", two])
        out, into = advice(node, start)
        assert out.startswith(f"spliceout 60000 of {one}: safe: "), out
        assert into.startswith(f"spliceout -> {two}: safe: "), into
        for name in ("l5", "l4"):
            settle(real_nodes, node, name)

    def test_a_step_by_step_splice_gets_its_advice_too(
        self, node: RealNode, real_nodes: Nodes
    ) -> None:
        channel = node.channel(real_nodes["l5"])
        start = node.log_size
        node.ask("splice_init", [channel["channel_id"], -200_000])
        (line,) = advice(node, start)
        assert line.startswith(f"splice_init -200000 of {channel['channel_id']}: "), line
        real_nodes.disconnect("l3", "l5")  # It is never finished.
        real_nodes.connect_all()
        settle(real_nodes, node, "l5")

    def test_what_it_can_not_know_is_unchecked_and_the_command_goes_on(
        self, node: RealNode
    ) -> None:
        start = node.log_size
        begun = time.monotonic()
        with pytest.raises(RpcError):
            node.ask("spliceout", ["00" * 32, 1000])
        assert time.monotonic() - begun < 5
        (line,) = advice(node, start)
        assert ": unchecked: " in line


def test_a_splice_out_is_told_to_the_members_before_it_happens(real_nodes: Nodes) -> None:
    node = real_nodes["l1"]
    if node.version < SPLICES_SINCE:
        pytest.skip(f"this lightningd is {node.version}: it does not splice by itself")
    fleet = RealFleet(real_nodes)
    fleet.acquainted()
    node.start_plugin("trimtab-splice-advice")
    node.ask("spliceout", [node.channel(real_nodes["l5"])["channel_id"], 50_000])

    def heard() -> bool:
        return all(
            "splice_check" in one["ages_s"]
            for name in MEMBERS[1:]
            for one in fleet[name].ours.ask("trimtab-members")["members"]
            if one["member_id"] == node.id
        )

    fleet.until(heard)
    settle(real_nodes, node, "l5")


def test_the_doctor_examines_a_real_node(real_nodes: Nodes, tmp_path: Path) -> None:
    node = real_nodes["l1"]

    def examined(*more: str) -> dict[str, Any]:
        ran = subprocess.run(
            [str(BIN / "trimtab-doctor"), "--rpc", str(node.path), "--json", *more],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode in (0, 1), ran.stderr
        found: dict[str, Any] = json.loads(ran.stdout)
        assert found["healthy"] is (ran.returncode == 0)
        return found

    alone = examined()
    assert alone["node"] == node.id
    assert alone["generation"]["cl_hive"] == alone["generation"]["revenue_ops"] == "none"
    assert alone["tier"]["score"] is not None
    node.start_plugin("trimtab-hive")
    real_nodes.until(lambda: "error" not in node.ask("hive-member-health"))
    assert examined()["generation"]["cl_hive"] == "ours"
    node.stop_plugin("trimtab-hive")
    hive = write(tmp_path / "cl-hive.py", CL_HIVE, names=HIVE_A)
    node.start_plugin(hive)
    try:
        assert examined()["generation"]["cl_hive"] == "A"
    finally:
        node.stop_plugin(hive)


def test_the_bridge_and_the_tools_for_assistants_ask_a_real_node(real_nodes: Nodes) -> None:
    fleet = RealFleet(real_nodes)
    fleet.acquainted()
    node, peer = real_nodes["l1"], fleet.ids["l4"]

    class Client:
        rpc = LightningRpc(str(node.path))

    bridge = HiveBridge(Client())
    health = bridge.query_member_health()
    assert health is not None, bridge.why()
    assert health["member_id"] == node.id
    assert bridge.check_splice_safety(peer, "splice_out", 1000)["safety_level"] == "safe"
    assert bridge.why() is None
    assert bridge.check_rebalance_conflict(peer)["conflict"] is False
    assert bridge.why() is None

    async def asked() -> list[Any]:
        server = StdioServerParameters(
            command=str(BIN / "trimtab-mcp"), args=["--rpc", str(node.path)]
        )
        async with mcp.Client(server) as client:
            return [
                await client.call_tool("policy_advise", {}),
                await client.call_tool("policy_explain", {"subject": peer}),
                await client.call_tool("hive_member_health", {}),
            ]

    import anyio  # noqa: PLC0415 (mcp brings it)

    for answer in anyio.run(asked):
        assert not answer.is_error, answer
        assert answer.structured_content


def test_a_depletion_at_one_adopted_plugin_lowers_the_fee_of_another(
    real_nodes: Nodes, tmp_path: Path
) -> None:
    """Three stand-ins of the deployed plugins, with one line of ours at their top."""
    folder = tmp_path / "stand-in"
    shutil.copytree(STANDINS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = folder / "stand-in.py"
    script.write_text(f"#!{sys.executable}\n{(folder / 'plugin.py').read_text()}")
    script.chmod(0o755)
    peer, members = real_nodes["l4"].id, [real_nodes[name] for name in MEMBERS]
    last = members[-1]
    try:
        for node in members:
            others = [one.id for one in members if one is not node]
            (node.folder / "trimtab-members.txt").write_text("\n".join(others))
            node.start_plugin(str(script))

        def lowered() -> bool:
            for node in members:
                assert good(node, "stand-in-needs")["undone"] is None
            return bool(good(last, "stand-in-fee", [peer, 1000])["fee"] != 1000)

        real_nodes.until(lowered)
        assert good(last, "stand-in-fee", [peer, 1000])["fee"] == 950
        (need,) = [
            one
            for one in good(last, "stand-in-needs")["needs"]
            if (one["peer_id"], one["member_id"]) == (peer, members[0].id)
        ]
        assert (need["need_type"], need["severity"]) == ("outbound", "high")
        everything = good(members[0], "stand-in-splice", [peer, 10**9])
        assert everything["safety"] == "blocked"
    finally:
        for node in members:
            node.stop_plugin(str(script))


def test_a_plugin_is_small(real_nodes: Nodes, record_property: Any) -> None:
    """How small it is, `make bench` says; here are only the bounds that are promised."""
    node = real_nodes["l1"]
    for program in programs(node):
        begun = time.monotonic()
        node.start_plugin(program)
        record_property(f"{program} started in s", round(time.monotonic() - begun, 2))
    real_nodes.until(lambda: looked(node))
    for program in programs(node):
        (pid,) = node.plugin_pids(program)
        ran = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
        )
        kb = int(ran.stdout)
        record_property(f"{program} resident MB", round(kb / 1024, 1))
        assert kb < 60 * 1024, (program, kb)
