"""`graft show`: one run, at first sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...core.document import run_document
from ...core.errors import InvalidError
from ...core.records import replace
from .. import context
from ..arguments import LAST, RunArgument
from ..card import card
from ..carrying import searched_document, shown_run, spec_of
from ..declaring import Option
from ..look import look_of
from ..options import Options
from ..origins import origin_lines
from ..printer import put, put_document
from ..verified import marked_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.runs import RunSpec, StepRun
    from ...core.verification import Mark
    from ...core.workspace import Workspace


def show(
    options: Options,
    *,
    run: RunArgument = LAST,
    full: Annotated[bool, Option("--full", help="Every step of large runs; with --json also every attempt.")] = False,
    params: Annotated[
        bool, Option("--params", help="Where every value came from, step by step, and what it hides.")
    ] = False,
    yaml: Annotated[bool, Option("--yaml", help="Its pipeline as YAML, with the parameters it was given.")] = False,
) -> int:
    """Show a run: state, steps, metrics, errors, code. Exit code 0 also when the run failed."""
    if yaml:
        return _yaml(options, run)
    space = context.workspace(options)
    found = space.show(space.find(run))
    steps = space.steps(found.id)
    if options.is_json:
        attempts = space.attempts(found.id) if full else None
        spec, guards = spec_of(space, found.id), space.guards(steps)
        document = run_document(found, steps, spec=spec, attempts=attempts, guards=guards, full=full)
        lost = {"values_deleted": len(gone)} if (gone := _given_up(space, steps)) else {}
        put_document({**document, **searched_document(spec, steps), **marked_document(_marked(space, spec)), **lost})
    elif params:
        put(origin_lines(look_of(is_plain=options.is_plain), space.spec(found.id), steps))
    else:
        shown = shown_run(space, found, steps, is_full=full)
        shown = replace(shown, marked=_marked(space, shown.spec), given_up=_given_up(space, steps))
        put(card(look_of(is_plain=options.is_plain), shown))
    return 0


def _given_up(space: Workspace, steps: Sequence[StepRun]) -> dict[str, float]:
    return space.parts.outputs.given_up(output.ref for step in steps for output in step.outputs)


def _marked(space: Workspace, spec: RunSpec | None) -> dict[str, Mark]:
    if spec is None:
        return {}
    return space.verifying.marked(spec.pipeline, spec.graph, spec.prints, spec.project)


def _yaml(options: Options, run: str) -> int:
    if options.is_json:
        raise InvalidError("--json and --yaml exclude each other")
    space = context.workspace(options, needs_code=True)
    put(space.yaml_of(space.find(run)).rstrip("\n"))
    return 0
