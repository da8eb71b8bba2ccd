"""The table draws what one sees and nothing else, and gives columns what room there is."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from graftline.tui.glyphs import UNICODE
from graftline.tui.theme import THEMES
from graftline.tui.tones import Palette, Tone
from graftline.tui.widgets.grid import Column, Grid, fit_columns
from graftline.tui.widgets.rows import ListRows

COUNT = 1_000_000
COLUMNS: list[Column[int]] = [
    Column(title="NUMBER", width=10, cell=lambda row: [(f"{row:,}", Tone.TEXT)]),
    Column(title="NAME", width=10, share=1, cell=lambda row: [(f"name of {row}", Tone.BOLD)]),
    Column(title="RARE", width=20, rank=1, cell=lambda row: [("rare", Tone.DIM)]),
]


class Numbers:
    """A million rows that count who asks for them."""

    def __init__(self) -> None:
        self.asked: set[int] = set()

    def __len__(self) -> int:
        return COUNT

    def at(self, index: int) -> int | None:
        self.asked.add(index)
        return index if index % 17 else None  # some are not read yet

    def index_of(self, key: Hashable) -> int | None:
        return key if isinstance(key, int) else None

    def wants(self, first: int, last: int) -> bool:
        return False


class Host(App[None]):
    """An app of one table."""

    def compose(self) -> ComposeResult:
        yield Grid(COLUMNS, lambda row: row, glyphs=UNICODE)


async def test_of_a_million_rows_those_in_sight_are_asked_for() -> None:
    rows = Numbers()
    app = Host()

    async with app.run_test(size=(80, 24)) as pilot:
        grid: Grid[int] = app.query_one(Grid)
        grid.palette_changed(Palette.of(THEMES[0]))
        grid.set_rows(rows)
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        lines = [grid.render_line(y).text for y in range(24)]

        assert len(rows.asked) < 100
        assert grid.cursor == COUNT - 1
        assert "999,999" in lines[-1]
        assert lines[-1].startswith("▌")
        assert any("…" in line for line in lines)  # a row that is not read yet
        assert {len(line) for line in lines} == {79}  # one column is the scrollbar's


async def test_keys_move_by_rows_halves_and_screens() -> None:
    app = Host()

    async with app.run_test(size=(80, 21)) as pilot:
        grid: Grid[int] = app.query_one(Grid)
        grid.set_rows(Numbers())
        places = []
        for key in ("j", "down", "ctrl+d", "pagedown", "ctrl+u", "pageup", "k", "up", "up", "G", "home"):
            await pilot.press(key)
            places.append(grid.cursor)

        assert places == [1, 2, 12, 31, 21, 2, 1, 0, 0, COUNT - 1, 0]


async def test_a_click_selects_and_a_double_click_opens() -> None:
    opened: list[int | None] = []

    class Listening(Host):
        def on_grid_opened(self, event: Grid.Opened) -> None:
            opened.append(event.grid.cursor)

    app = Listening()
    async with app.run_test(size=(80, 21)) as pilot:
        grid: Grid[int] = app.query_one(Grid)
        grid.set_rows(Numbers())
        await pilot.pause()
        await pilot.click(Grid, offset=(5, 4))
        assert grid.cursor == 3
        await pilot.click(Grid, offset=(5, 6), times=2)
        await pilot.pause()

        assert grid.cursor == 5
        assert opened == [5]


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (100, {"NUMBER": 10, "NAME": 66, "RARE": 20}),
        (44, {"NUMBER": 10, "NAME": 10, "RARE": 20}),
        (43, {"NUMBER": 10, "NAME": 31}),
        (22, {"NUMBER": 10, "NAME": 10}),
        (5, {"NUMBER": 10, "NAME": 10}),
    ],
)
def test_columns_share_the_room_and_the_least_goes_first(room: int, widths: dict[str, int]) -> None:
    assert {column.title: width for column, width in fit_columns(COLUMNS, room)} == widths


async def test_of_a_later_state_the_lines_that_say_something_else_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    app, drawn = Host(), list[int]()

    async with app.run_test(size=(80, 24)) as pilot:
        grid: Grid[int] = app.query_one(Grid)
        grid.palette_changed(Palette.of(THEMES[0]))
        for _ in range(2):  # the first time the scrollbar comes
            grid.replace_rows(ListRows(list(range(50)), lambda row: row))
            await pilot.pause()
        draw = grid.render_line

        def noted(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        monkeypatch.setattr(grid, "render_line", noted)

        grid.replace_rows(ListRows([0, 1, 2, 300, *range(4, 50)], lambda row: row))
        await pilot.pause()
        assert drawn == [4]  # below the titles

        grid.replace_rows(ListRows([0, 1, 2, 300, *range(4, 50)], lambda row: row))
        await pilot.pause()
        assert drawn == [4]
