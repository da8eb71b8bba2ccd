"""Why a run is as it is, in words."""

from __future__ import annotations

import pytest
from cli_fakes import run

from graftline.core.ids import RunId
from graftline.core.reasons import awaited_text
from graftline.core.records import replace
from graftline.core.states import Status


@pytest.mark.parametrize(
    ("counts", "after_s", "expected"),
    [
        ({"PENDING": 2}, 5.0, "waits for runner far"),
        ({"PENDING": 1, "CACHED": 4, "SKIPPED": 1}, 5.0, "waits for runner far"),
        ({"PENDING": 2}, 1.0, ""),
        ({"PENDING": 1, "STARTED": 1}, 5.0, ""),
        ({"PENDING": 1, "SUCCESS": 1}, 5.0, ""),
        ({"CACHED": 2}, 5.0, ""),
    ],
)
def test_a_run_of_which_no_step_has_begun_waits_for_its_runner(
    counts: dict[str, int], after_s: float, expected: str
) -> None:
    going = replace(run(RunId("r"), Status.STARTED, []), runner="far", counts=counts, started=100.0)

    assert awaited_text(going, 100.0 + after_s) == expected


def test_a_run_that_is_over_or_was_not_taken_up_waits_for_nobody() -> None:
    over = replace(run(RunId("r"), Status.CANCELLED, []), counts={"PENDING": 1}, started=100.0)

    assert awaited_text(over, 200.0) == ""
    assert awaited_text(replace(over, state=Status.STARTED, started=None), 200.0) == ""
