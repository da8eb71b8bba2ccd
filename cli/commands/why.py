"""`graft why`: why a step ran, was reused, failed or was skipped; where an artifact comes from."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

from ...core.answers import descent_document, run_why_document, step_why_document
from ...core.errors import InvalidError, MissingError
from ...core.ids import RunId
from ...core.inquiry import DIGEST
from ...core.whys import RunWhy
from .. import context
from ..arguments import LAST, StepArgument
from ..complaint import here
from ..completion import complete_asked
from ..declaring import Argument, Option
from ..descenttext import descent_lines
from ..look import look_of
from ..meant import run_and_step
from ..options import Options
from ..printer import put, put_document
from ..whytext import Around, run_why_lines, step_why_lines

if TYPE_CHECKING:
    from ...core.ancestry import Descent
    from ...core.workspace import Workspace


def why(
    options: Options,
    *,
    run: Annotated[
        str,
        Argument(
            metavar="[RUN]",
            complete=complete_asked,
            help="Run id or unique prefix, @last, a tag; or an artifact: [RUN:]STEP:NAME, or the start of its sha256.",
        ),
    ] = LAST,
    step: StepArgument = None,
    full: Annotated[bool, Option("--full", help="Every changed line, every step of a tree.")] = False,
) -> int:
    """Say why a step ran, was reused, failed or was skipped: the changed lines, parameters, inputs, packages.

    Without STEP: why each step of the run ran. Of an artifact: everything it was made from.
    """
    space = context.workspace(options)
    artifact = _artifact(space, run, step)
    if artifact is not None:
        if options.is_json:
            put_document(descent_document(artifact))
        else:
            put(descent_lines(around(space, options, is_full=full), artifact))
        return 0
    found, step = run_and_step(space, run, step)
    if step is None:
        _tell_run(space, options, space.inquiry.reasons(found), full=full)
        return 0
    path = space.step_path(found, step)
    told = space.inquiry.why(found, path)
    if isinstance(told, RunWhy):
        _tell_run(space, options, told, full=full, below=path)
    elif options.is_json:
        put_document(step_why_document(told))
    else:
        own = next(each for each in space.steps(found) if each.path == path)
        put(step_why_lines(around(space, options, is_full=full), told, own))
    return 0


def around(space: Workspace, options: Options, *, is_full: bool = False) -> Around:
    """Return what screens about runs need beside what they tell."""
    return Around(
        look=look_of(is_plain=options.is_plain),
        short=cache(lambda run: context.short(space, RunId(run))),
        now=space.parts.clock(),
        here=here(),
        is_full=is_full,
    )


def _tell_run(space: Workspace, options: Options, told: RunWhy, *, full: bool, below: str | None = None) -> None:
    if options.is_json:
        put_document(run_why_document(told))
        return
    run = space.show(told.run)
    name = run.pipeline if below is None else f"{run.pipeline}/{below}"
    put(run_why_lines(around(space, options, is_full=full), told, name))


def _artifact(space: Workspace, text: str, step: str | None) -> Descent | None:
    """Return where the artifact comes from that a person named; None: they named a run."""
    if ":" in text:
        if step is not None:
            raise InvalidError(f"'{text}' names an artifact, which takes no STEP", f"graft why {text}")
        return _named_artifact(space, text)
    if step is not None and ":" in step:
        return _named_artifact(space, f"{text}:{step}")
    if step is None and DIGEST.fullmatch(text) and not _is_run(space, text):
        return space.inquiry.origin_of(text)
    return None


def _named_artifact(space: Workspace, text: str) -> Descent:
    """Return the origin of `RUN:STEP:NAME` or, of the last run, `STEP:NAME`."""
    first, _, rest = text.partition(":")
    if ":" in rest:
        run, (step, _, name) = space.find(first), rest.partition(":")
    else:
        run, step, name = space.find(LAST), first, rest
    if not (step and name):
        raise InvalidError(f"'{text}' names no artifact", "write STEP:NAME, RUN:STEP:NAME, or the start of its sha256")
    return space.inquiry.origin(run, space.step_path(run, step), name)


def _is_run(space: Workspace, text: str) -> bool:
    find = partial(space.find, text)
    try:
        find()
    except MissingError as missing:
        return "could be several" in missing.message
    return True
