"""What runs on the workers of the cluster: sent by name, so that a worker imports graftline and nothing of the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...worker.bundles import Bundle
from ...worker.handshake import here
from ..remote import stations
from ..remote.station import News

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def arrive(
    run: str, digest: str, data: bytes, wanted: Sequence[str], tokens: Sequence[str], dask_worker: Any
) -> dict[str, Any]:
    """Say what is here, and make the station of a run, which may be here from before.

    Args:
        run: its id.
        digest: of the bundle.
        data: its bytes; empty: only say what is here.
        wanted: distributions whose versions are asked for.
        tokens: attempts the host wants the ends of; others that go on here are stopped.
        dask_worker: this worker; dask fills it in.
    """
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in wanted:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    problem, held = None, list[str]()
    if data:
        try:
            stations.prepare(run, Bundle(digest=digest, data=data), **_own(dask_worker))
            held = stations.hold(run, digest, tokens)
        except Exception as error:  # noqa: BLE001  the host is to hear of it, whatever it is
            problem = f"{type(error).__name__}: {error}"
    return {**here()._asdict(), "requirements": found, "problem": problem, "held": held}


def health(packages: Sequence[str], secrets: Sequence[str]) -> dict[str, Any]:
    """Say what is here: versions, and which secrets can be had."""
    from ..remote.answering import said_here

    return said_here(packages, secrets)


def execute(parcels: Sequence[bytes], bulk: Mapping[str, bytes], limit_bytes: int) -> list[bytes]:
    """Execute parcels in a task of dask; several are of steps so short that a task for each would cost more."""
    from distributed import get_worker

    return stations.execute_all(parcels, bulk.get, limit_bytes=limit_bytes, **_own(get_worker()))


def news(run: str, bundle: str, seen: Mapping[str, Mapping[str, int]], dask_worker: Any) -> tuple[str, News | None]:
    """Return the name of this worker's station and what is new there; `seen` by station."""
    name = name_of(dask_worker)
    return name, stations.news(run, seen.get(name, {}), bundle)


def cancel(run: str, bundle: str, tokens: Sequence[str], grace_s: float) -> None:
    """Stop attempts here, also those that have yet to come."""
    stations.cancel(run, tokens, grace_s, bundle)


def finish(run: str, bundle: str, seen: Mapping[str, Mapping[str, int]], dask_worker: Any) -> tuple[str, News | None]:
    """As `news`, at the end of the run."""
    name = name_of(dask_worker)
    return name, stations.finish(run, seen.get(name, {}), bundle)


def name_of(worker: Any) -> str:
    """Return what a worker is called in the run log: its dask name, or the address without its protocol."""
    return _ODD.sub("-", str(worker.name).rpartition("//")[2]) or "worker"


def _own(worker: Any) -> dict[str, Any]:
    return {"name": name_of(worker), "jobs": worker.state.nthreads, "home": worker.local_directory}
