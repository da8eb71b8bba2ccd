"""What a promotion is told of hosts: a real station answers, through a program that stands in for ssh."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pipe_places import GRAFT, StandIn

from graftline.core.errors import InvalidError, PluginError
from graftline.core.runnerhealth import Question, Reach
from graftline.plugins.ssh.runner import SshRunner

QUESTION = Question(packages=("pytest", "no-such"), secrets=("HOME", "NO_SUCH_SECRET"))


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(monkeypatch, tmp_path / "there", "ssh")


def test_a_host_says_what_it_has_and_nothing_is_left_there(stand_in: StandIn) -> None:
    given = {"address": "me@noisy", "graft": GRAFT, "labels": ["big"], "resources": {"licence": 1}, "limit": 1000}

    found = SshRunner.health(given, QUESTION)

    assert (found.reach, found.limit_bytes) == (Reach.UP, 1000)
    assert found.told.startswith("host me@noisy has ")
    assert found.told.endswith(" free")
    assert found.offers is not None
    assert found.offers - {"gpu"} == {"big", "licence"}
    (answer,) = found.answers
    assert (answer.name, answer.refusal, list(answer.packages or ())) == ("noisy", None, ["pytest"])
    assert answer.secrets == {"HOME": True, "NO_SUCH_SECRET": False}
    assert stand_in.left() == []


def test_a_run_would_go_on_without_a_host_that_is_out_of_reach_but_not_without_one_that_refuses(
    stand_in: StandIn,
) -> None:
    down = SshRunner.health({"address": ["here", "unreachable"], "graft": GRAFT}, QUESTION)
    refusing = SshRunner.health({"address": ["here", "denied"], "graft": GRAFT}, QUESTION)

    assert down.reach is Reach.UP
    assert "host here has" in down.told
    assert "Connection refused" in down.told
    assert refusing.reach is Reach.DOWN
    assert "Permission denied (publickey)" in refusing.told
    assert "must work without a question" in (refusing.remedy or "")


@pytest.mark.parametrize(
    ("graft", "told", "remedy"),
    [
        ("no-such-graft", "has no graftline", "[runner.NAME] graft"),
        ("false #", "ended with exit code 1", "is it this graftline?"),
        ("sleep 30 #", "no station answered in time", "try: ssh me@box"),
    ],
)
def test_a_host_without_a_station_says_so_in_time(stand_in: StandIn, graft: str, told: str, remedy: str) -> None:
    began = time.monotonic()

    found = SshRunner.health({"address": "me@box", "graft": graft}, Question(timeout_s=1.0))

    assert time.monotonic() - began < 2.0
    assert found.reach is Reach.DOWN
    assert told in found.told
    assert remedy in (found.remedy or "")
    assert stand_in.left() == []


def test_another_graftline_is_refused_before_it_is_asked_anything(stand_in: StandIn, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text(
        "import importlib.metadata as found\nknown = found.version\n"
        "found.version = lambda name: '0.0.1' if name == 'graftline' else known(name)\n"
    )
    given = {"address": "me@box", "graft": GRAFT.replace("PYTHONPATH=", f"PYTHONPATH={other}:")}

    found = SshRunner.health(given, QUESTION)

    assert "host me@box has graftline 0.0.1, this run needs" in str(found.answers[0].refusal)
    assert found.answers[0].packages is None


def test_options_that_cannot_be_and_a_machine_without_ssh_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(InvalidError, match="did you mean 'address'"):
        SshRunner.health({"adress": "me@box"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PluginError, match="needs the program ssh"):
        SshRunner.health({"address": "me@box"})
