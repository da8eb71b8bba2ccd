"""Composites that end early, in the scheduler alone: recoveries, terminate steps, cancels, fail-fast, time limits."""

from __future__ import annotations

from typing import Any

import pytest
from graphs import graph_of
from shapes import Map, Parallel, Pipe, Sub, build, step
from worlds import Play, World, bad, recorded

from graftline.core.events import CancelRequested, StepSettled
from graftline.core.graph import Terminate
from graftline.core.scheduler import Scheduler
from graftline.core.states import Reason, Status
from graftline.core.turns import Past

SUCCESS, FAILURE = Terminate.SUCCESS, Terminate.FAILURE


def play(pipe: Pipe, world: World | None = None, **scheduler: Any) -> Play:
    return Play(build(pipe), world or World(), **scheduler)


def run(pipe: Pipe, world: World | None = None, **scheduler: Any) -> Play:
    return play(pipe, world, **scheduler).run()


class TestOnFailure:
    PIPE = (
        step("first"),
        step("fit", "first", on_failure=[step("mend"), step("tell", "mend")]),
        step("beside"),
        step("report", "fit"),
    )

    def test_it_is_skipped_when_the_step_succeeds(self) -> None:
        states = run(self.PIPE).states()

        assert states["fit/on_failure/mend"] == states["fit/on_failure"] == "SKIPPED BRANCH"
        assert states["report"] == "SUCCESS"

    @pytest.mark.parametrize("guards_are_needs", [True, False])
    def test_it_takes_over_from_what_is_listed_after_the_step(self, *, guards_are_needs: bool) -> None:
        graph = build(self.PIPE, guards_are_needs=guards_are_needs)
        begun = Play(graph, World(broken=["fit"]), first=lambda path: path == "beside")
        begun.end("first")

        begun.end("fit")
        assert begun.cancelled == {"beside"}
        assert begun.scheduler.running == {"beside", "fit/on_failure/mend"}
        begun.run()

        assert begun.states() == {
            "first": "SUCCESS",
            "fit": "FAILURE ERROR",
            "fit/on_failure/mend": "SUCCESS",
            "fit/on_failure/tell": "SUCCESS",
            "fit/on_failure": "SUCCESS",
            "beside": "CANCELLED RECOVERED",
            "report": "SKIPPED RECOVERED",
        }
        assert begun.verdict is Status.SUCCESS

    def test_a_recovery_that_fails_fails_the_run(self) -> None:
        done = run(self.PIPE, World(broken=["fit", "fit/on_failure/tell"]))

        assert done.states()["fit/on_failure"] == "FAILURE INSIDE"
        assert done.verdict is Status.FAILURE

    def test_it_waits_for_the_last_attempt(self) -> None:
        done = run([step("fit", retries=1, on_failure=[step("mend")])], World(broken=lambda path, n: n == 1))

        assert done.started() == ["fit", "fit"]
        assert done.states()["fit/on_failure"] == "SKIPPED BRANCH"

    def test_a_step_that_is_skipped_has_nothing_to_recover(self) -> None:
        done = run([step("first"), step("fit", "first", on_failure=[step("mend")])], World(broken=["first"]))

        assert done.states()["fit/on_failure/mend"] == "SKIPPED UPSTREAM"
        assert done.verdict is Status.FAILURE

    def test_inside_a_composite_the_composite_passes_with_it(self) -> None:
        pipe = [
            Parallel(
                name="p", branches={"l": [step("a", on_failure=[step("mend")]), step("b", "a")], "r": [step("c")]}
            ),
            step("after", "p"),
        ]
        begun = play(pipe, World(broken=["p/l/a"]))
        begun.end("p/r/c")
        begun.end("p/l/a")
        assert begun.scheduler.states["p"] is Status.PENDING

        states = begun.run().states()

        assert states["p/l/b"] == "SKIPPED RECOVERED"
        assert states["p"] == states["after"] == "SUCCESS"
        assert begun.verdict is Status.SUCCESS

    def test_it_takes_over_from_a_composite_that_failed(self) -> None:
        pipe = [Map(name="m", inside=[step("a")], on_failure=[step("mend")]), step("after", "m")]

        done = run(pipe, World(broken=["m/1/a"]))

        assert done.states()["m"] == "FAILURE INSIDE"
        assert done.states()["after"] == "SKIPPED RECOVERED"
        assert done.verdict is Status.SUCCESS

    def test_one_in_an_item_of_a_map_touches_no_other_item(self) -> None:
        pipe = [Map(name="m", inside=[step("a", on_failure=[step("mend")]), step("b", "a")])]

        states = run(pipe, World(broken=["m/0/a"])).states()

        assert states["m/0/b"] == "SKIPPED RECOVERED"
        assert states["m/1/b"] == states["m"] == "SUCCESS"

    def test_one_that_is_left_out_recovers_nothing(self) -> None:
        out = Past(state=Status.SKIPPED, reason=Reason.UNSELECTED)
        past = {"fit/on_failure/mend": out, "fit/on_failure": out}

        done = run([step("fit", on_failure=[step("mend")])], World(broken=["fit"]), past=past)

        assert done.verdict is Status.FAILURE


