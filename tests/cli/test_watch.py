"""`graft watch` as a process: in a pipe, as NDJSON, and on a terminal with its keys."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from watches import PIPELINE, STEPS

DEADLINE_S = 20.0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "graftline.toml").write_text("")
    (root / "pipeline.py").write_text(PIPELINE)
    (root / "steps.py").write_text(STEPS)
    monkeypatch.setenv("GRAFTLINE_HOME", str(tmp_path / "store"))
    return root


class Going:
    """A watch that goes on; what it writes is read from one descriptor."""

    def __init__(self, process: subprocess.Popen[bytes], output: int):
        self.process = process
        self.output = output
        self.text = ""
        self._seen = 0

    def until(self, *words: str) -> str:
        """Read until all of these were written since the last call; return what was."""
        deadline = time.monotonic() + DEADLINE_S
        while not all(word in self.text[self._seen :] for word in words):
            left = deadline - time.monotonic()
            assert left > 0, f"no {words} in {self.text[self._seen :]!r}"
            if not select.select([self.output], [], [], left)[0]:
                continue
            try:
                part = os.read(self.output, 65536)
            except OSError:  # the terminal's last user has left
                part = b""
            assert part, f"it ended without {words}: {self.text[self._seen :]!r}"
            self.text += part.decode()
        found = self.text[self._seen :]
        self._seen = len(self.text)
        return found

    def end(self) -> int:
        """Read what it still writes, and return its exit code."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            try:
                part = os.read(self.output, 65536) if select.select([self.output], [], [], 0.05)[0] else None
            except OSError:
                part = b""
            if part == b"":
                break
            if part:
                self.text += part.decode()
            elif self.process.poll() is not None:
                break
        return self.process.wait(DEADLINE_S)


@pytest.fixture
def going() -> Iterator[list[Going]]:
    """Watches to be ended after the test."""
    started: list[Going] = []
    yield started
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait()
        os.close(each.output)


def piped(going: list[Going], project: Path, *arguments: str) -> Going:
    ours, theirs = os.pipe()
    command = [sys.executable, "-m", "graftline", *arguments]
    process = subprocess.Popen(
        command, cwd=project, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    going.append(Going(process, ours))
    return going[-1]


def on_terminal(going: list[Going], project: Path, *arguments: str) -> tuple[Going, int]:
    """Start it on a terminal of its own, as a shell would; return it and the terminal."""
    pid, ours = pty.fork()
    if pid == 0:
        os.chdir(project)
        os.execv(sys.executable, [sys.executable, "-m", "graftline", *arguments])
    process = _Forked(pid)
    going.append(Going(process, ours))  # type: ignore[arg-type]
    return going[-1], ours


class _Forked:
    """What a test wants of a Popen, of a process made by `pty.fork`."""

    def __init__(self, pid: int):
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = DEADLINE_S) -> int:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.01)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def save(project: Path, name: str, text: str) -> None:
    fresh = project / f".{name}.tmp"
    fresh.write_text(text)
    os.replace(fresh, project / name)


def test_in_a_pipe_it_writes_lines_and_says_what_a_save_concerns(going: list[Going], project: Path) -> None:
    watch = piped(going, project, "watch")
    first = watch.until("waiting for changes")

    save(project, "steps.py", STEPS.replace("FACTOR = 1", "FACTOR = 2"))
    second = watch.until("waiting for changes")
    watch.process.send_signal(signal.SIGINT)

    assert watch.end() == 0
    assert first.startswith("watching pipeline.py in ")
    assert "held: report" in first
    assert "saved steps.py" in second
    assert "clean   steps.py:FACTOR changed" in second
    assert "report  if what it gets changes" in second
    assert "\x1b" not in watch.text
    assert "Traceback" not in watch.text


def test_broken_code_is_shown_with_its_line_and_waited_for(going: list[Going], project: Path) -> None:
    watch = piped(going, project, "watch")
    watch.until("waiting for changes")

    save(project, "steps.py", STEPS.replace("FACTOR = 1", "FACTOR = = 1"))
    said = watch.until("waiting for valid code")
    save(project, "steps.py", STEPS)
    watch.until("no step is concerned", "waiting for changes")
    watch.process.send_signal(signal.SIGTERM)

    assert watch.end() == 143
    assert "steps.py:3: " in said
    assert "      FACTOR = = 1" in said


