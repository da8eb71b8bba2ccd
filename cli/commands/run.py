"""`graft run`: start a pipeline and carry it to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...core.collector import rare_collections
from ...core.document import run_document
from ...core.errors import InvalidError
from ...core.graph import CallKind
from ...core.requests import RunRequest
from .. import context
from ..arguments import (
    DetachOption,
    DryRunOption,
    FailFastOption,
    ForceOption,
    ForceStepOption,
    FromOption,
    GuardOption,
    JobsOption,
    KeepGoingOption,
    OnlyOption,
    ParamOption,
    ParamsFileOption,
    TargetArgument,
    ToOption,
    limit_s,
    reusing,
    selection,
)
from ..carrying import carry
from ..declaring import Option
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document, remark
from ..text import clean

if TYPE_CHECKING:
    from ...core.runs import RunSpec
    from ...core.workspace import Workspace


def run(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    jobs: JobsOption = None,
    keep_going: KeepGoingOption = False,
    fail_fast: FailFastOption = False,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    tag: Annotated[list[str] | None, Option("--tag", metavar="TAG", help="Tag the run; repeatable.")] = None,
    timeout: Annotated[
        str | None, Option("--timeout", metavar="TIME", help="Stop the run after this long, e.g. 10m.")
    ] = None,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
    guard: GuardOption = None,
) -> int:
    """Run a pipeline and wait for its end.

    Exit code 0: it succeeded; 1: it failed; 130: it was cancelled. With --json: the document of the run.
    """
    if keep_going and fail_fast:
        raise InvalidError("--keep-going and --fail-fast exclude each other")
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
        jobs=jobs,
        fail_fast=fail_fast,
        timeout_s=limit_s(timeout),
        tags=tuple(tag or ()),
        reusing=reusing(force, force_step),
        guard=guard,
    )
    return start_run(space, options, request, is_named=target is not None, dry_run=dry_run, detach=detach)


def start_run(
    space: Workspace, options: Options, request: RunRequest, *, is_named: bool, dry_run: bool, detach: bool
) -> int:
    """Run what was asked for, or say what would run, or leave it to a process of its own; return the exit code."""
    if not space.parts.executes(options.runner):
        from ..translated import check_stays, translate  # 10 ms that a run never needs

        check_stays(space, options, detach=detach)
        return translate(space, options, request, is_dry=dry_run)
    if dry_run:
        from .plan import show_plan  # 30 ms that a run never needs

        return show_plan(space, options, request)
    if detach:
        return _detach(space, options, request)
    with rare_collections():
        return _run_here(space, options, request, is_named=is_named)


def _run_here(space: Workspace, options: Options, request: RunRequest, *, is_named: bool) -> int:
    created = space.create(request)
    if not options.is_json and (said := code_text(space.spec(created), is_named=is_named)):
        remark(said)
    return carry(space, options, created, lambda observe, stops: space.host(created, observe, stops))


def code_text(spec: RunSpec, *, is_named: bool) -> str | None:
    """Say which code runs where that is not plain: a pipeline nobody named, a file without one. None: it is plain."""
    text = clean(spec.target.text)
    operations = spec.graph.operations
    calls = [operation.call.kind for operation in operations[:2]]  # whether it is one
    entry = operations[0].call.qualname if len(calls) == 1 else None
    if spec.target.definition is None and calls == [CallKind.SCRIPT] and entry is not None:
        return f"code: {text.partition(':')[0]}, whose {entry}() is called, as nothing in it makes a pipeline"
    if spec.target.definition is None and text.endswith(".py") and calls == [CallKind.SCRIPT]:
        return f"code: {text} as a script of one step, as nothing in it makes a pipeline"
    return None if is_named else f"code: {text}"


def _detach(space: Workspace, options: Options, request: RunRequest) -> int:
    started = space.submit(request)
    if options.is_json:
        put_document(run_document(space.show(started), space.steps(started), spec=space.spec(started)))
        return 0
    short = context.short(space, started)
    put(f"run {short} goes on in a process of its own")
    put(f"  graft attach {short}  follows it, graft cancel {short} stops it")
    return 0
