"""Ridge regression on scikit-learn's diabetes data, as anybody would write it: this file knows nothing of graftline."""

from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split


def load_data(share: float = 0.25):
    """Return features and progression of 442 patients, split: (X, X_test, y, y_test); `share` of them for the test."""
    X, y = load_diabetes(return_X_y=True)
    return train_test_split(X, y, test_size=share, random_state=0)


def fit(X, y, alpha: float):
    """Return a model fitted with this strength of regularisation."""
    return Ridge(alpha=alpha).fit(X, y)


def score(model, X, y):
    """Return the share of the variance that the model explains (R²), at most 1."""
    return float(model.score(X, y))


def choose(alphas: list[float], scores: list[float]):
    """Return the strength with the best score, and that score."""
    best = max(range(len(scores)), key=scores.__getitem__)
    return alphas[best], scores[best]


def write_report(alphas: list[float], scores: list[float], best: float):
    """Write ridge.md: a line for each strength, the best one marked."""
    rows = [
        f"| {alpha:g} | {r2:.4f} |{' best' if alpha == best else ''}" for alpha, r2 in zip(alphas, scores, strict=True)
    ]
    with open("ridge.md", "w") as file:
        file.write("\n".join(["| alpha | R² |", "|---|---|", *rows, ""]))
    print(f"best alpha {best:g}")


if __name__ == "__main__":
    STRENGTHS = [0.01, 0.1, 1.0, 10.0]
    X, X_test, y, y_test = load_data()
    found = [score(fit(X, y, alpha), X_test, y_test) for alpha in STRENGTHS]
    write_report(STRENGTHS, found, choose(STRENGTHS, found)[0])
