"""How to say that an extra of the package is not installed."""

from __future__ import annotations

__all__ = ["lacking"]


def lacking(extra: str, error: ModuleNotFoundError) -> str:
    """What is missing, and the command that brings it."""
    package = (error.name or "a package").partition(".")[0]
    return f'{package} is missing: pip install "trimtab[{extra}]"'
