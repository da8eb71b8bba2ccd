"""The watch pane: what was saved, what that concerns and why, what runs, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError
from ...core.loglines import clock_text
from ...core.requests import RunRequest
from ...core.runs import Run, StepRun
from ...core.signs import MARKS
from ...core.watchnews import Wish
from ...core.workspace import Workspace
from ..keys import bindings
from ..tones import TONE_OF, Line, Span, Tone
from ..watching import Watching, news_lines, plan_rows
from ..widgets.sheet import Sheet
from .page import Page
from .runform import problem_lines
from .runlines import progress

STEPS = 200
"""Steps of a wave that are listed."""


class WatchPane(Page):
    """One watch. Left, it goes on; the pane shows it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("watch.pause", "watch.again", "watch.force", "watch.release", "watch.open", "watch.stop"),
    ]
    HINTS = ("watch.pause", "watch.again", "watch.release", "watch.open", "watch.stop", "back")

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text
        """What is to be watched, as typed."""
        self._run: Run | None = None
        self._steps: Sequence[StepRun] = ()

    @property
    def going(self) -> Watching | None:
        """Return the watch; None: none was started yet."""
        return self.graft.watching

    def body(self) -> ComposeResult:
        """Put the news beside or above the plan and the wave."""
        with Container(id="body", classes="split"):
            yield Sheet(id="list")
            yield Sheet(id="detail")

    # -- what is shown ---------------------------------------------------------------------------------------------

    def crumbs(self) -> tuple[Line, Line]:
        """Return what is watched and how it stands."""
        sign = "›" if not self.graft.glyphs.is_ascii else ">"
        going = self.going
        what = (going.text if going is not None else self.text) or "the project's pipeline"
        return [(f"Runs {sign} ", Tone.DIM), ("Watch", Tone.BOLD), (f"  {what}", Tone.KEY)], [self._state()]

    def _state(self) -> Span:
        going = self.going
        if going is None:
            return "not started", Tone.DIM
        if going.is_over:
            return ("ended", Tone.RED) if going.problem is not None else ("paused", Tone.YELLOW)
        if going.problem is not None:
            return "waiting for valid code", Tone.RED
        if going.waiting is not None:
            return "waiting for changes", Tone.GREEN
        return (f"wave {going.wave}", Tone.BLUE) if going.wave else ("loading", Tone.DIM)

    def status(self) -> tuple[Line, Line]:
        """Return the effects that are held, and the command."""
        going = self.going
        held = going.waiting.held if going is not None and going.waiting is not None else ()
        left: list[Span] = [(f"held: {', '.join(held[:4])}", Tone.YELLOW)] if held else []
        text = going.text if going is not None else self.text
        return left, [(f"$ graft watch {text}".rstrip(), Tone.DIM)]

    async def reload(self) -> None:
        """Read the wave that runs."""
        going = self.going
        run = going.run if going is not None else None
        if run is not None:

            def read(space: Workspace) -> tuple[Run, Sequence[StepRun]]:
                return space.show(run), space.steps(run)

            self._run, self._steps = await self.ask(read)
        self.fill()

    def fill(self) -> None:
        """Draw the news and the wave."""
        if not self.is_ready:
            return
        going = self.going
        lines: list[Line] = []
        for at, news in reversed(going.news if going is not None else ()):
            for number, line in enumerate(news_lines(news)):
                lines.append([(clock_text(at)[:8] + "  " if not number else " " * 10, Tone.DIM), *line])
        empty: list[Line] = [[], [(f"  looking at the files {self.graft.glyphs.ellipsis}", Tone.DIM)]]
        self.query_one("#list", Sheet).show(lines or empty)
        self.query_one("#detail", Sheet).show(self._wave())
        self.show_bars()

    def _wave(self) -> list[Line]:
        going, glyphs = self.going, self.graft.glyphs
        lines: list[Line] = []
        if going is None:
            return lines
        if going.problem is not None:
            lines += [*problem_lines(going.problem)]
            if going.wave:
                lines += [[("the last good graph stays", Tone.DIM)], []]
        if going.plan is not None:
            lines += [[("what this is about", Tone.TITLE)], *plan_rows(going.plan), []]
        run = self._run
        if run is not None:
            mark = MARKS[run.state]
            lines.append([(f"{glyphs.of(mark)} {mark.word}  ", TONE_OF[mark.ink]), *progress(run, glyphs)])
            for step in self._steps[:STEPS]:
                mark = MARKS[step.state]
                error = f"  {step.error.type}: {step.error.message}" if step.error is not None else ""
                lines.append(
                    [
                        (f"{glyphs.of(mark)} ", TONE_OF[mark.ink]),
                        (step.path, Tone.TEXT),
                        (error.partition("\n")[0], Tone.RED),
                    ]
                )
        return lines

    # -- events and actions ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to watch, or show the watch that goes on."""
        self.query_one("#list", Sheet).focus()
        if self.going is None or (self.text and self.text != self.going.text and self.going.is_over):
            self._begin()
        self.fill()

    def _begin(self, request: Callable[[], RunRequest] | None = None) -> None:
        if self.graft.outside.is_read_only:
            self.say("this UI only looks: it was opened with --read-only", Tone.YELLOW)
            return
        try:
            self.graft.steering.watch(self.text, request)
        except GraftError as error:
            self.complain(error)

    def action_pause(self) -> None:
        """Pause, or go on."""
        going = self.going
        if going is None or going.is_over:
            if going is not None:
                self.text = going.text
            self._begin(going.request if going is not None else None)
            self.say("watching", Tone.GREEN)
        else:
            going.ask(Wish.STOP)
            self.say("paused: steps that run have ten seconds to end; p goes on", Tone.YELLOW)

    def action_wish(self, name: str) -> None:
        """Ask the watch for something."""
        going = self.going
        if going is None or going.is_over:
            self.say("it is paused; p goes on", Tone.YELLOW)
            return
        held = going.waiting.held if going.waiting is not None else ()
        if name == "RELEASE" and not held:
            self.say("no effect is held", Tone.DIM)
            return
        said = {
            "AGAIN": "runs what is not up to date",
            "FORCE": "runs every step",
            "RELEASE": "runs " + "".join(held[:1]),
        }
        going.ask(Wish[name])
        self.say(said[name], Tone.GREEN)

    def action_end(self) -> None:
        """End the watch and leave."""
        self.graft.steering.end_watch()
        super().action_back()

    def action_open(self) -> None:
        """Open the run of the wave."""
        if self._run is not None:
            self.graft.open_run(self._run)
        else:
            self.say("no wave has run yet", Tone.DIM)
