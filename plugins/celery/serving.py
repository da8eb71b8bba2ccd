"""`graft worker --celery`: a celery worker in this process, until it is told to stop."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

from celery import signals

from ...core.errors import PluginError
from ..local.slots import available_cores
from .app import make_app
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
        pool="threads",
        concurrency=count,
        queues=list(queues),
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,  # workers do not talk with each other, nor wait a second to meet at the start
        without_mingle=True,
        without_heartbeat=True,
    )

    ways: list[str] = []

    def stopping(how: str, **others: object) -> None:
        ways.append(how)
        if how == "Warm":
            say("draining: what is at work goes on to its end; again to stop it now")

    signals.worker_shutting_down.connect(stopping)
    say(f"serving {', '.join(queues)} at {broker}; {count} at once")
    try:
        worker.start()
    finally:
        signals.worker_shutting_down.disconnect(stopping)
    if ways:
        return _KILLED if "Cold" in ways else 0
    return int(worker.exitcode or 0)


def _make_folder(folder: str | None) -> None:
    if folder is None:
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as problem:
        raise PluginError(f"the broker's directory {folder} cannot be made: {problem.strerror}") from problem
