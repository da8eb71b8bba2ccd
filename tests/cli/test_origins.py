"""`graft show --params`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from authoring import compiled, fit, load
from cli_fakes import GOOD, FakeWorkspace, step

from graftline import Pipeline, PythonTask
from graftline.cli.look import Look
from graftline.cli.origins import origin_lines
from graftline.core.graph import Json
from graftline.core.provenance import NOTE

Graft = Callable[..., Any]


def spec(**layers: Any) -> Any:
    pipeline = Pipeline([PythonTask(load, returns=["df"]), PythonTask(fit, returns=["m"])], params={"C": 5.0})
    result = compiled(pipeline, **layers)
    environment: dict[str, Json] = {NOTE: dict(result.note)}
    return SimpleNamespace(graph=result.graph, environment=environment)


def test_every_argument_is_told_with_what_it_hides() -> None:
    lines = origin_lines(
        Look(width=200),
        spec(typed={"fit:C": "1", "df": "2"}, environ={"C": "3"}, file={"C": 4}, places={"C": "p.yaml:2"}),
        [step("load"), step("fit")],
    )
    assert [line.split() for line in lines] == [
        ["STEP", "PARAMETER", "VALUE", "FROM", "HIDES"],
        ["fit", "df", "load.df", "-p", "df=2"],
        ["C", "1.0", "-p", "fit:C", "environment", "GRAFTLINE_PRM_C=3,", "p.yaml:2:", "4,", "pipeline:", "5.0"],
        ["depth", "3", "default"],
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    made = spec(typed={"C": "1" * 70}, environ={"C": "3"})
    lines = origin_lines(Look(width=width), made, [step("load"), step("fit")])
    assert max(map(len, lines)) <= width


def test_a_run_without_parameters_says_so(graft: Graft) -> None:
    assert graft("show", GOOD, "--params").out == "no step takes a parameter\n"


def test_the_document_has_them_for_each_step(
    graft: Graft, space: FakeWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = spec(typed={"C": "1"})
    real = space.spec(GOOD)
    monkeypatch.setattr(space, "spec", lambda run: replace(real, graph=made.graph, environment=made.environment))
    monkeypatch.setattr(space, "steps", lambda run: [step("load"), step("fit")])
    steps = json.loads(graft("--json", "show", GOOD).out)["steps"]
    assert steps[0]["provenance"] == {}
    assert steps[1]["provenance"]["C"] == {
        "origin": "cli",
        "where": "-p C",
        "key": "C",
        "hidden": [{"origin": "pipeline", "where": "pipeline", "value": "5.0"}],
    }
