"""What an operator asked a splice command for: channels, amounts and directions, in every form.

A channel is one of the snapshot, with `owed_sats` beside: all that is ours in it, the reserve
included, HTLCs on their way out not.

Nothing is decided here. A form that can not be resolved without asking the node itself is said to
be unresolved, and then the advice is `unchecked`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["COMMANDS", "Wanted", "is_dry_run", "is_inner", "wanted"]

COMMANDS = ("splicein", "spliceout", "splice_init", "dev-splice")
"""The commands of an operator that change the capacity of a channel."""

_POSITIONS = {
    "splicein": ("channel", "amount"),
    "spliceout": ("channel", "amount", "destination"),
    "splice_init": ("channel_id", "relative_amount"),
    "dev-splice": ("script_or_json", "dryrun"),
}
_LED_TO = re.compile(r":(splicein|spliceout|splice_init|dev-splice|splice)#")
_UNITS = {
    "": Decimal(1),
    "sat": Decimal(1),
    "msat": Decimal("0.001"),
    "k": Decimal(1000),
    "m": Decimal(1_000_000),
    "btc": Decimal(100_000_000),
}
_AMOUNT = re.compile(r"(\d{1,20}(?:\.\d{1,8})?)\s*([a-z]*)", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,8})?)\s*%")
_CHANNEL = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)
_QUERY = re.compile(r"([0-9a-f]{4,66}|\*):(\d+|\?|\*)", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """One channel that a command would change."""

    splice_type: str
    """`splice_in` or `splice_out`."""
    channel: dict[str, Any] | None
    """The channel of ours; none where the command's word for it is not resolved."""
    amount_sats: int | None
    """How much; none where the command's word for it is not resolved."""
    said: str
    """The command's own words, for the log."""


def is_inner(request: dict[str, Any]) -> bool:
    """Whether Core Lightning itself asked, in the course of an operator's command."""
    # An inner request carries the chain of those that led to it:
    # `cli:spliceout#1/cln:spliceout#2/spenderp:splice_init#3`.
    return bool(_LED_TO.search(str(request.get("id", "")).rpartition("/")[0]))


def is_dry_run(request: dict[str, Any]) -> bool:
    """Whether the command only asks what would happen."""
    params = _named(str(request.get("method")), request.get("params"))
    return str(params.get("dryrun", "")).lower() == "true"


def wanted(request: dict[str, Any], channels: list[dict[str, Any]]) -> list[Wanted]:
    """What a splice command would do with which channels of ours."""
    method = str(request.get("method"))
    params = _named(method, request.get("params"))
    if method == "splice_init":
        return [_relative(params, channels)]
    if method == "dev-splice":
        return _script(params.get("script_or_json"), channels)
    amount, channel = params.get("amount"), params.get("channel")
    if method == "splicein":
        return [_one("splice_in", channel, amount, channels)]
    out = _one("splice_out", channel, amount, channels)
    into = params.get("destination")
    if into is not None and _resolved(into, channels) is not None:  # A splice across two channels.
        return [out, Wanted("splice_in", _resolved(into, channels), out.amount_sats, f"-> {into}")]
    return [out]


def _named(method: str, params: Any) -> dict[str, Any]:
    if isinstance(params, dict):
        return params
    if isinstance(params, list):
        return dict(zip(_POSITIONS.get(method, ()), params))
    return {}


def _one(splice_type: str, channel: Any, amount: Any, channels: list[dict[str, Any]]) -> Wanted:
    found = _resolved(channel, channels)
    sats = _sats(amount, found if splice_type == "splice_out" else None)
    return Wanted(splice_type, found, sats, f"{amount} of {channel}")


def _relative(params: dict[str, Any], channels: list[dict[str, Any]]) -> Wanted:
    said = params.get("relative_amount")
    text = str(said).strip()
    out = text.startswith("-")
    sats = _sats(text.lstrip("+-") if isinstance(said, (int, str)) else None, None)
    channel = _resolved(params.get("channel_id"), channels)
    kind = "splice_out" if out else "splice_in"
    return Wanted(kind, channel, sats, f"{said} of {params.get('channel_id')}")


def _script(script: Any, channels: list[dict[str, Any]]) -> list[Wanted]:
    """Segments `channel -> amount` take out, `amount -> channel` put in; all else is not ours."""
    if not isinstance(script, str) or script.lstrip().startswith(("[", "{")):
        return [Wanted("splice_out", None, None, "a script in JSON")]
    found = []
    for segment in re.split(r"[;\n]", script):
        sides = [side.strip() for side in segment.split("->")]
        if len(sides) != 2:
            if segment.strip():
                found.append(Wanted("splice_out", None, None, segment.strip()))
            continue
        left, right = sides
        if _is_channel(left):
            found.append(_one("splice_out", left, _without_fee(right), channels))
        elif _is_channel(right):
            found.append(_one("splice_in", right, _without_fee(left), channels))
    return found


def _is_channel(word: str) -> bool:
    if _QUERY.fullmatch(word):
        return True
    # `5000` is an amount, though it would do as the beginning of an id.
    return bool(_CHANNEL.fullmatch(word)) and (len(word) > 20 or not word.isdecimal())


def _without_fee(amount: str) -> str:
    """`50000 + fee@300` takes the fee on top, as a splice-out does anyway."""
    return re.sub(r"\s*[+-]\s*fee(@\d+)?\s*$", "", amount.partition("|")[0])


def _resolved(word: Any, channels: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one channel of ours that a word names; none where there is no or more than one."""
    if not isinstance(word, str):
        return None
    query = _QUERY.fullmatch(word.strip())
    if query is not None:
        with_peer = [one for one in channels if str(one["peer_id"]).startswith(query[1].lower())]
        if query[1] == "*":
            with_peer = channels
        if query[2].isdecimal():
            place = int(query[2])
            return with_peer[place] if place < len(with_peer) and query[1] != "*" else None
        return with_peer[0] if len(with_peer) == 1 else None
    if not _CHANNEL.fullmatch(word.strip()):
        return None
    named = [one for one in channels if str(one["channel_id"]).startswith(word.strip().lower())]
    return named[0] if len(named) == 1 else None


def _sats(  # noqa: PLR0911 (one line for each form)
    word: Any, giving: dict[str, Any] | None
) -> int | None:
    """An amount in whole sats, rounded up; a share is one of all that is ours in the channel."""
    if isinstance(word, bool) or word is None:
        return None
    text = str(word).strip()
    share = _PERCENT.fullmatch(text)
    if share is not None:
        # Core Lightning takes the reserve for ours too, so that it refuses `100%` afterwards.
        available = None if giving is None else giving.get("owed_sats")
        if available is None or Decimal(share[1]) > 100:
            return None
        return math.ceil(Decimal(share[1]) * int(available) / 100)
    found = _AMOUNT.fullmatch(text)
    if found is None or found[2].lower() not in _UNITS:
        return None
    if "." in found[1] and not found[2]:  # Core Lightning takes no part of a sat.
        return None
    try:
        return math.ceil(Decimal(found[1]) * _UNITS[found[2].lower()])
    except (InvalidOperation, OverflowError):
        return None
