"""The orders of one executor: those that wait for a worker, those that are out, and how they ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from ...core.events import AttemptEnded, StepTold
from ...core.graph import Policy
from ...core.orders import Order
from ...core.runs import StepError
from ...core.states import Reason
from .cause import OomCounters, cause_of
from .child import Ending
from .facts import cancelled, failed, lost, succeeded, timed_out, told
from .worker import Report, Stop, Ticket, Worker

MAX_LOSSES = 3
"""Workers that may die before an order none of them had begun; then it is given up."""


class Ledger:
    """Every order that is taken ends exactly once."""

    def __init__(self, policies: Sequence[Policy], clock: Callable[[], float]) -> None:
        self.backlog: deque[Ticket] = deque()
        """Orders that are at no worker, the next one first."""
        self._policies = policies
        self._clock = clock
        self._oom = OomCounters()
        self._open: dict[str, Ticket] = {}
        self._news: list[AttemptEnded | StepTold] = []
        self._tokens = 0

    def __len__(self) -> int:
        """Return how many orders have not ended."""
        return len(self._open)

    @property
    def has_news(self) -> bool:
        """Tell whether there is something to collect."""
        return bool(self._news)

    def take(self, order: Order) -> None:
        """Take an order; it waits for a worker."""
        self._tokens += 1
        ticket = self._open[order.node] = Ticket(self._tokens, order)
        self.backlog.append(ticket)

    def put_back(self, tickets: Sequence[Ticket]) -> None:
        """Let orders that were at a worker wait again, before all others."""
        self.backlog.extendleft(reversed(tickets))

    def tokens_of(self, nodes: Iterable[str]) -> set[int]:
        """Return the tokens of those nodes' orders that have not ended."""
        return {self._open[node].token for node in nodes if node in self._open}

    def collect(self) -> list[AttemptEnded | StepTold]:
        """Return the ends since the last call and what attempts told of themselves, in the order they came."""
        news, self._news = self._news, []
        return news

    def said(self, ticket: Ticket, report: Report) -> None:
        """Take what a running attempt tells; late words of one before it are dropped."""
        if report[1] == ticket.token:
            self._news.append(told(ticket.order, report))

    def reported(self, ticket: Ticket, report: Report, worker: str, stop: Stop | None) -> None:
        """End an order with its worker's report; `stop` says why it was being stopped, if it was."""
        kind, at = report[0], self._clock()
        order, started, seconds = ticket.order, report[2], report[3]
        end: AttemptEnded
        if stop is Stop.TIMEOUT:  # also when it answered in the second it had left: its limit is its limit
            limit = self._policies[ticket.operation].timeout_s
            outputs = report[-1] if kind != "done" else ()
            end = timed_out(order, limit, at=at, started=started, seconds=seconds, worker=worker, outputs=outputs)
        elif kind == "done":
            end = succeeded(order, report, at=at, worker=worker)
        elif stop is Stop.CANCEL:
            end = cancelled(order, at=at, started=started, seconds=seconds, worker=worker)
        elif kind == "failed":
            end = failed(order, report, at=at, worker=worker)
        else:
            error = StepError(type="Terminated", message="stopped by a SIGTERM that graftline did not send")
            end = lost(order, Reason.SIGNAL, error, at=at, started=started, seconds=seconds, worker=worker)
        self._end(ticket, end)

    def died(self, ticket: Ticket, worker: Worker, ending: Ending) -> None:
        """End the order that a worker had begun when it died."""
        at, order, name = self._clock(), ticket.order, worker.name
        seconds = time.monotonic() - worker.head_since
        started = at - seconds
        end: AttemptEnded
        if worker.stop is Stop.CANCEL:
            end = cancelled(order, at=at, started=started, seconds=seconds, worker=name)
        elif worker.stop is Stop.TIMEOUT:
            limit = self._policies[ticket.operation].timeout_s
            end = timed_out(order, limit, at=at, started=started, seconds=seconds, worker=name)
        else:
            reason, error = cause_of(ending, self._oom)
            end = lost(order, reason, error, at=at, started=started, seconds=seconds, worker=name)
        self._end(ticket, end)

    def returned(self, tickets: Sequence[Ticket], *, is_suspect: bool) -> None:
        """Let orders wait again that a dead worker had not begun.

        Args:
            tickets: in their order.
            is_suspect: it died without having begun any, so one of them may be what kills workers.
        """
        for ticket in tickets:
            ticket.losses += is_suspect
        for ticket in tickets:
            if ticket.losses >= MAX_LOSSES:
                self.fail(ticket, Reason.PREFLIGHT, "WorkerDied", f"{MAX_LOSSES} workers died before they could begin")
        self.put_back([ticket for ticket in tickets if ticket.losses < MAX_LOSSES])

    def fail(self, ticket: Ticket, reason: Reason, kind: str, message: str) -> None:
        """End an order that was never begun as a failure."""
        error = StepError(type=kind, message=message)
        self._end(ticket, lost(ticket.order, reason, error, at=self._clock()))

    def cancel(self, ticket: Ticket) -> None:
        """End an order that was never begun as cancelled."""
        self._end(ticket, cancelled(ticket.order, at=self._clock()))

    def give_up(self, why: str) -> None:
        """Fail every order that waits: no worker can be had."""
        while self.backlog:
            self.fail(self.backlog.popleft(), Reason.PREFLIGHT, "WorkerUnavailable", why)

    def _end(self, ticket: Ticket, end: AttemptEnded) -> None:
        del self._open[ticket.order.node]
        self._news.append(end)
