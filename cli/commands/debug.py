"""`graft debug`: one step of a run again, in a debugger, with the inputs and the code that it had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ...core.debugging import DebugRequest
from ...core.errors import InvalidError
from ...core.replay import Entry
from ...core.requests import CodeChoice
from .. import context
from ..arguments import LAST_FAILED, RunOrStepArgument
from ..completion import complete_steps
from ..declaring import Argument, Option
from ..meant import run_and_step
from ..options import Options
from ..printer import remark
from ..text import clean


def debug(
    options: Options,
    *,
    run: RunOrStepArgument = LAST_FAILED,
    step: Annotated[
        str | None,
        Argument(
            metavar="[STEP]",
            complete=complete_steps,
            help="Path or name of a step; default: the first that failed.",
        ),
    ] = None,
    shell: Annotated[bool, Option("--shell", help="Open a prompt with its inputs instead of running it.")] = False,
    stop: Annotated[bool, Option("--break", help="Open the debugger at the first line of the step.")] = False,
    now: Annotated[bool, Option("--now", help="Take the code as it is now, not as the run recorded it.")] = False,
    changes: Annotated[
        list[str] | None, Option("--set", metavar="NAME=VALUE", help="Set an argument; repeatable.")
    ] = None,
) -> int:
    """Run one step of a run again in a debugger, with its inputs, its code and its parameters; nothing is recorded.

    Exit code 0: it succeeded; 1: it failed again; 130: the debugger was left before it ended.
    """
    if options.is_json:
        raise InvalidError("a debugger talks to a person: it has no document", "leave --json out")
    if shell and stop:
        raise InvalidError("--shell and --break exclude each other")
    values = _values(changes)
    space = context.workspace(options, needs_code=True)
    found, step = run_and_step(space, run, step, at_hand=LAST_FAILED)
    path = None if step is None else space.step_path(found, step)
    request = DebugRequest(
        run=found,
        step=path,
        entry=Entry.PROMPT if shell else Entry.START if stop else Entry.FAILURE,
        code=CodeChoice.CURRENT if now else CodeChoice.RECORDED,
        values=values,
    )
    ended = space.debugging.begin(space.debugging.prepare(request))
    if ended.death is not None:
        remark(clean(f"the process of the step died: {ended.death}"))
        remark("  --break stops at its first line, before it comes to that")
    return ended.exit_code


def _values(texts: Sequence[str] | None) -> dict[str, str]:
    """Return name -> text of `--set`.

    Raises:
        InvalidError: a text without `=` or name, or a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InvalidError(f"--set {text!r} sets no argument", "write --set NAME=VALUE")
        if name in found:
            raise InvalidError(f"--set gives '{name}' twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found
