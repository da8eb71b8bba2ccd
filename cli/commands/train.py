"""`graft train`, `apply` and `eval`: generations made, used and scored."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias

from ...core.addresses import registered
from ...core.answers import plan_document
from ...core.document import run_document
from ...core.errors import InvalidError
from ...core.lifecycle import LifecycleRequest, Lifecycles, Prepared
from ...core.records import replace
from ...core.requests import RunRequest
from ...core.reusing import Reusing
from ...core.runs import TRANSLATION, Target
from .. import context
from ..addressing import complete_addresses
from ..arguments import (
    DetachOption,
    DryRunOption,
    FailFastOption,
    ForceOption,
    ForceStepOption,
    JobsOption,
    ParamOption,
    ParamsFileOption,
    limit_s,
    reusing,
)
from ..carrying import carry
from ..declaring import Argument, Option
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document, remark
from ..text import clean

if TYPE_CHECKING:
    from ...core.ids import RunId
    from ...core.workspace import Workspace

WhatArgument: TypeAlias = Annotated[
    list[str] | None,
    Argument(
        metavar="[TARGET | PROJECT [LINEAGE [GENERATION]]]",
        complete=complete_addresses,
        help="A file or directory: the working copy. A project, PROJECT/LINEAGE/GENERATION or PROJECT@ALIAS: the"
        " registry. Default: the project's pipeline, as it is here.",
        show_default=False,
    ),
]
LowerOption: TypeAlias = Annotated[
    str | None,
    Option("--lower", metavar="VALUE", help="Rows above this ordinal; default: where the last training ended."),
]
UpperOption: TypeAlias = Annotated[
    str | None, Option("--upper", metavar="VALUE", help="Rows up to this ordinal; default: all.")
]
FromStartOption: TypeAlias = Annotated[
    bool, Option("--from-start", help="Every row, and nothing of what was trained before.")
]
TrustOption: TypeAlias = Annotated[bool, Option("--trust", help="Unpickle states that this store did not make.")]
QueryOption: TypeAlias = Annotated[
    str | None, Option("--query", metavar="QUERY", help="Ask for this: SQL, a table or a file.")
]
TagOption: TypeAlias = Annotated[list[str] | None, Option("--tag", metavar="TAG", help="Tag the run; repeatable.")]
TimeoutOption: TypeAlias = Annotated[
    str | None, Option("--timeout", metavar="TIME", help="Stop the run after this long, e.g. 10m.")
]


def train(
    options: Options,
    *,
    what: WhatArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    lower: LowerOption = None,
    upper: UpperOption = None,
    from_start: FromStartOption = False,
    query: QueryOption = None,
    trust: TrustOption = False,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    detach: DetachOption = False,
    dry_run: DryRunOption = False,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
) -> int:
    """Train a pipeline, and commit what its steps return as state() as one generation.

    A project or lineage of the registry is trained with its own code, a file or directory with the code as it is here.
    """
    run = request_for(options, what, param, params, jobs, tag, timeout, reusing(force, force_step), fail_fast=fail_fast)
    request = LifecycleRequest(
        run=run,
        words=words_of(what),
        engine=options.engine,
        query=query,
        lower=lower,
        upper=upper,
        from_start=from_start,
        trusts=trust,
    )
    return _start(options, what, request, Lifecycles.train, "train", detach=detach, dry_run=dry_run)


def apply(
    options: Options,
    *,
    what: WhatArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    output: Annotated[
        str | None, Option("-o --output", metavar="FILE", help="Write csv, parquet or sqlite there.")
    ] = None,
    lower: LowerOption = None,
    upper: UpperOption = None,
    query: QueryOption = None,
    trust: TrustOption = False,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    detach: DetachOption = False,
    dry_run: DryRunOption = False,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
) -> int:
    """Apply a generation to what the source gives, and hand the outputs to the sink.

    Steps that return state() are not run: the generation supplies what they made.
    """
    run = request_for(options, what, param, params, jobs, tag, timeout, reusing(force, force_step), fail_fast=fail_fast)
    request = LifecycleRequest(
        run=run,
        words=words_of(what),
        engine=options.engine,
        sink=_within(run.target, output),
        query=query,
        lower=lower,
        upper=upper,
        trusts=trust,
    )
    return _start(options, what, request, Lifecycles.apply, "apply", detach=detach, dry_run=dry_run)


def evaluate(
    options: Options,
    *,
    what: WhatArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    lower: LowerOption = None,
    upper: UpperOption = None,
    from_start: FromStartOption = False,
    query: QueryOption = None,
    trust: TrustOption = False,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    detach: DetachOption = False,
    dry_run: DryRunOption = False,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
) -> int:
    """Score a generation on rows with labels; or evaluate a pipeline as its evaluation= says.

    An address is a generation, scored with what it learned. A file or directory is split, trained and scored anew.
    """
    run = request_for(options, what, param, params, jobs, tag, timeout, reusing(force, force_step), fail_fast=fail_fast)
    request = LifecycleRequest(
        run=run,
        words=words_of(what),
        engine=options.engine,
        query=query,
        lower=lower,
        upper=upper,
        from_start=from_start,
        trusts=trust,
    )
    return _start(options, what, request, Lifecycles.evaluate, "eval", detach=detach, dry_run=dry_run)


def _within(target: Target, file: str | None) -> str | None:
    """Return a file as steps find it: the person may stand elsewhere than they do."""
    return file if file is None or os.getcwd() == target.cwd else os.path.abspath(file)


def words_of(what: list[str] | None) -> tuple[str, ...]:
    """Return the address of the registry that was named; empty: the working copy."""
    return tuple(what or ()) if registered(what or ()) is not None else ()


def path_of(what: list[str] | None) -> str | None:
    """Return the TARGET of the working copy; None: it is an address, or nothing."""
    return what[0] if what and not words_of(what) else None


def request_for(
    options: Options,
    what: list[str] | None,
    param: list[str] | None,
    params: str | None,
    jobs: int | None,
    tag: list[str] | None,
    timeout: str | None,
    wanted: Reusing,
    *,
    fail_fast: bool,
) -> RunRequest:
    """Return the request for a run of what was named, of the working copy or the registry."""
    given = context.parameters(params)
    if words_of(what):
        root = context.root(options)
        target = Target(text="/".join(what or ()), root=root, cwd=root)
    else:
        target = context.target(options, path_of(what))
    return RunRequest(
        target=target,
        params=typed_params(param),
        values=given.values,
        places=given.places,
        runner=options.runner,
        jobs=jobs,
        fail_fast=fail_fast,
        timeout_s=limit_s(timeout),
        tags=tuple(tag or ()),
        reusing=wanted,
    )


def _start(
    options: Options,
    what: list[str] | None,
    request: LifecycleRequest,
    prepare: Callable[[Lifecycles, LifecycleRequest], Prepared],
    command: str,
    *,
    detach: bool,
    dry_run: bool,
) -> int:
    """Write the run and host it, here or elsewhere, or only say what it would do; return the exit code."""
    if request.from_start and request.lower is not None:
        raise InvalidError("--lower and --from-start exclude each other")
    space = context.workspace(options, path_of(what), needs_code=True)
    if not space.parts.executes(options.runner):
        from ..translated import check_stays, translate_prepared  # 10 ms that a run never needs

        check_stays(space, options, detach=detach)
        run = replace(request.run, origin=TRANSLATION)
        prepared = prepare(space.lifecycle, replace(request, run=run, is_dry=True))
        return translate_prepared(space, options, prepared, is_dry=dry_run)
    if detach:
        space.lifecycle.check_lasting()
    prepared = prepare(space.lifecycle, replace(request, is_dry=dry_run))
    root = request.run.target.root
    if (
        not options.is_json
        and not dry_run
        and (said := space.lifecycle.code_line(prepared, root=root, command=command))
    ):
        remark(said)
    if dry_run:
        return _show_plan(space, options, prepared)
    created = space.lifecycle.create(prepared)
    if detach:
        return _detached(space, options, created)
    return carry(space, options, created, lambda observe, stops: space.host(created, observe, stops))


def _show_plan(space: Workspace, options: Options, prepared: Prepared) -> int:
    """Print what a run would do and what it would commit; return the exit code."""
    from ..plantext import plan_lines  # 30 ms that a run never needs
    from .why import around

    found, commits = space.lifecycle.plan(prepared), prepared.commits
    if options.is_json:
        told = None if commits is None else dict(zip(("lineage", "generation", "states"), commits, strict=True))
        put_document({**plan_document(found), "commits": told})
        return 0
    put(plan_lines(around(space, options, is_full=False), found))
    if commits is not None:
        address, number, states = commits
        put(f"\nit would commit generation {number} of {clean(address)} with {', '.join(map(clean, states))}")
    return 0


def _detached(space: Workspace, options: Options, run: RunId) -> int:
    space.launch(run)
    if options.is_json:
        put_document(run_document(space.show(run), space.steps(run), spec=space.spec(run)))
        return 0
    short = context.short(space, run)
    put(f"run {short} goes on in a process of its own")
    put(f"  graft attach {short}  follows it, graft cancel {short} stops it")
    return 0
