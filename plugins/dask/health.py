"""Whether a dask cluster could take a run now: its scheduler answers, and each worker says what it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...core.runnerhealth import Answer, Health, Question, Reach
from ...core.text import plural
from ..local.slots import available_cores
from ..remote.answering import answer_of, said_here, within
from ..remote.stations import DEFAULT_LIMIT
from . import place

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
    return _told_in_time(lambda: _ask(str(address), question, limit), str(address), question.timeout_s, limit)


def _told_in_time(ask: Callable[[], Health], address: str, timeout_s: float, limit: int | None) -> Health:
    found = within(ask, timeout_s)
    if isinstance(found, Health):
        return found
    why = (str(found) or type(found).__name__).splitlines()[0]
    told = f"the dask scheduler at {address} is out of reach: {why}"
    return Health(reach=Reach.DOWN, told=told, remedy=START_IT, limit_bytes=limit)


def _ask(address: str, question: Question, limit: int | None) -> Health:
    from distributed import Client  # 40 MB: in the process that asks a cluster, and not for one of our own

    timeout = max(0.5, question.timeout_s * 0.8)
    client = Client(address, timeout=timeout, set_as_default=False, name="graftline-health")
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            told = f"the dask scheduler at {address} has no workers"
            return Health(reach=Reach.DOWN, told=told, remedy=f"dask worker {address}", limit_bytes=limit)
        said = client.run(place.health, list(question.packages), list(question.secrets), on_error="return")
        return Health(
            reach=Reach.UP,
            told=f"{plural(len(workers), 'worker')} at {address}",
            answers=tuple(_answer(_name(workers, each), told) for each, told in said.items()),
            offers=frozenset(name for each in workers.values() for name in each["resources"]),
            limit_bytes=limit,
        )
    finally:
        client.close(timeout=1)


def _name(workers: Mapping[str, Any], address: str) -> str:
    """Return what a worker is called: its dask name where a person gave it one."""
    return str(workers.get(address, {}).get("id") or address).rpartition("//")[2]


def _answer(name: str, said: Any) -> Answer:
    if isinstance(said, BaseException):
        told = f"worker {name} cannot import this graftline ({type(said).__name__}: {said})"
        return Answer(name=name, refusal=told)
    return answer_of(name, said)
