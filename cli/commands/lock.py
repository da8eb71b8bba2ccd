"""`graft lock`: write what a pipeline's results depend on into a file for version control, or compare with it."""

from __future__ import annotations

from typing import Annotated

from ...core.config import LOCK_FILE
from ...core.document import SCHEMA
from ...core.errors import InvalidError
from ...core.requests import RunRequest
from ...core.states import Status
from .. import context
from ..arguments import ParamOption, ParamsFileOption, TargetArgument
from ..declaring import Option
from ..locked import check_lock, difference_documents, difference_lines, unknown_lines
from ..look import Ink, look_of
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document
from ..text import clean, plural


def lock(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    check: Annotated[
        bool, Option("--check", help="Write nothing; exit code 5 when the pipeline is not as locked.")
    ] = False,
    outputs: Annotated[
        bool, Option("--outputs", help="With --check: also compare the results that this machine has.")
    ] = False,
) -> int:
    """Write what a pipeline's results depend on into graftline.lock, or compare with it; nothing is run.

    The file is for version control: code, packages, parameters and declared files of each step, and the digests of its
    results where this machine has them.
    """
    if outputs and not check:
        raise InvalidError("--outputs goes with --check", "graft lock writes what results there are in any case")
    space = context.workspace(options, target, needs_code=True)
    given = context.parameters(params)
    request = RunRequest(
        target=context.target(options, target), params=typed_params(param), values=given.values, places=given.places
    )
    if check:
        return check_lock(space, options, request, with_outputs=outputs)
    done = space.locking.lock(request)
    locked, changed = done.pipeline, done.changed
    results = sum(step.key is not None for step in locked.steps.values())
    if options.is_json:
        document = None if changed is None else difference_documents(changed)
        counts = {"written": done.is_written, "steps": len(locked.steps), "results": results}
        put_document({"schema": SCHEMA, "pipeline": locked.name, "file": LOCK_FILE, **counts, "changed": document})
        return 0
    look = look_of(is_plain=options.is_plain)
    sound = look.paint(look.state(Status.SUCCESS), Ink.GREEN, Ink.BOLD)
    news = "" if changed is None else f"{look.dot}{_news(len(changed), is_written=done.is_written)}"
    held = f"{plural(len(locked.steps), 'step')}, {results:,} with results"
    lines = [f"{sound}  {clean(locked.name)}{look.dot}{held}{look.dot}{LOCK_FILE}{news}"]
    if changed:
        lines += ["", *difference_lines(look, changed, len(locked.steps))]
    put([*lines, *unknown_lines(look, locked)])
    return 0


def _news(changes: int, *, is_written: bool) -> str:
    if changes:
        return plural(changes, "change")
    return "only results are new" if is_written else "nothing changed"
