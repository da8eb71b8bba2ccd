"""What a registry holds as the rows of a tree: projects, their lineages, the generations of those that are open.

Generations are read when their lineage is opened. Of large lineages they are read again only when one was added: 10,000
take 0.2 s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ..core.errors import StoreError
from ..core.lineageanswers import standing_at
from ..core.lineages import Generation, Lineage, Move, Place, Project
from ..core.records import dataclass, field, replace
from ..core.registry import Registry, standing

KEPT = 300
"""Generations of a lineage from which on they are read again only when one was added."""
CHECKED = 200
"""Newest generations of an open lineage whose bytes are looked for: 2,000 looks take 20 ms."""

Id = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What was read of a registry."""

    projects: Sequence[Project] = ()
    lineages: Mapping[str, Sequence[Lineage]] = field(default_factory=dict)
    """By project, newest first."""
    generations: Mapping[tuple[str, str], Sequence[Generation]] = field(default_factory=dict)
    """By project and version, newest first; of open lineages alone."""
    moves: Mapping[str, Sequence[Move]] = field(default_factory=dict)
    """By project: where aliases were moved, oldest first."""
    lacking: frozenset[str] = frozenset()
    """sha256 of states and files that were looked for and are not there."""

    def aliases(self, project: str) -> Mapping[str, Place]:
        """Return where the aliases of a project stand."""
        return standing(self.moves.get(project, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the tree."""

    project: Project
    lineage: Lineage | None = None
    generation: Generation | None = None
    aliases: tuple[str, ...] = ()
    """Of a generation those that stand at it; of a lineage `champion 11`."""
    is_open: bool = False
    count: int = 0
    """Lineages of a project, generations of a lineage."""
    hidden: int = 0
    """Development lineages of a project that are not shown."""
    broken: str = ""
    """What is wrong with its bytes; empty: nothing is known to be."""

    @property
    def id(self) -> Id:
        """Return what names the row for good."""
        version = () if self.lineage is None else (self.lineage.version,)
        number = () if self.generation is None else (str(self.generation.number),)
        return (self.project.name, *version, *number)

    @property
    def address(self) -> str:
        """Return the address as the command line takes it."""
        return "/".join(self.id)


def read_shelf(registry: Registry, opened: Collection[Id], before: Shelf, *, is_whole: bool = False) -> Shelf:
    """Read projects, their lineages, and the generations of those that are open; for a thread.

    Args:
        registry: that is read.
        opened: ids of the rows that are open.
        before: what was read before.
        is_whole: read the generations of every lineage: something is searched for.

    Raises:
        StoreError: it cannot be read.
    """
    projects = registry.projects()
    names = [each.name for each in projects if is_whole or (each.name,) in opened]
    lineages = {name: list(reversed(registry.lineages(name))) for name in names}
    moves = {each.name: registry.history(each.name) for each in projects}
    generations: dict[tuple[str, str], Sequence[Generation]] = {}
    for name, found in lineages.items():
        for lineage in found:
            if is_whole or (name, lineage.version) in opened:
                generations[name, lineage.version] = _generations(registry, lineage, before)
    return Shelf(
        projects=projects,
        lineages=lineages,
        generations=generations,
        moves=moves,
        lacking=_lacking(registry, lineages, generations, opened),
    )


def _generations(registry: Registry, lineage: Lineage, before: Shelf) -> Sequence[Generation]:
    known = before.generations.get((lineage.project, lineage.version), ())
    if len(known) > KEPT and known[0].number == lineage.generations:
        return known
    return list(reversed(registry.generations(lineage.project, lineage.version)))


def _lacking(
    registry: Registry,
    lineages: Mapping[str, Sequence[Lineage]],
    generations: Mapping[tuple[str, str], Sequence[Generation]],
    opened: Collection[Id],
) -> frozenset[str]:
    wanted = {
        state.ref.sha256
        for key, found in generations.items()
        if key in opened
        for each in found[:CHECKED]
        for state in each.draft.states
    }
    wanted |= {
        sha256
        for found in lineages.values()
        for each in found
        if (each.project, each.version) in opened
        for sha256 in each.files.values()
    }
    return frozenset(sha256 for sha256 in wanted if not _is_there(registry, sha256))


def _is_there(registry: Registry, sha256: str) -> bool:
    try:
        return registry.path(sha256) is not None
    except StoreError:  # no digest at all: somebody wrote into the registry by hand
        return False


def rows_of(
    shelf: Shelf,
    opened: Collection[Id],
    *,
    with_dev: bool = False,
    fits: Callable[[Row], bool] | None = None,
    broken: Mapping[Id, str] | None = None,
) -> list[Row]:
    """Return the rows one sees.

    Args:
        shelf: what was read.
        opened: ids of the rows whose members are shown.
        with_dev: also development lineages of projects that have releases.
        fits: what is searched for: rows that fit, and those above them; None: everything.
        broken: what is known to be wrong by verifying, by id.
    """
    known = broken or {}
    rows: list[Row] = []
    for project in shelf.projects:
        head, members = _project(shelf, project, opened, with_dev=with_dev or fits is not None), []
        for lineage in shelf.lineages.get(project.name, ()):
            if lineage.is_dev and head.hidden:
                continue
            branch = _lineage(shelf, project, lineage, opened, known)
            inner = list(_of_lineage(shelf, branch, known)) if branch.is_open or fits is not None else []
            if fits is not None:
                inner = [each for each in inner if fits(each)]
                if not inner and not fits(branch):
                    continue
                branch = replace(branch, is_open=bool(inner))
            members += [branch, *inner]
        if fits is None:
            rows += [head, *(members if head.is_open else ())]
        elif members or fits(head):
            rows += [head, *members]
    return rows


def _project(shelf: Shelf, project: Project, opened: Collection[Id], *, with_dev: bool) -> Row:
    lineages = shelf.lineages.get(project.name, ())
    devs = sum(each.is_dev for each in lineages)
    # Of a project without a release there would be nothing to see.
    hidden = 0 if with_dev or devs == len(lineages) else devs
    stand = tuple(f"{name} {place.version}/{place.number}" for name, place in shelf.aliases(project.name).items())
    return Row(
        project=project,
        aliases=stand,
        is_open=(project.name,) in opened,
        count=project.lineages,
        hidden=hidden,
    )


def _lineage(shelf: Shelf, project: Project, lineage: Lineage, opened: Collection[Id], known: Mapping[Id, str]) -> Row:
    at = (project.name, lineage.version)
    stand = tuple(
        f"{name} {place.number}"
        for name, place in shelf.aliases(project.name).items()
        if place.version == lineage.version
    )
    lacks = [name for name, sha256 in lineage.files.items() if sha256 in shelf.lacking]
    found = shelf.generations.get(at)
    return Row(
        project=project,
        lineage=lineage,
        aliases=stand,
        is_open=at in opened,
        count=lineage.generations if found is None else len(found),
        broken=f"{lacks[0]} is missing" if lacks else known.get(at, ""),
    )


def _of_lineage(shelf: Shelf, branch: Row, known: Mapping[Id, str]) -> Iterator[Row]:
    lineage = branch.lineage
    assert lineage is not None
    aliases = shelf.aliases(branch.project.name)
    for each in shelf.generations.get((branch.project.name, lineage.version), ()):
        lacks = [state.name for state in each.draft.states if state.ref.sha256 in shelf.lacking]
        row_id = (branch.project.name, lineage.version, str(each.number))
        yield Row(
            project=branch.project,
            lineage=lineage,
            generation=each,
            aliases=tuple(standing_at(each, aliases)),
            broken=f"{lacks[0]} is missing" if lacks else known.get(row_id, ""),
        )


def searched(row: Row) -> str:
    """Return what the words of a search are looked for in."""
    texts = [*row.id, row.address, *row.aliases, "broken" if row.broken else ""]
    if row.generation is not None:
        draft = row.generation.draft
        texts += [
            draft.run or "",
            draft.origin,
            *draft.metrics,
            *(f"{key}={value}" for key, value in draft.params.items()),
        ]
    elif row.lineage is not None:
        manifest = row.lineage.manifest
        texts += [manifest.git or "", manifest.branch or "", manifest.description or "", manifest.target]
    return " ".join(texts).lower()


def verified(registry: Registry, row: Row) -> str:
    """Return what is wrong with the bytes of a lineage's files or a generation's states, all of them read and digested.

    Nothing is unpickled. Empty: they are what they were when they were committed.
    """
    if row.generation is not None:
        wanted = [(state.name, state.ref.sha256) for state in row.generation.draft.states]
    elif row.lineage is not None:
        wanted = list(row.lineage.files.items())
    else:
        wanted = []
    for name, sha256 in wanted:
        try:
            registry.read(sha256)
        except StoreError as error:
            is_lost = not _is_there(registry, sha256)
            return f"{name} is missing" if is_lost else f"{name} is not what was committed: {error.message}"
    return ""
