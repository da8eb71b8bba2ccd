"""A store that may not be written, has no room, or is newer: one sentence, exit code 4, nothing half-written."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_project import Project

pytestmark = pytest.mark.fault

WITHOUT_OVERRIDE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
"""Root that file modes bind like anybody else."""


def content(folder: Path) -> dict[str, str]:
    """Return a digest of every file below a folder by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(project: Project, *arguments: str, before: tuple[str, ...] = ()) -> str:
    """Call `graft`, expect exit code 4 and one message without a traceback, and return it."""
    process = project.start(*arguments, before=before)
    code = process.wait(60)
    return assert_refused(code, *project.said(process))


def assert_refused(code: int, out: str, errors: str) -> str:
    """Expect exit code 4 and one message without a traceback, and return it."""
    assert code == 4, (code, out, errors)
    assert "Traceback" not in errors
    assert len(errors.splitlines()) == 2, errors  # what is wrong, and what to do
    return errors


# -- newer ----------------------------------------------------------------------------------------------------------


def test_a_newer_store_is_refused_untouched(project: Project) -> None:
    project.document("run", "wide.py", N="2")
    connection = sqlite3.connect(project.store / "v1" / "graft.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = content(project.store)

    for command in ("run wide.py", "ls", "retry", "cancel"):
        done = project.graft(*command.split())
        assert "newer" in assert_refused(done.returncode, done.stdout, done.stderr)

    assert content(project.store) == before


# -- read-only ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(project: Project) -> Iterator[tuple[Project, tuple[str, ...]]]:
    """A project with a run whose store cannot be written, and how to be somebody whom that stops."""
    who = WITHOUT_OVERRIDE if os.geteuid() == 0 else ()
    if who and _fails([*who, "true"]):
        pytest.skip("root cannot give up its right to write everywhere here")
    project.document("run", "wide.py", N="3")
    for path in (*project.store.rglob("*"), project.store):
        path.chmod(0o500 if path.is_dir() else 0o400)
    yield project, who
    project.store.chmod(0o700)
    for path in project.store.rglob("*"):
        path.chmod(0o700)


def _fails(command: list[str]) -> bool:
    try:
        return bool(subprocess.run(command, capture_output=True, timeout=60, check=False).returncode)
    except FileNotFoundError:
        return True


def test_a_store_that_cannot_be_written_is_shown_but_runs_are_refused(
    sealed: tuple[Project, tuple[str, ...]],
) -> None:
    project, who = sealed
    before = content(project.store)

    for command in ("ls", "show", "logs", "output", "doctor"):
        process = project.start(command, before=who)
        assert process.wait(60) == 0, (command, *project.said(process))
    for refusal in ("run wide.py", "run -d wide.py", "rerun @last"):
        said = refused(project, *refusal.split(), before=who)
        assert "cannot write" in said
        assert f"in the store at {project.store}" in said

    assert content(project.store) == before


# -- full -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(project: Project) -> Iterator[Project]:
    """A project whose store lies on a disk of 32 MB: the write-ahead log alone may take 12."""
    project.store.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", str(project.store)]
    if os.geteuid() != 0 or _fails(mount):
        pytest.skip("a small disk can be mounted by root only")
    yield project
    project.end()
    subprocess.run(["umount", "-l", str(project.store)], check=True)


def fill(project: Project, leave: int) -> Path:
    """Fill the disk but for some bytes; return the file that does."""
    ballast = project.store / "ballast"
    free = shutil.disk_usage(project.store).free
    ballast.write_bytes(bytes(max(0, free - leave)))
    return ballast


@pytest.mark.parametrize("leave", [0, pytest.param(20_000, marks=pytest.mark.sweep)])
def test_a_full_disk_stops_a_run_before_it_begins(small_disk: Project, leave: int) -> None:
    small_disk.document("run", "wide.py", N="5")
    ballast = fill(small_disk, leave)

    said = refused(small_disk, "run", "wide.py")

    assert "no space left" in said
    ballast.unlink()
    small_disk.check()
    assert small_disk.document("run", "wide.py", N="5")["state"] == "SUCCESS"


def test_a_disk_that_fills_up_during_a_run_stops_it_and_it_is_resumed(small_disk: Project) -> None:
    small_disk.environ |= {"N": "3000"}
    small_disk.document("run", "wide.py", N="1")
    ballast = fill(small_disk, 900_000)

    said = refused(small_disk, "run", "wide.py")

    assert "no space left" in said
    assert small_disk.is_gone()
    done = {path for path, state in small_disk.committed().items() if state == "SUCCESS"}
    begun = small_disk.begun()
    ballast.unlink()
    assert small_disk.document("show")["state"] == "INTERRUPTED"
    small_disk.check()
    assert small_disk.document("resume")["state"] == "SUCCESS"
    again = {f"work_{index:04d}" for index, times in (small_disk.begun() - begun).items() if begun[index]}
    assert not again & done


def test_a_step_whose_output_finds_no_room_fails_with_the_cause(small_disk: Project) -> None:
    small_disk.document("run", "wide.py", N="1")
    ballast = fill(small_disk, 2_000_000)

    run = small_disk.document("run", "heavy.py", exit_code=1, N="1", BYTES="5000000")

    failed = [step for step in run["steps"] if step["state"] == "FAILURE"]
    assert run["state"] == "FAILURE"
    assert failed
    assert all("No space left" in step["error"]["message"] for step in failed)
    ballast.unlink()
    small_disk.check()
    assert list(small_disk.store.rglob(".*.tmp")) == []


def test_a_limit_on_file_size_is_told_like_a_full_disk(project: Project) -> None:
    project.document("run", "wide.py", N="5")

    said = refused(project, "run", "wide.py", before=("prlimit", "--fsize=4096"))

    assert str(project.store) in said
    project.check()
