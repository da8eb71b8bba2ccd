"""What every `Changes` keeps to, on disk or in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from memory_changes import MemoryChanges

from graftline.core.changes import Changes
from graftline.plugins.watch.changes import WatchedTree
from graftline.store.store import open_store

DEADLINE_S = 10.0
SILENCE_S = 0.3


class Project(Protocol):
    """A work tree that a test may change, and who watches it."""

    @property
    def changes(self) -> Changes: ...

    def save(self, path: str, data: bytes) -> None: ...

    def delete(self, path: str) -> None: ...


class DiskProject:
    def __init__(self, root: Path, changes: Changes) -> None:
        self._root = root
        self.changes = changes

    def save(self, path: str, data: bytes) -> None:
        (self._root / path).write_bytes(data)

    def delete(self, path: str) -> None:
        (self._root / path).unlink()


class MemoryProject:
    def __init__(self) -> None:
        self.changes = self._changes = MemoryChanges()

    def save(self, path: str, data: bytes) -> None:
        self._changes.save(path, sha256(data))

    def delete(self, path: str) -> None:
        self._changes.delete(path)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(params=["disk", "memory"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    if request.param == "memory":
        yield MemoryProject()
        return
    root = tmp_path / "project"
    root.mkdir()
    with open_store(tmp_path / "store") as store:
        watched = WatchedTree(str(root), store.files)
        yield DiskProject(root, watched)
        watched.close()


def test_what_is_saved_changed_and_deleted_is_told_once(project: Project) -> None:
    told = []
    for data in (b"1", b"22"):
        project.save("a.py", data)
        told.append(project.changes.wait(DEADLINE_S))
    project.delete("a.py")
    told.append(project.changes.wait(DEADLINE_S))

    first, second, third = told
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.added, first.modified, first.deleted) == (("a.py",), (), ())
    assert first.digests == {"a.py": sha256(b"1")}
    assert (second.added, second.modified, second.deleted) == ((), ("a.py",), ())
    assert second.digests == {"a.py": sha256(b"22")}
    assert (third.added, third.modified, third.deleted) == ((), (), ("a.py",))
    assert third.paths == {"a.py"}
    assert project.changes.wait(SILENCE_S) is None
    assert project.changes.note is None


def test_the_same_content_again_is_no_change(project: Project) -> None:
    project.save("a.py", b"1")
    assert project.changes.wait(DEADLINE_S) is not None

    project.save("a.py", b"1")

    assert project.changes.wait(SILENCE_S) is None


def test_what_a_run_wrote_is_no_change_but_another_content_is(project: Project) -> None:
    project.changes.written({"out.csv": sha256(b"1")})
    project.save("out.csv", b"1")
    assert project.changes.wait(SILENCE_S) is None

    project.save("out.csv", b"22")

    found = project.changes.wait(DEADLINE_S)
    assert found is not None
    assert found.modified == ("out.csv",)


def test_closing_ends_a_wait(project: Project) -> None:
    found = []
    waiting = threading.Thread(target=lambda: found.append(project.changes.wait(None)))
    waiting.start()

    project.changes.close()
    project.changes.close()

    waiting.join(DEADLINE_S)
    assert found == [None]
    assert project.changes.wait(None) is None
