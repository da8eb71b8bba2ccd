"""Runners that a program holds and that write pipelines down: `GraphvizRunner("churn.svg").job(churn)`.

Apart from `programs`: nothing is executed, and there is no run to return.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .core.errors import InvalidError, nearest
from .core.records import replace
from .core.translating import Translating, Translation
from .core.workspace import Workspace
from .programs import opened, texts_of
from .storeless import write_whole
from .wiring import functions_at

if TYPE_CHECKING:
    from .core.pipeline import Pipeline
    from .core.runner import Runner

_OPTIONS = ("registry", "lower", "upper", "from_start", "query", "sink")
"""What a training, applying or evaluation that is written down may be told."""


def carry_by(
    runner: Runner, action: str, pipeline: Pipeline, params: Mapping[str, object], options: dict[str, Any]
) -> Translation:
    """Have a runner write a pipeline down, and return what was written, and where.

    Raises:
        InvalidError: the pipeline, a parameter or an option is wrong; the graph cannot be said that way.
        PluginError: what the runner needs is not installed.
    """
    from .worker.load import LiveLoader, find_live

    name = type(runner).__name__
    if action == "tune":
        hint = f"what it trains with can be: {name}(...).train(pipeline)"
        raise InvalidError(f"{name} only writes pipelines down, and a search is many runs", hint)
    known = () if action == "job" else _OPTIONS
    if unknown := [each for each in options if each not in known]:
        hint = "nothing is executed, so there is nothing to say about a run" + (
            f": {', '.join(known)}" if known else ""
        )
        raise InvalidError(f"{name}.{action}() takes no '{unknown[0]}'{nearest(unknown[0], known)}", hint)
    target = find_live(pipeline)
    space = opened(target.root, registry=options.pop("registry", None), by=runner)
    parts = replace(space.parts, loader=LiveLoader(pipeline, params, functions_at))
    found = _translated(Workspace(parts), action, target, options)
    found.lay_out()
    if found.file is not None:
        write_whole(found.data, found.file)
    return found


def _translated(space: Workspace, action: str, target: Any, options: dict[str, Any]) -> Translation:
    from .core.lifecycle import LifecycleRequest
    from .core.requests import RunRequest
    from .core.runs import TRANSLATION

    run = RunRequest(target=target, origin=TRANSLATION)
    if action == "job":
        return Translating(space.parts).run(run)
    life = space.lifecycle
    prepare = {"train": life.train, "apply": life.apply, "eval": life.evaluate}[action]
    return Translating(space.parts).prepared(prepare(LifecycleRequest(run=run, **texts_of(options))))
