"""A real worker process for tests: the executor's side of the protocol in twenty lines, every wait with a deadline."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forked_nurseries import forked

from graftline.core.graph import Call, CallKind, Operation, Policy, Return
from graftline.core.runs import StepError
from graftline.worker.capture import Marker, split_at_markers
from graftline.worker.channel import Channel, Message, socket_pair
from graftline.worker.definitions import Encoder

NONCE = b"0123456789abcdef"
DEADLINE_S = 20.0


def python(qualname: str, *returns: Return | str, **policy: Any) -> Operation:
    """Return an operation that calls a function of `worker_steps`."""
    call = Call(kind=CallKind.PYTHON, module="worker_steps", qualname=qualname)
    return operation(call, *returns, **policy)


def operation(call: Call, *returns: Return | str, **policy: Any) -> Operation:
    """Return an operation; a text is a return of that name."""
    declared = tuple(Return(name=each) if isinstance(each, str) else each for each in returns)
    return Operation(call=call, returns=declared, policy=Policy(**policy))


class WorkerProcess:
    """Starts a worker in `cwd` and talks to it. Use as a context manager."""

    def __init__(self, directory: Path, **context: Any) -> None:
        self.cwd = directory / "project"
        self.objects = directory / "objects"
        self.cwd.mkdir(exist_ok=True)
        self.objects.mkdir(exist_ok=True)
        self._log = directory
        self._tokens = 0
        self.said: list[Message] = []
        """What attempts told of themselves, by `run`."""
        mine, theirs = socket_pair()
        self.channel = Channel(mine, str(self.objects))
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with open(directory / "out", "ab") as out, open(directory / "err", "ab") as err, open(os.devnull) as nothing:
            self.process = forked(
                "forked_entries:work",
                str(self.objects),
                NONCE,
                streams=(nothing.fileno(), out.fileno(), err.fileno()),
                descriptors=(theirs.fileno(),),
                environ=environ,
            )
        theirs.close()
        given: dict[str, Any] = {
            "run": "run",
            "root": str(self.cwd),
            "cwd": str(self.cwd),
            "sys_path": (str(self.cwd),),
            "objects": str(self.objects),
            "planned_files": {},
            "secrets": {},
            "params": {},
            "code": None,
            "umask": 0o022,
            "environ": None,
            "guard": None,
        }
        self.channel.send(("context", given | context))
        self.greeting = self.receive()

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()
        try:
            self.process.wait(DEADLINE_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait(DEADLINE_S)

    def receive(self) -> Message:
        """Return the next message within the deadline."""
        ready, _, _ = select.select([self.channel], [], [], DEADLINE_S)
        if not ready:
            raise TimeoutError("the worker said nothing")
        return self.channel.receive()

    def send(
        self, step: Operation, arguments: Mapping[str, Any] | None = None, files: Sequence[Any] = (), node: str = "n"
    ) -> int:
        """Send an operation and an order for it; return the order's token. Plain arguments become constants."""
        self._tokens += 1
        pairs = tuple(
            (name, value if isinstance(value, tuple) else ("c", value)) for name, value in (arguments or {}).items()
        )
        definition = Encoder().encode(step)
        self.channel.send(("order", self._tokens, node, 1, self._tokens, pairs, tuple(files), definition, ()))
        return self._tokens

    def run(self, step: Operation, arguments: Mapping[str, Any] | None = None, files: Sequence[Any] = ()) -> Message:
        """Run one attempt and return its report."""
        token = self.send(step, arguments, files)
        while (report := self.receive())[0] == "said":
            self.said.append(report)
        assert report[1] == token
        return report

    def values(self, step: Operation, arguments: Mapping[str, Any] | None = None) -> dict[str, bytes | None]:
        """Run one attempt that must succeed and return its outputs' inline bytes by name."""
        report = self.run(step, arguments)
        assert report[0] == "done", report
        return {output[0]: output[5] for output in outputs_of(report)}

    def failure(self, step: Operation, arguments: Mapping[str, Any] | None = None) -> tuple[str, StepError]:
        """Run one attempt that must fail and return its reason and error."""
        report = self.run(step, arguments)
        assert report[0] == "failed", report
        error = report[7]
        assert isinstance(error, StepError)
        return str(report[6]), error

    def cancel(self) -> None:
        """Send the worker SIGTERM."""
        os.kill(self.process.pid, signal.SIGTERM)

    def receive_cancelled(self) -> Message:
        """Cancel until it reports, as the executor does: one signal alone may come just before a system call blocks."""
        for _ in range(int(DEADLINE_S / 0.25)):
            self.cancel()
            if select.select([self.channel], [], [], 0.25)[0]:
                break
        return self.receive()

    def printed(self, stream: str = "out") -> list[bytes | Marker]:
        """Return what the worker printed so far, cut at its markers."""
        pieces, rest = split_at_markers((self._log / stream).read_bytes(), NONCE)
        return [*pieces, rest] if rest else pieces


def outputs_of(report: Message) -> tuple[Any, ...]:
    """Return the outputs of a `done` report."""
    found = report[6]
    assert isinstance(found, tuple)
    return found
