"""Composites on the screen: `show`, the live picture, plain lines and the closing words."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cli_fakes import BAD, GOOD, NOW, FakeWorkspace, output, rows_of, run, step
from grown_graphs import choice, loop, parallel, recovery, trials

from graftline.cli.board import Board
from graftline.cli.card import Shown, card
from graftline.cli.choices import Options
from graftline.cli.closing import closing
from graftline.cli.completion import Unfinished, complete_steps
from graftline.cli.frame import frame
from graftline.cli.live import Lines
from graftline.cli.look import Look
from graftline.core.events import (
    AttemptDispatched,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    GraphGrown,
    RunStarted,
    StepJoined,
    StepSettled,
)
from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.runs import StepError, StepRun
from graftline.core.states import Reason, Status

Golden = Callable[[str, str], None]
Graft = Callable[..., Any]
LOOK = Look(width=100)


def shown(graph: Graph, states: dict[str, StepRun], state: Status = Status.FAILURE, *, full: bool = False) -> Shown:
    """Return a run of this graph; steps that are not given are good."""
    steps = [replace(states.get(n.path) or step(n.path), family=n.family, needs=n.needs) for n in graph.nodes]
    spec = replace(FakeWorkspace().spec(GOOD), graph=graph)
    return Shown(run=run(BAD, state, steps), steps=steps, spec=spec, short="k3h2", now=NOW, is_full=full)


def table_of(told: Shown) -> list[str]:
    lines = card(LOOK, told)
    first = next(at for at, line in enumerate(lines) if "STATE" in line)
    end = lines.index("", first) if "" in lines[first:] else len(lines)
    return [line.rstrip() for line in lines[first + 1 : end]]


def ten_thousand() -> Shown:
    error = StepError(type="ValueError", message="no")
    broken = {
        path: step(path, Status.FAILURE, reason=Reason.ERROR, error=error)
        for path in (f"trials/{number}/fit" for number in (7, 2007, 4007, 6007, 8007))
    }
    ends = {
        "trials": step("trials", Status.FAILURE, reason=Reason.INSIDE, started=None, seconds=None),
        "report": step("report", Status.SKIPPED, reason=Reason.UPSTREAM),
    }
    return shown(grown(trials(), [Growth("trials/items", 10_000)]), broken | ends)


def test_a_map_of_ten_thousand_items_is_one_row_and_a_family(golden: Golden) -> None:
    golden("show_map_100", "\n".join(card(LOOK, ten_thousand())) + "\n")


def test_full_lists_every_node_of_a_map() -> None:
    told = replace(ten_thousand(), is_full=True)

    assert len(table_of(told)) == 10_004
    assert any("trials/items" in line or line.split()[2] == "items" for line in table_of(told))


def test_a_conditional_says_which_branch_it_took_and_the_other_is_short() -> None:
    untaken = {"cond/no/do": step("cond/no/do", Status.SKIPPED, reason=Reason.BRANCH)}
    choose = {"cond/choice": step("cond/choice", outputs=(output("branch", "yes"),))}

    lines = table_of(shown(choice(), untaken | choose, Status.SUCCESS))

    assert [line.split()[2] for line in lines] == ["look", "cond", "yes/do", "yes/more", "no", "after"]
    assert "branch yes" in lines[1]
    assert lines[4].endswith("its branch was not taken")


def test_a_loop_says_how_often_it_turned() -> None:
    lines = table_of(shown(grown(loop(), [Growth("loop/0", 1)]), {}, Status.SUCCESS))

    assert [line.split()[2] for line in lines] == ["loop", "0/count", "1/count"]
    assert "2 iterations" in lines[0]


def test_a_composite_runs_while_something_inside_does() -> None:
    running = {"both/left/a": step("both/left/a", Status.STARTED), "both": step("both", Status.PENDING)}

    lines = table_of(shown(parallel(), running, Status.STARTED))

    assert [line.split()[1:3] for line in lines] == [
        ["running", "both"], ["running", "left/a"], ["ok", "right/b"], ["ok", "after"]
    ]  # fmt: skip


def test_a_step_that_was_recovered_says_so_and_the_run_has_no_panel() -> None:
    error = StepError(type="ValueError", message="no")
    broken = {
        "b": step("b", Status.FAILURE, reason=Reason.ERROR, error=error),
        "c": step("c", Status.SKIPPED, reason=Reason.RECOVERED),
    }
    lines = card(LOOK, shown(recovery(), broken, Status.SUCCESS))

    assert any("ValueError, its on_failure took over" in line for line in lines)
    assert not any("ValueError: no" in line for line in lines)


def test_a_split_that_failed_has_its_own_row() -> None:
    error = StepError(type="TypeError", message="'int' object is not iterable")
    broken = {
        "trials/items": step("trials/items", Status.FAILURE, reason=Reason.ERROR, error=error),
        "trials": step("trials", Status.FAILURE, reason=Reason.INSIDE),
    }

    lines = table_of(shown(trials(), broken))

    assert [line.split()[1:3] for line in lines][1:3] == [["failed", "trials"], ["failed", "items"]]


def test_the_closing_words_count_what_was_written_and_name_what_is_handed_on() -> None:
    graph = grown(trials(), [Growth("trials/items", 20)])
    outputs = {
        "trials/items": step("trials/items", outputs=tuple(output(str(number), 1) for number in range(20))),
        "trials": step("trials", outputs=(output("scores", [1]),)),
        **{f"trials/{n}/fit": step(f"trials/{n}/fit", outputs=(output("out", n),)) for n in range(20)},
    }

    lines = closing(LOOK, shown(graph, outputs, Status.SUCCESS), "1s")

    assert "23 steps" in lines[0]
    assert lines[lines.index("outputs") + 1].split() == ["scores", "[1]"]


def dispatched(node: str) -> Fact:
    return AttemptDispatched(node=node, attempt=1, at=NOW)


def succeeded(node: str) -> Fact:
    return AttemptSucceeded(
        node=node, attempt=1, at=NOW, started=NOW, seconds=0.5, cpu_seconds=0.1, peak_bytes=None, worker="w", outputs=()
    )


def failed(node: str) -> Fact:
    error = StepError(type="ValueError", message="no")
    return AttemptFailed(
        node=node, attempt=1, at=NOW, started=NOW, seconds=0.5, cpu_seconds=0.1, peak_bytes=None, worker="w",
        reason=Reason.ERROR, error=error,
    )  # fmt: skip


def grew(node: str, size: int) -> Fact:
    return GraphGrown(node=node, size=size, at=NOW)


def board_of(graph: Graph, *facts: Fact) -> Board:
    board = Board({node.path: Status.PENDING for node in graph.nodes}, graph)
    board.take([RunStarted(at=NOW - 10), *facts])
    return board


def picture(board: Board, rows: int = 30) -> list[str]:
    return [line.rstrip() for line in frame(LOOK, board, "demo  k3f9", NOW, rows)]


def split(items: int) -> Sequence[Fact]:
    return [*(each("load") for each in (dispatched, succeeded)), dispatched("trials/items"), succeeded("trials/items"),
            grew("trials/items", items)]  # fmt: skip


def test_the_board_counts_what_grew_before_a_fact_names_it() -> None:
    board = board_of(trials(), *split(40), dispatched("trials/3/fit"), succeeded("trials/3/fit"))

    assert (board.done, board.total) == (2, 43)
    assert board.tally == {Status.PENDING: 41, Status.SUCCESS: 2}


def test_what_grows_anew_is_counted_once() -> None:
    board = board_of(trials(), *split(40), dispatched("trials/3/fit"), *split(5), dispatched("trials/3/fit"))
    assert (board.done, board.total) == (1, 8)
    graph = grown(trials(), [Growth("trials/items", 7)])
    again = Board({node.path: Status.SUCCESS for node in graph.nodes}, graph)
    again.take([dispatched("trials/items"), succeeded("trials/items"), grew("trials/items", 3)])
    assert (again.done, again.total) == (3, 6)
    turns = grown(loop(), [Growth("loop/0", 1), Growth("loop/1", 1)])
    turned = Board({node.path: Status.SUCCESS for node in turns.nodes}, turns)
    assert turned.total == 4
    turned.take([succeeded("loop/0"), grew("loop/0", 1)])
    assert turned.total == 3


@pytest.mark.parametrize("items", [3, 300])
def test_the_picture_shows_a_map_and_its_items(items: int) -> None:
    board = board_of(trials(), *split(items), *(dispatched(f"trials/{number}/fit") for number in range(items)))
    board.take([failed("trials/1/fit"), succeeded("trials/2/fit")])

    lines = picture(board)

    names = [" ".join(line.split()[:4]) for line in lines[1:]]
    assert names[:2] == ["✓ ok load 0.5s", "● running trials"]
    if items == 3:
        assert [name.split()[1:3] for name in names[2:]] == [
            ["running", "0/fit"], ["failed", "1/fit"], ["ok", "2/fit"], ["pending", "report"]
        ]  # fmt: skip
        assert lines[4].endswith("ValueError: no")
        assert lines[2].endswith("trials")
    else:
        assert lines[3].split()[1:3] == ["failed", "*/fit"]
        assert lines[3].endswith("298 running, 1 ok, 1 failed")


def test_the_picture_says_how_many_items_wait() -> None:
    assert picture(board_of(trials(), *split(40), dispatched("trials/0/fit")))[2].endswith("39 more to come")


def test_the_picture_of_ten_thousand_items_names_what_matters() -> None:
    board = board_of(trials(), *split(10_000), *(dispatched(f"trials/{number}/fit") for number in range(4)))
    board.take([failed("trials/1/fit")])

    lines = picture(board, rows=12)

    assert len(lines) <= 12
    assert "2/10,003" in lines[0]
    assert any("trials/1/fit" in line for line in lines)
    assert "trials/3/fit" in "\n".join(lines)


def test_lines_tell_of_steps_and_composites_and_not_of_how_they_are_made() -> None:
    stream = io.StringIO()
    graph = choice()
    lines = Lines(LOOK, {node.path: Status.PENDING for node in graph.nodes}, graph=graph, stream=stream)
    joined = StepJoined(node="cond", at=NOW, outputs=())
    untaken = StepSettled(node="cond/no/do", state=Status.SKIPPED, reason=Reason.BRANCH, at=NOW)

    lines.observe([dispatched("cond/choice"), succeeded("cond/choice"), untaken, dispatched("cond/yes/do"), joined])

    told = [" ".join(line.split()[2:4]) for line in stream.getvalue().splitlines()]
    assert told == ["skipped cond/no/do", "running cond/yes/do", "ok cond"]


@pytest.fixture
def mapped(space: FakeWorkspace) -> FakeWorkspace:
    """Return a workspace whose newest run is of a map of 40 items, each with an output."""
    space.graph_now = grown(trials(), [Growth("trials/items", 40)])
    steps = [
        replace(step(node.path, outputs=(output("out", 1),)), family=node.family)
        for node in space.graph_now.nodes
        if node.path != "trials/items"
    ]
    steps.insert(1, step("trials/items", outputs=tuple(output(str(number), number) for number in range(40))))
    steps[-1] = step("report", Status.FAILURE, reason=Reason.ERROR)
    space.records[GOOD] = (run(GOOD, Status.FAILURE, steps), steps)
    return space


def test_the_outputs_of_a_large_map_are_one_row(graft: Graft, mapped: FakeWorkspace) -> None:
    told = [line.split()[:2] for line in graft("output", GOOD[:4]).out.splitlines()[1:]]

    assert told == [["out", "load"], ["out", "trials"], ["out", "trials/*/fit"]]


def test_an_output_of_an_item_and_of_the_map_can_be_asked_for(graft: Graft, mapped: FakeWorkspace) -> None:
    mapped.records[GOOD][1][0] = step("load")

    assert graft("output", GOOD[:4], "trials/3/fit:out").out == "1\n"
    assert graft("output", GOOD[:4], "out").out == "1\n"


def test_the_preview_of_a_retry_folds_a_large_map(graft: Graft, mapped: FakeWorkspace) -> None:
    told = graft("retry", GOOD[:4], "-n").out.splitlines()

    assert "  ◇ trials/*/fit  40 of them  kept" in told
    assert len(told) < 8


def test_paths_that_grew_are_completed(mapped: FakeWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graftline.cli.context.workspace", lambda options: mapped)
    typed = Unfinished(options=Options(), values={"run": GOOD[:4]})

    assert complete_steps(typed, "trials/3") == ["trials/3/fit", *(f"trials/3{digit}/fit" for digit in range(10))]


def test_what_grew_and_what_was_joined_are_events(graft: Graft, space: FakeWorkspace) -> None:
    joined = StepJoined(node="both", at=NOW, outputs=())
    space.feed_rows = rows_of(GOOD, [[grew("trials/items", 10_000), joined]])

    first, second = graft("events").out.splitlines()

    assert first.split()[2:] == ["GraphGrown", "trials/items", "size", "10,000"]
    assert second.split()[2:] == ["StepJoined", "both"]


def test_attach_follows_a_graph_that_grows_and_passes_over_facts_it_does_not_know(
    graft: Graft, space: FakeWorkspace
) -> None:
    graph = grown(trials(), [Growth("trials/items", 2)])
    space.graph_now = graph
    items = [f"trials/{number}/fit" for number in range(2)]
    facts = [*split(2), *(each(path) for path in items for each in (dispatched, succeeded))]
    space.feed_rows = rows_of(GOOD, [facts])
    space.feed_rows.append(replace(space.feed_rows[-1], seq=9, kind="StepSang"))

    ended = graft("attach", GOOD[:4])

    assert ended.code == 0
    assert "trials/1/fit" in ended.out
