"""Attempts on hosts behind a program that stands in for ssh: the pipe, the stations and their processes are real."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from local_runs import ends, left_behind, logged, operation, order, run_all, until
from pipe_places import GRAFT, StandIn, executor_of, survivors

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import InvalidError, PluginError
from graftline.core.events import AttemptCancelled, AttemptFailed, AttemptSucceeded
from graftline.core.states import Reason
from graftline.plugins.pipe.frames import Frame, encode
from graftline.plugins.pipe.link import PipeLink
from graftline.plugins.remote.executor import RemoteExecutor
from graftline.plugins.ssh.host import hosts_of
from graftline.plugins.ssh.runner import SshRunner
from graftline.worker.blobs import has_object, store
from graftline.worker.handshake import here
from graftline.worker.serializers import dump

INCREMENT, SAY, DOUBLED, KILL, SNOOZE, GPU, TPU, SECRET, LARGE, LICENSED = range(10)
OPERATIONS = [
    operation("increment", returns=True),
    operation("say"),
    operation("doubled", returns=True),
    operation("kill_myself"),
    operation("snooze"),
    operation("nothing", labels=("gpu",)),
    operation("nothing", labels=("tpu",)),
    operation("nothing", secrets=("NOT_SET_THERE",)),
    operation("large", returns=True),
    operation("stamp", resources={"licence": 1}),
]


class Host(NamedTuple):
    """An executor on a host whose shell prints, and the run's folder here."""

    executor: RemoteExecutor
    folder: Path


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One connection for the tests that break nothing; what it leaves is looked at when it is closed."""
    folder = tmp_path_factory.mktemp("host")
    with pytest.MonkeyPatch.context() as patch:
        stand_in = StandIn(patch, folder / "there", "ssh")
        options = {"address": "me@noisy", "labels": ["gpu"], "resources": {"licence": 1}, "jobs": 2, "limit": 1_000_000}
        with executor_of(SshRunner, folder, OPERATIONS, options, jobs=8) as executor:
            yield Host(executor, folder)
        assert stand_in.left() == []


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(monkeypatch, tmp_path / "there", "ssh")


def test_steps_run_from_the_bundle_alone_though_the_login_shell_prints(host: Host) -> None:
    found = run_all(host.executor, [order(f"i{number}", INCREMENT, x=number) for number in range(40)])

    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert [found[f"i{number}"].outputs[0].ref.inline for number in range(3)] == [b"1", b"2", b"3"]  # type: ignore[union-attr]
    assert {str(end.worker).partition("/")[0] for end in found.values()} == {"noisy"}


def test_what_a_step_prints_comes_home_while_the_run_goes_on(host: Host) -> None:
    host.executor.submit([order("speaks", SAY, text="héllo")])
    ends(host.executor, 1)

    assert until(lambda: logged(host.folder).get(("speaks", 1, "stdout")) == "héllo\n".encode())


def test_large_values_go_there_and_come_back(host: Host) -> None:
    large = store(dump(b"x" * 300_000), str(host.folder / "objects"))
    assert large.inline is None

    host.executor.submit([order("twice", DOUBLED)._replace(arguments=(("data", large),))])
    end = ends(host.executor, 1)["twice"]

    assert isinstance(end, AttemptSucceeded)
    made: ArtifactRef = end.outputs[0].ref
    assert made.size >= 600_000
    assert has_object(str(host.folder / "objects"), made.sha256, made.size)


def test_values_over_the_limit_fail_the_attempt_and_name_the_option(host: Host) -> None:
    large = store(dump(b"x" * 1_100_000), str(host.folder / "objects"))

    host.executor.submit([order("much", DOUBLED)._replace(arguments=(("data", large),))])
    end = ends(host.executor, 1)["much"]

    assert isinstance(end, AttemptFailed)
    assert "artifacts" in end.error.message


def test_a_step_that_kills_its_process_fails_alone_with_the_cause(host: Host) -> None:
    found = run_all(host.executor, [order("dies", KILL), *(order(f"n{number}", INCREMENT) for number in range(3))])

    died = found.pop("dies")
    assert isinstance(died, AttemptFailed)
    assert (died.reason, died.error.type) == (Reason.SIGNAL, "WorkerDied")
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())


def test_a_label_that_is_not_offered_fails_with_what_is(host: Host) -> None:
    host.executor.submit([order("offered", GPU), order("unknown", TPU)])
    found = ends(host.executor, 2)

    assert isinstance(found["offered"], AttemptSucceeded)
    failed = found["unknown"]
    assert isinstance(failed, AttemptFailed)
    assert "the step wants 'tpu'; offered by host me@noisy: gpu, licence" in failed.error.message
    assert "labels = ['tpu']" in failed.error.message


def test_what_there_is_one_of_is_held_by_one_step_at_a_time(host: Host, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"folder": str(tmp_path), "name": "held", "seconds": 0.1}

    host.executor.submit(
        [*(order(f"l{number}", LICENSED, **arguments) for number in range(3)), order("free", INCREMENT)]
    )
    found = ends(host.executor, 4)

    spans = sorted(tuple(map(float, line.split()[:2])) for line in (tmp_path / "held").read_text().splitlines())
    assert next(iter(found)) == "free"
    assert len(spans) == 3
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


def test_secrets_are_looked_up_where_the_step_runs(host: Host) -> None:
    host.executor.submit([order("secret", SECRET)])
    end = ends(host.executor, 1)["secret"]

    assert isinstance(end, AttemptFailed)
    assert "NOT_SET_THERE" in end.error.message


def test_cancelling_stops_what_runs_and_what_waits(host: Host) -> None:
    names = [f"z{number}" for number in range(4)]
    host.executor.submit([order(name, SNOOZE, seconds=30) for name in names])
    host.executor.wait(0.3)

    host.executor.cancel(names, grace_s=2)
    found = ends(host.executor, 4)

    assert all(isinstance(end, AttemptCancelled) for end in found.values())


def test_a_killed_station_loses_what_it_had_once_and_the_next_one_goes_on(stand_in: StandIn, tmp_path: Path) -> None:
    operations = [operation("leave_children_and_stay"), operation("nothing")]
    folder = tmp_path / "run"
    with executor_of(SshRunner, folder, operations, {"address": "box", "jobs": 1}) as executor:
        executor.submit([order("long", 0, folder=str(tmp_path))])
        assert until(lambda: not executor.wait(0.05) and (tmp_path / "pids").exists())
        children = left_behind(tmp_path)

        os.kill(stand_in.pids()[0], signal.SIGKILL)
        end = ends(executor, 1)["long"]
        after = run_all(executor, [order(f"s{number}", 1) for number in range(5)])

    assert isinstance(end, AttemptFailed)
    assert (end.reason, end.error.type) == (Reason.LOST, "WorkerLost")
    assert "the connection to host box was lost" in end.error.message
    assert all(isinstance(each, AttemptSucceeded) for each in after.values())
    assert len(stand_in.pids()) == 2
    assert survivors(children) == []


def test_a_station_whose_pipe_ends_leaves_no_process_behind(stand_in: StandIn, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with executor_of(SshRunner, folder, [operation("leave_children_and_stay")], {"address": "box"}) as executor:
        executor.submit([order("long", 0, folder=str(tmp_path))])
        assert until(lambda: not executor.wait(0.05) and (tmp_path / "pids").exists())
        children = left_behind(tmp_path)
        program = executor._link.lines[0]._program  # type: ignore[attr-defined]

        with open(os.devnull, "wb") as nothing:  # as when the host is gone
            os.dup2(nothing.fileno(), program._process.stdin.fileno())
        ends(executor, 1)

        assert survivors(children) == []
    assert stand_in.left() == []


def test_a_host_that_says_nothing_any_more_counts_as_lost(stand_in: StandIn, tmp_path: Path) -> None:
    with executor_of(SshRunner, tmp_path / "run", [operation("finish_after_cancel")], {"address": "box"}) as executor:
        link = executor._link
        assert isinstance(link, PipeLink)
        link.lines[0].silence_s = 3.0  # of this line alone: the one that other tests share has a beat of 5 s
        executor.submit([order("long", 0, folder=str(tmp_path))])
        assert until(lambda: not executor.wait(0.05) and (tmp_path / "began").exists())
        os.kill(stand_in.pids()[0], signal.SIGSTOP)
        end = ends(executor, 1)["long"]

    assert isinstance(end, AttemptFailed)
    assert (end.reason, end.error.message) == (Reason.LOST, "host box has said nothing for 3 s")


def test_several_hosts_share_the_attempts_and_one_out_of_reach_is_gone_without(
    stand_in: StandIn, tmp_path: Path
) -> None:
    options = {"address": ["one", "two", "unreachable"], "jobs": 1, "patience": 0.5}
    with executor_of(SshRunner, tmp_path / "run", [operation("snooze")], options, jobs=8) as executor:
        assert until(lambda: not executor.wait(0.05) and executor.room() == 4)  # both are up
        found = run_all(executor, [order(f"s{number}", 0, seconds=0.1) for number in range(8)])
        assert until(lambda: ("", 0, "system") in logged(tmp_path / "run"))

    workers = [str(end.worker).partition("/")[0] for end in found.values()]
    assert all(isinstance(end, AttemptSucceeded) for end in found.values())
    assert min(workers.count("one"), workers.count("two")) >= 2
    notes = logged(tmp_path / "run")[("", 0, "system")].decode()
    assert "host unreachable is out of reach: tried" in notes
    assert "going on without it" in notes


def test_it_is_tried_again_until_the_host_is_there(stand_in: StandIn, tmp_path: Path) -> None:
    with executor_of(SshRunner, tmp_path / "run", [operation("nothing")], {"address": "later"}) as executor:
        executor.submit([order("s", 0)])
        assert until(lambda: len(stand_in.calls()) > 1)
        (stand_in.folder / "up").touch()

        assert isinstance(ends(executor, 1)["s"], AttemptSucceeded)


@pytest.mark.parametrize(
    ("address", "words", "hint", "tries"),
    [
        ("unreachable", "host unreachable is out of reach: tried 2 times in 0.5 s; ssh to unreachable failed: ssh: "
         "connect to host unreachable port 22: Connection refused", None, 2),
        ("me@denied", "ssh to me@denied failed: me@denied: Permission denied (publickey).", "identity", 1),
        ("stranger", "Host key verification failed.", "`ssh stranger`, and look at the key", 1),
        ("bare", "host bare has no graftline, or not where a login without a terminal finds it", "(now: graft)", 1),
    ],
)  # fmt: skip
def test_what_keeps_a_host_from_working_is_one_message_with_sshs_own_words(
    stand_in: StandIn, tmp_path: Path, address: str, words: str, hint: str | None, tries: int
) -> None:
    options = {"address": address, "patience": 0.5, "graft": "graft"}
    with executor_of(SshRunner, tmp_path / "run", [operation("nothing")], options) as executor:
        executor.submit([order("s", 0)])
        with pytest.raises(PluginError) as failed:
            executor.wait(10)

    assert words in str(failed.value)
    assert (hint or "") in (failed.value.hint or "")
    assert len(stand_in.calls()) == tries


def saying(folder: Path, *frames: Frame) -> str:
    """Return a command that says these frames, as a station would, and then listens."""
    said = b"".join(map(encode, frames))
    octal = "".join(f"\\{byte:03o}" for byte in said)
    command = folder / "graft"
    command.write_text(f'#!/bin/sh\nprintf "\\001graftline-station $2\\n{octal}"\ncat >/dev/null\n')
    command.chmod(0o755)
    return str(command)


OURS = {**here()._asdict(), "cores": 1, "gpus": 0}


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (
            [Frame("hello", {**OURS, "graftline": "9.9", "python": "3.99"})],
            r"host box has graftline 9\.9, this run needs",
        ),
        (
            [Frame("hello", OURS), Frame("beat"), Frame("refused", {"message": "No space left on device"})],
            "host box cannot work for this run: No space left on device",
        ),
    ],
)
def test_a_station_that_cannot_work_for_the_run_ends_it_with_the_reason(
    stand_in: StandIn, tmp_path: Path, frames: list[Frame], words: str
) -> None:
    options = {"address": "box", "graft": saying(tmp_path, *frames)}
    with executor_of(SshRunner, tmp_path / "run", [operation("nothing")], options) as executor:
        executor.submit([order("s", 0)])
        with pytest.raises(PluginError, match=words):
            executor.wait(10)

    assert len(stand_in.calls()) == 1


def test_ssh_is_asked_for_no_password_and_ends_when_nobody_answers(stand_in: StandIn, tmp_path: Path) -> None:
    options = {
        "address": "me@unreachable",
        "patience": 0.0,
        "port": 2222,
        "identity": "~/.ssh/key",
        "options": ["ServerAliveInterval=5"],
    }
    with executor_of(SshRunner, tmp_path / "run", [operation("nothing")], options) as executor:
        with pytest.raises(PluginError, match="tried once"):
            executor.wait(10)

    (call,) = stand_in.calls()
    words = call.split(" -- ")[0]
    assert words.startswith("-T -o BatchMode=yes ")
    assert words.index("ServerAliveInterval=5") < words.index("ServerAliveInterval=15")  # ssh takes the first
    assert words.endswith(f"-p 2222 -i {Path.home()}/.ssh/key")
    assert call.split(" -- ")[1].startswith(f"me@unreachable {GRAFT} serve-station ")


def test_an_interpreter_may_be_named_in_place_of_the_command() -> None:
    (host,) = hosts_of({"address": "box", "python": "~/venv/bin/python"})

    assert host.command("n0nce")[0][-1] == "~/venv/bin/python -m graftline serve-station n0nce"


@pytest.mark.parametrize(("code", "is_final"), [(2, True), (127, True), (-9, False), (137, False), (None, False)])
def test_what_a_signal_ended_is_tried_again_and_what_would_be_the_same_is_not(code: int | None, is_final: bool) -> None:
    (host,) = hosts_of({"address": "box"})

    assert host.verdict(code, "").is_final is is_final
    assert "it said nothing" in host.verdict(code, "").message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"adress": "box"}, "no option 'adress'; did you mean 'address'"),
        ({}, "needs an address"),
        ({"address": "-oProxyCommand=sh"}, "'-oProxyCommand=sh' is no address"),
        ({"address": ["box", 3]}, "3 is no address"),
        ({"address": "box", "jobs": "two"}, "'jobs' is a number, not 'two'"),
        ({"address": "box", "jobs": 0}, "'jobs' cannot be 0"),
        ({"address": "box", "graft": "g", "python": "p"}, "'graft' or 'python', not both"),
        ({"address": "box", "artifacts": "here"}, "'artifacts' is an absolute directory, not 'here'"),
        ({"address": "box", "resources": {"gpu": "one"}}, "resources.gpu is a number above 0, not 'one'"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        SshRunner.executor(None, **options)  # type: ignore[arg-type]


def test_without_ssh_on_path_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PluginError, match="needs the program ssh, which is not on PATH"):
        SshRunner.executor(None, address="box")  # type: ignore[arg-type]


def test_only_values_that_attempts_were_sent_with_are_told(host: Host) -> None:
    private = store(dump(b"p" * 300_000), str(host.folder / "objects"))

    assert host.executor.read(private.sha256)
    assert host.executor._link._value(private.sha256) is None  # type: ignore[attr-defined]
