"""The application: the shell around the screens, and how it is entered and left.

It holds no rule: what it shows and does are use-cases of the workspace, called on threads. Runs live in processes of
their own, so that the UI may die at any moment.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Event, Paste
from textual.events import Key as KeyPressed
from textual.screen import Screen

from ..core.errors import GraftError
from ..core.ports import RunQuery
from ..core.runs import Run
from ..core.signs import MARKS
from ..core.states import Status
from ..core.text import typeable
from ..core.workspace import Workspace
from .bridge import Bridge, begin
from .deed import Deed
from .ends import Ends
from .glyphs import Glyphs, glyphs
from .keymap import keymap, remapped
from .keys import Key, bindings
from .leaving import Leaving
from .memory import Memory
from .outside import Outside
from .screens.page import Page
from .screens.places import screen_named
from .screens.runs import Runs
from .steering import Steering
from .theme import following, usual
from .themed import Themed
from .tones import TONE_OF, Line, Span, Tone

POLL_S = 0.25
"""Between two looks at the store's version: 3 us each."""
AWAY = 4
"""Polls of which one is done while the terminal has not the focus."""
SETTLE_S = 4.0
"""A run whose process died makes no commit; while some go on, they are looked at this often."""
COUNTED = 100
"""Runs up to which the top line counts; more are `99+`."""
DAY_S = 86400.0
REMEMBERED = ("functions", "workers", "schedules", "events", "registry")
"""Places that are open again the next time, when one was left by closing the UI."""


if TYPE_CHECKING:
    from .watching import Watching


