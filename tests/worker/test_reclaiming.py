"""Who needs a file that is there, and who cleans it away: one of them sees what the other has done, always."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from graftline.worker import reclaiming
from graftline.worker.blobs import has_object, object_path, store_parts
from graftline.worker.reclaiming import reclaim, remove_old

OLD_S = 7200.0


def put(objects: Path, name: str, age: float) -> str:
    path = objects / name
    path.write_bytes(b"x")
    at = time.time() - age
    os.utime(path, (at, at))
    return str(path)


def test_what_is_asked_for_is_young_from_then_on(tmp_path: Path) -> None:
    path = put(tmp_path, "a", OLD_S)

    assert reclaim(str(tmp_path), path)
    assert time.time() - os.stat(path).st_mtime < 5
    assert not remove_old(str(tmp_path), path, time.time() - 60)
    assert not reclaim(str(tmp_path), str(tmp_path / "b"))


def test_a_file_that_was_written_just_now_is_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "a", 30)
    before = os.stat(path).st_ctime_ns

    assert reclaim(str(tmp_path), path)
    assert os.stat(path).st_ctime_ns == before


def test_only_old_files_are_removed(tmp_path: Path) -> None:
    path = put(tmp_path, "a", OLD_S)

    assert not remove_old(str(tmp_path), path, time.time() - 2 * OLD_S)
    assert remove_old(str(tmp_path), path, time.time() - OLD_S / 2)
    assert not remove_old(str(tmp_path), path, time.time())


def test_a_file_is_never_removed_under_who_has_found_it(tmp_path: Path) -> None:
    rounds = 300
    paths = [put(tmp_path, str(number), OLD_S) for number in range(rounds)]
    found: dict[str, bool] = {}
    together = threading.Barrier(2)

    def ask() -> None:
        for path in paths:
            together.wait(10)
            found[path] = reclaim(str(tmp_path), path)

    asking = threading.Thread(target=ask)
    asking.start()
    removed = {}
    for path in paths:
        together.wait(10)
        removed[path] = remove_old(str(tmp_path), path, time.time() - 600)
    asking.join(10)

    assert all(found[path] is not removed[path] for path in paths)
    assert all(os.path.exists(path) is found[path] for path in paths)


def test_a_process_that_is_stopped_with_the_lock_keeps_the_cleaner_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "a", OLD_S)
    monkeypatch.setattr(reclaiming, "_PATIENCE_S", 0.02)
    stopped = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(stopped, fcntl.LOCK_SH)

    with pytest.raises(TimeoutError):
        remove_old(str(tmp_path), path, time.time())
    assert reclaim(str(tmp_path), path)
    os.close(stopped)


def test_a_worker_that_makes_a_value_again_keeps_it(tmp_path: Path) -> None:
    digest = store_parts([b"v" * 5000], 5000, str(tmp_path))
    path = object_path(str(tmp_path), digest)
    os.utime(path, (1e9, 1e9))

    assert store_parts([b"v" * 5000], 5000, str(tmp_path)) == digest
    assert not remove_old(str(tmp_path), path, time.time() - 60)
    assert has_object(str(tmp_path), digest, 5000)
