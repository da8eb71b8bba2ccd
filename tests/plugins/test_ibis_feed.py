"""A feed of ibis: tables, SQL and expressions of any backend; bounds are part of what the backend is asked."""

from __future__ import annotations

import builtins
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graftline.core.errors import InvalidError, PluginError
from graftline.core.feeding import Query
from graftline.core.learning import Source
from graftline.plugins.feeds.ibis import IbisFeed, _bounded


@pytest.fixture
def feed(tmp_path: Path) -> IbisFeed:
    """Return a feed with the table `customers` in a database of SQLite."""
    pytest.importorskip("ibis", reason="the extra `ibis` is not installed")
    with closing(sqlite3.connect(tmp_path / "wh.db")) as database, database:
        database.execute("CREATE TABLE customers (day INTEGER, spend REAL, left INTEGER)")
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", [(1, 5, 0), (2, 6, 1), (3, 7, 1), (None, 8, 0)])
    return IbisFeed(url=f"sqlite://{tmp_path / 'wh.db'}")


def big(connection: Any) -> Any:
    """Ask for a part of the customers."""
    table = connection.table("customers")
    return table.filter(table.spend > 5)


def days(feed: IbisFeed, **fields: Any) -> list[Any]:
    """Return the days that a feed gives."""
    query = Query(**{"text": "customers", "ordinal": "day", **fields})
    assert feed.can_answer(query)
    found = feed.read(query)
    assert found.read == ()
    return list(found.table["day"])


class TestAnswers:
    def test_a_table_sql_and_expressions_within_bounds(self, feed: IbisFeed) -> None:
        import ibis

        table = ibis.table({"day": "int64", "spend": "float64", "left": "int64"}, name="customers")
        unbound = Source(table.filter(table.spend > 5)).expression

        assert days(feed, lower=1) == [2, 3]
        assert days(feed, text="select day, spend from customers", upper="2") == [1, 2]
        assert days(feed, text="big", expression=big) == [2, 3]
        assert days(feed, text="expression", expression=unbound, upper=2) == [2]

    def test_bounds_and_columns_are_the_backends_work(self, feed: IbisFeed) -> None:
        import ibis

        table = ibis.table({"day": "int64", "spend": "float64", "left": "int64"}, name="customers")
        query = Query(text="customers", ordinal="day", lower=1, without=("left",))

        sql = str(ibis.to_sql(_bounded(table, query), dialect="sqlite"))

        assert '"day" > 1' in sql
        assert '"left"' not in sql

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"text": "custmers"}, "there is no table 'custmers'; did you mean 'customers'?"),
            ({"ordinal": "dya"}, "the query has no column 'dya'; did you mean 'day'?"),
            ({"lower": "monday"}, "the bound 'monday' cannot be compared with column 'day' (int64)"),
            ({"expression": lambda connection: 7}, "'customers' returned int, which is no table of ibis"),
            ({"text": "select nothing from customers"}, "nothing"),
        ],
    )
    def test_what_is_wrong_is_told(self, feed: IbisFeed, fields: dict[str, Any], told: str) -> None:
        with pytest.raises(InvalidError) as problem:
            feed.read(Query(**{"text": "customers", "ordinal": "day", **fields}))

        assert told in str(problem.value)


class TestMisuse:
    @pytest.mark.parametrize("options", [{}, {"url": "wh.db"}])
    def test_an_address_is_needed(self, options: dict[str, Any]) -> None:
        pytest.importorskip("ibis", reason="the extra `ibis` is not installed")

        with pytest.raises(InvalidError, match="needs the address of its backend"):
            IbisFeed(**options).can_answer(Query(text="t"))

    def test_a_backend_nobody_knows_is_told(self) -> None:
        pytest.importorskip("ibis", reason="the extra `ibis` is not installed")

        with pytest.raises(PluginError, match="cannot connect to oracel"):
            IbisFeed(url="oracel://x").can_answer(Query(text="t"))

    def test_without_the_extra_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = builtins.__import__

        def without(name: str, *rest: Any) -> Any:
            if name == "ibis":
                raise ImportError("No module named 'ibis'")
            return real(name, *rest)

        monkeypatch.setattr(builtins, "__import__", without)

        with pytest.raises(PluginError) as problem:
            IbisFeed(url="duckdb://wh.db").can_answer(Query(text="t"))

        assert problem.value.hint == "pip install 'graftline[ibis]'"
