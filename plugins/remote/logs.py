"""Copies of the log files that stations write, in the run's log directory: a reader cannot tell where a step ran."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from ...worker.logformat import LOG_SUFFIX, LogEntry, encode_record, iter_entries, iter_records
from .kept import Kept

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class LogCopies:
    """Appends what is told, once: a piece that is known already, or that does not follow on, is left out.

    The names of its files are a station's for good: what an earlier host of the run has copied is known to the next.

    Safe to use from any thread. Indexes are not copied: readers rebuild them from the log (worker/logformat.py).

    Args:
        folder: absolute directory of the run's logs; exists.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, int]] = defaultdict(dict)

    def seen(self, station: str) -> Mapping[str, int]:
        """Return by log file of a station how many bytes are here."""
        with self._lock:
            return dict(self._seen[station])

    def all_seen(self) -> Mapping[str, Mapping[str, int]]:
        """Return the same by station."""
        with self._lock:
            return {station: dict(files) for station, files in self._seen.items()}

    def take(self, station: str, logs: Iterable[tuple[str, int, bytes]]) -> None:
        """Take in (file name, offset, bytes). What cannot be written is lost, as a step does not fail for its log."""
        with self._lock:
            for name, offset, data in logs:
                known = self._known(station, name)
                if offset > known or offset + len(data) <= known:
                    continue
                fresh = data[known - offset :]
                try:
                    with open(self._path(station, name), "ab") as file:
                        file.write(fresh)
                except OSError:
                    continue
                self._seen[station][name] = known + len(fresh)

    def _known(self, station: str, name: str) -> int:
        """Return how many bytes of a file are here; an earlier host of the run may have brought them."""
        seen = self._seen[station]
        if name not in seen:
            path = self._path(station, name)
            seen[name] = os.path.getsize(path) if os.path.exists(path) else 0
        return seen[name]

    def note(self, text: str) -> None:
        """Write a line of our own: what a person should know of the place where steps run."""
        record = encode_record("", 0, "system", time.time(), f"[graftline: {text}]\n".encode())
        with self._lock, open(os.path.join(self._folder, f"remote{LOG_SUFFIX}"), "ab") as file:
            file.write(record)

    def _path(self, station: str, name: str) -> str:
        return os.path.join(self._folder, f"{_ODD.sub('-', station).strip('-')}.{_ODD.sub('-', name)}")


class LogKeeper:
    """Hands what the attempts of a station print on to where ends are kept, attempt by attempt.

    Args:
        folder: absolute directory of the station's log files.
        kept: of the run.
    """

    def __init__(self, folder: str, kept: Kept) -> None:
        self._folder = folder
        self._kept = kept
        self._read: dict[str, int] = {}
        """By log file: offset up to which it was handed on."""
        self._lock = threading.Lock()

    def look(self) -> None:
        """Hand on what came since the last look."""
        with self._lock:
            for name in sorted(os.listdir(self._folder)) if os.path.isdir(self._folder) else ():
                if name.endswith(LOG_SUFFIX):
                    self._hand_on(name)

    def _hand_on(self, name: str) -> None:
        path, start = os.path.join(self._folder, name), self._read.get(name, 0)
        if os.path.getsize(path) <= start:
            return
        fresh: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        with open(path, "rb") as file:
            for entry in list(iter_records(file, start)):
                self._read[name] = entry.end
                if entry.attempt:
                    fresh[entry.node, entry.attempt].append(record_at(file, entry))
        for (node, attempt), records in fresh.items():
            self._kept.add_log(f"{self._kept.run}/{attempt}/{node}", b"".join(records))


def record_at(file: BinaryIO, entry: LogEntry) -> bytes:
    """Return a record of a log file, header and all."""
    file.seek(entry.offset)
    return encode_record(entry.node, entry.attempt, entry.stream, entry.at, file.read(entry.length))


def bring_home(kept: Kept, tokens: Iterable[str], folder: str) -> None:
    """Append to a run's logs what collected attempts printed, as far as it is not there.

    Records of one attempt come in one order everywhere: as many as are there already are passed over.
    """
    wanted = [token for token in tokens if os.path.exists(kept.log(token))]
    if not wanted:
        return
    there: Counter[tuple[str, int]] = Counter()
    for name in os.listdir(folder):
        if name.endswith(LOG_SUFFIX):
            there.update((entry.node, entry.attempt) for entry in iter_entries(Path(folder, name)))
    for token in wanted:
        _, attempt, node = token.split("/", 2)
        with open(kept.log(token), "rb") as source, open(os.path.join(folder, f"kept{LOG_SUFFIX}"), "ab") as target:
            for entry in islice(list(iter_records(source)), there[node, int(attempt)], None):
                target.write(record_at(source, entry))
