"""The local runner: what the entry point `graftline.runners: local` names."""

from __future__ import annotations

from typing import Any

from ...core.orders import RunContext
from ...core.runner import Runner
from . import warm
from .executor import LocalExecutor
from .nursery import Nursery


class LocalRunner(Runner):
    """Runs pipelines in worker processes on this machine."""

    @classmethod
    def executor(cls, context: RunContext, **kwargs: Any) -> LocalExecutor:
        """Open an executor for a run.

        It takes over the nursery that loaded the pipeline, when there is one; while a watch goes on it borrows it.
        """
        nursery = warm.borrow(context.preload)
        if nursery is not None:
            return _BorrowingExecutor(context, nursery)
        return LocalExecutor(context, nursery=warm.take(context.preload), is_owner=True)


class _BorrowingExecutor(LocalExecutor):
    """Works with a nursery that others use after it."""

    def __init__(self, context: RunContext, nursery: Nursery) -> None:
        super().__init__(context, nursery=nursery)
        self._borrowed: Nursery | None = nursery

    def close(self) -> None:
        """End all workers and wait for them; the nursery goes on."""
        try:
            super().close()
        finally:
            borrowed, self._borrowed = self._borrowed, None
            if borrowed is not None:
                warm.give_back(borrowed)
