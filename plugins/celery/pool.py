"""The threads of a celery worker, in which it waits for its station: the station has the processes of the steps."""

from __future__ import annotations

from celery.concurrency.thread import TaskPool


class StepPool(TaskPool):  # type: ignore[misc]  # celery has no types
    """Celery's pool of threads, which the second Ctrl+C may ask to end a task."""

    def terminate_job(self, pid: int, signal: int | None = None) -> None:
        """End all that is at work: threads cannot be ended, and what they wait for can."""
        from .app import abandon  # which names this class

        abandon()
