"""Compile: pipeline in, graph out; a wrong pipeline is answered with all that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from authoring import clean, compiled, everything, fit, graph_of, load, needs_of, publish

from graftline import Catalog, InvalidError, Pipeline, PythonTask, ScriptTask, ShellTask, Stub, pickled
from graftline.core.graph import CallKind, Operation, Policy


def _cycle() -> Pipeline:
    a, b, c = Stub("a", returns=["x"]), Stub("b", returns=["y"]), Stub("c", returns=["z"])
    a >> b >> c >> a
    return Pipeline([a, b, c])


def _foreign() -> Pipeline:
    return Pipeline([PythonTask(clean, inputs={"df": Stub("other", returns=["df"])["df"]})])


def _unpicklable() -> Pipeline:
    stream = (each for each in "abc")

    def letter() -> str:
        return next(stream)

    return Pipeline([letter])


BAD: list[tuple[str, Callable[[], Pipeline], dict[str, Any], str]] = [
    ("duplicate", lambda: Pipeline([load, load]), {}, "step 'load': another step has this name already"),
    ("cycle", _cycle, {}, "waits for itself: a -> b -> c -> a"),
    ("missing", lambda: Pipeline([publish]), {}, "step 'publish': needs 'model', which no earlier step returns"),
    (
        "nearly",
        lambda: Pipeline([Stub("fit", returns=["models"]), publish]),
        {},
        "no parameter gives; did you mean 'models'?",
    ),
    (
        "too late",
        lambda: Pipeline([publish, Stub("fit", returns=["model"])]),
        {},
        "step 'publish': needs 'model', which 'fit' returns, but that is listed later",
    ),
    (
        "unknown -p",
        lambda: Pipeline([publish]),
        {"typed": {"model": "1", "modle": "1"}},
        "'modle'; did you mean 'model'?",
    ),
    (
        "unknown step of -p",
        lambda: Pipeline([publish]),
        {"typed": {"model": "1", "publsh:model": "1"}},
        "'publsh:model' names no step; did you mean 'publish'?",
    ),
    (
        "unknown argument of -p",
        lambda: Pipeline([publish]),
        {"typed": {"model": "1", "publish:modle": "1"}},
        "step 'publish' does not take 'modle'; did you mean 'model'?",
    ),
    ("unknown call", lambda: Pipeline([load]), {"call": {"C": 1}}, "no step takes the parameter 'C'"),
    (
        "no cast",
        lambda: Pipeline([PythonTask(fit, params={"df": [1]})]),
        {"typed": {"C": "abc"}},
        "step 'fit': parameter 'C': expected a number, got 'abc' (text)",
    ),
    (
        "no fixed cast",
        lambda: Pipeline([PythonTask(fit, params={"df": [1], "depth": "deep"})]),
        {},
        "step 'fit': params= 'depth': expected a whole number",
    ),
    (
        "inputs name nothing",
        lambda: Pipeline([Stub("make", returns=["frame"]), PythonTask(clean, inputs={"df": "frane"})]),
        {},
        "inputs= binds 'df' to 'frane', which no earlier step returns and no parameter gives; did you mean 'frame'?",
    ),
    (
        "inputs of nothing it takes",
        lambda: Pipeline([Stub("make", returns=["df"]), PythonTask(clean, inputs={"dff": "df"})]),
        {},
        "inputs= names 'dff', which it does not take; did you mean 'df'?",
    ),
    (
        "params of nothing it takes",
        lambda: Pipeline([PythonTask(clean, params={"df": 1, "drp": True})]),
        {},
        "params= names 'drp', which it does not take; did you mean 'drop'?",
    ),
    ("output of a stranger", _foreign, {}, "an output of 'other', which is no step of this pipeline"),
    ("after nothing", lambda: Pipeline([Stub("a"), Stub("b", after="c")]), {}, "comes after 'c', which is no step"),
    ("after a stranger", lambda: Pipeline([Stub("b", after=Stub("a"))]), {}, "comes after 'a', which is no step"),
    (
        "get of nothing",
        lambda: Pipeline([Stub("a", catalog=Catalog(put="m.bin")), Stub("b", catalog=Catalog(get="n.bin"))]),
        {},
        "step 'b': gets the file 'n.bin', which no earlier step puts; did you mean 'm.bin'?",
    ),
    ("no script", lambda: Pipeline([ScriptTask("nowhere.py")]), {}, "step 'nowhere': there is no script 'nowhere.py'"),
    ("unpicklable", _unpicklable, {}, "step 'letter': '_unpicklable.<locals>.letter' cannot be sent to a worker"),
]


@pytest.mark.parametrize(("make", "given", "text"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_a_wrong_pipeline_is_exactly_one_message(
    make: Callable[[], Pipeline], given: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        graph_of(make(), **given)
    assert text in str(caught.value)
    assert "problems:" not in str(caught.value)


def test_names_that_steps_return_are_not_offered_as_parameters() -> None:
    wired = Pipeline([Stub("make", returns=["df"]), PythonTask(clean)])

    with pytest.raises(InvalidError) as caught:
        graph_of(wired, typed={"Q": "1"})

    assert caught.value.hint == "taken are drop"


def test_all_problems_are_told_at_once() -> None:
    a, b = Stub("a", returns=["x"]), Stub("b", returns=["y"])
    a >> b >> a
    steps: list[Any] = [
        a,
        b,
        PythonTask(fit),
        PythonTask(fit),
        PythonTask(clean, inputs={"df": "z"}),
        ScriptTask("nowhere.py"),
    ]
    with pytest.raises(InvalidError) as caught:
        graph_of(Pipeline(steps), typed={"typo": "1", "C": "abc"})
    message = str(caught.value)
    for text in (
        "a -> b -> a",
        "another step has this name",
        "needs 'df'",
        "'df' to 'z'",
        "the parameter 'typo'",
        "parameter 'C'",
        "nowhere.py",
    ):
        assert text in message, text


def test_a_parameter_that_does_not_cast_is_told_once() -> None:
    steps: list[Any] = [PythonTask(fit, name=f"s{i}", params={"df": [1]}, returns=["m"]) for i in range(100)]
    with pytest.raises(InvalidError) as caught:
        graph_of(Pipeline(steps), typed={"C": "abc"})
    assert str(caught.value).count("expected a number") == 1


def test_a_message_has_the_line_of_the_step() -> None:
    pipeline = Pipeline([PythonTask(publish)])
    with pytest.raises(InvalidError) as caught:
        graph_of(pipeline)
    assert caught.value.line == pipeline.place.line
    assert caught.value.file == __file__


def test_equal_steps_share_one_operation() -> None:
    steps: list[Any] = [PythonTask(load, name=f"s{i}", returns=["x"], retries=i % 2) for i in range(10)]
    graph = graph_of(Pipeline(steps))
    assert len(graph.operations) == 2
    assert [node.operation for node in graph.nodes] == [0, 1] * 5


def test_a_call_names_its_function_by_import_and_where_it_is_written() -> None:
    call = graph_of(Pipeline([load])).operations[0].call
    assert (call.kind, call.module, call.qualname, call.blob) == (CallKind.PYTHON, "authoring", "load", None)
    assert call.file == "authoring.py"
    assert call.line == load.__code__.co_firstlineno


def test_a_closure_goes_by_value() -> None:
    step = 3

    def add(x: int = 1) -> int:
        return x + step

    result = compiled(Pipeline([add, PythonTask(lambda: step, name="three", returns=["t"])]))
    blobs = [operation.call.blob for operation in result.graph.operations]
    assert None not in blobs
    assert set(blobs) == set(result.blobs)
    import dill

    assert dill.loads(result.blobs[blobs[0] or ""])(4) == 7


def test_a_heavy_closure_is_warned_about_with_what_makes_it_heavy() -> None:
    table = bytes(2_000_000)

    def look(i: int = 0) -> int:
        return table[i]

    assert any("table (2.0 MB)" in each for each in compiled(Pipeline([look])).warnings)


def test_compiling_twice_gives_identical_json() -> None:
    def make() -> str:
        steps: list[Any] = [
            load,
            PythonTask(clean, inputs={"df": "load"}, returns=[pickled("df")], resources={"gpu": 1, "db": 2}),
            PythonTask(everything, params={"b": 1, "a": {"y": 1, "x": 2}}, returns=["all"], env={"TZ", "LANG", "HOME"}),
            ShellTask("echo $df", name="show"),
        ]
        return json.dumps(asdict(graph_of(Pipeline(steps), typed={"drop": "true"}, environ={"B": "1", "A": "2"})))

    assert make() == make()


def test_a_step_outside_the_mode_is_left_out() -> None:
    graph = graph_of(Pipeline([load, Stub("serve", modes="apply")]))
    assert [node.path for node in graph.nodes] == ["load"]


def test_a_step_listed_before_what_it_comes_after_is_moved_behind_it() -> None:
    late = Stub("late", returns=["b"])
    early = Stub("early", returns=["a"], after=late)
    graph = graph_of(Pipeline([early, late]))
    assert [node.path for node in graph.nodes] == ["late", "early"]
    assert needs_of(graph) == {"late": [], "early": ["late"]}


def test_catalog_files_order_producers_before_consumers() -> None:
    steps: list[Any] = [
        Stub("old", returns=["a"], catalog=Catalog(put="model.bin")),
        Stub("new", returns=["b"], catalog=Catalog(put="model.bin")),
        Stub("logs", returns=["c"], catalog=Catalog(put="logs/*.txt")),
        Stub("use", returns=["d"], catalog=Catalog(get=["model.bin", "logs/1.txt"])),
        Stub("all", returns=["e"], catalog=Catalog(get="*.bin")),
    ]
    needs = needs_of(graph_of(Pipeline(steps)))
    assert needs["use"] == ["new", "logs"]
    assert needs["all"] == ["new"]


def test_ten_thousand_steps_compile_in_linear_size() -> None:
    sizes = []
    for count in (100, 1000):
        steps = [PythonTask(load, name=f"s{i}", returns=["x"] if i % 2 else None) for i in range(count)]
        graph = graph_of(Pipeline(steps))
        sizes.append(len(graph.edges) / count)
    assert sizes[1] == pytest.approx(sizes[0], rel=0.05)


def test_a_policy_that_differs_anywhere_is_another_operation() -> None:
    # The key is written by hand for speed; a field it forgot would give two steps one policy.
    from graftline.core.operations import _key_of

    assert len(_key_of(Policy())) == len(Policy.__dataclass_fields__)  # type: ignore[arg-type]
    assert Operation.__dataclass_fields__.keys() == {"call", "returns", "policy"}
