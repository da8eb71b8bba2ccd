"""How far a run agrees with the one it was made from, output by output: records, and what their digests alone say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .artifacts import Output
from .graph import CallKind, Graph
from .ids import RunId
from .records import dataclass, replace
from .runs import StepRun
from .states import Status
from .verification import Compared, Level, Pair, compare

RTOL = 1e-6
"""Relative difference up to which numbers are equal when nobody says: another order of summation moves doubles by 1e-16
to 1e-10, floats of 32 bits by 1e-7; what a seed or a version changes is far above."""
PLUMBING = frozenset({CallKind.JOIN, CallKind.SPLIT, CallKind.CHOOSE, CallKind.UNTIL, CallKind.LOAD})
"""What graftline itself does at the borders of composites, and states that are loaded: no code of the user."""

EXECUTED = ".executed.ipynb"
"""Ending of the executed copy of a notebook (worker/notebook.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """One step in both runs."""

    path: str
    outputs: tuple[Compared, ...] = ()
    detail: str | None = None
    """Why there is nothing to compare: `keeps nothing`, `FAILURE there`; None: there is."""
    is_fault: bool = False
    """It succeeded in the earlier run, and there is nothing of it now."""
    family: str | None = None

    @property
    def level(self) -> Level | None:
        """Return the worst level of its outputs; None: there is nothing to compare."""
        levels = {each.level for each in self.outputs}
        return next((each for each in (Level.DIFFERENT, Level.EQUAL, Level.IDENTICAL) if each in levels), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two runs of one graph agree."""

    old: RunId
    new: RunId
    old_runner: str
    new_runner: str
    rtol: float
    steps: tuple[Agreed, ...]
    """In the order of the graph, without the borders of composites."""
    unread: int = 0
    """Outputs with other bytes whose values were not compared; they count as different."""

    @property
    def is_good(self) -> bool:
        """Tell whether everything that both made is identical or equal, and nothing is lacking."""
        return self.first is None

    @property
    def first(self) -> Agreed | None:
        """Return the first step, in the order of the graph, that is not what it was; None: there is none."""
        return next((each for each in self.steps if each.is_fault or each.level is Level.DIFFERENT), None)

    def counts(self) -> dict[str, int]:
        """Return how many steps there are of each level; those with nothing to compare are left out."""
        found = [each.level for each in self.steps]
        return {level.value: count for level in Level if (count := found.count(level))}


def by_digest(graph: Graph, old: Mapping[str, StepRun], new: Mapping[str, StepRun]) -> tuple[list[Agreed], list[Pair]]:
    """Compare the outputs of two runs by their bytes.

    Args:
        graph: of the new run, as it had grown.
        old: steps of the earlier run by path.
        new: steps of the new one.

    Returns:
        Each step, those with other bytes DIFFERENT; and the pairs of values that may be equal all the same.
    """
    paths = [node.path for node in graph.nodes if graph.operations[node.operation].call.kind not in PLUMBING]
    inside = set(graph.index)
    paths += [path for path in old if path not in inside and old[path].state.is_good]
    found, pairs = [], []
    for path in paths:
        agreed, odd = _agreed(path, old.get(path), new.get(path))
        found.append(agreed)
        pairs += odd
    return found, pairs


def with_verdicts(steps: Sequence[Agreed], verdicts: Mapping[tuple[str, str], str]) -> list[Agreed]:
    """Return the same once values were read: by path and output where they differ, empty text: they are equal."""
    return [
        replace(step, outputs=tuple(_judged(each, verdicts.get((step.path, each.name))) for each in step.outputs))
        for step in steps
    ]


def _agreed(path: str, old: StepRun | None, new: StepRun | None) -> tuple[Agreed, list[Pair]]:
    there = new if new is not None else old
    family = None if there is None else there.family
    if old is None or not old.state.is_good:
        state = "not there" if old is None else old.state.value
        return Agreed(path=path, detail=f"{state} in the earlier run", family=family), []
    if new is None or not new.state.is_good:
        state = "not there" if new is None else new.state.value
        is_fault = new is None or new.state is not Status.SKIPPED
        return Agreed(path=path, detail=f"{state} in the new run", is_fault=is_fault, family=family), []
    compared, pairs = compare(path, _kept(old.outputs), _kept(new.outputs))
    detail = None if compared else "keeps nothing"
    return Agreed(path=path, outputs=tuple(compared), detail=detail, family=family), pairs


def _kept(outputs: Sequence[Output]) -> list[Output]:
    """Leave out what tells of an attempt: a guard's report, and executed copies of notebooks, which hold times."""
    return [each for each in outputs if each.role != "guard" and not each.name.endswith(EXECUTED)]


def _judged(compared: Compared, verdict: str | None) -> Compared:
    if verdict is None:
        return compared
    return replace(compared, detail=verdict) if verdict else replace(compared, level=Level.EQUAL)
