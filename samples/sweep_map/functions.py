"""A grid of support vector machines on scikit-learn's digits: this file knows nothing of graftline."""

from itertools import product

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC


def load(size: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Return images of digits (size × 64, values 0 to 1) and what they show."""
    digits = load_digits()
    return digits.data[:size] / 16, digits.target[:size]


def make_grid(Cs: list[float], gammas: list[float]) -> list[dict[str, float]]:
    """Return every pair of values to try."""
    return [{"C": C, "gamma": gamma} for C, gamma in product(Cs, gammas)]


def try_out(X: np.ndarray, y: np.ndarray, C: float, gamma: float) -> float:
    """Return the accuracy on a quarter of the images that the fit did not see."""
    train_X, test_X, train_y, test_y = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
    score = SVC(C=C, gamma=gamma).fit(train_X, train_y).score(test_X, test_y)
    print(f"C={C} gamma={gamma} score={score:.4f}")
    return float(score)


def rank(trials: list[dict]) -> list[dict]:
    """Return the trials, the best one first."""
    return sorted(trials, key=lambda trial: trial["score"], reverse=True)


def fit_best(X: np.ndarray, y: np.ndarray, trials: list[dict]) -> tuple[SVC, dict[str, float]]:
    """Return a machine fitted to all images with the best values, and these."""
    best = {name: trials[0][name] for name in ("C", "gamma")}
    return SVC(**best).fit(X, y), best
