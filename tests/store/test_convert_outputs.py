"""Rows of outputs become the same records by columns as one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graftline.core.artifacts import ArtifactRef, Output
from graftline.store.convert import output_from_row, outputs_from_rows

ROWS = st.lists(
    st.tuples(
        st.text(max_size=5),
        st.sampled_from(["value", "file", "metric"]),
        st.binary(min_size=32, max_size=32),
        st.integers(0, 2**40),
        st.sampled_from(["json", "npy"]),
        st.none() | st.binary(max_size=8),
    ),
    max_size=5,
)


@given(rows=ROWS)
def test_columns_make_the_records_that_rows_make(rows: list[tuple[object, ...]]) -> None:
    outputs = outputs_from_rows(rows)

    assert outputs == [output_from_row(row) for row in rows]
    assert all(type(each) is Output and type(each.ref) is ArtifactRef for each in outputs)
