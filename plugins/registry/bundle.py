"""A registry as one file: a zip with the layout of the filesystem registry (`filesystem.py`)."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from ...core.errors import InvalidError
from ...core.registry import Registry
from .filesystem import FilesystemRegistry

_KNOWN = re.compile(
    r"registry\.json|objects/[0-9a-f]{2}/[0-9a-f]{62}"
    r"|projects/[0-9a-f]{20}/(?:project\.json|moves/\d{6}\.json)"
    r"|projects/[0-9a-f]{20}/lineages/[0-9a-f]{20}/(?:lineage|\d{6}|\d{6}\.gone)\.json"
)
"""Every name there is in such a file: none leaves the directory it is unpacked to."""
_DOCUMENT = 64 << 20
"""Bytes that a JSON document in it may have."""
_DAMAGED = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError)
"""What reading a file that is no zip, an encrypted or a cut one raises."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every entry, so that the same content is the same file."""


class ZippedRegistries:
    """Implements `Bundles`."""

    @contextmanager
    def new(self) -> Iterator[Registry]:
        """Make an empty registry; it is gone at the end of the block."""
        with TemporaryDirectory(prefix="graftline-bundle-") as folder:
            yield FilesystemRegistry(folder)

    def pack(self, registry: Registry, file: str) -> int:
        """Write a registry of `new` to a file: under another name, then renamed to its own."""
        root = registry.location or ""
        part = f"{file}.{secrets.token_hex(4)}.part"
        try:
            with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
                for name in sorted(_files(root)):
                    if _KNOWN.fullmatch(name):
                        _add(zipped, os.path.join(root, name), name)
            with open(part, "rb") as written:
                os.fsync(written.fileno())
            os.replace(part, file)
        except OSError as error:
            raise InvalidError(f"{file} cannot be written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                os.unlink(part)
        return os.path.getsize(file)

    def build(self, folder: str, files: Mapping[str, bytes], registry: str, fill: Callable[[Registry], None]) -> int:
        """Write a directory under another name, with SHA256SUMS of all in it, then rename it to its own."""
        if os.path.lexists(folder):
            raise InvalidError(f"{folder} is there already", "-o DIR names another directory")
        part = f"{folder}.{secrets.token_hex(4)}.part"
        try:
            for name, data in files.items():
                target = os.path.join(part, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "xb") as written:
                    written.write(data)
            fill(FilesystemRegistry(os.path.join(part, registry)))
            size = _write_sums(part)
            os.rename(part, folder)
        except OSError as error:
            raise InvalidError(f"{folder} cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return size

    @contextmanager
    def unpacked(self, file: str) -> Iterator[Registry]:
        """Open a file as a registry, unpacked to a directory that is gone at the end of the block."""
        with TemporaryDirectory(prefix="graftline-bundle-") as folder:
            try:
                with zipfile.ZipFile(file) as zipped:
                    _unpack(zipped, folder, file)
            except FileNotFoundError:
                raise InvalidError(f"there is no file {file}") from None
            except OSError as error:
                raise InvalidError(f"{file} cannot be read: {error.strerror or error}") from error
            except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, EOFError) as error:
                raise InvalidError(
                    f"{file} is no .graft file, or damaged: {error}", "'graft export' makes one"
                ) from None
            yield FilesystemRegistry(folder)


def _files(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        yield from (os.path.relpath(os.path.join(folder, name), root) for name in names)


def _write_sums(folder: str) -> int:
    """Write what `sha256sum --check` reads; return the size of the files in it."""
    lines, size = [], 0
    for name in sorted(_files(folder)):
        path = os.path.join(folder, name)
        if os.path.basename(name) == "lock":
            os.unlink(path)  # of the registry: nobody writes to it now
            continue
        with open(path, "rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}")
        size += os.path.getsize(path)
    with open(os.path.join(folder, "SHA256SUMS"), "x", encoding="utf-8") as sums:
        sums.write("\n".join([*lines, ""]))
    return size


def _add(zipped: zipfile.ZipFile, path: str, name: str) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    with open(path, "rb") as source, zipped.open(entry, "w", force_zip64=True) as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _unpack(zipped: zipfile.ZipFile, folder: str, file: str) -> None:
    entries = zipped.infolist()
    names = {entry.filename for entry in entries}
    odd = next((name for name in sorted(names) if not _KNOWN.fullmatch(name)), None)
    if odd is not None or "registry.json" not in names or len(names) < len(entries):
        why = f": it holds {odd!r}" if odd is not None else ""
        raise InvalidError(f"{file} is no .graft file{why}", "'graft export' makes one")
    if any(entry.filename.endswith(".json") and entry.file_size > _DOCUMENT for entry in entries):
        raise InvalidError(f"{file} holds a document that is too large")
    size = sum(entry.file_size for entry in entries)
    if size > shutil.disk_usage(folder).free:
        raise InvalidError(f"{file} needs {size:,} bytes to unpack, which are not there", "set TMPDIR to a larger disk")
    for entry in entries:
        target = os.path.join(folder, entry.filename)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        with zipped.open(entry) as source, open(target, "xb") as written:
            shutil.copyfileobj(source, written, 1 << 20)
