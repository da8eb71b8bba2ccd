"""What all full screens share: the bars around, reading anew when the store has moved, saying things, going back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from ...core.errors import GraftError
from ...core.workspace import Workspace
from ..bridge import Bridge, begin, is_closing
from ..keys import bindings
from ..tones import Line, Palette, Tone
from ..widgets.bars import Bar, Hints, Sayings

if TYPE_CHECKING:
    from ..app import GraftApp

T = TypeVar("T")

SHARE = 30
"""After a read that took a second of CPU, its painting included, so many seconds pass before the next."""
LEAST_S = 0.25
"""Between two reads: four repaints a second at most."""
SLOWEST_S = 5.0
"""Between two reads, however much they cost."""
LEAST_SIZE = (40, 12)
"""Columns and rows below which a screen says that it is too small."""
LONGEST_S = 5.0
"""Between two reads of a store that cannot be read."""


@runtime_checkable
class Coloured(Protocol):
    """A widget that draws with a palette."""

    def palette_changed(self, palette: Palette) -> None: ...


@runtime_checkable
class Painting(Protocol):
    """An app that says how things look."""

    palette: Palette


def recolour(screen: Screen[Any]) -> None:
    """Hand the palette to every widget of a screen that draws with it."""
    app = screen.app
    if isinstance(app, Painting):
        for widget in screen.query("*"):
            if isinstance(widget, Coloured):
                widget.palette_changed(app.palette)


class Page(Screen[None]):
    """A full screen."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("back", "refresh", "pane.next")]
    HINTS: ClassVar[tuple[str, ...]] = ()
    """Ids of the keys that are offered in the last line."""

    def __init__(self) -> None:
        super().__init__()
        self.sayings = Sayings(monotonic)
        self._is_stale = True
        self._is_reading = False
        self._is_new = True
        """Nothing was read so far."""
        self._wanted = asyncio.Event()
        """A person waits for the next read."""

    # -- what a screen is made of ----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Put the bars around the body."""
        yield Bar(id="top")
        yield Bar(id="crumbs")
        yield Bar(id="banner")
        yield from self.body()
        yield Bar(id="status")
        yield Hints(id="hints")

    def body(self) -> ComposeResult:
        """Return the widgets between the bars."""
        raise NotImplementedError

    def crumbs(self) -> tuple[Line, Line]:
        """Return where one is, and what stands on the right of it."""
        raise NotImplementedError

    def status(self) -> tuple[Line, Line]:
        """Return what stands in the line above the hints while nothing was said."""
        return (), ()

    async def reload(self) -> None:
        """Read what is shown; called when the store has moved, never twice at once.

        Raises:
            GraftError: it cannot be read.
        """
        raise NotImplementedError

    def tick(self) -> None:
        """A second has passed: draw what shows time."""

    # -- the app around it -----------------------------------------------------------------------------------------

    @property
    def graft(self) -> GraftApp:
        """Return the app."""
        from ..app import GraftApp  # the app imports its screens

        assert isinstance(self.app, GraftApp)
        return self.app

    @property
    def bridge(self) -> Bridge:
        """Return the way to the workspace."""
        return self.graft.bridge

    @property
    def is_ready(self) -> bool:
        """Tell whether the widgets are there: not before the screen is composed, nor while it is closed."""
        return self.is_mounted and not is_closing(self) and bool(self.query("#hints"))

    @property
    def is_behind(self) -> bool:
        """Tell whether what is shown has still to be read."""
        return self._is_stale

    async def ask(self, call: Callable[[Workspace], T]) -> T:
        """Call something with the workspace on a thread."""
        return await self.bridge.ask(call)

    def say(self, text: str, tone: Tone = Tone.TEXT) -> None:
        """Say something for some seconds."""
        self.sayings.say(text, tone)
        self.show_bars()

    def complain(self, error: GraftError) -> None:
        """Say what went wrong and what to do."""
        self.say(error.message + (f" {self.graft.glyphs.dot.strip()} {error.hint}" if error.hint else ""), Tone.RED)

    def do(self, call: Callable[[Workspace], str], command: str = "", *, is_long: bool = False) -> None:
        """Do something on a thread; say what it returns, or what went wrong, with the command that does the same.

        Args:
            call: does it, and returns what is said then.
            command: that does the same; empty: none, and it is no deed.
            is_long: it may take long, because code of the user is imported or large bytes are read.
        """

        async def work() -> None:
            try:
                said = await (self.bridge.load(call) if is_long else self.ask(call))
                if command:
                    self.graft.note(command)
                self.say(f"{said}   $ {command}" if command else said, Tone.GREEN)
            except GraftError as error:
                if command:
                    self.graft.note(command, error)
                self.complain(error)
            self.stale()

        begin(self, work, "deeds", exclusive=False)

    # -- life ------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Take the colours and begin to read."""
        self.recolour()
        self.show_bars()
        self.stale()

    def on_resize(self) -> None:
        """Show in the bars what has room now."""
        self.show_bars()

    def on_screen_resume(self) -> None:
        """Read what may have changed while another screen was over this one."""
        self.show_bars()
        self.stale()

    def recolour(self) -> None:
        """Take the colours there are now."""
        recolour(self)

    def stale(self) -> None:
        """Read anew at once: a person did something."""
        self._wanted.set()
        self.moved()

    def moved(self) -> None:
        """Read anew when it is time for it: the store has moved."""
        self._is_stale = True
        if not self._is_reading and self.is_current:
            self._is_reading = True
            begin(self, self._read, "reading", exclusive=False)

    async def _read(self) -> None:
        failed = 0
        try:
            while self._is_stale and self.is_current:
                self._is_stale = False
                self._wanted.clear()
                begun = process_time()
                try:
                    await self.reload()
                    await self.graft.count()
                    self._show_banner(None)
                    failed = 0
                except GraftError as error:
                    self._show_banner(error)
                    self._is_stale = True
                    failed += 1
                self.show_bars()
                await asyncio.sleep(LEAST_S)  # meanwhile it is painted, which is part of the cost
                await self._pause(LEAST_S * 2**failed if failed else self._due_after(process_time() - begun))
        finally:
            self._is_reading = False

    def _due_after(self, cost_s: float) -> float:
        """Return how long what was read is good enough; of the first read, which is the dearest, not at all."""
        is_first, self._is_new = self._is_new, False
        return 0.0 if is_first else min(SLOWEST_S, SHARE * cost_s)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless a person does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(min(LONGEST_S, seconds)):
                await self._wanted.wait()

    def _show_banner(self, error: GraftError | None) -> None:
        banner = self.query_one("#banner", Bar)
        banner.display = error is not None
        if error is not None:
            hint = f"  {error.hint}" if error.hint else "  graft doctor looks closer"
            banner.show([(f"! {error.message}", Tone.RED), (hint, Tone.DIM), ("  (shown: as last read)", Tone.DIM)])

    def show_bars(self) -> None:
        """Show where one is, what was said, and what can be done."""
        if not self.is_ready:
            return
        self.query_one("#top", Bar).show(*self.graft.top_line())
        is_small = self.size.width < LEAST_SIZE[0] or self.size.height < LEAST_SIZE[1]
        small: Line = [("terminal too small (need {} x {})".format(*LEAST_SIZE), Tone.YELLOW)]
        self.query_one("#crumbs", Bar).show(*((small, ()) if is_small else self.crumbs()))
        left, right = self.status()
        self.query_one("#status", Bar).show(self.sayings.spans or left, right)
        self.query_one("#hints", Hints).offer(self.hints())

    def hints(self) -> Sequence[tuple[str, str]]:
        """Return key and label of what is offered."""
        keys = self.graft.keys
        return [(keys[each].display.partition(" ")[0], keys[each].label) for each in self.hint_ids()]

    def hint_ids(self) -> Sequence[str]:
        """Return the ids of the keys that are offered now."""
        return self.HINTS

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Go one step back."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_refresh_now(self) -> None:
        """Read the store again at once."""
        self.stale()
        self.say("reading the store again", Tone.DIM)

    def action_pane(self) -> None:
        """Move the focus to the next pane."""
        self.focus_next()
