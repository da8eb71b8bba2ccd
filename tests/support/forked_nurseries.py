"""Nurseries whose processes are forked from one that has imported what they need, instead of started for each test.

A run in this process starts a guardian and a forkserver: 190 ms of CPU time, nearly all of it for two interpreters and
their imports; with scikit-learn and matplotlib it is 1.5 s. Here one parent for each session imports that once, and
forks both. From then on they run the product's own code, in a session of their own, with the environment and the
directory of the moment. What is not the same, so that tests of these processes have them started by the product
(`started_by_the_product`): their `/proc/PID/environ` and command line are the parent's, the guardian's parent is not
this process, and all share one seed of hashes.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graftline.plugins.local import bootstrap
from graftline.plugins.local.loader import LOADER_MODULES
from graftline.plugins.local.nursery import WORKER_MODULES, Nursery
from graftline.plugins.local.rights import pair, receive, send

HEAVY = frozenset({"matplotlib", "nbclient", "nbformat", "numpy", "pandas", "pyarrow", "scipy", "sklearn"})
"""Packages that are worth a parent that has imported them."""
_START: Callable[..., Any] = Nursery._start
_MAIN = """\
import sys, importlib.util as u
root, support = sys.argv.pop(1), sys.argv.pop(1)
spec = u.spec_from_file_location("graftline", root + "/__init__.py", submodule_search_locations=[root])
sys.modules["graftline"] = package = u.module_from_spec(spec)
spec.loader.exec_module(package)
sys.path.insert(0, support)
from forking_parent import main
sys.path.remove(support)
main()
"""


class Parents:
    """The parents of a session: one that has imported what is ours, and one for each set of heavy packages."""

    def __init__(self) -> None:
        self._parents: dict[frozenset[str], _Parent] = {}

    def start(self, nursery: Nursery, link: socket.socket, control: socket.socket) -> Any:
        """Do what `Nursery._start` does, by forks; in its way where that cannot be."""
        packages = frozenset(nursery.preload)
        if not {name.partition(".")[0] for name in packages} <= HEAVY:
            packages = frozenset()
        if packages not in self._parents:
            self._parents[packages] = _Parent(packages)
        try:
            started = self._parents[packages].fork(nursery, link, control)
        except OSError:
            return _START(nursery, link, control)
        link.close()
        control.close()
        return started

    def close(self) -> None:
        """End them."""
        for each in self._parents.values():
            each.close()


class _Parent:
    def __init__(self, packages: frozenset[str]) -> None:
        self._link, theirs = pair()
        *options, _, root = bootstrap.forkserver_command()
        modules = ",".join([*WORKER_MODULES, *LOADER_MODULES, *sorted(packages)])
        support = str(Path(__file__).parent)
        with theirs:
            self._process = subprocess.Popen(
                [*options, _MAIN, root, support, modules, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def fork(self, nursery: Nursery, link: socket.socket, control: socket.socket) -> _Guardian:
        leash, theirs = pair()
        descriptors = [link.fileno(), control.fileno(), nursery._diagnosis.fileno(), theirs.fileno()]
        with theirs:
            try:
                send(self._link, ("start", dict(os.environ), os.getcwd(), nursery.mark), descriptors)
            except OSError:
                leash.close()
                raise
        return _Guardian(leash)

    def close(self) -> None:
        self._link.close()
        self._process.wait(10)


class _Guardian:
    """What `Nursery` needs of a `subprocess.Popen`."""

    def __init__(self, leash: socket.socket) -> None:
        self._leash = leash
        self._pid: int | None = None
        self.returncode: int | None = None

    @property
    def pid(self) -> int:
        while self._pid is None and self._hear(None):
            pass
        assert self._pid is not None, "the guardian was not forked"
        return self._pid

    def poll(self) -> int | None:
        while self.returncode is None and self._hear(0):
            pass
        return self.returncode

    def wait(self, timeout: float) -> int:
        while self.returncode is None:
            if not self._hear(timeout):
                raise subprocess.TimeoutExpired("guardian", timeout)
        return self.returncode

    def _hear(self, timeout_s: float | None) -> bool:
        """Take in one message; return False when none came in time."""
        poll = select.poll()
        poll.register(self._leash, select.POLLIN)
        if not poll.poll(None if timeout_s is None else timeout_s * 1000):
            return False
        message = receive(self._leash)
        word, value = message[0] if message else ("ended", 1)
        if word == "born":
            self._pid = value
        else:
            self.returncode = value
            self._leash.close()
        return True


@contextmanager
def forked_nurseries() -> Iterator[None]:
    """Have the nurseries of this process forked; Linux alone has what guardians need for that."""
    parents = Parents()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Nursery, "_start", lambda self, link, control: parents.start(self, link, control))
        yield
    parents.close()


@contextmanager
def started_by_the_product() -> Iterator[None]:
    """Have the nurseries of this process started as the product does it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Nursery, "_start", _START)
        yield
