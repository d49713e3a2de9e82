"""Each extra, installed alone out of the wheel into an empty environment.

What it brings works; what needs another extra fails and names it. Installed are the versions that
these tests run with, so that pip finds them in its cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DECIDES = """
import trimtab, trimtab.cln, trimtab.cln.bridge
policy = trimtab.Policy()
print(policy.health_score(
    profitable_pct=0.6, underwater_pct=0.1, liquidity_score=80, trend="stable").tier)
"""
BOXED = DECIDES.replace("trimtab.cln.bridge", "trimtab.sandbox").replace(
    "trimtab.Policy()", "trimtab.sandbox.Policy()"
)
PLUGINS = ("trimtab-cln", "trimtab-hive", "trimtab-splice-advice")


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that `make wheel` built."""
    (found,) = (ROOT / "target" / "wheels").glob("trimtab-*.whl")
    return found


class Environment:
    """An empty environment with the wheel and one extra, or none."""

    def __init__(self, directory: Path, wheel: Path, extra: str) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True)
        self.bin = directory / "bin"
        versions = directory / "constraints.txt"
        here = {one.metadata["Name"]: one.version for one in distributions()}
        versions.write_text(
            "".join(f"{name}=={version}\n" for name, version in here.items() if name != "trimtab")
        )
        wanted = f"{wheel}[{extra}]" if extra else str(wheel)
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python")]
        options = ["--quiet", "--no-compile", "--disable-pip-version-check", "-c", str(versions)]
        subprocess.run([*pip, "install", *options, wanted], check=True)

    def run(self, *words: str, data: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if not key.startswith("LIGHTNINGD")}
        ran = subprocess.run(
            [str(self.bin / words[0]), *words[1:]],
            input=data,
            capture_output=True,
            env={**env, **more},
            timeout=120,
            check=False,
        )
        return subprocess.CompletedProcess(
            ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode()
        )

    def lacks(self, extra: str, *words: str) -> None:
        """The program ends with 2, and the last line that it says names the extra."""
        ran = self.run(*words)
        assert ran.returncode == 2, ran
        assert f'pip install "trimtab[{extra}]"' in ran.stderr.splitlines()[-1], ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.fixture(scope="module", params=["", "cln", "mcp", "sandbox"])
def alone(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Environment]:
    """One extra after the other."""
    extra: str = request.param
    return extra, Environment(tmp_path_factory.mktemp(extra or "none"), wheel, extra)


def test_every_extra_works_alone_and_names_the_other_that_is_needed(
    alone: tuple[str, Environment], tmp_path: Path
) -> None:
    extra, here = alone
    ran = here.run("python", "-c", DECIDES)
    assert ran.stdout.strip() == "thriving", ran.stderr
    if extra == "sandbox":
        assert here.run("python", "-c", BOXED).stdout.strip() == "thriving"
    else:
        ran = here.run("python", "-c", "import trimtab.sandbox")
        assert ran.returncode == 1
        assert 'wasmtime is missing: pip install "trimtab[sandbox]"' in ran.stderr
    for program in PLUGINS:
        if extra == "cln":
            asked = {"jsonrpc": "2.0", "id": "1", "method": "getmanifest", "params": {}}
            text = json.dumps(asked).encode() + b"\n\n"
            ran = here.run(program, data=text, LIGHTNINGD_PLUGIN="1")
            assert json.loads(ran.stdout.split("\n\n")[0])["result"]["dynamic"], ran.stderr
        else:
            here.lacks("cln", program)
    if extra == "mcp":
        assert here.run("trimtab-mcp", "--help").returncode == 0
        here.lacks("cln", "trimtab-mcp", "--rpc", str(tmp_path / "lightning-rpc"))
    else:
        here.lacks("mcp", "trimtab-mcp", "--help")
    # The doctor reads databases with nothing but the package itself.
    database = str(tmp_path / "nothing.db")
    assert "nothing.db" in here.run("trimtab-doctor", "--hive-db", database).stderr
    if extra != "cln":
        here.lacks("cln", "trimtab-doctor", "--rpc", str(tmp_path / "lightning-rpc"))


def test_the_wheel_holds_the_sources_the_types_and_the_module_and_nothing_else(wheel: Path) -> None:
    sources = ROOT / "python" / "trimtab"
    expected = {
        f"trimtab/{file.relative_to(sources)}"
        for pattern in ("*.py", "*.pyi", "py.typed")
        for file in sources.rglob(pattern)
    }
    expected |= {
        "trimtab/_native.abi3.so",
        "trimtab/module/trimtab.wasm",
        "trimtab/module/trimtab.wasm.sha256",
    }
    with zipfile.ZipFile(wheel) as opened:
        names = [name for name in opened.namelist() if ".dist-info/" not in name]
        about = {name.partition(".dist-info/")[2] for name in opened.namelist()} - {""}
        texts = {name: opened.read(name) for name in names if not name.endswith(".so")}
    assert set(names) == expected
    assert {"METADATA", "RECORD", "WHEEL", "entry_points.txt"} <= about
    assert {"licenses/LICENSE-APACHE", "licenses/LICENSE-MIT"} <= about
    for name, content in texts.items():
        assert content == (sources.parent / name).read_bytes(), name
