"""The registry's screens as text, the way a person looked at them once: empty, ordinary, broken and huge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from registries import digest
from ui_around import outside
from ui_golden import LOOKS, Album, album_of
from ui_shelves import ShelfSpace, filled, shelf_space, train

from graftline.core.errors import StoreError
from graftline.tui.glyphs import Glyphs
from graftline.tui.screens.registry import RegistryScreen

MANY = 300


@pytest.mark.parametrize(("glyph_set", "sizes"), LOOKS, ids=["unicode", "ascii"])
async def test_the_registry_reads_well(tmp_path: Path, glyph_set: Glyphs, sizes: dict[str, tuple[int, int]]) -> None:
    space = shelf_space(tmp_path, clock=lambda: 1000.0)
    size = [*sizes.values()][-1]

    async with album_of(space, glyph_set, sizes, outside=outside(root="")) as album:
        ui, look = album.ui, album.look
        await look("registry, empty", "Nothing is registered", "g", "m")
        filled(space.registry)
        screen = ui.app.screen
        assert isinstance(screen, RegistryScreen)
        _again(screen)
        await look("registry", "0.2.0  dirty")
        screen.grid.go_to_key(("churn", "0.2.0", "1"))
        await ui.until(lambda: screen.facts is not None and screen.facts.gates)
        await look("generation", "0.85")
        await ui.press("*")
        await look("alias, refused", "refused")
        await look("two generations", "pipeline.py", "escape", "d")
        await ui.press("escape")
        await _narrow(album, size)
        _make_huge(space)
        screen.grid.go_to_key(("churn", "0.2.0"))
        _again(screen)
        await look("registry, huge", f"{MANY + 1} gens")
        _lose(space)
        _again(screen)
        await look("broken", "broken")
        space.registry.projects = _fail  # type: ignore[method-assign,assignment] # a registry whose disk went away
        _again(screen)
        await look("registry, unreadable", "the disk went away")

    album.compare("registry-")


async def _narrow(album: Album, size: tuple[int, int]) -> None:
    """Look at the sheet of a generation, which has all the room of a narrow terminal."""
    ui = album.ui
    await ui.pilot.resize_terminal(80, 24)
    await ui.until(lambda: not ui.widget("#detail").display)
    await ui.press("enter")
    await ui.sees("latency")
    await album.add("ascii" if "ascii" in album.sizes else "80x24", "generation, opened")
    await ui.press("escape")
    await ui.pilot.resize_terminal(*size)


def _again(screen: RegistryScreen) -> None:
    """Have it read everything again, without the message that `R` gives for some seconds."""
    screen.forget()
    screen.stale()


def _make_huge(space: ShelfSpace) -> None:
    for number in range(MANY):
        auc = 0.8 + (number * 7919 % 100) / 1000
        train(space.registry, "0.2.0", b"one", {"auc": auc}, score=auc, run=f"{number:016}")


def _lose(space: ShelfSpace) -> None:
    path = space.registry.path(digest(b"one"))
    assert path is not None
    os.unlink(path)


def _fail() -> None:
    raise StoreError("the disk went away", "graft doctor looks closer")
