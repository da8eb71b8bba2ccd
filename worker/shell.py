"""A command line run by /bin/sh: arguments in as environment variables, values out by a file or exported variables."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ..core.graph import Call, Return
from .bind import Binder, CastError
from .cancel import held
from .context import WorkerContext
from .patterns import find_patterns
from .records import is_record, plain
from .returns import Returns, WrongReturns, value_of_text
from .tee import Tail, Tee

_STDERR_LINES = 10
_GRACE_S = 3.0
"""Between SIGTERM and SIGKILL of a cancelled command; below the executor's own grace of ten seconds."""
_TRAP = "trap '/usr/bin/env -0 > \"$GRAFT_EXPORTS\"' EXIT; "
# Linux gives ru_maxrss in KiB, macOS in bytes.
_RSS_UNIT = 1024 if os.uname().sysname == "Linux" else 1


class CommandFailed(Exception):
    """The command ended with another exit code than 0; the message has the code and the end of its stderr."""


class ShellStep:
    """A shell command."""

    __slots__ = ("_command", "_cwd", "binder", "peak_bytes", "returns")

    def __init__(self, call: Call, returns: Returns, context: WorkerContext) -> None:
        self._command = call.command or ""
        self._cwd = context.cwd
        self.binder: Binder | None = None
        self.returns = returns
        self.peak_bytes: int | None = None

    def call(self, values: Mapping[str, Any]) -> list[tuple[Return, object]]:
        """Run the command to its end.

        Raises:
            CommandFailed: another exit code than 0.
            WrongReturns: a declared return is neither in `$GRAFT_OUTPUTS` nor exported.
        """
        with tempfile.TemporaryDirectory(prefix="graft-") as private, tempfile.TemporaryFile() as printed:
            outputs, exports = os.path.join(private, "outputs"), os.path.join(private, "exports")
            environ = {**os.environ, **{name: as_text(name, value) for name, value in values.items()}}
            environ |= {"GRAFT_OUTPUTS": outputs, "GRAFT_EXPORTS": exports}
            marks = self.returns.marks()
            self._run(environ, printed)
            found = _made_values(outputs, exports)
            direct = [(each, _value(each, found)) for each in self.returns.direct]
            matched = find_patterns(self.returns.patterns, printed) if self.returns.patterns else []
            return direct + self.returns.read_files(marks) + matched

    def command_line(self) -> list[str]:
        """Return the words that run it, and leave its exported variables where they are wanted."""
        return ["/bin/sh", "-c", (_TRAP if self.returns.direct else "") + self._command]

    def _run(self, environ: Mapping[str, str], printed: Any) -> None:
        self.peak_bytes = None
        has_patterns = bool(self.returns.patterns)
        process = status = None
        try:
            with held(signal.SIGTERM):  # a command may run before Popen returns, and nobody else could end it
                process = subprocess.Popen(
                    self.command_line(),
                    env=environ,
                    cwd=self._cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if has_patterns else None,
                    stderr=subprocess.PIPE,
                    process_group=0,
                )
            tail = Tail()
            tees = [Tee(_taken(process.stderr), 2, tail.add)]
            if has_patterns:
                tees.append(Tee(_taken(process.stdout), 1, printed.write))
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.peak_bytes = usage.ru_maxrss * _RSS_UNIT
            for tee in tees:
                tee.finish()
        finally:
            if process is not None and status is None:
                _end_group(process)
        if process.returncode != 0:
            raise CommandFailed(_reason(process.returncode, tail.lines(_STDERR_LINES)))


def as_text(name: str, value: object) -> str:
    """Return a value as an environment variable or command line holds it: text as it is, everything else as JSON.

    Pydantic models and dataclasses are objects of their fields.

    Raises:
        CastError: JSON cannot hold it.
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(plain(value) if is_record(type(value)) else value, ensure_ascii=False)
    except (TypeError, ValueError) as problem:
        kind = type(value).__name__
        raise CastError(f"argument {name!r}: a command takes text or JSON, not {kind}; pass a path to it") from problem


def _taken(pipe: Any) -> int:
    """Return a descriptor of a Popen's pipe that nobody else closes."""
    descriptor = os.dup(pipe.fileno())
    pipe.close()
    return descriptor


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Stop the command and everything it started in its group: politely, then by force."""
    deadline = time.monotonic() + _GRACE_S
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        while time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _reason(code: int, stderr: str) -> str:
    ended = f"exit code {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
    return f"{ended}\n{stderr}".rstrip()


def _made_values(outputs: str, exports: str) -> dict[str, object]:
    """Return what the command made: exported variables, and over them the entries of its outputs file."""
    found: dict[str, object] = {}
    with contextlib.suppress(FileNotFoundError), open(exports, "rb") as file:
        for entry in file.read().split(b"\0"):
            name, _, text = entry.decode("utf-8", "surrogateescape").partition("=")
            found[name] = value_of_text(text)
    with contextlib.suppress(FileNotFoundError), open(outputs, "rb") as file:
        try:
            given = json.load(file)
        except ValueError as problem:
            raise WrongReturns(f"$GRAFT_OUTPUTS is no JSON: {problem}") from problem
        if not isinstance(given, dict):
            raise WrongReturns(f"$GRAFT_OUTPUTS must hold a JSON object, not {type(given).__name__}")
        found |= given
    return found


def _value(declared: Return, found: Mapping[str, object]) -> object:
    if declared.name not in found:
        raise WrongReturns(
            f"the command made no value for return {declared.name!r}: "
            f"write {{{json.dumps(declared.name)}: ...}} to the file $GRAFT_OUTPUTS, or export a variable of that name"
        )
    return found[declared.name]
