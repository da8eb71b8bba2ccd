"""graftline: pipelines of plain functions, run durably on one machine and promoted unchanged to others."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import runtime
    from .core.actors import actor
    from .core.called import pipeline
    from .core.calls import task
    from .core.catalog import Catalog
    from .core.choosing import when
    from .core.composites import Conditional, Loop, Map, Parallel
    from .core.ensembles import CrossValidated, Ensemble, Stack
    from .core.errors import (
        Cancelled,
        CheckError,
        ConflictError,
        FailedError,
        GraftError,
        InvalidError,
        MissingError,
        PluginError,
        StepFailed,
        StoreError,
    )
    from .core.evaluation import CrossVal, Evaluation, HoldOut
    from .core.feeding import Feed, Sink
    from .core.functions import Function
    from .core.jobs import NotebookJob, PythonJob, ShellJob
    from .core.kinds import Kind
    from .core.learning import Source
    from .core.modelling import Chain, Model
    from .core.pipeline import Pipeline
    from .core.registry import Registry
    from .core.returns import arrow, json, metric, pickled, state
    from .core.runner import Runner
    from .core.spaces import log, uniform, whole
    from .core.tasks import AsyncPythonTask, NotebookTask, PythonTask, ScriptTask, ShellTask, Stub
    from .core.tuning import Tune
    from .programs import load_run, pyfunc
    from .worker.logbook import log_artifact, log_metric, log_param, progress

__all__ = [
    "AsyncPythonTask",
    "Cancelled",
    "Catalog",
    "Chain",
    "CheckError",
    "Conditional",
    "ConflictError",
    "CrossVal",
    "CrossValidated",
    "Ensemble",
    "Evaluation",
    "FailedError",
    "Feed",
    "Function",
    "GraftError",
    "HoldOut",
    "InvalidError",
    "Kind",
    "Loop",
    "Map",
    "MissingError",
    "Model",
    "NotebookJob",
    "NotebookTask",
    "Parallel",
    "Pipeline",
    "PluginError",
    "PythonJob",
    "PythonTask",
    "Registry",
    "Runner",
    "ScriptTask",
    "ShellJob",
    "ShellTask",
    "Sink",
    "Source",
    "Stack",
    "StepFailed",
    "StoreError",
    "Stub",
    "Tune",
    "actor",
    "arrow",
    "json",
    "load_run",
    "log",
    "log_artifact",
    "log_metric",
    "log_param",
    "metric",
    "pickled",
    "pipeline",
    "progress",
    "pyfunc",
    "runtime",
    "state",
    "task",
    "uniform",
    "when",
    "whole",
]

_HOMES = {
    "core.actors": ("actor",),
    "core.called": ("pipeline",),
    "core.calls": ("task",),
    "core.catalog": ("Catalog",),
    "core.choosing": ("when",),
    "core.composites": ("Conditional", "Loop", "Map", "Parallel"),
    "core.ensembles": ("CrossValidated", "Ensemble", "Stack"),
    "core.errors": (
        "Cancelled",
        "CheckError",
        "ConflictError",
        "FailedError",
        "GraftError",
        "InvalidError",
        "MissingError",
        "PluginError",
        "StepFailed",
        "StoreError",
    ),
    "core.evaluation": ("CrossVal", "Evaluation", "HoldOut"),
    "core.feeding": ("Feed", "Sink"),
    "core.functions": ("Function",),
    "core.jobs": ("NotebookJob", "PythonJob", "ShellJob"),
    "core.kinds": ("Kind",),
    "core.learning": ("Source",),
    "core.modelling": ("Chain", "Model"),
    "core.pipeline": ("Pipeline",),
    "core.returns": ("arrow", "json", "metric", "pickled", "state"),
    "core.registry": ("Registry",),
    "core.runner": ("Runner",),
    "core.spaces": ("log", "uniform", "whole"),
    "core.tasks": ("AsyncPythonTask", "NotebookTask", "PythonTask", "ScriptTask", "ShellTask", "Stub"),
    "core.tuning": ("Tune",),
    "programs": ("load_run", "pyfunc"),
    "worker.logbook": ("log_artifact", "log_metric", "log_param", "progress"),
}
"""Module -> public names in it. A name is imported when it is first asked for (PEP 562), so that importing graftline
costs a command line or a worker nothing it does not use."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "runtime":  # a module of its own
        return import_module(".runtime", __name__)
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found  # the next look-up does not come here
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
