"""The program `trimtab-splice-advice`: looks at an operator's splice before it happens.

Core Lightning asks the hook `rpc_command` before it runs `splicein`, `spliceout`, `splice_init` or
`dev-splice`. The advice is a line in the log; the command always goes on, within a second. One
command of an operator gets one advice, although Core Lightning asks again for each step of it.

A hook stands in the manifest, before any option is known; so this is a program of its own, and who
does not want it does not start it. Before 25.12 a node asks the hook for *every* command; there
the program disables itself.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab.cln import splices
from trimtab.cln.coordinator import ANNOUNCED_S, Coordinator
from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.node import Node, NodeError, socket_transport
from trimtab.cln.replies import sentences
from trimtab.cln.scripts import STORE, SettingsError, plugin_of_pyln, policy_of, version_of
from trimtab.cln.store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Advisor", "run"]

FILTERS_SINCE = (25, 12)
"""Since this version a hook is asked for the commands it names, and for no other."""

CONTINUE_S = 0.8
"""The command goes on after this time, whether there is an advice or not."""

_ASK_NODE_S = 0.5
_CONTINUE = {"result": "continue"}


class Advisor:
    """Judges what a splice command would do."""

    def __init__(
        self,
        store: Store,
        node: Node,
        policy: trimtab.Policy,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Know the fleet by `store`, our own channels by `node` when the command comes."""
        self._policy = policy
        self._clock = clock
        # Never started: it only answers.
        self._coordinator = Coordinator(store, node, policy=policy, clock=clock)

    def advise(self, request: dict[str, Any]) -> tuple[list[tuple[str, str]], list[Leaving]]:
        """Lines for the log (level and text), and the splice-outs that begin now."""
        now = int(self._clock())
        method = str(request.get("method"))
        try:
            envelope = self._coordinator.glance(now, timeout_s=_ASK_NODE_S)
        except NodeError as error:
            return [("warn", f"{method}: unchecked: {error}")], []
        self._coordinator.fleet.pin(now, envelope)
        owed = self._coordinator.owed()
        channels = [
            {**one, "owed_sats": owed.get(one["channel_id"])}
            for one in envelope["decision"]["us"]["channels"]
        ]
        asked = splices.wanted(request, channels)
        lines = [self._judge(method, each, now) for each in asked]
        leaving = [Leaving(each, now) for each in asked if _leaves(each)]
        if splices.is_dry_run(request):
            leaving = []
        return lines or [("warn", f"{method}: unchecked: it names no channel of ours")], leaving

    def _judge(self, method: str, each: splices.Wanted, now: int) -> tuple[str, str]:
        said = f"{method} {each.said}"
        if each.channel is None or each.amount_sats is None:
            what = "the channel" if each.channel is None else "the amount"
            return ("warn", f"{said}: unchecked: only the node itself can tell {what}")
        peer = each.channel["peer_id"]
        fields: dict[str, Any] = {
            "now": now,
            "peer_id": peer,
            "type": each.splice_type,
            "amount_sats": each.amount_sats,
            "in_flight": [
                one["amount_sats"] for one in self._coordinator.exits(now) if one["peer_id"] == peer
            ],
            "channel_id": each.channel["channel_id"],
        }
        fleet = self._coordinator.fleet
        self._coordinator.learn_capacity(fleet, peer, now, timeout_s=_ASK_NODE_S)
        try:
            answer = self._coordinator.decisions.ask(
                fleet, "splice", fields, caller="splice_advice"
            )
        except trimtab.InputError as error:
            return ("warn", f"{said}: unchecked: {error}")
        decision = answer["decision"]
        words = "; ".join(sentences(self._policy, answer))
        level = "info" if decision["safety"] == "safe" else "warn"
        return (level, f"{said}: {decision['safety']}: {words}")

    def note(self, leaving: list[Leaving]) -> None:
        """Remember what leaves now, until a channel shows it."""
        for one in leaving:
            self._coordinator.note_exit(one.peer, one.amount_sats, one.channel_id, one.at)

    def tell(self, leaving: list[Leaving]) -> None:
        """Tell the members of splice-outs that begin now; unannounced channels stay private."""
        for one in leaving:
            if one.private:
                continue
            body = {
                "peer": one.peer,
                "type": "splice_out",
                "amount_sats": one.amount_sats,
                "intent": "announce",
                "expires": one.at + ANNOUNCED_S,
            }
            self._coordinator.courier.say("splice_check", body, one.at)


