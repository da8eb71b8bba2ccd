"""What every `Results` keeps to: which earlier results are found, whether they are whole, what was decided of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from any_store import AnyStore, Make
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import ArtifactRef, MetricPoint, Output
from graftline.core.errors import ConflictError, MissingError
from graftline.core.events import Fact, ResultKept, RetryScheduled, StepJudged, StepReset, StepReused
from graftline.core.ids import RunId
from graftline.core.keys import Basis, Evidence
from graftline.core.prints import Print
from graftline.core.reusing import Judgement, Result, Reusing, Verdict
from graftline.core.states import Status

BASIS = Basis(
    code="1" * 64, call="2" * 64, packages={"python": "3.11.7"}, reads={"a.csv": None}, variables={"HOME": "3" * 64}
)


def evidence(place: str = "a", **arguments: str) -> Evidence:
    return Evidence(place=place, basis=BASIS, arguments=arguments or {"x": "value:1"}, files={"müll.csv": "4" * 64})


def judged(node: str, known: Evidence | None, verdict: Verdict = Verdict.CHANGED, detail: str | None = None) -> Fact:
    return StepJudged(node=node, at=tick(), verdict=verdict, detail=detail, evidence=known)


def kept(node: str, attempt: int = 1, **seen: str | None) -> ResultKept:
    return ResultKept(node=node, attempt=attempt, at=tick(), seen=seen)


def made(node: str, known: Evidence, attempt: int = 1, outputs: Sequence[Output] | None = None) -> list[Fact]:
    """Return the facts of a step that runs and whose result is kept."""
    return [judged(node, known), dispatched(node, attempt), succeeded(node, attempt, outputs), kept(node, attempt)]


def only(store: AnyStore, known: Evidence) -> Result:
    (result,) = store.results.find([known.key])[known.key]
    return result


class TestFind:
    def test_a_kept_result_is_found_by_its_key_with_all_it_made(self, store: AnyStore, run: Make) -> None:
        outputs = [value(b"small", "x"), value(b"y" * 3000, "y"), value(b"z", "z", is_file=True)]
        points = [MetricPoint("auc", 0.5, None, 1.0), MetricPoint("ok", True, 3, 2.0)]
        ended = kept("a", helper="5" * 64, gone=None)
        given, _ = run(started(), judged("a", evidence()), dispatched("a"), succeeded("a", 1, outputs, points), ended)

        assert store.results.find([evidence().key, "0" * 64]) == {
            evidence().key: [
                Result(
                    run=given.id,
                    node="a",
                    at=ended.at,
                    seen={"helper": "5" * 64, "gone": None},
                    outputs=tuple(outputs),
                    metrics=tuple(points),
                )
            ]
        }

    def test_a_step_without_outputs_has_a_result_too(self, store: AnyStore, run: Make) -> None:
        run(started(), *made("a", evidence(), outputs=[]))

        assert only(store, evidence()).outputs == ()

    def test_it_is_found_while_its_run_goes_on(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), judged("a", evidence()), dispatched("a"))
        assert store.results.find([evidence().key]) == {}

        log.append([succeeded("a"), kept("a")])

        assert only(store, evidence()).run == given.id

    def test_what_was_not_reported_as_kept_is_not_found(self, store: AnyStore, run: Make) -> None:
        run(started(), judged("a", evidence()), dispatched("a"), succeeded("a"), finished())

        assert store.results.find([evidence().key]) == {}
        assert store.results.earlier("demo", "demo", ["a"]) == {}

    def test_the_newest_come_first_and_at_most_eight(self, store: AnyStore, run: Make) -> None:
        ids = [run(started(), *made("a", evidence()))[0].id for _ in range(10)]

        assert [result.run for result in store.results.find([evidence().key])[evidence().key]] == ids[:1:-1]

    def test_a_reused_step_is_no_result_of_its_own(self, store: AnyStore, run: Make) -> None:
        first, _ = run(started(), *made("a", evidence()), finished())
        found = only(store, evidence())
        run(started(), StepReused(node="a", at=tick(), from_run=found.run, outputs=found.outputs), finished())

        assert only(store, evidence()).run == first.id

    def test_two_runs_at_once_with_one_key_are_both_found(self, store: AnyStore, run: Make) -> None:
        start: list[Fact] = [judged("a", evidence()), dispatched("a")]
        first, one = run(started(), *start)
        second, other = run(started(), *start)
        one.append([succeeded("a", outputs=[value(b"same")]), kept("a")])
        other.append([succeeded("a", outputs=[value(b"same")]), kept("a")])

        found = store.results.find([evidence().key])[evidence().key]

        assert [result.run for result in found] == [second.id, first.id]
        assert len({result.outputs for result in found}) == 1
        assert store.results.damaged(found) == [None, None]

    def test_many_keys_are_told_apart(self, store: AnyStore, run: Make) -> None:
        names = [f"s{number}" for number in range(300)]
        facts = [fact for name in names for fact in made(name, evidence(name))]
        given, _ = run(started(), *facts, given=spec(*names))

        found = store.results.find([evidence(name).key for name in names])

        assert {key: (result.run, result.node) for key, (result,) in found.items()} == {
            evidence(name).key: (given.id, name) for name in names
        }

    def test_nothing_is_asked(self, store: AnyStore) -> None:
        assert store.results.find([]) == {}
        assert store.results.damaged([]) == []

    def test_an_automatic_retry_keeps_the_attempt_that_succeeded(self, store: AnyStore, run: Make) -> None:
        run(
            started(),
            judged("a", evidence()),
            dispatched("a"),
            failed("a"),
            RetryScheduled(node="a", at=tick(), not_before=tick()),
            dispatched("a", 2),
            succeeded("a", 2),
            kept("a", 2),
        )

        assert only(store, evidence()).outputs == (value(b"a 2"),)

    def test_a_result_without_a_key_cannot_be_kept(self, store: AnyStore, run: Make) -> None:
        _, log = run(started(), judged("a", None, Verdict.UNKNOWN), dispatched("a"))

        with pytest.raises(ConflictError):
            log.append([kept("a")])

        log.append([succeeded("a")])
        assert store.results.earlier("demo", "demo", ["a"]) == {}


class TestRetry:
    def test_results_of_both_judgements_stay_and_the_last_one_is_told(self, store: AnyStore, run: Make) -> None:
        old, new = evidence(x="value:1"), evidence(x="value:2")
        given, log = run(started(), *made("a", old), finished(Status.FAILURE))
        again = [started(), StepReset(node="a", at=tick()), *made("a", new, 2), finished()]
        log.append(again)

        assert (only(store, old).outputs, only(store, new).outputs) == ((value(b"a 1"),), (value(b"a 2"),))
        told = store.results.judgement(given.id, "a")
        assert told is not None
        assert told.evidence == new

    def test_one_that_failed_then_is_not_on_record_as_kept(self, store: AnyStore, run: Make) -> None:
        old, new = evidence(x="value:1"), evidence(x="value:2")
        given, log = run(started(), *made("a", old), finished(Status.FAILURE))
        log.append([started(), StepReset(node="a", at=tick()), judged("a", new), dispatched("a", 2), failed("a", 2)])

        told = store.results.judgement(given.id, "a")

        assert told is not None
        assert (told.evidence, told.is_kept) == (new, False)
        assert only(store, old).run == given.id
        assert store.results.earlier("demo", "demo", ["a"]) == {}

    def test_a_step_that_is_gone_takes_its_results_with_it(self, store: AnyStore, run: Make) -> None:
        given, log = run(started(), *made("a", evidence("a")), *made("b", evidence("b")), finished(Status.FAILURE))
        log.close()

        store.runs.revise(given.id, spec("b", "a2", id=given.id), None)

        assert store.results.find([evidence("a").key]) == {}
        assert (only(store, evidence("b")).node, only(store, evidence("b")).outputs) == ("b", (value(b"b 1"),))
        assert store.results.earlier("demo", "demo", ["a", "b"]) == {"b": (given.id, "b")}
        told = store.results.judgement(given.id, "b")
        assert told is not None
        assert told.evidence == evidence("b")


class TestJudgement:
    def test_it_comes_back_exactly(self, store: AnyStore, run: Make) -> None:
        given, _ = run(
            started(),
            judged("a", evidence(), Verdict.READS, "data/x.csv"),
            dispatched("a"),
            succeeded("a"),
            kept("a", helper="5" * 64),
        )

        assert store.results.judgement(given.id, "a") == Judgement(
            verdict=Verdict.READS,
            detail="data/x.csv",
            evidence=evidence(),
            seen={"helper": "5" * 64},
            is_kept=True,
        )

    def test_a_step_at_work_has_one(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), judged("a", None, Verdict.UNKNOWN, "steps.py:3 calls exec"), dispatched("a"))

        assert store.results.judgement(given.id, "a") == Judgement(
            verdict=Verdict.UNKNOWN, detail="steps.py:3 calls exec"
        )

    def test_one_that_did_not_run_has_none(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started())

        assert store.results.judgement(given.id, "a") is None

    def test_what_is_not_there_is_said(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started())

        with pytest.raises(MissingError, match="no step 'nope'"):
            store.results.judgement(given.id, "nope")
        with pytest.raises(MissingError, match="no run"):
            store.results.judgement(RunId("f" * 16), "a")

    def test_a_fact_that_is_refused_leaves_no_judgement(self, store: AnyStore, run: Make) -> None:
        given, log = run(started())
        with pytest.raises(ConflictError):
            log.append([succeeded("a", 7), judged("b", evidence("b"))])

        assert store.results.judgement(given.id, "b") is None
        log.append(made("b", evidence("b")))
        assert only(store, evidence("b")).node == "b"


class TestEarlier:
    def test_it_is_the_newest_run_whose_result_stood_there(self, store: AnyStore, run: Make) -> None:
        run(started(), *made("a", evidence("a")), *made("b", evidence("b~1")), finished())
        newest, _ = run(started(), *made("a", evidence("a", x="value:2")), finished())
        run(started(), judged("a", evidence("a", x="value:3")), dispatched("a"), failed("a"), finished(Status.FAILURE))

        found = store.results.earlier("demo", "demo", ["a", "b~1", "c"])

        assert found["a"] == (newest.id, "a")
        assert found["b~1"][1] == "b"
        assert "c" not in found

    def test_of_a_run_that_goes_on_too(self, store: AnyStore, run: Make) -> None:
        given, _ = run(started(), *made("a", evidence("a")))

        assert store.results.earlier("demo", "demo", ["a"]) == {"a": (given.id, "a")}

    def test_other_pipelines_do_not_count(self, store: AnyStore, run: Make) -> None:
        run(started(), *made("a", evidence("a")), finished(), given=spec(pipeline="other"))
        run(started(), *made("a", evidence("a")), finished(), given=spec(project="other"))

        assert store.results.earlier("demo", "demo", ["a"]) == {}

    def test_before_a_run_are_those_created_before_it(self, store: AnyStore, run: Make) -> None:
        first, _ = run(started(), *made("a", evidence("a")), finished())
        second, _ = run(started(), *made("a", evidence("a")), finished())

        assert store.results.earlier("demo", "demo", ["a"], before=second.id) == {"a": (first.id, "a")}
        assert store.results.earlier("demo", "demo", ["a"], before=first.id) == {}


class TestDamaged:
    def test_inline_values_are_held_against_their_digests(self, store: AnyStore, run: Make) -> None:
        ref = value(b"good").ref
        bad = Output("bad", "value", ArtifactRef(ref.sha256, 4, "json", b"evil"))
        run(started(), *made("a", evidence("a")), *made("b", evidence("b"), outputs=[value(b"fine"), bad]))

        found = [only(store, evidence(place)) for place in ("a", "b")]

        assert store.results.damaged(found) == [None, "the stored value of 'bad' is damaged"]

    def test_an_object_that_is_gone_is_damage(self, store: AnyStore, run: Make) -> None:
        there = store.outputs.keep(b"x" * 5000)
        whole, gone = ArtifactRef(there, 5000, "pickle"), ArtifactRef("0" * 64, 9, "pickle")
        outputs = [Output("here", "value", whole), Output("gone", "value", gone)]
        run(started(), *made("a", evidence("a"), outputs=outputs[:1]), *made("b", evidence("b"), outputs=outputs))

        found = [only(store, evidence(place)) for place in ("a", "b")]

        assert store.results.damaged(found) == [None, "the stored value of 'gone' is missing"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"reusing": Reusing(is_on=False)},
        {"reusing": Reusing(forced=("a", "b/*/c"), sources=True, holds_effects=True, released=("d",))},
        {"prints": {0: Print(parts={"a.py:f": "1" * 64}, packages={"python": "3.11"}, variables=("HOME",))}},
        {"prints": {0: Print(source="it calls requests.get"), 3: Print(unknown="a.py:3 calls exec")}},
    ],
)
def test_what_a_run_was_started_from_comes_back(store: AnyStore, changes: dict[str, Any]) -> None:
    given = spec(**changes)
    store.runs.create(given, None)
    store.runs.create(spec(**changes), None)

    assert store.runs.spec(given.id) == given


def test_a_retry_gives_a_run_other_prints(store: AnyStore, run: Make) -> None:
    given, log = run(started(), finished(Status.FAILURE), given=spec(prints={0: Print(parts={"a.py:f": "1" * 64})}))
    log.close()
    changed = spec(id=given.id, created=given.created, prints={0: Print(parts={"a.py:f": "2" * 64})})

    store.runs.revise(given.id, changed, None)

    assert store.runs.spec(given.id).prints == changed.prints
