"""The far end of a pipe: a door to the station of one run. What `graft serve-station` is, on a host or in a container.

From the host                                       from the station
    begin    run, bundle's digest; bundle               hello    graftline, python, cores, gpus
    parcel   token; a parcel                            ready    jobs, versions of packages; or `refused` message
    value    digest, is_found; its bytes                want     digest
    cancel   tokens, grace_s                            report   token; a report
    finish                                              news     pickle of (logs, told); after `finish` then `bye`
    ask      packages, secrets, home                    said     what is here (`answering.py`), free bytes of the disk
    beat                                                beat

A host that only wants to know how the place is sends `ask` instead of `begin`, then `finish`. Nothing is unpickled on
either side before `hello` was compared. A station lives as long as its connection: when the pipe ends, or is silent for
`STATION_SILENCE_S`, every process below it is ended. Nobody would take its reports, and the host has declared its
attempts lost.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NoReturn

from ...core.errors import PluginError
from ...worker.bundles import Bundle
from ...worker.handshake import here
from ...worker.parcels import Refused, encode_report
from ..local.machine import gpus
from ..local.slots import available_cores
from ..remote import stations
from ..remote.answering import said_here
from ..remote.station import CHUNK_BYTES, News
from .fence import Fence
from .frames import STATION_SILENCE_S, Closed, Frame, FrameReader, FrameWriter, Silent, magic_of

POLL_S = 0.25
"""Between two looks for what is new: how late a line of a log and a word of progress may be."""
_THREADS = 512
"""Parcels that wait for their ends at once."""
_AHEAD_BYTES = 4 * CHUNK_BYTES
"""No more of the logs is read while so much waits to be written: a step may print faster than the way is."""
_END_S = 10.0
"""For the last frames to get away."""


def serve(nonce: str) -> None:
    """Execute what comes through stdin until it ends; whatever prints here prints to stderr."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    given, taken = _own_streams()
    os.write(taken, magic_of(nonce))
    writer = FrameWriter(taken)
    try:
        Door(FrameReader(given), writer).serve()
    finally:
        writer.close(_END_S)