class Leaving:
    """A splice-out that begins now."""

    def __init__(self, each: splices.Wanted, at: int) -> None:
        """Of a splice whose channel and amount are known."""
        channel = each.channel or {}
        self.peer: str = channel["peer_id"]
        self.channel_id: str = channel["channel_id"]
        self.private = bool(channel.get("private")) or channel.get("announced") is False
        self.amount_sats = each.amount_sats or 0
        self.at = at


def _leaves(each: splices.Wanted) -> bool:
    if each.splice_type != "splice_out" or each.channel is None or not each.amount_sats:
        return False
    # With the on-chain fee on top, all that is ours is more than there is: the node refuses, and
    # what never leaves must not stand in the way of the next try.
    owed = each.channel.get("owed_sats")
    return owed is None or each.amount_sats < owed


class _Once:
    """Answers a request once, whoever comes first."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._done = False

    def __call__(self) -> None:
        with self._lock:
            if self._done:
                return
            self._done = True
        self._request.set_result(_CONTINUE)


def run() -> None:  # noqa: PLR0915 (the parts of one plugin)
    """Run the plugin `trimtab-splice-advice`."""
    plugin = plugin_of_pyln("trimtab-splice-advice")
    plugin.add_option(
        "trimtab-splice-db", STORE, "file of the store; the one of trimtab-cln or trimtab-hive"
    )
    plugin.add_option("trimtab-splice-profile", "plan", "profile of the policy: plan or cl-hive")
    plugin.add_option(
        "trimtab-splice-config",
        "trimtab-config.json",
        "JSON file with changes of the profile; read if present",
    )
    plugin.add_flag_option("trimtab-splice-quiet", "tell the members nothing of our own splices")
    advisors: list[Advisor] = []
    judging = ThreadPoolExecutor(1, thread_name_prefix="trimtab-judging")
    telling = ThreadPoolExecutor(1, thread_name_prefix="trimtab-telling")

    def init(**_rest: Any) -> dict[str, str] | None:
        version = version_of(os.environ.get("LIGHTNINGD_VERSION", ""))
        if version is None or version < FILTERS_SINCE:
            since = ".".join(map(str, FILTERS_SINCE))
            return {"disable": f"before Core Lightning {since} a hook is asked for every command"}
        base = Path(plugin.lightning_dir)
        try:
            file = base / str(plugin.get_option("trimtab-splice-config"))
            policy = policy_of(str(plugin.get_option("trimtab-splice-profile")), file)
            store = Store(base / str(plugin.get_option("trimtab-splice-db")), busy_s=0.3)
        except (SettingsError, StoreError) as error:
            return {"disable": str(error)}
        node = Node(socket_transport(str(base / plugin.rpc_filename)))
        advisors.append(Advisor(store, node, policy))
        return None

    plugin.init()(init)

    def rpc_command(request: Any, rpc_command: dict[str, Any], **_rest: Any) -> None:
        go_on = _Once(request)
        if splices.is_inner(rpc_command) or not advisors:
            go_on()
            return
        latest = threading.Timer(CONTINUE_S, go_on)
        latest.daemon = True
        latest.start()

        def work() -> None:
            try:
                lines, leaving = advisors[0].advise(rpc_command)
                for level, line in lines:
                    plugin.log(line, level)
                advisors[0].note(leaving)
                if leaving and not plugin.get_option("trimtab-splice-quiet"):
                    telling.submit(tell, leaving)
            except Exception as error:  # noqa: BLE001 (whatever goes wrong, the command goes on)
                plugin.log(f"{rpc_command.get('method')}: unchecked: {error}", "warn")
            finally:
                latest.cancel()
                go_on()

        judging.submit(work)

    def tell(leaving: list[Leaving]) -> None:
        try:
            advisors[0].tell(leaving)
        except (NodeError, NoSnapshotError, StoreError, trimtab.InputError) as error:
            plugin.log(f"the members were not told: {error}", "debug")

    plugin.add_hook("rpc_command", rpc_command, background=True, filters=list(splices.COMMANDS))

    def shutdown(**_rest: Any) -> None:
        os._exit(0)  # Nothing is kept in memory, and nothing may hold lightningd back.

    plugin.add_subscription("shutdown", shutdown)
    plugin.run()
    for pool in (judging, telling):
        pool.shutdown(wait=False, cancel_futures=True)
