"""Whatever is typed or pasted into a field: nothing breaks, and the terminal gets text alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.events import Paste
from textual.widgets import Input
from ui_around import outside
from ui_driver import controls_written, recorded
from ui_pilot import Ui, opened
from ui_shelves import filled, shelf_space

from graftline.core.text import typeable
from graftline.tui.widgets.field import Field

BLINK = "\x1b[5;41m"
"""Textual never writes this one; and in a field it is not obeyed."""
NASTY = (
    f"{BLINK}blink\x1b[0m",
    "\x1b]0;title\x07\x1b[2J\x1b[6n\x1b[?1049l\x9b31m\x90q\x9c",
    "a\x00b\x07c\x08d\x7fe\tf\rg",
    "[bold]x[/bold] [/] [link=file:///etc] [",
    "first\nsecond\r\nthird\u2028fourth",
    "\u202egnirts\u2066 \u200b \ufeff e\u0301\u0301\u0301",
    "👩\u200d💻 宽字符 \U0001f1e9\U0001f1ea",
    "\udcff\ud800",
    "'\"\\`$(rm) ; | --state=\x1b",
    "x" * 10_000,
)
ALPHABET = "ab=:/!'\"\\[] \t\x1b\x00\x9b宽👩\u200d\u202e\udc80\n,;-@~*?"
FIELDS = {
    "the filter": ("slash", 0),
    "the command line": ("colon", 0),
    "help": ("question_mark", 0),
    "the palette": ("ctrl+p", 0),
    "the search of a log": ("end enter 4 slash", 2),
    "what lines of a log must have": ("end enter 4 ampersand", 2),
    "the search of all logs": ("F", 1),
    "a parameter of a new run": ("n home j j j enter", 2),
    "the tags of a new run": ("n end k enter", 2),
    "the search of an output": ("colon l o c k enter slash", 2),
    "the search of the registry": ("g m slash", 2),
    "the name of an alias": ("g m j j *", 2),
    "the address that is removed": ("g m j j D", 2),
    "the file of an export": ("g m j j E", 2),
    "the registry that is opened": ("g m p", 2),
}
"""Keys that lead to a field, and how many times esc leads back from behind it."""


def _nasty(seed: int) -> list[str]:
    chance = random.Random(seed)
    return [*NASTY, *("".join(chance.choices(ALPHABET, k=chance.randrange(1, 60))) for _ in range(6))]


async def _fuzz(ui: Ui, text: str) -> None:
    """Paste a text as a terminal hands it over, take some of it back, set it as a completion does; paint each.

    The palette's field is Textual's: into that one a person can paste, and nothing else.
    """
    field = ui.app.screen.query(Input).last()
    field.value = ""
    ui.app.post_message(Paste(text))
    await ui.pilot.pause(0)
    assert field.value == typeable(field.value)
    field.cursor_position = len(field.value) // 2
    field.action_delete_left()
    field.action_cursor_right()
    await ui.pilot.pause(0)
    if isinstance(field, Field):
        field.value = text
        await ui.pilot.pause(0)


async def test_no_field_breaks_and_no_control_character_gets_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    space = shelf_space(tmp_path)
    filled(space.registry)
    space.run()

    with recorded(monkeypatch) as written:
        async with opened(space, (100, 30), outside=outside(tmp_path)) as ui:
            await ui.until(lambda: ui.app.home.grid.current is not None)
            for seed, (name, (keys, back)) in enumerate(FIELDS.items()):
                await ui.press(*keys.split())
                await ui.until(lambda: isinstance(ui.app.screen.focused, Input), name)
                for text in _nasty(seed):
                    await _fuzz(ui, text)
                await ui.press("enter")  # with the last text, whatever it means there
                await ui.until(lambda: not ui.app.is_busy, f"rest after {name}")
                for _ in range(back + 2):
                    await ui.press("escape")
                assert not isinstance(ui.app.screen, CommandPalette)
                ui.app.go("runs")
                await ui.until(lambda: ui.app.screen is ui.app.home)

    assert len(written) > 100
    assert controls_written(written) == []
    assert BLINK not in "".join(written)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("one\ntwo", "one"),
        ("\x1b[31mred", "[31mred"),
        ("a\tb", "a   b"),
        ("\n", ""),
        ("\udcff", ""),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_a_field_keeps_what_was_meant(text: str, kept: str) -> None:
    assert typeable(text) == kept
