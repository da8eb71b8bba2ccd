"""`graft watch`: run a pipeline, and again what a saved file concerns."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Annotated

from ...core.requests import RunRequest
from ...core.watchnews import Watch, WatchRequest, Wish
from .. import context
from ..arguments import (
    FailFastOption,
    FromOption,
    JobsOption,
    OnlyOption,
    ParamOption,
    ParamsFileOption,
    TargetArgument,
    ToOption,
    limit_s,
    selection,
)
from ..declaring import Option
from ..keyboard import Keyboard, is_ours
from ..options import Options
from ..parameters import typed_params
from ..printer import put
from ..signals import TERMINATED
from ..text import clean
from ..watchview import Lines, Rows, ring

KEYS = {"r": Wish.AGAIN, "R": Wish.FORCE, " ": Wish.RELEASE, "q": Wish.STOP, "\x04": Wish.STOP}
"""What a key asks for; the last is Ctrl+D."""


def watch(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    timeout: Annotated[
        str | None, Option("--timeout", metavar="TIME", help="Stop each wave after this long, e.g. 10m.")
    ] = None,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
    effects: Annotated[bool, Option("--effects", help="Run effects too, instead of holding them.")] = False,
    notify: Annotated[bool, Option("--notify", help="Ring the terminal's bell when a wave is over.")] = False,
) -> int:
    """Run a pipeline, and again what a saved file concerns, until you leave.

    Keys: r runs again what is not up to date, R everything; space runs the next effect that is held; q leaves.
    """
    typed, limit = typed_params(param), limit_s(timeout)
    chosen = selection(only, start, end)

    def request() -> RunRequest:
        given = context.parameters(params)
        return RunRequest(
            target=context.target(options, target),
            params=typed,
            values=given.values,
            places=given.places,
            selection=chosen,
            runner=options.runner,
            engine=options.engine,
            jobs=jobs,
            fail_fast=fail_fast,
            timeout_s=limit,
        )

    configs = tuple(os.path.abspath(file) for file in (params, options.config) if file is not None)
    space = context.workspace(options, target, needs_code=True)
    wanted = WatchRequest(run=request, configs=configs, holds_effects=not effects)
    if options.is_json:
        return _carry(space.watch(wanted, Rows(space)), lambda text: None)
    view = Lines(space, options, ring if notify else None)
    going = space.watch(wanted, view)
    put(_heading(request(), has_keys=is_ours()))
    try:
        return _carry(going, view.say)
    finally:
        view.close()


def _heading(request: RunRequest, *, has_keys: bool) -> str:
    keys = "q leaves, r runs again, R everything, space what is held" if has_keys else "Ctrl+C leaves"
    return f"watching {clean(request.target.text)} in {clean(request.target.root)}: {keys}"


def _carry(going: Watch, say: Callable[[str], None]) -> int:
    """Watch until the person leaves; return the exit code."""
    asked: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 2:
            raise KeyboardInterrupt
        say("stopping: running steps have 10 s; Ctrl+C again kills them" if len(asked) == 1 else "killing them")
        going.ask(Wish.STOP)

    def press(character: str) -> None:
        wish = KEYS.get(character)
        if wish is not None:
            going.ask(wish)

    with ExitStack() as stack:
        stack.enter_context(_handled(stop))
        if is_ours():
            stack.enter_context(Keyboard(press))
        going.run()
    return TERMINATED if signal.SIGTERM in asked else 0


@contextmanager
def _handled(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Leave on Ctrl+C, on SIGTERM, and when the terminal is gone: a watch nobody sees is of no use."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
