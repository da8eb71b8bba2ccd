"""What registries hold and what was done to them, as JSON documents for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .copying import Sent, Shipment
from .document import instant, jsonable
from .gates import Outcome
from .lineages import Generation, Lineage, Move, Place, Project


def project_document(project: Project) -> dict[str, Any]:
    """Return a project."""
    return {
        "project": project.name,
        "created": instant(project.created),
        "lineages": project.lineages,
        "newest": project.newest,
        "aliases": {name: place_text(place) for name, place in project.aliases.items()},
    }


def lineage_document(lineage: Lineage) -> dict[str, Any]:
    """Return a lineage."""
    manifest = lineage.manifest
    return {
        "address": lineage.address,
        "project": lineage.project,
        "lineage": lineage.version,
        "is_dev": lineage.is_dev,
        "created": instant(lineage.created),
        "generations": lineage.generations,
        "target": manifest.target,
        "pipeline": manifest.pipeline,
        "description": manifest.description,
        "code": {"git": manifest.git, "branch": manifest.branch, "dirty": manifest.dirty, "key": lineage.code},
        "python": manifest.python,
        "requirements": dict(manifest.requirements),
        "files": dict(lineage.files),
    }


def generation_document(generation: Generation, aliases: Mapping[str, Place]) -> dict[str, Any]:
    """Return a generation, with the aliases that stand at it."""
    draft = generation.draft
    return {
        "address": generation.address,
        "project": draft.project,
        "lineage": draft.version,
        "generation": generation.number,
        "aliases": standing_at(generation, aliases),
        "created": instant(draft.created),
        "score": draft.score,
        "direction": draft.direction,
        "metrics": jsonable(dict(draft.metrics)),
        "params": jsonable(dict(draft.params)),
        "lower": jsonable(draft.lower),
        "upper": jsonable(draft.upper),
        "run": draft.run,
        "runner": draft.runner,
        "parent": draft.parent,
        "same_as": generation.same_as,
        "origin": draft.origin,
        "source": draft.source,
        "states": [
            {"name": name, "sha256": ref.sha256, "bytes": ref.size, "serializer": ref.serializer}
            for name, ref in draft.states
        ],
    }


def move_document(project: str, move: Move) -> dict[str, Any]:
    """Return a move of an alias."""
    return {
        "project": project,
        "alias": move.alias,
        "to": None if move.to is None else place_text(move.to),
        "before": None if move.before is None else place_text(move.before),
        "at": instant(move.at),
        "by": move.by,
        "why": move.why,
    }


def gate_documents(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return what came of each gate."""
    return [{"gate": each.text, "holds": each.holds, "values": each.told} for each in outcomes]


def shipment_document(shipment: Shipment, sent: Sequence[Sent] | None) -> dict[str, Any]:
    """Return what a copy sends; `sent` is what came of it, None when it is only planned."""
    there = {each.address: each.there for each in sent or ()}
    return {
        "is_sent": sent is not None,
        "items": [
            {"address": each.address, "there": there.get(each.address, each.there), "is_new": each.there is None}
            for each in shipment.items
        ],
        "missing": list(shipment.missing),
        "bytes": shipment.bytes,
        "aliases": {name: place_text(place) for name, place in shipment.aliases},
        "aliases_left": {name: place_text(place) for name, place in shipment.standing},
    }


def place_text(place: Place) -> str:
    """Return `0.2.0/3`."""
    return f"{place.version}/{place.number}"


def standing_at(generation: Generation, aliases: Mapping[str, Place]) -> list[str]:
    """Return the names of the aliases that stand at a generation."""
    place = Place(generation.draft.version, generation.number)
    return [name for name, each in aliases.items() if each == place]