class Door:
    """Lets parcels of one run in and reports out."""

    def __init__(self, reader: FrameReader, writer: FrameWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._run = ""
        self._own: dict[str, Any] = {}
        """What every call of the station is given: its name, jobs, home, limit."""
        self._seen: dict[str, int] = {}
        """Log file -> bytes that were told."""
        self._wanted: dict[str, Future[bytes | None]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="graftline-parcel")
        self._ending = threading.Event()
        self._looker = threading.Thread(target=self._look, name="graftline-news", daemon=True)
        self._fence: Fence | None = None

    def serve(self) -> None:
        """Obey frames until the host says that the run is over, or is gone; leave no process behind."""
        self._writer.put(Frame("hello", {**here()._asdict(), "cores": available_cores(), "gpus": gpus()}))
        try:
            while self._obey(self._reader.read(STATION_SILENCE_S)):
                pass
        except (Closed, Silent):
            pass
        finally:
            self._end()

    def _obey(self, frame: Frame) -> bool:
        """Do what a frame says; return False when it was the last."""
        head = frame.head
        match frame.kind:
            case "ask":  # a keyring may take its time, or want to be unlocked
                self._threads.submit(self._say, head["packages"], head["secrets"], head["home"])
            case "begin":
                self._begin(head, frame.body)
            case "parcel":
                self._threads.submit(self._execute, head["token"], frame.body)
            case "value":
                with self._lock:
                    future = self._wanted.pop(head["digest"], None)
                if future is not None:
                    future.set_result(frame.body if head["is_found"] else None)
            case "cancel":
                stations.cancel(self._run, head["tokens"], head["grace_s"])
            case "finish":
                self._finish()
                return False
        return True

    def _say(self, packages: Sequence[str], secrets: Sequence[str], home: str | None) -> None:
        """Say what is here, to a host that sends nothing."""
        said = said_here(packages, secrets)
        self._writer.put(Frame("said", {**said, "free": _free_bytes(_placed(home) or tempfile.gettempdir())}))

    def _begin(self, head: Mapping[str, Any], bundle: bytes) -> None:
        """Make the station of a run, after whatever a lost connection left of it here."""
        self._run = head["run"]
        jobs = head["jobs"] or available_cores()
        home = _placed(head["home"])
        self._own = {"name": head["name"], "jobs": jobs, "home": home}
        try:
            if home is not None:
                os.makedirs(home, exist_ok=True)
            self._fence = Fence(home, self._run, head["place"])
            stations.prepare(self._run, Bundle(digest=head["bundle"], data=bundle), **self._own)
        except (PluginError, OSError) as problem:
            self._writer.put(Frame("refused", {"message": str(problem)}))
            return
        self._own["limit_bytes"] = head["limit"]
        self._looker.start()
        name = socket.gethostname()
        self._writer.put(Frame("ready", {"jobs": jobs, "host": name, "requirements": _versions(head["requirements"])}))

    def _execute(self, token: str, parcel: bytes) -> None:
        try:
            report = stations.execute(parcel, self._fetch, **self._own)
        except Exception as problem:  # noqa: BLE001  the host is to hear of it, whatever it is
            why = f"{self._own['name']} cannot execute it: {type(problem).__name__}: {problem}"
            report = encode_report(Refused(token=token, message=why))
        self._writer.put(Frame("report", {"token": token}, report))

    def _fetch(self, digest: str) -> bytes | None:
        """Ask the host for a value; parcels that want the same ask once."""
        with self._lock:
            if self._ending.is_set():
                return None
            future = self._wanted.get(digest)
            if future is None:
                future = self._wanted[digest] = Future()
                self._writer.put(Frame("want", {"digest": digest}))
        return future.result()

    def _look(self) -> None:
        while not self._ending.wait(POLL_S):
            while self._writer.pending < _AHEAD_BYTES:
                news = stations.news(self._run, self._seen)
                if news is None or not self._tell(news):
                    break

    def _tell(self, news: News) -> bool:
        """Send what is new; return whether there may be more already."""
        if not news.logs and not news.told:
            return False
        for name, offset, data in news.logs:
            self._seen[name] = offset + len(data)
        self._writer.put(Frame("news", {}, pickle.dumps((news.logs, news.told), protocol=5)))
        return any(len(data) == CHUNK_BYTES for _, _, data in news.logs)

    def _finish(self) -> None:
        self._stop_looking()
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline and (news := stations.finish(self._run, self._seen)) is not None:
            self._tell(news)
            if not news.logs:
                break
        self._writer.put(Frame("bye"))

    def _end(self) -> None:
        self._stop_looking()
        stations.close_all()
        with self._lock:
            left, self._wanted = self._wanted, {}
        for future in left.values():
            future.set_result(None)
        self._threads.shutdown(cancel_futures=True)  # their last reports are in the writer then
        if self._fence is not None:
            self._fence.close()

    def _stop_looking(self) -> None:
        self._ending.set()
        if self._looker.ident is not None:
            self._looker.join()


def _own_streams() -> tuple[int, int]:
    """Take stdin and stdout for frames alone: what anything here prints goes to stderr, and nothing can read frames."""
    given, taken = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return given, taken


def _placed(home: str | None) -> str | None:
    return None if home is None else os.path.abspath(os.path.expanduser(home))


def _free_bytes(folder: str) -> int:
    """Return how much may be written to a directory, which may have to be made first."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free


def _versions(wanted: Sequence[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed here."""
    from importlib.metadata import PackageNotFoundError, version  # 25 ms, while the host waits for nothing else

    found = {}
    for name in wanted:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _leave(number: int, _: object) -> NoReturn:
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second one would cut the cleaning short
    raise SystemExit(128 + number)
