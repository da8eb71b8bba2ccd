"""Runs that fail when it rains (unless DRY=yes), and go on afterwards."""

from __future__ import annotations

import shop

from graftline import Conditional, Map, Parallel, Pipeline, PythonTask, ShellTask, Stub

FILE = "params.yaml"


def alone() -> Pipeline:
    pipeline = PythonTask(name="deliver", function=shop.assert_dry).as_pipeline()
    pipeline.execute()
    return pipeline


def linear() -> Pipeline:
    pipeline = Pipeline(steps=[Stub(name="load"), PythonTask(name="deliver", function=shop.assert_dry)])
    pipeline.execute()
    return pipeline


def changed_parameter() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="raise price", function=shop.raise_price, returns=["price"]),
            PythonTask(name="deliver", function=shop.check_price),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def typed() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="typed", function=shop.check_plain),
            PythonTask(name="plain", function=shop.check_plain_if_dry, terminate_with_success=True),
        ],
        add_terminal_nodes=True,
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def choice() -> Pipeline:
    heads = PythonTask(name="deliver", function=shop.assert_dry).as_pipeline()
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


def round_trip() -> Pipeline:
    return Pipeline(
        steps=[
            Stub(name="load"),
            PythonTask(name="deliver", function=shop.assert_dry),
            ShellTask(name="unload", command="echo empty", terminate_with_success=True),
        ]
    )


def vans() -> Pipeline:
    both = Parallel(name="vans", branches={"blue": round_trip(), "white": round_trip()})
    pipeline = Pipeline(steps=[both, Stub(name="go on")])
    pipeline.execute()
    return pipeline


def lots() -> Pipeline:
    branch = Pipeline(
        steps=[
            PythonTask(name="weigh", function=shop.weigh_if_dry, returns=["weighed"]),
            PythonTask(name="look", function=shop.show_weight, terminate_with_success=True),
        ]
    )
    pipeline = Pipeline(
        steps=[
            Map(name="lots of today", iterate_on="lots", iterate_as="lot", branch=branch),
            PythonTask(name="add", function=shop.add_up, returns=["total"]),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def second_try() -> Pipeline:
    """The step takes a parameter that it also returns: a second attempt must see it as it was."""
    pipeline = Pipeline(
        steps=[
            PythonTask(name="raise price", function=shop.raise_price_at_second_try, returns=["price"], retries=1),
            PythonTask(name="show", function=shop.show_price, returns=["shown"]),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def spoiled_by_recovery() -> Pipeline:
    """The recovery returns the name that the failed step takes: a retry must not see that."""
    deliver = PythonTask(name="deliver", function=shop.raise_price_if_dry, returns=["raised"])
    deliver.on_failure = Pipeline(
        steps=[PythonTask(name="spoil", function=shop.spoil, returns=["price"], terminate_with_failure=True)]
    )
    pipeline = Pipeline(steps=[deliver, PythonTask(name="compare", function=shop.list_prices, returns=["prices"])])
    pipeline.execute(parameters_file=FILE)
    return pipeline
