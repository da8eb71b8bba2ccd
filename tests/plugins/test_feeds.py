"""Feeds give tables within bounds, and say what they read; what is wrong is told with file and line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graftline.core.errors import InvalidError
from graftline.core.feeding import Feed, Query
from graftline.plugins.feeds import table
from graftline.plugins.feeds.duckdb import DuckdbFeed
from graftline.plugins.feeds.files import CsvFeed, JsonFeed, ParquetFeed
from graftline.plugins.feeds.sqlite import SqliteFeed

ROWS = [(1, "ann", 0.5), (2, "bob", None), (3, "cyd", 2.5)]
NAMES = ["day", "name", "amount"]

Make = Callable[[Path], Feed]


def _csv(folder: Path) -> Feed:
    lines = [",".join(NAMES), *(",".join("" if item is None else str(item) for item in row) for row in ROWS)]
    (folder / "customers.csv").write_text("\n".join(lines) + "\n")
    return CsvFeed(path=str(folder))


def _json(folder: Path) -> Feed:
    (folder / "customers.json").write_text(json.dumps([dict(zip(NAMES, row, strict=True)) for row in ROWS]))
    return JsonFeed(path=str(folder))


def _lines(folder: Path) -> Feed:
    text = "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in ROWS)
    (folder / "customers.jsonl").write_text(text)
    return JsonFeed(path=str(folder / "customers.jsonl"))


def _parquet(folder: Path) -> Feed:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    pandas.DataFrame(ROWS, columns=NAMES).to_parquet(folder / "customers.parquet")
    return ParquetFeed(path=str(folder))


def _sqlite(folder: Path) -> Feed:
    with closing(sqlite3.connect(folder / "wh.db")) as database, database:
        database.execute("CREATE TABLE customers (day INTEGER, name TEXT, amount REAL)")
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", ROWS)
    return SqliteFeed(path=str(folder / "wh.db"))


def _duckdb(folder: Path) -> Feed:
    pytest.importorskip("duckdb")
    pytest.importorskip("pandas")
    _csv(folder)
    return DuckdbFeed(tables={"customers": str(folder / "customers.csv")})


@pytest.fixture(params=[_csv, _json, _lines, _parquet, _sqlite, _duckdb], ids=lambda make: make.__name__.strip("_"))
def feed(request: pytest.FixtureRequest, tmp_path: Path) -> Feed:
    """Return a feed with the table `customers`."""
    made: Feed = request.param(tmp_path)
    return made


def _columns(found: Any) -> dict[str, list[Any]]:
    return {
        str(name): [None if item != item else item for item in found[name]]  # NaN stands for what is missing
        for name in found
    }


def test_a_feed_gives_the_whole_table(feed: Feed) -> None:
    answer = feed.read(Query(text="customers"))

    assert _columns(answer.table) == {"day": [1, 2, 3], "name": ["ann", "bob", "cyd"], "amount": [0.5, None, 2.5]}
    assert (answer.lower, answer.upper) == (None, None)
    assert Path(answer.read[0]).is_file() or Path(answer.read[-1]).is_file()
    assert all(Path(file).is_absolute() for file in answer.read)


@pytest.mark.parametrize(
    ("lower", "upper", "days"),
    [(None, None, [1, 2, 3]), (1, None, [2, 3]), (None, 2, [1, 2]), (1, "2", [2]), (9, None, [])],
)
def test_bounds_leave_out_the_lower_and_keep_the_upper(feed: Feed, lower: Any, upper: Any, days: list[int]) -> None:
    answer = feed.read(Query(text="customers", ordinal="day", lower=lower, upper=upper))

    assert _columns(answer.table)["day"] == days
    assert (answer.lower, answer.upper) == ((days[0], days[-1]) if days else (None, None))


def test_columns_that_are_not_wanted_are_left_out_whether_there_or_not(feed: Feed) -> None:
    answer = feed.read(Query(text="customers", without=("amount", "churned")))

    assert list(answer.table) == ["day", "name"]


def test_a_feed_says_what_it_can_answer(feed: Feed) -> None:
    assert feed.can_answer(Query(text="customers"))
    assert not feed.can_answer(Query(text="orders"))


def test_a_column_that_is_not_there_is_named_with_the_nearest(feed: Feed) -> None:
    with pytest.raises(InvalidError, match="no column 'dya'; did you mean 'day'"):
        feed.read(Query(text="customers", ordinal="dya"))


@pytest.mark.parametrize("make", [_sqlite, _duckdb])
def test_sql_is_answered_by_databases(tmp_path: Path, make: Make) -> None:
    feed = make(tmp_path)
    query = Query(text="select day, amount from customers where amount is not null;", ordinal="day", lower=1)

    assert feed.can_answer(query)
    assert _columns(feed.read(query).table) == {"day": [3], "amount": [2.5]}
    assert not feed.can_answer(Query(text="select nothing from nowhere"))


def test_files_answer_no_sql(tmp_path: Path) -> None:
    assert not _csv(tmp_path).can_answer(Query(text="select * from customers"))


def test_without_pandas_a_table_is_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "find_spec", lambda name: None)

    found = _csv(tmp_path).read(Query(text="customers", ordinal="day", upper=2)).table

    assert found == {"day": [1, 2], "name": ["ann", "bob"], "amount": [0.5, None]}


def test_dates_are_compared_as_dates(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text("day,x\n2026-01-02,1\n2026-01-10,2\n")

    answer = CsvFeed(path=str(tmp_path)).read(Query(text="days", ordinal="day", lower="2026-01-02"))

    assert list(answer.table["x"]) == [2]
    assert answer.upper == "2026-01-10"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [("t.json", '{"a": 1}', None), ("t.json", "[1,\n2", 2), ("t.jsonl", '{"a": 1}\n[1]\n', 2), ("t.jsonl", "{}\n{", 2)],
)
def test_a_file_that_is_no_table_is_told_with_its_line(tmp_path: Path, name: str, text: str, line: int | None) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(InvalidError) as caught:
        JsonFeed(path=str(tmp_path / name)).read(Query(text="t"))
    assert str(caught.value.file).endswith(name)
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["", "a,b\n1,2,3\n4,5\n"])
def test_csv_that_is_no_table_is_refused(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "find_spec", lambda name: None)
    (tmp_path / "t.csv").write_text(text)

    with pytest.raises(InvalidError):
        CsvFeed(path=str(tmp_path)).read(Query(text="t"))


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="there is no database"):
        SqliteFeed(path=str(tmp_path / "none.db")).read(Query(text="customers"))
    assert not (tmp_path / "none.db").exists()
