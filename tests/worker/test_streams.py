"""Generators as steps, and what a running attempt tells of itself at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worker_process import WorkerProcess, operation, outputs_of

from graftline.core.graph import Call, CallKind, Operation
from graftline.worker.live import BURST, RATE, Voice

SECRET = "hunter2-and-more"


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path, secrets={"token": SECRET}) as started:
        yield started


def step(name: str, *returns: str, stream_end: str | None = None) -> Operation:
    call = Call(kind=CallKind.PYTHON, module="kind_steps", qualname=name, stream_end=stream_end)
    return operation(call, *returns)


def values(worker: WorkerProcess, made: Operation, **arguments: Any) -> dict[str, Any]:
    return {name: json.loads(data or b"") for name, data in worker.values(made, arguments).items()}


def yields(worker: WorkerProcess) -> list[Any]:
    return [payload[1] for _, _, kind, payload in worker.said if kind == "yield"]  # type: ignore[index]


def test_a_generator_is_consumed_and_each_yield_is_told(worker: WorkerProcess) -> None:
    made = values(worker, step("counting", "numbers"), n=3)

    assert made == {"numbers": [0, 1, 2]}
    assert yields(worker) == [0, 1, 2]


def test_what_a_generator_returns_itself_comes_before_what_it_yielded(worker: WorkerProcess) -> None:
    assert values(worker, step("counting_with_result", "name", "sum"), n=4) == {"name": "sum", "sum": 6}


def test_a_stream_may_end_with_a_mapping_that_holds_the_results(worker: WorkerProcess) -> None:
    assert values(worker, step("words", "full_text", "count"), text="a b") == {"full_text": "a b", "count": 2}
    assert yields(worker)[1] == {"type": "chunk", "text": "a"}

    ended = values(worker, step("words_to_complete", "full_text", stream_end="complete"), text="c")

    assert ended == {"full_text": "c"}


def test_a_mapping_of_the_end_type_without_the_name_is_a_value_like_others(worker: WorkerProcess) -> None:
    made = values(worker, step("words", "events"), text="a")

    assert [event["type"] for event in made["events"]] == ["status", "chunk", "done"]


def test_a_stream_that_declares_several_returns_and_makes_none_fails(worker: WorkerProcess) -> None:
    reason, error = worker.failure(step("counting", "a", "b"), {"n": 2})

    assert reason == "RETURNS"
    assert "declares 2 returns (a, b), but its stream ended without them" in error.message
    assert "{'type': 'done', 'a': ..., ...}" in error.message


def test_a_stream_without_declared_names_keeps_nothing(worker: WorkerProcess) -> None:
    assert outputs_of(worker.run(step("counting"), {"n": 2})) == ()
    assert yields(worker) == [0, 1]


def test_what_is_told_is_short_json_and_shows_no_secret(worker: WorkerProcess) -> None:
    worker.run(step("of_all_sorts"), {"secret": SECRET})

    a_set, long, record, thing = yields(worker)
    assert a_set == "set of 3"
    assert len(long) == 1000
    assert long.endswith("…")
    assert record == {"key": "***"}
    assert thing == "object"


def test_a_stream_that_breaks_fails_with_its_own_error_and_what_it_told_stays_told(worker: WorkerProcess) -> None:
    reason, error = worker.failure(step("breaking", "x"), {"n": 7})

    assert (reason, error.type, error.message) == ("ERROR", "ValueError", "after 7")
    assert error.frames[-1].function == "breaking"
    assert yields(worker) == [7]


def test_a_million_yields_cost_little_and_the_last_one_is_told(worker: WorkerProcess) -> None:
    report = worker.run(step("counting"), {"n": 1_000_000})

    seconds = float(report[3])  # type: ignore[arg-type]
    told = yields(worker)
    assert told[:3] == [0, 1, 2]
    assert told[-1] == 999_999
    assert len(told) <= BURST + RATE * seconds + 2
    assert seconds < 5


def test_progress_is_told_some_times_a_second_and_at_the_end(worker: WorkerProcess) -> None:
    worker.run(step("progressing"), {"n": 10_000})

    told = [payload[1:] for _, _, kind, payload in worker.said if kind == "progress"]  # type: ignore[index]
    assert told[0] == (1.0, 10_000.0)
    assert told[-1] == (10_000.0, 10_000.0)
    assert len(told) < 20


def test_a_slow_stream_is_told_completely(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    voice = Voice(lambda kind, payload: said.append(payload[1]), {})

    for number in range(200):
        voice.yielded(number)
        now[0] += 1 / RATE + 0.001

    assert said == list(range(200))


def test_a_secret_of_digits_leaves_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    voice = Voice(lambda kind, payload: said.append(payload[1]), {"pin": "123456"})

    voice.yielded({"pin": 123456})

    assert said == ['{"pin": ***}']


def test_what_a_failed_attempt_logged_stays_and_what_it_returns_does_not(worker: WorkerProcess) -> None:
    report = worker.run(step("logging_then_failing", "x"), {"text": "no"})

    metrics: Any = report[8]
    outputs: Any = report[9]
    assert report[0] == "failed"
    assert [(point[0], point[1], point[2]) for point in metrics] == [("loss", 0.5, 1)]
    assert [(name, role, data) for name, role, *_, data in outputs] == [("evidence", "value", b'{"note":"no"}')]
