"""What every runner promises, as tests that any runner can be held to: `graftline.testing.RunnerConformance`.

Apart from `testing`, which every test session imports; this is for the tests of runners.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from .core.demands import DEFAULT_LABEL
from .core.events import CancelRequested
from .core.requests import RetryRequest, RunRequest
from .core.results import RunResult
from .core.runnerhealth import Health, Question, Reach
from .core.session import Requests
from .core.workspace import Workspace
from .programs import load_run
from .testing import virtual_store
from .wiring import Given, find_runner, find_target, open_workspace

_HEALTH_S, _SHORT_S = 10.0, 1.0
"""For an answer: as long as a promotion waits, and as short as nobody waits for one."""
_MARGIN_S = 2.0
"""More than that on a busy machine: the imports of a client library take a second."""


class ConformanceProject:
    """The project of `RunnerConformance`, in a directory of its own."""

    def __init__(self, root: Path, runner: str, config: str):
        self.root = root
        self._runner = runner
        self._configure(config)
        (root / "conformance_steps.py").write_text(_STEPS)
        (root / "pipelines.py").write_text(_PIPELINES)

    def mend(self) -> None:
        """Have the step that failed find what it looks for."""
        (self.root / "mended").touch()

    def line_of(self, text: str) -> tuple[Path, int]:
        """Return the file of the steps, and the number of the line that has a text."""
        file = self.root / "conformance_steps.py"
        return file, next(at for at, line in enumerate(file.read_text().splitlines(), 1) if text in line)

    def run(self, pipeline: str, *, is_stopped: bool = False, **params: str) -> RunResult:
        """Run a pipeline of the project and return the finished run, failed or not."""
        requests = Requests()
        if is_stopped:
            requests.add(CancelRequested(at=time.time()))
        target = find_target(f"{self.root / 'pipelines.py'}:{pipeline}", self._choices)
        space = self._space()
        return self._result(space.run(RunRequest(target=target, params=params, jobs=2), None, requests).id)

    def retry(self, run: RunResult) -> RunResult:
        """Retry a run and return it, finished."""
        return self._result(self._space().retry(RetryRequest(run=run.record.id)).id)

    def health(self, timeout_s: float, *, config: str | None = None) -> tuple[Health, float]:
        """Ask the runner how it is and return its answer with the seconds that took.

        Args:
            timeout_s: which it is given.
            config: of another place than the project's own; None: of that.
        """
        if config is not None:
            self._configure(config)
        choice = find_runner(self._choices, self._runner)
        question = Question(packages=("graftline",), secrets=("HOME",), labels=(DEFAULT_LABEL,), timeout_s=timeout_s)
        began = time.monotonic()
        found = choice.runner.health(choice.options, question)
        return found, time.monotonic() - began

    def _configure(self, config: str) -> None:
        (self.root / "graftline.toml").write_text(f'[project]\nname = "conformance"\n{config}')

    @property
    def _choices(self) -> Given:
        return Given(project=str(self.root), runner=self._runner)

    def _space(self) -> Workspace:
        for name in ("conformance_steps", "pipelines"):  # of the project of an earlier test
            sys.modules.pop(name, None)
        return open_workspace(self._choices)

    def _result(self, run: str) -> RunResult:
        return load_run(run, all_projects=True)


class RunnerConformance:
    """What every runner promises. A subclass in a test suite names its runner and says what it does not claim::

        class TestMyRunner(RunnerConformance):
            runner = "mine"  # an entry point, or "package.module:Class"

    Each test runs a small project, by the same calls that the command line makes, on a real store of its own.
    """

    runner: ClassVar[str]
    """Name of the runner: an entry point, `module:Class`, or as the configuration calls it."""
    config: ClassVar[str] = ""
    """TOML that is added to the project's configuration: `[runner.mine]`, ..."""
    unreachable: ClassVar[str] = ""
    """TOML of the same runner at a place where nobody answers; empty: it is there whenever this process is."""
    executes: ClassVar[bool] = True
    """Whether steps are really run. False: values are made up, and nothing fails."""
    composes: ClassVar[bool] = True
    """Whether it runs maps and conditionals."""
    retries: ClassVar[bool] = True
    """Whether it keeps `retries=` of steps."""
    reuses: ClassVar[bool] = True
    """Whether it reuses earlier results."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Iterator[ConformanceProject]:
        """The project that the tests run, on a store of its own."""
        with virtual_store():
            yield ConformanceProject(tmp_path, self.runner, self.config)

    def test_the_graph_is_run_in_its_order_and_its_values_are_kept(self, project: ConformanceProject) -> None:
        run = project.run("whole")

        steps = run.steps
        assert run.state == "SUCCESS"
        assert [each.path for each in steps] == ["source", "left", "right", "both"]
        begun = [each.started or 0.0 for each in steps]
        assert 0.0 < begun[0] == min(begun)
        assert begun[3] == max(begun)
        if self.executes:
            assert run.values() == {"n": 3, "l": 4, "r": 6, "total": 10}
            assert run.metrics == {"size": 10.0}

    def test_a_parameter_reaches_the_step_that_takes_it(self, project: ConformanceProject) -> None:
        run = project.run("whole", start="7")

        assert run.params == {"start": 7}
        if self.executes:
            assert run.value("total") == 22

    def test_every_step_has_one_attempt_on_record(self, project: ConformanceProject) -> None:
        run = project.run("whole")

        assert [(each.state, each.attempts) for each in run.steps] == [("SUCCESS", 1)] * 4
        assert run.to_dict()["runner"] == self.runner
        if self.executes:
            assert "3 and 3" in run.logs("both")

    def test_a_failure_is_recorded_and_what_waits_for_it_is_not_run(self, project: ConformanceProject) -> None:
        self._needs(self.executes, "steps are not really run")
        run = project.run("broken")

        first, failed, after = run.steps
        assert run.state == "FAILURE"
        assert (first.state, failed.state, after.state) == ("SUCCESS", "FAILURE", "SKIPPED")
        assert after.reason == "UPSTREAM"
        assert failed.error is not None
        assert (failed.error.type, failed.error.message) == ("ValueError", "no such luck")
        file, line = project.line_of("no such luck")
        if failed.error.frames:  # a file of the project, wherever its copy ran
            frame = failed.error.frames[-1]
            assert (frame.file, frame.line) == (str(file), line)
            assert frame.code.endswith('raise ValueError("no such luck")')
            assert f'File "{file}", line {line}' in failed.error.traceback

    def test_a_retry_goes_on_where_the_run_stands(self, project: ConformanceProject) -> None:
        self._needs(self.executes, "steps are not really run")
        failed = project.run("broken")
        project.mend()

        run = project.retry(failed)

        assert run.state == "SUCCESS"
        assert [each.attempts for each in run.steps] == [1, 2, 1]

    def test_a_step_is_tried_as_often_as_it_says(self, project: ConformanceProject) -> None:
        self._needs(self.executes and self.retries, "it does not try again")
        run = project.run("flaky")

        assert run.state == "SUCCESS"
        assert run.steps[0].attempts == 3

    def test_a_wish_to_stop_cancels_the_run(self, project: ConformanceProject) -> None:
        run = project.run("whole", is_stopped=True)

        assert run.state == "CANCELLED"
        assert {each.state for each in run.steps} <= {"CANCELLED", "SKIPPED"}

    def test_what_was_made_before_is_reused_until_something_changes(self, project: ConformanceProject) -> None:
        self._needs(self.executes and self.reuses, "it reuses nothing")
        project.run("whole")

        assert {each.state for each in project.run("whole").steps} == {"CACHED"}
        assert [each.state for each in project.run("whole", start="8").steps] == ["SUCCESS"] * 4

    def test_a_map_has_an_item_for_each_value_of_a_list(self, project: ConformanceProject) -> None:
        self._needs(self.executes and self.composes, "it runs no maps")
        run = project.run("mapped")

        assert run.state == "SUCCESS"
        assert run.value("double") == [2, 4, 6]

    def test_asked_how_it_is_it_answers_in_time(self, project: ConformanceProject) -> None:
        found, took_s = project.health(_HEALTH_S)

        assert took_s < _HEALTH_S + _MARGIN_S
        assert found.reach is not Reach.DOWN, found.told
        assert found.told
        assert "\n" not in found.told
        assert [each.refusal for each in found.answers if each.refusal is not None] == []

    def test_where_nobody_answers_it_says_so_in_time_and_what_to_do(self, project: ConformanceProject) -> None:
        self._needs(bool(self.unreachable), "it is always there")
        found, took_s = project.health(_SHORT_S, config=self.unreachable)

        assert took_s < _SHORT_S + _MARGIN_S
        assert (found.reach, found.answers) == (Reach.DOWN, ())
        assert found.told
        assert "\n" not in found.told
        assert found.remedy

    def _needs(self, claimed: bool, why: str) -> None:
        if not claimed:
            pytest.skip(f"{self.runner}: {why}")


_STEPS = """
import os

