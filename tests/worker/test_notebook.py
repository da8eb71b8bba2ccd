"""Notebooks in a real worker and a real kernel: what goes in, what comes out, and how they fail."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from notebooks import code, notebook, prose
from worker_process import WorkerProcess, operation, outputs_of

from graftline.core.graph import Call, CallKind, Operation, Return, ReturnKind
from graftline.core.runs import Frame
from graftline.worker.blobs import open_value, store
from graftline.worker.serializers import dump, load

SECRET = "hunter2-and-more"
GOOD = notebook(
    prose("# Report"),
    code("C = 1.0\nX = None\nrows = []\nlabel = ''", "parameters"),
    "import os, sys, numpy, graftline, beside\nfrom dataclasses import dataclass\nprint('C is', C)\n"
    "print('to stderr', file=sys.stderr)\nprint('auc=0.75')",
    "",
    "graftline.log_metric('loss', 0.5, step=3)\ngraftline.log_param('chosen', [1])\n"
    "graftline.log_artifact({'a': 1}, 'note')\n"
    "open('plot.txt', 'w').write('first')\ngraftline.log_artifact('plot.txt')\nopen('plot.txt', 'w').write('second')\n"
    "for done in range(1, 101): graftline.progress(done, 100)",
    "@dataclass\nclass Model:\n    C: float\n    def predict(self): return self.C * 2\nmodel = Model(C)\n"
    "total = float(X.sum()) * C\nX[0] = 9\ndouble = X * 2\ncount = len(rows)\nwhere = os.getcwd()\n"
    "kept = os.environ['TOKEN']\nprint(kept)\nimport atexit\natexit.register(lambda: open('left', 'w').close())",
)
BAD = notebook(
    code("n = 1", "parameters"),
    "def divide(x):\n    # comment\n    return 1 / x",
    prose("text"),
    "import graftline\ngraftline.log_metric('before', 1)\nprint('so far')",
    "divide(n - n)",
    "raise SystemError('never reached')",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "project" / "sub").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def worker(project: Path) -> Iterator[WorkerProcess]:
    (project / "project" / "sub" / "beside.py").write_text("")
    with WorkerProcess(project, secrets={"TOKEN": SECRET}) as started:
        yield started


def step(path: str, *returns: Return | str, **policy: Any) -> Operation:
    return operation(Call(kind=CallKind.NOTEBOOK, script=path), *returns, **policy)


def put(worker: WorkerProcess, path: str, text: str) -> None:
    (worker.cwd / path).write_text(text)


class Outcome:
    """One execution of `GOOD`."""

    def __init__(self, worker: WorkerProcess) -> None:
        put(worker, "sub/report.ipynb", GOOD)
        ref = store(dump(numpy.arange(1000.0)), str(worker.objects))
        metric = Return(name="auc", kind=ReturnKind.METRIC, pattern=r"auc=([\d.]+)")
        returns = ("total", "double", "model", "where", "count", metric, Return(name="C", kind=ReturnKind.METRIC))
        worker.said.clear()
        self.report = worker.run(
            step("sub/report.ipynb", *returns, secrets=("TOKEN",)),
            {
                "C": 2.5,
                "X": ("f", ref.serializer, ref.sha256, ref.size),
                "label": 'with "quotes"\nand lines',
                "rows": [[number] for number in range(2000)],
            },
        )
        assert self.report[0] == "done", self.report[7]
        self.worker = worker
        self.said = [payload[1:] for _, _, kind, payload in worker.said if kind == "progress"]  # type: ignore[index]
        self.outputs = {name: (role, *rest) for name, role, *rest in outputs_of(self.report)}
        self.metrics: Any = self.report[7]

    def value(self, name: str) -> Any:
        """Return an output as a value."""
        _, sha256, size, serializer, inline = self.outputs[name]
        if inline is not None:
            return load(serializer, bytearray(inline))
        return open_value(str(self.worker.objects), serializer, sha256, size)

    def copy(self) -> dict[str, Any]:
        """Return the executed copy."""
        found: dict[str, Any] = json.loads(self.value("report.executed.ipynb"))
        return found


@pytest.fixture(scope="module")
def outcome(worker: WorkerProcess) -> Outcome:
    return Outcome(worker)


def test_values_of_any_kind_go_in_and_come_out_of_one_execution(outcome: Outcome) -> None:
    assert outcome.value("total") == sum(range(1000)) * 2.5
    assert outcome.value("double")[:3].tolist() == [18.0, 2.0, 4.0]
    assert outcome.value("count") == 2000
    assert outcome.value("where") == str(outcome.worker.cwd)
    assert (outcome.worker.cwd / "left").exists()


def test_a_class_of_the_notebook_travels_with_its_code(outcome: Outcome) -> None:
    assert outcome.outputs["model"][3] == "dill"
    assert outcome.value("model").predict() == 5.0


def test_what_it_logs_and_prints_is_the_steps(outcome: Outcome) -> None:
    metrics = {key: (value, at) for key, value, at, _ in outcome.metrics}
    assert metrics == {"loss": (0.5, 3), "param:chosen": ("[1]", None), "auc": (0.75, None), "C": (2.5, None)}
    assert outcome.value("note") == {"a": 1}
    assert outcome.outputs["plot.txt"][0] == "file"
    assert outcome.value("plot.txt") == b"first"
    assert outcome.said[0] == (1.0, 100.0)
    assert outcome.said[-1] == (100.0, 100.0)
    out, err = (b"".join(each for each in outcome.worker.printed(s) if isinstance(each, bytes)) for s in ("out", "err"))
    assert b"C is 2.5\n" in out
    assert b"to stderr\n" in err
    assert b"progress: 100 of 100" in err
    assert not any(word in out + err for word in (b"Warning", b"warn", b"debug", b"TCP"))


def test_the_executed_copy_has_the_values_injected_and_no_secret(outcome: Outcome) -> None:
    cells = outcome.copy()["cells"]

    assert outcome.outputs["report.executed.ipynb"][0] == "file"
    injected = cells[2]
    assert injected["metadata"]["tags"] == ["injected-parameters"]
    assert "".join(injected["source"]).splitlines() == [
        "# Parameters of this run",
        "C = 2.5",
        "X = _graft_input('X')  # numpy.ndarray float64 (1000,), 8000 bytes",
        "label = 'with \"quotes\"\\nand lines'",
        "rows = _graft_input('rows')  # list of 2000",
    ]
    assert len(cells) == 7
    texts = [output.get("text", "") for output in cells[-1]["outputs"]]
    assert "".join(map("".join, texts)) == "***\n"
    assert SECRET not in json.dumps(cells)


@pytest.fixture(scope="module")
def broken(worker: WorkerProcess, outcome: Outcome) -> Any:
    put(worker, "bad.ipynb", BAD)
    return worker.run(step("bad.ipynb", "x"), {"n": 3})


def test_the_cell_that_fails_is_named_with_its_line(broken: Any) -> None:
    reason, error = broken[6], broken[7]

    assert (reason, error.type) == ("ERROR", "ZeroDivisionError")
    assert error.message == "division by zero (bad.ipynb, cell 2, divide, line 3)"
    assert error.frames == (
        Frame(file="bad.ipynb", line=1, function="cell 4", code="divide(n - n)"),
        Frame(file="bad.ipynb", line=3, function="cell 2, divide", code="return 1 / x"),
    )
    assert 'File "bad.ipynb cell 4", line 1, in <module>' in error.traceback
    assert "\x1b" not in error.traceback
    assert error.inputs == {"n": "int 3"}
    assert error.pickled is not None


def test_a_failed_notebook_leaves_its_executed_copy_and_its_metrics(broken: Any) -> None:
    (name, role, _, _, _, data), *others = broken[9]

    assert (name, role, others) == ("bad.executed.ipynb", "file", [])
    cells = json.loads(data)["cells"]
    assert cells[5]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert cells[6]["outputs"] == []
    assert cells[6]["execution_count"] is None
    assert [(key, value) for key, value, _, _ in broken[8]] == [("before", 1)]


def test_a_name_that_was_never_assigned_is_told_with_those_it_has(worker: WorkerProcess, broken: Any) -> None:
    put(worker, "plain.ipynb", notebook("import os\nscore = 1\n_hidden = 2\ndef f(): ..."))

    reason, error = worker.failure(step("plain.ipynb", "scores"))

    assert reason == "RETURNS"
    assert error.message == ("return 'scores': the notebook never assigned it (it has score, f); did you mean 'score'?")


def test_a_kernel_that_is_killed_fails_the_step_with_the_cause(worker: WorkerProcess, broken: Any) -> None:
    put(worker, "dead.ipynb", notebook("x = 1", "import os\nos.kill(os.getpid(), 9)"))
    began = time.monotonic()

    report: Any = worker.run(step("dead.ipynb", "x"))

    assert (report[0], report[6], report[7].type) == ("failed", "SIGNAL", "KernelDied")
    assert "killed by SIGKILL while dead.ipynb, cell 2 ran" in report[7].message
    assert [name for name, *_ in report[9]] == ["dead.executed.ipynb"]
    assert time.monotonic() - began < 10


def test_a_cancelled_notebook_cleans_up_and_nothing_of_it_stays(worker: WorkerProcess, broken: Any) -> None:
    text = (
        "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '60'])\n"
        "open('pids.tmp', 'w').write(f'{os.getpid()} {child.pid}')\ntry:\n"
        "    os.rename('pids.tmp', 'pids')\n    time.sleep(60)\nfinally:\n    open('cleaned', 'w').close()"
    )
    put(worker, "slow.ipynb", notebook(text))
    worker.send(step("slow.ipynb"))
    pids = _pids(worker)

    report: Any = worker.receive_cancelled()
    assert (report[0], [name for name, *_ in report[4]]) == ("cancelled", ["slow.executed.ipynb"])
    assert (worker.cwd / "cleaned").exists()
    assert not any(map(_is_alive, pids))


def test_a_killed_worker_takes_its_kernel_with_it(tmp_path: Path) -> None:
    text = (
        "import os, subprocess, time\nchild = subprocess.Popen(['sleep', '60'])\n"
        "open('pids.tmp', 'w').write(f'{os.getpid()} {child.pid}')\nos.rename('pids.tmp', 'pids')\ntime.sleep(60)"
    )
    with WorkerProcess(tmp_path) as worker:
        put(worker, "slow.ipynb", notebook(text))
        worker.send(step("slow.ipynb"))
        pids = _pids(worker)
        os.kill(worker.process.pid, signal.SIGKILL)

        deadline = time.monotonic() + 5
        while any(map(_is_alive, pids)):
            assert time.monotonic() < deadline, "the kernel outlives its worker"
            time.sleep(0.01)


def _pids(worker: WorkerProcess) -> list[int]:
    path = worker.cwd / "pids"
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, "the cell never began"
        time.sleep(0.01)
    return [int(text) for text in path.read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
