"""What installed distributions need in turn, and in which versions: what it takes to make an environment again."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def with_needs(packages: Mapping[str, str]) -> dict[str, str]:
    """Return distributions with all that they need here, by name, with the installed versions.

    Args:
        packages: distribution -> version; those that are not installed stay as they are.
    """
    found = {canonicalize_name(name): (name, version) for name, version in packages.items()}
    stack: list[tuple[str, frozenset[str]]] = [(name, frozenset()) for name in packages]
    seen: set[tuple[str, frozenset[str]]] = set()
    while stack:
        name, extras = stack.pop()
        if (canonicalize_name(name), extras) in seen:
            continue
        seen.add((canonicalize_name(name), extras))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.setdefault(canonicalize_name(name), (distribution.metadata["Name"], distribution.version))
        stack += [(each.name, frozenset(each.extras)) for each in _needs(distribution, extras)]
    return dict(sorted(found.values(), key=lambda each: each[0].lower()))


def _needs(distribution: metadata.Distribution, extras: frozenset[str]) -> list[Requirement]:
    """Return what a distribution needs in this environment, with those of its extras that are wanted."""
    needed = []
    for text in distribution.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # an old one, which pip would not read either
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            needed.append(requirement)
    return needed
