"""What every store promises a graph that grows while its run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from any_store import AnyStore, Make, step
from grown_graphs import loop, map_in_map, parallel, trials
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core.errors import ConflictError
from graftline.core.events import Fact, GraphGrown, StepJoined, StepReset, StepSettled
from graftline.core.graph import Growth
from graftline.core.growth import grown, pruned
from graftline.core.states import Reason, Status


def grew(node: str, size: int = 1) -> GraphGrown:
    return GraphGrown(node=node, size=size, at=tick())


def joined(node: str, data: bytes = b"joined") -> StepJoined:
    return StepJoined(node=node, at=tick(), outputs=(value(data),))


def ran(*nodes: str) -> list[Fact]:
    return [fact for node in nodes for fact in (dispatched(node), succeeded(node))]


def split(items: int) -> list[Fact]:
    return [started(), *ran("load", "trials/items"), grew("trials/items", items)]


def test_a_map_has_steps_for_its_items_once_it_knows_them(store: AnyStore, run: Make) -> None:
    given, _ = run(*split(3), given=spec(graph=trials()))

    steps = store.history.steps(given.id)
    assert [(each.path, each.state) for each in steps] == [
        ("load", Status.SUCCESS),
        ("trials/items", Status.SUCCESS),
        ("trials/0/fit", Status.PENDING),
        ("trials/1/fit", Status.PENDING),
        ("trials/2/fit", Status.PENDING),
        ("trials", Status.PENDING),
        ("report", Status.PENDING),
    ]
    assert [each.family for each in steps] == [None, None, *["trials/*/fit"] * 3, None, None]
    assert steps[5].needs == ("trials/items", "trials/0/fit", "trials/1/fit", "trials/2/fit")
    assert store.history.run(given.id).counts == {"SUCCESS": 2, "PENDING": 5}
    assert store.runs.spec(given.id).graph == grown(trials(), [Growth("trials/items", 3)])


def test_items_may_run_in_the_group_that_made_them(store: AnyStore, run: Make) -> None:
    given, _ = run(*split(2), *ran("trials/1/fit"), dispatched("trials/0/fit"), given=spec(graph=trials()))

    assert step(store, given.id, "trials/1/fit").outputs == (value(b"trials/1/fit 1"),)
    assert step(store, given.id, "trials/0/fit").state is Status.STARTED
    assert list(store.history.attempts(given.id)) == ["load", "trials/items", "trials/0/fit", "trials/1/fit"]
    assert list(store.outputs.of_run(given.id)) == ["load", "trials/items", "trials/1/fit"]


def test_a_map_inside_a_map_grows_inside_its_item(store: AnyStore, run: Make) -> None:
    given, log = run(
        started(), *ran("load", "outer/items"), grew("outer/items", 2), given=spec(graph=map_in_map())
    )  # fmt: skip
    log.append([*ran("outer/1/prep", "outer/1/inner/items"), grew("outer/1/inner/items", 2)])
    log.append(ran("outer/1/inner/1/fit"))

    paths = [each.path for each in store.history.steps(given.id)]
    assert paths[5:10] == [
        "outer/1/prep",
        "outer/1/inner/items",
        "outer/1/inner/0/fit",
        "outer/1/inner/1/fit",
        "outer/1/inner",
    ]
    assert step(store, given.id, "outer/1/inner/1/fit").outputs == (value(b"outer/1/inner/1/fit 1"),)
    assert step(store, given.id, "outer/1/inner/1/fit").family == "outer/*/inner/*/fit"


def test_a_map_without_items_grows_nothing(store: AnyStore, run: Make) -> None:
    given, _ = run(*split(0), given=spec(graph=trials()))

    assert len(store.history.steps(given.id)) == 4
    assert store.runs.spec(given.id).graph.growth == (Growth("trials/items", 0),)


def test_a_run_that_grew_goes_on_in_another_process(store: AnyStore, run: Make) -> None:
    given, log = run(started(), *ran("loop/0/count", "loop/0"), grew("loop/0"), given=spec(graph=loop()))
    log.append([dispatched("loop/1/count")])
    log.close()
    assert store.history.run(given.id).state is Status.INTERRUPTED

    again = store.runs.open(given.id)
    again.append([started(), dispatched("loop/1/count", 2), succeeded("loop/1/count", 2), *ran("loop/1")])
    again.append([grew("loop/1"), *ran("loop/2/count")])
    again.close()

    assert [each.path for each in store.history.steps(given.id)] == [
        "loop/0/count", "loop/0", "loop/1/count", "loop/1", "loop/2/count", "loop/2", "loop"
    ]  # fmt: skip
    assert len(store.history.attempts(given.id, "loop/1/count")["loop/1/count"]) == 2
    assert step(store, given.id, "loop").needs == ("loop/0", "loop/1", "loop/2")


def test_a_cancelled_run_cancels_what_grew_and_waits(store: AnyStore, run: Make) -> None:
    given, log = run(*split(2), given=spec(graph=trials()))
    log.close()

    store.runs.request_cancel(given.id, is_hard=False)

    assert [each.state for each in store.history.steps(given.id)][2:] == [Status.CANCELLED] * 4


@pytest.mark.parametrize(
    "facts",
    [
        [grew("trials/items", 2)],
        [*ran("load"), grew("load", 1)],
        [*ran("load", "trials/items"), grew("trials/items", 2), grew("trials/items", 2)],
        [*ran("load", "trials/items"), grew("trials/items", 2), dispatched("trials"), joined("trials")],
        [*ran("load"), joined("load")],
    ],
    ids=["not done", "cannot grow", "twice", "end at work", "done"],
)
def test_growth_and_ends_that_do_not_follow_are_refused(store: AnyStore, run: Make, facts: list[Fact]) -> None:
    given, log = run(started(), *facts[:-1], given=spec(graph=trials()))
    before = store.history.steps(given.id)

    with pytest.raises(ConflictError):
        log.append([facts[-1]])

    assert store.history.steps(given.id) == before


def test_an_end_hands_on_outputs_without_an_attempt(store: AnyStore, run: Make) -> None:
    given, log = run(started(), *ran("both/left/a", "both/right/b"), joined("both"), given=spec(graph=parallel()))

    end = step(store, given.id, "both")
    assert (end.state, end.attempts, end.started, end.cached_from) == (Status.SUCCESS, 0, None, None)
    assert end.outputs == (value(b"joined"),)
    assert store.outputs.of_run(given.id)["both"] == (value(b"joined"),)
    assert "both" not in store.history.attempts(given.id)
    log.append([StepReset(node="both", at=tick()), joined("both", b"again")])
    assert step(store, given.id, "both").outputs == (value(b"again"),)


def test_the_newest_outputs_are_those_of_ends_and_not_of_items(store: AnyStore, run: Make) -> None:
    given, log = run(*split(2), *ran("trials/0/fit", "trials/1/fit", "trials", "report"), given=spec(graph=trials()))
    log.append([finished()])
    other, log = run(started(), *ran("both/left/a", "both/right/b"), joined("both"), given=spec(graph=parallel()))
    log.append([finished(Status.FAILURE)])

    newest = store.outputs.newest("demo", "demo", ["trials/0/fit", "trials", "both"])
    assert newest == {
        "trials": (given.id, (value(b"trials 1"),)),
        "both": (other.id, (value(b"joined"),)),
    }


class TestRevise:
    def test_what_grew_is_kept_with_all_it_has(self, store: AnyStore, run: Make) -> None:
        given, log = run(*split(3), *ran("trials/0/fit", "trials/2/fit"), given=spec(graph=trials()))
        log.append([dispatched("trials/1/fit"), failed("trials/1/fit"), finished(Status.FAILURE)])
        log.close()
        before = store.history.steps(given.id)
        base = trials()
        changed = replace(base, nodes=(replace(base.nodes[0], path="first"), *base.nodes))

        store.runs.revise(
            given.id, replace(given, graph=grown(changed, [Growth("trials/items", 3)])), None
        )  # fmt: skip

        after = store.history.steps(given.id)
        assert [after[0].path, after[0].state] == ["first", Status.PENDING]
        assert after[1:] == before
        again = store.runs.open(given.id)
        again.append([started(), StepReset(node="trials/1/fit", at=tick()), dispatched("trials/1/fit", 2)])
        again.close()
        assert step(store, given.id, "trials/1/fit").attempts == 2

    def test_what_is_pruned_goes_and_grows_anew(self, store: AnyStore, run: Make) -> None:
        given, log = run(*split(3), *ran("trials/0/fit", "trials/2/fit"), given=spec(graph=trials()))
        log.append([finished(Status.FAILURE)])
        log.close()
        spec_now = store.runs.spec(given.id)

        store.runs.revise(given.id, replace(spec_now, graph=pruned(spec_now.graph, {"trials/items"})), None)

        assert [each.path for each in store.history.steps(given.id)] == ["load", "trials/items", "trials", "report"]
        assert store.history.run(given.id).counts == {"SUCCESS": 2, "PENDING": 2}
        again = store.runs.open(given.id)
        again.append([started(), StepReset(node="trials/items", at=tick()), dispatched("trials/items", 2)])
        again.append([succeeded("trials/items", 2), grew("trials/items", 1), *ran("trials/0/fit")])
        again.close()
        assert [each.path for each in store.history.steps(given.id)][2:4] == ["trials/0/fit", "trials"]
        assert step(store, given.id, "trials/0/fit").attempts == 1

    def test_part_of_what_grew_is_pruned(self, store: AnyStore, run: Make) -> None:
        given, log = run(
            started(), *ran("load", "outer/items"), grew("outer/items", 2),
            *ran("outer/0/prep", "outer/0/inner/items"), grew("outer/0/inner/items", 2),
            *ran("outer/1/prep", "outer/1/inner/items"), grew("outer/1/inner/items", 2),
            *ran("outer/1/inner/1/fit"), finished(Status.FAILURE), given=spec(graph=map_in_map()),
        )  # fmt: skip
        log.close()
        spec_now = store.runs.spec(given.id)

        store.runs.revise(given.id, replace(spec_now, graph=pruned(spec_now.graph, {"outer/0/inner/items"})), None)

        paths = [each.path for each in store.history.steps(given.id)]
        assert "outer/0/inner/0/fit" not in paths
        assert step(store, given.id, "outer/1/inner/1/fit").outputs == (value(b"outer/1/inner/1/fit 1"),)
        assert store.runs.spec(given.id).graph.growth == (Growth("outer/items", 2), Growth("outer/1/inner/items", 2))


def test_a_run_made_of_a_graph_that_grew_has_its_steps(store: AnyStore) -> None:
    given = spec(graph=grown(trials(), [Growth("trials/items", 2)]))

    store.runs.create(given, None)

    assert len(store.history.steps(given.id)) == 6
    assert store.runs.spec(given.id) == given


def test_a_step_that_failed_inside_has_a_reason_at_its_end(store: AnyStore, run: Make) -> None:
    inside = StepSettled(node="both", state=Status.FAILURE, reason=Reason.INSIDE, at=tick())
    given, _ = run(started(), dispatched("both/left/a"), failed("both/left/a"), inside, given=spec(graph=parallel()))

    assert (step(store, given.id, "both").state, step(store, given.id, "both").reason) == ("FAILURE", "INSIDE")
