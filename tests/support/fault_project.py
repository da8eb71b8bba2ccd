"""A project whose commands are killed, starved and crowded: real processes, one store, and a mark to find them by."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from command_line import Said, call, completed
from forked_nurseries import started_by_the_product
from source_tree import ROOT

from graftline.core.ids import new_run_id

MARK = "FAULT_PROJECT"
"""Environment variable of every process that a project starts, and of all below them."""
DEADLINE_S = 60.0
"""For commands that take half a second on a quiet machine."""
GONE_S = 5.0
"""For processes to be gone; promised are 2 s on a machine with a core to spare, the page has what was measured."""
_PIPELINES = Path(__file__).parent / "fault_pipelines"
_REPORTED = re.compile(r"^[\d:]{8}  \S+ ok +(\S+)", re.MULTILINE)


class Project:
    """A folder with pipelines in it and a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir(parents=True)
        self.store = folder / "store"
        self.effects = folder / "effects"
        """What steps append to when they start."""
        self.mark = new_run_id()
        for source in (ROOT / "samples" / "wide.py", *_PIPELINES.glob("*.py")):
            shutil.copy(source, self.root)
        self.environ = os.environ | {
            "GRAFTLINE_HOME": str(self.store),
            "SIDE_EFFECTS": str(self.effects),
            "EFFECTS_FOLDER": str(folder),
            "PYTHONFAULTHANDLER": "",
            MARK: self.mark,
        }
        self._output = folder / "output"
        self._output.mkdir()
        self._started: list[subprocess.Popen[bytes]] = []

    # -- commands -----------------------------------------------------------------------------------------------

    def start(self, *arguments: str, before: tuple[str, ...] = (), **environ: str) -> subprocess.Popen[bytes]:
        """Start `graft` and return; what it says goes to files, so that no full pipe holds it up.

        Args:
            arguments: of graft.
            before: a program to run it through (setpriv, prlimit), with its arguments.
            environ: more environment.
        """
        return self._start(arguments, environ, before)

    def look(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `graft --json` as one who looks on: it does not carry this project's mark."""
        return self._start(("--json", *arguments), {MARK: "onlooker"})

    def _start(
        self, arguments: tuple[str, ...], environ: Mapping[str, str], before: tuple[str, ...] = ()
    ) -> subprocess.Popen[bytes]:
        number = len(self._started)
        with (
            open(self._output / f"{number}.out", "wb") as out,
            open(self._output / f"{number}.err", "wb") as err,
        ):
            process = subprocess.Popen(
                [*before, sys.executable, "-m", "graftline", *arguments],
                cwd=self.root,
                env={**self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def said(self, process: subprocess.Popen[bytes]) -> tuple[str, str]:
        """Return what a started command has written to stdout and stderr so far."""
        number = self._started.index(process)
        return tuple((self._output / f"{number}.{name}").read_text() for name in ("out", "err"))  # type: ignore[return-value]

    def graft(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Call `graft` in this process, and wait for it; its workers are started by the product and carry the mark."""
        with started_by_the_product():
            return completed(self.root, *arguments, environ={**self.environ, **environ})

    def document(self, *arguments: str, exit_code: int = 0, **environ: str) -> Any:
        """Call `graft --json` in this process and return what it printed. Any: each command has its own document."""
        done = self.graft("--json", *arguments, **environ)
        assert done.returncode == exit_code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def printed(self, process: subprocess.Popen[bytes]) -> Any:
        """Wait for a `graft --json` and return what it printed."""
        code = process.wait(DEADLINE_S)
        out, errors = self.said(process)
        assert code == 0, f"exit {code}\n{out}\n{errors}"
        return json.loads(out)

    def only_run(self) -> dict[str, Any] | None:
        """Return the one run of the store as `graft ls` has it; None when there is none."""
        return only_run(self._seen("ls").document)

    def events(self) -> list[dict[str, Any]]:
        """Return every fact of the store, oldest first."""
        return [json.loads(line) for line in self._seen("events").out.splitlines()]

    def check(self) -> None:
        """Have `graft doctor` look at every stored byte."""
        said = self._seen("doctor")
        assert said.code == 0, f"{said.out}\n{said.err}"
        assert said.document["ok"], said.out

    def _seen(self, *arguments: str) -> Said:
        """Call `graft --json` in this process, which only looks."""
        return call(self.root, "--json", *arguments, environ={**self.environ, MARK: "onlooker"})

    # -- what is there ------------------------------------------------------------------------------------------

    def committed(self) -> dict[str, str]:
        """Return the state of each step of the newest run by path, read past graftline; empty without a run."""
        database = self.store / "v1" / "graft.db"
        if not database.exists():
            return {}
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            try:
                rows = connection.execute(
                    "SELECT json_extract(graph.json, '$.nodes[' || node || '].path'), step.state FROM step"
                    " JOIN run ON run.seq = step.run JOIN graph ON graph.seq = run.graph"
                    " WHERE run.seq = (SELECT max(seq) FROM run)"
                ).fetchall()
            except sqlite3.OperationalError:
                return {}  # killed before the schema stood
        return dict(rows)

    def wait_for_steps(self, count: int, within_s: float = DEADLINE_S) -> None:
        """Wait until so many steps have begun."""
        assert until(lambda: sum(self.begun().values()) >= count, within_s), f"{count} steps did not begin"

    def wait_until_reported(self, process: subprocess.Popen[bytes], count: int) -> None:
        """Wait until a `graft --plain run` has told of so many good steps."""
        assert until(lambda: len(self.reported(process)) >= count), self.said(process)

    def newest(self) -> str:
        """Return the id of the newest run."""
        run: str = self.document("ls")["runs"][0]["run"]
        return run

    def begun(self) -> Counter[int]:
        """Return how often each step of samples/wide.py has begun, by its index."""
        try:
            return Counter(map(int, self.effects.read_text().split()))
        except FileNotFoundError:
            return Counter()

    def reported(self, process: subprocess.Popen[bytes]) -> set[str]:
        """Return the steps that `graft --plain run` has told to be good."""
        return set(_REPORTED.findall(self.said(process)[0]))

    def living(self) -> list[int]:
        """Return the processes that carry this project's mark."""
        return [pid for pid in _pids() if _has(pid, f"{MARK}={self.mark}".encode())]

    def with_word(self, word: str) -> list[int]:
        """Return the living processes of this project that have a word on their command line."""
        return [pid for pid in self.living() if word.encode() in _read(pid, "cmdline").split(b"\0")]

    def children(self, parent: int) -> list[int]:
        """Return the living children of a process: a host has its guardian, that its forkserver, that the workers."""
        return [pid for pid in self.living() if _parent(pid) == parent]

    def is_gone(self, within_s: float = GONE_S) -> bool:
        """Wait until no process of this project is left."""
        return until(lambda: not self.living(), within_s)

    def end(self) -> None:
        """Kill what a failed test left."""
        for process in self._started:
            process.poll()
        for pid in self.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._started:
            process.wait(10)


def only_run(listing: dict[str, Any]) -> dict[str, Any] | None:
    """Return the one run of a document of `graft ls`; None when there is none."""
    runs: list[dict[str, Any]] = listing["runs"]
    assert len(runs) <= 1, runs
    return runs[0] if runs else None


def until(is_reached: Callable[[], bool], within_s: float = DEADLINE_S) -> bool:
    """Wait until something holds; return whether it did in time."""
    deadline = time.monotonic() + within_s
    while not is_reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _pids() -> Iterator[int]:
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


def _has(pid: int, setting: bytes) -> bool:
    # A zombie's environment reads as empty, so only the living are found.
    return setting in _read(pid, "environ").split(b"\0")


def _parent(pid: int) -> int | None:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else None


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
