"""The bridge of other plugins to the fleet: what it asks, how it fails, and that it never waits."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from support.lightningd import Refused, TestNode

import trimtab
from trimtab.cln.bridge import (
    AVAILABILITY_S,
    DEADLINE_S,
    HEALTH_S,
    MOST_WAITING,
    OPEN_S,
    Breaker,
    HiveBridge,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.process import PluginProcess

PEER = "03" + "aa" * 32
CALLS: dict[str, Callable[[HiveBridge], Any]] = {
    "query_member_health": lambda bridge: bridge.query_member_health(),
    "query_fleet_health": lambda bridge: bridge.query_fleet_health(),
    "report_health_update": lambda bridge: bridge.report_health_update(1, 2, 3),
    "query_fleet_liquidity_state": lambda bridge: bridge.query_fleet_liquidity_state(),
    "query_fleet_liquidity_needs": lambda bridge: bridge.query_fleet_liquidity_needs(),
    "report_liquidity_state": lambda bridge: bridge.report_liquidity_state([], []),
    "update_rebalancing_activity": lambda bridge: bridge.update_rebalancing_activity(False, []),
    "check_rebalance_conflict": lambda bridge: bridge.check_rebalance_conflict(PEER),
    "check_splice_safety": lambda bridge: bridge.check_splice_safety(PEER, "splice_out", 1),
    "get_splice_recommendations": lambda bridge: bridge.get_splice_recommendations(PEER),
}
ALONE: dict[str, Any] = {
    "query_member_health": None,
    "query_fleet_health": None,
    "report_health_update": False,
    "query_fleet_liquidity_state": None,
    "query_fleet_liquidity_needs": [],
    "report_liquidity_state": False,
    "update_rebalancing_activity": False,
    "get_splice_recommendations": None,
}
USAGES = [
    "hive-member-health [member_id] [action]",
    "hive-report-health [profitable_channels] [underwater_channels] [stagnant_channels]"
    " [revenue_trend] [total_channels] [liquidity_score]",
    "hive-liquidity-state [action]",
    "hive-report-liquidity-state [depleted_channels] [saturated_channels] [rebalancing_active]"
    " [rebalancing_peers] [liquidity_needs]",
    "hive-update-rebalancing-activity rebalancing_active [rebalancing_peers]",
    "hive-check-rebalance-conflict peer_id",
    "hive-splice-check peer_id splice_type amount_sats [channel_id]",
    "hive-splice-recommendations peer_id",
]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Fails(Exception):
    """As pyln's RpcError: the answer of lightningd is in `error`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.error = {"code": code, "message": "it fails"}


class Plugin:
    """A node with a plugin of the fleet, in this process."""

    def __init__(self, *usages: str) -> None:
        self.rpc = self
        self.usages = list(usages or USAGES)
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, Any]] = []
        self.fails: BaseException | None = None
        self.hold: threading.Event | None = None

    def call(self, method: str, payload: Any) -> Any:
        self.calls.append((method, payload))
        if self.hold is not None:
            self.hold.wait(30)
        if self.fails is not None:
            raise self.fails
        if method == "help":
            return {"help": [{"command": "getinfo "}, *({"command": one} for one in self.usages)]}
        return self.answers.get(method, {})

    def asked(self, method: str) -> list[Any]:
        return [params for name, params in self.calls if name == method]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plugin() -> Plugin:
    return Plugin()


# --- the breaker ---


def test_three_failures_in_a_row_open_the_breaker(clock: Clock) -> None:
    breaker = Breaker(clock=clock)
    for well in (False, False, True, False, False):
        ticket = breaker.admit()
        assert ticket is not None
        breaker.settle(ticket, well=well)
    assert breaker.state == "closed"
    ticket = breaker.admit()
    assert ticket is not None
    breaker.settle(ticket, well=False)
    assert breaker.state == "open"
    assert breaker.admit() is None


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(3):
        breaker.settle(breaker.admit() or 0, well=False)
    assert breaker.state == "open"
    return breaker


