"""The local runner: what the entry point `graftline.runners: local` names."""

from __future__ import annotations

from typing import Any

from ...core.orders import RunContext
from ...core.runner import Runner
from . import warm
from .executor import LocalExecutor


class LocalRunner(Runner):
    """Runs pipelines in worker processes on this machine."""

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> LocalExecutor:
        """Open an executor for a run; it takes over the nursery that loaded the pipeline, when there is one."""
        return LocalExecutor(context, nursery=warm.take(context.preload), is_owner=True)
