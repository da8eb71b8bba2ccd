"""What was done, as the commands that do it, by whom and what came of it; and every fact of the store, live."""

from __future__ import annotations

import shlex
from collections import deque
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from ...core.errors import GraftError
from ...core.happenings import fact_words, newest
from ...core.ids import RunId
from ...core.loglines import clock_text
from ...core.moments import local
from ...core.ports import EventRow, Feed, RunQuery
from ...core.records import dataclass, replace
from ...core.runs import Run
from ...core.signs import MARKS
from ...core.states import Status
from ...core.text import clean
from ...core.workspace import Workspace
from ..bridge import begin
from ..keys import bindings
from ..tones import TONE_OF, Line, Span, Tone
from ..widgets.grid import Column, Grid
from ..widgets.rows import ListRows
from .filtering import Filtering
from .runlines import SHORT, value_text

COMMANDS_FROM = 200
"""Newest runs whose commands are listed."""
KEPT = 5000
"""Newest facts that are held."""
READ = 1000
"""Facts that are read at once."""
STEPS_SMALL = 2000
"""Steps up to which a run's specification is read to say its command: of 10,000 it takes 0.1 s."""
_RETRIED = "StepReset"
_CANCELLED = "CancelRequested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One row."""

    id: tuple[object, ...]
    at: float
    who: str
    what: str
    result: Span
    run: RunId | None = None


