"""The commands of a coordinator, offered on a plugin of pyln-client.

    from pyln.client import Plugin
    from trimtab.cln import register

    plugin = Plugin()
    register(plugin, families=("trimtab",))
    plugin.run()

Each command is answered by a thread of its own pool, so that the plugin never keeps lightningd
waiting. An error is a reply too: `{"error": code, "field": …}`.
"""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable

import trimtab
from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.gossip import MESSAGE_TYPES
from trimtab.cln.node import NodeError, NodeUnreachableError
from trimtab.cln.replies import Refusal, refused
from trimtab.cln.snapshot import WrongNodeError
from trimtab.cln.store import StoreBusyError, StoreError, StoreFullError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trimtab.cln.coordinator import Coordinator

__all__ = ["FAMILIES", "Desk", "answer", "register"]

FAMILIES: dict[str, dict[str, tuple[str, str]]] = {
    "hive": {
        "hive-member-health": ("member_health", "health of a member, or of the fleet"),
        "hive-report-health": ("report_health", "report what this node's channels are worth"),
        "hive-liquidity-state": ("liquidity_state", "what the fleet lacks and has to spare"),
        "hive-report-liquidity-state": (
            "report_liquidity_state",
            "report this node's depleted and saturated channels",
        ),
        "hive-update-rebalancing-activity": (
            "update_rebalancing_activity",
            "tell through which peers this node rebalances now",
        ),
        "hive-check-rebalance-conflict": (
            "check_rebalance_conflict",
            "whether another member rebalances through a peer",
        ),
        "hive-splice-check": ("splice_check", "whether a splice keeps the fleet connected"),
        "hive-splice-headroom": ("splice_headroom", "the largest splice-out that is safe"),
        "hive-splice-recommendations": (
            "splice_recommendations",
            "what may be spliced out towards a peer",
        ),
    },
    "trimtab": {
        "trimtab-status": ("status", "what runs, and how old everything is"),
        "trimtab-health": ("health", "our health, channel by channel"),
        "trimtab-advise": ("advise", "what is worth doing now, ranked, and why"),
        "trimtab-explain": ("explain", "why nothing is rebalanced here"),
        "trimtab-splice": ("splice", "how much may leave towards each peer"),
        "trimtab-members": ("members", "the members of the fleet and what they said"),
        "trimtab-policy": ("decide", "what the operator decided about channels and peers"),
    },
}
"""Command, method of the coordinator, and what it is for; by family of names."""

_GIVEN_LATER = "the node was not reached yet"
_WORKERS = 4


class _Missing:
    """Stands for a parameter that was not given."""


_MISSING = _Missing()


class Desk:
    """Where commands wait for the coordinator, which exists from `init` on."""

    def __init__(self) -> None:
        """Begin without a coordinator."""
        self.coordinator: Coordinator | None = None
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="trimtab-command")

    def submit(self, work: Callable[[], None]) -> None:
        """Do it on a thread of the pool."""
        self._pool.submit(work)

    def close(self) -> None:
        """Take nothing more, and end what runs."""
        if self.coordinator is not None:
            self.coordinator.stop()
            self.coordinator.store.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def register(
    plugin: Any,
    coordinator: Coordinator | None = None,
    *,
    families: Iterable[str] = ("hive", "trimtab"),
    gossip: bool = True,
) -> Desk:
    """Offer the commands of the families on `plugin`, and listen for messages of members.

    Without a coordinator, set `coordinator` of the returned desk once there is one, in the
    plugin's `init`.
    """
    desk = Desk()
    desk.coordinator = coordinator
    for family in families:
        for name, (method, purpose) in FAMILIES[family].items():
            _offer(plugin, desk, name, method, purpose)
    if gossip:
        _listen(plugin, desk)
    return desk


def answer(method: Callable[..., dict[str, Any]], given: dict[str, Any]) -> dict[str, Any]:
    """What a command answers; every failure has a code and a field."""
    try:
        reply = method(**given)
    except Refusal as refusal:
        reply = refusal.reply()
    except trimtab.InputError as error:
        reply = refused(error.code, error.field, got=error.got, expected=error.expected)
    except NoSnapshotError as error:
        reply = refused("no_snapshot", "", expected=str(error))
    except WrongNodeError as error:
        reply = refused("wrong_node", "", expected=str(error))
    except NodeUnreachableError as error:
        reply = refused("node_unreachable", "", expected=str(error))
    except NodeError as error:
        reply = refused("node_refused", error.method, expected=error.message)
    except StoreBusyError as error:
        reply = refused("store_busy", "", expected=str(error))
    except StoreFullError as error:
        reply = refused("store_full", "", expected=str(error))
    except StoreError as error:
        reply = refused("store_failed", "", expected=str(error))
    return reply


