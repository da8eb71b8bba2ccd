"""The JSON document of a run: what other programs rely on."""

from __future__ import annotations

import json

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace, bad_steps, good_steps, output, run, step

from graftline.core.artifacts import MetricPoint
from graftline.core.document import error_document, instant, roll_up, run_document
from graftline.core.errors import InvalidError, MissingError
from graftline.core.states import Status

RUN_KEYS = [
    "schema",
    "run",
    "project",
    "pipeline",
    "action",
    "state",
    "runner",
    "origin",
    "params",
    "tags",
    "created",
    "started",
    "finished",
    "seconds",
    "lineage",
    "generation",
    "parent",
    "reason",
    "code",
    "steps",
    "metrics",
    "counts",
]
STEP_KEYS = [
    "name",
    "path",
    "state",
    "reason",
    "attempts",
    "started",
    "seconds",
    "peak_bytes",
    "cpu_seconds",
    "needs",
    "params",
    "cached_from",
    "error",
    "metrics",
    "outputs",
]


def test_the_document_has_the_keys_of_the_contract_in_their_order() -> None:
    document = run_document(run(GOOD, Status.SUCCESS, good_steps()), good_steps())
    assert list(document) == RUN_KEYS
    assert list(document["code"]) == ["git", "dirty", "key"]
    assert all(list(entry) == STEP_KEYS for entry in document["steps"])
    assert document["schema"] == 1


def test_the_document_is_strict_json_with_plain_values() -> None:
    steps = [step("fit", metrics=(MetricPoint("loss", float("nan"), None, NOW),)), *good_steps()]
    text = json.dumps(run_document(run(GOOD, Status.SUCCESS, steps), steps), allow_nan=False)
    assert json.loads(text)["steps"][0]["metrics"] == {"loss": "NaN"}


def test_a_good_run_says_what_it_made() -> None:
    document = run_document(run(GOOD, Status.SUCCESS, good_steps()), good_steps())
    assert document["state"] == "SUCCESS"
    assert document["counts"] == {"SUCCESS": 3}
    assert document["metrics"] == {"accuracy": 0.97}
    assert document["created"] == "2026-11-21T12:03:29.750Z"
    assert document["seconds"] == 1.25
    fit = document["steps"][1]
    assert list(fit["outputs"]) == ["logreg"]
    assert list(fit["outputs"]["logreg"]) == ["sha256", "bytes", "serializer"]
    assert fit["metrics"] == {"accuracy": 0.97}
    assert fit["params"] == {"C": 1.0}
    assert fit["needs"] == ["load_data"]


def test_a_failed_step_says_why() -> None:
    failed = run_document(run(BAD, Status.FAILURE, bad_steps()), bad_steps())["steps"][1]
    assert failed["reason"] == "ERROR"
    assert list(failed["error"]) == ["type", "message", "frames", "inputs", "traceback"]
    assert failed["error"]["frames"][0]["line"] == 41


def test_what_is_absent_is_null() -> None:
    steps = [step("a", Status.PENDING)]
    document = run_document(run(GOOD, Status.PENDING, steps, started=None), steps)
    assert [document[key] for key in ("started", "finished", "seconds", "reason", "parent")] == [None] * 5
    assert [document["steps"][0][key] for key in ("started", "seconds", "error", "cached_from")] == [None] * 4


def test_a_metric_under_a_map_is_a_list_in_item_order() -> None:
    steps = [
        step(f"trials/{number}/fit", metrics=(MetricPoint("auc", number / 10, None, NOW),)) for number in range(12)
    ]
    assert roll_up(steps) == {"trials/auc": [number / 10 for number in range(12)]}


def test_the_last_step_that_logs_a_name_gives_the_metric() -> None:
    steps = [step(name, metrics=(MetricPoint("loss", value, None, NOW),)) for name, value in (("a", 1), ("b", 2))]
    assert roll_up(steps) == {"loss": 2}


def test_a_returned_metric_counts_without_a_logged_point() -> None:
    assert roll_up([step("a", outputs=(output("auc", 0.5, "metric"),))]) == {"auc": 0.5}


def test_map_families_above_a_thousand_items_fold_and_full_unfolds_them() -> None:
    steps = [
        step(f"trials/{number}/fit", Status.FAILURE if number % 100 == 0 else Status.SUCCESS) for number in range(2500)
    ]
    steps = [step("load"), *steps, step("best")]
    record = run(GOOD, Status.FAILURE, steps)
    entries = run_document(record, steps)["steps"]
    assert [entry["path"] for entry in entries] == ["load", "trials/*/fit", "best"]
    assert list(entries[1]) == ["name", "path", "items", "counts", "seconds", "failed"]
    assert entries[1]["items"] == 2500
    assert entries[1]["counts"] == {"FAILURE": 25, "SUCCESS": 2475}
    assert entries[1]["failed"] == [f"trials/{number}/fit" for number in range(0, 2000, 100)]
    assert len(run_document(record, steps, full=True)["steps"]) == 2502


def test_full_adds_the_attempts() -> None:
    attempts = FakeWorkspace().attempts(BAD)
    document = run_document(run(BAD, Status.FAILURE, bad_steps()), bad_steps(), attempts=attempts, full=True)
    entry = document["steps"][1]
    assert list(entry) == [*STEP_KEYS, "attempts_log"]
    assert list(entry["attempts_log"][0]) == ["n", "state", "reason", "started", "seconds", "worker", "code"]


@pytest.mark.parametrize(
    ("error", "code"), [(InvalidError("no", "do this", file="a.py", line=3), 2), (MissingError("gone"), 3)]
)
def test_an_error_has_a_document(error: InvalidError | MissingError, code: int) -> None:
    document = error_document(error)
    assert list(document) == ["schema", "error"]
    assert list(document["error"]) == ["code", "message", "hint", "file", "line"]
    assert document["error"]["code"] == code
    assert document["error"]["file"] == error.file


def test_moments_are_utc_with_milliseconds() -> None:
    assert instant(0.0) == "1970-01-01T00:00:00.000Z"
    assert instant(None) is None
