"""`graft check`: import and compile a pipeline, run nothing."""

from __future__ import annotations

from ...core.document import SCHEMA
from ...core.outline import Outline
from ...core.requests import RunRequest
from ...core.states import Status
from .. import context
from ..arguments import ParamOption, ParamsFileOption, TargetArgument
from ..look import Ink, look_of
from ..options import Options
from ..parameters import file_params, typed_params
from ..printer import put, put_document
from ..text import clean, plural


def check(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
) -> int:
    """Import and compile a pipeline without running it; every problem is reported at once."""
    space = context.workspace(options, target, needs_code=True)
    request = RunRequest(target=context.target(options, target), params=typed_params(param), values=file_params(params))
    loaded = space.load(request)
    graph = loaded.graph
    steps = Outline(graph).steps
    if options.is_json:
        put_document(
            {"schema": SCHEMA, "pipeline": graph.name, "steps": steps, "warnings": list(loaded.warnings)},
        )
        return 0
    look = look_of(is_plain=options.is_plain)
    sound = look.paint(look.state(Status.SUCCESS), Ink.GREEN)
    put(f"{sound}  {clean(graph.name)}{look.dot}{plural(len(steps), 'step')}")
    for warning in loaded.warnings:
        put(f"  {look.paint('warning', Ink.YELLOW)}  {clean(warning)}")
    return 0
