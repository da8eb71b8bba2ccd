"""Records of a registry as JSON and back: what registries keep, exports hold and `list --json` prints.

What has its default is left out; unknown keys are ignored on the way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from .artifacts import ArtifactRef
from .canonical import plain, rich
from .codec import Document
from .ids import RunId
from .lineages import Generation, GenerationDraft, Lineage, LineageDraft, Manifest, Move, Place, State
from .records import names_of


def lineage_to_json(lineage: Lineage | LineageDraft) -> Document:
    """Return a lineage; how many generations it has is the registry's to count."""
    return {
        "project": lineage.project,
        "version": lineage.version,
        "manifest": _filled(lineage.manifest),
        "files": dict(lineage.files),
        "created": lineage.created,
    }


def lineage_from_json(document: Mapping[str, Any], *, code: str, generations: int) -> Lineage:
    """Return the lineage that `lineage_to_json` wrote.

    Raises:
        KeyError: it is none.
    """
    manifest = _known(Manifest, document["manifest"])
    manifest["sys_path"] = tuple(manifest.get("sys_path", ()))
    return Lineage(
        project=document["project"],
        version=document["version"],
        manifest=Manifest(**manifest),
        files=document["files"],
        code=code,
        created=document["created"],
        generations=generations,
    )


def generation_to_json(generation: Generation) -> Document:
    """Return a generation: its number, what it is of, and its states as name, digest, size and serializer."""
    document = _filled(generation.draft)
    document["states"] = [[name, ref.sha256, ref.size, ref.serializer] for name, ref in generation.draft.states]
    same = {} if generation.same_as is None else {"same_as": generation.same_as}
    return {"number": generation.number, **same, **document}


def generation_from_json(document: Mapping[str, Any]) -> Generation:
    """Return the generation that `generation_to_json` wrote.

    Raises:
        KeyError: it is none.
    """
    draft = _known(GenerationDraft, document)
    draft["states"] = tuple(
        State(name, ArtifactRef(sha256, size, serializer)) for name, sha256, size, serializer in document["states"]
    )
    draft |= {name: rich(draft[name]) for name in ("params", "metrics", "lower", "upper") if name in draft}
    if draft.get("run") is not None:
        draft["run"] = RunId(draft["run"])
    return Generation(number=document["number"], draft=GenerationDraft(**draft), same_as=document.get("same_as"))


def move_to_json(move: Move) -> Document:
    """Return one move of an alias."""
    return _filled(move)


def move_from_json(document: Mapping[str, Any]) -> Move:
    """Return the move that `move_to_json` wrote.

    Raises:
        KeyError: it is none.
    """
    known = _known(Move, document)
    places = {name: None if known.get(name) is None else Place(*known[name]) for name in ("to", "before")}
    return Move(**{**known, **places})


def _filled(record: Any) -> Document:
    found: Document = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if value == field.default or (field.default_factory is not MISSING and value == field.default_factory()):
            continue
        found[field.name] = plain(list(value) if isinstance(value, tuple) else value)
    return found


def _known(kind: Any, document: Mapping[str, Any]) -> Document:
    names = set(names_of(kind))
    return {name: value for name, value in document.items() if name in names}
