"""Pipeline + parameters -> Graph. Every problem is found before the first is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .binding import Binder, Bound, Listed
from .called import written
from .collector import rare_collections
from .constants import Constants
from .errors import InvalidError, nearest
from .files import FileNeeds
from .given import Given
from .graph import Graph, Json, Node, ReturnKind, upstreams
from .operations import Operations
from .options import MODES
from .ordering import cycle, ordered_needs, topological
from .pipeline import Pipeline
from .place import relative_to
from .ports import Workshop
from .steps import Step
from .tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A graph with what stands beside it."""

    graph: Graph
    blobs: Mapping[str, bytes]
    """sha256 -> bytes of functions and constants pickled by value."""
    params: Mapping[str, Json]
    """Parameters a person gave, cast, by the key they were given under."""
    warnings: tuple[str, ...]


@rare_collections()
def compile_pipeline(
    pipeline: Pipeline, workshop: Workshop, *, root: str, given: Given | None = None, name: str = "", mode: str = "job"
) -> Compiled:
    """Compile a pipeline.

    Args:
        pipeline: What the user wrote.
        workshop: What it takes beyond core: types, source files, bytes.
        root: Absolute project root; paths of source files in the graph are relative to it.
        given: Parameters of the run; those of the pipeline itself are added.
        name: Name of the graph; empty: that of the pipeline or its file.
        mode: "job" runs every step.

    Raises:
        InvalidError: the pipeline or a parameter is wrong; every problem in one message.
    """
    if mode != "job":
        raise InvalidError(f"a pipeline is compiled as 'job', not {mode!r}{nearest(str(mode), MODES)}")
    try:
        known = written(pipeline, workshop, given or Given())
    except InvalidError as problem:
        problem.rename_files(lambda file: relative_to(root, file))
        raise
    compiled = _Compilation(known.pipeline, workshop, root, known.given, mode).result(name or pipeline.name_in({}))
    return replace(compiled, params={**known.params, **compiled.params}) if known.params else compiled


class _Compilation:
    """One compile: collects problems while it goes, and raises them together at the end."""

    def __init__(self, pipeline: Pipeline, workshop: Workshop, root: str, given: Given, mode: str):
        self._pipeline = pipeline
        self._root = root
        self._mode = mode
        self._problems: list[InvalidError] = []
        self._constants = Constants(workshop)
        self._operations = Operations(workshop, self._constants, root)
        self._steps = [step for step in pipeline.steps if mode in step.modes]
        self._listed = [self._operations.listed(step) for step in self._steps]
        self._positions = {step.name: position for position, step in enumerate(self._steps)}
        self._binder = Binder(self._listed, replace(given, pipeline=pipeline.params), self._constants)

    def result(self, name: str) -> Compiled:
        """Return the graph, or raise all problems."""
        self._check_names()
        bound = self._bound()
        needs = ordered_needs(self._needs(bound), [is_fence(each) for each in self._listed], self._pipeline.order)
        order = topological(needs)
        if order is None:
            self._problems.append(self._cycle(needs))
        operations = [self._operations.index(step) for step in self._steps]
        problems = [*self._operations.problems, *self._binder.problems, *self._problems]
        if order is None or problems:
            # Steps made in a loop have the same words at the same line: once is enough.
            told = {(each.message, each.file, each.line): self._placed(each) for each in problems}
            raise InvalidError.all_of(list(told.values()))
        rank = {position: at for at, position in enumerate(order)}
        nodes = tuple(
            Node(
                path=self._steps[position].name,
                operation=operations[position],
                arguments=tuple(bound[position].arguments),
                needs=tuple(self._steps[each].name for each in sorted(needs[position], key=rank.__getitem__)),
            )
            for position in order
        )
        return Compiled(
            graph=Graph(name=name, nodes=nodes, operations=self._operations.kept, mode=self._mode),
            blobs=self._constants.blobs,
            params=self._binder.params,
            warnings=(*self._operations.warnings, *self._binder.warnings()),
        )

    def _check_names(self) -> None:
        first: dict[str, Step] = {}
        for step in self._steps:
            if step.name not in first:
                first[step.name] = step
                continue
            where = f"{relative_to(self._root, first[step.name].place.file)}:{first[step.name].place.line}"
            self._problems.append(
                step.problem(f"another step has this name already ({where})", "give one of them name=")
            )

    def _bound(self) -> list[Bound]:
        found = []
        for listed in self._listed:
            bound = self._binder.bind(listed)
            self._problems += [self._binder.missing(listed.step, take) for take in bound.unbound]
            self._binder.made(listed)
            found.append(bound)
        self._problems += self._binder.unknown_parameters()
        return found

    def _needs(self, bound: Sequence[Bound]) -> list[set[int]]:
        files = FileNeeds()
        needs: list[set[int]] = []
        for position, step in enumerate(self._steps):
            own = {self._positions[each.node] for one in bound[position].arguments for each in upstreams(one.source)}
            own.update(self._explicit(step))
            if isinstance(step, Task):
                own.update(files.makers_of(step, self._problems))
                files.made(step, position)
            needs.append(own)
        return needs

    def _explicit(self, step: Step) -> Iterator[int]:
        for before in (*step.after, *step.flows):
            name = before if isinstance(before, str) else before.name
            position = self._positions.get(name)
            if position is not None and (isinstance(before, str) or self._steps[position] is before):
                yield position
            elif isinstance(before, str) or before not in self._pipeline.steps:
                known = nearest(name, list(self._positions))
                self._problems.append(step.problem(f"comes after '{name}', which is no step of this pipeline{known}"))

    def _placed(self, problem: InvalidError) -> InvalidError:
        file = problem.file and relative_to(self._root, problem.file)
        return InvalidError(problem.message, problem.hint, file=file, line=problem.line)

    def _cycle(self, needs: Sequence[set[int]]) -> InvalidError:
        positions = cycle(needs)
        first = positions.index(min(positions))
        path = [self._steps[position] for position in (*positions[first:], *positions[:first])]
        text = " -> ".join(step.name for step in (*path, path[0]))
        return path[0].problem(f"waits for itself: {text}", "each step waits for the one left of it")


def is_fence(listed: Listed) -> bool:
    """Tell whether a step waits for all before it, and all after it for it: it keeps nothing but metrics."""
    step = listed.step
    if step.fence is not None:
        return step.fence
    makes_files = isinstance(step, Task) and bool(step.policy.put)
    return not makes_files and all(each.kind is ReturnKind.METRIC for each in listed.returns)
