"""The UI starts without Textual's palette, and has it when it is opened: proved in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

PALETTE = """
import asyncio, sys
sys.path.insert(0, SUPPORT)
from graftline.tui.lean import without_palette
with without_palette():
    from graftline.tui.app import GraftApp
assert "textual.command" not in sys.modules
from ui_pilot import UiSpace

async def main():
    space = UiSpace()
    app = GraftApp(space.workspace)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        from textual.command import CommandPalette
        assert isinstance(app.screen, CommandPalette), app.screen
        await pilot.press("h", "e", "l", "p")
        await pilot.pause()
        await pilot.press("escape")
    if app.failure is not None:
        raise app.failure

asyncio.run(main())
"""


def test_the_palette_is_imported_when_it_is_opened() -> None:
    support = next(each for each in sys.path if each.endswith("tests/support"))
    code = PALETTE.replace("SUPPORT", repr(support))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