def test_after_its_time_one_probe_goes_through(clock: Clock) -> None:
    breaker = opened(clock)
    clock.now += OPEN_S - 0.001
    assert breaker.admit() is None
    clock.now += 0.001
    assert breaker.state == "half_open"
    with ThreadPoolExecutor(8) as pool:
        tickets = list(pool.map(lambda _: breaker.admit(), range(64)))
    assert len([one for one in tickets if one is not None]) == 1


@pytest.mark.parametrize("well", [True, False])
def test_the_probe_decides(clock: Clock, well: bool) -> None:
    breaker = opened(clock)
    clock.now += OPEN_S
    ticket = breaker.admit()
    assert ticket is not None
    breaker.settle(ticket, well=well)
    assert breaker.state == ("closed" if well else "open")
    if not well:
        clock.now += OPEN_S - 1
        assert breaker.admit() is None, "a probe that fails opens it for its whole time again"


@pytest.mark.parametrize("well", [True, False])
def test_a_call_from_before_it_opened_changes_nothing(clock: Clock, well: bool) -> None:
    breaker = Breaker(clock=clock)
    late = breaker.admit()
    assert late is not None
    for _ in range(3):
        breaker.settle(breaker.admit() or 0, well=False)
    clock.now += OPEN_S
    probe = breaker.admit()
    assert probe is not None
    breaker.settle(late, well=well)
    assert breaker.state == "half_open"
    assert breaker.admit() is None


# --- failing open ---


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("fails", "code"),
    [
        (OSError("gone"), "node_failed"),
        (Fails(-1), "node_failed"),
        (KeyboardInterrupt(), "node_failed"),
        (None, "not_offered"),
    ],
    ids=["gone", "failing", "interrupted", "nobody"],
)
def test_every_call_fails_open_and_says_why(
    name: str, fails: BaseException | None, code: str
) -> None:
    plugin = Plugin("nothing-of-the-fleet")
    plugin.fails = fails
    bridge = HiveBridge(plugin)
    given = CALLS[name](bridge)
    why = bridge.why()
    assert why is not None
    assert why["code"] == code
    assert why["reason"]
    if name == "check_rebalance_conflict":
        assert given == {"conflict": False, "peer_id": PEER, **why}
    elif name == "check_splice_safety":
        assert (given["safe"], given["safety_level"]) == (False, "unchecked")
        assert given["can_proceed"] is True
        assert why["reason"] in given["reason"]
    else:
        assert given == ALONE[name]


@pytest.mark.parametrize("name", CALLS)
def test_every_call_ends_within_its_deadline(name: str, plugin: Plugin) -> None:
    plugin.hold = threading.Event()
    bridge = HiveBridge(plugin, deadline_s=0.2)
    began = time.monotonic()
    CALLS[name](bridge)
    assert time.monotonic() - began < 1.5
    why = bridge.why()
    assert why is not None
    assert why["code"] == "no_answer"
    plugin.hold.set()


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("answer", [None, [], "text", {"error": "permission_denied"}])
def test_every_answer_without_sense_fails_open(name: str, answer: Any, plugin: Plugin) -> None:
    for usage in USAGES:
        plugin.answers[usage.partition(" ")[0]] = answer
    bridge = HiveBridge(plugin)
    CALLS[name](bridge)
    why = bridge.why()
    assert why is not None
    assert why["code"] == ("refused" if isinstance(answer, dict) else "malformed")
    assert bridge.breaker.state == "closed", "who answers is not down"


def test_a_node_that_hangs_costs_a_few_threads_only(plugin: Plugin) -> None:
    plugin.hold = threading.Event()
    bridge = HiveBridge(plugin, deadline_s=0.05)
    bridge.breaker = Breaker(failures=1000)
    codes = []
    for _ in range(MOST_WAITING * 3):
        bridge.query_member_health()
        codes.append((bridge.why() or {}).get("code"))
    waiting = [one for one in threading.enumerate() if one.name.startswith("trimtab-bridge-")]
    assert len(waiting) <= MOST_WAITING
    assert set(codes) == {"no_answer", "too_many_calls"}
    plugin.hold.set()
    for one in waiting:
        one.join(5)
        assert not one.is_alive()


