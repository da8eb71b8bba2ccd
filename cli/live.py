"""Telling what a run does while it runs: a picture on a terminal, lines in a pipe, nothing for `--json`.

The engine's thread only updates the board; a thread of its own draws ten times a second, so that a run of fifteen
thousand steps a second is not slowed by being watched.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from ..core.events import Fact, GraphGrown
from ..core.graph import Graph
from ..core.quantities import duration_text
from ..core.records import replace
from ..core.states import Status
from .board import Board
from .look import MARKS, RETRYING, Look, terminal_size
from .text import clean, columns

if TYPE_CHECKING:
    from .trials import TrialBoard

PERIOD_S = 0.1
"""Seconds between two pictures."""
STARTS_UP_TO = 100
"""Steps up to which plain lines tell also that a step has started."""
ENDS_UP_TO = 1000
"""Steps up to which plain lines tell of every step."""
TALLY_EVERY_S = 2.0
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


class Progress(Protocol):
    """Watches one run; used as a context manager around it."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take facts that were committed."""
        ...

    def say(self, text: str) -> None:
        """Tell the person something now; callable from a signal handler."""
        ...


def progress(
    look: Look,
    states: Mapping[str, Status],
    title: str,
    *,
    graph: Graph | None = None,
    search: TrialBoard | None = None,
    is_plain: bool,
    is_quiet: bool,
) -> Progress:
    """Return the view that fits: quiet, lines, or a picture."""
    if is_quiet:
        return Quiet()
    if is_plain or not look.is_terminal or os.environ.get("TERM") == "dumb":
        return Lines(look, states, graph=graph, search=search)
    return Live(look, states, title, graph=graph, search=search)


class Quiet:
    """Says nothing on stdout; what must be said goes to stderr."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def observe(self, facts: Sequence[Fact]) -> None:
        """Ignore them."""

    def say(self, text: str) -> None:
        """Write to stderr."""
        # Not print: a signal handler may come in the middle of a write, and buffered streams do not take two at once.
        os.write(2, f"graft: {text}\n".encode())


class Lines(Quiet):
    """One line for each change of state, for pipes, logs and screen readers.

    A large run says less, so that what matters can be found: above `STARTS_UP_TO` steps only how each ended, above
    `ENDS_UP_TO` only what went wrong, and now and then how far it is.
    """

    def __init__(
        self,
        look: Look,
        states: Mapping[str, Status],
        *,
        graph: Graph | None = None,
        search: TrialBoard | None = None,
        stream: TextIO | None = None,
    ):
        self._look = look
        self._board = Board(states, graph, search)
        self._stream = stream or sys.stdout
        self._told_at = 0.0
        """Wall time of the last line that said how far it is."""
        self._is_heard = True

    def observe(self, facts: Sequence[Fact]) -> None:
        """Write a line for each fact that matters, as long as somebody reads: the run goes on without."""
        if not self._is_heard:
            return
        lines = []
        board = self._board
        total, known = board.total, len(board.states)
        for fact in facts:
            board.take([fact])
            if type(fact) is GraphGrown or len(board.states) != known:
                total, known = board.total, len(board.states)
            path = getattr(fact, "node", None)
            if path is not None and board.tells(fact) and self._matters(path, total):
                lines.append(self._line(path, fact.at))
        if facts and board.total > ENDS_UP_TO and facts[-1].at - self._told_at >= TALLY_EVERY_S:
            self._told_at = facts[-1].at
            lines.append(self._tally())
        if lines:
            # One write for a group: a line at a time would cost more than the step it tells of.
            try:
                self._stream.write("\n".join(lines) + "\n")
                self._stream.flush()
            except OSError:  # a closed pipe (`| head`), a terminal that is gone under nohup
                self._is_heard = False

    def _matters(self, path: str, total: int) -> bool:
        board = self._board
        status = board.states[path]
        if total > ENDS_UP_TO and path not in board.retrying and status.is_good:
            return False
        if not board.composites.role(path).is_counted and status is not Status.FAILURE:
            return False  # how a composite goes on is no step of its own
        if total <= STARTS_UP_TO or path in board.retrying:
            return True
        return status.is_final and (total <= ENDS_UP_TO or not status.is_good)

    def _tally(self) -> str:
        board = self._board
        counts = ", ".join(f"{count:,} {MARKS[status].word}" for status, count in board.tally.items())
        return f"{_clock(self._told_at)}  {board.done:,}/{board.total:,}  {counts}"

    def _line(self, path: str, at: float) -> str:
        board = self._board
        status = board.states[path]
        mark = RETRYING if path in board.retrying else MARKS[status]
        glyph = mark.ascii if self._look.is_ascii else mark.glyph
        words = [_clock(at), f"{glyph} {mark.word:<11}", clean(path)]
        if path in board.took and status.is_final:
            words.append(duration_text(board.took[path]))
        if path in board.tries:
            words.append(f"attempt {board.tries[path]}")
        if board.search is not None and (remark := board.search.remark(path)):
            words.append(remark)
        if path in board.causes:
            words.append(clean(board.causes[path]))
        return "  ".join(words)


class Live:
    """A picture that is drawn over itself; the last one stays in the scrollback."""

    def __init__(
        self,
        look: Look,
        states: Mapping[str, Status],
        title: str,
        *,
        graph: Graph | None = None,
        search: TrialBoard | None = None,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.time,
        size: Callable[[], tuple[int, int]] | None = None,
    ):
        self._look = look
        self._board = Board(states, graph, search)
        self._title = title
        self._stream = stream or sys.stdout
        self._clock = clock
        self._size = size or terminal_size
        self._note = ""
        self._has_headline = True
        """Not in the last picture: the closing words that come below say the same and more."""
        self._drawn: list[int] = []
        """Columns of each line of the last picture."""
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._painter = threading.Thread(target=self._paint, name="graft-live", daemon=True)

    def __enter__(self) -> Self:
        atexit.register(self._show_cursor)
        self._stream.write(_HIDE)
        self._painter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._painter.join(timeout=2.0)
        self._note = ""
        self._has_headline = False
        try:
            self.draw()
        except OSError:
            return  # the terminal is gone; how the run ended is in the store
        finally:
            self._show_cursor()
            atexit.unregister(self._show_cursor)

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take facts; drawing is left to the painter."""
        with self._lock:
            self._board.take(facts)

    def say(self, text: str) -> None:
        """Show a sentence under the picture."""
        self._note = text

    def draw(self) -> None:
        """Draw the picture over the last one."""
        from .frame import frame  # plain lines do without it

        width, height = self._size()
        # The last column stays free: a full line would wrap on some terminals and break the count of rows.
        look = replace(self._look, width=max(10, width - 1))
        with self._lock:
            lines = frame(look, self._board, self._title, self._clock(), max(1, height - 1), self._note)
        lines = lines if self._has_headline else lines[1:]
        up = sum(max(1, -(-filled // width)) for filled in self._drawn)
        start = f"\x1b[{up}A\r" if up else "\r"
        self._stream.write(start + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
        self._stream.flush()
        self._drawn = [min(look.width, columns(_without_colour(line))) for line in lines]

    def _paint(self) -> None:
        while not self._over.wait(PERIOD_S):
            try:
                self.draw()
            except OSError:
                return  # the terminal is gone; the run goes on

    def _show_cursor(self) -> None:
        try:
            self._stream.write(_SHOW)
            self._stream.flush()
        except (OSError, ValueError):
            return  # the terminal is gone, and its cursor with it


@lru_cache(maxsize=1)  # a thousand steps that are reused have one time: 1 us each
def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _without_colour(line: str) -> str:
    return clean(line) if "\x1b" in line else line
