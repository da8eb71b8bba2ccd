"""A picture of the UI as an SVG file: opened without a terminal, at a size, after keys were pressed."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from html import escape, unescape

from rich.cells import cell_len

from ..core.errors import InvalidError, StoreError
from ..core.workspace import Workspace
from .app import GraftApp
from .outside import Outside

SMALLEST, LARGEST = (40, 12), (400, 200)
"""Columns and rows of a picture."""
SAME = 4
"""Looks, 50 ms apart, after which a screen that has not changed counts as whole."""
DEADLINE_S = 30.0
"""After it the picture is of what stands there: an import that hangs is a picture too."""
CELL = 12.2
"""Pixels that a column is wide, in Textual's pictures."""
TEXT = re.compile(r'<text( class="[^"]*-r\d+") x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+"([^>]*)>([^<]*)</text>')
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def size_of(text: str) -> tuple[int, int]:
    """Return columns and rows of "120x40".

    Raises:
        InvalidError: it is no size, or none that can be drawn.
    """
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text.strip())
    if found is None:
        raise InvalidError(f"--size '{text}' is no size", "write COLUMNSxROWS: 120x40")
    width, height = int(found.group(1)), int(found.group(2))
    if not (SMALLEST[0] <= width <= LARGEST[0] and SMALLEST[1] <= height <= LARGEST[1]):
        least, most = ("{}x{}".format(*size) for size in (SMALLEST, LARGEST))
        raise InvalidError(f"--size '{text}' cannot be drawn", f"it is {least} at least and {most} at most")
    return width, height


def take(workspace: Workspace, outside: Outside, file: str, size: tuple[int, int], keys: Sequence[str] = ()) -> None:
    """Write a picture of the UI.

    Args:
        workspace: that is shown.
        outside: what the UI is opened with.
        file: path of the SVG file; overwritten.
        size: columns and rows.
        keys: pressed one after the other, each when the screen has come to rest; as Textual names them.

    Raises:
        StoreError: the file cannot be written.
    """
    picture = asyncio.run(_drawn(GraftApp(workspace, outside=outside), size, keys))
    try:
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(picture)
    except OSError as error:
        raise StoreError(f"{os.path.abspath(file)} cannot be written: {error.strerror}") from error


async def _drawn(app: GraftApp, size: tuple[int, int], keys: Sequence[str]) -> str:
    async with app.run_test(size=size) as pilot:
        await _settled(app)
        for key in keys:
            await pilot.press(key)
            await _settled(app)
        return by_itself(app.export_screenshot(title="graft"))


def by_itself(picture: str) -> str:
    """Return a picture that asks nobody for anything, and looks alike whoever shows it.

    Textual names a font and where in the net it is; here it is one the reader has. And it draws a line of spaces and
    words as one element, of which viewers leave out spaces at the ends: here each group of words stands where it does.
    """
    picture = re.sub(r"\s*@font-face\s*\{.*?\}", "", picture, flags=re.DOTALL)
    picture = re.sub(r"\s*<!-- Generated.*?-->", "", picture, flags=re.DOTALL)
    picture = re.sub(r"font-family:\s*(?!arial)[^;]+;", f"font-family: {FONTS};", picture)
    return TEXT.sub(_placed, picture)


def _placed(found: re.Match[str]) -> str:
    """Return an element of text as one for each group of words."""
    head, x, y, tail, text = found.groups()
    plain = unescape(text).replace("\xa0", " ")
    parts = []
    for words in re.finditer(r"\S+(?: \S+)*", plain):
        column, width = cell_len(plain[: words.start()]), cell_len(words.group())
        place = f' x="{float(x) + column * CELL:.5g}" y="{y}" textLength="{width * CELL:.5g}"'
        parts.append(f"<text{head}{place}{tail}>{escape(words.group(), quote=False)}</text>")
    return "".join(parts)


async def _settled(app: GraftApp) -> None:
    """Wait until the screen has stopped changing, the clock aside, and is not waiting for what it reads."""
    before, same = "", 0
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while same < SAME and loop.time() < deadline:
        await asyncio.sleep(0.05)
        now = "\n".join(strip.text for strip in app.screen._compositor.render_strips()[1:])
        same = same + 1 if now == before and not app.is_busy else 0
        before = now
