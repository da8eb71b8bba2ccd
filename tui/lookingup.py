"""A search through the logs of many runs, as a person typed it: as a query, as the command that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import count
from time import monotonic

from ..core.errors import InvalidError
from ..core.logmatch import Sought
from ..core.logsearch import Found, LogQuery, LogSearch, newest_first
from ..core.ports import RunQuery
from ..core.records import dataclass
from ..core.runfilter import run_query
from ..core.runs import Run
from ..core.signs import MARKS
from ..core.states import Status
from ..core.text import clean
from ..core.workspace import Workspace

MOST = 5000
"""Lines that are listed: nobody reads more, and they are all held."""
LONGEST = 1024
"""Bytes of a line that are held; the log has all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookingUp:
    """What is looked for, and in which runs."""

    text: str = ""
    """As typed: `re:` begins a regular expression. Empty: not typed yet."""
    filter: str = ""
    """Which runs, in the words of the list's filter."""
    states: tuple[Status, ...] | None = None
    """Of the list's view; None: of all."""
    project: str | None = None
    """None: every project."""

    def runs(self, now: float) -> RunQuery:
        """Return which runs are searched.

        Raises:
            InvalidError: the filter means nothing.
        """
        return run_query(self.filter, RunQuery(project=self.project, states=self.states), now)

    def sought(self) -> Sought:
        """Return what is looked for.

        Raises:
            InvalidError: it cannot be looked for.
        """
        return Sought.typed(self.text)

    @property
    def command(self) -> str:
        """Return the command that finds the same; empty: there is none, because of words that only lists understand."""
        if not self.text:
            return ""
        sought = self.sought()
        query = self.runs(0.0)
        if query.text is not None:
            return ""
        words = ["graft", "logs", "--grep", sought.text, *(["--re"] if sought.is_regex else [])]
        words += ["--state", ",".join(MARKS[state].word for state in query.states)] if query.states else []
        words += ["--pipeline", query.pipeline] if query.pipeline else []
        words += ["--tag", query.tag] if query.tag else []
        words += ["--since", self._since] if self._since else []
        words += ["--all-projects"] if self.project is None else []
        return " ".join(shlex.quote(clean(word)) for word in words)

    @property
    def _since(self) -> str:
        words = (word for word in self.filter.split() if word.lower().startswith(("since=", "since:")))
        return next((word[len("since=") :] for word in words), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line that a log is opened at."""

    line: tuple[tuple[str, int, str], float, int]
    """Step, attempt and stream; when it began; its number among those that began then."""
    sought: Sought
    """What is marked in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line that was found."""

    number: int
    run: Run
    found: Found

    @property
    def step(self) -> str:
        """Return path and attempt, the attempt from the second on."""
        hit = self.found.hit
        return hit.node + (f":{hit.attempt}" if hit.attempt > 1 else "")

    def place(self, sought: Sought) -> Place:
        """Return where it is."""
        hit = self.found.hit
        return Place(line=((hit.node, hit.attempt, hit.stream), hit.at, hit.nth), sought=sought)


class Search:
    """One search on its way; a thread goes on with it for a moment at a time."""

    def __init__(self, space: Workspace, wanted: LookingUp, now: float) -> None:
        """Begin.

        Raises:
            InvalidError: what is wanted means nothing.
        """
        self.sought = wanted.sought()
        query = LogQuery(sought=self.sought, longest=LONGEST)
        self.read = LogSearch(space, query, newest_first(space, wanted.runs(now)))
        self.rows: list[Row] = []
        self.is_over = False
        """Every run was searched."""
        self.is_full = False
        """There are more lines than are listed."""
        self.problem: InvalidError | None = None
        """Why it was given up: a regular expression that takes too long."""
        self._found: Iterator[Found | None] = self.read.found()
        self._numbers = count()

    @property
    def is_ended(self) -> bool:
        """Tell whether it does not go on any more."""
        return self.is_over or self.is_full or self.problem is not None

    def go_on(self, seconds: float) -> list[Row]:
        """Search for about so long and return what was found; for a thread.

        Raises:
            StoreError: the runs cannot be listed.
        """
        ends = monotonic() + seconds
        fresh: list[Row] = []
        while monotonic() < ends:
            try:
                found = next(self._found, self)
            except InvalidError as error:
                self.problem = error
                break
            if found is self:
                self.is_over = True
                break
            if isinstance(found, Found):
                if len(self.rows) + len(fresh) == MOST:
                    self.is_full = True
                    break
                fresh.append(Row(number=next(self._numbers), run=found.run, found=found))
        return fresh
