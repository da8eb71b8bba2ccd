"""How a composite becomes nodes: see docs/decisions/0008-composites-are-nodes.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from .binding import Binder
from .branches import pipeline_of
from .composites import CHOICE, DEFAULT, Conditional, Loop, Map, Parallel
from .drafts import Block, Draft, Piece, draft_of, needed
from .errors import InvalidError, nearest
from .exports import Export, Exports
from .files import FileNeeds
from .graph import ON_FAILURE, Argument, Body, BodyKind, CallKind, Guard, Node, ReturnKind
from .growth import ITEMS, Filled
from .levels import Level
from .nesting import PASSED_ON, Composite, Learning, Nested
from .operations import Operations
from .parameters import Parameters
from .pipeline import Pipeline
from .steps import Step
from .supply import HERE, PREVIOUS, Either, Item

Inside: TypeAlias = Callable[[Level], Block]
"""Compiles the steps of a pipeline at its place."""


class Expander:
    """Turns composites into nodes; what is inside them is left to `inside`.

    Args:
        inside: Compiles one pipeline.
        binder: Of this compile, as the others are.
        bodies: What is known only while it runs; grows.
        problems: Those found; grows.
    """

    def __init__(
        self,
        inside: Inside,
        binder: Binder,
        operations: Operations,
        exports: Exports,
        parameters: Parameters,
        *,
        bodies: list[Body],
        problems: list[InvalidError],
    ):
        self.bodies = bodies
        self.problems = problems
        self._inside = inside
        self._binder = binder
        self._operations = operations
        self._exports = exports
        self._parameters = parameters

    def piece(self, level: Level, step: Composite) -> Piece:
        """Return the nodes of a composite, and note in the level what it returns and puts."""
        mark = self._parameters.mark()
        made = self._exports.of(step, level.path_of(step))
        if isinstance(step, Parallel | Nested | Learning):
            piece = self._branches(level, step, made)
        elif isinstance(step, Conditional):
            piece = self._conditional(level, step, made)
        elif isinstance(step, Map):
            piece = self._map(level, step, made)
        else:
            assert isinstance(step, Loop)
            piece = self._loop(level, step, made)
        self._check_given(level, step, mark)
        level.made[id(step)] = made
        return piece

    def recover(self, level: Level, piece: Piece) -> None:
        """Add what takes over when a step fails; it knows nothing of what the step would have returned."""
        step = piece.step
        path = f"{piece.path}/{ON_FAILURE}"
        try:
            pipeline = pipeline_of(step.on_failure)
        except InvalidError as problem:
            self.problems.append(self._binder.problem(level, step, f"on_failure= {problem.message}", problem.hint))
            return
        guard = Guard(piece.path, ON_FAILURE)
        inner = self._level(level, pipeline, path, None, level.family_of(path), guard)
        block = self._block(inner, step)
        for entry in block.entries:
            entry.needs[piece.path] = None
        end = self._draft(level, path, self._operations.recovery(step), guard=guard)
        end.needs |= dict.fromkeys(block.exits or [piece.path])
        piece.drafts = [*piece.drafts, *block.drafts, end]
        piece.hidden = piece.hidden | block.hidden
        piece.recovery = path

    def _branches(self, level: Level, step: Composite, made: dict[str, Export]) -> Piece:
        path = level.path_of(step)
        whole = Block()
        owners: dict[str, str] = {}
        levels = []
        for word, pipeline in step.pipelines.items():
            place = f"{path}/{word}" if word else path
            inner = self._level(level, pipeline, place, step, level.family_of(place))
            block = self._block(inner, step)
            self._check_shared(level, step, word, inner, owners)
            _join(whole, block)
            levels.append(inner)
        for inner in levels:
            for pattern, maker in inner.files.all():
                level.files.made(pattern, maker)
            made |= {
                name: each for name, each in inner.makers.items() if name in made and made[name].source == each.source
            }
        end = self._draft(level, path, self._operations.end(step, CallKind.JOIN, made))
        end.arguments = _handed(made)
        end.needs |= dict.fromkeys(whole.exits)
        end.files = _files(levels)
        return _piece(step, [*whole.drafts, end], whole.entries or [end], self._is_fence(step, made), whole.hidden)

    def _conditional(self, level: Level, step: Conditional, made: dict[str, Export]) -> Piece:
        path = level.path_of(step)
        default = None if step.default is None else DEFAULT
        call = self._operations.control(
            step, CallKind.CHOOSE, ["branch"], branches=tuple(step.branches), default=default
        )
        choice = self._draft(level, f"{path}/{CHOICE}", call)
        source = self._binder.bind_one(level, step, "parameter", step.parameter)
        choice.arguments = (Argument("value", source),)
        choice.needs |= dict.fromkeys(needed(source))
        whole = Block()
        levels = {}
        for word, pipeline in step.pipelines.items():
            place = f"{path}/{word}"
            guard = Guard(choice.path, word)
            levels[word] = self._level(level, pipeline, place, step, level.family_of(place), guard)
            block = self._block(levels[word], step)
            for entry in block.entries:
                entry.needs[choice.path] = None
            _join(whole, block)
        end = self._draft(level, path, self._operations.end(step, CallKind.JOIN, made))
        end.needs |= dict.fromkeys(whole.exits or [choice.path])
        end.arguments = tuple([self._chosen(level, step, name, levels.values(), made, end) for name in made])
        end.files = _files(levels.values())
        for pattern in _puts(levels.values()):
            level.files.made(pattern, path)
        drafts = [choice, *whole.drafts, end]
        return _piece(step, drafts, [choice], self._is_fence(step, made), whole.hidden | set(end.needs))

    def _chosen(
        self, level: Level, step: Step, name: str, levels: Iterable[Level], made: dict[str, Export], end: Draft
    ) -> Argument:
        """Return what a conditional hands on under a name: of the branch that ran, else what it meant before."""
        found = [each.makers[name] for each in levels if name in each.makers]
        sources = [each.source for each in found]
        lacks = (*made[name].lacks, *(lack for each in found for lack in each.lacks))
        before = self._binder.before(level, step, name) if lacks else None
        if before is not None:
            sources.append(before.source)
            end.needs |= dict.fromkeys(needed(before.source))
            lacks = before.lacks
        made[name] = made[name]._replace(lacks=lacks)
        return Argument(name, sources[0] if len(sources) == 1 else Either(tuple(sources)), bool(lacks))

    def _map(self, level: Level, step: Map, made: dict[str, Export]) -> Piece:
        path = level.path_of(step)
        keys = () if step.is_whole else step.iterate_as
        split = self._draft(
            level, f"{path}/{ITEMS}", self._operations.control(step, CallKind.SPLIT, ["size"], keys=keys)
        )
        source = self._binder.bind_one(level, step, "iterate_on", step.iterate_on)
        split.arguments = (Argument("items", source),)
        split.needs |= dict.fromkeys(needed(source))
        family = f"{level.family_of(path) or path}/*"
        inner = self._level(level, step.branch, f"{path}/{HERE}", step, family)
        block = self._block(inner, step)
        for entry in block.entries:
            entry.needs[split.path] = None
        results = _handed(inner.makers)
        if step.collect is not None:
            items = [Argument(name, Item(inner.path, None if step.is_whole else name)) for name in step.iterate_as]
            results = (*items, *results)
        split.grows = self._add(
            Body(
                kind=BodyKind.MAP,
                nodes=tuple([draft.node() for draft in block.drafts]),
                exits=tuple(block.exits),
                results=results,
                files=_files([inner]),
            )
        )
        # What a reducer makes of metrics is one too, if it is a number then; a mere list of them is not.
        metrics = [name for name, each in made.items() if each.kind is ReturnKind.METRIC and step.reducer is not None]
        end = self._draft(level, path, self._operations.end(step, CallKind.REDUCE, made, metrics))
        end.needs[split.path] = None
        for pattern in _puts([inner]):
            level.files.made(pattern, path)
        return _piece(step, [split, end], [split], self._is_fence(step, made), block.needs() | set(split.needs))

    def _loop(self, level: Level, step: Loop, made: dict[str, Export]) -> Piece:
        path = level.path_of(step)
        before = f"{path}/{PREVIOUS}"
        again = f"{path}/{HERE}"
        inner = self._level(level, step.branch, again, step, level.family_of(again))
        inner.carried = self._exports.of_pipeline(step.branch, before)
        puts = [pattern for each in inner.steps for pattern in self._exports.puts(each)]
        inner.files = FileNeeds(level.files, before, puts)
        if step.index_as is not None:
            inner.environ = (*level.environ, (step.index_as, again))
        block = self._block(inner, step)
        for entry in block.entries:
            entry.needs[before] = None
        block.drafts.append(self._iteration(level, step, inner, block))
        body = Body(
            kind=BodyKind.LOOP,
            nodes=tuple([draft.node() for draft in block.drafts]),
            exits=(again,),
            results=_handed(inner.makers),
            files=(again,) if _files([inner]) else (),
            limit=step.max_iterations,
        )
        block.drafts[-1].grows = self._add(body)
        for pattern in _puts([inner]):
            level.files.made(pattern, path)
        return self._first(level, step, body, made, block)

    def _iteration(self, level: Level, step: Loop, inner: Level, block: Block) -> Draft:
        """Return the end of an iteration; it grows what is added to the bodies next."""
        if step.break_on is None:
            end = self._draft(level, inner.path, self._operations.control(step, CallKind.JOIN))
        else:
            end = self._draft(level, inner.path, self._operations.control(step, CallKind.UNTIL, ["again"]))
            if step.break_on in inner.makers:
                source = inner.makers[step.break_on].source
                end.arguments = (Argument("value", source, is_optional=True),)
            else:
                text = f"break_on= names '{step.break_on}', which nothing inside returns"
                self.problems.append(self._binder.problem(level, step, text))
        end.needs |= dict.fromkeys(block.exits)
        end.files = _files([inner])
        end.grows = len(self.bodies)
        return end

    def _first(self, level: Level, step: Loop, body: Body, made: dict[str, Export], block: Block) -> Piece:
        """Return the loop with its first iteration, which is there before anything ran."""
        path = level.path_of(step)
        filled = Filled(body, path)
        drafts = [draft_of(node) for node in filled.nodes(0)]
        nothing = f"{path}/-1"
        entries = []
        for draft in drafts:
            if nothing in draft.needs:
                del draft.needs[nothing]
                entries.append(draft)
        end = self._draft(level, path, self._operations.end(step, CallKind.JOIN, made))
        ended = filled.end(Node(path=path, operation=end.operation), (0,))
        end.arguments, end.files = ended.arguments, ended.files
        end.needs |= dict.fromkeys(ended.needs)
        drafts.append(end)
        return _piece(step, drafts, entries or drafts[-2:-1], self._is_fence(step, made), block.needs())

    def _level(
        self,
        level: Level,
        pipeline: Pipeline,
        path: str,
        opener: Composite | None,
        family: str | None,
        guard: Guard | None = None,
    ) -> Level:
        """Return the level of a pipeline inside one of a level's steps."""
        policy = level.policy
        if opener is not None and (written := opener.settled & PASSED_ON):
            policy = {**policy, **{name: getattr(opener.policy, name) for name in sorted(written)}}
        return Level(
            pipeline=pipeline,
            steps=self._exports.steps(pipeline),
            path=path,
            parent=level,
            opener=opener,
            guard=guard or level.guard,
            family=family,
            environ=level.environ,
            policy=policy,
            given=level.given.inside(pipeline.params),
            files=FileNeeds(level.files),
        )

    def _block(self, inner: Level, step: Step) -> Block:
        assert inner.parent is not None
        if any(each.pipeline is inner.pipeline for each in inner.parent.up()):
            name = f" '{inner.pipeline.name}'" if inner.pipeline.name else ""
            text = f"the pipeline{name} contains itself"
            self.problems.append(self._binder.problem(inner.parent, step, text))
            return Block()
        return self._inside(inner)

    def _draft(self, level: Level, path: str, operation: int, guard: Guard | None = None) -> Draft:
        return Draft(path=path, operation=operation, guard=guard or level.guard, family=level.family_of(path))

    def _add(self, body: Body) -> int:
        self.bodies.append(body)
        return len(self.bodies) - 1

    def _is_fence(self, step: Step, made: dict[str, Export]) -> bool:
        return self._exports.is_fence(step, made)

    def _check_shared(self, level: Level, step: Composite, word: str, inner: Level, owners: dict[str, str]) -> None:
        """Note each name that two branches return, unless they may."""
        for name in inner.makers:
            if isinstance(step, Parallel) and name in step.gather:
                continue
            if name in owners:
                text = f"the branches '{owners[name]}' and '{word}' both return '{name}'"
                hint = f"call one of them otherwise, or gather='{name}' makes them a list"
                self.problems.append(self._binder.problem(level, step, text, hint))
            owners.setdefault(name, word)

    def _check_given(self, level: Level, step: Composite, mark: int) -> None:
        """Note each name of `inputs=` and `params=` that nothing inside takes."""
        names, takes_all = self._parameters.taken_since(mark)
        if takes_all:
            return
        for option, given in (("inputs", step.inputs), ("params", step.params)):
            for name in given:
                if name not in names:
                    self.problems.append(self._unused(level, step, f"{option}= names '{name}'", name, sorted(names)))

    def _unused(self, level: Level, step: Step, text: str, name: str, known: Sequence[str]) -> InvalidError:
        hint = f"taken are {', '.join(known[:20])}" if known else "nothing is taken"
        return self._binder.problem(level, step, f"{text}, which nothing inside takes{nearest(name, known)}", hint)


def _piece(step: Step, drafts: list[Draft], entries: list[Draft], is_fence: bool, hidden: set[str]) -> Piece:
    return Piece(step, drafts[-1].path, drafts, entries, is_fence, hidden)


def _join(whole: Block, block: Block) -> None:
    whole.drafts += block.drafts
    whole.entries += block.entries
    whole.exits += block.exits
    whole.hidden |= block.hidden


def _handed(made: dict[str, Export]) -> tuple[Argument, ...]:
    return tuple([Argument(name, each.source, bool(each.lacks)) for name, each in made.items()])


def _files(levels: Iterable[Level]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for level in levels for _, path in level.files.all()))


def _puts(levels: Iterable[Level]) -> list[str]:
    return list(dict.fromkeys(pattern for level in levels for pattern, _ in level.files.all()))
