"""Imports of recorded code: each version of a function has its modules to itself, in every process.

The modules of the code whose digest begins with K are below the package `graft_code_K`. Two versions of one file, or
two files of one name, live side by side in one worker, and what a version pickles is found again by whoever loads it.
The code says `import helpers` as it always did: such imports are looked up in the version's own files first.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

from ..core.errors import StoreError

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


def manifest_of(files: Mapping[str, str]) -> bytes:
    """Return the text whose sha256 names recorded code: relative path -> sha256, as the key of a snapshot is made."""
    return json.dumps(dict(files), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unpacked(objects: str, key: str) -> str:
    """Return the directory with recorded code, written out beside the objects when it is not there yet.

    Raises:
        StoreError: an object is missing or damaged, or the directory cannot be written.
    """
    final = os.path.join(os.path.dirname(objects), "code", key)
    if os.path.isdir(final):
        return final
    files: dict[str, str] = json.loads(_object(objects, key))
    fresh = None
    try:
        os.makedirs(os.path.dirname(final), mode=0o700, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=os.path.dirname(final))
        for name, sha256 in files.items():
            path = os.path.normpath(os.path.join(fresh, name))
            if not path.startswith(os.path.join(fresh, "")):
                raise StoreError(f"recorded code names a file outside of it: {name}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(_object(objects, sha256))
        os.rename(fresh, final)  # whole or not at all: another process may do the same
    except OSError as error:
        if not os.path.isdir(final):
            raise StoreError(f"recorded code cannot be written: {error.strerror}", file=final) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
    return final


class RecordedFinder(MetaPathFinder):
    """Finds the packages of recorded code in the stores this process works for."""

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


def _object(objects: str, sha256: str) -> bytes:
    path = os.path.join(objects, sha256[:2], sha256[2:])
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise StoreError(f"recorded code is missing: {error.strerror}", file=path) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StoreError("recorded code is damaged", "register the function again", file=path)
    return data
