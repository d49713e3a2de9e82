"""Amounts beyond 64 bits: `int` in Python, decimal strings in JSON.

Which values are amounts stands in the schemas that the module describes itself with. From a schema
a plan is made once; where a schema has no amounts there is no plan and nothing to do.
"""

from __future__ import annotations

from typing import Any, Callable

__all__ = ["Plan", "Schemas"]

Plan = Callable[[Any, Callable[[Any], Any]], Any]
"""Applies a function to every amount in a value and returns the value with the results."""

_Schema = dict[str, Any]


class Schemas:
    """The schemas of a module's operations and the plans made from them."""

    def __init__(self, description: dict[str, Any]) -> None:
        """Keep the description that `policy.describe` gave."""
        self._definitions: dict[str, _Schema] = description["definitions"]
        # What is given and what is decided, by kind of handle and by operation.
        self._operations: dict[tuple[str, str], tuple[_Schema, _Schema]] = {
            ("policy", entry["name"]): (entry["input"], entry["decision"])
            for entry in description["operations"]
        }
        self._opened: dict[str, _Schema] = {}
        for handle in description["handles"]:
            self._opened[handle["kind"]] = handle["open"]
            for entry in handle["methods"]:
                key = handle["kind"], entry["name"]
                self._operations[key] = entry["input"], entry["answer"]
        self._known: dict[str, Plan | None] = {}

    def opened(self, kind: str) -> Plan | None:
        """Find the amounts in what a handle of `kind` is opened with."""
        return self._plan(self._opened.get(kind))

    def input(self, kind: str, op: str) -> Plan | None:
        """Find the amounts in the input of `op` on a handle of `kind`."""
        return self._plan(self._operations.get((kind, op), (None, None))[0])

    def decision(self, kind: str, op: str) -> Plan | None:
        """Find the amounts in the decision of `op` on a handle of `kind`."""
        return self._plan(self._operations.get((kind, op), (None, None))[1])

    def _plan(self, schema: Any) -> Plan | None:
        if not isinstance(schema, dict):
            return None
        if schema.get("x-native") == "integer":
            return _amount
        parts = [
            self._reference(schema.get("$ref")),
            self._items(schema),
            self._fields(schema),
            self._choice(schema),
        ]
        return _all(parts)

    def _reference(self, path: str | None) -> Plan | None:
        if path is None:
            return None
        if path not in self._known:
            # A type inside itself finds this; none of ours holds an amount only there.
            self._known[path] = None
            self._known[path] = self._plan(self._definitions[path.rpartition("/")[2]])
        return self._known[path]

    def _items(self, schema: _Schema) -> Plan | None:
        entry = self._plan(schema.get("items"))
        if entry is None:
            return None

        def plan(value: Any, change: Callable[[Any], Any]) -> Any:
            if not isinstance(value, (list, tuple)):
                return value
            return [entry(each, change) for each in value]

        return plan

    def _fields(self, schema: _Schema) -> Plan | None:
        fields = {
            name: found
            for name, each in schema.get("properties", {}).items()
            if (found := self._plan(each)) is not None
        }
        others = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
        rest = _all([self._plan(each) for each in others])
        named = set(schema.get("properties", {}))
        if not fields and rest is None:
            return None

        def plan(value: Any, change: Callable[[Any], Any]) -> Any:
            if not isinstance(value, dict):
                return value
            changed = dict(value)
            for name, each in value.items():
                found = fields.get(name) if name in named else rest
                if found is not None:
                    changed[name] = found(each, change)
            return changed

        return plan

    def _choice(self, schema: _Schema) -> Plan | None:
        options = [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
        plans = [
            (self._tags(each), found) for each in options if (found := self._plan(each)) is not None
        ]
        if not plans:
            return None

        def plan(value: Any, change: Callable[[Any], Any]) -> Any:
            for tags, found in plans:
                if _has(value, tags):
                    value = found(value, change)
            return value

        return plan

    def _tags(self, schema: _Schema) -> dict[str, Any]:
        """The fields whose one value tells this choice from the others."""
        while "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        fields = schema.get("properties", {})
        return {name: each["const"] for name, each in fields.items() if "const" in each}


def _amount(value: Any, change: Callable[[Any], Any]) -> Any:
    return change(value)


def _all(plans: list[Plan | None]) -> Plan | None:
    present = [each for each in plans if each is not None]
    if len(present) <= 1:
        return present[0] if present else None

    def plan(value: Any, change: Callable[[Any], Any]) -> Any:
        for each in present:
            value = each(value, change)
        return value

    return plan


def _has(value: Any, tags: dict[str, Any]) -> bool:
    if not tags:
        return True
    return isinstance(value, dict) and all(value.get(name) == each for name, each in tags.items())


def to_text(value: Any) -> Any:
    """An `int` that JSON would lose, as its digits."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return str(value) if value.bit_length() <= 4096 else value
    return value


def to_int(value: Any) -> Any:
    """The digits of an amount, as an `int`."""
    return int(value) if isinstance(value, str) else value
