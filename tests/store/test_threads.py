"""One store object serves threads that come and go, and keeps no more connections than were lent at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

from run_specs import spec, whole_run

from graftline.core.ports import RunQuery
from graftline.core.states import Status
from graftline.store.store import open_store


def test_threads_read_while_others_write(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, ThreadPoolExecutor(6) as threads:

        def work(number: int) -> list[Status]:
            given = spec()
            store.runs.create(given, None)
            log = store.runs.open(given.id)
            for fact in whole_run("a", "b", "c"):
                log.append([fact])
                store.history.runs(RunQuery())
            log.close()
            return [step.state for step in store.history.steps(given.id)]

        assert list(threads.map(work, range(24))) == [[Status.SUCCESS] * 3] * 24
        assert store.doctor() == []


def test_threads_that_end_leave_no_connection(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(30):
            thread = Thread(target=store.history.runs, args=(RunQuery(),))
            thread.start()
            thread.join(10)

        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4
