"""The numbers of a run by name: the last value, how it went there, and what the run before had."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..core.document import roll_up
from ..core.records import dataclass
from ..core.runs import StepRun
from ..core.text import metric_text

LISTED = 3
"""Items of a map whose values are shown one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """One metric."""

    name: str
    value: object
    """The last one; of a map's items the list of theirs."""
    points: tuple[tuple[float, float], ...]
    """Step (or position) and value, in the order they were told."""
    before: object = None
    """Its last value in the run before; None: that had none, or there is none."""

    @property
    def change(self) -> float | None:
        """Return by how much it has grown since the run before; None: they are no numbers."""
        both = (self.value, self.before)
        if any(isinstance(each, bool) or not isinstance(each, int | float) for each in both):
            return None
        return float(self.value) - float(self.before)  # type: ignore[arg-type] # both are numbers, as was just asked

    @property
    def odd(self) -> str:
        """Return how many of its values are no finite numbers, in words; empty: none."""
        nans = sum(math.isnan(y) for _, y in self.points)
        infinite = sum(math.isinf(y) for _, y in self.points)
        told = [f"{nans:,} NaN"] if nans else []
        return ", ".join(told + ([f"{infinite:,} infinite"] if infinite else []))

    @property
    def text(self) -> str:
        """Return its value for people; of many the least and the largest."""
        values = [y for _, y in self.points if math.isfinite(y)]
        if isinstance(self.value, list) and len(self.value) > LISTED and values:
            return f"{min(values):.3g} to {max(values):.3g}"
        return metric_text(self.value)


def metric_rows(steps: Sequence[StepRun], before: Mapping[str, object]) -> list[MetricRow]:
    """Return the metrics of a run, in definition order.

    Args:
        steps: of the run.
        before: last values of the run before, by name.
    """
    found = roll_up(steps)
    points: dict[str, list[tuple[float, float]]] = {}
    for step in steps:
        for point in step.metrics:
            if isinstance(point.value, int | float) and not isinstance(point.value, bool):
                told = points.setdefault(point.key, [])
                told.append((float(len(told) if point.step is None else point.step), float(point.value)))
    rows = []
    for name, value in found.items():
        series = points.get(name, [])
        if isinstance(value, list):
            series = [(float(at), float(each)) for at, each in enumerate(value) if isinstance(each, int | float)]
        if any(one[0] > two[0] for one, two in pairwise(series)):
            series = [(float(at), y) for at, (_, y) in enumerate(series)]  # several steps told it: one after the other
        rows.append(MetricRow(name=name, value=value, points=tuple(series), before=before.get(name)))
    return rows
