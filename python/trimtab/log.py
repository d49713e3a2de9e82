"""Writes a decision log: what was asked and what was answered, one line of JSON each.

    >>> import tempfile, pathlib
    >>> from trimtab import log, sandbox
    >>> policy = sandbox.Policy()
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "decisions.jsonl"
    >>> with log.DecisionLog(path, policy) as decisions:
    ...     logged = decisions.call(
    ...         policy, "rebalance.accept", {"ev": 8.0, "min_ev": 10, "tier": "stable"}
    ...     )
    >>> logged.envelope()["decision"]["accepted"], logged.receipt.seq
    (False, 2)

How a line looks is decided by the operation `log.line`; this file only numbers the lines and keeps
the files. `trimtab log verify` and `trimtab replay` read them. A book is logged too, with every
change of it: `decisions.hold(book)`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from trimtab import _native, books
from trimtab.errors import InputError, InternalError

try:
    import fcntl
except ModuleNotFoundError:  # There is none on Windows.
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Literal, Self

    from trimtab import sandbox

    AnyPolicy = Union[_native.Policy, sandbox.Policy]
    Fsync = Literal["always", "interval", "never"]
    Overload = Literal["refuse", "drop"]

__all__ = ["Counters", "DecisionLog", "LogError", "Logged", "LoggedBook", "Opening", "Receipt"]

SYNC_S = 1.0
"""With `interval`, a line that comes so long after the last sync forces all to the disk."""

MOST_POLICIES = 64
"""So many policies are known without asking them who they are."""

_COLUMNS = "_columns"
_DECIDED, _DECIDED_BY = b'{"decision":', b',"policy":{"config":"'
"""What stands around the decision in an envelope, whose fields are sorted."""
_NEW = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


class LogError(RuntimeError):
    """A log could not be opened or written."""

    def __init__(self, code: str, told: str) -> None:
        """Keep the stable name of what went wrong."""
        super().__init__(code, told)
        self.code = code
        """`log_sink`, `log_sync`, `log_file`, `log_in_use`, `log_broken` or `log_closed`."""
        self.told = told
        """What happened."""

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.code}: {self.told}"


@dataclass(frozen=True)
class Receipt:
    """The line is on the log."""

    seq: int
    """Its number."""
    hash: str
    """Its sha256."""


@dataclass(frozen=True)
class Logged:
    """An answer, and what became of its line."""

    answer: bytes
    """The envelope or the error, canonical JSON."""
    receipt: Receipt | None
    """Nothing where the line was dropped, or where a book was asked about itself."""

    def envelope(self) -> dict[str, Any]:
        """The envelope; the error of a bad input is raised."""
        return _envelope(self.answer)


@dataclass(frozen=True)
class Opening:
    """What was found when the log was opened."""

    resumed: bool
    """Whether there was a log."""
    ended: bool
    """Whether it had ended in order."""
    cut_bytes: int
    """How many bytes of a cut line were removed; the line counts as dropped."""
    seq: int
    """The number of the snapshot that was written now."""


@dataclass(frozen=True)
class Counters:
    """What the log did since it was opened."""

    written: int = 0
    """Lines written, those of the log itself included."""
    dropped: int = 0
    """Lines dropped: each leaves a gap in `seq`."""
    bytes: int = 0
    """Bytes written."""
    rotations: int = 0
    """New files begun."""
    refused: int = 0
    """How often the disk refused a write or a sync."""


@dataclass
class _Chain:
    """What the next line must name."""

    seq: int
    prev: str | None
    policies: dict[str, dict[str, str]]


@dataclass
class _Held:
    """An open book."""

    number: int
    book: books.Book
    is_behind: bool = False
    """A change is not on the log: before the next call the whole state is written."""

    def opens_again(self) -> dict[str, Any]:
        """What opens it again as it is now."""
        opening = _decided(self.book.answer_bytes("opening", b"{}"))
        return {"handle": self.number, "opens": self.book.kind, "input": opening}


class LoggedBook:
    """A book whose calls are logged. A change that is made past it is not on the log."""

    def __init__(self, decisions: DecisionLog, held: _Held) -> None:
        """`DecisionLog.hold` makes it."""
        self._log = decisions
        self._held = held

    @property
    def number(self) -> int:
        """The number of the book, within this log."""
        return self._held.number

    def call(
        self,
        op: str,
        input: Any = None,  # noqa: A002
        *,
        caller: str | None = None,
        labels: Mapping[str, str] | None = None,
        decision_id: str | None = None,
    ) -> Logged:
        """Call an operation with an object or JSON, and log it. A bad input is logged too.

        A change whose line cannot be written has happened all the same; the next line of the book
        is then its whole state, so that a replay goes on rightly.
        """
        is_json = isinstance(input, (str, bytes, bytearray))
        data = _bytes(input) if is_json else _native.to_json({} if input is None else input)
        notes = {
            "caller": caller,
            "labels": dict(labels) if labels else None,
            "decision_id": decision_id,
        }
        return self._log._call_on(self._held, op, data, notes)

    def close(self) -> None:
        """Log that it is closed; the book itself stays what it is."""
        self._log._let_book_go(self._held)

    def __enter__(self) -> Self:
        """The book itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


