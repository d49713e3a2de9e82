"""Handles: state that stays inside between calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from trimtab._native import Decision, Handled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trimtab._native import FleetBookMethods, HubBookMethods
else:
    FleetBookMethods = HubBookMethods = object

__all__ = ["Book", "FleetBook", "HubBook"]


class Book:
    """A handle of some kind. Its operations are methods: `book.plan(now=...)`.

    A failed call changes nothing. Threads may share a book; its calls run one at a time.
    """

    def __init__(self, kind: str, **fields: Any) -> None:
        """Open a handle; the fields are its input, such as `profile` and `config`."""
        self._handled = Handled(kind, fields)

    @property
    def kind(self) -> str:
        """Which kind of handle it is."""
        return self._handled.kind

    def call(self, op: str, input: Mapping[str, Any] | object, /) -> dict[str, Any]:  # noqa: A002
        """Call an operation on it; return the envelope."""
        return self._handled.call(op, input)

    def call_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """Call an operation with JSON; return the canonical JSON of the envelope."""
        return self._handled.call_bytes(op, input)

    def answer_bytes(self, op: str, input: bytes | bytearray | str, /) -> bytes:  # noqa: A002
        """As `call_bytes`, but an error is returned as JSON too."""
        return self._handled.answer_bytes(op, input)

    if not TYPE_CHECKING:  # A checker knows the methods of each kind; see `_native.pyi`.

        def __getattr__(self, name: str) -> Callable[..., Decision]:
            """Any other public name is an operation of the handle."""
            if name.startswith("_"):
                raise AttributeError(name)
            return self._method(name)

        def _method(self, op: str) -> Callable[..., Decision]:
            method = self._handled.bound(op)
            setattr(self, op, method)  # From now on it is found without asking here.
            return method


class FleetBook(Book, FleetBookMethods):
    """What the members of a fleet reported; answers without reading them all again."""

    def __init__(self, **fields: Any) -> None:
        """Open a book; the fields are its input, such as `profile` and `config`."""
        super().__init__("fleet_book", **fields)


class HubBook(Book, HubBookMethods):
    """The accounts of a hub; a tick costs what has changed, not what there is."""

    def __init__(self, **fields: Any) -> None:
        """Open a book; the fields are its input, such as `profile` and `config`."""
        super().__init__("hub_book", **fields)
