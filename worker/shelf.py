"""The registered functions at hand while a pipeline is compiled: each step that names one gets what it stands for."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeAlias

from ..core.errors import InvalidError, MissingError, PluginError
from ..core.functions import Function, functions_in
from ..core.graph import Json
from ..core.kinds import load_kind
from ..core.nesting import Composite, Nested
from ..core.pipeline import Pipeline
from ..core.registered import FunctionVersion, pick
from ..core.stepdata import returns_from
from ..core.steps import Step
from .importing import import_name, user_code
from .naming import attribute_of, find_function
from .recorded import install, package_of
from .unpacking import unpacked


class Shelf:
    """The functions of one project, and the code they were registered with."""

    def __init__(self, known: Sequence[FunctionVersion], objects: str) -> None:
        """Take all versions of a project's functions, and the absolute directory of object files."""
        self._known = known
        self._objects = objects
        self.used: dict[str, FunctionVersion] = {}
        """Step -> the version it was found to be."""
        if known:
            install(objects)

    def resolve(self, step: Function) -> None:
        """Look a step's function up and tell the step what it stands for.

        Raises:
            MissingError: there is no such function or version.
            InvalidError: its code does not import, or it cannot be a step.
            PluginError: its kind does not load.
        """
        try:
            found = pick(self._known, step.function, step.version)
        except MissingError as problem:
            place = step.place
            text = f"step '{step.name}': {problem.message}"
            raise MissingError(text, problem.hint, file=place.file or None, line=place.line) from problem
        made = self.step(found, name=step.name, returns=step.wants, **step.given)
        if isinstance(made, Pipeline):
            if step.wants is not None:
                raise step.problem(
                    f"returns= is given, and '{found.address}' is a pipeline: its steps say what it returns"
                )
            made = Nested(made, step.name, step.place, step.given)
        step.resolve(found, made)
        inside = made.pipelines.values() if isinstance(made, Composite) else ()
        for function in functions_in(each for pipeline in inside for each in pipeline.steps):
            self.resolve(function)
        self.used[step.name] = found

    def opened(self, pipeline: Pipeline) -> Pipeline:
        """Return the pipeline a job's one step stands for, if that is a function of kind pipeline; else the job itself.

        Raises:
            MissingError: there is no such function or version.
            InvalidError: its code does not import.
        """
        step = pipeline.steps[0]
        if len(pipeline.steps) > 1 or not isinstance(step, Function):
            return pipeline
        found = pick(self._known, step.function, step.version)
        made = self.step(found, name=step.name)
        if not isinstance(made, Pipeline):
            return pipeline
        self.used[found.name] = found
        return made

    def step(self, found: FunctionVersion, *, name: str, returns: Any = None, **options: Any) -> Step | Pipeline:
        """Return what executes a version.

        Raises:
            InvalidError: its code does not import.
            PluginError: its kind does not load, or breaks its contract.
        """
        kind = load_kind(found.kind)
        registered: Any = found.spec.get("options") or {}
        if returns is None:
            returns = returns_from(found.spec.get("returns"))
        try:
            material = StoredMaterial(found, self._objects)
            made = kind.step(found.spec, material, name=name, returns=returns, **{**registered, **options})
        except InvalidError as problem:
            raise InvalidError(
                f"the function '{found.address}': {problem.message}", problem.hint, file=problem.file, line=problem.line
            ) from problem
        if not isinstance(made, Step | Pipeline):
            raise PluginError(f"the kind '{found.kind}' made {made!r}, which is no step")
        return made

    def used_data(self) -> dict[str, Json]:
        """Return which version each step was, as the run records it; empty when none names a function."""
        return {
            step: {"function": found.address, "kind": found.kind, "key": found.key} for step, found in self.used.items()
        }


ShelfAt: TypeAlias = Callable[[str], Shelf]
"""Returns the functions of the project at an absolute root; called only where a step names one."""


class StoredMaterial:
    """The code of a version: what the store kept of it, or a module that is installed."""

    def __init__(self, found: FunctionVersion, objects: str) -> None:
        source = found.spec.get("source")
        self._source: Mapping[str, Any] = source if isinstance(source, dict) else {}
        self._objects = objects

    @property
    def path(self) -> str:
        """Return the absolute path of the file its source names."""
        if "code" not in self._source:
            return getattr(self.module(), "__file__", None) or ""
        return os.path.join(self._folder, self._source["path"])

    @property
    def name(self) -> str | None:
        """Return what the source names in the file."""
        return self._source.get("name")

    def module(self) -> ModuleType:
        """Import the file or module the source names.

        Raises:
            InvalidError: it does not import.
        """
        if "code" not in self._source:
            return import_name(self._source["module"])
        return self._below(self._source["path"])

    def find(self, text: str) -> Callable[..., object]:
        """Import a function of the same code by `module:name` or `file.py:name`; else of what is installed.

        Raises:
            InvalidError: there is none.
        """
        match = re.fullmatch(r"([\w./-]+):([\w.]+)", text)
        if match is not None:
            path = match[1] if match[1].endswith(".py") else match[1].replace(".", "/") + ".py"
            if os.path.isfile(os.path.join(self._folder, path)):
                return attribute_of(self._below(path), match[2])
        return find_function(text, self._folder)

    @property
    def _folder(self) -> str:
        return unpacked(self._objects, self._source["code"])

    def _below(self, path: str) -> ModuleType:
        package = package_of(self._source["code"])
        name = os.path.splitext(path)[0].replace(os.sep, ".").removesuffix(".__init__")
        with user_code(os.path.join(self._folder, path)):
            return importlib.import_module(f"{package}.{name}")
