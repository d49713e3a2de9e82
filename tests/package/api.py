"""Keeps what others can call, so that a change of it is seen: tests/api.

`python api.py --write` writes the lists, `python api.py` compares them.

python   the signatures of the modules that are written by hand, as mypy's stubgen reads them from
         the sources without running them; what is generated (`types.py`, `_native.pyi`) is checked
         by `make check-generated`
npm      the declarations of the built package, without the generated ones
crates   the public items of the crates, by cargo-public-api where it is installed
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, PackageError, run, say, skip

KEPT = ROOT / "tests/api"
BUILT = ROOT / "target/api"
TOOL = ("cargo", "public-api")
PYTHON = ("__init__.py", "amounts.py", "books.py", "errors.py", "log.py", "sandbox.py")
PYTHON += ("cln/__init__.py", "cln/adopt.py", "cln/bridge.py")
CRATES = ("trimtab-core", "trimtab-host")
GENERATED = {"generated.d.ts", "glue.d.ts", "bytes.d.ts", "digest.d.ts", "inflate.d.ts"}


def python() -> str:
    """The signatures of the Python modules."""
    stubgen = Path(sys.executable).parent / "stubgen"
    found = str(stubgen) if stubgen.is_file() else shutil.which("stubgen")
    if found is None:
        raise PackageError("stubgen is missing: run this with the Python of .venv")
    with tempfile.TemporaryDirectory() as name:
        files = [f"trimtab/{file}" for file in PYTHON]
        run([found, "--quiet", "--parse-only", "--output", name, *files], ROOT / "python")
        made = [Path(name) / f"{file}i" for file in files]
        return joined(Path(name), made, "# ")


def npm() -> str:
    """The declarations of the npm package."""
    dist = ROOT / "pkg/dist/esm"
    if not dist.is_dir():
        raise PackageError("pkg/dist is missing: run `make npm` first")
    found = [path for path in sorted(dist.rglob("*.d.ts")) if path.name not in GENERATED]
    # What a comment says is no promise; the types are.
    return re.sub(
        r"^ */\*\*.*?\*/\n", "", joined(dist, found, "// "), flags=re.DOTALL | re.MULTILINE
    )


def joined(base: Path, paths: list[Path], comment: str) -> str:
    """Several files as one text, each under its name."""
    texts = [
        f"{comment}{path.relative_to(base)}\n{path.read_text(encoding='utf-8').strip()}\n"
        for path in paths
    ]
    return "\n".join(texts)


def crate(name: str) -> str:
    """List the public items of a crate, without what every type has and what `derive` writes.

    Only the compiler's own JSON has them. Of itself the tool would ask a nightly compiler; the one
    of this repository gives the same to those who say that they know its form may change. It has a
    folder of its own, because saying so makes cargo compile everything anew.
    """
    # fmt: off
    run(["cargo", "rustdoc", "--quiet", "--locked", "--package", name, "--lib",
         "--target-dir", str(BUILT), "--", "-Z", "unstable-options", "--output-format", "json"],
        env={**os.environ, "RUSTC_BOOTSTRAP": "1"})
    # fmt: on
    told = BUILT / "doc" / f"{name.replace('-', '_')}.json"
    return run([*TOOL, "--rustdoc-json", str(told), "-sss", "--color", "never"])


def lists() -> dict[str, str]:
    """Every list that this machine can make."""
    made = {"python.pyi": python(), "npm.d.ts": npm()}
    known = subprocess.run([*TOOL, "--version"], capture_output=True, check=False)
    if known.returncode == 0:
        made |= {f"{name}.txt": crate(name) for name in CRATES}
    else:
        skip("the public items of the crates: cargo-public-api is not installed")
    return made


def main() -> int:
    """Compare or write the lists."""
    made = lists()
    changed = 0
    for name, text in made.items():
        path = KEPT / name
        if "--write" in sys.argv[1:]:
            KEPT.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        kept = path.read_text(encoding="utf-8") if path.is_file() else ""
        if kept != text:
            changed += 1
            lines = difflib.unified_diff(
                kept.splitlines(), text.splitlines(), f"tests/api/{name}", "now", lineterm="", n=1
            )
            say("\n".join(lines))
    if changed:
        say("What others can call has changed. If that is meant: CHANGELOG.md, then `make api`.")
    say(f"{len(made) - changed} passed, {changed} failed")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
