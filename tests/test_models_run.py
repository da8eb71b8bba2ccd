"""Models in real runs: stacked over folds, reused, and trained anew where a parameter or class has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from command_line import call
from loading import write

MINE = """
class Mean:
    def fit(self, X, y):
        self.mean_ = sum(y) / len(y)

    def predict(self, X):
        return [self.mean_] * len(X)


class Threshold:
    def __init__(self, share=0.5):
        self.share = share

    def get_params(self, deep=True):
        return {"share": self.share}

    def fit(self, X, y):
        self.at_ = sum(row[0] for row in X) / len(X) * 2 * self.share
        return self

    def predict(self, X):
        return [int(row[0] > self.at_) for row in X]
"""
FLOW = """
from graftline import Model, Pipeline, PythonTask, Stack, metric
from mine import Mean, Threshold


def load():
    return [[float(at % 20)] for at in range(40)], [int(at % 20 > 9) for at in range(40)]


def accuracy(y, prediction):
    return sum(a == b for a, b in zip(y, prediction)) / len(y)


flow = Pipeline(
    [
        PythonTask(load, returns=["X", "y"]),
        Model(Mean(), name="mean", returns="level"),
        Stack([Model(Threshold(), name="cut", params=["share"]), Model(Mean(), name="level")], Threshold(), folds=3),
        PythonTask(accuracy, returns=[metric("accuracy")]),
    ],
    name="flow",
)
"""


class Project:
    """A project of its own store, run by the command line."""

    def __init__(self, folder: Path) -> None:
        self.root = write(folder / "project", {"graftline.toml": "", "mine.py": MINE, "flow.py": FLOW})
        self._environ = {"GRAFTLINE_HOME": str(folder / "store"), "HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def run(self, *arguments: str) -> tuple[set[str], Any]:
        """Run it; return the paths of the steps that ran, without the ends of composites, and the document."""
        said = call(self.root, "--json", "run", "flow.py", *arguments, environ=self._environ, path=(str(self.root),))
        assert said.code == 0, said.err + said.out
        steps = said.document["steps"]
        paths = [step["path"] for step in steps]
        ran = {step["path"] for step in steps if step["state"] != "CACHED"}
        return {path for path in ran if not any(each.startswith(f"{path}/") for each in paths)}, said.document


def test_a_stack_runs_is_reused_and_trains_anew_what_a_change_concerns(tmp_path: Path) -> None:
    project = Project(tmp_path)

    ran, document = project.run()
    with_parameter, _ = project.run("-p", "share=0.8")
    write(project.root, {"mine.py": MINE.replace("sum(y) / len(y)", "sum(y) / len(y) + 0")})
    with_class, _ = project.run()

    assert document["metrics"]["accuracy"] > 0.9
    assert {f"stack/cut-folds/fold-{fold}" for fold in (1, 2, 3)} <= ran
    assert "stack/cut/fit" in with_parameter
    assert not any("level" in path or "mean" in path for path in with_parameter)
    assert {"mean/fit", "stack/level/fit", "stack/level-folds/fold-1"} <= with_class
    assert [path for path in with_class if "cut" in path] == []
