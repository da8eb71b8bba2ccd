"""Nodes executed one by one from a directory, as pods do: no engine, no store."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import completed
from dask_places import context_elsewhere
from local_runs import operation

from graftline.core.errors import InvalidError, MissingError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.graph import Argument, Graph, Node
from graftline.core.supply import Constant, Upstream
from graftline.plugins.remote.single import execute_node, lay_out
from graftline.worker.bundles import pack


@pytest.fixture
def folder(tmp_path: Path) -> tuple[str, str]:
    """Return a directory with a laid-out run of `a -> b` and `broken`, and the run's id."""
    operations = [operation("increment", returns=True), operation("fail")]
    graph = Graph(
        name="demo",
        operations=tuple(operations),
        nodes=(
            Node(path="in/a", operation=0, arguments=(Argument("x", Constant(1, "fixed")),)),
            Node(path="b", operation=0, arguments=(Argument("x", Upstream("in/a", "value")),), needs=("in/a",)),
            Node(path="broken", operation=1),
        ),
    )
    context = context_elsewhere(tmp_path, operations)
    lay_out(str(tmp_path / "there"), context, pack(context, requirements={}, graph=graph))
    return str(tmp_path / "there"), context.run


def test_nodes_hand_values_on_through_the_directory(folder: tuple[str, str]) -> None:
    there, run = folder

    first = execute_node(there, run, "in/a")
    second = execute_node(there, run, "b")

    assert isinstance(first, AttemptSucceeded)
    assert isinstance(second, AttemptSucceeded)
    assert second.outputs[0].ref.inline == b"3"
    assert execute_node(there, run, "b") == second  # a second time nothing is executed


def test_a_failure_is_kept_with_its_error(folder: tuple[str, str]) -> None:
    failed = execute_node(*folder, "broken")

    assert isinstance(failed, AttemptFailed)
    assert failed.error.message == "no such luck"


def test_what_cannot_be_executed_is_said_with_what_to_do(folder: tuple[str, str]) -> None:
    there, run = folder

    with pytest.raises(InvalidError, match="'b' needs 'in/a', which has not succeeded"):
        execute_node(there, run, "b")
    with pytest.raises(MissingError, match="no node 'brokn'; did you mean 'broken'"):
        execute_node(there, run, "brokn")
    with pytest.raises(MissingError, match="no run nowhere"):
        execute_node(there, "nowhere", "b")


def test_the_command_has_the_exit_codes_of_a_run(folder: tuple[str, str], tmp_path: Path) -> None:
    there, run = folder

    done = [completed(tmp_path, "exec-node", run, node, "--artifacts", there) for node in ("in/a", "broken", "b")]

    assert [each.returncode for each in done] == [0, 1, 0]
    assert "broken failed: ValueError: no such luck" in done[1].stderr
