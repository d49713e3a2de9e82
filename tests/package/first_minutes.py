"""Tries the first minutes of each user in an empty folder, with nothing but the packages.

`python first_minutes.py [STORY…] [--write]`

Each script of docs/first-minutes is typed line by line into one shell. What it printed is compared
with the transcript beside it, in which times, digests and folders are made plain; `--write` writes
the transcripts. A story must be typed in a minute: at most 350 characters, seventy words of five.
How long each story ran is told and written to target/first-minutes.json, and never judged.

The packages come from target/packages under their own names: pip finds them in the folder, npm in
a registry of this process that sends every other name on, cargo by a patch. Two programs stand in
for what a user has: `lightning-cli` answers with the recorded answers of a real node.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from common import (
    OUT,
    ROOT,
    X86,
    PackageError,
    bare,
    one,
    run,
    say,
    skip,
    version,
    write_json,
)
from prove import unpack_crates

STORIES = ROOT / "docs/first-minutes"
RECORDED = ROOT / "tests/fixtures/cln"
CHARACTERS = 350
TYPED = CHARACTERS / 60
PROMPT = "first-minutes-prompt"


@dataclass
class Told:
    """What happened when a story was typed."""

    text: str
    seconds: float
    typed: int


def commands(script: str) -> list[str]:
    """The commands of a script, each as a person ends it: with its last line."""
    found: list[str] = []
    begun: list[str] = []
    for line in script.splitlines():
        if not begun and (not line.strip() or line.startswith("#")):
            continue
        begun.append(line)
        text = "\n".join(begun)
        ended = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        # A here-document that has no end yet is only a warning.
        if ended.returncode == 0 and not ended.stderr:
            found.append(text)
            begun = []
    if begun:
        raise PackageError(f"a command has no end: {begun[0]}")
    return found


class Registry(http.server.BaseHTTPRequestHandler):
    """An npm registry that has one package and sends every other name on."""

    upstream = ""
    tarball = Path()

    def do_GET(self) -> None:
        """Answer one request of npm."""
        host = f"http://{self.headers['Host']}"
        if self.path == "/trimtab":
            packed = self.tarball.read_bytes()
            with tarfile.open(self.tarball) as archive:
                read = archive.extractfile("package/package.json")
                described = json.loads(read.read() if read else b"")
            described["dist"] = {
                "tarball": f"{host}/{self.tarball.name}",
                "shasum": hashlib.sha1(packed, usedforsecurity=False).hexdigest(),
            }
            at = described["version"]
            listed = {"name": "trimtab", "dist-tags": {"latest": at}, "versions": {at: described}}
            self.reply(json.dumps(listed).encode(), "application/json")
        elif self.path == f"/{self.tarball.name}":
            self.reply(self.tarball.read_bytes(), "application/octet-stream")
        else:
            self.send_response(302)
            self.send_header("Location", self.upstream.rstrip("/") + self.path)
            self.end_headers()

    def reply(self, body: bytes, kind: str) -> None:
        """Send a body."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the transcript belongs to the story."""


def serve_npm() -> tuple[http.server.ThreadingHTTPServer, str]:
    """Start the registry."""
    Registry.upstream = run(["npm", "config", "get", "registry"]).strip()
    Registry.tarball = one(OUT, "trimtab-*.tgz")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}/"


def prepare(story: str, home: Path, registry: str) -> dict[str, str]:
    """Lay an empty folder with what this user has, and say where packages come from."""
    tools = home / ".programs"
    tools.mkdir()
    programs = [tools]
    env = {
        "PIP_FIND_LINKS": str(OUT),
        "PIP_NO_INDEX": "1",
        "npm_config_registry": registry,
        "npm_config_cache": str(home / ".npm"),
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "NO_COLOR": "1",
    }
    if story in {"operator", "service"}:
        packed = one(OUT, f"trimtab-*-{X86}-linux.tar.gz")
        shutil.copy(packed, home / "work" / packed.name)
        client = tools / "lightning-cli"
        client.write_text(
            "#!/bin/sh\n"
            f'for folder in "{RECORDED}/l1" "{RECORDED}"; do\n'
            '  [ -f "$folder/$1.json" ] && exec cat "$folder/$1.json"\n'
            "done\n"
            "exit 1\n"
        )
        client.chmod(0o755)
    if story in {"plugin-author", "operator"}:
        (tools / "python3").symlink_to(sys.executable)
    if story == "rust":
        (home / ".cargo").mkdir()
        patches = unpack_crates(home / ".cargo")
        (home / ".cargo/config.toml").write_text(f"[patch.crates-io]\n{patches}\n")
        programs.append(Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "bin")
        user = Path.home()
        env["CARGO_HOME"] = os.environ.get("CARGO_HOME", str(user / ".cargo"))
        env["RUSTUP_HOME"] = os.environ.get("RUSTUP_HOME", str(user / ".rustup"))
        # What was compiled is kept beside the packages: wasmtime takes minutes.
        env["CARGO_TARGET_DIR"] = str(ROOT / "target/package-crates")
        env["CARGO_TERM_QUIET"] = "true"
    return {**bare(home, *programs), **env}