def source(start: int = 3): return start
def left(n): return n + 1
def right(n): return n * 2
def both(n, l, r):
    print(n, "and", n)
    return l + r, float(l + r)
def fail(n):
    if not os.path.exists("mended"): raise ValueError("no such luck")
    return n
def flaky():
    with open("tries", "a") as file: file.write(".")
    if os.path.getsize("tries") < 3: raise ValueError("not yet")
    return 1
def items(): return [1, 2, 3]
def double(item): return item * 2
"""

_PIPELINES = """
from conformance_steps import both, double, fail, flaky, items, left, right, source
from graftline import Map, Pipeline, PythonTask, metric

whole = Pipeline([
    PythonTask(source, returns=["n"]),
    PythonTask(left, returns=["l"]),
    PythonTask(right, returns=["r"]),
    PythonTask(both, returns=["total", metric("size")]),
])
broken = Pipeline([
    PythonTask(source, returns=["n"]),
    PythonTask(fail, returns=["l"], reads=["mended"]),
    PythonTask(both, returns=["total", metric("size")], inputs={"r": "l"}),
])
flaky_twice = PythonTask(flaky, returns=["tried"], retries=2, backoff="0s", cache=False)
flaky = Pipeline([flaky_twice])
mapped = Pipeline([
    PythonTask(items, returns=["items"]),
    Map(
        name="trials", iterate_on="items", iterate_as="item",
        branch=Pipeline([PythonTask(double, returns=["double"])]),
    ),
])
"""
