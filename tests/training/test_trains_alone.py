"""A pipeline that trains and cannot be applied says so before anybody waits for the training."""

from __future__ import annotations

from churn_project import Churn


def test_training_what_cannot_be_applied_is_a_warning(fresh: Churn) -> None:
    fresh.change("pipeline.py", 'PythonTask(predict, returns=["prediction"]),\n        ', "")
    fresh.change("pipeline.py", 'PythonTask(report, returns=[metric("seen")]),\n', "")
    told = "it trains, but its generations cannot be applied: nothing is left to apply"

    checked = fresh.graft("check")
    planned = fresh.graft("train", "-n")

    assert told in checked.out
    assert told in planned.err
    assert (checked.code, planned.code) == (0, 0)


def test_what_can_be_applied_warns_of_nothing(fresh: Churn) -> None:
    assert fresh.document("check")["warnings"] == []
    assert "cannot be applied" not in fresh.graft("train", "-n").err
