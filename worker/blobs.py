"""Values as content-addressed files: written once, read through a private map, verified before first use.

A file is `objects/ab/cdef...` (the sha256 of its bytes). It is written under a temporary name in `objects/`, synced
and renamed, so under its name there is the whole content or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import threading
from collections.abc import Mapping, Sequence

from ..core.artifacts import INLINE_LIMIT, ArtifactRef
from ..core.errors import StoreError
from .reclaiming import reclaim
from .serializers import Dumped, load, total_size

_OVERLAP_FROM = 1024 * 1024
"""Bytes from which hashing goes on beside writing; below, a thread costs more than it saves."""
_CHUNK = 1024 * 1024
_verified: set[str] = set()
"""Digests whose files this process wrote or checked."""


def store(dumped: Dumped, objects: str) -> ArtifactRef:
    """Keep a value: inline up to `INLINE_LIMIT` bytes, else as an object file.

    Raises:
        StoreError: the file cannot be written.
    """
    size = total_size(dumped.parts)
    if size <= INLINE_LIMIT:
        data = dumped.parts[0] if len(dumped.parts) == 1 else b"".join(dumped.parts)
        data = data if isinstance(data, bytes) else bytes(data)
        return ArtifactRef(hashlib.sha256(data).hexdigest(), size, dumped.serializer, data)
    digest = store_parts(dumped.parts, size, objects)
    return ArtifactRef(digest, size, dumped.serializer)


def store_parts(parts: Sequence[bytes | memoryview], size: int, objects: str) -> str:
    """Write bytes as an object file unless it is there, and return their sha256.

    Raises:
        StoreError: as `store`.
    """
    if size < _OVERLAP_FROM:
        digest = _sha256(parts)
        if not has_object(objects, digest, size):
            with _Temporary(objects) as (descriptor, path):
                _write(descriptor, parts)
                os.fsync(descriptor)
                _commit(path, objects, digest)
    else:
        digest = _store_overlapped(parts, size, objects)
    _verified.add(digest)
    return digest


def object_path(objects: str, digest: str) -> str:
    """Return where the object of this digest is, or would be."""
    return os.path.join(objects, digest[:2], digest[2:])


def has_object(objects: str, digest: str, size: int) -> bool:
    """Tell whether the object is there, whole: one that is damaged is to be written anew.

    Its bytes are read unless this process has seen them, which costs less than to write them.
    """
    path = object_path(objects, digest)
    if not reclaim(objects, path):
        return False
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size != size:
                return False
            if digest not in _verified and hashlib.file_digest(file, "sha256").hexdigest() != digest:
                return False
    except OSError:  # not there, or not to be read: whoever writes it anew is told why, if that does not work either
        return False
    _verified.add(digest)
    return True


def lacking(objects: str, digests: Mapping[str, int | None]) -> list[str]:
    """Return those of the digests that have no whole object; of those without a size any file counts."""
    return [
        digest
        for digest, size in digests.items()
        if not (os.path.exists(object_path(objects, digest)) if size is None else has_object(objects, digest, size))
    ]


def open_value(objects: str, serializer: str, sha256: str, size: int) -> object:
    """Return a new object made from an object file.

    Large arrays are views of a private copy-on-write map: the step may write into them, the file never changes.

    Raises:
        StoreError: the file is missing or damaged.
        Exception: whatever the value's own classes raise.
    """
    return load(serializer, open_object(objects, sha256, size))


def open_object(objects: str, sha256: str, size: int) -> memoryview:
    """Return the verified content of an object file as a private, writable map.

    The size is checked always, the digest once for each object in this process.

    Raises:
        StoreError: the file is missing or damaged.
    """
    path = object_path(objects, sha256)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as problem:
        raise StoreError(f"object {sha256[:12]} cannot be read: {problem.strerror}", _REMEDY, file=path) from problem
    try:
        found = os.fstat(descriptor).st_size
        if found != size:
            raise StoreError(f"object {sha256[:12]} is damaged: {found} bytes instead of {size}", _REMEDY, file=path)
        view = memoryview(mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)) if size else memoryview(bytearray())
    finally:
        os.close(descriptor)
    if sha256 not in _verified:
        if hashlib.sha256(view).hexdigest() != sha256:
            raise StoreError(f"object {sha256[:12]} is damaged: its bytes do not match its digest", _REMEDY, file=path)
        _verified.add(sha256)
    return view


def store_file(path: str, objects: str, *, keep_copy: bool = True) -> ArtifactRef:
    """Keep a user's file as it is now: inline when small, else as a copy that later writes to the file do not touch.

    Args:
        path: a regular file.
        objects: directory of the object files.
        keep_copy: False: only hash it.

    Raises:
        StoreError: the copy cannot be written.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as source:
        if not keep_copy:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            return ArtifactRef(digest, source.tell(), "file")
        head = source.read(INLINE_LIMIT + 1)
        if len(head) <= INLINE_LIMIT:
            return ArtifactRef(hashlib.sha256(head).hexdigest(), len(head), "file", head)
        with _Temporary(objects) as (descriptor, temporary):
            size = copy_file(source.fileno(), descriptor)
            # The copy is hashed and not the file, which somebody may still be writing.
            with open(temporary, "rb") as copied:
                digest = hashlib.file_digest(copied, "sha256").hexdigest()
            if not has_object(objects, digest, size):
                os.fsync(descriptor)
                _commit(temporary, objects, digest)
    return ArtifactRef(digest, size, "file")


