"""`graft runs` (`graft ls`): the run log, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ...core.document import instant, jsonable, roll_up
from ...core.errors import InvalidError
from ...core.ports import RunQuery
from ...core.records import replace
from ...core.runs import Run
from .. import context
from ..declaring import Option
from ..filters import runs_wanted, words_of
from ..listing import Listed, listing, ranked
from ..look import look_of
from ..options import Options
from ..printer import put, put_document
from ..text import clean, plural

if TYPE_CHECKING:
    from ...core.workspace import Workspace

RANKED_OF = 1000
"""Newest runs among which `--by` looks for the best."""
OTHERS = 1000
"""Runs of other projects up to which they are counted."""


def runs(
    options: Options,
    *,
    state: Annotated[
        list[str] | None, Option("--state", metavar="STATES", help="Only these: failed, running, ok, ...")
    ] = None,
    since: Annotated[
        str | None, Option("--since", metavar="TIME", help="Only newer ones: 2d, 12h or 2026-11-20.")
    ] = None,
    tag: Annotated[str | None, Option("--tag", metavar="TAG", help="Only with this tag.")] = None,
    pipeline: Annotated[str | None, Option("--pipeline", metavar="NAME", help="Only of this pipeline.")] = None,
    parent: Annotated[
        str | None, Option("--parent", metavar="RUN", help="Only children of this run (reruns, sweeps).")
    ] = None,
    by: Annotated[
        str | None, Option("--by", metavar="METRIC", help="Best first by this metric; -METRIC: lowest first.")
    ] = None,
    shown: Annotated[
        list[str] | None, Option("--columns", metavar="NAMES", help="Metrics or parameters to show as columns.")
    ] = None,
    top: Annotated[int | None, Option("--top", min=1, metavar="N", help="Only the best N; with --by.")] = None,
    limit: Annotated[int, Option("--limit", min=1, metavar="N", help="At most so many.")] = 20,
    all_projects: Annotated[bool, Option("--all-projects", help="Of every project of the store.")] = False,
    is_all: Annotated[bool, Option("--all", help="Also waves of a watch and runs that a step started.")] = False,
) -> int:
    """List runs, newest first."""
    if top is not None and by is None:
        raise InvalidError("--top needs --by METRIC", "graft runs --by accuracy --top 5")
    space = context.workspace(options)
    wanted = runs_wanted(
        space,
        states=state,
        since=since,
        tag=tag,
        pipeline=pipeline,
        parent=parent,
        all_projects=all_projects,
        is_all=is_all,
    )
    query = replace(wanted, limit=limit if by is None else RANKED_OF)
    extra = list(dict.fromkeys([*([by.removeprefix("-")] if by else []), *words_of(shown)]))
    found = [_listed(space, run, with_metrics=bool(extra)) for run in space.runs(query)]
    if by is not None:
        found = ranked(found, by)[: top or limit]
    if options.is_json:
        put_document({"schema": 1, "runs": [_document(each, extra) for each in found]})
    elif found:
        named = [_with_short(space, each) for each in found]
        put(listing(look_of(is_plain=options.is_plain), named, extra, space.parts.clock()))
    else:
        put(_nothing(space, query, by))
    return 0


def _listed(space: Workspace, run: Run, *, with_metrics: bool) -> Listed:
    return Listed(run=run, short=run.id, metrics=roll_up(space.steps(run.id)) if with_metrics else {})


def _with_short(space: Workspace, listed: Listed) -> Listed:
    return Listed(run=listed.run, short=context.short(space, listed.run.id), metrics=listed.metrics)


def _nothing(space: Workspace, query: RunQuery, by: str | None) -> str:
    narrowed = any((query.states, query.pipeline, query.tag, query.parent, query.since))
    if by is not None:
        return f"no run has a number '{clean(by.removeprefix('-'))}'"
    if narrowed:
        return "no run fits"
    where = f" in project {space.parts.project}" if query.project is not None else ""
    said = f"no run yet{where}; graft run starts one"
    others = 0 if query.project is None else len(space.runs(RunQuery(project=None, limit=OTHERS)))
    if not others:
        return said
    count = f"{OTHERS:,} or more runs" if others == OTHERS else plural(others, "run")
    return f"{said}\nother projects have {count}: graft ls --all-projects"


def _document(listed: Listed, extra: Sequence[str]) -> dict[str, Any]:
    run = listed.run
    document: dict[str, Any] = {
        "run": run.id,
        "project": run.project,
        "pipeline": run.pipeline,
        "action": run.action,
        "state": run.state.value,
        "reason": run.reason,
        "runner": run.runner,
        "origin": run.origin,
        "params": jsonable(run.params),
        "tags": list(run.tags),
        "created": instant(run.created),
        "started": instant(run.started),
        "finished": instant(run.finished),
        "seconds": run.seconds,
        "parent": run.parent,
        "counts": dict(run.counts),
    }
    return document | ({"metrics": jsonable(listed.metrics)} if extra else {})
