"""How an answer of the policy becomes the reply of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trimtab

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "Refusal",
    "Renamed",
    "deciding",
    "first",
    "flipping",
    "refused",
    "sentences",
    "spoken",
]


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


class Renamed:
    """An error of the policy speaks of the command's own parameters."""

    def __init__(self, names: dict[str, str]) -> None:
        """Rename the fields on the left to those on the right."""
        self._names = names

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rename the field of an error that passes."""
        if not isinstance(error, trimtab.InputError):
            return
        for theirs, ours in self._names.items():
            rest = error.field[len(theirs) :]
            if error.field.startswith(theirs) and rest[:1] in ("", ".", "["):
                error.field = ours + rest
                return


def first(lines: list[str]) -> str | None:
    """The first sentence, where there is one."""
    return lines[0] if lines else None


def deciding(envelope: dict[str, Any], lines: list[str]) -> str | None:
    """The sentence of the reason that decided; the first one where none is binding."""
    for reason, line in zip(envelope["reasons"], lines):
        if reason["binding"]:
            return line
    return first(lines)


def flipping(envelope: dict[str, Any], lines: list[str]) -> str | None:
    """The sentence that says what would change the answer."""
    for reason, line in zip(envelope["reasons"], lines):
        if reason.get("flip"):
            return line
    return deciding(envelope, lines)
