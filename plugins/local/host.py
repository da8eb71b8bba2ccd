"""Starts a process of its own to host a run, so that the run outlives the terminal it was asked for in."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import PluginError
from ...core.ids import RunId
from ...core.states import Status

if TYPE_CHECKING:
    import subprocess

    from ...core.queue import Claim  # submissions, which most commands have nothing to do with

_started: list[subprocess.Popen[bytes]] = []
"""Hosts this process started that were alive when it last looked: dropping one that runs is a ResourceWarning."""


@atexit.register
def _let_go() -> None:
    """Let hosts live on: Popen warns of a child that outlives this process, and these are meant to."""
    for each in _started:
        each.returncode = 0  # as if it had been waited for


class ProcessHost:
    """Implements `Host` with `python -m graftline _host RUN`.

    Args:
        store: directory of the store.
        logs: gives the directory of a run's logs, where the process leaves its last words if it cannot start.
        arguments: returns the global options the new process needs to see the same configuration.
    """

    def __init__(self, store: Path, logs: Callable[[RunId], Path], arguments: Callable[[], tuple[str, ...]] = tuple):
        self._store = store
        self._logs = logs
        self._arguments = arguments

    def launch(self, run: RunId, expect: Status) -> None:
        """Start the process; it leads a session of its own, so no hangup or Ctrl+C of this terminal reaches it.

        Raises:
            PluginError: it cannot be started.
        """
        self._start([*self.command(), run, expect], run, None)

    def command(self) -> tuple[str, ...]:
        """Return what starts a host of this project's runs; the run and its state are to follow."""
        return sys.executable, "-m", "graftline", "--store", str(self._store), *self._arguments(), "_host"

    def start(self, claim: Claim, expect: Status, labels: Mapping[str, int]) -> HostProcess:
        """Start the process of a claim, with the interpreter and configuration of who submitted it.

        Raises:
            PluginError: it cannot be started.
        """
        served = [word for label, slots in labels.items() for word in ("--serves", f"{label}={slots}")]
        again = ["--resumes"] if expect is Status.INTERRUPTED else []  # by its own project's configuration
        return HostProcess(self._start([*claim.command, claim.run, expect, *served, *again], claim.run, claim.cwd))

    def _start(self, command: list[str], run: RunId, cwd: str | None) -> subprocess.Popen[bytes]:
        import subprocess  # 3 ms, of commands that start no host

        said = self._logs(run) / "host.txt"
        descriptor = -1
        try:
            said.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            _started[:] = [each for each in _started if each.poll() is None]  # none stays a zombie for long
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                close_fds=True,
            )
            _started.append(process)
            return process
        except OSError as error:
            raise PluginError(f"cannot start a process to host run {run}: {error}") from error
        finally:
            if descriptor >= 0:
                os.close(descriptor)


class HostProcess:
    """A process that hosts a run for a worker; the worker's own end leaves it alone."""

    def __init__(self, process: subprocess.Popen[bytes]):
        self._process = process

    def is_over(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """Kill it and wait for it; its guardian clears away what it had started."""
        self._process.kill()
        self._process.wait()
