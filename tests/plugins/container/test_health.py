"""What a promotion is told of a container: engine, image, and what a station in it says."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pipe_places import GRAFT, StandIn

from graftline.core.runnerhealth import Question, Reach
from graftline.plugins.container.runner import ContainerRunner


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(monkeypatch, tmp_path / "there", "docker", "podman")


def test_an_image_that_is_here_is_started_and_says_what_it_has(stand_in: StandIn) -> None:
    given = {"image": "team/steps:1", "graft": GRAFT, "gpus": 1, "labels": ["big"], "artifacts": "/shared"}

    found = ContainerRunner.health(given, Question(packages=("pytest",)))

    assert (found.reach, found.offers, found.limit_bytes) == (Reach.UP, frozenset({"gpu", "big"}), None)
    assert found.told.startswith("docker answers; container of image team/steps:1 has ")
    assert [list(each.packages or ()) for each in found.answers] == [["pytest"]]
    assert stand_in.left() == []


def test_an_image_that_is_not_here_is_not_fetched_for_the_question(stand_in: StandIn) -> None:
    found = ContainerRunner.health({"image": "team/absent:1", "labels": ["big"]})

    assert (found.reach, found.answers, found.offers) == (Reach.UP, (), frozenset({"big"}))
    assert "image team/absent:1 is not here and is fetched when the run begins" in found.told
    assert not any(" run " in call for call in stand_in.calls())


@pytest.mark.parametrize(
    ("image", "told", "remedy"),
    [
        ("missing:1", "docker cannot start a container of image missing:1: Unable to find", "try: docker run --rm"),
        ("bare", "graftline is not installed in image bare", "pip install graftline"),
    ],
)
def test_an_image_that_cannot_work_is_told_in_one_line(stand_in: StandIn, image: str, told: str, remedy: str) -> None:
    found = ContainerRunner.health({"image": image})

    assert found.reach is Reach.DOWN
    assert found.told.startswith(told)
    assert "\n" not in found.told
    assert remedy in (found.remedy or "")


def test_a_daemon_that_hangs_is_given_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "docker"
    hanging.write_text("#!/bin/sh\nexec sleep 30\n")
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    began = time.monotonic()

    found = ContainerRunner.health({"image": "x", "engine": "docker"}, Question(timeout_s=1.0))

    assert time.monotonic() - began < 2.0
    assert found.reach is Reach.DOWN
    assert "docker: no answer in 0.3 s" in found.told
    assert "start the daemon" in (found.remedy or "")


def test_without_an_engine_that_answers_it_is_down_and_says_what_was_tried(stand_in: StandIn) -> None:
    for engine in ("docker", "podman"):
        (stand_in.folder / f"down-{engine}").touch()

    found = ContainerRunner.health({"image": "x"})

    assert found.reach is Reach.DOWN
    assert "docker: Cannot connect to the docker daemon" in found.told
    assert "podman: Cannot connect to the podman daemon" in found.told
    assert "start the daemon" in (found.remedy or "")
