"""Every typed method tells its signature, its fields, its reasons and its errors."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest

import trimtab
from trimtab import _native, sandbox, types

STATE = {"hub_id": "hub", "now": 0}
FLEET = {"us": {"node_id": "us"}}


def natives() -> list[tuple[str, type, Any]]:
    return [
        ("policy", trimtab.Policy, trimtab.Policy()),
        ("fleet_book", trimtab.FleetBook, trimtab.FleetBook(state=FLEET)),
        ("hub_book", trimtab.HubBook, trimtab.HubBook(state=STATE)),
    ]


def sandboxed() -> list[tuple[str, type, Any]]:
    return [
        ("policy", sandbox.Policy, sandbox.Policy()),
        ("fleet_book", sandbox.FleetBook, sandbox.FleetBook(state=FLEET)),
        ("hub_book", sandbox.HubBook, sandbox.HubBook(state=STATE)),
    ]


@pytest.mark.parametrize("made", [natives, sandboxed])
def test_every_method_says_its_signature_summary_fields_and_errors(made: Any) -> None:
    told = 0
    for kind, owner, instance in made():
        for method, operation, _, _ in _native.methods(kind):
            on_class, on_instance = getattr(owner, method), getattr(instance, method)
            first, *of_class = inspect.signature(on_class).parameters.values()
            of_instance = list(inspect.signature(on_instance).parameters.values())
            assert first.name == "self"
            assert of_class == of_instance, operation
            assert of_instance[0].name == "record"
            assert on_class.__doc__ == on_instance.__doc__
            assert on_class.__name__ == on_instance.__name__ == method
            assert "InputError" in on_instance.__doc__
            for parameter in of_instance[1:]:
                assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
                assert f"\n    {parameter.name}: " in on_instance.__doc__
            told += 1
    assert told > 70


@pytest.mark.parametrize("module", [trimtab, sandbox])
def test_the_fields_of_a_call_stand_in_its_signature(module: Any) -> None:
    policy = module.Policy()
    signature = inspect.signature(policy.rebalance_evaluate)
    fields = set(types.EvaluateInput.__annotations__) | {
        name
        for base in types.EvaluateInput.__mro__
        for name in getattr(base, "__annotations__", {})
    }
    assert set(signature.parameters) == fields | {"record"}
    signature = inspect.signature(policy.rebalance_accept)
    assert signature.parameters["ev"].default is ...
    assert signature.parameters["tier"].default is None
    signature.bind({"ev": 1, "min_ev": 1})
    signature.bind(ev=1, min_ev=1)


@pytest.mark.parametrize("module", [trimtab, sandbox])
def test_help_shows_the_method_and_not_the_machinery(module: Any) -> None:
    policy = module.Policy()
    shown = pydoc.plain(pydoc.render_doc(policy.rebalance_accept))
    assert "rebalance_accept(record=None, /, *, channel=None, ev=" in shown
    assert "Whether an expected value reaches the threshold of our tier." in shown
    assert "ev: RealSat" in shown
    assert "Reasons: " in shown
    of_book = pydoc.plain(pydoc.render_doc(module.HubBook(state=STATE).plan))
    assert "plan(record=None, /, *, now=" in of_book
    for text in (shown, of_book):
        assert "PyCapsule" not in text
        assert "built-in" not in text
    whole = pydoc.plain(pydoc.render_doc(module.Policy))
    assert "rebalance_accept(self, record=None, /, *, channel=None, ev=" in whole
    book = pydoc.plain(pydoc.render_doc(module.HubBook))
    assert "plan(self, record=None, /, *, now=" in book


def test_a_method_is_called_from_its_class_too(health: dict[str, object]) -> None:
    policy = trimtab.Policy()
    assert trimtab.Policy.health_score(policy, **health).score == policy.health_score(health).score
    book = trimtab.HubBook(state=STATE)
    assert trimtab.HubBook.plan(book, now=1).actions == book.plan(now=1).actions
