"""Sweeping and tuning, from the command line to the run log and the registry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from churn_project import Churn, generations
from command_line import Said, call

import graftline
from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.runs import Run
from graftline.core.states import Status
from graftline.core.workspace import Workspace
from graftline.wiring import Given, open_workspace

PIPELINE = """\
import pathlib, time

from graftline import Pipeline, PythonTask, metric


def features(rows: int = 4):
    with open("features.log", "a") as log:
        log.write("made\\n")
    return list(range(rows))


def fit(features, C: float = 1.0, depth: int = 3):
    if C < 0 and not pathlib.Path("mended").exists():
        raise ValueError("C is negative")
    while C == 99 and not pathlib.Path("go").exists():
        time.sleep(0.02)
    return 1 - abs(C - 1) / 10 - abs(depth - 3) / 20


demo = Pipeline([PythonTask(features, returns=["features"]), PythonTask(fit, returns=[metric("auc")])], name="demo")
"""
TUNED = """
from graftline import Tune, whole

churn.tune = Tune({"limit": [0.25, 0.5, 0.75]}, maximize="accuracy")
"""


class Project:
    """A pipeline to be searched, and the command line beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "graftline.toml").write_text('[project]\nname = "demo"\n')
        (root / "pipeline.py").write_text(PIPELINE)

    def graft(self, *words: str) -> Said:
        return call(self.root, *words)

    @property
    def space(self) -> Workspace:
        return open_workspace(Given(project=str(self.root)))

    def trials(self, parent: str) -> list[Run]:
        """Return the runs of a search, oldest first."""
        return self.space.runs(RunQuery(parent=RunId(parent), with_children=True))[::-1]

    def made(self) -> int:
        """Return how often the features were made."""
        return len((self.root / "features.log").read_text().splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "demo"
    root.mkdir()
    return Project(root)


def states(space: Workspace, run: Run) -> dict[str, Status]:
    return {step.path: step.state for step in space.steps(run.id)}


class TestSweeping:
    def test_makes_what_no_searched_parameter_touches_once_and_ranks_the_runs(self, project: Project) -> None:
        said = project.graft("--json", "sweep", "-S", "C=0.5,1", "-S", "depth=2:3", "--by", "auc", "-j", "2")

        document = said.document
        assert (said.code, document["state"], document["metrics"]) == (0, "SUCCESS", {"auc": 1.0})
        assert [(each["rank"], each["params"]) for each in document["trials"][:2]] == [
            (1, {"C": "1", "depth": "3"}),
            (2, {"C": "0.5", "depth": "3"}),
        ]
        first, *others = project.trials(document["run"])
        assert states(project.space, first)["features"] is Status.SUCCESS
        assert [states(project.space, each)["features"] for each in others] == [Status.CACHED] * 3
        assert project.made() == 1
        assert {each.origin for each in [first, *others]} == {"sweep"}
        assert first.params == {"C": 0.5, "depth": 2}, "cast as -p casts"

        listed = project.graft("--json", "runs").document["runs"]
        assert [each["run"] for each in listed] == [document["run"]], "its trials are hidden"
        words = ("runs", "--parent", document["run"], "--by", "auc", "--columns", "C,depth", "--top", "2")
        board = project.graft("--json", *words).document["runs"]
        assert [each["metrics"]["auc"] for each in board] == [1.0, 0.95]

        planned = project.graft("--json", "sweep", "-S", "C=1,2", "-n").document["trials"]
        assert [(each["run"], each["reused"]) for each in planned] == [(["fit"], ["features"])] * 2

    def test_goes_on_when_a_trial_fails_and_a_retry_repeats_that_one_alone(self, project: Project) -> None:
        said = project.graft("sweep", "-S", "C=-1,1", "--by", "auc")
        (project.root / "mended").touch()
        again = project.graft("--json", "retry")

        assert said.code == 1
        assert "ValueError: step 'fit': C is negative" in said.out
        assert "best: trial 2 · C=1 · auc 1" in said.out
        assert (again.code, again.document["state"]) == (0, "SUCCESS")
        attempts = {step["path"]: step["attempts"] for step in again.document["steps"]}
        assert attempts == {"trials/1": 2, "trials/2": 1, "best": 2}
        assert [each.state for each in project.trials(again.document["run"])] == [Status.SUCCESS] * 2

    def test_fail_fast_starts_no_further_trial(self, project: Project) -> None:
        said = project.graft("--json", "sweep", "-S", "C=-1,1,2", "-x", "-j", "1")

        assert said.code == 1
        assert [step["state"] for step in said.document["steps"]] == ["FAILURE", "CANCELLED", "CANCELLED"]
        assert len(project.trials(said.document["run"])) == 1

    def test_equal_trials_run_once(self, project: Project) -> None:
        said = project.graft("--json", "sweep", "-S", "C=1,1.0,2", "-R", "mock")

        assert [step["path"] for step in said.document["steps"]] == ["trials/1", "trials/2"]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("-S", "CC=1,2"), "no step takes the parameter 'CC'; did you mean 'C'?"),
            (("-S", "C=log(0.1,1)"), "it is not said how many"),
            (("-S", "C=1,2", "-p", "C=3"), "'C' is searched, and fixed by -p as well"),
            (("-S", "C=1,2", "-S", "depth=1:3", "--zip"), "C has 2, depth has 3"),
            (("-S", "C=1,2", "--minimize"), "--minimize needs --by METRIC"),
            (("-S", "C=1,2", "--seed", "3"), "--seed is of what is drawn"),
            ((), "nothing is searched"),
        ],
    )
    def test_what_is_wrong_is_told_before_anything_starts(
        self, project: Project, words: tuple[str, ...], told: str
    ) -> None:
        said = project.graft("sweep", *words)

        assert said.code == 2
        assert told in said.err
        assert project.space.runs(RunQuery(with_children=True)) == []