def test_a_node_that_fails_is_left_alone_for_a_minute(plugin: Plugin, clock: Clock) -> None:
    bridge = HiveBridge(plugin, clock=clock)
    plugin.fails = OSError("gone")
    for _ in range(3):
        assert bridge.query_member_health() is None
    asked = len(plugin.calls)
    assert bridge.query_fleet_liquidity_needs() == []
    assert (bridge.why() or {})["code"] == "circuit_open"
    assert len(plugin.calls) == asked
    plugin.fails = None
    plugin.answers["hive-liquidity-state"] = {"fleet_needs": [{"peer_id": PEER}]}
    clock.now += OPEN_S
    assert bridge.query_fleet_liquidity_needs() == [{"peer_id": PEER}]
    assert bridge.why() is None
    assert bridge.breaker.state == "closed"


# --- who offers what ---


def test_who_offers_the_commands_is_asked_once_a_minute(plugin: Plugin, clock: Clock) -> None:
    bridge = HiveBridge(plugin, clock=clock)
    for _ in range(3):
        bridge.check_rebalance_conflict(PEER)
        clock.now += AVAILABILITY_S / 3
    assert len(plugin.asked("help")) == 1
    bridge.check_rebalance_conflict(PEER)
    assert len(plugin.asked("help")) == 2


def test_that_nobody_offers_them_is_remembered_too(clock: Clock) -> None:
    plugin = Plugin("getinfo")
    bridge = HiveBridge(plugin, clock=clock)
    assert not any(bridge.is_available() for _ in range(5))
    assert len(plugin.calls) == 1
    plugin.usages = USAGES
    clock.now += AVAILABILITY_S
    assert bridge.is_available()


def test_a_command_that_went_away_is_looked_for_again(plugin: Plugin) -> None:
    bridge = HiveBridge(plugin)
    assert bridge.is_available()
    plugin.fails = Fails(-32601)
    for _ in range(5):
        bridge.query_member_health()
        assert (bridge.why() or {})["code"] == "not_offered"
        plugin.calls.clear()
    plugin.fails = None
    bridge.query_member_health()
    assert plugin.asked("help") == [{}]


def test_an_older_plugin_gets_only_the_fields_it_names() -> None:
    usage = "hive-report-liquidity-state depleted_channels saturated_channels [rebalancing_active]"
    plugin = Plugin(usage)
    bridge = HiveBridge(plugin)
    assert bridge.report_liquidity_state([], [], True, [PEER], [{"peer_id": PEER}])
    assert plugin.asked("hive-report-liquidity-state") == [
        {"depleted_channels": [], "saturated_channels": [], "rebalancing_active": True}
    ]


def without(usages: list[str], *gone: str) -> list[str]:
    """The usages without some commands and parameters."""
    kept = [one for one in usages if one.partition(" ")[0] not in gone]
    for word in gone:
        kept = [one.replace(f" [{word}]", "") for one in kept]
    return kept


GENERATIONS = {
    "A": without(USAGES, "hive-update-rebalancing-activity", "liquidity_needs"),
    "B": USAGES,
}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_both_deployed_generations_are_asked_as_they_want_it(generation: str) -> None:
    plugin = Plugin(*GENERATIONS[generation])
    plugin.answers["hive-liquidity-state"] = {"fleet_needs": []}
    plugin.answers["hive-check-rebalance-conflict"] = {"conflict": False}
    plugin.answers["hive-splice-check"] = {"safety": "safe", "reason": "others cover"}
    bridge = HiveBridge(plugin)
    failed = []
    for name, call in CALLS.items():
        call(bridge)
        if bridge.why() is not None:
            failed.append((name, (bridge.why() or {})["code"]))
    expected = [("update_rebalancing_activity", "not_offered")] if generation == "A" else []
    assert failed == expected
    assert bridge.report_liquidity_state([], [], liquidity_needs=[])
    sent = plugin.asked("hive-report-liquidity-state")[-1]
    assert ("liquidity_needs" in sent) == (generation == "B")


