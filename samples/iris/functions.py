"""Logistic regression on the iris flowers, as anybody would write it: this file knows nothing of graftline.

Source: scikit-learn's example "Logistic Regression 3-class Classifier".
"""

import matplotlib as mpl

mpl.use("Agg")  # no window: the picture goes to a file

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression


def load_data():
    """Return sepal length and width of 150 flowers in centimetres, and the species of each (0, 1 or 2)."""
    iris = load_iris()
    X = iris.data[:, :2]
    Y = iris.target
    print(f"{len(X)} flowers, {X.shape[1]} features, {len(set(Y))} species")
    return X, Y


def model_fit(X, Y, C: float = 1e5):
    """Fit a classifier of inverse regularisation strength C; return it with its accuracy on what it was fitted to."""
    logreg = LogisticRegression(C=C).fit(X, Y)
    accuracy = float(logreg.score(X, Y))
    print(f"C={C:g} accuracy={accuracy:.4f}")
    return logreg, accuracy


def generate_plots(X, Y, logreg):
    """Draw the regions the classifier decides for and the flowers in them; write iris_logistic.png."""
    colors = ListedColormap(mpl.colormaps["tab10"].colors[:3])
    length = np.linspace(X[:, 0].min() - 0.5, X[:, 0].max() + 0.5, 300)
    width = np.linspace(X[:, 1].min() - 0.5, X[:, 1].max() + 0.5, 300)
    grid = np.stack(np.meshgrid(length, width), axis=-1)
    decided = logreg.predict(grid.reshape(-1, 2)).reshape(300, 300)

    _, axes = plt.subplots(figsize=(4, 3), layout="constrained")
    axes.pcolormesh(length, width, decided, cmap=colors, alpha=0.35, shading="nearest")
    axes.scatter(X[:, 0], X[:, 1], c=Y, cmap=colors, edgecolors="k", linewidths=0.5)
    axes.set(xlabel="Sepal length (cm)", ylabel="Sepal width (cm)")
    plt.savefig("iris_logistic.png", dpi=120)
    plt.close()
    print("wrote iris_logistic.png")


if __name__ == "__main__":
    X, Y = load_data()
    logreg, accuracy = model_fit(X, Y)
    generate_plots(X, Y, logreg)
