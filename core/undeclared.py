"""What a step used and did not declare: what `--guard` reports of an attempt, and the line that would declare it.

Kept as an output of the attempt under a role of its own, so that it is stored and removed with what it is about.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .catalog import matches
from .errors import InvalidError, StoreError, nearest
from .graph import CallKind, Operation, Policy
from .records import dataclass, names_of
from .states import Status

if TYPE_CHECKING:
    from .artifacts import ArtifactRef
    from .runs import StepRun  # runs know the mode of a guard, so a real import would be a circle

GUARD_ROLE = "guard"
"""Role of the output that holds the report."""
GUARD_NAME = "guard.json"
"""Its name; no return can have it, as returns are identifiers."""
_MANY = 3
"""Files of one kind in one directory from which a glob is suggested instead of their names."""
_CLOSED = frozenset(
    {
        CallKind.STUB,
        CallKind.SPLIT,
        CallKind.CHOOSE,
        CallKind.UNTIL,
        CallKind.JOIN,
        CallKind.FEED,
        CallKind.SINK,
        CallKind.LOAD,
    }
)
"""Kinds that run no code of the project."""


class GuardMode(StrEnum):
    """What comes of undeclared use."""

    OFF = "off"
    """Nobody looks."""
    WARN = "warn"
    """It is reported."""
    STRICT = "strict"
    """It fails the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeclared:
    """What one attempt used beyond what its step declares. All sorted."""

    files: tuple[str, ...] = ()
    """Files it read, or looked for and did not find: relative to the project root, absolute outside of it."""
    folders: tuple[str, ...] = ()
    """Directories whose names it listed; the root itself is `.`."""
    variables: tuple[str, ...] = ()
    """Environment variables it asked for; `*` when it copied all of them."""
    sockets: tuple[str, ...] = ()
    """Where it connected to: `tcp://HOST:PORT`, `unix://PATH`."""
    globals: tuple[str, ...] = ()
    """`module.name` of globals it changed."""
    is_cut: bool = False
    """It touched more than could be noted."""
    children: tuple[str, ...] = ()
    """Programs it started. What they used was not seen: a gap in the report, no use."""
    unseen: tuple[str, ...] = ()
    """Globals whose inside cannot be compared: a gap as well."""
    suggestion: str = ""
    """Options of the step that declare what can be declared, ready to paste; empty: nothing can."""

    @property
    def uses(self) -> list[tuple[str, str]]:
        """Return each use as (kind, name), in the order of the fields."""
        kinds = (
            ("file", self.files),
            ("directory", self.folders),
            ("variable", self.variables),
            ("connection", self.sockets),
            ("global", self.globals),
        )
        found = [(kind, name) for kind, names in kinds for name in names]
        return [*found, ("file", "more than could be noted")] if self.is_cut else found

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to report, gaps that every step has aside."""
        return not self.uses and not self.children

    def to_json(self) -> dict[str, Any]:
        """Return what is not empty."""
        found = {name: getattr(self, name) for name in names_of(Undeclared)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value}


def guard_mode(text: str | None) -> GuardMode | None:
    """Return a mode by its name; None for None.

    Raises:
        InvalidError: there is no such mode.
    """
    try:
        return None if text is None else GuardMode(text)
    except ValueError:
        words = [mode.value for mode in GuardMode]
        raise InvalidError(
            f"is {', '.join(words[:-1])} or {words[-1]}, not {text!r}{nearest(text or '', words)}"
        ) from None


def chosen_guard(said: GuardMode | None, otherwise: GuardMode | None) -> GuardMode | None:
    """Return what a person said, else what holds otherwise; None when nobody looks."""
    chosen = said or otherwise
    return None if chosen is GuardMode.OFF else chosen


def undeclared_from_json(data: Mapping[str, Any]) -> Undeclared:
    """Undo `Undeclared.to_json`; fields of a later version are left out."""
    known = names_of(Undeclared)
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items() if name in known
    }
    return Undeclared(**given)


def is_guarded(operation: Operation) -> bool:
    """Tell whether an operation runs code of the project."""
    call = operation.call
    return call.kind not in _CLOSED and (call.kind is not CallKind.REDUCE or bool(call.blob or call.module))


def without_declared(
    found: Undeclared, policy: Policy, *, known: Collection[str], given: Collection[str]
) -> Undeclared:
    """Return what of an attempt's uses its step does not declare, with the line that would.

    `reads=` declares files and the directories they are in, `env=` and `secrets=` variables. A connection cannot be
    declared by name: `cache=` says how long what comes from elsewhere holds, so a step that has it has said so.

    Args:
        found: all uses.
        policy: of the step.
        known: files that are declared otherwise: code, restored catalog files. Named as in `found`.
        given: variables that graftline itself set for the attempt.
    """
    globs = [posixpath.normpath(glob) for glob in policy.reads]
    files = [path for path in found.files if path not in known and not any(matches(path, glob) for glob in globs)]
    folders = [path for path in found.folders if not any(_lists(glob, path) for glob in globs)]
    names = {*policy.env, *policy.secrets, *given}
    variables = [name for name in found.variables if name not in names and not name.startswith("GRAFT_")]
    return Undeclared(
        files=tuple(files),
        folders=tuple(folders),
        variables=tuple(variables),
        sockets=found.sockets if policy.cache == "auto" else (),
        globals=found.globals,
        is_cut=found.is_cut,
        children=found.children,
        unseen=found.unseen,
        suggestion=_suggestion(policy, _globs(files, folders), [name for name in variables if name != "*"]),
    )


def reports_of(steps: Iterable[StepRun], read: Callable[[ArtifactRef], bytes]) -> dict[str, Undeclared]:
    """Return reports by path: of attempts of these steps themselves, not of earlier ones whose results they took.

    One that cannot be read is left out: what is reported must not depend on it.
    """
    found: dict[str, Undeclared] = {}
    for step in steps:
        if step.state is Status.CACHED:
            continue
        if kept := [output for output in step.outputs if output.role == GUARD_ROLE]:
            with suppress(StoreError, ValueError):
                found[step.path] = undeclared_from_json(json.loads(read(kept[-1].ref)))
    return found


def _lists(glob: str, folder: str) -> bool:
    """Tell whether a glob names files by the names in a directory."""
    where = posixpath.dirname(glob) or "."
    is_same = where.count("/") == folder.count("/") and matches(folder, where)
    if where == folder or (folder != "." and (is_same or matches(folder, glob))):
        return True
    head, deep, _ = glob.partition("**")
    return bool(deep) and (not head or f"{folder}/".startswith(head))


def _globs(files: Sequence[str], folders: Sequence[str]) -> list[str]:
    """Return globs for files: one for those of a kind where a directory was listed, or where there are many."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path in files:
        folder, name = posixpath.split(path)
        groups.setdefault((folder or ".", posixpath.splitext(name)[1]), []).append(path)
    found: list[str] = []
    for (folder, ending), paths in groups.items():
        is_many = len(paths) >= _MANY or (folder in folders and ending)
        found += [posixpath.normpath(f"{folder}/*{ending}")] if is_many else paths
    used = {folder for folder, _ in groups}
    # Of the root every file would be meant, the code as well: for a person to say.
    return sorted({*found, *(f"{folder}/*" for folder in folders if folder not in used and folder != ".")})


def _suggestion(policy: Policy, globs: Sequence[str], variables: Sequence[str]) -> str:
    """Return options that replace those of the step: what it declares stays."""
    parts = []
    if globs:
        parts.append(f"reads={_listed([*policy.reads, *globs])}")
    if variables:
        parts.append(f"env={_listed([*policy.env, *variables])}")
    return ", ".join(parts)


def _listed(names: Sequence[str]) -> str:
    return json.dumps(list(dict.fromkeys(names)), ensure_ascii=False)
