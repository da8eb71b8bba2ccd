"""Runs without their steps: through the engine and a real store, in this process."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock, create_autospec

import pytest
from authoring import clean, fit, load, publish
from called_calls import iris
from local_runs import context, operation, order

import graftline
from graftline import Catalog, InvalidError, Pipeline, PythonTask, ScriptTask, ShellTask, StepFailed, metric
from graftline.core.events import AttemptSucceeded, StepProgressed, StepYielded
from graftline.core.results import RunResult
from graftline.plugins.mock.runner import MockRunner
from graftline.testing import VirtualStore


def model() -> Pipeline:
    return Pipeline(
        [
            PythonTask(load, returns=["df"]),
            PythonTask(fit, returns=["model", metric("auc")]),
            PythonTask(publish, retries=1),
        ],
        "model",
    )


def mocked(pipeline: Pipeline, patches: dict[str, object] | None = None, **given: Any) -> RunResult:
    result = pipeline.execute(runner="mock", patches=patches, **given)
    assert isinstance(result, RunResult)
    return result


@pytest.fixture(autouse=True)
def _store(graft_store: VirtualStore) -> None:
    """Keep runs out of the store of other tests."""


class TestUnpatched:
    def test_no_step_is_executed_and_each_return_is_none(self, capfd: pytest.CaptureFixture[str]) -> None:
        run = mocked(model(), C=2)

        assert run.state == "SUCCESS"
        assert run.values() == {"df": None, "model": None}
        assert run.metrics == {"auc": None}
        assert capfd.readouterr() == ("", "")

    def test_the_run_is_recorded_as_any_other(self) -> None:
        run = mocked(model(), C=2, tag="dry")

        assert (run.record.runner, run.record.tags, run.params) == ("mock", ("dry",), {"C": 2.0})
        assert [(step.path, step.attempts, step.state) for step in run.steps] == [
            ("load", 1, "SUCCESS"), ("fit", 1, "SUCCESS"), ("publish", 1, "SUCCESS")
        ]  # fmt: skip
        assert graftline.load_run("dry").run == run.run

    def test_commands_scripts_and_files_are_not_needed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        shell = ShellTask("touch here; exit 3", "shell", returns=["rows"], catalog=Catalog(put=["*.csv"]))

        run = mocked(Pipeline([shell], "shell"))

        assert run.values() == {"rows": None}
        assert not (tmp_path / "here").exists()

    def test_what_steps_ask_of_the_machine_is_not_needed(self) -> None:
        step = PythonTask(load, returns=["df"], secrets=["NOWHERE"], labels=["mars"], resources={"gpu": 99, "db": 7})

        assert mocked(Pipeline([step], "big")).state == "SUCCESS"
        with pytest.raises(InvalidError, match="label 'mars'"):
            Pipeline([step], "big").execute()

    def test_parameters_are_checked_and_cast(self) -> None:
        with pytest.raises(InvalidError, match="no step takes the parameter 'depht'"):
            mocked(model(), depht=3)

    def test_a_pipeline_written_by_calls_is_mocked_as_well(self) -> None:
        assert mocked(iris, C=3).values() == {"X": None, "y": None, "model": None}


class TestPatches:
    def test_a_function_is_called_with_the_steps_arguments_by_name(self) -> None:
        seen: list[object] = []

        def fake(df: list[int], C: float) -> tuple[str, float]:
            seen.append((df, C))
            return "fitted", 0.5

        run = mocked(model(), {"load": [7, 8], "fit": fake}, C="2")

        assert seen == [([7, 8], 2.0)]
        assert run.value("model") == "fitted"
        assert run.metrics == {"auc": 0.5}

    def test_it_runs_here_so_that_closures_and_mocks_work(self) -> None:
        threads: list[threading.Thread] = []
        fake_fit, fake_publish = Mock(return_value=("m", 1)), Mock()

        mocked(
            model(),
            {"load": lambda: threads.append(threading.current_thread()), "fit": fake_fit, "publish": fake_publish},
        )

        assert threads == [threading.current_thread()]
        fake_fit.assert_called_once_with(df=None)
        fake_publish.assert_called_once_with(model="m")

    def test_an_autospec_is_held_to_the_signature_of_the_function(self) -> None:
        fake = create_autospec(fit, return_value=(1, 2))

        mocked(model(), {"fit": fake}, C=4)

        fake.assert_called_once_with(None, 4.0)

    def test_a_coroutine_is_awaited(self) -> None:
        assert mocked(model(), {"load": AsyncMock(return_value=[5])}).value("df") == [5]

    def test_a_value_is_what_the_step_returns_several_are_a_tuple(self) -> None:
        run = mocked(model(), {"load": [1, 2], "fit": ("m", 0.25)})

        assert run.values() == {"df": [1, 2], "model": "m"}
        assert run.metrics == {"auc": 0.25}

    def test_returns_that_a_script_leaves_in_files_are_returned_by_the_patch(self) -> None:
        returns = [metric("auc", file="m.json"), metric("loss", pattern="loss=(.*)")]
        script = ScriptTask("samples/etl/scripts/outliers.py", returns=returns)

        assert mocked(Pipeline([script], "script"), {"outliers": (0.5, 2)}).metrics == {"auc": 0.5, "loss": 2}

    def test_it_may_log_metrics_and_artifacts(self) -> None:
        def fake() -> None:
            graftline.log_metric("rows", 3)
            graftline.log_artifact({"a": 1}, "notes")

        run = mocked(model(), {"publish": fake})

        assert run.metrics["rows"] == 3
        assert run.value("notes") == {"a": 1}

    def test_the_patch_for_a_second_call_is_its_own(self) -> None:
        @graftline.pipeline
        def two() -> None:
            one = graftline.task(load)()
            graftline.task(clean)(one)
            graftline.task(clean)(one)

        run = mocked(two, {"clean-2": "second"})

        assert run.values() == {"load": None, "clean": None, "clean-2": "second"}


class TestFailures:
    def test_a_patch_that_raises_fails_its_step(self) -> None:
        fake = Mock(side_effect=ValueError("no"))

        with pytest.raises(StepFailed, match="step 'fit' failed: ValueError: no"):
            mocked(model(), {"fit": fake})

    def test_retries_are_made(self) -> None:
        fake = Mock(side_effect=[ValueError("first"), None])

        run = mocked(model(), {"publish": fake})

        assert [step.attempts for step in run.steps] == [1, 1, 2]

    @pytest.mark.parametrize(
        ("fake", "reason"),
        [
            ((1, 2, 3), "RETURNS"),
            (lambda: (1, 2, 3), "RETURNS"),
            (lambda other: 1, "ERROR"),
            ((sys.stdout, 1), "UNPICKLABLE"),
        ],
    )
    def test_what_does_not_stand_in_is_told_as_of_the_step(self, fake: Callable[..., object], reason: str) -> None:
        run = mocked(model(), {"fit": fake}, check=False)

        failed = next(step for step in run.steps if step.path == "fit")
        assert (run.state, failed.reason) == ("FAILURE", reason)
        assert failed.error is not None

    def test_an_argument_that_does_not_cast_fails_before_the_call(self) -> None:
        def fake(C: int) -> tuple[int, int]:
            raise AssertionError

        run = mocked(model(), {"fit": fake}, C=1.5, check=False)

        assert [step.reason for step in run.steps] == [None, "INPUT", "UPSTREAM"]


class TestRefused:
    def test_a_patch_for_no_step_is_refused_with_the_nearest_before_anything_runs(
        self, graft_store: VirtualStore
    ) -> None:
        with pytest.raises(InvalidError, match="patches= names 'fitt', which is no step; did you mean 'fit'"):
            mocked(model(), {"fitt": 1})

        assert graft_store.runs() == []

    def test_patches_need_the_mock_runner(self) -> None:
        with pytest.raises(InvalidError, match="patches= stands in for steps of a mock run, and the runner is 'local'"):
            model().execute(patches={"fit": 1})

    def test_patches_are_a_dict(self) -> None:
        with pytest.raises(InvalidError, match="patches= takes a dict"):
            mocked(model(), [fit])  # type: ignore[arg-type]


def test_the_name_of_the_runner_may_be_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFTLINE_RUNNER_DEFAULT", "mock")

    assert model().execute(patches={"load": 5}).value("df") == 5


def test_what_a_patch_yields_and_how_far_it_is_are_told(tmp_path: Path) -> None:
    def fake() -> Iterator[object]:
        yield 1
        graftline.progress(1, 2)
        yield 2

    executor = MockRunner.executor(context(tmp_path, [operation("nothing")]), patches={"load": fake})
    executor.submit([order("load", 0)])

    told = executor.wait(1.0)

    assert [type(each) for each in told] == [StepYielded, StepProgressed, StepYielded, AttemptSucceeded]
