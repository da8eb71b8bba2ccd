"""What feeds say they read: all files an answer depends on, and nothing where it depends on anything else."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graftline.core.feeding import Query
from graftline.plugins.feeds.duckdb import DuckdbFeed
from graftline.plugins.feeds.files import CsvFeed
from graftline.plugins.feeds.sqlite import SqliteFeed

ROWS = "day,spend\n1,5\n2,7\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty project."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(read: tuple[str, ...]) -> set[str]:
    """Return what was read, relative; folders with a slash."""
    return {os.path.relpath(each) + ("/" if each.endswith("/") else "") for each in read}


class TestFiles:
    def test_name_what_was_looked_for_before_what_was_found(self, here: Path) -> None:
        (here / "lake").mkdir()
        (here / "lake/rows.csv").write_text(ROWS)

        read = CsvFeed(path="lake").read(Query(text="rows")).read

        assert told(read) == {"rows.csv", "rows.tsv", "lake/rows.csv"}

    def test_name_what_would_have_been_a_table(self) -> None:
        assert told(tuple(CsvFeed(path="lake").looked_for(Query(text="rows.csv")))) >= {
            "rows.csv",
            "lake",
            "lake/rows.csv",
        }


class TestSqlite:
    @pytest.fixture(autouse=True)
    def database(self, here: Path) -> None:
        """Make one with a view that tells the time."""
        with closing(sqlite3.connect(here / "wh.db")) as made, made:
            made.execute("CREATE TABLE t (day INTEGER)")
            made.execute("INSERT INTO t VALUES (1)")
            made.execute("CREATE VIEW today AS SELECT day, date('now') AS at FROM t")

    def test_names_its_file_and_the_log_beside_it(self) -> None:
        assert told(SqliteFeed(path="wh.db").read(Query(text="t")).read) == {"wh.db", "wh.db-wal"}

    def test_names_where_it_looked_for_databases(self) -> None:
        read = told(SqliteFeed().read(Query(text="select day + 1 as day from t")).read)

        assert read == {"./", "data/", "wh.db", "wh.db-wal"}

    @pytest.mark.parametrize("text", ["today", "select random() as r from t", "select current_timestamp as r from t"])
    def test_names_nothing_where_the_moment_counts(self, text: str) -> None:
        assert SqliteFeed(path="wh.db").read(Query(text=text)).read == ()


class TestDuckdb:
    @pytest.fixture(autouse=True)
    def files(self, here: Path) -> None:
        """Make some."""
        pytest.importorskip("duckdb")
        (here / "data").mkdir()
        for name in ("a.csv", "b.csv"):
            (here / "data" / name).write_text(ROWS)

    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("select * from 'data/a.csv'", {"data/a.csv"}),
            ("select * from 'data/*.csv' where spend > 1", {"data/", "data/a.csv", "data/b.csv"}),
            ("select * from '*/a.csv'", {"./", "data/", "data/a.csv"}),
            ("with t as (select * from 'data/a.csv') select max(spend) as m from t", {"data/a.csv"}),
            ("select * from read_csv(['data/a.csv', 'data/b.csv'], header = true)", {"data/a.csv", "data/b.csv"}),
            ("select * from 'data/a.csv' where day in (select day from 'data/b.csv')", {"data/a.csv", "data/b.csv"}),
        ],
    )
    def test_names_every_file_of_a_query(self, text: str, read: set[str]) -> None:
        assert told(DuckdbFeed().read(Query(text=text)).read) == read

    @pytest.mark.parametrize(
        "text",
        [
            "select *, strftime(now(), '%Y') as at from 'data/a.csv'",
            "select *, current_date as at from 'data/a.csv'",
            "select random() as r from 'data/a.csv'",
            "select * from 'data/a.csv' using sample 1 rows",
            "select content from read_text('data/a.csv')",
            "select * from glob('data/*')",
            "select * from read_csv('data/' || 'a.csv')",
        ],
    )
    def test_names_nothing_where_it_cannot_be_told(self, text: str) -> None:
        assert DuckdbFeed().read(Query(text=text)).read == ()

    def test_names_a_database_for_its_tables_and_not_for_its_views(self, here: Path) -> None:
        import duckdb

        with duckdb.connect(str(here / "wh.db")) as made:
            made.execute("CREATE TABLE t AS SELECT 1 AS day")
            made.execute("CREATE VIEW v AS SELECT * FROM 'data/a.csv'")
        feed = DuckdbFeed(path="wh.db", tables={"both": "data/*.csv"})

        assert told(feed.read(Query(text="t")).read) == {"wh.db", "wh.db.wal"}
        assert told(feed.read(Query(text="both")).read) == {"data/", "data/a.csv", "data/b.csv"}
        assert feed.read(Query(text="v")).read == ()
