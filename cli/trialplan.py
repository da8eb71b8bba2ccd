"""What `sweep -n` and `tune -n` say: which trials there would be, and what of each would run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.children import request_of
from ..core.plans import Fate, Plan
from ..core.quantities import duration_text
from ..core.records import dataclass, replace
from ..core.trials import Told
from .look import Ink, Look, look_of
from .options import Options
from .printer import put, put_document
from .table import Column, table
from .text import clean, plural

if TYPE_CHECKING:
    from ..core.searches import Sought
    from ..core.workspace import Workspace

PLANNED = 50
"""Trials that are compiled to see what would be reused: each takes some 40 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    told: Told
    plan: Plan | None
    """None: it was not compiled."""


def show_trials(space: Workspace, options: Options, sought: Sought, trials: Sequence[Told]) -> int:
    """Print the trials of a search; write and start nothing."""
    lines = [_Line(number=at, told=told, plan=_plan(space, sought, told, at)) for at, told in enumerate(trials, 1)]
    record = sought.spec.search
    assert record is not None
    if options.is_json:
        put_document(
            {
                "schema": 1,
                "pipeline": sought.spec.pipeline,
                "action": sought.spec.action,
                "count": record.count,
                "trials": [_document(each) for each in lines],
            }
        )
        return 0
    look = look_of(is_plain=options.is_plain)
    name = look.paint(clean(sought.spec.pipeline), Ink.BOLD)
    put(f"{name}{look.dot}{plural(record.count, 'trial')}; nothing was started")
    if lines:
        put(["", *_table(look, lines)])
    else:
        put(f"  {', '.join(map(clean, record.names))}: what is tried is chosen as the search goes on")
    return 0


def _plan(space: Workspace, sought: Sought, told: Told, number: int) -> Plan | None:
    if number > PLANNED:
        return None
    record = sought.spec.search
    assert record is not None
    run = replace(sought.first.run, params={**record.params, **told})
    prepared = space.lifecycle.trial(request_of(record, run), record.mode)
    return space.inquiry.plan_of(prepared.spec, prepared.loaded)


def _table(look: Look, lines: Sequence[_Line]) -> list[str]:
    names = list(dict.fromkeys(name for each in lines for name in each.told))
    heads = [
        Column(title="TRIAL", is_right=True),
        *(Column(title=name, is_right=True, shrinks=True) for name in names),
        Column(title="RUN", is_right=True),
        Column(title="REUSED", is_right=True),
        Column(title="ABOUT", is_right=True, rank=1),
    ]
    rows = [[str(each.number), *(each.told.get(name, "") for name in names), *_counts(each.plan)] for each in lines]
    return table(look, heads, rows, indent=2)


def _counts(plan: Plan | None) -> list[str]:
    if plan is None:
        return ["", "", ""]
    runs = f"{len(plan.of(Fate.RUN)) + len(plan.of(Fate.MAY_RUN)):,}"
    about = plan.longest_s
    return [runs, f"{len(plan.of(Fate.REUSE)):,}", "" if about is None else duration_text(about)]


def _document(line: _Line) -> dict[str, object]:
    plan = line.plan
    found: dict[str, object] = {"trial": line.number, "params": dict(line.told)}
    if plan is not None:
        for word, fate in (("run", Fate.RUN), ("may_run", Fate.MAY_RUN), ("reused", Fate.REUSE)):
            found[word] = [step.path for step in plan.of(fate)]
    return found