class DecisionLog:
    """A log of one process; threads may share it. A line is written in the call that appends it."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        policy: AnyPolicy,
        *,
        fsync: Fsync = "interval",
        max_bytes: int | None = 64 << 20,
        max_age: float | None = None,
        keep: int | None = None,
        overload: Overload = "refuse",
        mask: Sequence[str] = (),
    ) -> None:
        """Open the log at `path`, or go on with the one that is there.

        `max_bytes` and `max_age` (seconds) begin a new file, `keep` is how many older ones stay.
        A line that cannot be written is counted, and raises a `LogError` or, with `drop`, is let
        go. `mask` are JSON pointers to what must not be told, `*` for every entry.
        """
        _one_of("fsync", fsync, ("always", "interval", "never"))
        _one_of("overload", overload, ("refuse", "drop"))
        self.path = Path(path)
        """The file that is written."""
        self._policy = policy
        self._fsync, self._overload = fsync, overload
        self._max_bytes, self._max_age, self._keep = max_bytes, max_age, keep
        self._mask = list(mask)
        self._lock = threading.Lock()
        self._notes: dict[int, tuple[AnyPolicy, str, dict[str, str]]] = {}
        self._handles: dict[int, _Held] = {}
        self._next_handle = 1
        self._counters = Counters()
        self._chain = _Chain(0, None, {})
        self._torn = self._unsynced = False
        self._length = self._first = 0
        self._synced_at = self._begun_at = time.monotonic()
        self._file = self._locked()
        try:
            self.opening = self._resume()
            """What was found when the log was opened."""
        except BaseException:
            self._let_go()
            raise

    @property
    def counters(self) -> Counters:
        """What the log did since it was opened."""
        return self._counters

    @property
    def next_seq(self) -> int:
        """The number of the next line."""
        return self._chain.seq

    def call(
        self,
        policy: AnyPolicy,
        op: str,
        input: Any,  # noqa: A002
        *,
        caller: str | None = None,
        labels: Mapping[str, str] | None = None,
        decision_id: str | None = None,
    ) -> Logged:
        """Call an operation with an object or JSON, and log it. A bad input is logged too."""
        is_json = isinstance(input, (str, bytes, bytearray))
        data = _bytes(input) if is_json else _native.to_json(input)
        begun = time.perf_counter_ns()
        answer = policy.answer_bytes(op, data)
        took = (time.perf_counter_ns() - begun) // 1000
        receipt = self.append(
            op,
            data,
            answer,
            caller=caller,
            labels=labels,
            duration_us=took,
            decision_id=decision_id,
            policy=policy,
        )
        return Logged(answer, receipt)

    def append(
        self,
        op: str,
        input_text: bytes | bytearray | str,
        output_text: bytes | bytearray | str,
        *,
        caller: str | None = None,
        labels: Mapping[str, str] | None = None,
        duration_us: int | None = None,
        decision_id: str | None = None,
        policy: AnyPolicy | None = None,
    ) -> Receipt | None:
        """Write what was observed. An error means that the call must be refused."""
        given, told = _bytes(input_text), _bytes(output_text)
        columns = op.endswith(_COLUMNS)
        entry: dict[str, Any] = {
            "kind": "decision",
            "at": _now(),
            "op": op,
            **_piece("input", given, columns=columns),
            **_piece("output", told, columns=columns and not told.startswith(b"{")),
            "caller": caller,
            "labels": dict(labels) if labels else None,
            "duration_us": duration_us,
            "decision_id": decision_id,
        }
        with self._lock:
            self._must_be_open()
            asked = self._policy if policy is None else policy
            module, note = self._note(asked)
            entry.update(module=module, config=note["config"])
            size = len(given) + len(told)
            return self._write(entry, note, size)

    def hold(self, book: books.Book) -> LoggedBook:
        """Log a book from now on: its present state, and every call that is made on it here."""
        with self._lock:
            self._must_be_open()
            held = _Held(self._next_handle, book)
            again = held.opens_again()
            before = self._before(len(again["input"]), may_rotate=True)
            receipt = self._write_open(held, again, before)
            held.is_behind = receipt is None
            self._next_handle += 1
            self._handles[held.number] = held
            return LoggedBook(self, held)

    def close(self) -> None:
        """Write the last line, force all to the disk and close the log."""
        with self._lock:
            if self._file < 0:
                return
            try:
                dropped = self._counters.dropped
                self._write({"kind": "end", "at": _now(), "dropped": dropped}, None, 0)
                self._sync()
            finally:
                self._let_go()

    def __enter__(self) -> Self:
        """The log itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    # --- books ---

    def _call_on(self, held: _Held, op: str, data: bytes, notes: dict[str, Any]) -> Logged:
        # One call at a time, for all books: a new file begins with the states of all of them.
        with self._lock:
            self._must_be_open()
            if held.number not in self._handles:
                raise LogError("log_closed", "the book is closed")
            if op in _native.BOOK_QUESTIONS:
                return Logged(held.book.answer_bytes(op, data), None)
            # The state that a new file begins with is the one before this call.
            before = self._before(len(data), may_rotate=True)
            if held.is_behind:
                again = held.opens_again()
                held.is_behind = self._write_open(held, again, before) is None
                before = []
            was_behind, held.is_behind = held.is_behind, True
            begun = time.perf_counter_ns()
            try:
                answer = held.book.answer_bytes(op, data)
            except Exception:
                # A limit or a trap ended it; what it held is lost.
                self._forget(held)
                raise
            took = (time.perf_counter_ns() - begun) // 1000
            if was_behind:
                # Without its state the call could not be asked again.
                self._count(dropped=1)
                self._chain.seq += 1
                return Logged(answer, None)
            entry = {
                **self._on(held, op),
                **_piece("input", data, columns=False),
                **_piece("output", answer, columns=False),
                **notes,
                "duration_us": took,
            }
            receipt = self._put_lines(before, entry, None)
            held.is_behind = receipt is None
            return Logged(answer, receipt)

    def _let_book_go(self, held: _Held) -> None:
        with self._lock:
            if self._file < 0 or self._handles.get(held.number) is not held:
                return
            del self._handles[held.number]
            self._write(self._on(held, "close"), None, 0)

    def _forget(self, held: _Held) -> None:
        self._handles.pop(held.number, None)
        with suppress(LogError):
            self._write(self._on(held, "close"), None, 0)

    def _on(self, held: _Held, op: str) -> dict[str, Any]:
        told = {"kind": "handle", "at": _now(), "op": op}
        return {**told, "module": held.book._decider, "handle": held.number}

    def _write_open(
        self, held: _Held, again: dict[str, Any], before: list[dict[str, Any]]
    ) -> Receipt | None:
        opened = json.dumps({"handle": held.number}, separators=(",", ":"))
        return self._put_lines(before, {**self._on(held, "open"), **again, "output": opened}, None)

    def _states(self) -> list[dict[str, Any]]:
        """What opens every book again; one that is lost opens no more."""
        states = []
        for held in list(self._handles.values()):
            try:
                states.append(held.opens_again())
            except Exception:  # noqa: BLE001 (its next call says what is the matter)
                del self._handles[held.number]
        return states

    # --- lines ---

    def _must_be_open(self) -> None:
        if self._file < 0:
            raise LogError("log_closed", "the log is closed")

    def _note(self, policy: AnyPolicy) -> tuple[str, dict[str, str]]:
        """The module and the policy, as lines name them."""
        known = self._notes.get(id(policy))
        if known is not None:
            return known[1], known[2]
        module, note = _noted(policy)
        if len(self._notes) >= MOST_POLICIES:
            self._notes.clear()
        # The policy is kept too, so that no other one gets its identity.
        self._notes[id(policy)] = policy, module, note
        return module, note

    def _line(self, chain: _Chain, entry: dict[str, Any]) -> tuple[str, Receipt]:
        """The text of a line; the chain goes on behind it."""
        asked = {**entry, "seq": chain.seq, "prev": chain.prev, "mask": self._mask}
        line = _decision(self._policy, "log.line", asked)
        receipt = Receipt(chain.seq, line["hash"])
        chain.seq, chain.prev = line["next_seq"], line["hash"]
        return line["line"] + "\n", receipt

    def _snapshot(self, began: str, **more: Any) -> dict[str, Any]:
        policies = [self._chain.policies[config] for config in sorted(self._chain.policies)]
        module, _ = self._note(self._policy)
        told = {"kind": "snapshot", "at": _now(), "module": module, "began": began}
        if self._handles:
            more["handles"] = self._states()
        return {**told, "policies": policies, **more}

    def _before(self, size: int, *, may_rotate: bool) -> list[dict[str, Any]]:
        """What must stand before the next line: a file begins with a snapshot."""
        if may_rotate and self._is_full(size):
            self._rotate()
        # Also where the snapshot of a new file found no room before.
        return [self._snapshot("rotation")] if self._length == 0 else []

    def _write(
        self, entry: dict[str, Any], note: dict[str, str] | None, size: int
    ) -> Receipt | None:
        return self._put_lines(self._before(size, may_rotate=entry["kind"] != "end"), entry, note)

    def _put_lines(
        self, before: list[dict[str, Any]], entry: dict[str, Any], note: dict[str, str] | None
    ) -> Receipt | None:
        chain = _Chain(self._chain.seq, self._chain.prev, dict(self._chain.policies))
        before = list(before)
        if note is not None and note["config"] not in chain.policies:
            before.append({"kind": "policy", "at": entry["at"], "policies": [note]})
            chain.policies[note["config"]] = note
        # What makes no line is a mistake of the caller, and no loss of the log.
        texts = [self._line(chain, each)[0] for each in before]
        text, receipt = self._line(chain, entry)
        try:
            self._put("".join([*texts, text]).encode(), chain, len(before) + 1)
        except OSError as error:
            self._count(refused=1, dropped=1)
            self._chain.seq += 1
            self._failed("log_sink", error)
            return None
        if any(each["kind"] == "snapshot" for each in before):
            for held in self._handles.values():
                held.is_behind = False
        try:
            self._sync_if_due()
        except OSError as error:
            self._count(refused=1)
            self._failed("log_sync", error)
            return None
        return receipt

    def _failed(self, code: str, error: OSError) -> None:
        if self._overload == "refuse":
            raise LogError(code, str(error)) from error

    def _count(self, **more: int) -> None:
        now = {name: getattr(self._counters, name) + n for name, n in more.items()}
        self._counters = replace(self._counters, **now)

    # --- files ---

    def _locked(self) -> int:
        """The file, only for its owner, locked against other writers."""
        try:
            file = os.open(self.path, _NEW, 0o600)
        except OSError as error:
            raise LogError("log_file", str(error)) from error
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise LogError("log_in_use", f"{self.path}: another process writes this log") from error
        return file

    def _let_go(self) -> None:
        file, self._file = self._file, -1
        os.close(file)

    def _resume(self) -> Opening:
        try:
            last, cut = _last_line(self._file)
            self._length = os.fstat(self._file).st_size - cut
            if cut:
                os.ftruncate(self._file, self._length)
                os.fsync(self._file)
            older = self._older()
            if last is None and older:
                # The process may have ended between the end of one file and the next one.
                file = os.open(older[-1], os.O_RDONLY | getattr(os, "O_BINARY", 0))
                try:
                    last, _ = _last_line(file)
                finally:
                    os.close(file)
        except OSError as error:
            raise LogError("log_file", str(error)) from error
        lost = int(cut > 0)
        ended = not lost
        if last is not None:
            checked = self._check(last)
            ended = checked["kind"] == "end" and not lost
            self._chain.seq, self._chain.prev = checked["next_seq"], checked["hash"]
        self._chain.seq += lost
        self._count(dropped=lost)
        opening = Opening(last is not None or lost > 0, ended, cut, self._chain.seq)
        more: dict[str, Any] = {"ended": ended} if opening.resumed else {}
        if cut:
            more["cut_bytes"] = cut
        snapshot = self._snapshot("resume" if opening.resumed else "start", **more)
        self._first = self._chain.seq
        chain = _Chain(self._chain.seq, self._chain.prev, {})
        text, _ = self._line(chain, snapshot)
        # Whoever may not write must hear it now, not at the first decision.
        try:
            self._put(text.encode(), chain, 1)
        except OSError as error:
            raise LogError("log_sink", str(error)) from error
        try:
            self._sync()
        except OSError as error:
            raise LogError("log_sync", str(error)) from error
        return opening

    def _check(self, last: bytes) -> dict[str, Any]:
        """What the last line says; one that is not sound is not touched."""
        try:
            checked = _decision(self._policy, "log.check", {"line": last.decode()})
        except UnicodeDecodeError:
            checked = {"sound": False}
        if not checked["sound"] or "next_seq" not in checked:
            told = "the end of this log cannot be read; move the file away to begin a new log"
            raise LogError("log_broken", f"{self.path}: {told}")
        return checked

    def _put(self, data: bytes, chain: _Chain, lines: int) -> None:
        """Write all of it, or nothing of it that stays."""
        if self._torn:
            self._mend()
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            # A disk that is full takes the first bytes of a line and not the rest.
            self._torn = True
            with suppress(OSError):
                self._mend()
            raise
        self._length += len(data)
        self._unsynced = True
        self._chain = chain
        self._count(written=lines, bytes=len(data))

    def _mend(self) -> None:
        os.ftruncate(self._file, self._length)
        self._torn = False

    def _sync(self) -> None:
        if self._unsynced:
            os.fsync(self._file)
            self._unsynced = False
            self._synced_at = time.monotonic()

    def _sync_if_due(self) -> None:
        due = time.monotonic() - self._synced_at >= SYNC_S
        if self._fsync == "always" or (self._fsync == "interval" and due):
            self._sync()

    def _is_full(self, size: int) -> bool:
        if self._length == 0:
            return False
        too_long = self._max_bytes is not None and self._length + size > self._max_bytes
        age = time.monotonic() - self._begun_at
        too_old = self._max_age is not None and age > self._max_age
        # A file that holds nothing but its snapshot is not followed by another one.
        return (too_long or too_old) and self._chain.seq > self._first + 1

    def _rotate(self) -> None:
        """Begin a new file; where that fails, the present one goes on."""
        self._begun_at = time.monotonic()
        older = self._named(self._first)
        try:
            self._sync()
            self.path.rename(older)
        except OSError:
            self._count(refused=1)
            return
        try:
            file = self._locked()
        except LogError:
            self._count(refused=1)
            # Better one file that is too long than none.
            with suppress(OSError):
                older.rename(self.path)
            return
        self._let_go()
        self._file, self._length, self._first = file, 0, self._chain.seq
        self._count(rotations=1)
        with suppress(OSError):
            _sync_folder(self.path.parent)
        if self._keep is not None:
            files = self._older()
            # A file that cannot be removed is tried again next time.
            with suppress(OSError):
                for each in files[: max(0, len(files) - self._keep)]:
                    each.unlink()

    def _named(self, first: int) -> Path:
        """The name of the file whose first line has this number, once a newer one has begun."""
        return self.path.with_name(f"{self.path.stem}.{first:016}{self.path.suffix}")

    def _older(self) -> list[Path]:
        stem, end = f"{self.path.stem}.", self.path.suffix
        found = []
        for each in self.path.parent.iterdir():
            number = each.name[len(stem) : len(each.name) - len(end)]
            is_one = each.name == f"{stem}{number}{end}"
            if is_one and len(number) == 16 and number.isdecimal():
                found.append(each)
        return sorted(found)


