"""Sinks write outputs as one table, whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graftline.core.errors import InvalidError
from graftline.plugins.sinks.files import CsvSink, ParquetSink
from graftline.plugins.sinks.plain import NullSink, StdoutSink
from graftline.plugins.sinks.sqlite import SqliteSink
from graftline.plugins.sinks.values import columns_in

numpy = pytest.importorskip("numpy")
pandas = pytest.importorskip("pandas")


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({"prediction": numpy.array([0, 1])}, {"prediction": [0, 1]}),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [1, 2], "b": ["x", "y"]}),
        ({"score": 0.5}, {"score": [0.5]}),
        ({"df": pandas.DataFrame({"a": [1], "b": [2]})}, {"a": [1], "b": [2]}),
        ({"p": numpy.array([[0.1, 0.9]])}, {"p.0": [0.1], "p.1": [0.9]}),
        ({"one": {"a": [1]}, "two": {"a": [2]}}, {"one.a": [1], "two.a": [2]}),
        ({"text": "abc"}, {"text": ["abc"]}),
    ],
)
def test_outputs_are_columns_of_one_table(values: dict[str, Any], columns: dict[str, list[Any]]) -> None:
    assert columns_in(values) == columns


def test_outputs_of_several_lengths_are_no_table() -> None:
    with pytest.raises(InvalidError, match="a has 1, b has 2 rows"):
        columns_in({"a": [1], "b": [1, 2]})
    with pytest.raises(InvalidError, match="3 dimensions"):
        columns_in({"cube": numpy.zeros((1, 1, 1))})


def test_csv_is_written_whole_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "scores.csv"
    sink = CsvSink(path=str(path))
    sink.write({"id": [1, 2], "score": [0.5, None]})

    told = sink.write({"id": [3], "score": ["a,b"]})

    assert path.read_text() == 'id,score\n3,"a,b"\n'
    assert told == f"{path} (1 row)"
    assert [each.name for each in path.parent.iterdir()] == ["scores.csv"]


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("old")

    with pytest.raises(InvalidError):
        CsvSink(path=str(path)).write({"a": [1], "b": [1, 2]})
    assert path.read_text() == "old"


def test_parquet_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "scores.parquet"

    ParquetSink(path=str(path)).write({"id": [1, 2], "score": [0.5, 1.5]})

    assert pandas.read_parquet(path).to_dict("list") == {"id": [1, 2], "score": [0.5, 1.5]}


def test_sqlite_appends_or_replaces(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    for mode in ("append", "append"):
        SqliteSink(path=str(path), table="scores", mode=mode).write({"id": numpy.array([1]), "score": [0.5]})
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT * FROM scores").fetchall() == [(1, 0.5), (1, 0.5)]

    SqliteSink(path=str(path), table="scores", mode="replace").write({"other": ["x"]})
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT * FROM scores").fetchall() == [("x",)]


def test_other_columns_than_the_table_has_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    SqliteSink(path=str(path)).write({"id": [1]})

    with pytest.raises(InvalidError, match="prediction"):
        SqliteSink(path=str(path)).write({"other": [1]})
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM prediction").fetchone() == (1,)


@pytest.mark.parametrize("options", [{}, {"path": "x.db", "mode": "upsert"}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidError):
        SqliteSink(**options).write({"id": [1]})


def test_stdout_prints_an_aligned_table(capsys: pytest.CaptureFixture[str]) -> None:
    StdoutSink(rows=2).write({"id": [1, 20, 3], "score": [0.5, None, 1.0]})

    assert capsys.readouterr().out == "id  score\n 1    0.5\n20       \n... 1 more\n"


def test_stdout_prints_what_is_no_table_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    StdoutSink().write({"a": [1], "b": [1, 2]})
    NullSink().write({"a": [1]})

    assert capsys.readouterr().out == "a: [1]\nb: [1, 2]\n"
