"""Lineages and generations between registries and files: copy, export, import, remove."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from .addresses import address_of, find_generation, find_lineage, known_lineages
from .copying import Sent, Shipment, send, ship
from .errors import ConflictError, InvalidError, StoreError
from .ids import is_strict_name
from .lineages import Generation, Lineage
from .records import dataclass
from .registry import Registry

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in workspace

SUFFIX = ".graft"
"""Of a file that holds a registry."""


class Bundles(Protocol):
    """Registries as single files."""

    def new(self) -> AbstractContextManager[Registry]:
        """Make an empty registry to be packed; it is gone at the end of the block."""
        ...

    def pack(self, registry: Registry, file: str) -> int:
        """Write such a registry to a file, whole or not at all; return its size in bytes.

        Raises:
            InvalidError: the file cannot be written.
        """
        ...

    def build(self, folder: str, files: Mapping[str, bytes], registry: str, fill: Callable[[Registry], None]) -> int:
        """Write a directory, whole or not at all; return the size of its files in bytes.

        Args:
            folder: must not be there.
            files: path in it -> content.
            registry: path in it of a registry.
            fill: puts into that registry what belongs there.

        Raises:
            InvalidError: it is there, or cannot be written.
        """
        ...

    def unpacked(self, file: str) -> AbstractContextManager[Registry]:
        """Open a file as a registry; what it holds is not verified yet.

        Raises:
            InvalidError: there is no such file, or it is none.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What would be removed."""

    project: str
    version: str | None
    """None: all of the project."""
    number: int | None
    """None: all of the lineage."""
    lineages: tuple[Lineage, ...]
    generations: tuple[Generation, ...]


class Exchanging:
    """Moves what registries hold, on the ports of a workspace."""

    def __init__(self, parts: Parts):
        self._parts = parts

    def shipment(
        self, address: Sequence[str], to: str, *, with_dev: bool = False, with_aliases: bool = False
    ) -> Shipment:
        """Return what copying to another registry would send; raises as `copying.ship`.

        Args:
            address: a project, lineage or generation.
            to: the other registry: a name, directory, provider or `module:Class`.
            with_dev: also development versions of a project.
            with_aliases: also aliases that are not set there.
        """
        here, there = self._parts.registry(), self._parts.registry_at(to)
        if here is there:
            raise InvalidError(f"{to} is the registry it would be copied from", "name another one with --to, or -P")
        return ship(here, there, address_of(*address), with_dev=with_dev, with_aliases=with_aliases)

    def copy(self, shipment: Shipment, to: str) -> list[Sent]:
        """Copy what was planned; raises as `copying.send`."""
        parts = self._parts
        return send(parts.registry(), parts.registry_at(to), shipment, at=parts.clock(), by=parts.who())

    def export(self, address: Sequence[str], file: str, *, with_dev: bool = False) -> tuple[Shipment, int]:
        """Write a project, lineage or generation to a file, with the aliases at it; return what, and its bytes.

        Raises:
            MissingError: there is no such thing.
            InvalidError: the file cannot be written.
            StoreError: bytes are missing or damaged.
        """
        parts, here = self._parts, self._parts.registry()
        with self._parts.bundles().new() as bundle:
            shipment = ship(here, bundle, address_of(*address), with_dev=with_dev, with_aliases=True)
            send(here, bundle, shipment, at=parts.clock(), by=parts.who())
            return shipment, self._parts.bundles().pack(bundle, file)

    @contextmanager
    def bundle(self, file: str, *, with_aliases: bool = False) -> Iterator[tuple[Registry, list[Shipment]]]:
        """Open a file and verify all of it; yield it with what importing it would bring, project by project.

        Raises:
            InvalidError: there is no such file, or it is none.
            StoreError: something in it is missing or not what its digest says. Nothing was written.
            ConflictError: the registry has a lineage of that version with other code.
        """
        here = self._parts.registry()
        with self._parts.bundles().unpacked(file) as bundle:
            check_whole(bundle, file)
            yield (
                bundle,
                [
                    ship(bundle, here, address_of(each.name), with_dev=True, with_aliases=with_aliases)
                    for each in bundle.projects()
                ],
            )

    def take_in(self, bundle: Registry, shipments: Sequence[Shipment]) -> list[Sent]:
        """Import what `bundle` yielded; raises as `copying.send`."""
        parts = self._parts
        here, by = parts.registry(), parts.who()
        return [sent for each in shipments for sent in send(bundle, here, each, at=parts.clock(), by=by)]

    def removal(self, address: Sequence[str]) -> Removal:
        """Return what removing an address would remove: a project, a lineage or a generation with all in it.

        Raises:
            MissingError: there is no such thing.
            ConflictError: an alias stands at it.
        """
        registry, wanted = self._parts.registry(), address_of(*address)
        if wanted.alias is not None:
            raise InvalidError(f"{wanted} is an alias", f"'graft alias rm {wanted}' takes the alias away")
        lineages: list[Lineage] = []
        if wanted.number is not None:
            generations = [find_generation(registry, wanted)[1]]
        else:
            whole = known_lineages(registry, wanted.project)
            lineages = whole if wanted.version is None else [find_lineage(registry, wanted)]
            generations = [one for each in lineages for one in registry.generations(each.project, each.version)]
        _refuse_standing(registry, wanted.project, generations)
        named = generations[0].draft.version if wanted.number is not None else wanted.version and lineages[0].version
        return Removal(
            project=wanted.project,
            version=named,
            number=wanted.number,
            lineages=tuple(lineages),
            generations=tuple(generations),
        )

    def remove(self, removal: Removal) -> None:
        """Remove what was planned. Its numbers and versions are not given again; the bytes stay until they are swept.

        Raises:
            ConflictError: an alias was moved there meanwhile.
            MissingError: somebody else removed it.
        """
        self._parts.registry().remove(removal.project, removal.version, removal.number)


def _refuse_standing(registry: Registry, project: str, generations: Sequence[Generation]) -> None:
    places = {(each.draft.version, each.number) for each in generations}
    for name, place in registry.aliases(project).items():
        if tuple(place) in places:
            raise ConflictError(
                f"alias '{name}' stands at {project}/{place.version}/{place.number}",
                f"move it, or take it away first: graft alias rm {project}@{name}",
            )


def check_whole(registry: Registry, file: str) -> None:
    """Read everything a foreign registry names, so that nothing half or damaged is taken over.

    Raises:
        StoreError: bytes are missing or damaged, or a name is none.
    """
    projects = registry.projects()
    if not projects:
        raise StoreError(f"{file} holds no project", "it is damaged, or was not made by graft")
    for project in projects:
        if not is_strict_name(project.name):
            raise StoreError(f"{file} names a project {project.name!r}", "it was not made by graft")
        for lineage in registry.lineages(project.name):
            if lineage.project != project.name or any(_leaves(name) for name in lineage.files):
                raise StoreError(f"{file} names files outside of a project", "it was not made by graft")
            wanted = [*lineage.files.values()]
            for generation in registry.generations(project.name, lineage.version):
                wanted += [state.ref.sha256 for state in generation.draft.states]
            for sha256 in dict.fromkeys(wanted):
                registry.read(sha256)


def _leaves(name: str) -> bool:
    return posixpath.isabs(name) or ".." in name.split("/")
