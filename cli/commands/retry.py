"""`graft retry` and `graft resume`: continue a run that did not end well."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

from ...core.errors import InvalidError
from ...core.folding import rows
from ...core.requests import CodeChoice, RetryPlan, RetryRequest, Stale
from ...core.roles import Composites
from ...core.states import Status
from .. import context
from ..arguments import (
    LAST,
    LAST_FAILED,
    DryRunOption,
    FailFastOption,
    FromOption,
    GuardOption,
    JobsOption,
    OnlyOption,
    RunArgument,
    StaleOption,
    ToOption,
    selection,
)
from ..asking import confirmed
from ..carrying import carry
from ..declaring import Option
from ..look import look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..stale import stale_document, stale_lines
from ..text import clean, plural

if TYPE_CHECKING:
    from ...core.workspace import Workspace


def retry(
    options: Options,
    *,
    run: RunArgument = LAST_FAILED,
    everything: Annotated[bool, Option("--all", help="Run every step again.")] = False,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
    code: Annotated[
        CodeChoice, Option("--code", help="The working copy as it is now, or the code the run recorded.")
    ] = CodeChoice.CURRENT,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    stale: StaleOption = None,
    dry_run: DryRunOption = False,
    guard: GuardOption = None,
) -> int:
    """Continue a run: its failed and unfinished steps and what follows them.

    Inputs come from the recorded outputs of the steps that are kept. Earlier attempts stay in the run log.
    """
    chosen = selection(only, start, end)
    if everything and not chosen.is_everything:
        raise InvalidError("--all cannot be combined with --only, --from or --to")
    space = context.workspace(options, needs_code=True)
    request = RetryRequest(
        run=space.find(run),
        selection=chosen,
        is_everything=everything,
        code=code,
        stale=stale or Stale.KEEP,
        jobs=jobs,
        fail_fast=fail_fast,
        runner=options.runner,
        guard=guard,
    )
    if dry_run:
        return _preview(space, options, request)
    return _carry(space, options, request, decide=_decide(options) if stale is None else None)


def resume(
    options: Options,
    *,
    run: RunArgument = LAST,
    code: Annotated[
        CodeChoice, Option("--code", help="The working copy as it is now, or the code the run recorded.")
    ] = CodeChoice.CURRENT,
    jobs: JobsOption = None,
) -> int:
    """Continue a run whose process died: run what was not finished."""
    space = context.workspace(options, needs_code=True)
    found = space.show(space.find(run))
    # PENDING: its process died before it took the run up. One that is just about to finds the run taken and leaves.
    if found.state not in (Status.INTERRUPTED, Status.PENDING):
        short = context.short(space, found.id)
        raise InvalidError(f"run {short} is {found.state}, not INTERRUPTED", _instead(found.state, short))
    return _carry(space, options, RetryRequest(run=found.id, code=code, jobs=jobs, runner=options.runner))


def _instead(state: Status, short: str) -> str:
    if not state.is_final:
        return f"graft attach {short} follows it"
    return f"graft retry {short} runs failed and unfinished steps; graft rerun {short} starts it anew"


def _carry(
    space: Workspace,
    options: Options,
    request: RetryRequest,
    decide: Callable[[RetryPlan], Stale] | None = None,
) -> int:
    plan = space.begin_retry(request, decide)
    if not options.is_json:
        for line in stale_lines(plan.stale):
            remark(line)
    more = {"stale_kept": [stale_document(each) for each in plan.stale]}
    return carry(space, options, request.run, lambda observe, stops: space.host(request.run, observe, stops), more=more)


def _decide(options: Options) -> Callable[[RetryPlan], Stale] | None:
    """Return who is asked about steps that would come out otherwise now; None: nobody, they are kept."""
    if options.is_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None

    def ask(plan: RetryPlan) -> Stale:
        put([f"  {line}" for line in stale_lines(plan.stale, end="")])
        is_rerun = confirmed("run them and what follows again, instead of keeping their results?")
        return Stale.RERUN if is_rerun else Stale.KEEP

    return ask


def _preview(space: Workspace, options: Options, request: RetryRequest) -> int:
    plan = space.plan_retry(request)
    if options.is_json:
        put_document(
            {
                "schema": 1,
                "run": plan.run,
                "again": list(plan.again),
                "kept": list(plan.kept),
                "left_out": list(plan.left_out),
                "stale_kept": [stale_document(each) for each in plan.stale],
            }
        )
        return 0
    again, kept = ("~", "=") if look_of().is_ascii else ("↻", "◇")
    put(f"would run {plural(len(plan.again), 'step')} again and keep {len(plan.kept):,}; nothing was started")
    composites = Composites(space.graph(request.run))
    put([f"  {again} {text}" for text in _lines(composites, plan.again)])
    if plan.kept:
        put([f"  {kept} {text}  kept" for text in _lines(composites, plan.kept)])
    put([f"  {line}" for line in stale_lines(plan.stale)])
    return 0


def _lines(composites: Composites, paths: Sequence[str]) -> list[str]:
    """Return a line for each step; one for the same step of a large map's items."""
    always = [path for path in paths if not composites.role(path).is_composite]
    return [
        clean(row.path) + (f"  {len(row.members):,} of them" if len(row.members) > 1 else "")
        for row in rows(composites, paths, always=always)
    ]
