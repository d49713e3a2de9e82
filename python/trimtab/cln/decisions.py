"""The store's decision log: what the policy was asked and what it answered, in a chain of digests.

The lines are those of every decision log (`trimtab.log`): `log.line` makes them, `trimtab log
verify` checks them and `trimtab replay` asks them again. They lie in the store, compressed, for two
reasons: several plugins of one node write them, and a line is one transaction with what follows
from it, so that after a kill both are there or neither is. `trimtab-doctor --export-log` gives a
file.

On the log are the advice of a look that changed a verdict, our health when it changed, and each
answer about one splice or conflict. The book that such an answer came from is told before it, as a
whole, where it is not what the log holds already.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import trimtab
from trimtab import _native, log
from trimtab.cln.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trimtab.cln.fleet import Fleet
    from trimtab.cln.store import Store

__all__ = ["FILE_BYTES", "FILE_S", "MOST_BYTES", "Decisions", "read_lines"]

MOST_BYTES = 32 << 20
"""The log takes so much of the store, compressed; its oldest part goes first."""

FILE_BYTES = 2 << 20
"""A part of the log that would become longer is followed by a new one."""

FILE_S = 24 * 3600
"""A part of the log that is older is followed by a new one."""


@dataclass
class _Chain:
    """What the next line must name; kept in the store, since another process may write it."""

    seq: int = 0
    prev: str | None = None
    file: int = 0
    """The number of the first line of the present part."""
    bytes: int = 0
    """How long the present part is."""
    begun: int = 0
    policies: list[str] = field(default_factory=list)
    """The configs that the present part tells."""
    next_handle: int = 1


@dataclass
class _Held:
    """The book of this process, as the log knows it."""

    file: int = -1
    number: int = 0
    version: int = -1


@dataclass(frozen=True)
class _Call:
    """A question to the book, and its answer."""

    method: str
    data: bytes
    answer: bytes
    took_us: int
    caller: str


class Decisions:
    """Writes the log of one store. Threads may share it, and so may processes."""

    def __init__(
        self,
        store: Store,
        policy: trimtab.Policy,
        *,
        clock: Callable[[], float] = time.time,
        most_bytes: int = MOST_BYTES,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        """Keep at most `most_bytes`, in parts of about `file_bytes`."""
        self._store = store
        self._policy = policy
        self._clock = clock
        self._most_bytes = most_bytes
        self._file_bytes = file_bytes
        self._module, self._note = log._noted(policy)
        self._lock = threading.RLock()
        self._held = _Held()
        self._missing = 0
        self.dropped = 0
        """Lines of this process that could not be written; each leaves a gap in the numbers."""
        self.trouble: str | None = None
        """Why the last line could not be written."""

    def call(self, op: str, given: dict[str, Any]) -> Asked:
        """Ask the policy; `Asked.keep` writes it down."""
        data = _native.to_json(given)
        begun = time.perf_counter_ns()
        answer = self._policy.answer_bytes(op, data)
        took = (time.perf_counter_ns() - begun) // 1000
        return Asked(self, op, data, answer, log._envelope(answer), took)

    def ask(
        self, fleet: Fleet, method: str, fields: dict[str, Any], *, caller: str
    ) -> dict[str, Any]:
        """Ask the fleet's book for a decision, and write it down; the envelope of its answer.

        Whoever asks gets the answer also where the line finds no room: that is counted and told.
        """
        data = _native.to_json(fields)
        # Held until the line is written: another question may change the book meanwhile.
        with self._lock:
            while True:
                begun = time.perf_counter_ns()
                version, state, answer = fleet.asked(method, data, known=self._held.version)
                took = (time.perf_counter_ns() - begun) // 1000
                envelope = log._envelope(answer)
                call = _Call(method, data, answer, took, caller)
                try:
                    if self._write_call(version, state, call):
                        return envelope
                except (StoreError, trimtab.InputError) as error:
                    self._lost(str(error))
                    return envelope
                # A new part has begun, and it does not know the book: ask again with its state.
                self._held = _Held()

    def told(self) -> dict[str, Any]:
        """What `trimtab-status` says of it."""
        lines, length, oldest = self._store.log_size()
        chain = self._chain()
        said: dict[str, Any] = {"lines": lines, "bytes": length, "oldest": oldest}
        return {**said, "head": chain.prev, "dropped": self.dropped, "trouble": self.trouble}

    # --- lines ---

    def _write(self, asked: Asked, caller: str) -> None:
        entry = {
            **self._said("decision", asked.op, asked.data, asked.answer, caller),
            "config": self._note["config"],
            "duration_us": asked.took_us,
        }
        # Without our lock: whoever asks the book holds it and waits for the store.
        with self._store.change():
            chain = self._ready()
            self._put(chain, [*self._policy_line(chain), entry])

    def _write_call(self, version: int, state: bytes | None, call: _Call) -> bool:
        """Write a question to the book; false where the log lacks the book's state for it."""
        with self._store.change():
            chain = self._ready()
            entries, held = [], self._held
            if held.file != chain.file:
                if state is None:
                    return False
                held = _Held(chain.file, chain.next_handle)
                chain.next_handle += 1
            if state is not None:
                held = _Held(held.file, held.number, version)
                opened = f'{{"handle":{held.number}}}'.encode()
                entries.append(
                    {
                        **self._said("handle", "open", log._decided(state).encode(), opened, None),
                        "handle": held.number,
                        "opens": "fleet_book",
                    }
                )
            entries.append(
                {
                    **self._said("handle", call.method, call.data, call.answer, call.caller),
                    "handle": held.number,
                    "duration_us": call.took_us,
                }
            )
            self._put(chain, entries)
        self._held = held
        return True

    def _said(
        self, kind: str, op: str, data: bytes, answer: bytes, caller: str | None
    ) -> dict[str, Any]:
        said: dict[str, Any] = {"kind": kind, "at": self._now(), "op": op, "module": self._module}
        texts = {"input": data.decode(), "output": answer.decode()}
        return {**said, **texts, "caller": caller}

    def _policy_line(self, chain: _Chain) -> list[dict[str, Any]]:
        if self._note["config"] in chain.policies:
            return []
        chain.policies.append(self._note["config"])
        return [{"kind": "policy", "at": self._now(), "policies": [self._note]}]

    def _ready(self) -> _Chain:
        """The chain, in a part of the log that has room; within a change of the store."""
        chain = self._chain()
        chain.seq += self._missing
        now = int(self._clock())
        is_old = not 0 <= now - chain.begun < FILE_S
        if chain.prev is None or chain.bytes >= self._file_bytes or is_old:
            began = "rotation" if chain.prev else "start"
            chain.file, chain.bytes, chain.begun = chain.seq, 0, now
            chain.policies, chain.next_handle = [], 1
            snapshot = {"kind": "snapshot", "at": self._now(), "module": self._module}
            self._put(chain, [{**snapshot, "began": began, "policies": []}])
            self._store.forget_log(most_bytes=self._most_bytes)
        return chain

    def _put(self, chain: _Chain, entries: list[dict[str, Any]]) -> None:
        rows = []
        for entry in entries:
            asked = {**entry, "seq": chain.seq, "prev": chain.prev}
            answer = self._policy.answer_bytes("log.line", _native.to_json(asked))
            line = log._envelope(answer)["decision"]
            packed = zlib.compress(line["line"].encode())
            rows.append((chain.seq, chain.file, entry["at"] // 1000, packed))
            chain.seq, chain.prev = line["next_seq"], line["hash"]
            chain.bytes += len(packed)
        self._store.add_log(rows, vars(chain))
        self._missing, self.trouble = 0, None

    def _lost(self, why: str) -> None:
        self._missing += 1
        self.dropped += 1
        self.trouble = why

    def _chain(self) -> _Chain:
        kept = self._store.log_chain()
        return _Chain() if kept is None else _Chain(**kept)

    def _now(self) -> int:
        return int(self._clock() * 1000)


@dataclass(frozen=True)
class Asked:
    """A decision, and what makes its line."""

    decisions: Decisions
    op: str
    data: bytes
    answer: bytes
    envelope: dict[str, Any]
    took_us: int

    def keep(self, caller: str) -> None:
        """Write it down; within a change of the store together with the rest, or not at all."""
        try:
            self.decisions._write(self, caller)
        except trimtab.InputError as error:
            self.decisions._lost(str(error))


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines in a store, oldest first, each with its line break; the file is only read."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            for (packed,) in db.execute("SELECT line FROM trimtab_log ORDER BY seq"):
                yield zlib.decompress(packed) + b"\n"
    except (sqlite3.Error, zlib.error) as error:
        raise StoreError(f"{path}: {error}") from error
