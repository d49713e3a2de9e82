"""Calls, typed methods, lazy decisions."""

from __future__ import annotations

import copy
import json
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from importlib.metadata import distribution
from types import MappingProxyType
from typing import Any

import pytest

import trimtab


def test_call_returns_the_envelope(health: dict[str, Any]) -> None:
    envelope = trimtab.call("health.score", health)
    assert envelope["decision"] == {"score": 47, "tier": "vulnerable", "budget_multiplier": 1.5}
    assert [reason["code"] for reason in envelope["reasons"]] == ["below_stable", "below_thriving"]
    assert envelope["policy"]["name"] == "trimtab"
    assert envelope["policy"]["version"] == trimtab.__version__
    assert "quarantined" not in envelope


def test_bytes_are_canonical_and_say_what_the_dict_says(health: dict[str, Any]) -> None:
    given = json.dumps(health)
    for data in (given, given.encode(), bytearray(given.encode())):
        answer = trimtab.call_bytes("health.score", data)
        assert json.loads(answer) == trimtab.call("health.score", health)
        assert answer == trimtab.to_json(trimtab.call("health.score", health))
        assert answer == trimtab.answer_bytes("health.score", data)


def test_the_profile_and_the_config_count(health: dict[str, Any]) -> None:
    config = {"health": {"max_multiplier": 1.25}}
    envelope = trimtab.call("health.score", health, profile="cl-hive", config=config)
    assert envelope["decision"]["budget_multiplier"] == 1.25
    assert envelope["policy"]["profile"] == "cl-hive"
    policy = trimtab.Policy("cl-hive", config)
    assert policy.call("health.score", health) == envelope
    assert policy.digest == envelope["policy"]["config"]
    assert policy.profile == "cl-hive"
    assert policy.config["health"]["max_multiplier"] == 1.25
    assert policy.digest != trimtab.Policy("cl-hive").digest


def test_every_operation_has_a_typed_method(policy: trimtab.Policy) -> None:
    table = trimtab.operations()
    described = policy.policy_describe().decision["operations"]
    assert [entry["method"] for entry in described] == [method for method, _, _ in table]
    for method, name, summary in table:
        on_class = getattr(trimtab.Policy, method)
        assert (on_class.operation, on_class.__name__, on_class.summary) == (name, method, summary)
        assert callable(getattr(policy, method))


def test_typed_methods_take_a_record_or_its_fields(
    policy: trimtab.Policy, health: dict[str, Any]
) -> None:
    @dataclass
    class Health:
        profitable_pct: float
        underwater_pct: float
        liquidity_score: float
        trend: str

    expected = trimtab.call("health.score", health)
    forms = [health, Health(**health), OrderedDict(health), MappingProxyType(health)]
    forms.append(json.loads(json.dumps(health)))
    forms.append({key.encode(): value for key, value in health.items()})
    for form in forms:
        assert policy.health_score(form).to_dict() == expected
    assert policy.health_score(**health).to_dict() == expected
    assert policy.health_score(**dict(reversed(health.items()))).to_dict() == expected
    with pytest.raises(TypeError):
        policy.health_score(health, health)
    with pytest.raises(TypeError):
        policy.health_score(health, trend="stable")


def test_a_decision_has_the_fields_of_the_outcome(
    policy: trimtab.Policy, health: dict[str, Any]
) -> None:
    scored = policy.health_score(**health)
    assert isinstance(scored, trimtab.Decision)
    assert (scored.score, scored.tier, scored.budget_multiplier) == (47, "vulnerable", 1.5)
    assert scored.decision == {"score": 47, "tier": "vulnerable", "budget_multiplier": 1.5}
    assert getattr(scored, "".join(["sc", "ore"])) == 47
    assert scored.quarantined == []
    assert scored.policy["config"] == policy.digest
    assert {"score", "tier", "reasons", "explain"} <= set(dir(scored))
    assert repr(scored) == "Decision(budget_multiplier=1.5, score=47, tier='vulnerable')"
    with pytest.raises(AttributeError):
        _ = scored.no_such_field


def test_reasons_are_built_once_and_when_read(
    policy: trimtab.Policy, health: dict[str, Any]
) -> None:
    scored = policy.health_score(**health)
    assert scored.reasons == trimtab.call("health.score", health)["reasons"]
    assert scored.reasons is scored.reasons
    assert scored.explain()[0] == (
        "the health score is 47; the tier stable begins above 50; "
        "this would change with profitable_pct = about 0.45"
    )
    assert not any(letter.isdigit() for line in scored.explain("peer") for letter in line)
    with pytest.raises(trimtab.InputError) as told:
        scored.explain("press")
    assert told.value.field == "view"


def test_the_envelope_wins_over_a_field_of_its_name(
    policy: trimtab.Policy, health: dict[str, Any]
) -> None:
    reasons = policy.health_score(**health).reasons
    explained = policy.policy_explain(reasons=reasons, view="operator")
    assert explained.decision["reasons"] == reasons
    assert explained.reasons == explained.to_dict()["reasons"]
    assert len(explained.sentences) == len(reasons)


def test_an_absent_optional_field_reads_as_none(policy: trimtab.Policy) -> None:
    decision = policy.policy_describe(operation="health.score")
    assert [entry["name"] for entry in decision.operations] == ["health.score"]
    assert decision.version == trimtab.__version__


def test_policies_are_copied_and_pickled(health: dict[str, Any]) -> None:
    changed = trimtab.Policy("xln", {"health": {"max_multiplier": 1.25}})
    changed.health_score(**health)
    for other in (copy.copy(changed), copy.deepcopy(changed), pickle.loads(pickle.dumps(changed))):
        assert (other.digest, other.profile) == (changed.digest, "xln")
        assert other.health_score(**health).budget_multiplier == 1.25


def test_the_input_digest_knows_equal_inputs(health: dict[str, Any]) -> None:
    whole = {**health, "liquidity_score": 50}
    assert trimtab.input_digest("health.score", whole) == trimtab.input_digest(
        "health.score", health
    )


def test_no_program_of_the_wheel_is_called_trimtab() -> None:
    assert "trimtab" not in {entry.name for entry in distribution("trimtab").entry_points}
