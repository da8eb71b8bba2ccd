"""What a pickle names: the classes and functions it would import. It is read by stand-ins, so that nothing of it runs.

pickletools tells the same in plain Python, at 1 us an item: a table of a million numbers would take a second.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, BinaryIO

from ..core.named import NamedTuple
from .pickles import pickle_in

_IMPORTERS = frozenset({"_import_module", "import_module", "__import__"})
"""Functions that pickles of dill call to name a module."""


class Named(NamedTuple):
    """A class or function that a pickle names."""

    module: str
    name: str
    """Qualified; empty: the module itself."""


def names_in(file: BinaryIO, *, is_apart: bool) -> frozenset[Named]:
    """Return what a pickle names.

    Args:
        file: open, at its beginning.
        is_apart: it is of the format of `pickles`; else a bare pickle, as dill writes.

    Raises:
        Exception: it is no pickle, or cannot be read by stand-ins.
    """
    data, buffers = pickle_in(file) if is_apart else (file.read(), 0)
    reader = _Reader(data, [b""] * buffers)
    reader.load()
    return frozenset(reader.named)


class _StandIn:
    """Takes whatever a pickle does with an object of any class, and does nothing."""

    def __new__(cls, *given: Any, **more: Any) -> _StandIn:
        return object.__new__(cls)

    def __init__(self, *given: Any, **more: Any) -> None:
        pass

    def __call__(self, *given: Any, **more: Any) -> _StandIn:
        return self

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Take an item of a list."""

    def extend(self, items: Any) -> None:
        """Take items of a list."""

    def add(self, item: Any) -> None:
        """Take an item of a set."""


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, buffers: list[bytes]) -> None:
        super().__init__(io.BytesIO(data), buffers=buffers)
        self.named: set[Named] = set()

    def find_class(self, module: str, name: str) -> Any:
        """Note what is named, and give a stand-in for it."""
        self.named.add(Named(module, name))
        return self._import if name in _IMPORTERS else _StandIn

    def persistent_load(self, key: Any) -> Any:
        """Give a stand-in for what lies outside of the pickle."""
        return _StandIn()

    def _import(self, module: str, *more: Any) -> _StandIn:
        self.named.add(Named(str(module), ""))
        return _StandIn()
