"""Other processes on one store: `python store_children.py COMMAND DIR [RUN]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from run_specs import dispatched, finished, spec, started, succeeded, whole_run

from graftline.core.ids import RunId
from graftline.store.database import Database
from graftline.store.layout import Layout
from graftline.store.store import open_store

STEPS = tuple(f"s{i}" for i in range(400))


def increment(directory: Path) -> None:
    """Add one to a number 150 times, reading it first each time."""
    database = Database(Layout(directory))
    for _ in range(150):
        with database.writing(is_full=False) as connection:
            (value,) = connection.execute("SELECT generation FROM run").fetchone()
            connection.execute("UPDATE run SET generation = ?", (value + 1,))
    database.close()


def append(directory: Path) -> None:
    """Create a run of its own and write it in groups of five facts."""
    with open_store(directory) as store:
        given = spec(*STEPS[:150])
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        facts = whole_run(*STEPS[:150])
        for position in range(0, len(facts), 5):
            log.append(facts[position : position + 5])
            store.history.run(given.id)
        log.close()


def write(directory: Path, run: RunId) -> None:
    """Write a run step by step and report each one after its commit, for ever if need be."""
    with open_store(directory) as store:
        log = store.runs.open(run)
        log.append([started(), dispatched("s0")])
        for position, path in enumerate(STEPS):
            following = [dispatched(STEPS[position + 1])] if position + 1 < len(STEPS) else [finished()]
            log.append([succeeded(path), *following])
            print(path, flush=True)
        log.close()
    time.sleep(60)


def open_only(directory: Path) -> None:
    """Open the store: one of several that find it missing."""
    open_store(directory).close()


def hold(directory: Path, run: RunId) -> None:
    """Host a run until killed."""
    with open_store(directory) as store:
        log = store.runs.open(run)
        log.append([started(), dispatched("a")])
        print("ready", flush=True)
        time.sleep(60)
        log.close()


if __name__ == "__main__":
    command, where, *rest = sys.argv[1:]
    if command == "increment":
        increment(Path(where))
    elif command == "append":
        append(Path(where))
    elif command == "open":
        open_only(Path(where))
    elif command == "write":
        write(Path(where), RunId(rest[0]))
    else:
        hold(Path(where), RunId(rest[0]))
