"""A module that executes its pipeline as soon as it is imported, whoever imports it."""

from __future__ import annotations

from graftline import Pipeline, PythonTask


def one() -> int:
    """Return one."""
    return 1


eager = Pipeline(name="eager", steps=[PythonTask(function=one, returns=["number"])])
eager.execute()
