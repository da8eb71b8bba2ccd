"""What explains a cause: the changed lines, where a parameter came from, which step made another input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .artifacts import ArtifactRef
from .codechanges import Hunk, file_of, part_changes
from .graph import CallKind, Operation
from .ids import RunId
from .keys import Cause, CauseKind, Evidence, causes
from .named import NamedTuple
from .provenance import Origins, Provenance
from .records import replace
from .remembered import Remembered
from .runs import RunSpec, StepRun
from .supply import upstreams
from .whys import Because, Made

MADE_SHOWN = 20
"""Outputs that differ which one cause names: a list may be gathered from ten thousand items."""
SHORT = 40
"""Bytes of a JSON value up to which a cause tells the value itself."""
LONGEST = 200
"""Characters of a value that a cause shows; of a longer one its length alone is told."""


class Side(NamedTuple):
    """One of two executions that are compared."""

    run: RunId
    path: str
    evidence: Evidence
    seen: Mapping[str, str | None]
    """As in `Judgement.seen`."""


class Detailing:
    """Compares two executions of a step, on what their runs recorded."""

    def __init__(self, recorded: Remembered):
        self._recorded = recorded
        self._origins: dict[RunId, Origins] = {}
        self._changes: dict[tuple[str, RunId, RunId], tuple[Hunk, ...]] = {}
        """By part and runs: ten thousand steps may have one function."""

    def causes(self, old: Side, new: Side) -> list[Because]:
        """Return every difference between what two results depend on, explained; code first."""
        old_parts = self._recorded.parts(old.run, old.path, old.evidence)
        new_parts = self._recorded.parts(new.run, new.path, new.evidence)
        found = causes(old.evidence, new.evidence, old_parts, new_parts if old_parts else {})
        found += _seen_changes(old, new, {cause.name for cause in found if cause.kind is CauseKind.FILE})
        return [self._explained(cause, old, new) for cause in found]

    def _explained(self, cause: Cause, old: Side, new: Side) -> Because:
        match cause.kind:
            case CauseKind.CODE:
                return Because(cause=cause, hunks=self._hunks(cause.name, old, new))
            case CauseKind.PARAMETER:
                return self._parameter(cause, old, new)
            case CauseKind.INPUT:
                made = tuple(self._made(cause.name, old, new))
                is_given = not made and cause.new is not None
                return Because(cause=cause, made=made, where=self._where(new, cause.name) if is_given else None)
            case CauseKind.CALL:
                before = self._recorded.operation(old.run, old.path)
                after = self._recorded.operation(new.run, new.path)
                told = call_changes(before, after) if before is not None and after is not None else {}
                return Because(cause=cause, call={name: self._both(pair, new) for name, pair in told.items()})
            case CauseKind.CLASS | CauseKind.PACKAGE | CauseKind.FILE | CauseKind.VARIABLE | CauseKind.PLACE:
                return Because(cause=cause)

    def _hunks(self, part: str, old: Side, new: Side) -> tuple[Hunk, ...]:
        known = self._changes.get((part, old.run, new.run))
        if known is None:
            file, _ = file_of(part)
            hunks = part_changes(part, self._recorded.source(old.run, file), self._recorded.source(new.run, file))
            known = self._changes[part, old.run, new.run] = tuple(
                replace(hunk, lines=tuple(self._recorded.masked(line, new.run) for line in hunk.lines))
                for hunk in hunks
            )
        return known

    def _parameter(self, cause: Cause, old: Side, new: Side) -> Because:
        was, now = self._found(old, cause.name), self._found(new, cause.name)
        before, after = self._value(cause.old, old), self._value(cause.new, new)
        # What nobody gave has its default, which is part of the code.
        if before is None and was is not None and was.origin == "default":
            before = shortened(was.value)
        if after is None and now is not None and now.origin == "default":
            after = shortened(now.value)
        return Because(
            cause=replace(cause, old=before, new=after),
            where=None if after is None else self._where(new, cause.name),
            was_where=None if before is None else self._where(old, cause.name),
        )

    def _value(self, text: str | None, side: Side) -> str | None:
        return None if text is None else shortened(self._recorded.masked(text, side.run))

    def _both(self, pair: tuple[str, str], side: Side) -> tuple[str, str]:
        return self._value(pair[0], side) or "", self._value(pair[1], side) or ""

    def _where(self, side: Side, argument: str) -> str | None:
        found = self._found(side, argument)
        return None if found is None else self._recorded.masked(found.where, side.run)

    def _found(self, side: Side, argument: str) -> Provenance | None:
        if side.run not in self._origins:
            spec = self._recorded.spec(side.run)
            self._origins[side.run] = Origins(spec.graph, spec.environment)
        return self._origins[side.run].of(side.path).get(argument)

    def _made(self, argument: str, old: Side, new: Side) -> Iterator[Made]:
        """Yield the outputs an argument takes that are others than they were."""
        before, after = self._recorded.steps(old.run), self._recorded.steps(new.run)
        count = 0
        old_taken = _taken(self._recorded.spec(old.run), old.path, argument)
        for at, (node, output) in enumerate(_taken(self._recorded.spec(new.run), new.path, argument)):
            # An item of a map may have had another number.
            old_node, old_output = old_taken[at] if at < len(old_taken) else (node, output)
            now, was = _ref(after.get(node), output), _ref(before.get(old_node), old_output)
            if (now is None or was is None or now.sha256 != was.sha256) and count < MADE_SHOWN:
                count += 1
                yield Made(
                    step=node,
                    output=output,
                    run=self._recorded.maker(new.run, node)[0],
                    old_run=None if was is None else self._recorded.maker(old.run, old_node)[0],
                    is_items=self._is_split(new.run, node),
                    old=self._value(_short_json(was), old),
                    new=self._value(_short_json(now), new),
                )

    def _is_split(self, run: RunId, path: str) -> bool:
        operation = self._recorded.operation(run, path)
        return operation is not None and operation.call.kind is CallKind.SPLIT


def call_changes(old: Operation, new: Operation) -> dict[str, tuple[str, str]]:
    """Return what differs in how two operations are called, by what a person would call it: as it was, as it is."""
    before, after = _said(old), _said(new)
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


def shortened(text: str) -> str:
    """Return a value's text; of a long one its length alone, for a part of it would pass for something else."""
    return text if len(text) <= LONGEST else f"({len(text):,} characters)"


