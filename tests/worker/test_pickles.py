"""Pickling by value: what travels with a function that no process can import."""

from __future__ import annotations

from statistics import pstdev

from graftline.worker.pickles import _own_globals, dump_by_value, load_by_value


def test_a_lambda_that_calls_a_library_is_sent_without_the_globals_of_the_library() -> None:
    # given: dill looks through everything such a function could reach, which took minutes for scikit-learn
    import statistics

    def spread(values: list[float]) -> float:
        return statistics.fmean(values) + pstdev(values)

    # when
    data = dump_by_value(spread)

    # then
    assert load_by_value(data)([1.0, 3.0]) == 3.0
    assert set(_own_globals(spread)) == {"pstdev"}
