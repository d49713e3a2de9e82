"""The same policy inside a sandbox: the module `trimtab.wasm`, which can call nothing.

    >>> from trimtab import sandbox
    >>> policy = sandbox.Policy(limits=sandbox.Limits(fuel=50_000_000))
    >>> policy.health_score(
    ...     profitable_pct=0.6, underwater_pct=0.1, liquidity_score=80, trend="stable"
    ... ).tier
    'thriving'

It needs the package `wasmtime` (`pip install trimtab[sandbox]`). Calls give the same bytes as
`trimtab.Policy`; they cost more and are bounded in fuel and memory. Every import of the module is
linked to a trap.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Callable

from trimtab import _native, amounts, books
from trimtab._native import Decision
from trimtab.errors import InputError, InternalError
from trimtab.extras import lacking

try:
    import wasmtime
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(lacking("sandbox", missing), name=missing.name) from missing

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from trimtab import types as t
    from trimtab._native import FleetBookMethods, HubBookMethods
    from trimtab._native import Operations as _Operations
else:
    _Operations = FleetBookMethods = HubBookMethods = object

__all__ = [
    "Book",
    "DigestError",
    "FleetBook",
    "HubBook",
    "LimitError",
    "Limits",
    "Module",
    "ModuleError",
    "Policy",
    "SandboxError",
    "TrapError",
]

ABI = 1
"""The version of the raw interface that this host speaks."""

_EXPORTS = ("tt_abi", "tt_alloc", "tt_free", "tt_call", "tt_open", "tt_call_on", "tt_close")
_OUR_IMPORTS = ("__wbg_", "__wbindgen_")
_FAILED = 1


class SandboxError(RuntimeError):
    """The sandbox gave no answer. What was bad about an input is an `InputError` instead."""


class LimitError(SandboxError):
    """A call reached a limit and was stopped."""

    def __init__(self, limit: str, allowed: int) -> None:
        """Keep which limit it was and where it stood."""
        super().__init__(limit, allowed)
        self.limit = limit
        """`fuel` or `memory`."""
        self.allowed = allowed
        """How much of it was allowed."""

    def __str__(self) -> str:
        """One line for people."""
        return f"the call needs more {self.limit} than the {self.allowed} it may have"


class TrapError(SandboxError):
    """The module trapped: a defect of it, contained."""


class ModuleError(SandboxError):
    """The bytes are no module that this host may run."""


class DigestError(ModuleError):
    """The bytes are not the ones that were promised."""


@dataclass(frozen=True)
class Limits:
    """What one call may use."""

    fuel: int = 10_000_000_000
    """About as many instructions."""
    memory: int = 1 << 30
    """Bytes that the module may hold."""


class Module:
    """A module, checked and compiled once; policies and books share it."""

    def __init__(self, wasm: bytes, *, digest: str | None = None) -> None:
        """Compile `wasm`; a foreign module may import nothing at all."""
        self.digest = hashlib.sha256(wasm).hexdigest()
        """sha256 of the bytes."""
        if digest is not None and digest != self.digest:
            raise DigestError(f"the module has the digest {self.digest}, not {digest}")
        self._engine = wasmtime.Engine(_engine_config())
        try:
            self._module = wasmtime.Module(self._engine, wasm)
        except wasmtime.WasmtimeError as error:
            raise ModuleError(str(error)) from error
        self._check(ours=self.digest == _bundled_digest())
        self._lock = threading.Lock()
        self._schemas: amounts.Schemas | None = None

    @staticmethod
    def bundled() -> Module:
        """The module that came with this package, its digest checked."""
        return _bundled()

    def _check(self, *, ours: bool) -> None:
        for each in self._module.imports:
            name = f"{each.module}.{each.name}"
            if not ours or not (each.name or "").startswith(_OUR_IMPORTS):
                raise ModuleError(f"the module wants to call {name}")
        present = {each.name for each in self._module.exports}
        missing = [name for name in ("memory", *_EXPORTS) if name not in present]
        if missing:
            raise ModuleError(f"the module lacks {', '.join(missing)}")

    def schemas(self) -> amounts.Schemas:
        """What the module says about its own inputs and decisions."""
        with self._lock:
            if self._schemas is None:
                answer = _Instance(self, Limits()).call("policy.describe", b"{}")
                self._schemas = amounts.Schemas(json.loads(_decided(answer))["decision"])
            return self._schemas


def _engine_config() -> wasmtime.Config:
    config = wasmtime.Config()
    config.consume_fuel = True
    # One input has one answer: nothing that may differ between two machines.
    config.wasm_threads = False
    config.wasm_relaxed_simd = False
    config.wasm_memory64 = False
    config.wasm_multi_memory = False
    # Compiling takes seconds; what was compiled once is kept in the user's cache directory, where
    # there is one.
    with suppress(wasmtime.WasmtimeError):
        config.cache = True
    return config


def _bundled_file(name: str) -> bytes:
    return (resources.files("trimtab") / "module" / name).read_bytes()


@lru_cache(maxsize=1)
def _bundled_digest() -> str:
    try:
        return _bundled_file("trimtab.wasm.sha256").split()[0].decode()
    except FileNotFoundError as error:
        raise ModuleError("this package was built without its module") from error


@lru_cache(maxsize=1)
def _bundled() -> Module:
    digest = _bundled_digest()
    return Module(_bundled_file("trimtab.wasm"), digest=digest)


class _Instance:
    """One instance of a module: its own memory, one call at a time."""

    def __init__(self, module: Module, limits: Limits) -> None:
        self._limits = limits
        self._store = wasmtime.Store(module._engine)
        self._store.set_limits(memory_size=limits.memory, instances=1, memories=1, tables=2)
        self._store.set_fuel(limits.fuel)
        linker = wasmtime.Linker(module._engine)
        linker.define_unknown_imports_as_traps(module._module)
        try:
            exports = linker.instantiate(self._store, module._module).exports(self._store)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise ModuleError(str(error)) from error
        self._memory: Any = exports["memory"]
        self._functions: dict[str, Any] = {name: exports[name] for name in _EXPORTS}
        if self._run("tt_abi") != ABI:
            raise ModuleError("the module speaks another version of the raw interface")

    def call(self, op: str, data: bytes) -> bytes:
        """Call an operation under the profile `plan`."""
        return self._answer("tt_call", op, data)

    def open(self, kind: str, data: bytes) -> int:
        """Open a handle."""
        handle: int = json.loads(_decided(self._answer("tt_open", kind, data)))["handle"]
        return handle

    def call_on(self, handle: int, op: str, data: bytes) -> bytes:
        """Call an operation on a handle."""
        return self._answer("tt_call_on", op, data, handle)

    def _answer(self, function: str, name: str, data: bytes, *handle: int) -> bytes:
        self._store.set_fuel(self._limits.fuel)
        given = [self._give(name.encode()), self._give(data)]
        packed = self._run(function, *handle, *given[0], *given[1]) & 0xFFFF_FFFF_FFFF_FFFF
        pointer, length = packed >> 32, packed & 0xFFFF_FFFF
        if length == 0 or pointer + length > self._memory.data_len(self._store):
            raise TrapError("the module answers from outside of its memory")
        answer = bytes(self._memory.read(self._store, pointer, pointer + length))
        for place in (*given, (pointer, length)):
            if place[1]:
                self._run("tt_free", *place)
        return answer

    def _give(self, data: bytes) -> tuple[int, int]:
        if not data:
            return 0, 0
        pointer = self._run("tt_alloc", len(data)) & 0xFFFF_FFFF
        if pointer == 0:
            raise LimitError("memory", self._limits.memory)
        self._memory.write(self._store, data, pointer)
        return pointer, len(data)

    def _run(self, function: str, *arguments: int) -> int:
        try:
            result: int = self._functions[function](self._store, *arguments)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise self._stopped(error) from error
        return result

    def _stopped(self, error: Exception) -> SandboxError:
        code = error.trap_code if isinstance(error, wasmtime.Trap) else None
        if code is wasmtime.TrapCode.OUT_OF_FUEL or self._store.get_fuel() == 0:
            return LimitError("fuel", self._limits.fuel)
        # A module that is refused memory ends itself. The engine does not say that this is why,
        # but an allocator doubles, so most of what is allowed is then in use.
        if self._memory.data_len(self._store) > self._limits.memory // 4:
            return LimitError("memory", self._limits.memory)
        return TrapError(str(error))


def _decided(answer: bytes) -> bytes:
    """The answer without its status, or the error in it as an exception."""
    status, body = answer[:1], answer[1:]
    if status != bytes([_FAILED]):
        return body
    told = json.loads(body)["error"]
    kind = InternalError if told["code"] == "internal" else InputError
    raise kind(told["code"], told["field"], told["got"], told["expected"], told.get("offset"))


def _bytes(data: bytes | bytearray | str) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


class _Handle:
    """A handle, pinned to its instance."""

    def __init__(
        self, kind: str, data: bytes, module: Module | None, limits: Limits | None, *, lasts: bool
    ) -> None:
        self.kind = kind
        self.module = Module.bundled() if module is None else module
        self._limits = Limits() if limits is None else limits
        self._data = data
        # A policy is its config: after a trap it is opened again. A book's state would be lost.
        self._lasts = lasts
        self._lock = threading.Lock()
        self._opened: tuple[_Instance, int] | None = None
        self._broken: SandboxError | None = None
        with self._lock:
            self._open()

    def _open(self) -> tuple[_Instance, int]:
        if self._broken is not None:
            raise SandboxError(f"the book ended before: {self._broken}") from self._broken
        if self._opened is None:
            instance = _Instance(self.module, self._limits)
            self._opened = instance, instance.open(self.kind, self._data)
        return self._opened

    def answer(self, op: str, data: bytes) -> bytes:
        with self._lock:
            instance, handle = self._open()
            try:
                return instance.call_on(handle, op, data)
            except SandboxError as error:
                self._opened = None
                self._broken = error if self._lasts else None
                raise

    def call(self, op: str, record: Any) -> dict[str, Any]:
        schemas = self.module.schemas()
        plan = schemas.input(self.kind, op)
        if plan is not None:
            record = plan(record, amounts.to_text)
        answer = self.answer(op, _native.to_json(record, exact=False))
        envelope: dict[str, Any] = json.loads(_decided(_without_offset(answer)))
        plan = schemas.decision(self.kind, op)
        if plan is not None:
            envelope["decision"] = plan(envelope["decision"], amounts.to_int)
        return envelope


def _without_offset(answer: bytes) -> bytes:
    """A caller who gave objects has never seen the bytes that an offset counts."""
    if answer[:1] != bytes([_FAILED]):
        return answer
    told = json.loads(answer[1:])
    told["error"].pop("offset", None)
    return answer[:1] + json.dumps(told).encode()


class Policy(_Operations):
    """A config, parsed and checked once, under which operations are called, in a sandbox."""

    def __init__(
        self,
        profile: t.Profile = "plan",
        config: t.ConfigOverrides | None = None,
        *,
        module: Module | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Open the policy of `profile` with the fields in `config` changed."""
        data = _native.to_json({"profile": profile, "config": config}, exact=False)
        self._overrides = None if config is None else _native.to_json(config, exact=False)
        self._handle = _Handle("policy", data, module, limits, lasts=False)

    @property
    def module(self) -> Module:
        """The module that decides; its `digest` is the identity of the policy."""
        return self._handle.module

    @property
    def overrides(self) -> bytes | None:
        """The fields of the config that were changed, as canonical JSON."""
        return self._overrides

    def call(self, op: str, input: Any, /) -> dict[str, Any]:  # noqa: A002
        """Call an operation by name; return the envelope."""
        return self._handle.call(op, input)

    def call_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """Call an operation with JSON; return the canonical JSON of the envelope."""
        return _decided(self._handle.answer(op, _bytes(input)))

    def answer_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """As `call_bytes`, but an error is returned as JSON too."""
        return self._handle.answer(op, _bytes(input))[1:]

    def _method(self, op: str) -> Callable[..., Decision]:
        return _as_method(self._handle.call, op)


