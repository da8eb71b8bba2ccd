"""One attempt executed again at a terminal, under a debugger: the process that `graft debug` starts.

It binds and casts as a worker does, with the recorded inputs and code, and keeps nothing: what the step returns is
written to a directory that goes, so that a value which cannot be written fails here as it did in the run.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

from ..core.errors import GraftError, InvalidError, nearest
from ..core.graph import CallKind
from ..core.named import NamedTuple
from ..core.replay import Entry, Replay
from .arguments import Arguments
from .catalog import refuse_unmade
from .context import WorkerContext
from .debugger import Pdb, Quit, choose, is_at_prompt, user_frame, user_part
from .failure import describe_failure, describe_value, safe_message, type_name
from .logbook import Book, open_book
from .returns import Returns, logged_output
from .scalars import CastError
from .shadow import differing, make_shadow
from .stages import Stage, stage_of
from .terminal import Terminal

_DONE, _FAILED, _LEFT = 0, 1, 130
_FILES_TOLD = 6


class Payload(NamedTuple):
    """What the process is given."""

    replay: Replay
    arguments: Sequence[Any]
    """As worker/messages.py has them, like `files`."""
    files: Sequence[Any]
    environ: Mapping[str, str]
    """Of this attempt alone."""
    scratch: str
    """Absolute directory of its own, removed afterwards."""


def entry(sys_path: Sequence[str]) -> str:
    """Return the Python text that starts the process where the modules of this one are found."""
    return f"import sys; sys.path[:] = {list(sys_path)!r}; from {__name__} import main; main()"


def main() -> None:
    """Be the process: the two arguments are descriptors, to read the payload from and to write the verdict to."""
    source, answer = int(sys.argv.pop(1)), int(sys.argv.pop(1))
    os.set_inheritable(answer, False)
    with open(source, "rb") as stream:
        payload: Payload = pickle.load(stream)
    faulthandler.enable()
    try:
        verdict: list[object] = ["ended", Replaying(payload).run()]
    except GraftError as problem:
        verdict = ["invalid", problem.message, problem.hint]
    except KeyboardInterrupt:  # before there was a step
        verdict = ["ended", _LEFT]
    os.write(answer, json.dumps(verdict).encode())
    for stream_out in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the step may have closed them
            stream_out.flush()
    os._exit(0)  # threads that the step left behind are not waited for


class Replaying:
    """The attempt in this process."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self._replay = payload.replay
        self._pid = os.getpid()
        self._debugger = choose()
        self._remarks = list(self._replay.remarks)
        self._logged: list[str] = []
        self._book = Book(self._log)
        self._values: dict[str, Any] = {}
        self._terminal = Terminal()
        self._unbound: CastError | None = None
        """A recorded argument does not fit: why the step failed, and no fault of the request."""

    def run(self) -> int:
        """Execute it and return the exit code.

        Raises:
            GraftError: the request does not fit, or an input is gone.
        """
        context = self._settle()
        replay = self._replay
        self._say(f"graft debug: step '{replay.order.node}' of run {replay.context.run[:8]} ({replay.story})")
        for line in [*_code_lines(replay), *self._remarks, *_environment_lines(replay)]:
            self._say(f"  {line}")
        signal.signal(signal.SIGINT, self._interrupted)
        try:
            stage = stage_of(replay.operation, context, self._payload.scratch)
            self._bind(stage)
            self._show_inputs()
            return self._enter(stage, context)
        except GraftError as problem:
            if problem is not self._unbound and user_part(problem.__traceback__) is None:
                raise
            return self._failed(problem)
        except Quit:
            self._say("left before the step ended")
            return _LEFT
        except BaseException as problem:  # noqa: BLE001  SystemExit and KeyboardInterrupt of the step are its failures
            return self._failed(problem)

    # -- before ----------------------------------------------------------------------------------------------------

    def _settle(self) -> WorkerContext:
        """Make this process one of the run, in its directory or in one that looks like it."""
        replay, payload = self._replay, self._payload
        given = replay.context
        refuse_unmade(replay.operation.policy.get, [path for path, _ in payload.files])
        environ = {**os.environ, "GRAFT_RUN": given.run, **payload.environ, **given.secrets}
        objects = os.path.join(payload.scratch, "objects")
        os.mkdir(objects)
        context = WorkerContext(
            run=given.run,
            root=given.root,
            cwd=self._directory(),
            sys_path=given.sys_path,
            objects=given.objects,
            planned_files=given.planned_files,
            secrets=given.secrets,
            params=given.params,
            code=given.code,
            umask=None,
            environ=environ,
            guard=None,
        )
        context.settle()
        return context

    def _directory(self) -> str:
        replay, payload = self._replay, self._payload
        cwd = replay.context.cwd
        made = [*replay.operation.policy.put, *(each.file for each in replay.operation.returns if each.file)]
        changed = differing(cwd, payload.files)
        if not changed and not made:
            return cwd
        at = os.path.join(payload.scratch, "directory")
        make_shadow(cwd, at, files=payload.files, made=made, objects=replay.context.objects)
        self._remarks += [f"file       {path} is as the run had it; it is another one now" for path in changed]
        if made:
            self._remarks.append(f"files      {', '.join(made)} of the step go nowhere")
        self._remarks.append(f"directory  {at}: links to {cwd}")
        return at

    def _bind(self, stage: Stage) -> None:
        """Decode the recorded arguments; those that are set take their place, cast as those of `-p` are.

        Raises:
            InvalidError: one that is set is no argument, or does not fit.
            BaseException: whatever unpickling raises.
        """
        given = self._replay.values
        recorded = [pair for pair in self._payload.arguments if pair[0] not in given]
        names = list(dict.fromkeys([*(name for name, _ in self._payload.arguments), *stage.parameters]))
        for name in given:
            if name not in names and not stage.takes_any:
                has = f"it takes {', '.join(names)}" if names else "it takes nothing"
                raise InvalidError(f"--set {name}: the step has no argument '{name}'{nearest(name, names)}", has)
        arguments = Arguments(self._replay.context.objects)
        try:
            arguments.decode(stage.binder, recorded, self._values)
        except CastError as problem:
            self._unbound = problem
            if self._replay.entry is not Entry.PROMPT:
                raise
            self._say(f"  {problem.message}: here as it came")
            arguments.decode(None, recorded, self._values)
        arguments.decode(stage.binder, [(name, ("t", text)) for name, text in given.items()], self._values)

    def _show_inputs(self) -> None:
        given = self._replay.values
        width = max((len(name) for name in self._values), default=0)
        for at, (name, value) in enumerate(self._values.items()):
            note = "  (set)" if name in given else ""
            self._say(f"  {'inputs   ' if not at else '         '}  {name:<{width}}  {describe_value(value)}{note}")

    # -- at it -----------------------------------------------------------------------------------------------------

    def _enter(self, stage: Stage, context: WorkerContext) -> int:
        entry_at = self._replay.entry
        if entry_at is Entry.PROMPT:
            stage.prompt(self._values)
            return _DONE
        if entry_at is Entry.START and not stage.has_lines:
            raise InvalidError("a command has no first line to stop at", "--shell opens a shell in its place")
        open_book(self._book)
        if entry_at is Entry.START and self._debugger is not None:
            pairs: Any = self._debugger.call(lambda: list(stage.call(self._values)), stage.is_start)
        else:
            pairs = list(stage.call(self._values))
        open_book(None)
        self._leave_if_forked()
        self._terminal.restore()
        if pairs is None:  # the debugger was left at its start
            raise Quit
        self._check(pairs, context)
        return _DONE

    def _check(self, pairs: Sequence[tuple[Any, object]], context: WorkerContext) -> None:
        """Write what was returned as a worker would, and say what it was.

        Raises:
            CannotSerialize: a value cannot be written.
            SecretKept: one holds a secret.
        """
        scratch = os.path.join(self._payload.scratch, "objects")
        returns = Returns(self._replay.operation.returns, context.cwd, scratch, context.secrets)
        told = []
        for declared, value in pairs:
            returns.keep(declared, value, self._book.metrics)
            told.append(f"{declared.name} ({describe_value(value)})")
        self._say(f"the step succeeded and returned {', '.join(told) if told else 'nothing'}; nothing was kept")
        metrics = [f"{point.key}={point.value}" for point in self._book.metrics]
        if metrics or self._logged:
            self._say(f"it logged {', '.join([*metrics, *self._logged])}")
        self._say("--shell opens a prompt with its inputs, --break stops at its first line")

    def _failed(self, problem: BaseException) -> int:
        open_book(None)
        self._leave_if_forked()
        self._terminal.restore()
        trace = user_part(problem.__traceback__)
        if trace is None and isinstance(problem, KeyboardInterrupt):
            self._say("left before the step ended")
            return _LEFT
        if trace is None:
            self._say(f"{type_name(problem)}: {safe_message(problem)}")
            for note in getattr(problem, "__notes__", ()):
                self._say(str(note))
            if self._replay.operation.call.kind is CallKind.SHELL:
                self._say(f"the command was: {self._replay.operation.call.command}")
            self._say("no line of yours raised it; --shell opens a prompt with the inputs")
            return _FAILED
        self._say(describe_failure(problem, {}, {}).traceback.rstrip("\n") or traceback.format_exc())
        if self._debugger is None:
            self._say("PYTHONBREAKPOINT=0: no debugger was opened")
            return _FAILED
        with contextlib.suppress(Quit):
            self._debugger.post_mortem(trace)
        return _FAILED

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Open the debugger where the step is when Ctrl+C comes; elsewhere, and with another debugger, end it."""
        at = None if is_at_prompt(frame) else user_frame(frame)
        if at is None or not isinstance(self._debugger, Pdb) or os.getpid() != self._pid:
            raise KeyboardInterrupt
        self._say("\nstopped by Ctrl+C; c goes on, q leaves")
        self._debugger.interrupt(at)

    def _leave_if_forked(self) -> None:
        if os.getpid() != self._pid:  # a child that the step forked and that came back instead of leaving
            os._exit(1)

    def _log(self, path_or_value: object, name: str | None) -> None:
        objects, cwd = os.path.join(self._payload.scratch, "objects"), os.getcwd()
        self._logged.append(logged_output(path_or_value, name, cwd, objects, self._replay.context.secrets).name)

    def _say(self, text: str) -> None:
        """Write to the terminal's error stream, whatever the step made of sys.stderr."""
        self._terminal.say(text)


