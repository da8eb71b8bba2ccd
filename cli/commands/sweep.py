"""`graft sweep` and `graft tune`: many runs of one pipeline, ranked; and the best of them trained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from ...core.document import run_document
from ...core.errors import InvalidError, nearest
from ...core.lifecycle import LifecycleRequest
from ...core.searches import Sought, TuneRequest
from ...core.spacetext import Searched, drawn_of, fresh_seed, grid_of, read_spaces, zipped
from ...core.trials import Told, distinct
from ...core.tuning import SearchMethod
from .. import context
from ..arguments import (
    DetachOption,
    DryRunOption,
    FailFastOption,
    ForceOption,
    ForceStepOption,
    JobsOption,
    ParamOption,
    ParamsFileOption,
    reusing,
)
from ..carrying import carry
from ..declaring import Option
from ..options import Options
from ..printer import put, put_document, remark
from ..trials import SHOWN
from .train import (
    LowerOption,
    QueryOption,
    TagOption,
    TimeoutOption,
    TrustOption,
    UpperOption,
    WhatArgument,
    path_of,
    request_for,
    words_of,
)

if TYPE_CHECKING:
    from ...core.workspace import Workspace

_BUDGET = re.compile(r"(.+)=(\d+):(\d+)(?::(\d+))?")
SearchOption: TypeAlias = Annotated[
    list[str] | None,
    Option(
        "-S --search",
        metavar="NAME=VALUES",
        help="Values of a parameter: 0.1,1,10 or 2:6 or log(1e-4,1e-1,5); repeatable.",
    ),
]
SeedOption: TypeAlias = Annotated[int | None, Option("--seed", metavar="N", help="Of what is drawn at random.")]
TopOption: TypeAlias = Annotated[
    int | None,
    Option("--top", min=1, metavar="N", help=f"List the best N at the end; default: {SHOWN}."),
]
MethodOption: TypeAlias = Annotated[
    str | None, Option("--method", metavar="NAME", help="grid, random, halving or optuna.")
]
MaximizeOption: TypeAlias = Annotated[
    str | None, Option("--maximize --metric", metavar="METRIC", help="Judge by this; more is better.")
]
BudgetOption: TypeAlias = Annotated[
    str | None,
    Option("--budget", metavar="NAME=FROM:TO[:FACTOR]", help="Of halving: the parameter it deals out."),
]


def sweep(
    options: Options,
    *,
    what: WhatArgument = None,
    search: SearchOption = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    by: Annotated[str | None, Option("--by", metavar="METRIC", help="Rank trials by this; more is better.")] = None,
    minimize: Annotated[bool, Option("--minimize", help="With --by: less is better.")] = False,
    random: Annotated[
        int | None, Option("--random", min=1, metavar="N", help="N combinations at random, not all.")
    ] = None,
    zip_: Annotated[bool, Option("--zip", help="The first values of all, the second ones, and so on.")] = False,
    seed: SeedOption = None,
    top: TopOption = None,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    trust: TrustOption = False,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
) -> int:
    """Run a pipeline once for each combination of parameters, all on one cache, and rank the runs.

    Each trial is a run: graft runs --parent RUN lists them. Exit code 1: some trial failed; the others went on.
    """
    spaces = read_spaces(search or [])
    if minimize and by is None:
        raise InvalidError("--minimize needs --by METRIC", "graft sweep -S C=0.1,1 --by loss --minimize")
    trials = distinct(iter(_trials(spaces, random, seed, is_zip=zip_)))
    run = request_for(options, what, param, params, jobs, tag, timeout, reusing(force, force_step), fail_fast=fail_fast)
    request = LifecycleRequest(run=run, words=words_of(what), engine=options.engine, trusts=trust)
    space = context.workspace(options, path_of(what), needs_code=True)
    sought = space.searches.sweep(request, trials, metric=by, is_maximum=not minimize)
    if dry_run:
        from ..trialplan import show_trials  # planning, which a search that runs never needs

        return show_trials(space, options, sought, trials)
    return _start(space, options, sought, "sweep", detach=detach, top=top)


def tune(
    options: Options,
    *,
    what: WhatArgument = None,
    search: SearchOption = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    method: MethodOption = None,
    trials: Annotated[int | None, Option("--trials", min=1, metavar="N", help="The most trials.")] = None,
    seed: SeedOption = None,
    maximize: MaximizeOption = None,
    minimize: Annotated[
        str | None, Option("--minimize", metavar="METRIC", help="Judge by this; less is better.")
    ] = None,
    budget: BudgetOption = None,
    lower: LowerOption = None,
    upper: UpperOption = None,
    query: QueryOption = None,
    trust: TrustOption = False,
    top: TopOption = None,
    jobs: JobsOption = None,
    fail_fast: FailFastOption = False,
    dry_run: DryRunOption = False,
    detach: DetachOption = False,
    tag: TagOption = None,
    timeout: TimeoutOption = None,
    force: ForceOption = False,
    force_step: ForceStepOption = None,
) -> int:
    """Search the best parameters, train on everything with them, and commit that as one generation.

    What is searched is what the pipeline's tune= says, or -S. Each trial is a run, scored as evaluation= says.
    """
    asked = TuneRequest(
        spaces=read_spaces(search) if search else None,
        method=_method(method),
        trials=trials,
        seed=seed,
        metric=_metric(maximize, minimize),
        is_maximum=None if minimize is None and maximize is None else minimize is None,
        budget=_budget(budget),
    )
    run = request_for(options, what, param, params, jobs, tag, timeout, reusing(force, force_step), fail_fast=fail_fast)
    request = LifecycleRequest(
        run=run,
        words=words_of(what),
        engine=options.engine,
        query=query,
        lower=lower,
        upper=upper,
        trusts=trust,
    )
    space = context.workspace(options, path_of(what), needs_code=True)
    sought = space.searches.tune(request, asked)
    if dry_run:
        from ..trialplan import show_trials  # as above

        return show_trials(space, options, sought, _known(sought))
    return _start(space, options, sought, "tune", detach=detach, top=top)


def _trials(
    spaces: Mapping[str, Searched], count: int | None, seed: int | None, *, is_zip: bool
) -> Iterable[Mapping[str, Any]]:
    if count is not None and is_zip:
        raise InvalidError("--random and --zip exclude each other")
    if seed is not None and count is None:
        raise InvalidError("--seed is of what is drawn", "say how many: --random 20 --seed 7")
    if not spaces:
        return ()
    if count is not None:
        return drawn_of(spaces, count, fresh_seed() if seed is None else seed)
    return zipped(spaces) if is_zip else grid_of(spaces)


def _known(sought: Sought) -> tuple[Told, ...]:
    record = sought.spec.search
    return () if record is None else record.listed


def _method(name: str | None) -> str | None:
    known = [each.value for each in SearchMethod]
    if name is not None and name not in known:
        raise InvalidError(f"--method: there is no method '{name}'{nearest(name, known)}", f"it is {', '.join(known)}")
    return name


def _metric(maximize: str | None, minimize: str | None) -> str | None:
    if maximize is not None and minimize is not None:
        raise InvalidError("--maximize and --minimize exclude each other")
    return maximize if maximize is not None else minimize


def _budget(text: str | None) -> tuple[str, int, int] | tuple[str, int, int, int] | None:
    if text is None:
        return None
    found = _BUDGET.fullmatch(text)
    if found is None:
        raise InvalidError(f"--budget {text!r} names no parameter with its ends", "write --budget epochs=5:135")
    ends = (found[1], int(found[2]), int(found[3]))
    return ends if found[4] is None else (*ends, int(found[4]))


def _start(space: Workspace, options: Options, sought: Sought, command: str, *, detach: bool, top: int | None) -> int:
    """Write the run, and host it here or in a process of its own; return the exit code."""
    root = sought.first.run.target.root
    if not options.is_json and (said := space.searches.code_line(sought, root=root, command=command)):
        remark(said)
    if detach and command == "tune":
        space.lifecycle.check_lasting()
    created = space.searches.create(sought)
    if not detach:
        return carry(space, options, created, lambda observe, stops: space.host(created, observe, stops), top=top)
    space.launch(created)
    if options.is_json:
        put_document(run_document(space.show(created), space.steps(created), spec=space.spec(created)))
        return 0
    short = context.short(space, created)
    put(f"run {short} goes on in a process of its own")
    put(f"  graft attach {short}  follows it, graft cancel {short} stops it")
    return 0
