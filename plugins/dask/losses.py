"""A plugin of dask's scheduler: an attempt whose worker is lost is never executed again by dask itself.

It moves to the scheduler by value (`cloudpickle`), so that the scheduler's machine needs no graftline; hence it imports
nothing of ours.
"""

from __future__ import annotations

from typing import Any

PREFIX = "graft-"


class NoSecondTry:
    """Counts the attempts of one run as lost at the first loss of a worker, where dask allows three.

    What an attempt did before is not known: whether it may be repeated is for the step's retries to say.
    """

    idempotent = True

    def __init__(self, run: str) -> None:
        self.name = f"{PREFIX}{run}"
        self._start = f"{PREFIX}{run}-"

    async def start(self, scheduler: Any) -> None:
        """Begin."""

    def update_graph(self, scheduler: Any, *, tasks: Any, **others: Any) -> None:
        """Mark the attempts among new tasks."""
        for key in tasks:
            if isinstance(key, str) and key.startswith(self._start) and key in scheduler.tasks:
                scheduler.tasks[key].suspicious = scheduler.allowed_failures
