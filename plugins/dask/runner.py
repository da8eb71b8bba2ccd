"""The dask runner: what the entry point `graftline.runners: dask` names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...core.errors import InvalidError, PluginError, nearest
from ...core.orders import RunContext
from ...core.runner import Runner

if TYPE_CHECKING:
    from ...core.runnerhealth import Health, Question
    from ..remote.executor import RemoteExecutor

OPTIONS = ("address", "workers", "resources", "limit", "artifacts", "patience", "jobs")
"""Of `[runner.NAME]`."""
_MANY = 4096
"""Attempts that may be dispatched when nobody says how many: the cluster's size, which `room` knows, is the limit."""


class DaskRunner(Runner):
    """Runs steps on the workers of a dask cluster; scheduling, run log, retry and reuse stay with the host of the run.

    Options: `address` of a scheduler, else a cluster of `workers` on this machine with `resources` each; `limit`, bytes
    of values that travel with one attempt; `artifacts`, a directory all machines see, through which values go instead;
    `patience`, seconds it tries to reach the scheduler; `jobs`, attempts under way at most.
    """

    is_elsewhere = True

    @classmethod
    def jobs(cls, options: Mapping[str, Any]) -> int | None:
        """Return the option, else as many as the cluster takes."""
        return int(options.get("jobs") or options.get("workers") or _MANY)

    @classmethod
    def health(cls, options: Mapping[str, Any], question: Question | None = None) -> Health:
        """Return whether the scheduler answers, and what its workers have.

        Raises:
            InvalidError: an option is not known, or two exclude each other.
            PluginError: dask is not installed.
        """
        _check(options)
        _need_dask()
        from ...core.runnerhealth import Question
        from .health import health_of

        return health_of(options, question or Question())

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> RemoteExecutor:
        """Open an executor; it connects while the run begins.

        Raises:
            InvalidError: an option is not known, or two exclude each other.
            PluginError: dask is not installed.
        """
        _check(kwargs)
        _need_dask()
        from .opening import open_executor

        return open_executor(context, **kwargs)


def _need_dask() -> None:
    try:
        import distributed  # noqa: F401  280 ms, for this runner alone
    except ImportError as problem:
        raise PluginError("the runner 'dask' needs dask.distributed", "pip install 'graftline[dask]'") from problem


def _check(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in OPTIONS:
            raise InvalidError(
                f"the runner 'dask' has no option '{name}'{nearest(name, OPTIONS)}", f"options: {', '.join(OPTIONS)}"
            )
    if options.get("address") and options.get("workers"):
        raise InvalidError("the runner 'dask' takes an address or a number of workers to start, not both")
