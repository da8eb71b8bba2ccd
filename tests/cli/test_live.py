"""The live view on a terminal of text: what it draws, how little it costs, and that it leaves the screen in order."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping

import pytest
from cli_fakes import NEEDS, NOW, facts_of_good_run, succeeded

from graftline.cli.board import Board
from graftline.cli.frame import frame
from graftline.cli.live import Lines, Live, Quiet, progress
from graftline.cli.look import Look
from graftline.cli.text import columns
from graftline.core.events import (
    AttemptDispatched,
    AttemptFailed,
    Fact,
    RetryScheduled,
    RunFinished,
    RunStarted,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepYielded,
)
from graftline.core.ids import RunId
from graftline.core.runs import StepError
from graftline.core.states import Reason, Status

PENDING: Mapping[str, Status] = dict.fromkeys(NEEDS, Status.PENDING)
LOOK = Look(width=80, is_terminal=True)


def failed(path: str, attempt: int = 1) -> AttemptFailed:
    return AttemptFailed(
        node=path,
        attempt=attempt,
        at=NOW,
        started=NOW,
        seconds=0.5,
        cpu_seconds=None,
        peak_bytes=None,
        worker=None,
        reason=Reason.ERROR,
        error=StepError(type="KeyError", message="'lang'\nmore"),
    )


def dispatched(path: str, attempt: int = 1, at: float = NOW) -> AttemptDispatched:
    return AttemptDispatched(node=path, attempt=attempt, at=at)


def board_of(states: Mapping[str, Status], *facts: Fact) -> Board:
    board = Board(states)
    board.take(facts)
    return board


class Screen:
    """Just enough of a terminal to see what is left on it: lines, cursor up, erase."""

    def __init__(self, width: int):
        self.width = width
        self.rows: list[str] = [""]
        self.row = 0
        self.is_cursor_shown = True

    def feed(self, text: str) -> None:
        for part in re.split(r"(\x1b\[\??\d*[A-Za-z]|\r|\n)", text):
            if part == "\n":
                self.row += 1
                self.rows += [""] * (self.row + 1 - len(self.rows))
                self._column = 0
            elif part == "\r":
                self._column = 0
            elif found := re.fullmatch(r"\x1b\[(\d+)A", part):
                self.row = max(0, self.row - int(found[1]))
            elif part == "\x1b[K":
                self.rows[self.row] = self.rows[self.row][: self._column]
            elif part == "\x1b[J":
                del self.rows[self.row + 1 :]
                self.rows[self.row] = self.rows[self.row][: self._column]
            elif part in ("\x1b[?25l", "\x1b[?25h"):
                self.is_cursor_shown = part.endswith("h")
            elif part:
                line = self.rows[self.row]
                assert columns(part) < self.width, f"a line fills the screen: {part!r}"
                self.rows[self.row] = line[: self._column] + part + line[self._column + len(part) :]
                self._column += len(part)

    _column = 0


def test_the_board_counts_without_summing() -> None:
    board = board_of(PENDING, *[fact for group in facts_of_good_run() for fact in group])
    assert dict(board.tally) == {Status.SUCCESS: 3}
    assert (board.done, board.total, board.result) == (3, 3, Status.SUCCESS)


def test_a_failed_attempt_that_is_retried_is_no_failure() -> None:
    board = board_of(PENDING, dispatched("load_data"), failed("load_data"))
    assert board.causes == {"load_data": "KeyError: 'lang'"}
    board.take([RetryScheduled(node="load_data", at=NOW, not_before=NOW + 8)])
    assert board.causes == {}
    assert "↻ retrying" in frame(LOOK, board, "iris", NOW, 20)[1]
    assert "attempt 2 in 8.0s" in frame(LOOK, board, "iris", NOW, 20)[1]
    board.take([dispatched("load_data", attempt=2)])
    assert "attempt 2" in frame(LOOK, board, "iris", NOW, 20)[1]


def test_a_run_of_which_no_step_begins_says_what_is_waited_for() -> None:
    board = board_of(PENDING, RunStarted(at=NOW))
    assert "waited for" not in frame(LOOK, board, "iris", NOW + 2, 20)[-1]
    assert "no step has begun yet: the runner is waited for" in frame(LOOK, board, "iris", NOW + 4, 20)[-1]
    board.take([dispatched("load_data")])
    assert not any("waited for" in line for line in frame(LOOK, board, "iris", NOW + 4, 20))


def test_reset_reused_and_settled_steps_move() -> None:
    board = board_of(
        dict.fromkeys("abc", Status.FAILURE),
        StepReset(node="a", at=NOW),
        StepReused(node="b", at=NOW, from_run=RunId("x"), outputs=()),
        StepSettled(node="c", state=Status.SKIPPED, reason=Reason.UPSTREAM, at=NOW),
    )
    assert board.states == {"a": Status.PENDING, "b": Status.CACHED, "c": Status.SKIPPED}


def test_a_small_graph_shows_every_step_in_order() -> None:
    board = board_of(PENDING, RunStarted(at=NOW), succeeded("load_data"), dispatched("model_fit"))
    lines = frame(LOOK, board, "iris  k3f9", NOW + 1.5, 20)
    assert [line.rstrip() for line in lines] == [
        "● running  iris  k3f9  ██████░░░░░░░░░░░░░░  1.5s  1/3",
        "  ✓ ok           load_data         0.4s",
        "  ● running      model_fit         1.5s",
        "  ○ pending      generate_plots",
    ]


def test_a_large_graph_folds_with_failed_and_running_steps_first() -> None:
    states = dict.fromkeys((f"s{number}" for number in range(1000)), Status.PENDING)
    board = board_of(states, RunStarted(at=NOW))
    board.take([succeeded(f"s{number}") for number in range(500)])
    board.take([failed("s600"), dispatched("s700")])
    lines = frame(LOOK, board, "wide", NOW + 10, 12)
    assert len(lines) <= 12
    assert "501/1,000" in lines[0]
    assert "left" in lines[0]
    assert lines[1].split() == ["○", "498", "pending", "●", "1", "running", "✓", "500", "ok", "✗", "1", "failed"]
    assert "s600" in lines[2]
    assert "KeyError" in lines[2]
    assert "s700" in lines[3]
    assert "s499" in lines[4]


@pytest.mark.parametrize("width", [10, 20, 40, 79, 120])
@pytest.mark.parametrize("rows", [1, 2, 3, 24])
@pytest.mark.parametrize("is_ascii", [False, True])
def test_no_frame_is_wider_or_taller_than_the_screen(width: int, rows: int, is_ascii: bool) -> None:
    states = {f"数据 step {number} {'x' * number}": Status.PENDING for number in range(40)}
    paths = list(states)
    board = board_of(states, RunStarted(at=NOW), dispatched(paths[0]), failed(paths[0]), dispatched(paths[1]))
    look = Look(width=width, is_ascii=is_ascii, is_terminal=True)
    lines = frame(look, board, "a rather long title", NOW + 100, rows, note="stopping: running steps have 10 s")
    assert 1 <= len(lines) <= rows
    assert all(columns(line) <= width for line in lines)


def test_there_is_no_remaining_time_before_it_can_be_known() -> None:
    board = board_of(PENDING, RunStarted(at=NOW))
    assert "left" not in frame(LOOK, board, "iris", NOW + 60, 9)[0]
    board.take([succeeded("load_data")])
    assert "left" not in frame(LOOK, board, "iris", NOW + 1, 9)[0]
    assert "~2m00s left" in frame(LOOK, board, "iris", NOW + 60, 9)[0]


def test_the_picture_is_drawn_over_itself_and_the_last_one_stays() -> None:
    stream = io.StringIO()
    with Live(LOOK, PENDING, "iris  k3f9", stream=stream, clock=lambda: NOW, size=lambda: (80, 24)) as live:
        for group in facts_of_good_run():
            live.observe(group)
            live.draw()
    screen = Screen(80)
    screen.feed(stream.getvalue())
    assert screen.is_cursor_shown
    assert [row.split()[:2] for row in screen.rows if row] == [["✓", "ok"]] * 3
    assert screen.rows[-1] == ""  # the prompt comes on a line of its own


def test_the_cursor_comes_back_when_the_run_raises() -> None:
    stream = io.StringIO()
    with (
        pytest.raises(RuntimeError),
        Live(LOOK, PENDING, "iris", stream=stream, clock=lambda: NOW, size=lambda: (80, 24)),
    ):
        raise RuntimeError
    assert stream.getvalue().endswith("\x1b[?25h")


def test_a_narrower_terminal_gets_narrower_lines() -> None:
    stream = io.StringIO()
    size = [(100, 24)]
    live = Live(LOOK, PENDING, "iris  k3f9", stream=stream, clock=lambda: NOW, size=lambda: size[0])
    live.observe([RunStarted(at=NOW), dispatched("load_data")])
    live.draw()
    size[0] = (30, 24)
    before = len(stream.getvalue())
    live.draw()
    text = stream.getvalue()[before:]
    drawn = [line for line in re.sub(r"\x1b\[\d*[A-Za-z]|\r", "", text).split("\n") if line]
    assert all(columns(line) < 30 for line in drawn)
    up = re.search(r"\x1b\[(\d+)A", text)
    assert up is not None
    assert int(up[1]) > 4  # four lines were drawn; at 30 columns the terminal has wrapped some of them


def test_a_note_is_shown_while_it_holds() -> None:
    stream = io.StringIO()
    live = Live(LOOK, PENDING, "iris", stream=stream, clock=lambda: NOW, size=lambda: (80, 24))
    live.say("stopping")
    live.draw()
    assert "stopping" in stream.getvalue()


def test_the_painter_draws_by_itself() -> None:
    stream = io.StringIO()
    with Live(LOOK, PENDING, "iris", stream=stream, clock=lambda: NOW, size=lambda: (80, 24)):
        deadline = time.monotonic() + 5
        while "iris" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "iris" in stream.getvalue()


def test_taking_a_fact_costs_little() -> None:
    count = 20_000
    states = dict.fromkeys((f"s{number}" for number in range(count)), Status.PENDING)
    live = Live(LOOK, states, "wide", stream=io.StringIO(), clock=lambda: NOW, size=lambda: (80, 24))
    groups: list[list[Fact]] = [[dispatched(path), succeeded(path)] for path in states]
    begun = time.thread_time()
    for group in groups:
        live.observe(group)
    # 15,000 steps a second leave 66 us for each; watching may take a tenth. Measured: about 2 us.
    assert (time.thread_time() - begun) / count < 6.6e-6


def test_lines_tell_each_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    lines = Lines(Look(width=80), PENDING, stream=stream)
    lines.observe([RunStarted(at=NOW), dispatched("load_data")])
    lines.observe([failed("load_data")])
    lines.observe([RetryScheduled(node="load_data", at=NOW, not_before=NOW + 1), dispatched("load_data", attempt=2)])
    lines.observe([RunFinished(state=Status.FAILURE, reason=None, at=NOW)])
    assert stream.getvalue().splitlines() == [
        "12:04:31  ● running      load_data",
        "12:04:31  ✗ failed       load_data  0.5s  KeyError: 'lang'",
        "12:04:31  ↻ retrying     load_data",
        "12:04:31  ● running      load_data  attempt 2",
    ]


@pytest.mark.parametrize(
    ("look", "is_plain", "is_quiet", "kind"),
    [
        (LOOK, False, False, Live),
        (LOOK, True, False, Lines),
        (Look(width=80), False, False, Lines),
        (LOOK, False, True, Quiet),
    ],
)
def test_the_view_fits_where_the_output_goes(look: Look, is_plain: bool, is_quiet: bool, kind: type) -> None:
    assert type(progress(look, PENDING, "iris", is_plain=is_plain, is_quiet=is_quiet)) is kind


def test_progress_stands_as_percent_beside_a_running_step_until_it_ends() -> None:
    # given
    board = Board({"a": Status.PENDING})
    board.take([RunStarted(at=NOW), AttemptDispatched(node="a", attempt=2, at=NOW)])

    # when
    board.take([StepProgressed(node="a", attempt=2, at=NOW, done=41.0, total=100.0)])
    told = frame(LOOK, board, "flow", NOW, 10)
    board.take([StepProgressed(node="a", attempt=2, at=NOW, done=3.0, total=None)])
    board.take([failed("a", 2)])
    over = frame(LOOK, board, "flow", NOW, 10)

    # then
    assert any("41%  attempt 2" in line for line in told), told
    assert not any("%" in line for line in over)


def test_lines_say_nothing_of_what_a_step_tells_of_itself() -> None:
    stream = io.StringIO()
    lines = Lines(LOOK, {"a": Status.PENDING}, stream=stream)
    lines.observe([RunStarted(at=NOW), AttemptDispatched(node="a", attempt=1, at=NOW)])
    before = stream.getvalue()

    lines.observe([StepYielded(node="a", attempt=1, at=NOW, value=1)])
    lines.observe([StepProgressed(node="a", attempt=1, at=NOW, done=1.0, total=2.0)])

    assert stream.getvalue() == before
