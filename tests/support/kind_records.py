"""Dataclasses and pydantic models that cross processes, and steps that make and take them."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: float
    y: float = 0.0


@dataclass(frozen=True)
class Shape:
    name: str
    points: list[Point]
    size: tuple[int, int] = (1, 2)
    parent: Shape | None = None
    colour: Colour = Colour.RED
    made: datetime.date = datetime.date(2026, 1, 2)
    file: Path = Path("a/b")
    options: dict[str, int] = field(default_factory=dict)


@dataclass
class Place:
    """Has the fields of `Point` and is none."""

    x: float
    y: float


@dataclass
class Loose:
    value: Any


class Inner(BaseModel):
    lr: float
    layers: list[int] = []


class Config(BaseModel):
    name: str
    inner: Inner
    note: str | None = None
    day: datetime.date | None = None
    by_name: dict[str, Inner] = {}


class Other(BaseModel):
    """Takes what `Config` has of it."""

    name: str
    note: str | None


class Changing(BaseModel):
    value: int

    @field_validator("value")
    @classmethod
    def grow(cls, value: int) -> int:
        return value + 1


class Excluding(BaseModel):
    shown: int
    hidden: int = Field(default=1, exclude=True)


class Secretive(BaseModel):
    token: SecretStr


class Arbitrary(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    value: Any


CONFIG = Config(name="a", inner=Inner(lr=0.1, layers=[1, 2]), day=datetime.date(2026, 1, 2), by_name={"b": Inner(lr=1)})
SHAPE = Shape("s", [Point(1.0), Point(2.0, 3.0)], parent=Shape("p", []), options={"a": 1})


def make_config() -> Config:
    return CONFIG


def make_shape() -> Shape:
    return SHAPE


def take_config(value: Config) -> Any:
    return [type(value).__name__, value.inner.layers, value == CONFIG]


def take_maybe(value: Config | None) -> Any:
    return [type(value).__name__]


def take_shape(value: Shape) -> Any:
    return [type(value).__name__, [type(point).__name__ for point in value.points], value == SHAPE]


def take_anything(value) -> Any:  # type: ignore[no-untyped-def]  # that it has no annotation is the point
    return [type(value).__name__]


def take_other(value: Other) -> Any:
    return [type(value).__name__, value.model_dump()]


def take_place(value: Place) -> Any:
    return [type(value).__name__, value.x]


def take_place_as_it_is(value: Place) -> Any:
    """Is handed what does not fit as it is, as any other value."""
    return [type(value).__name__]


def make_point() -> Point:
    return Point(1.5, 2.5)
