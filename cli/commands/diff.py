"""`graft diff`: what differs between two runs."""

from __future__ import annotations

from typing import Annotated

from ...core.answers import comparison_document
from ...core.errors import InvalidError
from .. import context
from ..arguments import LAST
from ..comparisontext import comparison_lines
from ..completion import complete_runs
from ..declaring import Argument, Option
from ..options import Options
from ..printer import put, put_document
from .why import around

BEFORE_LAST = "@last~1"


def diff(
    options: Options,
    *,
    old: Annotated[
        str, Argument(metavar="[A]", complete=complete_runs, help="The earlier run.", show_default=True)
    ] = BEFORE_LAST,
    new: Annotated[
        str, Argument(metavar="[B]", complete=complete_runs, help="The later run.", show_default=True)
    ] = LAST,
    everything: Annotated[bool, Option("--all", help="Equal things too.")] = False,
    stat: Annotated[bool, Option("--stat", help="Of code only how many lines changed.")] = False,
    full: Annotated[bool, Option("--full", help="Every changed line.")] = False,
) -> int:
    """Compare two runs: code, parameters, environment, data, metrics, durations, states.

    First of all it names the first step that came out otherwise, and why. What is equal is left out.
    """
    space = context.workspace(options)
    first, second = space.find(old), space.find(new)
    if first == second:
        raise InvalidError(f"'{old}' and '{new}' are the same run", "graft ls lists others")
    found = space.inquiry.compare(first, second)
    if options.is_json:
        put_document(comparison_document(found, everything=everything))
    else:
        put(comparison_lines(around(space, options, is_full=full), found, has_all=everything, is_stat=stat))
    return 0
