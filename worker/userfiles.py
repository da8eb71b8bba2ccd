"""Which files are the user's. Apart from failures: who imports code asks it, and needs nothing of what failed."""

from __future__ import annotations

import os

_STDLIB = os.path.join(os.path.dirname(os.__file__), "")
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")
# The package's folder is a repository root, so samples and tests lie under it: ours are the rooms alone.
OURS = tuple(f"{_PACKAGE}{room}{os.sep}" for room in ("worker", "core", "plugins", "store", "cli", "tui"))
"""Beginnings of the paths of our own files."""


def is_user_file(path: str) -> bool:
    """Tell whether a frame's file belongs to the user: not ours, not the standard library, not an installed package."""
    if path.startswith((*OURS, "<frozen ")) or "site-packages" in path or "dist-packages" in path:
        return False
    return not path.startswith(_STDLIB)
