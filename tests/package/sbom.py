"""Writes what is inside each kind of package as a CycloneDX bill of materials.

Cargo tells which crates are compiled in (`cargo tree`, for one target, without what only tests and
builds want) and what is known of them (`cargo metadata`, Cargo.lock); the library of CycloneDX
writes and validates the file.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any

import tomllib
from common import OUT, ROOT, X86, PackageError, main, run, say, version
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from packageurl import PackageURL

TARGET = f"{X86}-unknown-linux-musl"
# What each package holds: the crates that it is compiled from, beside the module's own.
KINDS = {"cli": "trimtab-host", "python": "trimtab-python", "npm": None}
MODULE = ("trimtab-wasm", "wasm32-unknown-unknown")


def compiled(package: str, target: str) -> set[str]:
    """Name and version of every crate whose code is in the product, as `name@version`."""
    # fmt: off
    told = run(["cargo", "tree", "--locked", "--package", package, "--target", target,
                "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"])
    # fmt: on
    found = set()
    for line in told.splitlines():
        match = re.match(r"(\S+) v(\S+)", line)
        if match:
            found.add(f"{match[1]}@{match[2]}")
    if f"{package}@{version()}" not in found:
        raise PackageError(f"cargo tree does not name {package}")
    return found


@dataclass
class Known:
    """What cargo knows of each crate, by `name@version`."""

    crates: dict[str, Any] = field(default_factory=dict)
    uses: dict[str, set[str]] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)


def known() -> Known:
    """Read what cargo knows; the sums are those of the archives that Cargo.lock fixes."""
    told = json.loads(run(["cargo", "metadata", "--locked", "--format-version", "1"]))
    names = {entry["id"]: f"{entry['name']}@{entry['version']}" for entry in told["packages"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    return Known(
        crates={names[entry["id"]]: entry for entry in told["packages"]},
        uses={
            names[node["id"]]: {names[used] for used in node["dependencies"]}
            for node in told["resolve"]["nodes"]
        },
        sums={
            f"{entry['name']}@{entry['version']}": entry["checksum"]
            for entry in lock["package"]
            if "checksum" in entry
        },
    )


def write() -> None:
    """Write one bill of materials for each kind of package."""
    cargo = known()
    for kind, root in KINDS.items():
        inside = compiled(*MODULE) | (compiled(root, TARGET) if root else set())
        parts = {entry: of_cargo(entry, cargo) for entry in sorted(inside)}
        libraries = [of_npm("fflate")] if kind == "npm" else []
        path = OUT / f"trimtab-{version()}-{kind}.cdx.json"
        OUT.mkdir(parents=True, exist_ok=True)
        path.write_text(document(kind, parts, libraries, cargo.uses), encoding="utf-8")
        say(f"{path.name}: {len(parts) + len(libraries)} components")


def of_cargo(entry: str, cargo: Known) -> Component:
    """A crate that is compiled in."""
    name, at = entry.rsplit("@", 1)
    return component("cargo", name, at, cargo.crates[entry]["license"], cargo.sums.get(entry))


def of_npm(name: str) -> Component:
    """A library of npm whose code is carried in the package."""
    lock = json.loads((ROOT / "pkg/package-lock.json").read_text(encoding="utf-8"))
    entry = lock["packages"][f"node_modules/{name}"]
    return component("npm", name, entry["version"], entry["license"], None)


def component(ecosystem: str, name: str, at: str, licence: str, digest: str | None) -> Component:
    """One part, in the terms of CycloneDX."""
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=at,
        bom_ref=f"{ecosystem}:{name}@{at}",
        purl=PackageURL(ecosystem, name=name, version=at),
        # A slash is an old form of "or" that some crates still use.
        licenses=[LicenseExpression(licence.replace("/", " OR "))],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
    )


def document(
    kind: str,
    parts: dict[str, Component],
    libraries: list[Component],
    uses: dict[str, set[str]],
) -> str:
    """The validated text of one bill of materials."""
    # The same sources give the same file: no time, and a number that the content decides.
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, "\n".join([kind, *parts])))
    bom.metadata.timestamp = None
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION if kind == "cli" else ComponentType.LIBRARY,
        name=f"trimtab-{kind}",
        version=version(),
        bom_ref=f"trimtab-{kind}",
        licenses=[LicenseExpression("MIT OR Apache-2.0")],
    )
    for part in [*parts.values(), *libraries]:
        bom.components.add(part)
    for entry, part in parts.items():
        wanted = [parts[used] for used in sorted(uses[entry]) if used in parts]
        bom.register_dependency(part, wanted)
    ours = [part for entry, part in parts.items() if entry.startswith("trimtab-")]
    bom.register_dependency(bom.metadata.component, [*ours, *libraries])
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    wrong = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise PackageError(f"the bill of materials of {kind} is not valid: {wrong}")
    return text + "\n"


if __name__ == "__main__":
    sys.exit(main({"sbom": write}))
