"""Pipeline + parameters -> Graph. Every problem is found before the first is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from .binding import Binder
from .callables import Wrapped
from .collector import rare_collections
from .constants import Constants
from .drafts import Block, Draft, Piece, settled
from .errors import InvalidError, nearest
from .exports import Export, Exports, of_task
from .functions import executed, functions_in
from .given import Given
from .graph import ON_FAILURE, Body, Graph, Json, Node
from .learning import SOURCE
from .levels import Level
from .nesting import Composite
from .operations import Operations
from .options import MODES
from .ordering import cycle
from .parameters import Parameters
from .pieces import in_order
from .pipeline import Pipeline
from .place import Place, relative_to
from .ports import Workshop
from .provenance import Note
from .records import dataclass, field, replace
from .steps import Step
from .supply import PREVIOUS, Blob, Upstream
from .tasks import Task

if TYPE_CHECKING:
    from .expanding import Expander
    from .formfields import FormField


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A graph with what stands beside it."""

    graph: Graph
    blobs: Mapping[str, bytes]
    """sha256 -> bytes of functions and constants pickled by value."""
    params: Mapping[str, Json]
    """Parameters a person gave, cast, by the key they were given under."""
    warnings: tuple[str, ...]
    places: Mapping[int, Place] = field(default_factory=dict)
    """Operation -> where its step is written, relative to the root; of those that name a profile or an override."""
    note: Mapping[str, Json] = field(default_factory=dict)
    """Where parameters came from; see `provenance`."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Path -> why it is not in the graph of this mode."""
    form: tuple[FormField, ...] | None = None
    """Parameters it takes; None unless a form is made (`Given.is_asking`)."""


_EVALUATING = ("eval", "tune")


@rare_collections()
def compile_pipeline(
    pipeline: Pipeline,
    workshop: Workshop,
    *,
    root: str,
    given: Given | None = None,
    name: str = "",
    mode: str = "job",
    of_generation: bool = False,
) -> Compiled:
    """Compile a pipeline.

    Args:
        pipeline: What the user wrote.
        workshop: What it takes beyond core: types, source files, bytes.
        root: Absolute project root; paths of source files in the graph are relative to it.
        given: Parameters of the run; those of the pipeline itself are added.
        name: Name of the graph; empty: that of the pipeline or its file.
        mode: One of `MODES`; steps of other modes are left out. In "apply" trained states are loaded, and what only
            training needs is dropped. In "eval" and "tune" the pipeline is trained on a part of the data, and scored.
        of_generation: In "eval": trained states are loaded as in "apply", and all of the data is scored.

    Raises:
        InvalidError: the pipeline or a parameter is wrong; every problem in one message.
    """
    if mode not in MODES:
        raise InvalidError(
            f"a pipeline is not compiled as {mode!r}{nearest(str(mode), MODES)}", f"the modes are {', '.join(MODES)}"
        )
    asked = _body_form(pipeline, workshop, given) if given is not None and given.is_asking else None
    if asked and any(each.default is None for each in asked):  # its body cannot be run yet, so nothing else is known
        graph = Graph(name=name or pipeline.name_in({}), nodes=(), operations=())
        return Compiled(graph=graph, blobs={}, params={}, warnings=(), form=asked)
    whole = given or Given()
    try:
        written, given, params = _written(pipeline, workshop, whole)
    except InvalidError as problem:
        problem.rename_files(lambda file: relative_to(root, file))
        raise
    note = Note(whole.inside(written.params), params)
    compilation = _Compilation(written, workshop, root, given, mode)
    compiled = compilation.result(name or pipeline.name_in({}), note)
    if mode == "train":
        from .applying import check_trained, why_not_applied  # only pipelines that learn need it

        check_trained(compiled.graph)
        if (obstacle := why_not_applied(compiled.graph)) is not None:
            compiled = replace(compiled, warnings=(*compiled.warnings, obstacle))
    elif mode == "apply":
        from .applying import applied  # as above

        made = applied(compiled.graph)
        compiled = replace(compiled, graph=made.graph, dropped=made.dropped)
    elif mode in _EVALUATING:
        compiled = compilation.evaluated(compiled, of_generation=of_generation)
    if asked is not None:
        compiled = replace(compiled, form=asked)
    return replace(compiled, params={**params, **compiled.params}) if params else compiled


def _body_form(pipeline: Pipeline, workshop: Workshop, given: Given) -> tuple[FormField, ...] | None:
    if not isinstance(pipeline, Wrapped):
        return None
    from .called import body_form  # as below

    return body_form(pipeline, workshop, given)


def _written(pipeline: Pipeline, workshop: Workshop, given: Given) -> tuple[Pipeline, Given, Mapping[str, Json]]:
    """Return a pipeline as its steps, what is given to them, and the parameters of its body; see `called.written`."""
    if not isinstance(pipeline, Wrapped):
        return pipeline, given, {}
    from .called import written  # calls and futures: 3 ms, for pipelines that are written by them

    known = written(pipeline, workshop, given)
    return known.pipeline, known.given, known.params


