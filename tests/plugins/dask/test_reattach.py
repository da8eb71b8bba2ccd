"""A host is killed while steps run on a cluster: whoever takes the run up waits for them, or collects their ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dask_places import executor_on, kill, pids_of, wait_for_workers
from local_runs import ends, operation, order, until
from sample_runs import Sample

from graftline.core.events import AttemptSucceeded
from graftline.plugins.dask.cluster import OwnCluster
from graftline.plugins.dask.link import DaskLink

PIPELINE = """
import time
from pathlib import Path
from graftline import Pipeline, PythonTask

def wait_for(marks, name):
    print(name, "begins")
    with open(Path(marks, name), "a") as file:
        file.write("x")
    while not Path(marks, "go").exists():
        time.sleep(0.02)
    print(name, "goes on")
    return name * 3000

def one(marks):
    return wait_for(marks, "one")

def two(marks):
    return wait_for(marks, "two")

def both(one, two):
    return one + two

flow = Pipeline([
    PythonTask(one, returns=["one"]),
    PythonTask(two, returns=["two"]),
    PythonTask(both, returns=["both"]),
], name="flow")
"""


@pytest.fixture(scope="module")
def lasting() -> Iterator[OwnCluster]:
    """A cluster that outlives the hosts of runs."""
    found = OwnCluster(2)
    wait_for_workers(found, 2)
    yield found
    found.close()


class Flow(Sample):
    """The project, on a cluster; its steps wait for the file `go`."""

    def __init__(self, folder: Path, cluster: OwnCluster, artifacts: bool) -> None:
        source = folder / "sources" / "flow"
        source.mkdir(parents=True)
        (source / "pipeline.py").write_text(PIPELINE)
        super().__init__("flow", folder / "project", within=str(source.parent))
        self.artifacts = folder / "artifacts"
        self.configure(cluster, artifacts)
        self.marks = folder / "marks"
        self.marks.mkdir()

    def configure(self, cluster: OwnCluster, artifacts: bool) -> None:
        lines = ["[runner.cluster]", 'provider = "dask"', f'address = "{cluster.address}"', "patience = 20.0"]
        lines += [f'artifacts = "{self.artifacts}"'] if artifacts else []
        (self.root / "graftline.toml").write_text("\n".join([*lines, ""]))

    def begin_and_kill_the_host(self) -> None:
        """Begin a run in a process of its own, and kill that while both steps are at work."""
        command = [sys.executable, "-m", "graftline", "run", "-R", "cluster", "-p", f"marks={self.marks}"]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.root, env=self.environ, stdout=quiet, stderr=quiet) as host:
            assert until((self.marks / "one").exists)
            assert until((self.marks / "two").exists)
            os.kill(host.pid, signal.SIGKILL)

    def go(self) -> None:
        (self.marks / "go").touch()

    def executions(self) -> str:
        return (self.marks / "one").read_text() + (self.marks / "two").read_text()

    def printed(self) -> list[str]:
        return sorted(line for line in self.graft("logs", "--plain").stdout.splitlines() if "begins" in line)

    def expected(self) -> dict[str, Any]:
        """Return the digests of a run here."""
        self.go()
        return digests(self.document("run", "--force", "-R", "local", "-p", f"marks={self.marks}"))


def digests(document: dict[str, Any]) -> dict[str, Any]:
    return {step["path"]: {n: o["sha256"] for n, o in step["outputs"].items()} for step in document["steps"]}


def attempts(sample: Sample, path: str) -> list[str]:
    steps = sample.document("show", "--full")["steps"]
    return [each["state"] for step in steps if step["path"] == path for each in step["attempts_log"]]


@pytest.mark.fault
def test_what_goes_on_there_is_waited_for_and_executed_once(lasting: OwnCluster, tmp_path: Path) -> None:
    flow = Flow(tmp_path, lasting, artifacts=False)
    flow.begin_and_kill_the_host()
    later = threading.Timer(2.5, flow.go)  # the new host is at work by then
    later.start()

    document = flow.document("resume")
    later.join()

    assert document["state"] == "SUCCESS"
    assert flow.executions() == "xx"
    assert attempts(flow, "one") == ["INTERRUPTED", "SUCCESS"]
    assert len(flow.printed()) == 2
    assert digests(document) == flow.expected()


@pytest.mark.fault
def test_what_has_ended_meanwhile_is_collected_though_its_worker_is_gone(lasting: OwnCluster, tmp_path: Path) -> None:
    flow = Flow(tmp_path, lasting, artifacts=True)
    flow.begin_and_kill_the_host()
    flow.go()
    kept = flow.artifacts / "runs"
    assert until(lambda: len(list(kept.rglob("*.report"))) == 2)
    assert until(lambda: sum("goes on" in file.read_text() for file in kept.rglob("*.log")) == 2)
    for pid in pids_of(lasting).values():
        kill(lasting, pid)
    wait_for_workers(lasting, 2)

    document = flow.document("resume")

    assert document["state"] == "SUCCESS"
    assert flow.executions() == "xx"
    assert flow.printed() == ["one │ one begins", "two │ two begins"]
    assert digests(document) == flow.expected()


@pytest.mark.fault
def test_a_connection_that_breaks_leaves_what_runs_there_running(lasting: OwnCluster, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    with executor_on(lasting.address, tmp_path, [operation("stamp"), operation("nothing")]) as executor:
        executor.submit([order("long", 0, folder=str(marks), name="began", seconds=5.0), order("short", 1)])
        assert list(ends(executor, 1)) == ["short"]
        time.sleep(1.0)  # by then it has begun
        link = executor._link
        assert isinstance(link, DaskLink)
        assert link._client is not None

        link._client.close()
        end = ends(executor, 1)["long"]

    assert isinstance(end, AttemptSucceeded)
    assert len((marks / "began").read_text().splitlines()) == 1


@pytest.mark.fault
def test_code_that_changed_meanwhile_is_executed_and_what_went_on_is_not_waited_for(
    lasting: OwnCluster, tmp_path: Path
) -> None:
    flow = Flow(tmp_path, lasting, artifacts=True)
    flow.begin_and_kill_the_host()
    (flow.root / "pipeline.py").write_text(PIPELINE.replace("* 3000", "* 4000"))
    flow.go()

    document = flow.document("retry")

    assert document["state"] == "SUCCESS"
    assert flow.executions() == "xxxx"
    assert digests(document) == flow.expected()
