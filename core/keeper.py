"""Keeping secrets: what a face asks of the places where they are kept. The places themselves are in worker/vault.py."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Protocol

from .errors import InvalidError, nearest
from .records import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Place(StrEnum):
    """Where a secret can be put."""

    USER = "user"
    """`secrets.toml` in the user's configuration directory: for every project."""
    PROJECT = "project"
    """`secrets.toml` in the project root: for this project."""
    KEYRING = "keyring"
    """The keyring of the desktop, by the package of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A secret's name and where it is."""

    name: str
    places: tuple[str, ...]
    """Paths, `environment NAME` or `keyring`; the first is the one that holds."""


class Keeper(Protocol):
    """The places secrets of one project are kept in."""

    def held(self) -> list[Held]:
        """Return every secret that a file or the keyring holds, by name.

        Raises:
            InvalidError: a file is not sound, or others can read it.
        """
        ...

    def put(self, name: str, value: str, place: Place) -> str:
        """Keep a secret, and return where.

        Raises:
            InvalidError: it is no name or no value, or the file others can read.
            PluginError: there is no keyring, or it refuses.
        """
        ...

    def remove(self, name: str, place: Place | None = None) -> list[str]:
        """Forget a secret, in one place or in all, and return where it was.

        Raises:
            MissingError: it is in none of them.
            InvalidError: a file is not sound, or others can read it.
            PluginError: the keyring refuses.
        """
        ...


def place_named(text: str) -> Place:
    """Return the place of a name.

    Raises:
        InvalidError: there is none of that name.
    """
    if text not in list(Place):
        raise InvalidError(f"secrets are kept in {', '.join(Place)}, not in '{text}'{nearest(text, list(Place))}")
    return Place(text)


def check_name(name: str) -> None:
    """Refuse what is no name of an environment variable.

    Raises:
        InvalidError: it is none; a value behind it is not repeated.
    """
    before, equals, _ = name.partition("=")
    if equals:
        hint = f"graft secret set {before} asks for it, or reads it from a pipe"
        raise InvalidError("a value on the command line can be seen by everybody on this machine", hint)
    if not _NAME.fullmatch(name):
        raise InvalidError(f"'{name}' is no name of a secret: letters, digits and '_' make one, as of a variable")
