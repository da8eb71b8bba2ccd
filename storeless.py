"""What commands do without a store. Each needs one room, which is imported when it is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core.errors import InvalidError
from .core.ids import strict_name

if TYPE_CHECKING:
    from .core.beginning import Begun, Template
    from .core.events import AttemptFailed, AttemptSucceeded
    from .core.proposals import Proposal


def write_whole(data: bytes, file: str) -> None:
    """Write a file whole or not at all.

    Raises:
        InvalidError: it cannot be written.
    """
    path = Path(file)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InvalidError(f"it cannot be written: {error.strerror}", file=file) from error


def templates() -> Sequence[Template]:
    """Return what a project can begin as."""
    from .plugins.projects.templates import TEMPLATES  # for one command, as below

    return list(TEMPLATES.values())


def begin_project(folder: str, template: str, *, with_git: bool, is_dry: bool) -> Begun:
    """Write a project from a template into a folder, which it is called after.

    Raises:
        InvalidError: there is no such template, or something of it is there already.
        StoreError: it cannot be written.
    """
    from .plugins.projects.templates import template as named
    from .plugins.projects.writing import begin

    root = Path(folder).absolute()
    name = strict_name(root.name or "project")
    return begin(root, name, named(template), with_git=with_git, is_dry=is_dry)


def propose_pipeline(root: str | None, words: Sequence[str], *, is_dry: bool) -> tuple[Proposal, Sequence[str]]:
    """Propose a pipeline of scripts; return it and the files that were written, or would be.

    Args:
        root: directory of the project; None: the current one.
        words: what the person named.
        is_dry: write nothing.

    Raises:
        InvalidError: a script is not there or cannot be read, or there is a pipeline.py already.
        StoreError: it cannot be written.
    """
    from .plugins.projects.proposal import propose_here  # for one command

    return propose_here(words, Path(root or ".").absolute(), is_dry=is_dry)


def render(source: str, form: str) -> bytes:
    """Return a picture of a graph in the DOT language, as `svg`, `png` or `pdf`.

    Raises:
        PluginError: there is no Graphviz, or it could not draw the graph.
    """
    from .plugins.graphviz.rendering import rendered  # for one command

    return rendered(source, form)


def execute_node(folder: str, run: str, path: str, **options: Any) -> AttemptSucceeded | AttemptFailed:
    """Execute one node of a run from a directory of artifacts; options as `single.execute_node` takes them."""
    from .plugins.remote.single import execute_node  # for one command, of pods and containers

    return execute_node(folder, run, path, **options)


def serve_station(nonce: str) -> None:
    """Execute attempts that come through stdin until it ends."""
    from .plugins.pipe.door import serve  # for one command, which other machines start

    serve(nonce)
