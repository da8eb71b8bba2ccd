"""Pipelines of this process as YAML files, and back: what `Pipeline.from_yaml` and `to_yaml` do."""

from __future__ import annotations

import os
from functools import partial

from ..core.definitions import Reading, Writing, definition_of, pipeline_from
from ..core.errors import InvalidError
from ..core.pipeline import Pipeline
from .naming import add_search_path, find_function, name_function
from .reaching import search_path_of, yaml_data
from .workplace import find_root
from .workshop import namespace_of, root_of
from .yamlfile import write_yaml


def load_yaml(path: str, name: str | None = None) -> Pipeline:
    """Return the pipeline of a YAML file; its functions are imported in this process.

    Raises:
        InvalidError: the file cannot be read, or something in it is wrong.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidError(f"from_yaml() takes the path of a file, not {path!r}")
    file = os.path.abspath(path)
    folder = os.path.dirname(file)
    data, marks = yaml_data(file)
    root = find_root(folder)
    add_search_path(*reversed(search_path_of(data, root, folder)))
    return pipeline_from(data, Reading(marks, partial(find_function, root=root)), name)


def pipeline_yaml(pipeline: Pipeline) -> str:
    """Return a pipeline as YAML.

    Raises:
        InvalidError: a function in it has no name to write, or a value is no plain one.
    """
    writing = Writing(partial(name_function, root=root_of(pipeline)))
    return write_yaml(definition_of(pipeline, writing, pipeline.name_in(namespace_of(pipeline))))
