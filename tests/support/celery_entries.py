"""The start of programs that tests of celery need, below a guardian: none of them outlives the test process."""

from __future__ import annotations

import os
import signal
import socket


def become(connection: socket.socket, *arguments: str) -> None:
    """Become a program; its guardian still is its ancestor, and ends it when the tests are gone."""
    connection.close()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execv(arguments[0], arguments)
