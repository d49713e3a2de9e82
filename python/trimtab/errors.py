"""Bad input, as an exception. A policy outcome is never one."""

from __future__ import annotations


class InputError(ValueError):
    """The input was bad: what was wrong, where, and what would have been right."""

    def __init__(
        self, code: str, field: str, got: str, expected: str, offset: int | None = None
    ) -> None:
        """Keep the five parts; the message is made of them."""
        super().__init__(code, field, got, expected, offset)
        self.code = code
        """The stable name of what is wrong, such as `out_of_range`."""
        self.field = field
        """Path of the field, such as `channels[3].local_pct`; empty for the input as a whole."""
        self.got = got
        """What was found there."""
        self.expected = expected
        """What is allowed there."""
        self.offset = offset
        """Byte offset of the mistake, when the input came as bytes."""

    def __str__(self) -> str:
        """One line for people."""
        # Not at the top: the extension imports this file.
        from trimtab import _native  # noqa: PLC0415

        return _native.sentence(self.code, self.field, self.got, self.expected, self.offset)


class InternalError(InputError):
    """A defect of trimtab, caught at the boundary; please report it."""
