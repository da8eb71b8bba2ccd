"""What dask answers, in our words: of workers that were asked whether they can work, and of tasks that ended."""

from __future__ import annotations

from typing import Any

import cloudpickle
from distributed import Client, Future, SchedulerPlugin

from ...worker.handshake import Speaker, refusal
from . import losses


def guard_losses(client: Client, run: str) -> None:
    """Have the scheduler end an attempt of a run at its first loss; the plugin goes there by value."""

    class Guard(losses.NoSecondTry, SchedulerPlugin):  # type: ignore[misc]  # dask has no types
        """As dask wants a plugin to be."""

    cloudpickle.register_pickle_by_value(losses)
    try:
        client.register_plugin(Guard(run))
    finally:
        cloudpickle.unregister_pickle_by_value(losses)


def refused(address: str, answer: Any) -> str | None:
    """Return why a worker cannot work for this run; None: it can."""
    if isinstance(answer, BaseException):
        return f"worker {address} cannot import this graftline ({type(answer).__name__}: {answer})"
    why = refusal(Speaker(answer["graftline"], answer["python"]), f"worker {address}")
    if why is None and answer["problem"]:
        why = f"worker {address} cannot work for this run: {answer['problem']}"
    return why


def result_of(future: Future) -> list[bytes] | None:
    """Return the reports of one task; None: they are gone."""
    try:
        found: list[bytes] = future.result(timeout=10)
    except Exception:  # noqa: BLE001  the link says what became of it
        return None
    return found


def problem_of(future: Future) -> BaseException | None:
    """Return what a task ended with; None: nothing is wrong."""
    try:
        found: BaseException | None = future.exception(timeout=5)
    except BaseException as problem:  # noqa: BLE001  CancelledError of a future that was lost
        return problem
    return found
