"""Deployed plugins that are adopted: which, what of them, what in shadow mode, and the way back."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import shutil
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import PLAIN
from support.lightningd import FIXTURES, Key, Network, TestNode

import trimtab
import trimtab.cln
from trimtab.cln import Coordinator, Node, NotAdoptedError, Store, adopt_sources, socket_transport
from trimtab.cln.adopt_routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.process import PluginProcess

    from trimtab.cln import Adoption

STANDINS = Path(__file__).parent / "standins"
OTHER = "02" + "11" * 32


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Path]:
    """The folder of a stand-in with the modules of both plugins."""
    folder = tmp_path / "plugin"
    shutil.copytree(STANDINS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    yield folder
    for name in [one for one in sys.modules if one.partition(".")[0] == "modules"]:
        del sys.modules[name]
    sys.path[:] = [one for one in sys.path if one != str(folder.resolve())]
    importlib.invalidate_caches()


@pytest.fixture
def seen(request: pytest.FixtureRequest, node: TestNode, tmp_path: Path) -> Iterator[Coordinator]:
    """A coordinator that looked at its node once; the parameter is its profile."""
    store = Store(tmp_path / "store.sqlite3")
    policy = trimtab.Policy(getattr(request, "param", "cl-hive"))
    coordinator = Coordinator(store, Node(socket_transport(str(node.path))), policy=policy)
    coordinator.look()
    yield coordinator
    store.close()


class Log:
    """What was logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, line: str, level: str) -> None:
        self.lines.append((level, line))

    def of(self, level: str) -> str:
        return "\n".join(line for each, line in self.lines if each == level)


@pytest.fixture
def log() -> Log:
    return Log()


