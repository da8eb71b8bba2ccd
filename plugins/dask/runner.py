"""The dask runner: what the entry point `graftline.runners: dask` names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidError, PluginError
from ...core.orders import RunContext
from ...core.runner import Runner
from ..remote.options import NUMBER, check_options

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from ..remote.executor import RemoteExecutor

OPTIONS: Mapping[str, tuple[type, ...]] = {
    "address": (str,),
    "workers": (int,),
    "resources": (dict,),
    "limit": (int,),
    "artifacts": (str,),
    "patience": NUMBER,
    "jobs": (int,),
}
"""Of `[runner.NAME]`, with the types they may have."""
_MANY = 4096
"""Attempts that may be dispatched when nobody says how many: the cluster's size, which `room` knows, is the limit."""


class DaskRunner(Runner):
    """Runs steps on the workers of a dask cluster; scheduling, run log, retry and reuse stay with the host of the run.

    Options: `address` of a scheduler, else a cluster of `workers` on this machine with `resources` each; `limit`, bytes
    of values that travel with one attempt; `artifacts`, a directory all machines see, through which values go instead;
    `patience`, seconds it tries to reach the scheduler; `jobs`, attempts under way at most.
    """

    is_elsewhere = True
    instance_option = "address"

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return the option, else as many as the cluster takes."""
        return int(options.get("jobs") or options.get("workers") or _MANY)

    @classmethod
    def check(cls, options: Mapping[str, Any]) -> None:
        """Refuse options it cannot run with.

        Raises:
            InvalidError: an option is not known or of another type, or two exclude each other.
            PluginError: dask is not installed.
        """
        check_options("dask", options, OPTIONS)
        if options.get("address") and options.get("workers"):
            raise InvalidError("the runner 'dask' takes an address or a number of workers to start, not both")
        if find_spec("distributed") is None:  # not imported: 280 ms, of which a run that reuses everything needs none
            raise PluginError("the runner 'dask' needs dask.distributed", "pip install 'graftline[dask]'")

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether the scheduler answers, and what its workers have.

        Raises:
            InvalidError: an option is not known, or two exclude each other.
            PluginError: dask is not installed.
        """
        cls.check(options)
        from ...core.runnerhealth import Question
        from ..remote.apart import health_apart
        from .health import START_IT, health_of

        question = question or Question()
        if (address := options.get("address")) is None:
            return health_of(options, question)
        what = f"the dask scheduler at {address}"
        return health_apart("graftline.plugins.dask.health", options, question, what=what, remedy=START_IT)

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> RemoteExecutor:
        """Open an executor; it connects while the run begins.

        Raises:
            InvalidError: an option is not known, or two exclude each other.
            PluginError: dask is not installed.
        """
        cls.check(kwargs)
        from .opening import open_executor

        return open_executor(context, **kwargs)
