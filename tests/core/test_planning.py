"""A plan says what a run would do, and starts and writes nothing."""

from __future__ import annotations

import pytest
from asked import Asked, only
from reusing_spaces import PretendedRunner

from graftline.core.errors import InvalidError
from graftline.core.graph import Policy
from graftline.core.plans import Fate, Hinge
from graftline.core.reusing import Reusing


@pytest.fixture
def asked() -> Asked:
    return Asked({"load": (), "fit": ("load",), "tell": ("fit",), "aside": ()})


def test_without_a_run_everything_runs(asked: Asked) -> None:
    assert asked.fates() == dict.fromkeys(("load", "fit", "tell", "aside"), "run NEVER")


def test_after_a_run_there_is_nothing_to_do(asked: Asked) -> None:
    first = asked.run()
    plan = asked.plan()
    assert {each.fate for each in plan.steps} == {Fate.REUSE}
    assert not plan.has_work
    assert {each.reused.run for each in plan.steps if each.reused} == {first}


def test_what_follows_a_step_that_runs_may_run(asked: Asked) -> None:
    asked.run()
    asked.edit("load", "return 2")

    plan = {each.path: each for each in asked.plan().steps}

    assert (plan["load"].fate, plan["load"].causes[0].cause.name) == (Fate.RUN, "steps.py:load")
    assert (plan["fit"].fate, plan["fit"].after, plan["fit"].hinge) == (Fate.MAY_RUN, ("load",), Hinge.DATA)
    assert (plan["tell"].fate, plan["tell"].after) == (Fate.MAY_RUN, ("fit",))
    assert plan["aside"].fate is Fate.REUSE


def test_a_step_with_a_cause_of_its_own_runs_whatever_is_made_before_it(asked: Asked) -> None:
    asked.run()
    asked.edit("load", "return 2")
    asked.edit("tell", "return 2")

    plan = {each.path: each for each in asked.plan().steps}

    assert asked.fates() == {"load": "run CHANGED", "fit": "may run", "tell": "run CHANGED", "aside": "reuse"}
    assert [each.cause.name for each in plan["tell"].causes] == ["steps.py:tell"]


def test_what_a_plan_says_is_what_a_run_does(asked: Asked) -> None:
    asked.run()
    asked.ran()
    asked.edit("fit", "return 2")
    planned = asked.fates()

    asked.run()

    assert planned == {"load": "reuse", "fit": "run CHANGED", "tell": "may run", "aside": "reuse"}
    assert asked.ran() == ["fit", "tell"]


def test_nothing_is_written_and_nothing_runs(asked: Asked) -> None:
    asked.plan()
    assert (asked.store.records, asked.ran()) == ({}, [])


def test_a_source_runs_and_what_takes_it_may(asked: Asked) -> None:
    asked.code.sources["load"] = "pandas.read_csv"
    asked.run()
    assert asked.fates() == {"load": "run SOURCE", "fit": "may run", "tell": "may run", "aside": "reuse"}


def test_what_is_forced_runs(asked: Asked) -> None:
    asked.run()
    assert asked.fates(reusing=Reusing(forced=("fit",)))["fit"] == "run FORCED"
    assert set(asked.fates(reusing=Reusing(is_on=False)).values()) == {"run FORCED"}


def test_a_selection_leaves_the_rest_out(asked: Asked) -> None:
    asked.run()
    asked.edit("fit", "return 2")
    assert asked.fates(selection=only("fit")) == {
        "load": "left out",
        "fit": "run CHANGED",
        "tell": "left out",
        "aside": "left out",
    }


def test_a_step_without_a_result_behind_one_that_runs_runs_too(asked: Asked) -> None:
    asked.run()
    asked.edit("load", "return 2")
    asked.code.needs["new"] = ("load",)
    asked.code.code["new"] = "def new():\n    return 1\n"
    asked.code.constants["new"] = {}
    assert asked.fates()["new"] == "run NEVER"


def test_an_input_that_was_only_supposed_is_no_cause(asked: Asked) -> None:
    asked.run()
    asked.edit("load", "return 2")
    asked.fail("fit")
    asked.edit("load", "return 3")
    assert asked.fates() == {"load": "run CHANGED", "fit": "may run", "tell": "may run", "aside": "reuse"}


def test_a_runner_that_only_pretends_reuses_nothing(asked: Asked) -> None:
    asked.run()
    asked.kind = PretendedRunner
    assert set(asked.fates().values()) == {"run FORCED"}


def test_durations_of_the_last_run_give_an_estimate(asked: Asked) -> None:
    assert asked.plan().estimate_s is None
    asked.run()
    asked.edit("load", "return 2")
    plan = asked.plan()
    assert plan.estimate_s is not None
    assert plan.longest_s is not None
    assert plan.longest_s >= plan.estimate_s


def test_what_is_wrong_is_found_as_for_a_run(asked: Asked) -> None:
    asked.code.policies["fit"] = Policy(labels=("gpu",))
    with pytest.raises(InvalidError, match="label 'gpu'"):
        asked.plan()
