"""Functions by text, and back: `package.module:name`, or `path/file.py:name` from the project root."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..core.callables import imported
from ..core.errors import InvalidError, nearest
from .importing import import_file, import_name
from .workplace import module_of

_FILE = re.compile(r"(?P<file>[^:\n]+\.py):(?P<name>[\w.]+)")
_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.\w+)*):(?P<name>[\w.]+)")


def find_function(text: str, root: str) -> Callable[..., object]:
    """Import the function a text names.

    Raises:
        InvalidError: it has another form, does not import, or there is no such function.
    """
    if match := _FILE.fullmatch(text):
        file = os.path.join(root, match["file"])
        if not os.path.isfile(file):
            raise InvalidError(f"there is no file '{match['file']}'", f"paths start at {root}")
        add_search_path(os.path.dirname(file), module_of(file)[0])
        return attribute_of(import_file(file), match["name"])
    if match := _MODULE.fullmatch(text):
        return attribute_of(import_name(match["module"]), match["name"])
    raise InvalidError(f"{text!r} names no function", "write package.module:name or path/file.py:name")


def attribute_of(module: ModuleType, name: str) -> Callable[..., object]:
    """Return a function of a module; `Class.method` reaches into a class.

    Raises:
        InvalidError: there is none of that name.
    """
    found: Any = module
    for part in name.split("."):
        known = [each for each, value in vars(found).items() if callable(value)] if hasattr(found, "__dict__") else []
        found = getattr(found, part, None)
        if found is None:
            raise InvalidError(f"{module.__name__} has no function '{name}'{nearest(part, known)}")
    if not callable(found):
        raise InvalidError(f"{module.__name__}:{name} is no function but {type(found).__name__}")
    function: Callable[..., object] = found
    return function


def name_function(function: Callable[..., object], root: str) -> str:
    """Return how a function is written so that `find_function` finds it again, anywhere in the project.

    Raises:
        InvalidError: it has no name to be imported by: a lambda, a closure, a partial, a function of `__main__`.
    """
    found = imported(function)
    if found is None:
        shown = getattr(function, "__qualname__", None) or type(function).__name__
        hint = "only functions at the top of a module have a name; write it there"
        raise InvalidError(f"its function '{shown}' cannot be written: no import finds it", hint)
    file = getattr(sys.modules.get(found.module), "__file__", None) or ""
    inside = os.path.join(root, "")
    if not file.startswith(inside) or f"{os.sep}site-packages{os.sep}" in file:
        return f"{found.module}:{found.qualname}"
    path = file[len(inside) :]
    # What the root on sys.path finds by this very name is written by it; another file by its path.
    if path in (found.module.replace(".", "/") + ".py", found.module.replace(".", "/") + "/__init__.py"):
        return f"{found.module}:{found.qualname}"
    if module_of(file)[1] == found.module:
        return f"{path}:{found.qualname}"
    return f"{found.module}:{found.qualname}"


def files_named(data: object, root: str) -> list[str]:
    """Return the Python files below the root that texts anywhere in plain data name as `file.py:name`, absolute."""
    found: dict[str, None] = {}
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(reversed(value.values()))
        elif isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, str) and (match := _FILE.fullmatch(value)):
            file = os.path.normpath(os.path.join(root, match["file"]))
            if os.path.isfile(file):
                found[file] = None
    return list(found)


def modules_named(data: object, root: str) -> list[str]:
    """Return the files below the root of modules that texts anywhere in plain data name as `package.module:name`."""
    found: dict[str, None] = {}
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str) and (match := _MODULE.fullmatch(value)):
            stem = os.path.join(root, *match["module"].split("."))
            found |= dict.fromkeys(file for file in (f"{stem}.py", f"{stem}/__init__.py") if os.path.isfile(file))
    return list(found)


def add_search_path(*folders: str) -> None:
    """Put folders before sys.path unless they are on it: files are imported by the name they have from there."""
    for folder in folders:
        if folder not in sys.path:
            sys.path.insert(0, folder)
            importlib.invalidate_caches()
