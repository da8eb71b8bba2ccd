"""`graftline.lock`: what the results of pipelines depend on, as a file for version control, and what differs from it.

JSON laid out by hand: one line for each step, piece of code, package and file, sorted, so that a change of one thing
is a change of few lines, and git merges what does not overlap. Parts of code, packages and files that steps share
stand once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from .config import LOCK_FILE
from .errors import InvalidError
from .graph import Json
from .records import dataclass, field

VERSION = 1
NOTE = "Written by 'graft lock'. Commit it; after a merge conflict run 'graft lock' again."


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedStep:
    """What one step's result depends on, as far as it is known before anything runs."""

    call: str
    """Digest of how it is called."""
    code: str | None = None
    """Digest of its code and all that it reaches; None: it has none of its own, or `unknown` says why."""
    unknown: str | None = None
    """Why its code cannot be known; None: it is."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """`file:name` -> sha256 of the pieces of its code."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Distribution -> version."""
    reads: Mapping[str, str | None] = field(default_factory=dict)
    """File it declares to read -> sha256; None: there is none."""
    variables: tuple[str, ...] = ()
    """Names of environment variables. Their values are not locked: they may be private, and differ by machine."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Argument -> where its value comes from, as `load:rows`."""
    key: str | None = None
    """Of the newest good result of exactly this; None: there is none on this machine."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Output -> sha256, of that result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPipeline:
    """A pipeline in the lock."""

    name: str
    target: str
    """As the person named it."""
    steps: Mapping[str, LockedStep]
    """By path; inside of maps and loops with `[]` for the number."""


class LockPart(StrEnum):
    """What kind of thing differs from the lock."""

    STEP = "step"
    CODE = "code"
    CALL = "call"
    PACKAGE = "package"
    PARAMETER = "parameter"
    INPUT = "input"
    FILE = "file"
    VARIABLE = "variable"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as locked."""

    part: LockPart
    name: str
    """`helpers.py:clean`, a package, `fit:C`, a file, a variable, a step."""
    old: str | None
    """As locked; None: it is not in the lock."""
    new: str | None
    """As it is; None: it is not there any more."""
    steps: tuple[str, ...]
    """Whose results it concerns."""


def differences(old: LockedPipeline, new: LockedPipeline, *, with_outputs: bool = False) -> list[Difference]:
    """Return all that is not as locked, code first; empty: the pipeline would give what it gave.

    Args:
        old: as locked.
        new: as it is.
        with_outputs: also results this machine has of exactly this, whose bytes are others than those locked.
    """
    found: dict[tuple[LockPart, str, str | None, str | None], list[str]] = {}
    for path in [*new.steps, *(path for path in old.steps if path not in new.steps)]:
        was, now = old.steps.get(path), new.steps.get(path)
        if was is None or now is None:
            sides = None if was is None else path, None if now is None else path
            found.setdefault((LockPart.STEP, path, *sides), []).append(path)
            continue
        for entry in _of_step(path, was, now):
            found.setdefault(entry, []).append(path)
        if with_outputs and was.key is not None and was.key == now.key:
            for entry in _pairs(LockPart.OUTPUT, was.outputs, now.outputs, f"{path}:"):
                found.setdefault(entry, []).append(path)
    order = list(LockPart)
    return sorted(
        (
            Difference(part=part, name=name, old=old_text, new=new_text, steps=tuple(steps))
            for (part, name, old_text, new_text), steps in found.items()
        ),
        key=lambda each: (order.index(each.part), each.name),
    )


_Entry: TypeAlias = tuple[LockPart, str, str | None, str | None]
_Texts: TypeAlias = "Mapping[str, str | None] | Mapping[str, str]"


