"""Whether a dask cluster could take a run now: its scheduler answers, and each worker says what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.runnerhealth import Answer, Health, Question, Reach
from ...core.text import plural
from ..local.slots import available_cores
from ..remote.answering import answer_of, said_here
from ..remote.stations import DEFAULT_LIMIT
from .asking import NoAnswer, asked

START_IT = "start it (dask scheduler, dask worker), or mend [runner.NAME] address"


def health_of(options: Mapping[str, Any], question: Question) -> Health:
    """Return how the cluster of these options is; one of our own is not started for it."""
    limit = None if options.get("artifacts") else int(options.get("limit") or DEFAULT_LIMIT)
    address = options.get("address")
    if address is None:
        count = int(options.get("workers") or available_cores())
        return Health(
            reach=Reach.UP,
            told=f"{plural(count, 'worker')} are started on this machine with the run",
            answers=(answer_of("here", said_here(question.packages, question.secrets)),),
            offers=frozenset(options.get("resources") or ()),
            limit_bytes=limit,
        )
    try:
        said = asked(str(address), question)
    except NoAnswer as why:
        told = f"the dask scheduler at {address} is out of reach: {why}"
        return Health(reach=Reach.DOWN, told=told, remedy=START_IT, limit_bytes=limit)
    workers = said["workers"]
    if not workers:
        told = f"the dask scheduler at {address} has no workers"
        return Health(reach=Reach.DOWN, told=told, remedy=f"dask worker {address}", limit_bytes=limit)
    return Health(
        reach=Reach.UP,
        told=f"{plural(len(workers), 'worker')} at {address}",
        answers=tuple(_answer(name, each) for name, each in workers.items()),
        offers=frozenset(said["resources"]),
        limit_bytes=limit,
    )


def _answer(name: str, said: Any) -> Answer:
    if isinstance(said, str):
        return Answer(name=name, refusal=f"worker {name} cannot import this graftline ({said})")
    return answer_of(name, said)
