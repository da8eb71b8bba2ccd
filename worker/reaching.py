"""What a target reaches by imports, read from source files alone: nothing is run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from ..core.errors import InvalidError
from ..core.marks import Marks
from ..core.runs import Target
from ..core.sources import Reached, reach
from ..core.targets import TargetKind, parse_target
from .sourcefile import read_source
from .workplace import search_path

NOTHING = Reached(files=(), packages=(), uses_pipelines=False)


def reached_by(target: Target) -> Reached:
    """Return what the files of a target import; nothing for one that is found by an import name.

    Raises:
        InvalidError: a file is no Python, or no YAML.
    """
    if target.definition is not None:
        return reached_by_data(dict(target.definition), target)
    named = parse_target(target.text)
    file = os.path.join(target.root, named.path)
    if named.kind is TargetKind.MODULE or not os.path.isfile(file):
        return NOTHING
    if named.kind is TargetKind.YAML:
        return reached_by_data(yaml_data(file)[0], target, [file])
    return reach(file, target.sys_path, read_source) if named.kind is TargetKind.FILE else NOTHING


def reached_by_data(data: object, target: Target, files: Sequence[str] = ()) -> Reached:
    """Return what the functions reach that plain data name; `files` are added as they are."""
    from .naming import files_named, modules_named  # 3 ms, for pipelines that are data

    found = [*files_named(data, target.root), *modules_named(data, target.root)]
    return _together((reach(file, target.sys_path, read_source) for file in found), files)


def yaml_data(file: str) -> tuple[Any, Marks]:
    """Return the plain data of a YAML file and where each key was written.

    Raises:
        InvalidError: it cannot be read, or is no YAML.
    """
    from .yamlfile import read_yaml  # for pipelines that are data

    try:
        with open(file, encoding="utf-8-sig") as source:
            text = source.read()
    except UnicodeDecodeError as error:
        raise InvalidError("it is not UTF-8 text", file=file) from error
    except OSError as error:
        raise InvalidError(f"it cannot be read: {error.strerror}", file=file) from error
    return read_yaml(text, file)


def search_path_of(data: object, root: str, folder: str) -> tuple[str, ...]:
    """Return what sys.path starts with for plain data: what its Python files need, the root, its own folder."""
    from .naming import files_named

    own = [entry for file in files_named(data, root) for entry in search_path(file, root)]
    return tuple(dict.fromkeys((*own, root, folder)))


def _together(parts: Iterable[Reached], files: Sequence[str]) -> Reached:
    found = list(parts)
    return Reached(
        files=tuple(sorted({*files, *(file for each in found for file in each.files)})),
        packages=tuple(sorted({package for each in found for package in each.packages})),
        uses_pipelines=any(each.uses_pipelines for each in found),
    )
