"""Whole screens as text, compared with those a person looked at."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import pytest
from ui_pilot import Ui

GOLDEN = Path(__file__).parent.parent / "tui" / "golden"
LOOK_S, SAME, STUCK = 0.03, 4, 20
"""Seconds between two looks; how many must see the same while nothing is read, and while something is: then the store
cannot be read."""
GREY = "160x50"
"""The size that is looked at under NO_COLOR: text tells the same with and without."""


def is_grey(ui: Ui) -> bool:
    """Tell whether nothing on the screen has a colour."""
    strips = ui.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    colours = [colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None]
    return all(len(set(colour.get_truecolor())) == 1 for colour in colours)


async def settled(ui: Ui) -> str:
    """Return the screen once it has stopped changing."""
    before, same = "", 0
    while same < (SAME if ui.is_at_rest else STUCK):
        await ui.pilot.pause(LOOK_S)
        now = ui.text
        same = same + 1 if now == before else 0
        before = now
    return before + "\n"


def compare(name: str, text: str) -> None:
    """Compare a screen with the one a person looked at; to renew one, delete its file, run twice, and look at it."""
    file = GOLDEN / f"{name}.txt"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{file.name} was not there and is written now: look at it, then run again")
    expected = file.read_text(encoding="utf-8")
    assert text == expected, "\n".join(unified_diff(expected.splitlines(), text.splitlines(), file.name, "now", n=0))
