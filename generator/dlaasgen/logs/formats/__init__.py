"""The formats that are read, one module each, and the order in which they look at a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlaasgen.logs.events import Event
    from dlaasgen.logs.prefixes import Peeled


class Format(Protocol):
    """What a module of this package offers.

    A line in which none of its NEEDLES is found need not be handed to `read`, which never raises, whatever the line
    is, and takes time in proportion to the line's length. Needles match no digits.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The format's name in readings."""
        ...

    @property
    def NEEDLES(self) -> tuple[str, ...]:  # noqa: N802
        """RE2 expressions for the lines that may be this format's."""
        ...

    def read(self, line: Peeled) -> Sequence[Event] | None:
        """The events of a line: none when it is this format's but cannot be read, None when it is not its own."""
        ...
