"""The seed: a fork of a command, taken before it does anything else, that becomes the guardian of its first nursery.

A second interpreter takes 24 ms of CPU to start, and 45 to import what loads a pipeline, most of which the command
imports as well. A fork has both. It is taken when nothing is imported yet but what each loader and worker begins with,
nothing is open and one thread runs, so that what comes of it is as clean as what comes of an interpreter. Where that
cannot be said, in somebody's own program above all, there is no seed.

Socket, inherited:
    in   ("grow", mark, runner) + [link, control, diagnosis]; the end of file without it: nobody wants it
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib.machinery
import io
import os
import signal
import socket
import sys
import types
from collections.abc import Sequence
from typing import NoReturn

from ...core.collector import rare_collections
from .descent import MARK
from .rights import pair, receive, send

SHARED = (
    *("copy", "dataclasses", "heapq", "pickle", "threading", "graftline.core.above", "graftline.core.control"),
    *("graftline.core.fingerprints.readers", "graftline.core.functions", "graftline.core.kinds"),
    *("graftline.core.graphrows", "graftline.core.ports", "graftline.core.provenance"),
    *("graftline.worker.paramfiles", "graftline.worker.reaching", "graftline.worker.workplace"),
    "graftline.plugins.local.answers",
)
"""Modules that both a command which runs pipelines and its loader import: with theirs, half of what either does."""
_planted: Seed | None = None


class Seed:
    """A fork that waits. Used once, or left to end with this process."""

    def __init__(self, pid: int, link: socket.socket) -> None:
        self.pid = pid
        self.link = link
        self._runner = os.getpid()
        self._environ = dict(os.environ)
        self._directory = os.getcwd()

    def is_as_now(self) -> bool:
        """Tell whether a process started now would begin as it did."""
        with contextlib.suppress(OSError):  # the directory is gone
            here = os.getcwd()
            return self._runner == os.getpid() and self._directory == here and self._environ == dict(os.environ)
        return False


class Grown:
    """A guardian that came of a seed; what a nursery needs of a `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        """Exit code, minus the signal's number when one killed it; None while it lives, as far as it was looked at."""

    def poll(self) -> int | None:
        """Look whether it has ended; return its exit code, None while it lives."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else waited for it
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def plant() -> None:
    """Fork the seed of this process, a command of ours that begins; do nothing where a fork would not be clean."""
    global _planted
    if _planted is not None or not _is_clean():
        return
    with rare_collections():
        for name in SHARED:
            importlib.import_module(name)
        gc.freeze()  # else all of it is looked through when the block ends: 2.5 ms
    ours, theirs = pair()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # The terminal interrupts both; the fork must not be hit before it is no part of the command any more.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
        if pid == 0:
            _wait(theirs, mask)
    except OSError:  # no more processes; whoever needs one will say so
        ours.close()
        theirs.close()
        return
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    theirs.close()
    _planted = Seed(pid, ours)


def grow(mark: str, descriptors: Sequence[int]) -> Grown | None:
    """Turn the seed into a guardian with its forkserver; None: there is none that is as a process started now.

    Args:
        mark: of its nursery.
        descriptors: guardian's end of the link, forkserver's end of its control, a file for last words.
    """
    global _planted
    seed, _planted = _planted, None
    if seed is None:
        return None
    with seed.link:
        if not seed.is_as_now():
            return None
        try:
            send(seed.link, ("grow", mark, os.getpid()), descriptors)
        except OSError:  # it was killed
            return None
    return Grown(seed.pid)


def _is_clean() -> bool:
    """Tell whether a fork taken now has one thread, is watched by no tracer, and has the streams a process has."""
    try:
        threads = len(os.listdir("/proc/self/task"))
    except OSError:
        return False  # macOS among others: frameworks there do not outlive a fork
    is_watched = sys.gettrace() is not None or sys.getprofile() is not None
    return threads == 1 and not is_watched and None not in (sys.stdin, sys.stdout, sys.stderr)


def _wait(link: socket.socket, mask: set[signal.Signals | int]) -> NoReturn:
    """Be the seed: wait until it is wanted, and never return. `mask`: signals that were blocked before the fork."""
    code = 1
    try:
        _leave_command(link)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        request = receive(link)
        if request is not None:
            (_, mark, runner), (theirs, control, diagnosis) = request
            from .launcher import guard  # what the command itself does without

            link.close()
            os.environ[MARK] = mark
            _speak_to(diagnosis)
            guard(runner, theirs, control)
        code = 0
    # The edge of the process: what is printed here are the last words that the runner shows.
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _leave_command(link: socket.socket) -> None:
    """Be no part of the command any more: not of its terminal, its files, or its `__main__`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setsid()
    for each in map(int, os.listdir("/proc/self/fd")):
        if each > 2 and each != link.fileno():
            with contextlib.suppress(OSError):  # the listing's own
                os.close(each)
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    os.close(nothing)
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __loader__=importlib.machinery.BuiltinImporter)  # as with `python -c`
    sys.argv[:] = [""]


def _speak_to(file: int) -> None:
    """Write what is printed to a file at once, as `python -u` does: what a step printed before it died is kept."""
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(file, descriptor)
        before = getattr(sys, name)
        raw = io.FileIO(descriptor, "w", closefd=False)
        raw.name = before.name
        text = io.TextIOWrapper(
            raw,
            encoding=before.encoding,
            errors=before.errors,
            newline="\n",
            write_through=True,
        )
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
    os.close(file)
