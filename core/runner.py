"""The base of every runner: what executes a compiled graph somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from .engine import Engine
from .errors import PluginError
from .graph import Graph
from .lateness import LateExecutor
from .orders import RunContext
from .ports import Executor
from .session import Session


class Runner:
    """Runs a whole graph somewhere. Found by the entry point group `graftline.runners`.

    A subclass overrides one of two classmethods: `executor`, and gets scheduling, journal, retry, reuse and logs for
    nothing; or `run`, and does everything itself (a runner that translates the graph for another engine).

    Args:
        instance: address or name of what it runs on; None: the default of the runner.
        feed: where train and apply data comes from; None: the default feed.
        sink: where predictions go; None: nothing is written.
        kwargs: the runner's own options, from `[runner.NAME]` in the configuration.
    """

    takes_resources: ClassVar[bool] = True
    """Whether its attempts need what steps ask for: labels, gpus, memory, secrets. False: none of it is looked for."""
    is_elsewhere: ClassVar[bool] = False
    """Whether attempts run on other machines: labels, resources and secrets are those of the place they run at, and
    nothing of this machine is counted, taken or sent for them."""

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return how many cpus steps use together when nobody said (`-j`); None: as many as this machine has."""
        return None

    def __init__(self, instance: str | None = None, feed: object = None, sink: object = None, **kwargs: Any):
        self.instance = instance
        self.feed = feed
        self.sink = sink
        self.options = kwargs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__mro__[: cls.__mro__.index(Runner)]
        found = [vars(each)[name] for each in own for name in ("executor", "run") if name in vars(each)]
        # Checked when the class is made: a runner is called as a class, hours of a run may depend on it.
        if not found or not all(isinstance(method, classmethod) for method in found):
            raise TypeError(f"runner {cls.__qualname__} must override `executor` or `run`, as a classmethod")

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> Executor:
        """Open an executor for one run.

        Raises:
            PluginError: the place where attempts run is out of reach.
        """
        raise PluginError(f"runner {cls.__qualname__} runs whole graphs; it has no executor")

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
        executor = LateExecutor(lambda: cls.executor(events.context, **kwargs))
        Engine(graph=symbols, session=events, executor=executor).run()
