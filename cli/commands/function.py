"""`graft function add|show|rm|run`: named, versioned executables, apart from any run."""

from __future__ import annotations

import json
import sys
from typing import Annotated

from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.graph import Json
from ...core.library import FunctionRequest
from ...core.registered import parse_address
from ...core.targets import Job
from .. import context
from ..declaring import Argument, Option
from ..options import Options
from ..printer import put, put_document
from ..starting import Start, Step, starting
from ..text import clean, plural
from .functions import function_entry, version_table
from .run import start_run

NameArgument = Annotated[str, Argument(metavar="NAME[@VERSION]", help="A function; without a version the newest.")]


@starting
def add(
    options: Options,
    *,
    function: Annotated[str, Argument(metavar="NAME", help="What it is to be called.")],
    source: Annotated[
        str | None,
        Argument(
            metavar="[SOURCE]",
            help="package.module:NAME, FILE.py:NAME, a notebook, a shell script, a YAML file,"
            " git+URL@REF#FILE:NAME or BUNDLE.zip#FILE:NAME.",
        ),
    ] = None,
    code: Annotated[
        str | None, Option("--code", metavar="TEXT", help="The code itself; - reads it from stdin.")
    ] = None,
    kind: Annotated[str | None, Option("--kind", metavar="KIND", help="Default: by the ending of the source.")] = None,
    extra: Annotated[
        list[str] | None, Option("--set", metavar="KEY=VALUE", help="Something of its kind's own; repeatable.")
    ] = None,
    step: Step,
) -> int:
    """Register a function with its code. Its version goes up only when something of it changes."""
    space = context.workspace(options)
    said = step.data()
    request = FunctionRequest(
        name=function,
        source=source,
        code=sys.stdin.read() if code == "-" else code,
        kind=kind,
        returns=said.pop("returns", None),
        options=said,
        extra=dict(_pair(text) for text in extra or ()),
    )
    found, is_new = space.functions.add(request)
    if options.is_json:
        put_document({"schema": SCHEMA, **function_entry(found), "is_new": is_new})
        return 0
    verb = "registered" if is_new else "is unchanged:"
    put(f"{clean(found.name)} {verb} version {found.version}, {found.kind}, key {found.key[:8]}")
    return 0


def show(options: Options, *, function: NameArgument) -> int:
    """Show a function: what it is, and its versions."""
    space = context.workspace(options)
    found = space.functions.find(function)
    versions = space.functions.versions(found.name)
    actions = list(space.functions.actions(found))
    if options.is_json:
        listed = [each.version for each in versions]
        put_document({"schema": SCHEMA, **function_entry(found), "versions": listed, "actions": actions})
        return 0
    put(f"{clean(found.address)}  {found.kind}")
    put(f"  key      {found.key}")
    put(f"  from     {clean(found.origin)}")
    put(f"  actions  {', '.join(actions)}")
    put(f"  spec     {clean(json.dumps(dict(found.spec), sort_keys=True))}")
    put("")
    put(version_table(options, versions, space.parts.clock()))
    return 0


def rm(options: Options, *, function: NameArgument) -> int:
    """Take a function, or one version of it, out of the list. Recorded runs keep their code."""
    space = context.workspace(options)
    count = space.functions.remove(function)
    if options.is_json:
        put_document({"schema": SCHEMA, "removed": count})
    else:
        put(f"removed {plural(count, 'version')} of {clean(parse_address(function)[0])}")
    return 0


@starting
def run(options: Options, *, function: NameArgument, start: Start) -> int:
    """Run a function as a pipeline of one step. The run records its name and version."""
    space = context.workspace(options, needs_code=True)
    found = space.functions.find(function)
    wanted = Job(step={"function": function}, key="function", name=found.name, text=f"function {function}")
    job = context.job(options, wanted)
    request = start.request(options, job)
    return start_run(space, options, request, is_named=True, dry_run=start.dry_run, detach=start.detach)


COMMANDS = {"add": add, "show": show, "rm": rm, "run": run}


def _pair(text: str) -> tuple[str, Json]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidError(f"--set {text!r} is no KEY=VALUE")
    try:
        found: Json = json.loads(value)
    except ValueError:
        return key, value
    return key, found
