"""The base of every registry: where projects, lineages and generations live."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from .lineages import Generation, GenerationDraft, Lineage, LineageDraft, Move, Place, Project


class Registry(ABC):
    """Keeps projects. Found by the entry point group `graftline.registries`, opened with the options of its table.

    All methods may be called by any thread, and by several processes on one registry at once. What is published or
    committed is there whole or not at all, whatever process is killed when. Bytes are verified when they are read.

    Args:
        location: where it is, as the person wrote it (`-P ./models`); None: its default place.
        options: from `[registry.NAME]` in the configuration.
    """

    name: ClassVar[str]
    """As the entry point: `sqlite`, `filesystem`, `virtual`."""

    def __init__(self, location: str | None = None, **options: Any):
        self.location = location
        self.options = options

    @abstractmethod
    def projects(self) -> list[Project]:
        """Return all projects by name."""

    @abstractmethod
    def lineages(self, project: str) -> list[Lineage]:
        """Return the lineages of a project by version, oldest first; empty when there is no such project."""

    @abstractmethod
    def generations(self, project: str, version: str) -> list[Generation]:
        """Return the generations of a lineage by number, oldest first; empty when there is no such lineage."""

    @abstractmethod
    def publish(self, draft: LineageDraft, content: Callable[[str], bytes]) -> Lineage:
        """Publish a lineage; a project comes into being with its first one.

        Args:
            draft: what it is.
            content: returns the bytes of a file by sha256; asked only for what the registry does not have.

        Raises:
            ConflictError: the version is not greater than every published one, or a development version exists with
                other code; the same development version with the same code is returned as it is.
            StoreError: it cannot be written.
        """

    @abstractmethod
    def commit(self, draft: GenerationDraft, content: Callable[[str], bytes]) -> Generation:
        """Commit a generation under the next number of its lineage: states first, the row that names them last.

        Args:
            draft: what it is.
            content: returns the bytes of a state by sha256; asked only for what the registry does not have.

        Raises:
            MissingError: there is no such lineage.
            StoreError: it cannot be written, or bytes are not what their digest says.
        """

    @abstractmethod
    def remove(self, project: str, version: str | None = None, number: int | None = None) -> None:
        """Remove a generation, a lineage with its generations, or a project with all. Numbers are never given again.

        Raises:
            MissingError: there is none.
            ConflictError: an alias points at it.
        """

    @abstractmethod
    def read(self, sha256: str) -> bytes:
        """Return the bytes of a file or state, verified.

        Raises:
            StoreError: missing, or not what its digest says. Nothing of it must be unpickled then.
        """

    @abstractmethod
    def path(self, sha256: str) -> str | None:
        """Return the absolute path of a local file with these bytes, not verified; None: there is none."""

    @abstractmethod
    def history(self, project: str, alias: str | None = None) -> list[Move]:
        """Return where aliases were moved, of one or of all, oldest first."""

    @abstractmethod
    def move(self, project: str, move: Move) -> None:
        """Move an alias, if it still stands where `move.before` says (compare and set).

        Raises:
            MissingError: there is no such project, or no such generation.
            ConflictError: it has been moved meanwhile; where it stands is named.
        """

    def aliases(self, project: str) -> Mapping[str, Place]:
        """Return where each alias stands."""
        return standing(self.history(project))

    def clean(self, *, is_plan: bool) -> tuple[int, int]:
        """Delete files that no lineage and no generation names; return how many, and their bytes.

        The registry in a store has none of its own: its files are the store's objects, which `graft gc` looks after.

        Args:
            is_plan: only say what would go.

        Raises:
            StoreError: it cannot be read or written.
        """
        return 0, 0

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Give up what it holds. Safe to call twice."""


def standing(moves: Iterable[Move]) -> dict[str, Place]:
    """Return where each alias stands after all moves."""
    found: dict[str, Place] = {}
    for move in moves:
        found.pop(move.alias, None)
        if move.to is not None:
            found[move.alias] = move.to
    return found
