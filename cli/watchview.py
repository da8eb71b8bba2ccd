"""What a person sees of a watch: lines between the waves, the picture of a run while one goes on; or NDJSON."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..core.concern import Concern
from ..core.document import error_document, run_document
from ..core.errors import GraftError
from ..core.events import Fact
from ..core.place import seen_from
from ..core.quantities import duration_text
from ..core.reasons import run_reason_text
from ..core.states import Status
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
)
from .card import counts_text, failures, metric_lines
from .carrying import shown_run, spec_of
from .complaint import here
from .context import short
from .live import Live, Progress, progress
from .look import MARKS, Ink, look_of
from .options import Options
from .printer import put, put_row
from .text import clean, plural

if TYPE_CHECKING:
    from ..core.workspace import Workspace

SHOWN = 12
"""Steps of a plan that have a line each."""


class Rows:
    """Writes NDJSON: one row for each piece of news."""

    def __init__(self, space: Workspace):
        self._space = space

    def tell(self, news: News) -> None:
        """Write a row."""
        put_row({"schema": 1, "at": time.time(), **self._row(news)})

    def observe(self, facts: Sequence[Fact]) -> None:
        """Ignore facts: `graft --json events -f` tells them."""

    def _row(self, news: News) -> dict[str, Any]:
        match news:
            case Noticed(paths=paths):
                return {"event": "changed", "paths": list(paths)}
            case Broken(error=error):
                _rename(error)
                return {"event": "error", **error_document(error)}
            case Unconcerned(paths=paths):
                return {"event": "unconcerned", "paths": list(paths)}
            case Planned():
                return {"event": "planned", **_plan_document(news)}
            case Superseded(cancelled=cancelled, spared=spared):
                return {"event": "superseded", "cancelled": list(cancelled), "spared": list(spared)}
            case Begun(run=run, number=number):
                return {"event": "started", "wave": number, "run": run}
            case Ended(run=run, held=held):
                space = self._space
                document = run_document(run, space.steps(run.id), spec=spec_of(space, run.id))
                return {"event": "finished", "held": list(held), "superseded": news.is_superseded, "run": document}
            case Restless(paths=paths):
                return {"event": "restless", "paths": list(paths)}
            case Remarked(text=text):
                return {"event": "remark", "text": text}
            case Waiting(is_broken=is_broken, held=held):
                return {"event": "waiting", "broken": is_broken, "held": list(held)}


class Lines:
    """Writes lines for a person.

    Args:
        space: where runs are looked up.
        options: of the command.
        attract: is told in a few words that a wave is over; the terminal's bell, or nothing.
    """

    def __init__(self, space: Workspace, options: Options, attract: Callable[[str], None] | None = None):
        self._space = space
        self._look = look_of(is_plain=options.is_plain)
        self._is_plain = options.is_plain
        self._attract = attract
        self._view: Progress | None = None
        self._is_picture = False
        self._late: list[str] = []
        """Lines that wait for the end of the picture."""
        self._begun = 0.0
        self._lock = threading.RLock()
        self.pipeline = ""

    def tell(self, news: News) -> None:
        """Write lines."""
        with self._lock:
            match news:
                case Begun():
                    self._begin(news)
                case Ended():
                    self._end(news)
                case _:
                    self._put(self._lines(news))

    def observe(self, facts: Sequence[Fact]) -> None:
        """Take facts of the wave."""
        view = self._view
        if view is not None:
            view.observe(facts)

    def say(self, text: str) -> None:
        """Tell something of the wave that goes on; callable from a signal handler."""
        view = self._view
        if view is not None:
            view.say(text)

    def close(self) -> None:
        """End the picture, if one is drawn."""
        view, self._view = self._view, None
        if view is not None:
            view.__exit__(None, None, None)
        title("")

    def _begin(self, news: Begun) -> None:
        graph = news.graph
        self._begun = time.monotonic()
        self.pipeline = graph.name
        states = {node.path: Status.PENDING for node in graph.nodes}
        heading = f"{clean(graph.name)}  {short(self._space, news.run)}  wave {news.number}"
        self._view = progress(self._look, states, heading, graph=graph, is_plain=self._is_plain, is_quiet=False)
        self._is_picture = isinstance(self._view, Live)
        title(f"graft watch {graph.name}: running")
        self._view.__enter__()

    def _end(self, news: Ended) -> None:
        view, self._view = self._view, None
        if view is not None:
            view.__exit__(None, None, None)
        late, self._late, self._is_picture = self._late, [], False
        self._put([*self._closing(news), *late])
        state = MARKS[news.run.state].word
        title(f"graft watch {news.run.pipeline}: {state}")
        if self._attract is not None and not news.is_superseded:
            self._attract(f"{news.run.pipeline}: {state}")

    def _closing(self, news: Ended) -> list[str]:
        look, run = self._look, news.run
        shown = shown_run(self._space, run, self._space.steps(run.id))
        state = look.paint(look.state(run.state), MARKS[run.state].ink, Ink.BOLD)
        took = duration_text(time.monotonic() - self._begun)
        why = "a newer save took its place" if news.is_superseded else run_reason_text(run.reason)
        told = look.dot.join(text for text in (counts_text(shown), took, why) if text)
        lines = [f"{state}  {clean(run.pipeline)}  {shown.short}{look.dot}{told}"]
        lines += metric_lines(look, shown.steps)
        for panel in failures(look, shown):
            lines += ["", *panel]
        return lines

    def _lines(self, news: News) -> list[str]:
        look = self._look
        match news:
            case Noticed(paths=paths):
                return ["", f"{_clock()}  saved {_names(paths)}"]
            case Broken(error=error):
                title("graft watch: waiting for valid code")
                return _fault(error, lambda text: look.paint(text, Ink.RED))
            case Unconcerned(paths=paths):
                what = f" by {_names(paths)}" if paths else ""
                return [look.paint(f"{_clock()}  no step is concerned{what}", Ink.DIM)]
            case Planned():
                return self._plan(news)
            case Superseded(cancelled=cancelled, spared=spared):
                lines = [f"{_clock()}  stopping {_names(cancelled)}: obsolete by the save"] if cancelled else []
                return lines + ([f"{_clock()}  letting {_names(spared)} end: it still holds"] if spared else [])
            case Restless(paths=paths):
                changes = f"{_names(paths)} changes with each wave and starts no other one; r runs again"
                return [look.paint(f"{_clock()}  {changes}", Ink.YELLOW)]
            case Remarked(text=text):
                return [look.paint(clean(text), Ink.YELLOW)]
            case Waiting():
                return self._waiting(news)
            case _:
                return []

    def _plan(self, news: Planned) -> list[str]:
        look = self._look
        rows = [(clean(each.path), look.said(_why(each))) for each in news.changed]
        rows += [(clean(path), look.paint("if what it gets changes", Ink.DIM)) for path in news.followers]
        rows += [(clean(path), "is gone") for path in news.removed]
        rows += [(clean(path), "released") for path in news.released]
        lines = [f"  {_names(news.files)} changed"] if news.files else []
        lines += ["  every step, whatever is known"] if news.is_forced else []
        width = max((len(name) for name, _ in rows[:SHOWN]), default=0)
        lines += [f"  {name:<{width}}  {why}" for name, why in rows[:SHOWN]]
        return lines + ([f"  and {plural(len(rows) - SHOWN, 'more step')}"] if len(rows) > SHOWN else [])

    def _waiting(self, news: Waiting) -> list[str]:
        look = self._look
        held = f"held: {_names(news.held)}" if news.held else ""
        keys = " (space runs one)" if held and look.is_terminal else ""
        told = "waiting for valid code" if news.is_broken else "waiting for changes"
        if news.is_broken:
            told = look.paint(told, Ink.YELLOW)
        return [look.dot.join(text for text in (told, held + keys) if text)]

    def _put(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        if self._is_picture:
            self._late += lines
            if self._view is not None:
                self._view.say(next(line for line in lines if line))
            return
        put(lines)
        sys.stdout.flush()


def title(text: str) -> None:
    """Set the terminal's title; nothing happens where there is no terminal."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        sys.stdout.write(f"\x1b]2;{clean(text)}\x07")
        sys.stdout.flush()


