"""Whole screens as text, compared with those a person looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from difflib import unified_diff
from pathlib import Path

import pytest
from ui_pilot import Ui, UiSpace, opened

from graftline.core.workspace import Workspace
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.outside import Outside

GOLDEN = Path(__file__).parent.parent / "tui" / "golden"
LOOK_S, SAME, STUCK = 0.03, 4, 20
"""Seconds between two looks; how many must see the same while nothing is read, and while something is: then the store
cannot be read."""
WHOLE = (160, 50)
"""The size at which keys are pressed: everything stands side by side."""
LOOKS = (
    (UNICODE, {"120x40": (120, 40), "80x24": (80, 24), "160x50": WHOLE}),
    (ASCII, {"ascii": (80, 24)}),
)
"""Signs, and the sizes that one UI with them is looked at in; keys are pressed at the last of them."""


def is_grey(ui: Ui) -> bool:
    """Tell whether nothing on the screen has a colour."""
    styles = [segment.style for strip in ui.strips for segment in strip if segment.style is not None]
    colours = [colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None]
    return all(len(set(colour.get_truecolor())) == 1 for colour in colours)


async def settled(ui: Ui, plain: Callable[[str], str] = str) -> str:
    """Return the screen once it has stopped changing, but for what `plain` takes out of it: a clock goes on."""
    before, same = "", 0
    while same < (SAME if ui.is_at_rest else STUCK):
        await ui.pilot.pause(LOOK_S)
        now = plain(ui.text + "\n")
        same = same + 1 if now == before else 0
        before = now
    return before


@asynccontextmanager
async def album_of(
    space: UiSpace | Workspace,
    glyph_set: Glyphs,
    sizes: Mapping[str, tuple[int, int]],
    *,
    outside: Outside | None = None,
    plain: Callable[[str], str] = str,
) -> AsyncIterator[Album]:
    """Open a UI at the last of these sizes, and yield an album of it; one with all signs shows no colours.

    `plain`: takes out of a screen what is another in each run of the test.
    """
    is_grey = not glyph_set.is_ascii
    size = [*sizes.values()][-1]
    async with opened(space, size, glyph_set=glyph_set, outside=outside, is_grey=is_grey, draws_each_key=False) as ui:
        yield Album(ui, sizes, plain, is_grey)


class Album:
    """The screens of one UI, each looked at in several sizes: to open a UI for each cost three times the CPU."""

    def __init__(
        self, ui: Ui, sizes: Mapping[str, tuple[int, int]], plain: Callable[[str], str], is_grey: bool
    ) -> None:
        self.ui = ui
        self.sizes = sizes
        self.is_grey = is_grey
        """Nothing may have a colour."""
        self._plain = plain
        self._shown: dict[str, list[str]] = {name: [] for name in sizes}

    async def look(self, part: str, text: str, *keys: str) -> None:
        """Press keys, and look once a text is there; the size is then what it was."""
        await self.ui.until(lambda: self.ui.app._changed_at is not None, "the clock of the first poll")
        await self.ui.press(*keys)
        await self.ui.sees(text)
        for name, size in self.sizes.items():
            if self.ui.app.size != size:
                await self.ui.pilot.resize_terminal(*size)
            await self.add(name, part)

    async def add(self, name: str, part: str) -> None:
        """Keep the screen as it stands."""
        self._shown[name].append(f"== {part}\n{await settled(self.ui, self._plain)}")
        assert not self.is_grey or is_grey(self.ui), part

    def compare(self, kind: str) -> None:
        """Compare with what a person looked at."""
        compare({f"{kind}{name}": "".join(parts) for name, parts in self._shown.items()})


def compare(texts: Mapping[str, str]) -> None:
    """Compare texts by name with what a person looked at; all are written before the first missing one fails."""
    missing = [write(name, text) for name, text in texts.items() if not (GOLDEN / f"{name}.txt").exists()]
    if missing:
        pytest.fail(f"{', '.join(missing)}: not there, and written now: look at it, then run again")
    for name, text in texts.items():
        expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
        lines = unified_diff(expected.splitlines(), text.splitlines(), name, "now", n=0)
        assert text == expected, "\n".join(lines)


def write(name: str, text: str) -> str:
    """Write what is to be looked at; to renew one, delete its file, run twice, and look at it."""
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")
    return name
