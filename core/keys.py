"""The key of a step: everything its result depends on, as one digest, and what tells two of them apart.

Content decides, never a time. What cannot be known makes no key at all: such a step runs, and its result is not reused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, assert_never

from .artifacts import ArtifactRef
from .canonical import canonical, plain
from .graph import Call, Operation, Return
from .once import once
from .orders import Resolved
from .records import dataclass, field
from .supply import Blob, Constant

KEY_VERSION = 1
"""Raised when keys mean something else: results of older keys are then not reused."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What results of an operation depend on, but for how it is called: all that call the same code share this."""

    code: str
    """Digest of its code and all that it reaches."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution -> version, of what reached code imports; `python` -> its version."""
    reads: Mapping[str, str | None] = field(default_factory=dict)
    """File it declares to read -> sha256; None: there is none."""
    variables: Mapping[str, str | None] = field(default_factory=dict)
    """Environment variable -> digest of its value; None: not set."""

    @once
    def digest(self) -> str:
        """sha256 of all of it."""
        return hashlib.sha256(canonical(self.to_json()).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, empty parts left out."""
        return _filled({name: getattr(self, name) for name in _BASIS})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What one step's result depends on. Equal evidence, equal key."""

    place: str
    """Path in the graph; the numbers of map items are counts of equal items before (`occurrences`)."""
    basis: Basis
    call: str
    """Digest of how its operation is called: command, arguments of a script, what it returns and how that is kept; and
    where. Not in the basis, as most steps return a name of their own: ten thousand steps of one function share that."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Argument -> `value:` and the JSON of a parameter, or the digest of an input."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Catalog file it restores -> sha256."""

    @once
    def text(self) -> str:
        """Canonical JSON of all of it, with the basis by its digest."""
        # By hand, as each step has one: 1.5 us instead of 2.5.
        files = _texts(self.files) if self.files else ""
        return (
            f'[{KEY_VERSION},{quoted(self.place)},"{self.basis.digest}",{quoted(self.call)},'
            f"{{{_texts(self.arguments)}}},{{{files}}}]"
        )

    @once
    def key(self) -> str:
        """sha256 of all of it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, empty parts left out."""
        fields = {"place": self.place, "call": self.call, "arguments": self.arguments, "files": self.files}
        return _filled(fields) | {"basis": self.basis.to_json()}


def evidence_from_json(document: Mapping[str, Any]) -> Evidence:
    """Return what `Evidence.to_json` wrote; parts this version does not know are dropped.

    Raises:
        TypeError: it is none.
    """
    own = {name: value for name, value in document.items() if name in ("place", "call", "arguments", "files")}
    return Evidence(basis=basis_from_json(document["basis"]), **own)


def basis_from_json(document: Mapping[str, Any]) -> Basis:
    """Return what `Basis.to_json` wrote; parts this version does not know are dropped.

    Raises:
        TypeError: it is none.
    """
    return Basis(**{name: value for name, value in document.items() if name in _BASIS})


def evidence_from_text(text: str, basis: Callable[[str], Basis]) -> Evidence:
    """Return what `Evidence.text` wrote, given how to look a basis up by its digest.

    Raises:
        ValueError: another version of keys wrote it.
    """
    version, *said = json.loads(text)
    if version != KEY_VERSION:
        raise ValueError(f"keys of version {version} are not known")
    place, digest, call, arguments, files = said
    return Evidence(place=place, basis=basis(digest), call=call, arguments=arguments, files=files)


class CauseKind(StrEnum):
    """What kind of thing changed."""

    CODE = "code"
    CALL = "call"
    PACKAGE = "package"
    PARAMETER = "parameter"
    INPUT = "input"
    CLASS = "class"
    """An input whose bytes are the same: the code or the packages its class comes from are not."""
    FILE = "file"
    VARIABLE = "variable"
    PLACE = "place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason why a result does not hold any more."""

    kind: CauseKind
    name: str
    """What changed: `helpers.py:clean`, a package, an argument, a file, a variable."""
    old: str | None
    """As it was: a version, a value's JSON, a digest; None: it was not there."""
    new: str | None
    """As it is; None: it is not there any more."""


def causes(old: Evidence, new: Evidence, old_parts: Mapping[str, str], new_parts: Mapping[str, str]) -> list[Cause]:
    """Return every difference between two pieces of evidence, code first; empty when their keys are equal.

    Args:
        old: what an earlier result was made of.
        new: what it would be made of now.
        old_parts: the parts of the old code, `file:name` -> sha256; empty when they are not known any more.
        new_parts: those of the new code.
    """
    found: list[Cause] = []
    was, now = old.basis, new.basis
    if was.code != now.code:
        parts = list(_differences(CauseKind.CODE, old_parts, new_parts)) if old_parts else []
        found += parts or [Cause(kind=CauseKind.CODE, name="code", old=was.code, new=now.code)]
    if old.call != new.call:
        found.append(Cause(kind=CauseKind.CALL, name="call", old=old.call, new=new.call))
    found += _differences(CauseKind.PACKAGE, was.packages, now.packages)
    for cause in _differences(CauseKind.PARAMETER, old.arguments, new.arguments):
        is_value = all(side is None or side.startswith(_VALUE) for side in (cause.old, cause.new))
        kind = CauseKind.PARAMETER if is_value else _kind_of_input(cause.old, cause.new)
        found.append(Cause(kind=kind, name=cause.name, old=_told(cause.old), new=_told(cause.new)))
    found += _differences(CauseKind.FILE, old.files, new.files)
    found += _differences(CauseKind.FILE, was.reads, now.reads)
    found += _differences(CauseKind.VARIABLE, was.variables, now.variables)
    if old.place != new.place:
        found.append(Cause(kind=CauseKind.PLACE, name="place", old=old.place, new=new.place))
    return found


def call_digest(operation: Operation, known: dict[int, str] | None = None) -> str:
    """Return the digest of what an operation says beyond its code: command, arguments, returns, catalog.

    Args:
        operation: which.
        known: texts of calls by their identity, which is added to: thousands of operations share one.
    """
    call, policy = operation.call, operation.policy
    said = None if known is None else known.get(id(call))
    if said is None:
        said = canonical(_said(call))[1:-1]
        if known is not None:
            known[id(call)] = said
    returns = ",".join(map(_return_text, operation.returns))
    catalog = canonical([list(policy.put), list(policy.get)])[1:-1] if policy.put or policy.get else "[],[]"
    store_copy = "true" if policy.store_copy else "false"
    return hashlib.sha256(f"[{said},[{returns}],{catalog},{store_copy}]".encode()).hexdigest()


def _said(call: Call) -> list[Any]:
    # Of a feed, and not of the others, so that their keys stay what they were.
    asked = [call.query, call.ordinal, call.labels] if call.query is not None else []
    return [
        call.kind.value,
        call.qualname,
        call.command,
        call.script,
        call.args,
        call.keys,
        call.branches,
        call.default,
        call.collect,
        *asked,
    ]


def _return_text(each: Return) -> str:
    if each.file is None and each.pattern is None:
        return f"[{quoted(each.name)},{quoted(each.kind)},null,null]"
    return canonical([each.name, each.kind.value, each.file, each.pattern])


def argument_token(value: Resolved, classes: str | None = None, packages: str | None = None) -> str:
    """Return what stands for an argument's value in evidence: a constant itself, else a digest.

    Args:
        value: what the argument is bound to.
        classes: digest of the project's classes that the value may be of; it counts where only its class can read it.
        packages: digest of the packages that it may come from; it counts for all but plain data.
    """
    if isinstance(value, ArtifactRef):
        token = f"{value.serializer}:{value.sha256}"
        if value.serializer in _PLAIN:
            return token
        if value.serializer in _WITHOUT_CLASSES:
            classes = None
        bound = [each for each in (classes, packages) if each is not None]
        return f"{token}{_BOUND}{_BOUND.join(bound)}" if bound else token
    if isinstance(value, Constant):
        return f"{_VALUE}{canonical(plain(value.value))}"
    if isinstance(value, Blob):
        return f"blob:{value.sha256}"
    if isinstance(value, list):
        tokens = "\n".join(argument_token(item, classes, packages) for item in value)
        return f"list:{hashlib.sha256(tokens.encode()).hexdigest()}"
    assert_never(value)


def occurrences(items: Sequence[str]) -> list[str]:
    """Return for each item of a map what stands for its number: its digest and how many equal ones are before it.

    So a new item at the front of a list does not make all the others new.
    """
    seen: dict[str, int] = {}
    places = []
    for item in items:
        seen[item] = seen.get(item, 0) + 1
        places.append(f"{item[:16]}~{seen[item]}")
    return places


_VALUE = "value:"
_BOUND = "+"
_PLAIN = frozenset({"json", "file"})
"""Serializers whose values are the same whatever is installed."""
_WITHOUT_CLASSES = frozenset({"npy", "arrow:polars", "arrow:pyarrow", "arrow:pandas"})
"""Serializers whose values need no code of the user's to be read, but a library."""
_BASIS = ("code", "packages", "reads", "variables")


def _kind_of_input(old: str | None, new: str | None) -> CauseKind:
    is_same = old is not None and new is not None and old.partition(_BOUND)[0] == new.partition(_BOUND)[0]
    return CauseKind.CLASS if is_same else CauseKind.INPUT


def _texts(fields: Mapping[str, str]) -> str:
    return ",".join([f"{quoted(name)}:{quoted(fields[name])}" for name in sorted(fields)])


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else dict(value) for name, value in fields.items() if value}


def _told(token: str | None) -> str | None:
    return None if token is None else token.removeprefix(_VALUE)


def _differences(
    kind: CauseKind,
    old: Mapping[str, str | None] | Mapping[str, str],
    new: Mapping[str, str | None] | Mapping[str, str],
) -> Iterator[Cause]:
    for name in sorted({*old, *new}):
        if (name in old) != (name in new) or old.get(name) != new.get(name):
            yield Cause(kind=kind, name=name, old=old.get(name), new=new.get(name))
