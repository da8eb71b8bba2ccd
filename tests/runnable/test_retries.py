"""09-retry: a run that failed goes on, with what it had."""

from __future__ import annotations

import pytest
from shop_runs import Shop

CHANNEL = {"GRAFTLINE_PRM_channel": "web"}
TRIP = {"load": 1, "deliver": 2, "unload": 1}


@pytest.mark.parametrize(
    ("target", "failed", "attempts"),
    [
        ("alone", {"deliver"}, {"deliver": 2}),
        ("linear", {"deliver"}, {"load": 1, "deliver": 2}),
        ("typed", {"plain"}, {"typed": 1, "plain": 2}),
        (
            "choice",
            {"pay/heads/deliver", "pay"},
            {"toss": 1, "pay/choice": 1, "pay/heads/deliver": 2, "pay/tails/in cash": 0, "pay": 0, "go on": 1},
        ),
        (
            "vans",
            {"vans/blue/deliver", "vans/white/deliver", "vans"},
            {f"vans/{van}/{step}": n for van in ("blue", "white") for step, n in TRIP.items()}
            | {"vans": 0, "go on": 1},
        ),
    ],
)
def test_a_retry_runs_what_failed_and_what_follows(
    shop: Shop, target: str, failed: set[str], attempts: dict[str, int]
) -> None:
    first = shop.run(f"retries.py:{target}", exit_code=1, SIDE="heads", **CHANNEL)
    second = shop.retry(first, SIDE="tails", DRY="yes")

    assert {path for path, state in first.states.items() if state == "FAILURE"} == failed
    assert (second.run, second.state) == (first.run, "SUCCESS")
    assert second.attempts == attempts


def test_items_that_failed_run_again_over_the_same_list(shop: Shop) -> None:
    first = shop.run("retries.py:lots", exit_code=1)
    second = shop.retry(first, DRY="yes")

    assert [first.states[f"lots of today/{index}/weigh"] for index in range(3)] == ["FAILURE"] * 3
    assert second.state == "SUCCESS"
    assert second.attempts["lots of today/items"] == 1
    assert [second.attempts[f"lots of today/{index}/weigh"] for index in range(3)] == [2, 2, 2]
    assert [second.attempts[f"lots of today/{index}/look"] for index in range(3)] == [1, 1, 1]
    assert second.value("total") == 60


def test_a_retry_has_the_values_of_the_run_and_not_those_of_today(shop: Shop) -> None:
    """The file said 41, the first step made it 42; what the file says by now, and the new price, change nothing."""
    file = shop.root / "params.yaml"
    before = file.read_text()
    first = shop.run("retries.py:changed_parameter", exit_code=1)
    file.write_text(before.replace("41", "7"))
    try:
        second = shop.retry(first, DRY="yes")
    finally:
        file.write_text(before)

    assert (first.state, second.state) == ("FAILURE", "SUCCESS")
    assert second.value("raise price:price") == 42
    assert second.attempts == {"raise price": 1, "deliver": 2}


def test_a_second_attempt_gets_what_the_first_one_got(shop: Shop) -> None:
    """There a step that changes a parameter sees its own change when it is tried again."""
    run = shop.run("retries.py:second_try")

    assert run.attempts == {"raise price": 2, "show": 1}
    assert run.value("shown") == 42
    assert (shop.root / "been_here").read_text() == "42"


def test_a_retry_does_not_see_what_the_recovery_returned(shop: Shop) -> None:
    """There the recovery writes into the parameters of the run, where the retried step reads them."""
    first = shop.run("retries.py:spoiled_by_recovery", exit_code=1)
    second = shop.retry(first, DRY="yes")

    assert first.states["deliver/on_failure/spoil"] == "SUCCESS"
    assert first.states["compare"] == "SKIPPED"
    assert second.state == "SUCCESS"
    assert second.value("prices") == [41, 42]
