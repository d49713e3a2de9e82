"""`trimtab-mcp`: what the policy says about a node, as tools for an assistant, over stdio.

    HIVE_NODES_CONFIG=nodes.json trimtab-mcp
    trimtab-mcp --rpc ~/.lightning/bitcoin/lightning-rpc

Every tool only reads. The node needs `trimtab-cln` for the tools `policy_…`, and `trimtab-hive` or
cl-hive for the tools `hive_…`.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import TypeAdapter, ValidationError

import trimtab
from trimtab.cln.mcp_nodes import NodesError, nodes_of
from trimtab.cln.mcp_types import (
    Advice,
    Explanation,
    Health,
    LiquidityIntelligence,
    SpliceRecommendations,
    SpliceVerdict,
)
from trimtab.cln.node import Node, NodeError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["main", "server"]

_READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_Result = TypeVar("_Result")

_INSTRUCTIONS = (
    "Advice about the liquidity of Core Lightning nodes. Nothing here moves funds or changes a "
    "node. Every answer has reasons; the one with binding true decided, its flip is the one value "
    "that would change it. unchecked is never safe."
)


def server(nodes: Mapping[str, Node]) -> MCPServer:
    """The tools, asking these nodes."""
    made: MCPServer = MCPServer(
        "trimtab", instructions=_INSTRUCTIONS, version=trimtab.__version__, log_level="WARNING"
    )

    @made.tool(annotations=_READS)
    async def hive_member_health(node: str | None = None, member_id: str | None = None) -> Health:
        """Health of a node, or of a member of its fleet; of all members with member_id "all"."""
        given: dict[str, Any] = {"action": "query"}
        if member_id == "all":
            given["action"] = "aggregate"
        return await ask(node, "hive-member-health", {**given, "member_id": member_id}, Health)

    @made.tool(annotations=_READS)
    async def hive_liquidity_intelligence(
        node: str | None = None, action: Literal["status", "needs", "excess"] = "status"
    ) -> LiquidityIntelligence:
        """How the fleet does (status), who lacks what (needs), who has too much (excess)."""
        return await ask(node, "hive-liquidity-state", {"action": action}, LiquidityIntelligence)

    @made.tool(annotations=_READS)
    async def hive_splice_check(
        peer_id: str,
        splice_type: Literal["splice_in", "splice_out"],
        amount_sats: int,
        node: str | None = None,
        channel_id: str | None = None,
    ) -> SpliceVerdict:
        """Whether a splice keeps the fleet connected to the peer. Ask before any splice_out."""
        given = {
            "peer_id": peer_id,
            "splice_type": splice_type,
            "amount_sats": amount_sats,
            "channel_id": channel_id,
        }
        return await ask(node, "hive-splice-check", given, SpliceVerdict)

    @made.tool(annotations=_READS)
    async def hive_splice_recommendations(
        peer_id: str, node: str | None = None
    ) -> SpliceRecommendations:
        """The largest splice-out towards the peer that is safe, and who else holds capacity."""
        given = {"peer_id": peer_id}
        return await ask(node, "hive-splice-recommendations", given, SpliceRecommendations)

    @made.tool(annotations=_READS)
    async def policy_advise(node: str | None = None, first: int | None = None) -> Advice:
        """What is worth doing now, ranked: rebalances, fee steps, new channels, with reasons."""
        return await ask(node, "trimtab-advise", {"first": first}, Advice)

    @made.tool(annotations=_READS)
    async def policy_explain(
        subject: str, node: str | None = None, first: int | None = None
    ) -> Explanation:
        """Why something, or nothing, is advised about a channel or a peer."""
        return await ask(node, "trimtab-explain", {"subject": subject, "first": first}, Explanation)

    async def ask(
        name: str | None, method: str, params: dict[str, Any], kind: type[_Result]
    ) -> _Result:
        node = _chosen(nodes, name)
        given = {key: value for key, value in params.items() if value is not None}
        try:
            reply = await anyio.to_thread.run_sync(node.call, method, given)
        except UnknownCommandError as error:
            offers = "trimtab-cln" if method.startswith("trimtab-") else "trimtab-hive or cl-hive"
            raise ToolError(f"the node has no command {method}: start {offers} there") from error
        except NodeError as error:
            raise ToolError(str(error)) from error
        if "error" in reply:
            raise ToolError(_said(method, reply))
        try:
            return TypeAdapter(kind).validate_python(reply)
        except ValidationError as error:
            field = ".".join(map(str, error.errors()[0]["loc"]))
            raise ToolError(f"{method}: the answer has an unexpected form at {field}") from error

    return made


def _chosen(nodes: Mapping[str, Node], name: str | None) -> Node:
    if name is None and len(nodes) == 1:
        return next(iter(nodes.values()))
    if name is None or name not in nodes:
        raise ToolError(f"name one of these nodes: {', '.join(sorted(nodes))}")
    return nodes[name]


def _said(method: str, reply: dict[str, Any]) -> str:
    parts = [f"{method}: {reply['error']}"]
    for name in ("field", "expected", "got"):
        if reply.get(name):
            parts.append(f"{name} {reply[name]}")
    return ", ".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(
        prog="trimtab-mcp",
        description="Offers what the policy says about nodes as read-only tools, over stdio.",
        epilog="HIVE_NODES_CONFIG names a JSON file with nodes over REST.",
    )
    parser.add_argument(
        "--rpc",
        action="append",
        default=[],
        metavar="[NAME=]SOCKET",
        help="lightning-rpc of a node; may be given several times",
    )
    given = parser.parse_args(arguments)
    config = os.environ.get("HIVE_NODES_CONFIG")
    try:
        nodes = nodes_of(Path(config) if config else None, given.rpc)
    except NodesError as error:
        print(f"trimtab-mcp: {error}", file=sys.stderr)
        return 2
    server(nodes).run("stdio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
