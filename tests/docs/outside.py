"""A hook of properdocs: links that leave docs/ become plain text in the site.

The site holds docs/ alone, and no address of the repository is known. `links.py` checks that what
such a link names exists.
"""

from __future__ import annotations

import re

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page without links to files that the site does not hold."""
    return OUTSIDE.sub(r"\1", markdown)
