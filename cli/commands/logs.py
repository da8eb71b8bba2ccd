"""`graft logs`: what steps wrote, and which lines of many runs have a text."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from ...core.document import instant
from ...core.errors import MissingError
from ...core.ids import RunId
from ...core.loglines import Lines, LogLine, Unseen, clock_text
from ...core.logmatch import Sought
from ...core.logsearch import LogQuery, newest_first
from ...core.ports import LogChunk
from ...core.records import dataclass, replace
from .. import context as door
from ..arguments import LAST, RunOrStepArgument, StepArgument
from ..declaring import Option
from ..filters import runs_wanted
from ..grepping import (
    AroundOption,
    ChildrenOption,
    EverywhereOption,
    Grep,
    LimitOption,
    ParentOption,
    PipelineOption,
    RegexOption,
    SinceOption,
    SoughtOption,
    StatesOption,
    TagOption,
    check,
    grep,
    is_named,
)
from ..look import Ink, Look, look_of
from ..meant import run_and_step
from ..options import Options
from ..printer import put, put_row, remark
from ..reading import Given
from ..text import clean

if TYPE_CHECKING:
    from ...core.workspace import Workspace

PERIOD_S = 0.25
"""Between two looks at a log that is followed; longer when reading it takes long."""


class Stream(StrEnum):
    """A stream of a step."""

    STDOUT = "stdout"
    STDERR = "stderr"
    SYSTEM = "system"
    """What graftline says about the attempt."""


def logs(
    options: Options,
    *,
    run: RunOrStepArgument = LAST,
    step: StepArgument = None,
    follow: Annotated[bool, Option("-f --follow", help="Go on until the run ends.")] = False,
    attempt: Annotated[int | None, Option("--attempt", min=1, metavar="N", help="Only this attempt.")] = None,
    stream: Annotated[Stream | None, Option("--stream", help="Only this stream.")] = None,
    tail: Annotated[int | None, Option("--tail", min=0, metavar="N", help="Only the last N lines.")] = None,
    timestamps: Annotated[bool, Option("--timestamps", help="Say when each line came.")] = False,
    sought: SoughtOption = None,
    is_regex: RegexOption = False,
    around: AroundOption = 0,
    limit: LimitOption = 1000,
    state: StatesOption = None,
    since: SinceOption = None,
    tag: TagOption = None,
    pipeline: PipelineOption = None,
    parent: ParentOption = None,
    all_projects: EverywhereOption = False,
    is_all: ChildrenOption = False,
    given: Given,
) -> int:
    """Print what the steps of a run wrote, in the order of time; or the lines of all runs that have a text.

    With --json: one object a line.
    """
    check(given, is_search=sought is not None)
    space = door.workspace(options)
    query = None
    if sought is not None:
        query = LogQuery(sought=Sought(sought, is_regex=is_regex), attempt=attempt, stream=stream, around=around)
    if query is not None and not is_named(given):
        runs = runs_wanted(
            space,
            states=state,
            since=since,
            tag=tag,
            pipeline=pipeline,
            parent=parent,
            all_projects=all_projects,
            is_all=is_all,
        )
        return grep(options, space, Grep(query=query, runs=newest_first(space, runs), limit=limit, is_timed=timestamps))
    found, node = _made(options, space, run, step)
    if query is not None:
        query = replace(query, node=node)
        runs_of_one = (space.show(found),)
        return grep(
            options, space, Grep(query=query, runs=runs_of_one, limit=limit, is_timed=timestamps, is_single=True)
        )
    writer = _Writer(look_of(is_plain=options.is_plain), options, is_named=node is None, is_timed=timestamps)
    return _print(space, _Log(run=found, node=node, attempt=attempt, stream=stream), writer, tail=tail, follow=follow)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """Which log is printed. None: all of it."""

    run: RunId
    node: str | None
    attempt: int | None
    stream: Stream | None


def _made(options: Options, space: Workspace, run: str, step: str | None) -> tuple[RunId, str | None]:
    """Return the run and the step that are meant; of a step that was reused, the run that made its result."""
    found, step = run_and_step(space, run, step)
    node = None if step is None else space.step_path(found, step)
    if node is not None and (maker := _maker(space, found, node)) is not None:
        if not options.is_json:
            remark(f"step {clean(node)} of run {door.short(space, found)} was reused; its run wrote:")
        found = maker
    return found, node


def _print(space: Workspace, log: _Log, writer: _Writer, *, tail: int | None, follow: bool) -> int:
    unseen, lines = Unseen(), Lines()

    def fresh() -> Iterator[LogLine]:
        for chunk in unseen.of(space.logs(log.run, log.node, log.attempt)):
            yield from lines.take(chunk) if _is_wanted(chunk, log.stream) else ()

    first: Iterable[LogLine] = fresh() if tail is None else deque(fresh(), maxlen=tail)
    count = writer.write(first)
    if follow:
        count += _follow(space, log.run, fresh, writer)
    count += writer.write(lines.rest())
    if not count and not writer.is_json:
        remark(_nothing(space, log.run, log.node))
    return 0


def _maker(space: Workspace, run: RunId, node: str) -> RunId | None:
    """Return the run that made what a step reused; None: the step ran, or that run is not to be found any more."""
    made = next((step.cached_from for step in space.steps(run) if step.path == node), None)
    try:
        return made if made is not None and node in space.graph(made).index else None
    except MissingError:
        return None


def _is_wanted(chunk: LogChunk, stream: Stream | None) -> bool:
    return stream is None or chunk.stream == stream


def _follow(space: Workspace, run: RunId, fresh: Callable[[], Iterator[LogLine]], writer: _Writer) -> int:
    count = 0
    while True:
        # The state first: what is written until the run has ended is still read after it was seen to have ended.
        is_over = space.show(run).state.is_final
        begun = time.monotonic()
        count += writer.write(fresh())
        if is_over:
            return count
        time.sleep(max(PERIOD_S, 4 * (time.monotonic() - begun)))


class _Writer:
    def __init__(self, look: Look, options: Options, *, is_named: bool, is_timed: bool):
        self._look = look
        self.is_json = options.is_json
        self._is_named = is_named
        self._is_timed = is_timed

    def write(self, lines: Iterable[LogLine]) -> int:
        """Print lines and return how many."""
        count = 0
        for line in lines:
            count += 1
            if self.is_json:
                put_row(_document(line))
            else:
                put(self._text(line))
        sys.stdout.flush()
        return count

    def _text(self, line: LogLine) -> str:
        look = self._look
        # Into a pipe the bytes go as they were written, colours and all; a terminal gets no control character.
        text = clean(line.text) if look.is_terminal else line.text
        head = f"{clock_text(line.at)}  " if self._is_timed else ""
        if self._is_named:
            bar = "|" if look.is_ascii else "│"
            head += f"{clean(line.node)} {bar} "
        ink = {"stderr": (Ink.YELLOW,), "system": (Ink.DIM,)}.get(line.stream, ())
        return look.paint(head, Ink.DIM) + look.paint(text, *ink)


def _document(line: LogLine) -> dict[str, object]:
    return {
        "step": line.node,
        "attempt": line.attempt,
        "stream": line.stream,
        "at": instant(line.at),
        "text": line.text,
    }


def _nothing(space: Workspace, run: RunId, node: str | None) -> str:
    short = door.short(space, run)
    what = f"step {clean(node)} of run {short}" if node else f"run {short}"
    return f"{what} wrote nothing" + ("" if space.show(run).state.is_final else " yet")
