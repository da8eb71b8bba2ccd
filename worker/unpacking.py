"""Recorded code out of the store: written to a directory once, every byte verified.

Apart from `recorded`, which every worker imports.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping

from ..core.errors import StoreError


def manifest_of(files: Mapping[str, str]) -> bytes:
    """Return the text whose sha256 names recorded code: relative path -> sha256, as the key of a snapshot is made."""
    return json.dumps(dict(files), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unpacked(objects: str, key: str) -> str:
    """Return the directory with recorded code, written out beside the objects when it is not there yet.

    Raises:
        StoreError: an object is missing or damaged, or the directory cannot be written.
    """
    final = os.path.join(os.path.dirname(objects), "code", key)
    if os.path.isdir(final):
        return final
    import shutil  # 3 ms, for the first who needs it
    import tempfile

    files: dict[str, str] = json.loads(_object(objects, key))
    fresh = None
    try:
        os.makedirs(os.path.dirname(final), mode=0o700, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=os.path.dirname(final))
        for name, sha256 in files.items():
            path = os.path.normpath(os.path.join(fresh, name))
            if not path.startswith(os.path.join(fresh, "")):
                raise StoreError(f"recorded code names a file outside of it: {name}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(_object(objects, sha256))
        os.rename(fresh, final)  # whole or not at all: another process may do the same
    except OSError as error:
        if not os.path.isdir(final):
            raise StoreError(f"recorded code cannot be written: {error.strerror}", file=final) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
    return final


def _object(objects: str, sha256: str) -> bytes:
    path = os.path.join(objects, sha256[:2], sha256[2:])
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise StoreError(f"recorded code is missing: {error.strerror}", file=path) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StoreError("recorded code is damaged", "register the function again", file=path)
    return data
