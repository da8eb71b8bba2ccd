"""What goes into a body and comes out of it: parameters, outputs; and what its tasks are outside of one."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import called_tasks
import pytest
from authoring import arguments_of, compiled, graph_of
from called_calls import argument, body, iris

from graftline import InvalidError, PythonTask, pipeline
from graftline.core.supply import Constant, Upstream

tasks: Any = called_tasks
"""Any: a body hands futures where the functions take values."""
add, gather, load, publish, scale, twice = tasks.add, tasks.gather, tasks.load, tasks.publish, tasks.scale, tasks.twice


class TestParameters:
    def test_they_fix_the_graph(self) -> None:
        @pipeline
        def many(count: int, extra: bool = False) -> None:
            made = [scale([each]) for each in range(count)]
            if extra:
                publish(made[-1])

        assert len(graph_of(many, typed={"count": "3"}).nodes) == 3
        assert len(graph_of(many, call={"count": 2, "extra": True}).nodes) == 3

    @pytest.mark.parametrize(
        ("layers", "value"),
        [
            ({"typed": {"C": "2"}, "call": {"C": 3}}, 2.0),
            ({"call": {"C": 3}, "environ": {"C": "4"}}, 3.0),
            ({"environ": {"C": "4"}, "file": {"C": 5}}, 4.0),
            ({"file": {"C": 5}}, 5.0),
            ({}, 1.0),
        ],
    )
    def test_they_come_in_layers_and_are_cast(self, layers: dict[str, Any], value: float) -> None:
        made = compiled(iris, **layers)

        assert argument(made.graph, "plain_fit", "C") == Constant(value, "fixed")
        assert made.params == ({"C": value} if layers else {})

    def test_what_a_call_leaves_to_the_default_can_be_named_for_its_step(self) -> None:
        made = compiled(iris, typed={"plain_fit:depth": "7"})

        assert argument(made.graph, "plain_fit", "depth") == Constant(7, "cli")
        assert made.params == {"plain_fit:depth": 7}

    def test_keywords_take_all_that_is_given(self) -> None:
        @pipeline
        def open_(**rest: int) -> None:
            gather(**rest)

        made = compiled(open_, typed={"a": "1"}, environ={"b": "2"})

        assert arguments_of(made.graph, "gather") == {"a": Constant(1, "fixed"), "b": Constant(2, "fixed")}

    def test_an_unknown_one_is_refused_with_the_nearest(self) -> None:
        @pipeline
        def sized(count: int = 1) -> None:
            scale([count])

        with pytest.raises(
            InvalidError, match=r"pipeline 'sized': it takes no parameter 'cuont'; did you mean 'count'"
        ):
            graph_of(sized, typed={"cuont": "1"})

    def test_a_missing_one_is_refused_at_the_body(self) -> None:
        @pipeline
        def strict(size: int) -> None:
            scale([size])

        with pytest.raises(InvalidError, match="pipeline 'strict': it needs the parameter 'size'") as caught:
            graph_of(strict)

        assert caught.value.line == strict.__wrapped__.__code__.co_firstlineno

    def test_one_that_does_not_cast_and_an_unknown_one_are_told_together(self) -> None:
        with pytest.raises(InvalidError, match="2 problems") as caught:
            graph_of(iris, typed={"C": "much", "x": "1"})

        assert "parameter 'C'" in str(caught.value)

    def test_an_unknown_step_of_one_is_refused(self) -> None:
        with pytest.raises(InvalidError, match="names no step; did you mean 'plain_fit'"):
            graph_of(iris, typed={"plain_fix:C": "1"})


class TestOutputs:
    def test_a_dict_names_them(self) -> None:
        def made() -> Any:
            X, _ = load()
            return {"features": X, "scaled": scale(X)}

        graph = body(made)

        assert [each.name for each in graph.operation_of("plain_load").returns] == ["features", "y"]
        assert [each.name for each in graph.operation_of("scale").returns] == ["scaled"]
        assert argument(graph, "scale", "values") == Upstream("plain_load", "features")

    @pytest.mark.parametrize("made", [lambda: scale([1]), lambda: (scale([1]), scale([2])), lambda: [scale([1])], load])
    def test_other_returns_keep_their_own_names(self, made: Callable[[], object]) -> None:
        names = [node.path for node in body(lambda: made()).nodes]

        assert names[0] in ("scale", "plain_load")

    def test_a_value_is_no_output(self) -> None:
        with pytest.raises(InvalidError, match="its body returns 5"):
            body(lambda: (scale([1]), 5)[1])

    def test_a_value_with_a_name_is_no_output(self) -> None:
        with pytest.raises(InvalidError, match="its body returns 5 as 'five'"):
            body(lambda: {"one": scale([1]), "five": 5})

    def test_a_name_that_is_no_name_is_refused(self) -> None:
        with pytest.raises(InvalidError, match="which is no name"):
            body(lambda: {"a/b": scale([1])})

    def test_one_output_has_one_name(self) -> None:
        def made() -> Any:
            one = scale([1])
            return {"a": one, "b": one}

        with pytest.raises(InvalidError, match="step 'scale': its output 'scale' cannot be returned as 'b'"):
            body(made)


class TestPlain:
    """Outside a pipeline a task is the function it is around."""

    def test_a_task_is_its_function(self) -> None:
        assert scale([1, 2]) == [2, 4]
        assert add(1, 2, scale=2) == 6

    def test_a_task_within_a_task_is_its_function_too(self) -> None:
        assert twice(4) == 8

    def test_a_pipeline_is_the_program_it_reads_as(self, capsys: pytest.CaptureFixture[str]) -> None:
        iris(C=2.0)

        assert capsys.readouterr().out == "plot [1, 2, 3] [0, 1, 0] 15.0\n"

    def test_it_looks_like_its_function(self) -> None:
        assert scale.__name__ == "scale"
        assert scale.__doc__ == "A task of one output, named after it."
        assert scale.with_(name="wide").__wrapped__ is scale.__wrapped__
        assert repr(scale) == "<task scale>"

    def test_it_pickles_by_name_or_as_a_copy(self) -> None:
        assert pickle.loads(pickle.dumps(scale)) is scale
        assert pickle.loads(pickle.dumps(load))() == ([1, 2, 3], [0, 1, 0])

    def test_a_python_task_takes_it_for_its_function(self) -> None:
        assert PythonTask(scale).function is scale.__wrapped__

    def test_a_pipeline_describes_itself(self) -> None:
        assert (iris.name, iris.description) == ("iris", "Fit and plot.")
        assert repr(iris) == "<pipeline iris>"
        assert pipeline(name="other", description="D.")(iris.__wrapped__).name == "other"

    def test_a_body_runs_anew_for_each_compile(self) -> None:
        assert graph_of(iris) == graph_of(iris)
        assert graph_of(iris, typed={"C": "2"}) != graph_of(iris)
