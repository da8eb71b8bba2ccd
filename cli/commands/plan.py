"""`graft plan`: what a run would do, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...core.answers import plan_document
from ...core.errors import CheckError, InvalidError
from ...core.requests import RunRequest
from .. import context
from ..arguments import (
    ForceOption,
    ForceStepOption,
    FromOption,
    OnlyOption,
    ParamOption,
    ParamsFileOption,
    TargetArgument,
    ToOption,
    reusing,
    selection,
)
from ..declaring import Option
from ..locked import check_lock
from ..options import Options
from ..parameters import typed_params
from ..plantext import plan_lines
from ..printer import put, put_document
from .why import around

if TYPE_CHECKING:
    from ...core.workspace import Workspace

WORK = CheckError.exit_code
"""With `--exit-code`, when there is something to do."""


def plan(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
    exit_code: Annotated[bool, Option("--exit-code", help="Exit with 5 when something would run.")] = False,
    full: Annotated[bool, Option("--full", help="A line for every step of large pipelines.")] = False,
    locked: Annotated[
        bool, Option("--locked", help="Say instead what is not as graftline.lock has it; no result is looked at.")
    ] = False,
) -> int:
    """Say what a run would do, and why; start nothing.

    A step is reused, runs for a named cause, or may run: whether it does depends on what the steps before it make.
    """
    typed, given = typed_params(param), context.parameters(params)
    space = context.workspace(options, target, needs_code=True)
    request = RunRequest(
        target=context.target(options, target),
        params=typed,
        values=given.values,
        places=given.places,
        selection=selection(only, start, end),
        runner=options.runner,
        engine=options.engine,
        reusing=reusing(force, force_step),
    )
    if locked:
        if not request.selection.is_everything:
            raise InvalidError("--locked is about the whole pipeline", "leave --only, --from and --to out")
        return check_lock(space, options, request, has_exit_code=exit_code)
    return show_plan(space, options, request, full=full, exit_code=exit_code)


def show_plan(
    space: Workspace, options: Options, request: RunRequest, *, full: bool = False, exit_code: bool = False
) -> int:
    """Print what a request would run, and return the exit code."""
    found = space.inquiry.plan(request)
    if options.is_json:
        put_document(plan_document(found))
    else:
        put(plan_lines(around(space, options, is_full=full), found))
    return WORK if exit_code and found.has_work else 0
