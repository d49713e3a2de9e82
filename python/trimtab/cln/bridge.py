"""What a plugin asks of the fleet, without ever waiting for it or failing because of it.

    from trimtab.cln.bridge import HiveBridge

    bridge = HiveBridge(plugin)                      # a plugin of pyln-client
    health = bridge.query_member_health()            # None where nobody can tell
    verdict = bridge.check_splice_safety(peer_id, "splice_out", 500_000)

Whoever offers the commands `hive-…` in this node is asked: cl-hive, or `trimtab-hive`. They are
found with `help`. Every call ends within its deadline. One that can not be answered lets the
caller go on alone, and `why()` says why:

| code | meaning |
|---|---|
| `not_offered` | no plugin of this node offers the command |
| `circuit_open` | the last calls failed; nothing is asked for a minute |
| `no_answer` | no answer came within the deadline |
| `too_many_calls` | too many calls of this bridge wait for an answer already |
| `node_failed` | lightningd or the plugin failed |
| `refused` | the plugin answered with an error |
| `malformed` | the answer, or what was asked, has not the form that it should have |
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Protocol

import trimtab
from trimtab.cln.replies import first, sentences

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Breaker", "HiveBridge", "Rpc"]

FAILURES_TO_OPEN = 3
OPEN_S = 60.0
AVAILABILITY_S = 60.0
HEALTH_S = 300.0
DEADLINE_S = 5.0
MOST_WAITING = 4
MOST_CACHED = 1000

_UNKNOWN_COMMAND = -32601
_LEVELS = ("safe", "coordinate", "blocked", "unchecked")


class Rpc(Protocol):
    """What is needed of a client of lightningd; `plugin.rpc` of pyln-client is one."""

    def call(self, method: str, payload: Any) -> Any:
        """Ask for a command; an exception is a failure."""


class _Plugin(Protocol):
    """A plugin of pyln-client, as far as it matters here."""

    @property
    def rpc(self) -> Any:
        """Its client; there is one from `init` on."""


class Breaker:
    """Stops asking somebody who fails: closed, open, half open; thread-safe.

    After some failures in a row it opens. When its time is over it lets one probe through, and
    only one: the probe's success closes it, its failure opens it again.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES_TO_OPEN,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open after so many failures in a row, for so long."""
        self._lock = threading.Lock()
        self._failures_to_open = failures
        self._open_s = open_s
        self._clock = clock
        self._failures = 0
        self._opened: float | None = None
        self._probing = False
        self._term = 0

    @property
    def state(self) -> str:
        """`closed`, `open`, or `half_open` when a probe may go through or is on its way."""
        with self._lock:
            if self._opened is None:
                return "closed"
            over = self._clock() - self._opened >= self._open_s
            return "half_open" if self._probing or over else "open"

    def admit(self) -> int | None:
        """A ticket for one call, to be given back with its outcome; none while it is open."""
        with self._lock:
            if self._opened is None:
                return self._term
            if self._probing or self._clock() - self._opened < self._open_s:
                return None
            self._probing = True
            self._term += 1
            return self._term

    def settle(self, ticket: int, *, well: bool) -> None:
        """Give a ticket back; one from before the last change says nothing about now."""
        with self._lock:
            if ticket != self._term:
                return
            if well:
                self._failures, self._opened = 0, None
            else:
                self._failures += 1
                if self._probing or self._failures >= self._failures_to_open:
                    self._opened = self._clock()
                    self._term += 1
            self._probing = False


class _NotAnsweredError(Exception):
    """A call that has no answer: the code of `why()` and a line for people."""

    def __init__(self, code: str, line: str) -> None:
        super().__init__(code, line)
        self.code = code
        self.line = line


class _OpenToFailure:
    """A call without an answer ends here; the caller goes on with what is safe for it."""

    def __init__(self, note: Callable[[dict[str, str] | None], None]) -> None:
        self._note = note

    def __enter__(self) -> None:
        self._note(None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, _NotAnsweredError):
            self._note({"code": error.code, "reason": error.line})
        elif isinstance(error, Exception):  # A defect of ours must not stop the caller.
            self._note({"code": "malformed", "reason": f"{type(error).__name__}: {error}"})
        return isinstance(error, Exception)


@dataclass(frozen=True)
class _Cached:
    at: float
    reply: dict[str, Any]


