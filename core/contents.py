"""The ports to contents: of files in the work tree, never when they were touched; of which code stored values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from .artifacts import ArtifactRef
from .errors import InvalidError
from .named import NamedTuple


class UnreadableFiles(InvalidError):
    """Files are there whose content cannot be had: what depends on them runs, and its result is not reused."""

    def __init__(self, reasons: Mapping[str, str], digests: Mapping[str, str | None]):
        """Name them.

        Args:
            reasons: path as asked for -> why, in words: `permission denied`, `it keeps changing`, `not a file`.
            digests: of the others that were asked for in the same call, so that none is lost.
        """
        first, more = next(iter(reasons)), len(reasons) - 1
        others = f", nor {more} more" if more else ""
        super().__init__(
            f"cannot read {first}{others}: {reasons[first]}",
            "what depends on it runs each time; make it a readable file",
            file=first,
        )
        self.reasons = dict(reasons)
        self.digests = dict(digests)


class Files(Protocol):
    """Contents of files in the work tree. Content decides; times only save reading a file again."""

    def digests(self, paths: Sequence[str]) -> dict[str, str | None]:
        """Return by path as given the sha256 of the content, in hex; None: there is no such file.

        Paths are absolute. A symbolic link has the content of its target, a broken one none. Of a directory it is the
        digest of the names in it, each with whether it is a directory; what tools and editors leave there
        (`core/clutter.py`) does not count.

        Raises:
            UnreadableFiles: some are there and cannot be read, or change all the time.
            StoreError: what is known of files cannot be read.
        """
        ...

    def expand(self, globs: Sequence[str], root: str) -> list[str]:
        """Return the files that globs name, each once, sorted; relative to `root` as the globs are.

        `**` matches any depth; a directory means all files in it, links to directories followed, clutter left out;
        hidden files need a pattern with the dot. A plain name is returned whether there is such a file or not: that it
        is missing is what one may depend on.

        Args:
            globs: relative to `root`, or absolute; an absolute one gives absolute paths.
            root: absolute directory.
        """
        ...

    def changed_since(self, paths: Sequence[str], at: float) -> list[str]:
        """Return those that may have changed at or after a wall time in seconds: what was read then may be something
        else than what is there now.

        In doubt it is among them: a clock's step of some 20 ms is allowed for, and of a file that is missing the
        nearest directory that exists is asked.
        """
        ...


class Restore(Protocol):
    """Puts catalog files of earlier steps back into the work tree."""

    def __call__(self, name: str, ref: ArtifactRef, cwd: str) -> None:
        """Write a catalog file, whole or not at all, by its name relative to a working directory.

        Raises:
            StoreError: the stored copy is gone or damaged, or the file cannot be written.
        """
        ...


class BroughtCode(NamedTuple):
    """What the classes of stored values are made of, as it is now."""

    classes: str | None = None
    """Digest of the project's code among it; None: there is none."""
    packages: str | None = None
    """Digest of the packages, versions and all; None: there are none."""


CodeOfValues: TypeAlias = Callable[[Sequence[ArtifactRef]], BroughtCode | str]
"""Says of which code stored values are, or in words why that cannot be known; nothing of it is executed."""


def unknowable(refs: Sequence[ArtifactRef]) -> str:
    """Say that nobody can tell: what is put together without a reader of values reuses nothing that takes them."""
    return "nobody here can tell of which code the values are that it gets from outside"
