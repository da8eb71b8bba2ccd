"""Telling whether two stored values are equal although their bytes are not, where user code may be imported: a worker.

Values of classes of the user take the user's code to be read, and commands never import that. So each pair is a step
of a hidden run, whose function is ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .artifacts import ArtifactRef, Output
from .graph import Argument, Call, CallKind, Graph, Json, Node, Operation, Return, ReturnKind
from .hosting import Hosting
from .ids import RunId, new_run_id
from .ports import RunQuery
from .records import replace
from .runs import VERIFY, RunSpec, StepRun
from .session import Requests
from .states import Status
from .supply import Constant, Upstream
from .verification import Pair

if TYPE_CHECKING:
    from .parts import Parts  # the bundle of ports, as in hosting

_DIFFERENCE = Operation(
    call=Call(kind=CallKind.PYTHON, module="graftline.worker.difference", qualname="difference"),
    returns=(Return(name="difference", kind=ReturnKind.JSON),),
)


class Equality:
    """Compares stored values on the ports of a workspace."""

    def __init__(self, parts: Parts, hosting: Hosting):
        self._parts = parts
        self._hosting = hosting

    def compare(
        self, spec: RunSpec, pairs: Sequence[Pair], rtol: float, requests: Requests
    ) -> dict[tuple[str, str], str]:
        """Return by path and output where the first difference is; empty text: the values are equal.

        Args:
            spec: of the run whose code reads the values.
            pairs: what is to be compared.
            rtol: relative difference up to which numbers are equal.
            requests: where a person asks to stop; what was not compared then is left out.
        """
        graph, given = _graph_of(pairs, rtol, spec)
        parts = self._parts
        run = replace(spec, id=new_run_id(), graph=graph, created=parts.clock())
        parts.runs.create(run, parts.runs.snapshot(spec.id))
        self._hosting.host(run.id, None, requests, Status.PENDING, given=given)
        steps = {step.path: step for step in parts.history.steps(run.id)}
        told = {(pair.path, pair.output): _told(steps[_path(at)]) for at, pair in enumerate(pairs)}
        return {pair: text for pair, text in told.items() if text is not None}

    def known(self, checked: RunId, pairs: Sequence[Pair], rtol: float) -> dict[tuple[str, str], str]:
        """Return the same as far as earlier comparisons tell, which are the hidden runs below a run.

        Args:
            checked: the run whose outputs were compared: parent of what compared them.
            pairs: what is wanted.
            rtol: it was compared with.
        """
        parts = self._parts
        found: dict[tuple[str, ...], str] = {}
        for run in parts.history.runs(RunQuery(parent=checked, with_children=True, limit=_MOST)):
            graph = parts.runs.spec(run.id).graph if run.origin == VERIFY else None
            if graph is None or graph.operations != (_DIFFERENCE,):
                continue
            steps = {step.path: step for step in parts.history.steps(run.id)}
            for node in graph.nodes:
                text = _told(steps[node.path])
                places, limit = _taken_by(node)
                if text is not None and limit == rtol:
                    found.setdefault(places, text)
        told = {(pair.path, pair.output): found.get((_place(pair.old), _place(pair.new))) for pair in pairs}
        return {pair: text for pair, text in told.items() if text is not None}


_MOST = 50
"""Comparisons of one run that are looked at, the newest first."""


def _path(at: int) -> str:
    return f"pair-{at}"


def _graph_of(pairs: Sequence[Pair], rtol: float, spec: RunSpec) -> tuple[Graph, Mapping[str, tuple[Output, ...]]]:
    given: dict[str, tuple[Output, ...]] = {}

    def taken(name: str, ref: ArtifactRef) -> Argument:
        place = _place(ref)
        given[place] = (Output("value", "value", ref),)
        return Argument(name, Upstream(place, "value"))

    nodes = tuple(
        Node(
            path=_path(at),
            operation=0,
            arguments=(taken("old", pair.old), taken("new", pair.new), Argument("rtol", Constant(rtol, "fixed"))),
        )
        for at, pair in enumerate(pairs)
    )
    return Graph(name=spec.graph.name, nodes=nodes, operations=(_DIFFERENCE,)), given


def _place(ref: ArtifactRef) -> str:
    return f"[value]/{ref.serializer}/{ref.sha256}"


def _taken_by(node: Node) -> tuple[tuple[str, ...], Json]:
    """Return the places of the two values a step compares, and the difference it allows."""
    places = tuple(each.source.node for each in node.arguments if isinstance(each.source, Upstream))
    limits = [each.source.value for each in node.arguments if isinstance(each.source, Constant)]
    return places, limits[0] if limits else None


def _told(step: StepRun) -> str | None:
    if step.state is Status.SUCCESS:
        data = step.outputs[0].ref.inline
        return str(json.loads(data)) if data is not None else ""
    if step.state is Status.FAILURE and step.error is not None:
        message = step.error.message.partition("\n")[0]
        return f"the values cannot be read: {step.error.type}: {message}"
    return None
