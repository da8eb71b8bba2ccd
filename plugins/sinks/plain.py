"""Sinks that keep nothing: what is printed, and nothing at all."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from ...core.errors import InvalidError
from ...core.feeding import Sink
from .values import Columns, columns_in

_ROWS = 20


class StdoutSink(Sink):
    """Prints the outputs as a table. Options: `rows`, the most to print (20)."""

    name: ClassVar[str] = "stdout"

    def write(self, values: Mapping[str, Any]) -> str:
        """Print the first rows, columns aligned; what is no table is printed as it is."""
        try:
            lines = _lines(columns_in(values), int(self.options.get("rows", _ROWS)))
        except InvalidError:
            lines = [f"{name}: {value}" for name, value in values.items()]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
        return ""


class NullSink(Sink):
    """Writes nothing."""

    name: ClassVar[str] = "null"

    def write(self, values: Mapping[str, Any]) -> str:
        """Do nothing."""
        return ""


def _lines(columns: Columns, most: int) -> list[str]:
    rows = list(zip(*columns.values(), strict=True))
    texts = [list(columns), *([_text(item) for item in row] for row in rows[:most])]
    widths = [max(len(row[at]) for row in texts) for at in range(len(columns))]
    lines = ["  ".join(item.rjust(width) for item, width in zip(row, widths, strict=True)) for row in texts]
    return lines if len(rows) <= most else [*lines, f"... {len(rows) - most} more"]


def _text(item: Any) -> str:
    return "" if item is None else f"{item:.6g}" if isinstance(item, float) else str(item)
