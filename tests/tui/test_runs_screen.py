"""The home screen: what it lists, how it filters, that it lives, and what it says when there is nothing."""

from __future__ import annotations

from time import monotonic

import pytest
from run_specs import spec
from textual.widgets import Input
from ui_pilot import UiSpace, opened

from graftline.core.errors import StoreError
from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.records import replace
from graftline.core.runs import Run
from graftline.tui.glyphs import ASCII, UNICODE
from graftline.tui.screens import page
from graftline.tui.screens.runlines import progress
from graftline.tui.widgets.grid import Grid


def create(space: UiSpace, run: str, **changes: object) -> RunId:
    """Write a PENDING run whose id begins with a text."""
    made = spec(**({"id": RunId(run.ljust(16, "a"))} | changes))
    space.runs.create(made, None)
    return made.id


async def test_runs_are_listed_newest_first_with_sign_word_and_progress() -> None:
    space = UiSpace()
    good, bad = space.run(), space.fail("fit")

    async with opened(space) as ui:
        await ui.sees(good[:6])

        rows = [line for line in ui.lines if good[:6] in line or bad[:6] in line]
        assert "✗ failed" in rows[0]
        assert "1/3" in rows[0]
        assert "✓ ok" in rows[1]
        assert "3/3" in rows[1]


async def test_an_empty_list_says_how_to_begin() -> None:
    async with opened(UiSpace()) as ui:
        await ui.sees("No run yet.")

        assert "graft run" in ui.text


async def test_runs_of_other_projects_are_shown_where_this_one_has_none() -> None:
    space = UiSpace()
    create(space, "elsewhere", project="other")

    async with opened(space) as ui:
        await ui.sees("elsewh")

        assert "all projects" in ui.text
        assert "PROJECT" in ui.text


async def test_views_and_filter_show_fewer_and_escape_brings_all_back() -> None:
    space = UiSpace()
    good, bad = space.run(), space.fail("fit")
    waiting = create(space, "waiting")

    async with opened(space) as ui:
        await ui.sees("of 3")

        await ui.press("3")
        await ui.sees("1 of 1")
        assert bad[:6] in ui.text
        assert good[:6] not in ui.text

        await ui.press("f")
        await ui.sees("of 3")
        await ui.press("slash")
        await ui.type("pending")
        await ui.press("enter")
        await ui.sees("1 of 1")
        assert waiting[:6] in ui.text

        await ui.press("escape")
        await ui.sees("of 3")


async def test_a_filter_that_means_nothing_is_told_and_changes_nothing() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("1 of 1")
        await ui.press("slash")
        await ui.type("pipline=x")
        await ui.press("enter")

        await ui.sees("did you mean 'pipeline'?")
        assert ui.app.screen.query_one("#filter", Input).has_focus


async def test_a_run_that_comes_in_leaves_the_cursor_on_its_run() -> None:
    space = UiSpace()
    first, second = space.run(), space.run()

    async with opened(space) as ui:
        await ui.sees(first[:6])
        await ui.press("j")
        grid = ui.app.screen.query_one(Grid)
        assert grid.at_key == first

        third = space.run()
        await ui.sees(third[:6])

        assert grid.at_key == first
        assert grid.cursor == 2
        assert second[:6] in ui.text


async def test_rows_that_come_in_above_what_one_sees_do_not_move_it() -> None:
    space = UiSpace()
    for number in range(60):
        create(space, f"r{number:02}".replace("0", "o").replace("1", "i"), created=1000.0 + number)

    async with opened(space, (80, 24)) as ui:
        await ui.sees("of 60")
        await ui.press("end")
        grid = ui.app.screen.query_one(Grid)

        def listed() -> list[str]:
            return [line[:70] for line in ui.lines[2:21]]  # without the scrollbar, which tells that there are more

        before = listed()

        create(space, "new", created=5000.0)
        create(space, "newer", created=6000.0)
        await ui.until(lambda: grid.news == 2)

        await ui.until(lambda: listed() == before)
        await ui.sees("2 new")
        await ui.press("g", "g")
        assert grid.cursor == 0
        assert grid.news == 0


async def test_oldest_first_and_back() -> None:
    space = UiSpace()
    first, second = space.run(), space.run()

    async with opened(space) as ui:
        await ui.sees(first[:6])
        await ui.press("s")

        assert ui.text.index(first[:6]) < ui.text.index(second[:6])
        assert "oldest first" in ui.text


async def test_a_store_that_cannot_be_read_is_a_banner_over_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    space = UiSpace()
    run = space.run()

    def broken(query: RunQuery) -> list[Run]:
        raise StoreError("the store is damaged [/x]", "graft doctor")

    async with opened(space) as ui:
        await ui.sees(run[:6])
        with monkeypatch.context() as patch:
            patch.setattr(space.store.history, "runs", broken)
            await ui.press("R")
            await ui.sees("the store is damaged [/x]")
            assert run[:6] in ui.text

        await ui.until(lambda: "damaged" not in ui.text)


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24), (100, 30), (120, 40), (160, 50), (200, 20)])
async def test_every_size_shows_state_id_and_how_to_get_help(size: tuple[int, int]) -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space, size, glyph_set=ASCII) as ui:
        await ui.sees(run[:6])

        assert "x failed" in ui.text
        assert "? help" in ui.lines[-1]
        assert max(map(len, ui.lines)) <= size[0]
        assert ui.text.isascii()


async def test_a_storm_of_resizes_is_survived() -> None:
    space = UiSpace()
    run = space.fail("fit")

    async with opened(space) as ui:
        for width, height in [(1, 1), (500, 200), (3, 40), (200, 2), (40, 12), (7, 7), (120, 40)]:
            await ui.pilot.resize_terminal(width, height)
            await ui.pilot.pause()

        await ui.sees(run[:6])


async def test_a_terminal_that_is_too_small_is_told_what_is_needed() -> None:
    async with opened(UiSpace(), (39, 12)) as ui:
        await ui.sees("too small (need 40 x 12)")


async def test_a_person_does_not_wait_for_the_pace_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        monkeypatch.setattr(page, "SHARE", 1e6)  # five seconds after each read
        create(space, "first")
        await ui.sees("first")
        create(space, "second")
        begun = monotonic()

        await ui.press("R")

        await ui.sees("second")
        assert monotonic() - begun < 2.5


@pytest.mark.parametrize(
    ("good", "total", "shown"),
    [(7, 12, "7/12"), (1520, 2003, "1520/2003"), (950, 2003, "950/2,003"), (15_200, 20_000, "15k/20k")],
)
def test_the_progress_of_a_large_run_fits_its_column(good: int, total: int, shown: str) -> None:
    space = UiSpace()
    run = replace(space.workspace.show(create(space, "large")), counts={"SUCCESS": good, "PENDING": total - good})

    spans = progress(run, UNICODE, room=22)

    assert spans[-1][0] == f" {shown}"
    assert sum(len(text) for text, _ in spans) <= 22
