"""The part of a run's screen that shows what was written: reads on while somebody looks, and searches."""

from __future__ import annotations

from time import monotonic

from textual.widgets import Input

from ...core.errors import GraftError
from ...core.roles import ANY
from ...core.runs import Run
from ..bridge import begin
from ..tones import Line, Span, Tone
from ..widgets.logview import LogView
from .deeds import RunDeeds
from .runlog import RunLog

LOG_S = 0.5
"""Between two looks at a log one reads: files are asked, not the store."""


class LogPart(RunDeeds):
    """A screen of a run with a log view `#logs` and a search field `#search`."""

    run: Run
    tab_shown: str

    def __init__(self) -> None:
        super().__init__()
        self.step: str | None = None
        """Path of the step at hand; of a family with `*`."""
        self.log_of_step = False
        """The log is of the step at hand, not of the whole run."""
        self._log: RunLog | None = None

    def log_status(self) -> tuple[Line, Line]:
        """Return what the log has to say of itself."""
        view = self.query_one("#logs", LogView)
        what = self._log.step if self._log is not None and self._log.step else "all steps"
        left: list[Span] = [(what, Tone.TEXT), (f"  {len(view.book or ()):,} lines", Tone.DIM)]
        left += [(f"  /{view.sought}", Tone.YELLOW)] if view.sought else []
        below: Span = (f"{self.graft.glyphs.down} {view.below:,} below", Tone.DIM)
        return left, [("follow on", Tone.GREEN) if view.is_following else below]

    def no_log(self) -> Line:
        """Return what stands where nothing was written."""
        if self._log is None:
            return []
        return [("  nothing was written" if self.run.state.is_final else "  no output yet", Tone.DIM)]

    async def read_log(self) -> None:
        wanted = self.step if self.log_of_step and self.step and ANY not in self.step.split("/") else None
        view = self.query_one("#logs", LogView)
        if self._log is None or self._log.step != wanted:
            if self._log is not None:
                self._log.book.close()
            self._log = RunLog(self.run.id, wanted)
            view.show(self._log.book, is_named=wanted is None)
        log, is_over = self._log, self.run.state.is_final
        came = await self.ask(lambda space: log.read_on(space, is_over=is_over))
        if came and log is self._log:
            view.grown()
        self.show_bars()

    async def _look_at_log(self) -> None:
        try:
            await self.read_log()
        except GraftError as error:
            self.complain(error)

    def poll_log(self) -> None:
        if self.tab_shown == "logs" and self.is_current and not self.run.state.is_final:
            begin(self, self._look_at_log, "log")

    def on_log_view_changed(self) -> None:
        """Show whether it follows."""
        self.show_bars()

    async def on_log_view_asked(self, event: LogView.Asked) -> None:
        """Do what the log asks the screen for."""
        if event.what == "search":
            field = self.query_one("#search", Input)
            field.value = ""
            field.add_class("-open")
            field.focus()
        elif event.what == "step":
            self.log_of_step = not self.log_of_step
            begin(self, self._look_at_log, "log")
        else:
            await self._find(is_back=event.what == "previous")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Find what was typed, upward from the end while that is followed."""
        view = self.query_one("#logs", LogView)
        view.sought, view.found = event.value, None
        self.close_search()
        await self._find(is_back=view.is_following)

    async def _find(self, *, is_back: bool) -> None:
        view = self.query_one("#logs", LogView)
        book, sought = view.book, view.sought
        if book is None or not sought or not len(book):
            return
        at = view.found if view.found is not None else (len(book) if is_back else view.scroll_offset.y - 1)
        begun = monotonic()
        found = await self.ask(lambda _: book.find(sought, at - 1 if is_back else at + 1, is_back=is_back))
        if found is None:
            self.say(f"'{sought}' is nowhere {'above' if is_back else 'below'}", Tone.YELLOW)
        else:
            view.go_to(found)
            self.say(f"line {found + 1:,} of {len(book):,}  ({monotonic() - begun:.1f} s)", Tone.DIM)

    def forget_search(self) -> bool:
        """Drop what is searched for; False: nothing is."""
        view = self.query_one("#logs", LogView)
        was_sought = bool(view.sought)
        view.sought, view.found = "", None
        view.refresh()
        return was_sought

    def close_search(self) -> None:
        """Close the field."""
        self.query_one("#search", Input).remove_class("-open")
        self.query_one("#logs", LogView).focus()

    def close_log(self) -> None:
        """Give the log up."""
        if self._log is not None:
            self._log.book.close()
