"""Pipelines as plain data: what is written loads to the same graph, and every mistake is told at its line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import named_steps
import pytest
from named_steps import Maker, again, double, load, many, measure, report, scale, total

import graftline as gl
from graftline import (
    Catalog,
    Conditional,
    Function,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    ScriptTask,
    ShellTask,
    Stub,
)
from graftline.core.definitions import KEYS, Reading, Writing, definition_of, pipeline_from
from graftline.core.errors import InvalidError
from graftline.core.forms import FORMS
from graftline.core.graph import CallKind, Graph
from graftline.core.marks import Marks
from graftline.core.options import Options
from graftline.core.stepdata import OPTIONS
from graftline.worker.naming import find_function, name_function
from graftline.worker.yamlfile import read_yaml, write_yaml

ROOT = "/project"


def written(pipeline: Pipeline) -> str:
    return write_yaml(definition_of(pipeline, Writing(partial(name_function, root=ROOT))))


def loaded(text: str, name: str | None = None) -> Pipeline:
    data, marks = read_yaml(text, f"{ROOT}/p.yaml")
    return pipeline_from(data, Reading(marks, partial(find_function, root=ROOT)), name)


NAMED = (CallKind.PYTHON, CallKind.SCRIPT, CallKind.NOTEBOOK)
"""Calls of something in a file of its own; of others the graph has the line they were written at."""


def unplaced(graph: Graph) -> Graph:
    """Return the graph without the lines that commands and composites were written at."""
    operations = tuple(
        each if each.call.kind in NAMED else replace(each, call=replace(each.call, file=None, line=None))
        for each in graph.operations
    )
    return replace(graph, operations=operations)


def told(text: str, name: str | None = None) -> str:
    with pytest.raises(InvalidError) as caught:
        loaded(text, name)
    return f"{caught.value} ({caught.value.hint})"


def simple() -> Pipeline:
    return Pipeline([load, PythonTask(scale, inputs={"xs": "load"}, returns=["scaled"]), report], name="simple")


def options() -> Pipeline:
    return Pipeline(
        [
            PythonTask(
                load,
                returns=["xs"],
                retries=3,
                backoff="2s",
                timeout="10m",
                resources={"cpus": 2, "memory": "4GB", "db": 1},
                labels=["default"],
                isolation="process",
                secrets="TOKEN",
                overrides={"local": "big"},
                reads=["*.csv"],
                env="TZ",
                cache="1d",
                fence=True,
                modes=["job", "apply"],
                watch=True,
            ),
            PythonTask(scale, returns="scaled", cache=False, catalog=Catalog(put="a*.png", get=[], store_copy=False)),
            PythonTask(report, cache=True, params={"title": "no", "scaled": [1.5, 2]}, terminate_with_success=True),
        ],
        name="options",
        params={"n": 4, "factor": 0.5},
        order="declared",
        description="every option: yes",
    )


def kinds() -> Pipeline:
    first = PythonTask(load, name="first", returns="xs")
    second = PythonTask(scale, returns=gl.json("scaled"))
    first >> second
    return Pipeline(
        [
            first,
            second,
            PythonTask(Maker.make, returns=[gl.pickled("one")]),
            PythonTask(measure, returns=[gl.metric("auc"), gl.state("model"), gl.arrow("table")][:1]),
            ShellTask("echo $one\nx=1", name="sh", takes=["one"], returns=["said"], after=[first]),
            ScriptTask("train.py", args=["--C", "{C}"], returns=[gl.metric("acc", pattern=r"acc=(\d+)")]),
            Stub("later", returns=["anything", gl.state.file("m.pt")]),
        ],
        name="kinds",
        params={"C": 1},
    )


def wires() -> Pipeline:
    a = PythonTask(load, name="a", returns=["xs"])
    b = PythonTask(load, name="b", returns=["xs"])
    c = PythonTask(scale, name="c", inputs={"xs": a["xs"]}, returns=["scaled"])
    d = PythonTask(scale, name="d", inputs={"xs": [a["xs"], b["xs"], "scaled"]}, returns=["more"])
    return Pipeline([c, a, b, d], name="wires", order="data")


def shapes() -> Pipeline:
    numbers = PythonTask(many, name="numbers", returns=["ns"])
    inner = Pipeline(
        [PythonTask(double, returns=["d"]), PythonTask(scale, inputs={"xs": numbers["ns"]}, returns=["scaled"])],
        name="inner",
        params={"factor": 3},
        order="data",
    )
    return Pipeline(
        [
            Parallel(
                {"left": many, "right": [PythonTask(load, returns=["xs"]), Stub("s", returns=["z"])], "in": inner},
                name="side",
                retries=0,
                params={"item": 1, "n": 2},
                after=[numbers],
            ),
            numbers,
            Map(PythonTask(double, returns=["d"]), iterate_on=numbers["ns"], reducer=total, name="each", timeout=5),
            Map(double, "ns", iterate_as=["item", "factor"], reducer="max", collect="rows"),
            Conditional("word", {"a": many, 1: inner}, default=[many, load], name="which"),
            Loop(
                PythonTask(again, returns=["n", "enough"], retries=1, on_failure=load),
                5,
                break_on="enough",
                index_as="i",
                fence=False,
            ),
            inner.with_(name="third", params={"item": 5}, on_failure=[Stub("note"), PythonTask(report)]),
            PythonTask(report, name="end", on_failure=Pipeline([many], name="other")),
        ],
        name="shapes",
        params={"word": "a", "item": 1, "scaled": [], "factor": 2},
    )


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graftline.worker.workshop.LocalWorkshop.read", lambda self, file: "x = 1\n")


class TestRoundTrips:
    @pytest.mark.parametrize("make", [simple, options, kinds, wires, shapes])
    def test_what_is_written_compiles_to_the_same_graph(self, make: Callable[[], Pipeline]) -> None:
        before = make()

        after = loaded(written(before))

        assert unplaced(after.compile()) == unplaced(before.compile())
        assert (after.description, after.order, dict(after.params)) == (
            before.description,
            before.order,
            dict(before.params),
        )

    @pytest.mark.parametrize("make", [simple, options, kinds, wires, shapes])
    def test_writing_again_gives_the_same_text(self, make: Callable[[], Pipeline]) -> None:
        text = written(make())

        assert written(loaded(text)) == text

    def test_a_registered_function_is_written_as_it_was_asked_for(self) -> None:
        pipeline = Pipeline([Function("fit", version=2, returns="m"), Function("fit", name="new", retries=1)], name="f")

        assert definition_of(pipeline, Writing(repr))["steps"] == [
            {"function": "fit@2", "name": "fit", "returns": ["m"]},
            {"function": "fit", "name": "new", "retries": 1},
        ]
        assert written(loaded(written(pipeline))) == written(pipeline)

    def test_a_bare_function_is_its_name_alone(self) -> None:
        assert definition_of(simple(), Writing(lambda each: f"m:{each.__name__}"))["steps"][0] == "m:load"  # type: ignore[index]  # it is a list

    @pytest.mark.parametrize(
        "text", ["no", "on", "2026-01-01", "012", "1:30", "1e3", "~", "", " a", "x: y", "# c", "é\n ü", "<<", "0x1f"]
    )
    def test_a_text_stays_a_text(self, text: str) -> None:
        pipeline = Pipeline([PythonTask(report, params={"title": text, "scaled": []})], name="t")

        assert loaded(written(pipeline)).steps[0].params["title"] == text


class TestTables:
    def test_every_argument_of_a_pipeline_has_a_key(self) -> None:
        taken = (
            set(inspect.signature(Pipeline.__init__).parameters) - {"self", "unknown"} - {"add_terminal_nodes"}
        )  # which says nothing here

        assert taken == set(KEYS)

    def test_every_option_has_a_key(self) -> None:
        assert set(OPTIONS) == set(Options.__annotations__)

    def test_every_task_of_the_package_has_a_form(self) -> None:
        tasks = {getattr(gl, name) for name in gl.__all__ if name.endswith("Task")} | {Stub, Function}
        tasks |= {Parallel, Map, Conditional, Loop}

        assert {task for task in tasks if not any(issubclass(task, form.step) for form in FORMS.values())} == set()


class TestSeveral:
    TEXT = "pipelines:\n  one:\n    steps: ['named_steps:load']\n  two:\n    steps: ['named_steps:measure']\n"

    def test_one_is_chosen_by_name(self) -> None:
        assert loaded(self.TEXT, "two").steps[0].name == "measure"
        assert loaded(self.TEXT, "two").name == "two"

    def test_without_a_name_they_are_listed(self) -> None:
        assert "it holds 2 pipelines: one, two" in told(self.TEXT)

    def test_an_unknown_name_is_answered_with_the_nearest(self) -> None:
        assert "p.yaml:1: there is no 'tow' in it; did you mean 'two'" in told(self.TEXT, "tow")

    def test_nothing_stands_beside_them(self) -> None:
        assert "p.yaml:2: 'steps' stands beside 'pipelines'" in told("pipelines: {a: {steps: []}}\nsteps: []\n")


STEP = "steps:\n  - python: named_steps:scale\n    name: s\n"


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "it holds nothing, no pipeline"),
            ("- a\n", "it holds a list, no pipeline"),
            ("name: x\n", "p.yaml:1: steps takes a list of steps, not nothing"),
            ("steps: []\n", "p.yaml:1: steps takes a list of steps, not a list"),
            ("stepz: 1\n" + STEP, "p.yaml:1: a pipeline has no 'stepz'; did you mean 'steps'?"),
            (STEP + "order: lisetd\n", "order= is one of listed, data, declared"),
            (STEP + "    retires: 2\n", "p.yaml:4: step 1: a python step has no 'retires'; did you mean 'retries'?"),
            (STEP + "    retries: -1\n", "p.yaml:4: step 1: retries: takes a whole number of 0 or more, not -1"),
            (
                STEP + "    inputs:\n      xs: {step: lod, output: x}\n",
                "p.yaml:4: step 1: inputs: there is no step 'lod'",
            ),
            (
                STEP + "    inputs:\n      xs: {step: a}\n",
                "p.yaml:4: step 1: inputs: an output of a step is {step: NAME",
            ),
            (STEP + "    catalog: {putt: x}\n", "p.yaml:4: step 1: catalog: it has no 'putt'; did you mean 'put'?"),
            (STEP + "    catalog: {put: /x}\n", "p.yaml:4: step 1: catalog: "),
            (STEP + "    returns: [{metrik: x}]\n", "p.yaml:4: step 1: returns: {'metrik': 'x'} is no return"),
            (STEP + "    returns: [{pickle: x, file: y}]\n", "a return pickle: takes nothing beside its name"),
            (STEP + "    follows: [nope]\n", "p.yaml:4: step 's' follows 'nope', which is no step"),
            (
                "steps:\n  - named_steps:lod\n",
                "p.yaml:2: step 1: named_steps has no function 'lod'; did you mean 'load'?",
            ),
            ("steps:\n  - named_stepz:load\n", "p.yaml:2: step 1: there is no module 'named_stepz'"),
            ("steps:\n  - no function\n", "p.yaml:2: step 1: 'no function' names no function"),
            ("steps:\n  - nope.py:load\n", "p.yaml:2: step 1: there is no file 'nope.py'"),
            ("steps:\n  - 5\n", "p.yaml:2: a step is a function or a mapping, not 5"),
            ("steps:\n  - shel: x\n", "a step has one of the keys python, shell"),
            ("steps:\n  - shell: x\n    stub: y\n", "this one is shell and stub"),
            ("steps:\n  - shell: x\n", "p.yaml:2: step 1: a shell step needs a name"),
            ("steps:\n  - shell: x\n    name: a/b\n", "p.yaml:3: step 1: name: a name may not contain '/'"),
            ("steps:\n  - shell: x\n    name: a\n    returns: true\n", "returns: true is for python alone"),
            ("steps:\n  - script: x.txt\n", "script= takes the path of a Python file"),
            ("steps:\n  - function: a@x\n", "'a@x' names no version of a function"),
            ("steps:\n  - parallel: 5\n", "p.yaml:2: branches are a mapping of names to steps, not 5"),
            ("steps:\n  - parallel:\n      a: named_steps:load\n      b: 5\n", "p.yaml:4: a step is a function or a"),
            ("steps:\n  - map: named_steps:double\n", "iterate_on= takes the name of a value"),
            ("steps:\n  - map: named_steps:double\n    iterate_on: {step: a, output: b}\n", "there is no step 'a'"),
            (
                "steps:\n  - map: named_steps:double\n    iterate_on: x\n    reducer: n:f\n",
                "p.yaml:4: step 1: reducer:",
            ),
            ("steps:\n  - map: named_steps:double\n    iterate_on: x\n    reducer: som\n", "did you mean 'sum'"),
            ("steps:\n  - loop: named_steps:double\n", "max_iterations= takes a whole number"),
            ("steps:\n  - conditional: x\n", "branches= is empty"),
            ("steps:\n  - conditional: x\n    brnches: {}\n", "p.yaml:3: step 1: a conditional step has no 'brnches'"),
            ("steps:\n  - parallel: {a: named_steps:load}\n    returns: [x]\n", "a parallel step has no 'returns'"),
            ("steps:\n  - pipeline: {steps: [named_steps:load]}\n", "p.yaml:2: step 1: a pipeline needs a name"),
            ("steps:\n  - pipeline:\n      name: p\n      stps: []\n", "p.yaml:4: a pipeline has no 'stps'"),
            (STEP + "    on_failure: nope\n", "p.yaml:4: step 1: on_failure: 'nope' names no function"),
            ("steps:\n  - python: {a: b}\n", "p.yaml:2: a function is named by text, not a mapping"),
        ],
    )
    def test_each_is_told_at_its_line(self, text: str, said: str) -> None:
        assert said in told(text)

    def test_all_are_told_together(self) -> None:
        text = "stepz: 1\nsteps:\n  - shell: x\n  - nope.py:f\n  - stub: s\n    retries: x\n    cache: maybe\n"

        with pytest.raises(InvalidError) as caught:
            loaded(text)

        assert [each.line for each in caught.value.problems] == [1, 3, 4, 6, 7]

    @pytest.mark.parametrize(
        ("function", "name"), [(lambda: 1, "a lambda"), (partial(load, 3), "a partial"), (Maker().make, "a function")]
    )
    def test_a_function_without_a_name_cannot_be_written(self, function: Any, name: str) -> None:
        pipeline = Pipeline([PythonTask(function, name="odd", returns="x")], name="p")
        if name == "a function":
            assert "named_steps:Maker.make" in written(pipeline)
            return

        with pytest.raises(InvalidError, match=r"step 'odd': its function .* cannot be written"):
            written(pipeline)

    @pytest.mark.parametrize("value", [(1, 2), {1: 2}, float("nan"), object(), b"x"])
    def test_a_value_that_yaml_lacks_cannot_be_written(self, value: object) -> None:
        with pytest.raises(InvalidError, match="step 'report': the parameter 'scaled' is a"):
            written(Pipeline([PythonTask(report, params={"scaled": value})], name="p"))
        with pytest.raises(InvalidError, match="the pipeline's parameter 'n' is a"):
            written(Pipeline([load], name="p", params={"n": value}))

    def test_data_of_no_file_are_told_without_a_place(self) -> None:
        reading = Reading(Marks(file=""), partial(find_function, root=ROOT))

        with pytest.raises(InvalidError) as caught:
            pipeline_from({"steps": [{"python": "named_steps:lod"}]}, reading)

        assert (caught.value.file, caught.value.line) == (None, None)


def test_a_step_is_where_it_stands_in_the_file() -> None:
    text = "steps:\n  - named_steps:load\n\n  - python: named_steps:scale\n    returns: [scaled]\n"

    steps = loaded(text).steps

    assert [(step.place.file, step.place.line) for step in steps] == [(f"{ROOT}/p.yaml", 2), (f"{ROOT}/p.yaml", 4)]
    assert named_steps.load is load
