"""A Core Lightning node that knows how its fleet does.

    from trimtab.cln import Coordinator, Node, Store, socket_transport

`Coordinator` looks at the node, exchanges signed reports with the other members, and answers what
operators and plugins ask. `register(plugin)` offers its commands on any plugin of pyln-client.
Nothing in here moves funds: `trimtab.cln.node.ALLOWED` is everything that is ever asked of a node.

The extra `cln` brings what it needs: `pip install trimtab[cln]`.
"""

from __future__ import annotations

from trimtab.cln.adopt import Adoption, NotAdoptedError, adopt
from trimtab.cln.coordinator import Coordinator
from trimtab.cln.methods import register
from trimtab.cln.node import (
    ALLOWED,
    Node,
    NodeError,
    NodeUnreachableError,
    Transport,
    socket_transport,
)
from trimtab.cln.replies import Refusal
from trimtab.cln.store import ForeignFileError, MemberRow, Store, StoreError

__all__ = [
    "ALLOWED",
    "Adoption",
    "Coordinator",
    "ForeignFileError",
    "MemberRow",
    "Node",
    "NodeError",
    "NodeUnreachableError",
    "NotAdoptedError",
    "Refusal",
    "Store",
    "StoreError",
    "Transport",
    "adopt",
    "register",
    "socket_transport",
]
