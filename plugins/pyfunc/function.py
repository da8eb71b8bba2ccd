"""A generation as a function: rows in, predictions out. Built once, states preloaded; for serving and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.artifacts import Output
from ...core.engines import outputs_of
from ...core.errors import InvalidError
from ...core.graph import CallKind, Graph
from ...core.learning import SOURCE
from ...core.supply import Upstream
from ...worker.context import WorkerContext
from ..feeds.table import table_of
from .units import Unit, Units


class PyFunc:
    """What a pipeline applies, as one synchronous call.

    Args:
        graph: compiled to apply.
        context: what attempts share; its code is importable.
        states: outputs of the generation by path.
        address: of the generation, for messages.

    Raises:
        InvalidError: a step is no function; or another copy of a project module is imported in this process already.
    """

    def __init__(
        self, graph: Graph, context: WorkerContext, states: Mapping[str, Sequence[Output]], address: str = ""
    ) -> None:
        self.address = address
        """Of the generation: `churn/0.2.0/3`."""
        if not any(each.call.kind is CallKind.FEED for each in graph.operations):
            raise InvalidError(f"pipeline '{graph.name}' has no source, so there is nothing to give rows to")
        units = Units(graph, context, states)
        features = graph.operation_of(SOURCE).returns[0].name
        self._features = units.slot(Upstream(SOURCE, features))
        self._outputs = {name: units.getter(value) for name, value in outputs_of(graph).items()}
        self._only = next(iter(self._outputs.values())) if len(self._outputs) == 1 else None
        called = [unit for unit in units.units if unit.node.path != SOURCE and not _is_sink(graph, unit.node.operation)]
        self._calls = [unit.direct() or _guarded(unit) for unit in called]
        self._start = units.values()

    def __call__(self, rows: Any) -> Any:
        """Return what the pipeline makes of rows: its one output, or a dict of them by name.

        Args:
            rows: the table of features: a DataFrame as the steps take it, handed on as it is; else column -> list, one
                row as column -> value, or a list of such rows, which become a table first.
        """
        values = self._start.copy()
        values[self._features] = _table(rows)
        for call in self._calls:
            call(values)
        if self._only is not None:
            return self._only(values)
        return {name: get(values) for name, get in self._outputs.items()}

    def __repr__(self) -> str:
        return f"<pyfunc {self.address}>"


def _guarded(unit: Unit) -> Callable[[list[Any]], object]:
    def call(values: list[Any]) -> None:
        if unit.is_taken(values):
            unit.call(values)

    return call


def _table(rows: Any) -> Any:
    if isinstance(rows, list):
        names = dict.fromkeys(name for row in rows for name in row)
        return table_of({name: [row.get(name) for row in rows] for name in names})
    if isinstance(rows, dict):
        is_row = not any(isinstance(value, list | tuple) for value in rows.values())
        return table_of({name: [value] if is_row else list(value) for name, value in rows.items()})
    return rows


def _is_sink(graph: Graph, operation: int) -> bool:
    return graph.operations[operation].call.kind is CallKind.SINK
