"""The executor of the local runner: hands orders to workers and turns what happens to them into facts.

One epoll over the workers' sockets, their leashes (birth and death), the guardian's link and a wake-up descriptor.
Nothing here blocks but `wait`, and nothing here runs user code.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import time
from collections.abc import Callable, Sequence

from ...core.errors import PluginError
from ...core.events import AttemptEnded, StepTold
from ...core.orders import Order, RunContext
from ...core.states import Reason
from .cause import OomCounters, cause_of
from .crew import Crew
from .ledger import MAX_LOSSES, Ledger
from .nursery import Nursery
from .pace import Pace
from .pool import READY_S, Pool
from .slots import Cores
from .worker import Report, Stop, Ticket, Worker

KILL_AFTER_S = 1.0
"""Seconds between SIGTERM at a time limit and SIGKILL."""
_RECALL_AFTER_S = 0.002
"""Age of a running attempt at which the orders behind it go to a worker that idles."""
_CORE_LOOK_S = 0.02
"""How often a run without a free core looks for one."""
_NAP_S = 0.0001
"""Seconds it lets reports gather while all workers are well supplied: to wake for each report costs it 15 us, and a
commit of its own 0.2 ms."""


class LocalExecutor:
    """Executes attempts in worker processes on this machine. Implements `core.ports.Executor`."""

    def __init__(
        self,
        context: RunContext,
        *,
        nursery: Nursery | None = None,
        is_owner: bool = False,
        cores: Cores | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open an executor; no worker is started before there are orders.

        Args:
            context: what all attempts share.
            nursery: a warm one to use; None: an own one, ended at close.
            is_owner: end the given one at close too, instead of leaving it running.
            cores: the core slots; None: those of the machine, or none inside a step of another run, whose
                attempt holds one already.
            clock: wall time.
        """
        self._context = context
        self._policies = [operation.policy for operation in context.operations]
        self._pool = Pool(context, nursery, is_owner=is_owner)
        slots = cores or Cores(context.slots, count=0 if os.environ.get("GRAFT_RUN") else None)
        self._crew = Crew(self._pool, slots, context.jobs)
        self._workers = self._crew.workers
        self._pace = Pace(context.operations)
        self._ledger = Ledger(self._policies, clock)
        self._backlog = self._ledger.backlog
        self._handlers: dict[int, Callable[[], None]] = {}
        self._failed_starts = 0
        self._alarm = math.inf
        self._waits_for_core = False
        self._epoll = select.epoll()
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._listen(self._wake, self._on_wake)
        self._guarded = self._pool.nursery
        self._listen(self._guarded.fileno(), self._on_guardian)
        self._was_woken = self._is_closed = False

    def room(self) -> int:
        """Return how many more orders it takes now (prefetch included)."""
        return max(0, self._context.jobs * self._pace.depth_now - len(self._ledger))

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders. The caller has committed their dispatch."""
        for order in orders:
            self._ledger.take(order)
        self._feed()

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: politely, then by force after `grace_s` seconds. Each still yields its end."""
        wanted = self._ledger.tokens_of(nodes)
        for worker in list(self._workers):
            if any(ticket.token in wanted for ticket in worker.queue):
                self._take_back(worker)
                self._drain(worker)
            if worker.queue and worker.queue[0].token in wanted:
                self._stop(worker, Stop.CANCEL, grace_s)
            if worker.reserved is not None and worker.reserved.token in wanted:
                self._ledger.cancel(worker.reserved)
                worker.reserved = None
                self._retire(worker)
        for ticket in [each for each in self._backlog if each.token in wanted]:
            self._backlog.remove(ticket)
            self._ledger.cancel(ticket)
        self._feed()

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Block until there is news, the time is over (None: for ever) or `wake` was called; return the news."""
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        napped = False
        while True:
            for descriptor, _ in self._epoll.poll(self._pause(deadline)):
                handler = self._handlers.get(descriptor)
                if handler is not None:  # else closed by a handler before it in this round
                    handler()
            self._look_after()
            self._feed()
            if self._ledger.has_news or self._was_woken or time.monotonic() >= deadline:
                if not napped and self._ledger.has_news and self._crew.is_supplied():
                    napped = True
                    time.sleep(_NAP_S)
                    continue
                self._was_woken = False
                return self._ledger.collect()

    def close(self) -> None:
        """End all workers and wait for them. Nothing it started survives. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._crew.close()
        self._pool.close()
        self._epoll.close()
        os.close(self._wake)
        os.close(self._woken)

    def wake(self) -> None:
        """Make `wait` return early. For signal handlers and other threads."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._woken, b"\0")

    @property
    def notes(self) -> list[str]:
        """Return what a person should know: packages that could not be preloaded, logs that could not be written."""
        broken = [f"package {name} does not import: {why}" for name, why in self._guarded.broken.items()]
        return [*self._pool.notes, *broken, *self._guarded.warnings]

    def _feed(self) -> None:
        """Send what can be sent, start what is missing."""
        self._waits_for_core = False
        while self._backlog:
            ticket = self._backlog[0]
            is_isolated = self._policies[ticket.operation].isolation == "process"
            depth = self._pace.depth(ticket.operation)
            worker = None if is_isolated else self._crew.pick(depth)
            if worker is None and not self._crew.may_start(len(self._backlog), is_isolated=is_isolated):
                break
            if (worker is None or not worker.queue) and not self._crew.take_core():
                self._waits_for_core = True
                worker = None if is_isolated else self._crew.pick(depth, is_busy=True)
                if worker is None:
                    break
            if worker is None:
                if not self._start(self._backlog.popleft() if is_isolated else None):
                    break
            elif not self._send(worker, self._backlog.popleft(), depth):
                break
        if not self._backlog:
            self._balance()

    def _start(self, reserved: Ticket | None) -> bool:
        try:
            worker = self._crew.start(reserved)
        except PluginError as problem:
            if reserved is not None:
                self._backlog.appendleft(reserved)
            self._ledger.give_up(str(problem))
            return False
        self._set_alarm(worker, worker.alarm)
        self._listen(worker.child.fileno(), lambda: self._on_leash(worker))
        self._listen(worker.channel.fileno(), lambda: self._drain(worker))
        if self._pool.nursery is not self._guarded:
            self._guarded = self._pool.nursery
            self._listen(self._guarded.fileno(), self._on_guardian)
        return True

    def _send(self, worker: Worker, ticket: Ticket, depth: int) -> bool:
        operation = self._context.operations[ticket.operation]
        try:
            is_sent = worker.send(ticket, operation, depth)
        except ConnectionError:  # it has just died; its leash tells in a moment
            is_sent = False
        except OSError as problem:  # an order too large for a datagram, and no place to write it
            self._ledger.fail(ticket, Reason.PREFLIGHT, "OSError", f"the order cannot be written: {problem}")
            return True
        if not is_sent:
            self._backlog.appendleft(ticket)
            return False
        if len(worker.queue) == 1:
            self._begin_head(worker)
        return True

    def _begin_head(self, worker: Worker) -> None:
        """Note that the first order of the queue may be running from now on."""
        worker.head_since = time.monotonic()
        limit = self._policies[worker.queue[0].operation].timeout_s if worker.queue else None
        if limit is None:
            worker.alarm = math.inf
        else:
            self._set_alarm(worker, worker.head_since + limit)

    def _take_back(self, worker: Worker) -> None:
        self._ledger.put_back(worker.recall())

    def _balance(self) -> None:
        """Take queued orders back from behind a long attempt when another worker has nothing to do."""
        donors = self._crew.donors()
        if not donors or not self._crew.has_idle():
            return
        now = time.monotonic()
        for worker in donors:
            if now - worker.head_since >= _RECALL_AFTER_S:
                self._take_back(worker)
                worker.limit = 1  # until its head has ended
        if self._backlog:
            self._feed()

    def _drain(self, worker: Worker) -> None:
        """Take in every report that is there."""
        while not worker.is_leaving and (report := worker.receive()) is not None:
            kind = report[0]
            if kind == "done" or kind == "failed" or kind == "cancelled":
                self._on_end(worker, report)
            elif kind == "said":
                if worker.queue:
                    self._ledger.said(worker.queue[0], report)
            elif kind == "ready":
                self._on_ready(worker)
            else:
                self._ledger.give_up(f"a worker cannot work here: {report[1]}")
                self._retire(worker)

    def _on_end(self, worker: Worker, report: Report) -> None:
        stop, worker.stop = worker.stop, None
        ticket = worker.end_head()
        if report[0] == "done":
            self._pace.saw(ticket.operation, report[3])
        self._ledger.reported(ticket, report, worker.name, stop)
        if stop is not None or worker.is_single:
            self._retire(worker)  # what a stopped step left in the process is anybody's guess
        else:
            self._begin_head(worker)

    def _on_ready(self, worker: Worker) -> None:
        self._failed_starts = 0
        worker.is_ready = True
        worker.alarm = math.inf
        ticket, worker.reserved = worker.reserved, None
        if ticket is not None and not self._send(worker, ticket, 1):
            self._retire(worker)

    def _on_leash(self, worker: Worker) -> None:
        if worker.child.look() is not None:
            self._on_death(worker)
        elif not worker.is_ready and worker.child.pid is not None:
            self._set_alarm(worker, time.monotonic() + READY_S)

    def _on_death(self, worker: Worker) -> None:
        self._drain(worker)
        if worker not in self._workers:
            return
        ending = worker.child.ending
        assert ending is not None
        unbegun = worker.recall()
        is_suspect = not worker.queue
        if worker.reserved is not None:
            unbegun.append(worker.reserved)
            worker.reserved = None
        self._ledger.returned(unbegun, is_suspect=is_suspect)
        if worker.queue:
            self._ledger.died(worker.queue[0], worker, ending)
        elif not worker.is_ready and not worker.is_leaving:
            said = cause_of(ending, OomCounters())[1].message
            self._on_failed_start(f"a worker ended before it was ready: {said}")
        self._forget(worker)

    def _on_failed_start(self, why: str) -> None:
        self._failed_starts += 1
        self._pool.distrust(why)
        if self._failed_starts >= MAX_LOSSES:
            self._failed_starts = 0
            self._ledger.give_up(why)

    def _on_guardian(self) -> None:
        if not self._guarded.is_alive():
            self._unlisten(self._guarded.fileno())
            self._pool.notes.append("the guardian was killed; its workers were ended and new ones take their place")
            for worker in self._workers:
                worker.kill()  # their output goes nowhere now, and nobody would clean up after them

    def _on_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        self._was_woken = True

    def _set_alarm(self, worker: Worker, at: float) -> None:
        worker.alarm = at
        self._alarm = min(self._alarm, at)

    def _pause(self, deadline: float) -> float:
        """Return how long the poll may block, in seconds; -1 for ever."""
        if self._ledger.has_news:
            return 0.0
        self._crew.keep_cores()
        until = min(deadline, self._alarm)
        now = time.monotonic()
        if self._waits_for_core:
            until = min(until, now + _CORE_LOOK_S)
        if not self._backlog and self._crew.has_idle():
            until = min([until, *(worker.head_since + _RECALL_AFTER_S for worker in self._crew.donors())])
        return -1.0 if until == math.inf else max(0.0, until - now)

    def _look_after(self) -> None:
        """Do what has become due: limits, kills, workers that are not ready, a core to share."""
        now = time.monotonic()
        if now >= self._alarm:
            for worker in list(self._workers):
                if now >= worker.alarm:
                    self._on_alarm(worker)
            self._alarm = min((worker.alarm for worker in self._workers), default=math.inf)
        if self._crew.cores.must_share():
            self._share_core()

    def _on_alarm(self, worker: Worker) -> None:
        worker.alarm = math.inf
        if worker.stop is not None and not worker.is_leaving and time.monotonic() < worker.kill_at:
            worker.remind()
            self._set_alarm(worker, worker.alarm)
        elif worker.is_leaving or worker.stop is not None:
            worker.kill()
        elif not worker.is_ready:
            worker.kill()
            self._retire(worker)
            self._on_failed_start(f"a worker was not ready within {READY_S:g} s")
        elif worker.queue:
            self._take_back(worker)
            self._drain(worker)
            limit = self._policies[worker.queue[0].operation].timeout_s if worker.queue else None
            if limit is not None and time.monotonic() >= worker.head_since + limit:
                self._stop(worker, Stop.TIMEOUT, KILL_AFTER_S)

    def _stop(self, worker: Worker, why: Stop, kill_after_s: float) -> None:
        """Stop what a worker runs. Its queue has been taken back, so the signal can hit nothing else."""
        kill_at = time.monotonic() + kill_after_s
        if worker.stop is not None:
            worker.kill_at = min(worker.kill_at, kill_at)
        else:
            worker.terminate(why, kill_at)
        self._set_alarm(worker, min(worker.alarm, worker.kill_at))

    def _share_core(self) -> None:
        """Stop feeding one worker, so that its core is free at its next border."""
        busy = [worker for worker in self._workers if worker.queue]
        if busy:
            self._take_back(min(busy, key=lambda worker: worker.head_since))
        self._crew.give_up_core()

    def _listen(self, descriptor: int, handler: Callable[[], None]) -> None:
        self._epoll.register(descriptor, select.EPOLLIN)
        self._handlers[descriptor] = handler

    def _unlisten(self, descriptor: int) -> None:
        if self._handlers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def _retire(self, worker: Worker) -> None:
        if not worker.is_leaving:
            self._take_back(worker)
            if worker.reserved is not None:
                self._backlog.appendleft(worker.reserved)
                worker.reserved = None
            self._unlisten(worker.channel.fileno())
            worker.leave()
            self._alarm = min(self._alarm, worker.alarm)

    def _forget(self, worker: Worker) -> None:
        self._workers.remove(worker)
        self._unlisten(worker.child.fileno())
        if not worker.is_leaving:
            self._unlisten(worker.channel.fileno())
        worker.close()
