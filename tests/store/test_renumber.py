"""Steps moved to other positions in the tables: any graph to any other, on real SQLite."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from run_specs import chain, dispatched, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import MetricPoint
from graftline.core.events import Fact, StepReused
from graftline.core.ids import RunId
from graftline.core.runs import CodeState
from graftline.core.states import Status
from graftline.store.store import Store, open_store

NAMES = list("abcdefgh")
GRAPHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


@given(old=GRAPHS, new=GRAPHS, last=GRAPHS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_change_of_the_graph_keeps_what_the_steps_that_stay_have(
    store: Store, old: list[str], new: list[str], last: list[str]
) -> None:
    run = spec(*old, pipeline=f"p{tick()}")
    store.runs.create(run, None)
    log = store.runs.open(run.id)
    facts: list[Fact] = [started()]
    for number, name in enumerate(old):
        if number % 3 == 2:
            facts.append(StepReused(node=name, at=tick(), from_run=RunId("r" * 16), outputs=(value(name.encode()),)))
        else:
            points = [MetricPoint(name, number, None, 1.0)]
            facts += [dispatched(name), succeeded(name, outputs=[value(name.encode() * 400)], metrics=points)]
    log.append([*facts, finished(Status.FAILURE)])
    log.close()
    before = {each.path: each for each in store.history.steps(run.id)}

    for names in (new, last):
        store.runs.revise(run.id, replace(run, graph=chain(*names)), None)

    stay = set(old) & set(new) & set(last)
    after = {each.path: each for each in store.history.steps(run.id)}
    assert list(after) == last
    for name in last:
        if name in stay:
            assert replace(after[name], needs=(), params={}) == replace(before[name], needs=(), params={})
        else:
            assert (after[name].state, after[name].attempts) == (Status.PENDING, 0)
    newest = store.outputs.newest("demo", run.pipeline, NAMES)
    assert newest == {name: (run.id, before[name].outputs) for name in stay}
    assert store.doctor(repair=False) == []


def test_an_attempt_keeps_the_code_it_ran_when_the_run_gets_other_code(store: Store) -> None:
    run = spec("a", "b", code=CodeState(key="old"))
    store.runs.create(run, None)
    log = store.runs.open(run.id)
    log.append([started(), dispatched("a"), succeeded("a"), finished(Status.FAILURE)])
    log.close()

    store.runs.revise(run.id, replace(run, graph=chain("b", "a"), code=CodeState(key="new")), None)
    again = store.runs.open(run.id)
    again.append([started(), dispatched("b"), succeeded("b"), finished()])
    again.close()

    attempts = store.history.attempts(run.id)
    assert {path: [each.code for each in found] for path, found in attempts.items()} == {"a": ["old"], "b": ["new"]}


def test_ten_thousand_steps_move_within_two_seconds(store: Store) -> None:
    names = [f"s{number}" for number in range(10_000)]
    run = spec(*names)
    store.runs.create(run, None)

    begun = time.process_time()
    store.runs.revise(run.id, replace(run, graph=chain("first", *names)), None)

    assert time.process_time() - begun < 2.0
    assert [step.path for step in store.history.steps(run.id)][:2] == ["first", "s0"]
