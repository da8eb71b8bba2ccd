"""`graft ui`: open the terminal UI."""

from __future__ import annotations

import sys

from ...core.collector import rare_collections
from ...core.errors import InvalidError
from .. import context
from ..options import Options


def ui(options: Options) -> int:
    """Open the terminal UI."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidError(
            "the terminal UI needs a terminal", "graft ls, graft show and graft logs tell the same in lines"
        )
    with rare_collections():  # 20 ms of the start, and no pauses while one scrolls
        warnings: list[str] = []  # on stderr they would run through what is drawn
        space = context.workspace(options, needs_code=True, warn=warnings.append)
        from ...tui.app import run  # the UI's library costs 170 ms, for this command alone
        from ..outside import outside_of

        return run(space, outside_of(options, space, warnings))
