"""The start of a process of our own cluster: becomes dask's scheduler or worker. Forked below a guardian."""

from __future__ import annotations

import gc
import importlib
import signal
import socket
import sys

SCHEDULER = "distributed.cli.dask_scheduler"
WORKER = "distributed.cli.dask_worker"


def main(connection: socket.socket, module: str, *arguments: str) -> None:
    """Do as `python -m MODULE ARGUMENTS`; the guardian still is an ancestor, and ends this when the host is gone.

    Not by another interpreter: the forkserver has imported dask, which takes 0.6 s of CPU time.
    """
    connection.close()
    gc.enable()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    sys.argv[:] = [module, *arguments]
    importlib.import_module(module).main()
