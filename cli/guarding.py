"""The section on what steps used and did not declare, in the closing words of a run and in `show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..core.records import dataclass, field
from ..core.undeclared import Undeclared
from .look import Ink, Look
from .text import clean, cut, plural

if TYPE_CHECKING:
    from .card import Shown  # it has the section on its screen

USES_SHOWN = 8
"""Uses of one step that are listed."""
STEPS_SHOWN = 20


@dataclass(slots=True)
class _Told:
    """Of one step, or of the same step of all items of a map."""

    uses: dict[tuple[str, str], None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    suggestions: dict[str, None] = field(default_factory=dict)

    def add(self, found: Undeclared) -> None:
        """Take in what one attempt used."""
        self.uses |= dict.fromkeys(found.uses)
        self.children |= dict.fromkeys(found.children)
        if found.suggestion:
            self.suggestions[found.suggestion] = None


def guard_lines(look: Look, shown: Shown) -> list[str]:
    """Return the section, after an empty line; nothing when nobody looked."""
    if not shown.guards:
        is_on = shown.spec is not None and shown.spec.guard is not None
        return ["", look.paint("nothing was used that is not declared", Ink.DIM)] if is_on else []
    from .table import Column, table  # for runs that somebody guarded

    steps = _by_step(shown)
    lines = ["", look.paint("used and not declared", Ink.DIM)]
    rows = [row for name, told in list(steps.items())[:STEPS_SHOWN] for row in _rows(name, told)]
    if rows:
        heads = [Column(title="STEP", shrinks=True), Column(title="WHAT"), Column(title="NAME", shrinks=True)]
        lines += table(look, heads, rows, indent=2)
    if len(steps) > STEPS_SHOWN:
        lines.append(look.said(f"  … {plural(len(steps) - STEPS_SHOWN, 'more step')} (--json shows all)"))
    return lines + _remarks(look, steps)


def _by_step(shown: Shown) -> Mapping[str, _Told]:
    families = {step.path: step.family or step.path for step in shown.steps}
    found: dict[str, _Told] = {}
    for path, report in shown.guards.items():
        found.setdefault(families.get(path, path), _Told()).add(report)
    return found


def _rows(name: str, told: _Told) -> list[Sequence[str]]:
    uses = list(told.uses)
    rows: list[Sequence[str]] = [("", kind, used) for kind, used in uses[:USES_SHOWN]]
    if len(uses) > USES_SHOWN:
        rows.append(("", "", f"and {len(uses) - USES_SHOWN} more (--json shows all)"))
    return [(name, *rows[0][1:]), *rows[1:]] if rows else []


def _remarks(look: Look, steps: Mapping[str, _Told]) -> list[str]:
    """Return what would declare it, whole so that it can be pasted, and where nobody could look."""
    lines = []
    for name, told in list(steps.items())[:STEPS_SHOWN]:
        lines += [f"  {clean(name)}: {clean(text)}" for text in told.suggestions]
    if lines:
        lines.insert(0, look.paint("to declare it", Ink.DIM))
    for name, told in list(steps.items())[:STEPS_SHOWN]:
        if told.children:
            started = ", ".join(told.children)
            line = f"  {name} started {started}: what that used was not seen"
            lines.append(cut(clean(line), look.width, ellipsis=look.ellipsis))
    return lines
