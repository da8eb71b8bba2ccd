"""`graft cancel`: stop a run."""

from __future__ import annotations

from typing import Annotated

from ...core.states import Status
from .. import context
from ..arguments import LAST, RunArgument
from ..declaring import Option
from ..options import Options
from ..printer import put, put_document


def cancel(
    options: Options,
    *,
    run: RunArgument = LAST,
    kill: Annotated[bool, Option("--kill", help="Kill running steps at once, without grace.")] = False,
) -> int:
    """Ask a run to stop: no step starts any more, running ones get 10 s to finish."""
    space = context.workspace(options)
    found = space.find(run)
    short = context.short(space, found)
    before = space.show(found).state
    # INTERRUPTED: its host died, perhaps a moment ago; who cancels it does not want it resumed.
    is_over = before.is_final and before is not Status.INTERRUPTED
    state = before if is_over else space.cancel(found, is_hard=kill)
    if options.is_json:
        put_document({"schema": 1, "run": found, "state": state.value, "was": before.value})
    elif is_over:
        put(f"run {short} has already ended: {before}")
    elif state is Status.CANCELLED:
        put(f"run {short} is cancelled")
    else:
        put(f"run {short} was asked to stop; graft attach {short} follows it to its end")
    return 0
