"""The start of a worker process: what the forkserver calls in the fork."""

from __future__ import annotations

import faulthandler
import gc
import socket

from ...worker.capture import Borders
from ...worker.channel import Channel
from ...worker.serve import serve


def main(connection: socket.socket, nonce: bytes, spill_directory: str) -> None:
    """Execute orders until the executor closes its end."""
    gc.enable()
    faulthandler.enable(all_threads=False)  # a segfault leaves the Python line in the step's log
    serve(Channel(connection, spill_directory), Borders(nonce))
