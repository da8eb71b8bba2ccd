"""Starting runs through the workspace: what is selected, what is refused before anything is written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from run_specs import chain
from spaces import TARGET, Space, snapshot_of

from graftline.core.errors import ConflictError, InvalidError, PluginError
from graftline.core.graph import Argument, Graph, Policy, Terminate
from graftline.core.ids import RunId
from graftline.core.requests import CodeChoice, RunRequest
from graftline.core.selection import Selection
from graftline.core.states import Status
from graftline.core.supply import Upstream


def with_policy(graph: Graph, path: str, policy: Policy) -> Graph:
    """Return the graph with one step under another policy."""
    node = graph.node(path)
    operations = (*graph.operations, replace(graph.operations[node.operation], policy=policy))
    nodes = [replace(each, operation=len(operations) - 1) if each is node else each for each in graph.nodes]
    return replace(graph, nodes=tuple(nodes), operations=operations)


class TestSelection:
    def test_only_runs_on_the_newest_outputs_of_earlier_runs(self) -> None:
        space = Space()
        space.run()
        newest = space.run()
        space.ran()

        run = space.run(selection=Selection(only=("b",)))

        assert space.ran() == ["b"]
        assert space.states(run) == {"a": "CACHED", "b": "SUCCESS", "c": "CACHED"}
        assert space.step(run, "a").cached_from == newest
        assert space.workspace.show(run).state is Status.SUCCESS

    def test_from_runs_a_step_and_what_follows(self) -> None:
        space = Space()
        space.run()
        space.ran()

        run = space.run(selection=Selection(start=("b",)))

        assert space.ran() == ["b", "c"]
        assert space.states(run)["a"] == "CACHED"

    def test_to_leaves_out_what_comes_after_and_the_run_succeeds(self) -> None:
        space = Space()

        run = space.run(selection=Selection(end=("b",)))

        assert space.ran() == ["a", "b"]
        assert space.states(run) == {"a": "SUCCESS", "b": "SUCCESS", "c": "SKIPPED UNSELECTED"}
        assert space.workspace.show(run).state is Status.SUCCESS

    def test_a_missing_input_is_refused_before_anything_is_written(self) -> None:
        space = Space()

        with pytest.raises(InvalidError, match="'value' of step 'a' is needed"):
            space.run(selection=Selection(only=("b",)))

        assert space.store.records == {}

    def test_a_step_that_no_longer_returns_a_value_is_no_input(self) -> None:
        space = Space()
        space.run()
        graph = chain("a", "b", "c")
        wired = replace(graph.nodes[1], arguments=(Argument("x", Upstream("a", "other")),))
        space.loader.graph = replace(graph, nodes=(graph.nodes[0], wired, graph.nodes[2]))

        with pytest.raises(InvalidError, match="'other' of step 'a' is needed, but 'a' has not recorded it"):
            space.run(selection=Selection(only=("b",)))

    def test_a_reused_terminate_step_does_not_end_the_run(self) -> None:
        space = Space(with_policy(chain("a", "b", "c"), "c", Policy(terminate=Terminate.SUCCESS)))
        space.run()
        space.ran()

        run = space.run(selection=Selection(only=("a",)))

        assert space.ran() == ["a"]
        assert space.states(run) == {"a": "SUCCESS", "b": "CACHED", "c": "CACHED"}


class TestRefusals:
    @pytest.mark.parametrize(
        ("policy", "message"),
        [
            (Policy(labels=("fats",)), "wants label 'fats', which nothing serves; did you mean 'fast'"),
            (Policy(resources={"gpu": 3}), "wants 3 of 'gpu'; this machine has 2"),
            (Policy(secrets=("TOKEN",)), "secrets are not set: TOKEN"),
        ],
        ids=["label", "resource", "secret"],
    )
    def test_what_would_fail_for_certain_is_refused_before_anything_is_written(
        self, policy: Policy, message: str
    ) -> None:
        space = Space(with_policy(chain("a", "b"), "b", policy))

        with pytest.raises(InvalidError, match=message):
            space.run()

        assert space.store.records == {}

    def test_all_problems_come_in_one_message(self) -> None:
        policy = Policy(labels=("nowhere",), resources={"gpu": 3}, secrets=("TOKEN",))
        space = Space(with_policy(chain("a"), "a", policy))

        with pytest.raises(InvalidError, match="3 problems") as caught:
            space.run()

        assert all(word in caught.value.message for word in ("'nowhere'", "'gpu'", "TOKEN"))

    def test_a_step_that_is_not_selected_may_want_what_is_not_here(self) -> None:
        space = Space(with_policy(chain("a", "b"), "b", Policy(labels=("nowhere",))))

        run = space.run(selection=Selection(only=("a",)))

        assert space.states(run) == {"a": "SUCCESS", "b": "SKIPPED UNSELECTED"}

    def test_a_served_label_and_a_set_secret_reach_the_steps(self) -> None:
        space = Space(with_policy(chain("a"), "a", Policy(labels=("fast",), secrets=("TOKEN",))))
        space.secrets = {"TOKEN": "s3cret"}

        space.run()

        assert space.contexts[0].secrets == {"TOKEN": "s3cret"}


class TestHosting:
    def test_a_submitted_run_is_launched_if_it_is_still_pending(self) -> None:
        space = Space()

        run = space.workspace.submit(RunRequest(target=TARGET))

        assert space.launcher.launched == [(run, Status.PENDING)]
        assert space.workspace.show(run).state is Status.PENDING

    def test_a_run_that_no_process_can_be_started_for_does_not_wait_for_ever(self) -> None:
        space = Space()

        def broken(run: RunId, expect: Status) -> None:
            raise PluginError("no process left")

        space.launcher.launch = broken  # type: ignore[method-assign]
        with pytest.raises(PluginError):
            space.workspace.submit(RunRequest(target=TARGET))

        (run,) = space.store.records
        assert space.workspace.show(run).state is Status.CANCELLED

    def test_a_run_cancelled_before_it_had_a_host_is_not_taken_up(self) -> None:
        space = Space()
        run = space.workspace.submit(RunRequest(target=TARGET))

        assert space.workspace.cancel(run) is Status.CANCELLED
        with pytest.raises(ConflictError, match="CANCELLED by now"):
            space.workspace.host(run, expect=Status.PENDING)

        assert space.ran() == []
        assert space.states(run) == dict.fromkeys("abc", "CANCELLED USER")

    def test_a_cancel_from_elsewhere_stops_a_run_at_work(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        space.before = lambda order: space.cancel(run)

        ended = space.workspace.host(run)

        assert ended.state is Status.CANCELLED
        assert "c" not in space.ran()

    def test_a_run_whose_host_died_is_cancelled_at_once(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        space.runs.open(run)
        space.store.abandon(run)

        assert space.workspace.cancel(run) is Status.CANCELLED


class TestRerun:
    def test_it_is_a_new_run_with_a_parent_frozen_parameters_and_recorded_code(self) -> None:
        space = Space()
        first = space.run(values={"c": 1.5}, tags=("best",))
        space.loader.snapshot = snapshot_of("edited since")

        again = space.workspace.rerun(first)
        space.workspace.host(again)

        record, old = space.workspace.show(again), space.workspace.spec(first)
        assert (record.parent, record.params, record.tags) == (first, {"c": 1.5}, ())
        assert record.state is Status.SUCCESS
        assert len(space.loader.requests) == 1
        assert record.code.key == old.code.key == space.machine.written[0]
        copy = f"/code/{old.code.key}"
        assert space.contexts[-1].sys_path == (f"{copy}/src", "/lib")
        assert (space.contexts[-1].root, space.contexts[-1].cwd) == (copy, "/project/data")
        assert space.workspace.spec(again).target == TARGET

    def test_current_code_is_loaded_with_the_recorded_parameters(self) -> None:
        space = Space()
        first = space.run(values={"c": 1.5})
        space.loader.graph, space.loader.snapshot = chain("a", "z"), snapshot_of("edited since")

        again = space.workspace.rerun(first, code=CodeChoice.CURRENT)
        space.workspace.host(again)

        assert space.loader.requests[-1].values == {"c": 1.5}
        assert space.states(again) == {"a": "SUCCESS", "z": "SUCCESS"}
        assert space.workspace.show(again).code.key == space.loader.snapshot.key
        assert space.contexts[-1].sys_path == TARGET.sys_path

    def test_one_that_cannot_work_is_refused_before_anything_is_written(self) -> None:
        space = Space()
        first = space.run()
        space.loader.graph = with_policy(chain("a"), "a", Policy(labels=("nowhere",)))
        space.loader.blobs = {"x": b"a function"}

        with pytest.raises(InvalidError, match="nowhere"):
            space.workspace.rerun(first, code=CodeChoice.CURRENT)

        assert (list(space.store.records), space.store.bytes) == ([first], {})

    def test_it_is_the_last_run(self) -> None:
        space = Space()
        again = space.workspace.rerun(space.run())

        assert space.workspace.find("@last") == again
