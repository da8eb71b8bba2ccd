"""Registered functions: named, versioned executables of some kind, apart from any run of them, and their addresses.

Apart from the step that runs one (`functions.py`), which knows all steps: who lists runs needs none of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

from .canonical import canonical, plain
from .errors import InvalidError, MissingError, nearest
from .graph import Json
from .ids import name_problem
from .records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionVersion:
    """One version of a function, as it is registered. Never changed."""

    name: str
    version: int
    """1, 2, 3... of its name in its project; never given twice."""
    kind: str
    """`python`, `shell`, `notebook`, `pipeline`, or one that a plugin brings."""
    spec: Mapping[str, Json]
    """What it is: its source, what it returns, its options, and what is its kind's own."""
    project: str
    created: float
    """Wall time, seconds since the epoch."""
    origin: str
    """Where it was taken from, as the person wrote it. Not part of what it is."""

    @property
    def key(self) -> str:
        """Return the sha256 of what it is: kind and spec, as canonical JSON."""
        return key_of(self.kind, self.spec)

    @property
    def address(self) -> str:
        """Return `name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFunction:
    """A function that is to be registered."""

    name: str
    kind: str
    spec: Mapping[str, Json]
    project: str
    origin: str
    code: Mapping[str, bytes] = field(default_factory=dict)
    """sha256 -> bytes that its source names, for the store."""


class FunctionStore(Protocol):
    """Keeps functions with their code."""

    def add(self, new: NewFunction) -> tuple[FunctionVersion, bool]:
        """Register a function; return its newest version, and whether that is a new one.

        It is new unless the newest version there was is exactly the same.
        """
        ...

    def versions(self, project: str, name: str | None = None) -> list[FunctionVersion]:
        """Return the versions of a project's functions, or of one, by name, oldest first."""
        ...

    def remove(self, project: str, name: str, version: int | None) -> int:
        """Take a version, or all of them, out of the list; return how many there were.

        Recorded runs keep their code.
        """
        ...


def key_of(kind: str, spec: Mapping[str, Json]) -> str:
    """Return the sha256 of a kind and a spec, as canonical JSON."""
    return hashlib.sha256(canonical(plain({"kind": kind, "spec": dict(spec)})).encode()).hexdigest()


def parse_address(text: str) -> tuple[str, int | None]:
    """Return name and version of `name` or `name@version`; None: the newest.

    Raises:
        InvalidError: it is neither.
    """
    name, at, version = text.rpartition("@") if "@" in text else (text, "", "")
    if at and not (version.isdecimal() and int(version) > 0):
        raise InvalidError(f"'{text}' names no version of a function", "write NAME@2, or NAME for the newest")
    if trouble := function_name_problem(name):
        raise InvalidError(f"'{text}' names no function: {trouble}")
    return name, int(version) if at else None


def function_name_problem(name: object) -> str | None:
    """Say what is wrong with the name of a function; None when it is good."""
    if isinstance(name, str) and "@" in name:
        return "a name may not contain '@': a version follows it"
    return name_problem(name)


def pick(known: Sequence[FunctionVersion], name: str, version: int | None) -> FunctionVersion:
    """Return one version of those known; None: the newest.

    Raises:
        MissingError: there is no function of that name, with the nearest; or not this version of it.
    """
    found = [each for each in known if each.name == name]
    if not found:
        names = sorted({each.name for each in known})
        listed = f"there are {', '.join(names[:20])}" if names else "'graft function add' registers one"
        raise MissingError(f"there is no function '{name}'{nearest(name, names)}", listed)
    if version is None:
        return max(found, key=lambda each: each.version)
    for each in found:
        if each.version == version:
            return each
    versions = ", ".join(str(each.version) for each in found)
    raise MissingError(f"the function '{name}' has no version {version}", f"it has {versions}")
