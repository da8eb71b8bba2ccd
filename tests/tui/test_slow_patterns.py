"""Regular expressions that take for ever are given up in a sentence, and keys are answered all the while."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
import ui_pilot
from textual.widgets import Input
from ui_pilot import Ui, UiSpace, opened

from graftline.core import typedpattern
from graftline.core.ports import LogChunk
from graftline.tui.logbook import LogBook
from graftline.tui.screens.foundlines import FoundLines
from graftline.tui.screens.logpart import LogPart
from graftline.tui.screens.output import Output

ENDLESS = ["(a+)+$", "(x+x+)+y"]
LONG = "ax" * 10 + "x" * 4000 + "a" * 4000 + "!"
"""A line either of them never gets through."""


@pytest.fixture(autouse=True)
def keys_do_not_wait_for_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a key be pressed while something is read, and a line take so long that there is time for it."""
    monkeypatch.setattr(ui_pilot, "READ_S", 0.0)
    monkeypatch.setattr(typedpattern, "LIMIT_S", 1.5)


def space_of(*lines: str) -> UiSpace:
    space = UiSpace()
    run = space.run()
    for line in lines:
        space.logs.write(run, "fetch", f"{line}\n")
    return space


async def answers(ui: Ui, key: str, done: Callable[[], object], while_: Callable[[], object]) -> None:
    """Press a key while something goes on, and see that it is obeyed within a second."""
    await ui.until(while_, "the search")
    begun = monotonic()
    await ui.press(key)
    await ui.until(done, f"what {key} does")
    assert monotonic() - begun < 1
    assert while_(), "it still goes on"


async def log_of(ui: Ui, text: str, *keys: str) -> LogPart:
    """Open the log of the first run and type something into its field."""
    await ui.press("enter", "l")
    await ui.until(lambda: ui.app.screen.query(LogPart) and ui.app.screen.query_one(LogPart).view.rows)
    await ui.press(*keys)
    await ui.type(text)
    await ui.press("enter")
    return ui.app.screen.query_one(LogPart)


@pytest.mark.parametrize("pattern", ENDLESS)
async def test_a_search_of_all_logs_keeps_what_it_found(pattern: str) -> None:
    async with opened(space_of("aaa xxy", LONG, "aaa xxy"), (140, 20)) as ui:
        await ui.press("F")
        await ui.type(f"re:{pattern}")
        await ui.press("enter")
        screen: Any = ui.app.screen
        assert isinstance(screen, FoundLines)
        field = screen.query_one("#search", Input)
        await answers(ui, "slash", lambda: field.has_class("-open"), lambda: screen.is_searching)
        await ui.press("escape")

        await ui.sees(f"'{pattern}' is given up: in a line of 8.0 kB")
        assert screen.search is not None
        assert len(screen.search.rows) == (1 if pattern == "(x+x+)+y" else 0)


async def test_a_filter_that_takes_for_ever_is_taken_away() -> None:
    async with opened(space_of("one aaa", LONG, "three aaa"), (140, 20)) as ui:
        part = await log_of(ui, "re:(a+)+$", "ampersand")
        log = part._log
        assert log is not None

        await answers(ui, "ctrl+w", lambda: part.view.is_wrapped, lambda: log.filtered is not None)

        await ui.sees("'(a+)+$' is given up: in a line of 8.0 kB")
        await ui.until(lambda: log.filtered is None and part.view.filtered is None)
        assert part.view.rows == 3


async def test_a_find_that_takes_for_ever_is_told() -> None:
    async with opened(space_of("one", LONG, "three"), (140, 20)) as ui:
        part = await log_of(ui, "re:(x+x+)+y", "slash")

        await answers(ui, "ctrl+w", lambda: part.view.is_wrapped, lambda: part._finding)

        await ui.sees("'(x+x+)+y' is given up: in a line of 8.0 kB")
        await ui.press("n")
        await ui.sees("is given up")
        assert part._finding is None


@pytest.mark.parametrize("key", ["slash", "ampersand"])
async def test_many_lines_that_each_take_long_are_left_at_a_key(key: str) -> None:
    async with opened(space_of("\n".join(["a" * 200 + "!"] * 10_000)), (140, 20)) as ui:
        part = await log_of(ui, "re:(a+)+$", key)
        log = part._log
        assert log is not None
        await answers(
            ui, "ctrl+w", lambda: part.view.is_wrapped, lambda: part._finding if key == "slash" else log.is_filtering
        )

        begun = monotonic()
        await ui.press("escape")
        await ui.until(lambda: not ui.is_reading and part._finding is None and log.filtered is None)
        assert monotonic() - begun < 2, "10,000 times 40 ms are left out"


async def test_the_output_of_a_command_is_searched_while_keys_are_answered() -> None:
    book = LogBook()
    book.add([LogChunk(node="", attempt=1, stream="stdout", at=1.0, data=f"one\n{LONG}\n".encode())])
    child: Any = SimpleNamespace(
        book=book, is_over=True, code=0, seconds=1.0, command="graft x", read_on=lambda: False, close=book.close
    )
    async with opened(UiSpace(), (140, 20)) as ui:
        screen = Output(child)
        await ui.app.push_screen(screen)
        await ui.press("slash")
        await ui.type("re:(a+)+$")
        await ui.press("enter")

        await answers(ui, "ctrl+w", lambda: screen.view.is_wrapped, lambda: screen._finding)

        await ui.sees("'(a+)+$' is given up: in a line of 8.0 kB")
