"""The celery application of our workers: one task, one control command, and the desk that opens with the worker.

graft worker --celery redis://10.0.0.1/0 --label gpu
celery -A graftline.plugins.celery.app -b redis://10.0.0.1/0 worker -Q gpu
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from typing import Any

from celery import Celery, bootsteps, signals
from celery.worker.control import control_command

from ...core.errors import PluginError
from ..remote import stations
from .broker import Broker, Post, transport_options
from .desk import Desk
from .names import ASK, CALL, QUEUE, TASK
from .pool import StepPool

POOL = "graftline.plugins.celery.pool:StepPool"
_ODD = re.compile(r"[^A-Za-z0-9._-]+")

_desk: Desk | None = None
"""Of the worker this process is."""


def make_app(broker: Broker | None = None) -> Celery:
    """Return an application of celery's.

    Args:
        broker: where it is; None: as celery is told (`-b`, CELERY_BROKER_URL).
    """
    app = Celery("graftline", broker=broker and broker.url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue=QUEUE,
        # A message stays with the broker until its attempts have ended, and no worker takes one it cannot begin.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_pool=POOL,
        worker_redirect_stdouts=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
    )
    if broker is not None:
        app.conf.broker_transport_options = broker.options
    app.task(_attempts, name=TASK, Request="graftline.plugins.celery.late:LateRequest")
    app.steps["consumer"].add(_Opening)
    return app


def _attempts(run: str, reply: str, asked: Sequence[tuple[str, int]], parcels: Sequence[str], limit_bytes: int) -> None:
    """Execute attempts: the task."""
    assert _desk is not None, "the worker opened it before it took tasks"
    _desk.work(run, reply, [(token, number) for token, number in asked], parcels, limit_bytes)


@control_command(name=CALL)  # type: ignore[untyped-decorator]
def _call(state: Any, run: str, reply: str, packages: Sequence[str]) -> None:
    """Answer a host that asks who is there."""
    if _desk is not None:
        _desk.called(run, reply, packages)


@control_command(name=ASK)  # type: ignore[untyped-decorator]
def _ask(state: Any, reply: str, packages: Sequence[str], secrets: Sequence[str]) -> None:
    """Answer somebody who asks what is here; not on celery's own thread, for a keyring may take its time."""
    if _desk is not None:
        said = threading.Thread(target=_desk.asked, args=(reply, packages, secrets), daemon=True)
        said.start()


class _Opening(bootsteps.StartStopStep):  # type: ignore[misc]  # celery has no types
    """Opens the desk before celery takes tasks; once, for it outlives a lost connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        if not isinstance(parent.pool, StepPool):
            kind = type(parent.pool).__module__.rpartition(".")[2]
            raise PluginError(f"graftline's celery workers have a pool of their own, not {kind}", "leave -P out")

    def start(self, parent: Any) -> None:
        """Open the desk unless it is open."""
        global _desk
        channel = parent.task_consumer.channel
        if hasattr(channel, "do_restore"):
            # What it had not acknowledged kombu puts back when a connection ends; after redis was lost that raises an
            # AttributeError, which ends the worker. Hosts send again what has not begun, so nothing need be put back.
            channel.do_restore = False
        if _desk is None:
            app = parent.app
            broker = Broker(url=app.conf.broker_url, transport=app.conf.broker_transport_options)
            _desk = Desk(
                Post(app, broker.connection),
                broker.connection,
                name=_ODD.sub("-", parent.hostname),
                mailbox=parent.hostname,
                threads=parent.pool.limit,
                queues=lambda: sorted(app.amqp.queues.consume_from),
            )


@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]
def _close(**others: Any) -> None:
    """Close the desk when the last task has ended."""
    global _desk
    desk, _desk = _desk, None
    if desk is not None:
        desk.close()


def abandon() -> None:
    """End what is at work, and return at once, as signal handlers must. Celery waits for threads, they for steps."""
    threading.Thread(target=_end, name="graftline-end").start()


def _end() -> None:
    _close()  # first: what ends now is lost, and not to be reported as cancelled
    stations.close_all()


app = make_app()
"""For `celery -A graftline.plugins.celery.app`."""


@app.on_after_configure.connect  # type: ignore[untyped-decorator]
def _complete(sender: Celery, **others: Any) -> None:
    """Fill in what the address of a broker says, now that `-b` has been read."""
    broker = os.environ.get("CELERY_BROKER_URL") or str(sender.conf.broker_url or "")
    sender.conf.broker_transport_options = transport_options(broker) | sender.conf.broker_transport_options
