"""The shell: help that does, the palette, themes, the keys' table, and what happens when the UI itself breaks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from source_tree import ROOT
from textual.command import CommandPalette
from textual.widgets import Input
from ui_pilot import UiSpace, opened

from graftline.core.signs import Ink
from graftline.tui.app import GraftApp, _is_light
from graftline.tui.glyphs import ASCII, UNICODE, glyphs
from graftline.tui.keys import KEYS
from graftline.tui.screens.help import Help
from graftline.tui.screens.runs import Runs
from graftline.tui.screens.trouble import TroubleApp, report
from graftline.tui.theme import THEMES
from graftline.tui.tones import TONE_OF, Palette, Tone


async def test_help_finds_what_can_be_done_and_does_it() -> None:
    space = UiSpace()
    space.fail("fit")

    async with opened(space) as ui:
        await ui.sees("failed")
        await ui.press("question_mark")
        assert "graft retry RUN" in ui.text
        assert "not now: the run is over" in ui.text

        await ui.type("runs.sort")
        await ui.press("enter")

        await ui.sees("oldest first")
        assert isinstance(ui.app.screen, Runs)


async def test_what_cannot_be_done_now_is_not_done_by_help() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("question_mark")
        await ui.type("cancel stop")
        await ui.press("enter")

        assert isinstance(ui.app.screen, Help)


async def test_the_palette_offers_what_the_keys_do() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        await ui.press("ctrl+p")
        assert isinstance(ui.app.screen, CommandPalette)
        assert ui.app.screen.query_one(Input)
        names = [command.title for command in ui.app.get_system_commands(ui.app.screen_stack[0])]

        assert "retry  (r)" in names


def test_every_key_teaches_in_a_sentence_and_names_commands_that_exist() -> None:
    from graftline.cli.main import COMMANDS

    for key in KEYS.values():
        assert key.teaches.endswith(".")
        assert len(key.label) <= 20
        if key.cli:
            program, command, *_ = key.cli.split()
            assert program == "graft"
            assert command in COMMANDS


def test_every_key_is_on_the_page_of_the_ui() -> None:
    page = (ROOT / "docs" / "tui.md").read_text().replace("\\|", "|")
    told = set(re.findall(r"`([^`]+)`", page))

    missing = [key.display for key in KEYS.values() if not set(key.display.split()) & told]

    assert missing == []


async def test_the_theme_changes_and_comes_around() -> None:
    space = UiSpace()
    space.run()

    async with opened(space) as ui:
        await ui.sees("ok")
        seen = []
        for _ in THEMES:
            await ui.press("T")
            seen.append(ui.app.theme)

        assert seen == [*(theme.name for theme in THEMES[1:]), THEMES[0].name]


def test_every_theme_names_every_tone_and_every_ink_has_one() -> None:
    for theme in THEMES:
        assert set(Palette.of(theme).styles) == set(Tone)
    assert set(TONE_OF) == set(Ink)


@pytest.mark.parametrize(
    ("environment", "found"), [({"GRAFTLINE_GLYPHS": "ascii"}, ASCII), ({"GRAFTLINE_GLYPHS": "unicode"}, UNICODE)]
)
def test_the_environment_says_what_is_drawn_with(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], found: object
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert glyphs() is found


@pytest.mark.parametrize(("colours", "is_light"), [("0;15", True), ("15;0", False), ("", False), ("12;7", True)])
def test_a_white_terminal_gets_the_light_theme(colours: str, is_light: bool) -> None:
    assert _is_light(colours) is is_light


async def test_without_colour_nothing_is_lost() -> None:
    space = UiSpace()
    space.fail("fit")

    async with opened(space, is_grey=True) as ui:
        assert ui.app.no_color
        await ui.sees("✗ failed")
        assert any(line.startswith("▌") for line in ui.lines)


async def test_a_fault_of_the_ui_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    space = UiSpace()
    space.run()
    app = GraftApp(space.workspace)

    def broken() -> None:
        raise ZeroDivisionError("on purpose")

    async def break_it() -> None:
        async with app.run_test() as pilot:
            await pilot.pause()
            app.call_later(broken)
            await pilot.pause(0.5)

    with pytest.raises(ZeroDivisionError):
        await break_it()

    assert isinstance(app.failure, ZeroDivisionError)
    assert app.return_code == 1


async def test_the_screen_of_a_fault_says_what_happened_and_offers_to_go_on() -> None:
    try:
        raise ZeroDivisionError("on [/purpose]")
    except ZeroDivisionError as error:
        file = report(error)
        app = TroubleApp(error, file)

    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "ZeroDivisionError: on [/purpose]" in shown
        assert file in shown
        await pilot.press("enter")

    assert app.return_value is True
    assert "on [/purpose]" in Path(file).read_text()
    assert Path(file).stat().st_mode & 0o077 == 0
    Path(file).unlink()
