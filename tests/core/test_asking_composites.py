"""What is told of composites: what grows, what is chosen, and items that had other numbers in the run before."""

from __future__ import annotations

from typing import Any

import grown_graphs
import pytest
from reusing_spaces import ReusingSpace
from spaces import TARGET

from graftline.core.plans import Fate, Hinge, Plan
from graftline.core.requests import RunRequest
from graftline.core.reusing import Reusing, Verdict
from graftline.core.whys import RunWhy, StepWhy


def plan(space: ReusingSpace, **request: Any) -> Plan:
    return space.workspace.inquiry.plan(RunRequest(target=TARGET, **request))


def fates(found: Plan) -> dict[str, str]:
    return {each.path: each.fate.value for each in found.steps}


@pytest.fixture
def trials() -> ReusingSpace:
    space = ReusingSpace(grown_graphs.trials())
    space.items["trials/items"] = ["a", "b", "c"]
    return space


def test_items_that_are_not_known_yet_are_said_to_be_known_when_it_runs(trials: ReusingSpace) -> None:
    found = plan(trials)
    assert found.unknown == {"trials": "items"}
    assert fates(found)["load"] == "run"


def test_items_of_a_map_that_has_run_are_planned_one_by_one(trials: ReusingSpace) -> None:
    trials.again()
    found = plan(trials)
    assert (found.unknown, found.has_work) == ({}, False)
    assert fates(found) == dict.fromkeys(["load", "trials/0/fit", "trials/1/fit", "trials/2/fit", "report"], "reuse")


def test_what_runs_inside_a_map_is_told_item_by_item_and_what_follows_may_run(trials: ReusingSpace) -> None:
    trials.again()
    found = fates(plan(trials, reusing=Reusing(forced=("trials/*/fit",))))
    assert [found[f"trials/{at}/fit"] for at in range(3)] == ["run"] * 3
    assert found["report"] == "may run"


def test_an_item_that_had_another_number_is_traced_to_the_run_that_made_it(trials: ReusingSpace) -> None:
    first, _ = trials.again()
    trials.items["trials/items"] = ["new", "a", "b", "c"]
    second, _ = trials.again(forced=("trials/items",))

    why = trials.workspace.inquiry.why(second, "trials/1/fit")

    assert isinstance(why, StepWhy)
    assert why.reused is not None
    assert (why.reused.run, why.reused.node) == (first, "trials/0/fit")


def test_of_a_map_the_reasons_of_its_items_are_told_together(trials: ReusingSpace) -> None:
    run, _ = trials.again()

    why = trials.workspace.inquiry.why(run, "trials")

    assert isinstance(why, RunWhy)
    assert [(group.paths, group.why.verdict) for group in why.groups] == [
        (("trials/0/fit", "trials/1/fit", "trials/2/fit"), Verdict.NEVER)
    ]


def test_a_branch_behind_a_choice_that_must_be_made_may_run() -> None:
    space = ReusingSpace(grown_graphs.choice())
    choice = next(path for path in space.loader.graph.index if path.endswith("choice"))
    guarded = [node for node in space.loader.graph.nodes if node.guard is not None and node.guard.node == choice]
    assert guarded[0].guard is not None
    space.words[choice] = guarded[0].guard.word

    hinges = {each.path: each.hinge for each in plan(space).steps}
    space.again()
    after = plan(space)

    assert {hinges[node.path] for node in guarded if node.path in hinges} == {Hinge.BRANCH}
    assert {each.fate for each in after.steps} == {Fate.REUSE, Fate.SKIP}


def test_further_iterations_of_a_loop_are_known_when_they_run() -> None:
    space = ReusingSpace(grown_graphs.loop())
    assert plan(space).unknown == {"loop": "iterations"}
    space.again()
    assert plan(space).unknown == {}


def test_what_is_held_is_told(trials: ReusingSpace) -> None:
    trials.again()
    found = plan(trials, reusing=Reusing(holds_effects=True))
    assert not found.has_work
