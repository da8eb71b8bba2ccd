"""Brokers: their addresses, and two ways to use one: a post that puts messages into queues, and a box of our own.

Everything goes through celery's tasks, celery's broadcast and plain queues, which every kombu transport with a fanout
has: redis, AMQP, the filesystem, ...; no result backend is needed.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from celery import Celery
from kombu import Connection, Consumer, Producer, Queue
from kombu.exceptions import ChannelError, KombuError
from kombu.utils.url import maybe_sanitize_url

from ...core.errors import PluginError
from ...core.records import dataclass, field
from .names import CALL, TASK

_POLL_S = 0.05
"""Between two looks into the directory of a filesystem broker, where kombu waits a second."""
_KEPT_S = 3600
"""A broker that can (AMQP) deletes a box nobody has used for so long."""
_MOST = 1000
"""Messages taken at once, so that whoever takes them does other things too."""


class BrokerDown(Exception):
    """The broker is out of reach, or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where a broker is."""

    url: str
    transport: Mapping[str, Any] = field(default_factory=dict)
    """Kombu's options of its transport."""

    def __str__(self) -> str:
        """Return the address as people may see it: without passwords."""
        return str(maybe_sanitize_url(self.url))

    def connection(self) -> Connection:
        """Return a connection that is not open yet."""
        found = Connection(self.url, transport_options=self.options, connect_timeout=5.0)
        if found.transport.driver_type == "filesystem":
            from .files import WholeChannel  # of this transport alone

            found.transport.Channel = WholeChannel
        return found

    @property
    def options(self) -> dict[str, Any]:
        """Return all options of its transport; `filesystem:///DIRECTORY` says what that one needs."""
        return transport_options(self.url) | dict(self.transport)

    @property
    def can_broadcast(self) -> bool:
        """Tell whether it can tell all workers at once, without which none is found."""
        return "fanout" in self.connection().transport.implements.exchange_type

    def check(self) -> None:
        """Refuse a broker by which no worker can be found.

        Raises:
            PluginError: it cannot broadcast.
        """
        if not self.can_broadcast:
            raise PluginError(f"the broker {self} cannot broadcast: no worker is found", "use redis or AMQP")


def transport_options(url: str) -> dict[str, Any]:
    """Return what the address of a broker says of kombu's options."""
    options: dict[str, Any] = {}
    if url.startswith("filesystem:"):
        folder = unquote(urlsplit(url).path)
        options["polling_interval"] = _POLL_S
        if folder.strip("/"):
            control = os.path.join(folder, "control")
            options |= {"data_folder_in": folder, "data_folder_out": folder, "control_folder": control}
    return options


@contextlib.contextmanager
def _translated(connection: Connection) -> Iterator[None]:
    """Raise what a transport raises as `BrokerDown`."""
    errors = (OSError, ValueError, KombuError, ChannelError, *connection.connection_errors, *connection.channel_errors)
    try:
        yield
    except errors as problem:
        raise BrokerDown((str(problem) or type(problem).__name__).splitlines()[0]) from problem


