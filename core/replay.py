"""One attempt to be executed again at a terminal, as data: what the process that does it is given.

Apart from `debugging`, which that process need not import.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .graph import Json, Operation
from .named import NamedTuple
from .orders import Order, RunContext
from .records import dataclass


class Entry(StrEnum):
    """Where a person comes in."""

    FAILURE = "failure"
    """The step runs; when it raises, a debugger opens where it did."""
    START = "start"
    """A debugger opens at the first line of the step."""
    PROMPT = "prompt"
    """A prompt opens with the inputs as variables; nothing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One attempt to be executed again at this terminal; nothing of it is recorded."""

    context: RunContext
    """`root` and `sys_path` are those of the code that runs."""
    order: Order
    operation: Operation
    entry: Entry
    values: Mapping[str, str]
    """Arguments that are set, as typed."""
    is_recorded: bool
    """The recorded code runs; False: the working copy, because it is wanted or because no code was recorded."""
    working_copy: str
    """Absolute project root, to say what is different there."""
    environment: Mapping[str, Json]
    """python and packages of the recorded run."""
    story: str
    """What became of the step in the run, in a few words."""
    remarks: tuple[str, ...] = ()
    """What a person must know because it is not as it was."""


class Ended(NamedTuple):
    """How a replay ended."""

    exit_code: int
    death: str | None = None
    """How its process died; None: it left by itself."""
