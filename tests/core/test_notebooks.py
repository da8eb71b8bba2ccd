"""What a notebook's text says, and what a NotebookTask makes of it at compile."""

from __future__ import annotations

import json
from inspect import Parameter
from pathlib import Path

import pytest
from notebooks import code, notebook, prose

from graftline import InvalidError, NotebookJob, NotebookTask, Pipeline, PythonTask
from graftline.core.given import Given
from graftline.core.graph import CallKind, Graph
from graftline.core.notebooks import read_notebook
from graftline.core.supply import Constant, Upstream
from graftline.core.targets import Named, TargetKind, parse_target
from graftline.worker import workshop
from graftline.worker.workshop import compile_in

PARAMETERS = code("C = 1.0\nname: str = 'x'\n(a, b) = 1, 2\n%matplotlib inline\n!ls\nimport os", "parameters")


def graph(root: Path, *steps: object, **typed: str) -> Graph:
    pipeline = Pipeline(list(steps))  # type: ignore[arg-type]
    return compile_in(str(root), pipeline, Given(typed=typed), name="demo").graph


def make() -> object:
    return object()


def test_the_parameters_cell_says_what_is_taken_and_of_which_type() -> None:
    found = read_notebook(notebook(prose("# Title"), PARAMETERS, "x = 2"), "n.ipynb")

    assert found.parameters is not None
    taken = {take.name: take.annotation for take in found.parameters}
    assert taken == {"C": Parameter.empty, "name": str, "a": Parameter.empty, "b": Parameter.empty}
    assert not any(take.is_required for take in found.parameters)
    assert found.cells[1] == "x = 2"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON"),
        ("[]", "JSON without 'nbformat'"),
        ('{"nbformat": 3, "worksheets": []}', "is of format 3, older than 4"),
        (notebook("1", language="R"), "is written in R"),
        (notebook(PARAMETERS, PARAMETERS), "has 2 cells tagged 'parameters'"),
        (notebook(code("C = = 1", "parameters")), "the cell tagged 'parameters' of 'n.ipynb' is no Python, line 1"),
    ],
)
def test_what_is_no_notebook_is_named(text: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words) as caught:
        read_notebook(text, "n.ipynb")

    assert "n.ipynb" in str(caught.value)


def test_a_notebook_takes_what_its_cell_assigns_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(notebook(PARAMETERS))
    before = PythonTask(make, name="before", returns=["a", "other"])

    compiled = graph(tmp_path, before, NotebookTask("n.ipynb"), name="7", C="0.5")

    node = compiled.node("n")
    assert {each.name: each.source for each in node.arguments} == {
        "C": Constant(0.5, "cli"),
        "name": Constant("7", "cli"),  # as it is annotated
        "a": Upstream("before", "a"),
    }
    call = compiled.operation_of("n").call
    assert (call.kind, call.script, call.file) == (CallKind.NOTEBOOK, "n.ipynb", "n.ipynb")


def test_a_name_that_the_cell_does_not_assign_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(notebook(PARAMETERS))

    with pytest.raises(InvalidError) as caught:
        graph(tmp_path, NotebookTask("n.ipynb", params={"nam": 1}))

    assert (
        "step 'n': params= names 'nam', which its cell tagged 'parameters' does not assign; did you mean 'name'?"
        in str(caught.value)
    )
    with pytest.raises(InvalidError, match="no step takes the parameter 'D'"):
        graph(tmp_path, NotebookTask("n.ipynb"), D="1")


def test_without_a_parameters_cell_it_gets_what_the_step_names(tmp_path: Path) -> None:
    (tmp_path / "n.ipynb").write_text(notebook("print(C)"))

    compiled = graph(tmp_path, NotebookTask("n.ipynb", params={"C": 2}))

    assert [(each.name, each.source) for each in compiled.node("n").arguments] == [("C", Constant(2, "fixed"))]


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "step 'n': there is no notebook 'n.ipynb'"), ("{}", "step 'n': 'n.ipynb' is no notebook")],
)
def test_a_notebook_that_is_not_there_or_none_is_told_at_compile_once(
    tmp_path: Path, text: str | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "n.ipynb").write_text(text)

    with pytest.raises(InvalidError) as caught:
        graph(tmp_path, NotebookTask("n.ipynb", params={"C": 1}))

    assert str(caught.value).count(words) == 1
    assert "test_notebooks.py" in str(caught.value.file)


@pytest.mark.parametrize("wrong", ["n.py", 3, None])
def test_a_notebook_task_takes_a_notebook(wrong: object) -> None:
    with pytest.raises(InvalidError, match=r"notebook= takes a \.ipynb file"):
        NotebookTask(wrong)  # type: ignore[arg-type]


def test_a_notebook_job_is_a_pipeline_of_one_step(tmp_path: Path) -> None:
    job = NotebookJob("a/report.ipynb", returns=["x"])

    assert (job.name, [step.name for step in job.steps]) == ("report", ["report"])


def test_a_missing_extra_is_told_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "n.ipynb").write_text(notebook("1"))
    monkeypatch.setattr(workshop, "NOTEBOOK_PACKAGES", ("json", "nbclient_that_is_not_there"))

    with pytest.raises(InvalidError) as caught:
        graph(tmp_path, NotebookTask("n.ipynb"))

    assert "step 'n' is a notebook, which takes nbclient_that_is_not_there" in str(caught.value)
    assert caught.value.hint == "pip install 'graftline[notebook]'"


def test_a_notebook_is_a_target_of_its_own() -> None:
    assert parse_target("a/n.ipynb") == Named(TargetKind.NOTEBOOK, "a/n.ipynb")
    with pytest.raises(InvalidError, match="names something in a notebook"):
        parse_target("n.ipynb:x")


def test_the_text_of_a_notebook_without_cells_is_read() -> None:
    assert read_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 0, "cells": []}), "n").cells == ()
