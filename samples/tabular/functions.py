"""Tell malignant biopsies from benign ones, as anybody would write it: this file knows nothing of graftline."""

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["radius", "texture", "smoothness", "symmetry"]
"""What is learned from. The file also has `concavity`, which makes it better: try it as your second version."""


def select(X):
    """Return the columns that are learned from; the number of the biopsy is none of them."""
    return X[FEATURES]


def fit(table, y, C: float = 0.01):
    """Fit a classifier of inverse regularisation strength C; return it with its accuracy on rows it had not seen."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C))
    accuracy = float(cross_val_score(model, table, y, cv=5).mean())
    print(f"{len(table)} biopsies, C={C:g}, accuracy={accuracy:.4f}")
    return model.fit(table, y), accuracy


def predict(model, table):
    """Return 1 for each biopsy that looks malignant, 0 for the others."""
    return model.predict(table)


if __name__ == "__main__":
    biopsies = pd.read_csv("data/biopsies.csv")
    fit(select(biopsies), biopsies["malignant"])
