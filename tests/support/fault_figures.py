"""What a session of fault tests measured, and the page it goes to."""

from __future__ import annotations

import math
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from source_tree import ROOT

PAGE = ROOT / "docs" / "reliability.md"
_START, _END = "<!-- figures -->\n", "<!-- /figures -->"


class Figures:
    """Rows of one table, in the order they were noted."""

    def __init__(self) -> None:
        self._rows: dict[str, str] = {}
        self._times: dict[str, list[float]] = {}

    def note(self, what: str, figure: str) -> None:
        """Set one row."""
        self._rows[what] = figure

    def took(self, what: str, seconds: float) -> None:
        """Add one of many times to a row."""
        times = self._times.setdefault(what, [])
        times.append(seconds)
        self.note(what, spread(times))

    def table(self) -> str:
        """Return the rows as a Markdown table."""
        lines = ["| what | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in self._rows.items())]
        return "\n".join(lines)

    def write(self, page: Path, command: str) -> None:
        """Put the table, the command and the machine between the markers of a page."""
        text = page.read_text()
        before, _, rest = text.partition(_START)
        _, _, after = rest.partition(_END)
        said = f"Measured by `{command}` on {datetime.now(UTC):%d %B %Y}: {machine()}.\n"
        page.write_text(f"{before}{_START}{said}\n{self.table()}\n{_END}{after}")


def spread(times: Sequence[float]) -> str:
    """Return median, 95th percentile and largest of some seconds.

    >>> spread([0.1, 0.2, 0.3])
    'p50 0.200 s, p95 0.300 s, max 0.300 s (of 3)'
    """
    ordered = sorted(times)
    p50, p95 = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.95))
    return f"p50 {p50:.3f} s, p95 {p95:.3f} s, max {ordered[-1]:.3f} s (of {len(ordered)})"


def machine() -> str:
    """Return what the figures were measured on."""
    cores = len(os.sched_getaffinity(0))
    python = ".".join(map(str, sys.version_info[:3]))
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{cores} cores, Linux {kernel}, Python {python}, SQLite {sqlite3.sqlite_version}"
