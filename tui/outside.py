"""What the UI is handed by whoever opens it: the command line's grammar and words, targets, settings, its memory.

The UI sees core alone. What it shares with the command line beyond that comes in here, as values and calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..core.errors import InvalidError
from ..core.named import NamedTuple
from ..core.records import dataclass, field

if TYPE_CHECKING:
    from ..core.plans import Plan, Planned  # with whys 14 ms, for dialogs
    from ..core.runs import Target
    from ..core.whys import Because
    from ..core.workspace import Workspace


class Candidate(NamedTuple):
    """One way to go on with a command line that is being typed."""

    text: str
    """The whole word at the cursor, not only what is missing of it."""
    teaches: str = ""


class Phrases(Protocol):
    """The command line's words for what is worked out in core."""

    def summary(self, plan: Plan) -> str:
        """Return "2 steps run, 9 reused, about 12s"."""
        ...

    def why(self, step: Planned, plan: Plan) -> str:
        """Return why a step would run, be reused, or depend on others; empty when there is nothing to say."""
        ...

    def because(self, because: Because) -> str:
        """Return one cause: "steps.py:fit changed", "C: 1 -> 0.5"."""
        ...


class Bare:
    """Words for where no command line is at hand."""

    def summary(self, plan: Plan) -> str:
        """Return how many steps there are of each fate."""
        counts: dict[str, int] = {}
        for step in plan.steps:
            counts[step.fate.value] = counts.get(step.fate.value, 0) + 1
        return ", ".join(f"{count:,} {fate}" for fate, count in counts.items()) or "nothing to do"

    def why(self, step: Planned, plan: Plan) -> str:
        """Return the code of the verdict."""
        return "" if step.verdict is None else step.verdict.value.lower()

    def because(self, because: Because) -> str:
        """Return what changed."""
        return f"{because.cause.kind.value} {because.cause.name}"


def _no_target(text: str) -> Target:
    raise InvalidError("no pipeline can be started from here", "graft run TARGET starts one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything that is handed in. The defaults are those of a UI that only looks."""

    program: tuple[str, ...] = ()
    """What a line of the command line is handed to as further arguments; empty: it cannot be run."""
    complete: Callable[[str, Workspace], Sequence[Candidate]] = lambda line, space: ()
    """Ways to go on with a line, up to the cursor; for a thread."""
    target: Callable[[str], Target] = _no_target
    """Finds what a text names to be run; empty: the project's own pipeline. For a thread. Raises GraftError."""
    targets: Callable[[], Sequence[str]] = tuple
    """Pipelines the project's sources show; for a thread."""
    phrases: Phrases = field(default_factory=Bare)
    warnings: list[str] = field(default_factory=list)
    """What the compiler finds odd is appended here; whoever shows it takes it away."""
    root: str = ""
    """Absolute root of the project, for files of functions; empty: not known."""
    memory: str | None = None
    """Absolute path of the file in which the UI remembers; None: it forgets."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """`[ui.keys]`: binding id -> keys, as Textual names them, several by commas."""
    notify: str = "away"
    """When the terminal is told that a run has ended which one saw running: `config.NOTIFY`."""
    registries: Callable[[], Sequence[str]] = lambda: ("sqlite",)
    """Names that `-P` takes here; for a thread."""
    registry_place: Callable[[str], str] = str
    """Makes a registry that was typed absolute where it is a directory."""
    version: Callable[[], str | None] = lambda: None
    """`[project] version`; None: the configuration says none."""
    is_read_only: bool = False
    """Nothing can be started, stopped or changed."""