def _of_step(path: str, old: LockedStep, new: LockedStep) -> Iterator[_Entry]:
    if old.code != new.code:
        parts = list(_pairs(LockPart.CODE, old.parts, new.parts))
        yield from parts or [(LockPart.CODE, path, old.code, new.code)]
    if old.call != new.call:
        yield LockPart.CALL, path, old.call, new.call
    yield from _pairs(LockPart.PACKAGE, old.packages, new.packages)
    yield from _pairs(LockPart.PARAMETER, _texts(old.parameters), _texts(new.parameters), f"{path}:")
    yield from _pairs(LockPart.INPUT, old.inputs, new.inputs, f"{path}:")
    yield from _pairs(LockPart.FILE, old.reads, new.reads)
    names = dict.fromkeys(old.variables, "read"), dict.fromkeys(new.variables, "read")
    yield from _pairs(LockPart.VARIABLE, *names)


def _texts(values: Mapping[str, Json]) -> dict[str, str | None]:
    return {name: json.dumps(value, ensure_ascii=False, sort_keys=True) for name, value in values.items()}


def _pairs(part: LockPart, old: _Texts, new: _Texts, prefix: str = "") -> Iterator[_Entry]:
    for name in sorted({*old, *new}):
        if (name in old) != (name in new) or old.get(name) != new.get(name):
            yield part, f"{prefix}{name}", _shown(old, name), _shown(new, name)


def _shown(values: _Texts, name: str) -> str | None:
    """Return a value's text; a file that is depended on and missing is told as that."""
    return None if name not in values else values[name] or "missing"


def lock_text(pipelines: Iterable[LockedPipeline]) -> str:
    """Return the text of the file."""
    lines = ["{", f' "version": {VERSION},', f' "note": {json.dumps(NOTE)},', ' "pipelines": {']
    blocks = [_pipeline_lines(each) for each in sorted(pipelines, key=lambda each: each.name)]
    for at, block in enumerate(blocks):
        block[-1] += "," if at < len(blocks) - 1 else ""
        lines += block
    return "\n".join([*lines, " }", "}", ""])


def _pipeline_lines(pipeline: LockedPipeline) -> list[str]:
    shared: dict[str, str] = {}
    for step in pipeline.steps.values():
        for name, digest in step.parts.items():
            shared.setdefault(name, digest)
    packages = {name: version for step in pipeline.steps.values() for name, version in step.packages.items()}
    files = {name: digest for step in pipeline.steps.values() for name, digest in step.reads.items()}
    tables: dict[str, Mapping[str, Any]] = {
        "code": shared,
        "packages": packages,
        "files": files,
        "steps": _step_documents(pipeline, shared),
    }
    lines = [f"  {_quoted(pipeline.name)}: {{", f'   "target": {_quoted(pipeline.target)},']
    for name, table in tables.items():
        last = "" if name == "steps" else ","
        # Steps stand in the order of the pipeline: a person reads them, and a new one is one line there.
        rows = [f"    {_quoted(key)}: {_dense(table[key])}" for key in (table if name == "steps" else sorted(table))]
        lines += [f'   "{name}": {{', *[f"{row}," for row in rows[:-1]], *rows[-1:], f"   }}{last}"]
    return [*lines, "  }"]


def _step_documents(pipeline: LockedPipeline, shared: Mapping[str, str]) -> dict[str, Any]:
    """Return the steps; of several with the same code the first names its parts."""
    told: set[str | None] = set()
    found = {}
    for path, step in pipeline.steps.items():
        found[path] = _step_document(step, shared, has_parts=step.code not in told)
        told.add(step.code)
    return found


def _step_document(step: LockedStep, shared: Mapping[str, str], *, has_parts: bool) -> dict[str, Any]:
    own = {name: digest for name, digest in step.parts.items() if shared[name] != digest}
    document: dict[str, Any] = {
        "code": step.code,
        "parts": sorted(step.parts) if has_parts or step.code is None else [],
        "unknown": step.unknown,
        "own": own,
        "call": step.call,
        "packages": sorted(step.packages),
        "files": sorted(step.reads),
        "variables": list(step.variables),
        "parameters": dict(step.parameters),
        "inputs": dict(step.inputs),
        "key": step.key,
        "outputs": dict(step.outputs),
    }
    return {name: value for name, value in document.items() if value}


