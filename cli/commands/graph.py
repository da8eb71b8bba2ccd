"""`graft graph`: a pipeline or a run as a picture, in the terminal or as a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from ...core.diagrams import DROPPED, dot_source, mermaid_source
from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.graph import Graph
from ...core.layout.sketch import NodeStyle, Orientation
from ...core.outline import Outline
from ...core.portrait import portrait
from ...core.records import replace
from ...core.requests import RunRequest
from ...core.selection import Selection
from ...core.states import Status
from .. import context
from ..arguments import (
    FromOption,
    ModeName,
    ModeOption,
    OnlyOption,
    ParamOption,
    ParamsFileOption,
    TargetArgument,
    ToOption,
    selection,
)
from ..completion import complete_runs
from ..declaring import Option
from ..dropped import dropped_lines
from ..look import Look, look_of
from ..options import Options
from ..parameters import typed_params
from ..picture import LARGEST, Part, coloured, picture
from ..printer import put, put_document, remark
from ..text import cut


class Format(StrEnum):
    """What a graph is written as."""

    TEXT = "text"
    DOT = "dot"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    MERMAID = "mermaid"
    JSON = "json"
    YAML = "yaml"


class Style(StrEnum):
    """How a step is drawn in text."""

    CHIPS = "chips"
    BOXES = "boxes"


STYLES = {Style.CHIPS: NodeStyle.CHIP, Style.BOXES: NodeStyle.BOX}
ENDINGS = {
    ".txt": Format.TEXT,
    ".dot": Format.DOT,
    ".gv": Format.DOT,
    ".svg": Format.SVG,
    ".png": Format.PNG,
    ".pdf": Format.PDF,
    ".mmd": Format.MERMAID,
    ".json": Format.JSON,
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
}
FILE_WIDTH = 10_000
"""Columns of a text picture in a file: as wide as it is."""


def graph(
    options: Options,
    *,
    target: TargetArgument = None,
    run: Annotated[
        str | None,
        Option("--run", metavar="RUN", complete=complete_runs, help="Draw this run, with its states."),
    ] = None,
    form: Annotated[
        Format | None, Option("--format", help="Default: the ending of -o, else text.", show_default=False)
    ] = None,
    file: Annotated[str | None, Option("-o --output", metavar="FILE", help="Write it there.")] = None,
    lr: Annotated[bool, Option("--lr", help="Flow to the right.")] = False,
    tb: Annotated[bool, Option("--tb", help="Flow down.")] = False,
    mode: ModeOption = None,
    style: Annotated[Style, Option("--style", help="How steps look in text.")] = Style.CHIPS,
    ascii_only: Annotated[bool, Option("--ascii", help="Text without box-drawing characters.")] = False,
    only: OnlyOption = None,
    start: FromOption = None,
    end: ToOption = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
) -> int:
    """Draw a pipeline, or a run with the states of its steps.

    text, dot, mermaid, json and yaml need nothing else; svg, png and pdf need Graphviz: its program dot, or the extra
    graftline[svg].
    """
    if lr and tb:
        raise InvalidError("--lr and --tb exclude each other")
    if run is not None and target is not None:
        raise InvalidError("a TARGET and --run exclude each other")
    if run is not None and (param or params):
        raise InvalidError("a run has its parameters: --run excludes -p and --params")
    if run is not None and mode is not None:
        raise InvalidError("a run has its mode: --run excludes --mode")
    chosen = selection(only, start, end)
    if _format(options, form, file) is Format.YAML:
        if not chosen.is_everything:
            raise InvalidError("YAML holds a whole pipeline: --only, --from and --to do not go with it")
        _yaml(options, target, run, file, typed_params(param), dict(context.parameters(params).values))
        return 0
    picked = _format(options, form, file)
    compiled, states, dropped = _loaded(options, target, run, param, params, mode)
    if dropped and picked not in (Format.TEXT, Format.JSON):
        compiled = _loaded(options, target, run, param, params, None)[0]  # a drawing shows them where they would be
    outline = Outline(compiled)
    part = _part(outline, chosen, compiled, states)
    look = replace(look_of(is_plain=options.is_plain), **({"is_ascii": True} if ascii_only else {}))
    orientation = Orientation.LR if lr else Orientation.TB if tb else None
    if picked is Format.TEXT:
        _text(look, part, orientation, STYLES[style], file)
        if file is None and dropped:
            put(dropped_lines(look, dropped))
    elif picked is Format.JSON:
        _json(outline.graph, part, file, dropped)
    else:
        _drawn(picked, _source(outline, part, look, dropped), orientation, file)
    return 0


def _drawn(picked: Format, source: dict[str, Any], orientation: Orientation | None, file: str | None) -> None:
    if picked is Format.MERMAID:
        _write(mermaid_source(**source).encode(), file)
        return
    text = _dot(source, orientation)
    _write(text.encode() if picked is Format.DOT else _rendered(text, picked, file), file)


def _loaded(
    options: Options,
    target: str | None,
    run: str | None,
    param: list[str] | None,
    params: str | None,
    mode: ModeName | None,
) -> tuple[Graph, dict[str, Status], Mapping[str, str]]:
    if run is None:
        space = context.workspace(options, target, needs_code=True)
        meant = context.target(options, target)
        given = context.parameters(params)
        request = RunRequest(
            target=meant, params=typed_params(param), values=given.values, places=given.places, mode=mode or "job"
        )
        loaded = space.load(request)
        return loaded.graph, {}, loaded.dropped
    space = context.workspace(options)
    found = space.find(run)
    return space.graph(found), {step.path: step.state for step in space.steps(found)}, {}


def _yaml(
    options: Options,
    target: str | None,
    run: str | None,
    file: str | None,
    params: dict[str, str],
    values: dict[str, Any],
) -> None:
    if run is None:
        space = context.workspace(options, target, needs_code=True)
        meant = context.target(options, target)
        text = space.yaml(RunRequest(target=meant, params=params, values=values))
    else:
        space = context.workspace(options, needs_code=True)
        text = space.yaml_of(space.find(run))
    _write(text.encode(), file)


def _part(outline: Outline, chosen: Selection, compiled: Graph, states: dict[str, Status]) -> Part:
    paths = outline.with_inside(chosen.paths(compiled))
    nodes = [node.path for node in outline.graph.nodes if node.path in paths]
    return Part(
        nodes=nodes,
        edges=[edge for edge in outline.edges if paths.issuperset(edge)],
        states=states,
        names={path: outline.label(path) for path in nodes},
    )


def _format(options: Options, form: Format | None, file: str | None) -> Format:
    if options.is_json:
        if form not in (None, Format.JSON):
            raise InvalidError(f"--json and --format {form} exclude each other")
        return Format.JSON
    if form is not None or file is None:
        return form or Format.TEXT
    ending = Path(file).suffix.lower()
    if ending not in ENDINGS:
        raise InvalidError(f"'{file}' does not say the format", f"add --format, or use {', '.join(ENDINGS)}")
    return ENDINGS[ending]


def _text(look: Look, part: Part, orientation: Orientation | None, style: NodeStyle, file: str | None) -> None:
    if len(part.nodes) > LARGEST:
        raise InvalidError(
            f"a picture of {len(part.nodes):,} steps is too large for text (at most {LARGEST:,})",
            "--from and --to take a part; --format svg draws all of it",
        )
    if file is not None:
        plain = replace(look, width=FILE_WIDTH, has_colour=False)
        _write(("\n".join(picture(plain, part, orientation, style).rows) + "\n").encode(), file)
        return
    drawing = picture(look, part, orientation, style)
    if look.is_terminal and drawing.width > look.width:
        put([cut(row, look.width, ellipsis=look.ellipsis) for row in drawing.rows])
        remark(f"the picture is {drawing.width} columns wide: | less -S shows it whole, --from and --to a part")
    else:
        put(coloured(look, drawing, part.states))


def _json(compiled: Graph, part: Part, file: str | None, dropped: Mapping[str, str]) -> None:
    nodes: list[dict[str, Any]] = []
    drawn = set(part.nodes)
    for path in part.nodes:
        operation = compiled.operation_of(path)
        call = operation.call
        nodes.append(
            {
                "path": path,
                "name": compiled.node(path).name,
                "kind": call.kind.value,
                "file": call.file,
                "line": call.line,
                "needs": list(compiled.node(path).needs),
                "outputs": [each.name for each in operation.returns],
                "state": part.states[path].value if path in part.states else None,
            }
        )
    document = {
        "schema": SCHEMA,
        "pipeline": compiled.name,
        "mode": compiled.mode,
        "nodes": nodes,
        "edges": [[need, path] for path in part.nodes for need in compiled.node(path).needs if need in drawn],
        **({"dropped": dict(dropped)} if dropped else {}),
    }
    if file is None:
        put_document(document)
    else:
        _write(json.dumps(document, indent=2).encode(), file)


def _kinds(part: Part, dropped: Mapping[str, str]) -> dict[str, str]:
    states = {path: part.states[path].value.lower() for path in part.nodes if path in part.states}
    return states | {path: DROPPED for path in part.nodes if path in dropped}


def _source(outline: Outline, part: Part, look: Look, dropped: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments of `dot_source` and `mermaid_source`."""
    labels = replace(part, names={path: outline.short(path) for path in part.nodes}).labels(look)
    kinds = _kinds(part, dropped)
    return portrait(outline, part.nodes, part.edges, name=lambda path, _: labels[path], kinds=kinds)


def _dot(drawn: dict[str, Any], orientation: Orientation | None) -> str:
    source = dot_source(**drawn)
    return source.replace("rankdir=LR", "rankdir=TB", 1) if orientation is Orientation.TB else source


def _rendered(source: str, form: Format, file: str | None) -> bytes:
    if file is None and form is not Format.SVG and sys.stdout.isatty():
        raise InvalidError(f"{form} is not for a terminal", f"write it with -o graph.{form}")
    return context.rendered(source, form.value)


def _write(data: bytes, file: str | None) -> None:
    if file is None or file == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(file).write_bytes(data)
    except OSError as error:
        raise InvalidError(f"it cannot be written: {error.strerror}", file=file) from error
    remark(f"wrote {file}")
