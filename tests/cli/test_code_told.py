"""Which code runs is said where it is not plain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cli_fakes import GOOD, TARGET, FakeWorkspace

from graftline.cli.commands.run import code_text
from graftline.core.graph import Call, CallKind, Graph, Node, Operation

Graft = Callable[..., Any]


def test_the_code_that_runs_is_told_where_nobody_named_it(graft: Graft) -> None:
    assert graft("run").err == "code: pipeline.py:iris\n"
    assert graft("run", "pipeline.py").err == ""


def test_a_file_without_a_pipeline_is_said_to_run_as_a_script(graft: Graft, space: FakeWorkspace) -> None:
    call = Call(kind=CallKind.SCRIPT, script="job.py")
    graph = Graph(name="job", nodes=(Node(path="job", operation=0),), operations=(Operation(call=call),))
    spec = replace(space.spec(GOOD), graph=graph, target=replace(TARGET, text="job.py"))
    assert code_text(spec, is_named=True) == "code: job.py as a script of one step, as nothing in it makes a pipeline"
