"""07-map: one branch for every item."""

from __future__ import annotations

from typing import Any

import pytest
from shop_runs import Shop

STEPS = ("weigh", "pack", "ship", "check lot")


def test_every_item_runs_its_branch_and_values_come_out_as_lists(shop: Shop) -> None:
    run = shop.run("maps.py:each")

    assert run.state == "SUCCESS"
    assert run.states == {
        "lots of today/items": "SUCCESS",
        **{f"lots of today/{index}/{step}": "SUCCESS" for index in range(3) for step in STEPS},
        "lots of today": "SUCCESS",
        "collect": "SUCCESS",
    }
    assert [run.value(f"lots of today:{name}") for name in ("weighed", "packed", "shipped")] == [
        [10, 20, 30],
        [100, 200, 300],
        [1000, 2000, 3000],
    ]
    assert [run.value(f"lots of today/{index}/ship:shipped") for index in range(3)] == [1000, 2000, 3000]


@pytest.mark.parametrize(
    ("target", "reduced"),
    [("heaviest", {"weighed": 30, "packed": 300, "shipped": 3000}), ("heaviest_of_one_step", {"weighed": 30})],
)
def test_a_reducer_makes_one_value_of_each_list(shop: Shop, target: str, reduced: dict[str, Any]) -> None:
    run = shop.run(f"maps.py:{target}")

    assert run.state == "SUCCESS"
    assert run.outputs("lots of today") == reduced


def test_an_item_that_fails_fails_the_map_and_the_others_go_on(shop: Shop) -> None:
    run = shop.run("maps.py:first_fails", exit_code=1)

    assert run.state == run.states["lots of today"] == "FAILURE"
    assert [run.states[f"lots of today/0/{step}"] for step in STEPS] == ["FAILURE", "SKIPPED", "SKIPPED", "SKIPPED"]
    assert {run.states[f"lots of today/{index}/{step}"] for index in (1, 2) for step in STEPS} == {"SUCCESS"}
    assert run.states["collect"] == "SKIPPED"
    assert run.value("lots of today/1/ship:shipped") == 2000


def test_the_list_may_come_from_a_step_and_the_run_from_a_program(shop: Shop) -> None:
    done = shop.python("-c", "import maps; maps.known_late()")

    assert done.returncode == 0, done.stderr
    run = shop.outcome(shop.document("show"))
    assert run.document["origin"] == "api"
    assert run.value("weigh all:weighed") == [10, 20, 30, 40, 50]
    assert run.value("total") == 150


@pytest.mark.parametrize(
    ("things", "seen"),
    [
        ("[]", []),
        ('["a.b", "a.b", null, 1, "1", "x/y"]', ["<a.b>", "<a.b>", "<None>", "<1>", "<1>", "<x/y>"]),
    ],
)
def test_a_map_takes_any_items_and_none(shop: Shop, things: str, seen: list[str]) -> None:
    """There items are names of branches: dots and duplicates collide, and the empty list ends the run by an error."""
    run = shop.run("maps.py:any_items", "-p", f"things={things}")

    assert run.state == "SUCCESS"
    assert run.value("shelf:seen") == seen
    assert run.value("total") == len(seen)


def test_branches_inside_of_a_map_have_items_of_their_own(shop: Shop) -> None:
    """There a parallel inside of a map is lost."""
    run = shop.run("maps.py:with_branches_inside")

    assert run.state == "SUCCESS"
    assert (run.value("total"), run.value("number")) == (60, 3)
    assert {run.states[f"lots of today/{index}/sides"] for index in range(3)} == {"SUCCESS"}
    assert [run.value(f"lots of today/{index}/sides/right/look:seen") for index in range(3)] == ["<1>", "<2>", "<3>"]
