"""Text for a terminal, as the command line writes it: `core/text.py`, which the terminal UI shares."""

from __future__ import annotations

from ..core.text import clean, columns, cut, metric_text, pad, plural

__all__ = ["clean", "columns", "cut", "metric_text", "pad", "plural"]
