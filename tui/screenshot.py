"""A picture of the UI as an SVG file: opened without a terminal, at a size, after keys were pressed."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence

from ..core.errors import InvalidError, StoreError
from ..core.workspace import Workspace
from .app import GraftApp
from .outside import Outside

SMALLEST, LARGEST = (40, 12), (400, 200)
"""Columns and rows of a picture."""
SAME = 4
"""Looks, 50 ms apart, after which a screen that has not changed counts as whole."""
DEADLINE_S = 10.0


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
        return app.export_screenshot(title="graft")


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
