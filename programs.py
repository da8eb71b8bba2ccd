"""What Python programs call: execute and submit pipelines of theirs, load recorded runs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .core.errors import InvalidError, nearest
from .core.given import ParameterFile
from .core.ids import RunId, new_run_id
from .core.ports import RunQuery
from .core.records import replace
from .core.reusing import Reusing
from .core.runs import RunSpec
from .core.session import Requests
from .core.states import Status
from .core.workspace import Workspace
from .wiring import Given, functions_at, open_workspace, settings_of, warn_python
from .worker.paramfiles import parameters_of

if TYPE_CHECKING:
    from .core.pipeline import Pipeline
    from .core.results import RunResult
    from .core.runner import Runner
    from .plugins.pyfunc.function import PyFunc


def execute_pipeline(
    pipeline: Pipeline,
    *,
    params: Mapping[str, object],
    runner: str | None = None,
    jobs: int | None = None,
    force: bool = False,
    tags: Sequence[str] = (),
    check: bool = True,
    parameters_file: str | None = None,
    configuration_file: str | None = None,
    patches: Mapping[str, object] | None = None,
) -> RunResult:
    """Run a pipeline of this process here and wait: what `Pipeline.execute` does."""
    from .worker.foreign import configuration  # only calls of `execute()` name files

    config, runner, odd = configuration(configuration_file, runner, os.environ)
    for each in odd:
        warn_python(each)
    file = parameters_of(parameters_file, os.environ)
    space, run = _create_live(pipeline, params, runner, jobs, tags, patches, file=file, config=config, force=force)
    host_here(space, run)
    result = result_of(space, run)
    return result.check() if check else result


def carry_by(
    runner: Runner, action: str, pipeline: Pipeline, params: Mapping[str, object], options: dict[str, Any]
) -> RunResult:
    """Have a runner carry a pipeline: what `Runner.job`, `train`, `apply` and `eval` do; `writers` has the others."""
    if action != "job":
        launcher = Launcher(pipeline, options.pop("registry", None), by=runner)
        found: RunResult = getattr(launcher, action)(params, **options)
        return found
    check = options.pop("check", True)
    wanted: dict[str, Any] = {"jobs": None, "tags": (), "force": False}
    if unknown := [each for each in options if each not in wanted]:
        raise InvalidError(f"job() takes no '{unknown[0]}'{nearest(unknown[0], [*wanted, 'check'])}")
    wanted.update(options)
    file = parameters_of(None, os.environ)
    jobs, tags, force = wanted["jobs"], wanted["tags"], wanted["force"]
    space, run = _create_live(pipeline, params, None, jobs, tags, file=file, force=force, by=runner)
    host_here(space, run)
    result = result_of(space, run)
    return result.check() if check else result


def submit_pipeline(
    pipeline: Pipeline,
    *,
    params: Mapping[str, object],
    runner: str | None = None,
    jobs: int | None = None,
    force: bool = False,
    tags: Sequence[str] = (),
    parameters_file: str | None = None,
) -> RunResult:
    """Start a pipeline of this process in a process of its own: what `Pipeline.submit` does."""
    file = parameters_of(parameters_file, os.environ)
    space, run = _create_live(pipeline, params, runner, jobs, tags, file=file, force=force)
    space.launch(run)
    return result_of(space, run)


def load_run(run: str = "@last", *, store: str | None = None, all_projects: bool = False) -> RunResult:
    """Return a recorded run by id, unique prefix, `@last`, `@last-failed` or tag; of the current project, or of all.

    Raises:
        MissingError: there is no such run.
    """
    space = open_workspace(Given(store=store))
    return result_of(space, space.find(run, all_projects=all_projects))


def list_runs(*, store: str | None = None) -> list[RunResult]:
    """Return every recorded run of all projects, newest first."""
    space = open_workspace(Given(store=store))
    found: list[RunResult] = []
    before = None
    while page := space.runs(RunQuery(with_children=True, before=before)):
        found += [result_of(space, run.id) for run in page]
        before = (page[-1].created, page[-1].id)
    return found


class Launcher:
    """Trains, tunes, applies and evaluates a pipeline of this process, in a REPL, notebook or program.

    Generations go to a registry that is deleted when the process ends; runs are recorded as any.

    Args:
        pipeline: what is run.
        registry: another one, as `-P` names it; None: the configured one.
        by: a runner that carries the runs; None: the one named, or the configured one.
    """

    def __init__(self, pipeline: Pipeline, registry: str | None = "virtual", by: Runner | None = None):
        self._pipeline = pipeline
        self._registry = registry
        self._by = by
        self._space: Workspace | None = None
        """Opened by the first call; the others use its registry."""

    def train(self, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Train, commit a generation and return the finished run.

        Args:
            params: parameters by name.
            options: `lower`, `upper`, `from_start`, `query`, `engine`, as the command has them; `runner`, `jobs`,
                `tags`; `check=False`: return a failed run too.

        Raises:
            InvalidError: as `execute`; or nothing is to be trained.
            StepFailed: a step failed, unless `check` is False.
        """
        return self._run("train", params, options)

    def apply(self, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Apply the last generation to what the source gives; as `train`, and `sink`: a file to be written."""
        return self._run("apply", params, options)

    def eval(self, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Evaluate as the pipeline's `evaluation=` says; as `train`."""
        return self._run("eval", params, options)

    def tune(
        self,
        params: Mapping[str, object] | None = None,
        *,
        space: Mapping[str, object] | None = None,
        maximize: str | None = None,
        minimize: str | None = None,
        method: str | None = None,
        trials: int | None = None,
        seed: int | None = None,
        budget: tuple[str, int, int] | tuple[str, int, int, int] | None = None,
        **options: Any,
    ) -> RunResult:
        """Search the best parameters, train on everything with them, and commit that as one generation.

        Args:
            params: parameters that are the same in all trials; such are not searched.
            space: where each parameter is searched, as `Tune` takes it; None: as the pipeline's `tune=` says.
            maximize: metric of which more is better; None: as the pipeline says.
            minimize: metric of which less is better.
            method: "grid", "random", "halving" or "optuna".
            trials: the most trials.
            seed: of what is drawn.
            budget: of "halving", as `Tune` takes it.
            options: as `train` takes them, without `from_start`.

        Raises:
            InvalidError: nobody says what is searched; or as `train`.
            StepFailed: no trial could be trained with, unless `check` is False.
        """
        from .core.lifecycle import LifecycleRequest
        from .core.requests import RunRequest
        from .core.searches import TuneRequest, searched
        from .worker.load import LiveLoader, find_live

        if maximize is not None and minimize is not None:
            raise InvalidError("tune() takes one of maximize= and minimize=")
        fixed = dict(params or {})
        of_run = {name: options.pop(name) for name in ("runner", "jobs", "tags") if name in options}
        check = options.pop("check", True)
        target = find_live(self._pipeline)
        loader = LiveLoader(self._pipeline, fixed, functions_at)
        live = Workspace(replace(self._opened(target.root).parts, loader=loader))
        asked = TuneRequest(
            spaces=None if space is None else searched(space, fixed),
            method=method,
            trials=trials,
            seed=seed,
            metric=maximize or minimize,
            is_maximum=None if maximize is None and minimize is None else minimize is None,
            budget=budget,
            fixed=frozenset(fixed),
        )
        for name in ("lower", "upper"):
            options[name] = None if options.get(name) is None else str(options[name])
        request = LifecycleRequest(run=RunRequest(target=target, origin="api", **of_run), **options)
        created = live.searches.create(live.searches.tune(request, asked))
        host_here(live, created)
        result = result_of(live, created)
        return result.check() if check else result

    def _opened(self, root: str) -> Workspace:
        if self._space is None:
            self._space = opened(root, registry=self._registry, by=self._by)
        return self._space

    def _run(self, mode: str, params: Mapping[str, object] | None, options: dict[str, Any]) -> RunResult:
        from .core.lifecycle import LifecycleRequest
        from .core.requests import RunRequest
        from .worker.load import load_live

        of_run = {name: options.pop(name) for name in ("runner", "jobs", "tags") if name in options}
        check = options.pop("check", True)
        target, loaded = load_live(self._pipeline, params or {}, shelf_at=functions_at, mode=mode)
        space = self._opened(target.root)
        loaded = space.parts.overridden(loaded, of_run.get("runner") or space.parts.default_runner)
        run = RunRequest(target=target, origin="api", **of_run)
        request = LifecycleRequest(run=run, loaded=loaded, **texts_of(options))
        life = space.lifecycle
        prepare = {"train": life.train, "apply": life.apply, "eval": life.evaluate}[mode]
        created = life.create(prepare(request))
        host_here(space, created)
        result = result_of(space, created)
        return result.check() if check else result


def pyfunc(
    address: str,
    *,
    params: Mapping[str, object] | None = None,
    registry: str | None = None,
    store: str | None = None,
    trust: bool = False,
) -> PyFunc:
    """Return a generation as a function of this process: rows in, predictions out, states loaded once.

    Args:
        address: `churn`, `churn@champion`, `churn/0.2.0/3`.
        params: parameters by name.
        registry: as `-P` names it; None: the configured one.
        store: its directory; None: the configured one.
        trust: load states that this store did not make.

    Raises:
        InvalidError: it is no address; or a step is no function, which only a runner can do.
        MissingError: there is no such generation.
        StoreError: a state is missing or damaged.
    """
    from .core.addresses import address_of
    from .core.lifecycle import LifecycleRequest
    from .core.loading import load_states
    from .core.requests import RunRequest
    from .core.runs import Target
    from .plugins.pyfunc.opening import opened

    address_of(address)
    here = os.getcwd()
    space = open_workspace(Given(store=store, registry=registry))
    values: Mapping[str, Any] = params or {}
    run = RunRequest(target=Target(text=address, root=here, cwd=here), values=values)
    prepared = space.lifecycle.apply(LifecycleRequest(run=run, words=(address,), trusts=trust))
    for data in prepared.loaded.blobs.values():
        space.parts.outputs.keep(data)
    return opened(space.parts, prepared, load_states(space.parts, prepared.spec))


def host_here(space: Workspace, run: RunId) -> None:
    """Host a run in the program that called `execute()`.

    A signal that asks to stop cancels the run first. Once that is on record and the program's own handlers are back,
    they get the signal: without one of its own, Ctrl+C is a KeyboardInterrupt and SIGTERM ends the program.
    """
    from .plugins.local.signals import Stops, handled

    requests = Requests()
    stops = Stops(lambda is_hard: space.request_stop(requests, is_hard=is_hard), _say)
    with handled(stops):
        space.host(run, None, requests, expect=Status.PENDING)
    if stops.asked_by is not None:
        signal.raise_signal(stops.asked_by)


def _say(text: str) -> None:
    os.write(2, f"{text}\n".encode())  # in a signal handler: sys.stderr may be in the middle of a write


def _create_live(
    pipeline: Pipeline,
    params: Mapping[str, object],
    runner: str | None,
    jobs: int | None,
    tags: Sequence[str],
    patches: Mapping[str, object] | None = None,
    *,
    file: ParameterFile,
    config: str | None = None,
    force: bool = False,
    by: Runner | None = None,
) -> tuple[Workspace, RunId]:
    from .worker.load import load_live  # compiles user code: `ls` and `show` need none of it

    target, loaded = load_live(pipeline, params, file, functions_at)
    space = opened(target.root, runner=runner, config=config, by=by)
    if patches is not None:
        from .plugins.mock.patches import patched

        space = patched(space, loaded.graph, patches)
    parts = space.parts
    loaded = parts.sourced(parts.overridden(loaded, parts.default_runner))
    outer = os.environ.get("GRAFT_RUN")
    spec = RunSpec(
        id=new_run_id(),
        project=parts.project,
        pipeline=loaded.graph.name,
        runner=parts.default_runner,
        origin="step" if outer else "api",
        parent=RunId(outer) if outer else None,
        params=loaded.params,
        tags=tuple(tags),
        target=target,
        graph=loaded.graph,
        code=parts.machine.code_state(target.root, loaded.snapshot.key),
        environment={**loaded.environment, "imports": list(loaded.preload)},
        jobs=jobs or parts.jobs_of(parts.default_runner),
        prints=loaded.prints,
        reusing=Reusing(is_on=not force),
        created=parts.clock(),
    )
    return space, space.create_compiled(spec, loaded)


def texts_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a training, its bounds as texts."""
    bounds = {name: str(options[name]) for name in ("lower", "upper") if options.get(name) is not None}
    return {**options, **bounds}


def opened(
    root: str,
    *,
    runner: str | None = None,
    registry: str | None = None,
    config: str | None = None,
    by: Runner | None = None,
) -> Workspace:
    """Open the workspace of a project; with a runner that a program holds, as the one of every run."""
    if by is None:
        return open_workspace(Given(project=root, runner=runner, registry=registry, config=config))
    from .core.engines import channels_between
    from .core.runners import RunnerChoice, name_of

    given = Given(project=root, runner=name_of(type(by)), registry=registry, config=config)
    space, settings = open_workspace(given), settings_of(given)
    channels = channels_between(settings, by.feed, by.sink)
    options = {**by.options, **({} if by.instance is None else {by.instance_option: by.instance})}
    choice = RunnerChoice(runner=type(by), options=options)
    known = space.parts.runner
    return Workspace(
        replace(
            space.parts,
            runner=lambda name: choice if name == given.runner else known(name),
            channels=lambda _: channels,
        )
    )


def result_of(space: Workspace, run: RunId) -> RunResult:
    """Return a run as programs have it."""
    # Only the Python API gives values back; `ls` and `show` pay for neither.
    from .core.results import RunResult
    from .worker.stored import value_of

    objects = space.parts.objects
    return RunResult(
        space,
        run,
        load=lambda ref: value_of(ref, objects),
        export=space.parts.outputs.export,
        pause=time.sleep,
    )
