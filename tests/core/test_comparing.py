"""Two runs are compared: what differs is told, what is equal is known to be, and where they first part is named."""

from __future__ import annotations

import pytest
from asked import Asked

from graftline.core.comparing import Comparison, Difference
from graftline.core.ids import RunId
from graftline.core.reusing import Reusing


@pytest.fixture
def asked() -> Asked:
    return Asked({"load": (), "fit": ("load",), "tell": ("fit",)})


def compare(asked: Asked, old: RunId, new: RunId) -> Comparison:
    return asked.workspace.inquiry.compare(old, new)


def different(rows: tuple[Difference, ...]) -> list[tuple[str, object, object]]:
    return [(each.name, each.old, each.new) for each in rows if not each.is_same]


def test_equal_runs_do_not_differ(asked: Asked) -> None:
    found = compare(asked, asked.run(), asked.run())
    assert found.is_same
    assert found.first is None


def test_the_first_step_that_made_something_else_is_named_with_its_causes(asked: Asked) -> None:
    first = asked.run()
    asked.edit("fit", "return 2")

    found = compare(asked, first, asked.run())

    assert found.first is not None
    assert (found.first.path, found.first.outputs) == ("fit", ("value",))
    assert [each.cause.name for each in found.first.causes] == ["steps.py:fit"]
    assert not found.is_same


def test_a_result_that_was_reused_is_compared_as_it_was_made(asked: Asked) -> None:
    first = asked.run()
    asked.edit("fit", "return 2")
    asked.run()
    third = asked.run()

    found = compare(asked, first, third)

    assert found.first is not None
    assert [each.cause.name for each in found.first.causes] == ["steps.py:fit"]


def test_files_are_compared_line_by_line_comments_too(asked: Asked) -> None:
    first = asked.run()
    asked.edit("tell", "return 1  # as ever")

    (file,) = compare(asked, first, asked.run()).code

    assert file.stat == (1, 1)
    assert file.hunks[0].lines[-2:] == ("-    return 1", "+    return 1  # as ever")


def test_parameters_packages_and_states_are_told(asked: Asked) -> None:
    first = asked.run(values={"C": 1})
    asked.code.packages = {"numpy": "2.1"}
    second = asked.fail("tell", values={"C": 2, "D": "x"})

    found = compare(asked, first, second)

    assert different(found.params) == [("C", 1, 2), ("D", None, "x")]
    assert different(found.environment) == [("numpy", "2.0", "2.1")]
    assert different(found.states) == [("tell", "SUCCESS", "FAILURE")]
    assert found.first is not None
    assert (found.first.path, found.first.outputs) == ("tell", ())


def test_other_results_of_equal_inputs_are_known_as_such(asked: Asked) -> None:
    first = asked.run()
    asked.noise = "other"

    second = asked.run(reusing=Reusing(is_on=False))

    found = compare(asked, first, second).first
    assert found is not None
    assert (found.path, found.causes, found.is_known) == ("load", (), True)


def test_durations_of_equal_steps_count_as_equal(asked: Asked) -> None:
    found = compare(asked, asked.run(), asked.run(reusing=Reusing(is_on=False)))
    assert [(each.name, each.is_same) for each in found.durations[1:]] == [(path, True) for path in asked.code.needs]


def test_numbers_have_a_change() -> None:
    assert Difference(name="auc", old=0.5, new=0.75, is_same=False).change == 0.25
    assert Difference(name="auc", old=None, new=0.75, is_same=False).change is None
    assert Difference(name="ok", old=False, new=True, is_same=False).change is None


def test_runs_of_different_pipelines_are_compared_where_they_can_be(asked: Asked) -> None:
    first = asked.run()
    asked.code.name = "other"
    found = compare(asked, first, asked.run())
    assert not found.is_same_pipeline
    assert found.first is None