def _offer(plugin: Any, desk: Desk, name: str, method: str, purpose: str) -> None:
    from trimtab.cln.coordinator import Coordinator  # noqa: PLC0415 (it imports nothing of here)

    wanted = list(inspect.signature(getattr(Coordinator, method)).parameters.values())[1:]

    # pyln puts the request where the signature has it; before all others it is always right.
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    optional = [
        inspect.Parameter(one.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_MISSING)
        for one in wanted
    ]
    rest = [
        inspect.Parameter("extra_words", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("unknown", inspect.Parameter.VAR_KEYWORD),
    ]
    signature = inspect.Signature([request, *optional, *rest])

    def bound(*args: Any, **kwargs: Any) -> None:
        given = signature.bind(*args, **kwargs)
        params = dict(given.arguments)
        request_ = params.pop("request")
        unknown = params.pop("unknown", {})
        extra = params.pop("extra_words", ())
        params = {key: value for key, value in params.items() if value is not _MISSING}
        if extra or unknown:
            field = next(iter(unknown), f"[{len(wanted)}]")
            allowed = ", ".join(one.name for one in wanted) or "no parameter"
            request_.set_result(refused("unknown_field", field, expected=allowed))
            return
        desk.submit(lambda: request_.set_result(_reply(desk, method, wanted, params)))

    bound.__signature__ = signature  # type: ignore[attr-defined]
    bound.__doc__ = purpose
    plugin.add_method(name, bound, background=True, description=purpose)
    usage = " ".join(
        one.name if one.default is inspect.Parameter.empty else f"[{one.name}]" for one in wanted
    )
    plugin.methods[name].get_usage = lambda: usage


def _reply(
    desk: Desk, method: str, wanted: Sequence[inspect.Parameter], params: dict[str, Any]
) -> dict[str, Any]:
    if desk.coordinator is None:
        return refused("no_snapshot", "", expected=_GIVEN_LATER)
    for one in wanted:
        if one.default is inspect.Parameter.empty and one.name not in params:
            return refused("missing_field", one.name, expected="a value")
    given = {}
    for one in wanted:
        if one.name in params:
            value = _typed(str(one.annotation), params[one.name])
            if isinstance(value, _Missing):
                got = str(params[one.name])
                expected = str(one.annotation).replace(" | None", "")
                return refused("malformed", one.name, got=got, expected=expected)
            given[one.name] = value
    try:
        return answer(getattr(desk.coordinator, method), given)
    except Exception as error:  # noqa: BLE001 (whoever asked must get an answer)
        return refused("internal", "", expected="no defect", got=f"{type(error).__name__}: {error}")


def _typed(annotation: str, value: Any) -> Any:  # noqa: PLR0911 (one line for each type)
    """A parameter as the method wants it; command lines give numbers and flags as text too."""
    if value is None and "None" in annotation:
        return None
    if annotation.startswith("int"):
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else _MISSING
    if annotation.startswith("bool"):
        words = {"true": True, "false": False, "1": True, "0": False}
        if isinstance(value, bool):
            return value
        return words.get(str(value).lower(), _MISSING)
    if annotation.startswith("str"):
        return value if isinstance(value, str) else _MISSING
    if annotation.startswith("list"):
        return value if isinstance(value, list) else _MISSING
    return value


def _listen(plugin: Any, desk: Desk) -> None:
    """Hear messages of members, and who comes and goes."""

    def custommsg(peer_id: str, payload: str, **_rest: Any) -> dict[str, str]:
        if desk.coordinator is not None:
            desk.coordinator.hear(peer_id, payload)
        return {"result": "continue"}

    plugin.add_hook("custommsg", custommsg, filters=sorted(MESSAGE_TYPES.values()))

    def told(name: str, act: Callable[[Coordinator, str], None]) -> None:
        def notification(**params: Any) -> None:
            # Older nodes put the fields beside each other, newer ones under the topic's name.
            inner = params.get(name)
            peer = inner.get("id") if isinstance(inner, dict) else params.get("id")
            if desk.coordinator is not None and isinstance(peer, str):
                act(desk.coordinator, peer)

        plugin.add_subscription(name, notification)

    told("connect", lambda coordinator, peer: coordinator.met(peer))
    told("disconnect", lambda coordinator, peer: coordinator.left(peer))

    def changed(**_params: Any) -> None:
        if desk.coordinator is not None:
            desk.coordinator.look_soon()

    plugin.add_subscription("channel_state_changed", changed)
