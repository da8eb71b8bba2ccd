"""Which screen was looked at in which state: a screen without its states, or a size without a part, fails."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping

import pytest
from ui_golden import GOLDEN

from graftline.tui import screens
from graftline.tui.screens.page import Page
from graftline.tui.screens.part import Part

SIZES = ("80x24", "120x40", "160x50", "ascii")
NONE = "-"
"""The screen has no such state: what it shows is never empty, or never wrong, or never large."""

SHOWN: Mapping[str, tuple[str, str, str, str]] = {
    # screen: empty, ordinary, error, huge
    "Runs": ("runs, empty", "runs", "runs, unreadable", "runs, marked"),
    "RunScreen": ("empty steps", "steps", "failure", "huge steps"),
    "GraphPart": ("empty graph", "live map", "graph", "huge graph"),
    "GanttPart": ("empty gantt", "live gantt", "gantt", "huge gantt"),
    "LogPart": ("empty logs", "live log of attempts", "logs", "huge logs"),
    "MetricPart": ("empty metrics", "live metrics", NONE, "huge metrics"),
    "ArtifactPart": ("empty artifacts", "live artifacts", "artifacts", "huge artifacts"),
    "FactPart": (NONE, "info", NONE, NONE),
    "FunctionsScreen": ("functions, empty", "functions, huge", NONE, "functions, huge"),
    "WorkersScreen": ("workers, empty", "workers", NONE, NONE),
    "Schedules": ("schedules, empty", "schedules", NONE, NONE),
    "Happened": ("what happened, empty", "what happened", NONE, "what happened, huge"),
    "FoundLines": ("found lines, empty", "found lines", "found lines, unread", "found lines, huge"),
    "NewRun": ("new run, to be filled", "new run, huge", "new run, wrong", "new run, huge"),
    "Compare": (NONE, "compare, all", NONE, "compare, huge"),
    "Output": (NONE, "output", "output, wrong", NONE),
    "WatchPane": ("watch, empty", "watch", "watch, wrong", NONE),
    "RegistryScreen": ("registry, empty", "generation", "broken", "registry, huge"),
    "ShelfDiff": (NONE, "two generations", NONE, NONE),
    "Commanding": (NONE, "alias, refused", "alias, refused", NONE),
    "Why": (NONE, "why", NONE, NONE),
    "Help": (NONE, "help", NONE, NONE),
    "CommandLine": (NONE, "command line", NONE, NONE),
    "Promote": ("promote, empty", "promote", "promote, down", NONE),
    "Retry": (NONE, "retry", NONE, NONE),
    "Goto": (NONE, "go to", NONE, NONE),
    "Confirm": (NONE, "confirm", NONE, NONE),
    "Choose": (NONE, "copy", NONE, NONE),
    "Choosing": (NONE, "columns", NONE, NONE),
}


def _looked_at(size: str) -> set[str]:
    texts = [file.read_text(encoding="utf-8") for file in GOLDEN.glob(f"*{size}.txt")]
    return {name for text in texts for name in re.findall(r"^== (.+)$", text, re.MULTILINE)}


def _screens() -> set[str]:
    from textual.screen import ModalScreen

    found: set[str] = set()
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        importlib.import_module(module.name)
    left: list[type[object]] = [Page, Part, ModalScreen]
    while left:
        for kind in left.pop().__subclasses__():
            left.append(kind)
            if kind.__module__.startswith(screens.__name__) and not kind.__subclasses__():
                found.add(kind.__name__)
    return found


def test_every_screen_is_in_the_table_with_its_states() -> None:
    assert sorted(_screens() - set(SHOWN)) == []
    assert sorted(set(SHOWN) - _screens()) == []


@pytest.mark.parametrize("size", SIZES)
def test_every_state_of_every_screen_was_looked_at(size: str) -> None:
    wanted = {name for states in SHOWN.values() for name in states if name != NONE}

    assert sorted(wanted - _looked_at(size)) == []