class HiveBridge:
    """The fleet, asked by another plugin of the node. May be used from any thread."""

    def __init__(
        self,
        plugin: _Plugin,
        *,
        policy: trimtab.Policy | None = None,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
        log: Callable[[str, str], None] | None = None,
    ) -> None:
        """Ask through `plugin.rpc`; no call takes longer than `deadline_s`."""
        self._plugin = plugin
        self._policy = policy or trimtab.Policy()
        self._deadline_s = deadline_s
        self._clock = clock
        self._log = log or (lambda _line, _level: None)
        self.breaker = Breaker(clock=clock)
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._lock = threading.Lock()
        self._offered: tuple[float, dict[str, frozenset[str] | None]] | None = None
        self._health: dict[str, _Cached] = {}
        self._reports = 0
        self._mine = threading.local()

    # --- what may be asked ---

    def is_available(self) -> bool:
        """Whether anybody in this node offers the fleet's commands."""
        with self._open_to_failure():
            self._find("hive-member-health", self._until())
            return True
        return False

    def query_member_health(self, member_id: str | None = None) -> dict[str, Any] | None:
        """Health of a member, our own without an id; the multiplier is recomputed here."""
        params = {"action": "query"}
        if member_id is not None:
            params["member_id"] = member_id
        return self._health_of(member_id or "", params)

    def query_fleet_health(self) -> dict[str, Any] | None:
        """Health of all members together, and of each."""
        return self._health_of("all", {"member_id": "all", "action": "aggregate"})

    def budget_multiplier(self) -> float:
        """By how much our own health scales what we spend on rebalancing; 1 where unknown."""
        health = self.query_member_health()
        return float(health["budget_multiplier"]) if health else self._multiplier(None)

    def report_health_update(  # noqa: PLR0917 (as the deployed plugins call it)
        self,
        profitable_channels: int,
        underwater_channels: int,
        stagnant_channels: int,
        total_channels: int | None = None,
        revenue_trend: str = "stable",
        liquidity_score: int | None = None,
    ) -> bool:
        """Report what our channels are worth; whether it was taken."""
        report = {
            "profitable_channels": profitable_channels,
            "underwater_channels": underwater_channels,
            "stagnant_channels": stagnant_channels,
            "total_channels": total_channels,
            "revenue_trend": revenue_trend,
            "liquidity_score": liquidity_score,
        }
        taken = self._reported("hive-report-health", report)
        if taken:
            with self._lock:  # What was cached, or is on its way, no longer holds.
                self._reports += 1
                self._health.clear()
        return taken

    def query_fleet_liquidity_state(self) -> dict[str, Any] | None:
        """How the fleet and we do."""
        with self._open_to_failure():
            return self._ask("hive-liquidity-state", {"action": "status"})
        return None

    def query_fleet_liquidity_needs(self) -> list[dict[str, Any]]:
        """What other members need at which peers."""
        with self._open_to_failure():
            reply = self._ask("hive-liquidity-state", {"action": "needs"})
            needs = reply.get("fleet_needs")
            if not isinstance(needs, list) or not all(isinstance(one, dict) for one in needs):
                raise _NotAnsweredError("malformed", "the needs are no list of needs")
            return needs
        return []

    def report_liquidity_state(
        self,
        depleted_channels: list[dict[str, Any]],
        saturated_channels: list[dict[str, Any]],
        rebalancing_active: bool = False,
        rebalancing_peers: list[str] | None = None,
        liquidity_needs: list[dict[str, Any]] | None = None,
    ) -> bool:
        """Report which of our channels lack liquidity and which have too much."""
        report = {
            "depleted_channels": depleted_channels,
            "saturated_channels": saturated_channels,
            "rebalancing_active": rebalancing_active,
            "rebalancing_peers": rebalancing_peers or [],
            "liquidity_needs": liquidity_needs,
        }
        return self._reported("hive-report-liquidity-state", report)

    def update_rebalancing_activity(
        self, rebalancing_active: bool, rebalancing_peers: list[str] | None = None
    ) -> bool:
        """Tell through which peers we are rebalancing now."""
        report = {
            "rebalancing_active": rebalancing_active,
            "rebalancing_peers": rebalancing_peers or [],
        }
        return self._reported("hive-update-rebalancing-activity", report)

    def check_rebalance_conflict(self, peer_id: str) -> dict[str, Any]:
        """Whether another member rebalances through the peer; no conflict where unknown."""
        with self._open_to_failure():
            reply = self._ask("hive-check-rebalance-conflict", {"peer_id": peer_id})
            if not isinstance(reply.get("conflict"), bool):
                raise _NotAnsweredError("malformed", "the answer does not say whether")
            return reply
        return {"conflict": False, "peer_id": peer_id, **self._reason()}

    def check_splice_safety(
        self, peer_id: str, splice_type: str, amount_sats: int, channel_id: str | None = None
    ) -> dict[str, Any]:
        """Whether a splice keeps the fleet connected; `unchecked`, never safe, where unknown."""
        asked = {"peer_id": peer_id, "splice_type": splice_type, "amount_sats": amount_sats}
        reply: dict[str, Any]
        with self._open_to_failure():
            reply = self._ask("hive-splice-check", {**asked, "channel_id": channel_id})
            if reply.get("safety") not in _LEVELS:
                raise _NotAnsweredError("malformed", "the answer names no safety")
            return {
                **{name: reply.get(name) for name in _SPLICE_FIELDS},
                "safe": reply["safety"] == "safe",
                "safety_level": reply["safety"],
                "reason": reply.get("reason", ""),
                "can_proceed": reply["safety"] != "blocked"
                and reply.get("can_proceed") is not False,
            }
        return self._unchecked(peer_id, splice_type, amount_sats)

    def get_splice_recommendations(self, peer_id: str) -> dict[str, Any] | None:
        """What may be spliced out towards a peer."""
        with self._open_to_failure():
            return self._ask("hive-splice-recommendations", {"peer_id": peer_id})
        return None

    # --- what is said about the bridge itself ---

    def why(self) -> dict[str, str] | None:
        """Why the last call of this thread had no answer; none where it had one."""
        failed: dict[str, str] | None = getattr(self._mine, "failed", None)
        return dict(failed) if failed else None

    # --- health ---

    def _health_of(self, key: str, params: dict[str, Any]) -> dict[str, Any] | None:
        with self._open_to_failure():
            with self._lock:
                cached, reports = self._health.get(key), self._reports
            if cached is None or self._clock() - cached.at >= HEALTH_S:
                cached = _Cached(self._clock(), self._ask("hive-member-health", params))
                with self._lock:
                    if reports == self._reports:
                        self._keep(key, cached)
            return self._recomputed(cached)
        return None

    def _keep(self, key: str, cached: _Cached) -> None:
        self._health.pop(key, None)
        self._health[key] = cached
        while len(self._health) > MOST_CACHED:
            del self._health[next(iter(self._health))]

    def _recomputed(self, cached: _Cached) -> dict[str, Any]:
        """A copy, with every multiplier as our policy derives it from the tier."""
        age_s = max(0, int(self._clock() - cached.at))
        reply = {**cached.reply, "age_s": age_s}
        if "health_tier" in reply or "tier" in reply:
            reply.update(self._multipliers(reply))
        members = reply.get("members")
        if isinstance(members, list):
            reply["members"] = [
                {**one, **self._multipliers(one)} for one in members if isinstance(one, dict)
            ]
        return reply

    def _multipliers(self, one: dict[str, Any]) -> dict[str, float]:
        multiplier = self._multiplier(one.get("health_tier", one.get("tier")))
        return {"budget_multiplier": multiplier, "rebalance_budget_multiplier": multiplier}

    def _multiplier(self, tier: Any) -> float:
        given: dict[str, Any] = {"ev": 0, "min_ev": 0, "health_age_s": 0}
        try:
            decided = self._policy.call("rebalance.accept", {**given, "tier": tier})
        except trimtab.InputError:  # A tier of the deployed second scale, or no tier at all.
            decided = self._policy.call("rebalance.accept", given)
        return float(decided["decision"]["multiplier"])

    # --- splices ---

    def _unchecked(self, peer_id: str, splice_type: str, amount_sats: int) -> dict[str, Any]:
        """What the policy says where the fleet can not be asked."""
        given = {
            "now": int(time.time()),
            "peer_id": peer_id,
            "type": splice_type,
            "amount_sats": amount_sats,
            "hive_reachable": False,
            "ours": {},
        }
        why = self._reason()
        verdict = {**dict.fromkeys(_SPLICE_FIELDS), **why}
        try:
            envelope = self._policy.call("splice.check", given)
        except trimtab.InputError as error:
            unknown = {"safe": False, "safety_level": "unchecked", "can_proceed": True}
            return {**verdict, **unknown, "reason": f"{error}; {why['reason']}"}
        decision = envelope["decision"]
        said = first(sentences(self._policy, envelope))
        return {
            **verdict,
            "safe": decision["safety"] == "safe",
            "safety_level": decision["safety"],
            "can_proceed": decision["can_proceed"],
            "reason": "; ".join(line for line in (said, why["reason"]) if line),
        }

    # --- asking ---

    def _reported(self, method: str, report: dict[str, Any]) -> bool:
        with self._open_to_failure():
            self._ask(method, report)
            return True
        return False

    def _until(self) -> float:
        return time.monotonic() + self._deadline_s

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        until = self._until()
        known = self._find(method, until)
        # An older plugin does not know every field; one that it does not name fails the call.
        given = {
            name: value
            for name, value in params.items()
            if value is not None and (known is None or name in known)
        }
        reply = self._call(method, given, until)
        if "error" in reply:
            raise _NotAnsweredError("refused", f"{method}: {reply['error']}")
        return reply

    def _find(self, method: str, until: float) -> frozenset[str] | None:
        """The parameters that a command takes, out of `help`; none where it does not say."""
        with self._lock:
            offered = self._offered
        if offered is None or self._clock() - offered[0] >= AVAILABILITY_S:
            listed = self._call("help", {}, until).get("help")
            offered = (self._clock(), _usages(listed))
            with self._lock:
                self._offered = offered
        if method not in offered[1]:
            raise _NotAnsweredError("not_offered", f"no plugin of this node offers {method}")
        return offered[1][method]

    def _call(self, method: str, params: dict[str, Any], until: float) -> dict[str, Any]:
        ticket = self.breaker.admit()
        if ticket is None:
            raise _NotAnsweredError("circuit_open", "the last calls failed; nothing is asked now")
        well = True
        try:
            reply = self._wait(method, params, until)
        except _NotAnsweredError as error:
            # A command that is gone says that its plugin stopped, not that the node is ill.
            well = error.code == "not_offered"
            raise
        finally:
            self.breaker.settle(ticket, well=well)
        if not isinstance(reply, dict):
            raise _NotAnsweredError("malformed", f"{method}: the answer is no object")
        return reply

    def _wait(self, method: str, params: dict[str, Any], until: float) -> Any:
        """Ask on a thread of its own, which may outlive our patience; few of them may."""
        if not self._room.acquire(timeout=max(0.0, until - time.monotonic())):
            raise _NotAnsweredError("too_many_calls", f"{MOST_WAITING} calls wait already")
        done = threading.Event()
        outcome: list[Any] = []
        failure: list[BaseException] = []

        def work() -> None:
            try:
                outcome.append(self._plugin.rpc.call(method, params))
            except BaseException as error:  # noqa: BLE001 (it is told to whoever waits)
                failure.append(error)
            finally:
                self._room.release()
                done.set()

        try:
            threading.Thread(target=work, name=f"trimtab-bridge-{method}", daemon=True).start()
        except RuntimeError as error:  # The system gives no more threads.
            self._room.release()
            raise _NotAnsweredError("too_many_calls", str(error)) from error
        if not done.wait(max(0.0, until - time.monotonic())):
            raise _NotAnsweredError("no_answer", f"{method}: none within {self._deadline_s:g} s")
        if failure:
            raise self._failed(method, failure[0]) from failure[0]
        return outcome[0]

    def _failed(self, method: str, error: BaseException) -> _NotAnsweredError:
        answer = getattr(error, "error", None)
        if isinstance(answer, dict) and answer.get("code") == _UNKNOWN_COMMAND:
            with self._lock:
                self._offered = None
            return _NotAnsweredError("not_offered", f"no plugin of this node offers {method}")
        said = answer.get("message") if isinstance(answer, dict) else error
        return _NotAnsweredError("node_failed", f"{method}: {said}")

    def _open_to_failure(self) -> _OpenToFailure:
        return _OpenToFailure(self._note)

    def _note(self, failed: dict[str, str] | None) -> None:
        self._mine.failed = failed
        if failed:
            with contextlib.suppress(Exception):
                self._log(f"fleet: {failed['reason']}", "debug")

    def _reason(self) -> dict[str, str]:
        return self.why() or {}


_SPLICE_FIELDS = (
    "recommendation",
    "fleet_capacity",
    "new_fleet_capacity",
    "fleet_share",
    "new_share",
)


def _usages(listed: Any) -> dict[str, frozenset[str] | None]:
    """Commands of the fleet with the parameters they name."""
    if not isinstance(listed, list):
        raise _NotAnsweredError("malformed", "help: no list of commands")
    found: dict[str, frozenset[str] | None] = {}
    for one in listed:
        name, _, usage = str(one.get("command", "") if isinstance(one, dict) else "").partition(" ")
        if name.startswith("hive-"):
            named = frozenset(re.findall(r"[A-Za-z_]\w*", usage))
            # A usage that names nothing, or takes anything, proves nothing about the parameters.
            found[name] = named if named and "**" not in usage else None
    return found
