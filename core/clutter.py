"""Names that are never a part of a project's content: what tools and editors leave beside it.

One table for all who look at work trees: a watcher, globs of files, the listing of a directory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".jj",
        ".venv",
        ".tox",
        ".nox",
        ".idea",
        ".vscode",
        ".direnv",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".graftline",
        "__pycache__",
        "node_modules",
    }
)
"""Directories that are passed over, with all that is in them. A virtual environment of another name is told by its
`pyvenv.cfg`, which only who looks at the disk can see."""

_ENDS = (
    *(".pyc", ".pyo"),
    "~",  # backups of emacs, vim and kate
    ".kate-swp",
    *("___jb_tmp___", "___jb_old___"),  # PyCharm
    *(".tmp", ".part", ".crdownload"),  # what is being written, to be renamed
)
_OTHERS = r"""
    .*\.sw[a-z] | .*\.swpx           # vim
    | 4913                           # vim asks with it whether a directory can be written
    | \.\#.* | \#.*\#               # emacs: lock, autosave
    | \.goutputstream-.*             # GNOME
    | sed[A-Za-z0-9]{6}              # sed -i
    | \.nfs[0-9a-f]+                 # open when deleted, on NFS
    | .*\.tmp\.[0-9]+(\.[0-9a-f]+)?
    | \.DS_Store | \.coverage
    """


def is_clutter_folder(name: str) -> bool:
    """Tell whether a directory of this name is passed over."""
    return name in FOLDERS or name.endswith(".egg-info")


def is_clutter_file(name: str) -> bool:
    """Tell whether a file of this name is a tool's or an editor's own."""
    if name.endswith(_ENDS):
        return True
    # Asked for each of thousands of files: the expression alone would take 0.9 us, most names need no more than this.
    may_be = name[:1] in (".", "#", "4", "s") or ".sw" in name or ".tmp." in name
    # Compiled when a name first gets here, 0.4 ms: few commands look through a work tree.
    return may_be and re.fullmatch(_OTHERS, name, re.VERBOSE) is not None


def is_clutter(parts: Sequence[str]) -> bool:
    """Tell whether a path, given as its parts below the project root, is not of the project."""
    return any(map(is_clutter_folder, parts[:-1])) or is_clutter_file(parts[-1])
