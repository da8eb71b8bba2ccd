"""Everything a workspace is put together from: ports, and settings that use-cases ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from .contents import BroughtCode, Files, Restore, unknowable
from .errors import InvalidError, PluginError
from .graph import CallKind, Graph, Json
from .ids import RunId
from .overriding import Overriding
from .ports import (
    Clock,
    Deposit,
    Feed,
    History,
    Host,
    Loaded,
    Loader,
    Logs,
    Machine,
    Outputs,
    RunStore,
    Slots,
)
from .records import dataclass, field, replace
from .reusing import Results
from .routes import NOTE, Routes, follows_routes
from .undeclared import GuardMode

if TYPE_CHECKING:
    from .artifacts import ArtifactRef
    from .burden import Packed
    from .datasets import Datasets
    from .engines import Channels
    from .exchanging import Bundles
    from .library import Fetched, FunctionRequest
    from .listings import RunIndex
    from .locking import LockFile
    from .orders import RunContext
    from .queue import Hosts, Queue
    from .registered import FunctionStore
    from .registry import Registry  # 10 ms that runs do not need
    from .replay import Ended, Replay
    from .runners import RunnerChoice
    from .runs import RunSpec, Target
    from .shift import Shift, ShiftRequest
    from .trusting import Trust
    from .verification import Marks
    from .watchnews import Listener, Watch, WatchRequest  # with concern 9 ms, for one command


def _ignore(warning: str) -> None:
    """Say nothing."""


def _no_terminal(replay: Replay) -> Ended:
    """Stand for a terminal where there is none."""
    raise InvalidError("there is no terminal to debug at here")


def _watch_nothing(request: WatchRequest, listener: Listener) -> Watch:
    """Refuse: what a workspace has that was put together without a watch."""
    raise PluginError("nothing here watches files")


def _no_channels(engine: str | None) -> Channels:
    """Give none: what a workspace has that was put together without a configuration."""
    from .engines import Channels

    return Channels()


def _no_search(parts: Parts, spec: RunSpec) -> RunnerChoice:
    raise PluginError("nothing here carries the trials of a search")


def _no_bundles() -> Bundles:
    raise PluginError("nothing here writes registries as files")


def _no_trust() -> Trust:
    from .trusting import NoTrust  # lineages, which runs do not need

    return NoTrust()


def _unknowable(refs: Sequence[ArtifactRef], target: Target) -> str:
    return unknowable(refs)


def _no_registry(text: str | None = None) -> Registry:
    """Refuse: what a workspace has that was put together without a registry."""
    raise PluginError("there is no registry here")


def _no_queue() -> Queue:
    raise PluginError("nothing here keeps a queue")


def _no_hosts() -> Hosts:
    raise PluginError("nothing here starts processes for submissions")


def _no_datasets() -> Datasets:
    raise PluginError("nothing here keeps values by name")


def _no_pack(context: RunContext, digests: Sequence[str]) -> Packed:
    raise PluginError("nothing here packs what other machines need")


def _no_deposit(folder: str) -> Deposit:
    raise PluginError("nothing here reads directories of artifacts")


def _lacks_nothing(digests: Mapping[str, int | None]) -> list[str]:
    return []


def _no_runners() -> Sequence[str]:
    return ()


def _no_shift(request: ShiftRequest, say: Callable[[str], None]) -> Shift:
    raise PluginError("nothing here works")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a workspace is put together from; `wiring` fills it."""

    project: str
    """Name of the project at hand (strict name)."""
    runs: RunStore
    history: History
    index: RunIndex
    outputs: Outputs
    results: Results
    files: Files
    """Contents of the work tree."""
    logs: Logs
    feed: Callable[[], Feed]
    """Opens a connection of its own that watches for commits."""
    loader: Loader
    runner: Callable[[str], RunnerChoice]
    """A runner by name; PluginError when it cannot be loaded, InvalidError when unknown."""
    default_runner: str
    default_jobs: int | None = None
    """`[runner.local] jobs`; None: as many as the machine gives this process."""
    default_guard: GuardMode | None = None
    """`[runner.local] guard`."""
    slots: Callable[[Mapping[str, float]], Slots]
    """Opens the machine-wide resources of the given capacities."""
    capacity: Callable[[str], float]
    """How much of a resource this machine offers: gpus, bytes of memory, units of a named limit."""
    host: Host
    machine: Machine
    clock: Clock
    log_directory: Callable[[RunId], str]
    """Absolute directory for a run's logs, made when missing."""
    objects: str
    """Absolute directory of object files."""
    slot_directory: str
    labels: Mapping[str, int]
    """Labels this machine serves -> slots; `default` is always served."""
    terminal: Callable[[Replay], Ended] = _no_terminal
    """Executes an attempt again at this process's terminal."""
    functions: FunctionStore
    marks: Marks
    """Steps that were seen to be non-deterministic."""
    hash_seed: Callable[[int], AbstractContextManager[None]]
    """Has the workers that are started meanwhile hash text with this seed (PYTHONHASHSEED)."""
    lockfile: LockFile
    fetch: Callable[[FunctionRequest, str], Fetched]
    """Fetches the code of a function that is to be registered, given the name of its kind; InvalidError."""
    secrets: Callable[[Sequence[str]], Mapping[str, str]]
    """Values of secrets by name; InvalidError naming those that are nowhere."""
    watch: Callable[[WatchRequest, Listener], Watch] = _watch_nothing
    """Makes a watch of the project at hand."""
    channels: Callable[[str | None], Channels] = _no_channels
    """Feeds and sinks of an engine by name; None: the default ones."""
    registry: Callable[[], Registry] = _no_registry
    """The registry at hand, opened once, when it is first asked for."""
    registry_at: Callable[[str | None], Registry] = _no_registry
    """Any registry, by its name in the configuration, directory, provider or `module:Class`; None: the one at hand."""
    registry_place: Callable[[], str] = str
    """What `registry_at` of another process, or of a later one, finds the registry at hand by."""
    bundles: Callable[[], Bundles] = _no_bundles
    """Registries as single files."""
    trust: Trust = field(default_factory=_no_trust)
    """Which bytes may be unpickled here."""
    gates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """`[alias.NAME] gates`: alias -> conditions it moves by."""
    who: Callable[[], str] = str
    """User and host, as the history of aliases has it."""
    overriding: Overriding = field(default_factory=Overriding)
    """Resource profiles, and what runners override."""
    chooses: Callable[[str], None] = _ignore
    """Asked before a search is started whether its method works here; PluginError: it does not."""
    searching: Callable[[Parts, RunSpec], RunnerChoice] = _no_search
    """What carries the trials of a search."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that steps get: those of this process."""
    queue: Callable[[], Queue] = _no_queue
    """Submissions and workers of the store."""
    hosts: Callable[[], Hosts] = _no_hosts
    """Starts the processes of submissions."""
    shift: Callable[[ShiftRequest, Callable[[str], None]], Shift] = _no_shift
    """Makes a worker that tells a person what it does; nothing happens before its `run`."""
    datasets: Callable[[], Datasets] = _no_datasets
    """Values by name."""
    pack: Callable[[RunContext, Sequence[str]], Packed] = _no_pack
    """Puts the bundle of a run together and says what is in it; and how large these values, by digest, are."""
    deposit: Callable[[str], Deposit] = _no_deposit
    """Opens a directory of artifacts, absolute."""
    lacking: Callable[[Mapping[str, int | None]], list[str]] = _lacks_nothing
    """Of values by digest, with their sizes where they are known, those that the store does not have whole."""
    runners: Callable[[], Sequence[str]] = _no_runners
    """Names of the runners that were set up: each `[runner.NAME]`, and this machine."""
    code_of_values: Callable[[Sequence[ArtifactRef], Target], BroughtCode | str] = _unknowable
    """Says of which code of a target stored values are, or in words why that cannot be known."""
    restore: Restore | None = None
    """Puts missing catalog files of reused steps back; None: they stay missing."""
    warn: Callable[[str], None] = _ignore
    """Told what the compiler finds odd about a pipeline that is started, a sentence at a time."""

    def executes(self, runner: str | None) -> bool:
        """Tell whether a runner, None the default one, executes; else it only writes pipelines down.

        Raises:
            InvalidError: there is no such runner.
            PluginError: it does not load.
        """
        return self.runner(runner or self.default_runner).runner.executes

    def jobs_of(self, runner: str) -> int:
        """Return how many cpus steps use together on a runner, when nobody said.

        Raises:
            InvalidError: there is no such runner, or an option of it is wrong.
        """
        choice = self.runner(runner)
        if problems := choice.problems():
            raise InvalidError.all_of(problems)
        return choice.runner.jobs(choice.options) or self.default_jobs or self.machine.cores()

    def overridden(self, loaded: Loaded, runner: str) -> Loaded:
        """Return a pipeline as a runner attempts it.

        Raises:
            InvalidError: a step names a profile or an override that is not configured; or there is no such runner; or
                labels lead where steps cannot go.
        """
        if any(runner in policy.overrides for policy in loaded.graph.policies):
            self.runner(runner)  # one that does not exist has no overrides either, and that is the lesser news
        graph = self.overriding.applied(loaded.graph, runner, loaded.places)
        loaded = replace(loaded, graph=graph, warnings=(*loaded.warnings, *self.overriding.warnings(graph)))
        return replace(loaded, environment=self.routed(loaded.environment, graph, runner))

    @property
    def routes(self) -> Routes:
        """Return where steps go by their labels."""
        return self.overriding.routes

    def routed(self, environment: Mapping[str, Json], graph: Graph, runner: str) -> Mapping[str, Json]:
        """Return what is recorded around a run, with the routes that steps of its graph take.

        Raises:
            InvalidError: labels lead where steps cannot go; all problems in one message.
        """
        self.routes.check(graph, runner, self.runner)
        taken = self.routes.of_graph(graph)
        is_followed = bool(taken) and follows_routes(self.runner(runner).runner)
        rest = {name: value for name, value in environment.items() if name != NOTE}
        return {**rest, NOTE: taken} if is_followed else rest

    def sourced(self, loaded: Loaded, engine: str | None = None) -> Loaded:
        """Return a pipeline with its source, when it has one, asking the feeds of an engine; None: the default one.

        Raises:
            InvalidError: there is no engine of that name.
        """
        if not loaded.graph.calling({CallKind.FEED}):
            return loaded
        from .engines import connected, connecting  # of pipelines that learn

        return connecting(loaded, connected(loaded.graph, self.channels(engine)))

    def warn_of(self, loaded: Loaded) -> None:
        """Tell every warning of a pipeline that is about to be started."""
        from .secrecy import leaks_in_code  # with two others 1 ms, of pipelines that are started

        names = sorted({name for policy in loaded.graph.policies for name in policy.secrets})
        warnings = list(loaded.warnings)
        # A runner that takes no resources needs no secrets either; where they are wanted, their lack was told before.
        with suppress(InvalidError):
            warnings += leaks_in_code(loaded, self.secrets(names)) if names else []
        for warning in warnings:
            self.warn(warning)
