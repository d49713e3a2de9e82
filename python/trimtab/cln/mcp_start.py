"""Starts `trimtab-mcp`, and says what is missing where its extra is not installed."""

from __future__ import annotations

import sys

from trimtab.extras import lacking

__all__ = ["main"]


def main() -> int:
    """The program."""
    try:
        from trimtab.cln import mcp  # noqa: PLC0415 (only the program needs the extra `mcp`)
    except ModuleNotFoundError as error:
        print(f"trimtab-mcp: {lacking('mcp', error)}", file=sys.stderr)
        return 2
    return mcp.main()


if __name__ == "__main__":
    sys.exit(main())