def test_a_failed_step_is_shown_as_run_does(going: list[Going], project: Path) -> None:
    save(project, "steps.py", STEPS.replace("return 3", "return {}['missing']"))
    watch = piped(going, project, "watch", "--effects")

    said = watch.until("waiting for changes")
    watch.process.send_signal(signal.SIGINT)

    assert watch.end() == 0
    assert "KeyError: 'missing'" in said
    assert "steps.py:11 in load" in said


def test_json_is_a_row_for_each_event(going: list[Going], project: Path) -> None:
    watch = piped(going, project, "--json", "watch", "--only", "load,clean")
    watch.until('"event": "waiting"')
    save(project, "steps.py", STEPS.replace("FACTOR = 1", "FACTOR = 2"))
    watch.until('"event": "waiting"')
    save(project, "steps.py", "def")
    watch.until('"event": "waiting"')
    watch.process.send_signal(signal.SIGINT)

    assert watch.end() == 0
    rows = [json.loads(line) for line in watch.text.splitlines()]
    wave = ["planned", "started", "finished", "waiting"]
    assert [row["event"] for row in rows] == [*wave, "changed", *wave, "changed", "error", "waiting"]
    assert rows[5]["changed"] == [{"path": "clean", "why": ["steps.py:FACTOR changed"]}]
    assert rows[7]["run"]["state"] == "SUCCESS"
    assert (rows[10]["error"]["line"], rows[11]["broken"]) == (1, True)


def test_on_a_terminal_keys_run_again_release_and_leave(going: list[Going], project: Path) -> None:
    watch, terminal = on_terminal(going, project, "watch", "--notify")
    before = termios.tcgetattr(terminal)[3]
    watch.until("waiting for changes", "held: report (space runs one)")
    while termios.tcgetattr(terminal)[3] & termios.ICANON:
        time.sleep(0.01)

    os.write(terminal, b" ")
    released = watch.until("released", "waiting for changes")
    os.write(terminal, b"R")
    forced = watch.until("every step, whatever is known", "waiting for changes")
    os.write(terminal, b"q")

    assert watch.end() == 0
    assert (project / "ran.log").read_text().splitlines() == ["load", "clean", "report 3", "load", "clean"]
    assert "\a" in released
    assert "\x1b]9;main: ok" in forced
    assert "\x1b]2;graft watch main: ok" in forced
    assert before & termios.ICANON


def test_ctrl_c_on_a_terminal_stops_the_wave_and_puts_the_terminal_back(going: list[Going], project: Path) -> None:
    slow = STEPS.replace('    note("load")\n', '    note("load")\n    import time\n    time.sleep(60)\n')
    save(project, "steps.py", slow)
    watch, terminal = on_terminal(going, project, "watch")
    watch.until("load")
    while not (project / "ran.log").exists():
        time.sleep(0.01)

    os.write(terminal, b"\x03")
    watch.until("stopping", "cancelled")

    # The terminal's settings can be read while somebody holds it: before the last read, not after the end.
    deadline = time.monotonic() + DEADLINE_S
    while not termios.tcgetattr(terminal)[3] & termios.ICANON:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert watch.end() == 0


def test_a_target_that_does_not_exist_is_an_error_at_once(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graftline", "watch", "nowhere.py"],
        cwd=project, capture_output=True, text=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "nowhere.py" in done.stderr


def test_waves_are_listed_only_with_all(going: list[Going], project: Path) -> None:
    watch = piped(going, project, "watch")
    watch.until("waiting for changes")
    watch.process.send_signal(signal.SIGINT)
    watch.end()

    def listed(*arguments: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "graftline", "--json", "ls", *arguments],
            cwd=project, capture_output=True, text=True, timeout=DEADLINE_S, stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        return [run["origin"] for run in json.loads(done.stdout)["runs"]]

    assert listed() == []
    assert listed("--all") == ["watch"]
