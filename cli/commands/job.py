"""`graft job`: one step without a pipeline, run and recorded like any other."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from ...core.errors import InvalidError
from ...core.graph import Json
from ...core.ids import name_problem
from ...core.targets import Job
from .. import context
from ..declaring import Argument, Option
from ..options import Options
from ..starting import Start, Step, starting
from .run import start_run

NameOption: TypeAlias = Annotated[str | None, Option("--name", metavar="NAME", help="Name of the step and the run.")]


@starting
def fn(
    options: Options,
    *,
    function: Annotated[str, Argument(metavar="FUNCTION", help="package.module:NAME or FILE.py:NAME.")],
    name: NameOption = None,
    start: Start,
    step: Step,
) -> int:
    """Run one function. Without --returns, what it returns is kept under its name."""
    path, colon, inside = function.rpartition(":")
    if not colon or not path or not inside:
        raise InvalidError(f"'{function}' names no function", "write package.module:NAME or FILE.py:NAME")
    target = path if path.endswith(".py") else None
    entry = {"python": function, "returns": True, **_named(name), **step.data()}
    called = name or inside.rpartition(".")[2]
    return _start(options, entry, "python", called, target, start, f"job fn {function}")


@starting
def sh(
    options: Options,
    *,
    command: Annotated[str, Argument(metavar="COMMAND", help="What /bin/sh runs, as one word; -p gives $NAME.")],
    name: NameOption = None,
    start: Start,
    step: Step,
) -> int:
    """Run one shell command. Returns come from the JSON object it writes to the file $GRAFT_OUTPUTS."""
    called = name or _program(command)
    entry = {"shell": command, "name": called, **step.data()}
    return _start(options, entry, "shell", called, None, start, f"job sh {shlex.quote(command)}")


@starting
def nb(
    options: Options,
    *,
    notebook: Annotated[str, Argument(metavar="NOTEBOOK", help="FILE.ipynb; -p gives its parameters.")],
    name: NameOption = None,
    start: Start,
    step: Step,
) -> int:
    """Run one notebook; its executed copy is kept."""
    if not notebook.endswith(".ipynb"):
        raise InvalidError(f"'{notebook}' is no notebook", "write FILE.ipynb")
    folder = os.path.join(".", os.path.dirname(notebook), "")
    entry = {"notebook": notebook, **_named(name), **step.data()}
    return _start(options, entry, "notebook", name or _stem(notebook), folder, start, f"job nb {notebook}")


@starting
def script(
    options: Options,
    *,
    file: Annotated[str, Argument(metavar="SCRIPT", help="FILE.py, run as it is.")],
    arguments: Annotated[
        list[str] | None,
        Argument(metavar="[-- ARGUMENTS]", help="Its own command line; {NAME} in it takes -p NAME=."),
    ] = None,
    name: NameOption = None,
    start: Start,
    step: Step,
) -> int:
    """Run one Python script with its own command line."""
    if not file.endswith(".py"):
        raise InvalidError(f"'{file}' is no Python file", "a shell script: graft run FILE.sh")
    own: dict[str, Json] = {"args": list(arguments)} if arguments else {}
    entry = {"script": file, **own, **_named(name), **step.data()}
    text = shlex.join(["job", "script", file, *(arguments or ())])
    return _start(options, entry, "script", name or _stem(file), file, start, text)


COMMANDS = {"fn": fn, "sh": sh, "nb": nb, "script": script}


def _start(
    options: Options, entry: Mapping[str, Any], key: str, called: str, target: str | None, start: Start, text: str
) -> int:
    space = context.workspace(options, target, needs_code=True)
    job = context.job(options, Job(step=entry, key=key, name=called, text=text, project=target))
    request = start.request(options, job)
    return start_run(space, options, request, is_named=True, dry_run=start.dry_run, detach=start.detach)


def _named(name: str | None) -> dict[str, Json]:
    return {} if name is None else {"name": name}


def _stem(file: str) -> str:
    return os.path.splitext(os.path.basename(file))[0]


def _program(command: str) -> str:
    """Return the program a command line starts with, where it reads as a name."""
    first = os.path.basename(re.split(r"[\s;|&<>()$]", command.strip(), maxsplit=1)[0])
    return "shell" if name_problem(first) or "=" in first else first
