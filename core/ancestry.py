"""Where an artifact comes from: the steps that made it and what they took, back to the sources."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from .artifacts import ArtifactRef
from .detailing import shortened
from .graph import CallKind, Graph, Node
from .ids import RunId
from .named import NamedTuple
from .provenance import Origins
from .records import dataclass, field
from .remembered import Remembered
from .runs import StepRun
from .supply import Either, Gather, Source, Upstream

TAKEN_SHOWN = 10
"""Steps that made the values of one list up to which each is followed: a map may gather those of ten thousand."""


class Maker(NamedTuple):
    """A step of a run."""

    run: RunId
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A value a step took from an earlier one."""

    argument: str
    by: Maker
    outputs: Mapping[str, str | None]
    """Name -> sha256; None: it is not on record. Several of a list that one step made, the start of a map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value a step was given."""

    argument: str
    value: str
    where: str
    """As in `Provenance.where`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """One step that had a part in it."""

    by: Maker
    call: str
    """What was called: `steps:fit`, a command, a script."""
    place: str | None
    """`steps.py:12`; None: not known."""
    code: str | None
    """Digest of its code and all that it reaches; of a run without judgements that of the whole snapshot."""
    at: float | None
    """Wall time it began; None: not known."""
    given: tuple[Given, ...] = ()
    taken: tuple[Taken, ...] = ()
    more: Mapping[str, int] = field(default_factory=dict)
    """Argument -> steps with values of its list that are not followed."""
    files: Mapping[str, str | None] = field(default_factory=dict)
    """Files it declares, restores or was seen to read -> sha256; None: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """An artifact with all that it comes from."""

    name: str
    ref: ArtifactRef
    asked: Maker
    """The step it was asked for by: it may have taken the artifact over from an earlier run."""
    root: Maker
    """The step that made it."""
    makings: Mapping[Maker, Making]
    """By step, the nearest first. A step may be taken from by several."""


class Ancestry:
    """Follows artifacts back through what runs recorded."""

    def __init__(self, recorded: Remembered):
        self._recorded = recorded
        self._origins: dict[RunId, Origins] = {}

    def of(self, run: RunId, path: str, name: str, ref: ArtifactRef) -> Descent:
        """Return where an output of a step comes from."""
        found = list(self._behind(run, Upstream(path, name)))[:1]
        root = self._made_by(run, found[0].node if found else path)
        makings: dict[Maker, Making] = {}
        waiting = deque([root])
        while waiting:
            here = waiting.popleft()
            if here not in makings:
                makings[here] = self._making(here)
                waiting += [each.by for each in makings[here].taken]
        return Descent(name=name, ref=ref, asked=Maker(run, path), root=root, makings=makings)

    def _made_by(self, run: RunId, path: str) -> Maker:
        """Return the step that made what a step of a run has: an earlier run's when it was reused."""
        return Maker(*self._recorded.maker(run, path))

    def _making(self, by: Maker) -> Making:
        graph = self._recorded.spec(by.run).graph
        node, operation = graph.node(by.path), graph.operation_of(by.path)
        judged = self._recorded.judgement(by.run, by.path)
        evidence = None if judged is None else judged.evidence
        call = operation.call
        taken, more = self._taken(by, node)
        steps = self._recorded.steps(by.run)
        return Making(
            by=by,
            call=self._recorded.masked(_called(graph, by.path), by.run),
            place=f"{call.file}:{call.line}" if call.file and call.line else call.file,
            code=self._recorded.spec(by.run).code.key if evidence is None else evidence.basis.code,
            at=steps[by.path].started if by.path in steps else None,
            given=tuple(self._given(by)),
            taken=taken,
            more=more,
            files={}
            if evidence is None or judged is None
            else {**evidence.basis.reads, **evidence.files, **judged.seen},
        )

    def _given(self, by: Maker) -> Iterator[Given]:
        if by.run not in self._origins:
            spec = self._recorded.spec(by.run)
            self._origins[by.run] = Origins(spec.graph, spec.environment)
        for argument, found in self._origins[by.run].of(by.path).items():
            if found.origin not in ("upstream", "list"):
                value = shortened(self._recorded.masked(found.value, by.run))
                yield Given(argument=argument, value=value, where=self._recorded.masked(found.where, by.run))

    def _taken(self, by: Maker, node: Node) -> tuple[tuple[Taken, ...], dict[str, int]]:
        taken: list[Taken] = []
        more: dict[str, int] = {}
        steps = self._recorded.steps(by.run)
        for argument in node.arguments:
            makers: dict[str, dict[str, str | None]] = {}
            for each in self._sources(by.run, argument.source):
                ref = _output(steps.get(each.node), each.output)
                makers.setdefault(each.node, {})[each.output] = None if ref is None else ref.sha256
            if len(makers) > TAKEN_SHOWN:
                more[argument.name] = len(makers) - TAKEN_SHOWN
            taken += [
                Taken(argument=argument.name, by=self._made_by(by.run, path), outputs=outputs)
                for path, outputs in list(makers.items())[:TAKEN_SHOWN]
            ]
        return tuple(taken), more

    def _sources(self, run: RunId, source: Source) -> Iterator[Upstream]:
        """Yield the values of steps that a source is made of; what composites hand on by where they have it from."""
        if isinstance(source, Upstream):
            yield from self._behind(run, source)
        elif isinstance(source, Gather):
            for item in source.items:
                yield from self._sources(run, item)
        elif isinstance(source, Either):
            found = (list(self._sources(run, item)) for item in source.items)
            yield from next((each for each in found if each and self._is_there(run, each)), [])

    def _behind(self, run: RunId, wanted: Upstream) -> Iterator[Upstream]:
        graph = self._recorded.spec(run).graph
        if wanted.node in graph.index and graph.operation_of(wanted.node).call.kind is CallKind.JOIN:
            sources = [each.source for each in graph.node(wanted.node).arguments if each.name == wanted.output]
            for source in sources:
                yield from self._sources(run, source)
        elif wanted.node in graph.index:
            yield wanted

    def _is_there(self, run: RunId, wanted: Sequence[Upstream]) -> bool:
        steps = self._recorded.steps(run)
        return all(_output(steps.get(each.node), each.output) is not None for each in wanted)


def _called(graph: Graph, path: str) -> str:
    call = graph.operation_of(path).call
    if call.command is not None:
        return call.command
    if call.script is not None:
        return f"{call.script}:{call.qualname}" if call.qualname else call.script
    if call.qualname is not None:
        return f"{call.module}:{call.qualname}" if call.module else call.qualname
    return {CallKind.SPLIT: "items of a map", CallKind.REDUCE: "collected by a map"}.get(call.kind, call.kind.value)


def _output(step: StepRun | None, name: str) -> ArtifactRef | None:
    return next((each.ref for each in step.outputs if each.name == name), None) if step is not None else None
