"""Where every value of a run came from."""

from __future__ import annotations

from typing import Any

import called_tasks
import pytest
from authoring import compiled, everything, fit, load

from graftline import Map, Pipeline, PythonTask, ShellTask, pipeline
from graftline.core.given import Given, from_environ, variables
from graftline.core.graph import Growth, Json
from graftline.core.growth import grown
from graftline.core.provenance import LONGEST, NOTE, Origins, Provenance, recorded, shown


def told(pipeline: Pipeline, **layers: Any) -> tuple[Origins, dict[str, Json]]:
    result = compiled(pipeline, **layers)
    environment: dict[str, Json] = {NOTE: dict(result.note)}
    return Origins(result.graph, environment), environment


def where(found: Provenance) -> tuple[str, str, list[str]]:
    return found.origin, found.where, [f"{each.where}={each.value}" for each in found.hidden]


def test_each_layer_hides_those_below_it_and_says_so() -> None:
    # given a parameter in every layer
    pipeline = Pipeline([PythonTask(load, returns=["df"]), PythonTask(fit, returns=["model"])], params={"C": 5.0})
    layers: list[tuple[str, Any, str]] = [
        ("typed", {"C": "1"}, "-p C"),
        ("environ", {"C": "3"}, "environment GRAFTLINE_PRM_C"),
        ("file", {"C": 4.0}, "params.yaml:7"),
    ]

    # when the strongest is taken away, one after the other
    found = []
    for first in range(len(layers) + 1):
        origins, _ = told(pipeline, **{name: value for name, value, _ in layers[first:]}, places={"C": "params.yaml:7"})
        found.append(where(origins.of("fit")["C"]))

    # then each time the next holds
    below = ["environment GRAFTLINE_PRM_C=3", "params.yaml:7=4.0", "pipeline=5.0"]
    assert found == [
        ("cli", "-p C", below),
        ("env", "environment GRAFTLINE_PRM_C", below[1:]),
        ("file", "params.yaml:7", below[2:]),
        ("pipeline", "pipeline", []),
    ]


def test_the_name_of_a_step_beside_the_parameter_is_told() -> None:
    pipeline = Pipeline([PythonTask(load, returns=["df"]), PythonTask(fit, returns=["model"])])
    origins, _ = told(pipeline, typed={"fit:C": "1", "C": "2"}, call={"fit:depth": 4})
    assert origins.of("fit")["C"] == Provenance(
        origin="cli", where="-p fit:C", value="1.0", key="fit:C", hidden=origins.of("fit")["C"].hidden
    )
    assert where(origins.of("fit")["C"])[2] == ["-p C=2"]
    assert where(origins.of("fit")["depth"]) == ("call", "execute() fit:depth", [])


def test_defaults_of_functions_are_told_where_nothing_is_given() -> None:
    origins, _ = told(Pipeline([PythonTask(load, returns=["df"]), PythonTask(fit, returns=["model"])]))
    found = origins.of("fit")
    assert [(name, each.origin, each.value) for name, each in found.items()] == [
        ("df", "upstream", ""),
        ("C", "default", "1.0"),
        ("depth", "default", "3"),
    ]
    assert (found["df"].step, found["df"].output, found["df"].where) == ("load", "df", "load.df")
    assert found["C"].to_json() == {"origin": "default", "where": "default", "value": "1.0", "hidden": []}


def test_a_step_s_own_params_and_what_comes_from_upstream_hide_the_command_line() -> None:
    steps: list[Any] = [PythonTask(load, returns=["df"]), PythonTask(fit, params={"C": 2.0}, returns=["model"])]
    origins, _ = told(Pipeline(steps), typed={"df": "1", "C": "3"})
    assert where(origins.of("fit")["C"]) == ("fixed", "params= of the step", ["-p C=3"])
    assert where(origins.of("fit")["df"]) == ("upstream", "load.df", ["-p df=1"])


def test_a_wired_argument_is_told_under_the_name_it_is_wired_to() -> None:
    steps: list[Any] = [PythonTask(fit, inputs={"C": "strength", "df": ["a", "b"]}, returns=["model"])]
    origins, _ = told(Pipeline(steps), typed={"strength": "3", "a": "1", "b": "2"}, environ={"C": "9", "df": "9"})
    assert where(origins.of("fit")["C"]) == ("cli", "-p strength", [])
    assert where(origins.of("fit")["df"]) == ("list", "several", [])


def test_what_goes_to_kwargs_and_to_commands_is_told() -> None:
    steps: list[Any] = [PythonTask(everything, returns=["all"]), ShellTask("echo $day $other", name="sh")]
    origins, _ = told(Pipeline(steps), file={"day": "mon", "n": 1}, places={"day": "p.toml:1", "n": "p.toml:2"})
    assert {name: each.where for name, each in origins.of("everything").items()} == {"day": "p.toml:1", "n": "p.toml:2"}
    assert where(origins.of("sh")["day"]) == ("file", "p.toml:1", [])


def test_the_note_holds_only_what_a_step_takes() -> None:
    _, environment = told(
        Pipeline([PythonTask(fit, returns=["m"])]), typed={"df": "1"}, environ={"HOME": "x", "C": "2"}
    )
    note = environment[NOTE]
    assert isinstance(note, dict)
    assert note["environ"] == {"C": "2"}
    assert set(note) == {"typed", "environ", "defaults"}


