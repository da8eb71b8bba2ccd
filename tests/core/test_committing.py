"""The log of a run that trains: what it writes, in which order, and what it tells."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from run_specs import finished, started, succeeded, value

from graftline.core.artifacts import ArtifactRef, Output
from graftline.core.committing import CommittingLog, states_of
from graftline.core.errors import StoreError
from graftline.core.events import CancelRequested, Fact, GenerationCommitted, RunFinished
from graftline.core.graph import Call, CallKind, Graph, Node, Operation, Return, ReturnKind
from graftline.core.states import Reason, Status


class Journal:
    """A run log, a registry and an observer that note what reaches them, in one list."""

    def __init__(self, *, broken: bool = False) -> None:
        self.said: list[object] = []
        self._broken = broken
        self.log = CommittingLog(self, self._commit, lambda facts: self.said.append(("told", _kinds(facts))))

    def append(self, facts: Sequence[Fact]) -> None:
        self.said.append(_kinds(facts))

    def requests(self) -> Sequence[CancelRequested]:
        return [CancelRequested(at=1.0)]

    def close(self) -> None:
        self.said.append("closed")

    def _commit(self) -> tuple[str, int]:
        self.said.append("commit")
        if self._broken:
            raise StoreError("full")
        return "0.1.0", 3

    def report(self, *facts: Fact) -> None:
        self.log.append(facts)
        self.log.told(facts)


def _kinds(facts: Sequence[Fact]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def test_what_is_before_the_end_is_on_record_before_the_commit_and_the_end_after_it() -> None:
    journal = Journal()

    journal.report(started())
    journal.report(succeeded("a"), finished())

    assert journal.said == [
        ["RunStarted"],
        ("told", ["RunStarted"]),
        ["AttemptSucceeded"],
        "commit",
        ["GenerationCommitted", "RunFinished"],
        ("told", ["AttemptSucceeded", "GenerationCommitted", "RunFinished"]),
    ]
    assert journal.log.problem is None


@pytest.mark.parametrize("state", [Status.FAILURE, Status.CANCELLED])
def test_a_run_that_did_not_succeed_commits_nothing(state: Status) -> None:
    journal = Journal()

    journal.report(finished(state))

    assert "commit" not in journal.said


def test_a_commit_that_fails_ends_the_run_as_failed_and_keeps_the_reason() -> None:
    told: list[Fact] = []
    journal = Journal(broken=True)
    journal.log._observe = told.extend

    journal.report(succeeded("a"), finished())

    assert str(journal.log.problem) == "full"
    end = told[-1]
    assert isinstance(end, RunFinished)
    assert (end.state, end.reason) == (Status.FAILURE, Reason.COMMIT)
    assert not any(isinstance(fact, GenerationCommitted) for fact in told)


def test_all_else_is_the_logs_own() -> None:
    journal = Journal()

    journal.log.close()

    assert journal.log.requests() == [CancelRequested(at=1.0)]
    assert journal.said == ["closed"]


class TestStates:
    graph = Graph(
        name="g",
        nodes=(Node(path="fit/previous", operation=1), Node(path="fit", operation=0), Node(path="late", operation=0)),
        operations=(
            Operation(
                call=Call(kind=CallKind.PYTHON),
                returns=(Return(name="model", kind=ReturnKind.STATE), Return(name="value")),
            ),
            Operation(call=Call(kind=CallKind.LOAD), returns=(Return(name="model", kind=ReturnKind.STATE),)),
        ),
        mode="train",
    )

    def test_are_what_steps_that_ran_declare_as_such(self) -> None:
        model = Output("model", "state", value(b"1").ref)
        outputs = {"fit": (model, value(b"2")), "fit/previous": (model,)}

        (state,) = states_of(self.graph, outputs)

        assert state.name == "fit:model"
        assert state.ref == ArtifactRef(model.ref.sha256, 1, "json", None)

    def test_one_that_was_not_recorded_is_told(self) -> None:
        with pytest.raises(StoreError, match="step 'fit' has not recorded its state 'model'"):
            states_of(self.graph, {"fit": (value(b"2"),)})

    def test_a_run_that_reported_none_is_told(self) -> None:
        with pytest.raises(StoreError, match="the run recorded no state"):
            states_of(self.graph, {})
