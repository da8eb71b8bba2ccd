"""Mock runs of maps, branches and loops: they are not work, so they do what mocks let them."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from authoring import clean, fit, load, publish

from graftline import Conditional, InvalidError, Loop, Map, Pipeline, PythonTask
from graftline.core.results import RunResult
from graftline.testing import VirtualStore


@pytest.fixture(autouse=True)
def _store(graft_store: VirtualStore) -> None:
    """Keep runs out of the store of other tests."""


def mocked(pipeline: Pipeline, patches: dict[str, object] | None = None) -> RunResult:
    result: RunResult = pipeline.execute(runner="mock", patches=patches or {})
    return result


def states(run: RunResult) -> dict[str, str]:
    return {step.path: str(step.state) for step in run.steps}


def trials(reducer: Any = None) -> Pipeline:
    inner = PythonTask(fit, returns=["model"], inputs={"df": "item"})
    return Pipeline([PythonTask(load, returns=["rows"]), Map(inner, "rows", reducer=reducer, name="trials")], "t")


def choice(default: Any = None) -> Pipeline:
    branches: dict[Any, Any] = {"few": PythonTask(clean, "few", ["df"]), "many": PythonTask(publish, "many")}
    return Pipeline(
        [
            PythonTask(load, returns=["df"]),
            PythonTask(load, "kind", ["kind"]),
            Conditional("kind", branches, default, name="pick", params={"model": 1}),
        ],
        "c",
    )


class TestMap:
    def test_over_nothing_known_it_has_no_items(self) -> None:
        run = mocked(trials())

        assert states(run) == {"load": "SUCCESS", "trials/items": "SUCCESS", "trials": "SUCCESS"}
        assert run.value("model") == []

    def test_over_a_patched_list_every_item_is_mocked(self) -> None:
        run = mocked(trials(), {"load": ["a", "b"]})

        assert [path for path in states(run) if path.endswith("fit")] == ["trials/0/fit", "trials/1/fit"]
        assert run.value("trials:model") == [None, None]

    def test_a_patch_by_name_stands_in_for_every_item_and_one_by_path_for_its_own(self) -> None:
        fake = Mock(side_effect=lambda df: df.upper())

        run = mocked(trials(), {"load": ["a", "b"], "fit": fake, "trials/1/fit": "own"})

        assert run.value("trials:model") == ["A", "own"]
        fake.assert_called_once_with(df="a")

    def test_the_list_itself_may_be_patched(self) -> None:
        assert mocked(trials(), {"trials/items": [1, 2, 3], "fit": 7}).value("trials:model") == [7, 7, 7]

    def test_a_reducer_is_no_more_executed_than_a_step(self) -> None:
        assert mocked(trials(reducer="sum"), {"load": [1, 2]}).value("trials:model") is None

    def test_the_end_may_be_patched(self) -> None:
        run = mocked(trials(reducer="sum"), {"load": [1, 2], "fit": 5, "trials": lambda model: len(model)})

        assert run.value("trials:model") == 2


class TestChoice:
    def test_nothing_known_takes_the_default_or_the_first_branch(self) -> None:
        default = PythonTask(load, "neither", ["df"])

        assert states(mocked(choice()))["pick/few/few"] == "SUCCESS"
        assert states(mocked(choice(default)))["pick/default/neither"] == "SUCCESS"

    def test_what_a_patched_step_says_is_taken(self) -> None:
        found = states(mocked(choice(), {"kind": "many"}))

        assert (found["pick/many/many"], found["pick/few/few"]) == ("SUCCESS", "SKIPPED")

    def test_the_choice_itself_may_be_patched(self) -> None:
        assert states(mocked(choice(), {"pick/choice": lambda: "many"}))["pick/many/many"] == "SUCCESS"

    def test_a_word_that_fits_no_branch_fails_as_ever(self) -> None:
        run = choice().execute(runner="mock", patches={"kind": "other"}, check=False)

        assert states(run)["pick/choice"] == "FAILURE"


class TestLoop:
    def turns(self, patches: dict[str, object]) -> int:
        inner = PythonTask(clean, "refine", ["done"], inputs={"df": "n"})
        run = mocked(Pipeline([Loop(inner, 5, "done", index_as="n", name="turns")], "l"), patches)
        return sum(path.endswith("refine") for path in states(run))

    def test_it_ends_after_one_turn_where_nobody_says_that_it_is_over(self) -> None:
        assert self.turns({}) == 1

    def test_it_goes_on_as_a_patch_says(self) -> None:
        assert self.turns({"refine": lambda df: df == 2}) == 3
        assert self.turns({"refine": False}) == 5


def test_a_patch_for_no_step_inside_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidError, match="patches= names 'fitt', which is no step; did you mean 'fit'"):
        mocked(trials(), {"fitt": 1})
