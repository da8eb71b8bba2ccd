"""The one file that knows every room: puts store, plugins and settings together into a Workspace."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .core.ids import RunId, strict_name
from .core.knowingloader import KnowingLoader
from .core.overriding import Overriding
from .core.parts import Parts
from .core.records import dataclass, replace
from .core.runs import Target
from .core.undeclared import guard_mode
from .core.workspace import Workspace
from .plugins.local.working import queued
from .plugins.registry.opening import Opening, zipped
from .plugins.registry.opening import registry_named as registry_named
from .store.layout import Layout, make_private
from .store.store import Store, open_made, open_store
from .worker.lockfile import ProjectLock
from .worker.lookup import Lookup
from .worker.paramfiles import read_parameters as read_parameters
from .worker.putback import putting_back
from .worker.userdirs import user_data_dir
from .worker.workplace import Workplace, interpreter, job_target, open_workplace, target_of

if TYPE_CHECKING:
    from .core.artifacts import ArtifactRef
    from .core.backups import Copied
    from .core.burden import Packed
    from .core.cleaning import Housekeeping
    from .core.config import Settings
    from .core.contents import BroughtCode
    from .core.engines import Channels
    from .core.health import Finding
    from .core.keeper import Keeper
    from .core.library import Fetched, FunctionRequest
    from .core.orders import RunContext
    from .core.ports import Deposit, Loader
    from .core.registry import Registry
    from .core.replay import Ended, Replay
    from .core.runners import RunnerChoice
    from .core.runs import RunSpec
    from .core.targets import Job
    from .core.watchnews import Listener, Watch, WatchRequest
    from .worker.shelf import Shelf

PLUGIN_GROUPS = tuple(
    f"graftline.{kind}" for kind in ("runners", "registries", "feeds", "sinks", "kinds", "serializers")
)


class Choices(Protocol):
    """Options of a face that decide which store, project and configuration are meant. None: not said."""

    @property
    def store(self) -> str | None: ...
    @property
    def project(self) -> str | None: ...
    @property
    def config(self) -> str | None: ...
    @property
    def runner(self) -> str | None: ...
    @property
    def registry(self) -> str | None: ...
    @property
    def engine(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Choices of a program that uses the Python API, as `Choices`."""

    store: str | None = None
    project: str | None = None
    runner: str | None = None
    config: str | None = None
    registry: str | None = None
    engine: str | None = None


def workplace_of(choices: Choices, target: str | None = None) -> Workplace:
    """Find the project and its configuration.

    Raises:
        InvalidError: the target's text, or the configuration, is wrong.
    """
    return open_workplace(
        target,
        cwd=os.getcwd(),
        environ=os.environ,
        project=choices.project,
        config_file=choices.config,
        options={
            "store.home": choices.store,
            "runner.default": choices.runner,
            "registry.default": choices.registry and registry_named(choices.registry, os.getcwd()),
        },
    )


def settings_of(choices: Choices, target: str | None = None) -> Settings:
    """Return the merged configuration of a target's project; None: of the current directory's."""
    return workplace_of(choices, target).settings


def find_target(text: str | None, choices: Choices) -> Target:
    """Return what a person named to be run; the project's own pipeline when nothing was named."""
    return target_of(workplace_of(choices, text))


def find_pipelines(choices: Choices) -> list[str]:
    """Return the targets of the project at hand that its sources show, without importing any."""
    from .worker.pipelines import pipelines_of  # for the dialog of a new run

    return pipelines_of(workplace_of(choices))


def vault_of(choices: Choices) -> Keeper:
    """Return where secrets of the current directory's project are looked for and kept."""
    from .worker.vault import open_vault

    return open_vault(workplace_of(choices).root, os.environ)


def find_runner(choices: Choices, name: str) -> RunnerChoice:
    """Return a runner of the current directory's configuration, or one that comes with graftline; no store is opened.

    Raises:
        InvalidError: no runner has that name.
        PluginError: it does not load.
    """
    return _runner(settings_of(choices), name)


def find_job(job: Job, choices: Choices) -> Target:
    """Return the target of a step that is run alone and written down nowhere; InvalidError when its file is missing."""
    return job_target(workplace_of(choices, job.project), job, choices.project)


def interpreter_of(choices: Choices, target: str | None = None) -> str:
    """Return the Python that user code of the project runs under."""
    return interpreter(workplace_of(choices, target), os.environ)


