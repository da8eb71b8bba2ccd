"""The start of a loader process: import user code, compile it, and send back what came of it as data.

Whatever the user's module does (sys.exit, an exception whose `__str__` raises, output) must come back as one answer.
"""

from __future__ import annotations

import gc
import pickle
import socket
import sys

from ...core import graphrows  # noqa: F401  a graph is pickled as rows from here on
from ...core.collector import rare_collections
from ...core.errors import GraftError, MissingError
from ...core.ports import Loaded, LoadRequest
from ...worker import fresh
from ...worker.load import load_pipeline
from .answers import Fault

_LIMIT = 2000
"""Characters of an exception's text."""


def main(connection: socket.socket) -> None:
    """Read a pickled LoadRequest up to the end of the stream, answer with a pickled `Answer`."""
    gc.enable()
    fresh.install()
    with connection, connection.makefile("rb") as stream:
        request: LoadRequest = pickle.load(stream)
        # What was loaded lives until it is answered, and is looked through by no collection: the caller kills this
        # process then, and to take apart ten thousand steps takes 40 ms.
        with rare_collections():
            _loaded, data = _answer(request)
            connection.sendall(data)
            gc.freeze()


def _answer(request: LoadRequest) -> tuple[Loaded | None, bytes]:
    """Return what was loaded, and the answer; None: it has a fault."""
    try:
        loaded = load_pipeline(request)
        return loaded, pickle.dumps(("loaded", loaded), protocol=5)
    except GraftError as problem:
        return None, pickle.dumps(("fault", _told(problem)), protocol=5)
    # The edge of the process: user code ran, and may raise anything at all.
    except BaseException as problem:  # noqa: BLE001
        return None, pickle.dumps(("fault", _fault(problem, request)), protocol=5)


def _told(problem: GraftError) -> Fault:
    problems = tuple(_told(each) for each in problem.problems)
    is_missing = isinstance(problem, MissingError)
    return Fault(problem.message, problem.hint, problem.file, problem.line, problems, is_missing)


def _fault(problem: BaseException, request: LoadRequest) -> Fault:
    """Say what was raised and at which line of the project's code."""
    import traceback  # for those whose code fails

    frames = [
        frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename.startswith(_root(request))
    ]
    where = (frames[-1].filename, frames[-1].lineno) if frames else (None, None)
    try:
        text = str(problem)[:_LIMIT]
    except Exception:  # noqa: BLE001  user code again
        text = "(its text cannot be read)"
    if isinstance(problem, SystemExit):
        hint = "do that under `if __name__ == '__main__':`"
        return Fault(f"importing the code calls sys.exit({text})", hint, *where)
    if problem.__traceback__ is not None:
        traceback.print_exception(problem, file=sys.stderr)
    return Fault(f"importing the code raises {type(problem).__name__}: {text}", None, *where)


def _root(request: LoadRequest) -> str:
    return request.target.root.rstrip("/") + "/"
