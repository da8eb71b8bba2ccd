"""What a change of code concerns: two compiles of one target side by side, step by step, and why.

Pure comparison of graphs and fingerprints; what data files say is not asked here. Where lines stand is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .graph import Argument, Body, Graph, Node, Operation
from .ports import Loaded
from .prints import Print
from .records import dataclass, field, replace
from .supply import Constant

_MANY = 3
"""Reasons that are named; of more only how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One step that is another now, and why."""

    path: str
    why: tuple[str, ...]
    """In words, code first: `helpers.py:clean changed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What one compile is beside an earlier one."""

    changed: tuple[Concern, ...] = ()
    """Steps that are new or another, in definition order."""
    followers: tuple[str, ...] = ()
    """Those behind them, in definition order: they run unless what they get stays equal."""
    removed: tuple[str, ...] = ()
    """Paths that are no longer there."""
    obsolete: frozenset[str] = field(default=frozenset())
    """Paths of the earlier graph whose results are no longer wanted."""

    @property
    def is_any(self) -> bool:
        """Tell whether anything is different."""
        return bool(self.changed or self.removed)

    def concerns(self, path: str, graph: Graph) -> bool:
        """Tell whether a node of the earlier run is obsolete, also one that grew: then its map or loop decides.

        Args:
            path: of the node, as the run has it.
            graph: the earlier graph, as it was compiled.
        """
        if path in graph.index:
            return path in self.obsolete
        starts = {node.path.rpartition("/")[0]: node.path for node in graph.nodes if node.grows is not None}
        above = [start for parent, start in starts.items() if path.startswith(f"{parent}/")]
        return not above or any(start in self.obsolete for start in above)


def compare(old: Loaded, new: Loaded) -> Difference:
    """Return what of the new compile is different from the old one."""
    before, after = _Sides(old), _Sides(new)
    files = _changed_files(old, new)
    concerns = [
        Concern(path=node.path, why=why)
        for node in new.graph.nodes
        if (why := _why(before, after, node, files)) is not None
    ]
    changed = {concern.path for concern in concerns}
    removed = {path for path in old.graph.index if path not in new.graph.index}
    behind = new.graph.descendants(changed) - changed
    gone = removed | (changed & old.graph.index.keys())
    return Difference(
        changed=tuple(concerns),
        followers=tuple(node.path for node in new.graph.nodes if node.path in behind),
        removed=tuple(node.path for node in old.graph.nodes if node.path in removed),
        obsolete=frozenset(gone | old.graph.descendants(gone) | (behind & old.graph.index.keys())),
    )


class _Sides:
    """One compile, with what its nodes are made of."""

    def __init__(self, loaded: Loaded):
        self.graph = loaded.graph
        self.prints = loaded.prints
        self._operations: dict[int, Operation] = {}

    def operation(self, index: int) -> Operation:
        """Return an operation without where it stands and how often it is tried."""
        found = self._operations.get(index)
        if found is None:
            found = self._operations[index] = self._without_place(index)
        return found

    def _without_place(self, index: int) -> Operation:
        operation = self.graph.operations[index]
        known = self.prints.get(index)
        call = replace(operation.call, file=None, line=None)
        if known is not None and known.unknown is None:
            call = replace(call, blob=None)  # its bytes hold line numbers; the fingerprint says whether it is the same
        policy = replace(
            operation.policy,
            retries=0, backoff_s=0.0, timeout_s=None, resources={}, labels=(), profile=None, overrides={}, declared={},
        )  # fmt: skip
        return replace(operation, call=call, policy=policy)

    def body(self, index: int | None) -> Any:
        """Return what a body is made of, the bodies inside it included; comparable. Any: a nest of tuples."""
        if index is None:
            return None
        body: Body = self.graph.bodies[index]
        inside = tuple(
            (
                replace(node, operation=0, grows=None),
                self.operation(node.operation),
                self.prints.get(node.operation),
                self.body(node.grows),
            )
            for node in body.nodes
        )
        return (replace(body, nodes=()), inside)


def _why(old: _Sides, new: _Sides, node: Node, files: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return why a node is another than it was; None: it is the same."""
    if node.path not in old.graph.index:
        return ("new",)
    was = old.graph.node(node.path)
    found = [*_of_code(old, new, was, node, files)]
    if old.operation(was.operation) != new.operation(node.operation):
        found.append("its definition changed")
    found += _of_arguments(was.arguments, node.arguments)
    if (was.needs, was.files, was.guard, was.environ) != (node.needs, node.files, node.guard, node.environ):
        found.append("what comes before it changed")
    if old.body(was.grows) != new.body(node.grows):
        found.append("what it repeats changed")
    named = tuple(dict.fromkeys(found))
    return (*named[:_MANY], f"{len(named) - _MANY} more") if len(named) > _MANY else named or None


def _of_code(old: _Sides, new: _Sides, was: Node, node: Node, files: tuple[str, ...]) -> Iterator[str]:
    before, after = old.prints.get(was.operation), new.prints.get(node.operation)
    if before is not None and after is not None:
        yield from _of_parts(before.parts, after.parts)
        yield from _of_packages(before, after)
        if before.variables != after.variables:
            yield "the variables it asks for changed"
    is_known = after is not None and after.unknown is None and before is not None and before.unknown is None
    if not is_known and _has_code(new.graph.operations[node.operation]):
        yield from (f"{file} changed" for file in files)  # nobody knows which of its code it reaches


def _of_parts(was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({**was, **now}):
        if was.get(name) != now.get(name):
            word = "changed" if name in was and name in now else "is new" if name in now else "is gone"
            yield f"{name} {word}"


def _of_packages(was: Print, now: Print) -> Iterator[str]:
    for name in sorted({**was.packages, **now.packages}):
        if was.packages.get(name) != now.packages.get(name):
            yield f"{name} {was.packages.get(name, 'none')} -> {now.packages.get(name, 'none')}"


def _of_arguments(was: tuple[Argument, ...], now: tuple[Argument, ...]) -> Iterator[str]:
    before, after = ({each.name: each for each in arguments} for arguments in (was, now))
    for name in dict.fromkeys((*before, *after)):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield f"argument {name} is {'new' if one is None else 'gone'}"
        elif isinstance(one.source, Constant) and isinstance(other.source, Constant):
            was_text, now_text = repr(one.source.value), repr(other.source.value)
            if was_text != now_text:
                yield f"{name} {_short(was_text)} -> {_short(now_text)}"
        elif one != other:
            yield f"argument {name} comes from elsewhere"


def _has_code(operation: Operation) -> bool:
    call = operation.call
    return bool(call.module or call.script or call.blob)


def _changed_files(old: Loaded, new: Loaded) -> tuple[str, ...]:
    was, now = old.snapshot.files, new.snapshot.files
    return tuple(sorted(path for path in {**was, **now} if was.get(path) != now.get(path)))


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