@pytest.mark.skipif(sys.platform != "linux", reason="kills processes")
def test_a_sweep_whose_process_is_killed_goes_on_with_what_was_not_done(project: Project) -> None:
    package = str(Path(graftline.__file__).parent.parent)
    words = [sys.executable, "-m", "graftline", "sweep", "-S", "C=1,99,2", "-j", "1", "--by", "auc"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(words, cwd=project.root, env=environ, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = project.space.runs(RunQuery(with_children=True))
        if any(each.params.get("C") == 99 and states(project.space, each)["fit"] is Status.STARTED for each in found):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    interrupted = [each.state for each in project.space.runs(RunQuery(with_children=True))]
    (project.root / "go").touch()
    said = project.graft("--json", "resume")

    assert sorted(interrupted) == [Status.INTERRUPTED, Status.INTERRUPTED, Status.SUCCESS]
    assert (said.code, said.document["state"]) == (0, "SUCCESS")
    attempts = {step["path"]: step["attempts"] for step in said.document["steps"]}
    assert attempts == {"trials/1": 1, "trials/2": 2, "trials/3": 1, "best": 1}
    assert [each.params["C"] for each in project.trials(said.document["run"])] == [1, 99, 2]
    assert project.made() == 1


class TestTuning:
    @pytest.fixture
    def churn(self, tmp_path: Path) -> Churn:
        made = Churn(tmp_path / "project")
        made.write()
        made.change("steps.py", "return model, sum", "return model, limit if limit < 0.7 else -sum")
        (made.root / "pipeline.py").write_text((made.root / "pipeline.py").read_text() + TUNED)
        return made

    def test_commits_one_generation_with_the_best_parameters_and_their_score(self, churn: Churn) -> None:
        document = churn.document("tune", "-R", "local")

        (made,) = generations(churn)
        assert (made.draft.params, made.draft.score, made.draft.direction) == ({"limit": 0.5}, 0.5, "maximize")
        assert (made.draft.origin, made.draft.metrics["accuracy"]) == ("tune", 0.5)
        assert (document["lineage"], document["generation"]) == (made.draft.version, 1)
        assert document["action"] == "tune"
        assert next(each["params"] for each in document["trials"]) == {"limit": "0.5"}
        shown = churn.graft("show")
        assert "best: trial 2 · limit=0.5 · accuracy 0.5" in shown.out

    def test_halving_gives_the_best_part_more(self, churn: Churn) -> None:
        churn.change("steps.py", "limit: float = 0.5", "limit: float = 0.5, rounds: int = 1")
        words = ("-S", "limit=uniform(0,0.6)", "--method", "halving", "--budget", "rounds=1:3", "--trials", "3")

        document = churn.document("tune", *words)

        ranked = [(each["trial"], each["params"]["rounds"]) for each in document["trials"]]
        assert sorted(ranked) == [(1, "1"), (2, "1"), (3, "1"), (4, "3")]
        last = next(each for each in document["trials"] if each["trial"] == 4)
        first = max((each for each in document["trials"] if each["trial"] < 4), key=lambda each: float(each["score"]))
        assert last["params"]["limit"] == first["params"]["limit"]
        assert generations(churn)[0].draft.params["rounds"] == 3

    def test_what_is_wrong_is_told_before_anything_starts(self, churn: Churn) -> None:
        churn.change("pipeline.py", "churn.tune =", "unused =")

        said = churn.graft("tune")
        fixed = churn.graft("tune", "-S", "limit=1,2", "--maximize", "accuracy", "--method", "halving")

        assert (said.code, fixed.code) == (2, 2)
        assert "give it tune=Tune(" in said.err
        assert "--budget epochs=5:135" in fixed.err
