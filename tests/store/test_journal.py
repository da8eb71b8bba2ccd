"""The log of facts is the truth: its text is exact, and replaying it gives the same tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from grown_graphs import map_in_map
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core import codec
from graftline.core.artifacts import MetricPoint
from graftline.core.codec import fact_from_json, facts_to_json
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import (
    Fact,
    GraphGrown,
    RetryScheduled,
    RunFinished,
    StepJoined,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepYielded,
)
from graftline.core.ids import RunId
from graftline.core.records import dataclass, replace
from graftline.core.runs import RunSpec, StepRun
from graftline.core.states import Reason, Status
from graftline.store.facttext import facts_text
from graftline.store.store import Store, open_store

METRIC = MetricPoint("auc", 0.5, None, 1.0)
FACTS: list[Fact] = [
    dispatched('ä "x"\n'),
    succeeded("a", outputs=[]),
    succeeded("a", outputs=[value(b"1"), value(b"2", 'n"', is_file=True)._replace(role="file")]),
    succeeded("a", metrics=[METRIC]),
    replace(succeeded("a"), reason=Reason.CODE_CHANGED, peak_bytes=None),
    replace(succeeded("a"), reads=("a.csv", "data/", "tcp://db:5432")),
    failed("a"),
    replace(failed("a"), outputs=(value(b"1"),)),
    StepYielded(node="a", attempt=1, at=1.0, value={"x": [1, None]}),
    StepYielded(node="a", attempt=1, at=1.0, value=None),
    StepProgressed(node="a", attempt=1, at=1.0, done=1.0, total=None),
    finished(),
]


@pytest.mark.parametrize("fact", FACTS, ids=range(len(FACTS)))
def test_the_fast_text_of_a_fact_is_its_json(fact: Fact) -> None:
    assert json.loads(facts_text([fact])) == json.loads(json.dumps(facts_to_json([fact], with_bytes=False)))


def write(store: Store, given: RunSpec) -> None:
    """Write a run that is retried by itself, by hand, and interrupted."""
    store.runs.create(given, None)
    log = store.runs.open(given.id)
    log.append([started(), dispatched("a"), dispatched("b")])
    log.append([failed("a"), RetryScheduled(node="a", at=tick(), not_before=1.0), succeeded("b", metrics=[METRIC])])
    told = StepProgressed(node="a", attempt=2, at=1.0, done=1.0, total=2.0)
    log.append(
        [dispatched("a", 2), told, StepReused(node="c", at=tick(), from_run=RunId("b" * 16), outputs=(value(b"c"),))]
    )
    log.append([failed("a", 2), StepSettled(node="d", state=Status.SKIPPED, reason=Reason.UPSTREAM, at=tick())])
    log.append([finished(Status.FAILURE)])
    log.close()
    log = store.runs.open(given.id)
    log.append([started(), *(StepReset(node=node, at=tick()) for node in "abd"), dispatched("a", 3)])
    log.append([succeeded("a", 3), dispatched("b", 2)])
    log.close()
    assert store.history.run(given.id).state is Status.INTERRUPTED
    log = store.runs.open(given.id)
    log.append([started(), dispatched("b", 3), succeeded("b", 3), dispatched("d")])
    log.append([succeeded("d"), finished()])
    log.close()


def write_composites(store: Store, given: RunSpec) -> None:
    """Write a run of maps inside a map that is interrupted and goes on."""
    store.runs.create(given, None)
    log = store.runs.open(given.id)
    log.append([started(), *ran("load", "outer/items"), grew("outer/items", 2), *ran("outer/0/prep", "outer/1/prep")])
    log.append([*ran("outer/1/inner/items"), grew("outer/1/inner/items", 2), dispatched("outer/1/inner/0/fit")])
    log.append([*ran("outer/0/inner/items"), grew("outer/0/inner/items", 0)])
    log.close()
    assert store.history.run(given.id).state is Status.INTERRUPTED
    log = store.runs.open(given.id)
    log.append([started(), dispatched("outer/1/inner/0/fit", 2), succeeded("outer/1/inner/0/fit", 2)])
    log.append([StepJoined(node="outer/0/inner", at=tick(), outputs=(value(b"[]"),)), *ran("outer/1/inner/1/fit")])
    log.append([*ran("outer/1/inner", "outer", "report"), finished()])
    log.close()


def grew(node: str, size: int) -> GraphGrown:
    return GraphGrown(node=node, size=size, at=tick())


def ran(*nodes: str) -> list[Fact]:
    return [fact for node in nodes for fact in (dispatched(node), succeeded(node))]


def replay(store: Store, given: RunSpec, groups: Sequence[Sequence[Fact]]) -> None:
    store.runs.create(given, None)
    log = None
    for facts in groups:
        if isinstance(facts[-1], RunFinished) and facts[-1].state is Status.INTERRUPTED:
            assert log is not None
            log.close()
            log = None
            store.history.run(given.id)
            continue
        if log is None:
            log = store.runs.open(given.id)
        log.append(facts)
        if isinstance(facts[-1], RunFinished):
            log.close()
            log = None


def groups_of(store: Store, given: RunSpec) -> list[list[Fact]]:
    groups: dict[int, list[Fact]] = {}
    for event in store.feed().events(run=given.id):
        fact = fact_from_json({"kind": event.kind, "at": event.at, **event.data})
        groups.setdefault(event.seq, []).append(fact)
    return list(groups.values())


def without_bytes(steps: list[StepRun]) -> list[StepRun]:
    found = []
    for step in steps:
        outputs = tuple(each._replace(ref=each.ref._replace(inline=None)) for each in step.outputs)
        error = replace(step.error, pickled=None) if step.error else None
        found.append(replace(step, outputs=outputs, error=error))
    return found


def test_replaying_the_events_gives_the_same_tables(tmp_path: Path) -> None:
    given = spec("a", "b", "c", "d")
    with open_store(tmp_path / "one") as one, open_store(tmp_path / "two") as two:
        write(one, given)

        replay(two, given, groups_of(one, given))

        assert without_bytes(two.history.steps(given.id)) == without_bytes(one.history.steps(given.id))
        attempts = one.history.attempts(given.id)
        assert [[a.state for a in attempts[node]] for node in "abd"] == [
            [Status.FAILURE, Status.FAILURE, Status.SUCCESS],
            [Status.SUCCESS, Status.INTERRUPTED, Status.SUCCESS],
            [Status.SUCCESS],
        ]
        assert {node: [replace(a, error=None) for a in each] for node, each in attempts.items()} == {
            node: [replace(a, error=None) for a in each] for node, each in two.history.attempts(given.id).items()
        }
        runs = [replace(store.history.run(given.id), pid=None) for store in (one, two)]
        assert runs[0] == runs[1]
        assert [event.data for event in one.feed().events()] == [event.data for event in two.feed().events()]


def test_replaying_the_events_of_a_graph_that_grew_gives_the_same_tables(tmp_path: Path) -> None:
    given = spec(graph=map_in_map())
    with open_store(tmp_path / "one") as one, open_store(tmp_path / "two") as two:
        write_composites(one, given)

        replay(two, given, groups_of(one, given))

        assert without_bytes(two.history.steps(given.id)) == without_bytes(one.history.steps(given.id))
        assert two.history.attempts(given.id) == one.history.attempts(given.id)
        assert two.runs.spec(given.id) == one.runs.spec(given.id)
        tables = [table_rows(store) for store in (one, two)]
        assert len(tables[0]["growth"]) == 3
        assert tables[0] == tables[1]
        assert one.doctor() == []


def table_rows(store: Store) -> dict[str, list[object]]:
    """Return the rows of every projection; of outputs without the bytes, which no event holds."""
    columns = {
        "growth": "*",
        "step": "*",
        "attempt": "run, node, n, state, reason, dispatched",
        "output": "run, node, attempt, position, name, sha256, size",
        "newest": "*",
    }
    with store.runs._database.reading() as connection:
        return {
            table: connection.execute(f"SELECT {wanted} FROM {table} ORDER BY 1, 2, 3").fetchall()
            for table, wanted in columns.items()
        }


def test_a_fact_that_changes_no_state_only_stands_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class StepSang:
        node: str
        at: float

    monkeypatch.setitem(codec._WRITERS, StepSang, codec._other)
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        log.append([started(), dispatched("a"), StepSang(node="a", at=tick()), succeeded("a")])  # type: ignore[list-item]
        log.close()

        assert [event.kind for event in store.feed().events()][2] == "StepSang"
        assert store.history.steps(given.id)[0].state is Status.SUCCESS


def test_growth_that_is_refused_leaves_nothing_and_may_come_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec(graph=map_in_map())
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        log.append([started(), *ran("load", "outer/items"), grew("outer/items", 2), *ran("outer/0/prep")])
        before = (store.history.steps(given.id), store.feed().events(), store.history.run(given.id))

        for _ in range(2):
            with pytest.raises(ConflictError):
                log.append([*ran("outer/0/inner/items"), grew("outer/0/inner/items", 3), succeeded("report")])
            assert (store.history.steps(given.id), store.feed().events(), store.history.run(given.id)) == before

        log.append([*ran("outer/0/inner/items"), grew("outer/0/inner/items", 1), *ran("outer/0/inner/0/fit")])
        log.append([*ran("outer/1/prep")])
        assert store.history.run(given.id).counts == {"SUCCESS": 6, "PENDING": 5}
        log.close()


def test_a_group_that_is_refused_leaves_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        log.append([started()])
        before = (store.history.steps(given.id), store.feed().events(), store.history.run(given.id))

        with pytest.raises(ConflictError):
            log.append([dispatched("a"), succeeded("a"), succeeded("b")])

        assert (store.history.steps(given.id), store.feed().events(), store.history.run(given.id)) == before
        log.append([dispatched("a"), succeeded("a")])
        log.close()


def test_a_lost_lease_stops_the_old_host(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        given = spec()
        store.runs.create(given, None)
        log = store.runs.open(given.id)
        log.append([started(), dispatched("a")])
        with store.runs._database.writing() as connection:
            connection.execute("UPDATE run SET lease = lease + 1")

        with pytest.raises(ConflictError, match="taken this run over"):
            log.append([succeeded("a")])

        assert store.history.run(given.id).counts == {"STARTED": 1, "PENDING": 2}
        log.close()


def test_a_late_retry_of_an_old_run_does_not_become_the_newest(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        old, new = spec(), spec()
        store.runs.create(old, None)
        log = store.runs.open(old.id)
        log.append([started(), dispatched("a"), succeeded("a", outputs=[value(b"old")]), finished(Status.FAILURE)])
        log.close()
        store.runs.create(new, None)
        log = store.runs.open(new.id)
        log.append([started(), dispatched("a"), succeeded("a", outputs=[value(b"new")]), finished(Status.FAILURE)])
        log.close()

        log = store.runs.open(old.id)
        log.append([started(), dispatched("b"), succeeded("b"), finished()])
        log.close()

        newest = store.outputs.newest("demo", "demo", ["a", "b"])
        assert newest["a"] == (new.id, (value(b"new"),))
        assert newest["b"] == (old.id, (value(b"b 1"),))


def test_a_near_miss_is_offered(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.runs.create(spec(id=RunId("abcdefghijklmnop"), tags=("champion",)), None)

        for text, meant in (("abcx", "abcd"), ("champoin", "champion")):
            with pytest.raises(MissingError, match=f"did you mean '{meant}'"):
                store.history.find(text, "demo")
