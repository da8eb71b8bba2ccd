"""Functions as pipelines written for AstraZeneca's runnable have them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Shape(BaseModel):
    """A nested parameter."""

    width: int
    colour: str


def takes_model(count: int, ratio: float, label: str, shape: Shape) -> None:
    assert (count, ratio, label) == (2, 2.5, "no"), (count, ratio, label)
    assert (shape.width, shape.colour) == (7, "red")


def takes_dict(count: int, shape: dict[str, int | str]) -> None:
    assert (count, shape) == (2, {"width": 7, "colour": "red"})


def makes() -> tuple[Any, ...]:
    return {3}, 2, Shape(width=7, colour="red"), 0.75


def takes_made(bag: set[int], number: int, made: Shape, score: float) -> None:
    assert (bag, number, made.width, score) == ({3}, 2, 7, 0.75)


def write_files() -> None:
    import pathlib

    pathlib.Path("data").mkdir(exist_ok=True)
    pathlib.Path("data/a.txt").write_text("a")
    pathlib.Path("df.csv").write_text("b" * 1000)


def fails() -> None:
    raise RuntimeError("as it should")
