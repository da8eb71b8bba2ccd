"""The loop of a run: ends come in, the scheduler decides, the run log commits, orders go out.

One pass = one commit, made before anything is dispatched: a step reported done is committed, and a crash repeats at
most what was running.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .demands import demands_of
from .errors import GraftError
from .events import (
    AttemptCancelled,
    AttemptDispatched,
    AttemptEnded,
    AttemptFailed,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    ResultKept,
    RunFinished,
    StepJoined,
    StepJudged,
    StepReused,
    StepTold,
    never_begun,
)
from .graph import Graph
from .judging import Judge
from .orders import Order
from .ports import Executor
from .routes import operations_of
from .runs import StepError
from .scheduler import Scheduler
from .session import Session
from .states import Reason, Status
from .turns import Turn
from .values import Values

if TYPE_CHECKING:
    from .routes import Sites
    from .spread import Spread

_YIELDING = (AttemptSucceeded, StepJoined, StepReused)
"""Facts with outputs."""

LONGEST_WAIT_S = 0.2
"""A cancel from elsewhere is seen within 0.3 s: the loop looks at least this often."""


class Engine:
    """Carries one run from where it stands to its end.

    Args:
        graph: what to run.
        session: where the run stands, and where facts go.
        executor: where attempts run; the engine owns it and closes it.
    """

    def __init__(self, *, graph: Graph, session: Session, executor: Executor):
        self._session = session
        self._executor = executor
        self._clock = session.clock
        self._slots = session.slots
        self._scheduler = Scheduler(
            graph,
            jobs=session.jobs,
            fail_fast=session.fail_fast,
            deadline=session.deadline,
            past=session.past,
            recorded=session.recorded,
            sites=session.sites,
            jobs_away=[each.jobs for each in session.away],
        )
        self._spread = None if session.sites is None else _spread(executor, session.sites)
        self._is_open = False
        self.plot = self._scheduler.plot
        """The graph as it stands."""
        self._values = Values(self.plot, session.recorded)
        self._judge = None if session.judge is None else session.judge(self.plot, self._values)
        self._judged: dict[str, StepJudged] = {}
        """By path, of steps that are ready and must run."""
        self._demands = demands_of(graph, session.here)
        self._held: set[str] = set()
        """Paths of steps that hold machine-wide resources."""
        self._next_look = 0.0

    def run(self) -> RunFinished:
        """Run to the end and return how it ended.

        Raises:
            ConflictError: somebody else took the run over.
            StoreError: the run log cannot be written; what was committed stays, the run can be resumed.
        """
        try:
            return self._loop()
        finally:
            self._executor.close()
            for path in list(self._held):
                self._release(path)

    def _loop(self) -> RunFinished:
        news: list[Fact] = [*self._asked()]  # who asked before it began wants nothing started
        while True:
            now = self._clock()
            turn = self._advance(news, now)
            if self._judge is not None:
                self._reuse(self._judge, turn, now)
            started = self._start(now)
            if turn.facts or started:
                self._session.report([*turn.facts, *self._with_judgements(started)])
            if self._scheduler.result is not None:
                return self._scheduler.result
            unmade = self._submit(started)
            if turn.cancel:
                self._executor.cancel(turn.cancel, grace_s=turn.grace_s)
            ended: Sequence[AttemptEnded | StepTold] = unmade or self._executor.wait(self._patience(now))
            news = [*self._asked(), *ended]

    def _advance(self, news: Sequence[Fact], now: float) -> Turn:
        """Let the scheduler decide, and join at once what it asks for: nothing waits for the end of a composite."""
        whole = turn = self._scheduler.advance(news, now)
        while True:
            for fact in turn.facts:
                self._take(fact)
            if not turn.joins:
                return whole
            turn = self._scheduler.advance([self._values.join(path, now) for path in turn.joins], now)
            whole.add(turn)

    def _reuse(self, judge: Judge, turn: Turn, now: float) -> None:
        """Keep what attempts made, and pass over steps whose results are there, until nothing ready is left of those.

        Of the rest it is noted why they run, for the commit of their dispatch.
        """
        if kept := judge.kept([fact for fact in turn.facts if isinstance(fact, AttemptSucceeded)]):
            turn.facts = _with_kept(turn.facts, kept)
        while fresh := self._scheduler.fresh():
            judged = judge.judge(fresh, now)
            self._judged.update({fact.node: fact for fact in judged if isinstance(fact, StepJudged)})
            passed = [fact for fact in judged if not isinstance(fact, StepJudged)]
            if passed:
                turn.add(self._advance(passed, now))

    def _with_judgements(self, started: Sequence[AttemptDispatched]) -> list[Fact]:
        """Return the dispatches, each first one after why it runs; there is no such fact for another attempt."""
        if not self._judged:
            return [*started]
        facts: list[Fact] = []
        for dispatch in started:
            judged = self._judged.pop(dispatch.node, None)
            facts += [dispatch] if judged is None else [judged, dispatch]
        return facts

    def _start(self, now: float) -> list[AttemptDispatched]:
        if self._spread is not None:
            return self._start_each(*self._spread, now)
        if not self._scheduler.has_ready():
            return []  # without asking for room: to open a place where attempts run takes longer than a run of none
        room = self._executor.room()
        return self._scheduler.start(room, now, self._admit) if room > 0 else []

    def _start_each(self, spread: Spread, sites: Sites, now: float) -> list[AttemptDispatched]:
        """Pick what starts at each site; nothing before all are there, so that a run that cannot go on never began."""
        ready = [site for site in range(len(sites.names)) if self._scheduler.has_ready(site)]
        if ready and not self._is_open:
            self._is_open = True
            states = self._scheduler.states
            left = [node for path, node in self.plot.nodes.items() if states[path] is Status.PENDING]
            spread.open(operations_of(left, self.plot.origin))
        started: list[AttemptDispatched] = []
        for site in ready if spread.has_arrived(ready) else ():
            if (room := spread.room_at(site)) > 0:
                started += self._scheduler.start(room, now, self._admit, site)
        return started

    def _admit(self, path: str) -> bool:
        if self._slots is None:
            return True
        demand = self._demands.get(self.plot.nodes[path].operation)
        if demand is None:
            return True
        if not self._slots.acquire(path, demand):
            return False
        self._held.add(path)
        return True

    def _submit(self, started: Sequence[AttemptDispatched]) -> list[AttemptEnded]:
        """Send orders; return ends of those that cannot even be put together (a recorded input is gone)."""
        orders: list[Order] = []
        unmade: list[AttemptEnded] = []
        for dispatch in started:
            try:
                order = self._values.order(dispatch.node, dispatch.attempt)
                if self._slots is not None and dispatch.node in self._held:
                    order = order._replace(environ=order.environ + self._slots.environ(dispatch.node))
                orders.append(order)
            except GraftError as error:
                unmade.append(_unmade(dispatch, error, self._clock()))
        if orders:
            self._executor.submit(orders)
        return unmade

    def _take(self, fact: Fact) -> None:
        """Follow a fact the scheduler has accepted: a late end of an earlier attempt is not among them."""
        if isinstance(fact, _YIELDING):
            self._values.add(fact.node, fact.outputs)
        if self._held and isinstance(fact, AttemptSucceeded | AttemptFailed | AttemptCancelled):
            self._release(fact.node)

    def _release(self, path: str) -> None:
        if self._slots is not None and path in self._held:
            self._held.discard(path)
            self._slots.release(path)

    def _asked(self) -> list[CancelRequested]:
        asked = self._session.requests.take()
        now = self._clock()
        if now >= self._next_look:
            self._next_look = now + LONGEST_WAIT_S / 2
            asked += self._session.log.requests()
        return asked

    def _patience(self, now: float) -> float:
        wake = self._scheduler.next_wake
        return LONGEST_WAIT_S if wake is None else max(0.0, min(LONGEST_WAIT_S, wake - now))


def _with_kept(facts: Sequence[Fact], kept: Sequence[ResultKept]) -> list[Fact]:
    """Return facts with what is kept of each attempt right behind its end: the end of a run stays the last one."""
    by_node = {fact.node: fact for fact in kept}
    found: list[Fact] = []
    for fact in facts:
        found.append(fact)
        if isinstance(fact, AttemptSucceeded) and fact.node in by_node:
            found.append(by_node[fact.node])
    return found


def _spread(executor: Executor, sites: Sites) -> tuple[Spread, Sites] | None:
    from .spread import Spread  # of the few runs that several runners share

    return (executor, sites) if isinstance(executor, Spread) else None


def _unmade(dispatch: AttemptDispatched, error: GraftError, now: float) -> AttemptFailed:
    told = StepError(type="InvalidError", message=str(error))
    return never_begun(dispatch.node, dispatch.attempt, Reason.INPUT, told, at=now)
