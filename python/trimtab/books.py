"""Handles: state that stays inside between calls."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Callable

from trimtab import _native
from trimtab._native import Decision, Handled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

    from trimtab import types as t
    from trimtab._native import FleetBookMethods, HubBookMethods
else:
    FleetBookMethods = HubBookMethods = object

__all__ = ["Book", "FleetBook", "HubBook", "Method", "give_methods"]


class Method:
    """A typed method, seen from its class: `help()` and `inspect.signature` know its fields.

    The first read on an instance puts a function beside its fields; from then on that is found.
    """

    def __init__(self, name: str, operation: str, signature: str, doc: str) -> None:
        """Keep what `trimtab._native.methods` tells."""
        self.__name__ = name
        self.__qualname__ = name
        self.__doc__ = doc
        self.__text_signature__ = signature
        self.operation = operation

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """The method of one instance."""
        if instance is None:
            return self
        bound = instance._method(self.operation)
        if inspect.isfunction(bound):
            self._tell(bound)
        setattr(instance, self.__name__, bound)
        return bound

    def __call__(self, instance: Any, /, *record: Any, **fields: Any) -> Any:
        """As every method is called from its class."""
        return self.__get__(instance)(*record, **fields)

    def _tell(self, function: Any) -> None:
        """What a function of Python says of itself; a native one has it already."""
        signature = inspect.signature(self)
        _, *parameters = signature.parameters.values()
        function.__name__ = function.__qualname__ = self.__name__
        function.__doc__ = self.__doc__
        function.__signature__ = signature.replace(parameters=parameters)


def give_methods(owner: type, kind: str) -> None:
    """Put the typed methods of a kind of handle on a class."""
    for entry in _native.methods(kind):
        setattr(owner, entry[0], Method(*entry))


class Book:
    """A handle of some kind. Its operations are methods: `book.plan(now=...)`.

    A failed call changes nothing. Threads may share a book; its calls run one at a time.
    """

    def __init__(self, kind: str, **fields: Any) -> None:
        """Open a handle; the fields are its input, such as `profile` and `config`."""
        self._handled = Handled(kind, fields)

    @property
    def _decider(self) -> str:
        """The module that decides, as a log names it."""
        return "native"

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

    def __init__(self, **fields: Unpack[t.OpenFleetBook]) -> None:
        """Open a book; the fields are those of `trimtab.types.OpenFleetBook`."""
        super().__init__("fleet_book", **fields)


class HubBook(Book, HubBookMethods):
    """The accounts of a hub; the time of a tick depends on what has changed since the last one."""

    def __init__(self, **fields: Unpack[t.OpenHubBook]) -> None:
        """Open a book; the fields are those of `trimtab.types.OpenHubBook`."""
        super().__init__("hub_book", **fields)


give_methods(FleetBook, "fleet_book")
give_methods(HubBook, "hub_book")
