"""Processes of tests that are forked from one that has imported what they need, instead of started for each test.

A run in this process starts a guardian and a forkserver: 190 ms of CPU time, nearly all of it for two interpreters and
their imports; with scikit-learn and matplotlib it is 1.5 s. Here one parent for each session imports that once, and
forks both. From then on they run the product's own code, in a session of their own, with the environment and the
directory of the moment. What is not the same, so that tests of these processes have them started by the product
(`started_by_the_product`): their `/proc/PID/environ` and command line are the parent's, the guardian's parent is not
this process, and all share one seed of hashes.

Workers and loaders that tests talk to without a runner are forked in the same way (`forked`).
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from graftline.plugins.dask.cluster_entry import SCHEDULER, WORKER
from graftline.plugins.local import bootstrap
from graftline.plugins.local.nursery import Nursery
from graftline.plugins.local.rights import pair, receive, send

TABLES = ("pandas",)
LEARNING = (
    *TABLES,
    "matplotlib.pyplot",
    "sklearn.datasets",
    "sklearn.linear_model",
    "sklearn.pipeline",
    "sklearn.preprocessing",
)
NOTEBOOKS = ("nbclient", "nbformat")
CLUSTERS = (SCHEDULER, WORKER)
PARENT_OF = {
    **dict.fromkeys(("numpy", "pandas", "pyarrow"), TABLES),
    **dict.fromkeys(("matplotlib", "scipy", "sklearn"), LEARNING),
    **dict.fromkeys(("nbclient", "nbformat"), NOTEBOOKS),
    "distributed": CLUSTERS,
}
"""Package that is worth a parent that has imported it -> all that this one imports: what users take of them, too, and
few sets of them, since each parent takes as long as a start of Python with all of its packages."""
COMMAND = ("graftline.cli.main", "graftline.wiring", "graftline.cli.commands.debug", "graftline.worker.replaying")
"""Modules of a parent for processes that are command lines."""
OURS = tuple(
    f"graftline.plugins.local.{name}" for name in ("guardian", "pump", "forkserver", "loader_entry", "worker_entry")
)
"""Modules of each parent."""
_START: Callable[..., Any] = Nursery._start
_MAIN = """\
import sys, importlib.util as u
root, support = sys.argv.pop(1), sys.argv.pop(1)
spec = u.spec_from_file_location("graftline", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["graftline"] = package = u.module_from_spec(spec)
spec.loader.exec_module(package)
sys.path.insert(0, support)
from forking_parent import main
main()
"""


class Forked:
    """What a test needs of a `subprocess.Popen`, of a process that a parent forked."""

    def __init__(self, leash: socket.socket) -> None:
        self._leash = leash
        self._lock = threading.Lock()
        self._pid: int | None = None
        self.returncode: int | None = None

    @property
    def pid(self) -> int:
        """Its process id; waits until it is there."""
        while self._pid is None and self.returncode is None:
            self._hear(None)
        assert self._pid is not None, "the process was not forked"
        return self._pid

    def poll(self) -> int | None:
        """Return its exit code, minus the signal's number when one killed it; None while it lives."""
        while self.returncode is None and self._hear(0):
            pass
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it lives on.
        """
        while self.returncode is None:
            if not self._hear(timeout):
                raise subprocess.TimeoutExpired("forked", timeout)
        return self.returncode

    def kill(self) -> None:
        """Kill it if it lives."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _hear(self, timeout_s: float | None) -> bool:
        """Take in one message; return False when none came in time. Several threads may wait."""
        with self._lock:
            if self.returncode is not None:
                return True
            poll = select.poll()
            poll.register(self._leash, select.POLLIN)
        if not poll.poll(None if timeout_s is None else timeout_s * 1000):
            return False
        with self._lock, suppress(BlockingIOError):
            if self.returncode is not None:
                return True
            message = receive(self._leash, socket.MSG_DONTWAIT)
            word, value, *spent_s = message[0] if message else ("ended", 1, 0.0)
            if word == "born":
                self._pid = value
            else:
                self.returncode = value
                _spent["s"] += sum(spent_s)
                self._leash.close()
        return True


class _Parent:
    """A process that forks others, with modules it has imported."""

    def __init__(self, modules: frozenset[str]) -> None:
        self._link, theirs = pair()
        *options, _, root = bootstrap.launch_command()
        names = ",".join([*OURS, *sorted(modules)])
        support = str(Path(__file__).parent)
        with theirs:
            self._process = subprocess.Popen(
                [*options, _MAIN, root, support, names, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environ or None,
            )

    def fork(self, request: tuple[Any, ...], descriptors: Sequence[int]) -> Forked:
        """Have it fork; the leash becomes the fourth descriptor.

        Raises:
            OSError: it is gone.
        """
        leash, theirs = pair()
        with theirs:
            try:
                send(self._link, request, [*descriptors[:3], theirs.fileno(), *descriptors[3:]])
            except OSError:
                leash.close()
                raise
        return Forked(leash)

    @property
    def pid(self) -> int:
        return self._process.pid

    def leave(self) -> None:
        """Let it end."""
        self._link.close()

    def end(self) -> None:
        """Wait until it has ended."""
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


_environ: dict[str, str] = {}
"""As the session began: what parents get, whichever test is the first to need one."""
_spent = {"s": 0.0}
"""CPU seconds of what was forked and has ended, under `s`."""
_parents: dict[frozenset[str], _Parent] = {}
"""Those of this session: one that has imported what is ours, and one for each set of heavier modules."""


def forked(
    entry: str,
    *arguments: object,
    streams: Sequence[int],
    descriptors: Sequence[int] = (),
    modules: Sequence[str] = (),
    directory: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Forked:
    """Return a process that calls `module:function(*arguments, *descriptors)` and ends with what it returns.

    Args:
        entry: of the tests' support, or of the package.
        arguments: plain values.
        streams: what become its standard input, output and error.
        descriptors: that it gets beside these.
        modules: to import once for all processes that name the same.
        directory: where it begins; None: where this process is.
        environ: its environment; None: that of this process.
    """
    request = ("call", dict(os.environ if environ is None else environ), directory or os.getcwd(), entry, arguments)
    return _parent(frozenset(modules)).fork(request, [*streams, *descriptors])


def _parent(modules: frozenset[str]) -> _Parent:
    if modules not in _parents:
        _parents[modules] = _Parent(modules)
    return _parents[modules]


def _options(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter reads when it starts."""
    return {name: value for name, value in environ.items() if name.startswith("PYTHON") and value}


def _reads_tables() -> bool:
    """Tell whether what runs here is a pipeline that begins at a feed."""
    return any(b"Source(" in file.read_bytes() for file in Path.cwd().glob("*.py"))


def _start(nursery: Nursery, link: socket.socket, control: socket.socket) -> Any:
    """Do what `Nursery._start` does, by forks; in its way where that cannot be."""
    wanted = {name.partition(".")[0] for name in nursery.preload}
    if not wanted <= PARENT_OF.keys():
        wanted = set()
    if _reads_tables():
        wanted.add("pandas")  # which the feed would import in the first worker of each run: 0.3 s of CPU time
    packages = frozenset(module for name in wanted for module in PARENT_OF[name])
    if _options(os.environ) != _options(_environ):
        return _START(nursery, link, control)  # as `graft verify` asks for another seed of hashes
    request = ("start", dict(os.environ), os.getcwd(), nursery.mark)
    try:
        started = _parent(packages).fork(request, [link.fileno(), control.fileno(), nursery._diagnosis.fileno()])
    except OSError:
        return _START(nursery, link, control)
    link.close()
    control.close()
    return started


def spent_s() -> float:
    """Return the CPU seconds of all forked processes that have ended, with what ended below them."""
    return _spent["s"]


def parents() -> set[int]:
    """Return the process ids of the parents of this session."""
    return {each.pid for each in _parents.values()}


@contextmanager
def forked_nurseries() -> Iterator[None]:
    """Have the nurseries of this process forked; elsewhere than on Linux they are started as ever."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux":
            patch.setattr(Nursery, "_start", _start)
        _environ.update(os.environ)
        try:
            yield
        finally:
            for each in _parents.values():
                each.leave()
            for each in _parents.values():
                each.end()
            _parents.clear()
            _environ.clear()
            _spent["s"] = 0.0  # the parents' own figures have it, too


@contextmanager
def started_by_the_product() -> Iterator[None]:
    """Have the nurseries of this process started as the product does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Nursery, "_start", _START)
        yield
