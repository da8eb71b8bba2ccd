"""Which files are the user's own code, and which were installed."""

from __future__ import annotations

import os

_MARKS = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STDLIB = os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "")
_OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def is_installed(path: str) -> bool:
    """Tell whether an absolute path is of the interpreter, or was installed into it or a virtual environment."""
    inside = f"{path}{os.sep}"
    return any(mark in inside for mark in _MARKS) or inside.startswith(_STDLIB)


def is_own(path: str) -> bool:
    """Tell whether an absolute path is of the user's code: neither installed, nor what runs it in this process."""
    return not is_installed(path) and not path.startswith(_OURS)