class Happened(Filtering):
    """Two lists: commands and facts."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter", "happened.commands", "happened.facts", "happened.copy"),
    ]
    HINTS = ("row.open", "happened.commands", "happened.facts", "happened.copy", "filter", "back")

    def __init__(self) -> None:
        super().__init__()
        self.view = "commands"
        self._facts: deque[EventRow] = deque(maxlen=KEPT)
        self._after: int | None = None
        """Sequence number up to which facts were read; None: none yet."""
        self._commands: list[Happening] = []

    def body(self) -> ComposeResult:
        """Put the filter above the list."""
        with Container(id="body"):
            yield Grid[Happening](
                self._columns(), lambda each: each.id, glyphs=self.graft.glyphs, empty=self._nothing, id="list"
            )

    @property
    def grid(self) -> Grid[Happening]:
        """Return the list."""
        return self.query_one("#list", Grid)

    def crumbs(self) -> tuple[Line, Line]:
        """Return the tabs and the filter."""
        left: list[Span] = [("What happened", Tone.BOLD)]
        for number, view in enumerate(("commands", "facts"), start=1):
            left += [(f"   {number} ", Tone.KEY), (view, Tone.BOLD if view == self.view else Tone.DIM)]
        left += [("   / ", Tone.KEY), (self.filter, Tone.YELLOW)] if self.filter else []
        return left, [("live", Tone.GREEN)]

    def status(self) -> tuple[Line, Line]:
        """Return what has come in above what one sees."""
        news = self.grid.news
        return ([(f"{self.graft.glyphs.up} {news:,} new   gg shows them", Tone.CYAN)] if news else []), ()

    def _nothing(self) -> Sequence[Line]:
        if self._after is None:
            return []
        told = "nothing fits; esc shows all" if self.filter else "Nothing has happened yet."
        return [[], [(f"  {told}", Tone.BOLD)]]

    def _columns(self) -> list[Column[Happening]]:
        return [
            Column(title="WHEN", width=19, rank=2, cell=lambda each: [(local(each.at), Tone.DIM)]),
            Column(title="WHO", width=8, rank=1, cell=lambda each: [(each.who, Tone.KEY)]),
            Column(title="WHAT", width=30, share=3, cell=lambda each: [(each.what, Tone.TEXT)]),
            Column(title="RESULT", width=14, share=1, cell=lambda each: [each.result]),
        ]

    def on_mount(self) -> None:
        """Give the list the focus."""
        self.grid.focus()

    async def reload(self) -> None:
        """Read the facts that came, and what the runs of the commands have come to."""
        after = self._after
        project = self.bridge.project

        def read(space: Workspace) -> tuple[list[EventRow], list[Happening]]:
            feed = space.feed()
            try:
                rows = _fresh(feed, max(0, newest(feed) - KEPT) if after is None else after)
            finally:
                feed.close()
            runs = space.runs(RunQuery(project=project, limit=COMMANDS_FROM))
            return rows, list(_of_runs(space, runs))

        rows, commands = await self.ask(read)
        self._facts.extend(rows)
        self._after = rows[-1].seq if rows else after or 0
        self._commands = commands
        self._fill()

    def filter_changed(self) -> None:
        """Show what fits."""
        self._fill()

    def _fill(self) -> None:
        found = self._all_commands() if self.view == "commands" else self._all_facts()
        words = self.filter.lower().split()
        kept = [
            each for each in found if all(word in f"{each.who} {each.what} {each.result[0]}".lower() for word in words)
        ]
        rows: ListRows[Happening] = ListRows(kept, lambda each: each.id)
        self.grid.replace_rows(rows)
        self.show_bars()

    def _all_facts(self) -> Iterable[Happening]:
        for at, row in enumerate(reversed(self._facts)):
            text = "  ".join([f"{row.kind:<17}", *fact_words(row)])
            yield Happening(
                id=(row.seq, len(self._facts) - at),
                at=row.at,
                who=row.run[:SHORT],
                what=text,
                result=(clock_text(row.at), Tone.DIM),
                run=row.run,
            )

    def _all_commands(self) -> list[Happening]:
        done = [
            Happening(
                id=("deed", at),
                at=deed.at,
                who="you here",
                what=deed.command,
                result=(deed.error, Tone.RED) if deed.error else ("done", Tone.GREEN),
            )
            for at, deed in enumerate(self.graft.deeds)
        ]
        # What was done here and made a run stands there once, as that run.
        made = {each.what for each in self._commands if each.who == "ui"}
        ours = {each.what for each in done}
        commands = [replace(each, who="you here") if each.what in ours else each for each in self._commands]
        done = [each for each in done if each.what not in made or each.result[1] is Tone.RED]
        return sorted([*done, *commands, *self._asked()], key=lambda each: each.at, reverse=True)

    def _asked(self) -> Iterable[Happening]:
        """Yield what the facts say that somebody asked of a run: to be cancelled, to be continued."""
        groups: set[tuple[int, str]] = set()
        for row in self._facts:
            if row.kind not in (_RETRIED, _CANCELLED) or (row.seq, row.kind) in groups:
                continue
            groups.add((row.seq, row.kind))
            hard = " --kill" if row.data.get("is_hard") else ""
            what = f"graft retry {row.run[:SHORT]}" if row.kind == _RETRIED else f"graft cancel {row.run[:SHORT]}{hard}"
            yield Happening(
                id=(row.seq, row.kind), at=row.at, who="store", what=what, result=("on record", Tone.DIM), run=row.run
            )

    # -- events and actions ----------------------------------------------------------------------------------------

    def on_grid_opened(self, event: Grid.Opened) -> None:
        """Open the run a row is about."""
        event.stop()
        begin(self, self._open, "open")

    async def _open(self) -> None:
        row = self.grid.current
        if row is None or row.run is None:
            self.say("this is about no run", Tone.YELLOW)
            return
        run_id = row.run
        try:
            run = await self.ask(lambda space: space.show(run_id))
        except GraftError as error:
            self.complain(error)
            return
        self.graft.open_run(run)

    def action_view(self, view: str) -> None:
        """Show commands or facts."""
        self.view = view
        self.grid.set_rows(ListRows())
        self._fill()

    def action_copy(self) -> None:
        """Copy what a row says."""
        row = self.grid.current
        if row is not None:
            self.app.copy_to_clipboard(clean(row.what))
            self.say("copied", Tone.GREEN)

    def action_back(self) -> None:
        """Close the field, drop the filter, then leave."""
        if self.close_filter() or self.drop_filter():
            return
        super().action_back()


def _fresh(feed: Feed, after: int) -> list[EventRow]:
    """Return all facts after a number; of very many the newest."""
    found: list[EventRow] = []
    while rows := feed.events(after, None, READ):
        found += rows
        after = rows[-1].seq
    return found[-KEPT:]


def _of_runs(space: Workspace, runs: Sequence[Run]) -> Iterable[Happening]:
    for run in runs:
        mark = MARKS[run.state]
        yield Happening(
            id=("run", run.id),
            at=run.created,
            who=run.origin,
            what=_command(space, run),
            result=(f"{mark.word}  {run.id[:SHORT]}", TONE_OF[mark.ink]),
            run=run.id,
        )


def _command(space: Workspace, run: Run) -> str:
    """Return the command that started a run."""
    if run.parent is not None and run.origin in ("cli", "ui"):
        return _again(space, run, run.parent)
    target = run.pipeline
    if sum(run.counts.values()) <= STEPS_SMALL and run.state is not Status.PENDING:
        try:
            target = space.spec(run.id).target.text
        except GraftError:
            target = run.pipeline
    words = ["graft", "run", target]
    words += [word for name, value in run.params.items() for word in ("-p", f"{name}={value_text(value)}")]
    words += [word for tag in run.tags for word in ("--tag", tag)]
    return " ".join(shlex.quote(clean(word)) for word in words)


def _again(space: Workspace, run: Run, parent: RunId) -> str:
    """Return the command that made a run from another one; on another runner it was promoted."""
    try:
        is_moved = space.show(parent).runner != run.runner
    except GraftError:  # the other one is gone
        is_moved = False
    there = f" --to {shlex.quote(clean(run.runner))}" if is_moved else ""
    return f"graft {'promote' if is_moved else 'rerun'} {parent[:SHORT]}{there}"