def test_no_record_of_the_deployed_plugin_is_no_health(plugin: Plugin) -> None:
    record = {"error": "No health record found", "health_score": 50, "health_tier": "stable"}
    plugin.answers["hive-member-health"] = record
    bridge = HiveBridge(plugin)
    assert bridge.query_member_health() is None
    assert (bridge.why() or {})["code"] == "refused"
    assert bridge.breaker.state == "closed"


# --- health ---


def test_health_is_asked_once_in_five_minutes(plugin: Plugin, clock: Clock) -> None:
    bridge = HiveBridge(plugin, clock=clock)
    plugin.answers["hive-member-health"] = {"health_tier": "struggling"}
    first = bridge.query_member_health()
    clock.now += HEALTH_S - 1
    again = bridge.query_member_health()
    assert len(plugin.asked("hive-member-health")) == 1
    assert (first or {})["age_s"] == 0
    assert (again or {})["age_s"] == HEALTH_S - 1
    clock.now += 1
    plugin.fails = OSError("gone")
    assert bridge.query_member_health() is None, "old health is no health"
    assert bridge.budget_multiplier() == 1.0


@pytest.mark.parametrize("tier", ["struggling", "vulnerable", "stable", "thriving"])
@pytest.mark.parametrize("said", [99.0, -1.0, "nan", None])
def test_a_multiplier_from_outside_is_never_used(tier: str, said: Any, plugin: Plugin) -> None:
    policy = trimtab.Policy()
    expected = policy.call("rebalance.accept", {"ev": 0, "min_ev": 0, "tier": tier})["decision"][
        "multiplier"
    ]
    one = {"health_tier": tier, "budget_multiplier": said, "rebalance_budget_multiplier": said}
    plugin.answers["hive-member-health"] = {**one, "members": [one]}
    bridge = HiveBridge(plugin, policy=policy)
    for _ in range(2):  # Asked, and out of the cache.
        health = bridge.query_member_health()
        assert health is not None
        for entry in (health, *health["members"]):
            assert entry["budget_multiplier"] == expected
            assert entry["rebalance_budget_multiplier"] == expected
        assert bridge.budget_multiplier() == expected


def test_the_multiplier_is_clamped_as_the_config_says(plugin: Plugin) -> None:
    policy = trimtab.Policy("plan", {"health": {"max_multiplier": 1.25}})
    plugin.answers["hive-member-health"] = {"health_tier": "struggling", "budget_multiplier": 2.0}
    assert HiveBridge(plugin, policy=policy).budget_multiplier() == 1.25


@pytest.mark.parametrize("tier", ["critical", "healthy", "", 7, None, ["stable"]])
def test_an_unknown_tier_changes_no_budget(tier: Any, plugin: Plugin) -> None:
    plugin.answers["hive-member-health"] = {"health_tier": tier, "budget_multiplier": 99.0}
    assert HiveBridge(plugin).budget_multiplier() == 1.0


def test_what_a_caller_does_with_an_answer_does_not_reach_the_cache(plugin: Plugin) -> None:
    plugin.answers["hive-member-health"] = {"health_tier": "stable"}
    bridge = HiveBridge(plugin)
    health = bridge.query_member_health()
    assert health is not None
    health["health_tier"] = "struggling"
    assert bridge.budget_multiplier() == 1.0


def test_a_report_ends_what_the_cache_knows(plugin: Plugin) -> None:
    plugin.answers["hive-member-health"] = {"health_tier": "stable"}
    bridge = HiveBridge(plugin)
    bridge.query_member_health()
    assert bridge.report_health_update(1, 2, 3, revenue_trend="declining")
    bridge.query_member_health()
    assert len(plugin.asked("hive-member-health")) == 2