class Post:
    """Puts messages into queues, from any thread; it connects when it is used.

    Args:
        app: whose task is sent.
        connect: returns a connection that is not open yet.
    """

    def __init__(self, app: Celery, connect: Callable[[], Connection]) -> None:
        self._app = app
        self._connect = connect
        self._lock = threading.RLock()
        self._producer: Producer | None = None

    def open(self) -> None:
        """Connect.

        Raises:
            BrokerDown: it cannot be reached.
        """
        with self._using():
            pass

    def put(self, queue: str, message: Mapping[str, Any]) -> None:
        """Put a message (JSON) straight into a queue.

        Raises:
            BrokerDown: it is not known whether it is there.
        """
        with self._using() as producer:
            producer.publish(dict(message), exchange="", routing_key=queue, serializer="json", delivery_mode=1)

    def call(self, arguments: Mapping[str, Any], command: str = CALL) -> None:
        """Say something to all workers.

        Raises:
            BrokerDown: as `put`.
        """
        with self._using() as producer:
            self._mailboxes(producer.connection).cast(None, command, dict(arguments))

    def task(self, queue: str, arguments: Sequence[Any]) -> None:
        """Send the task to a queue.

        Raises:
            BrokerDown: as `put`.
        """
        with self._using() as producer:
            self._app.send_task(
                TASK, args=arguments, queue=queue, producer=producer, ignore_result=True, retry=False, argsrepr="..."
            )

    def discard(self, queue: str) -> None:
        """Delete a queue nobody takes from any more, with what is in it.

        Raises:
            BrokerDown: it cannot be reached.
        """
        with self._using() as producer:
            _delete(Queue(queue)(producer.channel))

    def leave(self, mailbox: str) -> None:
        """Have a worker called no more: some brokers go on filling the queue of one that is gone.

        Raises:
            BrokerDown: it cannot be reached, or cares for that itself.
        """
        with self._using() as producer:
            queue = self._mailboxes(producer.connection).get_queue(mailbox)(producer.channel)
            queue.declare()
            _delete(queue)

    def close(self) -> None:
        """Disconnect. Safe to call twice; it connects again when it is used."""
        with self._lock:
            producer, self._producer = self._producer, None
            if producer is not None:
                with contextlib.suppress(Exception):  # it may be broken in any way
                    producer.connection.close()

    def _mailboxes(self, connection: Connection) -> Any:
        return self._app.control.Mailbox(self._app.conf.control_exchange, type="fanout", accept=["json"])(connection)

    @contextlib.contextmanager
    def _using(self) -> Iterator[Producer]:
        with self._lock:
            connection = self._producer.connection if self._producer is not None else self._connect()
            try:
                with _translated(connection):
                    if self._producer is None:
                        connection.connect()
                        self._producer = Producer(connection.channel(), auto_declare=False)
                    yield self._producer
            except BrokerDown:
                self._producer = None
                with contextlib.suppress(Exception):
                    connection.close()
                raise


class Box:
    """A queue of our own: what comes is taken at once and never again. Used by one thread.

    Args:
        name: of the queue, which is made.
        connect: returns a connection that is not open yet.

    Raises:
        BrokerDown: the broker cannot be reached.
    """

    def __init__(self, name: str, connect: Callable[[], Connection]) -> None:
        self._connection = connect()
        self._found: list[dict[str, Any]] = []
        try:
            with _translated(self._connection):
                self._connection.connect()
                self._queue = Queue(name, expires=_KEPT_S)(self._connection.channel())
                self._consumer = Consumer(
                    self._queue.channel, [self._queue], no_ack=True, accept=["json"], callbacks=[self._take]
                )
                self._consumer.consume()
        except BrokerDown:
            self.close()
            raise

    def take(self, timeout_s: float) -> list[dict[str, Any]]:
        """Wait for messages and return those that are there; none when the time is over.

        Raises:
            BrokerDown: the broker is out of reach.
        """
        with _translated(self._connection):
            wait_s = timeout_s
            while len(self._found) < _MOST:
                before = len(self._found)
                try:
                    self._connection.drain_events(timeout=wait_s)
                except TimeoutError:
                    break
                if len(self._found) == before and wait_s < timeout_s:
                    break
                wait_s = 0.001
        found, self._found = self._found, []
        return found

    def close(self, *, deletes: bool = False) -> None:
        """Disconnect; and delete the queue with what is in it, if so said."""
        with contextlib.suppress(Exception):  # it may be broken in any way
            if deletes:
                self._consumer.cancel()
                _delete(self._queue)
        with contextlib.suppress(Exception):
            self._connection.close()

    def _take(self, body: dict[str, Any], message: object) -> None:
        self._found.append(body)


def _delete(queue: Queue) -> None:
    queue.queue_declare()
    queue.purge()  # kombu's own transports forget a queue without emptying it
    queue.delete()
