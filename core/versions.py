"""Versions of lineages: PEP 440, compared as pip compares them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from packaging.version import InvalidVersion, Version

from .errors import InvalidError

FIRST = "0.1.0"
"""What a project without a version is released as first."""


class Bump(StrEnum):
    """Which part of a version a release raises."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


def parsed(text: str) -> Version:
    """Return a version as one that can be compared.

    Raises:
        InvalidError: it is none by PEP 440.
    """
    try:
        return Version(text)
    except InvalidVersion:
        raise InvalidError(f"'{text}' is no version", "write it as 0.2.0, 1.0rc1 or 2026.11 (PEP 440)") from None


def canonical_version(text: str) -> str:
    """Return the one text of a version: `v0.2.0-rc1` is `0.2.0rc1`.

    Raises:
        InvalidError: it is none by PEP 440.
    """
    return str(parsed(text))


def newest(versions: Iterable[str]) -> str | None:
    """Return the greatest version that is not of a working copy; None when there is none."""
    return max((each for each in versions if not is_dev(each)), key=parsed, default=None)


def is_dev(version: str) -> bool:
    """Tell whether a version is one of a working copy (`0.2.1.dev3+ab12cd`): "latest" leaves it out."""
    return parsed(version).is_devrelease


def bumped(version: str | None, part: Bump = Bump.PATCH) -> str:
    """Return the next version after a published one: three numbers, whatever suffix it had.

    Args:
        version: the newest published one; None: there is none yet.
        part: which number is raised. Of a pre-release (`1.0.0rc1`) the patch bump is its final version (`1.0.0`).
    """
    if version is None:
        return FIRST
    old = parsed(version)
    major, minor, patch = (*old.release, 0, 0)[:3]
    if part is Bump.MAJOR:
        numbers = (major + 1, 0, 0)
    elif part is Bump.MINOR:
        numbers = (major, minor + 1, 0)
    else:
        # 0.0.0.1rc1 comes after 0.0.0, so there its fourth number counts.
        is_final = old.is_prerelease and len(old.release) <= 3
        numbers = (major, minor, patch if is_final else patch + 1)
    raised = ".".join(map(str, numbers))
    return f"{old.epoch}!{raised}" if old.epoch else raised


def dev_version(newest_published: str | None, number: int, code: str) -> str:
    """Return the version of a working copy: it comes before the next release, and names its code.

    Args:
        newest_published: None: nothing was released yet.
        number: of development versions, counted on.
        code: digest of its code snapshot; its first six characters are shown.
    """
    return f"{bumped(newest_published)}.dev{number}+{code[:6]}"
