"""Lines of many runs' logs: found while one looks on, opened where they stand, stopped at a key."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from cli_fakes import BAD, GOOD
from hostile_texts import EVIL
from memory_logs import MemoryLogs
from ui_around import outside
from ui_driver import controls_written, recorded
from ui_golden import LOOKS, album_of
from ui_pilot import Ui, UiSpace, opened
from ui_records import HUGE, LIVE, Records, RunRecords

from graftline.core.errors import InvalidError, StoreError
from graftline.core.ids import RunId
from graftline.core.ports import LogBlock
from graftline.core.states import Status
from graftline.tui import lookingup
from graftline.tui.glyphs import Glyphs
from graftline.tui.lookingup import LookingUp
from graftline.tui.routes import route, words_of
from graftline.tui.screens import runlog
from graftline.tui.screens.foundlines import FoundLines
from graftline.tui.screens.run import RunScreen
from graftline.tui.theme import THEMES
from graftline.tui.tones import Palette, Tone, strip
from graftline.tui.widgets.logview import LogView

CLOCK = re.compile(r"\d+:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d")


def shown(ui: Ui) -> FoundLines:
    assert isinstance(ui.app.screen, FoundLines)
    return ui.app.screen


async def look_for(ui: Ui, text: str, *keys: str) -> None:
    """Type what is looked for and wait until every run was searched."""
    await ui.press(*keys)
    await ui.type(text)
    await ui.press("enter")
    await ui.until(lambda: shown(ui).search is not None and not shown(ui).is_searching, "the end of the search")


async def test_enter_opens_the_log_at_the_line_and_a_step_back_returns_to_the_list() -> None:
    async with opened(RunRecords(), (100, 20)) as ui:
        await look_for(ui, '"n": 2', "F")
        await ui.sees("11 lines")
        await ui.press("j", "j", "enter")
        await ui.sees("feat.text  40 lines")

        screen = ui.app.screen
        assert isinstance(screen, RunScreen)
        await ui.until(lambda: screen.part.view.found == 21)  # type: ignore[union-attr]
        await ui.sees("▌INFO    row 21")
        assert screen.part is not None
        assert screen.part.sought_text() == '"n": 2'
        await ui.press("n")
        await ui.until(lambda: screen.part.view.found == 22)  # type: ignore[union-attr]
        await ui.press("escape")
        assert shown(ui).grid.cursor == 2


async def test_lines_come_while_the_search_goes_on_and_x_ends_it() -> None:
    # given: the log of the second run stands still until it may be read
    gate = threading.Event()
    space = RunRecords()
    blocks = space.captured.blocks

    def gated(run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogBlock]:
        for block in blocks(run, node, attempt):
            if run == HUGE:
                gate.wait(0.02)
            yield block

    space.captured.blocks = gated  # type: ignore[method-assign]

    async with opened(space, (100, 20)) as ui:
        # when
        await ui.press("F")
        await ui.type("row 1")
        await ui.press("enter")

        # then: what the first run wrote is there, and the keys are obeyed
        await ui.sees("11 lines  searching")
        await ui.press("j", "x")
        assert shown(ui).grid.cursor == 1
        await ui.sees("11 lines  stopped")
        read = shown(ui).search.read  # type: ignore[union-attr]
        before = read.size
        gate.set()
        await ui.until(lambda: not ui.is_reading)
        assert read.size == before
        await ui.press("R")
        await ui.sees("11 lines  every run was searched")


async def test_the_filter_of_the_list_says_which_runs_are_searched() -> None:
    async with opened(RunRecords(), (160, 20)) as ui:
        await look_for(ui, "fitting 7", "3", "F")

        await ui.sees("$ graft logs --grep 'fitting 7' --state failed,interrupted")
        assert {row.run.id for row in shown(ui).search.rows} == {HUGE}  # type: ignore[union-attr]
        assert shown(ui).search.read.runs == 1  # type: ignore[union-attr]


async def test_a_search_from_a_log_begins_with_what_was_looked_for_there() -> None:
    async with opened(RunRecords(), (100, 20)) as ui:
        await ui.press("enter", "4", "slash")
        await ui.type("re:row 3$")
        await ui.press("enter", "F")
        await ui.sees("/ re:row 3$")
        assert shown(ui).wanted.text == "re:row 3$"


async def test_what_cannot_be_looked_for_is_told_and_the_field_stays() -> None:
    async with opened(RunRecords(), (100, 20)) as ui:
        await ui.press("F", "enter")
        await ui.sees("there is nothing to look for")
        await ui.type("re:(")
        await ui.press("enter")
        await ui.sees("no regular expression")
        await ui.press("escape")
        assert ui.app.screen is ui.app.home


async def test_a_line_that_is_gone_is_told() -> None:
    space = RunRecords()
    async with opened(space, (100, 20)) as ui:
        await look_for(ui, "few rows", "F")
        space.captured.chunks[LIVE] = []
        await ui.press("enter")
        await ui.sees("that line is not in the log any more")


async def test_runs_that_cannot_be_listed_end_the_search() -> None:
    space = RunRecords()
    async with opened(space, (100, 20)) as ui:
        await ui.press("F")
        space.problem = StoreError("the store is damaged")
        await ui.type("row")
        await ui.press("enter")
        await ui.sees("the store is damaged")
        assert not shown(ui).is_searching


async def test_hostile_lines_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    space = UiSpace()
    run = space.run()
    for number, text in enumerate(EVIL):
        space.logs.write(run, "fit", f"{number} {text} needle {text}\n".encode("utf-8", "surrogateescape"))
    with recorded(monkeypatch) as written:
        async with opened(space, (100, 30)) as ui:
            await look_for(ui, "needle", "F")
            await ui.sees(f"{len(EVIL)} lines")
            for _ in EVIL:
                await ui.press("enter")
                await ui.until(lambda: isinstance(ui.app.screen, RunScreen))
                await ui.press("escape", "j")
            await look_for(ui, "re:[[/x]+", "slash", "ctrl+u")
        assert controls_written(written) == []


def test_what_was_found_keeps_its_ground_under_the_cursor() -> None:
    palette = Palette.of(THEMES[0])

    [before, found] = strip([("C=1 ", Tone.TEXT), ("accuracy", Tone.HIT)], palette, 12, palette.cursor)

    assert before.style is not None
    assert before.style.bgcolor == palette.cursor.bgcolor
    assert found.style is not None
    assert found.style.bgcolor == palette.styles[Tone.HIT].bgcolor


async def test_a_large_log_is_shown_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runlog, "SLICE_S", 0.0)  # a chunk at a time
    seen: list[int] = []
    grown = LogView.grown

    def noted(view: LogView) -> None:
        grown(view)
        seen.append(view.rows)

    monkeypatch.setattr(LogView, "grown", noted)
    async with opened(RunRecords(), (100, 20)) as ui:
        await look_for(ui, "row 39", "F")
        await ui.press("enter")
        await ui.sees("▌INFO    row 39")

    assert {5, 20, 41} <= set(seen)  # 40 lines, and the rule between two attempts


@pytest.mark.parametrize(
    ("line", "words", "is_everywhere"),
    [
        ("logs --grep KeyError", ("KeyError",), False),
        ("logs --re --grep=a.c --state failed", ("re:a.c", "state=failed"), False),
        ("logs --grep 'a b' --since 2d --all-projects", ("a b", "since=2d"), True),
    ],
)
def test_a_typed_search_has_a_screen(line: str, words: tuple[str, ...], is_everywhere: bool) -> None:
    found = route(words_of(line))
    assert found is not None
    assert (found.screen, found.words, found.is_everywhere) == ("found", words, is_everywhere)


@pytest.mark.parametrize(
    "line", ["logs --grep x --context 2", "logs @last --grep x", "logs --grep re:x", "logs --grep"]
)
def test_a_search_that_says_more_is_left_to_the_command(line: str) -> None:
    assert route(words_of(line)) is None


def test_the_command_finds_the_same() -> None:
    wanted = LookingUp(text="re:a b", filter="tag=best since=2d", states=(Status.FAILURE,), project=None)
    assert wanted.command == "graft logs --grep 'a b' --re --state failed --tag best --since 2d --all-projects"
    assert LookingUp(text="x", filter="any words").command == ""
    with pytest.raises(InvalidError):
        LookingUp(text="x", filter="nonsense=1").runs(0.0)


def _unread(space: Records) -> None:
    blocks = space.captured.blocks

    def broken(run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogBlock]:
        if run == BAD:
            raise StoreError("cannot use /store/v1/logs: Input/output error")
        return blocks(run, node, attempt)

    space.captured.blocks = broken  # type: ignore[method-assign]


@pytest.mark.parametrize(("glyph_set", "sizes"), LOOKS, ids=["unicode", "ascii"])
async def test_every_state_reads_well(
    glyph_set: Glyphs, sizes: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lookingup, "MOST", 200)
    space = Records()
    log = MemoryLogs()
    log.write(BAD, "load_data", "loading [bold]rows[/]\n")
    log.write(BAD, "model_fit", "warning: " + "." * 200 + " KeyError: 'lang' " + "." * 100 + "\n", stream="stderr")
    log.write(GOOD, "model_fit", "retrying after \x1b[31mKeyError\x1b[0m: 'lang'\n" + "epoch\n" * 900, attempt=2)
    space.captured.chunks = log.chunks

    plain = partial(CLOCK.sub, "12:00:00")
    async with album_of(space, glyph_set, sizes, outside=outside(tmp_path, root=""), plain=plain) as album:
        ui = album.ui
        await album.look("found lines, to be typed", "newest runs first", "F")
        await look_for(ui, "keyerror")
        await album.look("found lines", "every run was searched")
        await look_for(ui, "segfault", "slash", "ctrl+u")
        await album.look("found lines, empty", "no line has")
        await look_for(ui, "epoch", "slash", "ctrl+u")
        await album.look("found lines, huge", "200 lines  and more")
        _unread(space)
        await look_for(ui, "keyerror", "slash", "ctrl+u")
        await album.look("found lines, unread", "was not searched")

    album.compare("found-")
