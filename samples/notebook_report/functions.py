"""Petals of scikit-learn's irises by species: this file knows nothing of graftline."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_iris


def measure() -> pd.DataFrame:
    """Return mean and spread of the length of petals (cm) by species."""
    iris = load_iris(as_frame=True)
    species = iris.target.map(dict(enumerate(iris.target_names))).rename("species")
    found = iris.data["petal length (cm)"].groupby(species).agg(["mean", "std"]).round(3)
    return found.reset_index()


def write(headline: str, ratio: float, lines: list[str]) -> None:
    """Write out/report.md."""
    Path("out").mkdir(exist_ok=True)
    Path("out/report.md").write_text("\n".join([f"# {headline}", "", *lines, "", f"Ratio: {ratio:.2f}", ""]))
