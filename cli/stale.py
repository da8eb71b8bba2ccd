"""The steps a retry keeps although they would come out otherwise now, as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.requests import StaleStep
from .text import clean

CAUSES_SHOWN = 3
STEPS_SHOWN = 12
"""Of a map of ten thousand items each may be one."""


def stale_lines(steps: Sequence[StaleStep], end: str = "; kept") -> list[str]:
    """Return a line for each of the first steps: `features: helpers.py:clean changed; kept`."""
    lines = [clean(f"{step.path}: {_cause(step)}{end}") for step in steps[:STEPS_SHOWN]]
    more = len(steps) - len(lines)
    return [*lines, f"and {more:,} more{end}"] if more else lines


def stale_document(step: StaleStep) -> dict[str, Any]:
    """Return one as JSON."""
    causes = [{"kind": each.kind.value, "name": each.name, "old": each.old, "new": each.new} for each in step.causes]
    return {"step": step.path, "causes": causes, "detail": step.detail}


def _cause(step: StaleStep) -> str:
    if not step.causes:
        return f"cannot be compared any more: {step.detail}"
    names = [each.name for each in step.causes[:CAUSES_SHOWN]]
    more = len(step.causes) - len(names)
    return f"{', '.join(names)}{f' and {more} more' if more else ''} changed"
