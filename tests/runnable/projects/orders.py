"""Orders with models and frames, which only some pipelines need. Plain functions as in shop.py."""

from __future__ import annotations

import pandas
from pydantic import BaseModel


class Basket(BaseModel):
    items: int
    currency: str


def check_typed(count: int, rate: float, city: str, basket: Basket, channel: str) -> None:
    assert (count, rate, city, channel) == (1, 3.14, "Turin", "web")
    assert (basket.items, basket.currency) == (10, "EUR")


def take_order() -> tuple[pandas.DataFrame, int, float, str, Basket, float]:
    lines = pandas.DataFrame({"article": ["tea", "jam", "rye"], "price": [4.0, 3.5, 2.25]})
    return lines, 1, 3.14, "Turin", Basket(items=10, currency="EUR"), 0.9


def read_order(lines: pandas.DataFrame, count: int, rate: float, city: str, basket: Basket, margin: float) -> float:
    assert lines.shape == (3, 2)
    read_figures(count, rate, city, basket, margin)
    return float(lines["price"].sum())


def read_figures(count: int, rate: float, city: str, basket: Basket, margin: float) -> None:
    assert (count, rate, city, margin) == (1, 3.14, "Turin", 0.9)
    assert (basket.items, basket.currency) == (10, "EUR")
