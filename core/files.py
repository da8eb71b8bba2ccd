"""Which steps make the catalog files a step wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .catalog import folders_of, is_glob, may_overlap
from .errors import nearest


class FileNeeds:
    """Catalog files by their makers, as the steps are gone through in the order listed.

    Plain names are looked up, so that ten thousand steps with a file each stay linear; only globs are compared.

    Args:
        around: Of the pipeline around; None for the outermost one.
        again: In a loop, path of the end of the iteration before.
        puts: In a loop, all globs its steps put.
    """

    def __init__(self, around: FileNeeds | None = None, again: str | None = None, puts: Iterable[str] = ()):
        self._around = around
        self._again = again
        self._puts = tuple(puts)
        self._plain: dict[str, str] = {}
        """File or directory -> the nearest earlier step that puts it."""
        self._below: dict[str, dict[str, str]] = {}
        """Directory -> the files put below it, with the nearest earlier step."""
        self._globs: dict[str, dict[str, None]] = {}
        """Glob -> all earlier steps that put it: each may make other files."""

    def made(self, pattern: str, path: str) -> None:
        """Note what a step puts, for the steps after it."""
        if is_glob(pattern):
            self._globs.setdefault(pattern, {})[path] = None
        else:
            self._plain.pop(pattern, None)  # the order is that of the makers
            self._plain[pattern] = path
            for folder in folders_of(pattern):
                self._below.setdefault(folder, {})[pattern] = path

    def writer(self, pattern: str) -> str | None:
        """Return the nearest earlier step of this pipeline that puts one file; None for globs.

        Steps that put one glob mostly make different files of it; two that put one file must not write it at once.
        """
        return self._plain.get(pattern)

    def all(self) -> Iterator[tuple[str, str]]:
        """Yield each pattern put in this pipeline with its maker."""
        yield from self._plain.items()
        for pattern, makers in self._globs.items():
            for path in makers:
                yield pattern, path

    def makers(self, pattern: str) -> dict[str, None]:
        """Return the earlier steps that may make what a step gets; a later one wins. Empty: nobody does."""
        own = self._own(pattern)
        if self._around is None or (pattern in self._plain and not is_glob(pattern)):
            return own
        found = self._around.makers(pattern)
        if (found or own) and self._again and any(may_overlap(pattern, each) for each in self._puts):
            found[self._again] = None
        return found | own

    def nearest(self, pattern: str) -> str:
        """Return the hint that names the nearest file somebody puts."""
        known = list(self._plain)
        around = self._around
        while around is not None:
            known += around._plain
            around = around._around
        return nearest(pattern, known)

    def _own(self, pattern: str) -> dict[str, None]:
        makers = {path: None for glob, each in self._globs.items() if may_overlap(pattern, glob) for path in each}
        if not is_glob(pattern):
            named = (pattern, *folders_of(pattern))
            below = self._below.get(pattern, {}).values()
            return makers | {self._plain[each]: None for each in named if each in self._plain} | dict.fromkeys(below)
        return makers | {path: None for name, path in self._plain.items() if may_overlap(pattern, name)}