def _code_lines(replay: Replay) -> list[str]:
    """Say which code runs, and what of it is different in the working copy."""
    if not replay.is_recorded:
        return ["code       of today"] if replay.context.planned_files else []
    root = replay.working_copy
    changed = [path for path, digest in replay.context.planned_files.items() if _digest(root, path) != digest]
    if not changed:
        return ["code       as recorded, and as it is today"]
    more = f" and {len(changed) - _FILES_TOLD} more" if len(changed) > _FILES_TOLD else ""
    told = ", ".join(sorted(changed)[:_FILES_TOLD]) + more
    verb = "differs" if len(changed) == 1 else "differ"
    return [f"code       as recorded, in {replay.context.root}", f"           {told} {verb} today; --now takes that"]


def _digest(root: str, path: str) -> str | None:
    import hashlib

    try:
        with open(os.path.join(root, path), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _environment_lines(replay: Replay) -> list[str]:
    """Say which of the recorded environment is different here."""
    from importlib.metadata import PackageNotFoundError, version

    lines = []
    here = ".".join(map(str, sys.version_info[:3]))
    python = replay.environment.get("python")
    if isinstance(python, str) and python != here:
        lines.append(f"python     {python} in the run, {here} here")
    packages = replay.environment.get("packages")
    for name, then in packages.items() if isinstance(packages, dict) else ():
        try:
            now = version(name)
        except PackageNotFoundError:
            now = "not installed"
        if now != then:
            lines.append(f"package    {name} {then} in the run, {now} here")
    return lines
