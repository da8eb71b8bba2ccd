"""What a body may not do: every refusal is told at the user's line."""

from __future__ import annotations

import math
import operator
import pickle
import statistics
from collections.abc import Callable
from typing import Any

import called_tasks
import numpy
import pytest
from authoring import graph_of
from called_tasks import plain_plot

from graftline import InvalidError, pipeline, task
from graftline.core.futures import CallError, Future

HERE = __file__
tasks: Any = called_tasks
"""Any: a body hands futures where the functions take values."""
any_task: Any = task
any_pipeline: Any = pipeline
add, fit, load, plot, scale, validate = tasks.add, tasks.fit, tasks.load, tasks.plot, tasks.scale, tasks.validate


def refused(function: Callable[[], object]) -> InvalidError:
    """Return the error of a body that is compiled."""
    with pytest.raises(InvalidError) as caught:
        graph_of(pipeline(function))
    return caught.value


USES: dict[str, Callable[[Any], object]] = {
    "has no truth value": bool,
    "has no length": len,
    "cannot be iterated": list,
    "is no number": int,
    "cannot be called": lambda future: future(),
    "cannot be compared": lambda future: future == 1,
    "cannot be calculated with": lambda future: 1 + future,
    "has no attribute 'shape'": lambda future: future.shape,
    "has no item 0": lambda future: future[0],
    "cannot be part of a text": lambda future: f"{future}.csv",
    "cannot be used in a `with`": lambda future: future.__enter__(),
    "cannot be changed": lambda future: operator.setitem(future, "a", 1),
    "cannot be part of a value": pickle.dumps,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_future_refuses_to_be_the_value_it_stands_for(use: Callable[[Any], object]) -> None:
    def made() -> None:
        use(scale([1]))

    error = refused(made)

    says = next(says for says, each in USES.items() if each is use)
    assert isinstance(error, TypeError)
    assert error.message == f"<future of scale> {says}: no step has made it yet"
    assert ".map()" in (error.hint or "")
    assert "when()" in (error.hint or "")
    assert error.file == HERE


@pytest.mark.parametrize(
    "use",
    [
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
        operator.matmul, operator.and_, operator.or_, operator.xor, operator.lshift, operator.lt, operator.le,
        operator.gt, operator.ge, operator.eq, operator.ne, operator.contains, divmod,
    ],
)  # fmt: skip
def test_every_operator_refuses_from_both_sides(use: Callable[[Any, Any], object]) -> None:
    assert "<future of scale>" in refused(lambda: use(scale([1]), 2)).message
    if use is not operator.contains:
        assert "<future of scale>" in refused(lambda: use(2, scale([1]))).message


@pytest.mark.parametrize(
    "use", [operator.neg, operator.pos, operator.invert, abs, round, float, complex, reversed, iter]
)
def test_every_unary_operator_refuses(use: Callable[[Any], object]) -> None:
    assert "<future of scale>" in refused(lambda: use(scale([1]))).message


def test_if_on_a_future_is_told_at_its_line() -> None:
    def made() -> None:
        model = scale([1])
        if model:
            scale(model)

    error = refused(made)

    assert (error.file, error.line) == (HERE, made.__code__.co_firstlineno + 2)
    assert str(error).startswith(f"{HERE}:{error.line}: <future of scale> has no truth value")


@pytest.mark.parametrize(
    "use",
    [math.sqrt, statistics.mean, sum, numpy.sqrt, lambda future: numpy.ones(2) * future, sorted, "-".join],
    ids=["math.sqrt", "statistics.mean", "sum", "numpy.sqrt", "numpy *", "sorted", "join"],
)
def test_a_function_that_is_no_task_is_refused_where_the_body_calls_it(use: Callable[[Any], object]) -> None:
    def made() -> None:
        model = scale([1])
        use(model)

    error = refused(made)

    assert error.file == HERE
    assert error.line is not None
    assert "future" in f"{error.message} {error.hint}"


class TestCalls:
    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (lambda: fit([1]), "step 'plain_fit' needs 'y', which the call does not give"),
            (lambda: fit(), "step 'plain_fit' needs 'X', 'y', which the call does not give"),
            (lambda: fit([1], [1], deep=2), "step 'plain_fit' takes no argument 'deep'; did you mean 'depth'?"),
            (lambda: fit(1, 2, 3, 4, 5), "step 'plain_fit' takes 4 arguments by position, not 5"),
            (lambda: fit(1, 2, X=1), "step 'plain_fit' multiple values for argument 'X'"),
            (
                lambda: scale.with_(params={"by": 1})([1], by=2),
                "step 'scale' has 'by' fixed by params=, and is given it again",
            ),
        ],
    )
    def test_wrong_arguments_are_told_at_the_call(self, call: Callable[[], object], says: str) -> None:
        error = refused(lambda: call())

        assert isinstance(error, CallError)
        assert error.message == says
        assert (error.hint or "").startswith("it takes ")
        assert (error.file, error.line) == (HERE, call.__code__.co_firstlineno)

    def test_all_that_is_wrong_with_a_call_is_told(self) -> None:
        error = refused(lambda: fit(Z=1))

        assert "2 problems" in error.message
        assert "takes no argument 'Z'" in error.message
        assert "needs 'X', 'y'" in error.message

    def test_a_value_that_does_not_cast_names_step_and_argument(self) -> None:
        assert "step 'plain_plot': params= 'model'" in refused(lambda: plot([1], [2], "much")).message

    def test_what_keeps_nothing_cannot_be_passed_on(self) -> None:
        error = refused(lambda: scale(validate(1.0)))

        assert error.message == "step 'validate' keeps nothing that could be passed on"

    def test_what_returns_nothing_cannot_be_passed_on(self) -> None:
        error = refused(lambda: scale(plot([1], [2], 3)))

        assert error.message == "step 'plain_plot' keeps nothing that could be passed on"

    def test_several_values_are_unpacked_as_many_as_there_are(self) -> None:
        def made() -> None:
            _a, _b, _c = load()

        assert "ValueError: not enough values to unpack" in refused(made).message

    def test_an_output_it_does_not_return_is_refused_with_the_nearest(self) -> None:
        error = refused(lambda: fit([1], [2])["acuracy"])

        assert "has no item 'acuracy'; did you mean 'accuracy'?" in error.message

    def test_a_future_in_a_dict_is_refused(self) -> None:
        assert "cannot be passed in a dict" in refused(lambda: scale({"a": scale([1])})).message

    def test_a_future_in_a_set_is_refused(self) -> None:
        error = refused(lambda: scale({scale([1])}))

        assert error.message.startswith("<future of scale> cannot be passed in a set")

    def test_a_future_of_another_compile_is_refused(self) -> None:
        kept: list[Any] = []

        def made() -> None:
            kept.append(scale([1]))
            scale(kept[0])

        graph_of(pipeline(made))

        assert "belongs to another pipeline, or to an earlier compile" in refused(made).message

    def test_an_arrow_takes_futures(self) -> None:
        assert ">> takes what tasks return" in refused(lambda: scale([1]) >> "b").message

    def test_what_the_body_raises_is_told_at_its_line(self) -> None:
        def made() -> None:
            scale([1])
            raise ZeroDivisionError("no way")

        error = refused(made)

        assert error.message == "ZeroDivisionError: no way"
        assert (error.file, error.line) == (HERE, made.__code__.co_firstlineno + 2)


