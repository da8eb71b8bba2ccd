"""Which pipelines a project has, by its sources: found without importing any of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from .workplace import Workplace

LOOKED_AT = 300
"""Files that are read at most: of a project with more, the first by depth and name."""
DEEPEST = 3
"""Directories below the root."""
LARGEST = 512 * 1024
"""Bytes of a file that is read; what is longer was generated."""
_SKIPPED = frozenset({"node_modules", "site-packages", "build", "dist", "tests", "test", "__pycache__", "venv", "env"})
_ASSIGNED = re.compile(r"^([A-Za-z]\w*)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?Pipeline\(", re.MULTILINE)
_DECORATED = re.compile(r"^@(?:\w+\.)?pipeline\b[^\n]*\n(?:@[^\n]*\n)*(?:async )?def (\w+)", re.MULTILINE)
_USES = re.compile(r"^\s*(?:from|import) +graftline\b", re.MULTILINE)
_YAML = re.compile(r"^steps\s*:", re.MULTILINE)


def pipelines_of(workplace: Workplace) -> list[str]:
    """Return the targets of a project, relative to its root: the one that is configured first."""
    own = workplace.settings.text("project.pipeline")
    return list(dict.fromkeys([*([own] if own else []), *pipelines_below(workplace.root)]))


def pipelines_below(root: str) -> list[str]:
    """Return targets, relative to a project root: `pipeline.py` first, a name only where a file holds several.

    A pipeline that is made by a call of something else is not seen; it can be named all the same.
    """
    found = [target for file in _files(root) for target in _targets(root, file)]
    return sorted(found, key=lambda target: (target.partition(":")[0] != "pipeline.py", target.count("/")))


def _files(root: str) -> Iterator[str]:
    left = LOOKED_AT
    folders = [root]
    for depth in range(DEEPEST + 1):
        inner: list[str] = []
        for folder in folders:
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.name.startswith(".") or entry.name in _SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    inner.append(entry.path)
                elif entry.name.endswith((".py", ".yaml", ".yml")) and left > 0:
                    left -= 1
                    yield entry.path
        folders = inner if depth < DEEPEST else []


def _targets(root: str, file: str) -> list[str]:
    try:
        if os.path.getsize(file) > LARGEST:
            return []
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError):
        return []
    shown = os.path.relpath(file, root)
    if not file.endswith(".py"):
        return [shown] if _YAML.search(text) else []
    if _USES.search(text) is None:
        return []
    names = list(dict.fromkeys([*_ASSIGNED.findall(text), *_DECORATED.findall(text)]))
    return [shown] if len(names) == 1 else [f"{shown}:{name}" for name in names]
