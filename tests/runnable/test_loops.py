"""10-loop: until a value says so, or until it was often enough."""

from __future__ import annotations

from shop_runs import Shop


def test_a_loop_ends_when_its_value_is_true(shop: Shop) -> None:
    run = shop.run("loops.py:until_ready")

    assert run.state == run.states["turns"] == "SUCCESS"
    assert [path for path in run.states if path.endswith("/knead")] == [f"turns/{turn}/knead" for turn in range(4)]
    assert [run.value(f"turns/{turn}/knead:is_ready") for turn in range(4)] == [False, False, False, True]
    assert run.value("turns:is_ready") is True


def test_a_loop_ends_when_it_was_often_enough(shop: Shop) -> None:
    run = shop.run("loops.py:often_enough")

    assert run.state == run.states["turns"] == "SUCCESS"
    assert [path for path in run.states if path.endswith("/taste")] == [f"turns/{turn}/taste" for turn in range(3)]
    assert run.value("turns:note") == "needs salt after turn 2"
    assert (run.value("last"), run.value("was_enough")) == (2, True)
