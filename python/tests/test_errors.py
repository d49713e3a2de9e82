"""Bad input: one exception with the path of the field; never a dead process."""

from __future__ import annotations

import json
import pickle
import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

import trimtab
from trimtab import _native


def told(field_of: dict[str, Any], **changed: Any) -> trimtab.InputError:
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.Policy().health_score({**field_of, **changed})
    with pytest.raises(trimtab.InputError) as by_call:
        trimtab.call("health.score", {**field_of, **changed})
    assert by_call.value.args == caught.value.args
    return caught.value


@pytest.mark.parametrize(
    ("value", "code", "got"),
    [
        (1.5, "out_of_range", "1.5"),
        (float("nan"), "out_of_range", "NaN"),
        (float("-inf"), "out_of_range", "-Infinity"),
        (-1, "out_of_range", "-1.0"),
        (2**64, "out_of_range", "1.8446744073709552e+19"),
        (-(2**70), "out_of_range", "-1.1805916207174113e+21"),
        pytest.param(10**5000, "out_of_range", "Infinity", id="huge"),
        pytest.param(-(10**5000), "out_of_range", "-Infinity", id="-huge"),
        (True, "malformed", "true"),
        (None, "malformed", "null"),
        ("0.5", "malformed", '"0.5"'),
        ([0.5], "malformed", "a list"),
        ({"a": 1}, "malformed", "an object"),
        ({1, 2}, "malformed", "an instance of set"),
        (b"0.5", "malformed", "an instance of bytes"),
        (Decimal("0.5"), "malformed", "an instance of Decimal"),
        (lambda: 0.5, "malformed", "an instance of function"),
        ("\ud800", "malformed", "half of a surrogate pair"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(
    health: dict[str, Any], value: object, code: str, got: str
) -> None:
    error = told(health, profitable_pct=value)
    assert (error.code, error.field, error.got) == (code, "profitable_pct", got)
    assert error.expected
    assert error.offset is None


def test_what_is_missing_or_unknown_is_named(health: dict[str, Any]) -> None:
    error = told(health, colour="red")
    assert (error.code, error.field) == ("unknown_field", "colour")
    del health["trend"]
    error = told(health)
    assert (error.code, error.field) == ("missing_field", "trend")
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.Policy().health_score()
    assert caught.value.code == "missing_field"
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.call("no.such", {})
    assert (caught.value.code, caught.value.field) == ("unknown_operation", "op")


def test_a_config_is_named_as_such(health: dict[str, Any]) -> None:
    for config, field in [
        ({"health": {"max_multiplier": "x"}}, "config.health.max_multiplier"),
        ({"health": {"max_multiplier": object()}}, "config.health.max_multiplier"),
        ({"colour": 1}, "config.colour"),
    ]:
        with pytest.raises(trimtab.InputError) as caught:
            trimtab.call("health.score", health, config=config)
        assert caught.value.field == field
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.Policy("nobody")
    assert caught.value.field == "profile"


def test_bytes_have_an_offset_and_errors_have_bytes() -> None:
    bad = b'{"profitable_pct": true}'
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.call_bytes("health.score", bad)
    error = caught.value
    assert (error.code, error.field, error.offset) == ("malformed", "profitable_pct", 19)
    answer = json.loads(trimtab.answer_bytes("health.score", bad))
    assert answer == {
        "error": {
            "code": "malformed",
            "field": "profitable_pct",
            "got": error.got,
            "expected": error.expected,
            "offset": 19,
        }
    }
    assert json.loads(trimtab.answer_bytes("health.score", b"{")) != {}
    assert trimtab.Policy().answer_bytes("health.score", bad) == trimtab.answer_bytes(
        "health.score", bad
    )


def test_an_error_is_a_value_error_with_one_line(health: dict[str, Any]) -> None:
    error = told(health, profitable_pct=1.5)
    assert isinstance(error, ValueError)
    assert str(error) == "profitable_pct: out of range (got 1.5, expected a number in 0..=1)"
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.field, again.got) == (error.code, error.field, error.got)


def test_a_cycle_ends() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    loop: dict[str, Any] = {}
    loop["again"] = loop
    for endless in (cycle, loop):
        for op in ("health.score", "policy.explain", "snapshot.cln"):
            with pytest.raises(trimtab.InputError) as caught:
                trimtab.call(op, {"reasons": endless})
            assert caught.value.code == "malformed"
        with pytest.raises(trimtab.InputError):
            trimtab.to_json(endless)


def test_two_keys_of_one_name_are_a_duplicate() -> None:
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.to_json({"entries": {1: "a", "1": "b"}})
    assert (caught.value.code, caught.value.field) == ("duplicate", "entries.1")
    assert trimtab.to_json({1: 2, b"b": (3,)}) == b'{"1":2,"b":[3]}'


def test_what_an_object_raises_is_a_mistake_in_the_input() -> None:
    @dataclass
    class Hostile:
        trend: str

        def __getattribute__(self, name: str) -> Any:
            if name == "trend":
                raise RuntimeError("boo")
            return object.__getattribute__(self, name)

    with pytest.raises(trimtab.InputError) as caught:
        trimtab.call("health.score", Hostile("stable"))
    assert caught.value.code == "malformed"


def test_an_interrupt_is_not_swallowed() -> None:
    @dataclass
    class Impatient:
        trend: str

        def __getattribute__(self, name: str) -> Any:
            if name == "trend":
                raise KeyboardInterrupt
            return object.__getattribute__(self, name)

    with pytest.raises(KeyboardInterrupt):
        trimtab.call("health.score", Impatient("stable"))


def test_large_integers_keep_every_digit() -> None:
    assert trimtab.to_json([2**256 - 1, -(2**255), 2**64 - 1, -(2**63)]) == (
        b'["' + str(2**256 - 1).encode() + b'","' + str(-(2**255)).encode() + b'",'
        b"18446744073709551615,-9223372036854775808]"
    )
    assert trimtab.to_json({"x": float("nan")}) == b'{"x":{"$f64":"NaN"}}'
    assert trimtab.to_json({"x": {"$f64": "NaN"}}) == b'{"x":{"$f64":"NaN"}}'


def test_numbers_of_other_libraries_count(health: dict[str, Any]) -> None:
    class Counter:
        def __index__(self) -> int:
            return 50

    health["liquidity_score"] = Counter()
    assert trimtab.Policy().health_score(health).score == 47


def test_a_panic_is_an_internal_error() -> None:
    with pytest.raises(trimtab.InternalError) as caught:
        _native._panic("planted")  # type: ignore[attr-defined]
    assert (caught.value.code, caught.value.got) == ("internal", "planted")
    assert isinstance(caught.value, trimtab.InputError)


def test_threads_share_a_policy(policy: trimtab.Policy, health: dict[str, Any]) -> None:
    expected = policy.health_score(**health).to_dict()
    data = json.dumps({"padding": "x" * 200_000}).encode()
    wrong: list[object] = []

    def work() -> None:
        for _ in range(200):
            scored = policy.health_score(**health)
            if scored.to_dict() != expected:
                wrong.append(scored)
            if b"unknown_field" not in policy.answer_bytes("health.score", data):
                wrong.append(data)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_books_answer_like_the_policy_and_say_what_they_are(health: dict[str, Any]) -> None:
    book = trimtab.Book("policy", profile="cl-hive")
    assert book.kind == "policy"
    expected = trimtab.call("health.score", health, profile="cl-hive")
    assert book.call("health.score", health) == expected
    data = json.dumps(health)
    assert json.loads(book.call_bytes("health.score", data)) == expected
    with pytest.raises(trimtab.InputError):
        book.call("no.such", {})
    assert b"unknown_operation" in book.answer_bytes("no.such", b"{}")
    with pytest.raises(trimtab.InputError) as caught:
        trimtab.Book("no_such")
    assert caught.value.field == "kind"
    with pytest.raises(AttributeError):
        _ = book._hidden
