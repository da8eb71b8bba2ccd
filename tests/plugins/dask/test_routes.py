"""One run on this machine and on a cluster, by labels: same digests, and each side's troubles stay its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dask_places import scheduler_pid, wait_for_workers
from local_runs import until
from sample_runs import Sample

from graftline.plugins.dask.cluster import OwnCluster

MIXED = """
from graftline import Map, Pipeline, PythonTask

def base():
    return b"x" * 200_000

def items():
    return [1, 2, 3]

def square(item, base):
    print("squaring", item)
    return item * item + len(base)

def total(square):
    return sum(square)

flow = Pipeline([
    PythonTask(base, returns=["base"], labels=["io"]),
    PythonTask(items, returns=["items"]),
    Map(PythonTask(square, returns=["square"], labels=["gpu"]), "items", "item", name="each"),
    PythonTask(total, returns=["total"]),
], name="flow")
"""
WAITING = """
import time
from pathlib import Path
from graftline import Pipeline, PythonTask

def wait_for(marks, name):
    with open(Path(marks, name), "a") as file:
        file.write("x")
    while not Path(marks, f"go-{name}").exists():
        time.sleep(0.02)
    return name

def here(marks):
    return wait_for(marks, "here")

def there(marks):
    return wait_for(marks, "there")

def after_here(here):
    return here + "!"

def after_there(there):
    return there + "!"

