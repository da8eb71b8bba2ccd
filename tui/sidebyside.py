"""Runs side by side: what differs between the first of some runs and each of the others, as rows of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..core.codechanges import Hunk
from ..core.comparing import Comparison, Difference
from ..core.quantities import duration_text
from ..core.records import dataclass
from ..core.runs import Run
from ..core.signs import MARKS
from ..core.states import Status
from ..core.text import metric_text
from .screens.runlines import value_text

NOTHING = "none"
_LESS_IS_BETTER = re.compile(
    r"loss|err|rmse|mae\b|mse|mape|latency|seconds|time|_ms\b|regret|perplexity", re.IGNORECASE
)
"""Metrics of which people want little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing of all runs."""

    section: str
    name: str
    values: tuple[str, ...]
    """In the order of the runs."""
    is_same: bool
    best: frozenset[int] = frozenset()
    """Positions of the best values; empty where there is no better."""
    hunks: tuple[tuple[Hunk, ...], ...] = ()
    """Of code: by run what changed from the first one."""

    @property
    def id(self) -> str:
        """Return what names the row for good."""
        return f"{self.section}:{self.name}"


def rows_of(found: Sequence[Comparison]) -> list[Row]:
    """Return the rows of runs, each compared with the first; what differs first is what a person changes first."""
    rows = [_states(found), *_firsts(found)]
    rows += _section("parameters", found, lambda each: each.params, value_text)
    rows += _metrics(found)
    rows += _code(found)
    rows += _section("environment", found, lambda each: _plain(each.environment), value_text)
    rows += _variables(found)
    rows += _section("data", found, lambda each: each.data, _digest)
    rows += _section("durations", found, lambda each: each.durations, duration_text)
    rows += _section("states", found, lambda each: each.states, _state)
    return rows


def runs_of(found: Sequence[Comparison]) -> list[Run]:
    """Return the runs, the first one first."""
    return [found[0].old, *(each.new for each in found)] if found else []


def best_of(name: str, numbers: Sequence[object]) -> frozenset[int]:
    """Return the positions of the best of some numbers; none when they are equal, or some are no numbers."""
    real = {at: each for at, each in enumerate(numbers) if isinstance(each, int | float) and not isinstance(each, bool)}
    finite = {at: float(each) for at, each in real.items() if each == each}
    if len(finite) < 2 or len(set(finite.values())) < 2:
        return frozenset()
    wanted = min(finite.values()) if _LESS_IS_BETTER.search(name) else max(finite.values())
    return frozenset(at for at, each in finite.items() if each == wanted)


def _states(found: Sequence[Comparison]) -> Row:
    words = tuple(MARKS[run.state].word for run in runs_of(found))
    return Row(section="", name="state", values=words, is_same=len(set(words)) == 1)


def _firsts(found: Sequence[Comparison]) -> Iterator[Row]:
    values = [""]
    for each in found:
        first = each.first
        values.append("" if first is None else first.path)
    yield Row(section="", name="first to differ", values=tuple(values), is_same=not any(values))


def _section(
    title: str,
    found: Sequence[Comparison],
    rows: Callable[[Comparison], Sequence[Difference]],
    told: Callable[[Any], str],
) -> Iterator[Row]:
    for name, values, is_same in _joined(found, rows):
        texts = tuple(NOTHING if each is None else told(each) for each in values)
        yield Row(section=title, name=name or "the run", values=texts, is_same=is_same)


def _metrics(found: Sequence[Comparison]) -> Iterator[Row]:
    for name, values, is_same in _joined(found, lambda each: each.metrics):
        texts = tuple(NOTHING if each is None else metric_text(each) for each in values)
        yield Row(section="metrics", name=name, values=texts, is_same=is_same, best=best_of(name, values))


def _code(found: Sequence[Comparison]) -> Iterator[Row]:
    files = list(dict.fromkeys(file.file for each in found for file in each.code))
    for name in files:
        values, is_same = [""], True
        gathered: list[tuple[Hunk, ...]] = [()]
        for each in found:
            file = next((one for one in each.code if one.file == name), None)
            if file is None or file.is_same:
                values.append("equal")
                gathered.append(())
                continue
            is_same = False
            added, removed = file.stat
            became = "new " if file.old is None else "gone " if file.new is None else ""
            values.append(f"{became}+{added} -{removed}" if file.hunks else became.strip() or "changed")
            gathered.append(file.hunks)
        yield Row(section="code", name=name, values=tuple(values), is_same=is_same, hunks=tuple(gathered))


def _variables(found: Sequence[Comparison]) -> Iterator[Row]:
    """Yield environment variables: not even a digest of them is told, for it could be guessed."""
    for name, values, is_same in _joined(found, lambda each: [one for one in each.environment if one.name[:1] == "$"]):
        texts = tuple("" if at == 0 else "equal" if each == values[0] else "another" for at, each in enumerate(values))
        yield Row(section="environment", name=name, values=texts, is_same=is_same)


def _plain(rows: Sequence[Difference]) -> list[Difference]:
    return [each for each in rows if not each.name.startswith("$")]


def _joined(
    found: Sequence[Comparison], rows: Callable[[Comparison], Sequence[Difference]]
) -> Iterator[tuple[str, list[Any], bool]]:
    """Yield name, values of all runs, and whether they count as the same."""
    tables = [{each.name: each for each in rows(comparison)} for comparison in found]
    for name in dict.fromkeys(name for table in tables for name in table):
        first = next(table[name].old for table in tables if name in table)
        values = [first, *(table[name].new if name in table else None for table in tables)]
        yield name, values, all(table[name].is_same if name in table else first is None for table in tables)


def _digest(value: Any) -> str:
    return str(value)[:8]


def _state(value: Any) -> str:
    return MARKS[Status(value)].word if value in Status.__members__ else str(value)
