"""What is known of each operation's code before it runs; made where user code is compiled, kept with the run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

from .canonical import canonical
from .records import dataclass, field, names_of

WHOLE = "<module>"
"""Name of the part that is a whole file: a script."""


@dataclass(frozen=True, kw_only=True)
class Print:
    """The fingerprint of one operation."""

    parts: Mapping[str, str] = field(default_factory=dict)
    """`file:name` -> sha256 of what it is made of; the file relative to the project root, `file:<import>` for what
    importing it does, `file:<module>` for a whole file; of one that is no Python its content. `<held>:` begins what a
    function by value holds, `<function>:` what a plugin's kind was registered with."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution -> version, of what reached code imports; `python` -> its version."""
    variables: tuple[str, ...] = ()
    """Environment variables that reached code names literally, sorted."""
    reads: tuple[str, ...] = ()
    """Data files that a shell command names, globs as in `reads=` of a step: they count by what they hold when the
    step becomes ready, as an earlier step may write them."""
    inherits: str | None = None
    """Digest of the classes that steps before it reach, from whom it takes values: pickles have only the names of
    classes. It counts for arguments that are pickles. None: there are none."""
    libraries: str | None = None
    """Digest of the packages of those steps that are not among its own, versions and all: they count for arguments
    that are no plain data, as what an array or a frame does is up to its library. None: there are none."""
    source: str | None = None
    """Why it may read the world behind our back, as a person would say it; None: it does not."""
    unknown: str | None = None
    """What only execution would tell, with file:line: no key can be made. None: the parts are all there is."""

    @cached_property
    def digest(self) -> str:
        """sha256 of the parts."""
        return hashlib.sha256(canonical(dict(self.parts)).encode()).hexdigest()


Prints: TypeAlias = Mapping[int, Print]
"""By index of the operation. Composites' own operations have none but for a reducer's function."""


def prints_to_json(prints: Prints) -> dict[str, Any]:
    """Return prints as a JSON object, empty parts left out; what operations share is written once, at `0,3,7`."""
    shared: dict[int, list[int]] = {}
    for index, each in sorted(prints.items()):
        shared.setdefault(id(each), []).append(index)
    return {",".join(map(str, indices)): _to_json(prints[indices[0]]) for indices in shared.values()}


def prints_from_json(document: Mapping[str, Any]) -> dict[int, Print]:
    """Return what `prints_to_json` wrote; what this version does not know is dropped."""
    found: dict[int, Print] = {}
    for indices, each in document.items():
        found |= dict.fromkeys(map(int, indices.split(",")), _from_json(each))
    return found


def _to_json(one: Print) -> dict[str, Any]:
    fields = {name: getattr(one, name) for name in names_of(Print)}
    plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in fields.items() if value}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def _from_json(document: Mapping[str, Any]) -> Print:
    return Print(
        parts=document.get("parts", {}),
        packages=document.get("packages", {}),
        variables=tuple(document.get("variables", ())),
        reads=tuple(document.get("reads", ())),
        inherits=document.get("inherits"),
        libraries=document.get("libraries"),
        source=document.get("source"),
        unknown=document.get("unknown"),
    )
