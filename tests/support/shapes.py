"""Composites of any depth as graphs, built by hand: what the scheduler and the engine see, without user code.

A pipeline is a list of pieces; `build` lays it out as nodes and bodies. Every step returns `out`, every end hands it
on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import strategies as st

from graftline.core.graph import (
    ON_FAILURE,
    Argument,
    Body,
    BodyKind,
    Call,
    CallKind,
    Graph,
    Guard,
    Node,
    Operation,
    Policy,
    Return,
    Terminate,
)
from graftline.core.supply import Carried, Constant, Either, Index, Item, Source, Upstream


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Any step: what it waits for (names in its pipeline; None: the one before it), and what takes over."""

    name: str
    after: tuple[str, ...] | None = None
    on_failure: Pipe | None = None


@dataclass(frozen=True, kw_only=True)
class Step(Piece):
    retries: int = 0
    terminate: Terminate | None = None
    resources: Mapping[str, float] = field(default_factory=dict)
    put: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sub(Piece):
    """A pipeline as a step."""

    inside: Pipe


@dataclass(frozen=True, kw_only=True)
class Parallel(Piece):
    branches: Mapping[str, Pipe]


@dataclass(frozen=True, kw_only=True)
class Conditional(Piece):
    branches: Mapping[str, Pipe]


@dataclass(frozen=True, kw_only=True)
class Map(Piece):
    inside: Pipe


@dataclass(frozen=True, kw_only=True)
class Loop(Piece):
    inside: Pipe
    limit: int = 3
    has_break: bool = True


Pipe: TypeAlias = Sequence[Piece]


def step(
    name: str,
    *after: str,
    retries: int = 0,
    terminate: Terminate | None = None,
    on_failure: Pipe | None = None,
    resources: Mapping[str, float] | None = None,
    put: str | None = None,
) -> Step:
    """Return a step that waits for those named; for nothing when none is."""
    return Step(
        name=name,
        after=after,
        retries=retries,
        terminate=terminate,
        on_failure=on_failure,
        resources=resources or {},
        put=put,
    )


def build(pipe: Pipe, *, guards_are_needs: bool = True) -> Graph:
    """Return the graph of a pipeline.

    Args:
        pipe: in definition order.
        guards_are_needs: steps of a branch name the choice in their needs as well.
    """
    builder = _Builder(guards_are_needs)
    nodes = builder.pipe(pipe, _Place(scope=""))
    return Graph(name="shapes", nodes=tuple(nodes), operations=tuple(builder.operations), bodies=tuple(builder.bodies))


@dataclass(frozen=True)
class _Place:
    """Where a pipeline stands."""

    scope: str
    before: tuple[str, ...] = ()
    """What its first steps wait for."""
    guard: Guard | None = None
    item: Source | None = None
    """What its first steps take."""
    environ: tuple[tuple[str, str], ...] = ()

    def path(self, name: str) -> str:
        return f"{self.scope}/{name}" if self.scope else name