_REMEDY = "run the step that made it again: `graft retry`"


def _sha256(parts: Sequence[bytes | memoryview]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _store_overlapped(parts: Sequence[bytes | memoryview], size: int, objects: str) -> str:
    digests: list[str] = []
    hasher = threading.Thread(target=lambda: digests.append(_sha256(parts)), name="graftline-hash", daemon=True)
    with _Temporary(objects) as (descriptor, path):
        hasher.start()
        try:
            _write(descriptor, parts)
            os.fsync(descriptor)
        finally:
            hasher.join()  # it reads memory that the step may change as soon as we return
        if not has_object(objects, digests[0], size):
            _commit(path, objects, digests[0])
    return digests[0]


class _Temporary:
    """A 0600 file in `objects/` that is gone afterwards unless it was renamed; OSError becomes StoreError."""

    def __init__(self, objects: str) -> None:
        self._path = os.path.join(objects, f".tmp-{os.getpid()}-{os.urandom(8).hex()}")
        self._descriptor = -1

    def __enter__(self) -> tuple[int, str]:
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise self._explained(problem) from problem
        return self._descriptor, self._path

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        os.close(self._descriptor)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        if isinstance(problem, OSError):
            raise self._explained(problem) from problem

    def _explained(self, problem: OSError) -> StoreError:
        directory = os.path.dirname(self._path)
        return StoreError(f"a value cannot be written: {problem.strerror}", "free space or fix it", file=directory)


def _write(descriptor: int, parts: Sequence[bytes | memoryview]) -> None:
    for part in parts:
        view = memoryview(part).cast("B")
        done = 0
        while done < len(view):
            done += os.write(descriptor, view[done:])


def _commit(path: str, objects: str, digest: str) -> None:
    """Give the synced file its name, and sync the directory that holds the name."""
    target = object_path(objects, digest)
    directory = os.path.dirname(target)
    try:
        os.rename(path, target)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)
            _sync_directory(objects)
        os.rename(path, target)
    _sync_directory(directory)


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_file(source: int, target: int) -> int:
    """Copy a whole file from one descriptor to another and return its size in bytes.

    The kernel shares the blocks where the file system can (btrfs, xfs).
    """
    os.lseek(source, 0, os.SEEK_SET)
    size = 0
    with contextlib.suppress(OSError, AttributeError):  # other file systems, macOS
        while moved := os.copy_file_range(source, target, 1 << 30):
            size += moved
        return size
    os.lseek(source, size, os.SEEK_SET)
    while chunk := os.read(source, _CHUNK):
        _write(target, [chunk])
        size += len(chunk)
    return size
