"""Inside a notebook's kernel: IPython with our names for its cells, and a line to the worker that started it.

The worker's end of the socket is this process's life: when it closes, the kernel and all it started are killed, so
that a cancelled or killed worker leaves nothing behind.

Worker to kernel:   ("begin", {...})            once: the keys of `Beginning`
Kernel to worker:   ("metric", point)           a `MetricPoint` as a tuple
                    ("progress", done, total)
                    ("logged", output)          an `Output` as a tuple, stored already
                    ("returned", index, output) of the declared return at this index
                    ("refused", kind, message)  a declared return is not there (`returns`) or no serializer takes it
                    ("error", StepError)        of the cell that failed last
                    ("seen", peak_bytes, changed)
"""

from __future__ import annotations

import atexit
import mmap
import os
import shutil
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, TypedDict

from ..core.artifacts import ArtifactRef, MetricPoint, Output
from ..core.errors import nearest
from ..core.graph import Return
from ..core.records import replace
from ..core.runs import Frame, StepError
from . import fresh
from .channel import Channel
from .codefiles import CodeFiles
from .failure import describe_failure
from .live import PROGRESS_EVERY_S
from .logbook import open_book
from .outflow import SecretKept
from .returns import Returns, WrongReturns, logged_output
from .serializers import CannotSerialize, load

# Linux gives ru_maxrss in KiB, macOS in bytes.
_RSS_UNIT = 1024 if sys.platform == "linux" else 1
_SHOWN_NAMES = 20

_session: Session | None = None


class Beginning(TypedDict):
    """What a kernel is told first."""

    notebook: str
    """Path as shown, relative to the project root."""
    labels: list[str]
    """What each executed cell is called, in order of execution."""
    returns: tuple[Return, ...]
    inputs: Mapping[str, tuple[str, str]]
    """Argument -> (serializer, file) of what is no literal in the injected cell."""
    cwd: str
    objects: str
    root: str
    planned_files: Mapping[str, str]
    secrets: Mapping[str, str]
    """Of the run: what holds one is not kept."""


class RemoteBook:
    """A `Book` whose entries go to the worker at once; values and files are stored here, as they are now."""

    def __init__(self, send: Callable[[tuple[Any, ...]], None], beginning: Beginning) -> None:
        self._send = send
        self._given = beginning
        self._next_progress = 0.0
        self.voice = self
        """Yields stay in the notebook: a cell that consumes a generator tells nothing."""

    def add_metric(self, point: MetricPoint) -> None:
        """Send a point."""
        self._send(("metric", tuple(point)))

    def add_artifact(self, path_or_value: object, name: str | None) -> None:
        """Store a file or value and send what it is."""
        with _by_value():
            given = self._given
            output = logged_output(path_or_value, name, given["cwd"], given["objects"], given["secrets"])
        self._send(("logged", flat(output)))

    def add_progress(self, done: float, total: float | None) -> None:
        """Send the progress, some times a second and at the end."""
        now = time.monotonic()
        if now >= self._next_progress or done == total:
            self._next_progress = now + PROGRESS_EVERY_S
            self._send(("progress", float(done), None if total is None else float(total)))


def main() -> None:
    """Be the kernel: the first two arguments are the inherited socket and the directory for large messages."""
    descriptor, private = int(sys.argv.pop(1)), sys.argv.pop(1)
    os.set_inheritable(descriptor, False)
    channel = Channel(socket.socket(fileno=descriptor), private)
    beginning: Any = channel.receive()[1]
    threading.Thread(target=_die_with, args=(channel, private), name="graftline-leash", daemon=True).start()
    # A profile of their own: what a person's IPython does at its start is no part of the project.
    os.environ["IPYTHONDIR"] = private
    kernelapp: Any = import_module("ipykernel.kernelapp")  # 400 ms, an extra, and untyped in part
    warnings.filterwarnings("ignore", message="To exit: use")  # IPython's word on sys.exit(), meant for a prompt
    app = kernelapp.IPKernelApp.instance(log_level="ERROR")
    app.config.InteractiveShell.colors = "nocolor"
    app.config.HistoryManager.enabled = False
    app.initialize(sys.argv[1:])
    _begin(app.shell, channel, beginning)
    app.start()
    # It joins threads that may wait for each other by now: one execution in three took 2 s longer.
    atexit.unregister(app.close)


def give() -> None:
    """Send the declared returns; the worker has this called after the last cell."""
    assert _session is not None
    _session.give()


def flat(output: Output) -> tuple[Any, ...]:
    """Return an output as plain tuples, for a message."""
    return (output.name, output.role, tuple(output.ref))


def whole(output: Sequence[Any]) -> Output:
    """Undo `flat`."""
    name, role, ref = output
    return Output(name, role, ArtifactRef(*ref))


