"""What the package scripts share: the folders, the version, running a program, a counted skip."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "target/packages"
TOOLS = ROOT / "target/package-tools"
MODULE = ROOT / "host/module/trimtab.wasm"
PROFILE = "dist"

X86, ARM = "x86_64", "aarch64"
MACHINES = (X86, ARM)
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")

QUESTION = {"ev": 8, "min_ev": 10, "tier": "thriving"}
"""One small decision that every artefact must answer with the same bytes."""


class PackageError(Exception):
    """A package could not be built, or does not do what it should."""


def version() -> str:
    """The version of the workspace."""
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise PackageError("Cargo.toml states no version")
    return found[1]


def tool(name: str) -> str:
    """A program of the tools' own environment."""
    return str(TOOLS / "bin" / name)


def run(command: list[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
    """Run a program to its end and give what it printed; fail with what it said."""
    ran = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise PackageError(
            f"{' '.join(command)} ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        )
    return ran.stdout


def with_tools() -> dict[str, str]:
    """The environment in which cargo finds zig, and writes no folder of this machine into a file.

    A message of a panic names the file it came from; what is shipped names it by what it is.
    """
    registries = sorted((cargo_home() / "registry/src").glob("*"))
    places = [(folder, "/registry") for folder in registries] + [(ROOT, "/trimtab")]
    flags = [f"--remap-path-prefix={folder}={name}" for folder, name in places]
    return {
        **os.environ,
        "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
    }


def cargo_home() -> Path:
    """Where cargo keeps what it downloads."""
    return Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))


def bare(home: Path, *path: Path) -> dict[str, str]:
    """An environment that knows nothing of this repository or of an earlier run."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "npm_config_", "SSL_")) or name.lower().endswith("_proxy")
    }
    # Node may lie anywhere; Rust and Python are given where they are wanted.
    node = shutil.which("node")
    beside = [str(Path(node).parent)] if node else []
    searched = [*map(str, path), *beside, "/usr/local/bin", "/usr/bin", "/bin"]
    return {**kept, "HOME": str(home), "PATH": os.pathsep.join(searched), "LANG": "C.UTF-8"}


def skip(what: str) -> None:
    """Tell that something was not checked, and why; counted in the table of steps."""
    run([str(ROOT / "tests/steps.sh"), "--skip", what])
    say(f"skipped: {what}")


def say(line: str) -> None:
    """Print a line at once: some steps take minutes."""
    print(line, flush=True)


def fresh(folder: Path) -> Path:
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def one(folder: Path, pattern: str) -> Path:
    """The only file of that name."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        names = [path.name for path in found]
        raise PackageError(f"{folder} holds {names}, where one {pattern} was expected")
    return found[0]


def python_of(wanted: str) -> str | None:
    """An interpreter of that version, if this machine has one."""
    named = shutil.which(f"python{wanted}")
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    managed = sorted(versions.glob(f"{wanted}.*/bin/python"))
    for candidate in [*([named] if named else []), *map(str, managed)]:
        told = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        # A shim of a version manager exists for versions that it cannot start.
        if told.stdout.strip() == wanted:
            return candidate
    return None


def write_json(path: Path, value: Any) -> None:
    """Write a file that a person can read too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def main(steps: dict[str, Any]) -> int:
    """Run the steps that the arguments name, or all of them, and tell how long each took."""
    asked = sys.argv[1:] or list(steps)
    unknown = [name for name in asked if name not in steps]
    if unknown:
        say(f"unknown: {' '.join(unknown)}; there are: {' '.join(steps)}")
        return 2
    for name in asked:
        begun = time.monotonic()
        try:
            steps[name]()
        except PackageError as error:
            say(f"{name}: {error}")
            return 1
        say(f"{name}: done in {time.monotonic() - begun:.0f} s")
    return 0
