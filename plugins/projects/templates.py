"""The templates of `graft init`: samples, which ship with the package and are run by the tests as they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ...core.beginning import Template
from ...core.errors import InvalidError, nearest

SHELF = Path(__file__).resolve().parents[2] / "samples"
"""Where they are, in a checkout as in an installed package (package data of `graftline.samples`)."""

_CODE = ("graftline.toml", "pipeline.py", "functions.py", "test_pipeline.py", "README.md", ".gitignore")

TEMPLATES: Mapping[str, Template] = {
    "minimal": Template(
        name="minimal",
        about="three plain functions, a parameter, a metric, a file",
        project="hello",
        files=_CODE,
        commands=(
            ("graft run", "run it; a second time reuses everything"),
            ("graft run -p n=10", "with a parameter"),
            ("graft", "the terminal UI"),
        ),
    ),
    "iris": Template(
        name="iris",
        about="load, fit, draw: a classifier of flowers with a picture",
        project="iris",
        files=_CODE,
        packages=("sklearn", "matplotlib"),
        install="scikit-learn matplotlib",
        commands=(
            ("graft run", "run it; writes iris_logistic.png"),
            ("graft run -p C=0.01", "with a parameter"),
            ("graft", "the terminal UI"),
        ),
    ),
    "tabular": Template(
        name="tabular",
        about="train, tune and apply a model of a table, with releases and a champion",
        project="screening",
        files=(*_CODE, "data/biopsies.csv"),
        packages=("sklearn", "pandas"),
        install="scikit-learn pandas",
        commands=(
            ("graft release", "publish this code as version 0.1.0"),
            ("graft train {project} --upper 400", "train it: generation 1"),
            ("graft apply {project} -o scores.csv", "apply it to every row"),
        ),
    ),
}


def template(name: str) -> Template:
    """Return a template.

    Raises:
        InvalidError: there is none of that name, with the nearest.
    """
    if name not in TEMPLATES:
        known = list(TEMPLATES)
        raise InvalidError(f"there is no template '{name}'{nearest(name, known)}", f"there are {', '.join(known)}")
    return TEMPLATES[name]


def contents(chosen: Template, project: str) -> dict[str, bytes]:
    """Return the files of a template for a project of this name, by relative path."""
    return {
        file: _renamed(file, (SHELF / chosen.name / file).read_bytes(), chosen.project, project)
        for file in chosen.files
    }


def _renamed(file: str, data: bytes, old: str, new: str) -> bytes:
    """Put the project's name where the template has its own: in its configuration, and where its README types it."""
    if file == "graftline.toml":
        return data.replace(f'name = "{old}"'.encode(), f'name = "{new}"'.encode(), 1)
    if file != "README.md":
        return data
    word = re.compile(rf"\b{re.escape(old)}\b")
    title, *lines = data.decode().splitlines(keepends=True)
    told = [word.sub(new, line) if re.match(r"\s*(\$ )?graft ", line) else line for line in lines]
    return "".join([word.sub(new, title), *told]).encode()
