"""Executes one attempt in a process at this terminal, and leaves the terminal as it was."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.errors import InvalidError

if TYPE_CHECKING:
    from ...core.replay import Ended, Replay

_FAILED = 1


def execute_here(replay: Replay) -> Ended:
    """Start the process, give it the terminal, and wait for its end.

    Raises:
        InvalidError: nobody is there to talk to; or what the process said is wrong with the request.
    """
    from ...core.replay import Ended
    from ...worker.replaying import Payload, entry  # pdb and every kind of step, 100 ms: for one command
    from .wire import encode_order

    _refuse_without_person()
    _, _, _, _, _, arguments, files, _, environ = encode_order(0, replay.order, None)
    path = [place or os.getcwd() for place in sys.path]
    with tempfile.TemporaryDirectory(prefix="graft-debug-", ignore_cleanup_errors=True) as scratch:
        payload = Payload(replay=replay, arguments=arguments, files=files, environ=dict(environ), scratch=scratch)
        with _own_terminal():
            verdict, code = _converse(entry(path), pickle.dumps(payload, protocol=5))
    if verdict is None:
        return Ended(_FAILED, _death(code))
    if verdict[0] == "invalid":
        raise InvalidError(verdict[1], verdict[2])
    return Ended(int(verdict[1]))


def _converse(program: str, payload: bytes) -> tuple[list[str] | None, int]:
    """Return the last word of the process, None when it died without one, and its exit code."""
    payload_read, payload_write = os.pipe()
    verdict_read, verdict_write = os.pipe()
    command = [sys.executable, "-P", "-u", "-c", program, str(payload_read), str(verdict_write)]
    try:
        process = subprocess.Popen(command, pass_fds=(payload_read, verdict_write))
    finally:
        os.close(payload_read)
        os.close(verdict_write)
    with contextlib.suppress(BrokenPipeError), open(payload_write, "wb") as stream:
        stream.write(payload)
    with _ignoring_keys(process):
        code = process.wait()
    # Not to the end: what the step left running may hold the other end for ever.
    os.set_blocking(verdict_read, False)
    with open(verdict_read, "rb", buffering=0) as answer:
        said = answer.read(1 << 16) or b""
    return (json.loads(said) if said else None), code


def _refuse_without_person() -> None:
    """Refuse to start where nobody answers: a terminal is there, or commands are piped in.

    Raises:
        InvalidError: neither.
    """
    hint = "run it in a terminal, or pipe debugger commands into it: echo 'p x' | graft debug"
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        raise InvalidError("a debugger needs a terminal, and the standard input is closed", hint) from None
    if not (os.isatty(0) or stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)):
        raise InvalidError("a debugger needs a terminal, and the standard input is none", hint)


@contextlib.contextmanager
def _own_terminal() -> Iterator[None]:
    """Put the terminal's settings and its foreground process group back."""
    try:
        settings = termios.tcgetattr(0)
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        # Whoever is in the background is stopped when it touches the terminal, and a shell may have put us there.
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError, termios.error):
            os.tcsetpgrp(0, os.getpgrp())
            termios.tcsetattr(0, termios.TCSADRAIN, settings)
        signal.signal(signal.SIGTTOU, before)


@contextlib.contextmanager
def _ignoring_keys(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Leave Ctrl+C and Ctrl+\\ to the process, and pass on what asks us to end."""
    handlers = {
        signal.SIGINT: lambda *_: None,
        signal.SIGQUIT: lambda *_: None,
        signal.SIGTERM: lambda *_: process.terminate(),
        signal.SIGHUP: lambda *_: process.send_signal(signal.SIGHUP),
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _death(code: int) -> str:
    if code >= 0:
        return f"it left with exit code {code} before it returned"
    return f"it was killed by {signal.Signals(-code).name}"
