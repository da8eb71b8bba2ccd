"""What is recorded of the code a run is compiled from: its files, its packages, its interpreter."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from importlib.util import find_spec

from ..core.graph import Graph, Json
from ..core.prints import Prints
from ..core.runs import Snapshot
from .installed import distributions_of

_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STDLIB = os.path.join(os.path.dirname(os.__file__), "")
_OURS = __name__.partition(".")[0]
_SCRIPT_SUFFIXES = frozenset({".py", ".sh", ".bash", ".R", ".r", ".jl", ".pl", ".rb", ".js", ".sql", ".awk", ".sed"})
"""Files named in a shell command that are code; data files named there are not recorded."""


def snapshot_of(root: str, files: Iterable[str]) -> Snapshot:
    """Return the recorded form of project files: those below the root that can be read.

    Args:
        root: Absolute project root.
        files: Absolute paths; what lies elsewhere or was installed is left out.
    """
    digests: dict[str, str] = {}
    contents: dict[str, bytes] = {}
    for file in sorted(set(files)):
        if not is_project_file(root, file):
            continue
        try:
            with open(file, "rb") as source:
                data = source.read()
        except OSError:
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        digests[os.path.relpath(file, root)] = sha256
        contents[sha256] = data
    return Snapshot(files=digests, contents=contents)


def imported_files(new: Collection[str]) -> set[str]:
    """Return the source files of the modules imported here, without graftline's own and the standard library's.

    Args:
        new: Names of the modules that the user's code may have imported: one of these may have the name of a module of
            the standard library. Others of that name are not looked at, as in a fork that copies them: 0.7 ms.
    """
    found: set[str] = set()
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top == _OURS or (top in sys.stdlib_module_names and name not in new):
            continue
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and not file.startswith(_STDLIB):
            found.add(os.path.abspath(file))
    return found


def files_in_graph(root: str, graph: Graph) -> set[str]:
    """Return the scripts and notebooks a graph runs, and the code files its shell commands name."""
    found: set[str] = set()
    for call in graph.calls:
        if call.script is not None:
            found.add(os.path.join(root, call.script))
        for word in re.findall(r"[^\s'\"=;|&<>()]+", call.command) if call.command else ():
            file = os.path.normpath(os.path.join(root, word))
            if os.path.splitext(file)[1] in _SCRIPT_SUFFIXES and os.path.isfile(file):
                found.add(file)
    return found


def files_printed(root: str, prints: Prints) -> set[str]:
    """Return the files that fingerprints are made of: a command's Python file imports others that nobody imported."""
    shared = {id(each): each for each in prints.values()}.values()  # thousands of operations have a few
    names = {part.rpartition(":")[0] for each in shared for part in each.parts}
    return {os.path.join(root, name) for name in names if not name.startswith("<")}


def is_project_file(root: str, file: str) -> bool:
    """Tell whether a file belongs to the project: below its root, and not installed there (a .venv)."""
    return file.startswith(os.path.join(root, "")) and not any(part in file for part in _INSTALLED)


def environment_of(packages: Iterable[str]) -> dict[str, Json]:
    """Return the interpreter, the platform, and the versions of the distributions behind top-level packages."""
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": f"{sys.platform}-{os.uname().machine}",
        "packages": dict(sorted(_versions(packages).items())),
    }


def versions_in(environment: Mapping[str, Json]) -> dict[str, Json]:
    """Return distribution -> version of what `environment_of` recorded."""
    packages = environment.get("packages")
    return dict(packages) if isinstance(packages, dict) else {}


def installed_packages(names: Iterable[str]) -> set[str]:
    """Return those of the imported module names whose top-level package was installed."""
    found: set[str] = set()
    # A private top-level module is a part of some package, and looking for its owner would read every RECORD.
    for top in {name.partition(".")[0] for name in names if not name.startswith("_")}:
        file = getattr(sys.modules.get(top), "__file__", None) or ""
        if any(part in file for part in _INSTALLED):
            found.add(top)
    return found - {_OURS}


def is_installed(package: str) -> bool:
    """Tell whether a top-level package was installed here, whether or not it has been imported."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):  # one that was put into sys.modules by hand has no spec
        return False
    return spec is not None and any(part in (spec.origin or "") for part in _INSTALLED)


def _versions(packages: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for package in set(packages):
        found |= distributions_of(package)
    return found
