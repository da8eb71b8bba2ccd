"""What Python programs call: execute and submit pipelines of theirs, load recorded runs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .core.given import ParameterFile
from .core.ids import RunId, new_run_id
from .core.ports import RunQuery
from .core.reusing import Reusing
from .core.runs import RunSpec
from .core.session import Requests
from .core.states import Status
from .core.workspace import Workspace
from .wiring import Given, functions_at, open_workspace, warn_python
from .worker.paramfiles import parameters_of

if TYPE_CHECKING:
    from .core.pipeline import Pipeline
    from .core.results import RunResult


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
    _host_here(space, run)
    result = _result(space, run)
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
    return _result(space, run)


def load_run(run: str = "@last", *, store: str | None = None, all_projects: bool = False) -> RunResult:
    """Return a recorded run by id, unique prefix, `@last`, `@last-failed` or tag; of the current project, or of all.

    Raises:
        MissingError: there is no such run.
    """
    space = open_workspace(Given(store=store))
    return _result(space, space.find(run, all_projects=all_projects))


def list_runs(*, store: str | None = None) -> list[RunResult]:
    """Return every recorded run of all projects, newest first."""
    space = open_workspace(Given(store=store))
    found: list[RunResult] = []
    before = None
    while page := space.runs(RunQuery(with_children=True, before=before)):
        found += [_result(space, run.id) for run in page]
        before = (page[-1].created, page[-1].id)
    return found


def _host_here(space: Workspace, run: RunId) -> None:
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
) -> tuple[Workspace, RunId]:
    from .worker.load import load_live  # compiles user code: `ls` and `show` need none of it

    target, loaded = load_live(pipeline, params, file, functions_at)
    space = open_workspace(Given(project=target.root, runner=runner, config=config))
    if patches is not None:
        from .plugins.mock.patches import patched

        space = patched(space, loaded.graph, patches)
    parts = space.parts
    loaded = parts.overridden(loaded, parts.default_runner)
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
        jobs=jobs or parts.default_jobs or parts.machine.cores(),
        prints=loaded.prints,
        reusing=Reusing(is_on=not force),
        created=parts.clock(),
    )
    return space, space.create_compiled(spec, loaded)


def _result(space: Workspace, run: RunId) -> RunResult:
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
