"""What a replay is prepared from: the inputs, code and secrets an attempt had; and what cannot be replayed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from run_specs import chain
from spaces import Space, snapshot_of

from graftline.core.artifacts import ArtifactRef
from graftline.core.debugging import Debugging, DebugRequest
from graftline.core.errors import InvalidError
from graftline.core.graph import Call, CallKind, Graph, Operation, Policy
from graftline.core.ids import RunId
from graftline.core.replay import Ended, Entry, Replay
from graftline.core.requests import CodeChoice
from graftline.core.selection import Selection
from graftline.core.supply import Constant


def prepare(space: Space, run: RunId, step: str | None = None, **request: Any) -> Replay:
    return space.workspace.debugging.prepare(DebugRequest(run=run, step=step, **request))


def of_kind(graph: Graph, path: str, **call: Any) -> Graph:
    """Return the graph with another call at a path."""
    added = Operation(call=Call(**call))
    at = len(graph.operations)
    # A reduction takes lists, which a chain has none of.
    own: dict[str, Any] = {"arguments": ()} if added.call.kind is CallKind.REDUCE else {}
    nodes = tuple(replace(n, operation=at, **own) if n.path == path else n for n in graph.nodes)
    return replace(graph, nodes=nodes, operations=(*graph.operations, added))


def test_the_first_failed_step_is_replayed_with_its_recorded_inputs() -> None:
    space = Space()
    run = space.fail("b")

    replay = prepare(space, run)

    arguments = dict(replay.order.arguments)
    assert replay.order.node == "b"
    assert isinstance(arguments["x"], ArtifactRef)
    assert arguments["x"].inline == b"a 1"
    assert arguments["c"] == Constant(1, "fixed")
    assert "ValueError" in replay.story


def test_the_recorded_code_is_written_out_and_steps_stay_in_their_directory() -> None:
    space = Space()
    run = space.fail("b")
    space.loader.snapshot = snapshot_of("second")

    replay = prepare(space, run)

    (key,) = space.machine.written
    assert replay.is_recorded
    assert replay.context.root == f"/code/{key}"
    assert replay.context.sys_path == (f"/code/{key}/src", "/lib")
    assert replay.context.cwd == "/project/data"
    assert replay.working_copy == "/project"


def test_the_code_of_today_runs_where_it_lies() -> None:
    space = Space()
    run = space.fail("b")
    space.loader.graph = of_kind(chain("a", "b", "c"), "b", kind=CallKind.SHELL, command="true")

    replay = prepare(space, run, code=CodeChoice.CURRENT)

    assert not replay.is_recorded
    assert replay.context.root == "/project"
    assert replay.operation.call.command == "true"
    assert space.machine.written == []


def test_a_step_that_is_gone_today_is_refused() -> None:
    space = Space()
    run = space.fail("b")
    space.loader.graph = chain("a")

    with pytest.raises(InvalidError, match="today's pipeline has no step 'b'"):
        prepare(space, run, code=CodeChoice.CURRENT)


def test_a_step_whose_input_was_never_made_names_who_failed_to() -> None:
    space = Space()
    run = space.fail("a")

    with pytest.raises(InvalidError) as caught:
        prepare(space, run, "c")

    assert caught.value.message == "step 'c' takes 'value' of step 'b', which was skipped"
    assert caught.value.hint == f"graft debug {run[:6]} a"


def test_a_step_whose_result_was_reused_is_replayed() -> None:
    space = Space()
    space.run()
    run = space.fail("b", selection=Selection(only=("b",)))

    assert prepare(space, run, "a").story == "its result is of run " + str(space.step(run, "a").cached_from)
    with pytest.raises(InvalidError, match="'b', which failed"):
        prepare(space, run, "c")


def test_a_run_without_a_failed_step_needs_a_step() -> None:
    space = Space()
    run = space.run()

    with pytest.raises(InvalidError, match=r"no step of run .* failed") as caught:
        prepare(space, run)

    assert caught.value.hint == "name the step to debug: a, b, c"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"kind": CallKind.STUB}, "a stub does nothing"),
        ({"kind": CallKind.CHOOSE}, "it compares a value with the branches"),
        ({"kind": CallKind.REDUCE}, "it gathers what the items returned"),
    ],
)
def test_what_runs_no_code_of_the_project_is_refused(call: dict[str, Any], told: str) -> None:
    space = Space(of_kind(chain("a", "b"), "b", **call))
    run = space.fail("b")

    with pytest.raises(InvalidError, match=f"there is nothing to debug in 'b': {told}"):
        prepare(space, run)


def test_the_inputs_of_a_choice_can_be_looked_at() -> None:
    space = Space(of_kind(chain("a", "b"), "b", kind=CallKind.CHOOSE, branches=("x",)))
    run = space.fail("b")

    assert prepare(space, run, entry=Entry.PROMPT).order.node == "b"


def test_the_secrets_of_the_step_come_along_and_one_that_is_nowhere_is_refused() -> None:
    graph = chain("a")
    graph = replace(graph, operations=(replace(graph.operations[0], policy=Policy(secrets=("TOKEN",))),))
    space = Space(graph)
    space.secrets = {"TOKEN": "s3cret-value"}
    run = space.fail("a")

    assert prepare(space, run).context.secrets == {"TOKEN": "s3cret-value"}

    space.secrets = {}
    with pytest.raises(InvalidError, match="TOKEN"):
        prepare(space, run)


def test_nothing_is_recorded() -> None:
    space = Space()
    run = space.fail("b")
    before = space.workspace.events(run)

    prepare(space, run)

    assert space.workspace.events(run) == before


def test_a_replay_is_handed_to_the_terminal_there_is() -> None:
    seen: list[Replay] = []

    def terminal(replay: Replay) -> Ended:
        seen.append(replay)
        return Ended(1)

    space = Space(terminal=terminal)
    replay = prepare(space, space.fail("b"))

    assert space.workspace.debugging.begin(replay) == Ended(1)
    assert seen == [replay]


def test_where_there_is_no_terminal_it_says_so() -> None:
    space = Space()
    debugging: Debugging = space.workspace.debugging

    with pytest.raises(InvalidError, match="no terminal"):
        debugging.begin(prepare(space, space.fail("b")))
