"""What the operator has decided about single channels and peers.

It comes from two places: a TOML file that the operator keeps, and the command `trimtab-policy`.
Where both speak of one channel, the command's word counts, as the newer one. What a decision may
say, and that advice obeys it, is for the policy to know; a decision that it cannot read is refused
here with the policy's own error.

    # 640x1x0 may give and is never filled; this peer's fee is ours alone.
    ["640x1x0"]
    rebalance = "source_only"

    ["02ab…"]
    fee = { off = true }
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import trimtab

if TYPE_CHECKING:
    from pathlib import Path

    from trimtab.cln.store import Store

__all__ = ["OperatorPolicy", "PolicyFileError"]

_KEPT = "operator"


class PolicyFileError(Exception):
    """The file of the operator's decisions can not be read."""


class OperatorPolicy:
    """The decisions in force."""

    def __init__(self, store: Store, policy: trimtab.Policy, file: Path | None = None) -> None:
        """Keep what the command says in `store`; read `file` where there is one."""
        self._store = store
        self._policy = policy
        self._file = file
        self._read_at: float | None = None
        self._from_file: dict[str, dict[str, Any]] = {}
        self.trouble: str | None = None
        """Why the file could not be read the last time; its last good content stays in force."""

    def decisions(self) -> list[dict[str, Any]]:
        """Every decision in force, by its subject."""
        merged = {**self._file_decisions(), **self._said()}
        return [{"subject": subject, **merged[subject]} for subject in sorted(merged)]

    def set(self, subject: str, decision: dict[str, Any], *, now: int) -> None:
        """Decide about a channel or peer, in place of what was decided before."""
        self._check(subject, decision)
        with self._store.change():
            said = self._said()
            said[subject] = decision
            self._store.keep(_KEPT, said, at=now)

    def clear(self, subject: str, *, now: int) -> bool:
        """Forget what the command decided; whether there was something."""
        with self._store.change():
            said = self._said()
            found = said.pop(subject, None) is not None
            self._store.keep(_KEPT, said, at=now)
        return found

    def _said(self) -> dict[str, dict[str, Any]]:
        kept = self._store.kept(_KEPT)
        said: dict[str, dict[str, Any]] = kept.body if kept else {}
        return said

    def _file_decisions(self) -> dict[str, dict[str, Any]]:
        if self._file is None:
            return {}
        try:
            changed = self._file.stat().st_mtime
            if changed != self._read_at:
                found = read_file(self._file)
                for subject, decision in found.items():
                    self._check(subject, decision)
                self._from_file, self._read_at = found, changed
            self.trouble = None
        except FileNotFoundError:
            self._from_file, self._read_at, self.trouble = {}, None, None
        except (OSError, PolicyFileError) as error:
            self.trouble = str(error)
        except trimtab.InputError as error:
            self.trouble = f"{self._file}: {error}"
        return self._from_file

    def _check(self, subject: str, decision: dict[str, Any]) -> None:
        """Ask the policy whether it can read the decision."""
        asked = {
            "now": 0,
            "operator": [{"subject": subject, **decision}],
            "snapshot": self._policy.call(
                "snapshot.cln",
                {"now": 0, "getinfo": {"id": subject}, "listpeerchannels": {"channels": []}},
            )["decision"],
        }
        aside = self._policy.call("fleet.advise", asked).get("quarantined", [])
        if aside:
            error = aside[0]["error"]
            raise trimtab.InputError(error["code"], error["field"], error["got"], error["expected"])


def read_file(path: Path) -> dict[str, dict[str, Any]]:
    """The decisions of a TOML file, by their subject."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyFileError(f"{path}: {error}") from error
    for subject, decision in content.items():
        if not isinstance(decision, dict):
            raise PolicyFileError(f"{path}: {subject} is no table")
    return content
