"""Values that come into a run from outside of it: states of generations, data by name, results of other runs.

What runs when a step uses one is up to the code and the packages its classes come from, and no step of the graph need
name those: whoever predicts with an estimator that somebody put says `predict` alone. So they count by what the stored
bytes name, for the steps that take such a value and for all that it is handed on to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from .artifacts import ArtifactRef
from .contents import BroughtCode, CodeOfValues
from .graph import CallKind
from .growth import Plot
from .inheriting import inherited
from .supply import Carried, Either, Gather, Source, Stored
from .values import Values

NOTHING = BroughtCode()
_LOADED, _STORED = "loaded", "stored"
_NONE: frozenset[tuple[str, str]] = frozenset()


class Brought:
    """Finds for operations of one run what comes to them from outside.

    Args:
        plot: the graph as it stands.
        values: what was handed on in place of steps is among them.
        look: says of which code stored values are.
    """

    def __init__(self, plot: Plot, values: Values, look: CodeOfValues):
        self._values = values
        self._look = look
        self._stored: dict[str, ArtifactRef] = {}
        own = self._own(plot)
        taken = inherited(plot.origin, own)
        self._reaching = {at: own.get(at, _NONE) | taken.get(at, _NONE) for at in {*own, *taken}}
        self._known: dict[frozenset[tuple[str, str]], BroughtCode | str] = {}

    @property
    def is_any(self) -> bool:
        """Tell whether anything of this run comes from outside."""
        return bool(self._reaching)

    def to(self, operation: int) -> BroughtCode | str:
        """Return of which code the values from outside are that reach an operation; or why that cannot be known."""
        pairs = self._reaching.get(operation)
        if not pairs:
            return NOTHING
        if pairs not in self._known:
            self._known[pairs] = self._look([ref for pair in sorted(pairs) for ref in self._refs(*pair)])
        return self._known[pairs]

    def _refs(self, kind: str, name: str) -> Sequence[ArtifactRef]:
        return [self._stored[name]] if kind == _STORED else [each.ref for each in self._values.outputs(name)]

    def _own(self, plot: Plot) -> dict[int, frozenset[tuple[str, str]]]:
        """Return by operation what it hands on or takes that no step of the run made."""
        graph = plot.origin
        found: dict[int, frozenset[tuple[str, str]]] = {}
        loading = graph.calling({CallKind.LOAD})
        for node in (*graph.nodes, *(node for body in graph.bodies for node in body.nodes)):
            pairs = [(_LOADED, node.path)] if node.operation in loading else []
            for argument in node.arguments:
                for ref in _stored_in(argument.source):
                    self._stored[ref.sha256] = ref
                    pairs.append((_STORED, ref.sha256))
            if pairs:
                found[node.operation] = found.get(node.operation, _NONE).union(pairs)
        return found


def bound(inherits: str | None, brought: str | None) -> str | None:
    """Return one digest for what steps before reach and what came from outside; None: neither is there."""
    if brought is None:
        return inherits
    return hashlib.sha256(f"{inherits}\n{brought}".encode()).hexdigest()


def _stored_in(source: Source) -> Iterator[ArtifactRef]:
    if isinstance(source, Stored):
        yield source.ref
    elif isinstance(source, Gather | Either):
        for item in source.items:
            yield from _stored_in(item)
    elif isinstance(source, Carried):
        yield from _stored_in(source.later)
        if source.first is not None:
            yield from _stored_in(source.first)
