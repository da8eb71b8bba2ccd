"""Whole screens as text, the way a person looked at them once: every part at three sizes, and in ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from cli_fakes import BAD, NOW, FakeWorkspace
from memory_logs import MemoryLogs
from ui_golden import compare, settled
from ui_pilot import opened

from graftline.core.ids import RunId
from graftline.core.listings import RunQuery, Spread
from graftline.core.ports import LogChunk, LogTail
from graftline.core.runs import Snapshot
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs

SIZES = [(80, 24), (120, 40), (160, 50)]
PARTS = {
    "runs": ((), "12:04:31"),  # the clock of the last change, which the first poll sets
    "help": (("question_mark",), "TYPE TO SEARCH"),
    "steps": (("escape", "j", "enter"), "RESULT"),
    "failure": (("enter",), "opens the line in your editor"),
    "graph": (("escape", "2"), "chips"),
    "boxes": (("plus",), "boxes"),
    "logs": (("4",), "4 lines"),
    "metrics": (("5",), "No numbers yet"),
    "info": (("7",), "runner"),
}
"""Name -> keys that lead there from the part before, and a text that says one is there."""


class Records(FakeWorkspace):
    """The runs that the command line's screens are tested with."""

    def __init__(self) -> None:
        super().__init__()
        objects = "/home/ada/.local/share/graftline/objects"
        self.parts = SimpleNamespace(project="iris", clock=lambda: NOW, objects=objects)  # type: ignore[assignment]
        self.captured = MemoryLogs()
        self.captured.chunks[BAD] = self.log_chunks

    def spread(self, query: RunQuery, every: int) -> Spread:
        return Spread(count=len(self.runs(query)), keys=())

    def snapshot(self, run: RunId) -> Snapshot:
        return Snapshot(files={}, contents={})

    def follow_logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> LogTail:
        return self.captured.follow(run, node, attempt)

    def logs(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        return self.captured.read(run, node, attempt)


@pytest.mark.parametrize(
    ("size", "glyph_set", "name"),
    [(size, UNICODE, f"{size[0]}x{size[1]}") for size in SIZES] + [((80, 24), ASCII, "ascii")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_part_reads_well(size: tuple[int, int], glyph_set: Glyphs, name: str) -> None:
    shown: dict[str, str] = {}
    async with opened(Records(), size, glyph_set=glyph_set) as ui:
        for part, (keys, text) in PARTS.items():
            await ui.press(*keys)
            await ui.sees(text)
            shown[part] = await settled(ui)

    compare(name, "".join(f"== {part}\n{text}" for part, text in shown.items()))
