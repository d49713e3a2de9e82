"""What the operations of this version read, as the policy describes itself.

The policy's own description decides what is passed to it. So no list of fields stands here, and
a field that a later version reads is passed on from the day it does.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import trimtab

__all__ = ["trim"]

Schema = dict[str, Any]


@lru_cache(maxsize=1)
def _described() -> dict[str, Any]:
    described = trimtab.Policy().policy_describe().decision
    operations = {entry["name"]: entry for entry in described["operations"]}
    return {"definitions": described["definitions"], "operations": operations}


def trim(operation: str, field: str, value: Any) -> Any:
    """Keep of an answer of the node only what the operation reads of it."""
    entry = _described()["operations"][operation]
    schema = _resolved(entry["input"])["properties"].get(field)
    return value if schema is None else _trimmed(schema, value)


def _resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        found: Schema = _described()["definitions"][schema["$ref"].rpartition("/")[2]]
        schema = found
    return schema


def _trimmed(schema: Schema, value: Any) -> Any:
    schema = _resolved(schema)
    if isinstance(value, list):
        items = _part(schema, "items")
        return value if items is None else [_trimmed(items, each) for each in value]
    if isinstance(value, dict):
        fields = _part(schema, "properties")
        if fields is None:
            return value
        return {name: _trimmed(fields[name], value[name]) for name in fields if name in value}
    return value


def _part(schema: Schema, name: str) -> Schema | None:
    """The part of a schema, also where it is one of several choices, such as null."""
    found = schema.get(name)
    if isinstance(found, dict):
        return found
    for choice in schema.get("anyOf", []):
        found = _part(_resolved(choice), name)
        if found is not None:
            return found
    return None
