"""Continuing a run: what runs again, what is kept, and on which code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_specs import chain, dispatched, started, succeeded
from spaces import TARGET, Space, snapshot_of

from graftline.core.errors import ConflictError, InvalidError
from graftline.core.events import CancelRequested
from graftline.core.graph import Argument
from graftline.core.ids import RunId
from graftline.core.requests import CodeChoice, RetryRequest, RunRequest
from graftline.core.selection import Selection
from graftline.core.session import Requests
from graftline.core.states import Status
from graftline.core.supply import Upstream


def retry(space: Space, run: RunId, **request: object) -> Status:
    return space.workspace.retry(RetryRequest(run=run, **request)).state  # type: ignore[arg-type]


class TestWhatRunsAgain:
    def test_by_default_what_failed_and_what_follows(self) -> None:
        space = Space()
        run = space.fail("b")
        assert space.ran() == ["a", "b"]

        assert retry(space, run) is Status.SUCCESS

        assert space.ran() == ["b", "c"]
        attempts = space.workspace.attempts(run)
        assert {path: [each.state for each in found] for path, found in attempts.items()} == {
            "a": [Status.SUCCESS],
            "b": [Status.FAILURE, Status.SUCCESS],
            "c": [Status.SUCCESS],
        }

    def test_inputs_come_from_recorded_outputs(self) -> None:
        space = Space()
        run = space.fail("b")
        kept = space.step(run, "a").outputs[0].ref
        space.ran()

        retry(space, run)

        assert space.orders[0].arguments[0] == ("x", kept)

    def test_all_runs_everything(self) -> None:
        space = Space()
        run = space.fail("b")
        space.ran()

        assert retry(space, run, is_everything=True) is Status.SUCCESS

        assert space.ran() == ["a", "b", "c"]

    def test_only_runs_one_step_and_the_run_stays_a_failure_while_others_wait(self) -> None:
        space = Space()
        run = space.fail("b")
        space.ran()

        assert retry(space, run, selection=Selection(only=("b",))) is Status.FAILURE
        assert space.ran() == ["b"]
        assert space.states(run) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SKIPPED UPSTREAM"}

        assert retry(space, run) is Status.SUCCESS
        assert space.ran() == ["c"]

    def test_from_runs_good_steps_again_too(self) -> None:
        space = Space()
        run = space.fail("c")
        space.ran()

        retry(space, run, selection=Selection(start=("b",)))

        assert space.ran() == ["b", "c"]

    def test_only_of_an_interrupted_run_leaves_the_rest_out(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        log = space.runs.open(run)
        log.append([started(), dispatched("a"), succeeded("a"), dispatched("b")])
        space.store.abandon(run)

        retry(space, run, selection=Selection(only=("b",)))

        assert space.ran() == ["b"]
        assert space.states(run)["c"] == "SKIPPED UNSELECTED"

    def test_a_run_of_a_selection_keeps_to_it(self) -> None:
        space = Space()
        space.run()
        run = space.fail("b", selection=Selection(only=("b",)))
        space.ran()

        assert retry(space, run, is_everything=True) is Status.SUCCESS

        assert space.ran() == ["b"]
        assert space.states(run) == {"a": "CACHED", "b": "SUCCESS", "c": "CACHED"}

    def test_a_step_outside_the_selection_of_the_run_can_be_asked_for(self) -> None:
        space = Space()
        run = space.fail("a", selection=Selection(end=("a",)))
        space.ran()

        assert retry(space, run, selection=Selection(start=("a",))) is Status.SUCCESS

        assert space.ran() == ["a", "b", "c"]

    def test_a_selection_needs_what_did_not_succeed(self) -> None:
        space = Space()
        run = space.fail("a")

        with pytest.raises(InvalidError, match="the selection needs 'b', which did not succeed"):
            retry(space, run, selection=Selection(only=("c",)))

    def test_a_cancelled_run_goes_on(self) -> None:
        space = Space()
        requests = Requests()
        space.before = lambda order: requests.add(CancelRequested(at=1.0)) if order.node == "a" else None
        run = space.workspace.run(RunRequest(target=TARGET), requests=requests)
        space.before = lambda order: None
        assert run.state is Status.CANCELLED
        space.ran()

        assert retry(space, run.id) is Status.SUCCESS

        assert "a" not in space.ran()

    def test_an_interrupted_run_repeats_what_was_at_work(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        log = space.runs.open(run)
        log.append([started(), dispatched("a"), succeeded("a"), dispatched("b")])
        space.store.abandon(run)

        assert retry(space, run) is Status.SUCCESS

        assert [order.attempt for order in space.orders] == [2, 1]
        assert space.ran() == ["b", "c"]


class TestRefusals:
    def test_a_run_that_succeeded_says_so_and_stays_as_it_is(self) -> None:
        space = Space()
        run = space.run()
        space.loader.snapshot = snapshot_of("edited since")

        with pytest.raises(InvalidError, match="succeeded: there is nothing to retry") as caught:
            retry(space, run, is_everything=True)

        assert "graft rerun" in (caught.value.hint or "")
        assert space.workspace.show(run).code.key == snapshot_of("first").key

    def test_a_run_that_goes_on_is_not_retried(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        log = space.runs.open(run)
        log.append([started()])

        with pytest.raises(ConflictError, match="still going"):
            retry(space, run)

    def test_a_retry_that_cannot_work_changes_nothing(self) -> None:
        space = Space()
        run = space.fail("b")
        graph = chain("a", "b", "c")
        policy = replace(graph.operations[0].policy, labels=("nowhere",))
        space.loader.graph = replace(graph, operations=(replace(graph.operations[0], policy=policy),))
        before = space.store.commits

        with pytest.raises(InvalidError, match="nowhere"):
            retry(space, run)

        assert space.store.commits == before


class TestChangedPipelines:
    def test_new_steps_downstream_run(self) -> None:
        space = Space()
        run = space.fail("c")
        space.loader.graph = chain("a", "b", "c", "d")
        space.ran()

        assert retry(space, run) is Status.SUCCESS

        assert space.ran() == ["c", "d"]

    def test_a_removed_step_at_the_end_is_gone(self) -> None:
        space = Space()
        run = space.fail("b")
        space.loader.graph = chain("a", "b")

        assert retry(space, run) is Status.SUCCESS

        assert space.states(run) == {"a": "SUCCESS", "b": "SUCCESS"}

    @pytest.mark.parametrize(
        ("names", "problem"),
        [
            (("new", "a", "b", "c"), "'new' is new; 'a' is wired differently"),
            (("b", "c"), "'b' is wired differently; 'a' is gone"),
            (("b", "a", "c"), "'b' is wired differently; 'a' is wired differently"),
        ],
        ids=["new", "removed", "reordered"],
    )
    def test_another_pipeline_before_a_kept_step_is_refused(self, names: tuple[str, ...], problem: str) -> None:
        space = Space()
        run = space.fail("c")
        space.loader.graph = chain(*names)
        before = space.store.commits

        with pytest.raises(InvalidError, match=problem) as caught:
            retry(space, run)

        assert "graft run" in (caught.value.hint or "")
        assert space.store.commits == before

    def test_a_kept_step_that_takes_another_output_is_wired_differently(self) -> None:
        space = Space()
        run = space.fail("c")
        graph = chain("a", "b", "c")
        other = replace(graph.nodes[1], arguments=(Argument("x", Upstream("a", "other")),))
        space.loader.graph = replace(graph, nodes=(graph.nodes[0], other, graph.nodes[2]))

        with pytest.raises(InvalidError, match="'b' is wired differently"):
            retry(space, run)

    def test_an_output_that_a_kept_step_did_not_make_yet_is_named(self) -> None:
        space = Space()
        run = space.fail("b")
        graph = chain("a", "b", "c")
        wants = replace(graph.nodes[1], arguments=(Argument("x", Upstream("a", "other")),))
        space.loader.graph = replace(graph, nodes=(graph.nodes[0], wants, graph.nodes[2]))

        with pytest.raises(InvalidError, match="'other' of step 'a' is needed, but 'a' has not recorded it"):
            retry(space, run)


class TestCode:
    def test_current_code_is_loaded_with_recorded_parameters_and_recorded_with_the_run(self) -> None:
        space = Space()
        run = space.fail("b", values={"c": 1.5})
        space.loader.snapshot = snapshot_of("mended")

        retry(space, run, jobs=3)

        assert space.loader.requests[-1].values == {"c": 1.5}
        assert space.workspace.show(run).code.key == snapshot_of("mended").key
        assert space.contexts[-1].sys_path == TARGET.sys_path
        assert space.contexts[-1].jobs == 3

    def test_recorded_code_is_the_snapshot_and_not_the_working_copy(self) -> None:
        space = Space()
        run = space.fail("b")
        space.loader.snapshot = snapshot_of("edited since")

        assert retry(space, run, code=CodeChoice.RECORDED, jobs=3) is Status.SUCCESS

        key = snapshot_of("first").key
        assert space.machine.written == [key]
        assert space.contexts[-1].sys_path == (f"/code/{key}/src", "/lib")
        assert space.contexts[-1].jobs == 3
        assert len(space.loader.requests) == 1

    def test_after_recorded_code_a_retry_can_take_the_current_one(self) -> None:
        space = Space()
        run = space.fail("b")
        space.broken = {"b"}
        retry(space, run, code=CodeChoice.RECORDED)
        space.broken = set()

        assert retry(space, run, code=CodeChoice.CURRENT) is Status.SUCCESS

        assert space.contexts[-1].sys_path == TARGET.sys_path

    def test_a_pipeline_of_a_session_has_recorded_code_only(self) -> None:
        space = Space()
        space.broken = {"b"}
        run = space.workspace.run(RunRequest(target=replace(TARGET, is_loadable=False))).id
        space.broken = set()

        assert retry(space, run) is Status.SUCCESS

        assert len(space.loader.requests) == 1
        assert space.machine.written == [snapshot_of("first").key]

    def test_a_submitted_retry_is_launched_from_the_state_it_is_in(self) -> None:
        space = Space()
        run = space.fail("b")

        space.workspace.submit_retry(RetryRequest(run=run))

        assert space.launcher.launched == [(run, Status.FAILURE)]
        assert space.states(run) == {"a": "SUCCESS", "b": "PENDING", "c": "PENDING"}
