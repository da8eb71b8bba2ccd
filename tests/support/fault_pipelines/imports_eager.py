"""A pipeline whose step imports a module that executes another pipeline at once."""

from __future__ import annotations

from importlib import import_module

from graftline import Pipeline, PythonTask


def late() -> int:
    """Import it where the loader does not see it."""
    return int(import_module("eager").one())


imports_eager = Pipeline(name="imports_eager", steps=[PythonTask(function=late, returns=["number"])])
