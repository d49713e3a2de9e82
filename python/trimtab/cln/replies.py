"""How an answer of the policy becomes the reply of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import trimtab

__all__ = ["Refusal", "refused", "sentences", "spoken"]


class Refusal(Exception):  # noqa: N818 (it is the reply, not a failure of the program)
    """A command that can not be answered: a stable code, the field, and what would be right."""

    def __init__(self, code: str, field: str, expected: str, **more: Any) -> None:
        """Keep what the reply says."""
        super().__init__(code, field, expected)
        self.code = code
        self.field = field
        self.expected = expected
        self.more = more

    def reply(self) -> dict[str, Any]:
        """The reply of the command."""
        more = {name: value for name, value in self.more.items() if value is not None}
        return refused(self.code, self.field, expected=self.expected, **more)


def refused(code: str, field: str, **more: Any) -> dict[str, Any]:
    """The reply of a command that is not answered."""
    return {"error": code, "field": field, **more}


def sentences(policy: trimtab.Policy, envelope: dict[str, Any]) -> list[str]:
    """Its reasons in words, one sentence each."""
    if not envelope["reasons"]:
        return []
    given = {"reasons": envelope["reasons"], "view": "operator"}
    said: list[str] = policy.call("policy.explain", given)["decision"]["sentences"]
    return said


def spoken(policy: trimtab.Policy, envelope: dict[str, Any]) -> list[dict[str, Any]]:
    """Its reasons, each with its sentence under `says`."""
    lines = sentences(policy, envelope)
    return [{**reason, "says": line} for reason, line in zip(envelope["reasons"], lines)]
