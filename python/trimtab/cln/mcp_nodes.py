"""The nodes that `trimtab-mcp` may ask, over REST with a rune or over their sockets.

`HIVE_NODES_CONFIG` names a JSON file, as the MCP server of cl-hive reads it:

    {"mode": "rest", "nodes": [
        {"name": "alice", "rest_url": "https://10.0.0.1:3010", "rune": "…", "ca_cert": "ca.pem"},
        {"name": "bob", "rpc_socket": "/home/bob/.lightning/bitcoin/lightning-rpc"}]}
"""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.cln.node import (
    Node,
    NodeError,
    NodeSilentError,
    NodeUnreachableError,
    Transport,
    UnknownCommandError,
    socket_transport,
)
from trimtab.extras import lacking

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ASKED", "NodesError", "nodes_of", "rest_transport"]

ASKED = frozenset(
    {
        "hive-liquidity-state",
        "hive-member-health",
        "hive-splice-check",
        "hive-splice-recommendations",
        "trimtab-advise",
        "trimtab-explain",
    }
)
"""Everything that is ever asked of a node; none of it changes anything."""

_MOST_BYTES = 64 * 1024 * 1024
_UNKNOWN_COMMAND = -32601


class NodesError(Exception):
    """The nodes can not be asked as they are named."""


def nodes_of(config: Path | None, sockets: Iterable[str]) -> dict[str, Node]:
    """The nodes of a config file and of `[NAME=]SOCKET` words."""
    nodes: dict[str, Node] = {}
    if config is not None:
        for place, entry in enumerate(_entries(config)):
            where = f"{config}, node {place + 1}"
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise NodesError(f"{where}: a node with a name is expected")
            _put(nodes, entry["name"], _of_entry(entry, where, config.parent))
    for word in sockets:
        name, _, path = word.rpartition("=")
        _put(nodes, name or Path(path).resolve().parent.name, _socket(path))
    if not nodes:
        raise NodesError("name a node: HIVE_NODES_CONFIG=FILE, or --rpc [NAME=]SOCKET")
    return nodes


def _put(nodes: dict[str, Node], name: str, transport: Transport) -> None:
    if name in nodes:
        raise NodesError(f"two nodes are named {name}")
    nodes[name] = Node(transport, allowed=ASKED)


def _socket(path: str) -> Transport:
    try:
        return socket_transport(path)
    except ModuleNotFoundError as error:
        raise NodesError(f"{path}: {lacking('cln', error)}") from error


def _entries(config: Path) -> list[Any]:
    try:
        document = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NodesError(f"{config}: {error}") from error
    entries = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise NodesError(f"{config}: an object with a list of nodes is expected")
    return entries


def _of_entry(entry: dict[str, Any], where: str, base: Path) -> Transport:
    if isinstance(entry.get("rpc_socket"), str):
        return _socket(str(base / entry["rpc_socket"]))
    if "docker_container" in entry:
        raise NodesError(f"{where}: containers are not entered; name its rest_url or rpc_socket")
    for name in ("rest_url", "rune"):
        if not isinstance(entry.get(name), str) or not entry[name]:
            raise NodesError(f"{where}: {name} is missing")
    if not entry["rest_url"].startswith("https://"):
        raise NodesError(f"{where}: rest_url must begin with https://, the rune is a secret")
    ca_cert = entry.get("ca_cert")
    return rest_transport(
        entry["rest_url"], entry["rune"], base / ca_cert if isinstance(ca_cert, str) else None
    )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the rune to somebody else."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def rest_transport(url: str, rune: str, ca_cert: Path | None) -> Transport:
    """Ask over clnrest; the certificate must be signed by `ca_cert`, or by a known authority."""
    try:
        context = ssl.create_default_context(cafile=str(ca_cert) if ca_cert else None)
    except (OSError, ssl.SSLError) as error:
        raise NodesError(f"{ca_cert}: {error}") from error
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )

    def ask(method: str, params: dict[str, Any], timeout_s: float) -> Any:
        request = urllib.request.Request(
            f"{url.rstrip('/')}/v1/{method}",
            data=json.dumps(params).encode(),
            headers={"Content-Type": "application/json", "Rune": rune},
            method="POST",
        )
        try:
            with opener.open(request, timeout=timeout_s) as response:
                body = _read(response, time.monotonic() + timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(method, error.code, error.read(1 << 16)) from error
        except TimeoutError as error:
            raise NodeSilentError(method, None, f"no answer within {timeout_s:g} s") from error
        except urllib.error.URLError as error:
            raise NodeUnreachableError(method, None, str(error.reason)) from error
        except (OSError, ValueError) as error:
            raise NodeUnreachableError(method, None, str(error)) from error
        if len(body) > _MOST_BYTES:
            raise NodeError(method, None, "the answer is too large")
        return _parsed(method, body)

    return ask


def _read(response: Any, until: float) -> bytes:
    """The whole answer; one that drips must not hold us for ever."""
    body = b""
    while len(body) <= _MOST_BYTES:
        chunk = response.read1(1 << 20)
        if not chunk:
            break
        body += chunk
        if time.monotonic() > until:
            raise TimeoutError
    return body


def _parsed(method: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise NodeError(method, None, "the answer is no JSON") from error


def _refusal(method: str, status: int, body: bytes) -> NodeError:
    """What clnrest says of a command that failed; the words are lightningd's."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return NodeError(method, status, f"HTTP status {status}")
    inner = said.get("error")
    said = inner if isinstance(inner, dict) else said
    message = str(said.get("message", f"HTTP status {status}"))
    kind = UnknownCommandError if said.get("code") == _UNKNOWN_COMMAND else NodeError
    code = said.get("code")
    return kind(method, code if isinstance(code, int) else status, message)
