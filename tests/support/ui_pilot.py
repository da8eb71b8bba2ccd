"""The terminal UI on a workspace in memory: opened at a size, driven by keys, read as the lines a person sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar

import pytest
from memory_logs import MemoryLogs
from run_specs import chain
from spaces import Space
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from graftline.core.graph import Graph
from graftline.core.workspace import Workspace
from graftline.tui.app import GraftApp
from graftline.tui.glyphs import UNICODE, Glyphs
from graftline.tui.outside import Outside
from graftline.tui.screens import page
from graftline.tui.widgets.bars import Sayings

DEADLINE_S = 30.0
READ_S = 3.0
"""After a key, what is being read is waited for so long."""
BEHIND_S = 0.1
"""And a screen that has still to read so long; one whose store cannot be read is behind for ever."""
ENDLESS = frozenset({"watch"})
"""Groups of work that ends with the UI."""
T = TypeVar("T")


class UiSpace(Space):
    """A workspace whose steps can also print."""

    def __init__(self, graph: Graph | None = None, **changes: Any) -> None:
        self.logs = MemoryLogs()
        super().__init__(graph or chain("fetch", "fit", "report"), **({"logs": self.logs} | changes))


class Ui:
    """The UI under test."""

    def __init__(self, app: GraftApp, pilot: Pilot[Any], rest: Rest, easel: Easel) -> None:
        self.app = app
        self.pilot = pilot
        self._rest = rest
        self._easel = easel

    @property
    def is_reading(self) -> bool:
        """Tell whether something is being read, or has still to be."""
        return self._rest.is_reading

    async def press(self, *keys: str) -> None:
        """Press keys and let everything they start come to rest; what each of them leads to is drawn."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()
            if self._easel.draws_each_key and self.app.is_running and self.app.is_headless:
                self._easel.strips()

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
        strips = self.strips[:height]
        return [strip.text[:width].rstrip() for strip in strips] + [""] * (height - len(strips))

    @property
    def strips(self) -> list[Strip]:
        """The same with its styles."""
        return self._easel.strips()

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    def widget(self, selector: str) -> Widget:
        """Return a widget of the screen."""
        return self.app.screen.query_one(selector, Widget)


class Easel:
    """Draws the whole screen when somebody looks and it has changed, instead of each change as it comes.

    The painting between looks, for a terminal that is not there, and looks at what had not changed took two fifths of
    the CPU time. What is written to somebody who records it is painted as ever.

    Args:
        app: that is drawn.
        draws_each_key: also what nobody looks at, so that it is known to be drawable.
    """

    def __init__(self, app: GraftApp, draws_each_key: bool) -> None:
        self._app = app
        self.draws_each_key = draws_each_key
        self._paint = Compositor.render_update
        self._drawn: tuple[Screen[Any], Size, list[Strip]] | None = None
        """None: the screen has changed since."""

    def render_update(self, compositor: Compositor, **how: Any) -> Any:
        """Stand in for the method of this name, in all compositors of the app."""
        self._drawn = None
        if not self._app.is_headless:
            return self._paint(compositor, **how)
        compositor._dirty_regions.clear()
        return None

    def strips(self) -> list[Strip]:
        """Return what stands on the terminal."""
        screen, size = self._app.screen, self._app.size
        is_late = screen._layout_required or screen._repaint_required or screen._scroll_required
        if self._drawn is None or self._drawn[:2] != (screen, size) or is_late or screen._dirty_widgets:
            visible_screen_stack.set(self._app._background_screens)  # what a dialog leaves to be seen
            self._drawn = (screen, size, screen._compositor.render_strips())
        return self._drawn[2]


class Rest:
    """Tells when an app has nothing more to do, which Textual's pilot guesses from the use of the processor.

    Its guess takes 20 ms at least and is made three times for a key, and never comes true while something is read.
    """

    def __init__(self, app: GraftApp) -> None:
        self._app = app
        self._asked = 0
        self._ask = app.bridge.ask

    async def ask(self, call: Callable[[Workspace], T]) -> T:
        """Do as the bridge does, and count what it is asked for."""
        self._asked += 1
        try:
            return await self._ask(call)
        finally:
            self._asked -= 1

    @property
    def is_reading(self) -> bool:
        """Tell whether something is being read, or has still to be."""
        return bool(self._asked) or self._app.is_busy

    async def come(self, *_: float) -> None:
        """Wait until nothing is ready to run in the loop and nothing is read."""
        begun = monotonic()
        while not self._app._exit:
            await self._quiet()
            if self._app.screen_stack:
                self._app.screen._on_timer_update()  # what a timer does 60 times a second: lay out and paint
                await self._quiet()
            waited = monotonic() - begun
            if not (self._asked and waited < READ_S) and not (self._app.is_busy and waited < BEHIND_S):
                return
            await asyncio.sleep(0.002)

    async def _quiet(self) -> None:
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined] # all that is not a timer or a thread
        await asyncio.sleep(0)
        while ready and not self._app._exit:
            await asyncio.sleep(0)


@asynccontextmanager
async def opened(
    space: UiSpace | Workspace,
    size: tuple[int, int] = (120, 40),
    *,
    glyph_set: Glyphs = UNICODE,
    outside: Outside | None = None,
    is_grey: bool = False,
    draws_each_key: bool = True,
) -> AsyncIterator[Ui]:
    """Open the UI; what ends it unforeseen fails the test.

    Args:
        space: what it shows.
        size: columns and rows of the terminal.
        glyph_set: signs it draws with.
        outside: what it is handed; None: nothing.
        is_grey: as with NO_COLOR. The text is the same, and to take the colours out of it is a seventh of the CPU time.
        draws_each_key: draw what each key leads to, also where nobody looks.
    """
    workspace = space if isinstance(space, Workspace) else space.workspace
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_COLOR", "1") if is_grey else patch.delenv("NO_COLOR", raising=False)
        app = GraftApp(workspace, glyph_set=glyph_set, outside=outside)
        rest, easel = Rest(app), Easel(app, draws_each_key)
        patch.setattr(Compositor, "render_update", lambda compositor, **how: easel.render_update(compositor, **how))
        patch.setattr(page, "LEAST_S", 0.02)  # reads of a test need not be paced
        patch.setattr(page, "SHARE", 0)
        patch.setattr(Sayings, "READ_S", 0.0)  # nor need it read what was said
        patch.setattr(app.bridge, "ask", rest.ask)
        patch.setattr("textual.app.wait_for_idle", rest.come)
        patch.setattr("textual.pilot.wait_for_idle", rest.come)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield Ui(app, pilot, rest, easel)
    if app.failure is not None:
        raise app.failure
