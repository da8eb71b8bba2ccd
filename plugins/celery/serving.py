"""`graft worker --celery`: a celery worker in this process, until it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType

from celery import signals
from celery.worker import state

from ...core.errors import PluginError
from ..local.slots import available_cores
from .app import POOL, abandon, make_app
from .broker import Broker

_KILLED = 143
"""What a shell reports for a process that SIGTERM ended."""


def serve(
    broker: Broker,
    queues: Sequence[str],
    *,
    jobs: int | None,
    say: Callable[[str], None],
) -> int:
    """Take attempts from queues until SIGTERM or Ctrl+C, which let those at work end; a second one does not.

    Args:
        broker: where it is.
        queues: their names.
        jobs: attempts at once; None: one for each core.
        say: tells the person.

    Returns:
        The exit code.

    Raises:
        PluginError: the directory of a filesystem broker cannot be made.
    """
    os.environ["CELERY_BROKER_URL"] = broker.url  # as celery's own -b does: it goes before all configuration
    _make_folder(broker.options.get("data_folder_in"))
    count = jobs or available_cores()
    app = make_app(broker)
    worker = app.Worker(
        hostname=f"graft{os.getpid()}@{socket.gethostname()}",
        pool=POOL,
        concurrency=count,
        queues=list(queues),
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,  # workers do not talk with each other, nor wait a second to meet at the start
        without_mingle=True,
        without_heartbeat=True,
    )

    asked: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) == 1:
            state.should_stop = 0  # as celery's own handlers do; theirs cannot end what threads wait for
            say("draining: what is at work goes on to its end; again to stop it now")
        else:
            abandon()

    def ready(**others: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    signals.worker_ready.connect(ready)
    say(f"serving {', '.join(queues)} at {broker}; {count} at once")
    try:
        worker.start()
    finally:
        signals.worker_ready.disconnect(ready)
    return _KILLED if len(asked) > 1 else int(worker.exitcode or 0)


def _make_folder(folder: str | None) -> None:
    if folder is None:
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as problem:
        raise PluginError(f"the broker's directory {folder} cannot be made: {problem.strerror}") from problem
