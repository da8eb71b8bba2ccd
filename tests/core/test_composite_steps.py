"""Composites as users write them: what is read, and every misuse answered at construction where it was written."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest
from authoring import fit, load
from shaped import count, make, scale, step, tell, work

from graftline import Catalog, Conditional, InvalidError, Loop, Map, Parallel, Pipeline, PythonTask, Stub
from graftline.core.graph import Terminate
from graftline.core.reducers import BUILTINS, check_reducer, load_reducer

FILE = Path(__file__).name

branch: Any = Pipeline([work], name="branch")
no: Any = 3
some: Any = Stub("a", returns=["xs"])
misspelt: Any = {"retires": 2}
wrong_key: Any = {(1, 2): work, "a": work}


class Size(enum.Enum):
    SMALL = "small"


BAD: list[tuple[Any, str]] = [
    (lambda: Parallel({}), "step 'parallel': branches= is empty"),
    (lambda: Parallel([work]), "branches= takes a dict of pipelines by name"),  # type: ignore[arg-type]
    (lambda: Parallel({"a": no}), "branch 'a' takes a pipeline, a step, a function or a list of steps, not 3"),
    (lambda: Parallel({"a": []}), "branch 'a' pipeline: it has no steps"),
    (lambda: Parallel({"a/b": work}), "branches= has the name 'a/b': a name may not contain '/'"),
    (lambda: Parallel({"on_failure": work}), "has a meaning of its own in paths"),
    (lambda: Parallel({"a": work}, name="a:b"), "a name may not contain ':'"),
    (lambda: Parallel({"a": work}, **misspelt), "Parallel has no option 'retires'; did you mean 'retries'?"),
    (lambda: Parallel({"a": work}, catalog=Catalog(put="x")), "catalog= is of a task"),
    (lambda: Parallel({"a": work}, gather="wrk"), "gather= names 'wrk', which no branch returns; did you mean 'work'?"),
    (lambda: Parallel({"a": work}, gather=no), "gather= takes a name or a list of names, not 3"),
    (lambda: Parallel({"a": work}, on_failure=no), "on_failure= takes a pipeline, a step or a function, not 3"),
    (lambda: Parallel({"a": work})["wrk"], "step 'parallel': returns no 'wrk'; did you mean 'work'?"),
    (lambda: Map(no, "xs"), "branch= takes a pipeline, a step, a function"),
    (lambda: Map(work, [1, 2]), "iterate_on= takes the name of a value or step['output'], not [1, 2]"),  # type: ignore[arg-type]
    (lambda: Map(work, some), "iterate_on= takes the name of a value or step['output'], not <Stub a>"),
    (lambda: Map(work, ""), "iterate_on= takes the name of a value"),
    (lambda: Map(work, "xs", "two words"), "iterate_as= takes names of arguments, not 'two words'"),
    (lambda: Map(work, "xs", []), "iterate_as= is empty"),
    (lambda: Map(work, "xs", ["a", "a"]), "iterate_as= names one twice"),
    (lambda: Map(work, "xs", "work"), "iterate_as= 'work' is also the name of what 'work' returns inside"),
    (lambda: Map(work, "xs", reducer="summ"), "reducer= has no function 'summ'; did you mean 'sum'?"),
    (lambda: Map(work, "xs", reducer="lambda x:"), "is no lambda"),
    (lambda: Map(work, "xs", reducer=no), "reducer= takes a function or its name, not 3"),
    (lambda: Map(work, "xs", collect="a/b"), "collect= a name may not contain '/'"),
    (lambda: Conditional("kind", {}), "step 'conditional': branches= is empty"),
    (lambda: Conditional(no, {"a": work}), "parameter= takes the name of a value or step['output'], not 3"),
    (lambda: Conditional("kind", {1: work, "1": work}), "has the keys 1 and '1', which read the same"),
    (lambda: Conditional("kind", wrong_key), "a key is text, a number, a truth or None"),
    (lambda: Conditional("kind", {"choice": work}), "'choice' has a meaning of its own"),
    (lambda: Conditional("kind", {"a:b": work}), "a name may not contain ':'"),
    (lambda: Conditional("kind", {"default": work}, default=work), "a branch is called 'default' as well"),
    (lambda: Conditional("kind", {"a": work}, default=no), "default= takes a pipeline"),
    (lambda: Loop(work, 0), "step 'loop': max_iterations= takes a whole number of 1 or more, not 0"),
    (lambda: Loop(work, True), "max_iterations= takes a whole number of 1 or more, not True"),
    (lambda: Loop(work, 2, break_on="wrk"), "break_on= names 'wrk', which the branch does not return; did you mean"),
    (lambda: Loop(work, 2, index_as="1st"), "index_as= takes names of arguments, not '1st'"),
    (lambda: Loop(work, 2, index_as="work"), "index_as= 'work' is also the name of what 'work' returns"),
    (lambda: branch.with_(name="a/b"), "a name may not contain '/'"),
    (lambda: branch.with_(**misspelt), "Nested has no option 'retires'; did you mean 'retries'?"),
    (lambda: Pipeline([work]).with_(), "it needs a name to be a step"),
    (lambda: Pipeline([work])["work"], "it needs a name to be a step"),
    (lambda: branch["wrk"], "step 'branch': returns no 'wrk'; did you mean 'work'?"),
    (lambda: Stub("a", on_failure=[]), "on_failure= takes a pipeline, a step or a function"),
]


@pytest.mark.parametrize(("make", "text"), BAD, ids=[text for _, text in BAD])
def test_a_misuse_is_one_message_that_names_the_line(make: Any, text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        make()
    assert text in str(caught.value)
    assert FILE in str(caught.value)
    assert "problems:" not in str(caught.value)


def test_a_list_is_given_by_a_parameter_and_an_output_is_named() -> None:
    with pytest.raises(InvalidError) as caught:
        Map(work, [1, 2])  # type: ignore[arg-type]
    assert "give the list itself to the pipeline: Pipeline(..., params={'items': [...]})" in str(caught.value.hint)
    with pytest.raises(InvalidError) as caught:
        Map(work, some)
    assert caught.value.hint == "say which of its outputs: step['name']"


def test_all_problems_of_a_composite_are_told_at_once() -> None:
    with pytest.raises(InvalidError) as caught:
        Loop(no, 0, index_as="1st", name="again", **misspelt)
    assert str(caught.value).count("step 'again':") == 4


def test_a_branch_may_be_a_pipeline_a_step_a_function_or_a_list() -> None:
    made = Parallel({"a": Pipeline([work]), "b": Stub("s"), "c": fit, "d": [load, Stub("t")]})
    assert {word: [each.name for each in pipeline.steps] for word, pipeline in made.pipelines.items()} == {
        "a": ["work"],
        "b": ["s"],
        "c": ["fit"],
        "d": ["load", "t"],
    }


def test_names_have_a_default_by_shape() -> None:
    shapes = [Parallel({"a": work}), Map(work, "xs"), Conditional("k", {"a": work}), Loop(work, 2), branch.with_()]
    assert [each.name for each in shapes] == ["parallel", "map", "conditional", "loop", "branch"]
    assert Map(work, "xs").iterate_as == ("item",)


def test_keys_of_a_conditional_are_compared_as_text() -> None:
    made = Conditional("kind", {2: work, True: work, None: work, Size.SMALL: work, 0.5: work}, default=tell)
    assert list(made.branches) == ["2", "True", "None", "small", "0.5"]
    assert list(made.pipelines) == [*made.branches, "default"]


def test_a_pipeline_is_always_the_same_step_and_with_makes_another() -> None:
    assert branch.as_step() is branch.as_step()
    assert branch.with_() is not branch.as_step()
    assert branch.with_(name="other").pipeline is branch


def test_composites_and_pipelines_are_ordered_like_steps() -> None:
    first, second, last = Stub("first"), Parallel({"a": work}), Stub("last")
    first >> branch >> [second, last]
    assert branch.as_step().flows == [first]
    assert second.flows == last.flows == [branch.as_step()]
    [first, branch] >> last
    assert last.flows == [branch.as_step(), first, branch.as_step()]
    assert Stub("x", after=branch).after == (branch.as_step(),)


def test_a_composite_names_what_its_steps_return() -> None:
    assert Parallel({"a": work, "b": [fit, load]}).outputs == ("work", "fit", "load")
    assert Map(work, "xs", collect="trials").outputs == ("trials",)
    assert Loop(work, 2)["work"].name == "work"


def test_what_takes_over_on_failure_may_be_set_later() -> None:
    task = PythonTask(work, on_failure=tell)
    assert task.on_failure is tell
    task.on_failure = branch
    assert task.on_failure is branch


def test_a_composite_terminates_and_has_options_of_its_own() -> None:
    made = Parallel({"a": work}, terminate_with_failure=True, retries=2, resources={"gpu": 1})
    assert made.policy.terminate is Terminate.FAILURE
    assert made.settled == {"retries", "resources", "profile", "isolation", "terminate"}


@pytest.mark.parametrize("name", BUILTINS)
def test_a_builtin_reducer_is_found_by_name(name: str) -> None:
    assert load_reducer(check_reducer(name) or "").__name__ == name


def test_a_reducer_may_be_a_function_a_dotted_path_or_the_text_of_a_lambda() -> None:
    assert check_reducer(count) is count
    assert load_reducer("math.prod")([2, 3]) == 6
    text = check_reducer(" lambda *x: max(x)")
    assert text == "lambda *x: max(x)"
    assert load_reducer(text)(1, 3, 2) == 3
    assert check_reducer(None) is None


@pytest.mark.parametrize(
    ("reducer", "text"),
    [("no_such_module.f", "cannot be imported"), ("math.prood", "math has no function 'prood'; did you mean 'prod'?")],
)
def test_a_dotted_reducer_that_is_not_there_is_told_when_compiled(reducer: str, text: str) -> None:
    with pytest.raises(InvalidError, match=r"step 'm': reducer= ") as caught:
        Pipeline([make, Map(scale, "make", "x", reducer=reducer, name="m"), step("s")]).compile()
    assert text in str(caught.value)