books.give_methods(Policy, "policy")


def _as_method(call: Callable[[str, Any], dict[str, Any]], op: str) -> Callable[..., Decision]:
    """Let `op` be called with one record or with its fields by name."""

    def method(*record: Any, **fields: Any) -> Decision:
        if len(record) > 1 or (record and fields):
            raise TypeError("takes either one input or its fields by name")
        return Decision.of_envelope(call(op, record[0] if record else fields))

    method.__name__ = method.__qualname__ = op
    return method


class Book(books.Book):
    """A handle in an instance of its own. After a limit or a trap it must be opened anew."""

    def __init__(
        self,
        kind: str,
        *,
        module: Module | None = None,
        limits: Limits | None = None,
        **fields: Any,
    ) -> None:
        """Open a handle; the fields are its input, such as `profile` and `config`."""
        schemas = (Module.bundled() if module is None else module).schemas()
        plan = schemas.opened(kind)
        given = fields if plan is None else plan(fields, amounts.to_text)
        data = _native.to_json(given, exact=False)
        self._handle = _Handle(kind, data, module, limits, lasts=True)

    @property
    def _decider(self) -> str:
        return self._handle.module.digest

    @property
    def kind(self) -> str:
        """Which kind of handle it is."""
        return self._handle.kind

    def call(self, op: str, input: Any, /) -> dict[str, Any]:  # noqa: A002
        """Call an operation on it; return the envelope."""
        return self._handle.call(op, input)

    def call_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """Call an operation with JSON; return the canonical JSON of the envelope."""
        return _decided(self._handle.answer(op, _bytes(input)))

    def answer_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """As `call_bytes`, but an error is returned as JSON too."""
        return self._handle.answer(op, _bytes(input))[1:]

    if not TYPE_CHECKING:

        def _method(self, op: str) -> Callable[..., Decision]:
            return _as_method(self.call, op)


class FleetBook(Book, FleetBookMethods):
    """What the members of a fleet reported, in a sandbox."""

    def __init__(
        self,
        *,
        module: Module | None = None,
        limits: Limits | None = None,
        **fields: Unpack[t.OpenFleetBook],
    ) -> None:
        """Open a book; the fields are those of `trimtab.types.OpenFleetBook`."""
        super().__init__("fleet_book", module=module, limits=limits, **fields)


class HubBook(Book, HubBookMethods):
    """The accounts of a hub, in a sandbox."""

    def __init__(
        self,
        *,
        module: Module | None = None,
        limits: Limits | None = None,
        **fields: Unpack[t.OpenHubBook],
    ) -> None:
        """Open a book; the fields are those of `trimtab.types.OpenHubBook`."""
        super().__init__("hub_book", module=module, limits=limits, **fields)


books.give_methods(FleetBook, "fleet_book")
books.give_methods(HubBook, "hub_book")
