"""The screen of one run: steps, the failure two keys away, drawing, log, numbers."""

from __future__ import annotations

import pytest
from graphs import graph_of
from textual.events import Key
from ui_pilot import UiSpace, opened

from graftline.core.requests import RetryRequest
from graftline.core.states import Status
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.picture import Zoom
from graftline.tui.widgets.dagview import DagView
from graftline.tui.widgets.grid import Grid
from graftline.tui.widgets.logview import LogView

DIAMOND = graph_of({"load": [], "left": ["load"], "right": ["load"], "join": ["left", "right"], "tell": ["join"]})


async def test_two_enters_lead_from_a_failed_run_to_what_was_raised() -> None:
    space = UiSpace()
    space.fail("fit")

    async with opened(space, (80, 24)) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("a step before")
        assert ui.app.screen.query_one("#steps", Grid).at_key == "fit"

        await ui.press("enter")

        await ui.sees("ValueError: fit is broken")
        await ui.press("escape")
        await ui.sees("RESULT")
        await ui.press("escape")
        await ui.sees("PIPELINE")


async def test_two_enters_at_once_lead_there_too() -> None:
    space = UiSpace()
    space.fail("fit")

    async with opened(space, (80, 24)) as ui:
        await ui.sees("failed")
        for _ in range(2):  # both are there before the first has opened anything
            ui.app.post_message(Key("enter", "\r"))

        await ui.sees("ValueError: fit is broken")
        assert len(ui.app.screen_stack) == 2


async def test_the_next_problem_is_one_key_away() -> None:
    space = UiSpace(graph_of({"a": [], "b": [], "c": [], "d": []}))
    space.fail("b", "d")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        grid = ui.app.screen.query_one("#steps", Grid)
        await ui.until(lambda: grid.cursor == 1)

        await ui.press("right_curly_bracket")
        await ui.until(lambda: grid.at_key == "d")
        await ui.press("right_curly_bracket")
        await ui.sees("no other step failed")
        await ui.press("left_curly_bracket")
        await ui.until(lambda: grid.at_key == "b")


async def test_a_run_that_goes_on_is_shown_as_it_goes() -> None:
    space = UiSpace()
    run = space.fail("fetch")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")

        space.workspace.retry(RetryRequest(run=run))

        await ui.sees("3/3")
        assert "✓ ok" in ui.text


@pytest.mark.parametrize("glyph_set", [UNICODE, ASCII], ids=["unicode", "ascii"])
async def test_the_drawing_is_walked_along_its_edges(glyph_set: Glyphs) -> None:
    space = UiSpace(DIAMOND)
    space.fail("right")

    async with opened(space, glyph_set=glyph_set) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")
        await ui.press("2")
        view = ui.app.screen.query_one(DagView)
        await ui.until(lambda: view.node == "right")
        assert f"{glyph_set.sign(Status.FAILURE)} right" in ui.text

        await ui.press("h")
        assert view.node == "load"
        await ui.press("l", "l", "l")
        assert view.node == "tell"
        await ui.press("g", "g")
        await ui.until(lambda: view.node == "load")
        assert not glyph_set.is_ascii or ui.text.isascii()


async def test_the_drawing_comes_in_three_sizes_and_two_directions() -> None:
    space = UiSpace(DIAMOND)
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("enter", "2")
        view = ui.app.screen.query_one(DagView)
        await ui.sees("─▶")

        await ui.press("plus")
        await ui.until(lambda: "╭────────╮" in ui.text)
        await ui.press("vertical_line", "vertical_line")
        await ui.press("vertical_line")
        await ui.sees("▼")
        await ui.press("underscore", "underscore")
        await ui.until(lambda: view.view.zoom is Zoom.HEAT and "load" not in "\n".join(ui.lines[2:8]))


async def test_a_graph_too_large_to_read_is_cut_around_what_failed() -> None:
    needs: dict[str, list[str]] = {"s0": [], "s1": ["s0"]}
    needs |= {f"s{at}": [f"s{at - 1}", f"s{at - 2}"] for at in range(2, 200)}  # nowhere a chain that could be folded
    space = UiSpace(graph_of(needs))
    space.fail("s150")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter", "2")

        await ui.sees("37 of 200 around s150")
        view = ui.app.screen.query_one(DagView)
        await ui.press("f", "less_than_sign")
        await ui.until(lambda: view.scope is not None and len(view.scope.nodes) == 5)


async def test_a_log_is_followed_searched_and_kept_by_step() -> None:
    space = UiSpace()
    run = space.run()
    for number in range(300):
        space.logs.write(run, "fetch", f"line {number}\n")
    space.logs.write(run, "fit", "\x1b[31mWARN\x1b[0m needle here\n", stream="stderr")
    space.logs.write(run, "report", "the end, without a line feed")

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("l")
        await ui.sees("the end, without a line feed")
        assert "302 lines" in ui.text
        assert "follow on" in ui.text

        await ui.press("slash")
        await ui.type("NEEDLE")
        await ui.press("enter")
        await ui.sees("line 301 of 302")
        await ui.press("slash")
        await ui.type("line 17")
        await ui.press("enter")
        await ui.sees("below")
        view = ui.app.screen.query_one(LogView)
        await ui.press("N")
        await ui.until(lambda: view.found == 179, "the match above")
        await ui.press("escape", "G")
        assert view.is_following


async def test_the_log_of_one_step_leaves_out_the_others() -> None:
    space = UiSpace()
    run = space.fail("fit")
    space.logs.write(run, "fetch", "of fetch\n")
    space.logs.write(run, "fit", "of fit\n")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("enter")
        await ui.sees("RESULT")
        await ui.press("l")
        await ui.sees("of fit")
        assert "of fetch" not in ui.text

        await ui.press("a")
        await ui.sees("of fetch")


async def test_every_part_is_a_key_away_and_brackets_go_around() -> None:
    space = UiSpace()
    space.run(params={"alpha": "0.5"})

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("enter", "5")
        await ui.sees("No numbers yet")
        await ui.press("right_square_bracket")
        await ui.sees("MADE BY")
        await ui.press("right_square_bracket")
        await ui.sees("parameters")
        assert "alpha" in ui.text
        await ui.press("right_square_bracket")
        await ui.sees("RESULT")
