"""A watch that goes on beside the screens: on a thread of its own, what it tells kept for whoever looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread
from time import time

from ..core.concern import Concern
from ..core.errors import GraftError
from ..core.events import Fact
from ..core.ids import RunId
from ..core.quantities import duration_text
from ..core.records import dataclass, field
from ..core.requests import RunRequest
from ..core.signs import MARKS
from ..core.text import clean
from ..core.watchnews import (
    Begun,
    Broken,
    Ended,
    News,
    Noticed,
    Planned,
    Remarked,
    Restless,
    Superseded,
    Unconcerned,
    Waiting,
    Watch,
    WatchRequest,
    Wish,
)
from ..core.workspace import Workspace
from .tones import TONE_OF, Line, Span, Tone

KEPT = 500
"""News that are held."""
ENDING_S = 12.0
"""Seconds a wave has to end when the UI does: its steps get ten."""


@dataclass(slots=True)
class Watching:
    """One watch, as a person follows it. `tell` and `observe` are called by its thread, the rest by the screens."""

    space: Workspace
    request: Callable[[], RunRequest]
    """Makes the request of each wave."""
    text: str
    """What is watched, as typed after `graft watch`; empty: the project's own pipeline."""
    changed: Callable[[], None]
    """Called, by any thread, when there is news."""
    news: deque[tuple[float, News]] = field(default_factory=lambda: deque(maxlen=KEPT))
    plan: Planned | None = None
    """Of the last wave."""
    run: RunId | None = None
    """Of the wave that goes on, or the last one."""
    wave: int = 0
    problem: GraftError | None = None
    """What is wrong with the code now; the last good graph stays. Or why the watch ended."""
    waiting: Waiting | None = None
    facts: int = 0
    is_over: bool = False
    _watch: Watch | None = None
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin, or go on after a pause: what is up to date does not run again."""
        self.is_over, self.problem = False, None
        self._watch = self.space.watch(WatchRequest(run=self.request), self)
        self._thread = Thread(target=self._work, name="graft-watch", daemon=True)
        self._thread.start()

    def ask(self, wish: Wish) -> None:
        """Ask for something, if it goes on."""
        if self._watch is not None and not self.is_over:
            self._watch.ask(wish)

    def ask_to_stop(self) -> None:
        """Cancel what runs, and do not wait for it."""
        self.ask(Wish.STOP)

    def stop(self) -> None:
        """Cancel what runs, and wait for it."""
        self.ask(Wish.STOP)
        if self._thread is not None:
            self._thread.join(ENDING_S)

    def tell(self, news: News, /) -> None:
        """Take news."""
        match news:
            case Broken(error=error):
                self.problem = error
            case Planned():
                self.plan, self.problem = news, None
            case Unconcerned():
                self.problem = None
            case Begun(run=run, number=number):
                self.run, self.wave, self.waiting = run, number, None
            case Waiting():
                self.waiting = news
            case _:
                pass
        if isinstance(news, Noticed):
            self.waiting = None
        self.news.append((time(), news))
        self.changed()

    def observe(self, facts: Sequence[Fact], /) -> None:
        """Count facts; the store tells what they are."""
        self.facts += len(facts)

    def _work(self) -> None:
        assert self._watch is not None
        try:
            self._watch.run()
        except GraftError as error:
            self.problem = error
        finally:
            self.is_over = True
            self.changed()


def news_lines(news: News) -> list[Line]:
    """Return news as lines, without the time; nothing for what other parts of the screen show."""
    match news:
        case Noticed(paths=paths):
            return [[("saved ", Tone.BOLD), (_names(paths), Tone.TEXT)]]
        case Broken(error=error):
            return [[("wrong  ", Tone.RED), (error.message.partition("\n")[0], Tone.RED)]]
        case Unconcerned(paths=paths):
            return [[("no step is concerned", Tone.DIM), (f" by {_names(paths)}" if paths else "", Tone.DIM)]]
        case Planned():
            return [[("plan   ", Tone.YELLOW), (plan_words(news), Tone.TEXT)]]
        case Superseded(cancelled=cancelled, spared=spared):
            told = [f"stopping {_names(cancelled)}: obsolete by the save" if cancelled else ""]
            told += [f"letting {_names(spared)} end" if spared else ""]
            return [[("; ".join(each for each in told if each), Tone.YELLOW)]]
        case Begun(run=run, number=number):
            return [[(f"wave {number} ", Tone.BOLD), (f"runs as {run[:6]}", Tone.TEXT)]]
        case Ended(run=run):
            mark = MARKS[run.state]
            late = "  a newer save took its place" if news.is_superseded else ""
            took = duration_text(run.seconds) if run.seconds is not None else ""
            return [[(f"{mark.word} ", TONE_OF[mark.ink]), (f"{run.id[:6]}  {took}{late}", Tone.TEXT)]]
        case Restless(paths=paths):
            return [[(f"{_names(paths)} changes with each wave and starts no other one", Tone.YELLOW)]]
        case Remarked(text=text):
            return [[(text, Tone.YELLOW)]]
        case Waiting():
            return []


def plan_words(plan: Planned) -> str:
    """Return what a wave would run, in a line."""
    told = ["every step" if plan.is_forced else ""]
    told += [f"{len(plan.changed):,} changed" if plan.changed else ""]
    told += [f"{len(plan.followers):,} may follow" if plan.followers else ""]
    told += [
        f"{len(plan.removed):,} gone" if plan.removed else "",
        f"{_names(plan.files)} changed" if plan.files else "",
    ]
    return ", ".join(each for each in told if each) or "what is not up to date"


def plan_rows(plan: Planned, most: int = 400) -> list[Line]:
    """Return a line for each step a wave is about, with why."""
    rows: list[list[Span]] = [[("every step, whatever is known", Tone.YELLOW)]] if plan.is_forced else []
    rows += [[(f"{file}", Tone.BOLD), ("  changed", Tone.YELLOW)] for file in plan.files]
    rows += [_concern(each) for each in plan.changed]
    rows += [[(f"{path}  ", Tone.TEXT), ("if what it gets changes", Tone.DIM)] for path in plan.followers]
    rows += [[(f"{path}  ", Tone.TEXT), ("is gone", Tone.DIM)] for path in plan.removed]
    rows += [[(f"{path}  ", Tone.TEXT), ("released", Tone.CYAN)] for path in plan.released]
    return [*rows[:most]] or [[("what is not up to date", Tone.DIM)]]


def _concern(each: Concern) -> list[Span]:
    return [(f"{each.path}  ", Tone.BOLD), (", ".join(each.why), Tone.YELLOW)]


def _names(paths: Sequence[str]) -> str:
    shown = clean(", ".join(paths[:3]))
    return f"{shown} and {len(paths) - 3:,} more" if len(paths) > 3 else shown
