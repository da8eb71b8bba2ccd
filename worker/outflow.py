"""What a step wants to keep is looked through for secrets first: whoever reads the store reads it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Mapping

from .secrets import find


class SecretKept(Exception):
    """A return, a catalog file or an artifact holds a secret."""


def refuse_secrets(what: str, parts: Iterable[bytes | memoryview | mmap.mmap], secrets: Mapping[str, str]) -> None:
    """Refuse to keep data that hold a secret.

    Raises:
        SecretKept: they do.
    """
    for part in parts:
        name = find(part, secrets)
        if name is not None:
            raise SecretKept(
                f"{what} holds the secret {name}: keep something else, and let later steps take {name} too"
            )


def refuse_name(what: str, name: str, secrets: Mapping[str, str]) -> None:
    """Refuse to keep something under a name that holds a secret.

    Raises:
        SecretKept: it does.
    """
    refuse_secrets(what, [name.encode("utf-8", "surrogateescape")], secrets)


def refuse_file(what: str, path: str, secrets: Mapping[str, str]) -> None:
    """Refuse to keep a file that holds a secret; it is mapped, not read into memory.

    Raises:
        SecretKept: it does.
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                refuse_secrets(what, [data], secrets)
