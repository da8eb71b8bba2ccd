"""The kinds of functions that come with graftline. They enter by the same door as any other."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..core.definitions import Reading, pipeline_from
from ..core.errors import InvalidError
from ..core.graph import Json
from ..core.kinds import Kind, Material
from ..core.pipeline import Pipeline
from ..core.place import Place
from ..core.steps import Step
from ..core.tasks import PythonTask, ShellTask
from ..worker.finding import pipeline_in
from ..worker.naming import attribute_of
from ..worker.reaching import yaml_data

_ROOT = __name__.partition(".")[0]
_YAML = (".yaml", ".yml")


class PythonKind(Kind):
    """A Python function."""

    name = "python"
    endings = (".py",)

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Refuse a source that names no function."""
        super().validate(spec)
        if not _source(spec).get("name"):
            raise InvalidError("a function of kind python needs a name after the file", "write FILE.py:NAME")

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step:
        """Return the function as a step; without `returns` what it returns is kept under the step's name."""
        function = attribute_of(material.module(), material.name or "")
        if options.get("returns") is not None:
            return PythonTask(function, **options)
        options.pop("returns", None)
        return PythonTask.bare(function, Place(material.path, 1), **options)


class ShellKind(Kind):
    """A shell script, or a command line."""

    name = "shell"
    endings = (".sh", ".bash")
    keys = ("takes",)

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Refuse a Python source, and names that are no variables."""
        super().validate(spec)
        if _source(spec).get("type") == "module":
            raise InvalidError("a function of kind shell is a file or inline code, no Python module")
        takes = spec.get("takes")
        if takes is not None and not (isinstance(takes, list) and all(isinstance(each, str) for each in takes)):
            raise InvalidError(f"'takes' is a list of names of variables, not {takes!r}")

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step:
        """Return the command, or the script under the program its first line names."""
        with open(material.path, encoding="utf-8", errors="replace") as script:
            text = script.read()
        command = text
        if _source(spec).get("type") != "inline":
            first = text.partition("\n")[0].strip()
            program = first[2:].strip() if first.startswith("#!") else "/bin/sh"
            command = f"{program} {shlex.quote(material.path)}"
        return ShellTask(command, takes=spec.get("takes"), **options)  # type: ignore[arg-type]  # validate looked


class NotebookKind(Kind):
    """A Jupyter notebook."""

    name = "notebook"
    endings = (".ipynb",)

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Refuse what is no notebook file."""
        super().validate(spec)
        if not str(_source(spec).get("path", "")).endswith(".ipynb"):
            raise InvalidError("a function of kind notebook is a FILE.ipynb")

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Step:
        """Return the notebook as a step."""
        step: Step = import_module(_ROOT).NotebookTask(notebook=material.path, **options)
        return step


class PipelineKind(Kind):
    """A pipeline: a Python file that holds one, or a YAML file."""

    name = "pipeline"
    endings = _YAML

    def validate(self, spec: Mapping[str, Json]) -> None:
        """Refuse what a pipeline cannot have: returns and options belong to its steps."""
        super().validate(spec)
        for key in ("returns", "options"):
            if spec.get(key):
                raise InvalidError(f"a function of kind pipeline takes no {key}", "its steps have their own")

    def step(self, spec: Mapping[str, Json], material: Material, **options: Any) -> Pipeline:
        """Return the pipeline the source names; None: the only one of its file."""
        if material.path.endswith(_YAML):
            data, marks = yaml_data(material.path)
            return pipeline_from(data, Reading(marks, material.find), material.name)
        module = material.module()
        return pipeline_in(module, material.name, os.path.basename(material.path))[0]


def _source(spec: Mapping[str, Json]) -> Mapping[str, Any]:
    source = spec.get("source")
    return source if isinstance(source, dict) else {}
