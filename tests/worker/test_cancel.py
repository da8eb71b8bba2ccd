"""A SIGTERM stops the attempt it was sent for, however early it comes, and never another."""

from __future__ import annotations

import signal

import pytest

from graftline.worker.cancel import CancelSwitch, StepCancelled, held


def terminate(switch: CancelSwitch) -> None:
    switch.on_terminate(signal.SIGTERM, None)


def test_a_signal_during_the_attempt_interrupts_it_once() -> None:
    switch = CancelSwitch()
    switch.expect()
    switch.arm()

    with pytest.raises(StepCancelled):
        terminate(switch)
    terminate(switch)  # the step is cleaning up

    assert switch.disarm()


def test_a_signal_before_the_attempt_has_begun_is_kept_for_it() -> None:
    switch = CancelSwitch()
    switch.expect()

    terminate(switch)

    with pytest.raises(StepCancelled):
        switch.arm()
    assert switch.disarm()


def test_a_signal_after_the_attempt_does_not_stop_the_next_one() -> None:
    switch = CancelSwitch()
    switch.expect()
    switch.arm()
    assert not switch.disarm()

    terminate(switch)

    switch.expect()
    switch.arm()
    assert not switch.disarm()


def test_a_worker_that_idles_ignores_the_signal() -> None:
    switch = CancelSwitch()

    terminate(switch)

    switch.expect()
    switch.arm()


def test_a_signal_that_is_held_is_handled_at_the_end_of_the_block() -> None:
    steps: list[str] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: steps.append("handled"))
    try:
        with held(signal.SIGUSR1):
            signal.raise_signal(signal.SIGUSR1)
            steps.append("started")
        steps.append("after")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert steps == ["started", "handled", "after"]
