"""A small project whose files change, and what a watch of it tells until it is silent."""

from __future__ import annotations

from pathlib import Path

from graftline.core.changes import ChangeSet
from graftline.plugins.watch.changes import WatchedTree

DEADLINE_S = 10.0
SILENCE_S = 0.25


def small_project(folder: Path) -> Path:
    """Return a directory with three files, one of them in a package."""
    made = folder / "project"
    (made / "package").mkdir(parents=True)
    for name in ("a.py", "b.py", "package/c.py"):
        (made / name).write_text("x = 1\n")
    return made


def all_until_silent(tree: WatchedTree, silence_s: float = SILENCE_S) -> list[ChangeSet]:
    found: list[ChangeSet] = []
    while (change := tree.wait(DEADLINE_S if not found else silence_s)) is not None:
        found.append(change)
    return found
