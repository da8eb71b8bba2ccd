"""What a witness of a run tells of its steps is what the store has of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from run_specs import dispatched, failed, finished, spec, started, succeeded, tick, value

from graftline.core.artifacts import MetricPoint, Output
from graftline.core.events import Fact, RetryScheduled, StepReused, StepSettled
from graftline.core.ids import new_run_id
from graftline.core.records import replace
from graftline.core.runs import RunSpec
from graftline.core.states import Reason, Status
from graftline.core.witness import Witness
from graftline.store.store import Store, open_store

LARGE = Output("table", "value", value(b"x" * 2000).ref)
POINTS = (MetricPoint(key="auc", value=0.5, step=None, at=1.0),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def reused(node: str) -> StepReused:
    return StepReused(node=node, at=tick(), from_run=new_run_id(), outputs=(value(node.encode()),))


def watched(store: Store, groups: Sequence[Sequence[Fact]]) -> tuple[Witness, RunSpec]:
    """Commit groups of facts as a run, and let a witness see them."""
    given = spec()
    store.runs.create(given, None)
    witness = Witness(given.graph, lambda facts: None)
    log = store.runs.open(given.id)
    for facts in groups:
        log.append(facts)
        witness.observe(facts)
    log.close()
    return witness, given


@pytest.mark.parametrize(
    "steps",
    [
        [[reused("a"), replace(reused("b"), outputs=(LARGE,), metrics=POINTS), replace(reused("c"), from_run=None)]],
        [
            [dispatched("a"), succeeded("a", metrics=POINTS), reused("b"), dispatched("c")],
            [replace(succeeded("c", outputs=[LARGE]), reason=Reason.CODE_CHANGED, peak_bytes=None)],
        ],
    ],
    ids=["all reused", "some ran"],
)
def test_a_witness_of_a_smooth_run_tells_what_the_store_has(store: Store, steps: list[list[Fact]]) -> None:
    witness, given = watched(store, [[started()], *steps, [finished()]])

    assert witness.steps() == store.history.steps(given.id)


@pytest.mark.parametrize(
    "groups",
    [
        [[started(), reused("a"), reused("b"), reused("c")]],
        [[started(), reused("a"), reused("b"), finished()]],
        [
            [started(), dispatched("a"), failed("a"), RetryScheduled(node="a", at=tick(), not_before=tick())],
            [dispatched("a", 2), succeeded("a", 2), reused("b"), reused("c"), finished()],
        ],
        [
            [started(), reused("a"), reused("b")],
            [StepSettled(node="c", state=Status.SKIPPED, reason=Reason.UNSELECTED, at=tick()), finished()],
        ],
    ],
    ids=["not over", "a step without an end", "a retry", "a step left out"],
)
def test_of_any_other_run_a_witness_tells_nothing(store: Store, groups: list[list[Fact]]) -> None:
    witness, _ = watched(store, groups)

    assert witness.steps() is None


def test_who_has_not_seen_the_beginning_tells_nothing_and_hands_on_what_comes() -> None:
    heard: list[Fact] = []
    facts: list[Fact] = [started(), reused("a"), reused("b"), reused("c"), finished()]

    witness = Witness(None, heard.extend)
    witness.observe(facts)

    assert witness.steps() is None
    assert heard == facts
