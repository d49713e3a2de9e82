"""Builds every package into target/packages.

`python build.py` runs all steps, `python build.py STEP…` some of them:

tools      the environment with zig, maturin and the writer of bills of materials
binaries   the command `trimtab` for Linux, static, x86_64 and aarch64
sbom       what is inside, as CycloneDX
wheels     manylinux2014 x86_64 and aarch64, musllinux x86_64
sdist      the sources of the Python package
npm        the npm package
crates     the three crates that others can depend on
checksums  sha256 of every file

The module and the npm folder must be built before (`make module npm`).
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import venv

from common import (
    ARM,
    MACHINES,
    OUT,
    PROFILE,
    ROOT,
    TOOLS,
    X86,
    PackageError,
    fresh,
    main,
    one,
    run,
    say,
    tool,
    version,
    with_tools,
)

CRATES = ("trimtab-derive", "trimtab-core", "trimtab-host")
WHEELS = (
    (f"{X86}-unknown-linux-gnu", "manylinux2014"),
    (f"{ARM}-unknown-linux-gnu", "manylinux2014"),
    (f"{X86}-unknown-linux-musl", "musllinux_1_2"),
)


def tools() -> None:
    """Install the tools once; again when their list has changed."""
    wanted = (ROOT / "tests/package/requirements.txt").read_text(encoding="utf-8")
    ready = TOOLS / "ready"
    if not ready.is_file() or ready.read_text(encoding="utf-8") != wanted:
        venv.create(TOOLS, with_pip=True, clear=True)
        install = ["-m", "pip", "install", "--quiet", "--requirement"]
        run([tool("python"), *install, "tests/package/requirements.txt"])
        ready.write_text(wanted, encoding="utf-8")
    targets = sorted({target for target, _ in WHEELS} | {f"{ARM}-unknown-linux-musl"})
    installed = run(["rustup", "target", "list", "--installed"]).split()
    missing = [target for target in targets if target not in installed]
    if missing:
        run(["rustup", "target", "add", *missing])


def binaries() -> None:
    """Build the command for both machines; it needs nothing where it is copied to."""
    for machine in MACHINES:
        target = f"{machine}-unknown-linux-musl"
        # fmt: off
        run(["cargo", "zigbuild", "--quiet", "--locked", "--profile", PROFILE, "--target", target,
             "--package", "trimtab-host", "--bin", "trimtab"], env=with_tools())
        # fmt: on
        built = ROOT / "target" / target / PROFILE / "trimtab"
        name = f"trimtab-{version()}-{machine}-linux"
        OUT.mkdir(parents=True, exist_ok=True)
        with tarfile.open(OUT / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(built, f"{name}/trimtab", filter=plain)
            for page in ("README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"):
                archive.add(ROOT / page, f"{name}/{page}", filter=plain)
        say(f"{name}: {built.stat().st_size:,} bytes")


def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who packed it and when."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def wheels() -> None:
    """Build one wheel for each target; one serves every Python from the oldest on (abi3)."""
    for stale in OUT.glob("trimtab-*.whl"):
        stale.unlink()
    # maturin's own list would name the folders of this machine (`sbom` in pyproject.toml).
    inside = one(OUT, f"trimtab-{version()}-python.cdx.json")
    for target, tag in WHEELS:
        # fmt: off
        run([tool("maturin"), "build", "--quiet", "--locked", "--profile", PROFILE, "--zig",
             "--target", target, "--compatibility", tag, "--sbom-include", str(inside),
             "--manifest-path", "python/Cargo.toml", "--out", str(OUT)], env=with_tools())
        # fmt: on


def sdist() -> None:
    """Pack the sources: core, the extension, and the module as it was checked."""
    for stale in OUT.glob("trimtab-*.tar.gz"):
        if not stale.name.endswith("-linux.tar.gz"):
            stale.unlink()
    run([tool("maturin"), "sdist", "--manifest-path", "python/Cargo.toml", "--out", str(OUT)])


def npm() -> None:
    """Pack what `make npm` built."""
    if not (ROOT / "pkg/dist").is_dir():
        raise PackageError("pkg/dist is missing: run `make npm` first")
    OUT.mkdir(parents=True, exist_ok=True)
    run(
        ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(OUT)],
        ROOT / "pkg",
    )


def crates() -> None:
    """Pack the crates as a registry takes them. `prove.py crates` compiles them."""
    # The state of the work tree is what is tried, so that a step can be run before a commit.
    packages = [part for crate in CRATES for part in ("--package", crate)]
    run(["cargo", "package", "--quiet", "--locked", "--no-verify", "--allow-dirty", *packages])
    OUT.mkdir(parents=True, exist_ok=True)
    for crate in CRATES:
        shutil.copy(one(ROOT / "target/package", f"{crate}-{version()}.crate"), OUT)


def sbom() -> None:
    """Write what is inside; the library for it is only in the environment of the tools."""
    say(run([tool("python"), "tests/package/sbom.py"]).rstrip("\n"))


def checksums() -> None:
    """Write SHA256SUMS, as `sha256sum --check` reads it."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(OUT.iterdir())
        if path.name != "SHA256SUMS"
    ]
    (OUT / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], OUT)
    for path in sorted(OUT.iterdir()):
        say(f"{path.stat().st_size:>12,}  {path.name}")


STEPS = {
    "tools": tools,
    "binaries": binaries,
    "sbom": sbom,
    "wheels": wheels,
    "sdist": sdist,
    "npm": npm,
    "crates": crates,
    "checksums": checksums,
}

if __name__ == "__main__":
    if not sys.argv[1:]:
        fresh(OUT)
    sys.exit(main(STEPS))
