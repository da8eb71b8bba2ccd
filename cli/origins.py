"""`graft show --params`: every argument of every step, where its value came from, and what that hides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..core.provenance import Origins, Provenance
from ..core.runs import RunSpec, StepRun
from .look import Ink, Look
from .table import Cell, Column, table
from .text import clean

HEADS = (
    Column(title="STEP", shrinks=True),
    Column(title="PARAMETER", shrinks=True),
    Column(title="VALUE", shrinks=True),
    Column(title="FROM", shrinks=True),
    Column(title="HIDES", shrinks=True, rank=1),
)


def origin_lines(look: Look, spec: RunSpec, steps: Sequence[StepRun]) -> list[str]:
    """Return the lines of the table; steps that take nothing are left out."""
    origins = Origins(spec.graph, spec.environment)
    rows = [row for step in steps for row in _rows(step.path, origins.of(step.path))]
    return table(look, HEADS, rows) if rows else ["no step takes a parameter"]


def _rows(path: str, found: dict[str, Provenance]) -> Iterator[list[Cell | str]]:
    shown = path
    for name, each in found.items():
        inks = (Ink.DIM,) if each.origin == "default" else ()
        hidden = ", ".join(_hidden(one.where, one.value) for one in each.hidden)
        yield [shown, Cell(name, inks), Cell(each.value, inks), Cell(each.where, inks), Cell(hidden, (Ink.DIM,))]
        shown = ""  # once for all of its arguments


def _hidden(where: str, value: str) -> str:
    # "-p C" and "execute() C" name what they set already; the others say where it stands.
    return clean(f"{where}={value}" if where.startswith(("-p ", "environment ")) else f"{where}: {value}")
