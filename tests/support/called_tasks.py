"""Tasks, and the plain functions behind some of them, for pipelines that are written by calls."""

from __future__ import annotations

from typing import Any

from graftline import metric, task


def plain_load() -> tuple[list[int], list[int]]:
    return [1, 2, 3], [0, 1, 0]


def plain_fit(X: list[int], y: list[int], C: float = 1.0, depth: int = 3) -> tuple[float, float]:
    return sum(X) * C + depth, C / 2


def plain_plot(X: list[int], y: list[int], model: float) -> None:
    print("plot", X, y, model)


load = task(plain_load, returns=["X", "y"], retries=2, timeout="10m")
fit = task(plain_fit, returns=["model", metric("accuracy")])
plot = task(plain_plot)


@task
def scale(values: list[int], by: int = 2) -> list[int]:
    """A task of one output, named after it."""
    return [value * by for value in values]


@task(returns=["total"])
def add(*values: float, scale: float = 1) -> float:
    return sum(values) * scale


@task
def gather(**named: Any) -> dict[str, Any]:
    return named


@task
async def fetch(url: str) -> str:
    return f"<{url}>"


@task
def publish(model: float) -> None:
    print("published", model)


@task(returns=[])
def validate(model: float) -> bool:
    return model > 0


@task
def twice(n: int) -> int:
    """Calls another task, which here is the plain function it is around."""
    return sum(scale([n]))
