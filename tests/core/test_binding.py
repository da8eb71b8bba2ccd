"""Binding by name: which value an argument gets, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from authoring import Estimator, arguments_of, at, clean, compiled, everything, fit, graph_of, load, pair, publish

from graftline import InvalidError, Pipeline, PythonTask, ScriptTask, ShellTask, Stub, metric
from graftline.core.given import Given
from graftline.core.supply import Blob, Constant, Gather, Upstream
from graftline.worker.workshop import compile_in

FRAME = Stub("make", returns=["df"])

LAYERS: dict[str, Any] = {
    "typed": {"fit:C": "2", "C": "3"},
    "environ": {"C": "4"},
    "file": {"C": 5.0},
}


@pytest.mark.parametrize(
    ("given", "value", "origin"),
    [
        (["typed", "environ", "file"], 2.0, "cli"),
        (["environ", "file"], 4.0, "env"),
        (["file"], 5.0, "file"),
        ([], 6.0, "pipeline"),
    ],
)
def test_the_stronger_layer_wins(given: list[str], value: float, origin: str) -> None:
    pipeline = Pipeline([FRAME, PythonTask(fit, returns=["m"])], params={"C": 6.0})
    graph = graph_of(pipeline, **{layer: LAYERS[layer] for layer in given})
    assert arguments_of(graph, "fit")["C"] == Constant(value, origin)


def test_a_parameter_for_one_step_is_stronger_than_for_all() -> None:
    steps: list[Any] = [FRAME, PythonTask(fit, returns=["a"]), PythonTask(fit, name="other", returns=["b"])]
    graph = graph_of(Pipeline(steps), typed=LAYERS["typed"])
    assert arguments_of(graph, "fit")["C"] == Constant(2.0, "cli")
    assert arguments_of(graph, "other")["C"] == Constant(3.0, "cli")


def test_a_step_s_own_params_hide_upstream_and_the_command_line() -> None:
    steps: list[Any] = [Stub("make", returns=["df", "C"]), PythonTask(fit, params={"C": 9.0}, returns=["m"])]
    result = compiled(Pipeline(steps), typed={"C": "1"})
    assert arguments_of(result.graph, "fit")["C"] == Constant(9.0, "fixed")
    assert result.warnings == ("the parameter 'C' has no effect: step 'fit' takes 'C' from its own params=",)


def test_inputs_are_stronger_than_params() -> None:
    steps: list[Any] = [Stub("make", returns=["df", "best"]), PythonTask(fit, inputs={"C": "best"}, params={"C": 1.0})]
    assert arguments_of(graph_of(Pipeline(steps)), "fit")["C"] == Upstream("make", "best")


def test_the_nearest_earlier_step_that_returns_the_name_is_taken() -> None:
    steps: list[Any] = [
        FRAME,
        PythonTask(clean, returns=["df"]),
        PythonTask(clean, name="again", returns=["df"]),
        publish,
    ]
    graph = graph_of(Pipeline(steps), typed={"model": "1"})
    assert arguments_of(graph, "clean")["df"] == Upstream("make", "df")
    assert arguments_of(graph, "again")["df"] == Upstream("clean", "df")


def test_a_default_leaves_the_argument_out() -> None:
    graph = graph_of(Pipeline([FRAME, PythonTask(fit, returns=["m"])]))
    assert set(arguments_of(graph, "fit")) == {"df"}


def test_a_metric_can_be_taken_like_any_value() -> None:
    steps: list[Any] = [PythonTask(load, returns=[metric("model")]), publish]
    assert arguments_of(graph_of(Pipeline(steps)), "publish")["model"] == Upstream("load", "model")


def test_several_inputs_are_gathered_in_order() -> None:
    one, other = Stub("a", returns=["x"]), Stub("b", returns=["y"])
    steps: list[Any] = [one, other, PythonTask(clean, inputs={"df": ["y", one["x"], "z"]}, returns=["df"])]
    graph = graph_of(Pipeline(steps, params={"z": 3}))
    wanted = Gather((Upstream("b", "y"), Upstream("a", "x"), Constant(3, "pipeline")))
    assert arguments_of(graph, "clean")["df"] == wanted
    assert graph.node("clean").needs == ("a", "b")


def test_an_input_names_one_step_s_output_past_a_nearer_one() -> None:
    first = Stub("first", returns=["df"])
    steps: list[Any] = [
        first,
        Stub("second", returns=["df"]),
        PythonTask(clean, inputs={"df": first["df"]}, returns=["out"]),
    ]
    assert arguments_of(graph_of(Pipeline(steps)), "clean")["df"] == Upstream("first", "df")


def test_an_arrow_binds_the_one_unbound_argument_to_the_one_output() -> None:
    one, two = Stub("one", returns=["frame", metric("rows")]), PythonTask(clean, returns=["out"])
    one >> two
    assert arguments_of(graph_of(Pipeline([one, two])), "clean")["df"] == Upstream("one", "frame")


def test_an_arrow_from_two_outputs_does_not_guess() -> None:
    one, two = Stub("one", returns=["frame", "rows"]), PythonTask(clean, returns=["out"])
    one >> two
    with pytest.raises(InvalidError, match="step 'clean': needs 'df'"):
        graph_of(Pipeline([one, two]))


def test_the_rest_of_the_parameters_goes_to_kwargs() -> None:
    steps: list[Any] = [PythonTask(everything, params={"own": 1}, returns=["all"])]
    graph = graph_of(Pipeline(steps, params={"a": 1}), typed={"b": "2", "everything:c": "x"})
    assert arguments_of(graph, "everything") == {
        "own": Constant(1, "fixed"),
        "b": Constant(2, "cli"),
        "c": Constant("x", "cli"),
        "a": Constant(1, "pipeline"),
    }


def test_typed_text_without_annotation_is_json_if_it_parses() -> None:
    graph = graph_of(Pipeline([publish, PythonTask(clean)]), typed={"model": "[1, 2]", "df": "tail.csv"})
    assert arguments_of(graph, "publish")["model"] == Constant([1, 2], "cli")
    assert arguments_of(graph, "clean")["df"] == Constant("tail.csv", "cli")


def test_text_given_in_code_stays_text() -> None:
    graph = graph_of(Pipeline([PythonTask(publish, params={"model": "12"})]))
    assert arguments_of(graph, "publish")["model"] == Constant("12", "fixed")


def test_what_json_cannot_hold_stays_as_typed_when_the_worker_casts_it_the_same() -> None:
    steps: list[Any] = [PythonTask(at, returns=["a"]), PythonTask(pair, returns=["b"])]
    result = compiled(Pipeline(steps), typed={"path": "data/x.csv", "bounds": "1,2"})
    assert arguments_of(result.graph, "at")["path"] == Constant("data/x.csv", "cli")
    assert arguments_of(result.graph, "pair")["bounds"] == Constant([1, 2], "cli")
    assert result.params == {"path": "data/x.csv", "bounds": [1, 2]}
    assert not result.blobs


@pytest.mark.parametrize("value", [Estimator(2.0), float("inf"), {1: "a"}, (1, 2), Path("x")])
def test_a_value_json_cannot_hold_is_pickled(value: object) -> None:
    result = compiled(Pipeline([PythonTask(publish, params={"model": value})]))
    source = arguments_of(result.graph, "publish")["model"]
    assert isinstance(source, Blob)
    assert source.sha256 in result.blobs


def test_a_shell_command_takes_what_is_provided_and_leaves_the_rest_to_the_environment() -> None:
    steps: list[Any] = [
        Stub("make", returns=["df"]),
        ShellTask('head -n "$N" ${df} > $HOME/x; echo \\$model', name="cut"),
    ]
    graph = graph_of(Pipeline(steps, params={"N": 3, "model": 1}))
    assert arguments_of(graph, "cut") == {"N": Constant(3, "pipeline"), "df": Upstream("make", "df")}


def test_a_shell_command_needs_what_it_says_it_takes() -> None:
    with pytest.raises(InvalidError, match="step 'cut': needs 'N'"):
        graph_of(Pipeline([ShellTask("head -n $N", name="cut", takes=["N"])]))


def test_a_script_takes_its_placeholders(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print(1)\n")
    pipeline = Pipeline([ScriptTask("train.py", args=["--C", "{C}", "--out={out}.bin", 3])])
    given = Given(typed={"C": "0.5", "out": "m"})
    graph = compile_in(str(tmp_path), pipeline, given, name="demo").graph
    assert arguments_of(graph, "train") == {"C": Constant(0.5, "cli"), "out": Constant("m", "cli")}
    assert graph.operations[0].call.args == ("--C", "{C}", "--out={out}.bin", "3")


def test_a_bare_function_keeps_what_it_returns_under_its_name() -> None:
    graph = graph_of(Pipeline([load, PythonTask(clean, inputs={"df": "load"})]))
    assert [each.name for each in graph.operation_of("load").returns] == ["load"]
    assert graph.operation_of("clean").returns == ()


def test_a_bare_function_that_returns_nothing_has_no_output() -> None:
    graph = graph_of(Pipeline([publish]), typed={"model": "1"})
    assert graph.operation_of("publish").is_effect


def test_a_value_that_is_not_kept_is_warned_about() -> None:
    assert compiled(Pipeline([PythonTask(load)])).warnings == (
        "step 'load': its function returns a value that is not kept; name it in returns=[...]",
    )


def test_a_pipeline_parameter_that_nobody_takes_is_warned_about() -> None:
    assert compiled(Pipeline([load], params={"Cc": 1})).warnings == (
        "the pipeline's parameter 'Cc' is taken by no step",
    )
