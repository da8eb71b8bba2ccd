"""`graft ui`: open the terminal UI."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated

import typer

from ...core.collector import rare_collections
from ...core.errors import InvalidError, PluginError
from .. import context
from ..options import Options
from ..printer import put

SIZE = "120x40"
PORT = 8421
LOOPBACK = "127.0.0.1"
"""The only address it is served at: who reaches the UI can start what the project holds, and is asked for no name."""


def ui(
    options: Options,
    *,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look only: nothing can be started, stopped or changed.")
    ] = False,
    screenshot: Annotated[
        str | None, typer.Option("--screenshot", metavar="FILE", help="Write a picture of it as SVG and leave.")
    ] = None,
    size: Annotated[
        str, typer.Option("--size", metavar="COLUMNSxROWS", help="Of the picture.", show_default=True)
    ] = SIZE,
    press: Annotated[
        str | None, typer.Option("--press", metavar="KEYS", help="Keys to press before the picture, by blanks.")
    ] = None,
    web: Annotated[bool, typer.Option("--web", help="Serve it to browsers of this machine.")] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of --web.", show_default=True)] = PORT,
) -> int:
    """Open the terminal UI."""
    if screenshot is None and press is not None:
        raise InvalidError("--press is for --screenshot", "add --screenshot FILE.svg")
    if web and screenshot is not None:
        raise InvalidError("--web and --screenshot exclude each other")
    if web:
        return _serve(options, port, read_only=read_only)
    # In a browser it is drawn by what serves it, and there is no terminal.
    has_terminal = (sys.stdin.isatty() and sys.stderr.isatty()) or "TEXTUAL_DRIVER" in os.environ
    if screenshot is None and not has_terminal:
        raise InvalidError(
            "the terminal UI needs a terminal", "graft ls, graft show and graft logs tell the same in lines"
        )
    with rare_collections():  # 20 ms of the start, and no pauses while one scrolls
        warnings: list[str] = []  # on stderr they would run through what is drawn
        space = context.workspace(options, needs_code=True, warn=warnings.append)
        from ..outside import outside_of

        outside = outside_of(options, space, warnings, is_read_only=read_only)
        if screenshot is not None:
            from ...tui.screenshot import size_of, take

            take(space, outside, screenshot, size_of(size), (press or "").split())
            put(f"{screenshot} written")
            return 0
        from ...tui.app import run  # the UI's library costs 170 ms, for this command alone

        return run(space, outside)


def _serve(options: Options, port: int, *, read_only: bool) -> int:
    """Serve the UI; each browser gets a process of its own."""
    try:
        from textual_serve.server import Server  # an extra: with aiohttp it takes 0.3 s
    except ImportError as error:
        raise PluginError("graft ui --web needs textual-serve", "pip install 'graftline[web]'") from error
    from ..outside import common_words

    words = [sys.executable, "-m", "graftline", *common_words(options), "ui", *(["--read-only"] if read_only else [])]
    Server(shlex.join(words), host=LOOPBACK, port=port, title="graft").serve()
    return 0
