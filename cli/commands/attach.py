"""`graft attach`: follow a run that another process hosts, to its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ...core.codec import facts_from_json
from ...core.errors import ConflictError
from ...core.ids import RunId
from ...core.ports import Feed
from ...core.runs import Run
from ...core.states import Status
from .. import context
from ..arguments import LAST, RunArgument
from ..carrying import exit_code, report, trial_board
from ..live import Progress, progress
from ..look import look_of
from ..options import Options
from ..printer import remark

if TYPE_CHECKING:
    from ...core.workspace import Workspace

PERIOD_S = 0.1
LOOK_S = 1.0
"""Seconds after which the run is looked at though nothing was committed: its process may be dead."""
TAKEN_UP_S = 15.0
"""Seconds in which the process of a detached run has taken it up, on any machine."""
PAGE = 1000


def attach(options: Options, *, run: RunArgument = LAST) -> int:
    """Follow a run to its end; the exit code is the run's. Ctrl+C leaves it running."""
    space = context.workspace(options)
    found = space.find(run)
    look = look_of(is_plain=options.is_plain)
    short = context.short(space, found)
    graph = space.graph(found)
    # As it was compiled: the facts tell how it grew.
    states = {node.path: Status.PENDING for node in (graph.origin or graph).nodes}
    title = f"{space.show(found).pipeline}  {short}"
    try:
        view = progress(
            look,
            states,
            title,
            graph=graph,
            search=trial_board(space, found),
            is_plain=options.is_plain,
            is_quiet=options.is_json,
        )
        with view:
            ended = _follow(space, found, view)
    except KeyboardInterrupt:
        remark(f"left run {short}, which goes on; graft cancel {short} stops it")
        return exit_code(Status.CANCELLED)
    report(space, options, ended, took_s=None)
    return exit_code(ended.state)


def _follow(space: Workspace, run: RunId, view: Progress) -> Run:
    feed = space.feed()
    after, version, looked = 0, -1, 0.0
    began = time.monotonic()
    while True:
        moved = feed.version()
        if moved != version or time.monotonic() - looked >= LOOK_S:
            version, looked = moved, time.monotonic()
            # The state first: facts committed until the end are still read after it was seen.
            state = space.show(run)
            after = _tell(feed, run, after, view)
            if state.state.is_final:
                return state
            if state.state is Status.PENDING and looked - began > TAKEN_UP_S:
                raise ConflictError(f"no process takes up run {run}", f"run it here with 'graft resume {run[:6]}'")
        time.sleep(PERIOD_S)


def _tell(feed: Feed, run: RunId, after: int, view: Progress) -> int:
    while rows := feed.events(after, run, PAGE):
        view.observe(facts_from_json([{**row.data, "kind": row.kind, "at": row.at} for row in rows]))
        after = rows[-1].seq
    return after
