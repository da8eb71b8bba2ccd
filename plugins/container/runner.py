"""The container runner: what the entry point `graftline.runners: container` names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.orders import RunContext
from ...core.runner import Runner

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from ..remote.executor import RemoteExecutor


class ContainerRunner(Runner):
    """Runs the steps of a run in one container of an image that has graftline, started by `docker` or `podman`.

    Options: `image`; `engine`, else the one that answers; `volumes` (`HERE:THERE`), `env` (a table, or names that are
    handed on), `network`, `memory`, `cpus`, `arguments` (of `docker run`); `gpus`, taken when a step asks for some;
    `graft`, the command there; `jobs`, attempts at once; `labels` and `resources` it offers; `limit`, `artifacts`,
    `patience`.
    """

    is_elsewhere = True
    instance_option = "image"

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return the option, else the cpus it may use, else as many as this machine has."""
        jobs, cpus = options.get("jobs"), options.get("cpus")
        if isinstance(jobs, int):
            return jobs
        return max(1, math.floor(cpus)) if isinstance(cpus, int | float) else None

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot run with.

        Raises:
            InvalidError: an option is missing, not known, or of another type.
        """
        from ..pipe.opening import OPEN_OPTIONS, offer_of
        from ..remote.options import check_options
        from .box import OPTIONS, check

        check_options("container", options, {**OPTIONS, **OPEN_OPTIONS})
        check(options)
        offer_of("container", options)

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether the engine answers and the image works: one that is here is started, none is fetched.

        Raises:
            InvalidError: as `check`.
        """
        from ...core.runnerhealth import Question
        from .health import health_of

        cls.check(options)
        return health_of(options, question or Question())

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> RemoteExecutor:
        """Open an executor; the container starts while the run begins.

        Raises:
            InvalidError: an option is missing, not known, or of another type.
            PluginError: neither docker nor podman answers here.
        """
        from ..pipe.opening import OPEN_OPTIONS, open_executor
        from .box import box_of
        from .engine import find_engine

        cls.check(kwargs)
        engine = find_engine(kwargs.get("engine"))
        opening = {name: kwargs[name] for name in OPEN_OPTIONS if name in kwargs}
        return open_executor(context, [box_of(kwargs, engine, context.run, context.operations)], **opening)
