"""List the wines whose proline is far from the mean of their cultivar: a script with arguments, as people have them.

Reads out/selected.csv, writes out/outliers.csv and out/metrics.json.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--factor", type=float, default=2.0, help="standard deviations that count as far")
factor = parser.parse_args().factor

with Path("out/selected.csv").open(newline="") as file:
    wines = list(csv.DictReader(file))
by_cultivar = defaultdict(list)
for wine in wines:
    by_cultivar[wine["cultivar"]].append(float(wine["proline"]))
limits = {name: (fmean(values), factor * stdev(values)) for name, values in by_cultivar.items()}


def is_far(wine):
    """Tell whether a wine is more than `factor` standard deviations from its cultivar's mean."""
    mean, limit = limits[wine["cultivar"]]
    return abs(float(wine["proline"]) - mean) > limit


far = [wine for wine in wines if is_far(wine)]
with Path("out/outliers.csv").open("w", newline="") as file:
    writer = csv.DictWriter(file, fieldnames=list(wines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(far)
Path("out/metrics.json").write_text(json.dumps({"outliers": len(far), "factor": factor}))
print(f"{len(far)} of {len(wines)} wines are more than {factor:g} standard deviations from their mean")
