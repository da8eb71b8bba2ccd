"""01-tasks: one step of each kind."""

from __future__ import annotations

import pytest
from shop_runs import Shop


@pytest.mark.parametrize("target", ["python", "alone", "shell"])
def test_one_step_runs_and_what_it_printed_is_kept(shop: Shop, target: str) -> None:
    run = shop.run(f"tasks.py:{target}")

    assert run.state == "SUCCESS"
    assert (run.states, run.attempts) == ({"hello": "SUCCESS"}, {"hello": 1})
    assert run.logs("hello") == "the shop is open\n"


def test_main_runs_as_a_program_of_its_own(shop: Shop) -> None:
    done = shop.python("tasks.py")

    assert done.returncode == 0, done.stderr
    run = shop.outcome(shop.document("show"))
    assert (run.document["origin"], run.states) == ("api", {"hello": "SUCCESS"})


def test_main_is_what_runs_when_nothing_is_named(shop: Shop) -> None:
    assert shop.run("tasks.py").states == {"hello": "SUCCESS"}


def test_stubs_take_anything_and_do_nothing(shop: Shop) -> None:
    run = shop.run("tasks.py:stubs")

    assert run.states == dict.fromkeys(("first", "second", "third"), "SUCCESS")
    assert run.logs() == ""


def test_a_notebook_is_executed_and_its_copy_kept(shop: Shop) -> None:
    run = shop.run("tasks.py:notebook")

    assert run.states == {"hello": "SUCCESS"}
    [(name, copy)] = run.outputs("hello").items()
    assert name == "open.executed.ipynb"
    assert b"the shop is open" in copy
