"""`graft show`: one run, at first sight."""

from __future__ import annotations

from typing import Annotated

import typer

from graftline.cli import context
from graftline.cli.arguments import LAST, RunArgument
from graftline.cli.card import card
from graftline.cli.carrying import shown_run
from graftline.cli.look import look_of
from graftline.cli.options import Options
from graftline.cli.printer import put, put_document
from graftline.core.document import run_document


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
