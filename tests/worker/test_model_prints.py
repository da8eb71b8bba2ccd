"""What a model was trained by counts: the code of its estimator, of an actor, of a factory; and packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from loading import loaded, write

from graftline.core.prints import Print

MODELS = """
import fractions

from graftline import actor


class Mean:
    def fit(self, X, y):
        self.mean = sum(y) / 2
        return self

    def predict(self, X):
        return helper(X)


def helper(X):
    return fractions.Fraction(3)


@actor
def pair(X, y):
    return 4


@pair.apply
def use(state, X):
    return 5


def make():
    return Mean()


def error(y, prediction):
    return 6
"""
PIPELINE = """
from graftline import Evaluation, Model, Pipeline, PythonTask, Source
import models

steps = [
    Model(models.Mean(), name="object"),
    Model(models.Mean, name="class", returns="b"),
    Model(models.make, name="factory", returns="c"),
    Model(models.pair, name="pair", returns="d"),
]
main = Pipeline([PythonTask(lambda: ([[1]], [1]), name="load", returns=["X", "y"]), *steps], name="main")
"""
CHANGES = {
    "a comment": ("sum(y) / 2", "sum(y) / 2  # half", set()),
    "the class": ("sum(y) / 2", "sum(y) / 3", {"object", "class", "factory"}),
    "what the class calls": ("Fraction(3)", "Fraction(2)", {"object", "class", "factory"}),
    "the function that trains": ("return 4", "return 9", {"pair"}),
    "the function that applies": ("return 5", "return 9", {"pair"}),
    "the factory": ("    return Mean()", "    return Mean() or None", {"factory"}),
    "another function": ("return 6", "return 9", set()),
}


def fits(folder: Path, models: str = MODELS) -> dict[str, Print]:
    """Return the prints of what fits, by model."""
    found = loaded(write(folder, {"models.py": models, "pipeline.py": PIPELINE}))
    return {
        node.path.partition("/")[0]: found.prints[node.operation]
        for node in found.graph.nodes
        if node.path.endswith("/fit")
    }


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Print]:
    return fits(tmp_path_factory.mktemp("first"))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_code_is_seen_by_the_models_it_is_part_of(
    tmp_path: Path, first: dict[str, Print], change: str
) -> None:
    old, new, expected = CHANGES[change]
    assert old in MODELS

    again = fits(tmp_path, MODELS.replace(old, new))

    assert {name for name in first if first[name].parts != again[name].parts} == expected


def test_nothing_about_a_model_is_unknown(first: dict[str, Print]) -> None:
    assert [each.unknown for each in first.values()] == [None] * 4
    assert [each.source for each in first.values()] == [None] * 4
