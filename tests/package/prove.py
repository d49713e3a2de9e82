"""Proves each package in target/packages in an empty place.

It is installed there as a user would, decides once, and tells which module it carries.

`python prove.py` runs all steps, `python prove.py STEP…` some of them:

inside    every package holds its page and both licences, and its metadata are complete
binary    the command, copied into an empty folder
wheel     the wheel, in a new environment of every Python that this machine has
sdist     the sources, built and installed by pip where nothing else of ours is
npm       the tarball, in a new project
aarch64   the command and the wheel for aarch64, on an emulated processor
musl      what the musllinux wheel needs from the system it is loaded on
crates    a new Rust project that depends on the crates alone
image     the container, where a daemon runs
same      every artefact gave the same bytes and named the same module
measure   how large the packages are, and how soon the command decides (told, never judged)

What this machine cannot try is a counted skip.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING

import tomllib
from common import (
    ARM,
    MACHINES,
    MODULE,
    OUT,
    PYTHONS,
    QUESTION,
    ROOT,
    X86,
    PackageError,
    bare,
    cargo_home,
    fresh,
    main,
    one,
    python_of,
    run,
    say,
    skip,
    version,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = ROOT / "target/package-answers"
OPERATION = "rebalance.accept"
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")
STARTS = 25

ASK_PYTHON = f"""\
import hashlib, json
from importlib import resources
import trimtab
module = (resources.files("trimtab") / "module" / "trimtab.wasm").read_bytes()
question = {json.dumps(json.dumps(QUESTION))}
answer = trimtab.Policy("plan").call_bytes("{OPERATION}", question.encode())
print(json.dumps({{"module": hashlib.sha256(module).hexdigest(), "answer": answer.decode(),
                  "version": trimtab.__version__}}))
"""

ASK_SANDBOX = f"""\
import json
from trimtab import sandbox
question = {json.dumps(json.dumps(QUESTION))}
policy = sandbox.Policy("plan")
answer = policy.call_bytes("{OPERATION}", question.encode())
print(json.dumps({{"module": policy.module.digest, "answer": answer.decode()}}))
"""

ASK_NODE = f"""\
import {{ Policy, init, moduleDigest }} from "trimtab";
await init();
const question = new TextEncoder().encode(JSON.stringify({json.dumps(QUESTION)}));
const answer = new TextDecoder().decode(new Policy("plan").callBytes("{OPERATION}", question));
console.log(JSON.stringify({{ module: moduleDigest, answer }}));
"""

ASK_RUST = f"""\
//! Decides once, in the sandbox and without it.
use trimtab_core::policy::Policy;
use trimtab_host::{{Sandbox, native}};

