"""`graft check`: import and compile a pipeline, run nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ...core.applying import why_not_applied
from ...core.document import SCHEMA, policy_document
from ...core.errors import InvalidError
from ...core.foretelling import Foretold, Obstacle, foretell
from ...core.graph import CallKind, Graph
from ...core.outline import Outline
from ...core.records import replace
from ...core.requests import RunRequest
from ...core.routes import Routes
from ...core.states import Status
from .. import context
from ..arguments import ModeOption, ParamOption, ParamsFileOption, TargetArgument
from ..card import marked_lines
from ..dropped import dropped_lines
from ..look import Ink, Look, look_of
from ..options import Options
from ..parameters import typed_params
from ..printer import put, put_document
from ..text import clean, plural
from ..verified import marked_document

if TYPE_CHECKING:
    from ...core.loaded import Loaded
    from ...core.workspace import Workspace


def check(
    options: Options,
    *,
    target: TargetArgument = None,
    param: ParamOption = None,
    params: ParamsFileOption = None,
    mode: ModeOption = None,
) -> int:
    """Import and compile a pipeline without running it; every problem is reported at once."""
    space = context.workspace(options, target, needs_code=True)
    given = context.parameters(params)
    request = RunRequest(
        target=context.target(options, target),
        params=typed_params(param),
        values=given.values,
        places=given.places,
        mode=mode or "job",
    )
    loaded = space.load(request)
    graph = loaded.graph
    if mode is None and (problem := why_not_applied(graph)) is not None:
        loaded = replace(loaded, warnings=(*loaded.warnings, problem))
    steps = Outline(graph).steps
    away = _away(options, space, loaded)
    if options.runner is not None:
        _check_options(space, [options.runner, *away.values()])
    marked = space.verifying.marked(graph.name, graph, loaded.prints)
    if options.is_json:
        put_document(
            {
                "schema": SCHEMA,
                "pipeline": graph.name,
                "steps": steps,
                "warnings": list(loaded.warnings),
                "policies": _policies(graph, steps),
                "runs_each_time": {
                    each.path: {"why": each.obstacle.value, "detail": each.detail}
                    for each in foretell(graph, loaded.prints)
                },
                **({"routes": away} if away else {}),
                **marked_document(marked),
                **({} if mode is None else {"mode": mode.value, "dropped": dict(loaded.dropped)}),
            },
        )
        return 0
    look = look_of(is_plain=options.is_plain)
    good = look.paint(look.state(Status.SUCCESS), Ink.GREEN)
    put(f"{good}  {clean(graph.name)}{look.dot}{plural(len(steps), 'step')}")
    for warning in loaded.warnings:
        put(f"  {look.paint('warning', Ink.YELLOW)}  {clean(warning)}")
    for line in [*marked_lines(look, marked), *_routed(look, away)]:
        put(line)
    for line in _overridden(graph):
        put(f"  {clean(line)}")
    for each in foretell(graph, loaded.prints):
        if graph.operation_of(each.path).call.kind is not CallKind.FEED:  # that is what a source is for
            put(f"  {look.paint('runs each time', Ink.CYAN)}  {clean(_told(each))}")
    if loaded.dropped:
        put(dropped_lines(look, loaded.dropped))
    return 0


_ADVICE = {
    Obstacle.EFFECT: "keeps nothing, it is run for what it does",
    Obstacle.SOURCE: "say reads= or cache=",
    Obstacle.UNKNOWN: "say cache= if its results hold all the same",
    Obstacle.OFF: "cache=False",
}


def _told(each: Foretold) -> str:
    advice = _ADVICE[each.obstacle]
    return f"{each.path}: {advice}" if each.detail is None else f"{each.path}: {each.detail}; {advice}"


def _policies(graph: Graph, steps: Iterable[str]) -> dict[str, dict[str, Any]]:
    shown = Outline(graph).graph
    policies = {path: policy_document(shown.operation_of(path).policy) for path in steps}
    return {path: policy for path, policy in policies.items() if policy}


def _away(options: Options, space: Workspace, loaded: Loaded) -> dict[str, str]:
    """Return path -> runner of the steps that go to another runner."""
    noted = Routes.noted(loaded.environment)
    return noted.steps(loaded.graph, options.runner or space.parts.default_runner) if noted.by_label else {}


def _check_options(space: Workspace, runners: Iterable[str]) -> None:
    """Refuse runners that could not run with the options they are configured with.

    Raises:
        InvalidError: an option is wrong; all problems in one message, each with its line.
        PluginError: what one needs is not installed here.
    """
    problems = [problem for name in dict.fromkeys(runners) for problem in space.parts.runner(name).problems()]
    if problems:
        raise InvalidError.all_of(problems)


def _routed(look: Look, away: Mapping[str, str]) -> list[str]:
    """Say which steps go to another runner."""
    lines = []
    for runner in dict.fromkeys(away.values()):
        named = [path for path, each in away.items() if each == runner]
        lines.append(f"  {look.paint(f'on {clean(runner)}', Ink.CYAN)}  {clean(', '.join(named))}")
    return lines


def _overridden(graph: Graph) -> Iterator[str]:
    """Say of each step that a profile or an override changes how it will be attempted."""
    for node in graph.nodes:
        policy = graph.operations[node.operation].policy
        if policy.declared:
            document = policy_document(policy)
            changed = {name: document.get(name) for name in policy.declared}
            yield f"{node.path}: {', '.join(f'{name} {json.dumps(value)}' for name, value in changed.items())}"
