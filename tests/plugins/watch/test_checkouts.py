"""Case F5 of a watched work tree: git and others write a thousand files, which is one change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from changing import SILENCE_S, all_until_silent, small_project

from graftline.plugins.watch.changes import WatchedTree
from graftline.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small_project(tmp_path)


@pytest.fixture
def tree(root: Path, store: Store) -> Iterator[WatchedTree]:
    watched = WatchedTree(str(root), store.files)
    yield watched
    watched.close()


def _git(root: Path, *args: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *args], cwd=root, check=True, capture_output=True, timeout=60)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_checkout_of_a_thousand_files_is_one_change_set(root: Path, store: Store) -> None:
    # F5.
    for number in range(1000):
        folder = root / f"d{number % 50}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.py").write_text(f"x = {number}\n")
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", ".")
    _git(root, "commit", "-q", "-m", "one")
    _git(root, "checkout", "-q", "-b", "other")
    for number in range(1000):
        (root / f"d{number % 50}" / f"{number}.py").write_text(f"y = {number}\n")
    shutil.rmtree(root / "package")
    (root / "fresh").mkdir()
    (root / "fresh" / "e.py").write_text("z\n")
    _git(root, "add", "-A", ".")
    _git(root, "commit", "-q", "-m", "two")
    tree = WatchedTree(str(root), store.files)
    assert tree.wait(0.1) is None

    _git(root, "checkout", "-q", "main")
    found = all_until_silent(tree)
    tree.close()

    assert len(found) == 1
    assert len(found[0].modified) == 1000
    assert (found[0].added, found[0].deleted) == (("package/c.py",), ("fresh/e.py",))


def test_a_thousand_files_written_without_git_are_one_change_set(tree: WatchedTree, root: Path) -> None:
    for number in range(1000):
        (root / f"{number}.csv").write_text(str(number))

    found = all_until_silent(tree)

    assert sum(len(each.added) for each in found) == 1000
    # One and not two, if the writer was not stopped by others for longer than a step.
    assert len(found) <= 2


def test_a_checkout_by_git_is_waited_for(tree: WatchedTree, root: Path) -> None:
    (root / ".git").mkdir()
    lock = root / ".git" / "index.lock"
    lock.touch()
    assert tree.wait(SILENCE_S) is None
    (root / "a.py").write_bytes(b"x = 2\n")
    assert tree.wait(SILENCE_S) is None

    lock.unlink()

    assert [each.modified for each in all_until_silent(tree)] == [("a.py",)]
