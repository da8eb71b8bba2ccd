"""`graft export`: a run as one file for those who have no graftline; what a registry holds, for those who have."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from ...core.document import run_document
from ...core.errors import InvalidError, MissingError
from ...core.exchanging import SUFFIX
from ...core.gantt import ASCII, UNICODE, chart
from ...core.ganttpage import gantt_page
from ...core.ids import RunId
from ...core.quantities import size_text
from .. import context
from ..addressing import complete_addresses
from ..arguments import LAST
from ..carrying import spec_of
from ..completion import Unfinished, complete_runs
from ..declaring import Argument, Option
from ..look import Look, look_of
from ..options import Options
from ..printer import put, put_document, remark
from ..text import clean
from .exchange import export_address

if TYPE_CHECKING:
    from ...core.timeline import Timeline
    from ...core.workspace import Workspace

FILE_WIDTH = 160
"""Columns of a chart that goes to a file or a pipe."""


class Form(StrEnum):
    """What a run is written as."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


ENDINGS = {".html": Form.HTML, ".htm": Form.HTML, ".json": Form.JSON, ".txt": Form.TEXT}


def _complete(typed: Unfinished, incomplete: str) -> list[str]:
    runs = [run for run, _ in complete_runs(typed, incomplete)]
    return [*runs, *complete_addresses(typed, incomplete)]


def export(
    options: Options,
    *,
    what: Annotated[
        str,
        Argument(
            metavar="[RUN | ADDRESS]",
            complete=_complete,
            help="A run, as everywhere; or PROJECT, PROJECT/LINEAGE/GENERATION, PROJECT@ALIAS of the registry.",
        ),
    ] = LAST,
    html: Annotated[bool, Option("--html", help="Its steps over time as one page: no script, no network.")] = False,
    file: Annotated[
        str | None,
        Option("-o --output", metavar="FILE", help="Write it there; its ending tells the form. - is stdout."),
    ] = None,
    workers: Annotated[bool, Option("--workers", help="A row for each worker instead of each step.")] = False,
    full: Annotated[bool, Option("--full", help="A row for every item of maps; with --json every attempt.")] = False,
    everything: Annotated[bool, Option("--all", help="Of a project: also development versions.")] = False,
    force: Annotated[bool, Option("--force", help="Of the registry: write over a file that is there.")] = False,
) -> int:
    """Write a run over time as text, HTML or JSON; or what the registry holds as one file that `import` takes."""
    space = context.workspace(options)
    if _is_registered(space, what, file):
        if html or workers or full:
            raise InvalidError(f"'{clean(what)}' is in the registry: --html, --workers and --full are about runs")
        return export_address(options, space, what, file, with_dev=everything, force=force)
    form = _form(options, html, file)
    found = space.find(what)
    if form is Form.JSON:
        if workers:
            raise InvalidError("--workers is about the chart: it does not go with JSON")
        text = json.dumps(_document(space, found, full=full), indent=2) + "\n"
    else:
        timeline = space.inquiry.timeline(found, is_full=full, by_worker=workers)
        if form is Form.TEXT and file in (None, "-"):
            look = look_of(is_plain=options.is_plain)
            put(_lines(timeline, look, look.width if look.is_terminal else FILE_WIDTH))
            return 0
        text = gantt_page(space.show(found), timeline) if form is Form.HTML else _plain(timeline)
    if file is None and form is Form.HTML and sys.stdout.isatty():
        file = f"{found[:6]}.html"
    _write(options, text, file)
    return 0


def _is_registered(space: Workspace, what: str, file: str | None) -> bool:
    """Tell whether something of the registry is meant: it is written as an address, or no run and a project."""
    if "/" in what or "@" in what[1:] or (file or "").endswith(SUFFIX):
        return True
    if what.startswith("@"):
        return False
    try:
        space.find(what)
    except MissingError:
        return any(each.name == what for each in space.parts.registry().projects())
    return False


def _form(options: Options, html: bool, file: str | None) -> Form:
    if html and options.is_json:
        raise InvalidError("--html and --json exclude each other")
    if html or options.is_json:
        return Form.HTML if html else Form.JSON
    if file is None or file == "-":
        return Form.TEXT
    ending = Path(file).suffix.lower()
    if ending not in ENDINGS:
        raise InvalidError(f"'{file}' does not say the form", f"add --html or --json, or use {', '.join(ENDINGS)}")
    return ENDINGS[ending]


def _document(space: Workspace, run: RunId, *, full: bool) -> dict[str, Any]:
    steps = space.steps(run)
    attempts = space.attempts(run) if full else None
    spec, guards = spec_of(space, run), space.guards(steps)
    return run_document(space.show(run), steps, spec=spec, attempts=attempts, guards=guards, full=full)


def _lines(timeline: Timeline, look: Look, width: int) -> list[str]:
    rows = chart(timeline, width, ASCII if look.is_ascii else UNICODE)
    return ["".join(look.paint(text, *([ink] if ink else [])) for text, ink in row).rstrip() for row in rows]


def _plain(timeline: Timeline) -> str:
    return "\n".join(_lines(timeline, Look(width=FILE_WIDTH), FILE_WIDTH)) + "\n"


def _write(options: Options, text: str, file: str | None) -> None:
    if file is None or file == "-":
        sys.stdout.write(text)
        return
    path = Path(file)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")  # whole or not at all
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise InvalidError(f"it cannot be written: {error.strerror}", file=file) from error
    if options.is_json:
        put_document({"schema": 1, "file": file, "bytes": path.stat().st_size})
    else:
        remark(f"wrote {clean(file)} ({size_text(path.stat().st_size)})")
