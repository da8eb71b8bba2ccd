"""What a session of mutations found, and the page it goes to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fault_figures import machine

_START, _END = "<!-- mutations -->\n", "<!-- /mutations -->"


@dataclass(slots=True)
class Row:
    """Of one kind of mutation."""

    cases: int = 0
    stale: int = 0
    spurious: int = 0


@dataclass(slots=True)
class Tally:
    """Counts of one session."""

    rows: dict[str, Row] = field(default_factory=dict)
    spurious: dict[str, int] = field(default_factory=dict)
    """Edit that changes nothing of some steps -> how many ran again all the same."""

    def judged(self, row: str, *, stale: Collection[str], spurious: Collection[str], name: str) -> None:
        """Count one case with the steps it got wrong."""
        found = self.rows.setdefault(row, Row())
        found.cases += 1
        found.stale += len(stale)
        found.spurious += bool(spurious)
        if spurious:
            self.spurious[name] = len(spurious)

    def table(self) -> str:
        """Return the counts as a Markdown table."""
        rows = sorted(self.rows.items())
        total = Row(*(sum(getattr(row, name) for _, row in rows) for name in Row.__slots__))
        told = [f"| {name} | {row.cases} | {row.stale} | {row.spurious} |" for name, row in [*rows, ("**all**", total)]]
        return "\n".join(["| mutations of | cases | stale | with false re-runs |", "|---|---|---|---|", *told])

    def write(self, page: Path, command: str) -> None:
        """Put the table, the command and the machine between the markers of a page."""
        before, _, rest = page.read_text().partition(_START)
        _, _, after = rest.partition(_END)
        said = f"Measured by `{command}` on {datetime.now(UTC):%d %B %Y}: {machine()}.\n"
        page.write_text(f"{before}{_START}{said}\n{self.table()}\n{_END}{after}")
