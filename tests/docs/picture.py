"""Draws docs/picture.svg: who calls whom, and where the rules are.

`python tests/docs/picture.py`          writes it
`python tests/docs/picture.py --check`  fails where the file is not what would be written
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

PICTURE = Path(__file__).resolve().parents[2] / "docs/picture.svg"
WIDTH, ROW, TOP = 860, 92, 62
INK, SOFT, PAPER, RULES, ASKS = "#1b2733", "#5b6b7b", "#ffffff", "#dcefe3", "#e8eef6"


@dataclass(frozen=True)
class Row:
    """One way to ask."""

    asker: tuple[str, str]
    carrier: tuple[str, str]


ROWS = (
    Row(("Core Lightning node", "its operator"), ("trimtab-cln", "plugin, Python")),
    Row(("your plugin", "its author"), ("trimtab.Policy, HiveBridge", "Python")),
    Row(("xln hub", "its crontab"), ("trimtab/xln", "TypeScript, in Node or Bun")),
    Row(("your service", "any language"), ("trimtab serve, trimtab", "Rust, wasmtime")),
)


def box(x: int, y: int, size: tuple[int, int], fill: str, lines: tuple[str, ...]) -> list[str]:
    """A box with a bold first line."""
    wide, high = size
    out = [
        f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="8" fill="{fill}" '
        f'stroke="{INK}" stroke-width="1.2"/>'
    ]
    first = y + high / 2 - 9 * (len(lines) - 1) + 5
    for place, line in enumerate(lines):
        weight, ink = ("600", INK) if place == 0 else ("400", SOFT)
        out.append(
            f'<text x="{x + wide / 2:g}" y="{first + 18 * place:g}" font-weight="{weight}" '
            f'fill="{ink}">{escape(line)}</text>'
        )
    return out


def arrow(x1: int, y1: int, x2: int, y2: int) -> str:
    """An arrow from the asker to the asked."""
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" '
        f'stroke-width="1.4" marker-end="url(#head)"/>'
    )


def label(x: int, y: int, text: str) -> str:
    """A heading."""
    return f'<text x="{x}" y="{y}" fill="{SOFT}" font-size="13">{escape(text)}</text>'


def drawn() -> str:
    """The picture."""
    height = TOP + ROW * len(ROWS) + 78
    rules_high = ROW * len(ROWS) - 22
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="15" '
        'text-anchor="middle" role="img" aria-labelledby="title">',
        '<title id="title">Nodes, plugins, hubs and services ask the same policy module through '
        "their own surface; it answers with a decision and reasons and calls nothing.</title>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="{INK}"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        label(120, 36, "who has the problem"),
        label(398, 36, "what it calls"),
        label(725, 36, "where the rules are"),
    ]
    for place, row in enumerate(ROWS):
        y = TOP + ROW * place
        middle = y + 35
        out += box(20, y, (200, 70), PAPER, row.asker)
        out += [arrow(220, middle, 276, middle)]
        out += box(280, y, (236, 70), ASKS, row.carrier)
        out += [arrow(516, middle, 596, middle)]
    out += box(
        600,
        TOP,
        (240, rules_high),
        RULES,
        (
            "core",
            "one set of rules, pure Rust:",
            "health, liquidity, fees, splices,",
            "rebalancing, hub plans",
            "",
            "one module, trimtab.wasm,",
            "or linked into the program",
        ),
    )
    low = TOP + ROW * len(ROWS) + 20
    out += [
        f'<text x="{WIDTH / 2:g}" y="{low:g}" fill="{INK}">Back comes a decision with reasons: '
        "what was seen, what was allowed, what would change it.</text>",
        f'<text x="{WIDTH / 2:g}" y="{low + 24:g}" fill="{SOFT}">Core calls nothing and moves no '
        "funds: the node, the hub's runtime or the operator acts.</text>",
        "</svg>",
    ]
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the picture, or compare it."""
    if "--check" not in sys.argv[1:]:
        PICTURE.write_text(drawn(), encoding="utf-8")
        return 0
    if PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == drawn():
        return 0
    print(f"{PICTURE.name} is not what tests/docs/picture.py draws: run it")
    return 1


if __name__ == "__main__":
    sys.exit(main())
