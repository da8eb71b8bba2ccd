"""A feed of DuckDB: SQL over a database file, and over csv, parquet and json files by their names (extra `data`)."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from ...core.errors import InvalidError, PluginError
from ...core.feeding import Answer, Feed, Query
from .reached import files_of
from .table import answer, check_column


class DuckdbFeed(Feed):
    """Answers SQL. Options: `path`, a database file (none: only files); `tables`, name -> file for views."""

    name: ClassVar[str] = "duckdb"

    def can_answer(self, query: Query) -> bool:
        """Tell whether DuckDB understands the query, here and now."""
        database = self._open()
        try:
            database.execute(f"EXPLAIN {_sql(query)}")
        except _module().Error:
            return False
        finally:
            database.close()
        return True

    def read(self, query: Query) -> Answer:
        """Return the rows within the bounds, as a DataFrame."""
        database, duckdb = self._open(), _module()
        try:
            found = database.execute(_sql(query))
            names = [each[0] for each in found.description]
            if query.ordinal is not None:
                check_column(query.ordinal, names, "the query")
            return answer(found.df(), query, self._files(database, query), "the query")
        except duckdb.Error as error:
            raise InvalidError(f"duckdb: {str(error).splitlines()[0]}", f"the query was: {query.text}") from error
        finally:
            database.close()

    def _open(self) -> Any:
        path = self.options.get("path")
        if path is not None and not os.path.isfile(str(path)):
            raise InvalidError(f"there is no database {path}", "check path= of the feed")
        database = _module().connect(str(path), read_only=True) if path is not None else _module().connect()
        for name, file in self.options.get("tables", {}).items():
            quoted = str(name).replace('"', '""')
            source = str(file).replace("'", "''")
            database.execute(f"CREATE TEMP VIEW \"{quoted}\" AS SELECT * FROM '{source}'")
        return database

    def _files(self, database: Any, query: Query) -> tuple[str, ...]:
        tables = {str(name): str(file) for name, file in self.options.get("tables", {}).items()}
        path = self.options.get("path")
        return files_of(database, _sql(query), None if path is None else str(path), tables)


def _sql(query: Query) -> str:
    if query.is_sql:
        return query.text.rstrip().rstrip(";")
    return 'SELECT * FROM "' + query.text.replace('"', '""') + '"'


def _module() -> Any:
    try:
        import duckdb  # an extra; 60 ms
    except ImportError as error:
        raise PluginError("the feed 'duckdb' needs DuckDB", "pip install 'graftline[data]'") from error
    return duckdb
