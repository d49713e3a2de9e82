"""Decides how payment-channel nodes and hubs should steer their liquidity, and says why.

    >>> import trimtab
    >>> policy = trimtab.Policy()
    >>> scored = policy.health_score(
    ...     profitable_pct=0.36, underwater_pct=0.4, liquidity_score=50.0, trend="stable"
    ... )
    >>> scored.score, scored.tier
    (47, 'vulnerable')
    >>> scored.explain()[0]
    'the health score is 47; the tier stable begins above 50; \
this would change with profitable_pct = about 0.45'

Every decision is a pure function of its input. Nothing here moves funds.
"""

from __future__ import annotations

from trimtab._native import (
    Decision,
    Policy,
    __version__,
    answer_bytes,
    call,
    call_bytes,
    input_digest,
    operations,
    to_json,
)
from trimtab.books import Book, FleetBook, HubBook
from trimtab.errors import InputError, InternalError

__all__ = [
    "Book",
    "Decision",
    "FleetBook",
    "HubBook",
    "InputError",
    "InternalError",
    "Policy",
    "__version__",
    "answer_bytes",
    "call",
    "call_bytes",
    "input_digest",
    "operations",
    "to_json",
]