fn main() -> Result<(), Box<dyn std::error::Error>> {{
    let question = br#"{json.dumps(QUESTION)}"#;
    let sandbox = Sandbox::new()?;
    let answer = String::from_utf8(sandbox.call("{OPERATION}", question)?)?;
    let policy = Policy::plan();
    assert_eq!(answer.as_bytes(), native::call(&policy, "{OPERATION}", question)?);
    println!("{{answer}}");
    Ok(())
}}
"""


def keep(artefact: str, told: dict[str, str]) -> None:
    """Keep what an artefact said, for the comparison at the end."""
    write_json(ANSWERS / f"{artefact}.json", {name: told[name] for name in ("module", "answer")})
    say(f"{artefact}: decided, module {told['module'][:16]}")


def holds(package: Path, names: list[str], base: str) -> None:
    """Refuse a package without its page or a licence."""
    for wanted in ("README.md", *LICENCES):
        if f"{base}{wanted}" not in names:
            raise PackageError(f"{package.name} holds no {base}{wanted}")


def files(package: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a package, by its name."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    elif package.name.endswith((".gz", ".tgz", ".crate")):
        with tarfile.open(package) as archive:
            for entry in archive:
                read = archive.extractfile(entry)
                if read is not None:
                    yield entry.name, read.read()
    else:
        yield package.name, package.read_bytes()


def names_no_folder(package: Path) -> None:
    """Refuse a package that tells in which folders it was built."""
    for folder in (ROOT, cargo_home()):
        for name, content in files(package):
            if str(folder).encode() in content:
                raise PackageError(f"{package.name}: {name} names the folder {folder}")


def inside() -> None:
    """Every package holds what it owes to its user, and nothing of the machine that built it."""
    for package in sorted(OUT.iterdir()):
        names_no_folder(package)
    for wheel in sorted(OUT.glob("*.whl")):
        wheel_inside(wheel)
    packed = [one(OUT, f"trimtab-{version()}-{machine}-linux.tar.gz") for machine in MACHINES]
    packed += sorted(OUT.glob("*.crate"))
    packed += [one(OUT, f"trimtab-{version()}.tar.gz")]
    for path in packed:
        base = path.name.removesuffix(".tar.gz").removesuffix(".crate") + "/"
        with tarfile.open(path) as archive:
            names = archive.getnames()
            holds(path, names, base)
            if path.suffix == ".crate":
                read = archive.extractfile(f"{base}Cargo.toml")
                crate_inside(path, tomllib.load(io.BytesIO(read.read() if read else b"")))
    tarball = one(OUT, "trimtab-*.tgz")
    with tarfile.open(tarball) as archive:
        holds(tarball, archive.getnames(), "package/")
        read = archive.extractfile("package/package.json")
        described = json.loads(read.read() if read else b"{}")
    for field in ("name", "version", "description", "license", "author", "engines", "exports"):
        if not described.get(field):
            raise PackageError(f"{tarball.name} states no {field}")
    if described["version"] != version():
        raise PackageError(f"{tarball.name} states version {described['version']}")


def crate_inside(path: Path, described: dict[str, object]) -> None:
    """A crate states what a registry shows, and depends on nothing that only this folder has."""
    package = described["package"]
    assert isinstance(package, dict)
    for field in ("description", "license", "rust-version", "readme", "authors"):
        if not package.get(field):
            raise PackageError(f"{path.name} states no {field}")
    dependencies = described.get("dependencies", {})
    assert isinstance(dependencies, dict)
    for name, wanted in dependencies.items():
        if "path" in wanted or not wanted.get("version"):
            raise PackageError(f"{path.name}: {name} has a path or no version")


def wheel_inside(wheel: Path) -> None:
    """A wheel states what an index shows, and carries module, types and licences."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info = f"trimtab-{version()}.dist-info/"
        stated = Parser().parsestr(archive.read(f"{info}METADATA").decode())
        module = archive.read("trimtab/module/trimtab.wasm")
    for wanted in (*(f"{info}licenses/{name}" for name in LICENCES), "trimtab/py.typed"):
        if wanted not in names:
            raise PackageError(f"{wheel.name} holds no {wanted}")
    for field in ("Version", "Summary", "License-Expression", "Requires-Python", "Author"):
        if not stated[field]:
            raise PackageError(f"{wheel.name} states no {field}")
    if stated["Version"] != version() or "import trimtab" not in stated.get_payload():
        raise PackageError(f"{wheel.name} has another version or no page")
    if "-cp39-abi3-" not in wheel.name:
        raise PackageError(f"{wheel.name} does not serve every Python from 3.9 on")
    if hashlib.sha256(module).hexdigest() != digest():
        raise PackageError(f"{wheel.name} carries another module")


def digest() -> str:
    """The digest of the module that `make module` built and checked."""
    return hashlib.sha256(MODULE.read_bytes()).hexdigest()


