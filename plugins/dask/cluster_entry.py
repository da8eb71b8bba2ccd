"""The start of a process of our own cluster: becomes dask's scheduler or worker. Forked below a guardian."""

from __future__ import annotations

import os
import signal
import socket
import sys


def main(connection: socket.socket, *arguments: str) -> None:
    """Become `python -m ARGUMENTS`; the guardian still is its ancestor, and ends it when the host is gone."""
    connection.close()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.execv(sys.executable, [sys.executable, "-m", *arguments])
