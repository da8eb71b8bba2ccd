"""The graphviz runner: what the entry point `graftline.runners: graphviz` names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ...core.diagrams import dot_source
from ...core.errors import InvalidError, nearest
from ...core.outline import Outline
from ...core.portrait import portrait
from ...core.translating import Sheet, Translation
from ...core.writingrunner import WritingRunner
from .rendering import NoGraphviz, rendered

FORMS = ("svg", "png", "pdf", "dot")
OPTIONS = ("format", "path")
"""Of `[runner.NAME]`."""


class GraphvizRunner(WritingRunner):
    """Draws what would run, and executes nothing.

    Options: `format`, one of `svg`, `png`, `pdf`, `dot`; `path`, the file, from the project's root on. Default: an svg
    file in the root, called as the pipeline. In programs `GraphvizRunner("churn.svg").job(churn)` names it first.
    """

    is_elsewhere = True
    instance_option = "path"

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot draw with.

        Raises:
            InvalidError: an option is unknown or wrong; all of them in one message.
        """
        _form(**options)

    @classmethod
    def translate(cls, sheet: Sheet, *, is_dry: bool, **kwargs: Any) -> Translation:
        """Return the picture; its DOT text where there is no Graphviz, or where it is only looked at.

        Raises:
            InvalidError: an option is wrong.
            PluginError: Graphviz is there and cannot draw it.
        """
        form, file = _form(**kwargs), kwargs.get("path")
        source = drawn(sheet)
        if is_dry:
            return Translation(form="dot", data=source.encode(), file=None)
        path = os.path.join(sheet.folder, file or f"{_file_name(sheet.graph.name)}.{form}")
        if form == "dot":
            return Translation(form=form, data=source.encode(), file=path)
        try:
            return Translation(form=form, data=rendered(source, form), file=path)
        except NoGraphviz as missing:
            stem, ending = os.path.splitext(path)
            instead = f"{stem if ending == f'.{form}' else path}.dot"
            notes = (f"{missing}: the DOT text is written instead", str(missing.hint).partition("; ")[0])
            return Translation(form="dot", data=source.encode(), file=instead, notes=notes)


def drawn(sheet: Sheet) -> str:
    """Return a graph, or the selected part of it, in the DOT language."""
    outline = Outline(sheet.graph)
    chosen = None if sheet.selected is None else outline.with_inside(set(sheet.selected))
    nodes = [node.path for node in outline.graph.nodes if chosen is None or node.path in chosen]
    there = set(nodes)
    edges = [edge for edge in outline.edges if there.issuperset(edge)]
    return dot_source(**portrait(outline, nodes, edges, name=lambda _, short: short))


def _form(**options: object) -> str:
    """Return the format: as said, as the file's ending says, else svg.

    Raises:
        InvalidError: an option is unknown or wrong; all of them in one message.
    """
    problems = [
        InvalidError(
            f"the runner 'graphviz' has no option '{name}'{nearest(name, OPTIONS)}", f"options: {', '.join(OPTIONS)}"
        )
        for name in options
        if name not in OPTIONS
    ]
    form, file = options.get("format"), options.get("path")
    if file is not None and not (isinstance(file, str) and file):
        problems.append(InvalidError(f"path = {file!r} is no file", 'path = "pictures/churn.svg"'))
        file = None
    if form is None:
        ending = os.path.splitext(str(file or ""))[1].lower().lstrip(".")
        form = "svg" if file is None else "dot" if ending == "gv" else ending
    if form not in FORMS:
        said = "format" if options.get("format") is not None else "the ending of path"
        close = nearest(str(form), FORMS)
        problems.append(InvalidError(f"{said}: '{form}' is no picture{close}", f"there are {', '.join(FORMS)}"))
    if problems:
        raise InvalidError.all_of(problems)
    return str(form)


def _file_name(name: str) -> str:
    """Return the name of a pipeline as that of a file: it may hold anything but a slash."""
    return name.lstrip(".") or "pipeline"
