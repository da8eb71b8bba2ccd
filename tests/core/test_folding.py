"""What people see of composites: one row each, and what is inside below it."""

from __future__ import annotations

import time

import pytest
from graphs import graph_of
from grown_graphs import choice, loop, map_in_map, parallel, recovery, trials

from graftline.core.folding import Row, rows
from graftline.core.graph import Graph, Growth
from graftline.core.growth import grown
from graftline.core.roles import Composites, Role
from graftline.core.states import Status


def shown(graph: Graph, **given: object) -> list[tuple[str, int]]:
    """Return label and number of nodes of each row, indented by depth."""
    return [("  " * row.depth + row.label, len(row.members)) for row in lines(graph, **given)]


def lines(graph: Graph, **given: object) -> list[Row]:
    return rows(Composites(graph), [node.path for node in graph.nodes], **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("graph", "path", "role"),
    [
        (trials(), "trials/items", Role.START),
        (trials(), "trials", Role.MAP),
        (trials(), "trials/17/fit", Role.STEP),
        (map_in_map(), "outer/3/inner/items", Role.START),
        (map_in_map(), "outer/3/inner", Role.MAP),
        (loop(), "loop/0", Role.TURN),
        (loop(), "loop/4", Role.TURN),
        (loop(), "loop", Role.LOOP),
        (choice(), "cond/choice", Role.START),
        (choice(), "cond", Role.CONDITIONAL),
        (choice(), "cond/yes/do", Role.STEP),
        (parallel(), "both", Role.GROUP),
        (recovery(), "b/on_failure", Role.RECOVERY),
        (recovery(), "b", Role.STEP),
    ],
)
def test_a_node_has_a_role(graph: Graph, path: str, role: Role) -> None:
    assert Composites(graph).role(path) is role


def test_what_a_node_is_inside_of() -> None:
    assert Composites(map_in_map()).around("outer/3/inner/1/fit") == ("outer", "outer/3/inner")
    assert Composites(choice()).around("cond/yes/do") == ("cond",)
    assert Composites(loop()).around("loop/2") == ("loop",)
    assert Composites(recovery()).around("b/on_failure/mend") == ("b/on_failure",)
    assert Composites(recovery()).around("b") == ()


def test_a_composite_has_started_while_something_inside_is_at_work() -> None:
    graph = grown(map_in_map(), [Growth("outer/items", 1), Growth("outer/0/inner/items", 1)])
    states = dict.fromkeys(graph.index, Status.PENDING)
    composites = Composites(graph)

    found = composites.shown({**states, "outer/0/inner/0/fit": Status.STARTED})

    started = [path for path, status in found.items() if status is Status.STARTED]
    assert started == ["outer/0/inner/0/fit", "outer/0/inner", "outer"]
    assert composites.shown({**states, "load": Status.STARTED})["outer"] is Status.PENDING
    ended = {**states, "outer/0/inner/0/fit": Status.STARTED, "outer": Status.CANCELLED}
    assert composites.shown(ended)["outer"] is Status.CANCELLED


def test_people_count_what_they_wrote_and_what_grew_out_of_it() -> None:
    graph = grown(trials(), [Growth("trials/items", 3)])

    assert Composites(graph).counted(dict.fromkeys(graph.index, Status.PENDING)) == {Status.PENDING: 6}


def test_a_composite_stands_above_what_is_inside_and_its_start_is_part_of_it() -> None:
    assert shown(grown(map_in_map(), [Growth("outer/items", 2), Growth("outer/1/inner/items", 2)])) == [
        ("load", 1),
        ("outer", 1),
        ("  0/prep", 1),
        ("  0/inner", 1),
        ("  1/prep", 1),
        ("  1/inner", 1),
        ("    0/fit", 1),
        ("    1/fit", 1),
        ("report", 1),
    ]
    assert shown(grown(loop(), [Growth("loop/0", 1)])) == [("loop", 1), ("  0/count", 1), ("  1/count", 1)]
    assert shown(parallel()) == [("both", 1), ("  left/a", 1), ("  right/b", 1), ("after", 1)]


def test_a_large_family_is_one_row() -> None:
    graph = grown(trials(), [Growth("trials/items", 1000)])

    assert shown(graph) == [("load", 1), ("trials", 1), ("  */fit", 1000), ("report", 1)]
    assert len(shown(graph, is_full=True)) == 1004


def test_all_inside_a_large_map_folds_with_it() -> None:
    growth = [Growth("outer/items", 11), *(Growth(f"outer/{number}/inner/items", 2) for number in range(11))]

    assert shown(grown(map_in_map(), growth)) == [
        ("load", 1), ("outer", 1), ("  */prep", 11), ("  */inner", 11), ("    */fit", 22), ("report", 1)
    ]  # fmt: skip


def test_a_large_map_inside_a_small_one_folds_alone() -> None:
    growth = [Growth("outer/items", 2), Growth("outer/0/inner/items", 11), Growth("outer/1/inner/items", 1)]

    assert shown(grown(map_in_map(), growth))[2:8] == [
        ("  0/prep", 1), ("  0/inner", 1), ("    */fit", 11), ("  1/prep", 1), ("  1/inner", 1), ("    0/fit", 1)
    ]  # fmt: skip


def test_an_untaken_branch_is_one_row() -> None:
    found = lines(choice(), untaken={"cond/yes/do", "cond/yes/more"})

    assert [(row.label, row.is_untaken) for row in found] == [
        ("look", False), ("cond", False), ("yes", True), ("no/do", False), ("after", False)
    ]  # fmt: skip
    assert found[2].members == ("cond/yes/do", "cond/yes/more")


def test_a_recovery_that_was_not_needed_is_one_row() -> None:
    untaken = {"b/on_failure", "b/on_failure/mend"}

    assert shown(recovery(), untaken=untaken) == [("a", 1), ("b", 1), ("b/on_failure", 2), ("c", 1)]
    assert shown(recovery()) == [("a", 1), ("b", 1), ("b/on_failure", 1), ("  mend", 1), ("c", 1)]


def test_a_start_that_failed_has_its_row() -> None:
    assert ("  choice", 1) in shown(choice(), always={"cond/choice"})


def test_a_graph_of_steps_alone_stays_as_it_is() -> None:
    graph = graph_of({"a": (), "b/3": ("a",)})

    assert shown(graph) == [("a", 1), ("b/3", 1)]


def test_ten_thousand_items_fold_within_a_third_of_a_second() -> None:
    graph = grown(trials(), [Growth("trials/items", 10_000)])
    begun = time.process_time()

    assert len(lines(graph)) == 4

    assert time.process_time() - begun < 0.33
