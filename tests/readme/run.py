"""Runs every command and snippet of a Markdown file and compares what the file says they print.

`python run.py README.md`

A fenced block marked `sh`, `python`, `js`, `ts` or `rust` is run. A `text` or `json` block right
after it is what it prints; a line that is only `...` stands for any lines. Blocks of one language
share their names from top to bottom, as a reader would go on typing. A block after the comment
`<!-- not run: why -->` is shown only; the reason is printed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIP = re.compile(r"<!--\s*not run:\s*(.+?)\s*-->\s*$")
LANGUAGES = {"sh": "sh", "bash": "sh", "python": "python", "js": "js", "javascript": "js"}
LANGUAGES |= {"ts": "ts", "typescript": "ts", "rust": "rust"}
OUTPUTS = {"text", "json"}

QUIET = """\
import contextlib, io, pathlib
with contextlib.redirect_stdout(io.StringIO()):
    exec(compile(pathlib.Path("earlier.py").read_text(), "earlier.py", "exec"))
"""


@dataclass
class Block:
    """One example."""

    language: str
    line: int
    code: str
    shown: str | None = None
    skip: str | None = None


def blocks(text: str) -> list[Block]:
    """The examples of a Markdown text, with what they print."""
    found: list[Block] = []
    lines = text.split("\n")
    at, after, skip = 0, False, None
    while at < len(lines):
        fence = re.match(r"^```(\w*)", lines[at])
        if not fence:
            if lines[at].strip():
                note = SKIP.search(lines[at])
                after, skip = False, note[1] if note else None
            at += 1
            continue
        end = next(index for index in range(at + 1, len(lines)) if lines[index].startswith("```"))
        code, word = "\n".join(lines[at + 1 : end]), fence[1]
        if word in LANGUAGES:
            found.append(Block(LANGUAGES[word], at + 1, code, skip=skip))
            after = True
        else:
            if word in OUTPUTS and after:
                found[-1].shown = code
            after = False
        at, skip = end + 1, None
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what the file shows; trailing blanks do not count."""

    def clean(text: str) -> list[str]:
        return [line.rstrip() for line in text.strip("\n").split("\n")]

    pattern = ["(?:.*\n)*" if line == "..." else re.escape(line) + "\n" for line in clean(shown)]
    return (
        re.fullmatch("".join(pattern), "".join(f"{line}\n" for line in clean(printed))) is not None
    )


def environment() -> dict[str, str]:
    """The built command and the installed wheel, first on the path."""
    path = [ROOT / "target/debug", ROOT / ".venv/bin", ROOT / "pkg/node_modules/.bin"]
    joined = os.pathsep.join([*map(str, path), os.environ["PATH"]])
    return {**os.environ, "PATH": joined, "NO_COLOR": "1"}


def node_folder(folder: Path) -> None:
    """A project that has the npm package installed."""
    (folder / "node_modules").mkdir()
    (folder / "node_modules/trimtab").symlink_to(ROOT / "pkg", target_is_directory=True)
    types = ROOT / "pkg/node_modules/@types"
    if types.is_dir():
        (folder / "node_modules/@types").symlink_to(types, target_is_directory=True)
    (folder / "package.json").write_text('{ "type": "module" }\n')
    options = {
        "strict": True,
        "module": "nodenext",
        "target": "es2022",
        "lib": ["es2022", "esnext.disposable", "dom"],
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))


def command(language: str, earlier: str, code: str, folder: Path) -> list[str]:
    """How to run `code`; what ran before it prints nothing again."""
    if language == "sh":
        return ["bash", "-euo", "pipefail", "-c", code]
    if language == "python":
        (folder / "earlier.py").write_text(earlier)
        (folder / "example.py").write_text(QUIET + code + "\n")
        return ["python", "example.py"]
    name = "example.ts" if language == "ts" else "example.mjs"
    (folder / name).write_text(code + "\n")
    if language == "ts":
        return ["bash", "-c", "tsc -p . && node example.js"]
    return ["node", name]


def check(block: Block, earlier: str, folder: Path) -> str | None:
    """What is wrong with an example, if anything."""
    if block.language == "rust":
        # The same text is a test of the host's documentation, where it is compiled and run.
        return None
    ran = subprocess.run(
        command(block.language, earlier, block.code, folder),
        cwd=ROOT if block.language == "sh" else folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if ran.returncode != 0 and "# exit" not in block.code:
        return f"ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
    if block.shown is not None and not matches(block.shown, ran.stdout):
        return f"printed\n{ran.stdout}{ran.stderr}\nbut the file shows\n{block.shown}"
    return None


def main() -> int:
    """Run all examples."""
    path = Path(sys.argv[1])
    if not path.is_file():
        print(f"{path} is missing")
        return 1
    failed = ran = 0
    earlier = ""
    for block in blocks(path.read_text(encoding="utf-8")):
        where = f"{path}:{block.line} ({block.language})"
        if block.skip is not None:
            print(f"{where}: not run: {block.skip}")
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if block.language in {"js", "ts"}:
                node_folder(folder)
            wrong = check(block, earlier, folder)
        ran += 1
        if block.language == "python":
            earlier += block.code + "\n"
        if wrong is not None:
            failed += 1
            print(f"{where}: {wrong}")
    print(f"{ran - failed} examples passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
