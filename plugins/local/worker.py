"""One worker as the executor sees it: its process, its two ends of the socket, and the orders before it."""

from __future__ import annotations

import math
import signal
import time
from collections import deque
from enum import Enum
from typing import Any

from ...core.graph import Operation
from ...core.orders import Order
from ...worker.channel import Channel
from ...worker.definitions import Encoder
from .child import Child, Ending
from .wire import encode_order

Report = tuple[Any, ...]
"""A message from a worker. Any: worker/messages.py says what its parts are."""

LEAVE_S = 2.0
"""Seconds a worker that is no longer wanted has to leave."""

REMIND_S = 0.25
"""Seconds between the signals that ask a step to stop."""


class Stop(Enum):
    """Why a running attempt is being stopped."""

    CANCEL = "cancel"
    TIMEOUT = "timeout"


class Ticket:
    """An order that has been taken and not yet ended."""

    __slots__ = ("losses", "operation", "order", "token")

    def __init__(self, token: int, order: Order) -> None:
        self.token = token
        self.order = order
        self.operation = order.operation
        self.losses = 0
        """Workers that died with this order before them, though they had not begun it."""


class Worker:
    """A process that executes orders in the order they are sent.

    Reports come back singly, so the first of `queue` is what runs (or will run next), and the rest can still be
    taken back: the executor receives on its own copy of the worker's end, and the kernel decides who got an order.
    """

    def __init__(
        self, *, name: str, child: Child, channel: Channel, theirs: Channel, ready_by: float, encoder: Encoder
    ) -> None:
        """Take over both ends and the process; `ready_by` is a monotonic time."""
        self._encoder = encoder
        self.name = name
        self.child = child
        self.channel = channel
        self.queue: deque[Ticket] = deque()
        self.limit = 0
        """Orders that may stand before it now, set by those that do."""
        self.is_ready = False
        self.is_leaving = False
        """No orders any more: its end was closed."""
        self.reserved: Ticket | None = None
        """The one order of an isolated worker, until it is sent."""
        self.is_single = False
        """Isolated: it executes one order and leaves."""
        self.stop: Stop | None = None
        """Set while the first of the queue is being stopped."""
        self.kill_at = math.inf
        """Monotonic time at which what is being stopped is killed."""
        self.head_since = 0.0
        """Monotonic time since when the first of the queue may be running."""
        self.alarm = ready_by
        """Monotonic time at which the executor must look after it; `inf`: never."""
        self._theirs = theirs
        self._known: set[int] = set()

    @property
    def is_busy(self) -> bool:
        """Tell whether it holds, or is meant for, an order."""
        return bool(self.queue) or self.reserved is not None

    def takes(self, depth: int) -> bool:
        """Tell whether an order may be sent of whose kind `depth` may stand before one worker."""
        if not self.is_ready or self.is_leaving or self.is_single or self.stop is not None:
            return False
        waiting = len(self.queue)
        return not waiting or (waiting < depth and waiting < self.limit)

    def send(self, ticket: Ticket, operation: Operation, depth: int) -> bool:
        """Send an order unless the socket is full; return whether it was sent.

        Args:
            ticket: the order.
            operation: what it names; sent with it until an attempt of it has ended here, because an order that
                brought it may be taken back while others stay.
            depth: orders of this kind that may stand before one worker.

        Raises:
            OSError: the worker is gone, or the order cannot be written.
        """
        definition = None if ticket.operation in self._known else self._encoder.encode(operation)
        if not self.channel.send_now(encode_order(ticket.token, ticket.order, definition)):
            return False
        self.limit = min(self.limit, depth) if self.queue else depth
        self.queue.append(ticket)
        return True

    def end_head(self) -> Ticket:
        """Take the first order off the queue: its report has come, so the worker knows the operation."""
        ticket = self.queue.popleft()
        self._known.add(ticket.operation)
        return ticket

    def receive(self) -> Report | None:
        """Return the next report that is there, None when there is none."""
        try:
            return self.channel.receive_now()
        except (EOFError, ConnectionError):
            return None  # its leash tells how it ended

    def recall(self) -> list[Ticket]:
        """Take back the orders it has not begun, in their order."""
        tokens = set()
        while True:
            try:
                message: Report | None = self._theirs.receive_now()
            except (EOFError, OSError):
                break
            if message is None:
                break
            if message[0] == "order":  # else the context, which a worker that is not ready has not taken yet
                tokens.add(message[1])
        taken = [ticket for ticket in self.queue if ticket.token in tokens]
        if taken:
            self.queue = deque(ticket for ticket in self.queue if ticket.token not in tokens)
        return taken

    def leave(self) -> None:
        """Let it go: it sees the end of its socket after what it runs."""
        if not self.is_leaving:
            self.is_leaving = True
            self.alarm = time.monotonic() + LEAVE_S
            self.channel.close()
            self._theirs.close()

    def terminate(self, why: Stop, kill_at: float) -> None:
        """Ask what it runs to stop; `kill_at` is the monotonic time at which it is killed."""
        self.stop = why
        self.kill_at = kill_at
        self.remind()

    def remind(self) -> None:
        """Send SIGTERM, and again when the alarm comes, until the end or the kill.

        One is not enough: a signal that arrives between the interpreter's last look at its flags and the system call
        it then blocks in (`time.sleep(60)`) interrupts nothing. The worker takes the first one it notices and ignores
        the others (worker/cancel.py).
        """
        self.child.signal(signal.SIGTERM)
        self.alarm = min(self.kill_at, time.monotonic() + REMIND_S)

    def kill(self) -> None:
        """Kill it and what stayed in its process group."""
        self.alarm = math.inf
        self.child.signal(signal.SIGKILL, group=True)

    def close(self) -> Ending | None:
        """Drop its descriptors. Safe to call twice."""
        self.channel.close()
        self._theirs.close()
        self.child.close()
        return self.child.ending