def lock_from_text(text: str, file: str = LOCK_FILE) -> dict[str, LockedPipeline]:
    """Return the pipelines of a lock by name.

    Raises:
        InvalidError: it holds a merge conflict, is damaged, or of a newer version; with the line.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(("<<<<<<<", ">>>>>>>", "=======")):
            raise InvalidError(
                "it holds a merge conflict",
                "take either side, then 'graft lock' writes it anew",
                file=file,
                line=number,
            )
    try:
        document = json.loads(text)
    except ValueError as problem:
        number = problem.lineno if isinstance(problem, json.JSONDecodeError) else 1
        raise _damaged(f"it is no JSON: {problem}", file, number) from problem
    if not isinstance(document, dict) or not isinstance(document.get("pipelines"), dict):
        raise _damaged("it has no pipelines", file, 1)
    if document.get("version") != VERSION:
        found = document.get("version")
        raise InvalidError(
            f"it is of version {found}, this graftline knows {VERSION}",
            "upgrade graftline, or delete it and write it anew with 'graft lock'",
            file=file,
            line=_line_of(text, "version"),
        )
    return {name: _pipeline(name, each, text, file) for name, each in document["pipelines"].items()}


def _pipeline(name: str, document: Any, text: str, file: str) -> LockedPipeline:
    if not isinstance(document, dict):
        raise _damaged(f"pipeline '{name}' is no table", file, _line_of(text, name))
    tables = {table: document.get(table, {}) for table in ("code", "packages", "files", "steps")}
    for table, found in tables.items():
        if not isinstance(found, dict):
            raise _damaged(f"'{table}' of pipeline '{name}' is no table", file, _line_of(text, table))
        for key, value in found.items():
            if not isinstance(value, dict if table == "steps" else str | None if table == "files" else str):
                raise _damaged(f"'{key}' of pipeline '{name}' cannot be {value!r}", file, _line_of(text, key))
    steps: dict[str, LockedStep] = {}
    reached: dict[str, Sequence[str]] = {}
    for path, each in tables["steps"].items():
        try:
            steps[path] = _step(each, tables, reached)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            what = f"it lacks {problem}" if isinstance(problem, KeyError) else str(problem)
            raise _damaged(f"step '{path}' of pipeline '{name}': {what}", file, _line_of(text, path)) from problem
    return LockedPipeline(name=name, target=str(document.get("target", "")), steps=steps)


def _step(document: Mapping[str, Any], tables: Mapping[str, Any], reached: dict[str, Sequence[str]]) -> LockedStep:
    code = document.get("code")
    own = dict(document.get("own", {}))
    parts = document.get("parts", ()) or (reached.get(code, ()) if code else ())
    if code:
        reached[code] = parts
    return LockedStep(
        call=_text(document["call"]),
        code=code,
        unknown=document.get("unknown"),
        parts={name: own[name] if name in own else tables["code"][name] for name in parts},
        packages={name: tables["packages"][name] for name in document.get("packages", ())},
        reads={name: tables["files"][name] for name in document.get("files", ())},
        variables=tuple(document.get("variables", ())),
        parameters=dict(document.get("parameters", {})),
        inputs=dict(document.get("inputs", {})),
        key=document.get("key"),
        outputs=dict(document.get("outputs", {})),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _damaged(what: str, file: str, line: int) -> InvalidError:
    return InvalidError(
        what, "'graft lock' writes it anew once it is deleted; git has the last one", file=file, line=line
    )


def _line_of(text: str, key: str) -> int:
    """Return the line on which a key stands; the first when it does not."""
    found = text.find(f"{_quoted(key)}:")
    return 1 if found < 0 else text.count("\n", 0, found) + 1


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _dense(value: Any) -> str:
    """Return a value on one line; what stands in it is sorted."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False) if value is not None else "null"