class _Builder:
    def __init__(self, guards_are_needs: bool) -> None:
        self.guards_are_needs = guards_are_needs
        self.operations: list[Operation] = []
        self.bodies: list[Body] = []

    def pipe(self, pipe: Pipe, place: _Place) -> list[Node]:
        nodes: list[Node] = []
        previous: tuple[str, ...] = ()
        for piece in pipe:
            names = previous if piece.after is None else piece.after
            before = tuple(place.path(name) for name in names) or place.before
            data = tuple(Argument(name, Upstream(place.path(name), "out"), True) for name in names)
            if not names and place.item is not None:
                data = (Argument("item", place.item, True),)
            nodes += self.piece(piece, place, before, data)
            if piece.on_failure is not None:
                nodes += self.recovery(piece, place)
            previous = (piece.name,)
        return nodes

    def piece(self, piece: Piece, place: _Place, before: tuple[str, ...], data: tuple[Argument, ...]) -> list[Node]:
        path = place.path(piece.name)
        inner = _Place(scope=path, before=before, guard=place.guard, environ=place.environ)
        match piece:
            case Step():
                policy = Policy(
                    retries=piece.retries,
                    terminate=piece.terminate,
                    resources=piece.resources,
                    put=() if piece.put is None else (piece.put,),
                )
                return [self.node(path, CallKind.PYTHON, place, before, data, policy=policy)]
            case Sub():
                return [*self.pipe(piece.inside, inner), self.join(path, place, {path: piece.inside}, before)]
            case Parallel():
                scopes = {f"{path}/{name}": inside for name, inside in piece.branches.items()}
                nodes = [
                    node
                    for scope, inside in scopes.items()
                    for node in self.pipe(inside, _Place(scope, before, place.guard, None, place.environ))
                ]
                return [*nodes, self.join(path, place, scopes, before)]
            case Conditional():
                return self.conditional(piece, path, place, before, data)
            case Map():
                return self.map(piece, path, place, before, data)
            case Loop():
                return self.loop(piece, path, place, before)
        raise AssertionError(piece)

    def conditional(
        self, piece: Conditional, path: str, place: _Place, before: tuple[str, ...], data: tuple[Argument, ...]
    ) -> list[Node]:
        choice = f"{path}/choice"
        nodes = [self.node(choice, CallKind.CHOOSE, place, before, data, branches=tuple(piece.branches))]
        for word, inside in piece.branches.items():
            first = (choice,) if self.guards_are_needs else before
            nodes += self.pipe(inside, _Place(f"{path}/{word}", first, Guard(choice, word), None, place.environ))
        scopes = {f"{path}/{word}": inside for word, inside in piece.branches.items()}
        return [*nodes, self.join(path, place, scopes, (choice,))]

    def map(
        self, piece: Map, path: str, place: _Place, before: tuple[str, ...], data: tuple[Argument, ...]
    ) -> list[Node]:
        items, scope = f"{path}/items", f"{path}/[]"
        inside = self.pipe(piece.inside, _Place(scope, (items,), place.guard, Item(scope, None), place.environ))
        sinks = self.sinks(piece.inside, scope)
        body = Body(kind=BodyKind.MAP, nodes=tuple(inside), exits=sinks, results=self.out_of(sinks), files=sinks)
        self.bodies.append(body)
        start = self.node(items, CallKind.SPLIT, place, before, data, grows=len(self.bodies) - 1)
        return [start, self.node(path, CallKind.REDUCE, place, (items,), ())]

    def loop(self, piece: Loop, path: str, place: _Place, before: tuple[str, ...]) -> list[Node]:
        at = len(self.bodies)
        self.bodies.append(Body(kind=BodyKind.LOOP, nodes=(), exits=()))  # inner bodies come after it
        scope = f"{path}/[]"
        sinks = self.sinks(piece.inside, scope)
        before_it = Upstream(f"{path}/[<]{sinks[0][len(scope) :]}", "out")
        carried = Carried(scope, Constant(0, "fixed"), before_it)
        rest = _Place(scope, (f"{path}/[<]",), place.guard, carried, (*place.environ, ("I", scope)))
        nodes = [*self.pipe(piece.inside, rest), self.iteration(piece, scope, place, sinks, at)]
        self.bodies[at] = Body(
            kind=BodyKind.LOOP,
            nodes=tuple(nodes),
            exits=(scope,),
            results=self.out_of(sinks),
            files=sinks,
            limit=piece.limit,
        )
        zero = f"{path}/0"
        first = _Place(zero, before, place.guard, Constant(0, "fixed"), (*place.environ, ("I", "0")))
        firsts = self.sinks(piece.inside, zero)
        return [
            *self.pipe(piece.inside, first),
            self.iteration(piece, zero, place, firsts, at),
            self.node(path, CallKind.JOIN, place, (zero,), self.out_of(firsts)),
        ]

    def iteration(self, piece: Loop, path: str, place: _Place, sinks: tuple[str, ...], body: int) -> Node:
        kind = CallKind.UNTIL if piece.has_break else CallKind.JOIN
        value = (Argument("value", Upstream(sinks[0], "out"), True),) if piece.has_break else ()
        return self.node(path, kind, place, sinks, value, grows=body)

    def recovery(self, piece: Piece, place: _Place) -> list[Node]:
        assert piece.on_failure is not None
        failed = place.path(piece.name)
        guard, scope = Guard(failed, ON_FAILURE), f"{failed}/{ON_FAILURE}"
        before = (failed,) if self.guards_are_needs else ()
        inner = _Place(scope, before, guard, None, place.environ)
        end = self.join(scope, inner, {scope: piece.on_failure}, ())
        return [*self.pipe(piece.on_failure, inner), end]

    def join(self, path: str, place: _Place, scopes: Mapping[str, Pipe], before: tuple[str, ...]) -> Node:
        sinks = tuple(sink for scope, inside in scopes.items() for sink in self.sinks(inside, scope))
        return self.node(path, CallKind.JOIN, place, sinks or before, self.out_of(sinks), files=sinks)

    def sinks(self, pipe: Pipe, scope: str) -> tuple[str, ...]:
        """Return the ends of the steps that no other one of the pipeline waits for, and those of recoveries."""
        waited: set[str] = set()
        for number, piece in enumerate(pipe):
            waited.update(([pipe[number - 1].name] if number else []) if piece.after is None else piece.after)
        found = [f"{scope}/{piece.name}" for piece in pipe if piece.name not in waited]
        return tuple(found + [f"{scope}/{piece.name}/{ON_FAILURE}" for piece in pipe if piece.on_failure is not None])

    @staticmethod
    def out_of(sinks: Iterable[str]) -> tuple[Argument, ...]:
        """Return what an end is bound to: nothing that a recovery made."""
        steps = [sink for sink in sinks if not sink.endswith(f"/{ON_FAILURE}")]
        return (Argument("out", Either(tuple(Upstream(sink, "out") for sink in steps)), True),)

    def node(
        self,
        path: str,
        kind: CallKind,
        place: _Place,
        needs: tuple[str, ...],
        data: tuple[Argument, ...],
        *,
        policy: Policy | None = None,
        grows: int | None = None,
        files: tuple[str, ...] = (),
        branches: tuple[str, ...] = (),
    ) -> Node:
        if kind is CallKind.PYTHON and "[]" in path:
            scope = path[: path.rindex("[]") + 2]
            data = (*data, Argument("i", Index(scope)))
        call = Call(kind=kind, module="m" if kind is CallKind.PYTHON else None, branches=branches)
        operation = Operation(call=call, returns=(Return(name="out"),), policy=policy or Policy())
        if operation not in self.operations:
            self.operations.append(operation)
        return Node(
            path=path,
            operation=self.operations.index(operation),
            arguments=data,
            needs=needs,
            files=files,
            guard=place.guard,
            grows=grows,
            environ=place.environ,
        )


