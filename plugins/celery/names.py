"""What is called how between the host of a run and celery workers: the task, the command, the queues."""

from __future__ import annotations

from collections.abc import Mapping

TASK = "graftline.attempts"
"""The one celery task: attempts of a run, in parcels."""
CALL = "graftline_call"
"""The one remote control command: a run's host asks who is there."""
ASK = "graftline_ask"
"""Another one: somebody asks what each worker has, before a run."""
QUEUE = "graftline"
"""Queue of steps without labels. Not celery's own default: its workers may be somebody else's."""
START_THE_BROKER = "start it, or mend [runner.NAME] broker"
START_A_WORKER = "start one: graft worker --celery NAME"


def replies_of(run: str) -> str:
    """Return the queue of what workers tell the host of a run."""
    return f"graft-run-{run}"


def queue_of(demand: Mapping[str, float], *, prefix: str, default: str) -> list[str]:
    """Return the queues a step's demand names: one, unless it has several labels.

    Args:
        demand: as shipments have it; cpus and memory are for whoever starts workers.
        prefix: before the name of every queue.
        default: queue of what names none.
    """
    names = sorted(name for name in demand if name not in ("cpus", "memory"))
    return [prefix + name for name in names or [default]]
