"""Writes docs/troubleshooting.md: every reason code with what it means and what can be done.

What a code means is core's own sentence, taken from the generated docs/reference.md; what can be
done stands in advice.toml. A code without advice is an error.

`python tests/docs/troubleshooting.py`          writes the page
`python tests/docs/troubleshooting.py --check`  fails where the page is not what would be written
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/troubleshooting.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \|")
# A file of sections and of one text per code; tomllib came with Python 3.11 only.
SECTION, ADVICE = re.compile(r'^\["(.+)"\]$'), re.compile(r'^(\w+) = "(.*)"$')

ERRORS = {
    "malformed": "Correct the JSON at the byte that `offset` names, or the type of the field.",
    "missing_field": "Add the field that `field` names.",
    "unknown_field": "Correct its name: `expected` lists the known ones.",
    "out_of_range": "Give a value that `expected` allows.",
    "duplicate": "Give each id once.",
    "overflow": "An amount is far too large: is it in the right unit?",
    "too_large": "Split the input; `expected` names the limit.",
    "unknown_operation": "`trimtab ops` lists the operations.",
    "incompatible_version": "Make the stored state anew with this version, or use the older one.",
    "internal": "A defect of trimtab: report it with the input.",
}


def meanings(heading: str) -> dict[str, str]:
    """The codes of a table of the reference, with what they mean."""
    text = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    body = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = (ROW.match(line) for line in body.split("\n"))
    return {row[1]: row[2] for row in rows if row}


def advised_rows() -> dict[str, dict[str, str]]:
    """What can be done, by section and code."""
    found: dict[str, dict[str, str]] = {}
    rows: dict[str, str] = {}
    for line in (ROOT / "tests/docs/advice.toml").read_text(encoding="utf-8").split("\n"):
        if section := SECTION.match(line):
            rows = found.setdefault(section[1], {})
        elif row := ADVICE.match(line):
            rows[row[1]] = row[2]
        elif line and not line.startswith("#"):
            raise SystemExit(f"advice.toml: neither a section nor a row: {line}")
    return found


def main() -> int:
    """Write the page, or compare it."""
    advice = advised_rows()
    codes, errors = meanings("Reason codes"), meanings("Errors")
    advised = {code for rows in advice.values() for code in rows}
    missing = [*sorted(set(codes) - advised), *sorted(set(errors) - set(ERRORS))]
    if missing or not codes or not errors:
        print(f"no advice in tests/docs/advice.toml or ERRORS for {', '.join(missing)}")
        return 1
    unknown = sorted(advised - set(codes))
    if unknown:
        # The page shows only what the registry has, so this misleads nobody.
        print(f"advice for codes that the registry does not have: {', '.join(unknown)}")
    rows = [f"| `{error}` | {errors[error]} | {ERRORS[error]} |\n" for error in errors]
    text = (ROOT / "tests/docs/troubleshooting.head.md").read_text(encoding="utf-8")
    text += "".join(rows)
    for section, table in advice.items():
        known = [(code, do) for code, do in table.items() if code in codes]
        if known:
            text += f"\n## {section}\n\n| code | it means | what to do |\n|---|---|---|\n"
            text += "".join(f"| `{code}` | {codes[code]} | {do} |\n" for code, do in known)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE.name} is not what tests/docs/troubleshooting.py writes: run it")
    return 1


if __name__ == "__main__":
    sys.exit(main())
