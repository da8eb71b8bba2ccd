"""What the attempts of a graph of shapes come out as, always the same for the same path; and a run through them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    GraphGrown,
    RetryScheduled,
    StepJoined,
    StepReused,
    StepSettled,
)
from graftline.core.graph import CallKind, Graph, Json
from graftline.core.growth import Plot
from graftline.core.runs import StepError
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status
from graftline.core.turns import Past


def output(name: str, value: Json) -> Output:
    data = json.dumps(value, separators=(",", ":")).encode()
    return Output(name, "value", ArtifactRef(sha256(data).hexdigest(), len(data), "json", data))


class World:
    """Decides how attempts end.

    Args:
        broken: paths that fail; or a function of path and attempt.
        words: branch by path of the choice; others take the first.
        sizes: items by path of the split; others have two.
        goes_on: paths of iterations that ask for another one.
        seed: everything that is not given is drawn from it; None: it is good, and no loop goes on.
    """

    def __init__(
        self,
        *,
        broken: Iterable[str] | Callable[[str, int], bool] = (),
        words: Mapping[str, str] | None = None,
        sizes: Mapping[str, int] | None = None,
        goes_on: Iterable[str] = (),
        seed: int | None = None,
    ) -> None:
        self._broken = broken if callable(broken) else set(broken)
        self._words = dict(words or {})
        self._sizes = dict(sizes or {})
        self._goes_on = set(goes_on)
        self._seed = seed

    def draw(self, path: str, below: int, salt: str = "") -> int:
        """Return a number of 0 or more, always the same for the same path."""
        return zlib.crc32(f"{self._seed} {salt} {path}".encode()) % below

    def is_broken(self, path: str, attempt: int = 1) -> bool:
        if callable(self._broken):
            return self._broken(path, attempt)
        return path in self._broken or (self._seed is not None and self.draw(path, 6, "broken") == 0)

    def outputs(self, graph: Graph | Plot, path: str) -> tuple[Output, ...]:
        """Return what a good attempt returns."""
        plot = graph if isinstance(graph, Plot) else Plot(graph)
        call = plot.origin.operations[plot.nodes[path].operation].call
        if call.kind is CallKind.SPLIT:
            drawn = 2 if self._seed is None else self.draw(path, 4, "size")
            size = self._sizes.get(path, drawn)
            return (*[output(str(number), number) for number in range(size)], output("size", size))
        if call.kind is CallKind.CHOOSE:
            drawn = 0 if self._seed is None else self.draw(path, len(call.branches), "word")
            return (output("branch", self._words.get(path, call.branches[drawn])),)
        if call.kind is CallKind.UNTIL:
            drawn_again = self._seed is not None and self.draw(path, 2, "again") == 0
            return (output("again", path in self._goes_on or drawn_again),)
        return (output("out", path),)

    def end(self, plot: Plot, path: str, attempt: int, at: float = 1.0) -> AttemptSucceeded | AttemptFailed:
        """Return how an attempt ends."""
        return (
            bad(path, attempt, at) if self.is_broken(path, attempt) else ok(path, attempt, at, self.outputs(plot, path))
        )


def ok(path: str, attempt: int = 1, at: float = 1.0, outputs: tuple[Output, ...] = ()) -> AttemptSucceeded:
    return AttemptSucceeded(
        node=path, attempt=attempt, at=at, started=at, seconds=0.0, cpu_seconds=0.0, peak_bytes=None, worker="w1",
        outputs=outputs,
    )  # fmt: skip


def bad(path: str, attempt: int = 1, at: float = 1.0, reason: Reason = Reason.ERROR) -> AttemptFailed:
    return AttemptFailed(
        node=path, attempt=attempt, at=at, started=at, seconds=0.0, cpu_seconds=0.0, peak_bytes=None, worker="w1",
        reason=reason, error=StepError(type="ValueError", message="no"),
    )  # fmt: skip


def stopped(path: str, attempt: int = 1, at: float = 1.0) -> AttemptCancelled:
    return AttemptCancelled(node=path, attempt=attempt, at=at, started=at, seconds=0.0, worker="w1")


class Play:
    """A run of a graph in a world, one end at a time, without an engine; `groups` are what it would commit.

    Args:
        graph: what runs.
        world: how attempts end.
        first: which of the running steps ends next; the one with the smallest key.
        scheduler: keyword arguments of the scheduler.
    """

    def __init__(self, graph: Graph, world: World, *, first: Callable[[str], Any] = str, **scheduler: Any) -> None:
        given: dict[str, Any] = {"jobs": 1_000_000}
        self.scheduler = Scheduler(graph, **(given | scheduler))
        self.world = world
        self.first = first
        self.groups: list[list[Fact]] = []
        self.cancelled: set[str] = set()
        """Paths told to stop that have not ended."""
        self.now = 0.0
        self.pass_on([])

    @property
    def facts(self) -> list[Fact]:
        return [fact for group in self.groups for fact in group]

    @property
    def plot(self) -> Plot:
        return self.scheduler.plot

    def pass_on(self, news: Iterable[Fact]) -> list[Fact]:
        """Do one pass as the engine does; return its group."""
        scheduler = self.scheduler
        turn = scheduler.advance(news, self.now)
        group = list(turn.facts)
        self.cancelled |= set(turn.cancel)
        assert set(turn.cancel) <= scheduler.running
        while turn.joins:
            joined = [StepJoined(node=path, at=self.now, outputs=(output("out", path),)) for path in turn.joins]
            turn = scheduler.advance(joined, self.now)
            group += turn.facts
            self.cancelled |= set(turn.cancel)
        group += scheduler.start(1_000_000, self.now, lambda path: True)
        if group:
            self.groups.append(group)
        return group

    def end(self, path: str) -> list[Fact]:
        """Let one running attempt end."""
        attempt = self.scheduler.attempts[path]
        self.now += 1.0
        if path in self.cancelled:
            self.cancelled.discard(path)
            return self.pass_on([stopped(path, attempt, self.now)])
        return self.pass_on([self.world.end(self.plot, path, attempt, self.now)])

    def run(self, passes: int = 2000) -> Play:
        """Go on to the end."""
        for _ in range(passes):
            if self.scheduler.result is not None:
                return self
            running = self.scheduler.running
            if running:
                self.end(min(running, key=lambda path: (path not in self.cancelled, self.first(path))))
            else:
                wake = self.scheduler.next_wake
                assert wake is not None, f"nothing runs, and nothing will: {self.open()}"
                self.now = max(self.now, wake)
                self.pass_on([])
        raise AssertionError("the run never ends")

    def open(self) -> list[str]:
        return [path for path, state in self.scheduler.states.items() if not state.is_final]

    def states(self) -> dict[str, str]:
        """Return by path the state and the reason, as `SKIPPED BRANCH`."""
        told = standing(self.plot.origin, self.facts)
        return {path: f"{past.state} {past.reason or ''}".strip() for path, past in told.items()}

    @property
    def verdict(self) -> Status:
        assert self.scheduler.result is not None
        return self.scheduler.result.state

    def started(self) -> list[str]:
        return [fact.node for fact in self.facts if isinstance(fact, AttemptDispatched)]


class Told:
    """Where the steps of a run stand by its facts alone: what a store would know.

    Args:
        graph: as compiled.
    """

    def __init__(self, graph: Graph) -> None:
        self.plot = Plot(graph)
        self.past = {path: Past(state=Status.PENDING) for path in self.plot.nodes}

    def take(self, fact: Fact) -> None:
        """Follow one fact."""
        match fact:
            case GraphGrown():
                added, _ = self.plot.grow(fact.node, fact.size)
                self.past |= {node.path: Past(state=Status.PENDING) for node in added}
            case AttemptDispatched():
                self.past[fact.node] = Past(state=Status.STARTED, attempts=fact.attempt)
            case AttemptSucceeded():
                self._end(fact.node, Status.SUCCESS, fact.reason)
            case AttemptFailed():
                self._end(fact.node, Status.FAILURE, fact.reason)
            case AttemptCancelled():
                self._end(fact.node, Status.CANCELLED, fact.reason)
            case RetryScheduled():
                self._end(fact.node, Status.PENDING, None)
            case StepSettled():
                self._end(fact.node, fact.state, fact.reason)
            case StepJoined():
                self._end(fact.node, Status.SUCCESS, None)
            case StepReused():
                self._end(fact.node, Status.CACHED, None)
            case _:
                pass

    def _end(self, path: str, state: Status, reason: Reason | None) -> None:
        self.past[path] = Past(state=state, reason=reason, attempts=self.past[path].attempts)


def standing(graph: Graph, facts: Iterable[Fact]) -> dict[str, Past]:
    """Return by path where the steps of a run stand after these facts."""
    told = Told(graph)
    for fact in facts:
        told.take(fact)
    return told.past


def recorded(facts: Iterable[Fact]) -> dict[str, tuple[Output, ...]]:
    """Return by path the outputs of what succeeded."""
    return {fact.node: fact.outputs for fact in facts if isinstance(fact, AttemptSucceeded | StepJoined | StepReused)}
