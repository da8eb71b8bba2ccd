"""What is wrong with composites and shows when they are compiled: one message that names the step by its path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from authoring import compiled, graph_of
from shaped import chosen, count, mapped, scale, step, tell, work

from graftline import Catalog, Conditional, InvalidError, Loop, Map, Parallel, Pipeline, PythonTask, Stub

FILE = Path(__file__).name


def _itself() -> Pipeline:
    task = Stub("a")
    pipeline = Pipeline([task], name="p")
    task.on_failure = pipeline
    return pipeline


def _crossed() -> Pipeline:
    first = Parallel({"a": Stub("x", after="second")}, name="first")
    return Pipeline([first, Parallel({"b": Stub("y", after="first")}, name="second")], order="data")


def _own_output() -> Pipeline:
    inner = step("x", returns=["v"])
    par = Parallel({"a": inner}, name="par")
    return Pipeline([Parallel({"a": [PythonTask(scale, inputs={"x": par["v"]})]}, name="other"), par], order="data")


def _twice_wired() -> Pipeline:
    shared = step("shared", returns=["v"])
    first = step("first")
    first >> shared
    return Pipeline([Parallel({"a": [first, shared], "b": [first, shared]}, name="par", gather="v")])


def _late_branch() -> Pipeline:
    return Pipeline([Parallel({"a": PythonTask(work, inputs={"x": "y"}), "b": Stub("s", returns=["y"])}, name="par")])


def _in_itself() -> Pipeline:
    inner = Stub("x")
    par = Parallel({"a": [inner]}, name="par")
    par >> inner
    return Pipeline([par])


def _parameters(*steps: Any, **params: Any) -> Pipeline:
    return Pipeline(list(steps), params=params)


BAD: list[tuple[str, Callable[[], Pipeline], dict[str, Any], str]] = [
    (
        "one name of two branches",
        lambda: Pipeline([Parallel({"a": step("x", returns=["v"]), "b": step("y", returns=["v"])}, name="par")]),
        {},
        "step 'par': the branches 'a' and 'b' both return 'v'",
    ),
    (
        "missing inside",
        lambda: Pipeline([step("make", returns=["xx"]), Parallel({"a": Pipeline([work])}, name="par")]),
        {},
        "step 'par/a/work': needs 'x', which no earlier step returns and no parameter gives; did you mean 'xx'?",
    ),
    (
        "listed later around",
        lambda: Pipeline([Parallel({"a": work}, name="par"), step("late", returns=["x"])]),
        {},
        "step 'par/a/work': needs 'x', which 'late' returns, but that is listed later",
    ),
    (
        "of another branch",
        _late_branch,
        {},
        "step 'par/a/work': inputs= binds 'x' to 'y', which no earlier step returns and no parameter gives",
    ),
    (
        "no list",
        lambda: Pipeline([step("make", returns=["xss"]), Map(work, "xs", "x", name="m")]),
        {},
        "step 'm': iterate_on= names 'xs', which no earlier step returns and no parameter gives; did you mean 'xss'?",
    ),
    (
        "no parameter",
        lambda: Pipeline([Conditional("kind", {"a": Stub("s")}, name="c")]),
        {},
        "step 'c': parameter= names 'kind', which no earlier step returns and no parameter gives",
    ),
    (
        "break_on of a function that returns nothing",
        lambda: _parameters(Loop(tell, 2, break_on="tell", name="l"), score=1),
        {},
        "step 'l': break_on= names 'tell', which nothing inside returns",
    ),
    (
        "no first value",
        lambda: Pipeline([Loop(PythonTask(count, returns=["n"]), 2, name="l")]),
        {},
        "step 'l/count': needs 'n' in the first iteration of 'l' too, where no earlier step returns it",
    ),
    (
        "inputs of nothing inside",
        lambda: _parameters(Parallel({"a": work}, name="par", inputs={"xy": "x"}), x=1),
        {},
        "step 'par': inputs= names 'xy', which nothing inside takes; did you mean 'x'?",
    ),
    (
        "params of nothing inside",
        lambda: _parameters(Pipeline([scale], name="in").with_(params={"c": 1}), x=1),
        {},
        "step 'in': params= names 'c', which nothing inside takes",
    ),
    (
        "inputs name nothing",
        lambda: Pipeline([Parallel({"a": work}, name="par", inputs={"x": "nothing"})]),
        {},
        "step 'par': inputs= binds 'x' to 'nothing', which no earlier step returns and no parameter gives",
    ),
    (
        "params do not cast inside",
        lambda: _parameters(Parallel({"a": PythonTask(scale)}, name="par", params={"C": "much"}), x=1),
        {},
        "step 'par': params= 'C': expected a number",
    ),
    ("contains itself", _itself, {}, "step 'a': the pipeline 'p' contains itself"),
    ("a cycle", _crossed, {}, "step 'first': waits for itself: first -> second -> first"),
    ("wired in two pipelines", _twice_wired, {}, "'par/b/shared': is ordered by >> and listed in two pipelines"),
    ("after what it is in", _in_itself, {}, "step 'par/a/x': comes after 'par', which it is in"),
    (
        "after a step inside another",
        lambda: Pipeline([Parallel({"a": Stub("x")}, name="par"), Stub("y", after="x")]),
        {},
        "step 'y': comes after 'x', which is no step of this pipeline",
    ),
    (
        "one name twice in a branch",
        lambda: Pipeline([Parallel({"a": [Stub("x"), Stub("x")]}, name="par")]),
        {},
        "step 'par/a/x': another step has this name already",
    ),
    (
        "two composites of one default name",
        lambda: Pipeline([Parallel({"a": Stub("x")}), Parallel({"b": Stub("y")})]),
        {},
        "step 'parallel': another step has this name already",
    ),
    (
        "a name with a meaning of its own",
        lambda: Pipeline([Pipeline([Stub("on_failure")], name="in")]),
        {},
        "step 'in/on_failure': its name has a meaning of its own in paths",
    ),
    (
        "no file inside",
        lambda: Pipeline([Map(Stub("x", catalog=Catalog(get="a.bin")), "xs", name="m")], params={"xs": []}),
        {},
        "step 'm/x': gets the file 'a.bin', which no earlier step puts",
    ),
    (
        "what takes over is no step",
        lambda: Pipeline([_recovered_by(3)]),
        {},
        "step 'x': on_failure= takes a pipeline, a step, a function or a list of steps, not 3",
    ),
    ("unknown -p", mapped, {"typed": {"c": "1"}}, "no step takes the parameter 'c'"),
    ("unknown step of -p", mapped, {"typed": {"trial/scale:C": "1"}}, "names no step; did you mean 'trials/scale'?"),
    ("unknown name of -p", mapped, {"typed": {"trials/scale:c": "1"}}, "step 'trials/scale' does not take 'c'"),
    ("not cast inside", mapped, {"typed": {"C": "abc"}}, "step 'trials/scale': parameter 'C': expected a number"),
]


def _recovered_by(what: Any) -> Stub:
    task = Stub("x")
    task.on_failure = what
    return task


@pytest.mark.parametrize(("make", "given", "text"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_wrong_composite_is_exactly_one_message(
    make: Callable[[], Pipeline], given: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        graph_of(make(), **given)
    assert text in str(caught.value)
    assert "problems:" not in str(caught.value)


def test_problems_of_all_levels_are_told_together() -> None:
    inner = Parallel({"a": work, "b": Map(scale, "nothing", "y", name="m")}, name="par")
    with pytest.raises(InvalidError) as caught:
        graph_of(Pipeline([inner, tell]))
    assert [problem.message.partition(":")[0] for problem in caught.value.problems] == [
        "step 'par/a/work'",
        "step 'par/b/m'",
        "step 'par/b/m/scale'",
        "step 'tell'",
    ]
    assert all(problem.file and problem.line for problem in caught.value.problems)


def test_a_parameter_hidden_inside_and_one_nobody_takes_are_warned_about() -> None:
    inner = Pipeline([step("x", returns=["C"]), PythonTask(scale, returns=["y"])], name="in", params={"cc": 1})
    made = compiled(Pipeline([inner], params={"x": 1}), typed={"C": "3"})
    assert made.warnings == (
        "the parameter 'C' has no effect: step 'in/scale' takes 'C' from what step 'in/x' returns",
        "the pipeline's parameter 'cc' is taken by no step",
    )


def test_a_choice_that_all_branches_answer_gives_no_warning() -> None:
    made = compiled(Pipeline([*chosen().steps, PythonTask(work, inputs={"x": "m"}, returns=["w"])]))
    assert made.warnings == ()


def test_an_output_of_a_composite_is_bound_even_when_it_is_listed_later() -> None:
    graph = graph_of(_own_output())
    assert [node.path for node in graph.nodes] == ["par/a/x", "par", "other/a/scale", "other"]
