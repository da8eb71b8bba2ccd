"""`graft job`: one step without a pipeline, run and recorded like any other."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ...core.errors import InvalidError
from ...core.graph import Json
from ...core.ids import name_problem
from .. import context
from ..options import Options
from ..starting import Start, Step, starting
from .run import start_run


@starting
def fn(
    options: Options,
    *,
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="package.module:NAME or FILE.py:NAME.")],
    start: Start,
    step: Step,
) -> int:
    """Run one function. Without --returns, what it returns is kept under its name."""
    path, colon, name = function.rpartition(":")
    if not colon or not path or not name:
        raise InvalidError(f"'{function}' names no function", "write package.module:NAME or FILE.py:NAME")
    target = path if path.endswith(".py") else None
    entry = {"python": function, "returns": True, **step.data()}
    return _start(options, entry, "python", target, start, f"job fn {function}")


@starting
def sh(
    options: Options,
    *,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help="What /bin/sh runs, as one word; -p gives $NAME.")],
    start: Start,
    step: Step,
) -> int:
    """Run one shell command. Returns come from the JSON object it writes to the file $GRAFT_OUTPUTS."""
    entry = {"shell": command, "name": _named_after(command), **step.data()}
    return _start(options, entry, "shell", None, start, f"job sh {shlex.quote(command)}")


@starting
def nb(
    options: Options,
    *,
    notebook: Annotated[str, typer.Argument(metavar="NOTEBOOK", help="FILE.ipynb; -p gives its parameters.")],
    start: Start,
    step: Step,
) -> int:
    """Run one notebook; its executed copy is kept."""
    if not notebook.endswith(".ipynb"):
        raise InvalidError(f"'{notebook}' is no notebook", "write FILE.ipynb")
    folder = os.path.join(".", os.path.dirname(notebook), "")
    return _start(options, {"notebook": notebook, **step.data()}, "notebook", folder, start, f"job nb {notebook}")


@starting
def script(
    options: Options,
    *,
    file: Annotated[str, typer.Argument(metavar="SCRIPT", help="FILE.py, run as it is.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGUMENTS]", help="Its own command line; {NAME} in it takes -p NAME=."),
    ] = None,
    start: Start,
    step: Step,
) -> int:
    """Run one Python script with its own command line."""
    if not file.endswith(".py"):
        raise InvalidError(f"'{file}' is no Python file", "a shell script: graft run FILE.sh")
    own: dict[str, Json] = {"args": list(arguments)} if arguments else {}
    entry = {"script": file, **own, **step.data()}
    return _start(options, entry, "script", file, start, shlex.join(["job", "script", file, *(arguments or ())]))


COMMANDS = {"fn": fn, "sh": sh, "nb": nb, "script": script}


def _start(options: Options, entry: Mapping[str, Any], key: str, target: str | None, start: Start, text: str) -> int:
    space = context.workspace(options, target, needs_code=True)
    stem = os.path.splitext(os.path.basename(str(entry[key])))[0]
    name = entry.get("name") or (str(entry[key]).rpartition(":")[2].rpartition(".")[2] if key == "python" else stem)
    job = context.job(options, entry, key, name, text, target)
    request = start.request(options, job)
    return start_run(space, options, request, is_named=True, dry_run=start.dry_run, detach=start.detach)


def _named_after(command: str) -> str:
    """Return the program a command line starts with, where it reads as a name."""
    first = os.path.basename(re.split(r"[\s;|&<>()$]", command.strip(), maxsplit=1)[0])
    return "shell" if name_problem(first) or "=" in first else first