def ring(text: str) -> None:
    """Ring the terminal's bell, and have those terminals that can show a notification (OSC 9)."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\x1b]9;{clean(text)}\x1b\\\a")
        sys.stdout.flush()


def _plan_document(news: Planned) -> dict[str, Any]:
    return {
        "changed": [{"path": each.path, "why": list(each.why)} for each in news.changed],
        "followers": list(news.followers),
        "removed": list(news.removed),
        "files": list(news.files),
        "released": list(news.released),
        "forced": news.is_forced,
    }


def _fault(error: GraftError, red: Callable[[str], str]) -> list[str]:
    """Return what is wrong, with the line of source it is about."""
    sources = [_source(each) for each in error.problems or (error,)]
    _rename(error)
    lines = [red(line) for line in clean(str(error), keep_lines=True).split("\n")]
    lines += [f"      {source}" for source in dict.fromkeys(sources) if source]
    lines += [f"  {line}" for line in clean(error.hint or "", keep_lines=True).split("\n") if line]
    return lines


def _source(error: GraftError) -> str:
    """Return the line an error is about, stripped; empty when there is none."""
    if error.file is None or not error.line:
        return ""
    try:
        with open(error.file, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number == error.line:
                    return clean(line.strip())
    except OSError:
        pass
    return ""


def _rename(error: GraftError) -> None:
    stand = here()
    error.rename_files(lambda file: seen_from(stand, file))


def _why(concern: Concern) -> str:
    return clean(", ".join(concern.why))


def _names(paths: Sequence[str]) -> str:
    shown = clean(", ".join(paths[:3]))
    return f"{shown} and {len(paths) - 3:,} more" if len(paths) > 3 else shown


def _clock() -> str:
    return time.strftime("%H:%M:%S")