class TestTerminate:
    def test_it_ends_the_pipeline_it_is_in_and_no_other(self) -> None:
        pipe = [
            Parallel(
                name="p",
                branches={
                    "l": [step("a"), step("end", terminate=SUCCESS), step("b", "a")],
                    "r": [step("c"), step("d", "c")],
                },
            ),
            step("after", "p"),
        ]
        begun = play(pipe)

        begun.end("p/l/end")
        assert begun.cancelled == {"p/l/a"}
        begun.run()

        states = begun.states()
        assert states["p/l/a"] == "CANCELLED TERMINATED"
        assert states["p/l/b"] == "SKIPPED TERMINATED"
        assert [states[path] for path in ("p/r/d", "p", "after")] == ["SUCCESS"] * 3

    def test_with_failure_the_composite_fails(self) -> None:
        pipe = [Sub(name="s", inside=[step("end", terminate=FAILURE), step("b", "end")]), step("after", "s")]

        done = run(pipe)

        assert done.states()["s"] == "FAILURE TERMINATED"
        assert done.states()["after"] == "SKIPPED UPSTREAM"
        assert done.verdict is Status.FAILURE

    def test_with_success_the_composite_passes_whatever_failed_before(self) -> None:
        pipe = [Sub(name="s", inside=[step("a"), step("end", terminate=SUCCESS)]), step("after", "s")]

        done = run(pipe, World(broken=["s/a"]))

        assert done.states()["s"] == "SUCCESS"
        assert done.verdict is Status.SUCCESS

    def test_in_the_outermost_pipeline_it_ends_composites_too(self) -> None:
        pipe = [step("end", terminate=SUCCESS), Sub(name="s", after=(), inside=[step("a"), step("b", "a")])]

        begun = play(pipe)
        begun.end("end")
        begun.run()

        assert begun.states()["s/a"] == "CANCELLED TERMINATED"
        assert begun.states()["s"] == "SKIPPED TERMINATED"
        assert begun.verdict is Status.SUCCESS

    def test_in_a_recovery_it_decides_what_the_recovery_is_worth(self) -> None:
        for word, verdict in ((SUCCESS, Status.SUCCESS), (FAILURE, Status.FAILURE)):
            pipe = [step("fit", on_failure=[step("end", terminate=word), step("more", "end")])]
            done = run(pipe, World(broken=["fit"]))
            assert done.verdict is verdict
            assert done.states()["fit/on_failure/more"] == "SKIPPED TERMINATED"

    def test_it_does_not_end_the_recovery_of_the_composite_around_it(self) -> None:
        pipe = [Sub(name="s", inside=[step("end", terminate=FAILURE), step("a")], on_failure=[step("mend")])]

        done = run(pipe, first=lambda path: path != "s/end")

        assert done.states()["s/on_failure/mend"] == "SUCCESS"
        assert done.verdict is Status.SUCCESS

    def test_a_step_that_breaks_over_being_stopped_is_stopped(self) -> None:
        begun = play([Sub(name="s", inside=[step("a", retries=3), step("end", terminate=SUCCESS)])])
        begun.end("s/end")

        begun.pass_on([bad("s/a")])

        assert begun.states()["s/a"] == "CANCELLED TERMINATED"
        assert begun.states()["s"] == "SUCCESS"
        assert begun.verdict is Status.SUCCESS

    @pytest.mark.parametrize("scope", ["", "s/"])
    def test_its_word_holds_when_the_run_is_taken_up_again(self, scope: str) -> None:
        inside = [step("end", terminate=FAILURE), step("a")]
        graph = build([Sub(name="s", inside=inside)] if scope else inside)
        past = {
            f"{scope}end": Past(state=Status.SUCCESS, attempts=1),
            f"{scope}a": Past(state=Status.PENDING, attempts=1),
        }

        done = Play(graph, World(), past=past)

        assert done.verdict is Status.FAILURE
        assert done.started() == []


