"""Rows of tables of any kind: some of them, put together again, in their order and of their type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.worker.rows import assembled, count, joined, like, listed, side_by_side, taken

pa: Any = pytest.importorskip("pyarrow")

TABLES: dict[str, Any] = {
    "list": [10, 11, 12, 13],
    "tuple": (10, 11, 12, 13),
    "numpy": np.array([10, 11, 12, 13]),
    "matrix": np.arange(8).reshape(4, 2),
    "columns": {"a": [1, 2, 3, 4], "b": [5, 6, 7, 8]},
    "frame": pd.DataFrame({"a": [1, 2, 3, 4], "b": ["w", "x", "y", "z"]}, index=[7, 5, 3, 1]),
    "series": pd.Series([1.5, 2.5, 3.5, 4.5], index=list("abcd"), name="s"),
    "arrow": pa.table({"a": [1, 2, 3, 4]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_parts_of_a_table_put_together_are_the_table(name: str) -> None:
    table = TABLES[name]

    parts = [(rows, taken(table, rows)) for rows in ([2, 0], [3, 1])]
    found = assembled(parts, 4)

    assert type(found) is type(table)
    assert count(table) == count(found) == 4
    assert [count(part) for _, part in parts] == [2, 2]
    assert _plain(found) == _plain(table)


@pytest.mark.parametrize("name", TABLES)
def test_no_rows_of_a_table_are_a_table_of_that_type(name: str) -> None:
    found = taken(TABLES[name], [])

    assert type(found) is type(TABLES[name])
    assert count(found) == 0


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(8)), st.integers(1, 7))
def test_any_parting_of_rows_is_put_together_in_their_order(order: list[int], cut: int) -> None:
    table = [f"row {at}" for at in range(8)]

    parts = [(rows, taken(table, rows)) for rows in (order[:cut], order[cut:])]

    assert assembled(parts, 8) == table


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([([0, 1], "ab"), ([1, 2], "bc")], "row 1 is predicted twice"),
        ([([0], "a"), ([2], "c")], "row 1 is predicted by no fold"),
        ([([0, 1], "a"), ([2], "c")], "2 rows were predicted, and 1 predictions came back"),
    ],
)
def test_rows_that_are_missing_or_there_twice_are_refused(parts: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assembled([(rows, list(values)) for rows, values in parts], 3)


def test_a_table_without_rows_says_so() -> None:
    with pytest.raises(TypeError, match="a int has no rows"):
        count(3)
    with pytest.raises(TypeError, match="of one length, not"):
        count({"a": [1], "b": [1, 2]})
    with pytest.raises(TypeError, match="rows of a object cannot be put together"):
        joined([object(), object()])


@pytest.mark.parametrize("name", ["list", "tuple", "numpy", "series"])
def test_a_column_becomes_plain_values_and_back(name: str) -> None:
    column = TABLES[name]

    again = like(column, listed(column))

    assert type(again) is type(column)
    assert _plain(again) == _plain(column)


def test_columns_and_blocks_stand_side_by_side() -> None:
    assert side_by_side([[1, 2], [[3, 4], [5, 6]]]) == [[1, 3, 4], [2, 5, 6]]
    blocks = side_by_side([np.array([1, 2]), pd.DataFrame({"a": [3, 4], "b": [5, 6]}), [7, 8]])
    assert blocks.tolist() == [[1, 3, 5, 7], [2, 4, 6, 8]]


def _plain(table: Any) -> Any:
    if isinstance(table, pd.DataFrame | pd.Series):
        return table.to_dict(), list(table.index)
    if isinstance(table, pa.Table):
        return table.to_pydict()
    return table.tolist() if isinstance(table, np.ndarray) else table
