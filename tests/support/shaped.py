"""Functions and pipelines of every shape, for tests of composites."""

from __future__ import annotations

from typing import Any

from graftline import Conditional, Loop, Map, Parallel, Pipeline, PythonTask, Stub


def make() -> list[int]:
    return [1, 2, 3]


def work(x: Any) -> Any:
    return x


def scale(x: Any, C: float = 1.0) -> Any:
    return x * C


def tell(score: Any) -> None:
    print(score)


def count(n: int) -> int:
    return n + 1


def is_over(count: int, limit: int = 3) -> bool:
    return count >= limit


def step(name: str, takes: dict[str, Any] | None = None, returns: list[str] | None = None, **options: Any) -> Stub:
    """A step that takes exactly what `takes` wires, and returns names."""
    return Stub(name, returns=returns, inputs=takes, **options)


def mapped(**options: Any) -> Pipeline:
    return Pipeline([PythonTask(make, returns=["xs"]), Map(scale, "xs", "x", name="trials", **options)], name="mapped")


def branched(**options: Any) -> Pipeline:
    branches: dict[Any, Any] = {"a": step("fit", returns=["m"]), "b": [step("fit", returns=["n"]), step("save")]}
    return Pipeline([Parallel(branches, name="par", **options), step("end", {"m": "m", "n": "n"})], name="branched")


def chosen(default: Any = None) -> Pipeline:
    branches: dict[Any, Any] = {
        "big": [step("fit", returns=["m", "only"])],
        True: Pipeline([step("fit", returns=["m"]), step("save")]),
    }
    return Pipeline(
        [step("first", returns=["kind"]), Conditional("kind", branches, default=default, name="cond")], name="chosen"
    )


def looped(**options: Any) -> Pipeline:
    branch = [
        PythonTask(count, returns=["n"], inputs={"n": "n"}),
        PythonTask(is_over, inputs={"count": "n"}, returns=["over"]),
    ]
    loop = Loop(branch, 5, break_on="over", index_as="i", name="loop", **options)
    return Pipeline([loop], name="looped", params={"n": 0})
