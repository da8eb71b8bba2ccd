"""`graft logs --grep`: lines of many runs as they are found, and how far the search is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from ..core.document import instant
from ..core.errors import InvalidError
from ..core.loglines import clock_text
from ..core.logmatch import Sought
from ..core.logsearch import Found, LogQuery, LogSearch
from ..core.moments import local
from ..core.quantities import size_text
from ..core.records import dataclass
from ..core.runs import Run
from . import context
from .declaring import Option
from .look import Ink, Look, look_of
from .options import Options
from .printer import put, put_row, remark
from .reading import Given
from .text import clean, plural

if TYPE_CHECKING:
    from ..core.workspace import Workspace

SEARCHING = ("is_regex", "around", "limit", "state", "since", "tag", "pipeline", "parent", "all_projects", "is_all")
"""Options that mean something with --grep alone."""
RUNS = ("state", "since", "tag", "pipeline", "parent", "all_projects", "is_all")
"""And those that say which runs: not where one is named."""
ENDLESS = ("follow", "tail")
"""Options that a search has no use for."""
MOST_AROUND = 1000
SoughtOption: TypeAlias = Annotated[
    str | None, Option("--grep", metavar="TEXT", help="Only lines with this text; without RUN: of all runs.")
]
RegexOption: TypeAlias = Annotated[bool, Option("--re", help="TEXT is a regular expression.")]
AroundOption: TypeAlias = Annotated[
    int, Option("--context", min=0, max=MOST_AROUND, metavar="N", help="Also N lines before and after each.")
]
LimitOption: TypeAlias = Annotated[
    int, Option("--limit", min=1, metavar="N", help="With --grep: at most so many lines.")
]
StatesOption: TypeAlias = Annotated[
    list[str] | None, Option("--state", metavar="STATES", help="With --grep: of these runs: failed, running, ...")
]
SinceOption: TypeAlias = Annotated[
    str | None, Option("--since", metavar="TIME", help="With --grep: of newer runs: 2d, 12h or 2026-11-20.")
]
TagOption: TypeAlias = Annotated[str | None, Option("--tag", metavar="TAG", help="With --grep: of runs with this tag.")]
PipelineOption: TypeAlias = Annotated[
    str | None, Option("--pipeline", metavar="NAME", help="With --grep: of runs of this pipeline.")
]
ParentOption: TypeAlias = Annotated[
    str | None, Option("--parent", metavar="RUN", help="With --grep: of runs of this one: trials, reruns.")
]
EverywhereOption: TypeAlias = Annotated[
    bool, Option("--all-projects", help="With --grep: of every project of the store.")
]
ChildrenOption: TypeAlias = Annotated[
    bool, Option("--all", help="With --grep: also waves of a watch and runs that a step started.")
]
NOTHING = 1
"""Exit code where no line has it, as grep's."""
UNREAD = 4
"""And where that is because logs could not be read."""
QUIET_S, PROGRESS_S = 1.0, 0.25
"""Seconds before a terminal is told how far the search is, and between two words about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grep:
    """What is searched, and how it is shown."""

    query: LogQuery
    runs: Iterable[Run]
    limit: int
    """Lines at most."""
    is_timed: bool
    is_single: bool = False
    """Of one run that was named: lines need not say which."""


def is_named(given: Given) -> bool:
    """Tell whether somebody named a run, even the one that is meant when nobody does."""
    return "run" in given


def check(given: Given, *, is_search: bool) -> None:
    """Refuse options that do not go together.

    Raises:
        InvalidError: they do not.
    """
    if not is_search:
        for name in SEARCHING:
            if name in given:
                raise InvalidError(f"{given[name]} needs --grep TEXT", "graft logs --grep error --since 2d")
        return
    for name in ENDLESS:
        if name in given:
            raise InvalidError(
                f"--grep and {given[name]} exclude each other", "a pipe does it: graft logs -f | grep TEXT"
            )
    for name in RUNS:
        if is_named(given) and name in given:
            raise InvalidError(f"a run is named, and {given[name]} chooses runs", "leave the run or the option out")


def grep(options: Options, space: Workspace, wanted: Grep) -> int:
    """Print what is found and return the exit code."""
    search = LogSearch(space, wanted.query, wanted.runs)
    progress = _Progress(search, is_on=not options.is_json and not options.is_plain)
    writer = _Writer(space, options, wanted)
    count, is_more = 0, False
    try:
        for found in search.found():
            if found is None:
                progress.show(count)
            elif count == wanted.limit:
                is_more = True
                break
            else:
                count += 1
                progress.clear()
                writer.write(found)
    except BaseException:
        progress.clear()
        raise
    progress.clear()
    sys.stdout.flush()
    for run, error in search.problems:
        remark(f"run {context.short(space, run.id)} was not searched: {error.message}")
    for text in _told(search, wanted, count, is_more=is_more):
        if is_more or not options.is_json:  # that something is missing, programs should be told too
            remark(text)
    return 0 if count else UNREAD if search.problems else NOTHING


def _told(search: LogSearch, wanted: Grep, count: int, *, is_more: bool) -> Iterator[str]:
    """Say what was left out, or that nothing was found."""
    if is_more:
        yield f"stopped after {plural(count, 'line')} of {plural(search.runs, 'run')}; there are more: --limit N"
    elif not count:
        what = "" if wanted.is_single else f" of {plural(search.runs, 'run')}"
        yield f"no line has '{clean(wanted.query.sought.text)}'; searched {size_text(search.size)}{what}"


class _Writer:
    """One line for each that is found, those around it below a rule, or one object for each."""

    def __init__(self, space: Workspace, options: Options, wanted: Grep) -> None:
        self._space = space
        self._wanted = wanted
        self._look = look_of(is_plain=options.is_plain)
        self._is_json = options.is_json
        self._shorts: dict[str, str] = {}
        self._is_first = True

    def write(self, found: Found) -> None:
        if self._is_json:
            put_row(_document(found, with_around=bool(self._wanted.query.around)))
            return
        hit, look = found.hit, self._look
        if self._wanted.query.around and not self._is_first:
            put(look.paint("--", Ink.DIM))
        self._is_first = False
        head = self._head(found)
        for text in hit.before:
            put(look.paint(head + self._shown(text), Ink.DIM))
        more = f" {look.ellipsis}" if hit.is_cut else ""
        put(look.paint(head, Ink.DIM) + self._marked(hit.text, self._wanted.query.sought, look) + more)
        for text in hit.after:
            put(look.paint(head + self._shown(text), Ink.DIM))

    def _head(self, found: Found) -> str:
        run, hit = found.run, found.hit
        if run.id not in self._shorts:
            self._shorts[run.id] = context.short(self._space, run.id)
        head = f"{clock_text(hit.at)}  " if self._wanted.is_timed else ""
        if self._wanted.is_timed and not self._wanted.is_single:
            head = f"{local(hit.at)}  "
        head += "" if self._wanted.is_single else f"{self._shorts[run.id]}  "
        if self._wanted.query.node is not None and self._wanted.is_single:
            return head
        attempt = f":{hit.attempt}" if hit.attempt > 1 else ""
        return f"{head}{clean(hit.node)}{attempt} {'|' if self._look.is_ascii else '│'} "

    def _shown(self, text: str) -> str:
        # Into a pipe the bytes go as they were written, as `graft logs` has it.
        return clean(text) if self._look.is_terminal else text

    def _marked(self, text: str, sought: Sought, look: Look) -> str:
        shown = self._shown(text)
        if not look.has_colour:
            return shown
        line, done = "", 0
        for start, end in sought.spans(shown):
            line += shown[done:start] + look.paint(shown[start:end], Ink.RED, Ink.BOLD)
            done = end
        return line + shown[done:]


class _Progress:
    """A line of a terminal that says how far the search is, and goes before anything else is written."""

    def __init__(self, search: LogSearch, *, is_on: bool) -> None:
        self._search = search
        self._is_on = is_on and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + QUIET_S
        self._is_shown = False

    def show(self, count: int) -> None:
        """Show it, where it is time."""
        if not self._is_on or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_S
        search = self._search
        back = f", back to {local(search.oldest.created)}" if search.oldest is not None else ""
        text = f"{plural(search.runs, 'run')}, {size_text(search.size)}{back}: {plural(count, 'line')}"
        sys.stderr.write(f"\r\x1b[K{text[: look_of(sys.stderr).width - 1]}")
        sys.stderr.flush()
        self._is_shown = True

    def clear(self) -> None:
        """Take it away."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_shown = False


def _document(found: Found, *, with_around: bool) -> dict[str, Any]:
    hit = found.hit
    document: dict[str, Any] = {
        "run": found.run.id,
        "step": hit.node,
        "attempt": hit.attempt,
        "stream": hit.stream,
        "at": instant(hit.at),
        "text": hit.text,
    }
    if with_around:
        document |= {"before": list(hit.before), "after": list(hit.after)}
    return document
