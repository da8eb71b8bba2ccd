"""Carrying a run to its end in this process while a person watches: view, signals, closing words, exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..core.document import root_failures, run_document
from ..core.errors import GraftError
from ..core.graph import Graph
from ..core.ids import RunId
from ..core.quantities import duration_text
from ..core.records import replace
from ..core.runs import Run, RunSpec, StepRun
from ..core.session import Observer, Requests
from ..core.states import Status
from ..core.witness import Witness
from .card import PANELS_SHOWN, Shown
from .closing import closing
from .complaint import here
from .context import short
from .failure import tail
from .live import progress
from .look import look_of
from .options import Options
from .printer import put, put_document
from .signals import TERMINATED, Stops, handled

if TYPE_CHECKING:
    from ..core.workspace import Workspace
    from .trials import TrialBoard

EXIT_CODES: Mapping[Status, int] = {
    Status.SUCCESS: 0,
    Status.FAILURE: 1,
    Status.INTERRUPTED: 1,
    Status.CANCELLED: 130,
}
"""Of a run that was waited for."""


def carry(
    space: Workspace,
    options: Options,
    run: RunId,
    start: Callable[[Observer, Requests], Run],
    more: Mapping[str, Any] | None = None,
    *,
    top: int | None = None,
) -> int:
    """Host a run until it ends, report it, and return the exit code.

    Args:
        start: takes the run up in this process; is given the observer and the requests to stop.
        more: entries of the document beside those of the run.
        top: of a search, the most trials that are listed at the end; None: some.
    """
    look = look_of(is_plain=options.is_plain)
    requests = Requests()
    watched: Graph | None = None
    if options.is_json:
        view = progress(look, {}, "", is_plain=options.is_plain, is_quiet=True)
    else:
        before, graph = space.show(run), space.graph(run)
        title = f"{before.pipeline}  {short(space, run)}"
        view = progress(
            look,
            _states(space, before, graph),
            title,
            graph=graph,
            search=trial_board(space, run),
            is_plain=options.is_plain,
            is_quiet=False,
        )
        watched = graph if before.is_untouched else None
    witness = Witness(watched, view.observe)
    stops = Stops(lambda is_hard: space.request_stop(requests, is_hard=is_hard), view.say)
    begun = time.monotonic()
    with handled(stops), view:
        ended = start(witness.observe, requests)
    report(space, options, ended, witness.steps(), took_s=time.monotonic() - begun, more=more, top=top)
    return TERMINATED if stops.is_terminated and ended.state is Status.CANCELLED else exit_code(ended.state)


def trial_board(space: Workspace, run: RunId) -> TrialBoard | None:
    """Return what keeps the trials of a run up to date; None: it is no search."""
    spec = space.spec(run)
    if spec.search is None:
        return None
    from .trials import TrialBoard  # for one kind of run

    board = TrialBoard(spec.search, spec.graph)
    board.load(space.steps(run), run)
    return board


def _states(space: Workspace, run: Run, graph: Graph) -> dict[str, Status]:
    """Return by path where the steps stand."""
    if run.is_untouched:
        return dict.fromkeys(graph.index, Status.PENDING)
    return {step.path: step.state for step in space.steps(run.id)}


def report(
    space: Workspace,
    options: Options,
    run: Run,
    steps: list[StepRun] | None = None,
    *,
    took_s: float | None,
    more: Mapping[str, Any] | None = None,
    top: int | None = None,
) -> None:
    """Print how a run ended: the document, or the closing words.

    Args:
        steps: as the store has them; None: they are read.
    """
    steps = space.steps(run.id) if steps is None else steps
    if options.is_json:
        spec = spec_of(space, run.id)
        document = run_document(run, steps, spec=spec, guards=space.guards(steps))
        put_document({**document, **searched_document(spec, steps), **(more or {})})
        return
    shown = replace(shown_run(space, run, steps), top=top)
    took = run.seconds if took_s is None else took_s
    put(closing(look_of(is_plain=options.is_plain), shown, duration_text(took)))
    if run.action != "job":
        from .generations import ending  # registries: runs that are no part of a lifecycle need none

        if lines := ending(look_of(is_plain=options.is_plain), space, shown):
            put(lines)


def searched_document(spec: RunSpec | None, steps: list[StepRun]) -> dict[str, Any]:
    """Return the entries of a document that only a search has."""
    if spec is None or spec.search is None:
        return {}
    from .trials import trials_document  # for one kind of run

    return trials_document(spec, steps)


def shown_run(space: Workspace, run: Run, steps: list[StepRun], *, is_full: bool = False) -> Shown:
    """Gather what the screens of a run show."""
    failed = [] if run.state is Status.SUCCESS else root_failures(steps)[:PANELS_SHOWN]
    return Shown(
        run=run,
        steps=steps,
        spec=spec_of(space, run.id),
        short=short(space, run.id),
        now=space.parts.clock(),
        logs={step.path: tail(space.logs(run.id, step.path, step.attempts)) for step in failed},
        here=here(),
        is_full=is_full,
        guards=space.guards(steps),
    )


def exit_code(state: Status) -> int:
    """Return the exit code of a run that was waited for."""
    return EXIT_CODES.get(state, 0)


def spec_of(space: Workspace, run: RunId) -> RunSpec | None:
    """Return what a run was started from; None when it cannot be read, so that the rest can still be shown."""
    try:
        return space.spec(run)
    except GraftError:
        return None
