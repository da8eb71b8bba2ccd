"""What a command line prints, as it comes, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from ...core.errors import InvalidError
from ...core.logmatch import Sought
from ...core.quantities import duration_text
from ...core.text import plural
from ..bridge import begin
from ..child import Child
from ..keys import bindings
from ..tones import Line, Span, Tone
from ..widgets.field import Field
from ..widgets.logview import LogView
from .page import Page

LOOK_S = 0.1
"""Between two looks at what was printed."""


class Output(Page):
    """One command line and its output. Left while it runs, it goes on, and says when it has ended."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("output.stop", "output.kill", "output.copy", "output.again")]
    HINTS = ("output.stop", "log.search", "output.copy", "output.again", "back")

    def __init__(self, child: Child) -> None:
        super().__init__()
        self.child = child
        self._finding: object | None = None
        """Stands for the search for a line that is under way; None: there is none."""

    def body(self) -> ComposeResult:
        """Put a search field above the lines."""
        yield Field(id="search", placeholder="find in the output")
        with Container(id="body"):
            yield LogView(self.graft.glyphs, empty=self._nothing, id="list")

    @property
    def view(self) -> LogView:
        """Return the lines."""
        return self.query_one("#list", LogView)

    def crumbs(self) -> tuple[Line, Line]:
        """Return the command and how it stands."""
        code = self.child.code if self.child.is_over else None
        how: Span = (f"running  {duration_text(self.child.seconds)}", Tone.BLUE)
        if code is not None:
            how = (f"exit {code}  {duration_text(self.child.seconds)}", Tone.RED if code else Tone.GREEN)
        return [("$ ", Tone.DIM), (self.child.command, Tone.BOLD)], [how]

    def status(self) -> tuple[Line, Line]:
        """Return how many lines there are."""
        below = f"{self.graft.glyphs.down} {self.view.below:,} below" if self.view.below else ""
        return [(plural(len(self.child.book), "line"), Tone.DIM)], [(below, Tone.DIM)]

    def _nothing(self) -> Line:
        return [("  it printed nothing" if self.child.is_over else "  nothing printed yet", Tone.DIM)]

    async def reload(self) -> None:
        """Nothing of the store is shown."""

    def on_mount(self) -> None:
        """Show it from its beginning: what commands say first is what they are about."""
        self.view.show(self.child.book, is_named=False)
        self.view.is_following = False
        self.view.focus()
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        """Forget what was printed; a command that still runs is awaited by the app."""
        if self.child.is_over:
            self.child.close()

    def _look(self) -> None:
        if self.child.read_on():
            self.view.grown()
            self.show_bars()
        elif not self.child.is_over:
            self.show_bars()

    async def on_log_view_asked(self, event: LogView.Asked) -> None:
        """Search."""
        if event.what == "search":
            field = self.query_one("#search", Input)
            field.add_class("-open")
            field.focus()
        elif event.what in ("next", "previous"):
            self._find(is_back=event.what == "previous")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Find what was typed."""
        try:
            self.view.sought = Sought.typed(event.value) if event.value else None
        except InvalidError as error:
            self.complain(error)
            return
        self.view.found = None
        self._close_search()
        self._find(is_back=False)

    def _find(self, *, is_back: bool) -> None:
        view, sought = self.view, self.view.sought
        if sought is None:
            return
        at = view.found if view.found is not None else (len(self.child.book) if is_back else -1)
        start = at - 1 if is_back else at + 1
        begin(self, lambda: self._search(sought, start, is_back=is_back), "find")

    async def _search(self, sought: Sought, start: int, *, is_back: bool) -> None:
        """Go to the next line that has it; another search, or a step back, ends this one."""
        mark = self._finding = object()
        book = self.child.book
        try:
            found = await self.ask(
                lambda _: book.find(sought, start, is_back=is_back, is_over=lambda: self._finding is not mark)
            )
        except InvalidError as error:
            self.complain(error)
            return
        finally:
            is_wanted = self._finding is mark
            self._finding = None if is_wanted else self._finding
        if found is None and is_wanted:
            self.say(f"'{sought.shown}' is nowhere {'above' if is_back else 'below'}", Tone.YELLOW)
        elif found is not None and is_wanted:
            self.view.go_to(found)

    def _close_search(self) -> None:
        self.query_one("#search", Input).remove_class("-open")
        self.view.focus()

    def reason_against(self, key_id: str) -> str:
        """Say why something cannot be done now; empty: it can."""
        return "it is over" if key_id in ("output.stop", "output.kill") and self.child.is_over else ""

    def action_stop(self) -> None:
        """Ask the command to stop."""
        self._stop(is_hard=False)

    def action_kill(self) -> None:
        """Kill the command."""
        self._stop(is_hard=True)

    def _stop(self, *, is_hard: bool) -> None:
        if self.child.is_over:
            self.say("it is over", Tone.DIM)
        else:
            self.child.stop(is_hard=is_hard)
            self.say("killed" if is_hard else "asked to stop", Tone.YELLOW)

    def action_copy(self) -> None:
        """Copy the command."""
        self.app.copy_to_clipboard(self.child.command)
        self.say("copied", Tone.GREEN)

    def action_again(self) -> None:
        """Type the command again."""
        self.graft.action_command_line(self.child.command.removeprefix("graft "))

    def action_back(self) -> None:
        """Close the search, then the screen; a command that runs goes on."""
        if self.query_one("#search", Input).has_class("-open"):
            self._close_search()
            return
        self._finding = None
        if not self.child.is_over:
            self.graft.steering.await_child(self.child)
        super().action_back()