def open_workspace(
    choices: Choices, target: str | None = None, *, warn: Callable[[str], None] | None = None
) -> Workspace:
    """Open the workspace of a target's project, or of the current directory's.

    Args:
        choices: which store, project and configuration.
        target: as the person wrote it; None: the current directory's project.
        warn: told what is odd about a pipeline that is started; None: as Python's warnings.

    Raises:
        InvalidError: the configuration is wrong.
        StoreError: the store cannot be opened.
    """
    workplace = workplace_of(choices, target)
    directory = store_directory(workplace.settings)
    # What may not be written may still be looked at; whoever then writes is told.
    store = open_store(directory, read_only=Layout(directory).is_sealed())
    parts = queued(_parts(workplace, store, choices, warn or warn_python), lambda: store.queue, lambda: store.datasets)

    def watch(request: WatchRequest, listener: Listener) -> Watch:
        from .plugins.watch.opening import open_watch  # watchfiles, for one command

        reopen, home = partial(open_workspace, choices, target, warn=warn), str(store.layout.directory)
        return open_watch(request, listener, root=workplace.root, files=store.files, store=home, reopen=reopen)

    return Workspace(replace(parts, watch=watch))


def store_directory(settings: Settings) -> Path:
    """Return the directory of the store: `--store`, GRAFTLINE_HOME, the configuration, else the user data directory."""
    chosen = settings.text("store.home")
    if chosen is not None:
        return Path(chosen).expanduser().absolute()
    return Path(user_data_dir())


def examine(choices: Choices, *, repair: bool) -> Sequence[Finding]:
    """Check the store and the start of workers, and repair what can be repaired without losing anything."""
    from .core.health import Finding
    from .plugins.local.checkup import worker_start

    directory = store_directory(settings_of(choices))
    with open_store(directory, read_only=Layout(directory).is_sealed()) as store:
        findings = [
            Finding(
                subject=str(found.kind),
                is_good=found.is_mended,
                detail=f"{found.path}: {found.message}",
                remedy=None if found.is_mended else found.remedy,
                is_repaired=found.is_mended,
            )
            for found in store.doctor(repair=repair)
        ]
        if not findings:
            findings.append(Finding(subject="store", is_good=True, detail=f"{store.layout.directory} is sound"))
    return [*findings, worker_start()]


def housekeeping(choices: Choices) -> Housekeeping:
    """Return what cleans the store, and the registry at hand where that is a directory."""
    workplace = workplace_of(choices)
    store = open_made(store_directory(workplace.settings))
    return store.housekeeping(Opening.of(workplace.settings, workplace.root, partial(_stored, store)).here)


def back_up(choices: Choices, target: str, tell: Callable[[int, int], None]) -> Copied:
    """Copy the store to a directory that is not there yet; see `Store.back_up`."""
    with open_made(store_directory(settings_of(choices))) as store:
        return store.back_up(Path(target), tell)


def functions_at(root: str) -> Shelf:
    """Return the registered functions of the project at an absolute root."""
    from .worker.shelf import Shelf  # for pipelines that name one

    parts = open_workspace(Given(project=root)).parts
    return Shelf(parts.functions.versions(parts.project), parts.objects)


def warn_python(warning: str) -> None:
    """Tell what is odd about a pipeline as Python's warnings do."""
    warnings.warn(warning, stacklevel=2)


