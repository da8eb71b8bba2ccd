"""The chart of a run over time in terminal cells: an axis, and a row of bars for each lane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .named import NamedTuple
from .quantities import duration_text
from .signs import MARKS, Ink
from .states import Status
from .text import clean, columns, cut, pad
from .timeline import Bar, Lane, Phase, Timeline
from .timescale import Scale

Piece = tuple[str, Ink | None]
"""Text in one colour; None: that of all text."""


class Strokes(NamedTuple):
    """The characters bars are drawn with; each fills one column."""

    wait: str
    run: str
    other: str
    """Of every second bar where bars of several steps share a row."""
    critical: str
    span: str
    ahead: str
    live: str
    fold: str
    now: str


UNICODE = Strokes("░", "█", "▓", "━", "─", "┄", "▶", "╱╱", "now")
ASCII = Strokes(".", "#", "+", "%", "-", "~", ">", "//", "now")
_PHASES = (Phase.AHEAD, Phase.SPAN, Phase.WAIT, Phase.RUN, Phase.CACHED)
"""Later ones are drawn over earlier ones."""


def axis(scale: Scale, strokes: Strokes, *, now: float | None = None) -> str:
    """Return the axis: each piece counts from its own start; a fold says how much time is left out there.

    Args:
        scale: of the chart.
        strokes: to draw with.
        now: where a run that goes on is; None: it is over.
    """
    cells = [" "] * scale.width
    for tick in scale.ticks:
        cells[tick.column : tick.column + len(tick.text)] = tick.text
    if now is not None:
        # The word stands over the end of the bars, if nothing is cut for it.
        at = int(scale.position(now))
        if at + len(strokes.now) <= scale.width and not "".join(cells[max(0, at - 1) : at + 4]).strip():
            cells[at : at + len(strokes.now)] = strokes.now
    for fold in scale.folds:
        text = f"{strokes.fold}{fold.text}"[: scale.width - fold.column]
        cells[fold.column : fold.column + len(text)] = text
    return "".join(cells[: scale.width])


def bars(lane: Lane, scale: Scale, strokes: Strokes, *, is_ascii: bool = False, by_worker: bool = False) -> list[Piece]:
    """Return one row of the chart, exactly as wide as the scale.

    Args:
        lane: to draw.
        scale: of the chart.
        strokes: to draw with.
        is_ascii: signs of states in ASCII too.
        by_worker: bars are of several steps, one after the other: neighbours look different.
    """
    cells: list[Piece] = [(" ", None)] * scale.width
    for phase in _PHASES:
        found = [bar for bar in lane.bars if bar.phase is phase]
        for at, bar in enumerate(found):
            _draw(cells, bar, scale, strokes, is_other=by_worker and at % 2 == 1, is_ascii=is_ascii)
    if not by_worker:
        _sign_failures(cells, lane, scale, is_ascii=is_ascii)
    return _joined(cells)


def note(lane: Lane, *, dot: str = " · ") -> str:
    """Return what stands beside a row: how long its attempts took; of a family how many are done, how long they take.

    Of what is still to come, how long it is expected to take.
    """
    if lane.durations is not None and len(lane.members) > 1:
        took = dot.strip().join(duration_text(each) for each in lane.durations)
        return f"{lane.done:,}/{len(lane.members):,} {took}"
    if len(lane.members) > 1:
        return f"{lane.done:,}/{len(lane.members):,}"
    ran = [bar for bar in lane.bars if bar.phase is Phase.RUN]
    ahead = [bar for bar in lane.bars if bar.phase is Phase.AHEAD]
    if ahead and lane.state is Status.PENDING:
        return f"~{duration_text(ahead[0].seconds)}"
    if ran:
        took = " ".join(duration_text(bar.seconds) for bar in ran[-3:])
        return f"{took} ~{duration_text(ahead[-1].seconds)} left" if ahead else took
    if lane.state is Status.CACHED:
        return MARKS[Status.CACHED].word
    spans = [bar for bar in lane.bars if bar.phase is Phase.SPAN]
    if spans:
        return duration_text(spans[-1].end - spans[0].start)
    return clean(lane.note)


def legend(strokes: Strokes, *, is_ascii: bool = False, is_live: bool = False) -> list[Piece]:
    """Return what the strokes mean."""
    cached = MARKS[Status.CACHED]
    found: list[tuple[str, str]] = [(strokes.critical, "critical path"), (strokes.run, "run"), (strokes.wait, "queue")]
    found.append((cached.ascii if is_ascii else cached.glyph, "cached"))
    found += [(strokes.ahead, "expected")] if is_live else []
    return [piece for sign, word in found for piece in ((sign, Ink.BOLD), (f" {word}  ", Ink.DIM))]


def chart(timeline: Timeline, width: int, strokes: Strokes = UNICODE, *, most: int = 24) -> list[list[Piece]]:
    """Return the whole chart for a width: axis, and a row for each lane with its name before and its note behind.

    Args:
        timeline: to draw.
        width: columns of a line.
        strokes: to draw with.
        most: columns of a name at most.
    """
    is_ascii = strokes is ASCII
    dot, ellipsis = (" | ", "~") if is_ascii else (" · ", "…")
    notes = [note(lane, dot=dot) for lane in timeline.lanes]
    labels = [label(lane, is_ascii=is_ascii) for lane in timeline.lanes]
    names = min(most, max((columns(text) for text in labels), default=0), max(8, width // 3))
    beside = min(max((columns(text) for text in notes), default=0), max(8, width // 4))
    scale = Scale(timeline.pieces, max(8, width - names - beside - 4))
    rows: list[list[Piece]] = [
        [(" " * (names + 2), None), (axis(scale, strokes, now=timeline.now if timeline.is_live else None), Ink.DIM)]
    ]
    for lane, text, said in zip(timeline.lanes, labels, notes, strict=True):
        name = pad(cut(text, names, ellipsis=ellipsis), names)
        line: list[Piece] = [(name, MARKS[lane.state].ink), ("  ", None)]
        line += bars(lane, scale, strokes, is_ascii=is_ascii)
        rows.append([*line, ("  ", None), (cut(said, beside, ellipsis=ellipsis), Ink.DIM)])
    return rows


def label(lane: Lane, *, is_ascii: bool = False) -> str:
    """Return sign and name of a row, indented by the composites around it."""
    mark = MARKS[lane.state]
    count = f" {'x' if is_ascii else '×'}{len(lane.members):,}" if len(lane.members) > 1 else ""
    return f"{'  ' * lane.depth}{mark.ascii if is_ascii else mark.glyph} {clean(lane.label)}{count}"


def _draw(cells: list[Piece], bar: Bar, scale: Scale, strokes: Strokes, *, is_other: bool, is_ascii: bool) -> None:
    first, last = scale.cells(bar.start, bar.end)
    if first == last:
        return
    ink = MARKS[bar.state].ink
    match bar.phase:
        case Phase.WAIT:
            stroke, ink = strokes.wait, Ink.DIM
        case Phase.AHEAD:
            stroke, ink = strokes.ahead, Ink.DIM
        case Phase.SPAN:
            stroke, ink = strokes.span, Ink.DIM
        case Phase.CACHED:
            stroke = MARKS[Status.CACHED].ascii if is_ascii else MARKS[Status.CACHED].glyph
            last = first + 1
        case Phase.RUN:
            stroke = strokes.critical if bar.is_critical else strokes.other if is_other else strokes.run
    cells[first:last] = [(stroke, ink)] * (last - first)
    if bar.is_live and last > 0:
        cells[last - 1] = (strokes.live, ink)


def _sign_failures(cells: list[Piece], lane: Lane, scale: Scale, *, is_ascii: bool) -> None:
    """Put the sign of a bad end over the last cell of its bar, so that one sees it without colours."""
    for bar in lane.bars:
        if bar.phase is Phase.RUN and bar.state.is_final and not bar.state.is_good:
            first, last = scale.cells(bar.start, bar.end)
            if last > first:
                mark = MARKS[bar.state]
                cells[last - 1] = (mark.ascii if is_ascii else mark.glyph, mark.ink)


def _joined(cells: Iterable[Piece]) -> list[Piece]:
    """Return cells of one colour as one piece."""
    found: list[Piece] = []
    for text, ink in cells:
        if found and found[-1][1] == ink:
            found[-1] = (found[-1][0] + text, ink)
        else:
            found.append((text, ink))
    return found


def text_of(rows: Sequence[Sequence[Piece]]) -> list[str]:
    """Return drawn rows without their colours."""
    return ["".join(text for text, _ in row).rstrip() for row in rows]
