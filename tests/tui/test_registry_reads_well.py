"""The registry's screens as text, the way a person looked at them once: empty, ordinary, broken and huge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from registries import digest
from ui_around import outside
from ui_golden import compare, settled
from ui_pilot import opened
from ui_shelves import ShelfSpace, filled, shelf_space, train

from graftline.core.errors import StoreError
from graftline.tui.glyphs import ASCII, UNICODE, Glyphs
from graftline.tui.screens.registry import RegistryScreen

SIZES = [(80, 24), (120, 40), (160, 50)]
MANY = 300


@pytest.mark.parametrize(
    ("size", "glyph_set", "name"),
    [(size, UNICODE, f"{size[0]}x{size[1]}") for size in SIZES] + [((80, 24), ASCII, "ascii")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_the_registry_reads_well(tmp_path: Path, size: tuple[int, int], glyph_set: Glyphs, name: str) -> None:
    space = shelf_space(tmp_path, clock=lambda: 1000.0)
    shown: dict[str, str] = {}

    async with opened(space, size, glyph_set=glyph_set, outside=outside(root="")) as ui:

        async def look(part: str, text: str, *keys: str) -> None:
            await ui.press(*keys)
            await ui.sees(text)
            shown[part] = await settled(ui)

        await look("registry, empty", "Nothing is registered", "g", "m")
        filled(space.registry)
        screen = ui.app.screen
        assert isinstance(screen, RegistryScreen)
        _again(screen)
        await look("registry", "0.2.0  dirty")
        screen.grid.go_to_key(("churn", "0.2.0", "1"))
        await ui.until(lambda: screen.facts is not None and screen.facts.gates)
        await look("generation", "latency", *(["enter"] if size[0] < 100 else []))
        await look("alias, refused", "refused", "*")
        await look("two generations", "pipeline.py", "escape", "d")
        await ui.press("escape", *(["escape"] if size[0] < 100 else []))
        _make_huge(space)
        screen.grid.go_to_key(("churn", "0.2.0"))
        _again(screen)
        await look("registry, huge", f"{MANY + 1} gens")
        _lose(space)
        _again(screen)
        await look("broken", "broken")
        space.registry.projects = _fail  # type: ignore[method-assign,assignment] # a registry whose disk went away
        _again(screen)
        await ui.sees("the disk went away")
        before = ""
        while before != ui.text:  # it is read again and again, so that it is always busy
            before = ui.text
            await ui.pilot.pause(0.2)
        shown["registry, unreadable"] = before + "\n"

    compare(f"registry-{name}", "".join(f"== {part}\n{text}" for part, text in shown.items()))


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
