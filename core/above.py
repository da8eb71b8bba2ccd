"""Verbs of the handles that users hold, Pipeline and Runner, reach up to the rooms above core. Nothing else may."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def above(module: str) -> Any:
    """Return a module of a room above core, imported when it is called for."""
    return import_module(f"{__name__.partition('.')[0]}.{module}")
