"""What every store promises a retry with changed code: steps that stay keep all they have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from any_store import AnyStore, Make, step
from run_specs import chain, dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import MetricPoint
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import StepReset
from graftline.core.runs import CodeState, RunSpec, Snapshot
from graftline.core.states import Status

METRIC = MetricPoint("auc", 0.5, None, 1.0)
TEXT = b"print('mended')"
MENDED = Snapshot(files={"a.py": value(TEXT).ref.sha256}, contents={value(TEXT).ref.sha256: TEXT})


@pytest.fixture
def broken(run: Make) -> RunSpec:
    """Return a run of a, b, c whose b failed."""
    given, log = run(
        started(), dispatched("a"), succeeded("a", metrics=[METRIC]), dispatched("b"), failed("b"),
        finished(Status.FAILURE), given=spec("a", "b", "c", code=CodeState(key="k1")),
    )  # fmt: skip
    log.close()
    return given


@pytest.mark.parametrize(
    "names",
    [("a", "b", "c"), ("b", "a", "c"), ("c", "b", "a"), ("new", "a", "b", "c"), ("a", "x", "b", "y", "c", "z"), ("b",)],
    ids=["same", "swapped", "turned round", "before", "between", "only one left"],
)
class TestRevise:
    def test_steps_that_stay_keep_state_attempts_and_outputs(
        self, store: AnyStore, broken: RunSpec, names: tuple[str, ...]
    ) -> None:
        before = {each.path: each for each in store.history.steps(broken.id)}
        attempts, outputs = store.history.attempts(broken.id), store.outputs.of_run(broken.id)

        store.runs.revise(broken.id, replace(broken, graph=chain(*names)), None)

        after = {each.path: each for each in store.history.steps(broken.id)}
        assert list(after) == list(names)
        for name in names:
            if name in before:
                same = replace(after[name], needs=before[name].needs, params=before[name].params)
                assert same == before[name]
            else:
                assert (after[name].state, after[name].attempts, after[name].outputs) == (Status.PENDING, 0, ())
        kept = {path: found for path, found in attempts.items() if path in names}
        assert {path: [each.n for each in found] for path, found in store.history.attempts(broken.id).items()} == {
            path: [each.n for each in found] for path, found in kept.items()
        }
        assert store.outputs.of_run(broken.id) == {path: found for path, found in outputs.items() if path in names}

    def test_the_counts_are_those_of_the_new_steps(
        self, store: AnyStore, broken: RunSpec, names: tuple[str, ...]
    ) -> None:
        store.runs.revise(broken.id, replace(broken, graph=chain(*names)), None)

        states = [each.state for each in store.history.steps(broken.id)]
        assert store.history.run(broken.id).counts == {state: states.count(state) for state in set(states)}

    def test_the_run_goes_on_where_it_stands(self, store: AnyStore, broken: RunSpec, names: tuple[str, ...]) -> None:
        store.runs.revise(broken.id, replace(broken, graph=chain(*names)), None)

        log = store.runs.open(broken.id)
        log.append([started(), StepReset(node="b", at=tick()), dispatched("b", 2), succeeded("b", 2)])
        log.close()

        assert [each.state for each in store.history.attempts(broken.id)["b"]] == [Status.FAILURE, Status.SUCCESS]
        assert store.outputs.of_run(broken.id)["b"] == (value(b"b 2"),)

    def test_the_newest_outputs_are_found_under_their_path(
        self, store: AnyStore, broken: RunSpec, names: tuple[str, ...]
    ) -> None:
        store.runs.revise(broken.id, replace(broken, graph=chain(*names)), None)

        newest = store.outputs.newest("demo", "demo", [name for name in names if name == "a"])
        assert newest == ({"a": (broken.id, (value(b"a 1"),))} if "a" in names else {})

    def test_the_events_stay(self, store: AnyStore, broken: RunSpec, names: tuple[str, ...]) -> None:
        before = store.feed().events(run=broken.id)

        store.runs.revise(broken.id, replace(broken, graph=chain(*names)), None)

        assert store.feed().events(run=broken.id) == before


def test_the_run_has_the_revised_spec_and_code(store: AnyStore, broken: RunSpec) -> None:
    revised = replace(
        broken,
        graph=chain("a", "b"),
        code=CodeState(key="k2", git="ab", dirty=True),
        environment={"python": "3.12"},
        jobs=7,
        fail_fast=True,
        runner="other",
        selected=("a",),
        uses_snapshot=True,
    )

    store.runs.revise(broken.id, revised, MENDED)

    assert store.runs.spec(broken.id) == revised
    assert store.runs.snapshot(broken.id) == MENDED
    assert store.history.run(broken.id).code == revised.code


def test_without_a_snapshot_the_recorded_code_stays(store: AnyStore) -> None:
    given = spec(code=CodeState(key="k1"))
    store.runs.create(given, MENDED)

    store.runs.revise(given.id, replace(given, uses_snapshot=True), None)

    assert store.runs.snapshot(given.id) == MENDED


def test_a_run_that_somebody_hosts_is_not_revised(store: AnyStore, run: Make) -> None:
    given, _ = run(started())

    with pytest.raises(ConflictError):
        store.runs.revise(given.id, replace(given, graph=chain("z")), None)

    assert step(store, given.id, "a").state is Status.PENDING


def test_a_run_that_does_not_exist_is_not_revised(store: AnyStore) -> None:
    with pytest.raises(MissingError):
        store.runs.revise(spec().id, spec(), None)
