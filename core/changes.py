"""The port to changes of files in a work tree, as a watch sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """What is different since the last one. Paths are relative to the project root, with `/`, sorted.

    Contents are compared, so a touch is no change, and what was changed and changed back neither. A renamed file is
    one that is deleted and one that is added.
    """

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    digests: Mapping[str, str]
    """sha256 of what is added and modified, as it was read: tells what a run wrote from what a person did."""

    @property
    def paths(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.added, *self.modified, *self.deleted))


class Changes(Protocol):
    """Changes of a work tree since this was made. Used by one thread; `written` and `close` by any."""

    note: str | None
    """What a person should know of how it watches: that it looks at all files again and again; None: nothing."""

    def wait(self, timeout_s: float | None) -> ChangeSet | None:
        """Block until something changed; None: the time is over (None: for ever), or it was closed.

        The first change is told at once. Only while changes go on (a checkout, a formatter) are they gathered, until
        none came for 50 ms.

        Raises:
            StoreError: what is known of files cannot be read.
        """
        ...

    def written(self, files: Mapping[str, str]) -> None:
        """Tell what runs wrote, relative path -> sha256: it is no change as long as a file has that content."""
        ...

    def close(self) -> None:
        """Stop watching; a `wait` in another thread returns. Safe to call twice."""
        ...
