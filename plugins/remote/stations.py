"""The stations of this process: what a worker of any cluster calls with the bytes of a parcel.

One for each run, made when its first parcel comes, and closed when the run's host says so, or has not asked for
`FORGOTTEN_S`: the worker of a cluster outlives the runs it works for.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...core.errors import PluginError
from ...worker.bundles import Bundle
from ...worker.handshake import refusal
from ...worker.parcels import Missing, Refused, decode_parcel, encode_report, speaker_of
from .artifacts import ArtifactFolder
from .station import Fetch, Keep, News, Station, by_value

FORGOTTEN_S = 600.0
"""Seconds without a question from the host after which an idle station is closed: the host is gone."""
DEFAULT_LIMIT = 64 * 1000 * 1000
"""Bytes of values that travel with one attempt by value."""

_lock = threading.Lock()
_stations: dict[tuple[str, str], Station] = {}
"""By run and bundle."""
_asked: dict[tuple[str, str], float] = {}


def execute(
    parcel: bytes,
    fetch: Fetch,
    keep: Keep | None = None,
    *,
    name: str,
    jobs: int = 1,
    home: str | None = None,
    limit_bytes: int = DEFAULT_LIMIT,
) -> bytes:
    """Execute the attempt of a parcel and return the report: what every remote worker calls.

    Args:
        parcel: the bytes of one.
        fetch: brings values and the bundle that are neither here nor in the parcel.
        keep: takes values that are too large to be inline; None: they travel in the report.
        name: of this worker, in the run log.
        jobs: attempts this worker executes at once.
        home: directory for what is unpacked; None: that for temporary files.
        limit_bytes: values that travel in one report.

    Raises:
        PluginError: the bytes are no parcel.
    """
    token, speaker = speaker_of(parcel)
    why = refusal(speaker, f"what sends to {name}")
    if why is not None:
        return encode_report(Refused(token=token, message=_turned(speaker.graftline, speaker.python, name)))
    order = decode_parcel(parcel)
    if order.artifacts is not None:
        folder = ArtifactFolder(order.artifacts)
        fetch, keep = _either(fetch, folder.get), folder.put
    key = order.run, order.bundle
    station = _stations.get(key)
    if station is None:
        data = order.carried.get(order.bundle) or fetch(order.bundle)
        if data is None:
            return encode_report(Missing(token=token, digests=(order.bundle,)))
        try:
            station = prepare(order.run, Bundle(digest=order.bundle, data=data), name=name, jobs=jobs, home=home)
        except (PluginError, OSError) as problem:
            return encode_report(Refused(token=token, message=f"{name} cannot work for this run: {problem}"))
    return encode_report(station.execute(order, fetch, keep or by_value(limit_bytes)))


def execute_all(parcels: Sequence[bytes], fetch: Fetch, *, name: str, **options: Any) -> list[bytes]:
    """Execute several parcels, as many at once as the station may, and return their reports in that order."""
    if len(parcels) == 1:
        return [execute(parcels[0], fetch, name=name, **options)]
    with ThreadPoolExecutor(len(parcels)) as threads:
        return list(threads.map(lambda parcel: execute(parcel, fetch, name=name, **options), parcels))


def prepare(run: str, bundle: Bundle, *, name: str, jobs: int, home: str | None = None) -> Station:
    """Make the station of a run, or return the one that is there.

    Raises:
        PluginError: the bundle is damaged, or no process can be started here.
        OSError: it cannot be unpacked.
    """
    sweep()
    key = run, bundle.digest
    with _lock:
        if key not in _stations:
            _stations[key] = Station(bundle, run, name=name, jobs=jobs, home=home)
            _asked[key] = time.monotonic()
        return _stations[key]


def news(run: str, seen: Mapping[str, int]) -> News | None:
    """Return what is new at the station of a run; None when there is none."""
    found = _of_run(run)
    for key, _ in found:
        _asked[key] = time.monotonic()
    return found[0][1].news(seen) if found else None


def cancel(run: str, tokens: Iterable[str], grace_s: float) -> None:
    """Stop attempts of a run here."""
    wanted = list(tokens)
    for _, station in _of_run(run):
        station.cancel(wanted, grace_s=grace_s)


def finish(run: str, seen: Mapping[str, int]) -> News | None:
    """End the station of a run and return the rest of its news; call it until that is empty. None: there is none."""
    found = _of_run(run)
    for key, station in found:
        station.stop()
        rest = station.news(seen)
        if not rest.logs:
            station.close()
            with _lock:
                _stations.pop(key, None)
        return rest
    return None


def sweep() -> None:
    """Close the stations whose hosts have not asked for long."""
    now = time.monotonic()
    with _lock:
        old = [key for key, at in _asked.items() if now - at > FORGOTTEN_S and key in _stations]
        gone = [_stations.pop(key) for key in old if not _stations[key].is_busy]
    for station in gone:
        station.close()


@atexit.register
def close_all() -> None:
    """Close every station of this process."""
    with _lock:
        gone = list(_stations.values())
        _stations.clear()
    for station in gone:
        station.close()


def _of_run(run: str) -> list[tuple[tuple[str, str], Station]]:
    with _lock:
        return [(key, station) for key, station in _stations.items() if key[0] == run]


def _either(first: Fetch, second: Fetch) -> Fetch:
    def fetch(digest: str) -> bytes | None:
        found = first(digest)
        return second(digest) if found is None else found

    return fetch


def _turned(graftline: str, python: str, name: str) -> str:
    """Return the refusal as the host reads it, who sent from these versions."""
    from ...worker.handshake import Speaker, here

    return refusal(here(), f"worker {name}", Speaker(graftline, python)) or ""