def _parts(workplace: Workplace, store: Store, choices: Choices, warn: Callable[[str], None]) -> Parts:
    from .plugins.local.host import ProcessHost
    from .plugins.local.machine import LocalMachine, hash_seed, who
    from .plugins.local.slots import MachineSlots

    settings, layout = workplace.settings, store.layout
    machine = LocalMachine(layout.code)
    project = strict_name(settings.text("project.name") or os.path.basename(workplace.root))
    registries = Opening.of(settings, workplace.root, partial(_stored, store))
    return Parts(
        project=project,
        runs=store.runs,
        history=store.history,
        index=store.history,
        outputs=store.outputs,
        results=store.results,
        files=store.files,
        logs=store.logs,
        feed=store.feed,
        loader=_loader(settings, store, project),
        functions=store.functions,
        marks=store.marks,
        hash_seed=hash_seed,
        lockfile=ProjectLock(),
        terminal=_execute_here,
        fetch=partial(_fetch, workplace.root),
        runner=partial(_runner, settings),
        default_runner=settings.text("runner.default") or "local",
        default_jobs=settings.number("runner.local.jobs"),
        default_guard=guard_mode(settings.text("runner.local.guard")),
        slots=lambda capacity: MachineSlots(str(layout.slots), capacity),
        capacity=partial(machine.capacity, limits=settings.table("runner.local.limits")),
        host=ProcessHost(layout.directory, layout.logs, partial(_host_arguments, workplace, choices, registries.place)),
        machine=machine,
        clock=time.time,
        log_directory=partial(_log_directory, layout),
        objects=str(layout.objects),
        slot_directory=str(layout.slots),
        labels=settings.table("runner.local.labels"),
        secrets=Lookup(workplace.root, os.environ, warn),
        channels=partial(_channels, settings),
        registry=registries.here,
        registry_at=registries.at,
        registry_place=registries.place,
        bundles=zipped,
        trust=store.trust,
        gates={name: each.get("gates", ()) for name, each in settings.table("alias").items()},
        who=who,
        overriding=Overriding.of(settings),
        chooses=_can_choose,
        searching=_search,
        environ=os.environ,
        pack=_pack,
        deposit=partial(_deposit, str(layout.objects)),
        lacking=partial(_lacking, str(layout.objects)),
        runners=partial(_runners, settings),
        code_of_values=partial(_code_of_values, str(layout.objects)),
        restore=putting_back(str(layout.objects)),
        warn=warn,
    )


def _loader(settings: Settings, store: Store, project: str) -> KnowingLoader:
    known = partial(store.functions.versions, project)
    return KnowingLoader(_warm, known, str(store.layout.objects), partial(_included, settings, store))


def _warm() -> Loader:
    from .plugins.local.warm import WarmLoader  # with its processes 7 ms, which a list of runs does not need

    return WarmLoader()


def _runner(settings: Settings, name: str) -> RunnerChoice:
    from .core.runners import choose_runner  # with the engine 8 ms, as above

    return choose_runner(settings, name)


def _runners(settings: Settings) -> Sequence[str]:
    from .core.runners import runner_names  # as above

    return runner_names(settings)


def _channels(settings: Settings, engine: str | None) -> Channels:
    from .core.engines import channels_of  # of runs that train or apply

    return channels_of(settings, engine)


def _can_choose(method: str) -> None:
    from .plugins.tuning import check_method  # as below

    check_method(method)


def _pack(context: RunContext, digests: Sequence[str]) -> Packed:
    from .plugins.remote.packing import weigh  # for runs that go elsewhere

    return weigh(context, digests)


def _lacking(objects: str, digests: Mapping[str, int | None]) -> list[str]:
    from .worker.blobs import lacking  # as below

    return lacking(objects, digests)


def _deposit(objects: str, folder: str) -> Deposit:
    from .plugins.remote.deposit import ArtifactDeposit  # for one command

    return ArtifactDeposit(folder, objects)


def _code_of_values(objects: str, refs: Sequence[ArtifactRef], target: Target) -> BroughtCode | str:
    from .worker.valuecode import code_of_values  # for runs that get values from outside

    return code_of_values(objects, refs, target)


def _search(parts: Parts, spec: RunSpec) -> RunnerChoice:
    from .plugins.search.opening import open_search  # for one kind of run

    return open_search(parts, spec)


def _included(settings: Settings, store: Store, root: str) -> Sequence[str]:
    wanted = settings.values.get("project.include")
    return store.files.expand([str(each) for each in wanted], root) if isinstance(wanted, list) else ()


def _execute_here(replay: Replay) -> Ended:
    from .plugins.local.terminal import execute_here  # for one command

    return execute_here(replay)


def _fetch(root: str, request: FunctionRequest, kind: str) -> Fetched:
    from .worker.fetching import fetch  # git, zip and tar files: for one command

    return fetch(request, kind, root=root, cwd=os.getcwd())


def _log_directory(layout: Layout, run: RunId) -> str:
    directory = layout.logs(run)
    make_private(directory)
    return str(directory)


def _stored(store: Store, directory: str | None) -> Registry:
    return store.registry if directory is None else open_store(Path(directory)).registry


def _host_arguments(workplace: Workplace, choices: Choices, registry: Callable[[], str]) -> tuple[str, ...]:
    given = ["--project", workplace.root]
    if choices.config is not None:
        given += ["-C", os.path.abspath(choices.config)]
    if workplace.settings.text("registry.default") is not None:
        given += ["-P", registry()]
    return tuple(given)
