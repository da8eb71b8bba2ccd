"""Shell commands and scripts in a real worker."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worker_process import WorkerProcess, operation, outputs_of

from graftline.core.graph import Call, CallKind, Operation, Return, ReturnKind


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerProcess]:
    with WorkerProcess(tmp_path) as started:
        yield started


def shell(command: str, *returns: Return | str) -> Operation:
    return operation(Call(kind=CallKind.SHELL, command=command), *returns)


def script(*returns: Return | str, args: tuple[str, ...] = ()) -> Operation:
    return operation(Call(kind=CallKind.SCRIPT, script="train.py", args=args), *returns)


def test_a_command_gets_its_arguments_as_environment_variables(worker: WorkerProcess) -> None:
    arguments = {"text": "a b", "typed": ("t", "5"), "number": 0.5, "list": [1, "x"], "none": None}
    command = 'echo "$text|$typed|$number|$list|$none"'

    report = worker.run(shell(command), arguments)

    assert report[0] == "done"
    assert b'a b|5|0.5|[1, "x"]|null\n' in worker.printed()


def test_a_command_returns_by_its_outputs_file_or_by_exported_variables(worker: WorkerProcess) -> None:
    command = """
        export n=5 m=0.5 text=hello both=shell
        unexported=1
        echo '{"both": "file", "list": [1, 2]}' > "$GRAFT_OUTPUTS"
    """

    values = worker.values(shell(command, "n", "text", "both", "list", Return(name="m", kind=ReturnKind.METRIC)))
    reason, error = worker.failure(shell(command, "unexported"))

    assert values == {"n": b"5", "m": b"0.5", "text": b'"hello"', "both": b'"file"', "list": b"[1,2]"}
    assert reason == "RETURNS"
    assert "'unexported'" in error.message
    assert "$GRAFT_OUTPUTS" in error.message


def test_a_failing_command_tells_its_exit_code_and_the_end_of_its_stderr(worker: WorkerProcess) -> None:
    command = "for i in $(seq 20); do echo line $i >&2; done; exit 3"

    reason, error = worker.failure(shell(command, "x"))
    _, killed = worker.failure(shell("kill -9 $$"))

    assert reason == "ERROR"
    assert error.type == "CommandFailed"
    assert error.message.splitlines()[0] == "exit code 3"
    assert error.message.splitlines()[1:] == [f"line {i}" for i in range(11, 21)]
    assert b"".join(piece for piece in worker.printed("err") if isinstance(piece, bytes)).count(b"line") == 20
    assert killed.message == "killed by SIGKILL"


def test_a_value_that_no_command_can_take_is_named(worker: WorkerProcess) -> None:
    inline = ("v", "pickle", b"")
    _, error = worker.failure(shell("true"), {"df": inline})
    assert error.type == "Damaged"

    from graftline.worker.serializers import dump

    value = ("v", "pickle", b"".join(dump({1, 2}).parts))
    _, error = worker.failure(shell("true"), {"df": value})
    assert "argument 'df': a command takes text or JSON, not set" in error.message


def test_cancelling_a_command_ends_its_whole_group(worker: WorkerProcess, tmp_path: Path) -> None:
    command = f"sleep 61 & echo $! > {tmp_path}/child; sleep 62"
    worker.send(shell(command))
    deadline = time.monotonic() + 10
    child = tmp_path / "child"
    while not (child.exists() and child.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)

    report = worker.receive_cancelled()

    assert report[0] == "cancelled"
    while _is_running(child.read_text().strip()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_running(pid: str) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_background_child_does_not_hold_the_command_back(worker: WorkerProcess) -> None:
    begin = time.monotonic()

    report = worker.run(shell("sleep 60 & export x=1", "x"))

    assert report[0] == "done"
    assert time.monotonic() - begin < 5


def test_a_script_runs_as_main_with_its_arguments(worker: WorkerProcess) -> None:
    (worker.cwd / "near.py").write_text("value = 'imported'\n")
    (worker.cwd / "train.py").write_text(
        "import json, sys, near\n"
        "assert __name__ == '__main__' and sys.modules['__main__'].__dict__ is globals()\n"
        "got = [sys.argv[1:], near.value, __file__]\n"
        "if __name__ == '__main__':\n"
        "    sys.exit(0)\n"
    )
    step = script("got", args=("--C", "{C}", "--name={name}", "{unknown}", '{"a": 1}'))

    for _ in range(2):
        got = json.loads(worker.values(step, {"C": 0.5, "name": "x y"})["got"] or b"")
        assert got[0] == ["--C", "0.5", "--name=x y", "{unknown}", '{"a": 1}']
        assert got[1:] == ["imported", str(worker.cwd / "train.py")]


def test_a_script_returns_by_files_and_patterns(worker: WorkerProcess) -> None:
    (worker.cwd / "train.py").write_text(
        "import json\n"
        "json.dump({'auc': 0.75, 'n': 3}, open('metrics.json', 'w'))\n"
        "json.dump([1, 2], open('plain.json', 'w'))\n"
        "open('model.bin', 'wb').write(b'weights')\n"
        "for epoch in range(3): print(f'epoch {epoch} loss={1 / (epoch + 1)}')\n"
    )
    returns = (
        Return(name="auc", kind=ReturnKind.METRIC, file="metrics.json"),
        Return(name="plain", file="plain.json"),
        Return(name="model", kind=ReturnKind.STATE, file="model.bin"),
        Return(name="epoch", pattern=r"^epoch (\d+)"),
        Return(name="loss", kind=ReturnKind.METRIC, pattern=r"loss=([\d.]+)"),
    )

    report = worker.run(script(*returns))

    found: dict[str, Any] = {o[0]: (o[1], o[4], o[5]) for o in outputs_of(report)}
    assert found["auc"] == ("metric", "json", b"0.75")
    assert found["plain"] == ("value", "json", b"[1,2]")
    assert found["model"] == ("state", "file", b"weights")
    assert found["epoch"] == ("value", "json", b"2")
    assert float(found["loss"][2]) == pytest.approx(1 / 3)
    assert b"epoch 2" in b"".join(piece for piece in worker.printed() if isinstance(piece, bytes))


def test_a_file_from_an_earlier_run_is_not_taken_for_a_result(worker: WorkerProcess) -> None:
    (worker.cwd / "train.py").write_text("pass\n")
    (worker.cwd / "metrics.json").write_text('{"auc": 1}')

    reason, error = worker.failure(script(Return(name="auc", file="metrics.json")))
    _, missing = worker.failure(script(Return(name="auc", file="other.json")))

    assert reason == "RETURNS"
    assert "is from before this step" in error.message
    assert "wrote no file 'other.json'" in missing.message


def test_a_pattern_that_matches_nothing_and_a_name_that_is_not_there_are_errors(worker: WorkerProcess) -> None:
    (worker.cwd / "train.py").write_text("import json; json.dump({'a': 1}, open('m.json', 'w'))\n")

    _, pattern = worker.failure(script(Return(name="x", pattern="auc=(.*)")))
    _, name = worker.failure(script(Return(name="x", kind=ReturnKind.METRIC, file="m.json")))
    _, variable = worker.failure(script("x"))

    assert "nothing in the output matches 'auc=(.*)'" in pattern.message
    assert "'m.json' holds a, but not that name" in name.message
    assert "no global variable of that name" in variable.message


@pytest.mark.parametrize(("code", "message"), [("3", "exit code 3"), ("'no data'", "exit code 1: no data")])
def test_a_script_that_leaves_with_an_error_fails(worker: WorkerProcess, code: str, message: str) -> None:
    (worker.cwd / "train.py").write_text(f"import sys\nsys.exit({code})\n")

    reason, error = worker.failure(script())

    assert (reason, error.type, error.message) == ("ERROR", "ScriptFailed", message)


def test_an_error_in_a_script_points_at_its_line(worker: WorkerProcess) -> None:
    (worker.cwd / "train.py").write_text("def f():\n    return 1 / 0\n\nf()\n")

    _, error = worker.failure(script())

    assert error.type == "ZeroDivisionError"
    assert [(Path(f.file).name, f.line, f.code) for f in error.frames] == [
        ("train.py", 4, "f()"),
        ("train.py", 2, "return 1 / 0"),
    ]


def entry(name: str, *returns: Return | str) -> Operation:
    return operation(Call(kind=CallKind.SCRIPT, script="lib/etl.py", qualname=name), *returns)


def test_a_function_of_a_script_is_called_with_arguments_cast(worker: WorkerProcess) -> None:
    (worker.cwd / "lib").mkdir()
    (worker.cwd / "lib" / "near.py").write_text("TWO = 2\n")
    (worker.cwd / "lib" / "etl.py").write_text(
        "import datetime\nfrom near import TWO\nprint('imported')\n"
        "def run(day: datetime.date, n: int = 1):\n    return [day.year, n * TWO]\n"
        "def stream(n):\n    yield from range(n)\n"
    )

    first = worker.values(entry("run", "x"), {"day": ("t", "2026-01-02"), "n": ("t", "3")})
    again = worker.values(entry("run", "x"), {"day": "2025-01-02"})

    assert (first, again) == ({"x": b"[2026,6]"}, {"x": b"[2025,2]"})
    assert worker.values(entry("stream", "x"), {"n": 2}) == {"x": b"[0,1]"}
    assert b"".join(each for each in worker.printed() if isinstance(each, bytes)).count(b"imported") == 1


def test_a_script_named_like_a_module_takes_nothing_from_it(worker: WorkerProcess) -> None:
    (worker.cwd / "lib").mkdir()
    (worker.cwd / "lib" / "json.py").write_text("def run():\n    import json\n    return json.dumps([1])\n")
    call = Call(kind=CallKind.SCRIPT, script="lib/json.py", qualname="run")

    assert worker.values(operation(call, "x")) == {"x": b'"[1]"'}


def test_a_script_logs_as_a_function_does(worker: WorkerProcess) -> None:
    (worker.cwd / "train.py").write_text(
        "import graftline\n"
        "for step in range(3): graftline.log_metric('loss', 1 / (step + 1), step=step)\n"
        "graftline.log_artifact({'a': 1}, 'note')\n"
        "open('plot.txt', 'w').write('p')\ngraftline.log_artifact('plot.txt')\n"
        "graftline.progress(1, 1)\n"
    )

    report: Any = worker.run(script())

    assert [(key, step) for key, _, step, _ in report[7]] == [("loss", 0), ("loss", 1), ("loss", 2)]
    assert {(name, role, data) for name, role, *_, data in outputs_of(report)} == {
        ("note", "value", b'{"a":1}'),
        ("plot.txt", "file", b"p"),
    }
    assert [message[2] for message in worker.said] == ["progress"]
