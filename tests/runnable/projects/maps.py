"""One branch for every item of a list."""

from __future__ import annotations

from collections.abc import Callable

import shop

from graftline import Map, NotebookTask, Parallel, Pipeline, PythonTask, ShellTask

FILE = "params.yaml"
SHIP = """
if [ "$weighed" = $(expr 10 '*' "$lot") ] && [ "$packed" = $(expr 10 '*' "$weighed") ]
then echo as it should be
else exit 1
fi
export shipped=$(expr 10 '*' "$packed")
"""


def per_lot(*, execute: bool = True, weigh: Callable[[int], int] = shop.weigh) -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="weigh", function=weigh, returns=["weighed"]),
            NotebookTask(name="pack", notebook="notebooks/pack.ipynb", returns=["packed"]),
            ShellTask(name="ship", command=SHIP, returns=["shipped"]),
            PythonTask(name="check lot", function=shop.check_lot, terminate_with_success=True),
        ]
    )
    if execute:
        pipeline.execute()
    return pipeline


def each() -> Pipeline:
    lots = Map(name="lots of today", iterate_on="lots", iterate_as="lot", branch=per_lot(execute=False))
    pipeline = Pipeline(steps=[lots, PythonTask(name="collect", function=shop.check_all, terminate_with_success=True)])
    pipeline.execute(parameters_file=FILE)
    return pipeline


def heaviest() -> Pipeline:
    lots = Map(
        name="lots of today",
        iterate_on="lots",
        iterate_as="lot",
        reducer="lambda *x: max(x)",
        branch=per_lot(execute=False),
    )
    pipeline = Pipeline(
        steps=[lots, PythonTask(name="collect", function=shop.check_heaviest, terminate_with_success=True)]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def heaviest_of_one_step() -> Pipeline:
    branch = Pipeline(
        steps=[
            PythonTask(name="weigh", function=shop.weigh, returns=["weighed"]),
            PythonTask(name="look", function=shop.show_weight, terminate_with_success=True),
        ],
        add_terminal_nodes=True,
    )
    lots = Map(name="lots of today", iterate_on="lots", iterate_as="lot", reducer="lambda *x: max(x)", branch=branch)
    pipeline = Pipeline(
        steps=[
            lots,
            PythonTask(name="collect", function=shop.show_weight, returns=["top"], terminate_with_success=True),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def first_fails() -> Pipeline:
    branch = per_lot(execute=False, weigh=shop.weigh_but_first)
    lots = Map(name="lots of today", iterate_on="lots", iterate_as="lot", branch=branch)
    pipeline = Pipeline(steps=[lots, PythonTask(name="collect", function=shop.check_all, terminate_with_success=True)])
    pipeline.execute(parameters_file=FILE)
    return pipeline


def known_late() -> Pipeline:
    branch = Pipeline(
        steps=[PythonTask(name="weigh", function=shop.weigh, returns=["weighed"], terminate_with_success=True)]
    )
    pipeline = Pipeline(
        steps=[
            PythonTask(name="list", function=shop.list_lots, returns=["lots"]),
            Map(name="weigh all", iterate_on="lots", iterate_as="lot", branch=branch),
            PythonTask(name="add", function=shop.add_up, returns=["total"]),
        ]
    )
    pipeline.execute()
    return pipeline


def any_items() -> Pipeline:
    branch = Pipeline(steps=[PythonTask(name="look", function=shop.weigh_what_is_there, returns=["seen"])])
    pipeline = Pipeline(
        steps=[
            Map(name="shelf", iterate_on="things", iterate_as="lot", branch=branch),
            PythonTask(name="count", function=shop.count_all, returns=["total"]),
        ]
    )
    pipeline.execute()
    return pipeline


def with_branches_inside() -> Pipeline:
    sides = Parallel(
        name="sides",
        branches={
            "left": PythonTask(name="weigh", function=shop.weigh, returns=["weighed"]).as_pipeline(),
            "right": PythonTask(name="look", function=shop.weigh_what_is_there, returns=["seen"]).as_pipeline(),
        },
    )
    pipeline = Pipeline(
        steps=[
            Map(name="lots of today", iterate_on="lots", iterate_as="lot", branch=Pipeline(steps=[sides])),
            PythonTask(name="add", function=shop.add_up, returns=["total"]),
            PythonTask(name="count", function=shop.count_all, returns=["number"]),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline
