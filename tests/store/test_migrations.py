"""Stores as earlier versions wrote them, kept as dumps, open in this one with all they hold."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from grown_graphs import trials
from run_specs import dispatched, spec, started, succeeded, tick, value

from graftline.core.events import GraphGrown, ResultKept, StepJudged, StepReset
from graftline.core.ids import RunId
from graftline.core.keys import Basis, Evidence
from graftline.core.ports import RunQuery
from graftline.core.reusing import Reusing, Verdict
from graftline.core.states import Status
from graftline.store.store import Store, open_store

KEPT = sorted(Path(__file__).with_name("kept").glob("schema_*.sql"))
GOOD, BAD, WAITING = RunId("aaaabbbbccccdddd"), RunId("bbbbccccddddeeee"), RunId("ccccddddeeeeffff")


@pytest.fixture(params=KEPT, ids=[path.stem for path in KEPT])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return a store that an earlier version wrote, opened by this one."""
    directory = tmp_path / "store"
    open_store(directory).close()
    for file in (directory / "v1").glob("graft.db*"):
        file.unlink()
    database = directory / "v1" / "graft.db"
    database.touch(mode=0o600)
    connection = sqlite3.connect(database)
    connection.executescript(request.param.read_text(encoding="utf-8"))
    connection.close()
    return open_store(directory)


def test_there_is_a_dump_of_each_schema_before_this_one() -> None:
    assert [path.stem for path in KEPT] == ["schema_1_1", "schema_1_4"]


def test_what_an_earlier_version_wrote_is_all_there(store: Store) -> None:
    with store:
        assert [(run.id, run.state) for run in store.history.runs(RunQuery())] == [
            (WAITING, Status.PENDING),
            (BAD, Status.FAILURE),
            (GOOD, Status.SUCCESS),
        ]
        steps = {step.path: step for step in store.history.steps(GOOD)}
        assert [step.state for step in steps.values()] == [Status.SUCCESS, Status.SUCCESS, Status.CACHED]
        assert steps["a"].outputs == (value(b"x" * 600),)
        assert steps["a"].metrics[0].value == 0.5
        assert store.history.attempts(BAD, "b")["b"][0].error is not None
        assert store.runs.spec(GOOD).graph == spec("a", "b", "c").graph
        assert store.runs.snapshot(GOOD).files.keys() == {"a.py"}
        assert store.outputs.newest("demo", "demo", ["a"])["a"][0] == BAD
        assert len(store.feed().events(run=BAD)) == 7
        assert store.doctor() == []


def test_what_an_earlier_version_ran_has_no_judgements_and_what_runs_now_has(store: Store) -> None:
    known = Evidence(place="b", basis=Basis(code="1" * 64, call="2" * 64))
    with store:
        old = store.runs.spec(GOOD)
        assert (old.prints, old.reusing) == ({}, Reusing())
        assert store.results.judgement(GOOD, "a") is None
        assert store.results.earlier("demo", "demo", ["a", "b"]) == {}

        log = store.runs.open(BAD)
        judged = StepJudged(node="b", at=tick(), verdict=Verdict.NEVER, evidence=known)
        log.append([started(), StepReset(node="b", at=tick()), judged, dispatched("b", 2)])
        log.append([succeeded("b", 2), ResultKept(node="b", attempt=2, at=tick())])
        log.close()

        assert [result.run for result in store.results.find([known.key])[known.key]] == [BAD]
        assert store.doctor() == []


def test_a_run_of_an_earlier_version_goes_on_and_new_ones_grow(store: Store) -> None:
    with store:
        log = store.runs.open(BAD)
        log.append([started(), StepReset(node="b", at=tick()), dispatched("b", 2), succeeded("b", 2)])
        log.close()
        assert [step.state for step in store.history.steps(BAD)][:2] == [Status.SUCCESS, Status.SUCCESS]

        store.runs.revise(WAITING, replace(store.runs.spec(WAITING), graph=trials()), None)
        log = store.runs.open(WAITING)
        log.append([started(), dispatched("load"), succeeded("load"), dispatched("trials/items")])
        log.append([succeeded("trials/items"), GraphGrown(node="trials/items", size=2, at=tick())])
        log.close()
        assert len(store.history.steps(WAITING)) == 6
