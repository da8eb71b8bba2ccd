"""The executor of every runner on other machines: orders become parcels, reports become facts. A link makes the rest.

Values of the store that are not there go along, results that are not here come back; a report that comes twice, or
after its attempt has ended, changes nothing. What was sent and lost is a failed attempt: it is never sent again by
itself, for nobody knows how far it came; the step's retries decide.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence

from ...core.artifacts import Output
from ...core.demands import DEFAULT_LABEL
from ...core.errors import GraftError, StoreError
from ...core.events import AttemptEnded, AttemptFailed, AttemptSucceeded, StepTold
from ...core.graph import Policy
from ...core.orders import Order, RunContext
from ...core.records import replace
from ...core.runs import StepError
from ...core.states import Reason
from ...worker.blobs import has_object, object_path, store_parts
from ...worker.bundles import Bundle
from ...worker.catalog import put_back
from ...worker.parcels import (
    Ended,
    Missing,
    Parcel,
    Refused,
    decode_report,
    encode_parcel,
    needs_of,
    token_of,
    work_of,
)
from ..local.facts import cancelled, lost
from ..local.pace import Pace
from .artifacts import ArtifactFolder
from .kept import Kept
from .link import (
    Broken,
    Cut,
    Expecting,
    Fit,
    Inbox,
    Link,
    LinkDown,
    Lost,
    Message,
    Reported,
    Shipment,
    Told,
    Unbegun,
    Unsendable,
    Up,
)
from .logs import bring_home
from .places import at_home
from .station import too_large
from .ticket import Ticket

WIDTH = 2
"""Attempts under way for each thread there: with 1 it waits for a round trip after each; more of them are lost with
their worker. Of steps seen to be short more are sent, as the local executor queues them (plugins/local/pace.py)."""
MAX_SENT = 3
"""Times an attempt is sent that places say they could not begin."""


class RemoteExecutor:
    """Executes attempts on other machines. Implements `core.ports.Executor`."""

    def __init__(
        self,
        context: RunContext,
        bundle: Bundle,
        open_link: Callable[[Inbox], Link],
        *,
        limit_bytes: int,
        artifacts: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open an executor; it does not wait for the other side.

        Args:
            context: what all attempts share.
            bundle: of the run; the link brings it there.
            open_link: begins to connect, and returns at once.
            limit_bytes: values that travel with one attempt.
            artifacts: absolute directory both sides see; None: values travel.
            clock: wall time.
        """
        self._context = context
        self._bundle = bundle
        self._limit = limit_bytes
        self._artifacts = artifacts
        self._folder = None if artifacts is None else ArtifactFolder(artifacts)
        self._kept = None if artifacts is None else Kept(artifacts, context.run)
        self._collected: list[str] = []
        """Tokens of attempts whose ends were found among the kept ones."""
        self._clock = clock
        self._demands = [_demand(operation.policy) for operation in context.operations]
        self._pace = Pace(context.operations)
        self._environ = [_passed(operation.policy.env) for operation in context.operations]
        self._tickets: dict[str, Ticket] = {}
        self._unsent: deque[Ticket] = deque()
        self._news: list[AttemptEnded | StepTold] = []
        self._is_closed = self._is_up = False
        self._is_fit = True
        """Whether the place has what is expected of it, as far as the link can tell beforehand."""
        self.inbox = Inbox()
        self._link = open_link(self.inbox)

    def room(self) -> int:
        """Return how many more orders it takes now: none before the place was reached, and found fit for the run."""
        if not self.has_arrived():
            return 0
        depth = max(WIDTH, self._pace.depth_now)
        return max(0, min(self._context.jobs, self._link.threads() * depth) - len(self._tickets))

    def has_arrived(self) -> bool:
        """Tell whether the place was reached, and found fit for the run."""
        return self._is_up and self._is_fit

    def expect(self, operations: Collection[int]) -> None:
        """Have the place found fit for what these operations demand before it takes any."""
        if isinstance(self._link, Expecting):
            self._is_fit = False
            self._link.expect([self._demands[each] for each in operations])

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders. The caller has committed their dispatch."""
        for order in orders:
            formers = tuple(
                token_of(self._context.run, order._replace(attempt=attempt))
                for attempt in self._context.unended.get(order.node, ())
            )
            token, work = token_of(self._context.run, order), work_of(self._bundle.digest, order)
            ticket = Ticket(token, order, work=work, formers=formers)
            self._tickets[ticket.token] = ticket
            self._unsent.append(ticket)
        self._send()

    def cancel(self, nodes: Sequence[str], *, grace_s: float) -> None:
        """Stop attempts: politely, then by force after `grace_s` seconds. Each still yields its end."""
        wanted = set(nodes)
        chosen = [ticket for ticket in self._tickets.values() if ticket.order.node in wanted]
        for ticket in chosen:
            ticket.is_cancelled = True
            if not ticket.is_sent:
                self._end(ticket, cancelled(ticket.order, at=self._clock()))
        if sent := [ticket.token for ticket in chosen if ticket.is_sent]:
            self._link.cancel(sent, grace_s=grace_s)

    def wait(self, timeout_s: float | None) -> list[AttemptEnded | StepTold]:
        """Block until there is news, the time is over (None: for ever) or `wake` was called; return the news.

        Raises:
            GraftError: the other side is out of reach, for good.
        """
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = 0.0 if self._news else max(0.0, deadline - time.monotonic())
            messages = self.inbox.take(min(left, 3600.0))
            for message in messages:
                if message is not None:
                    self._hear(message)
            self._send()
            # There is room now, for who waits with nothing under way.
            is_woken = None in messages or (not self._tickets and any(isinstance(each, Up | Fit) for each in messages))
            if self._news or is_woken or time.monotonic() >= deadline:
                news, self._news = self._news, []
                return news

    def close(self) -> None:
        """End everything there and wait for it. Safe to call twice."""
        if not self._is_closed:
            self._is_closed = True
            self._link.close()
            if self._kept is not None and self._collected:
                with contextlib.suppress(OSError):  # a run does not fail for what its steps printed
                    bring_home(self._kept, self._collected, self._context.logs)

    def wake(self) -> None:
        """Make `wait` return early. For signal handlers and other threads."""
        self.inbox.put(None)

    def _send(self) -> None:
        """Send what waits; what cannot even be put together has failed."""
        if not self._unsent:
            return
        shipments = []
        for ticket in list(self._unsent):
            if ticket.token not in self._tickets:  # cancelled while it waited
                continue
            if (ticket.formers or ticket.was_sent) and self._collect(ticket):
                continue
            try:
                shipments.append(self._shipment(ticket))
            except GraftError as problem:
                self._fail(ticket, type(problem).__name__, str(problem), problem.hint)
        with contextlib.suppress(LinkDown):  # it tells when it is up
            if shipments:
                self._link.send(shipments)
            for shipment in shipments:
                self._tickets[shipment.token].is_sent = self._tickets[shipment.token].was_sent = True
            self._unsent.clear()

    def _shipment(self, ticket: Ticket) -> Shipment:
        order = ticket.order
        operation = order.operation
        if self._environ[operation]:
            order = order._replace(environ=self._environ[operation] + order.environ)
        needs = needs_of(order)
        sizes = {digest: self._size(digest) for digest in needs} if needs else {}
        carried: dict[str, bytes] = {}
        bulk: dict[str, int] = {}
        if self._folder is not None:
            for digest in sizes:
                self._folder.put(digest, object_path(self._context.objects, digest))
        elif sizes:
            if sum(sizes.values()) > self._limit:
                raise too_large(self._limit)
            bulk = {digest: size for digest, size in sizes.items() if size >= self._link.bulk_from}
            carried = {digest: self.read(digest) for digest in sizes if digest not in bulk}
        if ticket.number > 1:  # whoever could not begin it may lack the bundle too
            carried[self._bundle.digest] = self._bundle.data
        parcel = Parcel(
            token=ticket.token,
            run=self._context.run,
            bundle=self._bundle.digest,
            order=order,
            carried=carried,
            artifacts=self._artifacts,
            work=ticket.work,
            formers=ticket.formers,
        )
        data = encode_parcel(parcel)
        return Shipment(
            token=ticket.token,
            data=data,
            demand=self._demands[operation],
            routed=self._context.routed,
            bulk=bulk,
            batch=self._pace.depth(operation),
            formers=ticket.formers,
            number=ticket.number,
        )

    def read(self, digest: str) -> bytes:
        """Return the bytes of a stored value.

        Raises:
            StoreError: it is gone.
        """
        path = object_path(self._context.objects, digest)
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as problem:
            raise StoreError(f"object {digest[:12]} cannot be sent: {problem.strerror}", file=path) from problem

    def _size(self, digest: str) -> int:
        path = object_path(self._context.objects, digest)
        try:
            return os.stat(path).st_size
        except OSError as problem:
            raise StoreError(f"object {digest[:12]} cannot be sent: {problem.strerror}", file=path) from problem

    def _hear(self, message: Message) -> None:
        if isinstance(message, Broken):
            raise message.error
        if isinstance(message, Up | Fit):
            self._is_up = self._is_up or isinstance(message, Up)
            self._is_fit = self._is_fit or isinstance(message, Fit)
            return
        if isinstance(message, Told):
            self._told(message)
            return
        ticket = self._tickets.get(getattr(message, "token", ""))
        if ticket is None:  # it came twice, or late
            return
        match message:
            case Reported():
                self._reported(ticket, message.data)
            case Lost() if ticket.is_cancelled:
                self._end(ticket, cancelled(ticket.order, at=self._clock()))
            case Lost() if self._collect(ticket):
                pass
            case Cut():
                ticket.is_sent = False
                self._unsent.append(ticket)
            case Lost():
                error = StepError(type="WorkerLost", message=message.why)
                self._end(ticket, lost(ticket.order, Reason.LOST, error, at=self._clock()))
            case Unbegun():
                self._end(ticket, cancelled(ticket.order, at=self._clock()))
            case Unsendable():
                self._fail(ticket, "WorkerUnavailable", message.why, message.hint)

    def _told(self, message: Told) -> None:
        """Take in what running attempts tell, those of an earlier host as the ones that stand for them now."""
        live = {ticket.order.node: ticket.order.attempt for ticket in self._tickets.values()}
        for fact in message.facts:
            attempt = live.get(fact.node)
            if attempt is None or fact.attempt == attempt:
                self._news += [fact] if attempt is not None else []
            elif fact.attempt in self._context.unended.get(fact.node, ()):
                self._news.append(replace(fact, attempt=attempt))

    def _collect(self, ticket: Ticket) -> bool:
        """Take the end of an attempt from among the kept ones; tell whether it was there."""
        found = None if self._kept is None else self._kept.find((ticket.token, *ticket.formers), ticket.work)
        if found is None:
            return False
        self._collected.append(found[0])
        self._reported(ticket, found[1])
        return True

    def _reported(self, ticket: Ticket, data: bytes) -> None:
        report = decode_report(data)
        if isinstance(report, Ended):
            self._ended(ticket, report)
        elif isinstance(report, Refused):
            self._fail(ticket, "WorkerUnavailable", report.message)
        elif isinstance(report, Missing) and ticket.number >= MAX_SENT:
            named = ", ".join(digest[:12] for digest in report.digests)
            self._fail(ticket, "WorkerUnavailable", f"sent {MAX_SENT} times, and there it still lacks {named}")
        else:
            ticket.number += 1
            ticket.is_sent = False
            self._unsent.append(ticket)

    def _ended(self, ticket: Ticket, report: Ended) -> None:
        """Take in an end, once its values are here: what is reported done is stored."""
        fact = report.fact
        if isinstance(fact, AttemptSucceeded):
            self._pace.saw(ticket.order.operation, fact.seconds)
        elif isinstance(fact, AttemptFailed):
            fact = at_home(fact, self._context.work_tree or self._context.root)
        try:
            if isinstance(fact, AttemptSucceeded | AttemptFailed):
                for output in fact.outputs:
                    self._keep(output, report)
                    if output.role == "file":
                        self._put_back(output)
        except GraftError as problem:
            self._fail(ticket, type(problem).__name__, str(problem), problem.hint)
            return
        # The attempt it was, when it was one of an earlier host.
        self._end(ticket, replace(fact, at=self._clock(), attempt=ticket.order.attempt))

    def _keep(self, output: Output, report: Ended) -> None:
        digest, size, _, inline = output.ref
        if inline is not None or has_object(self._context.objects, digest, size):
            return
        data = report.carried.get(digest)
        if data is None and self._folder is not None:
            data = self._folder.get(digest)
        if data is None:
            if output.role == "file":
                return  # only its digest was kept
            raise StoreError(f"'{output.name}' did not come with its report")
        if store_parts([data], len(data), self._context.objects) != digest:
            raise StoreError(f"'{output.name}' came damaged")

    def _put_back(self, output: Output) -> None:
        """Leave a catalog file where a step that runs here leaves it: what names it is judged by it there."""
        with contextlib.suppress(StoreError):  # only its digest was kept, or it cannot be written: nothing needs it
            put_back(output.name, output.ref, self._context.cwd, objects=self._context.objects)

    def _fail(self, ticket: Ticket, kind: str, message: str, hint: str | None = None) -> None:
        error = StepError(type=kind, message=f"{message} ({hint})" if hint else message)
        self._end(ticket, lost(ticket.order, Reason.PREFLIGHT, error, at=self._clock()))

    def _end(self, ticket: Ticket, end: AttemptEnded) -> None:
        del self._tickets[ticket.token]
        self._news.append(end)


def _demand(policy: Policy) -> dict[str, float]:
    """Return what the place must offer: resources by name, and one of each label."""
    return dict(policy.resources) | {label: 1.0 for label in policy.labels if label != DEFAULT_LABEL}


def _passed(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the declared environment variables of a step, which belong to its key, as they are here."""
    return tuple([(name, os.environ[name]) for name in names if name in os.environ])
