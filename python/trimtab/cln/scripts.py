"""The programs that lightningd starts: `trimtab-cln` and `trimtab-hive`.

Both are the same coordinator under other names. `trimtab-cln` offers everything under `trimtab-`
and runs beside cl-hive; `trimtab-hive` offers the names of the fleet plan, for a node without it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab.cln import members, methods
from trimtab.cln.coordinator import KEEP_HISTORY_DAYS, LOOK_EVERY_S, Coordinator
from trimtab.cln.node import Node, socket_transport
from trimtab.cln.operator_policy import PolicyFileError, read_file
from trimtab.cln.store import MemberRow, Store, StoreError
from trimtab.extras import lacking

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LOWEST_VERSION", "Settings", "plugin_of_pyln", "run_cln", "run_hive", "version_of"]

LOWEST_VERSION = (24, 11)
"""The oldest Core Lightning that these programs are tested against."""

STORE = "trimtab.sqlite3"
MEMBERS = "trimtab-members.txt"
CONFIG = "trimtab-config.json"
POLICY = "trimtab-policy.toml"


class SettingsError(Exception):
    """An option can not be used."""


@dataclass(frozen=True)
class Settings:
    """The options of a plugin, and where its files lie."""

    prefix: str
    """Every option of the plugin begins with it."""

    def offer(self, plugin: Any) -> None:
        """Add the options to the manifest."""
        name = self.named
        plugin.add_option(name("db"), STORE, "file of the store; relative to the lightning-dir")
        plugin.add_option(
            name("members"), None, "ids of the other members, as ID or ID=ALIAS", multi=True
        )
        plugin.add_option(
            name("members-file"), MEMBERS, "file with one member a line: ID ALIAS; read if present"
        )
        plugin.add_option(
            name("cl-hive-db"), "", "database of cl-hive; its members are ours, it is only read"
        )
        plugin.add_option(name("profile"), "plan", "profile of the policy: plan or cl-hive")
        plugin.add_option(
            name("config"), CONFIG, "JSON file with changes of the profile; read if present"
        )
        plugin.add_option(
            name("policy-file"), POLICY, "TOML file with what you decided per channel; if present"
        )
        plugin.add_option(
            name("interval"), LOOK_EVERY_S, "seconds between two looks at the node", opt_type="int"
        )
        plugin.add_option(
            name("history-days"),
            KEEP_HISTORY_DAYS,
            "days for which reports and decisions are kept",
            opt_type="int",
        )

    def named(self, option: str) -> str:
        """The whole name of an option."""
        return f"{self.prefix}-{option}"

    def coordinator(self, plugin: Any) -> Coordinator:
        """A coordinator as the options want it."""
        base = Path(plugin.lightning_dir)
        policy = policy_of(
            str(plugin.get_option(self.named("profile"))),
            base / str(plugin.get_option(self.named("config"))),
        )
        node = Node(socket_transport(str(base / plugin.rpc_filename)))
        policy_file = base / str(plugin.get_option(self.named("policy-file")))
        if policy_file.exists():
            try:
                read_file(policy_file)
            except PolicyFileError as error:
                raise SettingsError(str(error)) from error
        sources = self._members(plugin, base)
        interval = int(plugin.get_option(self.named("interval")))
        if interval < 1:
            raise SettingsError(f"{self.named('interval')}: at least 1 second")
        store = Store(base / str(plugin.get_option(self.named("db"))))
        coordinator = Coordinator(
            store,
            node,
            policy=policy,
            log=plugin.log,
            look_every_s=interval,
            keep_history_days=int(plugin.get_option(self.named("history-days"))),
            policy_file=policy_file,
            member_sources=sources,
        )
        coordinator.read_members()
        return coordinator

    def _members(self, plugin: Any, base: Path) -> dict[str, Callable[[], list[MemberRow]]]:
        given = plugin.get_option(self.named("members")) or []
        words = [given] if isinstance(given, str) else list(given)
        file = base / str(plugin.get_option(self.named("members-file")))
        hive = str(plugin.get_option(self.named("cl-hive-db")) or "")

        def of_option() -> list[MemberRow]:
            return members.of_words(words, self.named("members"))

        def of_file() -> list[MemberRow]:
            return members.of_file(file) if file.exists() else []

        def of_cl_hive() -> list[MemberRow]:
            return members.of_cl_hive(base / hive) if hive else []

        # A source that names nobody any more is read too, so that its members leave.
        return {
            f"{self.prefix}:option": of_option,
            f"{self.prefix}:file": of_file,
            f"{self.prefix}:cl-hive": of_cl_hive,
        }


def run_cln() -> None:
    """Run the plugin `trimtab-cln`."""
    _run("trimtab-cln", "trimtab", ("trimtab",))


def run_hive() -> None:
    """Run the plugin `trimtab-hive`."""
    _run("trimtab-hive", "trimtab-fleet", ("hive",))


def _run(program: str, prefix: str, families: tuple[str, ...]) -> None:
    plugin = plugin_of_pyln(program)
    settings = Settings(prefix)
    settings.offer(plugin)
    desk = methods.register(plugin, families=families)

    def init(**_rest: Any) -> dict[str, str] | None:
        version = version_of(os.environ.get("LIGHTNINGD_VERSION", ""))
        if version is not None and version < LOWEST_VERSION:
            lowest = ".".join(map(str, LOWEST_VERSION))
            return {"disable": f"Core Lightning {lowest} or newer is needed"}
        try:
            coordinator = settings.coordinator(plugin)
        except (SettingsError, StoreError, members.MembersError) as error:
            return {"disable": str(error)}
        coordinator.start()
        desk.coordinator = coordinator
        return None

    plugin.init()(init)

    def shutdown(**_rest: Any) -> None:
        desk.close()
        sys.stdout.flush()
        os._exit(0)  # Threads that wait for the node must not hold lightningd back.

    plugin.add_subscription("shutdown", shutdown)
    plugin.run()
    desk.close()


def plugin_of_pyln(program: str) -> Any:
    """The plugin that speaks with lightningd; where the extra `cln` is missing, say so and end."""
    try:
        from pyln.client import Plugin  # noqa: PLC0415 (only the programs need the extra `cln`)
    except ModuleNotFoundError as error:
        print(f"{program}: {lacking('cln', error)}", file=sys.stderr)
        sys.exit(2)
    return Plugin(autopatch=True)


def policy_of(profile: str, file: Path) -> trimtab.Policy:
    """The policy of a profile, changed by a JSON file where there is one."""
    config = None
    if file.exists():
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file}: {error}") from error
    try:
        return trimtab.Policy(profile, config)  # type: ignore[arg-type]
    except trimtab.InputError as error:
        raise SettingsError(f"the policy can not be made: {error}") from error


def version_of(text: str) -> tuple[int, int] | None:
    """Year and month of a version of Core Lightning; none where the text names no release."""
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
