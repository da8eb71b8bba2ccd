"""Writing a new project: all of its files or none, and nothing that is there is touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ...core.beginning import Begun, Template
from ...core.errors import InvalidError, PluginError, StoreError
from .templates import contents


def begin(root: Path, project: str, template: Template, *, with_git: bool, is_dry: bool) -> Begun:
    """Write a project from a template.

    Args:
        root: absolute; made when it is missing.
        project: strict name.
        template: what it begins as.
        with_git: make a git repository of it.
        is_dry: write nothing.

    Raises:
        InvalidError: something of it is there already; nothing was written.
        StoreError: a file cannot be written.
        PluginError: git cannot do what was asked.
    """
    files = contents(template, project)
    refuse_what_is_there(root, files)
    missing = tuple(name for name in template.packages if find_spec(name) is None)
    if not is_dry:
        write(root, files)
        if with_git:
            _git(root)
    return Begun(project=project, root=str(root), template=template, missing=missing, has_git=with_git and not is_dry)


def refuse_what_is_there(root: Path, files: Mapping[str, bytes]) -> None:
    """Raise InvalidError, naming all of it, when a file that would be written is there, or its folder is a file."""
    there = [file for file in files if os.path.lexists(root / file)]
    blocked = {
        str(folder)
        for file in files
        for folder in (root / file).parents
        if os.path.lexists(folder) and not folder.is_dir()
    }
    if blocked:
        raise InvalidError(f"{', '.join(sorted(blocked))} is no directory", "choose another name")
    if there:
        where = "the current directory" if root == Path.cwd() else str(root)
        hint = "nothing was written; choose another NAME, or move these away"
        raise InvalidError(f"{where} has {', '.join(there)} already", hint)


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write new files; one that came to be meanwhile is left as it is, and the others are taken away again.

    Raises:
        InvalidError: somebody else made one of them.
        StoreError: one cannot be written.
    """
    written: list[Path] = []
    try:
        for file, data in files.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as stream:
                written.append(path)
                stream.write(data)
    except OSError as problem:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(problem, FileExistsError):
            raise InvalidError(f"{problem.filename} is there already", "nothing was written") from problem
        raise StoreError(f"cannot write {problem.filename}: {problem.strerror}", "nothing was written") from problem


def _git(root: Path) -> None:
    try:
        done = subprocess.run(["git", "init", "-q"], cwd=root, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise PluginError(f"the project is written, but git cannot be run: {problem}", "install git") from problem
    if done.returncode:
        raise PluginError(f"the project is written, but 'git init' failed: {done.stderr.strip()}")
