"""Who belongs to the fleet: from an option, a file, or the database of cl-hive."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from typing import TYPE_CHECKING

from trimtab.cln.store import MemberRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["MembersError", "of_cl_hive", "of_file", "of_words"]

_PUBLIC_KEY = re.compile(r"0[23][0-9a-f]{64}")


class MembersError(Exception):
    """The members can not be read."""


def of_words(words: Iterable[str], where: str) -> list[MemberRow]:
    """Members as an option gives them: ids, with `=alias` behind where there is one."""
    members = {}
    for word in re.split(r"[\s,]+", " ".join(map(_unpacked, words))):
        if not word:
            continue
        member_id, _, alias = word.partition("=")
        if not _PUBLIC_KEY.fullmatch(member_id.lower()):
            raise MembersError(f"{where}: {word!r} is no node id (66 hexadecimal digits)")
        members[member_id.lower()] = MemberRow(member_id.lower(), alias or None)
    return list(members.values())


def _unpacked(word: str) -> str:
    """A list that was given to `plugin start`: lightningd hands it on as the text of the list."""
    if word.startswith("["):
        with contextlib.suppress(ValueError):
            return " ".join(map(str, json.loads(word)))
    return word


def of_file(path: Path) -> list[MemberRow]:
    """Members of a file: one id a line, an alias behind it; `#` begins a comment."""
    members = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MembersError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split(maxsplit=1)
        if not words:
            continue
        for member in of_words(words[:1], f"{path}, line {number}"):
            alias = words[1].strip() if len(words) > 1 else member.alias
            members[member.member_id] = MemberRow(member.member_id, alias)
    return list(members.values())


def of_cl_hive(path: Path) -> list[MemberRow]:
    """Members of the plugin cl-hive, out of its database, which is only read."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2.0)
        ) as db:
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
            if "hive_members" not in tables:
                raise MembersError(f"{path}: no table hive_members")
            ids = [row[0] for row in db.execute("SELECT peer_id FROM hive_members")]
            banned = set()
            if "hive_bans" in tables:
                banned = {row[0] for row in db.execute("SELECT peer_id FROM hive_bans")}
    except sqlite3.Error as error:
        raise MembersError(f"{path}: {error}") from error
    return [
        MemberRow(one.lower(), banned=one in banned)
        for one in ids
        if isinstance(one, str) and _PUBLIC_KEY.fullmatch(one.lower())
    ]
