"""What was written: reads on while somebody looks, searches, filters, and hands it to a pager."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.widgets import Input

from ...core.errors import GraftError, InvalidError
from ...core.logmatch import Sought
from ...core.moments import ago
from ...core.quantities import duration_text
from ...core.roles import ANY
from ...core.runs import Attempt
from ...core.signs import MARKS
from ...core.text import clean
from ..bridge import begin
from ..glyphs import Glyphs
from ..logbook import Filter, LogBook, source_name
from ..loglines import ERRORS
from ..tones import Line, Span, Tone
from ..widgets.field import Field
from ..widgets.logview import LogView
from .part import Part
from .runlog import RunLog
from .steplist import Told

if TYPE_CHECKING:
    from ..lookingup import Place

LOG_S = 0.5
"""Between two looks at a log one reads: files are asked, not the store."""


class LogPart(Part):
    """The log of a run, of a step, or of one attempt."""

    HINTS: ClassVar[tuple[str, ...]] = (
        "log.follow",
        "log.search",
        "log.filter",
        "problem.next",
        "log.step",
        "log.wrap",
    )

    def __init__(self, name: str, glyphs: Glyphs) -> None:
        super().__init__(name, glyphs)
        self.view = LogView(glyphs, empty=self._nothing)
        self._field = Field(id="search", placeholder="find in the log")
        self._wants_filter = False
        self._log: RunLog | None = None
        self._attempt: int | None = None
        self._given: Sought | None = None
        """What was looked for where one came from: a step back leads there."""
        self._finding: object | None = None
        """Stands for the search for a line that is under way; None: there is none."""

    def compose(self) -> ComposeResult:
        """Put the field over the log."""
        yield self._field
        yield self.view

    @property
    def target(self) -> LogView:
        """Return the log."""
        return self.view

    def on_mount(self) -> None:
        """Look at the files as long as the part is open."""
        self.set_interval(LOG_S, self._poll)

    def on_unmount(self) -> None:
        """Give the log up."""
        self._finding = None
        if self._log is not None:
            self._log.filtered = None
            self._log.book.close()

    def status(self) -> tuple[Line, Line]:
        """Return which log it is, how it is shown, and whether it follows."""
        view, log = self.view, self._log
        left: list[Span] = [(log.step if log is not None and log.step else "all steps", Tone.TEXT)]
        if log is not None and log.attempt is not None:
            left.append((f"  attempt {log.attempt}", Tone.TEXT))
        left.append((f"  {len(view.book or ()):,} lines", Tone.DIM))
        if log is not None and log.filtered is not None:
            left.append((f"  {len(log.filtered.numbers):,} with {log.filtered.sought.shown}", Tone.YELLOW))
        elif view.sought is not None:
            left.append((f"  /{view.sought.shown}", Tone.YELLOW))
        left += [(f"  reading {self.glyphs.ellipsis}", Tone.BLUE)] if log is not None and log.is_behind else []
        left += [(f"  filtering {self.glyphs.ellipsis}", Tone.BLUE)] if log is not None and log.is_filtering else []
        left += [(f"  finding {self.glyphs.ellipsis}", Tone.BLUE)] if self._finding is not None else []
        left += [("  wrapped", Tone.DIM)] if view.is_wrapped else []
        below: Span = (f"{self.glyphs.down} {view.below:,} below", Tone.DIM)
        return left, [("follow on", Tone.GREEN) if view.is_following else below]

    def _nothing(self) -> Line:
        """Return what stands where nothing was written."""
        if self._log is None:
            return []
        run, told = self.page.run, self.page.told
        if self._log.filtered is not None:
            return [(f"  no line has '{self._log.filtered.sought.shown}'; & shows all", Tone.DIM)]
        if run.state.is_final:
            return [("  nothing was written", Tone.DIM)]
        step = told.step(self._log.step) if told is not None else None
        if step is not None and step.started is not None:
            return [(f"  no output yet; it started {ago(step.started, self.page.bridge.now())}", Tone.DIM)]
        return [("  no output yet", Tone.DIM)]

    # -- reading ---------------------------------------------------------------------------------------------------

    async def show(self, told: Told) -> None:
        """Read what came; another log when another step is at hand."""
        page = self.page
        wanted = page.step if page.log_of_step and page.step and ANY not in page.step.split("/") else None
        if self._log is None or self._log.step != wanted or self._log.attempt != self._attempt:
            if self._log is None or self._log.step != wanted:
                self._attempt = None  # of another step
            if self._log is not None:
                self._log.filtered = self._finding = None
                self._log.book.close()
            self._log = RunLog(page.run.id, wanted, self._attempt)
            self.view.show(self._log.book, is_named=wanted is None)
        log, is_over = self._log, page.run.state.is_final
        while log is self._log:
            try:
                came = await page.ask(lambda space: log.read_on(space, is_over=is_over))
            except InvalidError as error:  # the filter takes too long: all lines are shown again
                came = 1
                page.complain(error)
            if log is self._log and (came or self.view.filtered is not log.filtered):
                self.view.filtered = log.filtered
                self.view.grown()
            if log is self._log and (place := page.log_place) is not None:
                await self._go_to(place, log)
            page.show_bars()
            if not log.is_behind and not log.is_filtering:
                return

    async def _go_to(self, place: Place, log: RunLog) -> None:
        """Go to a line that was found elsewhere, once it was read."""
        page = self.page
        number = await page.ask(lambda _: log.book.number_of(*place.line))
        if number is None and log.is_behind:
            return
        page.log_place = None
        self.view.sought = self._given = place.sought
        if number is None:
            page.say("that line is not in the log any more", Tone.YELLOW)
        else:
            self.call_after_refresh(self.view.go_to, number)  # a part that was just mounted has no size yet

    def _again(self) -> None:
        begin(self.page, self._look, "log")

    async def _look(self) -> None:
        told = self.page.told
        try:
            if told is not None:
                await self.show(told)
        except GraftError as error:
            self.page.complain(error)

    def _poll(self) -> None:
        if self.display and self.page.is_current and not self.page.run.state.is_final:
            self._again()

    def on_log_view_changed(self) -> None:
        """Show whether it follows."""
        self.page.show_bars()

    # -- what is asked for -----------------------------------------------------------------------------------------

    async def on_log_view_asked(self, event: LogView.Asked) -> None:
        """Do what the log asks for."""
        match event.what:
            case "search":
                self._open_field("find in the log", is_filter=False)
            case "filter":
                self._filter()
            case "step":
                self.page.log_of_step = not self.page.log_of_step
                self._again()
            case "attempt":
                begin(self.page, self._choose, "attempt")
            case "merge":
                self._of_attempt(None)
            case "pager":
                self._page()
            case _:
                self._find(is_back=event.what == "previous")

    def _open_field(self, hint: str, *, is_filter: bool) -> None:
        self._wants_filter = is_filter
        self._field.placeholder, self._field.value = hint, ""
        self._field.add_class("-open")
        self._field.focus()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Find what was typed, upward from the end while that is followed; or show only lines that have it."""
        event.stop()
        try:
            sought = Sought.typed(event.value) if event.value else None
        except InvalidError as error:
            self.page.complain(error)
            return
        self.view.sought, self.view.found = sought, None
        self._close_field()
        if self._wants_filter:
            self._filter_by(sought)
        elif sought is not None:
            self._find(is_back=self.view.is_following)

    def _filter(self) -> None:
        log = self._log
        if log is not None and log.filtered is not None:
            self._filter_by(None)
        elif self.view.sought is not None:
            self._filter_by(self.view.sought)
        else:
            self._open_field("show only lines with", is_filter=True)

    def _filter_by(self, sought: Sought | None) -> None:
        if self._log is not None:
            at = self.view.first_seen
            self._log.filtered = None if sought is None else Filter(sought)
            self.view.filtered = None
            if sought is None and not self.view.is_following:
                self.view.go_to(at)  # where one was, with what is around it
            self._again()

    def _find(self, *, is_back: bool) -> None:
        view = self.view
        book, sought = view.book, view.sought
        if book is None or sought is None or not len(book):
            return
        at = view.found if view.found is not None else (len(book) if is_back else view.first_seen - 1)
        start = at - 1 if is_back else at + 1
        begin(self.page, lambda: self._search(book, sought, start, is_back=is_back), "find")

    async def _search(self, book: LogBook, sought: Sought, start: int, *, is_back: bool) -> None:
        """Go to the next line that has it; another search, another log or a step back ends this one."""
        begun, mark = monotonic(), object()
        self._finding = mark
        self.page.show_bars()
        try:
            found = await self.page.ask(
                lambda _: book.find(sought, start, is_back=is_back, is_over=lambda: self._finding is not mark)
            )
        except InvalidError as error:
            self.page.complain(error)
            return
        finally:
            is_wanted = self._finding is mark
            self._finding = None if is_wanted else self._finding
        if found is None and is_wanted:
            self.page.say(f"'{sought.shown}' is nowhere {'above' if is_back else 'below'}", Tone.YELLOW)
        elif found is not None and is_wanted:
            self.view.go_to(found)
            self.page.say(f"line {found + 1:,} of {len(book):,}  ({monotonic() - begun:.1f} s)", Tone.DIM)

    def problem(self, by: int) -> bool:
        """Go to the next line that tells of an error, or the one before."""
        begin(self.page, lambda: self._problem(by), "problem")
        return True

    async def _problem(self, by: int) -> None:
        view, book = self.view, self.view.book
        if book is None or not len(book):
            return
        at = view.found if view.found is not None else (len(book) if by < 0 else view.first_seen - 1)
        found = await self.page.ask(lambda _: book.find(ERRORS, at + by, is_back=by < 0))
        if found is None:
            self.page.say(f"no line {'below' if by > 0 else 'above'} tells of an error", Tone.YELLOW)
        else:
            view.go_to(found)
            self.page.say(f"line {found + 1:,} of {len(book):,}", Tone.DIM)

    # -- attempts --------------------------------------------------------------------------------------------------

    async def _choose(self) -> None:
        log = self._log
        if log is None or log.step is None:
            self.page.say("a shows the log of one step; attempts are of a step", Tone.YELLOW)
            return
        step = log.step
        attempts = (await self.page.ask(lambda space: space.attempts(log.run, step))).get(step, [])
        if len(attempts) < 2:
            self.page.say("it had one attempt" if attempts else "it had no attempt", Tone.YELLOW)
            return
        numbers = {_attempt_text(each): each.n for each in attempts[-9:]}
        choices = {str(number % 10): (f"attempt {number}", text) for text, number in numbers.items()}
        choices["m"] = ("merged", "all attempts, by time")

        def answered(text: str | None) -> None:
            if text is not None:
                self._of_attempt(numbers.get(text))

        from .dialog import Choose

        self.app.push_screen(Choose(f"Log of {clean(step)}", choices), answered)

    def _of_attempt(self, number: int | None) -> None:
        self._attempt = number
        self._again()

    # -- outside ---------------------------------------------------------------------------------------------------

    def _page(self) -> None:
        """Show the whole log in the person's pager; without escape sequences, as everywhere."""
        log, page = self._log, self.page
        if log is None or not len(log.book):
            page.say("nothing was written", Tone.YELLOW)
            return
        pager = shlex.split(os.environ.get("GRAFTLINE_PAGER") or os.environ.get("PAGER") or "less")
        try:
            with self.app.suspend():
                _feed(pager, log.book, range(len(log.book)), is_named=log.step is None)
        except (OSError, SuspendNotSupported) as error:
            page.say(f"{pager[0]} could not be opened: {error}", Tone.RED)

    def sought_text(self) -> str:
        """Return what is looked for, as it is typed."""
        return "" if self.view.sought is None else self.view.sought.shown

    # -- back ------------------------------------------------------------------------------------------------------

    def back(self) -> bool:
        """Close the field, then what is under way, the filter, the search."""
        if self._field.has_class("-open"):
            self._close_field()
            return True
        if self._finding is not None:
            self._finding = None
            self.page.say("stopped", Tone.DIM)
            return True
        if self._log is not None and self._log.filtered is not None:
            self._filter_by(None)
            return True
        if self.view.sought not in (None, self._given):
            self.view.sought, self.view.found = None, None
            self.view.redraw()
            return True
        return False

    def _close_field(self) -> None:
        self._field.remove_class("-open")
        self.view.focus()


def _attempt_text(attempt: Attempt) -> str:
    mark = MARKS[attempt.state]
    cause = f"  {clean(attempt.error.type)}" if attempt.error is not None else ""
    return f"{attempt.n}: {mark.glyph} {mark.word}  {duration_text(attempt.seconds)}{cause}"


def _feed(
    pager: list[str],
    book: LogBook,
    numbers: range,
    *,
    is_named: bool,
    popen: Callable[..., subprocess.Popen[str]] = subprocess.Popen,
) -> None:
    """Write lines to a pager until it has enough."""
    process = popen(pager, stdin=subprocess.PIPE, text=True, encoding="utf-8", errors="backslashreplace")
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        for number in numbers:
            shown = book.line(number)
            head = f"{source_name(shown.source)}  " if is_named else ""
            process.stdin.write(f"{head}{clean(shown.text)}\n")
    with suppress(BrokenPipeError):
        process.stdin.close()
    process.wait()