class Session:
    """One notebook in this kernel."""

    def __init__(self, shell: Any, channel: Channel, beginning: Beginning) -> None:
        self._shell = shell
        self._channel = channel
        self._given = beginning
        self._files = CodeFiles(beginning["root"], beginning["planned_files"])

    def name_cell(self, raw: str, code: str, number: int) -> str:
        """Return what stands for a file in tracebacks: the notebook and the cell, by number of execution."""
        labels = self._given["labels"]
        label = labels[number - 1] if 0 < number <= len(labels) else f"input {number}"
        return f"{self._given['notebook']} {label}"

    def load_input(self, name: str) -> object:
        """Return an argument that came as a file; large arrays are views of a private map of it."""
        serializer, file = self._given["inputs"][name]
        with open(file, "rb") as source:
            size = os.fstat(source.fileno()).st_size
            view = memoryview(mmap.mmap(source.fileno(), size, access=mmap.ACCESS_COPY)) if size else bytearray()
        return load(serializer, view)

    def ended(self, result: Any) -> None:
        """Send why a cell failed, if it did."""
        problem = result.error_before_exec or result.error_in_exec
        if problem is not None:
            self._channel.send(("error", self._described(problem)))
            self._see()

    def give(self) -> None:
        """Send the declared returns, or why one cannot be."""
        names = self._shell.user_ns
        given = self._given
        returns = Returns(given["returns"], given["cwd"], given["objects"], given["secrets"])
        points: list[MetricPoint] = []
        try:
            for index, declared in enumerate(returns.direct):
                if declared.name not in names:
                    raise WrongReturns(self._missing(declared.name))
                with _by_value():
                    output = returns.keep(declared, names[declared.name], points)
                self._channel.send(("returned", index, flat(output)))
        except WrongReturns as problem:
            self._channel.send(("refused", "returns", str(problem)))
        except SecretKept as problem:
            self._channel.send(("refused", "secret", str(problem)))
        except CannotSerialize as problem:
            self._channel.send(("refused", "unpicklable", str(problem)))
        for point in points:
            self._channel.send(("metric", tuple(point)))
        self._see()

    def _see(self) -> None:
        import resource  # not on every platform that reads this file

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        self._channel.send(("seen", peak, self._files.look()))

    def _missing(self, name: str) -> str:
        hidden = self._shell.user_ns_hidden
        own = [
            each
            for each, value in self._shell.user_ns.items()
            if not each.startswith("_") and each not in hidden and not isinstance(value, ModuleType)
        ]
        has = f"it has {', '.join(own[:_SHOWN_NAMES])}" if own else "it has no variables"
        return f"return {name!r}: the notebook never assigned it ({has}){nearest(name, own)}"

    def _described(self, problem: BaseException) -> StepError:
        error = describe_failure(problem, {}, {})
        notebook = self._given["notebook"]
        frames = tuple(_in_notebook(frame, notebook) for frame in error.frames)
        cells = [frame for frame in frames if frame.file == notebook]
        where = f" ({notebook}, {cells[-1].function}, line {cells[-1].line})" if cells else ""
        is_told = isinstance(problem, SyntaxError) and notebook in error.message  # its own text names the place
        return replace(error, message=error.message if is_told else error.message + where, frames=frames)


def _begin(shell: Any, channel: Channel, beginning: Beginning) -> None:
    global _session
    _session = session = Session(shell, channel, beginning)
    shell.compile.get_code_name = session.name_cell
    shell.events.register("post_run_cell", session.ended)
    shell.user_ns["_graft_input"] = session.load_input
    fresh.install()
    sys.path.insert(0, os.path.dirname(os.path.join(beginning["root"], beginning["notebook"])))
    open_book(RemoteBook(channel.send, beginning))  # type: ignore[arg-type]


@contextmanager
def _by_value() -> Iterator[None]:
    """Hide the notebook's namespace from pickle, so that what is defined in cells travels with its code.

    Pickle would write `__main__.Model`, which no other process has.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _in_notebook(frame: Frame, notebook: str) -> Frame:
    """Return a frame of a cell as one of the notebook, with the cell where a function's name stands."""
    prefix = f"{notebook} "
    if not frame.file.startswith(prefix):
        return frame
    cell = frame.file.removeprefix(prefix)
    function = cell if frame.function.startswith("<module") else f"{cell}, {frame.function}"
    return replace(frame, file=notebook, function=function)


def _die_with(channel: Channel, private: str) -> None:
    """Wait for the worker's end to close, and leave nothing behind: the kernel leads a process group of its own."""
    try:
        while True:
            channel.wait()
            channel.receive()
    except (EOFError, OSError):
        shutil.rmtree(private, ignore_errors=True)  # a killed worker could not
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def entry(sys_path: Sequence[str]) -> str:
    """Return the Python text that starts a kernel where the modules of this process are found."""
    module = __name__
    return f"import sys; sys.path[:] = {list(sys_path)!r}; from {module} import main; main()"