flow = Pipeline([
    PythonTask(here, returns=["here"]),
    PythonTask(there, returns=["there"], labels=["gpu"]),
    PythonTask(after_here, returns=["after_here"], inputs={"here": "here"}, fence=False),
    PythonTask(after_there, returns=["after_there"], inputs={"there": "there"}, fence=False),
], name="flow")
"""


def project(folder: Path, code: str, config: str) -> Sample:
    source = folder / "sources" / "flow"
    source.mkdir(parents=True)
    (source / "pipeline.py").write_text(code)
    sample = Sample("flow", folder / "project", within=str(source.parent))
    (sample.root / "graftline.toml").write_text(config)
    return sample


def configured(cluster: OwnCluster, **routes: str) -> str:
    lines = [f'{label} = "{runner}"' for label, runner in routes.items()]
    runner = f'[runner.cluster]\nprovider = "dask"\naddress = "{cluster.address}"\npatience = 2.0\n'
    return "\n".join([runner, "[runner.local.labels]\nio = 1\ngpu = 1", "[route]", *lines, ""])


def places(document: dict[str, Any]) -> dict[str, str]:
    """Return by step whether its last attempt was at the cluster or here, as the run log says."""
    found = {}
    for step in document["steps"]:
        if step["attempts_log"] and step["attempts_log"][-1]["worker"] not in (None, "join"):
            worker = step["attempts_log"][-1]["worker"]
            found[step["path"]] = "there" if ":" in worker or "127.0.0.1" in worker else "here"
    return found


def digests(document: dict[str, Any]) -> dict[str, Any]:
    return {step["path"]: {n: o["sha256"] for n, o in step["outputs"].items()} for step in document["steps"]}


@pytest.mark.parametrize(
    ("runner", "routes", "away"),
    [
        ("local", {"gpu": "cluster"}, {"each/0/square", "each/1/square", "each/2/square"}),
        ("cluster", {"io": "local"}, {"items", "each/0/square", "each/1/square", "each/2/square", "total"}),
    ],
)
def test_one_run_over_both_has_the_digests_of_one_here(
    cluster: OwnCluster, tmp_path: Path, runner: str, routes: dict[str, str], away: set[str]
) -> None:
    sample = project(tmp_path, MIXED, configured(cluster, **routes))
    plain = project(tmp_path / "plain", MIXED, configured(cluster))

    expected = plain.document("run")
    ran = sample.document("run", "-R", runner)
    shown = sample.document("show", "--full")
    logged = sample.graft("logs", "--plain").stdout

    assert ran["state"] == "SUCCESS"
    assert digests(ran) == digests(expected)
    assert {path for path, where in places(shown).items() if where == "there"} - {"each", "each/split"} >= away
    assert places(shown)["base"] == "here"
    assert all(f"squaring {number}" in logged for number in (1, 2, 3))


def test_plan_check_and_show_tell_where_a_step_goes(cluster: OwnCluster, tmp_path: Path) -> None:
    sample = project(tmp_path, WAITING, configured(cluster, gpu="cluster"))
    for name in ("go-here", "go-there"):
        (tmp_path / name).touch()
    given = ("-p", f"marks={tmp_path}")

    planned = sample.document("plan", *given)
    checked = sample.document("check", *given)
    screen = sample.graft("plan", *given).stdout
    sample.document("run", *given)
    shown = sample.document("show")
    card = sample.graft("show").stdout

    assert [step.get("runner") for step in planned["steps"]] == [None, "cluster", None, None]
    assert checked["routes"] == {"there": "cluster"}
    assert "RUNNER" in screen
    assert [step.get("runner") for step in shown["steps"]] == [None, "cluster", None, None]
    assert "runner local (gpu on cluster)" in card


def test_cancelling_stops_what_runs_here_and_there(cluster: OwnCluster, tmp_path: Path) -> None:
    sample = project(tmp_path, WAITING, configured(cluster, gpu="cluster"))
    both = meanwhile(lambda: graft(sample, "cancel"), tmp_path / "here", tmp_path / "there")

    document = sample.document("run", "-p", f"marks={tmp_path}", exit_code=130)
    both.join()

    states = {step["path"]: step["state"] for step in document["steps"]}
    assert (states["here"], states["there"]) == ("CANCELLED", "CANCELLED")
    assert document["seconds"] < 12


@pytest.mark.fault
def test_a_lost_cluster_hits_its_steps_alone_and_a_retry_finishes_elsewhere(tmp_path: Path) -> None:
    fragile = OwnCluster(1)
    wait_for_workers(fragile, 1)
    sample = project(tmp_path, WAITING, configured(fragile, gpu="cluster"))
    pid = scheduler_pid(fragile)

    def lose() -> None:
        os.kill(pid, signal.SIGKILL)
        (tmp_path / "go-there").touch()  # for the retry
        threading.Timer(4.0, (tmp_path / "go-here").touch).start()  # the cluster is given up by then

    losing = meanwhile(lose, tmp_path / "here", tmp_path / "there")
    try:
        document = sample.document("run", "-p", f"marks={tmp_path}", exit_code=1)
        losing.join()
    finally:
        fragile.close()
    (sample.root / "graftline.toml").write_text(configured(fragile, gpu="local"))
    healed = sample.document("retry")

    states = {step["path"]: (step["state"], step["reason"]) for step in document["steps"]}
    assert states == {
        "here": ("SUCCESS", None),
        "there": ("FAILURE", "LOST"),
        "after_here": ("SUCCESS", None),
        "after_there": ("SKIPPED", "UPSTREAM"),
    }
    assert {step["state"] for step in healed["steps"]} == {"SUCCESS"}
    assert ((tmp_path / "here").read_text(), (tmp_path / "there").read_text()) == ("x", "xx")


def test_a_cluster_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    toml = (
        '[runner.cluster]\nprovider = "dask"\naddress = "tcp://127.0.0.1:9"\npatience = 0.5\n[route]\ngpu = "cluster"\n'
    )
    sample = project(tmp_path, WAITING, toml)

    refused = sample.graft("run", "-p", f"marks={tmp_path}")

    assert refused.returncode == 4
    assert "tcp://127.0.0.1:9 is out of reach" in refused.stderr
    assert not (tmp_path / "here").exists()


def meanwhile(act: Callable[[], object], *marks: Path) -> threading.Thread:
    """Act once these files are there."""

    def wait() -> None:
        assert until(lambda: all(mark.exists() for mark in marks))
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def graft(sample: Sample, *arguments: str) -> None:
    """Call `graft` in a process of its own: another one is busy in this."""
    command = [sys.executable, "-m", "graftline", *arguments]
    subprocess.run(command, cwd=sample.root, env=sample.environ, check=True, timeout=30, capture_output=True)
