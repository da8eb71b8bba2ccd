"""Catalog files: put back before a step starts, kept after it ends. Never outside the working directory."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from secrets import token_hex
from typing import BinaryIO

from ..core.artifacts import ArtifactRef, Output
from ..core.catalog import matches
from ..core.errors import InvalidError, StoreError
from .blobs import copy_file, object_path, open_object, store_file
from .outflow import refuse_file, refuse_name

_SHOWN = 10
"""Files that a message names."""


class CatalogError(InvalidError):
    """A glob that matches nothing, or a path that leaves the working directory."""


def keep_files(
    patterns: Iterable[str],
    cwd: str,
    objects: str,
    *,
    keep_copy: bool,
    secrets: Mapping[str, str] | None = None,
    are_due: bool = True,
) -> list[Output]:
    """Keep every file the globs match, each once, as outputs with the role `file` named by their relative path.

    `**` matches any depth; a matched directory means all files in it; hidden files need a pattern with the dot.

    Args:
        patterns: globs, relative to the working directory.
        cwd: the working directory.
        objects: directory of the object files.
        keep_copy: False: only their digests.
        secrets: name -> value; a file that holds one is refused.
        are_due: False: a glob may match nothing, as after a step that failed.

    Raises:
        CatalogError: a glob matches nothing or leaves the directory.
        SecretKept: a file, or its name, holds a secret.
        StoreError: a copy cannot be written.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        matches = _matches(pattern, cwd)
        if are_due and not matches:
            raise CatalogError(f"catalog: no file matches {pattern!r} in {cwd}", "make the file, or fix the glob")
        found |= dict.fromkeys(matches)
    for path in found if secrets else ():
        refuse_name("a catalog file's name", path, secrets or {})
        refuse_file(f"catalog file {path!r}", os.path.join(cwd, path), secrets or {})
    return [Output(path, "file", store_file(os.path.join(cwd, path), objects, keep_copy=keep_copy)) for path in found]


def refuse_unmade(patterns: Iterable[str], paths: Sequence[str]) -> None:
    """Refuse to start a step one of whose globs names no file that the steps before it have put.

    Raises:
        CatalogError: naming the glob.
    """
    for pattern in patterns:
        if not any(matches(path, pattern) for path in paths):
            there = f"they put {', '.join(paths[:_SHOWN])}" if paths else "they put none"
            raise CatalogError(f"catalog: no step before has put a file that matches {pattern!r}", there)


def put_back(name: str, ref: ArtifactRef, cwd: str, *, objects: str) -> None:
    """Put a catalog file of a step that is reused back; implements `core.contents.Restore`.

    Raises:
        StoreError: the stored copy is gone or damaged, or the file cannot be written.
    """
    try:
        if ref.inline is not None:
            restore_file(name, cwd, ref.inline)
        else:
            restore_object(name, cwd, objects, ref.sha256, ref.size)
    except (OSError, CatalogError) as problem:
        raise StoreError(str(problem)) from problem


def restore_object(path: str, cwd: str, objects: str, digest: str, size: int) -> None:
    """Put a stored file back, as a copy that shares the blocks where the file system can; else as `restore_file`.

    Raises:
        CatalogError: the path leaves the directory; or no copy is stored, and the file is not there as it was put.
        StoreError: the stored copy is damaged.
        OSError: it cannot be written.
    """
    target = inside(path, cwd)
    if has_content(target, digest, size):
        return
    stored = object_path(objects, digest)
    if not os.path.exists(stored):
        state = "is another one now" if os.path.lexists(target) else "is gone"
        text = f"catalog: {path!r} {state}, and only its digest was kept"
        raise CatalogError(text, "store_copy=False keeps no copy: let its maker run again, or keep one")
    open_object(objects, digest, size)  # checks it
    with _replacing(target) as file, open(stored, "rb") as source:
        copy_file(source.fileno(), file.fileno())


def restore_file(path: str, cwd: str, data: bytes | memoryview) -> None:
    """Write a catalog file, whole or not at all; a file that has the content already is left alone.

    Raises:
        CatalogError: the path leaves the directory.
        OSError: it cannot be written.
    """
    target = inside(path, cwd)
    if has_content(target, hashlib.sha256(data).hexdigest(), len(data)):
        return
    with _replacing(target) as file:
        file.write(data)


def has_content(path: str, digest: str, size: int) -> bool:
    """Tell whether a regular file with these bytes is there."""
    try:
        if os.path.islink(path) or os.stat(path).st_size != size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def inside(path: str, cwd: str) -> str:
    """Return the absolute path of a relative one.

    Raises:
        CatalogError: it is absolute, or leaves the directory by `..` or a symbolic link.
    """
    target = os.path.join(cwd, path)
    if os.path.isabs(path) or not _is_under(os.path.realpath(target), os.path.realpath(cwd)):
        raise CatalogError(f"catalog: {path!r} leaves the working directory {cwd}")
    return target


@contextlib.contextmanager
def _replacing(target: str) -> Iterator[BinaryIO]:
    """Open a file beside the target that takes its place at the end, if all went well."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = f"{target}.{token_hex(6)}.tmp"
    try:
        with open(temporary, "xb") as file:
            yield file
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _matches(pattern: str, cwd: str) -> list[str]:
    if os.path.isabs(pattern) or ".." in pattern.split("/"):
        raise CatalogError(f"catalog: {pattern!r} leaves the working directory {cwd}", "use a path relative to it")
    found: list[str] = []
    for path in sorted(glob.glob(pattern, root_dir=cwd, recursive=True)):
        whole = inside(path, cwd)
        if os.path.isdir(whole):
            for directory, _, files in os.walk(whole):
                found += sorted(os.path.relpath(os.path.join(directory, name), cwd) for name in files)
        elif os.path.isfile(whole):
            found.append(os.path.normpath(path))
    for path in found:
        inside(path, cwd)
    return [path.replace(os.sep, "/") for path in found]


def _is_under(path: str, directory: str) -> bool:
    return path == directory or path.startswith(os.path.join(directory, ""))