def unpacked(machine: str, folder: Path) -> Path:
    """The command, alone in a folder."""
    archive = one(OUT, f"trimtab-{version()}-{machine}-linux.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    copied = folder / "trimtab"
    shutil.move(one(folder, f"*-{machine}-linux/trimtab"), copied)
    return copied


def ask_command(command: list[str], home: Path) -> dict[str, str]:
    """What a copied command decides, and which module it carries."""
    env = bare(home)
    (home / "question.json").write_text(json.dumps(QUESTION), encoding="utf-8")
    answer = run([*command, "call", OPERATION, "question.json"], home, env).rstrip("\n")
    told = run([*command, "digest"], home, env)
    return {"module": digest() if digest() in told else told, "answer": answer}


def binary() -> None:
    """The command needs no library, no file and no setting."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        command = unpacked(X86, home)
        needs = subprocess.run(["ldd", str(command)], capture_output=True, text=True, check=False)
        if "statically linked" not in needs.stdout and "not a dynamic" not in needs.stderr:
            raise PackageError(f"the command needs {needs.stdout}")
        keep("binary-x86_64", ask_command([str(command)], home))
        demo = run([str(command), "demo"], home, bare(home))
        for wanted in ("splice-out", "plan of this tick"):
            if wanted not in demo:
                raise PackageError(f"the demo shows no {wanted}:\n{demo}")


def installed(python: str, folder: Path, *wanted: str) -> Path:
    """A new environment with what pip installs there."""
    run([python, "-m", "venv", str(folder)], env=bare(folder.parent))
    inner = folder / "bin/python"
    run([str(inner), "-m", "pip", "install", "--quiet", *wanted], env=bare(folder.parent))
    return inner


def ask_python(python: Path, code: str, home: Path) -> dict[str, str]:
    """What the installed package decides; started where none of our files is."""
    told: dict[str, str] = json.loads(run([str(python), "-c", code], home, bare(home)))
    return told


def wheel() -> None:
    """The wheel is imported and decides on every Python from 3.9 to 3.13 that is here."""
    path = one(OUT, f"trimtab-*manylinux*{X86}*.whl")
    tried = 0
    for wanted in PYTHONS:
        python = python_of(wanted)
        if python is None:
            skip(f"the wheel on Python {wanted}: this machine has none")
            continue
        tried += 1
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            inner = installed(python, home / "env", "--no-index", "--no-deps", str(path))
            keep(f"wheel-{wanted}", ask_python(inner, ASK_PYTHON, home))
            run([str(home / "env/bin/trimtab-doctor"), "--help"], home, bare(home))
    if tried == 0:
        raise PackageError("no Python to try the wheel with")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        inner = installed(sys.executable, home / "env", f"{path}[sandbox]")
        keep("wheel-sandbox", ask_python(inner, ASK_SANDBOX, home))


def sdist() -> None:
    """The sources build where there is Rust, without any file of this folder."""
    path = one(OUT, f"trimtab-{version()}.tar.gz")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        run([sys.executable, "-m", "venv", str(home / "env")])
        inner = home / "env/bin/python"
        # Rust lies in the home of the user; the quick profile, since only the content is tried.
        built = {**os.environ, "MATURIN_PEP517_ARGS": "--profile dev", "PWD": str(home)}
        run([str(inner), "-m", "pip", "install", "--quiet", str(path)], home, built)
        keep("sdist", ask_python(inner, ASK_PYTHON, home))


def npm() -> None:
    """The tarball in a new project, without any other package."""
    tarball = one(OUT, "trimtab-*.tgz")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "package.json").write_text('{ "private": true, "type": "module" }\n')
        env = bare(home)
        run(["npm", "install", "--silent", "--offline", str(tarball)], home, env)
        (home / "ask.mjs").write_text(ASK_NODE, encoding="utf-8")
        keep("npm", json.loads(run(["node", "ask.mjs"], home, env)))


def aarch64() -> None:
    """What is built for aarch64 decides on an emulated processor."""
    emulator = shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static")
    if emulator is None:
        skip("aarch64: no emulator (Debian: qemu-user)")
        return
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        command = unpacked(ARM, home)
        keep("binary-aarch64", ask_command([emulator, str(command)], home))
    system = debian("arm64", "python3", ROOT / "target/package-aarch64")
    if system is None:
        skip("the wheel for aarch64 on a Python: no Debian packages for arm64 to be had")
        return
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with zipfile.ZipFile(one(OUT, f"trimtab-*manylinux*{ARM}*.whl")) as archive:
            archive.extractall(home)
        python = next(iter(sorted((system / "usr/bin").glob("python3.[0-9]*"))))
        env = {**bare(home), "PYTHONPATH": str(home), "PYTHONHOME": str(system / "usr")}
        told = run([emulator, "-L", str(system), str(python), "-c", ASK_PYTHON], home, env)
        keep("wheel-aarch64", json.loads(told))


def debian(machine: str, package: str, folder: Path) -> Path | None:
    """A package of Debian with all that it needs, unpacked beside the system and not into it."""
    if (folder / "ready").is_file():
        return folder
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    fresh(folder)
    state = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True)
    (state / "status").touch()
    apt = ["apt-get", "--quiet", "--quiet"]
    for setting in (
        f"APT::Architecture={machine}",
        f"APT::Architectures={machine}",
        "APT::Sandbox::User=root",
        f"Dir::State::lists={state / 'lists'}",
        f"Dir::State::status={state / 'status'}",
        f"Dir::Cache={state / 'cache'}",
    ):
        apt += ["-o", setting]
    wanted = ["--yes", "--download-only", "--no-install-recommends", package]
    try:
        run([*apt, "update"])
        run([*apt, "install", *wanted])
    except PackageError as error:
        say(str(error))
        return None
    for archive in sorted((state / "cache/archives").glob("*.deb")):
        run(["dpkg-deb", "--extract", str(archive), str(folder)])
    (folder / "ready").touch()
    return folder


def musl() -> None:
    """The wheel asks for musl's one library and no other, and musl's loader finds all but Python.

    No registry ships a Python for musl that could import it.
    """
    system = debian("amd64", "musl", ROOT / "target/package-musl")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with zipfile.ZipFile(one(OUT, "trimtab-*musllinux*.whl")) as archive:
            archive.extractall(home)
        extension = str(one(home, "trimtab/_native*.so"))
        told = run(["readelf", "--dynamic", "--version-info", extension])
        needed = {
            line.split("[")[1].split("]")[0] for line in told.splitlines() if "(NEEDED)" in line
        }
        if not needed <= {"libc.so"} or "GLIBC" in told:
            raise PackageError(f"the musllinux wheel needs {sorted(needed)}")
        if system is None:
            skip("the musllinux wheel under musl's loader: no Debian package to be had")
        else:
            loader = str(system / f"lib/ld-musl-{X86}.so.1")
            only_python_is_missing(loader, extension)
    skip("the musllinux wheel on a Python: no registry ships one for musl; it was loaded without")


def only_python_is_missing(loader: str, extension: str) -> None:
    """Load an extension without a Python: what stays open must be Python's own names."""
    loaded = subprocess.run(
        [loader, "--list", extension], capture_output=True, text=True, check=False
    )
    missing = set(re.findall(r": (\S+): symbol not found", loaded.stderr))
    strange = {name for name in missing if not name.startswith(("Py", "_Py"))}
    if not missing or strange:
        raise PackageError(
            f"musl's loader misses {sorted(strange)}\n{loaded.stdout}{loaded.stderr}"
        )
    say(f"musl's loader finds all but {len(missing)} names of Python")


RUST_PROJECT = """\
[package]
name = "first"
version = "0.0.0"
edition = "2024"

[dependencies]
trimtab-core = "{version}"
trimtab-host = "{version}"

[patch.crates-io]
{patches}
"""


def crates() -> None:
    """A new Rust project has the crates from their archives, and nothing of this folder."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        patches = unpack_crates(home)
        (home / "src").mkdir()
        (home / "src/main.rs").write_text(ASK_RUST, encoding="utf-8")
        manifest = RUST_PROJECT.format(version=version(), patches=patches)
        (home / "Cargo.toml").write_text(manifest, encoding="utf-8")
        # What was compiled is kept beside the packages: wasmtime takes minutes.
        env = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target/package-crates")}
        answer = run(["cargo", "run", "--quiet", "--release"], home, env).rstrip("\n")
        carried = hashlib.sha256((one(home, "trimtab-host-*") / "module/trimtab.wasm").read_bytes())
        keep("crates", {"module": carried.hexdigest(), "answer": answer})


def unpack_crates(folder: Path) -> str:
    """Unpack the archives; the lines of a manifest that point to them."""
    lines = []
    for path in sorted(OUT.glob("*.crate")):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        at = folder / path.name.removesuffix(".crate")
        name = path.name.removesuffix(f"-{version()}.crate")
        lines.append(f'{name} = {{ path = "{at}" }}')
    return "\n".join(lines)


def runs(command: list[str]) -> bool:
    """Whether a program ends well."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def image() -> None:
    """The image is built from the packages and decides; a daemon is needed for both."""
    docker = shutil.which("docker") or shutil.which("podman")
    if docker is None or not runs([docker, "info"]):
        skip("the image: no container daemon runs here")
        return
    built = [docker, "build", "--quiet", "--file", str(ROOT / "Dockerfile"), str(OUT)]
    name = run(built).strip()
    ask = [docker, "run", "--rm", "--interactive", name]
    answer = run(
        ["sh", "-c", f"echo '{json.dumps(QUESTION)}' | {' '.join(ask)} call {OPERATION} -"]
    )
    told = run([*ask, "digest"])
    keep("image", {"module": digest() if digest() in told else told, "answer": answer.rstrip("\n")})
    who = run([docker, "run", "--rm", "--entrypoint", "id", name, "-u"]).strip()
    if who == "0":
        raise PackageError("the image runs as root")


def measure() -> None:
    """Sizes, and the time from start to the first decision with and without a compiled module."""
    sizes = {path.name: path.stat().st_size for path in sorted(OUT.iterdir())}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        command = unpacked(X86, home)
        sizes["trimtab (x86_64, unpacked)"] = command.stat().st_size
        (home / "question.json").write_text(json.dumps(QUESTION), encoding="utf-8")
        asked = [str(command), "call", OPERATION, "question.json"]
        first = timed(asked, home)
        cached = [timed(asked, home) for _ in range(STARTS)]
        native = [timed([*asked, "--native"], home) for _ in range(STARTS)]
        times = {
            "the first time": first,
            "compiled module in the cache": middle(cached),
            "without the sandbox": middle(native),
        }
    write_json(ROOT / "target/package-sizes.json", {"bytes": sizes, "start": times})
    for what, size in sizes.items():
        say(f"{size:>12,} bytes  {what}")
    for what, took in times.items():
        say(f"{took['wall_ms']:>12,.1f} ms     start to end of one decision, {what}")
        say(f"{took['cpu_ms']:>12,.1f} ms     of them on a processor")


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each time."""
    return {kind: statistics.median(took[kind] for took in runs) for kind in runs[0]}


def timed(command: list[str], home: Path) -> dict[str, float]:
    """Milliseconds of a program: from its start to its end, and on a processor.

    Where other programs want the processor too, only the second number says something.
    """
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, home, bare(home))
    ended, now = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return {"wall_ms": (ended - begun) * 1000, "cpu_ms": spent * 1000}


def same() -> None:
    """All artefacts gave the same bytes."""
    told = {path.stem: json.loads(path.read_text()) for path in sorted(ANSWERS.glob("*.json"))}
    if not told:
        raise PackageError("no artefact has answered yet")
    for artefact, answer in told.items():
        if answer["module"] != digest():
            raise PackageError(f"{artefact} names the module {answer['module']}, not {digest()}")
    answers = {entry["answer"] for entry in told.values()}
    if len(answers) != 1:
        raise PackageError(f"{len(answers)} different answers: {json.dumps(told, indent=2)}")
    say(f"{len(told)} artefacts gave one answer; module {digest()}")
    say(f"{len(told)} passed, 0 failed")


STEPS = {
    "inside": inside,
    "binary": binary,
    "wheel": wheel,
    "sdist": sdist,
    "npm": npm,
    "aarch64": aarch64,
    "musl": musl,
    "crates": crates,
    "image": image,
    "same": same,
    "measure": measure,
}

if __name__ == "__main__":
    if not sys.argv[1:]:
        fresh(ANSWERS)
    sys.exit(main(STEPS))