@st.composite
def pipes(draw: st.DrawFn, depth: int = 2, prefix: str = "s", *, may_end_early: bool = True) -> Pipe:
    """Draw a random pipeline of composites in composites."""
    pieces: list[Piece] = []
    for number in range(draw(st.integers(1, 3 if prefix == "s" else 2))):
        name = f"{prefix}{number}"
        known = [piece.name for piece in pieces]
        chosen = draw(st.sets(st.sampled_from(known), max_size=2)) if known else set()
        after = tuple(each for each in known if each in chosen)
        kinds = ["step", "step"] + (["sub", "parallel", "conditional", "map", "loop"] if depth else [])
        kind = draw(st.sampled_from(kinds))
        inside = pipes(depth - 1, f"{name}x", may_end_early=may_end_early)
        recovery = None
        if may_end_early and draw(st.integers(0, 4)) == 0:
            recovery = draw(pipes(0, f"{name}r"))
        if kind == "step":
            retries = draw(st.sampled_from([0, 0, 0, 1])) if may_end_early else 0
            words = [None] * 6 + [Terminate.SUCCESS, Terminate.FAILURE] if may_end_early else [None]
            word = draw(st.sampled_from(words))
            pieces.append(Step(name=name, after=after, retries=retries, terminate=word, on_failure=recovery))
        elif kind == "sub":
            pieces.append(Sub(name=name, after=after, inside=draw(inside), on_failure=recovery))
        elif kind == "map":
            pieces.append(Map(name=name, after=after, inside=draw(inside), on_failure=recovery))
        elif kind == "loop":
            has_break = draw(st.booleans())
            pieces.append(
                Loop(name=name, after=after, inside=draw(inside), limit=3, has_break=has_break, on_failure=recovery)
            )
        else:
            branches = {word: draw(inside) for word in ("left", "right")}
            composite = Parallel if kind == "parallel" else Conditional
            pieces.append(composite(name=name, after=after, branches=branches, on_failure=recovery))
    return pieces
