"""Tests of the pipeline: its wiring without the work, and one real training on what ships with it."""

from functions import FEATURES
from pipeline import screening


def test_the_model_learns_from_its_features_alone():
    graph = screening.compile(mode="train")

    assert [node.path for node in graph.nodes] == ["source", "select", "fit", "predict"]
    assert "biopsy" not in FEATURES


def test_training_keeps_a_model_that_is_better_than_a_guess(graft_store):
    run = screening.launcher.train(runner="pyfunc")

    assert run.metrics["accuracy"] > 0.8
    assert len(run.value("prediction")) == 569
