"""A branch until a value says so, or until it was often enough."""

from __future__ import annotations

import shop

from graftline import Loop, Pipeline, PythonTask


def dough(*, execute: bool = True) -> Pipeline:
    pipeline = Pipeline(steps=[PythonTask(name="knead", function=shop.knead, returns=["is_ready"])])
    if execute:
        pipeline.execute()
    return pipeline


def until_ready() -> Pipeline:
    turns = Loop(name="turns", branch=dough(execute=False), max_iterations=5, break_on="is_ready", index_as="turn")
    pipeline = Pipeline(name="bake", steps=[turns])
    pipeline.execute()
    return pipeline


def often_enough() -> Pipeline:
    branch = Pipeline(steps=[PythonTask(name="taste", function=shop.taste, returns=["tried", "is_good", "note"])])
    turns = Loop(name="turns", branch=branch, max_iterations=3, break_on="is_good", index_as="turn")
    pipeline = Pipeline(
        name="cook",
        steps=[
            turns,
            PythonTask(
                name="check",
                function=shop.check_turns,
                returns=["last", "was_enough"],
                terminate_with_success=True,
            ),
        ],
    )
    pipeline.execute()
    return pipeline
