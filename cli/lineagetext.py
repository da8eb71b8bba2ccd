"""Projects, lineages and generations as tables and cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.graph import Json
from ..core.lineageanswers import place_text, standing_at
from ..core.lineages import Generation, Lineage, Place, Project
from ..core.moments import ago
from ..core.quantities import size_text
from .look import Ink, Look
from .table import Cell, Column, table
from .text import clean, metric_text, plural

METRICS = 4
"""Metrics that have a column of their own; `list ADDRESS` of a generation has all."""


def project_lines(look: Look, projects: Sequence[Project]) -> list[str]:
    """Return a table of projects."""
    heads = [
        Column(title="PROJECT", shrinks=True),
        Column(title="RELEASES", is_right=True),
        Column(title="NEWEST"),
        Column(title="ALIASES", shrinks=True, rank=1),
    ]
    rows: list[list[Cell | str]] = [
        [
            each.name,
            str(each.lineages),
            each.newest or look.dash,
            ", ".join(f"@{name} {place_text(place)}" for name, place in each.aliases.items()),
        ]
        for each in projects
    ]
    return table(look, heads, rows)


def lineage_lines(
    look: Look, lineages: Sequence[tuple[Lineage, Sequence[Generation]]], aliases: Mapping[str, Place], now: float
) -> list[str]:
    """Return a table of lineages, newest first."""
    heads = [
        Column(title="LINEAGE", shrinks=True),
        Column(title="GENERATIONS", is_right=True),
        Column(title="SCORE", is_right=True),
        Column(title="ALIASES", shrinks=True),
        Column(title="WHEN", rank=2),
        Column(title="CODE", rank=3),
        Column(title="ABOUT", shrinks=True, rank=1),
    ]
    rows: list[list[Cell | str]] = []
    for lineage, generations in reversed(lineages):
        standing = [f"@{name} {place.number}" for name, place in aliases.items() if place.version == lineage.version]
        rows.append(
            [
                Cell(lineage.version, (Ink.DIM,)) if lineage.is_dev else lineage.version,
                str(len(generations)),
                "" if not generations else _number(generations[-1].draft.score),
                Cell(", ".join(standing), (Ink.GREEN,)),
                ago(lineage.created, now),
                code_text(lineage),
                lineage.manifest.description or "",
            ]
        )
    return table(look, heads, rows)


def generation_lines(
    look: Look, generations: Sequence[Generation], aliases: Mapping[str, Place], now: float
) -> list[str]:
    """Return a table of the generations of a lineage, newest first."""
    names = _metric_names(generations)
    heads = [
        Column(title="GENERATION", is_right=True),
        Column(title="ALIAS"),
        Column(title="SCORE", is_right=True),
        *(Column(title=name, is_right=True, shrinks=True, rank=4) for name in names),
        Column(title="UP TO", rank=5),
        Column(title="WHEN", rank=2),
        Column(title="RUN", rank=3),
        Column(title="NOTE", shrinks=True, rank=1),
    ]
    rows: list[list[Cell | str]] = [
        [
            str(each.number),
            Cell(", ".join(f"@{name}" for name in standing_at(each, aliases)), (Ink.GREEN,)),
            _number(each.draft.score),
            *(_number(each.draft.metrics.get(name)) for name in names),
            "" if each.draft.upper is None else str(each.draft.upper),
            ago(each.draft.created, now),
            (each.draft.run or "")[:6],
            note_text(each),
        ]
        for each in reversed(generations)
    ]
    return table(look, heads, rows)


def generation_card(
    look: Look, lineage: Lineage, generation: Generation, aliases: Mapping[str, Place], now: float
) -> Iterator[str]:
    """Yield the lines that tell all of a generation."""
    draft = generation.draft
    names = " ".join(f"@{name}" for name in standing_at(generation, aliases))
    yield f"{look.paint(clean(generation.address), Ink.BOLD)}  {look.paint(names, Ink.GREEN)}".rstrip()
    bounds = "" if draft.lower is None and draft.upper is None else f"{_bound(draft.lower)} to {_bound(draft.upper)}"
    facts = [
        ("made", f"{ago(draft.created, now)} by run {draft.run or look.dash} ({draft.runner})"),
        ("note", note_text(generation)),
        ("code", code_text(lineage)),
        ("score", "" if draft.score is None else f"{metric_text(draft.score)} ({draft.direction})"),
        ("data", bounds),
        ("params", ", ".join(f"{name}={_value(value)}" for name, value in draft.params.items())),
    ]
    for name, text in facts:
        if text:
            yield f"  {name:<8} {clean(text)}"
    yield from _block(look, "METRIC", "VALUE", [[name, _value(value)] for name, value in draft.metrics.items()])
    states = [[name, size_text(ref.size), ref.serializer, ref.sha256[:12]] for name, ref in draft.states]
    yield ""
    heads = [
        Column(title="STATE", shrinks=True),
        Column(title="SIZE", is_right=True),
        Column(title="FORMAT"),
        Column(title="SHA256"),
    ]
    yield from table(look, heads, states)


def code_text(lineage: Lineage) -> str:
    """Return which commit and branch a lineage is of, else its code's digest."""
    manifest = lineage.manifest
    if manifest.git is None:
        return lineage.code[:8]
    branch = f" on {manifest.branch}" if manifest.branch else ""
    return f"git {manifest.git[:8]}{branch}{', changed since' if manifest.dirty else ''}"


def note_text(generation: Generation) -> str:
    """Return what is odd about where a generation comes from."""
    draft = generation.draft
    told = []
    if generation.same_as is not None:
        told.append(f"same as {generation.same_as}")
    if draft.origin in ("carry", "copy") and draft.source:
        told.append(f"{'carried' if draft.origin == 'carry' else 'copied'} from {draft.source}")
    elif draft.origin == "tune":
        told.append("tuned")
    if draft.parent is not None:
        told.append(f"trained further from {draft.parent}")
    return ", ".join(told)


def listed_text(count: int, dev: int) -> str:
    """Return how many lineages there are, in words."""
    return plural(count, "release") + (f", {plural(dev, 'development version')} (--all)" if dev else "")


def _block(look: Look, name: str, value: str, rows: list[list[str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield from table(look, [Column(title=name, shrinks=True), Column(title=value, is_right=True)], rows)


def _metric_names(generations: Sequence[Generation]) -> list[str]:
    names = [
        name
        for each in generations
        for name, value in each.draft.metrics.items()
        if isinstance(value, int | float) and value != each.draft.score
    ]
    return list(dict.fromkeys(names))[:METRICS]


def _number(value: Any) -> str:
    return metric_text(value) if isinstance(value, int | float) else ""


def _value(value: Json) -> str:
    return metric_text(value) if isinstance(value, int | float) else str(value)


def _bound(value: Json) -> str:
    return "the first" if value is None else str(value)
