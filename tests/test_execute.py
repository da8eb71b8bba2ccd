"""Pipelines run by Python programs: scripts, threads, input from a pipe, steps of other runs; and signals to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loading import write
from local_runs import until

from graftline.core.ids import RunId
from graftline.core.ports import RunQuery
from graftline.core.states import Status
from graftline.store.store import Store, open_store

HEAD = """
import os, sys, time, threading
from graftline import Pipeline, PythonTask, StepFailed, load_run, metric
"""
SLOW = (
    HEAD
    + """
def slow(marker: str, stubborn: bool = False):
    open(marker, "w").write(str(os.getpid()))
    try:
        time.sleep(60)
    finally:
        open(marker + ".left", "w").close()
        if stubborn:
            time.sleep(60)

flow = Pipeline([slow, PythonTask(lambda: None, name="after")])

if __name__ == "__main__":
    {setup}
    try:
        flow.execute(marker=sys.argv[1], stubborn=len(sys.argv) > 2)
    except KeyboardInterrupt:
        print("KeyboardInterrupt", load_run("@last").state, flush=True)
        sys.exit(7)
    except BaseException as error:
        print(type(error).__name__, load_run("@last").state, flush=True)
        sys.exit(8)
"""
)


def python(folder: Path, *command: str, stdin: str = "") -> str:
    """Run Python in a folder and return what it printed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the root of an empty project."""
    write(tmp_path, {"graftline.toml": ""})
    return tmp_path


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    """Return the store the programs use."""
    with open_store(store_dir) as opened:
        yield opened


def the_run(store: Store) -> RunId:
    (found,) = store.history.runs(RunQuery())
    return found.id


class TestPrograms:
    def test_a_script_gets_values_metrics_and_a_document(self, folder: Path) -> None:
        body = """
k = 20
class Scale:
    by = 2
def make(n: int = 1): return n + k
def twice(m): return m * Scale.by, 0.5
flow = Pipeline([PythonTask(make, returns=["m"]), PythonTask(twice, returns=["d", metric("auc")])])
if __name__ == "__main__":
    r = flow.execute(n="2", tag="mine")
    same = load_run("mine")
    print(r.state, r.value("d"), r.values(), r.metrics, r.params, same.run == r.run, r.to_dict()["origin"])
"""
        write(folder, {"flow.py": HEAD + body})

        told = python(folder, "flow.py")

        assert told == "SUCCESS 44 {'m': 22, 'd': 44} {'auc': 0.5} {'n': 2} True api"

    def test_a_failed_step_is_raised_unless_check_is_false(self, folder: Path) -> None:
        body = """
def bad(): raise OSError("no disk")
flow = Pipeline([bad])
if __name__ == "__main__":
    r = flow.execute(check=False)
    try:
        flow.execute()
    except StepFailed as failed:
        print(r.state, "|", failed.message, "|", failed.step, "|", failed.reason)
"""
        write(folder, {"flow.py": HEAD + body})

        assert python(folder, "flow.py") == "FAILURE | step 'bad' failed: OSError: no disk | bad | ERROR"

    def test_code_from_a_pipe_with_closures_and_lambdas_runs_by_value(self, folder: Path) -> None:
        body = """
def adding(n):
    def add(x): return x + n
    return add
steps = [PythonTask(lambda: 1, name="one", returns=["x"]), PythonTask(adding(41), name="add", returns=["y"])]
print(Pipeline(steps, name="piped").execute().value("y"))
"""
        assert python(folder, "-", stdin=HEAD + body) == "42"

    def test_a_thread_can_execute_and_the_main_thread_meanwhile_too(self, folder: Path) -> None:
        body = """
def pid(wait: float): time.sleep(wait); return os.getpid()
flow = Pipeline([PythonTask(pid, returns=["p"])], name="pids")
if __name__ == "__main__":
    got = []
    threads = [threading.Thread(target=lambda: got.append(flow.execute(wait=0.2).value("p"))) for _ in range(2)]
    for each in threads: each.start()
    got.append(flow.execute(wait=0.1).value("p"))
    for each in threads: each.join()
    print(len(set(got)), os.getpid() in got, threading.active_count())
"""
        write(folder, {"flow.py": HEAD + body})

        assert python(folder, "flow.py") == "3 False 1"

    def test_a_step_can_execute_and_its_run_is_a_hidden_child(self, folder: Path, store: Store) -> None:
        body = """
def leaf(): return 3
inner = Pipeline([PythonTask(leaf, returns=["v"])], name="inner")
"""
        outer = """
