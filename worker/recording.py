"""What is recorded of the code a run is compiled from: its files, its packages, its interpreter."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping

from ..core.graph import Graph, Json
from ..core.runs import Snapshot

_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
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


def imported_files() -> set[str]:
    """Return the source files of all modules imported here, without graftline's own."""
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and name.partition(".")[0] != _OURS:
            found.add(os.path.abspath(file))
    return found


def files_in_graph(root: str, graph: Graph) -> set[str]:
    """Return the scripts and notebooks a graph runs, and the code files its shell commands name."""
    found: set[str] = set()
    for operation in graph.operations:
        call = operation.call
        if call.script is not None:
            found.add(os.path.join(root, call.script))
        for word in re.findall(r"[^\s'\"=;|&<>()]+", call.command or ""):
            file = os.path.normpath(os.path.join(root, word))
            if os.path.splitext(file)[1] in _SCRIPT_SUFFIXES and os.path.isfile(file):
                found.add(file)
    return found


def is_project_file(root: str, file: str) -> bool:
    """Tell whether a file belongs to the project: below its root, and not installed there (a .venv)."""
    return file.startswith(os.path.join(root, "")) and not any(part in file for part in _INSTALLED)


def environment_of(packages: Iterable[str]) -> dict[str, Json]:
    """Return the interpreter, the platform, and the versions of the distributions behind top-level packages."""
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": f"{sys.platform}-{os.uname().machine}",
        "packages": dict(sorted(_versions(set(packages)).items())),
    }


def installed_packages(names: Iterable[str]) -> set[str]:
    """Return those of the imported module names whose top-level package was installed."""
    found: set[str] = set()
    # A private top-level module is a part of some package, and looking for its owner would read every RECORD.
    for top in {name.partition(".")[0] for name in names if not name.startswith("_")}:
        file = getattr(sys.modules.get(top), "__file__", None) or ""
        if any(part in file for part in _INSTALLED):
            found.add(top)
    return found - {_OURS}


def _versions(packages: set[str]) -> Mapping[str, str]:
    """Return distribution name -> version. Folder names say it: opening metadata costs 0.3 ms each, for hundreds."""
    folders = _distributions()
    found: dict[str, str] = {}
    unknown: set[str] = set()
    for package in packages:
        key = _normal(package)
        if key in folders:
            found[folders[key][0]] = folders[key][1]
        else:
            unknown.add(package)
    # sklearn comes from scikit_learn: only for such names are the lists of installed files looked into.
    for name, version, folder in folders.values():
        if unknown and name not in found:
            brought = {package for package in unknown if _brings(folder, package)}
            if brought:
                found[name] = version
                unknown -= brought
    return found


@functools.cache
def _distributions() -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    for entry in sys.path:
        try:
            names = os.listdir(entry or ".")
        except OSError:
            continue
        for name in names:
            if match := re.fullmatch(r"(.+?)-([^-]+)\.dist-info", name):
                found.setdefault(_normal(match.group(1)), (match.group(1), match.group(2), os.path.join(entry, name)))
    return found


def _brings(folder: str, package: str) -> bool:
    return f"\n{package}/" in _record(folder) or f"\n{package}.py," in _record(folder)


@functools.cache
def _record(folder: str) -> str:
    try:
        with open(os.path.join(folder, "RECORD"), encoding="utf-8") as file:
            return "\n" + file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
