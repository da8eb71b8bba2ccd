"""A feed of an SQLite database: a table, a view, or SQL."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from functools import partial
from glob import glob
from typing import Any, ClassVar
from urllib.parse import quote

from ...core.errors import InvalidError, nearest
from ...core.feeding import Answer, Feed, Query
from .table import answer, check_column, columns_of, table_of

_FOLDERS = (".", "data")
_DATES = frozenset({"date", "time", "datetime", "julianday", "strftime", "unixepoch", "timediff"})
_OF_THE_MOMENT = _DATES | {
    "random",
    "randomblob",
    "current_date",
    "current_time",
    "current_timestamp",
    "changes",
    "total_changes",
    "last_insert_rowid",
    "load_extension",
}
"""Functions that may return another value each time; those of dates may take the time of the call."""
_ENDINGS = (".db", ".sqlite", ".sqlite3")


class SqliteFeed(Feed):
    """Reads an SQLite file. Options: `path`, the file; without it, databases in the project root and in `data`."""

    name: ClassVar[str] = "sqlite"

    def can_answer(self, query: Query) -> bool:
        """Tell whether it has the table; of SQL, whether the database understands it."""
        return self._answering(query) is not None

    def read(self, query: Query) -> Answer:
        """Return the rows within the bounds."""
        path = self._answering(query) or self._path()
        functions: set[str] = set()
        with self._open(path) as database:
            database.set_authorizer(partial(_note_function, functions))
            sql = query.text.rstrip().rstrip(";") if query.is_sql else self._select(path, database, query.text)
            try:
                names = [each[0] for each in database.execute(f"SELECT * FROM ({sql}) LIMIT 0").description]
                if query.ordinal is not None:
                    check_column(query.ordinal, names, path)
                conditions, bounds = self._conditions(query)
                rows = database.execute(f"SELECT * FROM ({sql}){conditions}", bounds).fetchall()
            except sqlite3.Error as error:
                raise InvalidError(f"{path}: {error}", f"the query was: {query.text}") from error
        read = () if functions & _OF_THE_MOMENT else tuple(self.looked_for(query))
        return answer(table_of(columns_of(names, rows)), query, read, path)

    def looked_for(self, query: Query) -> Sequence[str]:
        """Return the databases it looked into, and where it looked for them."""
        paths = [os.path.abspath(path) for path in self._paths()]
        folders = [] if "path" in self.options else [os.path.abspath(each) + os.sep for each in _FOLDERS]
        # What was written last may be in the log beside a database.
        return [*folders, *(each for path in paths for each in (path, f"{path}-wal"))]

    def _answering(self, query: Query) -> str | None:
        """Return the first file that has what is asked for; None: none has."""
        return next((path for path in self._paths() if os.path.isfile(path) and self._has(path, query)), None)

    def _has(self, path: str, query: Query) -> bool:
        with self._open(path) as database:
            try:
                if not query.is_sql:
                    return query.text in self._tables(database)
                database.execute(f"EXPLAIN {query.text}").close()
            except sqlite3.Error:
                return False
        return True

    def _paths(self) -> list[str]:
        if "path" in self.options:
            return [self._path()]
        return sorted(path for folder in ("", "data/") for ending in _ENDINGS for path in glob(f"{folder}*{ending}"))

    def _select(self, path: str, database: sqlite3.Connection, table: str) -> str:
        known = self._tables(database)
        if table not in known:
            hint = f"it has {', '.join(known)}" if known else "it is empty"
            raise InvalidError(f"{path} has no table '{table}'{nearest(table, known)}", hint)
        return f"SELECT * FROM {_quoted(table)}"

    def _conditions(self, query: Query) -> tuple[str, list[Any]]:
        """Return what leaves rows out in the database already; `answer` compares again, by the values' own types."""
        if query.ordinal is None:
            return "", []
        column = _quoted(query.ordinal)
        # Only where SQLite compares as Python does: it puts every number before every text.
        parts = [
            (f"{column} {sign} ?", bound)
            for sign, bound in ((">", query.lower), ("<=", query.upper))
            if isinstance(bound, int | float)
        ]
        text = " AND ".join(part for part, _ in parts)
        return (f" WHERE {text}" if text else ""), [bound for _, bound in parts]

    def _tables(self, database: sqlite3.Connection) -> list[str]:
        rows = database.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name")
        return [name for (name,) in rows]

    def _path(self) -> str:
        if "path" not in self.options:
            raise InvalidError("a sqlite feed needs its file", "say path= in [feed.NAME]")
        return str(self.options["path"])

    def _open(self, path: str) -> _Reading:
        if not os.path.isfile(path):
            raise InvalidError(f"there is no database {path}", "check path= of the feed")
        return _Reading(f"file:{quote(os.path.abspath(path))}?mode=ro")


def _note_function(functions: set[str], action: int, _: str | None, name: str | None, *rest: str | None) -> int:
    """Note the SQL functions that a statement calls, also within views; SQLite asks while it compiles it."""
    if action == sqlite3.SQLITE_FUNCTION and name is not None:
        functions.add(name.lower())
    return sqlite3.SQLITE_OK


class _Reading:
    """A connection that only reads, closed at the end."""

    def __init__(self, uri: str) -> None:
        self._connection = sqlite3.connect(uri, uri=True)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