class TestDecorators:
    @pytest.mark.parametrize(
        ("make", "says"),
        [
            (lambda: any_task(retries=-1)(plain_plot), "step 'plain_plot': retries= takes a whole number"),
            (
                lambda: any_task(retrys=2)(plain_plot),
                "step 'plain_plot': task has no option 'retrys'; did you mean 'retries'",
            ),
            (lambda: any_task(plain_plot, returns=["a", "a"]), "step 'plain_plot': returns= names 'a' twice"),
            (lambda: any_task(plain_plot, inputs={"X": "y"}), "inputs= is for steps that are listed"),
            (lambda: any_task(plain_plot, after=[3]), "after= takes what tasks return"),
            (lambda: any_task(lambda: 1), "a lambda has no name"),
            (lambda: any_task(5), "@task takes a function, not 5"),
            (lambda: any_task(Future), "@task takes a function, not <class"),
            (lambda: scale.with_(timeout=0), "step 'scale': timeout= takes a time above zero"),
            (lambda: any_pipeline(5), "@pipeline takes a function, not 5"),
            (lambda: any_pipeline(called_tasks.fetch.__wrapped__), "its body is a plain `def`"),
            (lambda: any_pipeline(add.__wrapped__), "its argument '*values"),
            (lambda: any_pipeline(order="alphabetic")(plain_plot), "order= is one of listed, data, declared"),
            (lambda: any_pipeline(name="a/b")(plain_plot), "the name 'a/b' is no name"),
        ],
    )
    def test_what_is_wrong_is_told_where_it_is_written(self, make: Callable[[], object], says: str) -> None:
        with pytest.raises(InvalidError) as caught:
            make()

        assert says in str(caught.value)
        assert caught.value.file is not None

    def test_a_body_without_a_call_makes_no_pipeline(self) -> None:
        assert "pipeline '<lambda>': its body calls no task" in refused(lambda: None).message
