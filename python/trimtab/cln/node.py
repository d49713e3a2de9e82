"""The one way to the node, and the short list of what may be asked of it.

Reading, signing a text and sending a message to a peer are all that the fleet needs. Whatever
else is asked for is refused here, before anything leaves this process.
"""

from __future__ import annotations

import socket
import time
from typing import Any, Callable, Protocol

__all__ = [
    "ALLOWED",
    "READS",
    "SPEAKS",
    "Node",
    "NodeError",
    "NodeSilentError",
    "NodeUnreachableError",
    "NotAllowedError",
    "Transport",
    "UnknownCommandError",
    "socket_transport",
]

READS = frozenset(
    {
        "bkpr-listaccountevents",
        "bkpr-listincome",
        "getinfo",
        "help",
        "listchannelmoves",
        "listchannels",
        "listdatastore",
        "listforwards",
        "listpeerchannels",
        "listpeers",
    }
)
"""Commands that change nothing in the node."""

SPEAKS = frozenset({"sendcustommsg", "signmessage"})
"""Commands that sign a text or send one to a peer."""

ALLOWED = READS | SPEAKS
"""Everything that is ever asked of lightningd, logging aside."""

TIMEOUT_S = 30.0
"""How long one command may take; a node under load answers large lists slowly."""

_UNKNOWN_COMMAND = -32601


class NodeError(Exception):
    """The node refused a command."""

    def __init__(self, method: str, code: int | None, message: str) -> None:
        """Keep which command it was and what the node said."""
        super().__init__(method, code, message)
        self.method = method
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.method}: {self.message}"


class UnknownCommandError(NodeError):
    """The node has no such command: it is older, or the plugin that offers it is not loaded."""


class NodeUnreachableError(NodeError):
    """The node did not answer: it is down, starts again, or took too long."""


class NodeSilentError(NodeUnreachableError):
    """The node took the command and gave no answer in time."""


class NotAllowedError(NodeError):
    """The command is not on the list of what may be asked."""


class Transport(Protocol):
    """Carries one command to a node and its answer back."""

    def __call__(self, method: str, params: dict[str, Any], timeout_s: float) -> Any:
        """Ask, wait at most `timeout_s`, and return the answer."""


class Node:
    """A node that may be asked what is on the list, and nothing else."""

    def __init__(
        self,
        transport: Transport,
        *,
        allowed: frozenset[str] = ALLOWED,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Ask through `transport`."""
        self._transport = transport
        self._allowed = allowed
        self._timeout_s = timeout_s

    def call(
        self, method: str, params: dict[str, Any] | None = None, *, timeout_s: float | None = None
    ) -> dict[str, Any]:
        """Ask for `method`; every failure is a `NodeError`."""
        if method not in self._allowed:
            raise NotAllowedError(method, None, "not on the list of what this program may ask")
        limit = self._timeout_s if timeout_s is None else timeout_s
        answer = self._transport(method, params or {}, limit)
        if not isinstance(answer, dict):
            raise NodeError(method, None, "the answer is no object")
        return answer


def socket_transport(path: str) -> Transport:
    """Ask over lightningd's Unix socket, with the client of Core Lightning's own project."""
    from pyln.client import RpcError  # noqa: PLC0415 (only this part needs the extra `cln`)
    from pyln.client.lightning import UnixDomainSocketRpc  # noqa: PLC0415

    class Timed(UnixDomainSocketRpc):  # type: ignore[misc]
        """The client, with a limit on how long the whole command takes."""

        def __init__(self, timeout_s: float) -> None:
            super().__init__(path, caller_name="trimtab")
            self.until = time.monotonic() + timeout_s

        def _writeobj(self, sock: Any, obj: Any) -> None:
            sock.sock.settimeout(self.left())
            super()._writeobj(sock, obj)

        def _readobj(self, sock: Any, buff: bytes = b"") -> Any:
            return super()._readobj(_Hurried(sock, self.left), buff)

        def left(self) -> float:
            """Seconds that are left; never 0, which would mean to wait for ever."""
            return max(0.001, self.until - time.monotonic())

    def ask(method: str, params: dict[str, Any], timeout_s: float) -> Any:
        try:
            answer = Timed(timeout_s).call(method, params)
        except RpcError as error:
            raise _refusal(method, error.error) from error
        except socket.timeout as error:
            raise NodeSilentError(method, None, f"no answer within {timeout_s:g} s") from error
        except OSError as error:
            raise NodeUnreachableError(method, None, str(error)) from error
        except ValueError as error:  # The answer was no JSON: the node went away in the middle.
            raise NodeUnreachableError(method, None, str(error)) from error
        return answer

    return ask


class _Hurried:
    """A socket whose every read ends when the whole command has to."""

    def __init__(self, sock: Any, left: Callable[[], float]) -> None:
        self._sock = sock
        self._left = left

    def recv(self, length: int) -> bytes:
        self._sock.sock.settimeout(self._left())
        received: bytes = self._sock.recv(length)
        return received


def _refusal(method: str, error: Any) -> NodeError:
    if isinstance(error, dict):
        code, message = error.get("code"), str(error.get("message", "refused"))
        kind: Callable[..., NodeError]
        kind = UnknownCommandError if code == _UNKNOWN_COMMAND else NodeError
        return kind(method, code, message)
    if isinstance(error, str):  # pyln's words for a connection that was lost.
        return NodeUnreachableError(method, None, error)
    return NodeError(method, None, str(error))
