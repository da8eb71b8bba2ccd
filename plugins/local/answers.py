"""What a loader process sends back. Apart from its entry, which the caller need not import: 35 ms of compiler."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ...core.named import NamedTuple
from ...core.ports import Loaded


class Fault(NamedTuple):
    """An error as plain data: exceptions do not cross processes."""

    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    problems: tuple[Fault, ...] = ()
    """What is wrong, one by one, when the message tells of several."""
    is_missing: bool = False
    """It names something that does not exist: a registered function."""


Answer: TypeAlias = "tuple[Literal['loaded'], Loaded] | tuple[Literal['fault'], Fault]"
