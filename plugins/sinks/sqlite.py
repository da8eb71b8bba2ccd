"""A sink that appends to, or replaces, a table of an SQLite database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, ClassVar

from ...core.errors import InvalidError
from ...core.feeding import Sink
from .values import Columns, columns_in


class SqliteSink(Sink):
    """Options: `path`, the file; `table` (`prediction`); `mode`: `append` (the default) or `replace`."""

    name: ClassVar[str] = "sqlite"

    def write(self, values: Mapping[str, Any]) -> str:
        """Write the outputs as rows of the table, in one transaction."""
        path, table = self.options.get("path"), str(self.options.get("table", "prediction"))
        mode = self.options.get("mode", "append")
        if not path:
            raise InvalidError("sink 'sqlite' needs its file", "say path= in [sink.NAME]")
        if mode not in ("append", "replace"):
            raise InvalidError(f"sink 'sqlite' has no mode {mode!r}", "it has append and replace")
        columns = columns_in(values)
        os.makedirs(os.path.dirname(str(path)) or ".", exist_ok=True)
        try:
            with closing(sqlite3.connect(str(path))) as database, database:
                database.execute("BEGIN IMMEDIATE")
                _put(database, table, columns, is_replacing=mode == "replace")
        except sqlite3.Error as error:
            raise InvalidError(
                f"{path}: table '{table}': {error}", "name another table=, or say mode='replace'"
            ) from error
        rows = len(next(iter(columns.values()), []))
        return f"table '{table}' of {path} ({rows} {'row' if rows == 1 else 'rows'})"


def _put(database: sqlite3.Connection, table: str, columns: Columns, *, is_replacing: bool) -> None:
    names = ", ".join(map(_quoted, columns))
    if is_replacing:
        database.execute(f"DROP TABLE IF EXISTS {_quoted(table)}")
    database.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(table)} ({names})")
    marks = ", ".join("?" * len(columns))
    database.executemany(
        f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})", zip(*columns.values(), strict=True)
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
