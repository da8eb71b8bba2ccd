"""`graft release`: publish the working copy as a lineage that never changes."""

from __future__ import annotations

from typing import Annotated, Any

from ...core.document import SCHEMA, error_document
from ...core.lineageanswers import lineage_document
from ...core.lineages import Generation, Lineage
from ...core.quantities import size_text
from ...core.releases import CarryRefused, Release, ReleaseRequest, as_lineage
from ...core.requests import RunRequest
from ...core.states import Status
from ...core.versions import Bump
from .. import context
from ..addressing import complete_addresses
from ..arguments import ParamOption, ParamsFileOption, TargetArgument
from ..declaring import Option
from ..failure import next_commands
from ..lineagetext import code_text
from ..locked import difference_documents, difference_lines
from ..look import Ink, Look, look_of
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document
from ..text import clean, plural

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}
_SHOWN = 20
"""Files that are listed; --json has all."""


def release(
    options: Options,
    *,
    target: TargetArgument = None,
    bump: Annotated[Bump | None, Option("--bump", help="Raise this part of the newest version.")] = None,
    version: Annotated[
        str | None, Option("--version", metavar="VERSION", help="This version; default: [project] version.")
    ] = None,
    carry: Annotated[
        str | None,
        Option(
            "--carry",
            metavar="ADDRESS",
            complete=complete_addresses,
            help="Take a generation over, if what trained it is unchanged: @champion.",
        ),
    ] = None,
    message: Annotated[str | None, Option("-m --message", metavar="TEXT", help="What it is about.")] = None,
    dirty: Annotated[bool, Option("--dirty", help="Release files that differ from the commit too.")] = False,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    dry_run: Annotated[bool, Option("-n --dry-run", help="Say what would be released; write nothing.")] = False,
) -> int:
    """Publish the working copy as a new lineage: its code, how it is run and the versions of its packages.

    Parameters are no part of it: they only let a pipeline compile that has some without a default.

    Exit code 5: a generation that was to be carried over was trained by other steps.
    """
    space = context.workspace(options, target, needs_code=True)
    aim = context.target(options, target)
    request = ReleaseRequest(
        target=aim,
        version=version,
        bump=bump,
        configured=context.settings(options, target).text("project.version"),
        message=message,
        carry=carry,
        allows_dirty=dirty,
    )
    given = context.parameters(params)
    wanted = RunRequest(target=aim, params=typed_params(param), values=given.values, places=given.places)
    releasing = space.lineages.releasing
    look = look_of(is_plain=options.is_plain)
    try:
        planned = releasing.plan(request, space.load(wanted))
    except CarryRefused as refused:
        return _refused(options, look, refused)
    lineage, carried = as_lineage(planned.draft, planned.code), None
    if not dry_run:
        lineage, carried = releasing.publish(planned)
    if options.is_json:
        put_document(_document(planned, lineage, carried, is_written=not dry_run))
    else:
        put(_lines(look, planned, lineage, carried, is_written=not dry_run))
    return 0


def _refused(options: Options, look: Look, refused: CarryRefused) -> int:
    """Show which steps are others now, and why; return the exit code, or raise what is told on stderr."""
    if not options.is_json:
        put(difference_lines(look, refused.differences, 0))
        raise refused
    put_document({"differences": difference_documents(refused.differences), **error_document(refused)})
    return refused.exit_code


def _document(planned: Release, lineage: Lineage, carried: Generation | None, *, is_written: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        **lineage_document(lineage),
        "is_new": planned.same is None,
        "is_written": is_written,
        "before": None if planned.before is None else planned.before.version,
        "changes": {each.name: each.word for each in planned.changes},
        "bytes": planned.bytes,
        "carried": None
        if planned.carried is None
        else {"from": planned.carried.address, "to": None if carried is None else carried.address},
    }


def _lines(
    look: Look, planned: Release, lineage: Lineage, carried: Generation | None, *, is_written: bool
) -> list[str]:
    name = clean(f"{lineage.project} {lineage.version}")
    if planned.same is not None:
        lines = [f"{name} is this code already: nothing was released"]
    else:
        sign = look.paint(look.glyph(Status.SUCCESS), Ink.GREEN)
        verb = f"{sign} released" if is_written else "would release"
        requirements = plural(len(lineage.manifest.requirements), "package")
        facts = [plural(len(lineage.files), "file"), size_text(planned.bytes), requirements, code_text(lineage)]
        lines = [f"{verb} {look.paint(name, Ink.BOLD)}  {clean(look.dot.join(facts))}"]
        if planned.before is not None:
            lines += [f"  {_SIGNS[each.word]} {clean(each.name)}" for each in planned.changes[:_SHOWN]]
            if len(planned.changes) > _SHOWN:
                lines.append(look.said(f"  … {len(planned.changes) - _SHOWN:,} more files"))
    if planned.carried is not None:
        there = f" as {carried.address}" if carried is not None else ""
        lines.append(f"  {'carried' if is_written else 'would carry'} {planned.carried.address} over{there}")
    if is_written and carried is not None:
        command = f"graft alias set {carried.address} champion"
        return [*lines, "", *next_commands(look, [(command, "have it serve in place of the old one")])]
    if is_written and planned.same is None:
        return [*lines, "", *next_commands(look, [(f"graft train {lineage.project}", "train it")])]
    return lines