class GraftApp(Themed):
    """The terminal UI on one workspace."""

    TITLE = "graftline"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("help", "quit", "theme", "goto", "command", "log"),
        *bindings("interrupt", "palette", priority=True),
    ]
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as one of an instance
        (0, "-narrow"),
        (60, "-one"),
        (100, "-over"),
        (140, "-beside"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (12, "-low"), (20, "-tall")]  # noqa: RUF012 - as above
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CLOSE_TIMEOUT = 2.0

    def __init__(
        self,
        workspace: Workspace,
        *,
        outside: Outside | None = None,
        glyph_set: Glyphs | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"  # else a sheet glides for half a second after each key
        self.outside = outside or Outside()
        self.deeds: list[Deed] = []
        """What was done from here, oldest first."""
        self.watching: Watching | None = None
        """The watch that goes on here, or is paused."""
        self.bridge = Bridge(workspace)
        self.glyphs = glyph_set or glyphs()
        self.keys: Mapping[str, Key] = remapped(self.outside.keys)
        """The table of keys, with those a person chose."""
        self._ends = Ends(self.outside.notify)
        self.memory = Memory(self.outside.memory)
        self.steering = Steering(self)
        self.failure: Exception | None = None
        """What ended it without having been foreseen."""
        self.leaving: Leaving | None = None
        """None: it has not begun."""
        self.counts: dict[Status, int] = {}
        """Runs that wait, go on, or failed within a day."""
        self._changed_at: float | None = None
        self._polls = 0
        self._is_away = False
        self.begin_in(theme or usual(self.memory.text("theme"), os.environ.get("COLORFGBG", "")), self.glyphs.ellipsis)

    # -- life ------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """Return the home screen."""
        return Runs()

    async def on_mount(self) -> None:
        """Listen to the signals that end programs, and begin to watch the store."""
        # Without a handler Textual dies where it stands and leaves the terminal raw.
        self.leaving = Leaving(self._ended_by)
        self.set_class(self.glyphs.is_ascii, "-ascii")
        if self.outside.keys:
            self.set_keymap(keymap(self.outside.keys))
        self.set_interval(POLL_S, self._poll)
        self.set_interval(1.0, self._tick)
        begin(self, self._watch, "watch", exclusive=False)

    async def on_unmount(self) -> None:
        """Give everything back."""
        if self.leaving is not None:
            self.leaving.stop_listening()
        self.bridge.close()

    async def _watch(self) -> None:
        try:
            await self.bridge.open_feed()
        except GraftError:
            self.set_timer(SETTLE_S, lambda: begin(self, self._watch, "watch", exclusive=False))

    def _ended_by(self, number: int) -> None:
        self.exit(128 + number, return_code=128 + number)

    def _handle_exception(self, error: Exception) -> None:
        # Instead of a traceback over the terminal: `run` shows what happened on a screen of its own.
        self.failure = self.failure or error
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    # -- the store moves -------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        self._polls += 1
        if self._is_away and self._polls % AWAY:
            return
        page = self.page
        if page is None:
            return
        try:
            if self.bridge.moved():
                self._changed_at = self.bridge.now()
                page.moved()
            elif self.counts.get(Status.STARTED) and self._polls % round(SETTLE_S / POLL_S) == 0:
                page.moved()
        except GraftError:
            page.moved()  # reading tells what is wrong, and when it is right again

    def _tick(self) -> None:
        if self.page is not None and not self._is_away:
            self.page.tick()

    async def count(self) -> None:
        """Count what goes on, for the top line.

        Raises:
            StoreError: the store cannot be read.
        """
        project, now = self.bridge.project, self.bridge.now()

        def read(space: Workspace) -> tuple[dict[Status, int], list[Run]]:
            queries = {
                Status.STARTED: RunQuery(project=project, states=(Status.STARTED,), limit=COUNTED),
                Status.PENDING: RunQuery(project=project, states=(Status.PENDING,), limit=COUNTED),
                Status.FAILURE: RunQuery(project=project, states=(Status.FAILURE,), since=now - DAY_S, limit=COUNTED),
            }
            found = {state: space.runs(query) for state, query in queries.items()}
            return {state: len(runs) for state, runs in found.items()}, self._ends.read(space, found[Status.STARTED])

        self.counts, ended = await self.bridge.ask(read)
        for run in ended:
            self._tell_of_end(run)

    def _tell_of_end(self, run: Run) -> None:
        mark = MARKS[run.state]
        made = ""
        if run.action in ("train", "tune") and run.generation is not None:
            made = f", generation {run.lineage}/{run.generation}   gm shows it"
        self.say(f"{self.glyphs.of(mark)} {run.id[:6]} {run.pipeline}: {mark.word}{made}", TONE_OF[mark.ink])
        if self._driver is not None and (told := self._ends.signal(run, is_away=self._is_away)):
            self._driver.write(told)

    def on_app_blur(self) -> None:
        """Look less often while nobody looks at us."""
        self._is_away = True

    def on_app_focus(self) -> None:
        """Look as often as ever."""
        self._is_away = False

    async def on_event(self, event: Event) -> None:
        """Take away what was said before a key does what it is for; take out of a paste what is no text."""
        if isinstance(event, KeyPressed) and self.page is not None:
            self.page.sayings.pressed()
        if isinstance(event, Paste):
            event.text = typeable(event.text)
        await super().on_event(event)

    # -- what screens ask ------------------------------------------------------------------------------------------

    @property
    def page(self) -> Page | None:
        """Return the full screen that is on top; None while a dialog is over it."""
        if not self.screen_stack or not isinstance(self.screen, Page):
            return None
        return self.screen if self.screen.is_ready else None

    def top_line(self) -> tuple[Line, Line]:
        """Return the line above every screen: project and store, and what goes on."""
        left: list[Span] = [
            ("graftline", Tone.BOLD),
            (f"  {self.bridge.project}", Tone.KEY),
            (f" @ {_home(self.bridge.store)}", Tone.DIM),
        ]
        right: list[Span] = []
        words = {Status.STARTED: "running", Status.FAILURE: "failed today", Status.PENDING: "waiting"}
        for status, word in words.items():
            if count := self.counts.get(status, 0):
                shown = f"{COUNTED - 1}+" if count >= COUNTED else str(count)
                right.append((f"{self.glyphs.sign(status)} {shown} {word}   ", TONE_OF[MARKS[status].ink]))
        if self._changed_at is not None:
            right.append((time.strftime("%H:%M:%S", time.localtime(self._changed_at)), Tone.DIM))
        return left, right

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette: everything that has a key here."""
        from .screens.help import offers

        for offer in offers(screen):
            yield SystemCommand(f"{offer.key.label}  ({offer.key.display})", offer.key.teaches, offer.call)

    def note(self, command: str, error: GraftError | None = None) -> None:
        """Remember that something was done, for the log of commands."""
        self.deeds.append(Deed(self.bridge.now(), command, "" if error is None else error.message))

    @property
    def is_busy(self) -> bool:
        """Tell whether the screen on top is still reading what it shows, or the dialog working out what it tells."""
        if self.page is not None:
            return self.page.is_behind
        return any(worker.is_running and worker.node is self.screen for worker in self.workers)

    @property
    def home(self) -> Runs:
        """Return the list of runs, which lies under all other screens."""
        return next(screen for screen in self.screen_stack if isinstance(screen, Runs))

    def say(self, text: str, tone: Tone) -> None:
        """Say something on the screen that is on top."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Page):
                screen.say(text, tone)
                return

    def complain(self, error: GraftError) -> None:
        """Say what went wrong and what to do."""
        self.say(error.message + (f" {self.glyphs.dot.strip()} {error.hint}" if error.hint else ""), Tone.RED)

    def open_run(self, run: Run, tab: str = "steps", step: str | None = None) -> None:
        """Show a run over the screen there is; at the log of a step, if one is named."""
        from .screens.run import RunScreen  # the drawing and the log view: not needed for the first paint

        top = self.screen
        if isinstance(top, RunScreen) and top.run.id == run.id and step is None:
            top.asked_again(tab)
            return
        screen = RunScreen(run, tab)
        screen.step, screen.log_of_step = step, step is not None
        self.push_screen(screen)

    def go(self, name: str, text: str = "") -> None:
        """Show a screen by its name, over the list of runs."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        screen = screen_named(name, text)
        self.memory.keep(place=name if name in REMEMBERED else "")
        if screen is not None:
            self.push_screen(screen)

    # -- actions ---------------------------------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Leave; runs go on."""
        self.exit(0)

    def action_help(self) -> None:
        """Show what can be done here."""
        from .screens.help import (  # like all dialogs: together 15 ms that the first paint need not wait for
            Help,
            offers,
        )

        if not isinstance(self.screen, Help):
            self.push_screen(Help(offers(self.screen), self.glyphs))

    def action_command_line(self, text: str = "") -> None:
        """Type a line of the command line."""
        from .screens.commandline import CommandLine  # like all dialogs

        def answered(line: str | None) -> None:
            if line is not None:
                begin(self, partial(self.steering.obey, line), "lines", exclusive=False)

        if not isinstance(self.screen, CommandLine):
            self.push_screen(CommandLine(self.outside, self.bridge, self.memory, self.glyphs, text), answered)

    def action_watch_files(self) -> None:
        """Watch the project's files, or show the watch there is."""
        self.go("watch")

    def action_command_log(self) -> None:
        """Show what was done, and what happens."""
        from .screens.happened import Happened

        if not isinstance(self.screen, Happened):
            self.push_screen(Happened())

    def action_goto(self) -> None:
        """Wait for the second key of `g`."""
        from .screens.goto import Goto

        self.push_screen(Goto())

    def action_next_theme(self) -> None:
        """Take the next of our themes."""
        self.paint_in(following(self.theme), self.glyphs.ellipsis)
        self.memory.keep(theme=self.theme)
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.recolour()
        if self.page is not None:
            self.page.say(f"theme {self.theme}", Tone.DIM)


def run(workspace: Workspace, outside: Outside | None = None, *, theme: str | None = None) -> int:
    """Open the terminal UI and return the exit code: 0, 128 + the signal that ended it, or 1 after a fault of ours."""
    while True:
        app = GraftApp(workspace, outside=outside, theme=theme)
        code = app.run()
        if app.leaving is not None:
            app.leaving.is_done()
        if app.watching is not None and not app.watching.is_over:
            sys.stdout.write("ending the watch: steps that run have ten seconds\n")
            sys.stdout.flush()
            app.watching.stop()
        if app.failure is None:
            _say_farewell(app.counts.get(Status.STARTED, 0))
            return code if code is not None else app.return_code or 0
        from .screens.trouble import report, show_trouble  # only after a fault

        file = report(app.failure)
        if not (sys.stdin.isatty() and show_trouble(app.failure, file)):
            return 1
        theme = app.theme


def _say_farewell(running: int) -> None:
    if running:
        verb = "run goes" if running == 1 else "runs go"
        sys.stdout.write(f"{running} {verb} on; graft ls shows them, graft attach follows one\n")


def _home(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path
