"""Locking a pipeline and comparing it: what stands in the lock, what of it stays, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grown_graphs import trials
from run_specs import chain
from spaces import TARGET, Space

from graftline.core.errors import InvalidError
from graftline.core.graph import Argument, Graph, Policy
from graftline.core.locks import LockPart, lock_from_text
from graftline.core.prints import Print
from graftline.core.requests import RunRequest
from graftline.core.supply import Constant

REQUEST = RunRequest(target=TARGET)
PRINT = Print(parts={"steps.py:f": "1", "steps.py:g": "2"}, packages={"python": "3.11.7"}, variables=("MODE",))


def make(graph: Graph | None = None) -> Space:
    space = Space(graph)
    space.loader.prints = {0: PRINT}
    return space


def with_constant(graph: Graph, number: int) -> Graph:
    last = graph.nodes[-1]
    changed = replace(last, arguments=(*last.arguments[:-1], Argument("c", Constant(number, "cli"))))
    return replace(graph, nodes=(*graph.nodes[:-1], changed))


def test_what_a_step_depends_on_is_locked_and_holds() -> None:
    space = make()

    locked = space.workspace.locking.lock(REQUEST)

    assert (locked.changed, locked.is_written) == (None, True)
    step = lock_from_text(space.lockfile.text or "")["demo"].steps["b"]
    assert (step.code, step.parts, step.packages) == (PRINT.digest, PRINT.parts, PRINT.packages)
    assert (step.parameters, step.inputs, step.variables) == ({"c": 1}, {"x": "a:value"}, ("MODE",))
    assert (step.key, step.outputs) == (None, {})
    assert space.workspace.locking.check(REQUEST)[1] == []
    assert not space.workspace.locking.lock(REQUEST).is_written


def test_a_changed_parameter_and_function_are_told_and_locked_anew() -> None:
    space = make()
    space.workspace.locking.lock(REQUEST)
    space.loader.graph = with_constant(space.loader.graph, 7)
    space.loader.prints = {0: replace(PRINT, parts={**PRINT.parts, "steps.py:g": "3"})}

    _, found = space.workspace.locking.check(REQUEST)

    assert [(each.part, each.name, each.new, each.steps) for each in found] == [
        (LockPart.CODE, "steps.py:g", "3", ("a", "b", "c")),
        (LockPart.PARAMETER, "c:c", "7", ("c",)),
    ]
    assert space.workspace.locking.lock(REQUEST).changed == found
    assert space.workspace.locking.check(REQUEST)[1] == []


def test_results_are_locked_with_their_keys() -> None:
    space = make()
    space.run()

    locked = space.workspace.locking.lock(REQUEST).pipeline

    assert {path: list(step.outputs) for path, step in locked.steps.items()} == {
        "a": ["value"],
        "b": ["value"],
        "c": ["value"],
    }
    assert all(step.key for step in locked.steps.values())


def test_results_of_other_code_are_not_locked() -> None:
    space = make()
    space.run()
    space.loader.prints = {0: replace(PRINT, parts={"steps.py:f": "other"})}

    assert not any(step.key for step in space.workspace.locking.lock(REQUEST).pipeline.steps.values())


def test_a_machine_without_results_keeps_those_that_others_locked() -> None:
    first, second = make(), make()
    first.run()
    before = first.workspace.locking.lock(REQUEST).pipeline
    second.lockfile.text = first.lockfile.text

    assert second.workspace.locking.lock(REQUEST).pipeline == before
    assert second.lockfile.text == first.lockfile.text

    second.loader.graph = with_constant(chain("a", "b", "c"), 9)
    after = second.workspace.locking.lock(REQUEST).pipeline
    assert [step.key for step in after.steps.values()] == [
        *[step.key for step in list(before.steps.values())[:2]],
        None,
    ]


def test_what_follows_a_changed_step_keeps_no_result() -> None:
    first, second = make(), make()
    first.run()
    first.workspace.locking.lock(REQUEST)
    second.lockfile.text = first.lockfile.text
    graph = second.loader.graph
    changed = replace(graph.nodes[0], arguments=(Argument("c", Constant(5, "cli")),))
    second.loader.graph = replace(graph, nodes=(changed, *graph.nodes[1:]))

    after = second.workspace.locking.lock(REQUEST).pipeline

    assert [step.key for step in after.steps.values()] == [None, None, None]


def test_other_pipelines_of_the_lock_stay_as_they_are() -> None:
    space = make()
    space.workspace.locking.lock(REQUEST)
    one = lock_from_text(space.lockfile.text or "")["demo"]
    space.loader.graph = replace(chain("x"), name="second")

    space.workspace.locking.lock(REQUEST)

    found = lock_from_text(space.lockfile.text or "")
    assert list(found) == ["demo", "second"]
    assert found["demo"] == one


def test_what_a_map_repeats_is_locked_before_it_has_grown() -> None:
    space = make(trials())
    operations = space.loader.graph.operations
    space.loader.prints = dict.fromkeys(range(len(operations)), PRINT)

    steps = space.workspace.locking.lock(REQUEST).pipeline.steps

    inside = {path: step for path, step in steps.items() if "[]" in path}
    assert inside
    assert any("item of trials/[]" in text for step in inside.values() for text in step.inputs.values())
    assert any("trials/[]" in text for text in steps["trials"].inputs.values())


def test_a_step_whose_code_cannot_be_known_is_said_to_be_not_locked() -> None:
    space = make()
    space.loader.prints = {0: replace(PRINT, unknown="it calls exec (steps.py:3)")}
    assert {step.unknown for step in space.workspace.locking.lock(REQUEST).pipeline.steps.values()} == {
        "it calls exec (steps.py:3)"
    }
    space.loader.prints = {}
    assert {step.unknown for step in space.workspace.locking.lock(REQUEST).pipeline.steps.values()} == {
        "there is no fingerprint of its code"
    }


def test_declared_files_are_locked_by_content() -> None:
    graph = chain("a")
    reading = replace(graph.operations[0], policy=Policy(reads=("data.csv", "gone.csv")))
    space = make(replace(graph, operations=(reading,)))
    space.files.write("/project/data.csv", b"1")

    locked = space.workspace.locking.lock(REQUEST).pipeline.steps["a"].reads
    space.files.write("/project/data.csv", b"2")
    _, found = space.workspace.locking.check(REQUEST)

    assert locked.keys() == {"data.csv", "gone.csv"}
    assert locked["gone.csv"] is None
    assert [(each.part, each.name) for each in found] == [(LockPart.FILE, "data.csv")]


def test_without_a_lock_or_the_pipeline_in_it_there_is_nothing_to_compare() -> None:
    space = make()
    with pytest.raises(InvalidError, match=r"there is no graftline.lock"):
        space.workspace.locking.check(REQUEST)

    space.workspace.locking.lock(REQUEST)
    space.loader.graph = replace(space.loader.graph, name="demos")
    with pytest.raises(InvalidError, match=r"has no pipeline 'demos'; did you mean 'demo'\?"):
        space.workspace.locking.check(REQUEST)


def test_a_damaged_lock_is_not_written_over() -> None:
    space = make()
    space.lockfile.text = "<<<<<<< HEAD\n"

    with pytest.raises(InvalidError, match="merge conflict"):
        space.workspace.locking.lock(REQUEST)

    assert space.lockfile.text == "<<<<<<< HEAD\n"
