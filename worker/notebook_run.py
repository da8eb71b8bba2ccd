"""Drive a notebook's kernel: start it, run cell by cell with nbclient, end it. Whatever happens, nothing stays.

nbclient runs in a thread with an event loop of its own. The attempt's own thread listens to the kernel meanwhile, so
that a SIGTERM interrupts a plain `recv`: raised in a callback of a loop it would be logged and lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..core.records import dataclass
from ..core.runs import StepError
from ..core.states import Reason
from .channel import Channel, socket_pair
from .failure import ReportedFailure
from .kernel import Beginning, entry, give

Say = Callable[[tuple[Any, ...]], None]
"""Takes the messages of a kernel; worker/kernel.py lists them."""

_STARTUP_S = 60
"""Seconds a kernel may take to answer first, on a machine under load."""
_INTERRUPT_S = 0.5
"""Seconds a cell has to clean up after its KeyboardInterrupt; below the second a step has at its time limit."""
_LEAVE_S = 2.0
"""Seconds a kernel has for its exit handlers."""
_JOIN_S = 0.3
"""Seconds to wait for nbclient, which looks once a second whether the kernel is alive; it ends by itself."""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DESCRIPTORS = {"stdout": 1, "stderr": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a kernel is started with."""

    beginning: Beginning
    private: str
    """Absolute directory of the attempt; its sockets and files lie there."""


def run(notebook: Any, kernel: Kernel, take: Say, keep: Callable[[bytes], object] | None) -> None:
    """Execute a notebook in place.

    Args:
        notebook: nbformat's nodes; cells get their outputs while they run.
        kernel: what to start.
        take: is called with each message of the kernel but errors, in this thread.
        keep: is called with what cells print to stdout; None: nobody asks.

    Raises:
        ReportedFailure: a cell failed, or the kernel died or did not start.
        BaseException: what interrupted this thread.
    """
    ours, theirs = socket_pair()
    channel = Channel(ours, kernel.private)
    driver = _Driver(notebook, kernel, ours, theirs, keep)
    error: StepError | None = None
    try:
        channel.send(("begin", kernel.beginning))
        driver.start()
        with contextlib.suppress(EOFError):
            while True:
                message: Any = channel.receive()
                if message[0] == "error":
                    error = message[1]
                else:
                    take(message)
        driver.join()
    finally:
        driver.stop()
        channel.close()
    if driver.problem is not None:
        raise driver.failure(error) from driver.problem


