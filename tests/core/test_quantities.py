"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graftline.core.errors import InvalidError
from graftline.core.quantities import duration_text, seconds, size_bytes, size_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [(3, 3.0), (0.5, 0.5), ("250ms", 0.25), ("10m", 600.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("2 d", 172800.0)],
)
def test_a_duration_reads_as_people_write_it(text: float | str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "ten", "-1s", "10x", "m10", "1h-30m", True, float("inf"), float("nan"), -2])
def test_what_is_no_duration_is_refused(text: float | str) -> None:
    with pytest.raises(InvalidError):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "expected"), [(5, 5), ("4GB", 4 * 10**9), ("4GiB", 4 * 2**30), ("512 mb", 512 * 10**6), ("1.5k", 1500)]
)
def test_a_size_reads_as_people_write_it(text: float | str, expected: int) -> None:
    assert size_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "big", "-1", "4 XB", False, float("inf")])
def test_what_is_no_size_is_refused(text: float | str) -> None:
    with pytest.raises(InvalidError):
        size_bytes(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (0.0123, "12ms"), (0.4, "0.4s"), (12, "12s"), (59.6, "1m00s"), (131, "2m11s"), (3720, "1h02m"),
     (90000, "1d01h")],
)  # fmt: skip
def test_a_duration_is_shown_short(value: float | None, expected: str) -> None:
    assert duration_text(value) == expected


@given(st.floats(0, 1e7))
def test_a_shown_duration_never_grows_past_eight_characters(value: float) -> None:
    assert len(duration_text(value)) <= 8


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (812, "812 B"), (4928, "4.9 kB"), (999_600, "1.0 MB"), (1.2e9, "1.2 GB")]
)
def test_a_size_is_shown_short(value: int | None, expected: str) -> None:
    assert size_text(value) == expected
