"""The forkserver: a warm process that forks workers on request.

It imports the third-party packages of a project once, and our own code when the first child that needs it is asked
for; a worker then costs a fork (about 8 ms with pandas) instead of a second of imports, and shares those pages. It
never imports project code or `__main__`: that would be stale in watch, could run a script twice, and an error there
would kill every worker to come.

Why not multiprocess's forkserver: see docs/decisions/0005-the-local-runner-has-its-own-forkserver.md.

Control socket, inherited:
    in   ("warm", packages, sys_path)                          first, once
         ("fork", entry, arguments) + [socket, stdout, stderr, leash]
    out  ("importing", package) · ("imported", package, seconds, threads) · ("broken", package, text) · ("warm",)
Leash, one socket a child:
    out  ("born", pid) + [pidfd] · ("ended", exit code, peak bytes, cpu seconds); EOF without it: the server died
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
import warnings
from collections.abc import Sequence
from typing import NoReturn

from .rights import receive, tell

_OOM_SCORE = b"200"
"""Of 1000, set for a worker: the kernel takes a step before it takes the runner or the guardian."""


def run(control: int) -> NoReturn:
    """Serve until the runner closes its end, then end this process. `control`: the control socket's number."""
    code = 1
    try:
        _serve(socket.socket(fileno=control))
        code = 0
    # The edge of the process: what is printed here are the last words that the runner shows.
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(code)


def _serve(control: socket.socket) -> None:
    gc.disable()  # 10 ms of looking through what is imported to stay; a child has it enabled when it begins
    first = receive(control)
    if first is None:
        return
    (_, packages, sys_path), _ = first
    if sys_path:
        sys.path[:] = sys_path
    _warm(control, packages)
    _Server(control).serve()


def _warm(control: socket.socket, packages: Sequence[str]) -> None:
    for name in packages:
        tell(control, ("importing", name))
        before, threads = time.monotonic(), _threads()
        try:
            importlib.import_module(name)
        # A package may raise anything at import, sys.exit included; the step that needs it will say so.
        except BaseException as problem:  # noqa: BLE001
            tell(control, ("broken", name, f"{type(problem).__name__}: {problem}"[:1000]))
        else:
            tell(control, ("imported", name, time.monotonic() - before, _threads() - threads))
    tell(control, ("warm",))
    if packages:  # ours alone leave next to nothing; to look for it takes 10 ms
        gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, every shared page


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


class _Server:
    """Forks on request and tells each child's leash how it ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._leashes: dict[int, socket.socket] = {}
        self._entries: set[str] = set()
        self._wake, self._woken = socket.socketpair()
        for each in (self._wake, self._woken):
            each.setblocking(False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, _nothing)
        signal.set_wakeup_fd(self._woken.fileno(), warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._wake.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self._wake.recv(4096)
                    self._bury()
                elif not self._take():
                    return  # the guardian reaps whoever is left

    def _take(self) -> bool:
        """Answer one request; return False when the runner closed its end."""
        try:
            request = receive(self._control)
        except ConnectionError:  # it closed it before it had read all that we told
            return False
        if request is None:
            return False
        (_, entry, arguments), descriptors = request
        self._prepare(entry)
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads at a fork; packages that start some are reported by `_warm`.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            self._become(entry, arguments, descriptors)
        leash = socket.socket(fileno=descriptors.pop())
        for descriptor in descriptors:
            os.close(descriptor)
        self._leashes[pid] = leash
        _announce(leash, pid)
        return True

    def _prepare(self, entry: str) -> None:
        """Import what a child begins with, once for all: 10 to 60 ms that a run without such children is spared."""
        if entry in self._entries:
            return
        self._entries.add(entry)
        # The child imports it again, and then its last words say what is wrong.
        with contextlib.suppress(Exception):
            importlib.import_module(entry.partition(":")[0])
        gc.freeze()

    def _bury(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            leash = self._leashes.pop(pid, None)
            if leash is not None:  # else a process that some preloaded package started
                code = os.waitstatus_to_exitcode(status)
                tell(leash, ("ended", code, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime))
                leash.close()

    def _become(self, entry: str, arguments: tuple[object, ...], descriptors: list[int]) -> NoReturn:
        """Turn the forked process into a worker and never return."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._control, self._wake, self._woken, *self._leashes.values()):
                each.close()
            self._leashes.clear()
            os.setpgid(0, 0)
            code = _run(entry, arguments, descriptors)
        # The edge of the process: whatever happened is told on stderr, which is the worker's log.
        except BaseException:  # noqa: BLE001
            sys.excepthook(*sys.exc_info())
        finally:
            _leave(code)


def _leave(code: int) -> NoReturn:
    """End this process as an interpreter does, but for taking it apart: 10 ms."""
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _run(entry: str, arguments: tuple[object, ...], descriptors: list[int]) -> int:
    channel, stdout, stderr, leash = descriptors
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for descriptor in (nothing, stdout, stderr, leash):
        os.close(descriptor)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb") as file:
        file.write(_OOM_SCORE)
    module, _, function = entry.partition(":")
    getattr(importlib.import_module(module), function)(socket.socket(fileno=channel), *arguments)
    return 0


def _announce(leash: socket.socket, pid: int) -> None:
    """Tell the leash who was born, with a pidfd where there is one: taken before the child can be reaped."""
    if not hasattr(os, "pidfd_open"):
        return tell(leash, ("born", pid))
    pidfd = os.pidfd_open(pid)
    tell(leash, ("born", pid), [pidfd])
    os.close(pidfd)
    return None


def _nothing(*_: object) -> None:
    """Handle SIGCHLD: the wake-up descriptor has already been written."""
