"""A feed of ibis: table expressions, SQL and tables of any backend that ibis knows (extra `ibis`).

Bounds and columns that are not wanted are part of what the backend is asked, so that rows left out never travel.
"""

from __future__ import annotations

from typing import Any, ClassVar
from warnings import catch_warnings, simplefilter

from ...core.errors import GraftError, InvalidError, PluginError, nearest
from ...core.feeding import Answer, Feed, Query
from ...core.records import replace
from .table import answer, check_column

_VIEW = "graftline_query"


class IbisFeed(Feed):
    """Options: `url` (`duckdb://wh.db`, `sqlite://wh.db`, `postgres://...`); the others go to `ibis.connect`.

    It is asked each time: what a backend holds, nobody else can tell.
    """

    name: ClassVar[str] = "ibis"
    takes_expressions: ClassVar[bool] = True

    def can_answer(self, query: Query) -> bool:
        """Tell whether the backend has the table, or can compile the query."""
        connection = self._connected()
        try:
            if query.expression is not None:
                return True
            if not query.is_sql:
                return query.text in connection.list_tables()
            _queried(connection, query.text).schema()
        except GraftError:
            raise
        except Exception:  # noqa: BLE001  of another class with each backend
            return False
        finally:
            connection.disconnect()
        return True

    def read(self, query: Query) -> Answer:
        """Return the rows within the bounds, as a DataFrame.

        Raises:
            InvalidError: the expression is none, names what is not there, or the backend cannot compute it.
        """
        connection = self._connected()
        try:
            table = _bounded(self._table(connection, query), query)
            with catch_warnings():
                # How ibis gets along with the pandas that is installed is no news to whoever asks it.
                simplefilter("ignore", DeprecationWarning)
                simplefilter("ignore", FutureWarning)
                frame = connection.to_pyarrow(table).to_pandas()
        except GraftError:
            raise
        except Exception as error:
            raise InvalidError(
                f"{type(error).__name__}: {error}".splitlines()[0], f"asked was: {query.text}"
            ) from error
        finally:
            connection.disconnect()
        return answer(frame, replace(query, lower=None, upper=None), (), "the query")

    def _connected(self) -> Any:
        ibis, options = _module(), dict(self.options)
        url = options.pop("url", None)
        if not isinstance(url, str) or "://" not in url:
            told = "an ibis feed needs the address of its backend"
            raise InvalidError(told, "say url= in [feed.NAME]: duckdb://wh.db, sqlite://wh.db, postgres://user@host/db")
        try:
            return ibis.connect(url, **options)
        except Exception as error:
            backend = url.partition("://")[0]
            hint = f"check url=; the backend's package comes with pip install 'ibis-framework[{backend}]'"
            raise PluginError(f"cannot connect to {backend}: {type(error).__name__}: {error}", hint) from error

    def _table(self, connection: Any, query: Query) -> Any:
        if query.expression is not None:
            return _expressed(connection, query)
        if query.is_sql:
            return _queried(connection, query.text)
        known = connection.list_tables()
        if query.text not in known:
            hint = f"it has {', '.join(sorted(known))}" if known else "it is empty"
            raise InvalidError(f"there is no table '{query.text}'{nearest(query.text, known)}", hint)
        return connection.table(query.text)


def _queried(connection: Any, text: str) -> Any:
    """Return what SQL selects, as a table."""
    sql = text.rstrip().rstrip(";")
    try:
        return connection.sql(sql)
    except AttributeError:  # ibis 12 asks DuckDB 2 for the columns by a method that it has no longer
        connection.raw_sql(f"CREATE OR REPLACE TEMP VIEW {_VIEW} AS {sql}")
        return connection.table(_VIEW)


def _expressed(connection: Any, query: Query) -> Any:
    """Return what the function of a query makes of a connection.

    Raises:
        InvalidError: it returned no table.
    """
    from ibis.expr.types import Table

    found = query.expression(connection)
    if not isinstance(found, Table):
        raise InvalidError(
            f"'{query.text}' returned {type(found).__name__}, which is no table of ibis",
            "return connection.table('customers').filter(...), say",
        )
    return found


def _bounded(table: Any, query: Query) -> Any:
    """Return a table without the rows beyond the bounds, and without the columns that are not wanted."""
    if query.ordinal is not None:
        check_column(query.ordinal, list(table.columns), "the query")
        column = table[query.ordinal]
        table = table.filter(column.notnull())
        if query.lower is not None:
            table = table.filter(column > _bound(query.lower, column))
        if query.upper is not None:
            table = table.filter(column <= _bound(query.upper, column))
    kept = [name for name in table.columns if name not in query.without or name == query.ordinal]
    return table.select(kept) if len(kept) < len(table.columns) else table


def _bound(bound: Any, column: Any) -> Any:
    """Return a bound as a literal of its column's type.

    Raises:
        InvalidError: it cannot be one.
    """
    ibis = _module()
    kind = column.type()
    try:
        if kind.is_numeric():
            return ibis.literal(float(bound) if not isinstance(bound, int | float) else bound)
        return ibis.literal(str(bound), type=kind) if kind.is_temporal() else ibis.literal(str(bound))
    except (TypeError, ValueError) as error:
        raise InvalidError(
            f"the bound {bound!r} cannot be compared with column '{column.get_name()}' ({kind})"
        ) from error


def _module() -> Any:
    try:
        import ibis  # an extra; a second
    except ImportError as error:
        raise PluginError("the feed 'ibis' needs ibis", "pip install 'graftline[ibis]'") from error
    return ibis
