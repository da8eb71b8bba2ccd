"""The log of facts is the truth: its text is exact, and replaying it gives the same tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import MetricPoint
from graftline.core.codec import fact_from_json, facts_to_json
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import (
    Fact,
    RetryScheduled,
    RunFinished,
    StepProgressed,
    StepReset,
    StepReused,
    StepSettled,
    StepYielded,
)
from graftline.core.ids import RunId
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
        groups: dict[int, list[Fact]] = {}
        for event in one.feed().events(run=given.id):
            fact = fact_from_json({"kind": event.kind, "at": event.at, **event.data})
            groups.setdefault(event.seq, []).append(fact)

        replay(two, given, list(groups.values()))

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
