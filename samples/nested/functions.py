"""Bicycles counted at stations over four weeks: this file knows nothing of graftline."""

import random
from statistics import fmean

Count = dict[str, str | int]

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def count(stations: list[str], weeks: int = 4, seed: int = 7) -> list[Count]:
    """Return one count for each station and day; a broken counter says -1."""
    dice = random.Random(seed)
    counts: list[Count] = []
    for station in stations:
        for day in DAYS * weeks:
            number = round(dice.gauss(900 if day in ("Sat", "Sun") else 1400, 150))
            counts.append({"station": station, "day": day, "bicycles": -1 if dice.random() < 0.05 else number})
    return counts


def clean(counts: list[Count]) -> list[Count]:
    """Return the counts without those of broken counters."""
    return [each for each in counts if each["bicycles"] != -1]


def list_days() -> list[str]:
    """Return the days of a week."""
    return DAYS


def mean_of_station(cleaned: list[Count], station: str) -> float:
    """Return the bicycles a day at one station."""
    return round(fmean(int(each["bicycles"]) for each in cleaned if each["station"] == station), 1)


def mean_of_day(cleaned: list[Count], day: str) -> float:
    """Return the bicycles a station counts on one day of the week."""
    return round(fmean(int(each["bicycles"]) for each in cleaned if each["day"] == day), 1)


def tell(stations: list[str], station_means: list[float], days: list[str], day_means: list[float]) -> dict[str, str]:
    """Return the busiest station and the busiest day."""
    by_station = dict(zip(station_means, stations, strict=True))
    by_day = dict(zip(day_means, days, strict=True))
    return {"station": by_station[max(by_station)], "day": by_day[max(by_day)]}