class _Compilation:
    """One compile: collects problems while it goes, and raises them together at the end."""

    def __init__(self, pipeline: Pipeline, workshop: Workshop, root: str, given: Given, mode: str):
        for function in functions_in(pipeline.steps):
            workshop.resolve(function)
        self._root = root
        self._mode = mode
        self._workshop = workshop
        self._problems: list[InvalidError] = []
        self._warnings: list[str] = []
        self._constants = Constants(workshop)
        self._operations = Operations(workshop, self._constants, root)
        self._exports = Exports(self._operations.returns, mode)
        self._parameters = Parameters(replace(given, pipeline=pipeline.params))
        self._binder = Binder(self._parameters, self._constants, self._exports, loads_previous=mode == "train")
        self._bodies: list[Body] = []
        self._inside: list[InvalidError] = []
        """Problems with composites."""
        self._wired: dict[int, Pipeline] = {}
        """Identity of a step with `>>` -> the pipeline that lists it."""
        self._outermost = Level(
            pipeline=pipeline, steps=self._exports.steps(pipeline), given=given.inside(pipeline.params)
        )

    def result(self, name: str, note: Note) -> Compiled:
        """Return the graph, or raise all problems; what is given and taken goes into the note."""
        source = self._source(self._outermost)
        block = self._block(self._outermost)
        problems = [
            *self._operations.problems,
            *self._binder.problems,
            *self._parameters.unknown(),
            *self._inside,
            *self._problems,
        ]
        if problems:
            # Steps made in a loop have the same words at the same line: once is enough.
            told = {(each.message, each.file, each.line): self._placed(each) for each in problems}
            raise InvalidError.all_of(list(told.values()))
        nodes, bodies = settled([*source, *self._loads(), *block.drafts], self._bodies)
        self._parameters.tell(note)
        for function, takes in self._operations.functions():
            note.add_defaults(function, takes.items)
        return Compiled(
            graph=Graph(name=name, nodes=nodes, operations=self._operations.kept, mode=self._mode, bodies=bodies),
            blobs=self._constants.blobs,
            params=self._parameters.values,
            warnings=(
                *self._operations.warnings,
                *self._parameters.without_effect(),
                *dict.fromkeys(self._warnings),
                *dict.fromkeys(self._binder.warnings),
            ),
            places={
                index: Place(relative_to(self._root, place.file), place.line)
                for index, place in self._operations.places.items()
            },
            note=note.to_json(),
            form=self._form([*nodes, *(node for body in bodies for node in body.nodes)]),
        )

    @cached_property
    def _expander(self) -> Expander:
        from .expanding import Expander  # with composites 2 ms, for pipelines that have some

        return Expander(
            self._block,
            self._binder,
            self._operations,
            self._exports,
            self._parameters,
            bodies=self._bodies,
            problems=self._inside,
        )

    def _form(self, nodes: Sequence[Node]) -> tuple[FormField, ...] | None:
        return self._parameters.fields(nodes) if self._outermost.given.is_asking else None

    def evaluated(self, compiled: Compiled, *, of_generation: bool) -> Compiled:
        """Return a compiled pipeline as what evaluates it, or runs one trial.

        Raises:
            InvalidError: there is nothing to score, or it is not there.
        """
        from .evaluating import in_mode, overwriting  # only pipelines that learn need it

        values = {name: each.source for name, each in self._outermost.makers.items()}
        try:
            made = in_mode(
                compiled.graph, self._outermost.pipeline, values, self._kept, self._root, of_generation=of_generation
            )
        except InvalidError as problem:
            problem.rename_files(lambda file: relative_to(self._root, file))
            raise
        warnings = (*compiled.warnings, *overwriting(made.graph))
        return replace(compiled, graph=made.graph, dropped=made.dropped, blobs=self._constants.blobs, warnings=warnings)

    def _kept(self, value: object) -> Blob:
        return Blob(self._constants.keep(self._workshop.pickle(value)), "fixed")

    def _loads(self) -> list[Draft]:
        """Return the nodes that hand on what steps begin with: states of the last generation."""
        return [
            Draft(path=path, operation=self._operations.keep(made.call, made.returns, made.policy))
            for path, made in self._binder.beginnings.loads.items()
        ]

    def _source(self, level: Level) -> list[Draft]:
        """Return the node that asks for the pipeline's data, which steps then take by name."""
        source = level.pipeline.source
        if source is None:
            return []
        if SOURCE in level.named:
            step = level.named[SOURCE]
            text = "its name is that of the pipeline's source"
            self._problems.append(self._binder.problem(level, step, text, "give it another: name="))
        named = {} if source.expression is None else self._operations.named(source.expression)
        made = source.operation(self._root, named)
        level.makers |= {name: Export(Upstream(SOURCE, name)) for name in source.names}
        return [Draft(path=SOURCE, operation=self._operations.keep(made.call, made.returns, made.policy))]

    def _block(self, level: Level) -> Block:
        """Compile the steps of one pipeline at its place."""
        mark = self._parameters.mark()
        self._check_names(level)
        pieces = [self._piece(level, step) for step in level.steps]
        self._warnings += self._parameters.not_taken(level.pipeline, mark)
        return self._ordered(level, pieces)

    def _piece(self, level: Level, step: Step) -> Piece:
        meant = executed(step)
        if isinstance(step, Task) and isinstance(meant, Task):
            piece = self._task(level, step)
        else:
            assert isinstance(meant, Composite)
            piece = self._expander.piece(level, meant)
            level.made[id(step)] = level.made[id(meant)]
        if step.after or (step.flows and self._wired[id(step)] is level.pipeline):
            for path in self._explicit(level, step):
                for entry in piece.entries:
                    entry.needs[path] = None
        if step.on_failure is not None:
            self._expander.recover(level, piece)
        level.makers |= level.made[id(step)]
        return piece

    def _task(self, level: Level, task: Task) -> Piece:
        listed = self._operations.listed(task)
        path = level.path_of(task)
        arguments = self._binder.bind(level, listed)
        draft = Draft(
            path=path,
            operation=self._operations.index(listed, level.policy),
            arguments=tuple(arguments),
            guard=level.guard,
            family=level.family_of(path),
            environ=level.environ,
        )
        draft.wait_for(arguments)
        if task.policy.get or task.policy.put:
            self._wait_for_files(level, task, draft)
        for pattern in task.policy.put:
            if (writer := level.files.writer(pattern)) is not None:
                draft.needs[writer] = None
            level.files.made(pattern, path)
        made = level.made[id(task)] = of_task(listed.returns, path)
        drafts = [draft]
        return Piece(task, path, drafts, drafts, self._exports.is_fence(task, made))

    def _wait_for_files(self, level: Level, task: Task, draft: Draft) -> None:
        for pattern in task.policy.get:
            makers = level.files.makers(pattern)
            if not makers:
                text = f"gets the file '{pattern}', which no earlier step puts{level.files.nearest(pattern)}"
                hint = "a file that is there already needs no Catalog(get=)"
                self._problems.append(self._binder.problem(level, task, text, hint))
            draft.files = tuple(dict.fromkeys((*draft.files, *makers)))
        draft.needs |= dict.fromkeys(each for each in draft.files if PREVIOUS not in each)

    def _explicit(self, level: Level, step: Step) -> Iterator[str]:
        """Yield the paths a step comes after because it says so: of steps of its pipeline, or of one around it."""
        for before in (*step.after, *step.flows):
            name = before if isinstance(before, str) else before.name
            home = next((each for each in level.up() if name in each.named and _is(each.named[name], before)), None)
            if home is None:
                if isinstance(before, str) or not any(before in each.pipeline.steps for each in level.up()):
                    known = nearest(name, list(level.named))
                    text = f"comes after '{name}', which is no step of this pipeline{known}"
                    self._problems.append(self._binder.problem(level, step, text))
            elif any(each.opener is home.named[name] for each in level.up()):
                self._problems.append(self._binder.problem(level, step, f"comes after '{name}', which it is in"))
            else:
                yield home.path_of(home.named[name])

    def _check_names(self, level: Level) -> None:
        first: dict[str, Step] = {}
        for step in level.steps:
            if step.name == ON_FAILURE and level.parent is not None:
                text = "its name has a meaning of its own in paths"
                self._problems.append(self._binder.problem(level, step, text, "call it otherwise: name="))
            if step.flows and self._wired.setdefault(id(step), level.pipeline) is not level.pipeline:
                text = "is ordered by >> and listed in two pipelines, which would mix their orders"
                self._problems.append(self._binder.problem(level, step, text, "make one for each, or use after="))
                continue
            if step.name not in first:
                first[step.name] = step
                continue
            where = f"{relative_to(self._root, first[step.name].place.file)}:{first[step.name].place.line}"
            text = f"another step has this name already ({where})"
            self._problems.append(self._binder.problem(level, step, text, "give one of them name="))

    def _ordered(self, level: Level, pieces: Sequence[Piece]) -> Block:
        block, needs = in_order(pieces, level.pipeline.order, is_inside=level.parent is not None)
        if block is None:
            self._problems.append(self._cycle(level, needs))
            return Block()
        return block

    def _placed(self, problem: InvalidError) -> InvalidError:
        file = problem.file and relative_to(self._root, problem.file)
        return InvalidError(problem.message, problem.hint, file=file, line=problem.line)

    def _cycle(self, level: Level, needs: Sequence[set[int]]) -> InvalidError:
        positions = cycle(needs)
        first = positions.index(min(positions))
        path = [level.steps[position] for position in (*positions[first:], *positions[:first])]
        text = " -> ".join(step.name for step in (*path, path[0]))
        hint = "each step waits for the one left of it"
        return self._binder.problem(level, path[0], f"waits for itself: {text}", hint)


def _is(step: Step, before: Step | str) -> bool:
    return isinstance(before, str) or step is before
