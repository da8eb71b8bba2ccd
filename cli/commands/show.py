"""`graft show`: one run, at first sight."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.document import run_document
from .. import context
from ..arguments import LAST, RunArgument
from ..card import card
from ..carrying import shown_run
from ..look import look_of
from ..options import Options
from ..printer import put, put_document


def show(
    options: Options,
    *,
    run: RunArgument = LAST,
    full: Annotated[
        bool, typer.Option("--full", help="Every step of large runs; with --json also every attempt.")
    ] = False,
) -> int:
    """Show a run: state, steps, metrics, errors, code. Exit code 0 also when the run failed."""
    space = context.workspace(options)
    found = space.show(space.find(run))
    steps = space.steps(found.id)
    if options.is_json:
        put_document(run_document(found, steps, attempts=space.attempts(found.id) if full else None, full=full))
    else:
        put(card(look_of(is_plain=options.is_plain), shown_run(space, found, steps, is_full=full)))
    return 0
