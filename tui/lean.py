"""Textual without its palette until somebody opens it: with the ten widgets it brings, 18 of the 200 ms of its import.

`textual.app` and `textual.theme` import names of `textual.command` that they use when the palette is opened. A module
that stands for it gives them stand-ins; `with_palette` puts the names themselves in their places.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

_PALETTE = "textual.command"
_USERS = ("textual.app", "textual.theme")


class _Absent:
    """Stands for a class of the palette; some are derived from."""


class _Stand(ModuleType):
    def __getattr__(self, name: str) -> type[_Absent]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Absent,), {})


@contextmanager
def without_palette() -> Iterator[None]:
    """Let Textual be imported within this block without its palette; it stays as it is where it was imported before."""
    if _PALETTE in sys.modules or "textual" in sys.modules:
        yield
        return
    sys.modules[_PALETTE] = _Stand(_PALETTE)
    try:
        yield
    finally:
        del sys.modules[_PALETTE]


def with_palette() -> None:
    """Give Textual what was left out, but for its own chooser of themes, which is derived from it and not used here."""
    palette = import_module(_PALETTE)
    for user in map(import_module, _USERS):
        for name, value in list(vars(user).items()):
            if isinstance(value, type) and _Absent in value.__bases__:
                setattr(user, name, getattr(palette, name))
