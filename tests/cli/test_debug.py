"""`graft debug` with real processes: what opens where, on which inputs and code, and what it leaves behind."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from command_line import Said, call
from debug_steps import FILES, STEPS
from forked_nurseries import COMMAND, forked

DEADLINE_S = 60.0
Debug = Callable[..., Said]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("debug") / "project"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def environ(project: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONBREAKPOINT"}
    return {**kept, "GRAFTLINE_HOME": str(project.parent / "store"), "DEBUG_TOKEN": "twelve-chars"}


def start(project: Path, *arguments: str, commands: str | None, **more: str) -> Said:
    """Call `graft` as a process, with a file or nothing as its standard input."""
    with TemporaryFile() as asked, TemporaryFile() as out, TemporaryFile() as err, open(os.devnull) as nothing:
        asked.write((commands or "").encode())
        asked.seek(0)
        code = forked(
            "forked_entries:graft",
            *arguments,
            streams=((nothing if commands is None else asked).fileno(), out.fileno(), err.fileno()),
            modules=COMMAND,
            directory=str(project),
            environ={**environ(project), **more},
        ).wait(DEADLINE_S)
        out.seek(0)
        err.seek(0)
        return Said(code, out.read().decode(), err.read().decode())


@pytest.fixture(scope="module")
def runs(project: Path) -> None:
    """A run of each pipeline; then the code and a catalog file change."""
    for name in ("kinds", "mapped"):
        call(project, "run", f"pipeline.py:{name}", "--tag", name, environ=environ(project))
    (project / "steps.py").write_text(STEPS.replace("two is wrong", "another text"))
    (project / "made.txt").write_text("two")


@pytest.fixture(scope="module")
def debug(project: Path, runs: None) -> Debug:
    def call(*arguments: str, commands: str | None = "q\n", **more: str) -> Said:
        return start(project, "debug", *arguments, commands=commands, **more)

    return call


def test_the_first_failed_step_opens_at_the_users_line_with_its_inputs(debug: Debug) -> None:
    said = debug("mapped", commands="p number, offset\nu\nw\nq\n")

    assert said.code == 1
    assert "step 'trials/2/trial' of run" in said.err
    assert "ValueError: two is wrong" in said.err  # as recorded; today's code says something else
    assert "steps.py differs today; --now takes that" in said.err
    assert "number  int 2" in said.err
    assert "(Pdb) (2, 5)" in said.out
    assert "graftline/worker" not in said.out


def test_a_lone_step_is_of_the_last_run_that_failed(debug: Debug) -> None:
    assert "step 'trials/2/trial' of run" in debug("trials/2/trial").err


def test_the_code_of_today_runs_when_it_is_asked_for(debug: Debug, project: Path) -> None:
    said = debug("mapped", "trials/2/trial", "--now")

    assert "ValueError: another text" in said.err
    assert f"> {project}/steps.py(" in said.out


def test_an_argument_that_is_set_is_cast_and_a_step_that_succeeds_leaves_nothing(debug: Debug, project: Path) -> None:
    store = project.parent / "store" / "v1"
    before = call(project, "--json", "events", environ=environ(project)).out
    objects = sorted((store / "objects").rglob("*"))

    said = debug("mapped", "trials/2/trial", "--set", "number=1", "--set", "offset=7")

    assert said.code == 0
    assert "number  int 1  (set)" in said.err
    assert "the step succeeded and returned y (int 8); nothing was kept" in said.err
    assert call(project, "--json", "events", environ=environ(project)).out == before
    assert sorted((store / "objects").rglob("*")) == objects


def test_it_stops_at_the_first_line_below_decorators_and_goes_on_to_the_failure(debug: Debug) -> None:
    said = debug("mapped", "trials/2/trial", "--break", commands="n\np share\nc\nq\n")

    assert "-> share = number + offset" in said.out
    assert "(Pdb) 7" in said.out
    assert "ValueError: two is wrong" in said.err
    assert said.code == 1


def test_leaving_before_the_end_is_no_verdict(debug: Debug) -> None:
    said = debug("kinds", "later", "--break", commands="p x\nq\n")

    assert said.code == 130
    assert "-> y = x + 1" in said.out
    assert "left before the step ended" in said.err


def test_a_failure_inside_of_a_library_opens_at_the_line_that_called_it(debug: Debug) -> None:
    said = debug("kinds", commands="d\nq\n")

    assert '-> return json.loads("{broken")' in said.out
    assert "json/__init__.py" in said.out  # what was called is further down


def test_the_prompt_has_inputs_defaults_and_the_function(debug: Debug) -> None:
    said = debug(
        "mapped", "trials/1/trial", "--shell", commands="print(number, offset, trial(number=10))\ncall_step()\nexit()\n"
    )

    assert said.code == 0
    assert "1 5 15" in said.out
    assert ">>> 6" in said.out


def test_a_script_opens_at_its_first_line_and_where_it_fails(debug: Debug) -> None:
    said = debug("kinds", "script", "--break", commands="c\np rate\nq\n")

    assert "-> import sys" in said.out
    assert "-> model = 10 / (rate - 1)" in said.out
    assert "(Pdb) 1.0" in said.out


def test_the_cells_of_a_notebook_run_in_the_process(debug: Debug) -> None:
    said = debug("kinds", "cells", commands="u\np rows\nq\n")

    assert "-> return x / (rate - 1)" in said.out
    assert "-> total = share(rows[0])" in said.out
    assert "(Pdb) [4, 5]" in said.out


def test_a_command_has_the_terminal_and_is_shown_when_it_fails(debug: Debug) -> None:
    said = debug("kinds", "shell")
    inside = debug("kinds", "shell", "--shell", "--set", "rate=5", commands="echo twice is $((rate * 2))\n")
    refused = debug("kinds", "shell", "--break")

    assert said.code == 1
    assert "rate is 3\n" in said.out
    assert "the command was: echo rate is $rate; exit 4" in said.err
    assert (inside.code, inside.out) == (0, "twice is 10\n")
    assert refused.code == 2
    assert "--shell opens a shell in its place" in refused.err


def test_catalog_files_are_as_the_run_had_them_and_the_directory_stays_as_it_is(debug: Debug, project: Path) -> None:
    (project / "own.txt").write_text("mine")
    said = debug("kinds", "change", commands="p text\np os.getcwd(), os.path.islink('steps.py')\nq\n")

    assert "made.txt is as the run had it; it is another one now" in said.err
    assert "(Pdb) 'one'" in said.out
    assert "True)" in said.out
    assert (project / "made.txt").read_text() == "two"
    assert (project / "own.txt").read_text() == "mine"


def test_a_step_that_ends_its_process_is_told_of(debug: Debug) -> None:
    said = debug("kinds", "dies")
    left = debug("kinds", "leaves")

    assert said.code == 1
    assert "the process of the step died: it left with exit code 7 before it returned" in said.err
    assert "-> sys.exit(3)" in left.out


def test_a_step_that_hides_its_streams_or_forks_is_debugged_all_the_same(debug: Debug) -> None:
    hidden = debug("kinds", "hides")
    forked = debug("kinds", "splits")

    assert "ValueError: said to nobody" in hidden.err
    assert '-> raise ValueError("said to nobody")' in hidden.out
    assert forked.out.count("(Pdb)") == 1


def test_secrets_are_there_and_a_wrong_number_of_returns_is_told(debug: Debug) -> None:
    secret = debug("kinds", "token", commands="p len(os.environ['DEBUG_TOKEN'])\nq\n")
    wrong = debug("kinds", "unkeepable")

    assert "(Pdb) 12" in secret.out
    assert "WrongReturns: declares 3 returns (a, b, c), but returned 2" in wrong.err


def test_an_input_that_does_not_fit_fails_again_and_is_seen_at_the_prompt(debug: Debug) -> None:
    said = debug("kinds", "fitted")
    seen = debug("kinds", "fitted", "--shell", commands="print(wanted)\n")

    assert said.code == 1
    assert "CastError: argument 'wanted': Wanted has no field 'other'" in said.err
    assert "{'other': 'x'}" in seen.out


def test_python_breakpoint_is_respected(debug: Debug, project: Path) -> None:
    (project.parent / "mine.py").write_text(
        "def set_trace(): pass\ndef post_mortem(trace): print('my debugger at', trace.tb_frame.f_code.co_name)\n"
    )

    off = debug("kinds", "later", PYTHONBREAKPOINT="0")
    mine = debug(
        "kinds",
        "later",
        PYTHONBREAKPOINT="mine.set_trace",
        PYTHONPATH=f"{project.parent}:{os.environ.get('PYTHONPATH', '')}",
    )

    assert "(Pdb)" not in off.out
    assert "KeyError: 3" in off.err
    assert "my debugger at later" in mine.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("trials",), "step 'trials' takes 'y' of step 'trials/2/trial', which failed"),
        (("trials/2/trial", "--set", "z=1"), "--set z: the step has no argument 'z'"),
        (("trials/2/trial", "--set", "number=x"), "argument 'number': expected a whole number, got 'x'"),
    ],
)
def test_what_cannot_be_debugged_is_refused(debug: Debug, arguments: Sequence[str], told: str) -> None:
    said = debug("mapped", *arguments)

    assert said.code == 2
    assert told in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("@last-failed", "model_fitt"), 3, "has no step 'model_fitt'; did you mean 'model_fit'?"),
        (("--set", "x"), 2, "--set 'x' sets no argument"),
        (("--set", "x=1", "--set", "x=2"), 2, "--set gives 'x' twice: '1' and '2'"),
        (("--shell", "--break"), 2, "--shell and --break exclude each other"),
        (("--json",), 2, "a debugger talks to a person"),
    ],
)
def test_what_is_typed_wrong_is_refused(graft: Debug, arguments: Sequence[str], code: int, told: str) -> None:
    said = graft("debug", *arguments)

    assert said.code == code
    assert told in said.err


def test_without_a_terminal_and_without_commands_it_does_not_begin(debug: Debug) -> None:
    said = debug("kinds", "later", commands=None)

    assert said.code == 2
    assert "a debugger needs a terminal" in said.err


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.ours, theirs = pty.openpty()
        self.before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LEADER, *arguments],
            cwd=project,
            env={**environ(project), "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self.text = ""
        self._at = 0

    def until(self, word: str) -> None:
        """Read on until the word comes, after the one that came last."""
        deadline = time.monotonic() + DEADLINE_S
        while word not in self.text[self._at :]:
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{word!r} did not come: {self.text}")
            self.text += os.read(self.ours, 65536).decode("utf-8", "replace")
        self._at = self.text.index(word, self._at) + len(word)

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def ended(self) -> int:
        """Wait for the end and return the exit code; the terminal is then as it was."""
        code = self._process.wait(DEADLINE_S)
        assert termios.tcgetattr(self._theirs) == self.before
        os.close(self.ours)
        os.close(self._theirs)
        return code


_LEADER = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from graftline.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_opens_the_debugger_where_the_step_is(project: Path, runs: None) -> None:
    terminal = Terminal(project, "debug", "kinds", "sleeps")
    terminal.until("code ")
    time.sleep(0.5)  # into its loop: nothing tells when it is there

    terminal.type("\x03")
    terminal.until("stopped by Ctrl+C")
    terminal.until("(Pdb) ")
    terminal.type("q\n")

    assert terminal.ended() == 130
    assert "Traceback" not in terminal.text


@pytest.mark.sweep  # keys that follow each other closely: one time in ten the next prompt does not come, why is open
def test_after_ctrl_c_the_step_can_go_on_and_be_stopped_again(project: Path, runs: None) -> None:
    terminal = Terminal(project, "debug", "kinds", "sleeps")
    terminal.until("code ")
    time.sleep(0.5)  # into its loop: nothing tells when it is there

    terminal.type("\x03")
    terminal.until("(Pdb) ")
    terminal.type("p 'turn', turn\n")
    terminal.until("('turn', ")
    terminal.until("(Pdb) ")
    terminal.type("\x03")  # at the prompt: no more than a new line
    terminal.until("(Pdb) ")
    terminal.type("c\n")
    time.sleep(0.2)
    terminal.type("\x03")
    terminal.until("stopped by Ctrl+C")
    terminal.until("(Pdb) ")
    terminal.type("q\n")

    assert terminal.ended() == 130
    assert "Traceback" not in terminal.text
