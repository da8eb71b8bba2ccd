"""Parameters: from a file and the environment into steps, and from steps into steps."""

from __future__ import annotations

import orders
import shop

from graftline import NotebookTask, Pipeline, PythonTask, ShellTask, metric, pickled

FILE = "params.yaml"
READ_IN_SHELL = """
if [ "$count" = 1 ] && [ "$rate" = 3.14 ] && [ "$city" = Turin ] && [ "$(echo "$basket" | tr -d ' ')" = '{"items":10,"currency":"EUR"}' ]
then echo all there
else echo "$count $rate $city $basket"; exit 1
fi
"""  # noqa: E501
WRITE_IN_SHELL = """
export count=1
export rate=3.14
export city=Turin
export basket='{"items": 10, "currency": "EUR"}'
export margin=0.9
"""


def given_to_python() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="typed", function=orders.check_typed),
            PythonTask(name="plain", function=shop.check_plain, terminate_with_success=True),
        ],
        add_terminal_nodes=True,
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def given_to_others() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            NotebookTask(name="in notebook", notebook="notebooks/read.ipynb"),
            ShellTask(name="in shell", command=READ_IN_SHELL, terminate_with_success=True),
        ]
    )
    pipeline.execute(parameters_file=FILE)
    return pipeline


def given_to_recovery() -> Pipeline:
    fails = PythonTask(name="fails", function=shop.break_down, terminate_with_success=True)
    fails.on_failure = Pipeline(
        steps=[NotebookTask(name="in notebook", notebook="notebooks/read.ipynb", terminate_with_success=True)]
    )
    pipeline = Pipeline(steps=[fails])
    pipeline.execute(parameters_file=FILE)
    return pipeline


def passed_by_python() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(
                name="take",
                function=orders.take_order,
                returns=[pickled("lines"), "count", "rate", "city", "basket", metric("margin")],
            ),
            PythonTask(name="read", function=orders.read_order, returns=["total"], terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def passed_by_notebook() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            NotebookTask(
                name="take",
                notebook="notebooks/take.ipynb",
                returns=[pickled("lines"), "count", "rate", "city", "basket", metric("margin")],
            ),
            PythonTask(name="read", function=orders.read_order, returns=["total"]),
            NotebookTask(name="read again", notebook="notebooks/read.ipynb", terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def passed_by_shell() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            ShellTask(
                name="take",
                command=WRITE_IN_SHELL,
                returns=["count", "rate", "city", "basket", metric("margin")],
            ),
            PythonTask(name="read", function=orders.read_figures),
            ShellTask(name="in shell", command=READ_IN_SHELL, terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline
