"""The JSON document of a run: what other programs rely on."""

from __future__ import annotations

import json

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace, bad_steps, good_steps, item, output, run, step

from graftline.core.artifacts import MetricPoint
from graftline.core.document import error_document, instant, roll_up, root_failures, run_document
from graftline.core.errors import InvalidError, MissingError
from graftline.core.states import Reason, Status

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
        item(f"trials/{number}/fit", "trials/*/fit", metrics=(MetricPoint("auc", number / 10, None, NOW),))
        for number in range(12)
    ]
    assert roll_up(steps) == {"trials/auc": [number / 10 for number in range(12)]}


def test_an_item_without_the_metric_keeps_its_place() -> None:
    steps = [
        item("trials/0/fit", "trials/*/fit", metrics=(MetricPoint("auc", 0.5, None, NOW),)),
        item("trials/1/fit", "trials/*/fit", Status.FAILURE),
        item("trials/2/fit", "trials/*/fit", metrics=(MetricPoint("auc", 0.7, None, NOW),)),
    ]
    assert roll_up(steps) == {"trials/auc": [0.5, None, 0.7]}


def test_a_metric_of_a_map_inside_a_map_is_a_list_of_lists() -> None:
    family = "outer/*/inner/*/fit"
    steps = [
        item(f"outer/{i}/inner/{j}/fit", family, metrics=(MetricPoint("auc", 10 * i + j, None, NOW),))
        for i in range(2)
        for j in range(3 - i)
    ]
    assert roll_up(steps) == {"outer/auc": [[0, 1, 2], [10, 11]]}


def test_a_map_inside_a_loop_gives_its_metric_under_its_path() -> None:
    family = "loop/2/trials/*/fit"
    steps = [item("loop/2/trials/0/fit", family, metrics=(MetricPoint("auc", 0.5, None, NOW),))]
    assert roll_up(steps) == {"loop/2/trials/auc": [0.5]}


def test_a_step_called_by_a_number_outside_of_a_map_is_no_item() -> None:
    steps = [step(f"sub/{number}", metrics=(MetricPoint("auc", number, None, NOW),)) for number in range(2000)]
    assert roll_up(steps) == {"auc": 1999}
    assert len(run_document(run(GOOD, Status.SUCCESS, steps), steps)["steps"]) == 2000


def test_what_waits_for_ten_thousand_items_names_their_family() -> None:
    items = [item(f"trials/{number}/fit", "trials/*/fit") for number in range(1500)]
    split = step("trials/items", outputs=tuple(output(str(number), number) for number in range(1500)))
    needs = ("trials/items", *(each.path for each in items))
    steps = [split, *items, step("trials", needs=needs)]
    record = run(GOOD, Status.SUCCESS, steps)

    entries = run_document(record, steps)["steps"]
    assert [entry["path"] for entry in entries] == ["trials/items", "trials/*/fit", "trials"]
    assert (entries[0]["outputs"], entries[0]["outputs_folded"]) == ({}, 1500)
    assert entries[2]["needs"] == ["trials/items", "trials/*/fit"]
    full = run_document(record, steps, full=True)["steps"]
    assert len(full[0]["outputs"]) == 1500
    assert full[-1]["needs"] == list(needs)


def test_what_failed_first_is_told_and_not_the_composite_around_it() -> None:
    inside = step("both", Status.FAILURE, reason=Reason.INSIDE)
    broken = step("both/left/a", Status.FAILURE, reason=Reason.ERROR)
    mended = step("b", Status.FAILURE, reason=Reason.ERROR)
    recovery = step("b/on_failure")

    assert root_failures([mended, recovery, broken, inside]) == [broken]
    assert root_failures([mended, recovery]) == [mended]
    assert root_failures([inside]) == [inside]
    assert root_failures([step("a")]) == []


def test_the_last_step_that_logs_a_name_gives_the_metric() -> None:
    steps = [step(name, metrics=(MetricPoint("loss", value, None, NOW),)) for name, value in (("a", 1), ("b", 2))]
    assert roll_up(steps) == {"loss": 2}


def test_a_returned_metric_counts_without_a_logged_point() -> None:
    assert roll_up([step("a", outputs=(output("auc", 0.5, "metric"),))]) == {"auc": 0.5}


def test_map_families_above_a_thousand_items_fold_and_full_unfolds_them() -> None:
    steps = [
        item(f"trials/{number}/fit", "trials/*/fit", Status.SUCCESS if number % 100 else Status.FAILURE)
        for number in range(2500)
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
