"""Whole screens as text, compared with those a person looked at."""

from __future__ import annotations

from pathlib import Path

import pytest
from ui_pilot import Ui

GOLDEN = Path(__file__).parent.parent / "tui" / "golden"


async def settled(ui: Ui) -> str:
    """Return the screen once it has stopped changing."""
    before, same = "", 0
    while same < 3:
        await ui.pilot.pause(0.03)
        same = same + 1 if ui.text == before and not ui.is_reading else 0
        before = ui.text
    return before + "\n"


def compare(name: str, text: str) -> None:
    """Compare a screen with the one a person looked at; to renew one, delete its file, run twice, and look at it."""
    file = GOLDEN / f"{name}.txt"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{file.name} was not there and is written now: look at it, then run again")
    assert text == file.read_text(encoding="utf-8")