def _said(operation: Operation) -> dict[str, str]:
    call, policy = operation.call, operation.policy
    branches = [*call.branches, *([f"else {call.default}"] if call.default is not None else [])]
    returns = [
        " ".join(filter(None, (each.kind.value, each.name, each.file, each.pattern))) for each in operation.returns
    ]
    return {
        "kind": call.kind.value,
        "function": call.qualname or "",
        "command": call.command or "",
        "script": call.script or "",
        "arguments": " ".join(call.args),
        "keys": ", ".join(call.keys),
        "branches": ", ".join(branches),
        "collect": call.collect or "",
        "returns": ", ".join(returns),
        "put": ", ".join(policy.put),
        "get": ", ".join(policy.get),
        "store_copy": str(policy.store_copy).lower(),
    }


def _seen_changes(old: Side, new: Side, named: set[str]) -> Iterator[Cause]:
    """Yield the files that both were seen to read and that are others now; only what both read can be compared."""
    for name in sorted(old.seen.keys() & new.seen.keys() - named):
        if old.seen[name] != new.seen[name]:
            yield Cause(kind=CauseKind.FILE, name=name, old=old.seen[name], new=new.seen[name])


def _taken(spec: RunSpec, path: str, argument: str) -> list[tuple[str, str]]:
    """Return the outputs, step and name, that an argument of a step takes."""
    if path not in spec.graph.index:
        return []
    node = spec.graph.node(path)
    return [
        (each.node, each.output) for one in node.arguments if one.name == argument for each in upstreams(one.source)
    ]


def _short_json(ref: ArtifactRef | None) -> str | None:
    """Return a stored value as text when it is JSON that fits a line."""
    if ref is None or ref.inline is None or ref.serializer != "json" or ref.size > SHORT:
        return None
    return ref.inline.decode("utf-8", "replace")


def _ref(step: StepRun | None, output: str) -> ArtifactRef | None:
    if step is None:
        return None
    return next((each.ref for each in step.outputs if each.name == output and each.role != "file"), None)