def _noted(policy: AnyPolicy) -> tuple[str, dict[str, str]]:
    """The module that decides, and the policy as what makes it again."""
    if isinstance(policy, _native.Policy):
        note = {"config": policy.digest, "profile": policy.profile}
        if _native.Policy(policy.profile).digest != policy.digest:
            note["overrides"] = _native.to_json(policy.config).decode()
        return "native", note
    # Every envelope says who decided.
    line = {"seq": 0, "at": 0, "kind": "snapshot", "module": "native", "began": "start"}
    who = _envelope(policy.answer_bytes("log.line", json.dumps(line)))["policy"]
    note = {"config": who["config"], "profile": who["profile"]}
    if policy.overrides is not None:
        note["overrides"] = policy.overrides.decode()
    return policy.module.digest, note


def _decision(policy: AnyPolicy, op: str, asked: dict[str, Any]) -> dict[str, Any]:
    decision: dict[str, Any] = _envelope(policy.answer_bytes(op, json.dumps(asked)))["decision"]
    return decision


def _envelope(answer: bytes) -> dict[str, Any]:
    """The envelope of an answer; the error of a bad input is raised."""
    envelope: dict[str, Any] = json.loads(answer)
    if "error" not in envelope:
        return envelope
    told = envelope["error"]
    kind = InternalError if told["code"] == "internal" else InputError
    raise kind(told["code"], told["field"], told["got"], told["expected"], told.get("offset"))


