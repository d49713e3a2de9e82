"""Answers every case through the installed Python package.

`python run.py SURFACE CASES ANSWERS`, where SURFACE is `pyo3` or `wasmtime-py`.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any, Callable

import trimtab
from trimtab import sandbox

FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def native(value: Any) -> Any:
    """Turn the two markers into what Python has."""
    if isinstance(value, list):
        return [native(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        key, text = next(iter(value.items()))
        if key == "$f64" and text in FLOATS:
            return FLOATS[text]
        if key == "$int" and isinstance(text, str):
            return int(text)
    return {key: native(entry) for key, entry in value.items()}


def plain(value: Any) -> Any:
    """Write large integers as text, as other hosts read them."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$f64": name_of(value)}
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value]


def name_of(value: float) -> str:
    """Name a float that JSON lacks."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def told(error: trimtab.InputError) -> dict[str, Any]:
    """Write an error as every boundary writes it."""
    parts = {
        "code": error.code,
        "expected": error.expected,
        "field": error.field,
        "got": error.got,
    }
    if error.offset is not None:
        parts["offset"] = error.offset
    return {"error": parts}


def attempt(run: Callable[[], Any]) -> Any:
    """Run, or tell the error."""
    try:
        return run()
    except trimtab.InputError as error:
        return told(error)


def by_bytes(policy_of: Callable[[], Any], job: dict[str, Any]) -> str:
    """Call with the bytes of the case."""
    answer = attempt(lambda: policy_of().answer_bytes(job["op"], job["text"].encode()).decode())
    if isinstance(answer, str):
        return answer
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def by_method(policy_of: Callable[[], Any], job: dict[str, Any]) -> Any:
    """Call the typed method with native values."""

    def run() -> Any:
        decided = getattr(policy_of(), job["method"])(native(job["typed"]))
        return plain(decided.to_dict())

    return attempt(run)


def session(book: Callable[..., Any], job: dict[str, Any]) -> dict[str, Any]:
    """Ask a handle with bytes, and another one through its typed methods."""

    def opened() -> Any:
        return book(job["op"], **native(job["typed"]))

    def lines() -> list[str]:
        handle = opened()
        return [handle.answer_bytes(s["method"], json.dumps(s["input"])).decode() for s in steps]

    def tree(handle: Any, step: dict[str, Any]) -> Any:
        method = getattr(handle, step["method"])
        return attempt(lambda: plain(method(native(step["input"])).to_dict()))

    def trees() -> Any:
        handle = opened()
        return {"decision": [tree(handle, step) for step in steps]}

    steps = job["steps"]
    answer = attempt(lambda: "\n".join(lines()))
    if not isinstance(answer, str):
        answer = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return {"bytes": answer, "typed": attempt(trees)}


def main() -> None:
    """Answer every case."""
    surface, cases, answers = sys.argv[1:]
    kind: Any = sandbox.Policy if surface == "wasmtime-py" else trimtab.Policy
    book: Any = sandbox.Book if surface == "wasmtime-py" else trimtab.Book
    policies: dict[str, Any] = {}

    with Path(answers).open("w", encoding="utf-8") as out:
        for line in Path(cases).read_text(encoding="utf-8").strip("\n").split("\n"):
            job = json.loads(line)
            if job["steps"]:
                out.write(json.dumps(session(book, job)) + "\n")
                continue

            def policy_of(job: dict[str, Any] = job) -> Any:
                key = json.dumps([job["profile"], job["config"]])
                if key not in policies:
                    config = None if job["config"] is None else native(job["config"])
                    policies[key] = kind(job["profile"], config)
                return policies[key]

            typed = None if job["typed"] is None else by_method(policy_of, job)
            answer = {"bytes": by_bytes(policy_of, job), "typed": typed}
            out.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
