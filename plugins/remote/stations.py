"""The stations of this process: what a worker of any cluster calls with the bytes of a parcel.

One for each run, made when its first parcel comes, and closed when the run's host says so, or has not asked for
`FORGOTTEN_S`: the worker of a cluster outlives the runs it works for.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ...core.errors import PluginError, StoreError
from ...core.events import AttemptFailed, AttemptSucceeded
from ...worker.bundles import Bundle
from ...worker.handshake import refusal
from ...worker.parcels import Ended, Missing, Refused, decode_parcel, encode_report, speaker_of
from .artifacts import ArtifactFolder
from .kept import Kept
from .station import Fetch, Keep, News, Station, by_value

FORGOTTEN_S = 600.0
"""Seconds without a question from the host after which an idle station is closed: the host is gone."""
UNCLAIMED_S = 60.0
"""Seconds after which a station is closed when its run came back with another bundle."""
DEFAULT_LIMIT = 64 * 1000 * 1000
"""Bytes of values that travel with one attempt by value."""

_lock = threading.Lock()
_stations: dict[tuple[str, str], Station] = {}
"""By run and bundle."""
_asked: dict[tuple[str, str], float] = {}
_doomed: dict[tuple[str, str], float] = {}
"""When stations are closed whose run was taken up with another bundle, by a monotonic clock."""


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
    kept = None
    if order.artifacts is not None:
        kept, folder = Kept(order.artifacts, order.run), ArtifactFolder(order.artifacts)
        if found := kept.find((order.token, *order.formers), order.work):
            return found[1]
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
    report = station.execute(order, fetch, keep or by_value(limit_bytes))
    data = encode_report(report)
    if kept is not None and isinstance(report, Ended) and isinstance(report.fact, AttemptSucceeded | AttemptFailed):
        with contextlib.suppress(StoreError):  # told, it is as good; kept, it outlives whoever is told
            kept.keep(order.token, order.work, data)
    return data


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


def hold(run: str, bundle: str, wanted: Iterable[str]) -> list[str]:
    """Return which of these attempts are at the station of a run and bundle, going on or ended; stop all others there.

    Other stations of the run are closed in a minute, unless somebody asks for them: it was taken up with other code.
    """
    with _lock:
        for key in _stations:
            if key[0] == run and key[1] != bundle:
                _doomed.setdefault(key, time.monotonic() + UNCLAIMED_S)
    return [token for _, station in _of_run(run, bundle) for token in station.hold(wanted)]


def news(run: str, seen: Mapping[str, int], bundle: str | None = None) -> News | None:
    """Return what is new at the station of a run, and of a bundle where there are several; None when there is none."""
    found = _of_run(run, bundle)
    for key, _ in found:
        _asked[key] = time.monotonic()
    if _doomed:
        sweep()
    return found[0][1].news(seen) if found else None


def cancel(run: str, tokens: Iterable[str], grace_s: float, bundle: str | None = None) -> bool:
    """Stop attempts of a run here; False: it has no station (yet), and nothing was stopped."""
    wanted, found = list(tokens), _of_run(run, bundle)
    for _, station in found:
        station.cancel(wanted, grace_s=grace_s)
    return bool(found)


def finish(run: str, seen: Mapping[str, int], bundle: str | None = None) -> News | None:
    """End the station of a run and return the rest of its news; call it until that is empty. None: there is none."""
    found = _of_run(run, bundle)
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
    """Close the stations whose hosts have not asked for long, and those that no host asks for any more."""
    now = time.monotonic()
    with _lock:
        old = [key for key, at in _asked.items() if now - at > FORGOTTEN_S and key in _stations]
        gone = [_stations.pop(key) for key in old if not _stations[key].is_busy]
        over = [key for key, at in _doomed.items() if now > at]
        stray = [_stations.pop(key) for key in over if key in _stations]
        for key in over:
            del _doomed[key]
    for station in gone:
        station.close()
    for station in stray:  # which may have to be stopped first
        threading.Thread(target=station.close, name="graftline-station-end", daemon=True).start()


@atexit.register
def close_all() -> None:
    """Close every station of this process."""
    with _lock:
        gone = list(_stations.values())
        _stations.clear()
    for station in gone:
        station.close()


def _of_run(run: str, bundle: str | None) -> list[tuple[tuple[str, str], Station]]:
    with _lock:
        found = [(key, each) for key, each in _stations.items() if key[0] == run and bundle in (None, key[1])]
        for key, _ in found:
            _doomed.pop(key, None)
    return found


def _either(first: Fetch, second: Fetch) -> Fetch:
    def fetch(digest: str) -> bytes | None:
        found = first(digest)
        return second(digest) if found is None else found

    return fetch


def _turned(graftline: str, python: str, name: str) -> str:
    """Return the refusal as the host reads it, who sent from these versions."""
    from ...worker.handshake import Speaker, here

    return refusal(here(), f"worker {name}", Speaker(graftline, python)) or ""
