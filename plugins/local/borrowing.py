"""An executor on a nursery that others use after it: each wave of a watch has one."""

from __future__ import annotations

from ...core.orders import RunContext
from . import warm
from .executor import LocalExecutor
from .nursery import Nursery


class BorrowingExecutor(LocalExecutor):
    """Works with a nursery that is given back at its end."""

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
