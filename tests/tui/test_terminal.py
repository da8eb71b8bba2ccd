"""In a real terminal: it opens, and however it is ended the terminal is as it was."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from run_specs import spec
from ui_terminal import Terminal

from graftline.store.store import open_store

ALTERNATE, NORMAL, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"


@pytest.fixture
def folder(tmp_path: Path, store_dir: Path) -> Path:
    """Return a project whose store has one waiting run."""
    (tmp_path / "graftline.toml").write_text('[project]\nname = "demo"\n')
    with open_store(store_dir) as store:
        store.runs.create(spec("a", pipeline="waits-here"), None)
    return tmp_path


@pytest.mark.parametrize("arguments", [[], ["ui"]], ids=["graft", "graft ui"])
def test_q_leaves_with_0(folder: Path, arguments: list[str]) -> None:
    with Terminal(folder, *arguments) as terminal:
        terminal.until(b"waits-here")
        terminal.type(b"q")

        assert terminal.ended() == 0
        assert ALTERNATE in terminal.output
        assert terminal.output.rindex(NORMAL) > terminal.output.rindex(b"waits-here")


@pytest.mark.parametrize(
    ("end", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (b"\x03", 0)],
    ids=["SIGTERM", "SIGHUP", "ctrl+c"],
)
def test_whoever_ends_it_finds_the_terminal_as_it_was(folder: Path, end: signal.Signals | bytes, code: int) -> None:
    with Terminal(folder) as terminal:
        terminal.until(b"waits-here")
        if isinstance(end, bytes):
            terminal.type(end)
        else:
            terminal.signal(end)

        assert terminal.ended() == code
        assert NORMAL in terminal.output
        assert terminal.output.rindex(CURSOR) > terminal.output.rindex(b"waits-here")
        assert b"Traceback" not in terminal.output


def test_a_window_that_is_closed_ends_it(folder: Path) -> None:
    with Terminal(folder) as terminal:
        terminal.until(b"waits-here")
        terminal.hang_up()
        terminal.signal(signal.SIGHUP)  # what the kernel sends to the session's leader

        assert terminal.ended() == 129


@pytest.mark.parametrize(("end", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"])
def test_a_terminal_that_takes_nothing_does_not_keep_it(folder: Path, end: signal.Signals, code: int) -> None:
    """Nobody reads, as behind ctrl+S: the pty is full, and whoever draws waits."""
    with Terminal(folder, size=(200, 60)) as terminal:
        terminal.until(b"waits-here")
        for _ in range(60):
            terminal.type(b"?\x1b")
            time.sleep(0.02)
        terminal.signal(end)

        assert terminal.process.wait(20) == code
