"""A day of a thermometer, checked and mended: this file knows nothing of graftline."""

import math
import random
from pathlib import Path
from statistics import fmean

Readings = list[float | None]


def measure(fault: str = "none", seed: int = 1) -> Readings:
    """Return 288 readings in °C, one every five minutes; None where there is none.

    Args:
        fault: `none`, `drift` (0.02 °C more with each reading) or `broken` (every second reading is missing).
    """
    dice = random.Random(seed)
    day = [12 - 5 * math.cos(2 * math.pi * n / 288) + dice.gauss(0, 0.2) for n in range(288)]
    if fault == "drift":
        return [round(value + 0.02 * n, 2) for n, value in enumerate(day)]
    return [None if fault == "broken" and n % 2 else round(value, 2) for n, value in enumerate(day)]


def count_gaps(readings: Readings) -> int:
    """Return how many readings are missing."""
    return sum(value is None for value in readings)


def find_drift(readings: Readings) -> float:
    """Return by how much the last hour is warmer than the first; a day should end where it began."""
    hours = [[value for value in part if value is not None] for part in (readings[:12], readings[-12:])]
    return round(fmean(hours[1]) - fmean(hours[0]), 2)


def judge(gaps: int, drift: float) -> str:
    """Return `good`, `drifting` or what else is wrong."""
    if gaps > 10:
        return f"{gaps} gaps"
    return "drifting" if abs(drift) > 1 else "good"


def keep(readings: Readings) -> Readings:
    """Return the readings as they are."""
    return readings


def straighten(readings: Readings, drift: float) -> Readings:
    """Return the readings without the drift."""
    return [None if value is None else round(value - drift * n / 288, 2) for n, value in enumerate(readings)]


def discard(verdict: str) -> Readings:
    """Return nothing to be published."""
    print(f"discarded: {verdict}")
    return []


def publish(mended: Readings, verdict: str) -> str:
    """Write the day to out/day.csv and return one line about it."""
    Path("out").mkdir(exist_ok=True)
    rows = [f"{n * 5 // 60:02}:{n * 5 % 60:02},{value}" for n, value in enumerate(mended) if value is not None]
    Path("out/day.csv").write_text("\n".join(["time,celsius", *rows, ""]))
    values = [value for value in mended if value is not None]
    return f"{verdict}: {len(values)} readings" + (f", {fmean(values):.1f} °C on average" if values else "")
