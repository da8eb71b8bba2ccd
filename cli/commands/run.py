"""`graft run`: start a pipeline and carry it to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...core.document import run_document
from ...core.errors import InvalidError
from ...core.graph import CallKind
from ...core.requests import RunRequest
from .. import context
from ..arguments import (
    DetachOption,
    DryRunOption,
    FailFastOption,
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
    selection,
)
from ..carrying import carry
from ..look import look_of
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document, remark
from ..text import clean, plural

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
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Tag the run; repeatable.")] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="TIME", help="Stop the run after this long, e.g. 10m.")
    ] = None,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
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
        jobs=jobs,
        fail_fast=fail_fast,
        timeout_s=limit_s(timeout),
        tags=tuple(tag or ()),
        guard=guard,
    )
    return start_run(space, options, request, is_named=target is not None, dry_run=dry_run, detach=detach)


def start_run(
    space: Workspace, options: Options, request: RunRequest, *, is_named: bool, dry_run: bool, detach: bool
) -> int:
    """Run what was asked for, or say what would run, or leave it to a process of its own; return the exit code."""
    if dry_run:
        return _preview(space, options, request)
    if detach:
        return _detach(space, options, request)
    created = space.create(request)
    if not options.is_json and (said := code_text(space.spec(created), is_named=is_named)):
        remark(said)
    return carry(space, options, created, lambda observe, stops: space.host(created, observe, stops))


def code_text(spec: RunSpec, *, is_named: bool) -> str | None:
    """Say which code runs where that is not plain: a pipeline nobody named, a file without one. None: it is plain."""
    text = clean(spec.target.text)
    calls = [operation.call.kind for operation in spec.graph.operations]
    entry = spec.graph.operations[0].call.qualname if len(calls) == 1 else None
    if spec.target.definition is None and calls == [CallKind.SCRIPT] and entry is not None:
        return f"code: {text.partition(':')[0]}, whose {entry}() is called, as nothing in it makes a pipeline"
    if spec.target.definition is None and text.endswith(".py") and calls == [CallKind.SCRIPT]:
        return f"code: {text} as a script of one step, as nothing in it makes a pipeline"
    return None if is_named else f"code: {text}"


def _preview(space: Workspace, options: Options, request: RunRequest) -> int:
    loaded = space.load(request)
    chosen = request.selection.paths(loaded.graph)
    would = [node.path for node in loaded.graph.nodes if node.path in chosen]
    left_out = [node.path for node in loaded.graph.nodes if node.path not in chosen]
    if options.is_json:
        put_document({"schema": 1, "pipeline": loaded.graph.name, "run": would, "left_out": left_out})
        return 0
    for warning in loaded.warnings:
        remark(f"warning: {clean(warning)}")
    of = f" of {len(loaded.graph.nodes):,}" if left_out else ""
    put(f"would run {plural(len(would), 'step')}{of} of {clean(loaded.graph.name)}; nothing was started")
    glyph = "." if look_of().is_ascii else "○"
    put([f"  {glyph} {clean(path)}" for path in would])
    return 0


def _detach(space: Workspace, options: Options, request: RunRequest) -> int:
    started = space.submit(request)
    if options.is_json:
        put_document(run_document(space.show(started), space.steps(started), spec=space.spec(started)))
        return 0
    short = context.short(space, started)
    put(f"run {short} goes on in a process of its own")
    put(f"  graft attach {short}  follows it, graft cancel {short} stops it")
    return 0
