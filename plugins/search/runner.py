"""Carries a search: asks which trial comes next, hosts the run of each, and reports what became of it.

Trials share one budget of cpus and one cache. A trial waits while another one makes a result that it would make as
well: what none of the searched parameters touches is done once.
"""

from __future__ import annotations

import queue
from contextlib import AbstractContextManager
from typing import Any

from ...core.artifacts import MetricPoint
from ...core.children import Child, Children, Outcome
from ...core.errors import GraftError
from ...core.events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    GenerationCommitted,
    RunFinished,
    StepProgressed,
    StepSettled,
    StepYielded,
)
from ...core.graph import Graph
from ...core.ids import RunId
from ...core.records import dataclass, replace
from ...core.runner import Runner
from ...core.searching import Search, Standing, Trial
from ...core.session import Session
from ...core.states import Reason, Status
from ...core.trials import BEST, Told, child_id, said_of, told, trial_path
from ...core.turns import Past
from .active import Active
from .telling import best_outputs, chosen, ended, score_of, unstarted

LOOK_S = 0.1
"""How often a search looks whether it is to stop."""
TELL_EVERY_S = 1.0
"""How often it is recorded how far a trial is."""


class SearchRunner(Runner):
    """Carries runs whose steps are runs."""

    takes_resources = False

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Carry a search from where it stands to its end.

        Args:
            symbols: its graph: a node for each trial.
            events: its run.
            kwargs: `children`, which makes and hosts the runs of its trials; `search`, which chooses trials, at its
                beginning; `warm`, entered while it goes on; `is_parallel`: several trials may run at once.

        Raises:
            GraftError: the run log cannot be written, or somebody else took the run over.
        """
        children: Children = kwargs["children"]
        search: Search = kwargs["search"]
        warm: AbstractContextManager[object] = kwargs["warm"]
        with warm:
            _Carrying(symbols, events, children, search, is_parallel=kwargs["is_parallel"]).carry()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stop:
    """Why nothing more is started."""

    state: Status
    """Of the run."""
    reason: Reason | None
    step_reason: Reason


class _Carrying:
    def __init__(self, graph: Graph, events: Session, children: Children, search: Search, *, is_parallel: bool):
        self._events = events
        self._children = children
        self._search = search
        self._metric = children.record.metric or ""
        self._width = events.jobs if is_parallel else 1
        """The most trials at once: as many as the heaviest step leaves cpus for."""
        self._past: dict[str, Past] = {path: events.past.get(path, _NEW) for path in graph.index}
        self._states = {path: past.state for path, past in self._past.items()}
        self._active: list[Active] = []
        self._ready: list[tuple[Trial, Child]] = []
        """Compiled, and not started yet."""
        self._news: queue.SimpleQueue[Active] = queue.SimpleQueue()
        self._stop: _Stop | None = None
        self._trained: RunId | None = None
        """Run that trained with the best parameters."""

    def carry(self) -> None:
        try:
            while True:
                self._heed()
                self._fill()
                if not self._active:
                    break
                self._hear()
            if self._stop is None and BEST in self._states and not self._states[BEST].is_final:
                self._choose()
            self._finish()
        finally:
            self._abandon()

    # -- asking ----------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start trials as long as there is room."""
        while self._stop is None and len(self._active) < self._width:
            chosen = self._next()
            if chosen is None:
                return
            trial, child = chosen
            self._start(trial.number, child)

    def _next(self) -> tuple[Trial, Child] | None:
        """Return a trial that may start now; None: all wait for what others make, or there are none."""
        for pair in self._ready:
            if not self._is_held(pair[1]):
                self._ready.remove(pair)
                return pair
        while len(self._ready) < self._width and self._stop is None:
            made = self._prepare()
            if made is None:
                return None
            if not self._is_held(made[1]):
                return made
            self._ready.append(made)
        return None

    def _prepare(self) -> tuple[Trial, Child] | None:
        """Ask for a trial that is not done, and compile it; one that does not compile has failed."""
        while (trial := self._ask()) is not None and self._stop is None:
            path = trial_path(trial.number)
            try:
                child = self._children.trial(path, told(trial.params))
                self._width = min(self._width, max(1, self._events.jobs // _heaviest(child)))
                return trial, child
            except GraftError as problem:
                now = self._events.clock()
                attempt = self._attempt(path)
                failed = unstarted(path, attempt, problem, now)
                self._report([AttemptDispatched(node=path, attempt=attempt, at=now), failed])
                self._search.tell(trial.number, None)
                self._after_failure()
        return None

    def _ask(self) -> Trial | None:
        """Return the next trial; those that were over when the run was taken up are told of at once."""
        while asked := self._search.ask(1):
            trial = asked[0]
            path = trial_path(trial.number)
            if not self._states[path].is_final:
                return trial
            outcome = self._outcome(path, told(trial.params))
            if outcome is not None:
                self._children.recall(outcome.run.id)
            self._search.tell(trial.number, score_of(outcome, self._metric))
        return None

    def _is_held(self, child: Child) -> bool:
        digests = frozenset(child.shared.values())
        return any(active.makes(digests) for active in self._active)

    # -- trials ----------------------------------------------------------------------------------------------------

    def _start(self, number: int | None, child: Child) -> None:
        now = self._events.clock()
        attempt = self._attempt(child.path)
        active = Active(number, child, attempt=attempt, jobs=self._share(), begun=now, tell=self._news.put)
        self._report(
            [
                AttemptDispatched(node=child.path, attempt=attempt, at=now),
                StepYielded(node=child.path, attempt=attempt, at=now, value=dict(child.told)),
            ]
        )
        self._active.append(active)
        active.start(self._children.start)

    def _share(self) -> int:
        """Return how many cpus the next trial gets: what is free, divided among those that may start beside it."""
        free = self._events.jobs - sum(active.jobs for active in self._active)
        waiting = sum(1 for path, state in self._states.items() if path != BEST and not state.is_final)
        beside = min(self._width - len(self._active), waiting - len(self._active))
        return max(1, free // max(1, beside))

    def _hear(self) -> None:
        """Wait for news of trials, and report them."""
        try:
            active = self._news.get(timeout=LOOK_S)
        except queue.Empty:
            return
        now = self._events.clock()
        if active not in self._active:
            return  # it had more to tell than its end, which is known
        if active.is_over:
            if active.number is not None:
                self._end_trial(active, now)
        elif now - active.told_at >= TELL_EVERY_S:
            active.told_at = now
            total = len(active.child.graph.nodes)
            path = active.child.path
            done = min(len(active.done), total)
            self._report(
                [StepProgressed(node=path, attempt=active.attempt, at=now, done=float(done), total=float(total))]
            )

    def _end_trial(self, active: Active, now: float) -> None:
        end, outcome = self._end(active, now)
        self._report([end])
        assert active.number is not None
        self._search.tell(active.number, score_of(outcome, self._metric))
        if isinstance(end, AttemptFailed):
            self._after_failure()

    def _end(self, active: Active, now: float) -> tuple[AttemptEnded, Outcome | None]:
        """Return how a run ended; nothing is reported."""
        active.join()
        self._active.remove(active)
        outcome = self._children.outcome(active.child.spec.id)
        stopped = Reason.USER if self._stop is None else self._stop.step_reason
        return ended(active, outcome, now, stopped), outcome

    def _outcome(self, path: str, params: Told) -> Outcome | None:
        _, found = said_of(self._events.recorded.get(path, ()))
        return self._children.outcome(found or child_id(self._events.context.run, path, params))

    def _attempt(self, path: str) -> int:
        return self._past[path].attempts + 1

    def _after_failure(self) -> None:
        if self._events.fail_fast and self._stop is None:
            self._halt(_Stop(state=Status.FAILURE, reason=None, step_reason=Reason.FAIL_FAST))

    # -- the best --------------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        """Say which trial is the best; what is to be trained is trained with its parameters, on everything."""
        best = self._search.best()
        now = self._events.clock()
        if best is None:
            self._report([StepSettled(node=BEST, state=Status.SKIPPED, reason=Reason.UPSTREAM, at=now)])
        elif self._children.record.refits:
            self._refit(best)
        else:
            attempt = self._attempt(BEST)
            child = child_id(self._events.context.run, trial_path(best.trial.number), told(best.trial.params))
            dispatched = AttemptDispatched(node=BEST, attempt=attempt, at=now)
            self._report([dispatched, chosen(best, child, self._metric, attempt, now)])

    def _refit(self, best: Standing) -> None:
        try:
            child = self._children.best(told(best.trial.params), best.score)
        except GraftError as problem:
            now, attempt = self._events.clock(), self._attempt(BEST)
            dispatched = AttemptDispatched(node=BEST, attempt=attempt, at=now)
            self._report([dispatched, unstarted(BEST, attempt, problem, now)])
            return
        self._start(None, child)
        active = self._active[0]
        while not active.is_over:
            self._heed()
            self._hear()
        end, _ = self._end(active, self._events.clock())
        if isinstance(end, AttemptSucceeded):
            # What training measures of the rows it has seen is no score.
            points = [each for each in end.metrics if each.key != self._metric]
            score = MetricPoint(self._metric, best.score, None, end.at)
            end = replace(end, outputs=best_outputs(best, child.spec.id), metrics=(*points, score))
            self._trained = child.spec.id
        self._report([end])

    def _generation(self, at: float) -> list[GenerationCommitted]:
        """Return that the training of the best has committed a generation; nothing when it was not trained."""
        if self._trained is None and self._states.get(BEST) is Status.SUCCESS:  # before this process took the run up
            self._trained = said_of(self._events.recorded.get(BEST, ()))[1]
        outcome = None if self._trained is None else self._children.outcome(self._trained)
        if outcome is None or outcome.run.lineage is None or outcome.run.generation is None:
            return []
        return [GenerationCommitted(at=at, lineage=outcome.run.lineage, number=outcome.run.generation)]

    # -- the end ---------------------------------------------------------------------------------------------------

    def _heed(self) -> None:
        """Take up wishes to stop, and the limit of time."""
        now = self._events.clock()
        asked = [*self._events.requests.take(), *self._events.log.requests()]
        if asked:
            is_hard = any(each.is_hard for each in asked)
            self._halt(_Stop(state=Status.CANCELLED, reason=Reason.USER, step_reason=Reason.USER), is_hard=is_hard)
        if self._events.deadline is not None and now >= self._events.deadline and self._stop is None:
            self._halt(_Stop(state=Status.FAILURE, reason=Reason.TIMEOUT, step_reason=Reason.TIMEOUT))

    def _halt(self, stop: _Stop, *, is_hard: bool = False) -> None:
        """Start nothing more, and stop what runs; the first cause says how the run ends."""
        self._stop = self._stop or stop
        now = self._events.clock()
        for active in self._active:
            active.stop(now, is_hard=is_hard)

    def _finish(self) -> None:
        now = self._events.clock()
        left = [path for path, state in self._states.items() if not state.is_final]
        stop = self._stop
        if stop is None:
            # Of the last rounds less may have been asked for than there was room: too many had failed.
            state, reason = Status.SKIPPED, Reason.BRANCH
            run = RunFinished(state=self._state(), reason=None, at=now)
        else:
            state, reason = Status.CANCELLED, stop.step_reason
            run = RunFinished(state=stop.state, reason=stop.reason, at=now)
        settled = [StepSettled(node=path, state=state, reason=reason, at=now) for path in left]
        made = self._generation(now) if self._children.record.refits else []
        self._report([*settled, *made, run])

    def _state(self) -> Status:
        """Return how the run ended: one that trains has done so, or not; a sweep is what its trials are."""
        if self._children.record.refits:
            return Status.SUCCESS if self._states[BEST].is_good else Status.FAILURE
        bad = any(state in (Status.FAILURE, Status.CANCELLED) for state in self._states.values())
        return Status.FAILURE if bad else Status.SUCCESS

    def _abandon(self) -> None:
        """Stop what is still going when the search itself cannot go on."""
        for active in self._active:
            active.stop(self._events.clock(), is_hard=True)
        for active in self._active:
            active.join()

    def _report(self, facts: list[Fact]) -> None:
        self._events.report(facts)
        for fact in facts:
            if isinstance(fact, StepSettled):
                self._states[fact.node] = fact.state
            elif isinstance(fact, AttemptDispatched):
                self._states[fact.node] = Status.STARTED
            elif isinstance(fact, _ENDS):
                self._states[fact.node] = _STATES[type(fact)]


def _heaviest(child: Child) -> int:
    """Return the most cpus that a step of it takes."""
    return max([1, *(int(each.policy.resources.get("cpus", 1)) for each in child.graph.operations)])


_NEW = Past(state=Status.PENDING)
_ENDS = (AttemptSucceeded, AttemptFailed, AttemptCancelled)
_STATES: dict[type, Status] = {
    AttemptSucceeded: Status.SUCCESS,
    AttemptFailed: Status.FAILURE,
    AttemptCancelled: Status.CANCELLED,
}
