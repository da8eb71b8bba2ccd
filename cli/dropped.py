"""Steps that a pipeline has and the graph of a mode has not, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from .look import Ink, Look
from .text import clean, pad

_WIDEST = 32


def dropped_lines(look: Look, dropped: Mapping[str, str]) -> list[str]:
    """Return a line for each step; none when every step is kept."""
    if not dropped:
        return []
    width = min(_WIDEST, max(len(clean(path)) for path in dropped))
    lines = [f"  {look.paint(pad(clean(path), width), Ink.DIM)}  {clean(why)}" for path, why in dropped.items()]
    return ["", look.paint("dropped", Ink.DIM), *lines]
