"""The sandbox gives what the extension gives, and is bounded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import wasmtime

import trimtab
from trimtab import sandbox

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"


@pytest.fixture(scope="module")
def boxed() -> sandbox.Policy:
    return sandbox.Policy()


def cases() -> list[Any]:
    return [
        pytest.param(file.stem, case, id=f"{file.stem}: {case['name']}")
        for file in sorted(VECTORS.glob("*.json"))
        for case in json.loads(file.read_text())
    ]


def outcome(run: Any) -> Any:
    """The envelope, or the code and field of the error."""
    try:
        return run()
    except trimtab.InputError as error:
        return error.code, error.field


def _without_offset(error: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in error.items() if name != "offset"}


@pytest.mark.parametrize(("op", "case"), cases())
def test_every_vector_has_one_answer(op: str, case: dict[str, Any]) -> None:
    options = {key: case[key] for key in ("profile", "config") if key in case}
    data = json.dumps(case["input"], separators=(",", ":"), ensure_ascii=False)
    # Parity compares whole answers; here the bytes differ, and so does an offset into them.
    expected = case.get("expect", {})
    told = json.loads(trimtab.answer_bytes(op, data, **options))
    if "error" in expected:
        assert told["error"] == {**told["error"], **_without_offset(expected["error"])}
    else:
        assert told == {**told, **expected}
    given = outcome(lambda: trimtab.call(op, case["input"], **options))
    boxed = outcome(lambda: sandbox.Policy(**options).call(op, case["input"]))
    assert boxed == given
    assert outcome(lambda: sandbox.Policy(**options).call_bytes(op, data)) == outcome(
        lambda: trimtab.call_bytes(op, data, **options)
    )
    if "error" in expected:
        assert given == (expected["error"]["code"], expected["error"]["field"])


def test_typed_methods_are_the_same(boxed: sandbox.Policy, health: dict[str, Any]) -> None:
    native = trimtab.Policy()
    scored = boxed.health_score(**health)
    assert isinstance(scored, trimtab.Decision)
    assert (scored.score, scored.tier) == (47, "vulnerable")
    assert scored.to_dict() == native.health_score(**health).to_dict()
    assert scored.explain() == native.health_score(**health).explain()
    assert boxed.health_score(health).reasons == native.health_score(health).reasons
    with pytest.raises(TypeError):
        boxed.health_score(health, health)
    for method, _, _ in trimtab.operations():
        assert callable(getattr(boxed, method))


def test_the_digest_is_that_of_the_bytes(boxed: sandbox.Policy) -> None:
    assert len(boxed.module.digest) == 64
    with pytest.raises(sandbox.DigestError):
        sandbox.Module(wasmtime.wat2wasm("(module)"), digest=boxed.module.digest)


def test_a_foreign_module_may_import_nothing() -> None:
    for text, word in [
        ('(module (import "env" "now" (func)))', "env.now"),
        ('(module (import "x" "__wbg_now" (func)))', "x.__wbg_now"),
        ("(module)", "memory"),
    ]:
        with pytest.raises(sandbox.ModuleError, match=word):
            sandbox.Module(wasmtime.wat2wasm(text))
    with pytest.raises(sandbox.ModuleError):
        sandbox.Module(b"not a module")


def test_fuel_is_a_limit(health: dict[str, Any]) -> None:
    enough = sandbox.Policy(limits=sandbox.Limits(fuel=50_000_000))
    assert enough.health_score(health).score == 47
    short = sandbox.Policy(limits=sandbox.Limits(fuel=2_000_000))
    long = json.dumps({"padding": "x" * 4_000_000})
    with pytest.raises(sandbox.LimitError) as caught:
        short.call_bytes("health.score", long)
    assert caught.value.limit == "fuel"
    assert "fuel" in str(caught.value)
    # A policy is its config: the next call finds a new instance.
    assert json.loads(short.call_bytes("health.score", json.dumps(health)))["decision"]


def test_memory_is_a_limit(health: dict[str, Any]) -> None:
    small = sandbox.Policy(limits=sandbox.Limits(memory=4 << 20))
    with pytest.raises(sandbox.LimitError) as caught:
        small.call_bytes("health.score", json.dumps({"padding": "x" * 8_000_000}))
    assert caught.value.limit == "memory"
    assert json.loads(small.call_bytes("health.score", json.dumps(health)))["decision"]


def test_a_book_ends_with_its_instance(health: dict[str, Any]) -> None:
    book = sandbox.Book("policy", limits=sandbox.Limits(fuel=2_000_000))
    assert book.kind == "policy"
    assert book.call("health.score", health) == trimtab.call("health.score", health)
    with pytest.raises(sandbox.LimitError):
        book.call_bytes("health.score", json.dumps({"padding": "x" * 4_000_000}))
    with pytest.raises(sandbox.SandboxError, match="ended before"):
        book.call("health.score", health)


def test_bad_input_is_the_same_exception(boxed: sandbox.Policy, health: dict[str, Any]) -> None:
    for changed in (
        {"profitable_pct": float("nan")},
        {"profitable_pct": 2**70},
        {"profitable_pct": object()},
        {"profitable_pct": True},
        {"colour": 1},
    ):
        with pytest.raises(trimtab.InputError) as caught:
            boxed.health_score({**health, **changed})
        with pytest.raises(trimtab.InputError) as native:
            trimtab.Policy().health_score({**health, **changed})
        assert caught.value.args == native.value.args
    with pytest.raises(trimtab.InputError) as caught:
        sandbox.Policy("nobody")
    assert caught.value.field == "profile"


def test_a_hub_book_takes_and_gives_amounts_as_int(hub: dict[str, Any]) -> None:
    native, boxed = trimtab.HubBook(state=hub), sandbox.HubBook(state=hub)
    planned = native.plan(now=hub["now"])
    assert planned.actions == trimtab.Policy().hub_plan(hub).actions
    assert boxed.plan(now=hub["now"]).to_dict() == planned.to_dict()
    assert [each["amount"] for each in planned.actions if "amount" in each] == [2**70]
    assert native.apply(plan=planned.decision).changed
    assert boxed.apply(plan=planned.decision).changed
    assert boxed.digest().digest == native.digest().digest
    with pytest.raises(trimtab.InputError) as caught:
        boxed.plan(later=1)
    assert (caught.value.code, caught.value.field) == ("unknown_field", "later")
