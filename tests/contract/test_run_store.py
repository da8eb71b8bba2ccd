"""What every store promises the engine: the SQLite one and the fake in memory pass the same tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from any_store import AnyStore, Make, step
from memory_store import MemoryStore
from run_specs import chain, dispatched, failed, finished, spec, started, succeeded, tick, value, whole_run

from graftline.core.artifacts import MetricPoint
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import (
    AttemptCancelled,
    AttemptDispatched,
    Fact,
    GenerationCommitted,
    RetryScheduled,
    RunFinished,
    StepReset,
    StepReused,
    StepSettled,
)
from graftline.core.ids import RunId
from graftline.core.runs import APPLIES, CodeState, Lifecycle, Snapshot
from graftline.core.states import Reason, Status
from graftline.store.store import open_store


class TestRunStore:
    def test_a_new_run_is_pending_with_all_its_steps(self, store: AnyStore) -> None:
        given = spec("a", "b", tags=("x",), params={"c": 1.5}, code=CodeState(git="ab", dirty=True))

        store.runs.create(given, None)

        found = store.history.run(given.id)
        assert (found.state, found.params, found.tags, found.code) == (Status.PENDING, {"c": 1.5}, ("x",), given.code)
        assert found.counts == {"PENDING": 2}
        assert [(s.path, s.state, s.needs, s.params) for s in store.history.steps(given.id)] == [
            ("a", Status.PENDING, (), {"c": 0}),
            ("b", Status.PENDING, ("a",), {"c": 1}),
        ]

    def test_what_a_run_was_started_from_comes_back_exactly(self, store: AnyStore) -> None:
        given = spec(
            selected=("a",),
            timeout_s=1.5,
            fail_fast=True,
            jobs=3,
            environment={"python": "3.11"},
            runner_config={"n": 1},
            params={"inf": math.inf},
            parent=RunId("b" * 16),
        )

        store.runs.create(given, None)

        assert store.runs.spec(given.id) == given

    def test_what_a_run_takes_from_a_registry_comes_back_exactly(self, store: AnyStore) -> None:
        life = Lifecycle(registry="/m", project="demo", version="0.2.0", loads=("0.1.0", 3), lower=1.5, upper="x")
        given = spec(lifecycle=life, action="train")

        store.runs.create(given, None)

        assert store.runs.spec(given.id) == given
        assert (store.history.run(given.id).lineage, store.history.run(given.id).generation) == (None, None)

    def test_a_run_that_applies_is_of_its_generation_from_the_first(self, store: AnyStore) -> None:
        life = Lifecycle(project="demo", version="0.1.0", loads=("0.1.0", 3), origin=APPLIES)
        given = spec(lifecycle=life, action="apply")

        store.runs.create(given, None)

        assert (store.history.run(given.id).lineage, store.history.run(given.id).generation) == ("0.1.0", 3)

    def test_a_run_that_trained_is_of_its_generation_from_its_end(self, store: AnyStore, run: Make) -> None:
        given, log = run(*whole_run("a", "b", "c")[:-1])

        log.append([GenerationCommitted(at=tick(), lineage="0.1.0", number=7), finished()])

        found = store.history.run(given.id)
        assert (found.state, found.lineage, found.generation) == (Status.SUCCESS, "0.1.0", 7)

    def test_a_state_of_a_generation_is_reused_from_no_run(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), StepReused(node="a", at=tick(), from_run=None, outputs=(value(b"1"),)))

        assert (step(store, given.id, "a").state, step(store, given.id, "a").cached_from) == (Status.CACHED, None)

    def test_recorded_code_comes_back(self, store: AnyStore) -> None:
        big = b"x" * 100_000
        import_, large = value(b"import b").ref.sha256, value(big).ref.sha256
        snapshot = Snapshot(files={"a.py": import_, "data/b.py": large}, contents={import_: b"import b", large: big})
        given, other = spec(code=CodeState(key="k1")), spec(code=CodeState(key="k1"))

        store.runs.create(given, snapshot)
        store.runs.create(other, snapshot)

        assert store.runs.snapshot(given.id) == store.runs.snapshot(other.id) == snapshot

    def test_a_run_without_code_has_an_empty_snapshot(self, store: AnyStore) -> None:
        given = spec()
        store.runs.create(given, None)

        assert store.runs.snapshot(given.id) == Snapshot(files={}, contents={})

    def test_an_id_is_taken_once(self, store: AnyStore) -> None:
        given = spec()
        store.runs.create(given, None)

        with pytest.raises(ConflictError):
            store.runs.create(given, None)

    def test_a_run_that_does_not_exist_is_missing(self, store: AnyStore) -> None:
        nobody = RunId("a" * 16)

        for ask in (store.runs.open, store.runs.spec, store.runs.snapshot, store.history.run, store.history.steps):
            with pytest.raises(MissingError):
                ask(nobody)
        with pytest.raises(MissingError):
            store.runs.request_cancel(nobody, is_hard=False)

    def test_one_host_owns_a_run(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())

        with pytest.raises(ConflictError, match="process"):
            store.runs.open(given.id)
        log.close()
        log.close()

    def test_a_run_that_succeeded_is_not_taken_up(self, store: AnyStore, run: Make) -> None:
        given, log = run(*whole_run("a", "b", "c"))
        log.close()

        with pytest.raises(ConflictError, match="SUCCESS"):
            store.runs.open(given.id)

    def test_a_cancel_request_reaches_the_host_once(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        assert list(log.requests()) == []

        assert store.runs.request_cancel(given.id, is_hard=True) is Status.STARTED

        assert [request.is_hard for request in log.requests()] == [True]
        assert list(log.requests()) == []

    def test_a_cancel_of_a_run_without_host_is_written(self, store: AnyStore, run: Make) -> None:
        waiting = spec()
        store.runs.create(waiting, None)
        done, log = run(*whole_run("a", "b", "c"))
        log.close()

        assert store.runs.request_cancel(waiting.id, is_hard=False) is Status.CANCELLED
        assert store.runs.request_cancel(done.id, is_hard=False) is Status.SUCCESS

        assert store.history.run(waiting.id).reason == Reason.USER

    def test_an_old_request_does_not_cancel_a_later_host(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        store.runs.request_cancel(given.id, is_hard=False)
        log.append([finished(Status.CANCELLED, Reason.USER)])
        log.close()

        again = store.runs.open(given.id)
        try:
            assert list(again.requests()) == []
        finally:
            again.close()

    def test_a_dead_host_leaves_an_interrupted_run(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), dispatched("a"), succeeded("a"), dispatched("b"))
        log.close()

        found = store.history.run(given.id)

        assert (found.state, found.counts) == (
            Status.INTERRUPTED,
            {"SUCCESS": 1, "INTERRUPTED": 1, "PENDING": 1},
        )
        assert [s.state for s in store.history.steps(given.id)] == [
            Status.SUCCESS,
            Status.INTERRUPTED,
            Status.PENDING,
        ]
        assert [attempt.state for attempt in store.history.attempts(given.id)["b"]] == [Status.INTERRUPTED]
        assert store.runs.request_cancel(given.id, is_hard=False) is Status.CANCELLED

    def test_an_interrupted_run_goes_on(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), dispatched("a"), succeeded("a"), dispatched("b"))
        log.close()

        again = store.runs.open(given.id)
        again.append([started(), dispatched("b", 2), succeeded("b", 2), dispatched("c"), succeeded("c"), finished()])
        again.close()

        assert store.history.run(given.id).counts == {"SUCCESS": 3}
        assert [a.state for a in store.history.attempts(given.id, "b")["b"]] == [Status.INTERRUPTED, Status.SUCCESS]

    def test_a_host_that_lost_the_run_writes_nothing(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        log.close()
        with pytest.raises(ConflictError):
            log.append([dispatched("a")])

        assert step(store, given.id, "a").state is Status.PENDING


class TestRunLog:
    def test_a_dispatched_step_is_at_work(self, store: AnyStore, run: Make) -> None:
        fact = dispatched("a")
        given, _ = run(started(), fact)

        found = step(store, given.id, "a")
        assert (found.state, found.attempts, found.started, found.seconds) == (Status.STARTED, 1, fact.at, None)
        (attempt,) = store.history.attempts(given.id)["a"]
        assert (attempt.n, attempt.state, attempt.dispatched) == (1, Status.STARTED, fact.at)

    def test_a_success_keeps_outputs_metrics_and_usage(self, store: AnyStore, run: Make) -> None:
        outputs = [value(b"1", "x"), value(b"y" * 3000, "y"), value(b"z", "z", is_file=True)]
        metrics = [
            MetricPoint("auc", 0.5, None, 1.0),
            MetricPoint("ok", True, None, 1.0),
            MetricPoint("kind", "ridge", 3, 2.0),
            MetricPoint("none", None, None, 2.0),
            MetricPoint("max", math.inf, None, 2.0),
        ]
        fact = succeeded("a", 1, outputs, metrics)
        given, _ = run(started(), dispatched("a"), fact)

        found = step(store, given.id, "a")
        assert (found.state, found.outputs, found.metrics) == (Status.SUCCESS, tuple(outputs), tuple(metrics))
        assert (found.started, found.seconds, found.cpu_seconds, found.peak_bytes) == (fact.started, 0.25, 0.125, 1000)
        assert type(found.metrics[1].value) is bool
        (attempt,) = store.history.attempts(given.id)["a"]
        assert (attempt.state, attempt.worker, attempt.seconds) == (Status.SUCCESS, "w1", 0.25)

    def test_nan_is_kept(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), dispatched("a"), succeeded("a", metrics=[MetricPoint("loss", math.nan, 1, 1.0)]))

        kept = step(store, given.id, "a").metrics[0].value
        assert isinstance(kept, float)
        assert math.isnan(kept)

    def test_a_failure_keeps_its_error(self, store: AnyStore, run: Make) -> None:
        fact = failed("a")
        given, _ = run(started(), dispatched("a"), fact, finished(Status.FAILURE))

        found = step(store, given.id, "a")
        assert (found.state, found.reason, found.error) == (Status.FAILURE, Reason.ERROR, fact.error)
        assert store.history.attempts(given.id)["a"][0].error == fact.error
        assert store.history.run(given.id).state is Status.FAILURE

    def test_an_automatic_retry_waits_and_then_clears_the_error(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), dispatched("a"), failed("a"), RetryScheduled(node="a", at=tick(), not_before=1.0))
        waiting = step(store, given.id, "a")
        log.append([dispatched("a", 2)])
        working = step(store, given.id, "a")
        log.append([succeeded("a", 2)])

        assert (waiting.state, waiting.reason) == (Status.PENDING, None)
        assert waiting.error is not None
        assert (working.state, working.error, working.attempts) == (Status.STARTED, None, 2)
        assert step(store, given.id, "a").error is None
        assert [a.state for a in store.history.attempts(given.id)["a"]] == [Status.FAILURE, Status.SUCCESS]

    def test_a_reset_step_keeps_its_attempts_and_shows_nothing_of_them(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), dispatched("a"), succeeded("a"), dispatched("b"), failed("b"))
        log.append([StepReset(node="a", at=tick()), StepReset(node="b", at=tick())])

        for path in ("a", "b"):
            found = step(store, given.id, path)
            assert (found.state, found.outputs, found.error, found.seconds) == (Status.PENDING, (), None, None)
            assert (found.started, found.attempts) == (None, 1)
        assert store.outputs.of_run(given.id) == {}
        assert store.history.run(given.id).counts == {"PENDING": 3}
        assert len(store.history.attempts(given.id)["a"]) == 1

    def test_a_cancelled_attempt_cancels_its_step(self, store: AnyStore, run: Make) -> None:
        fact = AttemptCancelled(
            node="a", attempt=1, at=tick(), started=None, seconds=None, worker="w1", reason=Reason.USER
        )
        given, _ = run(started(), dispatched("a"), fact)

        assert (step(store, given.id, "a").state, step(store, given.id, "a").reason) == (Status.CANCELLED, Reason.USER)

    def test_a_settled_step_has_its_reason(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), StepSettled(node="c", state=Status.SKIPPED, reason=Reason.UPSTREAM, at=tick()))

        found = step(store, given.id, "c")
        assert (found.state, found.reason, found.attempts) == (Status.SKIPPED, Reason.UPSTREAM, 0)

    def test_a_reused_step_has_outputs_and_says_whose(self, store: AnyStore, run: Make) -> None:
        other, outputs = RunId("c" * 16), (value(b"old"),)
        given, _ = run(started(), StepReused(node="a", at=tick(), from_run=other, outputs=outputs))

        found = step(store, given.id, "a")
        assert (found.state, found.cached_from, found.outputs) == (Status.CACHED, other, outputs)
        assert store.outputs.of_run(given.id) == {"a": outputs}

    def test_a_run_has_its_times_and_reason(self, store: AnyStore, run: Make) -> None:
        begin, end = started(), finished(Status.CANCELLED, Reason.USER)
        given, _ = run(begin, end)

        found = store.history.run(given.id)
        assert (found.started, found.finished, found.reason) == (begin.at, end.at, Reason.USER)

    @pytest.mark.parametrize(
        "facts",
        [
            [succeeded("a")],
            [dispatched("a"), succeeded("a", attempt=2)],
            [dispatched("a"), dispatched("a", attempt=2)],
            [dispatched("a"), succeeded("a"), succeeded("a")],
            [StepSettled(node="a", state=Status.SKIPPED, reason=None, at=1.0), dispatched("a")],
            [finished(), finished(Status.FAILURE)],
        ],
        ids=["never dispatched", "another attempt", "two live attempts", "twice", "skipped", "ended twice"],
    )
    def test_what_does_not_follow_is_refused(self, store: AnyStore, run: Make, facts: Sequence[Fact]) -> None:
        _, log = run(started(), *facts[:-1])

        with pytest.raises(ConflictError):
            log.append([facts[-1]])

    def test_counts_follow_every_group(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        seen = []
        for fact in (dispatched("a"), succeeded("a"), dispatched("b"), failed("b")):
            log.append([fact])
            seen.append(dict(store.history.run(given.id).counts))

        assert seen == [
            {"STARTED": 1, "PENDING": 2},
            {"SUCCESS": 1, "PENDING": 2},
            {"SUCCESS": 1, "STARTED": 1, "PENDING": 1},
            {"SUCCESS": 1, "FAILURE": 1, "PENDING": 1},
        ]


def test_the_same_facts_leave_the_same_records_in_both(tmp_path: Path) -> None:
    given = spec("a", "b", "c")
    facts: list[Fact] = [
        started(),
        dispatched("a"),
        failed("a"),
        RetryScheduled(node="a", at=tick(), not_before=2.0),
        AttemptDispatched(node="a", attempt=2, at=tick()),
        succeeded("a", 2),
        StepReused(node="b", at=tick(), from_run=RunId("d" * 16), outputs=(value(b"b"),)),
        StepSettled(node="c", state=Status.FAILURE, reason=Reason.INPUT, at=tick()),
        RunFinished(state=Status.FAILURE, reason=None, at=tick()),
    ]
    memory = MemoryStore()
    with open_store(tmp_path / "store") as real:
        for store in (memory, real):
            store.runs.create(given, None)
            log = store.runs.open(given.id)
            log.append(facts)
            log.close()

        assert real.history.steps(given.id) == memory.history.steps(given.id)
        assert real.history.attempts(given.id) == memory.history.attempts(given.id)
        assert real.outputs.of_run(given.id) == memory.outputs.of_run(given.id)
        assert real.feed().events() == memory.feed().events()
        assert real.runs.spec(given.id).graph == chain("a", "b", "c")
