"""Whole runs on a host behind ssh: the samples come out as they do here, and what is lost is told once."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from local_runs import until
from pipe_places import GRAFT, StandIn
from pipe_runs import configure
from sample_runs import Sample
from waiting_runs import attempts_of, outcome, waiting_project


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(monkeypatch, tmp_path / "there", "ssh")


@pytest.mark.parametrize("name", ["etl", "sweep_map"])
def test_a_sample_has_the_outcomes_and_digests_it_has_here(stand_in: StandIn, tmp_path: Path, name: str) -> None:
    here, there = Sample(name, tmp_path / "h"), Sample(name, tmp_path / "t")
    configure(there.root, "ssh", address="noisy", graft=GRAFT)

    expected = here.document("run", "-j", "2")
    found = there.document("run", "-R", "there")

    assert outcome(found) == outcome(expected)
    assert found["runner"] == "there"
    assert found["metrics"].keys() == expected["metrics"].keys()
    assert stand_in.left() == []


@pytest.mark.fault
@pytest.mark.parametrize(("retries", "code"), [(0, 1), (1, 0)])
def test_a_killed_station_fails_the_attempt_and_the_retry_policy_decides(
    stand_in: StandIn, tmp_path: Path, retries: int, code: int
) -> None:
    sample, marks = waiting_project(tmp_path, retries)
    configure(sample.root, "ssh", address="box", graft=GRAFT)

    def kill_it() -> None:
        assert until((marks / "began").exists)
        os.kill(stand_in.pids()[0], signal.SIGKILL)
        (marks / "go").touch()

    killer = threading.Thread(target=kill_it)
    killer.start()
    document = sample.document("run", "-R", "there", "-p", f"marks={marks}", exit_code=code)
    killer.join()

    assert attempts_of(sample, 1) == [("FAILURE", "LOST"), ("SUCCESS", None)][: retries + 1]
    assert (marks / "began").read_text() == "x" * (retries + 1)
    assert document["state"] == ("SUCCESS" if retries else "FAILURE")


def test_a_host_out_of_reach_ends_the_run_before_a_step_and_a_retry_goes_elsewhere(
    stand_in: StandIn, tmp_path: Path
) -> None:
    sample, marks = waiting_project(tmp_path, 0)
    (marks / "go").touch()
    configure(sample.root, "ssh", address="unreachable", graft=GRAFT, patience=0.1)

    failed = sample.graft("run", "-R", "there", "-p", f"marks={marks}")
    healed = sample.document("retry", "-R", "local")

    assert failed.returncode == 4, failed.stderr
    assert "host unreachable is out of reach: tried once" in failed.stderr
    assert "Connection refused" in failed.stderr
    assert healed["state"] == "SUCCESS"
    assert (marks / "began").read_text() == "x"
