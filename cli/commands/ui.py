"""`graft ui`: open the terminal UI."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

from ...core.errors import InvalidError, PluginError
from ..declaring import Option
from ..opening import open_ui
from ..options import Options

SIZE = "120x40"
PORT = 8421
LOOPBACK = "127.0.0.1"
"""The only address it is served at: who reaches the UI can start what the project holds, and is asked for no name."""


def ui(
    options: Options,
    *,
    read_only: Annotated[
        bool, Option("--read-only", help="Look only: nothing can be started, stopped or changed.")
    ] = False,
    screenshot: Annotated[
        str | None, Option("--screenshot", metavar="FILE", help="Write a picture of it as SVG and leave.")
    ] = None,
    size: Annotated[str, Option("--size", metavar="COLUMNSxROWS", help="Of the picture.", show_default=True)] = SIZE,
    press: Annotated[
        str | None, Option("--press", metavar="KEYS", help="Keys to press before the picture, by blanks.")
    ] = None,
    web: Annotated[bool, Option("--web", help="Serve it to browsers of this machine.")] = False,
    port: Annotated[int, Option("--port", min=1, max=65535, help="Of --web.", show_default=True)] = PORT,
) -> int:
    """Open the terminal UI."""
    if screenshot is None and press is not None:
        raise InvalidError("--press is for --screenshot", "add --screenshot FILE.svg")
    if web and screenshot is not None:
        raise InvalidError("--web and --screenshot exclude each other")
    if web:
        return _serve(options, port, read_only=read_only)
    return open_ui(options, is_read_only=read_only, screenshot=screenshot, size=size, press=press or "")


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
