"""Imports of recorded code: each version of a function has its modules to itself, in every process.

The modules of the code whose digest begins with K are below the package `graft_code_K`. Two versions of one file, or
two files of one name, live side by side in one worker, and what a version pickles is found again by whoever loads it.
The code says `import helpers` as it always did: such imports are looked up in the version's own files first.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

PREFIX = "graft_code_"
_DIGITS = 16
"""Hexadecimal digits of the digest in the name: 64 bits tell versions apart, and an error message stays readable."""


def package_of(key: str) -> str:
    """Return the name of the package that holds the modules of recorded code."""
    return PREFIX + key[:_DIGITS]


def install(objects: str) -> None:
    """Let this process import recorded code of a store. A second call for the same one changes nothing.

    Args:
        objects: Absolute directory of object files.
    """
    for finder in sys.meta_path:
        if isinstance(finder, RecordedFinder):
            finder.add(objects)
            return
    sys.meta_path.insert(0, RecordedFinder(objects))


class RecordedFinder:
    """Finds the packages of recorded code in the stores this process works for.

    It stands in sys.meta_path. Not a MetaPathFinder: importlib.abc imports tempfile in 3.11, 8 ms for every worker.
    """

    def __init__(self, objects: str) -> None:
        self._stores = [objects]

    def add(self, objects: str) -> None:
        """Look in one more store."""
        if objects not in self._stores:
            self._stores.append(objects)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of such a package or of a module below one; None for all else."""
        if not fullname.startswith(PREFIX):
            return None
        if "." not in fullname:
            return self._package(fullname)
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader) and spec.origin is not None:
            spec.loader = _RecordedLoader(fullname, spec.origin)
        return spec

    def _package(self, fullname: str) -> ModuleSpec | None:
        start = fullname.removeprefix(PREFIX)
        for objects in self._stores:
            folder = os.path.join(objects, start[:2])
            names = os.listdir(folder) if os.path.isdir(folder) else []
            for name in names:
                if name.startswith(start[2:]) and "." not in name:
                    from .unpacking import unpacked  # tempfile and shutil: 8 ms that most workers never need

                    spec = ModuleSpec(fullname, None, is_package=True)
                    spec.submodule_search_locations = [unpacked(objects, start[:2] + name)]
                    return spec
        return None


class _RecordedLoader(SourceFileLoader):
    """Executes a module whose imports see the modules beside it first."""

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module with an `__import__` of its own."""
        package = module.__name__.partition(".")[0]
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _importer(package)}
        super().exec_module(module)


def _importer(package: str) -> Any:
    folder = sys.modules[package].__path__[0]
    own = {os.path.splitext(name)[0] for name in os.listdir(folder)}

    def importer(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the names of `__import__` itself
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or top not in own:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        found = builtins.__import__(f"{package}.{name}", globals, locals, fromlist or ("",), 0)
        return found if fromlist else sys.modules[f"{package}.{top}"]

    return importer
