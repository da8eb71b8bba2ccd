"""OpenSSH on the loopback, both sides real: a login, a lost connection, a refused key, an unknown host."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_runs import DEADLINE_S, ends, is_alive, left_behind, operation, order, run_all, until
from pipe_places import GRAFT, executor_of, survivors
from pipe_runs import configure
from sample_runs import Sample
from sshd import IS_NEEDED, SSHD, Sshd
from waiting_runs import attempts_of, outcome, waiting_project

from graftline.core.errors import PluginError
from graftline.core.events import AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.ssh.runner import SshRunner

pytestmark = [
    pytest.mark.ssh,
    pytest.mark.skipif(
        SSHD is None and not IS_NEEDED, reason="OpenSSH's sshd is not here: apt-get install openssh-server"
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    assert SSHD is not None, "CI needs sshd: apt-get install openssh-server"
    found = Sshd(tmp_path_factory.mktemp("sshd"))
    (found.folder / "home" / ".bashrc").write_text("echo Welcome; printf 'no end of line'\n")
    yield found
    found.close()


def test_a_sample_has_the_outcomes_and_digests_it_has_here_and_leaves_nothing_there(
    server: Sshd, tmp_path: Path
) -> None:
    here, there = Sample("iris", tmp_path / "h"), Sample("iris", tmp_path / "t")
    scratch = tmp_path / "scratch"
    configure(there.root, "ssh", graft=GRAFT, directory=str(scratch), **server.options)

    expected = here.document("run", "-j", "2")
    found = there.document("run", "-R", "there")

    assert outcome(found) == outcome(expected)
    assert until(lambda: server.sessions() == [])
    assert list(scratch.iterdir()) == []


def test_a_lost_connection_ends_what_runs_there_and_the_next_one_goes_on(server: Sshd, tmp_path: Path) -> None:
    operations = [operation("leave_children_and_stay"), operation("nothing")]
    options: dict[str, Any] = {**server.options, "jobs": 1}
    with executor_of(SshRunner, tmp_path / "run", operations, options) as executor:
        executor.submit([order("long", 0, folder=str(tmp_path))])
        assert until(lambda: not executor.wait(0.05) and (tmp_path / "pids").exists(), DEADLINE_S)
        children = left_behind(tmp_path)
        running = server.sessions()

        server.cut(signal.SIGKILL)
        end = ends(executor, 1)["long"]
        after = run_all(executor, [order(f"s{number}", 1) for number in range(5)])

        assert survivors([*children, *running]) == []
    assert isinstance(end, AttemptFailed)
    assert (end.reason, end.error.type) == (Reason.LOST, "WorkerLost")
    assert "the connection to host" in end.error.message
    assert all(isinstance(each, AttemptSucceeded) for each in after.values())


@pytest.mark.fault
def test_a_host_that_goes_down_in_mid_run_is_one_clear_failure_and_a_retry_goes_on_here(tmp_path: Path) -> None:
    assert SSHD is not None
    server = Sshd(tmp_path / "sshd")
    sample, marks = waiting_project(tmp_path, 0)
    configure(sample.root, "ssh", graft=GRAFT, patience=1.0, **server.options)

    def go_down() -> None:
        assert until((marks / "began").exists)
        server.go_down()

    killer = threading.Thread(target=go_down)
    killer.start()
    lost = sample.graft("run", "-R", "there", "-p", f"marks={marks}")
    killer.join()
    (marks / "go").touch()
    healed = sample.document("retry", "-R", "local")

    assert lost.returncode in (1, 4), lost.stdout + lost.stderr
    assert attempts_of(sample, 1) == [("FAILURE", "LOST"), ("SUCCESS", None)]
    assert healed["state"] == "SUCCESS"
    assert (marks / "began").read_text() == "xx"


def test_a_killed_host_of_the_run_leaves_nothing_there(server: Sshd, tmp_path: Path) -> None:
    sample, marks = waiting_project(tmp_path, 0)
    configure(sample.root, "ssh", graft=GRAFT, **server.options)
    command = [sys.executable, "-m", "graftline", "run", "-R", "there", "-p", f"marks={marks}"]
    process = subprocess.Popen(command, cwd=sample.root, env=sample.environ, stdout=subprocess.DEVNULL)
    assert until((marks / "began").exists, 30.0)
    running = server.sessions()
    assert any(is_alive(pid) for pid in running)

    process.kill()
    process.wait()

    assert survivors(running) == []


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [("user_key", "Permission denied (publickey)"), ("known_hosts", "Host key verification failed.")],
)
def test_a_key_that_is_refused_is_told_in_sshs_own_words(server: Sshd, tmp_path: Path, spoilt: str, words: str) -> None:
    options: dict[str, Any] = dict(server.options)
    if spoilt == "user_key":
        options["identity"] = str(server.folder / "host_key")
    else:
        options["options"] = ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes"]
    with executor_of(SshRunner, tmp_path / "run", [operation("nothing")], options) as executor:
        executor.submit([order("s", 0)])
        with pytest.raises(PluginError) as failed:
            executor.wait(DEADLINE_S)

    assert words in str(failed.value)
    assert failed.value.hint is not None
