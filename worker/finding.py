"""Find the pipeline a target means in a module that is imported."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from types import ModuleType

from ..core.errors import InvalidError, nearest
from ..core.pipeline import Pipeline, intercepting
from .importing import user_code


class Captured(BaseException):
    """Ends `main()` where it executes a pipeline. A BaseException, so that the user's `except Exception` lets it by."""

    def __init__(self, pipeline: Pipeline, params: Mapping[str, object]):
        super().__init__()
        self.pipeline = pipeline
        self.params = params


def pipeline_in(module: ModuleType, name: str | None, file: str) -> tuple[Pipeline, Mapping[str, object]]:
    """Return a pipeline of a module, and the parameters its own `execute()` call gives.

    Args:
        module: Imported.
        name: Variable that holds it, or a function without arguments that returns one; None: the only one there is,
            else the one `main()` executes.
        file: Path for messages.

    Raises:
        InvalidError: there is none, or several and no name.
    """
    if name is not None:
        return _named(module, name, file)
    found = pipelines_of(module)
    if len(found) == 1:
        return next(iter(found.values())), {}
    if found:
        listed = ", ".join(found)
        hint = f"name one: {os.path.basename(file)}:{next(iter(found))}"
        raise InvalidError(f"it holds {len(found)} pipelines: {listed}", hint, file=file)
    main = getattr(module, "main", None)
    if inspect.isfunction(main):
        return _executed(main, "main", file)
    raise InvalidError("it holds no pipeline and no main()", "write NAME = Pipeline(steps=[...]) in it", file=file)


def pipelines_of(module: ModuleType) -> dict[str, Pipeline]:
    """Return the pipelines of a module by variable, each once; those written in it, else those it imported."""
    found: dict[str, Pipeline] = {}
    for variable, value in vars(module).items():
        if isinstance(value, Pipeline) and not any(value is each for each in found.values()):
            found[variable] = value
    own = {name: each for name, each in found.items() if each.place.file == module.__file__}
    return own or found


def _named(module: ModuleType, name: str, file: str) -> tuple[Pipeline, Mapping[str, object]]:
    found = getattr(module, name, None)
    if isinstance(found, Pipeline):
        return found, {}
    known = [*pipelines_of(module), *(each for each in vars(module) if inspect.isfunction(getattr(module, each)))]
    if found is None:
        listed = ", ".join(pipelines_of(module))
        hint = f"it holds {listed}" if listed else "it holds no pipeline"
        raise InvalidError(f"there is no '{name}' in it{nearest(name, known)}", hint, file=file)
    if not inspect.isfunction(found):
        what = "a class" if isinstance(found, type) else type(found).__name__
        raise InvalidError(f"'{name}' is {what}, no pipeline", file=file)
    return _executed(found, name, file)


def _executed(function: object, name: str, file: str) -> tuple[Pipeline, Mapping[str, object]]:
    """Call a function; return the pipeline it returns, or the first one it executes, which is not run."""
    assert inspect.isfunction(function)
    required = [each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty]
    line = function.__code__.co_firstlineno
    if required:
        text = f"'{name}' takes {', '.join(required)}; a function that makes a pipeline takes nothing"
        raise InvalidError(text, file=file, line=line)
    try:
        with user_code(file), intercepting(_capture):
            made = function()
    except Captured as captured:
        return captured.pipeline, captured.params
    if isinstance(made, Pipeline):
        return made, {}
    text = f"'{name}' neither returns a Pipeline nor executes one"
    raise InvalidError(text, f"it returned {type(made).__name__}", file=file, line=line)


def _capture(pipeline: Pipeline, params: Mapping[str, object]) -> None:
    raise Captured(pipeline, params)
