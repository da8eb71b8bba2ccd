"""Containers, started by a program that stands in for docker and podman: its pipe and stations are real."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from local_runs import ends, operation, order, run_all, until
from pipe_places import GRAFT, StandIn, executor_of
from pipe_runs import configure
from sample_runs import Sample
from waiting_runs import outcome

from graftline.core.errors import InvalidError, PluginError
from graftline.core.events import AttemptSucceeded
from graftline.plugins.container.box import box_of
from graftline.plugins.container.engine import find_engine
from graftline.plugins.container.runner import ContainerRunner


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(monkeypatch, tmp_path / "there", "docker", "podman")


def test_a_container_gets_what_the_options_say_and_nothing_else(stand_in: StandIn, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    shared = tmp_path / "shared"
    options: dict[str, Any] = {
        "image": "registry/team/steps:1",
        "env": {"TOKEN": "t0ken"},
        "volumes": [f"{tmp_path}/data:/data:ro", "cache:/cache"],
        "network": "none",
        "memory": "4g",
        "cpus": 2,
        "arguments": ["--user", "1000"],
        "artifacts": str(shared),
    }
    operations = [operation("nothing", secrets=("TOKEN",)), operation("large", returns=True)]
    with executor_of(ContainerRunner, tmp_path / "run", operations, options) as executor:
        executor.submit([order("wants_token", 0), order("large", 1)])
        found = ends(executor, 2)

    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert {str(end.worker).partition("/")[0] for end in found.values()} == {"steps-1"}
    start = stand_in.calls()[-1]
    assert start.startswith("docker run --rm -i --log-driver none --name graftline-")
    for given in (
        "--network none --memory 4g --cpus 2",
        f"--volume {tmp_path}/data:/data:ro --volume cache:/cache --volume {shared}:{shared}",
        "--env TOKEN --user 1000 registry/team/steps:1 env ",
    ):
        assert given in start
    assert "t0ken" not in start  # a command line is seen by everybody
    assert (shared / "objects").exists() or any(shared.iterdir())
    assert stand_in.left() == []


@pytest.mark.parametrize(
    ("engine", "gpus", "expected"),
    [
        ("docker", 2, "--gpus 2"),
        ("docker", "all", "--gpus all"),
        ("podman", 2, "--device nvidia.com/gpu=0 --device nvidia.com/gpu=1"),
    ],
)
def test_gpus_are_taken_when_a_step_asks_for_some(engine: str, gpus: int | str, expected: str) -> None:
    given = {"image": "x", "gpus": gpus}
    asking = operation("nothing", resources={"gpu": 1})

    with_them = box_of(given, engine, "run", [operation("nothing"), asking])
    without = box_of(given, engine, "run", [operation("nothing")])

    assert expected in " ".join(with_them.command("n")[0])
    assert "gpu" not in " ".join(without.command("n")[0])
    assert with_them.offer.resources == ({"gpu": 2.0} if gpus == 2 else {})


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            "missing:1",
            "docker cannot start a container of image missing:1: \n  Unable to find image 'missing:1' locally",
        ),
        ("bare", 'graftline is not installed in image bare: exec: "env": executable file not found'),
    ],
)
def test_an_image_that_cannot_work_is_one_message_with_the_engines_words(
    stand_in: StandIn, tmp_path: Path, image: str, words: str
) -> None:
    with executor_of(ContainerRunner, tmp_path / "run", [operation("nothing")], {"image": image}) as executor:
        executor.submit([order("s", 0)])
        with pytest.raises(PluginError) as failed:
            executor.wait(10)

    assert words in str(failed.value)
    assert sum(" run " in call for call in stand_in.calls()) == 1  # it would be the same the next time


def test_the_first_engine_that_answers_is_taken(stand_in: StandIn) -> None:
    assert find_engine(None) == "docker"
    (stand_in.folder / "down-docker").touch()

    assert find_engine(None) == "podman"
    with pytest.raises(PluginError, match="docker: Cannot connect to the docker daemon"):
        find_engine("docker")


def test_without_an_engine_a_run_ends_before_a_step_and_names_what_was_tried(stand_in: StandIn, tmp_path: Path) -> None:
    for engine in ("docker", "podman"):
        (stand_in.folder / f"down-{engine}").touch()
    sample = Sample("sweep_map", tmp_path)
    configure(sample.root, "container", image="team/steps")

    failed = sample.graft("run", "-R", "there")

    assert failed.returncode == 4
    assert "docker: Cannot connect to the docker daemon" in failed.stderr
    assert "podman: Cannot connect to the podman daemon" in failed.stderr
    assert not any(" run " in call for call in stand_in.calls())


def test_engines_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PluginError, match="docker: not on PATH; podman: not on PATH"):
        find_engine(None)


def test_the_docker_of_this_machine_without_its_daemon_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed here")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")

    with pytest.raises(PluginError, match="Cannot connect to the Docker daemon at unix:///nowhere"):
        find_engine("docker")


def test_a_sample_in_a_container_has_the_outcomes_and_digests_it_has_here(stand_in: StandIn, tmp_path: Path) -> None:
    here, there = Sample("etl", tmp_path / "h"), Sample("etl", tmp_path / "t")
    configure(there.root, "container", image="team/steps", engine="podman", graft=GRAFT)

    assert outcome(there.document("run", "-R", "there")) == outcome(here.document("run", "-j", "2"))
    assert stand_in.calls()[-1].startswith("podman run ")
    assert stand_in.left() == []


def test_a_container_whose_client_had_to_be_killed_is_removed(stand_in: StandIn, tmp_path: Path) -> None:
    options = {"image": "x", "graft": "tail -f /dev/null"}
    with executor_of(ContainerRunner, tmp_path / "run", [operation("nothing")], options) as executor:
        assert until(lambda: bool(stand_in.pids()))
        executor.close()

    run, removal = stand_in.calls()[-2:]
    assert removal == f"docker rm -f {run.split(' --name ')[1].split()[0]}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs an image"),
        ({"image": "-v"}, "needs an image, not '-v'"),
        ({"image": "x", "engine": "lxc"}, "no engine 'lxc'"),
        ({"image": "x", "volume": []}, "no option 'volume'; did you mean 'volumes'"),
        ({"image": "x", "volumes": ["/data"]}, "'/data' is no volume"),
        ({"image": "x", "cpus": 0}, "'cpus' cannot be 0"),
        ({"image": "x", "env": "A=1"}, "'env' is a table or a list, not 'A=1'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        ContainerRunner.executor(None, **options)  # type: ignore[arg-type]


def test_it_runs_as_many_attempts_at_once_as_it_has_cpus(stand_in: StandIn, tmp_path: Path) -> None:
    assert ContainerRunner.jobs({"cpus": 3.5}) == 3
    assert ContainerRunner.jobs({"cpus": 3.5, "jobs": 8}) == 8
    assert ContainerRunner.jobs({}) is None
    options = {"image": "x", "cpus": 1}
    with executor_of(ContainerRunner, tmp_path / "run", [operation("increment", returns=True)], options) as executor:
        found = run_all(executor, [order(f"s{number}", x=number) for number in range(10)])

    assert {str(end.worker) for end in found.values()} == {"x/w1"}
