"""Whole screens as text, the way a person looked at them once: every part at three sizes, and in ASCII."""

from __future__ import annotations

import pytest
from ui_golden import LOOKS, album_of
from ui_records import Records, RunRecords

from graftline.tui.glyphs import Glyphs

PARTS = {
    "runs": ((), "12:04:31"),  # the clock of the last change, which the first poll sets
    "help": (("question_mark",), "TYPE TO SEARCH"),
    "steps": (("escape", "j", "enter"), "RESULT"),
    "failure": (("enter",), "opens the line in your editor"),
    "graph": (("escape", "2"), "chips"),
    "boxes": (("plus",), "boxes"),
    "gantt": (("3",), "critical path"),
    "logs": (("4",), "4 lines"),
    "metrics": (("5",), "No numbers yet"),
    "artifacts": (("6",), "MADE BY"),
    "info": (("7",), "runner"),
}
"""Name -> keys that lead there from the part before, and a text that says one is there."""
RUN_PARTS = {
    "live steps": (("enter",), "waits for"),
    "live map": (("2", "m"), "chips"),
    "live gantt": (("escape", "3"), "left"),
    "live workers": (("vertical_line",), "busy"),
    "live log of attempts": (("1", "l", "k"), "attempt 2"),
    "live metrics": (("5",), "values"),
    "live artifacts": (("6", "j", "j", "j", "enter"), "picture 32 x 16"),
    "huge steps": (("escape", "escape", "j", "enter"), "1,200 items"),
    "huge graph": (("2",), "chips"),
    "huge gantt": (("3",), "1,198/1,200"),
    "huge logs": (("4",), "1,200 lines"),
    "huge metrics": (("5",), "values"),
    "huge artifacts": (("6",), "MADE BY"),
    "empty steps": (("escape", "j", "enter"), "no steps"),
    "empty graph": (("2",), "chips"),
    "empty gantt": (("3",), "no steps"),
    "empty logs": (("4",), "nothing was written"),
    "empty metrics": (("5",), "No numbers yet"),
    "empty artifacts": (("6",), "No step made anything"),
}
"""The same for a run that goes on, one of thousands of steps, and one without any."""


@pytest.mark.parametrize(("glyph_set", "sizes"), LOOKS, ids=["unicode", "ascii"])
@pytest.mark.parametrize(("kind", "parts"), [("", PARTS), ("run-", RUN_PARTS)], ids=["screens", "runs"])
async def test_every_part_reads_well(
    kind: str,
    parts: dict[str, tuple[tuple[str, ...], str]],
    glyph_set: Glyphs,
    sizes: dict[str, tuple[int, int]],
) -> None:
    async with album_of(RunRecords() if kind else Records(), glyph_set, sizes) as album:
        for part, (keys, text) in parts.items():
            await album.look(part, text, *keys)

    album.compare(kind)
