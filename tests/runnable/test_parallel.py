"""06-parallel: branches side by side."""

from __future__ import annotations

import time

from shop_runs import Outcome, Shop

MORNING = ("hello stub", "hello python", "hello shell", "hello again")


def under(run: Outcome, prefix: str) -> dict[str, str]:
    """Return the states of the steps of one branch, by name."""
    return {path.removeprefix(prefix): state for path, state in run.states.items() if path.startswith(prefix)}


def test_every_branch_runs(shop: Shop) -> None:
    run = shop.run("parallel.py:side_by_side")

    assert run.state == run.states["both shops"] == "SUCCESS"
    assert under(run, "both shops/north/") == dict.fromkeys(MORNING, "SUCCESS")
    assert under(run, "both shops/south/") == dict.fromkeys(("hello stub", "hello notebook"), "SUCCESS")


def test_a_branch_that_fails_does_not_stop_the_other_and_fails_the_whole(shop: Shop) -> None:
    run = shop.run("parallel.py:one_fails", exit_code=1)

    assert run.state == run.states["both shops"] == "FAILURE"
    assert run.steps["both shops"]["reason"] == "INSIDE"
    assert under(run, "both shops/north/") == dict.fromkeys(MORNING, "SUCCESS")
    assert under(run, "both shops/south/") == {
        "hello stub": "SUCCESS",
        "hello python": "FAILURE",
        "hello shell": "SKIPPED",
        "hello again": "SKIPPED",
    }


def test_branches_may_have_branches(shop: Shop) -> None:
    run = shop.run("parallel.py:nested")

    assert run.state == "SUCCESS"
    assert len(run.states) == 16 + 2 + 1
    for town in ("turin", "milan"):
        for side in ("north", "south"):
            assert under(run, f"both towns/{town}/both shops/{side}/") == dict.fromkeys(MORNING, "SUCCESS")


def test_what_branches_return_goes_to_the_steps_after_them(shop: Shop) -> None:
    run = shop.run("parallel.py:shelves")

    assert run.state == "SUCCESS"
    assert [run.value(f"count:{name}") for name in ("bread", "cheese", "wine")] == [12, 7, 30]
    assert run.value("stock") == 49


def test_one_name_from_two_branches_is_an_error_and_nothing_runs(shop: Shop) -> None:
    """There the last one to write wins."""
    error = shop.document("run", "parallel.py:same_name", exit_code=2)["error"]

    assert "stock" in error["message"]
    assert "bread shelf" in error["message"] or "left" in error["message"]
    assert error["file"].endswith("parallel.py")


def test_a_branch_whose_process_is_killed_fails_and_nothing_hangs(shop: Shop) -> None:
    """There the run never ends."""
    begin = time.monotonic()

    run = shop.run("parallel.py:one_is_killed", exit_code=1)

    assert time.monotonic() - begin < 30
    assert run.state == "FAILURE"
    assert under(run, "both shops/north/") == dict.fromkeys(MORNING, "SUCCESS")
    assert run.steps["both shops/south/falls"]["reason"] in ("SIGNAL", "OOM")
    assert (run.states["both shops"], run.states["close"]) == ("FAILURE", "SKIPPED")