# --- splices and conflicts ---


@pytest.mark.parametrize("level", ["safe", "coordinate", "blocked", "unchecked"])
def test_a_verdict_is_passed_on(level: str, plugin: Plugin) -> None:
    plugin.answers["hive-splice-check"] = {"safety": level, "reason": "because", "new_share": 0.5}
    verdict = HiveBridge(plugin).check_splice_safety(PEER, "splice_out", 5)
    assert verdict["safety_level"] == level
    assert verdict["safe"] is (level == "safe")
    assert verdict["can_proceed"] is (level != "blocked")
    assert (verdict["reason"], verdict["new_share"]) == ("because", 0.5)


@pytest.mark.parametrize("answer", [{}, {"safety": "sure"}, {"safety": None}])
def test_a_verdict_without_a_level_is_unchecked(answer: Any, plugin: Plugin) -> None:
    plugin.answers["hive-splice-check"] = answer
    verdict = HiveBridge(plugin).check_splice_safety(PEER, "splice_out", 5)
    assert (verdict["safety_level"], verdict["safe"]) == ("unchecked", False)
    assert verdict["can_proceed"] is True


def test_an_amount_that_is_none_is_unchecked(plugin: Plugin) -> None:
    plugin.fails = OSError("gone")
    verdict = HiveBridge(plugin).check_splice_safety(PEER, "splice_out", -5)
    assert (verdict["safety_level"], verdict["can_proceed"]) == ("unchecked", True)
    assert "amount_sats" in verdict["reason"]


# --- threads, and real plugins ---


def test_many_threads_share_a_bridge(plugin: Plugin) -> None:
    plugin.answers["hive-member-health"] = {"health_tier": "vulnerable", "budget_multiplier": 99}
    bridge = HiveBridge(plugin)

    def use(number: int) -> float:
        if number % 10 == 0:
            bridge.report_health_update(1, 0, 0)
        return bridge.budget_multiplier()

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(use, range(400)))
    assert set(found) == {1.5}


def test_why_belongs_to_the_thread_that_asked(plugin: Plugin) -> None:
    bridge = HiveBridge(plugin)
    bridge.check_rebalance_conflict(PEER)
    assert (bridge.why() or {})["code"] == "malformed"
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(bridge.why).result() is None


def test_the_bridge_asks_a_real_plugin_over_a_real_socket(
    node: TestNode, plugins: Callable[..., PluginProcess]
) -> None:
    from pyln.client import LightningRpc  # noqa: PLC0415

    process = plugins("trimtab-hive")
    manifest = process.manifest()
    assert process.init(node) is None
    process.wait_for(lambda: "error" not in process.ask("hive-member-health"))
    names = [one["name"] for one in manifest["rpcmethods"]]
    listed = [{"command": f"{one['name']} {one['usage']}"} for one in manifest["rpcmethods"]]
    node.overrides["help"] = lambda _params: {"help": listed}

    def carried(name: str) -> Callable[[dict[str, Any]], Any]:
        return lambda params: process.ask(name, params)

    for name in names:
        node.overrides[name] = carried(name)

    class Client:
        rpc = LightningRpc(str(node.path))

    bridge = HiveBridge(Client())
    health = bridge.query_member_health()
    assert health is not None, bridge.why()
    assert health["member_id"] == node.id
    for name, call in CALLS.items():
        given = call(bridge)
        assert bridge.why() is None, (name, given, bridge.why())

    def gone(_params: dict[str, Any]) -> Any:
        raise Refused(-32601, "Unknown command")

    node.overrides["hive-check-rebalance-conflict"] = gone
    bridge.check_rebalance_conflict(PEER)
    assert (bridge.why() or {})["code"] == "not_offered"
    node.stop()
    assert bridge.query_fleet_liquidity_needs() == []
    assert (bridge.why() or {})["code"] == "node_failed"
    assert DEADLINE_S <= 5
