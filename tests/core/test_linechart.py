"""Numbers as a line of dots."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from graftline.core.linechart import line_chart, thinned


def test_a_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    rows = line_chart([(0, 0), (10, 5)], 30, 6)

    assert rows[0].lstrip().startswith("5 ")
    assert rows[0].endswith("⠔") or rows[0].rstrip()[-1] != " "
    assert rows[4].lstrip().startswith("0 ")
    assert len(rows[0]) > len(rows[4])
    assert rows[-1].split() == ["0", "10"]


def test_in_ascii_it_is_ascii() -> None:
    rows = line_chart([(x, math.sin(x)) for x in range(50)], 60, 10, is_ascii=True)

    assert "\n".join(rows).isascii()
    assert "*" in rows[0]


def test_what_is_no_number_is_left_out_and_nothing_at_all_is_said() -> None:
    rows = line_chart([(0, math.nan), (1, 1.0), (2, math.inf), (3, 2.0)], 40, 5)

    assert rows[0].lstrip().startswith("2 ")
    assert line_chart([(0, math.nan)], 40, 5) == ["nothing that can be drawn"]


def test_by_the_logarithm_the_middle_of_one_and_a_hundred_is_ten() -> None:
    rows = line_chart([(0, 1), (1, 100)], 40, 10, is_log=True)

    assert {row.split()[0] for row in rows[:-1] if row[:9].strip()} >= {"1", "100"}


def test_the_one_that_stands_out_is_kept() -> None:
    points = [(float(x), 0.0) for x in range(10_000)]
    points[7_777] = (7_777.0, 9.0)

    found = thinned(points, 50)

    assert len(found) == 50
    assert (7_777.0, 9.0) in found


numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(st.lists(st.tuples(numbers, numbers), max_size=40), st.integers(10, 120), st.integers(2, 30))
def test_any_numbers_fit_into_the_room(points: list[tuple[float, float]], width: int, height: int) -> None:
    for is_log in (False, True):
        rows = line_chart(points, width, height, is_log=is_log)

        assert len(rows) <= max(height, 2)
        assert all(len(row) <= max(width, 36) for row in rows)
