"""The debugger a person wants, at the user's frames: pdb, or the one that `breakpoint()` is set to.

Source: PEP 553 (PYTHONBREAKPOINT); bdb and pdb, Python library reference.
"""

from __future__ import annotations

import bdb
import cmd
import code
import os
import pdb
import sys
from collections.abc import Callable
from importlib import import_module
from types import FrameType, ModuleType, TracebackType
from typing import Any, Protocol

from .userfiles import is_user_file

_SKIPPED = ["graftline.worker.*", "graftline.core.*"]
"""Modules a person does not step into."""
_PROMPTS = frozenset({cmd.__file__, code.__file__})
Quit = bdb.BdbQuit
"""Raised by what runs under a debugger when the person leaves it."""


class Debugger(Protocol):
    """Opens at a failure, or at the first line of a step."""

    def post_mortem(self, trace: TracebackType) -> None:
        """Look at where it was raised, innermost frame of the user's code first."""
        ...

    def call(self, run: Callable[[], object], is_start: Callable[[FrameType], bool]) -> object:
        """Call, and open at the first line of the first frame that is the start.

        Raises:
            Quit: the person left.
            BaseException: whatever is raised.
        """
        ...


def choose() -> Debugger | None:
    """Return the debugger that `breakpoint()` would open; None when PYTHONBREAKPOINT=0 says that nobody wants one."""
    wanted = os.environ.get("PYTHONBREAKPOINT", "")
    if wanted == "0":
        return None
    hook = sys.breakpointhook
    name = wanted.rpartition(".")[0] if hook is sys.__breakpointhook__ else getattr(hook, "__module__", "")
    if name in ("", "pdb", "builtins"):
        return Pdb()
    try:
        module = import_module(name)
    except ImportError:
        return Pdb()
    return Other(module) if hasattr(module, "post_mortem") else Pdb()


class Pdb:
    """Python's own debugger."""

    def post_mortem(self, trace: TracebackType) -> None:
        """Open at the innermost frame of the user's code; what it called is further down."""
        opened = _AtUser(nosigint=True)
        opened.reset()
        opened.interaction(None, trace)

    def call(self, run: Callable[[], object], is_start: Callable[[FrameType], bool]) -> object:
        """Call under trace, and open at the start."""
        return _FromStart(is_start).runcall(run)

    def interrupt(self, frame: FrameType) -> None:
        """Open where a running step is; `c` lets it go on. Called in the handler of a signal.

        Raises:
            Quit: the person left.
        """
        opened = _AtUser(nosigint=True, skip=_SKIPPED)
        opened.reset()
        outer: FrameType | None = frame
        while outer is not None:
            outer.f_trace = opened.trace_dispatch
            opened.botframe = outer
            outer = outer.f_back
        opened.set_step()
        opened.interaction(frame, None)
        if opened.quitting:
            raise Quit
        if opened.stoplineno != -1 or opened.breaks:  # another command than `continue`
            sys.settrace(opened.trace_dispatch)


class Other:
    """A module with pdb's functions: ipdb, pudb."""

    def __init__(self, module: ModuleType) -> None:
        self._module: Any = module

    def post_mortem(self, trace: TracebackType) -> None:
        """Open it where it opens."""
        self._module.post_mortem(trace)

    def call(self, run: Callable[[], object], is_start: Callable[[FrameType], bool]) -> object:
        """Call under it; it opens at the first line of what is called, which is ours."""
        if not hasattr(self._module, "runcall"):
            return Pdb().call(run, is_start)
        return self._module.runcall(run)


def user_part(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from its first frame of the user's code on; None when it has none."""
    while trace is not None and not is_user_file(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def user_frame(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of the user's code; None when there is none."""
    while frame is not None and not is_user_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def is_at_prompt(frame: FrameType | None) -> bool:
    """Tell whether a prompt waits for a line in the frame, where Ctrl+C does no more than end that line."""
    while frame is not None:
        if frame.f_code.co_filename in _PROMPTS:
            return True
        frame = frame.f_back
    return False


class _AtUser(pdb.Pdb):
    """Opens at the innermost frame of the user's code rather than in a library it called."""

    def get_stack(self, f: FrameType | None, t: TracebackType | None) -> tuple[list[tuple[FrameType, int]], int]:
        """Return the stack without our frames, and the position to begin at."""
        stack, at = super().get_stack(f, t)
        users = [place for place, (frame, _) in enumerate(stack) if is_user_file(frame.f_code.co_filename)]
        if not users:
            return stack, at
        first = users[0] if t is None else 0
        inner = [place for place in users if place <= at] or users
        return stack[first:], inner[-1] - first


class _FromStart(_AtUser):
    """Runs on until the start is reached."""

    def __init__(self, is_start: Callable[[FrameType], bool]) -> None:
        super().__init__(nosigint=True, skip=_SKIPPED)
        self._is_start: Callable[[FrameType], bool] | None = is_start

    def user_line(self, frame: FrameType) -> None:
        """Open, unless the start is still to come."""
        if self._is_start is not None:
            if not self._is_start(frame):
                self.set_step()
                return
            self._is_start = None
        super().user_line(frame)

    def user_call(self, frame: FrameType, argument_list: None) -> None:
        """Open, unless the start is still to come."""
        if self._is_start is None:
            super().user_call(frame, argument_list)

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        """Open, unless the start is still to come."""
        if self._is_start is None:
            super().user_return(frame, return_value)

    def user_exception(self, frame: FrameType, exc_info: Any) -> None:
        """Open, unless the start is still to come."""
        if self._is_start is None:
            super().user_exception(frame, exc_info)
