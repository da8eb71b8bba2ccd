"""What is told while a run goes on, in plain lines: all of a small run, what matters of a large one."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from cli_fakes import NOW, succeeded

from graftline.cli.live import Lines, Live, progress
from graftline.cli.look import Look
from graftline.core.events import AttemptDispatched, AttemptFailed, Fact, RetryScheduled
from graftline.core.runs import StepError
from graftline.core.states import Reason, Status


def told(total: int, groups: Sequence[Sequence[Fact]]) -> list[str]:
    stream = io.StringIO()
    lines = Lines(Look(width=80), {f"s{each}": Status.PENDING for each in range(total)}, stream=stream)
    for group in groups:
        lines.observe(group)
    return stream.getvalue().splitlines()


def facts_of(path: str) -> list[Fact]:
    return [AttemptDispatched(node=path, attempt=1, at=NOW), succeeded(path)]


def failed(path: str) -> AttemptFailed:
    return AttemptFailed(
        node=path,
        attempt=1,
        at=NOW + 0.5,
        started=NOW,
        seconds=0.5,
        cpu_seconds=None,
        peak_bytes=None,
        worker="w1",
        reason=Reason.ERROR,
        error=StepError(type="ValueError", message="no"),
    )


@pytest.mark.parametrize(("total", "lines"), [(100, 2), (101, 1), (1000, 1)])
def test_a_run_of_many_steps_tells_only_how_each_ended(total: int, lines: int) -> None:
    assert len([line for line in told(total, [facts_of("s7")]) if "s7" in line]) == lines


def test_a_run_of_thousands_tells_how_far_it_is_and_what_failed() -> None:
    groups: list[list[Fact]] = [facts_of(f"s{each}") for each in range(5)]
    again = RetryScheduled(node="s8", at=NOW + 0.7, not_before=NOW + 9)

    lines = told(1001, [*groups, [failed("s7")], [failed("s8")], [again], [succeeded("s9", seconds=3.0)]])

    assert lines == [
        "12:04:31  1/1,001  1,000 pending, 1 ok",
        "12:04:31  ✗ failed       s7  0.5s  ValueError: no",
        "12:04:31  ✗ failed       s8  0.5s  ValueError: no",
        "12:04:31  ↻ retrying     s8",
        "12:04:34  7/1,001  994 pending, 6 ok, 1 failed",
    ]


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look(width=80, is_terminal=True)
    assert isinstance(progress(look, {}, "iris", is_plain=False, is_quiet=False), Live)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress(look, {}, "iris", is_plain=False, is_quiet=False), Lines)
