"""What a run of the lifecycle says at its end: the generation it committed, or what it predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.engines import SINK
from ..core.errors import GraftError
from ..core.lineages import Generation
from ..core.runs import Run
from ..core.states import Status
from .card import Shown
from .look import Ink, Look
from .text import clean

if TYPE_CHECKING:
    from ..core.trials import SearchSpec
    from ..core.workspace import Workspace

_METRICS = 3
"""Metrics that fit the line when none of them is the score."""


def ending(look: Look, space: Workspace, shown: Shown) -> list[str]:
    """Return the last lines of a run that trained, applied or evaluated; none when it did not succeed."""
    run, spec = shown.run, shown.spec
    if run.state is not Status.SUCCESS or spec is None:
        return []
    if spec.search is not None:
        return _tuned(look, space, run, spec.search)
    if spec.lifecycle is None:
        return []
    if run.action == "apply":
        return _written(space, shown)
    if run.action == "train" and run.lineage is not None and run.generation is not None:
        known = _generations(space, spec.lifecycle.registry, spec.lifecycle.project, run.lineage)
        return ["", committed_line(look, spec.lifecycle.project, run.lineage, run.generation, known)]
    return []


def committed_line(look: Look, project: str, lineage: str, number: int, known: Mapping[int, Generation]) -> str:
    """Return the line on a new generation: `churn 0.2.0 generation 3 · auc 0.91 (▲ 0.01 against 2)`.

    Args:
        known: generations of its lineage by number; empty when they cannot be read.
    """
    name = look.paint(clean(f"{project} {lineage} generation {number}"), Ink.BOLD)
    made = known.get(number)
    if made is None:
        return name
    before = known.get(made.draft.parent or number - 1)
    parts = [name, *_metrics(look, made, before)]
    if made.same_as is not None:
        parts.append(f"the same as {made.same_as}")
    return look.dot.join(parts)


def _metrics(look: Look, made: Generation, before: Generation | None) -> Iterator[str]:
    metrics = {key: value for key, value in made.draft.metrics.items() if _is_number(value)}
    for key, value in list(metrics.items())[:_METRICS]:
        old = None if before is None else before.draft.metrics.get(key)
        yield f"{clean(key)} {value:.4g}" + (f" ({_change(look, value, old, before)})" if _is_number(old) else "")


def _change(look: Look, value: Any, old: Any, before: Generation | None) -> str:
    number = "" if before is None else f" against {before.number}"
    if value == old:
        return f"as{number.removeprefix(' against')}"
    up, down = ("+", "-") if look.is_ascii else ("▲ ", "▼ ")
    return f"{up if value > old else down}{abs(value - old):.2g}{number}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _tuned(look: Look, space: Workspace, run: Run, search: SearchSpec) -> list[str]:
    """Return the line on the generation that was trained with the best parameters."""
    if run.lineage is None or run.generation is None:
        return []
    known = _generations(space, search.registry, run.project, run.lineage)
    return ["", committed_line(look, run.project, run.lineage, run.generation, known)]


def _generations(space: Workspace, registry: str | None, project: str, version: str) -> dict[int, Generation]:
    try:
        found = space.parts.registry_at(registry).generations(project, version)
    except GraftError:
        return {}
    return {each.number: each for each in found}


def _written(space: Workspace, shown: Shown) -> list[str]:
    """Return what the sinks printed: the table, or where it was written."""
    lines: list[str] = []
    for step in shown.steps:
        if step.path.partition("-")[0] == SINK and step.state is Status.SUCCESS:
            data = b"".join(chunk.data for chunk in space.logs(shown.run.id, step.path) if chunk.stream == "stdout")
            lines += data.decode("utf-8", "replace").splitlines()
    return ["", *(clean(line) for line in lines)] if lines else []
