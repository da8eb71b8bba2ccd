"""From calls of `runtime` to runs: built, written, queued or hosted here, and looked at again."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .core.asyncresult import AsyncResult
from .core.deeds import ESTIMATOR_ACTIONS, PIPELINE_ACTIONS, Deed
from .core.errors import InvalidError
from .core.ids import RunId
from .core.launching import Launching
from .core.lifecycle import LifecycleRequest, Prepared
from .core.place import Place
from .core.putting import Estimator, find_model, put_model
from .core.records import replace
from .core.requests import RunRequest
from .core.runs import Lifecycle, Target
from .core.submitting import check_labels, serving
from .core.taskgroup import TaskGroup, group_definition
from .core.workspace import Workspace
from .programs import host_here, result_of
from .wiring import Given, functions_at, workplace_of
from .worker.stored import value_of


def submit_deeds(
    space: Workspace,
    deeds: Sequence[Deed],
    shape: str,
    labels: Sequence[str],
    *,
    is_here: bool,
    origin: str = "api",
) -> list[AsyncResult]:
    """Submit deeds as one run, and return the result of each.

    Args:
        space: of the current directory's project.
        deeds: in the order they were asked for.
        shape: `sequence` or `mapreduce`.
        labels: a worker must have.
        is_here: host the run in this process, and return when it is over.
        origin: who asks: `api`, or `cli`.

    Raises:
        InvalidError: a deed cannot be done with what it is given.
        MissingError: a model, dataset, script or function does not exist.
    """
    from .worker.deedsteps import build

    check_labels(labels)

    if len(deeds) == 1 and deeds[0].kind == "model" and find_model(space.parts, deeds[0].name) is None:
        run = _of_release(space, deeds[0], origin)
        return [_begun(space, run, None, labels, is_here=is_here)]
    built = build(deeds, shape, space.parts, _root())
    wide = _widened(space, labels)
    prepared = _prepared(wide, built.pipeline, built.packages, origin)
    if built.fits is not None:
        lineage = built.fits.lineage
        lifecycle = Lifecycle(registry=space.parts.registry_place(), project=lineage.project, version=lineage.version)
        prepared = replace(prepared, spec=replace(prepared.spec, lifecycle=lifecycle, action="train"))
    run = wide.lifecycle.create(prepared)
    _begin(space, run, labels, is_here=is_here)
    return [result_at(space, run, step if len(deeds) > 1 else None) for step in built.steps]


def submit_map(
    space: Workspace,
    notebook: str,
    items: Sequence[Mapping[str, Any]],
    returns: Sequence[str],
    name: str | None,
    labels: Sequence[str],
    is_here: bool,
) -> TaskGroup:
    """Submit a notebook for each of many items.

    Raises:
        InvalidError: there is no such notebook, or an item is no mapping of JSON values.
    """
    from .worker.reaching import search_path_of

    check_labels(labels)

    if not os.path.isfile(notebook):
        raise InvalidError(f"there is no file {notebook}")
    root = _root()
    definition = group_definition(os.path.relpath(os.path.abspath(notebook), root), list(items), returns, name)
    target = Target(
        text=f"map of {notebook}",
        root=root,
        cwd=os.getcwd(),
        sys_path=search_path_of(definition, root, root),
        definition=definition,
    )
    run = _widened(space, labels).create(RunRequest(target=target, origin="api"))
    _begin(space, run, labels, is_here=is_here)
    return group_of(space, run)


def result_at(space: Workspace, run: RunId, step: str | None) -> AsyncResult:
    """Return the result of a run, or of a step of it."""
    objects = space.parts.objects
    return AsyncResult(
        space,
        run,
        step,
        load=lambda ref: value_of(ref, objects),
        unpickle=pickle.loads,
        pause=time.sleep,
        result=result_of,
    )


def group_of(space: Workspace, run: RunId) -> TaskGroup:
    """Return the task group of a run."""
    return TaskGroup(
        space,
        run,
        result=lambda step: result_at(space, run, step),
        begin=lambda: space.submissions.resubmit(run),
    )


def put_estimator(space: Workspace, name: str, estimator: object) -> str:
    """Publish an estimator in the registry under a name, and return the address of its lineage.

    Raises:
        InvalidError: it cannot be fitted or serialised; or the name is none.
    """
    from .worker.serializers import CannotSerialize, dump

    actions = tuple(each for each in ESTIMATOR_ACTIONS if callable(getattr(estimator, each, None)))
    kind = type(estimator)
    if "fit" not in actions or isinstance(estimator, type):
        raise InvalidError(
            f"model '{name}': {estimator!r} is no estimator", "put an object with fit(X, y), in the manner of sklearn"
        )
    try:
        dumped = dump(estimator, "pickle")
    except CannotSerialize as problem:
        raise InvalidError(f"model '{name}': {problem}") from problem
    data = b"".join(bytes(part) for part in dumped.parts)
    made = Estimator(dumped.serializer, data, f"{kind.__module__}.{kind.__qualname__}", actions)
    return put_model(space.parts, name, made).address


def _root() -> str:
    return workplace_of(Given()).root


def _prepared(space: Workspace, pipeline: Any, packages: Sequence[str], origin: str) -> Prepared:
    """Compile a pipeline that no file holds; its workers import these packages, whose versions are recorded."""
    from .worker.load import load_live
    from .worker.recording import environment_of, versions_in

    pipeline.place = Place("<runtime>", 1)
    target, loaded = load_live(pipeline, {}, shelf_at=functions_at)
    versions = versions_in(loaded.environment) | versions_in(environment_of(packages))
    environment = {**loaded.environment, "packages": dict(sorted(versions.items()))}
    loaded = replace(loaded, preload=tuple(sorted({*loaded.preload, *packages})), environment=environment)
    loaded = space.parts.overridden(loaded, space.parts.default_runner)
    spec, loaded = Launching(space.parts).prepare(RunRequest(target=target, origin=origin), loaded)
    return Prepared(spec=spec, loaded=loaded, lineage=None, generation=None, is_working=True)


def _of_release(space: Workspace, deed: Deed, origin: str) -> RunId:
    """Return a run that trains, applies or evaluates a released pipeline."""
    if deed.arguments or deed.action not in PIPELINE_ACTIONS:
        raise InvalidError(
            f"'{deed.name}' is a pipeline that was released from code: its source has the data",
            f"it has {', '.join(PIPELINE_ACTIONS)}, which take its parameters by name",
        )
    here = os.getcwd()
    request = LifecycleRequest(
        run=RunRequest(target=Target(text=deed.name, root=here, cwd=here), values=dict(deed.options), origin=origin),
        words=(deed.name,),
    )
    life = space.lifecycle
    prepare = {"train": life.train, "apply": life.apply, "eval": life.evaluate}[PIPELINE_ACTIONS[deed.action]]
    return life.create(prepare(request))


def _widened(space: Workspace, labels: Sequence[str]) -> Workspace:
    """Return the workspace as a worker with these labels, or any that is there now, has it: its steps may want them."""
    served = dict.fromkeys((*labels, *space.submissions.labels()), 1)
    return serving(space, {label: 1 for label in served if label != "default"})


def _begun(space: Workspace, run: RunId, step: str | None, labels: Sequence[str], *, is_here: bool) -> AsyncResult:
    _begin(space, run, labels, is_here=is_here)
    return result_at(space, run, step)


def _begin(space: Workspace, run: RunId, labels: Sequence[str], *, is_here: bool) -> None:
    if is_here:
        host_here(_widened(space, labels), run)
    else:
        space.submissions.submit(run, labels)
