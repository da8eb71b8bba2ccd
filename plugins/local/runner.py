"""The local runner: what the entry point `graftline.runners: local` names."""

from __future__ import annotations

from ...core.orders import RunContext
from .executor import LocalExecutor
from .nursery import Nursery


class LocalRunner:
    """Runs pipelines in worker processes on this machine."""

    @classmethod
    def executor(cls, context: RunContext, *, nursery: Nursery | None = None) -> LocalExecutor:
        """Open an executor for a run.

        Args:
            context: what all attempts share.
            nursery: a warm one to take workers from, which stays open; None: an own one.
        """
        return LocalExecutor(context, nursery=nursery)
