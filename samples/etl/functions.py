"""The Python part of the wine report: this file knows nothing of graftline.

Every function works on files below out/ of the working directory.
"""

import csv
import os
from collections import defaultdict
from pathlib import Path
from statistics import fmean

SELECTED = Path("out/selected.csv")
OUTLIERS = Path("out/outliers.csv")
REPORT = Path("out/report.md")


def summarise() -> dict[str, dict[str, float]]:
    """Return the mean of every measure by cultivar."""
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with SELECTED.open(newline="") as file:
        for row in csv.DictReader(file):
            cultivar = row.pop("cultivar")
            for measure, text in row.items():
                values[cultivar][measure].append(float(text))
    return {
        cultivar: {measure: round(fmean(numbers), 3) for measure, numbers in measures.items()}
        for cultivar, measures in sorted(values.items())
    }


def validate(rows: int, mix: dict[str, int], summary: dict[str, dict[str, float]], expected: int = 178) -> None:
    """Raise ValueError when rows went missing or a mean is out of what wine can be."""
    if rows != expected:
        raise ValueError(f"{rows} rows, expected {expected}")
    if sum(mix.values()) != rows or mix.keys() != summary.keys():
        raise ValueError(f"the cultivars {mix} do not add up to {rows} rows")
    for cultivar, means in summary.items():
        if not 8 < means["alcohol"] < 18:
            raise ValueError(f"cultivar {cultivar} has a mean of {means['alcohol']} % alcohol")
    print(f"{rows} rows of {len(mix)} cultivars hold")


def publish(summary: dict[str, dict[str, float]], mix: dict[str, int]) -> None:
    """Write the report whole or not at all."""
    lines = ["# Wine by cultivar", "", "| cultivar | wines | alcohol | color | proline |", "|---|---|---|---|---|"]
    for cultivar, means in summary.items():
        cells = [cultivar, str(mix[cultivar]), *(f"{value:g}" for value in means.values())]
        lines.append(f"| {' | '.join(cells)} |")
    outliers = len(OUTLIERS.read_text().splitlines()) - 1
    lines += ["", f"{outliers} wines are far from the mean of their cultivar (out/outliers.csv)."]
    draft = REPORT.with_suffix(".part")
    draft.write_text("\n".join(lines) + "\n")
    os.replace(draft, REPORT)
    print(f"wrote {REPORT}")
