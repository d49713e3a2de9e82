"""Checks that every link of the Markdown pages leads somewhere: file and heading.

`python tests/docs/links.py`     all pages that are written for readers
`python tests/docs/links.py F…`  these
No network: links to the web are not followed.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "*.md",
    "docs/*.md",
    "docs/**/*.md",
    "python/README.md",
    "python/plugins/*/README.md",
    "pkg/README.md",
    "core/README.md",
    "host/README.md",
    "tests/*/README.md",
)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
WEB = re.compile(r"^[a-z][a-z0-9+.-]*:")


def slug(heading: str) -> str:
    """The anchor of a heading, as forges and the site's generator make it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    kept = re.sub(r"[^\w\- ]", "", text.lower())
    return kept.replace(" ", "-")


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page; a heading that stands twice gets a number."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    found: set[str] = set(re.findall(r'\bid="([^"]+)"', text))
    for heading in HEADING.findall(text):
        name = slug(heading)
        times = seen.get(name, 0)
        seen[name] = times + 1
        found.add(f"{name}-{times}" if times else name)
    return frozenset(found)


def wrong(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    text = CODE.sub(
        lambda code: "`" * len(code[0]), FENCE.sub("", page.read_text(encoding="utf-8"))
    )
    lost = []
    for target in LINK.findall(text):
        if WEB.match(target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            lost.append(f"{page.relative_to(ROOT)}: {target}: no such file")
        elif not file.is_relative_to(ROOT):
            lost.append(f"{page.relative_to(ROOT)}: {target}: outside of the repository")
        elif anchor and (file.suffix != ".md" or anchor not in anchors(file)):
            lost.append(f"{page.relative_to(ROOT)}: {target}: no such heading")
    return lost


def main() -> int:
    """Check the pages."""
    named = [Path(name).resolve() for name in sys.argv[1:]]
    pages = named or sorted({page for pattern in PAGES for page in ROOT.glob(pattern)})
    lost = [line for page in pages for line in wrong(page)]
    print("\n".join([*lost, f"{len(pages)} pages, {len(lost)} links lead nowhere"]))
    return 1 if lost or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
