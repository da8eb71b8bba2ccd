"""The terminal UI on a workspace in memory: opened at a size, driven by keys, read as the lines a person sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from memory_logs import MemoryLogs
from run_specs import chain
from spaces import Space
from textual import _wait
from textual.pilot import Pilot
from textual.widget import Widget

from graftline.core.graph import Graph
from graftline.core.workspace import Workspace
from graftline.tui.app import GraftApp
from graftline.tui.glyphs import UNICODE, Glyphs
from graftline.tui.outside import Outside
from graftline.tui.screens import page
from graftline.tui.widgets.bars import Sayings

DEADLINE_S = 8.0
ENDLESS = frozenset({"watch"})
"""Groups of work that ends with the UI."""
# Textual's pilot looks three times per key whether the process is idle, 20 ms each: 1,500 keys waited 90 s for nothing.
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 0.005, 0.00025


class UiSpace(Space):
    """A workspace whose steps can also print."""

    def __init__(self, graph: Graph | None = None, **changes: Any) -> None:
        self.logs = MemoryLogs()
        super().__init__(graph or chain("fetch", "fit", "report"), **({"logs": self.logs} | changes))


class Ui:
    """The UI under test."""

    def __init__(self, app: GraftApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys and let everything they start come to rest."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type text into the field that has the focus."""
        await self.press(*("space" if character == " " else character for character in text))

    async def until(self, found: Callable[[], object], what: str = "") -> None:
        """Wait until something holds."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not found():
                    await self.pilot.pause(0.02)
        except TimeoutError:
            raise AssertionError(f"{what or 'it'} never came:\n{self.text}") from None

    @property
    def is_at_rest(self) -> bool:
        """Tell whether nothing is being read or done, but for what goes on as long as the UI does."""
        return not self.app.is_busy and not any(
            worker.is_running and worker.group not in ENDLESS for worker in self.app.workers
        )

    async def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.until(lambda: text in self.text, repr(text))

    @property
    def lines(self) -> list[str]:
        """What stands on the terminal, line by line; of dialogs too."""
        width, height = self.app.size
        grid = [[" "] * width for _ in range(height)]
        screen = self.app.screen
        for row, strip in enumerate(screen._compositor.render_strips()[:height]):
            for column, character in enumerate(strip.text[:width]):
                grid[row][column] = character
        return ["".join(row).rstrip() for row in grid]

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    def widget(self, selector: str) -> Widget:
        """Return a widget of the screen."""
        return self.app.screen.query_one(selector, Widget)


@asynccontextmanager
async def opened(
    space: UiSpace | Workspace,
    size: tuple[int, int] = (120, 40),
    *,
    glyph_set: Glyphs = UNICODE,
    outside: Outside | None = None,
) -> AsyncIterator[Ui]:
    """Open the UI; what ends it unforeseen fails the test."""
    workspace = space if isinstance(space, Workspace) else space.workspace
    app = GraftApp(workspace, glyph_set=glyph_set, outside=outside)
    before, page.LEAST_S = page.LEAST_S, 0.02  # reads of a test need not be paced
    read, Sayings.READ_S = Sayings.READ_S, 0.0  # nor need it read what was said
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Ui(app, pilot)
    finally:
        page.LEAST_S, Sayings.READ_S = before, read
    if app.failure is not None:
        raise app.failure
