"""What `execute()` and `load_run()` give back."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from grown_graphs import trials
from run_specs import dispatched, spec, started, succeeded, value
from spaces import TARGET, Space

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.errors import Cancelled, FailedError, MissingError, StepFailed
from graftline.core.events import CancelRequested, Fact
from graftline.core.ids import RunId
from graftline.core.ports import LogChunk
from graftline.core.requests import RunRequest
from graftline.core.results import RunResult
from graftline.core.session import Requests
from graftline.core.states import Status


class FakeLogs:
    """Two chunks of step `a`, one of step `b`."""

    def read(self, run: RunId, node: str | None = None, attempt: int | None = None) -> Iterator[LogChunk]:
        for path, data in (("a", b"one \xc3"), ("b", b"two"), ("a", b"\xa9\n\xff")):
            if node in (None, path):
                yield LogChunk(node=path, attempt=1, stream="stdout", at=1.0, data=data)


def result_of(space: Space, run: RunId) -> RunResult:
    def load(ref: ArtifactRef) -> object:
        return space.store.outputs.read(ref).decode()

    return RunResult(space.workspace, run, load=load, export=space.store.outputs.export, pause=lambda seconds: None)


class TestValues:
    def test_one_value_by_step_and_name(self) -> None:
        space = Space()
        result = result_of(space, space.run())

        assert result.value("b:value") == "b 1"

    def test_a_name_that_several_steps_use_wants_the_step(self) -> None:
        space = Space()
        result = result_of(space, space.run())

        with pytest.raises(MissingError, match="several steps") as caught:
            result.value("value")
        assert "a:value" in (caught.value.hint or "")

    def test_an_unknown_name_names_the_nearest(self) -> None:
        space = Space()
        result = result_of(space, space.run())

        with pytest.raises(MissingError, match="did you mean 'value'"):
            result.value("valeu")

    def test_values_are_those_of_the_later_step_and_no_metrics(self) -> None:
        space = Space()
        result = result_of(space, space.run())
        outputs = [each for step in result.steps for each in step.outputs]

        assert result.values() == {"value": "c 1"}
        assert all(isinstance(each, Output) for each in outputs)

    def test_what_starts_a_map_is_asked_for_by_its_path_alone(self) -> None:
        space = Space(trials())
        made = spec(graph=trials(), target=TARGET)
        space.runs.create(made, None)
        items = [value(b"5", "0.C"), value(b"1", "size")]
        log = space.runs.open(made.id)
        split: list[Fact] = [dispatched("trials/items"), succeeded("trials/items", outputs=items)]
        log.append([started(), dispatched("load"), succeeded("load", outputs=[value(b"9", "out")]), *split])
        log.close()
        result = result_of(space, made.id)

        assert result.values() == {"out": "9"}
        assert result.value("trials/items:0.C") == "5"
        with pytest.raises(MissingError) as caught:
            result.value("size")
        assert caught.value.hint == "outputs: out"

    def test_an_artifact_is_a_file(self) -> None:
        space = Space()
        found = result_of(space, space.run()).artifact("a:value")

        assert (found.name, found.size) == ("a:value", 3)
        assert found.path.endswith(found.sha256[2:])

    def test_parameters_document_and_text(self) -> None:
        space = Space()
        result = result_of(space, space.run(values={"c": 2}))

        assert result.params == {"c": 2}
        assert result.to_dict()["run"] == result.run
        assert result.metrics == {}
        assert repr(result) == f"<RunResult {result.run} SUCCESS>"

    def test_logs_are_text_whatever_the_bytes(self) -> None:
        space = Space(logs=FakeLogs())
        result = result_of(space, space.run())

        assert result.logs("a") == "one é\n\\xff"
        assert "two" in result.logs()


class TestCheck:
    def test_a_success_is_itself(self) -> None:
        space = Space()
        result = result_of(space, space.run())

        assert result.check() is result

    def test_a_failure_names_the_step_its_cause_and_what_to_look_at(self) -> None:
        space = Space()
        result = result_of(space, space.fail("b"))

        with pytest.raises(StepFailed, match="step 'b' failed: ValueError: b is broken") as caught:
            result.check()

        assert (caught.value.run, caught.value.step, caught.value.reason) == (result.run, "b", "ERROR")
        assert f"graft logs {result.run[:6]} b" in (caught.value.hint or "")

    def test_a_time_limit_is_named(self) -> None:
        space = Space()
        result = result_of(space, space.run(timeout_s=0.5))

        with pytest.raises(StepFailed, match="ended as FAILURE: TIMEOUT") as caught:
            result.check()
        assert caught.value.step is None

    def test_a_cancelled_run_is_no_failure(self) -> None:
        space = Space()
        requests = Requests()
        requests.add(CancelRequested(at=1.0))
        run = space.workspace.run(RunRequest(target=TARGET), requests=requests)

        with pytest.raises(Cancelled, match="was cancelled"):
            result_of(space, run.id).check()

    def test_a_run_that_goes_on_has_nothing_to_check(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))

        with pytest.raises(FailedError, match="has not ended: it is PENDING"):
            result_of(space, run).check()


class TestWait:
    def test_it_returns_when_the_run_has_ended(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))
        looks = itertools.count()

        def pause(seconds: float) -> None:
            if next(looks) == 3:
                space.workspace.host(run)

        result = RunResult(space.workspace, run, load=lambda ref: None, export=lambda ref: "", pause=pause)

        assert result.wait(timeout=5.0).state is Status.SUCCESS

    def test_it_gives_up_after_the_time(self) -> None:
        space = Space()
        run = space.workspace.create(RunRequest(target=TARGET))

        with pytest.raises(FailedError, match=r"still PENDING after 0\.2 s"):
            result_of(space, run).wait(timeout=0.2)