def _decided(answer: bytes) -> str:
    """The decision as it stands in the envelope; the error of a bad input is raised.

    Not read and written again: a large state would take longer so than all else.
    """
    if not answer.startswith(_DECIDED):
        _envelope(answer)
    return answer[len(_DECIDED) : answer.rindex(_DECIDED_BY)].decode()


def _bytes(data: bytes | bytearray | str) -> bytes:
    return data.encode() if isinstance(data, str) else bytes(data)


def _piece(name: str, data: bytes, *, columns: bool) -> dict[str, str]:
    """The bytes as text, or in hexadecimal where they are columns or no text."""
    if not columns:
        with suppress(UnicodeDecodeError):
            return {name: data.decode()}
    return {f"{name}_hex": data.hex()}


def _now() -> int:
    return max(0, time.time_ns() // 1_000_000)


def _one_of(field: str, got: str, allowed: tuple[str, ...]) -> None:
    if got not in allowed:
        raise InputError("out_of_range", field, json.dumps(got), " | ".join(allowed))


def _last_line(file: int) -> tuple[bytes | None, int]:
    """The last whole line, and how many bytes stand behind it."""
    # Read from the end, in growing steps: a log may be large.
    length = os.fstat(file).st_size
    window = min(1 << 16, length)
    while True:
        os.lseek(file, length - window, os.SEEK_SET)
        data = _read(file, window)
        end = data.rfind(b"\n")
        if end < 0 and window == length:
            return None, length
        begin = data.rfind(b"\n", 0, end) if end >= 0 else -1
        if begin >= 0 or (end >= 0 and window == length):
            return data[begin + 1 : end], len(data) - end - 1
        window = min(window * 4, length)


def _read(file: int, size: int) -> bytes:
    parts = []
    while size > 0:
        part = os.read(file, size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    """So that a power failure does not take a new name away again."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
