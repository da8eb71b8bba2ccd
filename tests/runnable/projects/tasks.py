"""One step of each kind."""

from __future__ import annotations

import shop

from graftline import NotebookTask, Pipeline, PythonTask, ShellTask, Stub


def python() -> Pipeline:
    hello = PythonTask(name="hello", function=shop.open_doors, terminate_with_success=True)
    pipeline = Pipeline(steps=[hello])
    pipeline.execute()
    return pipeline


def alone() -> Pipeline:
    pipeline = PythonTask(name="hello", function=shop.open_doors).as_pipeline()
    pipeline.execute()
    return pipeline


def shell() -> Pipeline:
    hello = ShellTask(name="hello", command="echo 'the shop is open'", terminate_with_success=True)
    pipeline = Pipeline(steps=[hello])
    pipeline.execute()
    return pipeline


def stubs() -> Pipeline:
    first = Stub(name="first")
    second = Stub(name="second", what="will be written next week")
    third = Stub(name="third", terminate_with_success=True)
    pipeline = Pipeline(steps=[first, second, third], add_terminal_nodes=True)
    pipeline.execute()
    return pipeline


def notebook() -> Pipeline:
    hello = NotebookTask(name="hello", notebook="notebooks/open.ipynb", terminate_with_success=True)
    pipeline = Pipeline(steps=[hello])
    pipeline.execute()
    return pipeline


def main() -> Pipeline:
    return python()


if __name__ == "__main__":
    main()
