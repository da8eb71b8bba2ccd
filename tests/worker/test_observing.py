"""What attempts are seen to touch, in this process and in a real worker."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import observed_steps
import pytest
from worker_process import WorkerProcess, operation

from graftline.core.graph import Call, CallKind, Operation
from graftline.worker import observing
from graftline.worker.observing import NOTHING, Observed, Observer


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "in" / "project"
    (root / "data").mkdir(parents=True)
    (root / "in").mkdir()
    for name in ("a", "b", "c", "d", "f", "data/x"):
        (root / f"{name}.csv").write_text("1")
    (tmp_path / "far.csv").write_text("1")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def observer(project: Path, tmp_path: Path) -> Iterator[Observer]:
    made = Observer(str(project), str(project), str(tmp_path / "store" / "v1" / "objects"))
    yield made
    made.stop()


def seen(observer: Observer, name: str, *args: int) -> Observed:
    observer.begin()
    observed_steps.of(name)(*args)
    return observer.end()


def test_a_file_that_is_read_is_seen(observer: Observer) -> None:
    assert seen(observer, "reads") == Observed(reads=("a.csv",))


def test_every_way_to_read_is_seen(observer: Observer) -> None:
    found = seen(observer, "reads_in_many_ways")

    assert found.reads == ("b.csv", "c.csv", "d.csv", "e.db", "e.db-wal", "f.csv")
    assert found.writes == ("d.csv", "moved.csv")


def test_that_a_file_is_missing_is_something_read(observer: Observer) -> None:
    assert seen(observer, "reads_what_is_missing").reads == ("missing.csv",)


def test_what_an_attempt_wrote_itself_it_does_not_read(observer: Observer) -> None:
    found = seen(observer, "reads_what_it_wrote")

    assert found.reads == found.listed == ()
    assert found.writes == ("made/new.csv", "made/new.tmp1")


def test_directories_that_are_listed_are_seen(observer: Observer) -> None:
    found = seen(observer, "lists")

    assert found.listed == (".", "data")
    assert found.told() == ("./", "data/")


def test_threads_of_a_step_are_seen(observer: Observer) -> None:
    assert seen(observer, "reads_in_threads").reads == ("a.csv", "b.csv", "c.csv")


@pytest.mark.parametrize(("step", "host"), [("connects", "localhost"), ("connects_to_an_address", "127.0.0.1")])
def test_connections_are_seen_by_the_name_that_was_asked_for(observer: Observer, step: str, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = seen(observer, step, port)

    assert found.sockets == found.told() == (f"tcp://{host}:{port}",)


def test_children_are_named_as_what_they_read_is_not_seen(observer: Observer) -> None:
    found = seen(observer, "starts_children")

    assert found.reads == ()
    assert set(found.children) == {"cat", "fork"}


def test_processes_made_without_an_event_are_named_too(observer: Observer) -> None:
    assert "multiprocessing" in seen(observer, "starts_a_process").children


def test_files_elsewhere_are_told_apart_and_those_of_the_system_are_not_told(
    observer: Observer, tmp_path: Path
) -> None:
    assert seen(observer, "reads_far") == Observed(outside=(str(tmp_path / "far.csv"),))


def test_files_of_the_store_of_packages_and_of_editors_are_not_told(observer: Observer, project: Path) -> None:
    for name in (".venv/lib/site-packages/p/table.csv", "__pycache__/a.pyc", ".a.csv.swp"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("1")
    kept = project.parent.parent / "store" / "v1" / "logs" / "a.log"
    kept.parent.mkdir(parents=True)
    kept.write_text("1")
    observer.begin()
    for path in (*project.rglob("*.*"), kept):
        if path.is_file():
            path.read_text()

    assert all(name.count(".") == 1 for name in observer.end().reads)


def test_sources_that_python_reads_are_not_told(observer: Observer, project: Path) -> None:
    (project / "some_module.py").write_text("X = 1\n")
    sys.path.insert(0, str(project))
    observer.begin()
    try:
        __import__("some_module")
        observed_steps.shows_lines()
    finally:
        sys.path.remove(str(project))
        sys.modules.pop("some_module", None)

    assert observer.end() == NOTHING


def test_what_a_module_reads_on_import_is_told_for_every_attempt(observer: Observer, project: Path) -> None:
    (project / "reader_module.py").write_text("from pathlib import Path\nSIZE = len(Path('b.csv').read_text())\n")
    sys.path.insert(0, str(project))
    try:
        first = seen(observer, "imports_what_reads")
        second = seen(observer, "imports_what_reads")
    finally:
        sys.path.remove(str(project))
        sys.modules.pop("reader_module", None)

    assert first.reads == second.reads == ("b.csv",)


def test_nothing_is_noted_between_attempts(observer: Observer) -> None:
    seen(observer, "reads")
    observed_steps.reads()

    observer.begin()

    assert observer.end() is NOTHING


def test_more_than_can_be_noted_is_said(observer: Observer, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "MAX_FILES", 3)
    (project / "many").mkdir()
    for number in range(4):
        (project / "many" / f"{number}.csv").touch()

    found = seen(observer, "reads_many", 4)

    assert found.is_cut
    assert found.told() == ("*",)


def test_an_event_that_cannot_be_understood_ends_no_step(observer: Observer) -> None:
    observer.begin()
    sys.audit("open", object(), None, 0)

    assert observer.end().told() == ("*",)


def test_a_step_whose_directory_is_gone_goes_on(observer: Observer, project: Path) -> None:
    gone = project / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    observer.begin()
    with pytest.raises(FileNotFoundError):
        open("a.csv").close()

    assert observer.end().is_cut


def test_a_thousand_opened_files_cost_little(observer: Observer, project: Path) -> None:
    (project / "many").mkdir()
    for number in range(1000):
        (project / "many" / f"{number}.csv").touch()

    def cost(*, is_observed: bool) -> float:
        begin = time.process_time()
        if is_observed:
            assert len(seen(observer, "reads_many", 1000).told()) == 1000
        else:
            observed_steps.reads_many(1000)
        return time.process_time() - begin

    extra = min(cost(is_observed=True) for _ in range(7)) - min(cost(is_observed=False) for _ in range(7))

    # 1.7 ms when the machine is quiet.
    assert extra < 0.008


def step(name: str) -> Operation:
    return operation(Call(kind=CallKind.PYTHON, module="observed_steps", qualname=name))


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path) as started:
        (started.cwd / "a.csv").write_text("1")
        yield started


def test_a_worker_reports_what_an_attempt_read_and_nothing_when_it_read_nothing(worker: WorkerProcess) -> None:
    reports = [worker.run(step(name)) for name in ("reads", "shows_lines", "fails_after_reading", "shows_lines")]

    assert reports[0][9:] == (("a.csv",),)
    assert [report[0] for report in reports] == ["done", "done", "failed", "done"]
    assert len(reports[1]) == len(reports[3]) == 9


def test_a_worker_reports_processes_and_stays_of_use(worker: WorkerProcess) -> None:
    report = worker.run(step("starts_a_process"))

    assert report[0] == "done"
    assert worker.run(step("reads"))[9:] == (("a.csv",),)


def test_a_thread_that_outlives_its_attempt_does_no_harm(observer: Observer) -> None:
    go, is_over = threading.Event(), threading.Event()

    def late() -> None:
        go.wait(10)
        observed_steps.reads()
        is_over.set()

    observer.begin()
    threading.Thread(target=late).start()
    assert observer.end() is NOTHING
    go.set()

    assert is_over.wait(10)
