"""`graft promote`: a run on another runner, looked at before, compared after. `graft pull`: a run from there, here."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Annotated, Any

from ...core.agreement import RTOL, Agreement
from ...core.document import error_document, run_document
from ...core.errors import GraftError, InvalidError, MissingError
from ...core.promotion import PromotionPlan, PromotionRequest
from ...core.pulled import PullRequest
from ...core.runs import Run
from ...core.session import Observer, Requests
from ...core.states import Status
from .. import context
from ..arguments import LAST, DetachOption, DryRunOption, JobsOption, RunArgument
from ..carrying import carry
from ..declaring import Option
from ..look import look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..promoted import agreement_document, agreement_lines, plan_document, plan_lines, whole_document
from ..pulledtext import pulled_document, pulled_lines
from ..text import clean

if TYPE_CHECKING:
    from ...core.ids import RunId
    from ...core.workspace import Workspace

NOT_FOUND, DOES_NOT_HOLD = 3, 5


def promote(
    options: Options,
    *,
    run: RunArgument = LAST,
    to: Annotated[
        str | None, Option("--to", metavar="RUNNER", help="Where it goes: [runner.NAME], or a runner's name.")
    ] = None,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    force: Annotated[bool, Option("--force", help="Go although a gate refuses or a package is not there.")] = False,
    compare: Annotated[
        bool, Option("--compare", help="Send nothing: compare a promoted run with the one it was made from.")
    ] = False,
    rtol: Annotated[
        float, Option("--rtol", metavar="R", help="Relative difference up to which numbers are equal.")
    ] = RTOL,
    jobs: JobsOption = None,
) -> int:
    """Run a run's recorded code and parameters on another runner, and compare every output.

    Everything is looked at before anything is sent. Exit code 5: an output is different, or a gate refuses.
    """
    if not (math.isfinite(rtol) and rtol >= 0):
        raise InvalidError(f"--rtol {rtol} is no relative difference", "a number such as 1e-6")
    space = context.workspace(options, needs_code=True)
    found = space.find(run)
    if compare:
        if to is not None or dry_run or detach:
            raise InvalidError("--compare sends nothing: it takes no --to, no -n and no -d")
        return _show_agreement(space, options, space.promoting.agreeing.compare(found, rtol=rtol))
    request = PromotionRequest(run=found, to=_target(space, options, found, to), jobs=jobs, is_forced=force)
    plan = space.promoting.plan(request)
    if not options.is_json:
        put(plan_lines(look_of(is_plain=options.is_plain), plan, context.short(space, found)))
    if dry_run or not plan.is_good:
        return _end_of_plan(options, plan)
    created = space.promoting.create(plan)
    if detach:
        return _detach(space, options, plan, created)
    return _carry(space, options, plan, created, rtol)


def pull(
    options: Options,
    *,
    run: RunArgument = LAST,
    folder: Annotated[
        str | None,
        Option("--from", metavar="DIR", help="Where it lies; default: artifacts of the run's runner (or of -R)."),
    ] = None,
) -> int:
    """Bring home what a run left elsewhere: states, values, logs, code; then debug and retry work here.

    RUN may also be one that this store does not know, by its id there. A second time nothing comes.
    """
    space = context.workspace(options)
    given = None if folder is None else os.path.abspath(folder)
    wanted = PullRequest(run=run, root=context.root(options), folder=given, runner=options.runner)
    try:
        found = space.find(run)
    except MissingError:
        if run.startswith("@"):
            raise
        found = space.pulling.find(wanted)
    pulled = space.pulling.pull(PullRequest(run=found, root=wanted.root, folder=given, runner=options.runner))
    if options.is_json:
        steps = space.steps(found)
        document = run_document(space.show(found), steps, spec=space.spec(found))
        put_document({**document, "pulled": pulled_document(pulled)})
    else:
        put(pulled_lines(look_of(is_plain=options.is_plain), space, pulled, context.short(space, found)))
    return NOT_FOUND if pulled.lacking else 0


def _target(space: Workspace, options: Options, run: RunId, to: str | None) -> str:
    """Return the runner that `--to` or `-R` names.

    Raises:
        InvalidError: none is named, or two are.
    """
    named = {each for each in (to, options.runner) if each is not None}
    if len(named) > 1:
        raise InvalidError(f"--to {to} and -R {options.runner} name two runners")
    if named:
        return named.pop()
    known = space.promoting.targets(run)
    hint = f"there are {', '.join(known)}" if known else "[runner.NAME] in graftline.toml sets one up: docs/runners.md"
    raise InvalidError("say where the run goes: --to RUNNER", hint)


def _end_of_plan(options: Options, plan: PromotionPlan) -> int:
    """Say that nothing was sent, and why not if it may not be; return the exit code."""
    refusal = plan.refusal()
    if options.is_json:
        error = {} if refusal is None else {"error": error_document(refusal)["error"]}
        put_document(whole_document(promotion=plan_document(plan), **error))
    elif refusal is None:
        put("nothing was sent")
    else:
        count = len(plan.obstacles)
        remark(f"graft: nothing was sent: {'a check does' if count == 1 else f'{count} checks do'} not hold")
    return 0 if refusal is None else refusal.exit_code


def _carry(space: Workspace, options: Options, plan: PromotionPlan, created: RunId, rtol: float) -> int:
    more: dict[str, Any] = {"promotion": plan_document(plan)}
    agreed: list[Agreement] = []
    problems: list[GraftError] = []

    def start(observe: Observer, requests: Requests) -> Run:
        ended = space.host(created, observe, requests)
        if ended.state is Status.SUCCESS:
            try:
                agreed.append(space.promoting.agreeing.compare(created, rtol=rtol, requests=requests))
                more["agreement"] = agreement_document(agreed[0])
            except GraftError as problem:  # the run itself is over, and told of first
                problems.append(problem)
        return ended

    code = carry(space, options, created, start, more=more)
    if problems:
        remark(f"graft: the runs could not be compared: {clean(str(problems[0]))}")
        return problems[0].exit_code
    if not agreed:
        return code
    if not options.is_json:
        put(["", *_agreement_lines(space, options, agreed[0])])
    return code or (0 if agreed[0].is_good else DOES_NOT_HOLD)


def _show_agreement(space: Workspace, options: Options, found: Agreement) -> int:
    if options.is_json:
        put_document(whole_document(agreement=agreement_document(found)))
    else:
        put(_agreement_lines(space, options, found))
    return 0 if found.is_good else DOES_NOT_HOLD


def _agreement_lines(space: Workspace, options: Options, found: Agreement) -> list[str]:
    shorts = context.short(space, found.old), context.short(space, found.new)
    return agreement_lines(look_of(is_plain=options.is_plain), found, shorts)


def _detach(space: Workspace, options: Options, plan: PromotionPlan, created: RunId) -> int:
    space.launch(created)
    if options.is_json:
        document = run_document(space.show(created), space.steps(created), spec=space.spec(created))
        put_document({**document, "promotion": plan_document(plan)})
        return 0
    short = context.short(space, created)
    put(f"run {short} goes on in a process of its own")
    put(f"  graft attach {short}  follows it, graft promote --compare {short} compares it when it is over")
    return 0
