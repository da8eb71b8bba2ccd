"""Where results lie in the store: once, found after a crash, never handed out damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from run_specs import dispatched, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.errors import ConflictError
from graftline.core.events import Fact, ResultKept, StepJudged, StepReused
from graftline.core.ids import RunId
from graftline.core.keys import Basis, Evidence
from graftline.core.ports import RunLog
from graftline.core.prints import Print
from graftline.core.reusing import Result, Verdict
from graftline.core.states import Status
from graftline.store.doctor import Kind
from graftline.store.facttext import facts_text
from graftline.store.store import Store, open_store

BASES = [Basis(code=f"{number}" * 64, call="2" * 64, packages={"python": "3.11.7"}) for number in range(2)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def evidence(place: str) -> Evidence:
    return Evidence(place=place, basis=BASES[len(place) % 2], arguments={"x": f"value:{place}"})


def made(node: str, outputs: Sequence[Output] | None = None) -> list[Fact]:
    return [
        StepJudged(node=node, at=tick(), verdict=Verdict.NEVER, evidence=evidence(node)),
        dispatched(node),
        succeeded(node, 1, outputs),
        ResultKept(node=node, attempt=1, at=tick()),
    ]


def begin(store: Store, *names: str) -> tuple[RunId, RunLog]:
    given = spec(*names)
    store.runs.create(given, None)
    return given.id, store.runs.open(given.id)


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with store.runs._database.reading() as connection:
        return connection.execute(sql).fetchall()


def found(store: Store, place: str) -> list[Result]:
    return store.results.find([evidence(place).key]).get(evidence(place).key, [])


class TestRows:
    def test_a_basis_is_stored_once_and_evidence_not_in_the_log(self, store: Store) -> None:
        names = [f"s{number}" for number in range(50)]
        for _ in range(2):
            _, log = begin(store, *names)
            log.append([started(), *(fact for name in names for fact in made(name)), finished()])
            log.close()

        assert rows(store, "SELECT count(*) FROM basis") == [(2,)]
        assert rows(store, "SELECT count(*) FROM judgement") == [(100,)]
        assert rows(store, "SELECT count(*) FROM event WHERE facts LIKE '%evidence%' OR facts LIKE '%value:s%'") == [
            (0,)
        ]

    def test_prints_are_stored_once(self, store: Store) -> None:
        for _ in range(3):
            store.runs.create(spec(prints={0: Print(parts={"a.py:f": "1" * 64})}), None)
        store.runs.create(spec(), None)

        assert rows(store, "SELECT count(*) FROM prints") == [(1,)]
        assert rows(store, "SELECT count(*) FROM run WHERE prints IS NULL") == [(1,)]

    def test_fast_steps_are_indexed_in_batches_and_all_of_them_when_the_run_ends(self, store: Store) -> None:
        names = [f"s{number}" for number in range(20)]
        run, log = begin(store, *names)
        now = tick()
        log.append([started()])
        for number, name in enumerate(names):
            at = now + number * 0.001
            log.append([*made(name)[:3], ResultKept(node=name, attempt=1, at=at)])

        assert rows(store, "SELECT count(*) FROM result") == [(20,)]
        assert rows(store, "SELECT count(*) FROM result_key") == [(1,)]

        log.append([finished()])
        log.close()
        assert all(found(store, name)[0].run == run for name in names)
        assert store.results.earlier("demo", "demo", names).keys() == set(names)

    def test_a_batch_that_was_refused_is_written_later(self, store: Store) -> None:
        _, log = begin(store, "a", "b")
        with pytest.raises(ConflictError):
            log.append([started(), *made("a"), succeeded("b", 3)])

        log.append([started(), *made("a")])

        assert len(found(store, "a")) == 1

    @pytest.mark.parametrize(
        "fact",
        [
            StepJudged(node='a"ü', at=0.1, verdict=Verdict.READS, detail='x "y".csv', evidence=evidence("a")),
            StepJudged(node="a", at=1e22, verdict=Verdict.UNKNOWN),
            ResultKept(node="a/ü", attempt=3, at=0.1),
            ResultKept(node="a", attempt=3, at=0.1, seen={"x": None, "ü": "1" * 64}),
            StepReused(node="a", at=0.1, from_run=RunId("b" * 16), outputs=()),
            StepReused(node="a", at=0.1, from_run=RunId("b" * 16), outputs=(value(b"x"), value(b"y", "ü"))),
            StepReused(
                node="a", at=0.1, from_run=RunId("b" * 16), outputs=(), metrics=(MetricPoint("auc", 0.5, None, 1.0),)
            ),
        ],
    )
    def test_facts_written_by_hand_are_those_of_the_codec(self, fact: Fact) -> None:
        from graftline.core.codec import facts_to_json

        assert json.loads(facts_text([fact])) == facts_to_json([fact], with_bytes=False)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {support!r}
from graftline.store.store import open_store
from run_specs import dispatched, spec, started, succeeded
from graftline.core.events import ResultKept, StepJudged
from graftline.core.keys import Basis, Evidence
from graftline.core.reusing import Verdict

store = open_store(Path({directory!r}))
given = spec("a", "b", "c")
store.runs.create(given, None)
log = store.runs.open(given.id)
at = 1_700_000_000.0
def made(node):
    known = Evidence(place=node, basis=Basis(code=str(len(node) % 2) * 64, call="2" * 64,
        packages={{"python": "3.11.7"}}), arguments={{"x": f"value:{{node}}"}})
    return [StepJudged(node=node, at=at, verdict=Verdict.NEVER, evidence=known), dispatched(node),
        succeeded(node), ResultKept(node=node, attempt=1, at=at)]
log.append([started(), *made("a")])
log.append(made("b"))
log.append(made("c")[1::-1])
print(given.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class TestCrash:
    def test_what_a_killed_run_had_reported_serves_and_what_it_had_begun_does_not(self, tmp_path: Path) -> None:
        support = [str(Path(__file__).parents[1] / "support")]
        code = KILLED.format(support=support, directory=str(tmp_path))
        died = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert died.returncode == -9, died.stderr
        run = RunId(died.stdout.strip())

        with open_store(tmp_path) as store:
            assert rows(store, "SELECT count(*) FROM result_key") == [(1,)]  # the second batch was still waiting

            results = {name: found(store, name) for name in ("a", "b", "c")}

            assert {name: [result.run for result in each] for name, each in results.items()} == {
                "a": [run],
                "b": [run],
                "c": [],
            }
            told = store.results.judgement(run, "c")
            assert told is not None
            assert (told.verdict, told.evidence, told.is_kept) == (Verdict.NEVER, evidence("c"), False)
            assert store.history.run(run).state is Status.INTERRUPTED
            assert store.doctor() == []

    def test_a_host_that_takes_over_keeps_what_an_earlier_one_judged(self, store: Store) -> None:
        run, log = begin(store, "a")
        log.append([started(), made("a")[0]])
        log.close()

        log = store.runs.open(run)
        log.append([started(), *made("a")[1:]])

        assert [result.run for result in found(store, "a")] == [run]
        log.close()


class TestDamage:
    @pytest.fixture
    def results(self, store: Store) -> list[Result]:
        """Return a result with an object file, and one with a row of the artifact table."""
        sha256 = store.outputs.keep(b"model" * 2000)
        model = Output("model", "value", ArtifactRef(sha256, 10_000, "pickle"))
        _, log = begin(store, "a", "b")
        log.append([started(), *made("a", [model]), *made("b", [value(b"y" * 3000)]), finished()])
        log.close()
        return [*found(store, "a"), *found(store, "b")]

    def test_whole_ones_are_whole(self, store: Store, results: list[Result]) -> None:
        assert store.results.damaged(results) == [None, None]

    def test_an_object_that_was_edited_is_found(self, store: Store, results: list[Result]) -> None:
        with store.objects.path(results[0].outputs[0].ref.sha256).open("ab") as file:
            file.write(b"x")

        assert store.results.damaged(results) == ["the stored value of 'model' is damaged", None]

    def test_an_object_that_was_edited_and_has_its_old_size_and_times_is_found(
        self, store: Store, results: list[Result]
    ) -> None:
        path = store.objects.path(results[0].outputs[0].ref.sha256)
        os.utime(path, (1e9, 1e9))
        assert store.results.damaged(results) == [None, None]
        path.write_bytes(b"Model" * 2000)
        os.utime(path, (1e9, 1e9))

        assert store.results.damaged(results) == ["the stored value of 'model' is damaged", None]

    def test_one_that_was_deleted_is_found(self, store: Store, results: list[Result]) -> None:
        store.objects.path(results[0].outputs[0].ref.sha256).unlink()

        assert store.results.damaged(results) == ["the stored value of 'model' is missing", None]

    def test_one_that_cannot_be_read_is_found(self, store: Store, results: list[Result]) -> None:
        path = store.objects.path(results[0].outputs[0].ref.sha256)
        path.unlink()
        os.mkfifo(path)

        (told, _) = store.results.damaged(results)

        assert told is not None
        assert told.startswith("the stored value of 'model' cannot be read: ")

    def test_altered_bytes_in_the_database_are_found(self, store: Store, results: list[Result]) -> None:
        with store.runs._database.writing() as connection:
            connection.execute("UPDATE artifact SET bytes = x'00'")

        assert store.results.damaged(found(store, "b")) == ["the stored value of 'value' is damaged"]

    def test_bytes_that_are_gone_from_the_database_are_missing(self, store: Store, results: list[Result]) -> None:
        with store.runs._database.writing() as connection:
            connection.execute("DELETE FROM artifact")

        assert store.results.damaged(found(store, "b")) == ["the stored value of 'value' is missing"]


class TestDoctor:
    def test_a_result_that_no_attempt_made_is_found_and_removed(self, store: Store) -> None:
        _, log = begin(store, "a", "b")
        log.append([started(), *made("a"), *made("b"), finished()])
        log.close()
        with store.runs._database.writing() as connection:
            connection.execute("DELETE FROM attempt WHERE node = 1")

        assert [finding.kind for finding in store.doctor(repair=True)] == [Kind.ORPHAN]

        assert store.doctor() == []
        assert (len(found(store, "a")), found(store, "b")) == (1, [])

    @pytest.mark.parametrize("table", ["basis", "graph", "prints", "environment"])
    def test_a_text_that_does_not_fit_its_digest_is_found(self, store: Store, table: str) -> None:
        store.runs.create(spec(prints={0: Print(parts={"a.py:f": "1" * 64})}), None)
        _, log = begin(store, "a")
        log.append([started(), *made("a"), finished()])
        log.close()
        assert store.doctor() == []
        with store.runs._database.writing() as connection:
            connection.execute(f"UPDATE {table} SET json = replace(json, '1', '2') || ' '")

        assert {finding.kind for finding in store.doctor()} == {Kind.ALTERED}


def test_the_look_up_uses_its_index(store: Store) -> None:
    from graftline.store.results import _FIND

    plan = " ".join(str(row[3]) for row in rows(store, f"EXPLAIN QUERY PLAN {_FIND.replace('?', repr('[1]'))}"))

    assert "SCAN wanted" in plan
    assert plan.count("SCAN") == 1


def test_an_attempt_is_recorded_as_kept_once(store: Store) -> None:
    _, log = begin(store, "a")
    log.append([started(), *made("a")])

    with pytest.raises(ConflictError):
        log.append([ResultKept(node="a", attempt=1, at=tick())])
    log.close()
