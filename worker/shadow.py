"""A directory to run in that looks like another one: links to all that is there, but for the files a step may replace.

What is replaced are the catalog files as the run had them, and those that the step itself makes, so that debugging it
leaves the working directory as it is. Any other file that the step writes to is the real one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..core.catalog import matches
from .catalog import has_content, restore_file, restore_object


def differing(cwd: str, files: Sequence[tuple[str, Any]]) -> list[str]:
    """Return the recorded files of an order that are not the same in a directory."""
    return [path for path, value in files if not has_content(os.path.join(cwd, path), *_digest(value))]


def make_shadow(cwd: str, at: str, *, files: Sequence[tuple[str, Any]], made: Sequence[str], objects: str) -> None:
    """Make a directory that looks like `cwd`, with the recorded files in it.

    Args:
        cwd: absolute directory to look like.
        at: absolute path of the new directory.
        files: recorded files of an order: relative path and value.
        made: globs of what the step makes: such files are copies, and their directories no links.
        objects: directory of the object files.

    Raises:
        CatalogError: a recorded file is nowhere any more.
        OSError: it cannot be made.
    """
    recorded = {path for path, _ in files}
    _mirror(cwd, at, "", recorded, made)
    for path, value in files:
        if value[0] == "f":
            restore_object(path, at, objects, value[2], value[3])
        else:
            restore_file(path, at, value[2])


def _mirror(source: str, target: str, below: str, recorded: set[str], made: Sequence[str]) -> None:
    os.makedirs(target, exist_ok=True)
    for entry in os.scandir(source):
        path = f"{below}{entry.name}"
        place = os.path.join(target, entry.name)
        is_folder = entry.is_dir()
        if is_folder and (_may_hold(path, made) or any(each.startswith(f"{path}/") for each in recorded)):
            _mirror(entry.path, place, f"{path}/", recorded, made)
        elif path in recorded:
            continue
        elif not is_folder and any(matches(path, glob) for glob in made):
            shutil.copy2(entry.path, place)
        else:
            os.symlink(entry.path, place)


def _may_hold(folder: str, globs: Sequence[str]) -> bool:
    """Tell whether a file below a directory may be meant by a glob."""
    return any(matches(folder, glob) or _leads_to(folder.split("/"), glob.split("/")) for glob in globs)


def _leads_to(parts: Sequence[str], glob: Sequence[str]) -> bool:
    for at, part in enumerate(parts):
        if at >= len(glob) or glob[at] == "**":
            return at < len(glob)
        if not fnmatchcase(part, glob[at]):
            return False
    return len(glob) > len(parts)


def _digest(value: Any) -> tuple[str, int]:
    if value[0] == "f":
        return value[2], value[3]
    return hashlib.sha256(value[2]).hexdigest(), len(value[2])
