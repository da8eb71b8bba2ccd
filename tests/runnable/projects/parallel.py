"""Branches side by side."""

from __future__ import annotations

import shop

from graftline import NotebookTask, Parallel, Pipeline, PythonTask, ShellTask, Stub


def morning(*, execute: bool = True, breaks: bool = False) -> Pipeline:
    pipeline = Pipeline(
        steps=[
            Stub(name="hello stub"),
            PythonTask(name="hello python", function=shop.break_down if breaks else shop.open_doors),
            ShellTask(name="hello shell", command="echo 'the shop is open'"),
            Stub(name="hello again", terminate_with_success=True),
        ]
    )
    if execute:  # not where it is a branch of another one
        pipeline.execute()
    return pipeline


def with_notebook() -> Pipeline:
    return Pipeline(
        steps=[
            Stub(name="hello stub"),
            NotebookTask(name="hello notebook", notebook="notebooks/open.ipynb", terminate_with_success=True),
        ]
    )


def side_by_side() -> Pipeline:
    both = Parallel(
        name="both shops",
        terminate_with_success=True,
        branches={"north": morning(execute=False), "south": with_notebook()},
    )
    pipeline = Pipeline(steps=[both])
    pipeline.execute()
    return pipeline


def one_fails() -> Pipeline:
    both = Parallel(
        name="both shops",
        terminate_with_success=True,
        branches={"north": morning(execute=False), "south": morning(execute=False, breaks=True)},
    )
    pipeline = Pipeline(steps=[both])
    pipeline.execute()
    return pipeline


def pair(*, execute: bool = True) -> Pipeline:
    both = Parallel(
        name="both shops",
        terminate_with_success=True,
        branches={"north": morning(execute=False), "south": morning(execute=False)},
    )
    pipeline = Pipeline(steps=[both])
    if execute:
        pipeline.execute()
    return pipeline


def nested() -> Pipeline:
    both = Parallel(
        name="both towns",
        terminate_with_success=True,
        branches={"turin": pair(execute=False), "milan": pair(execute=False)},
    )
    pipeline = Pipeline(steps=[both])
    pipeline.execute()
    return pipeline


def shelves() -> Pipeline:
    counted = Parallel(
        name="count",
        branches={
            "left": PythonTask(name="shelf", function=shop.count_bread, returns=["bread"]).as_pipeline(),
            "middle": PythonTask(name="shelf", function=shop.count_cheese, returns=["cheese"]).as_pipeline(),
            "right": PythonTask(name="shelf", function=shop.count_wine, returns=["wine"]).as_pipeline(),
        },
    )
    pipeline = Pipeline(
        steps=[
            counted,
            PythonTask(name="verify", function=shop.check_shelves, returns=["stock"], terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def same_name() -> Pipeline:
    counted = Parallel(
        name="count",
        branches={
            "left": PythonTask(name="bread shelf", function=shop.count_bread, returns=["stock"]).as_pipeline(),
            "right": PythonTask(name="wine shelf", function=shop.count_wine, returns=["stock"]).as_pipeline(),
        },
    )
    pipeline = Pipeline(steps=[counted])
    pipeline.execute()
    return pipeline


def one_is_killed() -> Pipeline:
    both = Parallel(
        name="both shops",
        branches={
            "north": morning(execute=False),
            "south": PythonTask(name="falls", function=shop.fall_dead).as_pipeline(),
        },
    )
    pipeline = Pipeline(steps=[both, Stub(name="close")])
    pipeline.execute()
    return pipeline
