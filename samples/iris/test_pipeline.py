"""Tests of the pipeline: the wiring with a model that is made up, and the fit as a function."""

from unittest.mock import Mock

from functions import load_data, model_fit
from pipeline import iris


def test_the_plot_gets_the_fitted_model(graft_store):
    plot = Mock()
    patches = {"load_data": ([[5.1, 3.5]], [0]), "model_fit": ("model", 0.9), "generate_plots": plot}

    run = iris.execute(runner="mock", patches=patches)

    plot.assert_called_once_with(X=[[5.1, 3.5]], Y=[0], logreg="model")
    assert run.metrics == {"accuracy": 0.9}


def test_two_features_tell_most_flowers_apart():
    assert model_fit(*load_data())[1] > 0.8
