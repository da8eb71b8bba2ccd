"""How the terminal UI is opened: by `graft ui`, and by `graft` alone."""

from __future__ import annotations

import os
import sys

from ..core.collector import rare_collections
from ..core.errors import InvalidError
from . import context
from .choices import Options
from .edge import guarded
from .printer import put


def main() -> int:
    """Run `graft` at a terminal, or `graft ui`, without an option, and return the exit code."""
    return guarded(lambda: open_ui(Options()), ())


def open_ui(
    options: Options,
    *,
    is_read_only: bool = False,
    screenshot: str | None = None,
    size: str = "",
    press: str = "",
) -> int:
    """Open the terminal UI, or write a picture of it, and return the exit code.

    Args:
        options: which store, project and configuration.
        is_read_only: nothing can be started, stopped or changed.
        screenshot: file the picture is written to; None: it is opened.
        size: of the picture, COLUMNSxROWS.
        press: keys before the picture, by blanks.

    Raises:
        InvalidError: there is no terminal; or the configuration, or something of the picture, is wrong.
        StoreError: the store cannot be opened, or the picture not be written.
    """
    # In a browser it is drawn by what serves it, and there is no terminal.
    has_terminal = (sys.stdin.isatty() and sys.stderr.isatty()) or "TEXTUAL_DRIVER" in os.environ
    if screenshot is None and not has_terminal:
        raise InvalidError(
            "the terminal UI needs a terminal", "graft ls, graft show and graft logs tell the same in lines"
        )
    with rare_collections():  # 20 ms of the start, and no pauses while one scrolls
        warnings: list[str] = []  # on stderr they would run through what is drawn
        space = context.workspace(options, needs_code=True, warn=warnings.append)
        from .outside import outside_of

        outside = outside_of(options, space, warnings, is_read_only=is_read_only)
        if screenshot is not None:
            from ..tui.screenshot import size_of, take

            take(space, outside, screenshot, size_of(size), press.split())
            put(f"{screenshot} written")
            return 0
        from ..tui.app import run  # the UI's library costs 140 ms, for this command alone

        return run(space, outside)
