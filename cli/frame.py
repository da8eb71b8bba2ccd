"""The picture of a running run: a headline and as many steps as there are rows, what matters first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..core.folding import Row, rows
from ..core.quantities import duration_text
from ..core.reasons import AWAITED_S
from ..core.states import Status
from .board import Board
from .look import MARKS, RETRYING, WORST_FIRST, Ink, Look
from .text import clean, columns, cut, pad

BAR = 20
"""Columns of the progress bar."""
ETA_AFTER_S = 2.0
"""Seconds of work before a remaining time is worth telling."""
TREE_UP_TO = 500
"""Steps up to which composites are drawn as a tree: folding them takes some 3 ms, ten times a second."""
WORD = max(len(mark.word) for mark in (*MARKS.values(), RETRYING))


def frame(look: Look, board: Board, title: str, now: float, rows: int, note: str = "") -> list[str]:
    """Return the lines to draw, each at most `look.width` columns, at most `rows` of them.

    Args:
        title: what is running, e.g. "iris k3f9".
        now: wall time.
        note: a sentence of the moment (what Ctrl+C does); empty: none.
    """
    note = note or _awaited(board, now)
    lines = [_headline(look, board, title, now)]
    room = max(1, rows - len(lines) - bool(note))
    tree = _tree(board)
    if board.search is not None:
        from .trials import trial_table  # for one kind of run

        lines += trial_table(look, board.search.record, board.search.rows, now=now, room=room)
    elif tree is not None and len(tree) <= room:
        lines += _rows(look, board, tree, now)
    elif board.composites.is_flat and board.total <= room:
        lines += _steps(look, board, list(board.states), now)
    elif room > 2:
        lines.append(_tally(look, board))
        # What stays in the scrollback when it is over is what went wrong, not a screen of what went well.
        shown = _that_matter(board, room - 1) if board.result is None else list(board.causes)[: room - 1]
        lines += _steps(look, board, shown, now)
    if note:
        lines.append(look.paint(cut(f"  {look.said(note)}", look.width, ellipsis=look.ellipsis), Ink.YELLOW))
    return lines[: max(1, rows)]


def _awaited(board: Board, now: float) -> str:
    """Return that no step has begun yet, when a run was taken up a while ago; empty: there is no need to say so."""
    if board.started is None or now - board.started < AWAITED_S or board.result is not None or board.search is not None:
        return ""
    is_idle = not (board.running or board.executed or board.retrying) and board.counts[Status.PENDING]
    return "no step has begun yet: the runner is waited for" if is_idle else ""


def _tree(board: Board) -> list[Row] | None:
    """Return the rows of a run with composites; None where there are none, or too many steps to fold at each look."""
    if board.composites.is_flat or board.total > TREE_UP_TO:
        return None
    return rows(board.composites, list(board.states), untaken=board.untaken, always=board.causes)


def _rows(look: Look, board: Board, found: Sequence[Row], now: float) -> list[str]:
    states = board.composites.shown(board.states)
    names = [f"{'  ' * row.depth}{clean(row.label)}" for row in found]
    width = max(4, min(max(map(columns, names)), look.width - WORD - 14))
    return [_row(look, board, row, name, width, states, now) for row, name in zip(found, names, strict=True)]


def _row(look: Look, board: Board, row: Row, name: str, width: int, states: Mapping[str, Status], now: float) -> str:
    counts = Counter(states[path] for path in row.members)
    (path, *others) = row.members
    status = Status.SKIPPED if row.is_untaken else next(each for each in WORST_FIRST if counts[each])
    mark = RETRYING if path in board.retrying and not others else MARKS[status]
    glyph = mark.ascii if look.is_ascii else mark.glyph
    shown = pad(cut(name, width, ellipsis=look.ellipsis), width)
    took = "" if others else _time(board, path, now)
    left = f"  {glyph} {mark.word:<{WORD}}  {shown}  {took:>6}"
    if others:
        told = "" if row.is_untaken else _tally_text(counts)
    else:
        waiting = board.waiting(path)
        told = f"{waiting:,} more to come" if waiting else _remark(board, path, now)
    remark = cut(told, max(0, look.width - columns(left) - 2), ellipsis=look.ellipsis)
    if look.width < 30:
        return look.paint(cut(f"{glyph} {name}", look.width, ellipsis=look.ellipsis), mark.ink)
    head, tail = left[: 4 + WORD], left[4 + WORD :]
    tail = look.paint(tail, Ink.DIM) if row.is_untaken else tail
    return look.paint(head, mark.ink) + tail + (f"  {look.paint(remark, Ink.DIM)}" if remark else "")


def _tally_text(counts: Mapping[Status, int]) -> str:
    return ", ".join(f"{counts[each]:,} {MARKS[each].word}" for each in Status if counts.get(each))


def step_line(look: Look, board: Board, path: str, now: float, width: int) -> str:
    """Return one step: glyph, word, name (padded to `width`), time, and what is to say."""
    status = board.states[path]
    mark = RETRYING if path in board.retrying else MARKS[status]
    glyph = mark.ascii if look.is_ascii else mark.glyph
    name = pad(cut(clean(path), width, ellipsis=look.ellipsis), width)
    left = f"  {glyph} {mark.word:<{WORD}}  {name}  {_time(board, path, now):>6}"
    remark = cut(_remark(board, path, now), max(0, look.width - columns(left) - 2), ellipsis=look.ellipsis)
    head, tail = left[: 4 + WORD], left[4 + WORD :]
    return look.paint(head, mark.ink) + tail + (f"  {look.paint(remark, Ink.DIM)}" if remark else "")


def _headline(look: Look, board: Board, title: str, now: float) -> str:
    status = board.result or Status.STARTED
    elapsed = 0.0 if board.started is None else max(0.0, now - board.started)
    parts = [duration_text(elapsed), f"{board.done:,}/{board.total:,}"]
    remaining = _remaining(board, elapsed)
    if remaining is not None:
        parts.append(f"~{duration_text(remaining)} left")
    state = look.paint(look.state(status), MARKS[status].ink)
    head = f"{look.state(status)}  {clean(title)}"
    tail = "  ".join(parts)
    spare = look.width - columns(head) - columns(tail) - 4
    bar = f"{_bar(look, board, min(BAR, spare))}  " if spare >= BAR // 2 else ""
    line = f"{head}  {bar}{tail}"
    if columns(line) > look.width:
        return cut(line, look.width, ellipsis=look.ellipsis)
    return state + line[len(look.state(status)) :]


def _bar(look: Look, board: Board, width: int) -> str:
    filled = 0 if not board.total else board.done * width // board.total
    full, empty = ("#", ".") if look.is_ascii else ("█", "░")
    return full * filled + empty * (width - filled)


def _remaining(board: Board, elapsed: float) -> float | None:
    """Return the seconds left at the speed so far; None when it is too early to tell, or over."""
    left = board.total - board.done
    if board.result is not None or elapsed < ETA_AFTER_S or not board.executed or not left:
        return None
    return elapsed / board.executed * left


def _tally(look: Look, board: Board) -> str:
    texts = [(f"{look.glyph(status)} {count:,} {MARKS[status].word}", status) for status, count in board.tally.items()]
    plain = "  " + "   ".join(text for text, _ in texts)
    if columns(plain) > look.width:
        return cut(plain, look.width, ellipsis=look.ellipsis)
    return "  " + "   ".join(look.paint(text, MARKS[status].ink) for text, status in texts)


def _that_matter(board: Board, room: int) -> list[str]:
    """Choose steps for the rows there are: failed ones (half at most), running ones, then what ended last."""
    chosen = list(board.causes)[: max(1, room // 2)]
    running = sorted(board.running, key=board.running.__getitem__)
    chosen += running[: room - len(chosen)]
    recent = [
        path
        for path in reversed(board.recent)
        if path in board.states and path not in board.causes and path not in board.running
    ]
    chosen += list(dict.fromkeys(recent))[: room - len(chosen)]
    return chosen


def _steps(look: Look, board: Board, paths: Sequence[str], now: float) -> list[str]:
    longest = max((columns(clean(path)) for path in paths), default=0)
    width = max(4, min(longest, look.width - WORD - 14))
    return [
        step_line(look, board, path, now, width) if look.width >= 30 else _narrow(look, board, path) for path in paths
    ]


def _narrow(look: Look, board: Board, path: str) -> str:
    status = board.states[path]
    text = cut(f"{look.glyph(status)} {clean(path)}", look.width, ellipsis=look.ellipsis)
    return look.paint(text, MARKS[status].ink)


def _time(board: Board, path: str, now: float) -> str:
    if path in board.running:
        return duration_text(max(0.0, now - board.running[path]))
    return duration_text(board.took[path]) if path in board.took else ""


def _remark(board: Board, path: str, now: float) -> str:
    if path in board.retrying:
        return f"attempt {board.tries.get(path, 1) + 1} in {duration_text(max(0.0, board.retrying[path] - now))}"
    if path in board.causes:
        return clean(board.causes[path])
    words = [f"{board.progress[path]:.0%}"] if path in board.progress else []
    return "  ".join([*words, f"attempt {board.tries[path]}"] if path in board.tries else words)
