"""02-sequential: order, failure, recovery and choice."""

from __future__ import annotations

import pytest
from shop_runs import Shop


@pytest.mark.parametrize("target", ["mixed", "without_end"])
def test_steps_of_any_kind_run_in_the_order_listed(shop: Shop, target: str) -> None:
    run = shop.run(f"sequential.py:{target}")

    paths = list(run.states)
    assert run.state == "SUCCESS"
    assert paths[:3] == ["hello stub", "hello python", "hello shell"]
    assert set(run.states.values()) == {"SUCCESS"}
    assert [paths.index(path) for path in sorted(paths, key=lambda path: run.steps[path]["started"])] == [
        *range(len(paths))
    ]


def test_a_failed_step_ends_the_pipeline(shop: Shop) -> None:
    run = shop.run("sequential.py:fails", exit_code=1)

    assert run.state == "FAILURE"
    assert run.states == {"step 1": "SUCCESS", "step 2": "FAILURE", "step 3": "SKIPPED"}
    assert run.attempts == {"step 1": 1, "step 2": 1, "step 3": 0}
    assert run.steps["step 2"]["error"]["message"] == "the till is stuck"


def test_a_program_hears_of_the_failure(shop: Shop) -> None:
    done = shop.python("-c", "import sequential; sequential.fails()")

    assert done.returncode == 1
    assert "StepFailed" in done.stderr
    assert "the till is stuck" in done.stderr


def test_a_recovery_that_ends_in_failure_runs_and_the_run_fails(shop: Shop) -> None:
    run = shop.run("sequential.py:fails_after_all", exit_code=1)

    states = run.states
    assert run.state == "FAILURE"
    assert states["step 1"] == "FAILURE"
    assert states["step 1/on_failure/step 4"] == "SUCCESS"
    assert (states["step 2"], states["step 3"]) == ("SKIPPED", "SKIPPED")


def test_a_recovery_that_passes_makes_the_run_a_success(shop: Shop) -> None:
    run = shop.run("sequential.py:recovers")

    states = run.states
    assert run.state == "SUCCESS"
    assert states["step 1"] == "FAILURE"
    assert states["step 1/on_failure/step 4"] == "SUCCESS"
    assert (states["step 2"], states["step 3"]) == ("SKIPPED", "SKIPPED")
    assert {run.steps[path]["reason"] for path in ("step 2", "step 3")} == {"RECOVERED"}


@pytest.mark.parametrize(
    ("side", "taken", "left"),
    [("heads", "pay/heads/by card", "pay/tails/in cash"), ("tails", "pay/tails/in cash", "pay/heads/by card")],
)
def test_a_choice_runs_its_branch_and_goes_on(shop: Shop, side: str, taken: str, left: str) -> None:
    run = shop.run("sequential.py:choice", SIDE=side)

    assert run.state == "SUCCESS"
    assert run.states == {
        "toss": "SUCCESS",
        "pay/choice": "SUCCESS",
        taken: "SUCCESS",
        left: "SKIPPED",
        "pay": "SUCCESS",
        "go on": "SUCCESS",
    }
    assert run.steps[left]["reason"] == "BRANCH"
    assert run.value("side") == side


def test_a_choice_may_be_the_last_step(shop: Shop) -> None:
    run = shop.run("sequential.py:choice_at_the_end", SIDE="tails")

    assert run.state == "SUCCESS"
    assert run.states["pay/tails/in cash"] == "SUCCESS"


def test_a_value_that_fits_no_branch_fails_the_choice_and_names_the_branches(shop: Shop) -> None:
    run = shop.run("sequential.py:choice_at_the_end", exit_code=1, SIDE="edge")

    assert run.state == "FAILURE"
    assert run.states["pay/choice"] == "FAILURE"
    assert run.steps["pay/choice"]["error"]["message"].startswith(
        "'edge' (text) fits none of the branches: heads, tails"
    )
    assert {run.states["pay/heads/by card"], run.states["pay/tails/in cash"]} == {"SKIPPED"}


@pytest.mark.parametrize(("side", "payment"), [("heads", "card"), ("tails", "cash")])
def test_what_the_branch_returned_goes_to_the_steps_after_it(shop: Shop, side: str, payment: str) -> None:
    run = shop.run("sequential.py:choice_hands_on", SIDE=side)

    assert run.state == "SUCCESS"
    assert run.value("pay:payment") == payment
    assert run.value("receipt") == f"paid by {payment}"
