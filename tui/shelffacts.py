"""What is told of the row of a registry at the cursor: what it is compared with, and what differs here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib import metadata

from ..core.addresses import CHAMPION
from ..core.errors import GraftError
from ..core.gates import Outcome
from ..core.graph import Json
from ..core.lineageanswers import place_text
from ..core.lineages import Generation, Move, Place
from ..core.records import dataclass, replace
from ..core.registry import Registry, standing
from ..core.workspace import Workspace
from .shelf import Row

LAST = 60
"""Generations whose scores are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What stands beside one row."""

    row: Row
    moves: Sequence[Move] = ()
    """Of the project's aliases, oldest first; of a generation those from it and to it."""
    changed: Sequence[str] = ()
    """Files of the lineage that are not the same in the working copy."""
    is_here: bool = False
    """The working copy is of the same project, so that `changed` means something."""
    packages: Sequence[tuple[str, str, str]] = ()
    """Name, version it was released with and version here, where they differ; empty: it is not installed here."""
    champion: Generation | None = None
    """None: there is none, it is the generation itself, or it was removed."""
    previous: Generation | None = None
    """The generation before, of the same lineage."""
    scored: str = ""
    """What `scores` are: the name of a metric, or `score`."""
    scores: Sequence[tuple[float, float]] = ()
    """Number and score of the last generations, oldest first."""
    gates: Sequence[Outcome] = ()
    """Of the alias champion."""
    gate_problem: str = ""
    """Why the gates cannot be asked."""


def read_facts(space: Workspace, row: Row, root: str, siblings: Sequence[Generation] | None) -> Facts:
    """Return what is told of a row; for a thread.

    Args:
        space: with the registry at hand that the row is of.
        row: at the cursor.
        root: absolute root of the project; empty: not known.
        siblings: generations of its lineage, newest first; None: they were not read.

    Raises:
        GraftError: the registry cannot be read.
    """
    registry, name = space.parts.registry(), row.project.name
    moves = registry.history(name)
    if row.lineage is None:
        return Facts(row=row, moves=moves)
    here = bool(root) and name == space.parts.project
    known = siblings if siblings is not None else list(reversed(registry.generations(name, row.lineage.version)))
    scored = _scored(known if row.generation is None else [row.generation])
    shown = [each for each in known if row.generation is None or each.number <= row.generation.number]
    changed, packages = space.lineages.changed(row.lineage, root) if here else [], _packages(row)
    of_lineage = Facts(
        row=row,
        moves=[each for each in moves if _is_of(each, row.lineage.version)],
        changed=changed,
        is_here=here,
        packages=packages,
        scored=scored,
        scores=series(shown, scored),
    )
    if row.generation is None:
        return of_lineage
    place, stand = Place(row.lineage.version, row.generation.number), standing(moves)
    gates, problem = gates_of(space, row.generation, CHAMPION, stand)
    return replace(
        of_lineage,
        moves=[move for move in moves if place in (move.to, move.before)],
        champion=_champion(registry, row.generation, stand),
        previous=next((each for each in known if each.number < row.generation.number), None),
        gates=gates,
        gate_problem=problem,
    )


def gates_of(
    space: Workspace, generation: Generation, alias: str, stand: Mapping[str, Place]
) -> tuple[Sequence[Outcome], str]:
    """Return what comes of each gate of an alias for a generation, or why they cannot be asked."""
    try:
        outcomes = space.lineages.aliasing.outcomes(space.parts.registry(), generation, alias, stand.get(alias))
    except GraftError as error:
        return (), error.message
    return outcomes, ""


def number_of(generation: Generation, name: str) -> float | None:
    """Return a metric of a generation, or its score where no metric is called so; None: it has none, or no number."""
    draft = generation.draft
    value: Json = draft.metrics.get(name, draft.score if name == "score" else None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def series(generations: Sequence[Generation], name: str) -> list[tuple[float, float]]:
    """Return number and value of the newest generations, oldest first; what is not finite is left out."""
    numbers = [(each.number, number_of(each, name)) for each in generations[:LAST]]
    return [(float(at), value) for at, value in reversed(numbers) if value is not None and math.isfinite(value)]


def _scored(generations: Sequence[Generation]) -> str:
    """Return the metric that generations are ranked by, else the first that is a number."""
    for each in generations:
        if each.draft.score is not None:
            same = (name for name, value in each.draft.metrics.items() if value == each.draft.score)
            return next(same, "score")
        if found := next((name for name in each.draft.metrics if number_of(each, name) is not None), None):
            return found
    return "score"


def _champion(registry: Registry, generation: Generation, stand: Mapping[str, Place]) -> Generation | None:
    place = stand.get(CHAMPION)
    if place is None or place == Place(generation.draft.version, generation.number):
        return None
    found = registry.generations(generation.draft.project, place.version)
    return next((each for each in found if each.number == place.number), None)


def _is_of(move: Move, version: str) -> bool:
    return any(place is not None and place.version == version for place in (move.to, move.before))


def _packages(row: Row) -> list[tuple[str, str, str]]:
    assert row.lineage is not None
    found = [(name, version, installed(name)) for name, version in row.lineage.manifest.requirements.items()]
    return [each for each in found if each[1] != each[2]]


def installed(name: str) -> str:
    """Return the version of a package here; empty: it is not installed."""
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return ""


def move_text(move: Move) -> str:
    """Return where an alias went: `0.2.0/3 -> 0.2.0/4`, `none` where it stood or stands nowhere."""
    before, to = (("none" if place is None else place_text(place)) for place in (move.before, move.to))
    return f"{before} -> {to}"
