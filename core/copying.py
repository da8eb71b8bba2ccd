"""Lineages and generations from one registry to another: what would be sent, and sending it.

Bytes are verified when they are read, by their digests, and again where they arrive. What is there already is not sent
again: a copy that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .addresses import Address, find_generation, find_lineage
from .errors import ConflictError, MissingError, nearest
from .lineages import Generation, GenerationDraft, Lineage, LineageDraft, Move, Place
from .publishing import is_copy, refuse_lineage
from .records import dataclass, replace
from .registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One lineage or generation that is asked for."""

    lineage: Lineage
    generation: Generation | None = None
    """None: the lineage itself."""
    there: str | None = None
    """Address it has in the other registry already; None: it will be sent."""

    @property
    def address(self) -> str:
        """Return its address in the registry it comes from."""
        return self.lineage.address if self.generation is None else self.generation.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What a copy would do; nothing of it was done."""

    items: tuple[Sending, ...]
    """Lineages, each before its generations, oldest first."""
    missing: tuple[str, ...]
    """sha256 of what the other registry lacks."""
    bytes: int
    """Size of that."""
    aliases: tuple[tuple[str, Place], ...] = ()
    """Those to be set there: name and where it stands here."""
    standing: tuple[tuple[str, Place], ...] = ()
    """Those that stand there already, elsewhere: name and where. They are left alone."""

    @property
    def is_news(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.aliases) or any(each.there is None for each in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One thing that was asked for, and where it is now."""

    address: str
    """In the registry it came from."""
    there: str
    """In the other."""
    is_news: bool
    """False: it was there already."""


def ship(source: Registry, other: Registry, address: Address, *, with_dev: bool, with_aliases: bool) -> Shipment:
    """Return what copying an address would send.

    Args:
        source: where it is.
        other: where it is to be.
        address: a project (all its releases and their generations), a lineage with its generations, or a generation.
        with_dev: also the development versions of a project.
        with_aliases: also set the aliases that stand at what is copied, where they are not set yet.

    Raises:
        MissingError: there is no such thing.
        ConflictError: the other registry has a lineage of that version with other code.
        StoreError: bytes are missing or damaged, or a registry cannot be read.
    """
    items = [_compared(other, each) for each in _wanted(source, address, with_dev=with_dev)]
    missing, size = _missing(source, other, items)
    aliases, standing = _aliases(source, other, address.project, items) if with_aliases else ((), ())
    return Shipment(items=tuple(items), missing=missing, bytes=size, aliases=aliases, standing=standing)


def send(source: Registry, other: Registry, shipment: Shipment, *, at: float, by: str) -> list[Sent]:
    """Copy what was planned: lineages first, each generation whole or not at all, aliases last.

    Args:
        source: where it is.
        other: where it is to be.
        shipment: as planned.
        at: wall time, for the history of aliases.
        by: user and host, likewise.

    Raises:
        ConflictError: somebody published another lineage of that version, or moved an alias meanwhile.
        StoreError: bytes are missing or damaged, or cannot be written.
    """
    found: list[Sent] = []
    places: dict[Place, Place] = {}
    for each in shipment.items:
        if each.generation is None:
            lineage = other.publish(copied_lineage(each.lineage), source.read)
            found.append(Sent(address=each.address, there=lineage.address, is_news=each.there is None))
            continue
        made = other.commit(copied_generation(each.generation), source.read)
        places[_place(each.generation)] = _place(made)
        found.append(Sent(address=each.address, there=made.address, is_news=each.there is None))
    for name, place in shipment.aliases:
        project = shipment.items[0].lineage.project
        move = Move(alias=name, to=places[place], before=None, at=at, by=by, why="copy")
        if other.aliases(project).get(name) != move.to:
            other.move(project, move)
    return found


def copied_lineage(lineage: Lineage) -> LineageDraft:
    """Return a lineage as it is published in another registry."""
    return LineageDraft(
        project=lineage.project,
        version=lineage.version,
        manifest=lineage.manifest,
        files=lineage.files,
        created=lineage.created,
        is_copy=True,
    )


def copied_generation(generation: Generation) -> GenerationDraft:
    """Return a generation as it is committed to another registry; it remembers the registry it was trained for."""
    draft = generation.draft
    if draft.origin == "copy":
        return draft
    return replace(draft, run=None, parent=None, origin="copy", source=generation.address)


def _wanted(source: Registry, address: Address, *, with_dev: bool) -> list[Sending]:
    if address.alias is not None or address.number is not None:
        lineage, generation = find_generation(source, address)
        return [Sending(lineage=lineage), Sending(lineage=lineage, generation=generation)]
    if address.version is not None:
        lineages = [find_lineage(source, address)]
    else:
        known = source.lineages(address.project)
        if not known:
            names = [each.name for each in source.projects()]
            raise MissingError(f"the registry has no project '{address.project}'{nearest(address.project, names)}")
        lineages = [each for each in known if with_dev or not each.is_dev]
        if not lineages:
            hint = "--all copies those, or name one"
            raise MissingError(f"project '{address.project}' has development versions only", hint)
    found = []
    for lineage in lineages:
        found.append(Sending(lineage=lineage))
        found += [
            Sending(lineage=lineage, generation=each) for each in source.generations(lineage.project, lineage.version)
        ]
    return found


def _compared(other: Registry, each: Sending) -> Sending:
    """Return it with where it is in the other registry; refuse a lineage that cannot be there."""
    lineage = each.lineage
    if each.generation is None:
        try:
            same = refuse_lineage(copied_lineage(lineage), other.lineages(lineage.project))
        except ConflictError as problem:
            text = f"{problem.message} in the other registry"
            raise ConflictError(text, "a lineage never changes: remove it there, or release another version") from None
        return each if same is None else replace(each, there=same.address)
    draft = copied_generation(each.generation)
    for known in other.generations(lineage.project, lineage.version):
        if is_copy(known.draft, draft):
            return replace(each, there=known.address)
    return each


def _missing(source: Registry, other: Registry, items: Iterable[Sending]) -> tuple[tuple[str, ...], int]:
    sizes: dict[str, int | None] = {}
    for each in items:
        if each.there is not None:
            continue
        if each.generation is None:
            sizes |= dict.fromkeys(each.lineage.files.values())
        else:
            sizes |= {state.ref.sha256: state.ref.size for state in each.generation.draft.states}
    missing = {sha256: size for sha256, size in sizes.items() if other.path(sha256) is None}
    total = sum(len(source.read(sha256)) if size is None else size for sha256, size in missing.items())
    return tuple(missing), total


def _aliases(
    source: Registry, other: Registry, project: str, items: Sequence[Sending]
) -> tuple[tuple[tuple[str, Place], ...], tuple[tuple[str, Place], ...]]:
    copied = {_place(each.generation): each.there for each in items if each.generation is not None}
    there = other.aliases(project)
    fresh, standing = [], []
    for name, place in source.aliases(project).items():
        if place not in copied:
            continue
        if name not in there:
            fresh.append((name, place))
        elif f"{project}/{there[name].version}/{there[name].number}" != copied[place]:
            standing.append((name, there[name]))
    return tuple(fresh), tuple(standing)


def _place(generation: Generation) -> Place:
    return Place(generation.draft.version, generation.number)
