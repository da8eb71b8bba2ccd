"""What processes of tests do that are forked with no runner about them; it imports what their product's do, no more."""

from __future__ import annotations

import os
import pickle
import socket
import sys

from graftline.core.errors import GraftError
from graftline.core.ports import Loaded
from graftline.worker.capture import Borders
from graftline.worker.channel import Channel
from graftline.worker.load import load_pipeline
from graftline.worker.serve import serve


def work(objects: str, nonce: bytes, descriptor: int) -> None:
    """Be a worker on an inherited socket."""
    serve(Channel(socket.socket(fileno=descriptor), objects), Borders(nonce))
    os._exit(0)


def graft(*arguments: str) -> int:
    """Be a command line. Where it runs steps, the product starts the processes for them."""
    from graftline.cli.main import main

    asked = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path.remove(os.path.dirname(__file__))
    sys.path[:0] = [place for place in asked if place not in sys.path]
    return main(arguments)


def load() -> None:
    """Be a loader: read a request from the standard input, write the answer to the standard output."""
    sys.path.remove(os.path.dirname(__file__))  # a project may have files of the same names
    request = pickle.loads(sys.stdin.buffer.read())
    sys.stdout = sys.stderr
    found: Loaded | GraftError
    try:
        found = load_pipeline(request)
    except GraftError as error:
        found = error
    assert sys.__stdout__ is not None
    sys.__stdout__.buffer.write(pickle.dumps(found))
    sys.__stdout__.flush()
