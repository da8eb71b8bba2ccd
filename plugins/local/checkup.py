"""What `doctor` asks the local runner: does a worker start, and how fast."""

from __future__ import annotations

import os
import socket
import sys
import time

from ...core.errors import GraftError
from ...core.health import Finding
from .nursery import Nursery

_LIMIT_S = 10.0
_ENTRY = "graftline.plugins.local.checkup:hello"


def hello(connection: socket.socket) -> None:
    """Say a word and end; runs in a worker process."""
    connection.sendall(b"here")
    connection.close()


def worker_start() -> Finding:
    """Start a forkserver and two workers; the second one shows what a worker costs once it is warm."""
    try:
        nursery = Nursery()
    except GraftError as error:
        return Finding(subject="workers", is_good=False, detail=str(error), remedy=error.hint)
    try:
        times = [_start(nursery) for _ in range(2)]
    except (GraftError, OSError) as error:
        return Finding(subject="workers", is_good=False, detail=f"no worker starts: {error}", remedy="graft -v doctor")
    finally:
        nursery.close()
    detail = (
        f"a worker starts in {times[1] * 1000:.0f} ms (the first in {times[0] * 1000:.0f} ms) under {sys.executable}"
    )
    return Finding(subject="workers", is_good=True, detail=detail)


def _start(nursery: Nursery) -> float:
    began = time.monotonic()
    ours, theirs = socket.socketpair()
    nothing = os.open(os.devnull, os.O_WRONLY)
    with ours:
        child = nursery.spawn(_ENTRY, theirs, stdout=nothing, stderr=nothing)
        theirs.close()
        os.close(nothing)
        ours.settimeout(_LIMIT_S)
        if ours.recv(4) != b"here":
            raise OSError("it ended without a word")
        child.close()
    return time.monotonic() - began