from inner import inner
def call(): return inner.execute().value("v") * 2
outer = Pipeline([PythonTask(call, returns=["w"])], name="outer")
if __name__ == "__main__":
    print(outer.execute().value("w"), load_run("@last").record.pipeline)
"""
        write(folder, {"inner.py": HEAD + body, "outer.py": HEAD + outer})

        assert python(folder, "outer.py") == "6 outer"

        run = the_run(store)
        (child,) = store.history.runs(RunQuery(parent=run))
        assert (child.pipeline, child.origin, child.parent) == ("inner", "step", run)

    def test_a_submitted_run_is_waited_for(self, folder: Path) -> None:
        body = """
def later(): time.sleep(0.2); return 5
flow = Pipeline([PythonTask(later, returns=["v"])])
if __name__ == "__main__":
    r = flow.submit()
    before = r.state.is_final
    print(before, r.wait(30).state, r.value("v"))
"""
        write(folder, {"flow.py": HEAD + body})

        assert python(folder, "flow.py") == "False SUCCESS 5"

    def test_a_program_that_ends_before_its_run_ends_without_a_warning(self, folder: Path, store: Store) -> None:
        body = """
import time
from graftline import Pipeline, PythonTask
def later():
    time.sleep(0.5)
flow = Pipeline([PythonTask(later)])
if __name__ == "__main__":
    flow.submit()
"""
        write(folder, {"flow.py": body})

        done = subprocess.run(
            [sys.executable, "-X", "dev", "flow.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=True
        )

        assert done.stderr == ""
        assert until(lambda: store.history.run(the_run(store)).state is Status.SUCCESS)


class TestSignals:
    def start(self, folder: Path, *arguments: str, setup: str = "pass") -> tuple[subprocess.Popen[str], Path]:
        """Start the slow script and wait until its step is at work."""
        write(folder, {"flow.py": SLOW.format(setup=setup)})
        marker = folder / "marker"
        child = subprocess.Popen(
            [sys.executable, "flow.py", str(marker), *arguments], cwd=folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert until(lambda: marker.exists() and bool(marker.read_text()))
        return child, marker

    def ended(self, child: subprocess.Popen[str], marker: Path, *signals: signal.Signals) -> tuple[int, str, str]:
        try:
            for number in signals:
                child.send_signal(number)
                # The second one finds the step where it was sent by the first: in its `finally`.
                assert until(marker.with_suffix(".left").exists)
            out, err = child.communicate(timeout=20)
        finally:
            child.kill()
            child.wait()
        return child.returncode, out.strip(), err

    @pytest.mark.parametrize("times", [1, 2], ids=["once", "twice at a step that does not leave"])
    def test_ctrl_c_cancels_the_run_and_then_interrupts_the_program(
        self, folder: Path, store: Store, times: int
    ) -> None:
        child, marker = self.start(folder, *["stubborn"] * (times - 1))
        worker = int(marker.read_text())
        begun = time.monotonic()

        code, out, err = self.ended(child, marker, *[signal.SIGINT] * times)

        assert (code, out) == (7, "KeyboardInterrupt CANCELLED"), err
        assert "Ctrl+C again kills them" in err
        assert time.monotonic() - begun < 8, "it waited for the grace of 10 s"
        assert [step.state for step in store.history.steps(the_run(store))] == [Status.CANCELLED, Status.SKIPPED]
        assert not os.path.exists(f"/proc/{worker}")

    def test_sigterm_cancels_the_run_and_then_ends_the_program(self, folder: Path, store: Store) -> None:
        child, marker = self.start(folder)

        code, _, _ = self.ended(child, marker, signal.SIGTERM)

        assert code == -signal.SIGTERM
        assert store.history.run(the_run(store)).state is Status.CANCELLED

    def test_a_handler_of_the_program_gets_its_signal_back(self, folder: Path, store: Store) -> None:
        setup = "import signal; signal.signal(signal.SIGTERM, lambda *_: print('mine', flush=True))"
        child, marker = self.start(folder, setup=setup)

        code, out, err = self.ended(child, marker, signal.SIGTERM)

        assert (code, out.splitlines()) == (8, ["mine", "Cancelled CANCELLED"]), err

    def test_the_handlers_are_as_before_after_a_run(self, folder: Path) -> None:
        body = """
import signal
watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
before = [signal.getsignal(each) for each in watched]
Pipeline([PythonTask(lambda: None, name="x")], name="quick").execute()
print([signal.getsignal(each) for each in watched] == before)
"""
        assert python(folder, "-c", HEAD + body) == "True"
