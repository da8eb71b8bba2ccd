"""Carrying a run to its end: whatever its runner does, the run ends on record and is let go of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from runners import OURS, STOPPED, CarelessRunner, SilentRunner
from shapes import Map, build, step
from spaces import TARGET, Space
from worlds import World, ok

from graftline.core.errors import ConflictError, GraftError, InvalidError, PluginError, StoreError
from graftline.core.events import AttemptDispatched, Fact, GraphGrown, RunFinished, RunStarted
from graftline.core.graph import Graph
from graftline.core.hosting import moved
from graftline.core.ids import RunId
from graftline.core.requests import RetryRequest, RunRequest
from graftline.core.runner import Runner
from graftline.core.runners import RunnerChoice
from graftline.core.runs import StepRun, Target
from graftline.core.selection import Selection
from graftline.core.settling import settle
from graftline.core.states import Reason, Status


def space_with(runner: type[Runner], **options: Any) -> Space:
    return Space(runner=lambda name: RunnerChoice(runner=runner, options=options), default_runner="odd")


class TestRunnersThatSayTooLittle:
    def test_one_that_never_reports_is_shown_as_one_step_that_succeeded(self) -> None:
        space = space_with(SilentRunner)

        run = space.run()

        assert space.workspace.show(run).state is Status.SUCCESS
        assert space.states(run) == dict.fromkeys("abc", "SUCCESS")
        shown = {(step.started, step.seconds) for step in space.workspace.steps(run)}
        assert len(shown) == 1
        assert {each.worker for found in space.workspace.attempts(run).values() for each in found} == {"odd"}

    def test_one_that_raises_fails_the_run_with_the_exception(self) -> None:
        space = space_with(SilentRunner, error=RuntimeError("no such queue"))

        run = space.run()

        assert space.workspace.show(run).state is Status.FAILURE
        assert space.states(run) == {"a": "FAILURE ERROR", "b": "SKIPPED UPSTREAM", "c": "SKIPPED UPSTREAM"}
        error = space.step(run, "a").error
        assert error is not None
        assert (error.type, error.message) == ("RuntimeError", "runner 'odd': no such queue")
        assert "raise error" in error.traceback

    def test_what_it_started_and_left_open_ends_with_it(self) -> None:
        space = space_with(CarelessRunner)

        run = space.run()

        assert space.states(run) == dict.fromkeys("abc", "SUCCESS")
        assert {path: len(found) for path, found in space.workspace.attempts(run).items()} == dict.fromkeys("abc", 1)

    def test_a_step_that_was_at_work_is_blamed_when_it_raises(self) -> None:
        space = space_with(CarelessRunner, error=RuntimeError("lost"))

        run = space.run()

        assert space.states(run) == {"a": "FAILURE ERROR", "b": "SKIPPED UPSTREAM", "c": "SKIPPED UPSTREAM"}

    def test_nothing_after_a_failed_step_is_taken_for_done(self) -> None:
        space = space_with(CarelessRunner, fails=True)

        run = space.run()

        assert space.workspace.show(run).state is Status.FAILURE
        assert space.states(run) == {"a": "FAILURE ERROR", "b": "SKIPPED UPSTREAM", "c": "SKIPPED UPSTREAM"}

    def test_an_error_of_ours_is_recorded_and_raised(self) -> None:
        space = space_with(SilentRunner, error=OURS)
        run = space.workspace.create(RunRequest(target=TARGET))

        with pytest.raises(PluginError) as caught:
            space.workspace.host(run)

        assert caught.value is OURS
        assert space.workspace.show(run).state is Status.FAILURE
        assert space.states(run)["a"] == "FAILURE PREFLIGHT"

    @pytest.mark.parametrize(
        ("runner", "first"), [(SilentRunner, "CANCELLED USER"), (CarelessRunner, "CANCELLED USER")]
    )
    def test_one_that_was_stopped_elsewhere_is_cancelled(self, runner: type[Runner], first: str) -> None:
        space = space_with(runner, error=STOPPED)

        run = space.run()

        record = space.workspace.show(run)
        assert (record.state, record.reason) == (Status.CANCELLED, Reason.USER)
        assert space.states(run) == {"a": first, "b": "CANCELLED USER", "c": "CANCELLED USER"}

    def test_a_retry_of_it_adds_attempts(self) -> None:
        space = space_with(SilentRunner, error=RuntimeError("once"))
        run = space.run()
        options: dict[str, Any] = {}
        object.__setattr__(
            space.workspace.parts, "runner", lambda name: RunnerChoice(runner=SilentRunner, options=options)
        )

        assert space.workspace.retry(RetryRequest(run=run)).state is Status.SUCCESS

        assert [each.state for each in space.workspace.attempts(run)["a"]] == [Status.FAILURE, Status.SUCCESS]


class TestLettingGo:
    def test_a_run_that_ended_is_free(self) -> None:
        space = Space()
        run = space.fail("a")

        space.runs.open(run).close()

    def test_a_runner_that_cannot_be_found_fails_the_run_and_lets_it_go(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))

        def gone(name: str) -> RunnerChoice:
            raise InvalidError(f"there is no runner '{name}'")

        object.__setattr__(space.workspace.parts, "runner", gone)
        with pytest.raises(InvalidError, match="no runner 'stub'"):
            space.workspace.host(run)

        assert space.workspace.show(run).state is Status.FAILURE
        space.runs.open(run).close()

    @pytest.mark.parametrize("error", [StoreError("disk full"), ConflictError("taken over")])
    def test_a_run_whose_log_refuses_is_found_interrupted(self, error: GraftError) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        opened = space.runs.open

        def open_broken(run: RunId, *, expect: Status | None = None) -> Any:
            log = opened(run, expect=expect)
            append = log.append

            def refuse(facts: list[Fact]) -> None:
                if not any(isinstance(fact, RunStarted) for fact in facts):
                    raise error
                append(facts)

            log.append = refuse  # type: ignore[method-assign, assignment]
            return log

        space.store.runs.open = open_broken  # type: ignore[method-assign]
        with pytest.raises(type(error)) as caught:
            space.workspace.host(run)

        assert caught.value is error
        assert space.workspace.show(run).state is Status.INTERRUPTED

    def test_a_run_of_another_host_is_left_alone(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        log = space.runs.open(run)

        with pytest.raises(ConflictError):
            space.workspace.host(run)

        log.append([RunStarted(at=1.0)])
        assert space.ran() == []

    def test_the_observer_sees_the_run_from_its_start_to_its_end(self) -> None:
        space = Space()
        seen: list[Fact] = []

        space.workspace.run(RunRequest(target=TARGET), seen.extend)

        assert isinstance(seen[0], RunStarted)
        assert isinstance(seen[-1], RunFinished)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        (("/project",), ("/copy",)),
        (("/lib", "/project/src"), ("/lib", "/copy/src")),
        (("/projects", "/lib"), ("/copy", "/projects", "/lib")),
        ((), ("/copy",)),
    ],
)
def test_a_target_is_moved_to_a_copy_of_its_code(search: tuple[str, ...], expected: tuple[str, ...]) -> None:
    target = Target(text="p.py", root="/project", cwd="/project/here", sys_path=search)

    there = moved(target, "/copy")

    assert (there.root, there.cwd, there.sys_path) == ("/copy", "/project/here", expected)


def test_a_graph_without_steps_succeeds() -> None:
    space = Space(Graph(name="demo", nodes=(), operations=()))

    assert space.workspace.show(space.run()).state is Status.SUCCESS


def test_what_grew_out_of_a_selected_step_belongs_to_the_selection() -> None:
    graph = build([step("load"), Map(name="m", inside=[step("x")]), step("after", "m")])
    space = Space(graph)
    run = space.workspace.create(RunRequest(target=TARGET, selection=Selection(only=("load", "m", "m/items"))))
    log = space.runs.open(run)
    outputs = World(sizes={"m/items": 2}).outputs(graph, "m/items")
    split: list[Fact] = [
        AttemptDispatched(node="m/items", attempt=1, at=1.0),
        ok("m/items", outputs=outputs),
        GraphGrown(node="m/items", size=2, at=2.0),
    ]
    log.append([RunStarted(at=1.0), *split])
    space.store.abandon(run)

    space.workspace.host(run)

    assert {order.node for order in space.orders} == {"load", "m/0/x", "m/1/x", "m"}
    assert space.states(run)["m/1/x"] == "SUCCESS"
    assert space.states(run)["after"] == "SKIPPED UNSELECTED"


@pytest.mark.parametrize(("reason", "verdict"), [(Reason.BRANCH, Status.SUCCESS), (Reason.UPSTREAM, Status.FAILURE)])
def test_a_step_rightly_not_run_does_not_make_a_silent_runner_fail(reason: Reason, verdict: Status) -> None:
    steps = [step_run(path) for path in ("a", "b")]
    steps[0] = replace(steps[0], state=Status.SKIPPED, reason=reason)

    facts = settle(steps, None, worker="odd", begun=1.0, now=2.0)

    assert facts[-1] == RunFinished(state=verdict, reason=None, at=2.0)


def step_run(path: str) -> StepRun:
    return StepRun(
        path=path,
        name=path,
        state=Status.PENDING,
        reason=None,
        attempts=0,
        started=None,
        seconds=None,
        cpu_seconds=None,
        peak_bytes=None,
        needs=(),
        params={},
        cached_from=None,
        error=None,
        outputs=(),
        metrics=(),
    )
