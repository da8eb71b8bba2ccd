"""The base of every runner: what executes a compiled graph somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .above import above
from .engine import Engine
from .errors import PluginError
from .graph import Graph
from .lateness import LateExecutor
from .orders import RunContext
from .ports import Executor
from .session import Session

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .results import RunResult
    from .runnerhealth import Health, Question  # for promotions: a run that reuses everything imports little
    from .translating import Sheet, Translation


class Runner:
    """Runs a whole graph somewhere. Found by the entry point group `graftline.runners`.

    A subclass overrides one of three classmethods: `executor`, and gets scheduling, journal, retry, reuse and logs for
    nothing; `run`, and does everything itself; or `translate`, and writes the graph down for somebody else to carry.

    Programs may hold one: `LocalRunner(feed="csv").train(churn)` compiles a pipeline and calls `run` with its graph.

    Args:
        instance: address or name of what it runs on, handed to `executor` or `run` as the runner's `instance_option`;
            None: the default of the runner, and nothing is handed over.
        feed: name of a feed, configured or bundled, or `module:Class`; a list of them: the first that can answer. None:
            those of the default engine.
        sink: the same for what apply makes, or a file (`scores.csv`); None: that of the default engine.
        kwargs: the runner's own options, as `[runner.NAME]` in the configuration gives them.
    """

    takes_resources: ClassVar[bool] = True
    """Whether its attempts need what steps ask for: labels, gpus, memory, secrets. False: none of it is looked for."""
    is_elsewhere: ClassVar[bool] = False
    """Whether attempts run on other machines: labels, resources and secrets are those of the place they run at, and
    nothing of this machine is counted, taken or sent for them."""

    instance_option: ClassVar[str] = "instance"
    """Option that `instance` stands for: `DaskRunner("tcp://...")` means `address`."""

    executes: ClassVar[bool] = True
    """False: it only writes graphs down (`translate`), nothing is executed, and there is no run of it."""

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return how many cpus steps use together when nobody said (`-j`); None: as many as this machine has."""
        return None

    @classmethod
    def has_executor(cls) -> bool:
        """Tell whether it executes single steps, so that a run of another runner may send it some (`[route]`)."""
        overrides = {name for each in cls.__mro__[: cls.__mro__.index(Runner)] for name in vars(each)}
        return "executor" in overrides and "run" not in overrides

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options with which no run can go there. Asked before a run is made: it reaches for nothing.

        Args:
            options: the runner's own, as `[runner.NAME]` in the configuration gives them.

        Raises:
            InvalidError: an option is missing, not known, or wrong.
            PluginError: a library or program it needs is not installed here.
        """

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether a run could go there now, within the time a question gives; nothing is sent for it.

        Args:
            options: the runner's own, as `[runner.NAME]` in the configuration gives them.
            question: what else is wanted; None: nothing.
        """
        from .runnerhealth import NOT_ASKED  # as above

        return NOT_ASKED

    def __init__(self, instance: str | None = None, feed: object = None, sink: object = None, **kwargs: Any):
        self.instance = instance
        self.feed = feed
        self.sink = sink
        self.options = kwargs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__mro__[: cls.__mro__.index(Runner)]
        found = [vars(each)[name] for each in own for name in ("executor", "run", "translate") if name in vars(each)]
        # Checked when the class is made: a runner is called as a class, hours of a run may depend on it.
        if not found or not all(isinstance(method, classmethod) for method in found):
            raise TypeError(f"runner {cls.__qualname__} must override `executor` or `run`, as a classmethod")
        if cls.executes == any("translate" in vars(each) for each in own):
            raise TypeError(
                f"runner {cls.__qualname__} must set `executes = False` and override `translate`, or neither"
            )

    def job(self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Run a pipeline and return the finished run.

        Args:
            pipeline: what is run.
            params: parameters by name.
            options: `jobs`, `tags`, `force`; `check=False`: return a failed run too.

        Raises:
            InvalidError: the pipeline or a parameter is wrong; nothing was started.
            StepFailed: a step failed, unless `check` is False.
        """
        return self._carry("job", pipeline, params, options)

    def train(self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Train a pipeline, commit a generation and return the finished run.

        Args:
            pipeline: what is trained.
            params: parameters by name.
            options: `registry`, as `-P` names it; `lower`, `upper`, `from_start`, `query`, `jobs`, `tags`, `check`.

        Raises:
            InvalidError: as `job`; or nothing is to be trained.
            StepFailed: as `job`.
        """
        return self._carry("train", pipeline, params, options)

    def apply(self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Apply the last generation to what the feed gives, and hand the outputs to the sink; as `train`."""
        return self._carry("apply", pipeline, params, options)

    def eval(self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Evaluate a pipeline as its `evaluation=` says; as `train`."""
        return self._carry("eval", pipeline, params, options)

    def tune(self, pipeline: Pipeline, params: Mapping[str, object] | None = None, **options: Any) -> RunResult:
        """Search the best parameters, train with them and commit a generation; as `train`.

        Args:
            pipeline: what is tuned.
            params: parameters that are the same in all trials.
            options: those of `train`, and what `Tune` takes, in place of its own: `space`, `maximize`, ...
        """
        return self._carry("tune", pipeline, params, options)

    def _carry(
        self, action: str, pipeline: Pipeline, params: Mapping[str, object] | None, options: dict[str, Any]
    ) -> RunResult:
        home = "programs" if self.executes else "writers"
        found: RunResult = above(home).carry_by(self, action, pipeline, params or {}, options)
        return found

    @classmethod
    def serve(cls, labels: Sequence[str], jobs: int | None, say: Callable[[str], None], /, **kwargs: Any) -> int:
        """Be a worker that executes steps of runs hosted elsewhere, until it is stopped; return the exit code.

        Args:
            labels: those it serves.
            jobs: attempts at once; None: one for each core.
            say: tells the person.
            kwargs: the runner's own options.

        Raises:
            PluginError: workers of this kind are started in another way, or there are none.
        """
        raise PluginError(f"runner {cls.__qualname__} has no workers that graft starts")

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> Executor:
        """Open an executor for one run.

        Raises:
            PluginError: the place where attempts run is out of reach.
        """
        raise PluginError(f"runner {cls.__qualname__} runs whole graphs; it has no executor")

    @classmethod
    def translate(cls, sheet: Sheet, *, is_dry: bool, **kwargs: Any) -> Translation:
        """Write a graph down.

        Args:
            sheet: the graph, and what belongs to it.
            is_dry: a person only wants to see what it would write: its text, for the terminal.
            kwargs: the runner's own options.

        Raises:
            InvalidError: an option is wrong, or the graph cannot be said that way; nothing was written.
            PluginError: what it needs is not installed.
        """
        raise PluginError(f"runner {cls.__qualname__} executes graphs; it does not write them down")

    @classmethod
    def run(cls, symbols: Graph, *, events: Session, **kwargs: Any) -> None:
        """Carry a graph from where it stands to its end: the engine over this runner's executor.

        A runner that overrides this reports facts to `events` as they happen, `RunFinished` last. What it does not
        report is filled in when it returns: it succeeded, all steps as one; or when it raises: it failed.

        Args:
            symbols: the compiled graph.
            events: the run being hosted, its start recorded; `events.report` takes facts, `events.requests` has the
                person's wishes to stop.
            kwargs: the runner's own options.

        Raises:
            ConflictError: somebody else took the run over.
            StoreError: the run log cannot be written; the run can be resumed.
        """
        executor: Executor = LateExecutor(lambda: cls.executor(events.context, **kwargs))
        if events.sites is not None:
            from .spread import Spread  # of the few runs that several runners share

            executor = Spread(executor, events.away, events.sites, events.clock)
        Engine(graph=symbols, session=events, executor=executor).run()
