"""`graft events`: what happened, fact by fact; the audit of the store and a feed for other programs."""

from __future__ import annotations

import time
from typing import Annotated, Any

from ...core.document import instant
from ...core.happenings import fact_words, newest
from ...core.ids import RunId
from ...core.loglines import clock_text
from ...core.ports import EventRow, Feed
from .. import context
from ..completion import complete_runs
from ..declaring import Option
from ..options import Options
from ..printer import put, put_row
from ..text import pad

PERIOD_S = 0.1
PAGE = 1000
SHORT = 8
"""Characters of a run id in a line."""


def events(
    options: Options,
    *,
    follow: Annotated[bool, Option("-f --follow", help="Go on, from now.")] = False,
    run: Annotated[str | None, Option("--run", metavar="RUN", complete=complete_runs, help="Only of this run.")] = None,
    after: Annotated[
        int | None, Option("--after", min=0, metavar="SEQ", help="Only after this sequence number.")
    ] = None,
) -> int:
    """Print facts, oldest first; with --json one object a line.

    With -f and neither --run nor --after: only what happens from now on.
    """
    space = context.workspace(options)
    feed = space.feed()
    found = None if run is None else space.find(run, all_projects=True)
    if after is None:
        after = newest(feed) if follow and found is None else 0
    version = -1
    while True:
        moved = feed.version()
        if moved != version:
            version = moved
            after = _print_all(feed, after, found, options)
        if not follow:
            return 0
        time.sleep(PERIOD_S)


def _print_all(feed: Feed, after: int, run: RunId | None, options: Options) -> int:
    while rows := feed.events(after, run, PAGE):
        for row in rows:
            if options.is_json:
                put_row(_document(row))
            else:
                put(_line(row))
        after = rows[-1].seq
    return after


def _document(row: EventRow) -> dict[str, Any]:
    rest = {name: value for name, value in row.data.items() if name not in ("kind", "at")}
    return {"seq": row.seq, "run": row.run, "at": instant(row.at), "kind": row.kind, **rest}


def _line(row: EventRow) -> str:
    words = [clock_text(row.at), row.run[:SHORT], pad(row.kind, 17), *fact_words(row)]
    return "  ".join(words)
