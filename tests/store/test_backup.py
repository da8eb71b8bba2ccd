"""A backup is a whole store, made while others write, verified, and never half there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cleaned import add_run, results
from run_specs import spec, started

from graftline.core.errors import ConflictError, InvalidError, StoreError
from graftline.core.garbage import Limits
from graftline.core.ports import RunQuery
from graftline.core.states import Status
from graftline.store import backup
from graftline.store.cleaning import cleaning_lock
from graftline.store.doctor import Kind
from graftline.store.liveness import RunLock
from graftline.store.store import Store, open_store

A, B = b"a" * 5000, b"b" * 6000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


def silent(_done: int, _total: int) -> None:
    """Hear how far it is, and say nothing."""


def test_the_copy_is_a_store_with_all_there_was(store: Store, tmp_path: Path) -> None:
    run = add_run(store, [A, B])
    logs = store.layout.logs(run)
    (logs / "1.log").write_bytes(b"hello")
    heard: list[tuple[int, int]] = []

    copied = store.back_up(tmp_path / "copy", lambda done, total: heard.append((done, total)))

    assert (copied.runs, copied.objects, copied.damaged) == (1, 2, ())
    assert heard[-1] == (11_005, 11_005)
    with open_store(tmp_path / "copy") as restored:
        assert restored.doctor() == []
        assert restored.history.steps(run)[1].outputs
        assert results(restored, "s1", B)
        assert restored.objects.read(results(restored, "s1", B)[0].outputs[0].ref.sha256) == B
        assert (restored.layout.logs(run) / "1.log").read_bytes() == b"hello"
        add_run(restored, [A, b"c" * 5000])
        assert restored.doctor() == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_of_a_run_that_goes_on_it_has_what_was_committed(store: Store, tmp_path: Path) -> None:
    live = spec("a")
    store.runs.create(live, None)
    log = store.runs.open(live.id)
    log.append([started()])

    store.back_up(tmp_path / "copy", silent)

    with open_store(tmp_path / "copy") as restored:
        assert restored.history.run(live.id).state is Status.INTERRUPTED
    assert store.history.run(live.id).state is Status.STARTED
    log.close()


def test_copies_that_are_made_while_runs_write_are_whole(store: Store, tmp_path: Path) -> None:
    is_over = threading.Event()

    def write() -> None:
        number = 0
        while not is_over.is_set() and number < 500:
            number += 1
            add_run(store, [str(number).encode() * 2000, str(number).encode() * 3000])

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    try:
        for at in range(3):
            store.back_up(tmp_path / f"copy{at}", silent)
            with open_store(tmp_path / f"copy{at}") as restored:
                assert restored.doctor() == []
                counts.append(len(restored.history.runs(RunQuery(limit=1000))))
    finally:
        is_over.set()
        writer.join(30)
    assert counts == sorted(counts)


def test_values_that_were_given_up_are_no_damage_and_stay_given_up(store: Store, tmp_path: Path) -> None:
    run = add_run(store, [A, B])
    store.cleaning().clean(Limits(keep_last=0), 1.8e9)

    assert store.back_up(tmp_path / "copy", silent).damaged == ()

    with open_store(tmp_path / "copy") as restored:
        assert restored.doctor() == []
        outputs = [output.ref for step in restored.history.steps(run) for output in step.outputs]
        assert len(restored.outputs.given_up(outputs)) == 1


def test_what_is_damaged_is_named_and_left_out(store: Store, tmp_path: Path) -> None:
    add_run(store, [A, B])
    good, bad = (results(store, name, data)[0].outputs[0].ref.sha256 for name, data in (("s0", A), ("s1", B)))
    store.objects.path(bad).write_bytes(b"x" * 6000)

    copied = store.back_up(tmp_path / "copy", silent)

    assert copied.damaged == (bad,)
    with open_store(tmp_path / "copy") as restored:
        assert restored.objects.verify(good)
        assert not restored.objects.has(bad)


def test_nothing_is_replaced_and_nothing_written_into_the_store(store: Store, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for target in (tmp_path / "there", tmp_path / "store" / "copy", tmp_path / "no" / "copy"):
        with pytest.raises(InvalidError):
            store.back_up(target, silent)
    assert [path.name for path in tmp_path.iterdir()] == ["store", "there"] or len(list(tmp_path.iterdir())) == 2


def test_one_that_fails_leaves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_run(store, [A, B])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "copy_file", full)
    with pytest.raises(StoreError, match="no space left"):
        store.back_up(tmp_path / "copy", silent)

    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_nobody_cleans_meanwhile(store: Store, tmp_path: Path) -> None:
    lock = RunLock.take(cleaning_lock(store.layout))
    assert lock is not None

    with pytest.raises(ConflictError, match="cleans this store"):
        store.back_up(tmp_path / "copy", silent)
    lock.release()
    store.back_up(tmp_path / "copy", silent)


def test_a_store_of_an_earlier_version_that_may_only_be_read_is_examined_and_copied(
    store: Store, tmp_path: Path
) -> None:
    add_run(store, [A, B])
    with store.runs._database.writing() as connection:
        connection.execute("DROP TABLE evicted")
        connection.execute("DELETE FROM migration WHERE number = 10")
    store.close()

    with open_store(tmp_path / "store", read_only=True) as sealed:
        assert {finding.kind for finding in sealed.doctor()} == {Kind.SCHEMA}
        assert sealed.outputs.given_up([]) == {}
        sealed.back_up(tmp_path / "copy", silent)
        with pytest.raises(StoreError, match="reading only"):
            sealed.cleaning().plan(Limits(), 1.8e9)
    with open_store(tmp_path / "copy") as restored:
        assert restored.doctor() == []
