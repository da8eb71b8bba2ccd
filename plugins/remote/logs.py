"""Copies of the log files that stations write, in the run's log directory: a reader cannot tell where a step ran."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

from ...worker.logformat import LOG_SUFFIX, encode_record

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class LogCopies:
    """Appends what is told, once: a piece that is known already, or that does not follow on, is left out.

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
                known = self._seen[station].get(name, 0)
                if offset > known or offset + len(data) <= known:
                    continue
                fresh = data[known - offset :]
                try:
                    with open(self._path(station, name), "ab") as file:
                        file.write(fresh)
                except OSError:
                    continue
                self._seen[station][name] = known + len(fresh)

    def note(self, text: str) -> None:
        """Write a line of our own: what a person should know of the place where steps run."""
        record = encode_record("", 0, "system", time.time(), f"[graftline: {text}]\n".encode())
        with self._lock, open(os.path.join(self._folder, f"remote{LOG_SUFFIX}"), "ab") as file:
            file.write(record)

    def _path(self, station: str, name: str) -> str:
        return os.path.join(self._folder, f"{_ODD.sub('-', station).strip('-')}.{_ODD.sub('-', name)}")
