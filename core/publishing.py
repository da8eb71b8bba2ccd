"""What every registry decides alike: which lineage, generation or move is refused, and what a new one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .errors import ConflictError, MissingError
from .lineages import Generation, GenerationDraft, Lineage, LineageDraft, Move, Place
from .versions import canonical_version, is_dev, newest, parsed


class Known(Protocol):
    """What is known of a registry while it is being changed: it, or its state inside the transaction."""

    def lineages(self, project: str) -> list[Lineage]:
        """Return the lineages of a project."""
        ...

    def generations(self, project: str, version: str) -> list[Generation]:
        """Return the generations of a lineage."""
        ...

    def aliases(self, project: str) -> Mapping[str, Place]:
        """Return where each alias stands."""
        ...


def refuse_lineage(draft: LineageDraft, known: Sequence[Lineage]) -> Lineage | None:
    """Refuse a version that cannot be published; return the lineage when it is published already, with this code.

    Raises:
        InvalidError: the version is none.
        ConflictError: it is not greater than the newest, or there with other code.
    """
    version = canonical_version(draft.version)
    for each in known:
        if parsed(each.version) == parsed(version):
            if dict(each.files) == dict(draft.files) and each.manifest.target == draft.manifest.target:
                return each
            raise ConflictError(
                f"lineage {each.address} is published, with other code",
                "a lineage never changes: release another version",
            )
    last = newest(each.version for each in known)
    if not draft.is_copy and not is_dev(version) and last is not None and parsed(version) <= parsed(last):
        raise ConflictError(
            f"version {version} of project '{draft.project}' does not come after {last}",
            "versions only go up; 'graft release --bump minor' takes the next one",
        )
    return None


def next_generation(draft: GenerationDraft, known: Sequence[Generation], number: int) -> tuple[Generation, bool]:
    """Return the generation a draft becomes, and whether it is there already.

    A run makes one, however often it tries; so does a copy of one from another registry, and a carry.

    Args:
        draft: what is to be committed.
        known: the generations of its lineage, oldest first.
        number: the next one.
    """
    if draft.run is not None:
        for each in known:
            if each.draft.run == draft.run:
                return each, True
    states = _digests(draft)
    if draft.source is not None:
        for each in known:
            if is_copy(each.draft, draft):
                return each, True
    same = next((each.number for each in known if _digests(each.draft) == states), None)
    return Generation(number=number, draft=draft, same_as=same), False


def is_copy(known: GenerationDraft, draft: GenerationDraft) -> bool:
    """Tell whether two generations are one and the same in two registries, whichever way it was copied."""
    if draft.origin == "carry":
        return known.source == draft.source and known.origin == "carry"
    return known.created == draft.created and _digests(known) == _digests(draft)


def refuse_removal(registry: Known, project: str, version: str | None, number: int | None) -> None:
    """Refuse to remove what is not there or what an alias points at.

    Raises:
        MissingError: it is not there.
        ConflictError: an alias points at it, or into it.
    """
    known = {each.version for each in registry.lineages(project)}
    if not known or (version is not None and version not in known):
        raise MissingError(f"the registry has no {'/'.join(filter(None, [project, version]))}")
    if number is not None and number not in {each.number for each in registry.generations(project, version or "")}:
        raise MissingError(f"the registry has no {project}/{version}/{number}")
    for alias, place in registry.aliases(project).items():
        if version in (None, place.version) and number in (None, place.number) and version is not None:
            raise ConflictError(
                f"alias '{alias}' points at {project}/{place.version}/{place.number}", "move or remove the alias first"
            )


def refuse_move(registry: Known, project: str, move: Move) -> None:
    """Refuse a move of an alias that stands elsewhere by now, or to what is not there.

    Raises:
        MissingError: there is no such generation.
        ConflictError: it stands elsewhere.
    """
    stands = registry.aliases(project).get(move.alias)
    if stands != move.before:
        raise ConflictError(
            f"alias '{move.alias}' of project '{project}' {_told(stands)}, not where it was when this began",
            "look again, and repeat it if it is still right",
        )
    if move.to is None:
        return
    if move.to.number not in {each.number for each in registry.generations(project, move.to.version)}:
        raise MissingError(f"there is no generation {project}/{move.to.version}/{move.to.number}")


def _digests(draft: GenerationDraft) -> list[tuple[str, str]]:
    return sorted((state.name, state.ref.sha256) for state in draft.states)


def _told(place: Place | None) -> str:
    return "is not set" if place is None else f"stands at {place.version}/{place.number}"
