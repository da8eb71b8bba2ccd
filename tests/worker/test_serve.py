"""A worker process from the outside: orders in, reports out, whatever a step does."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dill
import numpy
import pytest
from worker_process import WorkerProcess, operation, outputs_of, python

from graftline.core.graph import Call, CallKind, Return, ReturnKind
from graftline.worker.blobs import open_value, store
from graftline.worker.capture import Marker
from graftline.worker.serializers import dump


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path) as started:
        yield started


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.005)


def test_a_worker_greets_with_its_pid_and_leaves_at_eof(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker:
        assert worker.greeting == ("ready", worker.process.pid)

    assert worker.process.returncode == 0


def test_a_worker_refuses_a_context_that_does_not_hold(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path, cwd=str(tmp_path / "nowhere")) as worker:
        kind, message = worker.greeting

    assert kind == "refused"
    assert "nowhere" in str(message)


def test_an_attempt_reports_its_output_with_digest_and_times(worker: WorkerProcess) -> None:
    before = time.time()

    report = worker.run(python("add", "sum"), {"a": 2, "b": 3})

    kind, token, started, seconds, cpu_seconds, _, outputs, metrics, changed = report
    assert (kind, token, metrics, changed) == ("done", 1, (), False)
    assert outputs == (("sum", "value", hashlib.sha256(b"5").hexdigest(), 1, "json", b"5"),)
    assert isinstance(started, float)
    assert isinstance(seconds, float)
    assert isinstance(cpu_seconds, float)
    assert before <= started <= time.time()
    assert 0 < seconds < 10
    assert 0 < cpu_seconds < 10


def test_values_come_as_constants_typed_text_inline_values_and_lists(worker: WorkerProcess) -> None:
    step = python("shown", "x")

    def shown(value: tuple[Any, ...]) -> Any:
        return json.loads(worker.values(step, {"value": value})["x"] or b"")

    assert shown(("c", "5")) == "'5'"
    assert shown(("t", "5")) == "5"
    assert shown(("v", "json", b"[1]")) == "[1]"
    assert shown(("l", [("c", 1), ("v", "json", b"2"), ("l", [("t", "3")])])) == "[1, 2, [3]]"


def test_typed_text_is_cast_and_upstream_dicts_become_records(worker: WorkerProcess) -> None:
    assert worker.values(python("add", "x"), {"a": ("t", "2"), "b": ("t", "3")}) == {"x": b"5"}
    assert worker.values(python("shown_point", "x"), {"point": ("v", "json", b'{"x": 1}')}) == {"x": b'"Point(x=1)"'}


def test_a_value_that_does_not_cast_fails_the_attempt_as_input(worker: WorkerProcess) -> None:
    reason, error = worker.failure(python("add", "x"), {"a": ("t", "two")})

    assert reason == "INPUT"
    assert error.type == "CastError"
    assert error.message == "argument 'a': expected a whole number, got 'two' (text)"


def test_kwargs_receive_the_rest(worker: WorkerProcess) -> None:
    assert worker.values(python("rest", "x"), {"a": 1, "b": ("t", "[2]")}) == {"x": b'{"a":1,"b":[2]}'}


def test_functions_and_values_come_by_value(worker: WorkerProcess) -> None:
    factor = 3
    data = dill.dumps(lambda value: value * factor, recurse=True)
    blob = store(dump(b"x"), str(worker.objects)).sha256
    (worker.objects / blob[:2]).mkdir(exist_ok=True)
    digest = hashlib.sha256(data).hexdigest()
    (worker.objects / digest[:2]).mkdir(exist_ok=True)
    (worker.objects / digest[:2] / digest[2:]).write_bytes(data)

    made = worker.values(operation(Call(kind=CallKind.PYTHON, blob=digest), "x"), {"value": 2})
    called = worker.values(python("call", "x"), {"function": ("b", digest)})

    assert made == {"x": b"6"}
    assert called == {"x": b"3"}


def test_a_coroutine_is_run_to_its_end(worker: WorkerProcess) -> None:
    assert worker.values(python("later", "x"), {"n": 1}) == {"x": b"2"}


def test_several_returns_take_as_many_values(worker: WorkerProcess) -> None:
    assert worker.values(python("many", "a", "b"), {"n": 2}) == {"a": b"0", "b": b"1"}
    assert worker.values(python("many", "a"), {"n": 1})["a"] is not None
    assert worker.values(python("many"), {"n": 5}) == {}

    assert worker.failure(python("many", "a", "b"), {"n": 3}) == (
        "RETURNS",
        worker.failure(python("many", "a", "b"), {"n": 3})[1],
    )
    assert worker.failure(python("many", "a", "b"), {"n": 3})[1].message == "declares 2 returns (a, b), but returned 3"
    reason, error = worker.failure(python("noop", "a", "b"))
    assert (reason, error.message) == ("RETURNS", "declares 2 returns (a, b), but returned 1 value of type int")


def test_a_metric_is_an_output_and_a_point(worker: WorkerProcess) -> None:
    metric = Return(name="accuracy", kind=ReturnKind.METRIC)

    report = worker.run(python("score", metric))
    diverged = worker.run(python("nan", metric))
    reason, error = worker.failure(python("measure", metric))

    assert outputs_of(report)[0][:2] == ("accuracy", "metric")
    assert outputs_of(report)[0][5] == b"0.5"
    assert report[7][0][:3] == ("accuracy", 0.5, None)  # type: ignore[index]
    assert outputs_of(diverged)[0][5] == b"NaN"
    assert reason == "UNPICKLABLE"
    assert error.message == "metric 'accuracy' must be a number, text or true/false, not dict"


def test_what_no_serializer_can_write_is_named_with_its_place(worker: WorkerProcess) -> None:
    reason, error = worker.failure(python("holding_a_generator", "model"))

    assert reason == "UNPICKLABLE"
    assert error.message.startswith("return 'model': dict cannot be pickled at ['pool'][0]: ")
    assert "'generator' object" in error.message


def test_a_function_travels_by_value_when_pickle_refuses_it(worker: WorkerProcess) -> None:
    report = worker.run(python("make_lambda", "f"), {"n": 2})
    (_, _, _, _, serializer, data) = outputs_of(report)[0]

    assert serializer == "dill"
    assert worker.values(python("call", "x"), {"function": ("v", serializer, data)}) == {"x": b"3"}


def test_a_large_array_is_a_file_and_a_consumer_may_write_into_its_own(worker: WorkerProcess) -> None:
    report = worker.run(python("zeros", "X"), {"n": 100_000})
    (_, _, sha256, size, serializer, inline) = outputs_of(report)[0]
    argument = {"X": ("f", serializer, sha256, size)}

    first = worker.values(python("halve", "sum"), argument)
    second = worker.values(python("halve", "sum"), argument)

    assert (serializer, inline) == ("npy", None)
    assert first == second == {"sum": b"50000.0"}
    assert numpy.all(open_value(str(worker.objects), serializer, sha256, size) == numpy.zeros(100_000))


@pytest.mark.parametrize("damage", ["missing", "shorter", "flipped"])
def test_a_damaged_input_is_found_before_it_is_used(worker: WorkerProcess, damage: str) -> None:
    ref = store(dump(numpy.zeros(10_000)), str(worker.objects))
    path = worker.objects / ref.sha256[:2] / ref.sha256[2:]
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-1] if damage == "shorter" else data[:-1] + b"\1")

    reason, error = worker.failure(python("halve", "x"), {"X": ("f", "npy", ref.sha256, ref.size)})

    assert reason == "INPUT"
    assert error.type == "StoreError"
    assert ref.sha256[:12] in error.message


def test_a_tampered_pickle_is_never_loaded(worker: WorkerProcess, tmp_path: Path) -> None:
    canary = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {canary}",)

    good = dill.dumps(1)
    digest = hashlib.sha256(good).hexdigest()
    (worker.objects / digest[:2]).mkdir()
    (worker.objects / digest[:2] / digest[2:]).write_bytes(dill.dumps(Evil()))

    reason, _ = worker.failure(python("echo", "x"), {"value": ("b", digest)})

    assert reason == "INPUT"
    assert not canary.exists()


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("leave", {"code": 0}, "SystemExit", "0"),
    ("leave", {"code": "bye"}, "SystemExit", "bye"),
    ("interrupt", {}, "KeyboardInterrupt", ""),
    ("recurse", {}, "RecursionError", "maximum recursion depth exceeded"),
    ("broken", {}, "worker_steps.Broken", "<its __str__ raised SystemExit>"),
    ("quiet", {}, "worker_steps.Quiet", ""),
    ("absent", {}, "AttributeError", "has no attribute 'absent'"),
    ("add", {}, "TypeError", "missing 1 required positional argument: 'a'"),
]


def test_no_exception_of_a_step_ends_the_worker(worker: WorkerProcess) -> None:
    for name, arguments, kind, message in FAILURES:
        reason, error = worker.failure(python(name, "x"), arguments)

        assert reason == "ERROR"
        assert error.type == kind
        assert message in error.message
    assert worker.values(python("noop", "x")) == {"x": b"1"}


def test_an_exception_crosses_when_it_survives_a_round_trip(worker: WorkerProcess) -> None:
    _, error = worker.failure(python("deeper", "x"), {"a": 1})
    _, broken = worker.failure(python("broken", "x"))

    assert isinstance(dill.loads(error.pickled), ZeroDivisionError)
    assert broken.pickled is None
    assert [frame.function for frame in error.frames] == ["deeper", "divide"]
    assert error.frames[-1].code == "return a / b"
    assert error.inputs == {"a": "int 1"}
    assert error.traceback.startswith("Traceback (most recent call last):\n")
    assert "graftline/worker" not in error.traceback
    assert "attempt.py" not in error.traceback


def test_a_module_that_does_not_import_fails_with_the_users_frames(worker: WorkerProcess) -> None:
    (worker.cwd / "faulty.py").write_text("x = 1\nraise ValueError('at import')\n")
    (worker.cwd / "unfinished.py").write_text("def step(:\n")

    reason, error = worker.failure(operation(Call(kind=CallKind.PYTHON, module="faulty", qualname="f")))
    _, syntax = worker.failure(operation(Call(kind=CallKind.PYTHON, module="unfinished", qualname="f")))
    _, missing = worker.failure(operation(Call(kind=CallKind.PYTHON, module="nowhere_at_all", qualname="f")))

    assert reason == "ERROR"
    assert [(Path(frame.file).name, frame.line) for frame in error.frames] == [("faulty.py", 2)]
    assert "importlib" not in error.traceback
    assert (syntax.type, Path(syntax.frames[-1].file).name) == ("SyntaxError", "unfinished.py")
    assert missing.message == "No module named 'nowhere_at_all'"


def test_a_step_that_vandalises_its_process_does_not_reach_the_next(worker: WorkerProcess, tmp_path: Path) -> None:
    first = worker.run(python("vandalise"), {"directory": str(tmp_path)})
    second = worker.values(python("surroundings", "x"))
    asleep = worker.values(python("nap", "x"))  # the alarm of the first step would ring here

    assert first[0] == "done"
    assert json.loads(second["x"] or b"") == [str(worker.cwd), 0o022, None, "HOME" in os.environ]
    assert asleep == {"x": b"1"}
    assert b"still here\n" in worker.printed()


def test_what_a_module_sets_at_import_holds_for_every_attempt(worker: WorkerProcess) -> None:
    lines = [
        "import os",
        "os.environ['AT_IMPORT'] = '1'",
        "os.chdir('/')",
        "def f(): return [os.environ['AT_IMPORT'], os.getcwd()]",
    ]
    (worker.cwd / "setting.py").write_text("\n".join(lines))
    step = operation(Call(kind=CallKind.PYTHON, module="setting", qualname="f"), "x")

    results = [worker.values(step)["x"], worker.values(step)["x"]]

    assert [json.loads(each or b"") for each in results] == [["1", str(worker.cwd)]] * 2


def test_a_child_that_a_step_forks_never_speaks_for_the_worker(worker: WorkerProcess) -> None:
    assert worker.values(python("fork_and_return", "x")) == {"x": b"1"}
    assert worker.values(python("noop", "x")) == {"x": b"1"}


@pytest.mark.parametrize("name", ["sleep_and_tidy", "sleep_later"])
def test_sigterm_cancels_the_attempt_and_its_finally_runs(worker: WorkerProcess, tmp_path: Path, name: str) -> None:
    started, tidied = tmp_path / "started", tmp_path / "tidied"
    token = worker.send(python(name), {"started": str(started), "tidied": str(tidied)})
    wait_for(started)

    report = worker.receive_cancelled()

    assert report[:2] == ("cancelled", token)
    assert tidied.exists()
    assert worker.values(python("noop", "x")) == {"x": b"1"}


def test_an_error_made_by_the_cancellation_is_a_cancellation(worker: WorkerProcess, tmp_path: Path) -> None:
    token = worker.send(python("swallow"), {"started": str(tmp_path / "started")})
    wait_for(tmp_path / "started")

    assert worker.receive_cancelled()[:2] == ("cancelled", token)


def test_sigterm_between_attempts_does_nothing(worker: WorkerProcess) -> None:
    worker.values(python("noop", "x"))

    worker.cancel()
    time.sleep(0.05)

    assert worker.values(python("noop", "x")) == {"x": b"1"}


def test_printing_and_dying_loses_nothing(worker: WorkerProcess) -> None:
    worker.send(python("print_and_die"), node="train/fit\nx")
    worker.process.wait(10)

    assert worker.process.returncode == 7
    assert worker.printed("out") == [Marker(1, "train/fit\nx"), b"last words"]
    assert worker.printed("err") == [Marker(1, "train/fit\nx"), b"last error"]


def test_a_segmentation_fault_leaves_the_stack_in_the_log(worker: WorkerProcess) -> None:
    worker.send(python("segfault"))
    worker.process.wait(10)

    assert worker.process.returncode == -signal.SIGSEGV
    assert b"in segfault" in b"".join(piece for piece in worker.printed("err") if isinstance(piece, bytes))


def test_output_of_every_origin_is_in_order_behind_its_marker(worker: WorkerProcess) -> None:
    worker.run(python("print_everywhere"))
    worker.run(python("noop"))

    assert worker.printed() == [Marker(1, "n"), b"python \\udc80\ndescriptor\nlibc\nchild\n", Marker(1, "n")]
