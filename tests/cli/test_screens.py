"""Screens looked at by a person, at two widths, in colour, in ASCII and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace, bad_steps, run, step

from graftline.cli.card import card
from graftline.cli.carrying import shown_run
from graftline.cli.closing import closing
from graftline.cli.listing import Listed, listing
from graftline.cli.look import Look
from graftline.cli.text import clean, columns
from graftline.core.states import Status

WIDTHS = (80, 120)
Golden = Callable[[str, str], None]


def screen(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("name", "run_id"), [("good", GOOD), ("failed", BAD)])
def test_show_reads_well(space: FakeWorkspace, golden: Golden, width: int, name: str, run_id: str) -> None:
    found, steps = space.records[space.find(run_id)]
    golden(f"show_{name}_{width}", screen(card(Look(width=width), shown_run(space, found, steps))))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_list_of_runs_reads_well(space: FakeWorkspace, golden: Golden, width: int) -> None:
    runs = [
        Listed(run=run(GOOD, Status.STARTED, [step("a"), step("b", Status.STARTED)]), short="k3f9"),
        *(Listed(run=found, short=found.id[:4]) for found, _ in space.records.values()),
        Listed(
            run=run(GOOD, Status.CANCELLED, bad_steps(), pipeline="nightly." + "long" * 20, reason="USER"), short="aa3b"
        ),
        Listed(run=run(GOOD, Status.INTERRUPTED, bad_steps(), tags=("a", "b"), created=NOW - 9e6), short="zz9y"),
    ]
    golden(f"ls_{width}", screen(listing(Look(width=width), runs, [], NOW)))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("name", "run_id"), [("good", GOOD), ("failed", BAD)])
def test_the_end_of_a_run_reads_well(space: FakeWorkspace, golden: Golden, width: int, name: str, run_id: str) -> None:
    found, steps = space.records[space.find(run_id)]
    golden(f"closing_{name}_{width}", screen(closing(Look(width=width), shown_run(space, found, steps), "1.2s")))


def test_a_screen_in_ascii_has_no_other_character(space: FakeWorkspace, golden: Golden) -> None:
    found, steps = space.records[BAD]
    text = screen(card(Look(width=80, is_ascii=True), shown_run(space, found, steps)))
    assert text.replace("·bell", "").isascii()  # of the step's own log a harmless sign may stay
    golden("show_failed_ascii", text)


def test_a_screen_in_colour_says_the_same(space: FakeWorkspace, golden: Golden) -> None:
    found, steps = space.records[BAD]
    plain = card(Look(width=80), shown_run(space, found, steps))
    coloured = screen(card(Look(width=80, has_colour=True), shown_run(space, found, steps)))
    golden("show_failed_colour", coloured)
    assert [line.rstrip() for line in clean(coloured, keep_lines=True).splitlines()] == plain


def test_a_run_of_many_steps_folds(space: FakeWorkspace) -> None:
    steps = [step(f"s{number}", Status.FAILURE if number == 7 else Status.SUCCESS) for number in range(500)]
    found = run(BAD, Status.FAILURE, steps)
    lines = card(Look(width=80), shown_run(space, found, steps))
    assert len(lines) < 30
    assert any("s7" in line for line in lines)
    assert any("499 steps" in line for line in lines)
    assert len(card(Look(width=80), shown_run(space, found, steps, is_full=True))) > 500


def test_no_line_is_wider_than_the_screen(space: FakeWorkspace) -> None:
    steps = [step("数据" * 40, Status.FAILURE, reason="ERROR", error=bad_steps()[1].error), *bad_steps()]
    found = run(BAD, Status.FAILURE, steps, pipeline="p" * 30, params={"path": "x" * 300})
    for width in (60, 80, 120):
        for line in card(Look(width=width), shown_run(space, found, steps)):
            assert columns(line) <= width or line.startswith("  graft "), line
