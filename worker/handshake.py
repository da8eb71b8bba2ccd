"""Who speaks: graftline and Python of both sides of a remote attempt, compared before anything is unpickled."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version

from ..core.named import NamedTuple


class Speaker(NamedTuple):
    """What one side runs."""

    graftline: str
    python: str
    """Major and minor: `3.12`."""


@functools.cache
def here() -> Speaker:
    """Return what this process runs. Asked for each parcel: to look it up costs 1 ms."""
    try:
        ours = version("graftline")
    except PackageNotFoundError:  # a checkout that is merely on the path
        ours = "checkout"
    return Speaker(ours, f"{sys.version_info.major}.{sys.version_info.minor}")


def refusal(theirs: Speaker, place: str, ours: Speaker | None = None) -> str | None:
    """Return why two sides cannot work together, with both versions named; None when they can.

    Args:
        theirs: what the other side runs.
        place: what it is called: `worker tcp://10.0.0.3:40331`.
        ours: what this side runs; None: this process.
    """
    ours = ours or here()
    if theirs.graftline != ours.graftline:
        return f"{place} has graftline {theirs.graftline}, this run needs {ours.graftline}"
    if theirs.python != ours.python:
        return f"{place} has Python {theirs.python}, this run needs {ours.python}"
    return None


def installed(distributions: Iterable[str]) -> dict[str, str]:
    """Return distribution -> version of those that are installed here."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return in words which distributions are there in another version, or not at all; `python` is not among them."""
    return [
        f"{name} {found.get(name, 'is not there')} instead of {release}"
        for name, release in sorted(wanted.items())
        if name != "python" and found.get(name) != release
    ]
