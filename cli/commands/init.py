"""`graft init`: begin a project from a template, or propose a pipeline of scripts that are there."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.states import Status
from .. import context
from ..declaring import Argument, Option
from ..failure import next_commands
from ..look import Ink, look_of
from ..options import Options
from ..printer import put, put_document
from ..table import Cell, Column, table
from ..text import clean

if TYPE_CHECKING:
    from ...core.beginning import Begun, Template

HEADS = (Column(title="TEMPLATE"), Column(title="WHAT IT IS", shrinks=True), Column(title="NEEDS", shrinks=True))


def init(
    options: Options,
    *,
    words: Annotated[
        list[str] | None,
        Argument(
            metavar="[NAME | SCRIPTS...]",
            help="Directory of the new project, which is called after it; default: the current one."
            " With --from: scripts, notebooks, or directories of them.",
            show_default=False,
        ),
    ] = None,
    template: Annotated[
        str | None, Option("--template", metavar="TEMPLATE", help="What it begins as; default: minimal.")
    ] = None,
    listed: Annotated[bool, Option("--list", help="List the templates.")] = False,
    from_scripts: Annotated[
        bool, Option("--from", help="Propose a pipeline of the SCRIPTS named; none of them is run.")
    ] = False,
    git: Annotated[bool, Option("--git", help="Make a git repository of it.")] = False,
    dry_run: Annotated[bool, Option("-n --dry-run", help="Print what would be written; write nothing.")] = False,
) -> int:
    """Begin a project that runs, and passes its own test, at once; or propose a pipeline of scripts.

    Nothing that is there is overwritten.
    """
    if listed:
        return _list(options)
    if from_scripts:
        if template is not None or git:
            raise InvalidError("--from writes a pipeline beside your scripts: --template and --git go without it")
        from ..proposed import propose  # reads code: not for a template

        return propose(options, words or [], is_dry=dry_run)
    if len(words or ()) > 1:
        raise InvalidError(f"init takes one NAME, not {' '.join(words or ())}", "scripts are named after --from")
    folder = os.path.join(options.project or ".", *(words or ()))
    begun = context.begin(folder, template or "minimal", with_git=git, is_dry=dry_run)
    commands = [(line.format(project=begun.project), what) for line, what in begun.template.commands]
    if options.is_json:
        put_document(_document(begun, [line for line, _ in commands], is_written=not dry_run))
    else:
        put(_lines(options, begun, commands, is_written=not dry_run))
    return 0


def _list(options: Options) -> int:
    known = context.templates()
    if options.is_json:
        put_document({"schema": SCHEMA, "templates": [_template(each) for each in known]})
        return 0
    rows: list[list[str | Cell]] = [[each.name, each.about, each.install or "nothing"] for each in known]
    put(table(look_of(is_plain=options.is_plain), HEADS, rows))
    return 0


def _template(each: Template) -> dict[str, Any]:
    return {"name": each.name, "about": each.about, "packages": list(each.packages), "files": list(each.files)}


def _document(begun: Begun, commands: list[str], *, is_written: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "project": begun.project,
        "root": begun.root,
        "template": begun.template.name,
        "files": list(begun.template.files),
        "is_written": is_written,
        "git": begun.has_git,
        "missing": list(begun.missing),
        "next": commands,
    }


def _lines(options: Options, begun: Begun, commands: list[tuple[str, str]], *, is_written: bool) -> list[str]:
    look = look_of(is_plain=options.is_plain)
    here = os.path.relpath(begun.root)
    where = "here" if here == "." else f"in {clean(here)}"
    if is_written:
        sign = look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)
        lines = [f"{sign} project {look.paint(begun.project, Ink.BOLD)}, {where}, from template {begun.template.name}"]
    else:
        lines = [f"would write project {look.paint(begun.project, Ink.BOLD)} {where}"]
    lines += [f"  {file}" for file in begun.template.files]
    if begun.missing:
        lines.append(f"it imports {', '.join(begun.missing)}, not installed here: pip install {begun.template.install}")
    enter = [] if here == "." else [(f"cd {quote(here)}", "where everything happens")]
    return [*lines, "", *next_commands(look, [*enter, *commands, ("python -m pytest", "its tests")])]
