"""What is told of each row of a run's steps, before anybody decides how it looks: shared by `graft show` and the UI."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from .folding import Row
from .graph import ON_FAILURE
from .quantities import size_text
from .reasons import reason_text
from .records import dataclass
from .roles import CHOICE, Composites, Role
from .runs import StepRun
from .signs import MARKS, WORST_FIRST
from .states import Reason, Status
from .text import clean, plural
from .undeclared import GUARD_ROLE

_UNSHOWN = frozenset({"metric", GUARD_ROLE})
FAILED_SHOWN = 3
"""Failed steps that a folded family names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One row of the table; what is None or empty has nothing to tell."""

    state: Status
    """Where it stands for people; of a family the worst."""
    seconds: float | None = None
    """Of a composite from its first start to its last end, of a family the sum."""
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    tries: int = 0
    """Attempts; 0 for a family."""
    result: str = ""
    """Cause, outputs or what became of a composite; clean."""
    is_bad: bool = False
    """The result names what failed."""
    started: float | None = None
    """Wall time its attempt began; of several the first that is at work."""


class StepLines:
    """The steps of a run, ready to be told row by row.

    Args:
        more: what marks a list that was cut.
    """

    def __init__(self, composites: Composites, steps: Sequence[StepRun], *, more: str = "…"):
        self._more = more
        self._composites = composites
        self._steps = {step.path: step for step in steps}
        self.states = composites.shown({step.path: step.state for step in steps})
        """By path, where each node stands for people."""
        self._items = composites.items(self._steps)
        self._spans = _spans(composites, steps)

    def is_usual(self, row: Row) -> bool:
        """Tell whether there is nothing to look at in a row."""
        return all(self.states[path].is_good or self.states[path] is Status.PENDING for path in row.members)

    def of(self, row: Row) -> StepLine:
        """Return what a row tells."""
        if row.is_untaken:
            return StepLine(state=Status.SKIPPED, result=reason_text(Reason.BRANCH))
        members = [self._steps[path] for path in row.members]
        if len(members) > 1:
            return self._family(members)
        (step,) = members
        result, is_bad = self._result(row.role, step)
        return StepLine(
            state=self.states[step.path],
            seconds=self._spans.get(step.path, step.seconds),
            cpu_seconds=step.cpu_seconds,
            peak_bytes=step.peak_bytes,
            tries=step.attempts,
            result=result,
            is_bad=is_bad,
            started=step.started,
        )

    def _family(self, members: Sequence[StepRun]) -> StepLine:
        counts = Counter(self.states[step.path] for step in members)
        failed = [step.path for step in members if step.state is Status.FAILURE]
        told = ", ".join(f"{counts[status]:,} {MARKS[status].word}" for status in Status if counts[status])
        if failed:
            more = self._more if len(failed) > FAILED_SHOWN else ""
            told += f": {', '.join(failed[:FAILED_SHOWN])}{more}"
        peaks = [step.peak_bytes for step in members if step.peak_bytes is not None]
        at_work = [step.started for step in members if step.state is Status.STARTED and step.started is not None]
        return StepLine(
            state=next(status for status in WORST_FIRST if counts[status]),
            seconds=_sum([step.seconds for step in members]),
            cpu_seconds=_sum([step.cpu_seconds for step in members]),
            peak_bytes=max(peaks, default=None),
            result=clean(told),
            is_bad=bool(failed),
            started=min(at_work, default=None),
        )

    def _result(self, role: Role, step: StepRun) -> tuple[str, bool]:
        note = self._note(role, step)
        if step.state is Status.FAILURE:
            cause = step.error.type if step.error is not None else reason_text(step.reason)
            recovery = self._steps.get(f"{step.path}/{ON_FAILURE}")
            note += ["its on_failure took over"] if recovery is not None and recovery.state.is_good else []
            return clean(", ".join([cause, *note])), True
        if not step.state.is_good:
            return clean(", ".join([text for text in (reason_text(step.reason), *note) if text])), False
        note += [f"from {step.cached_from[:8]}"] if step.cached_from else []
        outputs = [f"{each.name} {size_text(each.ref.size)}" for each in step.outputs if each.role not in _UNSHOWN]
        return clean(", ".join([*note, *outputs])), False

    def _note(self, role: Role, step: StepRun) -> list[str]:
        """Return what became of a composite: its items, its turns, the branch it took."""
        if role is Role.MAP:
            return _map_note(self._items.get(step.path), is_over=step.state.is_good)
        if role is Role.LOOP and step.path in self._items:
            return [plural(self._items[step.path], "iteration")]
        if role is Role.CONDITIONAL:
            word = _word(self._steps.get(f"{step.path}/{CHOICE}"))
            return [] if word is None else [f"branch {word}"]
        return []


def _map_note(items: int | None, *, is_over: bool) -> list[str]:
    """Return how many items a map has; nothing while that is not known."""
    return [plural(items, "item")] if items is not None else ["no items"] if is_over else []


def _word(choice: StepRun | None) -> str | None:
    """Return the branch that a choice named; None before it did."""
    for output in choice.outputs if choice is not None else ():
        if output.name == "branch" and output.ref.inline is not None and output.ref.serializer == "json":
            return clean(str(json.loads(output.ref.inline)))
    return None


def _spans(composites: Composites, steps: Sequence[StepRun]) -> Mapping[str, float]:
    """Return the seconds from the first start to the last end inside of each composite that has ended."""
    ended = {step.path for step in steps if step.state.is_good or step.state is Status.FAILURE}
    found: dict[str, tuple[float, float]] = {}
    for step in steps:
        if step.started is None or step.seconds is None:
            continue
        end = step.started + step.seconds
        for composite in (*composites.around(step.path), step.path):
            if composite in ended and composites.role(composite).is_composite:
                first, last = found.get(composite, (step.started, end))
                found[composite] = min(first, step.started), max(last, end)
    return {path: last - first for path, (first, last) in found.items()}


def _sum(seconds: Sequence[float | None]) -> float | None:
    known = [each for each in seconds if each is not None]
    return sum(known) if known else None
