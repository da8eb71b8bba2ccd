"""The life of a worker: take the context, say ready, execute orders until the other side closes."""

from __future__ import annotations

import faulthandler
import os

from . import fresh
from .attempt import Attempts
from .capture import AttemptBorders, install_streams
from .channel import Channel, Message
from .context import WorkerContext


def serve(channel: Channel, borders: AttemptBorders) -> None:
    """Work for one run until EOF. Call it in the main thread: it takes SIGTERM, and changes the process as a whole.

    Returns when the executor closed its end. Threads a step left behind may still run: the caller should leave with
    `os._exit`, or the interpreter waits for them.
    """
    install_streams()
    fresh.install()
    faulthandler.enable(2)  # a segmentation fault leaves the Python stack in the step's log
    try:
        attempts = _begin(channel, borders)
        while attempts is not None:
            # Before the order is taken, as from then on it may be stopped: a SIGTERM must not come too early.
            attempts.expect()
            message = channel.receive_now()
            if message is None:
                channel.wait()
            elif message[0] == "order":
                channel.send(attempts.execute(message))
                attempts.tidy()
            else:
                channel.send(("refused", f"a worker does not know the message {message[0]!r}"))
                return
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _begin(channel: Channel, borders: AttemptBorders) -> Attempts | None:
    """Take the context; None when it does not hold, which the executor was told."""
    message: Message = channel.receive()
    try:
        if message[0] != "context":
            raise ValueError(f"the first message must be the context, not {message[0]!r}")
        context = WorkerContext.of(message[1])  # type: ignore[arg-type]
        context.settle()
        attempts = Attempts(context, borders, channel.send)
    except Exception as problem:  # noqa: BLE001  whatever is wrong, the executor has to hear it
        channel.send(("refused", f"{type(problem).__name__}: {problem}"))
        return None
    channel.send(("ready", os.getpid()))
    return attempts
