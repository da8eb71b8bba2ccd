"""Tests of the pipeline: `python -m pytest`."""

from unittest.mock import Mock

from functions import summarise
from pipeline import hello


def test_a_function_is_tested_as_a_function():
    assert summarise([1, 2, 6]) == (3, 6)


def test_the_report_gets_what_was_summarised(graft_store):
    report = Mock()

    run = hello.execute(runner="mock", patches={"numbers": [4, 8], "summarise": (6.0, 8), "write_report": report})

    report.assert_called_once_with(numbers=[4, 8], mean=6.0, largest=8)
    assert run.metrics == {"mean": 6.0}