class TestStops:
    PIPE = (
        Sub(name="s", inside=[step("a"), step("b", "a")]),
        Map(name="m", after=(), inside=[step("x")]),
        step("after", "s"),
    )

    def test_a_person_cancels_ends_and_splits_like_steps(self) -> None:
        begun = play(self.PIPE)

        begun.pass_on([CancelRequested(at=0.0)])
        assert begun.cancelled == {"s/a", "m/items"}
        begun.end("s/a")
        begun.cancelled.clear()
        begun.end("m/items")

        assert begun.states() == {
            "s/a": "CANCELLED USER",
            "s/b": "SKIPPED UPSTREAM",
            "s": "CANCELLED USER",
            "m/items": "SUCCESS",
            "m": "CANCELLED USER",
            "after": "CANCELLED USER",
        }
        assert not begun.plot.growth
        assert begun.verdict is Status.CANCELLED

    def test_a_map_that_was_cancelled_after_its_split_grows_when_it_is_tried_again(self) -> None:
        begun = play([Map(name="m", inside=[step("x")])])
        begun.pass_on([CancelRequested(at=0.0)])
        begun.cancelled.clear()
        begun.end("m/items")
        past = {"m/items": Past(state=Status.SUCCESS, attempts=1)}

        done = Play(begun.plot.graph(), World(), past=past, recorded=recorded(begun.facts)).run()

        assert done.started() == ["m/0/x", "m/1/x", "m"]

    def test_fail_fast_stops_grown_steps_and_the_composite_has_failed_inside(self) -> None:
        begun = play([Map(name="m", inside=[step("x"), step("y", "x")])], World(broken=["m/0/x"]), fail_fast=True)
        begun.end("m/items")

        begun.end("m/0/x")
        assert begun.cancelled == {"m/1/x"}
        begun.run()

        assert begun.states()["m/1/x"] == "CANCELLED FAIL_FAST"
        assert begun.states()["m"] == "FAILURE INSIDE"
        assert begun.verdict is Status.FAILURE

    @pytest.mark.parametrize(
        "pipe",
        [
            [step("a", on_failure=[step("mend")])],
            [Sub(name="s", inside=[step("a")], on_failure=[step("mend")])],
        ],
        ids=["step", "around"],
    )
    def test_fail_fast_waits_for_what_may_recover_the_failure(self, pipe: Pipe) -> None:
        done = run([*pipe], World(broken=["a", "s/a"]), fail_fast=True)

        assert done.verdict is Status.SUCCESS

    def test_fail_fast_stops_when_the_recovery_fails(self) -> None:
        pipe = [step("slow"), step("a", on_failure=[step("mend")])]
        begun = play(pipe, World(broken=["a", "a/on_failure/mend"]), fail_fast=True)

        begun.end("a")
        assert begun.cancelled == set()
        begun.end("a/on_failure/mend")

        assert begun.cancelled == {"slow"}

    def test_the_time_limit_ends_grown_steps(self) -> None:
        begun = play([Map(name="m", inside=[step("x")])], deadline=5.0)
        begun.end("m/items")

        begun.now = 5.0
        begun.pass_on([])
        begun.run()

        assert begun.states()["m"] == "CANCELLED TIMEOUT"
        assert begun.verdict is Status.FAILURE


def test_a_step_settled_from_outside_has_its_consequences() -> None:
    scheduler = Scheduler(graph_of({"a": [], "b": ["a"]}), jobs=1)

    scheduler.advance([StepSettled(node="a", state=Status.FAILURE, reason=Reason.PREFLIGHT, at=0.0)], 0.0)

    assert scheduler.states["b"] is Status.SKIPPED


def test_a_composite_that_was_skipped_with_recoveries_in_it_has_not_failed_inside() -> None:
    """A recovery in a recovery is skipped after the end that waits for it: what is still open blames nobody."""
    deep = step("a", on_failure=[step("b", on_failure=[step("c", on_failure=[step("d")])])])

    done = run([step("load"), Sub(name="s", inside=[deep], on_failure=[step("mend")])], World(broken=["load"]))

    assert done.states()["s"] == "SKIPPED UPSTREAM"
    assert "s/on_failure/mend" not in done.started()
