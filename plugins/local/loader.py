"""The loader: imports user code in a process of its own and brings the compiled pipeline back.

The CLI, the TUI and the runner never import user code; nothing a module does at import can hurt them. Implements
`core.ports.Loader`.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import time
from typing import IO

from ...core.errors import Cancelled, GraftError, InvalidError, MissingError
from ...core.ports import Loaded, LoadRequest
from ...core.waiting import is_waited_for
from .answers import Answer, Fault
from .child import Child
from .nameless import nameless_file
from .nursery import Nursery

LIMIT_S = 30.0
"""Seconds an import may take, from the moment its process is there."""
_BORN_S = 60.0
_LOOKED_S = 0.1
"""Seconds between two looks whether somebody waits for it."""
_ENTRY = "graftline.plugins.local.loader_entry:main"
_SHOWN = 2000
"""Bytes of the end of the user's output that an error shows."""


class Spare:
    """A child that has not been told yet what to load: it has imported nothing of any project."""

    def __init__(self, nursery: Nursery) -> None:
        """Ask a nursery for it; does not wait for it.

        Raises:
            PluginError: the forkserver is gone.
        """
        self.nursery = nursery
        self.output: IO[bytes] = nameless_file()
        self.connection, theirs = socket.socketpair()
        try:
            self.child = nursery.spawn(_ENTRY, theirs, stdout=self.output.fileno(), stderr=self.output.fileno())
        except BaseException:
            self.connection.close()
            self.output.close()
            raise
        finally:
            theirs.close()

    def close(self) -> None:
        """End it, with what it started."""
        self.child.signal(signal.SIGKILL, group=True)
        self.child.close()
        self.connection.close()
        self.output.close()


class LocalLoader:
    """Loads pipelines, each in a fresh child of a nursery. Safe to use from any thread."""

    def __init__(self, nursery: Nursery, *, limit_s: float = LIMIT_S) -> None:
        """Use a nursery, which stays the caller's; `limit_s` is how long an import may take."""
        self._nursery = nursery
        self._limit_s = limit_s

    def load(self, request: LoadRequest, spare: Spare | None = None) -> Loaded:
        """Compile a target, in a child that waits already if there is one; it ends with this.

        Raises:
            InvalidError: the code does not import, hangs, ends its process, or the pipeline is wrong; with file and
                line where they can be told, and the end of what it printed.
            PluginError: no process can be started.
            Cancelled: nobody waits for it any more (`core/waiting.py`); the child is killed.
        """
        spare = spare or Spare(self._nursery)
        try:
            answer = self._converse(spare.connection, spare.child, request, spare.output)
            spare.child.signal(signal.SIGKILL, group=True)  # before its output is read: nothing more may come
            if answer[0] == "loaded":
                return answer[1]
            raise _error(answer[1], spare.output, request.target.root)
        finally:
            spare.close()

    def _converse(self, ours: socket.socket, child: Child, request: LoadRequest, output: IO[bytes]) -> Answer:
        try:
            ours.sendall(pickle.dumps(request, protocol=5))
            ours.shutdown(socket.SHUT_WR)
        except ConnectionError:
            pass  # it has ended already; told below
        child.wait_born(_BORN_S)
        data = _read_all(ours, self._limit_s)
        if data is None:
            hint = f"it has {self._limit_s:g} s; move long work out of module level"
            raise _error(Fault(f"importing {request.target.text} hangs", hint), output, request.target.root)
        answer = _decoded(data)
        if answer is not None:
            return answer
        from .cause import OomCounters, cause_of  # for code that ends its process

        ending = child.wait(5.0)
        said = cause_of(ending, OomCounters())[1].message if ending else "it closed its socket"
        said = said.replace("the process left", "left").replace(" before the step returned", "")
        message = f"importing {request.target.text} ends the process: {said}"
        raise _error(Fault(message), output, request.target.root)


def _decoded(data: bytes) -> Answer | None:
    """Return the answer; None when the process ended before it was whole."""
    try:
        answer: Answer = pickle.loads(data)
    except (EOFError, pickle.UnpicklingError):
        return None
    return answer


def _read_all(connection: socket.socket, limit_s: float) -> bytes | None:
    """Return everything up to the end of the stream; None when the time is over."""
    deadline = time.monotonic() + limit_s
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    parts: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if not is_waited_for():
            raise Cancelled("nobody waits for the import any more")
        if left <= 0:
            return None
        if not poll.poll(min(left, _LOOKED_S) * 1000 + 1):
            continue
        try:
            part = connection.recv(1 << 20)
        except ConnectionError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def _error(fault: Fault, output: IO[bytes], root: str) -> GraftError:
    error = _rebuilt(fault)
    # The compiler names files from the project's root, the importer as Python does.
    error.rename_files(lambda file: os.path.join(root, file))
    size = os.fstat(output.fileno()).st_size
    said = os.pread(output.fileno(), _SHOWN, max(0, size - _SHOWN)).decode("utf-8", "replace").strip()
    if said:
        error.hint = f"{error.hint}\n{said}" if error.hint else said
    return error


def _rebuilt(fault: Fault) -> GraftError:
    if fault.is_missing:
        return MissingError(fault.message, fault.hint, file=fault.file or None, line=fault.line if fault.file else None)
    return _invalid(fault)


def _invalid(fault: Fault) -> InvalidError:
    if not fault.problems:
        is_placed = bool(fault.file)  # a step of a job was written in no file
        return InvalidError(fault.message, fault.hint, file=fault.file or None, line=fault.line if is_placed else None)
    return InvalidError.all_of([_invalid(each) for each in fault.problems])
