"""The file that reckless runs: outside of lightningd it says what it is and ends well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENTRY = HERE / "trimtab-cln.py"


def run(data: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTNINGD")}
    return subprocess.run(
        [sys.executable, str(ENTRY)],
        input=data,
        capture_output=True,
        timeout=60,
        env={**clean, **env},
        check=False,
    )


def test_outside_of_lightningd_it_exits_with_0() -> None:
    # reckless starts the entry so, for 10 seconds, to see whether it works.
    ran = run()
    assert ran.returncode == 0, ran.stderr
    assert b"trimtab-advise" in ran.stdout


def test_inside_it_answers_getmanifest() -> None:
    asked = {"jsonrpc": "2.0", "id": "1", "method": "getmanifest", "params": {}}
    ran = run(json.dumps(asked).encode() + b"\n\n", LIGHTNINGD_PLUGIN="1")
    manifest = json.loads(ran.stdout.split(b"\n\n")[0])["result"]
    assert "trimtab-advise" in [one["name"] for one in manifest["rpcmethods"]]


def test_the_manifest_is_what_both_recklesses_accept() -> None:
    manifest = json.loads((HERE / "manifest.json").read_text())
    allowed = {
        "short_description",
        "long_description",
        "entrypoint",
        "dependencies",
        "install_cmd",
        "required_options",
        "offer",
        "installable",
    }
    assert set(manifest) <= allowed
    assert (HERE / manifest["entrypoint"]).exists()
    # The older one wants the entry to be named like the folder.
    assert ENTRY.stem == HERE.name
    assert os.access(ENTRY, os.X_OK)
    assert ENTRY.read_text().startswith("#!/usr/bin/env -S uv run --script\n# /// script\n")


def test_both_lists_of_dependencies_are_one() -> None:
    script = ENTRY.read_text()
    for line in (HERE / "requirements.txt").read_text().split():
        assert f'"{line}"' in script
