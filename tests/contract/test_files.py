"""What every `Files` keeps to: contents of a work tree, whether it is on disk or in memory."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from memory_files import MemoryFiles

from graftline.core.contents import Files, UnreadableFiles
from graftline.store.store import open_store


class Tree(Protocol):
    """A work tree that a test may change, and the adapter that looks at it."""

    root: str

    @property
    def files(self) -> Files: ...

    def write(self, path: str, data: bytes) -> None: ...

    def delete(self, path: str) -> None: ...

    def lock(self, path: str) -> None: ...

    def now(self) -> float: ...


class DiskTree:
    def __init__(self, directory: Path, files: Files) -> None:
        self.root = str(directory)
        self.files = files

    def write(self, path: str, data: bytes) -> None:
        whole = Path(self.root, path)
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(data)

    def delete(self, path: str) -> None:
        Path(self.root, path).unlink()

    def lock(self, path: str) -> None:
        # Permissions do not stop root: a fifo is there and cannot be read by anybody.
        Path(self.root, path).unlink()
        os.mkfifo(Path(self.root, path))

    def now(self) -> float:
        return time.time()


class MemoryTree:
    root = "/project"

    def __init__(self) -> None:
        self.files = MemoryFiles()

    def write(self, path: str, data: bytes) -> None:
        self.files.write(f"{self.root}/{path}", data)

    def delete(self, path: str) -> None:
        self.files.delete(f"{self.root}/{path}")

    def lock(self, path: str) -> None:
        self.files.locked.add(f"{self.root}/{path}")

    def now(self) -> float:
        self.files.now += 1.0
        return self.files.now


@pytest.fixture(params=["disk", "memory"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    if request.param == "memory":
        yield MemoryTree()
        return
    (tmp_path / "project").mkdir()
    with open_store(tmp_path / "store") as store:
        yield DiskTree(tmp_path / "project", store.files)


def _digest(tree: Tree, path: str) -> str | None:
    return tree.files.digests([f"{tree.root}/{path}"])[f"{tree.root}/{path}"]


def test_the_digest_of_a_file_is_the_sha256_of_its_bytes(tree: Tree) -> None:
    tree.write("a.csv", b"1,2\n")

    assert _digest(tree, "a.csv") == hashlib.sha256(b"1,2\n").hexdigest()


def test_a_file_that_is_not_there_has_no_digest(tree: Tree) -> None:
    tree.write("a.csv", b"1")

    assert _digest(tree, "b.csv") is None
    assert _digest(tree, "a.csv/below") is None
    assert tree.files.digests([]) == {}


def test_every_change_of_content_changes_the_digest(tree: Tree) -> None:
    seen = []
    for data in (b"one", b"two", b"one"):
        tree.write("a.csv", data)
        seen.append(_digest(tree, "a.csv"))
    tree.delete("a.csv")

    assert seen[0] == seen[2] != seen[1]
    assert _digest(tree, "a.csv") is None


def test_the_digest_of_a_directory_tells_of_names_and_not_of_contents(tree: Tree) -> None:
    tree.write("data/a.csv", b"1")
    first = _digest(tree, "data")
    tree.write("data/a.csv", b"2")
    tree.write("data/.a.csv.swp", b"")
    second = _digest(tree, "data")
    tree.write("data/b.csv", b"3")

    assert first is not None
    assert first == second != _digest(tree, "data")


def test_what_cannot_be_read_is_named_and_the_others_are_given(tree: Tree) -> None:
    tree.write("a.csv", b"1")
    tree.write("b.csv", b"2")
    tree.lock("a.csv")
    paths = [f"{tree.root}/{name}" for name in ("a.csv", "b.csv", "c.csv")]

    with pytest.raises(UnreadableFiles, match=r"cannot read .*a\.csv: ") as caught:
        tree.files.digests(paths)

    assert list(caught.value.reasons) == paths[:1]
    assert caught.value.digests == {paths[1]: hashlib.sha256(b"2").hexdigest(), paths[2]: None}


def test_globs_name_files_and_a_directory_all_files_in_it(tree: Tree) -> None:
    for path in ("data/a.csv", "data/b.txt", "data/in/c.csv", "data/.hidden.csv", "d.csv", "data/__pycache__/x.csv"):
        tree.write(path, b"")

    def named(*globs: str) -> list[str]:
        return tree.files.expand(globs, tree.root)

    assert named("*.csv") == ["d.csv"]
    assert named("data/*.csv", "data/a.csv") == ["data/a.csv"]
    assert named("**/*.csv") == ["d.csv", "data/a.csv", "data/in/c.csv"]
    assert named("data") == named("data/") == ["data/.hidden.csv", "data/a.csv", "data/b.txt", "data/in/c.csv"]
    assert named("data/*") == ["data/a.csv", "data/b.txt", "data/in/c.csv"]
    assert named("missing.csv", "none/*.csv") == ["missing.csv"]
    assert named(f"{tree.root}/data/*.txt") == [f"{tree.root}/data/b.txt"]


def test_what_changed_since_a_moment_is_told(tree: Tree) -> None:
    tree.write("a.csv", b"1")
    tree.write("gone.csv", b"1")
    paths = [f"{tree.root}/{name}" for name in ("a.csv", "gone.csv")]
    if isinstance(tree, DiskTree):
        time.sleep(0.05)  # older than the tick that is allowed for
    since = tree.now()

    assert tree.files.changed_since(paths, since) == []

    tree.write("a.csv", b"1")
    tree.delete("gone.csv")

    assert tree.files.changed_since(paths, since) == paths
