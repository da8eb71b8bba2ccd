"""The table of transitions."""

from __future__ import annotations

from graftline.core.states import TRANSITIONS, Status, can_become


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_only_pending_and_started_are_not_final() -> None:
    assert {status for status in Status if not status.is_final} == {Status.PENDING, Status.STARTED}


def test_what_ended_badly_can_be_started_again_and_what_succeeded_only_after_a_reset() -> None:
    for status in (Status.FAILURE, Status.CANCELLED, Status.INTERRUPTED):
        assert can_become(status, Status.STARTED)
    assert not can_become(Status.SUCCESS, Status.STARTED)
    assert can_become(Status.SUCCESS, Status.PENDING)