class _Driver(threading.Thread):
    """Runs nbclient to the end of the notebook, then closes the line that the attempt's thread listens to."""

    def __init__(
        self,
        notebook: Any,
        kernel: Kernel,
        ours: socket.socket,
        theirs: socket.socket,
        keep: Callable[[bytes], object] | None,
    ) -> None:
        super().__init__(name="graftline-notebook", daemon=True)
        self._notebook = notebook
        self._kernel = kernel
        self._line = ours.dup()
        self._theirs = theirs
        self._keep = keep
        self._process: subprocess.Popen[bytes] | None = None
        self._running = ""
        """The cell that runs, for messages."""
        self._is_unwanted = False  # not `_is_stopped`: that is Thread's own
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Execute everything."""
        try:
            asyncio.run(self._drive())
        except BaseException as problem:  # noqa: BLE001  told by the attempt's thread
            self.problem = problem
        finally:
            self._theirs.close()
            # What was sent is still read; then comes the end, also when a process the kernel forked has the other end.
            with contextlib.suppress(OSError):  # closed already: nobody listens any more
                self._line.shutdown(socket.SHUT_RD)

    def stop(self) -> None:
        """End the kernel and all it started: the cell is interrupted first, so that its `finally` blocks run."""
        self._is_unwanted = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                if self.is_alive():
                    os.killpg(process.pid, signal.SIGINT)
                    deadline = time.monotonic() + _INTERRUPT_S
                    while self.is_alive() and time.monotonic() < deadline:
                        time.sleep(0.01)
                os.killpg(process.pid, signal.SIGKILL)
        if self.ident is not None:
            self.join(_JOIN_S)
        self._line.close()

    def failure(self, error: StepError | None) -> ReportedFailure:
        """Return why it failed: the cell's own error, or how the kernel ended."""
        from nbclient.exceptions import CellExecutionError

        if isinstance(self.problem, CellExecutionError):
            text = _ANSI.sub("", f"{self.problem.evalue} ({self._running})")
            return ReportedFailure(error or StepError(type=self.problem.ename, message=text), Reason.ERROR)
        code = None if self._process is None else self._process.poll()
        if code is None or code == 0:
            what = f"{type(self.problem).__name__}: {self.problem}"
            return ReportedFailure(StepError(type="KernelFailed", message=_ANSI.sub("", what)), Reason.ERROR)
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"left with exit code {code}"
        when = f" while {self._running} ran" if self._running else " before it was ready"
        hint = "; out of memory?" if code == -signal.SIGKILL else ""
        reason = Reason.SIGNAL if code < 0 else Reason.EXIT
        return ReportedFailure(StepError(type="KernelDied", message=f"the kernel {how}{when}{hint}"), reason)

    async def _drive(self) -> None:
        client = self._client()
        environ = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # else debugpy warns of frozen modules
        started = client.async_setup_kernel(
            cwd=self._kernel.beginning["cwd"], env=environ, pass_fds=(self._theirs.fileno(),), cleanup_kc=False
        )
        async with started:
            self._theirs.close()
            try:
                await self._execute(client)
            finally:
                await self._finish(client)

    async def _execute(self, client: Any) -> None:
        reply = await client.async_wait_for_reply(client.kc.kernel_info())
        self._notebook.metadata["language_info"] = reply["content"]["language_info"]
        labels = iter(self._kernel.beginning["labels"])
        for index, cell in enumerate(self._notebook.cells):
            if client.is_executed(cell):
                self._running = f"{self._kernel.beginning['notebook']}, {next(labels)}"
            await client.async_execute_cell(cell, index)
        client.set_widgets_metadata()
        self._running = "its values were read"
        request = client.kc.execute(f"__import__({give.__module__!r}, fromlist=['give']).give()", silent=True)
        reply = await client.async_wait_for_reply(request)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(f"{reply['content'].get('ename')}: {reply['content'].get('evalue')}")

    async def _finish(self, client: Any) -> None:
        """Let the kernel leave by itself, so that its exit handlers run.

        Not nbclient's way: that interrupts first, and a kernel interrupted while idle took 3 s to leave.
        """
        process = self._process
        if process is not None and process.poll() is None:
            client.kc.shutdown()
            deadline = time.monotonic() + _LEAVE_S
            while process.poll() is None and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
        client.kc.stop_channels()
        await client.km.cleanup_resources()

    def _client(self) -> Any:
        # 170 ms and an extra: only where a notebook runs.
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient

        argv = [sys.executable, "-P", "-c", entry(sys.path), str(self._theirs.fileno()), self._kernel.private]
        spec = KernelSpec(argv=[*argv, "-f", "{connection_file}"], display_name="Python", language="python")
        driver = self

        class HereManager(AsyncKernelManager):
            """Starts the interpreter of this worker, whatever kernels are installed."""

            @property
            def kernel_spec(self) -> KernelSpec:
                return spec

            def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
                return [self.connection_file if arg == "{connection_file}" else arg for arg in spec.argv]

            async def _async_launch_kernel(self, kernel_cmd: list[str], **kwargs: Any) -> None:
                if driver._is_unwanted:  # cancelled while this thread imported nbclient
                    raise RuntimeError("stopped before it was started")
                await super()._async_launch_kernel(kernel_cmd, **kwargs)
                provisioner: Any = self.provisioner
                driver._process = process = provisioner.process
                if driver._is_unwanted:
                    os.killpg(process.pid, signal.SIGKILL)

        class LiveClient(NotebookClient):
            """Passes on at once what cells print."""

            def is_executed(self, cell: Any) -> bool:
                tags = cell.metadata.get("tags", [])
                return cell.cell_type == "code" and bool(cell.source.strip()) and "skip-execution" not in tags

            def process_message(self, message: Any, cell: Any, cell_index: int) -> Any:
                if message["msg_type"] == "stream":
                    driver._pass_on(message["content"])
                return super().process_message(message, cell, cell_index)

        # Sockets in a directory of 0700: nobody else can talk to the kernel, and no port is taken.
        manager = HereManager(
            transport="ipc",
            ip=os.path.join(self._kernel.private, "kernel"),
            connection_file=os.path.join(self._kernel.private, "kernel.json"),
        )
        return LiveClient(self._notebook, km=manager, timeout=None, startup_timeout=_STARTUP_S, coalesce_streams=True)

    def _pass_on(self, content: Mapping[str, Any]) -> None:
        data = str(content["text"]).encode("utf-8", "backslashreplace")
        if self._keep is not None and content["name"] == "stdout":
            self._keep(data)
        with contextlib.suppress(OSError):  # nobody reads the log any more
            done = 0
            while done < len(data):
                done += os.write(_DESCRIPTORS[content["name"]], data[done:])
