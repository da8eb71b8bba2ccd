"""TARGET: what a person names to be run, read without looking at any file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from enum import StrEnum

from .errors import InvalidError
from .graph import Json
from .ids import name_problem
from .named import NamedTuple


class TargetKind(StrEnum):
    """What a target's text names."""

    FILE = "file"
    """A Python file: `path/to/file.py[:name]`."""
    MODULE = "module"
    """An import name: `package.module[:name]`."""
    SHELL = "shell"
    """A shell script, run as a one-step pipeline."""
    YAML = "yaml"
    """A pipeline as a YAML file: `path/to/file.yaml[:name]`."""
    NOTEBOOK = "notebook"
    """A Jupyter notebook, run as a one-step pipeline."""
    FOLDER = "folder"
    """A project directory; its own target is looked up there. The path `.` when nothing is named."""


class Named(NamedTuple):
    """A target's text, taken apart."""

    kind: TargetKind
    path: str
    """Path as written, or the dotted import name."""
    name: str | None = None
    """The pipeline, or function returning one, in it; None: the only one."""


_YAML = (".yaml", ".yml")


class Job(NamedTuple):
    """One step that is run without a pipeline of its own."""

    step: Mapping[str, Json]
    """As a YAML file would hold it."""
    key: str
    """Its key whose value is what is run; a file in it is written from where the person stands."""
    name: str
    """What the run is called."""
    text: str
    """The words it was asked for with, as people are told of it."""
    project: str | None = None
    """Target text of a file or folder in the project it belongs to, when what is run is a file; None: here."""


_WHOLE = (
    ((".sh", ".bash"), TargetKind.SHELL, "a shell script"),
    ((".ipynb",), TargetKind.NOTEBOOK, "a notebook"),
)
"""Endings of files that are run as a whole."""


def parse_target(text: str | None) -> Named:
    """Take a target's text apart.

    Args:
        text: As typed; None or empty when nothing was.

    Raises:
        InvalidError: it is neither a file we run nor an import name.
    """
    if not text or not text.strip():
        return Named(TargetKind.FOLDER, ".")
    path, name = _split(text.strip())
    if name is not None and (problem := name_problem(name)):
        raise InvalidError(f"the target '{text}' has no name after the colon: {problem}", "write FILE.py:NAME")
    if path.endswith(".py"):
        return Named(TargetKind.FILE, path, name)
    if path.endswith(_YAML):
        return Named(TargetKind.YAML, path, name)
    for suffix, kind, words in _WHOLE:
        if path.endswith(suffix):
            if name is not None:
                raise InvalidError(f"the target '{text}' names something in {words}", f"write {path}")
            return Named(kind, path)
    if "/" in path or path in (".", ".."):
        return _folder(text, path, name)
    if path.rpartition(".")[2] in _DATA:
        raise InvalidError(f"'{text}' is no target: files of type '.{path.rpartition('.')[2]}' are not run", _HINT)
    if all(part.isidentifier() for part in path.split(".")):
        return Named(TargetKind.MODULE, path, name)
    raise of_registry(text) or InvalidError(f"'{text}' is no target", _HINT)


def of_registry(text: str) -> InvalidError | None:
    """Return why an address of the registry is no target; None: it is no address either."""
    from .addresses import is_address  # versions: only for who is wrong

    if not ("/" in text or "@" in text) or not is_address(text):  # a bare name may be anything
        return None
    told = f"'{text}' is an address of the registry; only what is in files can be run"
    return InvalidError(told, "train, apply, eval and list take addresses")


_DATA = frozenset({"csv", "json", "parquet", "toml", "txt"})
"""Endings of files that would read as an import name: `data.csv`."""

_HINT = (
    "a target is FILE.py, FILE.py:NAME, package.module:NAME, FILE.yaml, a shell script (.sh), a notebook (.ipynb)"
    " or a project directory"
)


def _folder(text: str, path: str, name: str | None) -> Named:
    suffix = posixpath.splitext(path)[1]
    if name is not None or (suffix and path.strip("./")):
        told = f"'{text}' is no target: files of type '{suffix or path}' are not run"
        raise of_registry(text) or InvalidError(told, _HINT)
    return Named(TargetKind.FOLDER, path)


def _split(text: str) -> tuple[str, str | None]:
    path, colon, name = text.rpartition(":")
    # A colon before a slash belongs to the path: "C:/x.py", "odd:dir/x.py".
    return (path, name) if colon and "/" not in name else (text, None)
