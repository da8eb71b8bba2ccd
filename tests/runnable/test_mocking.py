"""08-mocking: runs without their steps."""

from __future__ import annotations

import pytest
from shop_runs import Shop


@pytest.mark.parametrize("target", ["fails", "mixed"])
def test_a_mock_run_executes_no_step(shop: Shop, target: str) -> None:
    run = shop.run(f"sequential.py:{target}", "-R", "mock")

    assert run.state == "SUCCESS"
    assert set(run.states.values()) == {"SUCCESS"}
    assert run.logs() == ""


def test_patches_stand_in_for_steps_also_inside_of_a_map(shop: Shop) -> None:
    done = shop.python("mocks.py")

    assert done.returncode == 0, done.stderr
    run = shop.outcome(shop.document("show"))
    assert run.state == "SUCCESS"
    assert run.value("weigh all/1/weigh:weighed") == 16
    assert (run.value("total"), run.value("shouted")) == (30, "softly")