def known(folder: Path, generation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the stand-ins were the sources of a generation."""
    names = [*adopt_sources.CL_HIVE, *adopt_sources.REVENUE_OPS]
    digests = {
        hashlib.sha256((folder / "modules" / f"{name}.py").read_bytes()).hexdigest(): (
            generation,
            name,
        )
        for name in names
    }
    monkeypatch.setattr(adopt_sources, "DIGESTS", digests)


def adopted(folder: Path, coordinator: Coordinator | None, **more: Any) -> Adoption:
    more.setdefault("allow_unknown", True)
    return trimtab.cln.adopt(
        hive=folder / "plugin.py",
        revenue_ops=folder / "plugin.py",
        coordinator=coordinator,
        **more,
    )


def made(module: str, name: str, *given: Any) -> Any:
    return getattr(importlib.import_module(f"modules.{module}"), name)(*given)


def health() -> Any:
    return made("health_aggregator", "HealthScoreAggregator", None)


def recorded(file: str, function: str) -> list[dict[str, Any]]:
    """What the running plugins of generation A answered."""
    lines = (FIXTURES / "recorded" / f"{file}.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one["fn"] == function]


def peer_of(node: TestNode) -> str:
    return str(node.answers("listpeerchannels")["channels"][0]["peer_id"])


# --- which sources ---


def test_generation_a_is_adopted_by_its_digests(
    plugin: Path, seen: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(plugin, "A", monkeypatch)
    adoption = adopted(plugin, seen, allow_unknown=False)
    assert adoption.generations == {"cl-hive": "A", "cl-revenue-ops": "A"}


def test_generation_b_is_adopted_with_its_bounds_and_rounding(
    plugin: Path, seen: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(plugin, "B", monkeypatch)
    adoption = adopted(plugin, seen, allow_unknown=False)
    assert adoption.generations["cl-hive"] == "B"
    bounds: Any = adoption.room.policy.config["health"]
    assert (bounds["struggling_max"], bounds["vulnerable_max"], bounds["stable_max"]) == (
        20,
        40,
        65,
    )
    assert bounds["rounding"] == "nearest"
    assert health().calculate_health_score(0.0, 0.0, 0.0, "declining")[1].value == "vulnerable"


@pytest.mark.parametrize("generation", ["A", "B"])
def test_a_profile_that_there_is_not_is_refused_and_nothing_is_replaced(
    generation: str, plugin: Path, seen: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(plugin, generation, monkeypatch)
    with pytest.raises(NotAdoptedError, match="profile"):
        adopted(plugin, seen, profile="lnd")
    sys.path.insert(0, str(plugin.resolve()))
    assert health().calculate_health_score(0, 0, 0, "stable")[0] == 55


def test_unknown_sources_are_refused(plugin: Path, seen: Coordinator) -> None:
    with pytest.raises(NotAdoptedError, match="allow_unknown=True"):
        adopted(plugin, seen, allow_unknown=False)
    sys.path.insert(0, str(plugin.resolve()))
    assert health().calculate_health_score(0, 0, 0, "stable")[0] == 55


@pytest.mark.parametrize("name", [*adopt_sources.CL_HIVE, *adopt_sources.REVENUE_OPS])
def test_one_changed_file_makes_sources_unknown(
    name: str, plugin: Path, seen: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(plugin, "A", monkeypatch)
    with (plugin / "modules" / f"{name}.py").open("a") as file:
        file.write("\n# changed\n")
    with pytest.raises(NotAdoptedError, match="not those of"):
        adopted(plugin, seen, allow_unknown=False)


def test_generation_c_is_refused_with_what_to_use_instead(plugin: Path) -> None:
    (plugin / "modules" / "hive_bridge.py").unlink()
    with pytest.raises(NotAdoptedError, match="Run the plugin trimtab-cln"):
        trimtab.cln.adopt(revenue_ops=plugin)
    adoption = trimtab.cln.adopt(revenue_ops=plugin, allow_unknown=True)
    assert "EVRebalancer._calculate_nnlb_budget_multiplier" in adoption.replaced


@pytest.mark.parametrize("allow", [False, True])
def test_a_folder_without_modules_is_refused(allow: bool, tmp_path: Path) -> None:
    with pytest.raises(NotAdoptedError, match="no modules"):
        trimtab.cln.adopt(hive=tmp_path, allow_unknown=allow)
    with pytest.raises(NotAdoptedError, match="name a plugin"):
        trimtab.cln.adopt()


def test_a_class_that_is_missing_leaves_everything_as_it_was(plugin: Path, log: Log) -> None:
    file = plugin / "modules" / "fee_controller.py"
    file.write_text(file.read_text().replace("HillClimbing", "Other"))
    with pytest.raises(NotAdoptedError, match="no class HillClimbingFeeController"):
        adopted(plugin, None, log=log)
    assert made("rebalancer", "EVRebalancer", None)._calculate_nnlb_budget_multiplier() == 99.0


# --- what is routed, and what is not ---


def test_exactly_the_named_functions_are_replaced(plugin: Path, seen: Coordinator) -> None:
    before = {}
    sys.path.insert(0, str(plugin.resolve()))
    for module, classes in ROUTES.items():
        for name in classes:
            owner = getattr(importlib.import_module(f"modules.{module}"), name)
            before[owner] = dict(vars(owner))
    adoption = adopted(plugin, seen)
    changed = [
        f"{owner.__name__}.{name}"
        for owner, old in before.items()
        for name, value in vars(owner).items()
        if old.get(name) is not value
    ]
    wanted = [
        f"{name}.{method}"
        for classes in ROUTES.values()
        for name, routes in classes.items()
        for method in routes
        if method != "update_rebalancing_activity"  # Only generation B has it.
    ]
    assert sorted(changed) == sorted(wanted) == sorted(adoption.replaced)


LEFT_ALONE = {
    # The answers that they help to make are routed.
    "SpliceCoordinator._build_recommendations",
    # What it says of itself and of its own cache.
    "SpliceCoordinator.get_status",
    "SpliceCoordinator.clear_cache",
    # The plugin's messages of the older kind, which feed nothing that is routed.
    "LiquidityCoordinator.get_prioritized_needs",
    "LiquidityCoordinator.assess_our_liquidity_needs",
    "LiquidityCoordinator.detect_internal_competition",
    "LiquidityCoordinator._estimate_competition_fee_loss",
    # How the plugin sizes a candidate and where it takes it from; its worth is routed.
    "EVRebalancer._calculate_turnover_rate",
    "EVRebalancer._estimate_inbound_fee",
    "EVRebalancer._select_source_candidates",
    # They carry what is routed at its source.
    "ChannelProfitabilityAnalyzer._report_health_to_hive",
    "ChannelProfitabilityAnalyzer._report_liquidity_state_to_hive",
}
ASKED_FOR = {
    "HealthScoreAggregator": {
        "calculate_health_score",
        "_score_to_tier",
        "get_budget_multiplier",
        "get_budget_multiplier_from_score",
        "calculate_liquidity_score",
        "update_our_health",
        "get_our_health",
        "get_fleet_health_summary",
    },
    "SpliceCoordinator": {
        "check_splice_out_safety",
        "check_splice_in_safety",
        "_get_fleet_capacity_to_peer",
        "_get_our_capacity_to_peer",
        "_get_peer_total_capacity",
        "get_splice_recommendations",
    },
    "LiquidityCoordinator": {
        "get_fleet_liquidity_needs",
        "get_fleet_liquidity_state",
        "check_rebalancing_conflict",
        "_calculate_relevance_score",
        "_get_common_bottleneck_peers",
        "record_member_liquidity_report",
        "update_rebalancing_activity",
    },
    "EVRebalancer": {"_calculate_nnlb_budget_multiplier", "_analyze_rebalance_ev"},
    "HillClimbingFeeController": {"_get_fleet_aware_fee_adjustment"},
    "ChannelProfitabilityAnalyzer": {"_calculate_liquidity_score"},
}
"""The functions of the deployed plugins that decide about the fleet."""


def test_every_function_that_decides_about_the_fleet_is_routed_and_no_other() -> None:
    routed = {name: set(routes) for classes in ROUTES.values() for name, routes in classes.items()}
    assert routed == ASKED_FOR
    for left in LEFT_ALONE:
        owner, _, name = left.partition(".")
        assert name not in routed[owner]


def test_an_object_that_exists_already_is_routed_too(plugin: Path, seen: Coordinator) -> None:
    sys.path.insert(0, str(plugin.resolve()))
    one = health()
    assert one.calculate_health_score(1.0, 0.0, 100, "improving")[0] == 55
    adopted(plugin, seen)
    score, tier = one.calculate_health_score(1.0, 0.0, 100, "improving")
    assert (score, tier.value) == (100, "thriving")
    assert one.get_budget_multiplier(tier) == 0.75


def test_health_is_scored_as_generation_a_scores_it(plugin: Path, seen: Coordinator) -> None:
    adopted(plugin, seen)
    one = health()
    cases = recorded("cl-hive-legal", "health_score")
    for case in cases:
        score, tier = one.calculate_health_score(*case["in"])
        assert [score, tier.value] == case["out"], case
    assert len(cases) == 60


@pytest.mark.parametrize(
    ("score", "tier", "multiplier"),
    [
        (0, "struggling", 2.0),
        (30, "struggling", 2.0),
        (31, "vulnerable", 1.5),
        (50, "vulnerable", 1.5),
        (51, "stable", 1.0),
        (70, "stable", 1.0),
        (71, "thriving", 0.75),
        (100, "thriving", 0.75),
    ],
)
def test_a_score_has_the_tier_and_the_multiplier_of_generation_a(
    score: int, tier: str, multiplier: float, plugin: Path, seen: Coordinator
) -> None:
    adopted(plugin, seen)
    assert health()._score_to_tier(score).value == tier
    assert health().get_budget_multiplier_from_score(score) == multiplier


def test_balances_are_scored_as_generation_a_scores_them(plugin: Path, seen: Coordinator) -> None:
    adopted(plugin, seen)
    cases = recorded("cl-hive-legal", "liquidity_score")
    for case in cases:
        channels = [{"local_balance_pct": share} for share in case["in"]]
        assert health().calculate_liquidity_score(channels) == case["out"], case
    assert len(cases) == 60
    assert health().calculate_liquidity_score([{}]) == 100, "a balance that is not told is half"


def test_a_fee_follows_a_need_as_in_generation_a(
    plugin: Path, seen: Coordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted(plugin, seen)
    cases = [one for one in recorded("cl-hive", "fleet_fee") if one["in"][1] != "rebalance"]
    for case in cases:
        base, kind, tier, lowest, highest = case["in"]
        need = {"peer_id": OTHER, "need_type": kind, "severity": "high", "health_tier": tier}
        monkeypatch.setattr(
            seen, "liquidity_state", lambda _action, need=need: {"fleet_needs": [need]}
        )
        config = SimpleNamespace(min_fee_ppm=lowest, max_fee_ppm=highest)
        fees = made("fee_controller", "HillClimbingFeeController", None, config)
        assert fees._get_fleet_aware_fee_adjustment(OTHER, base) == case["out"], case
    assert len(cases) > 100


def test_everything_routed_is_answered_by_the_coordinator(
    plugin: Path, seen: Coordinator, node: TestNode
) -> None:
    adoption = adopted(plugin, seen)
    peer = peer_of(node)
    assert health().get_fleet_health_summary()["stable_count"] == 0
    assert health().get_our_health(node.id)["health_score"] == seen.member_health()["health_score"]
    assert health().get_our_health(OTHER) == {
        "peer_id": OTHER,
        "health_score": 55,
        "health_tier": "stable",
    }, "of another node the plugin speaks itself"
    splices = made("splice_coordinator", "SpliceCoordinator", None, None)
    asked = splices.check_splice_out_safety(peer, 1)
    expected = seen.splice_check(peer, "splice_out", 1)
    assert (asked["safety"], asked["reason"]) == (expected["safety"], expected["reason"])
    assert asked["our_capacity"] == expected["our_capacity"] > 0
    assert splices.check_splice_in_safety(peer, 1)["safety"] == "safe"
    assert splices.get_splice_recommendations(peer)["safe_splice_out_amount"] < 10**12
    assert splices._get_fleet_capacity_to_peer(peer) == expected["fleet_capacity"] < 10**12
    assert splices._get_our_capacity_to_peer(peer) == expected["our_capacity"]
    assert splices._get_peer_total_capacity(peer) == expected["peer_total_capacity"]
    liquidity = made("liquidity_coordinator", "LiquidityCoordinator", None)
    assert liquidity.get_fleet_liquidity_state()["our_state"]["depleted_channels"] >= 0
    assert liquidity._calculate_relevance_score(peer) > 0
    assert liquidity._get_common_bottleneck_peers() == []
    analyzer = made("profitability_analyzer", "ChannelProfitabilityAnalyzer", None)
    assert analyzer._calculate_liquidity_score() == seen.member_health()["liquidity_score"] != 50
    assert liquidity.check_rebalancing_conflict(peer)["recommendation"] == "proceed"
    rebalancer = made("rebalancer", "EVRebalancer", None)
    tier = seen.member_health()["health_tier"]
    assert rebalancer._calculate_nnlb_budget_multiplier() == adoption.room.multiplier(tier)
    assert adoption.undone is None


def test_what_the_plugin_reports_feeds_the_coordinator(
    plugin: Path, seen: Coordinator, node: TestNode
) -> None:
    adopted(plugin, seen)
    reply = health().update_our_health(1, 2, 3, 9, "declining", 50, node.id)
    assert reply["of"] == (6, 9), "the plugin's own answer stands"
    ours = seen.member_health()
    assert (ours["profitable_channels"], ours["underwater_channels"]) == (1, 2)
    liquidity = made("liquidity_coordinator", "LiquidityCoordinator", None)
    trouble = {"peer_id": OTHER, "local_pct": 0.05, "capacity_sats": 1_000_000}
    liquidity.record_member_liquidity_report(OTHER, [trouble], [])
    assert seen.store.kept("local:liquidity") is None, "others speak for themselves"
    reply = liquidity.record_member_liquidity_report(node.id, [trouble], [], True, [OTHER])
    assert reply == {"status": "recorded", "depleted_count": 1}
    assert seen.store.kept("local:liquidity") is not None
    assert [one["peer_id"] for one in seen.fleet.activity()] == [OTHER]


def outcomes(seen: Coordinator) -> dict[str, Any]:
    return {one["short_channel_id"]: one for one in seen.advise()["rebalances"]}


@pytest.mark.parametrize("seen", ["plan"], indirect=True)
def test_a_rebalance_that_is_not_worth_it_is_dropped(plugin: Path, seen: Coordinator) -> None:
    adopted(plugin, seen)
    rebalancer = made("rebalancer", "EVRebalancer", None)
    told = outcomes(seen)
    assert told
    for channel, advice in told.items():
        candidate = rebalancer._analyze_rebalance_ev(channel.replace("x", ":"), {}, 0.1, [])
        limit = advice.get("max_fee_ppm") or advice.get("pays_up_to_ppm")
        if advice["outcome"] in ("worth_it", "pays_below"):
            assert candidate.max_fee_ppm == limit < 1_000_000
        else:
            assert candidate is None
    assert rebalancer.asked == len(told), "the plugin's own function runs once a call"
    seen.decide(next(iter(outcomes(seen))), rebalance="off")
    assert rebalancer._analyze_rebalance_ev(next(iter(outcomes(seen))), {}, 0.1, []) is None


def test_a_rebalance_that_pays_is_bounded_by_what_it_pays_and_by_the_plugins_own_limit(
    plugin: Path, nodes: Callable[..., TestNode], tmp_path: Path
) -> None:
    node = nodes("l5")
    node.multiply(12)
    with Store(tmp_path / "store.sqlite3") as store:
        seen = Coordinator(store, Node(socket_transport(str(node.path))), policy=trimtab.Policy())
        seen.look()
        (worth,) = [one for one in seen.advise()["rebalances"] if one["outcome"] != "refused"]
        limit = worth["pays_up_to_ppm"]
        assert 0 < limit < 1_000_000
        adopted(plugin, seen)
        ask = made("rebalancer", "EVRebalancer", None)._analyze_rebalance_ev
        channel = worth["short_channel_id"].replace("x", ":")
        assert ask(channel, {}, 0.1, []).max_fee_ppm == limit
        assert ask(channel, {"limit": limit - 1}, 0.1, []).max_fee_ppm == limit - 1
        candidate = ask(channel, {"limit": limit + 1}, 0.1, [])
        assert (candidate.max_fee_ppm, candidate.amount_sats) == (limit, 100_000)


def test_an_exception_of_the_plugin_itself_is_its_own(plugin: Path, seen: Coordinator) -> None:
    adoption = adopted(plugin, seen)
    rebalancer = made("rebalancer", "EVRebalancer", None)
    with pytest.raises(ValueError, match=r"0\.1"):
        rebalancer._analyze_rebalance_ev("1x1x1", {"fails": True}, 0.1, [])
    with pytest.raises(TypeError):
        rebalancer._analyze_rebalance_ev()
    assert rebalancer.asked == 1
    assert adoption.undone is None


# --- falling back ---


def splice() -> bool:
    asked = made("splice_coordinator", "SpliceCoordinator", None, None)
    return bool(asked.check_splice_out_safety(OTHER, 1)["asked"] == (OTHER, 1, None))


def needs() -> bool:
    return bool(
        made("liquidity_coordinator", "LiquidityCoordinator", None).get_fleet_liquidity_needs()
        == []
    )


def value() -> bool:
    rebalancer = made("rebalancer", "EVRebalancer", None)
    candidate = rebalancer._analyze_rebalance_ev("1x1x1", {}, 0.1, [])
    return bool(candidate.max_fee_ppm == 1_000_000 and rebalancer.asked == 1)


def report() -> bool:
    return bool(health().update_our_health(1, 2, 3, 9, "declining", 50, OTHER)["of"] == (6, 9))


@pytest.mark.parametrize("given", [(float("nan"), 0, 0, "stable"), (2.0, 0, 0, "stable")])
def test_what_we_can_not_answer_the_plugin_answers(
    given: Any, plugin: Path, seen: Coordinator, log: Log
) -> None:
    adoption = adopted(plugin, seen, log=log)
    assert health().calculate_health_score(*given)[0] == 55
    assert adoption.undone is None
    assert "the plugin answers itself" in log.of("debug")


def test_before_the_plugin_knows_its_node_it_answers_itself(plugin: Path, log: Log) -> None:
    adoption = adopted(plugin, None, log=log)
    splices = made("splice_coordinator", "SpliceCoordinator", None, None)
    assert splices.check_splice_out_safety(OTHER, 1)["asked"] == (OTHER, 1, None)
    assert adoption.undone is None


@pytest.mark.parametrize("shadow", [False, True])
@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("splice_check", splice),
        ("liquidity_state", needs),
        ("advise", value),
        ("report_health", report),
    ],
)
def test_any_defect_of_ours_takes_everything_back(  # noqa: PLR0917 (fixtures)
    method: str,
    call: Callable[[], Any],
    shadow: bool,
    plugin: Path,
    seen: Coordinator,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adoption = adopted(plugin, seen, shadow=shadow, log=log)

    def broken(*_args: Any, **_kwargs: Any) -> Any:
        raise KeyError("a defect")

    monkeypatch.setattr(seen, method, broken)
    assert call()
    assert "a defect" in (adoption.undone or "")
    assert adoption.replaced == []
    assert "decides by itself again" in log.of("warn")
    assert health().calculate_health_score(1.0, 0.0, 100, "improving")[0] == 55
    assert not hasattr(type(health()).calculate_health_score, "__wrapped__")


# --- shadow ---


def test_in_shadow_the_plugins_answer_is_used_and_disagreements_are_told_with_reasons(
    plugin: Path, seen: Coordinator, node: TestNode, log: Log
) -> None:
    adoption = adopted(plugin, seen, shadow=True, log=log)
    peer = peer_of(node)
    splices = made("splice_coordinator", "SpliceCoordinator", None, None)
    assert splices.check_splice_out_safety(peer, 10**11)["asked"] == (peer, 10**11, None)
    assert adoption.disagreements == 1
    told = log.of("info")
    assert "check_splice_out_safety: the plugin says safe, trimtab blocked: " in told
    assert "no reason was given" not in told
    rebalancer = made("rebalancer", "EVRebalancer", None)
    assert rebalancer._calculate_nnlb_budget_multiplier() == 99.0
    assert adoption.disagreements == 2


def test_in_shadow_an_answer_that_is_the_same_is_not_told(
    plugin: Path, seen: Coordinator, log: Log
) -> None:
    adoption = adopted(plugin, seen, shadow=True, log=log)
    splices = made("splice_coordinator", "SpliceCoordinator", None, None)
    assert splices.check_splice_in_safety(OTHER, 5)["asked"] == (OTHER, 5)
    liquidity = made("liquidity_coordinator", "LiquidityCoordinator", None)
    assert liquidity.get_fleet_liquidity_needs() == []
    assert adoption.disagreements == 0
    assert log.of("info") == ""


# --- a fleet of adopted plugins ---


def test_a_depletion_at_one_adopted_plugin_lowers_the_fee_of_another(
    nodes: Callable[..., TestNode],
    plugins: Callable[..., PluginProcess],
    tmp_path: Path,
) -> None:
    script = tmp_path / "stand-in" / "plugin.py"
    shutil.copytree(STANDINS, script.parent, ignore=shutil.ignore_patterns("__pycache__"))
    script.write_text(f"#!{sys.executable}\n{script.read_text()}")
    script.chmod(0o755)
    recorded = {
        name: json.loads((PLAIN / name / "getinfo.json").read_text())["id"]
        for name in ("l1", "l2", "l3", "l4", "l5")
    }
    keys = {name: Key(name) for name in recorded}
    ids = {recorded[name]: keys[name].id for name in recorded}
    network = Network()
    members = {}
    for name in ("l1", "l2", "l3"):
        node = nodes(name, ids=ids, network=network, key=keys[name])
        others = [keys[one].id for one in ("l1", "l2", "l3") if one != name]
        (node.directory / "trimtab-members.txt").write_text("\n".join(others))
        process = plugins(str(script))
        process.manifest()
        assert process.init(node) is None
        members[name] = process
    peer = keys["l4"].id
    until = time.monotonic() + 40
    lowered = 1000
    while lowered == 1000:
        for process in members.values():
            reply = process.ask("stand-in-needs")
            assert reply["undone"] is None
        lowered = members["l3"].ask("stand-in-fee", [peer, 1000])["fee"]
        assert time.monotonic() < until, (reply, members["l3"].logs[-10:])
        time.sleep(0.2)
    assert lowered == 950
    (need,) = [
        one
        for one in members["l3"].ask("stand-in-needs")["needs"]
        if (one["peer_id"], one["member_id"]) == (peer, keys["l1"].id)
    ]
    assert (need["need_type"], need["severity"]) == ("outbound", "high")
    with contextlib.suppress(KeyError):
        assert members["l1"].ask("stand-in-splice", [peer, 10**9])["safety"] != "safe"
