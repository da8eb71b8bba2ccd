"""Cleanings that are killed at every instant: `python killed_cleanings.py STORE WORK EVERY` prints what went wrong.

An instant is before a statement of SQL, or before a file is opened, listed or deleted. For each a copy of the store is
cleaned by a fork that dies there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graftline.core.garbage import Limits
from graftline.store.database import Database
from graftline.store.store import Store, open_store

LIMITS = Limits(keep_last=1, with_runs=True)
EVENTS = ("open", "os.remove", "os.rmdir", "os.listdir", "os.scandir", "shutil.rmtree")
LATER_S = 7200.0


class Instants:
    """Counts instants, and dies at one."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last

    def pass_one(self, *_: Any) -> None:
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, _: Any) -> None:
        if event in EVENTS:
            self.pass_one()


def clean(directory: Path, last: int) -> int:
    """Clean a store, and die at an instant; return how many there were."""
    instants = Instants(last)
    with open_store(directory) as store:
        connect = Database._connect

        def traced(database: Database, uri: str) -> sqlite3.Connection:
            connection = connect(database, uri)
            connection.set_trace_callback(instants.pass_one)
            return connection

        patch.object(Database, "_connect", traced).start()
        sys.addaudithook(instants.audit)
        store.cleaning().clean(LIMITS, time.time())
    return instants.count


def in_a_fork(directory: Path, last: int) -> int:
    """Clean in a fork that dies at an instant; return how many there were when it did not."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, str(clean(directory, last)).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, "rb") as pipe:
        return int(pipe.read() or 0)


def objects(store: Store) -> set[str]:
    return {path.parent.name + path.name for path in store.objects.files()}


def lost(store: Store) -> list[str]:
    """Return results that a later run would find, and whose values are gone."""
    with store.runs._database.reading() as connection:
        rows = connection.execute(
            "SELECT output.sha256 FROM result JOIN output ON output.run = result.run AND output.node = result.node"
            " AND output.attempt = result.attempt WHERE is_file"
        ).fetchall()
    return [sha256.hex() for (sha256,) in rows if not store.objects.has(sha256.hex())]


def main() -> None:
    template, work, every = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    shutil.copytree(template, work / "whole")
    total = in_a_fork(work / "whole", 0)
    with open_store(work / "whole") as store:
        expected = objects(store)
    wrong: list[Any] = []
    killed = 0
    for last in range(1, total + 1, every):
        copy = work / str(last)
        shutil.copytree(template, copy)
        killed += in_a_fork(copy, last) == 0
        with open_store(copy) as store:
            found = [str(each) for each in store.doctor()] + lost(store)
            missing = expected - objects(store)
            store.cleaning().clean(LIMITS, time.time() + LATER_S)
            left = objects(store) - expected
            again = store.cleaning().plan(LIMITS, time.time() + LATER_S)
            if found or missing or left or again.parts or store.doctor():
                wrong.append([last, found, sorted(missing), sorted(left), str(again.parts)])
        shutil.rmtree(copy)
    print(json.dumps({"instants": total, "killed": killed, "wrong": wrong}))


if __name__ == "__main__":
    main()