def plain(text: str, home: Path) -> str:
    """Leave out what differs between two runs: folders, digests, times, processes."""
    text = text.replace(str(home / "work"), "~").replace(str(home), "~")
    text = re.sub(r"\b[0-9a-f]{32,}\b", "…", text)
    text = re.sub(r"\b\d+(\.\d+)? ?(ms|s|µs)\b", "… s", text)
    text = re.sub(r"^\[\d+\] \d+$", "[1] …", text, flags=re.MULTILINE)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def type_in(typed: list[str], home: Path, env: dict[str, str]) -> str:
    """Type the commands into one shell; the commands and what each printed."""
    told = []
    folder = home / "work"
    script = folder.parent / ".script"
    parts = ["set -u\n"]
    for command in typed:
        # A mark before each command; what fails ends the story.
        parts.append(f"echo {PROMPT}\n{command}\n[ $? -eq 0 ] || exit 1\n")
    parts.append(f"echo {PROMPT}\njobs -p | xargs --no-run-if-empty kill 2>/dev/null\nexit 0\n")
    script.write_text("".join(parts), encoding="utf-8")
    ran = subprocess.run(
        ["bash", str(script)],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=3600,
        check=False,
    )
    printed = ran.stdout.split(f"{PROMPT}\n")
    if ran.returncode != 0 or len(printed) != len(typed) + 2:
        raise PackageError(f"the story ended with {ran.returncode}\n{ran.stdout}")
    for command, output in zip(typed, printed[1:]):
        shown = "\n> ".join(command.splitlines())
        ended = "" if not output or output.endswith("\n") else "\n"
        told.append(f"$ {shown}\n{output}{ended}")
    return plain("".join(told), home)


def tell(story: str, registry: str) -> Told:
    """Type one story in an empty folder."""
    typed = commands((STORIES / f"{story}.sh").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "work").mkdir()
        env = prepare(story, home, registry)
        begun = time.monotonic()
        text = type_in(typed, home, env)
        seconds = time.monotonic() - begun
    return Told(text, seconds, characters(typed))


def characters(typed: list[str]) -> int:
    """How many characters a person types, with the line ends; an editor indents by itself."""
    return sum(len(line.strip()) + 1 for command in typed for line in command.splitlines())


def offered(story: str) -> bool:
    """Whether the packages offer what the story shows."""
    if story != "service":
        return True
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with tarfile.open(one(OUT, f"trimtab-*-{X86}-linux.tar.gz")) as packed:
            packed.extractall(home, filter="data")
        command = one(home, "*/trimtab")
        told = subprocess.run([str(command), "serve", "--help"], capture_output=True, check=False)
    return told.returncode == 0


def compare(story: str, told: Told, write: bool) -> bool:
    """Whether the story printed its transcript and can be typed in a minute."""
    kept = STORIES / f"{story}.txt"
    if write:
        kept.write_text(told.text, encoding="utf-8")
    shown = kept.read_text(encoding="utf-8") if kept.is_file() else ""
    right = True
    if told.typed > CHARACTERS:
        say(f"{story}: {told.typed} characters are typed, at most {CHARACTERS} fit into a minute")
        right = False
    if shown != told.text:
        lines = difflib.unified_diff(
            shown.splitlines(), told.text.splitlines(), f"{story}.txt", "printed now", lineterm=""
        )
        say("\n".join(lines))
        right = False
    return right


def main() -> int:
    """Tell the stories that are asked for."""
    parser = argparse.ArgumentParser(description="Tries the first minutes of each user.")
    parser.add_argument("stories", nargs="*")
    parser.add_argument("--write", action="store_true", help="write the transcripts")
    given = parser.parse_args()
    stories = given.stories or sorted(path.stem for path in STORIES.glob("*.sh"))
    server, registry = serve_npm()
    passed = failed = 0
    times = {}
    for story in stories:
        if not offered(story):
            skip(f"first minutes, {story}: the packaged command has no `serve`")
            continue
        try:
            told = tell(story, registry)
        except PackageError as error:
            say(f"{story}: {error}")
            failed += 1
            continue
        typing = told.typed / TYPED
        times[story] = {
            "typed_characters": told.typed,
            "typing_s": round(typing, 1),
            "running_s": round(told.seconds, 1),
        }
        say(f"{story}: {told.typed} characters ({typing:.0f} s to type), ran {told.seconds:.1f} s")
        right = compare(story, told, given.write)
        passed, failed = passed + right, failed + (not right)
    server.shutdown()
    write_json(ROOT / "target/first-minutes.json", {"version": version(), "stories": times})
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
