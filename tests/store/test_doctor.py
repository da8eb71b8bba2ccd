"""Damage of every kind is found and named; mending never deletes the only copy."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_specs import dispatched, finished, spec, started, succeeded, value

from graftline.core.artifacts import ArtifactRef
from graftline.core.errors import StoreError
from graftline.core.states import Status
from graftline.store.doctor import Kind
from graftline.store.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def kinds(store: Store, *, repair: bool = False) -> list[Kind]:
    return [finding.kind for finding in store.doctor(repair=repair)]


def test_an_object_of_the_same_size_and_time_but_other_bytes_is_found(store: Store) -> None:
    data = b"model" * 1000
    sha256 = store.objects.write(data)
    path = store.objects.path(sha256)
    times = path.stat()
    path.write_bytes(b"Model" + data[5:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert kinds(store) == [Kind.ALTERED]
    with pytest.raises(StoreError, match="damaged"):
        store.outputs.read(ArtifactRef(sha256, len(data), "pickle"))

    assert kinds(store, repair=True) == [Kind.ALTERED]
    assert kinds(store) == []
    assert path.with_name(f"{path.name}.damaged").read_bytes().startswith(b"Model")
    assert store.objects.write(data) == sha256
    assert store.objects.read(sha256) == data


def test_a_missing_file_that_a_step_returned_is_found(store: Store) -> None:
    given = spec()
    store.runs.create(given, None)
    log = store.runs.open(given.id)
    log.append([started(), dispatched("a"), succeeded("a", outputs=[value(b"gone", is_file=True)]), finished()])
    log.close()

    assert kinds(store) == [Kind.MISSING]


def test_an_altered_inline_value_is_found(store: Store) -> None:
    given = spec()
    store.runs.create(given, None)
    log = store.runs.open(given.id)
    outputs = [value(b"small", "x"), value(b"y" * 3000, "y")]
    log.append([started(), dispatched("a"), succeeded("a", outputs=outputs), finished()])
    log.close()
    with store.runs._database.writing() as connection:
        connection.execute("UPDATE artifact SET bytes = x'00'")
        connection.execute("UPDATE output SET bytes = x'00' WHERE bytes IS NOT NULL")

    assert kinds(store) == [Kind.ALTERED] * 2
    for output in store.outputs.of_run(given.id)["a"]:
        with pytest.raises(StoreError, match="damaged"):
            store.outputs.read(output.ref)


def test_only_old_temporary_files_are_orphans(store: Store) -> None:
    sha256 = store.objects.write(b"x" * 100)
    path = store.objects.path(sha256)
    fresh, old = path.with_name(f"{path.name}.a.tmp"), path.with_name(f"{path.name}.b.tmp")
    for temporary in (fresh, old):
        temporary.touch(mode=0o600)
    os.utime(old, (time.time() - 7200,) * 2)

    assert kinds(store, repair=True) == [Kind.ORPHAN]

    assert (fresh.exists(), old.exists(), path.exists()) == (True, False, True)


def test_wrong_modes_are_found_and_mended(store: Store) -> None:
    path = store.objects.path(store.objects.write(b"x"))
    path.chmod(0o644)

    assert kinds(store, repair=True) == [Kind.MODE]

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert kinds(store) == []


def test_what_lies_in_copies_of_code_is_behind_a_door_that_is_looked_at(store: Store) -> None:
    code = store.layout.code
    (code / "ab" / "__pycache__").mkdir(parents=True)
    (code / "ab" / "steps.py").write_text("")
    code.chmod(0o755)

    assert kinds(store, repair=True) == [Kind.MODE]
    assert stat.S_IMODE(code.stat().st_mode) == 0o700


def test_a_dead_run_is_found_and_settled(store: Store) -> None:
    given = spec()
    store.runs.create(given, None)
    log = store.runs.open(given.id)
    log.append([started(), dispatched("a")])
    assert kinds(store) == []
    log.close()

    assert kinds(store) == [Kind.DEAD_RUN]
    assert kinds(store, repair=True) == [Kind.DEAD_RUN]
    assert kinds(store) == []
    assert store.history.run(given.id).state is Status.INTERRUPTED


def test_damaged_pages_are_found(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for _ in range(50):
            store.runs.create(spec(), None)
    path = tmp_path / "v1" / "graft.db"
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'run_project'").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 200)

    with open_store(tmp_path) as store:
        assert set(kinds(store)) == {Kind.PAGES}
