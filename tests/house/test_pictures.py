"""The README's picture is drawn from what a terminal shows in the end."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from xml.etree import ElementTree

import pytest
from source_tree import ROOT

PICTURES = sorted(file.name for file in (ROOT / "docs/pictures").glob("*.svg"))


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs/pictures/make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_was_drawn_over_is_gone(maker: ModuleType) -> None:
    first = "\x1b[?25lone 0%\x1b[K\r\ntwo\x1b[K\r\n\x1b[J"
    second = "\x1b[2A\r\x1b[32mone 100%\x1b[0m\x1b[K\r\n\x1b[J\x1b[?25hdone\r\n"

    assert maker.replayed(first + second) == ["\x1b[32mone 100%\x1b[0m", "done"]


def test_a_line_is_split_by_colour(maker: ModuleType) -> None:
    assert list(maker.spans("\x1b[31;1mbad\x1b[0m news")) == [("bad", ("31", "1")), (" news", ())]


def test_the_picture_shows_what_was_run() -> None:
    assert "model_fit" in (ROOT / "docs/pictures/demo.svg").read_text()


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_svg_that_asks_nobody_for_a_font(name: str) -> None:
    text = (ROOT / "docs/pictures" / name).read_text(encoding="utf-8")

    root = ElementTree.fromstring(text)

    assert root.tag.endswith("svg")
    assert text.count("http") == 1  # the name space
    assert "/tmp" not in text
    assert len(text) < 150_000


def test_every_picture_is_on_a_page() -> None:
    pages = "".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/tui.md"))

    assert [name for name in PICTURES if f"pictures/{name})" not in pages] == []
