"""A project that learns, small enough that a training takes as long as its processes: what its tests are made on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from command_line import Said, call

from graftline.core.lineages import Generation
from graftline.core.registry import Registry
from graftline.wiring import Given, open_workspace

PIPELINE = """\
from graftline import Pipeline, PythonTask, Source, metric, state

from steps import fit, predict, report

churn = Pipeline(
    [
        PythonTask(fit, returns=[state("model"), metric("accuracy")]),
        PythonTask(predict, returns=["prediction"]),
        PythonTask(report, returns=[metric("seen")]),
    ],
    name="churn",
    source=Source("data/customers.csv", labels={"churned": "y"}, ordinal="day"),
)
"""
STEPS = """\
def fit(X, y, limit: float = 0.5):
    spend = list(X["spend"])
    model = {"limit": limit, "mean": sum(spend) / len(spend), "rows": len(spend)}
    return model, sum(1 for each in y if each) / len(spend)


def predict(X, model):
    return [float(each > model["mean"]) for each in X["spend"]]


def report(prediction, y):
    return sum(1 for one, other in zip(prediction, y) if one == other) / len(prediction)
"""
ROWS = [(day, 10.0 * (day % 7), int(day % 7 > 3)) for day in range(1, 21)]
"""day, spend, churned"""


class Churn:
    """The project, and the command line in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Path(os.environ["GRAFTLINE_HOME"])

    def write(self, rows: list[tuple[int, float, int]] = ROWS) -> None:
        """Write the files; the data has these rows."""
        (self.root / "data").mkdir(parents=True, exist_ok=True)
        (self.root / "graftline.toml").write_text('[project]\nname = "churn"\n')
        (self.root / "pipeline.py").write_text(PIPELINE)
        (self.root / "steps.py").write_text(STEPS)
        self.give(rows)

    def give(self, rows: list[tuple[int, float, int]]) -> None:
        """Have the data these rows."""
        lines = ["day,spend,churned", *(",".join(map(str, row)) for row in rows)]
        (self.root / "data/customers.csv").write_text("\n".join(lines) + "\n")

    def change(self, file: str, old: str, new: str) -> None:
        """Edit a file of the working copy."""
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def graft(self, *words: str) -> Said:
        """Run a command line in the project."""
        return call(self.root, *words)

    def document(self, *words: str) -> Any:
        """Run a command line that must succeed and return its document."""
        said = self.graft("--json", *words)
        assert said.code == 0, said.out + said.err
        return said.document


def copied(made: Churn, root: Path) -> Churn:
    """Return a copy of a project and its store, in the store of the test at hand."""
    shutil.copytree(made.root, root, dirs_exist_ok=True)
    shutil.copytree(made.store, os.environ["GRAFTLINE_HOME"], dirs_exist_ok=True)
    return Churn(root)


def registry_of(churn: Churn, place: str | None = None) -> Registry:
    """Return a registry as the project sees it; None: the default one."""
    return open_workspace(Given(project=str(churn.root), registry=place)).parts.registry()


def generations(churn: Churn, place: str | None = None) -> list[Generation]:
    """Return those of all lineages, in the order they were made."""
    registry = registry_of(churn, place)
    found = [each for line in registry.lineages("churn") for each in registry.generations("churn", line.version)]
    return sorted(found, key=lambda each: each.draft.created)
