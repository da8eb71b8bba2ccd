"""Nodes executed one by one from a directory, as pods do: no engine, no store."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import completed
from dask_places import context_elsewhere
from local_runs import operation

from graftline.core.errors import InvalidError, MissingError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.graph import Argument, Body, BodyKind, Call, CallKind, Graph, Node, Operation, Return
from graftline.core.supply import Constant, Item, Upstream
from graftline.plugins.remote.laidout import lay_out_bundle
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
    assert [frame.file for frame in failed.error.frames] == ["local_steps.py"]  # of the project, wherever that lies
    assert 'File "local_steps.py", line' in failed.error.traceback


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


@pytest.fixture
def growing(tmp_path: Path) -> tuple[str, str]:
    """Return a directory with the bundle of a map over `[1, 2]` whose end collects, and its digest; no run yet."""
    operations = [
        Operation(call=Call(kind=CallKind.SPLIT)),
        Operation(call=operation("increment", returns=True).call, returns=(Return(name="value"),)),
        Operation(call=Call(kind=CallKind.REDUCE), returns=(Return(name="value"),)),
    ]
    item = Node(
        path="trials/[]/a", operation=1, arguments=(Argument("x", Item("trials/[]", None)),), needs=("trials/items",)
    )
    result = Argument("value", Upstream("trials/[]/a", "value"))
    graph = Graph(
        name="demo",
        operations=tuple(operations),
        nodes=(
            Node(path="trials/items", operation=0, arguments=(Argument("items", Constant([1, 2], "fixed")),), grows=0),
            Node(path="trials", operation=2, needs=("trials/items",)),
        ),
        bodies=(Body(kind=BodyKind.MAP, nodes=(item,), exits=("trials/[]/a",), results=(result,)),),
    )
    context = context_elsewhere(tmp_path, operations)
    bundle = pack(context, requirements={}, graph=graph)
    lay_out_bundle(str(tmp_path / "there"), context, bundle)
    return str(tmp_path / "there"), bundle.digest


def test_a_map_grows_by_what_its_start_said(growing: tuple[str, str], tmp_path: Path) -> None:
    there, bundle = growing
    told = tmp_path / "decision"

    execute_node(there, "run-1", "trials/items", bundle=bundle, decision=str(told))
    with pytest.raises(InvalidError, match="'trials' needs 'trials/0/a', which has not succeeded"):
        execute_node(there, "run-1", "trials", bundle=bundle)
    for path in ("trials/0/a", "trials/1/a"):
        execute_node(there, "run-1", path, bundle=bundle)
    end = execute_node(there, "run-1", "trials", bundle=bundle)

    assert told.read_text() == "[0, 1]"
    assert isinstance(end, AttemptSucceeded)
    assert end.outputs[0].ref.inline == b"[2,3]"
    with pytest.raises(MissingError, match="no node 'trials/2/a'"):
        execute_node(there, "run-1", "trials/2/a", bundle=bundle)


def test_runs_of_one_bundle_know_nothing_of_each_other(growing: tuple[str, str]) -> None:
    there, bundle = growing
    execute_node(there, "run-1", "trials/items", bundle=bundle)

    with pytest.raises(MissingError, match="no node 'trials/0/a'"):
        execute_node(there, "run-2", "trials/0/a", bundle=bundle)
    with pytest.raises(InvalidError, match="run run-1 is of bundle"):
        execute_node(there, "run-1", "trials/items", bundle="0" * 64)
    with pytest.raises(InvalidError, match="is no id of a run"):
        execute_node(there, "../run", "trials/items", bundle=bundle)


def test_a_constant_may_be_another_one(folder: tuple[str, str]) -> None:
    there, run = folder

    with pytest.raises(InvalidError, match="'in/a' has no constant 'z'"):
        execute_node(there, run, "in/a", params={"z": "1"})
    first = execute_node(there, run, "in/a", params={"x": "41"})

    assert isinstance(first, AttemptSucceeded)
    assert first.outputs[0].ref.inline == b"42"


def test_attempts_count_up_where_nobody_counts_them(folder: tuple[str, str]) -> None:
    assert [execute_node(*folder, "broken").attempt for _ in range(2)] == [1, 2]
