"""The parent that nurseries of tests are forked from; see `forked_nurseries`. Runs in a process of its own.

Socket, inherited:
    in   ("start", environment, directory, mark) + [link, control, diagnosis, leash]      a nursery
         ("call", environment, directory, entry, arguments) + [stdin, stdout, stderr, leash, others]
Leash, one socket a process:
    out  ("born", pid) · ("ended", exit code, cpu seconds)
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
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from graftline.plugins.local import launcher
from graftline.plugins.local.descent import MARK
from graftline.plugins.local.rights import receive, tell


def main() -> None:
    """Serve until the other end closes. Command line: modules to import, separated by commas, and the socket."""
    modules, number = sys.argv[1:]
    sys.argv[:] = [""]
    gc.disable()
    for name in modules.split(","):
        # What a package raises here, it raises again where the forkserver imports it, and is told there.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    _Parent(socket.socket(fileno=int(number))).serve()


class _Parent:
    def __init__(self, control: socket.socket) -> None:
        control.set_inheritable(False)
        self._control = control
        self._leashes: dict[int, socket.socket] = {}
        self._wake, self._woken = os.pipe()
        for each in (self._wake, self._woken):
            os.set_blocking(each, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._wake:
                    os.read(self._wake, 4096)
                    self._bury()
                elif not self._take():
                    return

    def _take(self) -> bool:
        """Fork one process; return False when the other end is closed."""
        request = receive(self._control)
        if request is None:
            return False
        (word, environ, directory, *values), descriptors = request
        if not (pid := os.fork()):
            become = self._become_guardian if word == "start" else self._become
            _ended_by(lambda: become(environ, directory, values, descriptors))
        leash = descriptors.pop(3)
        for each in descriptors:
            os.close(each)
        self._leashes[pid] = socket.socket(fileno=leash)
        tell(self._leashes[pid], ("born", pid))
        return True

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if not pid:
                    break
                leash = self._leashes.pop(pid)
                tell(leash, ("ended", os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime))
                leash.close()

    def _become_guardian(
        self, environ: Mapping[str, str], directory: str, values: list[Any], descriptors: list[int]
    ) -> None:
        (mark,) = values
        link, control, diagnosis, leash = descriptors
        runner = os.getppid()  # its end closes the link too
        with open(os.devnull) as nothing:
            self._leave((nothing.fileno(), diagnosis, diagnosis), environ, directory)
        os.close(diagnosis)
        os.close(leash)
        os.setsid()
        os.environ[MARK] = mark
        launcher.guard(runner, link, control)

    def _become(self, environ: Mapping[str, str], directory: str, values: list[Any], descriptors: list[int]) -> None:
        entry, arguments = values
        *streams, leash = descriptors[:4]
        self._leave(streams, environ, directory)
        for each in (*streams, leash):
            os.close(each)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gc.enable()
        module, _, function = entry.partition(":")
        code = getattr(importlib.import_module(module), function)(*arguments, *descriptors[4:])
        atexit._run_exitfuncs()
        if code:
            sys.exit(code)

    def _leave(self, streams: Sequence[int], environ: Mapping[str, str], directory: str) -> None:
        """Be a process of its own."""
        signal.set_wakeup_fd(-1)
        self._control.close()
        for each in self._leashes.values():
            each.close()
        os.close(self._wake)
        os.close(self._woken)
        for target, source in enumerate(streams):
            os.dup2(source, target)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environ)
        tempfile.tempdir = None
        time.tzset()


def _ended_by(work: Callable[[], None]) -> NoReturn:
    """Work and end this process."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    # The edge of the process: what happened goes where the product's process would have written it.
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
