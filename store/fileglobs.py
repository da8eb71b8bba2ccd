"""The files that globs name in the work tree."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence

from ..core.catalog import is_glob
from ..core.clutter import is_clutter, is_clutter_file, is_clutter_folder


def expand(globs: Sequence[str], root: str) -> list[str]:
    """Return the files that globs name, each once, sorted, with `/` and relative to `root` as the globs are."""
    found: set[str] = set()
    for pattern in globs:
        found.update(_named(os.path.normpath(pattern), root))
    return sorted(found)


def _named(pattern: str, root: str) -> Iterator[str]:
    if not is_glob(pattern):
        is_folder = os.path.isdir(os.path.join(root, pattern))
        yield from _below(pattern, root) if is_folder else (pattern,)
        return
    for path in glob.iglob(pattern, root_dir=root, recursive=True):
        is_folder = os.path.isdir(os.path.join(root, path))
        if _is_wanted(f"{path}/." if is_folder else path, pattern):
            # `data/**` gives the directories on the way too: their files come by themselves.
            if not is_folder:
                yield os.path.normpath(path)
            elif not pattern.endswith("**"):
                yield from _below(path, root)


def _is_wanted(path: str, pattern: str) -> bool:
    """Tell whether a match is meant: clutter is if the pattern names it."""
    named = set(pattern.split("/"))
    parts = [part for part in path.split("/") if part not in named]
    return not parts or not is_clutter(parts)


def _below(folder: str, root: str) -> Iterator[str]:
    """Yield every file below a directory. Links to directories are followed, but never back into one they lie in."""
    stack = [(os.path.normpath(folder), frozenset[tuple[int, int]]())]
    while stack:
        inner, above = stack.pop()
        whole = os.path.join(root, inner)
        try:
            status = os.stat(whole)
            entries = list(os.scandir(whole))
        except OSError:  # gone, or not ours to look into: its own digest says so where it matters
            yield inner
            continue
        here = (status.st_dev, status.st_ino)
        if here in above:
            continue
        for entry in entries:
            path = f"{inner}/{entry.name}" if inner != "." else entry.name
            if entry.is_dir():
                if not is_clutter_folder(entry.name):
                    stack.append((path, above | {here}))
            elif not is_clutter_file(entry.name):
                yield path
