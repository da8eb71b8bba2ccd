"""The command line as a process: signals, broken pipes, a real terminal, what it imports."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import call

DEADLINE_S = 30.0
STEPS = """
import sys, time

def quick():
    print("quick ran")

def slow():
    print("slow began", flush=True)
    time.sleep(60)

def stubborn():
    print("stubborn began", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

def wrong():
    print("about to fail", file=sys.stderr)
    return {"a": 1}["b"]
"""
PIPELINES = """
from graftline import Pipeline, PythonTask
from steps import quick, slow, stubborn, wrong

short = Pipeline([PythonTask(quick)], name="short")
long = Pipeline([PythonTask(quick), PythonTask(slow)], name="long")
hard = Pipeline([PythonTask(stubborn)], name="hard")
bad = Pipeline([PythonTask(quick), PythonTask(wrong)], name="bad")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with steps that end, sleep, refuse to stop and fail, and a store of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "steps.py").write_text(STEPS)
    (folder / "pipeline.py").write_text(PIPELINES)
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    return folder


def start(project: Path, *arguments: str, **options: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "graftline", *arguments]
    return subprocess.Popen(
        command,
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=options.get("stdout", subprocess.PIPE),
        stderr=options.get("stderr", subprocess.PIPE),
    )


def graft(project: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Look at what the processes under test do, from this one; a run begins in one of its own."""
    if arguments[0] == "run":
        command = [sys.executable, "-m", "graftline", *arguments]
        return subprocess.run(
            command, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S, check=False
        )
    said = call(project, *arguments)
    return subprocess.CompletedProcess(arguments, said.code, said.out.encode(), said.err.encode())


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.05)


def wait_for_log(project: Path, text: bytes) -> None:
    wait_until(lambda: text in graft(project, "logs").stdout, f"a step writes {text!r}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_one_signal_cancels_the_run_politely(project: Path, number: int, code: int) -> None:
    running = start(project, "run", "pipeline.py:long")
    wait_for_log(project, b"slow began")
    running.send_signal(number)
    _, err = running.communicate(timeout=DEADLINE_S)
    assert running.returncode == code
    assert (b"stopping" in err) == (number == signal.SIGINT)
    document = json.loads(graft(project, "show", "--json").stdout)
    assert document["state"] == "CANCELLED"
    assert [step["state"] for step in document["steps"]] == ["SUCCESS", "CANCELLED"]


def test_a_second_ctrl_c_kills_a_step_that_will_not_stop(project: Path) -> None:
    running = start(project, "run", "pipeline.py:hard")
    wait_for_log(project, b"stubborn began")
    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert running.poll() is None
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=DEADLINE_S)
    assert time.monotonic() - begun < 5  # the grace is 10 s
    assert running.returncode == 130
    assert b"killing" in err


def test_a_lost_terminal_does_not_stop_the_run(project: Path) -> None:
    running = start(project, "run", "pipeline.py:long")
    wait_for_log(project, b"slow began")
    running.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert running.poll() is None
    assert json.loads(graft(project, "show", "--json").stdout)["state"] == "STARTED"
    assert graft(project, "cancel", "--kill").returncode == 0
    running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 130


def test_a_detached_run_is_followed_and_its_exit_code_passed_on(project: Path) -> None:
    assert graft(project, "run", "pipeline.py:bad", "--detach").returncode == 0
    attached = graft(project, "attach")
    assert attached.returncode == 1
    assert "✗ failed       wrong" in attached.stdout.decode()
    assert "KeyError: 'b'" in attached.stdout.decode()
    assert b"about to fail" in graft(project, "logs", "@last", "wrong", "--follow").stdout


def test_a_reader_that_leaves_is_no_error(project: Path) -> None:
    assert graft(project, "run", "pipeline.py:short").returncode == 0
    reading, writing = os.pipe()
    listing = start(project, "events", "--json", stdout=writing)
    os.close(reading)
    os.close(writing)
    _, err = listing.communicate(timeout=DEADLINE_S)
    assert listing.returncode in (0, 141)
    assert err == b""


def test_on_a_terminal_there_is_a_live_picture_and_the_cursor_comes_back(project: Path) -> None:
    ours, theirs = pty.openpty()
    running = start(project, "run", "pipeline.py:bad", stdout=theirs)
    os.close(theirs)
    drawn = b""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and select.select([ours], [], [], DEADLINE_S)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break  # the last writer has closed the terminal
        drawn += part
        if not part:
            break
    os.close(ours)
    running.communicate(timeout=DEADLINE_S)
    assert running.returncode == 1
    text = drawn.decode()
    assert text.count("\x1b[?25l") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert "graft retry" in text


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["ls"], ["show", "--help"]])
def test_commands_import_only_what_they_need(project: Path, arguments: list[str]) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['graft', *{arguments!r}]\n"
        "try: runpy.run_module('graftline', run_name='__main__', alter_sys=True)\n"
        "except SystemExit: pass\n"
        "print('loaded:', *sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, timeout=DEADLINE_S, check=True, text=True
    )
    loaded = set(done.stdout.rpartition("loaded:")[2].split())
    assert not loaded & {"rich", "sqlmodel", "textual", "asyncio", "graphviz", "pydantic"}
    if arguments == ["--help"]:
        assert not {name for name in loaded if name.startswith(("graftline.store", "graftline.wiring", "sqlite3"))}
        assert not {name for name in loaded if name.startswith("graftline.cli.commands")}


AT_EXIT = """
import atexit, os, sys
def leave(code, end=os._exit):
    os.write(1, b"cut short")
    end(code)
os._exit = leave
{before}
sys.argv = ["graft", "ls"]
import graftline.__main__ as entry
def face(arguments, found=entry._face):
    atexit.register(print, "told at exit")
    return found(arguments)
entry._face = face
entry.main()
"""


@pytest.mark.parametrize(
    ("before", "is_cut_short"),
    [("", True), ("atexit.register(print, 'told before')", False)],
    ids=["nobody before", "a tool before"],
)
def test_a_command_ends_without_being_taken_apart_unless_a_tool_waits_for_its_end(
    project: Path, before: str, is_cut_short: bool
) -> None:
    command = [sys.executable, "-c", AT_EXIT.format(before=before)]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=DEADLINE_S)

    assert ended.returncode == 0
    assert "no run yet" in ended.stdout
    assert "told at exit" in ended.stdout
    assert ("told before" in ended.stdout) is not is_cut_short
    assert ("cut short" in ended.stdout) is is_cut_short
