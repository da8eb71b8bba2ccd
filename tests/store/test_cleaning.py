"""Cleaning frees what nobody needs, keeps all the rest, and leaves a store that passes the doctor."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cleaned import DAY_S, add_run, age, results, stored
from registries import CONTENT, digest, draft_generation, draft_lineage
from run_specs import dispatched, spec, started, succeeded

from graftline.core.cleaning import Kind, Plan
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import RunFinished
from graftline.core.garbage import Limits
from graftline.core.ports import RunQuery
from graftline.core.reusing import Reusing
from graftline.core.states import Status
from graftline.store.cleaning import cleaning_lock
from graftline.store.liveness import RunLock
from graftline.store.store import Store, open_store

A, B, C = b"a" * 5000, b"b" * 6000, b"c" * 7000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def cleaned(store: Store, **limits: object) -> Plan:
    wanted = Limits(**limits)  # type: ignore[arg-type]
    foretold = store.cleaning().plan(wanted, time.time())
    done = store.cleaning().clean(wanted, time.time())
    assert [part for part in done.parts if part.kind is not Kind.DATABASE] == list(foretold.parts)
    assert (done.runs, done.losing) == (foretold.runs, foretold.losing)
    assert store.doctor() == []
    return done


def counts(plan: Plan) -> dict[Kind, int]:
    return {part.kind: part.count for part in plan.parts if part.kind is not Kind.DATABASE}


def is_there(store: Store, data: bytes) -> bool:
    return store.objects.has(digest(data))


class TestNobodys:
    def test_only_old_objects_that_nothing_names_go(self, store: Store) -> None:
        add_run(store, [A, B])
        loose, fresh = store.objects.write(b"loose" * 1000), store.objects.write(b"fresh" * 1000)
        age(store, loose, 2 * 3600)
        age(store, fresh, 1800)

        assert counts(cleaned(store)) == {Kind.UNNAMED: 1}
        assert not store.objects.has(loose)
        assert store.objects.has(fresh)
        assert is_there(store, A)
        assert counts(cleaned(store)) == {}

    def test_what_a_crash_left_goes_when_it_is_old(self, store: Store, tmp_path: Path) -> None:
        root = tmp_path / "v1"
        (root / "objects" / "ab").mkdir(mode=0o700)
        left = [root / "objects" / ".tmp-1-2", root / "objects" / "ab" / "cd.1234.tmp", root / "code" / "tmpabc"]
        left += [root / "logs" / "abcdabcdabcdabcd", root / "runs" / "abcdabcdabcdabcd.lock", root / "code" / "f00"]
        for path in left:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if path.name.endswith(("lock", "tmp", "-2")):
                path.touch(0o600)
            else:
                path.mkdir(mode=0o700)
                (path / "file").write_bytes(b"x" * 10)
                (path / "file").chmod(0o600)
        assert counts(cleaned(store)) == {}

        for path in left:
            os.utime(path, (1e9, 1e9))
        assert counts(cleaned(store)) == {Kind.TEMPORARY: 3, Kind.LOGS: 1, Kind.CODE: 1, Kind.LOCKS: 1}
        assert not any(path.exists() for path in left)

    def test_a_lock_that_somebody_holds_stays(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "v1" / "runs" / "abcdabcdabcdabcd.lock"
        lock = RunLock.take(path)
        assert lock is not None
        os.utime(path, (1e9, 1e9))

        store.cleaning().clean(Limits(), time.time())

        assert path.exists()
        lock.release()

    def test_states_and_files_of_the_registry_stay_until_they_are_removed(self, store: Store) -> None:
        store.registry.publish(draft_lineage("0.1.0"), CONTENT.__getitem__)
        for state in (b"one", b"two"):
            store.registry.commit(draft_generation(state), CONTENT.__getitem__)
        for sha256 in CONTENT:
            age(store, sha256)
        assert counts(cleaned(store, keep_last=0)) == {}

        store.registry.remove("churn", "0.1.0", 2)
        assert counts(cleaned(store)) == {Kind.UNNAMED: 1}
        assert not store.objects.has(digest(b"two"))
        store.registry.remove("churn")
        assert counts(cleaned(store)) == {Kind.UNNAMED: 3}

    def test_what_somebody_asks_for_meanwhile_stays(self, store: Store) -> None:
        sha256 = stored(store, C).ref.sha256
        now = time.time()
        assert counts(store.cleaning().plan(Limits(), now)) == {Kind.UNNAMED: 1}

        store.objects.write(C)  # finds it there, and is about to name it

        assert counts(store.cleaning().clean(Limits(), now)) == {}
        assert store.objects.has(sha256)


class TestValues:
    def test_intermediate_values_of_old_runs_go_and_results_with_them(self, store: Store) -> None:
        run = add_run(store, [A, B, C])
        assert results(store, "s0", A)

        done = cleaned(store, older_than_s=DAY_S)

        assert counts(done) == {Kind.VALUES: 2}
        assert done.losing == (run,)
        assert not is_there(store, A)
        assert is_there(store, C)  # nobody took it: it is what the run was for
        assert not results(store, "s0", A)
        assert results(store, "s2", C)
        assert store.outputs.newest("demo", "demo", ["s0", "s2"]).keys() == {"s2"}
        assert store.history.run(run).state is Status.SUCCESS
        assert counts(cleaned(store, older_than_s=DAY_S)) == {}

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": Status.FAILURE},
            {"state": Status.INTERRUPTED},
            {"state": Status.CANCELLED},
            {"tags": ("good",)},
            {"roles": ("state", "file")},
        ],
    )
    def test_what_may_be_needed_stays(self, store: Store, changes: dict[str, object]) -> None:
        add_run(store, [A, B, C], **changes)  # type: ignore[arg-type]

        assert counts(cleaned(store, keep_last=0)) == {}

    def test_a_value_stays_that_a_newer_run_has_too(self, store: Store) -> None:
        add_run(store, [A, B, C])
        add_run(store, [A, b"d" * 5000, C])

        assert counts(cleaned(store, keep_last=1)) == {Kind.VALUES: 1}
        assert is_there(store, A)
        assert not is_there(store, B)

    def test_made_again_it_is_a_value_like_any_other(self, store: Store) -> None:
        add_run(store, [A, B])
        cleaned(store, keep_last=0)
        add_run(store, [A, B])

        assert results(store, "s0", A)
        assert counts(cleaned(store)) == {}
        assert counts(cleaned(store, keep_last=1)) == {}
        assert counts(cleaned(store, keep_last=0)) == {Kind.VALUES: 1}

    def test_a_size_is_reached_with_as_little_as_it_takes(self, store: Store) -> None:
        for number in range(5):
            add_run(store, [bytes([number]) * 10_000, bytes([number]) * 5000])

        done = cleaned(store, max_bytes=60_000)

        assert counts(done) == {Kind.VALUES: 2}
        assert (done.objects, done.size) == (10, 75_000)
        assert counts(cleaned(store, max_bytes=60_000)) == {}

    def test_while_a_run_is_live_all_that_runs_left_stays(self, store: Store) -> None:
        add_run(store, [A, B])
        loose = store.objects.write(b"loose" * 1000)
        age(store, loose)
        live = spec("a")
        store.runs.create(live, None)
        log = store.runs.open(live.id)
        log.append([started()])

        done = store.cleaning().clean(Limits(keep_last=0, with_runs=True), time.time())

        assert done.waits_for == (live.id,)
        assert is_there(store, A)
        log.append([dispatched("a"), succeeded("a"), RunFinished(state=Status.SUCCESS, reason=None, at=1.8e9)])
        log.close()
        assert Kind.VALUES in counts(cleaned(store, keep_last=0))

    def test_a_run_that_begins_between_survey_and_deletion_ends_it(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add_run(store, [A, B])
        cleaning = store.cleaning()
        survey = cleaning._survey

        def begun(limits: Limits, now: float) -> object:
            found = survey(limits, now)
            add_run(store, [A, C], reusing=Reusing())
            return found

        monkeypatch.setattr(cleaning, "_survey", begun)
        done = cleaning.clean(Limits(keep_last=0, with_runs=True), time.time())

        assert counts(done) == {}
        assert is_there(store, A)
        assert store.doctor() == []


class TestRuns:
    def test_records_go_with_logs_and_all_they_alone_named(self, store: Store, tmp_path: Path) -> None:
        old = add_run(store, [A, B])
        log = store.layout.logs(old)
        log.mkdir(mode=0o700, exist_ok=True)
        (log / "1.log").write_bytes(b"x" * 100)
        (log / "1.log").chmod(0o600)
        kept = add_run(store, [C, B], parent=old)

        done = cleaned(store, keep_last=1, with_runs=True)

        assert done.runs == (old,)
        assert counts(done) == {Kind.RUNS: 1, Kind.UNNAMED: 1, Kind.LOGS: 1, Kind.LOCKS: 1}
        assert not log.exists()
        assert not is_there(store, A)
        assert is_there(store, B)
        with pytest.raises(MissingError):
            store.history.run(old)
        assert [run.id for run in store.history.runs(RunQuery())] == [kept]
        assert results(store, "s0", C)
        assert counts(cleaned(store, keep_last=1, with_runs=True)) == {}

    def test_failed_ones_go_too_and_tagged_ones_and_submissions_stay(self, store: Store) -> None:
        failed = add_run(store, [A], state=Status.FAILURE)
        add_run(store, [A], tags=("good",))
        asked = add_run(store, [A])
        with store.runs._database.writing() as connection:
            connection.execute(
                "INSERT INTO submission (run, labels, state, command, cwd, expect, created)"
                " VALUES (?, '[]', 'ENDED', '[]', '/', 'PENDING', 0)",
                (asked,),
            )
        add_run(store, [A])

        assert cleaned(store, keep_last=0, with_runs=True).runs == (failed,)

    def test_the_run_that_wrote_the_newest_event_stays_so_that_who_follows_misses_none(self, store: Store) -> None:
        old = add_run(store, [A], state=Status.FAILURE)
        gone, last = add_run(store, [A]), add_run(store, [B])
        log = store.runs.open(old)  # a retry of the oldest, after the others
        log.append([started(), RunFinished(state=Status.FAILURE, reason=None, at=1.7e9)])
        log.close()
        newest = store.feed().last()

        assert cleaned(store, keep_last=0, with_runs=True).runs == (gone,)
        assert store.feed().last() == newest
        assert {run.id for run in store.history.runs(RunQuery())} == {old, last}

    def test_the_bytes_of_the_database_are_given_back(self, store: Store) -> None:
        for number in range(30):
            add_run(store, [bytes([number])] * 1, params={"text": str(number) * 100_000})
        before = store.layout.database.stat().st_size

        done = cleaned(store, keep_last=1, with_runs=True)

        assert len(done.runs) == 29
        assert store.layout.database.stat().st_size < before / 2
        assert next(part.size for part in done.parts if part.kind is Kind.DATABASE) > before / 2
        add_run(store, [A, B])
        assert store.doctor() == []

    def test_rows_that_others_still_name_stay(self, store: Store) -> None:
        add_run(store, [A, B])
        other = add_run(store, [A, B, C])
        last = add_run(store, [A, B])

        cleaned(store, keep_last=2, with_runs=True)

        for run in (other, last):
            assert store.runs.spec(run).graph.nodes
            assert store.history.steps(run)


def test_two_do_not_clean_at_once(store: Store) -> None:
    lock = RunLock.take(cleaning_lock(store.layout))
    assert lock is not None

    with pytest.raises(ConflictError, match="cleans this store"):
        store.cleaning().clean(Limits(), time.time())
    lock.release()
    store.cleaning().clean(Limits(), time.time())
