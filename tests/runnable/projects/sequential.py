"""Steps one after the other, and what happens when one of them fails."""

from __future__ import annotations

import shop

from graftline import Conditional, NotebookTask, Pipeline, PythonTask, ShellTask, Stub


def mixed() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            Stub(name="hello stub"),
            PythonTask(name="hello python", function=shop.open_doors, overrides={"argo": "smaller"}),
            ShellTask(name="hello shell", command="echo 'the shop is open'"),
            NotebookTask(name="hello notebook", notebook="notebooks/open.ipynb", terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def without_end() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            Stub(name="hello stub"),
            PythonTask(name="hello python", function=shop.open_doors),
            ShellTask(name="hello shell", command="echo 'the shop is open'"),
        ]
    )
    pipeline.execute()
    return pipeline


def fails() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="step 1", function=shop.open_doors),
            PythonTask(name="step 2", function=shop.break_down),
            Stub(name="step 3", terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def fails_after_all() -> Pipeline:
    first = PythonTask(name="step 1", function=shop.break_down)
    first.on_failure = Stub(name="step 4", terminate_with_failure=True).as_pipeline()
    pipeline = Pipeline(steps=[first, Stub(name="step 2"), Stub(name="step 3")])
    pipeline.execute()
    return pipeline


def recovers() -> Pipeline:
    first = PythonTask(name="step 1", function=shop.break_down)
    first.on_failure = Pipeline(steps=[Stub(name="step 4", terminate_with_success=True)])
    pipeline = Pipeline(steps=[first, Stub(name="step 2"), Stub(name="step 3", terminate_with_success=True)])
    pipeline.execute()
    return pipeline


def choice() -> Pipeline:
    heads = PythonTask(name="by card", function=shop.pay_by_card).as_pipeline()
    tails = PythonTask(name="in cash", function=shop.pay_in_cash).as_pipeline()
    pipeline = Pipeline(
        steps=[
            PythonTask(name="toss", function=shop.toss, returns=["side"]),
            Conditional(name="pay", parameter="side", branches={"heads": heads, "tails": tails}),
            Stub(name="go on"),
        ]
    )
    pipeline.execute()
    return pipeline


def choice_at_the_end() -> Pipeline:
    heads = PythonTask(name="by card", function=shop.pay_by_card).as_pipeline()
    tails = PythonTask(name="in cash", function=shop.pay_in_cash).as_pipeline()
    pipeline = Pipeline(
        steps=[
            PythonTask(name="toss", function=shop.toss, returns=["side"]),
            Conditional(name="pay", parameter="side", branches={"heads": heads, "tails": tails}),
        ]
    )
    pipeline.execute()
    return pipeline


def choice_hands_on() -> Pipeline:
    heads = PythonTask(name="by card", function=shop.pay_by_card, returns=["payment"]).as_pipeline()
    tails = PythonTask(name="in cash", function=shop.pay_in_cash, returns=["payment"]).as_pipeline()
    pipeline = Pipeline(
        steps=[
            PythonTask(name="toss", function=shop.toss, returns=["side"]),
            Conditional(name="pay", parameter="side", branches={"heads": heads, "tails": tails}),
            PythonTask(name="verify", function=shop.check_paid, returns=["receipt"], terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline
