"""Files that steps hand on by the catalog."""

from __future__ import annotations

import shop

from graftline import Catalog, NotebookTask, Pipeline, PythonTask, ShellTask

FILES = ["orders.csv", "archive/notes.txt"]
CLEAR = "rm -f orders.csv archive/notes.txt"
READ_IN_SHELL = "test -s orders.csv && test -s archive/notes.txt && echo both are there"


def every_kind() -> Pipeline:
    kept = Catalog(put=FILES)
    wanted = Catalog(get=FILES)
    pipeline = Pipeline(
        steps=[
            PythonTask(name="write", function=shop.write_files, catalog=kept),
            ShellTask(name="clear 1", command=CLEAR),
            PythonTask(name="read in python", function=shop.read_files, returns=["rows"], catalog=wanted),
            ShellTask(name="clear 2", command=CLEAR),
            ShellTask(name="read in shell", command=READ_IN_SHELL, catalog=wanted),
            ShellTask(name="clear 3", command=CLEAR),
            NotebookTask(name="read in notebook", notebook="notebooks/files.ipynb", catalog=wanted),
            ShellTask(name="clear 4", command=CLEAR, terminate_with_success=True),
        ],
    )
    pipeline.execute()
    return pipeline


def restored() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="write", function=shop.write_files, catalog=Catalog(put=FILES)),
            ShellTask(name="clear", command=CLEAR),
            PythonTask(
                name="read",
                function=shop.read_files,
                returns=["rows"],
                catalog=Catalog(get=FILES),
                terminate_with_success=True,
            ),
        ]
    )
    pipeline.execute()
    return pipeline


def still_there() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="write", function=shop.write_files, catalog=Catalog(put=FILES)),
            PythonTask(
                name="read",
                function=shop.read_files,
                returns=["rows"],
                catalog=Catalog(get=FILES),
                terminate_with_success=True,
            ),
        ]
    )
    pipeline.execute()
    return pipeline


def digest_alone() -> Pipeline:
    pipeline = Pipeline(
        steps=[
            PythonTask(name="write", function=shop.write_files, catalog=Catalog(put=FILES, store_copy=False)),
            ShellTask(name="clear", command=CLEAR),
            PythonTask(name="look", function=shop.check_no_files, terminate_with_success=True),
        ]
    )
    pipeline.execute()
    return pipeline


def put_on_failure() -> Pipeline:
    fails = ShellTask(
        name="fails",
        command="echo 'article,price' > orders.csv && exit 1",
        catalog=Catalog(put=FILES),
        terminate_with_failure=True,
    )
    fails.on_failure = Pipeline(steps=[ShellTask(name="go on", command="echo saved", terminate_with_success=True)])
    pipeline = Pipeline(steps=[fails])
    pipeline.execute()
    return pipeline