def test_how_steps_are_wired_is_noted_only_where_it_leads_to_something_given() -> None:
    # given two steps whose argument "df" is wired, one of them to what a step returns
    steps = [
        PythonTask(load, returns=["table"]),
        PythonTask(fit, name="one", inputs={"df": "table"}, params={"C": 1.0}, returns=["m1"]),
        PythonTask(fit, name="two", inputs={"df": "table", "C": "strength"}, returns=["m2"]),
    ]

    # when nothing, the argument's name, or the name it is wired to is given
    bare = compiled(Pipeline([steps[0], steps[1]])).note
    origins, environment = told(Pipeline(steps), file={"df": 1, "strength": 2.0}, places={"strength": "p.toml:1"})

    # then without anything given there is no word of wires; and what is wired hides nothing it has not to do with
    assert "wired" not in bare
    note = environment[NOTE]
    assert isinstance(note, dict)
    assert note["wired"] == {"one": {"df": "table"}, "two": {"df": "table", "C": "strength"}}
    assert where(origins.of("one")["df"]) == ("upstream", "load.table", [])
    assert where(origins.of("two")["C"]) == ("file", "p.toml:1", [])


def test_ten_thousand_steps_of_one_function_note_no_more_than_one() -> None:
    def note(count: int) -> object:
        steps = [PythonTask(fit, name=f"fit{each}", returns=[f"m{each}"]) for each in range(count)]
        return compiled(Pipeline(steps), typed={"df": "1", "C": "2"}).note

    assert note(300) == note(1)


def test_a_recorded_run_keeps_where_its_parameters_were_from() -> None:
    # given a run, and the same compiled again with its parameters as recorded values
    steps: list[Any] = [PythonTask(fit, returns=["model"])]
    given: dict[str, Any] = {"typed": {"df": "1", "fit:depth": "2"}, "environ": {"C": "3"}}
    _, environment = told(Pipeline(steps), **given)
    params = compiled(Pipeline(steps), **given).params

    # when
    origins, places = recorded(environment, params)
    again, _ = told(Pipeline(steps), file=params, origins=origins, places=places)

    # then
    assert {name: (each.origin, each.where) for name, each in again.of("fit").items()} == {
        "df": ("cli", "-p df"),
        "C": ("env", "environment GRAFTLINE_PRM_C"),
        "depth": ("cli", "-p fit:depth"),
    }
    # and a second time
    assert recorded(told(Pipeline(steps), file=params, origins=origins, places=places)[1], params) == (origins, places)


def test_a_run_that_an_earlier_version_recorded_tells_the_layer() -> None:
    graph = compiled(Pipeline([PythonTask(fit, returns=["m"])]), typed={"df": "1"}).graph
    assert where(Origins(graph, {"python": "3.11"}).of("fit")["df"]) == ("cli", "cli", [])
    assert Origins(graph, {}).of("gone") == {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (float("nan"), "nan"),
        (object(), "(object)"),
        ("x" * (LONGEST + 1), f"(str of {LONGEST + 1} characters)"),
    ],
)
def test_values_are_shown_whole_or_not_at_all(value: object, text: str) -> None:
    assert shown(value) == text


def test_variables_of_runnable_are_taken_and_ours_win() -> None:
    environ = {"RUNNABLE_PRM_a": "1", "RUNNABLE_PRM_b": "2", "GRAFTLINE_PRM_b": "3", "GRAFTLINE_PRM_": "4", "PATH": "5"}
    assert from_environ(environ) == {"a": "1", "b": "3"}
    assert variables(environ) == {"a": "RUNNABLE_PRM_a", "b": "GRAFTLINE_PRM_b"}
    given = Given(environ=from_environ(environ), variables=variables(environ))
    value = given.find("fit", "a")
    assert value is not None
    assert given.place(value) == "environment RUNNABLE_PRM_a"


def test_a_parameter_that_upstream_hides_is_warned_of_by_the_step_that_makes_it() -> None:
    steps: list[Any] = [PythonTask(fit, name="first", returns=["C"]), PythonTask(fit, name="second", returns=["m"])]
    result = compiled(Pipeline(steps), typed={"df": "1", "C": "2"})
    # the first takes the parameter, the second what the first returns
    assert result.warnings == (
        "the parameter 'C' does not reach every step: step 'second' takes 'C' from what step 'first' returns",
    )


def test_steps_inside_of_composites_are_told_too() -> None:
    inside = Pipeline([PythonTask(fit, inputs={"df": "item"}, returns=["m"])], params={"depth": 2})
    steps: list[Any] = [
        PythonTask(load, returns=["items"]),
        Map(inside, iterate_on="items", iterate_as="item", name="t"),
    ]
    result = compiled(Pipeline(steps), typed={"t/fit:C": "1", "C": "2"})
    origins = Origins(grown(result.graph, [Growth("t/items", 2)]), {NOTE: dict(result.note)})
    found = origins.of("t/1/fit")
    assert where(found["C"]) == ("cli", "-p t/fit:C", ["-p C=2"])
    assert found["depth"].origin == "pipeline"
    assert found["df"].origin == "upstream"


def test_what_the_body_of_a_called_pipeline_hands_on_is_told_as_it_was_given() -> None:
    @pipeline
    def flow(C: float = 1.0) -> None:
        X, y = called_tasks.load()
        called_tasks.fit(X, y, C=C, depth=7)

    origins, _ = told(flow, typed={"C": "2"}, environ={"C": "3"})
    found = origins.of("plain_fit")
    assert where(found["C"]) == ("cli", "-p C", ["environment GRAFTLINE_PRM_C=3"])
    assert found["depth"].origin == "fixed"
