"""One line at the top of a deployed plugin, and its fleet decisions come from trimtab.

    import trimtab.cln; trimtab.cln.adopt(hive=__file__)            # in cl-hive.py
    import trimtab.cln; trimtab.cln.adopt(revenue_ops=__file__)     # in cl-revenue-ops.py

The plugins of generation A and B are known by the digests of their files; other sources are
refused. Replaced are the decisions in `ROUTES`; all else of the plugins is left alone. They are
fed by a coordinator in the same node: the one that `trimtab-cln` runs, found by its store, or one
of our own. What trimtab can not answer now, the plugin answers itself; a defect of ours takes
everything back. With `shadow=True` the plugin's own answer is used, and each disagreement is
logged with its reasons.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import trimtab
from trimtab.cln import adopt_sources
from trimtab.cln.adopt_routes import ROUTES, NotNowError, Ours, Room
from trimtab.cln.fleet import NoSnapshotError
from trimtab.cln.node import NodeError
from trimtab.cln.replies import Refusal
from trimtab.cln.snapshot import WrongNodeError
from trimtab.cln.store import StoreError

if TYPE_CHECKING:
    from types import ModuleType

    from trimtab.cln.adopt_routes import Route
    from trimtab.cln.coordinator import Coordinator

__all__ = ["Adoption", "NotAdoptedError", "adopt"]

GENERATION_B = {
    "health": {
        "struggling_max": 20,
        "vulnerable_max": 40,
        "stable_max": 65,
        "rounding": "nearest",
    }
}
"""The tier bounds and the rounding of generation B, as config."""

_THEIRS_ANSWERS = (
    NotNowError,
    NoSnapshotError,
    Refusal,
    NodeError,
    StoreError,
    WrongNodeError,
    trimtab.InputError,
)
"""What is no defect of ours: the plugin answers this one call itself."""


class NotAdoptedError(Exception):
    """The plugin was left as it is."""


@dataclass(frozen=True)
class _Replaced:
    owner: type
    name: str
    original: Any


class Adoption:
    """What was replaced, and the way back."""

    def __init__(self, room: Room, *, shadow: bool, log: Callable[[str, str], None] | None) -> None:
        """Nothing is replaced yet."""
        self.room = room
        self.shadow = shadow
        self.generations: dict[str, str] = {}
        self.undone: str | None = None
        self.disagreements = 0
        self._log = log or _to_stderr
        self._replaced: list[_Replaced] = []
        self._lock = threading.Lock()

    @property
    def replaced(self) -> list[str]:
        """The functions that are replaced now."""
        return [f"{one.owner.__name__}.{one.name}" for one in self._replaced]

    def undo(self, why: str) -> None:
        """Give the plugin its own functions back."""
        with self._lock:
            if self.undone is not None:
                return
            self.undone = why
            for one in reversed(self._replaced):
                setattr(one.owner, one.name, one.original)
            self._replaced.clear()
        self.room.close()
        self._tell(f"undone, the plugin decides by itself again: {why}", "warn")

    def replace(self, owner: type, name: str, route: Route) -> None:
        """Route one function of a class; one that the class does not have is left out."""
        original = owner.__dict__.get(name)
        if not inspect.isfunction(original):
            return
        signature = inspect.signature(original)
        title = f"{owner.__name__}.{name}"

        @functools.wraps(original)
        def routed(*args: Any, **kwargs: Any) -> Any:
            if self.undone is not None:
                return original(*args, **kwargs)
            return self._answer(title, route, signature, original, args, kwargs)

        self._replaced.append(_Replaced(owner, name, original))
        setattr(owner, name, routed)

    def _answer(  # noqa: PLR0917 (all of one call)
        self,
        title: str,
        route: Route,
        signature: inspect.Signature,
        original: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        bound = signature.bind(*args, **kwargs)  # A wrong call fails as it did before.
        bound.apply_defaults()
        given = dict(bound.arguments)
        instance = given.pop(next(iter(signature.parameters)))
        asked: list[Any] = []

        def theirs() -> Any:
            if not asked:  # Once: it may write, or send.
                asked.append(original(*args, **kwargs))
            return asked[0]

        if self.shadow or route.feeds or route.after:
            theirs()  # Outside the guard: its own exceptions are the plugin's own.
        try:
            ours = route.answer(self.room, instance, given, theirs)
        except _THEIRS_ANSWERS as error:
            self._tell(f"{title}: the plugin answers itself: {error}", "debug")
            return theirs()
        except Exception as error:  # noqa: BLE001 (whatever it is, the plugin must go on)
            self.undo(f"{title}: {type(error).__name__}: {error}")
            return theirs()
        if route.feeds:
            return asked[0]
        if self.shadow:
            self._compare(title, route, asked[0], ours)
            return asked[0]
        return ours.value

    def _compare(self, title: str, route: Route, theirs: Any, ours: Ours) -> None:
        try:
            there, here = route.essence(theirs), route.essence(ours.value)
        except Exception as error:  # noqa: BLE001 (comparing must not disturb the plugin)
            self.undo(f"{title}: {type(error).__name__}: {error}")
            return
        if there == here:
            return
        self.disagreements += 1
        why = "; ".join(ours.why) or "no reason was given"
        self._tell(f"shadow: {title}: the plugin says {there}, trimtab {here}: {why}", "info")

    def _tell(self, line: str, level: str) -> None:
        try:
            self._log(f"trimtab: {line}", level)
        except Exception:  # noqa: BLE001 (a log that fails must not fail the plugin)
            return


def _to_stderr(line: str, level: str) -> None:
    if level != "debug":
        print(line, file=sys.stderr)  # A plugin's stdout belongs to lightningd.


def adopt(
    *,
    hive: Path | str | None = None,
    revenue_ops: Path | str | None = None,
    allow_unknown: bool = False,
    shadow: bool = False,
    profile: str = "cl-hive",
    coordinator: Coordinator | None = None,
    members_db: Path | str | None = None,
    log: Callable[[str, str], None] | None = None,
) -> Adoption:
    """Route the fleet decisions of the plugins whose script or folder is named."""
    wanted = [
        ("cl-hive", hive, adopt_sources.CL_HIVE),
        ("cl-revenue-ops", revenue_ops, adopt_sources.REVENUE_OPS),
    ]
    places = []
    for program, place, names in wanted:
        if place is not None:
            folder = _folder(place)
            places.append((program, folder, names, _known(program, folder, names, allow_unknown)))
    if not places:
        raise NotAdoptedError("name a plugin: adopt(hive=__file__) or adopt(revenue_ops=__file__)")
    policy = _policy(profile, {generation for *_, generation in places})
    database = Path(members_db) if members_db is not None else None
    adoption = Adoption(Room(policy, coordinator, database), shadow=shadow, log=log)
    try:
        for program, folder, names, generation in places:
            adoption.generations[program] = generation
            for name in (one for one in names if one in ROUTES):
                module = _imported(folder, name)
                for class_name, routes in ROUTES[name].items():
                    owner = _class(module, class_name)
                    for method, route in routes.items():
                        adoption.replace(owner, method, route)
    except BaseException as error:
        adoption.undo(f"{error}")
        raise
    return adoption


def _folder(place: Path | str) -> Path:
    path = Path(place).resolve()
    return path if path.is_dir() else path.parent


def _known(program: str, folder: Path, names: tuple[str, ...], allow_unknown: bool) -> str:
    generation = adopt_sources.generation_of(folder / "modules", names)
    if generation in ("A", "B") or (generation == "unknown" and allow_unknown):
        return generation
    if generation == "C" and not allow_unknown:
        raise NotAdoptedError(
            f"{folder}: {program} of generation C (July 2026 or later) has no fleet part that "
            "could be replaced. Run the plugin trimtab-cln beside it instead: it gives the node "
            "its own fleet part, and shows where it judges a channel otherwise"
        )
    if generation == "none":
        raise NotAdoptedError(f"{folder}: no modules of {program} are there")
    if generation == "C":
        return generation
    raise NotAdoptedError(
        f"{folder}: these sources of {program} are not those of January (A) or February 2026 (B). "
        "With allow_unknown=True they are adopted all the same; try that with shadow=True first"
    )


def _policy(profile: str, generations: set[str]) -> trimtab.Policy:
    config = GENERATION_B if "B" in generations else None
    try:
        return trimtab.Policy(profile, config)  # type: ignore[arg-type]
    except trimtab.InputError as error:
        raise NotAdoptedError(f"the policy can not be made: {error}") from error


def _class(module: ModuleType, name: str) -> type:
    found = getattr(module, name, None)
    if not isinstance(found, type):
        raise NotAdoptedError(f"{module.__file__}: no class {name}")
    return found


def _imported(folder: Path, name: str) -> ModuleType:
    """The module that the plugin will import itself."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    file = folder / "modules" / f"{name}.py"
    if not file.is_file():
        raise NotAdoptedError(f"{file}: no such file")
    try:
        module = importlib.import_module(f"modules.{name}")
    except Exception as error:
        raise NotAdoptedError(f"{file}: can not be imported: {error}") from error
    if module.__file__ is None or Path(module.__file__).resolve() != file:
        raise NotAdoptedError(f"{file}: another package modules is loaded already")
    return module
